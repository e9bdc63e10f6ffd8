//! `trapline template audit`

use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use trapline::audit::planter::Planter;
use trapline::audit::telltale::TellTale;
use trapline::audit::{self, Report, words};
use trapline::fault::Fault;
use trapline::issue::{self, ExportRows};
use trapline::line::{ImportOptions, LineNumber, import};
use trapline::plant::{Rows, Source};
use trapline::record::ColumnRole;
use trapline::registry::LineUse;

use crate::reading::{Part, Reading};
use crate::session::Session;
use crate::settings::Settings;
use crate::terminal::{answer, answer_json, note, table};

/// Set an adversary on planted rows: how easily are they told from real ones?
///
/// Plants into EXPORT again and again, in memory and under throwaway keys:
/// nothing is registered and nothing is written. Then a classifier learns to
/// tell planted rows from real ones and is judged on rows that it never saw.
/// AUC is the chance that of a planted and a real row it suspects the planted
/// one: .5 is chance, 1 a certainty.
///
/// Example:
///   $ trapline template audit export.csv --template yto-express
///   AUC 1.000 (1.000 to 1.000) …
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// An export without canaries: text, xlsx, a dump or Parquet
    #[arg(value_name = "EXPORT")]
    input: PathBuf,
    /// A path relative to the workspace, or a shipped name
    #[arg(long, value_name = "T")]
    template: String,
    /// Accounts to make up
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(2..=10_000))]
    accounts: u32,
    /// Exports of each
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    redraws: u32,
    /// Real rows for each canary
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    ratio: u32,
    /// Lines to plant, one number a line; otherwise the pool of the workspace's
    /// epoch, and without one made-up numbers that begin like the export's own
    #[arg(long, value_name = "FILE")]
    lines: Option<PathBuf>,
    /// A column that the adversary may not look at, by its role; may be repeated
    #[arg(long, value_name = "ROLE", value_parser = parse_role)]
    without: Vec<ColumnRole>,
    /// Planted rows to learn from and to judge by, and as many real ones
    #[arg(long, value_name = "N", default_value_t = 12_000, value_parser = clap::value_parser!(u32).range(100..=200_000))]
    rows: u32,
    /// Things to tell at most
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
    /// Everything follows from it
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Judge these rows in place of the template's: a file of another generator
    /// with the export's own header. The template says only what columns are for
    #[arg(long, value_name = "FILE")]
    candidates: Option<PathBuf>,
    #[command(flatten)]
    part: Part,
    #[command(flatten)]
    reading: Reading,
    /// Write the rows that were learned from, with a column that labels them.
    /// They hold canaries: for another adversary on this machine, never to be released
    #[arg(long, value_name = "FILE")]
    rows_out: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn parse_role(text: &str) -> Result<ColumnRole, String> {
    text.trim().parse().map_err(|_| "expected a role".to_owned())
}

/// Writes labelled rows for an adversary of another make.
fn write_rows(path: &Path, report: &Report, rows: &Rows) -> anyhow::Result<()> {
    let shown = path.display().to_string();
    let file = std::fs::OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| Fault::new(format!("the rows cannot be written: {error}")).in_file(shown.as_str()))?;
    let mut csv = csv::Writer::from_writer(file);
    let headers = rows.columns.iter().map(|column| column.header.as_str());
    csv.write_record(["planted", "group"].into_iter().chain(headers))?;
    for row in &report.rows {
        let (label, group) = (u8::from(row.is_planted).to_string(), row.group.to_string());
        csv.write_record([label.as_str(), group.as_str()].into_iter().chain(row.cells.iter().map(String::as_str)))?;
    }
    csv.flush()?;
    note(&format!(
        "WARNING: {shown} says which rows are planted, and shows how this template's canaries look: delete it when done"
    ));
    Ok(())
}

pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    if let Some(path) = args.rows_out.as_ref().filter(|path| path.exists()) {
        return Err(Fault::new("the file for the rows exists already").in_file(path.display().to_string()).into());
    }
    let template = Session::template_at(settings.workspace.dir(), &args.template)?;
    let options = args.reading.options();
    let columns = issue::columns(&template);
    let export = ExportRows::open(&args.input, args.part.name(), &columns, &options, &std::env::temp_dir())?;
    let bytes = read(export.source())?;
    let options = export.options(&options);
    let seed = seed(args.seed);
    let lines = lines(args, settings)?;
    let shown = args.input.display().to_string();
    let planter =
        Planter::new(&bytes, &template, &options, lines, seed).map_err(|fault| fault.in_file(shown.as_str()))?;
    let planter = match &args.candidates {
        Some(path) => {
            let made = read(&issue::file_source(path))?;
            let judging = planter.judging(&made, args.accounts);
            judging.map_err(|fault| fault.in_file(path.display().to_string()))?
        }
        None => planter,
    };
    let wanted = audit::Settings {
        accounts: args.accounts,
        redraws: args.redraws,
        ratio: args.ratio,
        rows: args.rows as usize,
        without: args.without.clone(),
        most: args.top,
        keeps_rows: args.rows_out.is_some(),
        seed,
    };
    let report = audit::audit(&planter, &wanted).map_err(|fault| fault.in_file(shown.as_str()))?;
    if let Some(path) = &args.rows_out {
        write_rows(path, &report, planter.rows())?;
    }
    tell(&report);
    if args.without.len() > report.without.len() {
        note("some of the columns that --without names are not in this export");
    }
    if args.json {
        answer_json(&report)?;
    } else {
        answer(&text(&report))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Bytes of an export that are looked at.
const MAX_BYTES: u64 = 256 << 20;

/// Reads an export, uncompressed; of a longer one, whole lines of its head.
pub fn read(export: &dyn Source) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    let unreadable =
        |error: std::io::Error| Fault::new(format!("the export cannot be read: {error}")).in_file(export.name());
    export.open()?.take(MAX_BYTES).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 == MAX_BYTES {
        let end = bytes.iter().rposition(|byte| matches!(byte, b'\n' | b'\r')).map_or(bytes.len(), |at| at + 1);
        bytes.truncate(end);
        note(&format!("only the first {} MiB are audited", MAX_BYTES >> 20));
    }
    Ok(bytes)
}

