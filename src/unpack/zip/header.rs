//! Entries as their headers describe them.

use super::{u16_at, u32_at, u64_at};
use crate::unpack::codec::Codec;
use crate::unpack::walk::ReadSeek;
use std::io::{self, Read, SeekFrom};

const LOCAL_BYTES: u64 = 30;
/// Of a name, what is kept: more is never shown, and 100,000 long ones would fill gigabytes.
const KEPT_NAME_BYTES: usize = 1024;

const ENTRY: &[u8; 4] = b"PK\x03\x04";
const LISTED: &[u8; 4] = b"PK\x01\x02";
const ENDS: [&[u8; 4]; 2] = [b"PK\x05\x06", b"PK\x06\x06"];

/// One entry. What the directory says wins over what stands before the data, as in every tool.
#[derive(Clone, Debug)]
pub(in crate::unpack) struct Entry {
    pub(in crate::unpack) name: Vec<u8>,
    pub(super) flags: u16,
    pub(super) method: u16,
    /// Type and permissions, where the archive was made on Unix.
    pub(super) mode: u32,
    /// None where they follow the data and no directory has them.
    pub(super) sizes: Option<Sizes>,
    /// Of the header before the data.
    pub(super) offset: u64,
    /// Where the next entry begins: nothing is read from there on.
    pub(super) until: u64,
    /// Why it is not opened.
    pub(super) trouble: Option<&'static str>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) crc: u32,
    pub(super) packed: u64,
    pub(super) unpacked: u64,
}

impl Entry {
    /// Folders have entries of their own; some writers deflate their nothing to two bytes.
    pub(super) fn is_folder(&self) -> bool {
        let is_empty = self.sizes.is_some_and(|sizes| sizes.unpacked == 0 && sizes.packed <= 2);
        is_empty && self.name.ends_with(b"/")
    }

    pub(super) fn is_link(&self) -> bool {
        self.mode & 0o170_000 == 0o120_000
    }

    pub(super) fn is_encrypted(&self) -> bool {
        const AES: u16 = 99;
        self.flags & 1 != 0 || self.method == AES
    }

    /// How it is packed; the method's name if that is not read.
    pub(super) fn codec(&self) -> Result<Codec, &'static str> {
        match self.method {
            0 => Ok(Codec::Stored),
            8 => Ok(Codec::Deflate),
            12 => Ok(Codec::Bzip2),
            20 | 93 => Ok(Codec::Zstd),
            95 => Ok(Codec::Xz),
            1 => Err("shrink"),
            6 => Err("implode"),
            9 => Err("deflate64"),
            14 => Err("lzma"),
            98 => Err("PPMd"),
            _ => Err("of an unknown number"),
        }
    }

    /// An entry of the directory, from its fixed part, name and extra fields.
    pub(super) fn from_directory(fixed: &[u8; 46], name: &[u8], extra: &[u8]) -> Option<Self> {
        if !fixed.starts_with(LISTED) {
            return None;
        }
        const UNIX: u8 = 3;
        const DARWIN: u8 = 19;
        let mut unpacked = u64::from(u32_at(fixed, 24));
        let mut packed = u64::from(u32_at(fixed, 20));
        let mut offset = u64::from(u32_at(fixed, 42));
        widen(extra, [&mut unpacked, &mut packed, &mut offset]);
        Some(Self {
            name: kept(name),
            flags: u16_at(fixed, 8),
            method: u16_at(fixed, 10),
            mode: if matches!(fixed[5], UNIX | DARWIN) { u32_at(fixed, 38) >> 16 } else { 0 },
            sizes: Some(Sizes { crc: u32_at(fixed, 16), packed, unpacked }),
            offset,
            until: 0,
            trouble: None,
        })
    }
}

/// What stands at a place in the archive.
#[derive(Debug)]
pub(super) enum Local {
    Entry(LocalEntry),
    /// The directory, or its end.
    Directory,
    /// The end of the file.
    End,
    Other,
}

/// The header before an entry's data.
#[derive(Debug)]
pub(super) struct LocalEntry {
    name: Vec<u8>,
    flags: u16,
    method: u16,
    sizes: Option<Sizes>,
    /// Where the data begins.
    pub(super) data: u64,
}

