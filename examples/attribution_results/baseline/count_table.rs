//! The exact table of line counts ("minP"): the smallest number of matches
//! among k distinct lines at which an innocent source's chance ever to get
//! there is alpha / n. The engine does not use it (it knows no names, masks or
//! slots); it serves here to check that rate of counting rules exactly.
//!
//! Pointwise hypergeometric tails, calibrated jointly by the exact crossing
//! probability of the path (Westfall and Young's minP, for one path).

/// ln of the binomial coefficient.
fn ln_choose(n: u32, k: u32) -> f64 {
    let ln_factorial = |x: u32| libm::lgamma(f64::from(x) + 1.0);
    ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
}

/// P(at least m of the c own lines are among k of the pool's N), for m from 0
/// to c + 1.
fn tails(pool: u32, own: u32, k: u32) -> Vec<f64> {
    let mut tails = vec![0.0; own as usize + 2];
    for m in (0..=own).rev() {
        let possible = m <= k && own - m <= pool - k;
        let p = if possible {
            libm::exp(ln_choose(k, m) + ln_choose(pool - k, own - m) - ln_choose(pool, own))
        } else {
            0.0
        };
        tails[m as usize] = tails[m as usize + 1] + p;
    }
    tails
}

/// The chance that an innocent source ever reaches `least[k]` matches among the
/// first k + 1 lines.
fn crossing(pool: u32, own: u32, least: &[u32]) -> f64 {
    let mut at = vec![0.0; own as usize + 2];
    at[0] = 1.0;
    let mut crossed = 0.0;
    for (k, &least) in least.iter().enumerate() {
        let left = f64::from(pool) - k as f64;
        for m in (0..=own as usize).rev() {
            let q = ((f64::from(own) - m as f64) / left).clamp(0.0, 1.0);
            at[m + 1] += at[m] * q;
            at[m] *= 1.0 - q;
        }
        if least <= own {
            crossed += at[least as usize..].iter().sum::<f64>();
            at[least as usize..].fill(0.0);
        }
    }
    crossed
}

/// A calibrated table.
#[derive(Debug)]
pub(crate) struct CountTable {
    /// The pointwise level.
    pub(crate) delta: f64,
    /// Fewest matches among the first k lines, from k = 1.
    pub(crate) least: Vec<u32>,
    /// The exact chance that an innocent source ever gets there.
    pub(crate) chance: f64,
}

impl CountTable {
    /// The table of at most `chance` over the first `queries` lines.
    pub(crate) fn new(pool: u32, own: u32, queries: u32, chance: f64) -> Self {
        let tails: Vec<Vec<f64>> = (1..=queries).map(|k| tails(pool, own, k)).collect();
        let mut levels: Vec<f64> = tails.iter().flatten().copied().filter(|&p| p > 0.0 && p <= chance).collect();
        levels.sort_by(f64::total_cmp);
        levels.dedup();
        let least = |delta: f64| -> Vec<u32> {
            tails.iter().map(|tail| tail.iter().position(|&p| p <= delta).unwrap_or(own as usize + 1) as u32).collect()
        };
        // The crossing chance rises with the level.
        let fits = levels.partition_point(|&delta| crossing(pool, own, &least(delta)) <= chance);
        let delta = levels[fits.saturating_sub(1)];
        let least = least(delta);
        Self { delta, chance: crossing(pool, own, &least), least }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::tests::{numbers, vectors};

    #[test]
    fn tables_agree_with_the_reference() {
        let vectors = vectors();
        for (pool, own) in [(200, 10), (200, 20), (1000, 20), (2000, 20)] {
            let want = &vectors[format!("minP N={pool} c={own} n=300000 alpha=.01 Kmax={pool}")];

            let have = CountTable::new(pool, own, pool, 0.01 / 300_000.0);

            let delta = want["delta"].as_f64().expect("a number");
            let spent = want["n_times_cross"].as_f64().expect("a number");
            assert!((have.delta / delta - 1.0).abs() < 1e-9, "{} {delta}", have.delta);
            assert!((300_000.0 * have.chance - spent).abs() < 1e-9, "{} {spent}", have.chance);
            let least: Vec<f64> = have.least[..100].iter().map(|&m| f64::from(m)).collect();
            assert_eq!(least, numbers(&want["m_star"]));
        }
    }
}
