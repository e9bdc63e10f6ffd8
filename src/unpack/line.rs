//! Cells as lines of text: TAB between cells, one line a row.
//!
//! A row without a value has no line, since one cell at the foot of a sheet must
//! not cost a million of them. Gaps within a row stay, so that columns line up.

use std::io::{self, Read, Write};

/// Excel's columns: A to XFD.
const COLUMNS: u32 = 16_384;

#[derive(Debug, Default)]
pub(super) struct Lines {
    text: Vec<u8>,
    /// What of it was handed out.
    handed: usize,
    /// The column of the last cell written in this row.
    column: Option<u32>,
}

impl Lines {
    /// Bytes that wait to be handed out.
    pub(super) fn waiting(&self) -> usize {
        self.text.len() - self.handed
    }

    pub(super) fn end_row(&mut self) {
        if self.column.take().is_some() {
            self.text.push(b'\n');
        }
    }

    /// Goes to a column, counted from 0; one that is not further right is taken as the next.
    pub(super) fn begin_cell(&mut self, column: u32) {
        let column = column.min(COLUMNS - 1);
        let gap = self.column.map_or(column, |last| column.saturating_sub(last).max(1));
        self.text.resize(self.text.len() + gap as usize, b'\t');
        self.column = Some(self.column.map_or(column, |last| last + gap));
    }

    /// Adds text that is on one line already.
    pub(super) fn push_line(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    /// Adds text of any form.
    pub(super) fn push_text(&mut self, text: &str) {
        one_line(text, |piece| self.text.extend_from_slice(piece.as_bytes()));
    }

    /// Adds a number in full: telephone numbers are stored as such, and `1.38E+10` finds nobody.
    pub(super) fn push_number(&mut self, number: f64) {
        // minus zero is shown as zero
        let number = if number == 0.0 { 0.0 } else { number };
        let _ = write!(self.text, "{number}");
    }

    /// Adds a number that is stored as text, with all the digits that it has.
    pub(super) fn push_digits(&mut self, text: &str) {
        let text = text.trim();
        if text.contains(['e', 'E'])
            && let Ok(number) = text.parse::<f64>()
            && number.is_finite()
        {
            return self.push_number(number);
        }
        match text.split_once('.') {
            Some((whole, zeros)) if !whole.is_empty() && zeros.bytes().all(|byte| byte == b'0') => {
                self.push_text(whole);
            }
            _ => self.push_text(text),
        }
    }
}

impl Read for Lines {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = (&self.text[self.handed..]).read(into)?;
        self.handed += read;
        if self.waiting() == 0 {
            self.text.clear();
            self.handed = 0;
        }
        Ok(read)
    }
}

/// Gives text piece by piece, with blanks for what would break a line or a column. Excel writes
/// some of that as `_x000D_`.
pub(super) fn one_line(text: &str, mut push: impl FnMut(&str)) {
    const BREAKS: [char; 3] = ['\t', '\n', '\r'];
    let mut rest = text;
    while let Some(at) = memchr::memchr2(b'\t', b'\n', rest.as_bytes())
        .into_iter()
        .chain(memchr::memchr2(b'\r', b'_', rest.as_bytes()))
        .min()
    {
        push(&rest[..at]);
        rest = &rest[at..];
        if let Some(behind) = rest.strip_prefix(BREAKS) {
            push(" ");
            rest = behind;
        } else if let Some((char, behind)) = escaped(rest) {
            let mut bytes = [0; 4];
            push(if char.is_control() { " " } else { char.encode_utf8(&mut bytes) });
            rest = behind;
        } else {
            push("_");
            rest = &rest[1..];
        }
    }
    push(rest);
}

/// A character written as `_xHHHH_`, and what follows it.
fn escaped(text: &str) -> Option<(char, &str)> {
    let digits = text.strip_prefix("_x")?.get(..4)?;
    let behind = text[6..].strip_prefix('_')?;
    let code = u32::from_str_radix(digits, 16).ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    Some((char::from_u32(code)?, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Lines)) -> String {
        let mut lines = Lines::default();
        write(&mut lines);
        let mut text = String::new();
        lines.read_to_string(&mut text).expect("is text");
        text
    }

    #[test]
    fn gaps_become_tabs_and_empty_rows_vanish() {
        let text = text(|lines| {
            lines.end_row();
            lines.begin_cell(2);
            lines.push_text("c");
            lines.begin_cell(4);
            lines.push_text("e");
            lines.begin_cell(1);
            lines.push_text("late");
            lines.end_row();
            lines.end_row();
            lines.begin_cell(u32::MAX);
            lines.push_text("far");
            lines.end_row();
        });

        assert_eq!(text, format!("\t\tc\t\te\tlate\n{}far\n", "\t".repeat(16_383)));
    }

    #[test]
    fn numbers_are_written_in_full() {
        for (stored, shown) in [
            ("13800138000", "13800138000"),
            ("1.3800138E10", "13800138000"),
            ("9.007199254740991E+15", "9007199254740991"),
            ("13800138000.0", "13800138000"),
            ("12345678901234567890", "12345678901234567890"),
            ("1.5", "1.5"),
            ("-2.50E-3", "-0.0025"),
            ("1e999", "1e999"),
            (".0", ".0"),
            ("n.00", "n"),
        ] {
            assert_eq!(text(|lines| lines.push_digits(stored)), shown, "{stored}");
        }
        assert_eq!(text(|lines| lines.push_number(9_007_199_254_740_991.0)), "9007199254740991");
        assert_eq!(text(|lines| lines.push_number(-0.0)), "0");
    }

    #[test]
    fn a_cell_stays_on_its_line_and_in_its_column() {
        assert_eq!(text(|lines| lines.push_text("a\tb\r\nc_x000D_\nd_x4e00_e_x_f_x00")), "a b  c  d一e_x_f_x00");
    }
}
