//! The rows: plain values that cross the border between a store and the rest.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::line::LineNumber;
use crate::observation::{Hit, Observation};
use crate::persona::Role;
use crate::rules::Rules;

/// What a line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LineUse {
    /// Planted.
    Trap,
    /// Never planted: measures the background.
    Control,
}

/// A line to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLine {
    /// The number, with its extension (sealed in the store).
    pub number: LineNumber,
    /// What it is for.
    pub line_use: LineUse,
    /// Whether it is of an unassigned range, for demonstrations only.
    pub demo: bool,
}

/// A line in the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineRow {
    /// Row id.
    pub id: i64,
    /// The line.
    pub line: NewLine,
}

/// An epoch in the registry.
#[derive(Clone, Debug, PartialEq)]
pub struct EpochRow {
    /// What it registered.
    pub rules: Rules,
    /// Hash of the registered rules.
    pub rules_hash: String,
    /// When it was opened.
    pub opened: Timestamp,
}

/// An account bound for an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// Place in the order of binding, from 0.
    pub ordinal: u32,
    /// Name.
    pub name: String,
    /// Hash of its template, which most accounts of an epoch share.
    pub template: Arc<str>,
    /// Its first planting's time: hits before it are no queries.
    pub start: Timestamp,
}

/// Names a batch: one export of one account in one epoch.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BatchKey {
    /// Epoch.
    pub epoch: u32,
    /// Account.
    pub account: String,
    /// Batch id; empty for the account's standing canaries.
    pub batch: String,
}

/// A planting to register.
#[derive(Clone, Debug, PartialEq)]
pub struct NewPlanting {
    /// Which batch.
    pub key: BatchKey,
    /// Distinct lines its canaries wear (t).
    pub lines: u32,
    /// Roles that wear a line, in the order in which lines are dealt.
    pub roles: Vec<Role>,
    /// Waybill block its numbers are of; empty when it has none.
    pub block: String,
    /// When it was planted: the start of its pair process.
    pub at: Timestamp,
    /// SHA-256 of the uncompressed input, hexadecimal; empty for `seed`.
    pub input_hash: String,
    /// Length of the uncompressed input.
    pub input_bytes: u64,
    /// The scope whose shared slots it carries; empty for none.
    pub scope: String,
    /// Everything that depends on the file.
    pub rows: PlantedRows,
}

/// Of a planting, what its numbers follow from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planted {
    /// Account.
    pub account: String,
    /// Batch; empty for standing canaries.
    pub batch: String,
    /// Hash of the account's template.
    pub template: Arc<str>,
    /// When it was registered.
    pub at: Timestamp,
    /// Serials, in the order of the canaries.
    pub serials: Vec<u64>,
}

/// The sealed part of a planting: what key, template and source do not give.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlantedRows {
    /// One entry for each canary, in index order.
    pub rows: Vec<PlantedRow>,
    /// One entry for each shared slot that it carries, by slot. Their serials
    /// are the scope's, not the planting's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shared: Vec<PlantedRow>,
    /// SHA-256 of the planted, uncompressed output; empty for `seed`.
    #[serde(default)]
    pub output_hash: String,
    /// Length of the planted, uncompressed output.
    #[serde(default)]
    pub output_bytes: u64,
    /// Where in a container they are, if the export is one. Then hashes and
    /// lengths of the whole are those of its unfolded parts, and offsets count
    /// in its rows as text (docs/formats/containers.md).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<Inside>,
}

/// Where in a container planted rows are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "format", rename_all = "lowercase")]
pub enum Inside {
    /// In a sheet of a workbook.
    Xlsx(SheetPlace),
    /// In a Parquet file.
    Parquet(TablePlace),
}

/// What takes planted rows out of a Parquet file again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TablePlace {
    /// Numbers of the planted rows, from 0, rising.
    pub rows: Vec<u64>,
    /// How fine the times of each column are read.
    pub fineness: Vec<Fineness>,
}

