//! The whole act of planting: plan, weave, register, release.
//!
//! The order is the point. The planted file is written under a temporary name
//! beside its destination; then the planting is registered, durably; only then
//! does the file get its final name. A crash at any line leaves either no
//! export, or an export that is registered; the worst case is a planting that
//! nobody received. Running it again completes it, with the same bytes.

use std::fs;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::canary::{Batch, Mint};
use crate::codebook::{Codebook, Holder};
use crate::epoch;
use crate::fault::Fault;
use crate::key::MasterKey;
use crate::line::LineNumber;
use crate::plant::{self, Compression, Expansion, FileSource, Job, Plan, Source as _};
use crate::record::WaybillBlock as _;
use crate::registry::{self, BatchKey, EpochRow, NewPlanting, PlantedRows, PlantingRow, Registry};
use crate::rules::{Rules, hex};
use crate::template::{Block, Template};

mod export;
mod partial;
mod scope;
mod standing;
mod watch;

pub use export::{ExportRows, verify};
pub use scope::ScopeSlots;
pub(crate) use scope::{LARGEST_SHARE, new_scope};
pub use standing::{SeedFormat, SeedOrder, SeedReport, seed};

use export::Export;
pub(crate) use export::refuse_containers;
pub(crate) use partial::write_partial;
use scope::OrderedScope;
use watch::LineWatch;

/// Why planting failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The input, or the request, is wrong.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The registry refused or failed.
    #[error(transparent)]
    Registry(#[from] registry::Error),
}

/// Short form.
pub type Result<T> = std::result::Result<T, Error>;

/// What planting works with.
pub struct Bench<'a> {
    /// Where it is registered.
    pub registry: &'a mut dyn Registry,
    /// What canaries are derived from.
    pub master: &'a MasterKey,
    /// Now.
    pub now: Timestamp,
}

/// A request to plant into one export.
#[derive(Clone, Debug)]
pub struct Order<'a> {
    /// The export.
    pub input: &'a Path,
    /// Where the planted export goes.
    pub output: &'a Path,
    /// Whose export it is.
    pub account: &'a str,
    /// Batch id; by default the first 16 digits of the input's hash.
    pub batch: Option<&'a str>,
    /// Template for an account that has none yet in this epoch.
    pub template: &'a Template,
    /// Canaries; by default as many as wear the epoch's lines of a batch.
    pub canaries: Option<u32>,
    /// The data set that other accounts' exports show, too: their shared rows
    /// come along.
    pub scope: Option<&'a str>,
    /// The sheet of a workbook or the table of a dump; by default the one with the most records.
    pub part: Option<&'a str>,
    /// How to read the file.
    pub options: &'a plant::Options,
}

/// What planting did.
#[derive(Clone, Debug)]
pub struct Report {
    /// The batch.
    pub key: BatchKey,
    /// Canaries planted.
    pub canaries: u32,
    /// Lines they wear.
    pub lines: u32,
    /// Rows planted besides that exports of other accounts may hold, too.
    pub shared: u32,
    /// The template.
    pub template: String,
    /// The part of the export that was planted into, such as a sheet; none if it is lines of records.
    pub part: Option<String>,
    /// What the file turned out to be.
    pub survey: plant::Survey,
    /// Standing canaries of this account that were in the export already.
    pub standing_seen: u32,
    /// Lines of ours, other than those, that real rows hold.
    pub foreign_lines: u32,
    /// Hash of the planted, uncompressed output.
    pub output_hash: String,
    /// Whether the planting had been registered before.
    pub again: bool,
}

impl Report {
    /// Planted rows for each real record.
    pub fn planted_share(&self) -> f64 {
        f64::from(self.canaries + self.shared) / (self.survey.records.max(1) as f64)
    }
}

/// Above this share of a file, planted rows begin to be noticed.
pub const NOTICED_SHARE: f64 = 0.05;

/// Plants into an export and releases it under its final name.
///
/// # Errors
///
/// When the input cannot be planted into, when the batch exists with another
/// input, or when the registry or the disk fails. Nothing is released then.
pub fn plant(bench: &mut Bench<'_>, order: &Order<'_>) -> Result<Report> {
    plant_if(bench, order, |_| Ok(()))
}

/// A planted export under its temporary name: neither registered nor released.
#[derive(Clone, Copy)]
pub struct Pending<'a> {
    /// The export's rows as text, and how to read them: the export itself, or
    /// what a sheet or a table says.
    pub text: &'a dyn plant::Source,
    /// How to read it.
    pub options: &'a plant::Options,
    /// Where planted rows go in that text, byte for byte.
    pub plan: &'a Plan,
    /// What they were made by.
    pub template: &'a Template,
    /// The lines of the epoch's pool.
    pub pool: &'a [LineNumber],
}

