//! Donors from further up.
//!
//! A row made from the row beside it repeats all that is copied from there:
//! the same order, the same vendor, the same odd sum twice in a row. Only a
//! number inside a sender's run ties a planted row to one other row; else a
//! donor is drawn from a window of rows before the place. What
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
const ROWS: usize = 16;
/// Most bytes of a window: one is kept for every place.
const MOST_BYTES: usize = 64 << 10;
/// How much more often neighbours agree than rows apart, where that means something.
const LIFT: f64 = 0.15;
/// Rows that are apart.
const APART: usize = 29;
/// How often neighbours agree where stretches are long.
const LONG: f64 = 0.9;
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
        while !rest.is_empty()
            && let Cut::Record { content, end } = cut(&reader.dialect, rest, true)
        {
            let mut fields = Vec::new();
            if reader.split(&rest[..content], &mut fields).is_ok() && is_fit(&fields) {
                rows.push(Row { bytes: rest[..end].to_vec(), content, fields, is_fit: true });
            }
            rest = &rest[end..];
        }
        rows
    }
}

/// Whether a file's numbers lie in runs that belong to somebody: not where they
/// rise or fall from row to row.
pub(super) fn lies_in_runs(sample: &Sample, columns: &Columns) -> bool {
    let Some(number) = columns.first(&ColumnRole::Number) else { return false };
    let texts = sample.column(number.place);
    let steps: Vec<Ordering> = texts
        .windows(2)
        .map(|pair| natural(affixes(&pair[1].0).1.as_bytes(), affixes(&pair[0].0).1.as_bytes()))
        .collect();
    let share = |order| steps.iter().filter(|step| **step == order).count() * 10 >= steps.len() * 9;
    steps.len() > 1 && !share(Ordering::Greater) && !share(Ordering::Less)
}

/// Columns that come in stretches.
pub(super) struct Stretches {
    columns: Vec<Stretch>,
}

struct Stretch {
    place: usize,
    is_long: bool,
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
    /// Whether the column comes in long stretches.
    is_long: bool,
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
                is_long: beside >= LONG,
                between_like: if around > 0.0 { all / around } else { 1.0 },
                between_unlike: 2.0 * (beside - all) / (1.0 - around),
            })
        };
        Self { columns: (0..sample.width()).filter_map(stretch).collect() }
    }

    /// Draws a donor for a row at `gap`: of the rows of its window one that
    /// meets most of what the place asks. `None` where none will do.
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
        let meets = |row: &Row, demand: &Demand| demand.neighbours.contains(&said(row, demand.place)) == demand.is_same;
        let met: Vec<usize> =
            rows.iter().map(|row| demands.iter().filter(|demand| meets(row, demand)).count()).collect();
        let most = met.iter().copied().max()?;
        let best = (0..rows.len()).map(|step| (first + step) % rows.len()).find(|&at| met[at] == most)?;
        // Right behind the border of a long stretch nothing in the window is of
        // the new one: then a row beside the gap has to do.
        let is_strange = demands.iter().any(|demand| demand.is_long && !meets(&rows[best], demand));
        (!is_strange).then(|| rows.swap_remove(best))
    }

    fn demands(&self, gap: &Gap, ticket: f64) -> Vec<Demand> {
        let beside = |row: &Option<Row>, place| row.as_ref().filter(|row| row.is_fit).map(|row| said(row, place));
        let demand = |column: &Stretch| {
            let (before, after) = (beside(&gap.before, column.place), beside(&gap.after, column.place));
            let share = if before == after { column.between_like } else { column.between_unlike };
            let neighbours = before.into_iter().chain(after).collect();
            Demand { place: column.place, neighbours, is_same: ticket < share, is_long: column.is_long }
        };
        self.columns.iter().map(demand).collect()
    }
}

