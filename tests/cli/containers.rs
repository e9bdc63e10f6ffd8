//! Workbooks, dumps and Parquet, as their users plant into them.

use std::fs;
use std::io::{Cursor, Read as _, Write as _};

use crate::bench::{Bench, LATER, PLANTED, export};

/// A workbook with some rows of the shipped export in its sheet `运单`, below a title.
fn workbook(rows: usize) -> Vec<u8> {
    let text = export(0..rows);
    let cell = |at: usize, row: usize, text: &str| {
        let column = char::from(b'A' + at as u8);
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        format!("<c r=\"{column}{row}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
    };
    let mut sheet =
        "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>永年区二部</t></is></c></row>"
            .to_owned();
    for (line, row) in text.trim_start_matches('\u{feff}').lines().zip(3..) {
        let cells: String = line.split(',').enumerate().map(|(at, text)| cell(at, row, text)).collect();
        sheet += &format!("<row r=\"{row}\">{cells}</row>");
    }
    sheet += "</sheetData></worksheet>";
    let relation = |kind: &str, target: &str| {
        format!("<Relationships><Relationship Id=\"r1\" Type=\"http://x/{kind}\" Target=\"{target}\"/></Relationships>")
    };
    let parts = [
        ("_rels/.rels", relation("officeDocument", "xl/workbook.xml")),
        (
            "xl/workbook.xml",
            "<workbook><sheets><sheet name=\"运单\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>".to_owned(),
        ),
        ("xl/_rels/workbook.xml.rels", relation("worksheet", "worksheets/sheet1.xml")),
        ("xl/worksheets/sheet1.xml", sheet),
    ];
    zipped(&parts)
}

fn zipped(parts: &[(&str, String)]) -> Vec<u8> {
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        out.start_file(*name, zip::write::SimpleFileOptions::default()).expect("memory");
        out.write_all(content.as_bytes()).expect("memory");
    }
    out.finish().expect("memory").into_inner()
}

fn sheet(bytes: &[u8]) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("an archive");
    let mut text = String::new();
    archive.by_name("xl/worksheets/sheet1.xml").expect("a sheet").read_to_string(&mut text).expect("text");
    text
}

#[test]
fn a_workbook_is_planted_verified_and_its_canaries_are_found() {
    let bench = Bench::new();
    let input = bench.file("in.xlsx", workbook(200));
    let output = bench.text("out.xlsx");

    let said = bench.ok(&["--now", PLANTED, "plant", &input, "-o", &output, "--account", "handan-01", "--batch", "b"]);
    assert_eq!(said, "planted 10 canaries on 10 lines into 200 records of sheet \"运单\": batch b\n");

    let planted = fs::read(bench.path("out.xlsx")).expect("planted");
    assert_eq!(sheet(&planted).matches("<row ").count(), 212);
    assert_eq!(bench.lines().iter().filter(|line| sheet(&planted).contains(line.as_str())).count(), 10);
    assert!(bench.ok(&["verify", &output, "--batch", "b"]).contains("all 10 planted rows are there"));
    let found = bench.ok(&["--now", LATER, "scan", &output]);
    assert!(found.contains("handan-01"), "{found}");
}

#[test]
fn planting_a_workbook_twice_gives_the_same_bytes() {
    let bench = Bench::new();
    let input = bench.file("in.xlsx", workbook(60));
    let plant = |output: &str| {
        let output = bench.text(output);
        bench.ok(&["--now", PLANTED, "plant", &input, "-o", &output, "--account", "handan-01"])
    };

    let first = plant("one.xlsx");
    let again = plant("two.xlsx");

    assert!(again.contains("registered before") && again.starts_with(first.trim_end()), "{first}{again}");
    assert_eq!(fs::read(bench.path("one.xlsx")).expect("planted"), fs::read(bench.path("two.xlsx")).expect("planted"));
    // an output that is this very planting is written again
    plant("one.xlsx");
}

