use proptest::prelude::*;

use super::*;
use crate::observation::Observation;

const NOON: i64 = 1_790_000_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(NOON + seconds).expect("a time")
}

/// A call of five seconds.
fn call(id: i64, seconds: i64, caller: &str, line: i64) -> ObservationRow {
    let hit = Hit {
        found: vec![Found::Line { line, role: None }],
        caller_tag: Some(caller.to_owned()),
        allowed: false,
        seconds: 5,
        keyword: false,
        named: false,
        line_number: Some(8_615_400_000_000 + 7_919 * (line as u64 * 31 % 97)),
    };
    ObservationRow { id, feed: "pbx".into(), at: at(seconds), observation: Observation::new(Kind::Call, ""), hit }
}

fn verdicts(hits: &[ObservationRow]) -> Vec<Verdict> {
    decide(hits, &Triage::default(), "hash", at(1_000_000), &[]).into_iter().map(|decision| decision.verdict).collect()
}

#[test]
fn a_call_counts_when_it_lasted_or_spoke_of_a_parcel_or_asked_for_somebody() {
    for (seconds, keyword, named, verdict) in [
        (3, false, false, Verdict::Confirmed),
        (2, false, false, Verdict::Slight),
        (0, true, false, Verdict::Confirmed),
        (0, false, true, Verdict::Confirmed),
    ] {
        let mut row = call(1, 0, "a", 1);
        row.hit = Hit { seconds, keyword, named, ..row.hit };

        assert_eq!(verdicts(&[row]), [verdict], "{seconds} {keyword} {named}");
    }
}

#[test]
fn an_allow_listed_caller_never_counts() {
    let mut row = call(1, 0, "a", 1);
    row.hit.allowed = true;
    row.hit.named = true;

    assert_eq!(verdicts(&[row]), [Verdict::AllowListed]);
}

#[test]
fn a_report_counts_without_a_duration() {
    let mut row = call(1, 0, "a", 1);
    row.observation.kind = Kind::Report;
    row.hit.seconds = 0;

    assert_eq!(verdicts(&[row]), [Verdict::Confirmed]);
}

#[test]
fn one_caller_on_five_lines_within_the_window_is_a_storm() {
    let rows: Vec<_> = (0..5).map(|i| call(i, 150 * i, "a", i)).collect();
    let four = &rows[..4];

    assert_eq!(verdicts(&rows), [Verdict::Storm; 5]);
    assert_eq!(verdicts(four), [Verdict::Confirmed; 4]);
}

#[test]
fn a_window_is_closed_at_both_ends() {
    let inside: Vec<_> = [0, 1, 2, 3, 600].iter().zip(0..).map(|(&t, i)| call(i, t, "a", i)).collect();
    let outside: Vec<_> = [0, 1, 2, 3, 601].iter().zip(0..).map(|(&t, i)| call(i, t, "a", i)).collect();

    assert_eq!(verdicts(&inside), [Verdict::Storm; 5]);
    assert_eq!(verdicts(&outside), [Verdict::Confirmed; 5]);
}

#[test]
fn any_window_that_covers_a_call_makes_it_part_of_the_storm() {
    // The middle five share a window; the first and the last one do not reach it.
    let times = [0, 500, 600, 700, 800, 1100, 1701];
    let rows: Vec<_> = times.iter().zip(0..).map(|(&t, i)| call(i, t, "a", i)).collect();

    let storm = Verdict::Storm;
    assert_eq!(verdicts(&rows), [Verdict::Confirmed, storm, storm, storm, storm, storm, Verdict::Confirmed]);
}

#[test]
fn repeats_on_the_same_line_and_other_callers_are_no_storm() {
    let same: Vec<_> = (0..20).map(|i| call(i, i, "a", i % 4)).collect();
    let others: Vec<_> = (0..20).map(|i| call(i, i, &format!("caller {i}"), (i * 7) % 20)).collect();

    assert!(verdicts(&same).iter().all(|&verdict| verdict == Verdict::Confirmed));
    assert!(verdicts(&others).iter().all(|&verdict| verdict == Verdict::Confirmed));
}

fn sweep(steps: &[u64]) -> Vec<ObservationRow> {
    let mut number = 8_615_400_000_000;
    let mut rows = vec![];
    for (i, step) in steps.iter().enumerate() {
        number += step;
        let mut row = call(i as i64, 10 * i as i64, &format!("caller {i}"), i as i64);
        row.hit.line_number = Some(number);
        rows.push(row);
    }
    rows
}

#[test]
fn an_ascending_sweep_of_many_callers_is_a_storm() {
    assert_eq!(verdicts(&sweep(&[0, 1, 1000, 7, 2])), [Verdict::Storm; 5]);
    assert_eq!(verdicts(&sweep(&[0, 1, 1001, 7, 2])), [Verdict::Confirmed; 5]);
}

#[test]
fn a_test_call_does_not_break_a_sweep_in_two() {
    let mut rows = sweep(&[0, 1, 2, 3, 4]);
    let mut test = call(99, 25, "staff", 70);
    test.hit.allowed = true;
    rows.push(test);

    let verdicts = verdicts(&rows);

    assert_eq!(verdicts.iter().filter(|&&verdict| verdict == Verdict::Storm).count(), 5);
}

