//! Numbers that are digits and nothing to count with: phones and waybills.

use std::ops::Range;

use super::sheet::{Cell, HIDDEN, LOST, Sheet, Span, Words};
use super::{Form, Found};
use crate::line::LineNumber;
use crate::normalize;
use crate::persona::Given;

/// Fewer digits that are shown fit by chance.
const MIN_SHOWN: usize = 4;
/// ... where nothing shows that others are missing.
const MIN_CUT: usize = 7;
/// ... behind a decimal point.
const MIN_ROUNDED: usize = 3;
/// Fewer characters of another value may end with any digit.
const MIN_WORD: usize = 4;
/// Digits that a spreadsheet keeps of a number; the rest become zeros.
const SPREADSHEET_DIGITS: usize = 15;
/// Digits of a tail.
const TAIL: usize = 4;
/// Cues that the last digits alone are meant.
const TAIL_CUES: [&str; 9] = ["尾号", "后四位", "后4位", "末四位", "末4位", "尾数", "ending in", "last four", "last 4"];

/// A number as it may be written.
pub(super) struct Code {
    /// Its characters: of a phone, the national number.
    pub(super) core: Vec<char>,
    /// What may stand before it with nothing between: the country code, `00`.
    prefixes: Vec<Vec<char>>,
    extension: String,
    is_phone: bool,
}

impl Code {
    pub(super) fn phone(line: &LineNumber) -> Self {
        let country = line.country;
        let mut prefixes: Vec<String> = ["", "00", "011"].map(|before| format!("{before}{country}")).into();
        // North America has no trunk prefix other than its own country code.
        if country != 1 {
            prefixes.extend([String::from("0"), format!("{country}0"), format!("00{country}0")]);
        }
        Self {
            core: line.national.chars().collect(),
            prefixes: prefixes.iter().map(|prefix| prefix.chars().collect()).collect(),
            extension: line.extension.clone(),
            is_phone: true,
        }
    }

    /// A waybill number, or another that is one in normal form and long enough
    /// to mean something by itself.
    pub(super) fn reference(text: &str) -> Option<Self> {
        let normal = normalize::waybill(text)?;
        let digits = normal.bytes().filter(u8::is_ascii_digit).count();
        // `12.50` is an amount, and `150/300mg` no number of anything.
        let is_code = text.trim().chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-'));
        (digits >= normalize::MIN_WAYBILL && is_code).then(|| Self {
            core: normal.to_ascii_lowercase().chars().collect(),
            prefixes: Vec::new(),
            extension: String::new(),
            is_phone: false,
        })
    }

    pub(super) fn whole(&self, sheet: &Sheet, words: &Words) -> Option<Vec<Span>> {
        let written = self.written(sheet, words).find_map(|span| self.with_extension(sheet, span));
        written.or_else(|| self.in_cell(sheet))
    }

    pub(super) fn remnant(&self, sheet: &Sheet, words: &Words) -> Option<Found> {
        let of = self.core.len() + self.extension.len();
        if let Some(span) = self.written(sheet, words).next() {
            return Some(Found::remnant(Form::Cut, self.core.len(), of, vec![span]));
        }
        let mut best: Option<Found> = None;
        for stretch in sheet.stretches() {
            let cell = &sheet.cells[stretch.cell];
            for run in self.soft_runs(cell, stretch.range) {
                for range in self.bounded(cell, &run, words) {
                    let Some((form, shown)) = self.read(&cell.chars[range.clone()]) else { continue };
                    if best.as_ref().is_none_or(|best| shown > best.shown()) {
                        best = Some(Found::remnant(form, shown, of, vec![Span { cell: stretch.cell, range }]));
                    }
                }
            }
        }
        best.or_else(|| self.rounded(sheet))
    }

    /// The last digits alone, where a cue or the surname beside them says whose.
    pub(super) fn tail(&self, sheet: &Sheet, is_named: bool) -> Option<Found> {
        let tail = &self.core[self.core.len().checked_sub(TAIL)?..];
        let span = sheet.places_of(tail).find(|span| {
            let cell = &sheet.cells[span.cell];
            let is_alone = |run: Range<usize>| run.is_empty();
            is_alone(cell.run_before(span.range.start, |c| self.is_slot(c)))
                && is_alone(cell.run_behind(span.range.end, |c| self.is_slot(c)))
                && ((self.is_phone && is_named) || has_cue(cell, span.range.start))
        })?;
        Some(Found::remnant(Form::Tail, TAIL, self.core.len() + self.extension.len(), vec![span]))
    }

