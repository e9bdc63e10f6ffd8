//! A leaked row's bytes, as text and as cells.
//!
//! Dumps come in the encoding of whatever program touched them last, often of
//! several, and every trader cuts columns his own way. Each row is therefore
//! read by itself: its encoding, then what a wrong encoding did to it earlier,
//! then its own separator. Whatever was undone is noted as a [`Repair`], because
//! a report must say what was done to the rows that it quotes.
//!
//! Reading never fails: a row that no rule explains is one cell.

mod cell;
mod decode;
mod delimited;
mod markup;
mod mojibake;

use std::collections::BTreeSet;
use std::fmt;

use encoding_rs::Encoding;
use serde::Serialize;

/// What was done to a row's bytes to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Repair {
    /// Read as GBK (or GB18030).
    Gbk,
    /// Read as UTF-16.
    Utf16,
    /// Read in another encoding than UTF-8: the declared one, or Windows-1252.
    OtherEncoding,
    /// Some bytes are no character of the encoding; they show as U+FFFD.
    Lossy,
    /// Encoded twice, once wrongly: the wrong step was undone.
    Mojibake,
    /// Cells of a table row of HTML, or entities (`&#26446;`).
    Html,
    /// Values of a JSON object, or escapes (`\u674e`).
    Json,
    /// Values of an `INSERT`.
    Sql,
    /// What makes a spreadsheet keep long numbers was taken off: a leading
    /// apostrophe, a trailing tab, `="…"`.
    KeptAsText,
    /// Full-width digits and letters were made ASCII.
    FullWidth,
}

/// What parts a row's cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// Nothing does.
    OneCell,
    /// `,`
    Comma,
    /// A tab.
    Tab,
    /// `|`
    Bar,
    /// `;`
    Semicolon,
    /// `----`
    Dashes,
    /// `，`
    WideComma,
    /// `；`
    WideSemicolon,
    /// `｜`
    WideBar,
    /// A table row of HTML.
    Html,
    /// A JSON object, or a part of one.
    Json,
    /// A list of SQL values.
    Sql,
}

/// A row as text and as cells.
#[derive(Clone, PartialEq, Eq)]
pub struct RowText {
    text: String,
    layout: Layout,
    cells: Vec<String>,
    repairs: BTreeSet<Repair>,
}

impl RowText {
    /// Reads a row.
    ///
    /// `encoding` is what the caller knows of the file. A row that is not in it
    /// is read by its own bytes, since dumps are put together from several
    /// files: UTF-8 if that is valid, else GB18030. UTF-16 is read only where
    /// the caller says so, or a byte order mark does.
    ///
    /// # Example
    ///
    /// ```
    /// use trapline::scan::text::{Repair, RowText};
    ///
    /// let row = RowText::read("'15433063750\t,鏉庝附,1,2".as_bytes(), None);
    /// assert_eq!(row.cells(), ["15433063750", "李丽", "1", "2"]);
    /// assert!(row.repairs().contains(&Repair::Mojibake));
    /// ```
    pub fn read(bytes: &[u8], encoding: Option<&'static Encoding>) -> Self {
        let mut repairs = BTreeSet::new();
        let mut text = decode::decode(bytes, encoding, &mut repairs);
        if let Some(undone) = mojibake::undo(&text) {
            repairs.insert(Repair::Mojibake);
            text = undone;
        }
        let text = text.trim_matches(['\r', '\n', '\0']).to_owned();
        let (layout, raw) = split(&text, &mut repairs);
        let cells = raw.into_iter().map(|raw| cell::clean(&raw, &mut repairs)).collect();
        Self { text, layout, cells, repairs }
    }

    /// The whole row, encodings undone, otherwise as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its cells in order, quoting and escapes undone.
    pub fn cells(&self) -> &[String] {
        &self.cells
    }

    /// What parts the cells.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// All that was done to read it.
    pub fn repairs(&self) -> &BTreeSet<Repair> {
        &self.repairs
    }
}

/// A row may hold a canary: what is printed in a debug message does not.
impl fmt::Debug for RowText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RowText({:?}, {} cells, {:?})", self.layout, self.cells.len(), self.repairs)
    }
}

/// Cuts a row into cells, not yet cleaned.
fn split(text: &str, repairs: &mut BTreeSet<Repair>) -> (Layout, Vec<String>) {
    for (layout, repair, cells) in [
        (Layout::Html, Repair::Html, markup::html(text)),
        (Layout::Sql, Repair::Sql, markup::sql(text)),
        (Layout::Json, Repair::Json, markup::json(text)),
    ] {
        if let Some(cells) = cells.filter(|cells| !cells.is_empty()) {
            repairs.insert(repair);
            return (layout, cells);
        }
    }
    // Before splitting: an entity's semicolon is no separator.
    let text = cell::without_entities(text, repairs);
    delimited::split(&text)
}

#[cfg(test)]
mod tests;
