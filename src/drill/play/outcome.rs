//! What came of a scenario: read from the registry, set beside what was done.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::{Origin, Stage};
use crate::attribute;
use crate::casefile::CaseFile;
use crate::drill::wire::place_of;
use crate::issue;
use crate::observation::Kind;
use crate::registry::{AccusationRow, Registry, Route, Verdict};

/// What was done and what came out.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Played {
    /// The seed.
    pub seed: u64,
    /// What was done.
    pub told: Told,
    /// What triage made of it.
    pub hits: Hits,
    /// Each account of which something was sold, by name.
    pub leakers: Vec<Leaker>,
    /// Accounts that were named and leaked nothing.
    pub innocents: Vec<String>,
    /// Batches that level 2 named and of which nothing was sold.
    pub wrong_batches: u32,
    /// Whether a ghost raised the alarm in any pass.
    pub alarm: bool,
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Accounts that leaked nothing.
    pub bystanders: u32,
    /// Epochs that were opened.
    pub epochs: u32,
    /// Exports planted into.
    pub exports: u64,
    /// Their rows before planting.
    pub rows: u64,
    /// Canaries planted into them.
    pub canaries: u64,
    /// Rows planted besides, which exports of other accounts may hold, too.
    pub shared_rows: u64,
    /// Rows in sold lists.
    pub sold_rows: u64,
    /// Planted rows among them.
    pub sold_canaries: u64,
    /// Calls by fraudsters to lines of ours.
    pub fraud_calls: u64,
    /// Noise.
    pub noise_calls: u64,
    /// Calls by war-diallers.
    pub sweep_calls: u64,
    /// Calls by own staff.
    pub test_calls: u64,
    /// Look-ups of sold canaries' numbers.
    pub lookups: u64,
    /// Numbers of the reserved block that somebody tried.
    pub swept_numbers: u64,
    /// Passes of the monitor.
    pub passes: u32,
}

/// What triage made of each sort of hit, in whichever epochs decided it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Hits {
    /// Calls by fraudsters.
    pub fraud: Tally,
    /// Noise.
    pub noise: Tally,
    /// Calls by war-diallers.
    pub sweeps: Tally,
    /// Calls by own staff.
    pub tests: Tally,
    /// Look-ups on the tracking page, whoever made them.
    pub lookups: Tally,
}

/// One sort of hit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Decided by some epoch.
    pub decided: u64,
    /// Confirmed by some epoch.
    pub confirmed: u64,
}

/// What came of one account of which something was sold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Leaker {
    /// Account.
    pub account: String,
    /// Batches of which canaries were sold.
    pub batches_sold: u32,
    /// Of those, batches that level 2 named.
    pub batches_named: u32,
    /// How it was named first.
    pub named: Option<Naming>,
    /// The rule that came nearest, in the epoch where it did.
    pub nearest: Option<Nearest>,
}

/// How an account was named.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Naming {
    /// Epoch.
    pub epoch: u32,
    /// Day of the scenario, from 0.
    pub day: u32,
    /// Rule.
    pub route: Route,
    /// Confirmed hits of that epoch until then.
    pub calls_to_name: u64,
}

/// How near an account came to being named.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Nearest {
    /// Place among all accounts of the epoch, from 1.
    pub rank: u32,
    /// ln of the largest e-value.
    pub ln_e: f64,
    /// ln of the threshold.
    pub ln_threshold: f64,
    /// Its lines that rang.
    pub matches: u32,
    /// Lines that rang.
    pub queries: u32,
}

