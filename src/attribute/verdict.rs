//! What attribution answers: plain values that a writer can print.
//!
//! Evidence is kept in nats, in fields whose names begin with `ln_`; writers
//! print it as a power of ten, rounded down. `sup` is the largest value a
//! process ever had: an accusation stands on it and is never withdrawn. `now`
//! is its value after the last decision, which may be lower.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use crate::registry::Route;

/// The answer to "who was exposed?" for one epoch.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Attribution {
    /// The epoch's ordinal.
    pub epoch: u32,
    /// What the epoch is called, such as `2026Q4`.
    pub label: String,
    /// The chance ever to name an account that was not exposed, over all epochs.
    pub alpha: f64,
    /// This epoch's share of it.
    pub alpha_e: f64,
    /// The most sources that the thresholds provide for.
    pub n_max: u64,
    /// Hash of the rules that the epoch registered.
    pub rules_hash: String,
    /// What each rule asks for.
    pub thresholds: Thresholds,
    /// Accounts named as exposed, the strongest first. Empty under an alarm.
    pub named: Vec<Named>,
    /// The strongest accounts, named or not. Empty under an alarm.
    pub ranked: Vec<Ranked>,
    /// The looks of joint certification; none in epochs that registered none.
    pub joint: Option<JointSummary>,
    /// How the sources that were never planted scored.
    pub ghosts: GhostSummary,
    /// What there was to weigh.
    pub counts: Counts,
    /// How often lines ring that nobody has.
    pub background: Background,
    /// Why nothing may be concluded, if so: then `named` and `ranked` are empty.
    pub alarm: Option<Alarm>,
    /// What the answer says and what it does not.
    pub statement: String,
}

/// What each rule asks for before it accuses.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Thresholds {
    /// ln of the e-value of an account process.
    pub ln_account: f64,
    /// ln of the e-value of the pair process of an account's first planting;
    /// later plantings ask for slightly more.
    pub ln_pair: f64,
    /// Coincidence probability of one full record, at most.
    pub at_once_probability: f64,
}

/// An account that was exposed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Named {
    /// Account.
    pub account: String,
    /// Every rule that names it, in the order account, pair, joint, at-once.
    pub routes: Vec<RouteVerdict>,
    /// Its batches at level 2, by planting; empty until the account is opened.
    pub batches: Vec<BatchVerdict>,
    /// Batches planted after the newest opening: they wait for another one.
    pub batches_waiting: u32,
    /// Distinct lines of the account that rang (after its start).
    pub matched_lines: u32,
    /// Distinct lines that rang after its start, whoever has them.
    pub queries: u32,
    /// Shared slots of which a variant was seen, in the batch that had most.
    pub slots_seen: u32,
    /// Of those, slots that showed the account's variant.
    pub slots_matched: u32,
    /// Time of the earliest hit on one of its lines.
    pub first_hit: Option<Timestamp>,
    /// Time of the latest hit on one of its lines.
    pub last_hit: Option<Timestamp>,
}

/// One rule's verdict on an account.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RouteVerdict {
    /// Which rule.
    pub route: Route,
    /// The batch whose lines or record it stands on; empty for the account's own
    /// process. A pair process accuses the account: it does not say that this
    /// batch rather than another one leaked.
    pub batch: String,
    /// ln of the largest e-value so far.
    pub ln_e_sup: f64,
    /// ln of the e-value now.
    pub ln_e_now: f64,
    /// ln of the e-value at which the rule accuses.
    pub ln_threshold: f64,
    /// ln of the e-value when it crossed the threshold.
    pub ln_e_crossed: f64,
    /// The decision that carried it over its threshold.
    pub crossed_seq: u64,
    /// When the hit of that decision happened.
    pub crossed_at: Timestamp,
}

/// The looks of joint certification: when everything seen so far was weighed at
/// once.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JointSummary {
    /// ln of the accumulated e-value at which an account is named.
    pub ln_threshold: f64,
    /// Calls that count so far: one a caller, line and day.
    pub calls: u64,
    /// Looks that came due, in order.
    pub looks: Vec<Look>,
    /// Calls at which the next one comes.
    pub next_calls: u64,
}

