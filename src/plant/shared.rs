//! Rows that several accounts' exports of the same data have in common.
//!
//! A row that only one export holds is gone once two exports are compared and
//! what differs is dropped. A shared row stands in every export of its scope
//! whose account has its variant, and must be the same row there, byte for
//! byte: so where it stands follows from the real rows ([`super::ring`]), its
//! donor is the real row behind it, and what goes between the neighbours is
//! drawn from the scope's seed. The account's own canaries come second: they
//! take shared rows for rows that were there before.

use super::choose::{Placed, Who};
use super::make::{Made, Maker};
use super::numbers::share_between;
use super::place::{Gap, Row};
use super::surveyor::content_of;
use crate::derive::Seed;
use crate::fault::Fault;
use crate::record::{ColumnRole, Record};

/// What the exports of one scope have in common.
#[derive(Clone, Copy)]
pub struct Shared<'a> {
    /// One row for each slot of the scope, by slot.
    pub rows: &'a [SharedRow],
    /// What places are chosen by; the same for all accounts.
    pub place: Seed,
    /// What values between neighbours are drawn from; the same for all accounts.
    pub values: Seed,
}

/// The variant of a slot that an account has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedRow {
    /// Serial of its number.
    pub serial: u64,
    /// Its waybill number, where the template has one. There is no spare: if a
    /// real row has it, the slot is left out.
    pub number: Option<String>,
    /// What it says.
    pub record: Record,
}

impl Maker<'_> {
    /// Makes the rows of a gap that shared rows stand in, in order.
    pub(super) fn mixed(&self, group: &[Placed], by_number: bool) -> Result<Vec<Made>, Fault> {
        let gap = &group[0].gap;
        let mut made: Vec<Option<Made>> = group.iter().map(|_| None).collect();
        if by_number {
            for (place, who) in group.iter().enumerate().filter(|(_, who)| who.is_shared()) {
                made[place] = Some(self.by_number(who)?);
            }
        } else {
            // Their own canaries differ, but which slots stand here does not
            // depend on the account: so drawing for all of them at once does not.
            let first = group.iter().position(Placed::is_shared).unwrap_or(group.len());
            for (place, row) in (first..).zip(self.together(&group[first..], gap)?) {
                made[place] = Some(row);
            }
        }
        let mut place = 0;
        for run in group.chunk_by(|a, b| a.is_shared() == b.is_shared()) {
            let behind = place + run.len();
            if !run[0].is_shared() {
                let before = place.checked_sub(1).and_then(|before| self.as_row(made[before].as_ref()?));
                let after = made.get(behind).and_then(|after| self.as_row(after.as_ref()?));
                let before = before.or_else(|| gap.before.clone());
                let bounds = Gap::new(gap.at, before, after.or_else(|| gap.after.clone()));
                for (place, row) in (place..).zip(self.together(run, &bounds)?) {
                    made[place] = Some(row);
                }
            }
            place = behind;
        }
        Ok(made.into_iter().flatten().collect())
    }

    /// Makes a shared row of a file that is sorted by number. There its
    /// company in the gap depends on the account, so its values follow from
    /// its number: the further that is on the way from one neighbour's to the
    /// other's, the further they are.
    fn by_number(&self, who: &Placed) -> Result<Made, Fault> {
        let number = who.number.map_or("", |which| self.job.number(which).1);
        let watch = self.watches.iter().find(|watch| watch.role == ColumnRole::Number);
        let share = watch.map_or(0, |watch| {
            let (before, after) = self.neighbours(watch.place, &who.gap);
            share_between(&before, &after, number)
        });
        let values: Vec<Option<String>> = self
            .watches
            .iter()
            .map(|watch| {
                let (before, after) = self.neighbours(watch.place, &who.gap);
                watch.partway(&before, &after, share)
            })
            .collect();
        let values: Vec<Option<&str>> = values.iter().map(Option::as_deref).collect();
        self.row(who, row_behind(&who.gap), &values)
    }

    /// A planted row as a neighbour of others.
    fn as_row(&self, made: &Made) -> Option<Row> {
        let reader = &self.sample.reader;
        let content = content_of(&reader.dialect, &made.bytes).len();
        let mut fields = Vec::new();
        let split = reader.split(&made.bytes[..content], &mut fields).is_ok();
        split.then(|| Row { bytes: made.bytes.clone(), content, fields, is_fit: true })
    }
}

impl Placed {
    pub(super) fn is_shared(&self) -> bool {
        matches!(self.who, Who::Shared(_))
    }
}

/// The donor of shared rows: the row behind the gap, which chose the place.
pub(super) fn row_behind(gap: &Gap) -> &Row {
    let fit = |row: &&Row| row.is_fit;
    let behind = gap.after.as_ref().filter(fit).or(gap.before.as_ref().filter(fit));
    behind.expect("a gap is only offered beside a fit row")
}
