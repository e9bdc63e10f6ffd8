//! A report for a terminal.

use std::fmt::Write as _;

use comfy_table::{Table, presets};
use jiff::Timestamp;

use super::{Report, batch_name, power, power_up};
use crate::attribute::{Attribution, JointSummary, Look, Named};
use crate::registry::Route;

/// Writes a report as text.
pub fn text(report: &Report) -> String {
    let found = &report.attribution;
    let mut out = String::new();
    let _ = writeln!(
        out,
        "Epoch {} ({} to {}), alpha {} of {}, rules {}",
        found.label,
        day(report.begins),
        day(report.ends),
        found.alpha_e,
        found.alpha,
        &found.rules_hash[..found.rules_hash.len().min(16)]
    );
    weighed(&mut out, found);
    if let Some(alarm) = &found.alarm {
        let _ = writeln!(out, "\nALARM: reports are withheld. {}", alarm.message);
        return out;
    }
    if found.named.is_empty() {
        out += "\nNo source is named.\n";
    } else {
        let _ = writeln!(out, "\n{} named as exposed:\n", plural(found.named.len(), "account"));
        out += &named(found);
    }
    next(&mut out, found);
    out.push('\n');
    out.push_str(&wrapped(&found.statement));
    out
}

fn weighed(out: &mut String, found: &Attribution) {
    let counts = &found.counts;
    let _ = writeln!(
        out,
        "{} hits decided: {} confirmed, {} in storms, {} allow-listed, {} too slight",
        counts.decisions, counts.confirmed, counts.storms, counts.allow_listed, counts.slight
    );
    let background = &found.background;
    let _ = writeln!(
        out,
        "{} of {} lines rang; of {} control lines, which nobody has, {} rang",
        background.trap_lines_hit, counts.pool, background.control_lines, background.control_lines_hit
    );
    let _ = writeln!(
        out,
        "{} accounts with {} plantings, {} ghosts beside them",
        counts.accounts, counts.batches, found.ghosts.ghosts
    );
    if let Some(joint) = found.joint.as_ref().filter(|joint| !joint.looks.is_empty()) {
        let _ = writeln!(out, "{}", looks(joint));
    }
}

/// The looks of joint certification, in a sentence.
pub(super) fn looks(joint: &JointSummary) -> String {
    let taken: Vec<&Look> = joint.looks.iter().filter(|look| look.skipped.is_none()).collect();
    let mut said = match taken.last() {
        None => "everything at once: not weighed yet".to_owned(),
        Some(last) => format!(
            "everything at once: weighed {} time{}, last at {} calls (decision {}), explained by {} source{}",
            taken.len(),
            if taken.len() == 1 { "" } else { "s" },
            last.calls,
            last.seq,
            last.selected,
            if last.selected == 1 { "" } else { "s" },
        ),
    };
    match joint.looks.iter().find_map(|look| look.skipped.as_ref()) {
        None => said += &format!("; next at {}", joint.next_calls),
        Some(why) => said += &format!("; no more, since {why}"),
    }
    said
}

fn named(found: &Attribution) -> String {
    let mut rows = table(&["account", "verdict", "by", "evidence", "threshold", "since", "lines", "exposed batches"]);
    for account in &found.named {
        for (place, route) in account.routes.iter().enumerate() {
            let first = place == 0;
            rows.add_row([
                if first { account.account.clone() } else { String::new() },
                if first { "exposed".to_owned() } else { String::new() },
                judged_by(route.route, &route.batch, account.matched_lines),
                power(route.ln_e_crossed),
                power_up(route.ln_threshold),
                minute(route.crossed_at),
                if first { seen(account) } else { String::new() },
                if first { exposed_batches(account) } else { String::new() },
            ]);
        }
    }
    trimmed(&rows)
}

/// How many of the lines that rang are an account's, and how many of the shared
/// slots that were seen.
pub(super) fn seen(account: &Named) -> String {
    let lines = rang(account.matched_lines, account.queries);
    match account.slots_seen {
        0 => lines,
        slots => format!("{lines}; {} of {slots} shared", account.slots_matched),
    }
}

/// How many of the lines that rang are an account's.
pub(super) fn rang(matched: u32, asked: u32) -> String {
    if asked == 0 { "none rang".to_owned() } else { format!("{matched} of {asked}") }
}

