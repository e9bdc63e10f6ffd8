//! Containers of made-up files: laws first, then each way to be hostile.

mod books;
mod compressed;
mod folders;
mod laws;
mod limits;
mod make;
mod old_books;
mod seeds;
mod tars;
mod zips;

use super::*;
use std::path::PathBuf;

/// What a run handed out.
#[derive(Debug, Default, PartialEq)]
struct Found {
    files: Vec<(String, u64)>,
    streams: Vec<(String, Vec<u8>)>,
    faults: Vec<Fault>,
}

impl Sink for Found {
    fn item(&mut self, item: Item<'_>) -> Result<(), Stop> {
        match item {
            Item::File { name, bytes, .. } => self.files.push((name.to_owned(), bytes)),
            Item::Stream { name, content } => {
                let mut bytes = Vec::new();
                content.read_to_end(&mut bytes).expect("content never fails");
                self.streams.push((name.to_owned(), bytes));
            }
        }
        Ok(())
    }

    fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }
}

impl Found {
    /// The streams as text.
    fn texts(&self) -> Vec<(&str, &str)> {
        let text = |bytes| std::str::from_utf8(bytes).expect("is text");
        self.streams.iter().map(|(name, bytes)| (name.as_str(), text(bytes))).collect()
    }

    fn names(&self) -> Vec<&str> {
        self.streams.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The faults as they print.
    fn lines(&self) -> Vec<String> {
        self.faults.iter().map(ToString::to_string).collect()
    }
}

/// Limits that a test can afford to meet.
fn small() -> Limits {
    Limits { unpacked_bytes: 64 << 20, held_bytes: 64 << 20, ..Limits::default() }
}

/// Unpacks a stream called `x`.
fn unpack(bytes: &[u8]) -> Found {
    unpack_within(small(), bytes).0
}

fn unpack_within(limits: Limits, bytes: &[u8]) -> (Found, Totals) {
    let mut found = Found::default();
    let scratch = std::env::temp_dir();
    let read = AtomicU64::new(0);
    let unpacker = Unpacker { limits, scratch: &scratch, read: &read };
    let totals = unpacker.reader("x", &mut &*bytes, &mut found).expect("the sink never stops");

    let handed_out = found.streams.len() + found.files.len();
    assert_eq!((totals.items, totals.faults), (handed_out as u64, found.faults.len() as u64));
    (found, totals)
}

/// Unpacks a file or folder; names are given without `root`.
fn unpack_path(path: &Path, root: &Path) -> Found {
    let mut found = Found::default();
    let read = AtomicU64::new(0);
    let unpacker = Unpacker { limits: small(), scratch: root, read: &read };
    unpacker.path(path, &mut found).expect("the sink never stops");

    let prefix = format!("{}/", root.display());
    let cut = |name: &mut String| *name = name.replace(&prefix, "");
    found.files.iter_mut().for_each(|(name, _)| cut(name));
    found.streams.iter_mut().for_each(|(name, _)| cut(name));
    found.faults.iter_mut().filter_map(|fault| fault.file.as_mut()).for_each(cut);
    found
}

/// A folder of one file.
fn file_of(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x");
    std::fs::write(&path, bytes).expect("is written");
    (folder, path)
}
