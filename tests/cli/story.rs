//! One operator's fortnight: plant, watch, attribute.

use std::fs;

use crate::bench::{Bench, CALLS, LATER, call, column, export};

/// A workspace in which three accounts exported and one export was leaked:
/// each of its lines was called once, by name, among some noise.
pub fn leaked() -> Bench {
    let bench = Bench::with_lines("2000");
    for (place, account) in ["handan-01", "handan-02", "handan-03"].into_iter().enumerate() {
        for batch in 0..2 {
            let rows = place * 400 + batch * 200;
            let input = bench.file(&format!("{account}-{batch}.csv"), export(rows..rows + 200));
            bench.plant(&input, account, &format!("b{batch}"));
        }
    }
    let lines = bench.lines();
    let sold = fs::read_to_string(bench.path("handan-02-b1.planted")).expect("planted");
    let (phones, names) = (column(&sold, "收件电话"), column(&sold, "收件人"));
    let mut calls = String::new();
    let mut minute = 100;
    for (phone, name) in phones.iter().zip(&names).filter(|(phone, _)| lines.contains(phone)) {
        minute += 97;
        calls += &call(minute, &format!("0211000{minute:04}"), phone, 45, &format!("找{name}，说包裹理赔"));
    }
    for place in 0..10 {
        minute += 53;
        calls += &call(minute, &format!("0212000{minute:04}"), &lines[place * 31], 9, "");
    }
    bench.file("Master.csv", calls);
    bench.feeds(CALLS);
    bench
}

#[test]
fn the_leaking_account_and_its_batch_are_named_and_nobody_else() {
    let bench = leaked();

    let said = bench.run(&["--now", LATER, "monitor"]);
    assert_eq!((said.status, said.stdout.as_str(), said.stderr.as_str()), (0, "", ""), "silent on success");
    let json = bench.ok(&["--now", LATER, "attribute", "--json"]);

    let report: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let named = report["attribution"]["named"].as_array().expect("a list");
    assert_eq!(named.len(), 1, "{json}");
    assert_eq!(named[0]["account"], "handan-02");
    let batches: Vec<_> =
        named[0]["batches"].as_array().expect("a list").iter().filter(|b| b["named"] == true).collect();
    assert_eq!(batches.len(), 1, "{json}");
    assert_eq!(batches[0]["batch"], "b1");
}

#[test]
fn running_the_monitor_again_changes_nothing() {
    let bench = leaked();
    bench.ok(&["--now", LATER, "monitor"]);
    let first = bench.ok(&["--now", LATER, "attribute", "--json"]);

    bench.ok(&["--now", LATER, "monitor"]);
    bench.ok(&["--now", LATER, "monitor"]);

    assert_eq!(bench.ok(&["--now", LATER, "attribute", "--json"]), first);
}

#[test]
fn explain_shows_the_bets_and_exit_codes_follow_findings_only_when_asked() {
    let bench = leaked();
    assert_eq!(bench.run(&["--now", LATER, "monitor", "--exit-code", "9"]).status, 9);

    let explained = bench.ok(&["--now", LATER, "explain", "handan-02"]);

    assert!(explained.contains("threshold"), "{explained}");
    assert_eq!(bench.run(&["--now", LATER, "attribute", "--exit-code", "7"]).status, 7);
    assert_eq!(bench.run(&["--now", LATER, "attribute"]).status, 0);
    assert!(bench.fails(&["--now", LATER, "explain", "nobody"]).contains("nobody"));
}

#[test]
fn the_html_report_is_self_contained() {
    let bench = leaked();
    bench.ok(&["--now", LATER, "monitor"]);

    bench.ok(&["--now", LATER, "attribute", "--html", "report.html"]);

    let html = fs::read_to_string(bench.path("report.html")).expect("written");
    assert!(html.contains("<svg") && html.contains("handan-02"));
    for outside in ["http://", "https://", "<script src", "<link"] {
        assert!(!html.replace("http://www.w3.org/2000/svg", "").contains(outside), "{outside}");
    }
}

#[test]
fn verify_proves_a_planted_export_and_notices_a_change() {
    let bench = Bench::new();
    let input = bench.file("in.csv", export(0..300));
    let planted = bench.plant(&input, "handan-01", "b");
    let path = planted.display().to_string();

    assert!(bench.ok(&["verify", &path, "--batch", "b"]).contains("10 planted rows"));

    let mut bytes = fs::read(&planted).expect("planted");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&planted, bytes).expect("written");
    assert!(bench.fails(&["verify", &path, "--batch", "b"]).contains(&path));
}

#[test]
fn planting_twice_gives_the_same_bytes_and_another_file_is_refused() {
    let bench = Bench::new();
    let input = bench.file("in.csv", export(0..300));
    let planted = bench.plant(&input, "handan-01", "b");
    let first = fs::read(&planted).expect("planted");

    fs::remove_file(&planted).expect("removed");
    let again = bench.plant(&input, "handan-01", "b");
    assert_eq!(fs::read(&again).expect("planted"), first);

    let other = bench.file("other.csv", export(300..600));
    let said = bench.fails(&["plant", &other, "-o", "out.csv", "--account", "handan-01", "--batch", "b"]);
    assert!(said.contains("batch"), "{said}");
    assert!(!bench.path("out.csv").exists());
}

