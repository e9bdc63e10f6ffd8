//! What a scan came to, told.

use std::time::Duration;

use serde_json::json;
use trapline::dump::{Input, Survived};
use trapline::fault::Fault;
use trapline::scan::compare::Counts;
use trapline::scan::index::Directory;
use trapline::scan::text::{Layout, Repair};
use trapline::scan::{Bracket, How, MaskCounts, Masked, SourceFound, Survey};

use crate::terminal::{answer, answer_table, note, table};

/// Fewer bytes are looked through at once.
const WORTH_A_RATE: u64 = 100_000_000;

/// What a scan came to.
#[derive(Default)]
pub struct Found {
    /// Counts.
    pub survey: Survey,
    /// What was looked through.
    pub inputs: Vec<Input>,
    /// What could not be read.
    pub faults: Vec<Fault>,
    /// Sources of which canaries were found.
    pub sources: Vec<SourceFound>,
    /// When their data can have left.
    pub brackets: Vec<Bracket>,
    /// What is left of the canaries, where the master key is.
    pub survived: Option<Survived>,
    /// How long it took.
    pub took: Duration,
    /// Whether it was stopped before the end.
    pub stopped: bool,
}

/// Tells what each input came to, and what could not be read.
pub fn print_inputs(inputs: &[Input], faults: &[Fault], took: Duration) {
    for input in inputs {
        let encoding = input.encoding.map_or(String::new(), |encoding| format!(", {encoding}"));
        note(&format!(
            "{}: {} rows, {:.1} MB{encoding}; {} of them hold something of ours",
            input.name,
            input.rows,
            input.bytes as f64 / 1e6,
            input.hits
        ));
        if let Some(error) = &input.error {
            note(&format!("{}: not read to its end: {error}", input.name));
        }
    }
    for fault in faults {
        note(&fault.to_string());
    }
    if !inputs.is_empty() {
        let bytes: u64 = inputs.iter().map(|input| input.bytes).sum();
        let seconds = took.as_secs_f64();
        // Of a small file the rate would be that of opening it.
        if bytes >= WORTH_A_RATE {
            note(&format!("{:.1} MB in {seconds:.1} s ({:.2} GB/s)", bytes as f64 / 1e6, bytes as f64 / seconds / 1e9));
        }
    }
}

impl Found {
    /// What `survey` says of the sources in a directory.
    pub fn of(survey: Survey, directory: &Directory) -> Self {
        let (sources, brackets) = (survey.sources(directory), survey.brackets(directory));
        Self { survey, sources, brackets, ..Self::default() }
    }

    /// Whether everything was read.
    pub fn is_whole(&self) -> bool {
        !self.stopped && self.faults.is_empty() && self.inputs.iter().all(|input| input.error.is_none())
    }

    /// Tells it to a reader.
    pub fn print(&self) -> anyhow::Result<()> {
        print_inputs(&self.inputs, &self.faults, self.took);
        if self.stopped {
            note("the scan was stopped: what follows is a part");
        }
        let survey = &self.survey;
        if survey.rows == 0 {
            let of = if self.stopped { " in what was read" } else { "" };
            answer(&format!("no canary and no line of ours was found{of}\n"))?;
            return print_masked(&self.survey.masked);
        }
        answer(&format!(
            "{} rows hold something of ours: {} of them a canary's number, {} a line alone\n{} distinct canaries, {} distinct lines; written {}\n",
            survey.rows,
            survey.rows_with_number,
            survey.rows - survey.rows_with_number,
            survey.canaries(),
            survey.lines(),
            survey.hows().map(|(how, count)| format!("{} ({count})", in_words(how))).collect::<Vec<_>>().join(", "),
        ))?;
        if self.sources.is_empty() {
            note(
                "lines alone belong to thousands of accounts: record such a dump with --record, and `attribute` weighs it",
            );
            self.survived.as_ref().map_or(Ok(()), print_survived)?;
            return print_masked(&self.survey.masked);
        }
        let mut rows = table(&["account", "batch", "planted", "found", "rows"]);
        for source in &self.sources {
            let account = if source.account.is_empty() { "(shared rows)" } else { &source.account };
            let batch = if source.batch.is_empty() { "(standing)" } else { &source.batch };
            rows.add_row([
                account.to_owned(),
                batch.to_owned(),
                format!("{:.0}", source.planted),
                format!("{} of {}", source.found, source.planted_canaries),
                source.rows.to_string(),
            ]);
        }
        answer("")?;
        answer_table(&rows)?;
        answer("")?;
        for bracket in &self.brackets {
            answer(&match bracket.before {
                Some(before) => {
                    format!("{}: exported after {:.0}, probably before {before:.0}", bracket.account, bracket.after)
                }
                None => format!("{}: exported after {:.0}", bracket.account, bracket.after),
            })?;
        }
        self.survived.as_ref().map_or(Ok(()), print_survived)?;
        print_masked(&self.survey.masked)
    }

