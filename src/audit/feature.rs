//! What an adversary measures of a row, each measure with a sentence.
//!
//! All of it can be had by whoever holds the file: nothing leans on the key, on
//! other exports, or on who is who. No measure tells one phone or one name from
//! others across exports, because whoever holds one export does not know the
//! others' canaries: phones are seen by their first digits only.

use super::counts::{Half, Key};
use super::keys;
use super::outline::{Kind, Outline, Person};
use super::statistics::{Whole, half_of, number, sender_key};
use super::table::{View, Which};

/// A measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum What {
    /// How often the value occurs in other rows.
    Frequency,
    /// The same, where that is rare.
    Repeats,
    /// Its characters.
    Length,
    /// Its digits.
    Digits,
    /// Its marks.
    Marks,
    /// How often its shape occurs.
    Shape,
    /// How often its rarest part occurs.
    RarestPart,
    /// How often its parts occur, in the mean.
    MeanPart,
    /// The first number in it.
    FirstNumber,
    /// The last number in it.
    LastNumber,
    /// Its last digit.
    LastDigit,
    /// How often its first characters occur.
    Prefix(u8),
    /// Different digits in it.
    DigitVariety,
    /// Amount.
    Amount,
    /// Digits behind the point.
    Decimals,
    /// Seconds since midnight.
    TimeOfDay,
    /// Day of the week.
    Weekday,
    /// Seconds within the minute.
    Second,
    /// Step from the row before.
    StepBefore,
    /// Step to the row behind.
    StepBehind,
    /// Whether the row before says the same.
    SameBefore,
    /// Whether the row behind says the same.
    SameBehind,
    /// Distance to the nearest number of the same sender.
    NearestOfSender,
    /// Distance to the nearest number of the file.
    NearestOfFile,
    /// Numbers of the same sender close by.
    Run,
    /// How often two values occur together, against chance.
    Lift,
    /// How far the fee is from the usual one.
    FeeResidual,
    /// Rows with this phone under another name.
    OtherNames,
    /// Rows with this name under another phone.
    OtherPhones,
    /// Rows in which the other end of a parcel has this phone.
    OtherEnd,
    /// Columns that say what the row before says.
    AlikeBefore,
    /// Columns that say what the row behind says.
    AlikeBehind,
    /// Place in the file.
    Position,
    /// What its characters say, weighed one by one.
    Characters,
    /// Its most telling characters.
    MostTelling,
}

/// A measure of a column, of two columns, or of the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Feature {
    /// What is measured.
    pub what: What,
    /// Its column; none for the row.
    pub column: Option<u16>,
    /// The other column of a pair.
    pub other: Option<u16>,
}

/// Numbers this close are of one run ...
const RUN_REACH: u64 = 100;
/// ... and no more of them are counted.
const RUN_MOST: usize = 5;

impl Feature {
    fn of(what: What, column: usize) -> Self {
        Self { what, column: Some(column as u16), other: None }
    }

