//! Failures in the middle of a transaction.

use jiff::Timestamp;
use tempfile::TempDir;

use super::SqliteRegistry;
use crate::key::MasterKey;
use crate::observation::{Hit, Kind, Observation};
use crate::registry::{Error, Ingest, Ingested, NewObservation, Registry, Result};
use crate::seal::Vault;

fn registry() -> (TempDir, SqliteRegistry) {
    let folder = tempfile::tempdir().expect("a folder");
    let vault = Vault::new(&MasterKey::from_bytes([1; 32]));
    let registry = SqliteRegistry::create(&folder.path().join("registry.db"), vault).expect("a registry");
    (folder, registry)
}

fn batch(cursor: &str, hits: usize) -> Ingest {
    let mut observation = Observation::new(Kind::Report, Vec::new());
    observation.text = Some("a long complaint ".repeat(60));
    let hit = Hit {
        found: Vec::new(),
        caller_tag: None,
        allowed: false,
        seconds: 0,
        keyword: false,
        named: false,
        line_number: None,
    };
    let hits = (0..hits).map(|n| NewObservation {
        identity: format!("{cursor} {n}"),
        at: Timestamp::UNIX_EPOCH,
        observation: observation.clone(),
        hit: hit.clone(),
    });
    Ingest {
        feed: "pbx".to_owned(),
        cursor: cursor.to_owned(),
        records: 200,
        hits: hits.collect(),
        ..Ingest::default()
    }
}

#[test]
fn a_full_disk_leaves_nothing_half_done() {
    let (_folder, mut registry) = registry();
    registry.ingest(&batch("first", 1)).expect("room for a few");
    let before = registry.feed("pbx").expect("an answer");
    let pages: i64 = registry.sql.pragma_query_value(None, "page_count", |row| row.get(0)).expect("a count");
    registry.sql.execute_batch(&format!("PRAGMA max_page_count = {}", pages + 8)).expect("a limit");

    let error = registry.ingest(&batch("second", 200)).expect_err("no room for many");

    assert!(matches!(&error, Error::Store(what) if what.contains("full; free some space")), "{error}");
    assert_eq!(registry.feed("pbx").expect("an answer"), before, "the cursor stays");
    assert!(registry.observation(2).is_err(), "nothing of the batch is there");
    registry.sql.execute_batch("PRAGMA max_page_count = 1000000").expect("a limit");
    let again = registry.ingest(&batch("second", 200)).expect("room again");
    assert_eq!(again, Ingested { new: 200, known: 0, quarantined: 0 });
}

#[test]
fn work_that_fails_leaves_nothing() {
    let (_folder, mut registry) = registry();

    let failed: Result<()> = registry.write(|store| {
        super::feeds::ingest(store, &batch("first", 3))?;
        Err(Error::Missing("something else".to_owned()))
    });

    assert!(failed.is_err());
    assert_eq!(registry.feeds().expect("feeds"), []);
    assert!(registry.observation(1).is_err());
}

#[test]
fn what_was_committed_survives_a_reader_and_a_writer() {
    let (folder, mut registry) = registry();
    let path = folder.path().join("registry.db");
    let reader = SqliteRegistry::open_read_only(&path, registry.vault.clone()).expect("a reader");

    registry.ingest(&batch("first", 3)).expect("a batch");

    assert_eq!(reader.observation(3).expect("an observation").id, 3);
    assert_eq!(reader.feed("pbx").expect("an answer").map(|row| row.cursor).as_deref(), Some("first"));
}

/// FULL is what makes a planting durable before its export is released.
#[test]
fn commits_wait_for_the_disk() {
    let (_folder, registry) = registry();
    let setting = |name: &str| -> String {
        let sql = format!("SELECT CAST(\"{name}\" AS TEXT) FROM pragma_{name}");
        registry.sql.query_row(&sql, [], |row| row.get(0)).expect("a setting")
    };

    assert_eq!(setting("synchronous"), "2");
    assert_eq!(setting("journal_mode"), "wal");
    assert_eq!(setting("foreign_keys"), "1");
}

#[test]
fn a_registry_of_the_first_schema_keeps_its_accusations_and_their_messages() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("registry.db");
    let vault = || Vault::new(&MasterKey::from_bytes([1; 32]));
    drop(SqliteRegistry::create(&path, vault()).expect("a registry"));
    let old = rusqlite::Connection::open(&path).expect("a file");
    let tables = ["outbox", "revelation", "opening", "accusation", "decision", "quarantine", "observation", "feed"];
    let tables = tables.iter().chain(&["planted_rows", "planting", "block", "scope", "act", "account", "template"]);
    let drops: String = tables.chain(&["pool", "epoch", "line"]).map(|table| format!("DROP TABLE {table};")).collect();
    let first = super::migrate::MIGRATIONS[0].replace("CREATE TABLE workspace", "CREATE TABLE old_workspace");
    old.execute_batch(&format!(
        "{drops} DELETE FROM schema_migrations WHERE version > 1; {first} DROP TABLE old_workspace;
         INSERT INTO template VALUES (1, 'h', 'name', x'00');
         INSERT INTO epoch VALUES (1, '2026Q4', '{{}}', 'h', '2026-10-01T00:00:00.000000Z');
         INSERT INTO account VALUES (1, 1, 0, 'east', 1, '2026-10-01T00:00:00.000000Z');
         INSERT INTO accusation VALUES (7, 1, 'east', '', 'pair', 30.5, 20.5, 9, '2026-10-02T00:00:00.000000Z');
         INSERT INTO outbox VALUES (3, 7, x'00', 0, '2026-10-02T00:00:00.000000Z', '2026-10-02T00:00:00.000000Z', '', NULL);"
    ))
    .expect("the first schema");
    drop(old);

    let mut registry = SqliteRegistry::open(&path, vault()).expect("it is brought up to date");

    let standing = registry.accusations(1).expect("an answer");
    assert_eq!((standing.len(), standing[0].id, standing[0].accusation.seq), (1, 7, 9));
    assert_eq!(registry.outbox_waiting().expect("an answer"), 1);
    let orphans: i64 =
        registry.sql.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0)).expect("a count");
    assert_eq!(orphans, 0);
    let mut joint = standing[0].accusation.clone();
    joint.route = crate::registry::Route::Joint;
    assert!(registry.accuse(&joint, None, Timestamp::UNIX_EPOCH).expect("the new word is known"));
}
