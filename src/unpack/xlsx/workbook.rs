//! The contents page of a book: which sheets, in which parts.

use super::xml::{Xml, attribute};
use quick_xml::events::Event;
use std::collections::BTreeMap;
use std::io::{self, Read};

/// Of sheets and of relations: memory does not grow with a page of a million.
const MOST: usize = 65_536;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sheet {
    pub(super) name: String,
    /// Names a relation.
    pub(super) id: String,
}

/// What a part is to the book.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Relation {
    pub(super) kind: String,
    /// The part, from the archive's root.
    pub(super) part: String,
}

pub(super) fn sheets(xml: &mut Xml<&mut dyn Read>) -> io::Result<Vec<Sheet>> {
    let mut sheets = Vec::new();
    loop {
        match xml.next()? {
            Event::Start(element) | Event::Empty(element) if element.local_name().as_ref() == "sheet" => {
                let name = attribute(&element, "name").unwrap_or_else(|| format!("sheet {}", sheets.len() + 1));
                sheets.push(Sheet { name, id: attribute(&element, "id").unwrap_or_default() });
            }
            Event::Eof => return Ok(sheets),
            _ => {}
        }
        if sheets.len() == MOST {
            return Ok(sheets);
        }
    }
}

/// The relations by their ids.
pub(super) fn relations(xml: &mut Xml<&mut dyn Read>) -> io::Result<BTreeMap<String, Relation>> {
    let mut relations = BTreeMap::new();
    loop {
        match xml.next()? {
            Event::Start(element) | Event::Empty(element) if element.local_name().as_ref() == "Relationship" => {
                let of = |name| attribute(&element, name).unwrap_or_default();
                relations.insert(of("Id"), Relation { kind: of("Type"), part: from_root(&of("Target")) });
            }
            Event::Eof => return Ok(relations),
            _ => {}
        }
        if relations.len() == MOST {
            return Ok(relations);
        }
    }
}

/// Targets are relative to the book's own folder, or begin with `/`.
fn from_root(target: &str) -> String {
    match target.strip_prefix('/') {
        Some(part) => part.to_owned(),
        None => format!("xl/{}", target.trim_start_matches("./")),
    }
}
