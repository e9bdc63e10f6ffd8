//! What a file says as a whole: counts, runs of numbers, usual fees.

use std::collections::HashMap;

use super::counts::{Counts, Half, Halves, Key, half, mix, of_text};
use super::keys;
use super::outline::Outline;
use super::table::{View, Which};
use crate::plant::Rows;

/// Statistics of the real rows; taken once.
pub struct Statistics {
    counts: Halves,
    numbers: Numbers,
    fees: Fees,
}

/// Those of an export's planted rows, to lay on top.
#[derive(Default)]
pub struct Overlay {
    counts: Halves,
    numbers: Numbers,
    fees: Fees,
}

/// Fees by what they should follow from, rising.
type Fees = HashMap<Key, Vec<f64>>;

/// Waybill numbers, rising.
#[derive(Default)]
struct Numbers {
    all: Vec<u64>,
    by_sender: HashMap<Key, Vec<u64>>,
}

/// Statistics of a planted export.
#[derive(Clone, Copy)]
pub struct Whole<'a> {
    /// Of its real rows.
    pub original: &'a Statistics,
    /// Of its planted rows.
    pub overlay: &'a Overlay,
}

impl Statistics {
    /// Reads all real rows.
    pub fn of(rows: &Rows, outline: &Outline) -> Self {
        let mut counts = Halves::default();
        let all = || rows.rows.iter().map(|row| row.cells.as_slice());
        count(all(), outline, false, &mut counts);
        Self { counts, numbers: Numbers::of(all(), outline), fees: fees(all(), outline) }
    }
}

impl Overlay {
    /// Reads an export's planted rows.
    pub fn of(view: &View<'_>, outline: &Outline) -> Self {
        let mut counts = Halves::default();
        let planted = || view.export.planted.iter().map(|row| row.cells.as_slice());
        count(planted(), outline, true, &mut counts);
        Self { counts, numbers: Numbers::of(planted(), outline), fees: fees(planted(), outline) }
    }
}

impl<'a> Whole<'a> {
    /// How often things occur.
    pub fn counts(&self) -> Counts<'a> {
        Counts { original: &self.original.counts, planted: &self.overlay.counts }
    }

    /// How far a number is from the nearest other one: of its sender, of any.
    pub fn nearest(&self, which: Which, number: u64, sender: Option<Key>) -> Option<u64> {
        let lists = self.lists(which, sender);
        lists.into_iter().flatten().filter_map(|(list, has_own)| nearest(list, number, has_own)).min()
    }

    /// How many other numbers of its sender are no further away than `reach`,
    /// up to `most`.
    pub fn within(&self, which: Which, number: u64, sender: Option<Key>, reach: u64, most: usize) -> usize {
        let around = |list: &[u64]| {
            let (low, high) = (number.saturating_sub(reach), number.saturating_add(reach));
            list.partition_point(|other| *other <= high) - list.partition_point(|other| *other < low)
        };
        let lists = self.lists(which, sender);
        let found: usize = lists.into_iter().flatten().map(|(list, has_own)| around(list) - usize::from(has_own)).sum();
        found.min(most)
    }

    /// Numbers of real and of planted rows, and whether this row's is one of them.
    fn lists(&self, which: Which, sender: Option<Key>) -> [Option<(&'a [u64], bool)>; 2] {
        let is_real = matches!(which, Which::Real(_));
        let list = |numbers: &'a Numbers| match sender {
            Some(sender) => numbers.by_sender.get(&sender).map(Vec::as_slice),
            None => Some(numbers.all.as_slice()),
        };
        [
            list(&self.original.numbers).map(|list| (list, is_real)),
            list(&self.overlay.numbers).map(|list| (list, !is_real)),
        ]
    }

    /// How far a fee is from the median of the other rows of its weight and
    /// province.
    pub fn fee_residual(&self, outline: &Outline, which: Which, cells: &[String]) -> Option<f64> {
        let (group, own) = fee(outline, cells)?;
        let of = |fees: &'a Fees| fees.get(&group).map_or(&[] as &[f64], Vec::as_slice);
        let (mut many, mut few) = (of(&self.original.fees).to_vec(), of(&self.overlay.fees).to_vec());
        let list = if matches!(which, Which::Real(_)) { &mut many } else { &mut few };
        list.remove(list.iter().position(|fee| *fee == own)?);
        let count = many.len() + few.len();
        let median = (nth(&many, &few, count.checked_sub(1)? / 2)? + nth(&many, &few, count / 2)?) / 2.0;
        Some(own - median)
    }
}

