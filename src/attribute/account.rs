//! Scoring one account: its own process and one pair process a planting.

use crate::codebook::{AccountLines, Holder};
use crate::registry::Route;

use super::evidence::Desk;
use super::path::{self, Summary};
use super::process::Process;
use super::verdict::RouteVerdict;

/// What the processes of an account came to.
pub(super) struct Score {
    pub(super) account: usize,
    /// The account's own process first, then pairs by planting.
    pub(super) runs: Vec<Run>,
}

/// One process's outcome.
pub(super) struct Run {
    pub(super) route: Route,
    pub(super) batch: String,
    pub(super) ln_threshold: f64,
    pub(super) summary: Summary,
}

impl Score {
    /// Runs all processes of `account`.
    pub(super) fn new(desk: &Desk<'_>, account: usize) -> Self {
        let lines = lines_of(desk, account);
        let own = Process::of_account(desk, account, &lines);
        let pairs = desk.plantings[account].iter().map(|&p| Process::of_planting(desk, account, p, &lines));
        let runs = std::iter::once(own).chain(pairs).map(|process| Run::new(desk, &process)).collect();
        Self { account, runs }
    }

    /// How far above its threshold the best process ever was, in nats.
    pub(super) fn margin(&self) -> f64 {
        self.runs.iter().map(Run::margin).fold(f64::NEG_INFINITY, f64::max)
    }

    /// The process that came nearest to its threshold; the first of equals.
    pub(super) fn best(&self) -> &Run {
        self.runs
            .iter()
            .reduce(|best, run| if run.margin() > best.margin() { run } else { best })
            .expect("an account has its own process")
    }

    /// The rules that name the account.
    pub(super) fn routes(&self) -> Vec<RouteVerdict> {
        self.runs.iter().filter_map(Run::verdict).collect()
    }
}

impl Run {
    fn new(desk: &Desk<'_>, process: &Process<'_>) -> Self {
        Self {
            route: process.route,
            batch: process.batch.to_owned(),
            ln_threshold: process.ln_threshold,
            summary: path::run(desk, process),
        }
    }

    pub(super) fn margin(&self) -> f64 {
        self.summary.ln_sup - self.ln_threshold
    }

    fn verdict(&self) -> Option<RouteVerdict> {
        let crossed = self.summary.crossed?;
        Some(RouteVerdict {
            route: self.route,
            batch: self.batch.clone(),
            ln_e_sup: self.summary.ln_sup,
            ln_e_now: self.summary.ln_now,
            ln_threshold: self.ln_threshold,
            ln_e_crossed: crossed.ln_e,
            crossed_seq: crossed.seq,
            crossed_at: crossed.at,
        })
    }
}

/// C_a and S_a of an account.
pub(super) fn lines_of(desk: &Desk<'_>, account: usize) -> AccountLines {
    desk.evidence.codebook.account_lines(Holder::Account(&desk.evidence.accounts[account].name))
}
