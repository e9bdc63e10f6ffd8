//! Who is on top, and who is named, among 300,000 sources: the same calls
//! given to counting, to the guilt probability and to this engine.
//!
//! Ties are broken at random by taking their share, so that no method gains
//! from the order of sources.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::baseline::count_table::CountTable;
use crate::baseline::guilt;
use crate::lines::LineTable;
use crate::names::{NameTable, SURNAME_CHANCE};
use crate::random::Random;
use crate::report::{Report, rate};
use crate::statistics::{Moments, same_rate};
use crate::traffic::{Codewords, Order, Traffic};
use crate::whole_engine;
use crate::{ALPHA, SOURCES, Size};

/// Lines in the pool.
pub(crate) const POOL: u32 = 2000;

/// Runs behind each printed row (415 in all).
const PRINTED_RUNS: u64 = 50;

/// Share of fraud calls that ask for the recipient by surname, in the last
/// columns.
const NAMED: f64 = 0.3;

/// p of the guilt probability.
const GUESS: f64 = 0.5;

/// One row of the table with its printed figures.
pub(crate) struct Scenario {
    name: &'static str,
    pub(crate) leakers: usize,
    /// Canaries of each leaker that are sold.
    pub(crate) sold: usize,
    pub(crate) traffic: Traffic,
    /// Whether sources have 10, 40 or 200 lines instead of 20 each.
    pub(crate) unequal: bool,
    printed: Printed,
}

/// What the table printed.
struct Printed {
    lines: f64,
    /// Right source on top: counting, guilt probability, e.
    top: [f64; 3],
    named: f64,
    three_matches: f64,
    guilt: f64,
}

const fn scenario(
    name: &'static str,
    (leakers, sold, unequal): (usize, usize, bool),
    (calls, noise): (u32, f64),
    printed: Printed,
) -> Scenario {
    Scenario { name, leakers, sold, traffic: Traffic { calls, noise }, unequal, printed }
}

const fn printed(lines: f64, top: [f64; 3], named: f64, three_matches: f64, guilt: f64) -> Printed {
    Printed { lines, top, named, three_matches, guilt }
}

/// The scenarios of the table.
pub(crate) const SCENARIOS: [Scenario; 8] = [
    scenario(
        "1 leaker, 50 % noise, 10 calls",
        (1, 20, false),
        (10, 0.5),
        printed(9.4, [0.70, 0.70, 0.70], 0.23, 24.0, 0.0008),
    ),
    scenario("… 15 calls", (1, 20, false), (15, 0.5), printed(13.7, [0.97, 0.95, 0.93], 0.85, 85.0, 0.0011)),
    scenario("… 30 calls", (1, 20, false), (30, 0.5), printed(25.0, [1.0; 3], 1.0, 553.0, 0.0017)),
    scenario(
        "8 of 20 canaries resold, 30 % noise, 20 calls",
        (1, 8, false),
        (20, 0.3),
        printed(12.4, [1.0; 3], 0.90, 64.0, 0.0011),
    ),
    scenario(
        "5 merged, 20 % noise, 100 calls",
        (5, 20, false),
        (100, 0.2),
        printed(74.0, [1.0; 3], 1.0, 10_652.0, 0.0023),
    ),
    scenario("… 200 calls", (5, 20, false), (200, 0.2), printed(119.0, [1.0; 3], 1.0, 33_360.0, 0.0031)),
    scenario(
        "unequal c (90 % 10, 9 % 40, 1 % 200), leaker 10, 30 % noise, 12 calls",
        (1, 10, true),
        (12, 0.3),
        printed(9.6, [0.52, 0.52, 1.0], 0.88, 210.0, 0.0013),
    ),
    scenario("… 50 % noise, 20 calls", (1, 10, true), (20, 0.5), printed(16.7, [0.28, 0.28, 1.0], 0.88, 816.0, 0.0016)),
];

impl Scenario {
    /// Lines of source number `source` of all.
    pub(crate) fn own(&self, source: u32) -> u32 {
        match (self.unequal, source % 100) {
            (false, _) => 20,
            (true, 0..90) => 10,
            (true, 90..99) => 40,
            (true, _) => 200,
        }
    }

    /// Calls of one run, leakers being the first sources.
    pub(crate) fn calls(&self, codewords: &Codewords, random: &mut Random) -> Vec<u16> {
        let leaked: Vec<u16> =
            (0..self.leakers).flat_map(|leaker| &codewords.of(leaker)[..self.sold]).copied().collect();
        self.traffic.calls(codewords.pool, &leaked, random)
    }
}

