//! The law of places: province, city, district and town that fit together,
//! then what is narrower.
//!
//! Addresses made of independent parts are told apart from real ones at once,
//! so the chain is drawn downwards: a province by weight, one of its districts
//! (which fixes the city), one of that district's towns. What follows the town
//! comes from the template's own [`Grammar`](crate::template::local::Grammar).

use std::collections::BTreeMap;

use crate::derive::Draw;
use crate::fault::Fault;
use crate::persona::{Place, PlacePattern};
use crate::template::divisions::{District, Divisions, Province, Town};
use crate::template::local::{Grammar, Piece, Positions, text_at};
use crate::template::pool;
use crate::template::weights::{Weighted, read_texts};
use crate::template::yaml::{Fields, Node};

/// One part of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Province,
    City,
    District,
    Town,
    Local,
}

impl Part {
    /// All parts with their words in templates.
    pub(crate) const ALL: [(&'static str, Self); 5] = [
        ("province", Self::Province),
        ("city", Self::City),
        ("district", Self::District),
        ("town", Self::Town),
        ("local", Self::Local),
    ];

    /// The part of a drawn place.
    pub(crate) fn of(self, place: &Place) -> &str {
        match self {
            Self::Province => &place.province,
            Self::City => &place.city,
            Self::District => &place.district,
            Self::Town => &place.town,
            Self::Local => &place.local,
        }
    }
}

/// A piece of the way an address is written in one column.
#[derive(Clone, Debug)]
pub(crate) enum Written {
    Literal(String),
    Part(Part),
}

/// The law of a person's address.
#[derive(Clone, Debug)]
pub(crate) struct PlaceLaw {
    divisions: &'static Divisions,
    /// Index of a province.
    provinces: Weighted<usize>,
    /// Per province, index of a district.
    districts: Vec<Option<Weighted<usize>>>,
    /// Whether all towns of a district are alike.
    even: bool,
    local: Grammar,
    full: Weighted<Vec<Written>>,
}

impl PlaceLaw {
    /// Draws a place.
    pub(crate) fn draw(&self, draw: &mut impl Draw) -> Place {
        let index = *self.provinces.draw(draw);
        let province = &self.divisions.provinces[index];
        let districts = self.districts[index].as_ref().expect("a province with a weight has districts");
        let district = &province.districts[*districts.draw(draw)];
        let town = match (self.even, district.towns.len()) {
            (_, 1) => 0,
            (true, towns) => draw.below(towns as u32) as usize,
            (false, _) => draw.weighted(&district.settled),
        };
        let town = &district.towns[town];
        let mut place = Place {
            province: province.name.to_owned(),
            city: district.city.to_owned(),
            district: district.name.to_owned(),
            town: town.name.to_owned(),
            local: String::with_capacity(64),
            full: String::new(),
        };
        self.local.write(draw, town.below(), &mut place.local);
        let full = self.full.draw(draw);
        let mut text = String::with_capacity(144);
        for piece in full {
            text.push_str(match piece {
                Written::Literal(literal) => literal,
                Written::Part(Part::City) if elided(province.name, district.city) => "",
                Written::Part(part) => part.of(&place),
            });
        }
        place.full = text;
        place
    }

    /// Returns the probability of a set of places.
    pub(crate) fn probability(&self, pattern: &PlacePattern) -> f64 {
        let fits = |want: &Option<String>, have: &str| want.as_ref().is_none_or(|want| want == have);
        self.sum(
            |province, district| {
                fits(&pattern.province, province.name)
                    && fits(&pattern.city, district.city)
                    && fits(&pattern.district, district.name)
            },
            |town| if fits(&pattern.town, town.name) { 1.0 } else { 0.0 },
            pattern.town.is_some(),
        )
    }

    /// Sums `share(town)` over all towns of the districts that `fits` lets
    /// pass, weighted by the law. Without `by_town` every town counts as 1.
    fn sum(&self, fits: impl Fn(&Province, &District) -> bool, share: impl Fn(&Town) -> f64, by_town: bool) -> f64 {
        let mut sum = 0.0;
        for (&index, province_share) in self.provinces.shares() {
            let province = &self.divisions.provinces[index];
            let Some(districts) = &self.districts[index] else { continue };
            let mut within = 0.0;
            for (&district, district_share) in districts.shares() {
                let district = &province.districts[district];
                if fits(province, district) {
                    within += district_share * if by_town { self.town_sum(district, &share) } else { 1.0 };
                }
            }
            sum += province_share * within;
        }
        sum
    }

