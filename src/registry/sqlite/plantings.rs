//! Serials and plantings in SQLite.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use rusqlite::{Row, Statement, params};

use super::failure::damaged;
use super::store::{Store, all, blob, cell, count, maybe_time, one, time, whole};
use crate::registry::{
    BatchKey, Error, NewPlanting, Planted, PlantedRows, PlantingRow, Result, refusal, serials, times, words,
};
use crate::seal::Vault;

const SERIALS: &str = "planting.serials";
const ROWS: &str = "planted_rows.rows";

const UPSERT_BLOCK: &str = "
    INSERT INTO block (block, size, next)
    VALUES (?1, ?2, ?3)
    ON CONFLICT (block) DO UPDATE SET next = excluded.next";

const INSERT_PLANTING: &str = "
    INSERT INTO planting
        (id, epoch, account, batch, j, lines, roles, block, at, input_hash, input_bytes, serials, scope)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";

/// Columns as [`read`] takes them; the condition follows.
const SELECT_PLANTING: &str = "
    SELECT planting.id, planting.epoch, account.name, planting.batch, planting.j, planting.lines, planting.roles,
        planting.block, planting.at, planting.input_hash, planting.input_bytes, planting.serials, planting.released,
        planting.scope
    FROM planting JOIN account ON account.id = planting.account";

const STOCK: &str = "
    SELECT format('lines %d, plantings %d, scopes %d',
        (SELECT coalesce(max(id), 0) FROM line),
        (SELECT coalesce(max(id), 0) FROM planting),
        (SELECT coalesce(max(id), 0) FROM scope))";

const SELECT_PLANTED: &str = "
    SELECT planting.id, account.name, account.template, planting.batch, planting.at, planting.serials
    FROM planting JOIN account ON account.id = planting.account
    WHERE planting.epoch = ?1
    ORDER BY planting.id";

/// The first release stands: a file gets its final name once.
const RELEASE: &str = "
    UPDATE planting
    SET released = coalesce(released, ?2)
    WHERE id = ?1";

pub(super) fn allocate(store: &Store<'_>, block: &str, size: u64, count: u64) -> Result<u64> {
    let mut select = store.sql.prepare_cached("SELECT size, next FROM block WHERE block = ?1")?;
    let kept = one(select.query([block])?, |row| Ok((self::count(row, 0)?, self::count(row, 1)?)))?;
    let (kept_size, next) = kept.unwrap_or((size, 0));
    if kept_size != size {
        return Err(refusal::block_size(block, kept_size, size));
    }
    if count > size - next {
        return Err(refusal::block_full(block, size - next, count));
    }
    store.sql.execute(UPSERT_BLOCK, params![block, whole(size)?, whole(next + count)?])?;
    Ok(next)
}

pub(super) fn plant(store: &Store<'_>, plantings: &[NewPlanting]) -> Result<Vec<PlantingRow>> {
    let mut planter = Planter::new(store)?;
    plantings.iter().map(|planting| planter.plant(planting)).collect()
}

/// The statements of a planting, prepared once for many.
struct Planter<'a> {
    store: &'a Store<'a>,
    next: i64,
    account: Statement<'a>,
    standing: Statement<'a>,
    newest: Statement<'a>,
    insert: Statement<'a>,
    insert_rows: Statement<'a>,
}

impl<'a> Planter<'a> {
    fn new(store: &'a Store<'a>) -> Result<Self> {
        let standing = format!("{SELECT_PLANTING} WHERE planting.account = ?1 AND planting.batch = ?2");
        Ok(Self {
            store,
            next: store.next_id("planting")?,
            account: store.sql.prepare("SELECT id FROM account WHERE epoch = ?1 AND name = ?2")?,
            standing: store.sql.prepare(&standing)?,
            newest: store.sql.prepare("SELECT coalesce(max(j), 0) FROM planting WHERE account = ?1")?,
            insert: store.sql.prepare(INSERT_PLANTING)?,
            insert_rows: store.sql.prepare("INSERT INTO planted_rows (planting, rows) VALUES (?1, ?2)")?,
        })
    }

    fn plant(&mut self, new: &NewPlanting) -> Result<PlantingRow> {
        let BatchKey { epoch, account: name, batch } = &new.key;
        let account: i64 = one(self.account.query(params![epoch, name])?, |row| cell(row, 0))?
            .ok_or_else(|| refusal::no_account(*epoch, name))?;
        let store = self.store;
        if let Some(first) = one(self.standing.query(params![account, batch])?, |row| read(store, row))? {
            let same = first.input_hash == new.input_hash;
            return if same { Ok(first) } else { Err(refusal::other_input(&new.key)) };
        }
        let newest: u32 = self.newest.query_row([account], |row| row.get(0))?;
        self.insert(account, newest + 1, new)
    }

    fn insert(&mut self, account: i64, j: u32, new: &NewPlanting) -> Result<PlantingRow> {
        let id = self.next;
        let serials: Vec<u64> = new.rows.rows.iter().map(|row| row.serial).collect();
        self.insert.execute(params![
            id,
            new.key.epoch,
            account,
            new.key.batch,
            j,
            new.lines,
            words::from_roles(&new.roles),
            new.block,
            times::text(new.at),
            new.input_hash,
            whole(new.input_bytes)?,
            self.store.seal(SERIALS, id, &serials::encode(&serials)),
            new.scope,
        ])?;
        self.insert_rows.execute(params![id, self.store.seal_json(ROWS, id, &new.rows)])?;
        self.next += 1;
        Ok(PlantingRow {
            id,
            key: new.key.clone(),
            j,
            lines: new.lines,
            roles: new.roles.clone(),
            block: new.block.clone(),
            at: times::kept(new.at),
            input_hash: new.input_hash.clone(),
            input_bytes: new.input_bytes,
            serials,
            released: None,
            scope: new.scope.clone(),
        })
    }
}

