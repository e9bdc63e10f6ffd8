//! Fields: the values that a template can make, and their laws.

use jiff::civil::{Date, date};

use crate::derive::Draw;
use crate::fault::Fault;
use crate::persona::{NamePattern, PlacePattern, Role};
use crate::template::beside::{NearbyLaw, ScaledLaw};
use crate::template::form::Form;
use crate::template::name::NameLaw;
use crate::template::number::{NumberLaw, RateLaw};
use crate::template::phone::PhoneLaw;
use crate::template::place::{Part, PlaceLaw};
use crate::template::weights::{Weighted, read_texts};
use crate::template::yaml::{Fields, Node};

/// A set of values of one field.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldPattern {
    /// No condition.
    Any,
    /// Exactly this text, as the template writes it.
    Exact(String),
    /// One of these texts; a text given twice counts once.
    OneOf(std::collections::BTreeSet<String>),
    /// As many characters as listed; `None` stands for a hidden one.
    Mask(Vec<Option<char>>),
    /// A number of `least ..= most`.
    Range {
        /// Least value.
        least: f64,
        /// Largest value.
        most: f64,
    },
    /// A name that fits; for name columns.
    Name(NamePattern),
    /// A place that fits; for address columns and parts of them.
    Place(PlacePattern),
}

impl FieldPattern {
    /// Reads a mask in which `*` hides one character: `138****1234`, `张*三`.
    pub fn mask(text: &str) -> Self {
        Self::Mask(text.chars().map(|c| (c != '*').then_some(c)).collect())
    }
}

/// A named field of a template.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) law: Law,
    /// The keystream block it draws from.
    pub(crate) keystream: Option<usize>,
    /// Other laws, by what another field says.
    pub(crate) given: Option<Given>,
    /// Whether the value depends on what the row copies from the file.
    pub(crate) is_late: bool,
}

/// Laws of a choice or a number for what another field says; what none of
/// them is for follows the field's own law.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    /// The other field.
    pub(crate) by: usize,
    pub(crate) when: Vec<(Case, Law)>,
}

impl Given {
    /// The case that `text` is, from 1; 0 for none.
    pub(crate) fn case(&self, text: &str) -> usize {
        self.when.iter().position(|(case, _)| case.holds(text)).map_or(0, |place| place + 1)
    }
}

/// What another field says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Case {
    /// This text.
    Text(String),
    /// A number of at least the first and less than the second.
    Span(f64, f64),
}

impl Case {
    /// Reads `text`, or a span `2..5`, `..5`, `5..`.
    pub(crate) fn read(word: &str) -> Self {
        let end = |text: &str, open: f64| if text.is_empty() { Some(open) } else { text.parse().ok() };
        let span = word.split_once("..").filter(|_| word != "..");
        let span = span.and_then(|(from, to)| Some((end(from, f64::NEG_INFINITY)?, end(to, f64::INFINITY)?)));
        span.map_or_else(|| Self::Text(word.to_owned()), |(from, to)| Self::Span(from, to))
    }

    fn holds(&self, text: &str) -> bool {
        match self {
            Self::Text(word) => word == text,
            Self::Span(from, to) => text.parse::<f64>().is_ok_and(|number| *from <= number && number < *to),
        }
    }
}

impl Field {
    /// Fields that this one is made from.
    pub(crate) fn sources(&self) -> Vec<usize> {
        let mut sources = self.law.sources();
        sources.extend(self.given.as_ref().map(|given| given.by));
        sources
    }

    /// The law for a case that [`Given::case`] found.
    pub(crate) fn law_in(&self, case: usize) -> &Law {
        match (&self.given, case.checked_sub(1)) {
            (Some(given), Some(place)) => &given.when[place].1,
            _ => &self.law,
        }
    }
}

/// How a field's value comes about. Other fields are named by their index.
#[derive(Clone, Debug)]
pub(crate) enum Law {
    /// The waybill number.
    Waybill,
    /// The waybill's place, written in another form.
    Serial(Form),
    Phone {
        role: Role,
        country: u16,
        law: PhoneLaw,
    },
    Name {
        role: Role,
        law: Box<NameLaw>,
    },
    Address {
        role: Role,
        law: Box<PlaceLaw>,
    },
    PlaceParts {
        of: usize,
        role: Role,
        parts: Vec<Part>,
    },
    Choice(ChoiceLaw),
    /// One cell of the row that a choice took.
    ChoicePart {
        of: usize,
        key: usize,
    },
    Number(NumberLaw),
    Rate {
        of: usize,
        by: usize,
        law: RateLaw,
    },
    /// The donor's amount, varied.
    Varied,
    /// The donor's sum, scaled by a number.
    Scaled {
        of: usize,
        law: ScaledLaw,
    },
    /// A reference near the donor's; whether it has one of its own is drawn
    /// from the block of the field `with`.
    Nearby {
        with: Option<usize>,
        law: NearbyLaw,
    },
    Constant(String),
    /// The same text as another field.
    Same(usize),
    /// What the neighbouring row holds.
    Copied {
        scratch: String,
    },
    /// Something between the neighbours' values.
    Between {
        scratch: String,
    },
    Time(TimeLaw),
}

impl Law {
    /// Whether the value is the file's.
    pub(crate) fn is_from_file(&self) -> bool {
        matches!(self, Self::Copied { .. } | Self::Between { .. } | Self::Time(_))
    }

