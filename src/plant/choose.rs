//! Between the passes: which number each canary wears, where it goes, and what
//! the operator should know.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use sha2::{Digest, Sha256};

use super::Job;
use super::apart::{self, Stretches};
use super::check::LineRecords;
use super::columns::{Column, Columns};
use super::make::{Made, Maker, hex};
use super::order::Order;
use super::pass::FirstPass;
use super::place::{Gap, Row};
use super::survey::{Survey, SurveyedColumn};
use super::watch::Watch;
use super::weave::{Insertion, Plan};
use crate::derive::Keystream;
use crate::fault::Fault;
use crate::record::ColumnRole;
use crate::registry::PlantedRow;

/// A planted row to be, with its place and its number.
pub(super) struct Placed {
    pub(super) who: Who,
    /// Which number it wears, among [`Job::number_texts`].
    pub(super) number: Option<usize>,
    pub(super) gap: Rc<Gap>,
    /// The row that it is made from, if not one beside the gap.
    pub(super) donor: Option<Rc<Row>>,
    /// A real row has its number: it is made, because others draw along with
    /// it, but not planted.
    pub(super) is_left_out: bool,
}

/// Whose row it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    /// The batch's canary of this index.
    Own(usize),
    /// The scope's slot of this number.
    Shared(usize),
}

/// Chooses numbers, places and bytes.
pub(super) fn plan(read: FirstPass<'_>, job: &Job<'_>, keystream: &Keystream) -> Result<Plan, Fault> {
    let order = number_order(&read);
    let (numbers, collisions) = choose_numbers(&read, job, order)?;
    let mut placed = place(&read, job, &numbers, order)?;
    placed.extend(place_shared(&read, job, order)?);
    placed.sort_by(|a, b| {
        let by_number = match (a.number, b.number, order) {
            (Some(a), Some(b), Order::Rising) => read.candidates.compare(a, b),
            (Some(a), Some(b), Order::Falling) => read.candidates.compare(b, a),
            _ => Ordering::Equal,
        };
        a.gap.at.cmp(&b.gap.at).then(by_number).then(a.who.cmp(&b.who))
    });
    let shared_draws = job.shared.map(|shared| Keystream::new(&shared.values, shared.rows.len()));
    let maker = Maker {
        sample: &read.sample,
        columns: &read.columns,
        watches: &read.watches,
        stretches: &Stretches::of(&read.sample),
        job,
        own: keystream,
        shared: shared_draws.as_ref().unwrap_or(keystream),
    };
    let mut output = Output { own: vec![PlantedRow::default(); job.records.len()], ..Output::default() };
    for group in placed.chunk_by(|a, b| a.gap.at == b.gap.at) {
        let made = match group.iter().any(Placed::is_shared) {
            true => maker.mixed(group, follows_number(job, order))?,
            false => maker.together(group, &group[0].gap)?,
        };
        for (who, made) in group.iter().zip(made).filter(|(who, _)| !who.is_left_out) {
            output.add(who, made, job);
        }
    }
    let hints = hints(&read, job, order, &placed);
    Ok(output.plan(survey(read, job, collisions, hints)))
}

/// Planted rows in the order of their places.
#[derive(Default)]
struct Output {
    insertions: Vec<Insertion>,
    /// By index.
    own: Vec<PlantedRow>,
    /// With their slots.
    shared: Vec<(usize, PlantedRow)>,
    /// Planted bytes so far.
    shift: u64,
}

impl Output {
    fn add(&mut self, who: &Placed, made: Made, job: &Job<'_>) {
        let number = who.number.map(|which| job.number(which).0);
        let row = PlantedRow {
            serial: number.unwrap_or_default(),
            offset: who.gap.at + self.shift,
            bytes: made.bytes.len() as u64,
            hash: hex(&Sha256::digest(&made.bytes)),
            context: made.context,
        };
        self.shift += made.bytes.len() as u64;
        match who.who {
            Who::Own(canary) => self.own[canary] = row,
            Who::Shared(slot) => {
                self.shared.push((slot, PlantedRow { serial: job.shared_rows()[slot].serial, ..row }));
            }
        }
        let is_from_behind = made.is_from_behind;
        self.insertions.push(Insertion { at: who.gap.at, bytes: made.bytes, is_from_behind });
    }

