//! Books: a zip archive of XML, each sheet handed out as text.
//!
//! calamine builds a sheet in memory or trusts its dimensions, so quick-xml
//! reads the cells here. Parts that are neither sheets nor known furniture are
//! handed out as ordinary entries: a book may carry a whole dump beside its
//! sheets.

mod sheet;
mod strings;
mod workbook;
pub(crate) mod xml;

use super::Stop;
use super::metered::Metered;
use super::name;
use super::strings::Strings;
use super::walk::{ReadSeek, Walk};
use super::zip::{Entry, Opened};
use crate::fault::Fault;
use sheet::SheetText;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use workbook::{Relation, Sheet};
use xml::Xml;

const WORKBOOK: &str = "xl/workbook.xml";
const RELATIONS: &str = "xl/_rels/workbook.xml.rels";
const STRINGS: &str = "xl/sharedstrings.xml";

/// Parts that hold no data. Whatever pretends to be one goes unread.
const FURNITURE: [&str; 8] = [
    "[content_types].xml",
    "_rels/.rels",
    RELATIONS,
    "docprops/app.xml",
    "docprops/core.xml",
    "docprops/custom.xml",
    "xl/styles.xml",
    "xl/calcchain.xml",
];
const FURNITURE_FOLDERS: [&str; 4] = ["xl/theme/", "xl/media/", "xl/printersettings/", "xl/worksheets/_rels/"];

impl<'a> Walk<'a> {
    /// Hands out an archive's sheets, if it is a book; returns the entries that need no more reading.
    pub(super) fn book(
        &mut self,
        book: &str,
        archive: &mut dyn ReadSeek,
        entries: &[Entry],
    ) -> Result<BTreeSet<usize>, Stop> {
        let parts = Parts::new(entries);
        let mut read = BTreeSet::new();
        if parts.find("xl/workbook.bin").is_some() {
            let fault = Fault::new("is an xlsb book, whose sheets are not read").in_file(book);
            self.fault(fault.hint("save it as xlsx"));
        }
        let Some(sheets) = self.part(book, archive, entries, parts.find(WORKBOOK), workbook::sheets) else {
            return Ok(read);
        };
        let relations = self.part(book, archive, entries, parts.find(RELATIONS), workbook::relations);
        let relations = relations.unwrap_or_default();
        let strings_at = relations
            .values()
            .find(|relation| relation.kind.ends_with("/sharedStrings"))
            .and_then(|relation| parts.find(&relation.part))
            .or_else(|| parts.find(STRINGS));
        read.extend(parts.find(WORKBOOK));
        read.extend(strings_at);
        read.extend(parts.furniture());

        let mut texts = Strings::new(self.budget);
        self.part(book, archive, entries, strings_at, |xml| strings::read(xml, &mut texts));
        for (number, sheet) in sheets.iter().enumerate() {
            let name = name::inside(book, sheet.name.as_bytes());
            match parts.find(&sheet_part(sheet, number, &relations)) {
                None => self.fault(Fault::new("the book has no such sheet: its part is missing").in_file(name)),
                Some(at) if !read.insert(at) => {
                    self.fault(Fault::new("is the same part of the book as another sheet: read once").in_file(name));
                }
                Some(at) => {
                    if !self.next_entry(book) {
                        return Ok(read);
                    }
                    self.sheet(&name, archive, &entries[at], &texts)?;
                }
            }
        }
        Ok(read)
    }

    fn sheet(
        &mut self,
        name: &str,
        archive: &mut dyn ReadSeek,
        entry: &Entry,
        strings: &Strings<'_>,
    ) -> Result<(), Stop> {
        let budget = self.budget;
        match Opened::new(entry, archive, name, &mut None) {
            Ok(opened) => {
                let xml = Xml::new(Metered::new(opened, name, budget));
                self.stream(name, &mut Metered::new(SheetText::new(xml, strings), name, budget))
            }
            Err(error) => {
                self.report(name, error);
                Ok(())
            }
        }
    }

    /// Reads a part of the book that is no sheet; None if it is missing or cannot be read.
    fn part<T>(
        &mut self,
        book: &str,
        archive: &mut dyn ReadSeek,
        entries: &[Entry],
        at: Option<usize>,
        read: impl FnOnce(&mut Xml<&mut dyn Read>) -> io::Result<T>,
    ) -> Option<T> {
        let entry = &entries[at?];
        if !self.next_entry(book) {
            return None;
        }
        let name = name::inside(book, &entry.name);
        let budget = self.budget;
        let result = Opened::new(entry, archive, &name, &mut None)
            .and_then(|opened| read(&mut Xml::new(&mut Metered::new(opened, &name, budget))));
        result.map_err(|error| self.report(&name, error)).ok()
    }
}

/// The part of a sheet: by its relation, or by its number where that is missing.
fn sheet_part(sheet: &Sheet, number: usize, relations: &BTreeMap<String, Relation>) -> String {
    match relations.get(&sheet.id) {
        Some(relation) => relation.part.clone(),
        None => format!("xl/worksheets/sheet{}.xml", number + 1),
    }
}

/// Names of parts differ in case, and some writers use backslashes.
fn part_name(raw: &[u8]) -> String {
    String::from_utf8_lossy(raw).replace('\\', "/").to_ascii_lowercase()
}

/// The entries by name. Maps, since a hostile book may have a hundred thousand of everything.
struct Parts(BTreeMap<String, usize>);

impl Parts {
    fn new(entries: &[Entry]) -> Self {
        // of several with one name the first counts, so the last is put in first
        Self(entries.iter().enumerate().rev().map(|(at, entry)| (part_name(&entry.name), at)).collect())
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.0.get(&part_name(name.as_bytes())).copied()
    }

    fn furniture(&self) -> impl Iterator<Item = usize> {
        let is_furniture =
            |part: &str| FURNITURE.contains(&part) || FURNITURE_FOLDERS.iter().any(|folder| part.starts_with(folder));
        self.0.iter().filter(move |(part, _)| is_furniture(part)).map(|(_, &at)| at)
    }
}
