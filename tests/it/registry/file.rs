//! The SQLite file, as an attacker or another program meets it.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;
use trapline::registry::sqlite::SqliteRegistry;
use trapline::registry::{Error, Ingest, LineUse, NewAccusation, NewQuarantine, Registry, Revelation, Route};

use super::{at, batch, call, line, planting, raw_bytes, rules, vault};

/// A folder with a registry in which every table has a row.
fn filled() -> (TempDir, PathBuf, SqliteRegistry) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("registry.db");
    let mut registry = SqliteRegistry::create(&path, vault(1)).expect("a registry");
    fill(&mut registry).expect("a life without refusals");
    (folder, path, registry)
}

fn fill(registry: &mut SqliteRegistry) -> Result<(), Error> {
    let mut privacy = line(2, LineUse::Trap);
    privacy.number.extension = "73519".to_owned();
    registry.add_lines(&[line(1, LineUse::Trap), privacy], at(0))?;
    registry.open_epoch(&rules(1, 2), &[1, 2], at(0))?;
    registry.put_template("t1", "express", "family: {weights: {欧阳: 3}}")?;
    registry.bind_accounts(1, &["outlet-hd-07"], "t1", at(50))?;
    registry.plant(&planting(batch(1, "outlet-hd-07", "monday"), "input-1", 880_055_501))?;
    registry.ingest(&Ingest {
        feed: "pbx".to_owned(),
        cursor: "{}".to_owned(),
        now: at(1000),
        records: 2,
        hits: vec![call("15400000001-1730", 700)],
        rejected: vec![NewQuarantine {
            identity: "torn".to_owned(),
            fault: "a torn record".to_owned(),
            raw: "15400000002,李四".into(),
        }],
    })?;
    registry.accuse(
        &NewAccusation {
            epoch: 1,
            account: "outlet-hd-07".to_owned(),
            batch: String::new(),
            route: Route::Account,
            ln_e: 30.0,
            ln_threshold: 20.0,
            seq: 1,
        },
        Some("message-for-the-webhook"),
        at(2000),
    )?;
    registry.reveal(
        &Revelation {
            epoch: 1,
            account: "outlet-hd-07".to_owned(),
            batch: None,
            lines: vec![660_077],
            numbers: Vec::new(),
            why: "trace".to_owned(),
        },
        at(2000),
    )
}

#[test]
fn the_file_shows_no_canary() {
    let (_folder, path, registry) = filled();
    let secrets = [
        "15400000001",
        "15400000002",
        "73519",
        "欧阳",
        "880055501",
        "880055502",
        "4813007",
        "09:41:17",
        "02155500199",
        "王小明",
        "您的快递丢失",
        "李四",
        "message-for-the-webhook",
        "660077",
        "1730",
        "5f5f",
    ];

    let open = raw_bytes(&path);
    drop(registry);
    let closed = raw_bytes(&path);

    for bytes in [open, closed] {
        assert!(holds(&bytes, b"outlet-hd-07"), "the right file was searched");
        for secret in secrets {
            assert!(!holds(&bytes, secret.as_bytes()), "{secret} stands in the file");
        }
        for serial in [880_055_501u64, 880_055_502] {
            assert!(!holds(&bytes, &serial.to_be_bytes()[4..]), "serial {serial} stands in the file as a number");
        }
    }
}

#[test]
fn another_key_is_refused_before_anything_else() {
    let (_folder, path, registry) = filled();
    drop(registry);
    // Also where the schema would be refused: the key is asked first.
    edit(&path, "INSERT INTO schema_migrations (version, sha256) VALUES (99, 'later')");

    for opened in [SqliteRegistry::open(&path, vault(2)), SqliteRegistry::open_read_only(&path, vault(2))] {
        let error = opened.expect_err("a wrong key");
        let Error::WrongKey { expected, found } = error else { panic!("{error}") };
        assert_eq!((expected, found), (vault(1).key_id(), vault(2).key_id()));
    }
}

#[test]
fn a_sealed_value_does_not_open_in_another_row() {
    let (_folder, path, registry) = filled();
    drop(registry);
    edit(&path, "UPDATE line SET number = (SELECT number FROM line WHERE id = 1) WHERE id = 2");
    edit(&path, "UPDATE observation SET hit = body");

    let registry = SqliteRegistry::open(&path, vault(1)).expect("a registry");

    let lines = registry.lines().expect_err("a moved number");
    assert!(matches!(lines, Error::Unsealable { table: "line.number", row: 2 }), "{lines}");
    let hit = registry.observation(1).expect_err("a value of another column");
    assert!(matches!(hit, Error::Unsealable { table: "observation.hit", row: 1 }), "{hit}");
}

