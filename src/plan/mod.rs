//! The planting calculator: what to plant and what to buy, before anything
//! leaks.
//!
//! Its figures come from the engine's own bets and registered thresholds, run
//! over made-up streams of calls with a fixed seed. The rough formulas of the
//! theory stand beside them: they show where a figure comes from, and know
//! nothing of how many canaries survive a sale. What the streams assume is
//! part of the answer ([`ASSUMPTIONS`]); `scripts/plan-check` holds the figures
//! against `drill`, which rehearses with the whole product. Joint certification
//! is not simulated: it names on a threshold of its own and takes nothing from
//! the processes, so what is planned is the least of what is to be expected.

mod bets;
mod buy;
mod chances;
mod chart;
mod collusion;
mod formula;
mod html;
mod leak;
mod plot;
mod summary;
mod survivors;
#[cfg(test)]
mod tests;
mod text;

pub use buy::{Goods, Purchase, Tried};
pub use collusion::{Attack, Biases, Collusion, Gain, MOST_SLOTS, Need};
pub use formula::{Expected, lines_to_name, most_leakers, pool_limit};
pub use html::html;
pub use summary::{Route, Share, Spread};
pub use text::text;

use rayon::prelude::*;
use serde::Serialize;

use crate::config::Config;
use crate::derive::Stream;
use crate::epoch;
use crate::fault::Fault;
use crate::rules::Rules;

use chances::Chances;
use leak::{Leak, Outcome, trial_seed};
use survivors::Survivors;

/// The JSON schema of a plan.
pub const SCHEMA: &str = "trapline.plan/1";

/// What a plan takes for granted.
pub const ASSUMPTIONS: [&str; 8] = [
    "every canary that was sold rings once, in random order; repeated calls to a line bring nothing",
    "noise is calls that triage confirmed, on random lines of the pool, in proportion to fraud calls",
    "all leakers leak one export each, of the same size, and sell the same share of its rows",
    "callers who ask for somebody ask for the person of the row; noise asks for nobody",
    "a name is as telling as one drawn from the shipped template yto-express and heard by the matcher",
    "masked phones, reports without a phone, waybill numbers and full records are left out: further evidence",
    "joint certification is left out of every figure: it names whom the processes do not and can only add, most with several leakers",
    "standing canaries are left out: they only add power",
];

/// Largest export that is planned for, in rows.
const MOST_ROWS: u32 = 100_000_000;

/// What is to be planned. Shares are between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Settings {
    /// Accounts that could leak.
    pub accounts: u32,
    /// Most sources that may ever be named; the thresholds go by it.
    pub n_max: u64,
    /// Trap lines in the pool.
    pub lines: u32,
    /// Lines of an account; `None` for a twentieth of the pool, 20 to 100.
    pub account_lines: Option<u32>,
    /// Canaries in an export.
    pub canaries: u32,
    /// Exports of an account in the epoch.
    pub exports: u32,
    /// Rows of an export, canaries included.
    pub rows: u32,
    /// Share of a leaked export's rows that is sold on.
    pub resold: f64,
    /// Share of confirmed calls that are noise.
    pub noise: f64,
    /// Share of fraud calls that ask for somebody by name.
    pub names: f64,
    /// Share of these that say the surname alone.
    pub masks: f64,
    /// Leakers at once.
    pub leakers: u32,
    /// Buyers who compare their exports.
    pub colluders: u32,
    /// The chance ever to name an account that was not exposed.
    pub alpha: f64,
    /// The epoch's ordinal, from 1: later ones may spend less of alpha.
    pub epoch: u32,
    /// The share of leaks that is to be named.
    pub target: f64,
    /// Simulated leaks behind the main figures.
    pub trials: u32,
    /// Everything follows from it.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            accounts: 300_000,
            n_max: 300_000,
            lines: 2000,
            account_lines: None,
            canaries: 10,
            exports: 20,
            rows: 3000,
            resold: 0.5,
            noise: 0.5,
            names: 0.3,
            masks: 0.3,
            leakers: 5,
            colluders: 2,
            alpha: 0.01,
            epoch: 1,
            target: 0.95,
            trials: 2000,
            seed: 1,
        }
    }
}

