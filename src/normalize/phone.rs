//! Telephone numbers.

use std::fmt;

use super::fold::{digit, is_invisible, narrow, spoken_digit};

/// Fewer digits would match by chance.
pub const MIN_PHONE_DIGITS: usize = 7;
/// E.164 allows no more.
pub const MAX_PHONE_DIGITS: usize = 15;

/// A telephone number in normal form.
///
/// Prints as `13812345678` or `13812345678 ext 0042`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Phone {
    /// Digits. A Chinese number stands without its country code (a landline
    /// with the 0 of its area code), any other as it was written, without the
    /// plus or the international prefix `00`.
    pub digits: String,
    /// Digits of the extension; empty for none.
    pub extension: String,
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.digits)?;
        if self.extension.is_empty() { Ok(()) } else { write!(f, " ext {}", self.extension) }
    }
}

/// Phones are secret: what is printed in a debug message is no number.
impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(..)")
    }
}

/// Reduces a telephone number to its digits and its extension.
///
/// Returns `None` unless between [`MIN_PHONE_DIGITS`] and [`MAX_PHONE_DIGITS`]
/// digits remain and nothing else stands in the text. Digits may be full-width
/// or, in Chinese, spoken (`幺三八`).
///
/// # Example
///
/// ```
/// use trapline::normalize::phone;
///
/// let digits = |text| phone(text).map(|phone| phone.to_string());
/// assert_eq!(digits("+86 138-1234-5678").as_deref(), Some("13812345678"));
/// assert_eq!(digits("021-61234567转8001").as_deref(), Some("02161234567 ext 8001"));
/// assert_eq!(digits("+1 (555) 010-0199").as_deref(), Some("15550100199"));
/// assert_eq!(digits("010-019"), None); // would match by chance
/// ```
pub fn phone(raw: &str) -> Option<Phone> {
    let spelling = spelling(raw)?;
    let digits = without_prefix(&spelling.digits);
    (MIN_PHONE_DIGITS..=MAX_PHONE_DIGITS)
        .contains(&digits.len())
        .then_some(Phone { digits, extension: spelling.extension })
}

/// A number as it was written, with all that is no digit taken off.
pub(crate) struct Spelling {
    /// Whether a plus stood first.
    pub(crate) plus: bool,
    /// Digits, with any prefix.
    pub(crate) digits: String,
    /// Digits of the extension; empty for none.
    pub(crate) extension: String,
}

/// Reads a number without judging its length; `None` when anything else stands
/// in the text.
pub(crate) fn spelling(raw: &str) -> Option<Spelling> {
    let folded: Vec<char> = raw.trim().chars().filter(|&c| !is_invisible(c)).map(narrow).collect();
    let mut rest = strip_scheme(&folded);
    let plus = rest.first() == Some(&'+');
    if plus {
        rest = &rest[1..];
    }
    let mut digits = String::new();
    for (at, &c) in rest.iter().enumerate() {
        let enough = digits.len() >= MIN_PHONE_DIGITS;
        let extension = enough.then(|| extension_at(rest, at)).flatten();
        if let Some(extension) = extension.filter(|found| ends_number(found, rest, &digits)) {
            return Some(Spelling { plus, digits, extension: extension.digits });
        }
        match digit(c).or_else(|| spoken_digit(c)) {
            Some(digit) => digits.push(digit),
            None if matches!(c, ' ' | '-' | '.' | '(' | ')' | '\'') => {}
            None => return None,
        }
    }
    Some(Spelling { plus, digits, extension: String::new() })
}

/// `tel:`, `sip:` and a label's colon are no part of the number.
fn strip_scheme(folded: &[char]) -> &[char] {
    for scheme in ["tel:", "sip:", "sips:"] {
        let length = scheme.len();
        if folded.len() > length
            && folded.iter().zip(scheme.chars()).all(|(have, want)| have.eq_ignore_ascii_case(&want))
        {
            return &folded[length..];
        }
    }
    folded
}

/// Whether an extension ends the text, and, when its mark may as well be part
/// of the number (`-`), whether the number before it is whole.
fn ends_number(found: &Extension, rest: &[char], digits: &str) -> bool {
    let is_whole = || {
        let digits = without_prefix(digits);
        (digits.len() == 11 && digits.starts_with('1'))
            || ((11..=12).contains(&digits.len()) && digits.starts_with('0'))
    };
    found.end == rest.len() && (found.is_explicit || is_whole())
}

