//! Betting on shared slots: who was in the coalition?
//!
//! A slot shows a symbol, the variant that was leaked; an innocent account has
//! that variant with the probability `q` that its bias says, whatever the
//! coalition did. How colluders choose among the variants they hold is not
//! known, so three families of bets run beside one another and are averaged:
//!
//! * one share `lambda` of all slots (attribution.md 3.2). At `lambda = 1/k` it
//!   is Laarhoven's decoder against `k` colluders who interleave
//!   (EURASIP J. Inf. Sec. 2016:3);
//! * a share for each symbol, since some attacks make one of them scarce;
//! * exponentials of the symmetric Tardos score (Skoric, Katzenbeisser, Celik
//!   2008), each divided by its mean.
//!
//! Each is a martingale whatever happens, so their mean is an e-process, and no
//! code length theorem is needed.

use crate::rules::{LAMBDAS, SlotRules};

use super::mixture::ln_lambda_factor;

/// The grids of the three families.
#[derive(Clone, Debug, PartialEq)]
pub struct Grids {
    /// Shares, for both symbols.
    pub lambdas: Vec<f64>,
    /// Shares for each symbol: every pair of them is a bet.
    pub pair_lambdas: Vec<f64>,
    /// Exponents of the score.
    pub tilts: Vec<f64>,
}

impl Grids {
    /// The registered grids.
    pub fn new(lambdas: &[f64], rules: &SlotRules) -> Self {
        Self { lambdas: lambdas.to_vec(), pair_lambdas: rules.pair_lambdas.clone(), tilts: rules.tilts.clone() }
    }

    /// How many bets run beside one another.
    pub fn len(&self) -> usize {
        self.lambdas.len() + self.pair_lambdas.len() * self.pair_lambdas.len() + self.tilts.len()
    }

    /// Whether there is no bet at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// ln of each bet's factor when symbol `first` (or the second) was seen,
    /// which an innocent account has with probability `q`, and the account has
    /// it (`matched`) or not.
    ///
    /// `q` must lie strictly between 0 and 1.
    pub fn ln_factors(&self, first: bool, q: f64, matched: bool) -> Vec<f64> {
        let mut factors: Vec<f64> = self.lambdas.iter().map(|&lambda| ln_lambda_factor(lambda, q, matched)).collect();
        for &of_first in &self.pair_lambdas {
            for &of_second in &self.pair_lambdas {
                let lambda = if first { of_first } else { of_second };
                factors.push(ln_lambda_factor(lambda, q, matched));
            }
        }
        factors.extend(self.tilts.iter().map(|&tilt| ln_tilt_factor(tilt, q, matched)));
        factors
    }

    /// ln of each bet's weight: a half for the shares, a quarter for the pairs
    /// of shares, a quarter for the scores.
    fn ln_weights(&self) -> Vec<f64> {
        let pairs = self.pair_lambdas.len() * self.pair_lambdas.len();
        let families = [(self.lambdas.len(), 0.5), (pairs, 0.25), (self.tilts.len(), 0.25)];
        let of = |(count, weight): (usize, f64)| std::iter::repeat_n(libm::log(weight / count as f64), count);
        families.into_iter().flat_map(of).collect()
    }
}

impl Default for Grids {
    fn default() -> Self {
        Self::new(&LAMBDAS, &SlotRules::new(2, 1))
    }
}

/// The symmetric score of a slot: `sqrt((1 - q) / q)` for a match and
/// `-sqrt(q / (1 - q))` otherwise.
pub fn score(q: f64, matched: bool) -> f64 {
    if matched { ((1.0 - q) / q).sqrt() } else { -(q / (1.0 - q)).sqrt() }
}

/// ln of `exp(tilt score)` over its mean for an innocent account.
fn ln_tilt_factor(tilt: f64, q: f64, matched: bool) -> f64 {
    let (high, low) = (tilt * score(q, true), tilt * score(q, false));
    let ln_mean = high + libm::log(q + (1.0 - q) * libm::exp(low - high));
    tilt * score(q, matched) - ln_mean
}

/// The running bets of one account on the slots of one scope.
#[derive(Clone, Debug)]
pub struct Bets {
    ln_weights: Vec<f64>,
    terms: Vec<f64>,
}

impl Bets {
    /// Bets that have seen no slot yet.
    pub fn new(grids: &Grids) -> Self {
        Self { ln_weights: grids.ln_weights(), terms: vec![0.0; grids.len()] }
    }

