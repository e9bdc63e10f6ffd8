//! What traders do to rows, one transformation a test, and the laws.

use std::collections::BTreeMap;
use std::ops::Range;

use proptest::prelude::*;

use super::*;
use crate::canary::Person;
use crate::derive::Seed;
use crate::line::LineNumber;
use crate::persona::{Name, Persona, PersonaMaker, Place, Role};
use crate::plant::{BytesSource, ColumnSpec, Job, Options, plan};
use crate::record::Record;
use crate::template::{CanaryInput, Column, Template};

const NUMBER: &str = "YT0000361829274";
const PHONE: &str = "15433063750";

fn line(country: u16, national: &str, extension: &str) -> LineNumber {
    LineNumber { country, national: national.into(), extension: extension.into() }
}

fn place() -> Place {
    Place {
        province: "河北省".into(),
        city: "邯郸市".into(),
        district: "永年区".into(),
        town: "广府镇".into(),
        local: "人民路5号紫荆苑16-1-710".into(),
        full: "河北省邯郸市永年区广府镇人民路5号紫荆苑16-1-710".into(),
    }
}

fn hand_made(number: LineNumber, name: Name, place: Place, values: &[(&str, &str)]) -> Canary {
    let persona = Persona { name, place };
    let values = values.iter().map(|(role, text)| {
        let role = role.parse().expect("every word is a role");
        (role, if *text == "copied" { Value::Copied } else { Value::Text((*text).into()) })
    });
    Canary {
        index: 0,
        number: None,
        people: vec![Person { role: Role::Recipient, line: 0, number, persona }],
        record: Record { values: values.collect() },
    }
}

fn li() -> Name {
    Name { family: "李".into(), given: "平跃".into(), full: "李平跃".into() }
}

/// A waybill of an export with a column for each part.
fn waybill() -> Canary {
    let values = [
        ("number", NUMBER),
        ("sender.name", "copied"),
        ("recipient.name", "李平跃"),
        ("recipient.phone", PHONE),
        ("recipient.province", "河北省"),
        ("recipient.city", "邯郸市"),
        ("recipient.district", "永年区"),
        ("recipient.local", "广府镇人民路5号紫荆苑16-1-710"),
        ("goods", "母婴用品"),
        ("pieces", "1"),
        ("weight", "0.52"),
        ("fee", "13.3"),
        ("payment", "月结"),
        ("remark", ""),
    ];
    hand_made(line(86, PHONE, ""), li(), place(), &values)
}

/// What stolen data is cut down to: name, phone, address.
fn contact() -> Canary {
    let values = [("recipient.name", "李平跃"), ("recipient.phone", PHONE), ("recipient.address", &place().full)];
    hand_made(line(86, PHONE, ""), li(), place(), &values)
}

fn american() -> Canary {
    let values = [
        ("number", "9400010000001234567890"),
        ("recipient.name", "John Smith"),
        ("recipient.phone", "(202) 555-0123"),
        ("recipient.local", "12 Hill St, Apt 5"),
        ("recipient.city", "Ames"),
        ("recipient.province", "IL"),
        ("recipient.town", "02139"),
        ("contents", "Home goods"),
        ("weight", "1.5"),
    ];
    let place = Place {
        province: "IL".into(),
        city: "Ames".into(),
        district: String::new(),
        town: "02139".into(),
        local: "12 Hill St, Apt 5".into(),
        full: "12 Hill St, Apt 5, Ames, IL 02139".into(),
    };
    let name = Name { family: "smith".into(), given: "john".into(), full: "John Smith".into() };
    hand_made(line(1, "2025550123", ""), name, place, &values)
}

fn compared(canary: &Canary, row: &str) -> Comparison {
    Comparison::of(canary, &RowText::read(row.as_bytes(), None))
}

fn of(comparison: &Comparison, role: &str) -> Survival {
    comparison.survival(&role.parse().expect("every word is a role")).expect("the canary has it")
}