    /// Places at which the number is written in full, its extension aside.
    fn written<'a>(&'a self, sheet: &'a Sheet, words: &'a Words) -> impl Iterator<Item = Span> + 'a {
        sheet.places_of(&self.core).filter(|span| {
            let cell = &sheet.cells[span.cell];
            let Range { start, end } = span.range;
            (start + 1..end).all(|at| is_soft(cell.gap(at)))
                && self.is_free_before(cell, start, words)
                && self.is_free_behind(cell, end, words)
                && !self.is_foreign(cell, start)
        })
    }

    /// The span with the extension that belongs to it; `None` without it.
    fn with_extension(&self, sheet: &Sheet, span: Span) -> Option<Vec<Span>> {
        if self.extension.is_empty() {
            return Some(vec![span]);
        }
        let cell = &sheet.cells[span.cell];
        let behind = normalize::extension_at(&cell.folded, cell.place(span.range.end - 1) + 1);
        if let Some(found) = behind.filter(|found| found.digits == self.extension) {
            let end = cell.kept(0..found.end).end;
            return Some(vec![Span { cell: span.cell, range: span.range.start..end }]);
        }
        let (beside, _) = sheet.whole_cells().find(|(beside, cell)| {
            beside.cell == span.cell + 1 && cell.chars.iter().copied().eq(self.extension.chars())
        })?;
        Some(vec![span, beside])
    }

    /// A cell whose normal form is the number's, as if it was dictated: `幺五四…`.
    fn in_cell(&self, sheet: &Sheet) -> Option<Vec<Span>> {
        let is_phone = |raw: &str| {
            normalize::phone(raw).is_some_and(|phone| {
                let digits: Vec<char> = phone.digits.chars().collect();
                let prefix = digits.strip_suffix(&self.core[..]);
                phone.extension == self.extension && prefix.is_some_and(|prefix| self.is_prefix(prefix))
            })
        };
        let is_reference = |raw: &str| {
            normalize::waybill(raw)
                .is_some_and(|normal| normal.to_ascii_lowercase().chars().eq(self.core.iter().copied()))
        };
        let is_it = |raw: &str| if self.is_phone { is_phone(raw) } else { is_reference(raw) };
        let (span, _) = sheet.whole_cells().find(|(_, cell)| is_it(&cell.raw))?;
        Some(vec![span])
    }

    fn is_prefix(&self, chars: &[char]) -> bool {
        chars.is_empty() || self.prefixes.iter().any(|prefix| prefix == chars)
    }

    fn is_digit(&self, c: char) -> bool {
        if self.is_phone { c.is_ascii_digit() } else { c.is_ascii_alphanumeric() }
    }

    fn is_slot(&self, c: char) -> bool {
        self.is_digit(c) || c == HIDDEN || c == LOST
    }

    /// Whether the number may begin here: what touches it is its prefix, ends
    /// another value of the canary, or hides a name or an address.
    fn is_free_before(&self, cell: &Cell, at: usize, words: &Words) -> bool {
        let run = cell.run_before(at, |c| self.is_slot(c));
        self.is_prefix(&cell.chars[run.clone()])
            || words.end_before(cell, at, run.len().max(MIN_WORD))
            || (hides_words(&cell.chars[run.clone()])
                && cell.chars[..run.start].last().is_some_and(|&c| normalize::is_han(c)))
    }

    fn is_free_behind(&self, cell: &Cell, at: usize, words: &Words) -> bool {
        let run = cell.run_behind(at, |c| self.is_slot(c));
        run.is_empty()
            || words.start_at(cell, at, run.len().max(MIN_WORD))
            || (hides_words(&cell.chars[run.clone()]) && cell.chars.get(run.end).is_some_and(|&c| normalize::is_han(c)))
    }

    /// Whether a country code that is not the number's stands before it.
    fn is_foreign(&self, cell: &Cell, at: usize) -> bool {
        if !self.is_phone || at == 0 || !is_soft(cell.gap(at)) || !cell.chars[at - 1].is_ascii_digit() {
            return false;
        }
        let group = cell.run_before(at - 1, |c| c.is_ascii_digit()).start..at;
        let digits = &cell.chars[group.clone()];
        let is_code = (cell.mark_before(group.start) == Some('+') && digits.len() <= 3)
            || (digits.starts_with(&['0', '0']) && digits.len() <= 5);
        is_code && !self.is_prefix(digits)
    }

    /// Runs of digits and hidden ones, with nothing but soft gaps inside.
    fn soft_runs(&self, cell: &Cell, range: Range<usize>) -> Vec<Range<usize>> {
        let mut runs: Vec<Range<usize>> = Vec::new();
        for at in range.filter(|&at| self.is_slot(cell.chars[at])) {
            match runs.last_mut() {
                Some(run) if run.end == at && is_soft(cell.gap(at)) => run.end = at + 1,
                _ => runs.push(at..at + 1),
            }
        }
        runs
    }

    /// Ranges of a run that may be the number: between gaps, behind a prefix.
    fn bounded(&self, cell: &Cell, run: &Range<usize>, words: &Words) -> Vec<Range<usize>> {
        let starts: Vec<usize> = run.clone().filter(|&at| self.is_free_before(cell, at, words)).collect();
        let ends: Vec<usize> = (run.start + 1..=run.end).filter(|&at| self.is_free_behind(cell, at, words)).collect();
        let most = 2 * self.core.len();
        let pairs = starts.iter().flat_map(|&from| ends.iter().map(move |&to| from..to));
        pairs.filter(|range| range.start < range.end && range.len() <= most).collect()
    }

    /// What a written number shows of this one, if it fits.
    fn read(&self, written: &[char]) -> Option<(Form, usize)> {
        if written.iter().any(|&c| is_wild(c)) {
            let form = if written.contains(&HIDDEN) { Form::Stars } else { Form::Lost };
            return fits(written, &self.core).filter(|&shown| shown >= MIN_SHOWN).map(|shown| (form, shown));
        }
        if written.len() == self.core.len() {
            return is_zeroed(written, &self.core).then_some((Form::Rounded, SPREADSHEET_DIGITS));
        }
        let is_long = written.len() >= MIN_CUT && 2 * written.len() >= self.core.len();
        (is_long && (self.core.starts_with(written) || self.core.ends_with(written)))
            .then_some((Form::Cut, written.len()))
    }

    /// The number as an amount: `1.54331E+10`.
    fn rounded(&self, sheet: &Sheet) -> Option<Found> {
        if !self.core.iter().all(char::is_ascii_digit) {
            return None;
        }
        let spellings = || {
            let none: &[char] = &[];
            let prefixes = self.prefixes.iter().map(Vec::as_slice);
            std::iter::once(none).chain(prefixes).map(|prefix| ([prefix, &self.core].concat(), prefix.len()))
        };
        for (index, cell) in sheet.cells.iter().enumerate() {
            for amount in Amount::all_in(&cell.folded) {
                let fitting = spellings().find(|(spelling, _)| amount.is_of(spelling));
                let Some((_, prefix)) = fitting else { continue };
                let shown = amount.digits.len().min(self.core.len() + prefix).saturating_sub(prefix);
                if shown >= MIN_ROUNDED {
                    let range = cell.kept(amount.place.clone());
                    let of = self.core.len() + self.extension.len();
                    return Some(Found::remnant(Form::Rounded, shown, of, vec![Span { cell: index, range }]));
                }
            }
        }
        None
    }
}

