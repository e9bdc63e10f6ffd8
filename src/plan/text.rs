//! A plan for the terminal.

use std::fmt::Write as _;

use super::plot::{bar, curve};
use super::{Attack, Biases, Expected, Goods, MOST_SLOTS, Plan, Purchase, Route, Share, Spread};

/// Writes a plan as text, `width` characters wide.
pub fn text(plan: &Plan, width: usize) -> String {
    let mut out = String::new();
    head(&mut out, plan);
    naming(&mut out, plan, width);
    let points: Vec<(f64, f64)> = plan.by_calls.iter().map(|at| (f64::from(at.calls), at.all.share)).collect();
    let _ = writeln!(out, "\nNamed, by confirmed calls so far (all leakers' and noise)\n{}", curve(&points, width));
    by_rows(&mut out, plan, width);
    at_once(&mut out, plan);
    collusion(&mut out, plan);
    let _ = writeln!(out, "\nWhat to buy, to name {} of such leaks", percent(plan.settings.target));
    for purchase in &plan.buy {
        paragraph(&mut out, &format!("  {}", buy(purchase, plan.settings.target)), width);
    }
    out.push_str("\nWhat this takes for granted\n");
    for assumption in plan.assumptions {
        paragraph(&mut out, &format!("  - {assumption}"), width);
    }
    paragraph(&mut out, &format!("  - {}", error(plan)), width);
    out
}

fn head(out: &mut String, plan: &Plan) {
    let (s, bars, leak) = (&plan.settings, &plan.bars, &plan.leak);
    let _ = writeln!(
        out,
        "{} accounts, {} lines ({} an account), {} canaries in an export of {} rows, {} exports an account\n\
         alpha {} in epoch {}: named at {} by lines of the account, at {} to {} by those of an export\n\
         expected leak: {} leakers, {} rows sold by each, {:.1} canaries among them ({} hold none);\n\
         {:.0} confirmed calls in all, {} of them noise, a name asked for in {} of the others",
        grouped(s.accounts),
        grouped(s.lines),
        bars.account_lines,
        s.canaries,
        grouped(s.rows),
        s.exports,
        s.alpha,
        s.epoch,
        power(bars.ln_account),
        power(bars.ln_pair_first),
        power(bars.ln_pair_last),
        s.leakers,
        grouped(leak.sold),
        leak.canaries,
        percent(leak.none),
        leak.calls,
        percent(s.noise),
        percent(s.names),
    );
}

fn naming(out: &mut String, plan: &Plan, width: usize) {
    let naming = &plan.naming;
    out.push_str("\nCalls to name a leaker: median (10 to 90 %)\n");
    let _ = writeln!(out, "  {:<28} {:>12}  {:<16} {:<16} formula", "", "named", "confirmed calls", "distinct lines");
    let rows: [(&str, &Route, Option<Expected>); 4] = [
        ("account process, lines", &naming.account, Some(naming.account_formula)),
        ("pair process, lines", &naming.pair, Some(naming.pair_formula)),
        ("either, lines", &naming.lines, None),
        ("either, with names", &naming.all, None),
    ];
    for (name, route, expected) in rows {
        let line = format!(
            "  {name:<28} {:>12}  {:<16} {:<16} {}",
            share(&route.named),
            spread(route.calls.as_ref()),
            spread(route.lines.as_ref()),
            expected.map_or(String::new(), |expected| formula(expected, plan)),
        );
        let _ = writeln!(out, "{}", line.trim_end());
    }
    paragraph(out, &format!("  {JOINT_ADDS}"), width);
}

/// What figures of naming do not hold.
pub(super) const JOINT_ADDS: &str =
    "Joint certification is not in these figures. It can only add to them: whoever the processes name stays named.";

/// What 8.1 says, unless it asks for more matches than there can be.
fn formula(expected: Expected, plan: &Plan) -> String {
    let most = f64::from(plan.settings.canaries);
    if expected.matches > most {
        return format!("out of reach: {:.1} own lines of {most}", expected.matches);
    }
    format!("{:.0} lines, {:.1} of them own", expected.lines, expected.matches)
}

