//! The XML of planted rows: a donor's, with other values in its cells.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::insertions::Insertions;
use super::sheet::{Cell, Formula, Kind, Row, letters};
use super::shift::{Shift, copied, extent};
use super::strings::{Texts, space};
use super::styles::{Shows, Styles};
use super::survey::{Form, Survey};
use super::tag::{self, escaped, spliced};
use super::values::{Calendar, is_number, serial};
use crate::fault::Fault;

/// A row to be.
pub(super) struct Planned {
    /// The old number of the row that it is put before.
    pub(super) before: u32,
    pub(super) donor: Row,
    /// What the donor says, and what the row is to say.
    pub(super) old: Vec<String>,
    pub(super) new: Vec<String>,
    /// The highest number of a shared string that rows before it use, if strings are numbered in the order of use.
    pub(super) highest: Option<u32>,
}

impl Planned {
    /// The columns of cells that keep their donor's formula.
    pub(super) fn formulas(&self) -> impl Iterator<Item = u32> {
        let is_kept = |cell: &&Cell| {
            let column = cell.column as usize;
            cell.formula.is_some() && self.old.get(column) == self.new.get(column)
        };
        self.donor.cells.iter().filter(is_kept).map(|cell| cell.column)
    }
}

/// A formula that is written once for several cells.
#[derive(Clone, Debug)]
pub(super) struct SharedFormula {
    pub(super) text: String,
    /// The row of the cell that has it.
    pub(super) row: u32,
    /// The rows that it is for.
    pub(super) rows: (u32, u32),
}

/// What planted rows are made with.
pub(super) struct Maker<'a> {
    pub(super) survey: &'a Survey,
    pub(super) styles: &'a Styles,
    pub(super) calendar: Calendar,
    pub(super) shift: &'a Shift,
    /// By their numbers in the sheet.
    pub(super) formulas: &'a BTreeMap<String, SharedFormula>,
    pub(super) shares_strings: bool,
}

/// What a new cell holds.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    Empty,
    Number(String),
    Bool(bool),
    Date(String),
    Shared(String),
    Inline(String),
}

/// Texts that the shared strings do not have yet, and the numbers of all that planted rows use.
pub(super) struct NewStrings {
    pub(super) at: Insertions,
    pub(super) texts: Vec<String>,
    /// New numbers.
    numbers: HashMap<String, u32>,
}

