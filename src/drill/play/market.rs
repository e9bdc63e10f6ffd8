//! Exports as files, and what a trader makes of them.

use std::collections::BTreeSet;
use std::fs;

use super::compare::{self, Copy};
use super::{Planted, Stage};
use crate::derive::{Draw, Stream};
use crate::drill::scenario::{FileKind, Sale, Sorting};
use crate::drill::unwritable;
use crate::drill::wire::happens;
use crate::issue;
use crate::normalize;
use crate::record::ColumnRole;
use crate::template::{Block, Template};

/// A row as its buyer has it; what was cut is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SoldRow {
    /// Phone in normal form.
    pub(super) phone: String,
    /// Name, as written.
    pub(super) name: String,
    /// Waybill number, as written.
    pub(super) number: String,
    /// Whether the phone is a line of ours.
    is_ours: bool,
}

/// What is sold.
pub(super) struct List {
    /// Rows in all.
    pub(super) rows: u64,
    /// Planted rows among them, in the order of the list.
    pub(super) canaries: Vec<SoldRow>,
}

/// An export's text.
pub(super) fn write(template: &Template, kind: FileKind, rows: &[Vec<String>]) -> String {
    let headers: Vec<&str> = template.columns().iter().map(|column| column.header.as_str()).collect();
    match kind {
        FileKind::Csv => {
            let mut text = headers.join(",") + "\n";
            for cells in rows {
                text += &cells.join(",");
                text.push('\n');
            }
            text
        }
        FileKind::Jsonl => {
            let mut text = String::new();
            for cells in rows {
                let object: serde_json::Map<String, serde_json::Value> = headers
                    .iter()
                    .map(|header| (*header).to_owned())
                    .zip(cells.iter().cloned().map(Into::into))
                    .collect();
                text += &serde_json::Value::Object(object).to_string();
                text.push('\n');
            }
            text
        }
    }
}

/// Moves the numbers of customers out of the reserved block: nobody but
/// canaries has a number of it.
pub(super) fn leave_block(template: &Template, rows: &mut [Vec<String>]) {
    let Some(block) = template.block() else { return };
    let Some(column) = template.columns().iter().position(|column| column.role == ColumnRole::Number) else { return };
    let prefix = common_prefix(block);
    let elsewhere: String = prefix
        .chars()
        .map(|sign| match sign.to_digit(10) {
            Some(digit) => char::from(b'0' + ((digit + 5) % 10) as u8),
            None => sign,
        })
        .collect();
    for cells in rows {
        if let Some(rest) = cells[column].strip_prefix(&prefix) {
            cells[column] = format!("{elsewhere}{rest}");
        }
    }
}

/// How every number of a block begins.
fn common_prefix(block: &Block) -> String {
    use crate::record::WaybillBlock as _;
    let (first, last) = (block.number(0), block.number(block.size() - 1));
    first.chars().zip(last.chars()).take_while(|(one, other)| one == other).map(|(one, _)| one).collect()
}

/// Buys the exports of a sale, and makes one list of them.
pub(super) fn list(stage: &mut Stage<'_>, place: &str, sale: &Sale) -> issue::Result<List> {
    let mut rows = Vec::new();
    let wanted: Vec<usize> = (0..stage.planted.len()).filter(|&export| is_sold(&stage.planted[export], sale)).collect();
    let mut copies = Vec::new();
    for &export in &wanted {
        let Planted { account, path, .. } = &stage.planted[export];
        let text = fs::read_to_string(path).map_err(|error| unwritable(path, &error))?;
        copies.push(Copy { account: account.clone(), text });
    }
    if sale.drop_differing {
        compare::keep_common(&mut copies);
    }
    for (export, copy) in wanted.into_iter().zip(&copies) {
        let planted = &stage.planted[export];
        let (account, batch) = (planted.account.clone(), planted.batch.clone());
        let mut kept = read(stage, planted.kind, &copy.text, sale);
        // Once compared, all copies are alike: of each the same rows are kept.
        let whose: &[&str] = if sale.drop_differing { &[] } else { &[&account, &batch] };
        keep(&mut kept, sale.keep, |who| stage.draw(&[&["kept", who, place], whose].concat()));
        let sold = stage.sold.entry(account).or_default();
        if kept.iter().any(|row| row.is_ours) {
            sold.insert(batch);
        }
        rows.extend(kept);
    }
    if sale.without_duplicates || sale.drop_differing {
        let mut seen = BTreeSet::new();
        rows.retain(|row| seen.insert(row.phone.clone()));
    }
    match sale.sorted_by {
        Sorting::Merged => {}
        Sorting::Phone => rows.sort_by(|one, other| one.phone.cmp(&other.phone)),
        Sorting::Number => rows.sort_by(|one, other| one.number.cmp(&other.number)),
        Sorting::Shuffled => {}
    }
    let count = rows.len() as u64;
    let mut canaries: Vec<SoldRow> = rows.into_iter().filter(|row| row.is_ours).collect();
    if sale.sorted_by == Sorting::Shuffled {
        // Sorted before it is shuffled: where in its file a canary stood must
        // not matter, since that depends on how many customers there are.
        canaries.sort_by(|one, other| (&one.phone, &one.number).cmp(&(&other.phone, &other.number)));
        shuffle(&mut canaries, &mut stage.draw(&["shuffled", place]));
    }
    Ok(List { rows: count, canaries })
}