/// Asserts what is left of one value in each of these rows.
fn all(canary: &Canary, role: &str, want: Survival, rows: &[&str]) {
    for row in rows {
        assert_eq!(of(&compared(canary, row), role), want, "{role} in {row}");
    }
}

fn masked(form: Form, shown: usize, of: usize) -> Survival {
    Survival::Masked(Remnant { form, shown, of })
}

fn damaged(form: Form, shown: usize, of: usize) -> Survival {
    Survival::Damaged(Remnant { form, shown, of })
}

// What traders do: cut columns, sort them, run them together.

#[test]
fn three_columns_of_a_waybill() {
    let comparison = compared(&waybill(), "李平跃,15433063750,河北省邯郸市永年区广府镇人民路5号紫荆苑16-1-710");

    assert_eq!(comparison.counts, Counts { whole: 6, masked: 0, damaged: 0, absent: 6 });
    for role in ["number", "goods", "pieces", "weight", "fee", "payment"] {
        assert_eq!(of(&comparison, role), Survival::Absent, "{role}");
    }
}

#[test]
fn one_line_forms_with_commas_labels_and_nothing_between() {
    for row in [
        "河北省邯郸市永年区广府镇人民路5号紫荆苑16-1-710,李平跃，15433063750",
        "李平跃，河北省邯郸市永年区广府镇人民路5号紫荆苑16-1-710  15433063750",
        "收货人: 李平跃 手机号码: 15433063750 所在地区: 河北省 邯郸市 永年区 详细地址: 广府镇人民路5号紫荆苑16-1-710",
        "收货人李平跃手机号码15433063750所在地区河北省邯郸市永年区详细地址广府镇人民路5号紫荆苑16-1-710",
        "李平跃15433063750河北省邯郸市永年区广府镇人民路5号紫荆苑16-1-710",
        "河北省邯郸市永年区广府镇人民路5号紫荆苑16-1-71015433063750李平跃",
        "15433063750李平跃河北省邯郸市永年区广府镇人民路5号紫荆苑16-1-710",
        "李平跃----15433063750----河北省邯郸市永年区广府镇人民路5号紫荆苑16-1-710",
        "李平跃 154-3306-3750 河北省邯郸市永年区广府镇人民路5号紫荆苑16-1-710056000",
        "李平跃;+8615433063750;河北 邯郸 永年区 广府镇 人民路5号 紫荆苑16-1-710",
        "１５４３３０６３７５０｜李平跃女士｜河北省，邯郸市，永年区，广府镇人民路５号紫荆苑１６－１－７１０",
    ] {
        let contact = compared(&contact(), row);
        assert_eq!(contact.counts, Counts { whole: 3, masked: 0, damaged: 0, absent: 0 }, "{row}: {contact:?}");
        let waybill = compared(&waybill(), row);
        assert_eq!(waybill.counts, Counts { whole: 6, masked: 0, damaged: 0, absent: 6 }, "{row}: {waybill:?}");
    }
}

#[test]
fn a_whole_waybill_run_together() {
    let row = "YT000036182927415433063750李平跃河北省邯郸市永年区广府镇人民路5号紫荆苑16-1-710母婴用品10.5213.3月结";

    let comparison = compared(&waybill(), row);

    assert_eq!(comparison.counts, Counts { whole: 12, masked: 0, damaged: 0, absent: 0 }, "{comparison:?}");
}

#[test]
fn an_address_in_columns_of_other_cuts() {
    let (contact, waybill) = (contact(), waybill());

    for row in [
        "李平跃,河北省,邯郸市,永年区,广府镇,人民路5号紫荆苑16-1-710",
        "人民路5号紫荆苑16-1-710,广府镇,永年区,河北省邯郸市",
    ] {
        assert_eq!(of(&compared(&contact, row), "recipient.address"), Survival::Whole, "{row}");
        assert_eq!(of(&compared(&waybill, row), "recipient.local"), Survival::Whole, "{row}");
        assert_eq!(of(&compared(&waybill, row), "recipient.city"), Survival::Whole, "{row}");
    }
}

