//! Worlds of calls to lines.

use trapline::attribute::attribute;
use trapline::codebook::Sizes;

use super::{ACCOUNTS, SIZES, Scene};
use crate::people::said;
use crate::random::Random;
use crate::world::{Budget, World, second};

/// Lines of a batch.
const BATCH: u32 = 8;

/// Every account with one batch.
pub(super) fn planted(random: &mut Random, budget: Budget) -> World {
    some_planted(ACCOUNTS, random, budget)
}

/// So many accounts with one batch each.
pub(super) fn some_planted(accounts: u32, random: &mut Random, budget: Budget) -> World {
    let mut world = World::new(random.word(), accounts, SIZES, budget);
    for account in 0..accounts as usize {
        world.plant(account, "export", BATCH, 0);
    }
    world
}

fn ring(world: &mut World, at: i64, line: u32) {
    let line = world.line(line);
    world.hit(at, vec![line]);
}

/// Calls to uniform lines.
pub(super) fn uniform(random: &mut Random, budget: Budget) -> Scene {
    let mut world = planted(random, budget);
    for at in 1..=250 {
        ring(&mut world, at, random.below(SIZES.pool));
    }
    Scene::new(world, [])
}

/// Calls to a few popular lines and, more and more rarely, to all others.
pub(super) fn zipf(random: &mut Random, budget: Budget) -> Scene {
    let mut world = planted(random, budget);
    let mut lines: Vec<u32> = (0..SIZES.pool).collect();
    random.shuffle(&mut lines);
    let mut cumulative = Vec::new();
    let mut sum = 0.0;
    for rank in 1..=SIZES.pool {
        sum += f64::from(rank).powf(-1.2);
        cumulative.push(sum);
    }
    for at in 1..=400 {
        let ticket = sum * random.unit();
        ring(&mut world, at, lines[cumulative.partition_point(|&sum| sum <= ticket).min(lines.len() - 1)]);
    }
    Scene::new(world, [])
}

/// Somebody dials every line in turn, slowly and from many phones, while an
/// export is being used.
pub(super) fn war_dial(random: &mut Random, budget: Budget) -> Scene {
    let mut world = planted(random, budget);
    let leaked = world.account_lines(0);
    for line in 0..SIZES.pool {
        if random.chance(0.1) {
            ring(&mut world, i64::from(line), random.pick(&leaked));
        }
        ring(&mut world, i64::from(line), line);
    }
    Scene::new(world, [0])
}

/// Exports of five accounts in one file.
pub(super) fn merged(random: &mut Random, budget: Budget) -> Scene {
    let mut world = planted(random, budget);
    let leaked: Vec<u32> = (0..5).flat_map(|leaker| world.batch_lines(leaker)).collect();
    for at in 1..=200 {
        let line = if random.chance(0.3) { random.below(SIZES.pool) } else { random.pick(&leaked) };
        ring(&mut world, at, line);
    }
    Scene::new(world, 0..5)
}

/// One export sold to two buyers, the second of whom calls everybody again.
pub(super) fn resold(random: &mut Random, budget: Budget) -> Scene {
    let mut world = planted(random, budget);
    let leaked = world.account_lines(0);
    let part = &leaked[..12];
    for at in 1..=200 {
        let line = match random.below(10) {
            0..3 => random.below(SIZES.pool),
            3..6 => random.pick(&leaked),
            _ => random.pick(part),
        };
        for _ in 0..1 + random.below(3) {
            ring(&mut world, at, line);
        }
    }
    Scene::new(world, [0])
}

/// Who holds three exports keeps the rows of only one of them.
pub(super) fn differenced(random: &mut Random, budget: Budget) -> Scene {
    let mut world = planted(random, budget);
    let kept = lines_in(&world, 3, |copies| copies == 1);
    sell(&mut world, &kept, random);
    Scene::new(world, 0..3)
}

/// Who holds two exports keeps the rows of both.
pub(super) fn common_rows(random: &mut Random, budget: Budget) -> Scene {
    let mut world = planted(random, budget);
    let kept = lines_in(&world, 2, |copies| copies == 2);
    let kept = if kept.is_empty() { lines_in(&world, 2, |copies| copies == 1) } else { kept };
    sell(&mut world, &kept, random);
    Scene::new(world, 0..2)
}

/// Lines that as many of the first accounts have as `keep` says.
fn lines_in(world: &World, accounts: usize, keep: fn(usize) -> bool) -> Vec<u32> {
    let sets: Vec<Vec<u32>> = (0..accounts).map(|account| world.account_lines(account)).collect();
    (0..SIZES.pool).filter(|line| keep(sets.iter().filter(|set| set.contains(line)).count())).collect()
}

