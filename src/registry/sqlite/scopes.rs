//! Scopes of shared slots in SQLite.

use jiff::Timestamp;
use rusqlite::{Row, params};

use super::failure::damaged;
use super::plantings;
use super::store::{Store, all, blob, cell, one, time};
use crate::registry::{NewScope, Result, ScopeRow, refusal, serials, times};

const SERIALS: &str = "scope.serials";

const INSERT: &str = "
    INSERT INTO scope (id, epoch, name, template, block, serials, opened)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

/// Columns as [`read`] takes them; the condition follows.
const SELECT: &str = "
    SELECT scope.id, scope.epoch, scope.name, template.hash, scope.block, scope.serials, scope.opened
    FROM scope JOIN template ON template.id = scope.template
    WHERE scope.epoch = ?1";

pub(super) fn open(store: &Store<'_>, new: &NewScope, now: Timestamp) -> Result<ScopeRow> {
    store.require_epoch(new.epoch)?;
    let mut select = store.sql.prepare_cached(&format!("{SELECT} AND scope.name = ?2"))?;
    if let Some(standing) = one(select.query(params![new.epoch, new.name])?, |row| read(store, row))? {
        let same = standing.template == new.template && standing.serials.len() as u64 == new.serials;
        return if same { Ok(standing) } else { Err(refusal::other_scope(&new.name)) };
    }
    let mut find = store.sql.prepare_cached("SELECT id FROM template WHERE hash = ?1")?;
    let template: i64 =
        one(find.query([&new.template])?, |row| cell(row, 0))?.ok_or_else(|| refusal::no_template(&new.template))?;
    let first = match new.block.as_str() {
        "" => 0,
        block => plantings::allocate(store, block, new.block_size, new.serials)?,
    };
    let serials: Vec<u64> = (first..first + new.serials).collect();
    let id = store.next_id("scope")?;
    let sealed = store.seal(SERIALS, id, &serials::encode(&serials));
    store.sql.execute(INSERT, params![id, new.epoch, new.name, template, new.block, sealed, times::text(now)])?;
    Ok(ScopeRow {
        epoch: new.epoch,
        name: new.name.clone(),
        template: new.template.clone(),
        block: new.block.clone(),
        serials,
        opened: times::kept(now),
    })
}

pub(super) fn list(store: &Store<'_>, epoch: u32) -> Result<Vec<ScopeRow>> {
    let mut select = store.sql.prepare(&format!("{SELECT} ORDER BY scope.id"))?;
    all(select.query([epoch])?, |row| read(store, row))
}

fn read(store: &Store<'_>, row: &Row<'_>) -> Result<ScopeRow> {
    let serials = serials::decode(&store.open(SERIALS, cell(row, 0)?, blob(row, 5)?)?);
    Ok(ScopeRow {
        epoch: cell(row, 1)?,
        name: cell(row, 2)?,
        template: cell(row, 3)?,
        block: cell(row, 4)?,
        serials: serials.ok_or_else(|| damaged(SERIALS, "no list of serials"))?,
        opened: time(row, 6)?,
    })
}
