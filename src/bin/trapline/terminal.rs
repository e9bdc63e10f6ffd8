//! Standard output and error: answers, notes, progress, tables.

use std::io::{self, IsTerminal as _, Write as _};

use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};

/// Writes an answer to standard output.
pub fn answer(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        stdout.write_all(b"\n")?;
    }
    stdout.flush()
}

/// Writes a value as one JSON document.
pub fn answer_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    Ok(answer(&serde_json::to_string_pretty(value)?)?)
}

/// Writes a table, without blanks at the ends of its lines.
pub fn answer_table(table: &Table) -> io::Result<()> {
    answer(&table.lines().map(|line| format!("{}\n", line.trim_end())).collect::<String>())
}

/// Says something on standard error.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "trapline: {text}");
}

/// A table without lines, as wide as the terminal allows.
pub fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if io::stdout().is_terminal() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    table.set_header(header.iter().copied());
    table
}

/// Characters in a line of standard output: 100 where that is no terminal.
pub fn width() -> usize {
    Table::new().width().map_or(100, usize::from)
}

/// A bar on standard error; silent where that is no terminal.
pub fn progress(length: u64, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(length);
    let style = ProgressStyle::with_template("{msg} {wide_bar} {human_pos}/{human_len} {per_sec} {eta}");
    bar.set_style(style.expect("a fixed template"));
    bar.set_message(what);
    bar
}
