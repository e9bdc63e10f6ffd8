//! Elementary symmetric polynomials: the mean of a bet over all codewords.
//!
//! e_c of the thetas is the sum, over all c-subsets of the pool, of the product
//! of a subset's thetas. The textbook recursion in logarithms takes a logarithm
//! and an exponential for each line and size. Here lines are coins instead:
//! line l comes up with chance `p = rho theta / (1 + rho theta)`, and the chance
//! that c of them do is `e_c rho^c / prod(1 + rho theta)`, for any rho. That
//! recursion is two products and a sum of positive numbers. With rho such that
//! c lines come up in the mean, c is next to the most likely number of all
//! (Darroch 1964), so its chance never comes near underflow.

/// Newton steps for rho. Any rho gives the same answer; a bad one costs digits.
const STEPS: usize = 60;

/// Returns ln e_c of `rest` lines of weight `exp(ln_rest)` and one line of
/// weight `exp(ln_theta)` for each of `ln_thetas`, all weights above 0.
///
/// Minus infinity where c exceeds the number of lines.
pub(super) fn ln_esp(ln_thetas: &[f64], rest: usize, ln_rest: f64, c: usize) -> f64 {
    let lines = ln_thetas.len() + rest;
    if c > lines {
        return f64::NEG_INFINITY;
    }
    if c == 0 {
        return 0.0;
    }
    if c == lines {
        return ln_thetas.iter().sum::<f64>() + rest as f64 * ln_rest;
    }
    let tilt = tilt(ln_thetas, rest, ln_rest, c);
    let heads = heads(ln_thetas, tilt, c);
    let chance = coming_up(&heads, rest, ln_rest + tilt, c);
    // Should all digits be lost, then no bet may profit from it.
    if chance <= 0.0 {
        return f64::INFINITY;
    }
    let tails: f64 = ln_thetas.iter().map(|&ln_theta| softplus(ln_theta + tilt)).sum();
    libm::log(chance) + tails + rest as f64 * softplus(ln_rest + tilt) - c as f64 * tilt
}

/// ln of the number of `c`-subsets of `n` lines.
pub(super) fn ln_choose(n: usize, c: usize) -> f64 {
    libm::lgamma(n as f64 + 1.0) - libm::lgamma(c as f64 + 1.0) - libm::lgamma((n - c) as f64 + 1.0)
}

/// ln rho at which about `c` lines come up in the mean.
fn tilt(ln_thetas: &[f64], rest: usize, ln_rest: f64, c: usize) -> f64 {
    let target = c as f64;
    let moments = |tilt: f64| {
        let p = up(ln_rest + tilt);
        let start = (rest as f64 * p, rest as f64 * p * (1.0 - p));
        ln_thetas.iter().fold(start, |(mean, variance), &ln_theta| {
            let p = up(ln_theta + tilt);
            (mean + p, variance + p * (1.0 - p))
        })
    };
    // Between the extremes of rho at which every line alone would do.
    let odds = libm::log(target / ((ln_thetas.len() + rest) as f64 - target));
    let weights = ln_thetas.iter().copied().chain((rest > 0).then_some(ln_rest));
    let (least, most) =
        weights.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), w| (least.min(w), most.max(w)));
    let (mut low, mut high) = (odds - most, odds - least);
    let mut tilt = if rest > ln_thetas.len() { odds - ln_rest } else { 0.5 * (low + high) };
    for _ in 0..STEPS {
        let (mean, variance) = moments(tilt);
        let miss = mean - target;
        if miss.abs() <= 0.25 * libm::sqrt(variance) {
            break;
        }
        if miss > 0.0 {
            high = tilt;
        } else {
            low = tilt;
        }
        let newton = tilt - miss / variance;
        tilt = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
    }
    tilt
}

/// Chances that 0, 1, .. and at most `c` of the lines come up.
fn heads(ln_thetas: &[f64], tilt: f64, c: usize) -> Vec<f64> {
    let most = c.min(ln_thetas.len());
    let mut chances = vec![0.0; most + 1];
    chances[0] = 1.0;
    for (done, &ln_theta) in ln_thetas.iter().enumerate() {
        let (p, q) = (up(ln_theta + tilt), up(-ln_theta - tilt));
        for t in (1..=most.min(done + 1)).rev() {
            chances[t] = chances[t] * q + chances[t - 1] * p;
        }
        chances[0] *= q;
    }
    chances
}

/// Chance that `c` lines come up, of which `heads` are known and `rest` more
/// have log odds `odds` each.
fn coming_up(heads: &[f64], rest: usize, odds: f64, c: usize) -> f64 {
    if rest == 0 {
        return heads.get(c).copied().unwrap_or(0.0);
    }
    let (ln_up, ln_down) = (-softplus(-odds), -softplus(odds));
    let binomial = |k: usize| libm::exp(ln_choose(rest, k) + k as f64 * ln_up + (rest - k) as f64 * ln_down);
    let ways = heads.iter().enumerate().filter(|(t, _)| c - t <= rest);
    ways.map(|(t, chance)| chance * binomial(c - t)).sum()
}

/// The chance that belongs to log odds.
fn up(odds: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-odds))
}

/// `ln(1 + exp(x))`.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + libm::log1p(libm::exp(-x.abs()))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The textbook recursion: ln e_0 .. ln e_c of all weights.
    pub(in super::super) fn textbook(ln_thetas: &[f64], c: usize) -> Vec<f64> {
        let add = |a: f64, b: f64| {
            let large = a.max(b);
            if large == f64::NEG_INFINITY { large } else { large + ((a - large).exp() + (b - large).exp()).ln() }
        };
        let mut sums = vec![f64::NEG_INFINITY; c + 1];
        sums[0] = 0.0;
        for ln_theta in ln_thetas {
            for t in (1..=c).rev() {
                sums[t] = add(sums[t], sums[t - 1] + ln_theta);
            }
        }
        sums
    }

    #[test]
    fn equal_weights_count_subsets() {
        for c in [0, 1, 7, 50, 100, 1999, 2000] {
            let spread = ln_esp(&vec![0.0; 300], 1700, 0.0, c);

            assert!((spread - ln_choose(2000, c)).abs() < 1e-9, "{c}: {spread}");
        }
    }

    #[test]
    fn more_lines_than_there_are_is_impossible() {
        assert_eq!(ln_esp(&[0.0, 1.0], 1, 0.0, 4), f64::NEG_INFINITY);
    }

    #[test]
    fn fifty_huge_weights_do_not_drown_the_rest() {
        let mut weights = vec![400.0; 50];
        weights.extend([-2_000.0; 30]);
        let all: Vec<f64> = weights.iter().copied().chain([-900.0; 120]).collect();

        for c in [1, 10, 49, 50, 51, 100, 169, 171, 199] {
            let want = textbook(&all, c)[c];
            let got = ln_esp(&weights, 120, -900.0, c);
            assert!((got - want).abs() < 1e-9 * want.abs().max(1.0), "{c}: {got} {want}");
        }
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_textbook(
            ln_thetas in proptest::collection::vec(-8.0..12.0f64, 0..60),
            rest in 0usize..80,
            ln_rest in -6.0..1.0f64,
            share in 0.0..1.0f64,
        ) {
            let all: Vec<f64> = ln_thetas.iter().copied().chain(std::iter::repeat_n(ln_rest, rest)).collect();
            let c = (share * all.len() as f64) as usize;

            let got = ln_esp(&ln_thetas, rest, ln_rest, c);

            let want = textbook(&all, c)[c];
            prop_assert!((got - want).abs() < 1e-9, "{got} {want}");
        }
    }
}
