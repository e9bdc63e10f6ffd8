//! What a learned template keeps and what it withholds.

mod privacy;

use std::collections::{BTreeMap, BTreeSet};

use super::{Learned, Options, learn};
use crate::canary::{Batch, Mint};
use crate::codebook::{Codebook, Sizes};
use crate::derive::{Draw as _, Stream};
use crate::key::MasterKey;
use crate::line::demo_lines;
use crate::persona::Role;
use crate::plant::{self, BytesSource, Job, Source as _, Table, plan};
use crate::record::{ColumnRole, Record};
use crate::template::Template;

const FAMILIES: [&str; 8] = ["张", "王", "李", "赵", "陈", "刘", "杨", "黄"];
const SENDERS: [(&str, &str, u32); 3] = [("甲商贸", "服饰", 40), ("乙百货", "图书", 200), ("丙电商", "标准件", 900)];

/// Made-up customers: each a person of their own with an address that nobody
/// else has.
fn export(rows: u32) -> String {
    let mut draw = Stream::new(&[7; 32]);
    let mut text = String::from(
        "运单号,揽收时间,寄件人,寄件电话,收件人,收件电话,收件省,收件市,收件区县,收件详细地址,品名,重量(kg),备注\r\n",
    );
    let letter = |draw: &mut Stream| char::from_u32(0x4e00 + draw.below(2_000)).expect("a Chinese character");
    for row in 0..rows {
        let sender = draw.below(3) as usize;
        let (name, goods, grams) = SENDERS[sender];
        // Whole words of four characters that come once.
        let estate: String = (0..4).map(|_| letter(&mut draw)).collect();
        let weight = f64::from(grams + draw.below(grams)) / 100.0;
        text += &format!(
            "YT{sender}{:012},2020-11-{:02} {:02}:{:02}:{:02},{name},1640000000{sender},{}{}{},154{row:08},河北省,邯郸市,永年区,{}{estate}{}号楼{}单元{},{goods},{weight:.2},{}\r\n",
            u64::from(row) * 2 + 1_000_000,
            1 + row * 14 / rows,
            9 + row * 14 % rows * 10 / rows,
            row / 60 % 60,
            row % 60,
            FAMILIES[draw.below(8) as usize],
            letter(&mut draw),
            letter(&mut draw),
            ["临洺关镇", "大北汪镇"][draw.below(2) as usize],
            1 + draw.below(20),
            1 + draw.below(4),
            (1 + draw.below(18)) * 100 + 1 + draw.below(4),
            if draw.below(20) == 0 { "易碎" } else { "" },
        );
    }
    text
}

fn table(text: &str) -> Table {
    let source = BytesSource(text.as_bytes());
    Table::read(source.open().expect("bytes"), &plant::Options::default()).expect("an export")
}

fn learned(text: &str) -> (Learned, Template) {
    let learned = learn(&table(text), &Options::default()).expect("a template");
    let template = Template::parse(&learned.text, "learned.yaml").unwrap_or_else(|fault| {
        panic!("{fault} ({:?}) in\n{}", fault.hint, learned.text);
    });
    (learned, template)
}

fn records(template: &Template, rows: u32) -> (Vec<Record>, Vec<(u64, String)>) {
    records_for("a", template, rows)
}

fn records_for(account: &str, template: &Template, rows: u32) -> (Vec<Record>, Vec<(u64, String)>) {
    let mut draw = Stream::new(&[3; 32]);
    let pool: Vec<_> = demo_lines(rows + 20, 0, &mut draw).into_iter().map(|line| line.number).collect();
    let sizes = Sizes { pool: rows + 20, account: rows + 10, standing: 2 };
    let codebook = Codebook::new(&MasterKey::from_bytes([9; 32]), 1, sizes);
    let mint = Mint::new(&codebook, template, &pool);
    let batch = Batch { account, id: "b", lines: rows, roles: template.roles() };
    let serials: Vec<u64> = (0..u64::from(rows)).collect();
    let numbers = serials.iter().map(|&serial| (serial, mint.number(serial).expect("it has numbers"))).collect();
    (mint.canaries(&batch, &serials).into_iter().map(|canary| canary.record).collect(), numbers)
}

#[test]
fn no_phone_no_whole_name_and_no_rare_word_goes_in() {
    let text = export(4_000);
    let (learned, template) = learned(&text);
    let held = table(&text);
    let column =
        |role: ColumnRole| held.columns.iter().find(|column| column.role == Some(role.clone())).expect("a column");

    let digits: BTreeSet<String> =
        learned.text.split(|c: char| !c.is_ascii_digit()).filter(|run| run.len() >= 7).map(str::to_owned).collect();
    for role in [Role::Sender, Role::Recipient] {
        assert!(column(ColumnRole::Phone(role)).texts.iter().all(|phone| !digits.contains(&**phone)));
    }
    let names = column(ColumnRole::Name(Role::Recipient));
    assert!(names.texts.iter().filter(|name| name.chars().count() == 3).all(|name| !learned.text.contains(&**name)));
    // An estate stands behind its town, before the building.
    for local in &column(ColumnRole::Local(Role::Recipient)).texts {
        let estate: String = local.chars().skip(4).take_while(|c| !c.is_ascii_digit()).collect();
        assert!(!learned.text.contains(&estate), "{estate}");
    }

    let real: BTreeSet<(&str, &str)> =
        (0..held.rows).map(|row| (names.text(row), column(ColumnRole::Local(Role::Recipient)).text(row))).collect();
    let (records, _) = records(&template, 2_000);
    for record in &records {
        let said = |role: ColumnRole| record.text(&role).unwrap_or_default();
        let pair = (said(ColumnRole::Name(Role::Recipient)), said(ColumnRole::Local(Role::Recipient)));
        assert!(!real.contains(&pair), "a real pair came out");
    }
}