#[test]
fn an_address_that_goes_on_to_another_place_says_nothing() {
    for row in ["河北省邯郸市丛台区人民路5号", "河北省 石家庄市 长安区", "河北省秦皇岛"] {
        let comparison = compared(&waybill(), row);

        assert_eq!(comparison.counts.absent, 12, "{row}: {comparison:?}");
    }
}

// Numbers.

#[test]
fn every_spelling_of_a_phone_is_whole() {
    all(
        &contact(),
        "recipient.phone",
        Survival::Whole,
        &[
            "+8615433063750",
            "+86 154 3306 3750",
            "0086-154-3306-3750",
            "8615433063750",
            "015433063750",
            "１５４３３０６３７５０",
            "154-3306-3750转12",
            "幺五四三三洞六三拐五洞",
            "'15433063750",
            "=\"15433063750\"",
            "15433063750.0",
            "tel:15433063750",
        ],
    );
}

#[test]
fn another_number_that_holds_the_digits_is_none() {
    all(
        &contact(),
        "recipient.phone",
        Survival::Absent,
        &["115433063750", "154330637501", "130408154330637501X", "+44 15433063750", "15433063751", "154330", "2020"],
    );
}

#[test]
fn a_landline_and_an_american_number() {
    let landline = hand_made(line(86, "3100123456", ""), li(), place(), &[("recipient.phone", "0310-0123456")]);

    all(
        &landline,
        "recipient.phone",
        Survival::Whole,
        &["0310-0123456", "03100123456", "+86 310 0123456", "3100123456"],
    );
    all(
        &american(),
        "recipient.phone",
        Survival::Whole,
        &["(202) 555-0123", "2025550123", "+1 202-555-0123", "12025550123", "202.555.0123"],
    );
}

#[test]
fn a_privacy_number_needs_its_extension() {
    let canary = hand_made(line(86, PHONE, "0042"), li(), place(), &[("recipient.phone", "15433063750转0042")]);

    all(
        &canary,
        "recipient.phone",
        Survival::Whole,
        &[
            "李平跃,15433063750转0042",
            "15433063750-0042,李平跃",
            "李平跃,15433063750*0042",
            "15433063750,0042",
            "李平跃[0042] 15433063750 ext. 0042",
        ],
    );
    all(&canary, "recipient.phone", damaged(Form::Cut, 11, 15), &["15433063750", "15433063750转0043"]);
}

#[test]
fn a_masked_phone_shows_what_it_shows() {
    for (row, shown) in [
        ("154****3750", 7),
        ("154******50", 5),
        ("1*******750", 4),
        ("154-xxxx-3750", 7),
        ("+86 154****3750", 7),
        ("李平跃154****3750河北省", 7),
        ("李**154****3750*跃", 7),
        ("154**3750", 7),
        ("154●●●●3750", 7),
        ("****3750", 4),
    ] {
        all(&contact(), "recipient.phone", masked(Form::Stars, shown, 11), &[row]);
    }
    all(
        &contact(),
        "recipient.phone",
        Survival::Absent,
        &["155****3750", "154****3751", "154*****3750", "1**********"],
    );
}

#[test]
fn the_last_four_count_beside_the_surname_or_a_cue() {
    let tail = masked(Form::Tail, 4, 11);

    all(
        &contact(),
        "recipient.phone",
        tail,
        &["李女士,3750", "李女士 3750", "李*,3750", "尾号3750", "手机尾号是 3750"],
    );
    all(&contact(), "recipient.phone", Survival::Absent, &["王女士,3750", "3750", "李女士,3751", "李女士,37501"]);
}

