//! Dumps as a whole: planted into, and the original comes back.

use std::fs;

use proptest::prelude::*;

use super::*;
use crate::persona::Role;
use crate::plant::{self, Expansion, Job, Options, strip};
use crate::record::{Record, Value as Said};

struct Done {
    text: String,
    hints: Vec<String>,
}

fn question(options: &Options) -> Question<'_> {
    Question { part: None, columns: &[], options }
}

/// Plants so many rows into a dump, and proves that the original comes back.
fn planted(dump: &str, count: usize, seed: u8) -> Result<Done, Fault> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("dump.sql");
    fs::write(&path, dump).expect("written");
    let options = Options::default();
    let source = FileSource { path, expansion: Expansion::default() };
    let opened = Dump::open(source, &question(&options), folder.path())?;
    let phone = ColumnRole::Phone(Role::Recipient);
    let name = ColumnRole::Name(Role::Recipient);
    let records: Vec<Record> = (0..count)
        .map(|i| Record {
            values: vec![
                (ColumnRole::Time, Said::Between),
                (name.clone(), Said::Text(["周惠", "O'Neil \"x\"", "a\\b"][i % 3].into())),
                (phone.clone(), Said::Text(format!("1640000{i:04}"))),
            ],
        })
        .collect();
    let numbers: Vec<(u64, String)> =
        (0..2 * count as u64).map(|i| (i, format!("YT{:05}", 10_003 + (13 * i + u64::from(seed)) % 28 * 7))).collect();
    let read = opened.view().options(&options);
    let job = Job {
        columns: &[],
        records: &records,
        numbers: &numbers,
        is_line: &|digits| digits.starts_with("1640000"),
        place: [seed; 32],
        shared: None,
        options: &read,
    };
    let plan = plant::plan(&opened.view().text, &job)?;
    let (plan, hints) = opened.plan(&plan)?;
    let mut out = Vec::new();
    let woven = plan.weave(dump.as_bytes(), &mut out)?;
    let mut original = Vec::new();
    strip(out.as_slice(), &woven.rows, &mut original).expect("every row is in its place");
    assert!(original == dump.as_bytes(), "the original comes back");
    assert!(plant::verify(out.as_slice(), &woven.rows, opened.content().0, opened.content().1).is_ok());
    Ok(Done { text: String::from_utf8(out).expect("text"), hints })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Extended,
    Single,
    Copy,
}

/// A dump of 30 rows; ids have gaps or do not.
fn dump(dialect: Dialect, shape: Shape, gaps: bool) -> String {
    let head = match dialect {
        Dialect::MySql => {
            "-- MySQL dump 10.13\n/*!40101 SET NAMES utf8mb4 */;\nCREATE TABLE `waybills` (`id` int, `waybill_no` varchar(20), `created_at` datetime, `receiver` varchar(20), `receiver_phone` varchar(20), `weight` decimal(5,2), PRIMARY KEY (`id`), UNIQUE KEY `n` (`waybill_no`));\n"
        }
        Dialect::MySqlPlain => {
            "-- MySQL dump 10.13\n/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_BACKSLASH_ESCAPES' */;\nCREATE TABLE `waybills` (`id` int, `waybill_no` varchar(20), `created_at` datetime, `receiver` varchar(20), `receiver_phone` varchar(20), `weight` decimal(5,2), PRIMARY KEY (`id`), UNIQUE KEY `n` (`waybill_no`));\n"
        }
        Dialect::Postgres => {
            "--\n-- PostgreSQL database dump\n--\nSET x = on;\nCREATE TABLE public.waybills (id integer NOT NULL, waybill_no text, created_at timestamp, receiver text, receiver_phone text, weight numeric);\n"
        }
        Dialect::Sqlite => {
            "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE waybills (id integer primary key, waybill_no text unique, created_at text, receiver text, receiver_phone text, weight real);\n"
        }
    };
    let name = if dialect.is_mysql() { "`waybills`" } else { "waybills" };
    let mut text = head.to_owned();
    for at in 0..30 {
        let id = if gaps { 10 + at * 10 } else { at + 1 };
        let values = [
            id.to_string(),
            format!("YT{:05}", 10_000 + 7 * at),
            format!("2020-11-0{} 09:{:02}:00", at / 10 + 1, at % 10 * 5),
            "王芳".to_owned(),
            format!("138000{at:05}"),
        ];
        let weight = if at % 4 == 0 { None } else { Some("2.50") };
        if shape == Shape::Copy {
            if at == 0 {
                text +=
                    "COPY public.waybills (id, waybill_no, created_at, receiver, receiver_phone, weight) FROM stdin;\n";
            }
            text += &format!("{}\t{}\n", values.join("\t"), weight.unwrap_or("\\N"));
            continue;
        }
        let [id, rest @ ..] = &values;
        let quoted: Vec<String> = rest.iter().map(|value| format!("'{value}'")).collect();
        let tuple = format!("({id},{},{})", quoted.join(","), weight.unwrap_or("NULL"));
        text += &match shape {
            Shape::Extended if at % 15 == 0 => format!("INSERT INTO {name} VALUES {tuple}"),
            Shape::Extended if at % 15 == 14 => format!(",\n{tuple};\n"),
            Shape::Extended => format!(",\n{tuple}"),
            _ => format!("INSERT INTO {name} VALUES {tuple};\n"),
        };
    }
    text + if shape == Shape::Copy { "\\.\n\nSELECT 1;\n" } else { "COMMIT;\n" }
}

