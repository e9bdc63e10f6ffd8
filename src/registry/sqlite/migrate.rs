//! The schema, step by step.
//!
//! Migrations are numbered SQL files that are only ever added. The registry
//! remembers the SHA-256 of each that ran, so that a file that was edited
//! afterwards is noticed before it does harm.

use rusqlite::Connection;
use sha2::{Digest, Sha256};

use super::store::{all, cell};
use crate::registry::{Error, Result};
use crate::rules::hex;

/// All migrations, in order; the first has number 1.
pub(super) const MIGRATIONS: [&str; 2] = [include_str!("0001_registry.sql"), include_str!("0002_joint_and_scopes.sql")];

const CREATE_JOURNAL: &str = "
    CREATE TABLE IF NOT EXISTS schema_migrations (
        version INTEGER PRIMARY KEY,
        -- of the migration's text, hexadecimal
        sha256  TEXT NOT NULL
    ) STRICT";

/// Runs what has not run yet, inside the caller's transaction.
pub(super) fn run(sql: &Connection) -> Result<()> {
    sql.execute(CREATE_JOURNAL, [])?;
    let applied = check(sql)?;
    for (text, version) in MIGRATIONS.iter().zip(1u32..).skip(applied) {
        sql.execute_batch(text)?;
        sql.execute("INSERT INTO schema_migrations (version, sha256) VALUES (?1, ?2)", (version, hash(text)))?;
    }
    Ok(())
}

/// Compares what ran with what this program has; returns how many ran.
pub(super) fn check(sql: &Connection) -> Result<usize> {
    let mut select = sql.prepare("SELECT version, sha256 FROM schema_migrations ORDER BY version")?;
    let applied: Vec<(u32, String)> = all(select.query([])?, |row| Ok((cell(row, 0)?, cell(row, 1)?)))?;
    let known = MIGRATIONS.len() as u32;
    if let Some((found, _)) = applied.last().filter(|(version, _)| *version > known) {
        return Err(Error::TooNew { found: *found, known });
    }
    for ((version, sha256), (text, expected)) in applied.iter().zip(MIGRATIONS.iter().zip(1u32..)) {
        if *version != expected || *sha256 != hash(text) {
            return Err(Error::Tampered { version: expected });
        }
    }
    Ok(applied.len())
}

fn hash(text: &str) -> String {
    hex(&Sha256::digest(text))
}
