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

/// Another machine's hits of the dump, as lines of JSON.
fn hits_of_another_machine(bench: &Bench, dump: &str) -> String {
    let (index, key) = (bench.text("scan.index"), bench.text("scan.key"));
    bench.ok(&["--now", LATER, "index", "-o", &index, "--key-out", &key]);
    bench.ok(&["scan", dump, "--index", &index, "--scan-key", &key, "--jsonl", &bench.text("hits.jsonl")]);
    bench.text("hits.jsonl")
}

#[test]
fn what_is_left_of_each_column_is_told_where_the_master_key_is() {
    let (bench, dump) = dumped();
    let cut = |row: &str| row.split(',').map(str::to_owned).collect::<Vec<_>>();
    let header = cut(export(0..1).lines().next().expect("a header").trim_start_matches('\u{feff}'));
    let column = |name: &str| header.iter().position(|have| have == name).expect("a column");
    let (number, phone, name) = (column("运单号"), column("收件电话"), column("收件人"));
    let masked = |row: &str| {
        let cells = cut(row);
        if cells.len() < header.len() || cells[phone].len() != 11 {
            return String::new();
        }
        let phone = format!("{}****{}", &cells[phone][..3], &cells[phone][7..]);
        let name: String = cells[name].chars().enumerate().map(|(at, c)| if at == 0 { c } else { '*' }).collect();
        format!("{}----{phone}----{name}", cells[number])
    };
    let sold: Vec<String> = dump.lines().map(masked).filter(|row| !row.is_empty()).collect();
    let sold = bench.file("sold.txt", sold.join("\n"));

    let lines = bench.ok(&["--now", LATER, "scan", &sold, "--jsonl", "-"]);
    let summary = json(&bench.ok(&["--now", LATER, "scan", &sold, "--json"]));
    let said = bench.ok(&["--now", LATER, "scan", &sold]);

    let columns = &summary["survived"]["columns"];
    let counts = |whole: u64, masked: u64, absent: u64| serde_json::json!({"whole": whole, "masked": masked, "damaged": 0, "absent": absent});
    assert_eq!(columns["number"], counts(20, 0, 0), "{summary}");
    assert_eq!(columns["recipient.phone"], counts(0, 20, 0), "{summary}");
    assert_eq!(columns["recipient.name"], counts(0, 20, 0), "{summary}");
    assert_eq!(columns["goods"], counts(0, 0, 20), "{summary}");
    assert_eq!(summary["survived"]["layouts"]["dashes"], 20);
    assert_eq!(
        lines.lines().filter(|line| json(line)["canaries"][0]["comparison"]["counts"]["masked"] == 2).count(),
        20
    );
    assert!(said.contains("of the 20 canaries in these rows, column by column"), "{said}");
    assert!(said.contains("cells are parted by dashes (20)"), "{said}");
}

#[test]
fn what_another_machine_found_is_compared_as_if_it_were_found_here() {
    let (bench, dump) = dumped();
    let dump = bench.file("dump.csv", dump);
    let hits = hits_of_another_machine(&bench, &dump);
    assert_eq!(notes(&bench), 0);

    let there = json(&bench.ok(&["--now", LATER, "scan", "--compare", &hits, "--json"]));

    assert_eq!(notes(&bench), 2, "what is shown is noted here too");
    let here = json(&bench.ok(&["--now", LATER, "scan", &dump, "--json"]));
    for part in ["rows", "canaries", "lines", "sources", "exported", "survived", "written"] {
        assert_eq!(here[part], there[part], "{part}");
    }
    assert_eq!(there["survived"]["columns"]["recipient.phone"]["whole"], 20);

    let text = fs::read_to_string(&hits).expect("hits");
    let damaged = bench.file("damaged.jsonl", format!("{{\"file\": 1}}\n{text}not JSON\n"));
    let said = bench.run(&["--now", LATER, "scan", "--compare", &damaged, "--jsonl", "-"]);
    assert_eq!(said.status, 1, "two lines were none");
    assert_eq!(said.stdout.lines().count(), 20, "and the rest went on");
    let said = bench.run(&["--now", LATER, "scan", "--compare", &damaged]);
    assert!(said.stderr.contains("damaged.jsonl: line 1:") && said.stderr.contains("line 22:"), "{}", said.stderr);
}

