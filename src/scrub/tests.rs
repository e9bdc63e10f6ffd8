//! Laws: scrubbing undoes planting, whatever the file; it changes nothing
//! else; and nothing that it cannot read is lost.

use std::collections::HashSet;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::fault::Fault;
use crate::key::MasterKey;
use crate::persona::Role;
use crate::plant::tests::laws::{made, remark};
use crate::plant::tests::{is_line, job, line, numbers, plant_soundly, records};
use crate::plant::{ColumnSpec, Options, Plan};
use crate::record::ColumnRole;

/// Numbers and lines in the clear.
#[derive(Default)]
struct Planted {
    numbers: HashSet<String>,
    lines: bool,
}

impl Planted {
    /// What a plan planted; lines as well if asked for.
    fn of(plan: &Plan, lines: bool) -> Self {
        Self { numbers: plan.rows().iter().map(|row| format!("YT{:013}", row.serial)).collect(), lines }
    }
}

impl Known for Planted {
    fn number(&self, number: &str) -> Option<Kind> {
        self.numbers.contains(number).then_some(Kind::Batch)
    }

    fn phone(&self, phone: &str) -> bool {
        self.lines && is_line(phone)
    }
}

fn run(input: &[u8], known: &dyn Known, mode: &Mode) -> Result<(Vec<u8>, Scrubbed), Fault> {
    let mut output = Vec::new();
    let done = scrub(input, &mut output, known, &[], mode, &Options::default())?;
    Ok((output, done))
}

