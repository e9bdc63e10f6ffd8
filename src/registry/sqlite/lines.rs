//! Lines in SQLite.

use jiff::Timestamp;
use rusqlite::params;

use super::store::{Store, all, blob, cell, choice};
use crate::line::LineNumber;
use crate::registry::{LineRow, NewLine, Result, refusal, times, words};
use crate::seal::Vault;

const NUMBER: &str = "line.number";

const INSERT: &str = "
    INSERT INTO line (id, tag, number, line_use, demo, added)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (tag) DO NOTHING";

const SELECT_ALL: &str = "
    SELECT id, number, line_use, demo
    FROM line
    ORDER BY id";

pub(super) fn add(store: &Store<'_>, lines: &[NewLine], now: Timestamp) -> Result<()> {
    let mut insert = store.sql.prepare(INSERT)?;
    let now = times::text(now);
    let first = store.next_id("line")?;
    for ((place, line), id) in lines.iter().enumerate().zip(first..) {
        let LineNumber { country, national, extension } = &line.number;
        let sealed = store.seal_json(NUMBER, id, &(country, national, extension));
        let line_use = words::word(&words::LINE_USES, line.line_use);
        let added = insert.execute(params![id, tag(store.vault, &line.number), sealed, line_use, line.demo, now])?;
        if added == 0 {
            return Err(refusal::line_again(place));
        }
    }
    Ok(())
}

pub(super) fn list(store: &Store<'_>) -> Result<Vec<LineRow>> {
    let mut select = store.sql.prepare(SELECT_ALL)?;
    all(select.query([])?, |row| {
        let id = cell(row, 0)?;
        let (country, national, extension) = store.open_json(NUMBER, id, blob(row, 1)?)?;
        let number = LineNumber { country, national, extension };
        let line_use = choice(row, 2, &words::LINE_USES)?;
        Ok(LineRow { id, line: NewLine { number, line_use, demo: cell(row, 3)? } })
    })
}

fn tag(vault: &Vault, number: &LineNumber) -> [u8; 16] {
    let LineNumber { country, national, extension } = number;
    vault.tag("line", &[&country.to_le_bytes(), national.as_bytes(), extension.as_bytes()])
}
