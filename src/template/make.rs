//! Making: from seeds to personas and records.
//!
//! Everything is a pure function of the template and its input. A field draws
//! from its own keystream block of its own seed, so no field's value depends
//! on which other fields there are.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;

use crate::derive::{Keystream, Seed};
use crate::line::LineNumber;
use crate::persona::{Name, Persona, PersonaMaker, Role};
use crate::record::{ColumnRole, Copied, Given, Record, Value};
use crate::template::beside::VariedLaw;
use crate::template::field::Law;
use crate::template::place::Part;
use crate::template::{Column, MAX_FIELDS, Template};

/// All that one canary is made from.
#[derive(Clone, Copy)]
pub struct CanaryInput<'a> {
    /// Place of its number in the template's block. Without one the number is
    /// [`Value::Between`]: the planter takes a serial between the neighbours'.
    pub number_place: Option<u64>,
    /// Who stands in the row, and which line each wears. A role that is
    /// missing here is copied from the neighbouring row.
    pub people: &'a [(Role, &'a Persona, &'a LineNumber)],
    /// The parcel's seed: goods, weight, layout of the phone and so on.
    pub parcel_seed: &'a Seed,
}

/// Seeds and people are secret: what is printed in a debug message is neither.
impl fmt::Debug for CanaryInput<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CanaryInput(..)")
    }
}

impl Template {
    /// Makes a canary's values, one for each column.
    pub fn record(&self, input: &CanaryInput<'_>) -> Record {
        let draft = Draft::new(self, input, None);
        let columns = self.columns().iter().zip(&self.inner.parts.column_fields);
        let mut kept = None;
        let value = |(column, &field): (&Column, &usize)| {
            let value = match self.fields()[field].is_late {
                true => kept.get_or_insert_with(|| Arc::new(Kept::new(self, input))).given(field),
                false => draft.value(field),
            };
            (column.role.clone(), value)
        };
        Record { values: columns.map(value).collect() }
    }

    /// Returns what a row that is no neighbour's may hold in a column that a
    /// planted row would copy or fit in: the template's stand-in for copied
    /// columns, a drawn time on `day` for the time. `None` for the others.
    pub fn scratch(&self, column: &ColumnRole, parcel_seed: &Seed, day: Date) -> Option<String> {
        let field = &self.fields()[self.field_of(column)?];
        match &field.law {
            Law::Copied { scratch } | Law::Between { scratch } => Some(scratch.clone()),
            Law::Time(time) => {
                let block = field.keystream.expect("a time draws");
                Some(time.draw(&mut Keystream::new(parcel_seed, block + 1).block(block), day))
            }
            _ => None,
        }
    }
}

impl PersonaMaker for Template {
    fn persona(&self, role: Role, seed: &Seed) -> Persona {
        let person = self.person(role);
        let mut persona = Persona::default();
        if person.blocks == 0 {
            return persona;
        }
        let keystream = Keystream::new(seed, person.blocks);
        for index in [person.name, person.address].into_iter().flatten() {
            let field = &self.fields()[index];
            let mut draw = keystream.block(field.keystream.expect("people's fields draw"));
            match &field.law {
                Law::Name { law, .. } => persona.name = law.draw(&mut draw),
                Law::Address { law, .. } => persona.place = law.draw(&mut draw),
                _ => {}
            }
        }
        persona
    }

    fn name(&self, role: Role, seed: &Seed) -> Name {
        let person = self.person(role);
        let Some(field) = person.name.map(|index| &self.fields()[index]) else { return Name::default() };
        let block = field.keystream.expect("people's fields draw");
        match &field.law {
            Law::Name { law, .. } => law.draw(&mut Keystream::new(seed, block + 1).block(block)),
            _ => Name::default(),
        }
    }
}

/// What the values that wait for the file are made from.
struct Kept {
    template: Template,
    number_place: Option<u64>,
    people: Vec<(Role, Persona, LineNumber)>,
    parcel_seed: Seed,
}

impl Kept {
    fn new(template: &Template, input: &CanaryInput<'_>) -> Self {
        let people = input.people.iter().map(|(role, persona, line)| (*role, (*persona).clone(), (*line).clone()));
        Self {
            template: template.clone(),
            number_place: input.number_place,
            people: people.collect(),
            parcel_seed: *input.parcel_seed,
        }
    }

    /// The value of a field that waits.
    fn given(self: &Arc<Self>, field: usize) -> Value {
        let kept = self.clone();
        Value::Given(Given::new(move |copied| kept.beside(field, copied)))
    }

    fn beside(&self, field: usize, copied: &Copied<'_>) -> Option<String> {
        let people: Vec<_> = self.people.iter().map(|(role, persona, line)| (*role, persona, line)).collect();
        let (number_place, parcel_seed) = (self.number_place, &self.parcel_seed);
        let input = CanaryInput { number_place, people: &people, parcel_seed };
        Draft::new(&self.template, &input, Some(copied)).text(field).map(Cow::into_owned)
    }
}

/// A record while it is being made.
struct Draft<'a> {
    template: &'a Template,
    input: &'a CanaryInput<'a>,
    copied: Option<&'a Copied<'a>>,
    keystream: Keystream,
    /// For choices the row taken, for numbers the units, by field.
    drawn: [i64; MAX_FIELDS],
    /// Of fields that go by another, which case they drew from.
    cases: [u16; MAX_FIELDS],
}

