//! Who a line pretends to be, and what may be said about that.
//!
//! A [`Persona`] is the name and address that a line wears for one account.
//! Reports rarely quote it whole: they say "王女士", "张*三" or "somebody in
//! 邯郸". A [`PersonaPattern`] is such a statement: the *whole* set of personas
//! that it fits. Attribution needs the probability of that set under the
//! template's own law, and the probability of intersections of such sets;
//! patterns are therefore closed under [`PersonaPattern::intersect`].

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::derive::Seed;

/// Which end of the parcel a person stands at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Who sends the parcel.
    Sender,
    /// Who gets it.
    Recipient,
}

impl Role {
    /// The role's byte in derivation inputs, and its word in templates.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sender => "sender",
            Self::Recipient => "recipient",
        }
    }
}

/// A person's name in parts, each in the normal form of `normalize::name`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Name {
    /// Surname.
    pub family: String,
    /// Given name.
    pub given: String,
    /// The name as the template writes it into a row.
    pub full: String,
}

/// Where a person lives, from the widest part to the narrowest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Province or state.
    pub province: String,
    /// City (prefecture).
    pub city: String,
    /// District or county; empty where the country has none.
    pub district: String,
    /// Town, subdistrict or postal code area; may be empty.
    pub town: String,
    /// Road, number, building, room: all that is narrower than a town.
    pub local: String,
    /// The address as the template writes it when it stands in one column.
    pub full: String,
}

/// The name and address that a line wears for one account in one epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Persona {
    /// The name.
    pub name: Name,
    /// The address.
    pub place: Place,
}

/// A set of given names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Given {
    /// Exactly this one.
    Exact(String),
    /// As many characters as listed; `None` stands for a masked one.
    Mask(Vec<Option<char>>),
    /// Any that starts with this letter.
    Initial(char),
}

/// A set of names: a condition on the surname and one on the given name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NamePattern {
    /// Any of these surnames; `None` is no condition.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub family: Option<BTreeSet<String>>,
    /// The given name; `None` is no condition.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub given: Option<Given>,
}

/// A set of places: equality on the parts that are given.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PlacePattern {
    /// Province or state.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub province: Option<String>,
    /// City.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub city: Option<String>,
    /// District or county.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub district: Option<String>,
    /// Town or postal code area.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub town: Option<String>,
}

/// A set of personas: name and place conditions together.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PersonaPattern {
    /// Condition on the name.
    #[serde(default)]
    pub name: NamePattern,
    /// Condition on the place.
    #[serde(default)]
    pub place: PlacePattern,
}

impl Given {
    /// Whether `given` belongs to the set.
    pub fn matches(&self, given: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == given,
            Self::Initial(initial) => given.starts_with(*initial),
            Self::Mask(mask) => {
                let mut chars = given.chars();
                mask.iter().all(|slot| chars.next().is_some_and(|c| slot.is_none_or(|s| s == c)))
                    && chars.next().is_none()
            }
        }
    }

    /// Returns the common set, or `None` where it is empty.
    pub fn intersect(&self, other: &Self) -> Option<Self> {
        use Given::{Exact, Initial, Mask};
        match (self, other) {
            (Exact(given), set) | (set, Exact(given)) => set.matches(given).then(|| Exact(given.clone())),
            (Initial(a), Initial(b)) => (a == b).then_some(Initial(*a)),
            (Initial(initial), Mask(mask)) | (Mask(mask), Initial(initial)) => {
                let first = mask.first()?;
                first.is_none_or(|c| c == *initial).then(|| {
                    let mut mask = mask.clone();
                    mask[0] = Some(*initial);
                    Mask(mask)
                })
            }
            (Mask(a), Mask(b)) if a.len() == b.len() => a
                .iter()
                .zip(b)
                .map(|(x, y)| match (x, y) {
                    (Some(x), Some(y)) => (x == y).then_some(Some(*x)),
                    (x, y) => Some(x.or(*y)),
                })
                .collect::<Option<Vec<_>>>()
                .map(Mask),
            (Mask(_), Mask(_)) => None,
        }
    }
}

impl NamePattern {
    /// Whether this is no condition at all.
    pub fn is_any(&self) -> bool {
        self.family.is_none() && self.given.is_none()
    }

    /// Whether `name` belongs to the set.
    pub fn matches(&self, name: &Name) -> bool {
        self.family.as_ref().is_none_or(|set| set.contains(&name.family))
            && self.given.as_ref().is_none_or(|set| set.matches(&name.given))
    }

