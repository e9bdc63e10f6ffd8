//! Where things are put into a numbered list, and which number everything
//! else has afterwards.
//!
//! Rows of a sheet and shared strings are both renumbered by it.

/// Insertions into a list that is numbered without gaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Insertions {
    /// For each new item, rising: the old number that it is put before.
    before: Vec<u32>,
}

impl Insertions {
    /// New items, each before an old one.
    pub(super) fn new(mut before: Vec<u32>) -> Self {
        before.sort_unstable();
        Self { before }
    }

    /// The insertions that gave the new items these numbers, rising; none if no insertions can have.
    pub(super) fn from_new(numbers: &[u32]) -> Option<Self> {
        let rises = numbers.windows(2).all(|pair| pair[0] < pair[1]);
        let before = numbers.iter().zip(0u32..).map(|(number, earlier)| number.checked_sub(earlier));
        rises.then(|| before.collect::<Option<Vec<u32>>>())?.map(Self::new)
    }

    pub(super) fn len(&self) -> usize {
        self.before.len()
    }

    /// How many new items stand right before an old one.
    pub(super) fn before(&self, old: u32) -> u32 {
        let is_less = |limit: u32| self.before.partition_point(|before| *before < limit);
        (is_less(old.saturating_add(1)) - is_less(old)) as u32
    }

    /// The new number of an old item.
    pub(super) fn forward(&self, old: u32) -> u32 {
        old.saturating_add(self.before.partition_point(|before| *before <= old) as u32)
    }

    /// The numbers of the new items, rising.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> {
        self.before.iter().zip(0..).map(|(before, earlier): (&u32, u32)| before.saturating_add(earlier))
    }

    /// The old number of an item by its new one; none for a new item.
    pub(super) fn backward(&self, new: u32) -> Option<u32> {
        let (earlier, is_new) = self.earlier(new);
        (!is_new).then(|| new - earlier)
    }

    /// The old number of the next item at or behind a new number that is an old one's.
    pub(super) fn backward_or_behind(&self, new: u32) -> u32 {
        new - self.earlier(new).0
    }

    /// The old number of the last item at or before a new number that is an old one's.
    pub(super) fn backward_or_before(&self, new: u32) -> u32 {
        let (earlier, is_new) = self.earlier(new);
        (new - earlier).saturating_sub(u32::from(is_new))
    }

    /// How many new items have lower numbers, and whether it is one itself.
    fn earlier(&self, new: u32) -> (u32, bool) {
        // The j-th has the number before[j] + j, which rises.
        let (mut low, mut high) = (0, self.before.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.before[middle].saturating_add(middle as u32) < new {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let is_new = self.before.get(low).is_some_and(|before| before.saturating_add(low as u32) == new);
        (low as u32, is_new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn items_behind_an_insertion_move() {
        let insertions = Insertions::new(vec![3, 3, 5]);

        assert_eq!([1, 2, 3, 4, 5, 6].map(|old| insertions.forward(old)), [1, 2, 5, 6, 8, 9]);
        assert_eq!(insertions.numbers().collect::<Vec<_>>(), [3, 4, 7]);
        assert_eq!([2, 3, 4].map(|old| insertions.before(old)), [0, 2, 0]);
        assert_eq!([3, 4, 7].map(|new| insertions.backward_or_before(new)), [2, 2, 4]);
        assert_eq!([3, 4, 7].map(|new| insertions.backward_or_behind(new)), [3, 3, 5]);
        assert_eq!(Insertions::from_new(&[3, 4, 7]), Some(insertions));
        assert_eq!(Insertions::from_new(&[4, 4]), None);
    }

    proptest! {
        #[test]
        fn there_and_back_is_where_it_was(before in proptest::collection::vec(0u32..50, 0..8), old in 0u32..60) {
            let insertions = Insertions::new(before);
            let new = insertions.forward(old);
            let numbers: Vec<u32> = insertions.numbers().collect();

            prop_assert_eq!(insertions.backward(new), Some(old));
            prop_assert!(!numbers.contains(&new));
            prop_assert!(numbers.iter().all(|new| insertions.backward(*new).is_none()));
            prop_assert_eq!(Insertions::from_new(&numbers), Some(insertions));
        }
    }
}
