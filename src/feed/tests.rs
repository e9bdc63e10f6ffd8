//! Whole passes over files.

mod growing;
mod hostile;
mod inbox;
mod presets;

use std::path::Path;

use jiff::Timestamp;

use super::config::{FileConfig, InboxConfig};
use super::*;

/// A feed of one preset over a single file.
fn file_feed(path: &Path, preset: Preset) -> FeedConfig {
    feed(SourceConfig::File(FileConfig { path: path.to_owned(), settle_seconds: 3600 }), preset)
}

fn inbox_feed(path: &Path, preset: Preset) -> FeedConfig {
    feed(SourceConfig::Inbox(InboxConfig { path: path.to_owned(), suffix: String::new(), settle_seconds: 0 }), preset)
}

fn feed(source: SourceConfig, preset: Preset) -> FeedConfig {
    FeedConfig {
        name: "test".to_owned(),
        source,
        format: FormatConfig::of(preset),
        time_zone: Some("+08:00".to_owned()),
        silent_after_hours: 24,
        max_bytes: 16 * 1024 * 1024,
    }
}

/// What a pass delivered.
struct Read {
    observations: Vec<Observation>,
    occurrences: Vec<u32>,
    rejected: Vec<Rejected>,
    cursor: String,
    batches: usize,
    pass: Result<Pass, Fault>,
}

impl Read {
    fn pass(&self) -> &Pass {
        self.pass.as_ref().expect("a pass without a fault")
    }

    fn fault(&self) -> &Fault {
        self.pass.as_ref().expect_err("a fault")
    }
}

fn read_from(config: &FeedConfig, cursor: &str, now: Timestamp) -> Read {
    read_in_batches(config, cursor, now, BATCH_RECORDS)
}

fn read_in_batches(config: &FeedConfig, cursor: &str, now: Timestamp, batch_records: usize) -> Read {
    let context = Context { batch_records, ..Context::new(now, Path::new("/")) };
    let mut all = Read {
        observations: Vec::new(),
        occurrences: Vec::new(),
        rejected: Vec::new(),
        cursor: cursor.to_owned(),
        batches: 0,
        pass: Ok(Pass::default()),
    };
    let pass = read(config, cursor, &context, &mut |batch| {
        assert_eq!(batch.observations.len(), batch.occurrences.len());
        assert_eq!(batch.rejected.len(), batch.rejected_occurrences.len());
        all.observations.extend(batch.observations);
        all.occurrences.extend(batch.occurrences);
        all.rejected.extend(batch.rejected);
        all.cursor = batch.cursor;
        all.batches += 1;
        Ok(())
    });
    all.pass = pass;
    all
}

/// Before any file of a test was written: nothing has settled.
fn early() -> Timestamp {
    Timestamp::from_second(1_000_000_000).expect("a time")
}

/// Long after: everything has.
fn late() -> Timestamp {
    Timestamp::from_second(4_000_000_000).expect("a time")
}

/// A file of the test data.
fn data(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/feed").join(name)
}
