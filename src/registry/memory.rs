//! The in-memory store.
//!
//! For drills, which rehearse a thousand leaks, and for tests. It seals nothing,
//! since it is gone with its process, but answers and refuses exactly as SQLite
//! does: `tests/it/registry.rs` runs the same story and the same random scripts
//! over both. Tables are vectors in the order of ids; maps only find in them,
//! and nothing ever walks over a map.

mod epoch;
mod planting;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use self::epoch::Epoch;
use super::{
    AccountRow, AccusationRow, ActRow, BatchKey, DecisionRow, EpochRow, FeedRow, Ingest, Ingested, LineRow, LineUse,
    NewAccusation, NewAct, NewDecision, NewLine, NewPlanting, NewScope, ObservationRow, OpeningRow, OutboxRow, Planted,
    PlantedRows, PlantingRow, QuarantineRow, Registry, Result, Revelation, RevelationRow, Route, ScopeRow, Verdict,
    Weighed, refusal, times,
};
use crate::key::KeyId;
use crate::line::LineNumber;
use crate::rules::Rules;

/// A registry in memory.
#[derive(Clone, Debug)]
pub struct MemoryRegistry {
    key_id: KeyId,
    lines: Vec<LineRow>,
    known_lines: HashSet<LineNumber>,
    epochs: BTreeMap<u32, Epoch>,
    templates: Vec<Template>,
    /// Size and next serial.
    blocks: HashMap<String, (u64, u64)>,
    plantings: Vec<(PlantingRow, PlantedRows)>,
    batches: HashMap<BatchKey, usize>,
    feeds: BTreeMap<String, FeedRow>,
    observations: Vec<ObservationRow>,
    quarantine: Vec<QuarantineRow>,
    /// Feed and identity of what was stored.
    observed: HashSet<(String, String)>,
    rejected: HashSet<(String, String)>,
    accusations: Vec<AccusationRow>,
    accused: HashSet<(u32, String, String, Route)>,
    revelations: Vec<RevelationRow>,
    scopes: Vec<ScopeRow>,
    acts: Vec<ActRow>,
    outbox: Vec<(OutboxRow, Option<Timestamp>)>,
}

#[derive(Clone, Debug)]
struct Template {
    hash: String,
    text: String,
}

impl MemoryRegistry {
    /// An empty registry that belongs to a key.
    pub fn new(key_id: KeyId) -> Self {
        Self {
            key_id,
            lines: Vec::new(),
            known_lines: HashSet::new(),
            epochs: BTreeMap::new(),
            templates: Vec::new(),
            blocks: HashMap::new(),
            plantings: Vec::new(),
            batches: HashMap::new(),
            feeds: BTreeMap::new(),
            observations: Vec::new(),
            quarantine: Vec::new(),
            observed: HashSet::new(),
            rejected: HashSet::new(),
            accusations: Vec::new(),
            accused: HashSet::new(),
            revelations: Vec::new(),
            scopes: Vec::new(),
            acts: Vec::new(),
            outbox: Vec::new(),
        }
    }

    fn epoch(&self, epoch: u32) -> Result<&Epoch> {
        self.epochs.get(&epoch).ok_or_else(|| refusal::no_epoch(epoch))
    }

    fn ordinal(&self, epoch: u32, name: &str) -> Result<usize> {
        let ordinal = self.epochs.get(&epoch).and_then(|epoch| epoch.ordinals.get(name));
        ordinal.copied().ok_or_else(|| refusal::no_account(epoch, name))
    }

    fn pooled(&self, pool: &[i64]) -> Result<()> {
        let mut seen = HashSet::new();
        for &id in pool {
            let line = at(&self.lines, id).ok_or_else(|| refusal::no_line(id))?;
            if line.line.line_use == LineUse::Control {
                return Err(refusal::not_for_pool(id, "it is a control line"));
            }
            if !seen.insert(id) {
                return Err(refusal::not_for_pool(id, "it is there twice"));
            }
        }
        Ok(())
    }

    fn sorted(&self, keep: impl Fn(&ObservationRow) -> bool) -> Vec<ObservationRow> {
        let mut rows: Vec<ObservationRow> = self.observations.iter().filter(|row| keep(row)).cloned().collect();
        rows.sort_by_key(|row| (row.at, row.id));
        rows
    }
}

/// Row ids count from 1, without gaps.
fn at<T>(rows: &[T], id: i64) -> Option<&T> {
    rows.get(usize::try_from(id).ok()?.checked_sub(1)?)
}

fn at_mut<T>(rows: &mut [T], id: i64) -> Option<&mut T> {
    rows.get_mut(usize::try_from(id).ok()?.checked_sub(1)?)
}

