//! A blocked Bloom filter: tells nearly all other numbers apart with one look at
//! memory.
//!
//! A key chooses a block of 64 bytes, a cache line, and six bits in it (Putze,
//! Sanders and Singler, "Cache-, hash- and space-efficient Bloom filters", 2007).
//! Twelve bits a key let one in a hundred others pass. A binary fuse filter
//! would take nine bits and let fewer pass; but it looks at three cache lines,
//! and with twenty million keys it is these that a scan waits for
//! (docs/decisions/0019).

use crate::scan::keys::Tag;

/// Bytes of a block.
pub(crate) const BLOCK: usize = 64;

/// Bits of the filter for each key.
const BITS_PER_KEY: usize = 12;

/// Bits that a key sets.
const BITS: u32 = 6;

/// Makes the filter of `tags`, of which there are `count`.
pub(crate) fn make(count: usize, tags: impl Iterator<Item = Tag>) -> Vec<u8> {
    let blocks = (count * BITS_PER_KEY).div_ceil(8 * BLOCK);
    let mut words = vec![0u64; 8 * blocks];
    for tag in tags {
        let block = block_of(tag, blocks);
        for bit in bits(tag) {
            words[8 * block + bit / 64] |= 1 << (bit % 64);
        }
    }
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// A filter in memory.
#[derive(Clone, Copy)]
pub(crate) struct Filter<'f> {
    blocks: &'f [[u8; BLOCK]],
}

impl<'f> Filter<'f> {
    /// Takes what [`make`] made.
    pub(crate) fn of(bytes: &'f [u8]) -> Self {
        Self { blocks: bytes.as_chunks().0 }
    }

    /// Looks at the block of `tag`, so that it is near when it is asked.
    #[inline]
    pub(in crate::scan) fn touch(self, tag: Tag) -> u8 {
        self.blocks.get(block_of(tag, self.blocks.len())).map_or(0, |block| block[0])
    }

    /// Whether `tag` may be one of those that it was made of.
    #[inline]
    pub(crate) fn may_hold(self, tag: Tag) -> bool {
        let Some(block) = self.blocks.get(block_of(tag, self.blocks.len())) else { return false };
        let word = |place: usize| u64::from_le_bytes(block.as_chunks().0[place]);
        // No branch: each bit is as likely set as not.
        bits(tag).fold(1, |all, bit| all & word(bit / 64) >> (bit % 64)) == 1
    }
}

#[inline]
fn block_of(tag: Tag, blocks: usize) -> usize {
    ((u128::from(tag.key) * blocks as u128) >> 64) as usize
}

/// Places of a key's bits in its block: nine bits of the tag for each.
#[inline]
fn bits(tag: Tag) -> impl Iterator<Item = usize> {
    (0..BITS).map(move |bit| (tag.rest >> (9 * bit) & 511) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derive::{Draw as _, Stream};

    fn tags(seed: u8, count: usize) -> Vec<Tag> {
        let mut draw = Stream::new(&[seed; 32]);
        let mut word = move || u64::from(draw.word()) << 32 | u64::from(draw.word());
        (0..count).map(|_| Tag { key: word(), rest: word() }).collect()
    }

    #[test]
    fn what_went_in_passes_and_one_other_in_a_hundred() {
        for count in [1, 50, 20_000] {
            let (own, others) = (tags(1, count), tags(2, 100_000));
            let bytes = make(count, own.iter().copied());
            let filter = Filter::of(&bytes);

            assert!(own.iter().all(|&tag| filter.may_hold(tag)));
            let passed = others.iter().filter(|&&tag| filter.may_hold(tag)).count();
            assert!(count < 50 || passed < 1_500, "{count}: {passed} of 100,000 others passed");
            assert!(bytes.len() <= count * 3 / 2 + BLOCK);
        }
        assert!(!Filter::of(&[]).may_hold(tags(1, 1)[0]));
    }
}
