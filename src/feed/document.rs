//! One document through a format into the collector.

use std::io::Read;

use super::RAW_CAP;
use super::batch::{Collector, Occurrences};
use super::cursor::Place;
use super::encoding;
use super::format::{Format, Piece, Trouble};
use super::frame::{Framed, Framer, MAX_RECORD};
use crate::fault::Fault;
use crate::observation::Observation;

/// Reads a document that is all there, from its first byte to its last.
///
/// # Errors
///
/// When it is not of the configured format at all, which shows before the first
/// of its records is taken; or when the sink stops.
pub(super) fn read_whole(
    name: &str,
    bytes: &[u8],
    format: &mut Format,
    collector: &mut Collector<'_>,
    cursor: &dyn Fn() -> String,
) -> Result<(), Fault> {
    let named = |fault: Fault| fault.in_file(name);
    refuse_foreign(bytes).map_err(named)?;
    collector.pass().bytes += bytes.len() as u64;
    let mut occurrences = Occurrences::of_document();
    if let Some(framing) = format.framing() {
        let framer = Framer::new(bytes, framing, Place::default(), true);
        let mut stream = Stream::new(name, framer);
        let flush = |collector: &mut Collector<'_>, _: Place, _: &Occurrences| collector.flush_if_full(cursor);
        stream.run(format, collector, &mut occurrences, &flush)?;
        if format.has_header() && stream.place().records == 0 {
            return Err(named(Fault::new("expected a header, found an empty document")));
        }
        return Ok(());
    }
    let mut lines = Lines::default();
    let mut record = 0;
    format
        .read_document(bytes, &mut |piece: Piece<'_>| {
            record += 1;
            match piece.seen {
                Ok(mut seen) => collector.take(&mut seen, &mut occurrences),
                Err(mut fault) => {
                    fault.byte = piece.byte;
                    fault.line = piece.byte.map(|byte| lines.at(bytes, byte));
                    collector.reject(named(fault.at_record(record)), &piece.raw, &mut occurrences);
                }
            }
            collector.flush_if_full(cursor)
        })
        .map_err(|fault| if fault.file.is_some() { fault } else { named(fault) })
}

/// What hands over a full batch: it knows how to write the cursor.
pub(super) type Flush<'a> = &'a dyn Fn(&mut Collector<'_>, Place, &Occurrences) -> Result<(), Fault>;

/// Records from a document's beginning that may be unreadable before the whole
/// is taken for another format.
const TRIAL: usize = 100;

/// Records of a stream.
pub(super) struct Stream<'n, R> {
    name: &'n str,
    framer: Framer<R>,
    /// Whether no record has been read in this pass: the moment at which a
    /// wrong preset is told from a damaged record.
    first: bool,
    /// Unreadable records from the document's beginning on; `None` once one
    /// could be read, or where reading began further on. They are held back
    /// because a wrong preset would otherwise send a whole log to quarantine
    /// and move the cursor past it.
    trial: Option<Vec<(Fault, Vec<u8>)>>,
}

impl<'n, R: Read> Stream<'n, R> {
    /// A stream named `name` in messages.
    pub(super) fn new(name: &'n str, framer: Framer<R>) -> Self {
        let trial = (framer.place().byte == 0).then(Vec::new);
        Self { name, framer, first: true, trial }
    }

    /// Where the next record begins.
    pub(super) fn place(&self) -> Place {
        self.framer.place()
    }

