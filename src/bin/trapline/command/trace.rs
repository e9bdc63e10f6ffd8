//! `trapline trace`

use std::io::Read as _;
use std::process::ExitCode;

use serde_json::json;
use trapline::casefile::CaseFile;
use trapline::registry::{Registry as _, Revelation};
use trapline::trace::{Trace, trace};

use crate::session::Session;
use crate::settings::Settings;
use crate::terminal::{answer, answer_json, answer_table, note, table};

/// Paste a number, a waybill, a complaint: which sources hold what it mentions
///
/// An answer here is a lead, not evidence: thousands of accounts share a line.
/// What is shown is noted in the registry, because a membership that somebody
/// has seen is no evidence any more unless a decided hit revealed it before.
///
/// Example:
///   $ trapline trace "对方打154 3306 3750找李平跃，说快递丢了"
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// The text; `-` reads standard input
    #[arg(value_name = "TEXT")]
    text: String,
    /// Epoch such as 2026Q4; by default the one of today
    #[arg(long, value_name = "LABEL")]
    epoch: Option<String>,
    /// Show at most N sources
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Largest text that is read from standard input.
const MAX_TEXT_BYTES: u64 = 1 << 20;

pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut session = Session::open(settings)?;
    let epoch = session.epoch(args.epoch.as_deref())?;
    let mut text = args.text.clone();
    if text == "-" {
        text.clear();
        std::io::stdin().take(MAX_TEXT_BYTES).read_to_string(&mut text)?;
    }
    let case = CaseFile::load(&session.registry, &session.master, &epoch)?;
    let lines = session.registry.lines()?;
    let found = trace(&case, &lines, &text, args.limit)?;
    for holder in &found.holders {
        let revelation = Revelation {
            epoch: epoch.rules.epoch,
            account: holder.account.clone(),
            batch: Some(holder.batch.clone()),
            lines: holder.lines.clone(),
            numbers: holder.serials.clone(),
            why: "trace".to_owned(),
        };
        session.registry.reveal(&revelation, session.now)?;
    }
    if !found.holders.is_empty() {
        super::acts::warn_if_stopped(&session, &epoch)?;
    }
    if args.json {
        answer_json(&to_json(&found))?;
    } else {
        print(&found)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print(found: &Trace) -> anyhow::Result<()> {
    note(&format!(
        "the text mentions {} lines, {} waybill numbers and {} statements about a person",
        found.lines, found.numbers, found.persons
    ));
    if found.holders.is_empty() {
        return Ok(answer("no planted source holds what the text mentions")?);
    }
    let mut rows = table(&["account", "batch", "planted", "holds"]);
    for holder in &found.holders {
        let batch = if holder.batch.is_empty() { "(standing)" } else { &holder.batch };
        rows.add_row([holder.account.as_str(), batch, &holder.planted.to_string(), &holder.holds.join(", ")]);
    }
    answer_table(&rows)?;
    if found.total > found.holders.len() {
        note(&format!("{} more sources hold as much or less; --limit shows more", found.total - found.holders.len()));
    }
    Ok(())
}

fn to_json(found: &Trace) -> serde_json::Value {
    let holders: Vec<_> = found
        .holders
        .iter()
        .map(|holder| {
            json!({ "account": holder.account, "batch": holder.batch, "planted": holder.planted, "holds": holder.holds })
        })
        .collect();
    json!({
        "schema": "trapline.trace/1", "lines": found.lines, "numbers": found.numbers, "persons": found.persons,
        "total": found.total, "sources": holders,
    })
}
