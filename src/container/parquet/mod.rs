//! Apache Parquet: columns of values in row groups.
//!
//! [`Table`] renders the records as text; [`Table::weave`] writes the file again with what was planted into the text,
//! each value in its column's own type. [`verify`] reads it without the planted rows: what is left must have the hash that
//! the file had before, over values, not pages.
//!
//! The `parquet` crate reads and writes pages. It is not made for files of strangers, so what it is given is checked
//! before (`thrift`, `file`, `pages`), and where it panics all the same, `guard` makes a fault of it.

mod column;
mod digest;
mod file;
mod guard;
mod order;
mod pages;
mod records;
mod thrift;
mod value;
mod weave;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::view::{self, Place, View, ViewWriter};
use crate::fault::Fault;
use crate::plant::{Expansion, Mismatch, Options, Plan, Verified};
use crate::registry::{Fineness, Inside, PlantedRow, PlantedRows, TablePlace};
use crate::rules::hex;
use column::{Column, says_the_same};
use digest::{Habit, Unfolded, unfold};
use file::Opened;
use guard::guarded;
use records::{Cell, Pick, cells};
use value::{Value, for_physical};
use weave::NewRow;

/// A Parquet file, and its rows as text.
pub(crate) struct Table {
    opened: Opened,
    habits: Vec<Habit>,
    /// The columns that have one value a record: those of the text.
    shown: Vec<usize>,
    unfolded: Unfolded,
    view: View,
}

/// What was put into a file.
pub(crate) struct Woven {
    place: TablePlace,
    /// What each planted row is to say, in their order.
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Opens a file; temporary files go to `scratch` and have no names there.
    pub(crate) fn open(path: &Path, scratch: &Path) -> Result<Self, Fault> {
        guarded(|| {
            let opened = Opened::open(path)?;
            let name = opened.name.clone();
            Self::read(opened, scratch).map_err(|fault| in_file(fault, &name))
        })
        .map_err(|fault| in_file(fault, &path.display().to_string()))
    }

    fn read(opened: Opened, scratch: &Path) -> Result<Self, Fault> {
        let (unfolded, habits) = unfold(&opened, &[])?;
        let shown: Vec<usize> =
            (0..opened.columns.len()).filter(|column| !opened.columns[*column].is_repeated).collect();
        if shown.is_empty() {
            return Err(refused("a file in which each column has several values a record")
                .hint("write it with a column for each value, or as CSV, and plant into that"));
        }
        let view = render(&opened, &shown, &habits, scratch)?;
        Ok(Self { opened, habits, shown, unfolded, view })
    }

    /// The rows as text.
    pub(crate) fn view(&self) -> &View {
        &self.view
    }

    /// Options for planting into the text. Lists and maps are not in it, and a
    /// group may be missing as a whole: so rows are made from those beside them.
    pub(crate) fn options(&self, options: &Options) -> Options {
        Options { only_beside: true, ..self.view.options(options) }
    }

    /// Hash and length of the unfolded form.
    pub(crate) fn unfolded(&self) -> &Unfolded {
        &self.unfolded
    }

    /// What the operator should know about the file.
    pub(crate) fn hints(&self) -> Vec<String> {
        let hidden = self.opened.columns.len() - self.shown.len();
        if hidden == 0 {
            return Vec::new();
        }
        vec![format!("{hidden} columns may have several values a record: planted rows have their donor's")]
    }

