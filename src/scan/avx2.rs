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
    let all = |byte: u8| _mm256_set1_epi8(byte as i8);
    let (zero, nine, blank, hyphen, lead, line) = (all(b'0'), all(9), all(b' '), all(b'-'), all(lead), all(b'\n'));
    classes.extend(blocks.iter().map(|block| {
        let (first, last) = block.split_at(BLOCK / 2);
        // SAFETY: each half of a block has 32 bytes, and the load asks for no alignment.
        let (low, high) =
            unsafe { (_mm256_loadu_si256(first.as_ptr().cast()), _mm256_loadu_si256(last.as_ptr().cast())) };
        let is = |what| (_mm256_cmpeq_epi8(low, what), _mm256_cmpeq_epi8(high, what));
        let is_digit = |half| {
            let from_0 = _mm256_sub_epi8(half, zero);
            _mm256_cmpeq_epi8(_mm256_min_epu8(from_0, nine), from_0)
        };
        let (blanks, hyphens) = (is(blank), is(hyphen));
        Classes {
            digits: bits((is_digit(low), is_digit(high))),
            gaps: bits((_mm256_or_si256(blanks.0, hyphens.0), _mm256_or_si256(blanks.1, hyphens.1))),
            wide: bits(is(lead)),
            lines: bits(is(line)),
        }
    }));
}

/// The high bits of 64 bytes.
#[inline]
#[target_feature(enable = "avx2")]
fn bits((low, high): (__m256i, __m256i)) -> u64 {
    u64::from(_mm256_movemask_epi8(low) as u32) | u64::from(_mm256_movemask_epi8(high) as u32) << 32
}