fn next_id<T>(rows: &[T]) -> i64 {
    rows.len() as i64 + 1
}

impl Registry for MemoryRegistry {
    fn key_id(&self) -> KeyId {
        self.key_id
    }

    fn add_lines(&mut self, lines: &[NewLine], _now: Timestamp) -> Result<()> {
        let mut list = HashSet::new();
        for (place, line) in lines.iter().enumerate() {
            if self.known_lines.contains(&line.number) || !list.insert(&line.number) {
                return Err(refusal::line_again(place));
            }
        }
        for line in lines {
            self.known_lines.insert(line.number.clone());
            self.lines.push(LineRow { id: next_id(&self.lines), line: line.clone() });
        }
        Ok(())
    }

    fn lines(&self) -> Result<Vec<LineRow>> {
        Ok(self.lines.clone())
    }

    fn open_epoch(&mut self, rules: &Rules, pool: &[i64], now: Timestamp) -> Result<()> {
        let standing = self
            .epochs
            .values()
            .find(|epoch| epoch.row.rules.epoch == rules.epoch || epoch.row.rules.label == rules.label);
        if let Some(standing) = standing {
            let same = standing.row.rules.to_registered_text() == rules.to_registered_text() && standing.pool == pool;
            return if same { Ok(()) } else { Err(refusal::epoch_stands(&rules.label)) };
        }
        if rules.frozen_lines() as usize != pool.len() {
            return Err(refusal::pool_size(rules.frozen_lines(), pool.len()));
        }
        self.pooled(pool)?;
        let epoch = Epoch::open(rules, pool, now);
        self.epochs.insert(rules.epoch, epoch);
        Ok(())
    }

    fn epochs(&self) -> Result<Vec<EpochRow>> {
        Ok(self.epochs.values().map(|epoch| epoch.row.clone()).collect())
    }

    fn pool(&self, epoch: u32) -> Result<Vec<i64>> {
        Ok(self.epoch(epoch)?.pool.clone())
    }

    fn put_template(&mut self, hash: &str, _name: &str, text: &str) -> Result<()> {
        match self.templates.iter().find(|template| template.hash == hash) {
            Some(kept) if kept.text != text => Err(refusal::other_text(hash)),
            Some(_) => Ok(()),
            None => {
                self.templates.push(Template { hash: hash.to_owned(), text: text.to_owned() });
                Ok(())
            }
        }
    }

    fn template(&self, hash: &str) -> Result<String> {
        let kept = self.templates.iter().find(|template| template.hash == hash);
        kept.map(|template| template.text.clone()).ok_or_else(|| refusal::no_template(hash))
    }

    fn templates(&self) -> Result<Vec<String>> {
        Ok(self.templates.iter().map(|template| template.hash.clone()).collect())
    }

    fn bind_accounts(
        &mut self,
        epoch: u32,
        names: &[&str],
        template: &str,
        start: Timestamp,
    ) -> Result<Vec<AccountRow>> {
        let n_max = self.epoch(epoch)?.row.rules.n_max;
        self.template(template)?;
        let bound = self.epochs.get_mut(&epoch).expect("it was just found");
        let before = bound.accounts.len();
        let mut rows = Vec::with_capacity(names.len());
        for &name in names {
            let bind = bound.bind(name, template, times::kept(start), n_max);
            match bind {
                Ok(row) => rows.push(row),
                Err(error) => {
                    bound.unbind(before);
                    return Err(error);
                }
            }
        }
        Ok(rows)
    }

    fn accounts(&self, epoch: u32) -> Result<Vec<AccountRow>> {
        Ok(self.epochs.get(&epoch).map(|epoch| epoch.accounts.clone()).unwrap_or_default())
    }

    fn account(&self, epoch: u32, name: &str) -> Result<Option<AccountRow>> {
        let Some(epoch) = self.epochs.get(&epoch) else { return Ok(None) };
        Ok(epoch.ordinals.get(name).map(|&ordinal| epoch.accounts[ordinal].clone()))
    }

    fn allocate_serials(&mut self, block: &str, size: u64, count: u64) -> Result<u64> {
        let (kept, next) = self.blocks.get(block).copied().unwrap_or((size, 0));
        if kept != size {
            return Err(refusal::block_size(block, kept, size));
        }
        if count > size - next {
            return Err(refusal::block_full(block, size - next, count));
        }
        if i64::try_from(size).is_err() {
            return Err(refusal::too_large(size));
        }
        self.blocks.insert(block.to_owned(), (size, next + count));
        Ok(next)
    }

