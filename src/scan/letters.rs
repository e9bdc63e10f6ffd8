//! The letters around a number's digits.

use std::ops::Range;

use super::index::Form;

/// What stands around the digits of an anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Letters {
    /// What the number has there, as far as that is known.
    Same,
    /// No letter or digit at all, where the number has some.
    Missing,
    /// Other letters or digits: it is another number.
    Others,
}

/// Compares what stands around `digits` with a number's form, whatever the case
/// and with single blanks, hyphens and the like between.
pub(super) fn letters(bytes: &[u8], digits: Range<usize>, form: &Form) -> Letters {
    let before = form.before.as_deref().map_or(Letters::Same, |want| {
        let want: Vec<u8> = want.bytes().rev().collect();
        compare(&want, bytes[..digits.start].iter().rev().copied())
    });
    let after = form
        .after
        .as_deref()
        .map_or(Letters::Same, |want| compare(want.as_bytes(), bytes[digits.end..].iter().copied()));
    match (before, after) {
        (Letters::Others, _) | (_, Letters::Others) => Letters::Others,
        (Letters::Missing, _) | (_, Letters::Missing) => Letters::Missing,
        _ => Letters::Same,
    }
}

/// Compares what follows with `want`, both read away from the digits.
fn compare(want: &[u8], mut bytes: impl Iterator<Item = u8>) -> Letters {
    if want.is_empty() {
        // A letter that touches the digits makes another number of them; what is
        // apart, or not ASCII, does not.
        let touches = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic());
        return if touches { Letters::Others } else { Letters::Same };
    }
    let mut matched = 0;
    let mut gap = false;
    loop {
        let byte = bytes.next();
        match byte {
            Some(byte) if byte.to_ascii_uppercase() == want[matched] => {
                matched += 1;
                gap = false;
                if matched == want.len() {
                    return Letters::Same;
                }
            }
            Some(b' ' | b'-' | b'.' | b'_') if !gap => gap = true,
            Some(byte) if byte.is_ascii_alphanumeric() && (matched > 0 || !gap) => return Letters::Others,
            _ if matched > 0 => return Letters::Others,
            _ => return Letters::Missing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(text: &str, before: &str, after: &str) -> Letters {
        let from = text.find(|c: char| c.is_ascii_digit()).expect("digits");
        let digits = text[from..].bytes().take_while(u8::is_ascii_digit).count();
        let form = Form { before: Some(before.into()), after: Some(after.into()) };
        letters(text.as_bytes(), from..from + digits, &form)
    }

    #[test]
    fn letters_count_in_any_case_and_across_single_gaps() {
        for text in ["YT123", "yt123", "xyz,YT 123,", "Y-T-123", "单号YT123", "\"YT123\""] {
            assert_eq!(judged(text, "YT", ""), Letters::Same, "{text}");
        }
        assert_eq!(judged("rb 123 gb", "RB", "GB"), Letters::Same);
    }

    #[test]
    fn digits_alone_lack_their_letters() {
        for text in ["123", ",123,", "a,123", "单号123", "no 123"] {
            assert_eq!(judged(text, "YT", ""), Letters::Missing, "{text}");
        }
        assert_eq!(judged("RB123,", "RB", "GB"), Letters::Missing);
    }

    #[test]
    fn other_letters_make_another_number() {
        for text in ["SF123", "T123", "XT123", "YT123A"] {
            assert_eq!(judged(text, "YT", ""), Letters::Others, "{text}");
        }
        assert_eq!(judged("A123", "", ""), Letters::Others);
        assert_eq!(judged("单123号", "", ""), Letters::Same);
    }
}