/// One look.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Look {
    /// Which, from 1.
    pub r: u32,
    /// Calls that it weighs.
    pub calls: u64,
    /// The decision at which it came due.
    pub seq: u64,
    /// When the hit of that decision happened.
    pub at: Timestamp,
    /// Its weight.
    pub weight: f64,
    /// Sources of which more lines rang than of most.
    pub candidates: u64,
    /// Of those, the ones that it explains calls by.
    pub selected: u32,
    /// Why it was not taken, if so: its weight is gone all the same.
    pub skipped: Option<String>,
}

/// Every look at one account.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JointPath {
    /// ln of the accumulated e-value at which it is named.
    pub ln_threshold: f64,
    /// ln of its accumulated e-value; minus infinity (null) for none.
    pub ln_s: f64,
    /// Where it crossed the threshold.
    pub crossed: Option<Crossing>,
    /// The looks in order.
    pub steps: Vec<JointStep>,
}

/// An account at one look.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JointStep {
    /// Which look, from 1.
    pub r: u32,
    /// Calls that it weighs.
    pub calls: u64,
    /// The decision at which it came due.
    pub seq: u64,
    /// When the hit of that decision happened.
    pub at: Timestamp,
    /// Its weight.
    pub weight: f64,
    /// Why it was not taken, if so.
    pub skipped: Option<String>,
    /// ln of the account's e-value; minus infinity (null) where too few of its
    /// lines rang for it to be judged.
    pub ln_e: f64,
    /// ln of the weighted sum of its e-values so far.
    pub ln_s: f64,
    /// The set of lines that brings most.
    pub strongest: Option<JointSource>,
}

/// One of an account's sets of lines at a look.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JointSource {
    /// The batch it was planted with; none for all lines of the account.
    pub batch: Option<String>,
    /// How many lines it has.
    pub lines: u32,
    /// Of those, how many rang since its start.
    pub rang: u32,
    /// ln of the e-value of its lines.
    pub ln_lines: f64,
    /// ln of the e-value of names heard on them.
    pub ln_names: f64,
    /// Its weight within the account.
    pub weight: f64,
}

/// A batch of an opened account.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BatchVerdict {
    /// Batch id.
    pub batch: String,
    /// Place among the account's plantings.
    pub j: u32,
    /// Whether it is named.
    pub named: bool,
    /// ln of the largest e-value so far.
    pub ln_e_sup: f64,
    /// ln of the e-value now.
    pub ln_e_now: f64,
    /// ln of the e-value at which a batch is named.
    pub ln_threshold: f64,
    /// Distinct lines of the batch that rang.
    pub matched_lines: u32,
    /// Distinct lines of the account's batches that rang.
    pub queries: u32,
    /// What carried it over its threshold, if it is named.
    pub crossed: Option<Crossing>,
}

/// The moment at which a process reached its threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Crossing {
    /// Sequence number of the decision.
    pub seq: u64,
    /// When the hit of that decision happened.
    pub at: Timestamp,
    /// ln of the e-value then.
    pub ln_e: f64,
}

/// One line of the list of strongest accounts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ranked {
    /// Account.
    pub account: String,
    /// Whether it is named.
    pub named: bool,
    /// The rule that comes nearest to its threshold: account, pair or joint.
    pub route: Route,
    /// Batch of that rule; empty for the account process.
    pub batch: String,
    /// ln of that process's largest e-value.
    pub ln_e: f64,
    /// ln of its threshold.
    pub ln_threshold: f64,
    /// Distinct lines of the source that rang.
    pub matches: u32,
    /// Distinct lines that rang after its start.
    pub queries: u32,
}

/// How the sources that were never planted scored.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct GhostSummary {
    /// Ghosts, each with an account process and a pair process.
    pub ghosts: u32,
    /// Ghost batches beside those of opened accounts.
    pub ghost_batches: u32,
    /// ln of the largest e-value of any of them.
    pub ln_e_max: f64,
    /// ln of the e-value that raises the alarm.
    pub ln_alarm: f64,
    /// How many ghosts reached 10, 100 and 1000, beside what chance allows.
    pub reached: Vec<GhostLevel>,
}

/// How many ghosts reached an e-value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct GhostLevel {
    /// The e-value.
    pub e: u32,
    /// Ghost processes that reached it.
    pub ghosts: u32,
    /// The most that are expected (processes / e).
    pub bound: f64,
}

