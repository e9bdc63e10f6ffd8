//! Tell-tales: single things that no real row does, found by rules.
//!
//! The classifier says how well planted rows are told; a rule says what is
//! wrong and how to mend it, and it needs no more than a handful of rows. Each
//! rule is tried on real rows as well: what these do, too, is no tell-tale.

use serde::Serialize;

use super::counts::Key;
use super::keys;
use super::outline::{Kind, Outline};
use super::statistics::{Whole, number, sender_key};
use super::table::{Export, View, Which};
use crate::derive::{Draw, Stream};
use crate::persona::Role;
use crate::plant::Rows;
use crate::record::ColumnRole;

/// A rule that planted rows broke.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TellTale {
    /// The rule's name.
    pub rule: &'static str,
    /// Header of the column; empty for the row as a whole.
    pub column: String,
    /// Planted rows that do it.
    pub rows: u64,
    /// Of so many.
    pub of: u64,
    /// Share of real rows that do it, too.
    pub real: f64,
    /// What they do.
    pub words: &'static str,
    /// How to mend it.
    pub mend: &'static str,
}

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rule {
    NumberTwice,
    NumberAlone,
    PhoneTwice,
    AddressTwice,
    Impossible,
    Unheard,
    Misshapen,
    Blank,
    OutOfRange,
    OutsideSpan,
    OrderBroken,
    ConstantVaries,
    AtAnEnd,
    SideBySide,
    OneBlock,
}

impl Rule {
    /// Name, what rows do, how to mend it.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::NumberTwice => (
                "number-twice",
                "another row has the same number",
                "reserve a block of numbers that no real parcel has",
            ),
            Self::NumberAlone => (
                "number-alone",
                "the number is further from the others of its sender than any real one",
                "reserve numbers inside the runs of live senders",
            ),
            Self::PhoneTwice => (
                "phone-twice",
                "the phone occurs under another name, too",
                "plant fewer canaries, or register more lines, so that no line is worn twice in an export",
            ),
            Self::AddressTwice => (
                "address-twice",
                "the address occurs under another name, too",
                "give the template more streets, houses and estates",
            ),
            Self::Impossible => (
                "impossible-combination",
                "no real row has these two together, though some have each",
                "take both from one row of a list, or copy both from the neighbouring row",
            ),
            Self::Unheard => (
                "unheard-of",
                "no real row has this value, in a column of few values",
                "list in the template what the file has",
            ),
            Self::Misshapen => {
                ("misshapen", "no real row has a value of this shape", "write it in the template as the file writes it")
            }
            Self::Blank => ("blank", "it is empty, and never is in real rows", "give the template's column a value"),
            Self::OutOfRange => (
                "out-of-range",
                "the amount is smaller or larger than all others",
                "end the template's quantiles where the file's amounts end",
            ),
            Self::OutsideSpan => (
                "outside-span",
                "the time lies before the first or after the last of the file",
                "let the planter choose the time: kind: time between the neighbours",
            ),
            Self::OrderBroken => (
                "order-broken",
                "it breaks the order that the column keeps",
                "let the value be chosen between the neighbours', or reserve numbers in order",
            ),
            Self::ConstantVaries => (
                "constant-varies",
                "it differs in a column that is the same in all rows",
                "let the column be copied: kind: copied",
            ),
            Self::AtAnEnd => {
                ("at-an-end", "it stands at the very top or end of the file", "reserve numbers inside the file's range")
            }
            Self::SideBySide => (
                "side-by-side",
                "another planted row stands beside it",
                "plant fewer rows, or reserve numbers that are spread over the file's range",
            ),
            Self::OneBlock => (
                "one-block",
                "the phone begins with the same seven digits as another planted row's",
                "use lines of many blocks",
            ),
        }
    }

    /// Whether a single one gives the row away: real rows cannot do it.
    fn is_hard(self) -> bool {
        matches!(self, Self::NumberTwice | Self::OutsideSpan | Self::OrderBroken | Self::ConstantVaries | Self::Blank)
    }
}

