//! Which lines, personas and numbers belong to whom: the codewords.
//!
//! Everything here follows from an epoch key and public inputs, so nothing of
//! it is stored. Two levels: an account uses only its own `c_a` lines for the
//! whole epoch, and each of its batches a uniform ordered subset of those,
//! apart from the standing lines that `seed` plants. Ghosts, sources that are
//! never planted, live in a derivation domain of their own: no account name
//! can collide with one.

use std::sync::Arc;

use rayon::prelude::*;

use crate::derive::{Seed, Stream, ordered_subset, subset};
use crate::key::{EpochKey, KeyedHash, Label, MasterKey, Subkey};
use crate::persona::Role;

mod slots;

pub use slots::SharedSlot;

/// Who a codeword belongs to: an account, or a ghost that scores alongside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Holder<'a> {
    /// A real account, by name.
    Account(&'a str),
    /// The ghost of this number.
    Ghost(u32),
    /// A data set that several accounts see: its shared rows are nobody's own.
    Scope(&'a str),
}

/// Sizes of an account's line sets; registered when its epoch opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Lines in the epoch's pool (N).
    pub pool: u32,
    /// Lines of one account (c_a).
    pub account: u32,
    /// Of those, lines of its standing canaries (|S_a|).
    pub standing: u32,
}

/// All codewords of one epoch.
#[derive(Clone, Debug)]
pub struct Codebook {
    epoch: u32,
    sizes: Sizes,
    lines: Subkey,
    personas: Subkey,
    parcels: Subkey,
    numbers: Subkey,
    places: Subkey,
}

/// An account's lines, by place in the pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountLines {
    /// C_a, rising.
    pub all: Vec<u32>,
    /// S_a, rising: the standing canaries' lines.
    pub standing: Vec<u32>,
}

impl AccountLines {
    /// Returns C_a without S_a, rising: what batches draw from.
    pub fn batch_pool(&self) -> Vec<u32> {
        self.all.iter().copied().filter(|line| self.standing.binary_search(line).is_err()).collect()
    }
}

impl Codebook {
    /// Opens the codebook of `epoch`.
    ///
    /// # Panics
    ///
    /// Unless `standing < account <= pool`.
    pub fn new(master: &MasterKey, epoch: u32, sizes: Sizes) -> Self {
        assert!(sizes.standing < sizes.account && sizes.account <= sizes.pool, "impossible sizes {sizes:?}");
        let key: EpochKey = master.epoch(epoch);
        Self {
            epoch,
            sizes,
            lines: key.subkey(Label::Lines),
            personas: key.subkey(Label::Persona),
            parcels: key.subkey(Label::Parcel),
            numbers: key.subkey(Label::Number),
            places: key.subkey(Label::Place),
        }
    }

    /// The epoch's ordinal.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The registered sizes.
    pub fn sizes(&self) -> Sizes {
        self.sizes
    }

    /// Returns C_a and S_a.
    pub fn account_lines(&self, holder: Holder<'_>) -> AccountLines {
        let Sizes { pool, account, standing } = self.sizes;
        let all = self.account_set(holder);
        let seed = self.seed(&self.lines, b"standing", holder, &[&le(pool), &le(account), &le(standing)]);
        let picked = subset(&mut Stream::new(&seed), account, standing);
        let standing = picked.into_iter().map(|place| all[place as usize]).collect();
        AccountLines { all, standing }
    }

    /// Returns C_a alone, rising.
    pub fn account_set(&self, holder: Holder<'_>) -> Vec<u32> {
        let Sizes { pool, account, .. } = self.sizes;
        let seed = self.seed(&self.lines, b"account", holder, &[&le(pool), &le(account)]);
        subset(&mut Stream::new(&seed), pool, account)
    }

    /// Returns C_b: the `t` lines of one batch in the order of its rows.
    ///
    /// `t` is part of the input: a prefix of a longer list would not be uniform.
    ///
    /// # Panics
    ///
    /// If `t` exceeds the lines that batches may draw from.
    pub fn batch_lines(&self, holder: Holder<'_>, lines: &AccountLines, batch: &str, t: u32) -> Vec<u32> {
        let free = lines.batch_pool();
        let seed = self.seed(&self.lines, b"batch", holder, &[batch.as_bytes(), &le(t)]);
        ordered_subset(&mut Stream::new(&seed), free.len() as u32, t)
            .into_iter()
            .map(|place| free[place as usize])
            .collect()
    }