    /// Writes the file with what `plan` planted into its text.
    pub(crate) fn weave(
        &self,
        plan: &Plan,
        output: File,
        failed: &dyn Fn(io::Error) -> Fault,
    ) -> Result<(File, Woven), Fault> {
        guarded(|| {
            let places = self.view.places(plan.inserted());
            let donors = self.donors(&places)?;
            let (mut rows, mut texts, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
            for (at, (place, insertion)) in places.iter().zip(plan.inserted()).enumerate() {
                let new = view::fields(&insertion.bytes)?;
                // a row group ends where it ended: a row between two goes where its donor is, but never behind the next
                let group = self.opened.group_of(place.donor).max(rows.last().map_or(0, |row: &NewRow| row.group));
                let start = self.opened.starts[group];
                let before = place.before.map_or(0, |before| (before + 1).saturating_sub(start));
                rows.push(NewRow { group, before, cells: self.cells(&donors[&place.donor], &new)? });
                numbers.push(start + before + at as u64);
                texts.push(new);
            }
            let output = weave::weave(&self.opened, &rows, output, failed)?;
            let fineness = self.habits.iter().map(|habit| habit.fineness).collect();
            Ok((output, Woven { place: TablePlace { rows: numbers, fineness }, rows: texts }))
        })
        .map_err(|fault| in_file(fault, &self.opened.name))
    }

    /// What each donor has in each column.
    fn donors(&self, places: &[Place]) -> Result<BTreeMap<u64, Vec<Cell>>, Fault> {
        let mut donors: BTreeMap<u64, Vec<Cell>> = places.iter().map(|place| (place.donor, Vec::new())).collect();
        let mut groups: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
        for donor in donors.keys() {
            let group = self.opened.group_of(*donor);
            groups.entry(group).or_default().push(donor - self.opened.starts[group]);
        }
        for (group, rows) in groups {
            for column in 0..self.opened.columns.len() {
                let pick = Pick { opened: &self.opened, group, column, rows: &rows };
                let cells = for_physical(self.opened.columns[column].physical, pick)?;
                for (row, cell) in rows.iter().zip(cells) {
                    donors.entry(self.opened.starts[group] + row).or_default().push(cell);
                }
            }
        }
        Ok(donors)
    }

    /// The cells of a row: the donor's, but where it is to say something else.
    fn cells(&self, donor: &[Cell], new: &[String]) -> Result<Vec<Cell>, Fault> {
        if new.len() != self.shown.len() {
            let (expected, found) = (self.shown.len(), new.len());
            return Err(Fault::new(format!("expected a planted row of {expected} values, found {found}")));
        }
        let mut cells = donor.to_vec();
        for (&column, new) in self.shown.iter().zip(new) {
            let (column, habit, cell) = (&self.opened.columns[column], self.habits[column], &mut cells[column]);
            if says(column, cell.values.first(), habit.fineness)? != *new {
                *cell = made(column, habit, cell, new)?;
            }
        }
        Ok(cells)
    }
}

/// A cell that says something else than the donor's.
fn made(column: &Column, habit: Habit, donor: &Cell, new: &str) -> Result<Cell, Fault> {
    let level = donor.levels.first().map_or(column.defined, |(level, _)| *level);
    let missing = column.defined - i16::from(column.is_optional);
    // where the whole that the column belongs to is missing, it cannot be there alone
    if level < missing {
        return Err(unfit(column));
    }
    let is_empty_text = new.is_empty() && column.is_text() && (habit.has_empty || !column.is_optional);
    if new.is_empty() && !is_empty_text {
        let null = Cell { levels: vec![(missing, 0)], values: Vec::new() };
        return if column.is_optional { Ok(null) } else { Err(unfit(column)) };
    }
    let value = column.value(new, habit.fineness).ok_or_else(|| unfit(column))?;
    // bytes in another encoding would stand beside ours; digits are the same in all
    if column.is_text() && donor.values.iter().any(Value::is_no_text) && !value.is_no_text() && !new.is_ascii() {
        return Err(unfit(column));
    }
    Ok(Cell { levels: vec![(column.defined, 0)], values: vec![value] })
}

fn unfit(column: &Column) -> Fault {
    Fault::new(format!("a planted value cannot be written as {} exactly", column.physical))
        .at_field(column.name.clone())
        .hint(
            "nothing was released; give the template values that the column can hold (numbers without letters), \
            or write that column as text",
        )
}

/// What a value says, or none.
fn says(column: &Column, value: Option<&Value>, fineness: Fineness) -> Result<String, Fault> {
    let Some(value) = value else { return Ok(String::new()) };
    column.text(value, fineness).ok_or_else(|| {
        Fault::new("expected text in UTF-8, as the column says of itself")
            .at_field(column.name.clone())
            .hint("write the file again with its texts in UTF-8")
    })
}

/// Renders the records as text.
fn render(opened: &Opened, shown: &[usize], habits: &[Habit], scratch: &Path) -> Result<View, Fault> {
    let mut writer = ViewWriter::new(scratch);
    let names: Vec<String> = shown.iter().map(|column| opened.columns[*column].name.clone()).collect();
    writer.header(&names)?;
    let expansion = Expansion::default();
    let allowed = opened.bytes.length().saturating_mul(expansion.ratio).max(expansion.floor_bytes);
    let mut row = 0u64;
    for group in 0..opened.groups() {
        let mut columns = shown.iter().map(|column| cells(opened, group, *column)).collect::<Result<Vec<_>, _>>()?;
        let mut fields = vec![String::new(); shown.len()];
        for _ in 0..opened.rows_of(group) {
            for (at, cells) in columns.iter_mut().enumerate() {
                let value = cells.next()?;
                fields[at] = says(&opened.columns[shown[at]], value.as_ref(), habits[shown[at]].fineness)?;
            }
            writer.record(&fields, row, false)?;
            row += 1;
            if writer.bytes() > allowed {
                return Err(refused(&format!("rows that are more than {allowed} bytes as text, from a file as small")));
            }
        }
    }
    writer.finish(&opened.name)
}

/// Proves a planted file before it is registered: every row says what it was to say, and without them the file
/// is `original`. Returns what the registry keeps.
pub(crate) fn prove(path: &Path, woven: Woven, plan: &Plan, original: &Unfolded) -> Result<PlantedRows, Fault> {
    let failed = |what: String| {
        Fault::new(what)
            .hint("nothing was released; save the rows as CSV and plant into that, and tell us of this file")
    };
    let (lines, found) = guarded(|| {
        let opened = Opened::open(path)?;
        order::refuse_unsorted(&opened, &woven.place.rows)?;
        Ok((lines(&opened, &woven.place)?, unfold(&opened, &woven.place.rows)?.0))
    })?;
    let mut at = plan.inserted().iter();
    let (mut rows, mut shift) = (Vec::new(), 0);
    for (line, new) in lines.iter().zip(&woven.rows) {
        let fields = view::fields(line)?;
        if fields.len() != new.len() || fields.iter().zip(new).any(|(field, new)| !says_the_same(field, new)) {
            return Err(failed("a planted row does not say in the file what it was to say".to_owned()));
        }
        let offset = at.next().map_or(0, |insertion| insertion.at) + shift;
        shift += line.len() as u64;
        rows.push((offset, line.len() as u64, hex(&Sha256::digest(line))));
    }
    if lines.len() != woven.rows.len() {
        return Err(failed(format!("{} of {} planted rows are in the file", lines.len(), woven.rows.len())));
    }
    if found != *original {
        return Err(failed("without its planted rows, the file would not be the original".to_owned()));
    }
    let (output_hash, output_bytes) = whole(path)?;
    // The text that was planned and the text that is read may differ in how a number is written; their order does not.
    let mut places: Vec<u64> = plan.rows().iter().chain(plan.shared()).map(|row| row.offset).collect();
    places.sort_unstable();
    let by_place: BTreeMap<u64, usize> = places.into_iter().zip(0..).collect();
    let located = |row: &PlantedRow| {
        let (offset, bytes, hash) = rows[by_place[&row.offset]].clone();
        PlantedRow { offset, bytes, hash, ..row.clone() }
    };
    Ok(PlantedRows {
        rows: plan.rows().iter().map(located).collect(),
        shared: plan.shared().iter().map(located).collect(),
        output_hash,
        output_bytes,
        inside: Some(Inside::Parquet(woven.place)),
    })
}

/// Proves a planted file from what the registry keeps.
///
/// # Errors
///
/// A [`Fault`] if it cannot be read as Parquet; a [`Mismatch`] if it is another one.
pub(crate) fn verify(
    path: &Path,
    place: &TablePlace,
    rows: &PlantedRows,
    original_hash: &str,
    original_bytes: u64,
) -> Result<Result<Verified, Mismatch>, Fault> {
    let name = path.display().to_string();
    let (lines, found) = guarded(|| {
        let opened = Opened::open(path)?;
        Ok((lines(&opened, place)?, unfold(&opened, &place.rows)?.0))
    })
    .map_err(|fault| in_file(fault, &name))?;
    let all: Vec<&PlantedRow> = rows.rows.iter().chain(&rows.shared).collect();
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by_key(|&i| all[i].offset);
    for (place, &i) in order.iter().enumerate() {
        let row = all[i];
        if lines.get(place).is_none_or(|line| hex(&Sha256::digest(line)) != row.hash) {
            return Ok(Err(Mismatch::Row { row: i + 1, offset: row.offset, bytes: row.bytes }));
        }
    }
    if found.hash != original_hash || found.bytes != original_bytes {
        return Ok(Err(Mismatch::Original { expected: original_hash.to_owned(), found: found.hash }));
    }
    // Values are not all that a reader trusts: it passes over pages by what statistics and indexes say.
    let (output_hash, _) = whole(path)?;
    if output_hash != rows.output_hash {
        return Ok(Err(Mismatch::Packed { expected: rows.output_hash.clone(), found: output_hash }));
    }
    Ok(Ok(Verified { rows: all.len(), original_bytes, output_hash }))
}

/// Hash and length of the file as it stands.
fn whole(path: &Path) -> Result<(String, u64), Fault> {
    let unreadable =
        |error: io::Error| Fault::new(format!("cannot be read: {error}")).hint("check the path and its permissions");
    let mut input = File::open(path).map_err(unreadable)?;
    let (mut sha, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 20]);
    loop {
        let read = input.read(&mut buffer).map_err(unreadable)?;
        if read == 0 {
            return Ok((hex(&sha.finalize()), bytes));
        }
        sha.update(&buffer[..read]);
        bytes += read as u64;
    }
}

