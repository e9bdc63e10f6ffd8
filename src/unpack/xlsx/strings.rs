//! Reads the part of shared strings.

use super::xml::{self, Xml};
use crate::unpack::strings::Strings;
use quick_xml::events::Event;
use std::io::{self, Read};

/// Reads them all; after an error, those before it are there.
pub(super) fn read(xml: &mut Xml<&mut dyn Read>, strings: &mut Strings<'_>) -> io::Result<()> {
    let mut in_text = false;
    // how to pronounce a text is a text as well, which cells do not show
    let mut in_phonetic = false;
    loop {
        let event = xml.next()?;
        match &event {
            Event::Start(element) => match element.local_name().as_ref() {
                "t" => in_text = !in_phonetic,
                "rPh" => in_phonetic = true,
                _ => {}
            },
            Event::Empty(element) if element.local_name().as_ref() == "si" => strings.end()?,
            Event::End(element) => match element.local_name().as_ref() {
                "si" => strings.end()?,
                "t" => in_text = false,
                "rPh" => in_phonetic = false,
                _ => {}
            },
            Event::Eof => return Ok(()),
            event if in_text => {
                if let Some(text) = xml::text(event) {
                    strings.push(&text)?;
                }
            }
            _ => {}
        }
    }
}
