//! Line evidence that stands in memory and takes one call after the other.
//!
//! `attribute` concludes afresh from the registry, which suits a monitor that
//! cron starts. A service that hears calls as they come in asks another
//! question: whom does this one line bring over the threshold? Only the sources
//! that have the line: for all others the question is a miss, and the misses of
//! everybody are summed up in tables. So a call costs what the line's bearers
//! cost, one source in twenty.
//!
//! Weighed are lines alone, and what comes out accuses nobody: it says that
//! `attribute` is worth asking now, which weighs names, masked phones, waybill
//! numbers, shared slots and everything at once, and looks at the ghosts first.

use std::collections::HashMap;

use jiff::Timestamp;
use rayon::prelude::*;

use super::account::lines_of;
use super::evidence::{Desk, Evidence};
use super::process::Process;
use super::sequence::LineQuery;
use super::table::{Run, Table};

/// The line evidence of all accounts and batches.
pub struct Standing {
    points: usize,
    /// By number of own lines.
    tables: HashMap<u32, Table>,
    sources: Vec<Source>,
    /// By source: the grid's terms.
    terms: Vec<f64>,
    /// By line: the sources that have it.
    bearers: Vec<Vec<u32>>,
    /// By line: the newest hit.
    newest: Vec<Option<Timestamp>>,
    /// The newest hits of all lines that rang, rising.
    rang: Vec<Timestamp>,
}

/// One process over lines.
struct Source {
    account: u32,
    planting: Option<u32>,
    start: Timestamp,
    own: u32,
    ln_threshold: f64,
    /// The newest query that matched, and the own lines found.
    before: u32,
    found: u32,
    ln_sup: f64,
}

/// A source that a call brought over its threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reached {
    /// Place of its account in the evidence.
    pub account: usize,
    /// Place of its planting; `None` for all lines of the account.
    pub planting: Option<usize>,
    /// ln of its evidence.
    pub ln_e: f64,
    /// ln of its threshold.
    pub ln_threshold: f64,
}

impl Standing {
    /// Sets up all sources of `evidence` and takes its confirmed calls, each
    /// line of which is asked about by itself.
    ///
    /// Sources of which somebody saw a part (see `Evidence::revelations`) are
    /// left out. `None` where the registered bets stake everything or the
    /// tables would grow too large.
    pub fn new(evidence: &Evidence<'_>) -> Option<Self> {
        let desk = Desk::new(evidence);
        let rules = evidence.rules;
        let of_account = |account: usize| {
            let lines = lines_of(&desk, account);
            let pairs = desk.plantings[account]
                .iter()
                .map(|&planting| (Some(planting as u32), Process::of_planting(&desk, account, planting, &lines)));
            let all = std::iter::once((None, Process::of_account(&desk, account, &lines))).chain(pairs);
            let sources = all.filter(|(_, process)| process.shown.is_empty()).map(|(planting, process)| {
                let source = Source {
                    account: account as u32,
                    planting,
                    start: process.start,
                    own: process.own.len() as u32,
                    ln_threshold: process.ln_threshold,
                    before: 0,
                    found: 0,
                    ln_sup: 0.0,
                };
                (source, process.own)
            });
            sources.collect::<Vec<_>>()
        };
        let all: Vec<(Source, Vec<u32>)> =
            (0..evidence.accounts.len()).into_par_iter().flat_map_iter(of_account).collect();
        let mut bearers = vec![Vec::new(); rules.pool as usize];
        let mut sources = Vec::with_capacity(all.len());
        for (source, own) in all {
            own.iter().for_each(|&line| bearers[line as usize].push(sources.len() as u32));
            sources.push(source);
        }
        let queries = vec![LineQuery { lines: 1, set: false }; rules.pool as usize];
        let mut tables = HashMap::new();
        for source in &sources {
            if let std::collections::hash_map::Entry::Vacant(entry) = tables.entry(source.own) {
                entry.insert(Table::new(&queries, rules.pool, source.own, &rules.theta_lambdas)?);
            }
        }
        let points = rules.theta_lambdas.len();
        let mut standing = Self {
            points,
            tables,
            terms: vec![0.0; sources.len() * points],
            sources,
            bearers,
            newest: vec![None; rules.pool as usize],
            rang: Vec::new(),
        };
        for call in &desk.calls {
            for &(line, _) in &call.lines {
                standing.confirm(line, call.at);
            }
        }
        Some(standing)
    }

