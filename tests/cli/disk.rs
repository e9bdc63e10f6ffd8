//! Full and read-only disks: one clear error with the way out, nothing lost.
//!
//! Each runs in a mount namespace of its own, with a small tmpfs.

use std::fs;
use std::process::Command;

use crate::bench::{Bench, CALLS, LATER, PLANTED, Said, call, export};

/// Defines `run NAME ARGUMENTS…`, which keeps what trapline said.
const PRELUDE: &str = r#"set -u
run() { name=$1; shift; "$TRAPLINE" "$@" >"$name.out" 2>"$name.err"; echo $? >"$name.status"; }
disk() { mkdir -p disk && mount -t tmpfs -o size="$1" none disk; }
fill() { cat /dev/zero >disk/ballast 2>/dev/null; true; }
"#;

/// Runs a script in a private mount namespace; `false` (and says why) when the
/// machine does not let us make one.
fn private(bench: &Bench, script: &str) -> bool {
    let Some(flags) = [&["-m"][..], &["-r", "-m"]].into_iter().find(|flags| {
        let probe = format!("mount -t tmpfs -o size=64k none {}", bench.path(".").display());
        Command::new("unshare").args(*flags).args(["sh", "-c", &probe]).output().is_ok_and(|out| out.status.success())
    }) else {
        eprintln!("skipped: a mount namespace with a tmpfs is not permitted here (unshare, mount)");
        return false;
    };
    let output = Command::new("unshare")
        .args(flags)
        .args(["sh", "-c", &format!("{PRELUDE}{script}")])
        .current_dir(bench.path("."))
        .env_remove("TRAPLINE_KEY_FILE")
        .env_remove("TRAPLINE_KEY_COMMAND")
        .env("TRAPLINE", assert_cmd::cargo::cargo_bin!("trapline"))
        .output()
        .expect("run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    true
}

fn said(bench: &Bench, name: &str) -> Said {
    let read = |end: &str| fs::read_to_string(bench.path(&format!("{name}.{end}"))).expect("run");
    Said { status: read("status").trim().parse().expect("a status"), stdout: read("out"), stderr: read("err") }
}

/// One error with what it must say, and a way out.
fn assert_one_error(said: &Said, about: &str) {
    assert_eq!(said.status, 1, "{}{}", said.stdout, said.stderr);
    assert_eq!(said.stdout, "");
    assert_eq!(said.stderr.matches("trapline: ").count(), 1, "{}", said.stderr);
    assert!(said.stderr.matches(about).count() <= 1, "said twice: {}", said.stderr);
    let way_out = said.stderr.contains("\nhint: ")
        || said.stderr.contains("check that")
        || said.stderr.contains("run the command again");
    assert!(said.stderr.contains(about) && way_out, "{}", said.stderr);
}

#[test]
fn an_export_that_does_not_fit_is_not_released_and_the_same_command_completes_it() {
    let bench = Bench::new();
    bench.file("in.csv", export(0..2400));
    let plant = format!("-C ws --now {PLANTED} plant in.csv -o disk/out.csv --account a --batch b");

    if !private(
        &bench,
        &format!(
            "disk 1m; head -c 900000 /dev/zero >disk/ballast; run full {plant}; ls -A disk >left
             rm disk/ballast; run again {plant}; run verify -C ws verify disk/out.csv --batch b; ls -A disk >released"
        ),
    ) {
        return;
    }

    assert_one_error(&said(&bench, "full"), "No space left");
    assert_eq!(fs::read_to_string(bench.path("left")).expect("listed"), "ballast\n");
    assert_eq!(said(&bench, "again").status, 0, "{}", said(&bench, "again").stderr);
    assert_eq!(said(&bench, "verify").status, 0, "{}", said(&bench, "verify").stderr);
    assert_eq!(fs::read_to_string(bench.path("released")).expect("listed"), "out.csv\n");
}

#[test]
fn a_scrubbed_extract_that_does_not_fit_leaves_nothing_behind() {
    let bench = Bench::new();
    let planted = bench.plant(&bench.file("in.csv", export(0..2400)), "a", "b");
    fs::copy(planted, bench.path("planted.csv")).expect("copied");
    let scrub = format!("-C ws --now {LATER} scrub planted.csv -o disk/out.csv");

    if !private(
        &bench,
        &format!(
            "disk 1m; head -c 900000 /dev/zero >disk/ballast; run full {scrub}; ls -A disk >left
             rm disk/ballast; run again {scrub}; cmp in.csv disk/out.csv"
        ),
    ) {
        return;
    }

    assert_one_error(&said(&bench, "full"), "No space left");
    assert_eq!(fs::read_to_string(bench.path("left")).expect("listed"), "ballast\n");
    assert_eq!(said(&bench, "again").status, 0, "{}", said(&bench, "again").stderr);
}

/// A workspace with a file of calls, to be copied onto a small disk.
fn watched(calls: usize) -> Bench {
    let bench = Bench::new();
    let lines = bench.lines();
    let text: String = (0..calls)
        .map(|n| call(10 + n as u32, &format!("0211{n:07}"), &lines[n % lines.len()], 30, &"x".repeat(200)))
        .collect();
    bench.file("Master.csv", text);
    bench.feeds(CALLS);
    bench
}

fn assert_pass_fails_and_a_later_one_takes_all(room: &str, about: &str) {
    let bench = watched(2000);
    let monitor = format!("-C disk/ws --now {LATER} monitor --json");

    if !private(
        &bench,
        &format!(
            "disk 16m; cp -a ws Master.csv disk; {room}
             run full {monitor}; rm disk/ballast; run again {monitor}; run third {monitor}"
        ),
    ) {
        return;
    }

    assert_one_error(&said(&bench, "full"), about);
    let summary = |name: &str| -> serde_json::Value { serde_json::from_str(&said(&bench, name).stdout).expect("JSON") };
    assert_eq!(summary("again")["feeds"][0]["records"], 2000, "{}", said(&bench, "again").stdout);
    assert_eq!(summary("again")["feeds"][0]["new"], 2000);
    assert_eq!(summary("third")["feeds"][0]["new"], 0);
}

#[test]
fn a_registry_without_any_room_fails_the_pass_and_loses_nothing() {
    assert_pass_fails_and_a_later_one_takes_all("fill", "free space");
}

#[test]
fn a_registry_that_fills_up_in_the_pass_keeps_its_cursor() {
    assert_pass_fails_and_a_later_one_takes_all("head -c 200000 /dev/zero >disk/room; fill; rm disk/room", "is full");
}

#[test]
fn a_read_only_output_folder_is_one_error() {
    let bench = Bench::new();
    bench.file("in.csv", export(0..300));

    if !private(
        &bench,
        &format!(
            "disk 1m; mount -o remount,ro disk
             run plant -C ws --now {PLANTED} plant in.csv -o disk/out.csv --account a --batch b
             run report -C ws --now {LATER} attribute --html disk/report.html"
        ),
    ) {
        return;
    }

    assert_one_error(&said(&bench, "plant"), "Read-only");
    assert_one_error(&said(&bench, "report"), "Read-only");
}

#[test]
fn a_read_only_workspace_is_one_error_for_each_command() {
    let bench = watched(10);
    bench.file("in.csv", export(0..300));

    if !private(
        &bench,
        &format!(
            "disk 16m; cp -a ws Master.csv disk; mount -o remount,ro disk
             run monitor -C disk/ws --now {LATER} monitor
             run plant -C disk/ws --now {PLANTED} plant in.csv -o out.csv --account a --batch b
             run init -C disk/other init"
        ),
    ) {
        return;
    }

    assert_one_error(&said(&bench, "monitor"), "Read-only");
    assert_one_error(&said(&bench, "plant"), "may read and write its folder");
    assert_one_error(&said(&bench, "init"), "Read-only");
    assert!(!bench.path("out.csv").exists());
}
