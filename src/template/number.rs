//! Numbers: weights, counts, values, and prices that follow from them.
//!
//! A law is a table of quantiles read off real rows. Everything is done in
//! whole steps (0.01 kg, say): a segment of the table is taken by its share,
//! then a step inside it, uniformly; so every probability is a ratio of
//! integers and no float decides what a canary says.

use crate::derive::Draw;
use crate::fault::Fault;
use crate::template::local::{push_number, push_padded};
use crate::template::weights::{Weighted, read_texts};
use crate::template::yaml::{Fields, Node};

/// Shares are kept in millionths.
const SHARE_UNITS: f64 = 1e6;

/// Largest number, in units of its last decimal: a price of that many at that
/// much each still fits in 64 bits.
const MAX_UNITS: f64 = 1e9;

/// Up to here every whole number is a float.
const EXACT: f64 = 9e15;

/// Most steps in a table: a fee's law walks through all of them.
pub(crate) const MAX_STEPS: i64 = 1 << 22;

/// How a number of steps is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Format {
    /// Digits after the point.
    decimals: u32,
    /// Whether trailing zeros go (`7.5` for `7.50`).
    trim: bool,
}

impl Format {
    /// Writes `units`, which count the last decimal and are not negative.
    pub(crate) fn write(self, units: i64) -> String {
        let scale = 10u64.pow(self.decimals);
        let (whole, part) = (units as u64 / scale, units as u64 % scale);
        let mut text = String::with_capacity(16);
        push_number(&mut text, whole);
        if self.decimals > 0 && !(self.trim && part == 0) {
            text.push('.');
            push_padded(&mut text, part, self.decimals as usize);
            if self.trim {
                text.truncate(text.trim_end_matches('0').len());
            }
        }
        text
    }

    /// Writes the value nearest to `number`; `None` where that is out of range.
    pub(crate) fn nearest(self, number: f64) -> Option<String> {
        let units = (number * 10f64.powi(self.decimals as i32)).round();
        (0.0..=EXACT).contains(&units).then(|| self.write(units as i64))
    }

    /// Reads what [`Format::write`] writes.
    pub(crate) fn units(self, text: &str) -> Option<i64> {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let digits = part.len() <= self.decimals as usize && part.bytes().all(|b| b.is_ascii_digit());
        let padded = format!("{whole}{part:0<width$}", width = self.decimals as usize);
        let units: i64 = digits.then(|| padded.parse().ok())??;
        (units >= 0 && self.write(units) == text).then_some(units)
    }

    /// Reads `decimals` and `trim`.
    pub(crate) fn read(fields: &mut Fields<'_>) -> Result<Self, Fault> {
        Ok(Self {
            decimals: fields.optional("decimals").map_or(Ok(0), |node| node.whole(0, 6))? as u32,
            trim: fields.optional("trim").map_or(Ok(false), |node| node.flag())?,
        })
    }

    fn to_units(self, node: &Node<'_>) -> Result<i64, Fault> {
        let scale = 10f64.powi(self.decimals as i32);
        let units = node.number()? * scale;
        let whole = units.round();
        if !(0.0..=MAX_UNITS).contains(&whole) || (units - whole).abs() > 1e-6 {
            let what =
                format!("expected a number from 0 to {} with at most {} decimals", MAX_UNITS / scale, self.decimals);
            return Err(node.fault(what));
        }
        Ok(whole as i64)
    }
}

/// A segment of a quantile table: this many steps from `from`, all alike.
#[derive(Clone, Copy, Debug)]
struct Segment {
    from: i64,
    steps: u32,
}

/// The law of a number.
#[derive(Clone, Debug)]
pub(crate) struct NumberLaw {
    pub(crate) format: Format,
    /// Units in one step.
    step: i64,
    segments: Weighted<Segment>,
    /// What stands in place of a number; first, without a text, the numbers.
    words: Option<Weighted<Option<String>>>,
}

