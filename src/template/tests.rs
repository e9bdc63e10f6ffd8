//! The shipped templates as wholes, and the format's rules one by one.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::derive::Seed;
use crate::line::LineNumber;
use crate::persona::{Given, NamePattern, Persona, PersonaLaw, PersonaMaker, PersonaPattern, PlacePattern};
use crate::record::{Record, Value, WaybillBlock};

fn shipped(name: &str) -> Template {
    Template::by_name(name).expect("it is shipped").unwrap_or_else(|fault| panic!("{fault} ({:?})", fault.hint))
}

fn seed(number: u32) -> Seed {
    let mut seed = [7; 32];
    seed[..4].copy_from_slice(&number.to_le_bytes());
    seed
}

fn line() -> LineNumber {
    LineNumber { country: 86, national: "15412345678".into(), extension: String::new() }
}

fn record(template: &Template, number: u32) -> (Persona, Record) {
    let persona = template.persona(Role::Recipient, &seed(number));
    let line = line();
    let input = CanaryInput {
        number_place: Some(u64::from(number)),
        people: &[(Role::Recipient, &persona, &line)],
        parcel_seed: &seed(number + 1_000_000),
    };
    let record = template.record(&input);
    (persona, record)
}

#[test]
fn every_shipped_template_is_sound() {
    for (name, text) in Template::shipped() {
        let template = shipped(name);

        assert_eq!(template.name(), *name);
        assert_eq!(template.text(), *text);
        assert_eq!(template.hash().len(), 64);
    }
}

#[test]
fn the_express_template_has_the_columns_of_such_an_export() {
    let export = include_str!("../../tests/data/template/express_rows.csv");
    let header = export.lines().next().expect("a header").trim_start_matches('\u{feff}');

    let headers: Vec<String> = shipped("yto-express").columns().iter().map(|column| column.header.clone()).collect();

    assert_eq!(headers.join(","), header);
}

#[test]
fn the_supply_chain_template_has_the_columns_of_its_table() {
    let table = include_str!("../../tests/data/template/scms_rows.tsv");
    let header = table.split('\r').next().expect("a header");

    let headers: Vec<String> = shipped("scms-shipments").columns().iter().map(|column| column.header.clone()).collect();

    assert_eq!(headers.join("\t"), header);
}

#[test]
fn the_same_seeds_make_the_same_canary_and_others_another() {
    let template = shipped("yto-express");

    assert_eq!(record(&template, 1), record(&template, 1));
    assert_ne!(record(&template, 1).0, record(&template, 2).0);
    assert_ne!(record(&template, 1).1, record(&template, 2).1);
}

/// What was planted must come out the same in ten years: a change here is a new
/// version of the derivation, or of a template or pool under an old name.
#[test]
fn what_seeds_make_is_pinned() {
    let mut rows = String::new();
    for (name, _) in Template::shipped() {
        let template = shipped(name);
        for number in 1..=3 {
            let cells: Vec<String> = record(&template, number)
                .1
                .values
                .into_iter()
                .map(|(role, value)| match value {
                    Value::Text(text) => format!("{role}={text}"),
                    Value::Copied => format!("{role} copied"),
                    Value::Given(_) => format!("{role} given"),
                    Value::Between => format!("{role} between"),
                })
                .collect();
            rows.push_str(&format!("{name} {number}\n  {}\n", cells.join("\n  ")));
        }
    }

    insta::with_settings!({ snapshot_path => "../../tests/data/template", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("pinned_records", rows);
    });
}

#[test]
fn an_express_canary_reads_like_its_neighbours() {
    let template = shipped("yto-express");

    let (persona, record) = record(&template, 5);

    let text = |role: &str| record.text(&role.parse().expect("a role")).map(str::to_owned);
    assert_eq!(text("number").as_deref(), Some("YT0000000000005"));
    assert_eq!(text("recipient.name"), Some(persona.name.full.clone()));
    assert_eq!(text("recipient.phone").as_deref(), Some("15412345678"));
    assert_eq!(text("recipient.local"), Some(format!("{}{}", persona.place.town, persona.place.local)));
    assert_eq!(text("recipient.district"), Some(persona.place.district.clone()));
    assert_eq!(record.value(&ColumnRole::Time), Some(&Value::Between));
    assert_eq!(record.value(&ColumnRole::Phone(Role::Sender)), Some(&Value::Copied));
    assert_eq!(record.value(&ColumnRole::Other("courier".into())), Some(&Value::Copied));
    let place = &persona.place;
    let whole = [&place.province, &place.city, &place.district, &place.town, &place.local].map(String::as_str).concat();
    assert!(place.full == whole || place.full.len() < whole.len(), "{}", place.full);
}

