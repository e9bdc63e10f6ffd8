//! `trapline canaries --due`

use std::process::ExitCode;

use jiff::SignedDuration;
use serde_json::json;
use trapline::expiry::{Due, DueNumbers, Replacement, Why, due};

use super::Args;
use crate::session::Session;
use crate::settings::Settings;
use crate::terminal::{answer, answer_json, answer_table, note, table};

pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let session = Session::open(settings)?;
    if let Some(label) = &args.epoch {
        session.epoch(Some(label))?;
    }
    let wanted = |label: &str| args.epoch.as_ref().is_none_or(|wanted| wanted == label);
    let ahead = SignedDuration::from_hours(24 * i64::from(args.days));
    let mut all = due(&session.registry, session.now, ahead, |epoch| wanted(&epoch.rules.label))?;
    all.retain(|due| args.account.as_ref().is_none_or(|account| due.account == *account));
    all.retain(|due| args.batch.as_ref().is_none_or(|batch| due.batch == *batch));
    if args.numbers {
        return numbers(args, &session, &all);
    }
    if args.json {
        let rows: Vec<_> = all.iter().map(to_json).collect();
        answer_json(&json!({ "schema": "trapline.due/1", "as_of": session.now, "due": rows }))?;
    } else if all.is_empty() {
        answer("nothing is due")?;
    } else {
        print(&all)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints numbers for which nothing is decided any more: they are secrets of an
/// epoch that is over, so nothing is noted.
fn numbers(args: &Args, session: &Session, all: &[Due]) -> anyhow::Result<ExitCode> {
    let maker = DueNumbers::new(&session.registry, &session.master)?;
    let past = || all.iter().filter(|due| due.why == Why::Decided);
    let without = past().filter(|due| maker.of(due).is_empty()).map(|due| due.count).sum::<usize>();
    if args.json {
        let row = |due: &Due| {
            let mut row = to_json(due);
            row["numbers"] = maker.of(due).into();
            row
        };
        let rows: Vec<_> = past().map(row).collect();
        answer_json(&json!({ "schema": "trapline.due/1", "as_of": session.now, "due": rows }))?;
    } else {
        let lines: String = past().flat_map(|due| maker.of(due)).map(|number| number + "\n").collect();
        if !lines.is_empty() {
            answer(&lines)?;
        }
    }
    let waiting: usize = all.iter().filter(|due| due.why != Why::Decided).map(|due| due.count).sum();
    if waiting > 0 {
        note(&format!(
            "{waiting} canaries of epochs that ended still count until their horizon: their numbers are not shown"
        ));
    }
    if without > 0 {
        note(&format!("{without} canaries have no number of their own: `trapline scrub` finds them by their line"));
    }
    Ok(ExitCode::SUCCESS)
}

fn print(all: &[Due]) -> anyhow::Result<()> {
    let mut rows = table(&["epoch", "account", "batch", "planted", "canaries", "why", "replaced by"]);
    for due in all {
        let (account, batch) = match (due.account.as_str(), due.batch.as_str()) {
            ("", scope) => ("(scope)", scope),
            (account, "") => (account, "(standing)"),
            named => named,
        };
        rows.add_row([
            &due.epoch,
            account,
            batch,
            &format!("{:.0}", due.planted),
            &due.count.to_string(),
            &why(due),
            &replaced_by(due),
        ]);
    }
    answer_table(&rows)?;
    let standing: usize = all.iter().filter(|due| due.is_standing()).map(|due| due.count).sum();
    let canaries: usize = all.iter().map(|due| due.count).sum();
    Ok(answer(&format!("{canaries} canaries are due, {standing} of them standing"))?)
}

fn why(due: &Due) -> String {
    let since = due.since;
    match due.why {
        Why::EndsSoon => format!("the epoch ends {since:.0}"),
        Why::Ended => format!("the epoch ended {since:.0}; late calls still count"),
        Why::Decided => format!("nothing is decided since {since:.0}"),
    }
}

fn replaced_by(due: &Due) -> String {
    match &due.replacement {
        Replacement::Seed(label) => format!("`trapline seed` in {label}"),
        Replacement::Seeded(label) => format!("standing canaries of {label}, seeded already"),
        Replacement::OpenEpoch => "`trapline epoch open`, then `trapline seed`".to_owned(),
        Replacement::Nothing => "nothing: plant the next export".to_owned(),
    }
}

fn to_json(due: &Due) -> serde_json::Value {
    let (replacement, epoch) = match &due.replacement {
        Replacement::Seed(label) => ("seed", Some(label)),
        Replacement::Seeded(label) => ("seeded", Some(label)),
        Replacement::OpenEpoch => ("open-epoch", None),
        Replacement::Nothing => ("none", None),
    };
    let scope = due.account.is_empty().then_some(&due.batch);
    json!({
        "epoch": due.epoch, "account": due.account, "batch": if scope.is_some() { "" } else { due.batch.as_str() },
        "scope": scope, "planted": due.planted, "canaries": due.count, "why": due.why.name(), "since": due.since,
        "replacement": replacement, "replacement_epoch": epoch,
    })
}
