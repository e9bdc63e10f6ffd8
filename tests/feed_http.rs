//! HTTP feeds against a real server on the loopback interface: what servers do
//! well, badly and out of malice.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, Once};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use trapline::fault::Fault;
use trapline::feed::{
    Auth, Batch, Context, FeedConfig, FormatConfig, HttpConfig, Pagination, Pass, Preset, SecretRef, Secrets, Sleeper,
    SourceConfig, read,
};

const TICKETS: &str = "工单号,来电时间,描述\n1,2026-11-25 11:25,包裹丢失\n2,2026-11-25 11:26,退款\n";

/// A server that answers by `answer(path and headers, how many came before)` and
/// remembers what it was asked.
struct Server {
    address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(answer: impl Fn(&str, usize, &mut TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound").to_string();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let Ok(mut stream) = stream else { return };
                let request = read_request(&mut stream);
                seen.lock().expect("no test panics in here").push(request.clone());
                answer(&request, number, &mut stream);
            }
        });
        Self { address, requests }
    }

    /// A server with one answer for everything.
    fn fixed(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(move |_, _, stream| send(stream, &answer))
    }

    /// A server that gives its answers in order.
    fn in_order(answers: Vec<String>) -> Self {
        Self::start(move |_, number, stream| send(stream, answers[number.min(answers.len() - 1)].as_bytes()))
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no test panics in here").clone()
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut chunk) {
            Ok(read) if read > 0 => request.extend_from_slice(&chunk[..read]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&request).into_owned()
}

/// Writes an answer; the client may be gone already.
fn send(stream: &mut TcpStream, answer: &[u8]) {
    let _ = stream.write_all(answer);
    let _ = stream.shutdown(std::net::Shutdown::Write);
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n{body}", body.len())
}

fn ok(body: &str) -> String {
    answer("200 OK", "", body)
}

struct Notes(Mutex<Vec<Duration>>);

impl Sleeper for Notes {
    fn sleep(&self, pause: Duration) {
        self.0.lock().expect("one thread").push(pause);
    }
}

struct OneSecret;

impl Secrets for OneSecret {
    fn env(&self, name: &str) -> Option<String> {
        (name == "FEED_TOKEN").then(|| "s3cret-token".to_owned())
    }
}

fn http(url: impl std::fmt::Display) -> HttpConfig {
    let text = format!("url: \"{url}\"\nretries: 2\nread_timeout_seconds: 1\ntotal_timeout_seconds: 1\n");
    serde_yaml::from_str(&text).expect("an HTTP source")
}

fn feed(source: HttpConfig, preset: Preset) -> FeedConfig {
    FeedConfig {
        name: "web".to_owned(),
        source: SourceConfig::Http(source),
        format: FormatConfig::of(preset),
        time_zone: Some("+08:00".to_owned()),
        silent_after_hours: 24,
        max_bytes: 100_000,
    }
}

fn tickets(server: &Server) -> FeedConfig {
    feed(http(server.url("/tickets.csv")), Preset::Tickets)
}

struct Outcome {
    pass: Result<Pass, Fault>,
    batches: Vec<Batch>,
    pauses: Vec<Duration>,
}

impl Outcome {
    fn ids(&self) -> Vec<&str> {
        let all = self.batches.iter().flat_map(|batch| &batch.observations);
        all.filter_map(|seen| seen.native_id.as_deref()).collect()
    }

    fn cursor(&self) -> &str {
        self.batches.last().map_or("", |batch| &batch.cursor)
    }

    fn fault(&self) -> String {
        let fault = self.pass.as_ref().expect_err("a fault");
        format!("{fault} {}", fault.hint.as_deref().unwrap_or(""))
    }
}

fn pass(config: &FeedConfig, cursor: &str) -> Outcome {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        rustls::crypto::ring::default_provider().install_default().expect("the first provider");
    });
    let now: Timestamp = "2026-11-25T04:00:00Z".parse().expect("a time");
    let sleeper = Notes(Mutex::new(Vec::new()));
    let context = Context { secrets: &OneSecret, sleeper: &sleeper, ..Context::new(now, Path::new("/")) };
    let mut batches = Vec::new();
    let pass = read(config, cursor, &context, &mut |batch| {
        batches.push(batch);
        Ok(())
    });
    let pauses = sleeper.0.into_inner().expect("one thread");
    Outcome { pass, batches, pauses }
}

