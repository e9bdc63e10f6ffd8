//! The bytes of an index: a header, five sections, a proof.
//!
//! ```text
//! 0    magic "TRAPSCAN"            64   filter         blocks of 64 bytes
//! 8    version, u32                     bucket ends    u32 each, one more than buckets
//! 12   zeros                            fingerprints   6 bytes a canary, by bucket
//! 16   id of the scan key, 8 bytes      canaries       u32 each, in the same order
//! 24   canaries, u64                    directory      sealed
//! 32   buckets, u64                     proof          HMAC-SHA256 of all before it, 32 bytes
//! 40   bytes of the filter, u64
//! 48   bytes of the directory, u64
//! 56   zeros
//! ```
//!
//! All numbers are little-endian.

use std::ops::Range;

pub(super) const MAGIC: &[u8; 8] = b"TRAPSCAN";
pub(super) const VERSION: u32 = 1;
pub(super) const HEADER: usize = 64;
pub(super) const PROOF: usize = 32;
/// Bytes of a fingerprint in the table.
pub(super) const REST: usize = 6;

/// How large the sections are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) key_id: [u8; 8],
    pub(super) canaries: u64,
    pub(super) buckets: u64,
    pub(super) filter: u64,
    pub(super) directory: u64,
}

impl Layout {
    /// Writes the header.
    pub(super) fn header(&self) -> [u8; HEADER] {
        let mut header = [0; HEADER];
        header[..8].copy_from_slice(MAGIC);
        header[8..12].copy_from_slice(&VERSION.to_le_bytes());
        header[16..24].copy_from_slice(&self.key_id);
        for (at, number) in [(24, self.canaries), (32, self.buckets), (40, self.filter), (48, self.directory)] {
            header[at..at + 8].copy_from_slice(&number.to_le_bytes());
        }
        header
    }

    /// Reads what [`Layout::header`] wrote, magic and version aside.
    pub(super) fn read(header: &[u8; HEADER]) -> Self {
        let number = |at: usize| u64::from_le_bytes(header[at..at + 8].try_into().expect("eight bytes"));
        Self {
            key_id: header[16..24].try_into().expect("eight bytes"),
            canaries: number(24),
            buckets: number(32),
            filter: number(40),
            directory: number(48),
        }
    }

    /// Where the sections are, and how long the file is; `None` when that is
    /// beyond any file.
    pub(super) fn sections(&self) -> Option<Sections> {
        let mut at = HEADER;
        let mut section = |bytes: u64| {
            let from = at;
            at = at.checked_add(usize::try_from(bytes).ok()?)?;
            Some(from..at)
        };
        Some(Sections {
            filter: section(self.filter)?,
            ends: section(self.buckets.checked_add(1)?.checked_mul(4)?)?,
            rests: section(self.canaries.checked_mul(REST as u64)?)?,
            canaries: section(self.canaries.checked_mul(4)?)?,
            directory: section(self.directory)?,
            proof: section(PROOF as u64)?,
        })
    }
}

/// Places of the sections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sections {
    pub(super) filter: Range<usize>,
    pub(super) ends: Range<usize>,
    pub(super) rests: Range<usize>,
    pub(super) canaries: Range<usize>,
    pub(super) directory: Range<usize>,
    pub(super) proof: Range<usize>,
}
