//! A row's cells made ready for looking: folded, without blanks and
//! punctuation, and with a note of what has been found already.
//!
//! Every stretch of a row speaks for one value. Without that the one `1` of a
//! row would be pieces, floor and room number at once.

use std::ops::Range;

use crate::normalize;
use crate::scan::text::RowText;

/// A character that somebody hid.
pub(super) const HIDDEN: char = '*';
/// A character that a program lost.
pub(super) const LOST: char = char::REPLACEMENT_CHARACTER;

/// Longest number that is told by what stands beside it.
const MAX_LONE: usize = 6;

/// A stretch of a cell, by its kept characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) cell: usize,
    pub(super) range: Range<usize>,
}

/// All cells of a row.
pub(super) struct Sheet {
    pub(super) cells: Vec<Cell>,
}

/// One cell.
pub(super) struct Cell {
    /// As `RowText` gives it.
    pub(super) raw: String,
    /// With full-width forms narrowed, in lower case, nothing invisible.
    pub(super) folded: Vec<char>,
    /// Letters, digits and hidden or lost characters of `folded`.
    pub(super) chars: Vec<char>,
    /// Where each of them stands in `folded`.
    at: Vec<usize>,
    taken: Vec<bool>,
}

impl Sheet {
    pub(super) fn new(row: &RowText) -> Self {
        Self { cells: row.cells().iter().map(|cell| Cell::new(cell)).collect() }
    }

    /// Every place at which `value` stands, blanks and punctuation aside.
    pub(super) fn places_of<'a>(&'a self, value: &'a [char]) -> impl Iterator<Item = Span> + 'a {
        self.cells.iter().enumerate().flat_map(move |(index, cell)| {
            let last = cell.chars.len().checked_sub(value.len()).filter(|_| !value.is_empty());
            (0..last.map_or(0, |last| last + 1))
                .map(move |from| Span { cell: index, range: from..from + value.len() })
                .filter(move |span| cell.chars[span.range.clone()] == *value && cell.is_free(&span.range))
        })
    }

    /// Cells of which nothing was found yet, as spans.
    pub(super) fn whole_cells(&self) -> impl Iterator<Item = (Span, &Cell)> {
        self.cells.iter().enumerate().filter_map(|(index, cell)| {
            let span = Span { cell: index, range: 0..cell.chars.len() };
            (!span.range.is_empty() && cell.is_free(&span.range)).then_some((span, cell))
        })
    }

    /// Stretches of which nothing was found yet.
    pub(super) fn stretches(&self) -> Vec<Span> {
        let mut stretches = Vec::new();
        for (index, cell) in self.cells.iter().enumerate() {
            let mut from = 0;
            for run in cell.taken.chunk_by(|a, b| a == b) {
                if !run[0] {
                    stretches.push(Span { cell: index, range: from..from + run.len() });
                }
                from += run.len();
            }
        }
        stretches
    }

    /// Notes that a stretch has been found.
    pub(super) fn take(&mut self, span: &Span) {
        self.cells[span.cell].taken[span.range.clone()].fill(true);
    }
}

impl Cell {
    pub(super) fn new(raw: &str) -> Self {
        let folded = fold(raw);
        let is_kept = |c: char| c.is_alphanumeric() || c == HIDDEN || c == LOST;
        let at: Vec<usize> = (0..folded.len()).filter(|&at| is_kept(folded[at])).collect();
        let chars: Vec<char> = at.iter().map(|&at| folded[at]).collect();
        Self { raw: raw.to_owned(), folded, taken: vec![false; chars.len()], chars, at }
    }

    fn is_free(&self, range: &Range<usize>) -> bool {
        !self.taken[range.clone()].contains(&true)
    }

    /// What stood between the characters before and at `at`; nothing at the ends.
    pub(super) fn gap(&self, at: usize) -> &[char] {
        match at.checked_sub(1).map(|before| self.at[before] + 1).zip(self.at.get(at)) {
            Some((from, &to)) => &self.folded[from..to],
            None => &[],
        }
    }

    /// What stands right before the character at `at`, whatever it is.
    pub(super) fn mark_before(&self, at: usize) -> Option<char> {
        self.at.get(at)?.checked_sub(1).map(|before| self.folded[before])
    }

    /// Whether something parts the characters before and at `at`: an end of
    /// the cell, a gap, something found.
    pub(super) fn is_parted(&self, at: usize) -> bool {
        let is_found = |at: usize| self.taken.get(at).is_none_or(|&taken| taken);
        at == 0 || is_found(at) || is_found(at - 1) || !self.gap(at).is_empty()
    }

    /// The unbroken run of characters of a class that ends before `at`.
    pub(super) fn run_before(&self, at: usize, class: impl Fn(char) -> bool) -> Range<usize> {
        let mut from = at;
        while !self.is_parted(from) && class(self.chars[from - 1]) {
            from -= 1;
        }
        from..at
    }