impl NumberLaw {
    /// Draws a number, in units of its last decimal; below 0, a text that
    /// stands in its place.
    pub(crate) fn draw(&self, draw: &mut impl Draw) -> i64 {
        if let Some(words) = &self.words {
            let word = words.draw_index(draw);
            if word > 0 {
                return -(word as i64);
            }
        }
        let segment = self.segments.draw(draw);
        let within = if segment.steps == 1 { 0 } else { draw.below(segment.steps) };
        (segment.from + i64::from(within)) * self.step
    }

    /// Writes what [`NumberLaw::draw`] drew.
    pub(crate) fn write(&self, drawn: i64) -> String {
        let word = (drawn < 0).then(|| self.words.as_ref()?.items().get(drawn.unsigned_abs() as usize)?.clone());
        word.map_or_else(|| self.format.write(drawn), Option::unwrap_or_default)
    }

    /// Returns the probability that a text comes in place of a number and
    /// `fits`, and the share of numbers.
    pub(crate) fn words(&self, fits: impl Fn(&str) -> bool) -> (f64, f64) {
        let Some(words) = &self.words else { return (0.0, 1.0) };
        let fitting = words.shares().filter(|(word, _)| word.as_deref().is_some_and(&fits));
        let numbers = words.shares().next().map_or(0.0, |(_, share)| share);
        (fitting.map(|(_, share)| share).sum(), numbers)
    }

    /// Returns the probability of `least ..= most`, in units, among numbers.
    pub(crate) fn between(&self, least: i64, most: i64) -> f64 {
        let (first, last) =
            (least.max(0).div_euclid(self.step) + i64::from(least.max(0) % self.step != 0), most.div_euclid(self.step));
        let inside = |segment: &Segment| {
            let end = segment.from + i64::from(segment.steps) - 1;
            (last.min(end) - first.max(segment.from) + 1).max(0) as f64 / f64::from(segment.steps)
        };
        self.segments.shares().map(|(segment, share)| share * inside(segment)).sum()
    }

    /// Calls `visit` with each value, in units, and its probability.
    pub(crate) fn each(&self, mut visit: impl FnMut(i64, f64)) {
        for (segment, share) in self.segments.shares().filter(|(_, share)| *share > 0.0) {
            let each = share / f64::from(segment.steps);
            (0..segment.steps).for_each(|step| visit((segment.from + i64::from(step)) * self.step, each));
        }
    }

    /// Sums the probability of all values, in units, that `fits` lets pass,
    /// among numbers.
    pub(crate) fn sum(&self, fits: impl Fn(i64) -> bool) -> f64 {
        self.segments
            .shares()
            .map(|(segment, share)| {
                let steps = segment.from..segment.from + i64::from(segment.steps);
                let count = steps.filter(|step| fits(step * self.step)).count();
                share * count as f64 / f64::from(segment.steps)
            })
            .sum()
    }
}

