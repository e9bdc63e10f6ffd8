//! A small grammar for what stands below a town: road, number, building, room.
//!
//! A style is a text with slots, `{road}{no}号{estate}{building}-{unit}-{room}`;
//! a slot is a weighted list of texts (which may hold slots again) or a range
//! of numbers. The grammar is drawn from left to right, and it can also answer
//! with what probability it writes a text that fits a mask: the distribution
//! over positions is pushed through the pieces one by one.

use std::collections::BTreeMap;

use crate::derive::Draw;
use crate::fault::Fault;
use crate::template::number::{Format, NumberLaw, read_number};
use crate::template::weights::{Weighted, read_texts};
use crate::template::yaml::Node;

/// Widest range of a numeric slot.
const MAX_RANGE: u64 = 100_000;

/// Longest local part that a grammar may write.
const MAX_BYTES: usize = 1000;

/// Where in a mask one may stand, with what probability.
pub(crate) type Positions = BTreeMap<usize, f64>;

/// A piece of a text with slots, before the names are looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Literal(String),
    Named(String),
}

impl Piece {
    /// Splits `a{b}c` into its pieces.
    pub(crate) fn split(text: &str) -> Result<Vec<Self>, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((literal, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else {
                return Err(format!("an opening brace without its closing one in {text:?}"));
            };
            if !literal.is_empty() {
                pieces.push(Self::Literal(literal.to_owned()));
            }
            pieces.push(Self::Named(name.to_owned()));
            rest = after;
        }
        if rest.contains('}') {
            return Err(format!("a closing brace without its opening one in {text:?}"));
        }
        if !rest.is_empty() {
            pieces.push(Self::Literal(rest.to_owned()));
        }
        Ok(pieces)
    }
}

/// The town that a local part lies in.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Below<'t> {
    pub(crate) town: &'t str,
    /// Those that the pool knows in it.
    pub(crate) streets: &'t [&'t str],
}

/// A piece with its slot looked up.
#[derive(Clone, Debug)]
enum Step {
    Literal(String),
    Slot(usize),
    /// One of the streets that the pool knows in the town.
    Street,
    /// The town's name: for addresses that have it in the local part, or not.
    Town,
}

#[derive(Clone, Debug)]
enum Slot {
    Texts(Weighted<Vec<Step>>),
    /// `from ..= to`.
    Range(u64, u64),
    /// Floor and door, written `floor * 100 + door`; both from 1.
    Room {
        floors: u32,
        doors: u32,
    },
    /// By quantiles.
    Number(NumberLaw),
}

/// The grammar of the local part of an address.
#[derive(Clone, Debug)]
pub(crate) struct Grammar {
    styles: Weighted<Vec<Step>>,
    slots: Vec<Slot>,
}

impl Grammar {
    /// Writes a drawn text.
    pub(crate) fn write(&self, draw: &mut impl Draw, town: Below<'_>, out: &mut String) {
        let style = self.styles.draw(draw);
        self.write_steps(style, draw, town, out);
    }

    fn write_steps(&self, steps: &[Step], draw: &mut impl Draw, town: Below<'_>, out: &mut String) {
        for step in steps {
            match step {
                Step::Literal(literal) => out.push_str(literal),
                Step::Street => out.push_str(town.streets[draw.below(town.streets.len() as u32) as usize]),
                Step::Town => out.push_str(town.town),
                Step::Slot(slot) => match &self.slots[*slot] {
                    Slot::Texts(texts) => self.write_steps(texts.draw(draw), draw, town, out),
                    Slot::Range(from, to) => push_number(out, from + u64::from(draw.below((to - from + 1) as u32))),
                    Slot::Room { floors, doors } => {
                        let floor = draw.below(*floors) + 1;
                        push_number(out, u64::from(floor * 100 + draw.below(*doors) + 1));
                    }
                    Slot::Number(law) => out.push_str(&law.write(law.draw(draw))),
                },
            }
        }
    }

    /// Whether any style needs the pool's streets.
    pub(crate) fn uses_streets(&self) -> bool {
        let street = |steps: &Vec<Step>| steps.iter().any(|step| matches!(step, Step::Street));
        self.styles.items().iter().any(street)
            || self.slots.iter().any(|slot| matches!(slot, Slot::Texts(texts) if texts.items().iter().any(street)))
    }

