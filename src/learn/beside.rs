//! Exports whose rows name nobody: what is kept of the donor there, and what
//! must go with it.
//!
//! Where no column is a person's, nothing in a planted row but its number needs
//! to be drawn, and what is copied from one real row fits together as no tree
//! of pairs does. Two things give a copy away all the same. An amount and the
//! sums that follow from it are hardly ever the same twice: so the amount is
//! varied, and the sums are scaled with it, each to the power with which it grows
//! among rows that are otherwise alike. And a reference that one row has, as
//! an order of a single line, is another's if it is copied: so as often as rows
//! have one of their own, planted rows get one nearby, and days nearby with it.

use jiff::fmt::strtime::BrokenDownTime;

use super::column::{Field, Kind};
use super::measure::{self, Written};
use super::yaml::{self, Writer};
use crate::plant::{Table, TableColumn};
use crate::record::ColumnRole;

/// Rows that are looked at.
const ROWS: usize = 20_000;
/// How much of a sum's variance its amount must explain, within groups.
const EXPLAINED: f64 = 0.4;
/// A power this near to 1 is 1.
const NEAR_ONE: f64 = 0.15;
/// Distinct numbers that an amount has at least, one for so many rows.
const DISTINCT: usize = 50;
/// How much further than neighbours' references from each other one is moved.
const FAR: u64 = 4;
/// Weeks that days are moved by at most.
const WEEKS: u64 = 3;
/// A day that more rows than this have on average is no order's own.
const ROWS_OF_A_DAY: usize = 8;
/// Ways of writing days.
const DAYS: [&str; 8] =
    ["%Y-%m-%d", "%Y/%m/%d", "%-d-%b-%y", "%d-%b-%y", "%-m/%-d/%y", "%m/%d/%y", "%m/%d/%Y", "%d.%m.%Y"];
/// A column of references has so many rows with one of their own, in a thousand.
const OWN: usize = 150;

/// A sum that goes with an amount.
#[derive(Debug)]
pub(super) struct Scaled {
    of: usize,
    power: f64,
    written: Written,
}

/// References near the donor's.
#[derive(Debug)]
pub(super) struct Nearby {
    own: usize,
    reach: u64,
    with: Option<usize>,
    /// How days are written.
    format: Option<&'static str>,
}

impl Scaled {
    pub(super) fn write(&self, out: &mut Writer, all: &[Field]) {
        out.line(2, "kind: scaled");
        out.line(2, &format!("of: {}", yaml::word(&all[self.of].name)));
        if self.power != 1.0 {
            out.line(2, &format!("power: {:.2}", self.power));
        }
        for part in self.written.keys().split(", ").filter(|part| !part.is_empty()) {
            out.line(2, part);
        }
    }
}

impl Nearby {
    pub(super) fn write(&self, out: &mut Writer, all: &[Field]) {
        out.line(2, &format!("own: {}", self.own));
        out.line(2, &format!("reach: {}", self.reach));
        if let Some(format) = self.format {
            out.line(2, &format!("format: {}", serde_json::to_string(format).expect("a text is JSON")));
        }
        if let Some(with) = self.with {
            out.line(2, &format!("with: {}", yaml::word(&all[with].name)));
        }
    }
}

/// Makes every field of such an export a copy, but for amounts, their sums and
/// references.
pub(super) fn learn(table: &Table, fields: &mut [Field], least: u32) {
    let step = table.rows.div_ceil(ROWS).max(1);
    let column = |field: &Field| field.place.map(|place| &table.columns[place]);
    let logs: Vec<Option<Vec<f64>>> = fields
        .iter()
        .map(|field| column(field).filter(|_| matches!(field.role, ColumnRole::Other(_))).and_then(|c| logs(c, step)))
        .collect();
    let groups: Vec<Vec<u32>> = fields.iter().filter_map(|field| groups(column(field)?, table.rows, step)).collect();
    let power = |sum: usize, amount: usize| power(logs[sum].as_ref()?, logs[amount].as_ref()?, &groups);
    // The amount is what explains most of the others; its numbers are whole more
    // often than theirs.
    let numeric: Vec<usize> = (0..fields.len()).filter(|&at| logs[at].is_some()).collect();
    let score = |amount: usize| {
        let others = numeric.iter().filter(|&&sum| sum != amount);
        let explained: f64 = others.filter_map(|&sum| power(sum, amount)).map(|(_, explained)| explained).sum();
        let whole = column(&fields[amount]).map_or(0.0, whole);
        explained * whole
    };
    let amount = numeric.iter().copied().max_by(|&a, &b| score(a).total_cmp(&score(b)));
    let amount = amount.filter(|&amount| score(amount) > 0.0);
    let mut found: Vec<(usize, Kind)> = Vec::new();
    for at in 0..fields.len() {
        let Some(column) = column(&fields[at]).filter(|_| matches!(fields[at].role, ColumnRole::Other(_))) else {
            continue;
        };
        if Some(at) == amount {
            found.push((at, Kind::Varied));
            continue;
        }
        let scaled = amount.filter(|_| logs[at].is_some()).and_then(|amount| Some((amount, power(at, amount)?)));
        if let Some((of, (power, _))) = scaled {
            let texts = column.texts.iter().map(|text| &**text).zip(column.counts().into_iter().map(u64::from));
            let written = Written::of(texts.filter(|(text, _)| measure::number(text).is_some()));
            let power = if (power - 1.0).abs() <= NEAR_ONE { 1.0 } else { power };
            found.push((at, Kind::Scaled(Scaled { of, power, written })));
            continue;
        }
        let first = found.iter().find_map(|(at, kind)| match kind {
            Kind::Nearby(nearby) if nearby.format.is_none() => Some((*at, nearby.own)),
            _ => None,
        });
        let with = first.map(|(at, _)| at);
        if let Some((own, reach)) = references(column, least) {
            found.push((at, Kind::Nearby(Nearby { own, reach, with, format: None })));
        } else if let (Some((_, own)), Some(format)) = (first, days(column).filter(|_| !follows(at, fields, table))) {
            found.push((at, Kind::Nearby(Nearby { own, reach: WEEKS, with, format: Some(format) })));
        } else {
            found.push((at, super::column::copied(column, least)));
        }
    }
    for (at, kind) in found {
        fields[at].kind = kind;
    }
}

