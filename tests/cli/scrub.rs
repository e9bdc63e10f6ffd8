//! Canaries are left out of what operations act on, and retired in time.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::bench::{Bench, LATER, PLANTED, column, export};
use crate::scope::{SCOPE, SLOTS, plant as plant_shared, with_slots};

/// Plants `input`, scrubs what came of it and returns that.
fn undone(bench: &Bench, input: &[u8], plant: &[&str], scrub: &[&str]) -> Vec<u8> {
    let (original, planted, scrubbed) = (bench.file("in.csv", input), bench.text("planted"), bench.text("scrubbed"));
    let ours = ["--now", PLANTED, "plant", &original, "-o", &planted, "--account", "a", "--batch", "b"];
    bench.ok(&[&ours[..], plant].concat());
    assert!(fs::read(&planted).expect("planted") != input);

    let said = bench.ok(&[&["--now", LATER, "scrub", &planted, "-o", &scrubbed][..], scrub].concat());

    assert!(said.starts_with("removed 10 canaries from ") && said.contains(": 10 of exports\n"), "{said}");
    fs::read(scrubbed).expect("scrubbed")
}

#[test]
fn scrubbing_undoes_planting_in_every_dialect() {
    let text = export(0..200);
    let gb = encoding_rs::GB18030.encode(text.trim_start_matches('\u{feff}')).0.into_owned();
    let tsv = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/plant/shipments.tsv")).expect("shipped");
    let bytes = |text: &str| text.as_bytes().to_vec();
    let files: [(Vec<u8>, &[&str]); 7] = [
        (bytes(&text), &[]),
        (gb, &[]),
        (tsv, &["--template", "scms-shipments", "--canaries", "10"]),
        (bytes(text.trim_end()), &[]),
        (bytes(&text.replace(',', ";")), &[]),
        (bytes(&text.replace(',', "|").replace('\n', "\r\n")), &[]),
        (json_lines(&text), &[]),
    ];

    for (input, plant) in files {
        let output = undone(&Bench::new(), &input, plant, &[]);
        assert!(output == input, "{}", String::from_utf8_lossy(&input[..200]));
    }
}

fn json_lines(text: &str) -> Vec<u8> {
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let headers = reader.headers().expect("a header").clone();
    let object = |row: csv::StringRecord| {
        let cells = headers.iter().zip(row.iter()).filter(|(header, _)| !header.is_empty());
        let object: serde_json::Map<String, serde_json::Value> =
            cells.map(|(header, cell)| (header.to_owned(), cell.into())).collect();
        format!("{}\n", serde_json::Value::Object(object))
    };
    reader.records().map(|row| object(row.expect("CSV"))).collect::<String>().into_bytes()
}

#[test]
fn a_file_without_a_header_is_scrubbed_with_the_same_map() {
    let text = export(0..200);
    let (header, rows) = text.trim_start_matches('\u{feff}').split_once('\n').expect("a header");
    let place = |name: &str| header.trim().split(',').position(|own| own == name).expect("a column") + 1;
    let maps = [format!("number={}", place("运单号")), format!("recipient.phone={}", place("收件电话"))];
    let map = ["--no-header", "--map", &maps[0], "--map", &maps[1]];

    let output = undone(&Bench::new(), rows.as_bytes(), &map, &map);

    assert!(output == rows.as_bytes());
}

#[test]
fn a_packed_extract_comes_out_packed() {
    let bench = Bench::new();
    let text = export(0..200);
    let planted = bench.plant(&bench.file("in.csv", &text), "a", "b");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&fs::read(planted).expect("planted")).expect("in memory");
    let packed = bench.file("planted.csv.gz", gzip.finish().expect("in memory"));

    for name in ["same.csv", "out.csv.zst"] {
        bench.ok(&["--now", LATER, "scrub", &packed, "-o", &bench.text(name)]);
    }

    let (gzip, zstd) =
        (fs::read(bench.path("same.csv")).expect("there"), fs::read(bench.path("out.csv.zst")).expect("there"));
    let mut plain = String::new();
    flate2::read::MultiGzDecoder::new(gzip.as_slice()).read_to_string(&mut plain).expect("gzip, as the input");
    assert_eq!(plain, text);
    assert_eq!(zstd::decode_all(zstd.as_slice()).expect("zstd, as the name says"), text.as_bytes());
}

