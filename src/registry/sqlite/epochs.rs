//! Epochs, templates and accounts in SQLite.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::params;

use super::failure::damaged;
use super::store::{Store, all, blob, cell, choice, one, time};
use crate::registry::{AccountRow, EpochRow, LineUse, Result, refusal, times, words};
use crate::rules::Rules;

const TEXT: &str = "template.text";

const SELECT_STANDING: &str = "
    SELECT epoch, rules
    FROM epoch
    WHERE epoch = ?1 OR label = ?2";

const INSERT_EPOCH: &str = "
    INSERT INTO epoch (epoch, label, rules, rules_hash, opened)
    VALUES (?1, ?2, ?3, ?4, ?5)";

const INSERT_ACCOUNT: &str = "
    INSERT INTO account (epoch, ordinal, name, template, start)
    VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (epoch, name) DO NOTHING";

const SELECT_ACCOUNT: &str = "
    SELECT account.ordinal, account.name, template.hash, account.start
    FROM account JOIN template ON template.id = account.template
    WHERE account.epoch = ?1 AND account.name = ?2";

const SELECT_ACCOUNTS: &str = "
    SELECT ordinal, name, template, start
    FROM account
    WHERE epoch = ?1
    ORDER BY ordinal";

pub(super) fn open(store: &Store<'_>, rules: &Rules, pool: &[i64], now: Timestamp) -> Result<()> {
    let text = rules.to_registered_text();
    let mut select = store.sql.prepare(SELECT_STANDING)?;
    let standing: Option<(u32, String)> =
        one(select.query(params![rules.epoch, rules.label])?, |row| Ok((cell(row, 0)?, cell(row, 1)?)))?;
    if let Some((epoch, registered)) = standing {
        let same = epoch == rules.epoch && registered == text && self::pool(store, epoch)? == pool;
        return if same { Ok(()) } else { Err(refusal::epoch_stands(&rules.label)) };
    }
    if rules.frozen_lines() as usize != pool.len() {
        return Err(refusal::pool_size(rules.frozen_lines(), pool.len()));
    }
    store.sql.execute(INSERT_EPOCH, params![rules.epoch, rules.label, text, rules.hash(), times::text(now)])?;
    freeze(store, rules.epoch, pool)
}

fn freeze(store: &Store<'_>, epoch: u32, pool: &[i64]) -> Result<()> {
    let mut find = store.sql.prepare("SELECT line_use FROM line WHERE id = ?1")?;
    let mut insert = store
        .sql
        .prepare("INSERT INTO pool (epoch, place, line) VALUES (?1, ?2, ?3) ON CONFLICT (epoch, line) DO NOTHING")?;
    for (&line, place) in pool.iter().zip(0u32..) {
        match one(find.query([line])?, |row| choice(row, 0, &words::LINE_USES))? {
            None => return Err(refusal::no_line(line)),
            Some(LineUse::Control) => return Err(refusal::not_for_pool(line, "it is a control line")),
            Some(LineUse::Trap) => {}
        }
        if insert.execute(params![epoch, place, line])? == 0 {
            return Err(refusal::not_for_pool(line, "it is there twice"));
        }
    }
    Ok(())
}

pub(super) fn list(store: &Store<'_>) -> Result<Vec<EpochRow>> {
    let mut select = store.sql.prepare("SELECT rules, rules_hash, opened FROM epoch ORDER BY epoch")?;
    all(select.query([])?, |row| {
        let rules = parse_rules(&cell::<String>(row, 0)?)?;
        Ok(EpochRow { rules, rules_hash: cell(row, 1)?, opened: time(row, 2)? })
    })
}

pub(super) fn pool(store: &Store<'_>, epoch: u32) -> Result<Vec<i64>> {
    store.require_epoch(epoch)?;
    let mut select = store.sql.prepare("SELECT line FROM pool WHERE epoch = ?1 ORDER BY place")?;
    all(select.query([epoch])?, |row| cell(row, 0))
}

pub(super) fn put_template(store: &Store<'_>, hash: &str, name: &str, text: &str) -> Result<()> {
    if let Some(kept) = find_template(store, hash)? {
        return if kept == text { Ok(()) } else { Err(refusal::other_text(hash)) };
    }
    let id = store.next_id("template")?;
    let sealed = store.seal(TEXT, id, text.as_bytes());
    store.sql.execute(
        "INSERT INTO template (id, hash, name, text) VALUES (?1, ?2, ?3, ?4)",
        params![id, hash, name, sealed],
    )?;
    Ok(())
}

