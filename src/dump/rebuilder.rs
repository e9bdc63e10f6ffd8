//! Canaries that a scan found, as they were planted.

use std::collections::BTreeMap;

use crate::canary::{Batch, Canary, Mint};
use crate::codebook::Codebook;
use crate::issue::{self, ScopeSlots, pool_numbers, stored_template};
use crate::key::MasterKey;
use crate::line::LineNumber;
use crate::registry::{BatchKey, EpochRow, Registry, ScopeRow};
use crate::template::Template;

use super::CanaryFound;

/// Names what planted a canary: epoch, account, and batch or scope.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceKey {
    /// Label of the epoch.
    pub epoch: String,
    /// Account; empty for a scope.
    pub account: String,
    /// Batch, or the scope's name.
    pub batch: String,
}

impl From<&CanaryFound> for SourceKey {
    fn from(found: &CanaryFound) -> Self {
        Self { epoch: found.epoch.clone(), account: found.account.clone(), batch: found.batch.clone() }
    }
}

/// Rebuilds canaries, source by source, where registry and master key are.
pub struct Rebuilder<'r> {
    registry: &'r dyn Registry,
    epochs: BTreeMap<String, Epoch>,
    templates: BTreeMap<String, Template>,
}

/// What canaries of an epoch are made from.
struct Epoch {
    row: EpochRow,
    codebook: Codebook,
    pool: Vec<LineNumber>,
    scopes: Vec<ScopeRow>,
}

impl<'r> Rebuilder<'r> {
    /// A rebuilder of all epochs.
    ///
    /// # Errors
    ///
    /// When the registry fails.
    pub fn new(registry: &'r dyn Registry, master: &MasterKey) -> issue::Result<Self> {
        let mut epochs = BTreeMap::new();
        for row in registry.epochs()? {
            let number = row.rules.epoch;
            let epoch = Epoch {
                codebook: Codebook::new(master, number, row.rules.sizes()),
                pool: pool_numbers(registry, number)?,
                scopes: registry.scopes(number)?,
                row,
            };
            epochs.insert(epoch.row.rules.label.clone(), epoch);
        }
        Ok(Self { registry, epochs, templates: BTreeMap::new() })
    }

    /// The canaries of a source in the order in which an index counts them;
    /// `None` where the registry knows of no such source.
    ///
    /// # Errors
    ///
    /// When the registry fails or holds a template that cannot be read.
    pub fn canaries(&mut self, key: &SourceKey) -> issue::Result<Option<Vec<Canary>>> {
        let Some(epoch) = self.epochs.get(&key.epoch) else { return Ok(None) };
        if key.account.is_empty() {
            let Some(scope) = epoch.scopes.iter().find(|scope| scope.name == key.batch) else { return Ok(None) };
            let template = template(self.registry, &mut self.templates, &scope.template)?;
            return Ok(Some(epoch.shared(template, scope)));
        }
        let number = epoch.row.rules.epoch;
        let batch = BatchKey { epoch: number, account: key.account.clone(), batch: key.batch.clone() };
        let Some(planting) = self.registry.planting(&batch)? else { return Ok(None) };
        let Some(account) = self.registry.account(number, &key.account)? else { return Ok(None) };
        let template = template(self.registry, &mut self.templates, &account.template)?;
        let mint = Mint::new(&epoch.codebook, template, &epoch.pool);
        let batch = Batch { account: &key.account, id: &key.batch, lines: planting.lines, roles: &planting.roles };
        Ok(Some(mint.canaries(&batch, &planting.serials)))
    }
}

impl Epoch {
    /// Shared rows: both variants of each slot, one after the other.
    fn shared(&self, template: &Template, scope: &ScopeRow) -> Vec<Canary> {
        let slots = ScopeSlots::rebuild(&self.codebook, &self.row.rules, template.roles(), scope);
        let mint = Mint::new(&self.codebook, template, &self.pool);
        let [first, second] = [0, 1].map(|variant| slots.canaries(&mint, &vec![variant; slots.slots().len()]));
        first.into_iter().zip(second).flat_map(<[Canary; 2]>::from).collect()
    }
}

fn template<'t>(
    registry: &dyn Registry,
    templates: &'t mut BTreeMap<String, Template>,
    hash: &str,
) -> issue::Result<&'t Template> {
    if !templates.contains_key(hash) {
        templates.insert(hash.to_owned(), stored_template(registry, hash)?);
    }
    Ok(&templates[hash])
}
