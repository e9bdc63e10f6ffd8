//! Scanning dumps: unpacking, search, survey, and what each input came to.
//!
//! Knows nothing of registries: a machine that only scans has none.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use crate::fault::Fault;
use crate::scan::index::Index;
use crate::scan::{Hit, How, Search, Searched, Seen, Survey, What};
use crate::unpack::{Item, Limits, Sink, Stop, Unpacker};

/// A scan under way.
pub struct Dump<'s> {
    search: Search<'s>,
    survey: Survey,
    inputs: Vec<Input>,
    faults: Vec<Fault>,
    watcher: &'s mut dyn Watcher,
    /// Packed bytes that the unpacker read, and how many of them the watcher knows of.
    read: &'s AtomicU64,
    told: u64,
}

/// Who watches a scan.
pub trait Watcher {
    /// Learns of a row of the input called `name`.
    fn hit(&mut self, name: &str, hit: &Hit);
    /// Learns how many bytes more of files were read, packed as they are.
    fn passed(&mut self, bytes: u64);
}

/// What one input came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// Bytes that were looked through.
    pub bytes: u64,
    /// Lines of them.
    pub rows: u64,
    /// Rows with something of ours.
    pub hits: u64,
    /// The encoding, where it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<&'static str>,
    /// Why it was not read to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Whether the scan was stopped within it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stopped: bool,
}

impl<'s> Dump<'s> {
    /// Begins a scan; `read` is the unpacker's count.
    pub fn new(search: Search<'s>, read: &'s AtomicU64, watcher: &'s mut dyn Watcher) -> Self {
        Self { search, survey: Survey::default(), inputs: Vec::new(), faults: Vec::new(), watcher, read, told: 0 }
    }

    /// Scans a file, or a folder with all below it; `scratch` is where what must
    /// be held is held.
    pub fn path(&mut self, path: &Path, limits: Limits, scratch: &Path) {
        // A stop is what the search's owner asked for: the owner knows.
        let _ = Unpacker { limits, scratch, read: self.read }.path(path, self);
    }

    /// Scans a stream.
    pub fn reader(&mut self, name: &str, input: &mut dyn Read, limits: Limits, scratch: &Path) {
        let _ = Unpacker { limits, scratch, read: self.read }.reader(name, input, self);
    }

    /// What was found, what each input came to, and what could not be read.
    pub fn finish(self) -> (Survey, Vec<Input>, Vec<Fault>) {
        (self.survey, self.inputs, self.faults)
    }

    fn tell(&mut self) {
        let read = self.read.load(Ordering::Relaxed);
        self.watcher.passed(read - self.told);
        self.told = read;
    }

    fn take(&mut self, name: &str, is_file: bool, scan: impl FnOnce(&mut Tee<'_>) -> io::Result<Searched>) {
        let mut tee =
            Tee { name, is_file, survey: &mut self.survey, watcher: self.watcher, hits: 0, bytes: 0, rows: 0 };
        let outcome = scan(&mut tee);
        let Tee { hits, bytes, rows, .. } = tee;
        let mut input = Input { name: name.to_owned(), bytes, rows, hits, encoding: None, error: None, stopped: false };
        match outcome {
            Ok(searched) => (input.encoding, input.stopped) = (searched.encoding, searched.stopped),
            Err(error) => input.error = Some(error.to_string()),
        }
        self.inputs.push(input);
    }
}

impl Sink for Dump<'_> {
    fn item(&mut self, item: Item<'_>) -> Result<(), Stop> {
        let search = self.search;
        match item {
            Item::File { name, path, .. } => self.take(name, true, |tee| search.file(&File::open(path)?, tee)),
            Item::Stream { name, content } => self.take(name, false, |tee| search.stream(content, tee)),
        }
        self.tell();
        if search.stop.load(Ordering::Relaxed) { Err(Stop) } else { Ok(()) }
    }

    fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }
}

/// Hands what is found to the survey and to the watcher.
struct Tee<'t> {
    name: &'t str,
    /// Whether its bytes are those of a file, which no unpacker counts.
    is_file: bool,
    survey: &'t mut Survey,
    watcher: &'t mut dyn Watcher,
    hits: u64,
    bytes: u64,
    rows: u64,
}

impl Seen for Tee<'_> {
    fn hits(&mut self, hits: Vec<Hit>) {
        for hit in hits {
            self.hits += 1;
            self.survey.add(&hit);
            self.watcher.hit(self.name, &hit);
        }
    }

    fn passed(&mut self, bytes: u64, lines: u64) {
        self.bytes += bytes;
        self.rows += lines;
        if self.is_file {
            self.watcher.passed(bytes);
        }
    }
}

/// A hit as a line of JSON: what another machine compares and records.
#[derive(Clone, Debug, PartialEq, Serialize, serde::Deserialize)]
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
}

/// A canary in a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
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
}

/// A line in a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
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
            }
        }
        let canary = |(canary, how)| {
            let source = &directory.sources[directory.source_of(canary)];
            let (epoch, account, batch) = (source.epoch.clone(), source.account.clone(), source.batch.clone());
            CanaryFound { epoch, account, batch, index: canary - source.first, how }
        };
        let line = |(line, how): (u32, How)| LineFound { line: directory.lines[line as usize].id, how };
        Self {
            file: name.to_owned(),
            offset: hit.offset,
            row,
            canaries: canaries.into_iter().map(canary).collect(),
            lines: lines.into_iter().map(line).collect(),
        }
    }
}
