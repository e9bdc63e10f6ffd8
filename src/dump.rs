//! Scanning dumps: unpacking, search, survey, and what each input came to.
//!
//! A scan itself knows nothing of registries: a machine that only scans has
//! none. Where there is one, what was found is compared with the canaries as
//! they were planted ([`Rebuilder`], [`Survived`]), or gathered as evidence
//! ([`Gathered`]).

mod gathered;
mod hit_line;
mod rebuilder;
mod survived;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::fault::Fault;
use crate::rules::hex;
use crate::scan::{Hit, MaskCounts, Search, Searched, Seen, Survey};
use crate::unpack::{Item, Limits, Sink, Stop, Unpacker};

pub use gathered::Gathered;
pub use hit_line::{CanaryFound, HitLine, HitLines, Known, LineFound};
pub use rebuilder::{Rebuilder, SourceKey};
pub use survived::{Survived, Writer};

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
    /// Learns what an input came to, after its rows.
    fn ended(&mut self, input: &Input) {
        let _ = input;
    }
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
    /// SHA-256 of these bytes, hexadecimal; only where evidence is gathered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
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

    fn take(
        &mut self,
        name: &str,
        is_file: bool,
        scan: impl FnOnce(&mut Tee<'_>) -> io::Result<(Searched, Option<String>)>,
    ) {
        let mut tee =
            Tee { name, is_file, survey: &mut self.survey, watcher: self.watcher, hits: 0, bytes: 0, rows: 0 };
        let outcome = scan(&mut tee);
        let Tee { hits, bytes, rows, .. } = tee;
        let name = name.to_owned();
        let mut input = Input { name, bytes, rows, hits, sha256: None, encoding: None, error: None, stopped: false };
        match outcome {
            Ok((searched, sha256)) => {
                (input.encoding, input.stopped, input.sha256) = (searched.encoding, searched.stopped, sha256);
            }
            Err(error) => input.error = Some(error.to_string()),
        }
        self.watcher.ended(&input);
        self.inputs.push(input);
    }
}

impl Sink for Dump<'_> {
    fn item(&mut self, item: Item<'_>) -> Result<(), Stop> {
        let search = self.search;
        match item {
            Item::File { name, path, .. } => self.take(name, true, |tee| {
                let searched = search.file(&File::open(path)?, tee)?;
                let is_hashed = search.blind.is_some() && !searched.stopped;
                Ok((searched, is_hashed.then(|| file_hash(path)).transpose()?))
            }),
            Item::Stream { name, content } if search.blind.is_some() => self.take(name, false, |tee| {
                let mut hashed = Hashed { content, hash: Sha256::new() };
                let searched = search.stream(&mut hashed, tee)?;
                Ok((searched, (!searched.stopped).then(|| hex(&hashed.hash.finalize()))))
            }),
            Item::Stream { name, content } => {
                self.take(name, false, |tee| Ok((search.stream(content, tee)?, None)));
            }
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

    fn masked(&mut self, counts: &MaskCounts) {
        self.survey.add_masked(counts);
    }

    fn passed(&mut self, bytes: u64, lines: u64) {
        self.bytes += bytes;
        self.rows += lines;
        if self.is_file {
            self.watcher.passed(bytes);
        }
    }
}

fn file_hash(path: &Path) -> io::Result<String> {
    let mut hashed = Hashed { content: &mut File::open(path)?, hash: Sha256::new() };
    io::copy(&mut hashed, &mut io::sink())?;
    Ok(hex(&hashed.hash.finalize()))
}

/// Hashes what passes.
struct Hashed<'c> {
    content: &'c mut dyn Read,
    hash: Sha256,
}

impl Read for Hashed<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.content.read(bytes)?;
        self.hash.update(&bytes[..read]);
        Ok(read)
    }
}
