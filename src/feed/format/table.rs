//! Delimited records: call records by position, exports by header.

use std::collections::BTreeMap;

use super::super::config::{Column, FormatConfig, Preset};
use super::super::fields::Fields;
use super::super::frame::Framing;
use super::super::mapping::{self, Known, Mapping, Target};
use super::super::times::Times;
use super::{Trouble, asterisk};
use crate::fault::Fault;
use crate::observation::{Kind, Observation};

const FREESWITCH: [&str; 15] = [
    "caller_id_name",
    "caller_id_number",
    "destination_number",
    "context",
    "start_stamp",
    "answer_stamp",
    "end_stamp",
    "duration",
    "billsec",
    "hangup_cause",
    "uuid",
    "bleg_uuid",
    "accountcode",
    "read_codec",
    "write_codec",
];

/// What a ticket is about; goes before its description, because it is where
/// words such as 理赔 stand.
const SUBJECT: &[&str] = &["问题类型", "类型", "问题分类", "subject", "category", "type", "issue type", "issue_type"];

/// A delimited format.
pub(super) struct Table {
    preset: Preset,
    kind: Kind,
    delimiter: char,
    header: bool,
    known: Known,
    overrides: BTreeMap<Target, Column>,
    times: Times,
    columns: Option<Columns>,
    fields: Fields,
    header_text: String,
}

/// Columns of the records at hand.
#[derive(Clone, Debug, Default)]
struct Columns {
    width: usize,
    mapping: Mapping,
    uniqueid: Option<usize>,
    sequence: Option<usize>,
    subject: Option<usize>,
}

impl Table {
    pub(super) fn new(format: &FormatConfig, times: Times) -> Result<Self, Fault> {
        let (known, kind): (Known, Kind) = match format.preset {
            Preset::AsteriskCdrCsv | Preset::AsteriskCdrCustom => (mapping::ASTERISK, Kind::Call),
            Preset::Freepbx => (mapping::FREEPBX, Kind::Call),
            Preset::FreeswitchCsv => (mapping::FREESWITCH, Kind::Call),
            Preset::Tickets => (mapping::TICKETS, Kind::Report),
            _ => (mapping::GENERIC, Kind::Call),
        };
        let delimiter = format.delimiter.unwrap_or(',');
        if !delimiter.is_ascii() || matches!(delimiter, '"' | '\r' | '\n') || delimiter.is_ascii_alphanumeric() {
            return Err(
                Fault::new("expected a delimiter such as \",\", \";\", \"|\" or a tab").at_field("format.delimiter")
            );
        }
        let header = match format.preset {
            Preset::Csv => format.header.unwrap_or(true),
            Preset::Freepbx | Preset::Tickets => true,
            _ => false,
        };
        let table = Self {
            preset: format.preset,
            kind: format.kind.unwrap_or(kind),
            delimiter,
            header,
            known,
            overrides: format.columns.clone(),
            times,
            columns: None,
            fields: Fields::default(),
            header_text: String::new(),
        };
        table.check_overrides()?;
        Ok(table)
    }

    fn check_overrides(&self) -> Result<(), Fault> {
        for (target, column) in &self.overrides {
            let named = |what: &str| Fault::new(what).at_field(format!("format.columns.{}", target.word()));
            match column {
                Column::Index(0) => return Err(named("columns are numbered from 1")),
                Column::Any(names) if names.is_empty() => return Err(named("expected at least one name")),
                Column::Name(_) | Column::Any(_) if self.preset == Preset::Csv && !self.header => {
                    return Err(named("expected a column number, as the file has no header"));
                }
                _ => {}
            }
        }
        if self.preset == Preset::Csv && !self.header && !self.overrides.keys().any(|target| target.is_evidence()) {
            return Err(Fault::new("expected a column for one of called, number, text, asked_name, place")
                .at_field("format.columns")
                .hint("without a header, columns are given by number, such as called: 3"));
        }
        Ok(())
    }

    pub(super) fn has_header(&self) -> bool {
        self.header
    }

