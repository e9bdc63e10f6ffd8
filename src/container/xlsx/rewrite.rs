//! Parts of a workbook, written again with rows added to a sheet or taken out.
//!
//! One code for both ways: what adds rows to a workbook is what a check takes
//! them out with. A part is copied event by event, and where an element or an
//! attribute is known to name cells, those are shifted. What is not known to is
//! left alone, so a list of what is known follows; and a part that names cells in a
//! way that is not understood is refused before anything is written (see
//! [`super::refuse`]).

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::ops::Range;

use quick_xml::events::Event;

use super::insertions::Insertions;
use super::make::shared_formula;
use super::sheet::{Kind, Piece, Row, SheetReader};
use super::shift::{Base, Shift, extent};
use super::tag::{self, spliced};
use super::xml::{Document, local, push_raw, write_raw};
use super::{Failed, written};
use crate::fault::Fault;
use crate::registry::Recalculation;

/// Of an element that is read to its end before it is written.
const MAX_HELD_BYTES: usize = 4 << 20;

/// What a part is to the sheet that rows are added to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A sheet, and whether it is that one.
    Sheet {
        is_home: bool,
    },
    Table {
        is_home: bool,
    },
    Comments,
    Drawing,
    /// The older drawings, of comments and forms.
    OldDrawing,
    Chart,
    Workbook,
    Chain,
}

/// What rows are done with.
pub(super) enum Rows<'a> {
    /// They are put in, each before a row by its old number.
    Add(&'a [(u32, String)]),
    /// They are taken out.
    Remove,
}

/// What is done to a workbook.
pub(super) struct Change<'a> {
    pub(super) shift: &'a Shift,
    pub(super) rows: Rows<'a>,
    /// Shared strings that are put in or taken out.
    pub(super) strings: &'a Insertions,
    /// What the chain of calculations calls the sheet.
    pub(super) sheet_id: &'a str,
    pub(super) chained: &'a Chained,
    pub(super) recalculation: Recalculation,
    /// The element of the workbook's contents behind which it is asked for, if in an element of its own.
    pub(super) calculated_behind: &'a str,
    pub(super) failed: Failed<'a>,
    pub(super) seen: &'a Seen,
}

/// Formulas in planted rows: by the donor's old row and the column's letters, the new rows.
pub(super) type Chained = BTreeMap<(u32, String), Vec<u32>>;

/// What was seen while parts were written.
#[derive(Default)]
pub(super) struct Seen {
    /// Whether the part differs from what it was.
    pub(super) is_changed: Cell<bool>,
    /// Whether a sheet has formulas.
    pub(super) has_formulas: Cell<bool>,
}

const FULL: &str = " fullCalcOnLoad=\"1\"";

/// Reads how a workbook can be told to calculate everything, and behind which element, from its contents page.
pub(super) fn recalculation(input: &mut dyn Read) -> Result<(Recalculation, String), Fault> {
    let mut document = Document::new(input)?;
    let mut behind = "sheets";
    loop {
        let event = document.next()?;
        match &event {
            Event::Start(tag) | Event::Empty(tag) => match local(&event) {
                "calcPr" => {
                    let is_told = tag::attribute(tag, "fullCalcOnLoad").is_some();
                    let how = if is_told { Recalculation::None } else { Recalculation::Attribute };
                    return Ok((how, String::new()));
                }
                "functionGroups" => behind = "functionGroups",
                "externalReferences" => behind = "externalReferences",
                "definedNames" => behind = "definedNames",
                _ => {}
            },
            Event::Eof => return Ok((Recalculation::Element, behind.to_owned())),
            _ => {}
        }
    }
}

