//! Addresses and their parts.
//!
//! An address in one column may come back in five, and five columns in one. A
//! value is therefore looked for in the pieces that its place is made of, as
//! many of them together as stand together.
//!
//! A wide part inside a longer text is taken only where the text does not go on
//! to another place: `河北省` in `河北省邯郸市永年区…` says nothing of somebody
//! in 河北省邯郸市丛台区.

use std::ops::Range;

use super::code::is_wild;
use super::sheet::{Cell, HIDDEN, Sheet, Span, Words, ends_with, kept, starts_with};
use super::{Form, Found};
use crate::normalize;
use crate::persona::Place;

/// Shorter Latin parts (`OR`, `IN`) are words.
const MIN_LATIN: usize = 4;
/// Fewer characters that are shown fit by chance.
const MIN_SHOWN: usize = 2;
/// ... where nothing shows that others are missing.
const MIN_CUT: usize = 4;
/// Digits of a postal code, which are glued to addresses.
const POSTCODE: usize = 6;
/// Words for the kind of a place that are left out of its short form.
const KINDS: [&str; 8] = ["维吾尔自治区", "壮族自治区", "回族自治区", "特别行政区", "自治区", "省", "地区", "市"];
/// Words that part an address in a row with labels.
const LABELS: [&str; 6] = ["详细", "地址", "地区", "街道", "收货", "收件"];

/// How wide a part is, the widest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Province,
    City,
    District,
    Town,
    Local,
}

/// A part of the person's place.
struct Part {
    rank: Rank,
    /// Full and short form.
    forms: Vec<Vec<char>>,
}

/// A value that is a place or a part of one.
pub(super) struct PlaceValue {
    full: Vec<char>,
    /// What it is made of, in its own order: indices of `parts`. A value that
    /// is made of something else is one piece of no part.
    pieces: Vec<(Vec<char>, Option<usize>)>,
    parts: Vec<Part>,
}

impl PlaceValue {
    pub(super) fn new(text: &str, place: &Place) -> Self {
        let parts: Vec<Part> = [
            (Rank::Province, &place.province),
            (Rank::City, &place.city),
            (Rank::District, &place.district),
            (Rank::Town, &place.town),
            (Rank::Local, &place.local),
        ]
        .into_iter()
        .filter(|(_, text)| !kept(text).is_empty())
        .map(|(rank, text)| Part { rank, forms: forms(rank, text) })
        .collect();
        let full = kept(text);
        let pieces = pieces(&full, &parts).unwrap_or_else(|| vec![(full.clone(), None)]);
        Self { full, pieces, parts }
    }

    pub(super) fn whole(&self, sheet: &Sheet, words: &Words) -> Option<Vec<Span>> {
        let (spans, _, is_all) = self.pieces_in(sheet, words);
        is_all.then_some(spans)
    }

    pub(super) fn remnant(&self, sheet: &Sheet, words: &Words) -> Option<Found> {
        // Of equals the last: asterisks say that more was there.
        let found = [self.cut(sheet), self.some_pieces(sheet, words), self.masked(sheet, words)];
        found.into_iter().flatten().max_by_key(Found::shown)
    }

    /// Looks for all pieces, as many together as stand together; returns where
    /// they are, which, and whether that is all.
    fn pieces_in(&self, sheet: &Sheet, words: &Words) -> (Vec<Span>, Vec<usize>, bool) {
        let (mut spans, mut found) = (Vec::new(), Vec::new());
        let mut first = 0;
        while first < self.pieces.len() {
            let longest =
                (first + 1..=self.pieces.len()).rev().find_map(|end| Some((end, self.find(sheet, words, first..end)?)));
            match longest {
                Some((end, span)) => {
                    spans.push(span);
                    found.extend(first..end);
                    first = end;
                }
                None => first += 1,
            }
        }
        let is_all = found.len() == self.pieces.len();
        (spans, found, is_all)
    }

    /// Finds neighbouring pieces, best in a cell of their own.
    fn find(&self, sheet: &Sheet, words: &Words, range: Range<usize>) -> Option<Span> {
        let pieces = &self.pieces[range];
        let joined: Vec<char> = pieces.iter().flat_map(|(chars, _)| chars.iter().copied()).collect();
        let short = match pieces {
            [(_, Some(part))] => self.parts[*part].forms.get(1).cloned(),
            _ => None,
        };
        // The last is the narrowest in Chinese, where width decides.
        let last = pieces.last()?.1;
        [Some(joined), short].into_iter().flatten().find_map(|spelling| {
            let is_cell = |span: &Span| span.range.len() == sheet.cells[span.cell].chars.len();
            let places = || sheet.places_of(&spelling);
            places().find(is_cell).or_else(|| {
                places().find(|span| {
                    let cell = &sheet.cells[span.cell];
                    self.may_begin(cell, span, last, words) && self.may_end(cell, span, last, words)
                })
            })
        })
    }

