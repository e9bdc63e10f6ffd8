//! What becomes of each column.

use super::address::Address;
use super::beside::{Nearby, Scaled};
use super::measure::{self, Written};
use super::names::Names;
use super::rate::Rates;
use super::waybill::Waybill;
use super::yaml::{self, Writer};
use crate::persona::Role;
use crate::plant::{Table, TableColumn};
use crate::record::ColumnRole;

/// Most texts of a choice.
const MOST_OPTIONS: usize = 300;

/// Distinct numbers from which on they are a measure, not a choice.
const MEASURE: usize = 24;

/// Highest number of a keystream block.
const LAST_BLOCK: usize = 31;

/// A field of the template to be.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) role: ColumnRole,
    /// The column that shows it; `None` for one that only parts are shown of.
    pub(super) place: Option<usize>,
    pub(super) kind: Kind,
    /// Its laws by what another field says.
    pub(super) given: Option<Given>,
}

/// Laws by what another field says.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) by: usize,
    pub(super) when: Vec<(String, Law)>,
}

/// How a field's value comes about.
#[derive(Debug)]
pub(super) enum Kind {
    Copied { scratch: String },
    Between { scratch: String },
    Time { format: &'static str, hours: Vec<(String, String)> },
    Waybill(Waybill),
    Phone { role: Role, country: u16 },
    Name(Role, Names),
    Address(Role, Box<Address>),
    Part { of: usize, parts: String },
    Drawn(Law),
    Rate(Rates),
    Varied,
    Scaled(Scaled),
    Nearby(Nearby),
}

/// A law that may go by another field.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Law {
    Choice(Vec<(String, u64)>),
    Measure(Measure),
}

/// Numbers, and texts in their place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Measure {
    pub(super) written: Written,
    table: Vec<(String, String)>,
    numbers: u64,
    texts: Vec<(String, u64)>,
}

impl Measure {
    /// The steps that a table goes in where it would have too many of its own.
    fn step(&self) -> Option<String> {
        let top = self.table.last().and_then(|(_, text)| self.written.units(text))?;
        let step = (0..9).map(|power| 10i64.pow(power)).find(|step| top / step <= crate::template::MAX_STEPS)?;
        (step > 1).then(|| self.written.write(step))
    }
}

impl Law {
    /// The law of these texts, with how many rows hold each; `None` where too
    /// few rows hold any.
    pub(super) fn choice<'t>(counts: impl Iterator<Item = (&'t str, u64)>, least: u32) -> Option<Self> {
        let options: Vec<(String, u64)> = counts
            .filter(|(_, count)| *count >= u64::from(least))
            .map(|(text, count)| (text.to_owned(), count))
            .collect();
        (!options.is_empty()).then_some(Self::Choice(options))
    }

    /// The law of these numbers; texts that are none stand in their place.
    pub(super) fn measure<'t>(
        counts: impl Iterator<Item = (&'t str, u64)>,
        written: Written,
        least: u32,
        points: usize,
    ) -> Option<Self> {
        let (mut values, mut texts) = (Vec::new(), Vec::new());
        for (text, count) in counts {
            match written.units(text) {
                Some(units) => values.extend(std::iter::repeat_n(units, count as usize)),
                None if count >= u64::from(least) => texts.push((text.to_owned(), count)),
                None => {}
            }
        }
        values.sort_unstable();
        let table = measure::quantiles(&values, written, least, points)?;
        Some(Self::Measure(Measure { written, table, numbers: values.len() as u64, texts }))
    }

    fn keys(&self) -> Vec<(&'static str, Vec<(String, String)>)> {
        match self {
            Self::Choice(options) => {
                vec![("options", yaml::weights(options.iter().map(|(text, weight)| (text.as_str(), *weight))))]
            }
            Self::Measure(measure) => {
                let texts = yaml::weights(measure.texts.iter().map(|(text, weight)| (text.as_str(), *weight)));
                let mut keys = vec![("quantiles", measure.table.clone())];
                if !texts.is_empty() {
                    keys.push(("texts", texts));
                }
                keys
            }
        }
    }

    fn write(&self, out: &mut Writer, depth: usize) {
        if let Self::Measure(measure) = self {
            if !measure.texts.is_empty() {
                out.line(depth, &format!("numbers: {}", measure.numbers));
            }
            if let Some(step) = measure.step() {
                out.line(depth, &format!("step: {step}"));
            }
        }
        self.keys().iter().for_each(|(key, entries)| out.map(depth, key, entries));
    }
}

