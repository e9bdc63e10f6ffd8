//! The guarantee, checked by counting every possible world of tiny designs.
//!
//! Under the null a process's mean over all worlds is exactly 1, at the end and
//! at any stopping rule. A wrong q, a question asked twice or one left out
//! because it did not match moves the mean at once.

use std::collections::HashMap;

use crate::codebook::{Holder, Sizes};
use crate::derive::Seed;
use crate::observation::Found;
use crate::persona::{Persona, PersonaLaw, PersonaMaker, PersonaPattern, Role};
use crate::registry::{Revelation, RevelationRow, Route};

use super::evidence::{Desk, NumberHit};
use super::path;
use super::process::{OwnNumbers, Process, Shown};
use super::testing::{Toy, World, second, toy_patterns};
use super::verdict::Channel;

/// A maker whose personas are assigned by hand.
struct Assigned(HashMap<Seed, Persona>);

impl PersonaLaw for Assigned {
    fn probability(&self, role: Role, pattern: &PersonaPattern) -> f64 {
        Toy.probability(role, pattern)
    }
}

impl PersonaMaker for Assigned {
    fn persona(&self, _: Role, seed: &Seed) -> Persona {
        self.0[seed].clone()
    }
}

/// A law of few personas, so that worlds can be counted: surname and district.
fn few() -> Vec<(Persona, f64)> {
    let mut few: Vec<(Persona, f64)> = Vec::new();
    for (persona, p) in Toy::all() {
        let same = |other: &&mut (Persona, f64)| {
            other.0.name.family == persona.name.family && other.0.place.district == persona.place.district
        };
        match few.iter_mut().find(same) {
            Some((_, sum)) => *sum += p,
            None => few.push((persona, p)),
        }
    }
    few
}

/// Statements about surname and district only.
fn coarse() -> Vec<PersonaPattern> {
    toy_patterns().into_iter().filter(|pattern| pattern.name.given.is_none()).collect()
}

/// All `c`-subsets of `0 .. n`.
fn subsets(n: u32, c: usize) -> Vec<Vec<u32>> {
    (0u32..1 << n)
        .filter(|bits| bits.count_ones() as usize == c)
        .map(|bits| (0..n).filter(|place| bits >> place & 1 == 1).collect())
        .collect()
}

/// The chance of each world with its process and what it ends at, and what it
/// is when it first reaches 2.
#[derive(Default)]
struct Mean {
    weight: f64,
    end: f64,
    stopped: f64,
    sup_above: f64,
}

impl Mean {
    fn add(&mut self, p: f64, path: &[f64]) {
        let end = path.last().copied().unwrap_or(0.0);
        let stop = path.iter().copied().find(|ln_e| *ln_e >= 2f64.ln()).unwrap_or(end);
        self.weight += p;
        self.end += p * end.exp();
        self.stopped += p * stop.exp();
        self.sup_above += p * f64::from(u8::from(path.iter().any(|ln_e| *ln_e >= 5f64.ln())));
    }

    fn assert_one(&self, tolerance: f64) {
        assert!((self.weight - 1.0).abs() < 1e-12, "the worlds' chances add up to {}", self.weight);
        assert!((self.end - 1.0).abs() < tolerance, "mean at the end {}", self.end);
        assert!((self.stopped - 1.0).abs() < tolerance, "mean when stopped {}", self.stopped);
        assert!(self.sup_above <= 0.2, "Ville's bound {}", self.sup_above);
    }
}

fn process<'a>(pool: u32, own: Vec<u32>, maker: Option<&'a dyn PersonaMaker>, roles: Vec<Role>) -> Process<'a> {
    Process {
        holder: Holder::Account("account-0"),
        route: Route::Account,
        batch: "",
        start: second(0),
        pool,
        domain: None,
        own,
        roles,
        maker,
        template: "toy",
        numbers: Vec::new(),
        variants: None,
        shown: Vec::new(),
        ln_threshold: f64::INFINITY,
    }
}

fn world(pool: u32) -> World {
    World::new(7, 1, Sizes { pool, account: 2, standing: 1 })
}

fn path_of(desk: &Desk<'_>, process: &Process<'_>) -> Vec<f64> {
    path::bets(desk, process).1.iter().map(|bet| bet.ln_e).collect()
}

