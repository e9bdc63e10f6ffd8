//! A workbook's shared strings: read, and written with more of them.

use std::collections::HashMap;
use std::io::{Read, Write};

use quick_xml::events::Event;

use super::insertions::Insertions;
use super::tag::{self, escaped, is_escape, spliced};
use super::xml::{Document, local, write_raw};
use super::{Failed, written};
use crate::fault::Fault;
use crate::unpack::xml;

/// Of all texts together; a workbook of a million rows has some hundred megabytes.
const MAX_BYTES: usize = 2 << 30;

/// All shared strings in one piece, since a million small allocations cost more than their contents.
#[derive(Default)]
pub(super) struct Texts {
    text: String,
    /// Where each ends, and whether parts of it have formats of their own.
    ends: Vec<(usize, bool)>,
}

impl Texts {
    pub(super) fn read(input: &mut dyn Read) -> Result<Self, Fault> {
        let mut document = Document::new(input)?;
        let mut texts = Self::default();
        let (mut in_text, mut in_phonetic, mut is_rich) = (false, false, false);
        loop {
            let event = document.next()?;
            match &event {
                Event::Start(_) => match local(&event) {
                    "t" => in_text = !in_phonetic,
                    "r" => is_rich = true,
                    "rPh" => in_phonetic = true,
                    _ => {}
                },
                Event::Empty(_) if local(&event) == "si" => texts.ends.push((texts.text.len(), false)),
                Event::End(_) => match local(&event) {
                    "si" => texts.ends.push((texts.text.len(), std::mem::take(&mut is_rich))),
                    "t" => in_text = false,
                    "rPh" => in_phonetic = false,
                    _ => {}
                },
                Event::Eof => return Ok(texts),
                event if in_text => {
                    texts.text.push_str(&xml::text(event).unwrap_or_default());
                    if texts.text.len() > MAX_BYTES {
                        return Err(Fault::new(format!("expected shared strings of at most {MAX_BYTES} bytes")));
                    }
                }
                _ => {}
            }
            if texts.ends.len() > u32::MAX as usize / 2 {
                return Err(Fault::new("expected fewer shared strings"));
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The text of a number, as XML has it.
    pub(super) fn get(&self, number: usize) -> Option<&str> {
        let (end, _) = *self.ends.get(number)?;
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before].0);
        Some(&self.text[start..end])
    }

    /// Adds the numbers of those of `wanted` that are there, without formats of their own.
    pub(super) fn find(&self, wanted: &mut HashMap<String, Option<u32>>) {
        let plain = self.ends.iter().enumerate().filter(|(_, (_, is_rich))| !is_rich);
        for (number, _) in plain {
            if let Some(found) = self.get(number).and_then(|text| wanted.get_mut(&*unescaped(text))) {
                found.get_or_insert(number as u32);
            }
        }
    }
}

/// What is done to the shared strings.
pub(super) enum Change<'a> {
    /// Texts are put in, in the order of their numbers, and so many cells more use one.
    Insert { at: &'a Insertions, texts: &'a [String], uses: u64 },
    /// They are taken out again.
    Remove { at: &'a Insertions, uses: u64 },
}

/// Writes the shared strings with a change.
pub(super) fn rewrite(
    input: &mut dyn Read,
    out: &mut dyn Write,
    change: &Change<'_>,
    failed: Failed<'_>,
) -> Result<(), Fault> {
    let mut document = Document::new(input)?;
    written(out.write_all(document.mark), failed)?;
    let (mut old, mut new, mut is_out, mut prefix) = (0u32, 0u32, false, String::new());
    loop {
        let event = document.next()?;
        match &event {
            Event::Start(start) | Event::Empty(start) if local(&event) == "sst" => {
                prefix = tag::prefix(tag::name(start)).to_owned();
                let (open, close) = if matches!(event, Event::Start(_)) { ("<", ">") } else { ("<", "/>") };
                written(write!(out, "{open}{}{close}", counted(start, change)), failed)?;
                continue;
            }
            Event::Start(_) | Event::Empty(_) if local(&event) == "si" => match change {
                Change::Insert { at, texts, .. } => {
                    insert(out, at, texts, old, &mut new, &prefix, failed)?;
                    (old, new) = (old + 1, new + 1);
                }
                Change::Remove { at, .. } => {
                    is_out = at.backward(new).is_none();
                    new += 1;
                    if is_out && matches!(event, Event::Empty(_)) {
                        is_out = false;
                        continue;
                    }
                }
            },
            Event::End(_) if local(&event) == "si" && is_out => {
                is_out = false;
                continue;
            }
            Event::End(_) if local(&event) == "sst" => {
                if let Change::Insert { at, texts, .. } = change {
                    insert(out, at, texts, old, &mut new, &prefix, failed)?;
                }
            }
            Event::Eof => return Ok(()),
            _ => {}
        }
        if !is_out {
            written(write_raw(&event, out), failed)?;
        }
    }
}

/// Writes the texts that stand before the next old one.
fn insert(
    out: &mut dyn Write,
    at: &Insertions,
    texts: &[String],
    old: u32,
    new: &mut u32,
    prefix: &str,
    failed: Failed<'_>,
) -> Result<(), Fault> {
    let p = prefix;
    for _ in 0..at.before(old) {
        let place = at.numbers().take_while(|number| number < new).count();
        let space = space(&texts[place]);
        written(write!(out, "<{p}si><{p}t{space}>{}</{p}t></{p}si>", escaped(&texts[place])), failed)?;
        *new += 1;
    }
    Ok(())
}

/// What says that blanks at the ends of a text count.
pub(super) fn space(text: &str) -> &'static str {
    let has_space = text.trim() != text || text.contains('\n');
    if has_space { " xml:space=\"preserve\"" } else { "" }
}

