//! `trapline explain`

use std::process::ExitCode;

use trapline::attribute;
use trapline::casefile::CaseFile;
use trapline::fault::Fault;
use trapline::registry::Registry as _;
use trapline::report;

use crate::session::Session;
use crate::settings::Settings;
use crate::terminal::{answer, note};

/// Show why: every observation, every bet, the running e-value, the threshold
///
/// SOURCE is an account, or ACCOUNT/BATCH. An account that was not accused can
/// be opened for level 2 (its batches) with --open; that is recorded, uses up a
/// part of alpha, and must happen without sight of any batch's score.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Account, or ACCOUNT/BATCH
    #[arg(value_name = "SOURCE")]
    source: String,
    /// Epoch such as 2026Q4; by default the one of today
    #[arg(long, value_name = "LABEL")]
    epoch: Option<String>,
    /// Open the account for level 2, for the record with this reason
    #[arg(long, value_name = "REASON")]
    open: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut session = Session::open(settings)?;
    let epoch = session.epoch(args.epoch.as_deref())?;
    let number = epoch.rules.epoch;
    // An account's own name may hold a slash: the whole text comes first.
    let (account, batch) = match session.registry.account(number, &args.source)? {
        Some(_) => (args.source.as_str(), None),
        None => {
            args.source.rsplit_once('/').map_or((args.source.as_str(), None), |(account, batch)| (account, Some(batch)))
        }
    };
    if session.registry.account(number, account)?.is_none() {
        let fault = Fault::new(format!("account {account:?} has nothing planted in epoch {}", epoch.rules.label))
            .hint("check the name, or choose the epoch with --epoch");
        return Err(fault.into());
    }
    if let Some(reason) = &args.open {
        let opening = session.registry.open_account(number, account, &format!("analyst: {reason}"), session.now)?;
        note(&format!("opening {} of the epoch: {} batches of {account}", opening.j, opening.batches));
    }
    let case = CaseFile::load(&session.registry, &session.master, &epoch)?;
    let explanation = attribute::explain(&case.evidence(), account, batch)
        .ok_or_else(|| Fault::new(format!("{account:?} has no batch {:?}", batch.unwrap_or_default())))?;
    let explained =
        if args.json { report::explain_json(&explanation, batch) } else { report::explain_text(&explanation, batch) };
    answer(&explained)?;
    Ok(ExitCode::SUCCESS)
}