#[test]
fn an_unchanged_document_is_asked_for_with_its_validators_verbatim() {
    let headers = "ETag: W/\"a-\\1\"\r\nLast-Modified: Wed, 25 Nov 2026 03:00:00 GMT\r\n";
    let server = Server::in_order(vec![answer("200 OK", headers, TICKETS), answer("304 Not Modified", "", "")]);
    let config = tickets(&server);

    let first = pass(&config, "");
    let second = pass(&config, first.cursor());

    assert_eq!(first.ids(), ["1", "2"]);
    assert!(second.batches.is_empty());
    assert!(second.pass.expect("a pass").not_modified);
    let asked = server.requests()[1].to_lowercase();
    assert!(asked.contains("if-none-match: w/\"a-\\1\"\r\n"), "{asked}");
    assert!(asked.contains("if-modified-since: wed, 25 nov 2026 03:00:00 gmt\r\n"), "{asked}");
}

#[test]
fn the_same_body_without_validators_is_nothing_new() {
    let server = Server::fixed(ok(TICKETS));
    let config = tickets(&server);

    let first = pass(&config, "");
    let second = pass(&config, first.cursor());

    let second = second.pass.expect("a pass");
    assert_eq!((second.not_modified, second.records), (true, 0));
}

#[test]
fn a_server_error_is_waited_out() {
    let server = Server::in_order(vec![answer("500 Oops", "", ""), answer("503 Busy", "", ""), ok(TICKETS)]);

    let outcome = pass(&tickets(&server), "");

    assert_eq!(outcome.ids(), ["1", "2"]);
    assert_eq!(outcome.pauses.len(), 2);
    assert!(outcome.pauses[1] > outcome.pauses[0]);
}

#[test]
fn a_server_that_stays_broken_is_a_fault() {
    let server = Server::fixed(answer("500 Oops", "", ""));

    let outcome = pass(&tickets(&server), "");

    assert!(outcome.fault().contains("500") && outcome.fault().contains("after 3 attempts"), "{}", outcome.fault());
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn a_server_may_name_the_wait() {
    let by_seconds = answer("429 Slow down", "Retry-After: 17\r\n", "");
    let by_date = answer("503 Busy", "Retry-After: Wed, 25 Nov 2026 04:00:30 GMT\r\n", "");
    let server = Server::in_order(vec![by_seconds, by_date, ok(TICKETS)]);

    let outcome = pass(&tickets(&server), "");

    assert_eq!(outcome.ids(), ["1", "2"]);
    assert_eq!(outcome.pauses, [Duration::from_secs(17), Duration::from_secs(30)]);
}

#[test]
fn a_wait_beyond_patience_is_a_fault() {
    let server = Server::fixed(answer("429 Slow down", "Retry-After: 86400\r\n", ""));

    let outcome = pass(&tickets(&server), "");

    assert!(outcome.fault().contains("86400 s"), "{}", outcome.fault());
    assert!(outcome.pauses.is_empty());
}

#[test]
fn a_pass_has_an_end() {
    let server = Server::start(|_, number, stream| {
        let reply = if number % 2 == 0 {
            answer("503 Busy", "Retry-After: 100\r\n", "")
        } else {
            twilio_page(1, &format!("\"/Calls.json?Page={number}\""))
        };
        send(stream, reply.as_bytes());
    });
    let mut source = http(server.url("/Calls.json"));
    source.pass_timeout_seconds = 450;

    let outcome = pass(&feed(source, Preset::TwilioCalls), "");

    assert!(outcome.fault().contains("at most 450 s"), "{}", outcome.fault());
    assert_eq!(outcome.pauses.len(), 4);
}

#[test]
fn a_server_may_not_say_unchanged_unasked() {
    let server = Server::fixed(answer("304 Not Modified", "", ""));

    assert!(pass(&tickets(&server), "").fault().contains("304"));
}

#[test]
fn a_refusal_is_not_asked_again() {
    let server = Server::fixed(answer("403 Forbidden", "", ""));

    let outcome = pass(&tickets(&server), "");

    assert!(outcome.fault().contains("403") && outcome.fault().contains("source.auth"), "{}", outcome.fault());
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_web_page_is_no_empty_feed() {
    let page = "\n<!doctype html><html><title>Sign in</title></html>";
    let server = Server::fixed(answer("200 OK", "Content-Type: text/html\r\n", page));

    for preset in [Preset::Tickets, Preset::TwilioCalls, Preset::AsteriskCdrCsv, Preset::Text] {
        let outcome = pass(&feed(http(server.url("/")), preset), "");

        assert!(outcome.fault().contains("HTML"), "{preset:?}: {}", outcome.fault());
        assert!(outcome.batches.is_empty());
    }
}

#[test]
fn an_empty_body_is_no_empty_table() {
    let server = Server::fixed(ok(""));

    assert!(pass(&tickets(&server), "").fault().contains("empty document"));
}

#[test]
fn a_server_that_dribbles_its_body_is_given_up() {
    let server = Server::start(|_, _, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        while stream.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });

    let outcome = pass(&tickets(&server), "");

    assert!(outcome.fault().contains("too slow"), "{}", outcome.fault());
    assert!(outcome.pauses.is_empty(), "one such wait is enough");
}

#[test]
fn a_server_that_dribbles_its_headers_is_given_up() {
    let server = Server::start(|_, _, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nX-Long: ");
        while stream.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });

    assert!(pass(&tickets(&server), "").fault().contains("too slow"));
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let server = Server::start(|_, _, stream| {
        let _ = stream.read(&mut [0]);
    });

    assert!(pass(&tickets(&server), "").fault().contains("too slow"));
}