impl Change<'_> {
    fn adds(&self) -> bool {
        matches!(self.rows, Rows::Add(_))
    }

    fn string(&self, number: u32) -> Result<u32, Fault> {
        if self.adds() {
            return Ok(self.strings.forward(number));
        }
        self.strings.backward(number).ok_or_else(|| {
            Fault::new("a cell uses a shared string that was added by the planting, but is not planted itself")
        })
    }

    fn changed(&self, is_changed: bool) {
        self.seen.is_changed.set(self.seen.is_changed.get() || is_changed);
    }

    /// Writes a sheet.
    pub(super) fn sheet(&self, input: &mut dyn Read, out: &mut dyn Write, is_home: bool) -> Result<(), Fault> {
        let mut reader = SheetReader::new(input)?;
        written(out.write_all(reader.mark()), self.failed)?;
        let mut references = References::new(self, What::Sheet { is_home });
        let mut planted = match &self.rows {
            Rows::Add(rows) if is_home => rows.iter(),
            _ => [].iter(),
        }
        .peekable();
        // Blanks wait for what follows them: a planted row takes the one before it along, in both directions.
        let (mut blank, mut row_blank) = (String::new(), String::new());
        let write = |out: &mut dyn Write, text: &str| written(out.write_all(text.as_bytes()), self.failed);
        loop {
            match reader.next()? {
                Piece::Row(row) => {
                    while let Some((_, raw)) = planted.next_if(|(before, _)| *before <= row.number) {
                        write(out, &blank)?;
                        write(out, raw)?;
                    }
                    let stays = !is_home || self.adds() || self.shift.rows().backward(row.number).is_some();
                    if stays {
                        write(out, &blank)?;
                        self.write_row(row, out, is_home)?;
                    }
                    row_blank = std::mem::take(&mut blank);
                }
                Piece::Blank(text) => blank.push_str(text),
                Piece::EndOfRows(event) => {
                    for (_, raw) in planted.by_ref() {
                        write(out, &row_blank)?;
                        write(out, raw)?;
                    }
                    write(out, &std::mem::take(&mut blank))?;
                    references.event(&event, out)?;
                }
                Piece::Outside(event) => {
                    write(out, &std::mem::take(&mut blank))?;
                    references.event(&event, out)?;
                }
                Piece::End => return references.end(),
            }
        }
    }

    fn write_row(&self, row: &Row, out: &mut dyn Write, is_home: bool) -> Result<(), Fault> {
        let mut edits: Vec<(Range<usize>, String)> = Vec::new();
        let number = if is_home { self.shift.row(row.number)? } else { row.number };
        if number != row.number {
            edits.extend(row.number_at.clone().map(|at| (at, number.to_string())));
        }
        for cell in &row.cells {
            if number != row.number {
                edits.extend(cell.row_at.clone().map(|at| (at, number.to_string())));
            }
            if let Some(formula) = &cell.formula {
                self.seen.has_formulas.set(true);
                self.formula(row, formula, is_home, &mut edits)?;
            }
            if cell.kind == Kind::Shared
                && self.strings.len() > 0
                && let Some(at) = &cell.value_at
                && let Ok(old) = row.raw[at.clone()].parse::<u32>()
            {
                let new = self.string(old)?;
                edits.extend((new != old).then(|| (at.clone(), new.to_string())));
            }
        }
        self.changed(!edits.is_empty());
        let raw = if edits.is_empty() { &row.raw } else { &spliced(&row.raw, &mut edits) };
        written(out.write_all(raw.as_bytes()), self.failed)
    }

    fn formula(
        &self,
        row: &Row,
        formula: &super::sheet::Formula,
        is_home: bool,
        edits: &mut Vec<(Range<usize>, String)>,
    ) -> Result<(), Fault> {
        let in_row =
            |fault: Fault| if fault.field.is_some() { fault } else { fault.at_field(format!("row {}", row.number)) };
        if self.adds()
            && let Some((_, shared)) = shared_formula(row, formula)
            && !self.shift.keeps_shared(&shared.text, shared.row, shared.rows.0..shared.rows.1 + 1, is_home)
        {
            return Err(in_row(
                Fault::new("a formula that is written once for many rows looks at other rows, and would look at others once rows are added")
                    .hint("save the sheet as CSV and plant into that, or replace these formulas by their values"),
            ));
        }
        let text = &row.raw[formula.text.clone()];
        edits.extend(self.shift.formula(text, is_home).map_err(in_row)?.map(|text| (formula.text.clone(), text)));
        if is_home {
            let tag = &row.raw[formula.tag.clone()];
            for name in ["ref", "r1", "r2"] {
                let Some(at) = tag::attribute(tag, name) else { continue };
                let new = self.shift.cells(&tag[at.clone()]).map_err(in_row)?;
                edits.extend(new.map(|new| (formula.tag.start + at.start..formula.tag.start + at.end, new)));
            }
        }
        Ok(())
    }

    /// Writes a part that is no sheet.
    pub(super) fn part(&self, input: &mut dyn Read, out: &mut dyn Write, what: What) -> Result<(), Fault> {
        let mut document = Document::new(input)?;
        written(out.write_all(document.mark), self.failed)?;
        let mut references = References::new(self, what);
        loop {
            let event = document.next()?;
            if matches!(event, Event::Eof) {
                return references.end();
            }
            references.event(&event, out)?;
        }
    }
}

