//! Shares out of counts, without the luck of the sample.
//!
//! A template that repeats how often each of 2,900 districts came among 15,000
//! rows is told by just that: the next 15,000 rows have other luck. So shares
//! are drawn towards a plain prior (all alike, or a public pool), as far as the
//! counts allow: by the precision of a Dirichlet-multinomial, found from how
//! much more the counts scatter than chance makes them (empirical Bayes). Counts
//! that scatter as chance does become the prior; counts with a pattern of their
//! own stay.

/// How far a share is drawn at most, in deviations of its count (limited
/// translation, after Efron and Morris 1972).
const REACH: f64 = 1.5;

/// Weights stand for a hundredth of a row.
pub(super) const UNIT: u64 = 100;

/// Weights in proportion to `counts`, drawn towards `prior`, of the same length
/// and with any sum above 0.
pub(super) fn shrunk(counts: &[u64], prior: &[f64]) -> Vec<u64> {
    let rows: u64 = counts.iter().sum();
    let of_prior: f64 = prior.iter().sum();
    let n = rows as f64;
    let expected: Vec<f64> = prior.iter().map(|share| n * share / of_prior).collect();
    let strength = strength(counts, &expected);
    let weight = |(count, expected): (&u64, &f64)| match strength {
        None => *expected,
        // A prior of `strength` rows beside the counted ones.
        Some(strength) => n / (n + strength) * (*count as f64 + strength * expected / n.max(1.0)),
    };
    // A prior may be wrong about some and right about most: no share goes further
    // than chance could have put it.
    let weight = |(count, expected): (&u64, &f64)| {
        let (count_f, reach) = (*count as f64, REACH * (*count as f64).max(1.0).sqrt());
        weight((count, expected)).clamp((count_f - reach).max(0.0), count_f + reach)
    };
    counts.iter().zip(&expected).map(|pair| (weight(pair) * UNIT as f64).round() as u64).collect()
}

/// How many rows the prior is worth; `None` for all there are.
fn strength(counts: &[u64], expected: &[f64]) -> Option<f64> {
    let kinds = expected.iter().filter(|expected| **expected > 0.0).count();
    let rows: u64 = counts.iter().sum();
    if kinds < 2 || rows == 0 {
        return Some(0.0);
    }
    let mut scatter = 0.0;
    for (&count, &expected) in counts.iter().zip(expected) {
        if expected > 0.0 {
            scatter += (count as f64 - expected).powi(2) / expected;
        } else if count > 0 {
            return Some(0.0);
        }
    }
    // E[X^2 / (K - 1)] = (N + m) / (1 + m) for a Dirichlet-multinomial of precision m.
    let (ratio, n) = (scatter / (kinds - 1) as f64, rows as f64);
    (ratio > 1.0).then(|| ((n - ratio) / (ratio - 1.0)).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_chance_become_the_prior_and_a_pattern_stays() {
        let alike = [52, 48, 55, 45, 50, 49, 51, 50];
        assert_eq!(shrunk(&alike, &[1.0; 8]), [5000; 8]);

        let pattern = [4000, 1000, 300, 20];
        let weights = shrunk(&pattern, &[1.0; 4]);
        assert!(
            weights.iter().zip(pattern).all(|(weight, count)| weight.abs_diff(count * UNIT) < 30 * UNIT),
            "{weights:?}"
        );

        assert_eq!(shrunk(&[7, 0], &[1.0, 0.0]), [700, 0]);
    }

    #[test]
    fn what_the_prior_does_not_have_leaves_the_counts_alone() {
        assert_eq!(shrunk(&[10, 90], &[1.0, 0.0]), [1000, 9000]);
    }
}
