//! Lists with a false discovery rate: leads for an analyst, no accusations.
//!
//! Naming asks that *no* unexposed account is ever named. A list asks less: of
//! the accounts on it, a share of at most `fdr` in the mean were not exposed.
//! It is longer, and each entry is weaker. The rule is e-BH (Wang & Ramdas,
//! 2022): with the e-values sorted, the largest `k` for which the `k`-th
//! reaches `n / (fdr k)`; it holds under any dependence.
//!
//! e-BH needs e-values, not the largest value a process ever had, and it needs
//! all of them at one moment that did not depend on them. So a list is as of a
//! moment fixed beforehand ([`week_before`]): decisions made later are not
//! looked at, however much somebody would like to see them. At such a moment
//! the mean of an account's processes is an e-value, although no process of its
//! own (they start at different times): half of it is the account's own
//! process, half the mean of its pair processes.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rayon::prelude::*;
use serde::Serialize;

use crate::registry::Route;

use super::account::Score;
use super::evidence::{Desk, Evidence};
use super::mixture::ln_mean_exp;
use super::prune::{Bounds, SLACK};
use super::sequences;

/// A list of accounts with its false discovery rate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct List {
    /// The epoch's ordinal.
    pub epoch: u32,
    /// What the epoch is called.
    pub label: String,
    /// Decisions made later are not looked at.
    pub as_of: Timestamp,
    /// Share of entries that were not exposed, at most, in the mean.
    pub fdr: f64,
    /// Accounts that were judged.
    pub accounts: u64,
    /// The entries, the strongest first.
    pub entries: Vec<Entry>,
    /// What it says and what it does not.
    pub statement: String,
}

/// An account on a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// Account.
    pub account: String,
    /// ln of its e-value at that moment.
    pub ln_e: f64,
    /// Distinct lines of the account that rang.
    pub matched_lines: u32,
    /// Distinct lines that rang after its start.
    pub queries: u32,
    /// The batch whose process is the strongest; `None` when the account's own is.
    pub strongest: Option<String>,
}

/// The last Monday's beginning in `zone` at or before `now`: the moments of
/// lists. There is one a week, whatever anybody has seen.
pub fn week_before(now: Timestamp, zone: &TimeZone) -> Timestamp {
    let date = now.to_zoned_datetime(zone.clone()).date();
    let back = i64::from(date.weekday().to_monday_zero_offset());
    let monday = date.checked_sub(jiff::Span::new().days(back)).unwrap_or(date);
    monday.to_zoned_datetime(zone.clone()).map_or(now, |zoned| zoned.timestamp().min(now))
}

/// Lists accounts with a false discovery rate of at most `fdr`, as of a moment
/// fixed beforehand.
///
/// `evidence` must hold what was known then: accounts, plantings and decisions
/// up to `as_of` and no later ones.
pub fn list(evidence: &Evidence<'_>, as_of: Timestamp, fdr: f64) -> List {
    let desk = Desk::new(evidence);
    let sequences = sequences(&desk);
    let bounds = Bounds::new(&desk, &sequences);
    let accounts = evidence.accounts.len();
    let ln_level = |k: usize| libm::log(accounts as f64 / (fdr * k as f64));

    // Nobody's e-value is above its bound, so no list is longer than the bounds'.
    let all: Vec<f64> = (0..accounts).into_par_iter().map(|account| bounds.ln_any(account)).collect();
    let mut order: Vec<usize> = (0..accounts).collect();
    order.sort_by(|&a, &b| all[b].total_cmp(&all[a]).then(a.cmp(&b)));
    let longest = longest(order.iter().map(|&account| all[account] + SLACK), ln_level);
    let mut scored: Vec<Entry> = order[..longest].par_iter().map(|&account| entry(&desk, account)).collect();
    scored.sort_by(|a, b| b.ln_e.total_cmp(&a.ln_e).then(a.account.cmp(&b.account)));
    let length = self::longest(scored.iter().map(|entry| entry.ln_e), ln_level);
    scored.truncate(length);
    List {
        epoch: evidence.rules.epoch,
        label: evidence.rules.label.clone(),
        as_of,
        fdr,
        accounts: accounts as u64,
        entries: scored,
        statement: statement(fdr),
    }
}

/// The largest `k` whose `k`-th value reaches its level; values fall.
fn longest(values: impl Iterator<Item = f64>, ln_level: impl Fn(usize) -> f64) -> usize {
    let reaching = values.zip(1..).filter(|(ln_e, k)| *ln_e >= ln_level(*k));
    reaching.last().map_or(0, |(_, k)| k)
}

fn entry(desk: &Desk<'_>, account: usize) -> Entry {
    let score = Score::new(desk, account);
    let now: Vec<f64> = score.runs.iter().map(|run| run.summary.ln_now).collect();
    let ln_e = match now.split_first() {
        Some((own, pairs)) if !pairs.is_empty() => ln_mean_exp(&[*own, ln_mean_exp(pairs)]),
        _ => now[0],
    };
    let strongest = score.runs.iter().max_by(|a, b| a.summary.ln_now.total_cmp(&b.summary.ln_now));
    let strongest = strongest.filter(|run| run.route == Route::Pair).map(|run| run.batch.clone());
    Entry {
        account: desk.evidence.accounts[account].name.clone(),
        ln_e,
        matched_lines: score.runs[0].summary.matches,
        queries: score.runs[0].summary.queries,
        strongest,
    }
}

