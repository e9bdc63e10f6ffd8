//! Free text made ready once for all that search it.

use crate::normalize;

/// A text with full-width forms narrowed and invisible characters gone, as
/// written and in lower case. Both have the same length, so that a place in one
/// is a place in the other.
pub(crate) struct Folded {
    /// With capitals as they were.
    pub(crate) written: Vec<char>,
    /// In lower case.
    pub(crate) lower: Vec<char>,
}

impl Folded {
    pub(crate) fn new(raw: &str) -> Self {
        let written: Vec<char> = raw.chars().filter(|&c| !normalize::is_invisible(c)).map(normalize::narrow).collect();
        let lower = written.iter().flat_map(|&c| normalize::lower(c)).collect();
        Self { written, lower }
    }
}

/// Whether `word` stands in `text` at `at`.
pub(crate) fn stands_at(text: &[char], at: usize, word: &str) -> bool {
    word.chars().enumerate().all(|(i, c)| text.get(at + i) == Some(&c))
}

/// Whether `word` stands in `text`, ending right before `end`.
pub(crate) fn ends_at(text: &[char], end: usize, word: &str) -> bool {
    end.checked_sub(word.chars().count()).is_some_and(|at| stands_at(text, at, word))
}

/// Every place at which `word` stands in `text`.
pub(crate) fn places_of<'a>(text: &'a [char], word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let first = word.chars().next();
    (0..text.len()).filter(move |&at| text.get(at).copied() == first && stands_at(text, at, word))
}

/// What stands before `end` in the same clause, at most `most` characters.
pub(crate) fn clause_before(text: &[char], end: usize, most: usize) -> &[char] {
    let from = end.saturating_sub(most);
    let cut = text[from..end].iter().rposition(|&c| matches!(c, ',' | '。' | ';' | '!' | '?' | '\n' | '、'));
    &text[cut.map_or(from, |cut| from + cut + 1)..end]
}

/// Whether any of `words` stands in `text`.
pub(crate) fn holds_any(text: &[char], words: &[&str]) -> bool {
    words.iter().any(|word| places_of(text, word).next().is_some())
}
