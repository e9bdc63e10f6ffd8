//! Random numbers for simulations: small, fast and the same everywhere.
//!
//! SplitMix64 (Steele, Lea and Flood, OOPSLA 2014). Every run has a generator
//! of its own, seeded by its topic and number, so that the order in which
//! threads take runs changes no figure.

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// The stream of one run of one topic.
    pub(crate) fn of(topic: &str, run: u64) -> Self {
        // FNV-1a over the topic; SplitMix's own mixing does the rest.
        let hash = topic
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        let mut seed = Self(hash);
        let topic = seed.word();
        Self(topic ^ Self(run).word())
    }

    /// The next 64 bits.
    pub(crate) fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`. Its bias is below n / 2^64.
    pub(crate) fn below(&mut self, n: u32) -> u32 {
        ((u128::from(self.word()) * u128::from(n)) >> 64) as u32
    }

    /// A number in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.word() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Whether something of chance `p` happens.
    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// One of `items`, which must not be empty.
    pub(crate) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u32) as usize]
    }

    /// Appends a uniform `c`-subset of `0 .. n` in no particular order (Floyd).
    pub(crate) fn subset(&mut self, n: u32, c: u32, out: &mut Vec<u16>) {
        let start = out.len();
        for j in n - c..n {
            let t = self.below(j + 1) as u16;
            let known = out[start..].contains(&t);
            out.push(if known { j as u16 } else { t });
        }
    }

    /// Puts `items` in random order.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i as u32 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_different_streams_and_the_same_each_time() {
        let first = |topic: &str, run| Random::of(topic, run).word();

        assert_eq!(first("a", 1), first("a", 1));
        assert_ne!(first("a", 1), first("a", 2));
        assert_ne!(first("a", 1), first("b", 1));
    }

    #[test]
    fn every_member_is_in_a_subset_equally_often() {
        let mut random = Random::of("subset", 0);
        let mut counts = [0u32; 12];
        for _ in 0..12_000 {
            let mut set = Vec::new();
            random.subset(12, 5, &mut set);
            set.iter().for_each(|&x| counts[usize::from(x)] += 1);
        }

        // 5,000 each, with a standard deviation of 54.
        assert!(counts.iter().all(|&count| (4_750..5_250).contains(&count)), "{counts:?}");
    }
}
