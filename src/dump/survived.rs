//! What is left of canaries in a dump: field by field, over all rows.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use rayon::prelude::*;
use serde::Serialize;

use crate::canary::Canary;
use crate::issue;
use crate::normalize;
use crate::scan::compare::{Comparison, Counts, Survival};
use crate::scan::text::{Layout, Repair, RowText};

use super::{HitLine, Rebuilder, SourceKey};

/// What is left of the canaries whose number was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Survived {
    /// Rows that were compared, each with every canary that it names.
    pub compared: u64,
    /// Rows without a canary's number: which canary a line alone is of cannot be told here.
    pub without_number: u64,
    /// Canaries that the registry does not know, or whose number is not in the
    /// row that is said to hold it.
    pub unknown: u64,
    /// How each column came through, in the order in which they were seen first.
    #[serde(serialize_with = "as_map")]
    pub columns: Vec<(String, Counts)>,
    /// Rows by what parts their cells.
    pub layouts: BTreeMap<Layout, u64>,
    /// Rows by what had to be undone to read them.
    pub repairs: BTreeMap<Repair, u64>,
}

/// Who wrote lines of hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    /// The search of this very run.
    Ourselves,
    /// Another machine, or somebody who says so: a canary is believed where the
    /// digits of its number stand in the row. Else such a file could have any
    /// account's canaries noted as seen, and no longer be evidence.
    Others,
}

impl Survived {
    /// Compares rows with the canaries that they name, and writes into the
    /// lines what came of it; what is not believed is counted and taken out.
    ///
    /// # Errors
    ///
    /// When the registry fails.
    pub fn compare(
        &mut self,
        lines: &mut [HitLine],
        rebuilder: &mut Rebuilder<'_>,
        writer: Writer,
    ) -> issue::Result<()> {
        let mut sources: BTreeMap<SourceKey, Option<Vec<Canary>>> = BTreeMap::new();
        for found in lines.iter().flat_map(|line| &line.canaries) {
            if let Entry::Vacant(entry) = sources.entry(SourceKey::from(found)) {
                let canaries = rebuilder.canaries(entry.key())?;
                entry.insert(canaries);
            }
        }
        lines.par_iter_mut().for_each(|line| compare(line, &sources, writer));
        for line in lines {
            self.add(line);
            line.canaries.retain(|found| found.comparison.is_some());
        }
        Ok(())
    }

    fn add(&mut self, line: &HitLine) {
        if line.canaries.is_empty() {
            self.without_number += 1;
        }
        if let Some(layout) = line.layout {
            *self.layouts.entry(layout).or_default() += 1;
        }
        line.repairs.iter().for_each(|&repair| *self.repairs.entry(repair).or_default() += 1);
        for found in &line.canaries {
            let Some(comparison) = &found.comparison else {
                self.unknown += 1;
                continue;
            };
            self.compared += 1;
            for field in &comparison.fields {
                *self.column(&field.role.to_string()).of(field.survival) += 1;
            }
        }
    }

    fn column(&mut self, role: &str) -> &mut Counts {
        let place = self.columns.iter().position(|(known, _)| known == role).unwrap_or_else(|| {
            self.columns.push((role.to_owned(), Counts::default()));
            self.columns.len() - 1
        });
        &mut self.columns[place].1
    }
}

impl Counts {
    fn of(&mut self, survival: Survival) -> &mut usize {
        match survival {
            Survival::Whole => &mut self.whole,
            Survival::Masked(_) => &mut self.masked,
            Survival::Damaged(_) => &mut self.damaged,
            Survival::Absent => &mut self.absent,
        }
    }
}

fn compare(line: &mut HitLine, sources: &BTreeMap<SourceKey, Option<Vec<Canary>>>, writer: Writer) {
    let row = RowText::read(line.row.as_bytes(), None);
    line.layout = Some(row.layout());
    line.repairs = row.repairs().clone();
    for found in &mut line.canaries {
        let canaries = sources[&SourceKey::from(&*found)].as_ref();
        let canary = canaries.and_then(|canaries| canaries.get(found.index as usize));
        let believed = canary.filter(|canary| writer == Writer::Ourselves || holds(row.text(), canary));
        found.comparison = believed.map(|canary| Comparison::of(canary, &row));
    }
}

/// Whether the longest run of digits of a canary's number stands in a row,
/// whatever stands between the digits.
fn holds(row: &str, canary: &Canary) -> bool {
    let digits: String = row.chars().filter_map(normalize::digit).collect();
    let runs = canary.number.as_deref().unwrap_or_default().split(|c: char| !c.is_ascii_digit());
    runs.max_by_key(|run| run.len()).is_some_and(|run| !run.is_empty() && digits.contains(run))
}

fn as_map<S: serde::Serializer>(columns: &[(String, Counts)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(columns.iter().map(|(role, counts)| (role, counts)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;

    #[test]
    fn a_row_holds_a_number_however_it_is_written_and_no_other() {
        let number = Some("YT0000361829274".to_owned());
        let canary = Canary { index: 0, number, people: Vec::new(), record: Record { values: Vec::new() } };
        for row in ["yt0000361829274", "1,0000-3618-29274", "ＹＴ００００３６１８２９２７４", "李0000361829274154"]
        {
            assert!(holds(row, &canary), "{row}");
        }
        for row in ["", "YT0000361829275,15433063750", "YT000036182927"] {
            assert!(!holds(row, &canary), "{row}");
        }
    }
}
