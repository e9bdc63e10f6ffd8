//! Everything that attribution looks at, and how it is first put in order.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::codebook::Codebook;
use crate::observation::Found;
use crate::persona::{PersonaMaker, PersonaPattern, Role};
use crate::registry::{
    AccountRow, AccusationRow, ActRow, DecisionRow, OpeningRow, PlantingRow, RevelationRow, ScopeRow, Tally, Verdict,
};
use crate::rules::Rules;

use super::query;
use super::scope::ScopeDesk;
use super::topics::Topics;

/// What is known of one epoch, as plain values.
#[derive(Clone, Copy)]
pub struct Evidence<'a> {
    /// The rules that it registered.
    pub rules: &'a Rules,
    /// Its codewords.
    pub codebook: &'a Codebook,
    /// Row ids of the pool's lines, by place: as many as the rules say.
    pub pool: &'a [i64],
    /// Row ids of the lines that only shared slots wear, by place: as many as
    /// the rules say.
    pub slot_lines: &'a [i64],
    /// Row ids of control lines.
    pub control: &'a [i64],
    /// Its accounts, by ordinal.
    pub accounts: &'a [AccountRow],
    /// Its plantings in the order they were registered.
    pub plantings: &'a [PlantingRow],
    /// Its decisions in order of their sequence number; those that do not count
    /// may be left out.
    pub decisions: &'a [DecisionRow],
    /// Decisions that were left out.
    pub left_out: Tally,
    /// Its scopes of shared slots.
    pub scopes: &'a [ScopeRow],
    /// Its accusations in order.
    pub accusations: &'a [AccusationRow],
    /// Acts that were recorded, in order.
    pub acts: &'a [ActRow],
    /// Its openings in order.
    pub openings: &'a [OpeningRow],
    /// Its revelations in order.
    pub revelations: &'a [RevelationRow],
    /// Personas by template hash. Accounts whose template is missing here, or
    /// has no person in it, are not asked about names.
    pub makers: &'a BTreeMap<String, Arc<dyn PersonaMaker>>,
    /// Numbers in each waybill block, by its id.
    pub blocks: &'a BTreeMap<String, u64>,
}

/// A confirmed decision, as far as it asks anything.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) seq: u64,
    pub(super) observation: i64,
    pub(super) at: Timestamp,
    pub(super) decided: Timestamp,
    /// Lines of the pool, each once, rising, with the role it stands at.
    pub(super) lines: Vec<(u32, Option<Role>)>,
    /// Masked phones: places in the pool.
    pub(super) sets: Vec<Vec<u32>>,
    /// What was said about persons.
    pub(super) persons: Vec<Heard>,
    /// Waybill numbers.
    pub(super) numbers: Vec<NumberHit>,
    /// Lines and numbers of shared slots.
    pub(super) shared: Vec<SharedHit>,
    /// All that was said about a person, where the record names one phone alone:
    /// what a shared slot's persona is held against.
    pub(super) said: Vec<PersonaPattern>,
}

/// Something that shared slots of some scopes show.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum SharedHit {
    /// A slot line, by place among them.
    Line(u32),
    /// A number of a scope's.
    Number {
        /// Its block.
        block: String,
        /// Its serial.
        serial: u64,
    },
}

/// Something that a call asks of every source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Question<'c> {
    /// Whether this line is of the source.
    Line(u32),
    /// Whether any of these lines is; afterwards all of them are known.
    Set(&'c [u32]),
    /// Whether whoever wears one of these lines fits the statement.
    Name(&'c [(u32, Option<Role>)], &'c PersonaPattern),
    /// Whether anybody of the source fits the statement.
    Region(&'c PersonaPattern),
    /// Whether this number is of the source.
    Number(NumberHit),
    /// Whether the source has the variant of a shared slot that this shows.
    Shared(&'c SharedHit),
}

impl Call {
    /// What it asks, in order: lines before what was said on them.
    pub(super) fn questions(&self) -> impl Iterator<Item = Question<'_>> {
        let lines = self.lines.iter().map(|(line, _)| Question::Line(*line));
        let sets = self.sets.iter().map(|set| Question::Set(set));
        let persons = self.persons.iter().map(|heard| match &heard.on {
            HeardOn::Lines(lines) => Question::Name(lines, &heard.pattern),
            HeardOn::Anybody => Question::Region(&heard.pattern),
        });
        let numbers = self.numbers.iter().map(|hit| Question::Number(*hit));
        let shared = self.shared.iter().map(Question::Shared);
        lines.chain(sets).chain(persons).chain(numbers).chain(shared)
    }
}

/// A statement about a person, and whose it can be.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    pub(super) pattern: PersonaPattern,
    pub(super) on: HeardOn,
}

