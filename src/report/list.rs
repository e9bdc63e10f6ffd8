//! A list of leads, printed so that nobody takes it for accusations.

use std::fmt::Write as _;

use serde_json::json;

use super::text::{minute, table, trimmed, wrapped};
use super::{batch_name, power};
use crate::attribute::list::List;

/// Writes a list as text.
pub fn list_text(list: &List) -> String {
    let mut out = format!(
        "LIST OF LEADS, NOT AN ACCUSATION: epoch {}, as of {}, false discovery rate {}\n",
        list.label,
        minute(list.as_of),
        list.fdr
    );
    if list.entries.is_empty() {
        let _ = writeln!(out, "\nNone of {} accounts is on it.\n", list.accounts);
    } else {
        let _ = writeln!(out, "\n{} of {} accounts:\n", list.entries.len(), list.accounts);
        let mut rows = table(&["account", "evidence then", "lines", "mostly by"]);
        for entry in &list.entries {
            rows.add_row([
                entry.account.clone(),
                power(entry.ln_e),
                format!("{} of {}", entry.matched_lines, entry.queries),
                entry
                    .strongest
                    .as_ref()
                    .map_or("all its lines".to_owned(), |batch| format!("lines of {}", batch_name(batch))),
            ]);
        }
        out += &trimmed(&rows);
        out.push('\n');
    }
    out + &wrapped(&list.statement)
}

/// Writes a list as JSON.
pub fn list_json(list: &List) -> String {
    serde_json::to_string_pretty(&json!({ "schema": "trapline.list/1", "list": list })).expect("lists are plain data")
}