/// Plants into an export and releases it, if `inspect` finds no fault with it.
///
/// # Errors
///
/// As [`plant()`], and what `inspect` says. Nothing is registered or released
/// then; serials that were set aside stay unused.
pub fn plant_if(
    bench: &mut Bench<'_>,
    order: &Order<'_>,
    inspect: impl FnOnce(&Pending<'_>) -> Result<()>,
) -> Result<Report> {
    refuse_same_file(order)?;
    let batch = order.batch.map(checked_batch).transpose()?;
    export::refuse_unreadable(order.input)?;
    let ground = Ground::survey(bench, order.account, order.template)?;
    let mut export = Export::open(order, &ground.columns())?;
    let batch = match batch {
        Some(batch) => batch.to_owned(),
        None => export.content_hash()?[..16].to_owned(),
    };
    let key = BatchKey { epoch: ground.rules.epoch, account: order.account.to_owned(), batch };
    let earlier = bench.registry.planting(&key)?;
    refuse_foreign_output(order, earlier.as_ref(), bench.registry)?;

    let shape = Shape::of(order, &ground, earlier.as_ref())?;
    let scope = OrderedScope::open(bench, &ground, order, earlier.as_ref())?;
    let serials = match &earlier {
        Some(planting) => planting.serials.clone(),
        None => {
            ground.allocate(bench.registry, u64::from(shape.canaries) + spares(shape.canaries, &ground.template))?
        }
    };
    let watch = LineWatch::new(&ground, order.account);
    let making = Making { key: &key, shape: &shape, serials: &serials, scope: scope.as_ref() };
    let options = export.options(order.options);
    let in_text = ground.plan(export.source(), &options, &making, &watch)?;
    let (plan, survey) = export.settle(in_text.clone())?;
    if let Some(scope) = &scope {
        scope.refuse_crowd(order, shape.canaries, &survey)?;
    }
    let (partial, woven) = export.weave(order.output, &plan)?;
    let pool = &ground.pool[..ground.pool.len().min(ground.rules.sizes().pool as usize)];
    let text = export.source();
    inspect(&Pending { text, options: &options, plan: &in_text, template: &ground.template, pool })?;
    let again = earlier.is_some();
    let planting = match earlier {
        Some(planting) => same_as_before(planting, &woven, bench.registry)?,
        None => bench.registry.plant(&new_planting(&ground, order, &making, &survey, woven.clone(), bench.now))?,
    };
    // The export must not leave before we can prove who got it. Registering
    // first and renaming last means that a crash at any line leaves either no
    // export, or an export that is registered.
    partial.release(order.output)?;
    bench.registry.release(planting.id, bench.now)?;
    Ok(Report {
        key,
        canaries: shape.canaries,
        lines: shape.lines,
        shared: plan.shared().len() as u32,
        template: ground.template.name().to_owned(),
        part: export.part(),
        survey,
        standing_seen: watch.standing_seen(),
        foreign_lines: watch.foreign_seen(),
        output_hash: woven.output_hash,
        again,
    })
}

/// What is known before the file is opened: the epoch, its lines, the template.
struct Ground {
    rules: Rules,
    codebook: Codebook,
    /// The epoch's frozen lines by place.
    pool: Vec<LineNumber>,
    template: Template,
}

impl Ground {
    /// Binds the account and gathers what its canaries are made of.
    fn survey(bench: &mut Bench<'_>, account: &str, fallback: &Template) -> Result<Self> {
        checked_account(account)?;
        let epochs = bench.registry.epochs()?;
        let rules = current_rules(&epochs, bench.now)?.clone();
        let template = match bench.registry.account(rules.epoch, account)? {
            Some(bound) => stored_template(bench.registry, &bound.template)?,
            None => {
                bench.registry.put_template(fallback.hash(), fallback.name(), fallback.text())?;
                bench.registry.bind_accounts(rules.epoch, &[account], fallback.hash(), bench.now)?;
                fallback.clone()
            }
        };
        let pool = pool_numbers(bench.registry, rules.epoch)?;
        let codebook = Codebook::new(bench.master, rules.epoch, rules.sizes());
        Ok(Self { rules, codebook, pool, template })
    }

    fn allocate(&self, registry: &mut dyn Registry, count: u64) -> Result<Vec<u64>> {
        let Some(block) = self.template.block() else { return Ok((0..count).collect()) };
        let first = registry.allocate_serials(block.id(), block.size(), count)?;
        Ok((first..first + count).collect())
    }

    /// The template's columns, as planting knows them.
    fn columns(&self) -> Vec<plant::ColumnSpec> {
        let spec = |column: &crate::template::Column| plant::ColumnSpec {
            role: column.role.clone(),
            header: column.header.clone(),
            aliases: column.aliases.clone(),
        };
        self.template.columns().iter().map(spec).collect()
    }

    fn plan(
        &self,
        source: &dyn plant::Source,
        options: &plant::Options,
        making: &Making<'_>,
        watch: &LineWatch<'_>,
    ) -> Result<Plan> {
        let Making { key, shape, serials, scope } = making;
        let mint = Mint::new(&self.codebook, &self.template, &self.pool);
        let batch = Batch { account: &key.account, id: &key.batch, lines: shape.lines, roles: self.template.roles() };
        let canaries = mint.canaries(&batch, &serials[..shape.canaries as usize]);
        let records: Vec<_> = canaries.into_iter().map(|canary| canary.record).collect();
        let numbers: Vec<(u64, String)> =
            serials.iter().filter_map(|&serial| Some((serial, mint.number(serial)?))).collect();
        let columns = self.columns();
        let holder = Holder::Account(&key.account);
        let job = Job {
            columns: &columns,
            records: &records,
            numbers: &numbers,
            is_line: &|digits| watch.sees(digits),
            place: self.codebook.place_seed(holder, &key.batch, "rows"),
            shared: scope.map(|scope| scope.shared(&self.codebook)),
            options,
        };
        Ok(plant::plan(source, &job)?)
    }
}

/// A template's columns, as files are searched for them.
pub fn columns(template: &Template) -> Vec<plant::ColumnSpec> {
    let spec = |column: &crate::template::Column| plant::ColumnSpec {
        role: column.role.clone(),
        header: column.header.clone(),
        aliases: column.aliases.clone(),
    };
    template.columns().iter().map(spec).collect()
}

/// What is made for one batch.
struct Making<'a> {
    key: &'a BatchKey,
    shape: &'a Shape,
    serials: &'a [u64],
    scope: Option<&'a OrderedScope>,
}

