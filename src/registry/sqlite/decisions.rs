//! Decisions in SQLite.

use jiff::Timestamp;
use rusqlite::params;

use super::feeds::{HIT, SELECT_OBSERVATION, read_observation};
use super::store::{Store, all, blob, cell, choice, count, one, time, whole};
use crate::registry::{DecisionRow, NewDecision, ObservationRow, Result, Tally, Weighed, refusal, times, words};

const UNDECIDED: &str = "
    WHERE observation.at >= ?2 AND observation.at < ?3
        AND NOT EXISTS (SELECT 1 FROM decision WHERE epoch = ?1 AND observation = observation.id)
    ORDER BY observation.at, observation.id";

const DECIDED_SINCE: &str = "
    WHERE observation.at >= ?2
        AND EXISTS (SELECT 1 FROM decision WHERE epoch = ?1 AND observation = observation.id)
    ORDER BY observation.at, observation.id";

const INSERT: &str = "
    INSERT INTO decision (epoch, seq, observation, verdict, rules_hash, decided)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (epoch, observation) DO NOTHING";

const SELECT_ALL: &str = "
    SELECT decision.seq, decision.observation, observation.at, decision.verdict, observation.hit,
        decision.rules_hash, decision.decided
    FROM decision JOIN observation ON observation.id = decision.observation
    WHERE decision.epoch = ?1
    ORDER BY decision.seq";

const SELECT_CONFIRMED: &str = "
    SELECT decision.seq, decision.observation, observation.at, decision.verdict, observation.hit,
        decision.rules_hash, decision.decided
    FROM decision JOIN observation ON observation.id = decision.observation
    WHERE decision.epoch = ?1 AND decision.verdict = 'confirmed'
    ORDER BY decision.seq";

const COUNT_VERDICTS: &str = "
    SELECT verdict, count(*)
    FROM decision
    WHERE epoch = ?1
    GROUP BY verdict";

const NEWEST_DECIDED: &str = "
    SELECT at
    FROM observation
    WHERE EXISTS (SELECT 1 FROM decision WHERE epoch = ?1 AND observation = observation.id)
    ORDER BY at DESC
    LIMIT 1";

pub(super) fn undecided(
    store: &Store<'_>,
    epoch: u32,
    begins: Timestamp,
    ends: Timestamp,
) -> Result<Vec<ObservationRow>> {
    let mut select = store.sql.prepare_cached(&format!("{SELECT_OBSERVATION} {UNDECIDED}"))?;
    let rows = select.query(params![epoch, times::text(begins), times::text(ends)])?;
    all(rows, |row| read_observation(store, row))
}

pub(super) fn decided_since(store: &Store<'_>, epoch: u32, since: Timestamp) -> Result<Vec<ObservationRow>> {
    let mut select = store.sql.prepare_cached(&format!("{SELECT_OBSERVATION} {DECIDED_SINCE}"))?;
    all(select.query(params![epoch, times::text(since)])?, |row| read_observation(store, row))
}

pub(super) fn decide(store: &Store<'_>, epoch: u32, decisions: &[NewDecision], now: Timestamp) -> Result<()> {
    store.require_epoch(epoch)?;
    let mut exists = store.sql.prepare("SELECT 1 FROM observation WHERE id = ?1")?;
    let mut insert = store.sql.prepare(INSERT)?;
    let mut seq = newest(store, epoch)?;
    let now = times::text(now);
    for decision in decisions {
        let NewDecision { observation, verdict, rules_hash } = decision;
        if !exists.exists([observation])? {
            return Err(refusal::no_observation(*observation));
        }
        let verdict = words::word(&words::VERDICTS, *verdict);
        // One that is decided takes no number: the sequence has no gaps.
        seq += insert.execute(params![epoch, whole(seq + 1)?, observation, verdict, rules_hash, now])? as u64;
    }
    Ok(())
}

pub(super) fn list(store: &Store<'_>, epoch: u32) -> Result<Vec<DecisionRow>> {
    select(store, SELECT_ALL, epoch)
}

/// To be called inside a transaction: it takes three statements.
pub(super) fn weighed(store: &Store<'_>, epoch: u32) -> Result<Weighed> {
    let mut others = Tally::default();
    let mut counts = store.sql.prepare(COUNT_VERDICTS)?;
    for (verdict, count) in
        all(counts.query([epoch])?, |row| Ok((choice(row, 0, &words::VERDICTS)?, self::count(row, 1)?)))?
    {
        others.add(verdict, count);
    }
    let mut newest = store.sql.prepare(NEWEST_DECIDED)?;
    let newest_hit = one(newest.query([epoch])?, |row| time(row, 0))?;
    Ok(Weighed { confirmed: select(store, SELECT_CONFIRMED, epoch)?, others, newest_hit })
}

fn select(store: &Store<'_>, sql: &str, epoch: u32) -> Result<Vec<DecisionRow>> {
    let mut select = store.sql.prepare(sql)?;
    all(select.query([epoch])?, |row| {
        let observation = cell(row, 1)?;
        Ok(DecisionRow {
            seq: count(row, 0)?,
            observation,
            at: time(row, 2)?,
            verdict: choice(row, 3, &words::VERDICTS)?,
            hit: store.open_json(HIT, observation, blob(row, 4)?)?,
            rules_hash: cell(row, 5)?,
            decided: time(row, 6)?,
        })
    })
}

/// Number of the epoch's newest decision; 0 for none.
pub(super) fn newest(store: &Store<'_>, epoch: u32) -> Result<u64> {
    let mut select = store.sql.prepare_cached("SELECT coalesce(max(seq), 0) FROM decision WHERE epoch = ?1")?;
    let seq: i64 = select.query_row([epoch], |row| row.get(0))?;
    Ok(seq as u64)
}
