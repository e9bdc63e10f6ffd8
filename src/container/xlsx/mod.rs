//! Workbooks of Excel 2007 and later.
//!
//! [`Workbook`] chooses a sheet and renders it as text; [`Workbook::weave`] puts what was planted into the text into the
//! sheet. [`verify`] takes it out again: what is left must have the hash that the workbook had before.

mod a1;
mod book;
mod header;
mod insertions;
mod make;
mod package;
mod refuse;
mod rewrite;
mod sheet;
mod shift;
mod strings;
mod styles;
mod survey;
mod tag;
mod values;
mod xml;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

pub(crate) use package::Unfolded;

use super::Question;
use super::spool::unwritable;
use super::view::{self, View, ViewWriter};
use crate::fault::Fault;
use crate::plant::{Expansion, Mismatch, Plan, Verified, role_named};
use crate::registry::{Inside, PlantedRow, PlantedRows, Recalculation, SheetPlace};
use crate::rules::hex;
use book::{Book, Relation};
use insertions::Insertions;
use make::{Maker, NewStrings, Planned, SharedFormula, shared_formula};
use rewrite::{Chained, Change, Rows, Seen, What};
use sheet::{Kind, Piece, Row, SheetReader, letters};
use shift::{Shift, is_same_name};
use strings::Texts;
use survey::{Reading, Survey};

/// What becomes of a failure to write.
type Failed<'a> = &'a dyn Fn(io::Error) -> Fault;

fn written<T>(result: io::Result<T>, failed: Failed<'_>) -> Result<T, Fault> {
    result.map_err(failed)
}

/// A workbook, a sheet of it, and that sheet as text.
pub(crate) struct Workbook {
    book: Book,
    sheet: usize,
    relations: Vec<Relation>,
    survey: Survey,
    texts: Texts,
    unfolded: Unfolded,
    view: View,
    /// Where unlinked files go.
    scratch: PathBuf,
}

/// What was put into a workbook.
pub(crate) struct Woven {
    place: SheetPlace,
    /// What each planted row is to say, in their order.
    rows: Vec<Vec<String>>,
}

impl Workbook {
    /// Opens a workbook and chooses the sheet that `question` names, or the one with the most records.
    ///
    /// Temporary files go to `scratch` and have no names there.
    pub(crate) fn open(path: &Path, question: &Question<'_>, scratch: &Path) -> Result<Self, Fault> {
        let mut book = Book::open(path, Expansion::default())?;
        let file = book.package.file().to_owned();
        let texts = book.texts()?;
        let chosen = choose(&mut book, &texts, question).map_err(|fault| in_file(fault, &file));
        let (sheet, survey) = chosen?;
        let name = format!("{file}!{}", book.sheets[sheet].name);
        let path = book.sheets[sheet].path.clone();
        let relations = book.relations(&path)?;
        refuse::refuse(&mut book, sheet, &relations).map_err(|fault| in_file(fault, &file))?;
        let unfolded = book.package.unfold(|_, _, _| Ok(false))?;
        let view = render(&mut book, sheet, &survey, &texts, scratch, &name)?;
        Ok(Self { book, sheet, relations, survey, texts, unfolded, view, scratch: scratch.to_owned() })
    }

    /// The sheet as text.
    pub(crate) fn view(&self) -> &View {
        &self.view
    }

    /// Hash and length of the workbook's parts.
    pub(crate) fn unfolded(&self) -> &Unfolded {
        &self.unfolded
    }

    /// The sheet's name.
    pub(crate) fn sheet(&self) -> &str {
        &self.book.sheets[self.sheet].name
    }

    /// What the operator should know about the sheet.
    pub(crate) fn hints(&self) -> Vec<String> {
        let mut hints = Vec::new();
        if self.survey.left_out > 0 {
            hints.push(format!(
                "{} rows of the sheet look like totals or notes: nothing was made from them",
                self.survey.left_out
            ));
        }
        if self.book.sheets[self.sheet].is_hidden {
            hints.push(format!("sheet {:?} is hidden", self.sheet()));
        }
        hints
    }