    /// What is measured, in words, with the columns' own names.
    pub fn sentence(&self, outline: &Outline) -> String {
        let header = |place: Option<u16>| {
            place.and_then(|place| outline.columns.get(usize::from(place))).map_or("row", |column| &column.header)
        };
        let (column, other) = (header(self.column), header(self.other));
        let measured = match self.what {
            What::Frequency => "rows with the same value",
            What::Repeats => "other rows with the same value (up to 3)",
            What::Length => "length",
            What::Digits => "digits in it",
            What::Marks => "marks in it",
            What::Shape => "rows with a value of the same shape",
            What::RarestPart => "rows with its rarest part",
            What::MeanPart => "rows with its parts, in the mean",
            What::FirstNumber => "the first number in it",
            What::LastNumber => "the last number in it",
            What::LastDigit => "its last digit",
            What::Prefix(length) => return format!("{column}: rows with its first {length} characters"),
            What::DigitVariety => "different digits in it",
            What::Amount => "amount",
            What::Decimals => "digits behind the point",
            What::TimeOfDay => "seconds since midnight",
            What::Weekday => "day of the week (0 is Monday)",
            What::Second => "seconds within the minute",
            What::StepBefore => "step from the row before",
            What::StepBehind => "step to the row behind",
            What::SameBefore => "the same as in the row before",
            What::SameBehind => "the same as in the row behind",
            What::NearestOfSender => "distance to the nearest number of the same sender",
            What::NearestOfFile => "distance to the nearest number of the file",
            What::Run => "numbers of the same sender within 100 of it (up to 5)",
            What::Lift => {
                return format!("{column} and {other}: how often they occur together, as a multiple of chance");
            }
            What::FeeResidual => "difference from the median of its weight and province",
            What::OtherNames => "rows with it under another name (up to 3)",
            What::OtherPhones => "rows with it under another phone (up to 3)",
            What::OtherEnd => return format!("{column}: rows with the same in {other} (up to 3)"),
            What::AlikeBefore => "columns that say what the row before says",
            What::AlikeBehind => "columns that say what the row behind says",
            What::Position => "place in the file, from 0 to 1",
            What::Characters => "what its characters say together",
            What::MostTelling => "its most telling characters",
        };
        format!("{column}: {measured}")
    }

    /// A measured number as people read it.
    pub fn shown(&self, measured: f64) -> f64 {
        match self.what {
            // Counted in half of the file.
            What::Frequency | What::Shape | What::RarestPart | What::MeanPart | What::Prefix(_) => {
                2.0 * measured.exp_m1()
            }
            What::NearestOfSender | What::NearestOfFile => measured.exp_m1(),
            What::StepBefore | What::StepBehind => measured.signum() * measured.abs().exp_m1(),
            What::Lift => measured.exp(),
            _ => measured,
        }
    }
}

/// Takes measures of the rows of one export.
#[derive(Clone, Copy)]
pub struct Measurer<'a> {
    /// What the file's columns are.
    pub outline: &'a Outline,
    /// The export.
    pub view: View<'a>,
    /// Its statistics.
    pub whole: Whole<'a>,
}

/// Rare things are missed by chance: so many are added to every count.
const SMOOTHING: f64 = 2.0;

