//! What a sheet holds: where its records are, and how its cells are written.

use std::collections::BTreeMap;
use std::io::Read;

use quick_xml::events::Event;

use super::header::{self, HeadRow, Header, Merge};
use super::sheet::{Cell, Kind, Piece, Row, SheetReader, column};
use super::shift::extent;
use super::strings::{Texts, unescaped};
use super::styles::Styles;
use super::tag;
use super::values::{Calendar, Digits, fineness, shown};
use super::xml::local;
use crate::fault::Fault;
use crate::record::ColumnRole;
use crate::registry::Fineness;

/// Rows that habits are learned from.
const HEAD_ROWS: usize = 500;
/// A column further right belongs to no table of records.
const MAX_WIDTH: usize = 2_000;
/// Of merged cells and of formulas that fill several cells at once.
const MOST: usize = 200_000;

/// How to read a cell as text.
pub(super) struct Reading<'a> {
    pub(super) texts: &'a Texts,
    pub(super) styles: &'a Styles,
    pub(super) calendar: Calendar,
}

impl Reading<'_> {
    /// What a cell says, as text.
    pub(super) fn text(&self, row: &Row, cell: &Cell, fineness: Fineness) -> Result<String, Fault> {
        let raw = row.text(cell);
        Ok(match cell.kind {
            Kind::Shared if raw.trim().is_empty() => String::new(),
            Kind::Shared => {
                let text = raw.trim().parse().ok().and_then(|number| self.texts.get(number));
                unescaped(text.ok_or_else(|| missing(row, cell))?).into_owned()
            }
            Kind::Inline | Kind::Text | Kind::Error | Kind::Date => unescaped(raw).into_owned(),
            Kind::Bool => match raw.trim() {
                "" => String::new(),
                "0" | "false" => "FALSE".to_owned(),
                _ => "TRUE".to_owned(),
            },
            Kind::Number => shown(raw, self.styles.shows(cell.style), fineness, self.calendar),
        })
    }
}

fn missing(row: &Row, cell: &Cell) -> Fault {
    Fault::new("a cell names a shared string that is missing")
        .at_field(format!("{}{}", super::sheet::letters(cell.column), row.number))
        .hint("the workbook is damaged: open it in a spreadsheet program and save it again")
}

/// How most cells of a column are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Form {
    pub(super) is_number: bool,
    pub(super) style: usize,
}

/// A sheet, surveyed.
#[derive(Clone, Debug)]
pub(super) struct Survey {
    /// None where the first row is a record, or may be one.
    pub(super) header: Option<Header>,
    /// First and last row of the records.
    pub(super) data: (u32, u32),
    /// Columns.
    pub(super) width: usize,
    /// Of each column.
    pub(super) fineness: Vec<Fineness>,
    pub(super) forms: Vec<Option<Form>>,
    pub(super) digits: Digits,
    /// A row with fewer cells is a total or a note, no record.
    pub(super) least: usize,
    /// Stretches of rows, from first to last, that nothing can be put between: rising, and none shares a row with another.
    pub(super) apart: Vec<(u32, u32)>,
    /// Rows that are records.
    pub(super) rows: u64,
    /// Rows among them and below that are not.
    pub(super) left_out: u64,
}

impl Survey {
    /// Whether nothing can be put between this row and one beside it.
    pub(super) fn is_apart(&self, row: u32) -> bool {
        let behind = self.apart.partition_point(|(first, _)| *first <= row);
        self.apart[..behind].last().is_some_and(|(_, last)| *last >= row)
    }

    /// Whether a row among the records is one.
    pub(super) fn is_record(&self, fields: &[String]) -> bool {
        fields.iter().filter(|field| !field.is_empty()).count() >= self.least
    }

    /// What a row says, column by column.
    pub(super) fn fields(&self, row: &Row, reading: &Reading<'_>) -> Result<Vec<String>, Fault> {
        fields(row, reading, &self.fineness)
    }
}

/// What a row says, column by column; there are as many as there are finenesses.
pub(super) fn fields(row: &Row, reading: &Reading<'_>, fineness: &[Fineness]) -> Result<Vec<String>, Fault> {
    let mut fields = vec![String::new(); fineness.len()];
    for cell in &row.cells {
        if let Some(field) = fields.get_mut(cell.column as usize) {
            *field = reading.text(row, cell, fineness[cell.column as usize])?;
        }
    }
    Ok(fields)
}

