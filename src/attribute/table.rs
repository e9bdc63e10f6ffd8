//! Line evidence of many sources at once.
//!
//! Between two matches the evidence of a source shrinks by a factor that
//! depends only on how many lines it has left. Summed up once for each such
//! number, line evidence costs a few additions for each match instead of a
//! logarithm for each question; over 300,000 accounts that is the difference
//! between a blink and a minute. It agrees with the state machine up to
//! rounding, and only serves to leave sources out (see `prune`).

use super::mixture::{ln_lambda_factor, ln_mean_exp, ln_theta_factor, theta_grid};
use super::query;
use super::sequence::LineQuery;

/// Summed misses of sources with one number of own lines in one sequence.
pub(super) struct Table {
    own: u32,
    lambdas: Vec<f64>,
    thetas: Vec<f64>,
    ln_thetas: Vec<f64>,
    queries: Vec<LineQuery>,
    /// Unrevealed lines before each query.
    left: Vec<u32>,
    /// ln of the product of misses: `[matches][queries so far][grid point]`.
    misses: Vec<f64>,
}

/// Entries that a table may have (at 8 bytes each).
const MOST_ENTRIES: usize = 4_000_000;

/// Grid points that a table may have.
const MOST_POINTS: usize = 32;

impl Table {
    /// Sums the misses of sources with `own` of `pool` lines; `None` where that
    /// would take too much room or the grid stakes everything.
    pub(super) fn new(queries: &[LineQuery], pool: u32, own: u32, lambdas: &[f64]) -> Option<Self> {
        let asked: u32 = queries.iter().map(|query| query.lines).sum();
        let levels = own.min(asked) as usize + 1;
        let entries = levels * (queries.len() + 1) * lambdas.len();
        if entries > MOST_ENTRIES
            || lambdas.len() > MOST_POINTS
            || own == 0
            || lambdas.iter().any(|&lambda| lambda >= 1.0)
        {
            return None;
        }
        let mut left = Vec::with_capacity(queries.len());
        let mut unrevealed = pool;
        for query in queries {
            left.push(unrevealed);
            unrevealed -= query.lines;
        }
        let thetas = theta_grid(lambdas, f64::from(own) / f64::from(pool));
        let mut table = Self {
            own,
            lambdas: lambdas.to_vec(),
            ln_thetas: thetas.iter().map(|&theta| libm::log(theta)).collect(),
            thetas,
            queries: queries.to_vec(),
            left,
            misses: Vec::with_capacity(entries),
        };
        for matches in 0..levels as u32 {
            let mut sums = vec![0.0; lambdas.len()];
            table.misses.extend_from_slice(&sums);
            for query in 0..queries.len() {
                for (point, sum) in sums.iter_mut().enumerate() {
                    *sum += table.ln_miss(query, matches, point);
                }
                table.misses.extend_from_slice(&sums);
            }
        }
        Some(table)
    }

    /// ln of the largest line evidence, given the queries (from 1, rising) that
    /// matched and how many own lines each of them found; 0 at least.
    pub(super) fn ln_sup(&self, matches: &[(u32, u32)]) -> f64 {
        let (mut run, mut sup) = (Run::new(self), 0.0f64);
        for &(query, lines) in matches {
            run.matched(query, lines);
            // A mean is no larger than its largest part.
            if run.terms().iter().any(|&term| term > sup) {
                sup = sup.max(run.ln_e());
            }
        }
        sup
    }

    /// The same, or a little more: the largest term stands for the mean.
    pub(super) fn ln_most(&self, matches: &[(u32, u32)]) -> f64 {
        let (mut run, mut most) = (Run::new(self), 0.0f64);
        for &(query, lines) in matches {
            run.matched(query, lines);
            most = run.terms().iter().copied().fold(most, f64::max);
        }
        most
    }

    fn sums(&self, matches: u32, queries: u32) -> &[f64] {
        let points = self.lambdas.len();
        let start = (matches as usize * (self.queries.len() + 1) + queries as usize) * points;
        &self.misses[start..start + points]
    }

    /// Chance that `query` (from 0) matches after `matches` own lines.
    fn q(&self, query: usize, matches: u32) -> f64 {
        let (left, asked) = (self.left[query], self.queries[query]);
        let own = (self.own - matches).min(left);
        if asked.set { query::set(own, left, asked.lines) } else { query::line(own, left) }
    }