#[test]
fn standing_canaries_are_seeded_once_and_recognised_in_an_export() {
    let bench = Bench::new();
    bench.file("accounts.csv", "account\nhandan-01\nhandan-02\n");
    let said = bench.run(&["--now", crate::bench::PLANTED, "seed", "--accounts", "accounts.csv", "-o", "rows.csv"]);
    assert!(said.stdout.contains("10 standing canaries for 2 accounts"), "{}", said.stderr);
    assert!(said.stderr.contains("寄件人"), "columns without a neighbour to copy from are told: {}", said.stderr);
    let rows = fs::read_to_string(bench.path("rows.csv")).expect("written");

    bench.ok(&[
        "--now",
        crate::bench::PLANTED,
        "seed",
        "--accounts",
        "accounts.csv",
        "-o",
        "again.sql",
        "--sql",
        "ops.waybill",
    ]);
    let sql = fs::read_to_string(bench.path("again.sql")).expect("written");
    for phone in column(&rows, "收件电话") {
        assert!(sql.contains(&phone), "the same rows again");
    }

    let own: String = rows.lines().skip(1).take(5).map(|line| format!("{line}\n")).collect();
    let input = bench.file("in.csv", export(0..100) + &own);
    let output = bench.text("out.csv");
    let said = bench.run(&["--now", crate::bench::PLANTED, "plant", &input, "-o", &output, "--account", "handan-01"]);
    assert_eq!(said.status, 0, "{}", said.stderr);
    assert!(said.stderr.contains("5 standing lines of this account"), "{}", said.stderr);
}

#[test]
fn trace_finds_the_batch_of_a_pasted_waybill() {
    let bench = leaked();
    let canaries = bench.ok(&["--now", LATER, "canaries", "--account", "handan-03", "--batch", "b0", "--json"]);
    let list: serde_json::Value = serde_json::from_str(&canaries).expect("JSON");
    let number = list["canaries"][3]["number"].as_str().expect("a number");

    let text = format!("对方报出了运单号 {} {}", &number[..5].to_lowercase(), &number[5..]);
    let said = bench.ok(&["--now", LATER, "trace", &text]);

    assert!(said.contains("handan-03") && said.contains("b0"), "{said}");
    assert!(!said.contains("handan-01"), "{said}");
}

#[test]
fn a_second_pass_meets_the_lock() {
    let bench = leaked();
    let lock = fs::File::create(bench.path("ws/monitor.lock")).expect("a lock file");
    lock.try_lock().expect("free");

    assert_eq!(bench.run(&["--now", LATER, "monitor"]).status, 75);
}

#[test]
fn an_epoch_opens_once_and_an_edited_configuration_is_refused_with_the_difference() {
    let bench = Bench::new();
    bench.ok(&["--now", crate::bench::PLANTED, "epoch", "open"]);

    let path = bench.path("ws/trapline.yaml");
    let text = fs::read_to_string(&path).expect("a configuration");
    fs::write(&path, text.replace("alpha: 0.01", "alpha: 0.05")).expect("written");
    let said = bench.fails(&["--now", crate::bench::PLANTED, "epoch", "open"]);

    assert!(said.contains("alpha: registered 0.01, now 0.05"), "{said}");
}

#[test]
fn the_key_may_come_from_elsewhere_and_the_wrong_one_is_refused() {
    let bench = Bench::new();
    fs::rename(bench.path("ws/trapline.key"), bench.path("elsewhere.key")).expect("moved");

    assert!(bench.fails(&["epoch", "list"]).contains("trapline.key"));
    let file = bench.text("elsewhere.key");
    assert_eq!(bench.run_with(&["epoch", "list"], &[("TRAPLINE_KEY_FILE", &file)]).status, 0);
    let command = format!("cat {file}");
    assert_eq!(bench.run_with(&["epoch", "list"], &[("TRAPLINE_KEY_COMMAND", &command)]).status, 0);

    let wrong = format!("printf {}", "ab".repeat(32));
    let said = bench.run_with(&["epoch", "list"], &[("TRAPLINE_KEY_COMMAND", &wrong)]);
    assert_eq!(said.status, 1);
    assert!(said.stderr.contains("was made with key"), "{}", said.stderr);
}

#[test]
fn a_rehearsed_time_is_refused_where_lines_are_real() {
    let bench = Bench::empty();
    bench.ok(&["init"]);
    bench.ok(&["lines", "add", "+8613800138000"]);

    assert!(bench.fails(&["--now", LATER, "epoch", "list"]).contains("--now"));
}

#[test]
fn the_self_test_passes() {
    assert!(Bench::empty().ok(&["selftest"]).starts_with("ok: "));
}