/// Surveys a sheet; none if it has no records.
pub(super) fn survey(
    input: &mut dyn Read,
    reading: &Reading<'_>,
    has_header: Option<bool>,
    role: &dyn Fn(&str) -> Option<ColumnRole>,
) -> Result<Option<Survey>, Fault> {
    let seen = Seen::read(input, reading)?;
    let header = match has_header {
        Some(false) => None,
        _ => header::find(&seen.texts(reading)?, &seen.merges, role),
    };
    Ok(seen.conclude(header, reading))
}

/// What one pass over a sheet saw.
#[derive(Default)]
struct Seen {
    /// The first rows that say anything.
    head: Vec<Row>,
    /// All rows that do, with how many cells do.
    filled: Vec<(u32, u16)>,
    merges: Vec<Merge>,
    /// Formulas that fill several rows at once.
    arrays: Vec<(u32, u32)>,
}

impl Seen {
    fn read(input: &mut dyn Read, reading: &Reading<'_>) -> Result<Self, Fault> {
        let mut reader = SheetReader::new(input)?;
        let mut seen = Self::default();
        loop {
            match reader.next()? {
                Piece::Row(row) => seen.row(row, reading)?,
                Piece::Outside(event) => seen.outside(&event)?,
                Piece::Blank(_) | Piece::EndOfRows(_) => {}
                Piece::End => return Ok(seen),
            }
        }
    }

    fn row(&mut self, row: &Row, reading: &Reading<'_>) -> Result<(), Fault> {
        let mut filled = 0u16;
        for cell in &row.cells {
            if !row.text(cell).is_empty() && !reading.text(row, cell, Fineness::Day)?.is_empty() {
                filled = filled.saturating_add(1);
            }
            let fills = cell.formula.as_ref().and_then(|formula| {
                let tag = &row.raw[formula.tag.clone()];
                let is_one = !matches!(tag::value(tag, "t"), Some("array" | "dataTable"));
                extent(tag::value(tag, "ref").filter(|_| !is_one)?)
            });
            self.arrays.extend(fills.filter(|(first, last)| first < last));
        }
        if self.arrays.len() > MOST {
            return Err(Fault::new(format!("expected at most {MOST} formulas that fill several cells")));
        }
        if filled > 0 {
            self.filled.push((row.number, filled));
            if self.head.len() < HEAD_ROWS {
                self.head.push(row.clone());
            }
        }
        Ok(())
    }

    fn outside(&mut self, event: &Event<'_>) -> Result<(), Fault> {
        if let Event::Start(tag) | Event::Empty(tag) = event
            && local(event) == "mergeCell"
            && let Some(range) = tag::value(tag, "ref")
        {
            self.merges.extend(merge(range));
            if self.merges.len() > MOST {
                return Err(Fault::new(format!("expected at most {MOST} merged cells"))
                    .hint("take the merging back, or save the sheet as CSV and plant into that"));
            }
        }
        Ok(())
    }

    fn texts(&self, reading: &Reading<'_>) -> Result<Vec<HeadRow>, Fault> {
        let texts = |row: &Row| {
            let width = row.cells.iter().map(|cell| cell.column as usize + 1).max().unwrap_or(0).min(MAX_WIDTH);
            let texts = fields(row, reading, &vec![Fineness::Day; width])?;
            Ok(HeadRow { number: row.number, texts })
        };
        self.head.iter().map(texts).collect()
    }

