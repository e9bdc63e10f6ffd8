use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::line::LineNumber;
use crate::persona::Given;
use crate::registry::{LineUse, NewLine};
use crate::scan::text::RowText;

/// A block whose numbers are `YT` and twelve digits, the first four of them 0.
struct Block;

impl WaybillBlock for Block {
    fn id(&self) -> &str {
        "demo"
    }

    fn size(&self) -> u64 {
        100_000_000
    }

    fn place_of(&self, normal: &str) -> Option<u64> {
        let digits = normal.strip_prefix("YT0000").filter(|digits| digits.len() == 8)?;
        digits.parse().ok()
    }
}

const LINES: [&str; 8] = [
    "+8613812345678",
    "+8615400000042",
    "+862161234567",
    "+862161234568 ext 8001",
    "+862161234568 ext 0042",
    "+15550100199",
    "+447700900123",
    "+8613912344321",
];

fn rows(numbers: &[&str]) -> Vec<LineRow> {
    let row = |(id, number): (usize, &&str)| {
        let number = LineNumber::parse(number, None).expect("a number");
        LineRow { id: id as i64 + 1, line: NewLine { number, line_use: LineUse::Trap, demo: false } }
    };
    numbers.iter().enumerate().map(row).collect()
}

fn lexicons() -> Vec<Lexicon> {
    let district = |district: &str| PlacePattern { district: Some(district.into()), ..PlacePattern::default() };
    let city = |province: &str, city: &str| PlacePattern {
        province: Some(province.into()),
        city: Some(city.into()),
        ..PlacePattern::default()
    };
    let province = |province: &str| PlacePattern { province: Some(province.into()), ..PlacePattern::default() };
    let places = [
        ("河北省", province("河北省")),
        ("河北", province("河北省")),
        ("邯郸市", city("河北省", "邯郸市")),
        ("邯郸", city("河北省", "邯郸市")),
        ("永年区", district("永年区")),
        ("永年", district("永年区")),
        ("广东", province("广东省")),
        ("Oregon", province("OR")),
        ("OR", province("OR")),
        ("York", city("PA", "York")),
    ];
    let places: BTreeMap<String, PlacePattern> = places.map(|(name, place)| (name.to_owned(), place)).into();
    let families: BTreeSet<String> = ["王", "张", "李", "smith"].map(str::to_owned).into();
    vec![Lexicon { families, places }]
}

fn tag(caller: &str) -> String {
    format!("<{caller}>")
}

