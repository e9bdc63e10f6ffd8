//! One process answering its questions: the state machine.
//!
//! For its lines it knows how many are unrevealed (`left`) and how many of
//! those are its own; for each own line that was revealed, and for all own
//! lines that were not, which personas are still possible. Every question is
//! answered once, with the chance it had, and then used up.

use std::collections::{BTreeMap, BTreeSet};

use crate::persona::{Persona, PersonaPattern, Role};

use super::evidence::{BlockDesk, Call, Desk, NumberHit, Question, SharedHit};
use super::fingerprint::Bets;
use super::mixture::{Mixture, ln_lambda_factor, ln_theta_factor, theta_grid};
use super::process::Process;
use super::query;
use super::slot::Slot;
use super::verdict::Channel;

/// An answered question.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) channel: Channel,
    /// Lines that were asked about.
    pub(super) lines: Vec<u32>,
    pub(super) matched: bool,
    pub(super) q: f64,
}

/// The state of one process.
pub(super) struct State<'p, 'a> {
    process: &'p Process<'a>,
    desk: &'p Desk<'a>,
    /// Unrevealed lines, and how many of them are its own.
    left: u32,
    own_left: u32,
    revealed: Vec<bool>,
    /// What is possible for own revealed lines whose personas nobody saw: one
    /// slot for each of the process's roles.
    wearers: BTreeMap<u32, Vec<Slot>>,
    /// The same for all own unrevealed lines.
    unrevealed: Vec<Slot>,
    /// Personas of its own lines, by line and role; made at the first region.
    personas: Vec<Vec<Persona>>,
    /// How many of the process's revelations are entered.
    entered: usize,
    numbers_seen: bool,
    /// Serials of single numbers that somebody saw.
    serials_seen: BTreeSet<u64>,
    thetas: Vec<f64>,
    lines: Mixture,
    names: Mixture,
    regions: Option<OddsChannel>,
    numbers: Vec<NumberState>,
    slots: Option<SlotState>,
}

/// Slots of the process's scope.
struct SlotState {
    /// Slots that were asked about, or whose variant somebody saw.
    asked: Vec<bool>,
    bets: Bets,
}

/// A channel of the theta family whose grid is scaled by its first query.
struct OddsChannel {
    thetas: Vec<f64>,
    mixture: Mixture,
}

impl OddsChannel {
    fn bet(channel: &mut Option<Self>, lambdas: &[f64], q: f64, matched: bool) {
        let channel = channel
            .get_or_insert_with(|| Self { thetas: theta_grid(lambdas, q), mixture: Mixture::new(lambdas.len()) });
        channel.mixture.bet(|g| ln_theta_factor(channel.thetas[g], q, matched));
    }

    fn ln_e(channel: Option<&Self>) -> f64 {
        channel.map_or(0.0, |channel| channel.mixture.ln_e())
    }
}

/// Queries in one block.
#[derive(Default)]
struct NumberState {
    /// Serials that were asked about: each is asked about once.
    asked: BTreeSet<u64>,
    matches: u64,
    /// Numbers that were asked about and are nobody's.
    misses: u64,
    /// Of those that somebody else got later: when.
    given_later: Vec<jiff::Timestamp>,
    channel: Option<OddsChannel>,
}

impl<'p, 'a> State<'p, 'a> {
    pub(super) fn new(process: &'p Process<'a>, desk: &'p Desk<'a>) -> Self {
        let rules = desk.evidence.rules;
        let own = process.own.len() as u32;
        Self {
            process,
            desk,
            left: process.pool,
            own_left: own,
            revealed: vec![false; rules.pool as usize],
            wearers: BTreeMap::new(),
            unrevealed: vec![Slot::default(); process.roles.len()],
            personas: Vec::new(),
            entered: 0,
            numbers_seen: false,
            serials_seen: BTreeSet::new(),
            thetas: theta_grid(&rules.theta_lambdas, f64::from(own) / f64::from(process.pool)),
            lines: Mixture::new(rules.theta_lambdas.len()),
            names: Mixture::new(rules.lambdas.len()),
            regions: None,
            numbers: process.numbers.iter().map(|_| NumberState::default()).collect(),
            slots: process.variants.as_ref().map(|own| {
                let scope = &desk.scopes[own.scope];
                SlotState { asked: vec![false; scope.slots.len()], bets: scope.bets() }
            }),
        }
    }

