//! From named columns to the fields of an observation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::times::Times;
use crate::fault::Fault;
use crate::observation::Observation;

/// A field of an observation that a column can feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The record's own id.
    Id,
    /// When it happened.
    At,
    /// Who called or reported.
    Caller,
    /// The called line.
    Called,
    /// Its extension.
    Extension,
    /// Seconds of conversation.
    Seconds,
    /// The name that was asked for.
    AskedName,
    /// A waybill number.
    Number,
    /// An address.
    Place,
    /// Free text.
    Text,
}

impl Target {
    /// The word in the configuration.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::At => "at",
            Self::Caller => "caller",
            Self::Called => "called",
            Self::Extension => "extension",
            Self::Seconds => "seconds",
            Self::AskedName => "asked_name",
            Self::Number => "number",
            Self::Place => "place",
            Self::Text => "text",
        }
    }

    /// Whether an observation without it may still mention something of ours.
    pub(super) fn is_evidence(self) -> bool {
        matches!(self, Self::Called | Self::AskedName | Self::Number | Self::Place | Self::Text)
    }
}

/// Column names that a preset knows for each field, best first.
pub(super) type Known = &'static [(Target, &'static [&'static str])];

/// Names in call records and reports whose maker we do not know.
pub(super) const GENERIC: Known = &[
    (Target::Id, &["id", "uuid", "uniqueid", "call_id", "编号", "记录编号"]),
    (
        Target::At,
        &[
            "at",
            "time",
            "timestamp",
            "date",
            "datetime",
            "start",
            "start_time",
            "calldate",
            "时间",
            "日期",
            "通话时间",
            "开始时间",
            "来电时间",
        ],
    ),
    (
        Target::Caller,
        &["caller", "caller_number", "caller_id", "caller_no", "from", "src", "ani", "主叫", "主叫号码", "来电号码"],
    ),
    (
        Target::Called,
        &[
            "called",
            "called_number",
            "callee",
            "callee_no",
            "to",
            "dst",
            "did",
            "dnis",
            "line",
            "被叫",
            "被叫号码",
            "接听号码",
        ],
    ),
    (Target::Extension, &["extension", "ext", "分机", "分机号"]),
    (Target::Seconds, &["billsec", "seconds", "duration", "通话时长", "时长"]),
    (Target::AskedName, &["asked_name", "name", "customer", "customer_name", "姓名", "客户姓名"]),
    (
        Target::Number,
        &["number", "waybill", "waybill_number", "tracking_number", "tracking", "运单号", "快递单号", "单号"],
    ),
    (Target::Place, &["place", "address", "地址", "收货地址"]),
    (Target::Text, &["text", "note", "notes", "description", "remark", "comment", "描述", "备注", "内容", "通话内容"]),
];

/// Complaint tickets. The caller of a ticket is who rang the call centre: for a
/// trap line that is the fraudster, and the customer's name is whom he asked for.
pub(super) const TICKETS: Known = &[
    (
        Target::Id,
        &[
            "工单号",
            "工单编号",
            "ticket_no",
            "ticket no",
            "ticket number",
            "ticket_id",
            "ticket id",
            "ticket",
            "case number",
        ],
    ),
    (
        Target::At,
        &["来电时间", "受理时间", "创建时间", "call_time", "call time", "created_at", "created at", "created", "time"],
    ),
    (Target::Caller, &["来电号码", "联系电话", "caller", "caller_number", "caller number", "phone"]),
    (Target::Called, &["被叫号码", "接听号码", "called", "called_number", "called number", "line"]),
    (Target::AskedName, &["客户姓名", "姓名", "customer_name", "customer name", "customer"]),
    (
        Target::Number,
        &[
            "运单号",
            "快递单号",
            "单号",
            "waybill_no",
            "waybill no",
            "waybill number",
            "waybill",
            "tracking_number",
            "tracking number",
        ],
    ),
    (Target::Place, &["地址", "收货地址", "address"]),
    (Target::Text, &["描述", "问题描述", "内容", "description", "details", "notes", "note"]),
];

/// FreePBX and Issabel rewrite `dst` to the extension that rang, so the number
/// that was dialled is in `did` where there is one.
pub(super) const FREEPBX: Known = &[
    (Target::At, &["calldate"]),
    (Target::Caller, &["src", "cnum"]),
    (Target::Called, &["did", "dst"]),
    (Target::Seconds, &["billsec"]),
    (Target::Text, &["userfield"]),
];

/// Both of Asterisk's own files.
pub(super) const ASTERISK: Known = &[
    (Target::At, &["start"]),
    (Target::Caller, &["src"]),
    (Target::Called, &["dst"]),
    (Target::Seconds, &["billsec"]),
    (Target::Text, &["userfield"]),
];

/// FreeSWITCH's template `example`.
pub(super) const FREESWITCH: Known = &[
    (Target::Id, &["uuid"]),
    (Target::At, &["start_stamp"]),
    (Target::Caller, &["caller_id_number"]),
    (Target::Called, &["destination_number"]),
    (Target::Seconds, &["billsec"]),
];

/// Columns by number, from 0, in the order in which they are tried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mapping {
    columns: BTreeMap<Target, Vec<usize>>,
}

