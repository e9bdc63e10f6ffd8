//! `trapline scan`

use std::fs::{self, File};
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use trapline::canary::{Batch, Mint};
use trapline::codebook::Codebook;
use trapline::dump::{Dump, HitLine, Input, Watcher};
use trapline::fault::Fault;
use trapline::issue::pool_numbers;
use trapline::registry::{BatchKey, Registry as _, Revelation};
use trapline::scan::index::{Directory, Index};
use trapline::scan::{Bracket, Classifier, Hit, How, ScanKey, Search, SourceFound, Survey};
use trapline::unpack::Limits;

use crate::session::Session;
use crate::settings::Settings;
use crate::terminal::{answer, answer_json, answer_table, note, table};

/// Look for canaries in leaked dumps
///
/// Reads text of any layout, whole folders, and what is packed: gzip, zstd,
/// bzip2, xz, tar, zip, xlsx and xls, one in another. Finds canaries' numbers and
/// lines however the rows were sorted, cut or re-written (blanks, hyphens, +86,
/// full-width digits, GBK, UTF-16). In a workspace it brings its index up to date
/// first; elsewhere give --index and --scan-key. Ctrl-C ends it with a report of
/// what was read by then.
///
/// Whose canaries were found is shown, and noted: a membership that somebody has
/// seen is no evidence any more.
///
/// Example:
///   $ trapline scan dump.csv
///   dump.csv: 36512 rows, 4.2 MB; 7 of them hold a canary's number
///    account    batch  planted            found     rows
///    handan-02  day3   2026-11-21 23:00Z  7 of 10   7
///   handan-02: exported after 2026-11-21 23:00Z and before 2026-11-22 23:00Z
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// Files and folders; `-` reads standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The index, where there is no workspace
    #[arg(long, value_name = "FILE", requires = "scan_key")]
    index: Option<PathBuf>,
    /// The key that `trapline index --key-out` wrote
    #[arg(long, value_name = "FILE", requires = "index")]
    scan_key: Option<PathBuf>,
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
    let mut session = match args.index {
        Some(_) => None,
        None => Some(Session::open(settings)?),
    };
    let index = match (&session, &args.index, &args.scan_key) {
        (Some(session), ..) => super::index::fresh(session)?,
        (None, Some(index), Some(key)) => Index::open(index, &read_key(key)?)?,
        (None, ..) => unreachable!("the arguments require a key beside an index"),
    };
    // In a workspace the note comes before anything is shown: rows wait for it.
    let held = match &session {
        Some(_) if args.jsonl.is_some() => Some(tempfile::tempfile()?),
        _ => None,
    };
    let out: Option<Box<dyn io::Write>> = match (&held, &args.jsonl) {
        (Some(held), _) => Some(Box::new(BufWriter::new(held.try_clone()?))),
        (None, path) => path.as_deref().map(open_out).transpose()?,
    };
    let found = scan(args, &index, out)?;
    if let Some(session) = &mut session {
        reveal(session, &found.sources, &found.survey, index.directory())?;
    }
    if let (Some(mut held), Some(path)) = (held, &args.jsonl) {
        held.seek(SeekFrom::Start(0))?;
        let mut out = open_out(path)?;
        io::copy(&mut held, &mut out)?;
        out.flush()?;
    }
    if args.json {
        answer_json(&found.to_json())?;
    } else if args.jsonl.as_deref() != Some(Path::new("-")) {
        found.print()?;
    }
    let is_whole = !found.stopped && found.faults.is_empty() && found.inputs.iter().all(|input| input.error.is_none());
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What a scan came to.
struct Found {
    survey: Survey,
    inputs: Vec<Input>,
    faults: Vec<Fault>,
    sources: Vec<SourceFound>,
    brackets: Vec<Bracket>,
    took: Duration,
    stopped: bool,
}

