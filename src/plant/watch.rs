//! Columns whose order is watched, and values that fit between two neighbours.

use std::cmp::Ordering;

use super::Job;
use super::columns::{Column, Columns};
use super::cut::Kind;
use super::order::{Order, Tracker, natural, split_digits};
use super::place::distinct;
use super::times::Layout;
use crate::derive::Draw;
use crate::record::{ColumnRole, Value};

/// One watched column.
pub(super) struct Watch {
    pub(super) role: ColumnRole,
    /// Place among the record's fields.
    pub(super) place: usize,
    kind: Measure,
    tracker: Tracker,
    last: Vec<u8>,
    last_ticks: Option<i64>,
    /// Whether planted values are serials between the neighbours' and so need
    /// neighbours that are not next to each other.
    pub(super) needs_room: bool,
}

#[derive(Clone, Debug)]
enum Measure {
    /// A time; `bytes` long where byte order is time order.
    Time { layout: Layout, bytes: Option<usize> },
    /// Digits, perhaps behind letters.
    Serial,
}

impl Watch {
    /// The columns of a file that must be watched: numbers, times, and
    /// whatever the template puts between the neighbours' values.
    pub(super) fn all(columns: &Columns, job: &Job<'_>) -> Vec<Self> {
        let between =
            |column: &Column| job.records.iter().any(|record| record.value(&column.role) == Some(&Value::Between));
        let ours = |column: &Column| column.role == ColumnRole::Number && !job.numbers.is_empty();
        let watched = columns
            .all
            .iter()
            .filter(|column| matches!(column.role, ColumnRole::Number | ColumnRole::Time) || between(column));
        watched.map(|column| Self::new(column, between(column) && !ours(column))).collect()
    }

    fn new(column: &Column, between: bool) -> Self {
        let layout = column.style.times.clone().filter(|_| column.role != ColumnRole::Number);
        let kind = match layout {
            Some(layout) => {
                let bytes = layout.is_lexical().then(|| layout.print(0).len());
                Measure::Time { layout, bytes }
            }
            None => Measure::Serial,
        };
        let needs_room = between && matches!(kind, Measure::Serial);
        Self {
            role: column.role.clone(),
            place: column.place,
            kind,
            tracker: Tracker::default(),
            last: Vec::new(),
            last_ticks: None,
            needs_room,
        }
    }

    /// Takes note of the next value; blanks and words break no order.
    pub(super) fn push(&mut self, core: &[u8]) {
        if self.tracker.is_broken() || core.is_empty() {
            return;
        }
        let step = match &self.kind {
            Measure::Time { bytes: Some(bytes), .. } if core.len() != *bytes || !core[0].is_ascii_digit() => return,
            Measure::Time { bytes: Some(_), .. } => core.cmp(&self.last),
            Measure::Time { layout, .. } => {
                let Some(ticks) = std::str::from_utf8(core).ok().and_then(|text| layout.parse(text)) else { return };
                let step = self.last_ticks.map_or(Ordering::Equal, |last| ticks.cmp(&last));
                self.last_ticks = Some(ticks);
                step
            }
            Measure::Serial if !core.iter().any(u8::is_ascii_digit) => return,
            Measure::Serial => natural(core, &self.last),
        };
        if !self.last.is_empty() {
            self.tracker.push(step);
        }
        self.last.clear();
        self.last.extend_from_slice(core);
    }

    /// The column's order so far; a column that is no measure has none.
    pub(super) fn order(&self) -> Order {
        if self.last.is_empty() { Order::None } else { self.tracker.order() }
    }

    /// Whether the column steps often enough for its order to mean something.
    pub(super) fn steps(&self) -> u64 {
        self.tracker.steps
    }

    /// Whether it is the time that the file goes by.
    pub(super) fn goes_by_time(&self) -> bool {
        self.role == ColumnRole::Time
            && matches!(self.kind, Measure::Time { .. })
            && self.tracker.order() != Order::None
    }