/// Reads what came out.
pub(super) fn of(stage: &Stage<'_>, seed: u64) -> issue::Result<Played> {
    let epochs = stage.registry.epochs()?;
    let mut accusations = Vec::new();
    for epoch in &epochs {
        accusations.extend(stage.registry.accusations(epoch.rules.epoch)?);
    }
    let is_sold = |row: &&AccusationRow| stage.sold.contains_key(&row.accusation.account);
    let mut innocents: Vec<String> = accusations
        .iter()
        .filter(|row| row.accusation.route != Route::Batch && !is_sold(row))
        .map(|row| row.accusation.account.clone())
        .collect();
    innocents.sort_unstable();
    innocents.dedup();
    let wrong = accusations.iter().filter(|row| row.accusation.route == Route::Batch && !is_right(stage, row));
    let mut leakers = Vec::new();
    for account in stage.sold.keys() {
        leakers.push(leaker(stage, account, &accusations)?);
    }
    for epoch in &epochs {
        let case = CaseFile::load(&stage.registry, &stage.master, epoch)?;
        let ranked = attribute::attribute(&case.evidence()).ranked;
        for (place, row) in ranked.iter().enumerate() {
            let Some(leaker) = leakers.iter_mut().find(|leaker| leaker.account == row.account) else { continue };
            let nearest = Nearest {
                rank: place as u32 + 1,
                ln_e: row.ln_e,
                ln_threshold: row.ln_threshold,
                matches: row.matches,
                queries: row.queries,
            };
            if leaker.nearest.as_ref().is_none_or(|have| have.ln_e - have.ln_threshold < row.ln_e - row.ln_threshold) {
                leaker.nearest = Some(nearest);
            }
        }
    }
    Ok(Played {
        seed,
        told: stage.told.clone(),
        hits: hits(stage)?,
        leakers,
        innocents,
        wrong_batches: wrong.count() as u32,
        alarm: stage.alarm,
    })
}

fn is_right(stage: &Stage<'_>, row: &AccusationRow) -> bool {
    stage.sold.get(&row.accusation.account).is_some_and(|batches| batches.contains(&row.accusation.batch))
}

fn leaker(stage: &Stage<'_>, account: &str, accusations: &[AccusationRow]) -> issue::Result<Leaker> {
    let own = || accusations.iter().filter(|row| row.accusation.account == account);
    let first = own().filter(|row| row.accusation.route != Route::Batch).min_by_key(|row| (row.at, row.accusation.seq));
    let named = match first {
        Some(row) => Some(Naming {
            epoch: row.accusation.epoch,
            day: day_of(stage, row.at),
            route: row.accusation.route,
            calls_to_name: confirmed_until(stage, row)?,
        }),
        None => None,
    };
    Ok(Leaker {
        account: account.to_owned(),
        batches_sold: stage.sold[account].len() as u32,
        batches_named: own().filter(|row| row.accusation.route == Route::Batch && is_right(stage, row)).count() as u32,
        named,
        nearest: None,
    })
}

fn day_of(stage: &Stage<'_>, at: Timestamp) -> u32 {
    (at.duration_since(stage.begins).as_secs() / 86_400) as u32
}

fn confirmed_until(stage: &Stage<'_>, row: &AccusationRow) -> issue::Result<u64> {
    let decisions = stage.registry.decisions(row.accusation.epoch)?;
    let counts = decisions.iter().filter(|d| d.verdict == Verdict::Confirmed && d.seq <= row.accusation.seq);
    Ok(counts.count() as u64)
}

fn hits(stage: &Stage<'_>) -> issue::Result<Hits> {
    // Several epochs may decide the same call.
    let mut confirmed: BTreeMap<i64, bool> = BTreeMap::new();
    for epoch in stage.registry.epochs()? {
        for decision in stage.registry.decisions(epoch.rules.epoch)? {
            *confirmed.entry(decision.observation).or_default() |= decision.verdict == Verdict::Confirmed;
        }
    }
    let mut hits = Hits::default();
    for (id, confirmed) in confirmed {
        let observation = stage.registry.observation(id)?.observation;
        let place = observation.native_id.as_deref().and_then(place_of);
        let origin = place.and_then(|place| stage.origins.get(place));
        let tally = match (observation.kind, origin) {
            (Kind::Lookup, _) => &mut hits.lookups,
            (_, Some(Origin::Fraud)) => &mut hits.fraud,
            (_, Some(Origin::Sweep)) => &mut hits.sweeps,
            (_, Some(Origin::Test)) => &mut hits.tests,
            (_, Some(Origin::Noise) | None) => &mut hits.noise,
        };
        tally.decided += 1;
        tally.confirmed += u64::from(confirmed);
    }
    Ok(hits)
}