#[test]
fn fees_follow_weight_and_province() {
    let template = shipped("yto-express");
    for number in 0..300 {
        let (persona, record) = record(&template, number);
        let text = |word: &str| record.text(&ColumnRole::Other(word.into())).expect("a text").to_owned();
        let kilograms = text("weight").parse::<f64>().expect("a number").ceil();
        let (base, each) = if persona.place.province == "河北省" { (3.2, 0.8) } else { (5.12, 2.72) };

        assert_eq!(text("fee"), format!("{:.1}", base + each * (kilograms - 1.0) + 1e-9), "{kilograms} kg");
    }
}

#[test]
fn a_row_without_a_place_in_the_block_takes_its_number_from_its_neighbours() {
    let template = shipped("yto-express");
    let input = CanaryInput { number_place: None, people: &[], parcel_seed: &seed(1) };

    let record = template.record(&input);

    assert_eq!(record.value(&ColumnRole::Number), Some(&Value::Between));
    assert_eq!(record.value(&ColumnRole::Phone(Role::Recipient)), Some(&Value::Copied));
}

#[test]
fn a_supply_chain_row_carries_its_mark_twice() {
    let template = shipped("scms-shipments");
    let block = template.block().expect("a block");

    let (_, record) = record(&template, 77);

    let order = record.text(&ColumnRole::Other("order".into())).expect("an order number").to_owned();
    assert_eq!((record.text(&ColumnRole::Number), order.as_str()), (Some("ASN-100077"), "SCMS-300077"));
    assert_eq!((block.place_of("ASN-100077"), block.place_of(&order)), (Some(77), Some(77)));
    assert_eq!(block.place_of("ASN-99"), None);
    let number =
        |word: &str| record.text(&ColumnRole::Other(word.into())).expect("a text").parse::<f64>().expect("a number");
    assert!((number("value") - number("quantity") * number("price")).abs() < 0.01);
}

#[test]
fn both_ends_of_an_english_parcel_wear_a_line() {
    let template = shipped("en-parcel");
    let american = LineNumber { country: 1, national: "2025550123".into(), extension: "42".into() };
    let (to, from) = (template.persona(Role::Recipient, &seed(1)), template.persona(Role::Sender, &seed(2)));
    let people = [(Role::Recipient, &to, &american), (Role::Sender, &from, &american)];

    let record = template.record(&CanaryInput { number_place: Some(3), people: &people, parcel_seed: &seed(3) });

    assert_eq!(template.roles(), [Role::Recipient, Role::Sender]);
    for role in [Role::Recipient, Role::Sender] {
        let phone = record.text(&ColumnRole::Phone(role)).expect("a phone");
        let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
        assert_eq!(digits, "202555012342", "{phone}");
    }
    assert_eq!(record.text(&ColumnRole::City(Role::Recipient)), Some(to.place.city.as_str()));
    assert!(from.place.full.ends_with(&from.place.town), "{}", from.place.full);
}

#[test]
fn a_row_from_scratch_has_a_time_on_its_day() {
    let template = shipped("yto-express");
    let day = jiff::civil::date(2020, 11, 1);

    let time = template.scratch(&ColumnRole::Time, &seed(1), day).expect("a time");

    assert!(time.starts_with("2020-11-01 ") && time.len() == 19, "{time}");
    assert_eq!(template.scratch(&ColumnRole::Other("outlet".into()), &seed(1), day).as_deref(), Some("永年区二部"));
    assert_eq!(template.scratch(&ColumnRole::Other("goods".into()), &seed(1), day), None);
}

/// Draws `n` personas and checks that each pattern's share is its probability.
fn assert_frequencies(template: &Template, n: u32, patterns: &[PersonaPattern]) {
    let people: Vec<Persona> = (0..n).map(|number| template.persona(Role::Recipient, &seed(number))).collect();
    for pattern in patterns {
        let share = PersonaLaw::probability(template, Role::Recipient, pattern);
        let count = people.iter().filter(|persona| pattern.matches(persona)).count() as f64;
        let expected = share * f64::from(n);
        let spread = (expected * (1.0 - share)).sqrt();
        assert!((count - expected).abs() <= 5.0 * spread + 1e-9, "{pattern:?}: {count}, expected {expected}");
    }
}