#[test]
fn planted_rows_have_the_form_of_the_dump() {
    for (dialect, shape) in [
        (Dialect::MySql, Shape::Extended),
        (Dialect::MySql, Shape::Single),
        (Dialect::MySqlPlain, Shape::Extended),
        (Dialect::Postgres, Shape::Copy),
        (Dialect::Postgres, Shape::Single),
        (Dialect::Sqlite, Shape::Single),
        (Dialect::Sqlite, Shape::Extended),
    ] {
        let done =
            planted(&dump(dialect, shape, true), 3, 5).unwrap_or_else(|fault| panic!("{dialect:?} {shape:?}: {fault}"));

        let added: Vec<&str> = done.text.lines().filter(|line| line.contains("1640000")).collect();
        assert_eq!(added.len(), 3, "{}", done.text);
        for line in added {
            match shape {
                Shape::Single => assert!(line.starts_with("INSERT INTO") && line.ends_with(");"), "{line}"),
                Shape::Extended => assert!(line.starts_with('('), "{line}"),
                Shape::Copy => assert_eq!(line.split('\t').count(), 6, "{line}"),
            }
        }
        let quoted = match (dialect, shape) {
            (_, Shape::Copy) => "\tO'Neil \"x\"\t",
            (Dialect::MySql, _) => "'O''Neil \\\"x\\\"'",
            _ => "'O''Neil \"x\"'",
        };
        assert!(done.text.contains(quoted), "{quoted} in {}", done.text);
        assert!(done.hints[0].contains("unused values of id"), "{:?}", done.hints);
    }
}

#[test]
fn a_backslash_before_a_quote_ends_nothing_where_the_mode_says_so() {
    let plain = dump(Dialect::MySqlPlain, Shape::Extended, true).replace("'王芳'", "'D:\\'");

    let done = planted(&plain, 3, 5).expect("it is sound");

    let added: Vec<&str> = done.text.lines().filter(|line| line.contains("1640000")).collect();
    assert!(added.len() == 3 && added.iter().all(|line| line.starts_with('(')), "{added:?}");
    assert!(added.iter().any(|line| line.contains("'a\\b'")), "a backslash is one: {added:?}");
    // where backslashes escape, the text goes on, and the row does not have its columns
    let escaping = plain.replace("NO_BACKSLASH_ESCAPES", "NO_AUTO_VALUE_ON_ZERO");
    assert!(planted(&escaping, 3, 5).is_err());
    let unclear = plain.replace("'NO_BACKSLASH_ESCAPES'", "CONCAT(@@SQL_MODE,',NO_BACKSLASH_ESCAPES')");
    let fault = planted(&unclear, 3, 5).err().expect("it hangs on the server");
    assert!(fault.what.contains("SQL_MODE") && fault.hint.is_some(), "{fault}");
    let changing = dump(Dialect::MySql, Shape::Single, true).replacen(
        ";\nINSERT",
        ";\nSET SQL_MODE='NO_BACKSLASH_ESCAPES';\nINSERT",
        3,
    );
    let late = changing.replacen("SET SQL_MODE='NO_BACKSLASH_ESCAPES';\n", "", 1);
    assert!(planted(&late, 3, 5).is_err(), "it changes between rows");
}

