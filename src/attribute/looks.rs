//! When joint certification looks, and at what.
//!
//! Looks are scheduled by the number of calls that count, so that no score has
//! a say in it: the first at a registered number, then several to each
//! doubling. The looks of the k-th doubling share the weight 1 / (k (k + 1)):
//! all weights together are 1 however long it goes on. Several looks to a
//! doubling cost a little weight each and save waiting: with one, up to half of
//! the calls are left unweighed (figures: docs/decisions/0015).
//!
//! A look weighs what was decided up to its own decision, and nothing that came
//! later, so it is worked out again from the evidence whenever somebody asks.

use std::collections::HashSet;

use jiff::Timestamp;

use crate::registry::Verdict;

use super::acts::first_stop;
use super::evidence::Desk;
use super::joint::Ring;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// A look that came due.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Due {
    /// Which, from 1.
    pub(super) r: u32,
    /// Calls that it counts: so many of [`Looks::rings`].
    pub(super) calls: usize,
    /// The decision at which it came due.
    pub(super) seq: u64,
    /// When that decision's hit happened.
    pub(super) at: Timestamp,
    /// When it was decided: what was planted later is not weighed.
    pub(super) decided: Timestamp,
    /// ln of its weight.
    pub(super) ln_weight: f64,
    /// Why it was not taken; its weight is gone all the same.
    pub(super) skipped: Option<String>,
}

/// All looks so far.
pub(super) struct Looks {
    /// Calls that count, in order of decision.
    pub(super) rings: Vec<Ring>,
    /// Looks that came due, in order.
    pub(super) due: Vec<Due>,
    /// Calls at which the next one comes.
    pub(super) next_calls: u64,
}

impl Looks {
    /// The looks that came due; `None` where none were registered.
    pub(super) fn new(desk: &Desk<'_>) -> Option<Self> {
        let rules = desk.evidence.rules.joint.as_ref()?;
        let schedule = Schedule { first: rules.first_look, per_doubling: &rules.per_doubling };
        let stop = first_stop(desk.evidence);
        let confirmed = desk.evidence.decisions.iter().filter(|row| row.verdict == Verdict::Confirmed);
        let (mut heard, mut due, mut rings) = (HashSet::new(), Vec::<Due>::new(), Vec::new());
        let mut next = 1;
        for (call, row) in desk.calls.iter().zip(confirmed) {
            let day = call.at.as_second().div_euclid(DAY);
            for &(line, _) in &call.lines {
                if heard.insert((row.hit.caller_tag.as_deref(), line, day)) {
                    rings.push(Ring { line, time: moment(call.at) });
                }
            }
            while rings.len() as u64 >= schedule.calls(next) {
                let stop = stop.as_ref().filter(|stop| call.seq > stop.after_seq);
                due.push(Due {
                    r: next,
                    calls: rings.len(),
                    seq: call.seq,
                    at: call.at,
                    decided: call.decided,
                    ln_weight: schedule.ln_weight(next),
                    skipped: stop.map(|stop| stop.what.clone()),
                });
                next += 1;
            }
        }
        Some(Self { rings, due, next_calls: schedule.calls(next) })
    }
}

/// A time as joint certification counts it.
pub(super) fn moment(at: Timestamp) -> i64 {
    // Nanoseconds since 1970 fit until 2262; later times stand at the end.
    i64::try_from(at.as_nanosecond()).unwrap_or(if at.as_second() < 0 { i64::MIN } else { i64::MAX })
}

/// The registered schedule.
#[derive(Clone, Copy, Debug)]
struct Schedule<'r> {
    first: u64,
    per_doubling: &'r [u32],
}

