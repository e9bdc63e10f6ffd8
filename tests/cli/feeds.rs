//! The monitor over every kind of source, as cron runs it.

use std::fs;

use crate::bench::{Bench, CALLS, LATER, call, column};
use crate::server::{Server, answer};
use crate::story::leaked;

const TICKETS: &str = "工单号,来电时间,来电号码,客户姓名,运单号,问题类型,描述\n";

fn pass(bench: &Bench, now: &str, env: &[(&str, &str)]) -> (i32, serde_json::Value, String) {
    let said = bench.run_with(&["--now", now, "monitor", "--json"], env);
    (said.status, serde_json::from_str(&said.stdout).expect("JSON"), said.stderr)
}

/// A workspace whose feeds are the file of calls and one at `url`.
fn with_http(url: &str, more: &str) -> Bench {
    let bench = Bench::new();
    let lines = bench.lines();
    bench.file("Master.csv", call(10, "02110000001", &lines[0], 30, ""));
    bench.feeds(&format!(
        "feeds:\n  - name: web\n    source: {{kind: http, url: \"{url}\", retries: 0{more}}}\n    format: {{preset: tickets}}\n    time_zone: Asia/Shanghai\n{}",
        CALLS.trim_start_matches("feeds:\n")
    ));
    bench
}

fn ticket(id: u32, text: &str) -> String {
    format!("GD{id},2026-10-19 11:25:23,13800000001,,,理赔,{text}\n")
}

#[test]
fn a_document_that_has_not_changed_is_not_sent_again() {
    let server = Server::start(|request, _| match request.header("if-none-match") {
        Some("\"v1\"") => answer("304 Not Modified", "ETag: \"v1\"\r\n", ""),
        _ => answer("200 OK", "ETag: \"v1\"\r\n", &format!("{TICKETS}{}", ticket(1, "包裹丢失"))),
    });
    let bench = with_http(&server.url("/tickets.csv"), "");

    let (first, one, said) = pass(&bench, LATER, &[]);
    let (second, two, _) = pass(&bench, LATER, &[]);

    assert_eq!((first, second), (0, 0), "{said}");
    assert_eq!((&one["feeds"][0]["records"], &two["feeds"][0]["records"]), (&1.into(), &0.into()));
    assert_eq!(server.requests()[1].header("if-none-match"), Some("\"v1\""));
}

#[test]
fn a_login_page_or_a_broken_server_is_one_failure_and_the_other_feed_is_read() {
    for (reply, about) in [
        (answer("200 OK", "Content-Type: text/html\r\n", "<!DOCTYPE html><html><body>Log in</body></html>"), "HTML"),
        (answer("500 Internal Server Error", "", "oops"), "500"),
    ] {
        let server = Server::start(move |_, _| reply.clone());
        let bench = with_http(&server.url("/tickets.csv?token=t0ken"), "");

        let (status, summary, said) = pass(&bench, LATER, &[]);

        assert_eq!(status, 1);
        assert!(said.contains("feed web: ") && said.contains(about), "{said}");
        assert!(!said.contains("t0ken") && !summary.to_string().contains("t0ken"), "{said}");
        assert_eq!(summary["feeds"][1]["new"], 1, "{summary}");
    }
}

#[test]
fn credentials_reach_the_server_and_no_output() {
    let server = Server::start(|request, _| match request.header("authorization") {
        Some("Basic dXMzcjpwNHNz") => answer("200 OK", "", &format!("{TICKETS}{}", ticket(1, "包裹丢失"))),
        _ => answer("401 Unauthorized", "", ""),
    });
    let bench = with_http(
        &server.url("/tickets.csv"),
        ", auth: {kind: basic, username: {env: FEED_USER}, password: {file: feed.secret}}",
    );
    fs::write(bench.path("ws/feed.secret"), "p4ss\n").expect("written");

    let (good, _, said) = pass(&bench, LATER, &[("FEED_USER", "us3r")]);
    fs::write(bench.path("ws/feed.secret"), "wr0ng\n").expect("written");
    let (bad, summary, refused) = pass(&bench, LATER, &[("FEED_USER", "us3r")]);
    let (unset, _, missing) = pass(&bench, LATER, &[]);

    assert_eq!((good, bad, unset), (0, 1, 1), "{said}{refused}");
    assert!(refused.contains("401") && missing.contains("FEED_USER"), "{refused}{missing}");
    for secret in ["us3r", "p4ss", "wr0ng", "dXMzcjp"] {
        assert!(!format!("{said}{refused}{missing}{summary}").contains(secret), "{secret}");
    }
}

