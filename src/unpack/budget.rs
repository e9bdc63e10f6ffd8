//! What one input has spent of its limits.
//!
//! Readers are stacked in each other while a sink reads, so all of them share
//! one budget by reference and it counts in cells.

use super::Limits;
use crate::fault::Fault;
use std::cell::Cell;

#[derive(Debug)]
pub(super) struct Budget {
    pub(super) limits: Limits,
    entries: Cell<u64>,
    faults: Cell<u64>,
    unpacked: Cell<u64>,
    held: Cell<u64>,
    over: Cell<bool>,
}

impl Budget {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            entries: Cell::default(),
            faults: Cell::default(),
            unpacked: Cell::default(),
            held: Cell::default(),
            over: Cell::default(),
        }
    }

    /// Whether a limit on the whole input was met: nothing of it is read any more.
    pub(super) fn is_over(&self) -> bool {
        self.over.get()
    }

    pub(super) fn unpacked_bytes(&self) -> u64 {
        self.unpacked.get()
    }

    pub(super) fn entries_left(&self) -> u64 {
        self.limits.entries.saturating_sub(self.entries.get())
    }

    /// Counts an entry; a fault if it is one too many, and only once.
    pub(super) fn spend_entry(&self) -> Result<(), Option<Fault>> {
        if self.is_over() {
            return Err(None);
        }
        self.entries.set(self.entries.get() + 1);
        if self.entries.get() <= self.limits.entries {
            return Ok(());
        }
        self.over.set(true);
        let what = format!("more than {} entries: the rest of the input is not read", self.limits.entries);
        Err(Some(Fault::new(what).hint("if the input is not hostile, unpack it first, or raise the limit on entries")))
    }

    /// Counts a fault; the one to report in its place, if any is.
    pub(super) fn spend_fault(&self, fault: Fault) -> Option<Fault> {
        let most = self.limits.entries;
        self.faults.set(self.faults.get().saturating_add(1));
        match self.faults.get().checked_sub(most) {
            None | Some(0) => Some(fault),
            Some(1) => {
                let what = format!("more than {most} defects in the input: the others are not listed");
                Some(Fault { file: fault.file, ..Fault::new(what) })
            }
            Some(_) => None,
        }
    }

    /// Counts bytes that came out of a layer; a fault if they are too many, and only once.
    pub(super) fn spend_unpacked(&self, bytes: u64) -> Option<Fault> {
        self.unpacked.set(self.unpacked.get().saturating_add(bytes));
        if self.unpacked.get() <= self.limits.unpacked_bytes || self.over.replace(true) {
            return None;
        }
        let what = format!(
            "unpacks to more than {} bytes, an archive bomb perhaps: the rest of the input is not read",
            self.limits.unpacked_bytes
        );
        Some(Fault::new(what).hint("if the input is not hostile, raise the limit on unpacked bytes"))
    }

    /// Asks for room to hold bytes; returns what is granted.
    pub(super) fn take_room(&self, bytes: u64) -> u64 {
        let granted = bytes.min(self.limits.held_bytes.saturating_sub(self.held.get()));
        self.held.set(self.held.get() + granted);
        granted
    }

    pub(super) fn give_room_back(&self, bytes: u64) {
        self.held.set(self.held.get() - bytes);
    }
}
