//! Cutting a stream of bytes into records, and records into fields.
//!
//! A CSV library hands out values; the planter needs the very bytes, where
//! each field begins and ends, and memory speed. So this is a scanner of our
//! own. It looks for the line end first and for a quote second: a record
//! without a quote, which is nearly every record, costs two passes of `memchr`.

use memchr::{memchr, memchr_iter};

use super::dialect::{Dialect, Terminator};
use super::encoding::gb_char;

/// Where a field lies in its record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    /// First byte, the opening quote included.
    pub(super) start: u32,
    /// One past the last byte.
    pub(super) end: u32,
    /// How it is written.
    pub(super) kind: Kind,
}

/// How a field is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// Not in this record at all (JSON Lines).
    #[default]
    Missing,
    /// As it is; in JSON a number, `true`, `false` or `null`.
    Bare,
    /// In double quotes.
    Quoted,
}

impl Span {
    pub(super) fn of(self, record: &[u8]) -> &[u8] {
        &record[self.start as usize..self.end as usize]
    }
}

/// One step of cutting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// A record: the length of its content, and with its terminator.
    Record { content: usize, end: usize },
    /// The buffer ends inside a record. `quote` is where a quoted field that
    /// is still open began.
    More { quote: Option<usize> },
}

/// Cuts the record at the start of `buffer`.
///
/// At the end of the input (`last`) an unterminated rest is a record.
pub(super) fn cut(dialect: &Dialect, buffer: &[u8], last: bool) -> Cut {
    let Some(line) = line_end(dialect, buffer, 0, last) else {
        return match open_quote(dialect, buffer) {
            Some(quote) => Cut::More { quote: Some(quote) },
            None if last && !buffer.is_empty() => Cut::Record { content: buffer.len(), end: buffer.len() },
            None => Cut::More { quote: None },
        };
    };
    if !dialect.has_quotes() || memchr(b'"', &buffer[..line.0]).is_none() {
        return Cut::Record { content: line.0, end: line.1 };
    }
    cut_quoted(dialect, buffer, last)
}

/// Returns content end and record end of the line that begins at `from`;
/// `None` when the buffer holds no terminator, or one that may go on.
fn line_end(dialect: &Dialect, buffer: &[u8], from: usize, last: bool) -> Option<(usize, usize)> {
    if dialect.terminator == Terminator::Cr {
        let at = from + memchr(b'\r', &buffer[from..])?;
        return match buffer.get(at + 1) {
            Some(b'\n') => Some((at, at + 2)),
            None if !last => None,
            _ => Some((at, at + 1)),
        };
    }
    let at = from + memchr(b'\n', &buffer[from..])?;
    let content = if at > from && buffer[at - 1] == b'\r' { at - 1 } else { at };
    Some((content, at + 1))
}

fn cut_quoted(dialect: &Dialect, buffer: &[u8], last: bool) -> Cut {
    let mut from = 0;
    loop {
        if buffer.get(from) == Some(&b'"') {
            match closing_quote(buffer, from) {
                Some(close) => from = close + 1,
                None => return Cut::More { quote: Some(from) },
            }
        }
        let Some((content, end)) = line_end(dialect, buffer, from, last) else {
            return match next_delimiter(dialect, &buffer[from..]) {
                Some(at) => {
                    from += at + 1;
                    continue;
                }
                None if last => Cut::Record { content: buffer.len(), end: buffer.len() },
                None => Cut::More { quote: None },
            };
        };
        match next_delimiter(dialect, &buffer[from..content]) {
            Some(at) => from += at + 1,
            None => return Cut::Record { content, end },
        }
    }
}

/// Returns where a quoted field begins that the buffer does not close.
fn open_quote(dialect: &Dialect, buffer: &[u8]) -> Option<usize> {
    if !dialect.has_quotes() || memchr(b'"', buffer).is_none() {
        return None;
    }
    let mut from = 0;
    loop {
        if buffer.get(from) == Some(&b'"') {
            match closing_quote(buffer, from) {
                Some(close) => from = close + 1,
                None => return Some(from),
            }
        }
        from += next_delimiter(dialect, &buffer[from..])? + 1;
    }
}

/// Returns the place of the quote that closes the one at `open`.
fn closing_quote(buffer: &[u8], open: usize) -> Option<usize> {
    let mut from = open + 1;
    loop {
        let at = from + memchr(b'"', &buffer[from..])?;
        if buffer.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        from = at + 2;
    }
}

fn next_delimiter(dialect: &Dialect, bytes: &[u8]) -> Option<usize> {
    if !dialect.delimiter_hides() {
        return memchr(dialect.delimiter, bytes);
    }
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte == dialect.delimiter {
            return Some(at);
        }
        at += if byte < 0x80 { 1 } else { gb_char(&bytes[at..]).unwrap_or(1) };
    }
    None
}

/// Splits a record's content into the spans of its fields.
pub(super) fn split(dialect: &Dialect, content: &[u8], fields: &mut Vec<Span>) {
    fields.clear();
    if dialect.delimiter_hides() || (dialect.quotes && memchr(b'"', content).is_some()) {
        return split_slowly(dialect, content, fields);
    }
    let mut start = 0;
    for at in memchr_iter(dialect.delimiter, content) {
        fields.push(bare(start, at));
        start = at + 1;
    }
    fields.push(bare(start, content.len()));
}