    /// Writes the workbook with what `plan` planted into the sheet's text.
    pub(crate) fn weave<W: Write + Seek>(
        &mut self,
        plan: &Plan,
        output: W,
        failed: Failed<'_>,
    ) -> Result<(W, Woven), Fault> {
        let planned = self.planned(plan)?;
        let rows = Insertions::new(planned.rows.iter().map(|row| row.before).collect());
        let shift = Shift::forward(self.sheet(), rows, self.survey.data);
        let maker = Maker {
            survey: &self.survey,
            styles: &self.book.styles,
            calendar: self.book.calendar,
            shift: &shift,
            formulas: &planned.formulas,
            shares_strings: self.book.strings.is_some(),
        };
        let strings = maker.strings(&planned.rows, &self.texts);
        let (mut made, mut uses, mut chained) = (Vec::new(), 0, Chained::new());
        for (row, number) in planned.rows.iter().zip(shift.rows().numbers()) {
            made.push((row.before, maker.row(row, number, &strings, &mut uses)?));
            for column in row.formulas() {
                chained.entry((row.donor.number, letters(column))).or_default().push(number);
            }
        }
        let place = SheetPlace {
            sheet: self.sheet().to_owned(),
            rows: shift.rows().numbers().collect(),
            data: self.survey.data,
            strings: strings.at.numbers().collect(),
            string_uses: uses,
            recalculation: Recalculation::None,
            fineness: self.survey.fineness.clone(),
        };
        let (output, recalculation) = self.write(&shift, &made, &strings, uses, &chained, output, failed)?;
        let rows = planned.rows.into_iter().map(|row| row.new).collect();
        Ok((output, Woven { place: SheetPlace { recalculation, ..place }, rows }))
    }

    /// Reads the donors, and what else of the sheet planted rows hang on.
    fn planned(&mut self, plan: &Plan) -> Result<PlannedRows, Fault> {
        let insertions = plan.inserted();
        let places = self.view.places(insertions);
        let first = self.view.first();
        let before: Vec<u32> =
            places.iter().map(|place| place.before.map_or(first, |record| record + 1) as u32).collect();
        let mut donors: BTreeMap<u32, Option<Row>> = places.iter().map(|place| (place.donor as u32, None)).collect();
        let part = self.book.sheets[self.sheet].part;
        let mut formulas = BTreeMap::new();
        let mut order = Some(StringOrder::default());
        let mut highest = Vec::with_capacity(before.len());
        self.book.package.part(part, |input| {
            let mut reader = SheetReader::new(input)?;
            loop {
                match reader.next()? {
                    Piece::Row(row) => {
                        while before.get(highest.len()).is_some_and(|before| *before <= row.number) {
                            highest.push(order.as_ref().and_then(|order| order.highest));
                        }
                        if let Some(donor) = donors.get_mut(&row.number) {
                            *donor = Some(row.clone());
                        }
                        order = order.and_then(|order| order.after(row));
                        let shared = row.cells.iter().filter_map(|cell| shared_formula(row, cell.formula.as_ref()?));
                        formulas.extend(shared);
                    }
                    Piece::End => return Ok(()),
                    _ => {}
                }
            }
        })?;
        highest.resize(before.len(), order.as_ref().and_then(|order| order.highest));
        let reading = Reading { texts: &self.texts, styles: &self.book.styles, calendar: self.book.calendar };
        let mut rows = Vec::with_capacity(before.len());
        for (at, place) in places.iter().enumerate() {
            let donor = donors.get(&(place.donor as u32)).cloned().flatten();
            let donor = donor.ok_or_else(|| Fault::new("the workbook changed while it was read"))?;
            let old = self.survey.fields(&donor, &reading)?;
            let new = view::fields(&insertions[at].bytes)?;
            if new.len() != old.len() {
                return Err(Fault::new(format!("expected a planted row of {} cells, found {}", old.len(), new.len())));
            }
            let highest = highest[at].filter(|_| order.is_some());
            rows.push(Planned { before: before[at], donor, old, new, highest });
        }
        Ok(PlannedRows { rows, formulas })
    }