/// An operational table: real rows, standing canaries of two epochs, an
/// export's canaries and shared rows. Returns the bench, the table, its real
/// rows and how many canaries of each kind are in it.
fn operational() -> (Bench, String, String) {
    let bench = with_slots();
    bench.file("accounts.csv", "handan-01\nhandan-02\n");
    let mut rows = Vec::new();
    for (now, name) in [("2026-08-06T02:00:00Z", "old.csv"), (PLANTED, "new.csv")] {
        bench.ok(&[
            "--now",
            now,
            "seed",
            "--accounts",
            "accounts.csv",
            "-o",
            &bench.text(name),
            "--template",
            "yto-express",
        ]);
        let text = fs::read_to_string(bench.path(name)).expect("seeded");
        rows.extend(column(&text, "运单号").into_iter().zip(column(&text, "收件电话")));
    }
    let standing = rows.len();
    assert_eq!(standing, 2 * 2 * 5, "five canaries for each of two accounts in each of two epochs");
    let input = bench.file("in.csv", export(0..1_000));
    let planted = plant_shared(&bench, &input, "handan-01", "b", SCOPE);
    let real = export(0..1_000);
    let own = |line: &&str| !real.lines().any(|other| other == *line);
    let header = planted.lines().next().expect("a header");
    let ours: Vec<&str> = planted.lines().filter(own).collect();
    assert_eq!(ours.len(), 10 + SLOTS);
    let text = format!("{header}\n{}", ours.join("\n"));
    rows.extend(column(&text, "运单号").into_iter().zip(column(&text, "收件电话")));
    let (numbers, phones) = (column(&real, "运单号"), column(&real, "收件电话"));
    let mut table = "waybill no,phone,kg\n".to_owned();
    let mut rest = table.clone();
    for (place, (number, phone)) in numbers.iter().zip(&phones).enumerate() {
        let row = format!("{number},{phone},{place}\n");
        table += &row;
        rest += &row;
        if let Some((number, phone)) = rows.get(place) {
            table += &format!("{},+86 {phone},0.5\n", number.to_lowercase());
        }
    }
    // Numbers that the canaries are between, and one line without its number.
    table += &format!(",{},1\n", rows[3].1);
    (bench, table, rest)
}

#[test]
fn canaries_of_every_kind_and_epoch_are_left_out() {
    let (bench, table, rest) = operational();
    let input = bench.file("table.csv", &table);

    let said = bench.ok(&["--now", LATER, "scrub", &input, "-o", &bench.text("out.csv")]);
    let json = bench.ok(&["--now", LATER, "scrub", &input, "-o", &bench.text("again.csv"), "--json"]);
    let flagged = bench.ok(&["--now", LATER, "scrub", &input, "-o", &bench.text("flagged.csv"), "--flag", "canary"]);

    let count = 20 + 10 + SLOTS + 1;
    let expected = format!(
        "removed {count} canaries from {} rows: 20 standing, 10 of exports, {SLOTS} shared, 1 by their line\n\
         looked at waybill no for numbers and phone for phones\n",
        1_000 + count
    );
    assert_eq!(said, expected);
    assert_eq!(fs::read_to_string(bench.path("out.csv")).expect("scrubbed"), rest);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(
        (&json["schema"], json["kinds"]["shared"].as_u64()),
        (&"trapline.scrubbing/1".into(), Some(SLOTS as u64))
    );
    assert!(flagged.starts_with(&format!("marked {count} canaries among ")), "{flagged}");
    let flagged = fs::read_to_string(bench.path("flagged.csv")).expect("flagged");
    let kept: String = flagged.lines().filter_map(|line| Some(line.strip_suffix(",0")?.to_owned() + "\n")).collect();
    assert_eq!(flagged.lines().next(), Some("waybill no,phone,kg,canary"));
    assert_eq!(kept, rest.split_once('\n').expect("a header").1);
    assert_eq!(fs::metadata(bench.path("out.csv")).expect("there").permissions().mode() & 0o777, 0o600);
    for number in column(&table, "waybill no").iter().filter(|number| number.starts_with("yt")) {
        assert!(!said.contains(number.as_str()), "a number was printed");
    }
}