#[test]
fn a_body_above_the_cap_is_a_fault() {
    let server = Server::fixed(ok(&"x".repeat(200_000)));

    assert!(pass(&tickets(&server), "").fault().contains("at most 100000 bytes"));
}

#[test]
fn the_cap_holds_for_what_is_unpacked() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&vec![b'x'; 50_000_000]).expect("packed");
    let packed = encoder.finish().expect("packed");
    let mut bomb = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        packed.len()
    )
    .into_bytes();
    bomb.extend_from_slice(&packed);

    assert!(pass(&tickets(&Server::fixed(bomb)), "").fault().contains("at most 100000 bytes"));
}

#[test]
fn a_packed_body_is_unpacked() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(TICKETS.as_bytes()).expect("packed");
    let packed = encoder.finish().expect("packed");
    for header in ["Content-Encoding: gzip\r\n", "Content-Type: application/gzip\r\n"] {
        let mut answer =
            format!("HTTP/1.1 200 OK\r\n{header}Content-Length: {}\r\nConnection: close\r\n\r\n", packed.len())
                .into_bytes();
        answer.extend_from_slice(&packed);

        assert_eq!(pass(&tickets(&Server::fixed(answer)), "").ids(), ["1", "2"]);
    }
}

#[test]
fn a_body_cut_short_is_asked_for_again_and_then_a_fault() {
    let cut = format!("HTTP/1.1 200 OK\r\nContent-Length: 9999\r\nConnection: close\r\n\r\n{TICKETS}");
    let healed = Server::in_order(vec![cut.clone(), ok(TICKETS)]);
    let broken = Server::fixed(cut);

    assert_eq!(pass(&tickets(&healed), "").ids(), ["1", "2"]);
    let outcome = pass(&tickets(&broken), "");
    assert!(outcome.fault().contains("ends too early"), "{}", outcome.fault());
    assert!(outcome.batches.is_empty(), "nothing of it is taken");
}

