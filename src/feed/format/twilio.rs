//! Twilio's list of calls.
//!
//! ```json
//! {"calls": [{"sid": "CA...", "from": "+1...", "to": "+1...", "status": "completed",
//!   "start_time": "Wed, 25 Nov 2026 03:25:23 +0000", "duration": "31"}], "next_page_uri": "/2010-04-01/..."}
//! ```
//!
//! A call that is still queued, ringing or in progress is passed over: its
//! duration is not known, and a record is taken once. It comes again, final, while
//! it is within the feed's `overlap_days`.

use serde_json::Value;

use super::super::mapping::{self, Target};
use super::super::times::Times;
use super::json::text_at;
use crate::fault::Fault;
use crate::observation::{Kind, Observation};

const UNFINISHED: [&str; 4] = ["queued", "initiated", "ringing", "in-progress"];

/// Reads one call; nothing if it is not over.
pub(super) fn read(kind: Kind, times: &Times, record: &Value) -> Result<Option<Observation>, Fault> {
    let text = |path: &str| text_at(record, path).unwrap_or_default().trim().to_owned();
    if UNFINISHED.contains(&text("status").as_str()) {
        return Ok(None);
    }
    let mut seen = Observation::new(kind, Vec::new());
    let at = Some(text("start_time")).filter(|at| !at.is_empty()).unwrap_or_else(|| text("date_created"));
    mapping::fill(&mut seen, Target::At, &at, times)?;
    for (target, path) in
        [(Target::Id, "sid"), (Target::Caller, "from"), (Target::Called, "to"), (Target::Seconds, "duration")]
    {
        mapping::fill(&mut seen, target, &text(path), times)?;
    }
    if seen.native_id.is_none() || seen.called.is_none() {
        return Err(Fault::new("expected a call with \"sid\" and \"to\""));
    }
    Ok(Some(seen))
}
