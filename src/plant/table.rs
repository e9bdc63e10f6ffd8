//! An export as a table of texts, column by column.
//!
//! What learns from an export reads every row and keeps every text once: a
//! column is a list of codes and what each code stands for. A million rows of
//! twenty columns take some hundred megabytes so, and as strings more than a
//! gigabyte.

use std::collections::HashMap;

use super::cut::{Cut, Kind, cut};
use super::dialect::{Dialect, Format};
use super::pass::{BLOCK_BYTES, fill};
use super::roles::role_of;
use super::sample::Sample;
use super::source::Unpacked;
use super::style::affixes;
use super::{Job, Options};
use crate::fault::Fault;
use crate::persona::Role;
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
    pub fn read(mut input: Unpacked<'_>, options: &Options) -> Result<Self, Fault> {
        let mut bytes = Vec::with_capacity(2 * BLOCK_BYTES);
        fill(&mut input, &mut bytes, 0)?;
        let whole = bytes.len() < BLOCK_BYTES;
        let dialect = Dialect::detect(&bytes, whole, options)?;
        let job = Job {
            columns: &[],
            records: &[],
            numbers: &[],
            is_line: &|_| false,
            place: [0; 32],
            shared: None,
            options,
        };
        let sample = Sample::read(&dialect, &bytes[dialect.bom_bytes()..], whole, &job);
        if sample.is_empty() || sample.headers.is_empty() {
            return Err(Fault::new("expected a header and rows below it")
                .hint("learning goes by what columns are called; add a header, or write the template by hand"));
        }
        let mut reading = Reading::new(&sample, options)?;
        let mut at = dialect.bom_bytes();
        let (mut base, mut ended, mut header_left) = (0, whole, sample.has_header);
        loop {
            match cut(&dialect, &bytes[at..], ended) {
                Cut::Record { content, end } => {
                    if content > 0 && header_left {
                        header_left = false;
                    } else if content > 0 {
                        reading.row(&sample, &bytes[at..at + content]);
                    }
                    at += end;
                    if ended && at >= bytes.len() {
                        break;
                    }
                }
                Cut::More { .. } if ended => break,
                Cut::More { .. } if bytes.len() - at > options.record_limit() => {
                    return Err(Fault::new("a record has no end within the limit").at_byte(base + at as u64));
                }
                Cut::More { .. } => {
                    bytes.drain(..at);
                    base += at as u64;
                    at = 0;
                    let before = bytes.len();
                    fill(&mut input, &mut bytes, base)?;
                    ended = bytes.len() - before < BLOCK_BYTES;
                }
            }
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
    fn new(sample: &Sample, options: &Options) -> Result<Self, Fault> {
        let width = sample.width();
        let mut table = Table::default();
        for place in 0..width {
            let header = sample.label(place);
            table.columns.push(TableColumn { role: role_of(&header), header, ..TableColumn::default() });
        }
        for (role, name) in &options.map {
            let place = sample.place(name).ok_or_else(|| {
                Fault::new(format!("there is no column {name:?} for {role}")).hint(sample.columns_hint())
            })?;
            table.columns.iter_mut().for_each(|column| {
                column.role.take_if(|have| have == role);
            });
            table.columns[place].role = Some(role.clone());
        }
        settle(&mut table.columns, sample);
        Ok(Self { table, known: vec![HashMap::new(); width], fields: Vec::new() })
    }

    fn row(&mut self, sample: &Sample, content: &[u8]) {
        let reader = &sample.reader;
        let fits = reader.split(content, &mut self.fields).is_ok()
            && (reader.dialect.format == Format::JsonLines || self.fields.len() == self.table.columns.len());
        if !fits {
            self.table.ragged += 1;
            return;
        }
        for (place, column) in self.table.columns.iter_mut().enumerate() {
            let span = self.fields.get(place).copied().filter(|span| span.kind != Kind::Missing);
            let text = span.map(|span| reader.text(content, span)).unwrap_or_default();
            let core = affixes(&text).1;
            let code = match self.known[place].get(core) {
                Some(&code) => code,
                None => {
                    let code = column.texts.len() as u32;
                    column.texts.push(core.into());
                    self.known[place].insert(core.into(), code);
                    code
                }
            };
            column.codes.push(code);
        }
        self.table.rows += 1;
    }
}

/// Gives each role to one column, and tells whole addresses from what is left
/// of them beside a province.
fn settle(columns: &mut [TableColumn], sample: &Sample) {
    for role in [Role::Sender, Role::Recipient] {
        let place = |columns: &[TableColumn], want: ColumnRole| {
            columns.iter().position(|column| column.role.as_ref() == Some(&want))
        };
        let widest = place(columns, ColumnRole::Province(role)).or(place(columns, ColumnRole::City(role)));
        for (at, column) in columns.iter_mut().enumerate() {
            if matches!(&column.role, Some(ColumnRole::Address(r) | ColumnRole::Local(r)) if *r == role) {
                column.role = Some(match widest {
                    Some(widest) if !sample.repeats(widest, at) => ColumnRole::Local(role),
                    _ => ColumnRole::Address(role),
                });
            }
        }
    }
    for at in 0..columns.len() {
        let (earlier, rest) = columns.split_at_mut(at);
        if earlier.iter().any(|column| column.role.is_some() && column.role == rest[0].role) {
            rest[0].role = None;
        }
    }
}