    /// Returns the common set, or `None` where it is empty.
    pub fn intersect(&self, other: &Self) -> Option<Self> {
        let family = match (&self.family, &other.family) {
            (Some(a), Some(b)) => {
                let common: BTreeSet<String> = a.intersection(b).cloned().collect();
                if common.is_empty() {
                    return None;
                }
                Some(common)
            }
            (a, b) => a.clone().or_else(|| b.clone()),
        };
        let given = match (&self.given, &other.given) {
            (Some(a), Some(b)) => Some(a.intersect(b)?),
            (a, b) => a.clone().or_else(|| b.clone()),
        };
        Some(Self { family, given })
    }
}

impl PlacePattern {
    /// Whether this is no condition at all.
    pub fn is_any(&self) -> bool {
        *self == Self::default()
    }

    /// Whether `place` belongs to the set.
    pub fn matches(&self, place: &Place) -> bool {
        let fits = |want: &Option<String>, have: &str| want.as_ref().is_none_or(|want| want == have);
        fits(&self.province, &place.province)
            && fits(&self.city, &place.city)
            && fits(&self.district, &place.district)
            && fits(&self.town, &place.town)
    }

    /// Returns the common set, or `None` where two parts differ.
    pub fn intersect(&self, other: &Self) -> Option<Self> {
        let both = |a: &Option<String>, b: &Option<String>| match (a, b) {
            (Some(a), Some(b)) => (a == b).then(|| Some(a.clone())),
            (a, b) => Some(a.clone().or_else(|| b.clone())),
        };
        Some(Self {
            province: both(&self.province, &other.province)?,
            city: both(&self.city, &other.city)?,
            district: both(&self.district, &other.district)?,
            town: both(&self.town, &other.town)?,
        })
    }
}

impl PersonaPattern {
    /// Whether this is no condition at all.
    pub fn is_any(&self) -> bool {
        self.name.is_any() && self.place.is_any()
    }

    /// Whether `persona` belongs to the set.
    pub fn matches(&self, persona: &Persona) -> bool {
        self.name.matches(&persona.name) && self.place.matches(&persona.place)
    }

    /// Returns the common set, or `None` where it is empty on its face.
    pub fn intersect(&self, other: &Self) -> Option<Self> {
        Some(Self { name: self.name.intersect(&other.name)?, place: self.place.intersect(&other.place)? })
    }
}

/// The law that personas are drawn from, as far as attribution needs it.
pub trait PersonaLaw {
    /// Returns the probability that a persona drawn for `role` fits `pattern`.
    ///
    /// Exact up to rounding; 1 for the pattern without conditions and 0 for one
    /// that no persona fits.
    fn probability(&self, role: Role, pattern: &PersonaPattern) -> f64;
}

/// A law that can also be drawn from.
pub trait PersonaMaker: PersonaLaw + Send + Sync {
    /// Returns the persona that `seed` gives for `role`.
    fn persona(&self, role: Role, seed: &Seed) -> Persona;

    /// Returns the name of that persona: who need not know where it lives
    /// should not pay for it.
    fn name(&self, role: Role, seed: &Seed) -> Name {
        self.persona(role, seed).name
    }
}

/// The words by which people and places may be mentioned in free text, for a
/// matcher that must not know who owns what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lexicon {
    /// Surnames, in the normal form of `normalize::name`.
    pub families: BTreeSet<String>,
    /// Spellings of places (full and short) with the pattern each stands for.
    /// A name that several places share stands for all of them.
    pub places: BTreeMap<String, PlacePattern>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given_sets() -> Vec<Given> {
        vec![
            Given::Exact("小明".into()),
            Given::Exact("明".into()),
            Given::Initial('小'),
            Given::Mask(vec![None, Some('明')]),
            Given::Mask(vec![Some('小'), None]),
            Given::Mask(vec![None]),
        ]
    }

    #[test]
    fn an_intersection_holds_what_both_sets_hold() {
        for a in given_sets() {
            for b in given_sets() {
                let common = a.intersect(&b);
                for given in ["小明", "大明", "小红", "明", "小"] {
                    let both = a.matches(given) && b.matches(given);
                    assert_eq!(common.as_ref().is_some_and(|set| set.matches(given)), both, "{a:?} {b:?} {given}");
                }
            }
        }
    }

    #[test]
    fn different_districts_have_nothing_in_common() {
        let place = |district: &str| PlacePattern { district: Some(district.into()), ..PlacePattern::default() };

        assert_eq!(place("永年区").intersect(&place("丛台区")), None);
        assert_eq!(place("永年区").intersect(&PlacePattern::default()), Some(place("永年区")));
    }
}
