//! One pass over all feeds: read, match, decide, conclude, announce.
//!
//! A pass is made to be run from cron and to be killed at any moment. Each
//! batch of records is stored together with the cursor that covers it; each hit
//! is decided once; each accusation is recorded together with its message. So
//! running twice is running once. One feed's failure stays its own: the others
//! are read, and the pass fails at its end.

use jiff::{Timestamp, ToSpan};
use serde::Serialize;

use crate::attribute::{self, Attribution};
use crate::casefile::CaseFile;
use crate::config::Config;
use crate::epoch;
use crate::feed::{self, Context, FeedConfig, SourceConfig};
use crate::issue::{self, templates_in_use};
use crate::key::MasterKey;
use crate::matcher::{Known, Matcher};
use crate::registry::{
    self, EpochRow, Ingest, NewAccusation, NewObservation, NewQuarantine, ObservationRow, Registry, Route, Verdict,
};
use crate::rules::hex;
use crate::seal::Vault;
use crate::triage;
use crate::vocabulary::Vocabulary;
use crate::webhook::Delivery;

mod announce;
mod conclude;
mod metrics;

pub use metrics::prometheus;

/// What a pass works with.
pub struct Pass<'a> {
    /// Where everything is kept.
    pub registry: &'a mut dyn Registry,
    /// What codewords are derived from.
    pub master: &'a MasterKey,
    /// Feeds, triage of the next epochs, webhook.
    pub config: &'a Config,
    /// How feeds reach the world.
    pub context: &'a Context<'a>,
    /// Where accusations are announced, with the signing secret.
    pub announcer: Option<&'a Announcer<'a>>,
    /// Now.
    pub now: Timestamp,
}

/// A receiver with what it takes to reach it.
pub struct Announcer<'a> {
    /// The receiver.
    pub hook: &'a crate::config::Webhook,
    /// Its secret.
    pub secret: crate::webhook::Secret,
    /// The client.
    pub client: &'a reqwest::blocking::Client,
}

/// What a pass did. Holds no canary, no phone and no name but feeds'.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// `trapline.monitor/1`.
    pub schema: String,
    /// When it ran.
    pub at: Timestamp,
    /// Each feed.
    pub feeds: Vec<FeedSummary>,
    /// Each live epoch.
    pub epochs: Vec<EpochSummary>,
    /// The outbox.
    pub outbox: Delivery,
    /// Whether anything failed.
    pub failed: bool,
}

/// What a pass did with one feed.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FeedSummary {
    /// Name.
    pub name: String,
    /// Records read.
    pub records: u64,
    /// Records that mention something of ours.
    pub hits: u64,
    /// Of those, new ones.
    pub new: u64,
    /// Records that could not be read.
    pub quarantined: u64,
    /// Worth knowing, though no failure.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The way out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// What a pass did with one epoch.
#[derive(Clone, Debug, Default, Serialize)]
pub struct EpochSummary {
    /// Its label.
    pub epoch: String,
    /// Hits decided in this pass.
    pub decided: u64,
    /// Of those, confirmed.
    pub confirmed: u64,
    /// Hits that wait for their window to close.
    pub waiting: u64,
    /// Accounts named so far.
    pub named: u64,
    /// Accounts named in this pass.
    pub newly_named: u64,
    /// Why reports are withheld.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarm: Option<String>,
}

/// Runs one pass.
///
/// # Errors
///
/// When the registry fails: nothing can be kept then. A feed's failure is no
/// error here; it is in the summary.
pub fn run(pass: &mut Pass<'_>) -> issue::Result<Summary> {
    let vault = Vault::new(pass.master);
    let epochs = pass.registry.epochs()?;
    let templates = templates_in_use(pass.registry)?;
    let lines = pass.registry.lines()?;
    let caller_tag = |digits: &str| hex(&vault.tag("caller", &[digits.as_bytes()]));
    let current = epoch::current(&epochs, pass.now).or(epochs.last());
    let triage = current.map_or(&pass.config.triage, |epoch| &epoch.rules.triage);
    let vocabulary = Vocabulary::of(&templates);
    let matcher = Matcher::new(Known {
        lines: &lines,
        blocks: &vocabulary.blocks,
        lexicons: &vocabulary.lexicons,
        triage,
        caller_tag: &caller_tag,
    })?;

    let mut summary = Summary { schema: "trapline.monitor/1".to_owned(), at: pass.now, ..Summary::default() };
    for feed in &pass.config.feeds {
        let read = read_feed(pass.registry, feed, pass.context, &matcher, &vault, pass.now)?;
        summary.failed |= read.error.is_some();
        summary.feeds.push(read);
    }
    let now = pass.now;
    for epoch in epochs.iter().filter(|epoch| now < epoch::horizon(&epoch.rules)) {
        let concluded = conclude::epoch(pass, epoch)?;
        summary.failed |= concluded.alarm.is_some();
        summary.epochs.push(concluded);
    }
    summary.outbox = announce::deliver(pass)?;
    // A message that waits is a receiver that did not take it: the pass stays
    // failed until it is delivered, also while its next attempt is not due.
    summary.failed |= pass.announcer.is_some() && summary.outbox.waiting > 0;
    Ok(summary)
}

