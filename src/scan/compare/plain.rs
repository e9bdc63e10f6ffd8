//! Everything else: goods, weights, fees, remarks.

use super::sheet::{Cell, Sheet, Span, Words, kept};
use super::{Form, Found};
use crate::normalize;

/// A longer text that ends early is still told from others.
const MIN_CUT: usize = 6;
/// Shorter Latin words and numbers are parts of anything.
const MIN_LATIN: usize = 4;
/// What is written beside an amount.
const UNITS: [&str; 8] = ["kg", "公斤", "千克", "元", "件", "¥", "$", "lb"];

/// A text or an amount.
pub(super) struct Plain {
    text: String,
    chars: Vec<char>,
    amount: Option<f64>,
}

impl Plain {
    pub(super) fn new(text: &str) -> Self {
        let text = normal(text);
        Self { chars: kept(&text), amount: text.parse().ok(), text }
    }

    /// Finds a telling text inside of a longer one.
    pub(super) fn whole(&self, sheet: &Sheet, words: &Words) -> Option<Vec<Span>> {
        let mut places = sheet.places_of(&self.chars).filter(|_| self.is_telling());
        places.find(|span| self.stands_alone(sheet, span, words)).map(|span| vec![span])
    }

    /// What may only be looked for when the rest has been found: an amount that
    /// is written differently, a lone number in a row that is run together, a
    /// longer text that ends early.
    pub(super) fn remnant(&self, sheet: &Sheet, words: &Words) -> Option<Found> {
        let is_equal = |cell: &Cell| self.amount.is_some() && amount_of(&normal(&cell.raw)) == self.amount;
        let equal = sheet.whole_cells().find(|(_, cell)| is_equal(cell)).map(|(span, _)| span);
        let lone = || sheet.places_of(&self.chars).find(|span| self.stands_between(sheet, span, words));
        equal.or_else(lone).map(|span| Found::whole(vec![span])).or_else(|| self.cut(sheet))
    }

    fn cut(&self, sheet: &Sheet) -> Option<Found> {
        let length = self.chars.len();
        let is_start = |cell: &Cell| {
            let shown = cell.chars.len();
            shown >= MIN_CUT && 2 * shown >= length && self.chars.starts_with(&cell.chars)
        };
        let (span, cell) = sheet.whole_cells().find(|(_, cell)| is_start(cell))?;
        Some(Found::remnant(Form::Cut, cell.chars.len(), length, vec![span]))
    }

    /// Whether a telling text, inside of a longer one, is by itself.
    fn stands_alone(&self, sheet: &Sheet, span: &Span, words: &Words) -> bool {
        let cell = &sheet.cells[span.cell];
        let (from, to) = (span.range.start, span.range.end);
        let class = |c: char| c.is_alphanumeric() && normalize::is_han(c) == normalize::is_han(self.chars[0]);
        self.is_written(cell, span)
            && (cell.run_before(from, class).is_empty() || words.end_before(cell, from, 1))
            && (cell.run_behind(to, class).is_empty() || words.start_at(cell, to, 1))
    }

    /// Whether a lone number stands, in a row of one cell, between what was found
    /// already or other such numbers.
    fn stands_between(&self, sheet: &Sheet, span: &Span, words: &Words) -> bool {
        let cell = &sheet.cells[span.cell];
        let (from, to) = (span.range.start, span.range.end);
        let is_found = |at: usize| cell.is_parted(at) && cell.gap(at).is_empty();
        sheet.cells.len() == 1
            && self.is_written(cell, span)
            && (is_found(from) || words.numbers_beside(&self.chars).any(|word| cell.chars[..from].ends_with(word)))
            && (is_found(to) || words.numbers_beside(&self.chars).any(|word| cell.chars[to..].starts_with(word)))
    }

    /// Whether the blanks and points of the text stand there too.
    fn is_written(&self, cell: &Cell, span: &Span) -> bool {
        let written = &cell.folded[cell.place(span.range.start)..=cell.place(span.range.end - 1)];
        written.iter().copied().eq(self.text.chars())
    }

    fn is_telling(&self) -> bool {
        self.chars.iter().filter(|&&c| normalize::is_han(c)).count() > 1
            || (self.chars.len() >= MIN_LATIN && self.chars.iter().any(|c| c.is_alphabetic()))
    }
}

fn normal(text: &str) -> String {
    normalize::text(text).trim().to_owned()
}

fn amount_of(text: &str) -> Option<f64> {
    let without_unit = UNITS.iter().find_map(|unit| text.strip_suffix(unit).or_else(|| text.strip_prefix(unit)));
    without_unit.unwrap_or(text).trim().parse().ok()
}
