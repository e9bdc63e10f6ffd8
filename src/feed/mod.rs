//! Feeds: where observations come from.
//!
//! A feed is a *source* (a growing log, an inbox folder, an HTTP address) read
//! in a *format* (a preset such as `asterisk-cdr-csv`, or a generic one with a
//! mapping). [`read`] makes one pass: it goes on at an opaque cursor, hands
//! batches of observations to a sink, and each batch carries the cursor that
//! covers it, so that a monitor can store both in one transaction.
//!
//! Two rules shape everything below. *What cannot be parsed is kept*: a
//! malformed record becomes a [`Rejected`] with its place and its bytes and
//! never stops the rest. *Everything read is hostile*: sizes, nesting, waiting
//! times, redirects and page counts are bounded, and no message repeats a
//! value of a record or a secret.
//!
//! The formats, which field is the called line, and the traps are written up
//! in `docs/formats/feeds.md`.

mod batch;
mod config;
mod cursor;
mod document;
mod encoding;
mod fields;
mod file;
mod format;
mod frame;
mod http;
mod inbox;
mod mapping;
mod times;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

pub use config::{
    Auth, Column, EncodingName, FeedConfig, FormatConfig, HttpConfig, Pagination, Preset, SecretRef, SourceConfig,
    TextUnit,
};
pub use mapping::Target;

use crate::fault::Fault;
use crate::observation::{Observation, Rejected};
use batch::Collector;
use cursor::Cursor;
use format::Format;

/// Bytes of a rejected record that are kept.
pub const RAW_CAP: usize = 64 * 1024;

/// Records in a batch, unless the context says otherwise.
pub const BATCH_RECORDS: usize = 10_000;

/// Bytes of records after which a batch is full, however few they are.
pub const BATCH_BYTES: usize = 16 * 1024 * 1024;

/// Where credentials come from; the library itself reads no environment.
pub trait Secrets {
    /// The environment variable `name`.
    fn env(&self, name: &str) -> Option<String>;
}

/// No secrets: every look-up fails.
pub struct NoSecrets;

impl Secrets for NoSecrets {
    fn env(&self, _name: &str) -> Option<String> {
        None
    }
}

/// Waits between retries; a test's sleeper only takes notes.
pub trait Sleeper {
    /// Waits for `pause`.
    fn sleep(&self, pause: Duration);
}

/// Waits by putting the thread to sleep.
pub struct ThreadSleeper;

impl Sleeper for ThreadSleeper {
    fn sleep(&self, pause: Duration) {
        std::thread::sleep(pause);
    }
}

/// What a pass needs of the world outside.
pub struct Context<'a> {
    /// Now: settles files, answers `Retry-After` dates, fills `{since}`.
    pub now: Timestamp,
    /// Credentials.
    pub secrets: &'a dyn Secrets,
    /// Waits between retries.
    pub sleeper: &'a dyn Sleeper,
    /// Folder that relative paths of the configuration start from.
    pub base: &'a Path,
    /// Proxy for HTTP feeds, such as `http://proxy:3128`; none is looked up.
    pub proxy: Option<&'a str>,
    /// Records in a batch, such as [`BATCH_RECORDS`].
    pub batch_records: usize,
}

impl<'a> Context<'a> {
    /// A context without secrets or proxy that really sleeps.
    pub fn new(now: Timestamp, base: &'a Path) -> Self {
        Self { now, secrets: &NoSecrets, sleeper: &ThreadSleeper, base, proxy: None, batch_records: BATCH_RECORDS }
    }
}

/// Some records with the cursor that covers them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// What was seen, in the order of the document.
    pub observations: Vec<Observation>,
    /// For each observation, how often the same bytes occurred in its document
    /// up to and including it, from 1. With a keyed hash of the bytes it names
    /// an observation that has no native id.
    pub occurrences: Vec<u32>,
    /// What could not be read.
    pub rejected: Vec<Rejected>,
    /// The same numbers for the rejected records.
    pub rejected_occurrences: Vec<u32>,
    /// Records read, whether they became observations or not.
    pub records: u64,
    /// Where reading goes on once this batch is stored; opaque JSON.
    ///
    /// Within an inbox file or an HTTP document it still says "before this
    /// document": after a crash the document is read again from its start, and
    /// identities make that harmless.
    pub cursor: String,
}

/// What one pass did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    /// Records read.
    pub records: u64,
    /// Observations made.
    pub observations: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// Records that are no observation on purpose: a page view without a
    /// number, an excluded agent, a call that still rings.
    pub skipped: u64,
    /// Files, pages or bodies read.
    pub files: u64,
    /// Bytes read (decompressed).
    pub bytes: u64,
    /// The source was asked and had nothing new.
    pub not_modified: bool,
    /// The newest time in a record.
    pub newest: Option<Timestamp>,
    /// Worth telling, though no failure: a rotated log whose end is gone.
    pub notes: Vec<Fault>,
}

/// The sink cannot go on; why is its own business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// What to say about it.
    pub why: String,
}

impl Stop {
    /// A stop with its reason.
    pub fn new(why: impl Into<String>) -> Self {
        Self { why: why.into() }
    }
}

/// Makes one pass over a feed from `cursor` (empty at first) and hands every
/// batch to `sink`.
///
/// # Errors
///
/// A fault when the configuration or the cursor is wrong, when the source
/// cannot be read, when a document is not of the configured format at all, or
/// when the sink stops. Batches that the sink took before stay valid: the next
/// pass goes on from the last cursor it stored. One bad inbox file does not keep
/// the others from being read; it is reported at the end and tried again.
pub fn read(
    config: &FeedConfig,
    cursor: &str,
    ctx: &Context<'_>,
    sink: &mut dyn FnMut(Batch) -> Result<(), Stop>,
) -> Result<Pass, Fault> {
    let name = |fault: Fault| if fault.file.is_some() { fault } else { fault.in_file(&config.name) };
    config.check()?;
    let mut format = Format::new(config).map_err(name)?;
    let cursor = Cursor::parse(cursor).map_err(name)?;
    let mut collector = Collector::new(sink, ctx.batch_records);
    match &config.source {
        SourceConfig::File(source) if format.is_stream() => {
            file::read(source, &cursor.file(), ctx, &mut format, &mut collector)
        }
        SourceConfig::File(source) => {
            inbox::read_single(source, config.max_bytes, &cursor.inbox(), ctx, &mut format, &mut collector)
        }
        SourceConfig::Inbox(source) => {
            inbox::read(source, config.max_bytes, &cursor.inbox(), ctx, &mut format, &mut collector)
        }
        SourceConfig::Http(source) => http::read(config, source, &cursor.http(), ctx, &mut format, &mut collector),
    }
    .map_err(name)?;
    Ok(collector.into_pass())
}
