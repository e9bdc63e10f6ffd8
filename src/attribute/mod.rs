//! Attribution: who was exposed, with an error guarantee.
//!
//! If an account was not exposed, its lines are a uniform random subset of the
//! pool that nobody outside holds. So for each line that newly rings, the
//! chance that the account happens to have it is known exactly, whatever else
//! goes on. A process that bets against that chance is a non-negative
//! martingale: it reaches n / alpha with probability at most alpha / n. Names
//! heard on a line, masked phones, reports without a phone and waybill numbers
//! are further questions with known chances; each is asked once.
//!
//! What must never happen here, because it would void the guarantee without a
//! sound: asking about a line twice, leaving out questions that did not match,
//! letting a codeword decide what is asked, and changing what was asked before
//! when later records arrive.
//!
//! Everything is pure: the same evidence gives the same answer to the last bit.

mod account;
pub mod acts;
mod at_once;
mod batch;
#[cfg(test)]
mod coalitions;
mod evidence;
pub mod fingerprint;
mod firsts;
mod ghosts;
pub mod joint;
pub mod list;
mod looks;
mod mixture;
mod path;
mod process;
mod prune;
mod query;
mod said;
mod scope;
mod sequence;
mod slot;
pub mod standing;
mod state;
#[cfg(test)]
mod stories;
mod table;
#[cfg(test)]
mod testing;
mod tight;
mod together;
#[cfg(test)]
mod together_stories;
mod topics;
#[cfg(test)]
mod validity;
mod verdict;

pub use evidence::Evidence;
pub use mixture::{ln_lambda_factor, ln_mean_exp, ln_theta_factor, theta_grid, theta_mix};
pub use verdict::*;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::observation::Found;
use crate::registry::{Route, Verdict};

use account::{Score, lines_of};
use batch::Covered;
use evidence::{Call, Desk};
use process::Process;
use prune::Bounds;
use sequence::Sequences;
use together::Together;

/// How many accounts the list of the strongest holds.
pub const RANKED: usize = 20;

/// Answers who was exposed.
pub fn attribute(evidence: &Evidence<'_>) -> Attribution {
    attribute_by(evidence, prune::strongest)
}

/// Answers who was exposed with the given way to find the strongest accounts.
fn attribute_by(evidence: &Evidence<'_>, strongest: fn(&Bounds<'_, '_>) -> Vec<Score>) -> Attribution {
    let desk = Desk::new(evidence);
    let sequences = sequences(&desk);
    let bounds = Bounds::new(&desk, &sequences);
    let ghosts = ghosts::ghosts(&desk);
    let sups = ghosts::sups(&bounds, &ghosts);
    let batch_sups = opened(&desk).flat_map(|account| {
        let lines = lines_of(&desk, account);
        batch::ghost_sups(&desk, account, &lines, &Covered::new(&desk, account))
    });
    let batch_sups: Vec<f64> = batch_sups.collect();
    let (ghosts, alarm) = ghosts::sum_up(evidence.rules, &ghosts, &sups, &batch_sups);
    let together = Together::new(&desk);
    let (named, ranked) = match &alarm {
        Some(_) => (Vec::new(), Vec::new()),
        None => conclude(&desk, strongest(&bounds), together.as_ref()),
    };
    let rules = evidence.rules;
    Attribution {
        epoch: rules.epoch,
        label: rules.label.clone(),
        alpha: rules.alpha,
        alpha_e: rules.epoch_alpha(),
        n_max: rules.n_max,
        rules_hash: rules.hash(),
        thresholds: Thresholds {
            ln_account: rules.ln_account_threshold(),
            ln_pair: rules.ln_pair_threshold(1),
            at_once_probability: rules.at_once_probability(),
        },
        named,
        ranked,
        joint: together.as_ref().map(Together::summary),
        ghosts,
        counts: counts(&desk),
        background: background(&desk),
        alarm,
        statement: statement(rules.alpha),
    }
}

/// Shows every bet that concerns `account`, or only those of one of its
/// batches (`""` for the standing canaries); `None` when there is no such account.
pub fn explain(evidence: &Evidence<'_>, account: &str, batch: Option<&str>) -> Option<Explanation> {
    let desk = Desk::new(evidence);
    let place = *desk.accounts.get(account)?;
    // Joint certification judges accounts.
    let together = if batch.is_none() { Together::new(&desk) } else { None };
    Some(explain_at(&desk, together.as_ref(), place, batch))
}

/// Shows every bet that concerns each of `accounts`; those that do not exist
/// are left out.
pub fn explain_all<'n>(evidence: &Evidence<'_>, accounts: impl IntoIterator<Item = &'n str>) -> Vec<Explanation> {
    let desk = Desk::new(evidence);
    let places: Vec<usize> = accounts.into_iter().filter_map(|account| desk.accounts.get(account).copied()).collect();
    let together = if places.is_empty() { None } else { Together::new(&desk) };
    places.into_iter().map(|place| explain_at(&desk, together.as_ref(), place, None)).collect()
}

