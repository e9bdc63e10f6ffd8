//! A planted export as its buyer holds it: real rows, and among them planted
//! ones that only we can tell.
//!
//! The real rows are the same in every export that is planted from one
//! original, so they are kept once; an export is the list of its planted rows
//! and of the places where they stand.

use crate::plant::{Rows, RowsColumn};

/// A row that was planted.
#[derive(Clone, PartialEq, Eq)]
pub struct Planted {
    /// Which real row it stands before; one past the last for the end.
    pub before: usize,
    /// What its columns say.
    pub cells: Vec<String>,
}

/// Planted rows are canaries: what is printed in a debug message are none.
impl std::fmt::Debug for Planted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Planted").field("before", &self.before).finish_non_exhaustive()
    }
}

/// The planted rows of one export, in the order of the file.
#[derive(Clone, Debug, Default)]
pub struct Export {
    /// Whose export it is; an account's exports are judged together.
    pub account: u32,
    /// Its planted rows.
    pub planted: Vec<Planted>,
}

/// A row of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The real row of this place in the original.
    Real(usize),
    /// The planted row of this place in [`Export::planted`].
    Planted(usize),
}

/// An export, seen whole.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The original.
    pub original: &'a Rows,
    /// What was planted into it.
    pub export: &'a Export,
}

impl<'a> View<'a> {
    /// The file's columns.
    pub fn columns(&self) -> &'a [RowsColumn] {
        &self.original.columns
    }

    /// What a row says.
    pub fn cells(&self, which: Which) -> &'a [String] {
        match which {
            Which::Real(place) => &self.original.rows[place].cells,
            Which::Planted(place) => &self.export.planted[place].cells,
        }
    }

    /// The row before, in the planted file.
    pub fn before(&self, which: Which) -> Option<Which> {
        let planted = &self.export.planted;
        let (real, earlier) = match which {
            Which::Real(place) => (place, planted.partition_point(|row| row.before <= place)),
            Which::Planted(place) => (planted[place].before, place),
        };
        match earlier.checked_sub(1).filter(|&earlier| planted[earlier].before == real) {
            Some(earlier) => Some(Which::Planted(earlier)),
            None => real.checked_sub(1).map(Which::Real),
        }
    }

    /// The row behind, in the planted file.
    pub fn behind(&self, which: Which) -> Option<Which> {
        let planted = &self.export.planted;
        let (real, later) = match which {
            Which::Real(place) => (place + 1, planted.partition_point(|row| row.before <= place)),
            Which::Planted(place) => (planted[place].before, place + 1),
        };
        match planted.get(later).filter(|row| row.before == real) {
            Some(_) => Some(Which::Planted(later)),
            None => (real < self.original.rows.len()).then_some(Which::Real(real)),
        }
    }

    /// Where a row stands, from 0 at the top to 1 at the end.
    pub fn position(&self, which: Which) -> f64 {
        let real = match which {
            Which::Real(place) => place,
            Which::Planted(place) => self.export.planted[place].before,
        };
        // Both count real rows: halves between them would label planted ones.
        real as f64 / self.original.rows.len().max(1) as f64
    }

    /// Whether no real row stands before it, or none behind it.
    pub fn is_at_an_end(&self, which: Which) -> bool {
        let count = self.original.rows.len();
        match which {
            Which::Real(place) => place == 0 || place + 1 == count,
            Which::Planted(place) => [0, count].contains(&self.export.planted[place].before),
        }
    }

    /// All rows in the order of the planted file.
    pub fn all(&self) -> impl Iterator<Item = Which> + 'a {
        let (planted, real) = (&self.export.planted, self.original.rows.len());
        let mut next = 0;
        (0..=real).flat_map(move |place| {
            let from = next;
            while planted.get(next).is_some_and(|row| row.before == place) {
                next += 1;
            }
            let own = (place < real).then_some(Which::Real(place));
            (from..next).map(Which::Planted).chain(own)
        })
    }
}