    fn conclude(self, header: Option<Header>, reading: &Reading<'_>) -> Option<Survey> {
        let top = header.as_ref().map_or(0, |header| header.row);
        let below = |number: u32| number > top;
        let mut usual: Vec<u16> =
            self.filled.iter().filter(|(row, _)| below(*row)).take(HEAD_ROWS).map(|(_, filled)| *filled).collect();
        usual.sort_unstable();
        let least = usize::from(*usual.get(usual.len() / 2)?).div_ceil(2).max(1);
        let is_record = |(row, filled): &&(u32, u16)| below(*row) && usize::from(*filled) >= least;
        let first = self.filled.iter().find(is_record)?.0;
        let last = self.filled.iter().rev().find(is_record)?.0;
        let rows = self.filled.iter().filter(is_record).count() as u64;
        let left_out = self.filled.iter().filter(|(row, _)| *row > first).count() as u64 + 1 - rows;
        let head: Vec<&Row> = self.head.iter().filter(|row| (first..=last).contains(&row.number)).collect();
        let width = width(header.as_ref(), &head);
        let column = |column: usize| Column::learn(&head, column as u32, reading);
        let columns: Vec<Column> = (0..width).map(column).collect();
        let parts = head.iter().flat_map(|row| row.cells.iter().map(|cell| (*row, cell)));
        let fractions = parts.filter(|(row, cell)| cell.kind == Kind::Number && row.text(cell).contains('.'));
        let digits = Digits::learn(&fractions.map(|(row, cell)| row.text(cell).trim()).collect::<Vec<_>>());
        let merged = self.merges.iter().map(|merge| merge.rows).filter(|(first, last)| first < last);
        let apart = merged.chain(self.arrays).filter(|(from, to)| *to >= first && *from <= last);
        Some(Survey {
            header,
            data: (first, last),
            width,
            fineness: columns.iter().map(|column| column.fineness).collect(),
            forms: columns.iter().map(|column| column.form).collect(),
            digits,
            least,
            apart: united(apart.collect()),
            rows,
            left_out,
        })
    }
}

/// Stretches that share rows, as one.
fn united(mut stretches: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    stretches.sort_unstable();
    let mut united: Vec<(u32, u32)> = Vec::new();
    for (first, last) in stretches {
        match united.last_mut() {
            Some((_, end)) if first <= *end => *end = last.max(*end),
            _ => united.push((first, last)),
        }
    }
    united
}

/// The columns that a header names, or that half of the rows fill.
fn width(header: Option<&Header>, head: &[&Row]) -> usize {
    let named =
        header.map_or(0, |header| header.names.iter().rposition(|name| !name.is_empty()).map_or(0, |at| at + 1));
    let mut filled: BTreeMap<u32, usize> = BTreeMap::new();
    for row in head {
        for cell in row.cells.iter().filter(|cell| !row.text(cell).is_empty()) {
            *filled.entry(cell.column).or_default() += 1;
        }
    }
    let used =
        filled.iter().rev().find(|(_, count)| **count * 2 > head.len()).map_or(0, |(column, _)| *column as usize + 1);
    named.max(used).min(MAX_WIDTH)
}

/// The habits of a column.
struct Column {
    fineness: Fineness,
    form: Option<Form>,
}

impl Column {
    fn learn(head: &[&Row], column: u32, reading: &Reading<'_>) -> Self {
        let mut finest = Fineness::Day;
        let mut forms: BTreeMap<Form, usize> = BTreeMap::new();
        for (row, cell) in head.iter().filter_map(|row| Some((row, row.cell(column)?))) {
            let text = row.text(cell);
            if text.is_empty() {
                continue;
            }
            if cell.kind == Kind::Number {
                finest = fineness(text, reading.styles.shows(cell.style)).unwrap_or_default().max(finest);
            }
            *forms.entry(Form { is_number: cell.kind == Kind::Number, style: cell.style }).or_default() += 1;
        }
        let form = forms.into_iter().max_by_key(|(_, count)| *count).map(|(form, _)| form);
        Self { fineness: finest, form }
    }
}

/// Reads `B2:C5`.
fn merge(range: &str) -> Option<Merge> {
    let rows = extent(range)?;
    let ends = range.split(':').map(|end| {
        let end = end.trim_start_matches('$');
        column(&end[..end.bytes().take_while(u8::is_ascii_alphabetic).count()])
    });
    let columns: Vec<u32> = ends.collect::<Option<_>>()?;
    Some(Merge { rows, columns: (*columns.iter().min()?, *columns.iter().max()?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_that_share_rows_are_one() {
        assert_eq!(united(vec![(9, 10), (2, 8), (3, 4), (5, 6), (10, 12)]), [(2, 8), (9, 12)]);
        assert_eq!(united(Vec::new()), []);
    }

    #[test]
    fn ranges_of_merged_cells_are_read() {
        let expected = Merge { rows: (2, 5), columns: (1, 27) };
        assert_eq!((merge("B2:AB5"), merge("$B$5:$AB$2")), (Some(expected), Some(expected)));
        assert_eq!((merge("x"), merge("1:2")), (None, None));
    }
}