#[test]
fn a_number_that_a_spreadsheet_took_for_an_amount() {
    all(
        &contact(),
        "recipient.phone",
        damaged(Form::Rounded, 6, 11),
        &["1.54331E+10", "1.54330E+10", "李平跃1.54331E+10河北省"],
    );
    all(&contact(), "recipient.phone", damaged(Form::Rounded, 4, 11), &["8.61543E+12"]);
    all(&contact(), "recipient.phone", damaged(Form::Rounded, 3, 11), &["1.54E10"]);
    all(&contact(), "recipient.phone", Survival::Absent, &["1.54332E+10", "1.54331E+11", "2E+10", "0E14"]);
    all(&american(), "number", damaged(Form::Rounded, 15, 22), &["9400010000001230000000", "9400010000001234108416"]);
    all(&american(), "number", damaged(Form::Rounded, 6, 22), &["9.40001E+21"]);
    all(&american(), "number", Survival::Whole, &["9400 0100 0000 1234 5678 90", "'9400010000001234567890"]);
}

#[test]
fn a_cut_off_number_keeps_one_end() {
    all(&contact(), "recipient.phone", damaged(Form::Cut, 8, 11), &["15433063", "33063750"]);
    all(&waybill(), "number", damaged(Form::Cut, 13, 15), &["0000361829274"]);
    all(&waybill(), "number", damaged(Form::Cut, 12, 15), &["YT0000361829"]);
}

#[test]
fn a_waybill_number_in_every_spelling() {
    all(
        &waybill(),
        "number",
        Survival::Whole,
        &["yt 0000-3618-29274", "单号YT0000361829274", "ＹＴ００００３６１８２９２７４", "YT0000361829274\t,1"],
    );
    all(&waybill(), "number", masked(Form::Stars, 10, 15), &["YT0000*****9274"]);
    all(&waybill(), "number", masked(Form::Tail, 4, 15), &["单号尾号9274"]);
    all(&waybill(), "number", Survival::Absent, &["YT00003618292741", "AYT0000361829274", "9274"]);
}

// Names.

#[test]
fn a_name_in_every_spelling_is_whole() {
    all(
        &contact(),
        "recipient.name",
        Survival::Whole,
        &["李 平跃", "李平跃女士", "收件人：李平跃", "姓名李平跃", "李,平跃", "平跃,李", "李平跃[0042]"],
    );
    all(
        &american(),
        "recipient.name",
        Survival::Whole,
        &["JOHN SMITH", "\"Smith, John\",2", "Smith|John", "Mr. John Smith"],
    );
}

#[test]
fn another_name_that_holds_the_characters_is_none() {
    all(
        &contact(),
        "recipient.name",
        Survival::Absent,
        &["李平跃华", "大李平跃", "李平", "李家村", "李平跃*", "王平跃"],
    );
    all(&american(), "recipient.name", Survival::Absent, &["John Smithson", "Ajohn Smith", "Jo Smi"]);
}

#[test]
fn a_masked_name_shows_what_it_shows() {
    for (row, shown) in
        [("李*跃", 2), ("李**", 1), ("*平跃", 2), ("**跃", 1), ("李*", 1), ("李某", 1), ("李某某", 1), ("李×跃", 2)]
    {
        let rows = [row.to_owned(), format!("{row},15433063750"), format!("{row}15433063750河北省")];
        for row in rows {
            all(&contact(), "recipient.name", masked(Form::Stars, shown, 3), &[&row]);
        }
    }
    all(&contact(), "recipient.name", Survival::Absent, &["李*飞", "张*跃", "***", "李***"]);
    all(&american(), "recipient.name", masked(Form::Stars, 6, 9), &["J*** Smith"]);
    all(&american(), "recipient.name", masked(Form::Initial, 6, 9), &["J. Smith", "\"Smith, J\""]);
    all(&american(), "recipient.name", Survival::Absent, &["K. Smith", "J. Smithson"]);
}

#[test]
fn a_title_leaves_the_surname() {
    let title = masked(Form::Title, 1, 3);

    all(&contact(), "recipient.name", title, &["李女士", "李先生,1", "李总", "李女士15433063750", "市民:李小姐"]);
    all(&contact(), "recipient.name", Survival::Absent, &["张女士", "大李女士"]);
    all(&american(), "recipient.name", masked(Form::Title, 5, 9), &["Mrs Smith", "\"Smith, Ms\",1"]);
}

