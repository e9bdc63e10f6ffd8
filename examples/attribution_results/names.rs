//! The engine's bets on names, where every statement has the same chance.

use trapline::attribute::ln_lambda_factor;
use trapline::rules::LAMBDAS;

/// The chance that a surname that is asked for fits an innocent owner: a common
/// Chinese surname.
pub(crate) const SURNAME_CHANCE: f64 = 0.05;

/// ln of the factors of one statement at every grid point.
pub(crate) struct NameTable {
    fits: [f64; LAMBDAS.len()],
    misses: [f64; LAMBDAS.len()],
}

impl NameTable {
    pub(crate) fn new() -> Self {
        let factors = |matched| LAMBDAS.map(|lambda| ln_lambda_factor(lambda, SURNAME_CHANCE, matched));
        Self { fits: factors(true), misses: factors(false) }
    }

    /// Multiplies one answer in.
    pub(crate) fn bet(&self, terms: &mut [f64; LAMBDAS.len()], matched: bool) {
        for (term, factor) in terms.iter_mut().zip(if matched { self.fits } else { self.misses }) {
            *term += factor;
        }
    }
}