/// How many canaries, on how many lines.
struct Shape {
    canaries: u32,
    lines: u32,
}

impl Shape {
    fn of(order: &Order<'_>, ground: &Ground, earlier: Option<&PlantingRow>) -> Result<Self> {
        let each = ground.template.roles().len() as u32;
        if let Some(planting) = earlier {
            return Ok(Self { canaries: planting.serials.len() as u32, lines: planting.lines });
        }
        let returning = |canaries: u32| (u64::from(canaries) * u64::from(ground.template.repeats()) / 1000) as u32;
        let (canaries, people) = match order.canaries {
            Some(canaries) => (canaries, canaries - returning(canaries)),
            None => {
                let people = (ground.rules.batch_lines / each.max(1)).max(1);
                (people + returning(people), people)
            }
        };
        let lines = people * each;
        let free = ground.rules.account_lines - ground.rules.standing_lines;
        if canaries == 0 || lines > free {
            return Err(Fault::new(format!(
                "expected 1 to {} canaries, found {canaries}: an account has {free} lines for its batches",
                free / each.max(1)
            ))
            .hint("choose fewer with --canaries, or register more lines for an account in the next epoch")
            .into());
        }
        Ok(Self { canaries, lines })
    }
}

/// Serials held ready for numbers that turn out to occur among the real rows;
/// of numbers inside runs, for those whose sender hardly pauses there, too.
pub(crate) fn spares(canaries: u32, template: &Template) -> u64 {
    match template.block().is_some_and(Block::is_scattered) {
        true => u64::from(canaries) * plant::SCATTERED_SPARES,
        false => u64::from(canaries / 2).max(8),
    }
}

fn new_planting(
    ground: &Ground,
    order: &Order<'_>,
    making: &Making<'_>,
    survey: &plant::Survey,
    rows: PlantedRows,
    now: Timestamp,
) -> NewPlanting {
    NewPlanting {
        key: making.key.clone(),
        lines: making.shape.lines,
        roles: ground.template.roles().to_vec(),
        block: ground.template.block().map(|block| block.id().to_owned()).unwrap_or_default(),
        at: now,
        input_hash: survey.input_hash.clone(),
        input_bytes: survey.input_bytes,
        scope: order.scope.unwrap_or_default().to_owned(),
        rows,
    }
}

fn same_as_before(planting: PlantingRow, woven: &PlantedRows, registry: &dyn Registry) -> Result<PlantingRow> {
    let rows = registry.planted_rows(planting.id)?;
    if rows.output_hash != woven.output_hash {
        return Err(Fault::new(format!(
            "batch {:?} was planted before, and this run would give other bytes",
            planting.key.batch
        ))
        .hint("use the input and the options of the first run, or choose another --batch")
        .into());
    }
    Ok(planting)
}

