//! `trapline plant`

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;
use trapline::fault::Fault;
use trapline::issue::{self, Bench, NOTICED_SHARE, Order};
use trapline::plant::{Encoding, Options};
use trapline::record::ColumnRole;

use crate::session::Session;
use crate::settings::Settings;
use crate::terminal::{answer, answer_json, note};

/// Weave canaries into one export
///
/// IN is CSV, TSV, text with another delimiter, or JSON Lines, in UTF-8, GBK or
/// GB18030, plain, gzip or zstd; a dump of a database (INSERT or COPY); or a
/// workbook (xlsx). No byte of a text is changed, and no cell of a workbook:
/// taking the planted rows out gives it back. OUT gets its name only after the
/// planting is registered; a run that was interrupted is completed by running
/// it again.
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
    /// The sheet of a workbook; by default the one with the most records
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    /// The table of a dump; by default the one with the most rows
    #[arg(long, value_name = "NAME", conflicts_with = "sheet")]
    table: Option<String>,
    /// Which column plays a role: ROLE=NAME or ROLE=N (from 1); may be repeated.
    /// Roles: number, time, sender.name, recipient.phone, recipient.address, goods, …
    #[arg(long, value_name = "ROLE=COLUMN", value_parser = parse_map)]
    map: Vec<(ColumnRole, String)>,
    /// Encoding, when it is not detected: utf-8, gbk or gb18030
    #[arg(long, value_name = "NAME", value_parser = parse_encoding)]
    encoding: Option<Encoding>,
    /// Delimiter, when it is not detected: one character, or `tab`
    #[arg(long, value_name = "C", value_parser = parse_delimiter)]
    delimiter: Option<u8>,
    /// The file has no header line
    #[arg(long)]
    no_header: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn parse_map(text: &str) -> Result<(ColumnRole, String), String> {
    let (role, column) = text.split_once('=').ok_or("expected ROLE=COLUMN")?;
    let role: ColumnRole = role.trim().parse().map_err(|_| "expected a role")?;
    if column.is_empty() { Err("expected a column after =".to_owned()) } else { Ok((role, column.to_owned())) }
}

fn parse_encoding(text: &str) -> Result<Encoding, String> {
    Encoding::from_label(text).ok_or_else(|| "expected utf-8, gbk or gb18030".to_owned())
}

fn parse_delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() => Ok(*byte),
        _ => Err("expected one character that is no letter and no digit, or `tab`".to_owned()),
    }
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
    let options = Options {
        map: args.map.clone(),
        encoding: args.encoding,
        delimiter: args.delimiter,
        header: args.no_header.then_some(false),
        ..Options::default()
    };
    let order = Order {
        input: &args.input,
        output: &args.output,
        account: &args.account,
        batch: args.batch.as_deref(),
        template: &template,
        canaries: args.canaries,
        scope: args.scope.as_deref(),
        part: args.sheet.as_deref().or(args.table.as_deref()),
        options: &options,
    };
    let mut bench = Bench { registry: &mut session.registry, master: &session.master, now: session.now };
    let report = issue::plant(&mut bench, &order)?;
    if args.template.is_some() && report.template != template.name() {
        note(&format!("the account is bound to template {} until the next epoch; that one was used", report.template));
    }
    tell(&report);
    if args.json {
        answer_json(&to_json(&report))?;
    } else {
        answer(&summary(&report))?;
    }
    Ok(ExitCode::SUCCESS)
}

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
