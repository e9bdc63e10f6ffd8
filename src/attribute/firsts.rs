//! Which of many hits is the first that counts, for any start.
//!
//! A source is asked about a subject at the first decision on a hit dated at or
//! after its start. Of all hits on the subject only those can ever be that
//! first one that are dated later than every hit decided before them: a year of
//! calls on one line leaves a few dozen.

use jiff::Timestamp;

/// Hits on one subject that are the first for some start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Firsts {
    /// Place in the order of decisions, and date; both rise.
    hits: Vec<(u32, Timestamp)>,
}

impl Firsts {
    /// Adds a hit; `order` is not below that of any hit before it.
    pub(super) fn add(&mut self, order: u32, at: Timestamp) {
        if self.hits.last().is_none_or(|(_, newest)| *newest < at) {
            self.hits.push((order, at));
        }
    }

    /// The first for a source that starts at `start`.
    pub(super) fn from(&self, start: Timestamp) -> Option<u32> {
        let place = self.hits.partition_point(|(_, at)| *at < start);
        self.hits.get(place).map(|(order, _)| *order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn second(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("a time")
    }

    proptest! {
        #[test]
        fn the_first_is_what_a_search_through_all_hits_finds(dates in proptest::collection::vec(0i64..20, 0..40), start in 0i64..22) {
            let mut firsts = Firsts::default();
            for (order, &date) in dates.iter().enumerate() {
                firsts.add(order as u32, second(date));
            }

            let want = dates.iter().position(|&date| date >= start).map(|order| order as u32);

            prop_assert_eq!(firsts.from(second(start)), want);
        }
    }

    #[test]
    fn hits_that_can_never_be_first_are_forgotten() {
        let mut firsts = Firsts::default();
        for (order, date) in [5, 5, 3, 9, 1, 9].into_iter().enumerate() {
            firsts.add(order as u32, second(date));
        }

        assert_eq!(firsts.hits, [(0, second(5)), (3, second(9))]);
    }
}