/// Which rule judged an account of which `rang` lines rang, in words: where none
/// did, shared slots or waybill numbers were all that an export's process had.
pub(super) fn judged_by(route: Route, batch: &str, rang: u32) -> String {
    match route {
        Route::Pair if rang == 0 => format!("rows of {}", batch_name(batch)),
        _ => by(route, batch),
    }
}

/// A process or a rule, in words.
pub(super) fn by(route: Route, batch: &str) -> String {
    match route {
        Route::Account => "all its lines".to_owned(),
        Route::Pair => format!("lines of {}", batch_name(batch)),
        Route::Joint => "everything at once".to_owned(),
        Route::AtOnce => format!("a full record of {}", batch_name(batch)),
        Route::Batch => format!("batch {}", batch_name(batch)),
    }
}

/// The batches that level 2 names, or why there are none.
pub(super) fn exposed_batches(account: &Named) -> String {
    let named: Vec<&str> =
        account.batches.iter().filter(|batch| batch.named).map(|batch| batch_name(&batch.batch)).collect();
    if !named.is_empty() {
        return named.join(", ");
    }
    if account.batches.is_empty() { "not opened yet".to_owned() } else { "none certain yet".to_owned() }
}

fn next(out: &mut String, found: &Attribution) {
    let rest: Vec<_> = found.ranked.iter().filter(|ranked| !ranked.named && ranked.ln_e > 0.0).take(5).collect();
    if rest.is_empty() {
        return;
    }
    out.push_str("\nNot named; the strongest of the rest, for orientation only:\n\n");
    let mut rows = table(&["account", "by", "evidence", "threshold", "lines"]);
    for ranked in rest {
        rows.add_row([
            ranked.account.clone(),
            judged_by(ranked.route, &ranked.batch, ranked.matches),
            power(ranked.ln_e),
            power_up(ranked.ln_threshold),
            rang(ranked.matches, ranked.queries),
        ]);
    }
    out.push_str(&trimmed(&rows));
}

/// Breaks a paragraph into lines of at most a hundred characters.
pub(super) fn wrapped(text: &str) -> String {
    let (mut out, mut column) = (String::new(), 0);
    for word in text.split_whitespace() {
        let width = word.chars().count();
        if column > 0 && column + 1 + width > 100 {
            out.push('\n');
            column = 0;
        }
        if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
    }
    out + "\n"
}

/// A table without lines.
pub(super) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header.iter().copied());
    table
}

/// A table's text without blanks at the ends of its lines.
pub(super) fn trimmed(table: &Table) -> String {
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn plural(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what} is") } else { format!("{count} {what}s are") }
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// A time to the minute, UTC.
pub(super) fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%MZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(r: u32, skipped: Option<&str>) -> Look {
        let at = Timestamp::UNIX_EPOCH;
        let (calls, seq) = (16 * u64::from(r), 20 * u64::from(r));
        Look { r, calls, seq, at, weight: 0.1, candidates: 900, selected: r, skipped: skipped.map(str::to_owned) }
    }

    #[test]
    fn an_account_of_which_no_line_rang_is_not_said_to_be_named_by_lines() {
        assert_eq!(judged_by(Route::Pair, "day1", 0), "rows of day1");
        assert_eq!(judged_by(Route::Pair, "day1", 2), "lines of day1");
        assert_eq!(judged_by(Route::Account, "", 0), "all its lines");
        assert_eq!((rang(0, 0).as_str(), rang(0, 7).as_str()), ("none rang", "0 of 7"));
    }

    #[test]
    fn looks_are_told_with_why_they_ended() {
        let joint = |looks| JointSummary { ln_threshold: 20.0, calls: 50, looks, next_calls: 64 };

        assert_eq!(looks(&joint(Vec::new())), "everything at once: not weighed yet; next at 64");
        assert_eq!(
            looks(&joint(vec![look(1, None), look(2, None)])),
            "everything at once: weighed 2 times, last at 32 calls (decision 40), explained by 2 sources; next at 64"
        );
        assert_eq!(
            looks(&joint(vec![look(1, None), look(2, Some("block-line was recorded: pranks"))])),
            "everything at once: weighed 1 time, last at 16 calls (decision 20), explained by 1 source; no more, since \
             block-line was recorded: pranks"
        );
    }

    #[test]
    fn a_paragraph_keeps_its_words_and_its_width() {
        let text = "ab cde ".repeat(60);

        let out = wrapped(&text);

        assert!(out.lines().all(|line| line.len() <= 100 && !line.ends_with(' ')), "{out}");
        assert_eq!(out.split_whitespace().count(), 120);
    }
}