/// Whom a statement is about.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum HeardOn {
    /// Whoever wears one of these lines.
    Lines(Vec<(u32, Option<Role>)>),
    /// Anybody: the record names no line.
    Anybody,
}

/// A number of a reserved block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct NumberHit {
    /// Which block: its place among the blocks, by id.
    pub(super) block: usize,
    /// Its serial.
    pub(super) serial: u64,
    /// Whose it is: planting and canary.
    pub(super) owner: Option<(usize, u32)>,
}

/// The evidence in working order.
pub(super) struct Desk<'a> {
    pub(super) evidence: &'a Evidence<'a>,
    pub(super) calls: Vec<Call>,
    /// Which of them say anything new.
    pub(super) topics: Topics,
    /// Whether any describes somebody without a line.
    pub(super) has_region: bool,
    /// Plantings of each account, by j.
    pub(super) plantings: Vec<Vec<usize>>,
    /// Account of each planting; `None` for accounts that are not bound.
    pub(super) planter: Vec<Option<usize>>,
    /// Account by name.
    pub(super) accounts: HashMap<&'a str, usize>,
    /// Blocks in order of their ids.
    pub(super) blocks: Vec<BlockDesk>,
    /// Scopes of shared slots that some planting carries.
    pub(super) scopes: Vec<ScopeDesk<'a>>,
    /// Revelations of each account that has any, in order.
    pub(super) revelations: HashMap<usize, Vec<&'a RevelationRow>>,
}

/// A block with the times at which its numbers were planted.
pub(super) struct BlockDesk {
    pub(super) size: u64,
    /// Times of plantings, rising, with the numbers planted up to then.
    planted: Vec<(Timestamp, u64)>,
}

impl BlockDesk {
    /// Numbers planted up to `time`.
    pub(super) fn planted_by(&self, time: Timestamp) -> u64 {
        let after = self.planted.partition_point(|(at, _)| *at <= time);
        if after == 0 { 0 } else { self.planted[after - 1].1 }
    }
}

impl<'a> Desk<'a> {
    pub(super) fn new(evidence: &'a Evidence<'a>) -> Self {
        let accounts: HashMap<&str, usize> =
            evidence.accounts.iter().enumerate().map(|(place, row)| (row.name.as_str(), place)).collect();
        let planter: Vec<Option<usize>> =
            evidence.plantings.iter().map(|row| accounts.get(row.key.account.as_str()).copied()).collect();
        let mut plantings = vec![Vec::new(); evidence.accounts.len()];
        for (place, account) in planter.iter().enumerate() {
            if let Some(account) = account {
                plantings[*account].push(place);
            }
        }
        for list in &mut plantings {
            list.sort_by_key(|&place| evidence.plantings[place].j);
        }
        let mut revelations: HashMap<usize, Vec<&RevelationRow>> = HashMap::new();
        for row in evidence.revelations {
            if let Some(&account) = accounts.get(row.revelation.account.as_str()) {
                revelations.entry(account).or_default().push(row);
            }
        }
        for rows in revelations.values_mut() {
            rows.sort_by_key(|row| row.after_seq);
        }
        let mut desk = Self {
            evidence,
            calls: Vec::new(),
            topics: Topics::default(),
            has_region: false,
            plantings,
            planter,
            accounts,
            blocks: Vec::new(),
            scopes: Vec::new(),
            revelations,
        };
        desk.blocks = evidence.blocks.iter().map(|(id, &size)| desk.block(id, size)).collect();
        desk.scopes = desk.read_scopes();
        desk.calls = desk.read_calls();
        desk.topics = Topics::new(&desk.calls);
        let mut heard = desk.calls.iter().flat_map(|call| &call.persons);
        desk.has_region = heard.any(|heard| heard.on == HeardOn::Anybody);
        desk
    }