/// What a row says in a column, as it stands.
fn said(row: &Row, place: usize) -> Vec<u8> {
    let span = row.fields.get(place).filter(|span| span.kind != Kind::Missing);
    span.map(|span| span.of(row.content()).to_vec()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::{BytesSource, Job, Options, plan};
    use super::*;
    use crate::derive::Stream;
    use crate::persona::Role;
    use crate::record::{Record, Value};

    /// Rows by number: outlets in long stretches, a courier for each row, and a
    /// sum that no two rows share.
    fn export(rows: u32) -> String {
        let mut draw = Stream::new(&[2; 32]);
        let mut text = String::from("运单号,网点,业务员,收件电话,金额\n");
        for row in 0..rows {
            let courier = draw.below(40);
            text += &format!("YT{:09},网点{},员{courier},154{row:08},{}\n", 10 * row, row / 60, 1000 + row * 7);
        }
        text
    }

    /// The rows of a planted export, and which of them were planted.
    fn planted(text: &str, numbers: &[(u64, String)]) -> Vec<(Vec<String>, bool)> {
        let phone = |i: usize| Value::Text(format!("1649999{i:04}"));
        let record = |i| Record { values: vec![(ColumnRole::Phone(Role::Recipient), phone(i))] };
        let records: Vec<Record> = (0..30).map(record).collect();
        let options = Options::default();
        let job = Job {
            columns: &[],
            records: &records,
            numbers,
            is_line: &|_| false,
            place: [4; 32],
            shared: None,
            options: &options,
        };
        let mut bytes = Vec::new();
        let planned = plan(&BytesSource(text.as_bytes()), &job).expect("a plan");
        planned.weave(text.as_bytes(), &mut bytes).expect("a file");
        let text = String::from_utf8(bytes).expect("UTF-8");
        let cells = |row: &str| row.split(',').map(str::to_owned).collect::<Vec<_>>();
        text.lines().skip(1).map(|row| (cells(row), row.contains("1649999"))).collect()
    }

    #[test]
    fn what_comes_in_stretches_agrees_and_the_rest_is_another_rows() {
        let text = export(3000);
        let numbers: Vec<(u64, String)> = (0..400).map(|i| (i, format!("YT{:09}", 70 * i + 3))).collect();

        let rows = planted(&text, &numbers);

        let ours: Vec<usize> = (1..rows.len() - 1).filter(|&at| rows[at].1).collect();
        assert_eq!(ours.len(), 30);
        let mut repeats = 0;
        for at in ours {
            let (before, row, after) = (&rows[at - 1].0, &rows[at].0, &rows[at + 1].0);
            assert!(row[1] == before[1] || row[1] == after[1], "{row:?} between {before:?} and {after:?}");
            repeats += usize::from(row[4] == before[4] || row[4] == after[4]);
        }
        // Right behind a border a row beside the gap is the donor.
        assert!(repeats <= 2, "{repeats} of 30 have the sum of a row beside");
    }

    #[test]
    fn a_number_inside_a_run_keeps_its_sender() {
        // Two senders whose runs are interleaved: the file goes by no number.
        let mut text = String::from("运单号,寄件人,收件电话\n");
        for row in 0..400u32 {
            let sender = row.wrapping_mul(2_654_435_761) >> 31;
            text += &format!("YT{sender}{:08},寄{sender},154{row:08}\n", 3 * row);
        }
        let numbers: Vec<(u64, String)> = (0..100).map(|i| (i, format!("YT{}{:08}", i % 2, 12 * i + 1))).collect();

        let rows = planted(&text, &numbers);

        let ours = rows.iter().filter(|(_, ours)| *ours);
        assert!(
            ours.clone().all(|(row, _)| row[0][2..3] == row[1]["寄".len()..]),
            "{ours:?}",
            ours = ours.collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_window_is_a_few_rows_and_not_too_many_bytes() {
        let bytes = b"abc\ndefg\nh\n".repeat(40);
        let starts: Vec<u32> = (0..40u32).flat_map(|i| [11 * i, 11 * i + 4, 11 * i + 9]).collect();

        assert_eq!(Window::of(&bytes, &starts, bytes.len()).bytes, bytes[11 * 34 + 9..], "the last sixteen");
        assert_eq!(Window::of(&bytes, &[], 0), Window::default());
        let long = vec![b'x'; 2 * MOST_BYTES];
        assert_eq!(Window::of(&long, &[0], long.len()), Window::default());
    }
}
