//! Containers of any kind, also within each other.
//!
//! Properties: a call ends, gives out no more than its limits, reports each
//! defect once and no more of them than entries may be, gives the same twice,
//! and the same for a file as for a stream.

use std::sync::atomic::AtomicU64;

use trapline::fault::Fault;
use trapline::unpack::{Item, Limits, Sink, Stop, Totals, Unpacker};

use super::scratch::with_file;

/// Containers within each other that are opened.
pub(crate) const DEPTH: u32 = 3;

/// Limits that an input of some kilobytes meets.
const TIGHT: Limits =
    Limits { depth: DEPTH, entries: 50, unpacked_bytes: 256 << 10, ratio: 1000, held_bytes: 64 << 10 };

/// Limits on what is held that no such input meets, as long as the one on unpacked bytes holds.
const WIDE: Limits = Limits { unpacked_bytes: 1 << 20, held_bytes: 16 << 20, ..TIGHT };

/// Most that is read at once from a layer, and so most that one gives beyond a limit.
const CHUNK_BYTES: u64 = 64 << 10;

/// What does not depend on the disk.
pub(super) fn stream(bytes: &[u8]) {
    let found = unpack_stream("x", bytes, TIGHT);

    assert_eq!(found, unpack_stream("x", bytes, TIGHT), "the same bytes give the same");
}

/// What is read in place from a file and must be held from a stream.
pub(super) fn file_and_stream(bytes: &[u8]) {
    unpack_stream("x", bytes, TIGHT);

    with_file(bytes, |path| {
        let name = path.to_str().expect("a name in UTF-8");
        let from_file = run(WIDE, bytes, |unpacker, found| unpacker.path(path, found));

        assert_eq!(from_file, unpack_stream(name, bytes, WIDE), "a file gives what a stream gives");
    });
}

fn unpack_stream(name: &str, bytes: &[u8], limits: Limits) -> Found {
    run(limits, bytes, |unpacker, found| unpacker.reader(name, &mut &*bytes, found))
}

fn run(limits: Limits, bytes: &[u8], work: impl FnOnce(&Unpacker<'_>, &mut Found) -> Result<Totals, Stop>) -> Found {
    let read = AtomicU64::new(0);
    let scratch = std::env::temp_dir();
    let mut found = Found::default();
    let totals = work(&Unpacker { limits, scratch: &scratch, read: &read }, &mut found).expect("the sink never stops");

    let overshoot = CHUNK_BYTES * u64::from(limits.depth + 2);
    let handed_out: u64 = found.items.iter().map(|(_, content)| content.len() as u64).sum();
    assert!(totals.unpacked_bytes <= limits.unpacked_bytes + overshoot, "{totals:?}");
    assert!(handed_out <= totals.unpacked_bytes + bytes.len() as u64, "{handed_out} bytes: {totals:?}");
    assert_eq!((totals.items, totals.faults), (found.items.len() as u64, found.faults.len() as u64));
    assert!(totals.items <= limits.entries + 1, "{totals:?}");
    assert!(totals.faults <= limits.entries + 1, "{totals:?}");
    found
}

/// What was handed out.
#[derive(Debug, Default, PartialEq)]
struct Found {
    items: Vec<(String, Vec<u8>)>,
    faults: Vec<Fault>,
}

impl Sink for Found {
    fn item(&mut self, item: Item<'_>) -> Result<(), Stop> {
        let (name, content) = match item {
            Item::Stream { name, content } => {
                let mut bytes = Vec::new();
                // by the piece: growing buffers would ask for more at once than a scan does
                let mut piece = [0; 4 << 10];
                loop {
                    match content.read(&mut piece).expect("content never fails") {
                        0 => break (name, bytes),
                        read => bytes.extend_from_slice(&piece[..read]),
                    }
                }
            }
            Item::File { name, path, bytes } => {
                let content = std::fs::read(path).expect("it was just written");
                assert_eq!(content.len() as u64, bytes);
                (name, content)
            }
        };
        self.items.push((name.to_owned(), content));
        Ok(())
    }

    fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }
}
