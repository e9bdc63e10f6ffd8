//! A sheet's XML, row by row, in pieces that are written again as they were.

use std::io::Read;
use std::ops::Range;

use quick_xml::events::Event;

use super::a1::MAX_ROW;
use super::tag;
use super::xml::{Document, local, push_raw};
use crate::fault::Fault;
use crate::unpack::xml;

/// Of one row: 16,384 cells of a usual length.
const MAX_ROW_BYTES: usize = 16 << 20;

/// A piece of a sheet.
pub(super) enum Piece<'r> {
    Row(&'r Row),
    /// White space between rows.
    Blank(&'r str),
    /// Anything else, before the rows or behind them.
    Outside(Event<'static>),
    /// The end of the rows, with the event that says so.
    EndOfRows(Event<'static>),
    End,
}

/// A row as it stands in the XML, and where everything is in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    pub(super) raw: String,
    /// What stands between `<` and `>` of its start.
    pub(super) tag: Range<usize>,
    pub(super) number: u32,
    /// The digits that say so, if any do.
    pub(super) number_at: Option<Range<usize>>,
    pub(super) cells: Vec<Cell>,
    /// What the cells say, one behind the other.
    texts: String,
}

/// A cell of a row; all places are in [`Row::raw`].
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    /// From 0.
    pub(super) column: u32,
    pub(super) at: Range<usize>,
    /// What stands between `<` and `>` of its start.
    pub(super) tag: Range<usize>,
    /// The row's digits in its reference.
    pub(super) row_at: Option<Range<usize>>,
    pub(super) kind: Kind,
    pub(super) style: usize,
    pub(super) formula: Option<Formula>,
    /// What stands between `<v>` and `</v>`.
    pub(super) value_at: Option<Range<usize>>,
    /// What it says, in [`Row::texts`].
    text: Range<usize>,
}

/// A cell's formula.
#[derive(Clone, Debug, Default)]
pub(super) struct Formula {
    /// The whole element.
    pub(super) at: Range<usize>,
    pub(super) tag: Range<usize>,
    /// The formula itself; empty where another cell has it.
    pub(super) text: Range<usize>,
}

/// How a cell keeps its value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Number,
    /// The number of a shared string.
    Shared,
    /// A text of its own, with or without runs.
    Inline,
    /// A formula's text.
    Text,
    Bool,
    Error,
    /// A date in ISO 8601.
    Date,
}

impl Row {
    /// What stands between `<` and `>` of its start.
    pub(super) fn tag(&self) -> &str {
        &self.raw[self.tag.clone()]
    }

    /// What a cell says: a number's digits, a shared string's number, a text.
    pub(super) fn text(&self, cell: &Cell) -> &str {
        &self.texts[cell.text.clone()]
    }

    pub(super) fn cell(&self, column: u32) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.column == column)
    }
}

/// Reads a sheet.
pub(super) struct SheetReader<R> {
    document: Document<R>,
    row: Row,
    blank: String,
    last_number: u32,
    in_rows: bool,
}

impl<R: Read> SheetReader<R> {
    pub(super) fn new(inner: R) -> Result<Self, Fault> {
        let document = Document::new(inner)?;
        Ok(Self { document, row: Row::default(), blank: String::new(), last_number: 0, in_rows: false })
    }

    /// What stands in front of the document.
    pub(super) fn mark(&self) -> &'static [u8] {
        self.document.mark
    }

    pub(super) fn next(&mut self) -> Result<Piece<'_>, Fault> {
        let event = self.document.next()?;
        match &event {
            Event::Start(tag) | Event::Empty(tag) if self.in_rows && local(&event) == "row" => {
                let is_empty = matches!(event, Event::Empty(_));
                self.row.begin(tag, &mut self.last_number)?;
                self.row.raw.push_str(if is_empty { "/>" } else { ">" });
                if !is_empty {
                    let mut open = Open::default();
                    open.begin(tag::name(self.row.tag()));
                    read_row(&mut self.document, &mut self.row, &mut open)?;
                }
                Ok(Piece::Row(&self.row))
            }
            Event::Text(text) if self.in_rows && text.trim().is_empty() => {
                self.blank.clear();
                self.blank.push_str(text);
                Ok(Piece::Blank(&self.blank))
            }
            Event::Start(_) if local(&event) == "sheetData" => {
                self.in_rows = true;
                Ok(Piece::Outside(event.into_owned()))
            }
            Event::End(_) if local(&event) == "sheetData" => {
                self.in_rows = false;
                Ok(Piece::EndOfRows(event.into_owned()))
            }
            Event::Eof if self.in_rows => Err(cut_off()),
            Event::Eof => Ok(Piece::End),
            _ => Ok(Piece::Outside(event.into_owned())),
        }
    }
}