    /// Call records are lines: their writers quote, but no field of theirs holds
    /// a line break, so an odd quote costs one record.
    pub(super) fn framing(&self) -> Framing {
        match self.preset {
            Preset::AsteriskCdrCsv | Preset::AsteriskCdrCustom | Preset::FreeswitchCsv => Framing::Line,
            _ => Framing::Quoted { delimiter: self.delimiter as u8 },
        }
    }

    /// Takes the names of the columns and checks that they fit the preset.
    pub(super) fn read_header(&mut self, text: &str) -> Result<(), Fault> {
        if !self.fields.split(text, self.delimiter) {
            return Err(Fault::new("expected a header, found an open quote"));
        }
        let names: Vec<String> = self.fields.iter().map(str::to_lowercase).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let columns = self.resolve(&names)?;
        let needed: &[Target] = match self.preset {
            Preset::Freepbx => &[Target::At, Target::Called],
            Preset::Tickets => &[Target::At],
            _ => &[],
        };
        if let Some(missing) = needed.iter().find(|target| !columns.mapping.has(**target)) {
            return Err(self.no_column(missing.word(), names.len()));
        }
        if !columns.mapping.has_evidence() {
            return Err(self.no_column("called, number, text, asked_name or place", names.len()));
        }
        self.header_text = text.to_owned();
        self.columns = Some(columns);
        Ok(())
    }

    fn no_column(&self, what: &str, found: usize) -> Fault {
        let fault = Fault::new(format!("expected a header with a column for {what}, found {found} other names"));
        match (found, self.delimiter) {
            (1, ',') => fault.hint("if the file is not separated by commas, set format.delimiter"),
            _ => fault.hint("name the columns in format.columns, or check format.preset"),
        }
    }

    /// Reads one record.
    pub(super) fn read(&mut self, text: &str, out: &mut Vec<Observation>) -> Result<(), Trouble> {
        if self.header && text == self.header_text {
            return Ok(());
        }
        if !self.fields.split(text, self.delimiter) {
            return Err(Fault::new("expected a closing quote").into());
        }
        self.diagnose()?;
        let width = self.fields.len();
        let fits = |columns: &Columns| columns.width == width;
        let odd = self.preset == Preset::FreeswitchCsv && width != FREESWITCH.len();
        if !self.header && (odd || !self.columns.as_ref().is_some_and(fits)) {
            self.columns = Some(self.by_position(width)?);
        }
        let columns = self.columns.as_ref().ok_or_else(|| Fault::new("expected a header before the first record"))?;
        if self.header && !fits(columns) && !self.only_blanks_beyond(columns.width) {
            return Err(Fault::new(format!("expected {} fields, found {width}", columns.width)).into());
        }
        let mut seen = Observation::new(self.kind, Vec::new());
        for (target, value) in columns.mapping.values(|column| self.fields.get(column)) {
            mapping::fill(&mut seen, target, value, &self.times)?;
        }
        self.complete(columns, &mut seen);
        out.push(seen);
        Ok(())
    }

    /// Names the mistake when the other Asterisk preset was meant.
    fn diagnose(&self) -> Result<(), Trouble> {
        // The count keeps a fragment of a damaged line from looking like it.
        let width = self.fields.len();
        let (wrong, meant) = match self.preset {
            Preset::AsteriskCdrCsv => {
                let fits = asterisk::cdr_custom(width).is_some();
                (fits && asterisk::caller_id_is_at(&self.fields, 0, 4), "asterisk-cdr-custom")
            }
            Preset::AsteriskCdrCustom => {
                let fits = asterisk::cdr_csv(width).is_some();
                (fits && asterisk::caller_id_is_at(&self.fields, 4, 0), "asterisk-cdr-csv")
            }
            _ => (false, ""),
        };
        if !wrong {
            return Ok(());
        }
        let (expected, found) = if meant == "asterisk-cdr-custom" { (5, 1) } else { (1, 5) };
        Err(Trouble::Document(
            Fault::new(format!(
                "expected the caller id `<...>` in column {expected}, found it in column {found}: the file is of the preset {meant}"
            ))
            .hint(format!("set format.preset: {meant}")),
        ))
    }

