//! What a file is written in: format, encoding, delimiter, line ends.
//!
//! All of it is told from the head of the file, and every guess can be
//! overridden. A wrong guess is not dangerous to the original bytes, which are
//! copied whatever they mean; it only shows in where planted rows would go.

use memchr::memchr;

use super::Options;
use super::cut::{Cut, cut, split};
use super::encoding::{self, Encoding};
use crate::fault::Fault;

/// The shape of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Fields between delimiters: CSV, TSV and their like.
    Delimited,
    /// One JSON object a line.
    JsonLines,
}

/// What ends a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terminator {
    /// `\n`
    Lf,
    /// `\r\n`
    CrLf,
    /// `\r` alone, as Excel for the Mac used to write.
    Cr,
}

impl Terminator {
    pub(super) fn bytes(self) -> &'static [u8] {
        match self {
            Self::Lf => b"\n",
            Self::CrLf => b"\r\n",
            Self::Cr => b"\r",
        }
    }

    /// The byte that every terminator of such a file has.
    pub(super) fn mark(self) -> u8 {
        if self == Self::Cr { b'\r' } else { b'\n' }
    }

    /// Returns the terminator's usual name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lf => "LF",
            Self::CrLf => "CRLF",
            Self::Cr => "CR",
        }
    }
}

/// How a file is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Its shape.
    pub format: Format,
    /// Its character encoding.
    pub encoding: Encoding,
    /// Whether it begins with a UTF-8 byte order mark.
    pub bom: bool,
    /// What stands between fields (no meaning in JSON Lines).
    pub delimiter: u8,
    /// Whether a double quote at the start of a field quotes it.
    pub quotes: bool,
    /// What ends its records.
    pub terminator: Terminator,
}

const BOM: &[u8] = b"\xef\xbb\xbf";
const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];
/// Records from which the delimiter is told.
const DELIMITER_SAMPLE: usize = 50;

impl Dialect {
    /// Tells the dialect of a file from its `head`; `whole` when the head is
    /// all there is.
    ///
    /// # Errors
    ///
    /// A [`Fault`] for an empty file, a workbook, UTF-16, NUL bytes, a JSON
    /// array, or bytes of no supported encoding.
    pub fn detect(head: &[u8], whole: bool, options: &Options) -> Result<Self, Fault> {
        refuse_foreign(head)?;
        let bom = head.starts_with(BOM);
        let encoding = match options.encoding {
            Some(encoding) => encoding,
            None if bom => Encoding::Utf8,
            None => encoding::detect(head, whole).map_err(|at| not_text(head, at))?,
        };
        let body = &head[if bom { BOM.len() } else { 0 }..];
        let format = options.format.unwrap_or_else(|| format_of(body));
        let mut dialect = Self {
            format,
            encoding,
            bom,
            delimiter: options.delimiter.unwrap_or(b','),
            quotes: options.quotes.unwrap_or(true),
            terminator: Terminator::Lf,
        };
        dialect.terminator = terminator_of(&dialect, body);
        if options.delimiter.is_none() && format == Format::Delimited {
            dialect.delimiter = delimiter_of(&dialect, body, whole);
        }
        Ok(dialect)
    }

    /// Bytes before the first record.
    pub(super) fn bom_bytes(&self) -> usize {
        if self.bom { BOM.len() } else { 0 }
    }

    /// Whether a line end may stand inside a record.
    pub(super) fn has_quotes(&self) -> bool {
        self.quotes && self.format == Format::Delimited
    }

    /// Whether the delimiter's byte may be part of a longer character.
    pub(super) fn delimiter_hides(&self) -> bool {
        self.encoding.is_gb() && (self.delimiter >= 0x40 || self.delimiter.is_ascii_digit())
    }
}

fn refuse_foreign(head: &[u8]) -> Result<(), Fault> {
    if head.is_empty() {
        return Err(Fault::new("expected rows, found an empty file").hint("export again; the file has no bytes"));
    }
    let save_as = "save it as CSV (UTF-8) first";
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"\xd0\xcf\x11\xe0") {
        return Err(Fault::new("expected text, found a workbook or archive").at_byte(0).hint(save_as));
    }
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return Err(Fault::new("expected UTF-8 or GB18030, found UTF-16").at_byte(0).hint(save_as));
    }
    let first = head.iter().find(|byte| !byte.is_ascii_whitespace());
    if first == Some(&b'[') && memchr(b'{', &head[..head.len().min(64)]).is_some() {
        let hint = "write one object a line, for example with: jq -c '.[]' IN > OUT";
        return Err(Fault::new("expected JSON Lines, found a JSON array").at_byte(0).hint(hint));
    }
    Ok(())
}

