//! The record of what was planted, seen and decided.
//!
//! One synchronous trait, several stores: [`memory`] for drills and tests,
//! [`sqlite`] for one machine. Stores hold no canary in the clear: they are
//! opened with a [`crate::seal::Vault`], seal what the schema marks as sealed and
//! find it again by keyed tag. Callers hand over and get plain values.
//!
//! Every method that changes something is one transaction: it happened whole
//! or not at all, and doing it twice is doing it once. Times are kept to the
//! microsecond.

pub mod memory;
mod refusal;
mod serials;
pub mod sqlite;
mod times;
mod types;
mod words;

pub use types::*;

use jiff::Timestamp;

use crate::key::KeyId;
use crate::rules::Rules;

/// Why a store refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store belongs to another key.
    #[error("the registry was made with key {expected}, but the key given is {found}")]
    WrongKey {
        /// The registry's key.
        expected: KeyId,
        /// The key it was opened with.
        found: KeyId,
    },
    /// The store is of a newer program.
    #[error("the registry has schema {found}; this program knows up to {known}")]
    TooNew {
        /// Version in the store.
        found: u32,
        /// Newest known version.
        known: u32,
    },
    /// A migration that ran before is not the one this program has.
    #[error(
        "migration {version} of the registry differs from this program's; restore a backup or use the program that made it"
    )]
    Tampered {
        /// Version of the migration.
        version: u32,
    },
    /// A value is there already and says something else.
    #[error("{0}")]
    Conflict(String),
    /// Something that must exist does not.
    #[error("{0}")]
    Missing(String),
    /// A sealed value does not open: damaged, moved, or sealed with another key.
    #[error("{table} row {row}: the sealed value does not open; it was damaged or moved")]
    Unsealable {
        /// Table.
        table: &'static str,
        /// Row id.
        row: i64,
    },
    /// The store itself failed: a full or read-only disk, a damaged file.
    #[error("{0}")]
    Store(String),
}

/// Short form.
pub type Result<T> = std::result::Result<T, Error>;

/// A store of everything Trapline must remember.
pub trait Registry {
    /// The key the store was made with.
    fn key_id(&self) -> KeyId;

    // --- lines ---------------------------------------------------------------

    /// Adds lines, all or none. [`Error::Conflict`] names the first that is
    /// there already (by its place in `lines`, never by its number).
    fn add_lines(&mut self, lines: &[NewLine], now: Timestamp) -> Result<()>;
    /// All lines in the order they were added.
    fn lines(&self) -> Result<Vec<LineRow>>;

    // --- epochs ----------------------------------------------------------------

    /// Opens an epoch: registers its rules and freezes its pool, which is the
    /// given trap lines in this order. Opening it again with the same rules and
    /// pool changes nothing; with others it is a [`Error::Conflict`].
    fn open_epoch(&mut self, rules: &Rules, pool: &[i64], now: Timestamp) -> Result<()>;
    /// All epochs, oldest first.
    fn epochs(&self) -> Result<Vec<EpochRow>>;
    /// Line ids of an epoch's pool, by place.
    fn pool(&self, epoch: u32) -> Result<Vec<i64>>;

    // --- templates and accounts ---------------------------------------------------

    /// Keeps a template's text under its hash (sealed).
    fn put_template(&mut self, hash: &str, name: &str, text: &str) -> Result<()>;
    /// The text kept under `hash`.
    fn template(&self, hash: &str) -> Result<String>;
    /// Hashes of all templates kept, in the order they were put.
    fn templates(&self) -> Result<Vec<String>>;
    /// Binds accounts to a template for an epoch, from `start` on; accounts
    /// that are bound already keep what they have. Returns all of them in the
    /// order given. [`Error::Conflict`] when one is bound to another template.
    fn bind_accounts(
        &mut self,
        epoch: u32,
        names: &[&str],
        template: &str,
        start: Timestamp,
    ) -> Result<Vec<AccountRow>>;
    /// Accounts of an epoch, by ordinal.
    fn accounts(&self, epoch: u32) -> Result<Vec<AccountRow>>;
    /// One account of an epoch.
    fn account(&self, epoch: u32, name: &str) -> Result<Option<AccountRow>>;

    /// Opens a scope for shared slots and allocates its serials. Opening it
    /// again returns the standing row; with another template or another number
    /// of serials it is a [`Error::Conflict`].
    fn open_scope(&mut self, scope: &NewScope, now: Timestamp) -> Result<ScopeRow>;
    /// Scopes of an epoch in the order they were opened.
    fn scopes(&self, epoch: u32) -> Result<Vec<ScopeRow>>;

    // --- plantings -------------------------------------------------------------------

