//! The area under the ROC curve, its interval, and what it means for a buyer.
//!
//! AUC is the chance that a planted row looks more suspect than a real one,
//! both drawn at random: .5 is chance, 1 is a certainty. It does not depend on
//! how rare planted rows are; precision does, and is told beside it. The
//! interval is a bootstrap over groups, since the exports of one account share
//! their people and are no independent witnesses.

use crate::derive::{Draw, Seed, Stream};

/// A row with what the adversary thinks of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// Higher is more suspect.
    pub score: f64,
    /// What it really is.
    pub is_planted: bool,
    /// Rows of a group stand and fall together.
    pub group: u32,
}

/// An estimate with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Interval {
    /// The estimate.
    pub estimate: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Replicates of the bootstrap.
const REPLICATES: usize = 400;

/// Returns the chance that a planted row is more suspect than a real one, with
/// ties counted half; `None` where one kind is missing.
pub fn auc(rows: &[Scored]) -> Option<f64> {
    weighted(&sorted(rows), |_| 1.0)
}

/// The same with its interval over groups.
pub fn interval(rows: &[Scored], seed: &Seed) -> Option<Interval> {
    let rows = sorted(rows);
    let estimate = weighted(&rows, |_| 1.0)?;
    let mut groups: Vec<u32> = rows.iter().map(|row| row.group).collect();
    groups.sort_unstable();
    groups.dedup();
    let place: Vec<usize> = rows.iter().map(|row| groups.partition_point(|group| *group < row.group)).collect();
    let mut draw = Stream::new(seed);
    let mut replicates: Vec<f64> = Vec::with_capacity(REPLICATES);
    for _ in 0..REPLICATES {
        let mut times = vec![0.0; groups.len()];
        for _ in 0..groups.len() {
            times[draw.below(groups.len() as u32) as usize] += 1.0;
        }
        replicates.extend(weighted(&rows, |row| times[place[row]]));
    }
    replicates.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let last = replicates.len().saturating_sub(1) as f64;
        replicates.get((share * last).round() as usize).copied().unwrap_or(estimate)
    };
    Some(Interval { estimate, low: at(0.025).min(estimate), high: at(0.975).max(estimate) })
}

/// Average precision where there are `ratio` real rows for each planted one:
/// how pure the list of suspects is on the way down to the last planted row.
pub fn average_precision(rows: &[Scored], ratio: f64) -> Option<f64> {
    let rows = sorted(rows);
    let (planted, real) = totals(&rows);
    if planted == 0.0 || real == 0.0 {
        return None;
    }
    let weight = ratio * planted / real;
    let (mut caught, mut wrong, mut sum) = (0.0, 0.0, 0.0);
    for tie in rows.chunk_by(|a, b| a.score == b.score).rev() {
        let (tie_planted, tie_real) = totals(tie);
        caught += tie_planted;
        wrong += tie_real * weight;
        sum += tie_planted * caught / (caught + wrong);
    }
    Some(sum / planted)
}

/// Share of planted rows among those that look at least as suspect as the
/// most suspect `share` of real rows.
pub fn caught_at(rows: &[Scored], share: f64) -> Option<f64> {
    let rows = sorted(rows);
    let (planted, real) = totals(&rows);
    if planted == 0.0 || real == 0.0 {
        return None;
    }
    let (mut caught, mut wrong) = (0.0, 0.0);
    for tie in rows.chunk_by(|a, b| a.score == b.score).rev() {
        let (tie_planted, tie_real) = totals(tie);
        if wrong + tie_real > share * real {
            // Of rows that look alike, only a part is dropped.
            caught += tie_planted * (share * real - wrong) / tie_real.max(1.0);
            break;
        }
        caught += tie_planted;
        wrong += tie_real;
    }
    Some(caught / planted)
}

fn sorted(rows: &[Scored]) -> Vec<Scored> {
    let mut rows = rows.to_vec();
    rows.sort_by(|a, b| a.score.total_cmp(&b.score));
    rows
}

fn totals(rows: &[Scored]) -> (f64, f64) {
    let planted = rows.iter().filter(|row| row.is_planted).count() as f64;
    (planted, rows.len() as f64 - planted)
}