    /// Returns the seed of the persona that `line` wears for `holder`.
    pub fn persona_seed(&self, holder: Holder<'_>, role: Role, line: u32) -> Seed {
        self.seed(&self.personas, b"persona", holder, &[role.name().as_bytes(), &le(line)])
    }

    /// Returns the seed of canary `index` of a batch: goods, weight and so on.
    pub fn parcel_seed(&self, holder: Holder<'_>, batch: &str, index: u32) -> Seed {
        self.seed(&self.parcels, b"parcel", holder, &[batch.as_bytes(), &le(index)])
    }

    /// Returns the seed for choices that depend on the file planted into.
    pub fn place_seed(&self, holder: Holder<'_>, batch: &str, purpose: &str) -> Seed {
        self.seed(&self.places, b"place", holder, &[batch.as_bytes(), purpose.as_bytes()])
    }

    /// Returns the keyed permutation of a waybill block of `size` numbers.
    pub fn permutation(&self, block: &str, size: u64) -> Permutation {
        Permutation::new(&self.numbers, block, size)
    }

    fn seed(&self, key: &Subkey, what: &[u8], holder: Holder<'_>, rest: &[&[u8]]) -> Seed {
        let epoch = le(self.epoch);
        let ghost;
        let (domain, name): (&[u8], &[u8]) = match holder {
            Holder::Account(name) => (b"account", name.as_bytes()),
            Holder::Scope(name) => (b"scope", name.as_bytes()),
            Holder::Ghost(number) => {
                ghost = le(number);
                (b"ghost", &ghost)
            }
        };
        let mut parts: [&[u8]; 8] = [&[]; 8];
        parts[..4].copy_from_slice(&[what, &epoch, domain, name]);
        parts[4..4 + rest.len()].copy_from_slice(rest);
        key.seed(&parts[..4 + rest.len()])
    }
}

fn le(number: u32) -> [u8; 4] {
    number.to_le_bytes()
}

/// A keyed permutation of `0 .. size`: a Feistel network of six rounds of
/// HMAC-SHA256 over the next even number of bits, walked until it lands inside.
#[derive(Clone)]
pub struct Permutation {
    size: u64,
    half_bits: u32,
    mac: KeyedHash,
    /// What each round makes of each half, one after the other, where that is kept.
    kept: Option<Arc<[u32]>>,
}

/// Rounds of the Feistel network.
const ROUNDS: u8 = 6;

/// Most values of rounds that are kept: 16 MiB.
const MOST_KEPT: u64 = 1 << 22;

impl Permutation {
    fn new(numbers: &Subkey, block: &str, size: u64) -> Self {
        assert!(size > 0, "a waybill block holds at least one number");
        let key = numbers.seed(&[b"block", block.as_bytes(), &size.to_le_bytes()]);
        let bits = (64 - (size - 1).leading_zeros()).max(2);
        Self { size, half_bits: bits.div_ceil(2), mac: KeyedHash::new(&key), kept: None }
    }

    /// Numbers in the block.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The same permutation, made ready for `uses` of it: a half has few values,
    /// so where uses are many the rounds are made for all of them beforehand. A
    /// block of a billion has 2^15 halves.
    #[must_use]
    pub fn ready_for(mut self, uses: u64) -> Self {
        let halves = 1 << self.half_bits;
        let all = u64::from(ROUNDS) * halves;
        if self.kept.is_none() && all <= MOST_KEPT && halves <= uses / 2 {
            let made: Vec<u32> =
                (0..all).into_par_iter().map(|at| self.made((at / halves) as u8, at % halves) as u32).collect();
            self.kept = Some(made.into());
        }
        self
    }

    /// Returns the place in the block of serial `serial`, which must be below
    /// the size.
    pub fn apply(&self, serial: u64) -> u64 {
        self.walk(serial, |left, right| (0..ROUNDS).fold((left, right), |(l, r), round| (r, l ^ self.round(round, r))))
    }