fn sell(world: &mut World, leaked: &[u32], random: &mut Random) {
    for at in 1..=150 {
        let line = if random.chance(0.4) { random.below(SIZES.pool) } else { random.pick(leaked) };
        ring(world, at, line);
    }
}

/// An adversary with one account's export reads every score after each few
/// calls and does what may push the leading innocent on: calls its known lines
/// again, says names on them, avoids lines that he knows are not its, and goes
/// on until it is named or every line has been called.
pub(super) fn chase(random: &mut Random, budget: Budget) -> Scene {
    let mut world = some_planted(20, random, budget);
    let held = world.account_lines(0);
    let mut called = vec![false; SIZES.pool as usize];
    let mut at = 0;
    while called.contains(&false) {
        let answer = attribute(&world.evidence());
        let leader = answer.ranked.iter().find(|ranked| ranked.account != crate::world::name(0));
        let Some(leader) = leader.filter(|leader| !leader.named) else { break };
        let ordinal = world.accounts.iter().position(|row| row.name == leader.account).expect("it is ranked");
        // Of the leader's lines he knows those that were called.
        let known: Vec<u32> = world.account_lines(ordinal).into_iter().filter(|&line| called[line as usize]).collect();
        at += 1;
        if at == 2 {
            // From here on calls depend on scores; that is noted, as an operator must.
            world.act_on_scores();
        }
        if !known.is_empty() && random.chance(0.5) {
            let line = world.line(random.pick(&known));
            world.hit(at, vec![line, said(random.below(10))]);
        }
        for _ in 0..8 {
            let open = |line: &u32| !called[*line as usize];
            let fresh: Vec<u32> = (0..SIZES.pool).filter(open).collect();
            let others: Vec<u32> = fresh.iter().copied().filter(|line| !held.contains(line)).collect();
            let choice = if others.is_empty() { &fresh } else { &others };
            if !choice.is_empty() {
                let line = random.pick(choice);
                called[line as usize] = true;
                ring(&mut world, at, line);
            }
        }
    }
    Scene::new(world, [0])
}

/// Accounts with six batches each; two batches of one leak.
pub(super) fn many_batches(random: &mut Random, budget: Budget) -> Scene {
    let mut world = World::new(random.word(), 20, SIZES, budget);
    for account in 0..20 {
        for batch in 0..6 {
            world.plant(account, &format!("export {batch}"), BATCH, batch);
        }
    }
    let leaked: Vec<u32> = (0..2).flat_map(|batch| world.batch_lines(batch)).collect();
    if budget.shares.pair == 1.0 {
        // Most of a pair's weight is kept for batches that never come.
        world.rules.rho = 0.4;
    }
    for at in 10..=210 {
        let line = if random.chance(0.6) { random.below(SIZES.pool) } else { random.pick(&leaked) };
        ring(&mut world, at, line);
    }
    Scene::new(world, [0])
}

/// Accounts start all the time, and a tenth of the hits is decided late.
pub(super) fn staggered(random: &mut Random, budget: Budget) -> Scene {
    let mut world = World::new(random.word(), ACCOUNTS, SIZES, budget);
    for account in 0..ACCOUNTS as usize {
        let start = i64::from(random.below(150));
        world.accounts[account].start = second(start);
        world.plant(account, "export", BATCH, start + i64::from(random.below(30)));
    }
    let leaked = world.account_lines(0);
    for at in 0..250 {
        let line = if random.chance(0.7) { random.below(SIZES.pool) } else { random.pick(&leaked) };
        let late = if random.chance(0.1) { i64::from(random.below(100)) } else { 0 };
        ring(&mut world, (at - late).max(0), line);
    }
    Scene::new(world, [0])
}

/// An opened account with eight batches of which two leak: are others named?
pub(super) fn level_two(random: &mut Random, budget: Budget) -> Scene {
    let sizes = Sizes { pool: 400, account: 100, standing: 4 };
    let mut world = World::new(random.word(), 5, sizes, budget);
    for batch in 0..8 {
        world.plant(0, &format!("export {batch}"), BATCH, 0);
    }
    for account in 1..5 {
        world.plant(account, "export 0", BATCH, 0);
    }
    world.open(0);
    // Batches are judged where the account is named: it is, by its own lines.
    world.rules.shares.account = 1.0;
    let leaked: Vec<u32> = (0..2).flat_map(|batch| world.batch_lines(batch)).collect();
    let account = world.account_lines(0);
    for at in 1..=60 {
        let line = match random.below(20) {
            0..4 => random.below(sizes.pool),
            // Who holds the account's other data knows its lines, not its batches.
            4 => random.pick(&account),
            _ => random.pick(&leaked),
        };
        ring(&mut world, at, line);
    }
    let mut scene = Scene::new(world, [0]);
    scene.exposed_batches = (0..2).map(|batch| format!("export {batch}")).collect();
    scene
}
