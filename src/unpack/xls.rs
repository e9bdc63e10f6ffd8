//! Books of Excel 5 to 2003: records in a compound file.
//!
//! calamine lays a sheet out densely, so two cells far apart ask for more memory
//! than there is, which nobody can catch; here cells are written as their records
//! come. The `cfb` crate reads the file system around them.

mod globals;
mod records;
mod sheet;

use super::Stop;
use super::metered::Metered;
use super::name;
use super::walk::{ReadSeek, Walk};
use crate::fault::Fault;
use globals::{Globals, encrypted};
use sheet::SheetText;
use std::io::{Read, Seek, SeekFrom};

/// Above, a compound file is not opened: its tables are held in memory, and Excel wrote none so large.
const MAX_BYTES: u64 = 1 << 30;

impl<'a> Walk<'a> {
    /// Hands out a book's sheets; false if the compound file is something else.
    pub(super) fn xls(&mut self, name: &str, content: &mut dyn ReadSeek) -> Result<bool, Stop> {
        match content.seek(SeekFrom::End(0)) {
            Ok(bytes) if bytes <= MAX_BYTES => {}
            Ok(bytes) => {
                let what = format!("is a compound file of {bytes} bytes, too large to be opened: read as it is");
                self.fault(Fault::new(what).in_file(name));
                return Ok(false);
            }
            Err(error) => {
                self.report(name, error);
                return Ok(true);
            }
        }
        let Ok(mut file) = cfb::CompoundFile::open(content) else {
            self.fault(Fault::new("is a damaged compound file, as of an xls book: read as it is").in_file(name));
            return Ok(false);
        };
        if file.is_stream("/EncryptedPackage") {
            self.fault(encrypted().in_file(name));
            self.enter();
            return Ok(true);
        }
        let Some(mut stream) = ["/Workbook", "/Book"].iter().find_map(|book| file.open_stream(book).ok()) else {
            return Ok(false);
        };
        self.enter();
        let globals = match Globals::read(&mut stream, self.budget) {
            Ok(globals) => globals,
            Err(error) => {
                self.report(name, error);
                return Ok(true);
            }
        };
        if let Some(fault) = globals.fault.clone() {
            self.fault(fault.in_file(name));
        }
        self.xls_sheets(name, &globals, &mut stream)?;
        Ok(true)
    }
    fn xls_sheets(&mut self, book: &str, globals: &Globals<'_>, stream: &mut (impl Read + Seek)) -> Result<(), Stop> {
        let budget = self.budget;
        for sheet in &globals.sheets {
            if !self.next_entry(book) {
                return Ok(());
            }
            let name = name::inside(book, sheet.name.as_bytes());
            if sheet.start >= sheet.until {
                self.fault(Fault::new("is in the same place as another sheet: read once").in_file(name));
                continue;
            }
            if stream.seek(SeekFrom::Start(sheet.start)).is_err() {
                let fault = Fault::new("the xls book ends before the sheet begins").at_byte(sheet.start);
                self.fault(fault.in_file(name));
                continue;
            }
            let content = stream.by_ref().take(sheet.until - sheet.start);
            let text = SheetText::new(content, globals.script, &globals.strings);
            self.stream(&name, &mut Metered::new(text, &name, budget))?;
        }
        Ok(())
    }
}