fn count<'r>(rows: impl Iterator<Item = &'r [String]>, outline: &Outline, is_planted: bool, counts: &mut Halves) {
    for (place, cells) in rows.enumerate() {
        let half = half(place, is_planted);
        keys::each(outline, cells, |key| counts.add(half, key));
    }
}

/// The half that a row is in.
pub fn half_of(which: Which) -> Half {
    match which {
        Which::Real(place) => half(place, false),
        Which::Planted(place) => half(place, true),
    }
}

fn fees<'r>(rows: impl Iterator<Item = &'r [String]>, outline: &Outline) -> Fees {
    let mut fees = Fees::new();
    for (group, fee) in rows.filter_map(|cells| fee(outline, cells)) {
        fees.entry(group).or_default().push(fee);
    }
    fees.values_mut().for_each(|fees| fees.sort_by(f64::total_cmp));
    fees
}

/// The value of rank `rank` in two rising lists together, the second a short one.
fn nth(many: &[f64], few: &[f64], rank: usize) -> Option<f64> {
    // At most all of the few stand below it, so these of the many do for sure.
    let below = rank.saturating_sub(few.len()).min(many.len());
    let end = (rank + 1).min(many.len());
    let mut around: Vec<f64> = many[below..end].iter().chain(few).copied().collect();
    around.sort_by(f64::total_cmp);
    around.get(rank - below).copied()
}

impl Numbers {
    fn of<'r>(rows: impl Iterator<Item = &'r [String]>, outline: &Outline) -> Self {
        let mut numbers = Self::default();
        let Some(place) = outline.number else { return numbers };
        for cells in rows {
            let Some(number) = number(&cells[place]) else { continue };
            numbers.all.push(number);
            if let Some(sender) = sender_key(outline, cells) {
                numbers.by_sender.entry(sender).or_default().push(number);
            }
        }
        numbers.all.sort_unstable();
        numbers.by_sender.values_mut().for_each(|numbers| numbers.sort_unstable());
        numbers
    }
}

/// Reads the last digits of a number.
pub fn number(text: &str) -> Option<u64> {
    let end = text.rfind(|c: char| c.is_ascii_digit())? + 1;
    let start = text[..end]
        .rfind(|c: char| !c.is_ascii_digit())
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    text[start..end].parse().ok()
}

/// Whom a parcel comes from, as numbers are kept by.
pub fn sender_key(outline: &Outline, cells: &[String]) -> Option<Key> {
    outline.sender().map(|sender| of_text(&cells[sender]))
}

/// What a fee should follow from, and the fee.
fn fee(outline: &Outline, cells: &[String]) -> Option<(Key, f64)> {
    let (fee, weight, province) = outline.fee?;
    let weight = cells[weight].parse::<f64>().ok()?.ceil();
    let province = province.map_or(0, |province| of_text(&cells[province]));
    Some((mix(weight.to_bits(), province), cells[fee].parse().ok()?))
}

fn nearest(list: &[u64], number: u64, has_own: bool) -> Option<u64> {
    let at = list.partition_point(|other| *other < number);
    let behind = list.get(at + usize::from(has_own)).map(|other| other - number);
    let before = at.checked_sub(1).map(|at| number - list[at]);
    before.into_iter().chain(behind).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_number_is_another_one() {
        assert_eq!(nearest(&[1, 5, 9], 5, true), Some(4));
        assert_eq!(nearest(&[1, 5, 5, 9], 5, true), Some(0));
        assert_eq!(nearest(&[1, 5, 9], 6, false), Some(1));
        assert_eq!(nearest(&[5], 5, true), None);
        assert_eq!(nearest(&[], 5, false), None);
    }

    #[test]
    fn the_middle_of_two_lists_is_that_of_both() {
        let (many, few) = ([1.0, 2.0, 2.0, 5.0, 9.0], [0.5, 2.0, 10.0]);
        let mut both: Vec<f64> = many.iter().chain(&few).copied().collect();
        both.sort_by(f64::total_cmp);

        for (rank, value) in both.iter().enumerate() {
            assert_eq!(nth(&many, &few, rank), Some(*value), "rank {rank}");
        }
        assert_eq!(nth(&many, &few, both.len()), None);
    }

    #[test]
    fn a_number_is_read_behind_its_letters() {
        assert_eq!(number("YT8292721604361"), Some(8_292_721_604_361));
        assert_eq!(number("运1-22号"), Some(22));
        assert_eq!(number("7"), Some(7));
        assert_eq!(number("none"), None);
        assert_eq!(number("99999999999999999999999"), None);
    }
}