fn with_matcher<T>(numbers: &[&str], act: impl FnOnce(&Matcher<'_>) -> T) -> T {
    let triage = Triage { allow_callers: vec!["+8610 8888 0000".into()], ..Triage::default() };
    let (lines, lexicons) = (rows(numbers), lexicons());
    let blocks: [&dyn WaybillBlock; 1] = [&Block];
    let known = Known { lines: &lines, blocks: &blocks, lexicons: &lexicons, triage: &triage, caller_tag: &tag };
    act(&Matcher::new(known).expect("a small index"))
}

fn find(observation: &Observation) -> Hit {
    with_matcher(&LINES, |matcher| matcher.find(observation))
}

fn call(called: &str) -> Observation {
    Observation { called: Some(called.into()), ..Observation::new(Kind::Call, "") }
}

fn report(text: &str) -> Observation {
    Observation { text: Some(text.into()), ..Observation::new(Kind::Report, "") }
}

/// Lines named in full.
fn lines(hit: &Hit) -> Vec<i64> {
    hit.found.iter().filter_map(|found| if let Found::Line { line, .. } = found { Some(*line) } else { None }).collect()
}

fn sets(hit: &Hit) -> Vec<Vec<i64>> {
    hit.found
        .iter()
        .filter_map(|found| if let Found::Lines { lines } = found { Some(lines.clone()) } else { None })
        .collect()
}

fn numbers(hit: &Hit) -> Vec<u64> {
    hit.found
        .iter()
        .filter_map(|found| if let Found::Number { place, .. } = found { Some(*place) } else { None })
        .collect()
}

fn persons(hit: &Hit) -> Vec<PersonaPattern> {
    hit.found
        .iter()
        .filter_map(|found| if let Found::Person { pattern } = found { Some(pattern.clone()) } else { None })
        .collect()
}

#[test]
fn a_called_number_is_found_in_every_spelling() {
    for (called, line) in [
        ("13812345678", 1),
        ("+86 138 1234 5678", 1),
        ("0086-138-1234-5678", 1),
        ("8613812345678", 1),
        ("013812345678", 1),
        ("１３８１２３４５６７８", 1),
        ("sip:13812345678@10.0.0.1", 1),
        ("021-61234567", 3),
        ("(021) 6123 4567", 3),
        ("2161234567", 3),
        ("+1 (555) 010-0199", 6),
        ("5550100199", 6),
        ("07700 900123", 7),
        ("+44 (0)7700 900123", 7),
    ] {
        assert_eq!(lines(&find(&call(called))), [line], "{called}");
    }
}

#[test]
fn another_number_is_nothing_whatever_else_the_call_says() {
    for called in ["13812345679", "1381234567", "138123456780", "+1 381 234 5678", "+44 13812345678", "", "anonymous"] {
        let mut other = call(called);
        other.asked_name = Some("王女士".into());
        other.text = Some("快递 138****5678 YT000012345678".into());

        assert_eq!(find(&other), empty_hit(), "{called}");
    }
}

#[test]
fn an_extension_is_part_of_the_line() {
    for called in [
        "021-61234568转8001",
        "02161234568-8001",
        "02161234568 ext. 8001",
        "02161234568#8001",
        "02161234568,8001",
        "02161234568(8001)",
    ] {
        assert_eq!(lines(&find(&call(called))), [4], "{called}");
    }
    let beside = Observation { extension: Some("0042".into()), ..call("02161234568") };
    assert_eq!(lines(&find(&beside)), [5]);
}

#[test]
fn a_missing_or_foreign_extension_is_no_query() {
    for called in ["02161234568", "02161234568转42", "02161234568转9999", "02161234568-800"] {
        assert!(find(&call(called)).found.is_empty(), "{called}");
    }
}

#[test]
fn digits_dialled_behind_a_plain_line_have_reached_it() {
    assert_eq!(lines(&find(&call("13812345678转12"))), [1]);
    assert_eq!(lines(&find(&report("拨打13812345678-2次"))), [1]);
}

#[test]
fn numbers_are_found_in_text_and_each_is_listed_once() {
    let hit = find(&report("对方拨打13812345678，又打１５４-0000-0042和138 1234 5678，之后02161234568转8001，两次"));

    assert_eq!(lines(&hit), [1, 2, 4]);
}

#[test]
fn spoken_digits_are_digits_in_a_run() {
    assert_eq!(lines(&find(&report("号码是幺三八幺二三四五六拐八"))), [1]);
    assert_eq!(lines(&find(&report("打了13812345678两次"))), [1]);
    assert!(find(&report("一三八")).found.is_empty());
}

#[test]
fn neighbouring_digits_do_not_hide_a_number() {
    for text in [
        "2026-11-25 13812345678",
        "电话13812345678 金额28600",
        "李丽13812345678上海市黄浦区",
        "TEL:13812345678",
        "tel13812345678",
        "13812345678,13712345678",
        "?phone=13812345678&id=7",
        "100 13812345678 200",
    ] {
        assert_eq!(lines(&find(&report(text))), [1], "{text}");
    }
}

#[test]
fn what_is_no_phone_is_not_taken_for_one() {
    for text in [
        "身份证110138123456781234",
        "转账13812345678元",
        "￥13812345678",
        "$ 13812345678",
        "金额：13812345678",
        "金额是13812345678.50",
        "订单号13812345678",
        "运单号:13812345678",
        "order no 13812345678",
        "YT13812345678",
        "13812345678abc",
        "卡号 6222013812345678",
        "T-2026-13812345678",
    ] {
        assert_eq!(find(&report(text)), empty_hit(), "{text}");
    }
}

#[test]
fn a_mask_is_the_set_of_lines_that_it_may_be() {
    for text in [
        "手机138****5678",
        "1*******678",
        "138******78",
        "138-xxxx-5678",
        "138 **** 5678",
        "+86138****5678",
        "１３８＊＊＊＊５６７８",
    ] {
        assert_eq!(sets(&find(&report(text))), [vec![1]], "{text}");
    }
    for text in ["138****5679", "138***5678", "*******5678", "1**********"] {
        assert!(find(&report(text)).found.is_empty(), "{text}");
    }
}

#[test]
fn a_mask_that_many_lines_fit_is_no_query() {
    let numbers: Vec<String> = (0..40).map(|i| format!("+86138{:04}5678", i * 7)).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();

    let hit = with_matcher(&numbers, |matcher| matcher.find(&report("138****5678")));

    assert!(hit.found.is_empty());
}

#[test]
fn a_mask_of_a_number_that_is_named_in_full_says_nothing_more() {
    let hit = find(&report("13812345678（138****5678）"));

    assert_eq!((lines(&hit), sets(&hit)), (vec![1], vec![]));
}

#[test]
fn last_four_digits_of_a_phone_are_a_set_and_those_of_a_waybill_are_not() {
    for text in ["手机尾号5678", "尾号为5678的机主", "电话后四位是5678", "phone ending in 5678"] {
        assert_eq!(sets(&find(&report(text))), [vec![1]], "{text}");
    }
    for text in
        ["单号尾号5678", "快递后四位5678", "尾号5678的快递", "银行卡尾号5678", "parcel ending in 5678", "尾号56781"]
    {
        assert!(find(&report(text)).found.is_empty(), "{text}");
    }
}

#[test]
fn waybills_are_found_in_columns_text_and_paths() {
    for text in [
        "单号YT000012345678的",
        "yt 0000 1234 5678",
        "ＹＴ０００0-12345678",
        "/track/yt000012345678?from=wx",
        "查询 no=YT000012345678&x=1",
        "parcel YT0000 12345678 was lost",
    ] {
        assert_eq!(numbers(&find(&report(text))), [12_345_678], "{text}");
    }
    let lookup = Observation { number: Some("yt000012345678".into()), ..Observation::new(Kind::Lookup, "") };
    assert_eq!(numbers(&find(&lookup)), [12_345_678]);
    assert!(!find(&lookup).named);
    assert!(find(&report("YT1000123456789 YT0000123456789 XYT000012345678")).found.is_empty());
}

#[test]
fn beside_a_line_name_and_place_are_two_statements() {
    let mut ours = call("13812345678");
    ours.text = Some("自称圆通客服，找王小明，说永年的快递丢了".into());

    let hit = find(&ours);

    let (name, place) = (&persons(&hit)[0], &persons(&hit)[1]);
    assert_eq!(name.name.given, Some(Given::Exact("小明".into())));
    assert!(name.place.is_any());
    assert_eq!(place.place.district.as_deref(), Some("永年区"));
    assert!(hit.named && hit.keyword);
}

#[test]
fn without_a_line_a_name_and_a_place_are_one_statement_and_one_alone_is_none() {
    let both = find(&report("市民王女士，住河北邯郸永年区，接到电话"));

    let persons = persons(&both);
    assert_eq!(persons.len(), 1);
    let place = PlacePattern {
        province: Some("河北省".into()),
        city: Some("邯郸市".into()),
        district: Some("永年区".into()),
        town: None,
    };
    assert_eq!(persons[0].place, place);
    assert_eq!(persons[0].name.family, Some(["王".to_owned()].into()));
    assert!(find(&report("市民王女士接到电话")).found.is_empty());
    assert!(find(&report("邯郸有人接到电话")).found.is_empty());
}

#[test]
fn a_report_about_another_number_and_a_row_without_ours_say_nothing_of_ours() {
    let text = "市民王女士，住河北邯郸永年区，接到电话";
    let elsewhere = Observation { called: Some("13712345678".into()), ..report(text) };
    let row = Observation { kind: Kind::Row, ..report(text) };

    assert_eq!(find(&elsewhere), empty_hit());
    assert_eq!(find(&row), empty_hit());
}

#[test]
fn places_that_contradict_each_other_say_nothing() {
    let mut ours = call("13812345678");
    ours.text = Some("从广东寄到河北".into());

    assert!(persons(&find(&ours)).is_empty());
}

#[test]
fn a_word_is_no_place() {
    let mut ours = call("13812345678");
    ours.text = Some("black or white, Yorkshire".into());
    assert!(persons(&find(&ours)).is_empty());

    ours.text = None;
    ours.place = Some("OR 97001".into());
    assert_eq!(persons(&find(&ours))[0].place.province.as_deref(), Some("OR"));
}

#[test]
fn a_name_that_fits_nobody_was_still_asked_for() {
    let mut ours = call("13812345678");
    ours.asked_name = Some("欧阳先生".into());
    assert!(find(&ours).named);

    ours.asked_name = Some("-".into());
    assert!(!find(&ours).named);
}

#[test]
fn a_caller_has_one_tag_in_every_spelling_and_may_be_allow_listed() {
    let from = |caller: &str| find(&Observation { caller: Some(caller.into()), ..call("13812345678") });

    assert_eq!(from("+86 137-0000-0001").caller_tag.as_deref(), Some("<13700000001>"));
    assert_eq!(from("13700000001").caller_tag, from("008613700000001").caller_tag);
    assert!(from("010-88880000").allowed && from("861088880000").allowed);
    assert!(!from("13700000001").allowed);
    assert_eq!(from("Anonymous").caller_tag.as_deref(), Some("<anonymous>"));
}

#[test]
fn line_numbers_order_lines_as_their_digits_do() {
    let number = |called: &str| find(&call(called)).line_number.expect("a line");

    assert_eq!(number("13812345678"), 8_613_812_345_678);
    assert!(number("02161234568转0042") < number("02161234568转8001"));
}

fn spelt(digits: &str, prefix: &str, separators: &[&str], wide: bool) -> String {
    let mut text = prefix.to_owned();
    for (i, c) in digits.chars().enumerate() {
        if i == 3 || i == 7 {
            text.push_str(separators[usize::from(i == 7)]);
        }
        let value = c.to_digit(10).expect("a digit");
        text.push(if wide { char::from_u32(0xff10 + value).expect("a full-width digit") } else { c });
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::default())]

    #[test]
    fn any_spelling_of_a_line_is_found_and_nothing_else(
        which in prop::sample::select(vec![(0, "13812345678"), (1, "15400000042"), (7, "13912344321")]),
        prefix in prop::sample::select(vec!["", "+86", "+86 ", "0086", "0086-", "86", "86 ", "0"]),
        separators in prop::collection::vec(prop::sample::select(vec!["", " ", "-", "\u{3000}", "－"]), 2),
        before in prop::sample::select(vec!["", "电话", "请拨打 ", "call ", "号码：", "，"]),
        behind in prop::sample::select(vec!["", "。", " 谢谢", "，急", "的机主"]),
        wide: bool,
        in_column: bool,
    ) {
        let number = spelt(which.1, prefix, &separators, wide);
        let observation = if in_column { call(&number) } else { report(&format!("{before}{number}{behind}")) };

        let hit = find(&observation);

        prop_assert_eq!(lines(&hit), [which.0 + 1], "{} {:?}", number, observation.text);
        prop_assert_eq!(hit.found.len(), 1);
    }

    #[test]
    fn digits_outside_the_pool_never_match(digits in "[0-9]{5,20}", text in "[0-9 +*-]{0,40}") {
        let national = |line: &str| line[1..].split(' ').next().expect("digits")[1..].to_owned();
        prop_assume!(LINES.iter().all(|line| !digits.contains(&national(line)[2..])));

        prop_assert!(lines(&find(&call(&digits))).is_empty());
        prop_assert!(lines(&find(&report(&text))).is_empty());
    }

    #[test]
    fn no_text_is_too_strange(text in any::<String>(), called in any::<String>()) {
        let mut observation = report(&text);
        observation.called = Some(called);
        observation.asked_name = Some(text.clone());
        observation.place = Some(text.clone());
        observation.number = Some(text);

        prop_assert!(lines(&find(&observation)).is_empty());
    }
}

