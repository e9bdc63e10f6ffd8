//! One epoch's case: everything attribution weighs, loaded from the registry.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::attribute::Evidence;
use crate::codebook::Codebook;
use crate::issue::stored_template;
use crate::key::MasterKey;
use crate::persona::PersonaMaker;
use crate::record::WaybillBlock as _;
use crate::registry::{
    AccountRow, AccusationRow, ActRow, Case, DecisionRow, EpochRow, LineUse, OpeningRow, PlantingRow, Registry,
    RevelationRow, ScopeRow, Tally,
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
    /// Decisions that count, in order.
    pub decisions: Vec<DecisionRow>,
    /// Decisions that do not.
    pub left_out: Tally,
    /// When the newest decided hit happened.
    pub newest_hit: Option<Timestamp>,
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
        let Case { accounts, plantings, weighed } = registry.case(number)?;
        let mut templates = BTreeMap::new();
        for account in &accounts {
            if !templates.contains_key(&*account.template) {
                templates.insert(account.template.to_string(), stored_template(registry, &account.template)?);
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
            plantings,
            decisions: weighed.confirmed,
            left_out: weighed.others,
            newest_hit: weighed.newest_hit,
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

    /// Leaves only what was known at `moment`: accounts bound, plantings made
    /// and hits decided before it, and what was seen or done by then. Decisions
    /// that do not count are not told apart by date: their number is dropped.
    pub fn keep_until(&mut self, moment: Timestamp) {
        self.accounts.retain(|row| row.start < moment);
        self.plantings.retain(|row| row.at < moment);
        self.decisions.retain(|row| row.decided < moment);
        self.left_out = Tally::default();
        self.newest_hit = self.decisions.iter().map(|row| row.at).max();
        self.openings.retain(|row| row.at < moment);
        self.revelations.retain(|row| row.at < moment);
        self.accusations.retain(|row| row.at < moment);
        self.acts.retain(|row| row.at < moment);
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
            left_out: self.left_out,
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
