//! Which column goes by which: a tree of dependence.
//!
//! Chow and Liu (1968): among all trees, the one with the largest summed mutual
//! information comes nearest to the joint law of the columns. Here the tree
//! grows from what is fixed beforehand, the copied sender and the drawn
//! recipient, by Prim's algorithm. An edge that chance explains (a G-test with
//! the Miller-Madow correction) is no edge.

use std::collections::BTreeMap;

use super::column::{Field, Given, Kind, Law};
use super::measure::{Written, around};
use crate::plant::{Table, TableColumn};
use crate::record::ColumnRole;

/// Rows that mutual information is counted over.
const ROWS: usize = 100_000;

/// Most levels of a column: the rest is one level.
const LEVELS: usize = 128;

/// Levels of a measure, between its quantiles.
const BINS: usize = 12;

/// Most cases of a field.
const CASES: usize = 96;

/// Rows that a case must have, in units of k.
const CASE_ROWS: u32 = 8;

/// A column reduced to levels.
struct Levels {
    /// Of each sampled row.
    rows: Vec<u8>,
    count: usize,
    /// What a level is called as a case; empty for "all others".
    names: Vec<String>,
}

/// Gives drawn fields the parent that tells most about them.
pub(super) fn attach(table: &Table, fields: &mut [Field], least: u32) {
    let step = table.rows.div_ceil(ROWS).max(1);
    let levels: Vec<Option<Levels>> =
        fields.iter().map(|field| Levels::of(field, &table.columns[field.place?], step, least)).collect();
    let is_root = |field: &Field| match &field.kind {
        Kind::Copied { .. } => matches!(field.role, ColumnRole::Name(_) | ColumnRole::Other(_)),
        Kind::Part { .. } => true,
        _ => false,
    };
    let mut inside: Vec<bool> = fields.iter().map(is_root).collect();
    loop {
        let mut best: Option<(f64, usize, usize)> = None;
        for child in (0..fields.len()).filter(|&child| !inside[child] && fields[child].is_drawn()) {
            for parent in (0..fields.len()).filter(|&parent| inside[parent]) {
                let (Some(a), Some(b)) = (&levels[child], &levels[parent]) else { continue };
                if let Some(told) = told(a, b)
                    && best.is_none_or(|(most, ..)| told > most)
                {
                    best = Some((told, child, parent));
                }
            }
        }
        match best {
            Some((_, child, parent)) => {
                fields[child].given = cases(table, fields, child, parent, &levels, least);
                inside[child] = true;
            }
            // What nothing tells about is a root of its own: the first that is left.
            None => match (0..fields.len()).find(|&at| !inside[at] && fields[at].is_drawn()) {
                Some(root) => inside[root] = true,
                None => return,
            },
        }
    }
}

impl Levels {
    fn of(field: &Field, column: &TableColumn, step: usize, least: u32) -> Option<Self> {
        let cuts = match &field.kind {
            Kind::Drawn(Law::Measure(measure)) => Some((measure.written, cuts(column, measure.written, least))),
            Kind::Drawn(Law::Choice(_)) | Kind::Part { .. } | Kind::Copied { .. } => None,
            _ => return None,
        };
        let counts = column.counts();
        let mut frequent: Vec<usize> = (0..counts.len()).filter(|&code| counts[code] >= least).collect();
        frequent.sort_by_key(|&code| std::cmp::Reverse(counts[code]));
        let mut level_of: Vec<u8> = vec![0; counts.len()];
        let mut names = vec![String::new()];
        if let Some((written, cuts)) = cuts {
            let fine = |units: i64| Written { trim: true, ..written }.write(units);
            for (at, pair) in cuts.windows(2).enumerate() {
                let from = if at == 0 { String::new() } else { fine(pair[0]) };
                let to = if at + 2 == cuts.len() { String::new() } else { fine(pair[1]) };
                names.push(format!("{from}..{to}"));
            }
            for (code, text) in column.texts.iter().enumerate() {
                if let Some(units) = written.units(text) {
                    let place = cuts.partition_point(|cut| *cut <= units).clamp(1, cuts.len() - 1);
                    level_of[code] = place as u8;
                }
            }
            // Texts in place of numbers are cases of their own.
            for &code in frequent.iter().filter(|&&code| written.units(&column.texts[code]).is_none()) {
                if names.len() < LEVELS && names.len() - cuts.len() < 16 {
                    level_of[code] = names.len() as u8;
                    names.push(column.texts[code].to_string());
                }
            }
        } else {
            for &code in frequent.iter().take(LEVELS) {
                level_of[code] = names.len() as u8;
                names.push(column.texts[code].to_string());
            }
        }
        let rows = column.codes.iter().step_by(step).map(|&code| level_of[code as usize]).collect();
        Some(Self { rows, count: names.len(), names })
    }
}