#[test]
fn a_changed_workbook_is_not_proven() {
    let bench = Bench::new();
    let input = bench.file("in.xlsx", workbook(60));
    let output = bench.text("out.xlsx");
    bench.ok(&["--now", PLANTED, "plant", &input, "-o", &output, "--account", "handan-01", "--batch", "b"]);
    let planted = fs::read(bench.path("out.xlsx")).expect("planted");
    let parts = |sheet: &str| {
        let mut archive = zip::ZipArchive::new(Cursor::new(planted.as_slice())).expect("an archive");
        let names: Vec<String> = archive.file_names().map(|name| name.expect("a name").into_owned()).collect();
        let mut parts = Vec::new();
        for name in &names {
            let mut text = String::new();
            archive.by_name(name).expect("a part").read_to_string(&mut text).expect("text");
            parts.push((name.as_str(), if name.ends_with("sheet1.xml") { sheet.to_owned() } else { text }));
        }
        zipped(&parts)
    };
    let whole = sheet(&planted);

    // packed anew, its parts are the same
    let repacked = bench.file("repacked.xlsx", parts(&whole));
    bench.ok(&["verify", &repacked, "--batch", "b"]);
    let changed = bench.file("changed.xlsx", parts(&whole.replacen("永年区二部", "永年区三部", 1)));
    assert!(bench.fails(&["verify", &changed, "--batch", "b"]).contains("differ from the original"));
    let text = bench.file("text.csv", "a,b\n1,2\n");
    assert!(bench.fails(&["verify", &text, "--batch", "b"]).contains("expected the planted workbook"));
}

#[test]
fn what_cannot_be_planted_into_says_what_to_do() {
    let bench = Bench::new();
    let plant = |name: &str, bytes: &[u8], more: &[&str]| {
        let input = bench.file(name, bytes);
        let output = bench.text("out.xlsx");
        let mut args = vec!["--now", PLANTED, "plant", &input, "-o", &output, "--account", "handan-01"];
        args.extend(more);
        let said = bench.fails(&args);
        assert!(!bench.path("out.xlsx").exists(), "nothing is released");
        said
    };

    let old = plant("in.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and so on", &[]);
    assert!(old.contains("xls workbook") && old.contains("hint: save it as xlsx or as CSV"), "{old}");
    let archive = plant("in.zip", &zipped(&[("a.csv", "x".to_owned())]), &[]);
    assert!(archive.contains("another archive"), "{archive}");
    let sheets = plant("in.xlsx", &workbook(20), &["--sheet", "明细"]);
    assert!(sheets.contains("the workbook has the sheets 运单"), "{sheets}");
    let text = plant("in.csv", export(0..20).as_bytes(), &["--sheet", "x"]);
    assert!(text.contains("which has no sheets and no tables"), "{text}");
    let cut_dump = plant("cut.sql", &dump(20).as_bytes()[..900], &[]);
    assert!(cut_dump.contains("found the end of the dump"), "{cut_dump}");
    let cut = plant("cut.xlsx", &workbook(20)[..500], &[]);
    assert!(cut.contains("damaged"), "{cut}");
}

/// A dump of some rows of the shipped export, as mysqldump writes it.
fn dump(rows: usize) -> String {
    let columns =
        [("waybill_no", 0), ("picked_up_at", 1), ("receiver_name", 6), ("receiver_phone", 7), ("receiver_address", 11)];
    let tuple = |(id, line): (usize, &str)| {
        let fields: Vec<&str> = line.split(',').collect();
        let texts: Vec<String> = columns.iter().map(|(_, place)| format!("'{}'", fields[*place])).collect();
        format!("({},{})", 7 * id + 7, texts.join(","))
    };
    let text = export(0..rows);
    let tuples: Vec<String> = text.lines().skip(1).enumerate().map(tuple).collect();
    let names: String = columns.iter().map(|(name, _)| format!("  `{name}` varchar(99) DEFAULT NULL,\n")).collect();
    format!(
        "-- MySQL dump 10.13\n\nDROP TABLE IF EXISTS `waybills`;\nCREATE TABLE `waybills` (\n  `id` int NOT NULL AUTO_INCREMENT,\n{names}  PRIMARY KEY (`id`)\n) ENGINE=InnoDB;\n\
        LOCK TABLES `waybills` WRITE;\nINSERT INTO `waybills` VALUES {};\nUNLOCK TABLES;\n",
        tuples.join(",")
    )
}