#[test]
fn a_redirect_stays_with_its_host() {
    let other = Server::fixed(ok(TICKETS));
    let elsewhere = answer("302 Found", &format!("Location: {}\r\n", other.url("/tickets.csv?key=hidden")), "");
    let server = Server::start(move |request, _, stream| {
        let reply = match request.split(' ').nth(1) {
            Some("/tickets.csv") => answer("301 Moved", "Location: /new.csv\r\n", ""),
            Some("/new.csv") => ok(TICKETS),
            _ => elsewhere.clone(),
        };
        send(stream, reply.as_bytes());
    });
    let mut away = http(server.url("/away"));
    away.auth = Some(Auth::Bearer { token: SecretRef { env: Some("FEED_TOKEN".to_owned()), file: None } });

    assert_eq!(pass(&tickets(&server), "").ids(), ["1", "2"]);
    let outcome = pass(&feed(away, Preset::Tickets), "");
    assert!(outcome.fault().contains("not followed"), "{}", outcome.fault());
    assert!(!outcome.fault().contains("hidden") && !outcome.fault().contains("s3cret"), "{}", outcome.fault());
    assert!(other.requests().is_empty(), "the other host saw neither request nor credentials");
    assert!(server.requests().iter().any(|request| request.contains("Bearer s3cret-token")));
}

#[test]
fn redirects_end() {
    let server = Server::fixed(answer("302 Found", "Location: /again\r\n", ""));

    assert!(pass(&tickets(&server), "").fault().contains("5 redirects"));
}

fn twilio_page(sid: u32, next: &str) -> String {
    ok(&format!(
        r#"{{"calls": [{{"sid": "CA{sid}", "from": "+8613800000001", "to": "+12025550143", "status": "completed",
        "start_time": "Wed, 25 Nov 2026 03:25:23 +0000", "duration": "31"}}], "next_page_uri": {next}}}"#
    ))
}

#[test]
fn pages_are_followed_and_only_new_ones_parsed() {
    let server = Server::start(|request, number, stream| {
        let second = request.starts_with("GET /Calls.json?Page=1");
        let reply = match (second, number) {
            (false, 2..) => twilio_page(3, "\"/Calls.json?Page=1\""),
            (false, _) => twilio_page(1, "\"/Calls.json?Page=1\""),
            (true, _) => twilio_page(2, "null"),
        };
        send(stream, reply.as_bytes());
    });
    let mut source = http(server.url("/Calls.json?StartTime%3E={since}"));
    let secret = || SecretRef { env: Some("FEED_TOKEN".to_owned()), file: None };
    source.auth = Some(Auth::Basic { username: secret(), password: secret() });
    let config = feed(source, Preset::TwilioCalls);

    let first = pass(&config, "");
    let second = pass(&config, first.cursor());

    assert_eq!(first.ids(), ["CA1", "CA2"]);
    assert_eq!(second.ids(), ["CA3"], "the page of CA2 did not change");
    let requests = server.requests();
    assert!(requests[0].contains("StartTime%3E=2026-10-26 "), "{}", requests[0]);
    assert!(requests[2].contains("StartTime%3E=2026-11-23 "), "two days before the newest call");
    assert!(requests.iter().all(|request| request.contains("authorization: Basic ")));
}

#[test]
fn links_lead_to_the_next_page() {
    let server = Server::start(|request, _, stream| {
        let reply = match request.split(' ').nth(1) {
            Some("/list") => answer("200 OK", "Link: <?page=2>; rel=\"next\"\r\n", TICKETS),
            _ => ok(&TICKETS.replace("\n1,", "\n3,").replace("\n2,", "\n4,")),
        };
        send(stream, reply.as_bytes());
    });
    let mut source = http(server.url("/list"));
    source.pagination = Some(Pagination::LinkHeader);

    assert_eq!(pass(&feed(source, Preset::Tickets), "").ids(), ["1", "2", "3", "4"]);
}

#[test]
fn pages_in_a_circle_end() {
    let server = Server::start(|request, _, stream| {
        let next = if request.contains("Page=1") { "\"/Calls.json?Page=2\"" } else { "\"/Calls.json?Page=1\"" };
        send(stream, twilio_page(1, next).as_bytes());
    });

    let outcome = pass(&feed(http(server.url("/Calls.json")), Preset::TwilioCalls), "");

    assert!(outcome.fault().contains("circle"), "{}", outcome.fault());
}