/// What takes planted rows out of a workbook again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetPlace {
    /// The sheet's name.
    pub sheet: String,
    /// Numbers of the planted rows, rising.
    pub rows: Vec<u32>,
    /// First and last row of the data before.
    pub data: (u32, u32),
    /// Numbers of the shared strings that came with them, rising.
    pub strings: Vec<u32>,
    /// Cells of planted rows that use shared strings.
    pub string_uses: u64,
    /// How the workbook was told to calculate its formulas anew.
    pub recalculation: Recalculation,
    /// How fine the times of each column are read.
    pub fineness: Vec<Fineness>,
}

/// How a workbook is told to calculate its formulas when it is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Recalculation {
    /// It has none, or was told before.
    #[default]
    None,
    /// By an attribute that was added.
    Attribute,
    /// By an element that was added.
    Element,
}

/// How fine the times of a column are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fineness {
    /// Days.
    #[default]
    Day,
    /// Minutes.
    Minute,
    /// Seconds.
    Second,
    /// Milliseconds.
    Millisecond,
    /// Microseconds.
    Microsecond,
    /// Nanoseconds.
    Nanosecond,
}

/// What depends on the file about one canary.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlantedRow {
    /// Serial of its waybill number, after any redraw.
    pub serial: u64,
    /// Offset of its first byte in the uncompressed output.
    pub offset: u64,
    /// Its bytes there, terminator included (and one put before it, if any).
    pub bytes: u64,
    /// SHA-256 of these bytes, hexadecimal.
    pub hash: String,
    /// Values taken from the file's context, by role.
    #[serde(default)]
    pub context: Vec<(String, String)>,
}

/// A planting in the registry.
#[derive(Clone, Debug, PartialEq)]
pub struct PlantingRow {
    /// Row id.
    pub id: i64,
    /// Which batch.
    pub key: BatchKey,
    /// Place among the account's plantings in the epoch, from 1.
    pub j: u32,
    /// Distinct lines (t).
    pub lines: u32,
    /// Roles that wear a line.
    pub roles: Vec<Role>,
    /// Waybill block.
    pub block: String,
    /// When it was planted.
    pub at: Timestamp,
    /// Hash of the input.
    pub input_hash: String,
    /// Length of the input.
    pub input_bytes: u64,
    /// Serials of its numbers (opened from the sealed part), in index order.
    pub serials: Vec<u64>,
    /// When its file got its final name.
    pub released: Option<Timestamp>,
    /// The scope whose shared slots it carries; empty for none.
    pub scope: String,
}

/// A data set that several accounts see, to open for shared slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewScope {
    /// Epoch.
    pub epoch: u32,
    /// What the operator calls the data set, such as outlet and day.
    pub name: String,
    /// Hash of the template that its shared rows are made by.
    pub template: String,
    /// Waybill block of their numbers; empty when the template has none.
    pub block: String,
    /// Numbers in that block.
    pub block_size: u64,
    /// Serials needed: one for each variant of each slot.
    pub serials: u64,
}

/// A scope in the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeRow {
    /// Epoch.
    pub epoch: u32,
    /// What the operator calls the data set.
    pub name: String,
    /// Hash of the template.
    pub template: String,
    /// Waybill block; empty for none.
    pub block: String,
    /// Serials (sealed in the store): of slot `s` and variant `v` at `2 s + v`.
    pub serials: Vec<u64>,
    /// When it was opened.
    pub opened: Timestamp,
}

/// State of a feed.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedRow {
    /// Name in the configuration.
    pub name: String,
    /// Where reading goes on; opaque JSON of the feed.
    pub cursor: String,
    /// Records read so far.
    pub records: u64,
    /// Last pass that worked.
    pub last_success: Option<Timestamp>,
    /// Last pass that brought a record.
    pub last_record: Option<Timestamp>,
    /// Failures since the last pass that worked.
    pub failures: u32,
    /// The newest failure's message; empty when the last pass worked.
    pub error: String,
}

