//! Bets on shared slots, until the library has them: the lambda family of
//! section 3.2 and the two-dimensional mixture of section 8.4.
//!
//! A slot is seen with symbol y; a source that is not exposed has that symbol
//! with chance q. Both mixtures are e-processes, whatever made the symbols.

use trapline::attribute::{ln_lambda_factor, ln_mean_exp};
use trapline::rules::LAMBDAS;

use crate::baseline::tardos;

/// Shares that are bet on slots seen as 1 and as 0, each with each.
const SHARES: [f64; 6] = [0.0, 0.1, 0.2, 0.35, 0.6, 1.0];

/// Rates of the exponential scores.
const RATES: [f64; 6] = [0.05, 0.1, 0.15, 0.22, 0.3, 0.45];

/// Evidence of one source on the slots so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct SlotEvidence {
    lambda: [f64; LAMBDAS.len()],
    /// By symbol: the parts of the two-dimensional grid.
    shares: [[f64; SHARES.len()]; 2],
    exponential: [f64; RATES.len()],
}

impl SlotEvidence {
    /// A slot was seen with `symbol`, which an innocent source has with chance
    /// `q`.
    pub(crate) fn see(&mut self, q: f64, symbol: bool, matched: bool) {
        for (term, lambda) in self.lambda.iter_mut().zip(LAMBDAS) {
            *term += ln_lambda_factor(lambda, q, matched);
        }
        for (term, share) in self.shares[usize::from(symbol)].iter_mut().zip(SHARES) {
            *term += ln_lambda_factor(share, q, matched);
        }
        let score = tardos::score(q, matched);
        for (term, rate) in self.exponential.iter_mut().zip(RATES) {
            *term += rate * score - tardos::ln_mgf(q, rate);
        }
    }

    /// ln of the e-value of the lambda family.
    pub(crate) fn ln_lambda(&self) -> f64 {
        ln_mean_exp(&self.lambda)
    }

    /// ln of the e-value of the two-dimensional mixture.
    pub(crate) fn ln_two_dimensional(&self) -> f64 {
        // The grid is a product, so its mean is one too.
        let shares = ln_mean_exp(&self.shares[0]) + ln_mean_exp(&self.shares[1]);
        ln_mean_exp(&[shares, ln_mean_exp(&self.exponential)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::tests::{close, numbers, vectors};

    #[test]
    fn the_lambda_family_agrees_with_the_reference() {
        let vectors = vectors();
        let data = &vectors["slots p,X,y -> logE (lambda grid LAMT)"];
        let (biases, seen) = (numbers(&data["p"]), numbers(&data["y"]));
        assert!(close(&LAMBDAS, &numbers(&data["LAMT"])));
        let ln_e = |codeword: &serde_json::Value| {
            let codeword = numbers(codeword);
            let mut evidence = SlotEvidence::default();
            for slot in (0..biases.len()).filter(|&slot| seen[slot] >= 0.0) {
                let symbol = seen[slot] == 1.0;
                evidence.see(tardos::chance(biases[slot], symbol), symbol, codeword[slot] == seen[slot]);
            }
            evidence.ln_lambda()
        };

        let have: Vec<f64> = data["X"].as_array().expect("two").iter().map(ln_e).collect();

        assert!(close(&have, &numbers(&data["logE"])), "{have:?}");
    }

    #[test]
    fn both_mixtures_have_mean_one() {
        let slots = [(0.3, true), (0.8, false), (0.5, true), (0.05, true), (0.9, true)];
        let (mut lambda, mut two) = (0.0, 0.0);
        for world in 0..1u32 << slots.len() {
            let (mut p, mut evidence) = (1.0, SlotEvidence::default());
            for (slot, &(q, symbol)) in slots.iter().enumerate() {
                let matched = world >> slot & 1 == 1;
                p *= if matched { q } else { 1.0 - q };
                evidence.see(q, symbol, matched);
            }
            lambda += p * evidence.ln_lambda().exp();
            two += p * evidence.ln_two_dimensional().exp();
        }

        assert!((lambda - 1.0).abs() < 1e-12 && (two - 1.0).abs() < 1e-12, "{lambda} {two}");
    }
}
