//! Weighted lists: the one shape that nearly every law is made of.

use crate::derive::Draw;
use crate::fault::Fault;
use crate::template::yaml::Node;

/// Largest weight, and largest sum of a list: sums stay far below 2^53, where
/// probabilities computed from them are exact.
const MAX_SUM: u64 = 1 << 40;

/// Buckets of the guide, as a power of two.
const GUIDE_BITS: u32 = 8;

/// Items with integer weights, drawn in proportion.
#[derive(Clone, Debug)]
pub(crate) struct Weighted<T> {
    items: Vec<T>,
    sums: Vec<u64>,
    /// Where to start looking for a ticket, by its leading bits. Found is what
    /// a search through the sums finds; only faster, because most tickets end
    /// where they start and no branch of the search can be foretold.
    guide: Vec<u32>,
    guide_shift: u32,
}

impl<T> Weighted<T> {
    /// Collects `pairs`; `None` if nothing in them has a weight.
    pub(crate) fn new(pairs: impl IntoIterator<Item = (T, u64)>) -> Option<Self> {
        let (mut items, mut sums) = (Vec::new(), Vec::new());
        let mut sum = 0;
        for (item, weight) in pairs {
            sum += weight;
            items.push(item);
            sums.push(sum);
        }
        if sum == 0 {
            return None;
        }
        let guide_shift = (64 - (sum - 1).leading_zeros()).saturating_sub(GUIDE_BITS);
        let buckets = 0..=(sum - 1) >> guide_shift;
        let guide = buckets.map(|bucket| search(&sums, bucket << guide_shift) as u32).collect();
        Some(Self { items, sums, guide, guide_shift })
    }

    /// Draws an item. From a list of one nothing is drawn.
    pub(crate) fn draw(&self, draw: &mut impl Draw) -> &T {
        &self.items[self.draw_index(draw)]
    }

    /// Draws the place of an item: the one that [`Draw::weighted`] would draw.
    pub(crate) fn draw_index(&self, draw: &mut impl Draw) -> usize {
        if self.items.len() == 1 {
            return 0;
        }
        let ticket = draw.below_u64(self.total());
        let start = self.guide[(ticket >> self.guide_shift) as usize] as usize;
        start + self.sums[start..].iter().take_while(|&&sum| sum <= ticket).count()
    }

    /// The items in order.
    pub(crate) fn items(&self) -> &[T] {
        &self.items
    }

    /// The summed weights, rising.
    pub(crate) fn sums(&self) -> &[u64] {
        &self.sums
    }

    /// The sum of all weights.
    pub(crate) fn total(&self) -> u64 {
        *self.sums.last().expect("a list has items")
    }

    /// The items with their probabilities.
    pub(crate) fn shares(&self) -> impl Iterator<Item = (&T, f64)> {
        let total = self.total() as f64;
        self.weights().map(move |(item, weight)| (item, weight as f64 / total))
    }

    /// The items with their weights.
    pub(crate) fn weights(&self) -> impl Iterator<Item = (&T, u64)> {
        self.items.iter().zip(&self.sums).scan(0, |below, (item, &sum)| {
            let weight = sum - *below;
            *below = sum;
            Some((item, weight))
        })
    }
}

fn search(sums: &[u64], ticket: u64) -> usize {
    sums.partition_point(|&sum| sum <= ticket)
}

/// Reads `{text: weight, ...}`, or `[text, ...]` for equal weights.
pub(crate) fn read_texts(node: &Node<'_>) -> Result<Weighted<String>, Fault> {
    let pairs = if node.is_list() {
        node.list()?.iter().map(|item| Ok((item.text()?, 1))).collect::<Result<Vec<_>, Fault>>()?
    } else {
        node.entries()?
            .into_iter()
            .map(|(key, node)| Ok((key, node.whole(0, MAX_SUM)?)))
            .collect::<Result<Vec<_>, _>>()?
    };
    if pairs.iter().map(|(_, weight)| *weight).sum::<u64>() > MAX_SUM {
        return Err(node.fault(format!("the weights sum to more than {MAX_SUM}")));
    }
    Weighted::new(pairs).ok_or_else(|| node.fault("expected at least one text with a weight above 0"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derive::Stream;

    #[test]
    fn items_come_as_often_as_they_weigh() {
        let list = Weighted::new([("a", 1), ("b", 0), ("c", 3)]).expect("weights");
        let mut stream = Stream::new(&[5; 32]);

        let drawn: Vec<&str> = (0..4000).map(|_| *list.draw(&mut stream)).collect();

        let count = |word| drawn.iter().filter(|have| **have == word).count();
        assert!((900..1100).contains(&count("a")), "{}", count("a"));
        assert_eq!(count("b"), 0);
        assert_eq!(list.shares().map(|(_, share)| share).collect::<Vec<_>>(), [0.25, 0.0, 0.75]);
    }

    #[test]
    fn the_guide_finds_what_a_search_finds() {
        for total in [1u64, 2, 255, 256, 257, 100_000] {
            let list = Weighted::new((0..50).map(|i| (i, if i % 7 == 0 { 0 } else { total * i / 40 + i % 2 })));
            let list = list.expect("weights");
            for seed in 0..20 {
                let (mut one, mut other) = (Stream::new(&[seed; 32]), Stream::new(&[seed; 32]));
                for _ in 0..50 {
                    assert_eq!(list.draw_index(&mut one), other.weighted(list.sums()));
                }
            }
        }
    }
}
