//! Telephone numbers in text: runs of digits, masks and last-four mentions.
//!
//! A run is cut into groups at its blanks and hyphens, and any row of whole
//! groups may be a number. Groups are never cut, so the eleven digits inside an
//! identity number are none; nor is what its surroundings make an amount, an
//! order number or a part of a longer code.

use std::ops::Range;

use super::folded::{Folded, clause_before, ends_at, holds_any, places_of, stands_at};
use super::pool::{MAX_SPELLING, Pool};
use crate::normalize::{Extension, extension_at, spoken_digit};

/// Fewer digits without a plus are no number in running text.
const MIN_TEXT_DIGITS: usize = 10;
/// Fewer digits are none in a column of numbers either.
const MIN_COLUMN_DIGITS: usize = 7;
/// Groups that one number may be written in.
const MAX_GROUPS: usize = 7;

/// Words that make the digits right behind them something else than a phone.
const OTHER_LABELS: [&str; 22] = [
    "订单号",
    "订单",
    "运单号",
    "运单",
    "单号",
    "账号",
    "帐号",
    "卡号",
    "身份证号",
    "身份证",
    "流水号",
    "工号",
    "金额",
    "qq",
    "order no",
    "order number",
    "order",
    "account",
    "invoice",
    "tracking number",
    "waybill",
    "card",
];
/// Words that may touch a phone's first digit.
const PHONE_WORDS: [&str; 11] = ["tel", "phone", "mobile", "cell", "call", "ph", "mob", "to", "no", "sip", "number"];
/// What makes the digits behind it an amount.
const CURRENCY_BEFORE: [char; 5] = ['¥', '￥', '$', '€', '£'];
/// What makes the digits before it an amount.
const CURRENCY_BEHIND: [&str; 11] = ["元", "块", "圆", "万", "美元", "rmb", "usd", "cny", "yuan", "dollars", "eur"];
/// Cues of a last-four mention.
const TAIL_CUES: [&str; 14] = [
    "尾号",
    "后四位",
    "后4位",
    "末四位",
    "末4位",
    "尾数",
    "last four digits",
    "last 4 digits",
    "last four",
    "last 4",
    "ending in",
    "ending with",
    "ends in",
    "ends with",
];
/// What else than a phone may have a tail.
const OTHER_TAILS: [&str; 18] = [
    "单号",
    "运单",
    "快递",
    "快件",
    "包裹",
    "订单",
    "卡",
    "银行",
    "账",
    "帐",
    "身份证",
    "waybill",
    "parcel",
    "package",
    "tracking",
    "order",
    "card",
    "account",
];

/// What a text says about lines.
#[derive(Default)]
pub(crate) struct Phones {
    /// Lines named in full, in order of mention, each once.
    pub(crate) lines: Vec<i64>,
    /// Sets of lines that a mention cannot tell apart.
    pub(crate) sets: Vec<Vec<i64>>,
}

impl Phones {
    fn add(&mut self, mut lines: Vec<i64>) {
        lines.sort_unstable();
        lines.dedup();
        match lines[..] {
            [] => {}
            [line] if self.lines.contains(&line) => {}
            [line] => self.lines.push(line),
            _ => self.add_set(lines),
        }
    }

    fn add_set(&mut self, set: Vec<i64>) {
        if !self.sets.contains(&set) {
            self.sets.push(set);
        }
    }

    /// Leaves out the sets that a line named in full explains.
    pub(crate) fn settle(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        self.sets.retain(|set| !set.iter().any(|line| lines.contains(line)));
        self.lines = lines;
    }
}

/// Finds the line in a column of dialled numbers, with the extension's column.
pub(crate) fn in_column(pool: &Pool, raw: &str, extension: Option<&str>, phones: &mut Phones) {
    let text = Folded::new(raw);
    let beside = extension.map(str::trim).filter(|digits| !digits.is_empty()).map(|digits| Extension {
        digits: digits.chars().filter_map(crate::normalize::digit).collect(),
        is_explicit: true,
        end: 0,
    });
    Scan { pool, text: &text.lower, least: MIN_COLUMN_DIGITS, beside: beside.as_ref() }.run(phones);
    masks(pool, &text.lower, beside.as_ref(), phones);
}

