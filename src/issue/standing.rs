//! Standing canaries: an account's own rows, made from scratch for the
//! operational table that it exports from.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::partial::{Partial, disk};
use super::{Bench, Ground, Result, checked_account, current_rules, pool_numbers};
use crate::canary::{Batch, Canary, Mint};
use crate::codebook::Codebook;
use crate::fault::Fault;
use crate::record::{ColumnRole, WaybillBlock as _};
use crate::registry::{BatchKey, NewPlanting, PlantedRow, PlantedRows, PlantingRow};
use crate::template::Template;

/// How standing canaries are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SeedFormat {
    /// CSV with a header.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// INSERT statements for this table.
    Sql {
        /// Table name.
        table: String,
    },
}

/// A request for standing canaries.
#[derive(Clone, Debug)]
pub struct SeedOrder<'a> {
    /// Accounts, in the order in which they are bound.
    pub accounts: &'a [String],
    /// Where the rows go.
    pub output: &'a Path,
    /// How they are written.
    pub format: SeedFormat,
    /// Template for accounts that have none yet.
    pub template: &'a Template,
    /// Zone in which days begin.
    pub zone: TimeZone,
}

/// What seeding did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeedReport {
    /// Accounts given.
    pub accounts: u64,
    /// Of those, accounts that had been seeded before.
    pub again: u64,
    /// Rows written.
    pub rows: u64,
    /// Columns that are empty in every row: the template copies them from a
    /// neighbour, and here there is none.
    pub empty_columns: Vec<String>,
}

/// Accounts handled in one transaction.
const CHUNK: usize = 10_000;

/// Makes the standing canaries of many accounts, registers them and releases
/// the file. Accounts that were seeded before get the same rows again.
///
/// `progress` is told how many accounts are done.
///
/// # Errors
///
/// When an account's name cannot be used or is bound to another template, when
/// the template has no line to wear, or when registry or disk fail.
pub fn seed(bench: &mut Bench<'_>, order: &SeedOrder<'_>, progress: &mut dyn FnMut(u64)) -> Result<SeedReport> {
    let ground = prepare(bench, order)?;
    let each = ground.template.roles().len() as u32;
    let canaries = ground.rules.standing_lines / each.max(1);
    if each == 0 || canaries == 0 {
        return Err(Fault::new("this template wears no line, or the epoch has no standing lines")
            .hint("seed with a template that has a phone, or set attribution.standing_lines before the next epoch")
            .into());
    }
    let name = order.output.file_name().ok_or_else(|| Fault::new("the output has no file name"))?;
    let path = order.output.with_file_name(format!(".{}.trapline-partial", name.to_string_lossy()));
    let _ = std::fs::remove_file(&path);
    let file = OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(|error| disk(order.output, &error))?;
    let partial = Partial { path, released: false };
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let mut report = SeedReport::default();
    let mint = Mint::new(&ground.codebook, &ground.template, &ground.pool);
    let today = bench.now.to_zoned_datetime(order.zone.clone()).date();
    let mut writer = RowWriter {
        filled: vec![false; ground.template.columns().len()],
        format: &order.format,
        template: &ground.template,
        mint: &mint,
        today,
        line: String::new(),
    };
    out.write_all(writer.header().as_bytes()).map_err(|error| disk(order.output, &error))?;
    let mut released = Vec::new();
    for accounts in order.accounts.chunks(CHUNK) {
        for planting in seed_chunk(bench, &ground, accounts, canaries, each, &mut report)? {
            let batch = Batch { account: &planting.key.account, id: "", lines: planting.lines, roles: &planting.roles };
            let canaries = mint.canaries(&batch, &planting.serials);
            for canary in &canaries {
                out.write_all(writer.row(&batch, canary).as_bytes()).map_err(|error| disk(order.output, &error))?;
            }
            report.rows += canaries.len() as u64;
            released.push(planting.id);
        }
        report.accounts += accounts.len() as u64;
        progress(report.accounts);
    }
    let file = out.into_inner().map_err(|error| disk(order.output, error.error()))?;
    file.sync_all().map_err(|error| disk(order.output, &error))?;
    report.empty_columns = writer.empty_columns();
    // Every planting is registered by now: the file may have its name.
    partial.release(order.output)?;
    bench.registry.release_many(&released, bench.now)?;
    Ok(report)
}

fn prepare(bench: &mut Bench<'_>, order: &SeedOrder<'_>) -> Result<Ground> {
    if order.output.exists() {
        return Err(Fault::new("the output exists already")
            .in_file(order.output.display().to_string())
            .hint("remove it, or choose another path with -o")
            .into());
    }
    for account in order.accounts {
        checked_account(account)?;
    }
    let epochs = bench.registry.epochs()?;
    let rules = current_rules(&epochs, bench.now)?.clone();
    let template = order.template;
    bench.registry.put_template(template.hash(), template.name(), template.text())?;
    let pool = pool_numbers(bench.registry, rules.epoch)?;
    let codebook = Codebook::new(bench.master, rules.epoch, rules.sizes());
    Ok(Ground { rules, codebook, pool, template: template.clone() })
}

