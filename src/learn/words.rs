//! The local part of addresses as a grammar: words, numbers and what stands
//! between them.
//!
//! A text is cut into tokens: words, numbers, unit words behind numbers
//! (`号`, `单元`), everything else as it stands. Words that occur in the same
//! places are a class (roads are followed by a number and 号, estates by 栋),
//! found by a G-test on where they occur. What is left of a text when its words
//! are replaced by their classes and its numbers by slots is its style. Styles,
//! words and numbers go in with how many rows have them, and none that fewer
//! than `k` rows have.

use std::collections::{BTreeMap, HashMap};

use super::measure::{self, Written};
use super::shrink::shrunk;
use super::yaml::{self, Writer};
use crate::normalize::is_han;

/// Unit words that follow a number, longest first.
const UNITS: &[&str] = &[
    "号楼", "单元", "号院", "大队", "小区", "楼栋", "号", "栋", "幢", "座", "室", "层", "楼", "组", "队", "社", "村",
    "弄", "巷", "期", "区", "户", "米", "店", "门", "座", "排", "委",
];

/// A note at the end must be in this share of rows to be one.
const NOTE: u64 = 200;

/// Most classes of words, and most numbers that are listed one by one.
const CLASSES: usize = 40;
const LISTED: usize = 48;

/// A learned grammar.
#[derive(Debug)]
pub(super) struct Grammar {
    styles: Vec<(String, u64)>,
    slots: Vec<(String, Slot)>,
}

#[derive(Debug)]
enum Slot {
    Texts(Vec<(String, u64)>),
    Quantiles(Vec<(String, String)>),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Token<'t> {
    Town,
    Word(&'t str),
    Number(&'t str),
    Other(&'t str),
}

/// A text without its town: whether the town stood first, and what follows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Local<'t> {
    pub(super) has_town: bool,
    pub(super) text: &'t str,
    pub(super) rows: u64,
}

impl Grammar {
    pub(super) fn write(&self, out: &mut Writer) {
        out.map(2, "local", &yaml::weights(self.styles.iter().map(|(style, n)| (style.as_str(), *n))));
        if self.slots.is_empty() {
            return;
        }
        out.line(2, "slots:");
        for (name, slot) in &self.slots {
            match slot {
                Slot::Texts(texts) => {
                    out.map(3, &yaml::word(name), &yaml::weights(texts.iter().map(|(text, n)| (text.as_str(), *n))));
                }
                Slot::Quantiles(table) => {
                    out.line(3, &format!("{}:", yaml::word(name)));
                    out.map(4, "quantiles", table);
                }
            }
        }
    }

    /// Learns from local parts; and the share of rows whose style and words
    /// went in.
    pub(super) fn learn(locals: &[Local<'_>], least: u32) -> Option<(Self, f64)> {
        let least = u64::from(least);
        let rows: u64 = locals.iter().map(|local| local.rows).sum();
        let notes = notes(locals, least.max(rows / NOTE));
        let cut: Vec<(Vec<Token<'_>>, u64)> = locals
            .iter()
            .map(|local| {
                let text = local.text.strip_suffix(note_of(local.text, &notes)).unwrap_or(local.text);
                let mut tokens = if local.has_town { vec![Token::Town] } else { Vec::new() };
                tokenize(text, &mut tokens);
                (tokens, local.rows)
            })
            .collect();
        let mut frequency: HashMap<&str, u64> = HashMap::new();
        for (tokens, rows) in &cut {
            for token in tokens {
                if let Token::Word(word) = token {
                    *frequency.entry(word).or_default() += rows;
                }
            }
        }
        let classes = classes(&cut, &frequency, least);
        let mut builder = Builder::new(&classes, &frequency, least);
        cut.iter().for_each(|(tokens, rows)| builder.add(tokens, *rows));
        let (mut grammar, taken) = builder.finish(least);
        grammar.add_notes(&notes, rows);
        (!grammar.styles.is_empty()).then_some((grammar, taken as f64 / rows.max(1) as f64))
    }

    fn add_notes(&mut self, notes: &BTreeMap<&str, u64>, rows: u64) {
        if notes.is_empty() {
            return;
        }
        let noted: u64 = notes.values().sum();
        let mut texts: Vec<(String, u64)> = notes.iter().map(|(note, n)| (escaped(note), *n)).collect();
        texts.push((String::new(), rows.saturating_sub(noted)));
        self.slots.push(("note".into(), Slot::Texts(texts)));
        self.styles.iter_mut().for_each(|(style, _)| style.push_str("{note}"));
    }
}

/// What stands in brackets, or behind a blank, at the end of many texts.
fn notes<'t>(locals: &[Local<'t>], least: u64) -> BTreeMap<&'t str, u64> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for local in locals {
        if let Some(tail) = tail(local.text) {
            *counts.entry(tail).or_default() += local.rows;
        }
    }
    counts.retain(|_, count| *count >= least);
    counts
}

