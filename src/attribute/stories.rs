//! Whole answers over small made-up worlds.

use crate::codebook::{Holder, Sizes};
use crate::derive::{Draw, Stream};
use crate::observation::Found;
use crate::persona::{Persona, PersonaMaker, PersonaPattern, PlacePattern, Role};
use crate::registry::{OpeningRow, Revelation, RevelationRow, Route, Verdict};

use super::evidence::Desk;
use super::process::Process;
use super::testing::{Toy, World, second, toy_patterns};
use super::{Attribution, Channel, attribute, attribute_by, explain, path, prune};

const SIZES: Sizes = Sizes { pool: 400, account: 30, standing: 5 };

impl World {
    fn batch(&self, planting: usize) -> Vec<u32> {
        let row = &self.plantings[planting];
        let holder = Holder::Account(&row.key.account);
        self.codebook.batch_lines(holder, &self.codebook.account_lines(holder), &row.key.batch, row.lines)
    }

    fn persona(&self, account: usize, line: u32) -> Persona {
        let holder = Holder::Account(&self.accounts[account].name);
        Toy.persona(Role::Recipient, &self.codebook.persona_seed(holder, Role::Recipient, line))
    }

    fn ring(&mut self, at: i64, lines: &[u32]) {
        for &line in lines {
            self.hit(at, vec![self.line(line)]);
        }
    }

    fn open(&mut self, account: usize, batches: u32) {
        self.openings.push(OpeningRow {
            j: self.openings.len() as u32 + 1,
            epoch: 1,
            account: self.accounts[account].name.clone(),
            batches,
            why: "accused".into(),
            at: second(0),
        });
    }

    fn attribute(&self) -> Attribution {
        attribute(&self.evidence())
    }
}

/// 30 accounts with one batch each; that of account 3 leaked and half the
/// hits are noise.
fn leak() -> World {
    let mut world = World::new(11, 30, SIZES);
    for account in 0..30 {
        world.plant(account, "export-1", 10, 5);
    }
    let leaked = world.batch(3);
    for (place, &line) in leaked.iter().enumerate() {
        world.ring(10, &[line]);
        world.ring(10, &[(place as u32 * 37 + 11) % 400]);
    }
    world
}

#[test]
fn the_account_whose_batch_rings_is_named_and_no_other() {
    let answer = leak().attribute();

    let named: Vec<&str> = answer.named.iter().map(|named| named.account.as_str()).collect();
    assert_eq!(named, ["account-3"]);
    assert!(answer.named[0].routes.iter().any(|route| route.route == Route::Pair && route.batch == "export-1"));
    assert_eq!(answer.ranked[0].account, "account-3");
    assert!(answer.ranked[0].named && answer.ranked.len() == 20);
}

#[test]
fn batches_are_shown_once_the_account_is_opened() {
    let mut world = leak();
    for batch in ["export-2", "export-3"] {
        world.plant(3, batch, 10, 6);
    }
    world.plant(3, "export-4", 10, 20);
    let closed = world.attribute();

    world.open(3, 3);
    let opened = world.attribute();

    assert!(closed.named[0].batches.is_empty());
    let batches: Vec<(&str, bool)> =
        opened.named[0].batches.iter().map(|batch| (batch.batch.as_str(), batch.named)).collect();
    assert_eq!(batches[1..], [("export-2", false), ("export-3", false)]);
    assert_eq!(opened.named[0].batches_waiting, 1);
    assert!(opened.named[0].batches[0].ln_e_sup > 4.0);
    assert_eq!(opened.ghosts.ghost_batches, 3);
}

#[test]
fn repeats_are_worth_nothing() {
    let mut world = leak();
    let once = world.attribute();
    let lines = world.batch(3);

    for _ in 0..20 {
        world.ring(30, &lines);
    }
    let often = world.attribute();

    assert_eq!(once.ranked, often.ranked);
}

