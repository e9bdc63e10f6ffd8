//! References such as `'Sheet 1'!$B$2:$B$101`, found in the text of a formula.
//!
//! Only rows matter here, since only rows are added. So nothing is parsed
//! beyond what tells a reference from what merely looks like one: strings,
//! names of functions and of tables, other books. The text is taken as it
//! stands in the XML, with `&amp;` and its like, because what is not a
//! reference must come out byte for byte.

use std::ops::Range;

use quick_xml::escape::resolve_predefined_entity;

/// Excel's last row.
pub(crate) const MAX_ROW: u32 = 1_048_576;
/// Excel's last column, XFD, from 1.
const MAX_COLUMN: u32 = 16_384;

/// A reference to one cell, to a range of cells or to whole rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) sheet: Sheet,
    pub(crate) first: RowPart,
    /// The other end of a range.
    pub(crate) last: Option<RowPart>,
}

/// The sheet that a reference names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sheet {
    /// None: it is the formula's own.
    Own,
    Named(String),
    /// Several sheets, another book, a sheet that was deleted: nothing of ours.
    Foreign,
}

/// The row of a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RowPart {
    /// Where its digits stand in the text.
    pub(crate) at: Range<usize>,
    pub(crate) row: u32,
    /// Whether a `$` stands before it.
    pub(crate) is_absolute: bool,
}

/// Finds the references in a text, in order.
pub(crate) fn references(text: &str) -> Vec<Reference> {
    // most formulas of an export have none, and most attributes are short
    if !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return Vec::new();
    }
    let mut scanner = Scanner { chars: decode(text), at: 0, is_foreign: false, found: Vec::new() };
    scanner.run();
    scanner.found
}

/// The text with other rows: `rows` gives those of each reference.
pub(crate) fn with_rows(text: &str, references: &[Reference], rows: &[(u32, u32)]) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut at = 0;
    let mut put = |part: &RowPart, row: u32| {
        out.push_str(&text[at..part.at.start]);
        out.push_str(&row.to_string());
        at = part.at.end;
    };
    for (reference, (first, last)) in references.iter().zip(rows) {
        put(&reference.first, *first);
        if let Some(part) = &reference.last {
            put(part, *last);
        }
    }
    out.push_str(&text[at..]);
    out
}

/// A character and where it stands in the text.
#[derive(Clone, Copy)]
struct Char {
    char: char,
    start: usize,
    end: usize,
}

fn decode(text: &str) -> Vec<Char> {
    const LONGEST_ENTITY: usize = 12;
    let mut chars = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(char) = text[at..].chars().next() {
        let mut end = at + char.len_utf8();
        let mut decoded = char;
        if char == '&'
            && let Some(length) = text[end..].bytes().take(LONGEST_ENTITY).position(|byte| byte == b';')
        {
            decoded = entity(&text[end..end + length]);
            end += length + 1;
        }
        chars.push(Char { char: decoded, start: at, end });
        at = end;
    }
    chars
}

/// What an entity stands for; of those that are the document's own, nobody knows.
fn entity(name: &str) -> char {
    let number = name.strip_prefix('#').and_then(|number| match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => number.parse().ok(),
    });
    let known = || resolve_predefined_entity(name).and_then(|text| text.chars().next());
    number.and_then(char::from_u32).or_else(known).unwrap_or(char::REPLACEMENT_CHARACTER)
}

struct Scanner {
    chars: Vec<Char>,
    at: usize,
    /// Behind `[1]`: the next sheet is another book's.
    is_foreign: bool,
    found: Vec<Reference>,
}

impl Scanner {
    fn run(&mut self) {
        while let Some(char) = self.peek() {
            let was_foreign = std::mem::take(&mut self.is_foreign);
            match char {
                '"' => {
                    self.quoted('"');
                }
                '\'' => {
                    let name = self.quoted('\'');
                    if self.take('!') {
                        self.reference(sheet(&name));
                    }
                }
                '[' => {
                    self.brackets();
                    self.is_foreign = true;
                }
                '#' => {
                    self.at += 1;
                    self.word();
                    if self.take('!') {
                        self.reference(Sheet::Foreign);
                    }
                }
                char if is_word(char) => self.named(was_foreign),
                _ => self.at += 1,
            }
        }
    }

