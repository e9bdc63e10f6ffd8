//! What a buyer does before he pays or rings, and who is left.
//!
//! A buyer has no labels; he has habits: he drops rows that look wrong, and
//! what two files of one source do not have in common. Each habit costs him real
//! rows, too, so both shares are told side by side. A habit that takes many
//! canaries and few real rows is one to plant against.

use std::collections::HashSet;

use serde::Serialize;

use super::keys;
use super::outline::Outline;
use super::statistics::{Whole, number, sender_key};
use super::table::{Export, Which};
use crate::plant::Rows;
use crate::record::ColumnRole;

/// A habit, and who is left.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Attack {
    /// Its name.
    pub name: &'static str,
    /// Which rows are dropped.
    pub drops: &'static str,
    /// Share of canaries that are left.
    pub canaries: f64,
    /// Share of real rows that are left.
    pub real: f64,
}

/// A habit that looks at one row and the file that it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// The phone repeats under different names.
    PhoneRepeats,
    /// The phone's prefix is rare.
    RarePrefix,
    /// The phone's prefix does not fit the city.
    ForeignPrefix,
    /// The address cannot be read.
    Address,
    /// The sender never ships that.
    Goods,
    /// The number is out of its sender's run.
    Run,
}

impl Habit {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::PhoneRepeats, Self::RarePrefix, Self::ForeignPrefix, Self::Address, Self::Goods, Self::Run];

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::PhoneRepeats => ("phone-repeats", "whose phone repeats under different names"),
            Self::RarePrefix => ("rare-prefix", "whose phone begins as fewer than 1 in 1000 others do"),
            Self::ForeignPrefix => {
                ("foreign-prefix", "whose phone begins (7 digits) like others of the file, but of other cities only")
            }
            Self::Address => ("address", "whose address has no known district, or neither a house number nor a place"),
            Self::Goods => ("sender-goods", "whose sender, of 5 other rows or more, never ships that"),
            Self::Run => {
                ("number-run", "whose number is over 1,000,000 from the next of a sender of 3 other rows or more")
            }
        }
    }
}

/// Rows left by each habit.
#[derive(Clone, Debug, Default)]
pub struct Left {
    left: [u64; Habit::ALL.len()],
    rows: u64,
}

impl Left {
    /// Adds other rows.
    pub fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.left.iter_mut().zip(other.left).for_each(|(left, other)| *left += other);
    }

    fn share(&self, habit: usize) -> f64 {
        self.left[habit] as f64 / self.rows.max(1) as f64
    }
}

/// Screens rows as buyers do.
pub struct Buyer<'a> {
    outline: &'a Outline,
    /// Sender and goods, as they are compared.
    sender_goods: Option<(usize, usize)>,
    district: Option<usize>,
}

/// Rarer prefixes are suspect.
const RARE: f64 = 0.001;
/// Another row of its sender lies no further off.
const FAR: u64 = 1_000_000;

impl<'a> Buyer<'a> {
    /// Looks at the columns of a file.
    pub fn new(outline: &'a Outline) -> Self {
        use crate::persona::Role::Recipient;
        let place = |role: &ColumnRole| {
            outline.columns.iter().position(|column| column.is_open && column.role.as_ref() == Some(role))
        };
        Self {
            outline,
            sender_goods: place(&ColumnRole::Other("goods".into())).and_then(|goods| {
                let sender = outline.people[0];
                let columns = [sender.phone, sender.name, sender.address];
                let meets = |sender: &usize| outline.pairs.contains(&(goods.min(*sender), goods.max(*sender)));
                columns.into_iter().flatten().find(meets).map(|sender| (sender, goods))
            }),
            district: place(&ColumnRole::District(Recipient)),
        }
    }

    /// Screens rows of one export.
    pub fn screen<'r>(&self, whole: Whole<'_>, rows: impl Iterator<Item = (Which, &'r [String])>) -> Left {
        let mut left = Left::default();
        for (which, cells) in rows {
            left.rows += 1;
            for (place, habit) in Habit::ALL.into_iter().enumerate() {
                left.left[place] += u64::from(!self.drops(habit, whole, which, cells));
            }
        }
        left
    }

    /// What is left of canaries and of real rows, by each habit that these
    /// columns allow.
    pub fn attacks(&self, canaries: &Left, real: &Left) -> Vec<Attack> {
        let possible = Habit::ALL.into_iter().enumerate().filter(|(_, habit)| self.can(*habit));
        let attacks = possible.map(|(place, habit)| {
            let (name, drops) = habit.words();
            Attack { name, drops, canaries: canaries.share(place), real: real.share(place) }
        });
        attacks.collect()
    }

