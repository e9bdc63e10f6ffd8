//! What a stream is, by its first bytes.

use super::codec::Codec;
use super::tar;

/// Enough to tell every kind: a tar shows itself at byte 257.
pub(super) const HEAD_BYTES: usize = tar::BLOCK_BYTES;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Squeezed(Codec),
    Tar,
    /// A zip archive, and with it xlsx.
    Zip,
    /// A compound file, and with it xls.
    Ole,
    /// A container that this module does not open.
    Foreign(&'static str),
    Plain,
}

impl Kind {
    pub(super) fn of(head: &[u8]) -> Self {
        for codec in [Codec::Gzip, Codec::Zstd, Codec::Bzip2, Codec::Xz] {
            if codec.begins(head) {
                return Self::Squeezed(codec);
            }
        }
        match head {
            // an entry; an empty archive; an archive that was meant to be split
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] | [b'P', b'K', 7, 8, b'P', b'K', 3, 4, ..] => Self::Zip,
            [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, ..] => Self::Ole,
            [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Self::Foreign("7z"),
            [b'R', b'a', b'r', b'!', 0x1a, 0x07, ..] => Self::Foreign("rar"),
            [0x04, 0x22, 0x4d, 0x18, ..] => Self::Foreign("lz4"),
            [0x1f, 0x9d, ..] => Self::Foreign("compress (.Z)"),
            [b'M', b'S', b'C', b'F', 0, 0, 0, 0, ..] => Self::Foreign("cabinet"),
            [b'P', b'A', b'R', b'1' | b'E', rest @ ..] if rest.iter().take(4).any(|byte| *byte < b'\t') => {
                Self::Foreign("Parquet")
            }
            _ if tar::begins(head) => Self::Tar,
            _ => Self::Plain,
        }
    }

    pub(super) fn is_container(self) -> bool {
        !matches!(self, Self::Foreign(_) | Self::Plain)
    }

    /// The word in faults.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Squeezed(codec) => codec.word(),
            Self::Tar => "tar",
            Self::Zip => "zip",
            Self::Ole => "xls",
            Self::Foreign(word) => word,
            Self::Plain => "plain",
        }
    }
}
