//! Rehearsals: a leak from end to end on made-up traffic.
//!
//! A drill makes a workspace in memory, plants into the leakers' exports with
//! the real planter, resells what a buyer would get of them, lets fraudsters
//! call among noise through a real call-record file, and runs the real monitor.
//! What it reports is therefore what the product does, not what a model of it
//! would do. Everything follows from the seed.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::config::Config;
use crate::derive::Stream;
use crate::epoch::{self, Quarter};
use crate::fault::Fault;
use crate::feed::Context;
use crate::issue::{self, Bench, Order};
use crate::key::{Label, MasterKey};
use crate::line::demo_lines;
use crate::monitor::{self, Pass};
use crate::plant::Options;
use crate::registry::memory::MemoryRegistry;
use crate::registry::{LineUse, Registry, Route};
use crate::template::Template;

mod bystanders;
mod export;
pub mod play;
pub mod scenario;
mod traffic;
mod wire;

use bystanders::Bystanders;
use traffic::Traffic;

/// What to rehearse.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Drill {
    /// Everything follows from it.
    pub seed: u64,
    /// Accounts, each with one planted export.
    pub accounts: u32,
    /// Trap lines; a tenth as many control lines come on top.
    pub lines: u32,
    /// Accounts whose export is leaked.
    pub leakers: u32,
    /// Canaries in an export.
    pub canaries: u32,
    /// Share of confirmed hits that are noise on random lines.
    pub noise: f64,
    /// Share of a leaked export's rows that are resold.
    pub resold: f64,
    /// Share of fraud calls that ask for somebody.
    pub names: f64,
    /// Share of these of which only the surname is heard.
    pub masks: f64,
    /// alpha.
    pub alpha: f64,
    /// Most sources that may ever be named.
    pub n_max: u64,
    /// Ghosts.
    pub ghosts: u32,
    /// Whether the epoch registers joint certification.
    pub joint: bool,
}

impl Default for Drill {
    fn default() -> Self {
        Self {
            seed: 1,
            accounts: 3000,
            lines: 2000,
            leakers: 5,
            canaries: 10,
            noise: 0.5,
            resold: 1.0,
            names: 0.3,
            masks: 0.3,
            alpha: 0.01,
            n_max: 3000,
            ghosts: 20_000,
            joint: true,
        }
    }
}

/// What came of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// Call records written.
    pub calls: u64,
    /// Hits that triage confirmed.
    pub confirmed: u64,
    /// Leakers named.
    pub found: u32,
    /// Accounts named that leaked nothing.
    pub innocents: u32,
    /// Batches named that leaked nothing.
    pub wrong_batches: u32,
    /// Each leaker.
    pub leakers: Vec<Leaker>,
    /// Confirmed hits until each named leaker was named.
    pub calls_to_name: Vec<u64>,
    /// Whether a ghost raised the alarm.
    pub alarm: bool,
}

/// What came of one leaker.
#[derive(Clone, Debug, Serialize)]
pub struct Leaker {
    /// Account.
    pub account: String,
    /// Confirmed hits until it was named.
    pub calls_to_name: Option<u64>,
    /// Whether level 2 named the leaked batch.
    pub batch_named: bool,
}

/// When every drill begins: a quarter's second day, so that all fits into it.
const BEGINS: &str = "2026-10-02T01:00:00Z";
/// The batch id that all exports of a drill have.
const BATCH: &str = "export-1";
/// The template that drills plant with.
const TEMPLATE: &str = "yto-express";

