//! The shared slots of one data set, as attribution reads them.
//!
//! A call on a slot's line, or its waybill number, shows which variant was
//! leaked. That is one question to every account that planted the scope: do
//! you have this variant? Each slot is asked once. A line may stand for slots
//! of several scopes; each scope's accounts are asked about their own. Where
//! the caller asks for somebody, a slot is only asked about if its shared
//! persona fits: the persona belongs to the scope, not to an account, so it may
//! choose the question and is never a factor of its answer.

use std::collections::HashMap;

use crate::codebook::{Holder, SharedSlot};
use crate::persona::{PersonaMaker, PersonaPattern, Role};
use crate::registry::{PlantingRow, ScopeRow};

use super::evidence::{Call, Desk, SharedHit};
use super::fingerprint::{Bets, Grids};

/// One scope with its slots.
pub(super) struct ScopeDesk<'a> {
    pub(super) row: &'a ScopeRow,
    pub(super) slots: Vec<SharedSlot>,
    roles: Vec<Role>,
    maker: Option<&'a dyn PersonaMaker>,
    /// Slot, variant and place among the variant's lines, by slot line.
    by_line: HashMap<u32, (usize, usize, usize)>,
    /// Slot and variant by serial.
    by_serial: HashMap<u64, (usize, usize)>,
    grids: Grids,
    /// ln factors by slot, symbol seen, and whether it matches.
    factors: Vec<[[Vec<f64>; 2]; 2]>,
}

/// What a call shows of a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Symbol {
    pub(super) slot: usize,
    pub(super) variant: usize,
}

impl<'a> ScopeDesk<'a> {
    /// Reads a scope whose slots `planting`, one of those that carry it, tells
    /// the roles of.
    pub(super) fn new(desk: &Desk<'a>, row: &'a ScopeRow, planting: &PlantingRow) -> Option<Self> {
        let rules = desk.evidence.rules.slots.as_ref()?;
        let each = planting.roles.len() as u32;
        let slots = desk.evidence.codebook.scope_slots(&row.name, rules, each);
        let (mut by_line, mut by_serial) = (HashMap::new(), HashMap::new());
        for (slot, variants) in slots.iter().enumerate() {
            for (variant, lines) in variants.variants.iter().enumerate() {
                by_line.extend(lines.iter().enumerate().map(|(at, &line)| (line, (slot, variant, at))));
                by_serial.extend(row.serials.get(2 * slot + variant).map(|&serial| (serial, (slot, variant))));
            }
        }
        let grids = Grids::new(&desk.evidence.rules.lambdas, rules);
        let factors = |slot: &SharedSlot| {
            [0, 1].map(|variant| [false, true].map(|hit| grids.ln_factors(variant == 0, slot.chance(variant), hit)))
        };
        Some(Self {
            row,
            factors: slots.iter().map(factors).collect(),
            roles: planting.roles.clone(),
            maker: desk.evidence.makers.get(&row.template).map(std::sync::Arc::as_ref),
            slots,
            by_line,
            by_serial,
            grids,
        })
    }

    /// The symbol that a hit shows, if it is one of this scope and nothing that
    /// was said speaks against it.
    pub(super) fn symbol(&self, desk: &Desk<'_>, call: &Call, hit: &SharedHit) -> Option<Symbol> {
        match hit {
            SharedHit::Line(line) => {
                let &(slot, variant, at) = self.by_line.get(line)?;
                let role = *self.roles.get(at)?;
                self.may_be(desk, *line, role, &call.said).then_some(Symbol { slot, variant })
            }
            SharedHit::Number { block, serial } => {
                if *block != self.row.block {
                    return None;
                }
                let &(slot, variant) = self.by_serial.get(serial)?;
                Some(Symbol { slot, variant })
            }
        }
    }

    /// Whether `serial` is of one of its shared rows.
    pub(super) fn has_serial(&self, serial: u64) -> bool {
        self.by_serial.contains_key(&serial)
    }

    /// The slot that `line` stands for.
    pub(super) fn slot_of(&self, line: u32) -> Option<usize> {
        self.by_line.get(&line).map(|&(slot, _, _)| slot)
    }

    fn may_be(&self, desk: &Desk<'_>, line: u32, role: Role, said: &[PersonaPattern]) -> bool {
        let Some(maker) = self.maker.filter(|_| !said.is_empty()) else { return true };
        // Shared rows wear places behind the pool.
        let place = desk.evidence.rules.pool + line;
        let seed = desk.evidence.codebook.persona_seed(Holder::Scope(&self.row.name), role, place);
        let persona = maker.persona(role, &seed);
        said.iter().any(|pattern| pattern.matches(&persona))
    }

    /// The chance that an innocent account has what `symbol` shows.
    pub(super) fn chance(&self, symbol: Symbol) -> f64 {
        self.slots[symbol.slot].chance(symbol.variant)
    }

    /// Bets that have seen no slot of this scope.
    pub(super) fn bets(&self) -> Bets {
        Bets::new(&self.grids)
    }

    /// ln of each bet's factor.
    pub(super) fn ln_factors(&self, symbol: Symbol, matched: bool) -> &[f64] {
        &self.factors[symbol.slot][symbol.variant][usize::from(matched)]
    }
}

/// A process's part in a scope: which variants it has.
#[derive(Clone, Debug)]
pub(super) struct OwnVariants {
    /// Place among the desk's scopes.
    pub(super) scope: usize,
    /// 0 or 1 for each slot.
    pub(super) variants: Vec<usize>,
}

impl<'a> Desk<'a> {
    /// Scopes that some planting carries, in the order they were opened.
    pub(super) fn read_scopes(&self) -> Vec<ScopeDesk<'a>> {
        let evidence = self.evidence;
        let read = |row: &'a ScopeRow| {
            let planting = evidence.plantings.iter().find(|planting| planting.scope == row.name)?;
            ScopeDesk::new(self, row, planting)
        };
        evidence.scopes.iter().filter_map(read).collect()
    }

    /// Places, in the epoch's frozen lines, of all lines of the scope that
    /// `planting` carries.
    pub(super) fn slot_places(&self, planting: &PlantingRow) -> Vec<u32> {
        let scope = self.scopes.iter().find(|scope| scope.row.name == planting.scope);
        let slots = scope.into_iter().flat_map(|scope| &scope.slots);
        slots.flat_map(|slot| slot.variants.iter().flatten()).map(|line| self.evidence.rules.pool + line).collect()
    }

    /// The variants that `holder` has of the scope that `planting` carries.
    pub(super) fn own_variants(&self, holder: Holder<'_>, planting: &PlantingRow) -> Option<OwnVariants> {
        if planting.scope.is_empty() {
            return None;
        }
        let scope = self.scopes.iter().position(|scope| scope.row.name == planting.scope)?;
        let desk = &self.scopes[scope];
        let variants = self.evidence.codebook.slot_variants(holder, &desk.row.name, &desk.slots);
        Some(OwnVariants { scope, variants })
    }
}
