//! Neither outputs nor files hold a phone, a name, a waybill number or the key.

use std::fs;
use std::process::Command;

use crate::bench::{Bench, LATER, column, export};
use crate::story::leaked;

/// Every phone, name and number that was planted, and the key.
fn secrets(bench: &Bench) -> Vec<String> {
    let originals = export(0..2400);
    let numbers: std::collections::BTreeSet<String> = column(&originals, "运单号").into_iter().collect();
    let mut secrets = bench.lines();
    for account in ["handan-01", "handan-02", "handan-03"] {
        for batch in ["b0", "b1"] {
            let text = fs::read_to_string(bench.path(&format!("{account}-{batch}.planted"))).expect("planted");
            let names = column(&text, "收件人");
            for (number, name) in column(&text, "运单号").into_iter().zip(names) {
                if !numbers.contains(&number) {
                    secrets.extend([number, name]);
                }
            }
        }
    }
    assert_eq!(secrets.len(), 2200 + 6 * 10 * 2, "all lines, and ten canaries in each of six exports");
    secrets.push(fs::read_to_string(bench.path("ws/trapline.key")).expect("a key").trim().to_owned());
    secrets
}

fn assert_without(place: &str, bytes: &[u8], secrets: &[String]) {
    for secret in secrets {
        assert!(memchr::memmem::find(bytes, secret.as_bytes()).is_none(), "{place} holds {secret}");
    }
}

#[test]
fn nothing_that_is_said_or_kept_holds_a_canary_or_the_key() {
    let bench = leaked();
    let path = bench.path("ws/trapline.yaml");
    let text = fs::read_to_string(&path).expect("a configuration");
    let more = "metrics: trapline.prom\nwebhook: {url: 'http://127.0.0.1:1/', secret_env: HOOK, names: true}\n";
    fs::write(&path, format!("{text}\n{more}")).expect("written");
    let secrets = secrets(&bench);
    let input = bench.file("new.csv", export(1800..2000));
    let key = fs::read_to_string(bench.path("ws/trapline.key")).expect("a key");
    let env = [("HOOK", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")];

    let commands: [&[&str]; 17] = [
        &["plant", &input, "-o", "new.planted", "--account", "handan-03", "--batch", "b2"],
        &["plant", &input, "-o", "new.planted", "--account", "handan-03", "--batch", "b2", "--json"],
        &["monitor", "--verbose", "--json"],
        &["monitor", "--verbose"],
        &["attribute"],
        &["attribute", "--json"],
        &["attribute", "--html", "report.html"],
        &["explain", "handan-02"],
        &["explain", "handan-02/b1", "--json"],
        &["verify", "handan-02-b1.planted", "--batch", "b1", "--account", "handan-02"],
        &["lines", "list"],
        &["scrub", "handan-02-b1.planted", "-o", "scrubbed.csv"],
        &["scrub", "handan-02-b1.planted", "-o", "flagged.csv", "--flag", "ours", "--json"],
        &["scrub", "--filter", "ws/scrub.filter"],
        &["scrub", "handan-02-b0.planted", "-o", "filtered.csv", "--with", "ws/scrub.filter", "--key", "scrub.key"],
        &["canaries", "--due", "--days", "200"],
        &["epoch", "show"],
    ];
    bench.ok(&["--now", LATER, "scrub", "--filter", "scrub.filter", "--key-out", "scrub.key"]);
    // Another reader keeps the last command from tidying -wal and -shm away.
    let reader = rusqlite::Connection::open(bench.path("ws/registry.db")).expect("a registry");
    reader.query_row("SELECT count(*) FROM outbox", [], |row| row.get::<_, i64>(0)).expect("a table");
    for command in commands {
        let said = bench.run_with(&[&["--now", LATER], command].concat(), &env);
        let failed = command[0] == "monitor" && said.stderr.contains("did not answer");
        assert!(said.status == 0 || failed, "{command:?}\n{}", said.stderr);
        assert_without(&format!("{command:?}"), said.stdout.as_bytes(), &secrets);
        assert_without(&format!("{command:?}"), said.stderr.as_bytes(), &secrets);
        assert_files_without(&bench, &secrets, key.trim());
    }
    assert_without("report.html", &fs::read(bench.path("report.html")).expect("written"), &secrets);
    let scrubbed = fs::read_to_string(bench.path("scrubbed.csv")).expect("written");
    let real = export(0..2400);
    // A name that a real person has, too, stays.
    let planted: Vec<String> = secrets.into_iter().filter(|secret| !real.contains(secret.as_str())).collect();
    assert!(planted.len() > 2200);
    assert_without("scrubbed.csv", scrubbed.as_bytes(), &planted);
    assert!(fs::metadata(bench.path("ws/registry.db-wal")).is_ok_and(|wal| wal.len() > 0), "the log was looked at");
    let messages: i64 = reader.query_row("SELECT count(*) FROM outbox", [], |row| row.get(0)).expect("a table");
    assert!(messages >= 2, "the outbox was looked at");
    let prom = fs::read_to_string(bench.path("ws/trapline.prom")).expect("written");
    assert!(prom.contains("trapline_epoch_named"), "{prom}");
}

/// Every file of the workspace but the key, as raw bytes.
fn assert_files_without(bench: &Bench, secrets: &[String], key: &str) {
    for entry in fs::read_dir(bench.path("ws")).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.ends_with("trapline.key") {
            continue;
        }
        // Another process reads: closing the database here would drop the reader's locks.
        let bytes = Command::new("cat").arg(&path).output().expect("run").stdout;
        assert_eq!(bytes.len() as u64, fs::metadata(&path).expect("there").len());
        assert_without(&path.display().to_string(), &bytes, secrets);
        let raw: Vec<u8> = (0..32).map(|n| u8::from_str_radix(&key[2 * n..2 * n + 2], 16).expect("hex")).collect();
        assert!(memchr::memmem::find(&bytes, &raw).is_none(), "{} holds the key", path.display());
    }
}
