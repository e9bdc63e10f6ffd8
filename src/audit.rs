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
pub mod candidates;
pub mod counts;
pub mod evidence;
pub mod feature;
pub mod keys;
pub mod outline;
pub mod planter;
pub mod pool;
pub mod screening;
pub mod statistics;
pub mod table;
pub mod telltale;
pub mod trees;
pub mod words;

#[cfg(test)]
mod tests;

use rayon::prelude::*;
use serde::Serialize;

use crate::derive::{Draw, Seed, Stream};
use crate::fault::Fault;
use crate::record::ColumnRole;

use adversary::{Judged, judge};
use auc::{Interval, Scored};
use feature::Measurer;
use outline::Outline;
use planter::Planter;
use pool::Pool;
use screening::{Attack, Buyer, Left};
use statistics::{Overlay, Statistics, Whole};
use table::{Export, View, Which};
use telltale::{Linter, Marks, TellTale};
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
    /// Whether to hand back the rows that were learned from: they hold canaries.
    pub keeps_rows: bool,
    /// Everything follows from it.
    pub seed: Seed,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            accounts: 200,
            redraws: 20,
            ratio: 200,
            rows: 12_000,
            without: Vec::new(),
            most: 10,
            keeps_rows: false,
            seed: [0; 32],
        }
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
    /// Rules that planted rows break.
    pub telltales: Vec<TellTale>,
    /// What a buyer's screening leaves.
    pub attacks: Vec<Attack>,
    /// Of one export's own canaries, where there was one to judge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own: Option<Own>,
    /// The rows that were learned from, where they were asked for.
    #[serde(skip)]
    pub rows: Vec<Labelled>,
}

/// A row with what it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Labelled {
    /// Whether it was planted.
    pub is_planted: bool,
    /// Rows of a group share people.
    pub group: u32,
    /// What its columns say.
    pub cells: Vec<String>,
}

/// Some of these rows are canaries: what is printed in a debug message are none.
impl std::fmt::Debug for Labelled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Labelled").field("group", &self.group).finish_non_exhaustive()
    }
}

/// How well the canaries of one export are told.
#[derive(Clone, Debug, Serialize)]
pub struct Own {
    /// Canaries.
    pub canaries: usize,
    /// The chance that one of them is more suspect than a real row. So few
    /// canaries leave a wide interval; the report's own says what to expect.
    pub auc: Interval,
    /// Rules that they break.
    pub telltales: Vec<TellTale>,
}

impl Report {
    /// Whether canaries are easier to tell than `most` allows: by the estimate
    /// over all exports planted this way, or by all that chance would have this
    /// one export's own canaries do.
    pub fn exceeds(&self, most: f64) -> bool {
        self.told.auc.estimate > most || self.own.as_ref().is_some_and(|own| own.auc.low > most)
    }
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
    Stage::new(planter, settings, None).report()
}

/// The same for one export's own canaries, helped by others planted like them.
///
/// # Errors
///
/// As [`audit`].
pub fn audit_own(planter: &Planter<'_>, settings: &Settings, own: Export) -> Result<Report, Fault> {
    Stage::new(planter, settings, Some(own)).report()
}

fn too_few() -> Fault {
    Fault::new("expected planted rows of at least two accounts beside real ones, found too few to judge by")
        .hint("audit a longer export, or more --accounts")
}

/// The group of the export that is judged itself.
const OWN_GROUP: u32 = u32::MAX;
/// Accounts whose exports are compared two by two.
const COMPARED: u32 = 20;

/// What is known before the first export is planted.
struct Stage<'a> {
    planter: &'a Planter<'a>,
    settings: &'a Settings,
    outline: Outline,
    statistics: Statistics,
    canaries: u32,
    /// Real rows in random order: each export measures some that no other does.
    order: Vec<u32>,
    own: Option<Export>,
}

/// What one export gives.
struct Seen {
    part: pool::Part,
    marks: Marks,
    left: Left,
    kept: Vec<Labelled>,
}

