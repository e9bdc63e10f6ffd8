//! tars with links, lies and holes.

use super::*;
use ::tar::{Builder, EntryType, Header};

fn header(kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o600);
    header
}

/// A file's header under a name that `tar` itself would refuse, and its content.
fn raw(name: &[u8], content: &[u8]) -> Vec<u8> {
    let mut header = header(EntryType::Regular, content.len() as u64);
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_cksum();
    let mut block = header.as_bytes().to_vec();
    block.extend_from_slice(content);
    block.resize(block.len().next_multiple_of(512), 0);
    block
}

const END: [u8; 1024] = [0; 1024];

#[test]
fn links_and_devices_are_faults_and_skipped() {
    let mut out = Builder::new(Vec::new());
    for (kind, name) in [
        (EntryType::Symlink, "sym"),
        (EntryType::Link, "hard"),
        (EntryType::Char, "char"),
        (EntryType::Block, "block"),
        (EntryType::Fifo, "fifo"),
    ] {
        let mut header = header(kind, 0);
        if matches!(kind, EntryType::Symlink | EntryType::Link) {
            header.set_link_name("/etc/passwd").expect("fits");
        }
        out.append_data(&mut header, name, &b""[..]).expect("memory");
    }
    out.append_data(&mut header(EntryType::Directory, 0), "folder/", &b""[..]).expect("memory");
    out.append_data(&mut header(EntryType::Regular, 5), "a.csv", &b"plain"[..]).expect("memory");

    let found = unpack(&out.into_inner().expect("memory"));

    assert_eq!(found.texts(), [("x!a.csv", "plain")]);
    assert_eq!(
        found.lines(),
        [
            "x!sym: is a symbolic link: skipped",
            "x!hard: is a hard link: skipped",
            "x!char: is a device: skipped",
            "x!block: is a device: skipped",
            "x!fifo: is a named pipe: skipped",
        ]
    );
}

#[test]
fn names_are_shown_and_never_used() {
    let names: [&[u8]; 4] = [b"../../../etc/cron.d/x", b"/etc/passwd", b"a\\..\\b\x1b[2J", b"x!y"];
    let archive = [names.map(|name| raw(name, b"plain")).concat(), END.to_vec()].concat();

    let found = unpack(&archive);

    assert_eq!(found.names(), ["x!../../../etc/cron.d/x", "x!/etc/passwd", "x!a\\\\..\\\\b\\u{1b}[2J", "x!x\\!y"]);
    assert_eq!(found.faults, []);
}

#[test]
fn a_bad_checksum_is_a_fault_and_the_next_entry_is_read() {
    let mut archive = make::tar(&[("a", b"first"), ("b", b"second"), ("c", b"third")]);
    archive[1024 + 148] ^= 1;

    let found = unpack(&archive);

    assert_eq!(found.texts(), [("x!a", "first"), ("x!c", "third")]);
    assert_eq!(found.lines(), ["x: byte 1024: no tar header (its checksum or size is wrong): skipped to the next one"]);
}

#[test]
fn a_bad_first_header_does_not_hide_what_follows() {
    let mut archive = make::tar(&[("a", b"first"), ("b", b"second")]);
    archive[148] ^= 1;

    assert_eq!(unpack(&archive).texts(), [("x!b", "second")]);
}

#[test]
fn a_tar_of_before_1988_is_known_by_its_checksum() {
    let mut header = Header::new_old();
    header.set_path("old").expect("fits");
    header.set_size(5);
    header.set_cksum();
    let archive = [header.as_bytes(), &b"plain"[..], &[0; 507], &END].concat();

    assert_eq!(unpack(&archive).texts(), [("x!old", "plain")]);
}

#[test]
fn a_cut_entry_gives_what_is_there() {
    let archive = make::tar(&[("a", b"first"), ("b", &[b'x'; 2000])]);

    let found = unpack(&archive[..512 + 512 + 512 + 700]);

    assert_eq!(found.streams[1], ("x!b".to_owned(), vec![b'x'; 700]));
    assert_eq!(found.lines(), ["x!b: byte 2236: the tar is cut off: 1300 bytes of the entry are missing"]);
}

#[test]
fn a_missing_end_mark_is_said() {
    let archive = make::tar(&[("a", b"first")]);

    let found = unpack(&archive[..1024]);

    assert_eq!(found.texts(), [("x!a", "first")]);
    assert_eq!(found.lines(), ["x: byte 1024: the tar has no end mark: entries may be missing"]);
}

