//! Names of people.

use super::code::{fits, is_wild};
use super::sheet::{Cell, HIDDEN, Sheet, Span, Words, ends_with, kept, starts_with};
use super::{Form, Found};
use crate::normalize;
use crate::persona::{Given, Name};

/// Words that may touch a name in a row that is run together.
const LABELS: [&str; 14] = [
    "收货人",
    "收件人",
    "寄件人",
    "发件人",
    "联系人",
    "姓名",
    "客户",
    "买家",
    "手机",
    "电话",
    "联系",
    "地址",
    "收货",
    "收件",
];
/// What hides a character in writing: `王某`.
const SOMEBODY: char = '某';

/// A name as it was planted.
pub(super) struct NameValue {
    /// As it is written, and the other way round where it has words.
    spellings: Vec<Vec<char>>,
    family: Vec<char>,
    given: Vec<char>,
}

impl NameValue {
    pub(super) fn new(text: &str, name: &Name) -> Self {
        let (family, given) = (kept(&name.family), kept(&name.given));
        let mut spellings = vec![kept(text)];
        if !family.iter().copied().any(normalize::is_han) && !given.is_empty() {
            spellings.extend([[&given[..], &family].concat(), [&family[..], &given].concat()]);
        }
        Self { spellings, family, given }
    }

    fn full(&self) -> &[char] {
        &self.spellings[0]
    }

    fn is_chinese(&self) -> bool {
        self.full().iter().copied().any(normalize::is_han)
    }

    pub(super) fn whole(&self, sheet: &Sheet, words: &Words) -> Option<Vec<Span>> {
        let written = self.spellings.iter().flat_map(|spelling| sheet.places_of(spelling)).find(|span| {
            let cell = &sheet.cells[span.cell];
            self.is_free_before(cell, span.range.start, words) && self.is_free_behind(cell, span.range.end, words)
        });
        written.map(|span| vec![span]).or_else(|| self.in_two_cells(sheet))
    }

    /// Surname and given name in columns of their own, side by side.
    fn in_two_cells(&self, sheet: &Sheet) -> Option<Vec<Span>> {
        if self.given.is_empty() {
            return None;
        }
        let cells: Vec<(Span, &Cell)> = sheet.whole_cells().collect();
        let halves = (&self.family, &self.given);
        let pair = cells.windows(2).find(|pair| {
            let [(first, one), (second, other)] = pair else { return false };
            second.cell == first.cell + 1
                && ((&one.chars, &other.chars) == halves || (&other.chars, &one.chars) == halves)
        })?;
        Some(pair.iter().map(|(span, _)| span.clone()).collect())
    }

    pub(super) fn remnant(&self, sheet: &Sheet, words: &Words) -> Option<Found> {
        let found = if self.is_chinese() { self.masked(sheet, words) } else { self.masked_words(sheet) };
        found.or_else(|| self.titled(sheet, words)).or_else(|| self.cut(sheet))
    }

    fn found(&self, form: Form, shown: usize, span: Span) -> Found {
        Found::remnant(form, shown, self.full().len(), vec![span])
    }

    /// `张*三`, `张**`, `*三`, `王某某`; and `王*`, where one asterisk hides a given
    /// name of any length.
    fn masked(&self, sheet: &Sheet, words: &Words) -> Option<Found> {
        let full: String = self.full().iter().collect();
        let mut best: Option<Found> = None;
        for stretch in sheet.stretches() {
            let cell = &sheet.cells[stretch.cell];
            for length in [self.full().len(), self.family.len() + 1] {
                for from in stretch.range.start..(stretch.range.end + 1).saturating_sub(length) {
                    let written = &cell.chars[from..from + length];
                    if !written.iter().any(|&c| is_wild(c) || c == SOMEBODY) {
                        continue;
                    }
                    let mask = unnamed(written);
                    let shown = mask.iter().filter(|&&c| !is_wild(c)).count();
                    let slots = mask.iter().map(|&c| (!is_wild(c)).then_some(c)).collect();
                    let is_mask = shown > 0 && shown < length;
                    let fits = Given::Mask(slots).matches(&full)
                        || (mask.starts_with(&self.family) && is_wild(mask[length - 1]));
                    if is_mask
                        && fits
                        && best.as_ref().is_none_or(|best| shown > best.shown())
                        && self.is_free_before(cell, from, words)
                        && self.is_free_behind(cell, from + length, words)
                    {
                        let form = if mask.contains(&HIDDEN) { Form::Stars } else { Form::Lost };
                        let span = Span { cell: stretch.cell, range: from..from + length };
                        best = Some(self.found(form, shown, span));
                    }
                }
            }
        }
        best
    }