/// How a text names cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    /// Cells and ranges of the sheet.
    Cells,
    /// A formula.
    Formula,
    /// A formula that counts from the first cell of its rule.
    Rule,
    /// A row's number.
    Row,
    /// A row's number from 0.
    RowFromZero,
    /// Column, offset, row, offset, and the same of the other corner.
    Anchor,
}

/// Shifts what elements and attributes name, in a stream of events.
struct References<'a> {
    change: &'a Change<'a>,
    what: What,
    /// The cell that the rule around counts from.
    base: Option<Base>,
    /// The text of an element that names cells.
    text: Option<(Names, String)>,
    /// An element whose rules say at their end which cells they are for: name, text and how deep we are in it.
    held: Option<(String, String, u32)>,
    in_row_breaks: bool,
    /// What the chain of calculations last called a sheet.
    sheet_id: String,
    /// Whether the element's end is to be left out, too.
    drops_end: bool,
}

impl<'a> References<'a> {
    fn new(change: &'a Change<'a>, what: What) -> Self {
        Self {
            change,
            what,
            base: None,
            text: None,
            held: None,
            in_row_breaks: false,
            sheet_id: String::new(),
            drops_end: false,
        }
    }

    /// Checks that the document did not end within something.
    fn end(&self) -> Result<(), Fault> {
        if self.text.is_some() || self.held.is_some() {
            return Err(Fault::new("the workbook's XML ends within an element").hint("copy the file again"));
        }
        Ok(())
    }

    fn event(&mut self, event: &Event<'_>, out: &mut dyn Write) -> Result<(), Fault> {
        if self.held.is_some() {
            return self.hold(event, out);
        }
        if let Some((names, mut text)) = self.text.take() {
            return match event {
                Event::Text(_) | Event::GeneralRef(_) | Event::CData(_) => {
                    push_raw(event, &mut text);
                    if text.len() > MAX_HELD_BYTES {
                        return Err(Fault::new(format!("expected a formula of at most {MAX_HELD_BYTES} bytes")));
                    }
                    self.text = Some((names, text));
                    Ok(())
                }
                _ => {
                    let new = self.shifted(names, &text)?;
                    self.change.changed(new.is_some());
                    let text = new.unwrap_or(text);
                    self.write(out, text.as_bytes())?;
                    self.event(event, out)
                }
            };
        }
        match event {
            Event::Start(tag) | Event::Empty(tag) => {
                let is_start = matches!(event, Event::Start(_));
                let name = local(event);
                if is_start && self.is_held(name, tag) {
                    let mut raw = String::new();
                    push_raw(event, &mut raw);
                    self.held = Some((name.to_owned(), raw, 1));
                    return Ok(());
                }
                self.in_row_breaks |= is_start && name == "rowBreaks";
                if self.what == What::Chain && name == "c" {
                    return self.chained(tag, is_start, out);
                }
                if self.what == What::Workbook
                    && name == "calcPr"
                    && self.change.recalculation == Recalculation::Element
                {
                    // only seen on the way back
                    return Ok(());
                }
                let tag = self.tag(name, tag)?;
                self.write(out, if is_start { format!("<{tag}>") } else { format!("<{tag}/>") }.as_bytes())?;
                if is_start {
                    self.text = self.text_of(name).map(|names| (names, String::new()));
                    return Ok(());
                }
                if matches!(name, "conditionalFormatting" | "dataValidation") {
                    self.base = None;
                }
                self.recalculation_behind(name, tag::prefix(tag::name(&tag)), out)
            }
            Event::End(_) => {
                let name = local(event);
                match name {
                    "rowBreaks" => self.in_row_breaks = false,
                    "conditionalFormatting" | "dataValidation" => self.base = None,
                    "c" if std::mem::take(&mut self.drops_end) => return Ok(()),
                    _ => {}
                }
                written(write_raw(event, out), self.change.failed)?;
                self.recalculation_behind(name, tag::prefix(event), out)
            }
            _ => written(write_raw(event, out), self.change.failed),
        }
    }

    /// Says that everything is to be calculated anew, in an element of its own, behind the last that stands before it.
    fn recalculation_behind(&self, name: &str, prefix: &str, out: &mut dyn Write) -> Result<(), Fault> {
        let is_here = self.what == What::Workbook
            && self.change.adds()
            && self.change.recalculation == Recalculation::Element
            && self.change.calculated_behind == name;
        self.change.changed(is_here);
        if is_here { self.write(out, format!("<{prefix}calcPr{FULL}/>").as_bytes()) } else { Ok(()) }
    }

    fn write(&self, out: &mut dyn Write, bytes: &[u8]) -> Result<(), Fault> {
        written(out.write_all(bytes), self.change.failed)
    }

