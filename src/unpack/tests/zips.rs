//! zip archives whose headers lie.

use super::*;
use crate::unpack::codec::Codec;

/// An entry as the archive claims it, whatever is true.
struct Raw<'a> {
    name: &'a [u8],
    method: u16,
    flags: u16,
    crc: u32,
    packed: &'a [u8],
    packed_bytes: u32,
    unpacked_bytes: u32,
    mode: u32,
}

impl<'a> Raw<'a> {
    fn stored(name: &'a [u8], content: &'a [u8]) -> Self {
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let bytes = content.len() as u32;
        let (crc, method, flags, mode) = (crc.sum(), 0, 0, 0o100_600);
        Self { name, method, flags, crc, packed: content, packed_bytes: bytes, unpacked_bytes: bytes, mode }
    }

    /// The header before the data, and the data.
    fn local(&self) -> Vec<u8> {
        let mut out = b"PK\x03\x04\x14\0".to_vec();
        self.common(&mut out);
        out.extend_from_slice(&(self.name.len() as u16).to_le_bytes());
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(self.name);
        out.extend_from_slice(self.packed);
        out
    }

    fn listed(&self, offset: u32) -> Vec<u8> {
        let mut out = b"PK\x01\x02\x14\x03\x14\0".to_vec();
        self.common(&mut out);
        out.extend_from_slice(&(self.name.len() as u16).to_le_bytes());
        out.extend_from_slice(&[0; 8]);
        out.extend_from_slice(&(self.mode << 16).to_le_bytes());
        out.extend_from_slice(&offset.to_le_bytes());
        out.extend_from_slice(self.name);
        out
    }

    fn common(&self, out: &mut Vec<u8>) {
        for field in [self.flags, self.method, 0, 0] {
            out.extend_from_slice(&field.to_le_bytes());
        }
        for field in [self.crc, self.packed_bytes, self.unpacked_bytes] {
            out.extend_from_slice(&field.to_le_bytes());
        }
    }
}

/// The end of an archive whose directory of so many bytes begins at a place.
fn end(count: u16, bytes: u32, start: u32) -> Vec<u8> {
    let mut out = b"PK\x05\x06\0\0\0\0".to_vec();
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&bytes.to_le_bytes());
    out.extend_from_slice(&start.to_le_bytes());
    out.extend_from_slice(&[0, 0]);
    out
}