/// Mann and Whitney's count over sorted rows, each counted `weight` times.
fn weighted(rows: &[Scored], weight: impl Fn(usize) -> f64) -> Option<f64> {
    let (mut real_below, mut planted, mut won) = (0.0, 0.0, 0.0);
    let mut at = 0;
    for tie in rows.chunk_by(|a, b| a.score == b.score) {
        let (mut tie_planted, mut tie_real) = (0.0, 0.0);
        for (place, row) in (at..).zip(tie) {
            *(if row.is_planted { &mut tie_planted } else { &mut tie_real }) += weight(place);
        }
        won += tie_planted * (real_below + tie_real / 2.0);
        planted += tie_planted;
        real_below += tie_real;
        at += tie.len();
    }
    (planted > 0.0 && real_below > 0.0).then(|| won / (planted * real_below))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scored(rows: &[(u8, bool, u32)]) -> Vec<Scored> {
        let scored =
            |&(score, is_planted, group): &(u8, bool, u32)| Scored { score: f64::from(score), is_planted, group };
        rows.iter().map(scored).collect()
    }

    /// Every pair compared.
    fn by_hand(rows: &[Scored]) -> Option<f64> {
        let (mut pairs, mut won) = (0.0, 0.0);
        for planted in rows.iter().filter(|row| row.is_planted) {
            for real in rows.iter().filter(|row| !row.is_planted) {
                pairs += 1.0;
                won += if planted.score > real.score {
                    1.0
                } else if planted.score == real.score {
                    0.5
                } else {
                    0.0
                };
            }
        }
        (pairs > 0.0).then(|| won / pairs)
    }

    proptest! {
        #[test]
        fn auc_is_the_share_of_pairs_won(rows in proptest::collection::vec((0u8..12, any::<bool>(), 0u32..4), 0..60)) {
            let rows = scored(&rows);
            match (auc(&rows), by_hand(&rows)) {
                (Some(fast), Some(slow)) => prop_assert!((fast - slow).abs() < 1e-12, "{} {}", fast, slow),
                (fast, slow) => prop_assert_eq!(fast, slow),
            }
        }

        #[test]
        fn the_interval_holds_the_estimate(rows in proptest::collection::vec((0u8..12, any::<bool>(), 0u32..9), 20..60)) {
            let rows = scored(&rows);
            if let Some(found) = interval(&rows, &[1; 32]) {
                prop_assert_eq!(Some(found.estimate), auc(&rows));
                prop_assert!(0.0 <= found.low && found.low <= found.estimate);
                prop_assert!(found.estimate <= found.high && found.high <= 1.0);
            }
        }
    }

    #[test]
    fn a_group_is_one_witness() {
        // The same rows, as one witness of 400 rows each or as 200 of two.
        let rows: Vec<(u8, bool, u32)> = (0..400).map(|i| ((i * 7 % 10) as u8, i % 2 == 0, i / 100)).collect();
        let few = interval(&scored(&rows), &[1; 32]).expect("both kinds");
        let shifted: Vec<(u8, bool, u32)> = rows
            .iter()
            .map(|&(score, planted, group)| (score + if planted { 3 * group as u8 } else { 0 }, planted, group))
            .collect();
        let unlike = interval(&scored(&shifted), &[1; 32]).expect("both kinds");
        let alone: Vec<(u8, bool, u32)> =
            (0..).zip(&shifted).map(|(i, &(score, planted, _))| (score, planted, i / 2)).collect();
        let many = interval(&scored(&alone), &[1; 32]).expect("both kinds");

        assert!(few.high - few.low < 0.05, "{few:?}");
        assert!(unlike.high - unlike.low > 1.5 * (many.high - many.low), "{unlike:?} {many:?}");
    }

    #[test]
    fn precision_falls_with_the_ratio_and_auc_does_not() {
        let rows = scored(&[(9, true, 0), (8, false, 0), (7, true, 0), (1, false, 0), (0, false, 0), (0, false, 0)]);

        let (even, rare) = (average_precision(&rows, 1.0), average_precision(&rows, 200.0));

        // Down to the second canary: 1, then 2 of 2.5 at one to one, 2 of 102 at 200 to one.
        assert!((even.expect("both kinds") - (1.0 + 2.0 / 2.5) / 2.0).abs() < 1e-12);
        assert!((rare.expect("both kinds") - (1.0 + 2.0 / 102.0) / 2.0).abs() < 1e-12);
        assert_eq!(caught_at(&rows, 0.25), Some(1.0));
        assert_eq!(caught_at(&rows, 0.0), Some(0.5));
        assert_eq!(auc(&scored(&[(1, true, 0)])), None);
    }
}
