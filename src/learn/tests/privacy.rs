//! A hundred thousand people, none of whom comes out again.

use std::collections::HashSet;

use super::*;
use crate::template::pool;

const PERSONS: usize = 100_000;
/// Personas of each of two accounts that they are compared with.
const PERSONAS: u32 = 10_000;

const ROADS: [&str; 8] = ["人民路", "中华大街", "建设路", "幸福街", "光明东路", "和平路", "滨河北街", "迎宾大道"];
const ESTATES: [&str; 8] =
    ["紫荆苑", "盛世华庭", "金色家园", "东方明珠", "阳光花园", "中央公园", "学府名城", "锦绣江南"];
const GOODS: [&str; 6] = ["服饰", "图书", "食品", "日用品", "数码配件", "母婴用品"];

/// Made-up people, each with a name, a phone and an address that nobody else
/// has, and what of each fewer than k rows hold.
struct People {
    export: String,
    /// Words, numbers and whole cells.
    rare: HashSet<String>,
    /// Name and phone, name and address.
    pairs: HashSet<(String, String)>,
}

/// One of so many lives where town, road and estate are known to fewer than k
/// rows; 0 for nobody.
fn people(count: usize, one_in: usize) -> People {
    let mut draw = Stream::new(&[11; 32]);
    let families = pool::pool("cn-families-1").and_then(pool::Pool::weighted).expect("a weighted pool");
    let divisions = pool::pool("cn-divisions-1").and_then(pool::Pool::divisions).expect("divisions");
    let heard: u64 = families.iter().map(|(_, weight)| weight).sum();
    let below = |draw: &mut Stream, count: usize| draw.below(count as u32) as usize;
    let letter = |draw: &mut Stream, of: u32| char::from_u32(0x4e00 + 7 * draw.below(of)).expect("a Chinese character");
    let word = |draw: &mut Stream| -> String { (0..3).map(|_| letter(draw, 2_900)).collect() };
    let mut people = People { export: String::new(), rare: HashSet::new(), pairs: HashSet::new() };
    people.export += "运单号,收件人,收件电话,收件省,收件市,收件区县,收件详细地址,品名,备注\r\n";
    let (mut names, mut phones, mut locals) = (HashSet::new(), HashSet::new(), HashSet::new());
    // Shared by as many as are still too few.
    let mut hidden = [String::new(), String::new(), String::new()];
    for at in 0..count {
        let name = unused(&mut names, || {
            let mut ticket = u64::from(draw.below(heard as u32));
            let family = families.iter().find(|(_, weight)| {
                let is_it = ticket < *weight;
                ticket = ticket.saturating_sub(*weight);
                is_it
            });
            // One in a hundred has a character that hardly anybody has.
            let given = if draw.below(100) == 0 { 2_900 } else { 160 };
            format!("{}{}{}", family.expect("weights end").0, letter(&mut draw, 160), letter(&mut draw, given))
        });
        let phone = unused(&mut phones, || format!("154{:08}", draw.below(100_000_000)));
        let province = &divisions.provinces[below(&mut draw, divisions.provinces.len())];
        let district = &province.districts[below(&mut draw, province.districts.len())];
        let is_hidden = one_in > 0 && at % one_in == 0;
        if is_hidden && (at / one_in.max(1)).is_multiple_of(4) {
            hidden = [word(&mut draw) + "镇", word(&mut draw) + "路", word(&mut draw) + "苑"];
            people.rare.extend(hidden.iter().cloned());
        }
        let local = unused(&mut locals, || {
            let (building, unit, room) =
                (1 + draw.below(30), 1 + draw.below(4), 100 * (1 + draw.below(18)) + 1 + draw.below(4));
            let [town, road, estate] = match is_hidden {
                true => [&*hidden[0], &*hidden[1], &*hidden[2]],
                false => [
                    district.towns[below(&mut draw, district.towns.len())].name,
                    ROADS[below(&mut draw, ROADS.len())],
                    ESTATES[below(&mut draw, ESTATES.len())],
                ],
            };
            format!("{town}{road}{}号{estate}{building}号楼{unit}单元{room}", 1 + draw.below(400))
        });
        let goods =
            if at % 500 == 7 { word(&mut draw) + "定制" } else { GOODS[below(&mut draw, GOODS.len())].to_owned() };
        let note = if at % 300 == 11 { format!("放{name}家门口") } else { String::new() };
        people.export += &format!(
            "YT{:010},{name},{phone},{},{},{},{local},{goods},{note}\r\n",
            3 * at + 1_000,
            province.name,
            district.city,
            district.name
        );
        people.rare.extend([&goods, &note].into_iter().filter(|text| text.chars().count() > 4).cloned());
        people.pairs.insert((name.clone(), phone.clone()));
        people.pairs.insert((name.clone(), local.clone()));
        people.rare.extend([name, phone, local]);
    }
    people
}