#[test]
fn a_second_tar_behind_the_first_is_read() {
    let archive = [make::tar(&[("a", b"first")]), make::tar(&[("b", b"second")])].concat();

    assert_eq!(unpack(&archive).texts(), [("x!a", "first"), ("x!b", "second")]);
}

#[test]
fn long_names_of_both_kinds_are_read_and_shown_short() {
    let long = format!("{}/end.csv", "folder/".repeat(40));
    let pax = format!("path={long}\n");
    let pax = format!("{} {pax}", pax.len() + 4);
    let mut out = Builder::new(Vec::new());
    out.append_data(&mut header(EntryType::Regular, 1), &long, &b"1"[..]).expect("memory");
    out.append_data(&mut header(EntryType::XHeader, pax.len() as u64), "pax", pax.as_bytes()).expect("memory");
    out.append_data(&mut header(EntryType::Regular, 1), "short", &b"2"[..]).expect("memory");

    let found = unpack(&out.into_inner().expect("memory"));

    let shown = name::inside("x", long.as_bytes());
    assert!(shown.starts_with("x!folder/folder/") && shown.len() < 300);
    assert_eq!(found.texts(), [(&*shown, "1"), (&*shown, "2")]);
    assert_eq!(found.faults, []);
}

#[test]
fn a_long_name_of_gigabytes_takes_no_memory() {
    let mut long = header(EntryType::GNULongName, 8 << 30);
    long.set_cksum();
    let archive = [long.as_bytes(), &[b'x'; 4096][..]].concat();

    let found = unpack(&archive);

    assert_eq!(found.streams, []);
    assert_eq!(
        found.lines(),
        [
            "x: byte 512: an extended tar header of 8589934592 bytes: skipped",
            "x: byte 4608: the tar is cut off: 8589930496 bytes of the entry are missing",
        ]
    );
}

#[test]
fn a_size_beyond_all_numbers_is_one_fault() {
    let mut huge = Header::from_byte_slice(&raw(b"a", b"")).clone();
    huge.as_old_mut().size = [0xff; 12];
    huge.set_cksum();
    let archive = [huge.as_bytes(), &raw(b"b", b"second")[..], &END].concat();

    let found = unpack(&archive);

    assert_eq!(found.streams.len(), 1);
    assert!(found.lines()[0].starts_with("x!a: byte 2560: the tar is cut off: "), "{:?}", found.lines());
    assert_eq!(found.faults.len(), 1);
}

#[test]
fn of_a_sparse_file_what_is_stored_is_read() {
    let mut block = header(EntryType::GNUSparse, 5);
    block.as_gnu_mut().expect("is gnu").set_real_size(1 << 40);
    block.as_gnu_mut().expect("is gnu").set_is_extended(true);
    block.as_old_mut().name[0] = b's';
    block.set_cksum();
    let archive = [block.as_bytes(), &[0; 512][..], b"plain", &[0; 507], &END].concat();

    assert_eq!(unpack(&archive).texts(), [("x!s", "plain")]);
}

#[test]
fn a_sink_that_leaves_early_still_gets_the_next_entry() {
    struct Glance(Vec<u8>);
    impl Sink for Glance {
        fn item(&mut self, item: Item<'_>) -> Result<(), Stop> {
            let Item::Stream { content, .. } = item else { return Err(Stop) };
            let mut byte = [0];
            content.read_exact(&mut byte).map_err(|_| Stop)?;
            self.0.push(byte[0]);
            if byte[0] == b'3' { Err(Stop) } else { Ok(()) }
        }
        fn fault(&mut self, fault: Fault) {
            panic!("{fault}");
        }
    }
    let files: [(&str, &[u8]); 4] = [("a", &[b'1'; 9000]), ("b", &[b'2'; 9000]), ("c", &[b'3'; 9000]), ("d", b"4")];
    let read = AtomicU64::new(0);
    for archive in [make::tar(&files), make::deflated(&files)] {
        let mut glance = Glance(Vec::new());
        let unpacker = Unpacker { limits: small(), scratch: Path::new("/nowhere"), read: &read };

        let result = unpacker.reader("x", &mut &*archive, &mut glance);

        assert_eq!((result, glance.0), (Err(Stop), b"123".to_vec()));
    }
}