#[test]
fn a_hit_before_the_start_is_no_query() {
    let mut world = World::new(11, 2, SIZES);
    world.plant(0, "export-1", 10, 50);
    let lines = world.batch(0);
    world.ring(49, &lines[..4]);
    world.ring(50, &lines[3..6]);

    let explained = explain(&world.evidence(), "account-0", Some("export-1")).expect("it is bound");

    let asked: Vec<u32> = explained.processes[0].bets.iter().map(|bet| bet.lines[0]).collect();
    assert_eq!(asked, lines[3..6]);
    assert_eq!(explained.processes[0].bets[0].q, 10.0 / 400.0);
}

#[test]
fn a_late_decision_leaves_the_earlier_bets_alone() {
    let mut world = leak();
    let before = explain(&world.evidence(), "account-3", None).expect("it is bound");

    let line = world.line(world.batch(3)[0]);
    world.hit(1, vec![line]);
    world.hit(6, vec![world.line(399), Found::Person { pattern: toy_patterns()[0].clone() }]);
    let after = explain(&world.evidence(), "account-3", None).expect("it is bound");

    for (before, after) in before.processes.iter().zip(&after.processes) {
        assert_eq!(before.bets[..], after.bets[..before.bets.len()]);
        assert_eq!(before.crossed, after.crossed);
    }
}

#[test]
fn only_confirmed_decisions_are_questions() {
    let mut world = leak();
    let expected = world.attribute();
    for (verdict, line) in [(Verdict::Storm, 1), (Verdict::AllowListed, 2), (Verdict::Slight, 3)] {
        world.ring(12, &[line]);
        world.decisions.last_mut().expect("just added").verdict = verdict;
    }

    let answer = world.attribute();

    assert_eq!(answer.ranked, expected.ranked);
    assert_eq!((answer.counts.storms, answer.counts.allow_listed, answer.counts.slight), (1, 1, 1));
}

#[test]
fn every_confirmed_hit_is_a_question_whether_it_matches_or_not() {
    let world = leak();

    let explained = explain(&world.evidence(), "account-9", None).expect("it is bound");

    let distinct: std::collections::BTreeSet<u32> =
        explained.processes[0].bets.iter().map(|bet| bet.lines[0]).collect();
    assert_eq!(explained.processes[0].bets.len() as u32, world.attribute().counts.distinct_lines);
    assert_eq!(distinct.len(), explained.processes[0].bets.len());
}

#[test]
fn the_name_on_a_line_is_compared_with_that_lines_persona() {
    let mut world = World::new(5, 1, SIZES);
    world.plant(0, "b", 10, 0);
    let line = world.batch(0)[0];
    let persona = world.persona(0, line);
    let family = |name: &str| {
        let mut pattern = PersonaPattern::default();
        pattern.name.family = Some([name.to_owned()].into());
        Found::Person { pattern }
    };
    world.hit(10, vec![world.line(line), family(&persona.name.family)]);
    world.hit(11, vec![world.line(line), family("nobody")]);

    let explained = explain(&world.evidence(), "account-0", Some("b")).expect("it is bound");

    let bets = &explained.processes[0].bets;
    assert_eq!(bets.iter().map(|bet| bet.channel).collect::<Vec<_>>(), [Channel::Line, Channel::Name, Channel::Name]);
    assert!(bets[1].matched && bets[1].ln_factor > 0.0);
    // After the surname is known, another one is certain not to fit.
    assert_eq!((bets[2].q, bets[2].ln_factor), (0.0, 0.0));
}

#[test]
fn names_in_a_two_line_row_follow_their_lines() {
    let mut world = World::new(5, 1, SIZES);
    world.plant(0, "b", 10, 0);
    let lines = world.batch(0);
    let person = |index: usize| Found::Person { pattern: toy_patterns()[index].clone() };
    let (first, other) = (world.line(lines[0]), world.line(lines[1]));
    world.hit(10, vec![first.clone(), person(0), other.clone(), person(1)]);
    world.hit(11, vec![first, other, person(2)]);

    let explained = explain(&world.evidence(), "account-0", Some("b")).expect("it is bound");

    let names = explained.processes[0].bets.iter().filter(|bet| bet.channel == Channel::Name);
    let asked: Vec<Vec<u32>> = names.map(|bet| bet.lines.clone()).collect();
    let mut both = lines[..2].to_vec();
    both.sort_unstable();
    assert_eq!(asked, [vec![lines[0]], vec![lines[1]], both]);
}

