//! Places in text, by the lexicon's spellings.
//!
//! The longest spelling wins where several begin (`朝阳区` before `朝阳`). Several
//! mentions together mean their common set; mentions that contradict each other
//! (two ends of a route) mean nothing, because which of them is the person's
//! cannot be told.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::fault::Fault;
use crate::normalize;
use crate::persona::{Lexicon, PlacePattern};

/// Shorter Latin spellings (`OR`, `IN`) are words in running text.
const MIN_LATIN: usize = 4;

/// The places that may be mentioned.
pub(crate) struct Places {
    finder: Option<AhoCorasick>,
    patterns: Vec<PlacePattern>,
}

/// Where a mention stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Where {
    /// A column that holds nothing but a place.
    Column,
    /// Running text.
    Text,
}

impl Places {
    pub(crate) fn new(lexicons: &[Lexicon]) -> Result<Self, Fault> {
        let mut spellings: BTreeMap<String, PlacePattern> = BTreeMap::new();
        for (spelling, pattern) in lexicons.iter().flat_map(|lexicon| &lexicon.places) {
            let spelling = normalize::place(spelling);
            if spelling.chars().count() < 2 {
                continue;
            }
            let known = spellings.entry(spelling).or_insert_with(|| pattern.clone());
            *known = common(known, pattern);
        }
        spellings.retain(|_, pattern| !pattern.is_any());
        let finder = if spellings.is_empty() {
            None
        } else {
            let built = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(spellings.keys());
            Some(built.map_err(|error| Fault::new(format!("the templates' places cannot be indexed: {error}")))?)
        };
        Ok(Self { finder, patterns: spellings.into_values().collect() })
    }

    /// Returns the set of places that a text speaks of.
    pub(crate) fn find(&self, raw: &str, stands: Where) -> Option<PlacePattern> {
        let finder = self.finder.as_ref()?;
        let text = normalize::place(raw);
        let mut common = PlacePattern::default();
        for found in finder.find_iter(&text) {
            if is_word(&text, found.start(), found.end())
                && (stands == Where::Column || is_telling(&text[found.range()]))
            {
                common = common.intersect(&self.patterns[found.pattern().as_usize()])?;
            }
        }
        (!common.is_any()).then_some(common)
    }
}

/// The narrowest pattern that holds both sets.
fn common(a: &PlacePattern, b: &PlacePattern) -> PlacePattern {
    let same = |a: &Option<String>, b: &Option<String>| if a == b { a.clone() } else { None };
    PlacePattern {
        province: same(&a.province, &b.province),
        city: same(&a.city, &b.city),
        district: same(&a.district, &b.district),
        town: same(&a.town, &b.town),
    }
}

/// Whether a Latin or numeric spelling stands by itself.
fn is_word(text: &str, start: usize, end: usize) -> bool {
    let touches = |inner: Option<char>, outer: Option<char>| {
        inner.is_some_and(|c| c.is_ascii_alphanumeric()) && outer.is_some_and(|c| c.is_ascii_alphanumeric())
    };
    let inside = &text[start..end];
    !touches(inside.chars().next(), text[..start].chars().next_back())
        && !touches(inside.chars().next_back(), text[end..].chars().next())
}

/// Whether a spelling means the place even in running text: an amount may look
/// like a postal code, and a word like a state's abbreviation.
fn is_telling(spelling: &str) -> bool {
    !spelling.is_ascii() || (spelling.len() >= MIN_LATIN && spelling.bytes().any(|b| b.is_ascii_alphabetic()))
}
