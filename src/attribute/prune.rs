//! Finding the strongest accounts without scoring all of them in full.
//!
//! Each account gets an upper bound of what its best process can have reached:
//! the exact line evidence from tables, plus the most that statements heard on
//! its lines could have added, first for any persona, then for its own. Only
//! accounts whose bound reaches the answer are run through the state machine;
//! what is left out could neither be named nor ranked, so the answer is the one
//! that scoring everybody gives.

use std::collections::HashMap;

use rayon::prelude::*;

use crate::persona::{PersonaMaker, PersonaPattern, Role};

use super::RANKED;
use super::account::{Score, lines_of};
use super::evidence::{Desk, HeardOn};
use super::process::Process;
use super::sequence::{Ask, LineQuery, Sequence, Sequences};
use super::slot::Slot;
use super::table::Table;

/// Bounds and the state machine add in different order: what is closer than
/// this to the answer is scored.
const SLACK: f64 = 1e-6;

/// Sources of one class from which a table of its own pays.
const WORTH_A_TABLE: usize = 16;

/// The accounts that are named and the first [`RANKED`], strongest first; of
/// equals the one bound first.
pub(super) fn strongest(desk: &Desk<'_>, sequences: &Sequences) -> Vec<Score> {
    let bounds = Bounds::new(desk, sequences);
    let accounts = desk.evidence.accounts.len();
    let rough: Vec<Bound> = (0..accounts).into_par_iter().map(|account| bounds.rough(account)).collect();

    // A first list gives a mark that the answer will not fall below.
    let mut by_lines: Vec<usize> = (0..accounts).collect();
    let first = (4 * RANKED).min(accounts);
    if first < accounts {
        by_lines.select_nth_unstable_by(first, |&a, &b| rough[b].lines.total_cmp(&rough[a].lines).then(a.cmp(&b)));
    }
    by_lines.truncate(first);
    by_lines.sort_unstable();
    let mut scores = keep_strongest(score_all(desk, sequences, &by_lines));
    let mark = mark(&scores);

    let open = |account: &usize| rough[*account].any >= mark && by_lines.binary_search(account).is_err();
    let open: Vec<usize> = (0..accounts).filter(open).collect();
    let close: Vec<f64> = open.par_iter().map(|&account| bounds.close(account)).collect();
    let mut open: Vec<(usize, f64)> = open.into_iter().zip(close).filter(|(_, bound)| *bound >= mark).collect();
    open.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    for chunk in open.chunks(256) {
        // The list is sorted: once its best is below the answer, all are.
        if chunk[0].1 < self::mark(&scores) {
            break;
        }
        let accounts: Vec<usize> = chunk.iter().map(|(account, _)| *account).collect();
        scores.extend(score_all(desk, sequences, &accounts));
        scores = keep_strongest(scores);
    }
    scores
}

/// Scores every account in full: what [`strongest`] must agree with.
#[cfg(test)]
pub(super) fn unpruned(desk: &Desk<'_>, sequences: &Sequences) -> Vec<Score> {
    let accounts: Vec<usize> = (0..desk.evidence.accounts.len()).collect();
    keep_strongest(score_all(desk, sequences, &accounts))
}

