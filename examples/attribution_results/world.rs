//! A made-up epoch as plain values: what the engine is given in these runs.
//!
//! Built like the library's own test worlds, from public types alone: accounts
//! that are bound, batches that are planted, and decisions, either put down as
//! confirmed or made by the product's triage.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use trapline::attribute::Evidence;
use trapline::codebook::{Codebook, Holder, Sizes};
use trapline::key::MasterKey;
use trapline::observation::{Found, Hit, Kind, Observation};
use trapline::persona::{PersonaMaker, Role};
use trapline::registry::{
    AccountRow, ActKind, ActRow, BatchKey, DecisionRow, NewAct, ObservationRow, OpeningRow, PlantingRow, Revelation,
    RevelationRow, Tally, Verdict,
};
use trapline::rules::{JointRules, LAMBDAS, Rules, Shares, THETA_LAMBDAS, Triage};
use trapline::triage;

use crate::people::People;

/// What an epoch may spend, and on which rules.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    /// alpha of the first epoch (half of alpha over all epochs).
    pub(crate) epoch_alpha: f64,
    /// How it is split.
    pub(crate) shares: Shares,
}

/// No rule spends anything.
pub(crate) const NOTHING: Shares = Shares { account: 0.0, pair: 0.0, joint: 0.0, batch: 0.0, at_once: 0.0 };

/// Everything that an [`Evidence`] lends.
pub(crate) struct World {
    pub(crate) rules: Rules,
    pub(crate) codebook: Codebook,
    pub(crate) pool: Vec<i64>,
    pub(crate) accounts: Vec<AccountRow>,
    pub(crate) plantings: Vec<PlantingRow>,
    pub(crate) decisions: Vec<DecisionRow>,
    openings: Vec<OpeningRow>,
    revelations: Vec<RevelationRow>,
    acts: Vec<ActRow>,
    makers: BTreeMap<String, Arc<dyn PersonaMaker>>,
    pub(crate) blocks: BTreeMap<String, u64>,
    /// Records that came in and wait for their windows to close.
    waiting: Vec<ObservationRow>,
    /// Records that are decided.
    decided: Vec<ObservationRow>,
}

/// Id of the first line of the pool.
const FIRST_LINE: i64 = 100;

/// Second `seconds` of the made-up epoch.
pub(crate) fn second(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + seconds).expect("a time near now")
}

