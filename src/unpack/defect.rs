//! Faults on their way up through readers.
//!
//! Decoders only know `io::Error`, so a layer that finds a defect sends its
//! [`Fault`] inside one. Each fault travels once: a layer that failed answers
//! later reads with [`told`], which nobody reports again.

use crate::fault::Fault;
use std::fmt;
use std::io;

#[derive(Debug)]
enum Defect {
    Fresh(Box<Fault>),
    Told,
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fresh(fault) => fault.fmt(f),
            Self::Told => f.write_str("a defect that was reported before"),
        }
    }
}

impl std::error::Error for Defect {}

/// Sends a fault up.
pub(crate) fn failure(fault: Fault) -> io::Error {
    io::Error::other(Defect::Fresh(Box::new(fault)))
}

/// The answer of a layer that failed before.
pub(super) fn told() -> io::Error {
    io::Error::other(Defect::Told)
}

/// Whether the error comes from a layer of ours and so needs no further words.
pub(super) fn is_ours(error: &io::Error) -> bool {
    error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<Defect>)
}

/// The fault to report, if it was not reported before.
pub(crate) fn fault(error: io::Error) -> Option<Fault> {
    match error.downcast::<Defect>() {
        Ok(Defect::Fresh(fault)) => Some(*fault),
        Ok(Defect::Told) => None,
        Err(error) => Some(unreadable(&error)),
    }
}

/// A failure of the system: its number's text, since other texts may quote content.
pub(super) fn unreadable(error: &io::Error) -> Fault {
    match error.raw_os_error() {
        Some(code) => Fault::new(format!("cannot be read on: {}", io::Error::from_raw_os_error(code))),
        None => Fault::new(format!("cannot be read on: {}", error.kind())),
    }
}
