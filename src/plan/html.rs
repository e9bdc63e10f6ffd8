//! A plan as one HTML file that needs nothing else.

use std::fmt::Write as _;

use super::chart::{Across, Curve, chances, round_marks};
use super::text::{JOINT_ADDS, buy, error, grouped, out_of_reach, percent, power, share, slots, spread};
use super::{Attack, Biases, ByCalls, ByRows, Expected, Plan, Route};
use crate::report::{STYLE, escape};

const CURVES: &str = "
.curve { fill: none; stroke-width: 2; } .band { stroke: none; opacity: .14; }
.curve.all { stroke: #1f5fa8; } .band.all, .dot.all { fill: #1f5fa8; }
.curve.lines { stroke: #2e8b57; } .band.lines, .dot.lines { fill: #2e8b57; }
.curve.pair { stroke: #c77d0a; stroke-dasharray: 7 3; } .curve.account { stroke: #8a5fb0; stroke-dasharray: 2 3; }
caption { text-align: left; } ul { padding-left: 1.2rem; }";

/// Writes a plan as HTML.
pub fn html(plan: &Plan) -> String {
    let s = &plan.settings;
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Trapline: planting plan</title>\n<style>{STYLE}{CURVES}</style></head><body>\n\
         <h1>Planting plan</h1>\n\
         <p class=\"soft\">{} accounts, {} lines ({} an account), {} canaries in an export of {} rows, {} exports an \
         account; alpha {} in epoch {}</p>\n",
        grouped(s.accounts),
        grouped(s.lines),
        plan.bars.account_lines,
        s.canaries,
        grouped(s.rows),
        s.exports,
        s.alpha,
        s.epoch
    );
    summary(&mut out, plan);
    naming(&mut out, plan);
    by_calls(&mut out, plan);
    by_rows(&mut out, plan);
    at_once(&mut out, plan);
    collusion(&mut out, plan);
    out.push_str("<h2>What this takes for granted</h2>\n<ul>\n");
    for assumption in plan.assumptions.iter().map(|text| (*text).to_owned()).chain([error(plan)]) {
        let _ = writeln!(out, "<li>{}</li>", escape(&assumption));
    }
    out + "</ul>\n</body></html>\n"
}

fn summary(out: &mut String, plan: &Plan) {
    let (s, leak) = (&plan.settings, &plan.leak);
    let _ = writeln!(
        out,
        "<p class=\"statement\">Expected leak: {} leakers, {} rows sold by each, {:.1} canaries among them ({} of such \
         leaks hold none); {:.0} confirmed calls in all, {} of them noise, a name asked for in {} of the others. \
         <b>Each leaker is named with chance {}</b>.</p>",
        s.leakers,
        grouped(leak.sold),
        leak.canaries,
        percent(leak.none),
        leak.calls,
        percent(s.noise),
        percent(s.names),
        share(&plan.naming.all.named),
    );
    let _ = writeln!(out, "<h2>What to buy, to name {} of such leaks</h2>\n<ul>", percent(s.target));
    for purchase in &plan.buy {
        let _ = writeln!(out, "<li>{}</li>", escape(&buy(purchase, s.target)));
    }
    out.push_str("</ul>\n");
}

fn naming(out: &mut String, plan: &Plan) {
    let (naming, bars) = (&plan.naming, &plan.bars);
    out.push_str(
        "<h2>Calls to name a leaker</h2>\n<table><caption>Median, and 10 to 90 % of those that are named</caption><thead><tr><th>By</th><th>Threshold</th><th>Named</th>\
         <th>Confirmed calls</th><th>Distinct lines</th><th>Rough formula</th></tr></thead><tbody>\n",
    );
    let pair = format!("{} to {}", power(bars.ln_pair_first), power(bars.ln_pair_last));
    let rows: [(&str, String, &Route, Option<Expected>); 4] = [
        ("account process, lines alone", power(bars.ln_account), &naming.account, Some(naming.account_formula)),
        ("pair process, lines alone", pair, &naming.pair, Some(naming.pair_formula)),
        ("either, lines alone", String::new(), &naming.lines, None),
        ("either, with names", String::new(), &naming.all, None),
    ];
    for (name, threshold, route, expected) in rows {
        let formula = expected.map_or(String::new(), |expected| {
            if expected.matches > f64::from(plan.settings.canaries) {
                format!("out of reach: {:.1} own lines", expected.matches)
            } else {
                format!("{:.0} lines", expected.lines)
            }
        });
        row(
            out,
            &[
                name,
                &threshold,
                &share(&route.named),
                &spread(route.calls.as_ref()),
                &spread(route.lines.as_ref()),
                &formula,
            ],
        );
    }
    let _ = writeln!(out, "</tbody></table>\n<p class=\"soft\">{JOINT_ADDS}</p>");
}

fn by_calls(out: &mut String, plan: &Plan) {
    let most = plan.by_calls.last().map_or(1, |at| at.calls).max(1);
    let curve = |name, class, of: fn(&ByCalls) -> f64| Curve {
        name,
        class,
        points: plan.by_calls.iter().map(|at| (f64::from(at.calls), of(at))).collect(),
        errors: Vec::new(),
        dotted: false,
    };
    let mut all = curve("either, with names", "all", |at| at.all.share);
    all.errors = plan.by_calls.iter().map(|at| 2.0 * at.all.error).collect();
    let curves = [
        all,
        curve("pair process", "pair", |at| at.pair),
        curve("either, lines alone", "lines", |at| at.lines),
        curve("account process", "account", |at| at.account),
    ];
    let across = Across {
        name: "confirmed calls, all leakers' and noise",
        marks: round_marks(f64::from(most)),
        range: (0.0, f64::from(most)),
        is_log: false,
    };
    let _ = writeln!(
        out,
        "<h2>Named, by calls so far</h2>\n<figure>{}<figcaption>Chance that a leaker is named within so many confirmed \
         calls. The band is two standard errors.</figcaption></figure>",
        chances(&curves, &across, plan.settings.target, "chance to be named against confirmed calls")
    );
}

fn by_rows(out: &mut String, plan: &Plan) {
    let curve = |name, class, of: fn(&ByRows) -> super::Share| Curve {
        name,
        class,
        points: plan.by_rows.iter().map(|row| (row.share, of(row).share)).collect(),
        errors: plan.by_rows.iter().map(|row| 2.0 * of(row).error).collect(),
        dotted: true,
    };
    let curves = [curve("with names", "all", |row| row.all), curve("lines alone", "lines", |row| row.lines)];
    let first = plan.by_rows.first().map_or(0.01, |row| row.share);
    let marks = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0].into_iter().filter(|&mark| mark >= first);
    let across = Across {
        name: "share of the export that is sold",
        marks: marks.map(|mark| (mark, percent(mark))).collect(),
        range: (first, 1.0),
        is_log: true,
    };
    let _ = writeln!(
        out,
        "<h2>Named, by rows sold</h2>\n<figure>{}<figcaption>Chance that a leaker is named once every sold canary has \
         rung.</figcaption></figure>\n<table><thead><tr><th>Share</th><th>Rows</th><th>Canaries</th><th>None</th>\
         <th>Lines alone</th><th>With names</th></tr></thead><tbody>",
        chances(&curves, &across, plan.settings.target, "chance to be named against share of the export sold")
    );
    for found in &plan.by_rows {
        row(
            out,
            &[
                &percent(found.share),
                &grouped(found.rows),
                &format!("{:.2}", found.canaries),
                &percent(found.none),
                &share(&found.lines),
                &share(&found.all),
            ],
        );
    }
    out.push_str("</tbody></table>\n");
}

fn at_once(out: &mut String, plan: &Plan) {
    let (found, bars) = (&plan.at_once, &plan.bars);
    let most = match found.most {
        Some(most) => format!("{most} ({} each)", share(&found.named)),
        None => format!("none: even a single one is named with chance {} only", share(&found.named)),
    };
    let _ = writeln!(
        out,
        "<h2>Leakers at once</h2>\n<table><tbody>\n\
         <tr><th>Each named with chance {} or more, by simulation</th><td class=\"num\">{most}</td></tr>\n\
         <tr><th>By formula: lines alone, all ringing, no noise</th><td class=\"num\">{:.0}</td></tr>\n\
         <tr><th>Share of the pool that may ring before no export's lines can name</th><td class=\"num\">{}</td></tr>\n\
         <tr><th>... before no account's lines can</th><td class=\"num\">{}</td></tr>\n</tbody></table>",
        percent(plan.settings.target),
        found.formula,
        percent(bars.pool_limit_pair),
        percent(bars.pool_limit_account)
    );
}

fn collusion(out: &mut String, plan: &Plan) {
    let Some(found) = &plan.collusion else { return };
    let _ = writeln!(
        out,
        "<h2>Buyers who compare their exports</h2>\n<table><caption>Shared slots so that {} of coalitions of {} have a \
         member named at {}, by what they do where they differ and by the slots' chances</caption><thead><tr><th></th>",
        percent(plan.settings.target),
        found.colluders,
        powers(&power(found.ln_threshold))
    );
    for biases in Biases::ALL {
        let _ = write!(out, "<th>{}</th>", biases.name());
    }
    out.push_str("</tr></thead><tbody>\n");
    for attack in Attack::ALL {
        let cells = Biases::ALL.map(|biases| slots(plan, attack, biases));
        row(out, &[attack.name(), &cells[0], &cells[1], &cells[2]]);
    }
    let gains = Biases::ALL.map(|biases| format!("{:.3} nats", biases.gain_against_drop(found.colluders)));
    row(out, &["gain a slot against dropping", &gains[0], &gains[1], &gains[2]]);
    out.push_str("</tbody></table>\n");
    if found.needs.iter().any(|need| need.slots.is_none()) {
        let _ = writeln!(out, "<p class=\"soft\">{}</p>", out_of_reach());
    }
}

/// A row: its name, then numbers.
fn row(out: &mut String, cells: &[&str]) {
    out.push_str("<tr>");
    for (place, cell) in cells.iter().enumerate() {
        let class = if place == 0 { "" } else { " class=\"num\"" };
        let _ = write!(out, "<td{class}>{}</td>", powers(cell));
    }
    out.push_str("</tr>\n");
}

/// Powers of ten with their exponents raised.
fn powers(text: &str) -> String {
    let mut out = String::new();
    for (place, part) in escape(text).split("10^").enumerate() {
        if place == 0 {
            out += part;
            continue;
        }
        let end = part.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(part.len());
        let _ = write!(out, "10<sup>{}</sup>{}", &part[..end], &part[end..]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_raised_wherever_they_stand() {
        assert_eq!(powers("10^9.9 to 10^10.0"), "10<sup>9.9</sup> to 10<sup>10.0</sup>");
        assert_eq!(powers("a < b"), "a &lt; b");
    }
}
