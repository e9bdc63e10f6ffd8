//! From a donor row and a record to the bytes of a planted row.

use std::borrow::Cow;

use super::apart::Stretches;
use super::choose::{Placed, Who};
use super::columns::{Column, Columns, is_bare_number};
use super::cut::{Kind, Span};
use super::dialect::Format;
use super::order::Order;
use super::place::{Gap, Row};
use super::sample::{FieldReader, Sample};
use super::shared::row_behind;
use super::style::{Quoting, affixes};
use super::watch::Watch;
use super::{BLOCKS, Job};
use crate::derive::{Block, Draw, Keystream};
use crate::fault::Fault;
use crate::persona::Role;
use crate::record::{ColumnRole, Record, Value};

/// A finished row.
pub(super) struct Made {
    pub(super) bytes: Vec<u8>,
    /// What was taken from the file, by role.
    pub(super) context: Vec<(String, String)>,
    /// Whether its donor is the row behind the gap.
    pub(super) is_from_behind: bool,
}

/// Makes planted rows.
pub(super) struct Maker<'a> {
    pub(super) sample: &'a Sample,
    pub(super) columns: &'a Columns,
    pub(super) watches: &'a [Watch],
    pub(super) stretches: &'a Stretches,
    pub(super) job: &'a Job<'a>,
    /// What the batch's own rows draw from.
    pub(super) own: &'a Keystream,
    /// What shared rows draw from, a block for each slot.
    pub(super) shared: &'a Keystream,
}

