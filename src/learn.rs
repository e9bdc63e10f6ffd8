//! Learning a template from an operator's own exports.
//!
//! A template written by hand is told apart from real rows at a glance; one
//! that is fitted to the rows it will stand among is not. Each column gets the
//! plainest law that fits it: what all rows share is copied, a few texts are a
//! weighted choice, numbers are quantiles, a fee that follows from the weight
//! is a rate. Which column goes by which is a tree: each is attached to the one
//! that tells most about it (Chow and Liu 1968), with the copied sender and the
//! drawn recipient as roots. Names and addresses are taken to pieces, surname
//! and characters, words and numbers in their order, because a whole one is
//! somebody's.
//!
//! **Privacy.** Nothing that fewer than `k` rows hold goes in as it stands,
//! except what is public: divisions, surnames and characters of the shipped
//! pools. No phone goes in at all. What was left out is counted.
//!
//! ```
//! use trapline::learn::{Options, learn};
//! use trapline::plant::{self, BytesSource, Source as _, Table};
//!
//! let mut export = String::from("运单号,收件人,收件电话,品名\n");
//! for i in 0..100 {
//!     export += &format!("YT{:013},张{},154000{i:05},{}\n", i * 7, ["伟", "芳"][i % 2], ["鞋", "书"][i % 2]);
//! }
//! let source = BytesSource(export.as_bytes());
//! let table = Table::read(source.open()?, &plant::Options::default())?;
//! let learned = learn(&table, &Options { name: "mine".into(), ..Options::default() })?;
//!
//! assert!(learned.text.contains("options: {书: 50, 鞋: 50}"));
//! assert!(!learned.text.contains("154000"));
//! # Ok::<(), trapline::fault::Fault>(())
//! ```

mod address;
mod beside;
mod column;
mod measure;
mod names;
mod person;
mod rate;
mod shrink;
mod tree;
mod waybill;
mod words;
mod yaml;

#[cfg(test)]
mod tests;

use crate::fault::Fault;
use crate::persona::Role;
use crate::plant::Table;
use crate::record::ColumnRole;

use column::{Field, Kind};
use yaml::Writer;

/// How to learn.
#[derive(Clone, Debug)]
pub struct Options {
    /// The template's name.
    pub name: String,
    /// Rows that must hold a value before it goes in verbatim (k).
    pub least: u32,
    /// Who wears a line; by default the recipient, if the export has phones of
    /// theirs.
    pub roles: Option<Vec<Role>>,
    /// Waybill numbers that the operator reserved, one each; without any, gaps
    /// of the export's own runs are proposed.
    pub reserved: Option<Vec<String>>,
}

impl Default for Options {
    fn default() -> Self {
        Self { name: "learned".into(), least: 5, roles: None, reserved: None }
    }
}

/// A learned template.
#[derive(Clone, Debug)]
pub struct Learned {
    /// Its text.
    pub text: String,
    /// What the operator should know: what was withheld, what to reserve.
    pub notes: Vec<String>,
    /// Columns whose values are drawn, not copied.
    pub drawn: usize,
}

/// Learns a template from a table.
///
/// # Errors
///
/// When the table has too few rows, or nothing that could carry a mark.
pub fn learn(table: &Table, options: &Options) -> Result<Learned, Fault> {
    let least = options.least.max(1);
    if table.rows < 4 * least as usize {
        return Err(Fault::new(format!("expected at least {} rows, found {}", 4 * least, table.rows))
            .hint("learn from a larger export; from so few rows nothing could go in"));
    }
    let roles = roles(table, options);
    let mut notes = Vec::new();
    if table.ragged > 0 {
        notes.push(format!("{} records are not like the others and were left out", table.ragged));
    }
    let mut fields = column::plan(table, &roles, least, &mut notes);
    waybill::learn(table, &mut fields, options, &mut notes)?;
    for &role in &roles {
        person::learn(table, role, &mut fields, least, &mut notes);
    }
    match roles.is_empty() {
        true => beside::learn(table, &mut fields, least),
        false => rate::learn(table, &mut fields, least),
    }
    tree::attach(table, &mut fields, least);
    let has_mark = !roles.is_empty() || fields.iter().any(|field| matches!(field.kind, Kind::Waybill(_)));
    if !has_mark {
        return Err(Fault::new("expected a column of phones or of waybill numbers, found neither")
            .hint("name one with --map recipient.phone=HEADER or --map number=HEADER"));
    }
    let text = write(table, &fields, &roles, options, least);
    let copied = |field: &&Field| matches!(field.kind, Kind::Copied { .. } | Kind::Between { .. });
    let drawn = fields.iter().filter(|field| field.place.is_some() && !copied(field)).count();
    Ok(Learned { text, notes, drawn })
}

/// Who wears a line.
fn roles(table: &Table, options: &Options) -> Vec<Role> {
    let has = |role: &Role| table.columns.iter().any(|column| column.role == Some(ColumnRole::Phone(*role)));
    match &options.roles {
        Some(roles) => roles.iter().copied().filter(has).collect(),
        None => [Role::Recipient, Role::Sender].into_iter().filter(has).take(1).collect(),
    }
}

/// Of a thousand rows, those that go to a phone that an earlier row has.
fn repeats(table: &Table, roles: &[Role]) -> Option<usize> {
    let phones = roles.iter().map(|role| Some(ColumnRole::Phone(*role)));
    let columns = phones.filter_map(|role| table.columns.iter().find(|column| column.role == role));
    columns.map(|column| (table.rows - column.texts.len()) * 1000 / table.rows).min().map(|share| share.min(500))
}

fn write(table: &Table, fields: &[Field], roles: &[Role], options: &Options, least: u32) -> String {
    let mut out = Writer::new();
    out.line(0, &format!("name: {}", yaml::word(&options.name)));
    out.line(0, "version: 1");
    out.line(0, "about: >-");
    out.line(1, &format!("Learned from {} rows by `trapline template learn`. No value that fewer than", table.rows));
    out.line(1, &format!("{least} rows hold is in it, but for places, surnames and characters that are public."));
    if !roles.is_empty() {
        let roles: Vec<&str> = roles.iter().map(|role| role.name()).collect();
        out.line(0, &format!("roles: [{}]", roles.join(", ")));
    }
    if let Some(repeats) = repeats(table, roles).filter(|repeats| *repeats > 0) {
        out.line(0, &format!("repeats: {repeats}"));
    }
    out.line(0, "");
    out.line(0, "fields:");
    let mut blocks = [0usize; 3];
    for field in fields {
        field.write(&mut out, fields, &mut blocks);
    }
    out.line(0, "");
    out.line(0, "columns:");
    for field in fields {
        if let Some(place) = field.place {
            let (role, header) = (yaml::word(&field.role.to_string()), yaml::word(&table.columns[place].header));
            out.line(1, &format!("- {{role: {role}, header: {header}}}"));
        }
    }
    out.finish()
}