    /// Writes all parts.
    #[allow(clippy::too_many_arguments)]
    fn write<W: Write + Seek>(
        &mut self,
        shift: &Shift,
        rows: &[(u32, String)],
        strings: &NewStrings,
        uses: u64,
        chained: &Chained,
        output: W,
        failed: Failed<'_>,
    ) -> Result<(W, Recalculation), Fault> {
        let seen = Seen::default();
        let sheet_id = self.book.sheets[self.sheet].id.clone();
        let scratch = self.scratch.clone();
        let unwritable = |error: io::Error| unwritable(&scratch, &error);
        let mut change = Change {
            shift,
            rows: Rows::Add(rows),
            strings: &strings.at,
            sheet_id: &sheet_id,
            chained,
            recalculation: Recalculation::None,
            calculated_behind: "",
            failed: &unwritable,
            seen: &seen,
        };
        let parts = parts(&mut self.book, self.sheet, &self.relations)?;
        let mut new: BTreeMap<usize, File> = BTreeMap::new();
        // The contents page comes last: what it says hangs on whether a sheet has formulas.
        let last = |part: &Part| matches!(part, Part::Other(What::Workbook));
        let (pages, others): (Vec<_>, Vec<_>) = parts.into_iter().partition(|(_, part)| last(part));
        let contents = self.book.package.part(self.book.workbook, |input| rewrite::recalculation(input))?;
        for (index, part) in others.into_iter().chain(pages) {
            if matches!(part, Part::Other(What::Workbook)) && seen.has_formulas.get() {
                change.recalculation = contents.0;
                change.calculated_behind = &contents.1;
            }
            seen.is_changed.set(false);
            let mut file = tempfile::tempfile_in(&self.scratch).map(BufWriter::new).map_err(unwritable)?;
            self.book.package.part(index, |input| match part {
                Part::Strings => {
                    seen.is_changed.set(uses > 0);
                    let change = strings::Change::Insert { at: &strings.at, texts: &strings.texts, uses };
                    strings::rewrite(input, &mut file, &change, &unwritable)
                }
                Part::Sheet(is_home) => change.sheet(input, &mut file, is_home),
                Part::Other(what) => change.part(input, &mut file, what),
            })?;
            let file = file.into_inner().map_err(|error| unwritable(error.into_error()))?;
            if seen.is_changed.get() || matches!(part, Part::Sheet(true)) {
                new.insert(index, file);
            }
        }
        let output = self.book.package.copy(output, |_, index| Ok(new.remove(&index)), failed)?;
        Ok((output, change.recalculation))
    }
}

/// Rows to be, and the formulas that several cells of their sheet share.
struct PlannedRows {
    rows: Vec<Planned>,
    formulas: BTreeMap<String, SharedFormula>,
}

/// Whether a sheet's shared strings are numbered as its rows use them, as exporters do and editors do not.
#[derive(Clone, Copy, Default)]
struct StringOrder {
    highest: Option<u32>,
}

impl StringOrder {
    fn after(mut self, row: &Row) -> Option<Self> {
        for cell in row.cells.iter().filter(|cell| cell.kind == Kind::Shared) {
            let Ok(number) = row.text(cell).trim().parse::<u32>() else { continue };
            match self.highest {
                Some(highest) if number > highest + 1 => return None,
                Some(highest) if number <= highest => {}
                _ => self.highest = Some(number),
            }
        }
        Some(self)
    }
}

/// What a part of a workbook is to planting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Strings,
    /// A sheet, and whether it is the one.
    Sheet(bool),
    Other(What),
}

