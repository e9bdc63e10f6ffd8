//! What SQLite reports, as sentences with a way out.
//!
//! Every write is one transaction that is rolled back when it fails, so each
//! sentence can promise that nothing was changed.

use rusqlite::ErrorCode;

use crate::registry::Error;

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(sentence(&error))
    }
}

/// A cell that does not hold what the schema says.
pub(super) fn damaged(place: &str, what: &str) -> Error {
    Error::Store(format!("the registry is damaged at {place}: {what}; {RESTORE}"))
}

const RESTORE: &str = "restore it from a backup (docs/operations.md, recovery)";

fn sentence(error: &rusqlite::Error) -> String {
    let Some(code) = error.sqlite_error_code() else {
        return format!("the registry holds a value of another type: {error}; {RESTORE}");
    };
    match code {
        ErrorCode::DiskFull => {
            "the disk that holds the registry is full; free some space and run the command again: nothing was changed"
                .to_owned()
        }
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => {
            "the registry is read-only; make its file and its folder writable for this user (SQLite keeps registry.db-wal beside it), then run the command again: nothing was changed"
                .to_owned()
        }
        ErrorCode::CannotOpen => {
            "the registry cannot be opened; check that the path is right and that this user may read and write its folder, or run `trapline init` to make a workspace"
                .to_owned()
        }
        ErrorCode::DatabaseCorrupt => format!("the registry's file is damaged; {RESTORE}"),
        ErrorCode::NotADatabase => {
            format!("the file is no registry, or its beginning is damaged; check the path, or {RESTORE}")
        }
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            "another process has been writing to the registry for 10 seconds; let it finish, then run the command again: nothing was changed"
                .to_owned()
        }
        ErrorCode::SystemIoFailure => format!(
            "the disk that holds the registry reports an error ({error}); check the disk and its free space, then run the command again: nothing was changed"
        ),
        ErrorCode::ConstraintViolation => {
            format!("the registry refuses what contradicts its other rows ({error}): nothing was changed")
        }
        _ => format!("the registry failed: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::ffi;

    #[test]
    fn every_expected_failure_says_what_to_do() {
        let expected = [
            (ffi::SQLITE_FULL, "free some space"),
            (ffi::SQLITE_READONLY, "make its file and its folder writable"),
            (ffi::SQLITE_CANTOPEN, "check that the path is right"),
            (ffi::SQLITE_CORRUPT, "restore it from a backup"),
            (ffi::SQLITE_NOTADB, "check the path"),
            (ffi::SQLITE_BUSY, "let it finish"),
            (ffi::SQLITE_IOERR, "check the disk"),
        ];

        for (code, way_out) in expected {
            let error: Error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None).into();
            assert!(error.to_string().contains(way_out), "{error}");
        }
    }
}
