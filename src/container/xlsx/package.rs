//! The zip archive around a workbook: its parts, and a copy of it in which some are replaced.
//!
//! An archive that different programs read differently (two entries of one
//! name, entries that overlap) is refused: what is planted must be what is read.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, Write};
use std::path::Path;

use sha2::{Digest, Sha256};
use zip::result::ZipError;
use zip::{ZipArchive, ZipWriter};

use crate::fault::Fault;
use crate::plant::Expansion;
use crate::rules::hex;
use crate::unpack::{failure, fault};

/// More than any workbook has; each costs memory.
const MAX_PARTS: usize = 20_000;

/// A workbook's archive, open to be read.
pub(super) struct Package {
    archive: ZipArchive<BufReader<File>>,
    /// What to call it in messages.
    file: String,
    /// By name in lower case, since writers differ.
    parts: BTreeMap<String, usize>,
    /// Bytes that one part may unpack to.
    part_limit: u64,
}

/// Hash and length of all parts with their names: what stays the same when the archive is packed anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unfolded {
    pub(crate) hash: String,
    pub(crate) bytes: u64,
}

impl Package {
    pub(super) fn open(path: &Path, expansion: Expansion) -> Result<Self, Fault> {
        let file = path.display().to_string();
        let named = |fault: Fault| fault.in_file(file.clone());
        let opened = File::open(path).and_then(|file| Ok((file.metadata()?.len(), file)));
        let (bytes, reader) = opened.map_err(|error| {
            named(Fault::new(format!("cannot be read: {error}")).hint("check the path and its permissions"))
        })?;
        let archive = ZipArchive::new(BufReader::new(reader)).map_err(|error| named(damaged(&error)))?;
        Self::check(archive, file.clone(), (bytes.saturating_mul(expansion.ratio)).max(expansion.floor_bytes))
            .map_err(named)
    }

    fn check(mut archive: ZipArchive<BufReader<File>>, file: String, part_limit: u64) -> Result<Self, Fault> {
        let ambiguous = |what: &str| {
            Err(Fault::new(format!("the workbook's archive has {what}, so programs read it differently"))
                .hint("open it in a spreadsheet program and save it again"))
        };
        if archive.len() > MAX_PARTS {
            return Err(Fault::new(format!(
                "expected at most {MAX_PARTS} parts in a workbook, found {}",
                archive.len()
            )));
        }
        if archive.has_duplicate_names() {
            return ambiguous("two parts of one name");
        }
        if archive.offset() != 0 {
            return ambiguous("something in front of it");
        }
        if archive.has_overlapping_files().map_err(|error| damaged(&error))? {
            return ambiguous("parts that overlap");
        }
        let mut parts = BTreeMap::new();
        for index in 0..archive.len() {
            let entry = archive.by_index_raw(index).map_err(|error| damaged(&error))?;
            if entry.encrypted() {
                return Err(Fault::new("is encrypted: a password is needed to read it")
                    .hint("save it without a password, or as CSV, and plant into that"));
            }
            let name = part_name(&String::from_utf8_lossy(entry.name_raw()));
            if parts.insert(name, index).is_some() {
                return ambiguous("two parts whose names differ by case alone");
            }
        }
        Ok(Self { archive, file, parts, part_limit })
    }

    /// What to call it in messages.
    pub(super) fn file(&self) -> &str {
        &self.file
    }

