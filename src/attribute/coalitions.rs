//! Stories and laws of shared slots: two accounts of one scope compare their
//! exports.

use crate::codebook::{Holder, SharedSlot, Sizes};
use crate::derive::{Draw, Stream};
use crate::observation::Found;
use crate::persona::{PersonaMaker, PersonaPattern, Role};
use crate::registry::{Revelation, RevelationRow, Route, ScopeRow};
use crate::rules::SlotRules;

use super::evidence::Desk;
use super::path;
use super::process::Process;
use super::testing::{Toy, World, second, toy_patterns};
use super::{Channel, attribute, attribute_by, explain, prune};

const SIZES: Sizes = Sizes { pool: 400, account: 30, standing: 5 };
const SCOPE: &str = "outlet 12, 2026-11-25";

impl World {
    /// Sets `lines` lines aside for slots and opens a scope of `slots` slots.
    fn open_scope(&mut self, lines: u32, slots: u32) {
        self.rules.slots = Some(SlotRules::new(lines, slots));
        self.slot_lines = (0..i64::from(lines)).map(|place| place + 10_000).collect();
        self.scopes.push(ScopeRow {
            epoch: 1,
            name: SCOPE.into(),
            template: "toy".into(),
            block: "block".into(),
            serials: (0..2 * u64::from(slots)).map(|serial| 5_000 + serial).collect(),
            opened: second(0),
        });
        self.blocks.insert("block".into(), 100_000);
    }

    fn plant_scope(&mut self, account: usize, at: i64) {
        let planting = self.plant(account, "day", 10, at);
        self.plantings[planting].scope = SCOPE.into();
    }

    fn slots(&self) -> Vec<SharedSlot> {
        self.codebook.scope_slots(SCOPE, self.rules.slots.as_ref().expect("a scope is open"), 1)
    }

    fn variants(&self, account: usize) -> Vec<usize> {
        self.codebook.slot_variants(Holder::Account(&self.accounts[account].name), SCOPE, &self.slots())
    }

    fn shared_line(&self, slot: usize, variant: usize) -> Found {
        let line = self.slots()[slot].variants[variant][0];
        Found::Line { line: self.slot_lines[line as usize], role: None }
    }
}

/// 40 accounts of one scope; accounts 3 and 8 compare their exports, drop what
/// differs, and what is left rings once.
fn coalition() -> World {
    let mut world = World::new(11, 40, SIZES);
    world.open_scope(400, 200);
    for account in 0..40 {
        world.plant_scope(account, 5);
    }
    let (a, b) = (world.variants(3), world.variants(8));
    for slot in (0..200).filter(|&slot| a[slot] == b[slot]) {
        world.hit(10, vec![world.shared_line(slot, a[slot])]);
    }
    world
}

#[test]
fn colluders_who_drop_what_differs_are_named_by_what_is_left() {
    let answer = attribute(&coalition().evidence());

    let mut named: Vec<&str> = answer.named.iter().map(|named| named.account.as_str()).collect();
    named.sort_unstable();
    assert_eq!(named, ["account-3", "account-8"]);
    assert!(answer.named.iter().all(|named| named.routes.iter().all(|route| route.route == Route::Pair)));
    assert_eq!(answer.counts.distinct_lines, 0, "slot lines are no lines of the pool");
    assert!(answer.named.iter().all(|named| named.slots_seen > 50 && named.slots_matched == named.slots_seen));
}

#[test]
fn a_slot_is_asked_about_once_whichever_variant_rings_afterwards() {
    let mut world = coalition();
    let evidence = attribute(&world.evidence());
    let slot = (0..200).find(|&slot| world.variants(3)[slot] == world.variants(8)[slot]).expect("some agree");
    for variant in [0, 1, 0, 1] {
        world.hit(20, vec![world.shared_line(slot, variant)]);
    }

    let again = attribute(&world.evidence());

    assert_eq!(evidence.ranked, again.ranked);
}

