//! Lines: telephone numbers that the operator owns.
//!
//! A planted phone that belongs to somebody else would send fraudsters to a
//! stranger, so a line enters the registry by one door: parsed and judged by
//! libphonenumber's rules ([`LineNumber::check`]). Numbers that no one can hold
//! ([`fiction`]) pass for demonstrations only: whoever buys the data can filter
//! them out with the same library.

pub mod fiction;

mod demo;
mod import;

use std::fmt;

use rlibphonenumber::{PHONE_NUMBER_UTIL, Region, get_national_significant_number_owned};

use crate::fault::Fault;
use crate::normalize;

pub use demo::demo_lines;
pub use import::{ImportOptions, MAX_FAULTS, MAX_LINES, import};

/// A telephone number, with or without an extension.
///
/// A privacy number with extensions is as many lines as it has extensions.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LineNumber {
    /// Country calling code, such as 86.
    pub country: u16,
    /// National significant number: digits only.
    pub national: String,
    /// Extension digits; empty for none.
    pub extension: String,
}

/// What libphonenumber and the table of fictional ranges say of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may belong to somebody: the operator, if the operator says so.
    Assignable,
    /// Of a range set apart for fiction, or unassigned: nobody's.
    Fiction,
    /// No number can look like this.
    Invalid,
}

impl LineNumber {
    /// Parses a number in any spelling of `normalize::phone`, with or without an
    /// extension.
    ///
    /// `default_region` is the two-letter country of numbers without a country
    /// code, such as `CN`. This settles what the number *is*, not whether it may
    /// be a line: see [`LineNumber::check`].
    ///
    /// # Errors
    ///
    /// A fault that does not repeat the number: not a number, or no country code
    /// and no default region.
    ///
    /// # Example
    ///
    /// ```
    /// use trapline::line::LineNumber;
    ///
    /// let line = LineNumber::parse("138-1234-5678转0042", Some("CN"))?;
    /// assert_eq!(line.to_string(), "+8613812345678 ext 0042");
    /// # Ok::<(), trapline::fault::Fault>(())
    /// ```
    pub fn parse(text: &str, default_region: Option<&str>) -> Result<Self, Fault> {
        let region = default_region.map(parse_region).transpose()?;
        let not_a_number = || Fault::new("expected a telephone number");
        let spelling = normalize::spelling(text).ok_or_else(not_a_number)?;
        let international = spelling.plus || spelling.digits.starts_with("00");
        if !international && region.is_none() {
            return Err(Fault::new("expected a number with its country code")
                .hint("write it as +86..., or set the default region"));
        }
        let spelt = match spelling.digits.strip_prefix("00") {
            Some(rest) if !spelling.plus => format!("+{rest}"),
            _ if spelling.plus => format!("+{}", spelling.digits),
            _ => spelling.digits,
        };
        let parsed = PHONE_NUMBER_UTIL.parse(&spelt, region).map_err(|_| not_a_number())?;
        let country = u16::try_from(parsed.country_code).map_err(|_| not_a_number())?;
        let national = get_national_significant_number_owned(&parsed);
        Ok(Self { country, national, extension: spelling.extension })
    }

    /// Returns what is known of the number, its extension aside.
    pub fn standing(&self) -> Standing {
        if fiction::is_fiction(self.country, &self.national) {
            return Standing::Fiction;
        }
        match PHONE_NUMBER_UTIL.parse(format!("+{}{}", self.country, self.national), None) {
            Ok(number) if PHONE_NUMBER_UTIL.is_valid_number(&number) => Standing::Assignable,
            _ => Standing::Invalid,
        }
    }

    /// Whether the number may be a line, and one for demonstrations if so.
    ///
    /// # Errors
    ///
    /// A fault that does not repeat the number: invalid, or nobody's where a
    /// real line is wanted.
    pub fn check(&self, demo: bool) -> Result<(), Fault> {
        match self.standing() {
            Standing::Assignable if demo => Err(Fault::new("expected a number of a range that is nobody's; this one may be somebody's")
                .hint("import it as a real line if the carrier owns it")),
            Standing::Assignable => Ok(()),
            Standing::Fiction if demo => Ok(()),
            Standing::Fiction => Err(Fault::new("expected a number that can ring; this one is of a range that is unassigned or set apart for fiction")
                .hint("use numbers that the carrier owns; for a demonstration, \"trapline init --demo-lines N\" makes its own")),
            Standing::Invalid => Err(Fault::new("expected a valid telephone number; no subscriber can have this one")),
        }
    }

    /// Digits of the E.164 number, without the plus and the extension.
    pub fn digits(&self) -> String {
        format!("{}{}", self.country, self.national)
    }
}

impl fmt::Display for LineNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}{}", self.country, self.national)?;
        if self.extension.is_empty() { Ok(()) } else { write!(f, " ext {}", self.extension) }
    }
}

/// Lines are secret: what is printed in a debug message is no number.
impl fmt::Debug for LineNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LineNumber(..)")
    }
}

fn parse_region(text: &str) -> Result<Region, Fault> {
    text.trim().to_ascii_uppercase().parse().map_err(|_| {
        Fault::new(format!("expected a two-letter region such as CN, found \"{text}\""))
            .hint("use the ISO 3166 code of the country")
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> LineNumber {
        LineNumber::parse(text, Some("CN")).expect("a number")
    }

    #[test]
    fn every_spelling_of_a_line_is_one_line() {
        let line = parse("+8613812345678");

        for text in ["138 1234 5678", "0086-138-1234-5678", "8613812345678", "１３８１２３４５６７８"] {
            assert_eq!(parse(text), line, "{text}");
        }
    }

    #[test]
    fn a_landline_loses_its_trunk_prefix() {
        assert_eq!(parse("021-61234567").to_string(), "+862161234567");
    }

    #[test]
    fn a_number_without_country_code_needs_a_region() {
        let fault = LineNumber::parse("13812345678", None).expect_err("no region");

        assert!(fault.what.contains("country code"));
        assert!(!fault.to_string().contains("1381234"), "a fault does not repeat the number");
    }

    #[test]
    fn a_demo_line_is_nobodys_and_a_real_line_is_not() {
        for (text, real, demo) in
            [("13812345678", true, false), ("15412345678", false, true), ("12345678901", false, false)]
        {
            let line = parse(text);

            assert_eq!(line.check(false).is_ok(), real, "{text}");
            assert_eq!(line.check(true).is_ok(), demo, "{text}");
        }
    }

    #[test]
    fn debug_shows_no_digits() {
        assert!(!format!("{:?}", parse("13812345678转42")).contains(|c: char| c.is_ascii_digit()));
    }

    proptest! {
        #[test]
        fn a_line_survives_printing(national in "1[3-9][0-9]{9}", extension in "([0-9]{1,6})?") {
            let line = LineNumber { country: 86, national, extension };

            prop_assert_eq!(LineNumber::parse(&line.to_string(), None).expect("a printed line"), line);
        }
    }
}
