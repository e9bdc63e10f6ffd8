//! Records of a column, a few at a time.

use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};

use super::damaged;
use super::file::{Opened, unread};
use super::pages::CheckedPages;
use super::value::{ForPhysical, Physical, Value, for_physical};
use crate::fault::Fault;

/// A text longer than this is no export's.
const MAX_VALUE_BYTES: usize = 16 << 20;
/// Records that are read at once.
pub(super) const BATCH: usize = 1024;

/// What a record has in a column: a value or none, or several.
#[derive(Clone, PartialEq)]
pub(super) struct Cell {
    /// Definition and repetition level of each.
    pub(super) levels: Vec<(i16, i16)>,
    pub(super) values: Vec<Value>,
}

/// Reads a column of a row group.
pub(super) struct Records<T: Physical> {
    reader: ColumnReaderImpl<T>,
    defined: i16,
    is_repeated: bool,
    left: u64,
    pub(super) definitions: Vec<i16>,
    pub(super) repetitions: Vec<i16>,
    pub(super) values: Vec<T::T>,
}

impl<T: Physical> Records<T> {
    pub(super) fn open(opened: &Opened, group: usize, column: usize) -> Result<Self, Fault> {
        let pages = CheckedPages::open(opened, group, column)?;
        let descriptor = opened.meta.file_metadata().schema_descr().column(column);
        let reader: ColumnReader = get_column_reader(descriptor, Box::new(pages));
        Ok(Self {
            reader: T::get_column_reader(reader).ok_or_else(|| damaged("a column's type is not that of the schema"))?,
            defined: opened.columns[column].defined,
            is_repeated: opened.columns[column].is_repeated,
            left: opened.rows_of(group),
            definitions: Vec::new(),
            repetitions: Vec::new(),
            values: Vec::new(),
        })
    }

    /// Reads up to `most` records behind those that are held; returns how many.
    pub(super) fn read(&mut self, most: usize) -> Result<usize, Fault> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(most);
        let mut done = 0;
        while done < most {
            let held = self.values.len();
            let (records, _, _) = self
                .reader
                .read_records(most - done, Some(&mut self.definitions), Some(&mut self.repetitions), &mut self.values)
                .map_err(|error| unread(&error))?;
            if records == 0 {
                return Err(damaged("a column has fewer records than its row group"));
            }
            if self.values[held..].iter().any(|value| T::length(value) > MAX_VALUE_BYTES) {
                return Err(super::refused(&format!("values of more than {MAX_VALUE_BYTES} bytes")));
            }
            done += records;
        }
        self.left -= done as u64;
        Ok(done)
    }

    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// Lets go of what is held.
    pub(super) fn clear(&mut self) {
        self.definitions.clear();
        self.repetitions.clear();
        self.values.clear();
    }

    /// Adds a record to those that are held.
    pub(super) fn push(&mut self, cell: &Cell) -> Option<()> {
        for (definition, repetition) in &cell.levels {
            if self.defined > 0 {
                self.definitions.push(*definition);
            }
            if self.is_repeated {
                self.repetitions.push(*repetition);
            }
        }
        for value in &cell.values {
            self.values.push(T::native(value)?);
        }
        Some(())
    }

    /// Each of the records that are held.
    pub(super) fn each(&self, mut act: impl FnMut(Held<'_, T>) -> Result<(), Fault>) -> Result<(), Fault> {
        let levels = if self.defined > 0 {
            self.definitions.len()
        } else if self.is_repeated {
            self.repetitions.len()
        } else {
            self.values.len()
        };
        let (mut level, mut value) = (0, 0);
        while level < levels {
            let mut end = level + 1;
            while self.is_repeated && end < levels && self.repetitions.get(end).is_some_and(|level| *level > 0) {
                end += 1;
            }
            let definitions = self.definitions.get(level..end).unwrap_or_default();
            let present = match self.defined {
                0 => end - level,
                defined => definitions.iter().filter(|level| **level == defined).count(),
            };
            let repetitions = self.repetitions.get(level..end).unwrap_or_default();
            let values = self.values.get(value..value + present);
            let values = values.ok_or_else(|| damaged("a column has fewer values than it says"))?;
            act(Held { definitions, repetitions, values, levels: end - level, defined: self.defined })?;
            (level, value) = (end, value + present);
        }
        Ok(())
    }
}

