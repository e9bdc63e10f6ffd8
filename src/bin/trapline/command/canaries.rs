//! `trapline canaries`

use std::process::ExitCode;

use serde_json::json;
use trapline::canary::{Batch, Canary, Mint};
use trapline::codebook::Codebook;
use trapline::fault::Fault;
use trapline::issue::pool_numbers;
use trapline::registry::{BatchKey, PlantingRow, Registry as _, Revelation};

use crate::session::Session;
use crate::settings::Settings;
use crate::terminal::{answer_json, answer_table, note, table};

/// Rebuild an account's canaries from the key and list them
///
/// Prints secrets: whoever sees the list can avoid or frame the account. That
/// it was shown is noted, and hits on these lines count no more for it unless
/// they were decided before.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The account
    #[arg(long, value_name = "A")]
    account: String,
    /// One batch; by default all, standing canaries included
    #[arg(long, value_name = "B")]
    batch: Option<String>,
    /// Epoch such as 2026Q4; by default the one of today
    #[arg(long, value_name = "LABEL")]
    epoch: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut session = Session::open(settings)?;
    let epoch = session.epoch(args.epoch.as_deref())?;
    let number = epoch.rules.epoch;
    let template = session.template_of(number, &args.account)?;
    let plantings = chosen(&session, number, args)?;
    let codebook = Codebook::new(&session.master, number, epoch.rules.sizes());
    let pool = pool_numbers(&session.registry, number)?;
    let mint = Mint::new(&codebook, &template, &pool);
    let mut shown = Vec::new();
    for planting in &plantings {
        let batch =
            Batch { account: &args.account, id: &planting.key.batch, lines: planting.lines, roles: &planting.roles };
        let canaries = mint.canaries(&batch, &planting.serials);
        // The note comes first: a crash after it withholds a list, never a note.
        session.registry.reveal(&revelation(planting, &canaries), session.now)?;
        shown.push((planting, canaries));
    }
    if args.json {
        print_json(&args.account, &shown)?;
    } else {
        print(&shown)?;
    }
    note("these are secrets; that they were shown is noted");
    let accused = session.registry.accusations(number)?.iter().any(|row| row.accusation.account == args.account);
    if !accused && epoch.rules.joint.is_some() {
        note("the account is not accused: if calls have come in already, joint certification of this epoch stops here");
    }
    Ok(ExitCode::SUCCESS)
}

fn chosen(session: &Session, epoch: u32, args: &Args) -> anyhow::Result<Vec<PlantingRow>> {
    let plantings = match &args.batch {
        Some(batch) => {
            let key = BatchKey { epoch, account: args.account.clone(), batch: batch.clone() };
            session.registry.planting(&key)?.into_iter().collect()
        }
        None => {
            let mut all = session.registry.plantings(epoch)?;
            all.retain(|planting| planting.key.account == args.account);
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

fn revelation(planting: &PlantingRow, canaries: &[Canary]) -> Revelation {
    Revelation {
        epoch: planting.key.epoch,
        account: planting.key.account.clone(),
        batch: Some(planting.key.batch.clone()),
        lines: canaries.iter().flat_map(|canary| canary.people.iter().map(|person| person.line)).collect(),
        numbers: if planting.block.is_empty() { Vec::new() } else { planting.serials.clone() },
        why: "canaries".to_owned(),
    }
}

fn print(shown: &[(&PlantingRow, Vec<Canary>)]) -> anyhow::Result<()> {
    let mut rows = table(&["batch", "#", "number", "role", "phone", "name", "address"]);
    for (planting, canaries) in shown {
        let batch = if planting.key.batch.is_empty() { "(standing)" } else { planting.key.batch.as_str() };
        for canary in canaries {
            let number = canary.number.clone().unwrap_or_default();
            if canary.people.is_empty() {
                rows.add_row([batch, &canary.index.to_string(), &number, "", "", "", ""]);
            }
            for person in &canary.people {
                rows.add_row([
                    batch,
                    &canary.index.to_string(),
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

fn print_json(account: &str, shown: &[(&PlantingRow, Vec<Canary>)]) -> anyhow::Result<()> {
    let mut list = Vec::new();
    for (planting, canaries) in shown {
        for canary in canaries {
            let people: Vec<_> = canary
                .people
                .iter()
                .map(|person| {
                    json!({
                        "role": person.role, "phone": person.number.to_string(),
                        "name": person.persona.name.full, "address": person.persona.place.full,
                    })
                })
                .collect();
            list.push(json!({
                "batch": planting.key.batch, "index": canary.index, "number": canary.number, "people": people,
            }));
        }
    }
    answer_json(&json!({ "schema": "trapline.canaries/1", "account": account, "canaries": list }))
}