    fn ln_miss(&self, query: usize, matches: u32, point: usize) -> f64 {
        let q = self.q(query, matches);
        if q <= 0.0 || q >= 1.0 {
            0.0
        } else if self.queries[query].set {
            ln_lambda_factor(self.lambdas[point], q, false)
        } else {
            ln_theta_factor(self.thetas[point], q, false)
        }
    }

    /// Multiplies in the misses after query `before` up to `query` (both from
    /// 1), which matched, all of them after `matches` own lines.
    fn go_on(&self, before: u32, query: u32, matches: u32, terms: &mut [f64]) {
        let place = query as usize - 1;
        let from = self.sums(matches, before);
        if self.queries[place].set {
            let misses = from.iter().zip(self.sums(matches, query - 1));
            terms.iter_mut().zip(misses).for_each(|(term, (from, to))| *term += to - from);
            let q = self.q(place, matches);
            if q > 0.0 && q < 1.0 {
                let factors = self.lambdas.iter().map(|&lambda| ln_lambda_factor(lambda, q, true));
                terms.iter_mut().zip(factors).for_each(|(term, factor)| *term += factor);
            }
            return;
        }
        // A match is a miss times theta.
        let misses = from.iter().zip(self.sums(matches, query));
        terms.iter_mut().zip(misses).for_each(|(term, (from, to))| *term += to - from);
        let own = self.own - matches;
        if own > 0 && own < self.left[place] {
            terms.iter_mut().zip(&self.ln_thetas).for_each(|(term, ln_theta)| *term += ln_theta);
        }
    }
}

/// One source's line evidence, from match to match.
pub(super) struct Run<'t> {
    table: &'t Table,
    terms: [f64; MOST_POINTS],
    /// The newest query that matched, and the lines found.
    before: u32,
    found: u32,
}

impl<'t> Run<'t> {
    pub(super) fn new(table: &'t Table) -> Self {
        Self { table, terms: [0.0; MOST_POINTS], before: 0, found: 0 }
    }

    /// One that was left after the query `before`, with `found` lines found.
    pub(super) fn resume(table: &'t Table, terms: &[f64], before: u32, found: u32) -> Self {
        let mut run = Self { before, found, ..Self::new(table) };
        run.terms[..terms.len()].copy_from_slice(terms);
        run
    }

    /// Goes on to `query` (from 1), which found `lines` own lines.
    pub(super) fn matched(&mut self, query: u32, lines: u32) {
        let table = self.table;
        table.go_on(self.before, query, self.found, &mut self.terms[..table.lambdas.len()]);
        self.found += lines;
        self.before = query;
    }

    /// What is to be resumed from.
    pub(super) fn terms(&self) -> &[f64] {
        &self.terms[..self.table.lambdas.len()]
    }

    /// ln of the evidence right after the newest match.
    pub(super) fn ln_e(&self) -> f64 {
        ln_mean_exp(self.terms())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribute::mixture::theta_mix;
    use crate::rules::THETA_LAMBDAS;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_table_agrees_with_the_reference_form(bits in proptest::collection::vec(proptest::bool::weighted(0.3), 1..40)) {
            let matches: Vec<u32> = (1..=bits.len() as u32).filter(|&k| bits[k as usize - 1]).take(12).collect();
            let queries = vec![LineQuery { lines: 1, set: false }; bits.len()];
            let table = Table::new(&queries, 60, 12, &THETA_LAMBDAS).expect("it is small");

            let sup = table.ln_sup(&matches.iter().map(|&k| (k, 1)).collect::<Vec<_>>());

            let paths = (0..matches.len()).map(|m| theta_mix(&matches[..=m], matches[m], 60, 12, &THETA_LAMBDAS));
            let want = paths.fold(0.0, f64::max);
            prop_assert!((sup - want).abs() < 1e-9, "{sup} {want}");
            let most = table.ln_most(&matches.iter().map(|&k| (k, 1)).collect::<Vec<_>>());
            prop_assert!(sup <= most && most <= sup + (THETA_LAMBDAS.len() as f64).ln() + 1e-9, "{sup} {most}");
        }
    }
}
