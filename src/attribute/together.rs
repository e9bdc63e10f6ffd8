//! Joint certification of accounts: all that was seen, weighed at once.
//!
//! An account's sources are its own set and the set of each of its plantings;
//! while it is not exposed each of them is a uniform subset of the pool. All of
//! them are left out together, so its e-value at a look may be any fixed average
//! of theirs: half for its own set and half for the mean over the plantings it
//! had. Names multiply: given the lines, the bets on them have mean 1. The
//! weighted sum over looks never falls, and by Markov it reaches n / alpha with
//! probability alpha / n at most.
//!
//! Masked phones, regions and waybill numbers are not weighed here: the
//! processes do that.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::registry::Route;

use super::account::lines_of;
use super::evidence::Desk;
use super::joint::{Filter, Sieve, Source, Sources, Stream, Terms, certify};
use super::looks::{Due, Looks, moment};
use super::mixture::ln_mean_exp;
use super::process::Process;
use super::state::State;
use super::verdict::{Crossing, JointPath, JointSource, JointStep, JointSummary, Look, RouteVerdict};

/// Names are asked only of sources whose lines alone bring this much. That is
/// settled by the lines, given which the bets on names have mean 1.
const NAMES_FROM: f64 = 100.0;

/// What joint certification came to.
pub(super) struct Together {
    looks: Looks,
    ln_threshold: f64,
    /// For each look that came due: candidates and selected sources.
    tallies: Vec<(u64, u32)>,
    /// Accounts with evidence at some look; a step for each such look.
    accounts: BTreeMap<usize, Vec<Step>>,
}

/// An account at one look.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Step {
    /// Place of the look among those that came due.
    look: usize,
    ln_e: f64,
    /// ln of the weighted sum so far.
    ln_s: f64,
    strongest: Part,
}

/// What one source brings to its account's e-value.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Part {
    /// Its planting; `None` for the account's own set.
    planting: Option<usize>,
    lines: u32,
    rang: u32,
    ln_lines: f64,
    ln_names: f64,
    ln_weight: f64,
}

/// A source that is a candidate at some looks.
struct Kept {
    account: usize,
    planting: Option<usize>,
    start: i64,
    lines: Vec<u32>,
    /// Places of those looks, rising.
    looks: Vec<usize>,
}

impl Together {
    /// Takes all looks that came due; `None` where none were registered.
    pub(super) fn new(desk: &Desk<'_>) -> Option<Self> {
        let looks = Looks::new(desk)?;
        let rules = desk.evidence.rules;
        let terms = Terms::new(rules.joint.as_ref()?, rules.n_max);
        let streams: Vec<Stream> =
            looks.due.iter().map(|due| Stream::new(rules.pool, &looks.rings[..due.calls])).collect();
        let kept = survey(desk, &looks, &streams);
        let take = |look| take(desk, &looks.due[look], look, &streams[look], &kept, &terms);
        let taken: Vec<Taken> = (0..looks.due.len()).into_par_iter().map(take).collect();
        let names = hear(desk, &looks, &kept, &taken);
        let (mut accounts, mut tallies) = (BTreeMap::<usize, Vec<Step>>::new(), Vec::new());
        for (look, mut taken) in taken.into_iter().enumerate() {
            tallies.push((taken.candidates, taken.selected));
            for (&source, (_, part)) in taken.sources.iter().zip(&mut taken.parts) {
                if part.ln_lines >= libm::log(NAMES_FROM) {
                    part.ln_names = names.get(&source).map_or(0.0, |names| names[look]);
                }
            }
            for of_account in taken.parts.chunk_by(|(a, _), (b, _)| a == b) {
                let steps = accounts.entry(of_account[0].0).or_default();
                let ln_before = steps.last().map_or(f64::NEG_INFINITY, |step| step.ln_s);
                steps.push(Step::new(look, of_account, ln_before, looks.due[look].ln_weight));
            }
        }
        Some(Self { looks, ln_threshold: rules.ln_joint_threshold(), tallies, accounts })
    }

