//! From an observation to what it mentions of ours: exact decisions only.
//!
//! The matcher is blind. It knows which numbers are lines, which waybill blocks
//! are reserved, and which surnames and places exist; it does not know who owns
//! what, so nothing that it decides can favour or spare an account. What it
//! cannot decide exactly it states as the whole set of possibilities: a masked
//! phone is the set of lines that it may be, a title and a surname the set of
//! names that they fit.
//!
//! Rules of what is a statement:
//!
//! * A call is about the number that was called. When that is no line of ours,
//!   nothing else in the record is looked at.
//! * Beside a line or a waybill number of ours, the name and the place are
//!   two statements, so that a misread place does not spoil the name.
//! * In a report without any they are one statement, and only together: a
//!   surname alone or a province alone is in every ticket. A report about
//!   another called number, or a row of a dump without a line or a number of
//!   ours, is none.

mod folded;
mod heard;
mod names;
mod phones;
mod places;
mod pool;
mod rows;
mod surnames;
mod waybills;

use std::collections::HashSet;

use aho_corasick::AhoCorasick;

use crate::fault::Fault;
use crate::normalize;
use crate::observation::{Found, Hit, Kind, Observation};
use crate::persona::{Lexicon, NamePattern, PersonaPattern, PlacePattern};
use crate::record::WaybillBlock;
use crate::registry::LineRow;
use crate::rules::Triage;

use self::folded::Folded;
use self::names::Names;
use self::phones::Phones;
use self::places::{Places, Where};
use self::pool::Pool;

/// What a matcher may know.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// Lines of the pool, traps and controls.
    pub lines: &'a [LineRow],
    /// Reserved waybill blocks.
    pub blocks: &'a [&'a dyn WaybillBlock],
    /// Words for people and places, one lexicon for each template.
    pub lexicons: &'a [Lexicon],
    /// Keywords and the allow list.
    pub triage: &'a Triage,
    /// Makes the keyed tag of a caller from the caller's normal form.
    pub caller_tag: &'a (dyn Fn(&str) -> String + Sync),
}

/// Finds what observations mention. Built once for a pass.
pub struct Matcher<'a> {
    pool: Pool,
    blocks: &'a [&'a dyn WaybillBlock],
    names: Names,
    places: Places,
    keywords: Option<AhoCorasick>,
    allowed: HashSet<String>,
    caller_tag: &'a (dyn Fn(&str) -> String + Sync),
}

impl<'a> Matcher<'a> {
    /// Indexes what is known.
    ///
    /// # Errors
    ///
    /// When the words of the lexicons or the keywords are too many to index.
    pub fn new(known: Known<'a>) -> Result<Self, Fault> {
        let keywords: Vec<String> = known
            .triage
            .keywords
            .iter()
            .map(|word| normalize::text(word))
            .filter(|word| !word.trim().is_empty())
            .collect();
        let keywords = if keywords.is_empty() {
            None
        } else {
            let built = AhoCorasick::new(&keywords);
            Some(built.map_err(|error| {
                Fault::new(format!("the keywords cannot be indexed: {error}")).at_field("triage.keywords")
            })?)
        };
        Ok(Self {
            pool: Pool::new(known.lines),
            blocks: known.blocks,
            names: Names::new(known.lexicons),
            places: Places::new(known.lexicons)?,
            keywords,
            allowed: known.triage.allow_callers.iter().map(|caller| caller_form(caller)).collect(),
            caller_tag: known.caller_tag,
        })
    }

