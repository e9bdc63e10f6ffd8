//! Two accounts export the same data set.

use std::collections::BTreeSet;
use std::fs;

use crate::bench::{Bench, PLANTED, column, export};

pub const SCOPE: &str = "outlet 12, 2026-10-05";
/// Slots of a scope: half of the 160 lines that the epoch sets aside.
pub const SLOTS: usize = 80;

/// A workspace whose second epoch has lines for shared slots.
pub fn with_slots() -> Bench {
    let bench = Bench::empty();
    bench.ok(&["--now", "2026-08-05T02:00:00Z", "init", "--demo-lines", "400"]);
    let path = bench.path("ws/trapline.yaml");
    let yaml = fs::read_to_string(&path).expect("a configuration");
    fs::write(&path, yaml.replace("attribution:\n", "attribution:\n  slot_lines: 160\n")).expect("written");
    bench.ok(&["--now", PLANTED, "epoch", "open"]);
    bench
}

/// Plants `input` for an account under a scope and returns what is in it.
pub fn plant(bench: &Bench, input: &str, account: &str, batch: &str, scope: &str) -> String {
    let output = bench.text(&format!("{account}-{batch}.planted"));
    let args = ["--now", PLANTED, "plant", input, "-o", &output, "--account", account, "--batch", batch];
    let said = bench.run(&[&args[..], &["--scope", scope]].concat());
    assert_eq!(said.status, 0, "{}", said.stderr);
    assert!(said.stdout.contains(&format!("and {SLOTS} shared rows into")), "{}", said.stdout);
    fs::read_to_string(output).expect("planted")
}

/// The shared rows of a batch, as `canaries` lists them: variant and phone.
fn shared(bench: &Bench, account: &str, batch: &str) -> Vec<(String, String)> {
    let json = bench.ok(&["--now", PLANTED, "canaries", "--account", account, "--batch", batch, "--json"]);
    let list: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let rows = list["shared"].as_array().expect("a list").iter().enumerate().map(|(slot, row)| {
        assert_eq!((row["slot"].as_u64(), row["scope"].as_str()), (Some(slot as u64), Some(SCOPE)));
        let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
        (text(&row["variant"]), text(&row["people"][0]["phone"]).replace("+86", ""))
    });
    rows.collect()
}

#[test]
fn what_two_exports_have_in_common_is_the_slots_of_the_same_variant() {
    let bench = with_slots();
    let rows = export(0..1_000);
    let input = bench.file("in.csv", &rows);

    let one = plant(&bench, &input, "handan-01", "b", SCOPE);
    let other = plant(&bench, &input, "handan-02", "b", SCOPE);

    let (here, there) = (shared(&bench, "handan-01", "b"), shared(&bench, "handan-02", "b"));
    assert_eq!((here.len(), there.len()), (SLOTS, SLOTS));
    let real: BTreeSet<&str> = rows.lines().collect();
    let planted = |text: &'static str| text.lines().filter(|line| !real.contains(line)).collect::<BTreeSet<&str>>();
    let (one, other) = (planted(one.leak()), planted(other.leak()));
    assert_eq!((one.len(), other.len()), (SLOTS + 10, SLOTS + 10), "ten canaries of the account's own each");
    let header = rows.lines().next().expect("a header");
    let common: Vec<&str> = one.intersection(&other).copied().collect();
    let phones: BTreeSet<String> =
        column(&format!("{header}\n{}", common.join("\n")), "收件电话").into_iter().collect();
    let agreed: BTreeSet<String> =
        here.iter().zip(&there).filter(|(a, b)| a.0 == b.0).map(|((_, phone), _)| phone.clone()).collect();
    assert_eq!(phones, agreed);
    assert!(common.len() == agreed.len() && (10..SLOTS - 10).contains(&common.len()), "{}", common.len());
    for account in ["handan-01", "handan-02"] {
        let path = bench.text(&format!("{account}-b.planted"));
        let said = bench.ok(&["verify", &path, "--batch", "b", "--account", account]);
        assert!(said.contains(&format!("all {} planted rows", SLOTS + 10)), "{said}");
    }
}

