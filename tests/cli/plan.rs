//! What to plant and to buy.

use crate::bench::Bench;

#[test]
fn a_plan_says_what_it_takes_to_name_a_leaker_and_what_to_buy() {
    let said = Bench::empty().ok(&["plan", "--trials", "200"]);

    for part in ["Calls to name a leaker", "Leakers at once", "Shared slots", "What to buy", "joint certification"] {
        assert!(said.contains(part), "{part}:\n{said}");
    }
    assert!(said.contains('\u{28ff}') || said.contains('⣀'), "a curve is drawn:\n{said}");
}

#[test]
fn a_plan_in_json_has_a_schema_and_errors_beside_its_figures() {
    let said = Bench::empty().ok(&["plan", "--json", "--trials", "200", "--colluders", "1", "--leakers", "1"]);

    let plan: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(plan["schema"], "trapline.plan/1");
    assert_eq!(plan["settings"]["leakers"], 1);
    let named = &plan["naming"]["all"]["named"];
    assert!(named["share"].as_f64().is_some_and(|share| share > 0.3), "{named}");
    assert!(named["error"].as_f64().is_some_and(|error| error > 0.0), "{named}");
    assert!(plan["collusion"].is_null());
}

#[test]
fn a_plan_as_a_page_is_one_file_with_two_charts() {
    let bench = Bench::empty();
    let page = bench.text("plan.html");

    bench.ok(&["plan", "--trials", "200", "--html", &page]);

    let html = std::fs::read_to_string(page).expect("written");
    assert_eq!(html.matches("<svg").count(), 2);
    assert!(!html.contains("<script"));
}

#[test]
fn impossible_plans_are_refused_with_a_way_out() {
    let bench = Bench::empty();

    assert!(bench.fails(&["plan", "--resold", "2"]).contains("resold"));
    assert!(bench.fails(&["plan", "--canaries", "99"]).contains("account's 100 lines"));
    assert!(bench.fails(&["plan", "--html", "no/such/folder/plan.html"]).contains("plan.html"));
}

#[test]
fn joint_certification_takes_nothing_from_what_is_planned() {
    let bench = Bench::empty();
    let leakers = |switch: &[&str]| -> Vec<(String, u64)> {
        let args = ["drill", "--json", "--accounts", "100", "--n-max", "300000", "--names", "0", "--ghosts", "0"];
        let said = bench.ok(&[&args[..], &["--runs", "4"], switch].concat());
        let report: serde_json::Value = serde_json::from_str(&said).expect("JSON");
        let runs = report["runs"].as_array().expect("a list").iter();
        let all = runs.flat_map(|run| run["leakers"].as_array().expect("a list").clone());
        let of = |leaker: serde_json::Value| {
            (leaker["account"].to_string(), leaker["calls_to_name"].as_u64().unwrap_or(u64::MAX))
        };
        all.map(of).collect()
    };

    let (alone, joint) = (leakers(&["--no-joint"]), leakers(&[]));

    assert_eq!(alone.len(), 20);
    for (alone, joint) in alone.iter().zip(&joint) {
        assert!(alone.0 == joint.0 && joint.1 <= alone.1, "{alone:?} {joint:?}");
    }
    assert_ne!(alone, joint, "some are named by joint certification alone, or sooner");
}
