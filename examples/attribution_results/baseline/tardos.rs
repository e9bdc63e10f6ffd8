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
pub(crate) fn ln_mgf(q: f64, s: f64) -> f64 {
    let (hit, miss) = (libm::log(q) + s * score(q, true), libm::log1p(-q) + s * score(q, false));
    let (high, low) = if hit > miss { (hit, miss) } else { (miss, hit) };
    high + libm::log1p(libm::exp(low - high))
}

/// ln of the Chernoff bound of the chance that an innocent source scores at
/// least `total` on slots of chances `qs`.
pub(crate) fn ln_chernoff(total: f64, qs: &[f64]) -> f64 {
    let bound = |s: f64| qs.iter().map(|&q| ln_mgf(q, s)).sum::<f64>() - s * total;
    // Convex in s; any s gives a bound, the best of a golden section will do.
    let ratio = 0.5 * (5f64.sqrt() - 1.0);
    let (mut low, mut high) = (0.0, 3.0);
    let (mut a, mut b) = (high - ratio * (high - low), low + ratio * (high - low));
    let (mut at_a, mut at_b) = (bound(a), bound(b));
    for _ in 0..24 {
        if at_a < at_b {
            (high, b, at_b) = (b, a, at_a);
            a = high - ratio * (high - low);
            at_a = bound(a);
        } else {
            (low, a, at_a) = (a, b, at_b);
            b = low + ratio * (high - low);
            at_b = bound(b);
        }
    }
    at_a.min(at_b).min(0.0)
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
        let bound = ln_chernoff(4.0, &[0.5; 4]).exp();

        assert!((0.0625..0.09).contains(&bound), "{bound}");
    }
}