    fn is_home(&self) -> bool {
        !matches!(
            self.what,
            What::Sheet { is_home: false } | What::Table { is_home: false } | What::Chart | What::Workbook
        )
    }

    /// Shifts a text; none if it stays as it is.
    fn shifted(&self, names: Names, text: &str) -> Result<Option<String>, Fault> {
        let shift = self.change.shift;
        match (names, self.base) {
            (Names::Cells, _) => shift.cells(text),
            (Names::Rule, Some(base)) if self.is_home() => shift.rule(text, base),
            (Names::Formula | Names::Rule, _) => shift.formula(text, self.is_home()),
            (Names::Row, _) => shifted_number(text, |row| shift.row(row)),
            (Names::RowFromZero, _) => shifted_number(text, |row| shift.row(row.saturating_add(1)).map(|row| row - 1)),
            (Names::Anchor, _) => {
                let mut parts: Vec<String> = text.split(',').map(str::to_owned).collect();
                let mut is_changed = false;
                for place in [2, 6] {
                    let Some(part) = parts.get_mut(place) else { continue };
                    let new = shifted_number(part.trim(), |row| shift.row(row.saturating_add(1)).map(|row| row - 1))?;
                    if let Some(new) = new {
                        *part = part.replace(part.trim(), &new);
                        is_changed = true;
                    }
                }
                Ok(is_changed.then(|| parts.join(",")))
            }
        }
    }

    /// A tag with its attributes shifted.
    fn tag(&mut self, name: &str, tag: &str) -> Result<String, Fault> {
        if matches!(self.what, What::Sheet { is_home: true })
            && matches!(name, "conditionalFormatting" | "dataValidation")
            && let Some(cells) = tag::value(tag, "sqref")
        {
            self.base = self.base_of(cells)?;
        }
        let mut edits = Vec::new();
        if self.what == What::Workbook && name == "calcPr" && self.change.recalculation == Recalculation::Attribute {
            let at = tag::name(tag).len();
            if self.change.adds() {
                edits.push((at..at, FULL.to_owned()));
            } else if tag[at..].starts_with(FULL) {
                edits.push((at..at + FULL.len(), String::new()));
            }
        }
        for (key, value) in tag::attributes(tag) {
            let Some(names) = self.attribute_of(name, &tag[key]) else { continue };
            edits.extend(self.shifted(names, &tag[value.clone()])?.map(|new| (value, new)));
        }
        self.change.changed(!edits.is_empty());
        Ok(if edits.is_empty() { tag.to_owned() } else { spliced(tag, &mut edits) })
    }

    /// The first of the cells that a rule is for, before and after.
    fn base_of(&self, cells: &str) -> Result<Option<Base>, Fault> {
        let new = self.change.shift.cells(cells)?;
        let first = |cells: &str| extent(cells).map(|(first, _)| first);
        Ok(first(cells).zip(first(new.as_deref().unwrap_or(cells))).map(|(old, new)| Base { old, new }))
    }

    /// What an attribute names.
    fn attribute_of(&self, element: &str, attribute: &str) -> Option<Names> {
        match (self.what, element, attribute) {
            (What::Sheet { .. }, "hyperlink", "location") => Some(Names::Formula),
            (
                What::Sheet { is_home: true },
                "dimension" | "mergeCell" | "autoFilter" | "sortState" | "sortCondition" | "hyperlink",
                "ref",
            )
            | (
                What::Sheet { is_home: true },
                "conditionalFormatting" | "dataValidation" | "ignoredError" | "protectedRange",
                "sqref",
            )
            | (What::Sheet { is_home: true }, "inputCells" | "cellWatch", "r")
            | (What::Table { is_home: true }, "table" | "autoFilter" | "sortState" | "sortCondition", "ref")
            | (What::Comments, "comment" | "threadedComment", "ref") => Some(Names::Cells),
            (What::Sheet { .. }, "cfvo", "val") => Some(Names::Rule),
            (What::Sheet { is_home: true }, "brk", "id") if self.in_row_breaks => Some(Names::Row),
            (What::Drawing, "sp", "textlink") => Some(Names::Formula),
            _ => None,
        }
    }

    /// What an element's text names.
    fn text_of(&self, element: &str) -> Option<Names> {
        match (self.what, element) {
            (What::Sheet { .. }, "f" | "formula" | "formula1" | "formula2") => Some(Names::Rule),
            (What::Sheet { is_home: true }, "sqref") => Some(Names::Cells),
            (What::Table { .. }, "calculatedColumnFormula" | "totalsRowFormula")
            | (What::Chart, "f")
            | (What::Workbook, "definedName") => Some(Names::Formula),
            (What::Drawing, "row") | (What::OldDrawing, "Row") => Some(Names::RowFromZero),
            (What::OldDrawing, "Anchor") => Some(Names::Anchor),
            _ => None,
        }
    }

