//! From a seed to choices: the frozen arithmetic under every canary.
//!
//! A canary planted today must come out the same in ten years, so nothing here
//! leans on a library's idea of a distribution: those change between versions.
//! What is used of `rand_chacha` is the ChaCha20 keystream alone, read as
//! little-endian 32-bit words; every choice is made from those words by the
//! few lines below (rejection sampling, Floyd's subset, Fisher-Yates).
//! `docs/formats/derivation.md` specifies each byte and `tests/vectors/` pins it.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A ChaCha20 key: 32 bytes that one record's choices are read from.
pub type Seed = [u8; 32];

/// A source of uniform 32-bit words, and the choices made from them.
pub trait Draw {
    /// Returns the next word of the keystream.
    fn word(&mut self) -> u32;

    /// Returns a uniform number below `n`, which must not be 0.
    ///
    /// Words at or above the largest multiple of `n` are passed over, so that
    /// the result carries no bias.
    fn below(&mut self, n: u32) -> u32 {
        debug_assert!(n > 0, "a choice among nothing");
        loop {
            let word = self.word();
            let rest = word % n;
            // The last multiple of n may lack words above it. Asking so instead
            // of working out where it starts saves a wide division per choice.
            if word - rest <= u32::MAX - (n - 1) {
                return rest;
            }
        }
    }

    /// Returns a uniform number below `n`, which must not be 0.
    ///
    /// Up to 2^32 this reads single words like [`Draw::below`]; above it reads
    /// two words, the low one first.
    fn below_u64(&mut self, n: u64) -> u64 {
        debug_assert!(n > 0, "a choice among nothing");
        if let Ok(small) = u32::try_from(n) {
            return u64::from(self.below(small));
        }
        let zone = ((1u128 << 64) / u128::from(n)) * u128::from(n);
        loop {
            let low = u64::from(self.word());
            let high = u64::from(self.word());
            let wide = (high << 32) | low;
            if u128::from(wide) < zone {
                return wide % n;
            }
        }
    }

    /// Returns an index into `cumulative`, a rising list of summed weights.
    ///
    /// Entry `i` is taken with probability
    /// `(cumulative[i] - cumulative[i - 1]) / cumulative.last()`.
    fn weighted(&mut self, cumulative: &[u64]) -> usize {
        let total = *cumulative.last().expect("a weighted choice has entries");
        let ticket = self.below_u64(total);
        cumulative.partition_point(|&sum| sum <= ticket)
    }
}

/// The whole keystream of one seed, from its first word.
pub struct Stream(ChaCha20Rng);

impl Stream {
    /// Starts at word 0 of the keystream of `seed`.
    pub fn new(seed: &Seed) -> Self {
        Self(ChaCha20Rng::from_seed(*seed))
    }
}

impl Draw for Stream {
    fn word(&mut self) -> u32 {
        self.0.next_u32()
    }
}

/// Words in one keystream block: what a template field owns.
pub const BLOCK_WORDS: usize = 16;

/// Bytes in one keystream block.
const BLOCK_BYTES: usize = 4 * BLOCK_WORDS;

/// Blocks that lie beside the seed: the cipher makes four at a time, and few
/// templates own more.
const INLINE_BLOCKS: usize = 4;

/// The keystream of one record, cut into blocks that fields own.
///
/// Block `k` is words `16 k .. 16 k + 16` of stream (nonce) 0. A field that
/// needs more goes on in stream `k + 1` from its first word; so no field ever
/// reads what another one reads, however many words rejection costs it.
///
/// Words stay bytes until they are read: most fields read two or three of
/// their sixteen.
pub struct Keystream {
    seed: Seed,
    inline: [u8; INLINE_BLOCKS * BLOCK_BYTES],
    /// All blocks of a stream that is longer than `inline`.
    long: Vec<u8>,
    blocks: usize,
}

