//! Waybill and reference numbers.

use super::fold::{is_invisible, narrow};

/// Fewest characters of a waybill number in normal form.
pub const MIN_WAYBILL: usize = 6;
/// Most characters (a FedEx barcode has 34).
pub const MAX_WAYBILL: usize = 34;

/// Reduces a waybill number to capital letters and digits.
///
/// Blanks, hyphens, dots, slashes and underscores go, and so does what
/// spreadsheets add (a leading apostrophe, a trailing tab). Returns `None` when
/// anything else stands in the text, when no digit does, or when the length
/// is not between [`MIN_WAYBILL`] and [`MAX_WAYBILL`].
///
/// # Example
///
/// ```
/// use trapline::normalize::waybill;
///
/// assert_eq!(waybill("yt 8292-7216 04361\t").as_deref(), Some("YT8292721604361"));
/// assert_eq!(waybill("none yet"), None);
/// ```
pub fn waybill(raw: &str) -> Option<String> {
    let mut normal = String::with_capacity(raw.len());
    for c in raw.chars().filter(|&c| !is_invisible(c)).map(narrow) {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' => normal.push(c.to_ascii_uppercase()),
            ' ' | '-' | '.' | '/' | '_' | '\'' | '"' | '\r' | '\n' | '=' => {}
            _ => return None,
        }
    }
    let is_number =
        (MIN_WAYBILL..=MAX_WAYBILL).contains(&normal.len()) && normal.contains(|c: char| c.is_ascii_digit());
    is_number.then_some(normal)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_normal_form_is_its_own_normal_form(raw in "[a-zA-Z0-9０-９Ａ-Ｚ ./_-]{0,40}") {
            if let Some(once) = waybill(&raw) {
                prop_assert_eq!(waybill(&once), Some(once));
            }
        }
    }
}
