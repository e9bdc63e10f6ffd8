//! Rows of dumps: which cell is the person's whose line it is.
//!
//! A row has names and places of two people, in columns of any order, or in one
//! cell with nothing between. What belongs to our line is what stands beside
//! it: exports, and the sheets that are cut from them, keep a person's name,
//! phone and address together. That rule is blind, as all of matching is: it
//! looks at the row and at no canary. Where it is wrong it costs power and no
//! more, since a statement is weighed by how many personas it fits.
//!
//! A row with two lines of ours makes no statement about people: which of them
//! a name speaks of could only be guessed.

use std::ops::Range;

use super::folded::Folded;
use super::phones::{self, Phones};
use super::places::Where;
use super::{Matcher, waybills};
use crate::normalize;
use crate::observation::{Kind, Observation};
use crate::scan::text::RowText;

/// Fewest digits, hidden ones too, of what is taken for a phone.
const FEWEST_DIGITS: usize = 10;
/// Parts to either side that may be the name beside a phone, nearest first;
/// before it first, as in nearly all exports.
const NAME_BESIDE: [isize; 4] = [-1, 1, -2, 2];
/// Parts that an address may be spread over.
const MOST_OF_A_PLACE: usize = 6;
/// Longest Chinese name.
const MAX_HAN_NAME: usize = 4;
/// Longest Latin name, in words.
const MAX_LATIN_NAME: usize = 4;

impl Matcher<'_> {
    /// Makes an observation of a row: its lines and numbers are looked for
    /// anywhere, its name and place beside its line.
    pub fn row(&self, row: &RowText) -> Observation {
        // 'Smith, John' is one name.
        let cut = |cell: &String| if self.is_name(cell) { vec![cell.clone()] } else { parts(cell) };
        let parts: Vec<String> = row.cells().iter().flat_map(cut).collect();
        let mut observation = Observation::new(Kind::Row, Vec::new());
        observation.text = Some(parts.join("\n"));
        let lines: Vec<usize> = (0..parts.len()).filter(|&at| self.is_line(&parts[at])).collect();
        let anchor = match lines[..] {
            [line] => {
                observation.called = Some(parts[line].clone());
                Some(line)
            }
            // Without a line of ours, what may be one with digits hidden, if there is one alone.
            [] => {
                let mut phones = (0..parts.len()).filter(|&at| is_phone(&parts[at]) && !self.is_number(&parts[at]));
                phones.next().filter(|_| phones.next().is_none())
            }
            [first, ..] => {
                observation.called = Some(parts[first].clone());
                return observation;
            }
        };
        let Some(anchor) = anchor else { return observation };
        let name = NAME_BESIDE
            .iter()
            .filter_map(|&step| anchor.checked_add_signed(step))
            .find(|&at| parts.get(at).is_some_and(|part| self.is_name(part)));
        observation.asked_name = name.map(|name| parts[name].clone());
        observation.place = self.place_beside(&parts, anchor, name.unwrap_or(anchor));
        observation
    }

    fn is_line(&self, part: &str) -> bool {
        let mut found = Phones::default();
        phones::in_text(&self.pool, &Folded::new(part), &mut found);
        !found.lines.is_empty() || found.sets.iter().any(|set| set.len() == 1)
    }

    fn is_number(&self, part: &str) -> bool {
        let mut found = Vec::new();
        waybills::in_column(self.blocks, part, &mut found);
        !found.is_empty()
    }

    /// Whether a part is a person's name, hidden characters and titles included.
    fn is_name(&self, part: &str) -> bool {
        let Some(name) = normalize::name(part).filter(|name| !name.text.is_empty()) else { return false };
        let chars: Vec<char> = name.text.chars().collect();
        if chars.iter().any(|&c| normalize::is_han(c)) {
            let is_written = chars.iter().all(|&c| normalize::is_han(c) || c == '*');
            let least = if name.has_title { 1 } else { 2 };
            return is_written
                && (least..=MAX_HAN_NAME).contains(&chars.len())
                && (chars[0] == '*' || self.names.family_length(&chars).is_some());
        }
        let is_written = chars.iter().all(|&c| c.is_alphabetic() || matches!(c, ' ' | ',' | '.' | '-' | '\'' | '*'));
        let words: Vec<&str> = name.text.split([' ', ',']).filter(|word| !word.is_empty()).collect();
        let is_family = |word: Option<&&str>| word.is_some_and(|word| self.names.is_family(word));
        let least = if name.has_title { 1 } else { 2 };
        is_written
            && (least..=MAX_LATIN_NAME).contains(&words.len())
            && (is_family(words.last()) || is_family(words.first()))
    }

    /// The place behind phone and name, or else before them, up to the next
    /// person.
    fn place_beside(&self, parts: &[String], anchor: usize, name: usize) -> Option<String> {
        let (first, last) = (anchor.min(name), anchor.max(name));
        let is_border = |at: &usize| is_phone(&parts[*at]) || self.is_name(&parts[*at]);
        let behind = last + 1..parts.len().min(last + 1 + MOST_OF_A_PLACE);
        let behind = behind.start..behind.clone().find(is_border).unwrap_or(behind.end);
        let before = first.saturating_sub(MOST_OF_A_PLACE)..first;
        let before = before.clone().rev().find(is_border).map_or(before.start, |at| at + 1)..before.end;
        [behind, before].into_iter().find_map(|range: Range<usize>| {
            let parts = &parts[range];
            let is_chinese = parts.iter().any(|part| part.contains(normalize::is_han));
            let place = parts.join(if is_chinese { "" } else { " " });
            self.places.find(&place, Where::Text).map(|_| place)
        })
    }
}

