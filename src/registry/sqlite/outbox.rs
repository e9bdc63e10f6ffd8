//! The outbox in SQLite.

use jiff::Timestamp;
use rusqlite::params;

use super::store::{Store, all, blob, cell, count, one, time};
use crate::registry::{OutboxRow, Result, refusal, times};

const BODY: &str = "outbox.body";

const INSERT: &str = "
    INSERT INTO outbox (id, accusation, body, attempts, at, next, error)
    VALUES (?1, ?2, ?3, 0, ?4, ?4, '')";

const SELECT_DUE: &str = "
    SELECT id, body, attempts, at, next
    FROM outbox
    WHERE delivered IS NULL AND next <= ?1
    ORDER BY id";

/// The first delivery stands.
const DELIVERED: &str = "
    UPDATE outbox
    SET delivered = coalesce(delivered, ?2)
    WHERE id = ?1";

/// A failure that is noted after a delivery changes nothing.
const FAILED: &str = "
    UPDATE outbox
    SET attempts = attempts + (delivered IS NULL),
        error    = iif(delivered IS NULL, ?2, error),
        next     = iif(delivered IS NULL, ?3, next)
    WHERE id = ?1";

/// Writes the message of an accusation, in that one's transaction.
pub(super) fn post(store: &Store<'_>, accusation: i64, body: &str, now: Timestamp) -> Result<()> {
    let id = store.next_id("outbox")?;
    let sealed = store.seal(BODY, id, body.as_bytes());
    store.sql.execute(INSERT, params![id, accusation, sealed, times::text(now)])?;
    Ok(())
}

pub(super) fn due(store: &Store<'_>, now: Timestamp) -> Result<Vec<OutboxRow>> {
    let mut select = store.sql.prepare_cached(SELECT_DUE)?;
    all(select.query([times::text(now)])?, |row| {
        let id = cell(row, 0)?;
        let body = store.open_text(BODY, id, blob(row, 1)?)?;
        Ok(OutboxRow { id, body, attempts: cell(row, 2)?, at: time(row, 3)?, next: time(row, 4)? })
    })
}

pub(super) fn waiting(store: &Store<'_>) -> Result<u64> {
    let mut select = store.sql.prepare_cached("SELECT count(*) FROM outbox WHERE delivered IS NULL")?;
    Ok(one(select.query([])?, |row| count(row, 0))?.unwrap_or_default())
}

pub(super) fn delivered(store: &Store<'_>, id: i64, now: Timestamp) -> Result<()> {
    found(id, store.sql.execute(DELIVERED, params![id, times::text(now)])?)
}

pub(super) fn failed(store: &Store<'_>, id: i64, error: &str, next: Timestamp) -> Result<()> {
    found(id, store.sql.execute(FAILED, params![id, error, times::text(next)])?)
}

fn found(id: i64, changed: usize) -> Result<()> {
    if changed == 0 { Err(refusal::no_message(id)) } else { Ok(()) }
}
