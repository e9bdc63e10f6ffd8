//! The adversary, as its user calls it.

use std::os::unix::fs::PermissionsExt as _;

use crate::bench::{Bench, PLANTED};

const EXPORT: &str = include_str!("../data/exports/yongnian_2400.csv");
/// Few exports: the figures are rough, what is told is the same.
const SMALL: [&str; 8] = ["--template", "yto-express", "--accounts", "10", "--redraws", "2", "--rows", "400"];

fn audit(bench: &Bench, more: &[&str]) -> String {
    let export = bench.file("export.csv", EXPORT);
    bench.ok(&[&["template", "audit", &export], &SMALL[..], more].concat())
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn an_audit_says_how_well_canaries_are_told_and_by_what() {
    let bench = Bench::empty();

    let said = audit(&bench, &[]);

    assert!(said.starts_with("AUC 1.000 ("), "{said}");
    for part in
        ["with the most suspect 1 %", "what gives them away", "[number-alone]", "canaries left", "never ships that"]
    {
        assert!(said.contains(part), "{part}:\n{said}");
    }
    assert!(said.contains("运单号: distance to the nearest number of the same sender is above"), "{said}");
    assert_eq!(said, audit(&bench, &[]), "the same seed gives the same report");
    assert_ne!(said, audit(&bench, &["--seed", "2"]));
}

#[test]
fn a_closed_column_tells_nothing() {
    let said = audit(&Bench::empty(), &["--without", "number"]);

    let (first, rest) = said.split_once('\n').expect("lines");
    assert!(first.contains(", without 运单号:"), "{said}");
    assert!(!rest.contains("运单号") && !rest.contains("[number-alone]"), "{said}");
    assert!(!rest.contains("whose number is"), "a habit without its column is none: {said}");
    assert!(said.contains("寄件人 and 品名"), "{said}");
}

#[test]
fn an_audit_in_json_has_a_schema() {
    let said = json(&audit(&Bench::empty(), &["--json"]));

    assert_eq!(said["schema"], "trapline.audit/1");
    assert_eq!(
        (said["records"].as_u64(), said["canaries"].as_u64(), said["exports"].as_u64()),
        (Some(2400), Some(12), Some(20))
    );
    assert!(said["told"]["auc"]["estimate"].as_f64().is_some_and(|auc| auc > 0.98), "{said}");
    let attacks = said["attacks"].as_array().expect("a list");
    let two = attacks.iter().find(|attack| attack["name"] == "two-accounts").expect("an attack");
    assert_eq!((two["canaries"].as_f64(), two["real"].as_f64()), (Some(0.0), Some(1.0)));
    assert!(said["telltales"].as_array().is_some_and(|told| told.iter().any(|told| told["rule"] == "number-alone")));
    assert!(said["own"].is_null() && said["rows"].is_null(), "{said}");
}

#[test]
fn labelled_rows_are_for_their_owner_alone() {
    let bench = Bench::empty();
    let export = bench.file("export.csv", EXPORT);
    let args = [&["template", "audit", &export], &SMALL[..], &["--rows-out", "rows.csv"]].concat();

    let said = bench.run(&args);

    assert_eq!(said.status, 0, "{}", said.stderr);
    assert!(said.stderr.contains("WARNING"), "{}", said.stderr);
    let mode = std::fs::metadata(bench.path("rows.csv")).expect("written").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let rows = std::fs::read_to_string(bench.path("rows.csv")).expect("UTF-8");
    assert!(rows.starts_with("planted,group,运单号,"), "{}", &rows[..60]);
    let planted = rows.lines().skip(1).filter(|row| row.starts_with("1,")).count();
    assert_eq!((planted, rows.lines().count() - 1 - planted), (240, 400), "all canaries of 20 exports, 400 real rows");
    assert!(bench.fails(&args).contains("rows.csv"), "an earlier file is not overwritten");
}

#[test]
fn lines_may_be_given() {
    let bench = Bench::empty();
    let lines: String = (0..300u32).map(|line| format!("154{:08}\n", 12_345_678 + line * 7_919)).collect();
    let lines = bench.file("lines.txt", lines);

    let said = json(&audit(&bench, &["--json", "--lines", &lines]));

    assert_eq!(said["lines"], "the 300 lines given");
}

#[test]
fn a_workspace_lends_its_lines() {
    let said = json(&audit(&Bench::with_lines("600"), &["--json", "--now", PLANTED]));

    assert_eq!(said["lines"], "the 600 lines given");
}

#[test]
fn canaries_that_are_too_easy_to_tell_are_not_released() {
    let bench = Bench::new();
    let export = bench.file("export.csv", EXPORT);
    let plant = |more: &[&str]| {
        bench.run(
            &[&["--now", PLANTED, "plant", &export, "-o", "out.csv", "--account", "a1", "--batch", "b1"], more]
                .concat(),
        )
    };

    let refused = plant(&["--max-auc", "0.7"]);

    assert_eq!(refused.status, 1);
    assert!(refused.stderr.contains("too easy to tell: AUC 1.000 where at most 0.7 is allowed"), "{}", refused.stderr);
    assert!(refused.stderr.contains("number-alone"), "what was found is told all the same: {}", refused.stderr);
    assert_eq!(refused.stdout, "");
    assert!(!bench.path("out.csv").exists() && !bench.path(".out.csv.trapline-partial").exists());
    assert!(
        bench.fails(&["verify", &export, "--batch", "b1"]).contains("no planting of batch"),
        "nothing is registered"
    );

    let allowed = plant(&["--max-auc", "1", "--json"]);

    assert_eq!(allowed.status, 0, "{}", allowed.stderr);
    let said = json(&allowed.stdout);
    assert_eq!(said["audit"]["own"]["canaries"], 10);
    assert!(bench.path("out.csv").exists());
    // Of what was planted nothing is printed: neither numbers nor phones.
    let out = std::fs::read_to_string(bench.path("out.csv")).expect("UTF-8");
    let planted: Vec<&str> = out.lines().filter(|row| !EXPORT.contains(row)).collect();
    assert_eq!(planted.len(), 10);
    for row in planted {
        let cells: Vec<&str> = row.split(',').collect();
        let silent = |cell: &str| {
            ![&refused, &allowed].iter().any(|said| said.stdout.contains(cell) || said.stderr.contains(cell))
        };
        assert!(silent(cells[0]) && silent(cells[7]));
    }
}

#[test]
fn what_cannot_be_audited_is_refused_with_a_way_out() {
    let bench = Bench::empty();
    let tiny = bench.file("tiny.csv", EXPORT.lines().take(1).collect::<String>());

    assert!(bench.fails(&["template", "audit", &tiny, "--template", "yto-express"]).contains("tiny.csv"));
    assert!(bench.fails(&["template", "audit", "none.csv", "--template", "yto-express"]).contains("none.csv"));
    assert_eq!(bench.run(&["plant", &tiny, "-o", "out.csv", "--account", "a", "--max-auc", "7"]).status, 2);
    assert_eq!(bench.run(&["template", "audit", &tiny, "--template", "yto-express", "--accounts", "1"]).status, 2);
}
