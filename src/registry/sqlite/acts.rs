//! Acts in SQLite.

use jiff::Timestamp;
use rusqlite::params;

use super::decisions;
use super::store::{Store, all, cell, choice, count, time, whole};
use crate::registry::{ActRow, NewAct, Result, times, words};

const INSERT: &str = "
    INSERT INTO act (id, epoch, kind, account, why, after_seq, at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

const SELECT: &str = "
    SELECT id, epoch, kind, account, why, after_seq, at
    FROM act
    WHERE epoch = ?1
    ORDER BY id";

pub(super) fn record(store: &Store<'_>, act: &NewAct, now: Timestamp) -> Result<ActRow> {
    store.require_epoch(act.epoch)?;
    if let Some(account) = &act.account {
        store.require_account(act.epoch, account)?;
    }
    let id = store.next_id("act")?;
    let after_seq = decisions::newest(store, act.epoch)?;
    let kind = words::word(&words::ACT_KINDS, act.kind);
    store
        .sql
        .execute(INSERT, params![id, act.epoch, kind, act.account, act.why, whole(after_seq)?, times::text(now)])?;
    Ok(ActRow { id, act: act.clone(), after_seq, at: times::kept(now) })
}

pub(super) fn list(store: &Store<'_>, epoch: u32) -> Result<Vec<ActRow>> {
    let mut select = store.sql.prepare(SELECT)?;
    all(select.query([epoch])?, |row| {
        let act = NewAct {
            epoch: cell(row, 1)?,
            kind: choice(row, 2, &words::ACT_KINDS)?,
            account: cell(row, 3)?,
            why: cell(row, 4)?,
        };
        Ok(ActRow { id: cell(row, 0)?, act, after_seq: count(row, 5)?, at: time(row, 6)? })
    })
}
