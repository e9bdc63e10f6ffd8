//! A workbook: its sheets, and which part belongs to what.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use quick_xml::events::Event;

use super::package::Package;
use super::strings::Texts;
use super::styles::Styles;
use super::values::Calendar;
use super::xml::{Document, local};
use crate::fault::Fault;
use crate::plant::Expansion;
use crate::unpack::xml::attribute;

/// Of sheets, and of relations of a part.
const MOST: usize = 200_000;

/// An open workbook.
pub(super) struct Book {
    pub(super) package: Package,
    contents: Contents,
}

/// What a workbook consists of.
pub(super) struct Contents {
    /// The part of its contents page.
    pub(super) workbook: usize,
    pub(super) sheets: Vec<Sheet>,
    pub(super) strings: Option<usize>,
    pub(super) styles: Styles,
    pub(super) calendar: Calendar,
}

/// A sheet of cells.
#[derive(Clone, Debug)]
pub(super) struct Sheet {
    pub(super) name: String,
    /// Its part.
    pub(super) part: usize,
    /// The part's name.
    pub(super) path: String,
    /// What the chain of calculations calls it.
    pub(super) id: String,
    pub(super) is_hidden: bool,
}

/// What a part names.
#[derive(Clone, Debug)]
pub(super) struct Relation {
    id: String,
    /// The last word of its type, such as `table`.
    pub(super) kind: String,
    /// The part's name; empty for what is outside the workbook.
    pub(super) path: String,
}

impl Book {
    pub(super) fn open(path: &Path, expansion: Expansion) -> Result<Self, Fault> {
        let mut package = Package::open(path, expansion)?;
        let file = package.file().to_owned();
        match Contents::read(&mut package) {
            Ok(contents) => Ok(Self { package, contents }),
            Err(fault) if fault.file.is_some() => Err(fault),
            Err(fault) => Err(fault.in_file(file)),
        }
    }

    /// The shared strings.
    pub(super) fn texts(&mut self) -> Result<Texts, Fault> {
        match self.strings {
            Some(part) => self.package.part(part, |input| Texts::read(input)),
            None => Ok(Texts::default()),
        }
    }

    /// What a part names.
    pub(super) fn relations(&mut self, path: &str) -> Result<Vec<Relation>, Fault> {
        relations(&mut self.package, path)
    }
}

impl std::ops::Deref for Book {
    type Target = Contents;

    fn deref(&self) -> &Contents {
        &self.contents
    }
}

impl Contents {
    fn read(package: &mut Package) -> Result<Self, Fault> {
        let no_book = || {
            Fault::new("expected a workbook, found another archive")
                .hint("plant into xlsx, CSV, TSV or JSON Lines; unpack other archives first")
        };
        if package.find("xl/workbook.bin").is_some() {
            return Err(Fault::new("is an xlsb workbook, which is not planted into")
                .hint("save it as xlsx or CSV, and plant into that"));
        }
        let root = relations(package, "")?;
        let main = root.iter().find(|relation| relation.kind == "officeDocument");
        let path = main.map_or_else(|| "xl/workbook.xml".to_owned(), |relation| relation.path.clone());
        let workbook = package.find(&path).ok_or_else(no_book)?;
        let of_book = relations(package, &path)?;
        if package.names().any(|(name, _)| name.starts_with("_xmlsignatures/")) {
            return Err(Fault::new("the workbook is signed, and a planted one would not have its signature")
                .hint("plant into a copy that is not signed yet"));
        }
        let (sheets_listed, calendar) = package.part(workbook, |input| listed(input))?;
        let by_id: BTreeMap<&str, &Relation> =
            of_book.iter().map(|relation| (relation.id.as_str(), relation)).collect();
        let mut sheets = Vec::new();
        for Listed { name, id, relation, is_hidden } in sheets_listed {
            // a chart on a sheet of its own has no rows
            let Some(relation) = by_id.get(relation.as_str()).filter(|relation| relation.kind == "worksheet") else {
                continue;
            };
            let part = package.find(&relation.path).ok_or_else(|| {
                Fault::new(format!("the part of sheet {name:?} is missing")).hint("copy the file again")
            })?;
            sheets.push(Sheet { name, part, path: relation.path.clone(), id, is_hidden });
        }
        let of_kind = |kind: &str| of_book.iter().find(|relation| relation.kind == kind);
        let strings = of_kind("sharedStrings").and_then(|relation| package.find(&relation.path));
        let styles = match of_kind("styles").and_then(|relation| package.find(&relation.path)) {
            Some(part) => package.part(part, |input| Styles::read(input))?,
            None => Styles::default(),
        };
        Ok(Self { workbook, sheets, strings, styles, calendar })
    }
}