    fn plan(mut self, survey: Survey) -> Plan {
        self.shared.sort_unstable_by_key(|(slot, _)| *slot);
        let shared = self.shared.into_iter().map(|(_, row)| row).collect();
        Plan::new(self.insertions, self.own, shared, survey)
    }
}

/// The order that planted numbers must keep.
fn number_order(read: &FirstPass<'_>) -> Order {
    let watch = read.watches.iter().find(|watch| watch.role == ColumnRole::Number);
    watch.map_or(Order::None, Watch::order)
}

/// Gives each canary the next candidate that no real row has and that has a
/// place; returns how many were passed over.
fn choose_numbers(read: &FirstPass<'_>, job: &Job<'_>, order: Order) -> Result<(Vec<Option<usize>>, u64), Fault> {
    if job.numbers.is_empty() {
        return Ok((vec![None; job.records.len()], 0));
    }
    let fits = |which: usize| order == Order::None || read.candidates.gap(which, order).is_some();
    let free = |which: &usize| !read.candidates.is_taken(*which) && fits(*which);
    // In a sorted file without a last line end, numbers beyond its end are the
    // last choice: their rows must stand before that last record.
    let (misplaced, regular): (Vec<usize>, Vec<usize>) =
        (0..job.numbers.len()).filter(free).partition(|which| read.candidates.is_misplaced(*which, order));
    let regular = by_place(read, job.records.len(), regular, order);
    let chosen: Vec<Option<usize>> = regular.into_iter().chain(misplaced).take(job.records.len()).map(Some).collect();
    let examined = chosen.iter().flatten().max().map_or(job.numbers.len(), |last| last + 1);
    let examined = if chosen.len() == job.records.len() { examined } else { job.numbers.len() };
    let collisions = (0..examined).filter(|which| read.candidates.is_taken(*which)).count() as u64;
    if chosen.len() == job.records.len() {
        return Ok((chosen, collisions));
    }
    Err(Fault::new(format!(
        "expected {} waybill numbers that fit the file, found {} among {} candidates ({collisions} occur in real rows)",
        job.records.len(),
        chosen.len(),
        job.numbers.len()
    ))
    .hint("reserve a block of numbers that no real parcel has; in a sorted file, one inside its run"))
}

/// Puts those first that are taken. For each canary a place in the file is
/// drawn, all alike, and of the numbers whose rows would stand nearest to it
/// one, by how long its sender paused there. So every hour and every part has
/// its share of planted rows, however reserved numbers and pauses are spread. In
/// a file with runs, a number outside of them has no sender and comes last.
fn by_place(read: &FirstPass<'_>, wanted: usize, candidates: Vec<usize>, order: Order) -> Vec<usize> {
    let mut waiting: BTreeMap<(u64, usize), f64> = BTreeMap::new();
    for &which in &candidates {
        let spot = match order {
            Order::None => read.runs.place(which).map(|place| {
                // A number at the end of a run has a real one on one side only.
                (place.gap.at, if place.is_inside { place.wait } else { END_OF_RUN * place.wait })
            }),
            _ => read.candidates.gap(which, order).map(|gap| (gap.at, read.runs.patience(which))),
        };
        waiting.extend(spot.map(|(at, wait)| ((at, which), wait)));
    }
    let is_placed: BTreeSet<usize> = waiting.keys().map(|(_, which)| *which).collect();
    let mut taken: Vec<usize> = Vec::with_capacity(wanted);
    for &which in candidates.iter().take(wanted) {
        let at = (read.runs.uniform(which) * read.input_bytes as f64) as u64;
        let (before, behind) = (waiting.range(..(at, 0)).rev().take(BESIDE), waiting.range((at, 0)..).take(BESIDE));
        let best = before.chain(behind).min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(key, _)| *key);
        let Some(best) = best else { break };
        waiting.remove(&best);
        taken.push(best.1);
    }
    // Which canary wears which number does not go by where its row stands.
    taken.sort_unstable();
    let is_left = |which: &usize| taken.binary_search(which).is_err();
    let (mut left, outside): (Vec<usize>, Vec<usize>) =
        candidates.into_iter().filter(is_left).partition(|which| is_placed.contains(which));
    let mut all = taken;
    all.append(&mut left);
    all.extend(outside);
    all
}

