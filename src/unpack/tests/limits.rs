//! Bombs: what costs more than it may is given up, and the rest goes on.

use super::*;
use crate::unpack::codec::Codec;

/// Counts what it reads, holding nothing.
#[derive(Default)]
struct Drain {
    bytes: Vec<u64>,
    lines: Vec<String>,
}

impl Sink for Drain {
    fn item(&mut self, item: Item<'_>) -> Result<(), Stop> {
        let Item::Stream { content, .. } = item else { return Err(Stop) };
        self.bytes.push(std::io::copy(content, &mut std::io::sink()).map_err(|_| Stop)?);
        Ok(())
    }
    fn fault(&mut self, fault: Fault) {
        self.lines.push(fault.to_string());
    }
}

fn drain(limits: Limits, bytes: &[u8]) -> Drain {
    let read = AtomicU64::new(0);
    let scratch = std::env::temp_dir();
    let mut drain = Drain::default();
    let unpacker = Unpacker { limits, scratch: &scratch, read: &read };
    unpacker.reader("x", &mut &*bytes, &mut drain).expect("the sink never stops");
    drain
}

#[test]
fn a_layer_that_grows_a_thousandfold_is_given_up_and_the_next_entry_read() {
    let zeros = vec![0; 66 << 20];
    let bomb = make::deflated(&[("bomb", &zeros), ("next", b"plain")]);

    let drain = drain(Limits { ratio: 900, ..Limits::default() }, &bomb);

    assert!((64 << 20..65 << 20).contains(&drain.bytes[0]), "{:?}", drain.bytes);
    assert_eq!(drain.bytes[1], 5);
    assert_eq!(drain.lines.len(), 1);
    assert!(drain.lines[0].starts_with("x!bomb: byte ") && drain.lines[0].contains("more than 900 times its size"));
}

#[test]
fn defects_without_number_are_not_all_listed() {
    let sheets = "<sheet name=\"S\" r:id=\"x\"/>".repeat(300);
    let book = make::deflated(&[("xl/workbook.xml", sheets.as_bytes()), ("a.csv", b"plain")]);

    let drain = drain(Limits { entries: 100, ..Limits::default() }, &book);

    assert_eq!((drain.bytes, drain.lines.len()), (vec![5], 101));
    assert_eq!(drain.lines[100], "x!S: more than 100 defects in the input: the others are not listed");
}

#[test]
fn little_output_has_no_ratio() {
    let zeros = vec![0; 4 << 20];
    let packed = make::squeeze(Codec::Gzip, &zeros);

    let drain = drain(Limits { ratio: 1, ..Limits::default() }, &packed);

    assert_eq!((drain.bytes, drain.lines), (vec![4 << 20], vec![]));
}

#[test]
fn all_layers_together_may_only_unpack_so_much() {
    let zeros = vec![0; 1 << 20];
    let limits = Limits { unpacked_bytes: 2 << 20, ..Limits::default() };
    let gzip = make::squeeze(Codec::Gzip, &vec![0; 3 << 20]);
    let zip = make::deflated(&[("a", &zeros), ("b", &zeros), ("c", &zeros), ("d", &zeros)]);

    for (bomb, entries) in [(&gzip, 1), (&zip, 3)] {
        let drain = drain(limits, bomb);

        assert_eq!(drain.bytes.len(), entries);
        assert!((2 << 20..=(2 << 20) + (64 << 10)).contains(&drain.bytes.iter().sum::<u64>()), "{:?}", drain.bytes);
        assert_eq!(drain.lines.len(), 1, "{:?}", drain.lines);
        assert!(drain.lines[0].contains("unpacks to more than 2097152 bytes"), "{:?}", drain.lines);
    }
}

#[test]
fn a_container_too_deep_is_named_and_the_rest_goes_on() {
    let inner = make::squeeze(Codec::Gzip, b"deep");
    let middle = make::deflated(&[("deep.gz", &inner), ("flat", b"plain")]);
    let outer = make::tar(&[("in.zip", &middle), ("next", b"plain too")]);

    let (found, totals) = unpack_within(Limits { depth: 2, ..small() }, &outer);

    assert_eq!(found.texts(), [("x!in.zip!flat", "plain"), ("x!next", "plain too")]);
    assert_eq!(found.lines(), ["x!in.zip!deep.gz: is a gzip container inside 2 others, too deep to be opened"]);
    assert_eq!(totals.containers, 2);
}

