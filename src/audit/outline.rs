//! What an adversary makes of a file before looking at single rows: what kind
//! of thing each column holds, which columns go together, who is who.

use std::collections::{HashMap, HashSet};

use super::counts::{Key, mix, of_text};
use crate::persona::Role;
use crate::plant::Rows;
use crate::record::ColumnRole;

/// What kind of thing a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Waybill numbers.
    Number,
    /// Times.
    Time,
    /// Telephone numbers.
    Phone,
    /// People's names.
    Name,
    /// Numbers that mean an amount.
    Amount,
    /// Anything else.
    Text,
}

/// One column, as an adversary sees it.
#[derive(Clone, Debug)]
pub struct Trait {
    /// What the file calls it.
    pub header: String,
    /// What it is for, where that is known.
    pub role: Option<ColumnRole>,
    /// What it holds.
    pub kind: Kind,
    /// Different values among the real rows.
    pub distinct: usize,
    /// Whether the adversary may look at it.
    pub is_open: bool,
    /// Whether amounts are compared by whole units, there being so many.
    is_coarse: bool,
}

impl Trait {
    /// Whether a value of it says more than its kind: few rows share one.
    pub fn is_diverse(&self, rows: usize) -> bool {
        self.distinct * DIVERSE > rows
    }
}

/// In a diverse column fewer rows than this share a value, in the mean.
const DIVERSE: usize = 4;

/// The columns of a person.
#[derive(Clone, Copy, Debug, Default)]
pub struct Person {
    /// Phone.
    pub phone: Option<usize>,
    /// Name.
    pub name: Option<usize>,
    /// Address, or what is left of it.
    pub address: Option<usize>,
}

/// What is known of a file's columns.
#[derive(Clone, Debug)]
pub struct Outline {
    /// In the order of the file.
    pub columns: Vec<Trait>,
    /// Columns whose values are compared two by two.
    pub pairs: Vec<(usize, usize)>,
    /// Sender and recipient.
    pub people: [Person; 2],
    /// The waybill number.
    pub number: Option<usize>,
    /// Fee, weight and province.
    pub fee: Option<(usize, usize, Option<usize>)>,
    /// The recipient's city, else the province.
    pub city: Option<usize>,
    /// Real rows.
    pub rows: usize,
}

/// More columns than these are not compared two by two.
const MOST_PAIRED: usize = 14;
/// Amounts with more values than this are compared by whole units.
const MOST_AMOUNTS: usize = 500;

impl Outline {
    /// Looks at the real rows of a file; columns in `without` stay closed.
    pub fn of(rows: &Rows, without: &[ColumnRole]) -> Self {
        let columns: Vec<Trait> = (0..rows.columns.len())
            .map(|place| {
                let column = &rows.columns[place];
                let distinct = rows.rows.iter().map(|row| &row.cells[place]).collect::<HashSet<_>>().len();
                let kind = kind(rows, place);
                Trait {
                    header: column.header.clone(),
                    role: column.role.clone(),
                    kind,
                    distinct,
                    is_open: column.role.as_ref().is_none_or(|role| !without.contains(role)),
                    is_coarse: kind == Kind::Amount && distinct > MOST_AMOUNTS,
                }
            })
            .collect();
        let place = |role: &ColumnRole| columns.iter().position(|column| column.role.as_ref() == Some(role));
        let open = |role: &ColumnRole| place(role).filter(|&place| columns[place].is_open);
        let person = |role: Role| Person {
            phone: open(&ColumnRole::Phone(role)),
            name: open(&ColumnRole::Name(role)),
            address: open(&ColumnRole::Address(role)).or(open(&ColumnRole::Local(role))),
        };
        let other = |word: &str| open(&ColumnRole::Other(word.into()));
        let province = [ColumnRole::Province(Role::Recipient), ColumnRole::City(Role::Recipient)].iter().find_map(open);
        let mut outline = Self {
            people: [person(Role::Sender), person(Role::Recipient)],
            number: open(&ColumnRole::Number),
            fee: other("fee").zip(other("weight")).map(|(fee, weight)| (fee, weight, province)),
            city: [ColumnRole::City(Role::Recipient), ColumnRole::Province(Role::Recipient)].iter().find_map(open),
            rows: rows.rows.len(),
            pairs: Vec::new(),
            columns,
        };
        outline.pairs = outline.pairs_of(rows);
        outline
    }

