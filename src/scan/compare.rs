//! What is left of a canary in a leaked row.
//!
//! A row was found by one number; the report should say what else of the canary
//! came through: which columns were sold, what was masked, what a spreadsheet
//! damaged. Each value that the canary was planted with is looked for in the
//! whole row, since columns are cut, put in another order and run together.
//!
//! The four answers are of two sorts. [`Survival::Whole`] says that the value
//! itself stands there. [`Survival::Masked`] and [`Survival::Damaged`] carry a
//! [`Remnant`]: what is left fits this canary *and many others*. It is a
//! statement about a set of canaries, never a match, however much is shown;
//! what such a statement is worth is for the matcher and attribution to say.
//!
//! Whole is a match only as far as the value itself is rare. That a row says
//! `河北省` or `女装` is true of thousands.

mod code;
mod name;
mod place;
mod plain;
mod sheet;

use std::cmp::Reverse;

use serde::{Serialize, Serializer};

use crate::canary::Canary;
use crate::normalize;
use crate::record::{ColumnRole, Value};
use crate::scan::text::RowText;

use self::code::Code;
use self::name::NameValue;
use self::place::PlaceValue;
use self::plain::Plain;
use self::sheet::{Sheet, Span, Words, kept};

/// A canary compared with a row, value by value.
///
/// Holds nothing of either but which columns and how many characters, so it
/// may be printed and logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// How many fields survived how.
    pub counts: Counts,
    /// One for each column that the canary was planted with a value in, in the
    /// template's order. What was copied from the file or fitted into it is no
    /// mark, and empty values leave none.
    pub fields: Vec<Field>,
}

/// How many fields survived how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Stand in the row as they were planted.
    pub whole: usize,
    /// Somebody hid a part of.
    pub masked: usize,
    /// Some program lost a part of.
    pub damaged: usize,
    /// Are not there.
    pub absent: usize,
}

/// One value of the canary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// What its column is for.
    #[serde(serialize_with = "as_text")]
    pub role: ColumnRole,
    /// What is left of it.
    #[serde(flatten)]
    pub survival: Survival,
}

/// What is left of a value in a row.
///
/// Deliberately without an order and without a test for "there": who counts
/// matches has to write [`Survival::Whole`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "survival", rename_all = "snake_case")]
pub enum Survival {
    /// The value itself, in any spelling of its normal form.
    Whole,
    /// A part of it was hidden on purpose: `154****1234`, `张*三`, `王女士`.
    Masked(Remnant),
    /// A part of it was lost on the way: `1.54331E+10`, a cell that ends early.
    Damaged(Remnant),
    /// Nothing of it.
    Absent,
}

/// What is left of a value that is not whole: it fits every value that agrees
/// with the characters shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Remnant {
    /// In what way it is incomplete.
    pub form: Form,
    /// Characters that are shown and agree, blanks and punctuation aside.
    pub shown: usize,
    /// ... of so many.
    pub of: usize,
}

/// How a value is incomplete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Asterisks and their like stand for characters.
    Stars,
    /// A surname with a title.
    Title,
    /// A name's initial.
    Initial,
    /// The last digits alone.
    Tail,
    /// A number that was taken for an amount: its leading digits.
    Rounded,
    /// An end is missing, or one of several parts.
    Cut,
    /// Question marks stand for characters that a program could not write.
    Lost,
}