fn scan(args: &Args, index: &Index, out: Option<Box<dyn io::Write>>) -> anyhow::Result<Found> {
    // The first Ctrl-C ends the scan with what it has; the second one ends the program.
    ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    })?;
    let mut screen = Screen { bar: bar(args.files.iter().map(|path| bytes_at(path)).sum()), index, out, failed: None };
    let started = Instant::now();
    let (read, scratch) = (AtomicU64::new(0), std::env::temp_dir());
    let limits = Limits { depth: args.max_depth, unpacked_bytes: args.max_unpacked << 30, ..Limits::default() };
    let search = Search { index, classifier: Classifier::detect(), stop: &STOP };
    let mut dump = Dump::new(search, &read, &mut screen);
    for path in args.files.iter().take_while(|_| !STOP.load(Ordering::Relaxed)) {
        if path == Path::new("-") {
            dump.reader("standard input", &mut io::stdin().lock(), limits, &scratch);
        } else {
            dump.path(path, limits, &scratch);
        }
    }
    let (survey, inputs, faults) = dump.finish();
    screen.bar.finish_and_clear();
    if let Some(error) = screen.failed {
        return Err(error.into());
    }
    if let Some(out) = &mut screen.out {
        out.flush()?;
    }
    Ok(Found {
        sources: survey.sources(index.directory()),
        brackets: survey.brackets(index.directory()),
        stopped: STOP.load(Ordering::Relaxed),
        took: started.elapsed(),
        survey,
        inputs,
        faults,
    })
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

/// Shows progress and writes hits.
struct Screen<'i> {
    bar: ProgressBar,
    index: &'i Index,
    out: Option<Box<dyn io::Write>>,
    failed: Option<io::Error>,
}

impl Watcher for Screen<'_> {
    fn hit(&mut self, name: &str, hit: &Hit) {
        let Some(out) = &mut self.out else { return };
        let line = serde_json::to_vec(&HitLine::new(name, hit, self.index)).expect("a hit is plain data");
        let written = out.write_all(&line).and_then(|()| out.write_all(b"\n"));
        if let Err(error) = written {
            // Nobody reads on, or the disk is full: there is no sense in going on.
            STOP.store(true, Ordering::Relaxed);
            self.failed.get_or_insert(error);
        }
    }

    fn passed(&mut self, bytes: u64) {
        self.bar.inc(bytes);
    }
}

fn bar(bytes: u64) -> ProgressBar {
    let bar = ProgressBar::new(bytes);
    let style = ProgressStyle::with_template("scanning {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}");
    bar.set_style(style.expect("a fixed template"));
    bar
}

/// Notes whose canaries are about to be shown.
fn reveal(
    session: &mut Session,
    sources: &[SourceFound],
    survey: &Survey,
    directory: &Directory,
) -> anyhow::Result<()> {
    for found in sources.iter().filter(|found| !found.account.is_empty()) {
        let epoch = session.epoch(Some(&found.epoch))?;
        let number = epoch.rules.epoch;
        let key = BatchKey { epoch: number, account: found.account.clone(), batch: found.batch.clone() };
        let Some(planting) = session.registry.planting(&key)? else { continue };
        let template = session.template_of(number, &found.account)?;
        let codebook = Codebook::new(&session.master, number, epoch.rules.sizes());
        let pool = pool_numbers(&session.registry, number)?;
        let mint = Mint::new(&codebook, &template, &pool);
        let batch = Batch { account: &found.account, id: &found.batch, lines: planting.lines, roles: &planting.roles };
        let canaries = mint.canaries(&batch, &planting.serials);
        let shown =
            survey.canaries_of(found.place, directory).into_iter().filter_map(|index| canaries.get(index as usize));
        let shown: Vec<_> = shown.collect();
        let revelation = Revelation {
            epoch: number,
            account: found.account.clone(),
            batch: Some(found.batch.clone()),
            lines: shown.iter().flat_map(|canary| &canary.people).map(|person| person.line).collect(),
            numbers: shown.iter().filter_map(|canary| planting.serials.get(canary.index as usize).copied()).collect(),
            why: "scan".to_owned(),
        };
        session.registry.reveal(&revelation, session.now)?;
    }
    Ok(())
}