/// One batch of a feed's records with the cursor that covers it.
#[derive(Clone, Debug, Default)]
pub struct Ingest {
    /// Feed.
    pub feed: String,
    /// Cursor after the batch.
    pub cursor: String,
    /// Now.
    pub now: Timestamp,
    /// Records read, whether they matter or not.
    pub records: u64,
    /// Records with hits: only these are stored.
    pub hits: Vec<NewObservation>,
    /// Records that could not be read.
    pub rejected: Vec<NewQuarantine>,
}

/// An observation to store.
#[derive(Clone, Debug)]
pub struct NewObservation {
    /// Identity within the feed: native id, or keyed hash and occurrence.
    pub identity: String,
    /// When it happened (the time of reading where the record has none).
    pub at: Timestamp,
    /// What was seen.
    pub observation: Observation,
    /// What the matcher found.
    pub hit: Hit,
}

/// A record to keep in quarantine.
#[derive(Clone, Debug)]
pub struct NewQuarantine {
    /// Identity within the feed (keyed hash and occurrence).
    pub identity: String,
    /// Where and why; no values of the record.
    pub fault: String,
    /// The record's bytes.
    pub raw: Vec<u8>,
}

/// What came of an [`Ingest`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ingested {
    /// Observations that were new.
    pub new: u64,
    /// Observations that were known.
    pub known: u64,
    /// Quarantined records that were new.
    pub quarantined: u64,
}

/// A quarantined record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantineRow {
    /// Row id.
    pub id: i64,
    /// Feed.
    pub feed: String,
    /// Where and why.
    pub fault: String,
    /// The record's bytes (sealed in the store).
    pub raw: Vec<u8>,
    /// When it was read.
    pub at: Timestamp,
}

/// A stored observation.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservationRow {
    /// Row id.
    pub id: i64,
    /// Feed.
    pub feed: String,
    /// When it happened.
    pub at: Timestamp,
    /// What was seen (sealed).
    pub observation: Observation,
    /// What the matcher found (sealed).
    pub hit: Hit,
}

/// What triage said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It counts.
    Confirmed,
    /// The caller is allow-listed.
    AllowListed,
    /// Part of a storm.
    Storm,
    /// Too short, without keyword or name.
    Slight,
}

/// A decision to append.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDecision {
    /// The observation decided on.
    pub observation: i64,
    /// What triage said.
    pub verdict: Verdict,
    /// Hash of the rules it was decided by.
    pub rules_hash: String,
}

/// A decision in the registry, with what attribution needs of its observation.
#[derive(Clone, Debug, PartialEq)]
pub struct DecisionRow {
    /// Place in the epoch's sequence, from 1 and without gaps.
    pub seq: u64,
    /// The observation.
    pub observation: i64,
    /// When it happened.
    pub at: Timestamp,
    /// What triage said.
    pub verdict: Verdict,
    /// What the matcher found.
    pub hit: Hit,
    /// Hash of the rules.
    pub rules_hash: String,
    /// When it was decided.
    pub decided: Timestamp,
}

/// An epoch's decisions as attribution needs them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weighed {
    /// Those that count, in order of their sequence number.
    pub confirmed: Vec<DecisionRow>,
    /// How many do not.
    pub others: Tally,
    /// When the newest decided hit happened.
    pub newest_hit: Option<Timestamp>,
}

/// What is large of an epoch's case.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Case {
    /// Its decisions.
    pub weighed: Weighed,
    /// Its accounts, by ordinal.
    pub accounts: Vec<AccountRow>,
    /// Its plantings in the order they were registered.
    pub plantings: Vec<PlantingRow>,
}

/// Decisions that do not count, by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// By allow-listed callers.
    pub allow_listed: u64,
    /// Parts of storms.
    pub storms: u64,
    /// Too short, without keyword or name.
    pub slight: u64,
}

impl Tally {
    /// Counts `count` decisions more; confirmed ones are not counted here.
    pub fn add(&mut self, verdict: Verdict, count: u64) {
        match verdict {
            Verdict::Confirmed => {}
            Verdict::AllowListed => self.allow_listed += count,
            Verdict::Storm => self.storms += count,
            Verdict::Slight => self.slight += count,
        }
    }

    /// All of them.
    pub fn sum(&self) -> u64 {
        self.allow_listed + self.storms + self.slight
    }
}