#[test]
fn pages_without_end_are_cut_off() {
    let server = Server::start(|_, number, stream| {
        send(stream, twilio_page(1, &format!("\"/Calls.json?Page={number}x\"")).as_bytes());
    });
    let mut source = http(server.url("/Calls.json"));
    source.max_pages = 7;

    assert!(pass(&feed(source, Preset::TwilioCalls), "").fault().contains("at most 7 pages"));
    assert_eq!(server.requests().len(), 7);
}

#[test]
fn a_next_page_elsewhere_is_not_asked() {
    let server = Server::fixed(twilio_page(1, "\"http://localhost:9/Calls.json?Token=hidden\""));

    let outcome = pass(&feed(http(server.url("/Calls.json")), Preset::TwilioCalls), "");

    assert!(outcome.fault().contains("another host") && !outcome.fault().contains("hidden"), "{}", outcome.fault());
}

#[test]
fn a_failure_within_the_pages_keeps_the_cursor() {
    let server = Server::start(|request, _, stream| {
        let reply = if request.contains("Page=1") {
            answer("404 Gone", "", "")
        } else {
            twilio_page(1, "\"/Calls.json?Page=1\"")
        };
        send(stream, reply.as_bytes());
    });

    let outcome = pass(&feed(http(server.url("/Calls.json")), Preset::TwilioCalls), "");

    assert!(outcome.fault().contains("404"));
    assert!(outcome.batches.is_empty());
}

#[test]
fn an_error_in_json_is_no_empty_list() {
    let server = Server::fixed(ok(r#"{"code": 20003, "message": "Authenticate"}"#));

    assert!(pass(&feed(http(server.url("/")), Preset::TwilioCalls), "").fault().contains("array of records"));
}

#[test]
fn a_missing_secret_is_named_and_nothing_is_asked() {
    let server = Server::fixed(ok(TICKETS));
    let mut source = http(server.url("/"));
    source.auth = Some(Auth::Bearer { token: SecretRef { env: Some("OTHER".to_owned()), file: None } });

    assert!(pass(&feed(source, Preset::Tickets), "").fault().contains("OTHER"));
    assert!(server.requests().is_empty());
}

#[test]
fn an_unreachable_server_is_a_fault_without_the_query() {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");

    let plain = pass(&feed(http(format!("http://{free}/a?key=hidden")), Preset::Tickets), "");
    let encrypted = pass(&feed(http(format!("https://{free}/a?key=hidden")), Preset::Tickets), "");

    assert!(plain.fault().contains("cannot be reached"), "{}", plain.fault());
    assert!(!plain.fault().contains("hidden") && !encrypted.fault().contains("hidden"), "{}", encrypted.fault());
}

#[test]
fn a_server_without_tls_gets_no_request_over_https() {
    let server = Server::fixed(ok(TICKETS));
    let mut source = http(format!("https://{}/", server.address));
    source.auth = Some(Auth::Bearer { token: SecretRef { env: Some("FEED_TOKEN".to_owned()), file: None } });
    source.retries = 0;

    let outcome = pass(&feed(source, Preset::Tickets), "");

    assert!(outcome.pass.is_err());
    assert!(server.requests().iter().all(|request| !request.contains("s3cret")));
}

#[test]
fn unsafe_settings_are_refused() {
    let token = || Some(Auth::Bearer { token: SecretRef { env: Some("FEED_TOKEN".to_owned()), file: None } });
    let cases: [(HttpConfig, &str); 5] = [
        (http("ftp://h/a"), "source.url"),
        (http("https://user:pw@h/a"), "source.url"),
        (HttpConfig { auth: token(), ..http("http://example.com/a") }, "source.url"),
        (
            HttpConfig { auth: Some(Auth::Bearer { token: SecretRef::default() }), ..http("https://h/a") },
            "source.auth.token",
        ),
        (HttpConfig { total_timeout_seconds: 0, ..http("https://h/a") }, "source.total_timeout_seconds"),
    ];

    for (source, field) in cases {
        let fault = feed(source, Preset::Tickets).check().expect_err(field);

        assert_eq!(fault.field.as_deref(), Some(field));
    }
}
