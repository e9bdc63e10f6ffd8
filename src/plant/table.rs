//! An export as a table of texts, column by column.
//!
//! What learns from an export reads every row and keeps every text once: a
//! column is a list of codes and what each code stands for. A million rows of
//! twenty columns take some hundred megabytes so, and as strings more than a
//! gigabyte.

use std::collections::HashMap;

use rayon::prelude::*;

use super::columns::Columns;
use super::cut::Kind;
use super::dialect::{Dialect, Format};
use super::pieces::{Head, Part};
use super::sample::Sample;
use super::source::Unpacked;
use super::style::affixes;
use super::{Job, Options};
use crate::fault::Fault;
use crate::record::ColumnRole;

/// All rows of an export.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Its columns, in the order of the file.
    pub columns: Vec<TableColumn>,
    /// Rows.
    pub rows: usize,
    /// Records that are not like the others and are left out.
    pub ragged: u64,
}

/// One column.
#[derive(Clone, Debug, Default)]
pub struct TableColumn {
    /// What the file calls it.
    pub header: String,
    /// What its header says it is for.
    pub role: Option<ColumnRole>,
    /// Of each row, which of `texts` it holds.
    pub codes: Vec<u32>,
    /// What rows hold, in the order in which it first came.
    pub texts: Vec<Box<str>>,
}

impl TableColumn {
    /// What the row holds.
    pub fn text(&self, row: usize) -> &str {
        &self.texts[self.codes[row] as usize]
    }

    /// Of each text, how many rows hold it.
    pub fn counts(&self) -> Vec<u32> {
        let mut counts = vec![0; self.texts.len()];
        self.codes.iter().for_each(|&code| counts[code as usize] += 1);
        counts
    }
}

impl Table {
    /// Reads an export to its end.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is no table with a header.
    pub fn read(input: Unpacked<'_>, options: &Options) -> Result<Self, Fault> {
        let head = Head::read(input)?;
        let dialect = Dialect::detect(head.bytes(), head.is_whole(), options)?;
        let job = Job {
            columns: &[],
            records: &[],
            numbers: &[],
            is_line: &|_| false,
            place: [0; 32],
            shared: None,
            options,
        };
        let sample = Sample::read(&dialect, &head.bytes()[dialect.bom_bytes()..], head.is_whole(), &job);
        let mut reading = Reading::new(&sample, &job)?;
        let mut pieces = head.pieces(&dialect, sample.has_header, options);
        let mut spare = Vec::new();
        while let Some(piece) = pieces.next(spare)? {
            let records = piece.stretches.iter().filter(|stretch| stretch.part == Part::Record);
            reading.records(&sample, records.map(|stretch| &piece.bytes[stretch.start..stretch.content]));
            spare = piece.bytes;
        }
        if reading.table.rows == 0 || sample.headers.is_empty() {
            return Err(Fault::new("expected a header and rows below it")
                .hint("learning goes by what columns are called; add a header, or write the template by hand"));
        }
        Ok(reading.table)
    }

    /// Adds the rows of another export with the same columns.
    ///
    /// # Errors
    ///
    /// When its columns are called otherwise.
    pub fn append(&mut self, other: &Self) -> Result<(), Fault> {
        let headers = |table: &Self| table.columns.iter().map(|column| column.header.clone()).collect::<Vec<_>>();
        if headers(self) != headers(other) {
            return Err(Fault::new(format!("expected the columns {}", headers(self).join(", ")))
                .hint("exports of another kind want a template of their own"));
        }
        for (column, more) in self.columns.iter_mut().zip(&other.columns) {
            let mut known: HashMap<Box<str>, u32> = column.texts.iter().cloned().zip(0..).collect();
            let codes: Vec<u32> = more
                .texts
                .iter()
                .map(|text| {
                    *known.entry(text.clone()).or_insert_with(|| {
                        column.texts.push(text.clone());
                        column.texts.len() as u32 - 1
                    })
                })
                .collect();
            column.codes.extend(more.codes.iter().map(|&code| codes[code as usize]));
        }
        self.rows += other.rows;
        self.ragged += other.ragged;
        Ok(())
    }
}

/// A table while it is being read.
struct Reading {
    table: Table,
    known: Vec<HashMap<Box<str>, u32>>,
    fields: Vec<super::cut::Span>,
}

impl Reading {
    fn new(sample: &Sample, job: &Job<'_>) -> Result<Self, Fault> {
        let width = sample.width();
        let mut table = Table::default();
        let column = |place| TableColumn { header: sample.label(place), ..TableColumn::default() };
        table.columns.extend((0..width).map(column));
        for column in Columns::named(sample, job)?.0.all.into_iter().filter(|column| column.is_first) {
            let held = table.columns.get_mut(column.place).ok_or_else(|| {
                Fault::new(format!("expected {:?} in every row, found rows of {width} fields", column.header))
                    .hint("the header has more columns than the rows: mend it, or say with --delimiter how fields end")
            })?;
            held.role.get_or_insert(column.role);
        }
        Ok(Self { table, known: vec![HashMap::new(); width], fields: Vec::new() })
    }

    /// Takes the records of a piece. Columns know nothing of each other, so each
    /// is read by itself.
    fn records<'p>(&mut self, sample: &Sample, records: impl Iterator<Item = &'p [u8]>) {
        let (reader, width) = (&sample.reader, self.table.columns.len());
        let (mut rows, mut spans) = (Vec::new(), Vec::new());
        for content in records {
            let fits = reader.split(content, &mut self.fields).is_ok()
                && (reader.dialect.format == Format::JsonLines || self.fields.len() == width);
            if !fits {
                self.table.ragged += 1;
                continue;
            }
            rows.push(content);
            spans.extend(
                (0..width).map(|place| self.fields.get(place).copied().filter(|span| span.kind != Kind::Missing)),
            );
        }
        self.table.rows += rows.len();
        let columns = self.table.columns.par_iter_mut().zip(&mut self.known).enumerate();
        columns.for_each(|(place, (column, known))| {
            for (content, spans) in rows.iter().zip(spans.chunks_exact(width)) {
                let text = spans[place].map(|span| reader.text(content, span)).unwrap_or_default();
                let core = affixes(&text).1;
                let code = match known.get(core) {
                    Some(&code) => code,
                    None => {
                        let code = column.texts.len() as u32;
                        column.texts.push(core.into());
                        known.insert(core.into(), code);
                        code
                    }
                };
                column.codes.push(code);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plant::{BytesSource, Source as _};

    #[test]
    fn a_header_that_is_longer_than_the_rows_is_refused() {
        let source = BytesSource("品名,收件人,收件电话\n鞋,张三\n书,李四\n书,王五\n".as_bytes());

        let read = Table::read(source.open().expect("bytes"), &Options::default());

        let fault = read.expect_err("no row has a phone");
        assert_eq!(fault.what, "expected \"收件电话\" in every row, found rows of 2 fields");
    }
}