/// Entries one after the other, and a directory of those at `listed`.
fn archive(entries: &[Raw<'_>], listed: &[usize]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut offsets = Vec::new();
    for entry in entries {
        offsets.push(out.len() as u32);
        out.extend(entry.local());
    }
    let start = out.len() as u32;
    for &at in listed {
        out.extend(entries[at].listed(offsets[at]));
    }
    let bytes = out.len() as u32 - start;
    out.extend(end(listed.len() as u16, bytes, start));
    out
}

#[test]
fn names_are_shown_and_never_used() {
    let names: [&[u8]; 5] = [b"../../x", b"/etc/passwd", b"a\0b", b"c:\\d\\e", b"\xbf\xcd\xbb\xa7"];
    let entries = names.map(|name| Raw::stored(name, b"plain"));

    let found = unpack(&archive(&entries, &[0, 1, 2, 3, 4]));

    assert_eq!(found.names(), ["x!../../x", "x!/etc/passwd", "x!a\\0b", "x!c:\\\\d\\\\e", "x!客户"]);
    assert_eq!(found.faults, []);
}

#[test]
fn encrypted_entries_say_that_a_password_is_needed() {
    let secret = Raw { flags: 1, ..Raw::stored(b"secret", b"????") };
    let aes = Raw { method: 99, flags: 1, ..Raw::stored(b"aes", b"????") };

    let found = unpack(&archive(&[secret, aes, Raw::stored(b"open", b"plain")], &[0, 1, 2]));

    assert_eq!(found.texts(), [("x!open", "plain")]);
    assert_eq!(
        found.lines(),
        [
            "x!secret: byte 0: is encrypted: a password is needed to read it",
            "x!aes: byte 40: is encrypted: a password is needed to read it",
        ]
    );
    assert_eq!(found.faults[0].hint.as_deref(), Some("unpack the archive with its password first"));
}

#[test]
fn links_are_faults() {
    let link = Raw { mode: 0o120_777, ..Raw::stored(b"link", b"/etc/passwd") };

    let found = unpack(&archive(&[link, Raw::stored(b"open", b"plain")], &[0, 1]));

    assert_eq!(found.texts(), [("x!open", "plain")]);
    assert_eq!(found.lines(), ["x!link: byte 0: is a symbolic link: skipped"]);
}

#[test]
fn an_unknown_method_is_a_fault() {
    let odd = Raw { method: 9, ..Raw::stored(b"odd", b"????") };

    let found = unpack(&archive(&[odd, Raw::stored(b"open", b"plain")], &[0, 1]));

    assert_eq!(found.texts(), [("x!open", "plain")]);
    assert_eq!(found.lines(), ["x!odd: byte 0: is packed by a method that is not read (deflate64)"]);
}

#[test]
fn every_codec_may_be_in_a_zip() {
    for (method, codec) in
        [(0, Codec::Stored), (8, Codec::Deflate), (12, Codec::Bzip2), (93, Codec::Zstd), (95, Codec::Xz)]
    {
        let content = make::content(3, 50_000);
        let packed = make::squeeze(codec, &content);
        let entry = Raw { method, packed: &packed, packed_bytes: packed.len() as u32, ..Raw::stored(b"a", &content) };

        let found = unpack(&archive(&[entry], &[0]));

        assert_eq!(found.lines(), [""; 0]);
        assert_eq!(found.streams, [("x!a".to_owned(), content)]);
    }
}

#[test]
fn an_entry_that_quotes_the_next_is_read_up_to_there_only() {
    // a bomb's shape: each entry's data reaches over those behind it
    let long = [b'q'; 200];
    let greedy = Raw { packed_bytes: 400, unpacked_bytes: 400, ..Raw::stored(b"greedy", &long) };
    let next = Raw::stored(b"next", b"plain");

    let found = unpack(&archive(&[greedy, next, Raw::stored(b"last", b"plain too")], &[0, 1, 2]));

    assert_eq!(found.streams[0], ("x!greedy".to_owned(), long.to_vec()));
    assert_eq!(found.texts()[1..], [("x!next", "plain"), ("x!last", "plain too")]);
    assert_eq!(
        found.lines(),
        ["x!greedy: byte 236: the entry overlaps the next one, as in an archive bomb: read up to there"]
    );
}

#[test]
fn one_entry_listed_many_times_is_read_once() {
    let found = unpack(&archive(&[Raw::stored(b"a", b"plain")], &[0; 50]));

    assert_eq!(found.texts(), [("x!a", "plain")]);
    assert_eq!(found.faults.len(), 49);
    let line = "x!a: byte 0: is in the same place as another entry: not read twice";
    assert_eq!(found.lines()[0], line);
}

#[test]
fn sizes_that_lie_are_faults_behind_the_content() {
    let content = b"plain plain plain plain";
    let packed = make::squeeze(Codec::Deflate, content);
    let whole = |unpacked_bytes, packed_bytes| Raw {
        method: 8,
        packed: &packed,
        packed_bytes,
        unpacked_bytes,
        ..Raw::stored(b"a", content)
    };
    let length = packed.len() as u32;
    for (entry, what) in [
        (whole(5, length), "the zip archive says that 5 bytes are packed here, 23 were read"),
        (whole(u32::MAX - 1, length), "the zip archive says that 4294967294 bytes are packed here, 23 were read"),
        (Raw { crc: 1, ..whole(23, length) }, "the entry's checksum is wrong: what was read may be damaged"),
        (whole(23, length + 9), "the entry overlaps the next one, as in an archive bomb: read up to there"),
    ] {
        let found = unpack(&archive(&[entry, Raw::stored(b"b", b"next")], &[0, 1]));

        assert_eq!(found.texts(), [("x!a", "plain plain plain plain"), ("x!b", "next")]);
        let expected = format!("x!a: byte {}: {what}", 31 + packed.len());
        assert!(found.lines()[0] == expected || what.contains("overlaps"), "{:?}", found.lines());
        assert!(found.lines()[0].ends_with(what) && found.faults.len() == 1, "{:?}", found.lines());
    }

    let short = unpack(&archive(&[whole(23, length - 4)], &[0]));
    assert!("plain plain plain plain".starts_with(short.texts()[0].1));
    assert!(short.lines()[0].contains("cut off"), "{:?}", short.lines());
}

#[test]
fn a_directory_that_points_nowhere_leaves_the_front_to_be_read() {
    let mut lost = archive(&[Raw::stored(b"a", b"plain")], &[0]);
    let end = lost.len() - 22;
    lost[end + 16..end + 20].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());

    let found = unpack(&lost);

    assert_eq!(found.texts(), [("x!a", "plain")]);
    assert!(found.lines()[0].ends_with("is not where its end says: it is read from the front"), "{:?}", found.lines());
}

