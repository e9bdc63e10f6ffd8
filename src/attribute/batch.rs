//! Level 2: which batch of an opened account.
//!
//! Given C_a, an unexposed batch's lines are a uniform subset of C_a \ S_a that
//! nobody outside holds. The question is asked only of opened accounts, and of
//! the batches that they had when they were opened: each opening pays for
//! itself.

use crate::codebook::{AccountLines, Holder};
use crate::registry::OpeningRow;

use super::evidence::Desk;
use super::path;
use super::process::Process;
use super::verdict::BatchVerdict;

/// An account's batches that its openings cover, with their thresholds.
pub(super) struct Covered {
    /// Planting and ln of its threshold, by planting.
    pub(super) batches: Vec<(usize, f64)>,
    /// Batches that wait for another opening.
    pub(super) waiting: u32,
}

impl Covered {
    /// What the openings of `account` cover.
    pub(super) fn new(desk: &Desk<'_>, account: usize) -> Self {
        let evidence = desk.evidence;
        let name = &evidence.accounts[account].name;
        let openings: Vec<&OpeningRow> = evidence.openings.iter().filter(|row| row.account == *name).collect();
        let plantings = desk.plantings[account].iter().filter(|&&p| !evidence.plantings[p].key.batch.is_empty());
        let (mut batches, mut waiting) = (Vec::new(), 0);
        for (place, &planting) in plantings.enumerate() {
            let ln_threshold = openings
                .iter()
                .filter(|row| (place as u32) < row.batches)
                .map(|row| evidence.rules.ln_batch_threshold(row.j, row.batches))
                .reduce(f64::min);
            match ln_threshold {
                Some(ln_threshold) => batches.push((planting, ln_threshold)),
                None => waiting += 1,
            }
        }
        Self { batches, waiting: if openings.is_empty() { 0 } else { waiting } }
    }
}

/// Judges the covered batches of an account.
pub(super) fn judge(desk: &Desk<'_>, account: usize, lines: &AccountLines, covered: &Covered) -> Vec<BatchVerdict> {
    let judge_one = |&(planting, ln_threshold): &(usize, f64)| {
        let process = Process::of_batch(desk, account, planting, lines, ln_threshold);
        let summary = path::run(desk, &process);
        BatchVerdict {
            batch: process.batch.to_owned(),
            j: desk.evidence.plantings[planting].j,
            named: summary.crossed.is_some(),
            ln_e_sup: summary.ln_sup,
            ln_e_now: summary.ln_now,
            ln_threshold,
            matched_lines: summary.matches,
            queries: summary.queries,
            crossed: summary.crossed,
        }
    };
    covered.batches.iter().map(judge_one).collect()
}

/// ln of the largest evidence of one ghost batch beside each covered batch:
/// drawn like it from the account's lines, with its size and start, and never
/// planted.
pub(super) fn ghost_sups(desk: &Desk<'_>, account: usize, lines: &AccountLines, covered: &Covered) -> Vec<f64> {
    let holder = Holder::Account(&desk.evidence.accounts[account].name);
    let ghost = |&(planting, ln_threshold): &(usize, f64)| {
        let row = &desk.evidence.plantings[planting];
        // No batch id holds a NUL: it could not be typed.
        let id = format!("ghost\0{}", row.key.batch);
        let mut own = desk.evidence.codebook.batch_lines(holder, lines, &id, row.lines);
        own.sort_unstable();
        let process =
            Process { own, numbers: Vec::new(), ..Process::of_batch(desk, account, planting, lines, ln_threshold) };
        path::run(desk, &process).ln_sup
    };
    covered.batches.iter().map(ghost).collect()
}
