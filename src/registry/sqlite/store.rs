//! One connection at work, and the cells of its rows.

use jiff::Timestamp;
use rusqlite::types::FromSql;
use rusqlite::{Connection, Row, Rows};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::failure::damaged;
use crate::registry::{Error, Result, refusal, times, words};
use crate::seal::Vault;

/// A connection, inside a transaction where it writes, with the workspace's vault.
pub(super) struct Store<'a> {
    pub(super) sql: &'a Connection,
    pub(super) vault: &'a Vault,
}

impl Store<'_> {
    /// Returns the next row's id, which is needed before the row can be
    /// sealed. The write transaction keeps it from being given twice.
    pub(super) fn next_id(&self, table: &str) -> Result<i64> {
        let sql = format!("SELECT coalesce(max(id), 0) + 1 FROM {table}");
        Ok(self.sql.query_row(&sql, [], |row| row.get(0))?)
    }

    /// Seals bytes for one row of `place`, a `table.column`.
    pub(super) fn seal(&self, place: &'static str, row: i64, plain: &[u8]) -> Vec<u8> {
        self.vault.seal(place, row, plain)
    }

    /// Seals a value as JSON.
    pub(super) fn seal_json(&self, place: &'static str, row: i64, value: &impl Serialize) -> Vec<u8> {
        self.seal(place, row, &serde_json::to_vec(value).expect("rows are plain data"))
    }

    /// Opens what [`Store::seal`] made.
    pub(super) fn open(&self, place: &'static str, row: i64, sealed: &[u8]) -> Result<Vec<u8>> {
        self.vault.open(place, row, sealed).ok_or(Error::Unsealable { table: place, row })
    }

    /// Opens text.
    pub(super) fn open_text(&self, place: &'static str, row: i64, sealed: &[u8]) -> Result<String> {
        String::from_utf8(self.open(place, row, sealed)?).map_err(|_| damaged(place, "text is not UTF-8"))
    }

    /// Opens what [`Store::seal_json`] made.
    pub(super) fn open_json<T: DeserializeOwned>(&self, place: &'static str, row: i64, sealed: &[u8]) -> Result<T> {
        // The parser's own message could quote what was sealed.
        serde_json::from_slice(&self.open(place, row, sealed)?)
            .map_err(|_| damaged(place, "sealed JSON is of another shape"))
    }

    /// Fails unless the epoch was opened.
    pub(super) fn require_epoch(&self, epoch: u32) -> Result<()> {
        let mut found = self.sql.prepare_cached("SELECT 1 FROM epoch WHERE epoch = ?1")?;
        if found.exists([epoch])? { Ok(()) } else { Err(refusal::no_epoch(epoch)) }
    }

    /// Fails unless the account is bound in the epoch.
    pub(super) fn require_account(&self, epoch: u32, name: &str) -> Result<()> {
        let mut found = self.sql.prepare_cached("SELECT 1 FROM account WHERE epoch = ?1 AND name = ?2")?;
        if found.exists((epoch, name))? { Ok(()) } else { Err(refusal::no_account(epoch, name)) }
    }
}

/// Reads every row with `read`.
pub(super) fn all<T>(mut rows: Rows<'_>, mut read: impl FnMut(&Row<'_>) -> Result<T>) -> Result<Vec<T>> {
    let mut values = Vec::new();
    while let Some(row) = rows.next()? {
        values.push(read(row)?);
    }
    Ok(values)
}

/// Reads the only row, if there is one.
pub(super) fn one<T>(mut rows: Rows<'_>, read: impl FnOnce(&Row<'_>) -> Result<T>) -> Result<Option<T>> {
    rows.next()?.map(read).transpose()
}

/// Reads a cell as it is.
pub(super) fn cell<T: FromSql>(row: &Row<'_>, index: usize) -> Result<T> {
    Ok(row.get(index)?)
}

/// Lends the bytes of a BLOB.
pub(super) fn blob<'row>(row: &'row Row<'_>, index: usize) -> Result<&'row [u8]> {
    row.get_ref(index)?.as_blob().map_err(|_| damaged(name(row, index), "a BLOB was expected"))
}

/// Reads a count.
pub(super) fn count(row: &Row<'_>, index: usize) -> Result<u64> {
    let value: i64 = row.get(index)?;
    u64::try_from(value).map_err(|_| damaged(name(row, index), "a count is negative"))
}

/// Reads a time.
pub(super) fn time(row: &Row<'_>, index: usize) -> Result<Timestamp> {
    maybe_time(row, index)?.ok_or_else(|| damaged(name(row, index), "a time is missing"))
}

/// Reads a time that may be NULL.
pub(super) fn maybe_time(row: &Row<'_>, index: usize) -> Result<Option<Timestamp>> {
    let text = row.get_ref(index)?.as_str_or_null().map_err(|_| damaged(name(row, index), "text was expected"))?;
    let read = |text| times::parse(text).ok_or_else(|| damaged(name(row, index), "a time is unreadable"));
    text.map(read).transpose()
}

/// Reads one of the words in `table`.
pub(super) fn choice<T: Copy>(row: &Row<'_>, index: usize, table: &[(T, &'static str)]) -> Result<T> {
    let word = row.get_ref(index)?.as_str().map_err(|_| damaged(name(row, index), "text was expected"))?;
    words::meaning(table, word).ok_or_else(|| damaged(name(row, index), "an unknown word"))
}

/// Returns a number as SQLite keeps it.
pub(super) fn whole(number: u64) -> Result<i64> {
    i64::try_from(number).map_err(|_| refusal::too_large(number))
}

fn name<'row>(row: &'row Row<'_>, index: usize) -> &'row str {
    row.as_ref().column_name(index).unwrap_or("a column")
}