impl Comparison {
    /// Looks for each value of `canary` in `row`.
    ///
    /// # Example
    ///
    /// ```
    /// # use trapline::canary::Canary;
    /// # use trapline::record::{ColumnRole, Record, Value};
    /// # use trapline::scan::compare::{Comparison, Survival};
    /// # use trapline::scan::text::RowText;
    /// let record = Record { values: vec![(ColumnRole::Number, Value::Text("YT0000361829274".into()))] };
    /// let canary = Canary { index: 0, number: None, people: vec![], record };
    ///
    /// let whole = Comparison::of(&canary, &RowText::read(b"yt 0000-3618-29274\t,Li", None));
    /// let masked = Comparison::of(&canary, &RowText::read(b"YT0000*****9274,Li", None));
    ///
    /// assert_eq!(whole.survival(&ColumnRole::Number), Some(Survival::Whole));
    /// assert_eq!(masked.matches().count(), 0);
    /// assert_eq!(masked.counts.masked, 1);
    /// ```
    pub fn of(canary: &Canary, row: &RowText) -> Self {
        let planted = Planted::all(canary);
        let words = Words(planted.iter().flat_map(Planted::words).collect());
        let mut sheet = Sheet::new(row);
        let mut survivals = vec![Survival::Absent; planted.len()];
        let mut open: Vec<usize> = (0..planted.len()).collect();
        // What is rare and long first: it parts the rest of a row that is run together.
        open.sort_by_key(|&index| (planted[index].sort.rank(), Reverse(planted[index].length)));
        // Own cells first: 'Craig Austin' is no city. What was found parts what
        // is left, so that more may be found the next time.
        for look in [Planted::in_own_cell, Planted::whole, Planted::whole, Planted::remnant] {
            open.retain(|&index| {
                let Some(found) = look(&planted[index], &sheet, &words) else { return true };
                found.spans.iter().for_each(|span| sheet.take(span));
                survivals[index] = found.survival;
                false
            });
        }
        for index in open {
            let named = |other: &Planted<'_>, survival: &Survival| {
                other.is_name_beside(planted[index].role) && matches!(survival, Survival::Whole | Survival::Masked(_))
            };
            let is_named = planted.iter().zip(&survivals).any(|(other, survival)| named(other, survival));
            if let Some(found) = planted[index].tail(&sheet, is_named) {
                survivals[index] = found.survival;
            }
        }
        let fields = planted.into_iter().zip(survivals);
        let fields = fields.map(|(planted, survival)| Field { role: planted.role.clone(), survival }).collect();
        Self::with(fields)
    }

    fn with(fields: Vec<Field>) -> Self {
        let mut counts = Counts::default();
        for field in &fields {
            *match field.survival {
                Survival::Whole => &mut counts.whole,
                Survival::Masked(_) => &mut counts.masked,
                Survival::Damaged(_) => &mut counts.damaged,
                Survival::Absent => &mut counts.absent,
            } += 1;
        }
        Self { counts, fields }
    }

    /// Columns whose value itself stands in the row.
    pub fn matches(&self) -> impl Iterator<Item = &ColumnRole> {
        self.fields.iter().filter(|field| field.survival == Survival::Whole).map(|field| &field.role)
    }

    /// Columns of which the row makes a statement that fits many canaries.
    pub fn statements(&self) -> impl Iterator<Item = (&ColumnRole, Remnant)> {
        self.fields.iter().filter_map(|field| match field.survival {
            Survival::Masked(remnant) | Survival::Damaged(remnant) => Some((&field.role, remnant)),
            Survival::Whole | Survival::Absent => None,
        })
    }

    /// What is left of one value; `None` where the canary has none there.
    pub fn survival(&self, role: &ColumnRole) -> Option<Survival> {
        self.fields.iter().find(|field| field.role == *role).map(|field| field.survival)
    }
}

/// A value of the canary, ready to be looked for.
struct Planted<'a> {
    role: &'a ColumnRole,
    text: &'a str,
    length: usize,
    sort: Sort,
}

/// By what rules a value is looked for.
enum Sort {
    Code(Code),
    Name(NameValue),
    Place(PlaceValue),
    Plain(Plain),
}

/// What was found of a value, and where.
struct Found {
    survival: Survival,
    spans: Vec<Span>,
}

impl Found {
    fn whole(spans: Vec<Span>) -> Self {
        Self { survival: Survival::Whole, spans }
    }

    fn remnant(form: Form, shown: usize, of: usize, spans: Vec<Span>) -> Self {
        let remnant = Remnant { form, shown, of };
        let survival = match form {
            Form::Stars | Form::Title | Form::Initial | Form::Tail => Survival::Masked(remnant),
            Form::Rounded | Form::Cut | Form::Lost => Survival::Damaged(remnant),
        };
        Self { survival, spans }
    }

