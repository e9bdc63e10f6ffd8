//! Which cells are dates: a workbook says so by the format of a cell alone.

use std::io::Read;

use quick_xml::events::Event;

use super::xml::{Document, local};
use crate::fault::Fault;
use crate::unpack::xml::attribute;

/// Excel has 64,000 formats of cells.
const MAX_STYLES: usize = 100_000;

/// What a number is, by its format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Shows {
    #[default]
    Number,
    /// A date, with or without a time of day.
    Date { time: bool },
    /// A time of day.
    Time,
}

/// What each style of a workbook shows.
#[derive(Clone, Debug, Default)]
pub(super) struct Styles(Vec<Shows>);

impl Styles {
    pub(super) fn shows(&self, style: usize) -> Shows {
        self.0.get(style).copied().unwrap_or_default()
    }

    pub(super) fn read(input: &mut dyn Read) -> Result<Self, Fault> {
        let mut document = Document::new(input)?;
        let (mut formats, mut styles, mut in_cells) = (Vec::new(), Vec::new(), false);
        loop {
            let event = document.next()?;
            match &event {
                Event::Start(tag) | Event::Empty(tag) => match local(&event) {
                    "numFmt" => {
                        let id = attribute(tag, "numFmtId").and_then(|id| id.parse::<u32>().ok());
                        formats.extend(id.zip(attribute(tag, "formatCode")));
                    }
                    "cellXfs" => in_cells = matches!(event, Event::Start(_)),
                    "xf" if in_cells => {
                        let id = attribute(tag, "numFmtId").and_then(|id| id.parse().ok()).unwrap_or(0);
                        let own = formats.iter().find(|(own, _): &&(u32, String)| *own == id);
                        styles.push(own.map_or_else(|| built_in(id), |(_, code)| of_code(code)));
                    }
                    _ => {}
                },
                Event::End(_) if local(&event) == "cellXfs" => in_cells = false,
                Event::Eof => return Ok(Self(styles)),
                _ => {}
            }
            if styles.len() > MAX_STYLES || formats.len() > MAX_STYLES {
                return Err(Fault::new(format!("expected at most {MAX_STYLES} formats of cells")));
            }
        }
    }
}

/// Formats that need no code; 27 to 36 and 50 to 58 are dates in Chinese, Japanese and Korean.
fn built_in(id: u32) -> Shows {
    match id {
        14..=17 | 27..=31 | 36 | 50..=54 | 57 | 58 => Shows::Date { time: false },
        22 => Shows::Date { time: true },
        18..=21 | 32..=35 | 45 | 47 | 55 | 56 => Shows::Time,
        _ => Shows::Number,
    }
}

/// Reads a format's code, such as `yyyy"年"m"月"d"日" h:mm;@`.
fn of_code(code: &str) -> Shows {
    let (mut date, mut time, mut is_elapsed) = (false, false, false);
    let mut chars = code.chars();
    while let Some(char) = chars.next() {
        match char {
            '"' => {
                chars.find(|char| *char == '"');
            }
            '\\' | '_' | '*' => {
                chars.next();
            }
            '[' => {
                // a colour, a language; or hours that go on beyond 24
                let inside: String = chars.by_ref().take_while(|char| *char != ']').collect();
                let first = inside.chars().next().unwrap_or(' ').to_ascii_lowercase();
                is_elapsed |=
                    matches!(first, 'h' | 'm' | 's') && inside.chars().all(|char| char.to_ascii_lowercase() == first);
            }
            ';' => break,
            'y' | 'Y' | 'd' | 'D' | 'e' | 'E' if !code.contains("E+") && !code.contains("E-") => date = true,
            'h' | 'H' | 's' | 'S' => time = true,
            'G' if code[..].to_ascii_lowercase().starts_with("general") => return Shows::Number,
            _ => {}
        }
    }
    match (date, time) {
        _ if is_elapsed => Shows::Number,
        (true, time) => Shows::Date { time },
        (false, true) => Shows::Time,
        (false, false) => Shows::Number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_say_what_a_number_is() {
        for (code, expected) in [
            ("yyyy-mm-dd hh:mm:ss", Shows::Date { time: true }),
            ("yyyy\\-mm\\-dd", Shows::Date { time: false }),
            ("yyyy\"年\"m\"月\"d\"日\";@", Shows::Date { time: false }),
            ("[$-804]aaaa d", Shows::Date { time: false }),
            ("h:mm AM/PM", Shows::Time),
            ("[h]:mm:ss", Shows::Number),
            ("0.00", Shows::Number),
            ("#,##0.00_);[Red](#,##0.00)", Shows::Number),
            ("0.00E+00", Shows::Number),
            ("General", Shows::Number),
            ("\"day\" 0", Shows::Number),
            ("@", Shows::Number),
            ("0_d", Shows::Number),
        ] {
            assert_eq!(of_code(code), expected, "{code}");
        }
    }

    #[test]
    fn styles_are_those_of_cells() {
        let xml = "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"yyyy&quot;年&quot;\"/></numFmts>\
            <cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs>\
            <cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"164\"><alignment/></xf><xf numFmtId=\"22\"/></cellXfs></styleSheet>";

        let styles = Styles::read(&mut xml.as_bytes()).expect("it is sound");

        assert_eq!(
            [0, 1, 2, 3].map(|style| styles.shows(style)),
            [Shows::Number, Shows::Date { time: false }, Shows::Date { time: true }, Shows::Number]
        );
    }
}
