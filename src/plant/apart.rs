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
    /// How often neighbours agree.
    agree: f64,
}

impl Stretches {
    pub(super) fn of(sample: &Sample) -> Self {
        let stretch = |place: usize| {
            let texts = sample.column(place);
            let agree = |step: usize| {
                let pairs = texts.iter().zip(texts.iter().skip(step));
                pairs.filter(|(a, b)| a.0 == b.0).count() as f64 / texts.len().saturating_sub(step).max(1) as f64
            };
            let (beside, apart) = (agree(1), agree(APART));
            // What hardly ever changes changes for a reason.
            (beside - apart >= LIFT || (beside >= 0.98 && apart < beside)).then_some(Stretch { place, agree: beside })
        };
        Self { columns: (0..sample.width()).filter_map(stretch).collect() }
    }

    /// Draws a donor for a row at `gap`: of the rows of its window one that
    /// says most of what the place asks for. `None` where the window is empty.
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
        let say = |row: &Row, place: usize| match row.fields.get(place) {
            Some(span) if span.kind != Kind::Missing => span.of(row.content()).to_vec(),
            _ => Vec::new(),
        };
        let beside = |row: &Option<Row>, place| row.as_ref().filter(|row| row.is_fit).map(|row| say(row, place));
        let mut wanted: Vec<(usize, Vec<Vec<u8>>)> = Vec::new();
        for column in &self.columns {
            let ticket = f64::from(draw.below(SHARES)) / f64::from(SHARES);
            let neighbours = [beside(&gap.before, column.place), beside(&gap.after, column.place)];
            let agree = neighbours[0] == neighbours[1];
            // A row between two that differ is like one of them so often, if
            // each row goes on like the one before as often as here.
            if agree || ticket < 2.0 * column.agree / (1.0 + column.agree) {
                wanted.push((column.place, neighbours.into_iter().flatten().collect()));
            }
        }
        let first = draw.below(rows.len() as u32) as usize;
        let fits = |row: &Row| wanted.iter().filter(|(place, say_so)| say_so.contains(&say(row, *place))).count();
        let best = (0..rows.len())
            .map(|step| (first + step) % rows.len())
            .max_by_key(|&at| (fits(&rows[at]), std::cmp::Reverse((at + rows.len() - first) % rows.len())))?;
        Some(rows.swap_remove(best))
    }
}
