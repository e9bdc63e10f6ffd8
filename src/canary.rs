//! A canary, rebuilt from key, template, source and planting.
//!
//! Nothing of a canary is stored but the serial of its number; the rest follows
//! from derivation. What a file's context gave it (times, copied senders) is
//! kept sealed with the planting and is never evidence.

use jiff::ToSpan;
use jiff::civil::Date;

use crate::codebook::{Codebook, Holder, Permutation, SharedSlot};
use crate::derive::Seed;
use crate::line::LineNumber;
use crate::persona::{Persona, PersonaMaker, Role};
use crate::record::{ColumnRole, Record, Value, WaybillBlock};
use crate::template::{CanaryInput, Template};

/// One fake waybill.
#[derive(Clone, Debug)]
pub struct Canary {
    /// Place among the batch's canaries, from 0; of a shared row, its slot.
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
    /// Place of the line among the epoch's frozen lines: in the pool, or, of a
    /// shared row, behind it.
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
    /// Distinct lines (t). Canaries beyond them wear one again where the
    /// template says that customers return, and none otherwise.
    pub lines: u32,
    /// Roles that wear a line, in dealing order.
    pub roles: &'a [Role],
}

/// What a scope's shared rows are made from.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// What the operator calls the data set.
    pub name: &'a str,
    /// Its slots.
    pub slots: &'a [SharedSlot],
    /// Serials: of slot `s` and variant `v` at `2 s + v`.
    pub serials: &'a [u64],
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
    /// `pool` holds the epoch's frozen lines by place; without those of shared
    /// slots, only [`Mint::shared`] is missing.
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
        let (holder, each) = (Holder::Account(batch.account), batch.roles.len());
        let people = lines.len().checked_div(each).unwrap_or(0);
        (0..)
            .zip(serials)
            .map(|(index, &serial)| {
                let parcel = self.codebook.parcel_seed(holder, batch.id, index as u32);
                let person = if index < people { index } else { self.returning(&parcel, people).unwrap_or(index) };
                let own = lines.get(person * each..(person + 1) * each).unwrap_or_default();
                let people = self.people(holder, batch.roles.iter().copied().zip(own.iter().copied()));
                self.canary(index as u32, people, serial, &parcel)
            })
            .collect()
    }

    /// Who comes again, in a canary beyond the batch's lines.
    fn returning(&self, parcel: &Seed, people: usize) -> Option<usize> {
        let ticket = usize::from(u16::from_le_bytes([parcel[28], parcel[29]]));
        (self.template.repeats() > 0 && people > 0).then(|| ticket % people)
    }

    /// The shared rows of a scope, one for each slot, in these variants.
    ///
    /// Nothing of them belongs to an account: whoever has the same variant has
    /// the same row.
    ///
    /// # Panics
    ///
    /// If a variant is neither 0 nor 1, or the scope has fewer serials or the
    /// pool fewer lines than its slots need.
    pub fn shared(&self, scope: &Scope<'_>, variants: &[usize]) -> Vec<Canary> {
        let holder = Holder::Scope(scope.name);
        let first = self.codebook.sizes().pool;
        let slots = (0..).zip(scope.slots.iter().zip(variants));
        slots
            .map(|(slot, (lines, &variant)): (u32, _)| {
                let place = 2 * slot + variant as u32;
                let lines = lines.variants[variant].iter().map(|line| first + line);
                let people = self.people(holder, scope.roles.iter().copied().zip(lines));
                let parcel = self.codebook.parcel_seed(holder, "", place);
                self.canary(slot, people, scope.serials[place as usize], &parcel)
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

    /// What [`Mint::scratch`] says, and for a value that waits for its row's
    /// copies what it is beside those.
    pub fn stand_in(&self, batch: &Batch<'_>, canary: &Canary, role: &ColumnRole, today: Date) -> String {
        let scratch = |role: &ColumnRole| self.scratch(batch, canary.index, role, today);
        match canary.record.value(role) {
            Some(Value::Text(text)) => text.clone(),
            Some(Value::Given(given)) => given.beside(&|role| Some(scratch(role))).unwrap_or_default(),
            Some(Value::Between | Value::Copied) | None => scratch(role),
        }
    }

    /// Dresses lines, each in its role, in the persons that `holder` gives them.
    fn people(&self, holder: Holder<'_>, worn: impl Iterator<Item = (Role, u32)>) -> Vec<Person> {
        worn.map(|(role, line)| Person {
            role,
            line,
            number: self.pool[line as usize].clone(),
            persona: self.template.persona(role, &self.codebook.persona_seed(holder, role, line)),
        })
        .collect()
    }

    fn canary(&self, index: u32, people: Vec<Person>, serial: u64, parcel_seed: &Seed) -> Canary {
        let worn: Vec<_> = people.iter().map(|person| (person.role, &person.persona, &person.number)).collect();
        let record = self.template.record(&CanaryInput {
            number_place: self.numbers.as_ref().map(|numbers| numbers.apply(serial)),
            people: &worn,
            parcel_seed,
        });
        Canary { index, number: self.number(serial), people, record }
    }
}
