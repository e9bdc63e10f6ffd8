//! Small drills over the real code; `scripts/drills` runs the large ones.

use std::collections::BTreeSet;

use crate::bench::Bench;

fn runs(args: &[&str]) -> Vec<serde_json::Value> {
    let said = Bench::empty().ok(&[&["drill", "--json"], args].concat());
    let report: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    report["runs"].as_array().expect("a list").clone()
}

#[test]
fn five_leakers_among_three_thousand_are_named_with_their_batches_and_nobody_else() {
    let runs = runs(&["--accounts", "3000", "--leakers", "5", "--runs", "3", "--seed", "1", "--ghosts", "1000"]);

    assert_eq!(runs.len(), 3);
    for run in runs {
        assert_eq!((run["found"].as_u64(), run["innocents"].as_u64()), (Some(5), Some(0)), "{run}");
        let batches = run["leakers"].as_array().expect("a list");
        assert!(batches.iter().all(|leaker| leaker["batch_named"] == true), "{run}");
        assert_eq!((run["wrong_batches"].as_u64(), run["alarm"].as_bool()), (Some(0), Some(false)), "{run}");
    }
}

#[test]
fn where_nobody_leaks_hardly_any_run_names_somebody() {
    let args =
        ["--accounts", "300", "--lines", "400", "--leakers", "0", "--alpha", "0.05", "--runs", "60", "--ghosts", "200"];

    let runs = runs(&args);

    let wrong = runs.iter().filter(|run| run["innocents"].as_u64() != Some(0)).count();
    assert!(runs.iter().all(|run| run["confirmed"].as_u64() > Some(50)), "there was something to go wrong on");
    assert!(wrong < 3, "{wrong} of 60 at alpha .05");
}

#[test]
fn the_shipped_scenarios_are_listed_and_a_wrong_name_is_told_where_to_look() {
    let list = Bench::empty().ok(&["drill", "--list"]);

    let headline = |line: &str| {
        let (name, rest) = line.split_once(' ')?;
        Some(name.len() + rest.len() - rest.trim_start().len())
    };
    let starts: BTreeSet<Option<usize>> = list.lines().map(headline).collect();
    assert!(starts.len() == 1 && !starts.contains(&None), "one column:\n{list}");
    for name in ["handan", "warehouse-insider", "partner-api", "one-percent", "war-dial", "year-of-noise"] {
        assert!(list.lines().any(|line| line.starts_with(name) && line.len() > 40), "{name}:\n{list}");
    }
    assert!(Bench::empty().fails(&["drill", "hamdan"]).contains("--list"));
}

/// Plays a scenario with fewer customers around its canaries.
fn plays(name: &str, scale: &str) -> String {
    let told = Bench::empty().ok(&["drill", name, "--scale", scale]);
    assert!(told.ends_with("as expected\n"), "{told}");
    told
}

#[test]
fn five_rented_accounts_are_named_from_a_merged_and_sorted_list() {
    let told = plays("handan", "0.01");

    assert!((1..=5).all(|rented| told.contains(&format!("rented-{rented}: named"))), "{told}");
}

#[test]
fn a_clerk_who_copies_a_few_rows_of_every_list_is_named_by_the_account() {
    assert!(plays("warehouse-insider", "0.05").contains("clerk-of-hall-3: named"));
}

#[test]
fn a_partner_is_named_from_one_stolen_answer() {
    assert!(plays("partner-api", "0.05").contains("partner-api: named"));
}

#[test]
fn colluders_who_drop_what_differs_are_named_by_what_is_left() {
    let told = plays("colluders-drop", "0.01");

    for colluder in ["window-1", "window-2"] {
        assert!(told.contains(&format!("{colluder}: named on day")), "{told}");
    }
    assert!(told.contains("20 canaries and 600 shared rows planted"), "{told}");
}

#[test]
fn without_a_scope_nothing_planted_survives_a_comparison() {
    let told = plays("colluders-drop-without-scope", "0.01");

    assert!(told.contains(" rows, 0 of them planted\n"), "{told}");
    assert!(told.contains("window-1: not named") && told.contains("window-2: not named"), "{told}");
}

#[test]
fn one_row_in_a_hundred_names_nobody() {
    assert!(plays("one-percent", "0.05").contains("one-percent: not named"));
}

#[test]
fn storms_name_nobody_and_do_not_cover_a_leak() {
    plays("war-dial", "1");

    assert!(plays("war-dial-with-a-leak", "0.05").contains("outlet-9: named"));
}

#[test]
fn a_scenario_of_ones_own_that_comes_out_differently_fails_with_what_differs() {
    let bench = Bench::empty();
    let text = "format: trapline.scenario/1\nabout: Nobody leaks.\nbegins: 2026-10-01\ndays: 3\nlines: {traps: 60, controls: 6}\n\
                attribution: {ghosts: 50}\nbystanders: {accounts: 5, canaries: 2}\nexpected:\n  - {found: 1}\n";
    let own = bench.file("own.yaml", text);

    let said = bench.run(&["drill", &own]);

    assert_eq!(said.status, 1, "{}", said.stdout);
    assert!(said.stderr.contains("leakers named: expected 1, found 0"), "{}", said.stderr);
    let typo = bench.file("typo.yaml", text.replace("days:", "dayz:"));
    assert!(bench.fails(&["drill", &typo]).contains("typo.yaml: line 4: "));
}