impl<'a> Draft<'a> {
    fn new(template: &'a Template, input: &'a CanaryInput<'a>, copied: Option<&'a Copied<'a>>) -> Self {
        let keystream = Keystream::new(input.parcel_seed, template.inner.parcel_blocks);
        let (drawn, cases) = ([0; MAX_FIELDS], [0; MAX_FIELDS]);
        let mut draft = Self { template, input, copied, keystream, drawn, cases };
        for &index in &template.inner.drawn {
            let field = &template.fields()[index];
            if field.is_late && copied.is_none() {
                continue;
            }
            if let Some(given) = &field.given {
                let case = draft.text(given.by).map_or(0, |text| given.case(&text));
                draft.cases[index] = case as u16;
            }
            let mut draw = draft.keystream.block(field.keystream.expect("choices and numbers draw"));
            let drawn = match draft.law(index) {
                Law::Choice(choice) => choice.rows.draw_index(&mut draw) as i64,
                Law::Number(number) => number.draw(&mut draw),
                _ => 0,
            };
            draft.drawn[index] = drawn;
        }
        draft
    }

    /// The law that a field's value follows in this record.
    fn law(&self, index: usize) -> &'a Law {
        self.template.fields()[index].law_in(usize::from(self.cases[index]))
    }

    fn value(&self, index: usize) -> Value {
        match &self.template.fields()[index].law {
            Law::Copied { .. } => Value::Copied,
            Law::Between { .. } | Law::Time(_) => Value::Between,
            Law::Waybill | Law::Serial(_) if self.input.number_place.is_none() => Value::Between,
            Law::Same(of) => self.value(*of),
            _ => self.text(index).map_or(Value::Copied, |text| Value::Text(text.into_owned())),
        }
    }

    /// The text of a field; `None` where its person is not given.
    fn text(&self, index: usize) -> Option<Cow<'_, str>> {
        let field = &self.template.fields()[index];
        Some(match self.law(index) {
            Law::Waybill => self.template.block()?.number(self.input.number_place?).into(),
            Law::Serial(form) => self.template.block()?.write(form, self.input.number_place?).into(),
            Law::Phone { role, law, .. } => {
                let (_, line) = self.person(*role)?;
                // A law without a block of its own has one way to write a line
                // and reads nothing of the block it is given.
                law.write(line, &mut self.keystream.block(field.keystream.unwrap_or(0))).into()
            }
            Law::Name { role, .. } => self.person(*role)?.0.name.full.as_str().into(),
            Law::Address { role, .. } => self.person(*role)?.0.place.full.as_str().into(),
            Law::PlaceParts { role, parts, .. } => parts_text(parts, self.person(*role)?.0),
            Law::Choice(choice) => choice.rows.items()[self.drawn[index] as usize][0].as_str().into(),
            Law::ChoicePart { of, key } => {
                let Law::Choice(choice) = self.law(*of) else { return None };
                choice.rows.items()[self.drawn[*of] as usize][*key].as_str().into()
            }
            Law::Number(number) => number.write(self.drawn[index]).into(),
            Law::Rate { of, by, law } => {
                let rate = law.rate(&self.text(*by)?);
                // Nothing to charge where there is no number.
                if self.drawn[*of] < 0 {
                    return Some("".into());
                }
                law.format().write(law.price(rate, self.drawn[*of])).into()
            }
            Law::Varied => VariedLaw.text(&self.donor(index)?, &mut self.keystream.block(field.keystream?)).into(),
            Law::Scaled { of, law } => {
                let amount = self.text(*of)?;
                law.text(&self.donor(index)?, &self.donor(*of)?, &amount).into()
            }
            Law::Nearby { with, law } => {
                let donor = self.donor(index)?;
                let own = field.keystream?;
                let ticket = with.map_or(Some(own), |with| self.template.fields()[with].keystream)?;
                match law.is_own(&mut self.keystream.block(ticket)) {
                    true => {
                        let (mut shared, mut draw) = (self.keystream.block(ticket), self.keystream.block(own));
                        law.is_own(&mut shared);
                        law.is_own(&mut draw);
                        law.text(&donor, &mut shared, &mut draw).into()
                    }
                    false => donor.into(),
                }
            }
            Law::Constant(text) => text.as_str().into(),
            Law::Same(of) => return self.text(*of),
            Law::Copied { .. } | Law::Between { .. } | Law::Time(_) => self.donor(index)?.into(),
        })
    }

    /// What the donor holds in the column that shows a field.
    fn donor(&self, index: usize) -> Option<String> {
        let place = self.template.inner.parts.column_fields.iter().position(|&field| field == index)?;
        self.copied?(&self.template.columns()[place].role)
    }

    fn person(&self, role: Role) -> Option<(&'a Persona, &'a LineNumber)> {
        self.input.people.iter().find(|(have, ..)| *have == role).map(|(_, persona, line)| (*persona, *line))
    }
}

fn parts_text<'p>(parts: &[Part], persona: &'p Persona) -> Cow<'p, str> {
    match parts {
        [part] => part.of(&persona.place).into(),
        _ => {
            let mut text = String::with_capacity(parts.iter().map(|part| part.of(&persona.place).len()).sum());
            text.extend(parts.iter().map(|part| part.of(&persona.place)));
            text.into()
        }
    }
}