fn refuse_same_file(order: &Order<'_>) -> Result<()> {
    if same_file(order.input, order.output) {
        return Err(Fault::new("the input and the output are the same file; an original is never changed")
            .in_file(order.output.display().to_string())
            .hint("choose another path with -o")
            .into());
    }
    Ok(())
}

/// Whether two paths lead to one file.
pub(crate) fn same_file(input: &Path, output: &Path) -> bool {
    match (fs::canonicalize(input), fs::canonicalize(output)) {
        (Ok(input), Ok(output)) => input == output,
        _ => input == output,
    }
}

/// An output that exists is left alone, unless it is this very planting.
fn refuse_foreign_output(order: &Order<'_>, earlier: Option<&PlantingRow>, registry: &dyn Registry) -> Result<()> {
    if !order.output.exists() {
        return Ok(());
    }
    if let Some(planting) = earlier {
        let hash = export::hash_of(order.output)?;
        if registry.planted_rows(planting.id)?.output_hash == hash {
            return Ok(());
        }
    }
    Err(Fault::new("the output exists already and is not this planting")
        .in_file(order.output.display().to_string())
        .hint("remove it, or choose another path with -o")
        .into())
}

/// A file as the planter reads it.
pub fn file_source(path: &Path) -> FileSource {
    FileSource { path: path.to_owned(), expansion: Expansion::default() }
}

/// SHA-256 of a file's uncompressed bytes, in hexadecimal.
fn content_hash(source: &FileSource) -> Result<String> {
    let mut input = source.open()?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = io::Read::read(&mut input, &mut buffer)
            .map_err(|error| Fault::new(format!("cannot be read: {error}")).in_file(source.name()))?;
        if read == 0 {
            return Ok(hex(&hasher.finalize()));
        }
        hasher.update(&buffer[..read]);
    }
}

/// The compression that a file's name asks for.
pub(crate) fn compression_of(path: &Path) -> Option<Compression> {
    match path.extension()?.to_str()? {
        "gz" => Some(Compression::Gzip),
        "zst" | "zstd" => Some(Compression::Zstd),
        _ => None,
    }
}

fn checked_account(account: &str) -> Result<&str> {
    checked_name(account, "account")
}

fn checked_batch(batch: &str) -> Result<&str> {
    checked_name(batch, "batch")
}

/// Names of sources go into reports, metrics and file names of reports.
fn checked_name<'a>(name: &'a str, what: &str) -> Result<&'a str> {
    let fits = !name.is_empty() && name.len() <= 200 && name.trim() == name && !name.chars().any(char::is_control);
    if fits {
        return Ok(name);
    }
    Err(Fault::new(format!("expected 1 to 200 bytes without control characters or outer blanks as the {what}'s name"))
        .hint(format!("found {:?}", name.chars().take(40).collect::<String>()))
        .into())
}

/// The rules of the epoch that `now` falls into.
///
/// # Errors
///
/// When none is open.
pub fn current_rules(epochs: &[EpochRow], now: Timestamp) -> Result<&Rules> {
    epoch::current(epochs, now).map(|epoch| &epoch.rules).ok_or_else(|| {
        Fault::new("no epoch is open for today")
            .hint("run `trapline epoch open`; it registers alpha, the rules and the pool for this quarter")
            .into()
    })
}

/// The numbers of an epoch's frozen lines, by place: the pool, and behind it
/// the lines of shared slots.
///
/// # Errors
///
/// When the registry fails.
pub fn pool_numbers(registry: &dyn Registry, epoch: u32) -> registry::Result<Vec<LineNumber>> {
    let lines: std::collections::HashMap<i64, LineNumber> =
        registry.lines()?.into_iter().map(|row| (row.id, row.line.number)).collect();
    registry
        .pool(epoch)?
        .iter()
        .map(|id| {
            lines
                .get(id)
                .cloned()
                .ok_or_else(|| registry::Error::Missing(format!("line {id} of the pool is not in the registry")))
        })
        .collect()
}

/// Every template that some account of some epoch is bound to.
///
/// # Errors
///
/// When the registry fails or holds a text that this program cannot read.
pub fn templates_in_use(registry: &dyn Registry) -> Result<Vec<Template>> {
    registry.templates()?.iter().map(|hash| stored_template(registry, hash)).collect()
}

/// Reads a template back from the registry.
///
/// # Errors
///
/// When the registry fails or holds a text that this program cannot read.
pub fn stored_template(registry: &dyn Registry, hash: &str) -> Result<Template> {
    Ok(Template::parse(&registry.template(hash)?, &format!("template {}", &hash[..hash.len().min(12)]))?)
}
