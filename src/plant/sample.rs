//! The head of a file, read as rows: what columns and habits are learned from.

use super::Options;
use super::columns::Columns;
use super::cut::{Cut, Kind, Span, cut, split, unquote};
use super::dialect::{Dialect, Format};
use super::json::{self, Escapes, Paths};
use super::roles::{normal, role_of};
use super::{ColumnSpec, Job};
use crate::fault::Fault;
use crate::record::ColumnRole;

/// Rows that habits are learned from.
const SAMPLE_ROWS: usize = 500;

/// The head of a file.
pub(super) struct Sample {
    /// Header fields, or the paths of JSON values; empty without a header.
    pub(super) headers: Vec<String>,
    /// Whether the first record is a header.
    pub(super) has_header: bool,
    rows: Vec<Vec<(String, Kind)>>,
    pub(super) reader: FieldReader,
    /// Quoted fields without need that hold a comma: so writes Excel.
    pub(super) quotes_commas: bool,
}

/// Finds the fields of a record and reads what they say.
#[derive(Clone, Debug)]
pub(super) struct FieldReader {
    pub(super) dialect: Dialect,
    pub(super) paths: Paths,
    pub(super) escapes: Escapes,
}

impl FieldReader {
    /// Finds the fields of a record.
    ///
    /// # Errors
    ///
    /// For JSON, the offset of the first byte that is not JSON.
    pub(super) fn split(&self, content: &[u8], fields: &mut Vec<Span>) -> Result<(), usize> {
        match self.dialect.format {
            Format::JsonLines => self.paths.split(content, self.dialect.encoding.is_gb(), fields),
            Format::Delimited => {
                split(&self.dialect, content, fields);
                Ok(())
            }
        }
    }

    /// Returns what a field says.
    pub(super) fn text(&self, content: &[u8], span: Span) -> String {
        let raw = span.of(content);
        match (self.dialect.format, span.kind) {
            (_, Kind::Missing) => String::new(),
            (Format::Delimited, kind) => self.dialect.encoding.decode(&unquote(raw, kind)).into_owned(),
            (Format::JsonLines, Kind::Quoted) => json::unescape(&self.dialect.encoding.decode(&raw[1..raw.len() - 1])),
            (Format::JsonLines, _) if raw == b"null" => String::new(),
            (Format::JsonLines, _) => self.dialect.encoding.decode(raw).into_owned(),
        }
    }
}

impl Sample {
    /// Reads the head of a file, without its byte order mark.
    pub(super) fn read(dialect: &Dialect, body: &[u8], whole: bool, job: &Job<'_>) -> Self {
        let (records, read) = records(dialect, body, whole);
        let mut paths = Paths::default();
        let mut escapes = Escapes::default();
        if dialect.format == Format::JsonLines {
            for record in &records {
                // A broken object is counted when its turn comes.
                let _ = paths.learn(record, dialect.encoding.is_gb());
            }
            escapes = Escapes::learn(&body[..read]);
        }
        let reader = FieldReader { dialect: dialect.clone(), paths, escapes };
        let (mut rows, mut fields, mut quotes_commas) = (Vec::new(), Vec::new(), false);
        for record in records.iter().filter(|record| !record.is_empty()) {
            if reader.split(record, &mut fields).is_ok() {
                quotes_commas |=
                    dialect.delimiter != b',' && fields.iter().any(|span| is_needless(record, *span, dialect));
                rows.push(fields.iter().map(|span| (reader.text(record, *span), span.kind)).collect::<Vec<_>>());
            }
        }
        let mut sample = Self { headers: Vec::new(), has_header: false, rows, reader, quotes_commas };
        sample.find_header(job);
        sample
    }

    fn find_header(&mut self, job: &Job<'_>) {
        if self.reader.dialect.format == Format::JsonLines {
            self.headers = self
                .reader
                .paths
                .names()
                .iter()
                .map(|name| self.reader.dialect.encoding.decode(name).into_owned())
                .collect();
            return;
        }
        let Some(first) = self.rows.first() else { return };
        let words: Vec<String> = first.iter().map(|(text, _)| text.trim().to_owned()).collect();
        self.has_header =
            job.options.header.unwrap_or_else(|| looks_like_header(&words, &self.rows[1..], job.columns, job.options));
        if self.has_header {
            self.headers = words;
            self.rows.remove(0);
        }
    }