    fn by_position(&self, width: usize) -> Result<Columns, Fault> {
        let (names, expected) = match self.preset {
            Preset::AsteriskCdrCsv => (asterisk::cdr_csv(width), "16 to 21"),
            Preset::AsteriskCdrCustom => (asterisk::cdr_custom(width), "18 or 19"),
            Preset::FreeswitchCsv => (self.freeswitch(width), "15"),
            _ => (Some(vec![""; width]), ""),
        };
        let names = names.ok_or_else(|| Fault::new(format!("expected {expected} fields, found {width}")))?;
        self.resolve(&names)
    }

    /// FreeSWITCH's columns, counted from the end.
    ///
    /// Its template does not double the quotes in the caller's name, which the
    /// caller chooses: `x","y` makes two fields of it. Since the name comes
    /// first, the other columns still stand where they are from the end; the
    /// uuid says whether that reading is right.
    fn freeswitch(&self, width: usize) -> Option<Vec<&'static str>> {
        let more = width.checked_sub(FREESWITCH.len())?;
        let names: Vec<_> = std::iter::repeat_n("", more).chain(FREESWITCH).collect();
        let uuid = names.iter().position(|name| *name == "uuid").and_then(|column| self.fields.get(column))?;
        let is_uuid = uuid.len() == 36 && uuid.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        (more == 0 || is_uuid).then_some(names)
    }

    /// Finds the columns by their names (lower case).
    fn resolve(&self, names: &[&str]) -> Result<Columns, Fault> {
        let find = |wanted: &str| names.iter().position(|name| *name == wanted.to_lowercase());
        let find_any = |wanted: &[&str]| wanted.iter().copied().filter_map(find).collect::<Vec<_>>();
        let mut columns = Columns { width: names.len(), ..Columns::default() };
        for (target, known) in self.known {
            let found = find_any(known);
            if !found.is_empty() {
                columns.mapping.set(*target, found);
            }
        }
        for (target, column) in &self.overrides {
            let found = match column {
                Column::Index(number) => {
                    Vec::from_iter(Some(*number as usize - 1).filter(|index| *index < names.len()))
                }
                Column::Name(name) => find_any(&[name]),
                Column::Any(any) => any.iter().filter_map(|name| find(name)).collect(),
            };
            if found.is_empty() {
                return Err(Fault::new(format!("the file has {} columns, and none is this one", names.len()))
                    .at_field(format!("format.columns.{}", target.word())));
            }
            columns.mapping.set(*target, found);
        }
        if matches!(self.preset, Preset::AsteriskCdrCsv | Preset::AsteriskCdrCustom | Preset::Freepbx) {
            columns.uniqueid = find("uniqueid");
            columns.sequence = find("sequence");
        }
        if self.preset == Preset::Tickets {
            columns.subject = SUBJECT.iter().copied().find_map(find);
        }
        Ok(columns)
    }

    fn only_blanks_beyond(&self, width: usize) -> bool {
        self.fields.len() > width && (width..self.fields.len()).all(|index| self.fields.get(index) == Some(""))
    }

    /// What takes more than one column.
    fn complete(&self, columns: &Columns, seen: &mut Observation) {
        let get =
            |column: Option<usize>| column.and_then(|column| self.fields.get(column)).filter(|text| !text.is_empty());
        // One call has one uniqueid but a record for each of its legs; only
        // with the sequence number is a record told from its siblings.
        if seen.native_id.is_none()
            && let (Some(uniqueid), Some(sequence)) = (get(columns.uniqueid), get(columns.sequence))
        {
            seen.native_id = Some(format!("{uniqueid}/{sequence}"));
        }
        if let Some(subject) = get(columns.subject) {
            seen.text = Some(match seen.text.take() {
                Some(text) => format!("{subject}\n{text}"),
                None => subject.to_owned(),
            });
        }
    }
}
