//! What should be retired: canaries of epochs that have ended.
//!
//! A standing canary is due when its epoch ends, since the running epoch has
//! line sets of its own. Until the horizon has passed, calls to its line are
//! still evidence, so it is replaced and may be deleted, but its line stays
//! connected; afterwards nothing will be decided for it any more.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::codebook::Codebook;
use crate::epoch;
use crate::issue::{self, templates_in_use};
use crate::key::MasterKey;
use crate::record::WaybillBlock as _;
use crate::registry::{EpochRow, Registry};
use crate::rules::Rules;
use crate::template::Template;

/// Canaries of one planting, or of one scope, that should be retired.
#[derive(Clone, PartialEq, Eq)]
pub struct Due {
    /// Label of their epoch.
    pub epoch: String,
    /// Whose they are; empty for a scope's shared rows.
    pub account: String,
    /// Batch, or the scope's name; empty for standing canaries.
    pub batch: String,
    /// When they were planted.
    pub planted: Timestamp,
    /// How many.
    pub count: usize,
    /// Why they are due.
    pub why: Why,
    /// When that was, or will be.
    pub since: Timestamp,
    /// What takes their place.
    pub replacement: Replacement,
    serials: Vec<u64>,
    template: String,
    ordinal: u32,
}

impl Due {
    /// Whether they are an account's own, in the table that it exports from.
    pub fn is_standing(&self) -> bool {
        self.batch.is_empty() && !self.account.is_empty()
    }
}

/// Why canaries are due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Their epoch ends before long.
    EndsSoon,
    /// Their epoch has ended; late calls still count until its horizon.
    Ended,
    /// Their epoch's horizon has passed: nothing is decided for them any more.
    Decided,
}

/// What takes the place of canaries that are due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replacement {
    /// `trapline seed` in the running epoch, of this label.
    Seed(String),
    /// The account has standing canaries in the running epoch, of this label.
    Seeded(String),
    /// No epoch is open for today: one must be opened first.
    OpenEpoch,
    /// Nothing: an export is planted anew when it is made anew.
    Nothing,
}

impl Why {
    /// Its word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::EndsSoon => "ends-soon",
            Self::Ended => "ended",
            Self::Decided => "past-horizon",
        }
    }
}

/// Lists what is due at `now`, or within `ahead` of it, oldest epoch first.
///
/// # Errors
///
/// When the registry fails.
pub fn due(
    registry: &dyn Registry,
    now: Timestamp,
    ahead: SignedDuration,
    wanted: impl Fn(&EpochRow) -> bool,
) -> issue::Result<Vec<Due>> {
    let epochs = registry.epochs()?;
    let running = epoch::current(&epochs, now);
    let seeded: BTreeSet<String> = match running {
        Some(epoch) => registry
            .plantings(epoch.rules.epoch)?
            .into_iter()
            .filter(|planting| planting.key.batch.is_empty())
            .map(|planting| planting.key.account)
            .collect(),
        None => BTreeSet::new(),
    };
    let replacement = |account: &str, batch: &str| match running {
        _ if !batch.is_empty() => Replacement::Nothing,
        None => Replacement::OpenEpoch,
        Some(epoch) if seeded.contains(account) => Replacement::Seeded(epoch.rules.label.clone()),
        Some(epoch) => Replacement::Seed(epoch.rules.label.clone()),
    };
    let soon = now.checked_add(ahead).unwrap_or(Timestamp::MAX);
    let mut all = Vec::new();
    for row in epochs.iter().filter(|row| row.rules.ends <= soon && wanted(row)) {
        let rules = &row.rules;
        let horizon = epoch::horizon(rules);
        let (why, since) = match () {
            () if horizon <= now => (Why::Decided, horizon),
            () if rules.ends <= now => (Why::Ended, rules.ends),
            () => (Why::EndsSoon, rules.ends),
        };
        let templates: BTreeMap<String, _> =
            registry.accounts(rules.epoch)?.into_iter().map(|row| (row.name, row.template)).collect();
        let due = |account: String, batch: String, planted, serials: Vec<u64>, template: String| Due {
            epoch: rules.label.clone(),
            replacement: if why == Why::EndsSoon && batch.is_empty() {
                Replacement::OpenEpoch
            } else {
                replacement(&account, &batch)
            },
            account,
            batch,
            planted,
            count: serials.len(),
            why,
            since,
            serials,
            template,
            ordinal: rules.epoch,
        };
        for planting in registry.plantings(rules.epoch)? {
            let template = templates.get(&planting.key.account).map(ToString::to_string).unwrap_or_default();
            all.push(due(planting.key.account, planting.key.batch, planting.at, planting.serials, template));
        }
        for scope in registry.scopes(rules.epoch)? {
            all.push(due(String::new(), scope.name, scope.opened, scope.serials, scope.template));
        }
    }
    Ok(all)
}

/// Numbers of canaries that are due.
pub struct DueNumbers<'m> {
    master: &'m MasterKey,
    rules: BTreeMap<u32, Rules>,
    templates: BTreeMap<String, Template>,
}

impl<'m> DueNumbers<'m> {
    /// Makes numbers from a registry and its key.
    ///
    /// # Errors
    ///
    /// When the registry fails or holds a template that cannot be read.
    pub fn new(registry: &dyn Registry, master: &'m MasterKey) -> issue::Result<Self> {
        let rules = registry.epochs()?.into_iter().map(|row| (row.rules.epoch, row.rules)).collect();
        let templates = templates_in_use(registry)?.into_iter();
        Ok(Self {
            master,
            rules,
            templates: templates.map(|template| (template.hash().to_owned(), template)).collect(),
        })
    }

    /// The numbers of what is [`Why::Decided`], as its template writes them;
    /// none of anything else, and none where the template has no numbers.
    pub fn of(&self, due: &Due) -> Vec<String> {
        let rules = self.rules.get(&due.ordinal).filter(|_| due.why == Why::Decided);
        let block = self.templates.get(&due.template).and_then(Template::block);
        let (Some(rules), Some(block)) = (rules, block) else { return Vec::new() };
        let codebook = Codebook::new(self.master, due.ordinal, rules.sizes());
        let permutation = codebook.permutation(block.id(), block.size());
        let in_block = due.serials.iter().filter(|&&serial| serial < block.size());
        in_block.map(|&serial| block.number(permutation.apply(serial))).collect()
    }
}