    /// Returns what an observation mentions and what triage needs of it.
    ///
    /// A hit whose `found` is empty is no hit: the observation need not be kept.
    pub fn find(&self, observation: &Observation) -> Hit {
        let mut hit = empty_hit();
        let mut phones = Phones::default();
        if let Some(called) = &observation.called {
            phones::in_column(&self.pool, called, observation.extension.as_deref(), &mut phones);
        }
        let is_ours = !phones.lines.is_empty() || !phones.sets.is_empty();
        if observation.kind == Kind::Call && !is_ours {
            return hit;
        }
        let text = observation.text.as_deref().map(Folded::new);
        if let Some(text) = &text {
            phones::in_text(&self.pool, text, &mut phones);
        }
        phones.settle();
        hit.line_number = phones.lines.first().and_then(|&line| self.pool.integer(line));
        hit.found.extend(phones.lines.into_iter().map(|line| Found::Line { line, role: None }));
        hit.found.extend(phones.sets.into_iter().map(|lines| Found::Lines { lines }));
        hit.found.extend(self.numbers(observation, text.as_ref()));
        if observation.kind != Kind::Lookup {
            self.add_person(observation, text.as_ref(), &mut hit);
        }
        if hit.found.is_empty() {
            return empty_hit();
        }
        hit.seconds = observation.seconds.unwrap_or(0);
        hit.keyword = observation.text.as_deref().is_some_and(|text| self.has_keyword(text));
        if let Some(caller) = observation.caller.as_deref().map(caller_form).filter(|caller| !caller.is_empty()) {
            hit.allowed = self.allowed.contains(&caller);
            hit.caller_tag = Some((self.caller_tag)(&caller));
        }
        hit
    }

    fn numbers(&self, observation: &Observation, text: Option<&Folded>) -> Vec<Found> {
        let mut waybills = Vec::new();
        if let Some(number) = &observation.number {
            waybills::in_column(self.blocks, number, &mut waybills);
            if waybills.is_empty() {
                // A column that holds more than a number: a path, two numbers.
                waybills::in_text(self.blocks, &Folded::new(number).lower, &mut waybills);
            }
        }
        if let Some(text) = text {
            waybills::in_text(self.blocks, &text.lower, &mut waybills);
        }
        waybills.into_iter().map(|waybill| Found::Number { block: waybill.block, place: waybill.place }).collect()
    }

    /// Adds what was said about a person, and whether a name was.
    fn add_person(&self, observation: &Observation, text: Option<&Folded>, hit: &mut Hit) {
        // A row that was taken apart names somebody else in its other cells.
        let is_taken_apart = observation.kind == Kind::Row
            && [&observation.called, &observation.asked_name, &observation.place].into_iter().any(Option::is_some);
        let text = text.filter(|_| !is_taken_apart);
        let asked = observation.asked_name.as_deref().and_then(|name| self.names.read(name));
        let name = asked.or_else(|| text.and_then(|text| heard::in_text(&self.names, text)));
        hit.named = name.is_some();
        let in_column = observation.place.as_deref().and_then(|place| self.places.find(place, Where::Column));
        let in_text = || observation.text.as_deref().and_then(|text| self.places.find(text, Where::Text));
        let place = in_column.or_else(|| text.and_then(|_| in_text()));
        let name = name.filter(|name| !name.is_any());
        if !hit.found.is_empty() {
            hit.found.extend(name.map(|name| person(name, PlacePattern::default())));
            hit.found.extend(place.map(|place| person(NamePattern::default(), place)));
            return;
        }
        let is_elsewhere = observation.called.as_deref().is_some_and(|called| normalize::phone(called).is_some());
        if let (Kind::Report, false, Some(name), Some(place)) = (observation.kind, is_elsewhere, name, place) {
            hit.found.push(person(name, place));
        }
    }

    fn has_keyword(&self, text: &str) -> bool {
        self.keywords.as_ref().is_some_and(|keywords| keywords.is_match(&normalize::text(text)))
    }
}

fn empty_hit() -> Hit {
    Hit {
        found: Vec::new(),
        caller_tag: None,
        allowed: false,
        seconds: 0,
        keyword: false,
        named: false,
        line_number: None,
    }
}

fn person(name: NamePattern, place: PlacePattern) -> Found {
    Found::Person { pattern: PersonaPattern { name, place } }
}

/// The one spelling of a caller: a phone's normal form, else the text in lower
/// case (an address, an extension of the house).
fn caller_form(caller: &str) -> String {
    match normalize::phone(caller) {
        Some(phone) => phone.to_string(),
        None => normalize::text(caller.trim()),
    }
}

#[cfg(test)]
mod tests;