impl World {
    /// `accounts` accounts, bound at second 0, none of them planted.
    pub(crate) fn new(key: u64, accounts: u32, sizes: Sizes, budget: Budget) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&key.to_le_bytes());
        let rules = Rules {
            epoch: 1,
            label: "2026Q4".into(),
            begins: second(-1_000_000),
            ends: second(10_000_000),
            horizon_days: 30,
            alpha: 2.0 * budget.epoch_alpha,
            n_max: u64::from(accounts),
            shares: budget.shares,
            rho: 0.01,
            theta_lambdas: THETA_LAMBDAS.to_vec(),
            lambdas: LAMBDAS.to_vec(),
            region_gate: 0.0,
            pool: sizes.pool,
            account_lines: sizes.account,
            standing_lines: sizes.standing,
            batch_lines: 8,
            t_max: 1_000,
            canaries_max: 1_000,
            ghosts: 0,
            triage: Triage::default(),
            joint: Some(JointRules { first_look: 8, candidates: u64::from(accounts), ..JointRules::default() }),
            slots: None,
        };
        let account =
            |ordinal| AccountRow { ordinal, name: name(ordinal as usize), template: "people".into(), start: second(0) };
        let maker: Arc<dyn PersonaMaker> = Arc::new(People);
        Self {
            rules,
            codebook: Codebook::new(&MasterKey::from_bytes(bytes), 1, sizes),
            pool: (0..i64::from(sizes.pool)).map(|place| place + FIRST_LINE).collect(),
            accounts: (0..accounts).map(account).collect(),
            plantings: Vec::new(),
            decisions: Vec::new(),
            openings: Vec::new(),
            revelations: Vec::new(),
            acts: Vec::new(),
            makers: BTreeMap::from([("people".to_owned(), maker)]),
            blocks: BTreeMap::new(),
            waiting: Vec::new(),
            decided: Vec::new(),
        }
    }

    /// Plants a batch of `lines` lines at second `at`.
    pub(crate) fn plant(&mut self, account: usize, batch: &str, lines: u32, at: i64) -> usize {
        let j = 1 + self.plantings.iter().filter(|row| row.key.account == name(account)).count() as u32;
        self.plantings.push(PlantingRow {
            id: self.plantings.len() as i64 + 1,
            key: BatchKey { epoch: 1, account: name(account), batch: batch.into() },
            j,
            lines,
            roles: vec![Role::Recipient],
            block: String::new(),
            at: second(at),
            input_hash: String::new(),
            input_bytes: 0,
            serials: Vec::new(),
            released: Some(second(at)),
            scope: String::new(),
        });
        self.plantings.len() - 1
    }

    /// Opens an account for level 2, with the batches that it has now.
    pub(crate) fn open(&mut self, account: usize) {
        let batches = self.plantings.iter().filter(|row| row.key.account == name(account) && !row.key.batch.is_empty());
        self.openings.push(OpeningRow {
            j: self.openings.len() as u32 + 1,
            epoch: 1,
            account: name(account),
            batches: batches.count() as u32,
            why: "analyst".into(),
            at: second(0),
        });
    }

    /// Enters that somebody saw these lines of an account, or all of a batch.
    pub(crate) fn reveal(&mut self, account: usize, batch: Option<&str>, lines: Vec<u32>) {
        let revelation = Revelation {
            epoch: 1,
            account: name(account),
            batch: batch.map(str::to_owned),
            lines,
            numbers: Vec::new(),
            why: "trace".into(),
        };
        self.revelations.push(RevelationRow { revelation, after_seq: self.decisions.len() as u64, at: second(0) });
    }

    /// Appends a confirmed decision on a hit at second `at`.
    pub(crate) fn hit(&mut self, at: i64, found: Vec<Found>) {
        let row = self.record(at, Kind::Call, "", found);
        self.decide(row, Verdict::Confirmed);
    }

    /// A record of a call or look-up at second `at`, long enough to count.
    pub(crate) fn record(&self, at: i64, kind: Kind, caller: &str, found: Vec<Found>) -> ObservationRow {
        let line_number = found.iter().find_map(|found| match found {
            Found::Line { line, .. } => Some(8_615_400_000_000 + *line as u64),
            _ => None,
        });
        let hit = Hit {
            found,
            caller_tag: (!caller.is_empty()).then(|| caller.to_owned()),
            allowed: false,
            seconds: 60,
            keyword: true,
            named: false,
            line_number,
        };
        let id = (self.decisions.len() + self.waiting.len()) as i64 + 1;
        ObservationRow { id, feed: "calls".into(), at: second(at), observation: Observation::new(kind, ""), hit }
    }

    /// Takes a record in; it is decided by [`World::settle`].
    pub(crate) fn arrive(&mut self, at: i64, kind: Kind, caller: &str, found: Vec<Found>) {
        let row = self.record(at, kind, caller, found);
        self.waiting.push(row);
    }

    /// Decides, as the monitor does, what came in and has settled at second `now`.
    pub(crate) fn settle(&mut self, now: i64) {
        let decisions = triage::decide(&self.waiting, &self.rules.triage, "", second(now), &self.decided);
        let rows: BTreeMap<i64, ObservationRow> = self.waiting.drain(..).map(|row| (row.id, row)).collect();
        let mut done = BTreeSet::new();
        for decision in decisions {
            let row = rows[&decision.observation].clone();
            done.insert(row.id);
            self.decided.push(row.clone());
            self.decide(row, decision.verdict);
        }
        self.waiting.extend(rows.into_values().filter(|row| !done.contains(&row.id)));
    }

    fn decide(&mut self, row: ObservationRow, verdict: Verdict) {
        let seq = self.decisions.len() as u64 + 1;
        self.decisions.push(DecisionRow {
            seq,
            observation: row.id,
            at: row.at,
            verdict,
            hit: row.hit,
            rules_hash: String::new(),
            decided: second(1_000_000 + seq as i64),
        });
    }

    /// What was found: the line at `place` of the pool.
    pub(crate) fn line(&self, place: u32) -> Found {
        Found::Line { line: FIRST_LINE + i64::from(place), role: None }
    }

    /// What was found: one of these lines of the pool.
    pub(crate) fn mask(&self, places: impl Iterator<Item = u32>) -> Found {
        Found::Lines { lines: places.map(|place| FIRST_LINE + i64::from(place)).collect() }
    }

    /// Notes, after the newest decision, that somebody acted on scores.
    pub(crate) fn act_on_scores(&mut self) {
        let act = NewAct { epoch: 1, kind: ActKind::Disclose, account: None, why: "scores are public".to_owned() };
        let after_seq = self.decisions.len() as u64;
        self.acts.push(ActRow { id: self.acts.len() as i64 + 1, act, after_seq, at: second(0) });
    }

    /// C_a, rising.
    pub(crate) fn account_lines(&self, account: usize) -> Vec<u32> {
        self.codebook.account_set(Holder::Account(&self.accounts[account].name))
    }

    /// C_b in the order of its rows.
    pub(crate) fn batch_lines(&self, planting: usize) -> Vec<u32> {
        let row = &self.plantings[planting];
        let holder = Holder::Account(&row.key.account);
        self.codebook.batch_lines(holder, &self.codebook.account_lines(holder), &row.key.batch, row.lines)
    }

    /// Lends everything.
    pub(crate) fn evidence(&self) -> Evidence<'_> {
        Evidence {
            rules: &self.rules,
            codebook: &self.codebook,
            pool: &self.pool,
            slot_lines: &[],
            control: &[],
            accounts: &self.accounts,
            plantings: &self.plantings,
            decisions: &self.decisions,
            left_out: Tally::default(),
            scopes: &[],
            accusations: &[],
            acts: &self.acts,
            openings: &self.openings,
            revelations: &self.revelations,
            makers: &self.makers,
            blocks: &self.blocks,
        }
    }
}

/// The name of an account.
pub(crate) fn name(account: usize) -> String {
    format!("outlet-{account:06}")
}
