//! The exact rate of false namings, by importance sampling.
//!
//! Under the null a process crosses n / alpha once in many millions of runs:
//! too rare to count. Under Q, the law that the mixture itself bets on, it
//! crosses all the time, and a run that crosses at e-value E stands for 1 / E
//! of the null's: P0 = E_Q[1{crosses} / E] (Siegmund, Annals of Statistics
//! 1976). n P0 is the union bound that is really spent of a nominal alpha.

use rayon::prelude::*;

use crate::lines::{Family, LineProcess, POINTS};
use crate::random::Random;
use crate::report::Report;
use crate::statistics::Moments;
use crate::{ALPHA, SOURCES, Size};

/// Designs with the printed n P0 of the theta family.
const PRINTED: [(u32, u32, f64); 5] =
    [(200, 20, 2.41e-3), (1000, 20, 2.54e-3), (2000, 20, 4.13e-3), (2000, 50, 2.56e-3), (10_000, 20, 3.50e-3)];

/// How many distinct lines the printed figures look at.
const PRINTED_LINES: u32 = 500;

/// Prints n P0 beside the printed figures.
pub(crate) fn report(size: Size) -> Report {
    let mut report = Report::default();
    let runs = size.of(400_000);
    let mut rows = Vec::new();
    for (pool, own, printed) in PRINTED {
        let theta = spent(Family::Theta, pool, own, PRINTED_LINES, runs);
        let off = theta.mean() / printed - 1.0;
        // In a quick run the sampling error itself is most of two in a hundred.
        let slack = 0.02 + if size == Size::Full { 0.0 } else { 3.0 * theta.error() / theta.mean() };
        let holds = report.check(off.abs() <= slack, || {
            format!("importance: n P0 of ({pool}, {own}) is {:.3e}, printed {printed:.3e}", theta.mean())
        });
        let all = spent(Family::Theta, pool, own, pool, runs);
        report.check(all.mean() + 3.0 * all.error() < ALPHA, || {
            format!("importance: n P0 of ({pool}, {own}) over all lines is {:.3e}", all.mean())
        });
        let lambda = spent(Family::Lambda, pool, own, pool, runs);
        rows.push(vec![
            format!("{pool}, {own}"),
            format!("{:.2}e-3", 1e3 * printed),
            format!("{:.3}e-3 ± {:.3}", 1e3 * theta.mean(), 1e3 * theta.error()),
            format!("{:+.1} %", 100.0 * off),
            holds.to_owned(),
            format!("{:.2}e-3", 1e3 * all.mean()),
            format!("{:.1}", ALPHA / all.mean()),
            format!("{:.2}e-3", 1e3 * lambda.mean()),
        ]);
    }
    report.table(
        &[
            "N, c",
            "printed",
            "first 500 lines (± 1 s.e.)",
            "off by",
            "within 2 %",
            "whole pool",
            "alpha / n P0",
            "lambda family",
        ],
        &rows,
    );
    report.say(&format!("{} runs for each figure.", crate::thousands(runs)));
    report
}

/// n P0 of one design over the first `lines` lines, one value for each run.
fn spent(family: Family, pool: u32, own: u32, lines: u32, runs: u64) -> Moments {
    let topic = format!("importance {family:?} {pool} {own}");
    let one = |run| {
        let process = LineProcess::new(family, pool, own);
        SOURCES * inverse_at_crossing(process, lines, &mut Random::of(&topic, run))
    };
    let values: Vec<f64> = (0..runs).into_par_iter().map(one).collect();
    values.into_iter().collect()
}

/// 1 / E where the process crosses, for one run under Q; 0 where it never does.
fn inverse_at_crossing(mut process: LineProcess, lines: u32, random: &mut Random) -> f64 {
    let truth = random.below(POINTS as u32) as usize;
    for _ in 0..lines.min(process.left) {
        let matched = random.chance(process.chance(truth));
        process.ask(matched);
        // Evidence rises at matches only, and without own lines never again.
        if matched {
            let e = process.e();
            if e >= SOURCES / ALPHA {
                return 1.0 / e;
            }
            if process.own == 0 {
                return 0.0;
            }
        }
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sampling_under_q_agrees_with_the_printed_rates() {
        let spent = spent(Family::Theta, 1000, 20, PRINTED_LINES, 4_000);

        assert!((spent.mean() - 2.54e-3).abs() < 4.0 * spent.error(), "{spent:?}");
    }
}