    fn may_begin(&self, cell: &Cell, span: &Span, part: Option<usize>, words: &Words) -> bool {
        let at = span.range.start;
        let first = cell.chars[at];
        if first.is_ascii_alphanumeric() {
            let run = cell.run_before(at, |c| c.is_ascii_alphanumeric());
            let is_free = run.is_empty() || words.end_before(cell, at, run.len());
            return is_free && (span.range.len() >= MIN_LATIN || self.touches_part(cell, &span.range));
        }
        let is_wide = part.is_some_and(|part| self.parts[part].rank <= Rank::District);
        let run = cell.run_before(at, |c| normalize::is_han(c) || is_wild(c));
        !is_wide
            || run.is_empty()
            || self.part_ends(cell, at)
            || LABELS.iter().any(|label| ends_with(&cell.chars[..at], label))
            || words.end_before(cell, at, MIN_SHOWN)
    }

    fn may_end(&self, cell: &Cell, span: &Span, part: Option<usize>, words: &Words) -> bool {
        let at = span.range.end;
        if cell.chars[at - 1].is_ascii_alphanumeric() {
            let run = cell.run_behind(at, |c| c.is_ascii_alphanumeric());
            let is_postcode = run.len() == POSTCODE && cell.chars[run.clone()].iter().all(char::is_ascii_digit);
            return run.is_empty() || is_postcode || words.start_at(cell, at, run.len());
        }
        part.is_none_or(|part| self.goes_on(cell, at, self.parts[part].rank, words))
    }

    /// Whether what follows a part of this rank does not speak of another place.
    fn goes_on(&self, cell: &Cell, at: usize, rank: Rank, words: &Words) -> bool {
        let narrowest = self.parts.iter().map(|part| part.rank).max().unwrap_or(Rank::Local);
        let is_chinese = cell.chars.get(at).is_some_and(|&c| normalize::is_han(c));
        if !is_chinese || rank >= Rank::District.min(narrowest) {
            return true;
        }
        let gap = cell.gap(at);
        let is_punctuated = gap.iter().any(|&c| c != ' ' && c != '-');
        // What was found already is somebody's name or goods.
        let is_found = gap.is_empty() && cell.is_parted(at);
        let is_label = LABELS.iter().any(|label| starts_with(&cell.chars[at..], label));
        let is_other = words
            .0
            .iter()
            .filter(|word| word.len() >= MIN_SHOWN && !self.is_part(word))
            .any(|word| cell.chars[at..].starts_with(word));
        is_punctuated || is_found || is_label || is_other || self.narrower_goes_on(cell, at, rank, words)
    }

    /// Whether a narrower part of the place begins at `at`, and goes on too. Of
    /// a road the beginning is enough.
    fn narrower_goes_on(&self, cell: &Cell, at: usize, rank: Rank, words: &Words) -> bool {
        let begins = |form: &[char]| cell.chars[at..].starts_with(form);
        self.parts.iter().filter(|part| part.rank > rank).any(|part| match part.rank {
            Rank::Town | Rank::Local => part.forms.iter().any(|form| begins(&form[..form.len().min(MIN_SHOWN)])),
            _ => {
                let form = part.forms.iter().find(|form| begins(form));
                form.is_some_and(|form| self.goes_on(cell, at + form.len(), part.rank, words))
            }
        })
    }

    /// Whether a word is this value or a part of its place.
    fn is_part(&self, word: &[char]) -> bool {
        word == self.full || self.parts.iter().any(|part| part.forms.iter().any(|form| form == word))
    }

    /// Whether a part of the place ends before `at`.
    fn part_ends(&self, cell: &Cell, at: usize) -> bool {
        self.parts.iter().any(|part| part.forms.iter().any(|form| cell.chars[..at].ends_with(form)))
    }

    /// Whether another part of the place stands beside a range.
    fn touches_part(&self, cell: &Cell, range: &Range<usize>) -> bool {
        let begins = |part: &Part| part.forms.iter().any(|form| cell.chars[range.end..].starts_with(form));
        self.part_ends(cell, range.start) || self.parts.iter().any(begins)
    }

    /// Some of the pieces: enough to tell a district.
    fn some_pieces(&self, sheet: &Sheet, words: &Words) -> Option<Found> {
        let (spans, found, _) = self.pieces_in(sheet, words);
        let rank = |&piece: &usize| self.pieces[piece].1.map(|part| self.parts[part].rank);
        let is_telling = found.len() > 1 || found.iter().filter_map(rank).any(|rank| rank >= Rank::District);
        let shown = found.iter().map(|&piece| self.pieces[piece].0.len()).sum();
        (is_telling && self.pieces.len() > 1).then(|| Found::remnant(Form::Cut, shown, self.full.len(), spans))
    }