#[test]
fn an_entry_that_points_nowhere_is_a_fault() {
    let mut lost = archive(&[Raw::stored(b"a", b"plain"), Raw::stored(b"b", b"next")], &[0, 1]);
    let second = lost.len() - 22 - 47;
    lost[second + 42..second + 46].copy_from_slice(&3_u32.to_le_bytes());

    let found = unpack(&lost);

    assert_eq!(found.texts(), [("x!a", "plain"), ("x!b", "next")]);
    assert_eq!(
        found.lines(),
        [
            "x!b: byte 3: no entry is where the zip archive's directory says",
            "x: byte 36: an entry that the zip archive's directory does not list: read all the same",
        ]
    );
}

#[test]
fn a_place_that_no_file_has_spoils_nothing_beside_it() {
    let (good, bad) = (Raw::stored(b"a", b"plain"), Raw::stored(b"b", b"plain"));
    let mut out = good.local();
    let start = out.len() as u32;
    out.extend(good.listed(0));
    // an extra field with the offset in 64 bits
    let mut listed = bad.listed(u32::MAX);
    listed[30] = 12;
    listed.extend([1, 0, 8, 0].into_iter().chain(u64::MAX.to_le_bytes()));
    out.extend(listed);
    let bytes = out.len() as u32 - start;
    out.extend(end(2, bytes, start));
    let (folder, path) = file_of(&out);

    let found = unpack_path(&path, folder.path());

    assert_eq!(found.texts(), [("x!a", "plain")]);
    assert_eq!(found.faults.len(), 1);
    assert!(found.lines()[0].ends_with("no entry is where the zip archive's directory says"), "{:?}", found.lines());
    assert_eq!(found, unpack(&out));
}

#[test]
fn a_count_that_lies_is_a_fault() {
    let mut lying = archive(&[Raw::stored(b"a", b"plain")], &[0]);
    let end = lying.len() - 22;
    lying[end + 8..end + 12].copy_from_slice(&[7, 0, 7, 0]);

    let found = unpack(&lying);

    assert_eq!(found.texts(), [("x!a", "plain")]);
    assert_eq!(found.lines(), ["x: byte 36: the zip archive's directory claims 7 entries and lists 1"]);
}

#[test]
fn entries_that_the_directory_hides_are_read_and_said() {
    let entries = [Raw::stored(b"a", b"one"), Raw::stored(b"hidden", b"two"), Raw::stored(b"c", b"three")];

    let found = unpack(&archive(&entries, &[0, 2]));

    assert_eq!(found.texts(), [("x!a", "one"), ("x!c", "three"), ("x!hidden", "two")]);
    assert_eq!(
        found.lines(),
        ["x: byte 34: an entry that the zip archive's directory does not list: read all the same"]
    );
}

#[test]
fn of_two_archives_in_one_file_both_are_read() {
    let both = [make::deflated(&[("a", b"first")]), make::deflated(&[("b", b"second")])].concat();

    let found = unpack(&both);

    assert_eq!(found.texts(), [("x!b", "second"), ("x!a", "first")]);
    assert_eq!(found.faults.len(), 1, "{:?}", found.lines());
}

