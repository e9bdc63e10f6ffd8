//! One JSON object a line, as bytes: where each value lies, and how strings
//! are escaped.
//!
//! A JSON library would give values and lose the order of keys, the spaces and
//! the choice between `\u4e2d` and `中`. This scanner only finds spans, so a
//! planted row is its neighbour's text with some spans replaced.

use std::collections::HashMap;

use super::cut::{Kind, Span};
use super::encoding::gb_char;

/// Objects inside objects beyond this are not looked into.
const MAX_DEPTH: usize = 16;

/// The paths of a file's values, in the order in which they first occurred.
#[derive(Clone, Debug, Default)]
pub(super) struct Paths {
    names: Vec<Vec<u8>>,
    places: HashMap<Vec<u8>, usize>,
}

impl Paths {
    /// Adds the paths of one more object.
    pub(super) fn learn(&mut self, content: &[u8], gb: bool) -> Result<(), usize> {
        scan(content, gb, &mut |path, _| {
            if !self.places.contains_key(path) {
                self.places.insert(path.to_vec(), self.names.len());
                self.names.push(path.to_vec());
            }
        })
    }

    pub(super) fn names(&self) -> &[Vec<u8>] {
        &self.names
    }

    /// Finds the values of an object: one span for each known path.
    ///
    /// # Errors
    ///
    /// The offset of the first byte that is not JSON.
    pub(super) fn split(&self, content: &[u8], gb: bool, fields: &mut Vec<Span>) -> Result<(), usize> {
        fields.clear();
        fields.resize(self.names.len(), Span::default());
        // Objects of one export have their keys in one order, so the next path
        // is nearly always the one after the last.
        let mut guess = 0;
        scan(content, gb, &mut |path, span| {
            let place = match self.names.get(guess) {
                Some(name) if name == path => Some(guess),
                _ => self.places.get(path).copied(),
            };
            if let Some(place) = place {
                fields[place] = span;
                guess = place + 1;
            }
        })
    }
}

/// Calls `visit` with the dotted path and the span of each value of the
/// object in `content` that is no object itself.
fn scan(content: &[u8], gb: bool, visit: &mut impl FnMut(&[u8], Span)) -> Result<(), usize> {
    let mut scanner = Scanner { bytes: content, at: 0, gb, path: Vec::new() };
    scanner.space();
    scanner.object(0, visit)?;
    scanner.space();
    if scanner.at == content.len() { Ok(()) } else { Err(scanner.at) }
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    gb: bool,
    path: Vec<u8>,
}

impl Scanner<'_> {
    fn object(&mut self, depth: usize, visit: &mut impl FnMut(&[u8], Span)) -> Result<(), usize> {
        self.expect(b'{')?;
        self.space();
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            self.space();
            let above = self.path.len();
            let key = self.string()?;
            if above > 0 {
                self.path.push(b'.');
            }
            self.push_key(key);
            self.space();
            self.expect(b':')?;
            self.space();
            self.value(depth, visit)?;
            self.path.truncate(above);
            self.space();
            if !self.take(b',') {
                return self.expect(b'}');
            }
        }
    }

    fn value(&mut self, depth: usize, visit: &mut impl FnMut(&[u8], Span)) -> Result<(), usize> {
        if self.peek() == Some(b'{') && depth + 1 < MAX_DEPTH {
            return self.object(depth + 1, visit);
        }
        let start = self.at as u32;
        let kind = if self.peek() == Some(b'"') { Kind::Quoted } else { Kind::Bare };
        self.skip_value()?;
        visit(&self.path, Span { start, end: self.at as u32, kind });
        Ok(())
    }

    /// Steps over a string, a word, or brackets with all they hold.
    fn skip_value(&mut self) -> Result<(), usize> {
        let mut open = 0usize;
        loop {
            match self.peek().ok_or(self.at)? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    open += 1;
                    self.at += 1;
                }
                b'}' | b']' if open > 0 => {
                    open -= 1;
                    self.at += 1;
                }
                b',' | b':' | b' ' | b'\t' if open > 0 => self.at += 1,
                b'-' | b'+' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'E' => {
                    let word = self.bytes[self.at..].iter();
                    self.at += word.take_while(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b)).count();
                }
                _ => return Err(self.at),
            }
            if open == 0 {
                return Ok(());
            }
        }
    }

    /// Steps over a string and returns what stands between its quotes.
    fn string(&mut self) -> Result<(usize, usize), usize> {
        self.expect(b'"')?;
        let start = self.at;
        loop {
            let rest = &self.bytes[self.at..];
            self.at += memchr::memchr2(b'"', b'\\', rest).filter(|_| !self.gb).unwrap_or(0);
            match self.peek().ok_or(self.at)? {
                b'"' => {
                    self.at += 1;
                    return Ok((start, self.at - 1));
                }
                // What a backslash escapes may be missing: the record ends there.
                b'\\' => self.at = (self.at + 2).min(self.bytes.len()),
                // A backslash may be the second byte of a character in GBK.
                0x80.. if self.gb => self.at += gb_char(&self.bytes[self.at..]).unwrap_or(1),
                _ if self.gb => self.at += 1,
                _ => return Err(self.at),
            }
        }
    }

    fn push_key(&mut self, (start, end): (usize, usize)) {
        let raw = &self.bytes[start..end];
        if raw.contains(&b'\\') {
            self.path.extend_from_slice(unescape(&String::from_utf8_lossy(raw)).as_bytes());
        } else {
            self.path.extend_from_slice(raw);
        }
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, byte: u8) -> Result<(), usize> {
        if self.take(byte) { Ok(()) } else { Err(self.at) }
    }
}