/// Reads a field of kind `number`.
///
/// `quantiles: {0: 0.05, 50: 1.1, 100: 24.4}`: half of all rows weigh from
/// 0.05 up to below 1.10. Two equal values in a row are one value's own share.
/// `texts: {"": 3}` beside `numbers: 97` leaves three of a hundred rows blank.
pub(crate) fn read_number(fields: &mut Fields<'_>, format: Format) -> Result<NumberLaw, Fault> {
    let step = fields.optional("step").map_or(Ok(1), |node| {
        let units = format.to_units(&node)?;
        if units > 0 { Ok(units) } else { Err(node.fault("expected a step above 0")) }
    })?;
    let node = fields.required("quantiles")?;
    let mut points: Vec<(f64, i64)> = Vec::new();
    for (percent, value) in node.entries()? {
        let at = percent.parse::<f64>().ok().filter(|at| (0.0..=100.0).contains(at));
        let at = at.ok_or_else(|| value.fault("expected a percentage from 0 to 100 as the key"))?;
        let steps = format.to_units(&value)? / step;
        if points.last().is_some_and(|&(before, value)| before >= at || value > steps) {
            return Err(value.fault("percentages must rise, and values must not fall"));
        }
        points.push((at, steps));
    }
    match (points.first(), points.last()) {
        (Some((first, _)), Some((last, top))) if *first == 0.0 && *last == 100.0 && *top <= MAX_STEPS => {}
        (_, Some((_, top))) if *top > MAX_STEPS => {
            return Err(node.fault(format!("more than {MAX_STEPS} steps")).hint("a larger step or fewer decimals"));
        }
        _ => return Err(node.fault("the quantiles must run from 0 to 100")),
    }
    let last = points.len() - 2;
    let segments = points.windows(2).enumerate().map(|(index, pair)| {
        let ((from_at, from), (to_at, to)) = (pair[0], pair[1]);
        // Half open, so that a table's inner points are not counted twice.
        let steps = (to - from + i64::from(index == last)).max(1) as u32;
        (Segment { from, steps }, ((to_at - from_at) * SHARE_UNITS).round() as u64)
    });
    let segments = Weighted::new(segments).ok_or_else(|| node.fault("the quantiles must run from 0 to 100"))?;
    let words = match fields.optional("texts") {
        Some(node) => {
            let numbers = fields.required("numbers")?.whole(1, 1_000_000_000_000)?;
            let texts = read_texts(&node)?;
            let texts = texts.weights().map(|(text, weight)| (Some(text.clone()), weight));
            Some(Weighted::new(std::iter::once((None, numbers)).chain(texts)).expect("numbers have a weight"))
        }
        None => None,
    };
    Ok(NumberLaw { format, step, segments, words })
}

/// A price: `base` for the first unit begun, `each` for every further one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    base: i64,
    each: i64,
}

/// The law of a number that follows from another one and from a word.
#[derive(Clone, Debug)]
pub(crate) struct RateLaw {
    /// How the result is written.
    format: Format,
    /// Decimals of `base` and `each` beyond those that are written.
    finer: u32,
    /// Units of the other number in one charged unit.
    unit: i64,
    by: Vec<(String, Rate)>,
    otherwise: Rate,
}

impl RateLaw {
    /// The rate for `word`.
    pub(crate) fn rate(&self, word: &str) -> Rate {
        self.by.iter().find(|(have, _)| have == word).map_or(self.otherwise, |(_, rate)| *rate)
    }

    /// The words that have a rate of their own.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        self.by.iter().map(|(word, _)| word.as_str())
    }

    /// The rate of all other words.
    pub(crate) fn otherwise(&self) -> Rate {
        self.otherwise
    }

    /// Returns the price of `units` of the other number, as written.
    pub(crate) fn price(&self, rate: Rate, units: i64) -> i64 {
        let begun = (units + self.unit - 1) / self.unit;
        let fine = rate.base + rate.each * (begun - 1).max(0);
        let scale = 10i64.pow(self.finer);
        (fine + scale / 2) / scale
    }

    /// How prices are written.
    pub(crate) fn format(&self) -> Format {
        self.format
    }
}