    fn plant(&mut self, planting: &NewPlanting) -> Result<PlantingRow> {
        self.plant_one(planting)
    }

    fn plant_many(&mut self, plantings: &[NewPlanting]) -> Result<Vec<PlantingRow>> {
        let before = self.plantings.len();
        let planted: Result<Vec<_>> = plantings.iter().map(|planting| self.plant_one(planting)).collect();
        if planted.is_err() {
            self.unplant(before);
        }
        planted
    }

    fn release(&mut self, id: i64, at: Timestamp) -> Result<()> {
        self.release_many(&[id], at)
    }

    fn release_many(&mut self, ids: &[i64], at: Timestamp) -> Result<()> {
        if let Some(&missing) = ids.iter().find(|&&id| self::at(&self.plantings, id).is_none()) {
            return Err(refusal::no_planting(missing));
        }
        for &id in ids {
            let (row, _) = at_mut(&mut self.plantings, id).expect("all of them were found");
            row.released.get_or_insert(times::kept(at));
        }
        Ok(())
    }

    fn planting(&self, batch: &BatchKey) -> Result<Option<PlantingRow>> {
        Ok(self.batches.get(batch).map(|&place| self.plantings[place].0.clone()))
    }

    fn planted_rows(&self, id: i64) -> Result<PlantedRows> {
        at(&self.plantings, id).map(|(_, rows)| rows.clone()).ok_or_else(|| refusal::no_planting(id))
    }

    fn stock(&self) -> Result<String> {
        let (lines, plantings, scopes) = (self.lines.len(), self.plantings.len(), self.scopes.len());
        Ok(format!("lines {lines}, plantings {plantings}, scopes {scopes}"))
    }

    fn planted(&self, epoch: u32) -> Result<Vec<Planted>> {
        let templates: BTreeMap<String, Arc<str>> =
            self.accounts(epoch)?.into_iter().map(|row| (row.name, row.template)).collect();
        let planted = self.plantings(epoch)?.into_iter().filter_map(|row| {
            let template = templates.get(&row.key.account)?.clone();
            let BatchKey { account, batch, .. } = row.key;
            Some(Planted { account, batch, template, at: row.at, serials: row.serials })
        });
        Ok(planted.collect())
    }

    fn plantings(&self, epoch: u32) -> Result<Vec<PlantingRow>> {
        Ok(self.plantings.iter().filter(|(row, _)| row.key.epoch == epoch).map(|(row, _)| row.clone()).collect())
    }

    fn feed(&self, name: &str) -> Result<Option<FeedRow>> {
        Ok(self.feeds.get(name).cloned())
    }

    fn feeds(&self) -> Result<Vec<FeedRow>> {
        Ok(self.feeds.values().cloned().collect())
    }

    fn ingest(&mut self, batch: &Ingest) -> Result<Ingested> {
        if i64::try_from(batch.records).is_err() {
            return Err(refusal::too_large(batch.records));
        }
        let now = times::kept(batch.now);
        let feed = self.feeds.entry(batch.feed.clone()).or_insert_with(|| unread(&batch.feed));
        feed.cursor.clone_from(&batch.cursor);
        feed.records += batch.records;
        feed.last_success = Some(now);
        feed.last_record = if batch.records > 0 { Some(now) } else { feed.last_record };
        feed.failures = 0;
        feed.error.clear();
        let mut done = Ingested::default();
        for new in &batch.hits {
            if !self.observed.insert((batch.feed.clone(), new.identity.clone())) {
                done.known += 1;
                continue;
            }
            let mut observation = new.observation.clone();
            // As everywhere: what is kept of the bytes is their keyed hash.
            observation.raw.clear();
            self.observations.push(ObservationRow {
                id: next_id(&self.observations),
                feed: batch.feed.clone(),
                at: times::kept(new.at),
                observation,
                hit: new.hit.clone(),
            });
            done.new += 1;
        }
        for new in &batch.rejected {
            if !self.rejected.insert((batch.feed.clone(), new.identity.clone())) {
                continue;
            }
            self.quarantine.push(QuarantineRow {
                id: next_id(&self.quarantine),
                feed: batch.feed.clone(),
                fault: new.fault.clone(),
                raw: new.raw.clone(),
                at: now,
            });
            done.quarantined += 1;
        }
        Ok(done)
    }

    fn feed_failed(&mut self, feed: &str, error: &str, _now: Timestamp) -> Result<()> {
        let row = self.feeds.entry(feed.to_owned()).or_insert_with(|| unread(feed));
        row.failures += 1;
        error.clone_into(&mut row.error);
        Ok(())
    }

