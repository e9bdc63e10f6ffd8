//! Several leakers on the same lines: naming one by one, naming and peeling,
//! and joint certification.
//!
//! *One by one* is the sequential process alone. *Peeling* names like it, then
//! looks again at everybody else without bets on the lines of those that it
//! named. *Joint* is the library's leave-one-out certification, one look at the
//! end, with all of alpha like the other two.

use rayon::prelude::*;
use trapline::attribute::joint::{Filter, Ring, Source, Sources, Stream, Terms, certify};
use trapline::rules::JointRules;

use crate::lines::{Family, LineProcess, LineTable};
use crate::random::Random;
use crate::report::{Report, rate};
use crate::statistics::{rate_interval, same_rate};
use crate::traffic::{Codewords, Order, Traffic};
use crate::{ALPHA, Size};

/// Share of calls to any line at all.
const NOISE: f64 = 0.2;

/// Lines of each source.
const OWN: u32 = 20;

/// Runs behind each printed cell.
const PRINTED_RUNS: u64 = 10;

/// Share of leakers that each method names.
type Shares = [f64; 3];

/// A design with the printed shares at 10, 25 and 50 calls for each leaker.
struct Design {
    pool: u32,
    leakers: usize,
    printed: [Shares; 3],
}

const CALLS: [u32; 3] = [10, 25, 50];

const DESIGNS: [Design; 5] = [
    Design { pool: 200, leakers: 2, printed: [[0.0, 0.0, 0.0], [0.62, 0.88, 0.96], [0.88, 0.96, 1.0]] },
    Design { pool: 200, leakers: 4, printed: [[0.02, 0.0, 0.0], [0.12, 0.12, 0.25], [0.12, 0.04, 1.0]] },
    Design { pool: 200, leakers: 6, printed: [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.68]] },
    Design { pool: 1000, leakers: 5, printed: [[0.28, 0.28, 0.55], [0.90, 0.97, 1.0], [1.0, 1.0, 1.0]] },
    Design { pool: 1000, leakers: 10, printed: [[0.09, 0.05, 0.12], [0.46, 0.68, 0.97], [0.91, 0.98, 1.0]] },
];

/// Spot checks among 300,000 sources: pool, leakers, calls, and the printed
/// shares of the sequential process and of joint certification.
const SPOTS: [(u32, usize, u32, &str, &str); 3] =
    [(200, 4, 250, "0", ".75 and 1.00"), (1000, 5, 93, ".80 and .40", "1.00 and 1.00"), (2000, 10, 187, ".20", ".80")];

/// Prints both tables.
pub(crate) fn report(size: Size) -> Report {
    let mut report = Report::default();
    let runs = size.of(40);
    let mut rows = Vec::new();
    let mut innocents = [0u64; 3];
    for design in &DESIGNS {
        for (calls, printed) in CALLS.into_iter().zip(design.printed) {
            let calls_in_all = (f64::from(calls) * design.leakers as f64 / (1.0 - NOISE)) as u32;
            let cell = Cell::of(design.pool, design.leakers, 20_000, calls_in_all, runs);
            innocents.iter_mut().zip(cell.innocents).for_each(|(sum, more)| *sum += more);
            for (method, (&have, want)) in cell.shares.iter().zip(printed).enumerate() {
                report.check(agrees(have, want, design.leakers as u64, runs), || {
                    format!(
                        "leakers: ({}, {}) at {calls}: method {method} {have:.2}, printed {want}",
                        design.pool, design.leakers
                    )
                });
            }
            let show = |method: usize| format!("{} ({})", rate(cell.shares[method]), rate(printed[method]));
            rows.push(vec![
                format!("{}, {}, {calls}", design.pool, design.leakers),
                show(0),
                show(1),
                show(2),
                verdict(cell.shares, runs * design.leakers as u64).to_owned(),
                format!("{:.2}", cell.rung),
            ]);
        }
    }
    report.say("**20,000 sources** (the printed figure in brackets):");
    report.table(
        &["N, leakers, calls each", "one by one", "peeling", "joint", "joint against the better", "lines rung, of N"],
        &rows,
    );
    let spot_runs = size.of(10);
    let mut rows = Vec::new();
    for (pool, leakers, calls, sequential, joint) in SPOTS {
        let cell = Cell::of(pool, leakers, 300_000, calls, spot_runs);
        innocents.iter_mut().zip(cell.innocents).for_each(|(sum, more)| *sum += more);
        rows.push(vec![
            format!("{pool}, {leakers}, {calls}"),
            format!("{} ({sequential})", rate(cell.shares[0])),
            rate(cell.shares[1]),
            format!("{} ({joint})", rate(cell.shares[2])),
            verdict(cell.shares, spot_runs * leakers as u64).to_owned(),
        ]);
    }
    report.say("**300,000 sources** (printed: single runs):");
    report.table(&["N, leakers, calls in all", "one by one", "peeling", "joint", "joint against the better"], &rows);
    let all = 15 * runs + 3 * spot_runs;
    report.say(&format!(
        "Share of leakers named at alpha .01; {runs} and {spot_runs} runs for each row. *Ahead* and *behind* are differences \
         of more than two standard errors. Of the {all} runs of both tables an innocent was named in {} one by one, in {} by \
         peeling and in {} jointly; alpha allows {:.1} each.",
        innocents[0],
        innocents[1],
        innocents[2],
        ALPHA * all as f64
    ));
    report.check(innocents.iter().all(|&wrong| rate_interval(wrong, all).0 <= ALPHA), || {
        format!("leakers: innocents named in {innocents:?} of {all} runs")
    });
    innocents_jointly(&mut report, size);
    report
}

