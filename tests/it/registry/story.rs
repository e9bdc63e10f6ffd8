//! The whole life of a registry, told once and played over every store.

use jiff::Timestamp;
use trapline::registry::memory::MemoryRegistry;
use trapline::registry::sqlite::SqliteRegistry;
use trapline::registry::{
    Error, Ingest, Ingested, LineUse, NewAccusation, NewDecision, NewQuarantine, PlantingRow, Registry, Revelation,
    Route, Verdict,
};

use super::{at, batch, call, line, planting, rules, vault};

/// What happens to a registry between two chapters.
type Between<'a> = &'a dyn Fn(Box<dyn Registry>) -> Box<dyn Registry>;

const CHAPTERS: [fn(&mut dyn Registry); 11] = [
    lines_are_added_all_or_none,
    an_epoch_is_opened_once_and_stands,
    accounts_are_bound_once,
    serials_are_used_up,
    batches_are_planted_once,
    feeds_move_their_cursor_with_what_they_bring,
    hits_are_decided_once,
    accusations_come_with_their_message,
    accounts_are_opened_anew_when_batches_were_added,
    looks_are_noted_once,
    messages_wait_until_they_are_delivered,
];

#[test]
fn in_memory() {
    play(Box::new(MemoryRegistry::new(vault(1).key_id())), &|registry| registry);
}

#[test]
fn in_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("registry.db");

    play(Box::new(SqliteRegistry::create(&path, vault(1)).expect("a registry")), &|registry| registry);
}

#[test]
fn in_sqlite_closed_and_opened_between_chapters() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("registry.db");
    let reopen = |registry: Box<dyn Registry>| -> Box<dyn Registry> {
        drop(registry);
        Box::new(SqliteRegistry::open(&path, vault(1)).expect("the registry of the last chapter"))
    };

    play(Box::new(SqliteRegistry::create(&path, vault(1)).expect("a registry")), &reopen);
}

fn play(mut registry: Box<dyn Registry>, between: Between<'_>) {
    for chapter in CHAPTERS {
        chapter(registry.as_mut());
        registry = between(registry);
    }
    assert_eq!(registry.key_id(), vault(1).key_id());
}

