//! Where planted rows go: uniform over the gaps of a file whose length nobody
//! knows yet.
//!
//! Each canary is a reservoir of one. The first gap with a weight is always
//! taken; having taken one when the gaps seen weighed `w`, the next that it
//! takes is the one in which their weight passes `w / u` for a uniform `u` in
//! (0, 1], which is the law of the next record in a sequence of uniform
//! numbers. So a pass over a billion rows draws some twenty words a canary, in
//! exact integer arithmetic, and what is left at the end is each gap in
//! proportion to its weight.

use std::rc::Rc;

use super::apart::Window;
use super::cut::Span;
use crate::derive::{Block, Draw};

/// A place between two records, with what is around it.
pub(super) struct Gap {
    /// Offset in the input where a planted row goes.
    pub(super) at: u64,
    pub(super) before: Option<Row>,
    pub(super) after: Option<Row>,
    /// Rows before those, where donors come from there.
    pub(super) window: Window,
}

impl Gap {
    /// A gap with what is right beside it.
    pub(super) fn new(at: u64, before: Option<Row>, after: Option<Row>) -> Self {
        Self { at, before, after, window: Window::default() }
    }
}

/// A real row beside a gap.
#[derive(Clone)]
pub(super) struct Row {
    /// Its bytes with its terminator.
    pub(super) bytes: Vec<u8>,
    /// Length of its content.
    pub(super) content: usize,
    pub(super) fields: Vec<Span>,
    /// Whether a planted row may be made from it.
    pub(super) is_fit: bool,
}

impl Row {
    pub(super) fn content(&self) -> &[u8] {
        &self.bytes[..self.content]
    }
}

/// One place for each canary, uniform over the gaps offered so far.
pub(super) struct Lane<'k> {
    /// Gaps offered so far.
    seen: u64,
    /// What they weigh.
    weight: u64,
    /// At which weight somebody takes the next.
    next: u64,
    picks: Vec<Pick<'k>>,
}

struct Pick<'k> {
    draw: Block<'k>,
    next: u64,
    gap: Option<Rc<Gap>>,
}

/// Resolution of the uniform number in (0, 1].
const UNIT: u64 = 1 << 53;

impl<'k> Lane<'k> {
    pub(super) fn new(draws: impl Iterator<Item = Block<'k>>) -> Self {
        Self { seen: 0, weight: 0, next: 1, picks: draws.map(|draw| Pick { draw, next: 1, gap: None }).collect() }
    }

    /// Offers the next gap; whether anybody takes it.
    pub(super) fn offer(&mut self, weight: u64) -> bool {
        self.seen += 1;
        self.weight += weight;
        self.weight >= self.next
    }

    /// Hands over the gap that [`Lane::offer`] found a taker for.
    pub(super) fn take(&mut self, gap: &Rc<Gap>) {
        for pick in self.picks.iter_mut().filter(|pick| pick.next <= self.weight) {
            pick.gap = Some(gap.clone());
            pick.next = next(self.weight, &mut pick.draw);
        }
        self.next = self.picks.iter().map(|pick| pick.next).min().unwrap_or(u64::MAX);
    }

    /// Each canary's gap; `None` when no gap was ever offered.
    pub(super) fn gaps(&self) -> Option<Vec<Rc<Gap>>> {
        self.picks.iter().map(|pick| pick.gap.clone()).collect()
    }

    /// Gaps offered so far.
    pub(super) fn seen(&self) -> u64 {
        self.seen
    }
}

/// The weight at which a reservoir that took a gap at `weight` takes the next.
pub(super) fn next(weight: u64, draw: &mut impl Draw) -> u64 {
    let u = draw.below_u64(UNIT) + 1;
    let next = u128::from(weight) * u128::from(UNIT) / u128::from(u) + 1;
    u64::try_from(next).unwrap_or(u64::MAX)
}

/// Returns a rising `k`-subset of `0 .. n` by Floyd's algorithm; with repeats
/// where `n < k`.
pub(super) fn distinct(draw: &mut impl Draw, n: u64, k: usize) -> Vec<u64> {
    let mut taken: Vec<u64> = Vec::with_capacity(k);
    if n < k as u64 {
        taken.extend((0..k).map(|_| if n == 0 { 0 } else { draw.below_u64(n) }));
    } else {
        for j in n - k as u64..n {
            let pick = draw.below_u64(j + 1);
            taken.push(if taken.contains(&pick) { j } else { pick });
        }
    }
    taken.sort_unstable();
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derive::{Keystream, Stream};

    #[test]
    fn every_gap_is_as_likely_as_every_other() {
        let (gaps, canaries) = (10, 20_000);
        let keystream = Keystream::new(&[3; 32], canaries);
        let mut lane = Lane::new((0..canaries).map(|k| keystream.block(k)));
        for at in 0..gaps {
            if lane.offer(1) {
                lane.take(&Rc::new(Gap::new(at, None, None)));
            }
        }

        let mut counts = vec![0i64; gaps as usize];
        for gap in lane.gaps().expect("gaps were offered") {
            counts[gap.at as usize] += 1;
        }

        // 2,000 expected with a standard deviation of 42.
        assert!(counts.iter().all(|count| (count - 2000).abs() < 200), "{counts:?}");
    }

    #[test]
    fn a_gap_is_as_likely_as_it_weighs() {
        let canaries = 20_000;
        let keystream = Keystream::new(&[3; 32], canaries);
        let mut lane = Lane::new((0..canaries).map(|k| keystream.block(k)));
        let weights = [0, 500, 1500, 0, 6000, 1, 1999];
        for (at, weight) in weights.into_iter().enumerate() {
            if lane.offer(weight) {
                lane.take(&Rc::new(Gap::new(at as u64, None, None)));
            }
        }

        let mut counts = [0i64; 7];
        lane.gaps().expect("gaps were offered").iter().for_each(|gap| counts[gap.at as usize] += 1);

        for (count, weight) in counts.iter().zip(weights) {
            assert!((count - 2 * weight as i64).abs() < 350, "{counts:?}");
        }
        assert_eq!(counts[0] + counts[3], 0);
    }

    #[test]
    fn a_subset_rises_and_repeats_only_for_want_of_room() {
        let mut draw = Stream::new(&[4; 32]);

        for _ in 0..100 {
            let few = distinct(&mut draw, 5, 3);
            assert!(few.windows(2).all(|pair| pair[0] < pair[1]) && few[2] < 5);
            assert_eq!(distinct(&mut draw, 3, 3), [0, 1, 2]);
            assert_eq!(distinct(&mut draw, 1, 3), [0, 0, 0]);
        }
    }
}