impl Found {
    fn print(&self) -> anyhow::Result<()> {
        for input in &self.inputs {
            let encoding = input.encoding.map_or(String::new(), |encoding| format!(", {encoding}"));
            note(&format!(
                "{}: {} rows, {:.1} MB{encoding}; {} of them hold something of ours",
                input.name,
                input.rows,
                input.bytes as f64 / 1e6,
                input.hits
            ));
            if let Some(error) = &input.error {
                note(&format!("{}: not read to its end: {error}", input.name));
            }
        }
        for fault in &self.faults {
            note(&fault.to_string());
        }
        let bytes: u64 = self.inputs.iter().map(|input| input.bytes).sum();
        let seconds = self.took.as_secs_f64();
        note(&format!("{:.1} MB in {seconds:.1} s ({:.2} GB/s)", bytes as f64 / 1e6, bytes as f64 / seconds / 1e9));
        if self.stopped {
            note("the scan was stopped: what follows is a part");
        }
        let survey = &self.survey;
        if survey.rows == 0 {
            let of = if self.stopped { " in what was read" } else { "" };
            return Ok(answer(&format!("no canary and no line of ours was found{of}"))?);
        }
        answer(&format!(
            "{} rows hold something of ours: {} of them a canary's number, {} a line alone\n{} distinct canaries, {} distinct lines; written {}\n",
            survey.rows,
            survey.rows_with_number,
            survey.rows - survey.rows_with_number,
            survey.canaries(),
            survey.lines(),
            survey.hows().map(|(how, count)| format!("{} ({count})", in_words(how))).collect::<Vec<_>>().join(", "),
        ))?;
        if self.sources.is_empty() {
            note("lines alone belong to thousands of accounts: `trapline attribute` weighs them");
            return Ok(());
        }
        let mut rows = table(&["account", "batch", "planted", "found", "rows"]);
        for source in &self.sources {
            let account = if source.account.is_empty() { "(shared rows)" } else { &source.account };
            let batch = if source.batch.is_empty() { "(standing)" } else { &source.batch };
            rows.add_row([
                account.to_owned(),
                batch.to_owned(),
                format!("{:.0}", source.planted),
                format!("{} of {}", source.found, source.planted_canaries),
                source.rows.to_string(),
            ]);
        }
        answer("")?;
        answer_table(&rows)?;
        answer("")?;
        for bracket in &self.brackets {
            answer(&match bracket.before {
                Some(before) => {
                    format!("{}: exported after {:.0}, probably before {before:.0}", bracket.account, bracket.after)
                }
                None => format!("{}: exported after {:.0}", bracket.account, bracket.after),
            })?;
        }
        Ok(())
    }

    fn to_json(&self) -> serde_json::Value {
        let survey = &self.survey;
        let hows: serde_json::Map<String, serde_json::Value> =
            survey.hows().map(|(how, count)| (in_words(how).to_owned(), count.into())).collect();
        json!({
            "schema": "trapline.scan/1", "inputs": self.inputs,
            "faults": self.faults.iter().map(ToString::to_string).collect::<Vec<_>>(), "rows": survey.rows,
            "rows_with_number": survey.rows_with_number, "canaries": survey.canaries(), "lines": survey.lines(),
            "written": hows, "sources": self.sources, "exported": self.brackets, "partial": self.stopped,
            "seconds": self.took.as_secs_f64(),
        })
    }
}

/// How something was written, in words.
fn in_words(how: How) -> &'static str {
    match how {
        How::Whole => "in one piece",
        How::Grouped => "in groups",
        How::Wide => "in full-width digits",
        How::Bare => "without its letters",
        How::Glued => "without a border",
    }
}
