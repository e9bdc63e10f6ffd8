//! A process from its start to now: what it reached, and when.

use super::evidence::{Call, Desk};
use super::process::Process;
use super::state::State;
use super::verdict::{Bet, Channel, Crossing};

/// What came of a process.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Summary {
    pub(super) ln_sup: f64,
    pub(super) ln_now: f64,
    pub(super) crossed: Option<Crossing>,
    /// Distinct own lines that were asked about.
    pub(super) matches: u32,
    /// Distinct lines that were asked about.
    pub(super) queries: u32,
    /// Shared slots that were asked about, and those that showed its own variant.
    pub(super) slots: u32,
    pub(super) slot_matches: u32,
}

/// Runs `process` over all calls dated at or after its start, in order of
/// their decisions.
///
/// The evidence rises only at matches, so that is where its largest value and
/// the crossing are found.
pub(super) fn run(desk: &Desk<'_>, process: &Process<'_>) -> Summary {
    let places = desk.topics.from(process.start);
    walk(desk, process, places.iter().map(|&place| &desk.calls[place as usize]), None)
}

/// Runs `process` over all calls, whether they say anything new or not.
#[cfg(test)]
pub(super) fn run_over_all(desk: &Desk<'_>, process: &Process<'_>) -> Summary {
    walk(desk, process, desk.calls.iter(), None)
}

/// Runs `process` and writes down every bet.
pub(super) fn bets(desk: &Desk<'_>, process: &Process<'_>) -> (Summary, Vec<Bet>) {
    let mut bets = Vec::new();
    let summary = walk(desk, process, desk.calls.iter(), Some(&mut bets));
    (summary, bets)
}

fn walk<'c>(
    desk: &Desk<'_>,
    process: &Process<'_>,
    calls: impl Iterator<Item = &'c Call>,
    mut bets: Option<&mut Vec<Bet>>,
) -> Summary {
    let mut state = State::new(process, desk);
    let mut summary =
        Summary { ln_sup: 0.0, ln_now: 0.0, crossed: None, matches: 0, queries: 0, slots: 0, slot_matches: 0 };
    for call in calls.filter(|call| call.at >= process.start) {
        let bet = |channel, lines, matched, q, ln_factor, ln_e| Bet {
            seq: call.seq,
            observation: call.observation,
            at: call.at,
            channel,
            lines,
            matched,
            q,
            ln_factor,
            ln_e,
        };
        if let (Some(lines), Some(bets)) = (state.enter_shown(call.seq), bets.as_deref_mut()) {
            bets.push(bet(Channel::Revealed, lines, false, 0.0, 0.0, summary.ln_now));
        }
        for question in call.questions() {
            let Some(answer) = state.answer(call, question) else { continue };
            if matches!(answer.channel, Channel::Line | Channel::Set) {
                let own = |line: &&u32| process.own.binary_search(line).is_ok();
                summary.queries += answer.lines.len() as u32;
                summary.matches += answer.lines.iter().filter(own).count() as u32;
            }
            if answer.channel == Channel::Slot {
                summary.slots += 1;
                summary.slot_matches += u32::from(answer.matched);
            }
            if !answer.matched && bets.is_none() {
                continue;
            }
            let now = state.ln_e();
            let before = std::mem::replace(&mut summary.ln_now, now);
            summary.ln_sup = summary.ln_sup.max(now);
            if summary.crossed.is_none() && now >= process.ln_threshold {
                summary.crossed = Some(Crossing { seq: call.seq, at: call.at, ln_e: now });
            }
            if let Some(bets) = bets.as_deref_mut() {
                let factor = if now == f64::NEG_INFINITY { now } else { now - before };
                bets.push(bet(answer.channel, answer.lines, answer.matched, answer.q, factor, now));
            }
        }
    }
    summary.ln_now = state.ln_e();
    summary
}