#[test]
fn an_inbox_of_tickets_in_gbk_and_complaints_is_taken_in_and_a_bad_file_does_not_stop_it() {
    let bench = Bench::new();
    let lines = bench.lines();
    fs::create_dir_all(bench.path("tickets")).expect("a folder");
    fs::create_dir_all(bench.path("complaints")).expect("a folder");
    let text = format!("{TICKETS}{}", ticket(1, &format!("骗子打我{}", lines[0])));
    let (gbk, _, _) = encoding_rs::GBK.encode(&text);
    bench.file("tickets/a.csv", &gbk);
    bench.file("tickets/b.csv", "<html>sorry</html>");
    bench.file("tickets/c.csv", format!("{TICKETS}{}", ticket(2, &format!("来电找{}要求退款", lines[1]))));
    bench.file("complaints/1.txt", format!("有人冒充客服打{}\n\nThey rang +86 {} twice\n", lines[2], lines[3]));
    bench.feeds(
        "feeds:\n  - name: tickets\n    source: {kind: inbox, path: ../tickets, settle_seconds: 0}\n    format: {preset: tickets}\n    time_zone: Asia/Shanghai\n  - name: complaints\n    source: {kind: inbox, path: ../complaints, settle_seconds: 0}\n    format: {preset: text}\n",
    );

    // Files are as old as the machine's clock says: a pass far later finds them settled.
    let (status, summary, said) = pass(&bench, LATER, &[]);

    assert_eq!(status, 1, "{said}");
    assert!(said.contains("b.csv"), "{said}");
    assert_eq!(summary["feeds"][0]["new"], 2, "{summary}");
    assert_eq!(summary["feeds"][1]["new"], 2, "{summary}");
}

#[test]
fn a_look_up_of_a_canarys_number_on_the_tracking_page_is_a_number_hit() {
    let bench = leaked();
    let sold = fs::read_to_string(bench.path("handan-02-b1.planted")).expect("planted");
    let lines = bench.lines();
    let numbers = column(&sold, "运单号").into_iter().zip(column(&sold, "收件电话"));
    let log: String = numbers
        .filter(|(_, phone)| lines.contains(phone))
        .enumerate()
        .map(|(place, (number, _))| {
            format!(
                "203.0.113.{place} - - [{:02}/Oct/2026:11:25:23 +0800] \"GET /track?no={} HTTP/1.1\" 404 512 \"-\" \"Mozilla/5.0\"\n",
                8 + place,
                number.to_lowercase()
            )
        })
        .collect();
    bench.file("access.log", log);
    let path = bench.path("ws/trapline.yaml");
    let text = fs::read_to_string(&path).expect("a configuration");
    let web = "  - name: tracking\n    source: {kind: file, path: ../access.log}\n    format: {preset: access-log}\n";
    fs::write(&path, text.replace(CALLS, &format!("{CALLS}{web}"))).expect("written");

    fs::rename(bench.path("access.log"), bench.path("later.log")).expect("moved");
    let explain = || bench.ok(&["--now", LATER, "explain", "handan-02", "--json"]);
    pass(&bench, LATER, &[]);
    let before = explain().matches("\"number\"").count();
    fs::rename(bench.path("later.log"), bench.path("access.log")).expect("moved");
    let (status, summary, said) = pass(&bench, LATER, &[]);

    assert_eq!(status, 0, "{said}");
    assert_eq!(summary["feeds"][1]["new"], 10, "{summary}");
    let after = explain();
    assert!(after.matches("\"number\"").count() > before, "{after}");
}
