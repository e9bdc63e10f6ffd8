//! Stories and laws of joint certification of accounts.

use crate::codebook::{Holder, Sizes};
use crate::derive::{Draw, Stream};
use crate::observation::Found;
use crate::persona::{PersonaMaker, PersonaPattern, Role};
use crate::registry::{AccusationRow, ActKind, ActRow, NewAccusation, NewAct, Revelation, RevelationRow, Route};
use crate::rules::JointRules;

use super::evidence::Desk;
use super::testing::{Toy, World, second};
use super::together::Together;
use super::{attribute, attribute_by, explain, explain_all, prune};

const SIZES: Sizes = Sizes { pool: 200, account: 20, standing: 5 };
const LEAKERS: [usize; 4] = [3, 50, 111, 170];

impl World {
    fn export_lines(&self, account: usize, batch: &str) -> Vec<u32> {
        let holder = Holder::Account(&self.accounts[account].name);
        let lines = self.codebook.account_lines(holder);
        self.codebook.batch_lines(holder, &lines, batch, 10)
    }

    /// A call by somebody who called nobody before.
    fn stranger_rings(&mut self, at: i64, found: Vec<Found>) {
        self.hit(at, found);
        let caller = self.decisions.len().to_string();
        self.decisions.last_mut().expect("it was appended").hit.caller_tag = Some(caller);
    }
}

/// 200 accounts of one export each on few lines; four of them leak, every leaked
/// line rings `times` times, and a third of all calls is noise.
fn crowd(key: u64, times: u32) -> World {
    let mut world = World::new(key, 200, SIZES);
    world.rules.joint = Some(JointRules { first_look: 16, per_doubling: vec![4], ..JointRules::default() });
    for account in 0..200 {
        world.plant(account, "day", 10, (account % 7) as i64);
    }
    let mut calls: Vec<u32> = LEAKERS.iter().flat_map(|&leaker| world.export_lines(leaker, "day")).collect();
    calls = (0..times).flat_map(|_| calls.clone()).collect();
    let mut stream = Stream::new(&[key as u8; 32]);
    let noise = calls.len() / 2;
    calls.extend((0..noise).map(|_| stream.below(SIZES.pool)));
    for place in (1..calls.len()).rev() {
        calls.swap(place, stream.below(place as u32 + 1) as usize);
    }
    for (place, line) in calls.into_iter().enumerate() {
        world.stranger_rings(10 + place as i64, vec![world.line(line)]);
    }
    world
}

fn act(after_seq: u64) -> ActRow {
    let act = NewAct { epoch: 1, kind: ActKind::BlockLine, account: None, why: "pranks".into() };
    ActRow { id: 1, act, after_seq, at: second(50) }
}

#[test]
fn leakers_who_drown_each_other_are_named_together() {
    let mut world = crowd(7, 5);
    let answer = attribute(&world.evidence());
    world.rules.joint = None;
    let without = attribute(&world.evidence());

    let mut named: Vec<&str> = answer.named.iter().map(|named| named.account.as_str()).collect();
    named.sort_unstable();
    assert_eq!(named, ["account-111", "account-170", "account-3", "account-50"]);
    assert!(without.named.len() < 4, "the processes alone do not do it: {:?}", without.named);
    let joint = answer.named.iter().flat_map(|named| &named.routes).filter(|route| route.route == Route::Joint);
    assert_eq!(joint.clone().count(), 4);
    assert!(joint.clone().all(|route| route.ln_e_crossed >= route.ln_threshold && route.batch.is_empty()));
    assert!(answer.ranked[..4].iter().all(|ranked| ranked.named && ranked.route == Route::Joint));
    assert_eq!(without.joint, None);
}

#[test]
fn the_path_of_an_account_leads_to_its_verdict() {
    let world = crowd(7, 5);
    let answer = attribute(&world.evidence());
    let route = answer.named[0].routes.iter().find(|route| route.route == Route::Joint).expect("it names it");

    let explained = explain(&world.evidence(), &answer.named[0].account, None).expect("it is bound");

    let path = explained.joint.expect("looks are registered");
    let summary = answer.joint.expect("looks are registered");
    assert_eq!(path.steps.len(), summary.looks.len());
    let sum: f64 = path.steps.iter().map(|step| step.weight * step.ln_e.exp()).sum();
    assert!((sum.ln() - path.ln_s).abs() < 1e-9);
    let crossed = path.crossed.expect("it is named");
    assert_eq!((crossed.seq, crossed.ln_e), (route.crossed_seq, route.ln_e_crossed));
    let last = path.steps.last().and_then(|step| step.strongest.as_ref()).expect("it was judged");
    assert_eq!((last.batch.as_deref(), last.lines), (Some("day"), 10));
    assert_eq!(explain_all(&world.evidence(), [answer.named[0].account.as_str()])[0].joint.as_ref(), Some(&path));
}

