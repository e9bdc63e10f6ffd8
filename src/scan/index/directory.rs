//! Who planted what: the sealed part of an index.

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

/// The sealed part of an index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directory {
    /// When it was made.
    pub made: Timestamp,
    /// What the registry held then, for telling whether the index is stale.
    pub state: String,
    /// The lines.
    pub lines: Vec<Line>,
    /// What numbers look like around their anchors.
    pub forms: Vec<Form>,
    /// Plantings and scopes of shared rows; their canaries are numbered one
    /// after the other.
    pub sources: Vec<Source>,
    /// Lengths of anchors, as bits.
    pub lengths: u64,
    /// Canaries whose number is too short to be looked for.
    pub left_out: u64,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Digits of its number: country code and national number.
    pub digits: String,
    /// How many of them are the country code.
    pub country: usize,
    /// Row id in the registry.
    pub id: i64,
}

/// What stands around the anchors of one block's numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Form {
    /// Capital letters and digits before it; `None` where numbers differ in it.
    pub before: Option<String>,
    /// The same behind it.
    pub after: Option<String>,
}

/// What planted canaries: a batch of an account, or a scope of shared rows.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Packed")]
pub struct Source {
    /// Label of the epoch.
    pub epoch: String,
    /// Account; empty for a scope.
    pub account: String,
    /// Batch; empty for standing canaries. Of a scope, its name.
    pub batch: String,
    /// When it was planted.
    pub planted: Timestamp,
    /// Place of its numbers' form.
    pub form: u16,
    /// The number of its first canary.
    pub first: u32,
    /// How many it has.
    pub count: u32,
}

/// A source as a list: 300,000 of them are read before a scan begins.
#[derive(Deserialize)]
struct Packed(String, String, String, Timestamp, u16, u32, u32);

impl From<Packed> for Source {
    fn from(Packed(epoch, account, batch, planted, form, first, count): Packed) -> Self {
        Self { epoch, account, batch, planted, form, first, count }
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { epoch, account, batch, planted, form, first, count } = self;
        (epoch, account, batch, planted, form, first, count).serialize(serializer)
    }
}

impl Directory {
    /// The place of the source that planted `canary`.
    pub fn source_of(&self, canary: u32) -> usize {
        self.sources.partition_point(|source| source.first <= canary) - 1
    }
}
