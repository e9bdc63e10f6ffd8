//! How an export is to be read, where that is not detected.

use trapline::plant::{Encoding, Options};
use trapline::record::ColumnRole;

// Not a doc comment: it would become the help of whatever command these options are part of.
// What the operator says about a file.
#[derive(Debug, clap::Args)]
pub struct Reading {
    /// Which column plays a role: ROLE=NAME or ROLE=N (from 1); may be repeated.
    /// Roles: number, time, sender.name, recipient.phone, recipient.address, goods, …
    #[arg(long, value_name = "ROLE=COLUMN", value_parser = parse_map)]
    map: Vec<(ColumnRole, String)>,
    /// Encoding, when it is not detected: utf-8, gbk or gb18030
    #[arg(long, value_name = "NAME", value_parser = parse_encoding)]
    encoding: Option<Encoding>,
    /// Delimiter, when it is not detected: one character, or `tab`
    #[arg(long, value_name = "C", value_parser = parse_delimiter)]
    delimiter: Option<u8>,
    /// The file has no header line
    #[arg(long)]
    no_header: bool,
}

impl Reading {
    /// The same as the library takes it.
    pub fn options(&self) -> Options {
        Options {
            map: self.map.clone(),
            encoding: self.encoding,
            delimiter: self.delimiter,
            header: self.no_header.then_some(false),
            ..Options::default()
        }
    }
}

// Not a doc comment, for the same reason.
// Which part of an export is meant.
#[derive(Debug, clap::Args)]
pub struct Part {
    /// The sheet of a workbook; by default the one with the most records
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    /// The table of a dump; by default the one with the most rows
    #[arg(long, value_name = "NAME", conflicts_with = "sheet")]
    table: Option<String>,
}

impl Part {
    /// Its name, if one was given.
    pub fn name(&self) -> Option<&str> {
        self.sheet.as_deref().or(self.table.as_deref())
    }
}

fn parse_map(text: &str) -> Result<(ColumnRole, String), String> {
    let (role, column) = text.split_once('=').ok_or("expected ROLE=COLUMN")?;
    let role: ColumnRole = role.trim().parse().map_err(|_| "expected a role")?;
    if column.is_empty() { Err("expected a column after =".to_owned()) } else { Ok((role, column.to_owned())) }
}

fn parse_encoding(text: &str) -> Result<Encoding, String> {
    Encoding::from_label(text).ok_or_else(|| "expected utf-8, gbk or gb18030".to_owned())
}

fn parse_delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() => Ok(*byte),
        _ => Err("expected one character that is no letter and no digit, or `tab`".to_owned()),
    }
}
