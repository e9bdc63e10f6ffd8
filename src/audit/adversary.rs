//! The adversary: learns to tell planted rows from real ones, is judged on
//! rows that it never saw, and says what it went by.
//!
//! This is a classifier two-sample test. It is stronger than any buyer, who has
//! no labels: what it cannot tell apart, nobody tells apart by these measures.
//! It learns from as many planted rows as real ones, since that serves it best,
//! and is judged at the ratio of the export as well.

use std::collections::BTreeMap;

use super::auc::{self, Scored};
use super::evidence::Evidence;
use super::feature::{Feature, What};
use super::pool::Pool;
use super::trees::{Table, Trees};
use crate::derive::{Draw, Seed, Stream};

/// Folds of cross-validation.
pub const FOLDS: usize = 5;
/// Measures whose shuffling is tried, those that the trees use most.
const TRIED: usize = 60;
/// Rows of each fold on which it is tried.
const TRIED_ROWS: usize = 3000;

/// What the adversary came to.
pub struct Judged {
    /// Every row, judged by trees that saw nothing of its group.
    pub scored: Vec<Scored>,
    /// The measures that it had: those of the pool that vary, and the weight
    /// of characters.
    pub features: Vec<Feature>,
    /// Their values, as they were when the row was judged.
    pub values: Table,
    /// How much AUC falls when a measure is shuffled, by its place in
    /// `features`; those not used are left out. Largest first.
    pub drops: Vec<(usize, f64)>,
    /// The same when all measures of a column are shuffled together, by column;
    /// `None` for those of the row.
    pub column_drops: Vec<(Option<u16>, f64)>,
    /// What characters say, over all rows.
    pub evidence: Evidence,
}

/// Gives every row the fold of its group.
///
/// # Panics
///
/// If there is no fold.
pub fn folds(groups: &[u32], folds: usize, seed: &Seed) -> Vec<usize> {
    let mut distinct: Vec<u32> = groups.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let mut draw = Stream::new(seed);
    for place in (1..distinct.len()).rev() {
        distinct.swap(place, draw.below(place as u32 + 1) as usize);
    }
    let fold_of: BTreeMap<u32, usize> =
        distinct.iter().enumerate().map(|(place, group)| (*group, place % folds)).collect();
    groups.iter().map(|group| fold_of[group]).collect()
}

/// Learns and is judged; `None` where no fold has both kinds of rows to learn
/// from and to be judged by.
pub fn judge(pool: &Pool, seed: &Seed) -> Option<Judged> {
    let groups: Vec<u32> = pool.rows.iter().map(|row| row.group).collect();
    let count = groups.iter().collect::<std::collections::BTreeSet<_>>().len().min(FOLDS);
    let fold_of = folds(&groups, count.max(1), seed);
    let evidence = Evidence::of(pool, &fold_of, count);
    let plan = Plan::of(pool);
    let mut judged = Judged {
        scored: Vec::with_capacity(pool.rows.len()),
        values: Table::new(pool.rows.len(), plan.features.iter().map(|_| vec![f64::NAN; pool.rows.len()])),
        drops: Vec::new(),
        column_drops: Vec::new(),
        features: plan.features.clone(),
        evidence,
    };
    let mut scores = vec![f64::NAN; pool.rows.len()];
    let (mut drops, mut column_drops) = (BTreeMap::new(), BTreeMap::new());
    for fold in 0..count {
        let inside = |place: &usize| fold_of[*place] == fold;
        let (test, train): (Vec<usize>, Vec<usize>) = (0..pool.rows.len()).partition(inside);
        let both = |rows: &[usize]| {
            let planted = rows.iter().filter(|row| pool.rows[**row].is_planted).count();
            planted > 0 && planted < rows.len()
        };
        if !both(&train) || test.is_empty() {
            continue;
        }
        let table = |rows: &[usize]| plan.table(pool, rows, &judged.evidence, fold, &fold_of);
        let (mut learned, asked) = (table(&train), table(&test));
        learned.fill_empty();
        let labels: Vec<f64> = train.iter().map(|row| f64::from(pool.rows[*row].is_planted)).collect();
        let trees = Trees::grow(&learned, &labels, u64::from_le_bytes(seed[..8].try_into().expect("eight bytes")));
        drop(learned);
        for (score, row) in trees.judge(&asked).into_iter().zip(&test) {
            scores[*row] = score;
        }
        for column in 0..plan.features.len() {
            let (from, to) = (asked.column(column), judged.values.column_mut(column));
            test.iter().zip(from).for_each(|(row, value)| to[*row] = *value);
        }
        let mut trial = Trial::new(&trees, &asked, &test, pool, seed);
        for column in trees.used().into_iter().take(TRIED) {
            *drops.entry(column).or_insert(0.0) += trial.drop_of(&[column]) / count as f64;
        }
        for (column, features) in plan.by_column() {
            *column_drops.entry(column).or_insert(0.0) += trial.drop_of(&features) / count as f64;
        }
    }
    judged.scored = (0..)
        .zip(&pool.rows)
        .map(|(place, row): (usize, _)| Scored { score: scores[place], is_planted: row.is_planted, group: row.group })
        .filter(|row| !row.score.is_nan())
        .collect();
    judged.drops = falling(drops);
    judged.column_drops = falling(column_drops);
    auc::auc(&judged.scored).is_some().then_some(judged)
}

