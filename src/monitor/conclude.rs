//! Deciding what counts, and concluding who was exposed.

use std::collections::BTreeSet;

use super::{
    Attribution, CaseFile, EpochRow, EpochSummary, NewAccusation, ObservationRow, Pass, Route, Timestamp, ToSpan as _,
    Verdict, announce, attribute, epoch as epochs, issue, registry, triage,
};

/// Decides an epoch's settled hits, attributes, records new accusations.
pub(super) fn epoch(pass: &mut Pass<'_>, epoch: &EpochRow) -> issue::Result<EpochSummary> {
    let mut summary = EpochSummary { epoch: epoch.rules.label.clone(), ..EpochSummary::default() };
    decide(pass, epoch, &mut summary)?;
    let mut case = CaseFile::load(pass.registry, pass.master, epoch)?;
    if !case.decisions.iter().any(|decision| decision.verdict == Verdict::Confirmed) {
        return Ok(summary);
    }
    let mut attribution = attribute::attribute(&case.evidence());
    if let Some(alarm) = &attribution.alarm {
        // A ghost was scored like a leaker: key, triage or planting is broken,
        // and no report leaves until somebody has found out which.
        summary.alarm = Some(alarm.message.clone());
        return Ok(summary);
    }
    let before = accused(pass.registry, epoch.rules.epoch)?;
    record(pass, epoch, &attribution)?;
    if open_accused(pass, epoch, &attribution)? {
        case.openings = pass.registry.openings(epoch.rules.epoch)?;
        attribution = attribute::attribute(&case.evidence());
        record(pass, epoch, &attribution)?;
    }
    summary.named = attribution.named.len() as u64;
    summary.newly_named = attribution.named.iter().filter(|named| !before.contains(&named.account)).count() as u64;
    Ok(summary)
}

/// Decides every hit whose storm window has closed, once and for good.
fn decide(pass: &mut Pass<'_>, epoch: &EpochRow, summary: &mut EpochSummary) -> issue::Result<()> {
    let rules = &epoch.rules;
    let pending = pass.registry.undecided(rules.epoch, rules.begins, epochs::horizon(rules))?;
    let Some(first) = pending.first().map(|row| row.at) else { return Ok(()) };
    let context = recent(pass.registry, epoch, first)?;
    let decisions = triage::decide(&pending, &rules.triage, &epoch.rules_hash, pass.now, &context);
    summary.decided = decisions.len() as u64;
    summary.confirmed = decisions.iter().filter(|decision| decision.verdict == Verdict::Confirmed).count() as u64;
    summary.waiting = pending.len() as u64 - summary.decided;
    pass.registry.decide(rules.epoch, &decisions, pass.now)?;
    Ok(())
}

/// Decided hits close enough to `first` to belong to a storm with it.
fn recent(
    registry: &dyn registry::Registry,
    epoch: &EpochRow,
    first: Timestamp,
) -> registry::Result<Vec<ObservationRow>> {
    let window = i64::from(epoch.rules.triage.storm_window_seconds);
    let since = first.checked_sub((2 * window).seconds()).unwrap_or(Timestamp::MIN);
    registry.decided_since(epoch.rules.epoch, since)
}

/// Accounts that stand accused.
fn accused(registry: &dyn registry::Registry, epoch: u32) -> registry::Result<BTreeSet<String>> {
    Ok(registry.accusations(epoch)?.into_iter().map(|row| row.accusation.account).collect())
}

/// Records accusations that are new, each with its message.
fn record(pass: &mut Pass<'_>, epoch: &EpochRow, attribution: &Attribution) -> registry::Result<()> {
    for named in &attribution.named {
        for route in &named.routes {
            let accusation = NewAccusation {
                epoch: epoch.rules.epoch,
                account: named.account.clone(),
                batch: route.batch.clone(),
                route: route.route,
                ln_e: route.ln_e_crossed,
                ln_threshold: route.ln_threshold,
                seq: route.crossed_seq,
            };
            accuse(pass, epoch, &accusation)?;
        }
        for batch in &named.batches {
            let Some(crossed) = batch.crossed.filter(|_| batch.named) else { continue };
            let accusation = NewAccusation {
                epoch: epoch.rules.epoch,
                account: named.account.clone(),
                batch: batch.batch.clone(),
                route: Route::Batch,
                ln_e: crossed.ln_e,
                ln_threshold: batch.ln_threshold,
                seq: crossed.seq,
            };
            accuse(pass, epoch, &accusation)?;
        }
    }
    Ok(())
}

fn accuse(pass: &mut Pass<'_>, epoch: &EpochRow, accusation: &NewAccusation) -> registry::Result<bool> {
    let message = pass.config.webhook.as_ref().map(|hook| announce::message(hook, epoch, accusation, pass.now));
    pass.registry.accuse(accusation, message.as_deref(), pass.now)
}

/// Opens accused accounts for level 2; whether any opening is new.
fn open_accused(pass: &mut Pass<'_>, epoch: &EpochRow, attribution: &Attribution) -> registry::Result<bool> {
    let number = epoch.rules.epoch;
    let before = pass.registry.openings(number)?.len();
    for named in &attribution.named {
        pass.registry.open_account(number, &named.account, "accused", pass.now)?;
    }
    Ok(pass.registry.openings(number)?.len() > before)
}