impl Field {
    /// Writes the field; `blocks` are the next free keystream blocks of the
    /// parcel, the sender and the recipient.
    pub(super) fn write(&self, out: &mut Writer, all: &[Self], blocks: &mut [usize; 3]) {
        let mut next = |which: usize| {
            blocks[which] += 1;
            blocks[which] - 1
        };
        let person = |role: Role| if role == Role::Sender { 1 } else { 2 };
        let name = yaml::word(&self.name);
        let scratch =
            |text: &str| if text.is_empty() { String::new() } else { format!(", scratch: {}", yaml::word(text)) };
        match &self.kind {
            Kind::Copied { scratch: text } => out.line(1, &format!("{name}: {{kind: copied{}}}", scratch(text))),
            Kind::Between { scratch: text } => out.line(1, &format!("{name}: {{kind: between{}}}", scratch(text))),
            Kind::Part { of, parts } => {
                out.line(1, &format!("{name}: {{kind: part, of: {}, part: {parts}}}", yaml::word(&all[*of].name)));
            }
            Kind::Phone { role, country } => {
                let role = role.name();
                out.line(
                    1,
                    &format!("{name}: {{kind: phone, role: {role}, country: {country}, styles: {{national: 1}}}}"),
                );
            }
            Kind::Time { format, hours } => {
                out.line(1, &format!("{name}:"));
                out.line(2, "kind: time");
                out.line(2, &format!("keystream: {}", next(0)));
                out.line(2, &format!("format: {}", serde_json::to_string(format).expect("a text is JSON")));
                out.map(2, "hours", hours);
            }
            Kind::Waybill(waybill) => {
                out.line(1, &format!("{name}:"));
                waybill.write(out);
            }
            Kind::Name(role, names) => {
                out.line(1, &format!("{name}:"));
                out.line(2, "kind: name");
                out.line(2, &format!("role: {}", role.name()));
                out.line(2, &format!("keystream: {}", next(person(*role))));
                names.write(out);
            }
            Kind::Address(role, address) => {
                out.line(1, &format!("{name}:"));
                out.line(2, "kind: address");
                out.line(2, &format!("role: {}", role.name()));
                out.line(2, &format!("keystream: {}", next(person(*role))));
                address.write(out);
            }
            Kind::Rate(rates) => {
                out.line(1, &format!("{name}:"));
                rates.write(out, all);
            }
            Kind::Varied => out.line(1, &format!("{name}: {{kind: varied, keystream: {}}}", next(0))),
            Kind::Scaled(scaled) => {
                out.line(1, &format!("{name}:"));
                scaled.write(out, all);
            }
            Kind::Nearby(nearby) => {
                out.line(1, &format!("{name}:"));
                out.line(2, "kind: nearby");
                out.line(2, &format!("keystream: {}", next(0)));
                nearby.write(out, all);
            }
            Kind::Drawn(law) => {
                out.line(1, &format!("{name}:"));
                let (kind, format) = match law {
                    Law::Choice(_) => ("choice", String::new()),
                    Law::Measure(measure) => ("number", measure.written.keys()),
                };
                out.line(2, &format!("kind: {kind}"));
                out.line(2, &format!("keystream: {}", next(0)));
                for part in format.split(", ").filter(|part| !part.is_empty()) {
                    out.line(2, part);
                }
                if let Some(given) = &self.given {
                    out.line(2, &format!("given: {}", yaml::word(&all[given.by].name)));
                    out.line(2, "when:");
                    for (case, law) in &given.when {
                        out.line(3, &format!("{}:", yaml::word(case)));
                        law.write(out, 4);
                    }
                }
                law.write(out, 2);
            }
        }
    }

    /// Whether its value is drawn for the parcel, so that it may go by another.
    pub(super) fn is_drawn(&self) -> bool {
        matches!(self.kind, Kind::Drawn(_))
    }
}

/// Plans a field for each column; those of whoever wears a line come later.
pub(super) fn plan(table: &Table, roles: &[Role], least: u32, notes: &mut Vec<String>) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    let mut drawn = 0;
    for (place, column) in table.columns.iter().enumerate() {
        if person_of(column.role.as_ref()).is_some_and(|role| roles.contains(&role)) {
            continue;
        }
        let role = column.role.clone().unwrap_or_else(|| ColumnRole::Other(word_of(&column.header, place).into()));
        let mut name = role.to_string().replace('.', "_");
        if fields.iter().any(|field| field.name == name) {
            name = format!("{name}_{}", place + 1);
        }
        let role =
            if fields.iter().any(|field| field.role == role) { ColumnRole::Other(name.as_str().into()) } else { role };
        let mut kind = kind_of(table, column, &role, least, notes);
        drawn += usize::from(matches!(kind, Kind::Drawn(_) | Kind::Time { .. }));
        if drawn > LAST_BLOCK {
            kind = copied(column, least);
        }
        fields.push(Field { name, role, place: Some(place), kind, given: None });
    }
    fields
}