/// Broken rules, counted.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    /// By rule and column, rising.
    counts: std::collections::BTreeMap<(Rule, Option<u16>), u64>,
    rows: u64,
}

impl Marks {
    /// Adds those of other rows.
    pub fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        for (mark, count) in &other.counts {
            *self.counts.entry(*mark).or_default() += count;
        }
    }

    fn mark(&mut self, rule: Rule, column: Option<usize>) {
        *self.counts.entry((rule, column.map(|place| place as u16))).or_default() += 1;
    }
}

/// Knows what real rows never do.
pub struct Linter<'a> {
    outline: &'a Outline,
    rows: &'a Rows,
    columns: Vec<Habits>,
    /// The largest distance of a real number from the next of its sender.
    furthest: Option<u64>,
    /// Parts of an address that follow from each other.
    places: Vec<(usize, usize)>,
}

/// What all real rows do in a column.
#[derive(Clone, Default)]
struct Habits {
    constant: Option<String>,
    never_blank: bool,
    /// Seconds, or amounts.
    span: Option<(f64, f64)>,
    rises: Option<bool>,
    few_values: bool,
}

/// A column with this many rows for each of its values has few values.
const ROWS_A_VALUE: usize = 20;
/// Real rows on which the rules are tried.
pub const TRIED: usize = 5000;
/// Digits of a phone that a block shares.
const BLOCK_DIGITS: usize = 7;

impl<'a> Linter<'a> {
    /// Learns the habits of the real rows.
    pub fn new(rows: &'a Rows, outline: &'a Outline, whole: Whole<'_>) -> Self {
        let columns = (0..outline.columns.len()).map(|place| habits(rows, outline, place)).collect();
        let role = |role: ColumnRole| {
            outline.columns.iter().position(|column| column.is_open && column.role == Some(role.clone()))
        };
        let places = [Role::Sender, Role::Recipient].into_iter().flat_map(|who| {
            let parts = [ColumnRole::Province(who), ColumnRole::City(who), ColumnRole::District(who)].map(&role);
            let [province, city, district] = parts;
            [province.zip(city), city.zip(district)].into_iter().flatten()
        });
        let mut linter = Self { outline, rows, columns, furthest: None, places: places.collect() };
        linter.furthest = linter.furthest(whole);
        linter
    }

    fn furthest(&self, whole: Whole<'_>) -> Option<u64> {
        let place = self.outline.number.filter(|_| self.outline.sender().is_some())?;
        let apart = (0..self.rows.rows.len()).filter_map(|row| {
            let cells = &self.rows.rows[row].cells;
            whole.nearest(Which::Real(row), number(&cells[place])?, sender_key(self.outline, cells))
        });
        apart.max()
    }

    /// The rules that the planted rows of an export break.
    pub fn planted(&self, view: &View<'_>, whole: Whole<'_>) -> Marks {
        let mut marks = Marks::default();
        for place in 0..view.export.planted.len() {
            self.row(view, whole, Which::Planted(place), &mut marks);
        }
        self.together(view.export, &mut marks);
        marks
    }

    /// The rules that real rows break, as if groups of `group` had been planted.
    pub fn real(&self, whole: Whole<'_>, group: usize, draw: &mut Stream) -> Marks {
        let (mut marks, none) = (Marks::default(), Export::default());
        let view = View { original: self.rows, export: &none };
        let count = self.rows.rows.len();
        for _ in 0..TRIED.min(count).div_ceil(group.max(1)) {
            let mut places: Vec<usize> = (0..group).map(|_| draw.below(count as u32) as usize).collect();
            places.sort_unstable();
            places.dedup();
            places.iter().for_each(|place| self.row(&view, whole, Which::Real(*place), &mut marks));
            let planted = places
                .iter()
                .map(|&place| super::table::Planted { before: place, cells: self.rows.rows[place].cells.clone() });
            self.together(&Export { account: 0, planted: planted.collect() }, &mut marks);
        }
        marks
    }