    /// Fields of a usual record.
    pub(super) fn width(&self) -> usize {
        if self.reader.dialect.format == Format::JsonLines || self.rows.is_empty() {
            return self.headers.len();
        }
        // The rows decide, not the header: some exporters end rows with a
        // delimiter that the header lacks.
        let lengths = self.rows.iter().map(Vec::len);
        lengths.clone().max_by_key(|n| (lengths.clone().filter(|m| m == n).count(), *n)).unwrap_or(0)
    }

    /// Values of one column in rows of the usual width.
    pub(super) fn column(&self, place: usize) -> Vec<(String, Kind)> {
        let width = self.width();
        self.rows.iter().filter(|row| row.len() == width).map(|row| row[place].clone()).collect()
    }

    /// Whether most rows repeat the start of column `wide` in column `narrow`.
    pub(super) fn repeats(&self, wide: usize, narrow: usize) -> bool {
        let pairs: Vec<_> = self.column(wide).into_iter().zip(self.column(narrow)).collect();
        let repeating =
            pairs.iter().filter(|((wide, _), (narrow, _))| !wide.is_empty() && narrow.starts_with(wide.trim())).count();
        repeating * 2 > pairs.len()
    }

    /// Finds the column that an operator names: by header, or by its number from 1.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        let exact = self.headers.iter().position(|header| header == name);
        let alike =
            || self.headers.iter().position(|header| normal(header) == normal(name) && !normal(name).is_empty());
        let number = || name.parse::<usize>().ok().filter(|n| (1..=self.width()).contains(n)).map(|n| n - 1);
        exact.or_else(alike).or_else(number)
    }

    /// What to call a column in messages.
    pub(super) fn label(&self, place: usize) -> String {
        self.headers
            .get(place)
            .filter(|header| !header.is_empty())
            .cloned()
            .unwrap_or_else(|| format!("column {}", place + 1))
    }

    /// Names the columns that there are. Without a header their values would be
    /// people's data, so only their count is given.
    pub(super) fn columns_hint(&self) -> String {
        match self.headers.as_slice() {
            [] => format!("the file has no header; its columns are numbered 1 to {}", self.width()),
            headers => format!("the file has the columns {}", headers.join(", ")),
        }
    }

    /// Rows that tell something: none means nothing to hide among.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Checks that rows of the usual width exist and reach the mapped columns.
    pub(super) fn check_width(&self, columns: &Columns) -> Result<(), Fault> {
        let width = self.width();
        let even = self.rows.iter().filter(|row| row.len() == width).count();
        if width >= columns.width() && even * 2 >= self.rows.len() {
            return Ok(());
        }
        Err(Fault::new(format!(
            "expected rows of {width} fields, found {} of {} otherwise",
            self.rows.len() - even,
            self.rows.len()
        ))
        .at_line(2)
        .hint("columns cannot be told apart: give the delimiter, or --no-quotes if quotes are plain letters"))
    }
}

/// Returns the first records and how many bytes they take.
fn records<'a>(dialect: &Dialect, body: &'a [u8], whole: bool) -> (Vec<&'a [u8]>, usize) {
    let (mut rest, mut records) = (body, Vec::new());
    while records.len() <= SAMPLE_ROWS && !rest.is_empty() {
        let Cut::Record { content, end } = cut(dialect, rest, whole) else { break };
        records.push(&rest[..content]);
        rest = &rest[end..];
    }
    (records, body.len() - rest.len())
}

fn is_needless(record: &[u8], span: Span, dialect: &Dialect) -> bool {
    let raw = span.of(record);
    let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
    let needs = |byte: &u8| matches!(byte, b'"' | b'\r' | b'\n') || *byte == dialect.delimiter;
    span.kind == Kind::Quoted && inner.contains(&b',') && !inner.iter().any(needs)
}

/// A first row is a header if one of its fields is a known name, or if it
/// holds no digit while other rows do.
fn looks_like_header(
    first: &[String],
    rest: &[Vec<(String, Kind)>],
    columns: &[ColumnSpec],
    options: &Options,
) -> bool {
    let known = |word: &String| {
        let word_normal = normal(word);
        let spec = columns.iter().flat_map(|spec| std::iter::once(&spec.header).chain(&spec.aliases));
        !word_normal.is_empty()
            && (spec.into_iter().any(|name| normal(name) == word_normal)
                || matches!(role_of(word), Some(role) if !matches!(role, ColumnRole::Other(_)))
                || options.map.iter().any(|(_, name)| name == word && name.parse::<usize>().is_err()))
    };
    let has_digit = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
    let digits_below = rest.iter().any(|row| row.iter().any(|(text, _)| has_digit(text)));
    first.iter().any(known)
        || (digits_below && !first.iter().any(|word| has_digit(word)) && first.iter().all(|word| !word.is_empty()))
}
