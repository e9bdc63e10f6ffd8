//! Opens containers and hands out the byte streams inside.
//!
//! Leaked data comes as `dump.zip` with a `2020.tar.xz` in it and a spreadsheet
//! in that. Who looks for canaries wants the bytes and a name to show, so this
//! module peels gzip, zstd, bzip2, xz, tar, zip, xlsx and xls off and gives each
//! stream to a [`Sink`]. It knows nothing of canaries.
//!
//! Everything it reads was made by a stranger, so three rules hold throughout:
//!
//! - What a file *is* follows from its first bytes, never from its name, and a
//!   name is only ever shown: nothing is written to disk under it.
//! - Whatever a header claims (sizes, counts, offsets) is checked against bytes
//!   that were really read; memory grows with those and with [`Limits`], not
//!   with claims.
//! - A defect is a [`Fault`] with its place, and reading goes on behind it: what
//!   came before a cut is handed out, and so are the entries after a bad one.
//!
//! # Example
//!
//! ```
//! use std::io::Read;
//! use std::sync::atomic::AtomicU64;
//! use trapline::fault::Fault;
//! use trapline::unpack::{Item, Limits, Sink, Stop, Unpacker};
//!
//! struct Print;
//!
//! impl Sink for Print {
//!     fn item(&mut self, item: Item<'_>) -> Result<(), Stop> {
//!         match item {
//!             Item::File { name, path, bytes } => println!("{name}: {bytes} bytes, to be read from {path:?}"),
//!             Item::Stream { name, content } => {
//!                 let mut text = String::new();
//!                 content.read_to_string(&mut text).map_err(|_| Stop)?;
//!                 println!("{name}: {text}");
//!             }
//!         }
//!         Ok(())
//!     }
//!     fn fault(&mut self, fault: Fault) {
//!         eprintln!("{fault}");
//!     }
//! }
//!
//! let read = AtomicU64::new(0);
//! let scratch = std::env::temp_dir();
//! let unpacker = Unpacker { limits: Limits::default(), scratch: &scratch, read: &read };
//! let totals = unpacker.reader("(stdin)", &mut &b"a,b\n1,2\n"[..], &mut Print)?;
//!
//! assert_eq!((totals.items, totals.faults), (1, 0));
//! # Ok::<(), Stop>(())
//! ```

mod budget;
mod codec;
mod content;
mod defect;
mod folder;
mod held;
mod kind;
mod line;
mod metered;
mod name;
mod source;
mod squeezed;
mod strings;
mod tally;
mod tar;
mod walk;
mod xls;
mod xlsx;
mod zip;

#[cfg(test)]
mod tests;

pub(crate) use defect::{failure, fault};
pub(crate) use source::Source;
pub(crate) use xlsx::xml;

use crate::fault::Fault;
use budget::Budget;
use std::fmt;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use tally::Tally;
use walk::Walk;

/// How much a container may cost before the rest of it is given up.
///
/// All but `depth` and `ratio` are sums over one input: a file, however deep in
/// a folder, or a stream. A folder of many files is many inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Containers around one stream: `a.csv.gz` in a tar in a zip is 3.
    pub depth: u32,
    /// Entries of all containers, sheets included; and defects that are reported.
    pub entries: u64,
    /// Bytes out of all layers together.
    pub unpacked_bytes: u64,
    /// Bytes out of one layer per byte into it, asked once more than 64 MiB came out.
    pub ratio: u64,
    /// Bytes held at one time, in memory or in a temporary file: an archive that
    /// must be read out of order but arrives as a stream, a book's shared strings.
    pub held_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 4, entries: 100_000, unpacked_bytes: 1 << 40, ratio: 1000, held_bytes: 4 << 30 }
    }
}

/// What is handed out.
pub enum Item<'a> {
    /// A regular file that is no container. The caller opens it, and may read it in parallel.
    File {
        /// The path, escaped to be shown.
        name: &'a str,
        /// The path, to be opened.
        path: &'a Path,
        /// Its size when it was found.
        bytes: u64,
    },
    /// The content of an entry, of a compressed file, of a sheet, of a standing stream.
    Stream {
        /// Where it comes from: `dump.zip!2020/a.csv`, escaped to be shown.
        name: &'a str,
        /// Never fails: it ends early at a defect, and the [`Fault`] follows the item.
        /// A caller may leave it before its end, and then does not hear of defects behind.
        content: &'a mut dyn Read,
    },
}

/// Takes what is found, in the order in which it is found.
pub trait Sink {
    /// Takes an item; [`Stop`] ends the whole run.
    fn item(&mut self, item: Item<'_>) -> Result<(), Stop>;

    /// Takes a defect of the input. It shows what headers claim to be names, and no content.
    fn fault(&mut self, fault: Fault);
}

/// The sink wants no more; it knows why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop;

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unpacking was stopped by its caller")
    }
}

impl std::error::Error for Stop {}

/// What a run met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Files and streams at the top.
    pub inputs: u64,
    /// Containers that were opened.
    pub containers: u64,
    /// Items handed out.
    pub items: u64,
    /// Bytes out of all layers; what plain files hold is not among them.
    pub unpacked_bytes: u64,
    /// Faults reported.
    pub faults: u64,
}

/// Unpacks files, folders and streams into a [`Sink`].
#[derive(Clone, Copy, Debug)]
pub struct Unpacker<'a> {
    /// What a container may cost.
    pub limits: Limits,
    /// A folder for unlinked temporary files, written once more than 16 MiB must be held.
    pub scratch: &'a Path,
    /// Grows by the bytes of top-level inputs as they are read, for a progress bar on another
    /// thread. An [`Item::File`] adds nothing: its caller reads it.
    pub read: &'a AtomicU64,
}

impl Unpacker<'_> {
    /// Unpacks a file, or a folder with all below it, sorted by name.
    ///
    /// Symbolic links are never followed, not even a `path` that is one, since a dump may hold a
    /// link to anywhere; a fault names each.
    ///
    /// # Errors
    ///
    /// [`Stop`] if the sink said so. Defects of the input go to the sink.
    pub fn path(&self, path: &Path, sink: &mut dyn Sink) -> Result<Totals, Stop> {
        folder::unpack(self, path, sink)
    }

    /// Unpacks a stream, such as standard input.
    ///
    /// # Errors
    ///
    /// [`Stop`] if the sink said so. Defects of the input go to the sink.
    pub fn reader(&self, name: &str, input: &mut dyn Read, sink: &mut dyn Sink) -> Result<Totals, Stop> {
        let name = name::shown(name.as_bytes());
        let budget = Budget::new(self.limits);
        let mut walk = Walk::new(self, &budget, sink);
        walk.content(&name, &mut Tally::new(input, &name, self.read), 0)?;
        Ok(walk.totals())
    }
}