#[test]
fn the_next_export_of_the_scope_has_the_same_variants_and_planting_again_the_same_bytes() {
    let bench = with_slots();
    let first = bench.file("first.csv", export(0..1_000));
    let next = bench.file("next.csv", export(100..1_200));

    let planted = plant(&bench, &first, "handan-01", "b1", SCOPE);
    plant(&bench, &next, "handan-01", "b2", SCOPE);

    assert_eq!(shared(&bench, "handan-01", "b1"), shared(&bench, "handan-01", "b2"));
    fs::remove_file(bench.path("handan-01-b1.planted")).expect("removed");
    assert_eq!(plant(&bench, &first, "handan-01", "b1", SCOPE), planted);
    let out = bench.text("out.csv");
    let said = bench.fails(&["--now", PLANTED, "plant", &first, "-o", &out, "--account", "handan-01", "--batch", "b1"]);
    assert!(said.contains("say --scope"), "{said}");
}

#[test]
fn trace_says_which_slot_a_shared_line_marks_and_who_has_it() {
    let bench = with_slots();
    let input = bench.file("in.csv", export(0..1_000));
    plant(&bench, &input, "handan-01", "b", SCOPE);
    plant(&bench, &input, "handan-02", "b", "outlet 13, 2026-10-05");
    let (variant, phone) = shared(&bench, "handan-01", "b")[7].clone();

    let said = bench.run(&["--now", PLANTED, "trace", &format!("有人打{phone}，说快递丢了")]);

    assert_eq!(said.status, 0, "{}", said.stderr);
    assert!(said.stderr.contains(&format!("variant {variant} of slot 7 of scope \"{SCOPE}\"")), "{}", said.stderr);
    assert!(said.stderr.contains("of scope \"outlet 13, 2026-10-05\""), "{}", said.stderr);
    let line = said.stdout.lines().find(|line| line.contains("handan-01")).expect("it has that variant");
    assert!(line.contains(&format!("shared slot 7{variant}")), "{line}");
}

#[test]
fn what_a_scope_needs_is_said_with_a_way_out() {
    let bench = with_slots();
    let input = bench.file("in.csv", export(0..1_000));
    let small = bench.file("small.csv", export(0..300));
    let out = bench.text("out.csv");
    let plant = |input: &str, more: &[&str]| {
        let args = ["--now", PLANTED, "plant", input, "-o", &out, "--scope", SCOPE];
        bench.fails(&[&args[..], more].concat())
    };
    let said = plant(&small, &["--account", "handan-01"]);
    assert!(said.contains("80 shared rows and 10 canaries would be 30 % of the 300 real records"), "{said}");
    assert!(said.contains("hint: plant this export without --scope"), "{said}");
    assert!(!bench.path("out.csv").exists());

    let said = plant(&input, &["--account", "other", "--template", "cn-generic"]);
    assert!(said.contains("was opened with another template"), "{said}");

    let said = plant(&input, &["--account", "none", "--template", "scms-shipments"]);
    assert!(said.contains("this template wears no line"), "{said}");

    let without = Bench::new();
    let said = without.fails(&["--now", PLANTED, "plant", &input, "-o", &out, "--account", "a", "--scope", SCOPE]);
    assert!(said.contains("has no lines for shared slots") && said.contains("200 slots 400"), "{said}");
}

#[test]
fn many_shared_rows_for_a_file_are_told() {
    let bench = with_slots();
    let input = bench.file("in.csv", export(0..1_000));
    let out = bench.text("out.csv");

    let said = bench.run(&[
        "--now",
        PLANTED,
        "plant",
        &input,
        "-o",
        &out,
        "--account",
        "handan-01",
        "--scope",
        SCOPE,
        "--json",
    ]);

    assert_eq!(said.status, 0, "{}", said.stderr);
    assert!(said.stderr.contains("planted rows are 9 % of the real ones"), "{}", said.stderr);
    let report: serde_json::Value = serde_json::from_str(&said.stdout).expect("JSON");
    assert_eq!(report["shared"], SLOTS);
}
