//! An inbox: a folder into which others put files, each read once.
//!
//! A file is known by its name, length and hash, so a file that is replaced is
//! read again. It is taken once it has rested for a few seconds: whoever writes
//! slowly should write under another name (a dot in front, `.tmp`, `.part`) and
//! rename. Nothing is moved or deleted: the folder belongs to others.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::Context;
use super::batch::Collector;
use super::config::{FileConfig, InboxConfig};
use super::cursor::{Cursor, DoneFile, InboxCursor, digest};
use super::document::read_whole;
use super::format::Format;
use crate::fault::Fault;

const UNFINISHED: [&str; 5] = [".tmp", ".part", ".partial", ".filepart", "~"];

/// Reads the files of a folder that are new.
pub(super) fn read(
    config: &InboxConfig,
    max_bytes: u64,
    cursor: &InboxCursor,
    ctx: &Context<'_>,
    format: &mut Format,
    collector: &mut Collector<'_>,
) -> Result<(), Fault> {
    let folder = ctx.base.join(&config.path);
    let files = list(&folder, &config.suffix)?;
    let mut inbox = Inbox { cursor: cursor.clone(), max_bytes, ctx, first_fault: None, faults: 0 };
    // What has gone from the folder need not be remembered.
    inbox.cursor.done.retain(|name, _| files.contains_key(name));
    for (name, path) in &files {
        inbox.take(name, path, u64::from(config.settle_seconds), format, collector)?;
    }
    inbox.finish(cursor, collector)
}

/// Reads a single file that is no log: when it is new or was replaced.
pub(super) fn read_single(
    config: &FileConfig,
    max_bytes: u64,
    cursor: &InboxCursor,
    ctx: &Context<'_>,
    format: &mut Format,
    collector: &mut Collector<'_>,
) -> Result<(), Fault> {
    let path = ctx.base.join(&config.path);
    let name = path.display().to_string();
    let mut inbox = Inbox { cursor: cursor.clone(), max_bytes, ctx, first_fault: None, faults: 0 };
    if !fs::metadata(&path).map_err(|error| cannot_read(&path, &error))?.is_file() {
        return Err(Fault::new("expected a file").in_file(path.display().to_string()));
    }
    inbox.take(&name, &path, 0, format, collector)?;
    inbox.finish(cursor, collector)
}

struct Inbox<'a> {
    cursor: InboxCursor,
    max_bytes: u64,
    ctx: &'a Context<'a>,
    first_fault: Option<Fault>,
    faults: u32,
}

impl Inbox<'_> {
    /// Takes one file; only a sink that stops is an error.
    fn take(
        &mut self,
        name: &str,
        path: &Path,
        settle_seconds: u64,
        format: &mut Format,
        collector: &mut Collector<'_>,
    ) -> Result<(), Fault> {
        let (bytes, done) = match self.load(name, path, settle_seconds) {
            Ok(Some(loaded)) => loaded,
            Ok(None) => return Ok(()),
            Err(fault) => {
                self.note(fault);
                return Ok(());
            }
        };
        if self.cursor.done.get(name).is_some_and(|old| old.bytes == done.bytes && old.hash == done.hash) {
            self.cursor.done.insert(name.to_owned(), done);
            return Ok(());
        }
        let cursor = self.cursor.clone();
        let text = || Cursor::Inbox(cursor.clone()).to_text();
        match read_whole(&path.display().to_string(), &bytes, format, collector, &text) {
            Ok(()) => {
                collector.pass().files += 1;
                self.cursor.done.insert(name.to_owned(), done);
                Ok(())
            }
            Err(fault) if collector.has_stopped() => Err(fault),
            Err(fault) => {
                self.note(fault);
                Ok(())
            }
        }
    }

    /// The content of a file that is to be read.
    fn load(&self, name: &str, path: &Path, settle_seconds: u64) -> Result<Option<(Vec<u8>, DoneFile)>, Fault> {
        let failed = |error: std::io::Error| cannot_read(path, &error);
        let mut file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        let stamp = (metadata.ino(), metadata.ctime(), metadata.ctime_nsec());
        // A time of change in the future is a clock that is wrong, not a writer.
        let rested = self.ctx.now.as_second().abs_diff(metadata.mtime()) >= settle_seconds;
        if !metadata.is_file() || !rested || self.cursor.done.get(name).is_some_and(|old| old.stamp == stamp) {
            return Ok(None);
        }
        let bytes = read_capped(&mut file, &metadata, self.max_bytes)
            .map_err(|fault| fault.in_file(path.display().to_string()))?;
        let done = DoneFile { bytes: bytes.len() as u64, hash: digest(&bytes), stamp };
        Ok(Some((unpacked(bytes, self.max_bytes).map_err(|fault| fault.in_file(path.display().to_string()))?, done)))
    }

    fn note(&mut self, fault: Fault) {
        self.faults += 1;
        self.first_fault.get_or_insert(fault);
    }

    fn finish(mut self, before: &InboxCursor, collector: &mut Collector<'_>) -> Result<(), Fault> {
        if collector.is_waiting() || self.cursor != *before {
            collector.flush(Cursor::Inbox(self.cursor).to_text())?;
        } else {
            collector.pass().not_modified = true;
        }
        match self.first_fault.take() {
            None => Ok(()),
            Some(mut fault) if self.faults > 1 => {
                fault.what = format!("{} (and {} more files)", fault.what, self.faults - 1);
                Err(fault)
            }
            Some(fault) => Err(fault),
        }
    }
}