    /// Takes a call on `line` (its place in the pool) that was confirmed and is
    /// dated `at`; returns the sources that it brings over their thresholds, by
    /// account.
    ///
    /// # Panics
    ///
    /// When there is no such line.
    pub fn confirm(&mut self, line: u32, at: Timestamp) -> Vec<Reached> {
        let before = self.newest[line as usize];
        // Whoever could be asked now was asked at that hit, or starts later.
        if before.is_some_and(|before| before >= at) {
            return Vec::new();
        }
        if let Some(before) = before {
            let place = self.rang.partition_point(|&time| time < before);
            self.rang.remove(place);
        }
        self.rang.insert(self.rang.partition_point(|&time| time < at), at);
        self.newest[line as usize] = Some(at);
        let mut reached = Vec::new();
        for &place in &self.bearers[line as usize] {
            let source = &mut self.sources[place as usize];
            if source.start > at || before.is_some_and(|before| before >= source.start) {
                continue;
            }
            let query = self.rang.len() - self.rang.partition_point(|&time| time < source.start);
            let terms = &mut self.terms[place as usize * self.points..][..self.points];
            let mut run = Run::resume(&self.tables[&source.own], terms, source.before, source.found);
            run.matched(query as u32, 1);
            terms.copy_from_slice(run.terms());
            let ln_e = run.ln_e();
            if ln_e >= source.ln_threshold && source.ln_sup < source.ln_threshold {
                let planting = source.planting.map(|planting| planting as usize);
                let account = source.account as usize;
                reached.push(Reached { account, planting, ln_e, ln_threshold: source.ln_threshold });
            }
            (source.before, source.found) = (query as u32, source.found + 1);
            source.ln_sup = source.ln_sup.max(ln_e);
        }
        reached
    }

    /// How many sources there are.
    pub fn sources(&self) -> usize {
        self.sources.len()
    }

    /// How many of them have `line`.
    pub fn bearers(&self, line: u32) -> usize {
        self.bearers[line as usize].len()
    }

    /// ln of the largest line evidence of each source, with account and planting.
    pub fn ln_sups(&self) -> impl Iterator<Item = (usize, Option<usize>, f64)> {
        self.sources
            .iter()
            .map(|source| (source.account as usize, source.planting.map(|planting| planting as usize), source.ln_sup))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribute::path;
    use crate::attribute::testing::{World, second};
    use crate::codebook::Sizes;
    use crate::derive::{Draw, Stream};

    /// Accounts and batches that start at different times, and calls whose
    /// dates do not rise.
    fn world(seed: u8) -> World {
        let mut draw = Stream::new(&[seed; 32]);
        let mut world = World::new(u64::from(seed), 30, Sizes { pool: 60, account: 12, standing: 2 });
        for account in 0..30 {
            world.accounts[account].start = second(i64::from(draw.below(60)));
            for batch in 0..draw.below(3) {
                world.plant(account, &format!("b{batch}"), 4, i64::from(draw.below(100)));
            }
        }
        for _ in 0..150 {
            let found = vec![world.line(draw.below(60))];
            world.hit(i64::from(draw.below(150)), found);
        }
        world
    }

    #[test]
    fn it_stands_where_every_process_run_by_itself_stands() {
        let mut risen = 0;
        for seed in 0..12 {
            let world = world(seed);
            let evidence = world.evidence();
            let desk = Desk::new(&evidence);

            let standing = Standing::new(&evidence).expect("tables are small");

            let mut sources = 0;
            for (account, planting, ln_sup) in standing.ln_sups() {
                let lines = lines_of(&desk, account);
                let process = match planting {
                    None => Process::of_account(&desk, account, &lines),
                    Some(planting) => Process::of_planting(&desk, account, planting, &lines),
                };
                let want = path::run(&desk, &process).ln_sup;
                assert!((ln_sup - want).abs() < 1e-9, "seed {seed}: {ln_sup} {want}");
                sources += 1;
                risen += usize::from(want > 0.0);
            }
            assert_eq!(sources, 30 + world.plantings.len());
        }
        assert!(risen > 100, "{risen}");
    }

    #[test]
    fn call_by_call_gives_what_all_at_once_gives_and_tells_of_crossings_once() {
        let mut world = world(3);
        world.rules.n_max = 1;
        world.rules.alpha = 0.5;
        let decisions = std::mem::take(&mut world.decisions);
        let mut standing = Standing::new(&world.evidence()).expect("tables are small");
        let mut reached = Vec::new();
        world.decisions = decisions;
        let evidence = world.evidence();
        for call in &Desk::new(&evidence).calls {
            reached.extend(standing.confirm(call.lines[0].0, call.at));
        }

        let at_once = Standing::new(&evidence).expect("tables are small");
        assert!(standing.ln_sups().eq(at_once.ln_sups()));
        let above = standing.sources.iter().filter(|source| source.ln_sup >= source.ln_threshold).count();
        assert_eq!(reached.len(), above);
        assert!(reached.iter().all(|reached| reached.ln_e >= reached.ln_threshold));
    }
}