fn removed(input: &[u8], known: &dyn Known) -> (Vec<u8>, Scrubbed) {
    run(input, known, &Mode::Remove).unwrap_or_else(|fault| panic!("{fault} (hint: {:?})", fault.hint))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn scrubbing_undoes_planting(made in made(), count in 0usize..6, lines in any::<bool>()) {
        let (records, options) = (records(count), Options::default());
        let numbers = numbers(1_000, 60);
        let (plan, planted) = plant_soundly(&made.bytes, &job(&records, &numbers, &options));

        let (output, done) = removed(&planted, &Planted::of(&plan, lines));

        prop_assert!(output == made.bytes, "the original comes back");
        prop_assert_eq!((done.canaries(), done.of(Kind::Batch)), (count as u64, count as u64));
        prop_assert_eq!(done.rows, plan.survey().records + count as u64);
        prop_assert_eq!((done.ragged.count, done.ragged_canaries.count), (0, 0));
        // And again: there is nothing left to do.
        let (again, done) = removed(&output, &Planted::of(&plan, lines));
        prop_assert!(again == output && done.canaries() == 0);
    }

    #[test]
    fn lines_alone_undo_planting_too(made in made(), count in 0usize..6) {
        let (records, options) = (records(count), Options::default());
        let (plan, planted) = plant_soundly(&made.bytes, &job(&records, &numbers(1_000, 60), &options));
        let nothing_numbered = Planted { numbers: HashSet::new(), lines: true };

        let (output, done) = removed(&planted, &nothing_numbered);

        prop_assert!(output == made.bytes, "the original comes back");
        prop_assert_eq!(done.of(Kind::Line) as usize, plan.rows().len());
    }

    #[test]
    fn a_flag_tells_what_removing_would_remove(made in made(), count in 0usize..6) {
        let (records, options) = (records(count), Options::default());
        let (plan, planted) = plant_soundly(&made.bytes, &job(&records, &numbers(1_000, 60), &options));

        let (flagged, done) = run(&planted, &Planted::of(&plan, true), &Mode::Flag("ours".into())).expect("a regular file");

        let gb = std::str::from_utf8(&made.bytes).is_err();
        let text = if gb { encoding_rs::GB18030.decode(&flagged).0.into_owned() } else { String::from_utf8(flagged).expect("UTF-8") };
        let mut reader = csv::ReaderBuilder::new().delimiter(made.delimiter as u8).from_reader(text.as_bytes());
        prop_assert_eq!(reader.headers().expect("a header").iter().next_back(), Some("ours"));
        let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("rows are even")).collect();
        for row in &rows {
            prop_assert_eq!(&row[5], if is_line(&row[3]) { "1" } else { "0" });
        }
        prop_assert_eq!((rows.len() as u64, done.canaries()), (done.rows, count as u64));
    }

    #[test]
    fn json_lines_are_scrubbed_and_flagged(rows in prop::collection::vec((remark(), any::<bool>()), 1..20), count in 0usize..4) {
        let object = |(i, (remark, deep)): (usize, &(String, bool))| {
            let remark = serde_json::Value::from(remark.as_str());
            let to = format!("\"receiver_name\":\"张三\", \"receiver_phone\" : \"1380000{i:04}\"");
            if *deep { format!(" {{\"x\":{remark},\"to\":{{{to} }} }} \n") } else { format!("{{\"x\":{remark}, \"to\":{{{to}}}}}\n") }
        };
        let input: String = rows.iter().enumerate().map(object).collect();
        let (records, options) = (records(count), Options::default());
        let (_, planted) = plant_soundly(input.as_bytes(), &job(&records, &[], &options));
        let known = Planted { numbers: HashSet::new(), lines: true };

        let (output, done) = removed(&planted, &known);
        let (flagged, _) = run(&planted, &known, &Mode::Flag("a \"flag\"".into())).expect("a regular file");

        prop_assert!(output == input.as_bytes());
        prop_assert_eq!(done.of(Kind::Line), count as u64);
        for line in String::from_utf8(flagged).expect("UTF-8").lines() {
            let row: serde_json::Value = serde_json::from_str(line).expect("flagged rows are JSON");
            let is_ours = is_line(row["to"]["receiver_phone"].as_str().expect("a phone"));
            prop_assert_eq!(row["a \"flag\""].as_u64(), Some(u64::from(is_ours)));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_the_bytes_a_file_without_canaries_is_that_file_or_refused(head in 0usize..3, pieces in prop::collection::vec(hostile(), 0..40)) {
        let heads: [&[u8]; 3] = [b"", b"waybill,phone,x\n", b"{\"waybill\":\"YT1\",\"phone\":null}\n"];
        let input = [heads[head], &pieces.concat()].concat();

        if let Ok((output, done)) = run(&input, &Planted::default(), &Mode::Remove) {
            prop_assert!(output == input);
            prop_assert_eq!(done.canaries(), 0);
        }
        let ours = Planted { numbers: ["YT8".to_owned()].into(), lines: true };
        for mode in [Mode::Remove, Mode::Flag("f".into())] {
            if let Ok((output, done)) = run(&input, &ours, &mode) {
                prop_assert!(mode != Mode::Remove || (done.canaries() == 0) == (output == input));
                prop_assert!(mode == Mode::Remove || output.len() >= input.len());
            }
        }
    }
}

/// What rows and broken rows are made of.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let pieces: Vec<&[u8]> = vec![
        b"YT8",
        b"YT1",
        b"16400000001",
        b",",
        b",",
        b"\n",
        b"\n",
        b"\r\n",
        b"\r",
        b"\"",
        b"\"\"",
        b"\t",
        b";",
        b"|",
        b"\xef\xbb\xbf",
        b"{\"waybill\":\"",
        b"\"}",
        b"{}",
        b"}",
        b"{",
        b"[",
        b"\\",
        b"\\u0038",
        b"null",
        b"\x81",
        b"\x81\x7c",
        b"0",
        b"\0",
        b" ",
        "运单号".as_bytes(),
        "１６４".as_bytes(),
        b"phone",
        b"YT8,16400000001,y\n",
    ];
    prop_oneof![9 => prop::sample::select(pieces).prop_map(<[u8]>::to_vec), 1 => any::<[u8; 3]>().prop_map(Vec::from)]
}

#[test]
fn a_file_of_many_pieces_is_scrubbed_like_a_small_one() {
    // One of them is longer than a block.
    let note = |i: usize| if i == 45_000 { "长,\n".repeat(500_000) } else { format!("备,注\n{i}") };
    let row = |i: usize| format!("YT{:013},{i:0>9},\"{}\"\r\n", 5_000 + i, note(i));
    let text = "运单号,重量,备注\r\n".to_owned() + &(0..90_000).map(row).collect::<String>();
    let ours: HashSet<usize> = (0..90_000).step_by(977).chain([89_999]).collect();
    let known = Planted { numbers: ours.iter().map(|i| format!("YT{:013}", 5_000 + i)).collect(), lines: false };
    let rest = (0..90_000).filter(|i| !ours.contains(i)).map(row).collect::<String>();

    let (output, done) = removed(text.as_bytes(), &known);

    assert!(text.len() > 3 << 20, "several blocks");
    assert!(output == ["运单号,重量,备注\r\n", &rest].concat().into_bytes());
    assert_eq!((done.rows, done.canaries()), (90_000, ours.len() as u64));
}