impl Keystream {
    /// Prepares blocks `0 .. blocks` of `seed`.
    pub fn new(seed: &Seed, blocks: usize) -> Self {
        let inline = [0; INLINE_BLOCKS * BLOCK_BYTES];
        let mut keystream = Self { seed: *seed, inline, long: Vec::new(), blocks: 0 };
        keystream.reseed(seed, blocks);
        keystream
    }

    /// Does what [`Keystream::new`] does and keeps the allocation.
    pub fn reseed(&mut self, seed: &Seed, blocks: usize) {
        self.seed = *seed;
        self.blocks = blocks;
        let bytes = match self.inline.get_mut(..blocks * BLOCK_BYTES) {
            Some(inline) => inline,
            None => {
                self.long.resize(blocks * BLOCK_BYTES, 0);
                &mut self.long[..]
            }
        };
        ChaCha20Rng::from_seed(*seed).fill_bytes(bytes);
    }

    /// Opens block `k` at its first word.
    pub fn block(&self, k: usize) -> Block<'_> {
        let all = if self.blocks <= INLINE_BLOCKS { &self.inline[..self.blocks * BLOCK_BYTES] } else { &self.long[..] };
        let start = (k * BLOCK_BYTES).min(all.len());
        let end = (start + BLOCK_BYTES).min(all.len());
        Block { seed: &self.seed, k, bytes: &all[start..end], overflow: None }
    }
}

/// One field's share of a [`Keystream`].
pub struct Block<'a> {
    seed: &'a Seed,
    k: usize,
    bytes: &'a [u8],
    overflow: Option<Box<ChaCha20Rng>>,
}

impl Draw for Block<'_> {
    fn word(&mut self) -> u32 {
        if let Some((word, rest)) = self.bytes.split_first_chunk() {
            self.bytes = rest;
            return u32::from_le_bytes(*word);
        }
        let (seed, k) = (self.seed, self.k);
        self.overflow
            .get_or_insert_with(|| {
                let mut rng = ChaCha20Rng::from_seed(*seed);
                rng.set_stream(k as u64 + 1);
                Box::new(rng)
            })
            .next_u32()
    }
}

/// Returns a uniform `c`-subset of `0 .. n`, rising (Floyd's algorithm).
///
/// # Panics
///
/// If `c > n`.
pub fn subset(draw: &mut impl Draw, n: u32, c: u32) -> Vec<u32> {
    assert!(c <= n, "a subset cannot be larger than its set");
    // A bit set: it answers "taken already?" and gives the members in order.
    let mut taken = vec![0u64; (n as usize).div_ceil(64)];
    for j in n - c..n {
        let t = draw.below(j + 1);
        let pick = if taken[t as usize / 64] >> (t % 64) & 1 == 1 { j } else { t };
        taken[pick as usize / 64] |= 1 << (pick % 64);
    }
    let mut members = Vec::with_capacity(c as usize);
    for (word, &bits) in taken.iter().enumerate() {
        let mut bits = bits;
        while bits != 0 {
            members.push(word as u32 * 64 + bits.trailing_zeros());
            bits &= bits - 1;
        }
    }
    members
}

/// Returns a uniform ordered `t`-subset of `0 .. n` (Fisher-Yates, stopped
/// after `t` steps: step `i` swaps place `i` with `i + below(n - i)`).
///
/// # Panics
///
/// If `t > n`.
pub fn ordered_subset(draw: &mut impl Draw, n: u32, t: u32) -> Vec<u32> {
    assert!(t <= n, "a subset cannot be larger than its set");
    let mut items: Vec<u32> = (0..n).collect();
    for i in 0..t {
        let j = i + draw.below(n - i);
        items.swap(i as usize, j as usize);
    }
    items.truncate(t as usize);
    items
}

#[cfg(test)]
mod tests {
    use super::*;
    use hmac::{Hmac, KeyInit, Mac};
    use sha2::Sha256;