/// The lines given, or the pool of the workspace's epoch.
fn lines(args: &Args, settings: &Settings) -> anyhow::Result<Option<Vec<LineNumber>>> {
    if let Some(path) = &args.lines {
        let shown = path.display().to_string();
        let file = std::fs::File::open(path)
            .map_err(|error| Fault::new(format!("the lines cannot be read: {error}")).in_file(shown.as_str()))?;
        let read = |demo: bool, file: std::fs::File| {
            import(file, &ImportOptions { file: shown.clone(), default_region: Some("CN".to_owned()), demo })
        };
        // Demo lines are nobody's, and as good as others for an audit.
        let lines = read(false, file.try_clone()?)
            .or_else(|faults| std::fs::File::open(path).ok().and_then(|file| read(true, file).ok()).ok_or(faults));
        let lines = lines.map_err(|faults| faults.into_iter().next().unwrap_or_else(|| Fault::new("no lines")))?;
        let traps = lines.into_iter().filter(|line| line.line_use == LineUse::Trap).map(|line| line.number);
        return Ok(Some(traps.collect()));
    }
    if !settings.workspace.registry_path().exists() {
        return Ok(None);
    }
    let session = Session::open(settings)?;
    let epochs = trapline::registry::Registry::epochs(&session.registry)?;
    let Some(epoch) = trapline::epoch::current(&epochs, session.now) else { return Ok(None) };
    let mut pool = issue::pool_numbers(&session.registry, epoch.rules.epoch)?;
    pool.truncate(epoch.rules.sizes().pool as usize);
    Ok(Some(pool))
}

/// The seed of an audit.
pub fn seed(number: u64) -> [u8; 32] {
    let mut bytes = *b"trapline audit, not a secret key";
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    bytes
}

/// Says what should be known about the figures.
pub fn tell(report: &Report) {
    note(&format!("lines: {}", report.lines));
    if report.is_cut_short {
        note(&format!("only the first {} rows are audited", report.records));
    }
}

/// A report as people read it.
pub fn text(report: &Report) -> String {
    let told = &report.told;
    let without = match report.without.as_slice() {
        [] => String::new(),
        headers => format!(", without {}", headers.join(", ")),
    };
    let mut text = format!(
        "AUC {}{without}: the chance that of a planted and a real row the planted one is suspected\n\
         {} planted rows against {} real ones, of {} exports of {} accounts with {} canaries each in {} rows\n\
         with the most suspect 1 % of rows go {} of the canaries, with 5 % {}; at 1 to {} average precision {:.3}\n",
        interval(&told.auc),
        told.planted,
        told.real,
        report.exports,
        told.groups,
        report.canaries,
        report.records,
        words::percent(told.caught_with_1_percent),
        words::percent(told.caught_with_5_percent),
        told.ratio,
        told.average_precision
    );
    if let Some(own) = &report.own {
        text += &format!("this export's own {} canaries: AUC {}\n", own.canaries, interval(&own.auc));
    }
    text += &tellings(report);
    text += &telltales("rules that planted rows break", &report.telltales);
    if let Some(own) = &report.own {
        text += &telltales("rules that this export's own canaries break", &own.telltales);
    }
    let attacks = report
        .attacks
        .iter()
        .map(|attack| [words::percent(attack.canaries), words::percent(attack.real), attack.drops.to_owned()]);
    text + &block(&["canaries left", "real rows left", "when a buyer drops rows"], attacks)
}

fn interval(auc: &audit::auc::Interval) -> String {
    format!("{:.3} ({:.3} to {:.3})", auc.estimate, auc.low, auc.high)
}

fn tellings(report: &Report) -> String {
    let told = report.tellings.iter().map(|telling| {
        [format!("{:.3}", telling.drop.max(0.0)), format!("{:.3}", telling.alone), telling.words.clone()]
    });
    let columns = report.columns.iter().map(|column| [format!("{:.3}", column.drop), column.column.clone()]);
    block(&["AUC falls by", "alone", "what gives them away"], told)
        + &block(&["AUC falls by", "without all that is measured of"], columns)
}

fn telltales(title: &str, telltales: &[TellTale]) -> String {
    if telltales.is_empty() {
        return format!("\n{title}: none\n");
    }
    let told = telltales.iter().map(|told| {
        let column = if told.column.is_empty() { String::new() } else { format!("{}: ", told.column) };
        [
            format!("{} of {}", told.rows, told.of),
            words::percent(told.real),
            format!("{column}{} [{}]", told.words, told.rule),
            told.mend.to_owned(),
        ]
    });
    block(&["rows", "real rows", title, "way out"], told)
}

/// A table behind a blank line; nothing where there are no rows.
fn block<const N: usize>(header: &[&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut shown = table(header);
    for row in rows {
        shown.add_row(row);
    }
    match shown.row_count() {
        0 => String::new(),
        _ => {
            std::iter::once("\n".to_owned()).chain(shown.lines().map(|line| format!("{}\n", line.trim_end()))).collect()
        }
    }
}
