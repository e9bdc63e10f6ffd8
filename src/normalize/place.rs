//! Places and addresses.

use super::fold::{is_han, is_invisible, lower, narrow};

/// Reduces an address, or a part of one, for comparison and searching.
///
/// Full-width to ASCII, lower case. Blanks and punctuation separate Latin words
/// by one space each and vanish beside Chinese characters, because
/// `河北省 邯郸市` and `河北省邯郸市` are one place.
///
/// # Example
///
/// ```
/// use trapline::normalize::place;
///
/// assert_eq!(place("河北省 / 邯郸市　永年区"), "河北省邯郸市永年区");
/// assert_eq!(place("Anchorage,  AK"), "anchorage ak");
/// ```
pub fn place(raw: &str) -> String {
    let mut normal = String::with_capacity(raw.len());
    let mut gap = false;
    for c in raw.chars().filter(|&c| !is_invisible(c)).map(narrow).flat_map(lower) {
        if !c.is_alphanumeric() && !matches!(c, '#' | '*') {
            gap = true;
            continue;
        }
        if gap && !is_han(c) && normal.chars().next_back().is_some_and(|last| !is_han(last)) {
            normal.push(' ');
        }
        gap = false;
        normal.push(c);
    }
    normal
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_normal_form_is_its_own_normal_form(raw in "[a-zA-Z0-9河北省邯郸市 ,，/（）#-]{0,30}|.{0,20}") {
            let once = place(&raw);
            prop_assert_eq!(place(&once), once);
        }
    }
}
