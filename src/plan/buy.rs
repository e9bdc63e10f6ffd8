//! What to buy: more lines, or more canaries in an export, each by itself.
//!
//! A ladder is climbed from below and every rung is simulated; nothing is
//! taken to rise because it should.

use serde::Serialize;

use super::survivors::Survivors;
use super::text::grouped;
use super::{Choice, Desk, Share};
use crate::attribute::theta_mix;
use crate::fault::Fault;
use crate::rules::THETA_LAMBDAS;

/// Sizes of pools that are tried.
const LINES: [u32; 18] =
    [100, 150, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 5000, 7000, 10_000, 15_000, 20_000, 30_000, 50_000, 100_000];
/// Canaries in an export that are tried.
const CANARIES: [u32; 15] = [3, 5, 7, 8, 10, 12, 15, 18, 20, 25, 30, 40, 50, 70, 90];

/// What may be bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Goods {
    /// Lines in the pool.
    Lines,
    /// Canaries in an export.
    Canaries,
}

impl Goods {
    /// What they are called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Canaries => "canaries in an export",
        }
    }
}

/// What one number of them achieves.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Tried {
    /// How many.
    pub count: u32,
    /// Share of leaks of the expected size that are named.
    pub named: Share,
}

/// The smallest number that reaches the target, all else as it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Purchase {
    /// Of what.
    pub goods: Goods,
    /// How many there are now.
    pub now: u32,
    /// The smallest that was tried and reaches the target; `None` for none.
    pub enough: Option<Tried>,
    /// What was tried, from below, up to the first that is enough.
    pub tried: Vec<Tried>,
    /// Why none is enough.
    pub why: Option<String>,
    /// Simulated leaks a step.
    pub trials: u32,
}

/// Tries both goods.
pub(super) fn all(desk: &Desk<'_>, now: &Choice) -> Result<Vec<Purchase>, Fault> {
    Ok(vec![climb(desk, now, Goods::Lines)?, climb(desk, now, Goods::Canaries)?])
}

fn climb(desk: &Desk<'_>, now: &Choice, goods: Goods) -> Result<Purchase, Fault> {
    let (have, ladder) = match goods {
        Goods::Lines => (now.lines, &LINES[..]),
        Goods::Canaries => (now.canaries, &CANARIES[..]),
    };
    let mut rungs: Vec<u32> = ladder.to_vec();
    if goods == Goods::Canaries {
        // The last rung is all that an account's lines allow.
        let rules = desk.rules(now)?;
        let most = (rules.account_lines - rules.standing_lines).min(desk.settings.rows);
        rungs.retain(|&rung| rung < most);
        rungs.push(most);
    }
    rungs.push(have);
    rungs.sort_unstable();
    rungs.dedup();
    let at = |count: u32| match goods {
        Goods::Lines => Choice { lines: count, ..*now },
        Goods::Canaries => Choice { canaries: count, ..*now },
    };
    // A pool may be too small for its accounts: that rung is no purchase.
    rungs.retain(|&rung| desk.rules(&at(rung)).is_ok());
    let (trials, mut tried, mut enough) = (desk.few(), Vec::new(), None);
    for rung in rungs {
        let step = Tried { count: rung, named: desk.named(&at(rung), trials)? };
        tried.push(step);
        if step.named.share >= desk.settings.target {
            enough = Some(step);
            break;
        }
    }
    let why = if enough.is_none() {
        Some(why(desk, &at(tried.last().map_or(have, |step| step.count)), goods)?)
    } else {
        None
    };
    Ok(Purchase { goods, now: have, enough, tried, why, trials })
}

/// Says what stands in the way even at `last`, the most that was tried.
fn why(desk: &Desk<'_>, last: &Choice, goods: Goods) -> Result<String, Fault> {
    let (settings, rules) = (desk.settings, desk.rules(last)?);
    let survivors = Survivors::new(settings.rows, last.canaries, desk.sold());
    let some = survivors.at_least(1);
    if some < settings.target {
        return Ok(match goods {
            Goods::Lines => format!(
                "{:.0} % of such leaks hold no canary at all, and more lines do not change that: plant more canaries",
                100.0 * (1.0 - some)
            ),
            Goods::Canaries => format!(
                "even with {} canaries, as many as an account's {} lines allow, {:.0} % of such leaks hold none",
                last.canaries,
                rules.account_lines,
                100.0 * (1.0 - some)
            ),
        });
    }
    let needed = matches_in_a_row(&rules, last.canaries);
    let enough = needed.map_or(0.0, |needed| survivors.at_least(needed));
    let lines = needed.map_or("more lines than it has".to_owned(), |needed| format!("{needed} of its lines"));
    let clause = format!(
        "with {} lines and {} canaries, {lines} must ring before any other to name an export where nobody is asked \
         for, and {:.1} % of such leaks hold as many",
        grouped(last.lines),
        last.canaries,
        100.0 * enough
    );
    Ok(if enough >= settings.target {
        format!("{clause}; what stands in the way is the dilution by noise and {} other leakers", last.leakers - 1)
    } else {
        clause
    })
}

/// Matches in a row, from the first call on, that name by the pair process.
fn matches_in_a_row(rules: &crate::rules::Rules, canaries: u32) -> Option<u32> {
    (1..=canaries).find(|&matches| {
        let row: Vec<u32> = (1..=matches).collect();
        theta_mix(&row, matches, rules.pool, canaries, &THETA_LAMBDAS) >= rules.ln_pair_threshold(1)
    })
}
