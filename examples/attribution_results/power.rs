//! How many distinct lines it takes to name a source: the table of section 8.1
//! of the notes.
//!
//! The printed table agrees with the lambda family on the first 400 calls; the
//! engine's theta family knows that a codeword runs out and does at least as
//! well in every cell.

use rayon::prelude::*;

use crate::lines::{Family, LineProcess};
use crate::random::Random;
use crate::report::{Report, rate};
use crate::statistics::{Moments, same_rate};
use crate::{ALPHA, SOURCES, Size};

/// The leaker's share of new distinct lines.
const SHARES: [f64; 6] = [1.0, 0.7, 0.5, 0.3, 0.2, 0.1];

/// Calls of one run.
const CALLS: u32 = 400;

/// Runs behind each printed cell.
const PRINTED_RUNS: u64 = 200;

/// A printed cell: mean lines to the naming, where it is printed, and how often
/// it came to one.
struct Cell {
    lines: Option<f64>,
    power: f64,
    /// Half a unit of the last printed digit.
    rounding: f64,
}

const fn cell(lines: f64, rounding: f64, power: f64) -> Cell {
    Cell { lines: Some(lines), power, rounding }
}

const fn never(power: f64) -> Cell {
    Cell { lines: None, power, rounding: 0.5 }
}

/// Designs (N, c) with their printed cells.
const PRINTED: [(u32, u32, [Cell; 6]); 7] = [
    (200, 10, [cell(6.0, 0.5, 1.0), cell(14.0, 0.5, 0.94), cell(20.0, 0.5, 0.41), never(0.04), never(0.0), never(0.0)]),
    (
        200,
        20,
        [cell(8.0, 0.5, 1.0), cell(17.5, 0.05, 1.0), cell(34.0, 0.5, 0.93), never(0.13), never(0.01), never(0.0)],
    ),
    (
        1000,
        20,
        [
            cell(5.0, 0.5, 1.0),
            cell(8.8, 0.05, 1.0),
            cell(16.0, 0.5, 1.0),
            cell(36.0, 0.5, 1.0),
            cell(78.0, 0.5, 1.0),
            cell(187.0, 0.5, 0.47),
        ],
    ),
    (
        2000,
        20,
        [
            cell(4.0, 0.5, 1.0),
            cell(7.5, 0.05, 1.0),
            cell(12.8, 0.05, 1.0),
            cell(27.0, 0.5, 1.0),
            cell(55.0, 0.5, 1.0),
            cell(169.0, 0.5, 0.98),
        ],
    ),
    (
        2000,
        50,
        [
            cell(6.0, 0.5, 1.0),
            cell(10.0, 0.5, 1.0),
            cell(17.0, 0.5, 1.0),
            cell(37.0, 0.5, 1.0),
            cell(73.0, 0.5, 1.0),
            cell(211.0, 0.5, 0.92),
        ],
    ),
    (
        10_000,
        20,
        [
            cell(3.0, 0.5, 1.0),
            cell(5.3, 0.05, 1.0),
            cell(8.7, 0.05, 1.0),
            cell(17.0, 0.5, 1.0),
            cell(29.0, 0.5, 1.0),
            cell(74.0, 0.5, 1.0),
        ],
    ),
    (
        10_000,
        50,
        [
            cell(4.0, 0.5, 1.0),
            cell(6.4, 0.05, 1.0),
            cell(10.0, 0.5, 1.0),
            cell(20.5, 0.05, 1.0),
            cell(37.0, 0.5, 1.0),
            cell(101.0, 0.5, 1.0),
        ],
    ),
];

