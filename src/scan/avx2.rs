//! Classes of bytes by AVX2.
//!
//! The only way to these instructions on stable Rust is `std::arch`, whose
//! loads, and whose call from code that was not compiled for AVX2, are unsafe
//! (docs/decisions/0019).

#![allow(unsafe_code)]

use std::arch::x86_64::{
    __m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8, _mm256_or_si256,
    _mm256_set1_epi8, _mm256_sub_epi8,
};

use super::classes::{BLOCK, Classes};

/// Proof that the processor has AVX2, and what came with it: instructions that
/// count and find bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Avx2(());

impl Avx2 {
    /// Asks the processor.
    pub(super) fn detect() -> Option<Self> {
        let has_all = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("popcnt");
        has_all.then_some(Self(()))
    }

    /// The classes of each block.
    pub(super) fn classify(self, blocks: &[[u8; BLOCK]], lead: u8, classes: &mut Vec<Classes>) {
        // SAFETY: `self` was made by `detect` alone, after it asked the processor.
        unsafe { classify(blocks, lead, classes) }
    }

    /// Does `work`, compiled for the processor where it is inlined.
    #[inline]
    pub(super) fn run<R>(self, work: impl FnOnce() -> R) -> R {
        // SAFETY: as above.
        unsafe { run(work) }
    }
}

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn run<R>(work: impl FnOnce() -> R) -> R {
    work()
}

#[target_feature(enable = "avx2")]
fn classify(blocks: &[[u8; BLOCK]], lead: u8, classes: &mut Vec<Classes>) {
    let all = |byte: u8| _mm256_set1_epi8(byte as i8);
    let (zero, nine, blank, hyphen, lead) = (all(b'0'), all(9), all(b' '), all(b'-'), all(lead));
    classes.extend(blocks.iter().map(|block| {
        // SAFETY: a block has 32 bytes, and the load asks for no alignment.
        let bytes = unsafe { _mm256_loadu_si256(block.as_ptr().cast()) };
        let from_0 = _mm256_sub_epi8(bytes, zero);
        let gaps = _mm256_or_si256(_mm256_cmpeq_epi8(bytes, blank), _mm256_cmpeq_epi8(bytes, hyphen));
        Classes {
            digits: bits(_mm256_cmpeq_epi8(_mm256_min_epu8(from_0, nine), from_0)),
            gaps: bits(gaps),
            wide: bits(_mm256_cmpeq_epi8(bytes, lead)),
        }
    }));
}

/// The high bits of 32 bytes.
#[inline]
#[target_feature(enable = "avx2")]
fn bits(bytes: __m256i) -> u32 {
    _mm256_movemask_epi8(bytes) as u32
}
