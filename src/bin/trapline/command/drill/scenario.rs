//! `trapline drill NAME`: plays a scenario and compares it with what it expects.

use std::fs;
use std::process::ExitCode;

use serde_json::json;
use trapline::drill::play::{self, Played, Setting};
use trapline::drill::scenario::Scenario;
use trapline::fault::Fault;

use super::Args;
use super::Folder;
use crate::terminal::{answer, answer_json, answer_table, note, progress, table};

/// Prints the shipped scenarios.
pub(super) fn list() -> anyhow::Result<ExitCode> {
    let width = Scenario::shipped().iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    for (name, _) in Scenario::shipped() {
        let scenario = Scenario::by_name(name).expect("it is shipped")?;
        answer(&format!("{name:<width$}  {}", scenario.headline()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Plays the scenario that `args` name, once or often.
pub(super) fn play(name: &str, args: &Args) -> anyhow::Result<ExitCode> {
    let scenario = read(name)?;
    let first = args.seed.unwrap_or(scenario.seed);
    let bar = progress(u64::from(args.runs), "scenarios");
    let mut runs = Vec::new();
    for run in 0..u64::from(args.runs) {
        let setting = Setting { seed: Some(first + run), names: args.names, scale: args.scale };
        let folder = Folder::new()?;
        runs.push(play::play(&scenario, &setting, folder.path())?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    // What is expected is expected of the file's own seed.
    let expected = scenario.expected(args.names).filter(|_| first == scenario.seed);
    let differences = expected.map_or(Vec::new(), |expected| expected.differences(&runs[0]));
    if args.json {
        answer_json(&json!({
            "schema": "trapline.scenario-run/1", "scenario": name, "names": args.names, "compared": expected.is_some(),
            "differences": differences, "runs": runs,
        }))?;
    } else if runs.len() == 1 {
        answer(play::tell(&scenario, &runs[0]).trim_end())?;
    } else {
        print(&scenario, &runs)?;
    }
    verdict(name, expected.is_some(), &differences, args.json)
}

fn verdict(name: &str, compared: bool, differences: &[String], json: bool) -> anyhow::Result<ExitCode> {
    if !differences.is_empty() {
        for difference in differences {
            note(&format!("{name}: {difference}"));
        }
        let points = if differences.len() == 1 { "one point" } else { "several points" };
        let fault = Fault::new(format!("scenario {name} did not come out as expected, in {points}"))
            .hint("do not rely on this build before you know why; a scenario of your own may also expect too much");
        return Err(fault.into());
    }
    if compared && !json {
        answer("as expected")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A shipped scenario, or a file.
fn read(name: &str) -> anyhow::Result<Scenario> {
    let is_path = name.contains('/') || name.ends_with(".yaml") || name.ends_with(".yml");
    if !is_path {
        let shipped = Scenario::by_name(name).ok_or_else(|| {
            Fault::new(format!("there is no shipped scenario {name:?}"))
                .hint("see `trapline drill --list`, or give the path of a file of your own")
        })?;
        return Ok(shipped?);
    }
    let text = fs::read_to_string(name)
        .map_err(|error| Fault::new(format!("the scenario cannot be read: {error}")).in_file(name))?;
    Ok(Scenario::parse(&text, name)?)
}

/// Many runs in two tables: each leaker, and all together.
fn print(scenario: &Scenario, runs: &[Played]) -> anyhow::Result<()> {
    let mut accounts: Vec<&str> =
        runs.iter().flat_map(|run| &run.leakers).map(|leaker| leaker.account.as_str()).collect();
    accounts.sort_unstable();
    accounts.dedup();
    let mut rows = table(&["leaker", "named in runs", "median day", "earliest", "latest", "median calls to name"]);
    for account in accounts {
        let own = || runs.iter().flat_map(|run| &run.leakers).filter(|leaker| leaker.account == account);
        let mut days: Vec<u64> = own().filter_map(|one| Some(u64::from(one.named.as_ref()?.day))).collect();
        let mut calls: Vec<u64> = own().filter_map(|one| Some(one.named.as_ref()?.calls_to_name)).collect();
        days.sort_unstable();
        calls.sort_unstable();
        let said = |value: Option<&u64>| value.map_or("-".to_owned(), u64::to_string);
        rows.add_row([
            account.to_owned(),
            format!("{} of {}", days.len(), runs.len()),
            said(days.get(days.len() / 2)),
            said(days.first()),
            said(days.last()),
            said(calls.get(calls.len() / 2)),
        ]);
    }
    answer_table(&rows)?;
    let mut rows = table(&["runs", "runs with an innocent", "runs with a wrong batch", "alarms", "noise confirmed"]);
    let count = |is: &dyn Fn(&Played) -> bool| runs.iter().filter(|run| is(run)).count().to_string();
    let noise = |pick: &dyn Fn(&Played) -> u64| runs.iter().map(pick).sum::<u64>() as f64;
    let (passed, all) = (noise(&|run| run.hits.noise.confirmed), noise(&|run| run.hits.noise.decided));
    rows.add_row([
        runs.len().to_string(),
        count(&|run| !run.innocents.is_empty()),
        count(&|run| run.wrong_batches > 0),
        count(&|run| run.alarm),
        format!("{:.1} %", 100.0 * passed / all.max(1.0)),
    ]);
    answer_table(&rows)?;
    answer(&format!("over {} days each, as {}", scenario.days, scenario.headline()))?;
    Ok(())
}