    /// Pushes positions in `mask` through the grammar.
    pub(crate) fn at(&self, from: &Positions, mask: &[Option<char>], town: Below<'_>) -> Positions {
        self.texts_at(&self.styles, from, mask, town)
    }

    fn texts_at(
        &self,
        texts: &Weighted<Vec<Step>>,
        from: &Positions,
        mask: &[Option<char>],
        town: Below<'_>,
    ) -> Positions {
        let mut all = Positions::new();
        for (steps, share) in texts.shares() {
            add(&mut all, &self.steps_at(steps, from, mask, town), share);
        }
        all
    }

    fn steps_at(&self, steps: &[Step], from: &Positions, mask: &[Option<char>], town: Below<'_>) -> Positions {
        let mut at = from.clone();
        for step in steps {
            if at.is_empty() {
                break;
            }
            at = match step {
                Step::Literal(literal) => text_at(&at, mask, literal),
                Step::Street => {
                    let each = town.streets.iter().map(|street| text_at(&at, mask, street));
                    mean(each, town.streets.len() as u64)
                }
                Step::Town => text_at(&at, mask, town.town),
                Step::Slot(slot) => match &self.slots[*slot] {
                    Slot::Texts(texts) => self.texts_at(texts, &at, mask, town),
                    Slot::Range(from, to) => {
                        let numbers = (*from..=*to).map(|number| text_at(&at, mask, &number.to_string()));
                        mean(numbers, to - from + 1)
                    }
                    Slot::Room { floors, doors } => {
                        let rooms = (1..=*floors).flat_map(|floor| (1..=*doors).map(move |door| floor * 100 + door));
                        let rooms = rooms.map(|room| text_at(&at, mask, &room.to_string()));
                        mean(rooms, u64::from(floors * doors))
                    }
                    Slot::Number(law) => numbers_at(&at, mask, law),
                },
            };
        }
        at
    }

    /// Reads the styles at `node` and their slots.
    pub(crate) fn read(node: &Node<'_>, slots: Option<Node<'_>>) -> Result<Self, Fault> {
        let entries = slots.map_or(Ok(Vec::new()), |slots| slots.entries())?;
        let names: Vec<&str> = entries.iter().map(|(name, _)| name.as_str()).collect();
        let styles = steps(node, &names)?;
        let slots: Vec<Slot> = entries.iter().map(|(_, node)| read_slot(node, &names)).collect::<Result<_, _>>()?;
        let grammar = Self { styles, slots };
        let mut lengths = vec![Length::Unknown; grammar.slots.len()];
        for (index, (name, node)) in entries.iter().enumerate() {
            if grammar.slot_length(index, &mut lengths).is_none() {
                let fault = node.fault(format!("the slot {{{name}}} leads back to itself"));
                return Err(fault.hint("a slot may use other slots, but never in a circle"));
            }
        }
        match grammar.length(&grammar.styles, &mut lengths) {
            Some(length) if length <= MAX_BYTES => Ok(grammar),
            _ => Err(node.fault(format!("these styles may write more than {MAX_BYTES} bytes"))),
        }
    }

    /// Returns the most bytes that a slot may write; `None` for a circle.
    fn slot_length(&self, slot: usize, lengths: &mut [Length]) -> Option<usize> {
        match lengths[slot] {
            Length::Known(length) => return Some(length),
            Length::Open => return None,
            Length::Unknown => lengths[slot] = Length::Open,
        }
        let length = match &self.slots[slot] {
            Slot::Texts(texts) => self.length(texts, lengths)?,
            Slot::Range(..) | Slot::Room { .. } | Slot::Number(_) => 10,
        };
        lengths[slot] = Length::Known(length);
        Some(length)
    }

    fn length(&self, texts: &Weighted<Vec<Step>>, lengths: &mut [Length]) -> Option<usize> {
        let mut longest = 0;
        for steps in texts.items() {
            let mut length = 0usize;
            for step in steps {
                length = length.saturating_add(match step {
                    Step::Literal(literal) => literal.len(),
                    Step::Street | Step::Town => 60,
                    Step::Slot(slot) => self.slot_length(*slot, lengths)?,
                });
            }
            longest = longest.max(length);
        }
        Some(longest)
    }
}

