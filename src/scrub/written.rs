//! One spelling for the two values that tell a canary.
//!
//! Simpler than the normal forms of the matcher, because a field of a table
//! holds one value, and because the filter's readers are written in other
//! languages: everything here is a rule for each character. A change is a
//! change of the filter's format (`docs/formats/scrub-filter.md`).

use crate::line::LineNumber;
use crate::normalize::{is_invisible, narrow};

/// Most characters of a number: a FedEx barcode has 34.
const MOST: usize = 34;
/// Fewest digits of a phone: fewer are left of many that were masked.
const FEWEST_DIGITS: usize = 8;

/// A short text without an allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    bytes: [u8; MOST],
    length: usize,
}

impl Written {
    fn new() -> Self {
        Self { bytes: [0; MOST], length: 0 }
    }

    /// Adds an ASCII character; `None` when there is no room.
    fn push(&mut self, byte: u8) -> Option<()> {
        *self.bytes.get_mut(self.length)? = byte;
        self.length += 1;
        Some(())
    }

    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).expect("only ASCII is pushed")
    }
}

/// A number: capital letters and digits, one digit at least.
///
/// Blanks, hyphens, dots, slashes, underscores, quotes, `=` and line breaks go;
/// anything else makes it no number.
pub(super) fn number(chars: impl Iterator<Item = char>) -> Option<Written> {
    let (mut written, mut has_digit) = (Written::new(), false);
    for c in chars.filter(|&c| !is_invisible(c)).map(narrow) {
        match c {
            '0'..='9' | 'A'..='Z' | 'a'..='z' => {
                has_digit |= c.is_ascii_digit();
                written.push(c.to_ascii_uppercase() as u8)?;
            }
            ' ' | '-' | '.' | '/' | '_' | '\'' | '"' | '=' | '\r' | '\n' => {}
            _ => return None,
        }
    }
    has_digit.then_some(written)
}

/// A phone: its digits, those of an extension included, behind a plus if it is
/// written internationally (`+` or `00` first).
///
/// Everything else goes. Fewer than eight digits are no phone, nor is what
/// hides some of them behind stars.
pub(super) fn phone(chars: impl Iterator<Item = char>) -> Option<Written> {
    let (mut written, mut stars, mut zeros) = (Written::new(), 0, 0);
    for c in chars.filter(|&c| !is_invisible(c)).map(narrow) {
        match c {
            '+' if written.length == 0 && zeros == 0 => written.push(b'+')?,
            '*' => stars += 1,
            '0' if written.length == 0 => zeros += 1,
            '0'..='9' => {
                if written.length == 0 {
                    match zeros {
                        2 => written.push(b'+')?,
                        _ => (0..zeros).try_for_each(|_| written.push(b'0'))?,
                    }
                }
                written.push(c as u8)?;
            }
            _ => {}
        }
    }
    let digits = written.as_str().trim_start_matches('+').len();
    (stars < 2 && digits >= FEWEST_DIGITS).then_some(written)
}

/// The ways in which a line is written, as [`phone`] reads them.
pub(super) fn writings(line: &LineNumber) -> Vec<String> {
    let (country, own) = (line.country, format!("{}{}", line.national, line.extension));
    let mut all = vec![
        format!("+{country}{own}"),
        format!("+{country}0{own}"),
        format!("{country}{own}"),
        format!("011{country}{own}"),
        own.clone(),
    ];
    // In North America a 0 calls the operator.
    if country != 1 {
        all.push(format!("0{own}"));
    }
    all.retain(|text| phone(text.chars()).is_some_and(|phone| phone.as_str() == text));
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_number(text: &str) -> Option<String> {
        number(text.chars()).map(|written| written.as_str().to_owned())
    }

    fn read_phone(text: &str) -> Option<String> {
        phone(text.chars()).map(|written| written.as_str().to_owned())
    }

    #[test]
    fn a_number_is_its_letters_and_digits() {
        for text in [
            "YT8962646785389",
            "yt 8962-6467 85389\t",
            "=\"YT8962646785389\"",
            "'ＹＴ8962646785389",
            "\u{feff}YT8962646785389\r",
        ] {
            assert_eq!(read_number(text).as_deref(), Some("YT8962646785389"), "{text:?}");
        }
        for text in ["", "none yet", "YT8962****5389", "7.3E+13", "运单8962646785389", &"1".repeat(35)] {
            assert_eq!(read_number(text), None, "{text:?}");
        }
        assert_eq!(read_number("ASN-9").as_deref(), Some("ASN9"));
    }

    #[test]
    fn a_phone_is_its_digits() {
        for (text, digits) in [
            ("154 3306-3750", "15433063750"),
            ("+86 15433063750", "+8615433063750"),
            ("008615433063750", "+8615433063750"),
            ("(021) 6123-4567转8001", "021612345678001"),
            ("021-61234567*8001", "021612345678001"),
            ("=\"１５４33063750\"", "15433063750"),
        ] {
            assert_eq!(read_phone(text).as_deref(), Some(digits), "{text:?}");
        }
        for text in ["", "154****3750", "1234567", "0000", &"1".repeat(40)] {
            assert_eq!(read_phone(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_form_is_its_own_form(text in "[ +0-9A-Za-z*０-９.-]{0,40}") {
            if let Some(once) = read_number(&text) {
                prop_assert_eq!(read_number(&once), Some(once));
            }
            if let Some(once) = read_phone(&text) {
                prop_assert_eq!(read_phone(&once), Some(once));
            }
        }

        #[test]
        fn every_writing_of_a_line_is_among_its_writings(national in "[1-9][0-9]{8,10}", extension in "([0-9]{4})?") {
            let line = LineNumber { country: 86, national: national.clone(), extension: extension.clone() };
            let joined = if extension.is_empty() { String::new() } else { format!("转{extension}") };

            for text in [
                format!("{national}{joined}"),
                format!("0{national}{joined}"),
                format!("+86 {national}{joined}"),
                format!("+86 0{national}{joined}"),
                format!("0086-{national}{joined}"),
                format!("86{national}{joined}"),
            ] {
                let read = read_phone(&text).expect("digits");
                prop_assert!(writings(&line).contains(&read), "{} reads as {}", text, read);
            }
        }
    }
}
