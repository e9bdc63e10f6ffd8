//! Scanning dumps: search, survey, and what each input came to.
//!
//! Knows nothing of registries: a machine that only scans has none.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use serde::Serialize;

use crate::fault::Fault;
use crate::scan::index::Index;
use crate::scan::{Hit, How, Search, Searched, Seen, Survey, What};

/// A scan under way.
pub struct Dump<'s> {
    search: Search<'s>,
    survey: Survey,
    inputs: Vec<Input>,
    watcher: &'s mut dyn Watcher,
}

/// Who watches a scan.
pub trait Watcher {
    /// Learns of a row of the input called `name`.
    fn hit(&mut self, name: &str, hit: &Hit);
    /// Learns how many bytes more were looked through.
    fn passed(&mut self, bytes: u64);
}

/// What one input came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// Bytes that were looked through.
    pub bytes: u64,
    /// Lines that end within them.
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
    /// Begins a scan.
    pub fn new(search: Search<'s>, watcher: &'s mut dyn Watcher) -> Self {
        Self { search, survey: Survey::default(), inputs: Vec::new(), watcher }
    }

    /// Scans a regular file over all cores.
    pub fn file(&mut self, name: &str, file: &File) {
        let search = self.search;
        self.take(name, |tee| search.file(file, tee));
    }

    /// Scans a stream.
    pub fn stream(&mut self, name: &str, content: &mut dyn Read) {
        let search = self.search;
        self.take(name, |tee| search.stream(content, tee));
    }

    /// Scans the file at `path`, unpacked where it is gzip or zstd.
    pub fn open(&mut self, path: &Path) {
        if path == Path::new(STANDARD_INPUT) {
            return self.stream("standard input", &mut io::stdin().lock());
        }
        let name = path.display().to_string();
        let opened = File::open(path).and_then(|file| {
            let mut magic = [0; 4];
            let read = file.read_at(&mut magic, 0)?;
            Ok((file, magic, read))
        });
        match opened {
            Err(error) => self.take(&name, |_| Err(error)),
            Ok((file, [0x1f, 0x8b, ..], 2..)) => self.stream(&name, &mut MultiGzDecoder::new(BufReader::new(file))),
            Ok((file, [0x28, 0xb5, 0x2f, 0xfd], 4)) => match zstd::stream::read::Decoder::new(file) {
                Ok(mut content) => self.stream(&name, &mut content),
                Err(error) => self.take(&name, |_| Err(error)),
            },
            Ok((file, ..)) => self.file(&name, &file),
        }
    }

    /// What was found, and what each input came to.
    pub fn finish(self) -> (Survey, Vec<Input>) {
        (self.survey, self.inputs)
    }

    fn take(&mut self, name: &str, scan: impl FnOnce(&mut Tee<'_>) -> io::Result<Searched>) {
        let mut tee = Tee { name, survey: &mut self.survey, watcher: self.watcher, hits: 0, bytes: 0, rows: 0 };
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

/// Hands what is found to the survey and to the watcher.
struct Tee<'t> {
    name: &'t str,
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
        self.watcher.passed(bytes);
    }
}

/// What stands for standard input among paths.
const STANDARD_INPUT: &str = "-";

/// The files at `paths`, folders searched through in order of their names.
///
/// # Errors
///
/// When a path does not exist or a folder cannot be listed.
pub fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Fault> {
    let mut files = Vec::new();
    for path in paths {
        if path == Path::new(STANDARD_INPUT) {
            files.push(path.clone());
        } else {
            walk(path, &mut files)?;
        }
    }
    Ok(files)
}

fn walk(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Fault> {
    let failed = |error: io::Error| Fault::new(format!("cannot be read: {error}")).in_file(path.display().to_string());
    if !fs::metadata(path).map_err(failed)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut entries: Vec<fs::DirEntry> = fs::read_dir(path).and_then(Iterator::collect).map_err(failed)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        // A link may lead out of the folder, or back into it.
        if !entry.file_type().map_err(failed)?.is_symlink() {
            walk(&entry.path(), files)?;
        }
    }
    Ok(())
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