fn tail(text: &str) -> Option<&str> {
    let last = text.chars().next_back()?;
    let open = match last {
        ')' => text.rfind('('),
        '）' => text.rfind('（'),
        '】' => text.rfind('【'),
        ']' => text.rfind('['),
        _ => text.rfind(' '),
    };
    let tail = &text[open?..];
    // A note speaks; numbers belong to the address.
    (tail.len() < text.len() && !tail.bytes().any(|b| b.is_ascii_digit())).then_some(tail)
}

fn note_of<'t>(text: &'t str, notes: &BTreeMap<&str, u64>) -> &'t str {
    tail(text).filter(|tail| notes.contains_key(tail)).unwrap_or("")
}

/// Cuts a text into tokens.
fn tokenize<'t>(text: &'t str, tokens: &mut Vec<Token<'t>>) {
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let run = |is: fn(char) -> bool| rest.find(|c| !is(c)).unwrap_or(rest.len());
        let length = if first.is_ascii_digit() {
            run(|c| c.is_ascii_digit())
        } else if is_han(first) {
            run(is_han)
        } else if first.is_ascii_alphabetic() {
            run(|c| c.is_ascii_alphabetic())
        } else {
            first.len_utf8()
        };
        let (token, after) = rest.split_at(length);
        let behind_number = matches!(tokens.last(), Some(Token::Number(_)))
            || matches!(tokens.last(), Some(Token::Word(word)) if word.is_ascii() && word.len() <= 2);
        let unit = UNITS.iter().find(|unit| behind_number && token.starts_with(**unit));
        match unit {
            _ if first.is_ascii_digit() => tokens.push(Token::Number(token)),
            Some(unit) => {
                tokens.push(Token::Other(&token[..unit.len()]));
                if token.len() > unit.len() {
                    tokens.push(Token::Word(&token[unit.len()..]));
                }
            }
            None if is_han(first) || first.is_ascii_alphabetic() => tokens.push(Token::Word(token)),
            None => tokens.push(Token::Other(token)),
        }
        rest = after;
    }
}

/// Classes of words by where they occur.
struct Classes<'t> {
    of: HashMap<&'t str, usize>,
    /// How often each class occurs at each place.
    places: Vec<HashMap<u32, u64>>,
    /// Places by their text.
    known: HashMap<String, u32>,
}

