//! Candidate waybill numbers against the real ones of a file.
//!
//! A number that a real row has is passed over. Where the file is sorted by
//! number a planted row's place follows from its number, and that must be
//! found while streaming: candidates wait in a sorted queue and are dropped
//! into the gap before the first record that is past them.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::rc::Rc;

use super::order::{Order, natural, split_digits};
use super::place::Gap;

/// The candidates and what the file did to them.
pub(super) struct Candidates {
    texts: Vec<Vec<u8>>,
    by_text: HashMap<Vec<u8>, usize>,
    /// Endings that some candidate has: most real numbers stop here.
    endings: Box<[bool; 1 << 16]>,
    collided: Vec<bool>,
    /// Candidates in natural order.
    queue: Vec<usize>,
    /// Candidates of the queue that a rising file has passed.
    risen: usize,
    /// Candidates of the queue that a falling file has yet to pass.
    unfallen: usize,
    rising: Vec<Option<Rc<Gap>>>,
    falling: Vec<Option<Rc<Gap>>>,
    /// Whether the candidates that nobody passed could not go behind the end.
    rest_is_misplaced: bool,
}

impl Candidates {
    pub(super) fn new<'t>(texts: impl Iterator<Item = &'t str>) -> Self {
        let texts: Vec<Vec<u8>> = texts.map(|text| text.as_bytes().to_ascii_uppercase()).collect();
        let mut endings = Box::new([false; 1 << 16]);
        for text in &texts {
            endings[ending(text)] = true;
        }
        let mut queue: Vec<usize> = (0..texts.len()).collect();
        queue.sort_by(|&a, &b| natural(&texts[a], &texts[b]));
        Self {
            by_text: texts.iter().cloned().zip(0..).collect(),
            endings,
            collided: vec![false; texts.len()],
            risen: 0,
            unfallen: texts.len(),
            rising: vec![None; texts.len()],
            falling: vec![None; texts.len()],
            queue,
            texts,
            rest_is_misplaced: false,
        }
    }

    /// Takes note of a real number.
    pub(super) fn meet(&mut self, real: &[u8]) {
        if !self.endings[ending(real)] {
            return;
        }
        let upper = real.to_ascii_uppercase();
        if let Some(&which) = self.by_text.get(&upper) {
            self.collided[which] = true;
        }
    }

    /// Whether a file in `order` so far passes a candidate at `real`.
    pub(super) fn passes(&self, order: Order, real: &[u8]) -> bool {
        let before = |place: usize| natural(&self.texts[self.queue[place]], real);
        (order != Order::Falling && self.risen < self.queue.len() && before(self.risen) == Ordering::Less)
            || (order != Order::Rising && self.unfallen > 0 && before(self.unfallen - 1) == Ordering::Greater)
    }

    /// Drops the candidates that are passed at `real` into the gap before it.
    pub(super) fn drop_before(&mut self, real: &[u8], gap: &Rc<Gap>) {
        while self.risen < self.queue.len() && natural(&self.texts[self.queue[self.risen]], real) == Ordering::Less {
            self.rising[self.queue[self.risen]] = Some(gap.clone());
            self.risen += 1;
        }
        while self.unfallen > 0 && natural(&self.texts[self.queue[self.unfallen - 1]], real) == Ordering::Greater {
            self.falling[self.queue[self.unfallen - 1]] = Some(gap.clone());
            self.unfallen -= 1;
        }
    }

    /// Drops the candidates that no record passed into the last gap. Before an
    /// unterminated last record (`misplaced`) they break the order by one.
    pub(super) fn drop_rest(&mut self, gap: &Rc<Gap>, misplaced: bool) {
        self.rest_is_misplaced = misplaced;
        for &which in &self.queue[self.risen..] {
            self.rising[which] = Some(gap.clone());
        }
        for &which in &self.queue[..self.unfallen] {
            self.falling[which] = Some(gap.clone());
        }
    }

    pub(super) fn is_taken(&self, which: usize) -> bool {
        self.collided[which]
    }

    /// Where a candidate belongs in a file sorted in `order`.
    pub(super) fn gap(&self, which: usize, order: Order) -> Option<&Rc<Gap>> {
        let gaps = if order == Order::Falling { &self.falling } else { &self.rising };
        gaps[which].as_ref()
    }

    /// Whether a candidate's place breaks the order of the file.
    pub(super) fn is_misplaced(&self, which: usize, order: Order) -> bool {
        let place = self.queue.iter().position(|queued| *queued == which);
        self.rest_is_misplaced
            && place.is_some_and(|place| match order {
                Order::Rising => place >= self.risen,
                Order::Falling => place < self.unfallen,
                Order::None => false,
            })
    }

    /// Compares two candidates in natural order.
    pub(super) fn compare(&self, a: usize, b: usize) -> Ordering {
        natural(&self.texts[a], &self.texts[b])
    }
}

