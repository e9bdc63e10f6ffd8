//! `trapline lines`

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;
use trapline::fault::Fault;
use trapline::line::{ImportOptions, import};
use trapline::registry::{Error, LineUse, NewLine, Registry as _};

use crate::session::Session;
use crate::settings::Settings;
use crate::terminal::{answer, answer_json, answer_table, note, table};

/// Import, add and list lines: the telephone numbers you own
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Import lines from CSV or text: all of them, or none
    ///
    /// Columns: number, extension (or a range such as 0000-9999), role (trap or
    /// control). Numbers that are invalid, unassigned or there twice are refused
    /// with their line in the file. New lines wait for the next epoch.
    Import {
        /// The file; `-` reads standard input
        file: PathBuf,
        /// Region in which numbers without + are read
        #[arg(long, default_value = "CN", value_name = "REGION")]
        region: String,
    },
    /// Add single lines
    Add {
        /// Numbers, each with its extension behind `x`, if it has one
        #[arg(required = true, value_name = "NUMBER")]
        numbers: Vec<String>,
        /// Role of these lines
        #[arg(long, default_value = "trap", value_parser = parse_use)]
        role: LineUse,
        /// Region in which numbers without + are read
        #[arg(long, default_value = "CN", value_name = "REGION")]
        region: String,
    },
    /// List lines; numbers only with --reveal
    List {
        /// Print the numbers: they are secrets
        #[arg(long)]
        reveal: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

fn parse_use(text: &str) -> Result<LineUse, String> {
    match text {
        "trap" => Ok(LineUse::Trap),
        "control" => Ok(LineUse::Control),
        _ => Err("expected trap or control".to_owned()),
    }
}

/// Largest import file.
const MAX_BYTES: u64 = 64 << 20;

pub fn run(command: &Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut session = Session::open(settings)?;
    match command {
        Command::Import { file, region } => {
            let name = file.display().to_string();
            let reader: Box<dyn std::io::Read> =
                if name == "-" {
                    Box::new(std::io::stdin())
                } else {
                    Box::new(File::open(file).map_err(|error| {
                        Fault::new(format!("the lines cannot be read: {error}")).in_file(name.as_str())
                    })?)
                };
            add(&mut session, reader.take(MAX_BYTES), &name, None, region)
        }
        Command::Add { numbers, role, region } => {
            add(&mut session, numbers.join("\n").as_bytes(), "arguments", Some(*role), region)
        }
        Command::List { reveal, json } => list(&session, *reveal, *json),
    }
}

fn add(
    session: &mut Session,
    reader: impl std::io::Read,
    name: &str,
    role: Option<LineUse>,
    region: &str,
) -> anyhow::Result<ExitCode> {
    let options = ImportOptions { file: name.to_owned(), default_region: Some(region.to_owned()), demo: false };
    let mut lines = import(reader, &options).map_err(|faults| refusal(&faults))?;
    if let Some(role) = role {
        lines.iter_mut().for_each(|line| line.line_use = role);
    }
    match session.registry.add_lines(&lines, session.now) {
        Ok(()) => answer(&format!("{} lines added; they are planted from the next epoch on", lines.len()))?,
        Err(Error::Conflict(what)) => {
            let fault =
                Fault::new(what).in_file(name.to_owned()).hint("nothing was added; remove the line from the file");
            return Err(fault.into());
        }
        Err(error) => return Err(error.into()),
    }
    Ok(ExitCode::SUCCESS)
}

/// Lists what is wrong; the first is the error, all are on standard error.
fn refusal(faults: &[Fault]) -> anyhow::Error {
    for fault in faults.iter().skip(1) {
        note(&fault.to_string());
    }
    let first = faults.first().cloned().unwrap_or_else(|| Fault::new("nothing could be imported"));
    let hint = first.hint.clone();
    let mut fault = first;
    fault.hint = Some(format!(
        "nothing was imported; {}",
        hint.unwrap_or_else(|| "mend these lines and import again".to_owned())
    ));
    fault.into()
}

fn list(session: &Session, reveal: bool, as_json: bool) -> anyhow::Result<ExitCode> {
    let lines = session.registry.lines()?;
    let shown = |line: &NewLine| if reveal { line.number.to_string() } else { "(sealed)".to_owned() };
    let word = |line: &NewLine| if line.line_use == LineUse::Trap { "trap" } else { "control" };
    if as_json {
        let rows: Vec<_> = lines
            .iter()
            .map(|row| json!({ "line": row.id, "role": word(&row.line), "demo": row.line.demo, "number": shown(&row.line) }))
            .collect();
        answer_json(&json!({ "schema": "trapline.lines/1", "lines": rows }))?;
        return Ok(ExitCode::SUCCESS);
    }
    if reveal {
        let mut rows = table(&["line", "role", "number"]);
        for row in &lines {
            rows.add_row([row.id.to_string(), word(&row.line).to_owned(), shown(&row.line)]);
        }
        answer_table(&rows)?;
    }
    let traps = lines.iter().filter(|row| row.line.line_use == LineUse::Trap).count();
    let demo = lines.iter().filter(|row| row.line.demo).count();
    answer(&format!(
        "{traps} trap lines, {} control lines, {demo} of them for demonstration only",
        lines.len() - traps
    ))?;
    Ok(ExitCode::SUCCESS)
}