/// An extension found in text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Its digits.
    pub digits: String,
    /// Whether its mark can mean nothing else (`转`, `ext`, `#`), rather than a
    /// hyphen, comma or bracket.
    pub is_explicit: bool,
    /// Index behind it.
    pub end: usize,
}

/// Reads an extension, with the mark before it, that starts at `at`.
///
/// Marks: `转`, `轉`, `分机`, `ext`, `extension`, `x`, `#` and, weakly, `-`, `,`, `;`,
/// `*`, `/`, `:`, `$` and brackets. An extension has at most six digits.
pub fn extension_at(chars: &[char], at: usize) -> Option<Extension> {
    const EXPLICIT: [&str; 9] = ["转分机", "轉分機", "分机号", "分机", "分機", "转", "轉", "extension", "ext"];
    let start = skip(chars, at, |c| c == ' ');
    let word = EXPLICIT.iter().find(|word| starts_with(chars, start, word)).map(|word| word.chars().count());
    let (mark, is_explicit) = match (word, chars.get(start).map(|&c| narrow(c))?) {
        (Some(length), _) => (length, true),
        (None, 'x' | 'X' | '#') => (1, true),
        (None, '-' | ',' | ';' | '*' | '/' | ':' | '$' | '(' | '[') => (1, false),
        _ => return None,
    };
    let from = skip(chars, start + mark, |c| matches!(narrow(c), ' ' | '.' | ':'));
    let to = skip(chars, from, |c| digit(c).is_some());
    if !(1..=6).contains(&(to - from)) {
        return None;
    }
    let closing = match narrow(chars[start]) {
        '(' => Some(')'),
        '[' => Some(']'),
        _ => None,
    };
    let end = match closing {
        Some(closing) if chars.get(to).is_some_and(|&c| narrow(c) == closing) => to + 1,
        Some(_) => return None,
        None => to,
    };
    let digits = chars[from..to].iter().filter_map(|&c| digit(c)).collect();
    Some(Extension { digits, is_explicit, end })
}

fn skip(chars: &[char], mut at: usize, passes: impl Fn(char) -> bool) -> usize {
    while chars.get(at).is_some_and(|&c| passes(c)) {
        at += 1;
    }
    at
}

fn starts_with(chars: &[char], at: usize, word: &str) -> bool {
    word.chars().enumerate().all(|(i, want)| chars.get(at + i).is_some_and(|&c| narrow(c).eq_ignore_ascii_case(&want)))
}

/// Takes off the international prefix, and the country code of a Chinese number.
///
/// Other country codes stay: without knowing the region, `15550100199` may be
/// an American number with its code or a Chinese mobile without.
fn without_prefix(digits: &str) -> String {
    // No country code begins with 0.
    let bare = digits.strip_prefix("00").filter(|rest| !rest.starts_with('0')).unwrap_or(digits);
    match bare.strip_prefix("86") {
        Some(mobile) if mobile.len() == 11 && mobile.starts_with('1') => mobile.to_owned(),
        Some(landline)
            if (10..=11).contains(&landline.len())
                && landline.starts_with(['2', '3', '4', '5', '6', '7', '8', '9']) =>
        {
            format!("0{landline}")
        }
        Some(capital) if capital.len() == 10 && capital.starts_with("10") => format!("0{capital}"),
        _ => bare.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_normal_form_is_its_own_normal_form(raw in "[+]?[0-9０-９ ()-]{7,18}(转[0-9]{1,4})?") {
            if let Some(once) = phone(&raw) {
                prop_assert_eq!(phone(&once.to_string()), Some(once));
            }
        }

        #[test]
        fn any_spelling_of_a_mobile_has_one_normal_form(
            digits in "1[3-9][0-9]{9}",
            prefix in prop::sample::select(vec!["", "+86", "0086", "86", "+86 ", "86-"]),
            separator in prop::sample::select(vec!["", " ", "-", "\u{3000}", "."]),
            wide: bool,
        ) {
            let spelt = format!("{prefix}{}{separator}{}{separator}{}", &digits[..3], &digits[3..7], &digits[7..]);
            let spelt: String = spelt.chars().map(|c| match c.to_digit(10) {
                Some(value) if wide => char::from_u32(0xff10 + value).expect("a full-width digit"),
                _ => c,
            }).collect();

            prop_assert_eq!(phone(&spelt).map(|phone| phone.to_string()), Some(digits));
        }
    }
}
