//! Whether innocents are named: worlds that do their worst, judged by the
//! product's own engine.
//!
//! Each world is simulated with the shares that an epoch registers, and with
//! the whole of alpha on the rule that the world puts under strain. A rate
//! above alpha is a failure when even its interval's lower end is above.

mod calls;
mod people;
mod records;

use std::collections::BTreeSet;

use rayon::prelude::*;
use trapline::attribute::attribute;
use trapline::codebook::Sizes;
use trapline::registry::Route;
use trapline::rules::Shares;

use crate::Size;
use crate::random::Random;
use crate::report::Report;
use crate::statistics::rate_interval;
use crate::world::{Budget, NOTHING, World, name};

/// What the epoch may spend.
const EPOCH_ALPHA: f64 = 0.10;

/// Lines: a pool so small that innocents share many with the exposed.
const SIZES: Sizes = Sizes { pool: 200, account: 20, standing: 4 };

/// Accounts in a world, exposed ones among them.
const ACCOUNTS: u32 = 60;

/// Makes a world and says which of its accounts are exposed.
type Make = fn(&mut Random, Budget) -> Scene;

/// A world with what is true in it.
struct Scene {
    world: World,
    exposed: BTreeSet<usize>,
    /// Batches that are exposed, where level 2 is judged.
    exposed_batches: BTreeSet<String>,
}

impl Scene {
    fn new(world: World, exposed: impl IntoIterator<Item = usize>) -> Self {
        Self { world, exposed: exposed.into_iter().collect(), exposed_batches: BTreeSet::new() }
    }
}

/// One row of the table.
struct Case {
    name: &'static str,
    make: Make,
    /// The rules under strain, with all of alpha on them.
    strained: Shares,
}

const ON_ACCOUNT: Shares = Shares { account: 1.0, ..NOTHING };
const ON_PAIR: Shares = Shares { pair: 1.0, ..NOTHING };
const ON_JOINT: Shares = Shares { joint: 1.0, ..NOTHING };
const ON_BATCH: Shares = Shares { batch: 1.0, ..NOTHING };

const fn case(name: &'static str, make: Make, strained: Shares) -> Case {
    Case { name, make, strained }
}

/// The worlds.
const CASES: [Case; 22] = [
    case("uniform noise, nobody exposed", calls::uniform, ON_ACCOUNT),
    case("the same, weighed at once", calls::uniform, ON_JOINT),
    case("Zipf noise, nobody exposed", calls::zipf, ON_ACCOUNT),
    case("war-dialling through all lines, one leaker", calls::war_dial, ON_ACCOUNT),
    case("five exports merged, 30 % noise", calls::merged, ON_ACCOUNT),
    case("the same, weighed at once", calls::merged, ON_JOINT),
    case("resold twice, with repeats", calls::resold, ON_ACCOUNT),
    case("three exports differenced: rows of one only", calls::differenced, ON_ACCOUNT),
    case("two colluders drop what differs", calls::common_rows, ON_ACCOUNT),
    case("an adversary sees all scores and chases the leader", calls::chase, ON_ACCOUNT),
    case("the same, weighed at once until it was noted", calls::chase, ON_JOINT),
    case("six batches in each account, two of one leak", calls::many_batches, ON_PAIR),
    case("staggered starts, late decisions", calls::staggered, ON_ACCOUNT),
    case("the same, weighed at once", calls::staggered, ON_JOINT),
    case("masked phones only", records::masks, ON_ACCOUNT),
    case("persons only: names on lines, regions", people::persons_only, ON_ACCOUNT),
    case("two-line rows with names", people::two_line_rows, ON_ACCOUNT),
    case("staff call the lines that they saw of an innocent", people::shown_lines, ON_ACCOUNT),
    case("level 2: two of eight batches of an opened account exposed", calls::level_two, ON_BATCH),
    case("storms recognised late", records::late_storms, ON_ACCOUNT),
    case("extensions swept, slow and fast", records::swept_extensions, ON_ACCOUNT),
    case("waybill numbers swept, slow and fast", records::swept_numbers, ON_PAIR),
];

/// Prints the rates of all worlds.
pub(crate) fn report(size: Size) -> Report {
    let mut report = Report::default();
    let runs = size.of(2_000);
    let mut rows = Vec::new();
    for case in &CASES {
        let shipped = Outcomes::of(case, Shares::default(), "shipped", runs);
        let strained = Outcomes::of(case, case.strained, "strained", runs);
        for (outcomes, which) in [(&shipped, "registered"), (&strained, "strained")] {
            report.check(rate_interval(outcomes.wrong(), runs).0 <= EPOCH_ALPHA, || {
                format!("validity: {}: {} of {runs} with {which} shares", case.name, outcomes.wrong())
            });
        }
        rows.push(vec![
            case.name.to_owned(),
            print_rate(shipped.wrong(), runs),
            shipped.routes(),
            print_rate(strained.wrong(), runs),
            word(case.strained).to_owned(),
            shipped.found(),
        ]);
    }
    report.table(&["world", "registered shares", "by rule", "all on one rule", "which", "exposed ones named"], &rows);
    report.say(&format!(
        "Share of {} runs in which any unexposed account (at level 2: batch) is named, with its exact 95 % interval. \
         Nominal: {EPOCH_ALPHA} for the epoch.",
        crate::thousands(runs)
    ));
    report
}

