//! `trapline scrub`

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;
use trapline::fault::Fault;
use trapline::issue::{columns, file_source};
use trapline::plant::ColumnSpec;
use trapline::scrub::{Filter, FilterKey, Kind, Known, Mode, Odd, Register, Scrubbed, scrub_file, write_filter};
use trapline::template::Template;

use super::index::write_secret;
use crate::reading::Reading;
use crate::session::Session;
use crate::settings::Settings;
use crate::terminal::{answer, answer_json, note};

/// Leave canaries out of what operations act on
///
/// IN is an extract for billing, delivery or statistics, in any form that `plant`
/// reads. OUT is the same without the rows of canaries, of all epochs and
/// accounts: every other byte stays. With --flag all rows stay, and a last column
/// says which are canaries.
///
/// A row is a canary's when its waybill number is one that was planted, compared
/// exactly, or when a phone in it is a trap line: nobody but you can have that
/// number, so no parcel of a customer's can carry it. A row of which nothing can
/// be read is kept and counted. Exit status 1 when a row that is not like the
/// others holds a canary's number: it was kept, and is named.
///
/// Whoever sees both files sees which rows are canaries. Keep IN where the
/// registry may be.
///
/// Example:
///   $ trapline scrub waybills.csv -o billing.csv
///   removed 1500 canaries from 30012 rows: 1495 standing, 5 by their line
///   looked at 运单号 for numbers and 收件电话 for phones
///
/// A filter does the same where there is no workspace, and in a warehouse job
/// (scripts/warehouse). It tells nothing without its key. Make it anew when
/// something was planted:
///   $ trapline scrub --filter scrub.filter --key-out scrub.key
///   $ trapline scrub waybills.csv -o billing.csv --with scrub.filter --key scrub.key
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// The extract
    #[arg(value_name = "IN", required_unless_present = "filter")]
    input: Option<PathBuf>,
    /// Where the scrubbed extract goes; .gz and .zst compress
    #[arg(short, long, value_name = "OUT", required_unless_present = "filter")]
    output: Option<PathBuf>,
    /// Keep all rows and add this column: 1 in rows of canaries, else 0
    #[arg(long, value_name = "COLUMN")]
    flag: Option<String>,
    /// Use a filter instead of the workspace
    #[arg(long, value_name = "FILE", requires = "key")]
    with: Option<PathBuf>,
    /// The filter's key
    #[arg(long, value_name = "FILE", requires = "with")]
    key: Option<PathBuf>,
    /// Write a filter of everything that was planted
    #[arg(long, value_name = "FILE", conflicts_with_all = ["input", "output", "flag", "with"])]
    filter: Option<PathBuf>,
    /// Write the filter's key
    #[arg(long, value_name = "FILE", requires = "filter")]
    key_out: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let (Some(input), Some(output)) = (&args.input, &args.output) else { return make_filter(args, settings) };
    if output.as_os_str() == "-" {
        let fault = Fault::new("scrubbing into standard output is refused: a job must not act on half of an extract")
            .hint("give -o a file, then read that");
        return Err(fault.into());
    }
    let (Some(filter), Some(key)) = (&args.with, &args.key) else {
        let session = Session::open(settings)?;
        let register = Register::read(&session.registry, &session.master)?;
        return scrub(args, input, output, &register, register.templates(), None);
    };
    let filter = read_filter(filter, key)?;
    // Without a registry, columns are called what the shipped templates call them.
    let shipped = Template::shipped().iter().filter_map(|(name, _)| Template::by_name(name)?.ok());
    let templates: Vec<Vec<ColumnSpec>> = shipped.map(|template| columns(&template)).collect();
    scrub(args, input, output, &filter, &templates, Some(&filter))
}