    /// How far the account's sum is above the threshold, in nats; `None` where
    /// there is no evidence.
    pub(super) fn margin(&self, account: usize) -> Option<f64> {
        Some(self.accounts.get(&account)?.last()?.ln_s - self.ln_threshold)
    }

    /// The `most` accounts with the largest sums, the largest first.
    pub(super) fn strongest(&self, most: usize) -> Vec<usize> {
        let mut all: Vec<(f64, usize)> =
            self.accounts.keys().filter_map(|&account| Some((self.margin(account)?, account))).collect();
        all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let named = all.partition_point(|(margin, _)| *margin >= 0.0);
        all.truncate(most.max(named));
        all.into_iter().map(|(_, account)| account).collect()
    }

    /// The verdict on an account, if it is named.
    pub(super) fn verdict(&self, account: usize) -> Option<RouteVerdict> {
        let crossed = self.crossed(account)?;
        let now = self.accounts[&account].last()?.ln_s;
        Some(RouteVerdict {
            route: Route::Joint,
            batch: String::new(),
            ln_e_sup: now,
            ln_e_now: now,
            ln_threshold: self.ln_threshold,
            ln_e_crossed: crossed.ln_e,
            crossed_seq: crossed.seq,
            crossed_at: crossed.at,
        })
    }

    fn crossed(&self, account: usize) -> Option<Crossing> {
        let step = self.accounts.get(&account)?.iter().find(|step| step.ln_s >= self.ln_threshold)?;
        let due = &self.looks.due[step.look];
        Some(Crossing { seq: due.seq, at: due.at, ln_e: step.ln_s })
    }

    /// The looks, for a report.
    pub(super) fn summary(&self) -> JointSummary {
        let look = |(due, &(candidates, selected)): (&Due, &(u64, u32))| Look {
            r: due.r,
            calls: due.calls as u64,
            seq: due.seq,
            at: due.at,
            weight: libm::exp(due.ln_weight),
            candidates,
            selected,
            skipped: due.skipped.clone(),
        };
        JointSummary {
            ln_threshold: self.ln_threshold,
            calls: self.looks.rings.len() as u64,
            looks: self.looks.due.iter().zip(&self.tallies).map(look).collect(),
            next_calls: self.looks.next_calls,
        }
    }

    /// Every look at one account.
    pub(super) fn path(&self, desk: &Desk<'_>, account: usize) -> JointPath {
        let steps = self.accounts.get(&account).map_or(&[][..], Vec::as_slice);
        let mut ln_s = f64::NEG_INFINITY;
        let path = self.looks.due.iter().enumerate().map(|(look, due)| {
            let step = steps.iter().find(|step| step.look == look);
            ln_s = step.map_or(ln_s, |step| step.ln_s);
            JointStep {
                r: due.r,
                calls: due.calls as u64,
                seq: due.seq,
                at: due.at,
                weight: libm::exp(due.ln_weight),
                skipped: due.skipped.clone(),
                ln_e: step.map_or(f64::NEG_INFINITY, |step| step.ln_e),
                ln_s,
                strongest: step.map(|step| step.strongest.describe(desk)),
            }
        });
        let steps = path.collect();
        JointPath { ln_threshold: self.ln_threshold, ln_s, crossed: self.crossed(account), steps }
    }
}

impl Step {
    /// The step of an account at a look, from what its candidates bring.
    fn new(look: usize, parts: &[(usize, Part)], ln_before: f64, ln_weight: f64) -> Self {
        let terms: Vec<f64> = parts.iter().map(|(_, part)| part.ln_e()).collect();
        let ln_e = ln_sum_exp(&terms);
        let strongest = parts.iter().map(|(_, part)| *part).reduce(|a, b| if b.ln_e() > a.ln_e() { b } else { a });
        Self {
            look,
            ln_e,
            ln_s: ln_sum_exp(&[ln_before, ln_weight + ln_e]),
            strongest: strongest.expect("a step has a part"),
        }
    }
}

