//! `trapline plant`

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;
use trapline::audit::{self, planter::Planter};
use trapline::fault::Fault;
use trapline::issue::{self, Bench, NOTICED_SHARE, Order, Pending};

use crate::command::template::audit as audit_command;
use crate::reading::{Part, Reading};
use crate::session::Session;
use crate::settings::Settings;
use crate::terminal::{answer, answer_json, note};

/// Weave canaries into one export
///
/// IN is CSV, TSV, text with another delimiter, or JSON Lines, in UTF-8, GBK or
/// GB18030, plain, gzip or zstd; a dump of a database (INSERT or COPY); a
/// workbook (xlsx); or Parquet. No byte of a text is changed, no cell of a
/// workbook, and no value of a Parquet file: taking the planted rows out gives
/// it back. OUT gets its name only after the planting is registered; a run that
/// was interrupted is completed by running it again.
///
/// Example:
///   $ trapline plant export.csv -o released.csv --account handan-03
///   planted 10 canaries on 10 lines into 30000 records: batch 3f9c27a1e0b45d68
///
/// A scope is a data set that several accounts can export, such as an outlet's
/// day. Whoever compares two exports of it and drops what differs drops every
/// canary; --scope adds shared rows, which do not differ between accounts that
/// have the same variant of them. Name the data set the same for all accounts:
///   $ trapline plant export.csv -o out.csv --account handan-03 --scope "outlet 12, 2026-11-25"
///   planted 10 canaries on 10 lines and 200 shared rows into 30000 records: batch 3f9c27a1e0b45d68
///
/// Whether canaries can be told from real rows is asked before anybody can look:
///   $ trapline plant export.csv -o out.csv --account handan-03 --max-auc 0.6
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// The export
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// Where the planted export goes; .gz and .zst compress
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// The account whose export it is
    #[arg(long, value_name = "A")]
    account: String,
    /// Batch id, unique for the account; by default taken from the input's hash
    #[arg(long, value_name = "B")]
    batch: Option<String>,
    /// Template for an account that has none yet in this epoch
    #[arg(long, value_name = "T")]
    template: Option<String>,
    /// Canaries to plant; by default the epoch's lines of a batch
    #[arg(long, value_name = "N")]
    canaries: Option<u32>,
    /// The data set that other accounts can export, too: adds its shared rows
    #[arg(long, value_name = "S")]
    scope: Option<String>,
    #[command(flatten)]
    part: Part,
    #[command(flatten)]
    reading: Reading,
    /// Before the export is registered and released, set an adversary on it
    /// (see `template audit`), helped by 200 others planted like it
    #[arg(long)]
    audit: bool,
    /// Audit, and release nothing if canaries are easier to tell: AUC above X
    #[arg(long, value_name = "X", value_parser = parse_auc)]
    max_auc: Option<f64>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn parse_auc(text: &str) -> Result<f64, String> {
    let auc: f64 = text.parse().map_err(|_| "expected a number")?;
    if (0.5..=1.0).contains(&auc) { Ok(auc) } else { Err("expected 0.5 (chance) to 1 (a certainty)".to_owned()) }
}

pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    if args.output.as_os_str() == "-" {
        let fault = Fault::new("planting into standard output is refused: nothing leaves before it is registered")
            .hint("give -o a file, then send that");
        return Err(fault.into());
    }
    let mut session = Session::open(settings)?;
    let name = args.template.as_ref().unwrap_or(&session.config.template);
    let template = session.template(name)?;
    let options = args.reading.options();
    let order = Order {
        input: &args.input,
        output: &args.output,
        account: &args.account,
        batch: args.batch.as_deref(),
        template: &template,
        canaries: args.canaries,
        scope: args.scope.as_deref(),
        part: args.part.name(),
        options: &options,
    };
    let mut bench = Bench { registry: &mut session.registry, master: &session.master, now: session.now };
    let mut audited = None;
    let report = issue::plant_if(&mut bench, &order, |pending| {
        if args.audit || args.max_auc.is_some() {
            audited = Some(audit_pending(args, pending)?);
        }
        Ok(())
    })?;
    if args.template.is_some() && report.template != template.name() {
        note(&format!("the account is bound to template {} until the next epoch; that one was used", report.template));
    }
    tell(&report);
    if args.json {
        let mut json = to_json(&report);
        if let Some(audited) = &audited {
            json["audit"] = serde_json::to_value(audited)?;
        }
        answer_json(&json)?;
    } else {
        let audited = audited.as_ref().map(|audited| audit_command::text(audited) + "\n").unwrap_or_default();
        answer(&(audited + &summary(&report)))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Sets the adversary on an export that is neither registered nor released, and
/// refuses it if its canaries are too easy to tell.
fn audit_pending(args: &Args, pending: &Pending<'_>) -> issue::Result<audit::Report> {
    let bytes = audit_command::read(pending.text)?;
    // Whether an export is refused must not hang on the luck of a draw.
    let seed = audit_command::seed(1);
    let planter = Planter::new(&bytes, pending.template, pending.options, Some(pending.pool.to_vec()), seed)?;
    let own = planter.export(0, pending.plan.insertions())?;
    let settings =
        audit::Settings { accounts: OTHERS, redraws: 1, rows: OTHER_ROWS, seed, ..audit::Settings::default() };
    let report = audit::audit_own(&planter, &settings, own)?;
    let Some(most) = args.max_auc.filter(|most| report.exceeds(*most)) else { return Ok(report) };
    // An error leaves no answer; what was found is needed all the same.
    eprint!("{}", audit_command::text(&report));
    Err(Fault::new(format!(
        "canaries are too easy to tell: AUC {:.3} where at most {most} is allowed; nothing was registered or released",
        report.told.auc.estimate.max(report.own.as_ref().map_or(0.0, |own| own.auc.low))
    ))
    .hint("mend what the audit names, or allow more with --max-auc")
    .into())
}

/// Exports that are planted like the one to be judged, under throwaway keys.
const OTHERS: u32 = 200;
/// Planted rows of theirs, and real ones.
const OTHER_ROWS: usize = 4000;

fn summary(report: &issue::Report) -> String {
    let again = if report.again { " (registered before)" } else { "" };
    let shared = match report.shared {
        0 => String::new(),
        shared => format!(" and {shared} shared rows"),
    };
    let part = report.part.as_ref().map(|part| format!(" of {part}")).unwrap_or_default();
    format!(
        "planted {} canaries on {} lines{shared} into {} records{part}: batch {}{again}\n",
        report.canaries, report.lines, report.survey.records, report.key.batch
    )
}

/// What the engineer should know about this file.
fn tell(report: &issue::Report) {
    for hint in &report.survey.hints {
        note(hint);
    }
    if report.shared > 0 && report.planted_share() > NOTICED_SHARE {
        note(&format!(
            "planted rows are {:.0} % of the real ones: that many may be noticed; a lower attribution.slots_per_scope in the next epoch makes fewer",
            100.0 * report.planted_share()
        ));
    }
    if report.standing_seen > 0 {
        note(&format!(
            "{} standing lines of this account are in the export already and were left",
            report.standing_seen
        ));
    }
    if report.foreign_lines > 0 {
        note(&format!(
            "{} lines of the pool that are not this account's standing ones occur in real rows: is the export planted already, or is a line in public use?",
            report.foreign_lines
        ));
    }
}

fn to_json(report: &issue::Report) -> serde_json::Value {
    json!({
        "schema": "trapline.planting/1",
        "account": report.key.account, "batch": report.key.batch, "template": report.template,
        "canaries": report.canaries, "lines": report.lines, "shared": report.shared, "again": report.again,
        "part": report.part, "records": report.survey.records, "input_sha256": report.survey.input_hash,
        "output_sha256": report.output_hash, "standing_lines_seen": report.standing_seen,
        "foreign_lines_seen": report.foreign_lines, "redrawn_numbers": report.survey.collisions,
        "weakened": report.survey.is_weakened(), "notes": report.survey.hints,
    })
}
