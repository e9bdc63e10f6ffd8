//! Plays a scenario: day by day, with the real planter, the real feeds and the
//! real monitor over a registry in memory.
//!
//! Each purpose draws from a stream of its own, and whatever concerns a line of
//! ours is drawn apart from what concerns customers. So the outcome does not
//! depend on how many rows of customers stand around the canaries, and a test
//! may play a scenario with fewer of them ([`Setting::scale`]).

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::codebook::Codebook;
use crate::config::Config;
use crate::derive::Stream;
use crate::epoch::{self, Quarter};
use crate::feed::Context;
use crate::issue::{self, Bench, Order};
use crate::key::{Label, MasterKey, Subkey};
use crate::line::LineNumber;
use crate::monitor::{self, Pass};
use crate::plant::Options;
use crate::registry::memory::MemoryRegistry;
use crate::registry::{LineUse, Registry};
use crate::template::Template;

use super::bystanders::Bystanders;
use super::scenario::{Export, FileKind, Sale, Scenario};
use super::wire::{Call, Lookup};
use super::{export, seed_bytes, unwritable};

mod background;
mod buyer;
mod compare;
mod market;
mod outcome;
mod pool;
mod story;

pub use outcome::{Hits, Leaker, Naming, Nearest, Played, Tally, Told};
pub use story::tell;

/// How to play.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting {
    /// Instead of the file's seed.
    pub seed: Option<u64>,
    /// Share of calls in which a name is asked for, instead of the file's.
    pub names: Option<f64>,
    /// Customers' rows, as a share of what the file says. Canaries stay as
    /// they are, and so does the outcome.
    pub scale: f64,
}

impl Default for Setting {
    fn default() -> Self {
        Self { seed: None, names: None, scale: 1.0 }
    }
}

/// Plays `scenario` in `dir`, an empty folder.
///
/// # Errors
///
/// When it cannot be set up: numbers that do not fit together, a disk that
/// fails.
pub fn play(scenario: &Scenario, setting: &Setting, dir: &Path) -> issue::Result<Played> {
    let seed = setting.seed.unwrap_or(scenario.seed);
    let mut stage = Stage::open(scenario, setting, seed, dir)?;
    background::add(&mut stage)?;
    for day in 0..scenario.days {
        stage.open_epoch(day)?;
        stage.plant_exports(day)?;
        for (place, sale) in scenario.sales.iter().enumerate().filter(|(_, sale)| sale.day == day) {
            stage.sell(place, sale)?;
        }
        if (day + 1).is_multiple_of(scenario.monitor_every_days) {
            stage.pass(stage.at(day, PASS_SECOND))?;
        }
    }
    // Calls that come shortly before a pass are decided by the next one.
    stage.pass(stage.at(scenario.days, PASS_SECOND))?;
    stage.pass(stage.at(scenario.days + 1, PASS_SECOND))?;
    outcome::of(&stage, seed)
}

/// Seconds of a day at which exports are planted, sold, and looked for.
const PLANT_SECOND: i64 = 8 * 3600;
const PASS_SECOND: i64 = 23 * 3600 + 1800;

/// An export that was planted into.
struct Planted {
    account: String,
    batch: String,
    day: u32,
    path: PathBuf,
    kind: FileKind,
}

/// Who a record of the drill's traffic is by: what triage must not know.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    Fraud,
    Noise,
    Sweep,
    Test,
}

/// Everything that a scenario plays with.
struct Stage<'a> {
    scenario: &'a Scenario,
    setting: &'a Setting,
    dir: &'a Path,
    draws: Subkey,
    registry: MemoryRegistry,
    master: MasterKey,
    config: Config,
    template: Template,
    zone: TimeZone,
    begins: Timestamp,
    /// All lines, traps first.
    lines: Vec<LineNumber>,
    /// National numbers of all lines.
    ours: BTreeSet<String>,
    planted: Vec<Planted>,
    /// Batches of which something was sold, by account.
    sold: BTreeMap<String, BTreeSet<String>>,
    calls: Vec<(Origin, Call)>,
    /// Who each call in the record is by.
    origins: Vec<Origin>,
    lookups: Vec<Lookup>,
    alarm: bool,
    told: Told,
}

