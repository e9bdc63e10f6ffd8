//! Everything that a registry says was planted, as scrubbing asks for it.
//!
//! A number is read backwards: its block gives the place in it, the epoch's
//! permutation the serial, and the set of planted serials says whether that is
//! a canary. Nothing on that way is lossy, so nothing needs to be confirmed,
//! and a number of no block, as nearly every real one, is told by its first
//! letters (docs/decisions/0022).

use std::collections::{BTreeMap, BTreeSet, HashSet};

use rayon::prelude::*;

use super::serials::Serials;
use super::{Kind, Known, written};
use crate::codebook::{Codebook, Permutation};
use crate::issue::{self, columns, stored_template, templates_in_use};
use crate::key::MasterKey;
use crate::plant::ColumnSpec;
use crate::record::WaybillBlock as _;
use crate::registry::{LineUse, PlantingRow, Registry};
use crate::rules::Rules;
use crate::template::{Block, Template};

/// All canaries' numbers and all trap lines of a registry.
pub struct Register {
    blocks: Vec<Numbers>,
    lines: HashSet<String>,
    templates: Vec<Vec<ColumnSpec>>,
}

/// Numbers of one template, in all epochs.
struct Numbers {
    template: Template,
    /// What its numbers begin with: real ones are told by it.
    heads: Vec<String>,
    epochs: Vec<(Permutation, Serials)>,
}

impl Register {
    /// Reads what was planted in all epochs.
    ///
    /// # Errors
    ///
    /// When the registry fails or holds a template that cannot be read.
    pub fn read(registry: &dyn Registry, master: &MasterKey) -> issue::Result<Self> {
        let lines = registry.lines()?;
        let lines = lines.iter().filter(|row| row.line.line_use == LineUse::Trap);
        let mut register = Self {
            blocks: Vec::new(),
            lines: lines.flat_map(|row| written::writings(&row.line.number)).collect(),
            templates: templates_in_use(registry)?.iter().map(columns).collect(),
        };
        for epoch in registry.epochs()? {
            register.add_epoch(registry, master, &epoch.rules)?;
        }
        Ok(register)
    }

    fn add_epoch(&mut self, registry: &dyn Registry, master: &MasterKey, rules: &Rules) -> issue::Result<()> {
        let mut by_template: BTreeMap<String, Serials> = BTreeMap::new();
        let accounts: BTreeMap<String, _> =
            registry.accounts(rules.epoch)?.into_iter().map(|row| (row.name, row.template)).collect();
        let mut with_scope: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for row in registry.plantings(rules.epoch)? {
            let PlantingRow { id, key, serials, scope, .. } = row;
            if !scope.is_empty() {
                with_scope.entry(scope).or_default().push(id);
            }
            let Some(template) = accounts.get(&key.account) else { continue };
            let kind = if key.batch.is_empty() { Kind::Standing } else { Kind::Batch };
            by_template.entry(template.to_string()).or_default().add(serials, kind);
        }
        for row in registry.scopes(rules.epoch)? {
            let plantings = with_scope.get(&row.name).map_or(&[][..], Vec::as_slice);
            let planted = planted_of(registry, &row.serials, plantings)?;
            by_template.entry(row.template).or_default().add(planted, Kind::Shared);
        }
        let codebook = Codebook::new(master, rules.epoch, rules.sizes());
        for (hash, mut serials) in by_template {
            serials.settle();
            let place = match self.blocks.iter().position(|numbers| numbers.template.hash() == hash) {
                Some(place) => place,
                None => {
                    self.blocks.push(Numbers::new(stored_template(registry, &hash)?));
                    self.blocks.len() - 1
                }
            };
            let numbers = &mut self.blocks[place];
            if let Some(block) = numbers.template.block() {
                numbers.epochs.push((codebook.permutation(block.id(), block.size()), serials));
            }
        }
        Ok(())
    }

    /// Columns of every template that is in use.
    pub fn templates(&self) -> &[Vec<ColumnSpec>] {
        &self.templates
    }

    /// What `of` makes of every number, in every writing of its template.
    pub(super) fn numbers<T: Send>(&self, of: impl Fn(&str) -> Option<T> + Sync) -> Vec<T> {
        let mut all = Vec::new();
        for numbers in &self.blocks {
            let Some(block) = numbers.template.block() else { continue };
            for (permutation, serials) in &numbers.epochs {
                // A damaged registry must not be read past the block's end.
                let serials: Vec<u64> = serials.iter().filter(|&serial| serial < block.size()).collect();
                let permutation = permutation.clone().ready_for(serials.len() as u64);
                all.par_extend(serials.into_par_iter().flat_map_iter(|serial| {
                    let place = permutation.apply(serial);
                    block.forms().filter_map(|form| of(&block.write(form, place))).collect::<Vec<_>>()
                }));
            }
        }
        all
    }

    /// Every line, in every writing.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }
}

/// Serials of a scope that stand in some export.
///
/// A slot is left out where a real row has its number: that row is no canary.
fn planted_of(registry: &dyn Registry, serials: &[u64], plantings: &[i64]) -> issue::Result<BTreeSet<u64>> {
    let mut planted = BTreeSet::new();
    for &id in plantings {
        // A few exports hold all rows of their scope; the others need not be opened.
        if planted.len() == serials.len() {
            break;
        }
        planted.extend(registry.planted_rows(id)?.shared.iter().map(|row| row.serial));
    }
    Ok(planted)
}

impl Numbers {
    fn new(template: Template) -> Self {
        let heads = template.block().into_iter().flat_map(Block::forms).map(|form| form.head().into_owned()).collect();
        Self { template, heads, epochs: Vec::new() }
    }

    /// What a number was planted as.
    fn kind(&self, number: &str) -> Option<Kind> {
        if !self.heads.iter().any(|head| number.starts_with(head.as_str())) {
            return None;
        }
        let block = self.template.block()?;
        // Two forms may both fit a number; writing it back settled each.
        block.forms().filter_map(|form| form.place(number, block.size())).find_map(|place| {
            self.epochs.iter().find_map(|(permutation, serials)| serials.kind(permutation.invert(place)))
        })
    }
}

impl Known for Register {
    fn number(&self, number: &str) -> Option<Kind> {
        self.blocks.iter().find_map(|numbers| numbers.kind(number))
    }

    fn phone(&self, phone: &str) -> bool {
        self.lines.contains(phone)
    }
}