    /// Returns the serial whose place is `place`: undoes [`Permutation::apply`].
    pub fn invert(&self, place: u64) -> u64 {
        self.walk(place, |left, right| {
            (0..ROUNDS).rev().fold((left, right), |(l, r), round| (r ^ self.round(round, l), l))
        })
    }

    fn walk(&self, start: u64, network: impl Fn(u64, u64) -> (u64, u64)) -> u64 {
        assert!(start < self.size, "outside the waybill block");
        let mask = (1 << self.half_bits) - 1;
        let mut value = start;
        loop {
            let (left, right) = network(value >> self.half_bits, value & mask);
            value = left << self.half_bits | right;
            if value < self.size {
                return value;
            }
        }
    }

    fn round(&self, round: u8, half: u64) -> u64 {
        match &self.kept {
            Some(kept) => u64::from(kept[(usize::from(round) << self.half_bits) + half as usize]),
            None => self.made(round, half),
        }
    }

    fn made(&self, round: u8, half: u64) -> u64 {
        let mut message = [0; 9];
        message[0] = round;
        message[1..].copy_from_slice(&half.to_le_bytes());
        let mut state = self.mac.message();
        state.update(&message);
        let word = state.tag().first_chunk().map_or(0, |first| u64::from_le_bytes(*first));
        word & ((1 << self.half_bits) - 1)
    }
}

impl std::fmt::Debug for Permutation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Permutation(of {})", self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book() -> Codebook {
        let sizes = Sizes { pool: 400, account: 30, standing: 5 };
        Codebook::new(&MasterKey::from_bytes([3; 32]), 1, sizes)
    }

    #[test]
    fn batches_keep_to_their_accounts_lines_and_off_its_standing_ones() {
        let lines = book().account_lines(Holder::Account("handan-01"));

        let batch = book().batch_lines(Holder::Account("handan-01"), &lines, "2020-11-01", 10);

        assert_eq!((lines.all.len(), lines.standing.len(), batch.len()), (30, 5, 10));
        assert!(batch.iter().all(|line| lines.all.contains(line) && !lines.standing.contains(line)));
    }

    #[test]
    fn a_shorter_batch_is_no_prefix_of_a_longer_one() {
        let holder = Holder::Account("handan-01");
        let lines = book().account_lines(holder);

        let short = book().batch_lines(holder, &lines, "b", 5);
        let long = book().batch_lines(holder, &lines, "b", 10);

        assert_ne!(short, long[..5]);
    }

    #[test]
    fn a_ghost_is_no_account() {
        let name = String::from_utf8(1u32.to_le_bytes().to_vec()).expect("ASCII control bytes");

        assert_ne!(book().account_set(Holder::Ghost(1)), book().account_set(Holder::Account(&name)));
    }

    #[test]
    fn a_permutation_that_was_made_ready_is_the_same() {
        for size in [1, 1000, 4097, 1_000_000] {
            let (plain, ready) =
                (book().permutation("demo", size), book().permutation("demo", size).ready_for(1 << 40));

            assert!(ready.kept.is_some());
            for serial in (0..size).step_by(1 + size as usize / 300) {
                assert_eq!(ready.apply(serial), plain.apply(serial));
                assert_eq!(ready.invert(serial), plain.invert(serial));
            }
        }
        assert!(book().permutation("demo", 1_000_000_000).ready_for(1000).kept.is_none(), "it would not pay");
        assert!(book().permutation("demo", u64::MAX).ready_for(u64::MAX).kept.is_none(), "nobody has that memory");
    }

    #[test]
    fn the_permutation_reaches_every_number_once_and_back() {
        for size in [1, 2, 3, 10, 1000, 4097] {
            let permutation = book().permutation("demo", size);
            let mut seen = vec![false; size as usize];
            for serial in 0..size {
                let place = permutation.apply(serial);
                assert!(!std::mem::replace(&mut seen[place as usize], true));
                assert_eq!(permutation.invert(place), serial);
            }
        }
    }
}