    fn block(&self, id: &str, size: u64) -> BlockDesk {
        let rows = self.evidence.plantings.iter().filter(|row| row.block == id && !row.serials.is_empty());
        let planted = rows.map(|row| (row.at, row.serials.len() as u64));
        // A scope's numbers are nobody's own: they are others' for everybody.
        let scopes = self.evidence.scopes.iter().filter(|row| row.block == id);
        let scopes = scopes.map(|row| (row.opened, row.serials.len() as u64));
        let mut planted: Vec<(Timestamp, u64)> = planted.chain(scopes).collect();
        planted.sort();
        let mut sum = 0;
        for (_, count) in &mut planted {
            sum += *count;
            *count = sum;
        }
        BlockDesk { size, planted }
    }

    fn read_calls(&self) -> Vec<Call> {
        let places: HashMap<i64, u32> =
            self.evidence.pool.iter().enumerate().map(|(place, &id)| (id, place as u32)).collect();
        let slot_places: HashMap<i64, u32> =
            self.evidence.slot_lines.iter().enumerate().map(|(place, &id)| (id, place as u32)).collect();
        let confirmed = || self.evidence.decisions.iter().filter(|row| row.verdict == Verdict::Confirmed);
        let numbers = self.numbers(confirmed());
        let read = |row| {
            let mut call = read_call(row, &places, &numbers);
            self.read_shared(row, &slot_places, &mut call);
            call
        };
        confirmed().map(read).collect()
    }

    /// Adds what a decision shows of shared slots. A scope's number is nobody's
    /// own: it is no question about numbers.
    fn read_shared(&self, row: &DecisionRow, slot_places: &HashMap<i64, u32>, call: &mut Call) {
        if self.scopes.is_empty() {
            return;
        }
        let mut phones = 0;
        for found in &row.hit.found {
            match found {
                Found::Line { line, .. } => {
                    phones += 1;
                    call.shared.extend(slot_places.get(line).map(|&place| SharedHit::Line(place)));
                }
                Found::Lines { .. } => phones += 1,
                Found::Person { pattern } if !pattern.is_any() => call.said.push(pattern.clone()),
                Found::Person { .. } | Found::Number { .. } => {}
            }
        }
        if phones != 1 {
            call.said.clear();
        }
        let ids: Vec<&String> = self.evidence.blocks.keys().collect();
        let is_shared = |hit: &NumberHit| {
            self.scopes.iter().any(|scope| scope.row.block == *ids[hit.block] && scope.has_serial(hit.serial))
        };
        let (shared, own): (Vec<NumberHit>, Vec<NumberHit>) = call.numbers.drain(..).partition(is_shared);
        call.numbers = own;
        let number = |hit: NumberHit| SharedHit::Number { block: ids[hit.block].clone(), serial: hit.serial };
        call.shared.extend(shared.into_iter().map(number));
    }

    /// Every number that was seen, with its serial and its owner.
    fn numbers<'d>(&self, rows: impl Iterator<Item = &'d DecisionRow>) -> HashMap<(String, u64), NumberHit> {
        let ids: Vec<&String> = self.evidence.blocks.keys().collect();
        let mut seen = BTreeSet::new();
        for found in rows.flat_map(|row| &row.hit.found) {
            if let Found::Number { block, place } = found {
                seen.insert((block, *place));
            }
        }
        let mut hits: HashMap<(usize, u64), NumberHit> = HashMap::new();
        let mut names = Vec::new();
        for (id, place) in seen {
            let Ok(block) = ids.binary_search(&id) else { continue };
            if place >= self.blocks[block].size {
                continue;
            }
            let serial = self.evidence.codebook.permutation(id, self.blocks[block].size).invert(place);
            hits.insert((block, serial), NumberHit { block, serial, owner: None });
            names.push(((id.clone(), place), (block, serial)));
        }
        if !hits.is_empty() {
            for (planting, row) in self.evidence.plantings.iter().enumerate() {
                let Ok(block) = ids.binary_search(&&row.block) else { continue };
                for (index, &serial) in row.serials.iter().enumerate() {
                    if let Some(hit) = hits.get_mut(&(block, serial)) {
                        hit.owner = Some((planting, index as u32));
                    }
                }
            }
        }
        names.into_iter().map(|(name, key)| (name, hits[&key])).collect()
    }

    /// The account's maker, where its template has persons.
    pub(super) fn maker(&self, account: usize) -> Option<&'a dyn PersonaMaker> {
        self.evidence.makers.get(&*self.evidence.accounts[account].template).map(Arc::as_ref)
    }
}