#[test]
fn a_dump_is_planted_and_proven_to_the_byte_packed_or_not() {
    let bench = Bench::new();
    let input = bench.file("in.sql", dump(100));
    let plant = |output: &str, batch: &str, more: &[&str]| {
        let output = bench.text(output);
        let mut args =
            vec!["--now", PLANTED, "plant", &input, "-o", &output, "--account", "handan-01", "--batch", batch];
        args.extend(more);
        let said = bench.run(&args);
        assert_eq!(said.status, 0, "{}", said.stderr);
        assert!(bench.ok(&["verify", &output, "--batch", batch]).contains("all 10 planted rows are there"));
        said
    };

    let said = plant("out.sql", "b", &[]);
    assert_eq!(said.stdout, "planted 10 canaries on 10 lines into 100 records of table \"waybills\": batch b\n");
    assert!(said.stderr.contains("unused values of id"), "{}", said.stderr);
    plant("out.sql.gz", "packed", &["--table", "waybills"]);

    let planted = fs::read_to_string(bench.path("out.sql")).expect("planted");
    assert_eq!(planted.matches("'),(").count(), 109, "every planted row is one of the statement's");
    let lines = bench.lines();
    assert_eq!(lines.iter().filter(|line| planted.contains(line.as_str())).count(), 10);
    let changed = bench.file("changed.sql", planted.replacen("ENGINE=InnoDB", "ENGINE=MyISAM", 1));
    assert!(bench.fails(&["verify", &changed, "--batch", "b"]).contains("changed.sql"));
    let found = bench.ok(&["--now", LATER, "scan", &bench.text("out.sql")]);
    assert!(found.contains("handan-01"), "{found}");
}

#[test]
fn what_a_container_says_is_audited_as_text_is() {
    let bench = Bench::new();
    for (input, output) in [
        (bench.file("in.sql", dump(300)), bench.text("out.sql")),
        (bench.file("in.xlsx", workbook(300)), bench.text("out.xlsx")),
    ] {
        let order = ["--now", PLANTED, "plant", &input, "-o", &output, "--account", "handan-02", "--max-auc", "0.7"];

        let refused = bench.run(&order);

        assert_eq!(refused.status, 1, "{}", refused.stdout);
        assert!(refused.stderr.contains("canaries are too easy to tell: AUC "), "{}", refused.stderr);
        assert!(!bench.path(&output).exists());
    }
}

/// What pyarrow wrote: two row groups, snappy, phones and numbers as INT64.
const PARQUET: &[u8] = include_bytes!("../data/parquet/pyarrow.parquet");

/// A template whose waybill numbers are digits alone: an INT64 holds nothing else.
fn digits(bench: &Bench) -> String {
    let text = include_str!("../../templates/yto-express.yaml");
    bench.file("digits.yaml", text.replace("form: yto", "form: sto").replace("prefix: YT0000", "prefix: \"773000\""))
}

#[test]
fn a_parquet_file_is_planted_and_verified() {
    let bench = Bench::new();
    let (input, output, template) = (bench.file("in.parquet", PARQUET), bench.text("out.parquet"), digits(&bench));
    let order = ["--now", PLANTED, "plant", &input, "-o", &output, "--account", "handan-01", "--template", &template];

    let said = bench.ok(&[&order[..], &["--batch", "b", "--canaries", "4"]].concat());
    assert_eq!(said, "planted 4 canaries on 4 lines into 64 records: batch b\n");
    assert!(bench.ok(&["verify", &output, "--batch", "b"]).contains("all 4 planted rows are there"));
    let planted = fs::read(bench.path("out.parquet")).expect("planted");
    assert!(planted.starts_with(b"PAR1") && planted.ends_with(b"PAR1"));

    // the same again is the same, and completes what was interrupted
    fs::remove_file(bench.path("out.parquet")).expect("there");
    assert!(bench.ok(&[&order[..], &["--batch", "b", "--canaries", "4"]].concat()).contains("registered before"));
    assert!(fs::read(bench.path("out.parquet")).expect("planted") == planted);
    bench.ok(&[&order[..], &["--batch", "b", "--canaries", "4"]].concat());

    let mut changed = planted.clone();
    let middle = changed.len() / 3;
    changed[middle] ^= 1;
    let changed = bench.file("changed.parquet", changed);
    bench.fails(&["verify", &changed, "--batch", "b"]);
    let text = bench.file("text.csv", "a,b\n1,2\n");
    assert!(bench.fails(&["verify", &text, "--batch", "b"]).contains("expected the planted Parquet file"));
}

