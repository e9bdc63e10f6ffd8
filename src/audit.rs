//! The adversary, built in: how easily planted rows are told from real ones.
//!
//! A canary that looks fake is worthless, and whoever made it is the last to
//! see it. So an audit plants into an export again and again, in memory and
//! under throwaway keys, and sets an adversary on the result who has what no
//! buyer has: labels. What it goes by is told in words, so that somebody can
//! mend it. See `docs/realism.md` and decision 0024.
//!
//! Bytes and rows in, a plain value out: nothing here reads a clock, a file or
//! a registry. The same seed gives the same report.

pub mod adversary;
pub mod auc;
pub mod counts;
pub mod evidence;
pub mod feature;
pub mod keys;
pub mod outline;
pub mod planter;
pub mod pool;
pub mod statistics;
pub mod table;
pub mod trees;
pub mod words;

#[cfg(test)]
mod tests;

use rayon::prelude::*;
use serde::Serialize;

use crate::derive::{Draw, Seed, Stream};
use crate::fault::Fault;
use crate::record::ColumnRole;

use adversary::judge;
use auc::Interval;
use outline::Outline;
use planter::Planter;
use pool::Pool;
use statistics::Statistics;
use table::Which;
use words::{ColumnTelling, Telling};

/// Rows of an export that are looked at; of a longer one, its head.
pub const MAX_ROWS: usize = 200_000;
/// Schema of the report in JSON.
pub const SCHEMA: &str = "trapline.audit/1";

/// What to audit.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Accounts that are made up.
    pub accounts: u32,
    /// Exports of each.
    pub redraws: u32,
    /// Real rows for each canary.
    pub ratio: u32,
    /// Planted rows that the adversary learns from and is judged by, at most;
    /// and as many real ones.
    pub rows: usize,
    /// Columns that it may not look at.
    pub without: Vec<ColumnRole>,
    /// Things told at most.
    pub most: usize,
    /// Everything follows from it.
    pub seed: Seed,
}

impl Default for Settings {
    fn default() -> Self {
        Self { accounts: 200, redraws: 20, ratio: 200, rows: 12_000, without: Vec::new(), most: 10, seed: [0; 32] }
    }
}

/// What an audit found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// Real rows that were looked at.
    pub records: u64,
    /// Whether the export has more.
    pub is_cut_short: bool,
    /// Where the phones of planted rows came from.
    pub lines: String,
    /// Exports that were planted.
    pub exports: u32,
    /// Canaries in each.
    pub canaries: u32,
    /// Headers of the columns that the adversary could not look at.
    pub without: Vec<String>,
    /// How well planted rows are told.
    pub told: Told,
    /// What each column gives away.
    pub columns: Vec<ColumnTelling>,
    /// What gives planted rows away.
    pub tellings: Vec<Telling>,
}

/// How well planted rows are told from real ones.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    /// The chance that a planted row is the more suspect of two.
    pub auc: Interval,
    /// Planted rows judged.
    pub planted: usize,
    /// Real rows judged.
    pub real: usize,
    /// Groups that were kept together.
    pub groups: usize,
    /// Real rows for each planted one in the figures below.
    pub ratio: u32,
    /// How pure the list of suspects is at that ratio.
    pub average_precision: f64,
    /// Canaries that go with the most suspect hundredth of real rows.
    pub caught_with_1_percent: f64,
    /// Canaries that go with the most suspect twentieth of real rows.
    pub caught_with_5_percent: f64,
}

