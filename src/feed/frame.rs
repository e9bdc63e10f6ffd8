//! Where one record ends and the next begins, on bytes as they stream in.
//!
//! The framer works on undecoded bytes: line breaks and quotes are never a part
//! of a character in UTF-8 or GB18030, so no encoding has to be known, and a
//! byte offset stays a byte offset.
//!
//! *Recovery.* A quote that is never closed would swallow the rest of a file. A
//! quoted record that does not end within [`MAX_RECORD`] bytes (or before the end
//! of a whole document) makes its stretch of bytes read line by line instead:
//! its first line is rejected, the others are records again. Each byte is looked
//! at twice at most, whatever the input.
//!
//! *Growing files.* At the end of a file that still grows, an unfinished record
//! is left for the next pass. Where records end depends on bytes alone, never on
//! how they were split between passes.

use std::io::{self, Read};

use memchr::memchr;

use super::RAW_CAP;
use super::cursor::Place;

/// Longest record that is read; longer ones are rejected.
pub(super) const MAX_RECORD: usize = 1024 * 1024;

const CHUNK: usize = 256 * 1024;

/// What ends a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// A line break.
    Line,
    /// A line break outside quotes.
    Quoted {
        /// Separator of fields: a quote opens only after one.
        delimiter: u8,
    },
    /// A blank line.
    Paragraph,
}

/// A record's bytes and place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Framed<'a> {
    /// Without its line break; of an overlong record, the first [`RAW_CAP`].
    pub bytes: &'a [u8],
    /// Where it begins.
    pub place: Place,
    /// Length if it is overlong.
    pub overlong: Option<u64>,
}

/// Cuts a stream into records.
pub(super) struct Framer<R> {
    input: R,
    framing: Framing,
    /// Whether the end of input is the end of the document.
    whole: bool,
    buffer: Vec<u8>,
    start: usize,
    at_end: bool,
    place: Place,
}

enum Cut {
    /// Record of so many bytes, with so many more to its successor.
    At { len: usize, skip: usize },
    /// Nothing but blank lines, so many bytes of them.
    Blank(usize),
    /// The end is not in sight.
    More,
    /// A quote joins more than a record may hold.
    Joined,
}

impl<R: Read> Framer<R> {
    /// A framer over `input`, which begins at `place`.
    pub(super) fn new(input: R, framing: Framing, place: Place, whole: bool) -> Self {
        Self { input, framing, whole, buffer: Vec::new(), start: 0, at_end: false, place }
    }