/// Where the word at `at` occurs: the tokens around it with words left open.
fn place_of(tokens: &[Token<'_>], at: usize) -> String {
    let mut place = String::new();
    for (i, token) in tokens.iter().enumerate() {
        match token {
            _ if i == at => place.push('*'),
            Token::Town => {}
            Token::Word(_) => place.push('w'),
            Token::Number(_) => place.push('0'),
            Token::Other(text) => place.push_str(text),
        }
    }
    place
}

fn classes<'t>(cut: &[(Vec<Token<'t>>, u64)], frequency: &HashMap<&'t str, u64>, least: u64) -> Classes<'t> {
    let mut known: HashMap<String, u32> = HashMap::new();
    let mut by_word: HashMap<&'t str, HashMap<u32, u64>> = HashMap::new();
    for (tokens, rows) in cut {
        for (at, token) in tokens.iter().enumerate() {
            if let Token::Word(word) = token
                && frequency[word] >= least
            {
                let next = known.len() as u32;
                let place = *known.entry(place_of(tokens, at)).or_insert(next);
                *by_word.entry(word).or_default().entry(place).or_default() += rows;
            }
        }
    }
    let mut words: Vec<&'t str> = by_word.keys().copied().collect();
    words.sort_by(|a, b| frequency[b].cmp(&frequency[a]).then(a.cmp(b)));
    let mut classes = Classes { of: HashMap::new(), places: Vec::new(), known };
    for word in words {
        let own = &by_word[word];
        let fit = (0..classes.places.len()).map(|class| (misfit(own, &classes.places[class]), class));
        let best = fit.min_by(|a, b| a.0.total_cmp(&b.0));
        let class = match best {
            Some((misfit, class)) if misfit < 1.0 || classes.places.len() == CLASSES => class,
            _ => {
                classes.places.push(HashMap::new());
                classes.places.len() - 1
            }
        };
        own.iter().for_each(|(place, rows)| *classes.places[class].entry(*place).or_default() += rows);
        classes.of.insert(word, class);
    }
    classes
}

/// How far a word's places are from a class's: G over what chance allows, so
/// that below 1 they are alike.
fn misfit(word: &HashMap<u32, u64>, class: &HashMap<u32, u64>) -> f64 {
    let (words, all) = (word.values().sum::<u64>() as f64, class.values().sum::<u64>() as f64);
    let mut g = 0.0;
    let mut freedom = 0.0;
    for (place, &n) in word {
        let seen = class.get(place).copied().unwrap_or(0) as f64;
        let n = n as f64;
        // Both are samples: against what they have in common.
        let common = (n + seen) / (words + all);
        g += 2.0 * n * (n / words / common).ln();
        if seen > 0.0 {
            g += 2.0 * seen * (seen / all / common).ln();
        }
        freedom += 1.0;
    }
    for (place, &seen) in class {
        if !word.contains_key(place) {
            let seen = seen as f64;
            g += 2.0 * seen * ((words + all) / all).ln();
            freedom += 1.0;
        }
    }
    g / (freedom + 3.0 * (2.0 * f64::max(freedom, 1.0)).sqrt() + 6.0)
}

impl Classes<'_> {
    /// The class whose words stand here, for a word of too few rows.
    fn at(&self, tokens: &[Token<'_>], at: usize) -> Option<usize> {
        let place = *self.known.get(&place_of(tokens, at))?;
        let seen = |class: &usize| self.places[*class].get(&place).copied().unwrap_or(0);
        (0..self.places.len())
            .filter(|class| seen(class) > 0)
            .max_by_key(|class| (seen(class), std::cmp::Reverse(*class)))
    }
}

/// Collects styles, and what stands in their slots.
struct Builder<'c, 't> {
    classes: &'c Classes<'t>,
    frequency: &'c HashMap<&'t str, u64>,
    least: u64,
    styles: BTreeMap<String, u64>,
    /// Names of classes.
    names: Vec<String>,
    words: Vec<BTreeMap<&'t str, u64>>,
    /// Values of a number by what stands around it.
    numbers: BTreeMap<String, (usize, BTreeMap<&'t str, u64>)>,
    lost: u64,
    all: u64,
}

impl<'c, 't> Builder<'c, 't> {
    fn new(classes: &'c Classes<'t>, frequency: &'c HashMap<&'t str, u64>, least: u64) -> Self {
        let mut names: Vec<String> = Vec::new();
        for class in 0..classes.places.len() {
            let mut ends: BTreeMap<char, u64> = BTreeMap::new();
            for (word, _) in classes.of.iter().filter(|(_, of)| **of == class) {
                *ends.entry(word.chars().next_back().unwrap_or('x')).or_default() += frequency[word];
            }
            let end = ends.iter().max_by_key(|(c, n)| (**n, std::cmp::Reverse(**c))).map_or('x', |(c, _)| *c);
            let name = if end.is_ascii() { "letter".to_owned() } else { format!("x{end}") };
            let again = names.iter().filter(|have| have.trim_end_matches(|c: char| c.is_ascii_digit()) == name).count();
            names.push(if again == 0 { name } else { format!("{name}{}", again + 1) });
        }
        Self {
            classes,
            frequency,
            least,
            styles: BTreeMap::new(),
            words: vec![BTreeMap::new(); names.len()],
            names,
            numbers: BTreeMap::new(),
            lost: 0,
            all: 0,
        }
    }

