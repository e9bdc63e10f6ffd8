//! A layer under its limits: every decoder is read through one.

use super::budget::Budget;
use super::defect;
use crate::fault::Fault;
use std::io::{self, Read};

/// A ratio says nothing about little output: a header and a few zeros beat any limit.
const RATIO_FROM_BYTES: u64 = 64 << 20;

/// A layer that knows how much it has read to give what it gave.
pub(super) trait Layer: Read {
    /// Bytes taken in so far.
    fn packed_bytes(&self) -> u64;
}

pub(super) struct Metered<'b, L> {
    layer: L,
    name: &'b str,
    budget: &'b Budget,
    unpacked: u64,
    due: Option<Fault>,
    failed: bool,
}

impl<'b, L: Layer> Metered<'b, L> {
    pub(super) fn new(layer: L, name: &'b str, budget: &'b Budget) -> Self {
        Self { layer, name, budget, unpacked: 0, due: None, failed: false }
    }

    pub(super) fn layer(&self) -> &L {
        &self.layer
    }

    fn check(&self, bytes: u64) -> Option<Fault> {
        if let Some(fault) = self.budget.spend_unpacked(bytes) {
            return Some(fault);
        }
        let ratio = self.unpacked / self.layer.packed_bytes().max(1);
        if self.unpacked <= RATIO_FROM_BYTES || ratio <= self.budget.limits.ratio {
            return None;
        }
        let what = format!(
            "unpacks to more than {} times its size, an archive bomb perhaps: the rest of it is not read",
            self.budget.limits.ratio
        );
        Some(Fault::new(what).hint("if the input is not hostile, raise the limit on the ratio"))
    }
}

impl<L: Layer> Read for Metered<'_, L> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if let Some(fault) = self.due.take() {
            self.failed = true;
            return Err(defect::failure(fault.in_file(self.name).at_byte(self.layer.packed_bytes())));
        }
        if self.failed || self.budget.is_over() {
            return Err(defect::told());
        }
        let bytes = self.layer.read(into).inspect_err(|_| self.failed = true)? as u64;
        self.unpacked += bytes;
        self.due = self.check(bytes);
        Ok(bytes as usize)
    }
}

impl<L: Layer> Layer for Metered<'_, L> {
    fn packed_bytes(&self) -> u64 {
        self.layer.packed_bytes()
    }
}
