//! Finding the strongest accounts without scoring all of them in full.
//!
//! Each account gets an upper bound of what its best process can have reached:
//! the exact line evidence from tables, plus the most that statements heard on
//! its lines could have added, first for any persona, then for its own. Only
//! accounts whose bound reaches the answer are run through the state machine;
//! what is left out could neither be named nor ranked, so the answer is the one
//! that scoring everybody gives.

use std::collections::HashMap;

use jiff::Timestamp;
use rayon::prelude::*;

use super::RANKED;
use super::account::{Score, lines_of};
use super::evidence::{Call, Desk, HeardOn};
use super::process::Process;
use super::said::Said;
use super::scope::Symbol;
use super::sequence::{LineQuery, Sequences};
use super::table::Table;
use super::tight;

/// Bounds and the state machine add in different order: what is closer than
/// this to the answer is scored.
pub(super) const SLACK: f64 = 1e-6;

/// Accounts that are looked at first, for a mark that the answer cannot fall
/// below.
const SAMPLE: usize = 4_000;

/// The accounts that are named and the first [`RANKED`], strongest first; of
/// equals the one bound first.
pub(super) fn strongest(bounds: &Bounds<'_, '_>) -> Vec<Score> {
    let desk = bounds.desk;
    let accounts = desk.evidence.accounts.len();
    let sampled = strongest_by_lines(bounds, accounts);
    let mut scores = keep_strongest(score_all(desk, &sampled));

    let low = mark(&scores);
    let all: Vec<f64> = (0..accounts).into_par_iter().map(|account| bounds.margin(account, low)).collect();
    let open = |account: &usize| all[*account] >= low && !sampled.contains(account);
    let mut open: Vec<usize> = (0..accounts).filter(open).collect();
    open.sort_by(|&a, &b| all[b].total_cmp(&all[a]).then(a.cmp(&b)));
    for chunk in open.chunks(4 * RANKED) {
        // The list is sorted: once its best is below the answer, all are.
        if all[chunk[0]] < mark(&scores) {
            break;
        }
        scores.extend(score_all(desk, chunk));
        scores = keep_strongest(scores);
    }
    scores
}

/// The accounts of a sample whose lines alone look strongest.
fn strongest_by_lines(bounds: &Bounds<'_, '_>, accounts: usize) -> Vec<usize> {
    let sample: Vec<usize> = (0..accounts).step_by(accounts.div_ceil(SAMPLE).max(1)).collect();
    let margins = sample.into_par_iter().map(|account| (account, bounds.line_margin(account)));
    let mut margins: Vec<(usize, f64)> = margins.collect();
    margins.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    margins.truncate(2 * RANKED);
    margins.into_iter().map(|(account, _)| account).collect()
}

/// Scores every account in full: what [`strongest`] must agree with.
#[cfg(test)]
pub(super) fn unpruned(bounds: &Bounds<'_, '_>) -> Vec<Score> {
    let desk = bounds.desk;
    let accounts: Vec<usize> = (0..desk.evidence.accounts.len()).collect();
    keep_strongest(score_all(desk, &accounts))
}

fn score_all(desk: &Desk<'_>, accounts: &[usize]) -> Vec<Score> {
    accounts.par_iter().map(|&account| Score::new(desk, account)).collect()
}

fn keep_strongest(mut scores: Vec<Score>) -> Vec<Score> {
    scores.sort_by(|a, b| b.margin().total_cmp(&a.margin()).then(a.account.cmp(&b.account)));
    let named = scores.partition_point(|score| score.margin() >= 0.0);
    scores.truncate(named.max(RANKED));
    scores
}

/// Accounts whose bound stays below this are not in the answer.
fn mark(scores: &[Score]) -> f64 {
    let last = scores.get(RANKED - 1).map_or(f64::NEG_INFINITY, Score::margin);
    last.min(0.0) - SLACK
}

/// Upper bounds of evidence, for one answer.
pub(super) struct Bounds<'d, 'a> {
    pub(super) desk: &'d Desk<'a>,
    pub(super) sequences: &'d Sequences,
    /// By class (`None`: all classes without sets) and number of own lines.
    tables: HashMap<(Option<usize>, u32), Table>,
    said: Said<'d, 'a>,
    /// By scope: the symbols that calls show, in order, with when.
    symbols: Vec<Vec<(Timestamp, Symbol)>>,
    /// When somebody was last described without a line.
    last_region: Option<Timestamp>,
    /// Plantings of which a number was seen.
    numbered: Vec<usize>,
}

