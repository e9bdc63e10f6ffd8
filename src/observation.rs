//! One thing seen in a feed or a dump, before anybody asks what it means.
//!
//! Feeds parse their formats into observations and know nothing of canaries;
//! the matcher knows nothing of formats. Values stay as written: reducing them
//! to one spelling is `normalize`'s work.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What sort of thing was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A call to a number.
    Call,
    /// A complaint, a ticket, a fraud report.
    Report,
    /// A look-up on a tracking page.
    Lookup,
    /// A row of a dump.
    Row,
}

/// One record of a feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// What sort of thing it is.
    pub kind: Kind,
    /// The feed's own id of the record, where it has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub native_id: Option<String>,
    /// When it happened, by the record's own word.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub at: Option<Timestamp>,
    /// Who called, or who looked the number up (an address).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub caller: Option<String>,
    /// The number that was called, or that the report says was called.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub called: Option<String>,
    /// Extension, where the record keeps it apart.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub extension: Option<String>,
    /// Seconds of conversation (billed seconds, where both are known).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seconds: Option<u32>,
    /// The name that was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub asked_name: Option<String>,
    /// A waybill number in a column of its own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub number: Option<String>,
    /// An address or a part of one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub place: Option<String>,
    /// Free text: an agent's note, a complaint.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub text: Option<String>,
    /// How often the row stands in its dump.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub count: Option<u64>,
    /// The record's bytes, as they came. Never serialised: what is kept of
    /// them is a keyed hash.
    #[serde(skip)]
    pub raw: Vec<u8>,
}

impl Observation {
    /// An observation of `kind` with nothing known yet.
    pub fn new(kind: Kind, raw: impl Into<Vec<u8>>) -> Self {
        Self {
            kind,
            native_id: None,
            at: None,
            caller: None,
            called: None,
            extension: None,
            seconds: None,
            asked_name: None,
            number: None,
            place: None,
            text: None,
            count: None,
            raw: raw.into(),
        }
    }
}

/// A record that could not be read: kept and counted, never skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Where and why.
    pub fault: crate::fault::Fault,
    /// The record's bytes (cut to a bound the feed states).
    pub raw: Vec<u8>,
}

/// What the matcher found in an observation, whoever it may belong to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum Found {
    /// One of the operator's lines, by its id in the registry.
    Line {
        /// Row id of the line.
        line: i64,
        /// The role at which it stands in a dump row; none for a call.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        role: Option<crate::persona::Role>,
    },
    /// A masked phone: any of these lines (row ids, rising).
    Lines {
        /// Row ids.
        lines: Vec<i64>,
    },
    /// A number of a reserved waybill block.
    Number {
        /// The block's id.
        block: String,
        /// Place in the block.
        place: u64,
    },
    /// What was said about a person.
    Person {
        /// The whole set of personas that fit.
        pattern: crate::persona::PersonaPattern,
    },
}

/// What triage and attribution need of an observation: all of it decided
/// blind, without codewords or personas of any account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// What was found.
    pub found: Vec<Found>,
    /// Keyed tag of the caller, for storms.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub caller_tag: Option<String>,
    /// Whether the caller is allow-listed.
    #[serde(default)]
    pub allowed: bool,
    /// Seconds of conversation.
    #[serde(default)]
    pub seconds: u32,
    /// Whether a triage keyword occurs.
    #[serde(default)]
    pub keyword: bool,
    /// Whether a name was asked for (fitting anybody or nobody).
    #[serde(default)]
    pub named: bool,
    /// The called line's number as an integer, for ascending sweeps.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub line_number: Option<u64>,
}