#[test]
fn a_migration_that_changed_is_noticed() {
    let (_folder, path, registry) = filled();
    drop(registry);
    edit(&path, "UPDATE schema_migrations SET sha256 = '00' WHERE version = 1");

    let error = SqliteRegistry::open(&path, vault(1)).expect_err("another migration");

    assert!(matches!(error, Error::Tampered { version: 1 }), "{error}");
}

#[test]
fn a_newer_schema_is_left_alone() {
    let (_folder, path, registry) = filled();
    drop(registry);
    edit(&path, "INSERT INTO schema_migrations (version, sha256) VALUES (99, 'later')");

    let error = SqliteRegistry::open(&path, vault(1)).expect_err("a newer schema");

    assert!(matches!(error, Error::TooNew { found: 99, .. }), "{error}");
}

#[test]
fn a_reader_reads_and_cannot_write() {
    let (_folder, path, writer) = filled();

    let mut reader = SqliteRegistry::open_read_only(&path, vault(1)).expect("a reader beside the writer");

    assert_eq!(reader.lines().expect("lines").len(), 2);
    let error = reader.add_lines(&[line(9, LineUse::Trap)], at(0)).expect_err("a write");
    assert!(matches!(&error, Error::Store(what) if what.contains("read-only")), "{error}");
    assert_eq!(writer.lines().expect("lines").len(), 2);
}

#[test]
fn a_registry_is_never_overwritten() {
    let (_folder, path, registry) = filled();

    let error = SqliteRegistry::create(&path, vault(1)).expect_err("a second registry");

    assert!(matches!(&error, Error::Conflict(what) if what.contains("registry.db")), "{error}");
    assert_eq!(registry.lines().expect("lines").len(), 2);
}

#[test]
fn what_is_no_registry_is_refused_with_its_path() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "0123456789abcdef".repeat(300)).expect("a file");
    let empty = folder.path().join("empty.db");
    std::fs::write(&empty, "").expect("a file");
    let absent = folder.path().join("absent.db");
    let other = folder.path().join("other.db");
    Connection::open(&other).and_then(|sql| sql.execute_batch("CREATE TABLE t (x)")).expect("another data base");

    for (path, way_out) in [
        (&text, "check the path"),
        (&empty, "trapline init"),
        (&absent, "trapline init"),
        (&other, "no Trapline registry"),
    ] {
        for opened in [SqliteRegistry::open(path, vault(1)), SqliteRegistry::open_read_only(path, vault(1))] {
            let error = opened.expect_err("no registry").to_string();
            assert!(error.starts_with(&*path.to_string_lossy()) && error.contains(way_out), "{error}");
        }
    }
    assert!(!absent.exists(), "opening makes nothing");
}

#[cfg(unix)]
#[test]
fn the_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, path, _registry) = filled();

    for file in [path.clone(), path.with_extension("db-wal")] {
        let mode = std::fs::metadata(&file).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
}

/// Permissions do not bind root: run as another user, this test means it.
#[cfg(unix)]
#[test]
fn a_read_only_folder_can_be_read_and_says_why_it_cannot_be_written() {
    let (folder, path, registry) = filled();
    drop(registry);
    let file = Protected::new(&path, 0o444);
    if std::fs::OpenOptions::new().append(true).open(&path).is_ok() {
        println!("skipped: this user may write everywhere");
        return;
    }

    let file_error = SqliteRegistry::open(&path, vault(1)).expect_err("a read-only file").to_string();
    let _folder = Protected::new(folder.path(), 0o555);
    let folder_error = SqliteRegistry::open(&path, vault(1)).expect_err("a read-only folder").to_string();
    let reader = SqliteRegistry::open_read_only(&path, vault(1)).expect("a reader");

    assert!(file_error.contains("make it and its folder writable"), "{file_error}");
    assert!(folder_error.contains("folder"), "{folder_error}");
    assert_eq!(reader.lines().expect("lines").len(), 2);
    drop(file);
}

/// Takes permissions away and gives them back, so that the folder can go away.
#[cfg(unix)]
struct Protected(PathBuf, std::fs::Permissions);

#[cfg(unix)]
impl Protected {
    fn new(path: &Path, mode: u32) -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let before = std::fs::metadata(path).expect("it is there").permissions();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("it is ours");
        Self(path.to_owned(), before)
    }
}

#[cfg(unix)]
impl Drop for Protected {
    fn drop(&mut self) {
        let _ = std::fs::set_permissions(&self.0, self.1.clone());
    }
}

/// Changes the file behind the registry's back.
fn edit(path: &Path, sql: &str) {
    let changed = Connection::open(path).and_then(|connection| connection.execute(sql, [])).expect("an edit");
    assert!(changed > 0, "{sql}");
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(bytes, part).is_some()
}
