//! What names that callers ask for are worth.
//!
//! A name counts as much as the set that the matcher hears in it is rare. So
//! personas are drawn from the shipped template's own law, each is asked for
//! in full and by surname, the real matcher says which set was heard, and the
//! law says how likely that set is. No typical value is made up.

use super::bets::{NameBet, name_bet};
use crate::derive::{Draw as _, Stream};
use crate::fault::Fault;
use crate::matcher::{Known, Matcher};
use crate::observation::{Found, Kind, Observation};
use crate::persona::{NamePattern, PersonaLaw, PersonaMaker as _, PersonaPattern, PlacePattern, Role};
use crate::rules::Triage;
use crate::template::Template;

/// Personas that are drawn: a surname's chance varies from 1 in 13 to 1 in
/// 10,000, and the mean of ln(1/q) over so many is known to a twentieth.
const PERSONAS: usize = 400;

/// The template whose law the chances are of.
pub(super) const TEMPLATE: &str = "yto-express";

/// Bets on names, by persona.
pub(super) struct Chances {
    full: Vec<NameBet>,
    surname: Vec<NameBet>,
    /// Mean of ln(1/q) of a full name, in nats.
    pub(super) full_nats: f64,
    /// Mean of ln(1/q) of a surname, in nats.
    pub(super) surname_nats: f64,
}

impl Chances {
    /// Draws personas and prices their names.
    pub(super) fn new(draw: &mut Stream) -> Result<Self, Fault> {
        let template = Template::by_name(TEMPLATE).expect("shipped with the library")?;
        let (lexicons, triage) = ([template.lexicon()], Triage::default());
        let known =
            Known { lines: &[], blocks: &[], lexicons: &lexicons, triage: &triage, caller_tag: &|_| String::new() };
        let matcher = Matcher::new(known)?;
        let (mut full, mut surname) = (Vec::new(), Vec::new());
        for _ in 0..PERSONAS {
            let mut seed = [0; 32];
            seed.chunks_mut(4).for_each(|chunk| chunk.copy_from_slice(&draw.word().to_le_bytes()));
            let persona = template.persona(Role::Recipient, &seed);
            let chance = |asked: &str| {
                let pattern =
                    PersonaPattern { name: heard(&matcher, asked, &persona.place.province), ..Default::default() };
                PersonaLaw::probability(&template, Role::Recipient, &pattern)
            };
            full.push(chance(&persona.name.full));
            surname.push(chance(&format!("{}女士", persona.name.family)));
        }
        let nats = |chances: &[f64]| {
            let sum: f64 = chances.iter().filter(|&&q| q > 0.0).map(|&q| -libm::log(q)).sum();
            sum / chances.len() as f64
        };
        Ok(Self {
            full_nats: nats(&full),
            surname_nats: nats(&surname),
            full: full.into_iter().map(name_bet).collect(),
            surname: surname.into_iter().map(name_bet).collect(),
        })
    }

    /// The bet on the name that one caller asks for; `masked` for a surname.
    pub(super) fn draw(&self, masked: bool, draw: &mut Stream) -> &NameBet {
        let bets = if masked { &self.surname } else { &self.full };
        &bets[draw.below(bets.len() as u32) as usize]
    }
}

/// The set of names that the matcher hears when somebody is asked for.
///
/// It hears names beside one of our lines, or in a report that tells a place
/// too; the latter needs no lines.
fn heard(matcher: &Matcher<'_>, name: &str, province: &str) -> NamePattern {
    let mut report = Observation::new(Kind::Report, "plan");
    report.text = Some(format!("找{name}，说包裹理赔"));
    report.place = Some(province.to_owned());
    let found = matcher.find(&report).found.into_iter().find_map(|found| match found {
        Found::Person { pattern } if pattern.place != PlacePattern::default() => Some(pattern.name),
        _ => None,
    });
    found.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_name_is_worth_more_than_a_surname_and_both_are_heard() {
        let chances = Chances::new(&mut Stream::new(&[1; 32])).expect("the shipped template is sound");

        // 1 in 30 to 1 in 100 share a surname's sound; a full name is one of
        // hundred thousands.
        assert!((2.5..5.5).contains(&chances.surname_nats), "{}", chances.surname_nats);
        assert!(chances.full_nats > chances.surname_nats + 5.0, "{}", chances.full_nats);
    }
}
