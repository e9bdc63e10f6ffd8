//! How fast rows follow each other, where a file goes by time.
//!
//! A planted row that halves a gap like any other stands too close to its
//! neighbours: in rows that come at random, a row falls into a gap in
//! proportion to how long it lasts. So each gap weighs what it lasts, in units
//! of what gaps last around there; the nights weigh next to nothing.

/// The weight of a gap in a file that goes by no time, and of one that lasts
/// what gaps last around it.
pub(super) const USUAL: u64 = 1 << 10;

/// A gap that lasts so many times the usual is a break, where nothing comes.
const BREAK: i64 = 24;

/// Gaps that the usual is a mean of.
const MEMORY: i64 = 32;

/// Gaps after a break that only tell what is usual now: mornings are not as
/// evenings are.
const SETTLING: u32 = 12;

/// What the gaps so far tell.
#[derive(Default)]
pub(super) struct Pace {
    last: Option<i64>,
    /// What gaps last, in 1024ths of half a step.
    usual: i64,
    /// Gaps since the last break.
    settled: u32,
}

impl Pace {
    /// The weight of the gap before a row at `ticks`, on a scale of `step`.
    pub(super) fn weigh(&mut self, ticks: Option<i64>, step: i64) -> u64 {
        let Some(ticks) = ticks else { return USUAL };
        let Some(last) = self.last.replace(ticks) else { return USUAL };
        // Two rows of one moment lie half a step apart, in the mean.
        let lasts = (ticks.abs_diff(last).min(1 << 40) as i64 * 2 / step.max(1) + 1) << 10;
        if self.usual > 0 && lasts > BREAK * self.usual {
            self.settled = 0;
            return 1;
        }
        self.settled = self.settled.saturating_add(1);
        let memory = if self.settled <= SETTLING { i64::from(self.settled) } else { MEMORY };
        let weight = if self.settled <= SETTLING { USUAL } else { ((lasts << 10) / self.usual.max(1)) as u64 };
        // A mean of all since the break at first, of the last ones then.
        self.usual = (self.usual + (lasts - self.usual) / memory).max(1 << 8);
        weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_weighs_what_it_lasts_and_a_night_next_to_nothing() {
        let mut pace = Pace::default();
        let mut at = 0;
        let mut weigh = |lasts: i64| {
            at += lasts;
            pace.weigh(Some(at), 1)
        };
        (0..500).for_each(|_| {
            weigh(20);
        });

        let (usual, triple, night) = (weigh(20), weigh(60), weigh(40_000));

        assert!(usual.abs_diff(USUAL) < 20, "{usual}");
        assert!(triple.abs_diff(3 * USUAL) < 60, "{triple}");
        assert_eq!(night, 1);
        assert!(weigh(0) > 0);
        assert_eq!(Pace::default().weigh(None, 1), USUAL);
    }
}