#[test]
fn a_number_shows_a_variant_as_its_line_does() {
    let mut world = World::new(11, 2, SIZES);
    world.open_scope(40, 20);
    world.plant_scope(0, 5);
    let variant = world.variants(0)[7];
    let place = world.codebook.permutation("block", 100_000).apply(5_000 + 14 + variant as u64);
    world.hit(10, vec![Found::Number { block: "block".into(), place }]);
    world.hit(11, vec![world.shared_line(7, variant)]);

    let explained = explain(&world.evidence(), "account-0", Some("day")).expect("it is bound");

    let bets = &explained.processes[0].bets;
    assert_eq!(bets.len(), 1);
    assert!(bets[0].channel == Channel::Slot && bets[0].matched);
    assert!((bets[0].q - world.slots()[7].chance(variant)).abs() < 1e-12);
}

#[test]
fn a_scopes_numbers_are_others_when_a_number_is_asked_about() {
    let chance = |scoped: bool| {
        let mut world = World::new(11, 2, SIZES);
        world.open_scope(40, 20);
        let planting = world.plant(0, "b", 10, 5);
        world.plantings[planting].block = "block".into();
        world.plantings[planting].serials = vec![7];
        world.scopes[0].opened = second(if scoped { 0 } else { 200_000 });
        let place = world.codebook.permutation("block", 100_000).apply(90_000);
        world.hit(10, vec![Found::Number { block: "block".into(), place }]);
        let explained = explain(&world.evidence(), "account-0", Some("b")).expect("it is bound");
        explained.processes[0].bets[0].q
    };

    assert!((chance(true) - 1.0 / 99_960.0).abs() < 1e-15, "{}", chance(true));
    assert!((chance(false) - 1.0 / 100_000.0).abs() < 1e-15, "opened after the decision");
}

#[test]
fn a_caller_who_asks_for_somebody_else_shows_no_variant() {
    let mut world = World::new(11, 2, SIZES);
    world.open_scope(40, 20);
    world.plant_scope(0, 5);
    let line = world.slots()[7].variants[0][0];
    let seed = world.codebook.persona_seed(Holder::Scope(SCOPE), Role::Recipient, 400 + line);
    let persona = Toy.persona(Role::Recipient, &seed);
    let heard = |fits: bool| -> PersonaPattern {
        toy_patterns().into_iter().find(|pattern| pattern.matches(&persona) == fits).expect("some do, some do not")
    };
    world.hit(10, vec![world.shared_line(7, 0), Found::Person { pattern: heard(false) }]);
    world.hit(11, vec![world.shared_line(7, 0), Found::Person { pattern: heard(true) }]);

    let explained = explain(&world.evidence(), "account-0", Some("day")).expect("it is bound");

    let asked: Vec<u64> = explained.processes[0].bets.iter().map(|bet| bet.seq).collect();
    assert_eq!(asked, [2]);
}

#[test]
fn variants_that_somebody_saw_are_no_bets() {
    let mut world = World::new(11, 2, SIZES);
    world.open_scope(40, 20);
    world.plant_scope(0, 5);
    let seen = SIZES.pool + world.slots()[7].variants[1][0];
    world.hit(10, vec![world.shared_line(3, 0)]);
    let mut revelation = Revelation {
        epoch: 1,
        account: "account-0".into(),
        batch: Some("day".into()),
        lines: vec![seen],
        numbers: Vec::new(),
        why: "trace".into(),
    };
    world.revelations.push(RevelationRow { revelation: revelation.clone(), after_seq: 1, at: second(15) });
    for slot in [7, 9] {
        world.hit(20, vec![world.shared_line(slot, 0)]);
    }
    let slots_asked = |world: &World| -> Vec<u64> {
        let explained = explain(&world.evidence(), "account-0", Some("day")).expect("it is bound");
        let bets = explained.processes[0].bets.iter();
        bets.filter(|bet| bet.channel == Channel::Slot).map(|bet| bet.seq).collect()
    };
    assert_eq!(slots_asked(&world), [1, 3], "slot 3 before, slot 9 after, slot 7 was seen");

    revelation.lines.clear();
    world.revelations.push(RevelationRow { revelation, after_seq: 2, at: second(16) });
    assert_eq!(slots_asked(&world), [1], "everything was seen");
}