/// Runs a drill in `dir`, an empty folder.
///
/// # Errors
///
/// When the drill cannot be set up: impossible numbers, a disk that fails.
pub fn run(drill: &Drill, dir: &Path) -> issue::Result<Outcome> {
    check(drill)?;
    let seed = MasterKey::from_bytes(seed_bytes(drill.seed));
    let subkey = seed.epoch(0).subkey(Label::Place);
    let mut draw = Stream::new(&subkey.seed(&[b"drill"]));
    let begins: Timestamp = BEGINS.parse().expect("a fixed time");
    let mut stage = Stage::open(drill, &seed, &mut draw, begins)?;
    let leakers = stage.plant(drill, dir, &mut draw)?;
    let traffic = Traffic::make(drill, &stage.lines, &leakers, &mut draw, begins);
    let calls = dir.join("Master.csv");
    fs::write(&calls, traffic.to_asterisk()).map_err(|error| unwritable(&calls, &error))?;
    let summary = stage.monitor(dir, traffic.ends())?;
    stage.outcome(drill, &leakers, traffic.len(), summary.epochs.iter().any(|epoch| epoch.alarm.is_some()))
}

/// A leaked export, as its buyer has it.
struct Leak {
    account: String,
    rows: Vec<export::SoldRow>,
}

/// The workspace of a drill.
struct Stage {
    registry: MemoryRegistry,
    master: MasterKey,
    config: Config,
    template: Template,
    lines: Vec<crate::registry::LineRow>,
    now: Timestamp,
}

impl Stage {
    fn open(drill: &Drill, master: &MasterKey, draw: &mut Stream, now: Timestamp) -> issue::Result<Self> {
        let mut config = Config::default();
        config.attribution.alpha = drill.alpha;
        config.attribution.n_max = drill.n_max;
        config.attribution.ghosts = drill.ghosts;
        config.attribution.batch_lines = drill.canaries;
        let mut registry = MemoryRegistry::new(master.id());
        let lines = demo_lines(drill.lines, drill.lines / 10, draw);
        registry.add_lines(&lines, now)?;
        let lines = registry.lines()?;
        let pool: Vec<i64> = lines.iter().filter(|row| row.line.line_use == LineUse::Trap).map(|row| row.id).collect();
        let mut rules = epoch::rules(&config, Quarter::of(now, &config.zone()?), 1, drill.lines)?;
        rules.joint = rules.joint.filter(|_| drill.joint);
        registry.open_epoch(&rules, &epoch::frozen(&pool, &rules), now)?;
        let template = Template::by_name(TEMPLATE).expect("shipped with the library")?;
        registry.put_template(template.hash(), template.name(), template.text())?;
        Ok(Self { registry, master: master.clone(), config, template, lines, now })
    }

    /// Plants one export for each account: the leakers' are woven and read
    /// back, the others' are registered only, since nobody will ever read them.
    fn plant(&mut self, drill: &Drill, dir: &Path, draw: &mut Stream) -> issue::Result<Vec<Leak>> {
        let names: Vec<String> = (0..drill.accounts).map(|number| format!("acct-{number:06}")).collect();
        let guilty: Vec<u32> = crate::derive::subset(draw, drill.accounts, drill.leakers);
        let mut leaks = Vec::new();
        for &place in &guilty {
            leaks.push(self.plant_export(drill, &names[place as usize], dir, draw)?);
        }
        let innocent: Vec<&str> = names
            .iter()
            .enumerate()
            .filter(|(place, _)| guilty.binary_search(&(*place as u32)).is_err())
            .map(|(_, name)| name.as_str())
            .collect();
        self.register(drill, &innocent)?;
        Ok(leaks)
    }

    fn plant_export(&mut self, drill: &Drill, account: &str, dir: &Path, draw: &mut Stream) -> issue::Result<Leak> {
        let original = dir.join(format!("{account}.csv"));
        let planted = dir.join(format!("{account}.planted.csv"));
        let rows = export::original(&self.template, draw, self.now.to_zoned_datetime(TimeZone::UTC).date());
        fs::write(&original, rows).map_err(|error| unwritable(&original, &error))?;
        let options = Options::default();
        let order = Order {
            input: &original,
            output: &planted,
            account,
            batch: Some(BATCH),
            template: &self.template,
            canaries: Some(drill.canaries),
            scope: None,
            part: None,
            options: &options,
        };
        let mut bench = Bench { registry: &mut self.registry, master: &self.master, now: self.now };
        issue::plant(&mut bench, &order)?;
        let text = fs::read_to_string(&planted).map_err(|error| unwritable(&planted, &error))?;
        let rows = export::resell(&text, drill.resold, draw);
        Ok(Leak { account: account.to_owned(), rows })
    }