/// Finds lines in running text.
pub(crate) fn in_text(pool: &Pool, text: &Folded, phones: &mut Phones) {
    Scan { pool, text: &text.lower, least: MIN_TEXT_DIGITS, beside: None }.run(phones);
    if text.lower.iter().any(|&c| spoken_digit(c).is_some()) {
        // `拨打13812345678两次`: as written first; then with spoken digits as digits.
        let spoken: Vec<char> = text.lower.iter().map(|&c| spoken_digit(c).unwrap_or(c)).collect();
        Scan { pool, text: &spoken, least: MIN_TEXT_DIGITS, beside: None }.run(phones);
    }
    masks(pool, &text.lower, None, phones);
    tails(pool, &text.lower, phones);
}

/// One reading of a text for numbers in full.
struct Scan<'a> {
    pool: &'a Pool,
    text: &'a [char],
    /// Fewest digits without a plus.
    least: usize,
    /// Extension that stands in a column of its own.
    beside: Option<&'a Extension>,
}

impl Scan<'_> {
    fn run(&self, phones: &mut Phones) {
        let groups = groups(self.text);
        let mut first = 0;
        while first < groups.len() {
            let end = (first + 1..groups.len())
                .find(|&next| !joins(self.text, groups[next - 1].end, groups[next].start))
                .unwrap_or(groups.len());
            self.run_of_groups(&groups[first..end], phones);
            first = end;
        }
    }

    fn run_of_groups(&self, groups: &[Range<usize>], phones: &mut Phones) {
        let mut first = 0;
        while first < groups.len() {
            let most = groups.len().min(first + MAX_GROUPS);
            // What follows a country code belongs to it: `+44 138...` is British.
            if first == 1 && self.is_country_code(&groups[0]) {
                first += 1;
                continue;
            }
            let longest = (first + 1..=most).rev().find_map(|end| Some((end, self.number(groups, first..end)?)));
            match longest {
                Some((end, lines)) => {
                    phones.add(lines);
                    first = end;
                }
                None => first += 1,
            }
        }
    }

    /// Whether a group by itself is an international prefix and a country code.
    fn is_country_code(&self, group: &Range<usize>) -> bool {
        let plus = group.start > 0 && self.text[group.start - 1] == '+';
        (plus && group.len() <= 3) || (group.len() <= 5 && stands_at(self.text, group.start, "00"))
    }

    /// Returns the lines that a row of groups stands for; `None` when it is no
    /// number of the pool.
    fn number(&self, groups: &[Range<usize>], row: Range<usize>) -> Option<Vec<i64>> {
        let count: usize = groups[row.clone()].iter().map(Range::len).sum();
        let (start, end) = (groups[row.start].start, groups[row.end - 1].end);
        let plus = start > 0 && self.text[start - 1] == '+';
        if count > MAX_SPELLING || (count < self.least && !(plus && count >= MIN_COLUMN_DIGITS)) {
            return None;
        }
        let digits = groups[row].iter().flat_map(|group| self.text[group.clone()].iter().copied());
        let bases = self.pool.spelt(plus, digits);
        if bases.is_empty() {
            return None;
        }
        let behind = extension_at(self.text, end);
        let extension = self.beside.or(behind.as_ref());
        (self.is_free_before(start) && self.is_free_behind(end, behind.as_ref()))
            .then(|| bases.iter().filter_map(|&base| self.pool.line(base, extension)).collect())
    }

    /// Whether what stands before a number leaves it a number.
    fn is_free_before(&self, start: usize) -> bool {
        let Some(&before) = start.checked_sub(1).and_then(|at| self.text.get(at)) else { return true };
        if before == '_' {
            return false;
        }
        if matches!(before, '.' | '-') && start >= 2 && self.text[start - 2].is_ascii_alphanumeric() {
            return false;
        }
        if before.is_ascii_alphabetic() {
            let word = self.text[..start].iter().rposition(|c| !c.is_ascii_alphabetic()).map_or(0, |at| at + 1);
            return PHONE_WORDS.iter().any(|known| ends_at(self.text, start, known) && known.len() == start - word);
        }
        let label =
            self.text[..start].iter().rposition(|c| !matches!(c, ' ' | ':' | '是' | '为' | '=' | '#' | '(' | '['));
        !label.is_some_and(|at| {
            CURRENCY_BEFORE.contains(&self.text[at])
                || OTHER_LABELS.iter().any(|label| ends_at(self.text, at + 1, label))
        })
    }

    /// Whether what stands behind a number leaves it a number.
    fn is_free_behind(&self, end: usize, extension: Option<&Extension>) -> bool {
        let Some(&behind) = self.text.get(end) else { return true };
        let digit_at = |at: usize| self.text.get(at).is_some_and(char::is_ascii_digit);
        if extension.is_some() {
            // `12345678901.50` is no extension; `...-1234567` has too many digits for one.
            return true;
        }
        if behind.is_ascii_alphabetic() || behind == '_' || (matches!(behind, '.' | '-') && digit_at(end + 1)) {
            return false;
        }
        let next = if behind == ' ' { end + 1 } else { end };
        !CURRENCY_BEHIND.iter().any(|currency| stands_at(self.text, next, currency))
    }
}