    /// Finds a part by its name.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.parts.get(&part_name(name)).copied()
    }

    /// The names of all parts, in lower case.
    pub(super) fn names(&self) -> impl Iterator<Item = (&str, usize)> {
        self.parts.iter().map(|(name, index)| (name.as_str(), *index))
    }

    /// Reads a part with `read`.
    pub(super) fn part<T>(
        &mut self,
        index: usize,
        read: impl FnOnce(&mut dyn Read) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let limit = self.part_limit;
        let file = self.file.clone();
        let entry = self.archive.by_index(index).map_err(|error| damaged(&error).in_file(file.clone()))?;
        let name = format!("{file}!{}", String::from_utf8_lossy(entry.name_raw()).escape_debug());
        let mut limited = Limited { inner: entry, left: limit };
        let read =
            read(&mut limited).map_err(|fault| if fault.file.is_some() { fault } else { fault.in_file(&*name) })?;
        // The checksum is behind the last byte.
        io::copy(&mut limited, &mut io::sink()).map_err(|error| unreadable(error).in_file(name))?;
        Ok(read)
    }

    /// Hash and length of all parts with their names, where `replace` may give a part another content.
    pub(super) fn unfold(
        &mut self,
        mut replace: impl FnMut(&mut Self, usize, &mut Unfolding) -> Result<bool, Fault>,
    ) -> Result<Unfolded, Fault> {
        let mut whole = Unfolding::default();
        whole.update(b"trapline.unfolded/1\n");
        for index in 0..self.archive.len() {
            let name = self.archive.by_index_raw(index).map(|entry| entry.name_raw().to_owned());
            let name = name.map_err(|error| damaged(&error).in_file(self.file.clone()))?;
            let mut part = Unfolding::default();
            if !replace(self, index, &mut part)? {
                self.part(index, |read| io::copy(read, &mut part).map_err(unreadable))?;
            }
            whole.update(&(name.len() as u64).to_be_bytes());
            whole.update(&name);
            whole.update(&part.bytes.to_be_bytes());
            whole.update(&part.sha.finalize());
            whole.bytes += part.bytes;
        }
        Ok(Unfolded { hash: hex(&whole.sha.finalize()), bytes: whole.bytes })
    }

    /// Copies the archive, where `replace` may write a part anew; all others keep their packed bytes.
    pub(super) fn copy<W: Write + Seek>(
        &mut self,
        output: W,
        mut replace: impl FnMut(&mut Self, usize) -> Result<Option<File>, Fault>,
        failed: impl Fn(io::Error) -> Fault,
    ) -> Result<W, Fault> {
        let mut writer = ZipWriter::new(output);
        let failed = |error: ZipError| match error {
            ZipError::Io(error) => failed(error),
            other => failed(io::Error::other(other.to_string())),
        };
        writer.set_raw_comment(self.archive.comment().to_vec().into_boxed_slice()).map_err(&failed)?;
        for index in 0..self.archive.len() {
            let replaced = replace(self, index)?;
            let file = self.file.clone();
            let entry = self.archive.by_index_raw(index).map_err(|error| damaged(&error).in_file(file))?;
            match replaced {
                None => writer.raw_copy_file(entry).map_err(&failed)?,
                Some(mut content) => {
                    let bytes = content.metadata().map_err(|error| failed(error.into()))?.len();
                    let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
                    let options = entry.options().large_file(bytes >= u64::from(u32::MAX));
                    drop(entry);
                    writer.start_file(name, options).map_err(&failed)?;
                    content.rewind().map_err(|error| failed(error.into()))?;
                    io::copy(&mut content, &mut writer).map_err(|error| failed(error.into()))?;
                }
            }
        }
        writer.finish().map_err(failed)
    }
}

/// Hashes what is written to it.
#[derive(Default)]
pub(super) struct Unfolding {
    sha: Sha256,
    bytes: u64,
}

impl Unfolding {
    fn update(&mut self, bytes: &[u8]) {
        self.sha.update(bytes);
    }
}

impl Write for Unfolding {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sha.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Stops a part that unpacks out of all proportion.
struct Limited<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            failure(
                Fault::new("unpacks to more than 500 times the size of the workbook, an archive bomb perhaps")
                    .hint("if it is not hostile, save it as CSV and plant into that"),
            )
        })?;
        Ok(read)
    }
}

/// A failure while a part is read.
pub(super) fn unreadable(error: io::Error) -> Fault {
    if error.kind() == io::ErrorKind::InvalidData {
        return Fault::new("the workbook's archive is damaged: a part does not have its checksum")
            .hint("the file was cut off or changed: copy it again");
    }
    fault(error).unwrap_or_else(|| Fault::new("cannot be read"))
}

fn damaged(error: &ZipError) -> Fault {
    let what = match error {
        ZipError::Io(error) => format!("the workbook's archive cannot be read: {}", error.kind()),
        _ => "the workbook's archive is damaged, or packed by a method that spreadsheets do not use".to_owned(),
    };
    Fault::new(what).hint("open it in a spreadsheet program and save it again, or copy the file again")
}

/// Names of parts differ in case, begin with a slash or do not, and some writers use backslashes.
fn part_name(raw: &str) -> String {
    raw.replace('\\', "/").trim_start_matches('/').to_ascii_lowercase()
}
