//! Accounts that leak nothing: registered, and never woven, since nobody will
//! ever read their exports.

use jiff::Timestamp;

use crate::issue;
use crate::record::WaybillBlock as _;
use crate::registry::{BatchKey, NewPlanting, NewScope, PlantedRow, PlantedRows, Registry};
use crate::template::Template;

/// One planting for each of `accounts`.
pub(super) struct Bystanders<'a> {
    pub(super) epoch: u32,
    pub(super) template: &'a Template,
    pub(super) batch: &'a str,
    pub(super) canaries: u32,
    pub(super) accounts: &'a [&'a str],
    /// The scope that the first so many of them plant under.
    pub(super) scope: Option<(NewScope, usize)>,
    pub(super) now: Timestamp,
}

impl Bystanders<'_> {
    /// Binds the accounts and registers their plantings.
    pub(super) fn register(&self, registry: &mut dyn Registry) -> issue::Result<()> {
        registry.bind_accounts(self.epoch, self.accounts, self.template.hash(), self.now)?;
        if let Some((scope, _)) = &self.scope {
            registry.open_scope(scope, self.now)?;
        }
        let count = u64::from(self.canaries);
        let (block, first) = match self.template.block() {
            Some(block) => {
                let wanted = count * self.accounts.len() as u64;
                (block.id().to_owned(), registry.allocate_serials(block.id(), block.size(), wanted)?)
            }
            None => (String::new(), 0),
        };
        let plantings: Vec<NewPlanting> = self
            .accounts
            .iter()
            .enumerate()
            .map(|(place, account)| NewPlanting {
                scope: self.scope_of(place).to_owned(),
                ..self.planting(account, &block, first + place as u64 * count)
            })
            .collect();
        registry.plant_many(&plantings)?;
        Ok(())
    }

    fn scope_of(&self, place: usize) -> &str {
        self.scope.as_ref().filter(|(_, accounts)| place < *accounts).map_or("", |(scope, _)| &scope.name)
    }

    fn planting(&self, account: &str, block: &str, first: u64) -> NewPlanting {
        let rows = (first..first + u64::from(self.canaries))
            .map(|serial| PlantedRow { serial, ..PlantedRow::default() })
            .collect();
        NewPlanting {
            key: BatchKey { epoch: self.epoch, account: account.to_owned(), batch: self.batch.to_owned() },
            lines: self.canaries * self.template.roles().len() as u32,
            roles: self.template.roles().to_vec(),
            block: block.to_owned(),
            at: self.now,
            input_hash: format!("unwoven {account}"),
            input_bytes: 0,
            scope: String::new(),
            rows: PlantedRows { rows, ..PlantedRows::default() },
        }
    }
}