    /// A word: a sheet's name, a function's, a table's, or a reference.
    fn named(&mut self, is_foreign: bool) {
        let start = self.at;
        let word = self.word();
        match self.peek() {
            Some('!') => {
                self.at += 1;
                let named = if is_foreign { Sheet::Foreign } else { sheet(&self.text(word)) };
                self.reference(named);
            }
            Some('(') => {}
            // A table's columns.
            Some('[') => self.brackets(),
            Some(':') if self.is_several_sheets() => {
                self.at += 1;
                self.word();
                self.at += 1;
                self.reference(Sheet::Foreign);
            }
            _ => {
                self.at = start;
                self.reference(Sheet::Own);
            }
        }
    }

    /// Whether a colon, a word and `!` come next: `Jan:Mar!A1`.
    fn is_several_sheets(&self) -> bool {
        let behind = self.chars[self.at + 1..].iter().position(|char| !is_word(char.char));
        behind.is_some_and(|length| length > 0 && self.chars[self.at + 1 + length].char == '!')
    }

    /// Takes the reference that comes next, if one does.
    fn reference(&mut self, sheet: Sheet) {
        let first = self.word();
        if self.peek() == Some('(') {
            return;
        }
        let cell = self.cell(first.clone());
        let Some((part, is_cell)) = cell.map(|part| (part, true)).or_else(|| Some((self.row(first)?, false))) else {
            return;
        };
        let behind_first = self.at;
        if self.take(':') {
            let word = self.word();
            let last = if is_cell { self.cell(word) } else { self.row(word) };
            if let Some(last) = last.filter(|_| !matches!(self.peek(), Some('(' | '!'))) {
                self.found.push(Reference { sheet, first: part, last: Some(last) });
                return;
            }
            self.at = behind_first;
        }
        if is_cell {
            self.found.push(Reference { sheet, first: part, last: None });
        }
    }

    /// Reads a word as a cell: `$AB$12`.
    fn cell(&self, word: Range<usize>) -> Option<RowPart> {
        let chars = &self.chars[word.clone()];
        let column_at = usize::from(chars.first()?.char == '$');
        let letters = chars[column_at..].iter().take_while(|char| char.char.is_ascii_alphabetic()).count();
        let column = chars[column_at..column_at + letters]
            .iter()
            .take(4)
            .fold(0u32, |column, char| column * 26 + u32::from(char.char.to_ascii_uppercase()) - u32::from('A') + 1);
        let is_column = (1..=3).contains(&letters) && column <= MAX_COLUMN;
        is_column.then(|| self.row(word.start + column_at + letters..word.end))?
    }

    /// Reads a word as a row: `$12`.
    fn row(&self, word: Range<usize>) -> Option<RowPart> {
        let chars = &self.chars[word];
        let is_absolute = chars.first()?.char == '$';
        let digits = &chars[usize::from(is_absolute)..];
        let (first, last) = (digits.first()?, digits.last()?);
        // Excel writes no zero in front; a digit that is written `&#49;` is left alone.
        let is_plain = |char: &Char| char.char.is_ascii_digit() && char.end - char.start == 1;
        if first.char == '0' || digits.len() > 7 || !digits.iter().all(is_plain) {
            return None;
        }
        let row = digits.iter().fold(0, |row, char| row * 10 + char.char.to_digit(10).unwrap_or_default());
        (row <= MAX_ROW).then_some(RowPart { at: first.start..last.end, row, is_absolute })
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).map(|char| char.char)
    }

    fn take(&mut self, char: char) -> bool {
        let is_next = self.peek() == Some(char);
        self.at += usize::from(is_next);
        is_next
    }

    fn word(&mut self) -> Range<usize> {
        let start = self.at;
        while self.peek().is_some_and(is_word) {
            self.at += 1;
        }
        start..self.at
    }

    fn text(&self, range: Range<usize>) -> String {
        self.chars[range].iter().map(|char| char.char).collect()
    }

    /// Passes over what is quoted, where two quotes are one; returns it.
    fn quoted(&mut self, quote: char) -> String {
        let mut text = String::new();
        self.at += 1;
        while let Some(char) = self.peek() {
            self.at += 1;
            if char == quote && !self.take(quote) {
                break;
            }
            text.push(char);
        }
        text
    }

    /// Passes over brackets and those within; there `'` takes the next character for a letter.
    fn brackets(&mut self) {
        let mut depth = 0;
        while let Some(char) = self.peek() {
            self.at += 1;
            match char {
                '\'' => self.at += 1,
                '[' => depth += 1,
                ']' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return;
            }
        }
        self.at = self.chars.len();
    }
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || matches!(char, '_' | '.' | '$' | '\\' | '?')
}

