//! Files that must be refused with one clear fault, or planted around.

use super::*;

const HEADER: &str = "运单号,收件人,收件电话\n";

fn refused(input: &[u8]) -> Fault {
    refused_with(input, &Options::default())
}

fn refused_with(input: &[u8], options: &Options) -> Fault {
    let records = records(1);
    let fault = plan(&BytesSource(input), &job(&records, &numbers(1, 3), options)).expect_err("it must be refused");
    assert!(fault.hint.is_some(), "{fault}");
    assert_eq!(fault.file.as_deref(), Some("input"));
    fault
}

fn rows_text(count: usize) -> String {
    (0..count).map(|i| format!("YT{:013},张三,1380000{:04}\n", i * 7919 % 100_000 + 500, i % 10_000)).collect()
}

fn place(fault: &Fault) -> (Option<u64>, Option<u64>, Option<u64>) {
    (fault.record, fault.line, fault.byte)
}

#[test]
fn an_empty_file_and_a_bare_header() {
    assert!(refused(b"").what.contains("empty file"));
    assert!(refused(HEADER.as_bytes()).what.contains("a header and nothing below it"));
    assert!(refused("\u{feff}".as_bytes()).what.contains("rows to hide among"));
}

#[test]
fn a_quote_that_nobody_closes() {
    let input = format!("{HEADER}{}YT9,\"张三,13800000009\nYT8,李四,13800000008\n", rows_text(2));

    let fault = refused(input.as_bytes());

    assert!(fault.what.contains("the quote that closes this field"), "{fault}");
    let quote = input.find('"').expect("there is one") as u64;
    assert_eq!(place(&fault), (Some(3), Some(4), Some(quote)));
    let options = Options { quotes: Some(false), ..Options::default() };
    let records = records(1);
    assert!(plant(input.as_bytes(), &job(&records, &numbers(1, 3), &options)).is_ok(), "the hint is the way out");
}

#[test]
fn an_unclosed_quote_far_from_the_head() {
    let input = format!("{HEADER}{}YT9,\"张三,13800000009\n{}", rows_text(40_000), rows_text(9));

    let fault = refused(input.as_bytes());

    assert_eq!((fault.record, fault.line), (Some(40_001), Some(40_002)), "{fault}");
}

#[test]
fn utf8_with_a_few_bytes_of_another_encoding() {
    for count in [5, 60_000] {
        let mut input = format!("{HEADER}{}", rows_text(count)).into_bytes();
        let at = input.len();
        input.extend_from_slice(b"YT9,\xd5\xc5\xc8\xfd,13800000009\n");

        let fault = refused(&input);

        assert!(fault.what.contains("UTF-8"), "{fault}");
        assert_eq!(fault.byte, Some(at as u64 + 4));
        assert_eq!(fault.line, Some(count as u64 + 2));
        assert!(fault.hint.as_deref().is_some_and(|hint| hint.contains("--encoding")));
    }
}

#[test]
fn gbk_with_a_byte_that_is_none() {
    let mut input =
        Encoding::Gbk.encode(&format!("{HEADER}{}", rows_text(60_000))).expect("GBK holds this").into_owned();
    let at = input.len();
    input.extend_from_slice(b"YT9,\xff,13800000009\n");

    let fault = refused(&input);

    assert_eq!(place(&fault), (Some(60_001), Some(60_002), Some(at as u64 + 4)));
}

#[test]
fn nul_bytes_near_and_far() {
    for count in [3, 60_000] {
        let text = format!("{HEADER}{}YT9,张\0三,13800000009\n{}", rows_text(count), rows_text(3));

        let fault = refused(text.as_bytes());

        assert!(fault.what.contains("NUL"), "{fault}");
        assert_eq!(fault.byte, text.find('\0').map(|at| at as u64));
        assert_eq!(fault.line, Some(count as u64 + 2));
    }
}

