//! How many shared slots it takes to name one of the colluders: the table of
//! section 8.4.
//!
//! Biases follow the arcsine law cut off at .01. All three decoders are given
//! the same biases, codewords and seen symbols. Slots are independent, so one
//! long run shows for every length at once whether its beginning would have
//! been enough.

use rayon::prelude::*;
use trapline::attribute::fingerprint::{Bets, Grids};

use crate::baseline::tardos::{self, Chernoff};
use crate::random::Random;
use crate::report::Report;
use crate::{ALPHA, SOURCES, Size};

/// What colluders do where their copies differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attack {
    Interleaving,
    Majority,
    Minority,
    AllZero,
    Coin,
    Drop,
}

/// Decoders, in the order of the columns; the engine averages the two before it.
const DECODERS: [&str; 4] = ["e-λ", "e-2D mix", "Tardos-Chernoff", "engine: both"];

/// An attack with the printed slots: for two and for three colluders, by the
/// first three decoders.
type Row = (Attack, &'static str, [[f64; 3]; 2]);

const PRINTED: [Row; 6] = [
    (Attack::Interleaving, "interleaving", [[233.0, 243.0, 255.0], [458.0, 479.0, 548.0]]),
    (Attack::Majority, "majority", [[255.0, 255.0, 243.0], [319.0, 366.0, 479.0]]),
    (Attack::Minority, "minority", [[243.0, 233.0, 233.0], [688.0, 657.0, 600.0]]),
    (Attack::AllZero, "all 0", [[233.0, 161.0, 233.0], [501.0, 291.0, 574.0]]),
    (Attack::Coin, "coin flip", [[233.0, 266.0, 233.0], [479.0, 548.0, 574.0]]),
    (Attack::Drop, "drop differing rows", [[123.0, 140.0, 112.0], [203.0, 243.0, 178.0]]),
];

/// Biases stay this far from 0 and 1.
const CUTOFF: f64 = 0.01;

/// Share of runs in which a colluder must be named.
const POWER: f64 = 0.9;

/// Lengths that are tried: each 2 % longer than the one before.
fn lengths() -> Vec<usize> {
    let mut lengths = vec![60usize];
    while let Some(&last) = lengths.last().filter(|&&last| last < 1000) {
        lengths.push((last as f64 * 1.02).ceil() as usize);
    }
    lengths
}

/// Prints the table.
pub(crate) fn report(size: Size) -> Report {
    let mut report = Report::default();
    let runs = size.of(400);
    let mut rows = Vec::new();
    for colluders in [2usize, 3] {
        for (attack, name, printed) in PRINTED {
            let needed = needed(attack, colluders, runs);
            let printed = printed[colluders - 2];
            // The printed grid is 8 % wide and stands on 40 runs, which at a
            // power of .9 err by .05: that is another few percent of length.
            let slack = if size == Size::Full { 0.12 } else { 0.25 };
            let off: Vec<f64> = needed.iter().zip(printed).map(|(&n, p)| n as f64 / p - 1.0).collect();
            report.check(off.iter().all(|off| off.abs() <= slack), || {
                format!("slots: {name}, {colluders} colluders: {needed:?}, printed {printed:?}")
            });
            let mut row = vec![format!("k = {colluders}, {name}")];
            row.extend(needed.iter().zip(printed).map(|(n, p)| format!("{n} ({p})")));
            row.push(needed[3].to_string());
            row.extend([0, 1, 3].map(|ours| verdict(needed[ours], needed[2])));
            rows.push(row);
        }
    }
    let mut head = vec!["colluders, attack"];
    head.extend(DECODERS);
    head.extend(["e-λ against Tardos", "e-2D against Tardos", "engine against Tardos"]);
    report.table(&head, &rows);
    report.say(&format!(
        "Slots at which at least one colluder is named in nine of ten runs (the printed figure in brackets); {runs} runs for \
         each row, lengths 2 % apart. *Level* is within 5 %."
    ));
    report
}

fn verdict(ours: usize, theirs: usize) -> String {
    match ours as f64 / theirs as f64 - 1.0 {
        off if off < -0.05 => format!("ahead {:+.0} %", 100.0 * off),
        off if off > 0.05 => format!("behind {:+.0} %", 100.0 * off),
        off => format!("level {:+.0} %", 100.0 * off),
    }
}

/// The shortest length that is enough, by decoder.
pub(crate) fn needed(attack: Attack, colluders: usize, runs: u64) -> [usize; 4] {
    let lengths = lengths();
    let topic = format!("slots {attack:?} {colluders}");
    let one = |run| named_at(attack, colluders, &lengths, &mut Random::of(&topic, run));
    let all: Vec<Vec<[bool; 4]>> = (0..runs).into_par_iter().map(one).collect();
    let enough = |decoder: usize, length: usize| {
        let named = all.iter().filter(|run| run[length][decoder]).count();
        named as f64 >= POWER * runs as f64
    };
    [0, 1, 2, 3].map(|decoder| {
        let first = (0..lengths.len()).find(|&length| enough(decoder, length));
        first.map_or(usize::MAX, |length| lengths[length])
    })
}

/// For each length whether each decoder names a colluder.
fn named_at(attack: Attack, colluders: usize, lengths: &[usize], random: &mut Random) -> Vec<[bool; 4]> {
    let ln_h = (SOURCES / ALPHA).ln();
    let angle = CUTOFF.sqrt().asin();
    let grids = Grids::default();
    let mut bets = vec![Bets::new(&grids); colluders];
    let mut scores = vec![0.0; colluders];
    let mut chernoff = Chernoff::new();
    let mut seen = 0;
    let mut named = Vec::with_capacity(lengths.len());
    for &length in lengths {
        while seen < length {
            seen += 1;
            let bias = (angle + random.unit() * (std::f64::consts::FRAC_PI_2 - 2.0 * angle)).sin().powi(2);
            let copies: Vec<bool> = (0..colluders).map(|_| random.chance(bias)).collect();
            let Some(symbol) = attack.symbol(&copies, random) else { continue };
            let q = tardos::chance(bias, symbol);
            chernoff.see(q);
            for ((bets, score), &copy) in bets.iter_mut().zip(&mut scores).zip(&copies) {
                bets.bet(&grids.ln_factors(symbol, q, copy == symbol));
                *score += tardos::score(q, copy == symbol);
            }
        }
        let best = |of: &dyn Fn(&Bets) -> f64| bets.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
        let score = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        named.push([
            best(&|bets| bets.ln_e_of_shares(&grids)) >= ln_h,
            best(&|bets| bets.ln_e_of_pairs_and_scores(&grids)) >= ln_h,
            chernoff.ln_bound(score) <= -ln_h,
            best(&Bets::ln_e) >= ln_h,
        ]);
    }
    named
}

impl Attack {
    /// The symbol that the colluders show; none where they drop the row.
    fn symbol(self, copies: &[bool], random: &mut Random) -> Option<bool> {
        let ones = copies.iter().filter(|&&copy| copy).count();
        // What they cannot see to differ they cannot change.
        if ones == 0 || ones == copies.len() {
            return Some(ones > 0);
        }
        match self {
            Self::Interleaving => Some(random.pick(copies)),
            Self::Majority if 2 * ones != copies.len() => Some(2 * ones > copies.len()),
            Self::Minority if 2 * ones != copies.len() => Some(2 * ones < copies.len()),
            Self::AllZero => Some(false),
            Self::Majority | Self::Minority | Self::Coin => Some(random.chance(0.5)),
            Self::Drop => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colluders_change_only_what_differs() {
        let mut random = Random::of("attack", 0);
        for attack in [Attack::Interleaving, Attack::Minority, Attack::AllZero, Attack::Coin, Attack::Drop] {
            assert_eq!(attack.symbol(&[true, true], &mut random), Some(true), "{attack:?}");
        }
        assert_eq!(Attack::AllZero.symbol(&[true, false], &mut random), Some(false));
        assert_eq!(Attack::Drop.symbol(&[true, false], &mut random), None);
        assert_eq!(Attack::Minority.symbol(&[true, false, false], &mut random), Some(true));
    }
}
