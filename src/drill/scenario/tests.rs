use super::*;

const SMALL: &str = "\
format: trapline.scenario/1
about: A test.
begins: 2026-10-01
days: 20
exports:
  - {accounts: [a], days: 1-3, rows: 50}
sales:
  - {accounts: [a], day: 5, calls: {rows: 1, days: 1-9}}
";

#[test]
fn every_shipped_scenario_is_sound_and_says_what_it_expects() {
    for (name, _) in Scenario::shipped() {
        let scenario = Scenario::by_name(name).expect("it is shipped").unwrap_or_else(|fault| panic!("{fault}"));

        assert!(scenario.expected(None).is_some(), "{name} expects nothing");
        assert!(scenario.headline().len() > 20, "{name}");
    }
    assert!(Scenario::by_name("no-such").is_none());
}

#[test]
fn a_typo_is_an_error_with_its_line() {
    let fault = Scenario::parse(&SMALL.replace("days: 20", "day: 20"), "own.yaml").expect_err("typo");

    assert_eq!((fault.file.as_deref(), fault.line), (Some("own.yaml"), Some(4)), "{fault}");
    let fault = Scenario::parse(&SMALL.replace("rows: 1,", "row: 1,"), "own.yaml").expect_err("typo");
    assert_eq!(fault.line, Some(8), "{fault}");
    assert!(fault.what.contains("`row`"), "{fault}");
}

#[test]
fn impossible_values_name_their_field() {
    for (good, bad, field) in [
        ("trapline.scenario/1", "trapline.scenario/2", "format"),
        ("days: 20", "days: 0", "days"),
        ("days: 1-3", "days: 1-20", "exports[0].days"),
        ("rows: 50", "rows: 0", "exports[0].rows"),
        ("day: 5", "day: 20", "sales[0].day"),
        ("[a], day:", "[b], day:", "sales[0].accounts"),
        ("rows: 1,", "rows: 1.5,", "sales[0].calls.rows"),
        ("day: 5,", "day: 5, columns: [number],", "sales[0].columns"),
        ("about:", "template: nobodys\nabout:", "template"),
        ("about:", "lines: {traps: 3}\nabout:", "lines.traps"),
    ] {
        let text = SMALL.replace(good, bad);
        let fault = Scenario::parse(&text, "own.yaml").expect_err(bad);
        assert_eq!(fault.field.as_deref(), Some(field), "{bad}: {fault}");
    }
}

#[test]
fn a_range_that_is_none_says_what_was_expected_and_where() {
    let fault = Scenario::parse(&SMALL.replace("days: 1-3", "days: 3-1"), "own.yaml").expect_err("backwards");

    assert_eq!(fault.line, Some(6), "{fault}");
    assert!(fault.what.contains("3-7"), "{fault}");
}

#[test]
fn an_expectation_is_found_by_its_share_of_names() {
    let text = format!("{SMALL}expected:\n  - {{found: 1}}\n  - {{names: 0, found: 0}}\n");
    let scenario = Scenario::parse(&text, "own.yaml").expect("sound");

    assert_eq!(scenario.expected(None).and_then(|one| one.found), Some(Span::just(1)));
    assert_eq!(scenario.expected(Some(0.0)).and_then(|one| one.found), Some(Span::just(0)));
    assert_eq!(scenario.expected(Some(0.5)), None);
}
