//! Addresses: which divisions, how often, and what stands below them.

use std::collections::{BTreeMap, HashMap};

use super::shrink::shrunk;
use super::words::{Grammar, Local};
use super::yaml::{self, Writer};
use crate::template::divisions::{District, Divisions};
use crate::template::pool;

/// The pool whose divisions are known.
const POOL: &str = "cn-divisions-1";

/// Share of rows whose place must be known, in a hundred.
const KNOWN: u64 = 50;

/// A learned law of addresses.
#[derive(Debug)]
pub(super) struct Address {
    /// Province, city, district: rows.
    districts: Districts,
    local: Grammar,
    full: Vec<(String, u64)>,
}

/// One place with how many rows have it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'t> {
    pub(super) province: &'t str,
    pub(super) city: &'t str,
    pub(super) district: &'t str,
    /// What is below; or, without the others, the whole address.
    pub(super) local: &'t str,
    pub(super) rows: u64,
}

impl Address {
    pub(super) fn write(&self, out: &mut Writer) {
        out.line(2, &format!("places: {POOL}"));
        out.line(2, "spread: even");
        let mut provinces: BTreeMap<&str, u64> = BTreeMap::new();
        type Cities<'d> = BTreeMap<&'d str, Vec<(&'d str, u64)>>;
        let mut tree: BTreeMap<&str, Cities<'_>> = BTreeMap::new();
        for ((province, city, district), rows) in &self.districts {
            *provinces.entry(province).or_default() += rows;
            tree.entry(province).or_default().entry(city).or_default().push((district, *rows));
        }
        out.map(2, "provinces", &yaml::weights(provinces.iter().map(|(name, rows)| (*name, *rows))));
        out.line(2, "districts:");
        for (province, cities) in tree {
            out.line(3, &format!("{}:", yaml::word(province)));
            for (city, districts) in cities {
                out.map(4, &yaml::word(city), &yaml::weights(districts));
            }
        }
        self.local.write(out);
        out.map(2, "full", &yaml::weights(self.full.iter().map(|(text, n)| (text.as_str(), *n))));
    }

    /// Learns from places; and the share of rows that it could take to pieces.
    pub(super) fn learn(places: &[Place<'_>], least: u32) -> Option<(Self, f64)> {
        let divisions = pool::pool(POOL).and_then(pool::Pool::divisions)?;
        let index = Index::new(divisions);
        let mut districts: BTreeMap<_, u64> = BTreeMap::new();
        let mut full: BTreeMap<String, u64> = BTreeMap::new();
        let mut locals = Vec::new();
        let (mut known, mut rows) = (0, 0);
        for place in places {
            rows += place.rows;
            let (found, below) = if place.district.is_empty() && place.city.is_empty() {
                match index.split(place.local) {
                    Some((province, district, shape, below)) => {
                        *full.entry(shape).or_default() += place.rows;
                        (Some((province, district)), below)
                    }
                    None => (None, place.local),
                }
            } else {
                (index.find(place), place.local)
            };
            let mut text = below;
            let mut has_town = false;
            if let Some((province, district)) = found {
                known += place.rows;
                *districts.entry((province, district.city, district.name)).or_default() += place.rows;
                let towns = district.towns.iter().filter(|town| below.starts_with(town.name));
                if let Some(town) = towns.max_by_key(|town| town.name.len()) {
                    (has_town, text) = (true, &below[town.name.len()..]);
                }
            }
            locals.push(Local { has_town, text, rows: place.rows });
        }
        if known * 100 < rows * KNOWN {
            return None;
        }
        let districts = alike(&districts, divisions);
        full.retain(|_, n| *n >= u64::from(least));
        let mut full: Vec<(String, u64)> = full.into_iter().collect();
        if full.is_empty() {
            full.push(("{province}{city}{district}{local}".into(), 1));
        }
        let (local, share) = Grammar::learn(&locals, least)?;
        Some((Self { districts, local, full }, share * known as f64 / rows.max(1) as f64))
    }
}

type Districts = BTreeMap<(&'static str, &'static str, &'static str), u64>;

/// Weights of districts: drawn towards all of a province's alike, and where its
/// cities differ, towards all of a city's alike.
fn alike(counts: &Districts, divisions: &'static Divisions) -> Districts {
    let mut weights = Districts::new();
    for province in &divisions.provinces {
        let key = |district: &District| (province.name, district.city, district.name);
        let of = |district: &District| counts.get(&key(district)).copied().unwrap_or(0);
        let all: Vec<&District> = province.districts.iter().collect();
        if all.iter().all(|district| of(district) == 0) {
            continue;
        }
        let mut cities: BTreeMap<&str, Vec<&District>> = BTreeMap::new();
        all.iter().for_each(|district| cities.entry(district.city).or_default().push(district));
        // A city as large as its districts are many.
        let rows: Vec<u64> = cities.values().map(|of_city| of_city.iter().map(|district| of(district)).sum()).collect();
        let sizes: Vec<f64> = cities.values().map(|of_city| of_city.len() as f64).collect();
        for (of_city, weight) in cities.values().zip(shrunk(&rows, &sizes)) {
            let counts: Vec<u64> = of_city.iter().map(|district| of(district)).collect();
            let within = shrunk(&counts, &vec![1.0; counts.len()]);
            let total: u64 = within.iter().sum::<u64>().max(1);
            for (district, share) in of_city.iter().zip(&within) {
                let share = if total == 1 { weight / of_city.len() as u64 } else { weight * share / total };
                weights.insert(key(district), share);
            }
        }
    }
    weights.retain(|_, weight| *weight > 0);
    weights
}

/// Divisions by name.
struct Index {
    by_name: HashMap<(&'static str, &'static str), Vec<(&'static str, &'static District)>>,
    divisions: &'static Divisions,
}

impl Index {
    fn new(divisions: &'static Divisions) -> Self {
        let mut by_name: HashMap<_, Vec<_>> = HashMap::new();
        for province in &divisions.provinces {
            for district in &province.districts {
                by_name.entry((district.city, district.name)).or_default().push((province.name, district));
            }
        }
        Self { by_name, divisions }
    }

    fn find(&self, place: &Place<'_>) -> Option<(&'static str, &'static District)> {
        let found = self.by_name.get(&(place.city, place.district))?;
        found.iter().find(|(province, _)| place.province.is_empty() || *province == place.province).copied()
    }

    /// Splits a whole address into its divisions, the way that they are
    /// written, and what is below.
    fn split<'t>(&self, text: &'t str) -> Option<(&'static str, &'static District, String, &'t str)> {
        for province in &self.divisions.provinces {
            let (mut shape, mut rest) = (String::new(), text);
            if let Some(after) = rest.strip_prefix(province.name) {
                shape.push_str("{province}");
                rest = after;
            }
            for district in &province.districts {
                let (mut shape, mut rest) = (shape.clone(), rest);
                if let Some(after) = rest.strip_prefix(district.city).filter(|_| district.city != province.name) {
                    shape.push_str("{city}");
                    rest = after;
                } else if district.city == province.name && !shape.is_empty() {
                    // The template leaves the city out where it repeats the province.
                    shape.push_str("{city}");
                }
                if let Some(after) = rest.strip_prefix(district.name)
                    && !shape.is_empty()
                {
                    shape.push_str("{district}{local}");
                    return Some((province.name, district, shape, after));
                }
            }
        }
        None
    }
}
