//! Phones of which a dump shows only a part.
//!
//! `154****3750` fits every line that begins and ends so, and one ordinary
//! number in some thousands besides. That is a question to a set, never a match:
//! such phones are counted, together with how many would fit if no line of ours
//! were among them. The same holds for `1.54331E+10`, which is what a
//! spreadsheet leaves of a phone.
//!
//! What would fit by chance is reckoned from the dump itself: a phone that
//! shows the first digits `154` fits with the chance that four random digits
//! are the end of one of our lines that begin with `154`. Ordinary numbers'
//! last digits are as good as random; which first digits people have is not,
//! and is taken as it is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use memchr::memchr2_iter;
use serde::Serialize;

/// Digits of a mainland mobile number.
const MOBILE: usize = 11;
/// Digits by which ordinary numbers are told apart before chance begins.
const PREFIX: u32 = 3;
/// Decimals that a spreadsheet leaves of a phone, at least and at most.
const DECIMALS: std::ops::RangeInclusive<usize> = 3..=9;

/// The exponent of a mobile number that was taken for an amount.
const EXPONENT: &[u8] = b"E+10";

/// In what way a part of a phone is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Masked {
    /// `154****3750`: the first three digits and the last four.
    MiddleFour,
    /// `154******50`: the first three and the last two.
    MiddleSix,
    /// `1*******750`: the first and the last three.
    MiddleSeven,
    /// `1.54331E+10`: the first digits, rounded.
    Scientific,
}

/// What was seen of phones that are masked in one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct MaskCount {
    /// How many there are.
    pub seen: u64,
    /// How many of them fit a line of ours.
    pub fit: u64,
    /// How many would if no line of ours were among them.
    pub expected: f64,
}

impl MaskCount {
    /// Adds another count.
    pub fn add(&mut self, other: &Self) {
        self.seen += other.seen;
        self.fit += other.fit;
        self.expected += other.expected;
    }
}

/// Counts by the way of masking.
pub type MaskCounts = BTreeMap<Masked, MaskCount>;

/// The lines, as masked phones show them.
pub(super) struct Masks {
    /// By first digits: the last digits that lines with them have.
    ends: [(Masked, HashMap<u32, BTreeSet<u32>>); 3],
    /// Lines as integers, in order.
    lines: Vec<u64>,
}

impl Masked {
    /// Digits that are shown before and behind the mask.
    fn shown(self) -> (usize, usize) {
        match self {
            Self::MiddleFour => (3, 4),
            Self::MiddleSix => (3, 2),
            Self::MiddleSeven => (1, 3),
            Self::Scientific => (0, 0),
        }
    }
}

