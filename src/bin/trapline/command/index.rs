//! `trapline index`

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use serde_json::json;
use trapline::catalogue::Catalogue;
use trapline::fault::Fault;
use trapline::scan::ScanKey;
use trapline::scan::index::Index;

use crate::session::Session;
use crate::settings::Settings;
use crate::terminal::{answer, answer_json};

/// Compile everything that was planted into an index for `scan`
///
/// The index holds a keyed fingerprint of each canary's number, and, sealed, the
/// lines and who planted what. With it and the scan key a machine that has
/// neither the master key nor the registry can search dumps; without the scan
/// key it tells nothing. `scan` in a workspace makes it by itself when it is
/// stale.
///
/// Example:
///   $ trapline index -o scan.index --key-out scan.key
///   indexed 3000020 canaries of 300002 sources and 2000 lines: 33.4 MB (10.6 bytes a canary)
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// Where the index goes; by default into the workspace
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write the scan key, for a machine that only scans
    #[arg(long, value_name = "FILE")]
    key_out: Option<PathBuf>,
    /// Only canaries of this epoch, such as 2026Q4; may be repeated
    #[arg(long, value_name = "LABEL")]
    epoch: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let session = Session::open(settings)?;
    for label in &args.epoch {
        session.epoch(Some(label))?;
    }
    let path = args.output.clone().unwrap_or_else(|| session.workspace.index_path());
    let started = Instant::now();
    let index = make(&session, &path, &args.epoch)?;
    if let Some(path) = &args.key_out {
        write_secret(path, ScanKey::of(&session.master).to_file_text().as_bytes())?;
    }
    let directory = index.directory();
    let bytes = fs::metadata(&path)?.len();
    let each = index.lookup_bytes() as f64 / index.canaries().max(1) as f64;
    if args.json {
        answer_json(&json!({
            "schema": "trapline.index/1", "canaries": index.canaries(), "left_out": directory.left_out,
            "sources": directory.sources.len(), "lines": directory.lines.len(), "bytes": bytes,
            "lookup_bytes_per_canary": each, "seconds": started.elapsed().as_secs_f64(),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut said = format!(
        "indexed {} canaries of {} sources and {} lines: {:.1} MB ({each:.1} bytes a canary)\n",
        index.canaries(),
        directory.sources.len(),
        directory.lines.len(),
        bytes as f64 / 1e6,
    );
    if directory.left_out > 0 {
        said += &format!("{} canaries have a number too short to be looked for, or none\n", directory.left_out);
    }
    answer(&said)?;
    Ok(ExitCode::SUCCESS)
}

/// Makes the index and puts it in place at once.
pub fn make(session: &Session, path: &Path, epochs: &[String]) -> anyhow::Result<Index> {
    let key = ScanKey::of(&session.master);
    let catalogue = Catalogue::read(&session.registry, &session.master, epochs)?;
    let index = Index::build(&key, catalogue, session.now)?;
    write_secret(path, index.bytes())?;
    Ok(index)
}

/// The workspace's index, made anew where it is missing, stale or broken.
pub fn fresh(session: &Session) -> anyhow::Result<Index> {
    use trapline::registry::Registry as _;
    let (path, key) = (session.workspace.index_path(), ScanKey::of(&session.master));
    if let Ok(index) = Index::open(&path, &key)
        && index.directory().state == session.registry.stock()?
    {
        return Ok(index);
    }
    make(session, &path, &[])
}

/// Writes a file that only this user may read, under another name first.
pub fn write_secret(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let failed = |error: std::io::Error| {
        Fault::new(format!("the file cannot be written: {error}"))
            .in_file(path.display().to_string())
            .hint("check that the folder exists, is writable and has room")
    };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&part, path)
    });
    written.map_err(|error| {
        let _ = fs::remove_file(&part);
        anyhow::Error::from(failed(error))
    })
}