/// Reads a field of kind `rate`, apart from what it follows.
pub(crate) fn read_rate(fields: &mut Fields<'_>, other: Format) -> Result<RateLaw, Fault> {
    let format = Format::read(fields)?;
    let finer = 2;
    let fine = Format { decimals: format.decimals + finer, trim: true };
    let unit = match fields.optional("unit") {
        Some(node) => other.to_units(&node)?,
        None => 10i64.pow(other.decimals),
    };
    if unit == 0 {
        return Err(fields.node().fault("expected a unit above 0"));
    }
    let read = |node: &Node<'_>| {
        let mut pair = node.fields()?;
        let rate =
            Rate { base: fine.to_units(&pair.required("base")?)?, each: fine.to_units(&pair.required("each")?)? };
        pair.finish()?;
        Ok::<_, Fault>(rate)
    };
    let by = match fields.optional("rates") {
        Some(node) => node
            .entries()?
            .into_iter()
            .map(|(word, node)| Ok((word, read(&node)?)))
            .collect::<Result<Vec<_>, Fault>>()?,
        None => Vec::new(),
    };
    let otherwise = read(&fields.required("otherwise")?)?;
    Ok(RateLaw { format, finer, unit, by, otherwise })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derive::Stream;
    use crate::template::yaml::Document;

    fn number(yaml: &str) -> Result<NumberLaw, Fault> {
        let document = Document::parse(yaml, "t.yaml")?;
        let mut fields = document.root().fields()?;
        let format = Format::read(&mut fields)?;
        let law = read_number(&mut fields, format)?;
        fields.finish()?;
        Ok(law)
    }

    #[test]
    fn numbers_are_written_with_their_decimals() {
        let fixed = Format { decimals: 2, trim: false };
        let trimmed = Format { decimals: 2, trim: true };

        assert_eq!((fixed.write(90), trimmed.write(90), trimmed.write(700)), ("0.90".into(), "0.9".into(), "7".into()));
        assert_eq!((fixed.units("0.90"), fixed.units("0.9"), trimmed.units("0.9")), (Some(90), None, Some(90)));
        assert_eq!(Format { decimals: 0, trim: false }.units("12"), Some(12));
    }

    #[test]
    fn the_law_of_a_number_is_what_is_drawn() {
        let law =
            number("{decimals: 2, step: 0.05, quantiles: {0: 0.05, 20: 0.05, 70: 0.5, 100: 1.0}}").expect("a law");
        let mut stream = Stream::new(&[4; 32]);
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..20_000 {
            *counts.entry(law.draw(&mut stream)).or_insert(0u32) += 1;
        }

        let total: f64 = counts.keys().map(|units| law.between(*units, *units)).sum();
        assert!((total - 1.0).abs() < 1e-12, "{total}");
        for (units, count) in counts {
            let expected = 20_000.0 * law.between(units, units);
            assert!((f64::from(count) - expected).abs() < 5.0 * expected.sqrt(), "{units}: {count}, {expected}");
        }
        assert!((law.between(0, 49) - 0.7).abs() < 1e-12);
        assert!((law.sum(|units| units < 50) - 0.7).abs() < 1e-12);
    }

    #[test]
    fn impossible_tables_are_refused() {
        let what = |yaml: &str| number(yaml).expect_err("impossible").to_string();

        assert_eq!(what("quantiles: {0: 1, 50: 3}"), "t.yaml: line 1: quantiles: the quantiles must run from 0 to 100");
        assert_eq!(
            what("quantiles:\n  0: 1\n  50: 3\n  100: 2\n"),
            "t.yaml: line 4: quantiles.100: percentages must rise, and values must not fall"
        );
        assert_eq!(
            what("quantiles: {0: 0.5, 100: 3}"),
            "t.yaml: line 1: quantiles.0: expected a number from 0 to 1000000000 with at most 0 decimals"
        );
    }

    #[test]
    fn a_price_charges_every_unit_begun() {
        let document = Document::parse(
            "{decimals: 1, otherwise: {base: 5.12, each: 2.72}, rates: {河北省: {base: 3.2, each: 0.8}}}",
            "t",
        )
        .expect("YAML");
        let mut fields = document.root().fields().expect("a map");
        let law = read_rate(&mut fields, Format { decimals: 2, trim: false }).expect("a rate");
        let price = |word: &str, units| law.format().write(law.price(law.rate(word), units));

        assert_eq!(price("广东省", 5), "5.1");
        assert_eq!(price("广东省", 100), "5.1");
        assert_eq!(price("广东省", 101), "7.8");
        assert_eq!(price("广东省", 1500), "43.2");
        assert_eq!(price("河北省", 352), "5.6");
    }
}