#[test]
fn a_cut_archive_is_read_from_the_front() {
    let content = make::content(1, 9000);
    let whole = make::deflated(&[("a", b"first"), ("b", &content)]);

    let found = unpack(&whole[..4000]);

    assert_eq!(found.streams[0], ("x!a".to_owned(), b"first".to_vec()));
    let (name, bytes) = &found.streams[1];
    assert!(name == "x!b" && content.starts_with(bytes) && bytes.len() > 2000);
    assert_eq!(found.lines().len(), 2);
    let no_directory = "the zip archive has no directory at its end, it was cut off perhaps: it is read from the front";
    assert_eq!(found.lines()[0], format!("x: byte 4000: {no_directory}"));
    assert!(found.lines()[1].starts_with("x!b: byte 4000: the deflate data is cut off"), "{:?}", found.lines());
}

#[test]
fn sizes_behind_the_data_are_passed_over_without_a_directory() {
    let packed = make::squeeze(Codec::Deflate, b"plain");
    let late = |name| Raw {
        method: 8,
        flags: 8,
        packed: &packed,
        packed_bytes: 0,
        unpacked_bytes: 0,
        ..Raw::stored(name, b"plain")
    };
    let sizes = |mark: &[u8]| [mark, &[0; 12]].concat();
    let streamed =
        [late(b"a").local(), sizes(b"PK\x07\x08"), late(b"b").local(), sizes(b""), late(b"c").local()].concat();

    let found = unpack(&streamed);

    assert_eq!(found.texts(), [("x!a", "plain"), ("x!b", "plain"), ("x!c", "plain")]);
    assert_eq!(found.faults.len(), 2, "no directory, and the last may be cut: {:?}", found.lines());
}

#[test]
fn a_large_archive_is_found_by_its_large_end() {
    let entry = Raw::stored(b"a", b"plain");
    let local = entry.local();
    let mut listed = entry.listed(u32::MAX);
    listed[30] = 12;
    listed.extend_from_slice(&[1, 0, 8, 0]);
    listed.extend_from_slice(&0_u64.to_le_bytes());
    let start = local.len() as u64;
    let mut large = [local, listed.clone()].concat();
    let at = large.len() as u64;
    large.extend_from_slice(b"PK\x06\x06");
    large.extend_from_slice(&44_u64.to_le_bytes());
    large.extend_from_slice(&[45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for field in [1, 1, listed.len() as u64, start] {
        large.extend_from_slice(&field.to_le_bytes());
    }
    large.extend_from_slice(b"PK\x06\x07\0\0\0\0");
    large.extend_from_slice(&at.to_le_bytes());
    large.extend_from_slice(&[1, 0, 0, 0]);
    large.extend(end(u16::MAX, u32::MAX, u32::MAX));

    let found = unpack(&large);

    assert_eq!(found.lines(), [""; 0]);
    assert_eq!(found.texts(), [("x!a", "plain")]);
}

#[test]
fn a_comment_and_what_stands_behind_the_end() {
    let mut commented = archive(&[Raw::stored(b"a", b"plain")], &[0]);
    let end = commented.len() - 2;
    commented[end] = 9;
    commented.extend_from_slice(b"PK\x05\x06 note");
    assert_eq!(unpack(&commented).lines(), [""; 0]);

    commented.extend_from_slice(b"more");
    let found = unpack(&commented);
    assert_eq!(found.texts(), [("x!a", "plain")]);
    assert_eq!(found.lines(), ["x: byte 114: 4 bytes behind the end of the zip archive are not read"]);
}

#[test]
fn an_empty_archive_holds_nothing() {
    assert_eq!(unpack(&end(0, 0, 0)), Found::default());
}

#[test]
fn the_first_part_of_a_split_archive_is_read_from_the_front() {
    let entry = Raw::stored(b"a", b"plain");
    let part = [b"PK\x07\x08".to_vec(), entry.local()].concat();

    let found = unpack(&part);

    assert_eq!(found.texts(), [("x!a", "plain")]);
    assert_eq!(found.faults.len(), 1, "{:?}", found.lines());
}