fn cut_off() -> Fault {
    Fault::new("the sheet's XML ends among its rows").hint("the file was cut off: copy it again")
}

/// Names of the elements of a row that are open. What is put into a row goes by the places of its elements, so they
/// must be nested well; the reader below does not ask for that.
#[derive(Default)]
struct Open {
    names: String,
    starts: Vec<usize>,
}

impl Open {
    fn begin(&mut self, name: &str) {
        self.starts.push(self.names.len());
        self.names.push_str(name);
    }

    /// Whether it is the one that was opened last.
    fn end(&mut self, name: &str) -> bool {
        let Some(start) = self.starts.pop().filter(|start| self.names[*start..] == *name) else { return false };
        self.names.truncate(start);
        true
    }

    fn depth(&self) -> usize {
        self.starts.len()
    }
}

/// The next event of a row.
fn next<'d, R: Read>(document: &'d mut Document<R>, row: u32, open: &mut Open) -> Result<Event<'d>, Fault> {
    let event = document.next()?;
    match &event {
        Event::Start(tag) => open.begin(tag::name(tag)),
        Event::End(tag) if !open.end(tag.trim_end()) => {
            return Err(Fault::new("expected the end of the element that is open, found another's")
                .at_field(format!("row {row}"))
                .hint("open it in a spreadsheet program and save it again"));
        }
        _ => {}
    }
    Ok(event)
}

fn read_row<R: Read>(document: &mut Document<R>, row: &mut Row, open: &mut Open) -> Result<(), Fault> {
    let mut next_column = 0;
    loop {
        let start = row.raw.len();
        let event = next(document, row.number, open)?;
        if row.raw.len() > MAX_ROW_BYTES {
            return Err(
                Fault::new(format!("expected a row of at most {MAX_ROW_BYTES} bytes")).at_record(u64::from(row.number))
            );
        }
        push_raw(&event, &mut row.raw);
        match &event {
            Event::Start(tag) if local(&event) == "c" => {
                let cell = Cell::read(tag, start, row, &mut next_column)?;
                row.cells.push(cell);
                read_cell(document, row, open)?;
            }
            Event::Empty(tag) if local(&event) == "c" => {
                let mut cell = Cell::read(tag, start, row, &mut next_column)?;
                cell.at = start..row.raw.len();
                row.cells.push(cell);
            }
            Event::End(_) if open.depth() == 0 => return Ok(()),
            Event::Eof => return Err(cut_off()),
            _ => {}
        }
    }
}

fn read_cell<R: Read>(document: &mut Document<R>, row: &mut Row, open: &mut Open) -> Result<(), Fault> {
    let mut cell = row.cells.pop().expect("it was just put there");
    let (mut in_text, mut in_phonetic) = (false, false);
    // A formula and a value are the cell's own, not one inside the other.
    let own = open.depth() + 1;
    loop {
        let start = row.raw.len();
        let event = next(document, row.number, open)?;
        push_raw(&event, &mut row.raw);
        let end = row.raw.len();
        match &event {
            Event::Start(_) if local(&event) == "c" => return Err(nested(row)),
            Event::Start(tag) => match local(&event) {
                "f" if open.depth() == own => {
                    let tag = start + 1..start + 1 + tag.len();
                    cell.formula = Some(Formula { at: start..end, tag, text: end..end });
                }
                "v" if open.depth() == own => {
                    in_text = true;
                    cell.value_at = Some(end..end);
                }
                "f" | "v" => return Err(nested(row)),
                "t" => in_text = !in_phonetic,
                "rPh" => in_phonetic = true,
                _ => {}
            },
            Event::Empty(_) if open.depth() >= own && matches!(local(&event), "c" | "f" | "v") => {
                return Err(nested(row));
            }
            Event::Empty(tag) if local(&event) == "f" => {
                cell.formula = Some(Formula { at: start..end, tag: start + 1..start + 1 + tag.len(), text: end..end });
            }
            Event::End(_) => match local(&event) {
                "c" => {
                    cell.at.end = end;
                    cell.text.end = row.texts.len();
                    row.cells.push(cell);
                    return Ok(());
                }
                "f" => {
                    if let Some(formula) = &mut cell.formula {
                        formula.text.end = start;
                        formula.at.end = end;
                    }
                }
                "v" => {
                    in_text = false;
                    if let Some(value) = &mut cell.value_at {
                        value.end = start;
                    }
                }
                "t" => in_text = false,
                "rPh" => in_phonetic = false,
                _ => {}
            },
            Event::Eof => return Err(cut_off()),
            event if in_text => {
                if let Some(text) = xml::text(event) {
                    row.texts.push_str(&text);
                }
            }
            _ => {}
        }
    }
}