/// One of the records that are held.
pub(super) struct Held<'a, T: Physical> {
    pub(super) definitions: &'a [i16],
    pub(super) repetitions: &'a [i16],
    pub(super) values: &'a [T::T],
    levels: usize,
    pub(super) defined: i16,
}

impl<T: Physical> Held<'_, T> {
    /// How many values and nulls there are.
    pub(super) fn levels(&self) -> usize {
        self.levels
    }

    pub(super) fn cell(&self) -> Cell {
        let level = |at: usize| {
            (
                self.definitions.get(at).copied().unwrap_or(self.defined),
                self.repetitions.get(at).copied().unwrap_or_default(),
            )
        };
        Cell { levels: (0..self.levels).map(level).collect(), values: self.values.iter().map(T::value).collect() }
    }
}

/// Reads some records of a column: rows of the row group, rising.
pub(super) struct Pick<'a> {
    pub(super) opened: &'a Opened,
    pub(super) group: usize,
    pub(super) column: usize,
    pub(super) rows: &'a [u64],
}

impl ForPhysical for Pick<'_> {
    type Output = Result<Vec<Cell>, Fault>;

    fn with<T: Physical>(self) -> Self::Output {
        let mut records = Records::<T>::open(self.opened, self.group, self.column)?;
        let (mut at, mut cells) = (0u64, Vec::with_capacity(self.rows.len()));
        while cells.len() < self.rows.len() {
            records.clear();
            if records.read(BATCH)? == 0 {
                return Err(damaged("a row is missing"));
            }
            records.each(|held| {
                if self.rows.get(cells.len()) == Some(&at) {
                    cells.push(held.cell());
                }
                at += 1;
                Ok(())
            })?;
        }
        Ok(cells)
    }
}

/// A column of a row group, record by record, whatever its type.
pub(super) trait Cells {
    /// Reads the next record, which has one value or none.
    fn next(&mut self) -> Result<Option<Value>, Fault>;
}

/// Opens a column that is not repeated.
pub(super) fn cells(opened: &Opened, group: usize, column: usize) -> Result<Box<dyn Cells>, Fault> {
    for_physical(opened.columns[column].physical, Open { opened, group, column })
}

struct Open<'a> {
    opened: &'a Opened,
    group: usize,
    column: usize,
}

impl ForPhysical for Open<'_> {
    type Output = Result<Box<dyn Cells>, Fault>;

    fn with<T: Physical>(self) -> Self::Output {
        let records = Records::<T>::open(self.opened, self.group, self.column)?;
        Ok(Box::new(Single { records, held: 0, at: 0, value: 0 }))
    }
}

struct Single<T: Physical> {
    records: Records<T>,
    held: usize,
    at: usize,
    value: usize,
}

impl<T: Physical> Cells for Single<T> {
    fn next(&mut self) -> Result<Option<Value>, Fault> {
        if self.at == self.held {
            self.records.clear();
            (self.held, self.at, self.value) = (self.records.read(BATCH)?, 0, 0);
            if self.held == 0 {
                return Err(damaged("a row is missing"));
            }
        }
        let defined = self.records.defined;
        let is_there = defined == 0 || self.records.definitions.get(self.at) == Some(&defined);
        self.at += 1;
        if !is_there {
            return Ok(None);
        }
        let value = self.records.values.get(self.value).map(T::value);
        self.value += 1;
        value.map(Some).ok_or_else(|| damaged("a column has fewer values than it says"))
    }
}
