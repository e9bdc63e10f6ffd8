//! The arguments as they are typed.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use jiff::Timestamp;

use crate::command::{
    acts, attribute, canaries, drill, epoch, explain, index, init, lines, monitor, plan, plant, scan, scrub, seed,
    selftest, template, trace, verify,
};

/// Plant fake waybills, watch for them, name the account that leaked
///
/// A canary is a fake waybill that only one account, and one of its exports,
/// carries; its phone is a trap line of yours. `monitor` reads call records,
/// complaints and tracking look-ups; `attribute` names the sources that were
/// exposed. The chance that it ever names one that was not is at most alpha.
#[derive(Debug, Parser)]
#[command(
    name = "trapline",
    version,
    max_term_width = 100,
    after_help = "Exit status: 0 done; 1 could not do the job; 2 usage; 75 another run holds the lock.\n\
                  The answer goes to standard output, the conversation to standard error."
)]
pub struct Args {
    /// The workspace: the folder with key, configuration and registry
    #[arg(short = 'C', long = "workspace", value_name = "DIR", default_value = ".", global = true)]
    pub workspace: PathBuf,

    /// Act as if it were this moment; refused unless every line is a demo line
    #[arg(long, value_name = "TIME", global = true, hide_short_help = true)]
    pub now: Option<Timestamp>,

    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Init(init::Args),
    #[command(subcommand)]
    Epoch(epoch::Command),
    #[command(subcommand)]
    Lines(lines::Command),
    #[command(subcommand)]
    Template(template::Command),
    Plant(plant::Args),
    Seed(seed::Args),
    Monitor(monitor::Args),
    Attribute(attribute::Args),
    Explain(explain::Args),
    Index(index::Args),
    Scan(scan::Args),
    Trace(trace::Args),
    Canaries(canaries::Args),
    Verify(verify::Args),
    Scrub(scrub::Args),
    #[command(subcommand)]
    Acts(acts::Command),
    Plan(plan::Args),
    Drill(drill::Args),
    Selftest(selftest::Args),
}
