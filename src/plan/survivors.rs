//! How many canaries a resold part of an export still holds.
//!
//! A trader who sells `sold` of an export's rows does not know which of them
//! are canaries, so what survives is hypergeometric: exact, nothing simulated.

/// The law of the number of canaries among the rows that were sold.
#[derive(Clone, Debug)]
pub(super) struct Survivors {
    pmf: Vec<f64>,
}

impl Survivors {
    /// `canaries` among `rows`, of which `sold` are taken at random.
    ///
    /// Neighbouring terms are made from each other, from the most likely one
    /// outwards, so nothing cancels however many rows there are.
    pub(super) fn new(rows: u32, canaries: u32, sold: u32) -> Self {
        debug_assert!(canaries <= rows && sold <= rows);
        let (all, marked, taken) = (f64::from(rows), f64::from(canaries), f64::from(sold));
        let least = (canaries + sold).saturating_sub(rows) as usize;
        let most = canaries.min(sold) as usize;
        // pmf(s + 1) / pmf(s)
        let ratio = |s: usize| {
            let s = s as f64;
            (marked - s) * (taken - s) / ((s + 1.0) * (all - marked - taken + s + 1.0))
        };
        let mode = (((taken + 1.0) * (marked + 1.0) / (all + 2.0)) as usize).clamp(least, most);
        let mut pmf = vec![0.0; canaries as usize + 1];
        pmf[mode] = 1.0;
        for s in mode..most {
            pmf[s + 1] = pmf[s] * ratio(s);
        }
        for s in (least..mode).rev() {
            pmf[s] = pmf[s + 1] / ratio(s);
        }
        let sum: f64 = pmf.iter().sum();
        pmf.iter_mut().for_each(|p| *p /= sum);
        Self { pmf }
    }

    /// The chance that at least `least` survive.
    pub(super) fn at_least(&self, least: u32) -> f64 {
        self.pmf.iter().skip(least as usize).rev().sum()
    }

    /// Their mean.
    pub(super) fn mean(&self) -> f64 {
        self.pmf.iter().enumerate().map(|(s, p)| s as f64 * p).sum()
    }

    /// The least number whose cumulated chance exceeds `u`, between 0 and 1.
    pub(super) fn quantile(&self, u: f64) -> u32 {
        let mut sum = 0.0;
        let place = self.pmf.iter().position(|p| {
            sum += p;
            sum > u
        });
        // Rounding may leave the last sum a hair below 1.
        place.unwrap_or_else(|| self.pmf.iter().rposition(|&p| p > 0.0).unwrap_or(0)) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(n: u128, k: u128) -> u128 {
        if k > n { 0 } else { (0..k).fold(1, |product, i| product * (n - i) / (i + 1)) }
    }

    #[test]
    fn survivors_are_what_counting_gives() {
        for (rows, canaries, sold) in [(40, 10, 13), (50, 10, 45), (12, 5, 12), (30, 8, 1), (9, 3, 0), (20, 0, 7)] {
            let law = Survivors::new(rows, canaries, sold);

            let (n, c, r) = (u128::from(rows), u128::from(canaries), u128::from(sold));
            for (s, p) in law.pmf.iter().enumerate() {
                let s = s as u128;
                let ways = if s > r { 0 } else { choose(c, s) * choose(n - c, r - s) };
                let want = ways as f64 / choose(n, r) as f64;
                assert!((p - want).abs() < 1e-14, "{rows} {canaries} {sold} {s}: {p} {want}");
            }
        }
    }

    #[test]
    fn four_hundred_thousand_rows_lose_nothing_to_rounding() {
        let law = Survivors::new(400_000, 20, 4_000);

        assert!((law.mean() - 0.2).abs() < 1e-12, "{}", law.mean());
        assert!((law.at_least(0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn quantiles_run_through_the_law() {
        let law = Survivors::new(100, 10, 50);
        let draws = 10_000;

        let mean: f64 = (0..draws).map(|t| f64::from(law.quantile((f64::from(t) + 0.5) / f64::from(draws)))).sum();

        assert!((mean / f64::from(draws) - 5.0).abs() < 0.01);
        assert_eq!((law.quantile(0.0), law.quantile(1.0)), (0, 10));
    }
}
