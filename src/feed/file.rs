//! A log that grows and is rotated.
//!
//! The place in it is a byte offset; which file the offset belongs to is told by
//! a hash of the file's head, because inodes are reused and copies have others.
//! The head lies before the offset, where a log never changes. If the file at the
//! path does not begin with that head, it was rotated: the rest of the old one is
//! looked for among its siblings (`Master.csv.1`, `Master.csv-20261125`), found
//! by the same hash, read to its end, and followed by whatever was rotated after
//! it. If it is not there the pass says so.
//!
//! An unterminated last line is left for the next pass, as its writer may be in
//! the midst of it; once nothing was written for `settle_seconds` it counts as
//! whole.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::Context;
use super::batch::{Collector, Occurrences};
use super::config::FileConfig;
use super::cursor::{Cursor, FileCursor, Place, digest};
use super::document::Stream;
use super::encoding;
use super::format::Format;
use super::frame::Framer;
use super::inbox::cannot_read;
use crate::fault::Fault;

/// Bytes of a file's head that identify it.
const HEAD_BYTES: u64 = 1024;

/// Reads what has been written since the last pass.
pub(super) fn read(
    config: &FileConfig,
    cursor: &FileCursor,
    ctx: &Context<'_>,
    format: &mut Format,
    collector: &mut Collector<'_>,
) -> Result<(), Fault> {
    let path = ctx.base.join(&config.path);
    let current = Log::open(&path)?;
    let mut cursor_now = cursor.clone();
    if !current.is_where(cursor)? {
        let rotated = rotated(&path, cursor, &current)?;
        if rotated.is_empty() && cursor.place.byte > 0 {
            collector.pass().notes.push(
                Fault::new("the file was rotated or rewritten, and the rest of the old one is nowhere beside it")
                    .in_file(path.display().to_string())
                    .at_byte(cursor.place.byte)
                    .hint("keep one rotated file uncompressed (logrotate: delaycompress)"),
            );
        }
        for log in rotated {
            if !log.is_where(&cursor_now)? {
                cursor_now = FileCursor::default();
            }
            log.read_on(&mut cursor_now, true, format, collector)?;
        }
        cursor_now = FileCursor::default();
    }
    let idle = ctx.now.as_second() - current.metadata.mtime();
    let settled = idle >= i64::from(config.settle_seconds);
    current.read_on(&mut cursor_now, settled, format, collector)?;
    if collector.is_waiting() || cursor_now != *cursor {
        collector.flush(Cursor::File(cursor_now).to_text())
    } else {
        collector.pass().not_modified = true;
        Ok(())
    }
}

/// An open log. Everything about it is asked of one handle: its path may lead to
/// another file at any moment.
struct Log {
    path: PathBuf,
    file: File,
    metadata: Metadata,
}

impl Log {
    fn open(path: &Path) -> Result<Self, Fault> {
        let failed = |error: io::Error| cannot_read(path, &error);
        // Asked before it is opened: opening a pipe would wait for its writer.
        if !fs::metadata(path).map_err(failed)?.is_file() {
            return Err(Fault::new("expected a file").in_file(path.display().to_string()));
        }
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        Ok(Self { path: path.to_owned(), file, metadata })
    }

    /// Whether the cursor points into this file.
    fn is_where(&self, cursor: &FileCursor) -> Result<bool, Fault> {
        if cursor.head_bytes == 0 {
            return Ok(cursor.inode == 0 || cursor.inode == self.metadata.ino());
        }
        Ok(self.metadata.len() >= cursor.place.byte && self.head(cursor.head_bytes)? == cursor.head)
    }

    fn head(&self, bytes: u64) -> Result<String, Fault> {
        let mut head = Vec::new();
        self.bytes(0, bytes).read_to_end(&mut head).map_err(|error| cannot_read(&self.path, &error))?;
        Ok(digest(&head))
    }

    /// The bytes from `start` to `end`.
    fn bytes(&self, start: u64, end: u64) -> impl Read {
        Part { file: &self.file, at: start }.take(end - start)
    }

