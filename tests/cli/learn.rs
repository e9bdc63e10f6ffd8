//! A template is learned from an export, planted with, and found again.

use std::fs;

use crate::bench::{Bench, LATER, PLANTED};

/// An export with senders that each ship one thing under numbers of their own.
fn export() -> String {
    let mut text =
        String::from("运单号,揽收时间,寄件人,寄件电话,收件人,收件电话,收件省,收件市,收件区县,收件详细地址,品名,备注\n");
    for row in 0..600usize {
        let sender = row % 3;
        text += &format!(
            "YT{}{:012},2020-11-01 {:02}:{:02}:{:02},{},1640000000{sender},{}{}{},154{:08},河北省,邯郸市,永年区,{}{}{}号,{},{}\n",
            sender + 1,
            // Every seventh number of a run was never given out.
            row / 3 + row / 18,
            9 + row / 100,
            row / 2 % 60,
            row % 2 * 30,
            ["甲商贸", "乙百货", "丙电商"][sender],
            ["张", "王", "李", "赵"][row % 4],
            ["伟", "芳", "敏"][row / 4 % 3],
            ["强", "静"][row / 7 % 2],
            row * 7919 % 100_000_000,
            ["临洺关镇", "大北汪镇"][row / 5 % 2],
            ["人民路", "中山街", "建设大道"][row / 3 % 3],
            1 + row * 31 % 400,
            ["服饰", "图书", "标准件"][sender],
            if row % 11 == 0 { "易碎" } else { "" },
        );
    }
    text
}

#[test]
fn a_learned_template_plants_what_a_scan_finds_and_what_fits_the_sender() {
    let bench = Bench::new();
    let (input, template, planted) =
        (bench.file("in.csv", export().as_bytes()), bench.text("mine.yaml"), bench.text("out.csv"));

    let said = bench.ok(&["template", "learn", &input, "-o", &template]);
    assert!(said.starts_with(&format!("learned {template} from 600 rows: 12 columns, ")), "{said}");
    let yaml = fs::read_to_string(&template).expect("a template");
    assert!(yaml.contains("given: sender_name"), "{yaml}");
    assert!(yaml.lines().all(|line| line.len() < 400), "a person reads it");
    assert!(bench.ok(&["template", "check", &template]).starts_with("mine: 12 columns"));

    bench.ok(&[
        "--now",
        PLANTED,
        "plant",
        &input,
        "-o",
        &planted,
        "--account",
        "a",
        "--batch",
        "b",
        "--template",
        &template,
    ]);
    let before = export();
    let after = fs::read_to_string(&planted).expect("planted");
    let ours: Vec<&str> = after.lines().filter(|row| !before.contains(row)).collect();
    assert_eq!(ours.len(), 10);
    for row in ours {
        let cells: Vec<&str> = row.split(',').collect();
        let fits = [("甲商贸", "服饰", "YT1"), ("乙百货", "图书", "YT2"), ("丙电商", "标准件", "YT3")];
        assert!(
            fits.iter().any(|(name, goods, run)| cells[2] == *name && cells[10] == *goods && cells[0].starts_with(run)),
            "{row}"
        );
    }
    let found = bench.ok(&["--now", LATER, "scan", &planted]);
    assert!(found.contains("10"), "{found}");
}

#[test]
fn a_template_that_exists_is_left_alone_and_a_bad_reserved_number_is_named() {
    let bench = Bench::new();
    let (input, template) = (bench.file("in.csv", export().as_bytes()), bench.text("mine.yaml"));
    let reserved = bench.file("reserved.txt", b"YT1000000000006\nZT5\n");

    let bad = bench.run(&["template", "learn", &input, "-o", &template, "--reserved", &reserved]);
    assert_eq!(bad.status, 1);
    assert!(bad.stderr.contains("line 2") && bad.stderr.contains("expected numbers like YT"), "{}", bad.stderr);

    bench.ok(&["template", "learn", &input, "-o", &template]);
    let text = fs::read(&template).expect("a template");
    let again = bench.run(&["template", "learn", &input, "-o", &template]);
    assert_eq!(again.status, 1);
    assert!(again.stderr.contains("give the new one a new name"), "{}", again.stderr);
    assert_eq!(fs::read(&template).expect("a template"), text);
}

#[test]
fn an_export_of_other_columns_is_refused_by_name() {
    let bench = Bench::new();
    let one = bench.file("one.csv", export().as_bytes());
    let other = bench.file("other.csv", export().replace("备注", "留言").as_bytes());

    let refused = bench.run(&["template", "learn", &one, &other, "-o", &bench.text("mine.yaml")]);

    assert_eq!(refused.status, 1);
    assert!(
        refused.stderr.contains("other.csv") && refused.stderr.contains("expected the columns 运单号"),
        "{}",
        refused.stderr
    );
}
