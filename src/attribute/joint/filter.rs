//! Which sources are worth judging.
//!
//! A source of which no more lines rang than chance gives to thousands of
//! others can neither be certified nor explain anything. So the search runs
//! over sources with at least m0 of their lines among the K that rang, where m0
//! depends on K, the size of the codeword and what was registered: of all sources
//! chance makes so many candidates at most. The others get the e-value 0. Both are allowed:
//! whether a source is a candidate is settled by the stream and its own
//! codeword, so a search without it meets the same candidates, and an e-value
//! may always be lowered.
//!
//! Where more than half of the pool rang, "rang" would tell little. There a
//! line counts from two calls on, or three, until at most half of the pool does.

use std::collections::BTreeMap;

use super::esp::ln_choose;
use super::stream::Stream;

/// Tells candidates from the others.
pub struct Filter<'s> {
    stream: &'s Stream,
    sizes: Vec<usize>,
    /// What a class's sources need.
    needs: Vec<Need>,
    /// By calls that count, less one: for each line one more than the class of
    /// the last call but that many; 0 where it had fewer.
    last_but: Vec<Vec<u32>>,
}

struct Need {
    /// Calls on a line from which it counts.
    calls: usize,
    /// Lines that must count, for each size.
    lines: Vec<u32>,
}

impl<'s> Filter<'s> {
    /// A filter for sources of the given sizes that chance lets pass with
    /// probability `share` at most.
    pub fn new(stream: &'s Stream, share: f64, sizes: impl IntoIterator<Item = usize>) -> Self {
        let mut sizes: Vec<usize> = sizes.into_iter().collect();
        sizes.sort_unstable();
        sizes.dedup();
        let mut filter = Self { stream, sizes, needs: Vec::new(), last_but: Vec::new() };
        let chosen = filter.choose_calls();
        let mut known: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
        for (calls, counting) in chosen {
            let least = |&size: &usize| least(stream.pool(), counting, size, share);
            let lines = known.entry(counting).or_insert_with(|| filter.sizes.iter().map(least).collect()).clone();
            filter.needs.push(Need { calls, lines });
        }
        filter
    }

    /// Whether a source of `size` lines is judged, of whose lines those at
    /// `rang` rang; others may be among them.
    ///
    /// # Panics
    ///
    /// When `size` is none of the announced sizes.
    pub fn keeps(&self, start: i64, size: usize, rang: &[u32]) -> bool {
        let class = self.stream.class(start);
        let need = &self.needs[class as usize];
        let size = self.sizes.binary_search(&size).expect("all sizes were announced");
        let last_but = &self.last_but[need.calls - 1];
        let counting: u32 = rang.iter().map(|&line| u32::from(last_but[line as usize] > class)).sum();
        counting >= need.lines[size]
    }

    /// Lines of the pool.
    pub(super) fn pool(&self) -> usize {
        self.stream.pool()
    }

    /// For sources that start at `start`: whether each line of the pool counts,
    /// and how many must, by size.
    pub(super) fn at(&self, start: i64) -> (Vec<bool>, impl Iterator<Item = (usize, u32)>) {
        let class = self.stream.class(start);
        let need = &self.needs[class as usize];
        let counts = self.last_but[need.calls - 1].iter().map(|&last| last > class).collect();
        (counts, self.sizes.iter().copied().zip(need.lines.iter().copied()))
    }

    /// For each class the calls from which a line counts, and how many do.
    fn choose_calls(&mut self) -> Vec<(usize, usize)> {
        let mut chosen = vec![None; self.stream.classes()];
        while chosen.iter().any(Option::is_none) {
            let calls = self.last_but.len() + 1;
            let mut last_but = vec![0; self.stream.pool()];
            for line in 0..self.stream.pool() as u32 {
                let rings = self.stream.place(line).map_or(&[][..], |place| self.stream.rings_at(place));
                if let Some(from) = rings.len().checked_sub(calls) {
                    last_but[line as usize] = rings[from] + 1;
                }
            }
            let mut ends = vec![0; self.stream.classes() + 1];
            last_but.iter().for_each(|&end| ends[end as usize] += 1);
            let mut counting = 0;
            for class in (0..self.stream.classes()).rev() {
                counting += ends[class + 1];
                if 2 * counting <= self.stream.pool() {
                    chosen[class].get_or_insert((calls, counting));
                }
            }
            self.last_but.push(last_but);
        }
        chosen.into_iter().flatten().collect()
    }
}

/// The least m with `P(M >= m) <= share`, where M of the `size` lines of an
/// unexposed source are among `counting` lines of the pool.
fn least(pool: usize, counting: usize, size: usize, share: f64) -> u32 {
    let ln_all = ln_choose(pool, size);
    let mut tail = 0.0;
    for m in (0..=size.min(counting)).rev() {
        if size - m > pool - counting {
            break;
        }
        tail += libm::exp(ln_choose(counting, m) + ln_choose(pool - counting, size - m) - ln_all);
        if tail > share {
            return m as u32 + 1;
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::super::stream::Ring;
    use super::*;

    #[test]
    fn the_least_number_is_the_first_that_chance_seldom_gives() {
        // P(Hyper(2000, 10, 100) >= 2) = .0857, >= 3: .0112.
        assert_eq!(least(2000, 100, 10, 20_000.0 / 300_000.0), 3);
        assert_eq!(least(2000, 100, 10, 0.1), 2);
        assert_eq!(least(2000, 100, 10, 2.0), 0);
    }

    #[test]
    fn what_cannot_be_reached_keeps_nobody() {
        assert_eq!(least(2000, 1, 10, 1e-9), 2);
        assert_eq!(least(2000, 0, 10, 1e-9), 1);
    }

    #[test]
    fn only_rings_since_the_start_make_a_candidate() {
        let rings: Vec<Ring> = (0..10).map(|line| Ring { line, time: i64::from(line) }).collect();
        let stream = Stream::new(100, &rings);
        let filter = Filter::new(&stream, 0.02, [5]);
        let lines = [0, 1, 2, 3, 4];

        assert!(filter.keeps(0, 5, &lines));
        assert!(!filter.keeps(4, 5, &lines));
        assert!(!filter.keeps(0, 5, &[4, 50, 51, 52, 53]));
    }

    #[test]
    fn where_most_lines_rang_two_calls_count() {
        let mut rings: Vec<Ring> = (0..80).map(|line| Ring { line, time: 0 }).collect();
        rings.extend((0..10).map(|line| Ring { line, time: 0 }));
        let stream = Stream::new(100, &rings);
        let filter = Filter::new(&stream, 0.02, [5]);

        assert!(filter.keeps(0, 5, &[0, 1, 2, 3, 4]));
        assert!(!filter.keeps(0, 5, &[10, 11, 12, 13, 14]));
    }
}
