//! Numbers of reserved blocks, as a search for evidence nominates them.
//!
//! Evidence must be gathered blind: a row that is kept *because* its number was
//! planted is a row about somebody's canary, and what such rows say is not what
//! the mathematics takes it for. A search for evidence therefore does not ask
//! which numbers were planted. It takes every row with a number of a reserved
//! block, planted or not, and every row with a line.
//!
//! What it takes is a superset, by the digits alone: which number a row holds,
//! check digit and letters included, is the matcher's to say.

use super::token::{Anchored, Token};
use crate::record::WaybillBlock as _;
use crate::template::Block;

/// Places of a block that are looked at to see whether its numbers are in order.
const SAMPLES: u64 = 64;

/// Anchors of one length, from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    digits: usize,
    first: (u64, u64),
    last: (u64, u64),
}

impl Range {
    #[inline]
    fn holds(&self, token: Token) -> bool {
        token.digits() == self.digits && (self.first..=self.last).contains(&token.value())
    }
}

/// The numbers of reserved blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reserved {
    /// Lengths of anchors, as bits.
    pub(super) lengths: u64,
    /// First and last anchor of each stretch of numbers, by length and in
    /// order; none overlap.
    ranges: Vec<Range>,
}

impl Reserved {
    /// Takes the numbers of blocks, in every form that they are written in.
    pub fn of<'b>(blocks: impl IntoIterator<Item = &'b Block>) -> Self {
        let mut reserved = Self::default();
        for block in blocks {
            for form in block.forms() {
                for (first, size) in form.stretches(block.size()) {
                    reserved.add(&|place| block.write(form, first + place), size);
                }
            }
        }
        reserved.settle();
        reserved
    }

    /// Puts ranges in order and joins those that overlap.
    fn settle(&mut self) {
        self.ranges.sort_unstable_by_key(|range| (range.digits, range.first));
        self.ranges.dedup_by(|next, range| {
            let joins = next.digits == range.digits && next.first <= range.last;
            if joins {
                range.last = range.last.max(next.last);
            }
            joins
        });
    }

    /// Adds the `size` numbers that `write` writes.
    fn add(&mut self, write: &dyn Fn(u64) -> String, size: u64) {
        let token = |place: u64| Anchored::of(&write(place)).map(|number| number.token);
        let Some((first, last)) = token(0).zip(token(size - 1)) else { return };
        let mut range = Range {
            digits: first.digits(),
            // The last digit is a check digit, and any.
            first: (first.value().0, first.value().1 / 10 * 10),
            last: (last.value().0, last.value().1 / 10 * 10 + 9),
        };
        let step = (size / SAMPLES).max(1) as usize;
        let is_ordered = (0..size).step_by(step).filter_map(token).all(|token| range.holds(token));
        if !is_ordered || first.digits() != last.digits() {
            (range.first, range.last) = ((0, 0), (u64::MAX, u64::MAX));
        }
        // Serials that are not padded grow by a digit on their way through a block.
        for digits in first.digits().min(last.digits())..=first.digits().max(last.digits()) {
            range.digits = digits;
            self.ranges.push(range);
            self.lengths |= 1 << digits;
        }
    }

    /// Whether a run of digits may be a number of a block.
    #[inline]
    pub(super) fn may_hold(&self, token: Token) -> bool {
        let key = (token.digits(), token.value());
        let behind = self.ranges.partition_point(|range| (range.digits, range.first) <= key);
        behind.checked_sub(1).is_some_and(|place| self.ranges[place].holds(token))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::template::Template;

    fn shipped() -> Vec<Template> {
        let templates = Template::shipped().iter().map(|(name, _)| Template::by_name(name).expect("it is shipped"));
        templates.collect::<Result<_, _>>().expect("they are sound")
    }

    proptest! {
        #[test]
        fn every_number_of_a_block_is_nominated_in_every_form(part in 0.0..1.0) {
            for template in shipped() {
                let Some(block) = template.block() else { continue };
                let reserved = Reserved::of([block]);
                let place = (part * block.size() as f64) as u64;
                for form in block.forms() {
                    let number = block.write(form, place);
                    let token = Anchored::of(&number).expect("it has digits").token;
                    prop_assert!(reserved.may_hold(token), "{number}");
                }
            }
        }
    }

    #[test]
    fn of_a_scattered_block_the_gaps_are_not_nominated() {
        let yaml = Template::shipped()[0].1.replace(
            "    prefix: YT0000\n    block: {id: yto-demo, start: 0, size: 1000000000}",
            "    prefix: YT\n    block: {id: mine, ranges: [7866754432710+3 7866754432725, 8047916146391+20]}",
        );
        let template = Template::parse(&yaml, "mine.yaml").expect("a template");
        let reserved = Reserved::of(template.block());
        let holds = |digits: &str| reserved.may_hold(Token::of(digits.as_bytes()).expect("digits"));

        // By tens, as the last digit may be a check digit.
        assert!(["7866754432711", "7866754432725", "8047916146400"].into_iter().all(holds));
        assert!(!["7866754432709", "7866754432741", "8000000000000", "8047916146421"].into_iter().any(holds));
    }

    #[test]
    fn what_is_beside_a_block_is_not_nominated() {
        let template = Template::by_name("yto-express").expect("it is shipped").expect("it is sound");
        let reserved = Reserved::of(template.block());
        let token = |digits: &str| Token::of(digits.as_bytes()).expect("digits");

        assert!(reserved.may_hold(token("0000361829274")));
        for other in ["8962646785389", "000361829274", "15433063750", "00003618292740"] {
            assert!(!reserved.may_hold(token(other)), "{other}");
        }
    }
}