/// Whose column it is.
pub(super) fn person_of(role: Option<&ColumnRole>) -> Option<Role> {
    match role? {
        ColumnRole::Name(role)
        | ColumnRole::Phone(role)
        | ColumnRole::Province(role)
        | ColumnRole::City(role)
        | ColumnRole::District(role)
        | ColumnRole::Town(role)
        | ColumnRole::Local(role)
        | ColumnRole::Address(role) => Some(*role),
        ColumnRole::Number | ColumnRole::Time | ColumnRole::Other(_) => None,
    }
}

/// A word for a column that no role names.
fn word_of(header: &str, place: usize) -> String {
    let word: String = header.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    if word.is_empty() { format!("column_{}", place + 1) } else { word }
}

fn kind_of(table: &Table, column: &TableColumn, role: &ColumnRole, least: u32, notes: &mut Vec<String>) -> Kind {
    if *role == ColumnRole::Number {
        return Kind::Between { scratch: String::new() };
    }
    if *role == ColumnRole::Time {
        return time_of(column).unwrap_or_else(|| Kind::Between { scratch: String::new() });
    }
    if person_of(Some(role)).is_some() || column.texts.len() == 1 {
        return copied(column, least);
    }
    let counts = column.counts();
    let pairs = || column.texts.iter().map(|text| &**text).zip(counts.iter().map(|&count| u64::from(count)));
    let rows = table.rows as u64;
    let numbers = || pairs().filter(|(text, _)| measure::number(text).is_some());
    let numeric: u64 = numbers().map(|(_, count)| count).sum();
    if numbers().count() > MEASURE && numeric * 10 > rows * 3 {
        let written = Written::of(numbers());
        // of numbers that are too large or too fine for a template, those that are not would be another law
        let held: u64 = numbers().filter(|(text, _)| written.units(text).is_some()).map(|(_, count)| count).sum();
        if held * 10 >= numeric * 9
            && let Some(law) = Law::measure(pairs(), written, least, 40)
        {
            return Kind::Drawn(law);
        }
    }
    let frequent: u64 = pairs().map(|(_, count)| count).filter(|count| *count >= u64::from(least)).sum();
    if frequent * 10 >= rows * 8 && counts.iter().filter(|count| **count >= least).count() <= MOST_OPTIONS {
        if frequent < rows {
            let held = rows - frequent;
            notes.push(format!(
                "{}: texts of fewer than {least} rows were withheld ({held} of {rows} rows)",
                column.header
            ));
        }
        return Kind::Drawn(Law::choice(pairs(), least).expect("most rows hold frequent texts"));
    }
    notes.push(format!("{}: too many different texts to learn; planted rows copy one of the file", column.header));
    copied(column, least)
}

/// A copied column, with its commonest text for rows that nothing is beside.
pub(super) fn copied(column: &TableColumn, least: u32) -> Kind {
    let personal = person_of(column.role.as_ref()).is_some();
    let counts = column.counts();
    let best = counts.iter().enumerate().max_by_key(|(at, count)| (**count, std::cmp::Reverse(*at)));
    let scratch = best.filter(|(_, count)| **count >= least && !personal).map(|(at, _)| column.texts[at].to_string());
    Kind::Copied { scratch: scratch.unwrap_or_default() }
}

/// Layouts of times that templates can write.
const TIMES: &[&str] = &[
    "%Y-%m-%d %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%Y%m%d%H%M%S",
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%d-%b-%y",
    "%m/%d/%y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%Y年%m月%d日",
    "%Y年%m月%d日 %H:%M",
];

fn time_of(column: &TableColumn) -> Option<Kind> {
    let counts = column.counts();
    let sample: Vec<(&str, u32)> =
        column.texts.iter().map(|text| &**text).zip(counts).filter(|(text, _)| !text.is_empty()).collect();
    let format = TIMES.iter().find(|format| {
        let read = sample.iter().take(200).filter(|(text, _)| jiff::fmt::strtime::parse(format, text).is_ok()).count();
        read > 0 && read * 10 >= sample.len().min(200) * 9
    })?;
    let mut hours = [0u64; 24];
    for (text, count) in sample {
        if let Ok(parsed) = jiff::fmt::strtime::parse(format, text) {
            hours[parsed.hour().unwrap_or(12) as usize % 24] += u64::from(count);
        }
    }
    let entries = hours.iter().enumerate().filter(|(_, weight)| **weight > 0);
    Some(Kind::Time { format, hours: entries.map(|(hour, weight)| (hour.to_string(), weight.to_string())).collect() })
}