/// Cuts a cell where its writer set several values side by side.
fn parts(cell: &str) -> Vec<String> {
    let chars: Vec<char> = cell.chars().map(normalize::narrow).collect();
    let is_chinese = chars.iter().any(|&c| normalize::is_han(c));
    let mut phones = phone_runs(&chars).into_iter().peekable();
    let mut parts = vec![String::new()];
    for (at, &c) in chars.iter().enumerate() {
        // Runs are in order: each is behind us once we stand behind it.
        if phones.next_if(|run| run.end == at).is_some() {
            parts.push(String::new());
        }
        let phone = phones.peek().filter(|run| run.contains(&at));
        if phone.is_some_and(|run| run.start == at) {
            parts.push(String::new());
        }
        let is_separator = matches!(c, ',' | ';' | '|' | '\t' | ':') || (is_chinese && c.is_whitespace());
        if is_separator && phone.is_none() {
            parts.push(String::new());
        } else {
            parts.last_mut().expect("there is always one").push(c);
        }
    }
    let parts = parts.into_iter().map(|part| part.trim().to_owned());
    parts.filter(|part| !part.is_empty()).collect()
}

/// Runs of digits that are long enough for a phone, where no letter touches them.
fn phone_runs(chars: &[char]) -> Vec<Range<usize>> {
    let is_digit = |c: char| c.is_ascii_digit() || c == '*';
    let mut runs = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let is_start = is_digit(chars[at]) || (chars[at] == '+' && chars.get(at + 1).is_some_and(|&c| is_digit(c)));
        if !is_start {
            at += 1;
            continue;
        }
        let length = chars[at..].iter().take_while(|&&c| is_digit(c) || matches!(c, ' ' | '-' | '+')).count();
        let text = chars[at..at + length].iter().collect::<String>();
        let end = at + text.trim_end_matches([' ', '-', '+']).chars().count();
        let count = chars[at..end].iter().filter(|&&c| is_digit(c)).count();
        let touches = |c: Option<&char>| c.is_some_and(char::is_ascii_alphabetic);
        let before = at.checked_sub(1).and_then(|before| chars.get(before));
        if count >= FEWEST_DIGITS && chars[at..end].iter().any(char::is_ascii_digit) && !touches(before) {
            runs.push(at..end);
        }
        at = end.max(at + 1);
    }
    runs
}

fn is_phone(part: &str) -> bool {
    let chars: Vec<char> = part.chars().collect();
    phone_runs(&chars).iter().any(|run| run.len() == chars.len())
}
