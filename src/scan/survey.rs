//! What a scan found, summed up.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::finder::{How, What};
use super::index::Directory;
use super::masks::MaskCounts;
use super::search::Hit;

/// Counts of what was found.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Rows with something of ours.
    pub rows: u64,
    /// Of those, rows with a canary's number.
    pub rows_with_number: u64,
    /// Rows in which each canary stands.
    canaries: BTreeMap<u32, u64>,
    /// Rows in which each line stands.
    lines: BTreeMap<u32, u64>,
    /// Findings by the way they were written.
    hows: BTreeMap<How, u64>,
    /// Phones of which only a part is shown.
    pub masked: MaskCounts,
}

/// A source of which canaries were found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceFound {
    /// Its place in the index's directory.
    #[serde(skip)]
    pub place: usize,
    /// Epoch.
    pub epoch: String,
    /// Account; empty for a scope of shared rows.
    pub account: String,
    /// Batch, or the scope's name; empty for standing canaries.
    pub batch: String,
    /// When it was planted.
    pub planted: Timestamp,
    /// Distinct canaries that were found.
    pub found: u32,
    /// Canaries that were planted.
    pub planted_canaries: u32,
    /// Rows in which they stand.
    pub rows: u64,
}

/// When an account's data can have left, judged by what is there and what is
/// not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bracket {
    /// Account.
    pub account: String,
    /// Not before this: the newest batch that is there was planted then.
    pub after: Timestamp,
    /// Probably before this: the first later batch, of which nothing is there,
    /// was planted then. `None` where there is no later batch.
    pub before: Option<Timestamp>,
}

impl Survey {
    /// Takes a hit.
    pub fn add(&mut self, hit: &Hit) {
        self.add_row(hit.findings.iter().map(|finding| (finding.what, finding.how)));
    }

    /// Takes what stands in a row.
    pub fn add_row(&mut self, found: impl Iterator<Item = (What, How)>) {
        let distinct: BTreeSet<(What, How)> = found.collect();
        self.rows += 1;
        self.rows_with_number += u64::from(distinct.iter().any(|(what, _)| matches!(what, What::Canary(_))));
        for (what, how) in distinct {
            *self.hows.entry(how).or_default() += 1;
            match what {
                What::Canary(canary) => *self.canaries.entry(canary).or_default() += 1,
                What::Line(line) => *self.lines.entry(line).or_default() += 1,
                What::Reserved => {}
            }
        }
    }

    /// Takes counts of masked phones.
    pub fn add_masked(&mut self, counts: &MaskCounts) {
        for (&masked, count) in counts {
            self.masked.entry(masked).or_default().add(count);
        }
    }

    /// Distinct canaries.
    pub fn canaries(&self) -> usize {
        self.canaries.len()
    }

    /// Distinct lines.
    pub fn lines(&self) -> usize {
        self.lines.len()
    }

