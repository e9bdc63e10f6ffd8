//! A played scenario in sentences.

use std::fmt::Write as _;

use super::outcome::{Leaker, Nearest, Played, Tally};
use crate::drill::scenario::{Bystanders, Sale, Scenario, Sorting};
use crate::registry::Route;

/// Tells what was done and what came out, in lines of plain text.
pub fn tell(scenario: &Scenario, played: &Played) -> String {
    let mut text = format!("{}\n\nWhat was done (seed {})\n", scenario.about.trim_end(), played.seed);
    done(scenario, played, &mut text);
    text.push_str("\nWhat came out\n");
    came_out(played, &mut text);
    text
}

fn done(scenario: &Scenario, played: &Played, text: &mut String) {
    let told = &played.told;
    let lines = &scenario.lines;
    let laid = match lines.neighbours {
        1 => "scattered".to_owned(),
        many => format!("in blocks of {many}"),
    };
    let _ = writeln!(
        text,
        "  {} trap lines and {} controls, {laid}; {} accounts that leak nothing{}; {} epoch{} from {} on",
        lines.traps,
        lines.controls,
        told.bystanders,
        match &scenario.bystanders {
            Bystanders { scope: Some(scope), scope_accounts, .. } =>
                format!(" ({scope_accounts} of them plant under scope {scope:?})"),
            _ => String::new(),
        },
        told.epochs,
        plural(told.epochs.into()),
        scenario.begins
    );
    if told.exports > 0 {
        let _ = writeln!(
            text,
            "  {} canaries{} planted into {} export{} of {} rows in all",
            told.canaries,
            if told.shared_rows > 0 { format!(" and {} shared rows", told.shared_rows) } else { String::new() },
            told.exports,
            plural(told.exports),
            told.rows
        );
    }
    for sale in &scenario.sales {
        let _ = writeln!(text, "  {}", sold(sale));
    }
    if told.sold_rows > 0 {
        let _ = writeln!(text, "  sold: {} rows, {} of them planted", told.sold_rows, told.sold_canaries);
    }
    let days = scenario.days;
    let _ = writeln!(
        text,
        "  over {days} days: {} calls by fraudsters to lines of ours, {} of noise, {} by war-diallers, {} by own staff",
        told.fraud_calls, told.noise_calls, told.sweep_calls, told.test_calls
    );
    if told.lookups + told.swept_numbers > 0 {
        let _ = writeln!(
            text,
            "  on the tracking page: {} sold numbers of ours looked up, {} numbers of the block tried in order",
            told.lookups, told.swept_numbers
        );
    }
    let _ = writeln!(text, "  {} passes of the monitor", told.passes);
}

fn sold(sale: &Sale) -> String {
    let order = match sale.sorted_by {
        Sorting::Shuffled => "shuffled",
        Sorting::Merged => "file after file",
        Sorting::Phone => "merged and sorted by phone",
        Sorting::Number => "merged and sorted by number",
    };
    let accounts = sale.accounts.join(", ");
    let compared = if sale.drop_differing {
        format!("what differs between the copies of {accounts} is dropped, {} % of the rest", 100.0 * sale.keep)
    } else {
        format!("{} % of the rows of {accounts}", 100.0 * sale.keep)
    };
    let doubles = if sale.without_duplicates { ", duplicates dropped" } else { "" };
    let buyers = if sale.buyers == 1 { "a buyer".to_owned() } else { format!("{} buyers", sale.buyers) };
    format!("day {}: {compared} sold to {buyers}, cut to {}, {order}{doubles}", sale.day, sale.columns.join(", "))
}

fn came_out(played: &Played, text: &mut String) {
    let hits = &played.hits;
    let kinds = [
        ("fraud", hits.fraud),
        ("noise", hits.noise),
        ("war-dialling", hits.sweeps),
        ("own staff", hits.tests),
        ("look-ups", hits.lookups),
    ];
    let kinds: Vec<String> =
        kinds.iter().filter(|(_, tally)| tally.decided > 0).map(|(what, t)| passed(what, *t)).collect();
    let _ =
        writeln!(text, "  triage confirmed {}", if kinds.is_empty() { "nothing".to_owned() } else { kinds.join(", ") });
    for leaker in &played.leakers {
        let _ = writeln!(text, "  {}", one(leaker));
    }
    match played.innocents.as_slice() {
        [] => text.push_str("  nobody else was named\n"),
        innocents => {
            let _ = writeln!(text, "  NAMED THOUGH NOTHING OF IT WAS SOLD: {}", innocents.join(", "));
        }
    }
    if played.wrong_batches > 0 {
        let _ = writeln!(text, "  batches named of which nothing was sold: {}", played.wrong_batches);
    }
    if played.alarm {
        text.push_str("  a ghost raised the alarm\n");
    }
}

fn passed(what: &str, tally: Tally) -> String {
    format!("{} of {} ({what})", tally.confirmed, tally.decided)
}

fn one(leaker: &Leaker) -> String {
    let batches = match leaker.batches_sold {
        1 if leaker.batches_named == 1 => "; its batch too".to_owned(),
        sold => format!("; {} of {sold} sold batch{} named", leaker.batches_named, if sold == 1 { "" } else { "es" }),
    };
    match (&leaker.named, &leaker.nearest) {
        (Some(naming), _) => {
            let rule = match naming.route {
                Route::Account => "by its lines",
                Route::Pair => "by one export's lines",
                Route::Joint => "by joint certification",
                Route::AtOnce => "by a full record",
                Route::Batch => "by its batches",
            };
            format!(
                "{}: named on day {} {rule}, after {} confirmed hits{batches}",
                leaker.account, naming.day, naming.calls_to_name
            )
        }
        (None, Some(nearest)) => format!("{}: not named; {}", leaker.account, near(nearest)),
        (None, None) => format!("{}: not named, and not among the twenty strongest", leaker.account),
    }
}

fn near(nearest: &Nearest) -> String {
    let log10 = |ln: f64| ln / std::f64::consts::LN_10;
    format!(
        "nearest at 10^{:.1} of 10^{:.1}, place {} among all accounts, {} of its lines among {} that rang",
        log10(nearest.ln_e),
        log10(nearest.ln_threshold),
        nearest.rank,
        nearest.matches,
        nearest.queries
    )
}

fn plural(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}