fn split_slowly(dialect: &Dialect, content: &[u8], fields: &mut Vec<Span>) {
    let mut start = 0;
    loop {
        let mut from = start;
        let mut kind = Kind::Bare;
        if dialect.quotes && content.get(start) == Some(&b'"') {
            kind = Kind::Quoted;
            from = closing_quote(content, start).map_or(content.len(), |close| close + 1);
        }
        let end = next_delimiter(dialect, &content[from..]).map_or(content.len(), |at| from + at);
        fields.push(Span { start: start as u32, end: end as u32, kind });
        if end == content.len() {
            return;
        }
        start = end + 1;
    }
}

fn bare(start: usize, end: usize) -> Span {
    Span { start: start as u32, end: end as u32, kind: Kind::Bare }
}

/// Returns what a CSV field says: without its quotes, doubled ones made one.
pub(super) fn unquote(field: &[u8], kind: Kind) -> std::borrow::Cow<'_, [u8]> {
    if kind != Kind::Quoted || field.len() < 2 {
        return field.into();
    }
    let close = closing_quote(field, 0).unwrap_or(field.len());
    let inner = &field[1..close];
    let rest = field.get(close + 1..).unwrap_or_default();
    if rest.is_empty() && memchr(b'"', inner).is_none() {
        return inner.into();
    }
    let mut plain = Vec::with_capacity(field.len());
    let mut bytes = inner.iter();
    while let Some(&byte) = bytes.next() {
        plain.push(byte);
        if byte == b'"' {
            bytes.next();
        }
    }
    plain.extend_from_slice(rest);
    plain.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plant::dialect::Format;
    use crate::plant::encoding::Encoding;

    fn dialect(delimiter: u8, terminator: Terminator) -> Dialect {
        Dialect { format: Format::Delimited, encoding: Encoding::Utf8, bom: false, delimiter, quotes: true, terminator }
    }

    fn records(dialect: &Dialect, mut rest: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut out = Vec::new();
        while !rest.is_empty() {
            let Cut::Record { content, end } = cut(dialect, rest, true) else { break };
            out.push((rest[..content].to_vec(), rest[content..end].to_vec()));
            rest = &rest[end..];
        }
        out
    }

    #[test]
    fn a_quoted_field_holds_line_ends_and_doubled_quotes() {
        let csv = b"a,\"b\n\"\"c\"\"\r\n\",d\r\n\"x\"\n";
        let csv_dialect = dialect(b',', Terminator::CrLf);

        let cut = records(&csv_dialect, csv);

        assert_eq!(cut[0], (b"a,\"b\n\"\"c\"\"\r\n\",d".to_vec(), b"\r\n".to_vec()));
        assert_eq!(cut[1], (b"\"x\"".to_vec(), b"\n".to_vec()));
        let mut fields = Vec::new();
        split(&csv_dialect, &cut[0].0, &mut fields);
        assert_eq!(fields.len(), 3);
        assert_eq!(unquote(fields[1].of(&cut[0].0), fields[1].kind).as_ref(), b"b\n\"c\"\r\n");
    }

    #[test]
    fn a_quote_inside_an_unquoted_field_is_a_letter() {
        let tape = dialect(b',', Terminator::Lf);

        let cut = records(&tape, b"5\" pipe,2\nnext,3\n");

        assert_eq!(cut.len(), 2);
        assert_eq!(cut[0].0, b"5\" pipe,2");
    }

    #[test]
    fn a_lone_carriage_return_ends_a_record() {
        let old = dialect(b'\t', Terminator::Cr);

        let cut = records(&old, b"a\tb\rc\t\"d\re\"\rf\tg");

        let contents: Vec<&[u8]> = cut.iter().map(|(content, _)| content.as_slice()).collect();
        assert_eq!(contents, [&b"a\tb"[..], b"c\t\"d\re\"", b"f\tg"]);
    }

    #[test]
    fn the_rest_of_a_buffer_waits_for_more() {
        let csv = dialect(b',', Terminator::Lf);

        assert_eq!(cut(&csv, b"a,b", false), Cut::More { quote: None });
        assert_eq!(cut(&csv, b"a,\"b\nc,d\n", true), Cut::More { quote: Some(2) });
        assert_eq!(cut(&dialect(b',', Terminator::Cr), b"a,b\r", false), Cut::More { quote: None });
    }

    #[test]
    fn a_bar_inside_a_gbk_character_is_no_delimiter() {
        let mut gbk = dialect(b'|', Terminator::Lf);
        gbk.encoding = Encoding::Gbk;
        // 0x81 0x7c is one character whose second byte is '|'.
        let content = b"\x81\x7c\x81\x30\x81\x30|x";
        let mut fields = Vec::new();

        split(&gbk, content, &mut fields);

        assert_eq!(fields.len(), 2);
        assert_eq!(fields[0].of(content), b"\x81\x7c\x81\x30\x81\x30");
    }
}
