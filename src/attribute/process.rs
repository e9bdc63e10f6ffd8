//! The processes that may accuse: what each one owns, and when it starts.
//!
//! An account has its own process over C_a and one pair process over C_b for
//! each planting; both are judged on their own thresholds and never summed,
//! since they start at different times. Level 2 asks about C_b within
//! C_a \ S_a. A ghost has the same processes and was never planted.

use jiff::Timestamp;

use crate::codebook::{AccountLines, Holder};
use crate::persona::{PersonaMaker, Role};
use crate::registry::{PlantingRow, RevelationRow, Route};

use super::evidence::Desk;
use super::scope::OwnVariants;

/// One process, ready to be asked.
pub(super) struct Process<'a> {
    pub(super) holder: Holder<'a>,
    pub(super) route: Route,
    pub(super) batch: &'a str,
    pub(super) start: Timestamp,
    /// Lines that its own were drawn from.
    pub(super) pool: u32,
    /// If given (rising), queries are about these lines only.
    pub(super) domain: Option<Vec<u32>>,
    /// Its own lines, rising.
    pub(super) own: Vec<u32>,
    /// Roles at which its lines have a persona that counts; none: names are
    /// no bets.
    pub(super) roles: Vec<Role>,
    pub(super) maker: Option<&'a dyn PersonaMaker>,
    /// Hash of the template that the maker is of.
    pub(super) template: &'a str,
    pub(super) numbers: Vec<OwnNumbers>,
    /// Its variants of shared slots.
    pub(super) variants: Option<OwnVariants>,
    /// What somebody saw, in order.
    pub(super) shown: Vec<Shown>,
    pub(super) ln_threshold: f64,
}

/// Its waybill numbers in one block.
pub(super) struct OwnNumbers {
    pub(super) block: usize,
    pub(super) count: u64,
    pub(super) plantings: Vec<usize>,
}

/// Membership bits that somebody saw.
pub(super) struct Shown {
    /// Queries of later decisions are affected.
    pub(super) after_seq: u64,
    /// Which; `None` for all.
    pub(super) lines: Option<Vec<u32>>,
    /// Whether all numbers were seen too.
    pub(super) numbers: bool,
    /// Serials of single numbers that were seen.
    pub(super) serials: Vec<u64>,
}

impl<'a> Process<'a> {
    /// The process of an account over C_a.
    pub(super) fn of_account(desk: &Desk<'a>, account: usize, lines: &AccountLines) -> Self {
        let rules = desk.evidence.rules;
        let row = &desk.evidence.accounts[account];
        // What was planted by its start, and nothing that came later: own
        // numbers and roles may not grow while the process runs.
        let first: Vec<usize> =
            desk.plantings[account].iter().copied().filter(|&p| desk.evidence.plantings[p].at <= row.start).collect();
        let mut roles: Vec<Role> = first.iter().flat_map(|&p| &desk.evidence.plantings[p].roles).copied().collect();
        if first.is_empty() {
            roles = vec![Role::Recipient];
        }
        Self {
            holder: Holder::Account(&row.name),
            route: Route::Account,
            batch: "",
            start: row.start,
            pool: rules.pool,
            domain: None,
            own: lines.all.clone(),
            roles: distinct(roles),
            maker: desk.maker(account),
            template: &desk.evidence.accounts[account].template,
            numbers: own_numbers(desk, &first),
            // Slots came with a planting: they are that pair process's.
            variants: None,
            shown: desk.shown(account, lines, None),
            ln_threshold: rules.ln_account_threshold(),
        }
    }

    /// The pair process of a planting over C_b.
    pub(super) fn of_planting(desk: &Desk<'a>, account: usize, planting: usize, lines: &AccountLines) -> Self {
        let row = &desk.evidence.plantings[planting];
        let holder = Holder::Account(&desk.evidence.accounts[account].name);
        Self {
            holder,
            route: Route::Pair,
            batch: &row.key.batch,
            start: row.at,
            pool: desk.evidence.rules.pool,
            domain: None,
            own: desk.batch_set(holder, row, lines),
            roles: distinct(row.roles.clone()),
            maker: desk.maker(account),
            template: &desk.evidence.accounts[account].template,
            numbers: own_numbers(desk, &[planting]),
            variants: desk.own_variants(holder, row),
            shown: desk.shown(account, lines, Some(&row.key.batch)),
            ln_threshold: desk.evidence.rules.ln_pair_threshold(row.j),
        }
    }