/// The mean over all codewords of `c` of the world's lines.
fn mean_over_codewords(world: &World, c: usize, alter: impl Fn(&mut Process<'_>)) -> Mean {
    let evidence = world.evidence();
    let desk = Desk::new(&evidence);
    let all = subsets(world.rules.pool, c);
    let mut mean = Mean::default();
    for own in &all {
        let mut process = process(world.rules.pool, own.clone(), None, Vec::new());
        alter(&mut process);
        mean.add(1.0 / all.len() as f64, &path_of(&desk, &process));
    }
    mean
}

/// The mean over all codewords and all personas of `c` own lines.
fn mean_over_personas(world: &World, c: usize, roles: &[Role]) -> Mean {
    let evidence = world.evidence();
    let desk = Desk::new(&evidence);
    let (all, law) = (subsets(world.rules.pool, c), few());
    let worn = c * roles.len();
    let mut mean = Mean::default();
    for own in &all {
        for code in 0..law.len().pow(worn as u32) {
            let mut rest = code;
            let mut p = 1.0 / all.len() as f64;
            let mut assigned = HashMap::new();
            for &line in own {
                for &role in roles {
                    let (persona, chance) = &law[rest % law.len()];
                    rest /= law.len();
                    p *= chance;
                    let seed = world.codebook.persona_seed(Holder::Account("account-0"), role, line);
                    assigned.insert(seed, persona.clone());
                }
            }
            let maker = Assigned(assigned);
            let process = process(world.rules.pool, own.clone(), Some(&maker), roles.to_vec());
            mean.add(p, &path_of(&desk, &process));
        }
    }
    mean
}

#[test]
fn lines_have_mean_one_whatever_the_order_and_the_repeats() {
    let mut world = world(8);
    for place in [3, 1, 3, 3, 7, 0, 1, 5] {
        world.hit(10, vec![world.line(place)]);
    }

    mean_over_codewords(&world, 3, |_| {}).assert_one(1e-12);
}

#[test]
fn sets_have_mean_one_however_they_overlap() {
    let mut world = world(8);
    // Masks beyond a twentieth of the pool are no questions, so this asks the
    // state machine itself.
    let sets: [&[u32]; 5] = [&[0, 1, 2], &[2], &[1, 2, 3, 4], &[0, 1, 2], &[6, 7]];
    for _ in sets {
        world.hit(10, vec![world.line(0)]);
    }
    let evidence = world.evidence();
    let mut desk = Desk::new(&evidence);
    for (call, set) in desk.calls.iter_mut().zip(sets) {
        call.lines.clear();
        call.sets = vec![set.to_vec()];
    }
    let all = subsets(8, 3);
    let mut mean = Mean::default();
    for own in &all {
        mean.add(1.0 / all.len() as f64, &path_of(&desk, &process(8, own.clone(), None, Vec::new())));
    }

    mean.assert_one(1e-12);
}

#[test]
fn level_two_asks_within_its_own_lines_only() {
    let mut world = world(9);
    for place in [3, 1, 8, 7, 0, 5, 2] {
        world.hit(10, vec![world.line(place)]);
    }
    let evidence = world.evidence();
    let desk = Desk::new(&evidence);
    let domain = vec![0, 2, 3, 5, 8];
    let all = subsets(5, 2);
    let mut mean = Mean::default();
    for own in &all {
        let own: Vec<u32> = own.iter().map(|&place| domain[place as usize]).collect();
        let mut process = process(5, own, None, Vec::new());
        process.domain = Some(domain.clone());
        mean.add(1.0 / all.len() as f64, &path_of(&desk, &process));
    }

    mean.assert_one(1e-12);
}

#[test]
fn bits_that_somebody_saw_are_no_bets() {
    let mut world = world(8);
    for place in [3, 1, 7, 0, 5] {
        world.hit(10, vec![world.line(place)]);
    }

    let mean = mean_over_codewords(&world, 3, |process| {
        process.shown = vec![Shown { after_seq: 2, lines: Some(vec![0, 6, 1]), numbers: false, serials: Vec::new() }];
    });

    mean.assert_one(1e-12);
}

#[test]
fn names_on_lines_have_mean_one_however_they_overlap() {
    let patterns = coarse();
    let mut world = world(5);
    let person = |index: usize| Found::Person { pattern: patterns[index % patterns.len()].clone() };
    world.hit(10, vec![world.line(3), person(0)]);
    world.hit(10, vec![world.line(1), person(2)]);
    world.hit(10, vec![world.line(3), person(0)]);
    world.hit(10, vec![world.line(3), person(1), person(3)]);
    world.hit(10, vec![world.line(4), world.line(1), person(4)]);
    world.hit(10, vec![world.line(3), person(3)]);

    mean_over_personas(&world, 2, &[Role::Recipient]).assert_one(1e-9);
}

#[test]
fn regions_between_lines_have_mean_one() {
    let patterns = coarse();
    let mut world = world(5);
    let person = |index: usize| Found::Person { pattern: patterns[index % patterns.len()].clone() };
    world.hit(10, vec![person(3)]);
    world.hit(10, vec![world.line(2)]);
    world.hit(10, vec![person(0)]);
    world.hit(10, vec![world.line(0), person(2)]);
    world.hit(10, vec![person(4)]);
    world.hit(10, vec![person(0)]);
    world.hit(10, vec![world.line(3), person(3)]);
    world.hit(10, vec![person(1)]);

    mean_over_personas(&world, 2, &[Role::Recipient]).assert_one(1e-9);
}

#[test]
fn regions_asked_only_of_suspicious_processes_have_mean_one() {
    let patterns = coarse();
    for gate in [1.0, 1.5, 3.0] {
        let mut world = world(5);
        world.rules.region_gate = gate;
        let person = |index: usize| Found::Person { pattern: patterns[index % patterns.len()].clone() };
        world.hit(10, vec![person(3)]);
        world.hit(10, vec![world.line(2)]);
        world.hit(10, vec![person(0)]);
        world.hit(10, vec![world.line(0), person(2)]);
        world.hit(10, vec![person(4)]);
        world.hit(10, vec![world.line(3), person(3)]);
        world.hit(10, vec![person(0)]);

        mean_over_personas(&world, 2, &[Role::Recipient]).assert_one(1e-9);
    }
}

#[test]
fn two_roles_are_two_personas() {
    let patterns = coarse();
    let mut world = world(3);
    let person = |index: usize| Found::Person { pattern: patterns[index % patterns.len()].clone() };
    world.hit(10, vec![Found::Line { line: world.pool[1], role: Some(Role::Sender) }, person(0)]);
    world.hit(10, vec![person(2)]);
    world.hit(10, vec![world.line(1), person(3)]);
    world.hit(10, vec![world.line(0), person(1)]);

    mean_over_personas(&world, 1, &[Role::Recipient, Role::Sender]).assert_one(1e-9);
}

#[test]
fn numbers_have_mean_one_while_others_get_theirs() {
    let mut world = world(8);
    world.blocks.insert("block".into(), 8);
    let (own, other, later) = (world.plant(0, "a", 1, 0), world.plant(0, "b", 1, 0), world.plant(0, "c", 1, 100_002));
    for (planting, serials) in [(own, vec![0, 1]), (other, vec![2]), (later, vec![3])] {
        world.plantings[planting].block = "block".into();
        world.plantings[planting].serials = serials;
    }
    for place in 0..5 {
        world.hit(10, vec![Found::Number { block: "block".into(), place }]);
    }
    let evidence = world.evidence();
    let mut desk = Desk::new(&evidence);
    let mut mean = Mean::default();
    let worlds: Vec<[u32; 4]> = (0..8u32.pow(4))
        .map(|code| [code % 8, code / 8 % 8, code / 64 % 8, code / 512])
        .filter(|w| (0..4).all(|i| (0..i).all(|j| w[i] != w[j])))
        .collect();
    for numbers in &worlds {
        for (place, call) in desk.calls.iter_mut().enumerate() {
            let owner = numbers.iter().position(|&number| number == place as u32);
            let owner = owner.map(|serial| ([(own, 0), (own, 1), (other, 0), (later, 0)])[serial]);
            call.numbers = vec![NumberHit { block: 0, serial: place as u64 + 10, owner }];
        }
        let mut process = process(8, vec![0], None, Vec::new());
        process.numbers = vec![OwnNumbers { block: 0, count: 2, plantings: vec![own] }];
        mean.add(1.0 / worlds.len() as f64, &path_of(&desk, &process));
    }

    mean.assert_one(1e-12);
}

#[test]
fn a_batch_that_was_shown_takes_its_lines_out_of_the_account_process() {
    let mut world = World::new(3, 1, Sizes { pool: 40, account: 12, standing: 2 });
    world.plant(0, "b", 4, 0);
    let lines = world.codebook.account_lines(Holder::Account("account-0"));
    let shown = world.codebook.batch_lines(Holder::Account("account-0"), &lines, "b", 4);
    world.hit(5, vec![world.line(shown[0])]);
    world.hit(6, vec![world.line(shown[1])]);
    world.hit(7, vec![world.line(lines.standing[0])]);
    let revelation = Revelation {
        epoch: 1,
        account: "account-0".into(),
        batch: Some("b".into()),
        lines: Vec::new(),
        numbers: Vec::new(),
        why: "canaries".into(),
    };
    world.revelations.push(RevelationRow { revelation, after_seq: 1, at: second(5) });

    let explained = super::explain(&world.evidence(), "account-0", None).expect("it is bound");

    let channels =
        |place: usize| -> Vec<Channel> { explained.processes[place].bets.iter().map(|bet| bet.channel).collect() };
    assert_eq!(channels(0), [Channel::Line, Channel::Revealed, Channel::Line]);
    assert_eq!(channels(1), [Channel::Line, Channel::Revealed]);
    assert_eq!(explained.processes[0].bets[2].q, 8.0 / 36.0);
}