fn by_rows(out: &mut String, plan: &Plan, width: usize) {
    out.push_str("Named, by share of the export that is sold\n");
    let _ = writeln!(
        out,
        "  {:>6} {:>9} {:>9} {:>6}  {:>12} {:>12}",
        "share", "rows", "canaries", "none", "lines alone", "with names"
    );
    let room = width.saturating_sub(64).min(40);
    for row in &plan.by_rows {
        let line = format!(
            "  {:>6} {:>9} {:>9.2} {:>6}  {:>12} {:>12}  {}",
            percent(row.share),
            grouped(row.rows),
            row.canaries,
            percent(row.none),
            share(&row.lines),
            share(&row.all),
            bar(row.all.share, room)
        );
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

fn at_once(out: &mut String, plan: &Plan) {
    let (s, bars, most) = (&plan.settings, &plan.bars, &plan.at_once);
    let _ = writeln!(out, "\nLeakers at once, each named with chance {} or more", percent(s.target));
    match most.most {
        Some(count) => {
            let _ = writeln!(out, "  {count} by simulation ({} each)", share(&most.named));
        }
        None => {
            let _ = writeln!(out, "  none: even a single one is named with chance {} only", share(&most.named));
        }
    }
    let _ = writeln!(
        out,
        "  if every line rang, no other call came in and no name were used, formula 8.2 would give {:.0}\n\
         \x20 beyond {} of the pool ringing no export's lines can name, beyond {} no account's",
        most.formula,
        percent(bars.pool_limit_pair),
        percent(bars.pool_limit_account),
    );
}

fn collusion(out: &mut String, plan: &Plan) {
    let Some(found) = &plan.collusion else { return };
    let _ = writeln!(
        out,
        "\nShared slots so that {} of coalitions of {} have a member named (8.4), at {}",
        percent(plan.settings.target),
        found.colluders,
        power(found.ln_threshold)
    );
    let _ = writeln!(
        out,
        "  {:<22} {:>22} {:>22} {:>22}",
        "",
        Biases::Arcsine.name(),
        Biases::HalfArcsine.name(),
        Biases::OneHalf.name()
    );
    let line =
        |name: &str, cells: [String; 3]| format!("  {name:<22} {:>22} {:>22} {:>22}\n", cells[0], cells[1], cells[2]);
    for attack in Attack::ALL {
        *out += &line(attack.name(), Biases::ALL.map(|biases| slots(plan, attack, biases)));
    }
    *out += &line(
        "gain a slot, dropping",
        Biases::ALL.map(|biases| format!("{:.3} nats", biases.gain_against_drop(found.colluders))),
    );
    if found.needs.iter().any(|need| need.slots.is_none()) {
        let _ = writeln!(out, "  {}", out_of_reach());
    }
}

/// What "out of reach" means.
pub(super) fn out_of_reach() -> String {
    format!("out of reach: more than {MOST_SLOTS} slots; in brackets the share that has a member named at {MOST_SLOTS}")
}

/// Slots needed, or how far the most allowed go.
pub(super) fn slots(plan: &Plan, attack: Attack, biases: Biases) -> String {
    let needs = plan.collusion.iter().flat_map(|found| &found.needs);
    let need = needs.into_iter().find(|need| need.attack == attack && need.biases == biases);
    match need.map(|need| (need.slots, need.at_most)) {
        Some((Some(slots), _)) => slots.to_string(),
        Some((None, reached)) => format!("out of reach ({})", percent(reached)),
        None => String::new(),
    }
}

/// A purchase in a sentence.
pub(super) fn buy(purchase: &Purchase, target: f64) -> String {
    let name = purchase.goods.name();
    let now = purchase.now;
    match (&purchase.enough, &purchase.why) {
        (Some(enough), _) if enough.count <= now => {
            let less = if enough.count < now { format!("; {} would do", grouped(enough.count)) } else { String::new() };
            format!("{name}: the {} planned are enough{less} ({})", grouped(now), share(&enough.named))
        }
        (Some(enough), _) => {
            let more = match purchase.goods {
                Goods::Lines => format!(", {} more", grouped(enough.count - now)),
                Goods::Canaries => String::new(),
            };
            format!("{name}: {} instead of {}{more} ({})", grouped(enough.count), grouped(now), share(&enough.named))
        }
        (None, why) => {
            let last = purchase.tried.last();
            let tried =
                last.map_or(String::new(), |last| format!(" up to {} ({})", grouped(last.count), share(&last.named)));
            let why = why.as_deref().unwrap_or("no pool was large enough for its accounts");
            format!("{name}: no number tried{tried} reaches {}: {why}", percent(target))
        }
    }
}

/// What the simulation's error is.
pub(super) fn error(plan: &Plan) -> String {
    format!(
        "figures behind ± are one standard error, of {} seeded leaks, {} for shares of the export and {} a step of each \
         search; the bets and thresholds are the engine's own",
        plan.naming.trials, plan.at_once.trials, plan.at_once.trials
    )
}

/// `300,000`.
pub(super) fn grouped(count: u32) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Evidence as a power of ten.
pub(super) fn power(ln: f64) -> String {
    crate::report::power_up(ln)
}

/// `48 ± 1 %`.
pub(super) fn share(share: &Share) -> String {
    let error = 100.0 * share.error;
    let digits = usize::from(error < 0.95);
    format!("{:.digits$} ± {error:.digits$} %", 100.0 * share.share)
}

/// `34 (21 to 60)`.
pub(super) fn spread(spread: Option<&Spread>) -> String {
    spread.map_or("-".to_owned(), |spread| format!("{} ({} to {})", spread.median, spread.p10, spread.p90))
}

/// `5 %`; with a digit where it would say nothing otherwise.
pub(super) fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    let is_whole = (percent - percent.round()).abs() < 0.005;
    if is_whole || (10.0..=99.0).contains(&percent) { format!("{percent:.0} %") } else { format!("{percent:.1} %") }
}

/// Breaks lines between words; the later ones are indented by two more.
fn paragraph(out: &mut String, text: &str, width: usize) {
    let indent = text.len() - text.trim_start().len();
    let mut line = " ".repeat(indent);
    for word in text.split_whitespace() {
        if line.trim().is_empty() {
            line += word;
        } else if line.chars().count() + 1 + word.chars().count() <= width.max(40) {
            line += " ";
            line += word;
        } else {
            out.push_str(&line);
            out.push('\n');
            line = " ".repeat(indent + 2) + word;
        }
    }
    out.push_str(&line);
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percents_keep_a_digit_where_it_matters() {
        assert_eq!(percent(0.005), "0.5 %");
        assert_eq!(percent(0.5), "50 %");
        assert_eq!(percent(0.996), "99.6 %");
        assert_eq!(percent(1.0), "100 %");
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn a_paragraph_keeps_to_its_width() {
        let mut out = String::new();

        paragraph(&mut out, &format!("  - {}", "word ".repeat(40)), 60);

        assert!(out.lines().all(|line| line.chars().count() <= 60), "{out}");
        assert_eq!(out.split_whitespace().count(), 41);
    }
}
