//! Accusations, openings and revelations in SQLite.

use jiff::Timestamp;
use rusqlite::{Row, params};

use super::store::{Store, all, blob, cell, choice, count, one, time, whole};
use super::{decisions, outbox};
use crate::registry::{AccusationRow, NewAccusation, OpeningRow, Result, Revelation, RevelationRow, times, words};

const LINES: &str = "revelation.lines";

const INSERT_ACCUSATION: &str = "
    INSERT INTO accusation (id, epoch, account, batch, route, ln_e, ln_threshold, seq, at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
    ON CONFLICT (epoch, account, batch, route) DO NOTHING";

const SELECT_ACCUSATIONS: &str = "
    SELECT id, epoch, account, batch, route, ln_e, ln_threshold, seq, at
    FROM accusation
    WHERE epoch = ?1
    ORDER BY id";

/// Batches that an opening freezes: standing canaries are none.
const COUNT_BATCHES: &str = "
    SELECT count(*)
    FROM planting JOIN account ON account.id = planting.account
    WHERE account.epoch = ?1 AND account.name = ?2 AND planting.batch <> ''";

const INSERT_OPENING: &str = "
    INSERT INTO opening (epoch, j, account, batches, why, at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

/// Columns as [`read_opening`] takes them; the condition follows.
const SELECT_OPENING: &str = "
    SELECT j, epoch, account, batches, why, at
    FROM opening";

const INSERT_REVELATION: &str = "
    INSERT INTO revelation (id, tag, epoch, account, batch, lines, why, after_seq, at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
    ON CONFLICT (tag) DO NOTHING";

const SELECT_REVELATIONS: &str = "
    SELECT id, epoch, account, batch, lines, why, after_seq, at
    FROM revelation
    WHERE epoch = ?1
    ORDER BY id";

pub(super) fn accuse(store: &Store<'_>, new: &NewAccusation, message: Option<&str>, now: Timestamp) -> Result<bool> {
    store.require_account(new.epoch, &new.account)?;
    let id = store.next_id("accusation")?;
    let added = store.sql.execute(
        INSERT_ACCUSATION,
        params![
            id,
            new.epoch,
            new.account,
            new.batch,
            words::word(&words::ROUTES, new.route),
            new.ln_e,
            new.ln_threshold,
            whole(new.seq)?,
            times::text(now)
        ],
    )?;
    if let (1, Some(body)) = (added, message) {
        outbox::post(store, id, body, now)?;
    }
    Ok(added == 1)
}

pub(super) fn accusations(store: &Store<'_>, epoch: u32) -> Result<Vec<AccusationRow>> {
    let mut select = store.sql.prepare(SELECT_ACCUSATIONS)?;
    all(select.query([epoch])?, |row| {
        let accusation = NewAccusation {
            epoch: cell(row, 1)?,
            account: cell(row, 2)?,
            batch: cell(row, 3)?,
            route: choice(row, 4, &words::ROUTES)?,
            ln_e: cell(row, 5)?,
            ln_threshold: cell(row, 6)?,
            seq: count(row, 7)?,
        };
        Ok(AccusationRow { id: cell(row, 0)?, accusation, at: time(row, 8)? })
    })
}

pub(super) fn open_account(
    store: &Store<'_>,
    epoch: u32,
    account: &str,
    why: &str,
    now: Timestamp,
) -> Result<OpeningRow> {
    store.require_account(epoch, account)?;
    let batches: u32 = store.sql.query_row(COUNT_BATCHES, params![epoch, account], |row| row.get(0))?;
    let sql = format!("{SELECT_OPENING} WHERE epoch = ?1 AND account = ?2 ORDER BY j DESC LIMIT 1");
    let mut select = store.sql.prepare_cached(&sql)?;
    let standing = one(select.query(params![epoch, account])?, read_opening)?;
    if let Some(standing) = standing.filter(|standing| standing.batches == batches) {
        return Ok(standing);
    }
    let j: u32 =
        store
            .sql
            .query_row("SELECT coalesce(max(j), 0) + 1 FROM opening WHERE epoch = ?1", [epoch], |row| row.get(0))?;
    store.sql.execute(INSERT_OPENING, params![epoch, j, account, batches, why, times::text(now)])?;
    Ok(OpeningRow { j, epoch, account: account.to_owned(), batches, why: why.to_owned(), at: times::kept(now) })
}

pub(super) fn openings(store: &Store<'_>, epoch: u32) -> Result<Vec<OpeningRow>> {
    let mut select = store.sql.prepare(&format!("{SELECT_OPENING} WHERE epoch = ?1 ORDER BY j"))?;
    all(select.query([epoch])?, read_opening)
}

fn read_opening(row: &Row<'_>) -> Result<OpeningRow> {
    Ok(OpeningRow {
        j: cell(row, 0)?,
        epoch: cell(row, 1)?,
        account: cell(row, 2)?,
        batches: cell(row, 3)?,
        why: cell(row, 4)?,
        at: time(row, 5)?,
    })
}

pub(super) fn reveal(store: &Store<'_>, new: &Revelation, now: Timestamp) -> Result<()> {
    let Revelation { epoch, account, batch, lines, numbers, why } = new;
    store.require_account(*epoch, account)?;
    let id = store.next_id("revelation")?;
    let after = decisions::newest(store, *epoch)?;
    store.sql.execute(
        INSERT_REVELATION,
        params![
            id,
            tag(store, new),
            epoch,
            account,
            batch,
            store.seal_json(LINES, id, &(lines, numbers)),
            why,
            whole(after)?,
            times::text(now)
        ],
    )?;
    Ok(())
}

/// Tags everything that is revealed. A later look at the same lines for the
/// same reason adds nothing: what was revealed first stays revealed.
fn tag(store: &Store<'_>, revelation: &Revelation) -> [u8; 16] {
    let all = (
        revelation.epoch,
        &revelation.account,
        &revelation.batch,
        &revelation.lines,
        &revelation.numbers,
        &revelation.why,
    );
    store.vault.tag("revelation", &[&serde_json::to_vec(&all).expect("plain data")])
}

pub(super) fn revelations(store: &Store<'_>, epoch: u32) -> Result<Vec<RevelationRow>> {
    let mut select = store.sql.prepare(SELECT_REVELATIONS)?;
    all(select.query([epoch])?, |row| {
        let (lines, numbers) = store.open_json(LINES, cell(row, 0)?, blob(row, 4)?)?;
        let revelation = Revelation {
            epoch: cell(row, 1)?,
            account: cell(row, 2)?,
            batch: cell(row, 3)?,
            lines,
            numbers,
            why: cell(row, 5)?,
        };
        Ok(RevelationRow { revelation, after_seq: count(row, 6)?, at: time(row, 7)? })
    })
}
