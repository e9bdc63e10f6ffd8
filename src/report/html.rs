//! A report as one HTML file that needs nothing else: no script, no font, no
//! address. Everything that comes from outside is escaped.

use std::fmt::Write as _;

use super::chart::{Step, timeline};
use super::text::{exposed_batches, judged_by, looks, minute, rang, seen};
use super::{Report, batch_name, power, power_up};
use crate::attribute::{Explanation, Named, ProcessPath};

/// The house style of pages.
pub(crate) const STYLE: &str = "
:root { color-scheme: light; --ink: #1d2733; --soft: #5d6b7a; --line: #d8dee6; --bad: #b3261e; --own: #b3261e; --evidence: #1f5fa8; }
body { font: 15px/1.5 system-ui, 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif; color: var(--ink); max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.15rem; margin-top: 2rem; } p.soft, caption { color: var(--soft); }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; } th, td { text-align: left; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; color: var(--soft); } td.num { font-variant-numeric: tabular-nums; white-space: nowrap; }
.verdict { color: var(--bad); font-weight: 600; } .statement, .alarm { border-left: 4px solid var(--line); padding: .5rem 1rem; background: #f6f8fa; }
.alarm { border-color: var(--bad); } figure { margin: 1rem 0; } figcaption { color: var(--soft); }
svg { width: 100%; height: auto; font: 11px system-ui, sans-serif; } svg text { fill: var(--soft); } .grid { stroke: var(--line); stroke-width: .5; }
.threshold { stroke: var(--bad); stroke-dasharray: 6 4; } text.threshold { fill: var(--bad); stroke: none; }
.evidence { fill: none; stroke: var(--evidence); stroke-width: 1.8; } .own { fill: var(--own); } .other { fill: #9aa7b4; }
@media print { body { margin: 0; max-width: none; } figure { break-inside: avoid; } }";

/// Writes a report as HTML.
pub fn html(report: &Report) -> String {
    let found = &report.attribution;
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Trapline: exposed sources, {label}</title>\n<style>{STYLE}</style></head><body>\n\
         <h1>Exposed sources, {label}</h1>\n\
         <p class=\"soft\">{} to {} UTC; alpha {} of {}; rules <code>{}</code></p>\n",
        minute(report.begins),
        minute(report.ends),
        found.alpha_e,
        found.alpha,
        escape(&found.rules_hash),
        label = escape(&found.label),
    );
    if let Some(alarm) = &found.alarm {
        let _ = writeln!(out, "<p class=\"alarm\"><b>Reports are withheld.</b> {}</p>", escape(&alarm.message));
    } else {
        named(&mut out, report);
        rest(&mut out, report);
    }
    weighed(&mut out, report);
    let _ = writeln!(out, "<h2>What this says</h2>\n<p class=\"statement\">{}</p>", escape(&found.statement));
    out + "</body></html>\n"
}

fn named(out: &mut String, report: &Report) {
    let found = &report.attribution;
    if found.named.is_empty() {
        out.push_str("<p class=\"statement\">No source is named.</p>\n");
        return;
    }
    out.push_str("<table><thead><tr><th>Account</th><th>Verdict</th><th>By</th><th>Evidence</th><th>Threshold</th><th>Since</th><th>Lines</th><th>Exposed batches</th></tr></thead><tbody>\n");
    for account in &found.named {
        for (place, route) in account.routes.iter().enumerate() {
            let first = |text: String| if place == 0 { escape(&text) } else { String::new() };
            let _ = writeln!(
                out,
                "<tr><td>{}</td><td class=\"verdict\">{}</td><td>{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td><td>{}</td></tr>",
                first(account.account.clone()),
                first("exposed".to_owned()),
                escape(&judged_by(route.route, &route.batch, account.matched_lines)),
                powers(&power(route.ln_e_crossed)),
                powers(&power_up(route.ln_threshold)),
                minute(route.crossed_at),
                first(seen(account)),
                first(exposed_batches(account)),
            );
        }
    }
    out.push_str("</tbody></table>\n");
    for (account, explanation) in found.named.iter().zip(&report.explanations) {
        figure(out, report, account, explanation);
    }
}

fn figure(out: &mut String, report: &Report, account: &Named, explanation: &Explanation) {
    // The process that named the account first carries its story.
    let decisive = explanation
        .processes
        .iter()
        .filter(|process| process.route != crate::registry::Route::Batch)
        .min_by_key(|process| process.crossed.map_or(u64::MAX, |crossed| crossed.seq));
    let Some(process) = decisive else { return };
    let ends = report.newest_hit.unwrap_or(report.ends);
    let steps = steps(process);
    let begins = steps.first().map_or(process.start, |step| step.at.min(process.start));
    let _ = writeln!(
        out,
        "<figure>{}<figcaption>{}: evidence by {} over the time of the calls. Red: calls that show what this \
         source has, a line of its own, a name on it, a row; grey: what it does not have, which weakens the evidence a \
         little. Dashed: the threshold.</figcaption></figure>",
        timeline(&steps, process.ln_threshold, begins, ends),
        escape(&account.account),
        escape(&judged_by(process.route, &process.batch, account.matched_lines)),
    );
    if !account.batches.is_empty() {
        batches(out, account);
    }
}

/// Bets in order of decision; a late record is drawn at its own time.
fn steps(process: &ProcessPath) -> Vec<Step> {
    process
        .bets
        .iter()
        .map(|bet| Step { at: bet.at, log10_e: bet.ln_e / std::f64::consts::LN_10, matched: bet.matched })
        .collect()
}

fn batches(out: &mut String, account: &Named) {
    let _ = writeln!(
        out,
        "<table><caption>Batches of {}</caption><thead><tr><th>Batch</th><th>Verdict</th><th>Evidence</th><th>Threshold</th><th>Lines</th></tr></thead><tbody>",
        escape(&account.account)
    );
    for batch in &account.batches {
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td class=\"verdict\">{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td></tr>",
            escape(batch_name(&batch.batch)),
            if batch.named { "exposed" } else { "" },
            powers(&power(batch.ln_e_sup)),
            powers(&power_up(batch.ln_threshold)),
            rang(batch.matched_lines, batch.queries),
        );
    }
    out.push_str("</tbody></table>\n");
}