/// What is known of how much a slot writes.
#[derive(Clone, Copy)]
enum Length {
    Unknown,
    /// Being looked at further up: meeting it again is a circle.
    Open,
    Known(usize),
}

fn steps(node: &Node<'_>, names: &[&str]) -> Result<Weighted<Vec<Step>>, Fault> {
    let texts = read_texts(node)?;
    let pairs: Result<Vec<_>, Fault> = texts
        .weights()
        .map(|(text, weight)| {
            let pieces = Piece::split(text).map_err(|what| node.fault(what))?;
            let steps: Result<Vec<Step>, Fault> = pieces
                .into_iter()
                .map(|piece| match piece {
                    Piece::Literal(literal) => Ok(Step::Literal(literal)),
                    Piece::Named(name) if name == "street" => Ok(Step::Street),
                    Piece::Named(name) if name == "town" => Ok(Step::Town),
                    Piece::Named(name) => match names.iter().position(|have| *have == name) {
                        Some(slot) => Ok(Step::Slot(slot)),
                        None => {
                            let fault = node.fault(format!("no slot is called {{{name}}}"));
                            Err(fault.hint(format!("slots here: street, town, {}", names.join(", "))))
                        }
                    },
                })
                .collect();
            Ok((steps?, weight))
        })
        .collect();
    Ok(Weighted::new(pairs?).expect("the list had weights"))
}

/// Reads a slot: texts, `{from: 1, to: 999}`, `{floors: 33, doors: 4}` or
/// `{quantiles: {0: 1, 50: 12, 100: 999}}`.
fn read_slot(node: &Node<'_>, names: &[&str]) -> Result<Slot, Fault> {
    if node.is_list() {
        return Ok(Slot::Texts(steps(node, names)?));
    }
    let mut fields = node.fields()?;
    if let Some(from) = fields.optional("from") {
        let from = from.whole(0, u64::from(u32::MAX))?;
        let to = fields.required("to")?.whole(from, from + MAX_RANGE - 1)?;
        fields.finish()?;
        return Ok(Slot::Range(from, to));
    }
    if let Some(floors) = fields.optional("floors") {
        let floors = floors.whole(1, 150)? as u32;
        let doors = fields.required("doors")?.whole(1, 99)? as u32;
        fields.finish()?;
        return Ok(Slot::Room { floors, doors });
    }
    if fields.has("quantiles") {
        let format = Format::read(&mut fields)?;
        let law = read_number(&mut fields, format)?;
        fields.finish()?;
        return Ok(Slot::Number(law));
    }
    Ok(Slot::Texts(steps(node, names)?))
}

/// Pushes positions through a text.
pub(crate) fn text_at(from: &Positions, mask: &[Option<char>], text: &str) -> Positions {
    from.iter()
        .filter_map(|(&at, &chance)| {
            let mut end = at;
            for c in text.chars() {
                if mask.get(end)?.is_some_and(|want| want != c) {
                    return None;
                }
                end += 1;
            }
            Some((end, chance))
        })
        .collect()
}

/// Pushes positions through a number: those that the mask lets stand there,
/// each with its share.
fn numbers_at(from: &Positions, mask: &[Option<char>], law: &NumberLaw) -> Positions {
    let mut all = Positions::new();
    law.each(|units, share| add(&mut all, &text_at(from, mask, &law.format.write(units)), share));
    all
}

fn add(all: &mut Positions, more: &Positions, share: f64) {
    for (&at, &chance) in more {
        *all.entry(at).or_insert(0.0) += share * chance;
    }
}

fn mean(each: impl Iterator<Item = Positions>, count: u64) -> Positions {
    let mut all = Positions::new();
    each.for_each(|more| add(&mut all, &more, 1.0));
    all.values_mut().for_each(|chance| *chance /= count as f64);
    all
}

