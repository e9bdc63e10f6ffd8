//! Rows as evidence: recorded blind, shown to nobody.

use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::Instant;

use indicatif::ProgressBar;
use jiff::Timestamp;
use serde_json::json;
use trapline::config::SCAN_FEED;
use trapline::dump::{Gathered, Input, Watcher};
use trapline::fault::Fault;
use trapline::issue::templates_in_use;
use trapline::matcher::{Known, Matcher};
use trapline::registry::{self, Ingest, Registry};
use trapline::rules::hex;
use trapline::scan::{Hit, Reserved};
use trapline::seal::Vault;
use trapline::template::Template;
use trapline::vocabulary::Vocabulary;

use super::report::print_inputs;
use super::screen::bar;
use super::{Args, STOP, decided_after, live_epochs, search};
use crate::session::Session;
use crate::settings::Settings;
use crate::terminal::{answer, answer_json, note};

pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut session = Session::open(settings)?;
    let windows = live_epochs(&session)?;
    let decided =
        windows.iter().map(|epoch| decided_after(session.now, &epoch.rules.triage)).max().ok_or_else(|| {
            Fault::new("no epoch would decide about what is recorded now").hint("run `trapline epoch open`")
        })?;
    let triage = session.epoch(None)?.rules.triage;
    let index = crate::command::index::fresh(&session)?;
    let templates = templates_in_use(&session.registry)?;
    let (lines, vocabulary) = (session.registry.lines()?, Vocabulary::of(&templates));
    let vault = Vault::new(&session.master);
    let caller_tag = |digits: &str| hex(&vault.tag("caller", &[digits.as_bytes()]));
    let matcher = Matcher::new(Known {
        lines: &lines,
        blocks: &vocabulary.blocks,
        lexicons: &vocabulary.lexicons,
        triage: &triage,
        caller_tag: &caller_tag,
    })?;
    let reserved = Reserved::of(templates.iter().filter_map(Template::block));

    let mut recorder = Recorder {
        bar: bar(args),
        registry: &mut session.registry,
        matcher: &matcher,
        now: session.now,
        gathered: Gathered::default(),
        recorded: Recorded::default(),
        failed: None,
    };
    let started = Instant::now();
    let (_, inputs, faults) = search(args, &index, Some(&reserved), &mut recorder)?;
    recorder.bar.finish_and_clear();
    if let Some(error) = recorder.failed {
        return Err(error.into());
    }
    let recorded = recorder.recorded;
    let stopped = STOP.load(Ordering::Relaxed);
    if args.json {
        answer_json(&json!({
            "schema": "trapline.scan-record/1", "inputs": inputs,
            "faults": faults.iter().map(ToString::to_string).collect::<Vec<_>>(), "recorded": recorded.new,
            "known": recorded.known, "left_out": recorded.left_out, "decided_after": decided, "partial": stopped,
        }))?;
    } else {
        print_inputs(&inputs, &faults, started.elapsed());
        if stopped {
            note("the scan was stopped: the input in which it was is not recorded; record it again");
        }
        if recorded.left_out > 0 {
            note(&format!("{} rows were too many and are not recorded", recorded.left_out));
        }
        answer(&format!("{} rows are recorded as evidence, {} were before\n", recorded.new, recorded.known))?;
        if recorded.new > 0 {
            answer(&format!(
                "`trapline monitor` decides about them after {decided:.0}; what they say is shown by nobody before\n"
            ))?;
        }
    }
    let is_whole = !stopped && faults.is_empty() && inputs.iter().all(|input| input.error.is_none());
    Ok(if is_whole && recorded.left_out == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What came of recording.
#[derive(Default)]
struct Recorded {
    new: u64,
    known: u64,
    left_out: u64,
}

/// Gathers the rows of each input, and stores them once its hash is known.
struct Recorder<'r> {
    bar: ProgressBar,
    registry: &'r mut dyn Registry,
    matcher: &'r Matcher<'r>,
    now: Timestamp,
    gathered: Gathered,
    recorded: Recorded,
    failed: Option<registry::Error>,
}

impl Watcher for Recorder<'_> {
    fn hit(&mut self, _: &str, hit: &Hit) {
        self.gathered.add(hit);
    }

    fn passed(&mut self, bytes: u64) {
        self.bar.inc(bytes);
    }

    fn ended(&mut self, input: &Input) {
        let gathered = std::mem::take(&mut self.gathered);
        // An input that was not read to its end has no name to be known by again.
        let Some(sha256) = &input.sha256 else { return };
        self.recorded.left_out += gathered.left_out();
        for hits in gathered.observations(sha256, input.encoding, self.matcher, self.now) {
            let ingest = Ingest {
                feed: SCAN_FEED.to_owned(),
                now: self.now,
                records: hits.len() as u64,
                hits,
                ..Ingest::default()
            };
            match self.registry.ingest(&ingest) {
                Ok(ingested) => {
                    self.recorded.new += ingested.new;
                    self.recorded.known += ingested.known;
                }
                Err(error) => {
                    // Nothing can be kept: there is no sense in going on.
                    STOP.store(true, Ordering::Relaxed);
                    self.failed = Some(error);
                    return;
                }
            }
        }
    }
}