/// Numbers on each side of a place that are looked at.
const BESIDE: usize = 2;

/// How much longer a number at the end of a run waits.
const END_OF_RUN: f64 = 8.0;

fn place(read: &FirstPass<'_>, job: &Job<'_>, numbers: &[Option<usize>], order: Order) -> Result<Vec<Placed>, Fault> {
    let has_room = read.with_room.seen() > 0;
    let lane = if has_room { &read.with_room } else { &read.anywhere };
    let gaps = if follows_number(job, order) { None } else { Some(lane.gaps().ok_or_else(nowhere)?) };
    let by_sender = apart::lies_in_runs(&read.sample, &read.columns);
    (0..job.records.len())
        .map(|canary| {
            let run = numbers[canary].filter(|_| gaps.is_some()).and_then(|which| read.runs.place(which));
            let gap = match (&gaps, numbers[canary], &run) {
                (_, _, Some(run)) => Some(run.gap.clone()),
                (Some(gaps), ..) => Some(gaps[canary].clone()),
                (None, Some(which), _) => read.candidates.gap(which, order).cloned(),
                (None, None, _) => None,
            };
            let (who, gap) = (Who::Own(canary), gap.ok_or_else(nowhere)?);
            Ok(Placed {
                who,
                number: numbers[canary],
                gap,
                donor: run.filter(|_| by_sender).map(|run| run.donor),
                is_left_out: false,
            })
        })
        .collect()
}

/// Whether planted rows stand where their numbers belong.
fn follows_number(job: &Job<'_>, order: Order) -> bool {
    order != Order::None && !job.numbers.is_empty()
}

fn nowhere() -> Fault {
    Fault::new("expected a regular row to put planted rows beside, found none")
        .hint("every row is ragged, too long or lacks a mapped column: check the delimiter and the mapping")
}

/// Places the shared rows where every export of the same data has them.
fn place_shared(read: &FirstPass<'_>, job: &Job<'_>, order: Order) -> Result<Vec<Placed>, Fault> {
    let Some(sharing) = &read.sharing else { return Ok(Vec::new()) };
    let by_number = follows_number(job, order);
    let gaps = match by_number {
        true => Vec::new(),
        false => sharing.with_room.gaps().or_else(|| sharing.anywhere.gaps()).ok_or_else(nowhere)?,
    };
    let mut placed = Vec::new();
    let mut which = job.numbers.len();
    for (slot, row) in job.shared_rows().iter().enumerate() {
        let number = row.number.as_ref().map(|_| which);
        which += usize::from(number.is_some());
        let is_left_out = number.is_some_and(|which| read.candidates.is_taken(which));
        let gap = match number.filter(|_| by_number) {
            Some(number) => read.candidates.gap(number, order).filter(|_| !is_left_out),
            None => gaps.get(slot),
        };
        if let Some(gap) = gap {
            placed.push(Placed { who: Who::Shared(slot), number, gap: gap.clone(), donor: None, is_left_out });
        }
    }
    Ok(placed)
}