    /// `河北省邯郸市永年区广府镇******`, from any of its parts on.
    fn masked(&self, sheet: &Sheet, words: &Words) -> Option<Found> {
        let mut best: Option<Found> = None;
        for stretch in sheet.stretches() {
            let cell = &sheet.cells[stretch.cell];
            for range in self.masks_in(cell, &stretch.range, words) {
                let mask = &cell.chars[range.clone()];
                let shown = mask.iter().filter(|&&c| !is_wild(c)).count();
                if best.as_ref().is_none_or(|best| shown > best.shown()) {
                    let form = if mask.contains(&HIDDEN) { Form::Stars } else { Form::Lost };
                    let span = Span { cell: stretch.cell, range };
                    best = Some(Found::remnant(form, shown, self.full.len(), vec![span]));
                }
            }
        }
        best
    }

    /// Ranges of a stretch that hide a part of the value.
    fn masks_in(&self, cell: &Cell, stretch: &Range<usize>, words: &Words) -> Vec<Range<usize>> {
        let wild = |at: usize| is_wild(cell.chars[at]);
        let is_end = |at: usize| wild(at - 1) && (at == stretch.end || !wild(at));
        let Some(last) = (stretch.start + 1..=stretch.end).rev().find(|&at| is_end(at)) else { return Vec::new() };
        let ends: Vec<usize> = (stretch.start + 1..last).filter(|&at| is_end(at)).chain([last, stretch.end]).collect();
        let mut masks = Vec::new();
        let mut skipped = 0;
        for (piece, _) in &self.pieces {
            let value = &self.full[skipped..];
            skipped += piece.len();
            let starts = (stretch.start..last).filter(|&at| {
                let is_first = cell.run_before(at, normalize::is_han).is_empty() || self.part_ends(cell, at);
                let is_telling = is_first || cell.chars.get(at + 1) == value.get(1);
                cell.chars[at] == value[0] && is_telling && (is_first || words.end_before(cell, at, MIN_SHOWN))
            });
            for from in starts {
                let ends = ends.iter().filter(|&&to| from < to && hides(&cell.chars[from..to], value));
                masks.extend(ends.map(|&to| from..to));
            }
        }
        masks
    }

    /// A cell with one end of the value.
    fn cut(&self, sheet: &Sheet) -> Option<Found> {
        let is_end = |chars: &[char]| {
            chars.len() >= MIN_CUT
                && 2 * chars.len() >= self.full.len()
                && (self.full.starts_with(chars) || self.full.ends_with(chars))
        };
        let (span, cell) =
            sheet.whole_cells().filter(|(_, cell)| is_end(&cell.chars)).max_by_key(|(_, cell)| cell.chars.len())?;
        Some(Found::remnant(Form::Cut, cell.chars.len(), self.full.len(), vec![span]))
    }
}

/// Full and short form of a part.
fn forms(rank: Rank, text: &str) -> Vec<Vec<char>> {
    let short = KINDS.iter().filter(|_| rank <= Rank::City).find_map(|kind| text.strip_suffix(kind));
    let short = short.map(kept).filter(|short| short.len() > 1);
    std::iter::once(kept(text)).chain(short).collect()
}

/// Tells which parts a text is made of; `None` where something else stands in it.
fn pieces(full: &[char], parts: &[Part]) -> Option<Vec<(Vec<char>, Option<usize>)>> {
    let mut pieces: Vec<(usize, usize)> = Vec::new();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|&part| std::cmp::Reverse(parts[part].forms[0].len()));
    for part in order {
        let form = &parts[part].forms[0];
        let is_free = |at: &usize| {
            pieces.iter().all(|&(from, part)| *at >= from + parts[part].forms[0].len() || at + form.len() <= from)
        };
        let last = full.len().checked_sub(form.len());
        let places = (0..last.map_or(0, |last| last + 1)).filter(|&at| full[at..].starts_with(form));
        pieces.extend(places.filter(is_free).take(1).map(|at| (at, part)).collect::<Vec<_>>());
    }
    pieces.sort_unstable();
    let length: usize = pieces.iter().map(|&(_, part)| parts[part].forms[0].len()).sum();
    let pieces = pieces.into_iter().map(|(_, part)| (parts[part].forms[0].clone(), Some(part)));
    (length == full.len()).then(|| pieces.collect())
}

/// Whether a mask, whose runs of hidden characters are of any length, hides a
/// value.
fn hides(mask: &[char], value: &[char]) -> bool {
    let Some(wild) = mask.iter().position(|&c| is_wild(c)) else { return mask == value };
    if !value.starts_with(&mask[..wild]) {
        return false;
    }
    let behind = wild + mask[wild..].iter().take_while(|&&c| is_wild(c)).count();
    (wild + 1..=value.len()).any(|from| hides(&mask[behind..], &value[from..]))
}
