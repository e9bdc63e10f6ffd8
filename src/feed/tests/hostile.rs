//! Input that somebody made to do harm.

use std::fs;

use proptest::prelude::*;

use super::*;

const ALL: [Preset; 12] = [
    Preset::AsteriskCdrCsv,
    Preset::AsteriskCdrCustom,
    Preset::Freepbx,
    Preset::FreeswitchCsv,
    Preset::FreeswitchJson,
    Preset::TwilioCalls,
    Preset::Csv,
    Preset::Json,
    Preset::Jsonl,
    Preset::Tickets,
    Preset::Text,
    Preset::AccessLog,
];

fn read_bytes(bytes: &[u8], preset: Preset) -> Read {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("file"), bytes).expect("written");
    read_from(&inbox_feed(folder.path(), preset), "", late())
}

/// Pieces that formats look at, and bytes that nobody expects.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"\"".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b",".to_vec()),
        Just(b"{\"called\": \"15400000001\"}".to_vec()),
        Just(b"{\"variables\": {\"uuid\": 1e999}}".to_vec()),
        Just(b"{\"calls\": [[], {}, null]}".to_vec()),
        Just(b"[{".to_vec()),
        Just(b"}]".to_vec()),
        Just("工单号,来电时间,描述,called\n".as_bytes().to_vec()),
        Just(b"calldate,src,dst,billsec,uniqueid,sequence\n".to_vec()),
        Just(b"2026-11-25 11:25:23".to_vec()),
        Just(b"1.2.3.4 - - [25/Nov/2026:11:25:23 +0800] \"GET /%%%zz?no=%C0%80123456 HTTP/1.1\" 200 1\n".to_vec()),
        Just(b"\"%\\x\\".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..6),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_comes_is_counted_and_kept(bytes in pieces(), preset in proptest::sample::select(ALL.to_vec())) {
        let read = read_bytes(&bytes, preset);

        // Nothing is taken of a document that is none.
        let Ok(pass) = &read.pass else {
            prop_assert!(read.observations.is_empty() && read.rejected.is_empty());
            return Ok(());
        };
        prop_assert_eq!(pass.rejected, read.rejected.len() as u64);
        prop_assert!(pass.records <= pass.rejected + pass.skipped + pass.observations);
        prop_assert!(read.rejected.iter().all(|rejected| !rejected.raw.is_empty() && rejected.fault.record.is_some()));
    }
}

/// Each of these would take minutes if a byte were looked at again for each
/// record before it.
#[test]
fn quotes_and_brackets_that_never_close_take_no_longer() {
    let megabytes = |piece: &str| piece.repeat(4 * 1024 * 1024 / piece.len());
    let table = megabytes("x\"y,\"z\n");
    let opened = format!("called,text\na,b\n{table}");
    let table = format!("called,text\n{table}");

    let quotes = read_bytes(table.as_bytes(), Preset::Csv);
    let opened = read_bytes(opened.as_bytes(), Preset::Csv);
    let brackets = read_bytes(megabytes("{\n").as_bytes(), Preset::Json);
    let lists = read_bytes(megabytes("[").as_bytes(), Preset::Json);
    let paragraph = read_bytes(megabytes("a\n").as_bytes(), Preset::Text);

    assert!(quotes.fault().what.contains("none of the first 100"), "{}", quotes.fault());
    assert_eq!(opened.pass().records, opened.pass().rejected + 1);
    assert_eq!(brackets.pass().records, brackets.pass().rejected);
    assert_eq!((lists.pass().records, lists.pass().rejected), (1, 1));
    assert_eq!(paragraph.pass().records, 2 * 1024 * 1024);
}

#[test]
fn a_hundred_megabytes_on_one_line_are_one_rejected_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("log");
    let mut bytes = vec![b'7'; 100 * 1024 * 1024];
    bytes.extend_from_slice(b"\n\"a\"\n");
    fs::write(&path, bytes).expect("written");

    let read = read_from(&file_feed(&path, Preset::AsteriskCdrCsv), "", early());

    assert_eq!(read.pass().rejected, 2);
    assert_eq!(read.rejected[0].raw.len(), RAW_CAP);
    assert_eq!(read.rejected[1].raw, b"\"a\"");
}