/// Where a measure's levels begin and end: quantiles without repeats, none of
/// them one row's value.
fn cuts(column: &TableColumn, written: Written, least: u32) -> Vec<i64> {
    let mut values: Vec<i64> = Vec::new();
    for (text, count) in column.texts.iter().zip(column.counts()) {
        values.extend(written.units(text).into_iter().flat_map(|units| std::iter::repeat_n(units, count as usize)));
    }
    values.sort_unstable();
    let mut cuts: Vec<i64> =
        (0..=BINS).map(|bin| around(&values, (values.len() - 1) * bin / BINS, least as usize)).collect();
    cuts.dedup();
    if cuts.len() == 1 {
        cuts.push(cuts[0] + 1);
    }
    cuts
}

/// Mutual information in nats, corrected for what chance adds; `None` where
/// chance explains it.
fn told(a: &Levels, b: &Levels) -> Option<f64> {
    let mut joint = vec![0u32; a.count * b.count];
    let (mut of_a, mut of_b) = (vec![0u32; a.count], vec![0u32; b.count]);
    for (&x, &y) in a.rows.iter().zip(&b.rows) {
        joint[usize::from(x) * b.count + usize::from(y)] += 1;
        of_a[usize::from(x)] += 1;
        of_b[usize::from(y)] += 1;
    }
    let rows = a.rows.len() as f64;
    let mut told = 0.0;
    for (x, &nx) in of_a.iter().enumerate() {
        for (y, &ny) in of_b.iter().enumerate() {
            let n = f64::from(joint[x * b.count + y]);
            if n > 0.0 {
                told += n / rows * (n * rows / (f64::from(nx) * f64::from(ny))).ln();
            }
        }
    }
    let used = |counts: &[u32]| counts.iter().filter(|count| **count > 0).count().saturating_sub(1) as f64;
    let freedom = used(&of_a) * used(&of_b);
    let corrected = told - freedom / (2.0 * rows);
    // 2 N I is about chi-square; four deviations above its mean, and worth a table.
    let g = 2.0 * rows * told;
    (freedom > 0.0 && g > freedom + 4.0 * (2.0 * freedom).sqrt() + 10.0 && corrected > 0.001).then_some(corrected)
}

/// The child's law in each case of the parent.
fn cases(
    table: &Table,
    fields: &[Field],
    child: usize,
    parent: usize,
    levels: &[Option<Levels>],
    least: u32,
) -> Option<Given> {
    let Kind::Drawn(law) = &fields[child].kind else { return None };
    let parent_levels = levels[parent].as_ref()?;
    let column = &table.columns[fields[child].place?];
    let step = table.rows.div_ceil(ROWS).max(1);
    // By case: how many of its rows hold each text.
    let mut counts: Vec<BTreeMap<u32, u64>> = vec![BTreeMap::new(); parent_levels.count];
    for (&level, &code) in parent_levels.rows.iter().zip(column.codes.iter().step_by(step)) {
        *counts[usize::from(level)].entry(code).or_default() += 1;
    }
    let mut when = Vec::new();
    for (name, counts) in parent_levels.names.iter().zip(&counts).skip(1) {
        let rows: u64 = counts.values().sum();
        if rows < u64::from(CASE_ROWS * least) || when.len() == CASES {
            continue;
        }
        let pairs = counts.iter().map(|(code, count)| (&*column.texts[*code as usize], *count));
        let law = match law {
            Law::Choice(_) => Law::choice(pairs, least),
            Law::Measure(measure) => Law::measure(pairs, measure.written, least, points(rows)),
        };
        when.extend(law.map(|law| (name.clone(), law)));
    }
    (!when.is_empty()).then_some(Given { by: parent, when })
}

/// Points of a table of quantiles that so many rows bear.
fn points(rows: u64) -> usize {
    ((rows / 20) as usize).clamp(4, 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(rows: Vec<u8>, count: usize) -> Levels {
        Levels { rows, count, names: vec![String::new(); count] }
    }

    #[test]
    fn no_bound_of_a_case_is_one_rows_value() {
        let texts: Vec<Box<str>> = (1..300u64).map(|i| (i * i * 1000 + 7).to_string().into()).collect();
        let codes = (0..texts.len() as u32).collect();
        let column = TableColumn { texts: texts.clone(), codes, ..TableColumn::default() };

        let cuts = cuts(&column, Written::default(), 5);

        assert_eq!(cuts.len(), BINS + 1);
        assert!(cuts.iter().all(|cut| !texts.contains(&cut.to_string().into())), "{cuts:?}");
    }

    #[test]
    fn what_depends_is_told_and_what_does_not_is_not() {
        let a: Vec<u8> = (0..4000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 16) as u8 % 4).collect();
        let copy: Vec<u8> = a.iter().map(|x| (x + 1) % 4).collect();
        let other: Vec<u8> = (0..4000u32).map(|i| (i.wrapping_mul(40_503) >> 7) as u8 % 4).collect();

        let same = told(&levels(a.clone(), 4), &levels(copy, 4)).expect("a copy tells all");
        assert!((same - 4f64.ln()).abs() < 0.01, "{same}");
        assert_eq!(told(&levels(a, 4), &levels(other, 4)), None);
    }
}