    fn add(&mut self, tokens: &[Token<'t>], rows: u64) {
        self.all += rows;
        let mut style = String::new();
        // A number's law goes by the word before it and what stands around it.
        let (mut word, mut before) = ("", String::new());
        for (at, token) in tokens.iter().enumerate() {
            match token {
                Token::Town => style.push_str("{town}"),
                Token::Other(text) => {
                    style.push_str(&escaped(text));
                    before = (*text).to_owned();
                }
                Token::Word(text) => {
                    let class = match self.classes.of.get(text) {
                        Some(&class) => Some(class),
                        None => self.classes.at(tokens, at),
                    };
                    let Some(class) = class else {
                        self.lost += rows;
                        return;
                    };
                    if self.frequency[text] >= self.least {
                        *self.words[class].entry(text).or_default() += rows;
                    }
                    word = &self.names[class];
                    before = String::new();
                    style.push_str(&format!("{{{word}}}"));
                }
                Token::Number(text) => {
                    let after = match tokens.get(at + 1) {
                        Some(Token::Other(text)) => text,
                        Some(_) => "w",
                        None => "",
                    };
                    let context = format!("{word}|{before}|{after}");
                    let next = self.numbers.len();
                    let (id, values) = self.numbers.entry(context).or_insert_with(|| (next, BTreeMap::new()));
                    *values.entry(text).or_default() += rows;
                    style.push_str(&format!("{{n{id}}}"));
                    before = "0".into();
                }
            }
        }
        *self.styles.entry(style).or_default() += rows;
    }

    fn finish(self, least: u64) -> (Grammar, u64) {
        let mut slots: Vec<(String, Slot)> = Vec::new();
        let mut missing: Vec<String> = Vec::new();
        for (name, words) in self.names.iter().zip(&self.words) {
            let texts = drawn_alike(words.iter().map(|(word, n)| (escaped(word), *n)).collect());
            if texts.is_empty() {
                missing.push(format!("{{{name}}}"));
            } else {
                slots.push((name.clone(), Slot::Texts(texts)));
            }
        }
        let mut numbers: Vec<(usize, BTreeMap<&str, u64>)> = self.numbers.into_values().collect();
        numbers.sort_unstable_by_key(|(id, _)| *id);
        for (id, values) in numbers {
            let name = format!("n{id}");
            match number_slots(&name, &values, least) {
                Some(of_number) => slots.extend(of_number),
                None => missing.push(format!("{{{name}}}")),
            }
        }
        let whole = |style: &str| !missing.iter().any(|slot| style.contains(slot.as_str()));
        let styles: Vec<(String, u64)> =
            self.styles.into_iter().filter(|(style, rows)| *rows >= least && whole(style)).collect();
        // Slots that no style names any more show nothing.
        let used = |name: &str| styles.iter().any(|(style, _)| style.contains(&format!("{{{name}}}")));
        let floor_of = |name: &str| name.strip_suffix(['f', 'd']).is_some_and(used);
        slots.retain(|(name, _)| used(name) || floor_of(name));
        let taken = styles.iter().map(|(_, rows)| rows).sum();
        (Grammar { styles, slots }, taken)
    }
}

/// The slots of a number: its values where they are few, floor and door where
/// they are rooms, quantiles otherwise.
fn number_slots(name: &str, values: &BTreeMap<&str, u64>, least: u64) -> Option<Vec<(String, Slot)>> {
    let all: u64 = values.values().sum();
    let kept = |values: &BTreeMap<&str, u64>| -> Vec<(String, u64)> {
        values.iter().filter(|(_, n)| **n >= least).map(|(text, n)| ((*text).to_owned(), *n)).collect()
    };
    let listed = kept(values);
    let of_listed: u64 = listed.iter().map(|(_, n)| n).sum();
    if listed.len() <= LISTED && of_listed * 20 >= all * 19 {
        return Some(vec![(name.to_owned(), Slot::Texts(drawn_alike(listed)))]);
    }
    let (mut floors, mut doors): (BTreeMap<&str, u64>, BTreeMap<&str, u64>) = (BTreeMap::new(), BTreeMap::new());
    for (text, n) in values.iter().filter(|(text, _)| (3..=4).contains(&text.len()) && !text.starts_with('0')) {
        let (floor, door) = text.split_at(text.len() - 2);
        *floors.entry(floor).or_default() += n;
        *doors.entry(door).or_default() += n;
    }
    let (floors, doors) = (kept(&floors), kept(&doors));
    let of_doors: u64 = doors.iter().map(|(_, n)| n).sum();
    if doors.len() <= 20 && of_doors * 20 >= all * 19 && floors.len() > 2 && floors.len() <= LISTED {
        let (floor, door) = (format!("{name}f"), format!("{name}d"));
        let both = vec![(format!("{{{floor}}}{{{door}}}"), 1)];
        let (floors, doors) = (drawn_alike(floors), drawn_alike(doors));
        return Some(vec![
            (name.to_owned(), Slot::Texts(both)),
            (floor, Slot::Texts(floors)),
            (door, Slot::Texts(doors)),
        ]);
    }
    let plain = |text: &str| text.len() <= 6 && (text.len() == 1 || !text.starts_with('0'));
    let mut sorted: Vec<i64> = Vec::new();
    for (text, n) in values.iter().filter(|(text, _)| plain(text)) {
        sorted.extend(std::iter::repeat_n(text.parse::<i64>().ok()?, *n as usize));
    }
    sorted.sort_unstable();
    let points = (sorted.len() / 30).clamp(4, 40);
    let table = measure::quantiles(&sorted, Written::default(), least as u32, points)?;
    Some(vec![(name.to_owned(), Slot::Quantiles(table))])
}

/// Weights of what may be alike but for the luck of the sample.
fn drawn_alike(texts: Vec<(String, u64)>) -> Vec<(String, u64)> {
    let counts: Vec<u64> = texts.iter().map(|(_, n)| *n).collect();
    let weights = shrunk(&counts, &vec![1.0; counts.len()]);
    texts.into_iter().zip(weights).map(|((text, _), weight)| (text, weight)).collect()
}

/// Braces would be slots.
fn escaped(text: &str) -> String {
    text.replace(['{', '}'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<Token<'_>> {
        let mut tokens = Vec::new();
        tokenize(text, &mut tokens);
        tokens
    }

    #[test]
    fn a_text_is_words_numbers_and_units() {
        use Token::{Number, Other, Word};

        assert_eq!(
            tokens("文化东路315号中央公园3-2"),
            [Word("文化东路"), Number("315"), Other("号"), Word("中央公园"), Number("3"), Other("-"), Number("2")]
        );
        assert_eq!(tokens("工业园A区10号"), [Word("工业园"), Word("A"), Other("区"), Number("10"), Other("号")]);
    }

    #[test]
    fn words_that_stand_alike_are_one_class_and_a_rare_word_stays_out() {
        let mut texts: Vec<String> = Vec::new();
        for road in ["人民路", "中山路", "建设路"] {
            texts.extend((0..60).map(|i| format!("{road}{}号", i % 30 + 1)));
        }
        for estate in ["盛世华庭", "金色家园"] {
            texts.extend((0..60).map(|i| format!("{estate}{}栋{}单元", i % 20 + 1, i % 3 + 1)));
        }
        texts.push("隐私路7号".into());
        let locals: Vec<Local<'_>> = texts.iter().map(|text| Local { has_town: true, text, rows: 1 }).collect();

        let (grammar, share) = Grammar::learn(&locals, 5).expect("a grammar");

        assert!(share > 0.99, "{share}");
        assert_eq!(grammar.styles.len(), 2, "{:?}", grammar.styles);
        let mut out = Writer::new();
        grammar.write(&mut out);
        let text = out.finish();
        assert!(text.contains("x路: {中山路: 6000, 人民路: 6000, 建设路: 6000}"), "{text}");
        assert!(!text.contains("隐私"), "{text}");
    }
}