    /// `J. Smith`, `J*** Smith`, `Smith, J.`
    fn masked_words(&self, sheet: &Sheet) -> Option<Found> {
        sheet.whole_cells().find_map(|(span, cell)| {
            let name = normalize::name(&cell.raw)?;
            let words: Vec<Vec<char>> = name
                .text
                .split([' ', ','])
                .filter(|word| !word.is_empty())
                .map(|word| word.chars().collect())
                .collect();
            let [first, second] = &words[..] else { return None };
            let (form, shown) = parts([first, second], [&self.given, &self.family])
                .or_else(|| parts([first, second], [&self.family, &self.given]))?;
            Some(self.found(form, shown, span))
        })
    }

    /// `王女士`, `Mr Smith`.
    fn titled(&self, sheet: &Sheet, words: &Words) -> Option<Found> {
        let in_cell = sheet.whole_cells().find(|(_, cell)| {
            normalize::name(&cell.raw).is_some_and(|name| name.has_title && kept(&name.text) == self.family)
        });
        let in_text = || {
            sheet.places_of(&self.family).find(|span| {
                let cell = &sheet.cells[span.cell];
                normalize::is_title_at(&cell.chars[span.range.end..])
                    && self.is_free_before(cell, span.range.start, words)
            })
        };
        let span = in_cell.map(|(span, _)| span).or_else(in_text)?;
        Some(self.found(Form::Title, self.family.len(), span))
    }

    /// One half of the name in a column of its own.
    fn cut(&self, sheet: &Sheet) -> Option<Found> {
        let halves = [&self.given, &self.family].into_iter().filter(|half| !half.is_empty());
        let half = |chars: &[char]| halves.clone().find(|half| ***half == *chars);
        let (span, length) = sheet.whole_cells().find_map(|(span, cell)| Some((span, half(&cell.chars)?.len())))?;
        (length < self.full().len()).then(|| self.found(Form::Cut, length, span))
    }

    /// Whether a name may begin here: no letter touches it but a label's or
    /// those of another value.
    fn is_free_before(&self, cell: &Cell, at: usize, words: &Words) -> bool {
        let run = cell.run_before(at, |c| self.is_letter(c));
        run.is_empty()
            || LABELS.iter().any(|label| ends_with(&cell.chars[..at], label))
            || words.end_before(cell, at, run.len().min(2))
    }

    fn is_free_behind(&self, cell: &Cell, at: usize, words: &Words) -> bool {
        let run = cell.run_behind(at, |c| self.is_letter(c));
        run.is_empty()
            || normalize::is_title_at(&cell.chars[at..])
            || LABELS.iter().any(|label| starts_with(&cell.chars[at..], label))
            || words.start_at(cell, at, run.len().min(2))
    }

    fn is_letter(&self, c: char) -> bool {
        is_wild(c) || if self.is_chinese() { normalize::is_han(c) } else { c.is_alphabetic() }
    }
}

/// A mask with the characters that stand for somebody's made asterisks.
fn unnamed(mask: &[char]) -> Vec<char> {
    mask.iter().enumerate().map(|(at, &c)| if at > 0 && c == SOMEBODY { HIDDEN } else { c }).collect()
}

/// How two words show the two parts of a name, not both in full.
fn parts(words: [&[char]; 2], values: [&[char]; 2]) -> Option<(Form, usize)> {
    let [first, second] = [part(words[0], values[0])?, part(words[1], values[1])?];
    Some((first.0.or(second.0)?, first.1 + second.1))
}

/// How a word shows a part of a name, and how much of it; no form is in full.
fn part(word: &[char], value: &[char]) -> Option<(Option<Form>, usize)> {
    if word == value {
        return Some((None, value.len()));
    }
    if word.len() == 1 && value.starts_with(word) {
        return Some((Some(Form::Initial), 1));
    }
    let shown = fits(word, value).filter(|&shown| shown > 0)?;
    Some((Some(Form::Stars), shown))
}
