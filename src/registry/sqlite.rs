//! The embedded SQLite store.
//!
//! One file (and, while it is open, its `-wal` and `-shm`) that any number of
//! processes may share: readers never wait, writers wait for each other. Each
//! write is one immediate transaction with `synchronous = FULL`, so what a
//! method returned `Ok` for survives a power cut, and what it returned an error
//! for never happened. The schema is `sqlite/0001_registry.sql` with the numbered files after it, to be read as prose;
//! what may be seen without the key is in `docs/formats/registry.md`.

mod acts;
mod conclusions;
mod decisions;
mod epochs;
mod failure;
mod feeds;
mod lines;
mod migrate;
mod open;
mod outbox;
mod plantings;
mod scopes;
mod store;
#[cfg(test)]
mod tests;

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior};

use self::store::Store;
use super::{
    AccountRow, AccusationRow, ActRow, BatchKey, Case, DecisionRow, EpochRow, FeedRow, Ingest, Ingested, LineRow,
    NewAccusation, NewAct, NewDecision, NewLine, NewPlanting, NewScope, ObservationRow, OpeningRow, OutboxRow, Planted,
    PlantedRows, PlantingRow, QuarantineRow, Registry, Result, Revelation, RevelationRow, ScopeRow, Weighed,
};
use crate::key::KeyId;
use crate::rules::Rules;
use crate::seal::Vault;

/// A registry in a SQLite file.
#[derive(Debug)]
pub struct SqliteRegistry {
    sql: Connection,
    vault: Vault,
}

impl SqliteRegistry {
    /// Makes a registry that belongs to the vault's key, readable by this user
    /// alone.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`](super::Error::Conflict) when there is a file already: it is left as it is.
    /// [`Error::Store`](super::Error::Store) when the disk refuses; no file is left then.
    pub fn create(path: &Path, vault: Vault) -> Result<Self> {
        Ok(Self { sql: open::create(path, vault.key_id())?, vault })
    }

    /// Opens a registry and brings its schema up to date.
    ///
    /// # Errors
    ///
    /// [`Error::WrongKey`](super::Error::WrongKey) before anything else; [`Error::TooNew`](super::Error::TooNew) and
    /// [`Error::Tampered`](super::Error::Tampered) for a schema that is not this program's;
    /// [`Error::Store`](super::Error::Store) when the file cannot be opened or written.
    pub fn open(path: &Path, vault: Vault) -> Result<Self> {
        Ok(Self { sql: open::open(path, vault.key_id())?, vault })
    }

    /// Opens a registry for reading alone, also from a read-only medium.
    /// Whatever would change it fails with [`Error::Store`](super::Error::Store).
    ///
    /// # Errors
    ///
    /// As [`SqliteRegistry::open`].
    pub fn open_read_only(path: &Path, vault: Vault) -> Result<Self> {
        Ok(Self { sql: open::open_read_only(path, vault.key_id())?, vault })
    }

    /// Runs `act` in one transaction.
    fn write<T>(&mut self, act: impl FnOnce(&Store<'_>) -> Result<T>) -> Result<T> {
        // Immediate: a transaction that began as a reader could be refused
        // when it first writes, after its work was half done.
        let transaction = self.sql.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let value = act(&Store { sql: &transaction, vault: &self.vault })?;
        // Dropped on the way out of an error, the transaction leaves nothing.
        transaction.commit()?;
        Ok(value)
    }

    /// Lends the connection for reading: one statement sees one snapshot.
    fn store(&self) -> Store<'_> {
        Store { sql: &self.sql, vault: &self.vault }
    }
}

impl Registry for SqliteRegistry {
    fn key_id(&self) -> KeyId {
        self.vault.key_id()
    }

    fn add_lines(&mut self, lines: &[NewLine], now: Timestamp) -> Result<()> {
        self.write(|store| lines::add(store, lines, now))
    }

    fn lines(&self) -> Result<Vec<LineRow>> {
        lines::list(&self.store())
    }