/// Joint e-values of innocents among 2,000 sources on 200 lines: how often they
/// reach a value, beside what Markov allows.
fn innocents_jointly(report: &mut Report, size: Size) {
    const LEVELS: [f64; 4] = [5.0, 20.0, 100.0, 1000.0];
    /// Printed: the largest share over three worlds.
    const PRINTED: [f64; 4] = [0.0201, 0.0039, 0.0006, 4e-5];
    let worlds = [("noise alone", 0, 80), ("two leakers", 2, 125), ("five leakers", 5, 300)];
    let (sources, runs) = (2_000u32, size.of(400));
    let mut rows = Vec::new();
    for (name, leakers, calls) in worlds {
        let one = |run| {
            let random = &mut Random::of(&format!("joint innocents {name}"), run);
            let codewords = Codewords::draw(200, (0..sources).map(|_| OWN), random);
            let leaked: Vec<u16> = (0..leakers).flat_map(|leaker| codewords.of(leaker)).copied().collect();
            let noise = if leakers == 0 { 1.0 } else { NOISE };
            let calls = Traffic { calls, noise }.calls(200, &leaked, random);
            let judged = joint_evidence(&codewords, &calls);
            let innocent = judged.into_iter().filter(|(source, _)| *source >= leakers).map(|(_, ln_e)| ln_e);
            let innocent: Vec<f64> = innocent.collect();
            LEVELS.map(|level| innocent.iter().filter(|ln_e| **ln_e >= level.ln()).count() as u64)
        };
        let all: Vec<[u64; 4]> = (0..runs).into_par_iter().map(one).collect();
        let judged = runs * u64::from(sources - leakers as u32);
        let mut row = vec![name.to_owned()];
        for (place, level) in LEVELS.into_iter().enumerate() {
            let share = all.iter().map(|run| run[place]).sum::<u64>() as f64 / judged as f64;
            report
                .check(share <= 1.0 / level, || format!("leakers: innocents reach {level} in {share:.4} with {name}"));
            row.push(format!("{share:.5}"));
        }
        rows.push(row);
    }
    let row = |name: &str, values: [f64; 4]| {
        std::iter::once(name.to_owned()).chain(values.map(|value| format!("{value:.5}"))).collect::<Vec<String>>()
    };
    rows.push(row("printed, at most", PRINTED));
    rows.push(row("Markov's bound", LEVELS.map(|level| 1.0 / level)));
    report.say(&format!("**Joint e-values of innocents** (2,000 sources, 200 lines, {runs} runs for each row):"));
    report.table(&["share with E at least", "5", "20", "100", "1000"], &rows);
}

/// Leakers of one run share their fate, so a share of leakers spreads like a
/// share of runs at worst.
fn agrees(have: f64, want: f64, leakers: u64, runs: u64) -> bool {
    let effective = |runs: u64| runs * leakers.div_ceil(3);
    same_rate(have, effective(runs), want, effective(PRINTED_RUNS), 0.05)
}

/// The word for joint certification beside the better of the other two, by two
/// standard errors of a share of `leakers` in all.
fn verdict([sequential, peel, joint]: Shares, leakers: u64) -> &'static str {
    let other = sequential.max(peel);
    let pooled = 0.5 * (joint + other);
    let spread = 2.0 * (2.0 * pooled * (1.0 - pooled) / leakers as f64).sqrt();
    match joint - other {
        off if off > spread => "ahead",
        off if off < -spread => "behind",
        _ => "level",
    }
}

/// What came of one design.
struct Cell {
    shares: Shares,
    /// Runs in which an innocent was named, by method.
    innocents: [u64; 3],
    /// Lines that rang, as a share of the pool.
    rung: f64,
}

/// What one run showed, by method: leakers and innocents named.
struct Run {
    named: [(u32, u32); 3],
    rung: f64,
}