/// Draws until it is new.
fn unused(known: &mut HashSet<String>, mut draw: impl FnMut() -> String) -> String {
    loop {
        let text = draw();
        if known.insert(text.clone()) {
            return text;
        }
    }
}

/// Those of the texts that stand anywhere in a template, the names of public
/// divisions aside.
fn shown<'r>(template: &str, rare: &'r HashSet<String>) -> Vec<&'r str> {
    let lengths: BTreeSet<usize> = rare.iter().map(|text| text.chars().count()).collect();
    let mut shown = Vec::new();
    for line in template.lines() {
        let ends: Vec<usize> = line.char_indices().map(|(at, _)| at).chain([line.len()]).collect();
        for (from, &begin) in ends.iter().enumerate() {
            let pieces = lengths.iter().filter_map(|length| Some(&line[begin..*ends.get(from + length)?]));
            shown.extend(pieces.filter_map(|piece| rare.get(piece)).map(String::as_str));
        }
    }
    shown
}

fn nobody_comes_out(count: usize, one_in: usize) {
    let people = people(count, one_in);
    let (learned, template) = learned(&people.export);

    assert_eq!(shown(&learned.text, &people.rare), [""; 0], "what fewer than k rows hold stays out");
    // The law is that of these rows all the same, and the comparison below is of something.
    assert!(learned.text.contains("幸福街") && learned.text.contains("号楼"), "{}", learned.text);

    let real: HashSet<&str> = people.export.lines().filter_map(|row| row.split(',').next()).collect();
    let mut records = Vec::new();
    for account in ["a", "b"] {
        let (of_account, numbers) = records_for(account, &template, PERSONAS);
        assert!(numbers.iter().all(|(_, number)| !real.contains(number.as_str())), "a real number came out");
        records.extend(of_account);
    }
    assert_eq!(records.len(), 2 * PERSONAS as usize);
    let said = |record: &Record, role: ColumnRole| {
        record.text(&role).unwrap_or_else(|| panic!("{role} is drawn: {:?}", learned.notes)).to_owned()
    };
    let mut known_names = 0;
    let names: HashSet<&str> = people.pairs.iter().map(|(name, _)| name.as_str()).collect();
    for record in &records {
        let name = said(record, ColumnRole::Name(Role::Recipient));
        known_names += usize::from(names.contains(name.as_str()));
        for other in [ColumnRole::Phone(Role::Recipient), ColumnRole::Local(Role::Recipient)] {
            let pair = (name.clone(), said(record, other));
            assert!(!people.pairs.contains(&pair), "a real pair came out");
        }
    }
    assert!(known_names > 0, "no name of a persona is a name at all");
}

#[test]
fn a_hundred_thousand_people_stay_private() {
    nobody_comes_out(PERSONS, 0);
}

#[test]
fn people_who_live_where_everything_is_rare_stay_private() {
    nobody_comes_out(PERSONS / 4, 4);
}

#[test]
fn what_one_row_is_enough_for_is_seen_in_the_template() {
    let people = people(2_000, 4);
    let options = Options { least: 1, ..Options::default() };

    let learned = learn(&table(&people.export), &options).expect("a template");

    assert!(!shown(&learned.text, &people.rare).is_empty());
}
