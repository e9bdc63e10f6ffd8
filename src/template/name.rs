//! The law of names: a surname, and independently of it a given name.
//!
//! Surnames come from a weighted list. Given names come from a list too, or,
//! for Chinese ones, from characters: a hidden sex is drawn, then whether the
//! name has one character or two, then each character from that sex's
//! frequencies. Nothing says the sex aloud, so a condition on a given name has
//! one probability, the sum over both, and surname and given name stay
//! independent: `P(name) = P(family) P(given)`. A small share of rows names
//! nobody's given name but a title (`王女士`); there the given name is empty.

use std::collections::{BTreeMap, BTreeSet};

use crate::derive::Draw;
use crate::fault::Fault;
use crate::persona::{Given, Name, NamePattern};
use crate::template::pool;
use crate::template::weights::{Weighted, read_texts};
use crate::template::yaml::{Fields, Node};

/// A word as the template writes it and as patterns compare it.
#[derive(Clone, Debug)]
struct Word {
    written: String,
    normal: String,
}

impl Word {
    fn new(written: &str) -> Self {
        Self { written: written.to_owned(), normal: normal(written) }
    }
}

/// The normal form of a part of a name: what `normalize::name` makes of it.
fn normal(written: &str) -> String {
    written.trim().to_lowercase()
}

/// How given names come about.
#[derive(Clone, Debug)]
enum GivenLaw {
    /// From a list.
    Words(Weighted<Word>),
    /// From characters, by sex; one of these, all alike.
    Characters(Vec<Sex>),
}

/// One sex's titles, lengths and characters.
#[derive(Clone, Debug)]
struct Sex {
    /// What the name is: a title, or this many characters.
    shape: Weighted<Shape>,
    characters: Characters,
}

/// Which characters stand in a given name.
#[derive(Clone, Debug)]
enum Characters {
    /// The same at every place.
    Anywhere(Letters),
    /// Of names of one character, and the first and the second of others.
    Placed(Box<[Letters; 3]>),
}

impl Characters {
    fn at(&self, place: usize, length: usize) -> &Letters {
        match self {
            Self::Anywhere(letters) => letters,
            Self::Placed(places) => &places[if length == 1 { 0 } else { 1 + place.min(1) }],
        }
    }
}

/// Characters with their weights.
#[derive(Clone, Debug)]
struct Letters {
    weights: Weighted<char>,
    /// Each character's probability, for patterns.
    chances: BTreeMap<char, f64>,
}

impl Letters {
    fn new(weights: Weighted<char>) -> Self {
        let chances = weights.shares().map(|(c, share)| (*c, share)).collect();
        Self { weights, chances }
    }

