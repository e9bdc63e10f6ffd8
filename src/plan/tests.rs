//! Laws of whole plans.

use super::*;

fn small() -> Settings {
    Settings { trials: 400, colluders: 1, ..Settings::default() }
}

/// Share of leaks that are named, with all routes.
fn named(settings: &Settings) -> Share {
    let chances = Chances::new(&mut Stream::new(&trial_seed(settings.seed, u32::MAX))).expect("shipped");
    let desk = Desk { settings, chances: &chances };
    let choice = Choice { lines: settings.lines, canaries: settings.canaries, leakers: settings.leakers };
    desk.named(&choice, settings.trials).expect("possible")
}

/// Asserts that the second plan names no fewer leakers, up to three errors.
fn assert_no_less(what: &str, less: &Settings, more: &Settings) {
    let (less, more) = (named(less), named(more));
    let slack = 3.0 * less.error.hypot(more.error);
    assert!(more.share >= less.share - slack, "{what}: {less:?} {more:?}");
}

#[test]
fn whatever_helps_never_takes_power() {
    let base = Settings { resold: 0.4, ..small() };
    let other = |change: fn(&mut Settings)| {
        let mut settings = base;
        change(&mut settings);
        settings
    };

    assert_no_less("more lines", &base, &other(|s| s.lines = 10_000));
    assert_no_less("fewer lines", &other(|s| s.lines = 400), &base);
    assert_no_less("more canaries", &base, &other(|s| s.canaries = 20));
    assert_no_less("more rows sold", &base, &other(|s| s.resold = 0.8));
    assert_no_less("less noise", &base, &other(|s| s.noise = 0.2));
    assert_no_less("more names", &base, &other(|s| s.names = 0.9));
    assert_no_less("fewer leakers", &base, &other(|s| s.leakers = 1));
    assert_no_less("fewer accounts", &base, &other(|s| s.n_max = 3000));
    assert_no_less("an earlier epoch", &other(|s| s.epoch = 8), &base);
}

#[test]
fn the_same_seed_gives_the_same_plan() {
    let json = || serde_json::to_string(&plan(&small()).expect("possible")).expect("plain data");

    assert_eq!(json(), json());
}

#[test]
fn curves_rise_and_end_at_the_share_that_is_named() {
    let plan = plan(&small()).expect("possible");

    let shares: Vec<f64> = plan.by_calls.iter().map(|at| at.all.share).collect();
    assert!(shares.is_sorted(), "{shares:?}");
    assert_eq!(shares.last(), Some(&plan.naming.all.named.share));
    let of = |route: &Route| route.named.share;
    let naming = &plan.naming;
    assert!(of(&naming.all) >= of(&naming.lines) && of(&naming.lines) >= of(&naming.pair).max(of(&naming.account)));
}

#[test]
fn a_leak_that_holds_no_canary_is_named_by_nothing_and_the_plan_says_so() {
    let plan = plan(&Settings { resold: 0.001, rows: 400_000, ..small() }).expect("possible");

    assert!(plan.leak.none > 0.98, "{:?}", plan.leak);
    assert!(plan.naming.all.named.share < 0.01);
    assert_eq!(plan.at_once.most, None);
    assert!(plan.buy.iter().all(|purchase| purchase.enough.is_none() && purchase.why.is_some()));
    let text = text(&plan, 100).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("hold no canary at all") && text.contains("no number tried"), "{text}");
}

#[test]
fn enough_is_the_first_rung_that_reaches_the_target() {
    let plan = plan(&Settings { resold: 0.7, ..small() }).expect("possible");

    for purchase in &plan.buy {
        let enough = purchase.enough.expect("something is enough for most of an export");
        let (last, before) = purchase.tried.split_last().expect("something was tried");
        assert_eq!(*last, enough);
        assert!(enough.named.share >= 0.95);
        assert!(before.iter().all(|step| step.named.share < 0.95), "{purchase:?}");
    }
}

#[test]
fn impossible_numbers_are_refused() {
    for settings in [
        Settings { resold: 1.5, ..small() },
        Settings { noise: 1.0, ..small() },
        Settings { alpha: 0.0, ..small() },
        Settings { canaries: 0, ..small() },
        Settings { canaries: 99, ..small() },
        Settings { lines: 30, ..small() },
        Settings { leakers: 9, accounts: 8, ..small() },
        Settings { rows: 5, ..small() },
        Settings { resold: f64::NAN, ..small() },
    ] {
        assert!(plan(&settings).is_err(), "{settings:?}");
    }
}

#[test]
fn the_page_needs_nothing_else() {
    let plan = plan(&Settings { colluders: 2, ..small() }).expect("possible");

    let page = html(&plan);

    assert_eq!(page.matches("<svg").count(), 2);
    for outside in ["src=", "href=", "<script", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
}
