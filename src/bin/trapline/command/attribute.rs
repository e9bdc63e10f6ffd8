//! `trapline attribute`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use trapline::attribute;
use trapline::casefile::CaseFile;
use trapline::report;

use crate::session::Session;
use crate::settings::Settings;
use crate::terminal::{answer, note};

/// Name the sources that were exposed, with an error guarantee
///
/// Reads what `monitor` decided and concludes afresh; nothing is changed. A
/// source is named when the evidence against "it was not exposed" crossed the
/// threshold that was registered when the epoch opened. The chance that any
/// source is ever named that was not exposed is at most alpha.
///
/// Example:
///   $ trapline attribute --html report.html
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// Epoch such as 2026Q4; by default the one of today
    #[arg(long, value_name = "LABEL")]
    epoch: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Also write a self-contained HTML report
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Exit with N instead of 0 when a source is named
    #[arg(long, value_name = "N")]
    exit_code: Option<u8>,
}

pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let session = Session::open(settings)?;
    let epoch = session.epoch(args.epoch.as_deref())?;
    let case = CaseFile::load(&session.registry, &session.master, &epoch)?;
    let attribution = attribute::attribute(&case.evidence());
    let report = report::Report::new(&attribution, &case);
    if let Some(path) = &args.html {
        std::fs::write(path, report::html(&report))
            .with_context(|| format!("{}: the report cannot be written", path.display()))?;
        note(&format!("wrote {}", path.display()));
    }
    answer(&if args.json { report::json(&report) } else { report::text(&report) })?;
    Ok(match args.exit_code {
        // A ghost over its threshold means that no report can be relied on.
        _ if attribution.alarm.is_some() => ExitCode::FAILURE,
        Some(code) if !attribution.named.is_empty() => ExitCode::from(code),
        _ => ExitCode::SUCCESS,
    })
}