#[test]
fn ids_without_gaps_go_on_at_the_end() {
    let done = planted(&dump(Dialect::MySql, Shape::Extended, false), 2, 5).expect("it is sound");

    assert!(done.text.contains("(31,'YT") && done.text.contains("(32,'YT"), "{}", done.text);
    assert!(done.hints[0].contains("up to 32"), "{:?}", done.hints);
}

#[test]
fn a_key_that_cannot_be_kept_is_refused() {
    let dump = dump(Dialect::Sqlite, Shape::Single, true).replace("weight real", "weight real, UNIQUE (receiver)");

    let fault = planted(&dump, 2, 5).err().expect("names would be there twice");

    assert!(fault.what.contains("receiver") && fault.hint.is_some(), "{fault}");
}

#[test]
fn dumps_are_told_from_other_texts() {
    for text in [
        "-- MySQL dump\n\nDROP TABLE IF EXISTS `t`;\nCREATE TABLE `t` (a int);\n",
        "\u{feff}/* a\n b */\nINSERT INTO t VALUES (1);",
        "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nINSERT INTO t VALUES(1);",
        "--\n-- PostgreSQL database dump\n--\n\\restrict x\nSET a = 0;\nCOPY t (a) FROM stdin;\n1\n\\.\n",
    ] {
        assert!(is_dump(text.as_bytes()), "{text}");
    }
    for text in [
        "create time,phone\n2020,1\n",
        "set id\tname\n",
        "id,name\n1,\"INSERT INTO t\"\n",
        "",
        "-- only a comment",
        "/* never closed",
    ] {
        assert!(!is_dump(text.as_bytes()), "{text}");
    }
}

#[test]
fn the_largest_table_with_a_mark_is_chosen() {
    let other = "INSERT INTO `users` (`id`,`name`) VALUES ".to_owned()
        + &(0..100).map(|at| format!("({at},'x')")).collect::<Vec<_>>().join(",")
        + ";\n";
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("dump.sql");
    fs::write(&path, dump(Dialect::MySql, Shape::Extended, true) + &other).expect("written");
    let options = Options::default();
    let open = |part| {
        let source = FileSource { path: path.clone(), expansion: Expansion::default() };
        Dump::open(source, &Question { part, ..question(&options) }, folder.path())
    };

    assert_eq!(open(None).expect("it is sound").table(), "waybills");
    assert_eq!(open(Some("db.users")).expect("it is sound").table(), "users");
    assert!(open(Some("x")).err().and_then(|fault| fault.hint).expect("a way out").contains("users (100 rows)"));
}

#[test]
fn every_cut_is_read_or_refused_without_a_panic() {
    for dialect in [Dialect::MySql, Dialect::Postgres, Dialect::Sqlite] {
        let shape = if dialect == Dialect::Postgres { Shape::Copy } else { Shape::Extended };
        let whole = dump(dialect, shape, true);
        for cut in (0..whole.len()).filter(|cut| whole.is_char_boundary(*cut)).step_by(97) {
            let _ = planted(&whole[..cut], 1, 1);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_original_comes_back(which in 0usize..3, shape in 0usize..3, gaps: bool, count in 1usize..6, seed: u8) {
        let dialect = [Dialect::MySql, Dialect::Postgres, Dialect::Sqlite][which];
        let shape = [Shape::Extended, Shape::Single, Shape::Copy][shape];
        prop_assume!(shape != Shape::Copy || dialect == Dialect::Postgres);

        let done = planted(&dump(dialect, shape, gaps), count, seed).map_err(|fault| TestCaseError::fail(fault.to_string()))?;

        prop_assert_eq!(done.text.matches("1640000").count(), count);
    }
}