    /// Multiplies in a slot: what [`Grids::ln_factors`] gave for it.
    pub fn bet(&mut self, ln_factors: &[f64]) {
        for (term, factor) in self.terms.iter_mut().zip(ln_factors) {
            *term += factor;
        }
    }

    /// ln of the evidence.
    pub fn ln_e(&self) -> f64 {
        self.ln_e_of(0..self.terms.len())
    }

    /// ln of the evidence of the family of shares alone, as if it had the whole
    /// weight.
    pub fn ln_e_of_shares(&self, grids: &Grids) -> f64 {
        self.ln_e_of(0..grids.lambdas.len()) + std::f64::consts::LN_2
    }

    /// ln of the evidence of the other two families, as if they had the whole
    /// weight.
    pub fn ln_e_of_pairs_and_scores(&self, grids: &Grids) -> f64 {
        self.ln_e_of(grids.lambdas.len()..self.terms.len()) + std::f64::consts::LN_2
    }

    fn ln_e_of(&self, bets: std::ops::Range<usize>) -> f64 {
        let terms = || self.terms[bets.clone()].iter().zip(&self.ln_weights[bets.clone()]).map(|(a, b)| a + b);
        let largest = terms().fold(f64::NEG_INFINITY, f64::max);
        if largest == f64::NEG_INFINITY {
            return largest;
        }
        let sum: f64 = terms().map(|term| libm::exp(term - largest)).sum();
        largest + libm::log(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn vectors() -> serde_json::Value {
        serde_json::from_str(include_str!("../../tests/vectors/attribution/vectors.json")).expect("vectors are JSON")
    }

    fn numbers(value: &serde_json::Value) -> Vec<f64> {
        value.as_array().expect("a list").iter().map(|x| x.as_f64().expect("a number")).collect()
    }

    /// Each slot of the vectors: symbol (`None`: erased) and its probability.
    fn slots() -> Vec<Option<(bool, f64)>> {
        let data = &vectors()["slots p,X,y -> logE (lambda grid LAMT)"];
        let (p, y) = (numbers(&data["p"]), numbers(&data["y"]));
        let slot = |(p, y): (&f64, &f64)| (*y >= 0.0).then(|| if *y == 1.0 { (true, *p) } else { (false, 1.0 - p) });
        p.iter().zip(&y).map(slot).collect()
    }

    fn codewords() -> Vec<Vec<bool>> {
        let data = &vectors()["slots p,X,y -> logE (lambda grid LAMT)"];
        let words = data["X"].as_array().expect("two codewords");
        words.iter().map(|word| numbers(word).iter().map(|&bit| bit == 1.0).collect()).collect()
    }

    #[test]
    fn the_shares_agree_with_the_reference() {
        let want = numbers(&vectors()["slots p,X,y -> logE (lambda grid LAMT)"]["logE"]);
        let grids = Grids::default();
        for (codeword, want) in codewords().iter().zip(want) {
            let mut bets = Bets::new(&grids);
            for (bit, slot) in codeword.iter().zip(slots()) {
                let Some((first, q)) = slot else { continue };
                bets.bet(&grids.ln_factors(first, q, *bit == first));
            }

            assert!((bets.ln_e_of_shares(&grids) - want).abs() < 1e-9, "{} {want}", bets.ln_e_of_shares(&grids));
        }
    }

    #[test]
    fn scores_agree_with_the_reference() {
        let want = numbers(&vectors()["symmetric Tardos scores same data"]);
        for (codeword, want) in codewords().iter().zip(want) {
            let of = |(bit, slot): (&bool, Option<(bool, f64)>)| slot.map(|(first, q)| score(q, *bit == first));
            let sum: f64 = codeword.iter().zip(slots()).filter_map(of).sum();

            assert!((sum - want).abs() < 1e-9, "{sum} {want}");
        }
    }

    proptest! {
        /// Whatever the bias, every bet is fair on its own.
        #[test]
        fn every_bet_has_mean_one(q in 0.001f64..0.999, first: bool) {
            let grids = Grids::default();
            let (hit, miss) = (grids.ln_factors(first, q, true), grids.ln_factors(first, q, false));
            for (hit, miss) in hit.iter().zip(&miss) {
                let mean = q * hit.exp() + (1.0 - q) * miss.exp();
                prop_assert!((mean - 1.0).abs() < 1e-12, "{mean}");
            }
        }
    }

    #[test]
    fn weights_add_up_to_one() {
        let grids = Grids::default();

        assert_eq!(grids.len(), 52);
        assert!((Bets::new(&grids).ln_e()).abs() < 1e-12);
    }
}
