//! Codewords of made-up sources, and calls on their lines.

use crate::random::Random;

/// Codewords of all sources, one after the other.
pub(crate) struct Codewords {
    pub(crate) pool: u32,
    lines: Vec<u16>,
    ends: Vec<u32>,
}

impl Codewords {
    /// Uniform codewords of the sizes that `own` gives, source by source.
    pub(crate) fn draw(pool: u32, own: impl Iterator<Item = u32>, random: &mut Random) -> Self {
        let (mut lines, mut ends) = (Vec::new(), Vec::new());
        for own in own {
            random.subset(pool, own, &mut lines);
            ends.push(lines.len() as u32);
        }
        Self { pool, lines, ends }
    }

    /// Codewords that somebody else made.
    pub(crate) fn from_sets(pool: u32, sets: impl Iterator<Item = Vec<u32>>) -> Self {
        let (mut lines, mut ends) = (Vec::new(), Vec::new());
        for set in sets {
            lines.extend(set.into_iter().map(|line| line as u16));
            ends.push(lines.len() as u32);
        }
        Self { pool, lines, ends }
    }

    /// How many sources there are.
    pub(crate) fn sources(&self) -> usize {
        self.ends.len()
    }

    /// The lines of one source.
    pub(crate) fn of(&self, source: usize) -> &[u16] {
        let start = if source == 0 { 0 } else { self.ends[source - 1] };
        &self.lines[start as usize..self.ends[source] as usize]
    }

    /// Every source's lines in order.
    pub(crate) fn all(&self) -> impl Iterator<Item = &[u16]> {
        (0..self.sources()).map(|source| self.of(source))
    }
}

/// What callers do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traffic {
    /// Calls.
    pub(crate) calls: u32,
    /// Share of them that go to any line at all.
    pub(crate) noise: f64,
}

impl Traffic {
    /// One line for each call: with chance `noise` any, else one of `leaked`.
    pub(crate) fn calls(&self, pool: u32, leaked: &[u16], random: &mut Random) -> Vec<u16> {
        let one = |_| if random.chance(self.noise) { random.below(pool) as u16 } else { random.pick(leaked) };
        (0..self.calls).map(one).collect()
    }
}

/// The order in which lines were first called.
pub(crate) struct Order {
    /// Lines in that order.
    pub(crate) lines: Vec<u16>,
    /// By line: its place in the order, from 1; 0 where it was not called.
    pub(crate) place: Vec<u16>,
}

impl Order {
    pub(crate) fn new(pool: u32, calls: &[u16]) -> Self {
        let (mut lines, mut place) = (Vec::new(), vec![0; pool as usize]);
        for &line in calls {
            if place[usize::from(line)] == 0 {
                lines.push(line);
                place[usize::from(line)] = lines.len() as u16;
            }
        }
        Self { lines, place }
    }

    /// Places of a source's lines that were called, rising.
    pub(crate) fn places(&self, own: &[u16], out: &mut Vec<u16>) {
        out.clear();
        out.extend(own.iter().map(|&line| self.place[usize::from(line)]).filter(|&place| place > 0));
        out.sort_unstable();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_take_no_place() {
        let order = Order::new(6, &[4, 2, 4, 0, 2]);
        let mut places = Vec::new();

        order.places(&[0, 1, 4], &mut places);

        assert_eq!((order.lines.as_slice(), places.as_slice()), ([4, 2, 0].as_slice(), [1, 3].as_slice()));
    }
}
