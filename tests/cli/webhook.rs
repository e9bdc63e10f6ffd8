//! Accusations reach their receiver once it is there, signed, and each once.

use std::collections::BTreeMap;
use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::bench::{Bench, LATER, Said};
use crate::server::{Request, Server, answer};
use crate::story::leaked;

const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
/// Nobody listens on port 1.
const NOBODY: &str = "http://127.0.0.1:1/hook?token=t0ken";

/// A leaked workspace that announces to `url`.
fn announcing(url: &str, more: &str) -> Bench {
    let bench = leaked();
    let path = bench.path("ws/trapline.yaml");
    let text = fs::read_to_string(&path).expect("a configuration");
    fs::write(path, format!("{text}\nwebhook: {{url: \"{url}\", secret_env: HOOK_SECRET{more}}}\n")).expect("written");
    bench
}

fn redirect(bench: &Bench, url: &str) {
    let path = bench.path("ws/trapline.yaml");
    let text = fs::read_to_string(&path).expect("a configuration");
    assert!(text.contains(NOBODY));
    fs::write(path, text.replace(NOBODY, url)).expect("written");
}

fn pass(bench: &Bench, now: &str) -> (Said, serde_json::Value) {
    let said = bench.run_with(&["--now", now, "monitor", "--json", "--verbose"], &[("HOOK_SECRET", SECRET)]);
    for secret in [SECRET, "MDEyMzQ1Njc4OWFi", "0123456789abcdef0123", "t0ken"] {
        assert!(!said.stdout.contains(secret) && !said.stderr.contains(secret), "{}{}", said.stdout, said.stderr);
    }
    let summary = serde_json::from_str(&said.stdout).expect("JSON");
    (said, summary)
}

fn assert_signed(request: &Request) {
    let (id, at) = (request.header("webhook-id").expect("an id"), request.header("webhook-timestamp").expect("a time"));
    let key = BASE64.decode(SECRET.trim_start_matches("whsec_")).expect("base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any length");
    mac.update(format!("{id}.{at}.{}", request.body).as_bytes());
    let expected = format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()));
    assert_eq!(request.header("webhook-signature"), Some(expected.as_str()));
}

#[test]
fn a_receiver_that_is_down_for_a_day_loses_nothing_and_gets_each_message_once() {
    let bench = announcing(NOBODY, "");
    let mut waiting = 0;
    for now in ["2026-10-20T02:00:00Z", "2026-10-20T09:00:00Z", "2026-10-20T16:00:00Z", "2026-10-20T23:00:00Z"] {
        let (said, summary) = pass(&bench, now);
        assert_eq!(said.status, 1, "{}", said.stderr);
        assert!(said.stderr.contains("did not answer") && said.stderr.contains("wait"), "{}", said.stderr);
        waiting = summary["outbox"]["waiting"].as_u64().expect("a count");
        assert!(waiting >= 2, "the account and its batch: {summary}");
    }

    let server = Server::start(|_, _| answer("204 No Content", "", ""));
    redirect(&bench, &server.url("/hook"));
    let (said, summary) = pass(&bench, "2026-10-21T01:30:00Z");

    assert_eq!(said.status, 0, "{}", said.stderr);
    assert_eq!(summary["outbox"]["delivered"], waiting);
    assert_eq!(summary["outbox"]["waiting"], 0);
    pass(&bench, "2026-10-21T01:45:00Z");
    let requests = server.requests();
    let ids: std::collections::BTreeSet<_> = requests.iter().map(|request| request.header("webhook-id")).collect();
    assert_eq!((requests.len() as u64, ids.len() as u64), (waiting, waiting));
    let phones = bench.lines();
    for request in &requests {
        assert_signed(request);
        let body: serde_json::Value = serde_json::from_str(&request.body).expect("JSON");
        assert_eq!(body["type"], "trapline.source.exposed");
        assert!(body["data"].get("account").is_none() && body["data"].get("batch").is_none(), "{body}");
        assert!(!request.body.contains("handan-") && !phones.iter().any(|phone| request.body.contains(phone)));
    }
}

#[test]
fn a_message_keeps_its_id_until_it_is_taken_and_waits_its_turn() {
    let server = Server::start(|_, before| match before {
        0 => answer("500 Internal Server Error", "", "oops"),
        _ => answer("200 OK", "", ""),
    });
    let bench = announcing(&server.url("/hook"), "");
    let (said, first) = pass(&bench, LATER);
    assert_eq!(said.status, 1, "{}", said.stderr);
    assert!(said.stderr.contains("500"), "{}", said.stderr);
    let waiting = first["outbox"]["waiting"].as_u64().expect("a count");
    let refused = server.requests()[0].header("webhook-id").expect("an id").to_owned();

    // The first message is due again after a minute; the others are due now.
    let (_, early) = pass(&bench, "2026-10-20T02:00:59Z");
    assert_eq!(early["outbox"]["waiting"], 1, "{early}");
    let (_, late) = pass(&bench, "2026-10-20T02:01:00Z");
    assert_eq!(late["outbox"]["waiting"], 0, "{late}");

    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for request in server.requests() {
        assert_signed(&request);
        *seen.entry(request.header("webhook-id").expect("an id").to_owned()).or_default() += 1;
    }
    assert_eq!(seen.len() as u64, waiting);
    assert!(seen.iter().all(|(id, &count)| count == if *id == refused { 2 } else { 1 }), "{seen:?}");
    assert_eq!(server.requests().last().and_then(|last| last.header("webhook-id")), Some(refused.as_str()));
}

#[test]
fn names_are_sent_when_asked_for_and_nothing_else() {
    let server = Server::start(|_, _| answer("200 OK", "", ""));
    let bench = announcing(&server.url("/hook"), ", names: true");

    pass(&bench, LATER);

    let bodies: Vec<serde_json::Value> =
        server.requests().iter().map(|request| serde_json::from_str(&request.body).expect("JSON")).collect();
    assert!(bodies.iter().all(|body| body["data"]["account"] == "handan-02"), "{bodies:?}");
    assert!(bodies.iter().any(|body| body["data"]["batch"] == "b1"), "{bodies:?}");
}

#[test]
fn a_missing_or_malformed_secret_is_one_clear_error() {
    let bench = announcing(NOBODY, "");

    assert!(bench.fails(&["--now", LATER, "monitor"]).contains("HOOK_SECRET"));
    let said = bench.run_with(&["--now", LATER, "monitor"], &[("HOOK_SECRET", "hunter2")]);
    assert_eq!(said.status, 1);
    assert!(said.stderr.contains("base64") && said.stderr.contains("hint:"), "{}", said.stderr);
    assert!(!said.stderr.contains("hunter2"), "{}", said.stderr);
}