    fn can(&self, habit: Habit) -> bool {
        let recipient = &self.outline.people[1];
        match habit {
            Habit::PhoneRepeats => recipient.phone.is_some() && recipient.name.is_some(),
            Habit::RarePrefix => recipient.phone.is_some(),
            Habit::ForeignPrefix => self.outline.phone_place().is_some(),
            Habit::Address => recipient.address.is_some(),
            Habit::Goods => self.sender_goods.is_some(),
            Habit::Run => self.outline.number.is_some() && self.outline.sender().is_some(),
        }
    }

    fn drops(&self, habit: Habit, whole: Whole<'_>, which: Which, cells: &[String]) -> bool {
        let counts = whole.counts();
        let recipient = &self.outline.people[1];
        let rows = self.outline.rows as f64;
        match habit {
            Habit::PhoneRepeats => recipient.phone.zip(recipient.name).is_some_and(|(phone, name)| {
                let places = (phone.min(name), phone.max(name));
                let both = keys::together(places, (&cells[places.0], &cells[places.1]));
                counts.few_without(keys::value(phone, &cells[phone]), both) > 0
            }),
            Habit::RarePrefix => recipient
                .phone
                .is_some_and(|phone| f64::from(counts.all(keys::prefix(phone, &cells[phone], 3))) < RARE * rows),
            Habit::ForeignPrefix => self.outline.phone_place().is_some_and(|(phone, city)| {
                let prefix = keys::prefix(phone, &cells[phone], 7);
                let both = keys::prefix_with(phone, &cells[phone], city, &cells[city]);
                counts.few_others(prefix) > 1 && counts.few_others(both) == 0
            }),
            Habit::Address => {
                let stranger = self.outline.city.zip(self.district).is_some_and(|(city, district)| {
                    let bins = (self.outline.bin(city, &cells[city]), self.outline.bin(district, &cells[district]));
                    self.outline.pairs.contains(&(city, district))
                        && counts.all(keys::pair((city, district), bins)) == 0
                });
                stranger || recipient.address.is_some_and(|place| !is_address(&cells[place]))
            }
            Habit::Goods => self.sender_goods.is_some_and(|(sender, goods)| {
                let places = (sender.min(goods), sender.max(goods));
                let bin = |place: usize| self.outline.bin(place, &cells[place]);
                let both = keys::pair(places, (bin(places.0), bin(places.1)));
                counts.all(keys::bin(sender, bin(sender))) > 5 && counts.few_others(both) == 0
            }),
            Habit::Run => self.outline.number.is_some_and(|place| {
                let sender = sender_key(self.outline, cells);
                let number = number(&cells[place]);
                sender.is_some()
                    && number.is_some_and(|number| {
                        whole.within(which, number, sender, u64::MAX, 3) == 3
                            && whole.nearest(which, number, sender).is_some_and(|apart| apart > FAR)
                    })
            }),
        }
    }
}

/// Whether somebody could deliver to it: a number of a house, or a place.
fn is_address(text: &str) -> bool {
    const PLACES: [&str; 24] = [
        "路", "街", "巷", "弄", "村", "组", "队", "区", "栋", "幢", "楼", "室", "苑", "园", "城", "站", "店", "政府",
        "医院", "学", "所", "镇", "社", "乡",
    ];
    text.is_empty() || text.chars().any(|c| c.is_ascii_digit()) || PLACES.iter().any(|place| text.contains(place))
}

/// Share of canaries of `one` that another export of the same rows has, too,
/// cell by cell: what is left when a buyer drops what two exports do not share.
pub fn in_both(one: &Export, other: &Export) -> (u64, u64) {
    let there: HashSet<&[String]> = other.planted.iter().map(|row| row.cells.as_slice()).collect();
    let left = one.planted.iter().filter(|row| there.contains(row.cells.as_slice())).count();
    (left as u64, one.planted.len() as u64)
}

/// Recipients, as a buyer knows them again: by phone, else by name.
fn recipient<'r>(outline: &Outline, cells: &'r [String]) -> Option<&'r str> {
    let person = outline.people[1];
    person.phone.or(person.name).map(|place| cells[place].as_str())
}

/// Share of canaries of `one` whose recipient another export of the account
/// has, too.
pub fn returning(outline: &Outline, one: &Export, other: &Export) -> (u64, u64) {
    let there: HashSet<&str> = other.planted.iter().filter_map(|row| recipient(outline, &row.cells)).collect();
    let left = one.planted.iter().filter(|row| recipient(outline, &row.cells).is_some_and(|who| there.contains(who)));
    (left.count() as u64, one.planted.len() as u64)
}

/// Share of real rows of the file's first half whose recipient its second half
/// has, too: as near as one file comes to two exports.
pub fn returning_real(outline: &Outline, rows: &Rows) -> (u64, u64) {
    let (first, second) = rows.rows.split_at(rows.rows.len() / 2);
    let there: HashSet<&str> = second.iter().filter_map(|row| recipient(outline, &row.cells)).collect();
    let left = first.iter().filter(|row| recipient(outline, &row.cells).is_some_and(|who| there.contains(who)));
    (left.count() as u64, first.len() as u64)
}