/// Which rule accused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Route {
    /// The account process.
    Account,
    /// The pair process of one of its batches.
    Pair,
    /// Joint certification: all that was seen, weighed at once on schedule.
    Joint,
    /// One full record.
    AtOnce,
    /// Level 2: the batch of an opened account.
    Batch,
}

/// An accusation to record. At most one for each (epoch, account, batch, route).
#[derive(Clone, Debug, PartialEq)]
pub struct NewAccusation {
    /// Epoch.
    pub epoch: u32,
    /// Account.
    pub account: String,
    /// Batch: of the pair process, or named by level 2; empty for the account.
    pub batch: String,
    /// Which rule.
    pub route: Route,
    /// ln of the e-value when the threshold was crossed.
    pub ln_e: f64,
    /// ln of the threshold.
    pub ln_threshold: f64,
    /// Sequence number of the decision that crossed it.
    pub seq: u64,
}

/// An accusation in the registry.
#[derive(Clone, Debug, PartialEq)]
pub struct AccusationRow {
    /// Row id.
    pub id: i64,
    /// What it says.
    pub accusation: NewAccusation,
    /// When it was made.
    pub at: Timestamp,
}

/// An account opened for level 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpeningRow {
    /// Place among the epoch's openings, from 1.
    pub j: u32,
    /// Epoch.
    pub epoch: u32,
    /// Account.
    pub account: String,
    /// Batches it had then (standing canaries not counted).
    pub batches: u32,
    /// `accused`, or `analyst`.
    pub why: String,
    /// When.
    pub at: Timestamp,
}

/// Somebody saw a source's lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revelation {
    /// Epoch.
    pub epoch: u32,
    /// Account.
    pub account: String,
    /// Batch; `None` when all of the account's lines were shown.
    pub batch: Option<String>,
    /// Places in the pool that were shown.
    pub lines: Vec<u32>,
    /// Serials of the batch's waybill numbers that were shown.
    pub numbers: Vec<u64>,
    /// Which command.
    pub why: String,
}

impl Revelation {
    /// Without a list of lines and numbers, everything of the source was shown.
    pub fn is_everything(&self) -> bool {
        self.lines.is_empty() && self.numbers.is_empty()
    }
}

/// A revelation in the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevelationRow {
    /// What was seen (lines sealed in the store).
    pub revelation: Revelation,
    /// The epoch's newest decision when it happened: later ones are affected.
    pub after_seq: u64,
    /// When.
    pub at: Timestamp,
}

/// Something that somebody did about a source, a line or the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActKind {
    /// A line was blocked, rerouted or given back.
    BlockLine,
    /// Somebody called a line, or had it called, to see what happens.
    TestCall,
    /// An account got other or more canaries than it would have had.
    Replant,
    /// Allow-lists or triage rules were changed.
    EditTriage,
    /// Somebody outside was told whose canaries ring.
    Disclose,
}

impl ActKind {
    /// All kinds with their words.
    pub const ALL: [(Self, &'static str); 5] = super::words::ACT_KINDS;

    /// The kind's word in tables and on the command line.
    pub fn name(self) -> &'static str {
        super::words::word(&super::words::ACT_KINDS, self)
    }
}

/// An act to record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAct {
    /// Epoch.
    pub epoch: u32,
    /// What was done.
    pub kind: ActKind,
    /// The accused account that it follows, if it follows an accusation.
    pub account: Option<String>,
    /// What the operator says about it.
    pub why: String,
}

/// An act in the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActRow {
    /// Row id.
    pub id: i64,
    /// What was done.
    pub act: NewAct,
    /// The epoch's newest decision when it happened.
    pub after_seq: u64,
    /// When.
    pub at: Timestamp,
}

/// A message that waits for delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    /// Row id; the message id of the webhook is derived from it.
    pub id: i64,
    /// Body (sealed in the store).
    pub body: String,
    /// Attempts so far.
    pub attempts: u32,
    /// When it was written.
    pub at: Timestamp,
    /// When it is due.
    pub next: Timestamp,
}
