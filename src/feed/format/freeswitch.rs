//! FreeSWITCH's mod_json_cdr: one object for each leg of a call.
//!
//! ```json
//! {"variables": {"uuid": "3da8...", "start_uepoch": "1515666344534355", "billsec": "68"},
//!  "callflow": [{"profile_index": "2", "caller_profile": {"destination_number": "1002"}}, ...]}
//! ```
//!
//! `callflow` lists the profiles of a call newest first: a transferred call ends
//! at an extension, and the number that was dialled stands in the *oldest*
//! profile, the last one. Times are strings of microseconds, "0" for none. With
//! `encode-values` (the default) values are percent-encoded.

use serde_json::Value;

use super::super::mapping::{self, Target};
use super::super::times::Times;
use super::access::percent_decoded;
use super::json::text_at;
use crate::fault::Fault;
use crate::observation::{Kind, Observation};

/// Reads one record.
pub(super) fn read(kind: Kind, times: &Times, record: &Value) -> Result<Observation, Fault> {
    let Some(Value::Object(_)) = record.get("variables") else {
        return Err(Fault::new("expected an object with \"variables\"").at_field("variables"));
    };
    let mut seen = Observation::new(kind, Vec::new());
    let first = |paths: &[String]| paths.iter().find_map(|path| value(record, path));
    let profile = oldest_profile(record);
    seen.native_id = first(&["variables.uuid".to_owned()]);
    seen.caller = first(&[
        format!("{profile}.caller_profile.caller_id_number"),
        "variables.sip_from_user".to_owned(),
        "variables.effective_caller_id_number".to_owned(),
    ]);
    seen.called = first(&[
        format!("{profile}.caller_profile.destination_number"),
        "variables.destination_number".to_owned(),
        "variables.sip_req_user".to_owned(),
        "variables.sip_to_user".to_owned(),
    ]);
    let seconds = first(&["variables.billsec".to_owned()]).or_else(|| talked(record, &profile));
    mapping::fill(&mut seen, Target::Seconds, seconds.as_deref().unwrap_or(""), times)?;
    let at = first(&[
        "variables.start_uepoch".to_owned(),
        format!("{profile}.times.created_time"),
        "times.created_time".to_owned(),
        "variables.start_epoch".to_owned(),
        "variables.start_stamp".to_owned(),
    ]);
    mapping::fill(&mut seen, Target::At, at.as_deref().unwrap_or(""), times)?;
    Ok(seen)
}

/// Path of the profile that the call came in with.
fn oldest_profile(record: &Value) -> String {
    match record.get("callflow") {
        Some(Value::Array(profiles)) => {
            let index = |profile: &Value| text_at(profile, "profile_index").and_then(|text| text.parse::<u32>().ok());
            let oldest = profiles
                .iter()
                .enumerate()
                .min_by_key(|(place, profile)| (index(profile).unwrap_or(u32::MAX), std::cmp::Reverse(*place)));
            format!("callflow.{}", oldest.map_or(0, |(place, _)| place))
        }
        _ => "callflow".to_owned(),
    }
}

/// Seconds from answer to hang-up.
fn talked(record: &Value, profile: &str) -> Option<String> {
    let time = |name: &str| {
        [format!("{profile}.times.{name}"), format!("times.{name}")]
            .iter()
            .find_map(|path| value(record, path))
            .and_then(|text| text.parse::<u64>().ok())
    };
    let (answered, hangup) = (time("answered_time")?, time("hangup_time")?);
    hangup.checked_sub(answered).map(|microseconds| (microseconds / 1_000_000).to_string())
}

/// The decoded text at a path; nothing for "0" in a time and for empty ones.
fn value(record: &Value, path: &str) -> Option<String> {
    let text = text_at(record, path)?;
    let is_none = text == "0" && (path.ends_with("_time") || path.ends_with("epoch"));
    (!is_none)
        .then(|| percent_decoded(text.trim()).unwrap_or_else(|| text.trim().to_owned()))
        .filter(|text| !text.is_empty())
}
