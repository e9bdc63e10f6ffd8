//! What was found, as lines of JSON: from the machine that scans to the one
//! that compares.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, Read as _};

use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::scan::compare::Comparison;
use crate::scan::index::{Directory, Index};
use crate::scan::text::{Layout, Repair};
use crate::scan::{Hit, How, What};

/// Longest line that is read: rows are far shorter.
const MOST_BYTES: u64 = 4 << 20;

/// A hit as a line of JSON: what another machine compares and records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HitLine {
    /// Name of the input.
    pub file: String,
    /// Where the row begins, in bytes.
    pub offset: u64,
    /// The row, as text where it is UTF-8 and else read as GB18030.
    pub row: String,
    /// Canaries whose number it holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub canaries: Vec<CanaryFound>,
    /// Lines that it holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<LineFound>,
    /// What parts its cells; once it was compared.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub layout: Option<Layout>,
    /// What had to be undone to read it; once it was compared.
    #[serde(skip_deserializing, skip_serializing_if = "BTreeSet::is_empty")]
    pub repairs: BTreeSet<Repair>,
}

/// A canary in a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CanaryFound {
    /// Epoch.
    pub epoch: String,
    /// Account; empty for a shared row.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub account: String,
    /// Batch, or the scope of a shared row.
    pub batch: String,
    /// Its place in the batch.
    pub index: u32,
    /// How its number was written.
    pub how: How,
    /// What is left of each of its values; once it was compared.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
}

/// A line in a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineFound {
    /// Its id in the registry.
    pub line: i64,
    /// How its phone was written.
    pub how: How,
}

impl HitLine {
    /// Describes a hit of the input called `name`.
    pub fn new(name: &str, hit: &Hit, index: &Index) -> Self {
        let directory = index.directory();
        let row = match std::str::from_utf8(&hit.row) {
            Ok(text) => text.to_owned(),
            Err(_) => encoding_rs::GB18030.decode_without_bom_handling(&hit.row).0.into_owned(),
        };
        let (mut canaries, mut lines) = (BTreeMap::new(), BTreeMap::new());
        for finding in &hit.findings {
            match finding.what {
                What::Canary(canary) => _ = canaries.entry(canary).or_insert(finding.how),
                What::Line(line) => _ = lines.entry(line).or_insert(finding.how),
                What::Reserved => {}
            }
        }
        let canary = |(canary, how)| {
            let source = &directory.sources[directory.source_of(canary)];
            let (epoch, account, batch) = (source.epoch.clone(), source.account.clone(), source.batch.clone());
            CanaryFound { epoch, account, batch, index: canary - source.first, how, comparison: None }
        };
        let line = |(line, how): (u32, How)| LineFound { line: directory.lines[line as usize].id, how };
        Self {
            file: name.to_owned(),
            offset: hit.offset,
            row,
            canaries: canaries.into_iter().map(canary).collect(),
            lines: lines.into_iter().map(line).collect(),
            layout: None,
            repairs: BTreeSet::new(),
        }
    }
    /// What it says was found, by places in a directory; without what that does
    /// not know.
    pub fn findings(&self, known: &Known<'_>) -> Vec<(What, How)> {
        let canary = |found: &CanaryFound| {
            let key = (found.epoch.as_str(), found.account.as_str(), found.batch.as_str());
            let &(first, count) = known.sources.get(&key)?;
            (found.index < count).then(|| (What::Canary(first + found.index), found.how))
        };
        let line = |found: &LineFound| Some((What::Line(*known.lines.get(&found.line)?), found.how));
        self.canaries.iter().filter_map(canary).chain(self.lines.iter().filter_map(line)).collect()
    }
}

/// What a directory knows, by the names that lines of JSON call it.
pub struct Known<'d> {
    /// First canary, and how many there are.
    sources: BTreeMap<(&'d str, &'d str, &'d str), (u32, u32)>,
    lines: BTreeMap<i64, u32>,
}

impl<'d> Known<'d> {
    /// What `directory` knows.
    pub fn of(directory: &'d Directory) -> Self {
        let sources = directory.sources.iter();
        Self {
            sources: sources
                .map(|source| ((&*source.epoch, &*source.account, &*source.batch), (source.first, source.count)))
                .collect(),
            lines: directory.lines.iter().map(|line| line.id).zip(0..).collect(),
        }
    }
}