    /// A time in ticks, and the least difference that the layout shows.
    pub(super) fn ticks(&self, core: &[u8]) -> (Option<i64>, i64) {
        match &self.kind {
            Measure::Time { layout, .. } => {
                (std::str::from_utf8(core).ok().and_then(|text| layout.parse(text)), layout.step)
            }
            Measure::Serial => (None, 1),
        }
    }

    /// Whether a serial fits between two neighbours.
    pub(super) fn has_room(before: &[u8], after: &[u8]) -> bool {
        serials(before, after).is_some_and(|(low, high)| high - low >= 2)
    }

    /// Returns `k` values between the neighbours', in the column's order.
    ///
    /// `None` where a neighbour has no such value: then the donor's own stays.
    pub(super) fn between(&self, before: &str, after: &str, k: usize, draw: &mut impl Draw) -> Option<Vec<String>> {
        let mut values = match &self.kind {
            Measure::Time { layout, .. } => {
                let (low, high) = ends(layout.parse(before), layout.parse(after))?;
                let steps = ((high - low) / layout.step).max(0) as u64;
                // Uniform between the neighbours, whose moments lie somewhere
                // in their steps: so either's time may come again, half as
                // often as one inside. That real rows do that, too.
                let mut halves: Vec<u64> = (0..k).map(|_| draw.below_u64((2 * steps).max(1))).collect();
                halves.sort_unstable();
                let time = |half: u64| low + half.div_ceil(2).min(steps) as i64 * layout.step;
                halves.into_iter().map(|half| layout.print(time(half))).collect::<Vec<_>>()
            }
            Measure::Serial => self.serials_between(before, after, k, draw)?,
        };
        if self.order() == Order::Falling {
            values.reverse();
        }
        Some(values)
    }

    /// Returns the value that is `share` / 2^32 of the way from the row before
    /// to the row after; `None` where a neighbour has no such value.
    pub(super) fn partway(&self, before: &str, after: &str, share: u32) -> Option<String> {
        let inside = |steps: u64| match steps.saturating_sub(1) {
            0 => 0,
            inside => 1 + u64::try_from((u128::from(inside) * u128::from(share)) >> 32).unwrap_or(0),
        };
        let falls = self.order() == Order::Falling;
        match &self.kind {
            Measure::Time { layout, .. } => {
                let (low, high) = ends(layout.parse(before), layout.parse(after))?;
                let steps = inside(((high - low) / layout.step).max(0) as u64) as i64 * layout.step;
                Some(layout.print(if falls { high - steps } else { low + steps }))
            }
            Measure::Serial => {
                let (head, digits) = split_digits(before.as_bytes());
                let width = if digits.starts_with(b"0") { digits.len() } else { 1 };
                let (low, high) = serials(before.as_bytes(), after.as_bytes())?;
                let number = if falls { high - inside(high - low) } else { low + inside(high - low) };
                Some(format!("{}{number:0width$}", std::str::from_utf8(head).ok()?))
            }
        }
    }

    fn serials_between(&self, before: &str, after: &str, k: usize, draw: &mut impl Draw) -> Option<Vec<String>> {
        let example = if before.is_empty() { after } else { before };
        let (head, digits) = split_digits(example.as_bytes());
        let head = std::str::from_utf8(head).ok()?;
        let width = if digits.starts_with(b"0") { digits.len() } else { 1 };
        let (low, high) = match (before.is_empty(), after.is_empty()) {
            (false, false) => serials(before.as_bytes(), after.as_bytes())?,
            _ => {
                let (only, _) = serials(example.as_bytes(), example.as_bytes())?;
                // Behind the last row the count goes on; before the first it
                // ends a little lower. Which end is which depends on the order.
                let above = after.is_empty() == (self.order() != Order::Falling);
                if above { (only, only + k as u64 + 1) } else { (only.saturating_sub(k as u64 + 1), only) }
            }
        };
        let inside = distinct(draw, (high - low).saturating_sub(1), k);
        let first = low + u64::from(high - low >= 2);
        Some(inside.into_iter().map(|step| format!("{head}{:0width$}", first + step)).collect())
    }
}

fn ends(before: Option<i64>, after: Option<i64>) -> Option<(i64, i64)> {
    let (a, b) = (before.or(after)?, after.or(before)?);
    Some((a.min(b), a.max(b)))
}