/// Reads one feed and stores what it brings.
fn read_feed(
    registry: &mut dyn Registry,
    feed: &FeedConfig,
    context: &Context<'_>,
    matcher: &Matcher<'_>,
    vault: &Vault,
    now: Timestamp,
) -> registry::Result<FeedSummary> {
    let before = registry.feed(&feed.name)?;
    let cursor = before.as_ref().map_or(String::new(), |row| row.cursor.clone());
    let mut summary = FeedSummary { name: feed.name.clone(), ..FeedSummary::default() };
    let identities = Identities { vault, feed };
    let mut from = cursor.clone();
    let mut stored = Ok(());
    let outcome = feed::read(feed, &cursor, context, &mut |batch| {
        let next = batch.cursor.clone();
        let ingest = sort_batch(feed, batch, matcher, &identities, now);
        from = next;
        summary.records += ingest.records;
        summary.hits += ingest.hits.len() as u64;
        match registry.ingest(&ingest) {
            Ok(ingested) => {
                summary.new += ingested.new;
                summary.quarantined += ingested.quarantined;
                Ok(())
            }
            Err(error) => {
                stored = Err(error);
                Err(feed::Stop::new("the registry failed"))
            }
        }
    });
    stored?;
    let failure = match outcome {
        Ok(done) => {
            summary.notes = done.notes.iter().map(ToString::to_string).collect();
            suspicious(feed, before.as_ref(), &done, now)
        }
        Err(fault) => Some((fault.to_string(), fault.hint)),
    };
    match failure {
        Some((error, hint)) => {
            registry.feed_failed(&feed.name, &error, now)?;
            summary.error = Some(error);
            summary.hint = hint;
        }
        // A pass that brought nothing still counts as one that worked.
        None if summary.records == 0 => {
            registry.ingest(&Ingest { feed: feed.name.clone(), cursor: from, now, ..Ingest::default() })?;
        }
        None => {}
    }
    Ok(summary)
}

/// What is wrong with a pass that read without an error.
///
/// Silence is an alarm: a feed that used to bring records and stopped, or one
/// of whose records none can be read. Overlapping windows bring old records
/// again, so the newest record counts, not their number.
fn suspicious(
    feed: &FeedConfig,
    before: Option<&registry::FeedRow>,
    done: &feed::Pass,
    now: Timestamp,
) -> Option<(String, Option<String>)> {
    if done.records > 0 && done.observations + done.skipped == 0 {
        return Some((
            format!("none of the {} records of feed {:?} can be read", done.records, feed.name),
            Some("look into the quarantine, and check the feed's format".to_owned()),
        ));
    }
    let before = before.filter(|row| row.records > 0)?;
    if matches!(feed.source, SourceConfig::Http(_)) && !done.not_modified && done.records == 0 {
        return Some((
            format!("feed {:?} had {} records before and has none now", feed.name, before.records),
            Some("look at what the other side delivers: an empty export is usually a broken one".to_owned()),
        ));
    }
    let last = done.newest.or(before.last_record)?;
    let limit = i64::from(feed.silent_after_hours).hours();
    // A pass that reads a backlog is not silent, however old its records are.
    let stale = done.records == 0 || matches!(feed.source, SourceConfig::Http(_));
    (stale && now > last.checked_add(limit).ok()?).then(|| {
        (
            format!(
                "feed {:?} has been silent for more than {} hours, since {last}",
                feed.name, feed.silent_after_hours
            ),
            Some("check the other side, or raise silent_after_hours for this feed".to_owned()),
        )
    })
}

/// Sorts one batch into what is stored, what is quarantined and what is only
/// counted: a record that mentions nothing of ours is nobody's business.
fn sort_batch(
    feed: &FeedConfig,
    batch: feed::Batch,
    matcher: &Matcher<'_>,
    identities: &Identities<'_>,
    now: Timestamp,
) -> Ingest {
    let mut ingest =
        Ingest { feed: feed.name.clone(), cursor: batch.cursor, now, records: batch.records, ..Ingest::default() };
    for (observation, occurrence) in batch.observations.into_iter().zip(batch.occurrences) {
        let hit = matcher.find(&observation);
        if !hit.found.is_empty() {
            ingest.hits.push(NewObservation {
                identity: identities.of(observation.native_id.as_deref(), &observation.raw, occurrence),
                at: observation.at.unwrap_or(now),
                observation,
                hit,
            });
        }
    }
    for (rejected, occurrence) in batch.rejected.into_iter().zip(batch.rejected_occurrences) {
        ingest.rejected.push(NewQuarantine {
            identity: identities.of(None, &rejected.raw, occurrence),
            fault: rejected.fault.to_string(),
            raw: rejected.raw,
        });
    }
    ingest
}

/// Tells records apart: native id, else keyed hash and occurrence.
struct Identities<'a> {
    vault: &'a Vault,
    feed: &'a FeedConfig,
}

impl Identities<'_> {
    fn of(&self, native: Option<&str>, raw: &[u8], occurrence: u32) -> String {
        if let Some(native) = native {
            return format!("id:{native}");
        }
        let tag = self.vault.tag("record", &[self.feed.name.as_bytes(), raw]);
        format!("raw:{}:{occurrence}", hex(&tag))
    }
}
