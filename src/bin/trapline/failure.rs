//! How a failure is told: one line with its place, then the way out.

use std::io::{self, Write as _};
use std::process::ExitCode;

use trapline::fault::Fault;
use trapline::{issue, registry};

/// Another run holds the lock: EX_TEMPFAIL.
pub const LOCKED: u8 = 75;

/// Prints an error and returns its exit status.
pub fn report(error: &anyhow::Error) -> ExitCode {
    if error
        .chain()
        .any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe))
    {
        // `trapline … | head` closed its end: a normal ending.
        return ExitCode::SUCCESS;
    }
    let mut stderr = io::stderr().lock();
    let _ = writeln!(stderr, "trapline: {error:#}");
    if let Some(hint) = hint(error) {
        let _ = writeln!(stderr, "hint: {hint}");
    }
    ExitCode::FAILURE
}

/// What a full or closed disk asks for, whatever was to be written.
fn disk_hint(error: &io::Error) -> Option<String> {
    let hint = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room and run the same command again",
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            "choose a place that this user may write"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

fn hint(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(|cause| {
        if let Some(fault) = cause.downcast_ref::<Fault>() {
            return fault.hint.clone();
        }
        if let Some(error) = cause.downcast_ref::<io::Error>() {
            return disk_hint(error);
        }
        if let Some(issue::Error::Fault(fault)) = cause.downcast_ref::<issue::Error>() {
            return fault.hint.clone();
        }
        let registry =
            cause.downcast_ref::<registry::Error>().or_else(|| match cause.downcast_ref::<issue::Error>() {
                Some(issue::Error::Registry(error)) => Some(error),
                _ => None,
            })?;
        match registry {
            registry::Error::WrongKey { .. } => {
                Some("choose the right key with TRAPLINE_KEY_FILE, or the right workspace with -C".to_owned())
            }
            registry::Error::TooNew { .. } => Some("update trapline".to_owned()),
            _ => None,
        }
    })
}