fn named(family: Option<&str>, given: Option<Given>) -> PersonaPattern {
    let family = family.map(|family| family.split(' ').map(str::to_owned).collect());
    PersonaPattern { name: NamePattern { family, given }, ..PersonaPattern::default() }
}

fn placed(province: Option<&str>, city: Option<&str>, district: Option<&str>, town: Option<&str>) -> PersonaPattern {
    let own = |part: Option<&str>| part.map(str::to_owned);
    let place = PlacePattern { province: own(province), city: own(city), district: own(district), town: own(town) };
    PersonaPattern { place, ..PersonaPattern::default() }
}

#[test]
fn personas_come_as_often_as_the_law_says() {
    let both = PersonaPattern {
        name: named(Some("王 李"), None).name,
        place: placed(Some("河北省"), None, None, None).place,
    };
    let patterns = [
        PersonaPattern::default(),
        named(Some("王"), None),
        named(Some("王 李 张"), None),
        named(Some("nobody"), None),
        named(None, Some(Given::Exact(String::new()))),
        named(None, Some(Given::Initial('晓'))),
        named(None, Some(Given::Mask(vec![None]))),
        named(None, Some(Given::Mask(vec![None, Some('华')]))),
        named(None, Some(Given::Mask(vec![Some('国'), None]))),
        placed(Some("河北省"), None, None, None),
        placed(None, Some("邯郸市"), None, None),
        placed(None, None, Some("朝阳区"), None),
        placed(None, None, None, Some("城关镇")),
        placed(Some("广东省"), Some("邯郸市"), None, None),
        both,
    ];

    assert_frequencies(&shipped("yto-express"), 20_000, &patterns);
    assert_frequencies(&shipped("cn-generic"), 20_000, &patterns);
}

#[test]
fn english_personas_come_as_often_as_the_law_says() {
    let patterns = [
        named(Some("smith johnson"), None),
        named(Some("Smith"), None),
        named(None, Some(Given::Exact("james".into()))),
        named(None, Some(Given::Initial('j'))),
        placed(Some("TX"), None, None, None),
        placed(None, Some("Nashville"), None, None),
        placed(None, None, None, Some("99501")),
    ];

    assert_frequencies(&shipped("en-parcel"), 20_000, &patterns);
}

#[test]
fn the_odds_of_all_surnames_and_of_all_provinces_sum_to_one() {
    let template = shipped("cn-generic");
    let lexicon = template.lexicon();
    let provinces: BTreeSet<&String> = lexicon.places.values().filter_map(|place| place.province.as_ref()).collect();

    let families: f64 = lexicon.families.iter().map(|f| template.odds(&named(Some(f), None))).sum();
    let places: f64 = provinces.iter().map(|p| template.odds(&placed(Some(p), None, None, None))).sum();

    assert!((families - 1.0).abs() < 1e-12, "{families}");
    assert!((places - 1.0).abs() < 1e-12, "{places}");
}

impl Template {
    fn odds(&self, pattern: &PersonaPattern) -> f64 {
        PersonaLaw::probability(self, Role::Recipient, pattern)
    }
}

/// Checks that the values drawn for `column` come as often as their texts'
/// probability says, and that what was drawn is most of the law.
fn assert_column(template: &Template, column: &str, n: u32) {
    let role: ColumnRole = column.parse().expect("a role");
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for number in 0..n {
        *counts.entry(record(template, number).1.text(&role).expect("a text").to_owned()).or_default() += 1;
    }
    let mut seen = 0.0;
    for (text, count) in &counts {
        let share = template.probability(&role, &FieldPattern::Exact(text.clone()));
        let expected = share * f64::from(n);
        let spread = (expected * (1.0 - share)).sqrt();
        assert!((f64::from(*count) - expected).abs() <= 5.5 * spread + 3.0, "{column} {text}: {count}, {expected}");
        assert!(share > 0.0, "{column} {text}");
        seen += share;
    }
    assert!(seen < 1.0 + 1e-9, "{column}: {seen}");
    if counts.len() < 40 {
        assert!(seen > 0.99, "{column}: {seen}");
    }
}

#[test]
fn every_kind_of_column_comes_as_often_as_its_law_says() {
    let express = shipped("yto-express");
    for column in ["goods", "pieces", "weight", "fee", "payment", "remark", "recipient.province", "recipient.city"] {
        assert_column(&express, column, 3000);
    }
    let table = shipped("scms-shipments");
    for column in ["via", "country", "project", "price", "mode", "quantity"] {
        assert_column(&table, column, 2000);
    }
    for column in ["contents", "weight", "postage", "recipient.province", "recipient.town"] {
        assert_column(&shipped("en-parcel"), column, 1500);
    }
}

