//! Numbers that nobody can hold: set apart for fiction, or never assigned.
//!
//! An allow-list, by country and national significant number; `x` stands for
//! any digit. China sets no range apart, so its entries are unassigned ones.
//! Some are valid to libphonenumber and some are not, which is why this table
//! is asked first.

/// One range: country calling code, and digits of the national significant number.
pub struct Range {
    /// Country calling code.
    pub country: u16,
    /// National significant number; `x` stands for any digit.
    pub pattern: &'static str,
}

const fn range(country: u16, pattern: &'static str) -> Range {
    Range { country, pattern }
}

/// Chinese mobile prefixes that are not assigned: where demonstration lines
/// are drawn from.
pub const DEMO_PREFIXES: [&str; 3] = ["154", "164", "194"];

/// The ranges, by country.
pub const RANGES: &[Range] = &[
    // China: unassigned mobile prefixes; subscriber numbers never begin with 0
    range(86, "154xxxxxxxx"),
    range(86, "164xxxxxxxx"),
    range(86, "194xxxxxxxx"),
    range(86, "210xxxxxxx"),
    // United States, Canada and the rest of the plan: NPA-555-0100 to 0199
    range(1, "xxx55501xx"),
    // United Kingdom (Ofcom)
    range(44, "1632960xxx"),
    range(44, "1134960xxx"),
    range(44, "1144960xxx"),
    range(44, "1154960xxx"),
    range(44, "1164960xxx"),
    range(44, "1174960xxx"),
    range(44, "1184960xxx"),
    range(44, "1214960xxx"),
    range(44, "1314960xxx"),
    range(44, "1414960xxx"),
    range(44, "1514960xxx"),
    range(44, "1614960xxx"),
    range(44, "2079460xxx"),
    range(44, "1914980xxx"),
    range(44, "2896496xxx"),
    range(44, "2920180xxx"),
    range(44, "7700900xxx"),
    range(44, "8081570xxx"),
    range(44, "9098790xxx"),
    range(44, "306999xxxx"),
    // Australia (ACMA)
    range(61, "491570006"),
    range(61, "491570110"),
    range(61, "491570156"),
    range(61, "491570157"),
    range(61, "491570158"),
    range(61, "491570159"),
    range(61, "491570313"),
    range(61, "491570737"),
    range(61, "491571266"),
    range(61, "491571491"),
    range(61, "491571804"),
    range(61, "491572549"),
    range(61, "491572665"),
    range(61, "491572983"),
    range(61, "491573087"),
    range(61, "491573770"),
    range(61, "491574118"),
    range(61, "491574632"),
    range(61, "491575254"),
    range(61, "491575789"),
    range(61, "491576398"),
    range(61, "491576801"),
    range(61, "491577426"),
    range(61, "491577644"),
    range(61, "491578148"),
    range(61, "491578888"),
    range(61, "491578957"),
    range(61, "491579212"),
    range(61, "491579455"),
    range(61, "491579760"),
    range(61, "25550xxxx"),
    range(61, "35550xxxx"),
    range(61, "75550xxxx"),
    range(61, "85550xxxx"),
    range(61, "27010xxxx"),
    range(61, "37010xxxx"),
    range(61, "77010xxxx"),
    range(61, "87010xxxx"),
    range(61, "1800160401"),
    range(61, "1800975707"),
    range(61, "1800975708"),
    range(61, "1800975709"),
    range(61, "1800975710"),
    range(61, "1800975711"),
    range(61, "1300975707"),
    range(61, "1300975708"),
    range(61, "1300975709"),
    range(61, "1300975710"),
    range(61, "1300975711"),
    range(61, "1900654321"),
    // France (ARCEP 2018-0881)
    range(33, "19900xxxx"),
    range(33, "26191xxxx"),
    range(33, "35301xxxx"),
    range(33, "46571xxxx"),
    range(33, "53649xxxx"),
    range(33, "63998xxxx"),
    // Germany (BNetzA Mitteilung 148/2021)
    range(49, "3023125xxx"),
    range(49, "6990009xxx"),
    range(49, "4066969xxx"),
    range(49, "2214710xxx"),
    range(49, "8999998xxx"),
    range(49, "17139200xx"),
    range(49, "17604069xxx"),
    // Ireland, Sweden, Hungary
    range(353, "2091xxxxx"),
    range(46, "70174060x"),
    range(46, "70174061x"),
    range(46, "70174062x"),
    range(46, "70174063x"),
    range(46, "70174064x"),
    range(46, "70174065x"),
    range(46, "70174066x"),
    range(46, "70174067x"),
    range(46, "70174068x"),
    range(46, "70174069x"),
    range(46, "8465004xx"),
    range(36, "55xxxxxx"),
];

/// Whether a number is of one of [`RANGES`].
pub fn is_fiction(country: u16, national: &str) -> bool {
    RANGES.iter().any(|range| range.country == country && fits(range.pattern, national))
}

fn fits(pattern: &str, digits: &str) -> bool {
    pattern.len() == digits.len()
        && pattern.bytes().zip(digits.bytes()).all(|(want, have)| want == b'x' || want == have)
}

#[cfg(test)]
mod tests {
    use crate::line::{LineNumber, Standing};

    use super::*;

    #[test]
    fn an_example_of_each_authority_is_fiction() {
        for text in [
            "+86 154 0000 0000",
            "+86 194 1234 5678",
            "+1 212 555 0142",
            "+44 20 7946 0123",
            "+44 7700 900123",
            "+61 491 570 156",
            "+61 2 5550 1234",
            "+33 6 39 98 12 34",
            "+49 30 23125 123",
            "+49 176 040690 12",
        ] {
            let line = LineNumber::parse(text, None).expect("a number");
            assert_eq!(line.standing(), Standing::Fiction, "{text}");
        }
    }

    #[test]
    fn a_neighbour_of_each_range_is_not_fiction() {
        for (country, national) in [
            (86, "15512345678"),
            (86, "1541234567"),
            (86, "2161234567"),
            (1, "2125550200"),
            (1, "2125560142"),
            (44, "2079461123"),
            (61, "491570155"),
            (33, "639981234567"),
            (49, "3023126123"),
            (7, "15412345678"),
        ] {
            assert!(!is_fiction(country, national), "{country} {national}");
        }
    }

    #[test]
    fn the_table_is_digits_and_lists_no_range_twice() {
        let mut seen = std::collections::BTreeSet::new();
        for range in RANGES {
            assert!(range.pattern.bytes().all(|b| b.is_ascii_digit() || b == b'x'), "{}", range.pattern);
            assert!(seen.insert((range.country, range.pattern)), "{}", range.pattern);
        }
    }
}
