//! The operator's list of lines: CSV with or without a header, or plain text.
//!
//! ```text
//! number,extension,role
//! 021-61234567,8001,trap
//! 021-61234567,8100-8199,trap      # a hundred lines
//! +86 138 1234 5678,,control
//! ```
//!
//! Without a header the first column is the number; a further column that holds
//! `trap` or `control` is the role, any other the extension. All of a file is
//! imported or nothing, and everything that is wrong with it is told at once.

use std::collections::HashMap;
use std::io::Read;

use csv::{ReaderBuilder, StringRecord};

use super::LineNumber;
use crate::fault::Fault;
use crate::registry::{LineUse, NewLine};

/// Faults that are told before the rest is only counted.
pub const MAX_FAULTS: usize = 100;
/// Lines that one import may bring.
pub const MAX_LINES: usize = 1_000_000;
/// Longest extension.
const MAX_EXTENSION: usize = 6;

/// How to read a list of lines.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// The file's name, for faults.
    pub file: String,
    /// Region of numbers without a country code, such as `CN`.
    pub default_region: Option<String>,
    /// Whether these are demonstration lines: only numbers that are nobody's
    /// pass then, and otherwise none of them does.
    pub demo: bool,
}

/// Reads a list of lines.
///
/// # Errors
///
/// Every fault with its line, up to [`MAX_FAULTS`] and then their number:
/// invalid numbers, numbers that may be no line ([`LineNumber::check`]),
/// duplicates, extensions and roles that cannot be read. No fault repeats a
/// number.
pub fn import(mut reader: impl Read, options: &ImportOptions) -> Result<Vec<NewLine>, Vec<Fault>> {
    let mut bytes = Vec::new();
    let place = |fault: Fault| if options.file.is_empty() { fault } else { fault.in_file(&options.file) };
    if let Err(error) = reader.read_to_end(&mut bytes) {
        return Err(vec![place(Fault::new(format!("cannot be read: {error}")))]);
    }
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
        Err(error) => {
            let at = error.valid_up_to();
            let line = 1 + bytes[..at].iter().filter(|&&b| b == b'\n').count();
            let fault = Fault::new("expected UTF-8").at_line(line as u64).at_byte(at as u64);
            return Err(vec![place(fault.hint("save the list as UTF-8"))]);
        }
    };
    let mut list = List { options, columns: None, seen: HashMap::new(), lines: Vec::new() };
    let mut faults = Vec::new();
    let mut more = 0;
    for (record, line) in records(text) {
        if let Err(fault) = record.and_then(|record| list.add(&record, line)) {
            if faults.len() < MAX_FAULTS {
                faults.push(place(fault.at_line(line)));
            } else {
                more += 1;
            }
        }
        if list.lines.len() > MAX_LINES {
            faults.push(place(Fault::new(format!("expected at most {MAX_LINES} lines")).at_line(line)));
            break;
        }
    }
    if more > 0 {
        faults.push(place(Fault::new(format!("{more} more faults like these"))));
    }
    if faults.is_empty() && list.lines.is_empty() {
        faults.push(place(
            Fault::new("expected at least one line").hint("one number on each line, or number,extension,role"),
        ));
    }
    if faults.is_empty() { Ok(list.lines) } else { Err(faults) }
}

/// Cuts the text into records, each with the line that it begins on.
fn records(text: &str) -> impl Iterator<Item = (Result<StringRecord, Fault>, u64)> {
    let first = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#')).unwrap_or("");
    let delimiter = [b'\t', b';', b','].into_iter().find(|&d| first.as_bytes().contains(&d)).unwrap_or(b',');
    let reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    reader.into_records().filter_map(move |record| match record {
        Ok(record) => {
            let line = record.position().map_or(0, csv::Position::line);
            let is_empty = record.iter().all(str::is_empty) || record.get(0).is_some_and(|cell| cell.starts_with('#'));
            (!is_empty).then_some((Ok(record), line))
        }
        Err(error) => {
            let line = error.position().map_or(0, csv::Position::line);
            Some((Err(Fault::new(format!("cannot be read as CSV: {error}"))), line))
        }
    })
}

/// Which column is what.
#[derive(Clone, Copy, Debug)]
struct Columns {
    number: usize,
    extension: Option<usize>,
    role: Option<usize>,
}