impl Local {
    pub(super) fn read(archive: &mut dyn ReadSeek, at: u64) -> io::Result<Self> {
        let mut fixed = [0; LOCAL_BYTES as usize];
        let read = read_at(archive, at, &mut fixed)?;
        match &fixed[..read] {
            [] => return Ok(Self::End),
            head if head.starts_with(LISTED) || ENDS.iter().any(|end| head.starts_with(*end)) => {
                return Ok(Self::Directory);
            }
            head if head.len() == fixed.len() && head.starts_with(ENTRY) => {}
            _ => return Ok(Self::Other),
        }
        let (name_bytes, extra_bytes) = (u16_at(&fixed, 26), u16_at(&fixed, 28));
        let mut name = Vec::new();
        let mut extra = Vec::new();
        archive.take(u64::from(name_bytes)).read_to_end(&mut name)?;
        archive.take(u64::from(extra_bytes)).read_to_end(&mut extra)?;
        let mut unpacked = u64::from(u32_at(&fixed, 22));
        let mut packed = u64::from(u32_at(&fixed, 18));
        widen(&extra, [&mut unpacked, &mut packed, &mut 0]);
        let flags = u16_at(&fixed, 6);
        let follow = flags & 8 != 0;
        Ok(Self::Entry(LocalEntry {
            name: kept(&name),
            flags,
            method: u16_at(&fixed, 8),
            sizes: (!follow).then(|| Sizes { crc: u32_at(&fixed, 14), packed, unpacked }),
            data: at + LOCAL_BYTES + u64::from(name_bytes) + u64::from(extra_bytes),
        }))
    }
}

impl LocalEntry {
    pub(super) fn into_entry(self, offset: u64, until: u64) -> Entry {
        let Self { name, flags, method, sizes, .. } = self;
        Entry { name, flags, method, mode: 0, sizes, offset, until, trouble: None }
    }
}

/// The next entry at or right behind a place.
pub(super) fn find_entry(archive: &mut dyn ReadSeek, at: u64) -> io::Result<Option<u64>> {
    find(archive, at, &[ENTRY])
}

/// The next entry, or the directory, at or right behind a place.
pub(super) fn find_any(archive: &mut dyn ReadSeek, at: u64) -> io::Result<Option<u64>> {
    find(archive, at, &[ENTRY, LISTED, ENDS[0], ENDS[1]])
}

/// Behind data there may stand its sizes, of 12 to 24 bytes; in front of an archive that was meant
/// to be split stands a mark of 4.
fn find(archive: &mut dyn ReadSeek, at: u64, marks: &[&[u8; 4]]) -> io::Result<Option<u64>> {
    let mut bytes = [0; 28];
    let read = read_at(archive, at, &mut bytes)?;
    let is_header = |skipped: usize| {
        let head = bytes[..read].get(skipped..).unwrap_or_default();
        marks.iter().any(|mark| head.starts_with(*mark))
    };
    Ok([0, 4, 12, 16, 20, 24].into_iter().find(|&skipped| is_header(skipped)).map(|skipped| at + skipped as u64))
}

/// Whether an entry begins at a place.
pub(super) fn is_entry(archive: &mut dyn ReadSeek, at: u64) -> io::Result<bool> {
    let mut mark = [0; 4];
    read_at(archive, at, &mut mark)?;
    Ok(mark == *ENTRY)
}

/// Fills a buffer as far as there is something; returns how far.
pub(super) fn read_at(archive: &mut dyn ReadSeek, at: u64, into: &mut [u8]) -> io::Result<usize> {
    // a file refuses to be asked for such a place; to the archive it is behind the end like any other
    if i64::try_from(at).is_err() {
        return Ok(0);
    }
    archive.seek(SeekFrom::Start(at))?;
    let mut read = 0;
    while read < into.len() {
        match archive.read(&mut into[read..]) {
            Ok(0) => break,
            Ok(bytes) => read += bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

/// Takes the 64-bit values, of those fields that had no room, in order.
fn widen(mut extra: &[u8], fields: [&mut u64; 3]) {
    const ZIP64: u16 = 1;
    while extra.len() >= 4 {
        let (id, bytes) = (u16_at(extra, 0), usize::from(u16_at(extra, 2)));
        let Some(body) = extra.get(4..4 + bytes) else { return };
        if id == ZIP64 {
            let mut values = body.chunks_exact(8);
            for field in fields {
                if *field == u64::from(u32::MAX)
                    && let Some(value) = values.next()
                {
                    *field = u64_at(value, 0);
                }
            }
            return;
        }
        extra = &extra[4 + bytes..];
    }
}

fn kept(name: &[u8]) -> Vec<u8> {
    name[..name.len().min(KEPT_NAME_BYTES)].to_owned()
}
