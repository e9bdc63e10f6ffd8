//! How a line's number is written into a row.
//!
//! The number itself is the codebook's; the template only knows in how many
//! ways people write one. Digits never change, so any writing still leads back
//! to the line.

use crate::derive::Draw;
use crate::line::LineNumber;

/// A way of writing a telephone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// As dialled inside the country: `13800001111`, `021-01234567`, `5550100199`.
    National,
    /// In groups with hyphens: `138-0000-1111`, `555-010-0199`.
    Hyphenated,
    /// In groups with blanks: `138 0000 1111`.
    Spaced,
    /// `(555) 010-0199`, as North America writes it.
    Brackets,
    /// `+86 13800001111`.
    Plus,
    /// `+8613800001111`.
    PlusJoined,
    /// `008613800001111`.
    DoubleZero,
}

impl Style {
    /// All styles with their words in templates.
    pub(crate) const ALL: [(&'static str, Self); 7] = [
        ("national", Self::National),
        ("hyphenated", Self::Hyphenated),
        ("spaced", Self::Spaced),
        ("brackets", Self::Brackets),
        ("plus", Self::Plus),
        ("plus-joined", Self::PlusJoined),
        ("double-zero", Self::DoubleZero),
    ];

    /// Writes the number without its extension.
    pub fn write(self, line: &LineNumber, out: &mut String) {
        let national = line.national.as_str();
        let country = u32::from(line.country);
        match self {
            Self::National => match area_digits(line) {
                Some(area) => push(out, &["0", &national[..area], "-", &national[area..]]),
                None => out.push_str(national),
            },
            Self::Hyphenated => groups(line, "-", out),
            Self::Spaced => groups(line, " ", out),
            Self::Brackets if national.len() == 10 => {
                push(out, &["(", &national[..3], ") ", &national[3..6], "-", &national[6..]]);
            }
            Self::Brackets => groups(line, "-", out),
            Self::Plus => push(out, &["+", &country.to_string(), " ", national]),
            Self::PlusJoined => push(out, &["+", &country.to_string(), national]),
            Self::DoubleZero => push(out, &["00", &country.to_string(), national]),
        }
    }
}

fn push(out: &mut String, parts: &[&str]) {
    out.extend(parts.iter().copied());
}

/// Digits of a Chinese landline's area code; `None` for anything else.
fn area_digits(line: &LineNumber) -> Option<usize> {
    let national = line.national.as_bytes();
    let mobile = national.len() == 11 && national[0] == b'1';
    if line.country != 86 || mobile || national.len() < 9 {
        return None;
    }
    // Two digits for Beijing and the 02x cities, three for the rest.
    Some(if national.starts_with(b"10") || national[0] == b'2' { 2 } else { 3 })
}

fn groups(line: &LineNumber, separator: &str, out: &mut String) {
    let national = line.national.as_str();
    match (area_digits(line), national.len()) {
        (Some(area), _) => push(out, &["0", &national[..area], separator, &national[area..]]),
        (None, 11) => push(out, &[&national[..3], separator, &national[3..7], separator, &national[7..]]),
        (None, 10) => push(out, &[&national[..3], separator, &national[3..6], separator, &national[6..]]),
        _ => out.push_str(national),
    }
}

/// The law of a phone column: its style and, for a privacy number, what stands
/// before the extension.
#[derive(Clone, Debug)]
pub(crate) struct PhoneLaw {
    pub(crate) styles: Vec<Style>,
    pub(crate) style_sums: Vec<u64>,
    pub(crate) joiners: Vec<String>,
    pub(crate) joiner_sums: Vec<u64>,
}

impl PhoneLaw {
    /// Whether there is anything to draw.
    pub(crate) fn draws(&self) -> bool {
        self.styles.len() > 1 || self.joiners.len() > 1
    }

    /// Writes `line` in a drawn style. A law with one style draws nothing for it.
    pub(crate) fn write(&self, line: &LineNumber, draw: &mut impl Draw) -> String {
        let style = pick(draw, &self.style_sums);
        let mut out = String::with_capacity(24);
        self.styles[style].write(line, &mut out);
        if !line.extension.is_empty() {
            out.push_str(&self.joiners[pick(draw, &self.joiner_sums)]);
            out.push_str(&line.extension);
        }
        out
    }