    /// What planted rows do that real rows do not.
    pub fn telltales(&self, planted: &Marks, real: &Marks) -> Vec<TellTale> {
        let told = planted.counts.iter().filter_map(|(&(rule, column), &count)| {
            let of_real = real.counts.get(&(rule, column)).copied().unwrap_or_default();
            let real_rate = (of_real as f64 + 1.0) / (real.rows as f64 + 2.0);
            let expected = planted.rows as f64 * real_rate;
            let usual = expected + 3.0 * (expected * (1.0 - real_rate)).sqrt();
            // Single rows do odd things among real ones, too.
            let least = if planted.rows < 100 { 2 } else { 3 };
            let is_told = match rule.is_hard() && of_real == 0 {
                true => count > 0,
                false => count >= least && count as f64 > usual.max(2.0 * expected),
            };
            let (name, words, mend) = rule.words();
            let header = column.map(|place| self.outline.columns[usize::from(place)].header.clone());
            is_told.then(|| TellTale {
                rule: name,
                column: header.unwrap_or_default(),
                rows: count,
                of: planted.rows,
                real: of_real as f64 / real.rows.max(1) as f64,
                words,
                mend,
            })
        });
        let mut told: Vec<TellTale> = told.collect();
        told.sort_by(|a, b| b.rows.cmp(&a.rows).then(a.rule.cmp(b.rule)).then(a.column.cmp(&b.column)));
        told
    }

    fn row(&self, view: &View<'_>, whole: Whole<'_>, which: Which, marks: &mut Marks) {
        marks.rows += 1;
        let cells = view.cells(which);
        let counts = whole.counts();
        let real = |key: Key| counts.few_real_others(key, matches!(which, Which::Planted(_)));
        for place in (0..cells.len()).filter(|&place| self.outline.columns[place].is_open) {
            self.cell(view, whole, which, place, marks);
        }
        if let Some(place) = self.outline.number {
            if counts.few_others(keys::value(place, &cells[place])) > 0 {
                marks.mark(Rule::NumberTwice, Some(place));
            }
            let apart = number(&cells[place])
                .zip(self.outline.sender().map(|_| sender_key(self.outline, cells)))
                .and_then(|(number, sender)| whole.nearest(which, number, sender));
            if apart.zip(self.furthest).is_some_and(|(apart, furthest)| apart > furthest) {
                marks.mark(Rule::NumberAlone, Some(place));
            }
        }
        for person in &self.outline.people {
            let pairs = [(person.phone, Rule::PhoneTwice), (person.address, Rule::AddressTwice)];
            for (what, rule) in pairs {
                let Some((what, name)) = what.zip(person.name) else { continue };
                let places = (what.min(name), what.max(name));
                let both = keys::together(places, (&cells[places.0], &cells[places.1]));
                if !cells[what].is_empty() && counts.few_without(keys::value(what, &cells[what]), both) > 0 {
                    marks.mark(rule, Some(what));
                }
            }
        }
        for &(a, b) in &self.places {
            let bins = (self.outline.bin(a, &cells[a]), self.outline.bin(b, &cells[b]));
            let known = [(a, bins.0), (b, bins.1)].iter().all(|&(place, bin)| real(keys::bin(place, bin)) > 0);
            if known && self.outline.pairs.contains(&(a, b)) && real(keys::pair((a, b), bins)) == 0 {
                marks.mark(Rule::Impossible, Some(b));
            }
        }
        if view.is_at_an_end(which) {
            marks.mark(Rule::AtAnEnd, None);
        }
    }

