//! Making and opening the registry's file.

use std::fs::{self, OpenOptions};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::migrate;
use crate::key::KeyId;
use crate::registry::{Error, Result};

/// `TRAP` in ASCII, in the header of every registry.
const APPLICATION_ID: i32 = 0x5452_4150;

/// How long to wait for another process that writes.
const PATIENCE: Duration = Duration::from_secs(10);

/// Settings of every connection. FULL, so that what was committed survives a
/// power cut: an export leaves right after its planting was registered.
const SETTINGS: &str = "
    PRAGMA foreign_keys = ON;
    PRAGMA synchronous = FULL;
    PRAGMA trusted_schema = OFF;
    PRAGMA cell_size_check = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -65536;";

/// Settings that are kept in the file, or touch its journal.
const WRITER_SETTINGS: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA journal_size_limit = 67108864;";

/// Makes a registry that belongs to `key`.
pub(super) fn create(path: &Path, key: KeyId) -> Result<Connection> {
    claim(path)?;
    let made = fill(path, key);
    if made.is_err() {
        // Half a registry is worse than none: the next `init` would stop at it.
        let _ = fs::remove_file(path);
    }
    made.map_err(|error| at(path, error))
}

/// Opens a registry for reading and writing.
pub(super) fn open(path: &Path, key: KeyId) -> Result<Connection> {
    let opened = || {
        let mut sql = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        check_owner(&sql, key)?;
        if sql.is_readonly("main")? {
            return Err(Error::Store(
                "the registry's file is read-only; make it and its folder writable for this user".to_owned(),
            ));
        }
        sql.execute_batch(WRITER_SETTINGS)?;
        let applied = migrate::check(&sql)?;
        if applied < migrate::MIGRATIONS.len() {
            let transaction = sql.transaction_with_behavior(TransactionBehavior::Immediate)?;
            migrate::run(&transaction)?;
            transaction.commit()?;
        }
        Ok(sql)
    };
    opened().map_err(|error| at(path, error))
}

/// Opens a registry for reading alone.
pub(super) fn open_read_only(path: &Path, key: KeyId) -> Result<Connection> {
    let opened = || {
        let sql = connect_read_only(path)?;
        check_owner(&sql, key)?;
        if migrate::check(&sql)? < migrate::MIGRATIONS.len() {
            return Err(Error::Store(
                "the registry has an older schema; run any command that writes, such as `trapline monitor`, to bring it up to date"
                    .to_owned(),
            ));
        }
        Ok(sql)
    };
    opened().map_err(|error| at(path, error))
}

/// Makes the file, for this user alone; whatever is there already stays.
fn claim(path: &Path) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(Error::Conflict(format!(
            "{}: there is a file already; a registry is never overwritten",
            path.display()
        ))),
        Err(error) => Err(Error::Store(format!(
            "{}: the registry cannot be made: {error}; check that the folder exists and is writable",
            path.display()
        ))),
    }
}

fn fill(path: &Path, key: KeyId) -> Result<Connection> {
    let mut sql = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    sql.execute_batch(WRITER_SETTINGS)?;
    let transaction = sql.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    migrate::run(&transaction)?;
    transaction.execute("INSERT INTO workspace (id, key_id) VALUES (1, ?1)", [key.to_string()])?;
    transaction.commit()?;
    Ok(sql)
}

fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let sql = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    sql.busy_timeout(PATIENCE)?;
    sql.set_prepared_statement_cache_capacity(64);
    sql.execute_batch(SETTINGS)?;
    Ok(sql)
}

/// Connects without ever writing. On a read-only medium SQLite cannot make
/// the shared memory that WAL wants; where no journal waits, the file alone is
/// the whole truth and may be read as one that nobody changes.
fn connect_read_only(path: &Path) -> Result<Connection> {
    let opened = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY).and_then(|sql| {
        sql.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(sql)
    });
    let journal = path.with_file_name(format!("{}-wal", path.file_name().unwrap_or_default().display()));
    match opened {
        Err(error) if path.is_file() && !journal.exists() && is_about_the_folder(&error) => {
            let address = format!("file:{}?immutable=1", percent_encoded(path));
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
            Ok(connect(Path::new(&address), flags)?)
        }
        other => Ok(other?),
    }
}

fn is_about_the_folder(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{CannotOpen, ReadOnly, SystemIoFailure};
    matches!(error.sqlite_error_code(), Some(CannotOpen | ReadOnly | SystemIoFailure))
}

/// Writes a path as the path of a `file:` address.
fn percent_encoded(path: &Path) -> String {
    use std::fmt::Write as _;
    path.as_os_str().as_encoded_bytes().iter().fold(String::new(), |mut text, &byte| {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => text.push(byte as char),
            _ => {
                let _ = write!(text, "%{byte:02X}");
            }
        }
        text
    })
}

/// Whose registry is it? Asked before anything else: with another key every
/// sealed value would look damaged.
fn check_owner(sql: &Connection, found: KeyId) -> Result<()> {
    let application: i32 = sql.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if application != APPLICATION_ID {
        return Err(Error::Store(
            "the file is no Trapline registry; check the path (an empty file is left when `trapline init` is killed: remove it and run that again)"
                .to_owned(),
        ));
    }
    let key: String = sql.query_row("SELECT key_id FROM workspace", [], |row| row.get(0))?;
    let expected = KeyId::parse(&key).ok_or_else(|| super::failure::damaged("workspace.key_id", "no key id"))?;
    if expected == found { Ok(()) } else { Err(Error::WrongKey { expected, found }) }
}

/// Says which file it is about.
fn at(path: &Path, error: Error) -> Error {
    match error {
        Error::Store(what) => Error::Store(format!("{}: {what}", path.display())),
        other => other,
    }
}
