//! What a topic prints: tables in Markdown, and what it found wrong.

use std::fmt::Write as _;

/// The text of one topic, with every check that failed.
#[derive(Debug, Default)]
pub(crate) struct Report {
    text: String,
    failures: Vec<String>,
}

impl Report {
    /// Appends a paragraph.
    pub(crate) fn say(&mut self, paragraph: &str) {
        self.text.push_str(paragraph);
        self.text.push_str("\n\n");
    }

    /// Appends a table.
    pub(crate) fn table(&mut self, head: &[&str], rows: &[Vec<String>]) {
        let _ = writeln!(self.text, "| {} |", head.join(" | "));
        let rule: Vec<&str> = head.iter().enumerate().map(|(i, _)| if i == 0 { "---" } else { "--:" }).collect();
        let _ = writeln!(self.text, "|{}|", rule.join("|"));
        for row in rows {
            let _ = writeln!(self.text, "| {} |", row.join(" | "));
        }
        self.text.push('\n');
    }

    /// Notes a failure unless `holds`; returns the word for a table.
    pub(crate) fn check(&mut self, holds: bool, what: impl FnOnce() -> String) -> &'static str {
        if !holds {
            self.failures.push(what());
        }
        if holds { "yes" } else { "**no**" }
    }

    /// The text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// What failed.
    pub(crate) fn failures(&self) -> &[String] {
        &self.failures
    }
}

/// A rate without its leading zero, as in ".93"; 1 and 0 whole.
pub(crate) fn rate(x: f64) -> String {
    match format!("{x:.2}").as_str() {
        "1.00" => "1.00".to_owned(),
        text => text.trim_start_matches('0').to_owned(),
    }
}
