//! Gradient-boosted trees: the part of the adversary that combines measures.
//!
//! The library is one that grows the same trees from the same rows on any
//! number of threads, so that an audit can be repeated.

use forust_ml::objective::ObjectiveType;
use forust_ml::{GradientBooster, Matrix};

/// Measures of rows, column by column.
pub struct Table {
    values: Vec<f64>,
    rows: usize,
}

impl Table {
    /// Makes a table of `rows` rows; `columns` gives each column's values.
    pub fn new(rows: usize, columns: impl Iterator<Item = Vec<f64>>) -> Self {
        let values: Vec<f64> = columns.flatten().collect();
        debug_assert_eq!(values.len() % rows.max(1), 0, "columns of one length");
        Self { values, rows }
    }

    /// One column.
    pub fn column(&self, column: usize) -> &[f64] {
        &self.values[column * self.rows..(column + 1) * self.rows]
    }

    /// The same.
    pub fn column_mut(&mut self, column: usize) -> &mut [f64] {
        &mut self.values[column * self.rows..(column + 1) * self.rows]
    }

    /// Every so many rows of it.
    pub fn every(&self, step: usize) -> Self {
        let columns = self.values.chunks(self.rows.max(1));
        Self::new(self.rows.div_ceil(step), columns.map(|column| column.iter().copied().step_by(step).collect()))
    }

    /// A column without any value cannot be learned from: it says 0 instead.
    pub fn fill_empty(&mut self) {
        for column in self.values.chunks_mut(self.rows.max(1)) {
            if column.iter().all(|value| value.is_nan()) {
                column.fill(0.0);
            }
        }
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    fn matrix(&self) -> Matrix<'_, f64> {
        Matrix::new(&self.values, self.rows, self.values.len() / self.rows.max(1))
    }
}

/// Trees, grown.
pub struct Trees(GradientBooster);

/// Trees in all, and how much each one says.
const TREES: usize = 120;
const RATE: f32 = 0.1;
const DEPTH: usize = 4;
/// Measures that each tree may look at, of all.
const COLUMNS: f64 = 0.4;

impl Trees {
    /// Learns to tell rows of which `labels` says 1 from those of which it
    /// says 0.
    ///
    /// # Panics
    ///
    /// If `table` has no rows.
    pub fn grow(table: &Table, labels: &[f64], seed: u64) -> Self {
        let mut booster = GradientBooster::default()
            .set_objective_type(ObjectiveType::LogLoss)
            .set_iterations(TREES)
            .set_learning_rate(RATE)
            .set_max_depth(DEPTH)
            .set_max_leaves(1 << DEPTH)
            .set_nbins(64)
            .set_l2(1.0)
            // Of a few measures, each tree may look at all.
            .set_colsample_bytree(if table.values.len() < 20 * table.rows { 1.0 } else { COLUMNS })
            .set_seed(seed);
        booster.fit_unweighted(&table.matrix(), labels, None).expect("settings in range and a table of one length");
        Self(booster)
    }

    /// How suspect each row is.
    pub fn judge(&self, table: &Table) -> Vec<f64> {
        self.0.predict(&table.matrix(), true)
    }

    /// Columns that some tree looks at, those that help most first.
    pub fn used(&self) -> Vec<usize> {
        let gains = self.0.calculate_feature_importance(forust_ml::gradientbooster::ImportanceMethod::TotalGain, true);
        let mut gains: Vec<(usize, f32)> = gains.into_iter().collect();
        gains.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        gains.into_iter().map(|(column, _)| column).collect()
    }
}
