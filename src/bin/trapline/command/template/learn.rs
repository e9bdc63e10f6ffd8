//! `trapline template learn`

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use trapline::fault::Fault;
use trapline::issue::ExportRows;
use trapline::learn::{self, learn};
use trapline::persona::Role;
use trapline::plant::Table;
use trapline::template::Template;

use crate::reading::{Part, Reading};
use crate::terminal::{answer, note};

/// Learn a template from your own exports
///
/// Each column gets the plainest law that fits its rows; names and addresses
/// are taken to pieces. No phone goes in, and no text that fewer than K rows
/// hold, but for places, surnames and characters that are public. The
/// template is YAML: read it before you plant with it.
///
/// Waybill numbers must be reserved: without --reserved the template proposes
/// the gaps in the export's own runs, which are safe only when your number
/// system has taken them out of use.
///
/// Example:
///   $ trapline template learn export.csv -o outlet-12.yaml
///   learned outlet-12.yaml from 30000 rows: 19 columns, 12 of them drawn
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// Exports of one kind: the same columns; text, xlsx, dumps or Parquet
    #[arg(value_name = "EXPORT", required = true)]
    exports: Vec<PathBuf>,
    /// Where the template goes; an existing file is left alone
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// The template's name; by default the file's
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Rows that must hold a text before it goes in
    #[arg(short, long, value_name = "K", default_value_t = 5, value_parser = clap::value_parser!(u32).range(2..))]
    k: u32,
    /// Who wears a line: recipient, sender or both; by default the recipient
    #[arg(long, value_name = "ROLE", value_delimiter = ',', value_parser = parse_role)]
    roles: Option<Vec<Role>>,
    /// Waybill numbers that you reserved, one a line
    #[arg(long, value_name = "FILE")]
    reserved: Option<PathBuf>,
    #[command(flatten)]
    part: Part,
    #[command(flatten)]
    reading: Reading,
}

fn parse_role(text: &str) -> Result<Role, String> {
    match text {
        "sender" => Ok(Role::Sender),
        "recipient" => Ok(Role::Recipient),
        _ => Err("expected sender or recipient".to_owned()),
    }
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let options = args.reading.options();
    let mut table: Option<Table> = None;
    for export in &args.exports {
        let shown = export.display().to_string();
        let rows = ExportRows::open(export, args.part.name(), &[], &options, &std::env::temp_dir())?;
        let read = rows.source().open().and_then(|input| Table::read(input, &rows.options(&options)));
        let read = read.map_err(|fault| fault.in_file(shown.as_str()))?;
        match &mut table {
            Some(table) => table.append(&read).map_err(|fault| fault.in_file(shown.as_str()))?,
            None => table = Some(read),
        }
    }
    let table = table.expect("at least one export is required");
    let reserved = match &args.reserved {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| Fault::new(format!("cannot be read: {error}")).in_file(path.display().to_string()))?;
            Some(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
        }
        None => None,
    };
    let stem = args.output.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let name = args.name.clone().or(stem).unwrap_or_else(|| "learned".into());
    let learned = learn(&table, &learn::Options { name, least: args.k, roles: args.roles.clone(), reserved })?;
    // What cannot be read back is no template, and a fault of ours.
    let template = Template::parse(&learned.text, &args.output.display().to_string())?;
    write(args, &learned.text)?;
    learned.notes.iter().for_each(|text| note(text));
    answer(&format!(
        "learned {} from {} rows: {} columns, {} of them drawn\n",
        args.output.display(),
        table.rows,
        template.columns().len(),
        learned.drawn,
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn write(args: &Args, text: &str) -> anyhow::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).open(&args.output);
    let written = file.and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| {
        let hint = match error.kind() {
            std::io::ErrorKind::AlreadyExists => "templates are bound by their text: give the new one a new name",
            _ => "check that the folder exists, is writable and has room",
        };
        let fault = Fault::new(format!("the template cannot be written: {error}"));
        fault.in_file(args.output.display().to_string()).hint(hint).into()
    })
}