impl Maker<'_> {
    /// Makes the rows of one gap, in order; they are to stand within `bounds`.
    pub(super) fn together(&self, group: &[Placed], bounds: &Gap) -> Result<Vec<Made>, Fault> {
        let mut draws: Vec<Block<'_>> = group
            .iter()
            .map(|who| match who.who {
                Who::Own(canary) => self.own.block(BLOCKS * canary + 2),
                Who::Shared(slot) => self.shared.block(slot),
            })
            .collect();
        // Values between the neighbours are drawn for the whole gap at once:
        // only so can they keep an order among themselves.
        let between: Vec<Option<Vec<String>>> = self
            .watches
            .iter()
            .map(|watch| {
                let (before, after) = self.neighbours(watch.place, bounds);
                watch.between(&before, &after, group.len(), draws.first_mut()?)
            })
            .collect();
        let donors = group.iter().zip(&mut draws).map(|(who, draw)| match who.who {
            Who::Own(_) => match who.donor.as_deref() {
                Some(next) => Cow::Borrowed(next),
                None => self.apart(&who.gap, draw).map_or_else(|| Cow::Borrowed(donor(&who.gap, draw)), Cow::Owned),
            },
            Who::Shared(_) => Cow::Borrowed(row_behind(&who.gap)),
        });
        let donors: Vec<Cow<'_, Row>> = donors.collect();
        let mut made = Vec::with_capacity(group.len());
        for (i, (who, donor)) in group.iter().zip(&donors).enumerate() {
            let here =
                between.iter().map(|values| values.as_ref().map(|values| values[i].as_str())).collect::<Vec<_>>();
            made.push(self.row(who, donor, &here)?);
        }
        Ok(made)
    }

    /// A donor from further up.
    fn apart(&self, gap: &Gap, draw: &mut Block<'_>) -> Option<Row> {
        if self.job.options.only_beside {
            return None;
        }
        let (delimited, width) = (self.reader().dialect.format == Format::Delimited, self.sample.width());
        let has = |fields: &[Span], place: usize| fields.get(place).is_some_and(|span| span.kind != Kind::Missing);
        let is_fit = |fields: &[Span]| {
            (!delimited || fields.len() == width)
                && self.columns.all.iter().all(|column| !column.is_first || has(fields, column.place))
        };
        self.stretches.donor(gap, self.reader(), is_fit, draw)
    }

    /// Returns what a gap's neighbours say in a column. A neighbour that says
    /// nothing there is taken to repeat the other; at the ends there is none.
    pub(super) fn neighbours(&self, place: usize, gap: &Gap) -> (String, String) {
        // A ragged row's fields may be another column's.
        let say = |row: &Row| if row.is_fit { affixes(&self.text(row, place)).1.to_owned() } else { String::new() };
        let (before, after) = (gap.before.as_ref().map(say), gap.after.as_ref().map(say));
        let filled = |text: &Option<String>| text.clone().filter(|text| text.bytes().any(|byte| byte.is_ascii_digit()));
        match (&before, &after) {
            (Some(_), Some(_)) => {
                let (have_before, have_after) = (filled(&before), filled(&after));
                (
                    have_before.clone().or(have_after.clone()).unwrap_or_default(),
                    have_after.or(have_before).unwrap_or_default(),
                )
            }
            _ => (before.unwrap_or_default(), after.unwrap_or_default()),
        }
    }

    fn reader(&self) -> &FieldReader {
        &self.sample.reader
    }

    fn text(&self, row: &Row, place: usize) -> String {
        row.fields.get(place).map(|span| self.reader().text(row.content(), *span)).unwrap_or_default()
    }

    pub(super) fn row(&self, who: &Placed, donor: &Row, between: &[Option<&str>]) -> Result<Made, Fault> {
        let record = match who.who {
            Who::Own(canary) => &self.job.records[canary],
            Who::Shared(slot) => &self.job.shared_rows()[slot].record,
        };
        let mut context = Vec::new();
        let mut replaced: Vec<(usize, usize, Vec<u8>)> = Vec::new();
        for column in &self.columns.all {
            let span = donor.fields.get(column.place).copied().unwrap_or_default();
            let old = self.text(donor, column.place);
            let is_blank_second = !column.is_first && affixes(&old).1.is_empty();
            if span.kind == Kind::Missing || is_blank_second {
                continue;
            }
            let Some(new) = self.say(who, record, column, (donor, &old), between)? else {
                // Copied, byte for byte, from the very file that the row goes
                // into: the one way in which a phone that is no line of ours
                // may stand in a planted row (invariant 5). The same holds for
                // every column that no role maps.
                if column.is_first && record.value(&column.role).is_some() {
                    context.push((column.role.to_string(), old));
                }
                continue;
            };
            if new.from_file && column.is_first {
                context.push((column.role.to_string(), new.text.clone()));
            }
            let field = self.write(&new.text, &old, span.kind, column)?;
            replaced.push((span.start as usize, span.end as usize, field));
        }
        replaced.sort_unstable_by_key(|(start, ..)| *start);
        let is_beside = |row: &Option<Row>| row.as_ref().is_some_and(|row| std::ptr::eq(row, donor));
        let before_is_fit = who.gap.before.as_ref().is_some_and(|row| row.is_fit);
        let is_from_behind = is_beside(&who.gap.after) || (!is_beside(&who.gap.before) && !before_is_fit);
        Ok(Made { bytes: self.splice(donor, &replaced), context, is_from_behind })
    }

    fn splice(&self, donor: &Row, replaced: &[(usize, usize, Vec<u8>)]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(donor.bytes.len() + 64);
        let mut at = 0;
        for (start, end, field) in replaced {
            bytes.extend_from_slice(&donor.content()[at..*start]);
            bytes.extend_from_slice(field);
            at = *end;
        }
        bytes.extend_from_slice(&donor.content()[at..]);
        let terminator = &donor.bytes[donor.content..];
        // The last record may have none, but no planted row is ever the last.
        let usual = self.reader().dialect.terminator.bytes();
        bytes.extend_from_slice(if terminator.is_empty() { usual } else { terminator });
        bytes
    }

    /// Returns what to write into a column; `None` to leave the donor's bytes.
    fn say(
        &self,
        who: &Placed,
        record: &Record,
        column: &Column,
        (donor, old): (&Row, &str),
        between: &[Option<&str>],
    ) -> Result<Option<Said>, Fault> {
        if column.role == ColumnRole::Number
            && let Some(which) = who.number
        {
            let text = column.style.render(&column.role, self.job.number(which).1, old);
            return Ok(Some(Said { text, from_file: false }));
        }
        let watched = self.watches.iter().position(|watch| watch.place == column.place);
        let sorted_time =
            column.role == ColumnRole::Time && watched.is_some_and(|i| self.watches[i].order() != Order::None);
        let said = match self.columns.value(record, column) {
            None | Some(Value::Copied) => None,
            // A time of the template's own would break the order of the file.
            Some(Value::Between) => self.between(column, watched, old, between)?,
            Some(Value::Given(given)) => given.beside(&|role| self.copied(donor, role)).map(|text| {
                let text = column.style.render(&column.role, &text, old);
                Said { text, from_file: true }
            }),
            Some(Value::Text(_)) if sorted_time => self.between(column, watched, old, between)?,
            Some(Value::Text(text)) => {
                let text = column.style.render(&column.role, &text, old);
                Some(Said { text, from_file: false })
            }
        };
        if let (ColumnRole::Phone(role), Some(said)) = (&column.role, &said) {
            guard_phone(*role, record, &said.text)?;
        }
        Ok(said)
    }

    /// What a row copies from its donor in the column of `role`.
    fn copied(&self, donor: &Row, role: &ColumnRole) -> Option<String> {
        let column = self.columns.all.iter().find(|column| column.role == *role)?;
        Some(affixes(&self.text(donor, column.place)).1.to_owned())
    }

    fn between(
        &self,
        column: &Column,
        watched: Option<usize>,
        old: &str,
        between: &[Option<&str>],
    ) -> Result<Option<Said>, Fault> {
        if matches!(column.role, ColumnRole::Phone(_)) {
            return Err(
                Fault::new("expected a line or a copied phone, found a made-up one").at_field(column.role.to_string())
            );
        }
        let value = watched.and_then(|i| between[i]);
        // A donor that says nothing here goes on saying nothing.
        let digits = old.bytes().any(|byte| byte.is_ascii_digit());
        Ok(value.filter(|_| digits).map(|value| Said { text: column.style.dress(value, old), from_file: true }))
    }

    /// Writes a value in the dialect of the file and the habit of the column.
    fn write(&self, text: &str, old: &str, kind: Kind, column: &Column) -> Result<Vec<u8>, Fault> {
        let dialect = &self.reader().dialect;
        let written = match dialect.format {
            Format::JsonLines if kind == Kind::Bare && is_bare_number(kind, old) && is_bare_number(kind, text) => {
                text.to_owned()
            }
            Format::JsonLines => format!("\"{}\"", self.reader().escapes.escape(text)),
            Format::Delimited => self.delimited(text, old, kind, column)?,
        };
        let unwritable = || {
            Fault::new(format!("expected a value that {} can hold", dialect.encoding.name()))
                .at_field(column.role.to_string())
                .hint("use a template in the language of the file, or name its encoding: --encoding")
        };
        dialect.encoding.encode(&written).map(std::borrow::Cow::into_owned).ok_or_else(unwritable)
    }

    fn delimited(&self, text: &str, old: &str, kind: Kind, column: &Column) -> Result<String, Fault> {
        let dialect = &self.reader().dialect;
        let delimiter = char::from(dialect.delimiter);
        let breaks = text.contains(['\r', '\n']) || text.contains(delimiter);
        if !dialect.quotes {
            let fault = || {
                Fault::new("expected a value without delimiters, as the file has no quotes")
                    .at_field(column.role.to_string())
            };
            return if breaks { Err(fault()) } else { Ok(text.to_owned()) };
        }
        // `="154…"` holds quotes and is written without any around it.
        let quote_is_a_letter = kind == Kind::Bare && old.contains('"') && !text.starts_with('"');
        let quoted = column.style.quoting == Quoting::Always
            || breaks
            || (text.contains('"') && !quote_is_a_letter)
            || (self.sample.quotes_commas && text.contains(','));
        Ok(if quoted { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() })
    }
}