    /// Returns the probability that a number of `country` is laid out as `mask`
    /// shows. Which number it is belongs to the codebook, so any digit fits any
    /// digit here: what is answered is the chance of the writing alone.
    pub(crate) fn layout_probability(&self, mask: &[Option<char>], country: u16) -> f64 {
        // 'd' stands for some digit; Chinese mobile numbers start with 1.
        let national = if country == 86 { "1dddddddddd" } else { "dddddddddd" };
        let line = LineNumber { country, national: national.to_owned(), extension: String::new() };
        let mut sum = 0.0;
        for (style, chance) in self.styles.iter().zip(shares(&self.style_sums)) {
            let mut number = String::new();
            style.write(&line, &mut number);
            let Some((number_mask, rest)) = mask.split_at_checked(number.chars().count()) else { continue };
            if !fits(number_mask, &number) {
                continue;
            }
            sum += chance * if rest.is_empty() { 1.0 } else { self.extension_probability(rest) };
        }
        sum
    }

    fn extension_probability(&self, rest: &[Option<char>]) -> f64 {
        let joined = |joiner: &str| {
            let (head, digits) = rest.split_at_checked(joiner.chars().count())?;
            let digits = !digits.is_empty() && digits.iter().all(|slot| slot.is_none_or(|c| c.is_ascii_digit()));
            (digits && fits(head, joiner)).then_some(())
        };
        self.joiners
            .iter()
            .zip(shares(&self.joiner_sums))
            .filter(|(joiner, _)| joined(joiner).is_some())
            .map(|(_, p)| p)
            .sum()
    }
}

/// The probability of each entry of a cumulative table.
fn shares(sums: &[u64]) -> impl Iterator<Item = f64> + '_ {
    let total = *sums.last().expect("a table has entries") as f64;
    sums.iter().scan(0, move |below, &sum| {
        let share = (sum - *below) as f64 / total;
        *below = sum;
        Some(share)
    })
}

fn pick(draw: &mut impl Draw, sums: &[u64]) -> usize {
    if sums.len() == 1 { 0 } else { draw.weighted(sums) }
}

fn fits(mask: &[Option<char>], layout: &str) -> bool {
    let same = |have: char, want: char| have == want || (have == 'd' && want.is_ascii_digit());
    layout.chars().count() == mask.len()
        && layout.chars().zip(mask).all(|(have, slot)| slot.is_none_or(|want| same(have, want)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(country: u16, national: &str, extension: &str) -> LineNumber {
        LineNumber { country, national: national.into(), extension: extension.into() }
    }

    fn written(style: Style, line: &LineNumber) -> String {
        let mut out = String::new();
        style.write(line, &mut out);
        out
    }

    #[test]
    fn a_mobile_number_is_written_as_people_write_it() {
        let mobile = line(86, "15412345678", "");

        let all: Vec<String> = Style::ALL.iter().map(|(_, style)| written(*style, &mobile)).collect();

        assert_eq!(
            all,
            [
                "15412345678",
                "154-1234-5678",
                "154 1234 5678",
                "154-1234-5678",
                "+86 15412345678",
                "+8615412345678",
                "008615412345678"
            ]
        );
    }

    #[test]
    fn a_landline_keeps_its_area_code_apart() {
        assert_eq!(written(Style::National, &line(86, "2101234567", "")), "021-01234567");
        assert_eq!(written(Style::Spaced, &line(86, "3100123456", "")), "0310 0123456");
    }

    #[test]
    fn a_north_american_number_has_groups_of_its_own() {
        let american = line(1, "2025550123", "");

        assert_eq!(written(Style::Brackets, &american), "(202) 555-0123");
        assert_eq!(written(Style::Hyphenated, &american), "202-555-0123");
    }

    #[test]
    fn a_layout_is_as_probable_as_its_styles_and_its_joiner() {
        let law = PhoneLaw {
            styles: vec![Style::National, Style::Hyphenated],
            style_sums: vec![3, 4],
            joiners: vec!["转".into(), "-".into()],
            joiner_sums: vec![1, 2],
        };
        let chance = |text: &str| {
            let mask: Vec<Option<char>> = text.chars().map(|c| (c != '*').then_some(c)).collect();
            law.layout_probability(&mask, 86)
        };

        assert_eq!(chance("15412345678"), 0.75);
        assert_eq!(chance("154****5678"), 0.75);
        assert_eq!(chance("154-1234-5678"), 0.25);
        assert_eq!(chance("15412345678转1234"), 0.375);
        assert_eq!(chance("154 1234 5678"), 0.0);
    }
}
