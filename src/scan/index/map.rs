//! A file, mapped into memory.
//!
//! Mapping is unsafe in Rust because whoever changes the file changes memory
//! that the program takes for constant (docs/decisions/0019). An index is
//! replaced by renaming a new one over it and never changed in place.

#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::ops::Deref;

use memmap2::Mmap;

/// Bytes that are read only: mapped, or in memory.
pub(super) enum Map {
    File(Mmap),
    Memory(Vec<u8>),
}

impl Map {
    /// Maps a file.
    pub(super) fn of(file: &File) -> io::Result<Self> {
        // SAFETY: Trapline writes an index under another name and renames it, so a mapped one stays as it is. A
        // stranger who could change it in place could also kill the process.
        unsafe { Mmap::map(file) }.map(Self::File)
    }
}

impl Deref for Map {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::File(map) => map,
            Self::Memory(bytes) => bytes,
        }
    }
}