/// How far `number` is on the way from one number to another, of 2^32; half
/// way where they are not written alike.
pub(super) fn share_between(before: &str, after: &str, number: &str) -> u32 {
    share_of_way(before, after, number).unwrap_or(1 << 31)
}

fn share_of_way(before: &str, after: &str, number: &str) -> Option<u32> {
    /// More digits would not survive the multiplication below.
    const MOST_DIGITS: usize = 28;
    let split = |text: &str| {
        let (head, digits) = split_digits(text.as_bytes());
        let value = text[head.len()..].parse::<u128>().ok().filter(|_| digits.len() <= MOST_DIGITS)?;
        Some((head.to_ascii_uppercase(), value))
    };
    let ((head, before), (after_head, after), (own_head, own)) = (split(before)?, split(after)?, split(number)?);
    if head != after_head || head != own_head || before == after {
        return None;
    }
    let done = own.abs_diff(before).min(before.abs_diff(after) - 1);
    u32::try_from((done << 32) / before.abs_diff(after)).ok()
}

/// Where a number's last four bytes stand among endings, whatever their case.
fn ending(text: &[u8]) -> usize {
    let tail = &text[text.len().saturating_sub(4)..];
    let value = tail.iter().fold(0u32, |value, byte| value << 8 | u32::from(byte & 0xdf));
    (value.wrapping_mul(0x9e37_79b9) >> 16) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(at: u64) -> Rc<Gap> {
        Rc::new(Gap::new(at, None, None))
    }

    #[test]
    fn a_real_number_takes_its_candidate_whatever_its_case() {
        let mut candidates = Candidates::new(["YT1", "YT2"].into_iter());

        candidates.meet(b"yt2");
        candidates.meet(b"YT3");

        assert!(!candidates.is_taken(0));
        assert!(candidates.is_taken(1));
    }

    #[test]
    fn candidates_fall_into_the_gaps_that_keep_the_order() {
        let mut candidates = Candidates::new(["SCMS-12", "SCMS-3", "SCMS-90"].into_iter());

        for (at, real) in [&b"SCMS-1"[..], b"SCMS-5", b"SCMS-20"].into_iter().enumerate() {
            if candidates.passes(Order::Rising, real) {
                candidates.drop_before(real, &gap(at as u64));
            }
        }
        candidates.drop_rest(&gap(9), false);

        let places: Vec<u64> =
            (0..3).map(|which| candidates.gap(which, Order::Rising).expect("all dropped").at).collect();
        assert_eq!(places, [2, 1, 9]);
    }

    #[test]
    fn the_way_between_two_numbers_is_measured_in_either_direction() {
        assert_eq!(share_between("YT100", "YT104", "YT101"), 1 << 30);
        assert_eq!(share_between("YT104", "YT100", "yt101"), 3 << 30);
        assert_eq!(share_between("YT100", "YT104", "YT900"), 3 << 30, "no further than the last inside");
        for other in ["SF101", "", "YT"] {
            assert_eq!(share_between("YT100", "YT104", other), 1 << 31, "{other:?}");
        }
        let long = "9".repeat(28);
        assert!(share_between("0", &long, &long[1..]) < 1 << 30);
    }

    #[test]
    fn a_falling_file_is_followed_too() {
        let mut candidates = Candidates::new(["5", "3"].into_iter());

        for (at, real) in [&b"6"[..], b"4", b"1"].into_iter().enumerate() {
            if candidates.passes(Order::Falling, real) {
                candidates.drop_before(real, &gap(at as u64));
            }
        }

        let places: Vec<u64> =
            (0..2).map(|which| candidates.gap(which, Order::Falling).expect("all dropped").at).collect();
        assert_eq!(places, [1, 2]);
    }
}