    fn quarantined(&self) -> Result<Vec<QuarantineRow>> {
        Ok(self.quarantine.clone())
    }

    fn undecided(&self, epoch: u32, begins: Timestamp, ends: Timestamp) -> Result<Vec<ObservationRow>> {
        let (begins, ends) = (times::kept(begins), times::kept(ends));
        let decided = self.epochs.get(&epoch).map(|epoch| &epoch.decided);
        let open = |row: &ObservationRow| decided.is_none_or(|decided| !decided.contains(&row.id));
        Ok(self.sorted(|row| begins <= row.at && row.at < ends && open(row)))
    }

    fn decided_since(&self, epoch: u32, since: Timestamp) -> Result<Vec<ObservationRow>> {
        let since = times::kept(since);
        let Some(epoch) = self.epochs.get(&epoch) else { return Ok(Vec::new()) };
        Ok(self.sorted(|row| since <= row.at && epoch.decided.contains(&row.id)))
    }

    fn decide(&mut self, epoch: u32, decisions: &[NewDecision], now: Timestamp) -> Result<()> {
        self.epoch(epoch)?;
        let missing = decisions.iter().find(|new| at(&self.observations, new.observation).is_none());
        if let Some(missing) = missing {
            return Err(refusal::no_observation(missing.observation));
        }
        let epoch = self.epochs.get_mut(&epoch).expect("it was just found");
        for new in decisions {
            if !epoch.decided.insert(new.observation) {
                continue;
            }
            let observation = at(&self.observations, new.observation).expect("all of them were found");
            epoch.decisions.push(DecisionRow {
                seq: epoch.decisions.len() as u64 + 1,
                observation: new.observation,
                at: observation.at,
                verdict: new.verdict,
                hit: observation.hit.clone(),
                rules_hash: new.rules_hash.clone(),
                decided: times::kept(now),
            });
        }
        Ok(())
    }

    fn decisions(&self, epoch: u32) -> Result<Vec<DecisionRow>> {
        Ok(self.epochs.get(&epoch).map(|epoch| epoch.decisions.clone()).unwrap_or_default())
    }

    fn weighed(&self, epoch: u32) -> Result<Weighed> {
        let mut weighed = Weighed::default();
        for row in self.epochs.get(&epoch).map_or(&[][..], |epoch| &epoch.decisions) {
            weighed.newest_hit = weighed.newest_hit.max(Some(row.at));
            weighed.others.add(row.verdict, 1);
            if row.verdict == Verdict::Confirmed {
                weighed.confirmed.push(row.clone());
            }
        }
        Ok(weighed)
    }

    fn observation(&self, id: i64) -> Result<ObservationRow> {
        at(&self.observations, id).cloned().ok_or_else(|| refusal::no_observation(id))
    }

    fn newest_hit(&self) -> Result<Option<Timestamp>> {
        Ok(self.observations.iter().map(|row| row.at).max())
    }

    fn accuse(&mut self, accusation: &NewAccusation, message: Option<&str>, now: Timestamp) -> Result<bool> {
        let NewAccusation { epoch, account, batch, route, seq, .. } = accusation;
        self.ordinal(*epoch, account)?;
        if i64::try_from(*seq).is_err() {
            return Err(refusal::too_large(*seq));
        }
        if !self.accused.insert((*epoch, account.clone(), batch.clone(), *route)) {
            return Ok(false);
        }
        let at = times::kept(now);
        self.accusations.push(AccusationRow { id: next_id(&self.accusations), accusation: accusation.clone(), at });
        if let Some(body) = message {
            let id = next_id(&self.outbox);
            self.outbox.push((OutboxRow { id, body: body.to_owned(), attempts: 0, at, next: at }, None));
        }
        Ok(true)
    }

    fn accusations(&self, epoch: u32) -> Result<Vec<AccusationRow>> {
        Ok(self.accusations.iter().filter(|row| row.accusation.epoch == epoch).cloned().collect())
    }

    fn open_account(&mut self, epoch: u32, account: &str, why: &str, now: Timestamp) -> Result<OpeningRow> {
        let ordinal = self.ordinal(epoch, account)?;
        let seeded = BatchKey { epoch, account: account.to_owned(), batch: String::new() };
        let standing_canaries = u32::from(self.batches.contains_key(&seeded));
        let opened = self.epochs.get_mut(&epoch).expect("the account's epoch exists");
        let batches = opened.planted[ordinal] - standing_canaries;
        let standing = opened.openings.iter().rfind(|row| row.account == account);
        if let Some(standing) = standing.filter(|row| row.batches == batches) {
            return Ok(standing.clone());
        }
        let row = OpeningRow {
            j: opened.openings.len() as u32 + 1,
            epoch,
            account: account.to_owned(),
            batches,
            why: why.to_owned(),
            at: times::kept(now),
        };
        opened.openings.push(row.clone());
        Ok(row)
    }