fn not_text(head: &[u8], at: usize) -> Fault {
    let line = 1 + memchr::memchr_iter(b'\n', &head[..at]).count() as u64;
    let found = head.get(at).map_or_else(String::new, |byte| format!(", found byte 0x{byte:02x}"));
    Fault::new(format!("expected UTF-8 or GB18030 throughout{found}"))
        .at_line(line)
        .at_byte(at as u64)
        .hint("if the file is in one encoding, name it: --encoding gb18030, utf-8 or windows-1252")
}

fn format_of(body: &[u8]) -> Format {
    let text = body.trim_ascii_start();
    let line = &text[..text.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(text.len())];
    let object = line.starts_with(b"{\"") || line.starts_with(b"{ ") || line == b"{}";
    if object && line.contains(&b':') { Format::JsonLines } else { Format::Delimited }
}

/// Tells what ends records by the first line end outside quotes.
fn terminator_of(dialect: &Dialect, body: &[u8]) -> Terminator {
    let mut quoted = false;
    let mut before = b',';
    for (at, &byte) in body.iter().enumerate() {
        match byte {
            b'"' if dialect.has_quotes() && (quoted || is_edge(dialect, before)) => quoted = !quoted,
            b'\n' if !quoted => return Terminator::Lf,
            b'\r' if !quoted && body.get(at + 1) == Some(&b'\n') => return Terminator::CrLf,
            b'\r' if !quoted => return Terminator::Cr,
            _ => {}
        }
        before = byte;
    }
    Terminator::Lf
}

fn is_edge(dialect: &Dialect, byte: u8) -> bool {
    byte == dialect.delimiter || DELIMITERS.contains(&byte) || byte == b'"'
}

/// Returns the delimiter that cuts the first records into the most fields, as
/// long as it cuts most of them into equally many.
fn delimiter_of(dialect: &Dialect, body: &[u8], whole: bool) -> u8 {
    let score = |delimiter: u8| {
        let dialect = Dialect { delimiter, ..dialect.clone() };
        let counts = field_counts(&dialect, body, whole);
        let usual = counts.iter().copied().max_by_key(|n| (counts.iter().filter(|m| *m == n).count(), *n)).unwrap_or(0);
        let agree = counts.iter().filter(|n| **n == usual).count();
        if usual >= 2 && agree * 5 >= counts.len() * 4 { (2, usual) } else { (usize::from(usual >= 2), usual) }
    };
    DELIMITERS.into_iter().rev().max_by_key(|delimiter| score(*delimiter)).expect("there are delimiters to choose from")
}

fn field_counts(dialect: &Dialect, body: &[u8], whole: bool) -> Vec<usize> {
    let (mut rest, mut fields, mut counts) = (body, Vec::new(), Vec::new());
    while counts.len() < DELIMITER_SAMPLE && !rest.is_empty() {
        let Cut::Record { content, end } = cut(dialect, rest, whole) else { break };
        if content > 0 {
            split(dialect, &rest[..content], &mut fields);
            counts.push(fields.len());
        }
        rest = &rest[end..];
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(text: &[u8]) -> Dialect {
        Dialect::detect(text, true, &Options::default()).expect("the sample is readable")
    }

    #[test]
    fn the_delimiter_is_the_one_that_cuts_evenly() {
        assert_eq!(detect("a,b,c\n1,2,3\n".as_bytes()).delimiter, b',');
        assert_eq!(detect("a\tb\n\"x, y, z\"\t2\n".as_bytes()).delimiter, b'\t');
        assert_eq!(detect("a;b\n1,5;2,5\n".as_bytes()).delimiter, b';');
        assert_eq!(detect("a|b|c\n1|2, 3|4\n".as_bytes()).delimiter, b'|');
    }

    #[test]
    fn the_first_line_end_outside_quotes_tells_the_terminator() {
        assert_eq!(detect(b"a,\"b\nc\"\r\n").terminator, Terminator::CrLf);
        assert_eq!(detect(b"a,b\r1,2\r").terminator, Terminator::Cr);
        assert_eq!(detect(b"a,b\n1,2\n").terminator, Terminator::Lf);
    }

    #[test]
    fn json_lines_are_told_by_their_brace() {
        assert_eq!(detect(b"{\"a\": 1}\n{\"a\": 2}\n").format, Format::JsonLines);
        assert_eq!(detect(b"{a},b\n1,2\n").format, Format::Delimited);
    }

    #[test]
    fn what_is_no_export_is_refused_with_a_way_out() {
        for head in [&b""[..], b"PK\x03\x04....", b"\xff\xfea\0", b"[{\"a\": 1}]", b"ab\xff\xffcdefg\n"] {
            let fault = Dialect::detect(head, true, &Options::default()).expect_err("no export");
            assert!(fault.hint.is_some(), "{fault}");
        }
    }
}
