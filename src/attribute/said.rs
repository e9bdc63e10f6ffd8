//! How much the statements heard on a line can have added, at most.
//!
//! A statement that fits adds at most -ln q, and one that does not fit adds
//! nothing; q is at least the chance of the line's own persona.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use rayon::prelude::*;

use crate::persona::{PersonaMaker, PersonaPattern, Role};

use super::evidence::{Desk, HeardOn};
use super::process::Process;
use super::slot::Slot;

/// What was said on each line, with bounds for any persona.
pub(super) struct Said<'d, 'a> {
    desk: &'d Desk<'a>,
    /// Statements by line: when, what, and the role that the line stood at.
    statements: BTreeMap<u32, Vec<Statement<'d>>>,
    /// By template and line.
    any: HashMap<&'a str, HashMap<u32, f64>>,
}

struct Statement<'d> {
    at: Timestamp,
    pattern: &'d PersonaPattern,
    role: Option<Role>,
}

impl<'d, 'a> Said<'d, 'a> {
    pub(super) fn new(desk: &'d Desk<'a>) -> Self {
        let mut statements: BTreeMap<u32, Vec<Statement<'_>>> = BTreeMap::new();
        for call in &desk.calls {
            for heard in &call.persons {
                let HeardOn::Lines(lines) = &heard.on else { continue };
                for &(line, role) in lines {
                    let statement = Statement { at: call.at, pattern: &heard.pattern, role };
                    statements.entry(line).or_default().push(statement);
                }
            }
        }
        let of_maker = |maker: &dyn PersonaMaker| -> HashMap<u32, f64> {
            statements.iter().map(|(&line, said)| (line, most(maker, said))).collect()
        };
        let makers: Vec<_> = desk.evidence.makers.iter().collect();
        let any = makers.into_par_iter().map(|(id, maker)| (id.as_str(), of_maker(maker.as_ref()))).collect();
        Self { desk, statements, any }
    }

    /// The most that statements on own `lines` can have added, whatever their
    /// personas.
    pub(super) fn any(&self, process: &Process<'_>, lines: &[u32]) -> f64 {
        if !process.asks_names() {
            return 0.0;
        }
        let Some(any) = self.any.get(process.template) else { return f64::INFINITY };
        lines.iter().map(|line| any.get(line).copied().unwrap_or(0.0)).sum()
    }

    /// The most that they can have added, given their personas.
    pub(super) fn own(&self, process: &Process<'_>, lines: &[u32]) -> f64 {
        if !process.asks_names() {
            return 0.0;
        }
        let said = lines.iter().filter_map(|line| Some((*line, self.statements.get(line)?)));
        said.map(|(line, said)| self.on(process, line, said)).sum()
    }

    fn on(&self, process: &Process<'_>, line: u32, said: &[Statement<'_>]) -> f64 {
        let Some(maker) = process.maker else { return 0.0 };
        let of_role = |&role: &Role| {
            let concerns = |at: Option<Role>| at.is_none_or(|at| at == role || !process.roles.contains(&at));
            let said = said.iter().filter(|said| said.at >= process.start && concerns(said.role));
            let persona = maker.persona(role, &self.desk.evidence.codebook.persona_seed(process.holder, role, line));
            if !said.clone().any(|said| said.pattern.matches(&persona)) {
                return 0.0;
            }
            let (mut slot, mut sum) = (Slot::default(), 0.0);
            for Statement { pattern, .. } in said {
                let fits = pattern.matches(&persona);
                if fits {
                    sum -= libm::log(slot.chance(maker, role, pattern));
                }
                slot.learn(pattern, fits);
            }
            sum
        };
        process.roles.iter().map(of_role).sum()
    }
}

/// The most that statements on one line can add for any source, in both roles.
///
/// Different statements are not weighed against each other: which of them a
/// source is asked, and in which order, depends on its start.
fn most(maker: &dyn PersonaMaker, said: &[Statement<'_>]) -> f64 {
    let first = said[0].pattern;
    if said.iter().any(|said| said.pattern != first) {
        return f64::INFINITY;
    }
    let of_role = |role| match maker.probability(role, first) {
        // Nobody fits it.
        p if p <= 0.0 => 0.0,
        p => -libm::log(p),
    };
    of_role(Role::Sender) + of_role(Role::Recipient)
}
