//! Whether planted rows stand where the file says that its rows are sorted.
//!
//! A reader that believes a declared sorting merges and looks up by it, and
//! finds nothing where one row is out of place.

use std::cmp::Ordering;

use parquet::file::metadata::SortingColumn;

use super::column::{Column, Kind};
use super::file::Opened;
use super::records::{Cells, cells};
use super::value::Value;
use crate::fault::Fault;

/// Refuses planted rows that are out of place by what their row group says of its sorting.
pub(super) fn refuse_unsorted(opened: &Opened, planted: &[u64]) -> Result<(), Fault> {
    for group in 0..opened.groups() {
        let Some(sorting) = opened.meta.row_group(group).sorting_columns() else { continue };
        let (start, end) = (opened.starts[group], opened.starts[group + 1]);
        let is_planted = |row: u64| planted.binary_search(&row).is_ok();
        let mut columns: Vec<(&Column, &SortingColumn, Box<dyn Cells>)> = Vec::new();
        for sorting in sorting {
            let place = usize::try_from(sorting.column_idx).ok().filter(|place| *place < opened.columns.len());
            // what follows a column that cannot be compared is not compared
            let Some(place) = place.filter(|place| !opened.columns[*place].is_repeated) else { break };
            columns.push((&opened.columns[place], sorting, cells(opened, group, place)?));
        }
        if columns.is_empty() || !(start..end).any(is_planted) {
            continue;
        }
        let mut before: Vec<Option<Value>> = Vec::new();
        for row in start..end {
            let values = columns.iter_mut().map(|(_, _, cells)| cells.next()).collect::<Result<Vec<_>, _>>()?;
            if row > start && (is_planted(row) || is_planted(row - 1)) {
                let mut pairs = columns.iter().zip(before.iter().zip(&values));
                let order = pairs.find_map(|((column, sorting, _), (before, value))| {
                    let order = compared(column, sorting, before.as_ref(), value.as_ref());
                    (order != Some(Ordering::Equal)).then_some((column, order))
                });
                if let Some((column, Some(Ordering::Greater))) = order {
                    return Err(Fault::new(
                        "the file says that it is sorted by this column, and planted rows would not be",
                    )
                    .at_field(column.name.clone())
                    .hint("nothing was released; write the file without sorting columns"));
                }
            }
            before = values;
        }
    }
    Ok(())
}

/// How two values of a column follow each other in a declared order; `None` where nobody can say.
fn compared(
    column: &Column,
    sorting: &SortingColumn,
    before: Option<&Value>,
    value: Option<&Value>,
) -> Option<Ordering> {
    let (before, value) = match (before, value) {
        (None, None) => return Some(Ordering::Equal),
        (None, Some(_)) => return Some(if sorting.nulls_first { Ordering::Less } else { Ordering::Greater }),
        (Some(_), None) => return Some(if sorting.nulls_first { Ordering::Greater } else { Ordering::Less }),
        (Some(before), Some(value)) => (before, value),
    };
    let order = match (column.kind, before, value) {
        (Kind::Integer { is_signed: false, .. }, Value::Int32(a), Value::Int32(b)) => (*a as u32).cmp(&(*b as u32)),
        (Kind::Integer { is_signed: false, .. }, Value::Int64(a), Value::Int64(b)) => (*a as u64).cmp(&(*b as u64)),
        (Kind::Text { .. }, Value::Bytes(a), Value::Bytes(b)) => a.cmp(b),
        (_, Value::Int32(a), Value::Int32(b)) => a.cmp(b),
        (_, Value::Int64(a), Value::Int64(b)) => a.cmp(b),
        (_, Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (_, Value::Float(a), Value::Float(b)) => a.partial_cmp(b)?,
        (_, Value::Double(a), Value::Double(b)) => a.partial_cmp(b)?,
        _ => return None,
    };
    Some(if sorting.descending { order.reverse() } else { order })
}