#[test]
fn a_line_that_does_not_end() {
    let options = Options { max_record_bytes: 2 << 20, ..Options::default() };
    for count in [0, 3, 40_000] {
        let input = format!("{HEADER}{}YT9,{}", rows_text(count), "x".repeat(5 << 20));

        let fault = refused_with(input.as_bytes(), &options);

        assert!(fault.what.contains("at most 2097152 bytes"), "{count}: {fault}");
        assert_eq!((fault.record, fault.line), (Some(count as u64 + 1), Some(count as u64 + 2)), "{count}");
    }
}

#[test]
fn ragged_rows_are_counted_and_lend_nothing() {
    let input =
        format!("{HEADER}YT700,张三,13800000001\n合计 1\nYT701,李四,13800000002,多\n\nYT702,王五,13800000003\n");
    let (records, options) = (records(20), Options::default());

    let (plan, planted) = plant_soundly(input.as_bytes(), &job(&records, &numbers(1, 30), &options));

    let survey = plan.survey();
    assert_eq!((survey.ragged.count, survey.blank, survey.records), (2, 1, 4));
    let line = input.lines().position(|line| line.starts_with("合计")).expect("it is there") as u64 + 1;
    assert_eq!(survey.ragged.first.map(|(record, at, _)| (record, at)), Some((2, line)));
    for row in rows(&plan, &planted) {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(row);
        assert_eq!(reader.records().next().expect("a row").expect("it is CSV").len(), 3);
    }
}

#[test]
fn blank_lines_at_the_end_stay_there() {
    let input = format!("{HEADER}YT700,张三,13800000001\n\n\n");
    let (records, options) = (records(9), Options::default());

    let (_, planted) = plant_soundly(input.as_bytes(), &job(&records, &numbers(1000, 9), &options));

    assert!(planted.ends_with(b"\n\n\n"));
    assert_eq!(memchr::memmem::find(&planted, b"\n\n"), Some(planted.len() - 3));
}

#[test]
fn broken_json_is_counted_and_lends_nothing() {
    let row = |i: usize| {
        format!("{{\"mailno\":\"YT{i}\",\"receiver_name\":\"张三\",\"receiver_phone\":\"1380000{i:04}\"}}\n")
    };
    let input = format!("{}{}{{\"mailno\":\"YT3\n{}", row(1), row(2), row(4));
    let (records, options) = (records(9), Options::default());

    let (plan, planted) = plant_soundly(input.as_bytes(), &job(&records, &numbers(10, 30), &options));

    assert_eq!(plan.survey().ragged.count, 1);
    for row in rows(&plan, &planted) {
        assert!(serde_json::from_slice::<serde_json::Value>(row).is_ok());
    }
}

#[test]
fn nothing_that_could_carry_a_mark() {
    let fault = refused(b"a,b\n1,2\n3,4\n");

    assert!(fault.what.contains("a phone or a waybill number"), "{fault}");
    assert!(fault.hint.as_deref().is_some_and(|hint| hint.contains("--map")));
}

#[test]
fn a_map_to_a_column_that_is_not_there() {
    let options = Options { map: vec![(PHONE, "Telefon".into())], ..Options::default() };

    let fault = refused_with(format!("{HEADER}{}", rows_text(3)).as_bytes(), &options);

    assert!(fault.what.contains("Telefon"), "{fault}");
    assert!(fault.hint.as_deref().is_some_and(|hint| hint.contains("收件电话")));
}

#[test]
fn a_cut_off_archive() {
    let mut packer = Packer::new(Vec::new(), Compression::Gzip).expect("memory is writable");
    std::io::Write::write_all(&mut packer, format!("{HEADER}{}", rows_text(60_000)).as_bytes())
        .expect("memory is writable");
    let packed = packer.finish().expect("memory is writable");

    let fault = refused(&packed[..packed.len() / 2]);

    assert!(fault.hint.as_deref().is_some_and(|hint| hint.contains("cut off")), "{fault}");
    assert!(fault.byte.is_some_and(|byte| byte > 0));
}

#[test]
fn only_ragged_rows() {
    let fault = refused(format!("{HEADER}YT1,张三\nYT2\n").as_bytes());

    assert!(fault.what.contains("fields") || fault.what.contains("regular row"), "{fault}");
}