#[test]
fn a_written_address_has_the_probability_of_its_parts() {
    let template = shipped("cn-generic");
    for number in 0..5 {
        let (persona, _) = record(&template, number);
        let exact = FieldPattern::Exact(persona.place.full.clone());

        let chance = template.probability(&ColumnRole::Address(Role::Recipient), &exact);

        let wide = PersonaPattern {
            place: PlacePattern {
                province: Some(persona.place.province.clone()),
                district: Some(persona.place.district.clone()),
                ..PlacePattern::default()
            },
            ..PersonaPattern::default()
        };
        assert!(chance > 0.0 && chance < template.odds(&wide) / 100.0, "{}: {chance}", persona.place.full);
    }
}

#[test]
fn a_masked_name_sums_over_all_it_may_be() {
    let template = shipped("yto-express");
    let column = ColumnRole::Name(Role::Recipient);
    let chance = |text: &str| template.probability(&column, &FieldPattern::mask(text));

    let n = 20_000;
    for mask in ["王*", "张*华", "李**", "**", "***", "*女士"] {
        let FieldPattern::Mask(slots) = FieldPattern::mask(mask) else { unreachable!("a mask is a mask") };
        let given = Given::Mask(slots);
        let count = (0..n).filter(|&i| given.matches(&template.persona(Role::Recipient, &seed(i)).name.full)).count();
        let expected = chance(mask) * f64::from(n);
        assert!((count as f64 - expected).abs() <= 5.0 * expected.sqrt() + 1.0, "{mask}: {count}, {expected}");
    }
}

#[test]
fn ranges_and_lists_of_values_have_their_odds() {
    let template = shipped("yto-express");
    let other = |word: &str| ColumnRole::Other(word.into());
    let range = |least, most| FieldPattern::Range { least, most };

    assert!((template.probability(&other("weight"), &range(0.0, 1.085)) - 0.5).abs() < 1e-9);
    assert!((template.probability(&other("pieces"), &range(2.0, 5.0)) - 0.04).abs() < 1e-12);
    let light = template.probability(&other("weight"), &range(0.0, 1.0));
    let hebei = template.odds(&placed(Some("河北省"), None, None, None));
    let cheapest = FieldPattern::Exact("3.2".into());
    assert!((template.probability(&other("fee"), &cheapest) - light * hebei).abs() < 1e-12);
    let two = FieldPattern::OneOf(["易碎".to_owned(), "勿压".to_owned(), "never".to_owned()].into());
    assert!((template.probability(&other("remark"), &two) - 0.05).abs() < 1e-12);
}

#[test]
fn nothing_follows_from_a_column_without_a_law() {
    let template = shipped("yto-express");
    let exact = FieldPattern::Exact("anything".into());

    for column in [ColumnRole::Time, ColumnRole::Name(Role::Sender), ColumnRole::Other("unheard of".into())] {
        assert_eq!(template.probability(&column, &exact), 1.0, "{column}");
    }
    let number = template.probability(&ColumnRole::Number, &FieldPattern::mask("YT000000000****"));
    assert_eq!(number, 1e-5);
}

#[test]
fn nothing_follows_from_a_law_that_is_not_the_values_own() {
    let (name, text) = Template::shipped()[0];
    let conditional = text.replace(
        "  weight:\n    kind: number\n    keystream: 2\n    decimals: 2\n",
        "  weight:\n    kind: number\n    keystream: 2\n    decimals: 2\n    given: goods\n    when: {图书: {quantiles: {0: 15, 100: 16}}}\n",
    );
    let conditional = conditional.replace(
        "    kind: choice\n    keystream: 3\n    keys: [payment, remark]\n",
        "    kind: choice\n    keystream: 3\n    given: sender_name\n    when: {甲: {keys: [payment, remark], rows: [[1, 月结, 甲]]}}\n    keys: [payment, remark]\n",
    );
    let template = Template::parse(&conditional, name).unwrap_or_else(|fault| panic!("{fault} ({:?})", fault.hint));
    let other = |word: &str| ColumnRole::Other(word.into());

    // What is made of such a value, the fee and the parts, is as conditional.
    for (column, value) in [("weight", "1.00"), ("fee", "3.2"), ("payment", "月结"), ("remark", "易碎")] {
        assert_eq!(template.probability(&other(column), &FieldPattern::Exact(value.into())), 1.0, "{column}");
    }
    assert_eq!(template.probability(&other("fee"), &FieldPattern::Range { least: 0.0, most: 1.0 }), 1.0);
    assert!(template.probability(&other("goods"), &FieldPattern::Exact("图书".into())) < 0.1);
}