impl Measurer<'_> {
    /// Hands every measure of a row to `each`, in an order that is the same
    /// for all rows; NaN where a row has none.
    pub fn measure(&self, which: Which, mut each: impl FnMut(Feature, f64)) {
        let (before, behind) = (self.view.before(which), self.view.behind(which));
        let cells = self.view.cells(which);
        let beside = [before, behind].map(|beside| beside.map(|beside| self.view.cells(beside)));
        let row = Row { which, half: half_of(which), cells, before: beside[0], behind: beside[1] };
        for place in 0..cells.len() {
            if self.outline.columns[place].is_open {
                self.column(place, &row, &mut each);
            }
        }
        self.pairs(&row, &mut each);
        self.people(&row, &mut each);
        self.row(&row, &mut each);
    }

    fn column(&self, place: usize, row: &Row<'_>, each: &mut impl FnMut(Feature, f64)) {
        let column = &self.outline.columns[place];
        let (cell, counts) = (row.cells[place].as_str(), self.whole.counts());
        let mut add = |what: What, measured: f64| each(Feature::of(what, place), measured);
        let found = |key: Key| rows(counts.opposite(row.half, key));
        add(What::Frequency, found(keys::value(place, cell)));
        if column.is_diverse(self.outline.rows) {
            add(What::Repeats, f64::from(counts.few_others(keys::value(place, cell))));
        }
        if column.distinct < 2 {
            return;
        }
        let same = |other: Option<&[String]>| other.map_or(f64::NAN, |other| f64::from(other[place] == cell));
        if !matches!(column.kind, Kind::Number | Kind::Time) {
            add(What::SameBefore, same(row.before));
            add(What::SameBehind, same(row.behind));
        }
        add(What::Shape, found(keys::shape(place, cell)));
        for &length in keys::prefix_lengths(column.kind) {
            add(What::Prefix(length as u8), found(keys::prefix(place, cell, length)));
        }
        match column.kind {
            Kind::Number => self.number(place, row, &mut add),
            Kind::Time => self.time(place, row, &mut add),
            Kind::Phone => {
                add(What::LastDigit, last_digit(cell));
                add(What::DigitVariety, digit_variety(cell));
            }
            Kind::Amount => {
                add(What::Amount, cell.parse().unwrap_or(f64::NAN));
                add(What::Decimals, cell.split_once('.').map_or(0, |(_, decimals)| decimals.len()) as f64);
                add(What::LastDigit, last_digit(cell));
            }
            Kind::Name | Kind::Text => self.text(place, row, &mut add),
        }
    }

    fn text(&self, place: usize, row: &Row<'_>, add: &mut impl FnMut(What, f64)) {
        let (kind, cell) = (self.outline.columns[place].kind, row.cells[place].as_str());
        add(What::Length, cell.chars().count() as f64);
        let mut parts: Vec<Key> = Vec::new();
        keys::parts(kind, place, cell, &mut parts);
        let counted: Vec<f64> = parts.iter().map(|part| rows(self.whole.counts().opposite(row.half, *part))).collect();
        let least = counted.iter().copied().fold(f64::NAN, f64::min);
        add(What::RarestPart, least);
        add(What::MeanPart, counted.iter().sum::<f64>() / counted.len() as f64);
        if kind == Kind::Name {
            return;
        }
        let count = |is: fn(&char) -> bool| cell.chars().filter(is).count() as f64;
        add(What::Digits, count(char::is_ascii_digit));
        add(What::Marks, count(|c| !c.is_alphanumeric()));
        let mut numbers = cell.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty());
        // Longer runs are numbers of people, not of houses.
        let read =
            |run: Option<&str>| run.filter(|run| run.len() < 7).and_then(|run| run.parse().ok()).unwrap_or(f64::NAN);
        let (first, last) = (numbers.next(), numbers.next_back());
        add(What::FirstNumber, read(first));
        add(What::LastNumber, read(last.or(first)));
        add(What::LastDigit, last_digit(cell));
    }

    fn number(&self, place: usize, row: &Row<'_>, add: &mut impl FnMut(What, f64)) {
        let cell = &row.cells[place];
        let own = number(cell);
        let sender = sender_key(self.outline, row.cells);
        let nearest = |sender: Option<Key>| {
            own.and_then(|own| self.whole.nearest(row.which, own, sender))
                .map_or(f64::NAN, |apart| (apart as f64).ln_1p())
        };
        add(What::Length, cell.chars().count() as f64);
        add(What::LastDigit, last_digit(cell));
        add(What::NearestOfFile, nearest(None));
        if sender.is_some() {
            add(What::NearestOfSender, nearest(sender));
            let run = own.map_or(0, |own| self.whole.within(row.which, own, sender, RUN_REACH, RUN_MOST));
            add(What::Run, run as f64);
        }
        let read = |cells: Option<&[String]>| cells.and_then(|cells| number(&cells[place])).map(|number| number as f64);
        add(What::StepBefore, step(read(row.before), own.map(|own| own as f64)));
        add(What::StepBehind, step(own.map(|own| own as f64), read(row.behind)));
    }

    fn time(&self, place: usize, row: &Row<'_>, add: &mut impl FnMut(What, f64)) {
        let read = |cells: Option<&[String]>| cells.and_then(|cells| self.view.columns()[place].seconds(&cells[place]));
        let own = read(Some(row.cells));
        // The Epoch was a Thursday.
        let days = |seconds: f64| ((seconds / 86_400.0).floor() + 3.0).rem_euclid(7.0);
        add(What::TimeOfDay, own.map_or(f64::NAN, |own| own.rem_euclid(86_400.0)));
        add(What::Weekday, own.map_or(f64::NAN, days));
        add(What::Second, own.map_or(f64::NAN, |own| own.rem_euclid(60.0)));
        add(What::StepBefore, step(read(row.before), own));
        add(What::StepBehind, step(own, read(row.behind)));
    }

    fn pairs(&self, row: &Row<'_>, each: &mut impl FnMut(Feature, f64)) {
        let counts = self.whole.counts();
        let others = (self.outline.rows + self.view.export.planted.len()) as f64 / 2.0;
        for &(a, b) in &self.outline.pairs {
            let bins = (self.outline.bin(a, &row.cells[a]), self.outline.bin(b, &row.cells[b]));
            let both = f64::from(counts.opposite(row.half, keys::pair((a, b), bins)));
            let (with_a, with_b) = (
                f64::from(counts.opposite(row.half, keys::bin(a, bins.0))),
                f64::from(counts.opposite(row.half, keys::bin(b, bins.1))),
            );
            let chance = (with_b + 0.5) / (others + 1.0);
            let given = (both + SMOOTHING * chance) / (with_a + SMOOTHING);
            let feature = Feature { what: What::Lift, column: Some(a as u16), other: Some(b as u16) };
            each(feature, (given / chance).ln());
        }
        if let Some((fee, ..)) = self.outline.fee {
            let residual = self.whole.fee_residual(self.outline, row.which, row.cells);
            each(Feature::of(What::FeeResidual, fee), residual.unwrap_or(f64::NAN));
        }
    }

    fn people(&self, row: &Row<'_>, each: &mut impl FnMut(Feature, f64)) {
        let counts = self.whole.counts();
        let under_others = |what: usize, name: usize| {
            let places = (what.min(name), what.max(name));
            let both = keys::together(places, (&row.cells[places.0], &row.cells[places.1]));
            f64::from(counts.few_without(keys::value(what, &row.cells[what]), both))
        };
        for Person { phone, name, address } in &self.outline.people {
            if let Some((&phone, &name)) = phone.as_ref().zip(name.as_ref()) {
                each(Feature::of(What::OtherNames, phone), under_others(phone, name));
                each(Feature::of(What::OtherPhones, name), under_others(name, phone));
            }
            if let Some((&address, &name)) = address.as_ref().zip(name.as_ref()) {
                each(Feature::of(What::OtherNames, address), under_others(address, name));
            }
        }
        let [sender, recipient] = &self.outline.people;
        if let Some((sender, recipient)) = sender.phone.zip(recipient.phone) {
            for (own, other) in [(sender, recipient), (recipient, sender)] {
                let feature = Feature { what: What::OtherEnd, column: Some(own as u16), other: Some(other as u16) };
                each(feature, f64::from(counts.all(keys::value(other, &row.cells[own])).min(3)));
            }
        }
    }

    fn row(&self, row: &Row<'_>, each: &mut impl FnMut(Feature, f64)) {
        let alike = |other: Option<&[String]>| {
            let open = (0..row.cells.len()).filter(|&place| self.outline.columns[place].is_open);
            other.map_or(f64::NAN, |other| open.filter(|&place| other[place] == row.cells[place]).count() as f64)
        };
        let feature = |what| Feature { what, column: None, other: None };
        each(feature(What::AlikeBefore), alike(row.before));
        each(feature(What::AlikeBehind), alike(row.behind));
        each(feature(What::Position), self.view.position(row.which));
    }
}

struct Row<'a> {
    which: Which,
    half: Half,
    cells: &'a [String],
    before: Option<&'a [String]>,
    behind: Option<&'a [String]>,
}

/// Counts of rows, on the scale on which they matter.
fn rows(count: u32) -> f64 {
    f64::from(count).ln_1p()
}

/// A difference, on a scale that holds seconds and years.
fn step(from: Option<f64>, to: Option<f64>) -> f64 {
    from.zip(to).map_or(f64::NAN, |(from, to)| (to - from).signum() * (to - from).abs().ln_1p())
}

fn last_digit(cell: &str) -> f64 {
    cell.bytes().rev().find(u8::is_ascii_digit).map_or(f64::NAN, |digit| f64::from(digit - b'0'))
}

fn digit_variety(cell: &str) -> f64 {
    (b'0'..=b'9').filter(|digit| cell.as_bytes().contains(digit)).count() as f64
}
