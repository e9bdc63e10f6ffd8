//! What was registered before the first call.

use crate::rules::JointRules;

/// Terms of the search and of the bets. They may not follow the number of
/// sources or anybody's score.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// A source is selected only if ln of its best bet is at least this.
    pub stop: f64,
    /// Sources that are selected at most.
    pub support: usize,
    /// Calls that a leaking source brings to each of its lines, as multiples of
    /// the mean over lines that rang.
    pub rates: Vec<f64>,
    /// Shares of a source's canaries that are still in circulation.
    pub circulating: Vec<f64>,
}

impl Terms {
    /// The terms for `n` registered sources: the search stops at `ln n + 2`,
    /// beyond what the best of n sources reaches by chance.
    pub fn new(rules: &JointRules, n: u64) -> Self {
        Self {
            stop: libm::log(n as f64) + 2.0,
            support: rules.support as usize,
            rates: rules.rates.clone(),
            circulating: rules.circulating.clone(),
        }
    }

    /// How many bets are averaged: every rate with every share.
    pub(super) fn bets(&self) -> usize {
        self.rates.len() * self.circulating.len()
    }
}