impl<'a> Stage<'a> {
    fn new(planter: &'a Planter<'a>, settings: &'a Settings, own: Option<Export>) -> Self {
        let rows = planter.rows();
        let outline = Outline::of(rows, &settings.without);
        let statistics = Statistics::of(rows, &outline);
        let natural = (rows.rows.len() as u64 / u64::from(settings.ratio.max(1))).clamp(1, 10_000) as u32;
        let canaries = own.as_ref().map_or(natural, |own| own.planted.len() as u32).max(1);
        let mut order: Vec<u32> = (0..rows.rows.len() as u32).collect();
        let mut draw = Stream::new(&settings.seed);
        for place in (1..order.len()).rev() {
            order.swap(place, draw.below(place as u32 + 1) as usize);
        }
        order.truncate(settings.rows);
        Self { planter, settings, outline, statistics, canaries: canaries.min(planter.most_canaries()), order, own }
    }

    fn report(&self) -> Result<Report, Fault> {
        let rows = self.planter.rows();
        let (none, nothing) = (Export::default(), Overlay::default());
        let bare = Whole { original: &self.statistics, overlay: &nothing };
        let linter = Linter::new(rows, &self.outline, bare);
        let buyer = Buyer::new(&self.outline);
        let (pool, marks, left, kept) = self.all(&linter, &buyer)?;
        let judged = judge(&pool, &self.settings.seed).ok_or_else(too_few)?;
        let view = View { original: rows, export: &none };
        let real = self.order.iter().take(telltale::TRIED).map(|&row| Which::Real(row as usize));
        let left_of_real = buyer.screen(bare, real.map(|which| (which, view.cells(which))));
        let of_real = linter.real(bare, self.canaries as usize, &mut Stream::new(&self.settings.seed));
        let mut attacks = buyer.attacks(&left, &left_of_real);
        attacks.extend(self.comparisons()?);
        Ok(Report {
            schema: SCHEMA,
            records: rows.rows.len() as u64,
            is_cut_short: rows.is_cut_short,
            lines: self.planter.lines_in_words(),
            exports: self.settings.accounts * self.settings.redraws,
            canaries: self.canaries,
            without: self.closed(),
            told: self.told(&judged)?,
            columns: words::columns(&judged, &self.outline),
            tellings: words::tellings(&judged, &pool, &self.outline, self.settings.most),
            telltales: linter.telltales(&marks, &of_real),
            attacks,
            own: self.own(&judged, &linter, &of_real),
            rows: kept,
        })
    }

    fn told(&self, judged: &Judged) -> Result<Told, Fault> {
        let scored = &judged.scored;
        let (seed, ratio) = (&self.settings.seed, self.settings.ratio);
        let planted = scored.iter().filter(|row| row.is_planted).count();
        Ok(Told {
            auc: auc::interval(scored, seed).ok_or_else(too_few)?,
            planted,
            real: scored.len() - planted,
            groups: self.settings.accounts as usize + usize::from(self.own.is_some()),
            ratio,
            average_precision: auc::average_precision(scored, f64::from(ratio)).ok_or_else(too_few)?,
            caught_with_1_percent: auc::caught_at(scored, 0.01).ok_or_else(too_few)?,
            caught_with_5_percent: auc::caught_at(scored, 0.05).ok_or_else(too_few)?,
        })
    }

    /// The own canaries against all real rows.
    fn own(&self, judged: &Judged, linter: &Linter<'_>, of_real: &Marks) -> Option<Own> {
        let export = self.own.as_ref()?;
        let is_shown = |row: &&Scored| !row.is_planted || row.group == OWN_GROUP;
        // Each of the few is a witness by itself; real rows are many.
        let alone = (0..).zip(judged.scored.iter().filter(is_shown)).map(|(group, row)| Scored { group, ..*row });
        let scored: Vec<Scored> = alone.collect();
        let view = View { original: self.planter.rows(), export };
        let overlay = Overlay::of(&view, &self.outline);
        let marks = linter.planted(&view, Whole { original: &self.statistics, overlay: &overlay });
        Some(Own {
            canaries: export.planted.len(),
            auc: auc::interval(&scored, &self.settings.seed)?,
            telltales: linter.telltales(&marks, of_real),
        })
    }

    fn closed(&self) -> Vec<String> {
        let closed = self.outline.columns.iter().filter(|column| !column.is_open);
        closed.map(|column| column.header.clone()).collect()
    }

