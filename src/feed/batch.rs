//! Records on their way to the sink: numbered, counted, in batches.

use std::collections::{HashMap, VecDeque};

use sha2::{Digest, Sha256};

use super::{BATCH_BYTES, Batch, Pass, RAW_CAP, Stop};
use crate::fault::Fault;
use crate::observation::{Observation, Rejected};

/// Fills batches and hands them to the sink.
pub(super) struct Collector<'a> {
    sink: &'a mut dyn FnMut(Batch) -> Result<(), Stop>,
    limit: usize,
    batch: Batch,
    pass: Pass,
    bytes: usize,
    stopped: bool,
}

impl<'a> Collector<'a> {
    pub(super) fn new(sink: &'a mut dyn FnMut(Batch) -> Result<(), Stop>, limit: usize) -> Self {
        Self { sink, limit: limit.max(1), batch: Batch::default(), pass: Pass::default(), bytes: 0, stopped: false }
    }

    /// Counts of the pass so far.
    pub(super) fn pass(&mut self) -> &mut Pass {
        &mut self.pass
    }

    /// Takes a record that was read; it may have given no observation.
    pub(super) fn take(&mut self, seen: &mut Vec<Observation>, occurrences: &mut Occurrences) {
        self.count_record();
        self.pass.skipped += u64::from(seen.is_empty());
        for observation in seen.drain(..) {
            self.pass.observations += 1;
            self.bytes += observation.raw.len();
            self.pass.newest = self.pass.newest.max(observation.at);
            // With an id of its own a record needs no number.
            let occurrence = if observation.native_id.is_some() { 1 } else { occurrences.next(&observation.raw) };
            self.batch.occurrences.push(occurrence);
            self.batch.observations.push(observation);
        }
    }

    /// Takes a record that could not be read.
    pub(super) fn reject(&mut self, fault: Fault, raw: &[u8], occurrences: &mut Occurrences) {
        self.count_record();
        self.pass.rejected += 1;
        let raw = raw[..raw.len().min(RAW_CAP)].to_vec();
        self.bytes += raw.len();
        self.batch.rejected_occurrences.push(occurrences.next(&raw));
        self.batch.rejected.push(Rejected { fault, raw });
    }

    /// Hands over the batch if it is full.
    pub(super) fn flush_if_full(&mut self, cursor: impl FnOnce() -> String) -> Result<(), Fault> {
        let records = self.batch.records >= self.limit as u64 || self.batch.observations.len() >= self.limit;
        let full = records || self.bytes >= BATCH_BYTES;
        if full { self.flush(cursor()) } else { Ok(()) }
    }

    /// Hands over what there is, with the cursor that covers it.
    pub(super) fn flush(&mut self, cursor: String) -> Result<(), Fault> {
        self.bytes = 0;
        let batch = Batch { cursor, ..std::mem::take(&mut self.batch) };
        (self.sink)(batch).map_err(|stop| {
            self.stopped = true;
            Fault::new(stop.why)
        })
    }

    /// Whether the sink said that it cannot go on.
    pub(super) fn has_stopped(&self) -> bool {
        self.stopped
    }

    /// Whether records wait for a flush.
    pub(super) fn is_waiting(&self) -> bool {
        self.batch.records > 0
    }

    pub(super) fn into_pass(self) -> Pass {
        self.pass
    }

    fn count_record(&mut self) {
        self.batch.records += 1;
        self.pass.records += 1;
    }
}

/// How often a record's bytes came before in its document.
///
/// A document that is read as a whole remembers all of its records. A growing
/// file cannot: it remembers the last [`RECENT`], and its cursor carries them to
/// the next pass, so that a split between passes changes no number. Identical
/// lines that are further apart than that in a log with times do not occur.
pub(super) enum Occurrences {
    /// Of a whole document.
    All(HashMap<u64, u32>),
    /// Of a growing file.
    Recent(VecDeque<(u64, u32)>),
}

/// Records that a growing file remembers.
pub(super) const RECENT: usize = 64;

impl Occurrences {
    pub(super) fn of_document() -> Self {
        Self::All(HashMap::new())
    }

    /// From what a cursor carried.
    pub(super) fn of_log(recent: &[(String, u32)]) -> Self {
        let parse = |(digest, times): &(String, u32)| Some((u64::from_str_radix(digest, 16).ok()?, *times));
        Self::Recent(recent.iter().filter_map(parse).collect())
    }

    /// For the cursor.
    pub(super) fn recent(&self) -> Vec<(String, u32)> {
        match self {
            Self::All(_) => Vec::new(),
            Self::Recent(recent) => recent.iter().map(|(digest, times)| (format!("{digest:016x}"), *times)).collect(),
        }
    }

    /// Numbers one more record of these bytes.
    fn next(&mut self, raw: &[u8]) -> u32 {
        let hash = Sha256::digest(raw);
        let digest = u64::from_be_bytes(hash[..8].try_into().expect("a digest has 32 bytes"));
        match self {
            Self::All(all) => {
                let times = all.entry(digest).or_insert(0);
                *times += 1;
                *times
            }
            Self::Recent(recent) => {
                let before = recent.iter().rev().find(|(other, _)| *other == digest).map_or(0, |(_, times)| *times);
                if recent.len() == RECENT {
                    recent.pop_front();
                }
                recent.push_back((digest, before + 1));
                before + 1
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_and_a_document_number_repeated_records_alike() {
        let records: Vec<&[u8]> = vec![b"a", b"b", b"a", b"a"];
        let mut document = Occurrences::of_document();
        let mut log = Occurrences::of_log(&[]);

        let numbers =
            |occurrences: &mut Occurrences| records.iter().map(|raw| occurrences.next(raw)).collect::<Vec<_>>();

        assert_eq!(numbers(&mut document), [1, 1, 2, 3]);
        assert_eq!(numbers(&mut log), [1, 1, 2, 3]);
    }

    #[test]
    fn a_log_remembers_through_its_cursor() {
        let mut log = Occurrences::of_log(&[]);
        log.next(b"a");

        let mut resumed = Occurrences::of_log(&log.recent());

        assert_eq!(resumed.next(b"a"), 2);
    }
}