/// Reads lines of JSON, whoever wrote them.
///
/// A line that is none is a fault, and the others go on.
pub struct HitLines<R> {
    name: String,
    input: R,
    line: u64,
}

impl<R: BufRead> HitLines<R> {
    /// Reads what is called `name`.
    pub fn new(name: &str, input: R) -> Self {
        Self { name: name.to_owned(), input, line: 0 }
    }

    /// The next line; `None` at the end.
    ///
    /// # Errors
    ///
    /// When the input cannot be read on.
    pub fn read(&mut self) -> io::Result<Option<Result<HitLine, Fault>>> {
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            self.line += 1;
            if self.input.by_ref().take(MOST_BYTES).read_until(b'\n', &mut bytes)? == 0 {
                return Ok(None);
            }
            if !bytes.ends_with(b"\n") && bytes.len() as u64 == MOST_BYTES {
                self.input.skip_until(b'\n')?;
                return Ok(Some(Err(self.fault(format!("the line is longer than {} MB", MOST_BYTES >> 20)))));
            }
            if !bytes.trim_ascii().is_empty() {
                break;
            }
        }
        let line = serde_json::from_slice(&bytes);
        // The message may quote the row: only its place and kind are told.
        Ok(Some(line.map_err(|error| {
            let what = match error.classify() {
                serde_json::error::Category::Data => "a field is missing or of another kind",
                _ => "it is no JSON",
            };
            self.fault(format!("expected a hit that `trapline scan --jsonl` wrote: {what}, at byte {}", error.column()))
        })))
    }

    fn fault(&self, message: String) -> Fault {
        Fault::new(message).in_file(self.name.as_str()).at_line(self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Result<HitLine, Fault>> {
        let mut lines = HitLines::new("hits.jsonl", text.as_bytes());
        std::iter::from_fn(|| lines.read().expect("memory can be read")).collect()
    }

    fn line() -> HitLine {
        let canary = CanaryFound {
            epoch: "2026Q4".into(),
            account: "a".into(),
            batch: "mon".into(),
            index: 3,
            how: How::Grouped,
            comparison: None,
        };
        HitLine {
            file: "dump.zip!a.csv".into(),
            offset: 17,
            row: "李丽,\"1\"".into(),
            canaries: vec![canary],
            lines: vec![LineFound { line: 9, how: How::Wide }],
            layout: None,
            repairs: BTreeSet::new(),
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let text = serde_json::to_string(&line()).expect("plain data");

        assert_eq!(read(&format!("{text}\n\r\n{text}")), [Ok(line()), Ok(line())]);
    }

    #[test]
    fn a_line_that_is_none_is_told_with_its_place_and_the_rest_goes_on() {
        let text = serde_json::to_string(&line()).expect("plain data");
        let long = "x".repeat(MOST_BYTES as usize + 10);

        let lines = read(&format!("{{\"file\": 15433063750}}\n{long}\n15433063750 no\n{text}\n"));

        let faults: Vec<String> =
            lines.iter().filter_map(|line| line.as_ref().err()).map(ToString::to_string).collect();
        assert_eq!(faults.len(), 3);
        assert!(faults[0].contains("hits.jsonl") && faults[0].contains("of another kind"), "{}", faults[0]);
        assert!(faults[1].contains("longer than"), "{}", faults[1]);
        assert!(faults.iter().all(|fault| !fault.contains("15433063750")), "{faults:?}");
        assert_eq!(lines[3], Ok(line()));
    }

    #[test]
    fn what_a_directory_does_not_know_is_left_out() {
        let source = crate::scan::index::Source {
            epoch: "2026Q4".into(),
            account: "a".into(),
            batch: "mon".into(),
            planted: jiff::Timestamp::UNIX_EPOCH,
            form: 0,
            first: 100,
            count: 4,
        };
        let directory = Directory {
            made: jiff::Timestamp::UNIX_EPOCH,
            state: String::new(),
            lines: vec![crate::scan::index::Line { digits: "8615433063750".into(), country: 2, id: 9 }],
            forms: Vec::new(),
            sources: vec![source],
            lengths: 0,
            left_out: 0,
        };
        let known = Known::of(&directory);

        let mut line = line();
        assert_eq!(line.findings(&known), [(What::Canary(103), How::Grouped), (What::Line(0), How::Wide)]);
        line.canaries[0].index = 4;
        line.lines[0].line = 10;
        assert_eq!(line.findings(&known), []);
    }
}
