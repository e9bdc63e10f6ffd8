//! The compressions, behind one reader that gives its source back.

use super::defect;
use super::source::Source;
use crate::fault::Fault;
use bzip2::bufread::BzDecoder;
use flate2::bufread::{DeflateDecoder, GzDecoder};
use lzma_rust2::XzReader;
use std::io::{self, Read};

/// zstd's own default: a window of 128 MiB. `zstd --long=28` and above needs more.
const WINDOW_LOG: u32 = 27;
/// A dictionary of 128 MiB and what the decoder needs besides; `xz -9` uses 64 MiB.
const XZ_MEMORY_KIB: u32 = 132 << 10;

/// How bytes are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    /// As they are; in zip only.
    Stored,
    /// Without a frame; in zip only.
    Deflate,
    Gzip,
    Zstd,
    Bzip2,
    Xz,
}

impl Codec {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Deflate => "deflate",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
        }
    }

    /// Whether a member of it begins so.
    pub(super) fn begins(self, head: &[u8]) -> bool {
        match self {
            Self::Stored | Self::Deflate => false,
            Self::Gzip => head.starts_with(&[0x1f, 0x8b, 0x08]),
            // a frame, or a skippable one such as parallel compressors put first
            Self::Zstd => matches!(head, [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]),
            // a level and then the mark of a block or of the end
            Self::Bzip2 => match head {
                [b'B', b'Z', b'h', b'1'..=b'9', mark @ ..] => {
                    mark.starts_with(&[0x31, 0x41, 0x59, 0x26, 0x53, 0x59])
                        || mark.starts_with(&[0x17, 0x72, 0x45, 0x38, 0x50, 0x90])
                }
                _ => false,
            },
            Self::Xz => head.starts_with(&[0xfd, b'7', b'z', b'X', b'Z', 0]),
        }
    }

    /// Words a decoder's failure. The decoder's own text is left out: it might quote content.
    pub(super) fn fault(self, error: &io::Error, byte: u64) -> Fault {
        let word = self.word();
        let fault = match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                Fault::new(format!("the {word} data is cut off: what came before was read"))
                    .hint("fetch the file again")
            }
            io::ErrorKind::OutOfMemory => too_wide(word),
            // zstd has no kind for it, only this constant text
            _ if error.to_string().contains("too much memory") => too_wide(word),
            _ => Fault::new(format!("the {word} data is damaged: what came before was read")),
        };
        fault.at_byte(byte)
    }
}

fn too_wide(word: &str) -> Fault {
    Fault::new(format!("the {word} data looks back further than 128 MiB, which is not read"))
        .hint("unpack the file first")
}

/// One member of compressed data over the source it comes from.
pub(super) enum Decoder<R: Read> {
    Stored(Source<R>),
    Deflate(DeflateDecoder<Source<R>>),
    Gzip(GzDecoder<Source<R>>),
    Zstd(Box<zstd::stream::read::Decoder<'static, Source<R>>>),
    Bzip2(BzDecoder<Source<R>>),
    Xz(Box<XzReader<Source<R>>>),
}

impl<R: Read> Decoder<R> {
    pub(super) fn new(codec: Codec, source: Source<R>) -> io::Result<Self> {
        Ok(match codec {
            Codec::Stored => Self::Stored(source),
            Codec::Deflate => Self::Deflate(DeflateDecoder::new(source)),
            Codec::Gzip => Self::Gzip(GzDecoder::new(source)),
            Codec::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(source)?.single_frame();
                decoder.window_log_max(WINDOW_LOG)?;
                Self::Zstd(Box::new(decoder))
            }
            Codec::Bzip2 => Self::Bzip2(BzDecoder::new(source)),
            Codec::Xz => Self::Xz(Box::new(XzReader::new_mem_limit(source, false, XZ_MEMORY_KIB))),
        })
    }

    pub(super) fn source(&self) -> &Source<R> {
        match self {
            Self::Stored(source) => source,
            Self::Deflate(decoder) => decoder.get_ref(),
            Self::Gzip(decoder) => decoder.get_ref(),
            Self::Zstd(decoder) => decoder.get_ref(),
            Self::Bzip2(decoder) => decoder.get_ref(),
            Self::Xz(decoder) => decoder.inner(),
        }
    }

    pub(super) fn source_mut(&mut self) -> &mut Source<R> {
        match self {
            Self::Stored(source) => source,
            Self::Deflate(decoder) => decoder.get_mut(),
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Zstd(decoder) => decoder.get_mut(),
            Self::Bzip2(decoder) => decoder.get_mut(),
            Self::Xz(decoder) => decoder.inner_mut(),
        }
    }

    /// The source, right behind the member once that was read to its end.
    pub(super) fn into_source(self) -> Source<R> {
        match self {
            Self::Stored(source) => source,
            Self::Deflate(decoder) => decoder.into_inner(),
            Self::Gzip(decoder) => decoder.into_inner(),
            Self::Zstd(decoder) => decoder.finish(),
            Self::Bzip2(decoder) => decoder.into_inner(),
            Self::Xz(decoder) => decoder.into_inner(),
        }
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Stored(source) => source.read(into),
            Self::Deflate(decoder) => decoder.read(into),
            Self::Gzip(decoder) => decoder.read(into),
            Self::Zstd(decoder) => decoder.read(into),
            Self::Bzip2(decoder) => decoder.read(into),
            Self::Xz(decoder) => decoder.read(into),
        }
    }
}

/// Passes a lower layer's fault on and words the decoder's own.
pub(super) fn word(error: io::Error, codec: Codec, name: &str, byte: u64) -> io::Error {
    if defect::is_ours(&error) {
        return error;
    }
    defect::failure(codec.fault(&error, byte).in_file(name))
}