fn scrub(
    args: &Args,
    input: &Path,
    output: &Path,
    known: &dyn Known,
    templates: &[Vec<ColumnSpec>],
    filter: Option<&Filter>,
) -> anyhow::Result<ExitCode> {
    let mode = args.flag.clone().map_or(Mode::Remove, Mode::Flag);
    let done = scrub_file(&file_source(input), output, known, templates, &mode, &args.reading.options())?;
    if let Some(filter) = filter {
        note(&format!("the filter was made {:.0}; what was planted later is not in it", filter.made()));
    }
    tell(&done);
    if args.json {
        answer_json(&to_json(&done, &mode, filter))?;
    } else {
        answer(&summary(&done, &mode))?;
    }
    Ok(if done.ragged_canaries.count > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn summary(done: &Scrubbed, mode: &Mode) -> String {
    let kinds: Vec<String> = Kind::ALL
        .into_iter()
        .filter(|kind| done.of(*kind) > 0)
        .map(|kind| {
            let count = done.of(kind);
            match kind {
                Kind::Standing => format!("{count} standing"),
                Kind::Batch => format!("{count} of exports"),
                Kind::Shared => format!("{count} shared"),
                Kind::Number => format!("{count} by their number"),
                Kind::Line => format!("{count} by their line"),
            }
        })
        .collect();
    let (count, rows) = (done.canaries(), done.rows);
    let what = match mode {
        Mode::Remove => format!("removed {count} canaries from {rows} rows"),
        Mode::Flag(column) => format!("marked {count} canaries among {rows} rows in {column}"),
    };
    let by = if kinds.is_empty() { String::new() } else { format!(": {}", kinds.join(", ")) };
    let list = |columns: &[String]| if columns.is_empty() { "no column".to_owned() } else { columns.join(", ") };
    format!("{what}{by}\nlooked at {} for numbers and {} for phones\n", list(&done.numbers), list(&done.phones))
}

/// What was kept because it could not be judged.
fn tell(done: &Scrubbed) {
    let first =
        |odd: &Odd| odd.first.map_or_else(String::new, |(record, byte)| format!("record {record}, byte {byte}"));
    if done.ragged.count > 0 {
        note(&format!(
            "{} rows are not like the others and were kept; the first is {}",
            done.ragged.count,
            first(&done.ragged)
        ));
    }
    if done.unread.count > 0 {
        note(&format!(
            "{} rows have no number and no phone that can be read and were kept; the first is {}",
            done.unread.count,
            first(&done.unread)
        ));
    }
    if done.ragged_canaries.count > 0 {
        note(&format!(
            "{} of the rows that are not like the others hold a canary's number or a trap line: take them out by hand; the first is {}",
            done.ragged_canaries.count,
            first(&done.ragged_canaries)
        ));
    }
}

fn to_json(done: &Scrubbed, mode: &Mode, filter: Option<&Filter>) -> serde_json::Value {
    let kinds: serde_json::Map<String, serde_json::Value> =
        Kind::ALL.into_iter().map(|kind| (kind.name().to_owned(), done.of(kind).into())).collect();
    let column = match mode {
        Mode::Remove => None,
        Mode::Flag(column) => Some(column),
    };
    json!({
        "schema": "trapline.scrubbing/1", "rows": done.rows, "canaries": done.canaries(), "kinds": kinds,
        "flag": column, "ragged": done.ragged.count, "ragged_canaries": done.ragged_canaries.count,
        "unread": done.unread.count, "number_columns": done.numbers, "phone_columns": done.phones,
        "filter_made": filter.map(Filter::made),
    })
}

fn make_filter(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let path = args.filter.as_deref().expect("without IN there is --filter");
    let session = Session::open(settings)?;
    let register = Register::read(&session.registry, &session.master)?;
    let key = FilterKey::of(&session.master);
    let bytes = write_filter(&key, &register, session.now);
    write_secret(path, &bytes)?;
    if let Some(path) = &args.key_out {
        write_secret(path, key.to_file_text().as_bytes())?;
    }
    let size = bytes.len();
    let filter = Filter::read(bytes, &key)?;
    if args.json {
        answer_json(&json!({
            "schema": "trapline.scrub-filter/1", "numbers": filter.numbers(), "phones": filter.phones(), "bytes": size,
            "made": filter.made(),
        }))?;
    } else {
        answer(&format!(
            "wrote {} numbers and {} writings of trap lines: {size} bytes\n",
            filter.numbers(),
            filter.phones()
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn read_filter(path: &Path, key: &Path) -> anyhow::Result<Filter> {
    let named = |path: &Path| path.display().to_string();
    let text = fs::read_to_string(key)
        .map_err(|error| Fault::new(format!("the key cannot be read: {error}")).in_file(named(key)))?;
    let key = FilterKey::parse(&text).ok_or_else(|| {
        Fault::new("expected a filter's key: 64 hexadecimal digits")
            .in_file(named(key))
            .hint("make it with `trapline scrub --filter FILE --key-out FILE`")
    })?;
    let bytes = fs::read(path).map_err(|error| {
        Fault::new(format!("the filter cannot be read: {error}"))
            .in_file(named(path))
            .hint("make it with `trapline scrub --filter FILE`")
    })?;
    Ok(Filter::read(bytes, &key).map_err(|fault| fault.in_file(named(path)))?)
}