    fn town_sum(&self, district: &District, share: impl Fn(&Town) -> f64) -> f64 {
        let (total, weight): (u64, fn(&Town) -> u64) =
            if self.even { (district.towns.len() as u64, |_| 1) } else { (district.settled_total(), Town::weight) };
        district.towns.iter().map(|town| weight(town) as f64 * share(town)).sum::<f64>() / total as f64
    }

    /// Returns the probability that these parts, written one after the other,
    /// fit `mask`.
    pub(crate) fn parts_probability(&self, parts: &[Part], mask: &[Option<char>]) -> f64 {
        let pieces: Vec<Written> = parts.iter().map(|part| Written::Part(*part)).collect();
        self.pieces_probability(&pieces, mask, |_, _| false)
    }

    /// Returns the probability that the address in one column fits `mask`.
    pub(crate) fn full_probability(&self, mask: &[Option<char>]) -> f64 {
        self.full.shares().map(|(pieces, share)| share * self.pieces_probability(pieces, mask, elided)).sum()
    }

    fn pieces_probability(&self, pieces: &[Written], mask: &[Option<char>], elide: impl Fn(&str, &str) -> bool) -> f64 {
        let town_at = pieces.iter().position(|piece| matches!(piece, Written::Part(Part::Town | Part::Local)));
        let walk = |from: Positions, pieces: &[Written], province: &Province, district: &District, town: &Town| {
            pieces.iter().fold(from, |at, piece| match piece {
                Written::Literal(literal) => text_at(&at, mask, literal),
                Written::Part(Part::Province) => text_at(&at, mask, province.name),
                Written::Part(Part::City) if elide(province.name, district.city) => at,
                Written::Part(Part::City) => text_at(&at, mask, district.city),
                Written::Part(Part::District) => text_at(&at, mask, district.name),
                Written::Part(Part::Town) => text_at(&at, mask, town.name),
                Written::Part(Part::Local) => self.local.at(&at, mask, town.below()),
            })
        };
        let (wide, narrow) = pieces.split_at(town_at.unwrap_or(pieces.len()));
        let mut sum = 0.0;
        for (&index, province_share) in self.provinces.shares() {
            let province = &self.divisions.provinces[index];
            let Some(districts) = &self.districts[index] else { continue };
            for (&district, district_share) in districts.shares() {
                let district = &province.districts[district];
                let start = Positions::from([(0, 1.0)]);
                // The wide pieces do not ask which town it is.
                let reached = walk(start, wide, province, district, &district.towns[0]);
                if reached.is_empty() {
                    continue;
                }
                let end = |at: &Positions| at.get(&mask.len()).copied().unwrap_or(0.0);
                let share = if narrow.is_empty() {
                    end(&reached)
                } else {
                    self.town_sum(district, |town| end(&walk(reached.clone(), narrow, province, district, town)))
                };
                sum += province_share * district_share * share;
            }
        }
        sum
    }

