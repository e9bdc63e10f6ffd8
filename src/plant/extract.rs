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
use super::pass::{BLOCK_BYTES, fill};
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

/// What a stretch of a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The byte order mark.
    Mark,
    /// The line of headers.
    Header,
    /// A blank line.
    Blank,
    /// A record.
    Record,
}

/// A stretch of a piece: one record, or what stands between records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) part: Part,
    pub(crate) start: usize,
    /// Where its content ends and its terminator begins.
    pub(crate) content: usize,
    pub(crate) end: usize,
}

/// Some of a file's bytes, and all that they are, in order.
#[derive(Debug, Default)]
pub(crate) struct Piece {
    pub(crate) bytes: Vec<u8>,
    /// Offset of the first byte in the file.
    pub(crate) base: u64,
    /// Number of its first record, from 1.
    pub(crate) record: u64,
    pub(crate) stretches: Vec<Stretch>,
}

/// A file that is read piece by piece.
pub(crate) struct Extract<R> {
    input: R,
    layout: Layout,
    limit: usize,
    /// What was read and not handed out.
    bytes: Vec<u8>,
    base: u64,
    records: u64,
    ended: bool,
    at_start: bool,
    header_left: bool,
}

impl<R: Read> Extract<R> {
    /// Reads the head of a file, uncompressed, and learns how it is laid out.
    ///
    /// # Errors
    ///
    /// When it cannot be read, is no table, or has no column that would tell a
    /// canary.
    pub(crate) fn open(mut input: R, templates: &[Vec<ColumnSpec>], options: &Options) -> Result<Self, Fault> {
        let mut bytes = Vec::with_capacity(BLOCK_BYTES);
        fill(&mut input, &mut bytes, 0)?;
        let ended = bytes.len() < BLOCK_BYTES;
        let layout = Layout::read(&bytes, ended, templates, options)?;
        let header_left = layout.dialect().format == Format::Delimited && layout.header.is_some();
        let limit = options.record_limit();
        Ok(Self { input, layout, limit, bytes, base: 0, records: 0, ended, at_start: true, header_left })
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
    pub(crate) fn next(&mut self, mut spare: Vec<u8>) -> Result<Option<Piece>, Fault> {
        loop {
            let mut piece = Piece { base: self.base, record: self.records + 1, ..Piece::default() };
            let at = self.cut(&mut piece.stretches)?;
            if at == 0 && self.ended {
                return Ok(None);
            }
            spare.clear();
            spare.extend_from_slice(&self.bytes[at..]);
            piece.bytes = std::mem::replace(&mut self.bytes, spare);
            piece.bytes.truncate(at);
            self.base += at as u64;
            if !self.ended {
                let before = self.bytes.len();
                fill(&mut self.input, &mut self.bytes, self.base + before as u64)?;
                self.ended = self.bytes.len() - before < BLOCK_BYTES;
            }
            if at > 0 {
                return Ok(Some(piece));
            }
            // A record longer than a block: the next try has more of it.
            spare = piece.bytes;
        }
    }

    /// Cuts what was read; returns how much of it is whole.
    fn cut(&mut self, stretches: &mut Vec<Stretch>) -> Result<usize, Fault> {
        let mut at = 0;
        if std::mem::take(&mut self.at_start) {
            at = self.layout.dialect().bom_bytes();
            stretches.extend((at > 0).then_some(Stretch { part: Part::Mark, start: 0, content: at, end: at }));
        }
        loop {
            let rest = &self.bytes[at..];
            let (content, end) = match cut(self.layout.dialect(), rest, self.ended) {
                Cut::Record { content, end } if end <= self.limit => (content, end),
                Cut::More { .. } if rest.is_empty() => return Ok(at),
                Cut::More { quote } if self.ended || rest.len() > self.limit => return Err(self.endless(at, quote)),
                Cut::More { .. } => return Ok(at),
                Cut::Record { .. } => return Err(self.endless(at, None)),
            };
            let part = match content {
                0 => Part::Blank,
                _ if std::mem::take(&mut self.header_left) => Part::Header,
                _ => Part::Record,
            };
            self.records += u64::from(part == Part::Record);
            stretches.push(Stretch { part, start: at, content: at + content, end: at + end });
            at += end;
        }
    }

    fn endless(&self, at: usize, quote: Option<usize>) -> Fault {
        let fault = endless(quote, self.base + at as u64, self.records + 1, 0, self.ended, self.limit);
        Fault { line: None, ..fault }
    }
}