fn score_all(desk: &Desk<'_>, sequences: &Sequences, accounts: &[usize]) -> Vec<Score> {
    accounts.par_iter().map(|&account| Score::new(desk, sequences, account)).collect()
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

/// An account's bounds, as margins over its thresholds.
struct Bound {
    /// Of the lines alone.
    lines: f64,
    /// With the most that any persona could add.
    any: f64,
}

struct Bounds<'d, 'a> {
    desk: &'d Desk<'a>,
    sequences: &'d Sequences,
    /// By class (`None`: all classes without sets) and number of own lines.
    tables: HashMap<(Option<usize>, u32), Table>,
    /// By class and template: the most that statements on a line can add.
    heard: HashMap<(usize, &'a str), HashMap<u32, f64>>,
    /// Plantings of which a number was seen.
    numbered: Vec<usize>,
}

/// Whether personas are looked at.
#[derive(Clone, Copy, PartialEq)]
enum Personas {
    Any,
    Own,
}

impl<'d, 'a> Bounds<'d, 'a> {
    fn new(desk: &'d Desk<'a>, sequences: &'d Sequences) -> Self {
        let rules = desk.evidence.rules;
        let mut sources: HashMap<usize, usize> = HashMap::new();
        let starts = desk.evidence.accounts.iter().map(|row| row.start);
        for start in starts.chain(desk.evidence.plantings.iter().map(|row| row.at)) {
            *sources.entry(sequences.class(start)).or_default() += 1;
        }
        let mut sizes: Vec<u32> = desk.evidence.plantings.iter().map(|row| row.lines).collect();
        sizes.extend([rules.account_lines, rules.standing_lines]);
        sizes.sort_unstable();
        sizes.dedup();

        // Without sets all classes ask one line at a time: one table serves all.
        let longest = sequences.all().filter(|(_, s)| !s.sets).map(|(_, s)| s.queries.len()).max().unwrap_or(0);
        let plain = vec![LineQuery { lines: 1, set: false }; longest];
        let worth = |class: &usize| sources.get(class).is_some_and(|&count| count >= WORTH_A_TABLE);
        let mut wanted: Vec<(Option<usize>, &[LineQuery])> = vec![(None, &plain)];
        wanted.extend(
            sequences.all().filter(|(class, s)| s.sets && worth(class)).map(|(c, s)| (Some(c), &s.queries[..])),
        );
        let wanted: Vec<_> =
            wanted.iter().flat_map(|&(c, queries)| sizes.iter().map(move |&own| (c, queries, own))).collect();
        let tables = wanted
            .into_par_iter()
            .filter_map(|(class, queries, own)| {
                Some(((class, own), Table::new(queries, rules.pool, own, &rules.theta_lambdas)?))
            })
            .collect();

        let classes: Vec<_> = sequences.all().filter(|(class, s)| worth(class) && !s.said.is_empty()).collect();
        let heard = classes
            .into_par_iter()
            .flat_map_iter(|(class, sequence)| {
                let makers = desk.evidence.makers.iter();
                makers.map(move |(id, maker)| ((class, id.as_str()), most_heard(desk, sequence, maker.as_ref())))
            })
            .collect();
        let mut numbered: Vec<usize> =
            desk.calls.iter().flat_map(|call| &call.numbers).filter_map(|number| Some(number.owner?.0)).collect();
        numbered.sort_unstable();
        numbered.dedup();
        Self { desk, sequences, tables, heard, numbered }
    }

    fn rough(&self, account: usize) -> Bound {
        let mut bound = Bound { lines: f64::NEG_INFINITY, any: f64::NEG_INFINITY };
        for process in self.processes(account) {
            let (lines, names) = self.of(&process, account, Personas::Any);
            bound.lines = bound.lines.max(lines - process.ln_threshold);
            bound.any = bound.any.max(lines + names - process.ln_threshold);
        }
        bound
    }

    fn close(&self, account: usize) -> f64 {
        let of = |process: Process<'_>| {
            let (lines, names) = self.of(&process, account, Personas::Own);
            lines + names - process.ln_threshold
        };
        self.processes(account).map(of).fold(f64::NEG_INFINITY, f64::max)
    }

    fn processes(&self, account: usize) -> impl Iterator<Item = Process<'a>> {
        let (desk, lines) = (self.desk, lines_of(self.desk, account));
        let own = Process::of_account(desk, account, &lines);
        let pairs = desk.plantings[account].iter().map(move |&p| Process::of_planting(desk, account, p, &lines));
        std::iter::once(own).chain(pairs)
    }

    /// Bounds of the largest ln of the evidence: that of lines, and what is
    /// to be added for names. Numbers add nothing where none of its own was
    /// seen.
    fn of(&self, process: &Process<'_>, account: usize, personas: Personas) -> (f64, f64) {
        const UNKNOWN: (f64, f64) = (0.0, f64::INFINITY);
        let class = self.sequences.class(process.start);
        let sequence = self.sequences.of(process.start);
        let asks_names = process.maker.is_some() && !process.roles.is_empty();
        let has_number = |p: &usize| self.numbered.binary_search(p).is_ok();
        if !process.shown.is_empty()
            || (sequence.regions && asks_names)
            || process.numbers.iter().flat_map(|own| &own.plantings).any(has_number)
        {
            return UNKNOWN;
        }
        let rung = process.own.iter().map(|&line| (sequence.asked_at[line as usize], line));
        let mut rung: Vec<(u32, u32)> = rung.filter(|(query, _)| *query > 0).collect();
        if rung.is_empty() {
            return (0.0, 0.0);
        }
        let Some(table) = self.tables.get(&(sequence.sets.then_some(class), process.own.len() as u32)) else {
            return UNKNOWN;
        };
        rung.sort_unstable();
        let mut matches: Vec<(u32, u32)> = Vec::with_capacity(rung.len());
        for &(query, _) in &rung {
            match matches.last_mut() {
                Some((last, lines)) if *last == query => *lines += 1,
                _ => matches.push((query, 1)),
            }
        }
        let lines = table.ln_sup(&matches);
        if !asks_names || sequence.said.is_empty() {
            return (lines, 0.0);
        }
        let heard = self.heard.get(&(class, self.desk.evidence.accounts[account].template.as_str()));
        let names = rung.iter().map(|(_, line)| match (sequence.said.get(line), personas) {
            (None, _) => 0.0,
            (Some(_), Personas::Any) => heard.map_or(f64::INFINITY, |heard| heard[line]),
            (Some(steps), Personas::Own) => self.own_names(process, sequence, *line, steps),
        });
        (lines, names.sum())
    }

    /// The most that statements on one own line added, given its personas:
    /// a match adds at most -ln q, and q is at least this line's own chance.
    fn own_names(&self, process: &Process<'_>, sequence: &Sequence, line: u32, steps: &[usize]) -> f64 {
        let Some(maker) = process.maker else { return 0.0 };
        let of_role = |&role: &Role| {
            let persona = maker.persona(role, &self.desk.evidence.codebook.persona_seed(process.holder, role, line));
            let counts = |at: &Option<Role>| at.is_none_or(|at| at == role || !process.roles.contains(&at));
            let patterns = statements(self.desk, sequence, line, steps);
            let patterns = patterns.filter(|(_, at)| counts(at)).map(|(pattern, _)| pattern);
            if !patterns.clone().any(|pattern| pattern.matches(&persona)) {
                return 0.0;
            }
            let (mut slot, mut sum) = (Slot::default(), 0.0);
            for pattern in patterns {
                let fits = pattern.matches(&persona);
                if fits {
                    sum -= libm::log(slot.chance(maker, role, pattern));
                }
                slot.learn(pattern, fits);
            }
            sum
        };
        process.roles.iter().map(of_role).sum()
    }
}

