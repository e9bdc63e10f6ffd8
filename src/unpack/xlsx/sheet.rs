//! One sheet's XML as text, a few cells at a time.

use super::xml::{self, Xml};
use crate::fault::Fault;
use crate::unpack::defect;
use crate::unpack::line::Lines;
use crate::unpack::metered::Layer;
use crate::unpack::strings::Strings;
use quick_xml::events::{BytesStart, Event};
use std::io::{self, Read};

/// Made before any is handed out: enough to be quick, little enough to hold.
const CHUNK_BYTES: usize = 64 << 10;
/// Of a number, an index or a truth value; what is longer is text whatever it says it is.
const MAX_VALUE_BYTES: usize = 512;

pub(super) struct SheetText<'s, R> {
    xml: Xml<R>,
    strings: &'s Strings<'s>,
    lines: Lines,
    cell: Cell,
    /// Counted from 0: of a cell that does not say its own.
    next_column: u32,
    missing_strings: u64,
    ended: bool,
    /// Due once the lines before it were handed out.
    failure: Option<io::Error>,
}

/// The cell being read.
#[derive(Default)]
struct Cell {
    kind: Kind,
    column: u32,
    /// The value, until it is complete; texts are written as they come.
    value: String,
    has_begun: bool,
    in_text: bool,
    in_phonetic: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    /// Not in a cell.
    #[default]
    None,
    Number,
    Shared,
    Bool,
    Text,
}

impl<'s, R: Layer> SheetText<'s, R> {
    pub(super) fn new(xml: Xml<R>, strings: &'s Strings<'s>) -> Self {
        Self {
            xml,
            strings,
            lines: Lines::default(),
            cell: Cell::default(),
            next_column: 0,
            missing_strings: 0,
            ended: false,
            failure: None,
        }
    }

    /// Reads one event.
    fn step(&mut self) -> io::Result<()> {
        let Self { xml, strings, lines, cell, next_column, missing_strings, ended, .. } = self;
        let event = xml.next()?;
        match &event {
            Event::Start(element) => match element.local_name().as_ref() {
                "c" => cell.open(element, next_column),
                "v" => cell.in_text = true,
                "t" => cell.in_text = !cell.in_phonetic,
                "rPh" => cell.in_phonetic = true,
                "row" => {
                    lines.end_row();
                    *next_column = 0;
                }
                _ => {}
            },
            Event::Empty(element) if element.local_name().as_ref() == "c" => {
                cell.open(element, next_column);
                cell.kind = Kind::None;
            }
            Event::End(element) => match element.local_name().as_ref() {
                "c" => *missing_strings += u64::from(!cell.close(lines, strings)),
                "v" | "t" => cell.in_text = false,
                "rPh" => cell.in_phonetic = false,
                "row" => lines.end_row(),
                _ => {}
            },
            Event::Eof => {
                lines.end_row();
                *ended = true;
            }
            event if cell.in_text => {
                if let Some(text) = xml::text(event) {
                    cell.push(&text, lines);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// At the end: what could not be read in between.
    fn shortcoming(&self) -> Option<io::Error> {
        let what = match self.missing_strings {
            0 if self.xml.has_entities() => "uses entities of its own, which are not expanded".to_owned(),
            0 => return None,
            missing => format!("{missing} cells name a shared string that is missing: left empty"),
        };
        Some(defect::failure(Fault::new(what).at_byte(self.xml.position())))
    }
}

impl<R: Layer> Read for SheetText<'_, R> {
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

impl<R: Layer> Layer for SheetText<'_, R> {
    fn packed_bytes(&self) -> u64 {
        self.xml.inner().packed_bytes()
    }
}

impl Cell {
    fn open(&mut self, element: &BytesStart<'_>, next_column: &mut u32) {
        *self = Self {
            value: std::mem::take(&mut self.value),
            kind: Kind::Number,
            column: *next_column,
            ..Self::default()
        };
        self.value.clear();
        for attribute in element.attributes().with_checks(false).flatten() {
            match attribute.key.into_inner() {
                "r" => self.column = column(&attribute.value).unwrap_or(self.column),
                "t" => {
                    self.kind = match &*attribute.value {
                        "s" => Kind::Shared,
                        "b" => Kind::Bool,
                        "n" => Kind::Number,
                        // a formula's text, a text of its own, an error, a date: as they stand
                        _ => Kind::Text,
                    }
                }
                _ => {}
            }
        }
        *next_column = self.column.saturating_add(1);
    }

    fn push(&mut self, text: &str, lines: &mut Lines) {
        match self.kind {
            Kind::None => {}
            Kind::Text => self.write(text, lines),
            _ if self.value.len() + text.len() <= MAX_VALUE_BYTES => self.value.push_str(text),
            _ => {
                self.kind = Kind::Text;
                let value = std::mem::take(&mut self.value);
                self.write(&value, lines);
                self.write(text, lines);
            }
        }
    }

    fn write(&mut self, text: &str, lines: &mut Lines) {
        if text.is_empty() {
            return;
        }
        if !std::mem::replace(&mut self.has_begun, true) {
            lines.begin_cell(self.column);
        }
        lines.push_text(text);
    }

    /// Writes the value; false if it is a shared string that does not exist.
    fn close(&mut self, lines: &mut Lines, strings: &Strings<'_>) -> bool {
        let kind = std::mem::take(&mut self.kind);
        self.in_text = false;
        self.in_phonetic = false;
        let value = self.value.trim();
        if value.is_empty() {
            return true;
        }
        match kind {
            Kind::None | Kind::Text => {}
            Kind::Number => {
                lines.begin_cell(self.column);
                lines.push_digits(value);
            }
            Kind::Bool => {
                lines.begin_cell(self.column);
                lines.push_text(if value == "0" { "FALSE" } else { "TRUE" });
            }
            Kind::Shared => {
                let Some(text) = value.parse().ok().and_then(|index| strings.get(index)) else { return false };
                if !text.is_empty() {
                    lines.begin_cell(self.column);
                    lines.push_line(text);
                }
            }
        }
        true
    }
}

/// The column of a reference such as `XFD1048576`, counted from 0.
fn column(reference: &str) -> Option<u32> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic);
    let column = letters.fold(0_u32, |column, letter| {
        column.saturating_mul(26).saturating_add(u32::from(letter.to_ascii_uppercase() - b'A') + 1)
    });
    column.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_name_columns() {
        assert_eq!(column("A1"), Some(0));
        assert_eq!(column("z99"), Some(25));
        assert_eq!(column("XFD1048576"), Some(16_383));
        assert_eq!(column("ZZZZZZZZZZ1"), Some(u32::MAX - 1));
        assert_eq!(column("12"), None);
    }
}
