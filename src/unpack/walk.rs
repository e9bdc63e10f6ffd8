//! One input, container by container.
//!
//! [`Walk::content`] looks at a stream and peels it; what it finds inside comes
//! back to it one level deeper. The walks over each format extend [`Walk`] in
//! their own files.

use super::budget::Budget;
use super::codec::Codec;
use super::content::Content;
use super::defect;
use super::kind::{HEAD_BYTES, Kind};
use super::metered::Metered;
use super::source::Source;
use super::squeezed::Squeezed;
use super::{Item, Sink, Stop, Totals, Unpacker};
use crate::fault::Fault;
use std::io::{self, BufRead, Read, Seek};

/// What an archive with a directory needs.
pub(super) trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

pub(super) struct Walk<'a> {
    pub(super) unpacker: &'a Unpacker<'a>,
    pub(super) budget: &'a Budget,
    sink: &'a mut dyn Sink,
    totals: Totals,
}

impl<'a> Walk<'a> {
    pub(super) fn new(unpacker: &'a Unpacker<'a>, budget: &'a Budget, sink: &'a mut dyn Sink) -> Self {
        Self { unpacker, budget, sink, totals: Totals { inputs: 1, ..Totals::default() } }
    }

    pub(super) fn totals(&self) -> Totals {
        Totals { unpacked_bytes: self.budget.unpacked_bytes(), ..self.totals }
    }

    /// Takes a stream that has `depth` containers around it.
    pub(super) fn content(&mut self, name: &str, inner: &mut dyn Read, depth: u32) -> Result<(), Stop> {
        let mut source = Source::new(inner);
        let kind = Kind::of(source.peek(HEAD_BYTES));
        if let Err(error) = source.fill_buf() {
            // a layer that gave nothing has no content, not an empty one
            self.report(name, error);
            return Ok(());
        }
        if self.is_too_deep(name, kind, depth) {
            return Ok(());
        }
        match kind {
            Kind::Plain => self.stream(name, &mut source),
            Kind::Foreign(_) => {
                self.refuse_foreign(name, kind);
                self.stream(name, &mut source)
            }
            Kind::Squeezed(codec) => self.squeezed(name, codec, source, depth + 1),
            Kind::Tar => self.tar(name, &mut source, depth + 1),
            Kind::Zip => match self.hold(name, &mut source) {
                Some(mut held) => self.zip(name, &mut held, depth + 1),
                None => Ok(()),
            },
            Kind::Ole => match self.hold(name, &mut source) {
                Some(mut held) => self.ole(name, &mut held),
                None => Ok(()),
            },
        }
    }

    /// Takes a compound file that came as a stream: what is no book is handed out.
    fn ole(&mut self, name: &str, held: &mut dyn ReadSeek) -> Result<(), Stop> {
        if self.xls(name, held)? {
            return Ok(());
        }
        match held.rewind() {
            Ok(()) => self.stream(name, held),
            Err(error) => {
                self.report(name, error);
                Ok(())
            }
        }
    }

    /// Hands out a stream that is no container.
    pub(super) fn stream(&mut self, name: &str, inner: &mut dyn Read) -> Result<(), Stop> {
        let mut content = Content::new(inner);
        self.item(Item::Stream { name, content: &mut content })?;
        if let Some(fault) = content.into_fault() {
            self.fault(in_file(fault, name));
        }
        Ok(())
    }

    pub(super) fn item(&mut self, item: Item<'_>) -> Result<(), Stop> {
        self.totals.items += 1;
        self.sink.item(item)
    }

    /// Whether one container more would be too many; a fault says so.
    pub(super) fn is_too_deep(&mut self, name: &str, kind: Kind, depth: u32) -> bool {
        let limit = self.budget.limits.depth;
        let too_deep = kind.is_container() && depth >= limit;
        if too_deep {
            let what = format!("is a {} container inside {limit} others, too deep to be opened", kind.word());
            self.fault(Fault::new(what).in_file(name).hint("unpack it first, or raise the limit on depth"));
        }
        too_deep
    }

    /// Counts a container that is opened.
    pub(super) fn enter(&mut self) {
        self.totals.containers += 1;
    }

    /// Counts an entry of `container`; false if no more are to be read.
    pub(super) fn next_entry(&mut self, container: &str) -> bool {
        match self.budget.spend_entry() {
            Ok(()) => true,
            Err(fault) => {
                if let Some(fault) = fault {
                    self.fault(fault.in_file(container));
                }
                false
            }
        }
    }

    /// What it holds is handed out as it is: a stored entry may show even so.
    pub(super) fn refuse_foreign(&mut self, name: &str, kind: Kind) {
        let what = format!("is a {} file, which is read as it is, still packed", kind.word());
        let hint = match kind {
            Kind::Foreign("Parquet") => "write its rows as CSV first, as DuckDB does with COPY",
            _ => "unpack it first",
        };
        self.fault(Fault::new(what).in_file(name).hint(hint));
    }

    /// Reports a reader's failure, unless that was done before.
    pub(super) fn report(&mut self, name: &str, error: io::Error) {
        if let Some(fault) = defect::fault(error) {
            self.fault(in_file(fault, name));
        }
    }

    /// Reports a defect, unless there were too many: a table of 65,536 sheets that do not exist packs to nothing,
    /// and whoever collects faults would hold one for each.
    pub(super) fn fault(&mut self, fault: Fault) {
        if let Some(fault) = self.budget.spend_fault(fault) {
            self.totals.faults += 1;
            self.sink.fault(fault);
        }
    }

    fn squeezed(&mut self, name: &str, codec: Codec, source: Source<&mut dyn Read>, depth: u32) -> Result<(), Stop> {
        self.enter();
        match Squeezed::new(codec, source, name) {
            Ok(layer) => self.content(name, &mut Metered::new(layer, name, self.budget), depth),
            Err(error) => {
                self.report(name, error);
                Ok(())
            }
        }
    }
}

/// A lower layer's fault names that layer; another gets the name of where it surfaced.
fn in_file(fault: Fault, name: &str) -> Fault {
    if fault.file.is_some() { fault } else { fault.in_file(name) }
}

impl Totals {
    pub(super) fn add(&mut self, other: &Self) {
        self.inputs += other.inputs;
        self.containers += other.containers;
        self.items += other.items;
        self.unpacked_bytes += other.unpacked_bytes;
        self.faults += other.faults;
    }
}
