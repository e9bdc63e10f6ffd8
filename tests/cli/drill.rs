//! Small drills over the real code; `scripts/drills` runs the large ones.

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
