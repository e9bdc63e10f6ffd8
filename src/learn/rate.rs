//! Prices that follow from a weight: `base` for the first unit begun, `each`
//! for every further one, by the text of another column.
//!
//! A fee that was drawn by itself would contradict its weight in every row, so
//! the rule is looked for: for each group of rows the line through the means
//! of its steps, then the band of prices that round to every fee seen.

use std::collections::BTreeMap;

use super::column::{Field, Kind, Law};
use super::measure::{self, Written};
use super::yaml::{self, Writer};
use crate::plant::{Table, TableColumn};

/// Rows that must follow a rule, in a hundred.
const FOLLOW: usize = 97;

/// Most units that a price is charged for.
const MOST_UNITS: f64 = 1e6;

/// Rows that are looked at.
const ROWS: usize = 100_000;

/// A found rule.
#[derive(Debug)]
pub(super) struct Rates {
    of: usize,
    by: usize,
    written: Written,
    /// By text; in hundredths of the last decimal.
    rates: Vec<(String, Rate)>,
    otherwise: Rate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rate {
    base: i64,
    each: i64,
}

impl Rates {
    pub(super) fn write(&self, out: &mut Writer, all: &[Field]) {
        let fine = |value: i64| Written { decimals: self.written.decimals + 2, trim: true }.write(value);
        let pair = |rate: &Rate| format!("{{base: {}, each: {}}}", fine(rate.base), fine(rate.each));
        out.line(2, "kind: rate");
        out.line(2, &format!("of: {}", yaml::word(&all[self.of].name)));
        out.line(2, &format!("by: {}", yaml::word(&all[self.by].name)));
        for part in self.written.keys().split(", ").filter(|part| !part.is_empty()) {
            out.line(2, part);
        }
        let rates: Vec<(String, String)> =
            self.rates.iter().map(|(text, rate)| (yaml::word(text), pair(rate))).collect();
        if !rates.is_empty() {
            out.map(2, "rates", &rates);
        }
        out.line(2, &format!("otherwise: {}", pair(&self.otherwise)));
    }
}

/// Turns drawn numbers that follow from others into rates.
pub(super) fn learn(table: &Table, fields: &mut [Field], least: u32) {
    let measures: Vec<usize> =
        (0..fields.len()).filter(|&at| matches!(fields[at].kind, Kind::Drawn(Law::Measure(_)))).collect();
    // A fee of few values is a choice by its number of texts, and a fee all the same.
    let priced: Vec<usize> = (0..fields.len()).filter(|&at| fields[at].is_drawn()).collect();
    let words: Vec<usize> = (0..fields.len())
        .filter(|&at| {
            matches!(fields[at].kind, Kind::Drawn(Law::Choice(_)) | Kind::Part { .. }) && fields[at].place.is_some()
        })
        .collect();
    for fee in priced {
        for &weight in measures.iter().filter(|&&weight| weight != fee) {
            if !matches!(fields[weight].kind, Kind::Drawn(_)) {
                continue;
            }
            let found = words.iter().filter(|&&word| word != fee && word != weight).find_map(|&word| {
                let column = |at: usize| fields[at].place.map(|place| &table.columns[place]);
                rule(column(fee)?, column(weight)?, column(word)?, (weight, word), least)
            });
            if let Some(rates) = found {
                fields[fee].kind = Kind::Rate(rates);
                break;
            }
        }
    }
}

fn rule(
    fee: &TableColumn,
    weight: &TableColumn,
    word: &TableColumn,
    sources: (usize, usize),
    least: u32,
) -> Option<Rates> {
    let written = Written::of(fee.texts.iter().map(|text| &**text).zip(fee.counts().into_iter().map(u64::from)));
    // Larger ones are no fees and no weights, and would not survive the sums below.
    let fees: Vec<Option<i64>> = fee.texts.iter().map(|text| written.units(text)).collect();
    let begun =
        |text: &str| measure::number(text).filter(|number| *number <= MOST_UNITS).map(|number| number.ceil() as i64);
    let weights: Vec<Option<i64>> = weight.texts.iter().map(|text| begun(text)).collect();
    // By word, by units begun: fees in units of their last decimal.
    let mut groups: BTreeMap<u32, BTreeMap<i64, BTreeMap<i64, usize>>> = BTreeMap::new();
    let rows = fee.codes.len();
    let mut counted = 0;
    for row in (0..rows).step_by(rows.div_ceil(ROWS)) {
        let (Some(price), Some(weight)) = (fees[fee.codes[row] as usize], weights[weight.codes[row] as usize]) else {
            continue;
        };
        counted += 1;
        let steps = groups.entry(word.codes[row]).or_default().entry(weight.max(1)).or_default();
        *steps.entry(price).or_default() += 1;
    }
    if counted * 2 < rows.div_ceil(rows.div_ceil(ROWS)) {
        return None;
    }
    let mut rates: BTreeMap<u32, Rate> = BTreeMap::new();
    let mut follow = 0;
    for (&group, steps) in &groups {
        // The commonest fee of each number of units.
        let common: Vec<(i64, i64, usize)> = steps
            .iter()
            .filter_map(|(&begun, fees)| fees.iter().max_by_key(|(_, count)| **count).map(|(fee, n)| (begun, *fee, *n)))
            .collect();
        if let Some(rate) = line(&common) {
            let price = |begun: i64| (rate.base + rate.each * (begun - 1) + 50).div_euclid(100);
            follow += steps.iter().map(|(begun, fees)| fees.get(&price(*begun)).copied().unwrap_or(0)).sum::<usize>();
            rates.insert(group, rate);
        }
    }
    let varies = groups.values().any(|steps| steps.len() > 2);
    if follow * 100 < counted * FOLLOW || !varies {
        return None;
    }
    let rows_of = |group: &u32| groups[group].values().flat_map(BTreeMap::values).sum::<usize>();
    let mut by_rate: BTreeMap<Rate, usize> = BTreeMap::new();
    for (group, rate) in &rates {
        *by_rate.entry(*rate).or_default() += rows_of(group);
    }
    let otherwise = *by_rate.iter().max_by_key(|(_, rows)| **rows)?.0;
    // A group with few steps may suit the common rate as well as its own.
    let suits = |group: &u32| {
        let price = |begun: i64| (otherwise.base + otherwise.each * (begun - 1) + 50).div_euclid(100);
        groups[group]
            .iter()
            .all(|(begun, fees)| fees.iter().max_by_key(|(_, n)| **n).is_some_and(|(fee, _)| *fee == price(*begun)))
    };
    let is_held = |group: &u32| rows_of(group) >= least as usize;
    let rates = rates.iter().filter(|(group, rate)| **rate != otherwise && !suits(group) && is_held(group));
    let rates = rates.map(|(group, rate)| (word.texts[*group as usize].to_string(), *rate)).collect();
    Some(Rates { of: sources.0, by: sources.1, written, rates, otherwise })
}

/// A base and a step, in hundredths, that round to the fee of every number of
/// units begun.
fn line(points: &[(i64, i64, usize)]) -> Option<Rate> {
    let &(first, fee, _) = points.first()?;
    let Some(&(last, last_fee, _)) = points.iter().rfind(|(_, _, n)| *n >= 3).filter(|(b, ..)| *b > first) else {
        return (first == 1).then_some(Rate { base: fee * 100, each: 0 });
    };
    let slope = (last_fee - fee) * 100 / (last - first);
    // Every step within what rounding at both ends allows, nearest first.
    let reach = 100 / (last - first) + 1;
    (0..=2 * reach).map(|i| slope + if i % 2 == 0 { i / 2 } else { -(i + 1) / 2 }).find_map(|each| {
        let (mut least, mut most) = (i64::MIN, i64::MAX);
        for (begun, fee, _) in points.iter().filter(|(_, _, n)| *n >= 3) {
            let middle = fee * 100 - each * (begun - 1);
            least = least.max(middle - 50);
            most = most.min(middle + 49);
        }
        (least <= most && each >= 0).then(|| Rate { base: ((least + most) / 2).max(0), each })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_found_again_through_its_rounding() {
        let price = |begun: i64| (5120 + 2720 * (begun - 1) + 500) / 1000;
        let points: Vec<(i64, i64, usize)> = (1..=15).map(|begun| (begun, price(begun), 10)).collect();

        let rate = line(&points).expect("a line");

        for (begun, fee, _) in points {
            assert_eq!((rate.base + rate.each * (begun - 1) + 50).div_euclid(100), fee, "{rate:?} {begun}");
        }
    }
}
