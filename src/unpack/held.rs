//! A stream put down where it can be read out of order.

use super::budget::Budget;
use super::walk::Walk;
use crate::fault::Fault;
use std::io::{self, Read, Seek, SeekFrom, Write};
use tempfile::SpooledTempFile;

/// Up to here in memory, above in an unlinked temporary file.
const MEMORY_BYTES: usize = 16 << 20;
const CHUNK_BYTES: usize = 64 << 10;

/// Seekable bytes; they give their room back when dropped.
pub(super) struct Held<'b> {
    file: SpooledTempFile,
    bytes: u64,
    budget: &'b Budget,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.budget.give_room_back(self.bytes);
    }
}

impl Read for Held<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.file.read(into)
    }
}

impl Seek for Held<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl<'a> Walk<'a> {
    /// Holds a stream, up to a defect or the limit: those are reported, and what is there is used.
    /// None if there is nowhere to put it.
    pub(super) fn hold(&mut self, name: &str, content: &mut dyn Read) -> Option<Held<'a>> {
        let file = tempfile::spooled_tempfile_in(MEMORY_BYTES, self.unpacker.scratch);
        let mut held = Held { file, bytes: 0, budget: self.budget };
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            let read = match content.read(&mut chunk) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.report(name, error);
                    break;
                }
            };
            let granted = self.budget.take_room(read as u64);
            held.bytes += granted;
            if let Err(error) = held.file.write_all(&chunk[..granted as usize]) {
                let what = format!("cannot be held in {}: {error}", self.unpacker.scratch.display());
                self.fault(Fault::new(what).in_file(name).hint("make room there"));
                return None;
            }
            if granted < read as u64 {
                let limit = self.budget.limits.held_bytes;
                let what =
                    format!("must be held to be read, and that takes more than {limit} bytes: the rest is missing");
                self.fault(Fault::new(what).in_file(name).hint("unpack it first, or raise the limit on held bytes"));
                break;
            }
        }
        Some(held)
    }
}
