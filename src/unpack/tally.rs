//! The input itself: counts its bytes and words its failures.

use super::defect;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::atomic::{AtomicU64, Ordering};

pub(super) struct Tally<'a, R> {
    inner: R,
    name: &'a str,
    read: &'a AtomicU64,
    position: u64,
    failed: bool,
}

impl<'a, R> Tally<'a, R> {
    pub(super) fn new(inner: R, name: &'a str, read: &'a AtomicU64) -> Self {
        Self { inner, name, read, position: 0, failed: false }
    }

    fn fail(&mut self, error: &io::Error) -> io::Error {
        self.failed = true;
        defect::failure(defect::unreadable(error).in_file(self.name).at_byte(self.position))
    }
}

impl<R: Read> Read for Tally<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.failed {
            return Err(defect::told());
        }
        loop {
            match self.inner.read(into) {
                Ok(bytes) => {
                    self.position += bytes as u64;
                    self.read.fetch_add(bytes as u64, Ordering::Relaxed);
                    return Ok(bytes);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.fail(&error)),
            }
        }
    }
}

impl<R: Seek> Seek for Tally<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        // An archive is read in many places: one bad sector fails one entry, not the rest.
        self.failed = false;
        match self.inner.seek(to) {
            Ok(position) => {
                self.position = position;
                Ok(position)
            }
            Err(error) => Err(self.fail(&error)),
        }
    }
}
