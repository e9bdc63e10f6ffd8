//! `trapline epoch`

use std::process::ExitCode;

use jiff::Timestamp;
use serde_json::json;
use trapline::config::Config;
use trapline::epoch::{Quarter, current, frozen, rules};
use trapline::fault::Fault;
use trapline::registry::{EpochRow, LineUse, Registry};
use trapline::rules::Rules;

use crate::session::Session;
use crate::settings::Settings;
use crate::terminal::{answer, answer_json, answer_table, table};

/// Open, list and show epochs: the quarters that plantings belong to
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Register alpha, rules, triage and the pool for a quarter
    ///
    /// What is registered never changes: opening the same quarter again with an
    /// edited configuration is refused, and the difference is shown. Lines that
    /// are imported later wait for the next epoch.
    Open {
        /// Quarter such as 2026Q4; by default the one of today
        #[arg(value_name = "QUARTER")]
        quarter: Option<Quarter>,
    },
    /// List epochs
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show what an epoch registered
    Show {
        /// Label such as 2026Q4; by default the epoch of today
        label: Option<String>,
    },
}

pub fn run(command: &Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut session = Session::open(settings)?;
    match command {
        Command::Open { quarter } => {
            let epoch = open_quarter(&mut session.registry, &session.config, *quarter, session.now)?;
            answer(&format!(
                "epoch {} is open: {} lines, alpha {} of {}, rules {}",
                epoch.rules.label,
                epoch.rules.pool,
                epoch.rules.epoch_alpha(),
                epoch.rules.alpha,
                &epoch.rules_hash[..16],
            ))?;
        }
        Command::List { json } => list(&session, *json)?,
        Command::Show { label } => answer_json(&session.epoch(label.as_deref())?.rules)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Opens a quarter over all trap lines that are in the registry now.
pub fn open_quarter(
    registry: &mut dyn Registry,
    config: &Config,
    quarter: Option<Quarter>,
    now: Timestamp,
) -> anyhow::Result<EpochRow> {
    let quarter = match quarter {
        Some(quarter) => quarter,
        None => Quarter::of(now, &config.zone()?),
    };
    let epochs = registry.epochs()?;
    let label = quarter.to_string();
    let standing = epochs.iter().find(|epoch| epoch.rules.label == label);
    let pool: Vec<i64> = match standing {
        Some(epoch) => registry.pool(epoch.rules.epoch)?,
        None => trap_lines(registry)?,
    };
    let ordinal = standing.map_or(epochs.len() as u32 + 1, |epoch| epoch.rules.epoch);
    let wanted = rules(config, quarter, ordinal, pool.len() as u32)?;
    if let Some(epoch) = standing {
        refuse_edit(&epoch.rules, &wanted)?;
        return Ok(epoch.clone());
    }
    if let Some(last) = epochs.last().filter(|last| last.rules.begins >= wanted.begins) {
        let fault = Fault::new(format!("epoch {} was opened already: quarters open in order", last.rules.label));
        return Err(fault.into());
    }
    registry.open_epoch(&wanted, &frozen(&pool, &wanted), now)?;
    let opened = registry.epochs()?;
    opened
        .into_iter()
        .find(|epoch| epoch.rules.label == label)
        .ok_or_else(|| Fault::new("the epoch was not kept").into())
}

fn trap_lines(registry: &dyn Registry) -> anyhow::Result<Vec<i64>> {
    let lines = registry.lines()?;
    Ok(lines.iter().filter(|row| row.line.line_use == LineUse::Trap).map(|row| row.id).collect())
}

/// The rules stand; an edited configuration is shown field by field.
fn refuse_edit(registered: &Rules, wanted: &Rules) -> anyhow::Result<()> {
    let (old, new) = (serde_json::to_value(registered)?, serde_json::to_value(wanted)?);
    let empty = serde_json::Map::new();
    let (old, new) = (old.as_object().unwrap_or(&empty), new.as_object().unwrap_or(&empty));
    let changed: Vec<String> = old
        .iter()
        .filter(|(key, value)| new.get(*key) != Some(value))
        .map(|(key, value)| {
            format!("{key}: registered {value}, now {}", new.get(key).unwrap_or(&serde_json::Value::Null))
        })
        .collect();
    if changed.is_empty() {
        return Ok(());
    }
    Err(Fault::new(format!("epoch {} is open with other rules; {}", registered.label, changed.join("; ")))
        .hint("the edit takes effect in the next epoch; changing rules after seeing data would void the guarantee")
        .into())
}

fn list(session: &Session, json: bool) -> anyhow::Result<()> {
    let epochs = session.registry.epochs()?;
    let now = current(&epochs, session.now).map(|epoch| epoch.rules.epoch);
    if json {
        let rows: Vec<_> = epochs
            .iter()
            .map(|epoch| {
                json!({
                    "epoch": epoch.rules.label, "begins": epoch.rules.begins, "ends": epoch.rules.ends,
                    "opened": epoch.opened, "lines": epoch.rules.pool, "alpha": epoch.rules.epoch_alpha(),
                    "rules_hash": epoch.rules_hash, "current": Some(epoch.rules.epoch) == now,
                })
            })
            .collect();
        return answer_json(&json!({ "schema": "trapline.epochs/1", "epochs": rows }));
    }
    let mut rows = table(&["epoch", "begins", "ends", "lines", "alpha", "rules"]);
    for epoch in &epochs {
        let mark = if Some(epoch.rules.epoch) == now { "*" } else { "" };
        rows.add_row([
            format!("{}{mark}", epoch.rules.label),
            epoch.rules.begins.to_string(),
            epoch.rules.ends.to_string(),
            epoch.rules.pool.to_string(),
            epoch.rules.epoch_alpha().to_string(),
            epoch.rules_hash[..16].to_owned(),
        ]);
    }
    answer_table(&rows)?;
    Ok(())
}