/// What has been read.
struct List<'a> {
    options: &'a ImportOptions,
    /// `None` until the first record is seen, and when there is no header.
    columns: Option<Option<Columns>>,
    /// Line of the file on which each number stood.
    seen: HashMap<LineNumber, u64>,
    lines: Vec<NewLine>,
}

impl List<'_> {
    fn add(&mut self, record: &StringRecord, line: u64) -> Result<(), Fault> {
        let columns = match self.columns {
            Some(columns) => columns,
            None => {
                let columns = header(record);
                self.columns = Some(columns);
                if columns.is_some() {
                    return Ok(());
                }
                None
            }
        };
        let cell = |place: Option<usize>| place.and_then(|place| record.get(place)).map_or("", without_comment);
        let (number, extension, role) = match columns {
            Some(columns) => (cell(Some(columns.number)), cell(columns.extension), cell(columns.role)),
            None => {
                let rest = (1..record.len()).map(|place| cell(Some(place))).filter(|text| !text.is_empty());
                let (roles, others): (Vec<&str>, Vec<&str>) = rest.partition(|text| parse_role(text).is_some());
                if roles.len() > 1 || others.len() > 1 {
                    return Err(Fault::new(
                        "expected a number and at most one extension and one role (trap or control)",
                    ));
                }
                (cell(Some(0)), others.first().copied().unwrap_or(""), roles.first().copied().unwrap_or(""))
            }
        };
        let line_use = match role {
            "" => LineUse::Trap,
            word => parse_role(word).ok_or_else(|| Fault::new("expected the role trap or control").at_field("role"))?,
        };
        self.add_number(number, extension, line_use, line)
    }

    fn add_number(&mut self, number: &str, extension: &str, line_use: LineUse, line: u64) -> Result<(), Fault> {
        let base = LineNumber::parse(number, self.options.default_region.as_deref())
            .map_err(|fault| fault.at_field("number"))?;
        base.check(self.options.demo).map_err(|fault| fault.at_field("number"))?;
        let extensions = match extension {
            "" => vec![base.extension.clone()],
            _ if !base.extension.is_empty() => {
                return Err(Fault::new("expected one extension, found one in the number and one beside it")
                    .at_field("extension"));
            }
            text => parse_extensions(text)?,
        };
        let numbers: Vec<LineNumber> =
            extensions.into_iter().map(|extension| LineNumber { extension, ..base.clone() }).collect();
        if let Some(before) = numbers.iter().find_map(|number| self.seen.get(number)) {
            return Err(Fault::new(format!("expected every line once; this one stands on line {before} already")));
        }
        for number in numbers {
            self.seen.insert(number.clone(), line);
            self.lines.push(NewLine { number, line_use, demo: self.options.demo });
        }
        Ok(())
    }
}

/// Takes a comment off the end of a cell (a `#` behind a blank, because a `#`
/// may begin an extension).
fn without_comment(cell: &str) -> &str {
    cell.split_once(" #").map_or(cell, |(cell, _)| cell).trim()
}

/// Reads a header; `None` when the record holds data.
fn header(record: &StringRecord) -> Option<Columns> {
    let find = |names: &[&str]| record.iter().position(|cell| names.contains(&cell.trim().to_lowercase().as_str()));
    Some(Columns {
        number: find(&["number", "phone", "line", "msisdn", "did", "号码", "电话", "电话号码", "手机", "手机号"])?,
        extension: find(&["extension", "ext", "分机", "分机号", "转"]),
        role: find(&["role", "use", "用途", "角色"]),
    })
}

fn parse_role(text: &str) -> Option<LineUse> {
    match text.to_lowercase().as_str() {
        "trap" | "陷阱" => Some(LineUse::Trap),
        "control" | "对照" => Some(LineUse::Control),
        _ => None,
    }
}