    /// One that is asked for the evidence of names alone. Unless somebody was
    /// described without a line, no bet on lines has a say in it: none is made.
    pub(super) fn of_names(process: &'p Process<'a>, desk: &'p Desk<'a>) -> Self {
        let mut state = Self::new(process, desk);
        if !desk.has_region {
            (state.thetas, state.lines) = (Vec::new(), Mixture::new(0));
        }
        state
    }

    /// ln of the evidence: the channels are independent under the null, so
    /// their e-values multiply.
    pub(super) fn ln_e(&self) -> f64 {
        let numbers: f64 = self.numbers.iter().map(|state| OddsChannel::ln_e(state.channel.as_ref())).sum();
        let slots = self.slots.as_ref().map_or(0.0, |slots| slots.bets.ln_e());
        self.lines.ln_e() + self.names.ln_e() + OddsChannel::ln_e(self.regions.as_ref()) + numbers + slots
    }

    /// ln of the evidence of names alone: it has mean 1 given the lines.
    pub(super) fn ln_names(&self) -> f64 {
        self.names.ln_e()
    }

    /// Answers a question of `call`, unless it is none for this process.
    pub(super) fn answer(&mut self, call: &Call, question: Question<'_>) -> Option<Answer> {
        match question {
            Question::Line(line) => self.line(line),
            Question::Set(lines) => self.set(lines),
            Question::Name(lines, pattern) => self.name(lines, pattern),
            Question::Region(pattern) => self.region(pattern),
            Question::Number(hit) => self.number(call, hit),
            Question::Shared(hit) => self.shared(call, hit),
        }
    }

    /// Enters what somebody saw before the decision `seq`; returns the places
    /// that were new, if any were.
    pub(super) fn enter_shown(&mut self, seq: u64) -> Option<Vec<u32>> {
        let mut entered = None;
        while let Some(shown) = self.process.shown.get(self.entered).filter(|shown| shown.after_seq < seq) {
            self.entered += 1;
            self.numbers_seen |= shown.numbers;
            self.serials_seen.extend(&shown.serials);
            let all: Vec<u32>;
            let lines = match &shown.lines {
                Some(lines) => lines,
                None => {
                    all = (0..self.desk.evidence.rules.pool).collect();
                    &all
                }
            };
            if let (Some(slots), None) = (&mut self.slots, &shown.lines) {
                slots.asked.fill(true);
            }
            let fresh: &mut Vec<u32> = entered.get_or_insert_default();
            for &line in lines {
                self.see_slot(line);
                if line < self.desk.evidence.rules.pool && self.in_domain(line) && !self.revealed[line as usize] {
                    self.reveal(line);
                    fresh.push(line);
                }
                // Whoever saw the line saw its persona.
                self.wearers.remove(&line);
            }
        }
        entered
    }

    /// Notes that somebody saw which variant a slot has, of which `place` in
    /// the epoch's frozen lines is one.
    fn see_slot(&mut self, place: u32) {
        let (Some(slots), Some(own)) = (&mut self.slots, &self.process.variants) else { return };
        let line = place.checked_sub(self.desk.evidence.rules.pool);
        if let Some(slot) = line.and_then(|line| self.desk.scopes[own.scope].slot_of(line)) {
            slots.asked[slot] = true;
        }
    }

    fn in_domain(&self, line: u32) -> bool {
        self.process.domain.as_ref().is_none_or(|domain| domain.binary_search(&line).is_ok())
    }

    /// Reveals an unrevealed line; returns whether it is the process's own.
    fn reveal(&mut self, line: u32) -> bool {
        self.revealed[line as usize] = true;
        self.left -= 1;
        let own = self.process.own.binary_search(&line).is_ok();
        if own {
            self.own_left -= 1;
            self.wearers.insert(line, self.unrevealed.clone());
        }
        own
    }

    fn line(&mut self, line: u32) -> Option<Answer> {
        if self.revealed[line as usize] || !self.in_domain(line) {
            return None;
        }
        let q = query::line(self.own_left, self.left);
        let matched = self.reveal(line);
        if is_open(q) {
            self.lines.bet(|g| ln_theta_factor(self.thetas[g], q, matched));
        }
        Some(Answer { channel: Channel::Line, lines: vec![line], matched, q })
    }