    fn cell(&self, view: &View<'_>, whole: Whole<'_>, which: Which, place: usize, marks: &mut Marks) {
        let (column, habits) = (&self.outline.columns[place], &self.columns[place]);
        let cell = view.cells(which)[place].as_str();
        let real = |key: Key| whole.counts().few_real_others(key, matches!(which, Which::Planted(_)));
        let mut mark = |rule: Rule| marks.mark(rule, Some(place));
        if let Some(constant) = &habits.constant {
            if constant != cell {
                mark(Rule::ConstantVaries);
            }
            return;
        }
        if cell.is_empty() {
            if habits.never_blank {
                mark(Rule::Blank);
            }
            return;
        }
        if habits.few_values && real(keys::value(place, cell)) == 0 {
            mark(Rule::Unheard);
        } else if column.kind != Kind::Text && real(keys::shape(place, cell)) == 0 {
            mark(Rule::Misshapen);
        }
        let own = self.measured(view, place, cell);
        if let Some((own, (low, high))) = own.zip(habits.span)
            && (own < low || own > high)
        {
            mark(if column.kind == Kind::Time { Rule::OutsideSpan } else { Rule::OutOfRange });
        }
        if let Some(rises) = habits.rises {
            let beside = |beside: Option<Which>| {
                beside.and_then(|beside| self.measured(view, place, &view.cells(beside)[place]))
            };
            let wrong = |earlier: Option<f64>, later: Option<f64>| {
                earlier.zip(later).is_some_and(|(a, b)| if rises { a > b } else { a < b })
            };
            if wrong(beside(view.before(which)), own) || wrong(own, beside(view.behind(which))) {
                mark(Rule::OrderBroken);
            }
        }
    }

    fn measured(&self, view: &View<'_>, place: usize, cell: &str) -> Option<f64> {
        measured(view.original, self.outline, place, cell)
    }

    /// What planted rows do among themselves.
    fn together(&self, export: &Export, marks: &mut Marks) {
        let planted = &export.planted;
        for (place, row) in planted.iter().enumerate() {
            let near = |other: Option<&super::table::Planted>| {
                other.is_some_and(|other| other.before.abs_diff(row.before) <= 1)
            };
            if near(place.checked_sub(1).and_then(|before| planted.get(before))) || near(planted.get(place + 1)) {
                marks.mark(Rule::SideBySide, None);
            }
        }
        for phone in self.outline.people.iter().filter_map(|person| person.phone) {
            let block = |row: &super::table::Planted| {
                let digits: Vec<u8> = row.cells[phone].bytes().filter(u8::is_ascii_digit).collect();
                digits
                    .get(..BLOCK_DIGITS)
                    .filter(|_| digits.len() > BLOCK_DIGITS)
                    .map(<[u8]>::to_vec)
                    .zip(Some(digits.clone()))
            };
            let blocks: Vec<_> = planted.iter().filter_map(block).collect();
            for (own_block, own) in &blocks {
                if blocks.iter().any(|(block, digits)| block == own_block && digits != own) {
                    marks.mark(Rule::OneBlock, Some(phone));
                }
            }
        }
    }
}

fn measured(rows: &Rows, outline: &Outline, place: usize, cell: &str) -> Option<f64> {
    match outline.columns[place].kind {
        Kind::Time => rows.columns[place].seconds(cell),
        Kind::Amount => cell.parse().ok(),
        Kind::Number => number(cell).map(|number| number as f64),
        _ => None,
    }
}

fn habits(rows: &Rows, outline: &Outline, place: usize) -> Habits {
    let column = &outline.columns[place];
    let cells = || rows.rows.iter().map(|row| row.cells[place].as_str());
    if column.distinct == 1 {
        return Habits { constant: cells().next().map(str::to_owned), ..Habits::default() };
    }
    let values: Vec<f64> = cells().filter_map(|cell| measured(rows, outline, place, cell)).collect();
    let (low, high) =
        values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(*v), high.max(*v)));
    let steps = |is: fn(&f64, &f64) -> bool| values.windows(2).all(|pair| is(&pair[0], &pair[1]));
    let sorted = column.kind != Kind::Amount && low < high;
    Habits {
        constant: None,
        never_blank: cells().all(|cell| !cell.is_empty()),
        span: (low < high && column.kind != Kind::Number).then_some((low, high)),
        rises: match (sorted && steps(|a, b| a <= b), sorted && steps(|a, b| a >= b)) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        },
        few_values: column.distinct * ROWS_A_VALUE <= rows.rows.len(),
    }
}
