//! One sheet's records as text, a few cells at a time.

use super::records::{BOF, EOF, Records, Script};
use crate::fault::Fault;
use crate::unpack::defect;
use crate::unpack::line::Lines;
use crate::unpack::metered::Layer;
use crate::unpack::strings::Strings;
use std::io::{self, Read};

const CHUNK_BYTES: usize = 64 << 10;

const FORMULA: u16 = 0x0006;
const MANY_COMPACT: u16 = 0x00bd;
const RICH_LABEL: u16 = 0x00d6;
const SHARED_LABEL: u16 = 0x00fd;
const NUMBER: u16 = 0x0203;
const LABEL: u16 = 0x0204;
const TRUTH_OR_ERROR: u16 = 0x0205;
/// The text that the formula before it gave.
const FORMULA_TEXT: u16 = 0x0207;
const COMPACT: u16 = 0x027e;

pub(super) struct SheetText<'s, R> {
    records: Records<R>,
    script: Script,
    strings: &'s Strings<'s>,
    lines: Lines,
    row: u16,
    /// Of a formula whose text is to follow.
    formula_column: Option<u16>,
    /// Sheets within the sheet: charts have numbers of their own.
    depth: u32,
    missing_strings: u64,
    ended: bool,
    /// Due once the lines before it were handed out.
    failure: Option<io::Error>,
}

impl<'s, R: Read> SheetText<'s, R> {
    pub(super) fn new(inner: R, script: Script, strings: &'s Strings<'s>) -> Self {
        Self {
            records: Records::new(inner),
            script,
            strings,
            lines: Lines::default(),
            row: 0,
            formula_column: None,
            depth: 0,
            missing_strings: 0,
            ended: false,
            failure: None,
        }
    }

    /// Reads one record.
    fn step(&mut self) -> io::Result<()> {
        let kind = match self.records.next()? {
            Some(BOF) => {
                self.depth += 1;
                return Ok(());
            }
            None => return Err(self.records.damaged("has a sheet that is cut off")),
            Some(_) if self.depth == 0 => return Err(self.records.damaged("has no sheet where it says")),
            Some(kind) => kind,
        };
        if kind == EOF {
            self.depth -= 1;
            self.ended = self.depth == 0;
            if self.ended {
                self.lines.end_row();
            }
        } else if self.depth == 1 {
            self.cell(kind)?;
        }
        Ok(())
    }

    fn cell(&mut self, kind: u16) -> io::Result<()> {
        match kind {
            FORMULA_TEXT => {
                if let Some(column) = self.formula_column.take() {
                    let chars = usize::from(self.records.u16()?);
                    let text = self.records.text(chars, self.script)?;
                    self.write(column, &text);
                }
                return Ok(());
            }
            FORMULA | MANY_COMPACT | RICH_LABEL | SHARED_LABEL | NUMBER | LABEL | TRUTH_OR_ERROR | COMPACT => {}
            _ => return Ok(()),
        }
        let row = self.records.u16()?;
        if row != self.row {
            self.lines.end_row();
            self.row = row;
        }
        let column = self.records.u16()?;
        if kind == MANY_COMPACT {
            return self.compact_row(column);
        }
        let _format = self.records.u16()?;
        self.formula_column = None;
        match kind {
            SHARED_LABEL => self.shared(column)?,
            LABEL | RICH_LABEL => {
                let chars = usize::from(self.records.u16()?);
                let text = self.records.text(chars, self.script)?;
                self.write(column, &text);
            }
            NUMBER => {
                let number = self.records.bytes().map(f64::from_le_bytes)?;
                self.write_number(column, number);
            }
            COMPACT => {
                let number = self.records.u32().map(compact)?;
                self.write_number(column, number);
            }
            TRUTH_OR_ERROR => {
                let [value, is_error] = self.records.bytes()?;
                self.write(column, truth_or_error(value, is_error != 0));
            }
            _ => self.formula(column)?,
        }
        Ok(())
    }