fn read_call(row: &DecisionRow, places: &HashMap<i64, u32>, numbers: &HashMap<(String, u64), NumberHit>) -> Call {
    let mut call = Call {
        seq: row.seq,
        observation: row.observation,
        at: row.at,
        decided: row.decided,
        lines: Vec::new(),
        sets: Vec::new(),
        persons: Vec::new(),
        numbers: Vec::new(),
        shared: Vec::new(),
        said: Vec::new(),
    };
    let mut any_phone = false;
    for found in &row.hit.found {
        match found {
            Found::Line { line, role } => {
                any_phone = true;
                call.lines.extend(places.get(line).map(|&place| (place, *role)));
            }
            Found::Lines { lines } => {
                any_phone = true;
                let set: BTreeSet<u32> = lines.iter().filter_map(|line| places.get(line).copied()).collect();
                if !set.is_empty() && set.len() * query::LARGEST_SET <= places.len().max(query::LARGEST_SET) {
                    call.sets.push(set.into_iter().collect());
                }
            }
            Found::Number { block, place } => call.numbers.extend(numbers.get(&(block.clone(), *place)).copied()),
            Found::Person { .. } => {}
        }
    }
    call.lines.sort_by_key(|(place, _)| *place);
    call.lines.dedup_by_key(|(place, _)| *place);
    call.persons = read_persons(row, &call, any_phone, places);
    call
}

/// Tells whom each statement is about. One that directly follows a line among
/// several is about that line; if all statements stand before or behind all
/// lines, each may be about any of them.
fn read_persons(row: &DecisionRow, call: &Call, any_phone: bool, places: &HashMap<i64, u32>) -> Vec<Heard> {
    let mut everyone: Vec<(u32, Option<Role>)> = call.lines.clone();
    everyone.extend(call.sets.iter().flatten().map(|&place| (place, None)));
    let mut known = HashSet::new();
    everyone.retain(|(place, _)| known.insert(*place));
    everyone.sort_by_key(|(place, _)| *place);

    let found = &row.hit.found;
    let is_phone = |found: &Found| matches!(found, Found::Line { .. } | Found::Lines { .. });
    let is_person = |found: &Found| matches!(found, Found::Person { .. });
    let last_phone = found.iter().rposition(is_phone);
    let interleaved = found.iter().position(is_phone).is_some_and(|first| {
        !found[..first].iter().any(is_person) && found[first..last_phone.unwrap_or(first)].iter().any(is_person)
    });
    let mut nearest: Vec<(u32, Option<Role>)> = Vec::new();
    let mut persons = Vec::new();
    for found in found {
        match found {
            Found::Line { line, role } => nearest = places.get(line).map(|&place| (place, *role)).into_iter().collect(),
            Found::Lines { lines } => {
                let mut set: Vec<u32> = lines.iter().filter_map(|line| places.get(line).copied()).collect();
                set.sort_unstable();
                set.dedup();
                nearest =
                    if call.sets.contains(&set) { set.into_iter().map(|l| (l, None)).collect() } else { Vec::new() };
            }
            Found::Person { pattern } if !pattern.is_any() => {
                let on = match (any_phone, interleaved) {
                    (false, _) => HeardOn::Anybody,
                    (true, true) => HeardOn::Lines(nearest.clone()),
                    (true, false) => HeardOn::Lines(everyone.clone()),
                };
                persons.push(Heard { pattern: pattern.clone(), on });
            }
            Found::Person { .. } | Found::Number { .. } => {}
        }
    }
    persons
}
