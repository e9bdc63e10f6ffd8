//! What a sink reads: a stream that ends where the defect is.

use super::defect;
use crate::fault::Fault;
use std::io::{self, Read};

pub(super) struct Content<'a> {
    inner: &'a mut dyn Read,
    ended: bool,
    fault: Option<Fault>,
}

impl<'a> Content<'a> {
    pub(super) fn new(inner: &'a mut dyn Read) -> Self {
        Self { inner, ended: false, fault: None }
    }

    /// The defect at which it ended.
    pub(super) fn into_fault(self) -> Option<Fault> {
        self.fault
    }
}

impl Read for Content<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while !self.ended && !into.is_empty() {
            match self.inner.read(into) {
                Ok(0) => self.ended = true,
                Ok(bytes) => return Ok(bytes),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ended = true;
                    self.fault = defect::fault(error);
                }
            }
        }
        Ok(0)
    }
}
