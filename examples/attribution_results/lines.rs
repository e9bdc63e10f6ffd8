//! The engine's line evidence for many made-up sources.
//!
//! `trapline::attribute` answers for whole registries; the tables of power need
//! its line process alone, millions of times. These are the same formulas in
//! plain numbers instead of logarithms (a product that underflows belongs to a
//! grid point that has lost for good), and summed up once where many sources
//! share a sequence of queries. The tests hold both against the library's
//! `theta_mix`; `ranking` also holds them against `attribute` itself.

use trapline::attribute::{ln_mean_exp, theta_grid};
use trapline::rules::{LAMBDAS, THETA_LAMBDAS};

use crate::names::NameTable;

/// Grid points of the engine.
pub(crate) const POINTS: usize = THETA_LAMBDAS.len();

/// Odds ratios of the engine's grid for sources with `own` of `pool` lines.
pub(crate) fn thetas(pool: u32, own: u32) -> [f64; POINTS] {
    let grid = theta_grid(&THETA_LAMBDAS, f64::from(own) / f64::from(pool));
    grid.try_into().expect("the grid has as many points as lambdas")
}

/// What line bets are made of (sections 3.1 and 3.2 of the notes).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// Odds ratios, of the grid that ends at lambda .99: the engine's.
    Theta,
    /// Shares, of the same grid but for its end at lambda 1: what some printed
    /// tables were made with.
    Lambda,
}

/// One source that is asked about one new line after another.
#[derive(Clone, Debug)]
pub(crate) struct LineProcess {
    family: Family,
    grid: [f64; POINTS],
    products: [f64; POINTS],
    /// Lines of the pool that nobody asked about yet.
    pub(crate) left: u32,
    /// Of those, the source's own.
    pub(crate) own: u32,
}

impl LineProcess {
    pub(crate) fn new(family: Family, pool: u32, own: u32) -> Self {
        let grid = match family {
            Family::Theta => thetas(pool, own),
            Family::Lambda => THETA_LAMBDAS.map(|lambda| if lambda == 0.99 { 1.0 } else { lambda }),
        };
        Self { family, grid, products: [1.0; POINTS], left: pool, own }
    }

    /// The chance that the next new line is the source's, if it is not exposed.
    pub(crate) fn q(&self) -> f64 {
        f64::from(self.own) / f64::from(self.left)
    }

    /// The same if bet `point` of the grid is the truth.
    pub(crate) fn chance(&self, point: usize) -> f64 {
        let (q, bet) = (self.q(), self.grid[point]);
        match self.family {
            Family::Theta => bet * q / (1.0 + (bet - 1.0) * q),
            Family::Lambda => bet + (1.0 - bet) * q,
        }
    }

    /// Asks about a new line.
    pub(crate) fn ask(&mut self, matched: bool) {
        let q = self.q();
        if q > 0.0 && q < 1.0 {
            for (product, bet) in self.products.iter_mut().zip(self.grid) {
                *product *= match self.family {
                    Family::Theta => (if matched { bet } else { 1.0 }) / (1.0 + (bet - 1.0) * q),
                    Family::Lambda if matched => 1.0 + bet * (1.0 - q) / q,
                    Family::Lambda => 1.0 - bet,
                };
            }
        }
        self.reveal(matched);
    }

    /// Enters a new line without a bet.
    pub(crate) fn reveal(&mut self, matched: bool) {
        self.left -= 1;
        self.own -= u32::from(matched);
    }

    /// The e-value now.
    pub(crate) fn e(&self) -> f64 {
        self.products.iter().sum::<f64>() / POINTS as f64
    }
}

/// Line evidence of all sources with one number of own lines on one sequence
/// of distinct lines.
pub(crate) struct LineTable {
    ln_thetas: [f64; POINTS],
    /// ln of the product of misses: `[matches][queries]`, each for all points.
    misses: Vec<[f64; POINTS]>,
    queries: usize,
}

/// What a source reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reached {
    /// ln of the largest e-value.
    pub(crate) ln_sup: f64,
    /// ln of the e-value after the last query.
    pub(crate) ln_now: f64,
}

