//! `trapline scan`

mod compare;
mod record;
mod report;
mod reveal;
mod screen;

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use trapline::config::SCAN_FEED;
use trapline::dump::{Dump, HitLines, Input, Known, Watcher, Writer};
use trapline::epoch;
use trapline::fault::Fault;
use trapline::registry::{EpochRow, Registry as _};
use trapline::rules::Triage;
use trapline::scan::index::Index;
use trapline::scan::{Classifier, Reserved, ScanKey, Search, Survey};
use trapline::unpack::Limits;

use self::compare::Compared;
use self::report::Found;
use self::reveal::reveal;
use self::screen::{Screen, bar};
use crate::session::Session;
use crate::settings::Settings;
use crate::terminal::answer_json;

/// Look for canaries in leaked dumps
///
/// Reads text of any layout, whole folders, and what is packed: gzip, zstd,
/// bzip2, xz, tar, zip, xlsx and xls, one in another. Finds canaries' numbers and
/// lines however the rows were sorted, cut or re-written (blanks, hyphens, +86,
/// full-width digits, GBK, UTF-16). In a workspace it brings its index up to date
/// first, and compares each row with the canary as it was planted; elsewhere give
/// --index and --scan-key, and compare later. Ctrl-C ends it with a report of what
/// was read by then.
///
/// Whose canaries were found is shown, and noted: a membership that somebody has
/// seen is no evidence any more. For evidence use --record, before anybody looks:
/// it shows nothing, and `attribute` weighs the rows once `monitor` has decided.
///
/// Example:
///   $ trapline scan dump.csv
///   dump.csv: 36512 rows, 4.2 MB; 7 of them hold something of ours
///    account    batch  planted            found     rows
///    handan-02  day3   2026-11-21 23:00Z  7 of 10   7
///   handan-02: exported after 2026-11-21 23:00Z and before 2026-11-22 23:00Z
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// Files and folders; `-` reads standard input
    #[arg(value_name = "FILE", required_unless_present = "compare", conflicts_with = "compare")]
    files: Vec<PathBuf>,
    /// The index, where there is no workspace
    #[arg(long, value_name = "FILE", requires = "scan_key")]
    index: Option<PathBuf>,
    /// The key that `trapline index --key-out` wrote
    #[arg(long, value_name = "FILE", requires = "index")]
    scan_key: Option<PathBuf>,
    /// Record rows as evidence and show nobody; `monitor` decides about them later
    #[arg(long, conflicts_with_all = ["index", "jsonl", "compare"])]
    record: bool,
    /// Show what is found although recorded rows wait to be decided, and say nothing then
    #[arg(long, hide_short_help = true)]
    show_anyway: bool,
    /// Compare the rows that another machine wrote with --jsonl; `-` reads standard input
    #[arg(long, value_name = "HITS", conflicts_with = "index")]
    compare: Option<PathBuf>,
    /// Write each row as a line of JSON; `-` writes to standard output
    #[arg(long, value_name = "FILE")]
    jsonl: Option<PathBuf>,
    /// Containers around one stream: a.csv.gz in a tar in a zip is 3
    #[arg(long, value_name = "N", default_value_t = 4, hide_short_help = true)]
    max_depth: u32,
    /// Gigabytes that one input may unpack to
    #[arg(long, value_name = "GB", default_value_t = 1024, value_parser = clap::value_parser!(u64).range(1..1 << 30), hide_short_help = true)]
    max_unpacked: u64,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

/// Set by Ctrl-C.
static STOP: AtomicBool = AtomicBool::new(false);

pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    if args.record {
        return record::run(args, settings);
    }
    if let Some(hits) = &args.compare {
        return compared(args, hits, settings);
    }
    match (&args.index, &args.scan_key) {
        (Some(index), Some(key)) => elsewhere(args, &Index::open(index, &read_key(key)?)?),
        _ => here(args, settings),
    }
}

