//! Documents that are read and written again byte for byte.

use std::io::{self, BufRead, BufReader, Read, Write};

use quick_xml::events::Event;

use super::package::unreadable;
use crate::fault::Fault;
use crate::unpack::xml::Xml;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// A document, event by event.
pub(super) struct Document<R> {
    xml: Xml<BufReader<R>>,
    /// What stands in front of it: a byte order mark, which the reader swallows.
    pub(super) mark: &'static [u8],
}

impl<R: Read> Document<R> {
    pub(super) fn new(inner: R) -> Result<Self, Fault> {
        let mut reader = BufReader::with_capacity(64 << 10, inner);
        let head = reader.fill_buf().map_err(unreadable)?;
        if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
            return Err(
                Fault::new("expected UTF-8, found UTF-16").hint("open it in a spreadsheet program and save it again")
            );
        }
        let mark = if head.starts_with(BOM) { BOM } else { &[] };
        Ok(Self { xml: Xml::exact(reader), mark })
    }

    pub(super) fn next(&mut self) -> Result<Event<'_>, Fault> {
        let at = self.xml.position();
        let event = self.xml.next().map_err(unreadable)?;
        match &event {
            // Whatever it declares would have to be understood.
            Event::DocType(_) => Err(Fault::new("expected no document type in a workbook's part").at_byte(at)),
            // A part that is cut off is another part once a reader closes what is open.
            _ => Ok(event),
        }
    }
}

/// An element's name without its prefix, where an event begins or ends one.
pub(super) fn local<'e>(event: &'e Event<'_>) -> &'e str {
    let name = match event {
        Event::Start(tag) | Event::Empty(tag) => super::tag::name(tag),
        Event::End(tag) => tag.trim_end(),
        _ => return "",
    };
    super::tag::local(name)
}

/// Appends an event as it stood in the document.
pub(super) fn push_raw(event: &Event<'_>, out: &mut String) {
    let (before, after) = around(event);
    out.push_str(before);
    out.push_str(event);
    out.push_str(after);
}

/// Writes an event as it stood in the document.
pub(super) fn write_raw(event: &Event<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (before, after) = around(event);
    out.write_all(before.as_bytes())?;
    out.write_all(event.as_bytes())?;
    out.write_all(after.as_bytes())
}

fn around(event: &Event<'_>) -> (&'static str, &'static str) {
    match event {
        Event::Start(_) => ("<", ">"),
        Event::Empty(_) => ("<", "/>"),
        Event::End(_) => ("</", ">"),
        Event::Comment(_) => ("<!--", "-->"),
        Event::CData(_) => ("<![CDATA[", "]]>"),
        Event::Decl(_) | Event::PI(_) => ("<?", "?>"),
        Event::DocType(_) => ("<!DOCTYPE", ">"),
        Event::GeneralRef(_) => ("&", ";"),
        Event::Text(_) | Event::Eof => ("", ""),
    }
}
