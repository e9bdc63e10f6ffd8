//! `trapline drill`: many small leaks by numbers, or one scenario from a file.

use std::process::ExitCode;

use serde_json::json;
use trapline::drill::{self, Drill, Outcome};

use super::selftest::Folder;
use crate::settings::Settings;
use crate::terminal::{answer, answer_json, answer_table, progress, table};

mod scenario;

/// Rehearse leaks end to end on made-up traffic
///
/// Each run plants into the leakers' exports, resells them, lets fraudsters call
/// among noise, and runs the real monitor and attribution in a temporary folder
/// over an in-memory registry. The same seed gives the same runs.
///
/// SCENARIO is a shipped one or the path of a file of your own; it is played,
/// told, and compared with what it expects. Without one, the options say what
/// to rehearse. With --runs, seeds follow each other and results are counted.
///
/// Exit status: 0 done, and as expected; 1 something failed, or a scenario came
/// out differently; 2 usage.
///
/// Example:
///   $ trapline drill handan
///   $ trapline drill --accounts 300000 --leakers 5 --names 0.3 --runs 10
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// Scenario: a shipped one (see --list), or the path of a YAML file
    #[arg(value_name = "SCENARIO")]
    scenario: Option<String>,
    /// Print the shipped scenarios
    #[arg(long, exclusive = true)]
    list: bool,
    /// Customers' rows in a scenario's exports, as a share of what the file says
    #[arg(long, default_value_t = 1.0, value_name = "P", requires = "scenario", value_parser = positive_share)]
    scale: f64,
    /// Accounts, each with one planted export
    #[arg(long, default_value_t = 3000, value_name = "N", conflicts_with = "scenario")]
    accounts: u32,
    /// Trap lines
    #[arg(long, default_value_t = 2000, value_name = "N", conflicts_with = "scenario", value_parser = clap::value_parser!(u32).range(40..=100_000))]
    lines: u32,
    /// Accounts whose export is leaked
    #[arg(long, default_value_t = 5, value_name = "L", conflicts_with = "scenario")]
    leakers: u32,
    /// Canaries in an export
    #[arg(long, default_value_t = 10, value_name = "T", conflicts_with = "scenario")]
    canaries: u32,
    /// Share of confirmed hits that are noise on random lines
    #[arg(long, default_value_t = 0.5, value_name = "P", conflicts_with = "scenario")]
    noise: f64,
    /// Share of a leaked export's rows that are resold
    #[arg(long, default_value_t = 1.0, value_name = "P", conflicts_with = "scenario")]
    resold: f64,
    /// Share of fraud calls that ask for somebody by name; by default 0.3, or
    /// what the scenario says
    #[arg(long, value_name = "P", value_parser = share)]
    names: Option<f64>,
    /// Share of asked-for names of which only the surname is heard
    #[arg(long, default_value_t = 0.3, value_name = "P", conflicts_with = "scenario")]
    masks: f64,
    /// alpha
    #[arg(long, default_value_t = 0.01, value_name = "P", conflicts_with = "scenario")]
    alpha: f64,
    /// Most sources that may ever be named; by default the number of accounts
    #[arg(long, value_name = "N", conflicts_with = "scenario")]
    n_max: Option<u64>,
    /// Ghosts that score alongside
    #[arg(long, default_value_t = 20_000, value_name = "G", conflicts_with = "scenario")]
    ghosts: u32,
    /// Leave joint certification out, to see what the processes do alone: that
    /// is what `trapline plan` counts
    #[arg(long, conflicts_with = "scenario")]
    no_joint: bool,
    /// Runs
    #[arg(long, default_value_t = 1, value_name = "R", value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Seed of the first run; the next one has the next seed. By default 1, or
    /// what the scenario says
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, _: &Settings) -> anyhow::Result<ExitCode> {
    if args.list {
        return scenario::list();
    }
    if let Some(name) = &args.scenario {
        return scenario::play(name, args);
    }
    let (bar, seed) = (progress(u64::from(args.runs), "drills"), args.seed.unwrap_or(1));
    let mut outcomes = Vec::new();
    for run in 0..u64::from(args.runs) {
        let folder = Folder::new()?;
        outcomes.push(drill::run(&drill_of(args, seed + run), folder.path())?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    if args.json {
        answer_json(&json!({ "schema": "trapline.drill/1", "drill": drill_of(args, seed), "runs": outcomes }))?;
    } else {
        print(args, &outcomes)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads a share between 0 and 1.
fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| "expected a number".to_owned())?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err("expected a share between 0 and 1".to_owned()) }
}

/// Reads a share above 0.
fn positive_share(text: &str) -> Result<f64, String> {
    share(text).and_then(|share| if share > 0.0 { Ok(share) } else { Err("expected more than 0".to_owned()) })
}

fn drill_of(args: &Args, seed: u64) -> Drill {
    Drill {
        seed,
        accounts: args.accounts,
        lines: args.lines,
        leakers: args.leakers,
        canaries: args.canaries,
        noise: args.noise,
        resold: args.resold,
        names: args.names.unwrap_or(0.3),
        masks: args.masks,
        alpha: args.alpha,
        n_max: args.n_max.unwrap_or_else(|| u64::from(args.accounts)),
        ghosts: args.ghosts,
        joint: !args.no_joint,
    }
}

fn print(args: &Args, outcomes: &[Outcome]) -> anyhow::Result<()> {
    if outcomes.len() == 1 {
        for leaker in &outcomes[0].leakers {
            let after =
                leaker.calls_to_name.map_or("not named".to_owned(), |calls| format!("named after {calls} calls"));
            let batch = if leaker.batch_named { ", its batch too" } else { "" };
            answer(&format!("{}: {after}{batch}", leaker.account))?;
        }
    }
    let all = outcomes.iter().filter(|outcome| outcome.found == args.leakers).count();
    let false_runs = outcomes.iter().filter(|outcome| outcome.innocents > 0).count();
    let named: u32 = outcomes.iter().map(|outcome| outcome.found).sum();
    let batches: usize =
        outcomes.iter().map(|outcome| outcome.leakers.iter().filter(|leaker| leaker.batch_named).count()).sum();
    let mut calls: Vec<u64> = outcomes.iter().flat_map(|outcome| outcome.calls_to_name.iter().copied()).collect();
    calls.sort_unstable();
    let median = calls.get(calls.len() / 2).map_or("-".to_owned(), u64::to_string);
    let mut rows = table(&[
        "runs",
        "all leakers named",
        "leakers named",
        "batches named",
        "runs with an innocent",
        "median calls to name",
        "alarms",
    ]);
    rows.add_row([
        outcomes.len().to_string(),
        all.to_string(),
        format!("{named}/{}", args.leakers as usize * outcomes.len()),
        batches.to_string(),
        false_runs.to_string(),
        median,
        outcomes.iter().filter(|outcome| outcome.alarm).count().to_string(),
    ]);
    Ok(answer_table(&rows)?)
}