/// A sheet by the name in front of `!`. A colon stands between two sheets, a bracket around a book.
fn sheet(name: &str) -> Sheet {
    if name.is_empty() || name.contains([':', '[', ']']) { Sheet::Foreign } else { Sheet::Named(name.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The references of a text, each as `sheet!first:last`, with `$` where it is absolute.
    fn found(text: &str) -> Vec<String> {
        let part = |part: &RowPart| format!("{}{}", if part.is_absolute { "$" } else { "" }, part.row);
        let shown = |reference: &Reference| {
            let sheet = match &reference.sheet {
                Sheet::Own => String::new(),
                Sheet::Named(name) => format!("{name}!"),
                Sheet::Foreign => "?!".to_owned(),
            };
            let last = reference.last.as_ref().map(|last| format!(":{}", part(last))).unwrap_or_default();
            format!("{sheet}{}{last}", part(&reference.first))
        };
        references(text).iter().map(shown).collect()
    }

    #[test]
    fn references_are_told_from_what_looks_like_them() {
        for (text, expected) in [
            ("A1", &["1"][..]),
            ("F2*$G$2", &["2", "$2"]),
            ("SUM(F2:F101)", &["2:101"]),
            ("SUM($F$2:F$101,A:A,2:$5)", &["$2:$101", "2:$5"]),
            ("Sheet1!A1:B2+Sheet1!C3", &["Sheet1!1:2", "Sheet1!3"]),
            ("运单!B7", &["运单!7"]),
            ("'It''s one'!A1", &["It's one!1"]),
            ("IF(A1=\"B2 \"\"C3\"\"\",D4,\"E5\")", &["1", "4"]),
            ("IF(A1=&quot;B2&quot;,D4&amp;E5,1)", &["1", "4", "5"]),
            ("&apos;a b&apos;!A1", &["a b!1"]),
            ("LOG10(A1)+ATAN2(1,2)", &["1"]),
            ("Table1[[#This Row],[B2]]*C3", &["3"]),
            ("T[a'[b]+A9", &["9"]),
            ("[1]Sheet1!A1+A2", &["?!1", "2"]),
            ("'[Book.xlsx]Sheet 1'!A1", &["?!1"]),
            ("SUM(Jan:Mar!B2)", &["?!2"]),
            ("SUM('Jan:Mar'!B2)", &["?!2"]),
            ("#REF!$A$1+#N/A+#DIV/0!", &["?!$1"]),
            ("ABCD1+XFE1+A0+A01+A1048577+A1_x+x.A1+1E5", &[]),
            ("XFD1048576", &["1048576"]),
            ("Sheet1!A1:Sheet1!B2", &["Sheet1!1", "Sheet1!2"]),
            ("A1:INDEX(B:B,3)", &["1"]),
            ("A1:OFFSET(B2,1,0)", &["1", "2"]),
            ("A1#", &["1"]),
            ("A&#49;", &[]),
            ("\"A1", &[]),
            ("[A1", &[]),
            ("", &[]),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn rows_are_put_where_they_were() {
        let text = "SUM('a &amp; b'!F2:F$101)&amp;\"F2\"";
        let references = references(text);

        assert_eq!(with_rows(text, &references, &[(3, 1000)]), "SUM('a &amp; b'!F3:F$1000)&amp;\"F2\"");
    }
}
