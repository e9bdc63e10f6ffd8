//! Feeds, what they brought, and quarantine in SQLite.

use jiff::Timestamp;
use rusqlite::{Row, params};

use super::store::{Store, all, blob, cell, count, maybe_time, one, time, whole};
use crate::registry::{
    FeedRow, Ingest, Ingested, NewObservation, NewQuarantine, ObservationRow, QuarantineRow, Result, refusal, times,
};

const BODY: &str = "observation.body";
pub(super) const HIT: &str = "observation.hit";
const RAW: &str = "quarantine.raw";

/// A pass that worked: the cursor moves and old failures are forgotten.
const UPSERT_SUCCESS: &str = "
    INSERT INTO feed (name, cursor, records, last_success, last_record, failures, error)
    VALUES (?1, ?2, ?3, ?4, iif(?3 > 0, ?4, NULL), 0, '')
    ON CONFLICT (name) DO UPDATE SET
        cursor       = excluded.cursor,
        records      = records + excluded.records,
        last_success = excluded.last_success,
        last_record  = coalesce(excluded.last_record, last_record),
        failures     = 0,
        error        = ''
    RETURNING id";

/// A pass that failed: the cursor stays where it was.
const UPSERT_FAILURE: &str = "
    INSERT INTO feed (name, cursor, records, failures, error)
    VALUES (?1, '', 0, 1, ?2)
    ON CONFLICT (name) DO UPDATE SET
        failures = failures + 1,
        error    = excluded.error";

/// Columns as [`read_feed`] takes them; the condition follows.
const SELECT_FEED: &str = "
    SELECT name, cursor, records, last_success, last_record, failures, error
    FROM feed";

const INSERT_OBSERVATION: &str = "
    INSERT INTO observation (id, feed, tag, at, body, hit)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

const INSERT_QUARANTINE: &str = "
    INSERT INTO quarantine (id, feed, tag, fault, raw, at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

const SELECT_QUARANTINE: &str = "
    SELECT quarantine.id, feed.name, quarantine.fault, quarantine.raw, quarantine.at
    FROM quarantine JOIN feed ON feed.id = quarantine.feed
    ORDER BY quarantine.id";

/// Columns as [`read_observation`] takes them; the condition follows.
pub(super) const SELECT_OBSERVATION: &str = "
    SELECT observation.id, feed.name, observation.at, observation.body, observation.hit
    FROM observation JOIN feed ON feed.id = observation.feed";

pub(super) fn ingest(store: &Store<'_>, batch: &Ingest) -> Result<Ingested> {
    let feed: i64 = store.sql.query_row(
        UPSERT_SUCCESS,
        params![batch.feed, batch.cursor, whole(batch.records)?, times::text(batch.now)],
        |row| row.get(0),
    )?;
    let (new, known) = observe(store, feed, batch, &batch.hits)?;
    let quarantined = keep(store, feed, batch, &batch.rejected)?;
    Ok(Ingested { new, known, quarantined })
}

fn observe(store: &Store<'_>, feed: i64, batch: &Ingest, hits: &[NewObservation]) -> Result<(u64, u64)> {
    let mut find = store.sql.prepare_cached("SELECT 1 FROM observation WHERE tag = ?1")?;
    let mut insert = store.sql.prepare_cached(INSERT_OBSERVATION)?;
    let first = store.next_id("observation")?;
    let (mut id, mut known) = (first, 0);
    for hit in hits {
        let tag = store.vault.tag("observation", &[batch.feed.as_bytes(), hit.identity.as_bytes()]);
        // A document is read whole again and again: sealing waits for the answer.
        if find.exists([tag])? {
            known += 1;
            continue;
        }
        let body = store.seal_json(BODY, id, &hit.observation);
        let found = store.seal_json(HIT, id, &hit.hit);
        insert.execute(params![id, feed, tag, times::text(hit.at), body, found])?;
        id += 1;
    }
    Ok(((id - first) as u64, known))
}

fn keep(store: &Store<'_>, feed: i64, batch: &Ingest, rejected: &[NewQuarantine]) -> Result<u64> {
    let mut find = store.sql.prepare_cached("SELECT 1 FROM quarantine WHERE tag = ?1")?;
    let mut insert = store.sql.prepare_cached(INSERT_QUARANTINE)?;
    let now = times::text(batch.now);
    let first = store.next_id("quarantine")?;
    let mut id = first;
    for record in rejected {
        let tag = store.vault.tag("quarantine", &[batch.feed.as_bytes(), record.identity.as_bytes()]);
        if find.exists([tag])? {
            continue;
        }
        let raw = store.seal(RAW, id, &record.raw);
        insert.execute(params![id, feed, tag, record.fault, raw, now])?;
        id += 1;
    }
    Ok((id - first) as u64)
}

pub(super) fn failed(store: &Store<'_>, feed: &str, error: &str) -> Result<()> {
    store.sql.execute(UPSERT_FAILURE, params![feed, error])?;
    Ok(())
}

pub(super) fn find(store: &Store<'_>, name: &str) -> Result<Option<FeedRow>> {
    let mut select = store.sql.prepare_cached(&format!("{SELECT_FEED} WHERE name = ?1"))?;
    one(select.query([name])?, read_feed)
}

pub(super) fn list(store: &Store<'_>) -> Result<Vec<FeedRow>> {
    let mut select = store.sql.prepare_cached(&format!("{SELECT_FEED} ORDER BY name"))?;
    all(select.query([])?, read_feed)
}

fn read_feed(row: &Row<'_>) -> Result<FeedRow> {
    Ok(FeedRow {
        name: cell(row, 0)?,
        cursor: cell(row, 1)?,
        records: count(row, 2)?,
        last_success: maybe_time(row, 3)?,
        last_record: maybe_time(row, 4)?,
        failures: cell(row, 5)?,
        error: cell(row, 6)?,
    })
}

pub(super) fn quarantined(store: &Store<'_>) -> Result<Vec<QuarantineRow>> {
    let mut select = store.sql.prepare(SELECT_QUARANTINE)?;
    all(select.query([])?, |row| {
        let id = cell(row, 0)?;
        let raw = store.open(RAW, id, blob(row, 3)?)?;
        Ok(QuarantineRow { id, feed: cell(row, 1)?, fault: cell(row, 2)?, raw, at: time(row, 4)? })
    })
}

pub(super) fn observation(store: &Store<'_>, id: i64) -> Result<ObservationRow> {
    let mut select = store.sql.prepare_cached(&format!("{SELECT_OBSERVATION} WHERE observation.id = ?1"))?;
    one(select.query([id])?, |row| read_observation(store, row))?.ok_or_else(|| refusal::no_observation(id))
}

pub(super) fn read_observation(store: &Store<'_>, row: &Row<'_>) -> Result<ObservationRow> {
    let id = cell(row, 0)?;
    Ok(ObservationRow {
        id,
        feed: cell(row, 1)?,
        at: time(row, 2)?,
        observation: store.open_json(BODY, id, blob(row, 3)?)?,
        hit: store.open_json(HIT, id, blob(row, 4)?)?,
    })
}

pub(super) fn newest_hit(store: &Store<'_>) -> Result<Option<Timestamp>> {
    let mut select = store.sql.prepare_cached("SELECT max(at) FROM observation")?;
    Ok(one(select.query([])?, |row| maybe_time(row, 0))?.flatten())
}