    /// Whether the value is made from what the donor holds in its own column.
    pub(crate) fn is_beside(&self) -> bool {
        matches!(self, Self::Varied | Self::Scaled { .. } | Self::Nearby { .. })
    }

    /// Fields that this one is made from.
    fn sources(&self) -> Vec<usize> {
        match self {
            Self::PlaceParts { of, .. } | Self::ChoicePart { of, .. } | Self::Same(of) => vec![*of],
            Self::Rate { of, by, .. } => vec![*of, *by],
            Self::Scaled { of, .. } => vec![*of],
            Self::Nearby { with, .. } => with.iter().copied().collect(),
            _ => Vec::new(),
        }
    }

    /// Whose seed the field draws from: a person's, or (`None`) the parcel's.
    pub(crate) fn person(&self) -> Option<Role> {
        match self {
            Self::Name { role, .. } | Self::Address { role, .. } => Some(*role),
            _ => None,
        }
    }
}

/// The fields, each behind its sources; there are no circles.
pub(crate) fn in_order(fields: &[Field]) -> Vec<usize> {
    fn add(index: usize, fields: &[Field], order: &mut Vec<usize>) {
        if !order.contains(&index) {
            fields[index].sources().into_iter().for_each(|source| add(source, fields, order));
            order.push(index);
        }
    }
    let mut order = Vec::with_capacity(fields.len());
    (0..fields.len()).for_each(|index| add(index, fields, &mut order));
    order
}

/// A weighted choice among rows of texts; a plain choice has rows of one.
#[derive(Clone, Debug)]
pub(crate) struct ChoiceLaw {
    pub(crate) keys: Vec<String>,
    pub(crate) rows: Weighted<Vec<String>>,
}

impl ChoiceLaw {
    /// Sums the probability of the rows whose cell `key` is let pass.
    pub(crate) fn sum(&self, key: usize, fits: impl Fn(&str) -> bool) -> f64 {
        self.rows.shares().filter(|(row, _)| fits(&row[key])).map(|(_, share)| share).sum()
    }
}

/// When a parcel is taken in, where no file says between what.
#[derive(Clone, Debug)]
pub(crate) struct TimeLaw {
    pub(crate) format: String,
    /// Hour of the day.
    pub(crate) hours: Weighted<i8>,
}

impl TimeLaw {
    /// Draws a time on `day` and writes it.
    pub(crate) fn draw(&self, draw: &mut impl Draw, day: Date) -> String {
        let hour = *self.hours.draw(draw);
        let second = draw.below(3600);
        self.write(day, hour, (second / 60) as i8, (second % 60) as i8).expect("the format was tried when it was read")
    }

    /// Writes a time; `None` if the format has a directive that it cannot fill.
    pub(crate) fn write(&self, day: Date, hour: i8, minute: i8, second: i8) -> Option<String> {
        jiff::fmt::strtime::format(&self.format, day.at(hour, minute, second, 0)).ok()
    }
}

/// Reads `options: {text: weight}`, or `keys` and `rows: [[weight, cell, ...]]`.
pub(crate) fn read_choice(fields: &mut Fields<'_>) -> Result<ChoiceLaw, Fault> {
    if let Some(options) = fields.optional("options") {
        let texts = read_texts(&options)?;
        let rows = texts.weights().map(|(text, weight)| (vec![text.clone()], weight));
        return Ok(ChoiceLaw { keys: vec!["text".to_owned()], rows: Weighted::new(rows).expect("it has weights") });
    }
    let keys: Vec<String> = fields.required("keys")?.list()?.iter().map(Node::word).collect::<Result<_, _>>()?;
    let rows_node = fields.required("rows")?;
    let mut rows = Vec::new();
    for row in rows_node.list()? {
        let cells = row.list()?;
        if cells.len() != keys.len() + 1 || keys.is_empty() {
            let what = format!("expected a weight and {} texts, found {} cells", keys.len(), cells.len());
            return Err(row.fault(what));
        }
        let texts: Vec<String> = cells[1..].iter().map(Node::text).collect::<Result<_, _>>()?;
        rows.push((texts, cells[0].whole(0, 1_000_000_000)?));
    }
    let rows = Weighted::new(rows).ok_or_else(|| rows_node.fault("expected at least one row with a weight above 0"))?;
    Ok(ChoiceLaw { keys, rows })
}

/// Reads a field of kind `time`, apart from its keystream block.
pub(crate) fn read_time(fields: &mut Fields<'_>) -> Result<TimeLaw, Fault> {
    let format = fields.required("format")?;
    let hours_node = fields.required("hours")?;
    let listed = read_texts(&hours_node)?;
    let mut hours = Vec::new();
    for (word, weight) in listed.weights() {
        let hour = word.parse::<i8>().ok().filter(|hour| (0..24).contains(hour));
        hours.push((
            hour.ok_or_else(|| hours_node.fault(format!("expected an hour from 0 to 23, found {word:?}")))?,
            weight,
        ));
    }
    let law = TimeLaw { format: format.word()?, hours: Weighted::new(hours).expect("the list had weights") };
    match law.write(date(2020, 11, 1), 9, 1, 6) {
        Some(_) => Ok(law),
        None => Err(format.fault("the format has a directive that a local time cannot fill").hint("%Y-%m-%d %H:%M:%S")),
    }
}