impl<'a> Stage<'a> {
    fn open(scenario: &'a Scenario, setting: &'a Setting, seed: u64, dir: &'a Path) -> issue::Result<Self> {
        let master = MasterKey::from_bytes(seed_bytes(seed));
        let template = Template::by_name(&scenario.template).expect("the scenario was checked")?;
        let config = Config {
            attribution: scenario.attribution.clone(),
            triage: scenario.triage.clone(),
            feeds: crate::yaml::parse(FEEDS, "drill")?,
            ..Config::default()
        };
        let zone = config.zone()?;
        let begins =
            scenario.begins.to_zoned_datetime(zone.clone()).map_err(|error| out_of_calendar(&error))?.timestamp();
        let mut stage = Self {
            scenario,
            setting,
            dir,
            draws: master.epoch(0).subkey(Label::Place),
            registry: MemoryRegistry::new(master.id()),
            master,
            config,
            template,
            zone,
            begins,
            lines: Vec::new(),
            ours: BTreeSet::new(),
            planted: Vec::new(),
            sold: BTreeMap::new(),
            calls: Vec::new(),
            origins: Vec::new(),
            lookups: Vec::new(),
            alarm: false,
            told: Told { bystanders: scenario.bystanders.accounts, ..Told::default() },
        };
        let lines = pool::lines(&scenario.lines, &mut stage.draw(&["lines"]));
        stage.registry.add_lines(&lines, begins)?;
        stage.lines = lines.into_iter().map(|line| line.number).collect();
        stage.ours = stage.lines.iter().map(|number| number.national.clone()).collect();
        for name in ["Master.csv", "access.log"] {
            let path = dir.join(name);
            fs::write(&path, "").map_err(|error| unwritable(&path, &error))?;
        }
        Ok(stage)
    }

    /// A stream for one purpose.
    fn draw(&self, purpose: &[&str]) -> Stream {
        let parts: Vec<&[u8]> = std::iter::once("scenario").chain(purpose.iter().copied()).map(str::as_bytes).collect();
        Stream::new(&self.draws.seed(&parts))
    }

    /// A moment of a day.
    fn at(&self, day: u32, second: i64) -> Timestamp {
        self.begins
            .checked_add((i64::from(day) * 86_400 + second).seconds())
            .expect("a scenario's days are in the calendar")
    }

    fn traps(&self) -> &[LineNumber] {
        &self.lines[..self.scenario.lines.traps as usize]
    }

    /// Opens the quarter's epoch on its first day, as an operator does, and
    /// gives each bystander its planting.
    fn open_epoch(&mut self, day: u32) -> issue::Result<()> {
        let now = self.at(day, 0);
        let epochs = self.registry.epochs()?;
        if epoch::current(&epochs, now).is_some() {
            return Ok(());
        }
        let ordinal = epochs.len() as u32 + 1;
        let rules = epoch::rules(&self.config, Quarter::of(now, &self.zone), ordinal, self.scenario.lines.traps)?;
        let pool: Vec<i64> =
            self.registry.lines()?.iter().filter(|row| row.line.line_use == LineUse::Trap).map(|row| row.id).collect();
        self.registry.open_epoch(&rules, &epoch::frozen(&pool, &rules), now)?;
        self.registry.put_template(self.template.hash(), self.template.name(), self.template.text())?;
        self.told.epochs += 1;
        let codebook = Codebook::new(&self.master, ordinal, rules.sizes());
        let wanted = &self.scenario.bystanders;
        let scope = match &wanted.scope {
            Some(name) => {
                let scope = issue::new_scope(name, &codebook, &rules, &self.template)?;
                Some((scope, wanted.scope_accounts as usize))
            }
            None => None,
        };
        let names: Vec<String> = (0..wanted.accounts).map(|number| format!("clerk-{number:06}")).collect();
        let accounts: Vec<&str> = names.iter().map(String::as_str).collect();
        let bystanders = Bystanders {
            epoch: ordinal,
            template: &self.template,
            batch: "export-1",
            canaries: wanted.canaries,
            accounts: &accounts,
            scope,
            now,
        };
        bystanders.register(&mut self.registry)
    }

    fn plant_exports(&mut self, day: u32) -> issue::Result<()> {
        let mut second = PLANT_SECOND;
        for export in &self.scenario.exports {
            let is_due = export.days.has(day.into()) && (day - export.days.from).is_multiple_of(export.every_days);
            if !is_due {
                continue;
            }
            for account in &export.accounts {
                second += 60;
                self.plant(export, account, day, second)?;
            }
        }
        Ok(())
    }

    fn plant(&mut self, export: &Export, account: &str, day: u32, second: i64) -> issue::Result<()> {
        let batch = format!("day-{day:03}");
        let suffix = match export.file {
            FileKind::Csv => "csv",
            FileKind::Jsonl => "jsonl",
        };
        let stem = format!("{}-{batch}", self.planted.len());
        let (original, planted) =
            (self.dir.join(format!("{stem}.{suffix}")), self.dir.join(format!("{stem}.planted.{suffix}")));
        let rows = self.customers(export, account, &batch);
        self.told.rows += rows.len() as u64;
        let text = market::write(&self.template, export.file, &rows);
        fs::write(&original, text).map_err(|error| unwritable(&original, &error))?;
        let now = self.at(day, second);
        let order = Order {
            input: &original,
            output: &planted,
            account,
            batch: Some(&batch),
            template: &self.template,
            canaries: Some(export.canaries),
            scope: export.scope.as_deref(),
            part: None,
            options: &Options::default(),
        };
        let report = issue::plant(&mut Bench { registry: &mut self.registry, master: &self.master, now }, &order)?;
        let _ = fs::remove_file(&original);
        self.told.exports += 1;
        self.told.canaries += u64::from(export.canaries);
        self.told.shared_rows += u64::from(report.shared);
        self.planted.push(Planted { account: account.to_owned(), batch, day, path: planted, kind: export.file });
        Ok(())
    }

