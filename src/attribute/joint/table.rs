//! The worth of every count on every line, for one explanation.
//!
//! A source's bet is a constant, that of silence on all its lines, and for each
//! of its lines that rang the difference to silence. The differences stand in
//! one table, a count's bets side by side, and a source is a list of its rows.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::bet::Grid;
use super::stream::Stream;
use super::terms::Terms;

/// Which row belongs to which count.
pub(super) struct Layout<'s> {
    stream: &'s Stream,
    bets: usize,
    /// For each level its bets, and ln theta of lines without a ring.
    levels: Vec<(Grid, Vec<f64>)>,
    /// Classes that sources are of, rising.
    classes: Vec<u32>,
    /// For each of them and each line that rang: its row, or `SILENT`.
    places: Vec<u32>,
    rows: Vec<Row>,
}

const SILENT: u32 = u32::MAX;

/// So many calls on a line, as a level sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    level: u32,
    place: u32,
    calls: u32,
}

/// Differences to silence, for one explanation.
pub(super) struct Table {
    bets: usize,
    values: Vec<f64>,
}

impl<'s> Layout<'s> {
    /// The rows that sources of `classes` need.
    pub(super) fn new(stream: &'s Stream, terms: &Terms, mut classes: Vec<u32>) -> Self {
        classes.sort_unstable();
        classes.dedup();
        let lines = stream.lines();
        let mut places = vec![SILENT; classes.len() * lines];
        let mut rows: Vec<Row> = Vec::new();
        for place in 0..lines as u32 {
            for (number, &class) in classes.iter().enumerate() {
                let calls = stream.calls(place, class) as u32;
                if calls == 0 {
                    // Later classes see no more.
                    break;
                }
                let row = Row { level: stream.level(class) as u32, place, calls };
                if rows.last() != Some(&row) {
                    rows.push(row);
                }
                places[number * lines + place as usize] = rows.len() as u32 - 1;
            }
        }
        let grids = stream.levels().iter().map(|level| Grid::new(terms, level.mean));
        let levels = grids.map(|grid| (grid.ln_silence(), grid)).map(|(ln_silence, grid)| (grid, ln_silence));
        Self { stream, bets: terms.bets(), levels: levels.collect(), classes, places, rows }
    }

    /// How many bets stand side by side.
    pub(super) fn bets(&self) -> usize {
        self.bets
    }

    /// The row of what sources of `class` see on the line at `place`; `None`
    /// for silence.
    pub(super) fn row(&self, class: u32, place: u32) -> Option<u32> {
        let number = self.classes.binary_search(&class).expect("every class was announced");
        let row = self.places[number * self.stream.lines() + place as usize];
        (row != SILENT).then_some(row)
    }

    /// ln theta of lines that do not ring for sources of `class`.
    pub(super) fn ln_silence(&self, class: u32) -> &[f64] {
        &self.levels[self.stream.level(class)].1
    }

    /// Works out all rows for an explanation that expects `mu` rings on each
    /// line that rang.
    pub(super) fn fill(&self, mu: &[f64]) -> Table {
        let mut values = Vec::with_capacity(self.rows.len() * self.bets);
        // Lines that the same sources explain expect the same, and most of them
        // rang once: few rows are worked out.
        let mut known: HashMap<(u32, u64, u32), usize> = HashMap::new();
        // A line's rows of one level stand together.
        let (mut per_call, mut of) = (Vec::new(), None);
        for row in &self.rows {
            let mu = mu[row.place as usize] * self.stream.levels()[row.level as usize].share;
            let from = values.len();
            match known.entry((row.level, mu.to_bits(), row.calls)) {
                Entry::Occupied(same) => values.extend_from_within(*same.get()..same.get() + self.bets),
                Entry::Vacant(new) => {
                    new.insert(from);
                    let (grid, ln_silence) = &self.levels[row.level as usize];
                    if of.replace((row.level, row.place)) != Some((row.level, row.place)) {
                        grid.per_call(mu, &mut per_call);
                    }
                    grid.extend(&mut values, &per_call, f64::from(row.calls));
                    values[from..].iter_mut().zip(ln_silence).for_each(|(bet, silence)| *bet -= silence);
                }
            }
        }
        Table { bets: self.bets, values }
    }
}

impl Table {
    /// One row.
    pub(super) fn row(&self, row: u32) -> &[f64] {
        let from = row as usize * self.bets;
        &self.values[from..from + self.bets]
    }

    /// Writes ln of the product of thetas of `lines` lines, of which `rows`
    /// rang, for each bet.
    pub(super) fn score(&self, ln_silence: &[f64], lines: usize, rows: &[u32], into: &mut [f64]) {
        for (sum, silence) in into.iter_mut().zip(ln_silence) {
            *sum = lines as f64 * silence;
        }
        for &row in rows {
            for (sum, bet) in into.iter_mut().zip(self.row(row)) {
                *sum += bet;
            }
        }
    }
}
