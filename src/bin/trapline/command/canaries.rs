//! `trapline canaries`

mod due;

use std::process::ExitCode;

use serde_json::json;
use trapline::canary::{Batch, Canary, Mint, Person};
use trapline::codebook::Codebook;
use trapline::fault::Fault;
use trapline::issue::{ScopeSlots, pool_numbers};
use trapline::registry::{BatchKey, PlantingRow, Registry as _, Revelation};
use trapline::trace::variant_letter;

use crate::session::Session;
use crate::settings::Settings;
use crate::terminal::{answer_json, answer_table, note, table};

/// Rebuild an account's canaries from the key and list them
///
/// The rows of shared slots are listed with slot and variant, such as `s17b`.
/// Prints secrets: whoever sees the list can avoid or frame the account. That
/// it was shown is noted, and hits on these lines count no more for it unless
/// they were decided before.
///
/// With --due it lists what should be retired instead, of all accounts or of one:
/// canaries of epochs that have ended, and what takes their place. That shows no
/// number, and nothing is noted. --numbers prints the numbers of those for which
/// nothing is decided any more, since their epoch's horizon has passed, to delete
/// them from the operational table by:
///   $ trapline canaries --due
///   $ trapline canaries --due --numbers > delete.txt
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// The account
    #[arg(long, value_name = "A", required_unless_present = "due")]
    account: Option<String>,
    /// One batch; by default all, standing canaries included
    #[arg(long, value_name = "B")]
    batch: Option<String>,
    /// Epoch such as 2026Q4; by default the one of today, with --due all
    #[arg(long, value_name = "LABEL")]
    epoch: Option<String>,
    /// List what should be retired
    #[arg(long)]
    due: bool,
    /// Also what will be due within so many days
    #[arg(long, value_name = "N", requires = "due", conflicts_with = "numbers", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..100_000))]
    days: u32,
    /// Print the numbers of what is past its horizon, one a line
    #[arg(long, requires = "due")]
    numbers: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    match &args.account {
        Some(account) if !args.due => list(account, args, settings),
        _ => due::run(args, settings),
    }
}

fn list(account: &str, args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut session = Session::open(settings)?;
    let epoch = session.epoch(args.epoch.as_deref())?;
    let number = epoch.rules.epoch;
    let template = session.template_of(number, account)?;
    let plantings = chosen(&session, number, account, args)?;
    let codebook = Codebook::new(&session.master, number, epoch.rules.sizes());
    let pool = pool_numbers(&session.registry, number)?;
    let mint = Mint::new(&codebook, &template, &pool);
    let scopes = session.registry.scopes(number)?;
    let mut shown = Vec::new();
    for planting in plantings {
        let batch = Batch { account, id: &planting.key.batch, lines: planting.lines, roles: &planting.roles };
        let canaries = mint.canaries(&batch, &planting.serials);
        let scope = scopes.iter().find(|scope| !planting.scope.is_empty() && scope.name == planting.scope);
        let slots = scope.map(|scope| ScopeSlots::rebuild(&codebook, &epoch.rules, &planting.roles, scope));
        let shared = match slots {
            Some(slots) => shared_rows(&session, &planting, &slots, &codebook, &mint)?,
            None => Vec::new(),
        };
        let shown_here = Shown { planting, canaries, shared };
        // The note comes first: a crash after it withholds a list, never a note.
        session.registry.reveal(&shown_here.revelation(), session.now)?;
        shown.push(shown_here);
    }
    if args.json {
        print_json(account, &shown)?;
    } else {
        print(&shown)?;
    }
    note("these are secrets; that they were shown is noted");
    let accused = session.registry.accusations(number)?.iter().any(|row| row.accusation.account == account);
    if !accused && epoch.rules.joint.is_some() {
        note("the account is not accused: if calls have come in already, joint certification of this epoch stops here");
    }
    Ok(ExitCode::SUCCESS)
}

/// What is listed of one planting.
struct Shown {
    planting: PlantingRow,
    canaries: Vec<Canary>,
    shared: Vec<SharedRow>,
}

/// A shared row that the planting carries.
struct SharedRow {
    variant: usize,
    serial: u64,
    canary: Canary,
}