impl Part {
    /// ln of its weighted e-value.
    fn ln_e(&self) -> f64 {
        self.ln_weight + self.ln_lines + self.ln_names
    }

    fn describe(&self, desk: &Desk<'_>) -> JointSource {
        JointSource {
            batch: self.planting.map(|planting| desk.evidence.plantings[planting].key.batch.clone()),
            lines: self.lines,
            rang: self.rang,
            ln_lines: self.ln_lines,
            ln_names: self.ln_names,
            weight: libm::exp(self.ln_weight),
        }
    }
}

fn ln_sum_exp(terms: &[f64]) -> f64 {
    ln_mean_exp(terms) + libm::log(terms.len() as f64)
}

/// Goes once through all codewords and keeps those of candidates.
fn survey(desk: &Desk<'_>, looks: &Looks, streams: &[Stream]) -> Vec<Kept> {
    let rules = desk.evidence.rules;
    let share = rules.joint.as_ref().map_or(0.0, |joint| joint.candidates as f64 / rules.n_max as f64);
    let mut sizes: Vec<usize> = desk.evidence.plantings.iter().map(|row| row.lines as usize).collect();
    sizes.extend([rules.account_lines as usize, rules.standing_lines as usize]);
    sizes.sort_unstable();
    sizes.dedup();
    let taken: Vec<usize> = (0..looks.due.len()).filter(|&look| looks.due[look].skipped.is_none()).collect();
    if taken.is_empty() {
        return Vec::new();
    }
    let filter = |&look: &usize| Filter::new(&streams[look], share, sizes.iter().copied());
    let filters: Vec<Filter<'_>> = taken.par_iter().map(filter).collect();
    let starts = desk.evidence.accounts.iter().map(|row| row.start);
    let starts = starts.chain(desk.evidence.plantings.iter().map(|row| row.at)).map(moment);
    let sieve = Sieve::new(filters, starts);
    let of_account = |account: usize| {
        let mut kept = Vec::new();
        for (planting, start, lines) in sources(desk, account) {
            let keeps = sieve.keeps(moment(start), &lines).into_iter().map(|place| taken[place]);
            let looks: Vec<usize> = keeps.filter(|&look| start <= looks.due[look].decided).collect();
            if !looks.is_empty() {
                kept.push(Kept { account, planting, start: moment(start), lines, looks });
            }
        }
        kept
    };
    (0..desk.evidence.accounts.len()).into_par_iter().flat_map_iter(of_account).collect()
}

/// An account's own set and those of its plantings, with their starts.
fn sources(desk: &Desk<'_>, account: usize) -> Vec<(Option<usize>, jiff::Timestamp, Vec<u32>)> {
    let lines = lines_of(desk, account);
    let row = &desk.evidence.accounts[account];
    let holder = crate::codebook::Holder::Account(&row.name);
    let pair = |&planting: &usize| {
        let row = &desk.evidence.plantings[planting];
        (Some(planting), row.at, desk.batch_set(holder, row, &lines))
    };
    let pairs: Vec<_> = desk.plantings[account].iter().map(pair).collect();
    std::iter::once((None, row.start, lines.all)).chain(pairs).collect()
}

/// What one look found.
#[derive(Default)]
struct Taken {
    /// What each candidate brings, with its account; by account. Names are heard later.
    parts: Vec<(usize, Part)>,
    /// The candidate behind each part.
    sources: Vec<usize>,
    candidates: u64,
    selected: u32,
}

