//! One leaked export, from its sale until its account is named.
//!
//! The world is the drill's: every canary that was sold rings once, in random
//! order, among the calls to other leakers' canaries and noise on random
//! lines. One leaker is looked at; all are alike. Its lines may as well be the
//! first ones of the pool, since the pool was shuffled by the key.

use super::bets::{Losses, Run};
use super::chances::Chances;
use super::survivors::Survivors;
use crate::derive::{Draw as _, Seed, Stream};
use crate::rules::Rules;

/// What is leaked, and among what.
#[derive(Clone, Copy)]
pub(super) struct Leak<'a> {
    pub(super) rules: &'a Rules,
    /// Canaries in an export, each on a line of its own.
    pub(super) canaries: u32,
    /// Exports of an account; any one of them leaks.
    pub(super) exports: u32,
    /// Leakers at once, this one among them.
    pub(super) leakers: u32,
    /// Share of confirmed calls that are noise.
    pub(super) noise: f64,
    /// Share of fraud calls that ask for somebody.
    pub(super) names: f64,
    /// Share of these that say the surname alone.
    pub(super) masks: f64,
    pub(super) chances: &'a Chances,
    pub(super) survivors: &'a Survivors,
    pub(super) seed: u64,
}

/// When a rule named the account.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Named {
    /// Confirmed calls until then, everybody's.
    pub(super) calls: u32,
    /// Distinct lines that had rung.
    pub(super) lines: u32,
}

/// What came of one leak.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Outcome {
    /// Confirmed calls in all.
    pub(super) calls: u32,
    /// The account process, names left out.
    pub(super) account: Option<Named>,
    /// The pair process, names left out.
    pub(super) pair: Option<Named>,
    /// Either of them, names left out.
    pub(super) lines: Option<Named>,
    /// Either of them, with names: what the product does, joint certification
    /// left out.
    pub(super) all: Option<Named>,
}

/// A call to a canary of the leaker, as against all others.
const OWN: u32 = 1 << 31;

impl Leak<'_> {
    /// Runs `trials` leaks. The same seed gives the same leaks, and settings
    /// that differ in one number meet like luck.
    pub(super) fn run(&self, trials: u32) -> Vec<Outcome> {
        let rules = self.rules;
        let mut losses = [Losses::new(rules.pool, rules.account_lines), Losses::new(rules.pool, self.canaries)];
        let mut calls = Vec::new();
        let trial = |number| {
            let mut draw = Stream::new(&trial_seed(self.seed, number));
            // The surviving canaries are spread over their law evenly, not
            // drawn: that takes the largest part of the noise out.
            let sold = self.survivors.quantile((f64::from(number) + 0.5) / f64::from(trials));
            self.ring(sold, &mut draw, &mut calls);
            let thresholds = [rules.ln_account_threshold(), rules.ln_pair_threshold(1 + draw.below(self.exports))];
            self.listen(&calls, thresholds, &mut losses, &mut draw)
        };
        (0..trials).map(trial).collect()
    }

    /// Makes the calls in their order: lines, those to the leaker's canaries marked.
    fn ring(&self, sold: u32, draw: &mut Stream, calls: &mut Vec<u32>) {
        calls.clear();
        calls.extend((0..sold).map(|line| line | OWN));
        for _ in 1..self.leakers {
            let first = calls.len();
            let others = self.survivors.quantile(uniform(draw));
            while calls.len() < first + others as usize {
                let line = draw.below(self.rules.pool);
                if !calls[first..].contains(&line) {
                    calls.push(line);
                }
            }
        }
        let noise = (calls.len() as f64 * self.noise / (1.0 - self.noise)).round() as usize;
        calls.extend((0..noise).map(|_| draw.below(self.rules.pool)));
        for place in (1..calls.len()).rev() {
            calls.swap(place, draw.below(place as u32 + 1) as usize);
        }
    }

    /// Lets the two processes bet on the calls.
    fn listen(&self, calls: &[u32], thresholds: [f64; 2], losses: &mut [Losses; 2], draw: &mut Stream) -> Outcome {
        let own = [self.rules.account_lines, self.canaries];
        let mut runs = [Run::new(), Run::new()];
        let mut by_lines = [None; 2];
        let mut outcome = Outcome { calls: calls.len() as u32, account: None, pair: None, lines: None, all: None };
        let mut rung = vec![0u64; self.rules.pool.div_ceil(64) as usize];
        let mut lines = 0;
        for (place, &call) in calls.iter().enumerate() {
            let line = call & !OWN;
            let (word, bit) = (line as usize / 64, 1u64 << (line % 64));
            let is_new = rung[word] & bit == 0;
            rung[word] |= bit;
            lines += u32::from(is_new);
            let asked = call & OWN != 0 && hits(self.names, draw);
            if !is_new && !asked || line >= own[0] {
                continue;
            }
            let bet = asked.then(|| self.chances.draw(hits(self.masks, draw), draw));
            let now = Named { calls: place as u32 + 1, lines };
            for process in (0..2).filter(|&process| line < own[process]) {
                let (run, losses) = (&mut runs[process], &mut losses[process]);
                if is_new {
                    run.match_at(losses, lines);
                } else {
                    run.enter(losses, lines);
                }
                if let Some(bet) = bet {
                    run.name(bet);
                }
                // A leaker's names always fit, so theirs is never below nothing.
                let ln_lines = run.ln_lines();
                if by_lines[process].is_none() && ln_lines >= thresholds[process] {
                    by_lines[process] = Some(now);
                }
                if outcome.all.is_none() && ln_lines + run.ln_names() >= thresholds[process] {
                    outcome.all = Some(now);
                }
            }
        }
        [outcome.account, outcome.pair] = by_lines;
        outcome.lines = by_lines.into_iter().flatten().min_by_key(|named| named.calls);
        outcome
    }
}

/// A number from 0 to below 1.
fn uniform(draw: &mut Stream) -> f64 {
    f64::from(draw.below(1 << 31)) / f64::from(1u32 << 31)
}

/// Whether something of chance `share` happens.
pub(super) fn hits(share: f64, draw: &mut Stream) -> bool {
    uniform(draw) < share
}

/// Each trial's own stream: no secret, only apart from all others.
pub(super) fn trial_seed(seed: u64, trial: u32) -> Seed {
    let mut bytes = *b"trapline plan, not a secret key.";
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[28..].copy_from_slice(&trial.to_le_bytes());
    bytes
}
