//! The pool of lines, indexed by the ways in which a number may be written.
//!
//! A number has few spellings once blanks and hyphens are gone: with the
//! country code, behind `00`, without it, with a trunk 0. All of them go into
//! one map, so that any run of digits is looked up once, exactly, whatever its
//! length; nothing is guessed from the digits themselves.

use std::collections::HashMap;

use crate::normalize::Extension;
use crate::registry::LineRow;

/// The longest run of digits that can be a spelling of a line.
pub(crate) const MAX_SPELLING: usize = 18;

/// A masked number stands for a set of lines. It is a query only while the set
/// is small: asking about a set reveals every line in it at the price of one
/// bet, so a wide one costs more evidence than it brings.
pub(crate) const MAX_MASK_LINES: usize = 8;
/// ... and no more than the pool divided by this (but one line at least).
pub(crate) const MASK_SHARE: usize = 50;

/// A number of the pool, with the lines behind it.
struct Base {
    /// Country code and national number.
    international: String,
    national: String,
    /// The line without an extension.
    plain: Option<i64>,
    /// Lines with one.
    extensions: HashMap<String, i64>,
}

/// The pool, and what a run of digits stands for in it.
pub(crate) struct Pool {
    bases: Vec<Base>,
    /// Key of a spelling to the bases that may be written so.
    spellings: HashMap<u64, Vec<u32>>,
    /// Last four digits to the bases that end with them.
    tails: HashMap<[u8; 4], Vec<u32>>,
    /// Line to the integer of its digits.
    integers: HashMap<i64, u64>,
    mask_bound: usize,
}

impl Pool {
    pub(crate) fn new(rows: &[LineRow]) -> Self {
        let mut pool = Self {
            bases: Vec::new(),
            spellings: HashMap::new(),
            tails: HashMap::new(),
            integers: HashMap::with_capacity(rows.len()),
            mask_bound: MAX_MASK_LINES.min((rows.len() / MASK_SHARE).max(1)),
        };
        let mut places: HashMap<String, usize> = HashMap::new();
        for row in rows {
            let number = &row.line.number;
            let international = number.digits();
            pool.integers.extend(integer(&international, &number.extension).map(|integer| (row.id, integer)));
            let place = *places.entry(international.clone()).or_insert_with(|| {
                pool.bases.push(Base {
                    international,
                    national: number.national.clone(),
                    plain: None,
                    extensions: HashMap::new(),
                });
                pool.index(pool.bases.len() - 1, number.country);
                pool.bases.len() - 1
            });
            if number.extension.is_empty() {
                pool.bases[place].plain = Some(row.id);
            } else {
                pool.bases[place].extensions.insert(number.extension.clone(), row.id);
            }
        }
        pool
    }

    fn index(&mut self, place: usize, country: u16) {
        let base = &self.bases[place];
        let (international, national) = (&base.international, &base.national);
        let mut spellings = vec![
            (true, international.clone()),
            (true, format!("{country}0{national}")),
            (false, international.clone()),
            (false, format!("00{international}")),
            (false, format!("011{international}")),
            (false, national.clone()),
        ];
        // North America has no trunk prefix other than its own country code.
        if country != 1 {
            spellings.push((false, format!("0{national}")));
        }
        if let Some(tail) = tail(national) {
            self.tails.entry(tail).or_default().push(place as u32);
        }
        for (plus, digits) in spellings {
            let Some(key) = spelling_key(plus, digits.chars()) else { continue };
            let bases = self.spellings.entry(key).or_default();
            if !bases.contains(&(place as u32)) {
                bases.push(place as u32);
            }
        }
    }

    /// Returns the bases that may be written as these digits.
    pub(crate) fn spelt(&self, plus: bool, digits: impl Iterator<Item = char>) -> &[u32] {
        let bases = spelling_key(plus, digits).and_then(|key| self.spellings.get(&key));
        bases.map_or(&[], Vec::as_slice)
    }

    /// Returns the line that a base and what stands behind it mean.
    ///
    /// A number whose lines all have extensions means none of them by itself,
    /// nor with an extension that is not of the pool. Behind a number that is a
    /// line alone, further digits change nothing: whoever dials them has
    /// reached the line.
    pub(crate) fn line(&self, base: u32, extension: Option<&Extension>) -> Option<i64> {
        let base = &self.bases[base as usize];
        match extension {
            Some(extension) if !base.extensions.is_empty() => {
                let known = base.extensions.get(&extension.digits).copied();
                // A weak mark (a hyphen, a comma) may begin something else.
                known.or(if extension.is_explicit { None } else { base.plain })
            }
            _ => base.plain,
        }
    }

    /// Returns the lines that a masked number may be, in rising order; `None`
    /// when there is none or too many.
    ///
    /// `None` in `mask` is a hidden digit. The mask is as long as the number,
    /// written with or without its country code.
    pub(crate) fn masked(&self, mask: &[Option<char>], extension: Option<&Extension>) -> Option<Vec<i64>> {
        let known: Option<Vec<u8>> = mask.iter().rev().take(4).map(|slot| slot.map(|c| c as u8)).collect();
        let tail = known.and_then(|known| <[u8; 4]>::try_from(known).ok()).map(|mut tail| {
            tail.reverse();
            tail
        });
        let fits = |base: u32| {
            let base = &self.bases[base as usize];
            is_masked(&base.national, mask) || is_masked(&base.international, mask)
        };
        let bases: Vec<u32> = match tail {
            Some(tail) => self.tails.get(&tail).into_iter().flatten().copied().filter(|&base| fits(base)).collect(),
            None => (0..self.bases.len() as u32).filter(|&base| fits(base)).collect(),
        };
        self.set(&bases, extension)
    }

    /// Returns the lines whose numbers end with these four digits.
    pub(crate) fn ending(&self, tail: [u8; 4]) -> Option<Vec<i64>> {
        self.set(self.tails.get(&tail)?, None)
    }

    fn set(&self, bases: &[u32], extension: Option<&Extension>) -> Option<Vec<i64>> {
        let mut lines: Vec<i64> = bases.iter().filter_map(|&base| self.line(base, extension)).collect();
        lines.sort_unstable();
        (1..=self.mask_bound).contains(&lines.len()).then_some(lines)
    }

    /// Returns the integer of a line's digits, its extension's last.
    pub(crate) fn integer(&self, line: i64) -> Option<u64> {
        self.integers.get(&line).copied()
    }
}

/// Packs a run of digits; leading zeros count.
fn spelling_key(plus: bool, digits: impl Iterator<Item = char>) -> Option<u64> {
    let mut key = 1u64;
    for (count, digit) in digits.enumerate() {
        if count == MAX_SPELLING {
            return None;
        }
        key = key * 10 + u64::from(digit.to_digit(10)?);
    }
    Some(2 * key + u64::from(plus))
}

fn tail(national: &str) -> Option<[u8; 4]> {
    national.as_bytes().last_chunk().copied()
}

fn integer(international: &str, extension: &str) -> Option<u64> {
    let whole = format!("{international}{extension}");
    if whole.len() <= MAX_SPELLING { whole.parse().ok() } else { international.parse().ok() }
}

fn is_masked(digits: &str, mask: &[Option<char>]) -> bool {
    digits.len() == mask.len() && digits.chars().zip(mask).all(|(digit, slot)| slot.is_none_or(|slot| slot == digit))
}
