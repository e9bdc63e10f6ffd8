//! `trapline seed`

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;
use trapline::fault::Fault;
use trapline::issue::{self, Bench, SeedFormat, SeedOrder};

use crate::session::Session;
use crate::settings::Settings;
use crate::terminal::{answer, answer_json, note, progress};

/// Make standing canaries: each account's own rows for the table it exports from
///
/// FILE is a CSV with one account a line; a header line is recognised by the
/// words account, 账号 or 工号, else the first column is taken. The rows are for
/// that account to see and nobody else: load each where only it looks. Running
/// the command again gives the same rows.
///
/// Example:
///   $ trapline seed --accounts accounts.csv -o standing.sql --sql ops.waybill
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// One account a line
    #[arg(long, value_name = "FILE")]
    accounts: PathBuf,
    /// Where the rows go
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// Write JSON Lines instead of CSV
    #[arg(long, conflicts_with = "sql")]
    jsonl: bool,
    /// Write INSERT statements for this table instead of CSV
    #[arg(long, value_name = "TABLE")]
    sql: Option<String>,
    /// Template for accounts that have none yet in this epoch
    #[arg(long, value_name = "T")]
    template: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    if args.output.as_os_str() == "-" {
        let fault = Fault::new("seeding into standard output is refused: nothing leaves before it is registered")
            .hint("give -o a file");
        return Err(fault.into());
    }
    let mut session = Session::open(settings)?;
    let template = session.template(args.template.as_ref().unwrap_or(&session.config.template))?;
    let accounts = read_accounts(args)?;
    let format = match (&args.sql, args.jsonl) {
        (Some(table), _) => SeedFormat::Sql { table: table.clone() },
        (None, true) => SeedFormat::Jsonl,
        (None, false) => SeedFormat::Csv,
    };
    let order = SeedOrder {
        accounts: &accounts,
        output: &args.output,
        format,
        template: &template,
        zone: session.config.zone()?,
    };
    let bar = progress(accounts.len() as u64, "seeding");
    let mut bench = Bench { registry: &mut session.registry, master: &session.master, now: session.now };
    let report = issue::seed(&mut bench, &order, &mut |done| bar.set_position(done))?;
    bar.finish_and_clear();
    if !report.empty_columns.is_empty() {
        note(&format!(
            "empty in every row, since there is no neighbour to copy from: {}; fill them with what the account's own rows hold",
            report.empty_columns.join(", ")
        ));
    }
    if args.json {
        answer_json(&json!({
            "schema": "trapline.seeding/1", "accounts": report.accounts, "again": report.again, "rows": report.rows,
            "empty_columns": report.empty_columns,
        }))?;
    } else {
        let again = if report.again > 0 { format!("; {} had been seeded before", report.again) } else { String::new() };
        answer(&format!("{} standing canaries for {} accounts{again}", report.rows, report.accounts))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads the accounts; one that is there twice is an error with both lines.
fn read_accounts(args: &Args) -> anyhow::Result<Vec<String>> {
    let name = args.accounts.display().to_string();
    let text = fs::read_to_string(&args.accounts)
        .map_err(|error| Fault::new(format!("the list of accounts cannot be read: {error}")).in_file(name.as_str()))?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(text.strip_prefix('\u{feff}').unwrap_or(&text).as_bytes());
    let (mut accounts, mut seen, mut column) = (Vec::new(), BTreeSet::new(), 0);
    for (place, record) in reader.records().enumerate() {
        let record = record.map_err(|error| Fault::new(error.to_string()).in_file(name.as_str()))?;
        let line = record.position().map_or(0, csv::Position::line);
        if place == 0 {
            let header = record.iter().position(|cell| {
                ["account", "账号", "工号", "account_id", "员工工号"].contains(&cell.to_lowercase().as_str())
            });
            if let Some(header) = header {
                column = header;
                continue;
            }
        }
        let account = record.get(column).unwrap_or_default().to_owned();
        let fault = |what: String| Fault::new(what).in_file(name.as_str()).at_line(line);
        if account.is_empty() {
            return Err(fault("expected an account, found an empty cell".to_owned()).into());
        }
        if !seen.insert(account.clone()) {
            return Err(fault(format!("account {account:?} is in the list twice"))
                .hint("remove one of the two")
                .into());
        }
        accounts.push(account);
    }
    if accounts.is_empty() {
        return Err(Fault::new("expected at least one account, found none").in_file(name).into());
    }
    Ok(accounts)
}
