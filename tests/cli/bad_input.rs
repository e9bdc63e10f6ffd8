//! Bad input: one clear error each, with its place and the way out; nothing is
//! lost and nothing is released.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::bench::{Bench, CALLS, LATER, PLANTED, call, export};

/// Plants a file that cannot be planted into; returns what was said.
fn refused(name: &str, bytes: impl AsRef<[u8]>) -> String {
    let bench = Bench::new();
    let input = bench.file(name, bytes);
    let said = bench.fails(&["--now", PLANTED, "plant", &input, "-o", "out.csv", "--account", "a", "--batch", "b"]);
    assert!(!bench.path("out.csv").exists(), "nothing is released");
    let leftovers = fs::read_dir(bench.path("."))
        .expect("a folder")
        .filter(|entry| entry.as_ref().is_ok_and(|entry| entry.file_name().to_string_lossy().contains("partial")));
    assert_eq!(leftovers.count(), 0, "nothing half-written stays");
    said
}

#[test]
fn a_truncated_quoted_field_names_its_record() {
    let mut text = export(0..50);
    text += "YT1,\"2020-11-01 never closed\n";
    text += &export(50..60);

    let said = refused("in.csv", text);

    assert!(said.contains("quot") && said.contains("record") && said.contains("hint:"), "{said}");
}

#[test]
fn mixed_encodings_name_the_byte() {
    let mut bytes = export(0..50).into_bytes();
    let offset = bytes.len();
    bytes.extend_from_slice(b"YT1,2020-11-01 10:00:00,\xd3\xc0\xc4\xea\n");

    let said = refused("in.csv", bytes);

    assert!(said.contains("byte") && said.contains("hint:"), "{said}");
    let named: usize = said
        .split("byte ")
        .nth(1)
        .and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next())
        .and_then(|n| n.parse().ok())
        .expect("a byte offset");
    assert!((offset..offset + 60).contains(&named), "{said}");
}

#[test]
fn nul_bytes_are_refused() {
    let mut bytes = export(0..50).into_bytes();
    bytes.extend_from_slice(b"YT1,\0\0\0\n");

    assert!(refused("in.csv", bytes).to_lowercase().contains("nul"));
}

#[test]
fn an_endless_line_is_refused_without_being_held() {
    let mut bytes = export(0..10).into_bytes();
    bytes.extend(std::iter::repeat_n(b'x', 100 << 20));

    let said = refused("in.csv", bytes);

    assert!(said.contains("bytes") && said.contains("record"), "{said}");
}

#[test]
fn a_gzip_bomb_is_refused() {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(export(0..10).as_bytes()).expect("in memory");
    let row = format!("YT1,2020-11-01 10:00:00,{},b,1,c,d,2,e,f,g,h,i,1,1,1,j,k,\n", "a".repeat(1 << 20));
    for _ in 0..200 {
        encoder.write_all(row.as_bytes()).expect("in memory");
    }

    let said = refused("in.csv.gz", encoder.finish().expect("in memory"));

    assert!(said.contains("unpack"), "{said}");
}

#[test]
fn a_truncated_gzip_is_refused() {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(export(0..200).as_bytes()).expect("in memory");
    let mut bytes = encoder.finish().expect("in memory");
    bytes.truncate(bytes.len() / 2);

    assert!(refused("in.csv.gz", bytes).contains("in.csv.gz"));
}

#[test]
fn empty_files_are_refused() {
    assert!(refused("in.csv", "").contains("hint:"));
    assert!(refused("in.csv", export(0..0)).contains("hint:"), "a header alone");
}

#[test]
fn a_missing_file_is_named() {
    let said = Bench::new().fails(&["plant", "nowhere.csv", "-o", "out.csv", "--account", "a"]);

    assert!(said.contains("nowhere.csv"), "{said}");
}

#[test]
fn ragged_rows_are_reported_and_never_copied() {
    let bench = Bench::new();
    let mut text = export(0..100);
    text += "YT1,half a row\n";
    text += export(100..200).split_once('\n').expect("a header").1;
    let input = bench.file("in.csv", text);

    let said = bench.run(&["--now", PLANTED, "plant", &input, "-o", "out.csv", "--account", "a", "--batch", "b"]);

    assert_eq!(said.status, 0, "{}", said.stderr);
    assert!(said.stderr.contains("record 101"), "{}", said.stderr);
    bench.ok(&["verify", "out.csv", "--batch", "b"]);
}

#[test]
fn standard_output_is_refused_as_a_destination() {
    let bench = Bench::new();
    let input = bench.file("in.csv", export(0..100));

    assert!(bench.fails(&["plant", &input, "-o", "-", "--account", "a"]).contains("registered"));
}