impl Mapping {
    pub(super) fn set(&mut self, target: Target, columns: Vec<usize>) {
        self.columns.insert(target, columns);
    }

    pub(super) fn has(&self, target: Target) -> bool {
        self.columns.contains_key(&target)
    }

    pub(super) fn has_evidence(&self) -> bool {
        self.columns.keys().any(|target| target.is_evidence())
    }

    /// Each mapped field with the first of its columns that holds something.
    pub(super) fn values<'a>(
        &'a self,
        field: impl Fn(usize) -> Option<&'a str> + 'a,
    ) -> impl Iterator<Item = (Target, &'a str)> {
        self.columns.iter().map(move |(target, columns)| {
            let value = columns.iter().filter_map(|column| field(*column)).find(|value| !value.is_empty());
            (*target, value.unwrap_or(""))
        })
    }
}

/// Puts a value into its field. Values stay as written; only times and seconds
/// are read, and neither is repeated in a message.
pub(super) fn fill(seen: &mut Observation, target: Target, value: &str, times: &Times) -> Result<(), Fault> {
    let text = || Some(value.to_owned()).filter(|value| !value.is_empty());
    match target {
        Target::Id => seen.native_id = text(),
        Target::At => {
            seen.at = Some(times.read(value).map_err(|what| Fault::new(what).at_field(Target::At.word()))?);
        }
        Target::Caller => seen.caller = text(),
        Target::Called => seen.called = text(),
        Target::Extension => seen.extension = text(),
        Target::Seconds => seen.seconds = seconds(value)?,
        Target::AskedName => seen.asked_name = text(),
        Target::Number => seen.number = text(),
        Target::Place => seen.place = text(),
        Target::Text => seen.text = text(),
    }
    Ok(())
}

/// `31`, `31.0` or `00:00:31`; nothing for an empty field.
fn seconds(value: &str) -> Result<Option<u32>, Fault> {
    if value.is_empty() {
        return Ok(None);
    }
    let whole = value.split_once('.').map_or(value, |(whole, _)| whole);
    let parts: Option<Vec<u32>> = whole.split(':').map(|part| part.trim().parse().ok()).collect();
    let seconds = match parts.as_deref() {
        Some([seconds]) => Some(*seconds),
        Some([minutes, seconds]) => minutes.checked_mul(60).and_then(|all| all.checked_add(*seconds)),
        Some([hours, minutes, seconds]) => hours
            .checked_mul(3600)
            .and_then(|all| all.checked_add(minutes.checked_mul(60)?))
            .and_then(|all| all.checked_add(*seconds)),
        _ => None,
    };
    match seconds {
        Some(seconds) => Ok(Some(seconds)),
        None => Err(Fault::new("expected seconds such as 31 or 00:00:31").at_field(Target::Seconds.word())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_read_in_their_usual_spellings() {
        assert_eq!(seconds("31"), Ok(Some(31)));
        assert_eq!(seconds("31.7"), Ok(Some(31)));
        assert_eq!(seconds("00:01:31"), Ok(Some(91)));
        assert_eq!(seconds("01:31"), Ok(Some(91)));
        assert_eq!(seconds(""), Ok(None));
    }

    #[test]
    fn a_number_too_big_for_seconds_is_refused() {
        for value in ["99999999999", "-1", "abc", "1:2:3:4", "2000000:00:00"] {
            assert!(seconds(value).is_err(), "{value}");
        }
    }
}