/// Reads `0042` or `0000-9999`: both ends of a range have the same width.
fn parse_extensions(text: &str) -> Result<Vec<String>, Fault> {
    let wrong = |what: &str| {
        Fault::new(format!(
            "expected an extension of up to {MAX_EXTENSION} digits or a range such as 0000-9999: {what}"
        ))
        .at_field("extension")
    };
    let is_extension =
        |text: &str| (1..=MAX_EXTENSION).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let Some((first, last)) = text.split_once(['-', '~', '–']) else {
        return if is_extension(text) { Ok(vec![text.to_owned()]) } else { Err(wrong("this is neither")) };
    };
    let (first, last) = (first.trim(), last.trim());
    if !is_extension(first) || !is_extension(last) {
        return Err(wrong("an end of the range is none"));
    }
    if first.len() != last.len() {
        return Err(wrong("the ends differ in length"));
    }
    let bounds = first.parse::<u32>().ok().zip(last.parse::<u32>().ok());
    let (from, to) = bounds.filter(|(from, to)| from <= to).ok_or_else(|| wrong("the range runs backwards"))?;
    Ok((from..=to).map(|extension| format!("{extension:0width$}", width = first.len())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> ImportOptions {
        ImportOptions { file: "lines.csv".into(), default_region: Some("CN".into()), demo: false }
    }

    fn read(text: &str) -> Result<Vec<NewLine>, Vec<Fault>> {
        import(text.as_bytes(), &options())
    }

    fn printed(text: &str) -> Vec<(String, LineUse)> {
        let lines = read(text).expect("a good list");
        lines.into_iter().map(|line| (line.number.to_string(), line.line_use)).collect()
    }

    #[test]
    fn a_text_file_has_a_number_on_each_line() {
        let lines = printed("# our lines\n138-1234-5678\n\n+86 139 1234 5678 # the old office\n");

        assert_eq!(lines, [("+8613812345678".to_owned(), LineUse::Trap), ("+8613912345678".to_owned(), LineUse::Trap)]);
    }

    #[test]
    fn a_header_names_the_columns_in_any_order() {
        let lines = printed("\u{feff}role,ext,number\ncontrol,,13812345678\n,8001,021-61234567\r\n");

        assert_eq!(
            lines,
            [("+8613812345678".to_owned(), LineUse::Control), ("+862161234567 ext 8001".to_owned(), LineUse::Trap)]
        );
    }

    #[test]
    fn without_a_header_a_role_is_told_from_an_extension() {
        let lines = printed("13812345678,control\n13912345678;\n".replace(';', "").as_str());
        let tabs = printed("13812345678\t0042\ttrap\n");

        assert_eq!(lines[0].1, LineUse::Control);
        assert_eq!(tabs[0].0, "+8613812345678 ext 0042");
    }

    #[test]
    fn a_range_of_extensions_is_many_lines_with_their_zeros() {
        let lines = read("number,extension\n13812345678,0000-9999\n").expect("a good list");

        assert_eq!(lines.len(), 10_000);
        assert_eq!(lines[42].number.extension, "0042");
    }

    #[test]
    fn all_faults_are_told_with_their_lines_and_nothing_is_imported() {
        let faults = read(
            "13812345678\n12345\n\n139-1234-5678\n+8613812345678\n15412345678\n13712345678,9-1\n13712345678,1,x\n",
        )
        .expect_err("a bad list");

        let lines: Vec<Option<u64>> = faults.iter().map(|fault| fault.line).collect();
        assert_eq!(lines, [Some(2), Some(5), Some(6), Some(7), Some(8)]);
        assert!(faults[1].to_string().contains("line 1 already"), "{}", faults[1]);
        assert!(faults[2].what.contains("unassigned"), "{}", faults[2]);
        assert!(faults.iter().all(|fault| fault.file.as_deref() == Some("lines.csv")));
    }

    #[test]
    fn faults_are_bounded() {
        let faults = read(&"12345\n".repeat(500)).expect_err("a bad list");

        assert_eq!(faults.len(), MAX_FAULTS + 1);
        assert!(faults[MAX_FAULTS].what.contains("400 more"));
    }

    #[test]
    fn demonstration_lines_are_nobodys() {
        let demo = ImportOptions { demo: true, ..options() };

        assert!(import("15412345678\n".as_bytes(), &demo).is_ok());
        assert!(import("13812345678\n".as_bytes(), &demo).is_err());
    }

    #[test]
    fn an_empty_list_and_another_encoding_are_faults() {
        assert!(read("# nothing\n").expect_err("nothing")[0].what.contains("at least one"));
        let faults = import(&b"13812345678\n\xba\xc5\n"[..], &options()).expect_err("not UTF-8");
        assert_eq!((faults[0].line, faults[0].byte), (Some(2), Some(12)));
    }
}
