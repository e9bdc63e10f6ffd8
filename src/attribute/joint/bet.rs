//! What a call is worth: the bet on one line.
//!
//! The alternative says that the source leaks line `l` too and brings `a`
//! calls on it, beside the `mu` that others bring; a share `s` of its canaries
//! is still in circulation. The likelihood ratio of `y` calls is then
//! `theta = (1 - s) + s exp(-a) (1 + a / mu)^y`. Four sizes and three shares are
//! tried and their e-values averaged. That counts are Poisson is what the bets
//! hope for; the guarantee does not need it.

/// Sizes `a` as multiples of the mean number of calls on a line that rang.
const STEPS: [f64; 4] = [0.25, 0.5, 1.0, 2.0];

/// Shares `s` of canaries still in circulation.
const SHARES: [f64; 3] = [1.0, 0.6, 0.3];

/// Bets that are averaged: every size with every share.
pub(super) const BETS: usize = STEPS.len() * SHARES.len();

/// One number for each bet, shares running fastest.
pub(super) type PerBet = [f64; BETS];

/// The sizes `a` that are tried on a stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Grid {
    sizes: [f64; STEPS.len()],
    /// ln s and ln(1 - s).
    ln_shares: [(f64, f64); SHARES.len()],
}

impl Grid {
    /// The grid for lines that rang `mean` times each in the mean, those that
    /// never rang left out.
    pub(super) fn new(mean: f64) -> Self {
        let ln_shares = SHARES.map(|share| (libm::log(share), libm::log(1.0 - share)));
        Self { sizes: STEPS.map(|step| step * mean), ln_shares }
    }

    /// What one more call is worth, in nats, for each size, where others bring
    /// `mu > 0`.
    pub(super) fn per_call(&self, mu: f64) -> [f64; STEPS.len()] {
        self.sizes.map(|size| libm::log1p(size / mu))
    }

    /// ln theta of `calls` calls that are worth `per_call` each.
    pub(super) fn ln_theta(&self, calls: f64, per_call: &[f64; STEPS.len()]) -> PerBet {
        let mut bets = [0.0; BETS];
        let rows = self.sizes.iter().zip(per_call).zip(bets.chunks_exact_mut(SHARES.len()));
        for ((size, worth), row) in rows {
            for (bet, ln_share) in row.iter_mut().zip(self.ln_shares) {
                *bet = diluted(calls * worth - size, ln_share);
            }
        }
        bets
    }

    /// ln theta of a line that did not ring, whoever else rings it.
    pub(super) fn ln_silence(&self) -> PerBet {
        self.ln_theta(0.0, &[0.0; STEPS.len()])
    }
}

/// `ln((1 - s) + s exp(ln_all))`, given ln s and ln(1 - s).
fn diluted(ln_all: f64, (ln_kept, ln_gone): (f64, f64)) -> f64 {
    if ln_gone == f64::NEG_INFINITY {
        return ln_all;
    }
    let kept = ln_kept + ln_all;
    let (large, small) = if kept > ln_gone { (kept, ln_gone) } else { (ln_gone, kept) };
    large + libm::log1p(libm::exp(small - large))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bet_is_the_ratio_that_its_formula_says() {
        let grid = Grid::new(2.0);

        let bets = grid.ln_theta(3.0, &grid.per_call(0.7));

        let mut place = 0;
        for a in [0.5, 1.0, 2.0, 4.0] {
            for s in [1.0, 0.6, 0.3] {
                let theta: f64 = (1.0 - s) + s * f64::exp(-a) * (1.0 + a / 0.7f64).powi(3);
                assert!((bets[place] - theta.ln()).abs() < 1e-12, "a {a} s {s}");
                place += 1;
            }
        }
    }

    #[test]
    fn a_thousand_calls_on_one_line_stay_finite() {
        let grid = Grid::new(800.0);

        let bets = grid.ln_theta(10_000.0, &grid.per_call(1e-3));

        assert!(bets.iter().all(|bet| bet.is_finite()));
        assert!(Grid::new(8_000.0).ln_silence().iter().all(|bet| bet.is_finite()));
    }
}