/// A sheet as the contents page lists it.
struct Listed {
    name: String,
    id: String,
    /// The relation that has its part.
    relation: String,
    is_hidden: bool,
}

/// Reads the contents page.
fn listed(input: &mut dyn Read) -> Result<(Vec<Listed>, Calendar), Fault> {
    let mut document = Document::new(input)?;
    let (mut sheets, mut calendar) = (Vec::new(), Calendar::From1900);
    loop {
        let event = document.next()?;
        match &event {
            Event::Start(tag) | Event::Empty(tag) => match local(&event) {
                "workbookPr" if attribute(tag, "date1904").is_some_and(|value| matches!(&*value, "1" | "true")) => {
                    calendar = Calendar::From1904;
                }
                "sheet" => {
                    let of = |name| attribute(tag, name).unwrap_or_default();
                    let is_hidden = !matches!(&*of("state"), "" | "visible");
                    // of the local names, `id` is the relation's
                    sheets.push(Listed { name: of("name"), id: of("sheetId"), relation: of("id"), is_hidden });
                }
                _ => {}
            },
            Event::Eof => return Ok((sheets, calendar)),
            _ => {}
        }
        if sheets.len() > MOST {
            return Err(Fault::new(format!("expected at most {MOST} sheets")));
        }
    }
}

fn relations(package: &mut Package, path: &str) -> Result<Vec<Relation>, Fault> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let Some(part) = package.find(&format!("{folder}/_rels/{name}.rels")) else { return Ok(Vec::new()) };
    package.part(part, |input| {
        let mut document = Document::new(input)?;
        let mut found = Vec::new();
        loop {
            let event = document.next()?;
            match &event {
                Event::Start(tag) | Event::Empty(tag) if local(&event) == "Relationship" => {
                    let of = |name| attribute(tag, name).unwrap_or_default();
                    let is_outside = of("TargetMode") == "External";
                    let kind = of("Type").rsplit('/').next().unwrap_or_default().to_owned();
                    let path = if is_outside { String::new() } else { resolved(folder, &of("Target")) };
                    found.push(Relation { id: of("Id"), kind, path });
                }
                Event::Eof => return Ok(found),
                _ => {}
            }
            if found.len() > MOST {
                // hyperlinks, one a row: none of them names a part that has references
                return Err(Fault::new(format!("expected at most {MOST} relations of a part"))
                    .hint("save the sheet as CSV and plant into that"));
            }
        }
    })
}

/// A target, which is relative to the folder of the part that names it, or begins with `/`.
fn resolved(folder: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut path: Vec<&str> = folder.split('/').filter(|name| !name.is_empty()).collect();
    for name in target.split('/') {
        match name {
            "." | "" => {}
            ".." => {
                path.pop();
            }
            name => path.push(name),
        }
    }
    path.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_relative_to_their_folder() {
        assert_eq!(resolved("xl", "worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolved("xl/worksheets", "../tables/table1.xml"), "xl/tables/table1.xml");
        assert_eq!(resolved("xl", "/xl/styles.xml"), "xl/styles.xml");
        assert_eq!(resolved("", "./xl/workbook.xml"), "xl/workbook.xml");
        assert_eq!(resolved("", "../../x"), "x");
    }
}
