//! Donors from further up.
//!
//! A row made from the row beside it repeats all that is copied from there:
//! the same order, the same vendor, the same odd sum twice in a row. In a file
//! that goes by number, or has none, nothing ties a planted row to the row
//! beside it, so a donor is drawn from a window of rows before the place. What
//! does come in stretches there (an outlet, a day, an order of many lines) is
//! told by how often neighbours agree, against how often rows apart do; in such
//! columns the donor has to say what the neighbours say.

use std::cmp::Ordering;

use super::columns::Columns;
use super::cut::{Cut, Kind, Span, cut};
use super::order::natural;
use super::place::{Gap, Row};
use super::sample::{FieldReader, Sample};
use super::style::affixes;
use crate::derive::Draw;
use crate::record::ColumnRole;

/// Rows of a window.
const ROWS: usize = 48;
/// Most bytes of a window: one is kept for every place.
const MOST_BYTES: usize = 64 << 10;
/// How much more often neighbours agree than rows apart, where that means something.
const LIFT: f64 = 0.15;
/// Rows that are apart.
const APART: usize = 29;
/// Resolution of drawn shares.
const SHARES: u32 = 1 << 16;

/// Rows of the file before a gap, as they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    bytes: Vec<u8>,
}

impl Window {
    /// The last of the records that begin at `starts`, up to `end`.
    pub(super) fn of(bytes: &[u8], starts: &[u32], end: usize) -> Self {
        let first = starts.len().saturating_sub(ROWS);
        let near = starts[first..].iter().map(|start| *start as usize).find(|start| end - start <= MOST_BYTES);
        Self { bytes: near.map(|start| bytes[start..end].to_vec()).unwrap_or_default() }
    }

    fn rows(&self, reader: &FieldReader, is_fit: impl Fn(&[Span]) -> bool) -> Vec<Row> {
        let (mut rest, mut rows) = (self.bytes.as_slice(), Vec::new());
        while let Cut::Record { content, end } = cut(&reader.dialect, rest, true) {
            let mut fields = Vec::new();
            if reader.split(&rest[..content], &mut fields).is_ok() && is_fit(&fields) {
                rows.push(Row { bytes: rest[..end].to_vec(), content, fields, is_fit: true });
            }
            rest = &rest[end..];
        }
        rows
    }
}

/// Whether a file's planted rows take donors from further up: where numbers
/// rise or fall from row to row, or none are planted. Elsewhere they lie in
/// runs, which belong to a sender.
pub(super) fn is_called_for(sample: &Sample, columns: &Columns, has_numbers: bool) -> bool {
    let Some(number) = columns.first(&ColumnRole::Number).filter(|_| has_numbers) else { return true };
    let texts = sample.column(number.place);
    let steps: Vec<Ordering> = texts
        .windows(2)
        .map(|pair| natural(affixes(&pair[1].0).1.as_bytes(), affixes(&pair[0].0).1.as_bytes()))
        .collect();
    let share = |order| steps.iter().filter(|step| **step == order).count() * 10 >= steps.len() * 9;
    steps.len() > 1 && (share(Ordering::Greater) || share(Ordering::Less))
}

/// Columns that come in stretches.
pub(super) struct Stretches {
    columns: Vec<Stretch>,
}

struct Stretch {
    place: usize,
    /// Of rows between two that agree, those that say the same.
    between_like: f64,
    /// Of rows between two that differ, those that say what one of them says.
    between_unlike: f64,
}

/// What a place asks of a donor.
struct Demand {
    place: usize,
    neighbours: Vec<Vec<u8>>,
    /// Whether it has to say what a neighbour says, or must not.
    is_same: bool,
}

impl Stretches {
    pub(super) fn of(sample: &Sample) -> Self {
        let stretch = |place: usize| {
            let texts = sample.column(place);
            let rows = texts.len();
            let share = |count: usize, of: usize| count as f64 / of.max(1) as f64;
            let agree = |step: usize| {
                let pairs = texts.iter().zip(texts.iter().skip(step));
                share(pairs.filter(|(a, b)| a.0 == b.0).count(), rows.saturating_sub(step))
            };
            let (beside, around) = (agree(1), agree(2));
            if beside - agree(APART) < LIFT || around >= 1.0 {
                return None;
            }
            let all = texts.windows(3).filter(|row| row[0].0 == row[1].0 && row[1].0 == row[2].0).count();
            let all = share(all, rows.saturating_sub(2));
            Some(Stretch {
                place,
                between_like: if around > 0.0 { all / around } else { 1.0 },
                between_unlike: 2.0 * (beside - all) / (1.0 - around),
            })
        };
        Self { columns: (0..sample.width()).filter_map(stretch).collect() }
    }

    /// Draws a donor for a row at `gap`: of the rows of its window one that
    /// meets most of what the place asks. `None` where the window is empty.
    pub(super) fn donor(
        &self,
        gap: &Gap,
        reader: &FieldReader,
        is_fit: impl Fn(&[Span]) -> bool,
        draw: &mut impl Draw,
    ) -> Option<Row> {
        let mut rows = gap.window.rows(reader, is_fit);
        if rows.is_empty() {
            return None;
        }
        // One ticket for all: what goes on goes on in many columns at once.
        let demands = self.demands(gap, f64::from(draw.below(SHARES)) / f64::from(SHARES));
        let first = draw.below(rows.len() as u32) as usize;
        let met = |row: &Row| {
            let meets = |demand: &&Demand| demand.neighbours.contains(&said(row, demand.place)) == demand.is_same;
            demands.iter().filter(meets).count()
        };
        let met: Vec<usize> = rows.iter().map(met).collect();
        let most = met.iter().copied().max()?;
        let best = (0..rows.len()).map(|step| (first + step) % rows.len()).find(|&at| met[at] == most)?;
        Some(rows.swap_remove(best))
    }

    fn demands(&self, gap: &Gap, ticket: f64) -> Vec<Demand> {
        let beside = |row: &Option<Row>, place| row.as_ref().filter(|row| row.is_fit).map(|row| said(row, place));
        let demand = |column: &Stretch| {
            let (before, after) = (beside(&gap.before, column.place), beside(&gap.after, column.place));
            let share = if before == after { column.between_like } else { column.between_unlike };
            let neighbours = before.into_iter().chain(after).collect();
            Demand { place: column.place, neighbours, is_same: ticket < share }
        };
        self.columns.iter().map(demand).collect()
    }
}

/// What a row says in a column, as it stands.
fn said(row: &Row, place: usize) -> Vec<u8> {
    let span = row.fields.get(place).filter(|span| span.kind != Kind::Missing);
    span.map(|span| span.of(row.content()).to_vec()).unwrap_or_default()
}