/// A sound little template; each case below breaks one rule of it.
const SOUND: &str = "\
name: small
version: 1
roles: [recipient]
fields:
  phone: {kind: phone, role: recipient, keystream: 0, country: 86, styles: {national: 1, spaced: 1}}
  goods:
    kind: choice
    keystream: 1
    options: {a: 1, b: 2}
  copy: {kind: reference, of: goods}
columns:
  - {role: recipient.phone, header: 电话, field: phone}
  - {role: goods, header: 品名}
  - {role: copy, header: 品名2}
";

/// Cases: what to replace in [`SOUND`], by what, and the fault with its hint.
const BROKEN: &[(&str, &str, &str, &str)] = &[
    ("version: 1", "version: 2", "t.yaml: line 2: version: expected a whole number from 1 to 1, found 2", ""),
    ("version: 1", "vresion: 1", "t.yaml: the key \"version\" is missing", ""),
    (
        "version: 1",
        "version: 1\ncolour: red",
        "t.yaml: line 3: colour: unknown key",
        "known here: name, version, about, roles, repeats, fields, columns",
    ),
    (
        "kind: choice",
        "kind: choise",
        "t.yaml: line 6: fields.goods: unknown kind \"choise\"",
        "known: waybill, serial, phone, name, address, part, choice, number, rate, time, constant, reference, copied, between, varied, scaled, nearby",
    ),
    ("    options", "    option", "t.yaml: line 6: fields.goods: the key \"keys\" is missing", ""),
    (
        "keystream: 1",
        "keystream: 0",
        "t.yaml: line 6: fields.goods: keystream block 0 of the parcel seed already belongs to phone",
        "block 1 is free",
    ),
    (
        "keystream: 1",
        "keystream: 32",
        "t.yaml: line 8: fields.goods.keystream: expected a whole number from 0 to 31, found 32",
        "",
    ),
    (
        "{a: 1, b: 2}",
        "{a: 1, b: -2}",
        "t.yaml: line 9: fields.goods.options.b: expected a whole number from 0 to 1099511627776, found -2",
        "",
    ),
    (
        "{a: 1, b: 2}",
        "{a: 0}",
        "t.yaml: line 9: fields.goods.options: expected at least one text with a weight above 0",
        "",
    ),
    (
        "{a: 1, b: 2}",
        "{a: 1, a: 2}",
        "t.yaml: line 9: not a template: fields.goods.options: duplicate entry with key \"a\"",
        "templates are YAML: every key once, blanks instead of tabs, texts with : or # in quotes",
    ),
    ("of: goods", "of: good", "t.yaml: line 10: fields.copy.of: there is no field \"good\"", "did you mean \"goods\"?"),
    (
        "of: goods",
        "of: copy",
        "t.yaml: line 10: fields.copy: the field is made from itself: copy -> copy",
        "break the circle with a field that draws its own value",
    ),
    (
        "roles: [recipient]",
        "roles: [receiver]",
        "t.yaml: line 3: roles[0]: expected sender or recipient, found \"receiver\"",
        "",
    ),
    (
        "roles: [recipient]",
        "roles: []",
        "t.yaml: line 5: fields.phone.role: the recipient wears no line in this template",
        "add it to roles, or copy the column: kind: copied",
    ),
    (
        "{national: 1, spaced: 1}",
        "{nationl: 1}",
        "t.yaml: line 5: fields.phone.styles: unknown style \"nationl\"",
        "known: national, hyphenated, spaced, brackets, plus, plus-joined, double-zero",
    ),
    (
        "role: recipient.phone",
        "role: phone",
        "t.yaml: line 12: columns[0].role: the column phone cannot show a field of this kind",
        "",
    ),
    (
        "field: phone",
        "field: goods",
        "t.yaml: line 12: columns[0].role: the column recipient.phone cannot show a field of this kind",
        "",
    ),
    (
        "  - {role: copy, header: 品名2}\n",
        "",
        "t.yaml: line 10: fields.copy: no column shows the field \"copy\"",
        "remove it, or give it a column",
    ),
    (
        "{role: copy, header: 品名2}",
        "{role: goods, header: 品名2}",
        "t.yaml: line 14: columns[2].role: two columns play the role goods",
        "",
    ),
    (
        "{role: copy,",
        "{role: cpy,",
        "t.yaml: line 14: columns[2]: there is no field \"cpy\" for this column",
        "fields: phone, goods, copy",
    ),
];

