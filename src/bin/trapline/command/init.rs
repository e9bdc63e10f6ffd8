//! `trapline init`

use std::fs;
use std::process::ExitCode;

use anyhow::Context as _;
use trapline::config::Config;
use trapline::derive::Stream;
use trapline::fault::Fault;
use trapline::key::MasterKey;
use trapline::line::demo_lines;
use trapline::registry::Registry as _;
use trapline::registry::sqlite::SqliteRegistry;
use trapline::seal::Vault;
use trapline::workspace::{KeySource, write_private};

use super::epoch::open_quarter;
use crate::settings::Settings;
use crate::terminal::{answer, note};

/// Make a workspace: key (mode 0600), trapline.yaml and registry.db
///
/// Nothing is ever overwritten. Back the key up where the registry's backups
/// are not: without it no canary can be recognised, and whoever has it can
/// frame anybody.
///
/// Example:
///   $ trapline -C ws init
///   $ trapline -C ws lines import lines.csv
///   $ trapline -C ws epoch open
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// Add N lines of unassigned ranges and open this quarter, for a demonstration.
    /// Never use such a workspace in production: anybody can tell these numbers
    /// from assigned ones, and nobody answers them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(40..=100_000))]
    demo_lines: Option<u32>,
}

/// What the configuration file starts with.
const YAML_HEAD: &str = "\
# Trapline's configuration. Keys that are not understood are errors.
# What stands under `attribution` and `triage` is registered when an epoch is
# opened; editing it later changes the next epoch.
# Feeds, webhook and metrics: see docs/operations.md and docs/formats/feeds.md.
";

pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let workspace = &settings.workspace;
    let dir = workspace.dir();
    fs::create_dir_all(dir).with_context(|| format!("{}: the folder cannot be made", dir.display()))?;
    for path in [workspace.config_path(), workspace.registry_path()] {
        if path.exists() {
            let fault = Fault::new("there is a workspace here already; nothing was changed")
                .in_file(path.display().to_string())
                .hint("choose another folder with -C DIR");
            return Err(fault.into());
        }
    }
    let master = match &settings.key {
        KeySource::Workspace => {
            let master = MasterKey::generate().context("the system gives no randomness")?;
            write_private(&workspace.key_path(), master.to_file_text().as_bytes())?;
            master
        }
        given => workspace.key(given)?,
    };
    let config = Config::default();
    let yaml = format!("{YAML_HEAD}\n{}", serde_yaml::to_string(&config)?);
    write_private(&workspace.config_path(), yaml.as_bytes())?;
    let mut registry = SqliteRegistry::create(&workspace.registry_path(), Vault::new(&master))?;
    let mut text = format!("workspace {} with key {}\n", dir.display(), master.id());
    if let Some(count) = args.demo_lines {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| Fault::new(format!("the system gives no randomness: {error}")))?;
        registry.add_lines(&demo_lines(count, count / 10, &mut Stream::new(&seed)), settings.now())?;
        let epoch = open_quarter(&mut registry, &config, None, settings.now())?;
        text += &format!("{count} demo lines and {} for control; epoch {} is open\n", count / 10, epoch.rules.label);
        note("demo lines are of unassigned ranges: never use this workspace in production");
    }
    answer(&text)?;
    Ok(ExitCode::SUCCESS)
}