fn explain_at(desk: &Desk<'_>, together: Option<&Together>, place: usize, batch: Option<&str>) -> Explanation {
    let evidence = desk.evidence;
    let lines = lines_of(desk, place);
    let chosen = |planting: &usize| batch.is_none_or(|batch| evidence.plantings[*planting].key.batch == batch);
    let mut processes = Vec::new();
    if batch.is_none() {
        processes.push(Process::of_account(desk, place, &lines));
    }
    let pairs = desk.plantings[place].iter().filter(|planting| chosen(planting));
    processes.extend(pairs.map(|&planting| Process::of_planting(desk, place, planting, &lines)));
    let covered = Covered::new(desk, place).batches.into_iter().filter(|(planting, _)| chosen(planting));
    processes.extend(covered.map(|(planting, ln)| Process::of_batch(desk, place, planting, &lines, ln)));
    let mut at_once = at_once::records(desk, Some(place)).remove(&place).unwrap_or_default();
    at_once.retain(|record| batch.is_none_or(|batch| record.batch == batch));
    Explanation {
        account: evidence.accounts[place].name.clone(),
        epoch: evidence.rules.epoch,
        rules_hash: evidence.rules.hash(),
        processes: processes.iter().map(|process| explain_process(desk, process)).collect(),
        joint: together.map(|together| together.path(desk, place)),
        at_once,
    }
}

fn explain_process(desk: &Desk<'_>, process: &Process<'_>) -> ProcessPath {
    let (summary, bets) = path::bets(desk, process);
    ProcessPath {
        route: process.route,
        batch: process.batch.to_owned(),
        start: process.start,
        pool: process.pool,
        lines: process.own.len() as u32,
        ln_threshold: process.ln_threshold,
        ln_e_sup: summary.ln_sup,
        ln_e_now: summary.ln_now,
        crossed: summary.crossed,
        bets,
    }
}

fn sequences(desk: &Desk<'_>) -> Sequences {
    let starts = desk.evidence.accounts.iter().map(|row| row.start);
    let starts = starts.chain(desk.evidence.plantings.iter().map(|row| row.at));
    Sequences::new(&desk.calls, desk.evidence.rules.pool as usize, starts)
}

/// Opened accounts, each once, by ordinal.
fn opened(desk: &Desk<'_>) -> impl Iterator<Item = usize> {
    let names = desk.evidence.openings.iter().filter_map(|row| desk.accounts.get(row.account.as_str()).copied());
    names.collect::<BTreeSet<usize>>().into_iter()
}

/// Makes the answer of the strongest accounts (strongest first), of those that
/// joint certification finds strongest, and of those that a full record accuses.
fn conclude(desk: &Desk<'_>, mut scores: Vec<Score>, together: Option<&Together>) -> (Vec<Named>, Vec<Ranked>) {
    let mut at_once = at_once::records(desk, None);
    at_once.retain(|_, records| {
        records.retain(|record| record.accuses);
        !records.is_empty()
    });
    let add = |scores: &mut Vec<Score>, account: usize| {
        if !scores.iter().any(|score| score.account == account) {
            scores.push(Score::new(desk, account));
        }
    };
    if let Some(together) = together {
        together.strongest(RANKED).into_iter().for_each(|account| add(&mut scores, account));
        let margin =
            |score: &Score| together.margin(score.account).map_or(score.margin(), |joint| joint.max(score.margin()));
        scores.sort_by(|a, b| margin(b).total_cmp(&margin(a)).then(a.account.cmp(&b.account)));
    }
    let ranked = scores.iter().take(RANKED);
    let ranked = ranked.map(|score| rank(desk, score, together, at_once.contains_key(&score.account))).collect();
    at_once.keys().for_each(|&account| add(&mut scores, account));
    let joint = |score: &Score| together.and_then(|together| together.verdict(score.account));
    let named = scores.iter().filter_map(|score| name(desk, score, joint(score), at_once.get(&score.account)));
    (named.collect(), ranked)
}

fn rank(desk: &Desk<'_>, score: &Score, together: Option<&Together>, at_once: bool) -> Ranked {
    let best = score.best();
    let joint = together.and_then(|together| together.margin(score.account)).unwrap_or(f64::NEG_INFINITY);
    let mut ranked = Ranked {
        account: desk.evidence.accounts[score.account].name.clone(),
        named: at_once || joint >= 0.0 || score.runs.iter().any(|run| run.summary.crossed.is_some()),
        route: best.route,
        batch: best.batch.clone(),
        ln_e: best.summary.ln_sup,
        ln_threshold: best.ln_threshold,
        matches: best.summary.matches,
        queries: best.summary.queries,
    };
    if joint > best.margin() {
        let own = &score.runs[0].summary;
        ranked.ln_threshold = desk.evidence.rules.ln_joint_threshold();
        ranked.ln_e = ranked.ln_threshold + joint;
        (ranked.route, ranked.batch) = (Route::Joint, String::new());
        (ranked.matches, ranked.queries) = (own.matches, own.queries);
    }
    ranked
}