#[test]
fn what_hangs_on_the_sender_fits_the_sender_that_is_copied() {
    let text = export(4_000);
    let (learned, template) = learned(&text);
    assert!(learned.text.contains("given: sender_name"), "{}", learned.text);
    let (records, numbers) = records(&template, 30);
    let options = plant::Options::default();
    let job = Job {
        columns: &[],
        records: &records,
        numbers: &numbers,
        is_line: &|_| false,
        place: [5; 32],
        shared: None,
        options: &options,
    };

    let planned = plan(&BytesSource(text.as_bytes()), &job).expect("a plan");
    let mut planted = Vec::new();
    planned.weave(text.as_bytes(), &mut planted).expect("a file");

    let before: BTreeSet<&str> = text.lines().collect();
    let planted = String::from_utf8(planted).expect("UTF-8");
    let ours: Vec<Vec<&str>> =
        planted.lines().filter(|row| !before.contains(row)).map(|row| row.split(',').collect()).collect();
    assert_eq!(ours.len(), 30);
    let goods: BTreeMap<&str, (&str, u32)> =
        SENDERS.iter().map(|(name, goods, grams)| (*name, (*goods, *grams))).collect();
    for row in &ours {
        let (fits, grams) = goods[row[2]];
        assert_eq!(row[10], fits, "goods of another sender");
        let weight: f64 = row[11].parse().expect("a weight");
        assert!((f64::from(grams) / 100.0..=f64::from(2 * grams) / 100.0).contains(&weight), "{weight} for {fits}");
        // The number lies in the run of that very sender.
        let run = SENDERS.iter().position(|(name, ..)| *name == row[2]).expect("a sender");
        assert!(row[0].starts_with(&format!("YT{run}")), "{} of {}", row[0], row[2]);
    }
    // Drawn late, and the same each time.
    let mut again = Vec::new();
    plan(&BytesSource(text.as_bytes()), &job).expect("a plan").weave(text.as_bytes(), &mut again).expect("a file");
    assert_eq!(planted.as_bytes(), again);
}

/// Shipments in order of their numbers, in which nobody is named: what an item
/// costs is fixed, and an order has one line or two.
fn shipments(rows: u32) -> String {
    let mut draw = Stream::new(&[11; 32]);
    let mut text = String::from("运单号,国家,货物,数量,金额,采购单\r\n");
    let mut order = 5_000;
    for row in 0..rows {
        let item = draw.below(6);
        let amount = 1 + draw.below(400) * draw.below(400) / 7;
        order += 10 * draw.below(3);
        let value = f64::from(amount) * PRICES[item as usize];
        let country = ["海地", "越南", "赞比亚"][(order / 40) as usize % 3];
        text += &format!("S{:09},{country},货物{item},{amount},{value:.2},PO-{order}\r\n", 3 * row);
    }
    text
}

const PRICES: [f64; 6] = [0.5, 2.25, 4.0, 19.99, 80.0, 3200.5];

#[test]
fn where_nobody_is_named_a_row_is_copied_and_its_sums_go_with_its_amount() {
    let text = shipments(3_000);
    let (learned, template) = learned(&text);
    for part in ["kind: scaled\n    of: pieces", "kind: nearby", "goods: {kind: copied"] {
        assert!(learned.text.contains(part), "{part}\n{}", learned.text);
    }
    let (records, numbers) = records(&template, 40);
    let options = plant::Options::default();
    let job = Job {
        columns: &[],
        records: &records,
        numbers: &numbers,
        is_line: &|_| false,
        place: [5; 32],
        shared: None,
        options: &options,
    };
    // Columns without a role are found by the template's own headers.
    let columns: Vec<plant::ColumnSpec> = template
        .columns()
        .iter()
        .map(|column| plant::ColumnSpec {
            role: column.role.clone(),
            header: column.header.clone(),
            aliases: column.aliases.clone(),
        })
        .collect();
    let job = Job { columns: &columns, ..job };

    let mut planted = Vec::new();
    let planned = plan(&BytesSource(text.as_bytes()), &job).expect("a plan");
    planned.weave(text.as_bytes(), &mut planted).expect("a file");

    let real: BTreeSet<&str> = text.lines().collect();
    let planted = String::from_utf8(planted).expect("UTF-8");
    let rows: Vec<Vec<&str>> = planted.lines().map(|row| row.split(',').collect()).collect();
    let ours: Vec<usize> = (1..rows.len()).filter(|&at| !real.contains(rows[at].join(",").as_str())).collect();
    assert_eq!(ours.len(), 40);
    let mut like_the_row_before = 0;
    for &at in &ours {
        let item: usize = rows[at][2].strip_prefix("货物").and_then(|item| item.parse().ok()).expect("an item");
        let (amount, value): (f64, f64) = (rows[at][3].parse().expect("whole"), rows[at][4].parse().expect("a sum"));
        let price = value / amount;
        assert!((price / PRICES[item] - 1.0).abs() < 0.02 + 0.02 / amount, "{:?}", rows[at]);
        assert!(rows[at][5].starts_with("PO-") && rows[at][5].ends_with('0'), "{:?}", rows[at]);
        like_the_row_before += usize::from(rows[at][2] == rows[at - 1][2]);
    }
    // One of six items by chance.
    assert!(like_the_row_before < 20, "{like_the_row_before} of 40 repeat the item of the row before");
}