#[test]
fn a_filter_does_the_same_without_a_workspace() {
    let (bench, table, rest) = operational();
    let input = bench.file("table.csv", &table);
    let (filter, key) = (bench.text("scrub.filter"), bench.text("scrub.key"));
    let said = bench.ok(&["--now", LATER, "scrub", "--filter", &filter, "--key-out", &key]);
    // Of a slot that one account has, the other variant stands in no export.
    let count = 20 + 10 + SLOTS;
    assert!(said.starts_with(&format!("wrote {count} numbers and ")), "{said}");
    for path in [&filter, &key] {
        assert_eq!(fs::metadata(path).expect("written").permissions().mode() & 0o777, 0o600);
    }
    fs::rename(bench.path("ws"), bench.path("gone")).expect("moved");

    let said = bench.run(&["scrub", &input, "-o", &bench.text("out.csv"), "--with", &filter, "--key", &key]);

    assert_eq!(said.status, 0, "{}", said.stderr);
    assert!(said.stderr.contains("the filter was made 2026-10-20T02:00:00Z"), "{}", said.stderr);
    assert!(said.stdout.contains(&format!(": {count} by their number, 1 by their line")), "{}", said.stdout);
    assert_eq!(fs::read_to_string(bench.path("out.csv")).expect("scrubbed"), rest);
    let mut damaged = fs::read(&filter).expect("a filter");
    damaged[70] ^= 1;
    let damaged = bench.file("damaged", damaged);
    let other = bench.file("other.key", "5".repeat(64));
    for (filter, key, what) in [
        (&damaged, &key, "damaged: the filter was changed or damaged"),
        (&filter, &other, "the filter was made with another key"),
        (&input, &key, "this is no scrub filter"),
        (&filter, &input, "expected a filter's key"),
    ] {
        let said = bench.fails(&["scrub", &input, "-o", &bench.text("none.csv"), "--with", filter, "--key", key]);
        assert!(said.contains(what), "{said}");
    }
    assert!(!bench.path("none.csv").exists());
}

#[test]
fn nothing_is_written_over_and_nothing_is_left_behind() {
    let bench = Bench::new();
    let input = bench.file("in.csv", export(0..50));
    let other = bench.file("other.csv", "precious");
    fs::hard_link(&input, bench.path("link.csv")).expect("linked");

    for (args, what) in [
        (vec!["scrub", &input, "-o", &input], "the input and the output are the same file"),
        (vec!["scrub", &input, "-o", &other], "the output exists already"),
        (vec!["scrub", &input, "-o", &bench.text("link.csv")], "the output exists already"),
        (vec!["scrub", &input, "-o", "-"], "scrubbing into standard output is refused"),
        (vec!["scrub", &bench.text("missing.csv"), "-o", &bench.text("out.csv")], "cannot be read"),
        (
            vec!["scrub", &input, "-o", &bench.text("out.csv"), "--map", "number=nothing"],
            "expected a column for number",
        ),
        (vec!["scrub", &other, "-o", &bench.text("out.csv")], "expected a column for a phone or a waybill number"),
    ] {
        let said = bench.fails(&args.iter().map(|arg| &**arg).collect::<Vec<_>>());
        assert!(said.contains(what) && said.contains("\nhint: "), "{said}");
    }

    assert_eq!(fs::read_to_string(&other).expect("there"), "precious");
    assert_eq!(fs::read_to_string(&input).expect("there"), export(0..50));
    let mut names: Vec<String> = fs::read_dir(bench.path("."))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    assert_eq!(names, ["in.csv", "link.csv", "other.csv", "ws"]);
    for usage in
        [&["scrub", "a"][..], &["scrub", "--filter", "f", "a", "-o", "b"], &["scrub", "a", "-o", "b", "--with", "f"]]
    {
        assert_eq!(bench.run(usage).status, 2, "{usage:?}");
    }
}

#[test]
fn a_row_that_cannot_be_judged_is_kept_and_fails_the_command_where_it_holds_a_canary() {
    let bench = Bench::new();
    let planted = bench.plant(&bench.file("in.csv", export(0..100)), "a", "b");
    let text = fs::read_to_string(planted).expect("planted");
    let real = export(0..100);
    let canary = text.lines().find(|line| !real.contains(line)).expect("a planted row");
    let input = bench.file("ragged.csv", format!("{real}{canary},one,more\n"));

    let said = bench.run(&["--now", LATER, "scrub", &input, "-o", &bench.text("out.csv")]);

    assert_eq!(said.status, 1);
    assert!(said.stdout.starts_with("removed 0 canaries from 101 rows\n"), "{}", said.stdout);
    let place = format!("record 101, byte {}", real.len());
    assert!(
        said.stderr.contains("take them out by hand") && said.stderr.matches(&place).count() == 2,
        "{}",
        said.stderr
    );
    assert_eq!(fs::read(bench.path("out.csv")).expect("there"), fs::read(input).expect("there"));
}

