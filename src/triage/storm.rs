//! Storms: one caller, or one ascending sweep, on many lines within a window.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::observation::{Found, Kind};
use crate::registry::ObservationRow;
use crate::rules::Triage;

/// What a hit touched: storms count distinct ones.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Target<'a> {
    Line(i64),
    Number(&'a str, u64),
}

/// Returns the ids of the hits that are part of a storm. `rows` are in the order
/// of (time, id).
///
/// Calls storm on lines and look-ups on waybill numbers; a complaint or a row
/// of a dump is no part of any storm.
pub(super) fn find(rows: &[&ObservationRow], triage: &Triage) -> BTreeSet<i64> {
    let mut storms = BTreeSet::new();
    for kind in [Kind::Call, Kind::Lookup] {
        let mut by_caller: BTreeMap<&str, Vec<&ObservationRow>> = BTreeMap::new();
        for row in rows.iter().filter(|row| row.observation.kind == kind) {
            if let Some(caller) = &row.hit.caller_tag {
                by_caller.entry(caller).or_default().push(row);
            }
        }
        for rows in by_caller.values() {
            mark(rows, triage, &mut storms);
        }
    }
    for run in ascending_runs(rows, triage.sweep_step) {
        mark(&run, triage, &mut storms);
    }
    storms
}

/// Marks every hit that some window with enough distinct targets covers.
///
/// A window that covers a hit can be moved forward until it begins at a hit, so
/// only windows that begin at one are tried.
fn mark(rows: &[&ObservationRow], triage: &Triage, storms: &mut BTreeSet<i64>) {
    let mut counts: BTreeMap<Target<'_>, u32> = BTreeMap::new();
    let (mut end, mut marked) = (0, 0);
    for first in 0..rows.len() {
        while end < rows.len() && is_within(rows[first].at, rows[end].at, triage) {
            for target in targets(rows[end]) {
                *counts.entry(target).or_default() += 1;
            }
            end += 1;
        }
        if counts.len() >= triage.storm_lines as usize {
            storms.extend(rows[marked.max(first)..end].iter().map(|row| row.id));
            marked = end;
        }
        for target in targets(rows[first]) {
            if let Some(count) = counts.get_mut(&target) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(&target);
                }
            }
        }
    }
}

/// Whether both ends lie in one window. The window is closed: a call exactly
/// its length later is still inside.
fn is_within(first: Timestamp, last: Timestamp, triage: &Triage) -> bool {
    last.duration_since(first).as_nanos() <= i128::from(triage.storm_window_seconds) * 1_000_000_000
}

fn targets(row: &ObservationRow) -> impl Iterator<Item = Target<'_>> {
    row.hit.found.iter().filter_map(|found| match found {
        Found::Line { line, .. } => Some(Target::Line(*line)),
        Found::Number { block, place } => Some(Target::Number(block, *place)),
        _ => None,
    })
}

/// Cuts the calls of all callers into maximal runs of strictly rising line
/// numbers with steps of at most `step`.
///
/// Allow-listed callers do not take part: a test call in the middle would break
/// a sweep in two.
fn ascending_runs<'a>(rows: &[&'a ObservationRow], step: u64) -> Vec<Vec<&'a ObservationRow>> {
    let calls = rows.iter().filter(|row| row.observation.kind == Kind::Call && !row.hit.allowed);
    let mut runs: Vec<Vec<&ObservationRow>> = Vec::new();
    let mut last = None;
    for row in calls {
        let Some(number) = row.hit.line_number else { continue };
        match (last, runs.last_mut()) {
            (Some(before), Some(run)) if number > before && number - before <= step => run.push(row),
            _ => runs.push(vec![row]),
        }
        last = Some(number);
    }
    runs
}