/// What rang of a process's lines.
struct Rung {
    lines: Vec<u32>,
    /// Queries with the line they found, where each is about one line.
    asked: Vec<(u32, u32)>,
    /// The queries that matched, with the lines that each found.
    matches: Vec<(u32, u32)>,
    /// The table of such processes; `None` where nothing rang.
    table: Option<(Option<usize>, u32)>,
    /// ln of the largest evidence of shared slots.
    ln_slots: f64,
}

impl<'d, 'a> Bounds<'d, 'a> {
    pub(super) fn new(desk: &'d Desk<'a>, sequences: &'d Sequences) -> Self {
        let rules = desk.evidence.rules;
        let mut sizes: Vec<u32> = desk.evidence.plantings.iter().map(|row| row.lines).collect();
        sizes.extend([rules.account_lines, rules.standing_lines]);
        sizes.sort_unstable();
        sizes.dedup();

        // Without sets all classes ask one line at a time: one table serves all.
        let plain = vec![LineQuery { lines: 1, set: false }; sequences.longest() as usize];
        let with_sets = sequences.with_sets().into_iter().map(|(class, queries)| (Some(class), queries));
        let shapes: Vec<(Option<usize>, &[LineQuery])> = std::iter::once((None, &plain[..])).chain(with_sets).collect();
        let wanted = shapes.iter().flat_map(|&shape| sizes.iter().map(move |&own| (shape, own)));
        let tables = wanted
            .collect::<Vec<_>>()
            .into_par_iter()
            .filter_map(|((class, queries), own)| {
                Some(((class, own), Table::new(queries, rules.pool, own, &rules.theta_lambdas)?))
            })
            .collect();

        let is_region = |call: &&Call| call.persons.iter().any(|heard| heard.on == HeardOn::Anybody);
        let last_region = desk.calls.iter().filter(is_region).map(|call| call.at).max();
        let mut numbered: Vec<usize> =
            desk.calls.iter().flat_map(|call| &call.numbers).filter_map(|number| Some(number.owner?.0)).collect();
        numbered.sort_unstable();
        numbered.dedup();
        Self { desk, sequences, tables, said: Said::new(desk), symbols: symbols(desk), last_region, numbered }
    }