/// The parts that may have to change.
fn parts(book: &mut Book, sheet: usize, relations: &[Relation]) -> Result<BTreeMap<usize, Part>, Fault> {
    let mut parts = BTreeMap::new();
    for (name, index) in book.package.names() {
        let part = match name {
            _ if name.starts_with("xl/charts/") && name.ends_with(".xml") => Part::Other(What::Chart),
            _ if name.starts_with("xl/tables/") && name.ends_with(".xml") => {
                Part::Other(What::Table { is_home: false })
            }
            "xl/calcchain.xml" => Part::Other(What::Chain),
            _ => continue,
        };
        parts.insert(index, part);
    }
    for relation in relations {
        let what = match relation.kind.as_str() {
            "table" => What::Table { is_home: true },
            "comments" | "threadedComment" => What::Comments,
            "drawing" => What::Drawing,
            "vmlDrawing" => What::OldDrawing,
            _ => continue,
        };
        parts.extend(book.package.find(&relation.path).map(|index| (index, Part::Other(what))));
    }
    parts.extend(book.strings.map(|index| (index, Part::Strings)));
    parts.insert(book.workbook, Part::Other(What::Workbook));
    for (place, other) in book.sheets.iter().enumerate() {
        parts.insert(other.part, Part::Sheet(place == sheet));
    }
    // two sheets of one part are one sheet with two names
    if book.sheets.iter().filter(|other| other.part == book.sheets[sheet].part).count() > 1 {
        return Err(Fault::new("two sheets of the workbook are one part").hint("copy the file again"));
    }
    Ok(parts)
}

/// Chooses a sheet.
fn choose(book: &mut Book, texts: &Texts, question: &Question<'_>) -> Result<(usize, Survey), Fault> {
    let listed = |book: &Book| {
        let names = book.sheets.iter().map(|sheet| sheet.name.as_str()).collect::<Vec<_>>();
        format!("the workbook has the sheets {}", names.join(", "))
    };
    if let Some(name) = question.part {
        let place = book.sheets.iter().position(|sheet| is_same_name(&sheet.name, name));
        let place = place.ok_or_else(|| Fault::new(format!("expected a sheet {name:?}")).hint(listed(book)))?;
        let survey = surveyed(book, place, texts, question)?;
        let survey = survey.ok_or_else(|| Fault::new(format!("expected rows in sheet {name:?}, found none")))?;
        return Ok((place, survey));
    }
    let (visible, hidden): (Vec<usize>, Vec<usize>) =
        (0..book.sheets.len()).partition(|place| !book.sheets[*place].is_hidden);
    for places in [visible, hidden] {
        let mut best: Option<(usize, Survey)> = None;
        for place in places {
            let Some(survey) = surveyed(book, place, texts, question)? else { continue };
            let is_ours = survey.header.as_ref().is_some_and(|header| header.carries_mark)
                || (survey.header.is_none()
                    && (question.options.header == Some(false) || !question.options.map.is_empty()));
            if is_ours && best.as_ref().is_none_or(|(_, other)| survey.rows > other.rows) {
                best = Some((place, survey));
            }
        }
        if let Some(best) = best {
            return Ok(best);
        }
    }
    Err(Fault::new("expected a sheet with a column for a phone or a waybill number, found none").hint(format!(
        "name the sheet with --sheet and the column with --map recipient.phone=COLUMN; {}",
        listed(book)
    )))
}

fn surveyed(book: &mut Book, place: usize, texts: &Texts, question: &Question<'_>) -> Result<Option<Survey>, Fault> {
    let (styles, calendar, part) = (book.styles.clone(), book.calendar, book.sheets[place].part);
    let reading = Reading { texts, styles: &styles, calendar };
    let role = |name: &str| role_named(name, question.columns, &question.options.map);
    book.package.part(part, |input| survey::survey(input, &reading, question.options.header, &role))
}

/// Renders a sheet as text.
fn render(
    book: &mut Book,
    sheet: usize,
    survey: &Survey,
    texts: &Texts,
    scratch: &Path,
    name: &str,
) -> Result<View, Fault> {
    let (styles, calendar, part) = (book.styles.clone(), book.calendar, book.sheets[sheet].part);
    let reading = Reading { texts, styles: &styles, calendar };
    let mut writer = ViewWriter::new(scratch);
    if let Some(header) = &survey.header {
        let mut names = header.names.clone();
        names.resize(survey.width, String::new());
        writer.header(&names)?;
    }
    book.package.part(part, |input| {
        let mut reader = SheetReader::new(input)?;
        loop {
            match reader.next()? {
                Piece::Row(row) if (survey.data.0..=survey.data.1).contains(&row.number) => {
                    let fields = survey.fields(row, &reading)?;
                    if survey.is_record(&fields) {
                        writer.record(&fields, u64::from(row.number), survey.is_apart(row.number))?;
                    }
                }
                Piece::End => return Ok(()),
                _ => {}
            }
        }
    })?;
    writer.finish(name)
}