/// The logarithms of a measure, `NAN` for what is no number above 0; `None`
/// for what is no measure.
fn logs(column: &TableColumn, step: usize) -> Option<Vec<f64>> {
    let log = |text: &str| measure::number(text).filter(|number| *number > 0.0).map_or(f64::NAN, libm::log);
    let texts: Vec<f64> = column.texts.iter().map(|text| log(text)).collect();
    let numbers = texts.iter().filter(|log| !log.is_nan()).count();
    let rows: Vec<f64> = column.codes.iter().step_by(step).map(|&code| texts[code as usize]).collect();
    let numeric = rows.iter().filter(|log| !log.is_nan()).count();
    (numbers * DISTINCT > column.codes.len().min(ROWS) && numeric * 2 > rows.len()).then_some(rows)
}

/// The codes of a column that parts rows into groups.
fn groups(column: &TableColumn, rows: usize, step: usize) -> Option<Vec<u32>> {
    let is_parting = (2..=rows / 20).contains(&column.texts.len());
    is_parting.then(|| column.codes.iter().step_by(step).copied().collect())
}

/// With which power a sum grows with an amount among rows of one group, by the
/// grouping that explains most; and how much is explained.
fn power(sum: &[f64], amount: &[f64], groups: &[Vec<u32>]) -> Option<(f64, f64)> {
    let best = groups.iter().map(|group| within(sum, amount, group)).max_by(|a, b| a.1.total_cmp(&b.1))?;
    (best.1 >= EXPLAINED && best.0 > 0.1).then_some(best)
}

/// Slope and explained share of variance, pooled within groups.
fn within(sum: &[f64], amount: &[f64], group: &[u32]) -> (f64, f64) {
    let count = group.iter().max().map_or(0, |most| *most as usize + 1);
    let mut means = vec![(0.0f64, 0.0f64, 0.0f64); count];
    let rows = || sum.iter().zip(amount).zip(group).filter(|((y, x), _)| !y.is_nan() && !x.is_nan());
    for ((y, x), &group) in rows() {
        let mean = &mut means[group as usize];
        *mean = (mean.0 + y, mean.1 + x, mean.2 + 1.0);
    }
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for ((y, x), &group) in rows() {
        let (sum_y, sum_x, n) = means[group as usize];
        let (y, x) = (y - sum_y / n, x - sum_x / n);
        (xx, xy, yy) = (xx + x * x, xy + x * y, yy + y * y);
    }
    if xx <= 0.0 || yy <= 0.0 { (0.0, 0.0) } else { (xy / xx, xy * xy / (xx * yy)) }
}

/// The share of rows whose number is whole.
fn whole(column: &TableColumn) -> f64 {
    let counts = column.counts();
    let rows = |fits: &dyn Fn(&str) -> bool| -> u32 {
        column.texts.iter().zip(&counts).filter(|(text, _)| fits(text)).map(|(_, count)| count).sum()
    };
    let numbers = rows(&|text| measure::number(text).is_some());
    f64::from(rows(&|text| measure::number(text).is_some() && !text.contains('.'))) / f64::from(numbers.max(1))
}

