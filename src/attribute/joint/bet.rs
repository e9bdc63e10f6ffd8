//! What calls on one line are worth.
//!
//! The alternative says that the source leaks line `l` too and brings `a`
//! calls to it, beside the `mu` that others bring; a share `s` of its canaries
//! is still in circulation. The likelihood ratio of `y` calls is then
//! `theta = (1 - s) + s exp(-a) (1 + a / mu)^y`. Several sizes and shares are
//! tried and their e-values averaged. That counts are Poisson is what the bets
//! hope for; the guarantee does not need it.

use super::terms::Terms;

/// The bets that are tried on the calls of one level of starts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Grid {
    /// Sizes `a`, in calls.
    sizes: Vec<f64>,
    /// ln s and ln(1 - s).
    ln_shares: Vec<(f64, f64)>,
}

impl Grid {
    /// The grid for lines that rang `mean` times each, those that never rang
    /// left out.
    pub(super) fn new(terms: &Terms, mean: f64) -> Self {
        let ln_both = |share: &f64| (libm::log(*share), libm::log(1.0 - share));
        Self {
            sizes: terms.rates.iter().map(|rate| rate * mean).collect(),
            ln_shares: terms.circulating.iter().map(ln_both).collect(),
        }
    }

    /// Appends ln theta of 1, 2, .. and `most` calls on a line where others
    /// bring `mu > 0`: for each count all bets, shares running fastest.
    pub(super) fn extend(&self, table: &mut Vec<f64>, mu: f64, most: usize) {
        let per_call: Vec<f64> = self.sizes.iter().map(|size| libm::log1p(size / mu)).collect();
        for calls in 1..=most {
            for (size, per_call) in self.sizes.iter().zip(&per_call) {
                let all = calls as f64 * per_call - size;
                table.extend(self.ln_shares.iter().map(|ln_share| diluted(all, *ln_share)));
            }
        }
    }

    /// ln theta of a line that did not ring, whoever else rings it.
    pub(super) fn ln_silence(&self) -> Vec<f64> {
        let of_size = |size: &f64| self.ln_shares.iter().map(|ln_share| diluted(-size, *ln_share)).collect::<Vec<_>>();
        self.sizes.iter().flat_map(of_size).collect()
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
    use crate::rules::JointRules;

    fn grid(mean: f64) -> Grid {
        Grid::new(&Terms::new(&JointRules::default(), 1_000), mean)
    }

    #[test]
    fn a_bet_is_the_ratio_that_its_formula_says() {
        let mut bets = Vec::new();
        grid(2.0).extend(&mut bets, 0.7, 3);

        let mut got = bets.into_iter();
        for calls in 1..=3 {
            for a in [0.5, 1.0, 2.0, 4.0] {
                for s in [1.0, 0.6, 0.3] {
                    let theta: f64 = (1.0 - s) + s * f64::exp(-a) * (1.0 + a / 0.7f64).powi(calls);
                    let bet = got.next().expect("a bet for each");
                    assert!((bet - theta.ln()).abs() < 1e-12, "a {a} s {s}");
                }
            }
        }
    }

    #[test]
    fn thousands_of_calls_on_one_line_stay_finite() {
        let mut bets = Vec::new();
        grid(800.0).extend(&mut bets, 1e-3, 10_000);

        assert!(bets.iter().all(|bet| bet.is_finite()));
        assert!(grid(8_000.0).ln_silence().iter().all(|bet| bet.is_finite()));
    }
}