#[test]
fn what_is_not_like_the_others_is_kept_and_told() {
    let like = "YT1,13800000001,a\n".repeat(4);
    let input =
        format!("运单号,电话,备注\n{like}YT2,13800000002\n,,\nYT9,1,2,3\n\nYT8,13800000003,\"b\"\nYT7,\nx,YT9,y,z");
    let known = Planted { numbers: ["YT8".to_owned(), "YT9".to_owned()].into(), lines: false };

    let (output, done) = removed(input.as_bytes(), &known);

    assert_eq!(String::from_utf8(output).expect("UTF-8"), input.replace("YT8,13800000003,\"b\"\n", ""));
    assert_eq!((done.rows, done.canaries()), (10, 1));
    assert_eq!((done.ragged.count, done.ragged_canaries.count, done.unread.count), (4, 2, 1));
    assert_eq!(done.ragged_canaries.first.map(|(record, _)| record), Some(7));
    let (record, byte) = done.ragged.first.expect("there are some");
    assert_eq!((record, &input.as_bytes()[byte as usize..][..4]), (5, &b"YT2,"[..]));
}

#[test]
fn broken_json_is_kept_and_not_flagged() {
    let input = "{\"waybill\":\"YT1\"}\n{\"waybill\":\"YT8\"\n{}\n{\"waybill\": \"yt\\u00388\"}\n";
    let known = Planted { numbers: ["YT88".to_owned(), "YT8".to_owned()].into(), lines: false };

    let (output, done) = removed(input.as_bytes(), &known);
    let (flagged, _) = run(input.as_bytes(), &known, &Mode::Flag("f".into())).expect("JSON Lines");

    assert_eq!(String::from_utf8(output).expect("UTF-8"), "{\"waybill\":\"YT1\"}\n{\"waybill\":\"YT8\"\n{}\n");
    assert_eq!((done.canaries(), done.ragged.count, done.unread.count), (1, 1, 1));
    let expected =
        "{\"waybill\":\"YT1\",\"f\":0}\n{\"waybill\":\"YT8\"\n{\"f\":0}\n{\"waybill\": \"yt\\u00388\",\"f\":1}\n";
    assert_eq!(String::from_utf8(flagged).expect("UTF-8"), expected);
}

#[test]
fn a_header_alone_and_a_wrong_byte_are_no_reason_to_fail() {
    let wrong = [&b"waybill,note\nYT1,\xc4\xff\x00\nYT8,x\n"[..], &b"YT2,plain\n".repeat(300)].concat();
    let options = Options { encoding: Some(crate::plant::Encoding::Utf8), ..Options::default() };
    let known = Planted { numbers: ["YT8".to_owned()].into(), lines: false };

    let mut output = Vec::new();
    let done = scrub(wrong.as_slice(), &mut output, &known, &[], &Mode::Remove, &options).expect("a table");
    let (header, nothing) = removed("运单号,重量\r\n".as_bytes(), &known);

    assert!(output == [&wrong[..21], &wrong[27..]].concat(), "{:?}", String::from_utf8_lossy(&output[..40]));
    assert_eq!(done.canaries(), 1);
    assert_eq!((header, nothing.rows), ("运单号,重量\r\n".as_bytes().to_vec(), 0));
}

#[test]
fn a_file_that_cannot_be_judged_is_refused() {
    let known = Planted::default();
    for (input, expected) in [
        ("", "expected rows, found an empty file"),
        ("品名,重量\nx,1\ny,2\n", "expected a column for a phone or a waybill number"),
        (
            "运单号,重量\nYT00**01,1\nYT00**02,2\n",
            "expected numbers or phones in 运单号, found none that can be read in 2 rows",
        ),
        ("运单号,重量\nYT1,1\nYT2,\"2\n", "expected the quote that closes this field"),
    ] {
        let fault = run(input.as_bytes(), &known, &Mode::Remove).expect_err(input);
        assert!(fault.what.starts_with(expected), "{fault}");
        assert!(fault.hint.is_some(), "{fault}");
    }
    let twice =
        run("waybill,flag\nYT1,0\n".as_bytes(), &known, &Mode::Flag("flag".into())).expect_err("a column too many");
    assert!(twice.what.contains("already"), "{twice}");
}