impl Masks {
    /// Takes the digits of lines in E.164 without a plus; only mainland mobile
    /// numbers are masked in these ways.
    pub(super) fn new<'l>(lines: impl Iterator<Item = &'l str>) -> Self {
        let mobiles = lines.filter_map(|digits| digits.strip_prefix("86").filter(|rest| rest.len() == MOBILE));
        let mobiles: Vec<&str> = mobiles.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit())).collect();
        let value = |digits: &str| digits.parse::<u64>().expect("eleven digits");
        let ends = [Masked::MiddleFour, Masked::MiddleSix, Masked::MiddleSeven].map(|masked| {
            let (before, behind) = masked.shown();
            let mut ends: HashMap<u32, BTreeSet<u32>> = HashMap::new();
            for digits in &mobiles {
                let end = value(&digits[MOBILE - behind..]) as u32;
                ends.entry(value(&digits[..before]) as u32).or_default().insert(end);
            }
            (masked, ends)
        });
        let mut lines: Vec<u64> = mobiles.iter().map(|digits| value(digits)).collect();
        lines.sort_unstable();
        Self { ends, lines }
    }

    /// Counts the masked phones that begin within `range` of `bytes`.
    pub(super) fn count(&self, bytes: &[u8], range: std::ops::Range<usize>) -> MaskCounts {
        let mut counts = MaskCounts::new();
        if self.lines.is_empty() {
            return counts;
        }
        // Stars that go on from before are of what begins there.
        let is_inner = range.start.checked_sub(1).and_then(|before| bytes.get(before)) == Some(&b'*');
        let mut from = range.start + if is_inner { stars_at(&bytes[range.start..]) } else { 0 };
        // One pass for both.
        for at in memchr2_iter(b'*', b'+', &bytes[range.clone()]).map(|at| range.start + at) {
            if bytes[at] == b'+' {
                let exponent = at.checked_sub(1).map(|before| &bytes[before..]);
                if exponent.is_some_and(|exponent| exponent.starts_with(EXPONENT)) {
                    self.scientific(bytes, at - 1, &mut counts);
                }
            } else if at >= from {
                let stars = stars_at(&bytes[at..]);
                from = at + stars;
                self.starred(bytes, at, stars, &mut counts);
            }
        }
        counts
    }

    fn starred(&self, bytes: &[u8], star: usize, stars: usize, counts: &mut MaskCounts) {
        let before = bytes[..star].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let behind = bytes[star + stars..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let is_open = |byte: Option<&u8>| byte != Some(&b'*');
        if !is_open(star.checked_sub(before + 1).and_then(|at| bytes.get(at)))
            || !is_open(bytes.get(star + stars + behind))
            || before + stars + behind != MOBILE
        {
            return;
        }
        let Some((masked, ends)) = self.ends.iter().find(|(masked, _)| masked.shown() == (before, behind)) else {
            return;
        };
        let (first, last) = (number(&bytes[star - before..star]), number(&bytes[star + stars..star + stars + behind]));
        let ends = ends.get(&(first as u32));
        counts.entry(*masked).or_default().add(&MaskCount {
            seen: 1,
            fit: u64::from(ends.is_some_and(|ends| ends.contains(&(last as u32)))),
            expected: ends.map_or(0.0, |ends| ends.len() as f64 / 10f64.powi(behind as i32)),
        });
    }

    /// What stands before the exponent at `at`.
    fn scientific(&self, bytes: &[u8], at: usize, counts: &mut MaskCounts) {
        let decimals = bytes[..at].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let Some([first @ b'1'..=b'9', b'.']) = at.checked_sub(decimals + 2).map(|from| &bytes[from..from + 2]) else {
            return;
        };
        let before = at.checked_sub(decimals + 3).and_then(|before| bytes.get(before));
        let is_alone = !before.is_some_and(|byte| byte.is_ascii_digit() || *byte == b'.')
            && !bytes.get(at + EXPONENT.len()).is_some_and(u8::is_ascii_digit);
        if !is_alone || !DECIMALS.contains(&decimals) || *first != b'1' {
            return;
        }
        let shown = 10u64.pow(decimals as u32) + number(&bytes[at - decimals..at]);
        let hidden = 10u64.pow((MOBILE - 1 - decimals) as u32);
        // Rounded to the nearest: halves go up.
        let rounded = |line: u64| (line + hidden / 2) / hidden;
        let fits = self.lines.partition_point(|&line| rounded(line) < shown);
        let is_fit = self.lines.get(fits).is_some_and(|&line| rounded(line) == shown);
        let prefix = 10u64.pow(decimals as u32 + 1 - PREFIX);
        let alike = shown / prefix;
        let from = self.lines.partition_point(|&line| rounded(line) / prefix < alike);
        let to = self.lines.partition_point(|&line| rounded(line) / prefix <= alike);
        let leads: BTreeSet<u64> = self.lines[from..to].iter().map(|&line| rounded(line)).collect();
        counts.entry(Masked::Scientific).or_default().add(&MaskCount {
            seen: 1,
            fit: u64::from(is_fit),
            expected: leads.len() as f64 / prefix as f64,
        });
    }
}

fn stars_at(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|&&byte| byte == b'*').count()
}

fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |sum, digit| 10 * sum + u64::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LINES: [&str; 4] = ["8615433063750", "8615433069999", "8615500001234", "12025550123"];

    fn counted(text: &str) -> MaskCounts {
        Masks::new(LINES.into_iter()).count(text.as_bytes(), 0..text.len())
    }

    fn one(masked: Masked, seen: u64, fit: u64, expected: f64) -> MaskCounts {
        MaskCounts::from([(masked, MaskCount { seen, fit, expected })])
    }

    #[test]
    fn a_masked_phone_is_a_question_to_a_set() {
        assert_eq!(counted("李*,154****3750,1"), one(Masked::MiddleFour, 1, 1, 2e-4));
        assert_eq!(counted("李*,154****3751\n"), one(Masked::MiddleFour, 1, 0, 2e-4));
        assert_eq!(counted("139****3750"), one(Masked::MiddleFour, 1, 0, 0.0));
        assert_eq!(counted("155******34"), one(Masked::MiddleSix, 1, 1, 0.01));
        assert_eq!(counted("1*******750"), one(Masked::MiddleSeven, 1, 1, 3e-3));
    }

    #[test]
    fn what_a_spreadsheet_left_of_a_phone_is_one_too() {
        assert_eq!(counted("1.54331E+10"), one(Masked::Scientific, 1, 1, 1e-3), "both lines round to it");
        assert_eq!(counted("李丽,1.54330638E+10,"), one(Masked::Scientific, 1, 1, 2e-6));
        assert_eq!(counted("1.54330E+10"), one(Masked::Scientific, 1, 0, 1e-3));
    }

    #[test]
    fn what_is_no_masked_phone_is_not_counted() {
        for text in [
            "154***3750",
            "154****37501",
            "1154****3750",
            "李**",
            "****",
            "*154****3750",
            "2.5E+10",
            "1.5E+10",
            "1.54331E+11",
            "1.54331E+101",
            "91.54331E+10",
            "E+10",
            "*",
            "",
        ] {
            assert_eq!(counted(text), MaskCounts::new(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_line_fits_its_own_masks(digits in "1[3-9][0-9]{9}", decimals in 3_usize..=9) {
            let line = format!("86{digits}");
            let masks = Masks::new(std::iter::once(line.as_str()));
            let value: u64 = digits.parse().expect("digits");
            let hidden = 10_u64.pow(10 - decimals as u32);
            let rounded = (value + hidden / 2) / hidden;
            let unit = 10_u64.pow(decimals as u32);
            for text in [
                format!("{}****{}", &digits[..3], &digits[7..]),
                format!("{}******{}", &digits[..3], &digits[9..]),
                format!("{}*******{}", &digits[..1], &digits[8..]),
                format!("{}.{:0decimals$}E+10", rounded / unit, rounded % unit),
            ] {
                let counts = masks.count(text.as_bytes(), 0..text.len());
                // 1.9999999E+10 may round to 2.
                if !text.starts_with('2') {
                    prop_assert_eq!(counts.values().map(|count| (count.seen, count.fit)).collect::<Vec<_>>(), [(1, 1)], "{}", text);
                }
            }
        }

        #[test]
        fn cutting_changes_nothing(text in "[1*5.4E+0-9,]{0,60}", cut in 0_usize..60) {
            let masks = Masks::new(LINES.into_iter());
            let (bytes, cut) = (text.as_bytes(), cut.min(text.len()));
            let whole = masks.count(bytes, 0..bytes.len());
            let mut parts = masks.count(bytes, 0..cut);
            for (masked, count) in masks.count(bytes, cut..bytes.len()) {
                parts.entry(masked).or_default().add(&count);
            }
            for (masked, count) in &whole {
                let part = parts.get(masked).copied().unwrap_or_default();
                prop_assert_eq!((part.seen, part.fit), (count.seen, count.fit));
            }
            prop_assert_eq!(whole.len(), parts.len());
        }
    }
}