/// The answer.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// `trapline.plan/1`.
    pub schema: &'static str,
    /// What was asked.
    pub settings: Settings,
    /// Bars and sizes that follow from the registered rules.
    pub bars: Bars,
    /// What the leak looks like before anybody is named.
    pub leak: LeakSize,
    /// How the expected leak is named.
    pub naming: Naming,
    /// Chance to be named by share of the export that was sold.
    pub by_rows: Vec<ByRows>,
    /// Chance to be named by confirmed calls so far.
    pub by_calls: Vec<ByCalls>,
    /// Leakers at once.
    pub at_once: AtOnce,
    /// Buyers who compare; `None` for one buyer.
    pub collusion: Option<Collusion>,
    /// What to buy.
    pub buy: Vec<Purchase>,
    /// What all of this takes for granted.
    pub assumptions: &'static [&'static str],
}

/// Bars and sizes that follow from the registered rules.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Bars {
    /// Lines of an account (c_a).
    pub account_lines: u32,
    /// alpha of this epoch.
    pub epoch_alpha: f64,
    /// ln of the evidence at which an account process names.
    pub ln_account: f64,
    /// The same for the pair process of the first export.
    pub ln_pair_first: f64,
    /// The same for that of the last export.
    pub ln_pair_last: f64,
    /// Share of the pool beyond which no account process can name.
    pub pool_limit_account: f64,
    /// The same for pair processes.
    pub pool_limit_pair: f64,
    /// Mean worth of a full name, in nats.
    pub full_name_nats: f64,
    /// Mean worth of a surname, in nats.
    pub surname_nats: f64,
}

/// What a leak of the expected size looks like.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct LeakSize {
    /// Rows that are sold.
    pub sold: u32,
    /// Canaries among them, in the mean.
    pub canaries: f64,
    /// The chance that none is.
    pub none: f64,
    /// Confirmed calls in all, in the mean: all leakers and noise.
    pub calls: f64,
}

/// How the expected leak is named, by each rule alone and by both.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Naming {
    /// Simulated leaks.
    pub trials: u32,
    /// The account process, names left out.
    pub account: Route,
    /// The pair process, names left out.
    pub pair: Route,
    /// Either of them, names left out.
    pub lines: Route,
    /// Either of them with names: what the product does, joint certification
    /// left out.
    pub all: Route,
    /// What 8.1 expects of the account process.
    pub account_formula: Expected,
    /// What 8.1 expects of the pair process.
    pub pair_formula: Expected,
}

/// The chance to be named when a share of the export was sold.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ByRows {
    /// The share.
    pub share: f64,
    /// Rows.
    pub rows: u32,
    /// Canaries among them, in the mean.
    pub canaries: f64,
    /// The chance that none is.
    pub none: f64,
    /// Named, names left out.
    pub lines: Share,
    /// Named.
    pub all: Share,
}

/// The chance to be named within so many confirmed calls.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ByCalls {
    /// Confirmed calls, everybody's.
    pub calls: u32,
    /// By the account process, names left out.
    pub account: f64,
    /// By the pair process, names left out.
    pub pair: f64,
    /// By either, names left out.
    pub lines: f64,
    /// By either with names.
    pub all: Share,
}

/// How many may leak at once.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct AtOnce {
    /// 8.2: lines alone, all lines ringing, no noise.
    pub formula: f64,
    /// The most at which each is still named with the target chance; `None`
    /// where not even one alone is.
    pub most: Option<u32>,
    /// The chance of each to be named at that many.
    pub named: Share,
    /// Simulated leaks a step.
    pub trials: u32,
}

/// Answers what planting as in `settings` achieves.
///
/// # Errors
///
/// When the numbers are impossible: shares outside of 0 to 1, pools too small
/// for their accounts, more canaries than lines or rows.
pub fn plan(settings: &Settings) -> Result<Plan, Fault> {
    check(settings)?;
    let chances = Chances::new(&mut Stream::new(&trial_seed(settings.seed, u32::MAX)))?;
    let desk = Desk { settings, chances: &chances };
    let whole = Choice { lines: settings.lines, canaries: settings.canaries, leakers: settings.leakers };
    let rules = desk.rules(&whole)?;
    let ((outcomes, by_rows), (at_once, (collusion, buy))) = rayon::join(
        || rayon::join(|| desk.outcomes(&whole, desk.sold(), settings.trials), || desk.by_rows(&whole)),
        || rayon::join(|| desk.at_once(&whole), || rayon::join(|| desk.collusion(&rules), || buy::all(&desk, &whole))),
    );
    let outcomes = outcomes?;
    let survivors = Survivors::new(settings.rows, settings.canaries, desk.sold());
    Ok(Plan {
        schema: SCHEMA,
        settings: *settings,
        bars: bars(settings, &rules, &chances),
        leak: LeakSize {
            sold: desk.sold(),
            canaries: survivors.mean(),
            none: 1.0 - survivors.at_least(1),
            calls: outcomes.iter().map(|outcome| f64::from(outcome.calls)).sum::<f64>() / outcomes.len() as f64,
        },
        naming: naming(settings, &rules, &outcomes),
        by_rows: by_rows?,
        by_calls: by_calls(&outcomes),
        at_once: at_once?,
        collusion,
        buy: buy?,
        assumptions: &ASSUMPTIONS,
    })
}

