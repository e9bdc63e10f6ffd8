//! Every dialect: planted, verified, and the original when the rows are taken out.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;

use crate::bench::{Bench, PLANTED, export};

/// Plants `bytes` and returns what is under the output's name.
fn plant(bench: &Bench, name: &str, bytes: &[u8], output: &str, args: &[&str]) -> Vec<u8> {
    let input = bench.file(name, bytes);
    let output = bench.text(output);
    let mut all = vec!["--now", PLANTED, "plant", &input, "-o", &output, "--account", "a", "--batch", "b"];
    all.extend(args);
    bench.ok(&all);
    assert!(bench.ok(&["verify", &output, "--batch", "b"]).contains("10 planted rows"));
    fs::read(output).expect("released")
}

/// Takes out the lines that the original does not have: the rest must be the
/// original, byte for byte, and ten lines must have gone.
fn assert_original_within(planted: &[u8], original: &[u8], terminator: u8) {
    let mut rest = original;
    let mut rows = 0;
    for line in planted.split_inclusive(|&byte| byte == terminator) {
        match rest.strip_prefix(line) {
            Some(after) => rest = after,
            None => rows += 1,
        }
    }
    assert_eq!(rest, b"", "the original is in there, in order");
    assert_eq!(rows, 10, "and beside it the planted rows alone");
    assert_eq!(planted.ends_with(&[terminator]), original.ends_with(&[terminator]), "the end is as it was");
}

fn plain(name: &str, bytes: &[u8], terminator: u8, args: &[&str]) -> Vec<u8> {
    let bench = Bench::new();
    let planted = plant(&bench, name, bytes, "out.csv", args);
    assert_original_within(&planted, bytes, terminator);
    planted
}

#[test]
fn a_gb18030_export_stays_gb18030() {
    let text = export(0..300);
    let (bytes, _, lossy) = encoding_rs::GB18030.encode(text.trim_start_matches('\u{feff}'));
    assert!(!lossy);

    let planted = plain("in.csv", &bytes, b'\n', &[]);

    let (text, _, broken) = encoding_rs::GB18030.decode(&planted);
    assert!(!broken && text.contains("运单"));
}

#[test]
fn tabs_with_lone_carriage_returns_and_no_end_of_file() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/plant/shipments.tsv");
    let bytes = fs::read(path).expect("shipped");

    let planted = plain("in.tsv", &bytes, b'\r', &["--template", "scms-shipments", "--canaries", "10"]);

    assert!(!planted.contains(&b'\n'));
}

#[test]
fn an_export_without_a_final_newline_stays_so() {
    plain("in.csv", export(0..200).trim_end().as_bytes(), b'\n', &[]);
}

#[test]
fn semicolons_and_pipes_separate_too() {
    for delimiter in [";", "|"] {
        plain("in.csv", export(0..200).replace(',', delimiter).as_bytes(), b'\n', &[]);
    }
}

#[test]
fn a_compressed_export_is_planted_and_compressed_as_the_name_says() {
    let text = export(0..300);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).expect("in memory");
    let packed = encoder.finish().expect("in memory");

    let gzip = plant(&Bench::new(), "in.csv.gz", &packed, "out.csv.gz", &[]);
    let zstd = plant(&Bench::new(), "in.csv.gz", &packed, "out.csv.zst", &[]);

    let mut unpacked = Vec::new();
    flate2::read::MultiGzDecoder::new(gzip.as_slice()).read_to_end(&mut unpacked).expect("gzip");
    assert_original_within(&unpacked, text.as_bytes(), b'\n');
    let unpacked = zstd::decode_all(zstd.as_slice()).expect("zstd");
    assert_original_within(&unpacked, text.as_bytes(), b'\n');
}

/// Rows of an export as cells.
fn cells(rows: std::ops::Range<usize>) -> (Vec<String>, Vec<Vec<String>>) {
    let text = export(rows);
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    let split = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    (split(lines.next().expect("a header")), lines.map(split).collect())
}

#[test]
fn json_lines_get_json_lines() {
    let (header, rows) = cells(0..200);
    let mut text = String::new();
    for row in rows {
        let object: serde_json::Map<String, serde_json::Value> =
            header.iter().filter(|name| !name.is_empty()).cloned().zip(row.into_iter().map(Into::into)).collect();
        text += &format!("{}\n", serde_json::Value::Object(object));
    }

    let planted = plain("in.jsonl", text.as_bytes(), b'\n', &[]);

    for line in String::from_utf8(planted).expect("UTF-8").lines() {
        serde_json::from_str::<serde_json::Value>(line).expect("JSON");
    }
}

#[test]
fn a_file_without_a_header_needs_a_map() {
    let (header, rows) = cells(0..200);
    let text: String = rows.iter().map(|row| row.join(",") + "\n").collect();
    let place = |name: &str| header.iter().position(|own| own == name).expect("a column") + 1;
    let maps = [
        format!("number={}", place("运单号")),
        format!("recipient.name={}", place("收件人")),
        format!("recipient.phone={}", place("收件电话")),
    ];

    let planted = plain(
        "in.csv",
        text.as_bytes(),
        b'\n',
        &["--no-header", "--map", &maps[0], "--map", &maps[1], "--map", &maps[2]],
    );

    assert!(!String::from_utf8(planted).expect("UTF-8").contains("收件人"));
}

#[test]
fn fields_over_several_lines_stay_whole() {
    let (mut header, rows) = cells(0..200);
    header.push("remark".to_owned());
    let mut text = header.join(",") + "\r\n";
    for (place, row) in rows.iter().enumerate() {
        let remark = if place % 3 == 0 { "\"two\r\nlines, \"\"quoted\"\"\"" } else { "\"\"" };
        text += &format!("{},{remark}\r\n", row.join(","));
    }
    let bench = Bench::new();

    let planted = plant(&bench, "in.csv", text.as_bytes(), "out.csv", &[]);

    let records = |bytes: &[u8]| -> Vec<csv::StringRecord> {
        csv::ReaderBuilder::new().has_headers(false).from_reader(bytes).records().map(|row| row.expect("CSV")).collect()
    };
    let (before, after) = (records(text.as_bytes()), records(&planted));
    assert_eq!(after.len(), before.len() + 10);
    let mut rest = before.iter().peekable();
    for record in &after {
        rest.next_if(|own| *own == record);
    }
    assert!(rest.next().is_none(), "the original's records, in order");
}

#[test]
fn a_row_of_an_english_parcel_export_wears_two_lines() {
    let mut text =
        "Tracking Number,Ship Date,Sender,Sender Phone,Recipient,Recipient Phone,Street,City,State,ZIP\n".to_owned();
    for n in 0..200 {
        text += &format!(
            "92055901755477{n:08},2026-09-{:02} 10:{:02},Ann Baker,(555) 010-{:04},Tom Reed,(555) 011-{:04},{n} Main St,Springfield,IL,62701\n",
            1 + n / 20,
            n % 60,
            n,
            n
        );
    }
    let bench = Bench::with_lines("600");
    let lines = bench.lines();

    let planted = plant(&bench, "in.csv", text.as_bytes(), "out.csv", &["--template", "en-parcel", "--canaries", "10"]);

    assert_original_within(&planted, text.as_bytes(), b'\n');
    let digits = |cell: &str| cell.chars().filter(char::is_ascii_digit).collect::<String>();
    let text = String::from_utf8(planted).expect("UTF-8");
    let worn = text
        .lines()
        .flat_map(|line| line.split(','))
        .filter(|cell| lines.iter().any(|line| digits(cell).ends_with(line.as_str())));
    assert_eq!(worn.count(), 20);
}
