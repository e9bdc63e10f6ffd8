//! zip archives.
//!
//! The directory at the end is what every tool goes by, so its entries are read
//! first, each only as far as the next one begins: no byte is read twice, and
//! quoting bombs live on that. Then the gaps between them are looked
//! at: a second archive behind the first, or an entry that the directory hides,
//! is read as well and said. An archive without a directory, cut off perhaps, is
//! read from its front, entry by entry.
//!
//! The `zip` crate is not used here: it wants the whole directory in memory
//! before it can be counted, has no say on overlaps, and gives up without a
//! directory. It writes the archives in the tests.

mod directory;
mod entry;
mod header;

use super::metered::Metered;
use super::name;
use super::walk::{ReadSeek, Walk};
use super::{Stop, defect};
use crate::fault::Fault;
pub(super) use directory::Directory;
pub(super) use entry::Opened;
pub(super) use header::Entry;
use header::Local;
use std::io;
use std::ops::Range;

impl<'a> Walk<'a> {
    pub(super) fn zip(&mut self, name: &str, archive: &mut dyn ReadSeek, depth: u32) -> Result<(), Stop> {
        self.enter();
        let directory = match Directory::read(archive, self.budget.entries_left()) {
            Ok(directory) => directory,
            Err(error) => {
                self.report(name, error);
                // the first part of a split archive has a mark in front
                let front = header::find_entry(archive, 0).ok().flatten().unwrap_or(0);
                return self.zip_front(name, archive, front..u64::MAX, depth);
            }
        };
        if let Some(fault) = directory.fault.clone() {
            self.fault(fault.in_file(name));
        }
        let mut gaps = Vec::from_iter(directory.gap_in_front());
        let read = self.book(name, archive, &directory.entries)?;
        for (at, entry) in directory.entries.iter().enumerate() {
            if read.contains(&at) {
                continue;
            }
            if !self.next_entry(name) {
                return Ok(());
            }
            let end = self.zip_entry(name, archive, entry, depth)?;
            gaps.extend(end.filter(|&end| end < entry.until).map(|end| end..entry.until));
        }
        for gap in gaps {
            self.zip_gap(name, archive, gap, depth)?;
        }
        Ok(())
    }

    /// Takes an entry of the directory; returns where its data ends, if that is known.
    fn zip_entry(
        &mut self,
        archive_name: &str,
        archive: &mut dyn ReadSeek,
        entry: &Entry,
        depth: u32,
    ) -> Result<Option<u64>, Stop> {
        let name = name::inside(archive_name, &entry.name);
        let mut end = None;
        match Opened::new(entry, archive, &name, &mut end) {
            Ok(_) if entry.is_folder() => {}
            Ok(opened) => self.content(&name, &mut Metered::new(opened, &name, self.budget), depth)?,
            Err(error) => self.report(&name, error),
        }
        Ok(end)
    }

    /// Looks between two entries of the directory for one that it does not list.
    fn zip_gap(&mut self, name: &str, archive: &mut dyn ReadSeek, gap: Range<u64>, depth: u32) -> Result<(), Stop> {
        match header::find_entry(archive, gap.start) {
            Ok(Some(at)) if at < gap.end => {
                let what = "an entry that the zip archive's directory does not list: read all the same";
                self.fault(Fault::new(what).in_file(name).at_byte(at));
                self.zip_front(name, archive, at..gap.end, depth)
            }
            Ok(_) => Ok(()),
            Err(error) => {
                self.report(name, error);
                Ok(())
            }
        }
    }

    /// Reads entries one after the other, without a directory.
    fn zip_front(&mut self, name: &str, archive: &mut dyn ReadSeek, range: Range<u64>, depth: u32) -> Result<(), Stop> {
        let mut at = range.start;
        while at < range.end {
            let entry = match Local::read(archive, at) {
                Ok(Local::Entry(local)) => local.into_entry(at, range.end),
                Ok(Local::Directory | Local::End) => return Ok(()),
                Ok(Local::Other) => {
                    let what = "expected an entry of the zip archive: the rest of it is not read";
                    self.fault(Fault::new(what).in_file(name).at_byte(at));
                    return Ok(());
                }
                Err(error) => {
                    self.report(name, error);
                    return Ok(());
                }
            };
            if !self.next_entry(name) {
                return Ok(());
            }
            let Some(end) = self.zip_front_entry(name, archive, &entry, depth)? else { return Ok(()) };
            at = match header::find_any(archive, end) {
                Ok(next) => next.unwrap_or(end),
                Err(error) => {
                    self.report(name, error);
                    return Ok(());
                }
            };
        }
        Ok(())
    }

    /// Takes one entry; returns where its data ends, unless nothing behind can be found.
    fn zip_front_entry(
        &mut self,
        archive_name: &str,
        archive: &mut dyn ReadSeek,
        entry: &Entry,
        depth: u32,
    ) -> Result<Option<u64>, Stop> {
        let name = name::inside(archive_name, &entry.name);
        let mut end = None;
        let opened = match Opened::new(entry, archive, &name, &mut end) {
            Ok(opened) => opened,
            Err(error) => {
                self.report(&name, error);
                return Ok(end);
            }
        };
        let mut metered = Metered::new(opened, &name, self.budget);
        if !entry.is_folder() {
            self.content(&name, &mut metered, depth)?;
        }
        // the sink may have left early, and where the data ends may only show there
        if let Err(error) = io::copy(&mut metered, &mut io::sink()) {
            self.report(&name, error);
        }
        Ok(end.or_else(|| metered.layer().end()))
    }
}

/// Reads a little-endian field.
fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).map_or(0, |field| u16::from_le_bytes([field[0], field[1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

/// A defect of the archive itself.
fn wrong(what: impl Into<String>, at: u64) -> io::Error {
    defect::failure(Fault::new(what).at_byte(at))
}
