//! Looking for lines of ours among the real rows of an export.

use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;

use super::Ground;
use crate::codebook::Holder;

/// Tells whether digits in a real row are a line of ours, and counts whose.
pub(super) struct LineWatch<'a> {
    by_digits: HashMap<&'a str, u32>,
    /// One bit for each value of [`sieve_place`]: most numbers of real rows are
    /// turned away before they are hashed.
    sieve: Vec<u64>,
    standing: BTreeSet<u32>,
    seen: Mutex<BTreeSet<u32>>,
}

/// Bits of the sieve's index.
const SIEVE_BITS: u32 = 18;

impl<'a> LineWatch<'a> {
    pub(super) fn new(ground: &'a Ground, account: &str) -> Self {
        let standing = ground.codebook.account_lines(Holder::Account(account)).standing;
        let mut sieve = vec![0; 1 << (SIEVE_BITS - 6)];
        for number in &ground.pool {
            let place = sieve_place(number.national.as_bytes());
            sieve[place / 64] |= 1 << (place % 64);
        }
        Self {
            by_digits: ground
                .pool
                .iter()
                .enumerate()
                .map(|(place, number)| (number.national.as_str(), place as u32))
                .collect(),
            sieve,
            standing: standing.into_iter().collect(),
            seen: Mutex::default(),
        }
    }

    pub(super) fn sees(&self, digits: &str) -> bool {
        let place = sieve_place(digits.as_bytes());
        if self.sieve[place / 64] >> (place % 64) & 1 == 0 {
            return false;
        }
        let bare = digits.strip_prefix("0086").or_else(|| digits.strip_prefix("86")).unwrap_or(digits);
        let found = self.by_digits.get(digits).or_else(|| self.by_digits.get(bare));
        if let Some(&place) = found {
            self.seen.lock().expect("no panic while counting").insert(place);
        }
        found.is_some()
    }

    pub(super) fn standing_seen(&self) -> u32 {
        self.seen.lock().expect("no panic while counting").intersection(&self.standing).count() as u32
    }

    pub(super) fn foreign_seen(&self) -> u32 {
        self.seen.lock().expect("no panic while counting").difference(&self.standing).count() as u32
    }
}

/// Where a number stands in the sieve. Only its last eight digits count, so
/// that a country code in front changes nothing.
fn sieve_place(digits: &[u8]) -> usize {
    let tail = digits.len().saturating_sub(8);
    let value = digits[tail..].iter().fold(0u64, |value, digit| value * 10 + u64::from(digit & 15));
    (value.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - SIEVE_BITS)) as usize
}