/// The statements made about `line` at `steps`, and the role it stood at.
fn statements<'s>(
    desk: &'s Desk<'_>,
    sequence: &'s Sequence,
    line: u32,
    steps: &'s [usize],
) -> impl Iterator<Item = (&'s PersonaPattern, Option<Role>)> + Clone {
    steps.iter().filter_map(move |&step| {
        let Ask::Name(index) = sequence.steps[step].ask else { return None };
        let heard = &desk.calls[sequence.steps[step].call].persons[index];
        let HeardOn::Lines(lines) = &heard.on else { return None };
        let at = lines.iter().find(|(other, _)| *other == line)?.1;
        Some((&heard.pattern, at))
    })
}

/// For each line on which something was said, the most that this can add for
/// any persona of the maker, in both roles.
fn most_heard(desk: &Desk<'_>, sequence: &Sequence, maker: &dyn PersonaMaker) -> HashMap<u32, f64> {
    let of_line = |(&line, steps): (&u32, &Vec<usize>)| {
        let said: Vec<(&PersonaPattern, Option<Role>)> = statements(desk, sequence, line, steps).collect();
        let mut patterns: Vec<&PersonaPattern> = Vec::new();
        for (pattern, _) in &said {
            if !patterns.contains(pattern) {
                patterns.push(pattern);
            }
        }
        // Which statements a role hears depends on the source where columns
        // name roles; and many statements take long to weigh.
        let mixed = patterns.len() > 1 && said.iter().any(|(_, at)| at.is_some());
        if mixed || patterns.len() > MOST_STATEMENTS {
            return (line, f64::INFINITY);
        }
        let of_role = |role| most(maker, role, &Slot::default(), &patterns);
        (line, of_role(Role::Sender) + of_role(Role::Recipient))
    };
    sequence.said.iter().map(of_line).collect()
}

/// Statements on one line that are still weighed against each other.
const MOST_STATEMENTS: usize = 4;

/// The most that distinct statements about one persona can add.
fn most(maker: &dyn PersonaMaker, role: Role, slot: &Slot, patterns: &[&PersonaPattern]) -> f64 {
    let Some((first, rest)) = patterns.split_first() else { return 0.0 };
    let q = slot.chance(maker, role, first);
    let branch = |fits| {
        let mut slot = slot.clone();
        slot.learn(first, fits);
        most(maker, role, &slot, rest)
    };
    let hit = if q > 0.0 { branch(true) - libm::log(q) } else { f64::NEG_INFINITY };
    let miss = if q < 1.0 { branch(false) } else { f64::NEG_INFINITY };
    hit.max(miss)
}
