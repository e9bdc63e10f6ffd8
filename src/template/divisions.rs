//! A country's divisions: provinces, their districts with the city each is
//! part of, and the towns below.

use crate::template::local::Below;

/// A country's divisions, from a pool.
///
/// The pool's text, with tabs between cells:
///
/// ```text
/// #河北省  7461
/// @邯郸市
/// 永年区  临洺关镇  大北汪镇  ...
/// ```
///
/// A town may bring the streets that are known in it: `37027;Main Street;...`.
#[derive(Debug)]
pub(crate) struct Divisions {
    pub(crate) provinces: Vec<Province>,
}

/// A province or state.
#[derive(Debug)]
pub(crate) struct Province {
    pub(crate) name: &'static str,
    pub(crate) weight: u64,
    pub(crate) districts: Vec<District>,
}

/// A district or county; for countries without them, a city.
#[derive(Debug)]
pub(crate) struct District {
    pub(crate) city: &'static str,
    pub(crate) name: &'static str,
    pub(crate) towns: Vec<Town>,
    /// Summed weights of the towns, by how settled their kind is.
    pub(crate) settled: Vec<u64>,
}

/// A town or subdistrict, or a postal code with its streets.
#[derive(Debug)]
pub(crate) struct Town {
    pub(crate) name: &'static str,
    pub(crate) streets: Vec<&'static str>,
}

impl Divisions {
    /// Parses a pool; `None` if it has another shape.
    pub(crate) fn parse(text: &'static str) -> Option<Self> {
        let mut provinces: Vec<Province> = Vec::new();
        let mut city = "";
        for line in text.lines() {
            if let Some(head) = line.strip_prefix('#') {
                let (name, weight) = head.split_once('\t')?;
                provinces.push(Province { name, weight: weight.parse().ok()?, districts: Vec::new() });
            } else if let Some(name) = line.strip_prefix('@') {
                city = name;
            } else {
                let mut cells = line.split('\t');
                let name = cells.next()?;
                let towns: Vec<Town> = cells.map(Town::parse).collect();
                let settled = towns
                    .iter()
                    .scan(0, |sum, town| {
                        *sum += town.weight();
                        Some(*sum)
                    })
                    .collect();
                provinces.last_mut()?.districts.push(District { city, name, towns, settled });
            }
        }
        let whole = |province: &Province| province.districts.iter().all(|district| !district.towns.is_empty());
        (!provinces.is_empty() && provinces.iter().all(whole)).then_some(Self { provinces })
    }

    /// Whether `{street}` can be written wherever one lives.
    pub(crate) fn every_town_has_streets(&self) -> bool {
        let mut districts = self.provinces.iter().flat_map(|province| &province.districts);
        districts.all(|district| district.towns.iter().all(|town| !town.streets.is_empty()))
    }
}

impl Town {
    fn parse(cell: &'static str) -> Self {
        let mut parts = cell.split(';');
        Self { name: parts.next().unwrap_or_default(), streets: parts.collect() }
    }

    /// What the local part of an address may say of it.
    pub(crate) fn below(&self) -> Below<'_> {
        Below { town: self.name, streets: &self.streets }
    }

    /// How much of the post a town of its kind gets, roughly.
    pub(crate) fn weight(&self) -> u64 {
        match self.name {
            _ if !self.streets.is_empty() => self.streets.len() as u64,
            name if name.ends_with("街道") => 4,
            name if name.ends_with('镇') => 2,
            _ => 1,
        }
    }
}

impl District {
    /// The sum of its towns' weights.
    pub(crate) fn settled_total(&self) -> u64 {
        *self.settled.last().expect("a district has towns")
    }
}
