//! Which column plays which role, and what a record says in it.
//!
//! Three witnesses, strongest first: what the operator says (`--map`), what
//! the template calls its columns, and the headers that real exports use. A
//! file without a header is mapped by the template's own order, if it has as
//! many columns and phones where phones should be.

use super::cut::Kind;
use super::dialect::{Dialect, Format};
use super::roles::{normal, role_of};
use super::sample::Sample;
use super::style::{Style, affixes};
use super::{ColumnSpec, Job};
use crate::fault::Fault;
use crate::persona::Role;
use crate::record::{ColumnRole, Record, Value};

/// How a column's role was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The operator said so.
    Mapped,
    /// The template names the column.
    Template,
    /// Its header is one that real exports use.
    Dictionary,
    /// It stands where the template has it, in a file without a header.
    Position,
}

/// A column that planted rows fill.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) role: ColumnRole,
    /// Place among the record's fields.
    pub(super) place: usize,
    pub(super) header: String,
    pub(super) found: Found,
    /// A second column of the role is only filled where the donor fills it.
    pub(super) is_first: bool,
    pub(super) style: Style,
}

/// All columns that planted rows fill.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns {
    pub(super) all: Vec<Column>,
    /// Headers of unmapped columns whose values are all different.
    pub(super) unique_unmapped: Vec<String>,
}

impl Columns {
    /// Maps the columns of a file to the roles of `job`.
    ///
    /// # Errors
    ///
    /// If `--map` names no column, or nothing that carries a mark has one.
    pub(super) fn resolve(dialect: &Dialect, sample: &Sample, job: &Job<'_>) -> Result<Self, Fault> {
        let (mut columns, styles) = Self::named(sample, job)?;
        columns.all.retain(|column| job.records.iter().any(|record| columns_text(record, column, job)));
        for (place, style) in styles.iter().enumerate() {
            let unmapped = !columns.all.iter().any(|column| column.place == place);
            if unmapped && style.is_unique && dialect.format == Format::Delimited {
                columns.unique_unmapped.push(sample.label(place));
            }
        }
        if !job.records.is_empty() && !columns.all.iter().any(|column| carries_mark(&column.role, job)) {
            return Err(no_mark(sample));
        }
        Ok(columns)
    }

    /// All columns that play a role, whether or not a record speaks of it; and
    /// the habits of every column.
    ///
    /// # Errors
    ///
    /// If `--map` names no column.
    pub(super) fn named(sample: &Sample, job: &Job<'_>) -> Result<(Self, Vec<Style>), Fault> {
        let styles: Vec<Style> = (0..sample.width()).map(|place| Style::learn(&sample.column(place))).collect();
        let mut resolver = Resolver { sample, job, styles, all: Vec::new() };
        resolver.by_map()?;
        if sample.headers.is_empty() {
            resolver.by_position();
        } else {
            resolver.by_header();
        }
        let mut columns = Self { all: resolver.all, unique_unmapped: Vec::new() };
        columns.settle_addresses(sample);
        Ok((columns, resolver.styles))
    }

    pub(super) fn has(&self, role: &ColumnRole) -> bool {
        self.all.iter().any(|column| column.role == *role)
    }

    pub(super) fn first(&self, role: &ColumnRole) -> Option<&Column> {
        self.all.iter().find(|column| column.role == *role && column.is_first)
    }

    /// One past the last field that planted rows need.
    pub(super) fn width(&self) -> usize {
        self.all.iter().map(|column| column.place + 1).max().unwrap_or(0)
    }

