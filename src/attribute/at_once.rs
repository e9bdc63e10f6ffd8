//! One full record that accuses by itself.
//!
//! A row of a dump that agrees with one canary in its line, its person and its
//! number cannot have come about by accident. The record must agree in every
//! kind of thing it holds; the chance that a record agrees with one given
//! canary is then the product of the kinds' chances, and the threshold pays for
//! all records that may be examined and all canaries that may be planted.
//! Records that do not agree need no bookkeeping.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::codebook::Holder;
use crate::persona::{PersonaMaker, Role};

use super::account::lines_of;
use super::evidence::{Call, Desk};
use super::verdict::AtOnceRecord;

/// Every role that a person of a row can have.
const ROLES: [Role; 2] = [Role::Sender, Role::Recipient];

/// A canary: its planting and its place there.
type Canary = (usize, u32);

/// Records that agree with a canary, by account, in order of decisions.
///
/// `only` restricts the answer to one account.
pub(super) fn records(desk: &Desk<'_>, only: Option<usize>) -> BTreeMap<usize, Vec<AtOnceRecord>> {
    let mut records: BTreeMap<usize, Vec<AtOnceRecord>> = BTreeMap::new();
    for call in &desk.calls {
        for (planting, index) in candidates(desk, call, only) {
            let Some(account) = desk.planter[planting].filter(|&account| only.is_none_or(|only| only == account))
            else {
                continue;
            };
            if let Some(record) = compare(desk, call, account, planting, index) {
                records.entry(account).or_default().push(record);
            }
        }
    }
    records
}

/// Canaries worth a comparison: the owner of the record's number, or, without
/// one, all that a record of this kind could accuse.
fn candidates(desk: &Desk<'_>, call: &Call, only: Option<usize>) -> Vec<Canary> {
    if !call.numbers.is_empty() {
        let mut owners: Vec<Canary> = call.numbers.iter().filter_map(|number| number.owner).collect();
        owners.sort_unstable();
        owners.dedup();
        return owners;
    }
    let lines = phones(call);
    if lines.is_empty() || call.persons.is_empty() || !could_accuse(desk, call, lines.len()) {
        return Vec::new();
    }
    let accounts: Vec<usize> = only.map_or_else(|| (0..desk.plantings.len()).collect(), |only| vec![only]);
    accounts.into_par_iter().flat_map_iter(|account| wearers(desk, account, &lines)).collect()
}

/// Whether line and person alone may be rare enough, for the template and role
/// under which they are rarest. A person that nobody can be is nobody's canary.
fn could_accuse(desk: &Desk<'_>, call: &Call, lines: usize) -> bool {
    let makers = desk.evidence.makers.values();
    let chances = makers.flat_map(|maker| ROLES.map(|role| person_chance(call, maker.as_ref(), &[role])));
    let rarest = chances.filter(|&chance| chance > 0.0).reduce(f64::min);
    let line = lines as f64 / f64::from(desk.evidence.rules.pool);
    rarest.is_some_and(|chance| chance * line <= desk.evidence.rules.at_once_probability())
}

/// Canaries of `account` that wear one of `lines`.
fn wearers(desk: &Desk<'_>, account: usize, lines: &[u32]) -> Vec<Canary> {
    let own = lines_of(desk, account);
    if !lines.iter().any(|line| own.all.binary_search(line).is_ok()) {
        return Vec::new();
    }
    let mut canaries = Vec::new();
    for &planting in &desk.plantings[account] {
        let row = &desk.evidence.plantings[planting];
        let worn = worn_lines(desk, account, planting);
        let rows = worn.len().checked_div(row.roles.len()).unwrap_or(0);
        let wears = |&index: &u32| of_canary(&worn, &row.roles, index).any(|(_, line)| lines.contains(&line));
        canaries.extend((0..rows as u32).filter(wears).map(|index| (planting, index)));
    }
    canaries
}

