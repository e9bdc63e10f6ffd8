//! Scenario files: a leak as somebody would tell it, in YAML.
//!
//! A file says what accounts, lines and exports there are, what is sold and how
//! it is treated on the way, how the buyers call, what else rings, and what is
//! expected to come out. Everything random in it follows from its seed, so that
//! an operator can run it on a new version and see whether that still does
//! what the old one did. `templates/scenarios/README.md` describes the format;
//! the shipped files beside it are its examples.
//!
//! Days are counted from 0, the day on which the scenario begins. Shares lie
//! between 0 and 1. Where a number may vary a range is written, `3-7`.

use serde::{Deserialize, Serialize};

use crate::config::Attribution;
use crate::fault::Fault;
use crate::rules::Triage;
use crate::yaml;

mod check;
mod expected;
mod span;

pub use expected::Expected;
pub use span::Span;

/// The version this program reads.
pub const FORMAT: &str = "trapline.scenario/1";

/// The scenarios that ship in the binary.
const SHIPPED: [(&str, &str); 10] = [
    ("handan", include_str!("../../templates/scenarios/handan.yaml")),
    ("warehouse-insider", include_str!("../../templates/scenarios/warehouse-insider.yaml")),
    ("partner-api", include_str!("../../templates/scenarios/partner-api.yaml")),
    ("colluders-drop", include_str!("../../templates/scenarios/colluders-drop.yaml")),
    ("colluders-drop-without-scope", include_str!("../../templates/scenarios/colluders-drop-without-scope.yaml")),
    ("one-percent", include_str!("../../templates/scenarios/one-percent.yaml")),
    ("war-dial", include_str!("../../templates/scenarios/war-dial.yaml")),
    ("war-dial-with-a-leak", include_str!("../../templates/scenarios/war-dial-with-a-leak.yaml")),
    ("year-of-noise", include_str!("../../templates/scenarios/year-of-noise.yaml")),
    ("year-of-noise-by-words", include_str!("../../templates/scenarios/year-of-noise-by-words.yaml")),
];

/// A scenario, read and checked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Must say `trapline.scenario/1`.
    pub format: String,
    /// What it is about, for people.
    pub about: String,
    /// Everything random follows from it.
    #[serde(default = "one_seed")]
    pub seed: u64,
    /// Day 0.
    pub begins: jiff::civil::Date,
    /// How many days it lasts.
    pub days: u32,
    /// Days between two passes of the monitor.
    #[serde(default = "a_week")]
    pub monitor_every_days: u32,
    /// Shipped template that everything is planted with.
    #[serde(default = "yto")]
    pub template: String,
    /// What every epoch registers, as in `trapline.yaml`.
    #[serde(default)]
    pub attribution: Attribution,
    /// Triage, as in `trapline.yaml`.
    #[serde(default)]
    pub triage: Triage,
    /// Lines.
    #[serde(default)]
    pub lines: Lines,
    /// Accounts that leak nothing.
    #[serde(default)]
    pub bystanders: Bystanders,
    /// Exports that are planted into, file by file.
    #[serde(default)]
    pub exports: Vec<Export>,
    /// What of them is sold, and what is done with it.
    #[serde(default)]
    pub sales: Vec<Sale>,
    /// Calls that have nothing to do with any leak.
    #[serde(default)]
    pub noise: Vec<Noise>,
    /// War-diallers.
    #[serde(default)]
    pub sweeps: Vec<Sweep>,
    /// Somebody who tries numbers on the tracking page.
    #[serde(default)]
    pub tracking_sweeps: Vec<TrackingSweep>,
    /// Own staff testing lines.
    #[serde(default)]
    pub test_calls: Vec<TestCalls>,
    /// What must come out; with several, each for its share of names.
    #[serde(default)]
    pub expected: Vec<Expected>,
}