pub(super) fn release(store: &Store<'_>, ids: &[i64], at: Timestamp) -> Result<()> {
    let mut update = store.sql.prepare(RELEASE)?;
    let at = times::text(at);
    for &id in ids {
        if update.execute(params![id, at])? == 0 {
            return Err(refusal::no_planting(id));
        }
    }
    Ok(())
}

pub(super) fn find(store: &Store<'_>, key: &BatchKey) -> Result<Option<PlantingRow>> {
    let sql = format!("{SELECT_PLANTING} WHERE account.epoch = ?1 AND account.name = ?2 AND planting.batch = ?3");
    let mut select = store.sql.prepare_cached(&sql)?;
    one(select.query(params![key.epoch, key.account, key.batch])?, |row| read(store, row))
}

pub(super) fn rows(store: &Store<'_>, id: i64) -> Result<PlantedRows> {
    let mut select = store.sql.prepare_cached("SELECT rows FROM planted_rows WHERE planting = ?1")?;
    one(select.query([id])?, |row| store.open_json(ROWS, id, blob(row, 0)?))?.ok_or_else(|| refusal::no_planting(id))
}

pub(super) fn stock(store: &Store<'_>) -> Result<String> {
    Ok(store.sql.query_row(STOCK, [], |row| row.get(0))?)
}

pub(super) fn list(store: &Store<'_>, epoch: u32) -> Result<Vec<PlantingRow>> {
    let sql = format!("{SELECT_PLANTING} WHERE planting.epoch = ?1 ORDER BY planting.id");
    let mut select = store.sql.prepare(&sql)?;
    all(select.query([epoch])?, |row| read(store, row))
}

/// An index of all canaries reads every planting: while this thread reads on,
/// others open what SQLite gave.
pub(super) fn planted(store: &Store<'_>, epoch: u32) -> Result<Vec<Planted>> {
    // Two statements, one snapshot: another process may be binding right now.
    let _snapshot = store.sql.unchecked_transaction()?;
    let mut select = store.sql.prepare("SELECT id, hash FROM template")?;
    let templates: HashMap<i64, Arc<str>> =
        all(select.query([])?, |row| Ok((cell(row, 0)?, cell(row, 1)?)))?.into_iter().collect();
    let mut select = store.sql.prepare(SELECT_PLANTED)?;
    let mut rows = select.query([epoch])?;
    let (vault, opened) = (store.vault, Mutex::new(BTreeMap::new()));
    rayon::in_place_scope(|scope| -> Result<()> {
        for place in 0.. {
            let mut kept = Vec::with_capacity(TOGETHER);
            while kept.len() < TOGETHER
                && let Some(row) = rows.next()?
            {
                kept.push(Kept::of(row, &templates)?);
            }
            if kept.is_empty() {
                break;
            }
            let opened = &opened;
            scope.spawn(move |_| {
                let planted: Result<Vec<Planted>> = kept.into_iter().map(|kept| kept.open(vault)).collect();
                opened.lock().expect("no panic while it is held").insert(place, planted);
            });
        }
        Ok(())
    })?;
    let opened = opened.into_inner().expect("no panic while it was held");
    let mut all = Vec::with_capacity(opened.len() * TOGETHER);
    for planted in opened.into_values() {
        all.extend(planted?);
    }
    Ok(all)
}

/// Plantings that a core opens at a time.
const TOGETHER: usize = 1024;

/// A planting as SQLite gives it.
struct Kept {
    id: i64,
    account: String,
    template: Arc<str>,
    batch: String,
    at: String,
    serials: Vec<u8>,
}

impl Kept {
    fn of(row: &Row<'_>, templates: &HashMap<i64, Arc<str>>) -> Result<Self> {
        let template = templates.get(&cell(row, 2)?).ok_or_else(|| damaged("account.template", "no such template"))?;
        Ok(Self {
            id: cell(row, 0)?,
            account: cell(row, 1)?,
            template: template.clone(),
            batch: cell(row, 3)?,
            at: cell(row, 4)?,
            serials: blob(row, 5)?.to_vec(),
        })
    }

    fn open(self, vault: &Vault) -> Result<Planted> {
        let plain = vault.open(SERIALS, self.id, &self.serials);
        let plain = plain.ok_or(Error::Unsealable { table: SERIALS, row: self.id })?;
        Ok(Planted {
            account: self.account,
            batch: self.batch,
            template: self.template,
            at: times::parse(&self.at).ok_or_else(|| damaged("planting.at", "a time is unreadable"))?,
            serials: serials::decode(&plain).ok_or_else(|| damaged(SERIALS, "no list of serials"))?,
        })
    }
}

fn read(store: &Store<'_>, row: &Row<'_>) -> Result<PlantingRow> {
    let id = cell(row, 0)?;
    let roles: String = cell(row, 6)?;
    let serials = serials::decode(&store.open(SERIALS, id, blob(row, 11)?)?);
    Ok(PlantingRow {
        id,
        key: BatchKey { epoch: cell(row, 1)?, account: cell(row, 2)?, batch: cell(row, 3)? },
        j: cell(row, 4)?,
        lines: cell(row, 5)?,
        roles: words::to_roles(&roles).ok_or_else(|| damaged("planting.roles", "an unknown word"))?,
        block: cell(row, 7)?,
        at: time(row, 8)?,
        input_hash: cell(row, 9)?,
        input_bytes: count(row, 10)?,
        serials: serials.ok_or_else(|| damaged(SERIALS, "no list of serials"))?,
        released: maybe_time(row, 12)?,
        scope: cell(row, 13)?,
    })
}