#[test]
fn a_canary_that_is_named_by_a_title_has_no_more_to_show() {
    let name = Name { family: "李".into(), given: String::new(), full: "李女士".into() };
    let canary = hand_made(line(86, PHONE, ""), name, place(), &[("recipient.name", "李女士")]);

    all(&canary, "recipient.name", Survival::Whole, &["李女士", "李女士15433063750"]);
    all(&canary, "recipient.name", masked(Form::Title, 1, 3), &["李先生"]);
}

#[test]
fn half_a_name_by_itself_is_cut() {
    all(&contact(), "recipient.name", damaged(Form::Cut, 2, 3), &["平跃", "平跃,15433063750"]);
    all(&contact(), "recipient.name", damaged(Form::Cut, 1, 3), &["李|15433063750"]);
    all(&american(), "recipient.name", damaged(Form::Cut, 4, 9), &["John"]);
}

// Addresses.

#[test]
fn a_masked_address_shows_what_it_shows() {
    for (row, shown) in [
        ("河北省邯郸市永年区广府镇人********", 13),
        ("李**,154****3750,河北省邯郸市永年区广府镇人民路5号紫荆苑**-*-***", 20),
        ("永年区广府镇人民路5号****", 11),
        ("李**154****3750河北省邯郸市永年区******", 9),
        ("河北省邯郸市永年区******154****3750", 9),
    ] {
        all(&contact(), "recipient.address", masked(Form::Stars, shown, 26), &[row]);
    }
    all(
        &waybill(),
        "recipient.local",
        masked(Form::Stars, 4, 17),
        &["河北省邯郸市永年区广府镇人********", "广府镇人****"],
    );
    all(&waybill(), "recipient.district", Survival::Whole, &["河北省邯郸市永年区********"]);
    all(&contact(), "recipient.address", Survival::Absent, &["河北省邯郸市丛台区********", "********"]);
}

#[test]
fn an_address_without_some_of_its_parts_is_cut() {
    all(&contact(), "recipient.address", damaged(Form::Cut, 9, 26), &["河北省邯郸市永年区", "李平跃,河北,邯郸,永年区"]);
    all(&contact(), "recipient.address", damaged(Form::Cut, 17, 26), &["广府镇人民路5号紫荆苑16-1-710"]);
    all(&contact(), "recipient.address", damaged(Form::Cut, 21, 26), &["河北省邯郸市永年区广府镇人民路5号紫荆苑1"]);
    all(&contact(), "recipient.address", Survival::Absent, &["河北省", "人民路"]);
    all(&waybill(), "recipient.local", damaged(Form::Cut, 11, 17), &["广府镇人民路5号紫荆苑"]);
}

#[test]
fn an_american_address() {
    let row = "John Smith | (202) 555-0123 | 12 Hill St, Apt 5, Ames, IL 02139";

    let comparison = compared(&american(), row);

    assert_eq!(comparison.counts.whole, 6, "{comparison:?}");
    all(&american(), "recipient.town", damaged(Form::Cut, 4, 5), &["Ames,2139"]);
    all(&american(), "recipient.province", Survival::Absent, &["ill will", "12 Hill St", "il est"]);
}

// Parcels.

#[test]
fn goods_and_amounts_are_cells_of_their_own() {
    all(&waybill(), "goods", Survival::Whole, &["母婴用品", "母婴用品 1件", "1,母婴用品(易碎)"]);
    all(&waybill(), "goods", Survival::Absent, &["母婴用品店", "用品"]);
    all(&waybill(), "weight", Survival::Whole, &["0.520,1", "0.52kg,1", "1,.52"]);
    all(&waybill(), "fee", Survival::Whole, &["¥13.30,1", "13.3元,1"]);
    all(&waybill(), "weight", Survival::Absent, &["0.5,52", "52,1", "广府镇0.52号"]);
    all(&waybill(), "pieces", Survival::Absent, &["16-1-710", "11", "1号楼"]);
}