/// A number in scientific notation.
struct Amount {
    /// Digits before and behind the point.
    digits: Vec<char>,
    /// Digits of the integer that it stands for.
    length: usize,
    place: Range<usize>,
}

impl Amount {
    fn all_in(text: &[char]) -> Vec<Self> {
        let mut amounts = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let amount = Self::at(text, at);
            at = match &amount {
                Some(amount) => amount.place.end,
                None => at + 1,
            };
            amounts.extend(amount);
        }
        amounts
    }

    fn at(text: &[char], from: usize) -> Option<Self> {
        let digits_at = |at: usize| text[at.min(text.len())..].iter().take_while(|c| c.is_ascii_digit()).count();
        let before = from.checked_sub(1).map(|before| text[before]);
        if before.is_some_and(|c| c.is_ascii_digit() || c == '.') {
            return None;
        }
        let integer = from..from + digits_at(from);
        let point = integer.end + usize::from(text.get(integer.end) == Some(&'.'));
        let fraction = point..point + digits_at(point);
        let mark = fraction.end + usize::from(text.get(fraction.end + 1) == Some(&'+'));
        let exponent = mark + 1..mark + 1 + digits_at(mark + 1);
        if integer.is_empty() || text.get(fraction.end) != Some(&'e') || exponent.is_empty() {
            return None;
        }
        let power: usize = text[exponent.clone()].iter().collect::<String>().parse().ok()?;
        Some(Self {
            digits: [&text[integer.clone()], &text[fraction]].concat(),
            length: power.checked_add(integer.len())?,
            place: from..exponent.end,
        })
    }

    /// Whether a number, rounded or cut off, is written so.
    fn is_of(&self, number: &[char]) -> bool {
        let kept = self.digits.len().min(number.len());
        if self.length != number.len() || self.digits[kept..].iter().any(|&c| c != '0') {
            return false;
        }
        let (kept, rest) = (&self.digits[..kept], &number[kept..]);
        let cut = &number[..kept.len()];
        let is_up = rest.first().is_some_and(|&c| c >= '5');
        kept == cut || (is_up && kept == increased(cut))
    }
}

