//! How often everything occurs that a row says: its values, their parts, their
//! shapes, and pairs of them.
//!
//! What is counted over a whole file must treat a planted row and a real one
//! alike, and it is not enough to leave a row out of its own counts. All
//! exports are planted from one original: where a courier has 268 rows of it, a
//! real row of his sees 267 others and a planted one 268, and an adversary who
//! learns from many exports would know planted rows by that. (He did: AUC .73
//! for real rows that had been taken out and put back.) So the file is halved
//! at random, and a row is measured against the half that it is not in. Only
//! what is rare is looked for in the whole file, and counted no further than a
//! few.
//!
//! The real rows are counted once; an export adds its few planted rows on top,
//! which is what makes thousands of exports affordable.
//!
//! Things are counted by a hash of 64 bits. Two things that share one would be
//! counted together; among the few million of a file that happens with a chance
//! of one in a million, and changes one number by one.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A hash of something that a row says.
pub type Key = u64;

/// Counts by key.
#[derive(Clone, Default)]
pub struct Counter(HashMap<Key, u32, BuildHasherDefault<AsIs>>);

impl Counter {
    /// Adds one.
    pub fn add(&mut self, key: Key) {
        *self.0.entry(key).or_default() += 1;
    }

    /// How many there are.
    pub fn of(&self, key: Key) -> u32 {
        self.0.get(&key).copied().unwrap_or_default()
    }
}

/// One of the two halves of a file.
pub type Half = usize;

/// The half that the row of this place, and of this kind, is in.
pub fn half(place: usize, is_planted: bool) -> Half {
    // An export's few planted rows are parted evenly: by a hash the same ones of
    // every export would be in the same half, and most of them in one.
    if is_planted { place & 1 } else { (mix(place as u64, 0) >> 40) as usize & 1 }
}

/// Counts of both halves of a file.
#[derive(Clone, Default)]
pub struct Halves([Counter; 2]);

impl Halves {
    /// Adds one to a half.
    pub fn add(&mut self, half: Half, key: Key) {
        self.0[half].add(key);
    }
}

/// Counts of the original with those of an export on top.
#[derive(Clone, Copy)]
pub struct Counts<'a> {
    /// Of the real rows.
    pub original: &'a Halves,
    /// Of the planted rows.
    pub planted: &'a Halves,
}

/// Rare things are counted no further.
const FEW: u32 = 3;

impl Counts<'_> {
    /// How often the half that a row is not in says this.
    pub fn opposite(&self, half: Half, key: Key) -> u32 {
        self.of(1 - half, key)
    }

    /// How often others than one row that has it say this, up to a few.
    pub fn few_others(&self, key: Key) -> u32 {
        self.all(key).saturating_sub(1).min(FEW)
    }

    /// How often other real rows than this one say this, up to a few: what
    /// planted rows have in common with each other makes none of them real.
    pub fn few_real_others(&self, key: Key, is_planted: bool) -> u32 {
        let real = self.original.0[0].of(key) + self.original.0[1].of(key);
        real.saturating_sub(u32::from(!is_planted)).min(FEW)
    }

    /// How often others say `a` without saying `both`, up to a few; the row
    /// itself says both.
    pub fn few_without(&self, a: Key, both: Key) -> u32 {
        self.all(a).saturating_sub(self.all(both)).min(FEW)
    }

    /// How often any row says this.
    pub fn all(&self, key: Key) -> u32 {
        self.of(0, key) + self.of(1, key)
    }

    fn of(&self, half: Half, key: Key) -> u32 {
        self.original.0[half].of(key) + self.planted.0[half].of(key)
    }
}

/// Hashes a text.
pub fn of_text(text: &str) -> Key {
    let mut key = mix(0x7261_696c, text.len() as u64);
    for chunk in text.as_bytes().chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        key = mix(key, u64::from_le_bytes(word));
    }
    key
}

/// Hashes two things together, in this order.
pub fn mix(a: u64, b: u64) -> Key {
    let product = u128::from(a ^ 0x9e37_79b9_7f4a_7c15) * u128::from(b.rotate_left(23) ^ 0xd1b5_4a32_d192_ed03);
    (product as u64) ^ ((product >> 64) as u64).wrapping_mul(0xff51_afd7_ed55_8ccd) ^ a.rotate_left(17)
}

/// Keys are hashes already.
#[derive(Default)]
pub struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| mix(hash, u64::from(*byte)));
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_texts_have_different_keys() {
        let mut keys: Vec<Key> = (0..200_000).map(|i| of_text(&format!("收件人{i}"))).collect();
        keys.extend((0..200_000).map(|i| mix(i % 500, i / 500)));
        keys.extend(["", "a", "a\0", "ab", "ba"].map(of_text));
        let count = keys.len();

        keys.sort_unstable();
        keys.dedup();

        assert_eq!(keys.len(), count);
    }

    #[test]
    fn a_row_is_left_out_of_its_own_counts() {
        let (mut original, mut planted) = (Halves::default(), Halves::default());
        original.add(0, 7);
        planted.add(1, 7);
        planted.add(1, 8);
        let counts = Counts { original: &original, planted: &planted };

        assert_eq!((counts.few_others(7), counts.few_others(8), counts.all(9)), (1, 0, 0));
        assert_eq!((counts.opposite(0, 7), counts.opposite(1, 7), counts.opposite(1, 8)), (1, 1, 0));
        assert_eq!(counts.few_without(7, 8), 1);
        assert_eq!((counts.few_real_others(7, true), counts.few_real_others(7, false)), (1, 0));
    }

    #[test]
    fn halves_are_halves() {
        for is_planted in [false, true] {
            let first: usize = (0..10_000).map(|place| half(place, is_planted)).sum();
            assert!((4700..5300).contains(&first), "{first}");
        }
    }
}
