//! Worlds of masked phones, and of what passes the product's triage.

use trapline::observation::{Found, Kind};

use super::calls::planted;
use super::{SIZES, Scene};
use crate::random::Random;
use crate::world::{Budget, World};

/// Phones of which only the end is known: overlapping sets of lines, some of
/// them those of one account's rows.
pub(super) fn masks(random: &mut Random, budget: Budget) -> Scene {
    let mut world = planted(random, budget);
    let leaked = world.account_lines(0);
    for at in 1..=80 {
        let line = if random.chance(0.6) { random.below(SIZES.pool) } else { random.pick(&leaked) };
        // Four to eight lines: no more than a twentieth of the pool.
        let (step, size) = random.pick(&[(25, 8), (40, 5), (1, 6), (50, 4)]);
        let mask = world.mask((0..size).map(|place| (line + place * step) % SIZES.pool));
        world.hit(at, vec![mask]);
    }
    Scene::new(world, [0])
}

/// A dialler walks through the pool by night while records come in bunches, of
/// which some arrive hours late: its first calls are confirmed before anybody
/// can see the storm, and stay so.
pub(super) fn late_storms(random: &mut Random, budget: Budget) -> Scene {
    let mut world = planted(random, budget);
    let leaked = world.account_lines(0);
    let mut late = Vec::new();
    for hour in 0..40i64 {
        let begins = 3_600 * hour;
        let mut dialled = random.below(SIZES.pool);
        for step in 0..8 {
            let at = begins + 200 * step + i64::from(random.below(60));
            let line = if random.chance(0.6) { random.below(SIZES.pool) } else { random.pick(&leaked) };
            let who = format!("buyer {}", random.below(4));
            put(&mut world, &mut late, at, &who, line, random);
            // Three of four hours somebody also dials the pool from one phone.
            if hour % 4 > 0 {
                dialled = (dialled + 1 + random.below(9)) % SIZES.pool;
                put(&mut world, &mut late, at + 7, "dialler", dialled, random);
            }
        }
        world.settle(begins + 3_600);
        if hour % 5 == 4 {
            for (at, who, line) in late.drain(..) {
                let line = world.line(line);
                world.arrive(at, Kind::Call, &who, vec![line]);
            }
        }
    }
    world.settle(1_000_000);
    Scene::new(world, [0])
}

/// A call that comes in at once, or with a chance of one third much later.
fn put(world: &mut World, late: &mut Vec<(i64, String, u32)>, at: i64, who: &str, line: u32, random: &mut Random) {
    if random.chance(0.3) {
        late.push((at, who.to_owned(), line));
    } else {
        let found = vec![world.line(line)];
        world.arrive(at, Kind::Call, who, found);
    }
}

/// Neighbouring extensions, swept fast (a storm) and slowly (calls like any
/// other), beside an export in use.
pub(super) fn swept_extensions(random: &mut Random, budget: Budget) -> Scene {
    let mut world = planted(random, budget);
    let leaked = world.account_lines(0);
    let mut at = 0;
    for sweep in 0..14 {
        let first = random.below(SIZES.pool);
        let pause = if sweep % 2 == 0 { 5 } else { 700 };
        for step in 0..12 {
            at += pause;
            let line = world.line((first + step) % SIZES.pool);
            world.arrive(at, Kind::Call, &format!("sweep {sweep}"), vec![line]);
            if random.chance(0.2) {
                let line = world.line(random.pick(&leaked));
                world.arrive(at + 1, Kind::Call, &format!("buyer {at}"), vec![line]);
            }
        }
        at += 2_000;
    }
    world.settle(10_000_000);
    Scene::new(world, [0])
}

/// The tracking page, swept through a small block: fast from one address (a
/// storm), slowly, and from many addresses; and looked up by who has a row.
pub(super) fn swept_numbers(random: &mut Random, budget: Budget) -> Scene {
    let mut world = planted(random, budget);
    let size = 1_000;
    world.blocks.insert("block".into(), size);
    if budget.shares.pair == 1.0 {
        // Most of a pair's weight is kept for batches that never come.
        world.rules.rho = 0.999;
    }
    for (planting, row) in world.plantings.iter_mut().enumerate() {
        row.block = "block".into();
        row.serials = (0..6).map(|index| 6 * planting as u64 + index).collect();
    }
    let permutation = world.codebook.permutation("block", size);
    let leaked: Vec<u64> = (0..6).map(|serial| permutation.apply(serial)).collect();
    let mut at = 0;
    for sweep in 0..12 {
        let first = u64::from(random.below(size as u32));
        for step in 0..25 {
            at += if sweep % 3 == 0 { 5 } else { 700 };
            let place = if sweep % 3 == 2 { u64::from(random.below(size as u32)) } else { (first + step) % size };
            let who = if sweep % 3 == 0 { "one address".to_owned() } else { format!("address {at}") };
            world.arrive(at, Kind::Lookup, &who, vec![Found::Number { block: "block".into(), place }]);
            if random.chance(0.05) {
                let place = random.pick(&leaked);
                world.arrive(at + 1, Kind::Lookup, "buyer", vec![Found::Number { block: "block".into(), place }]);
            }
        }
        at += 2_000;
    }
    world.settle(10_000_000);
    Scene::new(world, [0])
}
