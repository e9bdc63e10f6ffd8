//! `trapline selftest`

use std::process::ExitCode;

use trapline::drill::{self, Drill};
use trapline::fault::Fault;

use crate::settings::Settings;
use crate::terminal::answer;

/// Plant, leak, find and attribute in a temporary folder: does this build work?
///
/// Touches no workspace. Run it daily beside `monitor`: a monitor that finds
/// nothing and one that is broken look alike otherwise.
#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(_: &Args, _: &Settings) -> anyhow::Result<ExitCode> {
    let dir = tempdir()?;
    let drill = Drill { accounts: 200, lines: 400, leakers: 1, noise: 0.2, names: 1.0, ..Drill::default() };
    let outcome = drill::run(&drill, dir.path());
    let outcome = outcome?;
    if outcome.found != 1 || outcome.innocents != 0 {
        let fault = Fault::new(format!(
            "the rehearsed leak was not attributed: {} of 1 leaker and {} innocents were named",
            outcome.found, outcome.innocents
        ))
        .hint("do not rely on this build; run `scripts/test` in its source");
        return Err(fault.into());
    }
    answer(&format!(
        "ok: planted, leaked, found and attributed ({} calls, named after {})",
        outcome.calls,
        outcome.calls_to_name.first().copied().unwrap_or_default()
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// A private folder that goes away.
fn tempdir() -> anyhow::Result<Folder> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("the system gives no randomness: {error}"))?;
    let path = std::env::temp_dir().join(format!("trapline-{:016x}", u64::from_le_bytes(random)));
    std::fs::create_dir(&path)?;
    Ok(Folder(path))
}

/// Removes the folder when dropped.
pub struct Folder(std::path::PathBuf);

impl Folder {
    /// Makes one.
    pub fn new() -> anyhow::Result<Self> {
        tempdir()
    }

    /// Its path.
    pub fn path(&self) -> &std::path::Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