    /// Whether an element's rules say at their end, in an element of their own, which cells they are for.
    fn is_held(&self, name: &str, tag: &str) -> bool {
        matches!(self.what, What::Sheet { is_home: true })
            && self.base.is_none()
            && matches!(name, "conditionalFormatting" | "dataValidation")
            && tag::value(tag, "sqref").is_none()
    }

    fn hold(&mut self, event: &Event<'_>, out: &mut dyn Write) -> Result<(), Fault> {
        let Some((name, mut raw, mut depth)) = self.held.take() else { return Ok(()) };
        push_raw(event, &mut raw);
        if raw.len() > MAX_HELD_BYTES {
            return Err(Fault::new(format!("expected a rule for cells of at most {MAX_HELD_BYTES} bytes")));
        }
        match event {
            Event::Start(_) if local(event) == name => depth += 1,
            Event::End(_) if local(event) == name => depth -= 1,
            _ => {}
        }
        if depth > 0 {
            self.held = Some((name, raw, depth));
            return Ok(());
        }
        // The whole element is there: find the cells, then write it like any other.
        self.base = match text_of_first(&raw, "sqref")? {
            Some(cells) => self.base_of(&cells)?,
            None => None,
        }
        .or(Some(Base { old: 1, new: 1 }));
        let mut document = Document::new(raw.as_bytes())?;
        loop {
            let event = document.next()?;
            if matches!(event, Event::Eof) {
                self.base = None;
                return Ok(());
            }
            self.event(&event, out)?;
        }
    }

    /// A cell of the chain of calculations.
    fn chained(&mut self, tag: &str, is_start: bool, out: &mut dyn Write) -> Result<(), Fault> {
        if let Some(id) = tag::value(tag, "i") {
            id.clone_into(&mut self.sheet_id);
        }
        let (open, close) = if is_start { ("<", ">") } else { ("<", "/>") };
        let place = tag::attribute(tag, "r").filter(|_| self.sheet_id == self.change.sheet_id);
        let Some(place) = place else { return self.write(out, format!("{open}{tag}{close}").as_bytes()) };
        let cell = &tag[place.clone()];
        let letters = cell.len() - cell.trim_start_matches(|char: char| char.is_ascii_alphabetic()).len();
        let row: Option<u32> = cell[letters..].parse().ok();
        let is_added = row.is_some_and(|row| !self.change.adds() && self.change.shift.rows().backward(row).is_none());
        if is_added {
            self.drops_end = is_start;
            return Ok(());
        }
        let with = |cell: String| spliced(tag, &mut [(place.clone(), cell)]);
        let moved = self.change.shift.cells(cell)?;
        let made = row.and_then(|row| self.change.chained.get(&(row, cell[..letters].to_owned())));
        let made: &[u32] = made.map_or(&[], Vec::as_slice);
        self.change.changed(moved.is_some() || !made.is_empty());
        let moved = moved.unwrap_or_else(|| cell.to_owned());
        self.write(out, format!("{open}{}{close}", with(moved)).as_bytes())?;
        let column = &cell[..letters];
        // An element that has an end may have something in it, which nobody writes.
        for new in made.iter().filter(|_| !is_start) {
            self.write(out, format!("<{}/>", with(format!("{column}{new}"))).as_bytes())?;
        }
        Ok(())
    }
}

fn shifted_number(text: &str, shift: impl Fn(u32) -> Result<u32, Fault>) -> Result<Option<String>, Fault> {
    let Some(old) = text.parse::<u32>().ok().filter(|old| *old < super::a1::MAX_ROW && old.to_string() == text) else {
        return Ok(None);
    };
    let new = shift(old)?;
    Ok((new != old).then(|| new.to_string()))
}

/// The text of the first element of a name.
fn text_of_first(raw: &str, name: &str) -> Result<Option<String>, Fault> {
    let mut document = Document::new(raw.as_bytes())?;
    let mut text: Option<String> = None;
    loop {
        let event = document.next()?;
        match &event {
            Event::Start(_) if local(&event) == name => text = Some(String::new()),
            Event::End(_) if local(&event) == name => return Ok(text),
            Event::Eof => return Ok(None),
            Event::Text(part) => {
                if let Some(text) = &mut text {
                    text.push_str(part);
                }
            }
            _ => {}
        }
    }
}
