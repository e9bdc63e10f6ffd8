//! One process of a leaker, betting on a stream that is made up.
//!
//! The bets are the engine's own: its odds ratios, its factors, its mixture.
//! Only the bookkeeping differs. Between two matches every process with as
//! many lines left loses the same, so those losses are summed once, and a
//! stream of a thousand calls costs its few matches.

use crate::attribute::{ln_lambda_factor, ln_mean_exp, ln_theta_factor, theta_grid};
use crate::rules::{LAMBDAS, THETA_LAMBDAS};

/// Points of a betting grid.
const POINTS: usize = THETA_LAMBDAS.len();

/// ln of the factors of a name that fits, one for each point of the grid.
pub(super) type NameBet = [f64; LAMBDAS.len()];

/// Returns the factors of a name that fits and had chance `q`.
pub(super) fn name_bet(q: f64) -> NameBet {
    // Where both answers are not possible there is no bet.
    if q > 0.0 && q < 1.0 { LAMBDAS.map(|lambda| ln_lambda_factor(lambda, q, true)) } else { [0.0; LAMBDAS.len()] }
}

/// What processes with `own` of `pool` lines lose on lines of others.
pub(super) struct Losses {
    pool: u32,
    own: u32,
    thetas: Vec<f64>,
    /// Summed ln factors of misses: `[matches so far][queries so far]`; grows
    /// as it is asked.
    sums: Vec<Vec<[f64; POINTS]>>,
}

impl Losses {
    pub(super) fn new(pool: u32, own: u32) -> Self {
        Self { pool, own, thetas: theta_grid(&THETA_LAMBDAS, f64::from(own) / f64::from(pool)), sums: Vec::new() }
    }

    /// The sum over the first `queries` queries, all made with `matched` lines
    /// of its own gone.
    fn until(&mut self, matched: u32, queries: u32) -> [f64; POINTS] {
        while self.sums.len() <= matched as usize {
            self.sums.push(vec![[0.0; POINTS]]);
        }
        while self.sums[matched as usize].len() <= queries as usize {
            let asked = self.sums[matched as usize].len() as u32 - 1;
            let mut sum = self.sums[matched as usize][asked as usize];
            let q = f64::from(self.own.saturating_sub(matched)) / f64::from(self.pool - asked);
            if q > 0.0 && q < 1.0 {
                sum.iter_mut().zip(&self.thetas).for_each(|(s, &theta)| *s += ln_theta_factor(theta, q, false));
            }
            self.sums[matched as usize].push(sum);
        }
        self.sums[matched as usize][queries as usize]
    }
}

/// One process on its way.
#[derive(Clone)]
pub(super) struct Run {
    /// Own lines that rang.
    pub(super) matched: u32,
    /// Queries whose bets are in `lines`.
    entered: u32,
    lines: [f64; POINTS],
    names: NameBet,
}

impl Run {
    pub(super) fn new() -> Self {
        Self { matched: 0, entered: 0, lines: [0.0; POINTS], names: [0.0; LAMBDAS.len()] }
    }

    /// The `query`-th distinct line (from 1) is its own.
    pub(super) fn match_at(&mut self, losses: &mut Losses, query: u32) {
        self.enter(losses, query - 1);
        let q = f64::from(losses.own - self.matched) / f64::from(losses.pool - query + 1);
        if q < 1.0 {
            self.lines.iter_mut().zip(&losses.thetas).for_each(|(l, &theta)| *l += ln_theta_factor(theta, q, true));
        }
        self.entered = query;
        self.matched += 1;
    }

    /// Somebody asked for the right name on one of its lines.
    pub(super) fn name(&mut self, bet: &NameBet) {
        self.names.iter_mut().zip(bet).for_each(|(n, b)| *n += b);
    }

