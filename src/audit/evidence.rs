//! What the characters of a column say about where a row comes from.
//!
//! Each sequence of one to three characters has a log-likelihood ratio, planted
//! against real, learned by counting; a row's evidence is their sum, and the
//! largest of them. Never on the row itself: a row that is learned from is
//! weighed by the folds that are neither its own nor the one to be judged, a
//! row that is judged by all folds but its own.

use super::pool::{Gram, Pool, Sampled};

/// Rows with a sequence, by fold, kind of row and sequence.
pub struct Evidence {
    folds: Vec<Fold>,
}

struct Fold {
    /// Planted rows, real rows.
    rows: [f64; 2],
    /// The same with a sequence: by weighed column, by sequence.
    with: Vec<Vec<[u32; 2]>>,
}

/// Shrinks what few rows say.
const SMOOTHING: f64 = 2.0;

impl Evidence {
    /// Counts the sequences of a pool whose rows are in these folds.
    pub fn of(pool: &Pool, fold_of: &[usize], folds: usize) -> Self {
        let empty =
            || Fold { rows: [0.0; 2], with: pool.grams.iter().map(|grams| vec![[0; 2]; grams.len()]).collect() };
        let mut folds: Vec<Fold> = (0..folds).map(|_| empty()).collect();
        for (row, &fold) in pool.rows.iter().zip(fold_of) {
            let (fold, kind) = (&mut folds[fold], usize::from(!row.is_planted));
            fold.rows[kind] += 1.0;
            for (with, grams) in fold.with.iter_mut().zip(&row.grams) {
                grams.iter().for_each(|gram| with[*gram as usize][kind] += 1);
            }
        }
        Self { folds }
    }

    /// What one column of a row says, by all folds that are not left out: in
    /// sum, and its most telling sequence.
    pub fn weigh(&self, row: &Sampled, column: usize, left_out: [usize; 2]) -> (f64, f64) {
        let (mut sum, mut most) = (0.0, f64::NEG_INFINITY);
        for gram in &row.grams[column] {
            let ratio = self.ratio(column, *gram, left_out);
            sum += ratio;
            most = most.max(ratio);
        }
        (sum, if row.grams[column].is_empty() { 0.0 } else { most })
    }

    fn ratio(&self, column: usize, gram: Gram, left_out: [usize; 2]) -> f64 {
        let (mut rows, mut with) = ([0.0; 2], [0.0; 2]);
        for fold in (0..self.folds.len()).filter(|fold| !left_out.contains(fold)) {
            let fold = &self.folds[fold];
            for kind in 0..2 {
                rows[kind] += fold.rows[kind];
                with[kind] += f64::from(fold.with[column][gram as usize][kind]);
            }
        }
        // What neither kind has says nothing, whichever kind is larger.
        let share = (with[0] + with[1]) / (rows[0] + rows[1]).max(1.0);
        let smooth = |kind: usize| (with[kind] + SMOOTHING * share + 1e-9) / (rows[kind] + SMOOTHING);
        (smooth(0) / smooth(1)).ln()
    }

    /// Shares of planted and of real rows that have a sequence.
    pub fn shares(&self, column: usize, gram: Gram) -> (f64, f64) {
        let sum = |kind: usize| {
            let rows: f64 = self.folds.iter().map(|fold| fold.rows[kind]).sum();
            let with: f64 = self.folds.iter().map(|fold| f64::from(fold.with[column][gram as usize][kind])).sum();
            with / rows.max(1.0)
        };
        (sum(0), sum(1))
    }
}
