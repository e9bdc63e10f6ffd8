//! What must come out of a scenario.

use serde::{Deserialize, Serialize};

use super::Span;
use crate::drill::play::Played;

/// What must come out. What is not given is not compared, but for innocents,
/// wrong batches and the alarm: there must be none unless it is said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expected {
    /// Share of names it holds for (`--names`); by default the file's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<f64>,
    /// Leaking accounts that are named, in any order: exactly these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub named: Option<Vec<String>>,
    /// How many leaking accounts are named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<Span>,
    /// Accounts that are named and leaked nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub innocents: Option<Span>,
    /// Leaked batches that level 2 names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batches: Option<Span>,
    /// Batches that level 2 names and that were not sold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wrong_batches: Option<Span>,
    /// Whether a ghost raises the alarm.
    pub alarm: bool,
    /// Confirmed hits until each named account was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls_to_name: Option<Span>,
    /// Day on which each named account was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_named: Option<Span>,
    /// Calls of war-diallers that triage let pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swept_confirmed: Option<Span>,
}

impl Expected {
    /// Everything in which `played` differs, a sentence each.
    pub fn differences(&self, played: &Played) -> Vec<String> {
        let mut found = Vec::new();
        let mut named: Vec<&str> =
            played.leakers.iter().filter(|one| one.named.is_some()).map(|one| one.account.as_str()).collect();
        named.sort_unstable();
        if let Some(expected) = &self.named {
            let mut expected: Vec<&str> = expected.iter().map(String::as_str).collect();
            expected.sort_unstable();
            if expected != named {
                found.push(format!("expected {} to be named, found {}", listed(&expected), listed(&named)));
            }
        }
        let none = Some(Span::just(0));
        let batches: u32 = played.leakers.iter().map(|one| one.batches_named).sum();
        let counts = [
            ("leakers named", self.found, named.len() as u64),
            ("innocents named", self.innocents.or(none), played.innocents.len() as u64),
            ("leaked batches named", self.batches, u64::from(batches)),
            ("wrong batches named", self.wrong_batches.or(none), u64::from(played.wrong_batches)),
            ("calls of war-diallers confirmed", self.swept_confirmed, played.hits.sweeps.confirmed),
        ];
        for (what, expected, have) in counts {
            found.extend(difference(what, expected, have));
        }
        for leaker in &played.leakers {
            let Some(naming) = &leaker.named else { continue };
            let calls = format!("confirmed hits until {} was named", leaker.account);
            found.extend(difference(&calls, self.calls_to_name, naming.calls_to_name));
            found.extend(difference(
                &format!("the day {} was named", leaker.account),
                self.day_named,
                u64::from(naming.day),
            ));
        }
        match (self.alarm, played.alarm) {
            (false, true) => found.push("expected no alarm, and a ghost raised it".to_owned()),
            (true, false) => found.push("expected a ghost to raise the alarm, and none did".to_owned()),
            _ => {}
        }
        found
    }
}

fn difference(what: &str, expected: Option<Span>, found: u64) -> Option<String> {
    let expected = expected.filter(|span| !span.has(found))?;
    Some(format!("{what}: expected {expected}, found {found}"))
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
}
