//! A report for a terminal.

use std::fmt::Write as _;

use comfy_table::{Table, presets};
use jiff::Timestamp;

use super::{Report, batch_name, power, power_up};
use crate::attribute::{Attribution, Named};
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
}

fn named(found: &Attribution) -> String {
    let mut rows = table(&["account", "verdict", "by", "evidence", "threshold", "since", "lines", "exposed batches"]);
    for account in &found.named {
        for (place, route) in account.routes.iter().enumerate() {
            let first = place == 0;
            rows.add_row([
                if first { account.account.clone() } else { String::new() },
                if first { "exposed".to_owned() } else { String::new() },
                by(route.route, &route.batch),
                power(route.ln_e_crossed),
                power_up(route.ln_threshold),
                minute(route.crossed_at),
                if first { format!("{} of {}", account.matched_lines, account.queries) } else { String::new() },
                if first { exposed_batches(account) } else { String::new() },
            ]);
        }
    }
    trimmed(&rows)
}

/// Which rule named an account, in words.
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
            by(ranked.route, &ranked.batch),
            power(ranked.ln_e),
            power_up(ranked.ln_threshold),
            format!("{} of {}", ranked.matches, ranked.queries),
        ]);
    }
    out.push_str(&trimmed(&rows));
}

/// Breaks a paragraph into lines of at most a hundred characters.
fn wrapped(text: &str) -> String {
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

    #[test]
    fn a_paragraph_keeps_its_words_and_its_width() {
        let text = "ab cde ".repeat(60);

        let out = wrapped(&text);

        assert!(out.lines().all(|line| line.len() <= 100 && !line.ends_with(' ')), "{out}");
        assert_eq!(out.split_whitespace().count(), 120);
    }
}