    fn chance(&self, c: char) -> f64 {
        self.chances.get(&c).copied().unwrap_or(0.0)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Shape {
    Title(String),
    Length(usize),
}

/// The law of a person's name.
#[derive(Clone, Debug)]
pub(crate) struct NameLaw {
    families: Weighted<Word>,
    /// Surname to summed weight, for patterns.
    family_weights: BTreeMap<String, u64>,
    given: GivenLaw,
    /// `Wang Li` or `Li Wang`: whether the surname stands first (and unparted).
    family_first: bool,
}

impl NameLaw {
    /// Draws a name.
    pub(crate) fn draw(&self, draw: &mut impl Draw) -> Name {
        let family = self.families.draw(draw);
        match &self.given {
            GivenLaw::Words(words) => {
                let given = words.draw(draw);
                let full = self.join(&family.written, &given.written);
                Name { family: family.normal.clone(), given: given.normal.clone(), full }
            }
            GivenLaw::Characters(sexes) => {
                let sex = if let [sex] = &sexes[..] { sex } else { &sexes[draw.below(sexes.len() as u32) as usize] };
                let mut given = String::new();
                let full = match sex.shape.draw(draw) {
                    Shape::Title(title) => self.join(&family.written, title),
                    Shape::Length(length) => {
                        given.reserve_exact(4 * length);
                        given.extend((0..*length).map(|at| *sex.characters.at(at, *length).weights.draw(draw)));
                        self.join(&family.written, &given)
                    }
                };
                Name { family: family.normal.clone(), given, full }
            }
        }
    }

    fn join(&self, family: &str, given: &str) -> String {
        let mut full = String::with_capacity(family.len() + given.len() + 1);
        if self.family_first {
            full.push_str(family);
            full.push_str(given);
        } else {
            full.push_str(given);
            full.push(' ');
            full.push_str(family);
        }
        full
    }

    /// Returns the probability of a set of names.
    pub(crate) fn probability(&self, pattern: &NamePattern) -> f64 {
        let family = pattern.family.as_ref().map_or(1.0, |set| self.family_probability(set));
        let given = pattern.given.as_ref().map_or(1.0, |set| self.given_probability(set));
        family * given
    }

    fn family_probability(&self, set: &BTreeSet<String>) -> f64 {
        let weight: u64 = set.iter().filter_map(|family| self.family_weights.get(family)).sum();
        weight as f64 / self.families.total() as f64
    }

    fn given_probability(&self, set: &Given) -> f64 {
        match &self.given {
            GivenLaw::Words(words) => {
                let weight: u64 = words.weights().filter(|(word, _)| set.matches(&word.normal)).map(|(_, w)| w).sum();
                weight as f64 / words.total() as f64
            }
            GivenLaw::Characters(sexes) => {
                let slots: Vec<Option<char>> = match set {
                    Given::Exact(text) => text.chars().map(Some).collect(),
                    Given::Mask(mask) => mask.clone(),
                    Given::Initial(initial) => return mean(sexes, |sex| sex.initial(*initial)),
                };
                mean(sexes, |sex| sex.spelling(&slots))
            }
        }
    }

    /// Returns the probability that the name as written fits `mask`.
    pub(crate) fn written_probability(&self, mask: &[Option<char>]) -> f64 {
        self.families
            .shares()
            .map(|(family, share)| {
                let length = family.written.chars().count();
                let (family_mask, given_mask) = if self.family_first {
                    let Some(parts) = mask.split_at_checked(length) else { return 0.0 };
                    parts
                } else {
                    let Some(before) = mask.len().checked_sub(length + 1) else { return 0.0 };
                    if mask[before].is_some_and(|c| c != ' ') {
                        return 0.0;
                    }
                    (&mask[before + 1..], &mask[..before])
                };
                if fits(family_mask, &family.written) { share * self.written_given(given_mask) } else { 0.0 }
            })
            .sum()
    }

    /// The probability that what stands beside the surname fits `mask`.
    fn written_given(&self, mask: &[Option<char>]) -> f64 {
        match &self.given {
            GivenLaw::Words(words) => {
                words.shares().filter(|(word, _)| fits(mask, &word.written)).map(|(_, share)| share).sum()
            }
            GivenLaw::Characters(sexes) => mean(sexes, |sex| sex.spelling(mask) + sex.titles(mask)),
        }
    }

    /// Surnames in normal form.
    pub(crate) fn families(&self) -> impl Iterator<Item = &String> {
        self.family_weights.keys()
    }
}

impl Sex {
    /// The probability of a given name that fits `slots`, titles being empty names.
    fn spelling(&self, slots: &[Option<char>]) -> f64 {
        let shape: f64 = self
            .shape
            .shares()
            .filter(|(shape, _)| match shape {
                Shape::Title(_) => slots.is_empty(),
                Shape::Length(length) => *length == slots.len(),
            })
            .map(|(_, share)| share)
            .sum();
        let letters = slots.iter().enumerate().filter_map(|(at, slot)| slot.map(|c| (at, c)));
        letters.fold(shape, |product, (at, c)| product * self.characters.at(at, slots.len()).chance(c))
    }

    fn initial(&self, initial: char) -> f64 {
        let each = self.shape.shares().map(|(shape, share)| match shape {
            Shape::Length(length) => share * self.characters.at(0, *length).chance(initial),
            Shape::Title(_) => 0.0,
        });
        each.sum()
    }

    fn titles(&self, mask: &[Option<char>]) -> f64 {
        self.shape
            .shares()
            .filter(|(shape, _)| matches!(shape, Shape::Title(title) if fits(mask, title)))
            .map(|(_, share)| share)
            .sum()
    }
}

fn mean(sexes: &[Sex], chance: impl Fn(&Sex) -> f64) -> f64 {
    sexes.iter().map(chance).sum::<f64>() / sexes.len() as f64
}

fn fits(mask: &[Option<char>], text: &str) -> bool {
    Given::Mask(mask.to_vec()).matches(text)
}

/// Reads a field of kind `name`.
pub(crate) fn read(fields: &mut Fields<'_>) -> Result<NameLaw, Fault> {
    let families = read_words(&fields.required("families")?)?;
    let family_weights = families.weights().fold(BTreeMap::new(), |mut all, (word, weight)| {
        *all.entry(word.normal.clone()).or_insert(0) += weight;
        all
    });
    let order = fields.required("order")?;
    let family_first = match order.word()?.as_str() {
        "family-given" => true,
        "given family" => false,
        other => {
            let fault = order.fault(format!("unknown order {other:?}"));
            return Err(fault.hint("\"family-given\" (王小明) or \"given family\" (Mary Smith)"));
        }
    };
    let given = fields.required("given")?;
    let given = if given.is_text() || given.is_list() {
        GivenLaw::Words(read_words(&given)?)
    } else {
        let mut inner = given.fields()?;
        match inner.optional("characters") {
            Some(characters) => {
                let law = read_characters(&characters, &mut inner)?;
                inner.finish()?;
                law
            }
            None if inner.has("first") => {
                let law = read_placed(&mut inner)?;
                inner.finish()?;
                law
            }
            None => GivenLaw::Words(read_words(&given)?),
        }
    };
    Ok(NameLaw { families, family_weights, given, family_first })
}

/// Reads a list of words: a pool's name, or the words themselves.
fn read_words(node: &Node<'_>) -> Result<Weighted<Word>, Fault> {
    if !node.is_text() {
        let list = read_texts(node)?;
        return Ok(
            Weighted::new(list.weights().map(|(text, weight)| (Word::new(text), weight))).expect("it has weights")
        );
    }
    let pairs = find_pool(node)?.weighted().ok_or_else(|| node.fault("expected a pool of words with weights"))?;
    Ok(Weighted::new(pairs.into_iter().map(|(word, weight)| (Word::new(word), weight))).expect("a pool has weights"))
}

fn read_characters(node: &Node<'_>, fields: &mut Fields<'_>) -> Result<GivenLaw, Fault> {
    let rows: Option<Vec<(char, [u64; 2])>> = find_pool(node)?
        .text()
        .lines()
        .map(|line| {
            let mut cells = line.split('\t');
            let character = cells.next()?.chars().next()?;
            Some((character, [cells.next()?.parse().ok()?, cells.next()?.parse().ok()?]))
        })
        .collect();
    let rows = rows.ok_or_else(|| node.fault("expected a pool of characters with two weights each"))?;
    let shapes = vec![
        (Shape::Length(1), fields.required("one")?.whole(0, 1_000_000)?),
        (Shape::Length(2), fields.required("two")?.whole(0, 1_000_000)?),
    ];
    if shapes.iter().all(|(_, weight)| *weight == 0) {
        return Err(fields.node().fault("one of \"one\" and \"two\" needs a weight above 0"));
    }
    let mut titles = [None, None];
    for (slot, key) in titles.iter_mut().zip(["male-title", "female-title"]) {
        if let Some(title) = fields.optional(key) {
            *slot = Some(title.word()?);
        }
    }
    let titled = match fields.optional("titled") {
        Some(node) if titles.iter().any(Option::is_none) => {
            return Err(node.fault("a share of titles needs both male-title and female-title"));
        }
        Some(node) => node.whole(0, 1_000_000)?,
        None => 0,
    };
    let sex = |index: usize| {
        let mut shape = shapes.clone();
        if let Some(title) = &titles[index] {
            shape.push((Shape::Title(title.clone()), titled));
        }
        let weights = Weighted::new(rows.iter().map(|(c, weights)| (*c, weights[index]))).expect("a pool has weights");
        let characters = Characters::Anywhere(Letters::new(weights));
        Sex { shape: Weighted::new(shape).expect("checked above"), characters }
    };
    Ok(GivenLaw::Characters(vec![sex(0), sex(1)]))
}

/// Reads `{one, two, titles, only, first, second}`: characters by their place.
fn read_placed(fields: &mut Fields<'_>) -> Result<GivenLaw, Fault> {
    let mut shapes = Vec::new();
    for (length, key) in [(1, "one"), (2, "two")] {
        shapes.push((Shape::Length(length), fields.required(key)?.whole(0, 1_000_000_000)?));
    }
    if let Some(node) = fields.optional("titles") {
        let titles = read_texts(&node)?;
        shapes.extend(titles.weights().map(|(title, weight)| (Shape::Title(title.clone()), weight)));
    }
    let mut letters = |key| {
        let node = fields.required(key)?;
        let mut pairs = Vec::new();
        for (text, weight) in read_texts(&node)?.weights() {
            let mut chars = text.chars();
            match (chars.next(), chars.next()) {
                (Some(c), None) => pairs.push((c, weight)),
                _ => return Err(node.fault(format!("expected single characters, found {text:?}"))),
            }
        }
        Ok(Letters::new(Weighted::new(pairs).expect("the list had weights")))
    };
    let characters = Characters::Placed(Box::new([letters("only")?, letters("first")?, letters("second")?]));
    let shape = Weighted::new(shapes).ok_or_else(|| fields.node().fault("no shape of a given name has a weight"))?;
    Ok(GivenLaw::Characters(vec![Sex { shape, characters }]))
}

fn find_pool(node: &Node<'_>) -> Result<&'static pool::Pool, Fault> {
    let name = node.word()?;
    pool::pool(&name)
        .ok_or_else(|| node.fault(format!("there is no pool {name:?}")).hint(format!("known: {}", pool::names())))
}