/// What a row of a dump says of our lines, numbers and a person.
fn row(text: &str) -> Hit {
    let row = RowText::read(text.as_bytes(), None);
    with_matcher(&LINES, |matcher| matcher.find(&matcher.row(&row)))
}

/// Surname and district of the statements about people.
fn said(hit: &Hit) -> (Option<String>, Option<String>) {
    let persons = persons(hit);
    let family = persons.iter().find_map(|person| person.name.family.as_ref()?.first().cloned());
    (family, persons.iter().find_map(|person| person.place.district.clone()))
}

#[test]
fn a_row_speaks_of_whoever_stands_beside_our_line() {
    let wang = (Some("王".to_owned()), Some("永年区".to_owned()));
    for text in [
        "王伟,13812345678,河北省邯郸市永年区人民路5号",
        "13812345678,王伟,河北省,邯郸市,永年区,人民路5号",
        "河北省邯郸市永年区人民路5号,王伟，13812345678",
        "王伟13812345678河北省邯郸市永年区人民路5号",
        "河北省邯郸市永年区人民路5号13812345678王伟",
        "王伟----+86 138 1234 5678----河北 邯郸 永年区 人民路5号",
        "收货人: 王伟 手机号码: 13812345678 所在地区: 河北省 邯郸市 永年区",
        "YT000012345678,李强,13900000000,广东省广州市,王伟,13812345678,河北省邯郸市永年区人民路5号,女装",
        "李强|13900000000|广东省|王*|'13812345678|河北省邯郸市永年区",
        "<tr><td>王女士</td><td>13812345678</td><td>河北省邯郸市永年区</td></tr>",
        "{\"name\":\"王伟\",\"tel\":13812345678,\"to\":{\"city\":\"邯郸市\",\"area\":\"永年区\"}}",
        "（7,'王伟','13812345678','河北省邯郸市永年区'）",
    ] {
        let hit = row(text);

        assert_eq!(lines(&hit), [1], "{text}");
        assert_eq!(said(&hit), wang, "{text}");
    }
    assert_eq!(numbers(&row("YT000012345678,李强,13900000000,广东省广州市,王伟,13812345678,河北省")), [12345678]);
}