/// What may be chosen differently.
#[derive(Clone, Copy, Debug)]
struct Choice {
    lines: u32,
    canaries: u32,
    leakers: u32,
}

/// What every simulation of a plan needs.
struct Desk<'a> {
    settings: &'a Settings,
    chances: &'a Chances,
}

impl Desk<'_> {
    /// The rules that an epoch would register, by the product's own defaults.
    fn rules(&self, choice: &Choice) -> Result<Rules, Fault> {
        let settings = self.settings;
        let mut config = Config::default();
        config.attribution.alpha = settings.alpha;
        config.attribution.n_max = settings.n_max;
        config.attribution.account_lines = settings.account_lines;
        config.attribution.batch_lines = choice.canaries;
        // Which quarter is of no consequence: only the ordinal is.
        let quarter = "2026Q4".parse().expect("a quarter");
        epoch::rules(&config, quarter, settings.epoch, choice.lines)
    }

    /// Rows that are sold.
    fn sold(&self) -> u32 {
        self.rows_of(self.settings.resold)
    }

    fn rows_of(&self, share: f64) -> u32 {
        (f64::from(self.settings.rows) * share).round() as u32
    }

    fn outcomes(&self, choice: &Choice, sold: u32, trials: u32) -> Result<Vec<Outcome>, Fault> {
        let settings = self.settings;
        let rules = self.rules(choice)?;
        let leak = Leak {
            rules: &rules,
            canaries: choice.canaries,
            exports: settings.exports,
            leakers: choice.leakers,
            noise: settings.noise,
            names: settings.names,
            masks: settings.masks,
            chances: self.chances,
            survivors: &Survivors::new(settings.rows, choice.canaries, sold),
            seed: settings.seed,
        };
        Ok(leak.run(trials))
    }

    /// The share of leaks of the expected size that are named.
    fn named(&self, choice: &Choice, trials: u32) -> Result<Share, Fault> {
        let outcomes = self.outcomes(choice, self.sold(), trials)?;
        Ok(Share::new(outcomes.iter().filter(|outcome| outcome.all.is_some()).count(), outcomes.len()))
    }

    /// Trials of each step where many settings are looked at.
    fn few(&self) -> u32 {
        (self.settings.trials / 2).max(100)
    }

    fn by_rows(&self, choice: &Choice) -> Result<Vec<ByRows>, Fault> {
        const SHARES: [f64; 13] = [0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 1.0];
        let of = |&share: &f64| {
            let rows = self.rows_of(share);
            let outcomes = self.outcomes(choice, rows, self.few())?;
            let survivors = Survivors::new(self.settings.rows, choice.canaries, rows);
            Ok(ByRows {
                share,
                rows,
                canaries: survivors.mean(),
                none: 1.0 - survivors.at_least(1),
                lines: Route::new(&outcomes, |outcome| outcome.lines).named,
                all: Route::new(&outcomes, |outcome| outcome.all).named,
            })
        };
        let shares: Vec<f64> = SHARES.into_iter().filter(|&share| self.rows_of(share) > 0).collect();
        shares.par_iter().map(of).collect()
    }

    /// The most leakers at once: doubled until too many, then halved between.
    fn at_once(&self, choice: &Choice) -> Result<AtOnce, Fault> {
        let trials = self.few();
        let formula = most_leakers(choice.lines, self.rules(choice)?.ln_account_threshold());
        let ceiling = self.settings.accounts.min(choice.lines);
        let named = |leakers: u32| self.named(&Choice { leakers, ..*choice }, trials);
        let mut best = (1, named(1)?);
        if best.1.share < self.settings.target {
            return Ok(AtOnce { formula, most: None, named: best.1, trials });
        }
        let mut above = ceiling + 1;
        while best.0 + 1 < above {
            let next = if above > ceiling { (2 * best.0).min(ceiling) } else { best.0.midpoint(above) };
            let found = named(next)?;
            if found.share >= self.settings.target {
                best = (next, found);
            } else {
                above = next;
            }
        }
        Ok(AtOnce { formula, most: Some(best.0), named: best.1, trials })
    }

    fn collusion(&self, rules: &Rules) -> Option<Collusion> {
        let settings = self.settings;
        let k = Some(settings.colluders).filter(|&k| k > 1)?;
        let ln_threshold = rules.ln_pair_threshold(settings.exports);
        Some(Collusion::new(k, ln_threshold, settings.target, self.few(), settings.seed))
    }
}