/// Proves a planted workbook before it is registered: every row says what it was to say, and without them the workbook
/// is `original`. Returns what the registry keeps.
pub(crate) fn prove(path: &Path, woven: Woven, plan: &Plan, original: &Unfolded) -> Result<PlantedRows, Fault> {
    let failed = |what: String| {
        Fault::new(what)
            .hint("nothing was released; save the sheet as CSV and plant into that, and tell us of this workbook")
    };
    let mut planted = Planted::open(path, &woven.place)?;
    let lines = planted.lines()?;
    let mut at = plan.inserted().iter();
    let (mut rows, mut shift) = (Vec::new(), 0);
    for (line, new) in lines.iter().zip(&woven.rows) {
        let fields = view::fields(line)?;
        if let Some(column) = (0..new.len()).find(|column| !says_the_same(&fields[*column], &new[*column])) {
            return Err(failed(format!("a planted value does not fit the cells of column {}", letters(column as u32))));
        }
        let offset = at.next().map_or(0, |insertion| insertion.at) + shift;
        shift += line.len() as u64;
        rows.push((offset, line.len() as u64, hex(&Sha256::digest(line))));
    }
    if lines.len() != woven.rows.len() {
        return Err(failed(format!("{} of {} planted rows are in the workbook", lines.len(), woven.rows.len())));
    }
    let found = planted.original()?;
    if found != *original {
        return Err(failed("without its planted rows, the workbook would not be the original".to_owned()));
    }
    let whole = planted.book.package.unfold(|_, _, _| Ok(false))?;
    let located = |row: &PlantedRow, by_place: &BTreeMap<u64, usize>| {
        let (offset, bytes, hash) = rows[by_place[&row.offset]].clone();
        PlantedRow { offset, bytes, hash, ..row.clone() }
    };
    // The text that was planned and the text that is read may differ in how a number is written; their order does not.
    let mut places: Vec<u64> = plan.rows().iter().chain(plan.shared()).map(|row| row.offset).collect();
    places.sort_unstable();
    let by_place: BTreeMap<u64, usize> = places.into_iter().zip(0..).collect();
    Ok(PlantedRows {
        rows: plan.rows().iter().map(|row| located(row, &by_place)).collect(),
        shared: plan.shared().iter().map(|row| located(row, &by_place)).collect(),
        output_hash: whole.hash,
        output_bytes: whole.bytes,
        inside: Some(Inside::Xlsx(woven.place)),
    })
}

/// Hash and length of a workbook's parts.
pub(crate) fn unfolded(path: &Path) -> Result<Unfolded, Fault> {
    package::Package::open(path, Expansion::default())?.unfold(|_, _, _| Ok(false))
}

/// Whether a cell says what it should: numbers may be written in several ways.
fn says_the_same(found: &str, expected: &str) -> bool {
    found == expected || (values::is_number(expected) && values::plain(found) == values::plain(expected))
}

/// Proves a planted workbook from what the registry keeps.
///
/// # Errors
///
/// A [`Fault`] if it cannot be read as a workbook; a [`Mismatch`] if it is another one.
pub(crate) fn verify(
    path: &Path,
    place: &SheetPlace,
    rows: &PlantedRows,
    original_hash: &str,
    original_bytes: u64,
) -> Result<Result<Verified, Mismatch>, Fault> {
    let mut planted = Planted::open(path, place)?;
    let lines = planted.lines()?;
    let all: Vec<&PlantedRow> = rows.rows.iter().chain(&rows.shared).collect();
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by_key(|&i| all[i].offset);
    for (&i, place) in order.iter().zip(0..) {
        let row = all[i];
        let is_there = lines.get(place).is_some_and(|line| hex(&Sha256::digest(line)) == row.hash);
        if !is_there {
            return Ok(Err(Mismatch::Row { row: i + 1, offset: row.offset, bytes: row.bytes }));
        }
    }
    let found = planted.original()?;
    if found.hash != original_hash || found.bytes != original_bytes {
        return Ok(Err(Mismatch::Original { expected: original_hash.to_owned(), found: found.hash }));
    }
    let whole = planted.book.package.unfold(|_, _, _| Ok(false))?;
    Ok(Ok(Verified { rows: all.len(), original_bytes, output_hash: whole.hash }))
}