/// Returns the record if everything it holds agrees with the canary.
fn compare(desk: &Desk<'_>, call: &Call, account: usize, planting: usize, index: u32) -> Option<AtOnceRecord> {
    let evidence = desk.evidence;
    let row = &evidence.plantings[planting];
    if call.at < row.at || was_shown(desk, call, account, planting) {
        return None;
    }
    let worn = worn_lines(desk, account, planting);
    let wears: Vec<(Role, u32)> = of_canary(&worn, &row.roles, index).collect();
    let mut probability = 1.0;
    if !call.numbers.is_empty() {
        let own = call.numbers.iter().find(|number| number.owner == Some((planting, index)))?;
        probability *= call.numbers.len() as f64 / desk.blocks[own.block].size as f64;
    }
    let lines = phones(call);
    if !lines.is_empty() {
        wears.iter().find(|(_, line)| lines.contains(line))?;
        probability *= (lines.len() * wears.len()) as f64 / f64::from(evidence.rules.pool);
    }
    if !call.persons.is_empty() {
        let maker = desk.maker(account)?;
        let holder = Holder::Account(&evidence.accounts[account].name);
        let fits = |&(role, line): &(Role, u32)| {
            let persona = maker.persona(role, &evidence.codebook.persona_seed(holder, role, line));
            call.persons.iter().any(|heard| heard.pattern.matches(&persona))
        };
        wears.iter().find(|wearer| fits(wearer))?;
        let roles: Vec<Role> = wears.iter().map(|(role, _)| *role).collect();
        probability *= person_chance(call, maker, &roles);
    }
    let threshold = evidence.rules.at_once_probability();
    Some(AtOnceRecord {
        batch: row.key.batch.clone(),
        index,
        seq: call.seq,
        observation: call.observation,
        at: call.at,
        probability: probability.min(1.0),
        threshold,
        accuses: probability <= threshold,
    })
}

/// Bound of the chance that one of the statements fits one of the personas.
fn person_chance(call: &Call, maker: &dyn PersonaMaker, roles: &[Role]) -> f64 {
    let of_role =
        |&role: &Role| -> f64 { call.persons.iter().map(|heard| maker.probability(role, &heard.pattern)).sum() };
    roles.iter().map(of_role).sum::<f64>().min(1.0)
}

/// Whether somebody saw the batch, or lines of the account that the record
/// holds, before the decision: the record may have come from there.
fn was_shown(desk: &Desk<'_>, call: &Call, account: usize, planting: usize) -> bool {
    let batch = &desk.evidence.plantings[planting].key.batch;
    let lines = phones(call);
    desk.revelations.get(&account).is_some_and(|rows| {
        rows.iter().filter(|row| row.after_seq < call.seq).any(|row| {
            let seen = &row.revelation;
            let concerns = seen.batch.as_ref().is_none_or(|shown| shown == batch);
            concerns
                && (seen.is_everything()
                    || seen.lines.iter().any(|line| lines.contains(line))
                    || call.numbers.iter().any(|number| seen.numbers.contains(&number.serial)))
        })
    })
}

/// Lines of a planting in the order in which its canaries wear them.
fn worn_lines(desk: &Desk<'_>, account: usize, planting: usize) -> Vec<u32> {
    let row = &desk.evidence.plantings[planting];
    let lines = lines_of(desk, account);
    if row.key.batch.is_empty() {
        return lines.standing;
    }
    let holder = Holder::Account(&desk.evidence.accounts[account].name);
    desk.evidence.codebook.batch_lines(holder, &lines, &row.key.batch, row.lines)
}

/// Roles and lines of one canary: canary `index` wears the next lines after
/// those of the canaries before it.
fn of_canary<'w>(worn: &'w [u32], roles: &'w [Role], index: u32) -> impl Iterator<Item = (Role, u32)> + 'w {
    let first = index as usize * roles.len();
    roles.iter().enumerate().filter_map(move |(place, &role)| Some((role, *worn.get(first + place)?)))
}

/// Every line that the record may name.
fn phones(call: &Call) -> Vec<u32> {
    let mut lines: Vec<u32> =
        call.lines.iter().map(|(line, _)| *line).chain(call.sets.iter().flatten().copied()).collect();
    lines.sort_unstable();
    lines.dedup();
    lines
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::testing::World;
    use super::*;
    use crate::codebook::Sizes;
    use crate::observation::Found;
    use crate::persona::{NamePattern, PersonaPattern};

    #[test]
    fn a_person_that_nobody_can_be_is_not_rare_but_nobodys() {
        let mut world = World::new(1, 2, Sizes { pool: 60, account: 12, standing: 2 });
        let family = Some(BTreeSet::from(["no such surname".to_owned()]));
        let pattern =
            PersonaPattern { name: NamePattern { family, ..NamePattern::default() }, ..PersonaPattern::default() };
        world.hit(10, vec![world.line(3), Found::Person { pattern }]);
        let evidence = world.evidence();
        let desk = Desk::new(&evidence);

        assert!(!could_accuse(&desk, &desk.calls[0], 1));
    }
}