/// Prints the table.
pub(crate) fn report(size: Size) -> Report {
    let mut report = Report::default();
    let runs = size.of(200);
    let counts: BTreeMap<u32, CountTable> =
        [10, 20, 40, 200].map(|own| (own, CountTable::new(POOL, own, 200, ALPHA / SOURCES))).into();
    let (mut tops, mut named) = (Vec::new(), Vec::new());
    for scenario in &SCENARIOS {
        let one = |run| run_once(scenario, &counts, &mut Random::of(scenario.name, run));
        let all: Vec<Run> = (0..runs).into_par_iter().map(one).collect();
        let mean = |of: fn(&Run) -> f64| all.iter().map(of).collect::<Moments>().mean();
        let printed = &scenario.printed;
        let top: Vec<f64> =
            (0..4).map(|method| all.iter().map(|run| run.top[method]).collect::<Moments>().mean()).collect();
        let (by_e, by_count) = (mean(|run| run.named), mean(|run| run.named_by_count));
        for (method, &want) in printed.top.iter().enumerate() {
            report.check(same_rate(top[method], runs, want, PRINTED_RUNS, 0.005), || {
                format!("ranking: {}: method {method} is right in {:.3}, printed {want}", scenario.name, top[method])
            });
        }
        report.check(same_rate(by_e, runs, printed.named, PRINTED_RUNS, 0.005), || {
            format!("ranking: {}: named in {by_e:.3}, printed {}", scenario.name, printed.named)
        });
        let lines = mean(|run| run.lines);
        report.check((lines / printed.lines - 1.0).abs() < 0.05, || {
            format!("ranking: {}: {lines:.1} lines, printed {}", scenario.name, printed.lines)
        });
        let three = mean(|run| run.three_matches);
        report.check((three / printed.three_matches - 1.0).abs() < 0.2, || {
            format!(
                "ranking: {}: {three:.0} innocents with three matches, printed {}",
                scenario.name, printed.three_matches
            )
        });
        tops.push(vec![
            scenario.name.to_owned(),
            format!("{lines:.1} ({})", printed.lines),
            format!("{} ({})", rate(top[0]), rate(printed.top[0])),
            format!("{} ({})", rate(top[1]), rate(printed.top[1])),
            format!("{} ({})", rate(top[2]), rate(printed.top[2])),
            rate(top[3]),
            verdict(top[2], top[0].max(top[1]), runs).to_owned(),
            verdict(top[3], top[0].max(top[1]), runs).to_owned(),
        ]);
        named.push(vec![
            scenario.name.to_owned(),
            format!("{} ({})", rate(by_e), rate(printed.named)),
            rate(mean(|run| run.named_share)),
            rate(mean(|run| run.named_with_names)),
            rate(by_count),
            format!("{:.0}", mean(|run| run.innocents_named) * runs as f64),
            format!("{three:.0} ({})", printed.three_matches),
            format!("{:.4} ({})", mean(|run| run.guilt), printed.guilt),
        ]);
    }
    report.say("**The right source on top** (the printed figure in brackets):");
    report.table(
        &[
            "scenario",
            "K",
            "counting",
            "guilt, p = .5",
            "e",
            "e, 30 % ask for a name",
            "e: against the better",
            "with names",
        ],
        &tops,
    );
    report.say("**Naming** at alpha .01 (the printed figure in brackets):");
    report.table(
        &[
            "scenario",
            "e names any leaker",
            "share of leakers",
            "any, with names",
            "any, by the exact count table",
            "runs in which e names an innocent",
            "innocents with 3 matches",
            "largest guilt",
        ],
        &named,
    );
    report.say(&format!(
        "{runs} runs for each row. A verdict of *ahead* or *behind* is a difference of more than two standard errors, *level* \
         is none."
    ));
    whole_engine::compare(&mut report, size);
    report
}

/// The word for a difference between two methods on the same runs.
fn verdict(ours: f64, theirs: f64, runs: u64) -> &'static str {
    let pooled = 0.5 * (ours + theirs);
    let spread = 2.0 * (2.0 * pooled * (1.0 - pooled) / runs as f64).sqrt();
    match ours - theirs {
        d if d > spread => "ahead",
        d if d < -spread => "behind",
        _ => "level",
    }
}

/// What one run showed.
struct Run {
    lines: f64,
    /// Share of a leaker among the first of each method: counting, guilt
    /// probability, e, e with names.
    top: [f64; 4],
    /// Whether any leaker was named: by e, by e with names, by counts.
    named: f64,
    named_with_names: f64,
    named_by_count: f64,
    named_share: f64,
    innocents_named: f64,
    three_matches: f64,
    guilt: f64,
}