#[test]
fn one_address_that_looks_up_many_numbers_is_a_storm() {
    let lookup = |id: i64, place: u64| {
        let mut row = call(id, id, "203.0.113.7", 0);
        row.observation.kind = Kind::Lookup;
        row.hit.found = vec![Found::Number { block: "demo".into(), place }];
        row.hit.line_number = None;
        row.hit.seconds = 0;
        row
    };
    let swept: Vec<_> = (0..5).map(|i| lookup(i, i as u64)).collect();
    let refreshed: Vec<_> = (0..5).map(|i| lookup(i, 1)).collect();

    assert_eq!(verdicts(&swept), [Verdict::Storm; 5]);
    assert_eq!(verdicts(&refreshed), [Verdict::Confirmed; 5]);
}

#[test]
fn a_hit_waits_until_its_windows_have_closed() {
    let row = [call(1, 0, "a", 1)];
    let triage = Triage::default();
    let closed = i64::from(triage.storm_window_seconds + triage.settle_seconds);

    assert!(decide(&row, &triage, "hash", at(closed - 1), &[]).is_empty());
    assert_eq!(decide(&row, &triage, "hash", at(closed), &[]).len(), 1);
}

#[test]
fn a_later_call_that_is_not_settled_itself_still_makes_a_storm() {
    let rows: Vec<_> = (0..5).map(|i| call(i, 100 * i, "a", i)).collect();

    let decisions = decide(&rows, &Triage::default(), "hash", at(1500), &[]);

    assert_eq!(decisions.len(), 1, "only the first call's windows have closed");
    assert_eq!(decisions[0].verdict, Verdict::Storm);
}

#[test]
fn a_late_record_is_decided_by_what_is_known_and_changes_nothing() {
    let decided: Vec<_> = (0..4).map(|i| call(i, i, "a", i)).collect();
    let late = [call(9, 2, "a", 9)];

    let decisions = decide(&late, &Triage::default(), "hash", at(1_000_000), &decided);

    let storm = NewDecision { observation: 9, verdict: Verdict::Storm, rules_hash: "hash".into() };
    assert_eq!(decisions, [storm], "the four before it keep their decisions");
}

fn traffic() -> impl Strategy<Value = Vec<ObservationRow>> {
    let one = (0i64..2000, 0u8..4, 0i64..12, 0u32..6, any::<bool>());
    prop::collection::vec(one, 0..60).prop_map(|calls| {
        calls
            .into_iter()
            .enumerate()
            .map(|(id, (seconds, caller, line, duration, named))| {
                let mut row = call(id as i64, seconds, &format!("caller {caller}"), line);
                row.hit.seconds = duration;
                row.hit.named = named;
                row.hit.line_number = Some(8_615_400_000_000 + 600 * line as u64);
                row
            })
            .collect()
    })
}

/// Storms by their definition: any window, every pair of ends.
fn storm_by_definition(rows: &[ObservationRow], row: &ObservationRow) -> bool {
    let triage = Triage::default();
    let window = i64::from(triage.storm_window_seconds);
    let starts = rows.iter().map(|first| first.at.as_second());
    starts.into_iter().any(|start| {
        let inside = |other: &ObservationRow| (start..=start + window).contains(&other.at.as_second());
        let lines: BTreeSet<i64> = rows
            .iter()
            .filter(|other| inside(other) && other.hit.caller_tag == row.hit.caller_tag)
            .filter_map(|other| {
                other.hit.found.iter().find_map(|found| match found {
                    Found::Line { line, .. } => Some(*line),
                    _ => None,
                })
            })
            .collect();
        inside(row) && lines.len() >= triage.storm_lines as usize
    })
}

proptest! {
    #[test]
    fn whose_line_it_is_changes_nothing(rows in traffic(), shift in 1i64..1000) {
        let mut renamed = rows.clone();
        for row in &mut renamed {
            row.hit.found = row.hit.found.iter().map(|found| match found {
                Found::Line { line, role } => Found::Line { line: (line * 7_919 + shift) % 1_000_003, role: *role },
                found => found.clone(),
            }).collect();
        }

        prop_assert_eq!(verdicts(&rows), verdicts(&renamed));
    }

    #[test]
    fn the_order_of_arrival_changes_nothing(rows in traffic()) {
        let reversed: Vec<_> = rows.iter().rev().cloned().collect();

        prop_assert_eq!(verdicts(&rows), verdicts(&reversed));
    }

    #[test]
    fn the_sliding_window_finds_the_storms_of_the_definition(rows in traffic()) {
        let triage = Triage { sweep_step: 0, ..Triage::default() };
        let decisions = decide(&rows, &triage, "hash", at(1_000_000), &[]);

        prop_assert_eq!(decisions.len(), rows.len());
        for decision in decisions {
            let row = rows.iter().find(|row| row.id == decision.observation).expect("a decided row");
            prop_assert_eq!(decision.verdict == Verdict::Storm, storm_by_definition(&rows, row));
        }
    }

    #[test]
    fn decisions_in_many_passes_are_those_of_one(rows in traffic(), step in 100i64..900) {
        let triage = Triage::default();
        let whole = decide(&rows, &triage, "hash", at(1_000_000), &[]);

        // Every record arrives before its windows close, in passes of `step` seconds.
        let mut passes = Vec::new();
        let mut decided: Vec<ObservationRow> = Vec::new();
        for pass in 1.. {
            let now = pass * step;
            let arrived = rows.iter().filter(|row| row.at <= at(now));
            let pending: Vec<_> = arrived.filter(|row| decided.iter().all(|old| old.id != row.id)).cloned().collect();
            let new = decide(&pending, &triage, "hash", at(now), &decided);
            decided.extend(pending.into_iter().filter(|row| new.iter().any(|decision| decision.observation == row.id)));
            passes.extend(new);
            if now > 5000 { break; }
        }

        prop_assert_eq!(passes, whole);
    }
}