/// Writes a number without an allocation of its own: `format!` costs more than
/// all else that a canary's number fields do.
pub(crate) fn push_number(out: &mut String, number: u64) {
    push_padded(out, number, 1);
}

/// Writes a number with leading zeros up to `width` digits, at most 20.
pub(crate) fn push_padded(out: &mut String, number: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut first = digits.len();
    let mut left = number;
    while left > 0 {
        first -= 1;
        digits[first] = b'0' + (left % 10) as u8;
        left /= 10;
    }
    let first = first.min(digits.len() - width);
    out.push_str(std::str::from_utf8(&digits[first..]).expect("digits are ASCII"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derive::Stream;
    use crate::template::yaml::Document;

    fn grammar(yaml: &str) -> Result<Grammar, Fault> {
        let document = Document::parse(yaml, "t.yaml")?;
        let mut fields = document.root().fields()?;
        let local = fields.required("local")?;
        Grammar::read(&local, fields.optional("slots"))
    }

    const SMALL: &str = r#"
local: {"{road}{no}号": 3, "{road}": 1}
slots:
  road: {"{stem}路": 2, "人民路1": 1}
  stem: [人民, 中山]
  no: {from: 1, to: 12}
"#;

    fn exact(text: &str) -> Vec<Option<char>> {
        text.chars().map(Some).collect()
    }

    fn chance(grammar: &Grammar, mask: &[Option<char>]) -> f64 {
        grammar.at(&Positions::from([(0, 1.0)]), mask, Below::default()).get(&mask.len()).copied().unwrap_or(0.0)
    }

    #[test]
    fn the_probability_of_a_text_sums_over_all_ways_to_write_it() {
        let grammar = grammar(SMALL).expect("a grammar");

        // 人民路 + 11, or 人民路1 + 1.
        let two_ways = 0.75 * (2.0 / 3.0 * 0.5 / 12.0 + 1.0 / 3.0 / 12.0);
        assert!((chance(&grammar, &exact("人民路11号")) - two_ways).abs() < 1e-15);
        assert_eq!(chance(&grammar, &exact("解放路11号")), 0.0);
    }

    #[test]
    fn drawn_texts_come_as_often_as_their_probability_says() {
        let grammar = grammar(SMALL).expect("a grammar");
        let mut stream = Stream::new(&[9; 32]);
        let mut seen: BTreeMap<String, u32> = BTreeMap::new();
        for _ in 0..20_000 {
            let mut text = String::new();
            grammar.write(&mut stream, Below::default(), &mut text);
            *seen.entry(text).or_default() += 1;
        }

        let total: f64 = seen.keys().map(|text| chance(&grammar, &exact(text))).sum();
        assert!((total - 1.0).abs() < 1e-12, "{total}");
        for (text, count) in seen {
            let expected = 20_000.0 * chance(&grammar, &exact(&text));
            assert!((f64::from(count) - expected).abs() < 5.0 * expected.sqrt() + 1.0, "{text}: {count}, {expected}");
        }
    }

    #[test]
    fn a_circle_of_slots_is_refused() {
        let fault =
            grammar("local: ['{a}']\nslots:\n  a: ['x{b}']\n  b: ['{c}', y]\n  c: ['{b}']\n").expect_err("a circle");

        assert_eq!(fault.to_string(), "t.yaml: line 3: slots.a: the slot {a} leads back to itself");
    }

    #[test]
    fn a_grammar_that_doubles_itself_is_refused() {
        let mut yaml = String::from("local: ['{s0}']\nslots:\n  s20: [x]\n");
        for i in 0..20 {
            yaml.push_str(&format!("  s{i}: ['{{s{}}}{{s{}}}']\n", i + 1, i + 1));
        }

        let fault = grammar(&yaml).expect_err("a million bytes");

        assert_eq!(fault.what, "these styles may write more than 1000 bytes");
    }

    #[test]
    fn a_slot_that_nobody_declared_is_refused_with_those_that_are() {
        let fault = grammar("local: ['{raod}']\nslots: {road: [x]}\n").expect_err("no such slot");

        assert_eq!(fault.what, "no slot is called {raod}");
        assert_eq!(fault.hint.as_deref(), Some("slots here: street, town, road"));
    }
}