    /// The same for a program.
    pub fn to_json(&self) -> serde_json::Value {
        let survey = &self.survey;
        let hows: serde_json::Map<String, serde_json::Value> =
            survey.hows().map(|(how, count)| (in_words(how).to_owned(), count.into())).collect();
        json!({
            "schema": "trapline.scan/1", "inputs": self.inputs,
            "faults": self.faults.iter().map(ToString::to_string).collect::<Vec<_>>(), "rows": survey.rows,
            "rows_with_number": survey.rows_with_number, "canaries": survey.canaries(), "lines": survey.lines(),
            "written": hows, "sources": self.sources, "exported": self.brackets, "partial": self.stopped,
            "masked": survey.masked, "survived": self.survived, "seconds": self.took.as_secs_f64(),
        })
    }
}

/// How something was written, in words.
fn in_words(how: How) -> &'static str {
    match how {
        How::Whole => "in one piece",
        How::Grouped => "in groups",
        How::Wide => "in full-width digits",
        How::Bare => "without its letters",
        How::Glued => "without a border",
    }
}

/// Tells column by column what is left of the canaries.
fn print_survived(survived: &Survived) -> anyhow::Result<()> {
    if survived.compared > 0 {
        answer(&format!("\nof the {} canaries in these rows, column by column:\n", survived.compared))?;
        let mut rows = table(&["column", "whole", "masked", "damaged", "gone"]);
        for (role, Counts { whole, masked, damaged, absent }) in &survived.columns {
            rows.add_row([
                role.clone(),
                whole.to_string(),
                masked.to_string(),
                damaged.to_string(),
                absent.to_string(),
            ]);
        }
        answer_table(&rows)?;
    }
    let counted = |counts: Vec<(&str, u64)>| {
        counts.iter().map(|(what, count)| format!("{what} ({count})")).collect::<Vec<_>>().join(", ")
    };
    let layouts = survived.layouts.iter().map(|(&layout, &count)| (layout_in_words(layout), count));
    answer(&format!("\ncells are parted by {}\n", counted(layouts.collect())))?;
    let repairs: Vec<_> = survived.repairs.iter().map(|(&repair, &count)| (repair_in_words(repair), count)).collect();
    if !repairs.is_empty() {
        answer(&format!("done to the rows: {}\n", counted(repairs)))?;
    }
    if survived.unknown > 0 {
        note(&format!(
            "{} canaries are not in this registry, or not in the row that is said to hold them",
            survived.unknown
        ));
    }
    Ok(())
}

/// Tells what can be told of phones that show only a part.
fn print_masked(counts: &MaskCounts) -> anyhow::Result<()> {
    for (&masked, count) in counts {
        let form = match masked {
            Masked::MiddleFour => "phones are masked as 138****1234",
            Masked::MiddleSix => "phones are masked as 138******34",
            Masked::MiddleSeven => "phones are masked as 1*******234",
            Masked::Scientific => "phones are rounded as 1.38123E+10",
        };
        answer(&format!(
            "{} {form}: {} of them fit a line of ours, {:.1} would by chance; none of them is a match\n",
            count.seen, count.fit, count.expected
        ))?;
    }
    Ok(())
}

/// What parts cells, in words.
fn layout_in_words(layout: Layout) -> &'static str {
    match layout {
        Layout::OneCell => "nothing",
        Layout::Comma => "commas",
        Layout::Tab => "tabs",
        Layout::Bar => "bars",
        Layout::Semicolon => "semicolons",
        Layout::Dashes => "dashes",
        Layout::WideComma => "full-width commas",
        Layout::WideSemicolon => "full-width semicolons",
        Layout::WideBar => "full-width bars",
        Layout::Html => "HTML",
        Layout::Json => "JSON",
        Layout::Sql => "SQL",
    }
}

/// What was done to a row, in words.
fn repair_in_words(repair: Repair) -> &'static str {
    match repair {
        Repair::Gbk => "written as GBK",
        Repair::Utf16 => "written as UTF-16",
        Repair::OtherEncoding => "written in another encoding",
        Repair::Lossy => "some characters lost",
        Repair::Mojibake => "encoded twice",
        Repair::Html => "written as HTML",
        Repair::Json => "written as JSON",
        Repair::Sql => "written as SQL",
        Repair::KeptAsText => "numbers marked as text",
        Repair::FullWidth => "made full-width",
    }
}
