//! The column that marks canaries where rows are kept.

use crate::fault::Fault;
use crate::plant::{Dialect, Format, Layout, Part};

/// What becomes of canaries' rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// They are left out.
    #[default]
    Remove,
    /// All rows are kept, and a last column of this name is 1 in them and 0 in
    /// all others.
    Flag(String),
}

/// A column of marks, as one file writes it.
pub(super) struct Flag {
    format: Format,
    /// What is put behind the header, or before a mark in JSON.
    name: Vec<u8>,
    /// What is put before a mark in a record of fields.
    before: Vec<u8>,
}

/// Bytes to put into a record.
pub(super) struct Inserted {
    /// Where in its content.
    pub(super) at: usize,
    pub(super) bytes: Vec<u8>,
}

impl Flag {
    /// The column that `mode` asks for.
    ///
    /// # Errors
    ///
    /// When the file has a column of this name, or no bytes for it.
    pub(super) fn new(mode: &Mode, layout: &Layout) -> Result<Option<Self>, Fault> {
        let Mode::Flag(name) = mode else { return Ok(None) };
        let dialect = layout.dialect();
        if name.is_empty() || name.len() > 200 || name.chars().any(char::is_control) {
            return Err(Fault::new("expected 1 to 200 bytes without control characters as the column's name"));
        }
        let headers = layout.headers().unwrap_or_default();
        if headers.iter().any(|header| header.trim() == name) {
            return Err(Fault::new(format!("the file has a column {name:?} already"))
                .hint("give --flag another name, or scrub the file as it was before it was flagged"));
        }
        let delimiters = |count: usize| char::from(dialect.delimiter).to_string().repeat(count);
        // Some exporters end rows, or the header, with a delimiter more: the
        // name goes where the marks go.
        let (header, row) = (headers.len(), layout.width());
        let text = match dialect.format {
            Format::Delimited => delimiters(1 + row.saturating_sub(header)) + &quoted(name, dialect),
            Format::JsonLines => serde_json::Value::from(name.as_str()).to_string(),
        };
        let name = dialect.encoding.encode(&text).ok_or_else(|| {
            Fault::new(format!("the column's name cannot be written in {}", dialect.encoding.name()))
                .hint("give --flag a name in ASCII")
        })?;
        let before = delimiters(1 + header.saturating_sub(row)).into_bytes();
        Ok(Some(Self { format: dialect.format, name: name.into_owned(), before }))
    }

    /// What goes into a stretch that is no record.
    pub(super) fn heading(&self, part: Part, content: &[u8]) -> Option<Inserted> {
        (part == Part::Header).then(|| Inserted { at: content.len(), bytes: self.name.clone() })
    }

    /// What goes into a record.
    pub(super) fn mark(&self, content: &[u8], is_canary: bool) -> Option<Inserted> {
        let mark: &[u8] = if is_canary { b"1" } else { b"0" };
        match self.format {
            Format::Delimited => Some(Inserted { at: content.len(), bytes: [&self.before, mark].concat() }),
            Format::JsonLines => {
                let at = content.trim_ascii_end().strip_suffix(b"}")?.len();
                let comma: &[u8] = if content[..at].trim_ascii() == b"{" { b"" } else { b"," };
                Some(Inserted { at, bytes: [comma, &self.name, b":", mark].concat() })
            }
        }
    }

    /// What goes into a record that is not like the others: nothing into
    /// broken JSON.
    pub(super) fn mark_ragged(&self, content: &[u8]) -> Option<Inserted> {
        if self.format == Format::Delimited { self.mark(content, false) } else { None }
    }
}

fn quoted(name: &str, dialect: &Dialect) -> String {
    if name.contains(['"', char::from(dialect.delimiter)]) && dialect.quotes {
        return format!("\"{}\"", name.replace('"', "\"\""));
    }
    name.to_owned()
}
