//! One epoch's case: everything attribution weighs, loaded from the registry.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::attribute::Evidence;
use crate::codebook::Codebook;
use crate::issue::stored_template;
use crate::key::MasterKey;
use crate::persona::PersonaMaker;
use crate::record::WaybillBlock as _;
use crate::registry::{
    AccountRow, AccusationRow, ActRow, DecisionRow, EpochRow, LineUse, OpeningRow, PlantingRow, Registry,
    RevelationRow, ScopeRow,
};
use crate::template::Template;

/// The evidence of one epoch, owned.
pub struct CaseFile {
    /// The epoch and its rules.
    pub epoch: EpochRow,
    /// Its codewords.
    pub codebook: Codebook,
    /// Line ids by place in the pool.
    pub pool: Vec<i64>,
    /// Ids of the lines of shared slots, by place.
    pub slot_lines: Vec<i64>,
    /// Row ids of control lines.
    pub control: Vec<i64>,
    /// Accounts by ordinal.
    pub accounts: Vec<AccountRow>,
    /// Plantings in order.
    pub plantings: Vec<PlantingRow>,
    /// Decisions in order.
    pub decisions: Vec<DecisionRow>,
    /// Scopes of shared slots.
    pub scopes: Vec<ScopeRow>,
    /// Accusations in order.
    pub accusations: Vec<AccusationRow>,
    /// Acts that were recorded.
    pub acts: Vec<ActRow>,
    /// Accounts opened for level 2.
    pub openings: Vec<OpeningRow>,
    /// What somebody saw of codewords.
    pub revelations: Vec<RevelationRow>,
    /// Templates by hash.
    pub templates: BTreeMap<String, Template>,
    makers: BTreeMap<String, Arc<dyn PersonaMaker>>,
    blocks: BTreeMap<String, u64>,
}

impl CaseFile {
    /// Loads the case of one epoch.
    ///
    /// # Errors
    ///
    /// When the registry fails or holds a template that cannot be read.
    pub fn load(registry: &dyn Registry, master: &MasterKey, epoch: &EpochRow) -> crate::issue::Result<Self> {
        let number = epoch.rules.epoch;
        let accounts = registry.accounts(number)?;
        let mut templates = BTreeMap::new();
        for account in &accounts {
            if !templates.contains_key(&account.template) {
                templates.insert(account.template.clone(), stored_template(registry, &account.template)?);
            }
        }
        let makers = templates
            .iter()
            .map(|(hash, template)| (hash.clone(), Arc::new(template.clone()) as Arc<dyn PersonaMaker>))
            .collect();
        let blocks =
            templates.values().filter_map(Template::block).map(|block| (block.id().to_owned(), block.size())).collect();
        let lines = registry.lines()?;
        let mut pool = registry.pool(number)?;
        let slot_lines = pool.split_off(pool.len().min(epoch.rules.pool as usize));
        Ok(Self {
            control: lines.iter().filter(|row| row.line.line_use == LineUse::Control).map(|row| row.id).collect(),
            codebook: Codebook::new(master, number, epoch.rules.sizes()),
            pool,
            slot_lines,
            accounts,
            plantings: registry.plantings(number)?,
            decisions: registry.decisions(number)?,
            scopes: registry.scopes(number)?,
            accusations: registry.accusations(number)?,
            acts: registry.acts(number)?,
            openings: registry.openings(number)?,
            revelations: registry.revelations(number)?,
            epoch: epoch.clone(),
            templates,
            makers,
            blocks,
        })
    }

    /// Lends the evidence.
    pub fn evidence(&self) -> Evidence<'_> {
        Evidence {
            rules: &self.epoch.rules,
            codebook: &self.codebook,
            pool: &self.pool,
            slot_lines: &self.slot_lines,
            control: &self.control,
            accounts: &self.accounts,
            plantings: &self.plantings,
            decisions: &self.decisions,
            scopes: &self.scopes,
            accusations: &self.accusations,
            acts: &self.acts,
            openings: &self.openings,
            revelations: &self.revelations,
            makers: &self.makers,
            blocks: &self.blocks,
        }
    }
}
