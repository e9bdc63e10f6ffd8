//! Waybill numbers: their form, and where numbers are free.
//!
//! A waybill number that comes from nowhere is the surest tell of all: real
//! ones are dealt to senders in runs, so a new one belongs into a gap of the
//! run of the sender whose row is copied. What an operator must reserve for
//! that are single numbers inside live runs. Here the gaps of the learned
//! export are proposed; they are only safe once the number system has taken
//! them out of use.

use std::collections::BTreeMap;

use super::Options;
use super::column::{Field, Kind};
use super::yaml::Writer;
use crate::fault::Fault;
use crate::plant::Table;
use crate::record::ColumnRole;

/// Longest gap of a run that is still the run's.
const NEAR: u64 = 40;

/// So few numbers are too few to be choosy.
const ENOUGH: usize = 50;

/// A kind of number that so few rows have, one in this many, is left out.
const RARE: usize = 20;

/// Most gaps that are proposed: a template is no longer than a megabyte.
const MOST: usize = 15_000;

/// The number's field.
#[derive(Debug)]
pub(super) struct Waybill {
    prefix: String,
    /// Digits of the serial; 0 for no leading zeros.
    digits: usize,
    /// First serial and how many follow each other.
    ranges: Vec<(u64, u64)>,
    id: String,
}

impl Waybill {
    pub(super) fn write(&self, out: &mut Writer) {
        out.line(2, "kind: waybill");
        out.line(2, "form: reference");
        if !self.prefix.is_empty() {
            out.line(2, &format!("prefix: {}", super::yaml::word(&self.prefix)));
        }
        if self.digits > 0 {
            out.line(2, &format!("digits: {}", self.digits));
        }
        out.line(2, "# Numbers that no parcel will ever get. Reserve these with your number system first.");
        out.line(2, "block:");
        out.line(3, &format!("id: {}", super::yaml::word(&self.id)));
        out.line(3, "ranges:");
        for chunk in self.ranges.chunks(5) {
            let texts: Vec<String> = chunk.iter().map(|(first, count)| format!("{first}+{count}")).collect();
            out.line(4, &format!("- {}", super::yaml::word(&texts.join(" "))));
        }
    }
}

/// Finds the form of the numbers and fills in the block.
pub(super) fn learn(
    table: &Table,
    fields: &mut [Field],
    options: &Options,
    notes: &mut Vec<String>,
) -> Result<(), Fault> {
    let Some(field) = fields.iter_mut().find(|field| field.role == ColumnRole::Number) else { return Ok(()) };
    let column = &table.columns[field.place.expect("a number has its column")];
    let Some((prefix, width)) = form(column.texts.iter().map(|text| &**text)) else {
        notes.push(format!(
            "{}: numbers of several forms, or with no start in common; planted rows have one between their neighbours'",
            column.header
        ));
        return Ok(());
    };
    if prefix.is_empty() && width < crate::template::BARE_DIGITS {
        notes.push(format!(
            "{}: fewer than {} digits and no letters before them are no mark: anything may look like one",
            column.header,
            crate::template::BARE_DIGITS
        ));
        return Ok(());
    }
    let serial = |text: &str| text.strip_prefix(prefix.as_str())?.parse::<u64>().ok();
    let ranges = match &options.reserved {
        Some(reserved) => {
            let mut serials = Vec::new();
            for (line, text) in reserved.iter().enumerate() {
                let serial =
                    serial(text).filter(|serial| write(&prefix, width, *serial) == *text).ok_or_else(|| {
                        Fault::new(format!("expected numbers like {}, found another form", write(&prefix, width, 1234)))
                            .at_line(line as u64 + 1)
                    })?;
                serials.push(serial);
            }
            serials.sort_unstable();
            serials.dedup();
            joined(&serials)
        }
        None => {
            let mut used: Vec<u64> = column.texts.iter().filter_map(|text| serial(text)).collect();
            used.sort_unstable();
            used.dedup();
            let gaps = gaps(&used);
            let free: u64 = gaps.iter().map(|(_, count)| count).sum();
            if free == 0 {
                notes.push(format!("{}: no gap in any run; name reserved numbers with --reserved", column.header));
                return Ok(());
            }
            notes.push(format!(
                "{}: the template proposes {free} numbers in gaps of the export's runs: reserve them with your number \
                 system before you plant, or name reserved ones with --reserved",
                column.header
            ));
            gaps
        }
    };
    field.kind = Kind::Waybill(Waybill { prefix, digits: width, ranges, id: options.name.clone() });
    Ok(())
}

