//! Tardos codes with the symmetric score of Škorić, Katzenbeisser and Celik
//! ("Symmetric Tardos fingerprinting codes for arbitrary alphabet sizes",
//! Designs, Codes and Cryptography 2008), and a threshold that needs no code
//! length: the Chernoff bound of the score, given the biases and the symbols
//! that were seen. It is exact for a fixed look and knows nothing of how many
//! colluded.

/// One slot that was seen: the chance that an innocent source has the seen
/// symbol.
pub(crate) fn chance(bias: f64, symbol: bool) -> f64 {
    if symbol { bias } else { 1.0 - bias }
}

/// The score of a source that has the seen symbol, or has not.
pub(crate) fn score(q: f64, matched: bool) -> f64 {
    if matched { ((1.0 - q) / q).sqrt() } else { -(q / (1.0 - q)).sqrt() }
}

/// ln of the moment generating function of one score at `s`.
fn ln_mgf(q: f64, s: f64) -> f64 {
    let (high, low) = (s * score(q, true), s * score(q, false));
    high + libm::log(q + (1.0 - q) * libm::exp(low - high))
}

/// The Chernoff bound of an innocent source's score, slot by slot.
///
/// Every rate `s` gives a bound `E exp(s score) / exp(s total)`; the best of 48
/// rates, 8 % apart, is within .05 nats of the best of all.
#[derive(Clone, Debug)]
pub(crate) struct Chernoff {
    rates: Vec<f64>,
    sums: Vec<f64>,
}

impl Chernoff {
    pub(crate) fn new() -> Self {
        let rates: Vec<f64> = std::iter::successors(Some(0.05), |rate| Some(1.08 * rate)).take(48).collect();
        Self { sums: vec![0.0; rates.len()], rates }
    }

    /// Takes in a slot whose seen symbol an innocent source has with chance `q`.
    pub(crate) fn see(&mut self, q: f64) {
        for (sum, &rate) in self.sums.iter_mut().zip(&self.rates) {
            *sum += ln_mgf(q, rate);
        }
    }

    /// ln of the bound of the chance to score at least `total`.
    pub(crate) fn ln_bound(&self, total: f64) -> f64 {
        self.sums.iter().zip(&self.rates).map(|(sum, rate)| sum - rate * total).fold(0.0, f64::min)
    }
}

/// Code lengths that are proved or conjectured to be enough against `k`
/// colluders, as a multiple of k^2 ln(n / alpha).
pub(crate) const LENGTHS: [(&str, f64); 4] = [
    ("Tardos 2003, proved: 100", 100.0),
    ("Škorić et al. 2008, Gaussian score: π²", std::f64::consts::PI * std::f64::consts::PI),
    ("Laarhoven and de Weger 2012, k → ∞: π²/2", 0.5 * std::f64::consts::PI * std::f64::consts::PI),
    ("simple decoders, capacity: 2", 2.0),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::tests::{close, numbers, vectors};

    #[test]
    fn scores_agree_with_the_reference() {
        let vectors = vectors();
        let data = &vectors["slots p,X,y -> logE (lambda grid LAMT)"];
        let (biases, seen) = (numbers(&data["p"]), numbers(&data["y"]));
        let score_of = |codeword: &serde_json::Value| {
            let codeword = numbers(codeword);
            let slots = (0..biases.len()).filter(|&slot| seen[slot] >= 0.0);
            slots.map(|slot| score(chance(biases[slot], seen[slot] == 1.0), codeword[slot] == seen[slot])).sum()
        };

        let have: Vec<f64> = data["X"].as_array().expect("two").iter().map(score_of).collect();

        assert!(close(&have, &numbers(&vectors["symmetric Tardos scores same data"])), "{have:?}");
    }

    #[test]
    fn an_innocent_score_has_mean_zero_and_variance_one() {
        for q in [0.01, 0.3, 0.9] {
            let mean = q * score(q, true) + (1.0 - q) * score(q, false);
            let square = q * score(q, true).powi(2) + (1.0 - q) * score(q, false).powi(2);

            assert!(mean.abs() < 1e-12 && (square - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn the_bound_is_above_the_true_chance() {
        // Four slots of one half: a score of 4 has chance 1/16.
        let mut chernoff = Chernoff::new();
        (0..4).for_each(|_| chernoff.see(0.5));

        let bound = chernoff.ln_bound(4.0).exp();

        assert!((0.0625..0.09).contains(&bound), "{bound}");
    }
}