/// A planted workbook.
struct Planted<'a> {
    book: Book,
    sheet: usize,
    place: &'a SheetPlace,
    rows: Insertions,
}

impl<'a> Planted<'a> {
    fn open(path: &Path, place: &'a SheetPlace) -> Result<Self, Fault> {
        let book = Book::open(path, Expansion::default())?;
        let file = book.package.file().to_owned();
        let sheet = book.sheets.iter().position(|sheet| sheet.name == place.sheet);
        let sheet =
            sheet.ok_or_else(|| Fault::new(format!("expected a sheet {:?}", place.sheet)).in_file(file.clone()))?;
        let rows = Insertions::from_new(&place.rows)
            .ok_or_else(|| Fault::new("the registered rows cannot be those of one sheet").in_file(file))?;
        Ok(Self { book, sheet, place, rows })
    }

    /// The planted rows as text, in their order.
    fn lines(&mut self) -> Result<Vec<Vec<u8>>, Fault> {
        let texts = self.book.texts()?;
        let (styles, part) = (self.book.styles.clone(), self.book.sheets[self.sheet].part);
        let reading = Reading { texts: &texts, styles: &styles, calendar: self.book.calendar };
        let rows = &self.rows;
        let place = self.place;
        self.book.package.part(part, |input| {
            let mut reader = SheetReader::new(input)?;
            let mut lines = Vec::new();
            loop {
                match reader.next()? {
                    Piece::Row(row) if rows.backward(row.number).is_none() => {
                        let mut line = Vec::new();
                        view::line(&survey::fields(row, &reading, &place.fineness)?, false, &mut line);
                        lines.push(line);
                    }
                    Piece::End => return Ok(lines),
                    _ => {}
                }
            }
        })
    }

    /// Hash and length of the workbook without its planted rows.
    fn original(&mut self) -> Result<Unfolded, Fault> {
        let sheet = self.book.sheets[self.sheet].clone();
        let relations = self.book.relations(&sheet.path)?;
        let parts = parts(&mut self.book, self.sheet, &relations)?;
        let shift = Shift::backward(&sheet.name, self.rows.clone(), self.place.data);
        let strings = Insertions::from_new(&self.place.strings)
            .ok_or_else(|| Fault::new("the registered strings cannot be those of one workbook"))?;
        let failed = |error: io::Error| Fault::new(format!("cannot be read: {error}"));
        let seen = Seen::default();
        let change = Change {
            shift: &shift,
            rows: Rows::Remove,
            strings: &strings,
            sheet_id: &sheet.id,
            chained: &Chained::new(),
            recalculation: self.place.recalculation,
            calculated_behind: "",
            failed: &failed,
            seen: &seen,
        };
        let uses = self.place.string_uses;
        self.book.package.unfold(|package, index, mut out| {
            let Some(part) = parts.get(&index) else { return Ok(false) };
            package.part(index, |input| match part {
                Part::Strings => {
                    let change = strings::Change::Remove { at: &strings, uses };
                    strings::rewrite(input, &mut out, &change, &failed)
                }
                Part::Sheet(is_home) => change.sheet(input, &mut out, *is_home),
                Part::Other(what) => change.part(input, &mut out, *what),
            })?;
            Ok(true)
        })
    }
}

fn in_file(fault: Fault, file: &str) -> Fault {
    if fault.file.is_some() { fault } else { fault.in_file(file) }
}
