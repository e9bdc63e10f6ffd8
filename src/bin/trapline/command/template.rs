//! `trapline template`

use std::process::ExitCode;

use trapline::canary::{Batch, Mint};
use trapline::codebook::Codebook;
use trapline::derive::Stream;
use trapline::key::MasterKey;
use trapline::line::demo_lines;
use trapline::record::Value;
use trapline::template::Template;

use crate::session::Session;
use crate::settings::Settings;
use crate::terminal::{answer, answer_table, table};

pub(super) mod audit;
pub mod learn;

/// List, show, check, preview, learn and audit templates
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the shipped templates
    List,
    /// Print a shipped template's YAML, to start your own from
    Show {
        /// Its name
        name: String,
    },
    /// Check a template file
    Check {
        /// A path relative to the workspace, or a shipped name
        name: String,
    },
    /// Print made-up rows of a template, with a key of this moment and demo lines
    Preview {
        /// A path relative to the workspace, or a shipped name
        name: String,
        /// Rows
        #[arg(short = 'n', long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=50))]
        rows: u32,
    },
    Learn(learn::Args),
    Audit(audit::Args),
}

pub fn run(command: &Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    match command {
        Command::Learn(args) => return learn::run(args),
        Command::List => list()?,
        Command::Show { name } => answer(load(settings, name)?.text())?,
        Command::Check { name } => {
            let template = load(settings, name)?;
            answer(&format!(
                "{}: {} columns, hash {}",
                template.name(),
                template.columns().len(),
                &template.hash()[..16]
            ))?;
        }
        Command::Preview { name, rows } => {
            preview(&load(settings, name)?, *rows, settings.now().to_zoned_datetime(jiff::tz::TimeZone::UTC).date())?;
        }
        Command::Audit(args) => return audit::run(args, settings),
    }
    Ok(ExitCode::SUCCESS)
}

/// A template needs no workspace to be looked at.
fn load(settings: &Settings, name: &str) -> anyhow::Result<Template> {
    Session::template_at(settings.workspace.dir(), name)
}

fn list() -> anyhow::Result<()> {
    let mut rows = table(&["template", "columns", "lines a row", "hash"]);
    for (name, text) in Template::shipped() {
        let template = Template::parse(text, name)?;
        rows.add_row([
            (*name).to_owned(),
            template.columns().len().to_string(),
            template.roles().len().to_string(),
            template.hash()[..16].to_owned(),
        ]);
    }
    Ok(answer_table(&rows)?)
}

fn preview(template: &Template, rows: u32, today: jiff::civil::Date) -> anyhow::Result<()> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| anyhow::anyhow!("the system gives no randomness: {error}"))?;
    let lines = demo_lines(240, 0, &mut Stream::new(&seed));
    let pool: Vec<_> = lines.into_iter().map(|line| line.number).collect();
    let sizes = trapline::codebook::Sizes { pool: 240, account: 120, standing: 5 };
    let codebook = Codebook::new(&MasterKey::from_bytes(seed), 1, sizes);
    let mint = Mint::new(&codebook, template, &pool);
    let roles = template.roles();
    let batch = Batch { account: "preview", id: "preview", lines: rows * roles.len() as u32, roles };
    let serials: Vec<u64> = (0..u64::from(rows)).collect();
    let headers: Vec<&str> = template.columns().iter().map(|column| column.header.as_str()).collect();
    let mut shown = table(&headers);
    for canary in mint.canaries(&batch, &serials) {
        shown.add_row(template.columns().iter().map(|column| match canary.record.value(&column.role) {
            Some(Value::Text(text)) => text.clone(),
            _ => format!("({})", mint.stand_in(&batch, &canary, &column.role, today)),
        }));
    }
    Ok(answer_table(&shown)?)
}