    /// The unbroken run of characters of a class that begins at `at`.
    pub(super) fn run_behind(&self, at: usize, class: impl Fn(char) -> bool) -> Range<usize> {
        let mut to = at;
        while !self.is_parted(to) && class(self.chars[to]) {
            to += 1;
        }
        at..to
    }

    /// The range of kept characters between two places of `folded`.
    pub(super) fn kept(&self, folded: Range<usize>) -> Range<usize> {
        self.at.partition_point(|&at| at < folded.start)..self.at.partition_point(|&at| at < folded.end)
    }

    /// Where the kept character `index` stands in `folded`.
    pub(super) fn place(&self, index: usize) -> usize {
        self.at[index]
    }
}

/// The values of a canary, by which a row without separators is told apart.
pub(super) struct Words(pub(super) Vec<Vec<char>>);

impl Words {
    /// Whether one of at least `least` characters ends before `at`.
    pub(super) fn end_before(&self, cell: &Cell, at: usize, least: usize) -> bool {
        self.0.iter().any(|word| word.len() >= least.max(1) && cell.chars[..at].ends_with(word))
    }

    /// Whether one of at least `least` characters begins at `at`.
    pub(super) fn start_at(&self, cell: &Cell, at: usize, least: usize) -> bool {
        self.0.iter().any(|word| word.len() >= least.max(1) && cell.chars[at..].starts_with(word))
    }

    /// Short numbers other than `own`.
    pub(super) fn numbers_beside<'w>(&'w self, own: &'w [char]) -> impl Iterator<Item = &'w Vec<char>> + 'w {
        let is_short = |word: &&Vec<char>| word.len() <= MAX_LONE && word.iter().all(char::is_ascii_digit);
        self.0.iter().filter(move |word| is_short(word) && *word != own)
    }
}

/// The kept characters of a text.
pub(super) fn kept(text: &str) -> Vec<char> {
    Cell::new(text).chars
}

/// Whether a word stands first.
pub(super) fn starts_with(chars: &[char], word: &str) -> bool {
    word.chars().enumerate().all(|(at, c)| chars.get(at) == Some(&c))
}

/// Whether a word stands last.
pub(super) fn ends_with(chars: &[char], word: &str) -> bool {
    chars.len().checked_sub(word.chars().count()).is_some_and(|from| starts_with(&chars[from..], word))
}

fn fold(raw: &str) -> Vec<char> {
    let mut folded: Vec<char> = raw
        .chars()
        .filter(|&c| !normalize::is_invisible(c))
        .map(normalize::narrow)
        .flat_map(normalize::lower)
        .map(|c| match c {
            '×' | '•' | '●' | '※' | '■' => HIDDEN,
            '?' => LOST,
            c => c,
        })
        .collect();
    // 138xxxx1234: more than one x beside digits hides digits.
    let mut from = 0;
    while from < folded.len() {
        let length = folded[from..].iter().take_while(|&&c| c == 'x').count();
        let is_joint = |c: &&char| matches!(c, ' ' | '-');
        let before = folded[..from].iter().rev().find(|c| !is_joint(c));
        let behind = folded[from + length..].iter().find(|c| !is_joint(c));
        if length > 1 && [before, behind].into_iter().flatten().any(char::is_ascii_digit) {
            folded[from..from + length].fill(HIDDEN);
        }
        from += length.max(1);
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(row: &str) -> Sheet {
        Sheet::new(&RowText::read(row.as_bytes(), None))
    }

    fn shown(cell: &Cell) -> String {
        cell.chars.iter().collect()
    }

    #[test]
    fn a_cell_keeps_letters_digits_and_what_is_hidden() {
        assert_eq!(shown(&Cell::new("１38-xxxx-1234 转2")), "138****1234转2");
        assert_eq!(shown(&Cell::new("张×三（电联）")), "张*三电联");
        assert_eq!(shown(&Cell::new("Box 5, x2?")), "box5x2\u{fffd}");
    }

    #[test]
    fn what_was_found_is_found_once() {
        let mut sheet = sheet("1,5,1");

        let places: Vec<Span> = sheet.places_of(&['1']).collect();
        sheet.take(&places[0]);

        assert_eq!(places.len(), 2);
        assert_eq!(sheet.places_of(&['1']).collect::<Vec<_>>(), places[1..]);
        assert_eq!(sheet.stretches().len(), 2);
    }

    #[test]
    fn a_run_ends_at_a_gap_an_end_and_what_was_found() {
        let mut sheet = sheet("ab12-345李");
        let is_digit = |c: char| c.is_ascii_digit();

        assert_eq!(sheet.cells[0].run_before(7, is_digit), 4..7);
        assert_eq!(sheet.cells[0].run_behind(4, is_digit), 4..4, "what stands at 4 is parted from 3");
        assert_eq!(sheet.cells[0].run_behind(5, is_digit), 5..7);
        sheet.take(&Span { cell: 0, range: 5..6 });
        assert_eq!(sheet.cells[0].run_before(7, is_digit), 6..7);
    }
}
