//! xls: records of every kind, and books that lie about where things are.

use super::*;
use std::io::{Cursor, Write};

fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes(), &(data.len() as u16).to_le_bytes(), data].concat()
}

fn bof(version: u16) -> Vec<u8> {
    record(0x0809, &[&version.to_le_bytes()[..], &[0; 14]].concat())
}

fn eof() -> Vec<u8> {
    record(0x000a, &[])
}

/// The place of a cell, and its format.
fn place(row: u16, column: u16) -> Vec<u8> {
    [row, column, 0].into_iter().flat_map(u16::to_le_bytes).collect()
}

fn cell(kind: u16, row: u16, column: u16, value: &[u8]) -> Vec<u8> {
    record(kind, &[&place(row, column), value].concat())
}

/// A text with the length in two bytes: narrow where it can be.
fn text(text: &str) -> Vec<u8> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let is_wide = units.iter().any(|&unit| unit > 0xff);
    let mut out = (units.len() as u16).to_le_bytes().to_vec();
    out.push(u8::from(is_wide));
    for unit in units {
        out.extend_from_slice(&unit.to_le_bytes()[..if is_wide { 2 } else { 1 }]);
    }
    out
}

/// A compound file of small sectors, as Excel writes it.
fn compound(name: &str, stream: &[u8]) -> Vec<u8> {
    let mut file = cfb::CompoundFile::create_with_version(cfb::Version::V3, Cursor::new(Vec::new())).expect("memory");
    file.create_stream(name).and_then(|mut out| out.write_all(stream)).expect("memory");
    file.into_inner().into_inner()
}

/// The stream of a book with records before the sheets, and sheets with theirs.
fn stream(globals: &[Vec<u8>], sheets: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let bound = |name: &str, at: u32| {
        let name = text(name);
        // in this record the length has one byte
        record(0x0085, &[&at.to_le_bytes()[..], &[0, 0, name[0]], &name[2..]].concat())
    };
    let head = [bof(0x0600), globals.concat()].concat();
    let listed: usize = sheets.iter().map(|(name, _)| bound(name, 0).len()).sum();
    let mut at = head.len() + listed + eof().len();
    let mut out = head;
    let mut bodies = Vec::new();
    for (name, records) in sheets {
        let body = [bof(0x0600), records.clone(), eof()].concat();
        out.extend(bound(name, at as u32));
        at += body.len();
        bodies.extend(body);
    }
    [out, eof(), bodies].concat()
}

fn book(globals: &[Vec<u8>], sheets: &[(&str, Vec<u8>)]) -> Vec<u8> {
    compound("/Workbook", &stream(globals, sheets))
}

/// A book of two sheets, for others to damage.
pub(super) fn small() -> Vec<u8> {
    let shared = record(0x00fc, &[&[2, 0, 0, 0, 2, 0, 0, 0][..], &text("secret"), &text("张三")].concat());
    let one = [cell(0x00fd, 0, 0, &[0, 0, 0, 0]), cell(0x00fd, 1, 1, &[1, 0, 0, 0])].concat();
    book(&[shared], &[("One", one), ("Two", cell(0x0203, 0, 0, &1.5_f64.to_le_bytes()))])
}

#[test]
fn each_sheet_is_a_stream_of_lines() {
    let found = unpack(&small());

    assert_eq!(found.texts(), [("x!One", "secret\n\t张三\n"), ("x!Two", "1.5\n")]);
    assert_eq!(found.faults, []);
}

/// A book with cells of every kind.
pub(super) fn every_kind() -> Vec<u8> {
    let compact = |number: i32| ((number << 2) | 2).to_le_bytes();
    let many = [&place(3, 0)[..4], &[0, 0], &compact(1), &[0, 0], &compact(-2), &[1, 0]].concat();
    let records = [
        cell(0x0203, 0, 0, &13_800_138_000.0_f64.to_le_bytes()),
        cell(0x027e, 0, 1, &compact(12)),
        cell(0x0204, 0, 3, &text("标签\there")),
        cell(0x0205, 1, 0, &[1, 0]),
        cell(0x0205, 1, 1, &[0x2a, 1]),
        cell(0x0006, 2, 0, &2.5_f64.to_le_bytes()),
        cell(0x0006, 2, 1, &[0, 0, 0, 0, 0, 0, 0xff, 0xff]),
        record(0x0207, &text("formula")),
        cell(0x0006, 2, 2, &[1, 0, 0, 0, 0, 0, 0xff, 0xff]),
        cell(0x0006, 2, 3, &[3, 0, 0, 0, 0, 0, 0xff, 0xff]),
        record(0x00bd, &many),
        // a chart within the sheet has numbers that are not its cells
        [bof(0x0600), cell(0x0203, 9, 9, &7.0_f64.to_le_bytes()), eof()].concat(),
        cell(0x0203, 65535, 255, &1.0_f64.to_le_bytes()),
    ];
    book(&[], &[("S", records.concat())])
}

#[test]
fn every_kind_of_cell_is_read() {
    let found = unpack(&every_kind());

    let far = "\t".repeat(255);
    let expected = format!("13800138000\t12\t\t标签 here\nTRUE\t#N/A\n2.5\tformula\tFALSE\n1\t-2\n{far}1\n");
    assert_eq!(found.lines(), [""; 0]);
    assert_eq!(found.texts(), [("x!S", &*expected)]);
}