/// Reads two serials with the same letters before them, lower one first.
fn serials(a: &[u8], b: &[u8]) -> Option<(u64, u64)> {
    let ((a_head, a_digits), (b_head, b_digits)) = (split_digits(a), split_digits(b));
    let number = |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse::<u64>().ok().filter(|n| *n < u64::MAX / 4);
    let (a, b) = (number(a_digits)?, number(b_digits)?);
    (a_head == b_head).then(|| (a.min(b), a.max(b)))
}

/// Returns a field's bytes without quotes and what exporters put around values.
pub(super) fn core(raw: &[u8], kind: Kind) -> &[u8] {
    if kind == Kind::Missing {
        return &[];
    }
    let front = raw.iter().take_while(|byte| matches!(byte, b'"' | b'\'' | b'=' | b' ' | b'\t')).count();
    let raw = &raw[front..];
    let back = raw.iter().rev().take_while(|byte| matches!(byte, b'"' | b' ' | b'\t')).count();
    &raw[..raw.len() - back]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derive::Stream;
    use crate::plant::columns::Found;
    use crate::plant::style::Style;

    fn watch(role: ColumnRole, values: &[&str]) -> Watch {
        let style = Style::learn(&values.iter().map(|text| ((*text).to_owned(), Kind::Bare)).collect::<Vec<_>>());
        let column = Column { role, place: 0, header: String::new(), found: Found::Template, is_first: true, style };
        let mut watch = Watch::new(&column, true);
        for value in values {
            watch.push(value.as_bytes());
        }
        watch
    }

    #[test]
    fn times_fall_between_their_neighbours_and_half_as_often_on_either() {
        let watch = watch(ColumnRole::Time, &["2020/2/10 22:41", "2020/2/10 22:45"]);
        let mut draw = Stream::new(&[1; 32]);

        let values = watch.between("2020/2/10 22:41", "2020/2/10 22:45", 8_000, &mut draw).expect("times");

        assert!(values.is_sorted());
        let count = |minute: &str| values.iter().filter(|value| value.ends_with(minute)).count();
        // 1,000 and 2,000 expected, with deviations below 40.
        assert!([":41", ":45"].iter().all(|end| (850..1150).contains(&count(end))), "{}", count(":41"));
        assert!([":42", ":43", ":44"].iter().all(|inside| (1850..2150).contains(&count(inside))));
    }

    #[test]
    fn without_room_a_neighbours_time_occurs_twice() {
        let watch = watch(ColumnRole::Time, &["2-Jun-06", "3-Jun-06"]);

        let values = watch.between("2-Jun-06", "3-Jun-06", 1, &mut Stream::new(&[1; 32]));

        assert_eq!(values, Some(vec!["2-Jun-06".to_owned()]));
    }

    #[test]
    fn serials_keep_their_letters_and_their_order() {
        let rising = watch(ColumnRole::Other("id".into()), &["A-007", "A-010"]);
        let falling = watch(ColumnRole::Other("id".into()), &["9", "5"]);
        let mut draw = Stream::new(&[1; 32]);

        assert_eq!(rising.between("A-007", "A-010", 2, &mut draw), Some(vec!["A-008".into(), "A-009".into()]));
        assert_eq!(falling.between("9", "6", 2, &mut draw), Some(vec!["8".into(), "7".into()]));
        assert_eq!(rising.between("A-010", "", 1, &mut draw), Some(vec!["A-011".into()]));
        assert_eq!(falling.between("", "9", 1, &mut draw), Some(vec!["10".into()]));
        assert_eq!(rising.between("N/A", "A-010", 1, &mut draw), None);
    }

    #[test]
    fn blanks_and_words_break_no_order() {
        let dates = watch(ColumnRole::Time, &["2-Jun-06", "", "Date Not Captured", "3-Jun-06"]);
        let serials = watch(ColumnRole::Other("id".into()), &["SCMS-9", "N/A", "null", "SCMS-10"]);

        assert_eq!((dates.order(), serials.order()), (Order::Rising, Order::Rising));
    }
}
