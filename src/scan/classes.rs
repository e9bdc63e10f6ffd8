//! Which of 32 bytes are digits, gaps or lead bytes of wide digits.
//!
//! The answer is a bit for each byte, lowest first. Where the processor has
//! AVX2 it is asked for all of them at once; the portable form gives the same
//! bits, and a test holds the two together.

/// Bytes looked at together.
pub(super) const BLOCK: usize = 32;

/// One bit for each of 32 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Classes {
    /// `0` to `9`.
    pub(super) digits: u32,
    /// A blank or a hyphen: what a number is grouped by.
    pub(super) gaps: u32,
    /// `0xEF` in UTF-8 and `0xA3` in GBK: full-width digits begin so.
    pub(super) wide: u32,
}

/// Tells classes apart; chosen once for a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Classifier {
    #[cfg(target_arch = "x86_64")]
    avx2: Option<super::avx2::Avx2>,
}

impl Classifier {
    /// One that works on every machine.
    pub fn portable() -> Self {
        Self {
            #[cfg(target_arch = "x86_64")]
            avx2: None,
        }
    }

    /// The quickest that this machine has.
    pub fn detect() -> Self {
        Self {
            #[cfg(target_arch = "x86_64")]
            avx2: super::avx2::Avx2::detect(),
        }
    }

    /// Writes the classes of each block; `lead` is the byte that wide digits
    /// begin with.
    pub(super) fn classify(self, blocks: &[[u8; BLOCK]], lead: u8, classes: &mut Vec<Classes>) {
        classes.clear();
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = self.avx2 {
            return avx2.classify(blocks, lead, classes);
        }
        classes.extend(blocks.iter().map(|block| portable(block, lead)));
    }

    /// Does `work` with all that the machine's instructions offer, as far as the
    /// compiler makes one piece of it.
    #[inline]
    pub(super) fn run<R>(self, work: impl FnOnce() -> R) -> R {
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = self.avx2 {
            return avx2.run(work);
        }
        work()
    }
}

/// Eight bytes at a time, each in its own lane of a word.
fn portable(block: &[u8; BLOCK], lead: u8) -> Classes {
    let mut classes = Classes::default();
    for (bytes, at) in block.chunks_exact(8).zip((0..).step_by(8)) {
        let word = u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
        classes.digits |= gather(digits(word)) << at;
        classes.gaps |= gather(equal(word, b' ') | equal(word, b'-')) << at;
        classes.wide |= gather(equal(word, lead)) << at;
    }
    classes
}

const HIGH: u64 = 0x8080_8080_8080_8080;
const LOW: u64 = 0x0101_0101_0101_0101;

/// The high bit of each lane that holds a digit.
fn digits(word: u64) -> u64 {
    // With the high bit put aside no lane overflows into the next.
    let seven = word & !HIGH;
    let at_least_0 = seven + (0x80 - u64::from(b'0')) * LOW;
    let above_9 = seven + (0x7f - u64::from(b'9')) * LOW;
    at_least_0 & !above_9 & !word & HIGH
}

/// The high bit of each lane that holds `byte`.
fn equal(word: u64, byte: u8) -> u64 {
    let differs = word ^ (u64::from(byte) * LOW);
    !(((differs & !HIGH) + !HIGH) | differs) & HIGH
}

/// Gathers the high bits of eight lanes in the lowest eight bits.
fn gather(lanes: u64) -> u32 {
    ((lanes >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one_by_one(block: &[u8; BLOCK], lead: u8) -> Classes {
        let bits = |is: &dyn Fn(u8) -> bool| {
            block.iter().zip(0..).fold(0, |bits, (&byte, at)| bits | u32::from(is(byte)) << at)
        };
        Classes {
            digits: bits(&|byte| byte.is_ascii_digit()),
            gaps: bits(&|byte| byte == b' ' || byte == b'-'),
            wide: bits(&|byte| byte == lead),
        }
    }

    proptest! {
        #[test]
        fn all_ways_give_the_same_bits(bytes in proptest::collection::vec(proptest::prop_oneof![any::<u8>(), 0x2cu8..0x3c, Just(b'\n'), Just(0xef)], BLOCK)) {
            let block: [u8; BLOCK] = bytes.try_into().expect("32 bytes");
            let want = one_by_one(&block, 0xef);

            for classifier in [Classifier::portable(), Classifier::detect()] {
                let mut classes = Vec::new();
                classifier.classify(&[block, block], 0xef, &mut classes);
                prop_assert_eq!(&classes, &[want, want]);
            }
        }
    }
}
