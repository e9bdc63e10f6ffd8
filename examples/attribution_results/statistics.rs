//! Intervals of rates and means, and how well two samples agree.

/// The exact 95 % interval of a rate (Clopper and Pearson, Biometrika 1934).
pub(crate) fn rate_interval(hits: u64, runs: u64) -> (f64, f64) {
    let low = if hits == 0 { 0.0 } else { solve(|p| upper_tail(hits, runs, p) - 0.025) };
    let high = if hits == runs { 1.0 } else { solve(|p| 0.025 - (1.0 - upper_tail(hits + 1, runs, p))) };
    (low, high)
}

/// P(at least `hits` of `runs`) at rate `p`.
fn upper_tail(hits: u64, runs: u64, p: f64) -> f64 {
    let (n, ln_p, ln_q) = (runs as f64, libm::log(p), libm::log1p(-p));
    let term = |x: u64| {
        let x = x as f64;
        let ln_choose = libm::lgamma(n + 1.0) - libm::lgamma(x + 1.0) - libm::lgamma(n - x + 1.0);
        libm::exp(ln_choose + x * ln_p + (n - x) * ln_q)
    };
    (hits..=runs).map(term).sum()
}

/// The root of a function that rises over (0, 1).
fn solve(f: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (1e-12, 1.0 - 1e-12);
    for _ in 0..50 {
        let middle = 0.5 * (low + high);
        if f(middle) < 0.0 { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// Mean and standard deviation, added up in order.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moments {
    pub(crate) count: u64,
    sum: f64,
    squares: f64,
}

impl Moments {
    pub(crate) fn add(&mut self, x: f64) {
        self.count += 1;
        self.sum += x;
        self.squares += x * x;
    }

    pub(crate) fn mean(&self) -> f64 {
        self.sum / self.count as f64
    }

    /// Standard deviation of one value.
    pub(crate) fn deviation(&self) -> f64 {
        let mean = self.mean();
        (self.squares / self.count as f64 - mean * mean).max(0.0).sqrt()
    }

    /// Standard error of the mean.
    pub(crate) fn error(&self) -> f64 {
        self.deviation() / (self.count as f64).sqrt()
    }
}

impl FromIterator<f64> for Moments {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut moments = Self::default();
        values.into_iter().for_each(|value| moments.add(value));
        moments
    }
}

/// Whether a rate of `runs` runs and a printed rate of `printed_runs` runs may
/// be the same: their difference is within three deviations and the rounding
/// of the print.
pub(crate) fn same_rate(rate: f64, runs: u64, printed: f64, printed_runs: u64, rounding: f64) -> bool {
    // Pulled towards one half, so that 0 and 1 have a spread too.
    let pooled = (rate * runs as f64 + printed * printed_runs as f64 + 1.0) / ((runs + printed_runs) as f64 + 2.0);
    let spread = (pooled * (1.0 - pooled) * (1.0 / runs as f64 + 1.0 / printed_runs as f64)).sqrt();
    (rate - printed).abs() <= 3.0 * spread + rounding
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_the_beta_distribution() {
        // qbeta(.025, 8, 93) and qbeta(.975, 9, 92)
        let (low, high) = rate_interval(8, 100);
        assert!((low - 0.035_171).abs() < 1e-4 && (high - 0.151_557).abs() < 1e-4, "{low} {high}");
        // 1 - .025^(1/2000)
        let (low, high) = rate_interval(0, 2000);
        assert!(low == 0.0 && (high - 0.001_843).abs() < 1e-5, "{high}");
    }

    #[test]
    fn moments_are_those_of_the_values() {
        let moments: Moments = [1.0, 2.0, 3.0, 4.0].into_iter().collect();

        assert!((moments.mean() - 2.5).abs() < 1e-12 && (moments.deviation() - 1.25f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn rates_are_told_apart_beyond_their_spread() {
        assert!(same_rate(0.41, 2000, 0.45, 200, 0.005));
        assert!(!same_rate(0.41, 2000, 0.60, 200, 0.005));
        assert!(same_rate(1.0, 2000, 1.0, 200, 0.005));
    }
}