pub(super) fn template(store: &Store<'_>, hash: &str) -> Result<String> {
    find_template(store, hash)?.ok_or_else(|| refusal::no_template(hash))
}

pub(super) fn templates(store: &Store<'_>) -> Result<Vec<String>> {
    let mut select = store.sql.prepare("SELECT hash FROM template ORDER BY id")?;
    all(select.query([])?, |row| cell(row, 0))
}

fn find_template(store: &Store<'_>, hash: &str) -> Result<Option<String>> {
    let mut select = store.sql.prepare_cached("SELECT id, text FROM template WHERE hash = ?1")?;
    one(select.query([hash])?, |row| store.open_text(TEXT, cell(row, 0)?, blob(row, 1)?))
}

pub(super) fn bind(
    store: &Store<'_>,
    epoch: u32,
    names: &[&str],
    template: &str,
    start: Timestamp,
) -> Result<Vec<AccountRow>> {
    let n_max = n_max(store, epoch)?;
    let mut find = store.sql.prepare("SELECT id FROM template WHERE hash = ?1")?;
    let template_id: i64 =
        one(find.query([template])?, |row| cell(row, 0))?.ok_or_else(|| refusal::no_template(template))?;
    let mut next: u32 =
        store.sql.query_row("SELECT coalesce(max(ordinal) + 1, 0) FROM account WHERE epoch = ?1", [epoch], |row| {
            row.get(0)
        })?;
    let mut insert = store.sql.prepare(INSERT_ACCOUNT)?;
    let start_text = times::text(start);
    let start = times::kept(start);
    let mut rows = Vec::with_capacity(names.len());
    for &name in names {
        if insert.execute(params![epoch, next, name, template_id, start_text])? == 1 {
            if u64::from(next) >= n_max {
                return Err(refusal::too_many(epoch, n_max));
            }
            rows.push(AccountRow { ordinal: next, name: name.to_owned(), template: template.into(), start });
            next += 1;
        } else {
            let bound = account(store, epoch, name)?.filter(|row| *row.template == *template);
            rows.push(bound.ok_or_else(|| refusal::bound_otherwise(epoch, name))?);
        }
    }
    Ok(rows)
}

pub(super) fn accounts(store: &Store<'_>, epoch: u32) -> Result<Vec<AccountRow>> {
    // Two statements, one snapshot: another process may be binding right now.
    let _snapshot = store.sql.unchecked_transaction()?;
    let mut select = store.sql.prepare("SELECT id, hash FROM template")?;
    let templates: HashMap<i64, Arc<str>> =
        all(select.query([])?, |row| Ok((cell(row, 0)?, cell(row, 1)?)))?.into_iter().collect();
    let mut select = store.sql.prepare(SELECT_ACCOUNTS)?;
    all(select.query([epoch])?, |row| {
        let template = templates.get(&cell(row, 2)?).ok_or_else(|| damaged("account.template", "no such template"))?;
        Ok(AccountRow { ordinal: cell(row, 0)?, name: cell(row, 1)?, template: template.clone(), start: time(row, 3)? })
    })
}

pub(super) fn account(store: &Store<'_>, epoch: u32, name: &str) -> Result<Option<AccountRow>> {
    let mut select = store.sql.prepare_cached(SELECT_ACCOUNT)?;
    one(select.query(params![epoch, name])?, |row| {
        Ok(AccountRow { ordinal: cell(row, 0)?, name: cell(row, 1)?, template: cell(row, 2)?, start: time(row, 3)? })
    })
}

fn n_max(store: &Store<'_>, epoch: u32) -> Result<u64> {
    let mut select = store.sql.prepare_cached("SELECT rules FROM epoch WHERE epoch = ?1")?;
    let rules = one(select.query([epoch])?, |row| parse_rules(&cell::<String>(row, 0)?))?;
    rules.map(|rules| rules.n_max).ok_or_else(|| refusal::no_epoch(epoch))
}

fn parse_rules(text: &str) -> Result<Rules> {
    serde_json::from_str(text).map_err(|error| damaged("epoch.rules", &error.to_string()))
}