    /// Allocates `count` serials of a waybill block that holds `size`; returns
    /// the first. They are used up even when nothing is planted.
    fn allocate_serials(&mut self, block: &str, size: u64, count: u64) -> Result<u64>;
    /// Registers a planting, durably. The account's next ordinal `j` is given
    /// to it. Registering the same batch with the same input hash again returns
    /// the first row; with another input it is a [`Error::Conflict`].
    fn plant(&mut self, planting: &NewPlanting) -> Result<PlantingRow>;
    /// Registers many plantings in one transaction (standing canaries).
    fn plant_many(&mut self, plantings: &[NewPlanting]) -> Result<Vec<PlantingRow>>;
    /// Marks a planting as released: its file has its final name.
    fn release(&mut self, id: i64, at: Timestamp) -> Result<()>;
    /// Marks many plantings as released, in one transaction.
    fn release_many(&mut self, ids: &[i64], at: Timestamp) -> Result<()>;
    /// The planting of a batch.
    fn planting(&self, batch: &BatchKey) -> Result<Option<PlantingRow>>;
    /// The sealed part of a planting.
    fn planted_rows(&self, id: i64) -> Result<PlantedRows>;
    /// What was planted up to now, in a word that changes with each line, planting
    /// and scope.
    fn stock(&self) -> Result<String>;
    /// Plantings of an epoch in the order they were registered.
    fn plantings(&self, epoch: u32) -> Result<Vec<PlantingRow>>;
    /// What was planted in an epoch, no more of it than its numbers follow
    /// from, in the order in which it was registered.
    fn planted(&self, epoch: u32) -> Result<Vec<Planted>>;

    // --- feeds ---------------------------------------------------------------------

    /// State of a feed; `None` before its first pass.
    fn feed(&self, name: &str) -> Result<Option<FeedRow>>;
    /// States of all feeds, by name.
    fn feeds(&self) -> Result<Vec<FeedRow>>;
    /// Stores one batch of a feed's records and moves its cursor, in one
    /// transaction. Observations whose identity is known are not stored again.
    fn ingest(&mut self, batch: &Ingest) -> Result<Ingested>;
    /// Records the failure of a pass over a feed; the cursor stays.
    fn feed_failed(&mut self, feed: &str, error: &str, now: Timestamp) -> Result<()>;
    /// Records kept because they could not be read.
    fn quarantined(&self) -> Result<Vec<QuarantineRow>>;

    // --- decisions ----------------------------------------------------------------------

    /// Observations with hits that `epoch` has not decided, dated within
    /// `begins .. ends`, in order of time, then id.
    fn undecided(&self, epoch: u32, begins: Timestamp, ends: Timestamp) -> Result<Vec<ObservationRow>>;
    /// Observations that `epoch` has decided, dated `since` or later, in order
    /// of time, then id.
    fn decided_since(&self, epoch: u32, since: Timestamp) -> Result<Vec<ObservationRow>>;
    /// Appends decisions to an epoch's sequence, in this order. A decision on
    /// an observation that has one in this epoch is left out.
    fn decide(&mut self, epoch: u32, decisions: &[NewDecision], now: Timestamp) -> Result<()>;
    /// An epoch's decisions in order of their sequence number.
    fn decisions(&self, epoch: u32) -> Result<Vec<DecisionRow>>;
    /// What of an epoch's decisions attribution needs: most of a year's hits do
    /// not count, and what was found in those is not opened.
    fn weighed(&self, epoch: u32) -> Result<Weighed>;
    /// Accounts, plantings and decisions: what is large of an epoch's case. The
    /// decisions are read first, so whatever one is about is among the rest.
    fn case(&self, epoch: u32) -> Result<Case> {
        let weighed = self.weighed(epoch)?;
        Ok(Case { weighed, accounts: self.accounts(epoch)?, plantings: self.plantings(epoch)? })
    }
    /// One observation.
    fn observation(&self, id: i64) -> Result<ObservationRow>;
    /// The newest time of any stored hit, decided or not.
    fn newest_hit(&self) -> Result<Option<Timestamp>>;

    // --- conclusions -----------------------------------------------------------------------

    /// Records an accusation and, in the same transaction, its message for the
    /// outbox. One that stands already is left as it is; returns whether it is new.
    fn accuse(&mut self, accusation: &NewAccusation, message: Option<&str>, now: Timestamp) -> Result<bool>;
    /// Accusations of an epoch in the order they were made.
    fn accusations(&self, epoch: u32) -> Result<Vec<AccusationRow>>;
    /// Opens an account for level 2 (attribution.md 15.1): freezes the number
    /// of its batches so far. Opening it again while no batch was added since
    /// returns the standing opening.
    fn open_account(&mut self, epoch: u32, account: &str, why: &str, now: Timestamp) -> Result<OpeningRow>;
    /// Openings of an epoch in order.
    fn openings(&self, epoch: u32) -> Result<Vec<OpeningRow>>;
    /// Notes that somebody saw which lines a source has: from now on its
    /// unqueried membership bits are revealed, with factor 1.
    fn reveal(&mut self, revelation: &Revelation, now: Timestamp) -> Result<()>;
    /// Revelations of an epoch in order.
    fn revelations(&self, epoch: u32) -> Result<Vec<RevelationRow>>;

    /// Records an act. [`Error::Missing`] when it follows an account that is
    /// not bound.
    fn record_act(&mut self, act: &NewAct, now: Timestamp) -> Result<ActRow>;
    /// Acts of an epoch in the order they were recorded.
    fn acts(&self, epoch: u32) -> Result<Vec<ActRow>>;

    // --- outbox ----------------------------------------------------------------------------

    /// Messages that wait for delivery and are due at `now`, oldest first.
    fn outbox_due(&self, now: Timestamp) -> Result<Vec<OutboxRow>>;
    /// Messages not delivered yet, due or not.
    fn outbox_waiting(&self) -> Result<u64>;
    /// Marks a message as delivered.
    fn outbox_delivered(&mut self, id: i64, now: Timestamp) -> Result<()>;
    /// Notes a failed attempt and when to try again.
    fn outbox_failed(&mut self, id: i64, error: &str, next: Timestamp) -> Result<()>;
}