/// Registers one chunk and returns each account's planting.
fn seed_chunk(
    bench: &mut Bench<'_>,
    ground: &Ground,
    accounts: &[String],
    canaries: u32,
    each: u32,
    report: &mut SeedReport,
) -> Result<Vec<PlantingRow>> {
    let names: Vec<&str> = accounts.iter().map(String::as_str).collect();
    bench.registry.bind_accounts(ground.rules.epoch, &names, ground.template.hash(), bench.now)?;
    let standing =
        |account: &str| BatchKey { epoch: ground.rules.epoch, account: account.to_owned(), batch: String::new() };
    let mut fresh = Vec::new();
    for account in &names {
        if bench.registry.planting(&standing(account))?.is_some() {
            report.again += 1;
        } else {
            fresh.push(*account);
        }
    }
    let mut serials = ground.allocate(bench.registry, fresh.len() as u64 * u64::from(canaries))?.into_iter();
    let plantings: Vec<NewPlanting> = fresh
        .iter()
        .map(|account| NewPlanting {
            key: standing(account),
            lines: canaries * each,
            roles: ground.template.roles().to_vec(),
            block: ground.template.block().map(|block| block.id().to_owned()).unwrap_or_default(),
            at: bench.now,
            input_hash: String::new(),
            input_bytes: 0,
            scope: String::new(),
            rows: PlantedRows {
                rows: serials
                    .by_ref()
                    .take(canaries as usize)
                    .map(|serial| PlantedRow { serial, ..PlantedRow::default() })
                    .collect(),
                ..PlantedRows::default()
            },
        })
        .collect();
    bench.registry.plant_many(&plantings)?;
    names
        .iter()
        .map(|account| {
            let planting = bench.registry.planting(&standing(account))?;
            Ok(planting.ok_or_else(|| {
                crate::registry::Error::Missing(format!("the standing canaries of {account:?} were just registered"))
            })?)
        })
        .collect()
}

/// Writes canaries in one of the formats.
struct RowWriter<'a> {
    format: &'a SeedFormat,
    template: &'a Template,
    mint: &'a Mint<'a>,
    today: Date,
    /// Which columns held something in some row.
    filled: Vec<bool>,
    line: String,
}

impl RowWriter<'_> {
    fn header(&self) -> String {
        match self.format {
            SeedFormat::Csv => {
                let names: Vec<String> = self.template.columns().iter().map(|column| quoted(&column.header)).collect();
                format!("{}\n", names.join(","))
            }
            SeedFormat::Jsonl | SeedFormat::Sql { .. } => String::new(),
        }
    }

    fn row(&mut self, batch: &Batch<'_>, canary: &Canary) -> &str {
        self.line.clear();
        let values: Vec<(&str, String)> = self
            .template
            .columns()
            .iter()
            .map(|column| (column.header.as_str(), self.value(batch, canary, &column.role)))
            .collect();
        for (filled, (_, value)) in self.filled.iter_mut().zip(&values) {
            *filled |= !value.is_empty();
        }
        match self.format {
            SeedFormat::Csv => {
                for (place, (_, value)) in values.iter().enumerate() {
                    let comma = if place == 0 { "" } else { "," };
                    let _ = write!(self.line, "{comma}{}", quoted(value));
                }
            }
            SeedFormat::Jsonl => {
                let object: serde_json::Map<String, serde_json::Value> =
                    values.into_iter().map(|(header, value)| (header.to_owned(), value.into())).collect();
                let _ = write!(self.line, "{}", serde_json::Value::Object(object));
            }
            SeedFormat::Sql { table } => {
                let names: Vec<String> = values.iter().map(|(header, _)| sql_name(header)).collect();
                let literals: Vec<String> =
                    values.iter().map(|(_, value)| format!("'{}'", value.replace('\'', "''"))).collect();
                let _ = write!(
                    self.line,
                    "INSERT INTO {} ({}) VALUES ({});",
                    sql_name(table),
                    names.join(", "),
                    literals.join(", ")
                );
            }
        }
        self.line.push('\n');
        &self.line
    }

    fn empty_columns(&self) -> Vec<String> {
        let columns = self.template.columns().iter().zip(&self.filled);
        columns.filter(|(_, filled)| !**filled).map(|(column, _)| column.header.clone()).collect()
    }

    /// There are no neighbours to copy from: the template's stand-ins are used.
    fn value(&self, batch: &Batch<'_>, canary: &Canary, role: &ColumnRole) -> String {
        self.mint.stand_in(batch, canary, role, self.today)
    }
}

fn quoted(value: &str) -> String {
    if value.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", value.replace('"', "\"\""))
    } else {
        value.to_owned()
    }
}

/// Quotes an SQL identifier, part by part: `ops.waybill`.
fn sql_name(name: &str) -> String {
    name.split('.').map(|part| format!("\"{}\"", part.replace('"', "\"\""))).collect::<Vec<_>>().join(".")
}