    fn register(&mut self, drill: &Drill, accounts: &[&str]) -> issue::Result<()> {
        let bystanders = Bystanders {
            scope: None,
            epoch: 1,
            template: &self.template,
            batch: BATCH,
            canaries: drill.canaries,
            accounts,
            now: self.now,
        };
        bystanders.register(&mut self.registry)
    }

    fn monitor(&mut self, dir: &Path, now: Timestamp) -> issue::Result<monitor::Summary> {
        let yaml = "- name: calls\n  source: {kind: file, path: Master.csv}\n  format: {preset: asterisk-cdr-csv}\n  time_zone: UTC\n";
        self.config.feeds = crate::yaml::parse(yaml, "drill")?;
        let mut context = Context::new(now, dir);
        context.now = now;
        let mut pass = Pass {
            registry: &mut self.registry,
            master: &self.master,
            config: &self.config,
            context: &context,
            announcer: None,
            now,
        };
        monitor::run(&mut pass)
    }

    fn outcome(&self, drill: &Drill, leaks: &[Leak], calls: u64, alarm: bool) -> issue::Result<Outcome> {
        let decisions = self.registry.decisions(1)?;
        let confirmed = |until: u64| {
            let counts = |decision: &&crate::registry::DecisionRow| {
                decision.verdict == crate::registry::Verdict::Confirmed && decision.seq <= until
            };
            decisions.iter().filter(counts).count() as u64
        };
        let mut outcome =
            Outcome { seed: drill.seed, calls, confirmed: confirmed(u64::MAX), alarm, ..Outcome::default() };
        let accusations = self.registry.accusations(1)?;
        let guilty = |account: &str| leaks.iter().any(|leak| leak.account == account);
        let mut innocents: Vec<&str> = Vec::new();
        for row in &accusations {
            let accusation = &row.accusation;
            if accusation.route == Route::Batch {
                outcome.wrong_batches += u32::from(!guilty(&accusation.account));
            } else if !guilty(&accusation.account) && !innocents.contains(&accusation.account.as_str()) {
                innocents.push(&accusation.account);
            }
        }
        outcome.innocents = innocents.len() as u32;
        for leak in leaks {
            let own: Vec<_> =
                accusations.iter().map(|row| &row.accusation).filter(|a| a.account == leak.account).collect();
            let first = own.iter().filter(|a| a.route != Route::Batch).map(|a| a.seq).min();
            outcome.leakers.push(Leaker {
                account: leak.account.clone(),
                calls_to_name: first.map(confirmed),
                batch_named: own.iter().any(|a| a.route == Route::Batch && a.batch == BATCH),
            });
        }
        outcome.calls_to_name = outcome.leakers.iter().filter_map(|leaker| leaker.calls_to_name).collect();
        outcome.found = outcome.calls_to_name.len() as u32;
        Ok(outcome)
    }
}

fn check(drill: &Drill) -> issue::Result<()> {
    let share = |name: &str, value: f64| {
        if (0.0..=1.0).contains(&value) {
            Ok(())
        } else {
            Err(Fault::new(format!("expected a share between 0 and 1 as {name}, found {value}")))
        }
    };
    share("resold", drill.resold)?;
    share("names", drill.names)?;
    share("masks", drill.masks)?;
    if !(0.0..1.0).contains(&drill.noise) {
        return Err(Fault::new(format!("expected a share from 0 to below 1 as noise, found {}", drill.noise)).into());
    }
    if drill.leakers > drill.accounts || drill.accounts == 0 {
        return Err(Fault::new("expected at least one account, and no more leakers than accounts").into());
    }
    Ok(())
}

fn seed_bytes(seed: u64) -> [u8; 32] {
    let mut bytes = *b"trapline drill, not a secret key";
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes
}

fn unwritable(path: &Path, error: &std::io::Error) -> issue::Error {
    Fault::new(format!("the drill's folder failed: {error}")).in_file(path.display().to_string()).into()
}
