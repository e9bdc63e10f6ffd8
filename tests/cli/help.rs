//! Help fits a screen, and every command has one with its exit statuses or an example.

use crate::bench::Bench;

const COMMANDS: [&str; 19] = [
    "init",
    "epoch",
    "lines",
    "template",
    "plant",
    "seed",
    "monitor",
    "attribute",
    "acts",
    "explain",
    "trace",
    "index",
    "scan",
    "scrub",
    "canaries",
    "verify",
    "plan",
    "drill",
    "selftest",
];

#[test]
fn short_help_fits_a_screen_and_names_every_command() {
    let help = Bench::empty().ok(&["-h"]);

    assert!(help.lines().count() <= 45, "{help}");
    for command in COMMANDS {
        assert!(help.contains(&format!("  {command} ")), "{command} is missing:\n{help}");
    }
}

#[test]
fn long_help_lists_the_exit_statuses() {
    let help = Bench::empty().ok(&["--help"]);

    assert!(help.contains("75 another run holds the lock"), "{help}");
}

#[test]
fn usage_errors_exit_with_2() {
    for args in [&["plant"][..], &["nonsense"], &["plant", "a", "-o", "b", "--account", "x", "--map", "no-equals"]] {
        assert_eq!(Bench::empty().run(args).status, 2, "{args:?}");
    }
}