    fn open_epoch(&mut self, rules: &Rules, pool: &[i64], now: Timestamp) -> Result<()> {
        self.write(|store| epochs::open(store, rules, pool, now))
    }

    fn epochs(&self) -> Result<Vec<EpochRow>> {
        epochs::list(&self.store())
    }

    fn pool(&self, epoch: u32) -> Result<Vec<i64>> {
        epochs::pool(&self.store(), epoch)
    }

    fn put_template(&mut self, hash: &str, name: &str, text: &str) -> Result<()> {
        self.write(|store| epochs::put_template(store, hash, name, text))
    }

    fn template(&self, hash: &str) -> Result<String> {
        epochs::template(&self.store(), hash)
    }

    fn templates(&self) -> Result<Vec<String>> {
        epochs::templates(&self.store())
    }

    fn bind_accounts(
        &mut self,
        epoch: u32,
        names: &[&str],
        template: &str,
        start: Timestamp,
    ) -> Result<Vec<AccountRow>> {
        self.write(|store| epochs::bind(store, epoch, names, template, start))
    }

    fn accounts(&self, epoch: u32) -> Result<Vec<AccountRow>> {
        epochs::accounts(&self.store(), epoch)
    }

    fn account(&self, epoch: u32, name: &str) -> Result<Option<AccountRow>> {
        epochs::account(&self.store(), epoch, name)
    }

    fn allocate_serials(&mut self, block: &str, size: u64, count: u64) -> Result<u64> {
        self.write(|store| plantings::allocate(store, block, size, count))
    }

    fn plant(&mut self, planting: &NewPlanting) -> Result<PlantingRow> {
        let planted = self.plant_many(std::slice::from_ref(planting))?;
        Ok(planted.into_iter().next().expect("one planting in, one row out"))
    }

    fn plant_many(&mut self, plantings: &[NewPlanting]) -> Result<Vec<PlantingRow>> {
        self.write(|store| plantings::plant(store, plantings))
    }

    fn release(&mut self, id: i64, at: Timestamp) -> Result<()> {
        self.release_many(&[id], at)
    }

    fn release_many(&mut self, ids: &[i64], at: Timestamp) -> Result<()> {
        self.write(|store| plantings::release(store, ids, at))
    }

    fn planting(&self, batch: &BatchKey) -> Result<Option<PlantingRow>> {
        plantings::find(&self.store(), batch)
    }

    fn planted_rows(&self, id: i64) -> Result<PlantedRows> {
        plantings::rows(&self.store(), id)
    }

    fn stock(&self) -> Result<String> {
        plantings::stock(&self.store())
    }

    fn plantings(&self, epoch: u32) -> Result<Vec<PlantingRow>> {
        plantings::list(&self.store(), epoch)
    }

    fn planted(&self, epoch: u32) -> Result<Vec<Planted>> {
        plantings::planted(&self.store(), epoch)
    }

    fn feed(&self, name: &str) -> Result<Option<FeedRow>> {
        feeds::find(&self.store(), name)
    }

    fn feeds(&self) -> Result<Vec<FeedRow>> {
        feeds::list(&self.store())
    }

    fn ingest(&mut self, batch: &Ingest) -> Result<Ingested> {
        self.write(|store| feeds::ingest(store, batch))
    }

    fn feed_failed(&mut self, feed: &str, error: &str, _now: Timestamp) -> Result<()> {
        self.write(|store| feeds::failed(store, feed, error))
    }

    fn quarantined(&self) -> Result<Vec<QuarantineRow>> {
        feeds::quarantined(&self.store())
    }

    fn undecided(&self, epoch: u32, begins: Timestamp, ends: Timestamp) -> Result<Vec<ObservationRow>> {
        decisions::undecided(&self.store(), epoch, begins, ends)
    }

    fn decided_since(&self, epoch: u32, since: Timestamp) -> Result<Vec<ObservationRow>> {
        decisions::decided_since(&self.store(), epoch, since)
    }

    fn decide(&mut self, epoch: u32, decisions: &[NewDecision], now: Timestamp) -> Result<()> {
        self.write(|store| decisions::decide(store, epoch, decisions, now))
    }

