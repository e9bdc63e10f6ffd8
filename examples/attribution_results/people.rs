//! A small law of persons: 27 of them, so that names coincide all the time.

use std::sync::LazyLock;

use trapline::derive::{Draw, Seed, Stream};
use trapline::observation::Found;
use trapline::persona::{
    Given, Name, NamePattern, Persona, PersonaLaw, PersonaMaker, PersonaPattern, Place, PlacePattern, Role,
};

/// Three surnames, three given names, three districts, all independent.
pub(crate) struct People;

const FAMILIES: [(&str, u64); 3] = [("wang", 5), ("li", 3), ("zhang", 2)];
const GIVENS: [(&str, u64); 3] = [("ab", 6), ("ac", 3), ("bd", 1)];
const DISTRICTS: [(&str, u64); 3] = [("east", 7), ("west", 2), ("north", 1)];

static ALL: LazyLock<Vec<(Persona, f64)>> = LazyLock::new(|| {
    let mut all = Vec::new();
    for (family, f) in FAMILIES {
        for (given, g) in GIVENS {
            for (district, d) in DISTRICTS {
                all.push((person(family, given, district), (f * g * d) as f64 / 1000.0));
            }
        }
    }
    all
});

static PATTERNS: LazyLock<Vec<PersonaPattern>> = LazyLock::new(|| {
    let family = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
    let name = |family, given| PersonaPattern { name: NamePattern { family, given }, ..PersonaPattern::default() };
    let at = |pattern: PersonaPattern, district: &str| PersonaPattern {
        place: PlacePattern { district: Some(district.into()), ..PlacePattern::default() },
        ..pattern
    };
    vec![
        name(family(&["wang"]), None),
        name(family(&["li", "zhang"]), None),
        name(family(&["zhang"]), None),
        name(None, Some(Given::Initial('a'))),
        name(None, Some(Given::Mask(vec![None, Some('d')]))),
        name(family(&["zhang"]), Some(Given::Exact("bd".into()))),
        name(family(&["wang"]), Some(Given::Exact("ab".into()))),
        at(PersonaPattern::default(), "north"),
        at(name(family(&["wang"]), None), "west"),
        at(name(family(&["li"]), None), "east"),
    ]
});

fn person(family: &str, given: &str, district: &str) -> Persona {
    Persona {
        name: Name { family: family.into(), given: given.into(), full: format!("{family}{given}") },
        place: Place { district: district.into(), ..Place::default() },
    }
}

impl PersonaLaw for People {
    fn probability(&self, _: Role, pattern: &PersonaPattern) -> f64 {
        ALL.iter().filter(|(persona, _)| pattern.matches(persona)).map(|(_, p)| p).sum()
    }
}

impl PersonaMaker for People {
    fn persona(&self, _: Role, seed: &Seed) -> Persona {
        let mut stream = Stream::new(seed);
        let mut pick = |choices: [(&'static str, u64); 3]| {
            let mut sum = 0;
            let cumulative = choices.map(|(_, weight)| {
                sum += weight;
                sum
            });
            choices[stream.weighted(&cumulative)].0
        };
        person(pick(FAMILIES), pick(GIVENS), pick(DISTRICTS))
    }
}

/// A statement about a person, one of ten that overlap in many ways.
pub(crate) fn said(number: u32) -> Found {
    Found::Person { pattern: PATTERNS[number as usize % PATTERNS.len()].clone() }
}

/// What somebody says who reads a persona's surname and district from a row.
pub(crate) fn said_of(persona: &Persona) -> Found {
    let name = NamePattern { family: Some([persona.name.family.clone()].into()), given: None };
    let place = PlacePattern { district: Some(persona.place.district.clone()), ..PlacePattern::default() };
    Found::Person { pattern: PersonaPattern { name, place } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_law_is_that_of_the_people_it_makes() {
        let makes = |seed: u32| {
            let mut bytes = [0; 32];
            bytes[..4].copy_from_slice(&seed.to_le_bytes());
            People.persona(Role::Recipient, &bytes)
        };
        for pattern in PATTERNS.iter() {
            let share = (0..4_000).filter(|&seed| pattern.matches(&makes(seed))).count() as f64 / 4_000.0;

            assert!((share - People.probability(Role::Recipient, pattern)).abs() < 0.03, "{pattern:?} {share}");
        }
    }
}
