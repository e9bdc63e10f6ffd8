//! Why: every bet, the running e-value, the threshold.

use std::fmt::Write as _;

use serde_json::json;

use super::text::{by, minute, table, trimmed};
use super::{batch_name, power, power_up};
use crate::attribute::{Explanation, JointPath, JointStep, ProcessPath};
use crate::registry::Route;

/// Writes an explanation as text; with `batch`, only what concerns that batch.
pub fn explain_text(explanation: &Explanation, batch: Option<&str>) -> String {
    let mut out = format!(
        "{}: how the evidence ran. The e-value says how many times more likely the hits are if this source was\n\
         exposed; 1 means none, and crossing the threshold names the account.\n",
        explanation.account
    );
    for process in chosen(explanation, batch) {
        out.push('\n');
        out.push_str(&process_text(process));
    }
    if let (Some(joint), None) = (&explanation.joint, batch) {
        out.push('\n');
        out.push_str(&joint_text(joint));
    }
    for record in explanation.at_once.iter().filter(|record| batch.is_none_or(|batch| record.batch == batch)) {
        let _ = writeln!(
            out,
            "\nfull record at {} (decision {}): agrees with canary {} of {} by chance {:.1e}; {:.1e} accuses{}",
            minute(record.at),
            record.seq,
            record.index,
            batch_name(&record.batch),
            record.probability,
            record.threshold,
            if record.accuses { ": it does" } else { "" }
        );
    }
    out
}

/// Writes an explanation as JSON.
pub fn explain_json(explanation: &Explanation, batch: Option<&str>) -> String {
    let mut shown = explanation.clone();
    shown.processes = chosen(explanation, batch).into_iter().cloned().collect();
    let value = json!({ "schema": "trapline.explanation/1", "explanation": shown });
    serde_json::to_string_pretty(&value).expect("explanations are plain data")
}

fn chosen<'a>(explanation: &'a Explanation, batch: Option<&str>) -> Vec<&'a ProcessPath> {
    let fits =
        |process: &&ProcessPath| batch.is_none_or(|batch| process.route != Route::Account && process.batch == batch);
    let mut processes: Vec<&ProcessPath> = explanation.processes.iter().filter(fits).collect();
    // The process that decided comes first; among equals the order of planting stands.
    processes.sort_by_key(|process| process.crossed.map_or(u64::MAX, |crossed| crossed.seq));
    processes
}

fn process_text(process: &ProcessPath) -> String {
    let mut out = format!(
        "{}: {} lines of {}, hits from {} on; evidence {} (at most {}), threshold {}\n",
        by(process.route, &process.batch),
        process.lines,
        process.pool,
        minute(process.start),
        power(process.ln_e_now),
        power(process.ln_e_sup),
        power_up(process.ln_threshold),
    );
    match &process.crossed {
        Some(crossed) => {
            let _ = writeln!(
                out,
                "crossed at decision {} ({}) with {}",
                crossed.seq,
                minute(crossed.at),
                power(crossed.ln_e)
            );
        }
        None => out.push_str("not crossed\n"),
    }
    let mut rows = table(&["decision", "time", "on", "owned", "chance", "factor", "evidence", ""]);
    let mut skipped = Skipped::default();
    for bet in &process.bets {
        // A miss moves the evidence a little; runs of them are told in one line.
        if !bet.matched {
            skipped.count += 1;
            skipped.ln_factor += bet.ln_factor;
            skipped.ln_e = bet.ln_e;
            continue;
        }
        skipped.flush(&mut rows);
        let mark = if process.crossed.is_some_and(|crossed| crossed.seq == bet.seq) { "<- threshold" } else { "" };
        rows.add_row([
            bet.seq.to_string(),
            minute(bet.at),
            bet.channel.to_string(),
            "yes".to_owned(),
            format!("{:.2e}", bet.q),
            format!("x{:.3}", bet.ln_factor.exp()),
            power(bet.ln_e),
            mark.to_owned(),
        ]);
    }
    skipped.flush(&mut rows);
    out + &trimmed(&rows)
}

/// The looks at an account, each with what it added.
fn joint_text(joint: &JointPath) -> String {
    let mut out = format!(
        "{}: what is left for this account when the calls are explained without it; the sum over looks so far {}, \
         threshold {}\n",
        by(Route::Joint, ""),
        power(joint.ln_s),
        power_up(joint.ln_threshold),
    );
    match &joint.crossed {
        Some(crossed) => {
            let _ = writeln!(out, "crossed at decision {} with {}", crossed.seq, power(crossed.ln_e));
        }
        None => out.push_str("not crossed\n"),
    }
    if joint.steps.is_empty() {
        return out;
    }
    let mut rows =
        table(&["look", "calls", "decision", "mostly by", "rang", "lines", "names", "e-value", "weight", "sum"]);
    for step in &joint.steps {
        rows.add_row(joint_row(step));
    }
    out + &trimmed(&rows)
}

fn joint_row(step: &JointStep) -> [String; 10] {
    let [look, calls, seq] = [step.r.to_string(), step.calls.to_string(), step.seq.to_string()];
    let [by, rang, lines, names] = match (&step.skipped, &step.strongest) {
        (Some(_), _) => ["skipped".to_owned(), String::new(), String::new(), String::new()],
        (None, None) => ["nothing".to_owned(), String::new(), String::new(), String::new()],
        (None, Some(source)) => [
            source.batch.as_deref().map_or("all its lines", batch_name).to_owned(),
            format!("{} of {}", source.rang, source.lines),
            power(source.ln_lines),
            power(source.ln_names),
        ],
    };
    [look, calls, seq, by, rang, lines, names, power(step.ln_e), format!("{:.4}", step.weight), power(step.ln_s)]
}

/// A run of bets that did not match.
#[derive(Default)]
struct Skipped {
    count: u32,
    ln_factor: f64,
    ln_e: f64,
}

impl Skipped {
    fn flush(&mut self, rows: &mut comfy_table::Table) {
        if self.count == 0 {
            return;
        }
        rows.add_row([
            String::new(),
            String::new(),
            format!("{} other{}", self.count, if self.count == 1 { "" } else { "s" }),
            "no".to_owned(),
            String::new(),
            format!("x{:.3}", self.ln_factor.exp()),
            power(self.ln_e),
            String::new(),
        ]);
        *self = Self::default();
    }
}
