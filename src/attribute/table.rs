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
    queries: Vec<LineQuery>,
    /// Unrevealed lines before each query.
    left: Vec<u32>,
    /// ln of the product of misses: `[matches][queries so far][grid point]`.
    misses: Vec<f64>,
}

/// Entries that a table may have (at 8 bytes each).
const MOST_ENTRIES: usize = 4_000_000;

impl Table {
    /// Sums the misses of sources with `own` of `pool` lines; `None` where that
    /// would take too much room or the grid stakes everything.
    pub(super) fn new(queries: &[LineQuery], pool: u32, own: u32, lambdas: &[f64]) -> Option<Self> {
        let asked: u32 = queries.iter().map(|query| query.lines).sum();
        let levels = own.min(asked) as usize + 1;
        let entries = levels * (queries.len() + 1) * lambdas.len();
        if entries > MOST_ENTRIES || own == 0 || lambdas.iter().any(|&lambda| lambda >= 1.0) {
            return None;
        }
        let mut left = Vec::with_capacity(queries.len());
        let mut unrevealed = pool;
        for query in queries {
            left.push(unrevealed);
            unrevealed -= query.lines;
        }
        let thetas = theta_grid(lambdas, f64::from(own) / f64::from(pool));
        let mut table =
            Self { own, lambdas: lambdas.to_vec(), thetas, queries: queries.to_vec(), left, misses: Vec::new() };
        table.misses.reserve_exact(entries);
        for matches in 0..levels as u32 {
            let mut sums = vec![0.0; lambdas.len()];
            table.misses.extend_from_slice(&sums);
            for query in 0..queries.len() {
                for (point, sum) in sums.iter_mut().enumerate() {
                    *sum += table.ln_factor(query, matches, point, false);
                }
                table.misses.extend_from_slice(&sums);
            }
        }
        Some(table)
    }

    /// ln of the largest line evidence, given the queries (from 1, rising) that
    /// matched and how many own lines each of them found; 0 at least.
    pub(super) fn ln_sup(&self, matches: &[(u32, u32)]) -> f64 {
        let mut terms = [0.0; 32];
        let terms = &mut terms[..self.lambdas.len()];
        let (mut before, mut found, mut sup) = (0, 0, 0.0f64);
        for &(query, lines) in matches {
            let (from, to) = (self.sums(found, before), self.sums(found, query - 1));
            for (point, term) in terms.iter_mut().enumerate() {
                *term += to[point] - from[point] + self.ln_factor(query as usize - 1, found, point, true);
            }
            sup = sup.max(ln_mean_exp(terms));
            found += lines;
            before = query;
        }
        sup
    }

    fn sums(&self, matches: u32, queries: u32) -> &[f64] {
        let points = self.lambdas.len();
        let start = (matches as usize * (self.queries.len() + 1) + queries as usize) * points;
        &self.misses[start..start + points]
    }

    fn ln_factor(&self, query: usize, matches: u32, point: usize, matched: bool) -> f64 {
        let (own, left, asked) = (self.own - matches, self.left[query], self.queries[query]);
        if asked.set {
            let q = query::set(own.min(left), left, asked.lines);
            if q > 0.0 && q < 1.0 { ln_lambda_factor(self.lambdas[point], q, matched) } else { 0.0 }
        } else {
            let q = query::line(own.min(left), left);
            if q > 0.0 && q < 1.0 { ln_theta_factor(self.thetas[point], q, matched) } else { 0.0 }
        }
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
        }
    }
}
