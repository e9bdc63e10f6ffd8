//! Memory and SQLite give the same answers to the same script.

use std::fmt::Debug;

use jiff::{Timestamp, ToSpan as _};
use proptest::collection::vec;
use proptest::prelude::*;
use trapline::registry::memory::MemoryRegistry;
use trapline::registry::sqlite::SqliteRegistry;
use trapline::registry::{
    ActKind, Ingest, LineUse, NewAccusation, NewAct, NewDecision, NewQuarantine, NewScope, Registry, Result,
    Revelation, Route, Verdict,
};

use super::{at, batch, call, line, planting, rules, vault};

const NAMES: [&str; 6] = ["", "east", "west", "north", "south", "centre"];

/// One step of a script; small numbers, so that steps meet.
#[derive(Clone, Debug)]
enum Step {
    AddLines(Vec<u32>),
    OpenEpoch { epoch: u32, pool: Vec<i64> },
    PutTemplate { hash: usize, text: usize },
    Bind { epoch: u32, names: Vec<usize>, template: usize },
    Allocate { size: u64, count: u64 },
    Plant(Vec<(u32, usize, usize, usize)>),
    Release(Vec<i64>),
    Ingest { feed: usize, records: u64, hits: Vec<(u8, i64)>, rejected: Vec<u8> },
    FeedFailed(usize),
    Decide { epoch: u32, observations: Vec<i64> },
    Accuse { epoch: u32, name: usize, pair: bool, message: bool },
    OpenAccount { epoch: u32, name: usize },
    Reveal { epoch: u32, name: usize, lines: Vec<u32> },
    OpenScope { epoch: u32, name: usize, template: usize, serials: u64 },
    Act { epoch: u32, kind: usize, name: Option<usize> },
    Delivered(i64),
    NotDelivered(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let epoch = || 1..4u32;
    let name = || 0..NAMES.len();
    prop_oneof![
        vec(0..6u32, 0..4).prop_map(Step::AddLines),
        (epoch(), vec(1..6i64, 2)).prop_map(|(epoch, pool)| Step::OpenEpoch { epoch, pool }),
        (0..2usize, 0..2usize).prop_map(|(hash, text)| Step::PutTemplate { hash, text }),
        (epoch(), vec(name(), 0..4), 0..2usize).prop_map(|(epoch, names, template)| Step::Bind {
            epoch,
            names,
            template
        }),
        (10..12u64, 0..5u64).prop_map(|(size, count)| Step::Allocate { size, count }),
        vec((epoch(), name(), name(), 0..2usize), 0..4).prop_map(Step::Plant),
        vec(0..5i64, 0..3).prop_map(Step::Release),
        (name(), 0..3u64, vec((0..5u8, -2..8i64), 0..4), vec(0..4u8, 0..3))
            .prop_map(|(feed, records, hits, rejected)| Step::Ingest { feed, records, hits, rejected }),
        name().prop_map(Step::FeedFailed),
        (epoch(), vec(0..6i64, 0..4)).prop_map(|(epoch, observations)| Step::Decide { epoch, observations }),
        (epoch(), name(), any::<bool>(), any::<bool>()).prop_map(|(epoch, name, pair, message)| Step::Accuse {
            epoch,
            name,
            pair,
            message
        }),
        (epoch(), name()).prop_map(|(epoch, name)| Step::OpenAccount { epoch, name }),
        (epoch(), name(), vec(0..3u32, 0..2)).prop_map(|(epoch, name, lines)| Step::Reveal { epoch, name, lines }),
        (epoch(), name(), 0..2usize, 0..3u64).prop_map(|(epoch, name, template, serials)| Step::OpenScope {
            epoch,
            name,
            template,
            serials
        }),
        (epoch(), 0..5usize, proptest::option::of(name())).prop_map(|(epoch, kind, name)| Step::Act {
            epoch,
            kind,
            name
        }),
        (0..3i64).prop_map(Step::Delivered),
        (0..3i64).prop_map(Step::NotDelivered),
    ]
}

/// Takes one step; returns the answer as text.
fn take(registry: &mut dyn Registry, step: &Step, now: Timestamp) -> String {
    match step {
        Step::AddLines(numbers) => {
            let lines: Vec<_> =
                numbers.iter().map(|&n| line(n, if n == 5 { LineUse::Control } else { LineUse::Trap })).collect();
            told(registry.add_lines(&lines, now))
        }
        Step::OpenEpoch { epoch, pool } => told(registry.open_epoch(&rules(*epoch, 2), pool, now)),
        Step::PutTemplate { hash, text } => told(registry.put_template(NAMES[*hash], "name", NAMES[*text])),
        Step::Bind { epoch, names, template } => {
            let names: Vec<&str> = names.iter().map(|&name| NAMES[name]).collect();
            told(registry.bind_accounts(*epoch, &names, NAMES[*template], now))
        }
        Step::Allocate { size, count } => told(registry.allocate_serials("block", *size, *count)),
        Step::Plant(batches) => {
            let plantings: Vec<_> = batches
                .iter()
                .map(|&(epoch, name, id, input)| planting(batch(epoch, NAMES[name], NAMES[id]), NAMES[input], 17))
                .collect();
            match plantings.as_slice() {
                [only] => told(registry.plant(only)),
                many => told(registry.plant_many(many)),
            }
        }
        Step::Release(ids) => told(registry.release_many(ids, now)),
        Step::Ingest { feed, records, hits, rejected } => {
            let quarantine =
                |id: &u8| NewQuarantine { identity: id.to_string(), fault: "torn".to_owned(), raw: vec![*id; 3] };
            told(registry.ingest(&Ingest {
                feed: NAMES[*feed].to_owned(),
                cursor: records.to_string(),
                now,
                records: *records,
                hits: hits.iter().map(|(id, seconds)| call(&id.to_string(), *seconds)).collect(),
                rejected: rejected.iter().map(quarantine).collect(),
            }))
        }
        Step::FeedFailed(feed) => told(registry.feed_failed(NAMES[*feed], "refused", now)),
        Step::Decide { epoch, observations } => {
            let decision = |&observation: &i64| NewDecision {
                observation,
                verdict: Verdict::Confirmed,
                rules_hash: "r".to_owned(),
            };
            told(registry.decide(*epoch, &observations.iter().map(decision).collect::<Vec<_>>(), now))
        }
        Step::Accuse { epoch, name, pair, message } => {
            let accusation = NewAccusation {
                epoch: *epoch,
                account: NAMES[*name].to_owned(),
                batch: String::new(),
                route: if *pair { Route::Pair } else { Route::AtOnce },
                ln_e: f64::INFINITY,
                ln_threshold: 20.1,
                seq: 1,
            };
            told(registry.accuse(&accusation, message.then_some("body"), now))
        }
        Step::OpenAccount { epoch, name } => told(registry.open_account(*epoch, NAMES[*name], "accused", now)),
        Step::Reveal { epoch, name, lines } => {
            let revelation = Revelation {
                epoch: *epoch,
                account: NAMES[*name].to_owned(),
                batch: None,
                lines: lines.clone(),
                numbers: Vec::new(),
                why: "trace".to_owned(),
            };
            told(registry.reveal(&revelation, now))
        }
        Step::OpenScope { epoch, name, template, serials } => {
            let scope = NewScope {
                epoch: *epoch,
                name: NAMES[*name].to_owned(),
                template: NAMES[*template].to_owned(),
                block: if *serials == 1 { String::new() } else { "block".to_owned() },
                block_size: 10,
                serials: *serials,
            };
            told(registry.open_scope(&scope, now))
        }
        Step::Act { epoch, kind, name } => {
            let act = NewAct {
                epoch: *epoch,
                kind: ActKind::ALL[*kind].0,
                account: name.map(|name| NAMES[name].to_owned()),
                why: "said so".to_owned(),
            };
            told(registry.record_act(&act, now))
        }
        Step::Delivered(id) => told(registry.outbox_delivered(*id, now)),
        Step::NotDelivered(id) => told(registry.outbox_failed(*id, "status 500", now)),
    }
}

/// Everything a registry answers, as text.
fn everything(registry: &dyn Registry, now: Timestamp) -> Vec<String> {
    let lines = registry.lines().expect("lines");
    let mut answers: Vec<String> = lines.iter().map(|row| format!("{row:?} {}", row.line.number)).collect();
    answers.extend([
        told(registry.epochs()),
        told(registry.templates()),
        told(registry.template("")),
        told(registry.feeds()),
        told(registry.feed("east")),
        told(registry.quarantined()),
        told(registry.newest_hit()),
        told(registry.outbox_due(now)),
        told(registry.outbox_waiting()),
    ]);
    for id in 0..7 {
        answers.extend([told(registry.planted_rows(id)), told(registry.observation(id))]);
    }
    for epoch in 1..4 {
        answers.extend([
            told(registry.pool(epoch)),
            told(registry.accounts(epoch)),
            told(registry.account(epoch, "east")),
            told(registry.plantings(epoch)),
            told(registry.planted(epoch)),
            told(registry.planting(&batch(epoch, "east", "west"))),
            told(registry.undecided(epoch, at(0), at(7))),
            told(registry.decided_since(epoch, at(3))),
            told(registry.decisions(epoch)),
            told(registry.weighed(epoch)),
            told(registry.accusations(epoch)),
            told(registry.openings(epoch)),
            told(registry.revelations(epoch)),
            told(registry.scopes(epoch)),
            told(registry.acts(epoch)),
        ]);
    }
    answers
}

fn told<T: Debug>(answer: Result<T>) -> String {
    match answer {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("refused: {error}"),
    }
}

/// What most scripts would take long to stumble on: lines, an epoch, accounts.
fn opening_steps() -> Vec<Step> {
    vec![
        Step::AddLines(vec![0, 1, 2]),
        Step::OpenEpoch { epoch: 1, pool: vec![2, 1] },
        Step::PutTemplate { hash: 0, text: 0 },
        Step::Bind { epoch: 1, names: vec![1, 2], template: 0 },
    ]
}

proptest! {
    // Each commit waits for the disk: few scripts, each of many steps.
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn memory_and_sqlite_answer_alike(script in vec(step(), 1..40)) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut sqlite = SqliteRegistry::create(&folder.path().join("registry.db"), vault(1)).expect("a registry");
        let mut memory = MemoryRegistry::new(vault(1).key_id());

        let mut now = at(10);
        for step in opening_steps().into_iter().chain(script) {
            // Finer than what is kept: both must cut it alike.
            now = now.checked_add(1_000_000_700.nanoseconds()).expect("within the calendar");
            prop_assert_eq!(take(&mut memory, &step, now), take(&mut sqlite, &step, now), "{:?}", step);
        }

        prop_assert_eq!(everything(&memory, now), everything(&sqlite, now));
    }
}
