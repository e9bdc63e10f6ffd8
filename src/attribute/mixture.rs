//! Betting without tuning: a fixed grid of bets, averaged.
//!
//! One e-process bets a fixed share on each query; which share is right depends
//! on how much of the traffic comes from the source, and that is not known. So
//! every grid point runs its own process and the evidence is their mean, which
//! is an e-process again. Logarithms come from `libm`, not from the platform:
//! the same evidence gives the same report, to the last bit, everywhere.

/// ln of the mean of `exp(terms)`; minus infinity when all terms are.
pub fn ln_mean_exp(terms: &[f64]) -> f64 {
    let largest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if largest == f64::NEG_INFINITY {
        return largest;
    }
    let sum: f64 = terms.iter().map(|&term| libm::exp(term - largest)).sum();
    largest + libm::log(sum) - libm::log(terms.len() as f64)
}

/// The odds ratios that belong to shares `lambdas` of new lines when a query
/// matches by chance with probability `q0`: `1 + lambda / ((1 - lambda) q0)`.
pub fn theta_grid(lambdas: &[f64], q0: f64) -> Vec<f64> {
    lambdas.iter().map(|&lambda| 1.0 + lambda / ((1.0 - lambda) * q0)).collect()
}

/// ln of the factor of a bet at odds ratio `theta`: `theta / (1 + (theta - 1) q)`
/// for a match and `1 / (1 + (theta - 1) q)` otherwise.
///
/// An upper bound of `q` makes it smaller in the mean, never larger.
pub fn ln_theta_factor(theta: f64, q: f64, matched: bool) -> f64 {
    let miss = -libm::log1p((theta - 1.0) * q);
    if matched { libm::log(theta) + miss } else { miss }
}

/// ln of the factor of a bet of share `lambda`: `1 + lambda (1 - q) / q` for a
/// match and `1 - lambda` otherwise.
pub fn ln_lambda_factor(lambda: f64, q: f64, matched: bool) -> f64 {
    if matched { libm::log1p(lambda * (1.0 - q) / q) } else { libm::log1p(-lambda) }
}

/// Running processes, one for each grid point.
#[derive(Clone, Debug)]
pub(super) struct Mixture {
    terms: Vec<f64>,
}

impl Mixture {
    /// A mixture of `points` processes that have not bet yet.
    pub(super) fn new(points: usize) -> Self {
        Self { terms: vec![0.0; points] }
    }

    /// Multiplies process `g` by `exp(ln_factor(g))`.
    pub(super) fn bet(&mut self, ln_factor: impl Fn(usize) -> f64) {
        for (point, term) in self.terms.iter_mut().enumerate() {
            *term += ln_factor(point);
        }
    }

    /// ln of the evidence.
    pub(super) fn ln_e(&self) -> f64 {
        ln_mean_exp(&self.terms)
    }
}

/// ln of the evidence of line queries alone, of which those at `matches`
/// (rising, from 1) matched and `queries` were made: the reference form.
pub fn theta_mix(matches: &[u32], queries: u32, pool: u32, own: u32, lambdas: &[f64]) -> f64 {
    let thetas = theta_grid(lambdas, f64::from(own) / f64::from(pool));
    let mut mixture = Mixture::new(thetas.len());
    let mut found = 0;
    for query in 1..=queries {
        let q = f64::from(own - found) / f64::from(pool - query + 1);
        let matched = matches.binary_search(&query).is_ok();
        mixture.bet(|g| ln_theta_factor(thetas[g], q, matched));
        found += u32::from(matched);
    }
    mixture.ln_e()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::THETA_LAMBDAS;

    /// `vectors.json` as the reference implementation printed it.
    fn vectors() -> serde_json::Value {
        serde_json::from_str(include_str!("../../tests/vectors/attribution/vectors.json")).expect("vectors are JSON")
    }

    fn numbers(value: &serde_json::Value) -> Vec<f64> {
        value.as_array().expect("a list").iter().map(|x| x.as_f64().expect("a number")).collect()
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-9 * b.abs().max(1.0)
    }

    fn theta_path(bits: &[f64], pool: u32, own: u32) -> Vec<f64> {
        (1..=bits.len())
            .map(|k| {
                let matches: Vec<u32> = (1..=k as u32).filter(|&i| bits[i as usize - 1] == 1.0).collect();
                theta_mix(&matches, k as u32, pool, own, &THETA_LAMBDAS)
            })
            .collect()
    }

    #[test]
    fn theta_grids_agree_with_the_reference() {
        for (pool, own) in [(2000.0, 20.0), (200.0, 10.0)] {
            let want = numbers(&vectors()[format!("theta_grid N={pool} c={own}")]);

            let have = theta_grid(&THETA_LAMBDAS, own / pool);

            assert!(want.len() == 10 && have.iter().zip(&want).all(|(&a, &b)| close(a, b)), "{have:?}");
        }
    }

    #[test]
    fn line_evidence_agrees_with_the_reference() {
        let vectors = vectors();
        for pattern in ["A", "B", "C", "D"] {
            let bits = numbers(&vectors["patterns"][pattern]);
            for (pool, own) in [(2000, 20), (200, 10)] {
                let want = numbers(&vectors[format!("logE_theta {pattern} N={pool} c={own}")]);

                let have = theta_path(&bits, pool, own);

                assert!(want.len() == have.len() && have.iter().zip(&want).all(|(&a, &b)| close(a, b)), "{have:?}");
            }
        }
    }

    #[test]
    fn an_exhausted_codeword_bets_no_more() {
        let want = numbers(&vectors()["logE_theta exhaust N=50 c=3 [1,1,1,0,0]"]);

        let have = theta_path(&[1.0, 1.0, 1.0, 0.0, 0.0], 50, 3);

        assert!(have.iter().zip(&want).all(|(&a, &b)| close(a, b)), "{have:?}");
    }

    #[test]
    fn bernoulli_evidence_agrees_with_the_reference() {
        let data = &vectors()["slots p,X,y -> logE (lambda grid LAMT)"];
        let (p, y, grid) = (numbers(&data["p"]), numbers(&data["y"]), numbers(&data["LAMT"]));
        for (codeword, want) in data["X"].as_array().expect("two").iter().zip(numbers(&data["logE"])) {
            let codeword = numbers(codeword);
            let mut mixture = Mixture::new(grid.len());
            for slot in (0..p.len()).filter(|&slot| y[slot] >= 0.0) {
                let q = if y[slot] == 1.0 { p[slot] } else { 1.0 - p[slot] };
                mixture.bet(|g| ln_lambda_factor(grid[g], q, codeword[slot] == y[slot]));
            }

            assert!(close(mixture.ln_e(), want), "{} {want}", mixture.ln_e());
        }
    }

    #[test]
    fn a_bet_of_everything_may_lose_everything() {
        assert_eq!(ln_mean_exp(&[f64::NEG_INFINITY; 3]), f64::NEG_INFINITY);
        assert_eq!(ln_lambda_factor(1.0, 0.25, false), f64::NEG_INFINITY);
    }
}