#[test]
fn another_batch_of_the_same_scope_shows_the_same_variants() {
    let mut world = World::new(11, 2, SIZES);
    world.open_scope(40, 20);
    world.plant_scope(0, 5);
    let second_export = world.plant(0, "evening", 10, 6);
    world.plantings[second_export].scope = SCOPE.into();
    let revelation = Revelation {
        epoch: 1,
        account: "account-0".into(),
        batch: Some("day".into()),
        lines: Vec::new(),
        numbers: Vec::new(),
        why: "canaries".into(),
    };
    world.revelations.push(RevelationRow { revelation, after_seq: 0, at: second(7) });
    world.hit(20, vec![world.shared_line(7, 0)]);

    let explained = explain(&world.evidence(), "account-0", Some("evening")).expect("it is bound");

    assert!(explained.processes[0].bets.iter().all(|bet| bet.channel != Channel::Slot));
}

/// Under the null the mean over all variants is 1, at the end and when stopped,
/// whichever symbols the stream shows.
#[test]
fn slots_have_mean_one_whatever_the_order_and_the_repeats() {
    let mut world = World::new(5, 1, SIZES);
    world.open_scope(20, 10);
    world.plant_scope(0, 0);
    for (slot, variant) in [(3, 1), (0, 0), (3, 0), (9, 1), (0, 0), (5, 0), (7, 1), (1, 0), (8, 1)] {
        world.hit(10, vec![world.shared_line(slot, variant)]);
    }
    let evidence = world.evidence();
    let desk = Desk::new(&evidence);
    let lines = super::account::lines_of(&desk, 0);
    let slots = world.slots();
    let (mut weight, mut end, mut stopped) = (0.0, 0.0, 0.0);
    for code in 0..1usize << slots.len() {
        let variants: Vec<usize> = (0..slots.len()).map(|slot| code >> slot & 1).collect();
        let p: f64 = slots.iter().zip(&variants).map(|(slot, &variant)| slot.chance(variant)).product();
        let mut process = Process::of_planting(&desk, 0, 0, &lines);
        process.variants.as_mut().expect("it carries a scope").variants = variants;
        let path: Vec<f64> = path::bets(&desk, &process).1.iter().map(|bet| bet.ln_e).collect();
        let last = *path.last().expect("slots were asked about");
        weight += p;
        end += p * last.exp();
        stopped += p * path.iter().copied().find(|ln_e| *ln_e >= 2f64.ln()).unwrap_or(last).exp();
    }

    assert!((weight - 1.0).abs() < 1e-12);
    assert!((end - 1.0).abs() < 1e-9 && (stopped - 1.0).abs() < 1e-9, "{end} {stopped}");
}

#[test]
fn pruning_changes_no_answer_about_slots() {
    for run in 0..12u8 {
        let mut world = World::new(u64::from(run), 60, SIZES);
        world.open_scope(100, 50);
        (world.rules.n_max, world.rules.alpha, world.rules.ghosts) = (60, 0.5, 10);
        let mut stream = Stream::new(&[run; 32]);
        for account in 0..60 {
            if stream.below(3) > 0 {
                world.plant_scope(account, i64::from(stream.below(30)));
            } else {
                world.plant(account, "day", 10, 5);
            }
        }
        for at in 0..60 {
            let (slot, noise) = (stream.below(50) as usize, stream.below(400));
            let variant = if stream.below(3) == 0 { stream.below(2) as usize } else { world.variants(4)[slot] };
            world
                .hit(at, vec![if stream.below(4) == 0 { world.line(noise) } else { world.shared_line(slot, variant) }]);
        }

        assert_eq!(attribute(&world.evidence()), attribute_by(&world.evidence(), prune::unpruned), "run {run}");
    }
}