/// Takes one look, unless it is skipped.
fn take(desk: &Desk<'_>, due: &Due, look: usize, stream: &Stream, kept: &[Kept], terms: &Terms) -> Taken {
    let is_candidate = |place: &usize| kept[*place].looks.binary_search(&look).is_ok();
    let places: Vec<usize> = (0..kept.len()).filter(is_candidate).collect();
    let packed = places.iter().map(|&place| &kept[place]).map(|kept| Source {
        owner: kept.account as u32,
        start: kept.start,
        lines: &kept.lines,
    });
    let sources: Sources = packed.collect();
    if due.skipped.is_some() || sources.is_empty() {
        return Taken::default();
    }
    let certificate = certify(stream, &sources, terms);
    // Somebody saw lines of it: the calls may depend on them.
    let is_known = |account: usize| {
        desk.revelations.get(&account).is_some_and(|rows| rows.iter().any(|row| row.after_seq < due.seq))
    };
    let part = |(&place, &ln_lines): (&usize, &f64)| {
        let source = &kept[place];
        let part = Part {
            planting: source.planting,
            lines: source.lines.len() as u32,
            rang: stream.rang(&source.lines, source.start) as u32,
            ln_lines,
            ln_names: 0.0,
            ln_weight: ln_weight(desk, source, due),
        };
        (place, (source.account, part))
    };
    let judged = places.par_iter().zip(&certificate.ln_e).filter(|(place, _)| !is_known(kept[**place].account));
    let (places, parts) = judged.map(part).unzip();
    Taken { parts, sources: places, candidates: sources.len() as u64, selected: certificate.selected.len() as u32 }
}

/// ln of a source's weight within its account.
fn ln_weight(desk: &Desk<'_>, source: &Kept, due: &Due) -> f64 {
    let planted = |planting: &&usize| desk.evidence.plantings[**planting].at <= due.decided;
    let plantings = desk.plantings[source.account].iter().filter(planted).count();
    match source.planting {
        None if plantings == 0 => 0.0,
        None => -std::f64::consts::LN_2,
        Some(_) => -libm::log(2.0 * plantings as f64),
    }
}

/// For each candidate whose lines alone bring enough at some look: ln of the
/// evidence of names at every look.
fn hear(desk: &Desk<'_>, looks: &Looks, kept: &[Kept], taken: &[Taken]) -> BTreeMap<usize, Vec<f64>> {
    let enough = libm::log(NAMES_FROM);
    let strong = |taken: &Taken| {
        let parts = taken.sources.iter().zip(&taken.parts).filter(|(_, (_, part))| part.ln_lines >= enough);
        parts.map(|(&source, _)| source).collect::<Vec<usize>>()
    };
    let strong: BTreeSet<usize> = taken.iter().flat_map(strong).collect();
    let mut named = vec![false; desk.evidence.rules.pool as usize];
    for heard in desk.calls.iter().flat_map(|call| &call.persons) {
        heard.on.lines().iter().for_each(|(line, _)| named[*line as usize] = true);
    }
    let is_named = |source: &usize| kept[*source].lines.iter().any(|&line| named[line as usize]);
    let strong: Vec<usize> = strong.into_iter().filter(is_named).collect();
    strong.into_par_iter().map(|source| (source, ln_names(desk, looks, &kept[source]))).collect()
}

/// ln of the evidence of names heard on a source's lines, at each look.
fn ln_names(desk: &Desk<'_>, looks: &Looks, source: &Kept) -> Vec<f64> {
    let lines = lines_of(desk, source.account);
    let process = match source.planting {
        None => Process::of_account(desk, source.account, &lines),
        Some(planting) => Process::of_planting(desk, source.account, planting, &lines),
    };
    let mut state = State::of_names(&process, desk);
    let news = desk.topics.from(process.start).into_iter().map(|place| &desk.calls[place as usize]);
    let mut news = news.filter(|call| call.at >= process.start).peekable();
    let at_look = |due: &Due| {
        while let Some(call) = news.next_if(|call| call.seq <= due.seq) {
            for question in call.questions() {
                state.answer(call, question);
            }
        }
        state.ln_names()
    };
    looks.due.iter().map(at_look).collect()
}