    fn openings(&self, epoch: u32) -> Result<Vec<OpeningRow>> {
        Ok(self.epochs.get(&epoch).map(|epoch| epoch.openings.clone()).unwrap_or_default())
    }

    fn reveal(&mut self, revelation: &Revelation, now: Timestamp) -> Result<()> {
        self.ordinal(revelation.epoch, &revelation.account)?;
        if self.revelations.iter().any(|row| row.revelation == *revelation) {
            return Ok(());
        }
        let after_seq = self.epoch(revelation.epoch)?.decisions.len() as u64;
        self.revelations.push(RevelationRow { revelation: revelation.clone(), after_seq, at: times::kept(now) });
        Ok(())
    }

    fn revelations(&self, epoch: u32) -> Result<Vec<RevelationRow>> {
        Ok(self.revelations.iter().filter(|row| row.revelation.epoch == epoch).cloned().collect())
    }

    fn open_scope(&mut self, scope: &NewScope, now: Timestamp) -> Result<ScopeRow> {
        self.epoch(scope.epoch)?;
        let standing = self.scopes.iter().find(|row| row.epoch == scope.epoch && row.name == scope.name);
        if let Some(standing) = standing {
            let same = standing.template == scope.template && standing.serials.len() as u64 == scope.serials;
            return if same { Ok(standing.clone()) } else { Err(refusal::other_scope(&scope.name)) };
        }
        if !self.templates.iter().any(|template| template.hash == scope.template) {
            return Err(refusal::no_template(&scope.template));
        }
        let first = match scope.block.as_str() {
            "" => 0,
            block => self.allocate_serials(block, scope.block_size, scope.serials)?,
        };
        let row = ScopeRow {
            epoch: scope.epoch,
            name: scope.name.clone(),
            template: scope.template.clone(),
            block: scope.block.clone(),
            serials: (first..first + scope.serials).collect(),
            opened: times::kept(now),
        };
        self.scopes.push(row.clone());
        Ok(row)
    }

    fn scopes(&self, epoch: u32) -> Result<Vec<ScopeRow>> {
        Ok(self.scopes.iter().filter(|row| row.epoch == epoch).cloned().collect())
    }

    fn record_act(&mut self, act: &NewAct, now: Timestamp) -> Result<ActRow> {
        let after_seq = self.epoch(act.epoch)?.decisions.len() as u64;
        if let Some(account) = &act.account {
            self.ordinal(act.epoch, account)?;
        }
        let row = ActRow { id: next_id(&self.acts), act: act.clone(), after_seq, at: times::kept(now) };
        self.acts.push(row.clone());
        Ok(row)
    }

    fn acts(&self, epoch: u32) -> Result<Vec<ActRow>> {
        Ok(self.acts.iter().filter(|row| row.act.epoch == epoch).cloned().collect())
    }

    fn outbox_due(&self, now: Timestamp) -> Result<Vec<OutboxRow>> {
        let now = times::kept(now);
        let due = |(row, delivered): &&(OutboxRow, Option<Timestamp>)| delivered.is_none() && row.next <= now;
        Ok(self.outbox.iter().filter(due).map(|(row, _)| row.clone()).collect())
    }

    fn outbox_waiting(&self) -> Result<u64> {
        Ok(self.outbox.iter().filter(|(_, delivered)| delivered.is_none()).count() as u64)
    }

    fn outbox_delivered(&mut self, id: i64, now: Timestamp) -> Result<()> {
        let (_, delivered) = at_mut(&mut self.outbox, id).ok_or_else(|| refusal::no_message(id))?;
        delivered.get_or_insert(times::kept(now));
        Ok(())
    }

    fn outbox_failed(&mut self, id: i64, _error: &str, next: Timestamp) -> Result<()> {
        let (row, delivered) = at_mut(&mut self.outbox, id).ok_or_else(|| refusal::no_message(id))?;
        if delivered.is_none() {
            row.attempts += 1;
            row.next = times::kept(next);
        }
        Ok(())
    }
}

/// A feed before its first pass.
fn unread(name: &str) -> FeedRow {
    FeedRow {
        name: name.to_owned(),
        cursor: String::new(),
        records: 0,
        last_success: None,
        last_record: None,
        failures: 0,
        error: String::new(),
    }
}
