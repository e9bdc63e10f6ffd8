//! Many filters at once.
//!
//! A year has forty looks, and each asks of every source how many of its lines
//! count. Which looks a line counts at depends on the source's start alone; so
//! where many sources start together, those looks are written as the bits of a
//! word, once for each line, and a source's lines are added up as words, bit by
//! bit: forty sums for little more than the price of one.

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;

use super::filter::Filter;

/// Sources with one start from which words of their own pay.
const WORTH_KEEPING: usize = 16;

/// Words that are kept in all (at 8 bytes each): a carrier may have as many
/// common starts as it has outlets, and a few of them hold most sources.
const MOST_WORDS: usize = 4_000_000;

/// Filters, with what they keep of common starts.
pub struct Sieve<'s> {
    filters: Vec<Filter<'s>>,
    /// By start: words for each 64 filters.
    starts: HashMap<i64, Vec<Words>>,
}

/// What up to 64 filters make of sources with one start.
struct Words {
    /// For each line the filters at which it counts.
    counts_at: Vec<u64>,
    /// For each size the lines that must count, as bits: plane `b` has bit `b`
    /// of every filter's number.
    needs: HashMap<usize, [u64; PLANES]>,
}

/// Bits of a number of lines.
const PLANES: usize = 32;

impl<'s> Sieve<'s> {
    /// A sieve of `filters` for sources that start at `starts`.
    pub fn new(filters: Vec<Filter<'s>>, starts: impl Iterator<Item = i64>) -> Self {
        Self::within(MOST_WORDS, filters, starts)
    }

    fn within(most_words: usize, filters: Vec<Filter<'s>>, starts: impl Iterator<Item = i64>) -> Self {
        let mut sources: BTreeMap<i64, usize> = BTreeMap::new();
        for start in starts {
            *sources.entry(start).or_default() += 1;
        }
        let mut worth: Vec<(i64, usize)> = sources.into_iter().filter(|(_, n)| *n >= WORTH_KEEPING).collect();
        worth.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        let each = filters.first().map_or(0, Filter::pool) * filters.len().div_ceil(64);
        worth.truncate(most_words / each.max(1));
        let words = |&(start, _): &(i64, usize)| {
            (start, filters.chunks(64).map(|filters| Words::new(filters, start)).collect())
        };
        let starts = worth.par_iter().map(words).collect();
        Self { filters, starts }
    }

    /// Places of the filters that keep a source with `lines`, which starts at
    /// `start`.
    pub fn keeps(&self, start: i64, lines: &[u32]) -> Vec<usize> {
        let Some(words) = self.starts.get(&start) else {
            let keeps = |place: &usize| self.filters[*place].keeps(start, lines.len(), lines);
            return (0..self.filters.len()).filter(keeps).collect();
        };
        let mut kept = Vec::new();
        for (words, first) in words.iter().zip((0..).step_by(64)) {
            let mut bits = words.keep(lines);
            while bits != 0 {
                kept.push(first + bits.trailing_zeros() as usize);
                bits &= bits - 1;
            }
        }
        kept
    }
}

impl Words {
    fn new(filters: &[Filter<'_>], start: i64) -> Self {
        let mut words = Self { counts_at: Vec::new(), needs: HashMap::new() };
        for (place, filter) in filters.iter().enumerate() {
            let (lines, sizes) = filter.at(start);
            words.counts_at.resize(words.counts_at.len().max(lines.len()), 0);
            for (word, counts) in words.counts_at.iter_mut().zip(lines) {
                *word |= u64::from(counts) << place;
            }
            for (size, need) in sizes {
                let planes = words.needs.entry(size).or_insert([0; PLANES]);
                for (bit, plane) in planes.iter_mut().enumerate() {
                    *plane |= u64::from(need >> bit & 1) << place;
                }
            }
        }
        // Beyond the last filter nothing is kept: more lines than there are must count.
        if filters.len() < 64 {
            words.needs.values_mut().for_each(|planes| planes[PLANES - 1] |= u64::MAX << filters.len());
        }
        words
    }

    /// The filters that keep a source with `lines`, as bits.
    fn keep(&self, lines: &[u32]) -> u64 {
        let mut sums = [0u64; PLANES];
        for &line in lines {
            let mut carry = self.counts_at[line as usize];
            let mut plane = 0;
            while carry != 0 {
                let both = sums[plane] & carry;
                sums[plane] ^= carry;
                carry = both;
                plane += 1;
            }
        }
        let needs = &self.needs[&lines.len()];
        let (mut larger, mut equal) = (0, u64::MAX);
        for (sum, need) in sums.iter().zip(needs).rev() {
            larger |= equal & sum & !need;
            equal &= !(sum ^ need);
        }
        larger | equal
    }
}

#[cfg(test)]
mod tests {
    use super::super::stream::{Ring, Stream};
    use super::*;
    use crate::derive::{Draw, subset};

    #[test]
    fn a_sieve_keeps_what_each_of_its_filters_keeps() {
        let mut draw = crate::derive::Stream::new(&[7; 32]);
        let rings: Vec<Ring> =
            (0..700).map(|_| Ring { line: draw.below(60), time: i64::from(draw.below(40)) }).collect();
        // More filters than a word has bits.
        let streams: Vec<Stream> = (1..=70).map(|look| Stream::new(80, &rings[..10 * look])).collect();
        let filters = || streams.iter().map(|stream| Filter::new(stream, 0.3, [3, 9])).collect::<Vec<_>>();
        let sieve = Sieve::new(filters(), (0..20).flat_map(|start| [start; 20]));
        let (mut kept, mut others) = (0, 0);
        for start in 0..42 {
            for size in [3, 9] {
                let lines = subset(&mut draw, 80, size);
                let one_by_one = filters();
                let keeps = |place: &usize| one_by_one[*place].keeps(start, lines.len(), &lines);
                let want: Vec<usize> = (0..70).filter(keeps).collect();

                assert_eq!(sieve.keeps(start, &lines), want, "start {start}, lines {lines:?}");
                kept += want.len();
                others += 70 - want.len();
            }
        }
        assert!(sieve.starts.len() == 20 && kept > 100 && others > 100, "{kept} {others}");
    }

    #[test]
    fn many_common_starts_do_not_take_more_room_than_is_allowed() {
        let stream = Stream::new(80, &[Ring { line: 1, time: 5 }]);
        let filters = vec![Filter::new(&stream, 0.3, [3])];
        // Three starts fit; the one with most sources is among them.
        let starts = (0..50).flat_map(|start| vec![start; if start == 33 { 99 } else { 20 }]);

        let sieve = Sieve::within(3 * 80, filters, starts);

        assert_eq!(sieve.starts.len(), 3);
        assert!(sieve.starts.contains_key(&33));
        // One that did not fit is asked by the filter itself.
        let left = (0..50).find(|start| !sieve.starts.contains_key(start)).expect("most did not fit");
        let alone = Filter::new(&stream, 0.3, [3]).keeps(left, 3, &[1, 2, 3]);
        assert_eq!(!sieve.keeps(left, &[1, 2, 3]).is_empty(), alone);
    }
}