/// Keeps a share of the rows. Canaries have a stream of their own and are drawn
/// in the order of their phones, so that customers change nothing.
fn keep(rows: &mut Vec<SoldRow>, share: f64, stream: impl Fn(&str) -> Stream) {
    let (mut ours, mut theirs) = (stream("canaries"), stream("customers"));
    let canaries: BTreeSet<&str> = rows.iter().filter(|row| row.is_ours).map(|row| row.phone.as_str()).collect();
    let sold: BTreeSet<String> =
        canaries.into_iter().filter(|_| happens(share, &mut ours)).map(str::to_owned).collect();
    rows.retain(|row| if row.is_ours { sold.contains(&row.phone) } else { happens(share, &mut theirs) });
}

fn is_sold(planted: &Planted, sale: &Sale) -> bool {
    sale.accounts.contains(&planted.account)
        && match sale.exports_of {
            Some(days) => days.has(u64::from(planted.day)),
            None => planted.day <= sale.day,
        }
}

/// The rows of a planted export, cut to the columns that are sold. Phones stay:
/// the drill tells canaries by them, and who has bought none does not call.
fn read(stage: &Stage<'_>, kind: FileKind, text: &str, sale: &Sale) -> Vec<SoldRow> {
    let columns = stage.template.columns();
    let has = |wanted: &ColumnRole| sale.columns.iter().any(|column| *column == wanted.to_string());
    let header = |wanted: &ColumnRole| columns.iter().find(|column| column.role == *wanted).map(|c| c.header.as_str());
    let sold = |wanted: &ColumnRole| header(wanted).filter(|_| has(wanted));
    let number = sold(&ColumnRole::Number);
    let people: Vec<[Option<&str>; 2]> = stage
        .template
        .roles()
        .iter()
        .filter(|&&role| has(&ColumnRole::Phone(role)) || number.is_some())
        .map(|&role| [header(&ColumnRole::Phone(role)), sold(&ColumnRole::Name(role))])
        .collect();
    let mut rows = Vec::new();
    each_row(kind, text, &mut |cell| {
        for [phone, name] in &people {
            let phone = phone.map(cell).unwrap_or_default();
            let phone = normalize::phone(&phone).map_or(phone, |phone| phone.digits);
            rows.push(SoldRow {
                is_ours: stage.ours.contains(&phone),
                phone,
                name: name.map(cell).unwrap_or_default(),
                number: number.map(cell).unwrap_or_default(),
            });
        }
    });
    rows
}

/// A row's cells, by header.
type Cells<'a> = &'a dyn Fn(&str) -> String;

/// Calls `take` for each row.
fn each_row(kind: FileKind, text: &str, take: &mut dyn FnMut(Cells<'_>)) {
    match kind {
        FileKind::Csv => {
            let mut lines = text.lines();
            let headers: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
            for line in lines {
                let cells: Vec<&str> = line.split(',').collect();
                take(&|wanted| {
                    let place = headers.iter().position(|header| *header == wanted);
                    place.and_then(|place| cells.get(place)).map_or("", |cell| cell.trim()).to_owned()
                });
            }
        }
        FileKind::Jsonl => {
            for line in text.lines() {
                let Ok(object) = serde_json::from_str::<serde_json::Value>(line) else { continue };
                take(&|wanted| object[wanted].as_str().unwrap_or_default().trim().to_owned());
            }
        }
    }
}

fn shuffle(rows: &mut [SoldRow], draw: &mut Stream) {
    for place in (1..rows.len()).rev() {
        rows.swap(place, draw.below(place as u32 + 1) as usize);
    }
}