/// What to write into a column.
struct Said {
    text: String,
    /// Whether it follows from the neighbours.
    from_file: bool,
}

/// Chooses the donor among a gap's neighbours.
fn donor<'g>(gap: &'g Gap, draw: &mut Block<'_>) -> &'g Row {
    let fit = |row: &'g Option<Row>| row.as_ref().filter(|row| row.is_fit);
    match (fit(&gap.before), fit(&gap.after)) {
        (Some(before), Some(after)) => [before, after][draw.below(2) as usize],
        (before, after) => before.or(after).expect("a gap is only offered beside a fit row"),
    }
}

/// Invariant 5, at the last line before the bytes: what a planted row says in
/// a phone column are the digits of the record's own phone, some perhaps
/// hidden, with or without the country code.
fn guard_phone(role: Role, record: &Record, written: &str) -> Result<(), Fault> {
    let given = record.text(&ColumnRole::Phone(role)).unwrap_or_default();
    let slots = |text: &str| text.chars().filter(|c| c.is_ascii_digit() || *c == '*').rev().collect::<Vec<char>>();
    let (given, written) = (slots(given), slots(written));
    let same = given.iter().zip(&written).all(|(given, written)| given == written || *written == '*');
    let rest = |longer: &[char], shorter: &[char]| {
        longer.get(shorter.len()..).is_none_or(|rest| matches!(rest, [] | ['6', '8']))
    };
    if same && !given.is_empty() && rest(&given, &written) && rest(&written, &given) {
        return Ok(());
    }
    Err(Fault::new("expected the phone of the record, found other digits")
        .at_field(ColumnRole::Phone(role).to_string()))
}

/// Returns bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