#[test]
fn what_comes_later_changes_no_earlier_look() {
    let world = crowd(7, 5);
    let path = |world: &World| {
        let evidence = world.evidence();
        let desk = Desk::new(&evidence);
        Together::new(&desk).expect("looks are registered").path(&desk, LEAKERS[1])
    };
    let mut early = crowd(7, 5);
    early.decisions.truncate(130);

    let (before, mut after) = (path(&early), path(&world));

    assert!(before.steps.len() > 10 && before.steps.len() < after.steps.len());
    after.steps.truncate(before.steps.len());
    assert_eq!(before.steps, after.steps);
    // Nor do accounts and exports that came later.
    early.plant(LEAKERS[1], "late", 10, 1_000_000);
    early.plant(9, "late", 10, 1_000_000);
    assert_eq!(path(&early).steps, before.steps);
}

#[test]
fn an_act_driven_by_scores_ends_the_looks() {
    let mut world = crowd(7, 5);
    world.acts.push(act(40));
    let answer = attribute(&world.evidence());

    let looks = answer.joint.expect("looks are registered").looks;
    let skipped: Vec<u64> = looks.iter().filter(|look| look.skipped.is_some()).map(|look| look.seq).collect();
    assert!(skipped.iter().all(|&seq| seq > 40) && looks.len() - skipped.len() == 6, "{skipped:?}");
    assert!(looks.last().and_then(|look| look.skipped.as_ref()).is_some_and(|why| why.contains("pranks")));
    assert!(answer.named.iter().flat_map(|named| &named.routes).all(|route| route.route != Route::Joint));
}

#[test]
fn an_account_whose_lines_were_shown_is_judged_no_more() {
    let mut world = crowd(7, 5);
    let name = world.accounts[LEAKERS[0]].name.clone();
    let accusation = NewAccusation {
        epoch: 1,
        account: name.clone(),
        batch: String::new(),
        route: Route::Account,
        ln_e: 30.0,
        ln_threshold: 20.0,
        seq: 40,
    };
    world.accusations.push(AccusationRow { id: 1, accusation, at: second(50) });
    let revelation = Revelation {
        epoch: 1,
        account: name.clone(),
        batch: None,
        lines: vec![1],
        numbers: Vec::new(),
        why: "canaries".into(),
    };
    world.revelations.push(RevelationRow { revelation, after_seq: 40, at: second(60) });
    let evidence = world.evidence();
    let desk = Desk::new(&evidence);

    let together = Together::new(&desk).expect("looks are registered");

    let judged = |account| -> Vec<bool> {
        together.path(&desk, account).steps.iter().map(|step| step.seq > 40 && step.strongest.is_some()).collect()
    };
    assert!(!judged(LEAKERS[0]).contains(&true));
    assert!(judged(LEAKERS[1]).contains(&true), "the others are still explained by it");
}

#[test]
fn pruning_and_threads_change_no_answer() {
    let world = crowd(3, 4);
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| attribute(&world.evidence()))
    };

    let (one, two) = (on(1), on(2));

    assert_eq!(one, two);
    assert_eq!(one, attribute_by(&world.evidence(), prune::unpruned));
}

#[test]
fn names_count_on_lines_that_are_its_own() {
    let mut world = crowd(7, 5);
    let leaker = LEAKERS[2];
    let line = world.export_lines(leaker, "day")[3];
    let holder = Holder::Account(&world.accounts[leaker].name);
    let persona = Toy.persona(Role::Recipient, &world.codebook.persona_seed(holder, Role::Recipient, line));
    let mut pattern = PersonaPattern::default();
    pattern.name.family = Some([persona.name.family.clone()].into());
    let at = world.decisions.iter().position(|row| row.hit.found == [world.line(line)]).expect("it rang");
    world.decisions[at].hit.found.push(Found::Person { pattern });
    let evidence = world.evidence();
    let desk = Desk::new(&evidence);

    let path = Together::new(&desk).expect("looks are registered").path(&desk, leaker);

    let names = path.steps.iter().filter_map(|step| Some((step.seq, step.strongest.as_ref()?.ln_names)));
    let names: Vec<(u64, f64)> = names.collect();
    let last = names.last().expect("it was judged").1;
    assert!(last > 0.1 && last <= 10f64.ln(), "{names:?}");
    assert!(names.iter().all(|(seq, ln_names)| *seq > at as u64 || *ln_names == 0.0), "{names:?}");
}

/// Over many keys, innocent accounts have a mean of at most the weight spent.
#[test]
fn innocents_have_a_mean_of_at_most_one() {
    let (mut sum, mut accounts, mut largest) = (0.0, 0, f64::NEG_INFINITY);
    for key in 0..20 {
        let mut world = crowd(100 + key, 2);
        world.rules.n_max = 10_000;
        let evidence = world.evidence();
        let desk = Desk::new(&evidence);
        let together = Together::new(&desk).expect("looks are registered");
        for account in (0..200).filter(|account| !LEAKERS.contains(account)) {
            let ln_s =
                together.margin(account).map_or(f64::NEG_INFINITY, |margin| margin + world.rules.ln_joint_threshold());
            sum += ln_s.exp();
            largest = largest.max(ln_s);
            accounts += 1;
        }
    }

    let mean = sum / f64::from(accounts);
    assert!(mean < 1.0 && largest > 0.0, "{mean} {largest}");
}