/// The tag with its counts put right.
fn counted(tag: &str, change: &Change<'_>) -> String {
    let (strings, uses, is_more) = match change {
        Change::Insert { at, uses, .. } => (at.len() as u64, *uses, true),
        Change::Remove { at, uses } => (at.len() as u64, *uses, false),
    };
    let mut edits = Vec::new();
    for (name, by) in [("uniqueCount", strings), ("count", uses)] {
        let Some(place) = tag::attribute(tag, name) else { continue };
        let Ok(number) = tag[place.clone()].parse::<u64>() else { continue };
        let number = if is_more { number.checked_add(by) } else { number.checked_sub(by) };
        edits.extend(number.map(|number| (place, number.to_string())));
    }
    spliced(tag, &mut edits)
}

/// A text as its reader sees it: Excel writes some characters as `_xHHHH_`.
pub(super) fn unescaped(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains("_x") {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let char = is_escape(rest).then(|| match &rest[2..6] {
            "005F" | "005f" => Some('_'),
            "000D" | "000d" => Some('\r'),
            "000A" | "000a" => Some('\n'),
            "0009" => Some('\t'),
            _ => None,
        });
        let length = if char.flatten().is_some() { 7 } else { 1 };
        out.push(char.flatten().unwrap_or('_'));
        rest = &rest[length..];
    }
    out.push_str(rest);
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SST: &str = "<?xml version=\"1.0\"?>\n<sst xmlns=\"m\" count=\"9\" uniqueCount=\"3\"><si><t>a</t></si>\n\
        <si><r><rPr><b/></rPr><t>b</t></r><r><t xml:space=\"preserve\"> c</t></r><rPh><t>x</t></rPh></si><si/>\n</sst>";

    fn changed(xml: &str, change: &Change<'_>) -> String {
        let mut out = Vec::new();
        rewrite(&mut xml.as_bytes(), &mut out, change, &|error| panic!("{error}")).expect("it is sound");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn texts_are_read_by_their_numbers() {
        let texts = Texts::read(&mut SST.as_bytes()).expect("it is sound");

        assert_eq!((texts.len(), texts.get(0), texts.get(1), texts.get(2)), (3, Some("a"), Some("b c"), Some("")));
        let mut wanted = HashMap::from(["a", "b c", "d"].map(|text| (text.to_owned(), None)));
        texts.find(&mut wanted);
        assert_eq!((wanted["a"], wanted["b c"], wanted["d"]), (Some(0), None, None));
    }

    #[test]
    fn texts_are_put_in_where_they_belong_and_taken_out_again() {
        let at = Insertions::new(vec![1, 1, 3]);
        let texts = ["x & y", " z", "end"].map(str::to_owned);

        let more = changed(SST, &Change::Insert { at: &at, texts: &texts, uses: 4 });

        let read = Texts::read(&mut more.as_bytes()).expect("it is sound");
        let all: Vec<_> = (0..read.len()).filter_map(|number| read.get(number)).collect();
        assert_eq!(all, ["a", "x & y", " z", "b c", "", "end"]);
        assert!(more.contains("count=\"13\" uniqueCount=\"6\""), "{more}");
        assert!(more.contains("<si><t xml:space=\"preserve\"> z</t></si>"), "{more}");
        assert_eq!(changed(&more, &Change::Remove { at: &at, uses: 4 }), SST);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(text in "[ -~一\r\n\t]{0,20}|_x[0-9A-F]{4}_") {
            let raw = escaped(&text);
            let xml = format!("<sst><si><t>{raw}</t></si></sst>");
            let read = Texts::read(&mut xml.as_bytes()).expect("it is sound");

            prop_assert_eq!(unescaped(read.get(0).expect("one")), text);
        }
    }
}