    /// Where the next record begins.
    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// The next record; `None` at the end, or where the rest is unfinished.
    pub(super) fn next(&mut self) -> io::Result<Option<Framed<'_>>> {
        loop {
            match self.cut() {
                Cut::Blank(bytes) => self.pass_over(bytes, 0),
                Cut::At { len, skip } => return Ok(Some(self.take(len, skip))),
                Cut::Joined => self.unjoin(),
                Cut::More if self.buffered() >= MAX_RECORD => return self.take_overlong(),
                Cut::More if !self.at_end => self.fill()?,
                Cut::More if self.buffered() == 0 => return Ok(None),
                Cut::More if self.whole => {
                    let len = self.buffered();
                    let kept = trimmed(&self.buffer[self.start..]);
                    if kept == 0 {
                        self.pass_over(len, 0);
                        return Ok(None);
                    }
                    return Ok(Some(self.take(kept, len - kept)));
                }
                Cut::More => return Ok(None),
            }
        }
    }

    fn buffered(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// Looks for the end of the record within what a record may hold.
    fn cut(&self) -> Cut {
        let all = &self.buffer[self.start..];
        let data = &all[..all.len().min(MAX_RECORD)];
        let last = self.at_end && self.whole;
        let full = all.len() >= MAX_RECORD || last;
        let as_lines = self.place.byte < self.place.lines_until;
        match self.framing {
            Framing::Quoted { delimiter } if !as_lines => match quoted_end(data, delimiter) {
                Some(end) => line_cut(data, end),
                // A last record without its line break.
                None if last && ends_outside_quotes(data, delimiter) => Cut::More,
                // Nothing to unjoin in a record of a single line.
                None if full && memchr(b'\n', data).is_some() => Cut::Joined,
                None => Cut::More,
            },
            Framing::Paragraph if !as_lines => match paragraph_cut(data) {
                Cut::More if all.len() >= MAX_RECORD && memchr(b'\n', data).is_some() => Cut::Joined,
                cut => cut,
            },
            _ => memchr(b'\n', data).map_or(Cut::More, |end| line_cut(data, end)),
        }
    }

    /// Reads this stretch line by line from here on.
    fn unjoin(&mut self) {
        self.place.lines_until = self.place.byte + self.buffered().min(MAX_RECORD) as u64;
    }

    fn take(&mut self, len: usize, skip: usize) -> Framed<'_> {
        let place = self.place;
        let start = self.start;
        self.pass_over(len + skip, 1);
        Framed { bytes: &self.buffer[start..start + len], place, overlong: None }
    }

    fn pass_over(&mut self, bytes: usize, records: u64) {
        let passed = &self.buffer[self.start..self.start + bytes];
        self.place.lines += memchr::memchr_iter(b'\n', passed).count() as u64;
        self.place.records += records;
        self.place.byte += bytes as u64;
        self.start += bytes;
    }

    /// Skips to the next line, keeping the record's beginning.
    fn take_overlong(&mut self) -> io::Result<Option<Framed<'_>>> {
        let place = self.place;
        let mut kept = self.buffer[self.start..self.start + RAW_CAP].to_vec();
        let mut len = 0_u64;
        loop {
            if let Some(end) = memchr(b'\n', &self.buffer[self.start..]) {
                len += end as u64;
                self.start += end + 1;
                self.place.byte += len + 1;
                break;
            }
            len += self.buffered() as u64;
            self.start = self.buffer.len();
            if self.at_end {
                if !self.whole {
                    return Ok(None);
                }
                self.place.byte += len;
                break;
            }
            self.fill()?;
        }
        self.place.records += 1;
        self.place.lines += 1;
        // What is kept moves into the consumed part of the buffer, so that one
        // lifetime serves both kinds of record.
        let rest = self.buffer.split_off(self.start);
        self.start = kept.len();
        kept.extend_from_slice(&rest);
        self.buffer = kept;
        Ok(Some(Framed { bytes: &self.buffer[..self.start], place, overlong: Some(len) }))
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let old = self.buffer.len();
        self.buffer.resize(old + CHUNK, 0);
        let read = loop {
            match self.input.read(&mut self.buffer[old..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result,
            }
        };
        self.buffer.truncate(old + *read.as_ref().unwrap_or(&0));
        self.at_end = read? == 0;
        Ok(())
    }
}

/// The line break that ends a delimited record.
fn quoted_end(data: &[u8], delimiter: u8) -> Option<usize> {
    let mut at = 0;
    loop {
        // At the beginning of a field.
        if data.get(at) == Some(&b'"') {
            at = closing_quote(data, at + 1)? + 1;
        }
        at += memchr::memchr2(b'\n', delimiter, data.get(at..)?)?;
        if data[at] == b'\n' {
            return Some(at);
        }
        at += 1;
    }
}

fn closing_quote(data: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr(b'"', data.get(at..)?)?;
        match data.get(at + 1) {
            Some(b'"') => at += 2,
            Some(_) => return Some(at),
            None => return None,
        }
    }
}

/// Whether a line break after `data` would end the record.
fn ends_outside_quotes(data: &[u8], delimiter: u8) -> bool {
    let mut closed = data.to_vec();
    closed.push(b'\n');
    quoted_end(&closed, delimiter).is_some()
}

/// A record that ends at the line break `end`, unless it is blank.
fn line_cut(data: &[u8], end: usize) -> Cut {
    let len = trimmed(&data[..end]);
    if len == 0 { Cut::Blank(end + 1) } else { Cut::At { len, skip: end + 1 - len } }
}

/// Length without line breaks and blanks that are all there is.
fn trimmed(line: &[u8]) -> usize {
    let len = line.len() - line.iter().rev().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    if line[..len].iter().all(|byte| matches!(byte, b' ' | b'\t')) { 0 } else { len }
}