    fn decisions(&self, epoch: u32) -> Result<Vec<DecisionRow>> {
        decisions::list(&self.store(), epoch)
    }

    fn weighed(&self, epoch: u32) -> Result<Weighed> {
        // Three statements, one snapshot: another process may be deciding right now.
        let _snapshot = self.sql.unchecked_transaction()?;
        decisions::weighed(&self.store(), epoch)
    }

    /// Reads accounts and plantings beside the decisions, through a second
    /// connection.
    fn case(&self, epoch: u32) -> Result<Case> {
        let Some(path) = self.sql.path() else {
            let weighed = self.weighed(epoch)?;
            return Ok(Case { weighed, accounts: self.accounts(epoch)?, plantings: self.plantings(epoch)? });
        };
        let _snapshot = self.sql.unchecked_transaction()?;
        // The first statement takes the snapshot, before the other connection takes its own.
        self.store().require_epoch(epoch)?;
        let beside = Self::open_read_only(Path::new(path), self.vault.clone())?;
        // Each of its pages is read once.
        beside.sql.pragma_update(None, "cache_size", -2048)?;
        std::thread::scope(|scope| {
            let rest = scope.spawn(move || Ok((beside.accounts(epoch)?, beside.plantings(epoch)?)));
            let weighed = decisions::weighed(&self.store(), epoch);
            let rest: Result<_> = rest.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            let (accounts, plantings) = rest?;
            Ok(Case { weighed: weighed?, accounts, plantings })
        })
    }

    fn observation(&self, id: i64) -> Result<ObservationRow> {
        feeds::observation(&self.store(), id)
    }

    fn newest_hit(&self) -> Result<Option<Timestamp>> {
        feeds::newest_hit(&self.store())
    }

    fn accuse(&mut self, accusation: &NewAccusation, message: Option<&str>, now: Timestamp) -> Result<bool> {
        self.write(|store| conclusions::accuse(store, accusation, message, now))
    }

    fn accusations(&self, epoch: u32) -> Result<Vec<AccusationRow>> {
        conclusions::accusations(&self.store(), epoch)
    }

    fn open_account(&mut self, epoch: u32, account: &str, why: &str, now: Timestamp) -> Result<OpeningRow> {
        self.write(|store| conclusions::open_account(store, epoch, account, why, now))
    }

    fn openings(&self, epoch: u32) -> Result<Vec<OpeningRow>> {
        conclusions::openings(&self.store(), epoch)
    }

    fn reveal(&mut self, revelation: &Revelation, now: Timestamp) -> Result<()> {
        self.write(|store| conclusions::reveal(store, revelation, now))
    }

    fn revelations(&self, epoch: u32) -> Result<Vec<RevelationRow>> {
        conclusions::revelations(&self.store(), epoch)
    }

    fn open_scope(&mut self, scope: &NewScope, now: Timestamp) -> Result<ScopeRow> {
        self.write(|store| scopes::open(store, scope, now))
    }

    fn scopes(&self, epoch: u32) -> Result<Vec<ScopeRow>> {
        scopes::list(&self.store(), epoch)
    }

    fn record_act(&mut self, act: &NewAct, now: Timestamp) -> Result<ActRow> {
        self.write(|store| acts::record(store, act, now))
    }

    fn acts(&self, epoch: u32) -> Result<Vec<ActRow>> {
        acts::list(&self.store(), epoch)
    }

    fn outbox_due(&self, now: Timestamp) -> Result<Vec<OutboxRow>> {
        outbox::due(&self.store(), now)
    }

    fn outbox_waiting(&self) -> Result<u64> {
        outbox::waiting(&self.store())
    }

    fn outbox_delivered(&mut self, id: i64, now: Timestamp) -> Result<()> {
        self.write(|store| outbox::delivered(store, id, now))
    }

    fn outbox_failed(&mut self, id: i64, error: &str, next: Timestamp) -> Result<()> {
        self.write(|store| outbox::failed(store, id, error, next))
    }
}