impl Maker<'_> {
    /// Finds numbers for the texts of planted rows, new ones where needed.
    pub(super) fn strings(&self, rows: &[Planned], texts: &Texts) -> NewStrings {
        let changes: Vec<(usize, String)> = rows
            .iter()
            .enumerate()
            .flat_map(|(place, row)| {
                let shared = self.changed(row).into_values().filter_map(|content| match content {
                    Content::Shared(text) => Some(text),
                    _ => None,
                });
                shared.map(move |text| (place, text)).collect::<Vec<_>>()
            })
            .collect();
        let mut known: HashMap<String, Option<u32>> = changes.iter().map(|(_, text)| (text.clone(), None)).collect();
        texts.find(&mut known);
        let (mut before, mut new) = (Vec::new(), Vec::new());
        for (place, text) in changes {
            if known[&text].is_none() && !new.contains(&text) {
                // right behind what the rows before it use, where the writer numbered texts as they came
                before.push(rows[place].highest.map_or(texts.len() as u32, |highest| highest + 1));
                new.push(text);
            }
        }
        let at = Insertions::new(before);
        let mut numbers: HashMap<String, u32> =
            known.into_iter().filter_map(|(text, number)| Some((text, at.forward(number?)))).collect();
        numbers.extend(new.iter().cloned().zip(at.numbers()));
        NewStrings { at, texts: new, numbers }
    }

    /// The cells of a row that say something else than its donor's, by column.
    fn changed(&self, row: &Planned) -> BTreeMap<u32, Content> {
        let columns = row.old.iter().zip(&row.new).zip(0u32..).filter(|((old, new), _)| old != new);
        columns.map(|((_, new), column)| (column, self.content(new, row.donor.cell(column), column))).collect()
    }

    fn form(&self, column: u32) -> Form {
        let usual = self.survey.forms.get(column as usize).copied().flatten();
        usual.unwrap_or_default()
    }

    fn content(&self, text: &str, cell: Option<&Cell>, column: u32) -> Content {
        let form = self.form(column);
        // an empty cell has a style, but its kind says nothing
        let filled =
            cell.filter(|cell| cell.kind != Kind::Number || cell.value_at.as_ref().is_some_and(|at| !at.is_empty()));
        let kind = filled.map_or(if form.is_number { Kind::Number } else { Kind::Shared }, |cell| cell.kind);
        let style = cell.map_or(form.style, |cell| cell.style);
        let as_text = || match kind {
            Kind::Inline => Content::Inline(text.to_owned()),
            _ if self.shares_strings => Content::Shared(text.to_owned()),
            _ => Content::Inline(text.to_owned()),
        };
        match kind {
            _ if text.is_empty() => Content::Empty,
            Kind::Number => self.number(text, self.styles.shows(style)).map_or_else(as_text, Content::Number),
            Kind::Bool if matches!(text, "TRUE" | "FALSE") => Content::Bool(text == "TRUE"),
            Kind::Date => Content::Date(text.to_owned()),
            _ => as_text(),
        }
    }

    fn number(&self, text: &str, shows: Shows) -> Option<String> {
        let number = serial(text, shows, self.calendar).or_else(|| is_number(text).then(|| text.parse().ok())?)?;
        Some(self.survey.digits.write(number))
    }

    /// Writes a row under its new number; counts the cells that use shared strings.
    pub(super) fn row(
        &self,
        row: &Planned,
        number: u32,
        strings: &NewStrings,
        uses: &mut u64,
    ) -> Result<String, Fault> {
        let donor = &row.donor;
        let changed = self.changed(row);
        let mut edits: Vec<(Range<usize>, String)> = Vec::new();
        match &donor.number_at {
            Some(at) => edits.push((at.clone(), number.to_string())),
            None => {
                // A row that does not say its number follows the one before it.
                let end = donor.tag.start + tag::name(donor.tag()).len();
                edits.push((end..end, format!(" r=\"{number}\"")));
            }
        }
        let p = tag::prefix(tag::name(donor.tag())).to_owned();
        for cell in &donor.cells {
            match changed.get(&cell.column) {
                Some(content) => {
                    let tag = &donor.raw[cell.tag.clone()];
                    let tag = self.retagged(donor, cell, tag, number, content);
                    edits.push((cell.at.clone(), with_content(&p, &tag, content, strings, uses)));
                }
                None => self.copy_cell(donor, cell, number, strings, uses, &mut edits)?,
            }
        }
        for (column, content) in &changed {
            if donor.cell(*column).is_none() {
                let next = donor.cells.iter().find(|cell| cell.column > *column).map(|cell| cell.at.start);
                let at = next.or(donor.cells.last().map(|cell| cell.at.end)).unwrap_or(donor.tag.end + 1);
                let style = self.form(*column).style;
                let style = if style == 0 { String::new() } else { format!(" s=\"{style}\"") };
                let tag = format!("{p}c r=\"{}{number}\"{style}{}", letters(*column), kind_attribute(content));
                edits.push((at..at, with_content(&p, &tag, content, strings, uses)));
            }
        }
        Ok(spliced(&donor.raw, &mut edits))
    }

    /// A cell's tag with its row and its kind.
    fn retagged(&self, donor: &Row, cell: &Cell, tag: &str, number: u32, content: &Content) -> String {
        let from = cell.tag.start;
        let mut edits = Vec::new();
        if let Some(at) = &cell.row_at {
            edits.push((at.start - from..at.end - from, number.to_string()));
        }
        // A text's value is told by another attribute than the number's.
        for (name, value) in tag::attributes(tag) {
            if matches!(&donor.raw[from + name.start..from + name.end], "t" | "cm" | "vm") {
                edits.push((name.start - 1..value.end + 1, String::new()));
            }
        }
        let end = tag.trim_end().len();
        edits.push((end..end, kind_attribute(content).to_owned()));
        spliced(tag, &mut edits)
    }

    fn copy_cell(
        &self,
        donor: &Row,
        cell: &Cell,
        number: u32,
        strings: &NewStrings,
        uses: &mut u64,
        edits: &mut Vec<(Range<usize>, String)>,
    ) -> Result<(), Fault> {
        edits.extend(cell.row_at.clone().map(|at| (at, number.to_string())));
        if cell.kind == Kind::Shared
            && let Some(at) = &cell.value_at
            && let Ok(old) = donor.raw[at.clone()].trim().parse()
        {
            *uses += 1;
            edits.push((at.clone(), strings.at.forward(old).to_string()));
        }
        if let Some(formula) = &cell.formula {
            edits.push((formula.at.clone(), self.formula(donor, formula, number)?));
        }
        Ok(())
    }

    /// The donor's formula, as if its cell were copied into the planted row.
    fn formula(&self, donor: &Row, formula: &Formula, number: u32) -> Result<String, Fault> {
        let tag = &donor.raw[formula.tag.clone()];
        let text = &donor.raw[formula.text.clone()];
        let name = tag::name(tag);
        let written = |text: &str| format!("<{name}>{text}</{name}>");
        match tag::value(tag, "t") {
            Some("shared") => {
                let group = tag::value(tag, "si").unwrap_or_default();
                let shared = self.formulas.get(group).ok_or_else(|| {
                    Fault::new(format!("row {} has a formula that is written in no cell", donor.number))
                        .hint("open the workbook in a spreadsheet program and save it again")
                })?;
                let row = self.shift.row(shared.row)?;
                let rows = self.shift.range(shared.rows.0, shared.rows.1)?;
                if number > row && (rows.0..=rows.1).contains(&number) {
                    return Ok(format!("<{name} t=\"shared\" si=\"{group}\"/>"));
                }
                let text = self.shift.formula(&shared.text, true)?.unwrap_or_else(|| shared.text.clone());
                Ok(written(&copied(&text, row, number)?))
            }
            Some("dataTable") => Err(Fault::new(format!("row {} is part of a table of variants", donor.number))
                .hint("paste its values in its place, or save the sheet as CSV and plant into that")),
            _ => {
                let from = self.shift.row(donor.number)?;
                let new = self.shift.formula(text, true)?.unwrap_or_else(|| text.to_owned());
                let mut edits = vec![];
                let start = formula.at.start;
                edits.push((formula.text.start - start..formula.text.end - start, copied(&new, from, number)?));
                if let Some(at) = tag::attribute(tag, "ref") {
                    let of_cell = self.shift.cells(&tag[at.clone()])?.unwrap_or_else(|| tag[at.clone()].to_owned());
                    let from_tag = formula.tag.start - start;
                    edits.push((from_tag + at.start..from_tag + at.end, copied(&of_cell, from, number)?));
                }
                Ok(spliced(&donor.raw[formula.at.clone()], &mut edits))
            }
        }
    }
}