    /// A set bets the share of each grid point itself: the odds ratios are
    /// scaled for one line and would stake too much on many.
    fn set(&mut self, lines: &[u32]) -> Option<Answer> {
        let lines: Vec<u32> =
            lines.iter().copied().filter(|&line| !self.revealed[line as usize] && self.in_domain(line)).collect();
        if lines.is_empty() {
            return None;
        }
        let q = query::set(self.own_left, self.left, lines.len() as u32);
        let mut matched = false;
        for &line in &lines {
            matched |= self.reveal(line);
        }
        if is_open(q) {
            let lambdas = &self.desk.evidence.rules.theta_lambdas;
            self.lines.bet(|g| ln_lambda_factor(lambdas[g], q, matched));
        }
        Some(Answer { channel: Channel::Set, lines, matched, q })
    }

    fn name(&mut self, lines: &[(u32, Option<Role>)], pattern: &PersonaPattern) -> Option<Answer> {
        let maker = self.process.maker?;
        let roles = &self.process.roles;
        let (mut ln_none, mut matched, mut asked) = (0.0, false, Vec::new());
        for &(line, at) in lines {
            let Some(slots) = self.wearers.get_mut(&line) else { continue };
            // A role that the source never uses may be a mislabelled column.
            let at = at.filter(|role| roles.contains(role));
            for (slot, &role) in slots.iter_mut().zip(roles).filter(|(_, role)| at.is_none_or(|at| at == **role)) {
                ln_none += query::ln_none(1, slot.chance(maker, role, pattern));
                let seed = self.desk.evidence.codebook.persona_seed(self.process.holder, role, line);
                let fits = pattern.matches(&maker.persona(role, &seed));
                slot.learn(pattern, fits);
                matched |= fits;
            }
            asked.push(line);
        }
        if asked.is_empty() || roles.is_empty() {
            return None;
        }
        let q = query::at_least_one(ln_none);
        if is_open(q) {
            let lambdas = &self.desk.evidence.rules.lambdas;
            self.names.bet(|g| ln_lambda_factor(lambdas[g], q, matched));
        }
        Some(Answer { channel: Channel::Name, lines: asked, matched, q })
    }

    fn region(&mut self, pattern: &PersonaPattern) -> Option<Answer> {
        let maker = self.process.maker?;
        // Asked only of a process that earlier answers made suspicious: which
        // question comes next may depend on the past, never on its own answer.
        // So hundreds of processes, not all of them, derive their personas.
        if self.process.roles.is_empty() || self.ln_e() < self.desk.evidence.rules.ln_region_gate() {
            return None;
        }
        let each = query::at_least_one(ln_none_of(&self.unrevealed, &self.process.roles, maker, pattern));
        let mut ln_none = query::ln_none(self.own_left, each);
        for slots in self.wearers.values() {
            ln_none += ln_none_of(slots, &self.process.roles, maker, pattern);
        }
        let q = query::at_least_one(ln_none);
        if q <= 0.0 {
            return None;
        }
        let matched = self.look_in_region(pattern);
        if is_open(q) {
            let lambdas = &self.desk.evidence.rules.theta_lambdas;
            OddsChannel::bet(&mut self.regions, lambdas, q, matched);
        }
        Some(Answer { channel: Channel::Region, lines: Vec::new(), matched, q })
    }

