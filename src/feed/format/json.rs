//! JSON: documents with an envelope, arrays, and objects one after another.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use super::super::config::{Column, FormatConfig};
use super::super::mapping::{self, Target};
use super::super::times::Times;
use super::{JsonReader, Piece};
use crate::fault::Fault;
use crate::observation::{Kind, Observation};

/// Objects in a document whose brackets may fail to close before the rest is
/// given up: each costs another look at the whole rest.
const SECOND_CHANCES: u32 = 16;

/// A mapping of dotted paths, such as `call.from.0.number`.
pub(super) struct Paths {
    kind: Kind,
    times: Times,
    paths: BTreeMap<Target, Vec<String>>,
    /// Whether a record must have a time: a mapping named it.
    timed: bool,
}

impl Paths {
    pub(super) fn new(format: &FormatConfig, times: Times) -> Result<Self, Fault> {
        let known =
            mapping::GENERIC.iter().map(|(target, names)| (*target, names.iter().map(ToString::to_string).collect()));
        let mut paths: BTreeMap<Target, Vec<String>> =
            if format.columns.is_empty() { known.collect() } else { BTreeMap::new() };
        for (target, column) in &format.columns {
            let names = match column {
                Column::Name(name) => vec![name.clone()],
                Column::Any(names) if !names.is_empty() => names.clone(),
                Column::Any(_) | Column::Index(_) => {
                    return Err(Fault::new("expected a path such as call.number")
                        .at_field(format!("format.columns.{}", target.word())));
                }
            };
            paths.insert(*target, names);
        }
        if !paths.keys().any(|target| target.is_evidence()) {
            return Err(Fault::new("expected a path for one of called, number, text, asked_name, place")
                .at_field("format.columns"));
        }
        let timed = format.columns.contains_key(&Target::At);
        Ok(Self { kind: format.kind.unwrap_or(Kind::Call), times, paths, timed })
    }

    /// Reads one record.
    pub(super) fn read(&self, record: &Value) -> Result<Observation, Fault> {
        let mut seen = Observation::new(self.kind, Vec::new());
        let mut found = false;
        for (target, paths) in &self.paths {
            let value = paths.iter().find_map(|path| text_at(record, path));
            if let Some(value) = value {
                found |= target.is_evidence();
                mapping::fill(&mut seen, *target, value.trim(), &self.times)?;
            } else if *target == Target::At && self.timed {
                return Err(Fault::new("expected a time, found none").at_field(Target::At.word()));
            }
        }
        if found {
            Ok(seen)
        } else {
            Err(Fault::new("expected a value for one of called, number, text, asked_name, place"))
        }
    }
}

/// Parses one record.
pub(super) fn parse(text: &str) -> Result<Value, Fault> {
    serde_json::from_str(text).map_err(|error| broken(&error))
}

/// A fault without serde's quotation of the text.
fn broken(error: &serde_json::Error) -> Fault {
    let what = match error.classify() {
        serde_json::error::Category::Eof => "expected JSON, found it cut short",
        _ => "expected JSON",
    };
    Fault::new(format!("{what} (at its line {}, column {})", error.line(), error.column()))
}

/// The value at a dotted path; numbers index arrays.
pub(super) fn at<'a>(record: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(record, |value, step| match value {
        Value::Object(map) => map.get(step),
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        _ => None,
    })
}

/// The text at a dotted path: strings as they are, numbers and lists as JSON;
/// nothing for null and empty strings.
pub(super) fn text_at<'a>(record: &'a Value, path: &str) -> Option<Cow<'a, str>> {
    match at(record, path)? {
        Value::Null => None,
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(Cow::Borrowed(text)),
        other => Some(Cow::Owned(other.to_string())),
    }
}

/// Reads the records in the array at `path`. What stands for their bytes is
/// their compact form with sorted keys.
pub(super) fn enveloped(
    text: &str,
    path: &str,
    reader: &JsonReader,
    each: &mut dyn FnMut(Piece<'_>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let document = parse(text)?;
    let Some(Value::Array(records)) = at(&document, path) else {
        return Err(Fault::new(format!("expected an array of records at {path:?}, found none"))
            .hint("is the address that of the list, and are the credentials right?"));
    };
    for record in records {
        let raw = record.to_string().into_bytes();
        let seen = reader.read(record).map(|seen| seen.map(|seen| with_raw(seen, &raw)).into_iter().collect());
        each(Piece { raw: Cow::Owned(raw), byte: None, seen })?;
    }
    Ok(())
}

/// Reads objects one after another, alone, in lines or in one array.
///
/// Each is cut out by its brackets before it is parsed, so that one bad object
/// costs itself alone. One whose brackets do not close ends where a line begins
/// with the next; after too many of those, at the end of the document.
pub(super) fn objects(
    text: &str,
    reader: &JsonReader,
    each: &mut dyn FnMut(Piece<'_>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let bytes = text.as_bytes();
    if !text.trim_start().starts_with(['{', '[']) {
        return Err(Fault::new("expected JSON, found something else").at_byte(0));
    }
    let mut start = 0;
    let mut open = 0_i64;
    let mut second_chances = SECOND_CHANCES;
    while let Some(begin) = begin_of_record(bytes, start, &mut open) {
        let end = end_of_record(bytes, begin).unwrap_or_else(|| {
            let next = memchr::memmem::find(&bytes[begin..], b"\n{").filter(|_| second_chances > 0);
            second_chances = second_chances.saturating_sub(1);
            next.map_or(bytes.len(), |at| begin + at + 1)
        });
        let raw = &bytes[begin..end];
        let seen = parse(&text[begin..end]).and_then(|record| reader.read(&record));
        let seen = seen.map(|seen| seen.map(|seen| with_raw(seen, raw)).into_iter().collect());
        each(Piece { raw: Cow::Borrowed(raw), byte: Some(begin as u64), seen })?;
        start = end;
    }
    if open > 0 {
        let raw = if start < bytes.len() { &bytes[start..] } else { b"[" };
        let fault = Fault::new("expected the list to close: the document is cut short");
        each(Piece { raw: Cow::Borrowed(raw), byte: Some(start as u64), seen: Err(fault) })?;
    }
    Ok(())
}

fn with_raw(mut seen: Observation, raw: &[u8]) -> Observation {
    seen.raw = raw.to_vec();
    seen
}

/// Skips what stands between records and counts the lists that stay open.
fn begin_of_record(bytes: &[u8], start: usize, open: &mut i64) -> Option<usize> {
    for (at, byte) in bytes.iter().enumerate().skip(start) {
        match byte {
            b'[' => *open += 1,
            b']' => *open -= 1,
            b' ' | b'\t' | b'\r' | b'\n' | b',' | 0x1e => {}
            _ => return Some(at),
        }
    }
    None
}

/// The end of the object at `begin`, or of the line if it is none; `None` if its
/// brackets do not close.
fn end_of_record(bytes: &[u8], begin: usize) -> Option<usize> {
    if bytes[begin] != b'{' {
        let line = bytes[begin..].iter().position(|byte| *byte == b'\n');
        return Some(line.map_or(bytes.len(), |len| begin + len));
    }
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, byte) in bytes.iter().enumerate().skip(begin) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' if !quoted => depth += 1,
            b'}' if !quoted => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}