fn falling<K: Copy + Ord>(drops: BTreeMap<K, f64>) -> Vec<(K, f64)> {
    let mut drops: Vec<(K, f64)> = drops.into_iter().collect();
    drops.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    drops
}

/// Which measures the adversary has, and where they are.
struct Plan {
    features: Vec<Feature>,
    /// Of each: its place in a row's measures, or the weighed column.
    sources: Vec<Source>,
}

#[derive(Clone, Copy)]
enum Source {
    Measure(usize),
    Characters(usize),
    MostTelling(usize),
}

impl Plan {
    /// Measures that never vary are left out.
    fn of(pool: &Pool) -> Self {
        let varies = |place: usize| {
            let mut values = pool.rows.iter().map(|row| row.measures[place]).filter(|value| !value.is_nan());
            let first = values.next();
            first.is_some_and(|first| values.any(|value| value != first))
        };
        let mut plan = Self { features: Vec::new(), sources: Vec::new() };
        for place in (0..pool.features.len()).filter(|&place| varies(place)) {
            plan.features.push(pool.features[place]);
            plan.sources.push(Source::Measure(place));
        }
        for (weighed, &column) in pool.weighed.iter().enumerate() {
            let feature = |what| Feature { what, column: Some(column as u16), other: None };
            plan.features.extend([feature(What::Characters), feature(What::MostTelling)]);
            plan.sources.extend([Source::Characters(weighed), Source::MostTelling(weighed)]);
        }
        plan
    }

    /// Tables of rows that are learned from, or judged, while `fold` is judged.
    fn table(&self, pool: &Pool, rows: &[usize], evidence: &Evidence, fold: usize, fold_of: &[usize]) -> Table {
        let weighed: Vec<Vec<(f64, f64)>> = (0..pool.weighed.len())
            .map(|column| {
                rows.iter().map(|&row| evidence.weigh(&pool.rows[row], column, [fold, fold_of[row]])).collect()
            })
            .collect();
        let columns = self.sources.iter().map(|source| match *source {
            Source::Measure(place) => rows.iter().map(|&row| f64::from(pool.rows[row].measures[place])).collect(),
            Source::Characters(column) => weighed[column].iter().map(|(sum, _)| *sum).collect(),
            Source::MostTelling(column) => weighed[column].iter().map(|(_, most)| *most).collect(),
        });
        Table::new(rows.len(), columns)
    }

    fn by_column(&self) -> BTreeMap<Option<u16>, Vec<usize>> {
        let mut by_column: BTreeMap<Option<u16>, Vec<usize>> = BTreeMap::new();
        for (place, feature) in self.features.iter().enumerate() {
            by_column.entry(feature.column).or_default().push(place);
            if feature.other.is_some() {
                by_column.entry(feature.other).or_default().push(place);
            }
        }
        by_column
    }
}

/// Shuffles measures of rows that were not learned from, and looks how much
/// worse they are judged.
struct Trial<'a> {
    trees: &'a Trees,
    table: Table,
    kinds: Vec<(bool, u32)>,
    order: Vec<usize>,
    before: Option<f64>,
}

impl<'a> Trial<'a> {
    fn new(trees: &'a Trees, table: &Table, rows: &[usize], pool: &Pool, seed: &Seed) -> Self {
        let every = table.rows().div_ceil(TRIED_ROWS).max(1);
        let table = table.every(every);
        let kinds: Vec<(bool, u32)> =
            rows.iter().step_by(every).map(|&row| (pool.rows[row].is_planted, pool.rows[row].group)).collect();
        let mut order: Vec<usize> = (0..kinds.len()).collect();
        let mut draw = Stream::new(seed);
        for place in (1..order.len()).rev() {
            order.swap(place, draw.below(place as u32 + 1) as usize);
        }
        let mut trial = Self { trees, table, kinds, order, before: None };
        trial.before = trial.auc();
        trial
    }

    fn auc(&self) -> Option<f64> {
        let scores = self.trees.judge(&self.table);
        let scored: Vec<Scored> = scores
            .into_iter()
            .zip(&self.kinds)
            .map(|(score, &(is_planted, group))| Scored { score, is_planted, group })
            .collect();
        auc::auc(&scored)
    }

    fn drop_of(&mut self, columns: &[usize]) -> f64 {
        let kept: Vec<Vec<f64>> = columns.iter().map(|&column| self.table.column(column).to_vec()).collect();
        for (&column, kept) in columns.iter().zip(&kept) {
            let order = &self.order;
            self.table.column_mut(column).iter_mut().zip(order).for_each(|(value, from)| *value = kept[*from]);
        }
        let after = self.auc();
        for (&column, kept) in columns.iter().zip(&kept) {
            self.table.column_mut(column).copy_from_slice(kept);
        }
        self.before.zip(after).map_or(0.0, |(before, after)| before - after)
    }
}