fn bars(settings: &Settings, rules: &Rules, chances: &Chances) -> Bars {
    Bars {
        account_lines: rules.account_lines,
        epoch_alpha: rules.epoch_alpha(),
        ln_account: rules.ln_account_threshold(),
        ln_pair_first: rules.ln_pair_threshold(1),
        ln_pair_last: rules.ln_pair_threshold(settings.exports),
        pool_limit_account: pool_limit(rules.account_lines, rules.ln_account_threshold()),
        pool_limit_pair: pool_limit(settings.canaries, rules.ln_pair_threshold(1)),
        full_name_nats: chances.full_nats,
        surname_nats: chances.surname_nats,
    }
}

fn naming(settings: &Settings, rules: &Rules, outcomes: &[Outcome]) -> Naming {
    let phi = (1.0 - settings.noise) / f64::from(settings.leakers);
    let of_middle = rules.ln_pair_threshold(settings.exports.div_ceil(2));
    Naming {
        trials: outcomes.len() as u32,
        account: Route::new(outcomes, |outcome| outcome.account),
        pair: Route::new(outcomes, |outcome| outcome.pair),
        lines: Route::new(outcomes, |outcome| outcome.lines),
        all: Route::new(outcomes, |outcome| outcome.all),
        account_formula: lines_to_name(rules.pool, rules.account_lines, phi, rules.ln_account_threshold()),
        pair_formula: lines_to_name(rules.pool, settings.canaries, phi, of_middle),
    }
}

/// Sixty steps up to the calls of the busiest trial.
fn by_calls(outcomes: &[Outcome]) -> Vec<ByCalls> {
    let most = outcomes.iter().map(|outcome| outcome.calls).max().unwrap_or(0);
    let step = most.div_ceil(60).max(1);
    let within = |calls: u32, of: fn(&Outcome) -> Option<leak::Named>| {
        let is_in = |outcome: &&Outcome| of(outcome).is_some_and(|named| named.calls <= calls);
        Share::new(outcomes.iter().filter(is_in).count(), outcomes.len())
    };
    let at = |calls: u32| ByCalls {
        calls,
        account: within(calls, |outcome| outcome.account).share,
        pair: within(calls, |outcome| outcome.pair).share,
        lines: within(calls, |outcome| outcome.lines).share,
        all: within(calls, |outcome| outcome.all),
    };
    (0..=most.div_ceil(step)).map(|place| at((place * step).min(most))).collect()
}

fn check(settings: &Settings) -> Result<(), Fault> {
    let shares = [
        ("resold", settings.resold),
        ("names", settings.names),
        ("masks", settings.masks),
        ("target", settings.target),
        ("alpha", settings.alpha),
    ];
    for (name, share) in shares {
        if !(0.0..=1.0).contains(&share) {
            return Err(Fault::new(format!("expected a share between 0 and 1 as {name}, found {share}")));
        }
    }
    if !(0.0..1.0).contains(&settings.noise) {
        return Err(Fault::new(format!("expected a share from 0 to below 1 as noise, found {}", settings.noise)));
    }
    if settings.alpha == 0.0 {
        return Err(Fault::new("expected alpha above 0: at 0 nobody is ever named"));
    }
    let counts = [
        ("accounts", u64::from(settings.accounts)),
        ("n-max", settings.n_max),
        ("canaries", settings.canaries.into()),
        ("exports", settings.exports.into()),
        ("leakers", settings.leakers.into()),
        ("epoch", settings.epoch.into()),
        ("trials", settings.trials.into()),
    ];
    if let Some((name, _)) = counts.iter().find(|(_, count)| *count == 0) {
        return Err(Fault::new(format!("expected at least 1 as {name}")));
    }
    if settings.leakers > settings.accounts {
        return Err(Fault::new("expected no more leakers than accounts"));
    }
    if settings.rows > MOST_ROWS || settings.canaries > settings.rows {
        let fault = Fault::new(format!(
            "expected an export of {} to {MOST_ROWS} rows, canaries included, found {}",
            settings.canaries, settings.rows
        ));
        return Err(fault.hint("--rows says how many rows an export has"));
    }
    Ok(())
}