#[test]
fn control_lines_are_counted_and_ask_nothing() {
    let mut world = leak();
    let expected = world.attribute().ranked;

    world.hit(12, vec![Found::Line { line: 1, role: None }, Found::Person { pattern: toy_patterns()[0].clone() }]);
    let answer = world.attribute();

    assert_eq!(answer.ranked, expected);
    assert_eq!((answer.background.control_hits, answer.background.control_lines_hit), (1, 1));
}

/// A row of a dump that is canary `index` of a planting, whole.
fn whole_row(world: &World, account: usize, planting: usize, index: usize) -> Vec<Found> {
    let row = &world.plantings[planting];
    let line = world.batch(planting)[index];
    let persona = world.persona(account, line);
    let mut pattern = PersonaPattern::default();
    pattern.name.family = Some([persona.name.family].into());
    pattern.place = PlacePattern { district: Some(persona.place.district), ..PlacePattern::default() };
    let place = world.codebook.permutation(&row.block, world.blocks[&row.block]).apply(row.serials[index]);
    vec![world.line(line), Found::Person { pattern }, Found::Number { block: row.block.clone(), place }]
}

fn world_with_numbers() -> World {
    let mut world = World::new(5, 4, SIZES);
    world.blocks.insert("block".into(), 1_000_000_000_000);
    for account in 0..4 {
        let planting = world.plant(account, "b", 10, 0);
        world.plantings[planting].block = "block".into();
        world.plantings[planting].serials = (0..10).map(|i| account as u64 * 10 + i).collect();
    }
    // A small operation: few records and canaries are provided for.
    (world.rules.t_max, world.rules.canaries_max) = (10_000, 1_000);
    world
}

#[test]
fn one_full_record_is_enough() {
    let mut world = world_with_numbers();
    let row = whole_row(&world, 2, 2, 4);
    world.hit(10, row);

    let answer = world.attribute();

    let named: Vec<&str> = answer.named.iter().map(|named| named.account.as_str()).collect();
    assert_eq!(named, ["account-2"]);
    let route = answer.named[0].routes.last().expect("it is named by some rule");
    assert_eq!((route.route, route.batch.as_str(), route.crossed_seq), (Route::AtOnce, "b", 1));
}

#[test]
fn a_record_that_disagrees_in_one_thing_is_not_at_once() {
    let mut world = world_with_numbers();
    let mut row = whole_row(&world, 2, 2, 4);
    row[0] = world.line(world.batch(2)[5]);
    world.hit(10, row);

    let explained = explain(&world.evidence(), "account-2", None).expect("it is bound");

    assert!(explained.at_once.is_empty());
}

#[test]
fn a_record_that_somebody_was_shown_before_is_not_at_once() {
    let mut world = world_with_numbers();
    let row = whole_row(&world, 2, 2, 4);
    world.hit(10, row);
    let revelation = Revelation {
        epoch: 1,
        account: "account-2".into(),
        batch: None,
        lines: Vec::new(),
        numbers: Vec::new(),
        why: "canaries".into(),
    };
    world.revelations.push(RevelationRow { revelation, after_seq: 0, at: second(1) });

    assert!(world.attribute().named.is_empty());
}

#[test]
fn numbers_of_others_are_no_questions_and_those_of_nobody_are() {
    let mut world = world_with_numbers();
    for (planting, serial) in [(1, 10), (0, 3), (2, 24), (9, 777)] {
        let place = world.codebook.permutation("block", 1_000_000_000_000).apply(serial);
        world.hit(10 + planting, vec![Found::Number { block: "block".into(), place }]);
    }

    let explained = explain(&world.evidence(), "account-0", Some("b")).expect("it is bound");

    let bets: Vec<(Channel, bool)> = explained.processes[0].bets.iter().map(|bet| (bet.channel, bet.matched)).collect();
    assert_eq!(bets, [(Channel::Number, true), (Channel::Number, false)]);
}

