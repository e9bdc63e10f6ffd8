//! `trapline plan`

use std::path::PathBuf;
use std::process::ExitCode;

use trapline::fault::Fault;
use trapline::plan::{self, Settings as Plan};

use crate::settings::Settings;
use crate::terminal::{answer, answer_json, note, width};

/// Plan what to plant and what to buy
///
/// Says after how many calls a leaker is named, how that depends on the rows
/// that were sold, how many leakers at once are still told apart, how many
/// shared slots colluders cost, and which number of lines or of canaries
/// reaches a target. Figures come from seeded simulations of the engine's own
/// bets at its registered thresholds; the same settings give the same plan.
/// Joint certification is not simulated and can only add to them. It needs no
/// workspace.
///
/// Example:
///   $ trapline plan --accounts 300000 --lines 2000 --canaries 10 --resold 0.5 --html plan.html
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// Accounts that could leak
    #[arg(long, default_value_t = 300_000, value_name = "N")]
    accounts: u32,
    /// Most sources that may ever be named (attribution.n_max); by default the
    /// number of accounts
    #[arg(long, value_name = "N")]
    n_max: Option<u64>,
    /// Trap lines
    #[arg(long, default_value_t = 2000, value_name = "N", value_parser = clap::value_parser!(u32).range(40..=100_000))]
    lines: u32,
    /// Lines of an account; by default a twentieth of all, 20 to 100
    #[arg(long, value_name = "N")]
    account_lines: Option<u32>,
    /// Canaries in an export
    #[arg(long, default_value_t = 10, value_name = "T")]
    canaries: u32,
    /// Exports of an account in an epoch
    #[arg(long, default_value_t = 20, value_name = "N")]
    exports: u32,
    /// Rows of an export, canaries included
    #[arg(long, default_value_t = 3000, value_name = "R")]
    rows: u32,
    /// Share of a leaked export's rows that is expected to be resold
    #[arg(long, default_value_t = 0.5, value_name = "P")]
    resold: f64,
    /// Share of confirmed calls that are noise on random lines
    #[arg(long, default_value_t = 0.5, value_name = "P")]
    noise: f64,
    /// Share of fraud calls that ask for somebody by name
    #[arg(long, default_value_t = 0.3, value_name = "P")]
    names: f64,
    /// Share of asked-for names of which only the surname is heard
    #[arg(long, default_value_t = 0.3, value_name = "P")]
    masks: f64,
    /// Leakers at once
    #[arg(long, default_value_t = 5, value_name = "L")]
    leakers: u32,
    /// Buyers who compare their exports; 1 leaves shared slots out
    #[arg(long, default_value_t = 2, value_name = "K", value_parser = clap::value_parser!(u32).range(1..=20))]
    colluders: u32,
    /// alpha, over all epochs
    #[arg(long, default_value_t = 0.01, value_name = "P")]
    alpha: f64,
    /// Which epoch is planned, from 1: later ones may spend less of alpha
    #[arg(long, default_value_t = 1, value_name = "E")]
    epoch: u32,
    /// Share of leaks that is to be named
    #[arg(long, default_value_t = 0.95, value_name = "P")]
    target: f64,
    /// Simulated leaks behind the main figures
    #[arg(long, default_value_t = 2000, value_name = "N", value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    trials: u32,
    /// Seed of the simulations
    #[arg(long, default_value_t = 1, value_name = "S")]
    seed: u64,
    /// Write a page with charts
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, _: &Settings) -> anyhow::Result<ExitCode> {
    let plan = plan::plan(&settings_of(args))?;
    if let Some(path) = &args.html {
        std::fs::write(path, plan::html(&plan)).map_err(|error| {
            Fault::new(format!("the page cannot be written: {error}")).in_file(path.display().to_string())
        })?;
        note(&format!("wrote {}", path.display()));
    }
    if args.json {
        answer_json(&plan)?;
    } else {
        answer(&plan::text(&plan, width()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn settings_of(args: &Args) -> Plan {
    Plan {
        accounts: args.accounts,
        n_max: args.n_max.unwrap_or_else(|| u64::from(args.accounts)),
        lines: args.lines,
        account_lines: args.account_lines,
        canaries: args.canaries,
        exports: args.exports,
        rows: args.rows,
        resold: args.resold,
        noise: args.noise,
        names: args.names,
        masks: args.masks,
        leakers: args.leakers,
        colluders: args.colluders,
        alpha: args.alpha,
        epoch: args.epoch,
        target: args.target,
        trials: args.trials,
        seed: args.seed,
    }
}
