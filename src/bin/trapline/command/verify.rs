//! `trapline verify`

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;
use trapline::fault::Fault;
use trapline::issue;
use trapline::registry::{PlantingRow, Registry as _};

use crate::session::Session;
use crate::settings::Settings;
use crate::terminal::{answer, answer_json};

/// Prove a planted export: every planted row is there, every other byte original
///
/// The original's hash and length were registered when it was planted, so the
/// original itself is not needed. Exit status 1 when anything differs. In a
/// workbook the parts are compared, not how they are packed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The planted export
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Its batch
    #[arg(long, value_name = "B")]
    batch: String,
    /// Its account, where several have a batch of this name
    #[arg(long, value_name = "A")]
    account: Option<String>,
    /// Epoch such as 2026Q4; by default every epoch is searched
    #[arg(long, value_name = "LABEL")]
    epoch: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let session = Session::open(settings)?;
    let planting = find(&session, args)?;
    let rows = session.registry.planted_rows(planting.id)?;
    let verified = issue::verify(&args.file, &planting, &rows)?;
    let name = args.file.display();
    match verified {
        Ok(proof) if args.json => answer_json(&json!({
            "schema": "trapline.verification/1", "verified": true, "account": planting.key.account,
            "batch": planting.key.batch, "planted_rows": proof.rows, "shared_rows": rows.shared.len(), "original_sha256": planting.input_hash,
        }))?,
        Ok(proof) => answer(&format!(
            "{name}: all {} planted rows are there; the rest is the original, {} bytes, SHA-256 {}",
            proof.rows, planting.input_bytes, planting.input_hash
        ))?,
        Err(mismatch) => {
            let fault = Fault::new(mismatch.to_string())
                .in_file(name.to_string())
                .hint("the file was changed after it was planted, or it is of another batch");
            return Err(fault.into());
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn find(session: &Session, args: &Args) -> anyhow::Result<PlantingRow> {
    let mut found = Vec::new();
    for epoch in session.registry.epochs()? {
        if args.epoch.as_ref().is_some_and(|label| *label != epoch.rules.label) {
            continue;
        }
        found.extend(session.registry.plantings(epoch.rules.epoch)?.into_iter().filter(|planting| {
            planting.key.batch == args.batch && args.account.as_ref().is_none_or(|name| *name == planting.key.account)
        }));
    }
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(Fault::new(format!("no planting of batch {:?} is registered", args.batch)).into()),
        many => Err(Fault::new(format!("{many} plantings have a batch {:?}", args.batch))
            .hint("say whose with --account, and which epoch with --epoch")
            .into()),
    }
}