fn lines_are_added_all_or_none(registry: &mut dyn Registry) {
    let mut extension = line(3, LineUse::Trap);
    extension.number.extension = "0042".to_owned();
    let lines = [line(1, LineUse::Trap), line(2, LineUse::Control), line(3, LineUse::Trap), extension];

    registry.add_lines(&lines, at(0)).expect("new lines");
    let again = registry.add_lines(&[line(4, LineUse::Trap), line(2, LineUse::Trap)], at(1));
    let twice = registry.add_lines(&[line(5, LineUse::Trap), line(6, LineUse::Trap), line(5, LineUse::Trap)], at(1));

    assert!(matches!(&again, Err(Error::Conflict(what)) if what.contains("line 2 of the list")), "{again:?}");
    assert!(matches!(&twice, Err(Error::Conflict(what)) if what.contains("line 3 of the list")), "{twice:?}");
    let kept = registry.lines().expect("lines");
    assert_eq!(kept.iter().map(|row| row.id).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert!(kept.iter().map(|row| &row.line).eq(&lines));
}

fn an_epoch_is_opened_once_and_stands(registry: &mut dyn Registry) {
    let registered = rules(1, 2);

    registry.open_epoch(&registered, &[4, 1], at(10)).expect("a new epoch");
    registry.open_epoch(&registered, &[4, 1], at(20)).expect("the same epoch");
    let mut edited = registered.clone();
    edited.triage.min_seconds = 0;
    conflict(registry.open_epoch(&edited, &[4, 1], at(20)), "other rules");
    conflict(registry.open_epoch(&registered, &[1, 4], at(20)), "another pool");
    conflict(registry.open_epoch(&rules(2, 2), &[1, 2], at(20)), "control line");
    conflict(registry.open_epoch(&rules(2, 2), &[1, 1], at(20)), "twice");
    conflict(registry.open_epoch(&rules(2, 3), &[1, 3], at(20)), "pool of 3 lines");
    missing(registry.open_epoch(&rules(2, 2), &[1, 9], at(20)), "no line 9");

    let epochs = registry.epochs().expect("epochs");
    assert_eq!(epochs.len(), 1);
    assert_eq!((&epochs[0].rules, &epochs[0].rules_hash), (&registered, &registered.hash()));
    assert_eq!(epochs[0].opened, at(10));
    assert_eq!(registry.pool(1).expect("a pool"), [4, 1]);
    missing(registry.pool(2), "epoch 2");
}

fn accounts_are_bound_once(registry: &mut dyn Registry) {
    registry.put_template("t1", "express", "fields: {}").expect("a new template");
    registry.put_template("t1", "express", "fields: {}").expect("the same template");
    registry.put_template("t2", "parcel", "fields: []").expect("another template");
    conflict(registry.put_template("t1", "express", "fields: x"), "t1");

    let bound = registry.bind_accounts(1, &["west", "east", "west"], "t1", at(50)).expect("accounts");
    let again = registry.bind_accounts(1, &["north", "east"], "t1", at(60)).expect("accounts");
    conflict(registry.bind_accounts(1, &["south", "east"], "t2", at(70)), "east");
    conflict(registry.bind_accounts(1, &["a", "b"], "t1", at(70)), "at most 4 sources");
    missing(registry.bind_accounts(1, &["south"], "t3", at(70)), "template t3");
    missing(registry.bind_accounts(2, &["south"], "t1", at(70)), "epoch 2");

    assert_eq!(registry.template("t1").expect("a text"), "fields: {}");
    missing(registry.template("t3"), "t3");
    assert_eq!(registry.templates().expect("hashes"), ["t1", "t2"]);
    assert_eq!(bound.iter().map(|row| row.ordinal).collect::<Vec<_>>(), [0, 1, 0]);
    assert_eq!(again.iter().map(|row| (row.ordinal, row.start)).collect::<Vec<_>>(), [(2, at(60)), (1, at(50))]);
    let accounts = registry.accounts(1).expect("accounts");
    assert_eq!(accounts, [bound[0].clone(), bound[1].clone(), again[0].clone()]);
    assert_eq!(registry.account(1, "east").expect("an answer"), Some(accounts[1].clone()));
    assert_eq!(registry.account(1, "south").expect("an answer"), None);
    assert_eq!(registry.account(2, "east").expect("an answer"), None);
}

fn serials_are_used_up(registry: &mut dyn Registry) {
    assert_eq!(registry.allocate_serials("demo", 10, 4).expect("serials"), 0);
    assert_eq!(registry.allocate_serials("demo", 10, 0).expect("no serials"), 4);
    assert_eq!(registry.allocate_serials("other", u64::from(u32::MAX), 7).expect("serials"), 0);
    conflict(registry.allocate_serials("demo", 10, 7), "6 serials left and 7 are needed");
    conflict(registry.allocate_serials("demo", 11, 1), "10 serials in the registry, 11 in the template");
    assert_eq!(registry.allocate_serials("demo", 10, 6).expect("the rest"), 4);
}

fn batches_are_planted_once(registry: &mut dyn Registry) {
    let first = planting(batch(1, "east", "monday"), "input-1", 100);
    let mut other = planting(batch(1, "east", "tuesday"), "input-2", 7);
    other.rows.rows.reverse();

    let row = registry.plant(&first).expect("a planting");
    let again = registry.plant(&first).expect("the same planting");
    conflict(registry.plant(&planting(batch(1, "east", "monday"), "input-9", 100)), "another input");
    missing(registry.plant(&planting(batch(1, "south", "monday"), "input-1", 100)), "south");
    let torn = [other.clone(), planting(batch(1, "east", "monday"), "input-9", 100)];
    conflict(registry.plant_many(&torn), "another input");
    let many = registry
        .plant_many(&[other.clone(), planting(batch(1, "west", ""), "", 40), other.clone()])
        .expect("plantings");

    assert_eq!(row, again);
    assert_eq!((row.id, row.j, row.serials.as_slice()), (1, 1, [100, 101, 102].as_slice()));
    assert_eq!(many.iter().map(|row| (row.id, row.j)).collect::<Vec<_>>(), [(2, 2), (3, 1), (2, 2)]);
    assert_eq!(many[0].serials, [9, 8, 7]);
    assert_eq!(registry.planted_rows(2).expect("rows"), other.rows);
    missing(registry.planted_rows(4), "planting 4");

    registry.release(1, at(200)).expect("a release");
    registry.release_many(&[1, 2], at(300)).expect("a release");
    missing(registry.release_many(&[3, 4], at(400)), "planting 4");
    let plantings = registry.plantings(1).expect("plantings");
    assert_eq!(plantings.iter().map(|row| row.released).collect::<Vec<_>>(), [Some(at(200)), Some(at(300)), None]);
    assert_eq!(registry.planting(&first.key).expect("an answer").as_ref(), Some(&plantings[0]));
    assert_eq!(registry.planting(&batch(1, "west", "monday")).expect("an answer"), None);
    assert_eq!(registry.plantings(2).expect("an answer"), []);
    let told = |row: &PlantingRow| (row.key.account.clone(), row.key.batch.clone(), row.at, row.serials.clone());
    let planted = registry.planted(1).expect("what was planted");
    let short = planted.into_iter().map(|row| (row.account, row.batch, row.at, row.serials));
    assert_eq!(short.collect::<Vec<_>>(), plantings.iter().map(told).collect::<Vec<_>>());
}

fn feeds_move_their_cursor_with_what_they_bring(registry: &mut dyn Registry) {
    registry.feed_failed("pbx", "connection refused", at(500)).expect("a note");
    registry.feed_failed("pbx", "timed out", at(510)).expect("a note");
    let failing = registry.feed("pbx").expect("an answer").expect("a feed");
    assert_eq!((failing.cursor.as_str(), failing.failures, failing.error.as_str()), ("", 2, "timed out"));
    let batch = Ingest {
        feed: "pbx".to_owned(),
        cursor: r#"{"offset":812}"#.to_owned(),
        now: at(1000),
        records: 40,
        hits: vec![call("b", 700), call("a", 600), call("c", 700), call("late", -5)],
        rejected: vec![NewQuarantine {
            identity: "x".to_owned(),
            fault: "expected 9 fields, found 8".to_owned(),
            raw: b"1540000\xff".to_vec(),
        }],
    };

    let first = registry.ingest(&batch).expect("a batch");
    let second = registry.ingest(&Ingest { records: 0, now: at(1100), ..batch.clone() }).expect("the same batch");
    registry.feed_failed("web", "status 500", at(1200)).expect("a note");
    let elsewhere = Ingest { feed: "web".to_owned(), hits: vec![call("a", 650)], rejected: vec![], ..batch };
    let third = registry.ingest(&elsewhere).expect("a batch of another feed");

    assert_eq!(first, Ingested { new: 4, known: 0, quarantined: 1 });
    assert_eq!(second, Ingested { new: 0, known: 4, quarantined: 0 });
    assert_eq!(third, Ingested { new: 1, known: 0, quarantined: 0 }, "an identity belongs to its feed");
    let feeds = registry.feeds().expect("feeds");
    assert_eq!(feeds.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["pbx", "web"]);
    assert_eq!(feeds[0].cursor, r#"{"offset":812}"#);
    assert_eq!((feeds[0].records, feeds[0].failures, feeds[0].error.as_str()), (40, 0, ""));
    assert_eq!((feeds[0].last_success, feeds[0].last_record), (Some(at(1100)), Some(at(1000))));
    assert_eq!(registry.feed("fax").expect("an answer"), None);
    let quarantined = registry.quarantined().expect("records");
    assert_eq!(quarantined.len(), 1);
    assert_eq!((quarantined[0].feed.as_str(), quarantined[0].raw.as_slice()), ("pbx", b"1540000\xff".as_slice()));
    assert_eq!(registry.observation(2).expect("an observation").observation, call("a", 600).observation);
    missing(registry.observation(6), "observation 6");
    assert_eq!(registry.newest_hit().expect("an answer"), Some(at(700)));
}

fn hits_are_decided_once(registry: &mut dyn Registry) {
    let (begins, ends) = (at(0), at(10_000));
    let decision = |observation, verdict| NewDecision { observation, verdict, rules_hash: "r".to_owned() };
    let ids = |registry: &dyn Registry, begins, ends| -> Vec<i64> {
        registry.undecided(1, begins, ends).expect("hits").iter().map(|row| row.id).collect()
    };
    assert_eq!(ids(registry, begins, ends), [2, 5, 1, 3], "by time, then id; not before the epoch");
    assert_eq!(ids(registry, at(600), at(700)), [2, 5], "the end is exclusive");

    missing(registry.decide(1, &[decision(2, Verdict::Confirmed), decision(99, Verdict::Storm)], at(1900)), "99");
    missing(registry.decide(2, &[], at(1900)), "epoch 2");
    registry.decide(1, &[decision(2, Verdict::Confirmed), decision(1, Verdict::Storm)], at(2000)).expect("decisions");
    let more = [decision(1, Verdict::Confirmed), decision(3, Verdict::Slight), decision(3, Verdict::Storm)];
    registry.decide(1, &more, at(2100)).expect("one new decision");

    let decisions = registry.decisions(1).expect("decisions");
    let told: Vec<_> = decisions.iter().map(|row| (row.seq, row.observation, row.verdict, row.decided)).collect();
    assert_eq!(
        told,
        [(1, 2, Verdict::Confirmed, at(2000)), (2, 1, Verdict::Storm, at(2000)), (3, 3, Verdict::Slight, at(2100))]
    );
    assert_eq!((decisions[0].at, &decisions[0].hit), (at(600), &call("a", 600).hit));
    assert_eq!(ids(registry, begins, ends), [5]);
    let since = registry.decided_since(1, at(700)).expect("hits");
    assert_eq!(since.iter().map(|row| row.id).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(registry.decided_since(1, Timestamp::MIN).expect("hits").len(), 3);
}

fn accusations_come_with_their_message(registry: &mut dyn Registry) {
    let accusation = NewAccusation {
        epoch: 1,
        account: "east".to_owned(),
        batch: "monday".to_owned(),
        route: Route::Pair,
        ln_e: 23.25,
        ln_threshold: 22.5,
        seq: 3,
    };
    let account = NewAccusation { route: Route::Account, batch: String::new(), ..accusation.clone() };

    let first = registry.accuse(&accusation, Some("east leaked"), at(3000)).expect("an accusation");
    let again = NewAccusation { ln_e: 40.0, ..accusation.clone() };
    let second = registry.accuse(&again, Some("east leaked again"), at(3100)).expect("the standing one");
    let silent = registry.accuse(&account, None, at(3200)).expect("an accusation");
    let nobody = NewAccusation { account: "south".to_owned(), ..account.clone() };
    missing(registry.accuse(&nobody, Some("south leaked"), at(3200)), "south");

    assert_eq!((first, second, silent), (true, false, true));
    let accusations = registry.accusations(1).expect("accusations");
    assert_eq!(accusations.iter().map(|row| &row.accusation).collect::<Vec<_>>(), [&accusation, &account]);
    assert_eq!(accusations.iter().map(|row| row.at).collect::<Vec<_>>(), [at(3000), at(3200)]);
    assert_eq!(registry.outbox_waiting().expect("a count"), 1);
}

fn accounts_are_opened_anew_when_batches_were_added(registry: &mut dyn Registry) {
    let first = registry.open_account(1, "east", "accused", at(4000)).expect("an opening");
    let again = registry.open_account(1, "east", "analyst", at(4100)).expect("the standing one");
    let seeded = registry.open_account(1, "west", "analyst", at(4200)).expect("an opening");
    registry.plant(&planting(batch(1, "east", "wednesday"), "input-3", 200)).expect("a planting");
    let later = registry.open_account(1, "east", "accused", at(4300)).expect("another opening");
    missing(registry.open_account(1, "south", "accused", at(4400)), "south");

    assert_eq!(first, again);
    assert_eq!((first.j, first.batches, first.at), (1, 2, at(4000)));
    assert_eq!((seeded.j, seeded.batches), (2, 0), "standing canaries are no batch");
    assert_eq!((later.j, later.batches), (3, 3));
    assert_eq!(registry.openings(1).expect("openings"), [first, seeded, later]);
}

fn looks_are_noted_once(registry: &mut dyn Registry) {
    let revelation = Revelation {
        epoch: 1,
        account: "west".to_owned(),
        batch: None,
        lines: vec![1, 0],
        numbers: vec![7],
        why: "trace".to_owned(),
    };
    let whole_batch =
        Revelation { batch: Some("monday".to_owned()), lines: vec![], numbers: vec![], ..revelation.clone() };
    let decision = NewDecision { observation: 5, verdict: Verdict::Confirmed, rules_hash: "r".to_owned() };

    registry.reveal(&revelation, at(5000)).expect("a note");
    registry.decide(1, &[decision], at(5050)).expect("a decision");
    registry.reveal(&revelation, at(5100)).expect("the same note");
    registry.reveal(&whole_batch, at(5200)).expect("another note");
    missing(registry.reveal(&Revelation { account: "south".to_owned(), ..whole_batch.clone() }, at(5300)), "south");

    let rows = registry.revelations(1).expect("revelations");
    assert_eq!(rows.iter().map(|row| &row.revelation).collect::<Vec<_>>(), [&revelation, &whole_batch]);
    assert_eq!(rows.iter().map(|row| (row.after_seq, row.at)).collect::<Vec<_>>(), [(3, at(5000)), (4, at(5200))]);
}

fn messages_wait_until_they_are_delivered(registry: &mut dyn Registry) {
    let due = |registry: &dyn Registry, now| registry.outbox_due(now).expect("messages");
    assert_eq!(due(registry, at(2999)), []);
    let message = due(registry, at(3000)).remove(0);
    assert_eq!((message.id, message.body.as_str(), message.attempts), (1, "east leaked", 0));

    registry.outbox_failed(1, "status 503", at(7000)).expect("a note");
    assert_eq!(due(registry, at(6999)), []);
    assert_eq!(due(registry, at(7000))[0].attempts, 1);
    registry.outbox_delivered(1, at(7001)).expect("a delivery");
    registry.outbox_delivered(1, at(7002)).expect("the same delivery");
    registry.outbox_failed(1, "too late", at(7003)).expect("a note that changes nothing");

    assert_eq!(registry.outbox_waiting().expect("a count"), 0);
    assert_eq!(due(registry, at(9000)), []);
    missing(registry.outbox_delivered(2, at(9000)), "message 2");
    missing(registry.outbox_failed(2, "", at(9000)), "message 2");
}

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "calls read better without a borrow")]
fn conflict<T: std::fmt::Debug>(result: Result<T, Error>, what: &str) {
    assert!(matches!(&result, Err(Error::Conflict(text)) if text.contains(what)), "{what}: {result:?}");
}

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "calls read better without a borrow")]
fn missing<T: std::fmt::Debug>(result: Result<T, Error>, what: &str) {
    assert!(matches!(&result, Err(Error::Missing(text)) if text.contains(what)), "{what}: {result:?}");
}