    /// The codeword of the reference implementation (attribution.md 11.1).
    fn reference_codeword(source: &[u8], epoch: u32, n: u32, c: u32) -> Vec<u32> {
        let key: Vec<u8> = (0..32).collect();
        let mut mac = <Hmac<Sha256>>::new_from_slice(&key).expect("any length is a key");
        mac.update(b"canary/v1/lines\0");
        for number in [epoch, n, c] {
            mac.update(&number.to_le_bytes());
        }
        mac.update(source);
        subset(&mut Stream::new(&mac.finalize().into_bytes().into()), n, c)
    }

    #[test]
    fn the_keystream_is_chacha20() {
        let mut stream = Stream::new(&[0; 32]);

        let bytes: Vec<u8> = (0..4).flat_map(|_| stream.word().to_le_bytes()).collect();

        assert_eq!(
            bytes,
            [0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90, 0x40, 0x5d, 0x6a, 0xe5, 0x53, 0x86, 0xbd, 0x28]
        );
    }

    #[test]
    fn the_sampler_agrees_with_the_reference_vectors() {
        assert_eq!(
            reference_codeword(b"acct:000001", 1, 2000, 20),
            [
                164, 186, 468, 484, 683, 743, 785, 833, 894, 1108, 1480, 1502, 1546, 1554, 1589, 1645, 1766, 1857,
                1921, 1982
            ]
        );
        assert_eq!(
            reference_codeword(b"acct:000002", 1, 2000, 20),
            [
                129, 191, 214, 514, 577, 610, 856, 905, 1055, 1189, 1422, 1424, 1533, 1551, 1577, 1600, 1671, 1780,
                1820, 1990
            ]
        );
    }

    #[test]
    fn blocks_are_the_stream_cut_in_pieces() {
        let mut stream = Stream::new(&[7; 32]);
        let keystream = Keystream::new(&[7; 32], 6);

        for k in 0..6 {
            let mut block = keystream.block(k);
            for _ in 0..BLOCK_WORDS {
                assert_eq!(block.word(), stream.word());
            }
        }
    }

    #[test]
    fn a_choice_passes_over_the_words_that_would_bias_it() {
        struct Words(Vec<u32>);
        impl Draw for Words {
            fn word(&mut self) -> u32 {
                self.0.remove(0)
            }
        }

        // 2^32 = 3 * 1431655765 + 1: only the last word is one too many.
        assert_eq!(Words(vec![u32::MAX, 5]).below(3), 2);
        assert_eq!(Words(vec![u32::MAX - 1]).below(3), 2);
        // A divisor of 2^32 wastes none, and 2^31 + 1 nearly half.
        assert_eq!(Words(vec![u32::MAX]).below(1 << 31), (1 << 31) - 1);
        assert_eq!(Words(vec![(1 << 31) + 1, 9]).below((1 << 31) + 1), 9);
        assert_eq!(Words(vec![u32::MAX]).below(1), 0);
    }

    #[test]
    fn a_field_that_outruns_its_block_reads_nobody_elses_words() {
        let keystream = Keystream::new(&[7; 32], 3);
        let mut first = keystream.block(0);
        let own: Vec<u32> = (0..40).map(|_| first.word()).collect();

        let mut second = keystream.block(1);
        let neighbour: Vec<u32> = (0..16).map(|_| second.word()).collect();

        assert!(own.iter().all(|word| !neighbour.contains(word)));
    }

    #[test]
    fn a_wide_choice_stays_below_its_bound() {
        let mut stream = Stream::new(&[1; 32]);
        let bound = (1u64 << 40) + 12_345;

        assert!((0..1000).all(|_| stream.below_u64(bound) < bound));
    }

    #[test]
    fn an_ordered_subset_has_no_repeats_and_every_order() {
        let mut stream = Stream::new(&[2; 32]);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..400 {
            let picked = ordered_subset(&mut stream, 4, 2);
            assert_ne!(picked[0], picked[1]);
            seen.insert(picked);
        }

        assert_eq!(seen.len(), 12);
    }
}
