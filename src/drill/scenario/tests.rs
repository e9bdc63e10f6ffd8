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

const COLLUDERS: &str = "\
format: trapline.scenario/1
about: A test.
begins: 2026-10-01
days: 20
attribution: {slot_lines: 40}
bystanders: {accounts: 9, scope: S, scope_accounts: 3}
exports:
  - {accounts: [a, b], days: 1, rows: 500, data: D, scope: S}
  - {accounts: [c], days: 1, rows: 500, data: other}
sales:
  - {accounts: [a, b], day: 5, drop_differing: true}
";

#[test]
fn a_scope_and_a_comparison_are_read() {
    let scenario = Scenario::parse(COLLUDERS, "own.yaml").expect("sound");

    assert_eq!((scenario.bystanders.scope.as_deref(), scenario.bystanders.scope_accounts), (Some("S"), 3));
    let export = &scenario.exports[0];
    assert_eq!((export.scope.as_deref(), export.data.as_deref()), (Some("S"), Some("D")));
    assert!(scenario.sales[0].drop_differing);
    let plain = Scenario::parse(SMALL, "own.yaml").expect("sound");
    assert!(plain.exports[0].scope.is_none() && !plain.sales[0].drop_differing);
}

#[test]
fn scopes_that_do_not_fit_together_name_their_field() {
    for (good, bad, field, says) in [
        ("slot_lines: 40", "slot_lines: 0", "exports[0].scope", "\"S\" needs lines for its shared slots"),
        ("data: D, scope: S", "scope: S", "exports[0].data", "names none"),
        ("data: other", "data: other, scope: S", "exports[1].data", "has other data"),
        ("rows: 500, data: other", "rows: 400, data: D", "exports[1].data", "the same rows"),
        ("data: other", "data: other, same_rows: true", "exports[1].same_rows", "anyway"),
        ("scope: S, scope_accounts: 3", "scope_accounts: 3", "bystanders.scope", "none is named"),
        ("scope: S, scope_accounts", "scope: T, scope_accounts", "bystanders.scope", "no export has scope \"T\""),
        ("scope_accounts: 3", "scope_accounts: 10", "bystanders.scope_accounts", "expected 1 to 9"),
        ("scope: S, scope_accounts: 3", "scope: S", "bystanders.scope_accounts", "found 0"),
        ("{accounts: [a, b], day:", "{accounts: [a], day:", "sales[0].drop_differing", "nothing to compare"),
        ("{accounts: [a, b], day:", "{accounts: [a, c], day:", "sales[0].drop_differing", "no export of the same data"),
    ] {
        assert!(COLLUDERS.contains(good), "{good}");
        let fault = Scenario::parse(&COLLUDERS.replace(good, bad), "own.yaml").expect_err(bad);
        assert_eq!(fault.field.as_deref(), Some(field), "{bad}: {fault}");
        assert!(fault.what.contains(says), "{bad}: {fault}");
    }
}