    fn shown(&self) -> usize {
        match self.survival {
            Survival::Masked(remnant) | Survival::Damaged(remnant) => remnant.shown,
            Survival::Whole => usize::MAX,
            Survival::Absent => 0,
        }
    }
}

impl Sort {
    fn rank(&self) -> u8 {
        match self {
            Self::Code(_) => 0,
            Self::Place(_) => 1,
            Self::Name(_) => 2,
            Self::Plain(_) => 3,
        }
    }
}

impl<'a> Planted<'a> {
    fn all(canary: &'a Canary) -> Vec<Self> {
        let values = canary.record.values.iter();
        let texts = values.filter_map(|(role, value)| match value {
            Value::Text(text) if !kept(text).is_empty() => Some((role, text.as_str())),
            _ => None,
        });
        texts
            .map(|(role, text)| Self { role, text, length: kept(text).len(), sort: sort(canary, role, text) })
            .collect()
    }

    /// What may stand beside another value with nothing between.
    fn words(&self) -> Vec<Vec<char>> {
        let mut words = vec![kept(self.text)];
        if let Sort::Code(code) = &self.sort {
            words.push(code.core.clone());
        }
        words
    }

    /// A cell with nothing but the value, as it was planted.
    fn in_own_cell(&self, sheet: &Sheet, _: &Words) -> Option<Found> {
        let plain = |text: &str| normalize::text(text).trim().to_owned();
        let text = plain(self.text);
        let (span, _) = sheet.whole_cells().find(|(_, cell)| plain(&cell.raw) == text)?;
        Some(Found::whole(vec![span]))
    }

    fn whole(&self, sheet: &Sheet, words: &Words) -> Option<Found> {
        match &self.sort {
            Sort::Code(code) => code.whole(sheet, words),
            Sort::Name(name) => name.whole(sheet, words),
            Sort::Place(place) => place.whole(sheet, words),
            Sort::Plain(plain) => plain.whole(sheet, words),
        }
        .map(Found::whole)
    }

    fn remnant(&self, sheet: &Sheet, words: &Words) -> Option<Found> {
        self.whole(sheet, words).or_else(|| self.remnant_only(sheet, words))
    }

    fn remnant_only(&self, sheet: &Sheet, words: &Words) -> Option<Found> {
        match &self.sort {
            Sort::Code(code) => code.remnant(sheet, words),
            Sort::Name(name) => name.remnant(sheet, words),
            Sort::Place(place) => place.remnant(sheet, words),
            Sort::Plain(plain) => plain.remnant(sheet, words),
        }
    }

    fn tail(&self, sheet: &Sheet, is_named: bool) -> Option<Found> {
        match &self.sort {
            Sort::Code(code) => code.tail(sheet, is_named),
            _ => None,
        }
    }

    /// Whether this is the name of whoever `role` is a phone of.
    fn is_name_beside(&self, role: &ColumnRole) -> bool {
        matches!((self.role, role), (ColumnRole::Name(name), ColumnRole::Phone(phone)) if name == phone)
    }
}

fn sort(canary: &Canary, role: &ColumnRole, text: &str) -> Sort {
    let person = |role| canary.people.iter().find(|person| person.role == role);
    let sorted = match *role {
        ColumnRole::Phone(role) => person(role).map(|person| Sort::Code(Code::phone(&person.number))),
        ColumnRole::Name(role) => person(role).map(|person| Sort::Name(NameValue::new(text, &person.persona.name))),
        ColumnRole::Province(role)
        | ColumnRole::City(role)
        | ColumnRole::District(role)
        | ColumnRole::Town(role)
        | ColumnRole::Local(role)
        | ColumnRole::Address(role) => {
            person(role).map(|person| Sort::Place(PlaceValue::new(text, &person.persona.place)))
        }
        ColumnRole::Number | ColumnRole::Time | ColumnRole::Other(_) => Code::reference(text).map(Sort::Code),
    };
    sorted.unwrap_or_else(|| Sort::Plain(Plain::new(text)))
}

fn as_text<S: Serializer>(role: &ColumnRole, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(role)
}

#[cfg(test)]
mod tests;
