//! `trapline acts`

use std::process::ExitCode;

use serde_json::json;
use trapline::attribute::acts::first_stop;
use trapline::casefile::CaseFile;
use trapline::registry::{ActKind, NewAct, Registry as _};

use crate::session::Session;
use crate::settings::Settings;
use crate::terminal::{answer, answer_json, answer_table, note, table};

/// Record acts that scores may have driven, and list them
///
/// Blocking a line, calling one, planting anew, editing triage or telling
/// somebody outside changes what rings from now on. Done because of a score, it
/// carries codewords into the stream of calls. After an accusation that is
/// harmless; after any other such act joint certification of the epoch looks no
/// more. The other rules are not concerned. Looking at the lines of an account
/// that is not accused (`trace`, `canaries`) counts by itself.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Record an act, before or right after it is done
    Record {
        /// What is done
        #[arg(value_name = "KIND", value_parser = parse_kind)]
        kind: ActKind,
        /// The accused account that it follows; without one it follows no accusation
        #[arg(long, value_name = "ACCOUNT")]
        account: Option<String>,
        /// What an auditor should read about it
        #[arg(long, value_name = "TEXT")]
        why: String,
    },
    /// List recorded acts, and what stopped joint certification
    List {
        /// Epoch such as 2026Q4; by default the one of today
        #[arg(long, value_name = "LABEL")]
        epoch: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

fn parse_kind(text: &str) -> Result<ActKind, String> {
    let found = ActKind::ALL.iter().find(|(_, word)| *word == text);
    found.map(|(kind, _)| *kind).ok_or_else(|| {
        let words: Vec<&str> = ActKind::ALL.iter().map(|(_, word)| *word).collect();
        format!("expected one of {}", words.join(", "))
    })
}

pub fn run(command: &Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut session = Session::open(settings)?;
    match command {
        Command::Record { kind, account, why } => record(&mut session, *kind, account.as_deref(), why)?,
        Command::List { epoch, json } => list(&session, epoch.as_deref(), *json)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn record(session: &mut Session, kind: ActKind, account: Option<&str>, why: &str) -> anyhow::Result<()> {
    let epoch = session.epoch(None)?;
    let act = NewAct { epoch: epoch.rules.epoch, kind, account: account.map(str::to_owned), why: why.to_owned() };
    session.registry.record_act(&act, session.now)?;
    answer(&format!("recorded {} in epoch {}", kind.name(), epoch.rules.label))?;
    warn_if_stopped(session, &epoch)
}

/// Says whether joint certification of the epoch looks no more, and why.
pub fn warn_if_stopped(session: &Session, epoch: &trapline::registry::EpochRow) -> anyhow::Result<()> {
    let case = CaseFile::load(&session.registry, &session.master, epoch)?;
    if let Some(stop) = first_stop(&case.evidence()).filter(|_| epoch.rules.joint.is_some()) {
        note(&format!(
            "joint certification of epoch {} looks no more at what comes after decision {}: {}; the other rules go on",
            epoch.rules.label, stop.after_seq, stop.what
        ));
    }
    Ok(())
}

fn list(session: &Session, epoch: Option<&str>, json: bool) -> anyhow::Result<()> {
    let epoch = session.epoch(epoch)?;
    let acts = session.registry.acts(epoch.rules.epoch)?;
    let case = CaseFile::load(&session.registry, &session.master, &epoch)?;
    let stop = first_stop(&case.evidence());
    if json {
        let rows: Vec<_> = acts
            .iter()
            .map(|row| {
                json!({
                    "kind": row.act.kind, "account": row.act.account, "why": row.act.why,
                    "after_decision": row.after_seq, "at": row.at,
                })
            })
            .collect();
        return answer_json(&json!({
            "schema": "trapline.acts/1", "epoch": epoch.rules.label, "acts": rows, "joint_certification_stopped": stop,
        }));
    }
    if acts.is_empty() {
        answer("no act is recorded")?;
    } else {
        let mut rows = table(&["at", "after decision", "kind", "follows", "why"]);
        for row in &acts {
            rows.add_row([
                row.at.to_string(),
                row.after_seq.to_string(),
                row.act.kind.name().to_owned(),
                row.act.account.clone().unwrap_or_else(|| "(no accusation)".to_owned()),
                row.act.why.clone(),
            ]);
        }
        answer_table(&rows)?;
    }
    warn_if_stopped(session, &epoch)
}