fn survey(read: FirstPass<'_>, job: &Job<'_>, collisions: u64, hints: Vec<String>) -> Survey {
    let order = |column: &Column| read.watches.iter().find(|watch| watch.place == column.place).map(Watch::order);
    let columns = read.columns.all.iter().map(|column| SurveyedColumn {
        role: column.role.clone(),
        number: column.place + 1,
        header: column.header.clone(),
        found: column.found,
        masked: column.style.is_masked(),
        order: order(column),
    });
    let LineRecords { count, first, .. } = read.lines;
    Survey {
        compression: read.compression,
        dialect: read.sample.reader.dialect.clone(),
        header: read.sample.has_header,
        records: read.records,
        ragged: read.ragged,
        blank: read.blank,
        unterminated: read.unterminated,
        columns: columns.collect(),
        missing: missing(&read.columns, job),
        collisions,
        line_records: count,
        line_record_numbers: first,
        input_hash: read.input_hash,
        input_bytes: read.input_bytes,
        hints,
    }
}

/// Roles that some record speaks of and that no column plays. The parts of an
/// address are one thing said in several ways.
fn missing(columns: &Columns, job: &Job<'_>) -> Vec<ColumnRole> {
    let mut missing: Vec<ColumnRole> = Vec::new();
    if !job.numbers.is_empty() && !columns.has(&ColumnRole::Number) {
        missing.push(ColumnRole::Number);
    }
    for (role, _) in job.records.iter().flat_map(|record| &record.values) {
        let plays = match role {
            ColumnRole::Province(who)
            | ColumnRole::City(who)
            | ColumnRole::District(who)
            | ColumnRole::Town(who)
            | ColumnRole::Local(who)
            | ColumnRole::Address(who) => {
                columns.has(role) || columns.has(&ColumnRole::Address(*who)) || columns.has(&ColumnRole::Local(*who))
            }
            role => columns.has(role),
        };
        if !plays && !missing.contains(role) {
            missing.push(role.clone());
        }
    }
    missing
}

fn hints(read: &FirstPass<'_>, job: &Job<'_>, order: Order, placed: &[Placed]) -> Vec<String> {
    let mut hints = Vec::new();
    if order != Order::None && !job.numbers.is_empty() {
        let misplaced =
            placed.iter().flat_map(|who| who.number).filter(|which| read.candidates.is_misplaced(*which, order));
        if misplaced.count() > 0 {
            hints.push("the file is sorted by number and its last row has no line end: a planted row before it breaks the order".into());
        }
        let at_an_end = placed.iter().filter(|who| who.gap.before.is_none() || who.gap.after.is_none()).count();
        if at_an_end > 1 && at_an_end * 2 > placed.len() {
            hints.push(format!(
                "the file is sorted by number and {at_an_end} planted rows stand together at an end of it: reserve numbers inside its run"
            ));
        }
    }
    for column in read.columns.all.iter().filter(|column| column.style.is_masked()) {
        hints.push(format!("{} is masked, and so is what is planted there: the mark is weaker", column.header));
    }
    for column in read.columns.all.iter().filter(|column| column.style.is_damaged) {
        hints.push(format!("{} was damaged by a spreadsheet (7.7E+14): export it as text", column.header));
    }
    for header in &read.columns.unique_unmapped {
        hints.push(format!(
            "{header} differs in every row, but planted rows repeat a neighbour's: map it or leave it out"
        ));
    }
    for watch in read.watches.iter().filter(|watch| watch.needs_room && watch.order() != Order::None) {
        if read.with_room.seen() == 0 {
            hints.push(format!("{} counts without gaps: planted rows repeat a neighbour's value", watch.role));
        }
    }
    if let Some((record, line, byte)) = read.ragged.first {
        hints.push(format!(
            "{} records are not like the others, first record {record} (line {line}, byte {byte}); none of them was copied from",
            read.ragged.count
        ));
    }
    let standing = placed.iter().filter(|who| who.is_shared() && !who.is_left_out).count();
    let left_out = job.shared_rows().len() - standing;
    if left_out > 0 {
        hints.push(format!(
            "{left_out} shared slots are left out: real rows have their numbers; reserve a block that no real parcel has"
        ));
    }
    if read.lines.count > 0 {
        hints.push(format!("{} real records hold a line: was this file planted before?", read.lines.count));
    }
    hints
}