fn kind_attribute(content: &Content) -> &'static str {
    match content {
        Content::Empty | Content::Number(_) => "",
        Content::Bool(_) => " t=\"b\"",
        Content::Date(_) => " t=\"d\"",
        Content::Shared(_) => " t=\"s\"",
        Content::Inline(_) => " t=\"inlineStr\"",
    }
}

fn with_content(p: &str, tag: &str, content: &Content, strings: &NewStrings, uses: &mut u64) -> String {
    let value = match content {
        Content::Empty => return format!("<{tag}/>"),
        Content::Inline(text) => {
            return format!("<{tag}><{p}is><{p}t{}>{}</{p}t></{p}is></{p}c>", space(text), escaped(text));
        }
        Content::Shared(text) => {
            *uses += 1;
            strings.numbers.get(text).copied().unwrap_or_default().to_string()
        }
        Content::Number(number) => number.clone(),
        Content::Bool(value) => u8::from(*value).to_string(),
        Content::Date(text) => escaped(text),
    };
    format!("<{tag}><{p}v>{value}</{p}v></{p}c>")
}

/// Reads a formula that is written for several cells, if a cell has one.
pub(super) fn shared_formula(row: &Row, formula: &Formula) -> Option<(String, SharedFormula)> {
    let tag = &row.raw[formula.tag.clone()];
    let is_shared = tag::value(tag, "t") == Some("shared") && !formula.text.is_empty();
    let rows = is_shared.then(|| extent(tag::value(tag, "ref")?))?.unwrap_or((row.number, row.number));
    let text = row.raw[formula.text.clone()].to_owned();
    Some((tag::value(tag, "si")?.to_owned(), SharedFormula { text, row: row.number, rows }))
}