/// The best score so far, and how many leakers share it with how many others.
#[derive(Default)]
struct Top {
    score: f64,
    guilty: u32,
    all: u32,
}

impl Top {
    fn see(&mut self, score: f64, guilty: bool) {
        if self.all == 0 || score > self.score {
            *self = Self { score, guilty: 0, all: 0 };
        }
        if score == self.score {
            self.guilty += u32::from(guilty);
            self.all += 1;
        }
    }

    fn right(&self) -> f64 {
        f64::from(self.guilty) / f64::from(self.all.max(1))
    }
}

fn run_once(scenario: &Scenario, counts: &BTreeMap<u32, CountTable>, random: &mut Random) -> Run {
    let codewords = Codewords::draw(POOL, (0..SOURCES as u32).map(|source| scenario.own(source)), random);
    let order = Order::new(POOL, &scenario.calls(&codewords, random));
    let queries = order.lines.len();
    let guilts = guilts(&codewords, &order);
    let tables: BTreeMap<usize, LineTable> =
        counts.keys().map(|&own| (own as usize, LineTable::new(POOL, own, queries))).collect();
    // A fraudster reads the name beside the number; noise asks for nobody.
    let exposed = |line: u16| (0..scenario.leakers).any(|leaker| codewords.of(leaker).contains(&line));
    let named: Vec<bool> = order.lines.iter().map(|&line| exposed(line) && random.chance(NAMED)).collect();
    let names = NameTable::new();
    let ln_h = (SOURCES / ALPHA).ln();

    let mut tops: [Top; 4] = Default::default();
    let (mut three_matches, mut innocents_named, mut leakers_named) = (0, 0, 0);
    let (mut with_names, mut by_count) = (false, false);
    let mut places = Vec::new();
    for (source, own) in codewords.all().enumerate() {
        let guilty = source < scenario.leakers;
        order.places(own, &mut places);
        tops[0].see(places.len() as f64, guilty);
        let guilt: f64 = places.iter().map(|&place| -guilts[usize::from(place) - 1]).sum();
        tops[1].see(guilt, guilty);
        three_matches += u32::from(!guilty && places.len() >= 3);
        // One match among hundreds of thousands of sources is never on top.
        if places.len() < 2 && !guilty {
            continue;
        }
        let table = &tables[&own.len()];
        let reached = table.reached(&places);
        tops[2].see(reached.ln_now, guilty);
        let heard = |&place: &u16| {
            // The leaker's own persona fits; an innocent's only by chance.
            named[usize::from(place) - 1].then(|| guilty || random.chance(SURNAME_CHANCE))
        };
        let heard: Vec<Option<bool>> = places.iter().map(heard).collect();
        let with =
            if heard.iter().any(Option::is_some) { table.reached_with(&places, &heard, &names) } else { reached };
        tops[3].see(with.ln_now, guilty);
        if reached.ln_sup >= ln_h {
            *(if guilty { &mut leakers_named } else { &mut innocents_named }) += 1;
        }
        with_names |= guilty && with.ln_sup >= ln_h;
        let least = &counts[&(own.len() as u32)].least;
        by_count |= guilty && (1..).zip(&places).any(|(m, &place)| least[usize::from(place) - 1] <= m);
    }
    Run {
        lines: queries as f64,
        top: [tops[0].right(), tops[1].right(), tops[2].right(), tops[3].right()],
        named: f64::from(u8::from(leakers_named > 0)),
        named_with_names: f64::from(u8::from(with_names)),
        named_by_count: f64::from(u8::from(by_count)),
        named_share: f64::from(leakers_named) / scenario.leakers as f64,
        innocents_named: f64::from(u8::from(innocents_named > 0)),
        three_matches: f64::from(three_matches),
        guilt: -libm::expm1(-tops[1].score),
    }
}

/// By place in the order: ln of the chance of innocence that the line leaves
/// to each of its holders.
fn guilts(codewords: &Codewords, order: &Order) -> Vec<f64> {
    let mut holders = vec![0usize; order.lines.len()];
    for own in codewords.all() {
        for &line in own {
            let place = order.place[usize::from(line)];
            if place > 0 {
                holders[usize::from(place) - 1] += 1;
            }
        }
    }
    holders.into_iter().map(|holders| guilt::ln_innocent(GUESS, holders)).collect()
}