impl LineTable {
    /// Sums up the misses of sources with `own` of `pool` lines over `queries`
    /// distinct lines.
    pub(crate) fn new(pool: u32, own: u32, queries: usize) -> Self {
        let thetas = thetas(pool, own);
        let levels = (own as usize).min(queries) + 1;
        let mut misses = Vec::with_capacity(levels * (queries + 1));
        for found in 0..levels as u32 {
            let mut sums = [0.0; POINTS];
            misses.push(sums);
            for query in 0..queries as u32 {
                // Where matches outnumber what is left, nobody gets there.
                let q = f64::from((own - found).min(pool - query)) / f64::from(pool - query);
                for (sum, theta) in sums.iter_mut().zip(thetas) {
                    *sum -= libm::log1p((theta - 1.0) * q);
                }
                misses.push(sums);
            }
        }
        Self { ln_thetas: thetas.map(libm::log), misses, queries }
    }

    /// What a source reached whose lines were asked about at `positions` (from
    /// 1, rising).
    pub(crate) fn reached(&self, positions: &[u16]) -> Reached {
        let mut terms = [0.0; POINTS];
        let (mut before, mut ln_sup) = (0, 0.0f64);
        for (found, &position) in positions.iter().enumerate() {
            self.find(&mut terms, found, before, position);
            before = position;
            // A mean is no larger than its largest part.
            if terms.iter().any(|&term| term > ln_sup) {
                ln_sup = ln_sup.max(ln_mean_exp(&terms));
            }
        }
        self.advance(&mut terms, positions.len(), before, self.queries as u16);
        Reached { ln_sup, ln_now: ln_mean_exp(&terms) }
    }

    /// The same with what was heard on each line right after it: whether the
    /// name fitted, where one was asked for.
    pub(crate) fn reached_with(&self, positions: &[u16], heard: &[Option<bool>], names: &NameTable) -> Reached {
        let (mut terms, mut named) = ([0.0; POINTS], [0.0; LAMBDAS.len()]);
        let (mut before, mut ln_sup) = (0, 0.0f64);
        for (found, (&position, heard)) in positions.iter().zip(heard).enumerate() {
            self.find(&mut terms, found, before, position);
            before = position;
            let ln_names = ln_mean_exp(&named);
            if let Some(fits) = heard {
                ln_sup = ln_sup.max(ln_mean_exp(&terms) + ln_names);
                names.bet(&mut named, *fits);
            }
            ln_sup = ln_sup.max(ln_mean_exp(&terms) + ln_mean_exp(&named));
        }
        self.advance(&mut terms, positions.len(), before, self.queries as u16);
        Reached { ln_sup, ln_now: ln_mean_exp(&terms) + ln_mean_exp(&named) }
    }

    /// Goes on to a match.
    fn find(&self, terms: &mut [f64; POINTS], found: usize, before: u16, position: u16) {
        self.advance(terms, found, before, position);
        for (term, ln_theta) in terms.iter_mut().zip(self.ln_thetas) {
            *term += ln_theta;
        }
    }

    fn advance(&self, terms: &mut [f64; POINTS], found: usize, from: u16, to: u16) {
        let row = found * (self.queries + 1);
        if to > from {
            let (a, b) = (&self.misses[row + usize::from(from)], &self.misses[row + usize::from(to)]);
            for (term, (a, b)) in terms.iter_mut().zip(a.iter().zip(b)) {
                *term += b - a;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use trapline::attribute::theta_mix;

    #[test]
    fn both_forms_are_the_librarys_process() {
        for run in 0..200 {
            let mut random = Random::of("line forms", run);
            let (pool, own, queries) = (60, 12, 1 + random.below(50));
            let mut process = LineProcess::new(Family::Theta, pool, own);
            let (mut positions, mut sup) = (Vec::new(), 0.0f64);
            for query in 1..=queries {
                let matched = random.chance(0.3f64.max(process.q())) && process.own > 0;
                process.ask(matched);
                if matched {
                    positions.push(query as u16);
                }
                let matches: Vec<u32> = positions.iter().map(|&p| u32::from(p)).collect();
                let want = theta_mix(&matches, query, pool, own, &THETA_LAMBDAS);
                sup = sup.max(want);
                assert!((process.e().ln() - want).abs() < 1e-9);
            }

            let reached = LineTable::new(pool, own, queries as usize).reached(&positions);

            assert!((reached.ln_now - process.e().ln()).abs() < 1e-9 && (reached.ln_sup - sup).abs() < 1e-9);
        }
    }
}
