//! One epoch in memory, with all that belongs to it alone.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use crate::registry::{AccountRow, DecisionRow, EpochRow, OpeningRow, Result, refusal, times};
use crate::rules::Rules;

#[derive(Clone, Debug)]
pub(super) struct Epoch {
    pub(super) row: EpochRow,
    pub(super) pool: Vec<i64>,
    pub(super) accounts: Vec<AccountRow>,
    pub(super) ordinals: HashMap<String, usize>,
    /// Plantings of each account so far, by ordinal.
    pub(super) planted: Vec<u32>,
    pub(super) decisions: Vec<DecisionRow>,
    pub(super) decided: HashSet<i64>,
    pub(super) openings: Vec<OpeningRow>,
}

impl Epoch {
    pub(super) fn open(rules: &Rules, pool: &[i64], now: Timestamp) -> Self {
        Self {
            row: EpochRow { rules: rules.clone(), rules_hash: rules.hash(), opened: times::kept(now) },
            pool: pool.to_vec(),
            accounts: Vec::new(),
            ordinals: HashMap::new(),
            planted: Vec::new(),
            decisions: Vec::new(),
            decided: HashSet::new(),
            openings: Vec::new(),
        }
    }

    /// Binds one account; one that is bound keeps what it has.
    pub(super) fn bind(&mut self, name: &str, template: &str, start: Timestamp, n_max: u64) -> Result<AccountRow> {
        let epoch = self.row.rules.epoch;
        if let Some(&ordinal) = self.ordinals.get(name) {
            let bound = &self.accounts[ordinal];
            let same = *bound.template == *template;
            return if same { Ok(bound.clone()) } else { Err(refusal::bound_otherwise(epoch, name)) };
        }
        let ordinal = self.accounts.len();
        if ordinal as u64 >= n_max {
            return Err(refusal::too_many(epoch, n_max));
        }
        let row = AccountRow { ordinal: ordinal as u32, name: name.to_owned(), template: template.into(), start };
        self.ordinals.insert(name.to_owned(), ordinal);
        self.accounts.push(row.clone());
        self.planted.push(0);
        Ok(row)
    }

    /// Takes back all accounts from `length` on.
    pub(super) fn unbind(&mut self, length: usize) {
        for row in self.accounts.drain(length..) {
            self.ordinals.remove(&row.name);
        }
        self.planted.truncate(length);
    }
}
