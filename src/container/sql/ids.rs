//! Values that a table must not hold twice and that no role fills: ids.
//!
//! A planted row is made from its neighbour's, so it would have its id. A dump
//! is sorted by id, mostly, and has gaps where rows were deleted: an id that is
//! free between the neighbours' is best. Without one, the next id at the end is
//! taken, and said.

use std::collections::BTreeSet;

use super::table::Definition;
use crate::fault::Fault;

/// What the rows around a place say.
#[derive(Clone, Debug, Default)]
pub(super) struct Neighbours {
    pub(super) before: Option<Vec<String>>,
    pub(super) after: Option<Vec<String>>,
}

/// What is known of each column.
#[derive(Clone, Debug)]
pub(super) struct Ids {
    columns: Vec<Watched>,
    rows: u64,
}

#[derive(Clone, Debug)]
struct Watched {
    /// All values so far are whole numbers.
    is_whole: bool,
    /// Each is larger than the one before.
    rises: bool,
    last: Option<i64>,
    largest: i64,
    /// The values, where they may be those of a key.
    all: Option<Vec<i64>>,
}

impl Ids {
    /// Watches so many columns; the values of those of `keys` are kept.
    pub(super) fn new(columns: usize, keys: &[usize]) -> Self {
        let watched = |column: usize| Watched {
            is_whole: true,
            rises: true,
            last: None,
            largest: 0,
            all: (column == 0 || keys.contains(&column)).then(Vec::new),
        };
        Self { columns: (0..columns.max(1)).map(watched).collect(), rows: 0 }
    }

    pub(super) fn push(&mut self, fields: &[String]) {
        self.rows += 1;
        for (column, field) in self.columns.iter_mut().zip(fields) {
            let Some(number) = field.parse::<i64>().ok().filter(|_| column.is_whole) else {
                (column.is_whole, column.all) = (false, None);
                continue;
            };
            column.rises &= column.last.is_none_or(|last| last < number);
            column.largest = column.largest.max(number);
            column.last = Some(number);
            if let Some(all) = &mut column.all {
                all.push(number);
            }
        }
    }

    /// Ends the watching.
    pub(super) fn finish(&mut self) {
        for all in self.columns.iter_mut().filter_map(|column| column.all.as_mut()) {
            all.sort_unstable();
        }
    }

    /// The columns that planted rows need values of their own in.
    ///
    /// # Errors
    ///
    /// If a key would hold a value twice that is no number.
    pub(super) fn columns(
        &self,
        names: &[String],
        definition: &Definition,
        filled: &[usize],
        marks: &dyn Fn(usize) -> bool,
    ) -> Result<Vec<usize>, Fault> {
        let whole = |column: usize| self.columns.get(column).is_some_and(|watched| watched.is_whole);
        let mut ids: Vec<usize> = Vec::new();
        // What nobody declared unique, but is: the first column, which counts.
        let counts = self.columns.first().is_some_and(|watched| watched.is_whole && watched.rises) && self.rows > 1;
        if counts && !filled.contains(&0) {
            ids.push(0);
        }
        for key in &definition.keys {
            let of_definition = |name: &String| definition.columns.iter().position(|(other, _)| other == name);
            let place = |name: &String| names.iter().position(|other| other == name).or_else(|| of_definition(name));
            let columns: Vec<usize> = key.iter().filter_map(place).collect();
            let is_unique =
                columns.len() < key.len() || columns.iter().any(|column| ids.contains(column) || marks(*column));
            if is_unique {
                continue;
            }
            match columns.iter().find(|column| whole(**column) && !filled.contains(column)) {
                Some(column) => ids.push(*column),
                None => {
                    let what = format!(
                        "planted rows would hold a value twice that a key of the table wants once: {}",
                        key.join(", ")
                    );
                    return Err(
                        Fault::new(what).hint("map one of its columns with --map, or leave the key out of the dump")
                    );
                }
            }
        }
        Ok(ids)
    }