#[test]
fn a_ghost_that_scores_like_a_leaker_withholds_the_answer() {
    let mut world = leak();
    world.rules.ghosts = 50;
    let calm = world.attribute();
    let haunted = world.codebook.account_set(Holder::Ghost(17));

    world.ring(100, &haunted);
    let answer = world.attribute();

    assert!(calm.alarm.is_none() && !calm.named.is_empty());
    assert!(answer.alarm.is_some() && answer.named.is_empty() && answer.ranked.is_empty());
}

#[test]
fn a_number_that_somebody_traced_before_is_no_evidence() {
    let story = |traced: bool| {
        let mut world = World::new(5, 3, SIZES);
        world.blocks.insert("block".into(), 1_000_000);
        let planting = world.plant(1, "b", 10, 0);
        world.plantings[planting].block = "block".into();
        world.plantings[planting].serials = (100..110).collect();
        if traced {
            let revelation = Revelation {
                epoch: 1,
                account: "account-1".into(),
                batch: Some("b".into()),
                lines: Vec::new(),
                numbers: vec![103],
                why: "trace".into(),
            };
            world.revelations.push(RevelationRow { revelation, after_seq: 0, at: second(1) });
        }
        let place = world.codebook.permutation("block", 1_000_000).apply(103);
        world.hit(10, vec![Found::Number { block: "block".into(), place }]);
        super::explain(&world.evidence(), "account-1", Some("b")).expect("it is planted").processes[0].ln_e_sup
    };

    assert!(story(false) > 5.0);
    assert_eq!(story(true), 0.0);
}