fn write(prefix: &str, width: usize, serial: u64) -> String {
    format!("{prefix}{serial:0width$}")
}

/// The prefix and the digits behind it that nearly all numbers share. Digits
/// that all numbers begin with stay in the serial.
fn form<'t>(texts: impl Iterator<Item = &'t str>) -> Option<(String, usize)> {
    let mut forms: BTreeMap<(&str, usize), usize> = BTreeMap::new();
    let mut all = 0;
    for text in texts.filter(|text| !text.is_empty()) {
        let head = text.trim_end_matches(|c: char| c.is_ascii_digit());
        all += 1;
        *forms.entry((head, text.len() - head.len())).or_default() += 1;
    }
    let ((head, width), count) = forms.iter().max_by_key(|(_, count)| **count)?;
    if *count * 10 >= all * 9 && (1..=18).contains(width) {
        return Some(((*head).to_owned(), *width));
    }
    // Of one prefix and several widths: without leading zeros.
    let of_head: usize = forms.iter().filter(|((have, _), _)| have == head).map(|(_, count)| count).sum();
    let longest = forms.keys().filter(|(have, _)| have == head).map(|(_, width)| *width).max()?;
    (of_head * 10 >= all * 5 && (1..=18).contains(&longest)).then(|| ((*head).to_owned(), 0))
}

/// Free serials inside runs, such that as many of them as of the used ones have
/// a used neighbour on both sides, on one, and on none: else how near the next
/// number is would tell.
fn gaps(used: &[u64]) -> Vec<(u64, u64)> {
    let sides = |before: bool, after: bool| usize::from(before) + usize::from(after);
    let mut real = [0usize; 3];
    for (at, serial) in used.iter().enumerate() {
        let before = at > 0 && used[at - 1] + 1 == *serial;
        real[sides(before, used.get(at + 1) == Some(&(serial + 1)))] += 1;
    }
    let mut free: [Vec<u64>; 3] = Default::default();
    for pair in used.windows(2).filter(|pair| (2..NEAR).contains(&(pair[1] - pair[0]))) {
        for serial in pair[0] + 1..pair[1] {
            free[sides(serial - 1 == pair[0], serial + 1 == pair[1])].push(serial);
        }
    }
    // As many as the scarcest kind allows, a kind of few rows aside.
    let kinds = (0..3).filter(|kind| real[*kind] * RARE >= used.len());
    let share = kinds.map(|kind| free[kind].len() as f64 / real[kind] as f64).fold(f64::INFINITY, f64::min);
    let share = share.min(MOST as f64 / used.len().max(1) as f64);
    let mut chosen: Vec<u64> = Vec::new();
    for (free, real) in free.iter().zip(real) {
        let wanted = ((real as f64 * share) as usize).min(free.len());
        // Evenly over all runs.
        chosen.extend((0..wanted).map(|at| free[at * free.len() / wanted]));
    }
    if chosen.len() < ENOUGH {
        // Runs without such numbers: those nearest to used ones, and as many.
        chosen = free.into_iter().rev().flatten().take(MOST).collect();
    }
    chosen.sort_unstable();
    joined(&chosen)
}

fn joined(serials: &[u64]) -> Vec<(u64, u64)> {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for &serial in serials {
        match ranges.last_mut() {
            Some((first, count)) if *first + *count == serial => *count += 1,
            _ => ranges.push((serial, 1)),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_those_inside_runs() {
        // 1 3 5 … stand alone, and so does what is free between them.
        let alone: Vec<u64> = (0..50).map(|i| 3 * i).collect();
        assert_eq!(gaps(&alone).len(), 49, "free numbers there have a neighbour and used ones have none; they must do");
        let mut used: Vec<u64> = (0..400).filter(|serial| serial % 10 != 7).collect();
        used.extend(9_000..9_100);
        let free = gaps(&used);
        assert!(free.iter().all(|(first, count)| first % 10 == 7 && *count == 1), "{free:?}");
        assert_eq!(joined(&[3, 4, 9, 10, 11]), [(3, 2), (9, 3)]);
    }

    #[test]
    fn a_form_is_a_prefix_and_digits() {
        assert_eq!(form(["YT0012", "YT9999"].into_iter()), Some(("YT".into(), 4)));
        assert_eq!(form(["SCMS-4", "SCMS-13", "SCMS-1013"].into_iter()), Some(("SCMS-".into(), 0)));
        assert_eq!(form(["a", "b"].into_iter()), None);
    }
}
