//! `trapline drill`

use std::process::ExitCode;

use serde_json::json;
use trapline::drill::{self, Drill, Outcome};

use super::selftest::Folder;
use crate::settings::Settings;
use crate::terminal::{answer, answer_json, answer_table, progress, table};

/// Rehearse leaks end to end on made-up traffic
///
/// Each run plants into the leakers' exports, resells them, lets fraudsters call
/// among noise, and runs the real monitor and attribution in a temporary folder
/// over an in-memory registry. The same seed gives the same runs.
///
/// Example:
///   $ trapline drill --accounts 300000 --leakers 5 --names 0.3 --runs 10
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// Accounts, each with one planted export
    #[arg(long, default_value_t = 3000, value_name = "N")]
    accounts: u32,
    /// Trap lines
    #[arg(long, default_value_t = 2000, value_name = "N", value_parser = clap::value_parser!(u32).range(40..=100_000))]
    lines: u32,
    /// Accounts whose export is leaked
    #[arg(long, default_value_t = 5, value_name = "L")]
    leakers: u32,
    /// Canaries in an export
    #[arg(long, default_value_t = 10, value_name = "T")]
    canaries: u32,
    /// Share of confirmed hits that are noise on random lines
    #[arg(long, default_value_t = 0.5, value_name = "P")]
    noise: f64,
    /// Share of a leaked export's rows that are resold
    #[arg(long, default_value_t = 1.0, value_name = "P")]
    resold: f64,
    /// Share of fraud calls that ask for somebody by name
    #[arg(long, default_value_t = 0.3, value_name = "P")]
    names: f64,
    /// Share of asked-for names of which only the surname is heard
    #[arg(long, default_value_t = 0.3, value_name = "P")]
    masks: f64,
    /// alpha
    #[arg(long, default_value_t = 0.01, value_name = "P")]
    alpha: f64,
    /// Most sources that may ever be named; by default the number of accounts
    #[arg(long, value_name = "N")]
    n_max: Option<u64>,
    /// Ghosts that score alongside
    #[arg(long, default_value_t = 20_000, value_name = "G")]
    ghosts: u32,
    /// Runs
    #[arg(long, default_value_t = 1, value_name = "R")]
    runs: u32,
    /// Seed of the first run; the next one has the next seed
    #[arg(long, default_value_t = 1, value_name = "S")]
    seed: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, _: &Settings) -> anyhow::Result<ExitCode> {
    let bar = progress(u64::from(args.runs), "drills");
    let mut outcomes = Vec::new();
    for run in 0..u64::from(args.runs) {
        let folder = Folder::new()?;
        outcomes.push(drill::run(&drill_of(args, args.seed + run), folder.path())?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    if args.json {
        answer_json(&json!({ "schema": "trapline.drill/1", "drill": drill_of(args, args.seed), "runs": outcomes }))?;
    } else {
        print(args, &outcomes)?;
    }
    Ok(ExitCode::SUCCESS)
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
        names: args.names,
        masks: args.masks,
        alpha: args.alpha,
        n_max: args.n_max.unwrap_or_else(|| u64::from(args.accounts)),
        ghosts: args.ghosts,
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