/// A world in which everything happens: sets, roles, regions, numbers, many
/// starts, something shown.
fn busy(seed: u64, regions: bool) -> World {
    let mut bytes = [9; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut stream = Stream::new(&bytes);
    let mut world = World::new(seed, 150, SIZES);
    world.rules.n_max = 150;
    world.rules.alpha = 0.5;
    world.rules.ghosts = 20;
    world.blocks.insert("block".into(), 100_000);
    for account in 0..150 {
        world.accounts[account].start = second(i64::from(stream.below(3)) * 10);
        for batch in 0..stream.below(3) {
            let at = i64::from(stream.below(40));
            let planting = world.plant(account, ["", "x", "y"][batch as usize], if batch == 0 { 5 } else { 10 }, at);
            world.plantings[planting].block = "block".into();
            world.plantings[planting].serials = (0..10).map(|i| 10 * planting as u64 + i).collect();
            if stream.below(2) == 0 {
                world.plantings[planting].roles = vec![Role::Sender, Role::Recipient];
            }
        }
    }
    let leaked: Vec<usize> =
        (0..world.plantings.len()).filter(|&p| world.plantings[p].key.batch == "x").take(2).collect();
    let patterns = toy_patterns();
    for at in 0..60 {
        let line = match stream.below(2) {
            0 => stream.below(400),
            _ => {
                let lines = world.batch(leaked[stream.below(leaked.len() as u32) as usize]);
                lines[stream.below(lines.len() as u32) as usize]
            }
        };
        let role = [None, None, Some(Role::Sender), Some(Role::Recipient)][stream.below(4) as usize];
        let phone = Found::Line { line: world.pool[line as usize], role };
        let pattern = patterns[stream.below(12) as usize].clone();
        let found = match stream.below(8) {
            0 => vec![Found::Lines { lines: (0..5).map(|k| world.pool[(line as usize + 80 * k) % 400]).collect() }],
            1 if regions => vec![Found::Person { pattern }],
            2 | 3 => vec![phone, Found::Person { pattern }],
            4 => vec![phone, Found::Number { block: "block".into(), place: u64::from(stream.below(100_000)) }],
            _ => vec![phone],
        };
        world.hit(at, found);
    }
    let serial = world.plantings[leaked[0]].serials[2];
    let place = world.codebook.permutation("block", 100_000).apply(serial);
    world.hit(70, vec![Found::Number { block: "block".into(), place }]);
    let account = world.plantings[leaked[1]].key.account.clone();
    let revelation = Revelation {
        epoch: 1,
        account,
        batch: None,
        lines: vec![3, 77, 200],
        numbers: Vec::new(),
        why: "trace".into(),
    };
    world.revelations.push(RevelationRow { revelation, after_seq: 30, at: second(30) });
    world
}

#[test]
fn pruning_changes_no_answer() {
    for seed in 0..40 {
        let mut world = busy(seed, seed % 2 == 0);
        world.rules.region_gate = [0.0, 2.0, 30.0, 1000.0][seed as usize / 2 % 4];

        let pruned = world.attribute();

        assert_eq!(pruned, attribute_by(&world.evidence(), prune::unpruned), "seed {seed}");
    }
}

#[test]
fn calls_that_say_nothing_new_change_nothing() {
    for seed in 0..20 {
        let world = busy(seed, true);
        let evidence = world.evidence();
        let desk = Desk::new(&evidence);
        for account in 0..150 {
            let lines = super::account::lines_of(&desk, account);
            let own = Process::of_account(&desk, account, &lines);
            let pairs = desk.plantings[account].iter().map(|&p| Process::of_planting(&desk, account, p, &lines));
            for process in std::iter::once(own).chain(pairs) {
                assert_eq!(path::run(&desk, &process), path::run_over_all(&desk, &process), "seed {seed}");
            }
        }
    }
}

/// Runs that name an innocent account, of `runs`, while one account leaks and
/// the rest of the traffic is noise, with names.
fn false_namings(runs: u64, alpha: f64) -> u64 {
    let sizes = Sizes { pool: 60, account: 12, standing: 2 };
    let mut wrong = 0;
    for run in 0..runs {
        let mut stream = Stream::new(&{
            let mut seed = [1; 32];
            seed[..8].copy_from_slice(&run.to_le_bytes());
            seed
        });
        let mut world = World::new(run, 12, sizes);
        (world.rules.n_max, world.rules.alpha) = (12, alpha);
        for account in 0..12 {
            world.plant(account, "b", 6, 0);
        }
        let leaked = world.batch(0);
        let patterns = toy_patterns();
        for at in 0..40 {
            let line = if stream.below(2) == 0 { stream.below(60) } else { leaked[stream.below(6) as usize] };
            let pattern = patterns[stream.below(12) as usize].clone();
            let found = match stream.below(3) {
                0 => vec![world.line(line), Found::Person { pattern }],
                1 if at % 9 == 0 => vec![Found::Person { pattern }],
                _ => vec![world.line(line)],
            };
            world.hit(at, found);
        }
        wrong += u64::from(world.attribute().named.iter().any(|named| named.account != "account-0"));
    }
    wrong
}

#[test]
fn an_innocent_is_rarely_named_however_often_the_exposed_lines_ring() {
    let runs = 200;

    let wrong = false_namings(runs, 0.5);

    // At most alpha / 2 in the first epoch, with room for three deviations.
    assert!(wrong as f64 <= 0.25 * runs as f64 + 3.0 * (0.25 * 0.75 * runs as f64).sqrt(), "{wrong} of {runs}");
}

/// A bound that is too low would hide an account; one that is far too high
/// would have everybody run through the state machine.
#[test]
fn the_tight_bound_is_never_below_what_a_process_reached() {
    let (mut compared, mut close) = (0, 0);
    for seed in 0..20 {
        let mut world = busy(seed, false);
        // Masked phones make questions unlike those of others: they have no tight bound.
        world.decisions.retain(|row| !row.hit.found.iter().any(|found| matches!(found, Found::Lines { .. })));
        world.revelations.clear();
        world.blocks.clear();
        let evidence = world.evidence();
        let desk = Desk::new(&evidence);
        let sequences = super::sequences(&desk);
        let bounds = prune::Bounds::new(&desk, &sequences);
        for account in 0..150 {
            let lines = super::account::lines_of(&desk, account);
            for &planting in &desk.plantings[account] {
                let process = Process::of_planting(&desk, account, planting, &lines);
                let (bound, reached) = (bounds.ln_sup(&process), path::run(&desk, &process).ln_sup);
                assert!(bound + 1e-9 >= reached, "seed {seed}: {bound} {reached}");
                if reached > 10f64.ln() {
                    compared += 1;
                    close += usize::from(bound < reached + 1.0);
                }
            }
        }
    }
    assert!(compared > 30 && close * 10 >= compared * 9, "{close} of {compared}");
}
