//! XML of a stranger, event by event.
//!
//! quick-xml expands no entities, but it holds one event and the names of all
//! open elements in memory; both are bounded here.

use crate::fault::Fault;
use crate::unpack::defect;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use std::borrow::Cow;
use std::io::{self, BufReader, Read};

/// Of one event: a cell's text has at most 32,767 characters.
const MAX_EVENT_BYTES: usize = 4 << 20;
const BUFFER_BYTES: usize = 64 << 10;
const MAX_DEPTH: u32 = 256;

pub(crate) struct Xml<R> {
    reader: quick_xml::Reader<BufReader<Leash<R>>>,
    buffer: Vec<u8>,
    depth: u32,
    has_entities: bool,
}

impl<R: Read> Xml<R> {
    pub(crate) fn new(inner: R) -> Self {
        let leash = Leash { inner, left: 0, failure: None };
        let mut reader = quick_xml::Reader::from_reader(BufReader::with_capacity(BUFFER_BYTES, leash));
        // a bad end must not cost the rest of a sheet
        reader.config_mut().check_end_names = false;
        reader.config_mut().allow_unmatched_ends = true;
        Self { reader, buffer: Vec::new(), depth: 0, has_entities: false }
    }

    /// For who writes the document again: end tags keep the blanks that they have.
    pub(crate) fn exact(inner: R) -> Self {
        let mut xml = Self::new(inner);
        xml.reader.config_mut().trim_markup_names_in_closing_tags = false;
        xml
    }

    pub(crate) fn inner(&self) -> &R {
        &self.reader.get_ref().get_ref().inner
    }

    pub(crate) fn position(&self) -> u64 {
        self.reader.buffer_position()
    }

    /// Whether it used entities of its own, which are not expanded.
    pub(crate) fn has_entities(&self) -> bool {
        self.has_entities
    }

    pub(crate) fn next(&mut self) -> io::Result<Event<'_>> {
        self.buffer.clear();
        self.reader.get_mut().get_mut().left = MAX_EVENT_BYTES;
        let event = match self.reader.read_event_into(&mut self.buffer) {
            Ok(event) => event,
            Err(error) => return Err(word(&mut self.reader, &error)),
        };
        match &event {
            Event::Start(_) => self.depth += 1,
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            Event::GeneralRef(name) => self.has_entities |= resolve(name).is_none(),
            _ => {}
        }
        if self.depth > MAX_DEPTH {
            let fault = Fault::new(format!("XML nested more than {MAX_DEPTH} deep: not read from here on"));
            return Err(defect::failure(fault.at_byte(self.reader.buffer_position())));
        }
        Ok(event)
    }
}

/// Words an error without the parser's text, which quotes content.
fn word<R: Read>(reader: &mut quick_xml::Reader<BufReader<Leash<R>>>, error: &quick_xml::Error) -> io::Error {
    if let Some(failure) = reader.get_mut().get_mut().failure.take() {
        return failure;
    }
    let what = match error {
        quick_xml::Error::Encoding(_) => "the XML is not UTF-8: not read from here on",
        _ => "the XML is damaged: not read from here on",
    };
    defect::failure(Fault::new(what).at_byte(reader.error_position()))
}

/// An event's text, references resolved; those to entities of the document's own stay as they are.
pub(crate) fn text<'e>(event: &'e Event<'_>) -> Option<Cow<'e, str>> {
    match event {
        Event::Text(text) => Some(Cow::Borrowed(text)),
        Event::CData(text) => Some(Cow::Borrowed(text)),
        Event::GeneralRef(name) => Some(resolve(name).map_or_else(|| format!("&{};", &**name).into(), Cow::Owned)),
        _ => None,
    }
}

fn resolve(name: &BytesRef<'_>) -> Option<String> {
    match name.resolve_char_ref() {
        Ok(Some(char)) => Some(char.into()),
        Ok(None) => resolve_predefined_entity(name).map(str::to_owned),
        Err(_) => None,
    }
}

/// An attribute by its local name.
pub(crate) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = element.attributes();
    let found =
        attributes.with_checks(false).flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
    Some(quick_xml::escape::unescape(&found.value).unwrap_or(Cow::Borrowed(&*found.value)).into_owned())
}

/// Ends a read that would make one event too long. It sits below the buffer, whose size it may
/// be over by.
struct Leash<R> {
    inner: R,
    left: usize,
    /// quick-xml shares its errors, and ours are handed on whole.
    failure: Option<io::Error>,
}

impl<R: Read> Read for Leash<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            let what = format!("a piece of XML longer than {MAX_EVENT_BYTES} bytes: not read from here on");
            self.failure = Some(defect::failure(Fault::new(what)));
            return Err(io::ErrorKind::Other.into());
        }
        match self.inner.read(into) {
            Ok(read) => {
                self.left = self.left.saturating_sub(read);
                Ok(read)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                self.failure = Some(error);
                Err(io::ErrorKind::Other.into())
            }
        }
    }
}