    /// Findings by the way they were written.
    pub fn hows(&self) -> impl Iterator<Item = (How, u64)> + '_ {
        self.hows.iter().map(|(how, count)| (*how, *count))
    }

    /// Sources of which canaries were found, those with most first.
    pub fn sources(&self, directory: &Directory) -> Vec<SourceFound> {
        let mut found: BTreeMap<usize, (u32, u64)> = BTreeMap::new();
        for (&canary, rows) in &self.canaries {
            let entry = found.entry(directory.source_of(canary)).or_default();
            entry.0 += 1;
            entry.1 += rows;
        }
        let source = |(place, (found, rows)): (usize, (u32, u64))| {
            let source = &directory.sources[place];
            SourceFound {
                place,
                epoch: source.epoch.clone(),
                account: source.account.clone(),
                batch: source.batch.clone(),
                planted: source.planted,
                found,
                planted_canaries: source.count,
                rows,
            }
        };
        let mut sources: Vec<SourceFound> = found.into_iter().map(source).collect();
        sources
            .sort_by(|a, b| b.found.cmp(&a.found).then_with(|| (&a.account, a.planted).cmp(&(&b.account, b.planted))));
        sources
    }

    /// Places, within its batch, of the canaries of a source that were found.
    pub fn canaries_of(&self, place: usize, directory: &Directory) -> Vec<u32> {
        let source = &directory.sources[place];
        let canaries = self.canaries.range(source.first..source.first + source.count);
        canaries.map(|(canary, _)| canary - source.first).collect()
    }

    /// For each account of which a batch was found: when its data can have left.
    pub fn brackets(&self, directory: &Directory) -> Vec<Bracket> {
        let here: BTreeSet<usize> = self.canaries.keys().map(|&canary| directory.source_of(canary)).collect();
        let mut newest: BTreeMap<&str, Timestamp> = BTreeMap::new();
        let is_batch = |place: &&usize| {
            !directory.sources[**place].account.is_empty() && !directory.sources[**place].batch.is_empty()
        };
        for source in here.iter().filter(is_batch).map(|&place| &directory.sources[place]) {
            let at = newest.entry(&source.account).or_insert(source.planted);
            *at = source.planted.max(*at);
        }
        let mut before: BTreeMap<&str, Timestamp> = BTreeMap::new();
        for (place, source) in directory.sources.iter().enumerate() {
            let Some(after) = newest.get(source.account.as_str()) else { continue };
            if source.count > 0 && !source.batch.is_empty() && source.planted > *after && !here.contains(&place) {
                let at = before.entry(&source.account).or_insert(source.planted);
                *at = source.planted.min(*at);
            }
        }
        let bracket = |(account, after): (&str, Timestamp)| Bracket {
            account: account.to_owned(),
            after,
            before: before.get(account).copied(),
        };
        newest.into_iter().map(bracket).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::finder::Finding;
    use crate::scan::index::{Directory, Source};

    fn directory() -> Directory {
        let day = |day: i64| Timestamp::from_second(day * 86_400).expect("a time");
        let source = |account: &str, batch: &str, at: i64, first: u32| Source {
            epoch: "2026Q4".into(),
            account: account.into(),
            batch: batch.into(),
            planted: day(at),
            form: 0,
            first,
            count: 10,
        };
        Directory {
            made: day(0),
            state: String::new(),
            lines: Vec::new(),
            forms: Vec::new(),
            sources: vec![
                source("a", "", 1, 0),
                source("a", "mon", 2, 10),
                source("a", "tue", 3, 20),
                source("a", "wed", 4, 30),
                source("a", "thu", 5, 40),
                source("b", "mon", 2, 50),
            ],
            lengths: 0,
            left_out: 0,
        }
    }

    fn hit(whats: &[What]) -> Hit {
        let finding = |&what: &What| Finding { at: 0, bytes: 1, what, how: How::Whole };
        Hit { offset: 0, row: Vec::new(), findings: whats.iter().map(finding).collect() }
    }

    #[test]
    fn rows_and_canaries_are_counted_once_each() {
        let mut survey = Survey::default();
        for whats in
            [&[What::Canary(21), What::Line(3)][..], &[What::Canary(21)], &[What::Canary(12)], &[What::Line(3)]]
        {
            survey.add(&hit(whats));
        }

        assert_eq!((survey.rows, survey.rows_with_number, survey.canaries(), survey.lines()), (4, 3, 2, 1));
        let sources: Vec<(String, u32, u64)> =
            survey.sources(&directory()).into_iter().map(|source| (source.batch, source.found, source.rows)).collect();
        assert_eq!(sources, [("mon".into(), 1, 1), ("tue".into(), 1, 2)]);
    }

    #[test]
    fn a_leak_is_dated_by_what_is_there_and_what_is_not() {
        let mut survey = Survey::default();
        for canary in [3, 11, 22, 31] {
            survey.add(&hit(&[What::Canary(canary)]));
        }
        let directory = directory();

        let brackets = survey.brackets(&directory);

        let thursday = directory.sources[4].planted;
        assert_eq!(
            brackets,
            [Bracket { account: "a".into(), after: directory.sources[3].planted, before: Some(thursday) }]
        );
    }
}