fn statement(fdr: f64) -> String {
    format!(
        "This is a list of leads, not an accusation. In the mean over many such lists, at most {fdr} of the entries are \
         accounts whose canaries were not exposed; any single entry may be one. It spends nothing of alpha and may \
         never stand in for a naming: `trapline attribute` names."
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribute::attribute;
    use crate::attribute::testing::{World, second};
    use crate::codebook::{Holder, Sizes};
    use crate::derive::{Draw, Stream};

    const SIZES: Sizes = Sizes { pool: 400, account: 30, standing: 5 };

    /// The lengths of the reference: n = 10, alpha = .1.
    #[test]
    fn the_rule_agrees_with_the_reference() {
        let e = [150.0f64, 60.0, 40.0, 26.0, 12.0, 1.0, 1.0, 0.5, 0.2, 0.0];

        let k = longest(e.iter().map(|e| e.ln()), |k| (10.0 / (0.1 * k as f64)).ln());

        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/vectors/attribution/vectors.json")).expect("JSON");
        let want = vectors["e-BH n=10 alpha=.1 E=(150,60,40,26,12,1,1,0.5,.2,0.)"].as_str().expect("a text");
        assert!(want.starts_with(&format!("k*={k},")), "{k} {want}");
    }

    #[test]
    fn a_later_value_may_carry_an_earlier_one() {
        // 2nd: level 50, missed; 3rd: level 33.3, reached: all three are listed.
        let k = longest([120.0f64, 40.0, 35.0].map(f64::ln).into_iter(), |k| (10.0 / (0.1 * k as f64)).ln());

        assert_eq!(k, 3);
    }

    /// `leakers` accounts whose lines ring now and then, among noise.
    fn world(seed: u64, leakers: usize, noise: u32) -> World {
        let mut world = World::new(seed, 60, SIZES);
        for account in 0..60 {
            world.plant(account, "b", 10, 5);
        }
        let mut stream = Stream::new(&[seed as u8; 32]);
        for account in 0..leakers {
            let name = world.accounts[account].name.clone();
            let lines = world.codebook.account_lines(Holder::Account(&name));
            for line in world.codebook.batch_lines(Holder::Account(&name), &lines, "b", 10).into_iter().take(5) {
                world.hit(10, vec![world.line(line)]);
            }
        }
        for _ in 0..noise {
            world.hit(10, vec![world.line(stream.below(400))]);
        }
        world
    }

    #[test]
    fn a_list_holds_what_naming_does_not_reach() {
        let mut world = world(3, 4, 10);
        world.rules.n_max = 1_000_000_000;
        let listed = list(&world.evidence(), second(100), 0.1);

        let accounts: Vec<&str> = listed.entries.iter().map(|entry| entry.account.as_str()).collect();
        assert!(attribute(&world.evidence()).named.is_empty());
        assert!(accounts.contains(&"account-0") && accounts.contains(&"account-3"), "{accounts:?}");
        assert!(listed.entries.windows(2).all(|pair| pair[0].ln_e >= pair[1].ln_e));
        assert!(listed.entries.iter().all(|entry| entry.strongest.as_deref() == Some("b")));
    }

    #[test]
    fn bounds_cut_no_list_short() {
        for seed in 0..20 {
            let world = world(seed, seed as usize % 5, 20);
            let evidence = world.evidence();
            let desk = Desk::new(&evidence);

            let listed = list(&evidence, second(100), 0.2);

            let mut all: Vec<Entry> = (0..60).map(|account| entry(&desk, account)).collect();
            all.sort_by(|a, b| b.ln_e.total_cmp(&a.ln_e).then(a.account.cmp(&b.account)));
            let want = longest(all.iter().map(|entry| entry.ln_e), |k| libm::log(60.0 / (0.2 * k as f64)));
            assert_eq!(listed.entries, all[..want], "seed {seed}");
        }
    }

    #[test]
    fn a_list_without_leakers_is_mostly_empty() {
        let runs = 60;

        let any = (0..runs).filter(|&seed| !list(&world(seed, 0, 30).evidence(), second(100), 0.2).entries.is_empty());

        // Every entry would be false, so the rate of non-empty lists is at most the fdr.
        let any = any.count() as f64;
        assert!(any <= 0.2 * runs as f64 + 3.0 * (0.2 * 0.8 * runs as f64).sqrt(), "{any} of {runs}");
    }

    #[test]
    fn lists_are_as_of_monday_in_the_operators_zone() {
        let zone = TimeZone::get("Asia/Shanghai").expect("the zone database is bundled");
        let monday = |now: &str| week_before(now.parse().expect("a time"), &zone).to_string();

        // 25 November 2026 is a Wednesday; Monday began at 16:00 UTC on Sunday.
        assert_eq!(monday("2026-11-25T10:00:00Z"), "2026-11-22T16:00:00Z");
        assert_eq!(monday("2026-11-22T16:00:00Z"), "2026-11-22T16:00:00Z");
        assert_eq!(monday("2026-11-22T15:59:59Z"), "2026-11-15T16:00:00Z");
    }
}
