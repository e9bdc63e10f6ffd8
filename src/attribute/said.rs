//! How much the statements heard on a line can have added, at most.
//!
//! A statement that fits adds at most -ln q, and one that does not fit adds
//! nothing; q is at least the chance of the line's own persona.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use rayon::prelude::*;

use crate::persona::{PersonaMaker, PersonaPattern, Role};

use super::evidence::Desk;
use super::firsts::Firsts;
use super::process::Process;
use super::slot::Slot;

/// What was said on each line, with bounds for any persona.
pub(super) struct Said<'d, 'a> {
    desk: &'d Desk<'a>,
    /// Statements by line.
    statements: Vec<Vec<Statement<'d>>>,
    /// By template and line.
    any: HashMap<&'a str, Vec<f64>>,
}

/// What was said on a line, and at which role it stood.
struct Statement<'d> {
    pattern: &'d PersonaPattern,
    role: Option<Role>,
    /// Whether it can be about this line alone.
    alone: bool,
    /// When it was said.
    firsts: Firsts,
}

impl<'d, 'a> Said<'d, 'a> {
    pub(super) fn new(desk: &'d Desk<'a>) -> Self {
        let mut said: BTreeMap<(u32, Option<Role>, bool, &PersonaPattern), Firsts> = BTreeMap::new();
        let mut order = 0;
        for call in &desk.calls {
            // Counted as in `Sequences`: what is said comes after the call's lines.
            order += (call.lines.len() + call.sets.len()) as u32;
            for heard in &call.persons {
                order += 1;
                let alone = heard.on.lines().len() == 1;
                for &(line, role) in heard.on.lines() {
                    said.entry((line, role, alone, &heard.pattern)).or_default().add(order, call.at);
                }
            }
        }
        let mut statements: Vec<Vec<Statement<'_>>> = Vec::new();
        statements.resize_with(desk.evidence.rules.pool as usize, Vec::new);
        for ((line, role, alone, pattern), firsts) in said {
            statements[line as usize].push(Statement { pattern, role, alone, firsts });
        }
        let of_maker =
            |maker: &dyn PersonaMaker| -> Vec<f64> { statements.iter().map(|said| most(maker, said)).collect() };
        let makers: Vec<_> = desk.evidence.makers.iter().collect();
        let any = makers.into_par_iter().map(|(id, maker)| (id.as_str(), of_maker(maker.as_ref()))).collect();
        Self { desk, statements, any }
    }

    /// What was said on `line` from `start` on, in order; `None` where something
    /// may be about other lines too.
    pub(super) fn heard(&self, line: u32, start: Timestamp) -> Option<Vec<(u32, Option<Role>, &'d PersonaPattern)>> {
        let said = &self.statements[line as usize];
        if said.iter().any(|said| !said.alone) {
            return None;
        }
        let first = |said: &Statement<'d>| Some((said.firsts.from(start)?, said.role, said.pattern));
        let mut heard: Vec<_> = said.iter().filter_map(first).collect();
        heard.sort_by_key(|(order, _, _)| *order);
        Some(heard)
    }

    /// The most that statements on own `lines` can have added, whatever their
    /// personas.
    pub(super) fn any(&self, process: &Process<'_>, lines: &[u32]) -> f64 {
        if !process.asks_names() {
            return 0.0;
        }
        let Some(any) = self.any.get(process.template) else { return f64::INFINITY };
        lines.iter().map(|&line| any[line as usize]).sum()
    }

    /// The most that they can have added, given their personas.
    pub(super) fn own(&self, process: &Process<'_>, lines: &[u32]) -> f64 {
        if !process.asks_names() {
            return 0.0;
        }
        let said = lines.iter().map(|&line| (line, &self.statements[line as usize]));
        said.filter(|(_, said)| !said.is_empty()).map(|(line, said)| self.on(process, line, said)).sum()
    }

    fn on(&self, process: &Process<'_>, line: u32, said: &[Statement<'_>]) -> f64 {
        let Some(maker) = process.maker else { return 0.0 };
        let of_role = |&role: &Role| {
            let concerns = |at: Option<Role>| at.is_none_or(|at| at == role || !process.roles.contains(&at));
            let seed = self.desk.evidence.codebook.persona_seed(process.holder, role, line);
            // Few names were ever mentioned: most personas need no place.
            let name = maker.name(role, &seed);
            if !said.iter().any(|said| concerns(said.role) && said.pattern.name.matches(&name)) {
                return 0.0;
            }
            let persona = maker.persona(role, &seed);
            let said = said.iter().filter(|said| concerns(said.role));
            let mut said: Vec<(u32, &PersonaPattern)> =
                said.filter_map(|said| Some((said.firsts.from(process.start)?, said.pattern))).collect();
            said.sort_unstable_by_key(|(order, _)| *order);
            let (mut slot, mut sum) = (Slot::default(), 0.0);
            for (_, pattern) in said {
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
/// Which of them a source is asked, and in which order, depends on its start.
/// But whatever the order, the chances of all its answers multiply to the mass
/// of the personas that answer as its own does, so what the matches add is at
/// most -ln of that. Where any two statements are nested or exclude one
/// another, those masses are those of each statement without the ones inside it.
fn most(maker: &dyn PersonaMaker, said: &[Statement<'_>]) -> f64 {
    let mut patterns: Vec<&PersonaPattern> = said.iter().map(|said| said.pattern).collect();
    patterns.sort_unstable();
    patterns.dedup();
    if patterns.len() > MOST_PATTERNS {
        return f64::INFINITY;
    }
    let of_role = |role| {
        let atoms = patterns.iter().map(|pattern| atom(maker, role, pattern, &patterns));
        atoms.fold(0.0f64, |most, mass| match mass {
            Some(mass) if mass <= 0.0 => most,
            Some(mass) => most.max(-libm::log(mass)),
            None => f64::INFINITY,
        })
    };
    of_role(Role::Sender) + of_role(Role::Recipient)
}

/// Statements on one line that are compared with one another.
const MOST_PATTERNS: usize = 64;

/// A bound from below of the mass of `pattern` without the patterns inside it,
/// 0 where nobody fits it; `None` where some pattern crosses it.
fn atom(maker: &dyn PersonaMaker, role: Role, pattern: &PersonaPattern, all: &[&PersonaPattern]) -> Option<f64> {
    let mass = maker.probability(role, pattern);
    if mass <= 0.0 {
        return Some(0.0);
    }
    let mut inside = 0.0;
    for other in all.iter().filter(|other| **other != pattern) {
        match pattern.intersect(other) {
            None => {}
            Some(common) if common == *pattern => {}
            Some(common) if common == **other => inside += maker.probability(role, other),
            Some(_) => return None,
        }
    }
    // What is inside may overlap, so this may be too small: never too large.
    let rest = mass - inside;
    (rest > mass * 1e-9).then_some(rest)
}