/// Prints lines and matches to a naming beside the printed table.
pub(crate) fn report(size: Size) -> Report {
    let mut report = Report::default();
    let runs = size.of(4_000);
    let (mut lambda_rows, mut theta_rows) = (Vec::new(), Vec::new());
    for (pool, own, cells) in &PRINTED {
        let design = format!("{pool}, {own}");
        let (mut lambda_row, mut theta_row) = (vec![design.clone()], vec![design]);
        for (printed, share) in cells.iter().zip(SHARES) {
            let lambda = namings(Family::Lambda, *pool, *own, share, runs);
            let agrees = agrees(&lambda, runs, printed);
            report.check(agrees, || format!("power: cell ({pool}, {own}) at {share} does not agree: {lambda:?}"));
            lambda_row.push(print(&lambda, runs) + if agrees { "" } else { " **no**" });
            let theta = namings(Family::Theta, *pool, *own, share, runs);
            let ahead = is_as_good(&theta, &lambda, runs);
            report.check(ahead, || format!("power: cell ({pool}, {own}) at {share}: {theta:?} is behind {lambda:?}"));
            theta_row.push(print(&theta, runs) + if ahead { "" } else { " **no**" });
        }
        lambda_rows.push(lambda_row);
        theta_rows.push(theta_row);
    }
    let head = ["N, c", "φ = 1", ".7", ".5", ".3", ".2", ".1"];
    report.say("**This engine** (theta family):");
    report.table(&head, &theta_rows);
    report.say("**The printed table again** (lambda family):");
    report.table(&head, &lambda_rows);
    report.say(&format!(
        "Mean number of distinct lines to the naming (matches among them), and how often {CALLS} calls come to one where \
         that is not always; {} runs for each cell. A cell of the second table is marked **no** where it does not agree \
         with the printed one within three standard errors of {PRINTED_RUNS} runs and its rounding, one of the first where \
         it names less often than the same cell of the second by three standard errors.",
        crate::thousands(runs)
    ));
    report
}

/// Whether the first names as often as the second, up to chance.
fn is_as_good(first: &Namings, second: &Namings, runs: u64) -> bool {
    let rate = |namings: &Namings| namings.lines.count as f64 / runs as f64;
    rate(first) >= rate(second) || same_rate(rate(first), runs, rate(second), runs, 0.0)
}

/// What it took where it came to a naming.
#[derive(Debug, Default)]
struct Namings {
    lines: Moments,
    matches: Moments,
}

fn namings(family: Family, pool: u32, own: u32, share: f64, runs: u64) -> Namings {
    // Both families are given the same calls.
    let topic = format!("power {pool} {own} {share}");
    let one = |run| to_naming(LineProcess::new(family, pool, own), share, &mut Random::of(&topic, run));
    let all: Vec<Option<(u32, u32)>> = (0..runs).into_par_iter().map(one).collect();
    let mut namings = Namings::default();
    for (lines, matches) in all.into_iter().flatten() {
        namings.lines.add(f64::from(lines));
        namings.matches.add(f64::from(matches));
    }
    namings
}

/// Distinct lines, and own ones among them, until the source is named. Each
/// call goes to one of its lines with chance `share`, else to any line; what
/// was called before is no news.
fn to_naming(mut process: LineProcess, share: f64, random: &mut Random) -> Option<(u32, u32)> {
    let (pool, own) = (process.left, process.own);
    let mut called = vec![false; pool as usize];
    for _ in 0..CALLS {
        // By symmetry the first lines are its own.
        let range = if random.chance(share) { own } else { pool };
        let line = random.below(range);
        if std::mem::replace(&mut called[line as usize], true) {
            continue;
        }
        process.ask(line < own);
        if line < own && process.e() >= SOURCES / ALPHA {
            return Some((pool - process.left, own - process.own));
        }
        if process.own == 0 {
            break;
        }
    }
    None
}

fn agrees(namings: &Namings, runs: u64, printed: &Cell) -> bool {
    let power = namings.lines.count as f64 / runs as f64;
    if !same_rate(power, runs, printed.power, PRINTED_RUNS, 0.005) {
        return false;
    }
    let Some(lines) = printed.lines else { return true };
    // Of the printed runs only those count that came to a naming.
    let printed_error = namings.lines.deviation() / (PRINTED_RUNS as f64 * printed.power).sqrt();
    let error = printed_error.hypot(namings.lines.error());
    (namings.lines.mean() - lines).abs() <= 3.0 * error + printed.rounding
}

fn print(namings: &Namings, runs: u64) -> String {
    let power = namings.lines.count as f64 / runs as f64;
    let lines = || format!("{:.1} ({:.1})", namings.lines.mean(), namings.matches.mean());
    match power {
        p if p >= 0.995 => lines(),
        p if p < 0.2 => format!("p {}", rate(p)),
        p => format!("{}, p {}", lines(), rate(p)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_noise_four_lines_of_twenty_are_enough() {
        assert_eq!(to_naming(LineProcess::new(Family::Theta, 2000, 20), 1.0, &mut Random::of("test", 0)), Some((4, 4)));
    }
}
