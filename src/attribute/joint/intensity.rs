//! How many calls each line gets, given who leaks.
//!
//! `y_l ~ Poisson(b + sum of a_j over leaking sources j that have line l)`,
//! fitted by multiplicative EM with a fixed number of rounds. Lines that did
//! not ring only enter through how many there are, so a round costs as much as
//! there are lines that rang.

/// Rounds of EM; with the two floors and the starting values part of the rule.
const ROUNDS: usize = 60;

/// The least background, in calls per line.
const LEAST_BACKGROUND: f64 = 1e-3;

/// The least a source brings to each of its lines.
const LEAST_SHARE: f64 = 1e-9;

/// A source as the fit sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Support<'a> {
    /// Those of its lines that rang, as places among the lines that rang.
    pub(super) rang: &'a [u32],
    /// How many lines it has.
    pub(super) lines: usize,
}

/// What was fitted.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Intensity {
    /// Calls per line that nobody of the sources brings.
    pub(super) background: f64,
    /// Calls that each source brings to each of its lines.
    pub(super) shares: Vec<f64>,
    /// Expected calls on each line that rang.
    pub(super) mu: Vec<f64>,
}

/// Fits the intensity of `pool` lines, of which those that rang got `calls`.
pub(super) fn fit(calls: &[f64], pool: usize, sources: &[Support<'_>]) -> Intensity {
    let mean = calls.iter().sum::<f64>() / pool as f64;
    let mut fitted = Intensity {
        background: (0.3 * mean).max(LEAST_BACKGROUND),
        shares: vec![mean.max(0.1); sources.len()],
        mu: Vec::new(),
    };
    let mut ratio = vec![0.0; calls.len()];
    for _ in 0..ROUNDS {
        fitted.expect(calls.len(), sources);
        for (ratio, (calls, mu)) in ratio.iter_mut().zip(calls.iter().zip(&fitted.mu)) {
            *ratio = calls / mu;
        }
        let all: f64 = ratio.iter().sum();
        fitted.background = (fitted.background * (all / pool as f64)).max(LEAST_BACKGROUND);
        for (share, source) in fitted.shares.iter_mut().zip(sources) {
            let own: f64 = source.rang.iter().map(|&place| ratio[place as usize]).sum();
            *share = (*share * own / source.lines as f64).max(LEAST_SHARE);
        }
    }
    fitted.expect(calls.len(), sources);
    fitted
}

impl Intensity {
    fn expect(&mut self, lines: usize, sources: &[Support<'_>]) {
        self.mu.clear();
        self.mu.resize(lines, self.background);
        for (share, source) in self.shares.iter().zip(sources) {
            for &place in source.rang {
                self.mu[place as usize] += share;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_sources_the_background_is_the_mean() {
        let fitted = fit(&[3.0, 5.0], 16, &[]);

        assert!((fitted.background - 0.5).abs() < 1e-12);
        assert_eq!(fitted.mu, [fitted.background; 2]);
    }

    #[test]
    fn a_source_takes_what_its_lines_have_more() {
        let fitted = fit(&[9.0, 9.0, 1.0, 1.0], 6, &[Support { rang: &[0, 1], lines: 2 }]);

        assert!((fitted.background - 0.5).abs() < 1e-6, "{fitted:?}");
        assert!((fitted.shares[0] - 8.5).abs() < 1e-6, "{fitted:?}");
    }
}