/// The pool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lines {
    /// Lines that are planted.
    pub traps: u32,
    /// Lines that are not: they measure the background.
    pub controls: u32,
    /// How many lines stand in a row: 1 for lines that lie scattered, 100 for
    /// blocks of a hundred neighbours.
    pub neighbours: u32,
}

impl Default for Lines {
    fn default() -> Self {
        Self { traps: 2000, controls: 200, neighbours: 1 }
    }
}

/// Accounts that leak nothing. Each has one planting at the beginning of every
/// epoch; nobody ever reads it, so it is registered and not woven.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bystanders {
    /// How many.
    pub accounts: u32,
    /// Canaries in each one's planting.
    pub canaries: u32,
    /// The data set that some of them see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// How many of them plant under that scope.
    pub scope_accounts: u32,
}

impl Default for Bystanders {
    fn default() -> Self {
        Self { accounts: 1000, canaries: 10, scope: None, scope_accounts: 0 }
    }
}

/// Exports, one for each account and day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Export {
    /// Whose.
    pub accounts: Vec<String>,
    /// On which days.
    pub days: Span,
    /// Days between two of them.
    #[serde(default = "one")]
    pub every_days: u32,
    /// Rows before planting.
    pub rows: u32,
    /// Canaries planted into each.
    #[serde(default = "ten")]
    pub canaries: u32,
    /// How the file is written.
    #[serde(default)]
    pub file: FileKind,
    /// Whether every export of an account holds the same rows again.
    #[serde(default)]
    pub same_rows: bool,
    /// The customers in it: exports of the same data hold the same ones, whose
    /// ever they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// The scope that it is planted under, as by `plant --scope`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

/// How an export is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// CSV with a header.
    #[default]
    Csv,
    /// One JSON object a line.
    Jsonl,
}

/// What becomes of exports that left the house.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sale {
    /// Whose exports.
    pub accounts: Vec<String>,
    /// Of which days; by default all up to the day of the sale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exports_of: Option<Span>,
    /// When.
    pub day: u32,
    /// Whether the accounts' copies are compared first, and every row is dropped
    /// that does not stand in all of them.
    #[serde(default)]
    pub drop_differing: bool,
    /// Share of the rows that are sold on.
    #[serde(default = "all")]
    pub keep: f64,
    /// Columns that the buyer gets; the rest is cut.
    #[serde(default = "a_buyers_columns")]
    pub columns: Vec<String>,
    /// Whether rows with the same phone are sold once only.
    #[serde(default)]
    pub without_duplicates: bool,
    /// The order of the list that all files are merged into.
    #[serde(default)]
    pub sorted_by: Sorting,
    /// How many buyers get it; each does what follows on its own.
    #[serde(default = "one")]
    pub buyers: u32,
    /// How a buyer calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls: Option<Calls>,
    /// How a buyer looks numbers up on the tracking page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lookups: Option<Lookups>,
}

/// The order of a sold list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sorting {
    /// No order at all.
    #[default]
    Shuffled,
    /// File after file, as planted.
    Merged,
    /// By phone.
    Phone,
    /// By waybill number.
    Number,
}

/// How fraudsters call. They work through the list from its top.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calls {
    /// Share of the rows that are rung.
    pub rows: f64,
    /// Over which days after the sale.
    pub days: Span,
    /// Calls for each row that is rung; further ones come within three days.
    #[serde(default = "once")]
    pub each: Span,
    /// Share of the calls that ask for somebody.
    #[serde(default)]
    pub names: f64,
    /// Share of these of which only the surname is heard.
    #[serde(default)]
    pub masks: f64,
    /// Share of the calls without a name in which a parcel is spoken of.
    #[serde(default = "all")]
    pub parcels: f64,
    /// Numbers that they call from.
    #[serde(default = "forty")]
    pub callers: u32,
    /// How long a call lasts.
    #[serde(default = "a_talk")]
    pub seconds: Span,
}

/// How a buyer looks up what it bought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lookups {
    /// Share of the rows that are looked up.
    pub rows: f64,
    /// Over which days after the sale.
    pub days: Span,
    /// Addresses that they come from.
    #[serde(default = "forty")]
    pub addresses: u32,
}