/// Returns what a JSON string says, given what stands between its quotes.
pub(super) fn unescape(inner: &str) -> String {
    if !inner.contains('\\') {
        return inner.to_owned();
    }
    serde_json::from_str(&format!("\"{inner}\"")).unwrap_or_else(|_| inner.to_owned())
}

/// How a file escapes its strings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Escapes {
    /// Everything beyond ASCII is written `\uXXXX`.
    ascii: bool,
    /// With capital hexadecimal digits.
    capital: bool,
    /// A slash is written `\/`.
    slash: bool,
}

impl Escapes {
    /// Learns the habit from the bytes of some records.
    pub(super) fn learn(sample: &[u8]) -> Self {
        let finder = |needle: &[u8]| memchr::memmem::find(sample, needle).is_some();
        let hex = memchr::memmem::find_iter(sample, b"\\u").filter_map(|at| sample.get(at + 2..at + 6));
        let capital = hex.flatten().any(|byte| (b'A'..=b'F').contains(byte));
        Self { ascii: finder(b"\\u") && sample.is_ascii(), capital, slash: finder(b"\\/") }
    }

    /// Writes `text` as the inside of a JSON string.
    pub(super) fn escape(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '/' if self.slash => out.push_str("\\/"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                c if (c as u32) < 0x20 || (self.ascii && !c.is_ascii()) => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        out.push_str(&if self.capital { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") });
                    }
                }
                c => out.push(c),
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<(String, String)> {
        let mut paths = Paths::default();
        paths.learn(text.as_bytes(), false).expect("the sample is JSON");
        let mut fields = Vec::new();
        paths.split(text.as_bytes(), false, &mut fields).expect("the sample is JSON");
        let texts = fields.iter().map(|span| String::from_utf8_lossy(span.of(text.as_bytes())).into_owned());
        paths.names().iter().map(|name| String::from_utf8_lossy(name).into_owned()).zip(texts).collect()
    }

    #[test]
    fn a_record_that_ends_behind_a_backslash_is_broken_and_no_more() {
        let mut fields = Vec::new();
        for text in [&br#"{"waybill":"a\"#[..], br#"{"a\"#, b"{\""] {
            assert!(Paths::default().split(text, false, &mut fields).is_err());
            assert!(Paths::default().learn(text, true).is_err());
        }
    }

    #[test]
    fn each_value_is_found_by_its_path() {
        let text = r#" { "no" : "YT1", "to":{"tel": 154,"na\u006de":"a\"}" }, "x":[1,{"y":"]"}], "z":null}"#;

        let found = values(text);

        let expected = [
            ("no", "\"YT1\""),
            ("to.tel", "154"),
            ("to.name", "\"a\\\"}\""),
            ("x", "[1,{\"y\":\"]\"}]"),
            ("z", "null"),
        ];
        assert_eq!(found, expected.map(|(path, value)| (path.to_owned(), value.to_owned())));
    }

    #[test]
    fn broken_json_is_noticed() {
        for text in ["{\"a\":1", "{\"a\" 1}", "{\"a\":\"x}", "{\"a\":}", "{\"a\":1}}", "[1]", ""] {
            let mut fields = Vec::new();
            assert!(Paths::default().split(text.as_bytes(), false, &mut fields).is_err(), "{text}");
        }
    }

    #[test]
    fn a_backslash_inside_a_gbk_character_escapes_nothing() {
        let text = b"{\"a\":\"\x81\x5c\",\"b\":1}";
        let mut paths = Paths::default();

        paths.learn(text, true).expect("the sample is JSON");

        assert_eq!(paths.names().len(), 2);
    }

    #[test]
    fn escapes_follow_the_file() {
        let plain = Escapes::learn("{\"a\":\"中/\"}".as_bytes());
        let ascii = Escapes::learn(b"{\"a\":\"\\u4E2D\\/\"}");

        assert_eq!(plain.escape("中/\"😀"), "中/\\\"😀");
        assert_eq!(ascii.escape("中/😀"), "\\u4E2D\\/\\uD83D\\uDE00");
        assert_eq!(unescape(&ascii.escape("中/\t\"😀")), "中/\t\"😀");
    }
}