/// The decimal number after `digits`, in as many digits.
fn increased(digits: &[char]) -> Vec<char> {
    let mut next = digits.to_vec();
    for digit in next.iter_mut().rev() {
        *digit = match *digit {
            '9' => '0',
            c => char::from(c as u8 + 1),
        };
        if *digit != '0' {
            break;
        }
    }
    next
}

/// Whether a long number lost its last digits to a spreadsheet, or to a program
/// that keeps numbers in binary.
fn is_zeroed(written: &[char], number: &[char]) -> bool {
    if number.len() <= SPREADSHEET_DIGITS || !number.iter().chain(written).all(char::is_ascii_digit) {
        return false;
    }
    let (head, tail) = written.split_at(SPREADSHEET_DIGITS);
    let value = |digits: &[char]| digits.iter().collect::<String>().parse::<f64>().ok();
    (head == &number[..SPREADSHEET_DIGITS] && tail.iter().all(|&c| c == '0')) || value(written) == value(number)
}

/// Whether characters of something else than a number are hidden here.
fn hides_words(run: &[char]) -> bool {
    run.iter().all(|&c| is_wild(c))
}

pub(super) fn is_wild(c: char) -> bool {
    c == HIDDEN || c == LOST
}

/// Returns how many characters a mask shows of a value that it fits.
///
/// Each hidden character stands for one; or, where there is a single run of
/// them, a run that is too short for all that are missing (`154**1234`).
pub(super) fn fits(mask: &[char], value: &[char]) -> Option<usize> {
    let shown = mask.iter().filter(|&&c| !is_wild(c)).count();
    let slots = mask.iter().map(|&c| (!is_wild(c)).then_some(c)).collect();
    if Given::Mask(slots).matches(&value.iter().collect::<String>()) {
        return Some(shown);
    }
    let head = mask.iter().position(|&c| is_wild(c))?;
    let tail = mask.iter().rposition(|&c| is_wild(c))? + 1;
    let is_one_run = mask[head..tail].iter().all(|&c| is_wild(c));
    (is_one_run && mask.len() < value.len() && value.starts_with(&mask[..head]) && value.ends_with(&mask[tail..]))
        .then_some(shown)
}

/// Whether a gap may stand inside a number.
fn is_soft(gap: &[char]) -> bool {
    gap.len() <= 3 && gap.iter().all(|c| matches!(c, ' ' | '-' | '.' | '(' | ')' | '_'))
}

fn has_cue(cell: &Cell, at: usize) -> bool {
    let before: String = cell.folded[..cell.place(at)].iter().collect();
    let before = before.trim_end_matches([' ', ':', '是', '为']);
    TAIL_CUES.iter().any(|cue| before.ends_with(cue))
}
