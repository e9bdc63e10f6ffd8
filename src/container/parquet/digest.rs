//! The unfolded form: what a file says, however its pages are written.
//!
//! ```text
//! SHA-256 of "trapline.parquet/1\n"
//!   then the footer's version, schema, key-value pairs, writer and column orders, as they stand:
//!        number of the field (8 bits) || length (64) || bytes
//!   then for each row group: its rows (64), and
//!     for each column: its codec (8), and for each value or null:
//!        definition level (16, if there can be nulls) || repetition level (16, if there can be several) || value
//! ```
//!
//! Numbers are little-endian; a text has its length (32) before it.

use parquet::file::metadata::SortingColumn;
use sha2::{Digest as _, Sha256};

use super::file::{Opened, ROW_GROUPS, ROWS};
use super::records::{BATCH, Records};
use super::value::{ForPhysical, Physical, Value, for_physical};
use crate::fault::Fault;
use crate::registry::Fineness;
use crate::rules::hex;

/// Hash and length of the unfolded form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unfolded {
    pub(crate) hash: String,
    pub(crate) bytes: u64,
}

/// What was seen of a column on the way.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Habit {
    pub(super) fineness: Fineness,
    /// Whether a text says nothing: then an empty one is no null.
    pub(super) has_empty: bool,
}

/// Hashes a file without some of its rows, which rise; and learns how its columns are used.
pub(super) fn unfold(opened: &Opened, without: &[u64]) -> Result<(Unfolded, Vec<Habit>), Fault> {
    let mut hasher = Hasher::default();
    hasher.add(b"trapline.parquet/1\n");
    for field in opened.footer.fields.iter().filter(|field| !matches!(field.id, ROWS | ROW_GROUPS)) {
        let bytes = &opened.footer.raw[field.at.clone()];
        hasher.add(&[field.id as u8]);
        hasher.add(&(bytes.len() as u64).to_le_bytes());
        hasher.add(bytes);
    }
    let mut habits = vec![Habit::default(); opened.columns.len()];
    for group in 0..opened.groups() {
        let (start, end) = (opened.starts[group], opened.starts[group + 1]);
        let left_out = &without[without.partition_point(|row| *row < start)..];
        let left_out = &left_out[..left_out.partition_point(|row| *row < end)];
        hasher.add(&(end - start - left_out.len() as u64).to_le_bytes());
        for sorting in opened.meta.row_group(group).sorting_columns().into_iter().flatten() {
            let SortingColumn { column_idx, descending, nulls_first } = *sorting;
            hasher.add(&column_idx.to_le_bytes());
            hasher.add(&[u8::from(descending), u8::from(nulls_first)]);
        }
        for (column, habit) in habits.iter_mut().enumerate() {
            let codec = parquet::basic::CompressionCodec::from(opened.shapes[group][column].codec);
            hasher.add(&[codec as u8]);
            let pass = Pass { opened, group, column, left_out, start, hasher: &mut hasher, habit };
            for_physical(opened.columns[column].physical, pass)?;
        }
    }
    Ok((Unfolded { bytes: hasher.bytes, hash: hex(&hasher.sha.finalize()) }, habits))
}

#[derive(Default)]
struct Hasher {
    sha: Sha256,
    bytes: u64,
}

impl Hasher {
    fn add(&mut self, bytes: &[u8]) {
        self.sha.update(bytes);
        self.bytes += bytes.len() as u64;
    }
}

struct Pass<'a> {
    opened: &'a Opened,
    group: usize,
    column: usize,
    left_out: &'a [u64],
    start: u64,
    hasher: &'a mut Hasher,
    habit: &'a mut Habit,
}

impl ForPhysical for Pass<'_> {
    type Output = Result<(), Fault>;

    fn with<T: Physical>(self) -> Self::Output {
        let column = &self.opened.columns[self.column];
        let mut records = Records::<T>::open(self.opened, self.group, self.column)?;
        let (mut row, mut left_out) = (self.start, self.left_out.iter().peekable());
        let mut bytes = Vec::new();
        while records.left() > 0 {
            records.clear();
            records.read(BATCH)?;
            bytes.clear();
            records.each(|held| {
                let is_left_out = left_out.next_if_eq(&&row).is_some();
                row += 1;
                if is_left_out {
                    return Ok(());
                }
                let mut values = held.values.iter();
                for at in 0..held.levels() {
                    let definition = held.definitions.get(at).copied();
                    bytes.extend(definition.into_iter().flat_map(i16::to_le_bytes));
                    bytes.extend(held.repetitions.get(at).into_iter().flat_map(|level| level.to_le_bytes()));
                    if definition.is_none_or(|level| level == held.defined)
                        && let Some(value) = values.next()
                    {
                        T::bytes(value, &mut bytes);
                        if column.is_timed() {
                            let fineness = column.fineness(&T::value(value)).unwrap_or_default();
                            self.habit.fineness = self.habit.fineness.max(fineness);
                        } else if column.is_text() && T::length(value) == 0 {
                            self.habit.has_empty |= matches!(T::value(value), Value::Bytes(_));
                        }
                    }
                }
                Ok(())
            })?;
            self.hasher.add(&bytes);
        }
        Ok(())
    }
}