fn print_rate(hits: u64, runs: u64) -> String {
    let (low, high) = rate_interval(hits, runs);
    format!("{:.4} [{low:.4}, {high:.4}]", hits as f64 / runs as f64)
}

fn word(shares: Shares) -> &'static str {
    if shares.account > 0.0 {
        "account"
    } else if shares.pair > 0.0 {
        "pair"
    } else if shares.joint > 0.0 {
        "joint"
    } else {
        "batch"
    }
}

/// What came of all runs of one world.
struct Outcomes(Vec<Outcome>);

/// What came of one run.
struct Outcome {
    /// Rules that named an innocent.
    wrong: BTreeSet<Route>,
    /// How many of the exposed there were, and were named.
    exposed: usize,
    found: usize,
}

impl Outcomes {
    fn of(case: &Case, shares: Shares, which: &str, runs: u64) -> Self {
        let topic = format!("validity {} {} {which}", case.name, word(case.strained));
        let budget = Budget { epoch_alpha: EPOCH_ALPHA, shares };
        let one = |run| judge(&(case.make)(&mut Random::of(&topic, run), budget));
        Self((0..runs).into_par_iter().map(one).collect())
    }

    /// Runs with an innocent named.
    fn wrong(&self) -> u64 {
        self.0.iter().filter(|outcome| !outcome.wrong.is_empty()).count() as u64
    }

    /// How many of them each rule is behind.
    fn routes(&self) -> String {
        let all: BTreeSet<Route> = self.0.iter().flat_map(|outcome| &outcome.wrong).copied().collect();
        let count = |route: &Route| self.0.iter().filter(|outcome| outcome.wrong.contains(route)).count();
        let each: Vec<String> =
            all.iter().map(|route| format!("{} {}", format!("{route:?}").to_lowercase(), count(route))).collect();
        if each.is_empty() { "–".to_owned() } else { each.join(", ") }
    }

    /// Share of exposed ones that were named.
    fn found(&self) -> String {
        let exposed: usize = self.0.iter().map(|outcome| outcome.exposed).sum();
        let found: usize = self.0.iter().map(|outcome| outcome.found).sum();
        if exposed == 0 { "–".to_owned() } else { format!("{:.2}", found as f64 / exposed as f64) }
    }
}

/// Asks the product and compares with the truth.
fn judge(scene: &Scene) -> Outcome {
    let answer = attribute(&scene.world.evidence());
    let exposed: BTreeSet<String> = scene.exposed.iter().map(|&account| name(account)).collect();
    let mut outcome = Outcome { wrong: BTreeSet::new(), exposed: exposed.len(), found: 0 };
    let judged_by_account = answer.named.iter().filter(|_| scene.exposed_batches.is_empty());
    for named in judged_by_account {
        if exposed.contains(&named.account) {
            outcome.found += 1;
        } else {
            outcome.wrong.extend(named.routes.iter().map(|route| route.route));
        }
    }
    if !scene.exposed_batches.is_empty() {
        outcome.exposed = scene.exposed_batches.len();
        for batch in answer.named.iter().flat_map(|named| &named.batches).filter(|batch| batch.named) {
            if scene.exposed_batches.contains(&batch.batch) {
                outcome.found += 1;
            } else {
                outcome.wrong.insert(Route::Batch);
            }
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_world_asks_something_and_names_few_innocents() {
        for case in &CASES {
            let scene = (case.make)(&mut Random::of(case.name, 0), Budget { epoch_alpha: 0.1, shares: case.strained });
            let answer = attribute(&scene.world.evidence());
            assert!(answer.counts.confirmed > 10, "{}: {:?}", case.name, answer.counts);

            let wrong = Outcomes::of(case, case.strained, "test", 6).wrong();

            // All of them: a chance of one in a million at alpha .10.
            assert!(wrong <= 5, "{}: {wrong} of 6", case.name);
        }
    }

    /// The judge must be able to see a broken guarantee.
    #[test]
    fn lines_that_somebody_saw_name_innocents_unless_that_is_entered() {
        let budget = Budget { epoch_alpha: EPOCH_ALPHA, shares: ON_ACCOUNT };
        let wrong = |entered| {
            let one = |run| judge(&people::staff_calls(&mut Random::of("staff", run), budget, entered));
            (0..10).filter(|&run| !one(run).wrong.is_empty()).count()
        };

        assert_eq!((wrong(false), wrong(true) <= 3), (10, true));
    }
}