#[test]
fn a_parquet_file_that_cannot_be_planted_into_says_what_to_do() {
    let bench = Bench::new();
    let template = digits(&bench);
    let plant = |bytes: &[u8], more: &[&str]| {
        let (input, output) = (bench.file("in.parquet", bytes), bench.text("out.parquet"));
        let order = ["--now", PLANTED, "plant", &input, "-o", &output, "--account", "handan-01"];
        let said = bench.fails(&[&order[..], more].concat());
        assert!(!bench.path("out.parquet").exists(), "nothing is released");
        assert!(!said.contains("panicked"), "{said}");
        said
    };
    let digits = ["--template", template.as_str()];

    let letters = plant(PARQUET, &[]);
    assert!(
        letters.contains("waybill_no") && letters.contains("INT64 exactly") && letters.contains("hint:"),
        "{letters}"
    );
    let cut = plant(&PARQUET[..PARQUET.len() / 2], &digits);
    assert!(cut.contains("damaged"), "{cut}");
    let encrypted = plant(&[&PARQUET[..PARQUET.len() - 4], b"PARE"].concat(), &digits);
    assert!(encrypted.contains("is encrypted"), "{encrypted}");
    for (option, value) in [("--encoding", "gbk"), ("--delimiter", "tab")] {
        let said = plant(PARQUET, &[&digits[..], &[option, value]].concat());
        assert!(said.contains("--encoding and --delimiter") && said.contains("for text"), "{said}");
    }
    assert!(plant(PARQUET, &["--table", "x"]).contains("no sheets and no tables"));
    assert!(plant(PARQUET, &["--no-header"]).contains("names its columns"));
}

#[test]
fn what_is_said_of_text_is_refused_for_other_containers() {
    let bench = Bench::new();
    for (name, bytes) in [("in.xlsx", workbook(20)), ("in.sql", dump(20).into_bytes())] {
        let (input, output) = (bench.file(name, bytes), bench.text("out"));
        let said = bench.fails(&["plant", &input, "-o", &output, "--account", "a", "--encoding", "gbk"]);
        assert!(said.contains("leave --encoding and --delimiter out"), "{said}");
    }
}

#[test]
fn a_template_is_learned_from_any_container_as_from_text() {
    let bench = Bench::new();
    // of a byte order mark, a sheet knows nothing
    let text = export(0..300).trim_start_matches('\u{feff}').to_owned();
    let learn = |name: &str, bytes: &[u8], more: &[&str]| {
        let (input, output) = (bench.file(name, bytes), bench.text(&format!("{name}.yaml")));
        let order = ["template", "learn", &input, "-o", &output, "--name", "mine"];
        bench.ok(&[&order[..], more].concat());
        fs::read_to_string(output).expect("a template")
    };

    let of_text = learn("in.csv", text.as_bytes(), &[]);
    let of_book = learn("in.xlsx", &workbook(300), &["--sheet", "运单"]);
    assert!(of_book == of_text, "{of_book}");
    let of_dump = learn("in.sql", dump(300).as_bytes(), &["--table", "waybills"]);
    assert!(of_dump.contains("receiver_phone"), "{of_dump}");
    let of_parquet = learn("in.parquet", PARQUET, &[]);
    assert!(of_parquet.contains("receiver_phone") && of_parquet.contains("picked_up_at"), "{of_parquet}");

    let old = bench.file("in.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and so on");
    let said = bench.fails(&["template", "learn", &old, "-o", &bench.text("old.yaml")]);
    assert!(said.contains("hint: save it as xlsx or as CSV"), "{said}");
}

#[test]
fn an_audit_looks_at_any_container_as_at_text() {
    let bench = Bench::new();
    let audit = |name: &str, bytes: &[u8]| {
        let input = bench.file(name, bytes);
        let more = ["--accounts", "40", "--redraws", "1", "--rows", "600", "--ratio", "10", "--json"];
        bench.ok(&[&["template", "audit", &input, "--template", "yto-express"], &more[..]].concat())
    };

    let text = export(0..200).trim_start_matches('\u{feff}').to_owned();
    let (of_book, of_text) = (audit("in.xlsx", &workbook(200)), audit("in.csv", text.as_bytes()));
    assert!(of_book == of_text, "{of_book}");
    assert!(audit("in.sql", dump(200).as_bytes()).contains("\"records\": 200"));
    assert!(audit("in.parquet", PARQUET).contains("\"records\": 64"));
}

#[test]
fn who_reads_text_alone_says_what_it_found() {
    let bench = Bench::new();
    for (name, bytes, word) in [
        ("in.parquet", PARQUET.to_vec(), "a Parquet file"),
        ("in.xlsx", workbook(20), "a workbook, or another archive"),
    ] {
        let input = bench.file(name, bytes);
        let said = bench.fails(&["scrub", &input, "-o", &bench.text("scrubbed")]);
        assert!(said.contains(word) && said.contains("hint: save its rows as CSV"), "{said}");
    }
    let said = bench.run(&["--now", LATER, "scan", &bench.file("leak.parquet", PARQUET)]);
    assert!(said.stderr.contains("is a Parquet file, which is read as it is, still packed"), "{}", said.stderr);
}