/// What there was to weigh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Counts {
    /// Decisions.
    pub decisions: u64,
    /// Of those, confirmed: only these count.
    pub confirmed: u64,
    /// Of those, parts of storms.
    pub storms: u64,
    /// Of those, by allow-listed callers.
    pub allow_listed: u64,
    /// Of those, too short, without keyword or name.
    pub slight: u64,
    /// Distinct lines of the pool that rang, in confirmed decisions.
    pub distinct_lines: u32,
    /// Lines of the pool.
    pub pool: u32,
    /// Accounts.
    pub accounts: u64,
    /// Plantings, standing canaries included.
    pub batches: u64,
}

/// How often lines ring that nobody has: shown beside every result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Background {
    /// Control lines: never planted.
    pub control_lines: u32,
    /// Of those, how many rang (confirmed).
    pub control_lines_hit: u32,
    /// Confirmed hits on control lines.
    pub control_hits: u64,
    /// Of the pool's lines, how many rang (confirmed).
    pub trap_lines_hit: u32,
    /// Confirmed hits on the pool's lines.
    pub trap_hits: u64,
}

/// Why reports are withheld: a source that was never planted scored so high
/// that key, triage or planting must be broken.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alarm {
    /// ln of the ghost's e-value.
    pub ln_e: f64,
    /// ln of the e-value that raises the alarm.
    pub ln_threshold: f64,
    /// What happened and what to do.
    pub message: String,
}

/// Every bet of the processes that concern an account.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// Account.
    pub account: String,
    /// The epoch's ordinal.
    pub epoch: u32,
    /// Hash of the rules that the epoch registered.
    pub rules_hash: String,
    /// Its processes: the account's own, one pair process for each planting,
    /// and level 2 where the account is opened.
    pub processes: Vec<ProcessPath>,
    /// The looks of joint certification; none for a single batch, and in epochs
    /// that registered none.
    pub joint: Option<JointPath>,
    /// Full records that agree with one of its canaries.
    pub at_once: Vec<AtOnceRecord>,
}

/// One process from its start to now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProcessPath {
    /// Which rule it belongs to.
    pub route: Route,
    /// Batch; empty for the account's own process and for standing canaries.
    pub batch: String,
    /// Hits before this time are no queries.
    pub start: Timestamp,
    /// Lines that its own were drawn from.
    pub pool: u32,
    /// Its own lines.
    pub lines: u32,
    /// ln of the e-value at which it accuses.
    pub ln_threshold: f64,
    /// ln of its largest e-value.
    pub ln_e_sup: f64,
    /// ln of its e-value now.
    pub ln_e_now: f64,
    /// Where it crossed its threshold.
    pub crossed: Option<Crossing>,
    /// Every bet in order.
    pub bets: Vec<Bet>,
}

/// What a bet was on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// One line.
    Line,
    /// A masked phone: one of several lines.
    Set,
    /// A name or place heard on a line of the source.
    Name,
    /// A name or place in a report without a line.
    Region,
    /// A waybill number.
    Number,
    /// A shared slot: which of its two variants was leaked.
    Slot,
    /// No bet: somebody saw these bits, they are revealed with factor 1.
    Revealed,
}

impl Channel {
    /// The channel's word in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Set => "set",
            Self::Name => "name",
            Self::Region => "region",
            Self::Number => "number",
            Self::Slot => "slot",
            Self::Revealed => "revealed",
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One bet.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bet {
    /// Sequence number of the decision.
    pub seq: u64,
    /// The observation.
    pub observation: i64,
    /// When the hit happened.
    pub at: Timestamp,
    /// What the bet was on.
    pub channel: Channel,
    /// Places in the pool that were asked about (empty for region and number).
    pub lines: Vec<u32>,
    /// Whether the source has what was seen.
    pub matched: bool,
    /// The chance of that, had the source not been exposed.
    pub q: f64,
    /// ln of the factor by which the e-value changed (the mixture's).
    pub ln_factor: f64,
    /// ln of the e-value after it.
    pub ln_e: f64,
}

/// One record that agrees with one canary in everything it holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AtOnceRecord {
    /// Batch of the canary.
    pub batch: String,
    /// The canary's place in its batch.
    pub index: u32,
    /// Sequence number of the decision.
    pub seq: u64,
    /// The observation.
    pub observation: i64,
    /// When it happened.
    pub at: Timestamp,
    /// Chance that a record agrees with one given canary by accident.
    pub probability: f64,
    /// What that chance must not exceed.
    pub threshold: f64,
    /// Whether it accuses.
    pub accuses: bool,
}