/// The planted rows as text, in their order.
fn lines(opened: &Opened, place: &TablePlace) -> Result<Vec<Vec<u8>>, Fault> {
    let is_rising = place.rows.windows(2).all(|pair| pair[0] < pair[1]);
    let is_inside = place.rows.last().is_none_or(|row| *row < opened.rows());
    let width = opened.columns.len();
    if !is_rising || !is_inside || place.fineness.len() != width {
        return Err(Fault::new("expected the planted file, found one of other rows or columns")
            .in_file(opened.name.clone())
            .hint("what was exported from it otherwise cannot be proven, but `trapline trace` finds it"));
    }
    let mut lines = vec![Vec::new(); place.rows.len()];
    let mut at = 0;
    for group in 0..opened.groups() {
        let start = opened.starts[group];
        let behind = at + place.rows[at..].partition_point(|row| *row < opened.starts[group + 1]);
        let rows: Vec<u64> = place.rows[at..behind].iter().map(|row| row - start).collect();
        if rows.is_empty() {
            continue;
        }
        let mut fields = vec![Vec::new(); rows.len()];
        for (number, column) in opened.columns.iter().enumerate().filter(|(_, column)| !column.is_repeated) {
            let pick = Pick { opened, group, column: number, rows: &rows };
            for (fields, cell) in fields.iter_mut().zip(for_physical(column.physical, pick)?) {
                fields.push(says(column, cell.values.first(), place.fineness[number])?);
            }
        }
        for (line, fields) in lines[at..behind].iter_mut().zip(&fields) {
            view::line(fields, false, line);
        }
        at = behind;
    }
    Ok(lines)
}

fn damaged(what: &str) -> Fault {
    Fault::new(format!("the file is damaged: {what}")).hint("copy it again, or write it again")
}

fn refused(what: &str) -> Fault {
    Fault::new(format!("found {what}"))
        .hint("write the file again in the usual way (DuckDB and pyarrow do), or as CSV, and plant into that")
}

fn in_file(fault: Fault, file: &str) -> Fault {
    if fault.file.is_some() { fault } else { fault.in_file(file) }
}