/// One sort of calls that have nothing to do with any leak. They fall on all
/// lines alike, at any hour, over the whole time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noise {
    /// What it is, for people.
    pub what: String,
    /// Calls on each line in a month of 30 days.
    pub per_line_and_month: f64,
    /// How long a call lasts; 0 for nobody answered.
    pub seconds: Span,
    /// Share of the calls in which a parcel is spoken of: couriers at a wrong
    /// number, fraudsters who dial at random.
    #[serde(default)]
    pub parcels: f64,
    /// Lines that the same caller rings one after the other.
    #[serde(default = "once")]
    pub lines_each: Span,
    /// Minutes in which it does so.
    #[serde(default = "eight")]
    pub within_minutes: u32,
}

/// A war-dialler: works through all lines in the order of their numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sweep {
    /// When.
    pub day: u32,
    /// From which hour.
    #[serde(default = "three")]
    pub hour: u32,
    /// Rings every so manieth number. A gap of more than a thousand numbers
    /// without a line is jumped.
    #[serde(default = "one")]
    pub step: u32,
    /// Seconds from one number to the next that it rings.
    pub pace_seconds: f64,
    /// Numbers that it shows, in turn.
    #[serde(default = "one")]
    pub callers: u32,
    /// How long a call lasts.
    pub seconds: Span,
}

/// Somebody who tries one waybill number after the other on the tracking page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrackingSweep {
    /// When.
    pub day: u32,
    /// How many numbers of the reserved block, from somewhere in it.
    pub numbers: u32,
    /// Seconds from one to the next.
    pub pace_seconds: f64,
    /// Addresses that it comes from, in turn.
    #[serde(default = "one")]
    pub addresses: u32,
}

/// Own staff that rings trap lines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestCalls {
    /// From which number. It is allow-listed where `triage.allow_callers` has it.
    pub caller: String,
    /// How many calls in all.
    pub calls: u32,
}

impl Scenario {
    /// Parses and checks a scenario that came from `origin`.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with its place and the way out.
    pub fn parse(text: &str, origin: &str) -> Result<Self, Fault> {
        let scenario: Self = yaml::parse(text, origin)?;
        scenario.check().map_err(|fault| fault.in_file(origin))?;
        Ok(scenario)
    }

    /// The shipped scenarios: name and text.
    pub fn shipped() -> &'static [(&'static str, &'static str)] {
        &SHIPPED
    }

    /// Parses the shipped scenario of this name, if there is one.
    pub fn by_name(name: &str) -> Option<Result<Self, Fault>> {
        let (name, text) = SHIPPED.iter().find(|(have, _)| *have == name)?;
        Some(Self::parse(text, &format!("{name}.yaml")))
    }

    /// What must come out when fraudsters ask for a name in `names` of their
    /// calls (`None`: as the file says).
    pub fn expected(&self, names: Option<f64>) -> Option<&Expected> {
        self.expected.iter().find(|expected| expected.names == names)
    }

    /// The first sentence of what it is about.
    pub fn headline(&self) -> &str {
        self.about.split_inclusive(". ").next().unwrap_or_default().trim()
    }
}

fn one_seed() -> u64 {
    1
}
fn a_week() -> u32 {
    7
}
fn yto() -> String {
    "yto-express".to_owned()
}
fn one() -> u32 {
    1
}
fn three() -> u32 {
    3
}
fn eight() -> u32 {
    8
}
fn ten() -> u32 {
    10
}
fn forty() -> u32 {
    40
}
fn all() -> f64 {
    1.0
}
fn once() -> Span {
    Span::just(1)
}
fn a_talk() -> Span {
    Span { from: 20, to: 220 }
}
fn a_buyers_columns() -> Vec<String> {
    ["number", "recipient.name", "recipient.phone"].map(str::to_owned).to_vec()
}

#[cfg(test)]
mod tests;
