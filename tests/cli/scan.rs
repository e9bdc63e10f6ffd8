//! Dumps: scanned in the workspace, on another machine, out of archives.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use crate::bench::{Bench, LATER, export};

/// Three accounts with two exports each, and a dump of rows of two of them.
fn dumped() -> (Bench, String) {
    let bench = Bench::new();
    for (place, account) in ["handan-01", "handan-02", "handan-03"].into_iter().enumerate() {
        for batch in 0..2 {
            let rows = place * 400 + batch * 200;
            let input = bench.file(&format!("{account}-{batch}.csv"), export(rows..rows + 200));
            bench.plant(&input, account, &format!("b{batch}"));
        }
    }
    let planted = |name: &str| fs::read_to_string(bench.path(&format!("{name}.planted"))).expect("planted");
    let mut rows: Vec<String> = planted("handan-01-b0").lines().map(str::to_owned).collect();
    rows.extend(planted("handan-03-b1").lines().skip(1).map(str::to_owned));
    rows.sort();
    (bench, rows.join("\r\n"))
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).expect("JSON")
}

/// Batches with what was found of them.
fn found(summary: &serde_json::Value) -> Vec<(String, String, u64)> {
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    let sources = summary["sources"].as_array().expect("a list").iter();
    sources
        .map(|source| (text(&source["account"]), text(&source["batch"]), source["found"].as_u64().expect("a number")))
        .collect()
}

#[test]
fn a_dump_leads_to_the_exports_that_it_was_made_of() {
    let (bench, dump) = dumped();
    let dump = bench.file("dump.csv", dump);

    let said = bench.run(&["--now", LATER, "scan", &dump]);

    assert_eq!(said.status, 0, "{}", said.stderr);
    assert!(said.stderr.contains("dump.csv: 421 rows"), "{}", said.stderr);
    assert!(said.stdout.contains("20 rows hold something of ours: 20 of them a canary's number"), "{}", said.stdout);
    let summary = json(&bench.ok(&["--now", LATER, "scan", &dump, "--json"]));
    assert_eq!(
        found(&summary),
        [("handan-01".into(), "b0".into(), 10), ("handan-03".into(), "b1".into(), 10)],
        "{summary}"
    );
    let exported: Vec<(&str, bool)> = summary["exported"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|bracket| (bracket["account"].as_str().expect("text"), bracket["before"].is_null()))
        .collect();
    assert_eq!(exported, [("handan-01", true), ("handan-03", true)], "all were planted in one moment");
}

#[test]
fn what_a_scan_showed_is_noted() {
    let (bench, dump) = dumped();
    let dump = bench.file("dump.csv", dump);

    let lines = bench.ok(&["--now", LATER, "scan", &dump, "--jsonl", "-"]);

    assert_eq!(lines.lines().filter(|line| line.contains("handan-0")).count(), 20);
    assert_eq!(notes(&bench), 2, "one for each batch that was shown");
}

/// Revelations in the registry.
fn notes(bench: &Bench) -> u64 {
    let sql = rusqlite::Connection::open(bench.path("ws/registry.db")).expect("a registry");
    sql.query_row("SELECT count(*) FROM revelation WHERE why = 'scan'", [], |row| row.get::<_, i64>(0))
        .expect("a count") as u64
}

#[test]
fn another_machine_needs_index_and_scan_key_alone() {
    let (bench, dump) = dumped();
    let dump = bench.file("dump.csv", dump);
    bench.ok(&["--now", LATER, "index", "-o", &bench.text("scan.index"), "--key-out", &bench.text("scan.key")]);
    for name in ["scan.index", "scan.key"] {
        assert_eq!(fs::metadata(bench.path(name)).expect("written").permissions().mode() & 0o777, 0o600);
    }
    fs::rename(bench.path("ws"), bench.path("gone")).expect("moved");
    let (index, key) = (bench.text("scan.index"), bench.text("scan.key"));

    let summary = json(&bench.ok(&["scan", &dump, "--index", &index, "--scan-key", &key, "--json"]));
    let lines = bench.ok(&["scan", &dump, "--index", &index, "--scan-key", &key, "--jsonl", "-"]);

    assert_eq!(found(&summary).len(), 2);
    let hits: Vec<serde_json::Value> = lines.lines().map(json).collect();
    assert_eq!(hits.len(), 20);
    for hit in &hits {
        let row = hit["row"].as_str().expect("text");
        let offset = hit["offset"].as_u64().expect("a number") as usize;
        assert!(fs::read(&dump).expect("the dump")[offset..].starts_with(row.as_bytes()));
        assert_eq!(hit["canaries"][0]["how"], "whole");
        assert_eq!(hit["lines"].as_array().map(Vec::len), Some(1), "{hit}");
    }
}

#[test]
fn archives_are_opened_and_what_is_broken_does_not_hide_the_rest() {
    let (bench, dump) = dumped();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(dump.as_bytes()).expect("in memory");
    let packed = packed.finish().expect("in memory");
    fs::create_dir(bench.path("dumps")).expect("a folder");
    bench.file("dumps/a.csv.gz", &packed[..packed.len() - 40]);
    bench.file("dumps/b.csv.gz", &packed);

    let said = bench.run(&["--now", LATER, "scan", &bench.text("dumps"), "--json"]);

    assert_eq!(said.status, 1, "one file was cut");
    let summary = json(&said.stdout);
    assert_eq!(summary["inputs"].as_array().map(Vec::len), Some(2), "{summary}");
    assert_eq!(summary["inputs"][1]["hits"], 20, "{summary}");
    assert!(summary["faults"][0].as_str().is_some_and(|fault| fault.contains("a.csv.gz")), "{summary}");
}

#[test]
fn a_stale_index_is_made_anew_and_a_foreign_one_is_refused() {
    let (bench, dump) = dumped();
    let dump = bench.file("dump.csv", dump);
    bench.ok(&["--now", LATER, "scan", &dump]);
    let input = bench.file("more.csv", export(1300..1500));
    let planted = bench.plant(&input, "handan-04", "b0");

    let summary = json(&bench.ok(&["--now", LATER, "scan", &planted.display().to_string(), "--json"]));
    assert_eq!(found(&summary), [("handan-04".into(), "b0".into(), 10)]);

    let other = Bench::new();
    other.ok(&["--now", LATER, "index", "--key-out", &bench.text("other.key")]);
    let said =
        bench.fails(&["scan", &dump, "--index", &bench.text("ws/scan.index"), "--scan-key", &bench.text("other.key")]);
    assert!(said.contains("another scan key"), "{said}");
    let said = bench.fails(&["scan", &dump, "--index", &dump, "--scan-key", &bench.text("other.key")]);
    assert!(said.contains("no scan index"), "{said}");
}

#[test]
fn a_dump_without_anything_of_ours_says_so() {
    let (bench, _) = dumped();
    let clean = bench.file("clean.csv", export(0..400));

    assert_eq!(bench.ok(&["--now", LATER, "scan", &clean]), "no canary and no line of ours was found\n");
}