    /// Plants every export, and looks at each.
    fn all(&self, linter: &Linter<'_>, buyer: &Buyer<'_>) -> Result<(Pool, Marks, Left, Vec<Labelled>), Fault> {
        let exports: Vec<(u32, u32)> = (0..self.settings.accounts)
            .flat_map(|account| (0..self.settings.redraws).map(move |redraw| (account, redraw)))
            .collect();
        let count = exports.len();
        let share = |rows: usize, place: usize| (rows * place / count)..(rows * (place + 1) / count);
        let seen = (0..count).into_par_iter().map(|place| {
            let (account, redraw) = exports[place];
            let export = self.planter.plant(account, redraw, self.canaries)?;
            let wanted = share(self.settings.rows, place).len().max(1);
            let real = &self.order[share(self.order.len(), place)];
            Ok(self.look(&export, account, wanted, place, real, linter, buyer))
        });
        let seen: Vec<Seen> = seen.collect::<Result<_, Fault>>()?;
        let own = self.own.as_ref().map(|own| self.look(own, OWN_GROUP, own.planted.len(), 0, &[], linter, buyer));
        let (mut pool, mut marks, mut left) = (Pool::new(&self.outline), Marks::default(), Left::default());
        let mut kept = Vec::new();
        for seen in seen.into_iter().chain(own) {
            kept.extend(seen.kept);
            marks.add(&seen.marks);
            left.add(&seen.left);
            pool.add(seen.part);
        }
        Ok((pool, marks, left, kept))
    }

    #[allow(clippy::too_many_arguments)]
    fn look(
        &self,
        export: &Export,
        group: u32,
        wanted: usize,
        place: usize,
        real: &[u32],
        linter: &Linter<'_>,
        buyer: &Buyer<'_>,
    ) -> Seen {
        let view = View { original: self.planter.rows(), export };
        let overlay = Overlay::of(&view, &self.outline);
        let whole = Whole { original: &self.statistics, overlay: &overlay };
        let measurer = Measurer { outline: &self.outline, view, whole };
        let count = export.planted.len();
        let wanted = wanted.min(count);
        // Planted rows stand in the order of the file: some of all parts of it.
        let planted = (0..wanted).map(|nth| Which::Planted((nth * count / wanted + place) % count));
        let rows: Vec<Which> = planted.chain(real.iter().map(|&row| Which::Real(row as usize))).collect();
        let labelled = |which: &Which| Labelled {
            is_planted: matches!(which, Which::Planted(_)),
            group,
            cells: view.cells(*which).to_vec(),
        };
        let canaries = (0..count).map(Which::Planted);
        Seen {
            kept: if self.settings.keeps_rows { rows.iter().map(labelled).collect() } else { Vec::new() },
            part: pool::measure(&measurer, group, rows.into_iter()),
            marks: linter.planted(&view, whole),
            left: buyer.screen(whole, canaries.map(|which| (which, view.cells(which)))),
        }
    }

    /// What is left when a buyer compares two exports.
    fn comparisons(&self) -> Result<Vec<Attack>, Fault> {
        let accounts = self.settings.accounts.min(COMPARED);
        let exports = (0..accounts).into_par_iter().map(|account| {
            let plant = |account, redraw| self.planter.plant(account, redraw, self.canaries);
            Ok([plant(account, 0)?, plant(account, 1)?, plant((account + 1) % accounts.max(2), 0)?])
        });
        let exports: Vec<[Export; 3]> = exports.collect::<Result<_, Fault>>()?;
        let share = |of: &dyn Fn(&[Export; 3]) -> (u64, u64)| {
            let (left, all) = exports.iter().map(of).fold((0, 0), |sum, (left, all)| (sum.0 + left, sum.1 + all));
            left as f64 / all.max(1) as f64
        };
        let (left, all) = screening::returning_real(&self.outline, self.planter.rows());
        Ok(vec![
            Attack {
                name: "other-exports",
                drops: "whose recipient is in no other export of the account",
                canaries: share(&|[one, other, _]| screening::returning(&self.outline, one, other)),
                real: left as f64 / all.max(1) as f64,
            },
            Attack {
                name: "same-account-twice",
                drops: "that two exports of the same rows, by one account, do not share",
                canaries: share(&|[one, other, _]| screening::in_both(one, other)),
                real: 1.0,
            },
            Attack {
                name: "two-accounts",
                drops: "that two accounts' exports of the same rows do not share",
                canaries: share(&|[one, _, other]| screening::in_both(one, other)),
                real: 1.0,
            },
        ])
    }
}
