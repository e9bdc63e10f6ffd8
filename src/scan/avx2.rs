//! Classes of bytes by AVX2.
//!
//! The only way to these instructions on stable Rust is `std::arch`, whose
//! loads, and whose call from code that was not compiled for AVX2, are unsafe
//! (docs/decisions/0019).

#![allow(unsafe_code)]

use std::arch::x86_64::{
    __m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8, _mm256_set1_epi8,
    _mm256_sub_epi8,
};

use super::classes::{BLOCK, Classes};

/// Proof that the processor has AVX2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Avx2(());

impl Avx2 {
    /// Asks the processor.
    pub(super) fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx2").then_some(Self(()))
    }

    /// The classes of each block.
    pub(super) fn classify(self, blocks: &[[u8; BLOCK]], lead: u8, classes: &mut Vec<Classes>) {
        // SAFETY: `self` was made by `detect` alone, after it asked the processor.
        unsafe { classify(blocks, lead, classes) }
    }
}

#[target_feature(enable = "avx2")]
fn classify(blocks: &[[u8; BLOCK]], lead: u8, classes: &mut Vec<Classes>) {
    let both = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
    for block in blocks {
        let (first, last) = block.split_at(BLOCK / 2);
        // SAFETY: each half of a block has 32 bytes, and the load asks for no alignment.
        let (low, high) =
            unsafe { (_mm256_loadu_si256(first.as_ptr().cast()), _mm256_loadu_si256(last.as_ptr().cast())) };
        classes.push(Classes {
            digits: both(digits(low), digits(high)),
            gaps: both(equal(low, b' ') | equal(low, b'-'), equal(high, b' ') | equal(high, b'-')),
            wide: both(equal(low, lead), equal(high, lead)),
            lines: both(equal(low, b'\n'), equal(high, b'\n')),
        });
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn digits(bytes: __m256i) -> u32 {
    let from_0 = _mm256_sub_epi8(bytes, _mm256_set1_epi8(b'0' as i8));
    let at_most_9 = _mm256_min_epu8(from_0, _mm256_set1_epi8(9));
    _mm256_movemask_epi8(_mm256_cmpeq_epi8(at_most_9, from_0)) as u32
}

#[inline]
#[target_feature(enable = "avx2")]
fn equal(bytes: __m256i, byte: u8) -> u32 {
    _mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(byte as i8))) as u32
}