    /// Several numbers side by side.
    fn compact_row(&mut self, first: u16) -> io::Result<()> {
        let mut column = first;
        // a format and a number each; the last column stands behind them
        while self.records.data().len() >= 6 {
            let _format = self.records.u16()?;
            let number = self.records.u32().map(compact)?;
            self.write_number(column, number);
            column = column.saturating_add(1);
        }
        Ok(())
    }

    fn shared(&mut self, column: u16) -> io::Result<()> {
        let index = self.records.u32()? as usize;
        match self.strings.get(index) {
            None => self.missing_strings += 1,
            Some("") => {}
            Some(text) => {
                self.lines.begin_cell(u32::from(column));
                self.lines.push_line(text);
            }
        }
        Ok(())
    }

    /// The value that was shown last; a text stands in a record behind.
    fn formula(&mut self, column: u16) -> io::Result<()> {
        let value: [u8; 8] = self.records.bytes()?;
        match value {
            [0, .., 0xff, 0xff] => self.formula_column = Some(column),
            [1, _, truth, .., 0xff, 0xff] => self.write(column, truth_or_error(truth, false)),
            [2, _, error, .., 0xff, 0xff] => self.write(column, truth_or_error(error, true)),
            [_, .., 0xff, 0xff] => {}
            number => self.write_number(column, f64::from_le_bytes(number)),
        }
        Ok(())
    }

    /// At the end: what could not be read in between.
    fn shortcoming(&self) -> Option<io::Error> {
        let what = format!("{} cells name a shared string that is missing: left empty", self.missing_strings);
        let fault = Fault::new(what).at_byte(self.records.position());
        (self.missing_strings > 0).then(|| defect::failure(fault))
    }

    fn write(&mut self, column: u16, text: &str) {
        if !text.is_empty() {
            self.lines.begin_cell(u32::from(column));
            self.lines.push_text(text);
        }
    }

    fn write_number(&mut self, column: u16, number: f64) {
        self.lines.begin_cell(u32::from(column));
        self.lines.push_number(number);
    }
}

impl<R: Read> Read for SheetText<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while !self.ended && self.lines.waiting() < CHUNK_BYTES {
            if let Err(error) = self.step() {
                self.ended = true;
                self.lines.end_row();
                self.failure = Some(error);
            }
        }
        match self.lines.read(into)? {
            0 if !into.is_empty() => self.failure.take().or_else(|| self.shortcoming()).map_or(Ok(0), Err),
            read => Ok(read),
        }
    }
}

impl<R: Read> Layer for SheetText<'_, R> {
    fn packed_bytes(&self) -> u64 {
        self.records.position()
    }
}

/// A number in 30 bits: an integer or the upper half of a float, either perhaps in hundredths.
fn compact(raw: u32) -> f64 {
    const HUNDREDTHS: u32 = 1;
    const INTEGER: u32 = 2;
    let number = match raw & INTEGER {
        0 => f64::from_bits(u64::from(raw & !3) << 32),
        _ => f64::from(raw.cast_signed() >> 2),
    };
    if raw & HUNDREDTHS == 0 { number } else { number / 100.0 }
}

fn truth_or_error(value: u8, is_error: bool) -> &'static str {
    match (is_error, value) {
        (false, 0) => "FALSE",
        (false, _) => "TRUE",
        (true, 0x00) => "#NULL!",
        (true, 0x07) => "#DIV/0!",
        (true, 0x0f) => "#VALUE!",
        (true, 0x17) => "#REF!",
        (true, 0x1d) => "#NAME?",
        (true, 0x24) => "#NUM!",
        (true, 0x2a) => "#N/A",
        (true, _) => "#ERROR!",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compact_numbers_are_integers_floats_and_hundredths() {
        assert_eq!(compact(0x3ff0_0000), 1.0);
        assert_eq!(compact((12345 << 2) | 2), 12345.0);
        assert_eq!(compact((12345 << 2) | 3), 123.45);
        assert_eq!(compact(((-7_i32 << 2) | 2).cast_unsigned()), -7.0);
    }
}