    /// Decides for each address column whether it holds the whole address.
    ///
    /// Its name does not tell: `收件地址` beside `收件省` is usually what is
    /// left, but some exports repeat the province in it. The rows tell.
    fn settle_addresses(&mut self, sample: &Sample) {
        for role in [Role::Sender, Role::Recipient] {
            let widest = self.first(&ColumnRole::Province(role)).or(self.first(&ColumnRole::City(role)));
            let widest = widest.map(|column| column.place);
            for column in &mut self.all {
                if column.found == Found::Mapped
                    || !matches!(&column.role, ColumnRole::Address(r) | ColumnRole::Local(r) if *r == role)
                {
                    continue;
                }
                column.role = match widest {
                    Some(widest) if !sample.repeats(widest, column.place) => ColumnRole::Local(role),
                    _ => ColumnRole::Address(role),
                };
            }
        }
        for i in 0..self.all.len() {
            self.all[i].is_first = !self.all[..i].iter().any(|earlier| earlier.role == self.all[i].role);
        }
    }

    /// Returns what `record` says in `column` of this file.
    ///
    /// Records may hold a whole address, its parts, or both; files too.
    pub(super) fn value(&self, record: &Record, column: &Column) -> Option<Value> {
        let (ColumnRole::Address(role) | ColumnRole::Local(role)) = column.role else {
            return record.value(&column.role).cloned();
        };
        let whole = matches!(column.role, ColumnRole::Address(_));
        let parts =
            [ColumnRole::Province(role), ColumnRole::City(role), ColumnRole::District(role), ColumnRole::Town(role)];
        if whole && let Some(address) = record.value(&ColumnRole::Address(role)) {
            return Some(address.clone());
        }
        let local = match record.value(&ColumnRole::Local(role)) {
            Some(Value::Text(local)) => local.clone(),
            Some(other) => return Some(other.clone()),
            None => return record.value(&ColumnRole::Address(role)).cloned(),
        };
        let missing = parts.iter().filter(|part| whole || !self.has(part)).filter_map(|part| record.text(part));
        Some(Value::Text(join_address(&missing.collect::<Vec<_>>(), &local)))
    }
}

/// Joins the parts of an address, given from wide to narrow: in Chinese as
/// they stand, in Western order from narrow to wide with commas.
fn join_address(parts: &[&str], local: &str) -> String {
    if parts.iter().all(|part| part.is_ascii()) && local.is_ascii() {
        let (codes, places): (Vec<&str>, Vec<&str>) = parts
            .iter()
            .filter(|part| !part.is_empty())
            .partition(|part| part.bytes().any(|byte| byte.is_ascii_digit()));
        let mut text = local.to_owned();
        for place in places.iter().rev() {
            text = format!("{text}, {place}");
        }
        // A postal code follows the state without a comma; it is never written
        // where the state has a column of its own.
        return codes.iter().filter(|_| places.len() > 1).fold(text, |text, code| format!("{text} {code}"));
    }
    let mut text = String::new();
    for part in parts.iter().filter(|part| !part.is_empty()) {
        // 北京市 is province and city at once, and is written once.
        let is_code = part.bytes().all(|byte| byte.is_ascii_digit());
        if !text.ends_with(part) && !is_code {
            text.push_str(part);
        }
    }
    match local.strip_prefix(text.as_str()) {
        Some(_) => local.to_owned(),
        None => text + local,
    }
}

struct Resolver<'a> {
    sample: &'a Sample,
    job: &'a Job<'a>,
    styles: Vec<Style>,
    all: Vec<Column>,
}