/// A book with texts that go on in records behind.
pub(super) fn long_texts() -> Vec<u8> {
    // "ab" + "张三" cut in the middle, where the second piece is wide; then one with runs and more
    let first = [&[2, 0, 0, 0, 2, 0, 0, 0][..], &[4, 0, 0], b"ab"].concat();
    let second = [&[1][..], &"张三".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()].concat();
    let rich = [&[3, 0, 0x0c, 1, 0, 2, 0, 0, 0][..], b"xyz", &[0; 4]].concat();
    let globals = [record(0x00fc, &first), record(0x003c, &[second, rich].concat()), record(0x003c, &[9, 9])];
    let cells = [cell(0x00fd, 0, 0, &[0, 0, 0, 0]), cell(0x00fd, 0, 1, &[1, 0, 0, 0])].concat();

    book(&globals, &[("S", cells)])
}

#[test]
fn shared_texts_go_on_in_records_behind() {
    let found = unpack(&long_texts());

    assert_eq!(found.lines(), [""; 0]);
    assert_eq!(found.texts(), [("x!S", "ab张三\txyz\n")]);
}

/// A book of Excel 95.
pub(super) fn excel_95() -> Vec<u8> {
    let label = [&[4, 0][..], b"\xd5\xc5\xc8\xfd"].concat();
    let sheet = [bof(0x0500), cell(0x0204, 0, 0, &label), eof()].concat();
    let head = [bof(0x0500), record(0x0042, &936_u16.to_le_bytes())].concat();
    let bound = |at: u32| record(0x0085, &[&at.to_le_bytes()[..], &[0, 0, 4], b"\xb5\xd8\xd6\xb7"].concat());
    let at = head.len() + bound(0).len() + eof().len();
    compound("/Book", &[head, bound(at as u32), eof(), sheet].concat())
}

#[test]
fn a_book_of_excel_95_is_read_in_its_code_page() {
    assert_eq!(unpack(&excel_95()).texts(), [("x!地址", "张三\n")]);
}

#[test]
fn encrypted_books_say_that_a_password_is_needed() {
    for book in [book(&[record(0x002f, &[1, 0])], &[("S", vec![])]), compound("/EncryptedPackage", b"????")] {
        let found = unpack(&book);

        assert_eq!(found.streams, []);
        assert_eq!(found.lines(), ["x: is encrypted: a password is needed to read it"]);
    }
}

#[test]
fn other_compound_files_are_plain() {
    let letter = compound("/WordDocument", b"13800138000");

    assert_eq!(unpack(&letter).streams, [("x".to_owned(), letter.clone())]);
    assert_eq!(unpack(&letter).faults, []);
    let (folder, path) = file_of(&letter);
    assert_eq!(unpack_path(&path, folder.path()).files, [("x".to_owned(), letter.len() as u64)]);
}

#[test]
fn a_cut_book_is_said() {
    let whole = stream(&[], &[("S", cell(0x0203, 0, 0, &1.5_f64.to_le_bytes()))]);
    let found = unpack(&compound("/Workbook", &whole[..whole.len() - 4]));
    assert_eq!(found.texts(), [("x!S", "1.5\n")]);
    assert!(found.lines()[0].contains("has a sheet that is cut off"), "{:?}", found.lines());

    let found = unpack(&small()[..1500]);
    assert_eq!(found.lines(), ["x: is a damaged compound file, as of an xls book: read as it is"]);
    assert_eq!(found.streams.len(), 1);
}

#[test]
fn sheets_in_one_place_are_read_once() {
    let mut stream = stream(&[], &[("A", cell(0x0203, 0, 0, &1.5_f64.to_le_bytes())), ("B", vec![])]);
    let bound = bof(0).len() + 4;
    let second = bound + 4 + 9;
    stream.copy_within(bound..bound + 4, second);

    let found = unpack(&compound("/Workbook", &stream));

    assert_eq!(found.texts(), [("x!A", "1.5\n")]);
    assert_eq!(found.lines(), ["x!B: is in the same place as another sheet: read once"]);
}

#[test]
fn a_sheet_that_is_nowhere_is_said() {
    for at in [3_u32, 1 << 30] {
        let mut stream = stream(&[], &[("A", vec![])]);
        let bound = bof(0).len() + 4;
        stream[bound..bound + 4].copy_from_slice(&at.to_le_bytes());

        let found = unpack(&compound("/Workbook", &stream));

        assert_eq!(found.faults.len(), 1, "{:?}", found.lines());
        assert!(found.streams.iter().all(|(_, bytes)| bytes.is_empty()));
    }
}

#[test]
fn a_claim_of_a_billion_strings_takes_no_memory() {
    let shared = record(0x00fc, &[&[0xff; 8][..], &text("only")].concat());
    let cells = [cell(0x00fd, 0, 0, &[0; 4]), cell(0x00fd, 0, 1, &[0xff; 4])].concat();

    let found = unpack(&book(&[shared], &[("S", cells)]));

    assert_eq!(found.texts(), [("x!S", "only\n")]);
    assert!(found.lines()[0].ends_with("1 cells name a shared string that is missing: left empty"));
}