    /// What a value is compared by, two by two.
    pub fn bin(&self, place: usize, cell: &str) -> Key {
        match cell.parse::<f64>() {
            Ok(amount) if self.columns[place].is_coarse => mix(1, amount.ceil().to_bits()),
            _ => of_text(cell),
        }
    }

    /// The recipient's phone, and the place that it should fit.
    pub fn phone_place(&self) -> Option<(usize, usize)> {
        self.people[1].phone.zip(self.city)
    }

    /// Whom a parcel comes from: the phone, else the name.
    pub fn sender(&self) -> Option<usize> {
        self.people[0].phone.or(self.people[0].name)
    }

    /// Columns whose characters are weighed one by one.
    pub fn weighed(&self) -> Vec<usize> {
        let is_weighed = |column: &Trait| {
            column.is_open && column.distinct > 1 && matches!(column.kind, Kind::Name | Kind::Phone | Kind::Text)
        };
        (0..self.columns.len()).filter(|&place| is_weighed(&self.columns[place])).collect()
    }

    /// Columns that repeat their values, two by two. Of columns that say the
    /// same thing in other words, only one meets the others.
    fn pairs_of(&self, rows: &Rows) -> Vec<(usize, usize)> {
        let bins =
            |place: usize| -> Vec<Key> { rows.rows.iter().map(|row| self.bin(place, &row.cells[place])).collect() };
        let mut kept: Vec<(usize, Vec<Key>, usize)> = Vec::new();
        let mut pairs = Vec::new();
        for (place, column) in self.columns.iter().enumerate() {
            if !column.is_open || matches!(column.kind, Kind::Number | Kind::Time) || kept.len() == MOST_PAIRED {
                continue;
            }
            let own = bins(place);
            let distinct = own.iter().collect::<HashSet<_>>().len();
            if distinct < 2 || distinct * DIVERSE > rows.rows.len() {
                continue;
            }
            let same = kept.iter().find(|(_, other, count)| *count == distinct && are_alike(&own, other));
            match same {
                Some((other, ..)) => pairs.push((*other, place)),
                None => {
                    pairs.extend(kept.iter().map(|(other, ..)| (*other, place)));
                    kept.push((place, own, distinct));
                }
            }
        }
        pairs
    }
}

/// Whether two columns tell each other's values.
fn are_alike(a: &[Key], b: &[Key]) -> bool {
    let (mut to, mut from) = (HashMap::new(), HashMap::new());
    a.iter().zip(b).all(|(a, b)| *to.entry(a).or_insert(b) == b && *from.entry(b).or_insert(a) == a)
}

fn kind(rows: &Rows, place: usize) -> Kind {
    match &rows.columns[place].role {
        Some(ColumnRole::Number) => return Kind::Number,
        Some(ColumnRole::Phone(_)) => return Kind::Phone,
        Some(ColumnRole::Name(_)) => return Kind::Name,
        _ if rows.columns[place].is_time() => return Kind::Time,
        _ => {}
    }
    let filled = rows.rows.iter().map(|row| row.cells[place].as_str()).filter(|cell| !cell.is_empty());
    let (mut count, mut amounts, mut longest, mut shortest, mut has_point) = (0usize, 0usize, 0, usize::MAX, false);
    for cell in filled {
        count += 1;
        amounts += usize::from(cell.parse::<f64>().is_ok_and(f64::is_finite));
        longest = longest.max(cell.len());
        shortest = shortest.min(cell.len());
        has_point |= cell.contains('.');
    }
    // Digits that are all of one length are a code: of a courier, of a place.
    let is_code = !has_point && longest == shortest && longest > 3;
    if count > 0 && amounts * 20 >= count * 19 && !is_code { Kind::Amount } else { Kind::Text }
}