impl Resolver<'_> {
    fn by_map(&mut self) -> Result<(), Fault> {
        for (role, name) in &self.job.options.map {
            let place = self.sample.place(name).ok_or_else(|| {
                Fault::new(format!("expected a column for {role}, found none called {name:?}"))
                    .at_field(format!("--map {role}={name}"))
                    .hint(self.sample.columns_hint())
            })?;
            self.add(role.clone(), place, Found::Mapped);
        }
        Ok(())
    }

    fn by_header(&mut self) {
        let job = self.job;
        for spec in job.columns {
            for place in 0..self.sample.headers.len() {
                let header = normal(&self.sample.headers[place]);
                if !header.is_empty() && names(spec).any(|name| normal(name) == header) {
                    self.add(spec.role.clone(), place, Found::Template);
                }
            }
        }
        for place in 0..self.sample.headers.len() {
            let header = &self.sample.headers[place];
            let role = role_of(header).or_else(|| role_of(header.rsplit('.').next().unwrap_or(header)));
            if let Some(role) = role.filter(|role| !matches!(role, ColumnRole::Town(_)) || self.fits_town(role, place))
            {
                self.add(role, place, Found::Dictionary);
            }
        }
    }

    /// A town column may hold names or postal codes; the record must agree.
    fn fits_town(&self, role: &ColumnRole, place: usize) -> bool {
        let is_code = |text: &str| text.bytes().filter(u8::is_ascii_digit).count() * 2 > text.len();
        let ours = self.job.records.iter().find_map(|record| record.text(role));
        let theirs = self.sample.column(place).into_iter().find(|(text, _)| !text.is_empty());
        ours.zip(theirs).is_some_and(|(ours, theirs)| is_code(ours) == is_code(affixes(&theirs.0).1))
    }

    fn by_position(&mut self) {
        let specs = self.job.columns;
        if specs.len() != self.sample.width()
            || !specs.iter().enumerate().all(|(place, spec)| self.could_be(spec, place))
        {
            return;
        }
        for (place, spec) in specs.iter().enumerate() {
            self.add(spec.role.clone(), place, Found::Position);
        }
    }

    fn could_be(&self, spec: &ColumnSpec, place: usize) -> bool {
        if !matches!(spec.role, ColumnRole::Phone(_)) {
            return true;
        }
        let values = self.sample.column(place);
        let is_phone =
            |text: &str| (7..=20).contains(&text.bytes().filter(|b| b.is_ascii_digit() || *b == b'*').count());
        values.iter().filter(|(text, _)| is_phone(text)).count() * 2 > values.len()
    }

    fn add(&mut self, role: ColumnRole, place: usize, found: Found) {
        let overruled = found != Found::Mapped
            && self.all.iter().any(|column| column.found == Found::Mapped && column.role == role);
        if overruled || self.all.iter().any(|column| column.place == place) {
            return;
        }
        let style = self.styles.get(place).cloned().unwrap_or_default();
        let is_first = !self.all.iter().any(|column| column.role == role);
        self.all.push(Column { role, place, header: self.sample.label(place), found, is_first, style });
    }
}

fn names(spec: &ColumnSpec) -> impl Iterator<Item = &String> {
    std::iter::once(&spec.header).chain(&spec.aliases)
}

/// Whether a record says anything in this column.
fn columns_text(record: &Record, column: &Column, job: &Job<'_>) -> bool {
    match column.role {
        ColumnRole::Number if !job.numbers.is_empty() => true,
        ColumnRole::Address(role) | ColumnRole::Local(role) => {
            record.value(&ColumnRole::Address(role)).is_some() || record.value(&ColumnRole::Local(role)).is_some()
        }
        _ => record.value(&column.role).is_some(),
    }
}

/// Whether a column can hold what later proves where a row came from.
fn carries_mark(role: &ColumnRole, job: &Job<'_>) -> bool {
    match role {
        ColumnRole::Number => !job.numbers.is_empty() || job.records.iter().any(|record| record.text(role).is_some()),
        ColumnRole::Phone(_) => job.records.iter().any(|record| record.text(role).is_some()),
        _ => false,
    }
}

fn no_mark(sample: &Sample) -> Fault {
    Fault::new("expected a column for a phone or a waybill number, found none")
        .hint(format!("name it with --map recipient.phone=COLUMN or --map number=COLUMN; {}", sample.columns_hint()))
}

/// Whether a sampled value is written as a JSON number.
pub(super) fn is_bare_number(kind: Kind, text: &str) -> bool {
    kind == Kind::Bare && serde_json::from_str::<serde_json::Number>(text).is_ok()
}