    /// Bound of how far above its threshold any process of `account` was; may
    /// stay rough where that is below `mark`.
    fn margin(&self, account: usize, mark: f64) -> f64 {
        let of = |process: Process<'_>| {
            let Some(rung) = self.rung(&process) else { return f64::INFINITY };
            // Each bound costs more than the one before.
            let most = self.ln_most(&rung) - process.ln_threshold;
            let mut rough = most + self.said.any(&process, &rung.lines);
            if rough >= mark {
                rough = most + self.said.own(&process, &rung.lines);
            }
            if rough < mark && !self.may_ask_region(&process, rough) {
                return rough;
            }
            let fine = self.fine(&process, &rung, mark + process.ln_threshold) - process.ln_threshold;
            if self.may_ask_region(&process, fine) { f64::INFINITY } else { fine }
        };
        self.processes(account).map(of).fold(f64::NEG_INFINITY, f64::max)
    }

    /// The same of lines alone, which is no bound.
    fn line_margin(&self, account: usize) -> f64 {
        let of =
            |process: Process<'_>| self.rung(&process).map_or(0.0, |rung| self.ln_lines(&rung)) - process.ln_threshold;
        self.processes(account).map(of).fold(f64::NEG_INFINITY, f64::max)
    }

    /// Bound of the largest ln of the evidence of any process of `account`.
    pub(super) fn ln_any(&self, account: usize) -> f64 {
        self.processes(account).map(|process| self.ln_sup(&process)).fold(0.0, f64::max)
    }

    /// Bound of the largest ln of the evidence of a process.
    pub(super) fn ln_sup(&self, process: &Process<'_>) -> f64 {
        let Some(rung) = self.rung(process) else { return f64::INFINITY };
        let bound = self.fine(process, &rung, libm::log(10.0));
        if self.may_ask_region(process, bound - process.ln_threshold) { f64::INFINITY } else { bound }
    }

    /// Bound of the largest ln of the evidence without regions, given the own
    /// personas; as tight as it gets unless it is below `enough` before.
    fn fine(&self, process: &Process<'_>, rung: &Rung, enough: f64) -> f64 {
        let fine = self.ln_lines(rung) + self.said.own(process, &rung.lines);
        if fine < enough.min(self.desk.evidence.rules.ln_region_gate())
            || rung.asked.is_empty()
            || !process.asks_names()
        {
            return fine;
        }
        let Some(table) = self.tables.get(&(None, process.own.len() as u32)) else { return fine };
        let tight = tight::ln_sup(self.desk, self.sequences, &self.said, table, process, &rung.asked);
        tight.map_or(fine, |tight| fine.min(tight + rung.ln_slots + SLACK))
    }

    /// Whether a process whose margin without regions is at most `margin` may
    /// have been suspicious enough to be asked about one.
    fn may_ask_region(&self, process: &Process<'_>, margin: f64) -> bool {
        process.asks_names()
            && self.last_region.is_some_and(|at| at >= process.start)
            && margin + process.ln_threshold + SLACK >= self.desk.evidence.rules.ln_region_gate()
    }

    fn processes(&self, account: usize) -> impl Iterator<Item = Process<'a>> {
        let (desk, lines) = (self.desk, lines_of(self.desk, account));
        let own = Process::of_account(desk, account, &lines);
        let pairs = desk.plantings[account].iter().map(move |&p| Process::of_planting(desk, account, p, &lines));
        std::iter::once(own).chain(pairs)
    }

    /// What rang, and the largest evidence of lines and shared slots; `None` where
    /// the process needs the state machine: something of it was shown, one of its
    /// numbers was seen, or masked phones make its questions unlike those of
    /// others. Numbers of nobody only take evidence away.
    fn rung(&self, process: &Process<'_>) -> Option<Rung> {
        let has_number = |p: &usize| self.numbered.binary_search(p).is_ok();
        if !process.shown.is_empty() || process.numbers.iter().flat_map(|own| &own.plantings).any(has_number) {
            return None;
        }
        let asked = self.sequences.asked(&process.own, process.start)?;
        let rung = asked.lines;
        let mut matches: Vec<(u32, u32)> = Vec::with_capacity(rung.len());
        for &(query, _) in &rung {
            match matches.last_mut() {
                Some((last, lines)) if *last == query => *lines += 1,
                _ => matches.push((query, 1)),
            }
        }
        let table = (!matches.is_empty()).then_some((asked.class, process.own.len() as u32));
        if table.is_some_and(|table| !self.tables.contains_key(&table)) {
            return None;
        }
        Some(Rung {
            lines: rung.iter().map(|(_, line)| *line).collect(),
            asked: if asked.class.is_none() { rung } else { Vec::new() },
            matches,
            table,
            ln_slots: self.ln_slot_sup(process),
        })
    }

    /// ln of the largest evidence of lines and shared slots.
    fn ln_lines(&self, rung: &Rung) -> f64 {
        rung.ln_slots + rung.table.map_or(0.0, |table| self.tables[&table].ln_sup(&rung.matches))
    }

    /// The same, or a little more, for less work.
    fn ln_most(&self, rung: &Rung) -> f64 {
        rung.ln_slots + rung.table.map_or(0.0, |table| self.tables[&table].ln_most(&rung.matches))
    }

    /// ln of the largest evidence of the process's shared slots.
    fn ln_slot_sup(&self, process: &Process<'_>) -> f64 {
        let Some(own) = &process.variants else { return 0.0 };
        let scope = &self.desk.scopes[own.scope];
        let (mut asked, mut bets, mut sup) = (vec![false; scope.slots.len()], scope.bets(), 0.0f64);
        for &(_, symbol) in self.symbols[own.scope].iter().filter(|(at, _)| *at >= process.start) {
            if std::mem::replace(&mut asked[symbol.slot], true) {
                continue;
            }
            let matched = own.variants[symbol.slot] == symbol.variant;
            bets.bet(scope.ln_factors(symbol, matched));
            if matched {
                sup = sup.max(bets.ln_e());
            }
        }
        sup
    }
}

fn symbols(desk: &Desk<'_>) -> Vec<Vec<(Timestamp, Symbol)>> {
    let of_scope = |scope: &super::scope::ScopeDesk<'_>| {
        let hits = desk.calls.iter().flat_map(|call| call.shared.iter().map(move |hit| (call, hit)));
        hits.filter_map(|(call, hit)| Some((call.at, scope.symbol(desk, call, hit)?))).collect()
    };
    desk.scopes.iter().map(of_scope).collect()
}
