//! Exports that a template is learned from.
//!
//! The first byte says who wears a line and how many rows must hold a value;
//! the rest is the export. Properties: what was learned is a template; learning
//! again gives the same text; and no text of a cell is in it that fewer rows
//! hold, in this column or inside a longer text of any, but for what is public
//! or a number.

use trapline::learn::{self, learn};
use trapline::persona::Role;
use trapline::plant::{BytesSource, Options, Source as _, Table, TableColumn};
use trapline::template::Template;

/// Shorter texts may be a surname, a character or a unit.
const SHORTEST: usize = 4;

pub(super) fn body(bytes: &[u8]) {
    let Some((&first, export)) = bytes.split_first() else { return };
    let source = BytesSource(export);
    let Ok(table) = source.open().and_then(|input| Table::read(input, &Options::default())) else { return };
    let options = learn::Options {
        least: 2 + u32::from(first & 3),
        roles: (first & 4 != 0).then(|| vec![Role::Sender, Role::Recipient]),
        ..learn::Options::default()
    };
    let Ok(learned) = learn(&table, &options) else { return };

    if let Err(fault) = Template::parse(&learned.text, "learned.yaml") {
        panic!("{fault} ({:?}) in\n{}", fault.hint, learned.text);
    }
    assert_eq!(learned.text, learn(&table, &options).expect("as before").text, "the same rows, the same text");
    withholds(&table, options.least, &learned.text);
}

fn withholds(table: &Table, least: u32, text: &str) {
    let text = without_divisions(text);
    // No key of a template has such letters.
    let private = |cell: &str| {
        cell.chars().count() >= SHORTEST
            && cell.chars().any(|c| !c.is_ascii() && c.is_alphabetic())
            && !cell.chars().any(|c| c.is_control() || matches!(c, '"' | '\\' | '{' | '}'))
    };
    let is_header = |cell: &str| table.columns.iter().any(|column| column.header.contains(cell));
    for cell in table.columns.iter().flat_map(|column| &column.texts) {
        if private(cell) && text.contains(&**cell) && !is_header(cell) {
            let rows: u64 = table.columns.iter().map(|column| held(column, cell)).sum();
            assert!(rows >= u64::from(least), "{cell:?} of {rows} rows in\n{text}");
        }
    }
}

/// Rows whose text in this column has `cell` in it.
fn held(column: &TableColumn, cell: &str) -> u64 {
    let rows = column.texts.iter().zip(column.counts()).filter(|(text, _)| text.contains(cell));
    rows.map(|(_, count)| u64::from(count)).sum()
}

/// A template without the names of divisions, which are public.
fn without_divisions(text: &str) -> String {
    let mut is_division = false;
    let keeps = |line: &&str| {
        is_division = (is_division || line.starts_with("    provinces:")) && !line.starts_with("    local:");
        !is_division
    };
    text.split_inclusive('\n').filter(keeps).collect()
}
