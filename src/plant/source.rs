//! Where an export comes from and goes to: compression by magic bytes.
//!
//! Planting reads its input twice, so a [`Source`] can be opened again. What
//! it gives is uncompressed; a guard stops an archive that grows out of all
//! proportion long before it fills a disk.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::fault::Fault;

/// An input that can be read from its start as often as needed.
pub trait Source: Sync {
    /// What to call it in messages.
    fn name(&self) -> String;

    /// Opens it at its first uncompressed byte.
    ///
    /// # Errors
    ///
    /// If it cannot be opened or its compression cannot be read.
    fn open(&self) -> Result<Unpacked<'_>, Fault>;
}

/// How a file is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

/// How far an archive may grow before it is taken for a bomb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expansion {
    /// Uncompressed bytes for each compressed one.
    pub ratio: u64,
    /// Uncompressed bytes that are always allowed.
    pub floor_bytes: u64,
}

impl Default for Expansion {
    /// 500 : 1 after 64 MiB. Exports reach 5 : 1 to 20 : 1; gzip can reach 1032 : 1.
    fn default() -> Self {
        Self { ratio: 500, floor_bytes: 64 << 20 }
    }
}

/// An opened [`Source`]: a reader of uncompressed bytes.
pub struct Unpacked<'a> {
    compression: Compression,
    reader: Box<dyn Read + Send + 'a>,
}

impl Unpacked<'_> {
    /// How the source is compressed.
    pub fn compression(&self) -> Compression {
        self.compression
    }
}

impl Read for Unpacked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

/// Uncompresses `raw` if its first bytes say that it is compressed.
///
/// # Errors
///
/// What reading `raw` gives.
pub fn unpack<'a>(mut raw: impl Read + Send + 'a, expansion: Expansion) -> io::Result<Unpacked<'a>> {
    let mut magic = Vec::with_capacity(4);
    raw.by_ref().take(4).read_to_end(&mut magic)?;
    let compression = match magic.as_slice() {
        [0x1f, 0x8b, ..] => Compression::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd] => Compression::Zstd,
        _ => Compression::None,
    };
    let raw = io::Cursor::new(magic).chain(raw);
    if compression == Compression::None {
        return Ok(Unpacked { compression, reader: Box::new(raw) });
    }
    let packed_bytes = Arc::new(AtomicU64::new(0));
    let counted = BufReader::with_capacity(64 << 10, Counted { inner: raw, bytes: packed_bytes.clone() });
    let inner: Box<dyn Read + Send + 'a> = match compression {
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(counted)),
        _ => Box::new(zstd::stream::read::Decoder::with_buffer(counted)?),
    };
    Ok(Unpacked { compression, reader: Box::new(Guarded { inner, packed_bytes, plain_bytes: 0, expansion }) })
}

/// Counts the bytes that pass.
struct Counted<R> {
    inner: R,
    bytes: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.bytes.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// Stops an archive that grows beyond its [`Expansion`].
struct Guarded<R> {
    inner: R,
    packed_bytes: Arc<AtomicU64>,
    plain_bytes: u64,
    expansion: Expansion,
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.plain_bytes += n as u64;
        let packed = self.packed_bytes.load(Ordering::Relaxed).max(1);
        let allowed = self.expansion.floor_bytes.max(packed.saturating_mul(self.expansion.ratio));
        if self.plain_bytes > allowed {
            return Err(io::Error::other(Bomb { packed, plain: self.plain_bytes }));
        }
        Ok(n)
    }
}

/// An archive out of all proportion.
#[derive(Debug, thiserror::Error)]
#[error("expected an export, found an archive whose first {packed} bytes unpack to more than {plain}")]
struct Bomb {
    packed: u64,
    plain: u64,
}

/// Turns an error of reading at uncompressed byte `at` into a [`Fault`].
pub(crate) fn read_fault(error: &io::Error, at: u64) -> Fault {
    let is_bomb = matches!(error.get_ref(), Some(inner) if inner.is::<Bomb>());
    let (what, hint) = match error.kind() {
        _ if is_bomb => (error.to_string(), "unpack it by hand and look at it before planting"),
        io::ErrorKind::UnexpectedEof => {
            ("expected the rest of the compressed data, found its end".into(), "the file was cut off: copy it again")
        }
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            (format!("expected sound compressed data: {error}"), "the file is damaged: copy it again")
        }
        _ => (format!("reading failed: {error}"), "see whether the file can be read at all"),
    };
    Fault::new(what).at_byte(at).hint(hint)
}