fn paragraph_cut(data: &[u8]) -> Cut {
    let mut at = 0;
    while let Some(end) = memchr(b'\n', &data[at..]).map(|end| at + end) {
        let blank = trimmed(&data[at..end]) == 0;
        if blank && at == 0 {
            return Cut::Blank(end + 1);
        }
        if blank {
            let len = trimmed(&data[..at]);
            return Cut::At { len, skip: end + 1 - len };
        }
        at = end + 1;
    }
    Cut::More
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMA: Framing = Framing::Quoted { delimiter: b',' };

    fn frames(data: &[u8], framing: Framing, whole: bool) -> Vec<(String, u64, u64)> {
        let mut framer = Framer::new(data, framing, Place::default(), whole);
        let mut frames = Vec::new();
        while let Some(record) = framer.next().expect("a slice reads") {
            let text = String::from_utf8_lossy(record.bytes).into_owned();
            frames.push((text, record.place.byte, record.place.lines));
        }
        frames
    }

    fn texts(data: &[u8], framing: Framing, whole: bool) -> Vec<String> {
        frames(data, framing, whole).into_iter().map(|(text, _, _)| text).collect()
    }

    #[test]
    fn a_quoted_line_break_stays_in_its_record() {
        let records = frames(b"a,\"x\ny\",b\r\nc\n", COMMA, true);

        assert_eq!(records, [("a,\"x\ny\",b".to_owned(), 0, 0), ("c".to_owned(), 11, 2)]);
    }

    #[test]
    fn a_quote_inside_a_field_joins_nothing() {
        assert_eq!(texts(b"5\" pipe,b\nc\n", COMMA, true), ["5\" pipe,b", "c"]);
    }

    #[test]
    fn an_unclosed_quote_costs_one_line() {
        assert_eq!(texts(b"a\n\"b,1\nc,2\nd,3\n", COMMA, true), ["a", "\"b,1", "c,2", "d,3"]);
    }

    #[test]
    fn an_unclosed_quote_costs_one_line_in_a_long_file_too() {
        let mut data = b"\"open\n".to_vec();
        while data.len() < 3 * MAX_RECORD {
            data.extend_from_slice(b"a,b,c,d,e,f,g,h,i,j,k,l\n");
        }

        let records = texts(&data, COMMA, false);

        assert_eq!(records.len(), memchr::memchr_iter(b'\n', &data).count());
        assert_eq!(records[0], "\"open");
    }

    #[test]
    fn a_last_record_may_hold_line_breaks_and_lack_its_own() {
        assert_eq!(texts(b"a\n\"x\ny\"", COMMA, true), ["a", "\"x\ny\""]);
    }

    #[test]
    fn an_unfinished_line_waits_unless_the_document_is_whole() {
        assert_eq!(texts(b"a\nb", Framing::Line, false), ["a"]);
        assert_eq!(texts(b"a\nb", Framing::Line, true), ["a", "b"]);
    }

    #[test]
    fn an_overlong_line_is_cut_and_the_next_one_read() {
        let mut data = vec![b'x'; 5 * MAX_RECORD];
        data.extend_from_slice(b"\nnext\n");
        let mut framer = Framer::new(&data[..], COMMA, Place::default(), false);

        let long = framer.next().expect("reads").expect("a record");
        assert_eq!((long.bytes.len(), long.overlong), (RAW_CAP, Some(5 * MAX_RECORD as u64)));
        let next = framer.next().expect("reads").expect("a record");
        assert_eq!((next.bytes, next.place.byte, next.place.lines), (&b"next"[..], data.len() as u64 - 5, 1));
    }

    #[test]
    fn paragraphs_end_at_blank_lines() {
        let text = b"\n\none\ntwo\n \n\nthree\n";

        assert_eq!(texts(text, Framing::Paragraph, true), ["one\ntwo", "three"]);
        assert_eq!(texts(text, Framing::Paragraph, false), ["one\ntwo"]);
    }

    proptest::proptest! {
        /// Reading on where the first pass ended gives what one pass gives.
        #[test]
        fn a_split_changes_nothing(data in "[ab,\"\n]{0,60}", at in 0_usize..60, paragraph: bool) {
            let framing = if paragraph { Framing::Paragraph } else { COMMA };
            let data = data.as_bytes();
            let at = at.min(data.len());
            let whole = frames(data, framing, false);
            let mut parts = Vec::new();
            let mut place = Place::default();
            for end in [at, data.len()] {
                let begin = usize::try_from(place.byte).expect("small");
                let mut framer = Framer::new(&data[begin..end], framing, place, false);
                while let Some(record) = framer.next().expect("a slice reads") {
                    let text = String::from_utf8_lossy(record.bytes).into_owned();
                    parts.push((text, record.place.byte, record.place.lines));
                }
                place = framer.place();
            }

            proptest::prop_assert_eq!(parts, whole);
        }
    }
}
