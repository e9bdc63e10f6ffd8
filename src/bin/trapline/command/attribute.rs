//! `trapline attribute`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use trapline::attribute::{self, list};
use trapline::casefile::CaseFile;
use trapline::fault::Fault;
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
    /// Print the weekly list of leads instead: no accusations
    ///
    /// A list has a false discovery rate: in the mean, at most this share of its
    /// entries was not exposed. It is as of the last Monday, so that nobody
    /// chooses the moment by looking, and spends nothing of alpha.
    #[arg(long, value_name = "FDR", num_args = 0..=1, default_missing_value = "0.05", value_parser = parse_rate,
          conflicts_with_all = ["html", "exit_code"])]
    list: Option<f64>,
    /// Exit with N instead of 0 when a source is named
    #[arg(long, value_name = "N")]
    exit_code: Option<u8>,
}

pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let session = Session::open(settings)?;
    let epoch = session.epoch(args.epoch.as_deref())?;
    let case = CaseFile::load(&session.registry, &session.master, &epoch)?;
    if let Some(fdr) = args.list {
        return list(args, &session, case, fdr);
    }
    let attribution = attribute::attribute(&case.evidence());
    let mut report = report::Report::new(&attribution, &case);
    if let Some(path) = &args.html {
        report = report.with_timelines(&case);
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

/// Prints what was known on Monday, as a list of leads.
fn list(args: &Args, session: &Session, mut case: CaseFile, fdr: f64) -> anyhow::Result<ExitCode> {
    let as_of = list::week_before(session.now, &session.config.zone()?);
    case.keep_until(as_of);
    // A broken key or triage would make any list worthless too.
    if let Some(alarm) = attribute::attribute(&case.evidence()).alarm {
        return Err(Fault::new(format!("no list is made: {}", alarm.message)).into());
    }
    let list = list::list(&case.evidence(), as_of, fdr);
    answer(&if args.json { report::list_json(&list) } else { report::list_text(&list) })?;
    Ok(ExitCode::SUCCESS)
}

fn parse_rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate <= 0.5 => Ok(rate),
        _ => Err("expected a share above 0 and up to 0.5, such as 0.05".to_owned()),
    }
}