#[test]
fn a_mark_stands_under_its_name_where_rows_and_header_differ() {
    let known = Planted { numbers: ["YT8".to_owned()].into(), lines: false };
    let flag = |input: &str| {
        let (output, _) = run(input.as_bytes(), &known, &Mode::Flag("f,g".into())).expect("a table");
        String::from_utf8(output).expect("UTF-8")
    };

    assert_eq!(flag("waybill,kg\nYT1,1,\n\nYT8,2,"), "waybill,kg,,\"f,g\"\nYT1,1,,0\n\nYT8,2,,1");
    assert_eq!(flag("waybill,kg,\nYT1,1\nYT8,2\n"), "waybill,kg,,\"f,g\"\nYT1,1,,0\nYT8,2,,1\n");
}

#[test]
fn a_column_is_found_where_plant_finds_it() {
    let specs = |header: &str| {
        let spec = |role, header: &str| ColumnSpec { role, header: header.into(), aliases: Vec::new() };
        vec![spec(ColumnRole::Number, header), spec(ColumnRole::Phone(Role::Recipient), "whom to ring")]
    };
    let known = Planted { numbers: ["YT8".to_owned()].into(), lines: true };
    let scrubbed = |input: &str| {
        let mut output = Vec::new();
        scrub(input.as_bytes(), &mut output, &known, &[Vec::new(), specs("piece")], &Mode::Remove, &Options::default())
            .map(|_| String::from_utf8(output).expect("UTF-8"))
    };
    let line = line(7);

    assert_eq!(scrubbed("Piece,x\nYT8,1\nYT1,2\n").as_deref(), Ok("Piece,x\nYT1,2\n"));
    // Without a header, as the template has its columns.
    let rows = format!("YT1,13800000001\nYT8,13800000002\nYT3,{line}\n");
    assert_eq!(scrubbed(&rows).as_deref(), Ok("YT1,13800000001\n"));
}

/// A filter of ten numbers and two lines.
fn filter() -> (Vec<u8>, FilterKey) {
    let key = FilterKey::of(&MasterKey::from_bytes([5; 32]));
    let numbers: Vec<String> = (0..10).map(|i| format!("YT{i:013}")).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let bytes = filter_of(&key, &numbers, &["154 0000 0001", "+86 15400000001", "no phone"], Timestamp::UNIX_EPOCH);
    (bytes, key)
}

#[test]
fn a_filter_knows_what_went_in_and_nothing_else() {
    let (bytes, key) = filter();
    let filter = Filter::read(bytes, &key).expect("it was just made");

    assert_eq!((filter.numbers(), filter.phones(), filter.made()), (10, 2, Timestamp::UNIX_EPOCH));
    for i in 0..10_000 {
        assert_eq!(filter.number(&format!("YT{i:013}")), (i < 10).then_some(Kind::Number), "{i}");
    }
    assert!(filter.phone("15400000001") && !filter.phone("15400000002") && !filter.phone("YT0000000000001"));
    assert_eq!(filter.number("15400000001"), None, "a phone is no number");
}

#[test]
fn every_flipped_bit_and_every_cut_of_a_filter_is_noticed() {
    let (whole, key) = filter();

    for bit in 0..whole.len() * 8 {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(Filter::read(damaged, &key).is_err(), "bit {bit}");
    }
    for length in 0..whole.len() {
        assert!(Filter::read(whole[..length].to_vec(), &key).is_err(), "{length} bytes");
    }
    assert!(Filter::read([whole.as_slice(), b"x"].concat(), &key).is_err());
}

#[test]
fn another_key_is_told_apart_from_damage_and_nothing_shows_without_it() {
    let (whole, key) = filter();
    let fault = |bytes: Vec<u8>, key: &FilterKey| Filter::read(bytes, key).err().expect("it is refused").what;
    let mut damaged = whole.clone();
    damaged[100] ^= 1;
    let mut newer = whole.clone();
    newer[8] = 2;

    assert_eq!(
        fault(whole.clone(), &FilterKey::of(&MasterKey::from_bytes([6; 32]))),
        "the filter was made with another key"
    );
    assert_eq!(fault(damaged, &key), "the filter was changed or damaged");
    assert_eq!(fault(newer, &key), "the filter has version 2; this program reads 1");
    assert_eq!(fault(whole[..whole.len() - 1].to_vec(), &key).split(':').next(), Some("the filter was cut"));
    assert_eq!(fault(b"TRAPSCAN".repeat(9), &key), "this is no scrub filter");
    for secret in ["YT00", "15400000001"] {
        assert!(memchr::memmem::find(&whole, secret.as_bytes()).is_none());
    }
    assert_eq!(format!("{key:?}"), "FilterKey(..)");
    let read = FilterKey::parse(&key.to_file_text()).expect("its own text");
    assert!(Filter::read(whole, &read).is_ok());
}