fn name(
    desk: &Desk<'_>,
    score: &Score,
    joint: Option<RouteVerdict>,
    records: Option<&Vec<AtOnceRecord>>,
) -> Option<Named> {
    let mut routes = score.routes();
    routes.extend(joint);
    routes.extend(at_once_routes(records.map_or(&[], Vec::as_slice)));
    if routes.is_empty() {
        return None;
    }
    let account = score.account;
    let lines = lines_of(desk, account);
    let covered = Covered::new(desk, account);
    let own = &score.runs[0].summary;
    let start = desk.evidence.accounts[account].start;
    let rings = |call: &&Call| {
        let phones = call.lines.iter().map(|(line, _)| line).chain(call.sets.iter().flatten());
        call.at >= start && phones.into_iter().any(|line| lines.all.binary_search(line).is_ok())
    };
    let slots = score.runs.iter().map(|run| (run.summary.slots, run.summary.slot_matches)).max().unwrap_or_default();
    let hits: Vec<Timestamp> = desk.calls.iter().filter(rings).map(|call| call.at).collect();
    Some(Named {
        account: desk.evidence.accounts[account].name.clone(),
        routes,
        batches: batch::judge(desk, account, &lines, &covered),
        batches_waiting: covered.waiting,
        matched_lines: own.matches,
        queries: own.queries,
        slots_seen: slots.0,
        slots_matched: slots.1,
        first_hit: hits.iter().copied().min(),
        last_hit: hits.iter().copied().max(),
    })
}

/// One verdict for each batch: the first record that accuses stands.
fn at_once_routes(records: &[AtOnceRecord]) -> Vec<RouteVerdict> {
    let mut batches: BTreeMap<&str, RouteVerdict> = BTreeMap::new();
    for record in records {
        let ln_e = -libm::log(record.probability);
        let first = || RouteVerdict {
            route: Route::AtOnce,
            batch: record.batch.clone(),
            ln_e_sup: ln_e,
            ln_e_now: ln_e,
            ln_threshold: -libm::log(record.threshold),
            ln_e_crossed: ln_e,
            crossed_seq: record.seq,
            crossed_at: record.at,
        };
        let verdict = batches.entry(&record.batch).or_insert_with(first);
        verdict.ln_e_sup = verdict.ln_e_sup.max(ln_e);
        verdict.ln_e_now = verdict.ln_e_sup;
    }
    batches.into_values().collect()
}

fn counts(desk: &Desk<'_>) -> Counts {
    let evidence = desk.evidence;
    let of = |verdict| evidence.decisions.iter().filter(|row| row.verdict == verdict).count() as u64;
    let lines: BTreeSet<u32> = desk.calls.iter().flat_map(|call| &call.lines).map(|(line, _)| *line).collect();
    Counts {
        decisions: evidence.decisions.len() as u64 + evidence.left_out.sum(),
        confirmed: of(Verdict::Confirmed),
        storms: of(Verdict::Storm) + evidence.left_out.storms,
        allow_listed: of(Verdict::AllowListed) + evidence.left_out.allow_listed,
        slight: of(Verdict::Slight) + evidence.left_out.slight,
        distinct_lines: lines.len() as u32,
        pool: evidence.rules.pool,
        accounts: evidence.accounts.len() as u64,
        batches: evidence.plantings.len() as u64,
    }
}

fn background(desk: &Desk<'_>) -> Background {
    let control: BTreeSet<i64> = desk.evidence.control.iter().copied().collect();
    let confirmed = desk.evidence.decisions.iter().filter(|row| row.verdict == Verdict::Confirmed);
    let mut rung = BTreeSet::new();
    let mut control_hits = 0;
    for row in confirmed {
        let lines = row.hit.found.iter().filter_map(|found| match found {
            Found::Line { line, .. } if control.contains(line) => Some(*line),
            _ => None,
        });
        let mut any = false;
        for line in lines {
            any = true;
            rung.insert(line);
        }
        control_hits += u64::from(any);
    }
    let trap_lines: BTreeSet<u32> = desk.calls.iter().flat_map(|call| &call.lines).map(|(line, _)| *line).collect();
    Background {
        control_lines: control.len() as u32,
        control_lines_hit: rung.len() as u32,
        control_hits,
        trap_lines_hit: trap_lines.len() as u32,
        trap_hits: desk.calls.iter().filter(|call| !call.lines.is_empty()).count() as u64,
    }
}

fn statement(alpha: f64) -> String {
    format!(
        "The chance that this procedure ever names any account whose canaries were not exposed is at most {alpha}, over \
         all epochs and whatever other calls come in. \"Exposed\" means that the account's copy of the data was \
         available to whoever caused these calls; it does not say which person made it available. A batch is named by a \
         second test with its own share of that chance."
    )
}