#[test]
fn hits_of_a_foreign_index_are_counted_and_not_believed() {
    let (bench, dump) = dumped();
    let dump = bench.file("dump.csv", dump);
    let hits = hits_of_another_machine(&bench, &dump);
    let foreign = fs::read_to_string(&hits).expect("hits").replace("handan-0", "elsewhere-");
    let foreign = bench.file("foreign.jsonl", foreign);

    let summary = json(&bench.ok(&["--now", LATER, "scan", "--compare", &foreign, "--json"]));

    assert_eq!(summary["survived"]["unknown"], 20, "{summary}");
    assert_eq!(summary["canaries"], 0, "{summary}");
}

#[test]
fn forged_hits_note_nothing() {
    let (bench, dump) = dumped();
    let dump = bench.file("dump.csv", dump);
    let hits = hits_of_another_machine(&bench, &dump);
    // Canaries that are planted and not in these rows: noted as seen they would be evidence no more.
    let forged: String = fs::read_to_string(&hits)
        .expect("hits")
        .lines()
        .map(|line| {
            let mut hit = json(line);
            hit["canaries"][0]["account"] = "handan-02".into();
            format!("{hit}\n")
        })
        .collect();
    let forged = bench.file("forged.jsonl", forged);

    let summary = json(&bench.ok(&["--now", LATER, "scan", "--compare", &forged, "--json"]));

    assert_eq!((&summary["survived"]["unknown"], &summary["canaries"]), (&json("20"), &json("0")), "{summary}");
    assert_eq!(notes(&bench), 0);
}

#[test]
fn where_no_epoch_would_decide_nothing_is_recorded() {
    let (bench, dump) = dumped();
    let dump = bench.file("dump.csv", dump);

    let said = bench.fails(&["--now", "2031-01-01T00:00:00Z", "scan", "--record", &dump]);

    assert!(said.contains("no epoch would decide") && said.contains("epoch open"), "{said}");
}

#[test]
fn recorded_rows_show_nobody_and_name_the_leaker_once_they_are_decided() {
    let (bench, _) = dumped();
    let dump = bench.file("dump.csv", fs::read(bench.path("handan-02-b1.planted")).expect("planted"));

    let said = bench.run(&["--now", LATER, "scan", "--record", &dump]);
    assert_eq!(said.status, 0, "{}", said.stderr);
    assert!(said.stdout.contains("10 rows are recorded as evidence, 0 were before"), "{}", said.stdout);
    assert!(!format!("{}{}", said.stdout, said.stderr).contains("handan-02 "), "{}", said.stdout);
    assert_eq!(notes(&bench), 0, "nothing was shown");
    let again = json(&bench.ok(&["--now", LATER, "scan", "--record", &dump, "--json"]));
    assert_eq!((&again["recorded"], &again["known"]), (&json("0"), &json("10")), "{again}");
    assert_eq!(again["inputs"][0]["sha256"].as_str().map(str::len), Some(64));

    let refused = bench.fails(&["--now", LATER, "scan", &dump]);
    assert!(refused.contains("10 rows that were recorded") && refused.contains("--show-anyway"), "{refused}");
    assert_eq!(notes(&bench), 0, "nothing was shown yet");
    bench.ok(&["--now", LATER, "monitor"]);
    let early = json(&bench.ok(&["--now", LATER, "attribute", "--json"]));
    assert_eq!(early["attribution"]["named"].as_array().map(Vec::len), Some(0), "windows are open: {early}");
    let later = "2026-10-22T02:00:00Z";
    bench.ok(&["--now", later, "monitor"]);
    let report = json(&bench.ok(&["--now", later, "attribute", "--json"]));

    let named: Vec<&str> = report["attribution"]["named"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|named| named["account"].as_str())
        .collect();
    assert_eq!(named, ["handan-02"], "{report}");
    assert!(bench.ok(&["--now", later, "scan", &dump]).contains("handan-02"), "now it may be looked at");
}