    /// Calls `visit` with every province, city, district and its probability.
    pub(crate) fn visit(&self, mut visit: impl FnMut(&'static str, &'static str, &'static str, f64)) {
        for (&index, province_share) in self.provinces.shares() {
            let province = &self.divisions.provinces[index];
            let Some(districts) = &self.districts[index] else { continue };
            for (&district, share) in districts.shares() {
                let district = &province.districts[district];
                if province_share * share > 0.0 {
                    visit(province.name, district.city, district.name, province_share * share);
                }
            }
        }
    }
}

/// Whether an address in one column leaves the city out: where it repeats the
/// province, or is the register's word for "none".
fn elided(province: &str, city: &str) -> bool {
    province == city || city.ends_with("直辖县级行政区划")
}

/// Reads a field of kind `address`.
pub(crate) fn read(fields: &mut Fields<'_>) -> Result<PlaceLaw, Fault> {
    let places = fields.required("places")?;
    let name = places.word()?;
    let Some(divisions) = pool::pool(&name).and_then(pool::Pool::divisions) else {
        return Err(places
            .fault(format!("there is no pool of places {name:?}"))
            .hint(format!("pools: {}", pool::names())));
    };
    let spread = fields.required("spread")?;
    let even = match spread.word()?.as_str() {
        "even" => true,
        "settled" => false,
        other => {
            let fault = spread.fault(format!("unknown spread {other:?}"));
            return Err(fault.hint("even: districts and towns alike; settled: towns by how settled they are"));
        }
    };
    let provinces = read_provinces(fields.optional("provinces"), divisions)?;
    let boosts = read_boosts(fields.optional("boost"), divisions)?;
    let listed = read_districts(fields.optional("districts"), divisions)?;
    let districts = divisions
        .provinces
        .iter()
        .map(|province| {
            Weighted::new(province.districts.iter().enumerate().map(|(index, district)| {
                let base = if even { 1 } else { district.settled_total() };
                let boost = boosts.iter().filter(|(name, _)| name == district.city || name == district.name);
                let weight = boost.fold(base, |weight, (_, factor)| weight * factor);
                let key = (province.name, district.city, district.name);
                (index, listed.as_ref().map_or(weight, |listed| listed.get(&key).copied().unwrap_or(0)))
            }))
        })
        .collect::<Vec<Option<Weighted<usize>>>>();
    if let Some((&bare, _)) = provinces.weights().find(|&(&index, weight)| weight > 0 && districts[index].is_none()) {
        let name = divisions.provinces[bare].name;
        return Err(fields.node().fault(format!("{name} has a weight, but none of its districts has one")));
    }
    let local_node = fields.required("local")?;
    let local = Grammar::read(&local_node, fields.optional("slots"))?;
    if local.uses_streets() && !divisions.every_town_has_streets() {
        return Err(local_node.fault(format!("the pool {name} knows no streets for {{street}}")));
    }
    let full = read_full(&fields.required("full")?)?;
    Ok(PlaceLaw { divisions, provinces, districts, even, local, full })
}

fn read_provinces(node: Option<Node<'_>>, divisions: &Divisions) -> Result<Weighted<usize>, Fault> {
    let Some(node) = node else {
        let pairs = divisions.provinces.iter().enumerate().map(|(index, province)| (index, province.weight));
        return Ok(Weighted::new(pairs).expect("a pool has weights"));
    };
    let wanted = read_texts(&node)?;
    let pairs: Result<Vec<(usize, u64)>, Fault> = wanted
        .weights()
        .map(|(name, weight)| {
            let index = divisions.provinces.iter().position(|province| province.name == name);
            Ok((index.ok_or_else(|| unknown_place(&node, name))?, weight))
        })
        .collect();
    Ok(Weighted::new(pairs?).expect("the list had weights"))
}

fn read_boosts(node: Option<Node<'_>>, divisions: &Divisions) -> Result<Vec<(String, u64)>, Fault> {
    let Some(node) = node else { return Ok(Vec::new()) };
    let mut boosts = Vec::new();
    for (name, factor) in node.entries()? {
        let mut districts = divisions.provinces.iter().flat_map(|province| &province.districts);
        if !districts.any(|district| district.city == name || district.name == name) {
            return Err(unknown_place(&node, &name));
        }
        boosts.push((name, factor.whole(1, 10_000)?));
    }
    Ok(boosts)
}

type District3 = (&'static str, &'static str, &'static str);

/// Reads `districts: {province: {city: {district: weight}}}`.
fn read_districts(
    node: Option<Node<'_>>,
    divisions: &'static Divisions,
) -> Result<Option<BTreeMap<District3, u64>>, Fault> {
    let Some(node) = node else { return Ok(None) };
    let mut listed = BTreeMap::new();
    for (province_name, cities) in node.entries()? {
        let province = divisions.provinces.iter().find(|province| province.name == province_name);
        let province = province.ok_or_else(|| unknown_place(&cities, &province_name))?;
        for (city, districts) in cities.entries()? {
            for (name, weight) in districts.entries()? {
                let known = province.districts.iter().find(|known| known.city == city && known.name == name);
                let known = known.ok_or_else(|| unknown_place(&districts, &format!("{city}{name}")))?;
                listed.insert((province.name, known.city, known.name), weight.whole(0, 1_000_000_000)?);
            }
        }
    }
    Ok(Some(listed))
}

fn unknown_place(node: &Node<'_>, name: &str) -> Fault {
    node.fault(format!("the pool knows no place {name:?}")).hint("full names, such as 河北省 or 邯郸市")
}

fn read_full(node: &Node<'_>) -> Result<Weighted<Vec<Written>>, Fault> {
    let styles = if node.is_text() { Weighted::new([(node.word()?, 1)]) } else { Some(read_texts(node)?) };
    let styles = styles.expect("a list has weights");
    let styles: Result<Vec<_>, Fault> = styles
        .weights()
        .map(|(text, weight)| {
            let pieces: Result<Vec<Written>, Fault> = Piece::split(text)
                .map_err(|what| node.fault(what))?
                .into_iter()
                .map(|piece| match piece {
                    Piece::Literal(literal) => Ok(Written::Literal(literal)),
                    Piece::Named(name) => {
                        let part = Part::ALL.iter().find(|(word, _)| *word == name);
                        let part = part.ok_or_else(|| node.fault(format!("an address has no part {name:?}")))?;
                        Ok(Written::Part(part.1))
                    }
                })
                .collect();
            Ok((pieces?, weight))
        })
        .collect();
    Ok(Weighted::new(styles?).expect("the list had weights"))
}