fn nested(row: &Row) -> Fault {
    Fault::new("expected a cell's formula and value in the cell itself")
        .at_field(format!("row {}", row.number))
        .hint("open it in a spreadsheet program and save it again")
}

impl Row {
    fn begin(&mut self, tag: &str, last_number: &mut u32) -> Result<(), Fault> {
        self.raw.clear();
        self.raw.push('<');
        self.raw.push_str(tag);
        self.tag = 1..self.raw.len();
        self.cells.clear();
        self.texts.clear();
        self.number_at = tag::attribute(tag, "r").map(|at| at.start + 1..at.end + 1);
        self.number = match &self.number_at {
            Some(at) => self.raw[at.clone()].parse().unwrap_or(0),
            None => last_number.saturating_add(1),
        };
        if self.number <= *last_number || self.number > MAX_ROW {
            return Err(Fault::new(format!(
                "expected a row behind row {last_number}, found \"{}\"",
                &self.raw[1..].escape_debug()
            ))
            .hint("open it in a spreadsheet program and save it again"));
        }
        *last_number = self.number;
        Ok(())
    }
}

impl Cell {
    /// Reads the start of a cell that begins at `start`.
    fn read(tag: &str, start: usize, row: &Row, next_column: &mut u32) -> Result<Self, Fault> {
        let wrong = |what: &str| {
            Err(Fault::new(format!("expected {what}"))
                .at_field(format!("row {}", row.number))
                .hint("open it in a spreadsheet program and save it again"))
        };
        let from = start + 1;
        let mut cell = Self { column: *next_column, at: start..start, tag: from..from + tag.len(), ..Self::default() };
        cell.text = row.texts.len()..row.texts.len();
        for (name, value) in tag::attributes(tag) {
            let text = &tag[value.clone()];
            match &tag[name] {
                "r" => {
                    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
                    let Some(column) = column(&text[..letters]) else { return wrong("a cell's column") };
                    if text[letters..].parse() != Ok(row.number) {
                        return wrong("the cells of a row to name its number");
                    }
                    cell.column = column;
                    cell.row_at = Some(from + value.start + letters..from + value.end);
                }
                "s" => cell.style = text.parse().unwrap_or(0),
                "t" => {
                    cell.kind = match text {
                        "s" => Kind::Shared,
                        "inlineStr" => Kind::Inline,
                        "str" => Kind::Text,
                        "b" => Kind::Bool,
                        "e" => Kind::Error,
                        "d" => Kind::Date,
                        _ => Kind::Number,
                    }
                }
                _ => {}
            }
        }
        if cell.column < *next_column {
            return wrong("the cells of a row from left to right");
        }
        *next_column = cell.column + 1;
        Ok(cell)
    }
}

/// Excel's last column, from 0.
const MAX_COLUMN: u32 = 16_383;

/// A column by its letters, from 0.
pub(super) fn column(letters: &str) -> Option<u32> {
    if letters.is_empty() || letters.len() > 3 {
        return None;
    }
    let column =
        letters.bytes().fold(0, |column, letter| column * 26 + u32::from(letter.to_ascii_uppercase() - b'A') + 1);
    Some(column - 1).filter(|column| *column <= MAX_COLUMN)
}