/// Scans where there is no registry: rows are written as they are found.
fn elsewhere(args: &Args, index: &Index) -> anyhow::Result<ExitCode> {
    let out = args.jsonl.as_deref().map(open_out).transpose()?;
    let found = scan(args, index, out)?;
    conclude(args, &found)
}

/// Scans in a workspace.
fn here(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut session = Session::open(settings)?;
    refuse_to_spoil(args, &session)?;
    let index = super::index::fresh(&session)?;
    let out = args.jsonl.as_deref().map(open_out).transpose()?;
    let mut held = tempfile::tempfile()?;
    let mut found = scan(args, &index, Some(Box::new(BufWriter::new(held.try_clone()?))))?;
    held.seek(SeekFrom::Start(0))?;
    let lines = HitLines::new("what was found", BufReader::new(held));
    let compared = show(&mut session, &index, lines, Writer::Ourselves, out)?;
    found.faults.extend(compared.faults);
    found.survived = Some(compared.survived);
    conclude(args, &found)
}

/// Compares what another machine found.
fn compared(args: &Args, hits: &Path, settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut session = Session::open(settings)?;
    refuse_to_spoil(args, &session)?;
    let index = super::index::fresh(&session)?;
    let name = hits.display().to_string();
    let input: Box<dyn io::Read> = if hits == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(hits).map_err(|error| {
            Fault::new(format!("the hits cannot be read: {error}"))
                .in_file(name.as_str())
                .hint("write them with `trapline scan --jsonl FILE`")
        })?)
    };
    let out = args.jsonl.as_deref().map(open_out).transpose()?;
    let started = Instant::now();
    let lines = HitLines::new(&name, BufReader::new(input));
    let compared = show(&mut session, &index, lines, Writer::Others, out)?;
    let mut found = Found::of(compared.survey, index.directory());
    (found.faults, found.survived, found.took) = (compared.faults, Some(compared.survived), started.elapsed());
    conclude(args, &found)
}

/// Compares rows with the canaries as they were planted, notes whose they are,
/// and only then writes them.
fn show(
    session: &mut Session,
    index: &Index,
    lines: HitLines<impl io::BufRead>,
    writer: Writer,
    out: Option<Box<dyn io::Write>>,
) -> anyhow::Result<Compared> {
    let mut held = tempfile::tempfile()?;
    let mut waiting: Box<dyn io::Write> =
        if out.is_some() { Box::new(BufWriter::new(held.try_clone()?)) } else { Box::new(io::sink()) };
    let compared = compare::compare(session, lines, writer, &Known::of(index.directory()), &mut waiting)?;
    waiting.flush()?;
    reveal(session, &compared.survey, index.directory())?;
    if let Some(mut out) = out {
        held.seek(SeekFrom::Start(0))?;
        io::copy(&mut held, &mut out)?;
        out.flush()?;
    }
    Ok(compared)
}

/// What is shown before recorded rows are decided makes them say nothing: fails
/// while there are such rows, unless that is wanted.
fn refuse_to_spoil(args: &Args, session: &Session) -> anyhow::Result<()> {
    for epoch in live_epochs(session)?.iter().filter(|_| !args.show_anyway) {
        let rules = &epoch.rules;
        let waiting = session.registry.undecided(rules.epoch, rules.begins, epoch::horizon(rules))?;
        let count = waiting.iter().filter(|row| row.feed == SCAN_FEED).count();
        if let Some(newest) = waiting.iter().rev().find(|row| row.feed == SCAN_FEED) {
            let decided = decided_after(newest.at, &rules.triage);
            return Err(Fault::new(format!(
                "{count} rows that were recorded as evidence are not decided yet, and say nothing once it was shown whose they are"
            ))
            .hint(format!("run `trapline monitor` after {decided:.0} and look then, or look now with --show-anyway"))
            .into());
        }
    }
    Ok(())
}

/// Epochs that still decide what is recorded now.
fn live_epochs(session: &Session) -> anyhow::Result<Vec<EpochRow>> {
    let mut epochs = session.registry.epochs()?;
    epochs.retain(|epoch| session.now < epoch::horizon(&epoch.rules));
    Ok(epochs)
}

