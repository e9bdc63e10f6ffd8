//! Rough formulas beside the simulation: a check in the head, and the limits
//! that no simulation moves.

use serde::Serialize;

/// What attribution.md 8.1 expects of one process.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Expected {
    /// Distinct lines until it accuses.
    pub lines: f64,
    /// Of these, lines of its own: no more than survive can be had.
    pub matches: f64,
}

/// Distinct lines until a process with `own` of `pool` lines accuses, when a
/// share `phi` of new lines is its own (8.1): the bar plus the price of the
/// grid and of the overshoot, by the divergence of the two match rates.
pub fn lines_to_name(pool: u32, own: u32, phi: f64, ln_threshold: f64) -> Expected {
    let q = f64::from(own) / f64::from(pool);
    let r = phi + (1.0 - phi) * q;
    let part = |p: f64, q: f64| if p > 0.0 { p * (p / q).ln() } else { 0.0 };
    let divergence = part(r, q) + part(1.0 - r, 1.0 - q);
    let overshoot = if phi < 1.0 { -0.5 * q.ln() } else { 0.0 };
    let lines = (ln_threshold + std::f64::consts::LN_10 + overshoot) / divergence;
    Expected { lines, matches: lines * r }
}

/// Leakers that a test of one source at a time can tell apart when all their
/// lines ring and there is no noise (8.2): N (ln 2)^2 / (ln threshold + 2.3).
pub fn most_leakers(pool: u32, ln_threshold: f64) -> f64 {
    f64::from(pool) * std::f64::consts::LN_2.powi(2) / (ln_threshold + std::f64::consts::LN_10)
}

/// The share of the pool beyond which a process cannot accuse even if all its
/// `own` lines rang (8.2): (1 / threshold)^(1 / c).
pub fn pool_limit(own: u32, ln_threshold: f64) -> f64 {
    (-ln_threshold / f64::from(own)).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LN_PLAIN: f64 = 17.216_707_939_626_428;

    #[test]
    fn the_formulas_give_the_figures_of_their_source() {
        // 8.1, "dependence on n": N/c = 100, half the new lines. The printed
        // figures lie 0.7 lines below the printed formula, all alike; what a
        // tenfold n costs agrees.
        let printed = [(1e3, 9.1), (1e4, 10.5), (1e5, 11.9), (3e5, 12.6), (1e6, 13.3)];
        for (n, want) in printed {
            let lines = lines_to_name(2000, 20, 0.5, f64::ln(n / 0.01)).lines;
            assert!((lines - want - 0.74).abs() < 0.06, "{n}: {lines}, printed {want}");
        }
        // 8.2: four pools, and five sizes of a line set.
        for (pool, want) in [(200, 4.9), (1000, 25.0), (2000, 49.0), (10_000, 246.0)] {
            assert!((most_leakers(pool, LN_PLAIN) / want - 1.0).abs() < 0.02, "{pool}");
        }
        for (own, want) in [(5, 0.03), (10, 0.18), (20, 0.42), (30, 0.56), (50, 0.71)] {
            assert!((pool_limit(own, LN_PLAIN) - want).abs() < 0.006, "{own}");
        }
    }
}
