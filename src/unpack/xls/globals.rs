//! What stands before the sheets: their names and places, and the shared texts.

use super::records::{BOF, EOF, Records, Script, code_page};
use crate::fault::Fault;
use crate::unpack::budget::Budget;
use crate::unpack::defect;
use crate::unpack::strings::Strings;
use std::collections::BTreeSet;
use std::io::{self, Read};

const FILE_PASS: u16 = 0x002f;
const CODE_PAGE: u16 = 0x0042;
const BOUND_SHEET: u16 = 0x0085;
const SHARED_STRINGS: u16 = 0x00fc;

const UNICODE_VERSION: u16 = 0x0600;

pub(super) struct Globals<'b> {
    pub(super) script: Script,
    pub(super) sheets: Vec<Place>,
    pub(super) strings: Strings<'b>,
    /// Why some of the strings are missing.
    pub(super) fault: Option<Fault>,
}

/// Where a sheet is.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) name: String,
    pub(super) start: u64,
    /// Where the next one begins, so that none is read twice; `start` if it is in another's place.
    pub(super) until: u64,
}

impl<'b> Globals<'b> {
    /// Reads the globals, which are at the stream's start.
    pub(super) fn read(stream: &mut dyn Read, budget: &'b Budget) -> io::Result<Self> {
        let mut records = Records::new(stream);
        if records.next()? != Some(BOF) {
            return Err(records.damaged("does not begin as one"));
        }
        let script = match records.u16()? {
            UNICODE_VERSION => Script::Unicode,
            _ => Script::CodePage(code_page(0)),
        };
        let mut globals = Self { script, sheets: Vec::new(), strings: Strings::new(budget), fault: None };
        loop {
            match records.next()? {
                Some(FILE_PASS) => return Err(defect::failure(encrypted())),
                Some(CODE_PAGE) => {
                    if let Script::CodePage(encoding) = &mut globals.script {
                        *encoding = code_page(records.u16()?);
                    }
                }
                Some(BOUND_SHEET) if (globals.sheets.len() as u64) <= budget.entries_left() => {
                    globals.sheets.extend(bound_sheet(&mut records, globals.script)?);
                }
                Some(SHARED_STRINGS) => {
                    if let Err(error) = shared_strings(&mut records, &mut globals.strings) {
                        globals.fault = defect::fault(error);
                    }
                }
                Some(EOF) => break,
                Some(_) => {}
                None => return Err(records.damaged("is cut off")),
            }
        }
        give_room(&mut globals.sheets);
        Ok(globals)
    }
}

/// None for charts and programs.
fn bound_sheet<R: Read>(records: &mut Records<R>, script: Script) -> io::Result<Option<Place>> {
    let start = u64::from(records.u32()?);
    let [_state, kind, chars] = records.bytes()?;
    let name = records.text(usize::from(chars), script)?;
    Ok((kind < 2).then_some(Place { name, start, until: u64::MAX }))
}

fn shared_strings<R: Read>(records: &mut Records<R>, strings: &mut Strings<'_>) -> io::Result<()> {
    let [_uses, count] = [records.u32()?, records.u32()?];
    for _ in 0..count {
        if !records.goes_on()? {
            // cells say whether one of the missing is needed
            break;
        }
        strings.push(&records.rich_text()?)?;
        strings.end()?;
    }
    Ok(())
}

fn give_room(sheets: &mut [Place]) {
    let mut starts: Vec<u64> = sheets.iter().map(|sheet| sheet.start).collect();
    starts.sort_unstable();
    let mut taken = BTreeSet::new();
    for sheet in sheets {
        let behind = starts.partition_point(|&start| start <= sheet.start);
        let next = starts.get(behind).copied().unwrap_or(u64::MAX);
        sheet.until = if taken.insert(sheet.start) { next } else { sheet.start };
    }
}

pub(super) fn encrypted() -> Fault {
    Fault::new("is encrypted: a password is needed to read it").hint("save it without its password first")
}