#[test]
fn numbers_without_letters_need_many_digits() {
    let rows = |width: usize| -> String {
        (0..300u32).map(|i| format!("{:0width$},154{i:08}\r\n", 3 * i + 7)).collect::<String>()
    };

    let (_, template) = learned(&format!("运单号,收件电话\r\n{}", rows(12)));
    assert!(template.block().is_some_and(|block| block.number(0).len() == 12));
    let (few, template) = learned(&format!("运单号,收件电话\r\n{}", rows(6)));
    assert!(template.block().is_none() && few.notes.iter().any(|note| note.contains("no mark")), "{:?}", few.notes);
}

#[test]
fn a_measure_of_millions_is_learned_in_larger_steps() {
    let rows: String =
        (0..600u64).map(|i| format!("YT{:09},154{i:08},{}.{:02}\r\n", 2 * i, i * i * 20, i % 100)).collect();

    let (learned, _) = learned(&format!("运单号,收件电话,金额\r\n{rows}"));

    assert!(learned.text.contains("step: "), "{}", learned.text);
}

#[test]
fn learning_twice_gives_the_same_text() {
    let text = export(1_000);

    assert_eq!(learned(&text).0.text, learned(&text).0.text);
}

#[test]
fn a_table_without_a_mark_or_without_rows_is_refused() {
    let few = learn(&table("运单号,收件电话\r\nYT1,15400000001\r\n"), &Options::default()).expect_err("one row");
    assert_eq!(few.what, "expected at least 20 rows, found 1");

    let rows: String = (0..40).map(|i| format!("{i},{}\r\n", i % 3)).collect();
    let none = learn(&table(&format!("颜色,品名\r\n{rows}")), &Options::default()).expect_err("nothing to mark");
    assert!(none.what.contains("phones"), "{none}");
}

#[test]
fn an_export_that_ends_inside_a_quote_is_refused_and_not_cut_short() {
    let text = export(100) + "YT0,2020-11-02 09:00:00,\"甲商贸,1,张三";
    let source = BytesSource(text.as_bytes());

    let fault = Table::read(source.open().expect("bytes"), &plant::Options::default()).expect_err("an open quote");

    assert!(fault.what.contains("the quote that closes this field"), "{fault}");
    assert_eq!(fault.record, Some(101));
}

#[test]
fn numbers_beyond_all_measure_are_survived() {
    let huge = "9".repeat(60);
    let rows: String = (0..400u64)
        .map(|i| {
            let weight = if i % 90 == 5 { huge.clone() } else { format!("{}.{:02}", i % 9, i % 97) };
            let fee = if i % 80 == 7 { "9".repeat(18) } else { format!("{}", 3 + 2 * (i % 9)) };
            format!("YT{:09},154{i:08},{},{weight},{fee}\r\n", 2 * i, ["甲", "乙"][i as usize % 2])
        })
        .collect();

    learned(&format!("运单号,收件电话,品名,重量,运费\r\n{rows}"));
}

#[test]
fn a_rate_names_no_word_of_fewer_than_k_rows() {
    let rows: String = (0..600u32)
        .map(|i| {
            let grams = 5 + i * 37 % 900;
            let (word, base) = match i {
                17 | 31 => ("仅此一人", 90),
                _ if i % 3 == 0 => ("同城", 30),
                _ => ("外埠", 50),
            };
            let fee = base + 8 * (grams.div_ceil(100) - 1);
            format!("YT{:09},154{i:08},{word},{}.{:02},{}.{}\r\n", 2 * i, grams / 100, grams % 100, fee / 10, fee % 10)
        })
        .collect();

    let (learned, _) = learned(&format!("运单号,收件电话,线路,重量,运费\r\n{rows}"));

    assert!(learned.text.contains("kind: rate") && learned.text.contains("同城"), "{}", learned.text);
    assert!(!learned.text.contains("仅此一人"), "{}", learned.text);
}