    /// A value for each planted row, and what was done.
    pub(super) fn give(
        &self,
        column: usize,
        places: &[Neighbours],
        label: &str,
    ) -> Result<(Vec<String>, String), Fault> {
        let watched = &self.columns[column];
        let say = |texts: &Option<Vec<String>>| texts.as_ref().and_then(|texts| texts.get(column)?.parse::<i64>().ok());
        let mut given: BTreeSet<i64> = BTreeSet::new();
        let mut ids = Vec::with_capacity(places.len());
        let (mut next, mut at_the_end) = (watched.largest, 0u64);
        for place in places {
            let between = match (say(&place.before), say(&place.after)) {
                (Some(before), Some(after)) => watched.free(before, after, &given),
                _ => None,
            };
            let id = match between {
                Some(id) => id,
                None => {
                    next =
                        next.checked_add(1).ok_or_else(|| Fault::new(format!("column {label} has no next number")))?;
                    at_the_end += 1;
                    next
                }
            };
            given.insert(id);
            ids.push(id.to_string());
        }
        let in_gaps = places.len() as u64 - at_the_end;
        let end = format!("up to {next}; a sequence behind it must go on from there");
        let hint = match (in_gaps, at_the_end) {
            (_, 0) => format!("planted rows have unused values of {label} between their neighbours'"),
            (0, _) => format!("{label} leaves no gaps: planted rows have the next values, {end}"),
            _ => format!("{in_gaps} planted rows have unused values of {label}, {at_the_end} the next ones, {end}"),
        };
        Ok((ids, hint))
    }
}

impl Watched {
    /// A value between two that no row has: in the middle, or as near to it as there is one.
    fn free(&self, before: i64, after: i64, given: &BTreeSet<i64>) -> Option<i64> {
        /// Values that are tried: what is further from the middle is as good as none.
        const MOST: i64 = 10_000;
        let all = self.all.as_ref()?;
        let is_free = |value: &i64| all.binary_search(value).is_err() && !given.contains(value);
        let room = after.checked_sub(before).filter(|room| *room > 1)?;
        // rows of one gap keep its order: each goes behind what was given there before
        let from = given.range(before..after).next_back().copied().unwrap_or(before);
        let middle = from + (after - from) / 2;
        let steps = 0..room.min(MOST);
        steps
            .flat_map(|step| [middle + step, middle - step])
            .find(|value| (from + 1..after).contains(value) && is_free(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(values: &[&str]) -> Ids {
        let mut ids = Ids::new(2, &[0]);
        for value in values {
            ids.push(&[(*value).to_owned(), "x".to_owned()]);
        }
        ids.finish();
        ids
    }

    fn neighbours(before: Option<&str>, after: Option<&str>) -> Neighbours {
        let row = |text: &str| vec![text.to_owned(), "x".to_owned()];
        Neighbours { before: before.map(row), after: after.map(row) }
    }

    #[test]
    fn ids_come_out_of_gaps_or_from_the_end() {
        let ids = ids(&["1", "2", "10", "11"]);
        let gap = neighbours(Some("2"), Some("10"));
        let places = [neighbours(Some("1"), Some("2")), gap.clone(), gap, neighbours(Some("11"), None)];

        let (given, hint) = ids.give(0, &places, "id").expect("there are some");

        assert_eq!(given, ["12", "6", "8", "13"]);
        assert!(hint.contains("2 planted rows") && hint.contains("up to 13"), "{hint}");
    }

    #[test]
    fn a_gap_that_another_row_fills_is_none() {
        // the heap of PostgreSQL puts a short row where there is room
        let ids = ids(&["5", "10", "7", "8", "15", "20"]);

        let given = |before, after| ids.give(0, &[neighbours(Some(before), Some(after))], "id").map(|(ids, _)| ids);

        assert_eq!(given("5", "10"), Ok(vec!["6".to_owned()]));
        assert_eq!(given("10", "7"), Ok(vec!["21".to_owned()]));
        assert_eq!(given("15", "20"), Ok(vec!["17".to_owned()]));
    }

    #[test]
    fn keys_decide_what_needs_a_value_of_its_own() {
        let ids = ids(&["5", "3", "9"]);
        let names = ["id".to_owned(), "code".to_owned()];
        let key = |columns: &[&str]| Definition {
            columns: Vec::new(),
            keys: vec![columns.iter().map(|column| (*column).to_owned()).collect()],
        };
        let columns = |definition: &Definition, filled: &[usize], mark: Option<usize>| {
            ids.columns(&names, definition, filled, &|column| Some(column) == mark)
        };

        assert_eq!(columns(&Definition::default(), &[], None), Ok(vec![]), "it does not count");
        assert_eq!(columns(&key(&["id"]), &[], None), Ok(vec![0]));
        assert_eq!(columns(&key(&["id", "code"]), &[], None), Ok(vec![0]));
        assert_eq!(columns(&key(&["code"]), &[1], Some(1)), Ok(vec![]), "it is the waybill number");
        assert!(columns(&key(&["code"]), &[], None).is_err(), "a text would be there twice");
    }
}