impl Schedule<'_> {
    /// Which doubling (from 0) look `r` (from 1) is of, which look of that
    /// doubling (from 0) it is, and of how many.
    fn place(self, r: u32) -> (u32, u32, u32) {
        let (mut doubling, mut left) = (0, r - 1);
        loop {
            let looks = self.per_doubling.get(doubling as usize).or(self.per_doubling.last());
            let looks = looks.copied().unwrap_or(1).max(1);
            if left < looks {
                return (doubling, left, looks);
            }
            left -= looks;
            doubling += 1;
        }
    }

    /// Calls at which look `r` comes.
    fn calls(self, r: u32) -> u64 {
        let (doubling, look, looks) = self.place(r);
        let doublings = f64::from(doubling) + f64::from(look) / f64::from(looks);
        (self.first.max(1) as f64 * libm::exp2(doublings)).ceil() as u64
    }

    /// ln of the weight of look `r`.
    fn ln_weight(self, r: u32) -> f64 {
        let (doubling, _, looks) = self.place(r);
        let k = f64::from(doubling) + 1.0;
        -libm::log(k * (k + 1.0) * f64::from(looks))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribute::testing::{World, second};
    use crate::codebook::Sizes;
    use crate::registry::{ActKind, ActRow, NewAct};
    use crate::rules::JointRules;

    fn world() -> World {
        let mut world = World::new(5, 2, Sizes { pool: 40, account: 4, standing: 1 });
        world.rules.joint = Some(JointRules { first_look: 2, per_doubling: vec![1], ..JointRules::default() });
        world
    }

    fn looks(world: &World) -> Looks {
        let evidence = world.evidence();
        Looks::new(&Desk::new(&evidence)).expect("looks are registered")
    }

    #[test]
    fn weights_add_up_to_one_and_calls_double() {
        let schedule = Schedule { first: 16, per_doubling: &[4, 5, 1] };

        let sum: f64 = (1..=2_000).map(|r| schedule.ln_weight(r).exp()).sum();
        let calls: Vec<u64> = (1..=12).map(|r| schedule.calls(r)).collect();

        assert!(sum < 1.0 && sum > 0.999, "{sum}");
        assert_eq!(calls, [16, 20, 23, 27, 32, 37, 43, 49, 56, 64, 128, 256]);
    }

    #[test]
    fn a_caller_counts_once_a_day_on_a_line() {
        let mut world = world();
        for (at, line, caller) in [(1, 3, "a"), (2, 3, "a"), (3, 3, "b"), (86_400, 3, "a"), (86_401, 4, "a")] {
            world.hit(at, vec![world.line(line)]);
            world.decisions.last_mut().expect("it was appended").hit.caller_tag = Some(caller.into());
        }

        let looks = looks(&world);

        assert_eq!(looks.rings.iter().map(|ring| ring.line).collect::<Vec<_>>(), [3, 3, 3, 4]);
        assert_eq!(looks.due.iter().map(|due| (due.calls, due.seq)).collect::<Vec<_>>(), [(2, 3), (4, 5)]);
        assert_eq!(looks.next_calls, 8);
    }

    #[test]
    fn later_decisions_change_no_look() {
        let mut world = world();
        for at in 1..9 {
            world.hit(at, vec![world.line(at as u32)]);
        }
        let before = looks(&world);
        for at in 2..30 {
            // Some of them were made earlier than what was weighed then.
            world.hit(at / 3, vec![world.line(at as u32)]);
        }

        let after = looks(&world);

        assert_eq!(before.due, after.due[..before.due.len()]);
        assert_eq!(before.rings, after.rings[..before.rings.len()]);
    }

    #[test]
    fn after_an_act_looks_are_skipped_and_their_weight_is_gone() {
        let mut world = world();
        for at in 1..9 {
            world.hit(at, vec![world.line(at as u32)]);
        }
        let act = NewAct { epoch: 1, kind: ActKind::TestCall, account: None, why: "does it ring?".into() };
        world.acts.push(ActRow { id: 1, act, after_seq: 4, at: second(50) });

        let looks = looks(&world);

        let skipped: Vec<bool> = looks.due.iter().map(|due| due.skipped.is_some()).collect();
        assert_eq!(skipped, [false, false, true]);
        assert!((looks.due[2].ln_weight + 12f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn epochs_that_registered_no_looks_have_none() {
        let world = World::new(5, 2, Sizes { pool: 40, account: 4, standing: 1 });
        let evidence = world.evidence();

        assert!(Looks::new(&Desk::new(&evidence)).is_none());
    }
}