/// Rebuilds the shared rows of a planting, apart from slots that were left out.
fn shared_rows(
    session: &Session,
    planting: &PlantingRow,
    slots: &ScopeSlots,
    codebook: &Codebook,
    mint: &Mint<'_>,
) -> anyhow::Result<Vec<SharedRow>> {
    let planted = session.registry.planted_rows(planting.id)?.shared;
    let variants = slots.variants(codebook, &planting.key.account);
    let rows = slots.canaries(mint, &variants).into_iter().zip(variants).filter_map(|(canary, variant)| {
        let serial = slots.serial(canary.index as usize, variant);
        planted.iter().any(|row| row.serial == serial).then_some(SharedRow { variant, serial, canary })
    });
    Ok(rows.collect())
}

fn chosen(session: &Session, epoch: u32, account: &str, args: &Args) -> anyhow::Result<Vec<PlantingRow>> {
    let plantings = match &args.batch {
        Some(batch) => {
            let key = BatchKey { epoch, account: account.to_owned(), batch: batch.clone() };
            session.registry.planting(&key)?.into_iter().collect()
        }
        None => {
            let mut all = session.registry.plantings(epoch)?;
            all.retain(|planting| planting.key.account == account);
            all
        }
    };
    if plantings.is_empty() {
        return Err(Fault::new("this account has no such batch in this epoch")
            .hint("leave --batch out to list all")
            .into());
    }
    Ok(plantings)
}

impl Shown {
    /// What somebody saw: lines of shared slots by their place behind the pool.
    fn revelation(&self) -> Revelation {
        let planting = &self.planting;
        let people = |canary: &Canary| canary.people.iter().map(|person| person.line).collect::<Vec<_>>();
        let shared = self.shared.iter().map(|row| &row.canary);
        let mut numbers = Vec::new();
        if !planting.block.is_empty() {
            numbers.extend(&planting.serials);
            numbers.extend(self.shared.iter().map(|row| row.serial));
        }
        Revelation {
            epoch: planting.key.epoch,
            account: planting.key.account.clone(),
            batch: Some(planting.key.batch.clone()),
            lines: self.canaries.iter().chain(shared).flat_map(people).collect(),
            numbers,
            why: "canaries".to_owned(),
        }
    }

    /// All rows with what they are called: a place in the batch, or slot and
    /// variant.
    fn rows(&self) -> impl Iterator<Item = (String, &Canary)> {
        let own = self.canaries.iter().map(|canary| (canary.index.to_string(), canary));
        let shared = self.shared.iter().map(|row| {
            let variant = variant_letter(row.variant);
            (format!("s{}{variant}", row.canary.index), &row.canary)
        });
        own.chain(shared)
    }
}

fn print(shown: &[Shown]) -> anyhow::Result<()> {
    let mut rows = table(&["batch", "#", "number", "role", "phone", "name", "address"]);
    for shown in shown {
        let batch = &shown.planting.key.batch;
        let batch = if batch.is_empty() { "(standing)" } else { batch.as_str() };
        for (what, canary) in shown.rows() {
            let number = canary.number.clone().unwrap_or_default();
            if canary.people.is_empty() {
                rows.add_row([batch, &what, &number, "", "", "", ""]);
            }
            for person in &canary.people {
                rows.add_row([
                    batch,
                    &what,
                    &number,
                    person.role.name(),
                    &person.number.to_string(),
                    &person.persona.name.full,
                    &person.persona.place.full,
                ]);
            }
        }
    }
    Ok(answer_table(&rows)?)
}

fn print_json(account: &str, shown: &[Shown]) -> anyhow::Result<()> {
    let (mut own, mut shared) = (Vec::new(), Vec::new());
    for shown in shown {
        let batch = &shown.planting.key.batch;
        own.extend(shown.canaries.iter().map(|canary| {
            json!({
                "batch": batch, "index": canary.index, "number": canary.number, "people": people_json(canary),
            })
        }));
        shared.extend(shown.shared.iter().map(|row| {
            json!({
                "batch": batch, "scope": shown.planting.scope, "slot": row.canary.index,
                "variant": variant_letter(row.variant), "number": row.canary.number,
                "people": people_json(&row.canary),
            })
        }));
    }
    answer_json(&json!({ "schema": "trapline.canaries/1", "account": account, "canaries": own, "shared": shared }))
}

fn people_json(canary: &Canary) -> Vec<serde_json::Value> {
    let person = |person: &Person| {
        json!({
            "role": person.role, "phone": person.number.to_string(),
            "name": person.persona.name.full, "address": person.persona.place.full,
        })
    };
    canary.people.iter().map(person).collect()
}