/// Of a thousand rows, those with a reference of their own, and how far from
/// each other references of neighbouring rows lie, in tens.
fn references(column: &TableColumn, least: u32) -> Option<(usize, u64)> {
    let serial = |text: &str| {
        let digits = text.len() - text.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let (head, tail) = text.split_at(text.len() - digits);
        let is_reference = head.chars().any(char::is_alphabetic) && (2..=15).contains(&digits);
        is_reference.then(|| Some((head.to_owned(), tail.parse::<u64>().ok()?)))?
    };
    let serials: Vec<Option<(String, u64)>> = column.texts.iter().map(|text| serial(text)).collect();
    let counts = column.counts();
    let (mut own, mut all) = (0, 0);
    for (_, &count) in serials.iter().zip(&counts).filter(|(serial, _)| serial.is_some()) {
        own += usize::from(count == 1);
        all += count as usize;
    }
    let rows = column.codes.len();
    if all * 2 < rows || own * 1000 < OWN * rows {
        return None;
    }
    let mut steps: Vec<u64> = column
        .codes
        .windows(2)
        .filter_map(|pair| {
            let (a, b) = (serials[pair[0] as usize].as_ref()?, serials[pair[1] as usize].as_ref()?);
            (a.0 == b.0 && a.1 != b.1).then(|| a.1.abs_diff(b.1))
        })
        .collect();
    steps.sort_unstable();
    // No step is one pair's: the mean of the k in the middle.
    let middle: Vec<i64> = steps.iter().map(|step| (*step).min(1 << 40) as i64).collect();
    let reach = if middle.is_empty() { 10 } else { measure::around(&middle, middle.len() / 2, least as usize) };
    // Far enough not to meet another's, near enough to be of the same time.
    Some((own * 1000 / all, (reach as u64 * FAR / 10).clamp(1, 10_000)))
}

/// Whether a column that stays a copy says what this one says: the day of a
/// tender goes with the tender.
fn follows(at: usize, fields: &[Field], table: &Table) -> bool {
    let place = |field: &Field| field.place.filter(|_| matches!(field.role, ColumnRole::Other(_)));
    let Some(own) = place(&fields[at]).map(|place| &table.columns[place]) else { return false };
    fields[..].iter().enumerate().filter(|(other, _)| *other != at).any(|(_, field)| {
        let Some(other) = place(field).map(|place| &table.columns[place]) else { return false };
        let rows = own.codes.len();
        // One with about as many texts tells nothing by telling all.
        if other.texts.len() * 4 > rows || days(other).is_some() || other.texts.len() < own.texts.len() / 4 {
            return false;
        }
        let mut first: Vec<Option<u32>> = vec![None; other.texts.len()];
        let agree = other
            .codes
            .iter()
            .zip(&own.codes)
            .filter(|&(&group, &day)| *first[group as usize].get_or_insert(day) == day);
        agree.count() * 20 >= rows * 19
    })
}

/// How a column writes days, if few rows share one.
fn days(column: &TableColumn) -> Option<&'static str> {
    let counts = column.counts();
    let same = |format: &str, text: &str| {
        let day = BrokenDownTime::parse(format, text).ok().and_then(|time| time.to_date().ok());
        day.and_then(|day| jiff::fmt::strtime::format(format, day).ok()).as_deref() == Some(text)
    };
    DAYS.into_iter().find(|format| {
        let mut days = (0, 0, 0);
        for (text, count) in
            column.texts.iter().zip(&counts).filter(|(text, _)| text.starts_with(|c: char| c.is_ascii_digit()))
        {
            days.0 += 1;
            days.1 += if same(format, text) { *count as usize } else { 0 };
            days.2 += *count as usize;
        }
        days.1 * 10 >= days.2 * 9 && days.1 * 4 >= column.codes.len() && days.0 * ROWS_OF_A_DAY >= days.2
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(texts: impl Iterator<Item = String>) -> TableColumn {
        let mut column = TableColumn::default();
        for text in texts {
            let known = column.texts.iter().position(|have| **have == *text);
            let code = known.unwrap_or_else(|| {
                column.texts.push(text.into());
                column.texts.len() - 1
            });
            column.codes.push(code as u32);
        }
        column
    }

    #[test]
    fn a_sum_grows_with_its_amount_within_an_item() {
        let item = |i: u32| i % 4;
        let amount = |i: u32| 1 + i.wrapping_mul(2_654_435_761) % 5000;
        // The dearer the item, the fewer are bought: across items the sum hardly grows.
        let bought = |i: u32| amount(i) / (1 + 9 * item(i)).pow(2) + 1;
        let amounts = column((0..2000).map(|i| bought(i).to_string()));
        let sums = column((0..2000).map(|i| (bought(i) * (1 + 9 * item(i)).pow(2)).to_string()));
        let items = column((0..2000).map(|i| format!("item {}", item(i))));

        let groups = [groups(&items, 2000, 1).expect("groups")];
        let (power, explained) =
            power(&logs(&sums, 1).expect("sums"), &logs(&amounts, 1).expect("amounts"), &groups).expect("a sum");

        assert!((power - 1.0).abs() < 0.01 && explained > 0.99, "{power} {explained}");
    }

    #[test]
    fn references_are_told_from_codes() {
        let lone = column((0..300).map(|i| format!("PO-{}", 1000 + 20 * (i - i % 3 * (i % 2)))));
        assert!(references(&lone, 5).is_some_and(|(own, reach)| (200..=900).contains(&own) && reach <= 40));
        assert_eq!(references(&column((0..300).map(|i| format!("depot {}", 10 + i % 7))), 5), None);
        assert_eq!(references(&column((0..300).map(|i| i.to_string())), 5), None);
    }
}