/// Groups of digits, in order.
fn groups(text: &[char]) -> Vec<Range<usize>> {
    let mut groups = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let end = at + text[at..].iter().take_while(|c| c.is_ascii_digit()).count();
        if end > at {
            groups.push(at..end);
        }
        at = end + 1;
    }
    groups
}

/// Whether what stands between two groups can stand inside a number.
fn joins(text: &[char], from: usize, to: usize) -> bool {
    let gap = &text[from..to];
    gap.len() <= 3
        && gap.iter().all(|c| matches!(c, ' ' | '-' | '.' | '(' | ')'))
        && gap.iter().filter(|c| matches!(c, '-' | '.')).count() <= 1
}

/// Finds masked numbers: `138****1234`, `1*******234`, `138-xxxx-1234`.
fn masks(pool: &Pool, text: &[char], beside: Option<&Extension>, phones: &mut Phones) {
    let mut at = 0;
    while at < text.len() {
        if !text[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let start = at;
        let (mask, end) = mask_at(text, start);
        at = end.max(start + 1);
        let known = mask.iter().flatten().count();
        let is_mask = known >= 4 && mask.len() >= known + 2 && (MIN_COLUMN_DIGITS..=15).contains(&mask.len());
        let touches = |c: Option<&char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || *c == '*');
        if !is_mask || touches(start.checked_sub(1).and_then(|at| text.get(at))) || touches(text.get(end)) {
            continue;
        }
        let behind = extension_at(text, end);
        if let Some(set) = pool.masked(&mask, beside.or(behind.as_ref())) {
            phones.add_set(set);
        }
    }
}

/// Reads digits and hidden digits from `start`; returns them and the end.
fn mask_at(text: &[char], start: usize) -> (Vec<Option<char>>, usize) {
    let is_hidden = |at: usize| match text.get(at) {
        Some('*' | '×' | '•' | '●' | '※' | '■') => true,
        // One x is an extension's mark; more of them hide digits.
        Some('x') => text.get(at + 1) == Some(&'x') || (at > 0 && text[at - 1] == 'x'),
        _ => false,
    };
    let is_slot = |at: usize| is_hidden(at) || text.get(at).is_some_and(char::is_ascii_digit);
    let mut mask = Vec::new();
    let mut at = start;
    loop {
        if is_hidden(at) {
            mask.push(None);
        } else if text.get(at).is_some_and(char::is_ascii_digit) {
            mask.push(Some(text[at]));
        } else if !(matches!(text.get(at), Some(' ' | '-'))
            && is_slot(at + 1)
            && (is_hidden(at + 1) || is_hidden(at - 1)))
        {
            return (mask, at);
        }
        at += 1;
    }
}

/// Finds `尾号1234` and its like. The tail of a waybill or a bank card is none.
fn tails(pool: &Pool, text: &[char], phones: &mut Phones) {
    for cue in TAIL_CUES {
        for at in places_of(text, cue) {
            let mut from = at + cue.chars().count();
            while text.get(from).is_some_and(|c| matches!(c, ' ' | ':' | '是' | '为' | '数' | '字' | '(')) {
                from += 1;
            }
            let digits: String = text[from..].iter().take_while(|c| c.is_ascii_digit()).collect();
            let Ok(tail) = <[u8; 4]>::try_from(digits.as_bytes()) else { continue };
            let behind = &text[from + 4..text.len().min(from + 12)];
            let behind = &behind[..behind.iter().position(|&c| matches!(c, ',' | '。' | ';')).unwrap_or(behind.len())];
            if holds_any(clause_before(text, at, 12), &OTHER_TAILS)
                || (behind.first() == Some(&'的') && holds_any(behind, &OTHER_TAILS))
            {
                continue;
            }
            if let Some(set) = pool.ending(tail) {
                phones.add_set(set);
            }
        }
    }
}
