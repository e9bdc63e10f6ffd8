//! Waybill numbers in text.
//!
//! A number may be written in groups, so any row of whole groups of letters and
//! digits is a candidate; what decides is the block itself, check digit
//! included. The tail of a waybill (`单号尾号1234`) is not looked for: it names
//! no number.

use std::ops::Range;

use crate::normalize::{self, MAX_WAYBILL, MIN_WAYBILL};
use crate::record::WaybillBlock;

/// Groups that one number may be written in.
const MAX_GROUPS: usize = 9;
/// Fewer digits are a word.
const MIN_DIGITS: usize = 4;

/// A number of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Waybill {
    pub(crate) block: String,
    pub(crate) place: u64,
}

/// Finds the number in a column of its own.
pub(crate) fn in_column(blocks: &[&dyn WaybillBlock], raw: &str, found: &mut Vec<Waybill>) {
    if let Some(normal) = normalize::waybill(raw) {
        look_up(blocks, &normal, found);
    }
}

/// Finds numbers in running text (lower case) or in a URL.
pub(crate) fn in_text(blocks: &[&dyn WaybillBlock], text: &[char], found: &mut Vec<Waybill>) {
    if blocks.is_empty() {
        return;
    }
    let groups = groups(text);
    let mut first = 0;
    while first < groups.len() {
        let most = groups.len().min(first + MAX_GROUPS);
        let joined =
            (first + 1..most).find(|&next| !joins(text, groups[next - 1].end, groups[next].start)).unwrap_or(most);
        let end = (first + 1..=joined)
            .rev()
            .find(|&end| candidate(text, &groups[first..end]).is_some_and(|normal| look_up(blocks, &normal, found)));
        first = end.unwrap_or(first + 1);
    }
}

fn candidate(text: &[char], groups: &[Range<usize>]) -> Option<String> {
    let length: usize = groups.iter().map(Range::len).sum();
    if !(MIN_WAYBILL..=MAX_WAYBILL).contains(&length) {
        return None;
    }
    let chars = || groups.iter().flat_map(|group| text[group.clone()].iter());
    let digits = chars().filter(|c| c.is_ascii_digit()).count();
    (digits >= MIN_DIGITS).then(|| chars().map(char::to_ascii_uppercase).collect())
}

/// Adds the number if a block has it; whether one does.
fn look_up(blocks: &[&dyn WaybillBlock], normal: &str, found: &mut Vec<Waybill>) -> bool {
    let mut is_known = false;
    for block in blocks {
        let Some(place) = block.place_of(normal) else { continue };
        is_known = true;
        let waybill = Waybill { block: block.id().to_owned(), place };
        if !found.contains(&waybill) {
            found.push(waybill);
        }
    }
    is_known
}

/// Groups of letters and digits, in order.
fn groups(text: &[char]) -> Vec<Range<usize>> {
    let mut groups = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let end = at + text[at..].iter().take_while(|c| c.is_ascii_alphanumeric()).count();
        if end > at {
            groups.push(at..end);
        }
        at = end + 1;
    }
    groups
}

fn joins(text: &[char], from: usize, to: usize) -> bool {
    to - from <= 2 && text[from..to].iter().all(|c| matches!(c, ' ' | '-' | '.' | '_'))
}
