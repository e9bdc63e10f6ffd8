//! Rows that another generator made, to be judged by the same adversary.
//!
//! They are put where they would be least conspicuous: in an export that goes by
//! time or by number where theirs belongs, and else anywhere.

use crate::derive::{Draw, Seed, Stream};
use crate::fault::Fault;
use crate::plant::{Job, Rows};
use crate::record::ColumnRole;

use super::table::{Export, Planted};

/// Rows out of order, one in so many, that still leave a file in order.
const ODD: usize = 100;

/// Rows made elsewhere, in the export's own columns.
pub struct Candidates {
    rows: Vec<Vec<String>>,
    /// Rows of one account.
    share: usize,
    order: Option<Order>,
    seed: Seed,
}

/// What an export is in the order of.
struct Order {
    /// The column.
    place: usize,
    /// The largest value up to each row.
    up_to: Vec<f64>,
}

impl Candidates {
    /// Reads `bytes`, a file with the header of the export `original`, and
    /// deals its rows out among so many accounts.
    ///
    /// # Errors
    ///
    /// A [`Fault`] where the columns differ, or are fewer than one row for each
    /// account.
    pub fn read(bytes: &[u8], original: &Rows, job: &Job<'_>, accounts: u32, seed: Seed) -> Result<Self, Fault> {
        let made = Rows::read(bytes, job, usize::MAX)?;
        let headers = |rows: &Rows| rows.columns.iter().map(|column| column.header.clone()).collect::<Vec<_>>();
        let (have, expected) = (headers(&made), headers(original));
        if have != expected {
            return Err(Fault::new(format!("expected the export's columns {}", expected.join(", ")))
                .at_line(1)
                .hint("write the header of the export, and its columns in that order"));
        }
        let mut rows: Vec<Vec<String>> = made.rows.into_iter().map(|row| row.cells).collect();
        // Rows in the order of a file would stand side by side.
        let mut draw = Stream::new(&seed);
        for place in (1..rows.len()).rev() {
            rows.swap(place, draw.below(place as u32 + 1) as usize);
        }
        let share = rows.len() / accounts.max(1) as usize;
        if share == 0 {
            return Err(Fault::new(format!("expected at least {accounts} rows, found {}", rows.len()))
                .hint("make more rows, or audit with fewer --accounts"));
        }
        Ok(Self { rows, share, order: order(original), seed })
    }

    /// Puts an account's next rows into the export; of fewer, all.
    pub(super) fn plant(&self, original: &Rows, account: u32, redraw: u32, count: u32) -> Export {
        let mut seed = self.seed;
        seed[24..28].copy_from_slice(&account.to_le_bytes());
        seed[28..].copy_from_slice(&redraw.to_le_bytes());
        let mut draw = Stream::new(&seed);
        let first = account as usize * self.share;
        let begin = (redraw as usize * count as usize) % self.share;
        let planted = (0..self.share.min(count as usize)).map(|nth| {
            let cells = self.rows[first + (begin + nth) % self.share].clone();
            let in_order = self.order.as_ref().and_then(|order| {
                let own = value(original, order.place, &cells)?;
                Some(order.up_to.partition_point(|earlier| *earlier <= own))
            });
            let before = in_order.unwrap_or_else(|| draw.below(original.rows.len() as u32 + 1) as usize);
            Planted { before, cells }
        });
        let mut planted: Vec<Planted> = planted.collect();
        planted.sort_by_key(|row| row.before);
        Export { account, planted }
    }
}

/// The column that the export is in the order of, if it is a time or the
/// number, and the largest value up to each row.
fn order(rows: &Rows) -> Option<Order> {
    [ColumnRole::Time, ColumnRole::Number].into_iter().find_map(|role| {
        let place = rows.columns.iter().position(|column| column.role.as_ref() == Some(&role))?;
        let (mut largest, mut odd) = (f64::NEG_INFINITY, 0);
        let up_to: Vec<f64> = rows
            .rows
            .iter()
            .map(|row| {
                let value = value(rows, place, &row.cells).unwrap_or(largest);
                odd += usize::from(value < largest);
                largest = largest.max(value);
                largest
            })
            .collect();
        (odd * ODD <= up_to.len() && largest.is_finite()).then_some(Order { place, up_to })
    })
}

/// A time in seconds, or the digits that a number ends with.
fn value(rows: &Rows, place: usize, cells: &[String]) -> Option<f64> {
    let (column, text) = (&rows.columns[place], cells[place].as_str());
    match column.role {
        Some(ColumnRole::Number) => {
            let digits = text.len() - text.trim_end_matches(|c: char| c.is_ascii_digit()).len();
            text[text.len() - digits..].parse().ok()
        }
        _ => column.seconds(text),
    }
}
