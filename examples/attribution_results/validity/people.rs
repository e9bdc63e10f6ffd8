//! Worlds of statements about persons.

use trapline::codebook::Holder;
use trapline::observation::Found;
use trapline::persona::{PersonaMaker, Role};

use super::calls::{planted, some_planted};
use super::{SIZES, Scene};
use crate::people::{People, said, said_of};
use crate::random::Random;
use crate::world::{Budget, World};

/// What a row of the account says about who wears `line`.
fn read_out(world: &World, account: usize, role: Role, line: u32) -> Found {
    let holder = Holder::Account(&world.accounts[account].name);
    said_of(&People.persona(role, &world.codebook.persona_seed(holder, role, line)))
}

/// Few lines, but names on them over and over, and reports without a line. One
/// account's rows are read out; everybody else's persons fit by chance.
pub(super) fn persons_only(random: &mut Random, budget: Budget) -> Scene {
    let mut world = some_planted(20, random, budget);
    let leaked = world.account_lines(0);
    for at in 1..=40 {
        let line = if random.chance(0.5) { random.below(12) } else { random.pick(&leaked[..6]) };
        let said = match leaked.contains(&line) {
            true if random.chance(0.7) => read_out(&world, 0, Role::Recipient, line),
            _ => said(random.below(10)),
        };
        let on = world.line(line);
        world.hit(at, if random.chance(0.4) { vec![said] } else { vec![on, said] });
    }
    Scene::new(world, [0])
}

/// Rows of a dump: a sender's phone and name, a recipient's phone and name.
/// Half the rows are one account's, half are made up.
pub(super) fn two_line_rows(random: &mut Random, budget: Budget) -> Scene {
    let mut world = planted(random, budget);
    for row in &mut world.plantings {
        row.roles = vec![Role::Sender, Role::Recipient];
    }
    let leaked = world.batch_lines(0);
    for at in 1..=60 {
        let ours = random.chance(0.3);
        let canary = random.below(leaked.len() as u32 / 2) as usize;
        let mut row = Vec::new();
        for (place, role) in [Role::Sender, Role::Recipient].into_iter().enumerate() {
            let line = if ours { leaked[2 * canary + place] } else { random.below(SIZES.pool) };
            let id = world.pool[line as usize];
            row.push(Found::Line { line: id, role: random.chance(0.8).then_some(role) });
            row.push(if ours { read_out(&world, 0, role, line) } else { said(random.below(10)) });
        }
        world.hit(at, row);
    }
    Scene::new(world, [0])
}

/// Staff are shown six lines of an innocent account, and all of a batch of
/// another; they call just these, and say the names that stand beside them.
pub(super) fn shown_lines(random: &mut Random, budget: Budget) -> Scene {
    staff_calls(random, budget, true)
}

/// The same, whether or not it is entered that somebody saw the lines.
pub(super) fn staff_calls(random: &mut Random, budget: Budget, entered: bool) -> Scene {
    let mut world = planted(random, budget);
    for at in 1..=20 {
        let line = world.line(random.below(SIZES.pool));
        world.hit(at, vec![line]);
    }
    let seen = world.account_lines(7)[..6].to_vec();
    let batch = world.batch_lines(9);
    if entered {
        world.reveal(7, None, seen.clone());
        world.reveal(9, Some("export"), Vec::new());
    }
    for at in 21..=100 {
        let (account, line) = match random.below(3) {
            0 => (7, random.pick(&seen)),
            1 => (9, random.pick(&batch)),
            _ => (0, random.below(SIZES.pool)),
        };
        let on = world.line(line);
        let said = if account > 0 { read_out(&world, account, Role::Recipient, line) } else { said(random.below(10)) };
        world.hit(at, vec![on, said]);
    }
    Scene::new(world, [])
}