#[test]
fn without_depth_no_container_is_opened() {
    let limits = Limits { depth: 0, ..small() };
    let all = [
        make::squeeze(Codec::Xz, b"plain"),
        make::tar(&[("a", b"plain")]),
        make::stored(&[("a", b"plain")]),
        old_books::small(),
    ];
    for packed in all {
        let (found, totals) = unpack_within(limits, &packed);

        assert_eq!((found.streams.len(), found.faults.len(), totals.containers), (0, 1, 0));
    }
}

#[test]
fn one_entry_too_many_ends_the_input() {
    let limits = Limits { entries: 3, ..small() };
    let files: [(&str, &[u8]); 5] = [("a", b"1"), ("b", b"2"), ("c", b"3"), ("d", b"4"), ("e", b"5")];
    for archive in [make::tar(&files), make::stored(&files)] {
        let (found, _) = unpack_within(limits, &archive);

        assert_eq!(found.texts(), [("x!a", "1"), ("x!b", "2"), ("x!c", "3")]);
        assert_eq!(found.lines(), ["x: more than 3 entries: the rest of the input is not read"]);
    }
}

#[test]
fn entries_are_counted_over_all_containers() {
    let inner = make::tar(&[("a", b"1"), ("b", b"2")]);
    let outer = make::deflated(&[("in.tar", &inner), ("c", b"3"), ("d", b"4")]);

    let (found, _) = unpack_within(Limits { entries: 4, ..small() }, &outer);

    assert_eq!(found.texts(), [("x!in.tar!a", "1"), ("x!in.tar!b", "2"), ("x!c", "3")]);
    assert_eq!(found.faults.len(), 1);
}

#[test]
fn what_must_be_held_is_held_so_far_and_read_from_the_front() {
    let zip = make::stored(&[("a", b"plain"), ("b", &make::content(1, 50_000))]);
    let packed = make::squeeze(Codec::Gzip, &zip);

    let (found, _) = unpack_within(Limits { held_bytes: 20_000, ..small() }, &packed);

    assert_eq!(found.streams[0], ("x!a".to_owned(), b"plain".to_vec()));
    assert!(found.streams[1].1.len() > 19_000);
    assert!(found.lines()[0].contains("takes more than 20000 bytes"), "{:?}", found.lines());
}

#[test]
fn held_bytes_are_given_back() {
    let zip = make::stored(&[("a", &make::content(1, 15_000))]);
    let outer = make::tar(&[("1", &zip), ("2", &zip), ("3", &zip)]);

    let (found, _) = unpack_within(Limits { held_bytes: 20_000, ..small() }, &outer);

    assert_eq!((found.streams.len(), found.faults.len()), (3, 0));
}

#[test]
fn an_archive_of_17_mib_is_held_in_a_file_without_a_name() {
    let zip = make::stored(&[("a", &vec![b'x'; 17 << 20])]);
    let scratch = tempfile::tempdir().expect("a folder");
    let read = AtomicU64::new(0);
    let mut drain = Drain::default();
    let unpacker = Unpacker { limits: Limits::default(), scratch: scratch.path(), read: &read };

    unpacker.reader("x", &mut &*zip, &mut drain).expect("the sink never stops");

    assert_eq!((drain.bytes, drain.lines), (vec![17 << 20], vec![]));
    assert_eq!(read.into_inner(), zip.len() as u64);
    assert_eq!(std::fs::read_dir(scratch.path()).expect("a folder").count(), 0);
}

#[test]
fn nowhere_to_hold_is_a_fault() {
    let zip = make::stored(&[("a", &vec![b'x'; 17 << 20])]);
    let read = AtomicU64::new(0);
    let mut drain = Drain::default();
    let unpacker = Unpacker { limits: Limits::default(), scratch: Path::new("/nowhere"), read: &read };

    unpacker.reader("x", &mut &*zip, &mut drain).expect("the sink never stops");

    assert_eq!(drain.bytes, [0; 0]);
    assert!(drain.lines[0].starts_with("x: cannot be held in /nowhere: "), "{:?}", drain.lines);
}