    /// Reads all records that are there.
    pub(super) fn run(
        &mut self,
        format: &mut Format,
        collector: &mut Collector<'_>,
        occurrences: &mut Occurrences,
        flush: Flush<'_>,
    ) -> Result<(), Fault> {
        let name = self.name;
        let header = u64::from(format.has_header());
        let mut seen = Vec::new();
        while let Some(mut framed) =
            self.framer.next().map_err(|error| Fault::new(format!("cannot be read: {error}")).in_file(name))?
        {
            let place = framed.place;
            let located = |fault| located(fault, place, header).in_file(name);
            if place.byte == 0 {
                refuse_foreign(framed.bytes).map_err(|fault| fault.in_file(name))?;
                framed.bytes = encoding::without_mark(framed.bytes);
            }
            if place.records < header {
                format.read_header(framed.bytes).map_err(located)?;
                continue;
            }
            match read_framed(format, &framed, &mut seen) {
                Ok(()) => {
                    end_trial(&mut self.trial, collector, occurrences);
                    collector.take(&mut seen, occurrences);
                }
                Err(Trouble::Document(fault)) if self.first => return Err(located(fault)),
                Err(Trouble::Document(fault) | Trouble::Record(fault)) => match &mut self.trial {
                    Some(trial) => hold_back(trial, located(fault), framed.bytes)?,
                    None => collector.reject(located(fault), framed.bytes, occurrences),
                },
            }
            self.first = false;
            if self.trial.is_none() {
                flush(collector, self.framer.place(), occurrences)?;
            }
        }
        end_trial(&mut self.trial, collector, occurrences);
        Ok(())
    }
}

/// Keeps an unreadable record until the document has shown what it is.
fn hold_back(trial: &mut Vec<(Fault, Vec<u8>)>, fault: Fault, bytes: &[u8]) -> Result<(), Fault> {
    trial.push((fault, bytes[..bytes.len().min(RAW_CAP)].to_vec()));
    if trial.len() < TRIAL {
        return Ok(());
    }
    let first = trial.swap_remove(0).0;
    let what = format!("none of the first {TRIAL} records can be read; the first: {}", first.what);
    Err(Fault { what, ..first }.hint("check format.preset and the other settings of the format"))
}

fn end_trial(trial: &mut Option<Vec<(Fault, Vec<u8>)>>, collector: &mut Collector<'_>, occurrences: &mut Occurrences) {
    for (fault, bytes) in trial.take().into_iter().flatten() {
        collector.reject(fault, &bytes, occurrences);
    }
}

fn read_framed(format: &mut Format, framed: &Framed<'_>, seen: &mut Vec<Observation>) -> Result<(), Trouble> {
    if let Some(length) = framed.overlong {
        return Err(Fault::new(format!("expected a record of at most {MAX_RECORD} bytes, found {length}")).into());
    }
    seen.clear();
    format.read_record(framed.bytes, seen)
}

fn located(fault: Fault, place: Place, header: u64) -> Fault {
    fault.at_record((place.records + 1).saturating_sub(header).max(1)).at_line(place.lines + 1).at_byte(place.byte)
}

/// Refuses what is sometimes sent in the place of a feed.
fn refuse_foreign(bytes: &[u8]) -> Result<(), Fault> {
    if encoding::is_utf16(bytes) {
        return Err(Fault::new("expected UTF-8 or GB18030, found UTF-16").hint("export it as UTF-8"));
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        return Err(Fault::new("expected text, found an Excel workbook or an archive").hint("export it as CSV"));
    }
    let start = encoding::without_mark(bytes).trim_ascii_start();
    let is = |word: &[u8]| start.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
    if is(b"<!doctype html") || is(b"<html") {
        return Err(Fault::new("expected records, found an HTML page")
            .hint("a login page, an error page or a proxy answered: check address and credentials"));
    }
    Ok(())
}

/// Line numbers for rising byte offsets.
#[derive(Default)]
struct Lines {
    byte: usize,
    lines: u64,
}

impl Lines {
    fn at(&mut self, bytes: &[u8], byte: u64) -> u64 {
        let byte = usize::try_from(byte).unwrap_or(bytes.len()).clamp(self.byte, bytes.len());
        self.lines += memchr::memchr_iter(b'\n', &bytes[self.byte..byte]).count() as u64;
        self.byte = byte;
        self.lines + 1
    }
}