    /// The rows of an export before planting.
    fn customers(&self, export: &Export, account: &str, batch: &str) -> Vec<Vec<String>> {
        let rows = ((f64::from(export.rows) * self.setting.scale).round() as u32).max(self.least_rows(export));
        let mut draw = match &export.data {
            Some(data) => self.draw(&["customers of data", data]),
            None if export.same_rows => self.draw(&["customers", account, "every export"]),
            None => self.draw(&["customers", account, batch]),
        };
        let key = export::key(&mut draw);
        let pool = pool::customers(2 * rows, &self.ours, &mut draw);
        let first_day = if export.same_rows { export.days.from } else { 0 };
        let today = self.at(first_day, 0).to_zoned_datetime(self.zone.clone()).date();
        let mut cells = export::customers(&self.template, &pool, rows, key, today);
        market::leave_block(&self.template, &mut cells);
        cells
    }

    /// The rows that an export has at any scale: it must not be too crowded for
    /// its scope, and those of the same data have equally many.
    fn least_rows(&self, export: &Export) -> u32 {
        let twin = |one: &&Export| one.data.is_some() && one.data == export.data && one.scope.is_some();
        let canaries = self.scenario.exports.iter().filter(twin).map(|one| one.canaries).max();
        let settings = &self.config.attribution;
        let slots = settings.slots_per_scope.unwrap_or(u32::MAX).min(settings.slot_lines / 2);
        let crowded = canaries.map_or(0.0, |canaries| f64::from(canaries + slots) / issue::LARGEST_SHARE);
        // A record has a customer for each role.
        let roles = self.template.roles().len().max(1) as u32;
        ((crowded as u32 + 8) * roles).min(export.rows).max(40)
    }

    /// Sells what a sale says, to each of its buyers.
    fn sell(&mut self, place: usize, sale: &Sale) -> issue::Result<()> {
        let place = place.to_string();
        let list = market::list(self, &place, sale)?;
        self.told.sold_rows += list.rows;
        self.told.sold_canaries += list.canaries.len() as u64;
        for buyer in 0..sale.buyers {
            buyer::act(self, &[&place, &buyer.to_string()], sale, &list);
        }
        Ok(())
    }

    /// Writes what came in up to `now` and runs the monitor.
    fn pass(&mut self, now: Timestamp) -> issue::Result<()> {
        let (mut due, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.calls).into_iter().partition(|(_, call)| call.at <= now);
        self.calls = later;
        due.sort_by_key(|(_, call)| call.at);
        let mut text = String::new();
        for (origin, call) in &due {
            call.write_asterisk(self.origins.len(), &mut text);
            self.origins.push(*origin);
        }
        append(&self.dir.join("Master.csv"), &text)?;
        let (mut due, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.lookups).into_iter().partition(|lookup| lookup.at <= now);
        self.lookups = later;
        due.sort_by_key(|lookup| lookup.at);
        let mut text = String::new();
        due.iter().for_each(|lookup| lookup.write_access_log(&mut text));
        append(&self.dir.join("access.log"), &text)?;
        let context = Context::new(now, self.dir);
        let mut pass = Pass {
            registry: &mut self.registry,
            master: &self.master,
            config: &self.config,
            context: &context,
            announcer: None,
            now,
        };
        let summary = monitor::run(&mut pass)?;
        self.told.passes += 1;
        self.alarm |= summary.epochs.iter().any(|epoch| epoch.alarm.is_some());
        match summary.feeds.iter().find_map(|feed| feed.error.clone()) {
            Some(error) => Err(crate::fault::Fault::new(format!("the drill's own feed failed: {error}")).into()),
            None => Ok(()),
        }
    }
}

/// The feeds of every scenario. Silence is no failure here: a scenario may have
/// quiet months.
const FEEDS: &str = "\
- name: calls
  source: {kind: file, path: Master.csv}
  format: {preset: asterisk-cdr-csv}
  time_zone: UTC
  silent_after_hours: 40000
- name: tracking
  source: {kind: file, path: access.log}
  format: {preset: access-log}
  silent_after_hours: 40000
";

fn append(path: &Path, text: &str) -> issue::Result<()> {
    let mut file = OpenOptions::new().append(true).open(path).map_err(|error| unwritable(path, &error))?;
    file.write_all(text.as_bytes()).map_err(|error| unwritable(path, &error))?;
    Ok(())
}

fn out_of_calendar(error: &jiff::Error) -> issue::Error {
    crate::fault::Fault::new(format!("the scenario's days do not exist: {error}")).into()
}