    /// Reads from the cursor to the end and moves it.
    fn read_on(
        &self,
        cursor: &mut FileCursor,
        whole: bool,
        format: &mut Format,
        collector: &mut Collector<'_>,
    ) -> Result<(), Fault> {
        cursor.inode = self.metadata.ino();
        if self.metadata.len() <= cursor.place.byte {
            return Ok(());
        }
        let framing = format.framing().expect("only streams are read as logs");
        let name = self.path.display().to_string();
        if cursor.place.byte > 0 && format.has_header() {
            self.read_header(framing, format).map_err(|fault| fault.in_file(&*name))?;
        }
        // Bytes that arrive from here on are the next pass's: a settled end must
        // not be somebody's half line.
        let input = self.bytes(cursor.place.byte, self.metadata.len());
        let mut occurrences = Occurrences::of_log(&cursor.recent);
        let begin = cursor.place.byte;
        let mut stream = Stream::new(&name, Framer::new(input, framing, cursor.place, whole));
        let flush = |collector: &mut Collector<'_>, place: Place, occurrences: &Occurrences| {
            let mut problem = None;
            let flushed = collector.flush_if_full(|| match self.cursor_at(place, occurrences) {
                Ok(cursor) => Cursor::File(cursor).to_text(),
                Err(fault) => {
                    problem = Some(fault);
                    String::new()
                }
            });
            problem.map_or(flushed, Err)
        };
        stream.run(format, collector, &mut occurrences, &flush)?;
        let place = stream.place();
        collector.pass().files += 1;
        collector.pass().bytes += place.byte - begin;
        if place.byte > begin {
            *cursor = self.cursor_at(place, &occurrences)?;
        }
        Ok(())
    }

    fn cursor_at(&self, place: Place, occurrences: &Occurrences) -> Result<FileCursor, Fault> {
        let head_bytes = place.byte.min(HEAD_BYTES);
        Ok(FileCursor {
            inode: self.metadata.ino(),
            head_bytes,
            head: self.head(head_bytes)?,
            place,
            recent: occurrences.recent(),
        })
    }

    /// Reads the names of the columns again, for a pass that goes on behind them.
    fn read_header(&self, framing: super::frame::Framing, format: &mut Format) -> Result<(), Fault> {
        let mut framer = Framer::new(self.bytes(0, self.metadata.len()), framing, Place::default(), true);
        match framer.next().map_err(|error| cannot_read(&self.path, &error))? {
            Some(framed) => format.read_header(encoding::without_mark(framed.bytes)),
            None => Err(Fault::new("expected a header, found none")),
        }
    }
}

/// A file from some byte on, read without moving the handle.
struct Part<'a> {
    file: &'a File,
    at: u64,
}

impl Read for Part<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// The file that the cursor points into and those rotated after it, oldest
/// first; nothing if it is gone.
fn rotated(path: &Path, cursor: &FileCursor, current: &Log) -> Result<Vec<Log>, Fault> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return Ok(Vec::new());
    };
    let mut siblings = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| cannot_read(folder, &error))?.flatten() {
        let other = entry.file_name();
        let rest = other.to_str().and_then(|other| other.strip_prefix(name)).unwrap_or("");
        if is_rotation(rest) && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            let log = Log::open(&entry.path())?;
            if log.metadata.ino() != current.metadata.ino() {
                siblings.push(log);
            }
        }
    }
    siblings.sort_by_key(|log| (log.metadata.mtime(), log.metadata.mtime_nsec(), log.path.clone()));
    let mut places = siblings.iter().map(|log| log.is_where(cursor));
    match places.position(|found| matches!(found, Ok(true))) {
        Some(at) => Ok(siblings.split_off(at)),
        None => Ok(Vec::new()),
    }
}

/// `.1`, `-20261125`, `.2026-11-25`: what logrotate appends, uncompressed.
fn is_rotation(rest: &str) -> bool {
    rest.len() > 1
        && rest.starts_with(['.', '-'])
        && rest[1..].bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.' | b'T'))
}
