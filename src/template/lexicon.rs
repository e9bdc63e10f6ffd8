//! The words by which a template's people and places may be mentioned.
//!
//! A spelling that fits several places stands for all of them: 朝阳区 is any
//! district of that name. A full name goes before a short form; a short form
//! that fits places of different rank (海南: a province, and a prefecture
//! elsewhere) stands for the widest, and among different names of one rank for
//! the likeliest, which is what people mean by it. The set is fixed here,
//! before anybody looks who owns what.

use std::collections::BTreeMap;

use crate::persona::{Lexicon, PlacePattern};
use crate::template::field::{Field, Law};

/// Fewest characters of a short form.
const MIN_SHORT: usize = 2;

/// Names of districts that are everyday words.
const EVERYDAY: &[&str] = &["城区", "郊区", "矿区"];

/// Peoples in the names of autonomous areas, which short forms leave out.
const PEOPLES: &[&str] = &[
    "维吾尔",
    "哈萨克",
    "柯尔克孜",
    "塔吉克",
    "蒙古",
    "朝鲜族",
    "土家族",
    "布依族",
    "哈尼族",
    "景颇族",
    "傈僳族",
    "仡佬族",
    "拉祜族",
    "纳西族",
    "撒拉族",
    "东乡族",
    "保安族",
    "裕固族",
    "仫佬族",
    "毛南族",
    "布朗族",
    "独龙族",
    "普米族",
    "达斡尔",
    "鄂温克",
    "鄂伦春",
    "锡伯",
    "壮族",
    "回族",
    "藏族",
    "彝族",
    "苗族",
    "侗族",
    "白族",
    "傣族",
    "羌族",
    "黎族",
    "瑶族",
    "满族",
    "畲族",
    "佤族",
    "水族",
    "土族",
    "怒族",
    "各族",
];

/// States by the code that American pools use. The codes themselves are left
/// out of free text: IN, OR and ME are words.
const STATES: &[(&str, &str)] = &[
    ("AK", "Alaska"),
    ("AL", "Alabama"),
    ("AR", "Arkansas"),
    ("AZ", "Arizona"),
    ("CA", "California"),
    ("CO", "Colorado"),
    ("CT", "Connecticut"),
    ("DC", "District of Columbia"),
    ("FL", "Florida"),
    ("GA", "Georgia"),
    ("ID", "Idaho"),
    ("IL", "Illinois"),
    ("IN", "Indiana"),
    ("KY", "Kentucky"),
    ("LA", "Louisiana"),
    ("MA", "Massachusetts"),
    ("MD", "Maryland"),
    ("MN", "Minnesota"),
    ("NC", "North Carolina"),
    ("NM", "New Mexico"),
    ("OH", "Ohio"),
    ("OK", "Oklahoma"),
    ("OR", "Oregon"),
    ("PA", "Pennsylvania"),
    ("SC", "South Carolina"),
    ("TN", "Tennessee"),
    ("TX", "Texas"),
    ("VA", "Virginia"),
    ("VT", "Vermont"),
];

/// Rank of a place, the widest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Province,
    City,
    District,
}