fn rest(out: &mut String, report: &Report) {
    let rest: Vec<_> =
        report.attribution.ranked.iter().filter(|ranked| !ranked.named && ranked.ln_e > 0.0).take(10).collect();
    if rest.is_empty() {
        return;
    }
    out.push_str("<h2>Not named</h2>\n<p class=\"soft\">The strongest of the rest, for orientation only: nothing may be concluded from this order.</p>\n<table><thead><tr><th>Account</th><th>By</th><th>Evidence</th><th>Threshold</th><th>Lines</th></tr></thead><tbody>\n");
    for ranked in rest {
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td></tr>",
            escape(&ranked.account),
            escape(&judged_by(ranked.route, &ranked.batch, ranked.matches)),
            powers(&power(ranked.ln_e)),
            powers(&power_up(ranked.ln_threshold)),
            rang(ranked.matches, ranked.queries),
        );
    }
    out.push_str("</tbody></table>\n");
}

fn weighed(out: &mut String, report: &Report) {
    let (counts, background) = (&report.attribution.counts, &report.attribution.background);
    let mut rows = vec![
        ("Hits decided", counts.decisions.to_string()),
        ("confirmed", counts.confirmed.to_string()),
        ("in storms", counts.storms.to_string()),
        ("by allow-listed callers", counts.allow_listed.to_string()),
        ("too slight", counts.slight.to_string()),
        ("Lines that rang", format!("{} of {}", background.trap_lines_hit, counts.pool)),
        ("Control lines that rang", format!("{} of {}", background.control_lines_hit, background.control_lines)),
        ("Accounts", counts.accounts.to_string()),
        ("Plantings", counts.batches.to_string()),
        ("Ghosts beside them", report.attribution.ghosts.ghosts.to_string()),
        ("Strongest ghost", power(report.attribution.ghosts.ln_e_max)),
    ];
    rows.extend(report.attribution.joint.as_ref().map(|joint| ("Joint certification", looks(joint))));
    out.push_str("<h2>What was weighed</h2>\n<table><tbody>\n");
    for (name, value) in rows {
        let _ = writeln!(out, "<tr><th>{name}</th><td class=\"num\">{}</td></tr>", powers(&value));
    }
    out.push_str("</tbody></table>\n");
}

/// `10^9.4` with its exponent raised.
fn powers(text: &str) -> String {
    match text.strip_prefix("10^") {
        Some(exponent) => format!("10<sup>{}</sup>", escape(exponent)),
        None => escape(text),
    }
}

/// Makes text of any origin harmless in HTML.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_become_markup() {
        assert_eq!(escape("<b onclick='x'>&\""), "&lt;b onclick=&#39;x&#39;&gt;&amp;&quot;");
    }
}
