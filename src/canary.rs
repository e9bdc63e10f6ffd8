//! A canary, rebuilt from key, template, source and planting.
//!
//! Nothing of a canary is stored but the serial of its number; the rest follows
//! from derivation. What a file's context gave it (times, copied senders) is
//! kept sealed with the planting and is never evidence.

use jiff::ToSpan;
use jiff::civil::Date;

use crate::codebook::{Codebook, Holder, Permutation};
use crate::line::LineNumber;
use crate::persona::{Persona, PersonaMaker, Role};
use crate::record::{ColumnRole, Record, WaybillBlock};
use crate::template::{CanaryInput, Template};

/// One fake waybill.
#[derive(Clone, Debug)]
pub struct Canary {
    /// Place among the batch's canaries, from 0.
    pub index: u32,
    /// Its number, where the template has one.
    pub number: Option<String>,
    /// Who stands at either end with a line of ours.
    pub people: Vec<Person>,
    /// Its columns.
    pub record: Record,
}

/// A line and whom it pretends to be.
#[derive(Clone, Debug)]
pub struct Person {
    /// Which end of the parcel.
    pub role: Role,
    /// Place of the line in the epoch's pool.
    pub line: u32,
    /// The line.
    pub number: LineNumber,
    /// Whom it pretends to be for this account.
    pub persona: Persona,
}

/// The inputs of derivation that a planting fixes.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// Account.
    pub account: &'a str,
    /// Batch id; empty for standing canaries.
    pub id: &'a str,
    /// Distinct lines (t).
    pub lines: u32,
    /// Roles that wear a line, in dealing order.
    pub roles: &'a [Role],
}

/// Rebuilds the canaries of one template in one epoch.
pub struct Mint<'a> {
    codebook: &'a Codebook,
    template: &'a Template,
    pool: &'a [LineNumber],
    numbers: Option<Permutation>,
}

impl<'a> Mint<'a> {
    /// `pool` holds the epoch's lines by place.
    pub fn new(codebook: &'a Codebook, template: &'a Template, pool: &'a [LineNumber]) -> Self {
        let numbers = template.block().map(|block| codebook.permutation(block.id(), block.size()));
        Self { codebook, template, pool, numbers }
    }

    /// The waybill number of `serial`, where the template has numbers.
    pub fn number(&self, serial: u64) -> Option<String> {
        let block = self.template.block()?;
        Some(block.number(self.numbers.as_ref()?.apply(serial)))
    }

    /// The batch's lines, by place in the pool and in the order of its rows.
    pub fn lines(&self, batch: &Batch<'_>) -> Vec<u32> {
        if batch.lines == 0 {
            return Vec::new();
        }
        let holder = Holder::Account(batch.account);
        let lines = self.codebook.account_lines(holder);
        if batch.id.is_empty() {
            lines.standing
        } else {
            self.codebook.batch_lines(holder, &lines, batch.id, batch.lines)
        }
    }

    /// The batch's canaries, one for each serial.
    pub fn canaries(&self, batch: &Batch<'_>, serials: &[u64]) -> Vec<Canary> {
        let lines = self.lines(batch);
        let each = batch.roles.len();
        serials
            .iter()
            .enumerate()
            .map(|(index, &serial)| {
                let own = lines.get(index * each..(index + 1) * each).unwrap_or_default();
                self.canary(batch, index as u32, serial, own)
            })
            .collect()
    }

    /// What a canary that is in no file yet holds in a column that a planted
    /// row would copy from its neighbour or fit between its neighbours: a time
    /// of one of the fourteen days before `today`, a stand-in, or nothing.
    pub fn scratch(&self, batch: &Batch<'_>, index: u32, role: &ColumnRole, today: Date) -> String {
        let seed = self.codebook.parcel_seed(Holder::Account(batch.account), batch.id, index);
        let back = i64::from(1 + seed[31] % 14);
        let day = today.checked_sub(back.days()).unwrap_or(today);
        self.template.scratch(role, &seed, day).unwrap_or_default()
    }

    fn canary(&self, batch: &Batch<'_>, index: u32, serial: u64, lines: &[u32]) -> Canary {
        let holder = Holder::Account(batch.account);
        let people: Vec<Person> = batch
            .roles
            .iter()
            .zip(lines)
            .map(|(&role, &line)| Person {
                role,
                line,
                number: self.pool[line as usize].clone(),
                persona: self.template.persona(role, &self.codebook.persona_seed(holder, role, line)),
            })
            .collect();
        let worn: Vec<_> = people.iter().map(|person| (person.role, &person.persona, &person.number)).collect();
        let record = self.template.record(&CanaryInput {
            number_place: self.numbers.as_ref().map(|numbers| numbers.apply(serial)),
            people: &worn,
            parcel_seed: &self.codebook.parcel_seed(holder, batch.id, index),
        });
        Canary { index, number: self.number(serial), people, record }
    }
}
