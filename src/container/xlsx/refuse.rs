//! Workbooks that cannot be planted into without giving the rows away, or without breaking something.

use std::io::Read;

use quick_xml::events::Event;

use super::book::{Book, Relation};
use super::shift::is_same_name;
use super::tag;
use super::xml::{Document, local};
use crate::fault::Fault;
use crate::unpack::xml::attribute;

/// What a sheet may have beside its cells.
const KNOWN: [&str; 10] = [
    "hyperlink",
    "printerSettings",
    "drawing",
    "vmlDrawing",
    "comments",
    "threadedComment",
    "table",
    "image",
    "customProperty",
    "slicer",
];

/// Refuses what a sheet has that cannot follow its rows.
pub(super) fn refuse(book: &mut Book, sheet: usize, relations: &[Relation]) -> Result<(), Fault> {
    let name = book.sheets[sheet].name.clone();
    let as_csv = "save the sheet as CSV and plant into that, or take it out of the workbook";
    if let Some(other) = relations.iter().find(|relation| !KNOWN.contains(&relation.kind.as_str())) {
        let what = format!("sheet {name:?} has a {}, which cannot follow added rows", other.kind.escape_debug());
        return Err(Fault::new(what).hint(as_csv));
    }
    let parts: Vec<(String, usize)> = book.package.names().map(|(name, part)| (name.to_owned(), part)).collect();
    for (path, part) in parts {
        if path.starts_with("xl/revisions/") || path == "xl/volatiledependencies.xml" {
            return Err(Fault::new(format!("the workbook has {path}, which cannot follow added rows"))
                .hint("stop sharing the workbook, or save the sheet as CSV and plant into that"));
        }
        let is_cache = path.starts_with("xl/pivotcache/") && path.contains("definition") && path.ends_with(".xml");
        if is_cache && book.package.part(part, |input| is_about(input, &name))? {
            let what =
                format!("a pivot table keeps a copy of the rows of sheet {name:?}, which would lack the planted ones");
            return Err(Fault::new(what).hint("take the pivot table out, or save the sheet as CSV and plant into that"));
        }
    }
    Ok(())
}

/// Whether a pivot table's cache is about a sheet. One that says so by another name (a table's, a range's) may be.
fn is_about(input: &mut dyn Read, sheet: &str) -> Result<bool, Fault> {
    let mut document = Document::new(input)?;
    loop {
        let event = document.next()?;
        match &event {
            Event::Start(tag) | Event::Empty(tag) if matches!(local(&event), "worksheetSource" | "rangeSet") => {
                let named = attribute(tag, "sheet");
                let is_elsewhere = tag::attributes(tag).any(|(key, _)| tag::local(&tag[key]) == "id");
                if !is_elsewhere && named.is_none_or(|named| is_same_name(&named, sheet)) {
                    return Ok(true);
                }
            }
            Event::Eof => return Ok(false),
            _ => {}
        }
    }
}
