//! The rows that the adversary learns from and is judged by: planted rows of
//! all exports against as many real ones.
//!
//! A real row is in every export, but in the pool at most once; otherwise an
//! adversary could know it again in the test. It is measured within the export
//! that it was drawn for and belongs to that export's group.

use std::collections::HashMap;

use super::feature::{Feature, Measurer};
use super::keys::shape_of;
use super::outline::{Kind, Outline};
use super::table::Which;

/// A row of the pool.
#[derive(Clone, Debug)]
pub struct Sampled {
    /// Whether it was planted.
    pub is_planted: bool,
    /// Rows of a group share people: they are learned from or judged together.
    pub group: u32,
    /// Its measures, in the order of [`Pool::features`].
    pub measures: Vec<f32>,
    /// Its character sequences, by weighed column.
    pub grams: Vec<Vec<Gram>>,
}

/// A character sequence, by its number in [`Pool::grams`].
pub type Gram = u32;

/// Planted and real rows, measured.
#[derive(Clone, Debug, Default)]
pub struct Pool {
    /// The measures.
    pub features: Vec<Feature>,
    /// Columns whose characters are weighed.
    pub weighed: Vec<usize>,
    /// The rows.
    pub rows: Vec<Sampled>,
    /// The character sequences of each weighed column.
    pub grams: Vec<Vec<String>>,
    numbers: Vec<HashMap<String, Gram>>,
}

/// Rows of one export, measured; character sequences still as text.
pub struct Part {
    group: u32,
    features: Vec<Feature>,
    rows: Vec<(bool, Vec<f32>, Vec<Vec<String>>)>,
}

/// Measures some rows of an export, of this group.
pub fn measure(measurer: &Measurer<'_>, group: u32, which: impl Iterator<Item = Which>) -> Part {
    let (outline, view) = (measurer.outline, measurer.view);
    let weighed = outline.weighed();
    let mut part = Part { group, features: Vec::new(), rows: Vec::new() };
    for which in which {
        let (mut features, mut measures) = (Vec::new(), Vec::with_capacity(part.features.len()));
        measurer.measure(which, |feature, measured| {
            if part.rows.is_empty() {
                features.push(feature);
            }
            measures.push(measured as f32);
        });
        if part.rows.is_empty() {
            part.features = features;
        }
        let cells = view.cells(which);
        let grams = weighed.iter().map(|&place| grams(outline.columns[place].kind, &cells[place])).collect();
        part.rows.push((matches!(which, Which::Planted(_)), measures, grams));
    }
    part
}

impl Pool {
    /// An empty pool over these columns.
    pub fn new(outline: &Outline) -> Self {
        let weighed = outline.weighed();
        Self {
            features: Vec::new(),
            rows: Vec::new(),
            grams: vec![Vec::new(); weighed.len()],
            numbers: vec![HashMap::new(); weighed.len()],
            weighed,
        }
    }

    /// Takes in the rows of one export.
    pub fn add(&mut self, part: Part) {
        if self.features.is_empty() {
            self.features = part.features;
        }
        for (is_planted, measures, texts) in part.rows {
            let grams = texts.into_iter().enumerate().map(|(column, texts)| self.number(column, texts)).collect();
            self.rows.push(Sampled { is_planted, group: part.group, measures, grams });
        }
    }

    /// How many rows were planted.
    pub fn planted(&self) -> usize {
        self.rows.iter().filter(|row| row.is_planted).count()
    }

    fn number(&mut self, column: usize, texts: Vec<String>) -> Vec<Gram> {
        let (numbers, grams) = (&mut self.numbers[column], &mut self.grams[column]);
        let mut found: Vec<Gram> = texts
            .into_iter()
            .map(|text| {
                *numbers.entry(text).or_insert_with_key(|text| {
                    grams.push(text.clone());
                    grams.len() as Gram - 1
                })
            })
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// One to three characters in a row; of a name no more than two, of a phone
/// the first three digits: more would be somebody.
fn grams(kind: Kind, cell: &str) -> Vec<String> {
    let chars: Vec<char> = cell.chars().collect();
    let mut grams = Vec::new();
    match kind {
        Kind::Phone => {
            grams.push(format!("^{}", shape_of(cell)));
            grams.extend(
                (1..=3.min(chars.len())).map(|length| format!("^{}", chars[..length].iter().collect::<String>())),
            );
        }
        _ => {
            let most = if kind == Kind::Name { 2 } else { 3 };
            for length in 1..=most {
                grams.extend(chars.windows(length).map(|window| window.iter().collect::<String>()));
            }
            // Where a value begins and ends.
            grams.extend(chars.first().map(|first| format!("^{first}")));
            grams.extend(chars.last().map(|last| format!("{last}$")));
        }
    }
    grams
}