/// The letters of a column, from 0.
pub(super) fn letters(mut column: u32) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + (column % 26) as u8));
        if column < 26 {
            return letters.iter().rev().collect();
        }
        column = column / 26 - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows by their numbers, each with what its cells say.
    type Shown = Vec<(u32, Vec<String>)>;

    fn pieces(xml: &str) -> Result<(String, Shown), Fault> {
        let mut reader = SheetReader::new(xml.as_bytes())?;
        let (mut raw, mut rows) = (String::new(), Vec::new());
        loop {
            match reader.next()? {
                Piece::Row(row) => {
                    raw.push_str(&row.raw);
                    let shown = |cell: &Cell| format!("{}{}={}", letters(cell.column), row.number, row.text(cell));
                    rows.push((row.number, row.cells.iter().map(shown).collect()));
                }
                Piece::Blank(text) => raw.push_str(text),
                Piece::Outside(event) | Piece::EndOfRows(event) => push_raw(&event, &mut raw),
                Piece::End => return Ok((raw, rows)),
            }
        }
    }

    #[test]
    fn a_sheet_is_read_and_comes_out_byte_for_byte() {
        let xml = "<?xml version=\"1.0\"?>\r\n<x:worksheet  a='1' ><!-- <row> --><x:sheetData>\n \
            <x:row r=\"2\" spans='1:2'><x:c r=\"A2\" s=\"3\" t=\"s\"><x:v>7</x:v></x:c > <x:c r='C2' /></x:row>\n \
            <x:row><x:c t=\"inlineStr\"><x:is><x:t>a &amp; b</x:t><x:rPh><x:t>no</x:t></x:rPh></x:is></x:c>\
            <x:c><x:f t=\"shared\" si=\"0\"/><x:v>1<![CDATA[2]]></x:v></x:c></x:row><x:row r=\"9\"/></x:sheetData >\n</x:worksheet>\n";

        let (raw, rows) = pieces(xml).expect("it is a sheet");

        assert_eq!(raw, xml);
        let texts = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
        assert_eq!(rows, [(2, texts(&["A2=7", "C2="])), (3, texts(&["A3=a & b", "B3=12"])), (9, texts(&[]))]);
    }

    #[test]
    fn places_in_a_row_are_where_they_should_be() {
        let xml =
            "<sheetData><row r=\"12\"><c r=\"AB12\" t=\"str\"><f ref=\"A1\">B12*2</f><v>4</v></c></row></sheetData>";
        let mut reader = SheetReader::new(xml.as_bytes()).expect("a sheet");
        reader.next().expect("a start");
        let Piece::Row(row) = reader.next().expect("a row") else { panic!("expected a row") };

        let cell = row.cell(27).expect("a cell");
        let formula = cell.formula.as_ref().expect("a formula");
        assert_eq!(row.number_at.clone().map(|at| &row.raw[at]), Some("12"));
        assert_eq!(cell.row_at.clone().map(|at| &row.raw[at]), Some("12"));
        assert_eq!(&row.raw[cell.tag.clone()], "c r=\"AB12\" t=\"str\"");
        assert_eq!(&row.raw[formula.text.clone()], "B12*2");
        assert_eq!(&row.raw[formula.tag.clone()], "f ref=\"A1\"");
        assert_eq!(&row.raw[formula.at.clone()], "<f ref=\"A1\">B12*2</f>");
        assert_eq!(cell.value_at.clone().map(|at| &row.raw[at]), Some("4"));
        assert_eq!((row.tag(), cell.kind), ("row r=\"12\"", Kind::Text));
    }

    #[test]
    fn what_is_out_of_order_or_cut_off_is_refused() {
        for xml in [
            "<sheetData><row r=\"2\"/><row r=\"2\"/></sheetData>",
            "<sheetData><row r=\"0\"/></sheetData>",
            "<sheetData><row r=\"1048577\"/></sheetData>",
            "<sheetData><row r=\"1\"><c r=\"B1\"/><c r=\"A1\"/></row></sheetData>",
            "<sheetData><row r=\"1\"><c r=\"A2\"/></row></sheetData>",
            "<sheetData><row r=\"1\"><c r=\"XFE1\"/></row></sheetData>",
            "<sheetData><row r=\"1\"><c r=\"A1\"><v>1",
            "<sheetData><row r=\"1\"/>",
            "<!DOCTYPE x><sheetData/>",
            "\u{feff}<sheetData><row r=\"1\"><c r=\"A1\"><v>&",
        ] {
            assert!(pieces(xml).is_err(), "{xml}");
        }
    }

    #[test]
    fn columns_have_letters() {
        for (number, name) in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD")] {
            assert_eq!((letters(number).as_str(), column(name)), (name, Some(number)));
        }
        assert_eq!([column(""), column("XFE"), column("AAAA")], [None; 3]);
    }
}
