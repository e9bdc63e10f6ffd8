//! Which hits count: decided blind, once, in the order of time.
//!
//! Unpublished lines ring all day: a dialler walks through a number range, one
//! caller tries every number of a block. Such storms say nothing about a leak.
//! A hit is confirmed when its caller is not allow-listed, when no storm covers
//! it, and when it shows intent: it lasted, it spoke of a parcel, or it asked
//! for somebody. None of this looks at who owns a line.
//!
//! A hit is decided once every window that could cover it has closed, and is
//! never looked at again; a record that comes late is decided by what is known
//! then and changes nothing that was decided before it. Otherwise the order of
//! the decisions, on which the guarantee rests, could be rewritten afterwards.

mod storm;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::observation::{Found, Hit, Kind};
use crate::registry::{NewDecision, ObservationRow, Verdict};
use crate::rules::Triage;

/// Decides the hits whose windows have all closed at `settled_until`.
///
/// `hits` are all undecided ones; `context` the decided ones that share a window
/// with any of them (dated within one storm window, either way). Both may come
/// in any order. The decisions come in the order of (time, id).
pub fn decide(
    hits: &[ObservationRow],
    triage: &Triage,
    rules_hash: &str,
    settled_until: Timestamp,
    context: &[ObservationRow],
) -> Vec<NewDecision> {
    let mut all: Vec<&ObservationRow> = hits.iter().chain(context).collect();
    all.sort_by_key(|row| (row.at, row.id));
    let storms = storm::find(&all, triage);
    let decided: BTreeSet<i64> = context.iter().map(|row| row.id).collect();
    all.iter()
        .filter(|row| !decided.contains(&row.id) && is_settled(row.at, triage, settled_until))
        .map(|row| NewDecision {
            observation: row.id,
            verdict: verdict(row, storms.contains(&row.id), triage),
            rules_hash: rules_hash.to_owned(),
        })
        .collect()
}

/// Whether every window that could cover a hit at `at` had closed, and late
/// records had their time to come in.
pub fn is_settled(at: Timestamp, triage: &Triage, settled_until: Timestamp) -> bool {
    let wait = i64::from(triage.storm_window_seconds) + i64::from(triage.settle_seconds);
    at.checked_add(SignedDuration::from_secs(wait)).is_ok_and(|closed| closed <= settled_until)
}

fn verdict(row: &ObservationRow, is_storm: bool, triage: &Triage) -> Verdict {
    if row.hit.allowed {
        Verdict::AllowListed
    } else if is_storm {
        Verdict::Storm
    } else if shows_intent(row.observation.kind, &row.hit, triage) {
        Verdict::Confirmed
    } else {
        Verdict::Slight
    }
}

/// Whether a hit is more than a ring.
///
/// Somebody who looks a number up, complains about a call or sells a row has
/// shown it by that; what such a hit must have is something of ours.
fn shows_intent(kind: Kind, hit: &Hit, triage: &Triage) -> bool {
    match kind {
        Kind::Call => hit.seconds >= triage.min_seconds || hit.keyword || hit.named,
        Kind::Report => hit.keyword || hit.named || hit.found.iter().any(is_number),
        Kind::Lookup | Kind::Row => !hit.found.is_empty(),
    }
}

fn is_number(found: &Found) -> bool {
    matches!(found, Found::Line { .. } | Found::Lines { .. } | Found::Number { .. })
}

#[cfg(test)]
mod tests;