/// A place that a spelling may stand for.
type Reading = (Rank, &'static str);

/// Collects the words of all names and places in `fields`.
pub(crate) fn of(fields: &[Field]) -> Lexicon {
    let mut lexicon = Lexicon::default();
    let mut readings: BTreeMap<String, BTreeMap<Reading, f64>> = BTreeMap::new();
    let mut note = |spelling: String, reading: Reading, chance: f64| {
        *readings.entry(spelling).or_default().entry(reading).or_insert(0.0) += chance;
    };
    for field in fields {
        match &field.law {
            Law::Name { law, .. } => lexicon.families.extend(law.families().cloned()),
            Law::Address { law, .. } => law.visit(|province, city, district, chance| {
                let parts = [(Rank::Province, province), (Rank::City, city), (Rank::District, district)];
                for (rank, name) in parts.into_iter().filter(|(_, name)| !name.is_empty()) {
                    for spelling in spellings(rank, name) {
                        note(spelling, (rank, name), chance);
                    }
                }
            }),
            _ => {}
        }
    }
    for (spelling, readings) in readings {
        let best = readings.iter().min_by(|((rank_a, name_a), a), ((rank_b, name_b), b)| {
            (*name_a != spelling, rank_a).cmp(&(*name_b != spelling, rank_b)).then(b.total_cmp(a))
        });
        if let Some((reading, _)) = best {
            lexicon.places.insert(spelling, pattern(*reading));
        }
    }
    lexicon
}

fn pattern((rank, name): Reading) -> PlacePattern {
    let name = Some(name.to_owned());
    match rank {
        Rank::Province => PlacePattern { province: name, ..PlacePattern::default() },
        Rank::City => PlacePattern { city: name, ..PlacePattern::default() },
        Rank::District => PlacePattern { district: name, ..PlacePattern::default() },
    }
}

fn spellings(rank: Rank, name: &str) -> Vec<String> {
    if name.is_ascii() {
        return match STATES.iter().find(|(code, _)| rank == Rank::Province && *code == name) {
            Some((_, state)) => vec![(*state).to_owned()],
            None => vec![name.to_owned()],
        };
    }
    // The register's word for a level that is not there is nobody's word.
    if name.ends_with("直辖县级行政区划") || EVERYDAY.contains(&name) {
        return Vec::new();
    }
    let short = short(rank, name);
    let mut all = vec![name.to_owned()];
    if short != name && short.chars().count() >= MIN_SHORT {
        all.push(short.to_owned());
    }
    all
}

/// Cuts the words for the kind of place off its name.
fn short(rank: Rank, name: &str) -> &str {
    let kinds: &[&str] = match rank {
        Rank::Province => &["自治区", "省", "市"],
        Rank::City => &["自治州", "地区", "盟", "市"],
        Rank::District => &["自治县", "自治旗", "特区", "林区", "区", "县", "市", "旗"],
    };
    let Some(bare) = kinds.iter().find_map(|kind| name.strip_suffix(kind)) else { return name };
    if !name.contains("自治") {
        return bare;
    }
    // 恩施土家族苗族自治州: what stands before the first people.
    let first =
        PEOPLES.iter().filter_map(|people| bare.find(people)).filter(|&at| at >= MIN_SHORT * '中'.len_utf8()).min();
    first.map_or(bare, |at| &bare[..at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::Template;

    fn lexicon(name: &str) -> Lexicon {
        Template::by_name(name).expect("shipped").expect("sound").lexicon()
    }

    fn place(rank: Rank, name: &'static str) -> PlacePattern {
        pattern((rank, name))
    }

    #[test]
    fn places_are_known_by_full_and_short_names() {
        let places = lexicon("yto-express").places;

        assert_eq!(places["河北省"], place(Rank::Province, "河北省"));
        assert_eq!(places["河北"], place(Rank::Province, "河北省"));
        assert_eq!(places["邯郸"], place(Rank::City, "邯郸市"));
        assert_eq!(places["永年"], place(Rank::District, "永年区"));
        assert_eq!(places["广西"], place(Rank::Province, "广西壮族自治区"));
        assert_eq!(places["内蒙古"], place(Rank::Province, "内蒙古自治区"));
        assert_eq!(places["恩施"], place(Rank::City, "恩施土家族苗族自治州"));
    }

    #[test]
    fn a_spelling_shared_by_several_places_stands_for_the_widest() {
        let places = lexicon("yto-express").places;

        assert_eq!(places["朝阳区"], place(Rank::District, "朝阳区"));
        assert_eq!(places["北京市"], place(Rank::Province, "北京市"));
        assert_eq!(places["海南"], place(Rank::Province, "海南省"));
        assert!(!places.contains_key("省直辖县级行政区划"));
    }

    #[test]
    fn american_states_go_by_name_and_not_by_code() {
        let places = lexicon("en-parcel").places;

        assert_eq!(places["Tennessee"], place(Rank::Province, "TN"));
        assert_eq!(places["Nashville"], place(Rank::City, "Nashville"));
        assert!(!places.contains_key("OR"));
    }

    #[test]
    fn surnames_are_in_normal_form() {
        assert!(lexicon("yto-express").families.contains("王"));
        assert!(lexicon("en-parcel").families.contains("smith"));
    }
}