    /// Reveals for every canary whether it lies in `pattern`: those that do are
    /// revealed lines afterwards, the others lose the pattern.
    fn look_in_region(&mut self, pattern: &PersonaPattern) -> bool {
        let Some(maker) = self.process.maker else { return false };
        let roles = &self.process.roles;
        if self.personas.is_empty() {
            let worn = |&line: &u32| {
                let persona = |&role: &Role| {
                    maker.persona(role, &self.desk.evidence.codebook.persona_seed(self.process.holder, role, line))
                };
                roles.iter().map(persona).collect()
            };
            self.personas = self.process.own.iter().map(worn).collect();
        }
        let fits_at = |line: u32| -> Vec<bool> {
            let place = self.process.own.binary_search(&line).expect("only own lines have wearers");
            self.personas[place].iter().map(|persona| pattern.matches(persona)).collect()
        };
        let mut matched = false;
        for (&line, slots) in &mut self.wearers {
            for (slot, fits) in slots.iter_mut().zip(fits_at(line)) {
                slot.learn(pattern, fits);
                matched |= fits;
            }
        }
        let unrevealed: Vec<u32> =
            self.process.own.iter().copied().filter(|&line| !self.revealed[line as usize]).collect();
        for line in unrevealed {
            let fits = fits_at(line);
            if !fits.contains(&true) {
                continue;
            }
            matched = true;
            let mut slots = self.unrevealed.clone();
            slots.iter_mut().zip(&fits).for_each(|(slot, &fits)| slot.learn(pattern, fits));
            self.revealed[line as usize] = true;
            self.left -= 1;
            self.own_left -= 1;
            self.wearers.insert(line, slots);
        }
        self.unrevealed.iter_mut().for_each(|slot| slot.learn(pattern, false));
        matched
    }

    fn shared(&mut self, call: &Call, hit: &SharedHit) -> Option<Answer> {
        let (slots, own) = (self.slots.as_mut()?, self.process.variants.as_ref()?);
        let scope = &self.desk.scopes[own.scope];
        let symbol = scope.symbol(self.desk, call, hit)?;
        if std::mem::replace(&mut slots.asked[symbol.slot], true) {
            return None;
        }
        let q = scope.chance(symbol);
        let matched = own.variants[symbol.slot] == symbol.variant;
        if is_open(q) {
            slots.bets.bet(scope.ln_factors(symbol, matched));
        }
        Some(Answer { channel: Channel::Slot, lines: Vec::new(), matched, q })
    }

    fn number(&mut self, call: &Call, hit: NumberHit) -> Option<Answer> {
        let place = self.process.numbers.iter().position(|own| own.block == hit.block)?;
        if self.numbers_seen {
            return None;
        }
        let own = &self.process.numbers[place];
        let planted = hit.owner.map(|(planting, _)| (planting, self.desk.evidence.plantings[planting].at));
        let matched = planted.is_some_and(|(planting, _)| own.plantings.contains(&planting));
        // Somebody else's number is certainly not ours.
        if !matched && planted.is_some_and(|(_, at)| at <= call.decided) {
            return None;
        }
        let state = &mut self.numbers[place];
        if !state.asked.insert(hit.serial) {
            return None;
        }
        if matched && self.serials_seen.contains(&hit.serial) {
            // Somebody knew the answer before it was asked: it moves nothing.
            state.matches += 1;
            return None;
        }
        let left = state.left(&self.desk.blocks[hit.block], own.count, call.decided);
        let q = query::number(own.count - state.matches, left);
        match planted {
            _ if matched => state.matches += 1,
            Some((_, at)) => state.given_later.push(at),
            None => state.misses += 1,
        }
        if is_open(q) {
            OddsChannel::bet(&mut state.channel, &self.desk.evidence.rules.theta_lambdas, q, matched);
        }
        Some(Answer { channel: Channel::Number, lines: Vec::new(), matched, q })
    }
}

impl NumberState {
    /// Numbers of the block neither asked about nor known to be others' when
    /// the question is decided.
    fn left(&self, block: &BlockDesk, own: u64, decided: jiff::Timestamp) -> u64 {
        let others = block.planted_by(decided).saturating_sub(own);
        let unowned = self.given_later.iter().filter(|&&at| at > decided).count() as u64;
        let gone = others + self.matches + self.misses + unowned;
        block.size.saturating_sub(gone).max(own - self.matches)
    }
}

/// A bet is possible only where both answers are.
fn is_open(q: f64) -> bool {
    q > 0.0 && q < 1.0
}

/// ln of the chance that no role's persona fits.
fn ln_none_of(
    slots: &[Slot],
    roles: &[Role],
    maker: &dyn crate::persona::PersonaMaker,
    pattern: &PersonaPattern,
) -> f64 {
    slots.iter().zip(roles).map(|(slot, &role)| query::ln_none(1, slot.chance(maker, role, pattern))).sum()
}