/// The finished regular files, by name.
fn list(folder: &Path, suffix: &str) -> Result<BTreeMap<String, PathBuf>, Fault> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(|error| cannot_read(folder, &error))? {
        let entry = entry.map_err(|error| cannot_read(folder, &error))?;
        let name = key(&entry.file_name());
        // Links are not followed: an inbox is written by others.
        let regular = entry.file_type().is_ok_and(|kind| kind.is_file());
        let finished = !name.starts_with('.') && !UNFINISHED.iter().any(|end| name.ends_with(end));
        if regular && finished && name.ends_with(suffix) {
            files.insert(name, entry.path());
        }
    }
    Ok(files)
}

/// A name for the cursor; names in GBK are written with escapes.
fn key(name: &OsStr) -> String {
    name.to_str().map_or_else(|| name.as_encoded_bytes().escape_ascii().to_string(), str::to_owned)
}

fn read_capped(file: &mut File, metadata: &Metadata, max_bytes: u64) -> Result<Vec<u8>, Fault> {
    let too_big = || too_big(max_bytes);
    if metadata.len() > max_bytes {
        return Err(too_big());
    }
    let mut bytes = Vec::new();
    file.take(max_bytes + 1).read_to_end(&mut bytes).map_err(|error| Fault::new(format!("cannot be read: {error}")))?;
    if bytes.len() as u64 > max_bytes { Err(too_big()) } else { Ok(bytes) }
}

/// Undoes gzip and zstd, told by their first bytes.
pub(super) fn unpacked(bytes: Vec<u8>, max_bytes: u64) -> Result<Vec<u8>, Fault> {
    let packed: Box<dyn Read + '_> = match bytes.get(..4) {
        Some([0x1f, 0x8b, ..]) => Box::new(flate2::read::MultiGzDecoder::new(&bytes[..])),
        Some([0x28, 0xb5, 0x2f, 0xfd]) => {
            Box::new(zstd::stream::read::Decoder::new(&bytes[..]).map_err(|error| damaged(&error))?)
        }
        _ => return Ok(bytes),
    };
    let mut unpacked = Vec::new();
    packed.take(max_bytes + 1).read_to_end(&mut unpacked).map_err(|error| damaged(&error))?;
    if unpacked.len() as u64 > max_bytes { Err(too_big(max_bytes)) } else { Ok(unpacked) }
}

fn damaged(error: &std::io::Error) -> Fault {
    Fault::new(format!("cannot be unpacked: {error}"))
}

pub(super) fn too_big(max_bytes: u64) -> Fault {
    Fault::new(format!("expected at most {max_bytes} bytes, found more"))
        .hint("raise the feed's max_bytes if this is meant to be so big")
}

pub(super) fn cannot_read(path: &Path, error: &std::io::Error) -> Fault {
    Fault::new(format!("cannot be read: {error}")).in_file(PathBuf::from(path).display().to_string())
}
