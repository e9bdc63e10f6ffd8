//! What many trials say, with their error.

use serde::Serialize;

use super::leak::{Named, Outcome};

/// A share of trials, with its standard error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Share {
    /// The share.
    pub share: f64,
    /// Standard error of the Monte Carlo estimate.
    pub error: f64,
}

impl Share {
    /// `hits` of `trials`. The error is that of two more hits and two more
    /// misses (Agresti and Coull), so that it is not nothing where all hit.
    pub(super) fn new(hits: usize, trials: usize) -> Self {
        let (hits, trials) = (hits as f64, trials as f64);
        let p = (hits + 2.0) / (trials + 4.0);
        Self { share: hits / trials, error: (p * (1.0 - p) / (trials + 4.0)).sqrt() }
    }
}

/// How a count is spread over the trials that have one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// A tenth of the trials are at or below it.
    pub p10: u32,
    /// The median.
    pub median: u32,
    /// Nine tenths of the trials are at or below it.
    pub p90: u32,
    /// The mean.
    pub mean: f64,
    /// Standard error of the mean.
    pub error: f64,
}

impl Spread {
    /// Sums up `counts`; `None` for none.
    pub(super) fn new(mut counts: Vec<u32>) -> Option<Self> {
        if counts.is_empty() {
            return None;
        }
        counts.sort_unstable();
        let at = |share: f64| counts[((counts.len() as f64 * share).ceil() as usize).clamp(1, counts.len()) - 1];
        let n = counts.len() as f64;
        let mean = counts.iter().map(|&count| f64::from(count)).sum::<f64>() / n;
        let squares: f64 = counts.iter().map(|&count| (f64::from(count) - mean).powi(2)).sum();
        let error = (squares / (n - 1.0).max(1.0) / n).sqrt();
        Some(Self { p10: at(0.1), median: at(0.5), p90: at(0.9), mean, error })
    }
}

/// What one way of naming comes to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Route {
    /// Share of leakers that it names once every sold canary has rung.
    pub named: Share,
    /// Confirmed calls until then, of those that it names: everybody's calls.
    pub calls: Option<Spread>,
    /// Distinct lines that had rung by then.
    pub lines: Option<Spread>,
}

impl Route {
    pub(super) fn new(outcomes: &[Outcome], of: impl Fn(&Outcome) -> Option<Named>) -> Self {
        let named: Vec<Named> = outcomes.iter().filter_map(of).collect();
        Self {
            named: Share::new(named.len(), outcomes.len()),
            calls: Spread::new(named.iter().map(|named| named.calls).collect()),
            lines: Spread::new(named.iter().map(|named| named.lines).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_of_a_hundred_has_its_tenths() {
        let spread = Spread::new((1..=100).rev().collect()).expect("there are some");

        assert_eq!((spread.p10, spread.median, spread.p90), (10, 50, 90));
        assert!((spread.mean - 50.5).abs() < 1e-12);
        assert_eq!(Spread::new(Vec::new()), None);
    }

    #[test]
    fn where_all_hit_something_may_still_miss() {
        let all = Share::new(100, 100);

        assert_eq!(all.share, 1.0);
        assert!((0.005..0.03).contains(&all.error), "{}", all.error);
    }
}