/// A file on disk.
#[derive(Clone, Debug)]
pub struct FileSource {
    /// Where it is.
    pub path: PathBuf,
    /// How far it may grow when it is unpacked.
    pub expansion: Expansion,
}

impl Source for FileSource {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn open(&self) -> Result<Unpacked<'_>, Fault> {
        File::open(&self.path).and_then(|file| unpack(file, self.expansion)).map_err(|error| {
            Fault::new(format!("cannot be read: {error}"))
                .in_file(self.name())
                .hint("check the path and its permissions")
        })
    }
}

/// Bytes in memory.
#[derive(Clone, Copy, Debug)]
pub struct BytesSource<'a>(pub &'a [u8]);

impl Source for BytesSource<'_> {
    fn name(&self) -> String {
        "input".into()
    }

    fn open(&self) -> Result<Unpacked<'_>, Fault> {
        unpack(self.0, Expansion::default()).map_err(|error| read_fault(&error, 0))
    }
}

/// A writer that compresses.
pub struct Packer<W: Write>(Packing<W>);

enum Packing<W: Write> {
    None(W),
    Gzip(flate2::write::GzEncoder<W>),
    Zstd(zstd::stream::write::Encoder<'static, W>),
}

impl<W: Write> Packer<W> {
    /// Starts to write to `output`.
    ///
    /// # Errors
    ///
    /// What the compressor gives.
    pub fn new(output: W, compression: Compression) -> io::Result<Self> {
        Ok(Self(match compression {
            Compression::None => Packing::None(output),
            // No name and no time in the header: the same input gives the same bytes.
            Compression::Gzip => Packing::Gzip(flate2::write::GzEncoder::new(output, flate2::Compression::default())),
            Compression::Zstd => Packing::Zstd(zstd::stream::write::Encoder::new(output, 0)?),
        }))
    }

    /// Writes what is left and gives the output back.
    ///
    /// # Errors
    ///
    /// What writing gives.
    pub fn finish(self) -> io::Result<W> {
        match self.0 {
            Packing::None(mut output) => output.flush().map(|()| output),
            Packing::Gzip(encoder) => encoder.finish(),
            Packing::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for Packer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Packing::None(output) => output.write(bytes),
            Packing::Gzip(encoder) => encoder.write(bytes),
            Packing::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Packing::None(output) => output.flush(),
            Packing::Gzip(encoder) => encoder.flush(),
            Packing::Zstd(encoder) => encoder.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(bytes: &[u8], compression: Compression) -> Vec<u8> {
        let mut packer = Packer::new(Vec::new(), compression).expect("memory is writable");
        packer.write_all(bytes).expect("memory is writable");
        packer.finish().expect("memory is writable")
    }

    #[test]
    fn what_is_packed_unpacks_whatever_the_compression() {
        for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
            let bytes = packed(b"a,b\n1,2\n", compression);
            let source = BytesSource(&bytes);
            let mut unpacked = source.open().expect("the source is sound");
            let mut plain = Vec::new();
            unpacked.read_to_end(&mut plain).expect("the source is sound");

            assert_eq!(unpacked.compression(), compression);
            assert_eq!(plain, b"a,b\n1,2\n");
        }
    }

    #[test]
    fn an_archive_that_grows_out_of_proportion_is_stopped() {
        for compression in [Compression::Gzip, Compression::Zstd] {
            let bytes = packed(&vec![b' '; 4 << 20], compression);
            let small = Expansion { ratio: 100, floor_bytes: 1 << 20 };
            let mut unpacked = unpack(bytes.as_slice(), small).expect("its head is sound");

            let error = io::copy(&mut unpacked, &mut io::sink()).expect_err("it is a bomb");

            assert!(read_fault(&error, 0).what.contains("unpack to more than"));
        }
    }

    #[test]
    fn a_cut_off_archive_is_told_from_a_damaged_one() {
        for compression in [Compression::Gzip, Compression::Zstd] {
            let whole = packed(&b"name,phone\n".repeat(1000), compression);
            let cut = &whole[..whole.len() / 2];
            let mut unpacked = unpack(cut, Expansion::default()).expect("its head is sound");

            let error = io::copy(&mut unpacked, &mut io::sink()).expect_err("its end is missing");

            assert!(read_fault(&error, 7).hint.is_some_and(|hint| hint.contains("cut off")));
        }
    }
}
