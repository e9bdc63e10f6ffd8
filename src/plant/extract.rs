//! The same files, read for another purpose: record by record, with the
//! columns that can show whose a row is.
//!
//! Planting looks for columns that it can fill, scrubbing for the two kinds
//! that tell a canary: waybill numbers and phones. Dialect, header and roles
//! are found by the same code, so that whatever can be planted into can be
//! scrubbed. Nothing is checked here that does not bear on where records and
//! fields begin: an operational file is not refused for a wrong byte in it.

use std::io::Read;

use super::columns::Columns;
use super::cut::{Cut, Kind, Span, cut};
use super::dialect::{Dialect, Format};
use super::pass::BLOCK_BYTES;
use super::pieces::{Head, Piece, Pieces};
use super::sample::{FieldReader, Sample};
use super::surveyor::endless;
use super::{ColumnSpec, Job, Options};
use crate::fault::Fault;
use crate::persona::Role;
use crate::record::{ColumnRole, Record, Value};

/// How a file is laid out, and where its numbers and phones stand.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    reader: FieldReader,
    /// Fields of the header; `None` without one.
    header: Option<Vec<String>>,
    /// Fields of a usual record; 0 where records have no fixed number of them.
    width: usize,
    numbers: Vec<usize>,
    phones: Vec<usize>,
}

impl Layout {
    /// Reads the head of a file; `whole` when the head is all there is.
    ///
    /// Columns are named as in one of `templates`, as real exports name them,
    /// or by the options. A file without a header may be laid out as one of the
    /// templates is.
    fn read(head: &[u8], whole: bool, templates: &[Vec<ColumnSpec>], options: &Options) -> Result<Self, Fault> {
        let dialect = Dialect::detect(head, whole, options)?;
        let all: Vec<ColumnSpec> = templates.iter().flatten().cloned().collect();
        // What one template calls something else must not hide a number of another's.
        let marks: Vec<ColumnSpec> = all.iter().filter(|spec| is_mark(&spec.role)).cloned().collect();
        // A canary of any template: it has a number, and phones.
        let phone = |role| (ColumnRole::Phone(role), Value::Text(String::new()));
        let records = [Record { values: vec![phone(Role::Sender), phone(Role::Recipient)] }];
        let numbers = [(0, String::new())];
        let job = |columns| Job {
            columns,
            records: &records,
            numbers: &numbers,
            is_line: &|_| false,
            place: [0; 32],
            shared: None,
            options,
        };
        let bom = dialect.bom_bytes();
        let sample = Sample::read(&dialect, &head[bom..], whole, &job(&all));
        if sample.is_empty()
            && head.len() > bom
            && let Cut::More { quote } = cut(&dialect, &head[bom..], whole)
        {
            return Err(endless(quote, bom as u64, 1, 1, whole, BLOCK_BYTES.min(options.record_limit())));
        }
        let mut columns = Columns::resolve(&dialect, &sample, &job(&marks));
        if sample.headers.is_empty() {
            let mut by_position = templates.iter().map(|columns| Columns::resolve(&dialect, &sample, &job(columns)));
            columns = columns.or_else(|fault| by_position.find_map(Result::ok).ok_or(fault));
        }
        let columns = columns?;
        let is_delimited = dialect.format == Format::Delimited;
        if !sample.is_empty() && is_delimited {
            sample.check_width(&columns)?;
        }
        let places = |wanted: fn(&ColumnRole) -> bool| {
            columns.all.iter().filter(|column| wanted(&column.role)).map(|column| column.place).collect()
        };
        Ok(Self {
            numbers: places(|role| *role == ColumnRole::Number),
            phones: places(|role| matches!(role, ColumnRole::Phone(_))),
            width: if is_delimited { sample.width() } else { 0 },
            header: (sample.has_header || !is_delimited).then(|| sample.headers.clone()),
            reader: sample.reader,
        })
    }

    /// How the file is written.
    pub(crate) fn dialect(&self) -> &Dialect {
        &self.reader.dialect
    }

    /// What its columns are called; in JSON, the paths of its values. `None`
    /// for a file without a header.
    pub(crate) fn headers(&self) -> Option<&[String]> {
        self.header.as_deref()
    }

    /// Fields of a usual record; 0 in JSON.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Headers of the columns with numbers and of those with phones, or their
    /// places from 1.
    pub(crate) fn looked_at(&self) -> (Vec<String>, Vec<String>) {
        let label = |place: &usize| {
            let header = self.header.as_ref().and_then(|header| header.get(*place));
            header.filter(|text| !text.is_empty()).cloned().unwrap_or_else(|| format!("column {}", place + 1))
        };
        (self.numbers.iter().map(label).collect(), self.phones.iter().map(label).collect())
    }

    /// Finds the fields of a record; `false` when it is not as wide as the
    /// others, or broken JSON (then there are no fields).
    pub(crate) fn split(&self, content: &[u8], fields: &mut Vec<Span>) -> bool {
        if self.reader.split(content, fields).is_err() {
            fields.clear();
            return false;
        }
        self.width == 0 || fields.len() == self.width
    }

    /// The fields that hold numbers.
    pub(crate) fn numbers<'f>(&'f self, fields: &'f [Span]) -> impl Iterator<Item = Span> + 'f {
        self.numbers.iter().filter_map(|place| fields.get(*place).copied())
    }

    /// The fields that hold phones.
    pub(crate) fn phones<'f>(&'f self, fields: &'f [Span]) -> impl Iterator<Item = Span> + 'f {
        self.phones.iter().filter_map(|place| fields.get(*place).copied())
    }

    /// A field's bytes if they say what they are: ASCII without an escape. The
    /// quotes around them may be among them.
    pub(crate) fn plain<'c>(&self, content: &'c [u8], span: Span) -> Option<&'c [u8]> {
        if span.kind == Kind::Missing {
            return Some(&[]);
        }
        let raw = span.of(content);
        let escaped = self.reader.dialect.format == Format::JsonLines && raw.contains(&b'\\');
        (raw.is_ascii() && !escaped).then_some(raw)
    }

    /// What a field says.
    pub(crate) fn text(&self, content: &[u8], span: Span) -> String {
        self.reader.text(content, span)
    }
}

/// Whether a column of this role can tell a canary.
fn is_mark(role: &ColumnRole) -> bool {
    matches!(role, ColumnRole::Number | ColumnRole::Phone(_))
}

/// A file that is read piece by piece.
pub(crate) struct Extract<R> {
    layout: Layout,
    pieces: Pieces<R>,
}

impl<R: Read> Extract<R> {
    /// Reads the head of a file, uncompressed, and learns how it is laid out.
    ///
    /// # Errors
    ///
    /// When it cannot be read, is no table, or has no column that would tell a
    /// canary.
    pub(crate) fn open(input: R, templates: &[Vec<ColumnSpec>], options: &Options) -> Result<Self, Fault> {
        let head = Head::read(input)?;
        let layout = Layout::read(head.bytes(), head.is_whole(), templates, options)?;
        let has_header = layout.dialect().format == Format::Delimited && layout.header.is_some();
        let pieces = head.pieces(layout.dialect(), has_header, options);
        Ok(Self { layout, pieces })
    }

    /// How the file is laid out.
    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Reads on; `None` behind the last piece. `spare` is memory to use again.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or a record does not end.
    pub(crate) fn next(&mut self, spare: Vec<u8>) -> Result<Option<Piece>, Fault> {
        self.pieces.next(spare)
    }
}
