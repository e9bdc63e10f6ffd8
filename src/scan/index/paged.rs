//! Bytes that are read all over the place, in large pages where there are any.
//!
//! A filter of twenty megabytes is five thousand small pages, more than the
//! processor keeps the addresses of; each look at it would wait for the page
//! table first. The kernel backs memory with large pages when it is asked to.

use std::ops::Deref;

use memmap2::MmapMut;

/// A copy of bytes, in memory that was asked to have large pages.
pub(super) enum Paged {
    Large(MmapMut),
    Plain(Box<[u8]>),
}

impl Paged {
    /// Copies `bytes`.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let Ok(mut map) = MmapMut::map_anon(bytes.len().max(1)) else { return Self::Plain(bytes.into()) };
        // A kernel without large pages refuses; small ones serve as well.
        #[cfg(target_os = "linux")]
        let _ = map.advise(memmap2::Advice::HugePage);
        map[..bytes.len()].copy_from_slice(bytes);
        Self::Large(map)
    }
}

impl Deref for Paged {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Large(map) => map,
            Self::Plain(bytes) => bytes,
        }
    }
}
