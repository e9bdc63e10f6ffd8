//! Where shared rows go: beside the same real row in every export that has it.
//!
//! A uniform gap would be another one for every account. So the real rows
//! choose: a keyed hash puts each of them on a ring of 2^64 places, each slot
//! owns a keyed place on it, and a slot stands before the real row that is
//! next after its own place (consistent hashing). Two exports that differ in a
//! few rows agree about nearly all slots. A pass costs one hash and one search
//! among the slots for a row.
//!
//! Nobody who looks at files sees a hash, so the hash need not be a
//! cryptographic one: a key that others do not have and an even spread will do.

use std::rc::Rc;

use super::place::Gap;
use crate::derive::{Draw as _, Seed, Stream};

/// Real rows on the ring, and what each slot found there.
pub(super) struct Ring {
    /// Rising: a slot's place, and which slot it is.
    places: Vec<(u64, usize)>,
    /// In the order of `places`.
    found: Vec<Option<Found>>,
}

struct Found {
    /// How far behind the slot's place.
    distance: u64,
    gap: Rc<Gap>,
}

impl Ring {
    /// A ring of `slots` slots.
    pub(super) fn new(key: &Seed, slots: usize) -> Self {
        let mut stream = Stream::new(key);
        for _ in 0..2 * KEYS {
            stream.word();
        }
        let mut places: Vec<(u64, usize)> = (0..slots).map(|slot| (wide(&mut stream), slot)).collect();
        places.sort_unstable();
        Self { places, found: (0..slots).map(|_| None).collect() }
    }

    /// Whether a real row at `hash` is nearer to some slot than all before it.
    pub(super) fn wants(&self, hash: u64) -> bool {
        self.before(hash).is_some_and(|at| self.improves(at, hash))
    }

    /// Hands over the gap before the real row at `hash`.
    pub(super) fn take(&mut self, hash: u64, gap: &Rc<Gap>) {
        let Some(first) = self.before(hash) else { return };
        let count = self.places.len();
        // What is no nearer to a slot is no nearer to those before it either:
        // the row that this slot found lies behind their places, too.
        for at in (0..count).map(|step| (first + count - step) % count) {
            if !self.improves(at, hash) {
                return;
            }
            self.found[at] = Some(Found { distance: hash.wrapping_sub(self.places[at].0), gap: gap.clone() });
        }
    }

    /// Each slot's gap; `None` when no row was ever offered.
    pub(super) fn gaps(&self) -> Option<Vec<Rc<Gap>>> {
        let mut gaps: Vec<(usize, Rc<Gap>)> = Vec::with_capacity(self.places.len());
        for ((_, slot), found) in self.places.iter().zip(&self.found) {
            gaps.push((*slot, found.as_ref()?.gap.clone()));
        }
        gaps.sort_unstable_by_key(|(slot, _)| *slot);
        Some(gaps.into_iter().map(|(_, gap)| gap).collect())
    }

    /// The slot whose place is the last at or before `hash`, around the ring.
    fn before(&self, hash: u64) -> Option<usize> {
        let behind = self.places.partition_point(|(place, _)| *place <= hash);
        behind.checked_sub(1).or(self.places.len().checked_sub(1))
    }

    fn improves(&self, at: usize, hash: u64) -> bool {
        let distance = hash.wrapping_sub(self.places[at].0);
        self.found[at].as_ref().is_none_or(|found| distance < found.distance)
    }
}

/// Words of 64 bits that the hash is keyed with.
const KEYS: usize = 3;

/// A keyed hash of real rows: 16 bytes a step, each step a multiplication to
/// 128 bits whose halves are folded.
#[derive(Clone, Copy)]
pub(super) struct RowHash([u64; KEYS]);

impl RowHash {
    pub(super) fn new(key: &Seed) -> Self {
        let mut stream = Stream::new(key);
        Self(std::array::from_fn(|_| wide(&mut stream)))
    }

    pub(super) fn of(&self, row: &[u8]) -> u64 {
        let [start, left, right] = self.0;
        let mut state = start ^ row.len() as u64;
        let mut chunks = row.chunks_exact(16);
        for chunk in &mut chunks {
            state = fold(word(&chunk[..8]) ^ left ^ state, word(&chunk[8..]) ^ right);
        }
        let mut last = [0; 16];
        last[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
        state = fold(word(&last[..8]) ^ left ^ state, word(&last[8..]) ^ right);
        fold(state ^ right, left)
    }
}

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

fn word(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight))
}

fn wide(stream: &mut Stream) -> u64 {
    let low = u64::from(stream.word());
    low | u64::from(stream.word()) << 32
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Seed = [7; 32];

    fn offer(ring: &mut Ring, rows: impl Iterator<Item = u64>) {
        let hash = RowHash::new(&KEY);
        for at in rows {
            let here = hash.of(format!("YT{at},row").as_bytes());
            if ring.wants(here) {
                ring.take(here, &Rc::new(Gap::new(at, None, None)));
            }
        }
    }

    fn chosen(rows: impl Iterator<Item = u64>, slots: usize) -> Vec<u64> {
        let mut ring = Ring::new(&KEY, slots);
        offer(&mut ring, rows);
        ring.gaps().expect("rows were offered").iter().map(|gap| gap.at).collect()
    }

    #[test]
    fn every_slot_has_the_row_that_is_next_on_the_ring() {
        let (hash, ring) = (RowHash::new(&KEY), Ring::new(&KEY, 50));
        let next = |place: u64| {
            (0..300).min_by_key(|at| hash.of(format!("YT{at},row").as_bytes()).wrapping_sub(place)).expect("300 rows")
        };
        let mut expected: Vec<(usize, u64)> = ring.places.iter().map(|(place, slot)| (*slot, next(*place))).collect();
        expected.sort_unstable();

        let found = chosen(0..300, 50);

        assert_eq!(found, expected.into_iter().map(|(_, at)| at).collect::<Vec<_>>());
    }

    #[test]
    fn the_order_of_rows_does_not_matter_and_a_few_other_rows_move_few_slots() {
        let here = chosen(0..1_000, 100);

        assert_eq!(chosen((0..1_000).rev(), 100), here);
        let there = chosen(20..1_000, 100);
        let moved = here.iter().zip(&there).filter(|(a, b)| a != b).count();
        assert!(moved <= 10, "{moved} slots moved for 20 rows of 1,000");
    }

    #[test]
    fn every_row_is_as_likely_as_every_other() {
        let mut counts = [0i64; 10];
        for at in chosen(0..10_000, 2_000) {
            counts[(at / 1_000) as usize] += 1;
        }

        // 200 expected, with a standard deviation of 13.
        assert!(counts.iter().all(|count| (count - 200).abs() < 70), "{counts:?}");
    }

    #[test]
    fn a_hash_takes_note_of_every_byte_and_of_the_key() {
        let (hash, other) = (RowHash::new(&KEY), RowHash::new(&[8; 32]));
        let row: Vec<u8> = (0..40).collect();

        for flipped in 0..row.len() {
            let mut changed = row.clone();
            changed[flipped] ^= 1;
            assert_ne!(hash.of(&changed), hash.of(&row), "byte {flipped}");
        }
        assert_ne!(hash.of(&row), other.of(&row));
        assert_ne!(hash.of(&row[..39]), hash.of(&[&row[..39], &[0]].concat()));
    }
}
