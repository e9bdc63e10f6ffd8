//! Reports: one plain value, written as text, JSON or HTML.
//!
//! What is printed is chosen for a reader who must defend it: the evidence
//! beside its threshold, the background beside the hits, and what the answer
//! does not say. Evidence is printed as a power of ten, rounded down, so that
//! no rounding ever carries a source over its threshold.

mod chart;
mod explain;
mod html;
mod list;
mod text;

pub use explain::{explain_json, explain_text};
pub use html::html;
pub(crate) use html::{STYLE, escape};
pub use list::{list_json, list_text};
pub use text::text;

use jiff::Timestamp;
use serde::Serialize;

use crate::attribute::{self, Attribution, Explanation};
use crate::casefile::CaseFile;

/// The JSON schema of a report.
pub const SCHEMA: &str = "trapline.attribution/1";

/// An attribution with what a reader needs beside it.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// `trapline.attribution/1`.
    pub schema: &'static str,
    /// When the epoch begins.
    pub begins: Timestamp,
    /// When it ends.
    pub ends: Timestamp,
    /// The newest decided hit.
    pub newest_hit: Option<Timestamp>,
    /// The answer.
    pub attribution: Attribution,
    /// Every bet of the named accounts, where timelines are drawn.
    #[serde(skip)]
    pub explanations: Vec<Explanation>,
}

/// Named accounts whose timeline is drawn.
const MAX_TIMELINES: usize = 50;

impl Report {
    /// Puts a report together, without timelines.
    pub fn new(attribution: &Attribution, case: &CaseFile) -> Self {
        Self {
            schema: SCHEMA,
            begins: case.epoch.rules.begins,
            ends: case.epoch.rules.ends,
            newest_hit: case.newest_hit,
            attribution: attribution.clone(),
            explanations: Vec::new(),
        }
    }

    /// Adds every bet of the named accounts: [`html`] draws them. Text and JSON
    /// have no use for them, and the bets of a year take a second.
    #[must_use]
    pub fn with_timelines(mut self, case: &CaseFile) -> Self {
        let shown = self.attribution.named.iter().take(MAX_TIMELINES).map(|named| named.account.as_str());
        self.explanations = attribute::explain_all(&case.evidence(), shown);
        self
    }
}

/// Writes a report as JSON.
pub fn json(report: &Report) -> String {
    serde_json::to_string_pretty(report).expect("reports are plain data")
}

/// Evidence as a power of ten with one decimal, rounded down.
pub(crate) fn power(ln: f64) -> String {
    if ln == f64::NEG_INFINITY {
        return "0".to_owned();
    }
    let tenths = (ln / std::f64::consts::LN_10 * 10.0).floor() / 10.0;
    format!("10^{tenths:.1}")
}

/// A threshold as a power of ten with one decimal, rounded up.
pub(crate) fn power_up(ln: f64) -> String {
    let tenths = (ln / std::f64::consts::LN_10 * 10.0).ceil() / 10.0;
    format!("10^{tenths:.1}")
}

/// A batch id as readers see it.
pub(crate) fn batch_name(batch: &str) -> &str {
    if batch.is_empty() { "(standing)" } else { batch }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_is_rounded_down_and_thresholds_up() {
        let ln = 9.96 * std::f64::consts::LN_10;

        assert_eq!((power(ln), power_up(ln)), ("10^9.9".to_owned(), "10^10.0".to_owned()));
        assert_eq!(power(-0.5), "10^-0.3");
    }
}
