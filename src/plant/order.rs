//! Whether a column rises or falls through the whole file.
//!
//! Order is assumed until a pair of neighbours breaks it, so one pass suffices
//! and nothing is kept but the last value. A planted row must not break an
//! order that the file has: a single early time in a sorted column would point
//! at it.

use std::cmp::Ordering;

/// The way in which a column is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Never falls.
    Rising,
    /// Never rises.
    Falling,
    /// Neither.
    None,
}

/// Watches one column's order by one comparison.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tracker {
    rises: bool,
    falls: bool,
    /// Steps to a different value.
    pub(super) steps: u64,
}

impl Default for Tracker {
    fn default() -> Self {
        Self { rises: true, falls: true, steps: 0 }
    }
}

impl Tracker {
    /// Takes note of how a value compares with the one before it.
    pub(super) fn push(&mut self, step: Ordering) {
        match step {
            Ordering::Less => self.rises = false,
            Ordering::Greater => self.falls = false,
            Ordering::Equal => return,
        }
        self.steps += 1;
    }

    pub(super) fn is_broken(&self) -> bool {
        !self.rises && !self.falls
    }

    /// A column of one value rises: keeping its order costs nothing.
    pub(super) fn order(&self) -> Order {
        match (self.rises, self.falls) {
            (true, _) => Order::Rising,
            (false, true) => Order::Falling,
            (false, false) => Order::None,
        }
    }
}

/// Compares the way people sort numbers with letters before them: by the
/// letters, then by the number's value, so that `SCMS-4` is before `SCMS-13`.
pub(super) fn natural(a: &[u8], b: &[u8]) -> Ordering {
    if a.len() == b.len() {
        return a.cmp(b);
    }
    let (a_head, a_tail) = split_digits(a);
    let (b_head, b_tail) = split_digits(b);
    a_head
        .cmp(b_head)
        .then_with(|| significant(a_tail).len().cmp(&significant(b_tail).len()))
        .then_with(|| significant(a_tail).cmp(significant(b_tail)))
        .then_with(|| a.cmp(b))
}

/// Splits the digits off the end.
pub(super) fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    let digits = text.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    text.split_at(text.len() - digits)
}

fn significant(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|byte| **byte == b'0').count();
    &digits[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(values: &[&str]) -> Order {
        let mut tracker = Tracker::default();
        for pair in values.windows(2) {
            tracker.push(natural(pair[1].as_bytes(), pair[0].as_bytes()));
        }
        tracker.order()
    }

    #[test]
    fn one_step_back_breaks_the_order() {
        assert_eq!(order(&["1", "2", "2", "10"]), Order::Rising);
        assert_eq!(order(&["YT9", "YT8", "YT8"]), Order::Falling);
        assert_eq!(order(&["1", "3", "2"]), Order::None);
        assert_eq!(order(&["7", "7"]), Order::Rising);
    }

    #[test]
    fn numbers_behind_letters_compare_by_value() {
        assert_eq!(natural(b"SCMS-4", b"SCMS-13"), Ordering::Less);
        assert_eq!(natural(b"ASN-900", b"SCMS-1"), Ordering::Less);
        assert_eq!(natural(b"0012", b"12"), Ordering::Less);
    }
}
