//! Ghosts: sources that were never planted, scored like the others.
//!
//! Their evidence shows what chance does with this very stream. Each copies
//! the start of a random account and the start and size of a random planting.
//! Should one of them ever reach g / .001, then the key leaked, triage looked at
//! codewords, or planting is not random, and nothing may be concluded.

use rayon::prelude::*;

use crate::codebook::{Codebook, Holder};
use crate::derive::{Draw, Stream};
use crate::registry::Route;
use crate::rules::Rules;

use super::evidence::Desk;
use super::path;
use super::process::{Process, distinct};
use super::prune::{Bounds, SLACK};
use super::verdict::{Alarm, GhostLevel, GhostSummary};

/// A ghost: the account and the planting whose starts it copies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ghost {
    pub(super) number: u32,
    pub(super) account: usize,
    pub(super) planting: Option<usize>,
}

/// All ghosts of an epoch; none while it has no accounts.
///
/// What they copy is drawn from the key, so that an answer repeats exactly.
pub(super) fn ghosts(desk: &Desk<'_>) -> Vec<Ghost> {
    let (accounts, plantings) = (desk.evidence.accounts.len() as u32, desk.evidence.plantings.len() as u32);
    if accounts == 0 {
        return Vec::new();
    }
    let draw = |number| {
        let seed = desk.evidence.codebook.place_seed(Holder::Ghost(number), "", "whose start it copies");
        let mut stream = Stream::new(&seed);
        let account = stream.below(accounts) as usize;
        let planting = (plantings > 0).then(|| stream.below(plantings) as usize);
        Ghost { number, account, planting: planting.filter(|&p| desk.planter[p].is_some()) }
    };
    (0..desk.evidence.rules.ghosts).map(draw).collect()
}

impl Ghost {
    /// Its account process, and its pair process where there is a planting to copy.
    pub(super) fn processes<'a>(self, desk: &Desk<'a>) -> Vec<Process<'a>> {
        let (evidence, codebook): (_, &Codebook) = (desk.evidence, desk.evidence.codebook);
        let holder = Holder::Ghost(self.number);
        let lines = codebook.account_lines(holder);
        let process = |route, start, own: Vec<u32>, roles, account, ln_threshold| Process {
            holder,
            route,
            batch: "",
            start,
            pool: evidence.rules.pool,
            domain: None,
            own,
            roles,
            maker: desk.maker(account),
            template: &evidence.accounts[account].template,
            numbers: Vec::new(),
            variants: None,
            shown: Vec::new(),
            ln_threshold,
        };
        let planted = self.planting.map(|planting| &evidence.plantings[planting]);
        let roles = planted.map_or_else(|| vec![crate::persona::Role::Recipient], |row| distinct(row.roles.clone()));
        let own = lines.all.clone();
        let start = evidence.accounts[self.account].start;
        let ln_threshold = evidence.rules.ln_account_threshold();
        let mut processes = vec![process(Route::Account, start, own, roles.clone(), self.account, ln_threshold)];
        if let (Some(row), Some(planting)) = (planted, self.planting) {
            let account = desk.planter[planting].expect("ghosts copy plantings of bound accounts");
            let own = desk.batch_set(holder, row, &lines);
            let ln_threshold = evidence.rules.ln_pair_threshold(row.j);
            let mut pair = process(Route::Pair, row.at, own, roles, account, ln_threshold);
            pair.variants = desk.own_variants(holder, row);
            processes.push(pair);
        }
        processes
    }
}

/// ln of the largest evidence of the ghost processes that count: of all that
/// may have reached the lowest level reported, and of the strongest in any case.
///
/// The others are left out by the same bounds as real accounts.
pub(super) fn sups(bounds: &Bounds<'_, '_>, ghosts: &[Ghost]) -> Vec<f64> {
    let desk = bounds.desk;
    let of_ghost = |(place, ghost): (usize, &Ghost)| {
        let processes = ghost.processes(desk).into_iter().enumerate();
        processes.map(move |(which, process)| (bounds.ln_sup(&process), place, which))
    };
    let mut open: Vec<(f64, usize, usize)> = ghosts.par_iter().enumerate().flat_map_iter(of_ghost).collect();
    open.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let mut sups: Vec<f64> = Vec::new();
    for chunk in open.chunks(64) {
        let strongest = sups.iter().copied().fold(0.0, f64::max);
        if chunk[0].0 < strongest.min(libm::log(f64::from(LEVELS[0]))) - SLACK {
            break;
        }
        let run = |&(_, place, which): &(f64, usize, usize)| {
            let process = ghosts[place].processes(desk).swap_remove(which);
            path::run(desk, &process).ln_sup
        };
        sups.extend(chunk.par_iter().map(run).collect::<Vec<f64>>());
    }
    sups
}

/// Levels at which ghosts are counted.
const LEVELS: [u32; 3] = [10, 100, 1000];

/// Sums the ghosts up and says whether they raise the alarm.
pub(super) fn sum_up(
    rules: &Rules,
    ghosts: &[Ghost],
    sups: &[f64],
    batch_sups: &[f64],
) -> (GhostSummary, Option<Alarm>) {
    let largest = |sups: &[f64]| sups.iter().copied().fold(0.0, f64::max);
    let (ln_e, ln_batch_e) = (largest(sups), largest(batch_sups));
    let ln_alarm = rules.ln_ghost_alarm();
    let ln_batch_alarm = libm::log(batch_sups.len() as f64 / 0.001);
    let processes: usize = ghosts.iter().map(|ghost| 1 + usize::from(ghost.planting.is_some())).sum();
    let reached = LEVELS.map(|e| GhostLevel {
        e,
        ghosts: sups.iter().filter(|&&sup| sup >= libm::log(f64::from(e))).count() as u32,
        bound: processes as f64 / f64::from(e),
    });
    let summary = GhostSummary {
        ghosts: ghosts.len() as u32,
        ghost_batches: batch_sups.len() as u32,
        ln_e_max: ln_e.max(ln_batch_e),
        ln_alarm,
        reached: reached.to_vec(),
    };
    let alarm = |ln_e, ln_threshold| Alarm {
        ln_e,
        ln_threshold,
        message: "a source that was never planted scores like one that leaked: the key leaked, triage looked at \
                  codewords, or planting is not random. Nothing is concluded. Check who had the key, the allow-list \
                  and the order of decisions, then open a new epoch with a new key"
            .to_owned(),
    };
    let alarm = if !sups.is_empty() && ln_e >= ln_alarm {
        Some(alarm(ln_e, ln_alarm))
    } else if !batch_sups.is_empty() && ln_batch_e >= ln_batch_alarm {
        Some(alarm(ln_batch_e, ln_batch_alarm))
    } else {
        None
    };
    (summary, alarm)
}
