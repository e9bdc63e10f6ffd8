//! Acts that scores may have driven, and the weekly list of leads.

use crate::bench::LATER;
use crate::story::leaked;

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn an_act_that_follows_no_accusation_stops_joint_certification_and_says_so() {
    let bench = leaked();
    bench.ok(&["--now", LATER, "monitor"]);

    let said = bench.run(&["--now", LATER, "acts", "record", "block-line", "--why", "pranks"]);

    assert_eq!(said.status, 0, "{}", said.stderr);
    assert!(said.stdout.contains("recorded block-line in epoch 2026Q4"), "{}", said.stdout);
    assert!(said.stderr.contains("looks no more") && said.stderr.contains("pranks"), "{}", said.stderr);
    let listed = json(&bench.ok(&["--now", LATER, "acts", "list", "--json"]));
    assert_eq!(listed["acts"][0]["kind"], "block-line");
    assert!(listed["joint_certification_stopped"]["after_seq"].as_u64().expect("a number") > 0);
    // The other rules go on.
    let report = json(&bench.ok(&["--now", LATER, "attribute", "--json"]));
    assert_eq!(report["attribution"]["named"][0]["account"], "handan-02");
}

#[test]
fn an_act_that_follows_an_accusation_stops_nothing() {
    let bench = leaked();
    bench.ok(&["--now", LATER, "monitor"]);

    let said = bench.run(&[
        "--now",
        LATER,
        "acts",
        "record",
        "disclose",
        "--account",
        "handan-02",
        "--why",
        "told the outlet's head",
    ]);

    assert_eq!((said.status, said.stderr.as_str()), (0, ""));
    let listed = bench.ok(&["--now", LATER, "acts", "list"]);
    assert!(listed.contains("disclose") && listed.contains("handan-02"), "{listed}");
}

#[test]
fn looking_at_the_canaries_of_an_unnamed_account_is_such_an_act() {
    let bench = leaked();
    bench.ok(&["--now", LATER, "monitor"]);

    let said = bench.run(&["--now", LATER, "canaries", "--account", "handan-03"]);

    assert!(said.stderr.contains("joint certification of this epoch stops here"), "{}", said.stderr);
    let listed = json(&bench.ok(&["--now", LATER, "acts", "list", "--json"]));
    let what = listed["joint_certification_stopped"]["what"].as_str().expect("it is stopped");
    assert!(what.contains("canaries"), "{what}");
    let named = bench.run(&["--now", LATER, "canaries", "--account", "handan-02"]);
    assert!(!named.stderr.contains("stops here"), "{}", named.stderr);
}

#[test]
fn unknown_acts_are_refused_with_the_known_ones() {
    let said = leaked().run(&["--now", LATER, "acts", "record", "shout", "--why", "x"]);

    assert_eq!(said.status, 2);
    assert!(said.stderr.contains("block-line, test-call, replant, edit-triage, disclose"), "{}", said.stderr);
}

#[test]
fn a_list_says_that_it_is_no_accusation_and_is_as_of_monday() {
    let bench = leaked();
    bench.ok(&["--now", LATER, "monitor"]);

    // Decided on Tuesday the 20th: Monday's list cannot know of it yet.
    let before = bench.ok(&["--now", LATER, "attribute", "--list"]);
    let after = bench.ok(&["--now", "2026-10-26T02:00:00Z", "attribute", "--list=0.1"]);

    for list in [&before, &after] {
        assert!(list.starts_with("LIST OF LEADS, NOT AN ACCUSATION"), "{list}");
        assert!(list.contains("may never stand in for a naming"), "{list}");
    }
    assert!(before.contains("as of 2026-10-18 16:00") && before.contains("None of "), "{before}");
    assert!(after.contains("as of 2026-10-25 16:00") && after.contains("handan-02"), "{after}");
    let list = json(&bench.ok(&["--now", "2026-10-26T02:00:00Z", "attribute", "--list", "--json"]));
    assert_eq!((&list["schema"], &list["list"]["fdr"]), (&"trapline.list/1".into(), &0.05.into()));
    let refused = bench.run(&["--now", LATER, "attribute", "--list=0.9"]);
    assert_eq!(refused.status, 2, "{}", refused.stderr);
}