    /// Enters the misses up to the `queries`-th distinct line.
    pub(super) fn enter(&mut self, losses: &mut Losses, queries: u32) {
        if queries > self.entered {
            let (from, to) = (losses.until(self.matched, self.entered), losses.until(self.matched, queries));
            self.lines.iter_mut().zip(from.iter().zip(to)).for_each(|(l, (from, to))| *l += to - from);
            self.entered = queries;
        }
    }

    /// ln of the evidence of its lines.
    pub(super) fn ln_lines(&self) -> f64 {
        ln_mean_exp(&self.lines)
    }

    /// ln of the evidence of the names heard on them.
    pub(super) fn ln_names(&self) -> f64 {
        ln_mean_exp(&self.names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribute::theta_mix;
    use crate::derive::{Draw, Stream};
    use proptest::prelude::*;

    /// Distinct lines until evidence reaches `ln_threshold` when a share `phi` of
    /// calls go to the leaker's lines: the streams of attribution.md 8.1, where
    /// a line may ring again. Returns the mean over those named, and their share.
    fn steady(pool: u32, own: u32, phi: f64, ln_threshold: f64, trials: u32) -> (f64, f64) {
        let mut losses = Losses::new(pool, own);
        let mut draw = Stream::new(&[7; 32]);
        let (mut named, mut sum) = (0u32, 0u64);
        for _ in 0..trials {
            let (mut run, mut rung, mut lines) = (Run::new(), vec![false; pool as usize], 0);
            while run.matched < own {
                let leaked = f64::from(draw.below(1 << 31)) < phi * f64::from(1u32 << 31);
                let line = draw.below(if leaked { own } else { pool });
                if std::mem::replace(&mut rung[line as usize], true) {
                    continue;
                }
                lines += 1;
                if line >= own {
                    continue;
                }
                run.match_at(&mut losses, lines);
                if run.ln_lines() >= ln_threshold {
                    named += 1;
                    sum += u64::from(lines);
                    break;
                }
            }
        }
        (sum as f64 / f64::from(named.max(1)), f64::from(named) / f64::from(trials))
    }

    #[test]
    fn lines_to_accusation_agree_with_the_reference_simulation() {
        // attribution.md 8.1: 200 runs a cell, so its own means are off by 3 % or so.
        let ln_threshold = (300_000.0f64 / 0.01).ln();
        for (pool, own, phi, want) in [
            (2000, 20, 1.0, 4.0),
            (2000, 20, 0.7, 7.5),
            (2000, 20, 0.5, 12.8),
            (2000, 20, 0.3, 27.0),
            (2000, 20, 0.2, 55.0),
            (1000, 20, 0.5, 16.0),
            (2000, 50, 0.5, 17.0),
            (10_000, 20, 0.5, 8.7),
            (10_000, 50, 0.2, 37.0),
        ] {
            let (mean, power) = steady(pool, own, phi, ln_threshold, 2000);

            assert!((mean - want).abs() <= 0.08 * want, "{pool} {own} {phi}: {mean:.2}, table {want}");
            assert!(power > 0.99, "{pool} {own} {phi}: {power}");
        }
        let (_, power) = steady(200, 20, 0.5, ln_threshold, 2000);
        assert!((power - 0.93).abs() < 0.06, "table .93 of 200 runs: {power}");
    }

    proptest! {
        #[test]
        fn a_run_agrees_with_the_engines_reference_form(bits in proptest::collection::vec(proptest::bool::weighted(0.3), 1..40)) {
            let matches: Vec<u32> = (1..=bits.len() as u32).filter(|&k| bits[k as usize - 1]).take(12).collect();
            let (mut losses, mut run) = (Losses::new(60, 12), Run::new());
            for &query in &matches {
                run.match_at(&mut losses, query);
            }
            run.enter(&mut losses, bits.len() as u32);

            let want = theta_mix(&matches, bits.len() as u32, 60, 12, &THETA_LAMBDAS);

            prop_assert!((run.ln_lines() - want).abs() < 1e-9, "{} {want}", run.ln_lines());
        }
    }
}
