//! The evidence behind the attribution engine: simulations with fixed seeds
//! that print the tables of `docs/attribution-results.md`.
//!
//! `scripts/attribution-results` runs this and puts what it prints between the
//! text of that page. A topic that finds a guarantee broken, or a table that
//! does not agree with the printed one, says so and the exit status is 1.
//!
//! ```text
//! cargo run --release --example attribution_results -- [--quick] TOPIC
//! ```

mod baseline;
mod importance;
mod leakers;
mod lines;
mod names;
mod people;
mod power;
mod published;
mod random;
mod ranking;
mod report;
mod slots;
mod statistics;
mod traffic;
mod validity;
mod whole_engine;
mod world;

use std::process::ExitCode;

use report::Report;

/// Sources, as the paper's tables have them.
const SOURCES: f64 = 300_000.0;

/// The chance ever to name an innocent, in the tables of power.
const ALPHA: f64 = 0.01;

/// How many runs there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Size {
    /// All.
    Full,
    /// A tenth: to see that everything still holds.
    Quick,
}

impl Size {
    /// Runs, where a full report has `full`.
    fn of(self, full: u64) -> u64 {
        match self {
            Self::Full => full,
            Self::Quick => full.div_ceil(10),
        }
    }
}

/// A topic's name and what makes its report.
type Topic = (&'static str, fn(Size) -> Report);

/// Topics in the order of the page.
const TOPICS: &[Topic] = &[
    ("validity", validity::report),
    ("importance", importance::report),
    ("power", power::report),
    ("ranking", ranking::report),
    ("leakers", leakers::report),
    ("slots", slots::report),
    ("published", published::report),
];

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let quick = arguments.iter().position(|argument| argument == "--quick");
    let size = quick.map_or(Size::Full, |place| {
        arguments.remove(place);
        Size::Quick
    });
    let wanted = arguments.first().map_or("all", String::as_str);
    let topics: Vec<_> = TOPICS.iter().filter(|(name, _)| wanted == "all" || wanted == *name).collect();
    if topics.is_empty() {
        let names: Vec<&str> = TOPICS.iter().map(|(name, _)| *name).collect();
        eprintln!("usage: attribution_results [--quick] all|{}", names.join("|"));
        return ExitCode::from(2);
    }
    let mut status = ExitCode::SUCCESS;
    for (name, topic) in topics {
        let report = topic(size);
        if wanted == "all" {
            println!("<!-- begin {name} -->\n");
        }
        print!("{}", report.text());
        if wanted == "all" {
            println!("<!-- end {name} -->\n");
        }
        for failure in report.failures() {
            eprintln!("{failure}");
            status = ExitCode::FAILURE;
        }
    }
    status
}

/// A number with commas.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