#[test]
fn one_cell_is_one_value() {
    let values = [("pieces", "1"), ("boxes", "1")];
    let canary = hand_made(line(86, PHONE, ""), li(), place(), &values);

    assert_eq!(compared(&canary, "1,2").counts, Counts { whole: 1, absent: 1, ..Counts::default() });
    assert_eq!(compared(&canary, "1,1").counts, Counts { whole: 2, ..Counts::default() });
}

#[test]
fn a_character_that_a_program_lost_is_damage() {
    all(&contact(), "recipient.name", damaged(Form::Lost, 2, 3), &["李?跃", "李\u{fffd}跃,1"]);
    all(
        &contact(),
        "recipient.address",
        damaged(Form::Lost, 25, 26),
        &["河北省邯郸市永年区广府镇人民路5号紫荆?16-1-710"],
    );
}

// Encodings and containers.

#[test]
fn a_row_survives_every_encoding_and_container() {
    let row = "李平跃,15433063750,河北省邯郸市永年区广府镇人民路5号紫荆苑16-1-710";
    let (gbk, ..) = encoding_rs::GBK.encode(row);
    let latin: String = row.bytes().map(char::from).collect();
    let utf16: Vec<u8> = row.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let escaped: String =
        row.chars().map(|c| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", c as u32) }).collect();
    let entities: String =
        row.chars().map(|c| if c.is_ascii() { c.to_string() } else { format!("&#{};", c as u32) }).collect();
    let cells: Vec<&str> = row.split(',').collect();
    let json = serde_json::json!({"name": cells[0], "tel": cells[1], "to": {"address": cells[2]}}).to_string();
    let sql = format!(
        "INSERT INTO `t` VALUES ({});",
        cells.iter().map(|cell| format!("'{cell}'")).collect::<Vec<_>>().join(",")
    );
    let html = format!("<tr><td>{}</td></tr>", cells.join("</td><td>"));
    for (bytes, encoding) in [
        (&gbk[..], None),
        (latin.as_bytes(), None),
        (&utf16, Some(encoding_rs::UTF_16LE)),
        (escaped.as_bytes(), None),
        (entities.as_bytes(), None),
        (json.as_bytes(), None),
        (sql.as_bytes(), None),
        (html.as_bytes(), None),
        (format!("\u{feff}{row}\r\n").as_bytes(), None),
    ] {
        let row = RowText::read(bytes, encoding);

        let comparison = Comparison::of(&contact(), &row);

        assert_eq!(comparison.counts.whole, 3, "{:?}: {comparison:?}", row.text());
    }
}

#[test]
fn mojibake_loses_the_characters_that_the_wrong_encoding_lost() {
    // An odd number of characters: the last byte of each run has no partner.
    let row = "李平跃,15433063750,河北省邯郸市永年区广府镇人民路5号紫荆苑16-1-710";
    let wrong = encoding_rs::GBK.decode_without_bom_handling(row.as_bytes()).0;

    let comparison = compared(&contact(), &wrong);

    assert_eq!(of(&comparison, "recipient.phone"), Survival::Whole);
    assert_eq!(of(&comparison, "recipient.name"), damaged(Form::Lost, 2, 3));
    assert!(matches!(of(&comparison, "recipient.address"), Survival::Damaged(_)), "{comparison:?}");
}

// The plain structure.

#[test]
fn a_comparison_is_plain_json_without_a_value_in_it() {
    let comparison = compared(&contact(), "李女士,154****3750,河北省邯郸市永年区广府镇人民路5号紫荆苑16-1-710");

    let json = serde_json::to_value(&comparison).expect("JSON");

    assert_eq!(
        json,
        serde_json::json!({
            "counts": {"whole": 1, "masked": 2, "damaged": 0, "absent": 0},
            "fields": [
                {"role": "recipient.name", "survival": "masked", "form": "title", "shown": 1, "of": 3},
                {"role": "recipient.phone", "survival": "masked", "form": "stars", "shown": 7, "of": 11},
                {"role": "recipient.address", "survival": "whole"},
            ],
        })
    );
}

// Laws, with canaries of the shipped templates.

fn seed(number: u32) -> Seed {
    let mut seed = [7; 32];
    seed[..4].copy_from_slice(&number.to_le_bytes());
    seed
}

/// The canary of a shipped template that this number gives.
fn made(template: &str, number: u32) -> Canary {
    let template = Template::by_name(template).expect("it is shipped").expect("it is sound");
    let country = if template.name() == "en-parcel" { 1 } else { 86 };
    let people: Vec<Person> = (0..)
        .zip(template.roles())
        .map(|(index, &role)| {
            let digits = 1_000_000 + (number.wrapping_mul(2_654_435_761) % 4_000_000) * 2 + index;
            let national = if country == 1 { format!("202{digits}") } else { format!("1540{digits}") };
            let persona = template.persona(role, &seed(number + 7_000_000 * index));
            Person { role, line: index, number: line(country, &national, ""), persona }
        })
        .collect();
    let worn: Vec<_> = people.iter().map(|person| (person.role, &person.persona, &person.number)).collect();
    let input =
        CanaryInput { number_place: Some(u64::from(number)), people: &worn, parcel_seed: &seed(number + 1_000_000) };
    let record = template.record(&input);
    Canary { index: 0, number: record.text(&ColumnRole::Number).map(str::to_owned), people, record }
}

/// The texts that a canary was planted with.
fn texts(canary: &Canary) -> Vec<(&ColumnRole, &str)> {
    let texts = canary.record.values.iter().filter_map(|(role, value)| match value {
        Value::Text(text) if !text.is_empty() => Some((role, text.as_str())),
        _ => None,
    });
    texts.collect()
}

proptest! {
    /// A canary's own row says whole of every column that is left, whatever
    /// the order and the separator.
    #[test]
    fn a_canarys_own_row_is_whole_in_any_order(
        template in prop::sample::select(vec!["yto-express", "cn-generic", "en-parcel", "scms-shipments"]),
        number in 0_u32..900_000,
        order in prop::collection::vec(any::<u32>(), 33),
        left in prop::collection::vec(prop::bool::weighted(0.8), 33),
        separator in prop::sample::select(vec![",", "\t", "|", ";"]),
    ) {
        let canary = made(template, number);
        let mut columns: Vec<_> = texts(&canary).into_iter().zip(order).zip(left).collect();
        columns.sort_by_key(|&((_, order), _)| order);
        let cells: Vec<String> = columns
            .iter()
            .filter(|(_, left)| *left)
            .map(|(((_, text), _), _)| format!("\"{}\"", text.replace('"', "\"\"")))
            .collect();
        let row = cells.join(separator);

        let comparison = compared(&canary, &row);

        for (((role, text), _), left) in &columns {
            // Where two columns hold the same, one cell cannot be both.
            let is_twice = columns.iter().any(|(((_, other), _), left)| !left && other == text);
            if *left && !is_twice {
                prop_assert_eq!(comparison.survival(role), Some(Survival::Whole), "{} in {}", role, row);
            }
        }
    }

    /// ... also without anything between the columns.
    #[test]
    fn a_contact_run_together_is_whole_in_any_order(
        number in 0_u32..1_000_000,
        order in prop::sample::select(vec![[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]),
    ) {
        let canary = made("cn-generic", number);
        let texts = texts(&canary);
        let row: String = order.iter().map(|&column| texts[column].1).collect();

        let comparison = compared(&canary, &row);

        let phone = ColumnRole::Phone(Role::Recipient);
        prop_assert_eq!(comparison.survival(&phone), Some(Survival::Whole), "{}", row);
        prop_assert_eq!(comparison.counts.whole, 3, "{}: {:?}", row, comparison);
    }

    #[test]
    fn any_row_can_be_compared(row in "[李平跃河北省邯郸市154370*?×xE+.,\t 某女士\u{fffd}]{0,40}") {
        let comparison = compared(&contact(), &row);

        prop_assert_eq!(comparison.fields.len(), 3);
    }
}

/// Rows as the planter writes them, in both encodings of such exports.
#[test]
fn a_row_that_was_really_planted_is_whole() {
    let template = Template::by_name("yto-express").expect("it is shipped").expect("it is sound");
    let canaries: Vec<Canary> = (0..30).map(|number| made("yto-express", number * 101)).collect();
    let export = include_str!("../../../tests/data/exports/yongnian_2400.csv");
    let (gbk, ..) = encoding_rs::GBK.encode(export.trim_start_matches('\u{feff}'));
    for export in [export.as_bytes(), &gbk] {
        let (planted, rows) = planted(&template, &canaries, export);

        for (canary, row) in canaries.iter().zip(rows) {
            let row = RowText::read(&planted[row], None);
            let comparison = Comparison::of(canary, &row);

            assert_eq!(comparison.counts.whole, comparison.fields.len(), "{comparison:?} in {}", row.text());
            assert_eq!(comparison.fields.len(), texts(canary).len());
        }
    }
}

/// Plants canaries into an export; returns it and where each row is.
fn planted(template: &Template, canaries: &[Canary], export: &[u8]) -> (Vec<u8>, Vec<Range<usize>>) {
    let records: Vec<Record> = canaries.iter().map(|canary| canary.record.clone()).collect();
    let numbers = canaries.iter().map(|canary| canary.number.clone().expect("the template has numbers"));
    let numbers: Vec<(u64, String)> = (0..).zip(numbers).collect();
    let columns = template.columns().iter().cloned();
    let columns: Vec<ColumnSpec> =
        columns.map(|Column { role, header, aliases }| ColumnSpec { role, header, aliases }).collect();
    let is_line = |digits: &str| canaries.iter().any(|canary| digits.ends_with(&canary.people[0].number.national));
    let job = Job {
        columns: &columns,
        records: &records,
        numbers: &numbers,
        is_line: &is_line,
        place: [5; 32],
        shared: None,
        options: &Options::default(),
    };
    let mut planted = Vec::new();
    let plan = plan(&BytesSource(export), &job).expect("the export takes them");
    let woven = plan.weave(export, &mut planted).expect("memory can be written");
    let rows = woven.rows.rows.iter().map(|row| row.offset as usize..(row.offset + row.bytes) as usize);
    (planted, rows.collect())
}

/// Of 2,400 ordinary rows, each compared with ten canaries that it is not, none
/// has their number, phone or address, masked or not. What agrees is what many
/// rows share.
#[test]
fn an_ordinary_row_says_nothing_of_a_canary() {
    let export = include_str!("../../../tests/data/exports/yongnian_2400.csv");
    let rows: Vec<RowText> = export.lines().skip(1).map(|row| RowText::read(row.as_bytes(), None)).collect();
    let mut whole: BTreeMap<String, usize> = BTreeMap::new();
    let mut said: BTreeMap<String, usize> = BTreeMap::new();
    let mut comparisons = 0;
    for number in 0..10 {
        let canary = made("yto-express", number * 997);
        for row in &rows {
            let comparison = Comparison::of(&canary, row);
            comparisons += 1;
            comparison.matches().for_each(|role| *whole.entry(role.to_string()).or_default() += 1);
            comparison.statements().for_each(|(role, _)| *said.entry(role.to_string()).or_default() += 1);
        }
    }
    let counted = |counts: &[(&str, usize)]| counts.iter().map(|&(role, count)| (role.to_owned(), count)).collect();

    assert_eq!(comparisons, 24_000);
    assert_eq!(
        whole,
        counted(&[
            ("fee", 4_892),
            ("goods", 3_286),
            ("payment", 15_692),
            ("pieces", 20_773),
            ("recipient.city", 395),
            ("recipient.district", 30),
            ("recipient.province", 1_304),
            ("remark", 102),
            ("weight", 63),
        ])
    );
    // Towns of one name, and surnames with a title.
    assert_eq!(said, counted(&[("recipient.local", 7), ("recipient.name", 61)]));
}