#[test]
fn a_row_says_nothing_of_people_where_it_cannot_be_told_whose_line_it_is() {
    let two_lines = row("李强,15400000042,河北省永年区,王伟,13812345678,广东省广州市");
    assert_eq!((lines(&two_lines), persons(&two_lines)), (vec![2, 1], vec![]));

    let far_away = row("王伟,1,女装,2020-11-11,13812345678,0.5");
    assert_eq!((lines(&far_away), persons(&far_away)), (vec![1], vec![]));

    let nobody = row("王伟,13700000000,河北省邯郸市永年区");
    assert_eq!(nobody, empty_hit());
}

#[test]
fn a_row_whose_phone_is_hidden_speaks_of_the_person_beside_it() {
    let hit = row("YT000012345678,李*,139****0000,河北省邯郸市永年区******");

    assert_eq!(numbers(&hit), [12345678]);
    assert_eq!(said(&hit), (Some("李".to_owned()), Some("永年区".to_owned())));
}

#[test]
fn a_latin_row_speaks_of_whoever_stands_beside_our_line() {
    for text in [
        "John Smith,+1 555 010 0199,12 Hill St,Salem,Oregon",
        "\"Smith, John\",5550100199,\"12 Hill St, Salem, Oregon\"",
    ] {
        let hit = row(text);

        assert_eq!(lines(&hit), [6], "{text}");
        let persons = persons(&hit);
        assert!(
            persons.iter().any(|person| person.name.family.as_ref().is_some_and(|set| set.contains("smith"))),
            "{text}"
        );
        assert!(persons.iter().any(|person| person.place.province.as_deref() == Some("OR")), "{text}");
    }
}

proptest! {
    #[test]
    fn any_row_can_be_read(text in "[王李伟138 245679,;|+*-]{0,60}") {
        let hit = row(&text);

        prop_assert!(hit.found.len() < 60);
    }
}
