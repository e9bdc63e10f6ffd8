//! Runs of digits on their way to a lookup.
//!
//! How many runs a block has, and of what length, is different for each block;
//! a branch on it is guessed wrong half of the time, which costs more than the
//! lookup. So runs are written down first without asking, then sorted by what
//! their length may be, and each sort is looked up in a loop of its own.

use std::ops::Range;

use super::classes::BLOCK;
use super::token::MOST_DIGITS;

/// Most runs that begin in a block: four digits and a border each.
const MOST_IN_BLOCK: usize = 7;

/// Bits of a packed run that are its length.
const LENGTH_BITS: u32 = 8;

/// The length of a packed run.
const LENGTH: u64 = (1 << LENGTH_BITS) - 1;

/// Longer runs are taken for so long: they are no number in any case.
const LONGEST: usize = 64;

/// What runs of each length may be.
pub(super) struct Kinds([u8; 1 << LENGTH_BITS]);

const PHONE: u8 = 1;
const NUMBER: u8 = 2;
const LONG: u8 = 4;

impl Kinds {
    /// From the lengths of phones and numbers, as bits; runs longer than `bare`
    /// may hold one of them.
    pub(super) fn new(phones: u64, numbers: u64, bare: usize) -> Self {
        let mut kinds = [0; 1 << LENGTH_BITS];
        for (length, kind) in kinds.iter_mut().enumerate().take(MOST_DIGITS + 1) {
            let may_be = |lengths: u64| (lengths >> length & 1) as u8;
            *kind = PHONE * may_be(phones) + NUMBER * may_be(numbers) + LONG * u8::from(length > bare);
        }
        Self(kinds)
    }
}

/// Runs of one stretch.
#[derive(Default)]
pub(super) struct Runs {
    all: Sort,
    phones: Sort,
    numbers: Sort,
    long: Sort,
}

/// Packed runs: place and length in one word.
#[derive(Default)]
struct Sort {
    runs: Vec<u64>,
    count: usize,
}

impl Sort {
    fn with_room(room: usize) -> Self {
        Self { runs: vec![0; room], count: 0 }
    }

    /// Writes a run and keeps it if `keep` is 1.
    #[inline]
    fn put(&mut self, run: u64, keep: usize) {
        self.runs[self.count] = run;
        self.count += keep;
    }

    fn iter(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.runs[..self.count].iter().map(|run| {
            let (at, length) = ((run >> LENGTH_BITS) as usize, (run & LENGTH) as usize);
            at..at + length
        })
    }
}

impl Runs {
    /// Room for the runs of so many blocks.
    pub(super) fn with_blocks(blocks: usize) -> Self {
        // One more each: a run is written before it is known to be one.
        let room = blocks * MOST_IN_BLOCK + 2;
        let [all, phones, numbers, long] = [(); 4].map(|()| Sort::with_room(room));
        Self { all, phones, numbers, long }
    }

    /// Takes the runs that begin at `starts` in the block at `base`; `digits` are
    /// those of the block and of the next.
    #[inline]
    pub(super) fn take(&mut self, base: usize, digits: u64, mut starts: u32) {
        let run = |start: u32| {
            let length = (digits >> (start & 63)).trailing_ones();
            ((base + start as usize) as u64) << LENGTH_BITS | u64::from(length)
        };
        // One is in every other block: it is not asked about.
        self.all.put(run(starts.trailing_zeros()), usize::from(starts != 0));
        starts &= starts.wrapping_sub(1);
        while starts != 0 {
            self.all.put(run(starts.trailing_zeros()), 1);
            starts &= starts - 1;
        }
    }

    /// Sorts what was taken from `bytes`.
    #[inline]
    pub(super) fn sort(&mut self, bytes: &[u8], kinds: &Kinds) {
        for &run in &self.all.runs[..self.all.count] {
            let mut length = (run & LENGTH) as usize;
            if length > BLOCK {
                // It may go on behind the two blocks that were looked at.
                let at = (run >> LENGTH_BITS) as usize;
                length = bytes[at..].iter().take(LONGEST).take_while(|byte| byte.is_ascii_digit()).count();
            }
            let (run, kind) = (run & !LENGTH | length as u64, kinds.0[length]);
            self.phones.put(run, usize::from(kind & PHONE));
            self.numbers.put(run, usize::from(kind & NUMBER) / usize::from(NUMBER));
            self.long.put(run, usize::from(kind & LONG) / usize::from(LONG));
        }
    }

    /// Runs that may be a phone.
    pub(super) fn phones(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.phones.iter()
    }

    /// Runs that may be an anchor.
    pub(super) fn numbers(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.numbers.iter()
    }

    /// Runs that are long enough to hold one.
    pub(super) fn long(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.long.iter()
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        for sort in [&mut self.all, &mut self.phones, &mut self.numbers, &mut self.long] {
            sort.count = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_sorted_by_what_their_length_may_be() {
        let mut runs = Runs::with_blocks(1);
        // Runs of 4 at 0, of 11 at 10, of 13 at 23; and one of 34 that ends behind two blocks.
        let digits = 0b1111 | (0x7ff << 10) | (0x1fff << 23);
        runs.take(0, digits, 1 | (1 << 10) | (1 << 23));
        runs.take(40, u64::MAX << 31, 1 << 31);
        let bytes = [&[b'x'; 71][..], &[b'7'; 34], b"x"].concat();

        runs.sort(&bytes, &Kinds::new(1 << 11, (1 << 13) | (1 << 4) | (1 << 34), 11));

        assert!(runs.phones().eq(std::iter::once(10..21)));
        assert_eq!(runs.numbers().collect::<Vec<_>>(), [0..4, 23..36, 71..105]);
        assert_eq!(runs.long().collect::<Vec<_>>(), [23..36, 71..105]);
    }
}