impl Cell {
    fn of(pool: u32, leakers: usize, sources: u32, calls: u32, runs: u64) -> Self {
        let topic = format!("leakers {pool} {leakers} {sources} {calls}");
        let traffic = Traffic { calls, noise: NOISE };
        let one = |run| run_once(pool, leakers, sources, traffic, &mut Random::of(&topic, run));
        let all: Vec<Run> = (0..runs).into_par_iter().map(one).collect();
        let of = |method: usize| all.iter().map(|run| run.named[method].0).sum::<u32>();
        let wrong = |method: usize| all.iter().filter(|run| run.named[method].1 > 0).count() as u64;
        let share = |method: usize| f64::from(of(method)) / (leakers as f64 * runs as f64);
        let rung = all.iter().map(|run| run.rung).sum::<f64>() / runs as f64;
        Self { shares: [share(0), share(1), share(2)], innocents: [wrong(0), wrong(1), wrong(2)], rung }
    }
}

fn run_once(pool: u32, leakers: usize, sources: u32, traffic: Traffic, random: &mut Random) -> Run {
    let codewords = Codewords::draw(pool, (0..sources).map(|_| OWN), random);
    let leaked: Vec<u16> = (0..leakers).flat_map(|leaker| codewords.of(leaker)).copied().collect();
    let calls = traffic.calls(pool, &leaked, random);
    let order = Order::new(pool, &calls);
    let ln_h = (f64::from(sources) / ALPHA).ln();
    let alone = one_by_one(&codewords, &order, ln_h);
    let peeled = peel(&codewords, &order, ln_h, alone.clone());
    let joint = jointly(&codewords, &calls, ln_h);
    let count = |named: &[usize]| {
        let guilty = named.iter().filter(|&&source| source < leakers).count() as u32;
        (guilty, named.len() as u32 - guilty)
    };
    Run { named: [count(&alone), count(&peeled), count(&joint)], rung: order.lines.len() as f64 / f64::from(pool) }
}

/// Sources that the sequential process names.
fn one_by_one(codewords: &Codewords, order: &Order, ln_h: f64) -> Vec<usize> {
    let table = LineTable::new(codewords.pool, OWN, order.lines.len());
    let mut places = Vec::new();
    let mut crosses = |own: &[u16]| {
        order.places(own, &mut places);
        table.reached(&places).ln_sup >= ln_h
    };
    codewords.all().enumerate().filter_map(|(source, own)| crosses(own).then_some(source)).collect()
}

/// Sources that are named when lines of those named before are only revealed.
fn peel(codewords: &Codewords, order: &Order, ln_h: f64, mut named: Vec<usize>) -> Vec<usize> {
    loop {
        let mut explained = vec![false; codewords.pool as usize];
        named.iter().flat_map(|&source| codewords.of(source)).for_each(|&line| explained[usize::from(line)] = true);
        let crosses = |own: &[u16]| {
            let mut process = LineProcess::new(Family::Theta, codewords.pool, OWN);
            order.lines.iter().any(|&line| {
                let matched = own.contains(&line);
                if explained[usize::from(line)] {
                    process.reveal(matched);
                    return false;
                }
                process.ask(matched);
                matched && process.e().ln() >= ln_h
            })
        };
        // Who has no three lines beyond those explained cannot get there.
        let open = |source: &usize| {
            let fresh = |line: &&u16| order.place[usize::from(**line)] > 0 && !explained[usize::from(**line)];
            !named.contains(source) && codewords.of(*source).iter().filter(fresh).count() >= 3
        };
        let more: Vec<usize> =
            (0..codewords.sources()).filter(open).filter(|&source| crosses(codewords.of(source))).collect();
        if named.is_empty() || more.is_empty() {
            return named;
        }
        named.extend(more);
    }
}

/// Sources that joint certification names, with all of alpha on one look.
fn jointly(codewords: &Codewords, calls: &[u16], ln_h: f64) -> Vec<usize> {
    let judged = joint_evidence(codewords, calls);
    judged.into_iter().filter(|(_, ln_e)| *ln_e >= ln_h).map(|(source, _)| source).collect()
}

/// Candidates of one look at all calls, with ln of their e-values.
fn joint_evidence(codewords: &Codewords, calls: &[u16]) -> Vec<(usize, f64)> {
    let rings: Vec<Ring> = (1..).zip(calls).map(|(time, &line)| Ring { line: u32::from(line), time }).collect();
    let stream = Stream::new(codewords.pool, &rings);
    let rules = JointRules::default();
    let sources = codewords.sources();
    let share = (rules.candidates as f64 / sources as f64).min(1.0);
    let filter = Filter::new(&stream, share, [OWN as usize]);
    let mut kept = Sources::new();
    for (source, own) in codewords.all().enumerate() {
        let mut lines: Vec<u32> = own.iter().map(|&line| u32::from(line)).collect();
        lines.sort_unstable();
        if filter.keeps(0, OWN as usize, &lines) {
            kept.push(Source { owner: source as u32, start: 0, lines: &lines });
        }
    }
    let certificate = certify(&stream, &kept, &Terms::new(&rules, sources as u64));
    kept.iter().zip(certificate.ln_e).map(|(source, ln_e)| (source.owner as usize, ln_e)).collect()
}