#[test]
fn an_original_is_never_overwritten() {
    let bench = Bench::new();
    let input = bench.file("in.csv", export(0..100));
    let other = bench.file("other.csv", "precious");

    bench.fails(&["plant", &input, "-o", &input, "--account", "a"]);
    bench.fails(&["--now", PLANTED, "plant", &input, "-o", &other, "--account", "a"]);

    assert_eq!(fs::read_to_string(other).expect("there"), "precious");
}

#[test]
fn a_configuration_with_a_typo_names_its_line() {
    let bench = Bench::new();
    let path = bench.path("ws/trapline.yaml");
    let text = fs::read_to_string(&path).expect("a configuration");
    let line = text.lines().position(|line| line.starts_with("time_zone")).expect("a line") + 1;
    fs::write(&path, text.replace("time_zone:", "time_zonne:")).expect("written");

    let said = bench.fails(&["monitor"]);

    assert!(said.contains(&format!("line {line}")) && said.contains("time_zonne") && said.contains("hint:"), "{said}");
}

#[test]
fn a_key_that_others_may_read_is_refused() {
    let bench = Bench::new();
    fs::set_permissions(bench.path("ws/trapline.key"), fs::Permissions::from_mode(0o644)).expect("mode");

    assert!(bench.fails(&["epoch", "list"]).contains("chmod 600"));
}

#[test]
fn malformed_call_records_are_quarantined_and_the_rest_goes_on() {
    let bench = Bench::new();
    let lines = bench.lines();
    let mut calls = call(10, "02110000001", &lines[0], 30, "");
    calls += "this is no call record\n\"half\",\"a";
    calls += "\n";
    calls += &call(20, "02110000002", &lines[1], 30, "");
    bench.file("Master.csv", calls);
    bench.feeds(CALLS);

    let said = bench.run(&["--now", LATER, "monitor", "--json"]);

    let summary: serde_json::Value = serde_json::from_str(&said.stdout).expect("JSON");
    assert!(summary["feeds"][0]["quarantined"].as_u64() >= Some(1), "{}", said.stdout);
    assert!(summary["feeds"][0]["new"].as_u64() >= Some(1), "{}", said.stdout);
    assert!(said.stderr.contains("quarantine"), "{}", said.stderr);
}

#[test]
fn one_broken_feed_does_not_keep_the_others_from_being_read() {
    let bench = Bench::new();
    bench.file("Master.csv", call(10, "02110000001", &bench.lines()[0], 30, ""));
    bench.feeds(&format!(
        "{CALLS}  - name: gone\n    source: {{kind: file, path: ../nowhere.csv}}\n    format: {{preset: asterisk-cdr-csv}}\n    time_zone: UTC\n"
    ));

    let said = bench.run(&["--now", LATER, "monitor", "--json"]);

    assert_eq!(said.status, 1, "a failed feed fails the pass");
    let summary: serde_json::Value = serde_json::from_str(&said.stdout).expect("JSON");
    assert_eq!(summary["feeds"][0]["new"], 1, "{}", said.stdout);
    assert!(said.stderr.contains("feed gone") && said.stderr.contains("nowhere.csv"), "{}", said.stderr);
}

#[test]
fn a_feed_that_goes_silent_is_a_failure() {
    let bench = Bench::new();
    bench.file("Master.csv", call(10, "02110000001", &bench.lines()[0], 30, ""));
    bench.feeds(CALLS);
    bench.ok(&["--now", "2026-10-06T00:00:00Z", "monitor"]);
    bench.ok(&["--now", "2026-10-06T12:00:00Z", "monitor"]);

    let said = bench.run(&["--now", "2026-10-08T00:00:00Z", "monitor"]);

    assert_eq!(said.status, 1);
    assert!(said.stderr.contains("silent"), "{}", said.stderr);
}

#[test]
fn lines_that_cannot_be_called_are_refused_with_their_line_and_nothing_is_imported() {
    let bench = Bench::empty();
    bench.ok(&["init"]);
    let file =
        bench.file("lines.csv", "number,role\n13800138000,trap\n15400000001,trap\n13800138000,trap\nnonsense,trap\n");

    let said = bench.run(&["lines", "import", &file]);

    assert_eq!(said.status, 1);
    for line in ["line 3", "line 4", "line 5"] {
        assert!(said.stderr.contains(line), "{line}: {}", said.stderr);
    }
    assert!(bench.ok(&["lines", "list"]).starts_with("0 trap lines"));
}