/// Plants, sets the adversary on it, and reports.
///
/// # Errors
///
/// A [`Fault`] where the export cannot be planted into, or is too small to
/// judge by.
pub fn audit(planter: &Planter<'_>, settings: &Settings) -> Result<Report, Fault> {
    let stage = Stage::new(planter, settings);
    let pool = stage.pool()?;
    let judged = judge(&pool, &settings.seed).ok_or_else(too_few)?;
    let interval = auc::interval(&judged.scored, &settings.seed).ok_or_else(too_few)?;
    let ratio = settings.ratio;
    Ok(Report {
        schema: SCHEMA,
        records: planter.rows().rows.len() as u64,
        is_cut_short: planter.rows().is_cut_short,
        lines: planter.lines_in_words(),
        exports: settings.accounts * settings.redraws,
        canaries: stage.canaries,
        without: stage.closed(),
        told: Told {
            auc: interval,
            planted: judged.scored.iter().filter(|row| row.is_planted).count(),
            real: judged.scored.iter().filter(|row| !row.is_planted).count(),
            groups: settings.accounts as usize,
            ratio,
            average_precision: auc::average_precision(&judged.scored, f64::from(ratio)).ok_or_else(too_few)?,
            caught_with_1_percent: auc::caught_at(&judged.scored, 0.01).ok_or_else(too_few)?,
            caught_with_5_percent: auc::caught_at(&judged.scored, 0.05).ok_or_else(too_few)?,
        },
        columns: words::columns(&judged, &stage.outline),
        tellings: words::tellings(&judged, &pool, &stage.outline, settings.most),
    })
}

fn too_few() -> Fault {
    Fault::new("expected planted rows of at least two accounts beside real ones, found too few to judge by")
        .hint("audit a longer export, or more --accounts")
}

/// What is known before the first export is planted.
struct Stage<'a> {
    planter: &'a Planter<'a>,
    settings: &'a Settings,
    outline: Outline,
    statistics: Statistics,
    canaries: u32,
    /// Real rows in random order: each export measures some that no other does.
    order: Vec<u32>,
}

impl<'a> Stage<'a> {
    fn new(planter: &'a Planter<'a>, settings: &'a Settings) -> Self {
        let rows = planter.rows();
        let outline = Outline::of(rows, &settings.without);
        let statistics = Statistics::of(rows, &outline);
        let natural = (rows.rows.len() as u64 / u64::from(settings.ratio.max(1))).clamp(1, 10_000) as u32;
        let mut order: Vec<u32> = (0..rows.rows.len() as u32).collect();
        let mut draw = Stream::new(&settings.seed);
        for place in (1..order.len()).rev() {
            order.swap(place, draw.below(place as u32 + 1) as usize);
        }
        order.truncate(settings.rows);
        Self { planter, settings, outline, statistics, canaries: natural.min(planter.most_canaries()), order }
    }

    fn closed(&self) -> Vec<String> {
        let closed = self.outline.columns.iter().filter(|column| !column.is_open);
        closed.map(|column| column.header.clone()).collect()
    }

    /// Plants every export and measures some rows of each.
    fn pool(&self) -> Result<Pool, Fault> {
        let exports: Vec<(u32, u32)> = (0..self.settings.accounts)
            .flat_map(|account| (0..self.settings.redraws).map(move |redraw| (account, redraw)))
            .collect();
        let parts: Vec<pool::Part> = (0..exports.len())
            .into_par_iter()
            .map(|place| self.part(place, exports.len(), exports[place]))
            .collect::<Result<_, _>>()?;
        let mut pool = Pool::new(&self.outline);
        parts.into_iter().for_each(|part| pool.add(part));
        Ok(pool)
    }

    fn part(&self, place: usize, exports: usize, (account, redraw): (u32, u32)) -> Result<pool::Part, Fault> {
        let export = self.planter.plant(account, redraw, self.canaries)?;
        let share = |count: usize| (count * place / exports)..(count * (place + 1) / exports);
        let planted = share(self.settings.rows).len().clamp(1, export.planted.len().max(1)).min(export.planted.len());
        // Planted rows stand in the order of the file: some of all parts of it.
        let planted = (0..planted).map(|nth| {
            let span = export.planted.len();
            Which::Planted((nth * span / planted + place) % span)
        });
        let real = self.order[share(self.order.len())].iter().map(|&row| Which::Real(row as usize));
        Ok(pool::measure(self.planter.rows(), &self.outline, &self.statistics, &export, planted.chain(real)))
    }
}