    /// Level 2 of a planting: C_b within C_a \ S_a. Personas belong to the
    /// account and are no bets here.
    pub(super) fn of_batch(
        desk: &Desk<'a>,
        account: usize,
        planting: usize,
        lines: &AccountLines,
        ln_threshold: f64,
    ) -> Self {
        let domain = lines.batch_pool();
        let batch = &desk.evidence.plantings[planting].key.batch;
        Self {
            route: Route::Batch,
            pool: domain.len() as u32,
            domain: Some(domain),
            roles: Vec::new(),
            maker: None,
            variants: None,
            shown: desk.shown_batch(account, batch),
            ln_threshold,
            ..Self::of_planting(desk, account, planting, lines)
        }
    }
}

impl Process<'_> {
    /// Whether statements about persons are questions to it.
    pub(super) fn asks_names(&self) -> bool {
        self.maker.is_some() && !self.roles.is_empty()
    }
}

impl<'a> Desk<'a> {
    /// C_b, rising; S_a for standing canaries.
    pub(super) fn batch_set(&self, holder: Holder<'_>, row: &PlantingRow, lines: &AccountLines) -> Vec<u32> {
        if row.key.batch.is_empty() {
            return lines.standing.clone();
        }
        let mut own = self.evidence.codebook.batch_lines(holder, lines, &row.key.batch, row.lines);
        own.sort_unstable();
        own
    }

    /// What was seen that tells about the account's process, or about the pair
    /// process of `batch`.
    fn shown(&self, account: usize, lines: &AccountLines, batch: Option<&str>) -> Vec<Shown> {
        let Some(rows) = self.revelations.get(&account) else { return Vec::new() };
        let holder = Holder::Account(&self.evidence.accounts[account].name);
        let one = |row: &&RevelationRow| {
            let seen = &row.revelation;
            let all = seen.is_everything();
            let (lines, numbers) = match &seen.batch {
                _ if !all => (Some(seen.lines.clone()), false),
                None => (None, true),
                Some(shown) if batch == Some(shown) => (None, true),
                // C_b of another batch of the account tells which of its lines
                // the account has, and which of them this batch has.
                Some(shown) => {
                    let planting = self.plantings[account]
                        .iter()
                        .map(|&p| &self.evidence.plantings[p])
                        .find(|p| p.key.batch == *shown);
                    let mut set = planting.map(|p| self.batch_set(holder, p, lines)).unwrap_or_default();
                    // Variants are the account's: its other batch shows the same.
                    set.extend(planting.into_iter().flat_map(|p| self.slot_places(p)));
                    (Some(set), batch.is_none())
                }
            };
            Shown { after_seq: row.after_seq, lines, numbers, serials: seen.numbers.clone() }
        };
        rows.iter().map(one).collect()
    }

    /// What was seen of a batch: later hits do not count for it at level 2.
    fn shown_batch(&self, account: usize, batch: &str) -> Vec<Shown> {
        let Some(rows) = self.revelations.get(&account) else { return Vec::new() };
        rows.iter()
            .filter(|row| match &row.revelation.batch {
                Some(shown) => shown == batch,
                None => row.revelation.is_everything(),
            })
            .map(|row| Shown {
                after_seq: row.after_seq,
                lines: (!row.revelation.is_everything()).then(|| row.revelation.lines.clone()),
                numbers: row.revelation.is_everything(),
                serials: row.revelation.numbers.clone(),
            })
            .collect()
    }
}

pub(super) fn distinct(mut roles: Vec<Role>) -> Vec<Role> {
    roles.sort_by_key(|role| role.name());
    roles.dedup();
    roles
}

fn own_numbers(desk: &Desk<'_>, plantings: &[usize]) -> Vec<OwnNumbers> {
    let mut numbers: Vec<OwnNumbers> = Vec::new();
    for &planting in plantings {
        let row = &desk.evidence.plantings[planting];
        let Some(block) = desk.evidence.blocks.keys().position(|id| *id == row.block) else { continue };
        if row.serials.is_empty() {
            continue;
        }
        let count = row.serials.len() as u64;
        match numbers.iter_mut().find(|own| own.block == block) {
            Some(own) => {
                own.count += count;
                own.plantings.push(planting);
            }
            None => numbers.push(OwnNumbers { block, count, plantings: vec![planting] }),
        }
    }
    numbers
}
