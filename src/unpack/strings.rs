//! The texts that a book's cells share.

use super::budget::Budget;
use super::{defect, line};
use crate::fault::Fault;
use std::io;

/// All texts in one piece, since a million small allocations cost more than their contents.
pub(super) struct Strings<'b> {
    text: String,
    ends: Vec<usize>,
    room: u64,
    budget: &'b Budget,
}

impl Drop for Strings<'_> {
    fn drop(&mut self) {
        self.budget.give_room_back(self.room);
    }
}

impl<'b> Strings<'b> {
    pub(super) fn new(budget: &'b Budget) -> Self {
        Self { text: String::new(), ends: Vec::new(), room: 0, budget }
    }

    /// The text of a number, on one line.
    pub(super) fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.text[start..end])
    }

    /// Adds to the text that is being read.
    pub(super) fn push(&mut self, text: &str) -> io::Result<()> {
        self.take_room(text.len())?;
        line::one_line(text, |piece| self.text.push_str(piece));
        Ok(())
    }

    /// Ends a text: it gets the next number.
    pub(super) fn end(&mut self) -> io::Result<()> {
        self.take_room(size_of::<usize>())?;
        self.ends.push(self.text.len());
        Ok(())
    }

    fn take_room(&mut self, bytes: usize) -> io::Result<()> {
        let granted = self.budget.take_room(bytes as u64);
        self.room += granted;
        if granted == bytes as u64 {
            return Ok(());
        }
        let what = format!("shared strings of more than {} bytes: the rest is missing", self.budget.limits.held_bytes);
        Err(defect::failure(Fault::new(what).hint("save the book as CSV first, or raise the limit on held bytes")))
    }
}