#[test]
fn every_broken_rule_is_named_with_its_place() {
    Template::parse(SOUND, "t.yaml").expect("the small template is sound");
    for (from, to, what, hint) in BROKEN {
        let text = SOUND.replacen(from, to, 1);
        assert_ne!(text, SOUND, "{from}");

        let fault = Template::parse(&text, "t.yaml").expect_err(what);

        assert_eq!((fault.to_string().as_str(), fault.hint.as_deref().unwrap_or("")), (*what, *hint));
    }
}

/// Cases on a shipped template: its name, what to replace by what, what is wrong.
const MISTAKES: &[(&str, &str, &str, &str)] = &[
    ("yto-express", "places: cn-divisions-1", "places: cn-given-1", "there is no pool of places \"cn-given-1\""),
    ("yto-express", "河北省: 4726", "河北: 4726", "the pool knows no place \"河北\""),
    ("yto-express", "boost: {邯郸市: 22}", "boost: {邯郸: 22}", "the pool knows no place \"邯郸\""),
    ("yto-express", "spread: even", "spread: evenly", "unknown spread \"evenly\""),
    (
        "yto-express",
        "{province}{city}{district}{town}{local}",
        "{province}{street}",
        "an address has no part \"street\"",
    ),
    ("yto-express", "part: [town, local]", "part: [town, lokal]", "an address has no part \"lokal\""),
    (
        "yto-express",
        "of: recipient_address, part: city",
        "of: weight, part: city",
        "a part is of an address or of a choice with keys",
    ),
    ("yto-express", "part: payment", "part: paid", "its rows have no \"paid\""),
    ("yto-express", "- [724164, 月结, \"\"]", "- [724164, 月结]", "expected a weight and 2 texts, found 2 cells"),
    ("yto-express", "{estate}{building}栋", "{estate}{building栋", "no slot is called {building栋{unit}"),
    ("yto-express", "families: cn-families-1", "families: cn-families-2", "there is no pool \"cn-families-2\""),
    ("yto-express", "order: family-given", "order: given-family", "unknown order \"given-family\""),
    ("yto-express", "male-title: 先生", "about: 先生", "a share of titles needs both male-title and female-title"),
    ("yto-express", "hours: {9: 28,", "hours: {24: 28,", "expected an hour from 0 to 23, found \"24\""),
    ("yto-express", "%H:%M:%S", "%H:%M:%S %Z", "the format has a directive that a local time cannot fill"),
    ("yto-express", "by: recipient_province", "by: weight", "a rate goes by a choice, a part or a constant"),
    ("yto-express", "of: weight", "of: goods", "a rate follows a field of kind number"),
    (
        "yto-express",
        "sender_phone: {kind: copied}",
        "sender_phone: {kind: constant, text: \"1\"}",
        "the column sender.phone cannot show a field of this kind",
    ),
    ("scms-shipments", "form: reference\n    # A", "form: yto\n    # A", "a yto number starts with YT, not \"ASN-\""),
    (
        "en-parcel",
        "prefix: \"940001000000\"",
        "prefix: \"94000100000A\"",
        "the prefix \"94000100000A\" does not suit the form usps-impb",
    ),
    ("en-parcel", "roles: [recipient, sender]", "roles: [recipient]", "the sender wears no line in this template"),
    (
        "en-parcel",
        "role: sender\n    keystream: 1\n    places",
        "role: recipient\n    keystream: 2\n    places",
        "the recipient already has its address: recipient_address",
    ),
];

#[test]
fn mistakes_in_a_real_template_are_named() {
    for (name, from, to, what) in MISTAKES {
        let (_, text) = Template::shipped().iter().find(|(have, _)| have == name).expect("it is shipped");
        let text = text.replacen(from, to, 1);
        assert!(text.contains(to), "{name}: {from}");

        let fault = Template::parse(&text, "t.yaml").expect_err(what);

        assert_eq!(fault.what, *what);
        assert!(fault.line.is_some() && fault.field.is_some() && fault.file.is_some(), "{fault}");
    }
}
