//! Rows whose digits are not plain ones.
//!
//! Full-width digits take three bytes in UTF-8 and two in GBK, so they are no
//! runs to the quick search. A row in which one stands is folded: its digits,
//! of either width, and the gaps between them, each with its place.

use std::ops::Range;

use memchr::{memchr, memrchr};

use super::finder::Wide;

/// Bytes of a row to either side of what was found in it.
pub(super) const MOST_ROW: usize = 8 << 10;

/// Runs of ASCII digits.
pub(super) fn runs(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        at += bytes.get(at..)?.iter().position(u8::is_ascii_digit)?;
        let length = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let run = at..at + length;
        at = run.end;
        Some(run)
    })
}

/// Most bytes of a chain that are looked at: 34 digits one by one.
const MOST_CHAIN: usize = 68;

/// Bytes of the chain that `bytes` begin with: digits with one gap between each
/// group and the next.
pub(super) fn chain(bytes: &[u8]) -> usize {
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let is_joint = |at: usize| matches!(bytes[at], b' ' | b'-') && at > 0 && is_digit(at - 1) && is_digit(at + 1);
    let end = (0..bytes.len().min(MOST_CHAIN)).find(|&at| !is_digit(at) && !is_joint(at));
    end.unwrap_or(bytes.len().min(MOST_CHAIN))
}

/// The full-width digit that `bytes` begin with, and how many bytes it has.
pub(super) fn wide_digit(bytes: &[u8], wide: Wide) -> Option<(u8, usize)> {
    match (wide, bytes) {
        (Wide::Utf8, [0xef, 0xbc, digit @ 0x90..=0x99, ..]) => Some((digit - 0x90, 3)),
        (Wide::Gbk, [0xa3, digit @ 0xb0..=0xb9, ..]) => Some((digit - 0xb0, 2)),
        _ => None,
    }
}

/// The line around `at`, without its end; cut where it goes on for long.
pub(super) fn around(bytes: &[u8], at: usize) -> Range<usize> {
    let (least, most) = (at.saturating_sub(MOST_ROW), bytes.len().min(at + MOST_ROW));
    let start = memrchr(b'\n', &bytes[least..at]).map_or(least, |place| least + place + 1);
    let end = memchr(b'\n', &bytes[at..most]).map_or(most, |place| at + place);
    start..end
}

/// One character of a folded row, with its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Digit { value: u8, is_wide: bool },
    Gap,
    Other,
}

/// A row's digits of either width.
pub(super) struct Folded {
    signs: Vec<(Sign, usize)>,
    bytes: usize,
}

/// A number as it stands in a folded row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Its digits, in ASCII.
    pub(super) digits: Vec<u8>,
    /// Where it begins in the row.
    pub(super) at: usize,
    /// Bytes from there.
    pub(super) bytes: usize,
}

impl Folded {
    pub(super) fn of(row: &[u8], wide: Wide) -> Self {
        let mut signs = Vec::with_capacity(row.len());
        let mut at = 0;
        while at < row.len() {
            let (sign, length) = match (row[at], wide_digit(&row[at..], wide)) {
                (_, Some((value, length))) => (Sign::Digit { value, is_wide: true }, length),
                (byte @ b'0'..=b'9', _) => (Sign::Digit { value: byte - b'0', is_wide: false }, 1),
                (b' ' | b'-', _) => (Sign::Gap, 1),
                (0xef, _) if [&b"\xef\xbc\x8d"[..], b"\xe3\x80\x80"].contains(&row.get(at..at + 3).unwrap_or(&[])) => {
                    (Sign::Gap, 3)
                }
                // The bytes of one character stay together: none of them is a digit.
                _ => (Sign::Other, 1),
            };
            signs.push((sign, at));
            at += length;
        }
        Self { signs, bytes: row.len() }
    }

    /// Numbers of `fewest` to `most` digits, one of them wide at least; and
    /// whether each is put together from groups.
    pub(super) fn numbers(&self, fewest: usize, most: usize) -> Vec<(Run, bool)> {
        let mut groups: Vec<Range<usize>> = Vec::new();
        let mut at = 0;
        while at < self.signs.len() {
            let digits = |(sign, _): &&(Sign, usize)| matches!(sign, Sign::Digit { .. });
            let length = self.signs[at..].iter().take_while(digits).count();
            if length > 0 {
                groups.push(at..at + length);
            }
            at += length.max(1);
        }
        let mut numbers = Vec::new();
        for first in 0..groups.len() {
            let mut joined = 0;
            for last in first..groups.len() {
                let is_joint = last == first
                    || (groups[last].start == groups[last - 1].end + 1
                        && self.signs[groups[last - 1].end].0 == Sign::Gap);
                joined += groups[last].len();
                if !is_joint || joined > most {
                    break;
                }
                let whole = groups[first].start..groups[last].end;
                let is_wide = |(sign, _): &(Sign, usize)| matches!(sign, Sign::Digit { is_wide: true, .. });
                if joined >= fewest && self.signs[whole.clone()].iter().any(is_wide) {
                    numbers.push((self.run(whole), last > first));
                }
            }
        }
        numbers
    }

    fn run(&self, signs: Range<usize>) -> Run {
        let digit = |(sign, _): &(Sign, usize)| match sign {
            Sign::Digit { value, .. } => Some(value + b'0'),
            _ => None,
        };
        let at = self.signs[signs.start].1;
        let end = self.signs.get(signs.end).map_or(self.bytes, |(_, end)| *end);
        Run { digits: self.signs[signs].iter().filter_map(digit).collect(), at, bytes: end - at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(row: &[u8], wide: Wide) -> Vec<(String, bool)> {
        let numbers = Folded::of(row, wide).numbers(9, 34).into_iter();
        numbers.map(|(run, grouped)| (String::from_utf8(run.digits).expect("digits"), grouped)).collect()
    }

    #[test]
    fn full_width_digits_are_digits() {
        assert_eq!(numbers("电话１５４３３０６３７５０，".as_bytes(), Wide::Utf8), [("15433063750".into(), false)]);
        assert_eq!(numbers("１５４-３３０６-3750".as_bytes(), Wide::Utf8), [("15433063750".into(), true)]);
        let gbk = encoding_rs::GBK.encode("电话１５４３３０６３７５０").0;
        assert_eq!(numbers(&gbk, Wide::Gbk), [("15433063750".into(), false)]);
    }

    #[test]
    fn plain_numbers_are_left_to_the_quick_search() {
        assert_eq!(numbers("15433063750,１号".as_bytes(), Wide::Utf8), []);
    }

    #[test]
    fn a_row_ends_at_its_line() {
        let text = b"one\ntwo 123\nthree";

        assert_eq!(around(text, 8), 4..11);
        assert_eq!(around(text, 0), 0..3);
        assert_eq!(around(text, 14), 12..17);
    }
}