/// When every window that could cover a row recorded at `at` has closed.
fn decided_after(at: Timestamp, triage: &Triage) -> Timestamp {
    let wait = i64::from(triage.storm_window_seconds) + i64::from(triage.settle_seconds);
    at.checked_add(SignedDuration::from_secs(wait)).unwrap_or(Timestamp::MAX)
}

fn conclude(args: &Args, found: &Found) -> anyhow::Result<ExitCode> {
    if args.json {
        answer_json(&found.to_json())?;
    } else if args.jsonl.as_deref() != Some(Path::new("-")) {
        found.print()?;
    }
    Ok(if found.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Searches, and writes rows as lines of JSON.
fn scan(args: &Args, index: &Index, out: Option<Box<dyn io::Write>>) -> anyhow::Result<Found> {
    let mut screen = Screen { bar: bar(args), index, out, failed: None };
    let started = Instant::now();
    let (survey, inputs, faults) = search(args, index, None, &mut screen)?;
    screen.bar.finish_and_clear();
    if let Some(error) = screen.failed {
        return Err(error.into());
    }
    if let Some(out) = &mut screen.out {
        out.flush()?;
    }
    let mut found = Found::of(survey, index.directory());
    (found.inputs, found.faults, found.took) = (inputs, faults, started.elapsed());
    found.stopped = STOP.load(Ordering::Relaxed);
    Ok(found)
}

/// The first Ctrl-C ends a search with what it has; the second one ends the program.
fn stop_on_ctrl_c() -> anyhow::Result<()> {
    let handler = || {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    };
    Ok(ctrlc::set_handler(handler)?)
}

/// Searches all files, for what is in the index or, blind, for evidence.
fn search(
    args: &Args,
    index: &Index,
    blind: Option<&Reserved>,
    watcher: &mut dyn Watcher,
) -> anyhow::Result<(Survey, Vec<Input>, Vec<Fault>)> {
    stop_on_ctrl_c()?;
    let search = Search { index, blind, classifier: Classifier::detect(), stop: &STOP };
    let (read, scratch) = (AtomicU64::new(0), std::env::temp_dir());
    let limits = Limits { depth: args.max_depth, unpacked_bytes: args.max_unpacked << 30, ..Limits::default() };
    let mut dump = Dump::new(search, &read, watcher);
    for path in args.files.iter().take_while(|_| !STOP.load(Ordering::Relaxed)) {
        if path == Path::new("-") {
            dump.reader("standard input", &mut io::stdin().lock(), limits, &scratch);
        } else {
            dump.path(path, limits, &scratch);
        }
    }
    Ok(dump.finish())
}

/// Bytes of a file or of all files in a folder, for the progress bar.
fn bytes_at(path: &Path) -> u64 {
    let Ok(metadata) = fs::symlink_metadata(path) else { return 0 };
    let entries = metadata.is_dir().then(|| fs::read_dir(path).ok()).flatten();
    match entries {
        Some(entries) => entries.filter_map(Result::ok).map(|entry| bytes_at(&entry.path())).sum(),
        None => metadata.len(),
    }
}

fn open_out(path: &Path) -> anyhow::Result<Box<dyn io::Write>> {
    if path == Path::new("-") {
        return Ok(Box::new(BufWriter::new(io::stdout())));
    }
    let file = File::create(path).map_err(|error| {
        Fault::new(format!("the file cannot be written: {error}")).in_file(path.display().to_string())
    })?;
    Ok(Box::new(BufWriter::new(file)))
}

fn read_key(path: &Path) -> anyhow::Result<ScanKey> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path)
        .map_err(|error| Fault::new(format!("the scan key cannot be read: {error}")).in_file(name.as_str()))?;
    let key = ScanKey::parse(&text).ok_or_else(|| {
        Fault::new("expected a scan key: 64 hexadecimal digits")
            .in_file(name)
            .hint("make it with `trapline index --key-out FILE`")
    });
    Ok(key?)
}
