//! One file for each command; its doc comments are its help.

pub mod acts;
pub mod attribute;
pub mod canaries;
pub mod drill;
pub mod epoch;
pub mod explain;
pub mod index;
pub mod init;
pub mod lines;
pub mod monitor;
pub mod plan;
pub mod plant;
pub mod scan;
pub mod scrub;
pub mod seed;
pub mod selftest;
pub mod template;
pub mod trace;
pub mod verify;

use std::process::ExitCode;

use crate::args::{Args, Command};
use crate::settings::Settings;

/// Runs what was asked for.
pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::Init(args) => init::run(args, settings),
        Command::Epoch(command) => epoch::run(command, settings),
        Command::Lines(command) => lines::run(command, settings),
        Command::Template(command) => template::run(command, settings),
        Command::Plant(args) => plant::run(args, settings),
        Command::Seed(args) => seed::run(args, settings),
        Command::Monitor(args) => monitor::run(args, settings),
        Command::Attribute(args) => attribute::run(args, settings),
        Command::Acts(command) => acts::run(command, settings),
        Command::Explain(args) => explain::run(args, settings),
        Command::Index(args) => index::run(args, settings),
        Command::Scan(args) => scan::run(args, settings),
        Command::Scrub(args) => scrub::run(args, settings),
        Command::Trace(args) => trace::run(args, settings),
        Command::Canaries(args) => canaries::run(args, settings),
        Command::Verify(args) => verify::run(args, settings),
        Command::Plan(args) => plan::run(args, settings),
        Command::Drill(args) => drill::run(args, settings),
        Command::Selftest(args) => selftest::run(args, settings),
    }
}