#[test]
fn what_should_be_retired_is_listed_with_what_takes_its_place() {
    let bench = Bench::new();
    bench.file("accounts.csv", "handan-01\nhandan-02\n");
    bench.ok(&["--now", PLANTED, "seed", "--accounts", "accounts.csv", "-o", &bench.text("q4.csv")]);
    bench.plant(&bench.file("in.csv", export(0..200)), "handan-01", "day1");
    let list = |now: &str, more: &[&str]| bench.ok(&[&["--now", now, "canaries", "--due"], more].concat());
    let json = |now: &str, more: &[&str]| -> serde_json::Value {
        serde_json::from_str(&list(now, &[more, &["--json"]].concat())).expect("JSON")
    };
    let rows = |value: &serde_json::Value| -> Vec<(String, String, String, String)> {
        let text = |row: &serde_json::Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let rows = value["due"].as_array().expect("a list").iter();
        rows.map(|row| (text(row, "account"), text(row, "batch"), text(row, "why"), text(row, "replacement"))).collect()
    };
    let row = |account: &str, batch: &str, why: &str, replacement: &str| {
        (account.to_owned(), batch.to_owned(), why.to_owned(), replacement.to_owned())
    };

    // While the epoch runs, and ten days before it ends.
    assert_eq!(list(LATER, &[]), "nothing is due\n");
    let soon = json("2026-12-25T02:00:00Z", &["--days", "10", "--account", "handan-02"]);
    assert_eq!(rows(&soon), [row("handan-02", "", "ends-soon", "open-epoch")]);

    // It has ended, and no other is open.
    let ended = json("2027-01-05T02:00:00Z", &[]);
    let expected = [
        row("handan-01", "", "ended", "open-epoch"),
        row("handan-02", "", "ended", "open-epoch"),
        row("handan-01", "day1", "ended", "none"),
    ];
    assert_eq!(rows(&ended), expected);
    assert_eq!((&ended["schema"], ended["due"][2]["canaries"].as_u64()), (&"trapline.due/1".into(), Some(10)));
    assert_eq!(list("2027-01-05T02:00:00Z", &["--numbers"]), "", "late calls still count");

    // Another is, and one of the accounts was seeded in it.
    bench.ok(&["--now", "2027-01-06T02:00:00Z", "epoch", "open"]);
    bench.file("first.csv", "handan-01\n");
    bench.ok(&["--now", "2027-01-06T02:00:00Z", "seed", "--accounts", "first.csv", "-o", &bench.text("q1.csv")]);
    let replaced = json("2027-01-07T02:00:00Z", &["--epoch", "2026Q4"]);
    let replacements: Vec<String> = rows(&replaced).into_iter().map(|row| row.3).collect();
    assert_eq!(replacements, ["seeded", "seed", "none"]);
    let text = list("2027-01-07T02:00:00Z", &[]);
    assert!(
        text.contains("`trapline seed` in 2027Q1") && text.ends_with("20 canaries are due, 10 of them standing\n"),
        "{text}"
    );

    // Its horizon has passed: the numbers may go.
    let numbers = list("2027-07-05T02:00:00Z", &["--numbers", "--epoch", "2026Q4"]);
    let mut numbers: Vec<&str> = numbers.lines().collect();
    numbers.sort_unstable();
    let seeded = column(&fs::read_to_string(bench.path("q4.csv")).expect("seeded"), "运单号");
    assert_eq!(numbers.len(), 20);
    assert!(seeded.iter().all(|number| numbers.binary_search(&number.as_str()).is_ok()));
    let past = json("2027-07-05T02:00:00Z", &["--epoch", "2026Q4"]);
    assert!(rows(&past).iter().all(|row| row.2 == "past-horizon"), "{past}");
    assert!(!past.to_string().contains(numbers[0]) && !past.to_string().contains("numbers"));

    let sql = rusqlite::Connection::open(bench.path("ws/registry.db")).expect("a registry");
    let notes: i64 = sql.query_row("SELECT count(*) FROM revelation", [], |row| row.get(0)).expect("a count");
    assert_eq!(notes, 0, "whose lines are whose was not shown");
}
