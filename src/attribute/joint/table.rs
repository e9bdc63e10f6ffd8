//! The worth of every count on every line, for one explanation.
//!
//! A source's bet is a constant, that of silence on all its lines, and for each
//! of its lines that rang the difference to silence. The differences stand in
//! one table, a count's bets side by side, and a source is a list of its rows.

use super::bet::Grid;
use super::stream::Stream;
use super::terms::Terms;

/// Which row belongs to which count.
pub(super) struct Layout<'s> {
    stream: &'s Stream,
    bets: usize,
    /// For each level its bets, and ln theta of lines without a ring.
    levels: Vec<(Grid, Vec<f64>)>,
    /// For each level and line that rang: the row of a single call.
    first: Vec<u32>,
    rows: usize,
}

/// Differences to silence, for one explanation.
pub(super) struct Table {
    bets: usize,
    values: Vec<f64>,
}

impl<'s> Layout<'s> {
    pub(super) fn new(stream: &'s Stream, terms: &Terms) -> Self {
        let (mut first, mut rows) = (Vec::new(), 0);
        for level in stream.levels() {
            for place in 0..stream.lines() as u32 {
                first.push(rows as u32);
                rows += stream.calls(place, level.class);
            }
        }
        let grids = stream.levels().iter().map(|level| Grid::new(terms, level.mean));
        let levels = grids.map(|grid| (grid.ln_silence(), grid)).map(|(ln_silence, grid)| (grid, ln_silence));
        Self { stream, bets: terms.bets(), levels: levels.collect(), first, rows }
    }

    /// How many bets stand side by side.
    pub(super) fn bets(&self) -> usize {
        self.bets
    }

    /// The row of what sources of `class` see on the line at `place`; `None`
    /// for silence.
    pub(super) fn row(&self, class: u32, place: u32) -> Option<u32> {
        let calls = self.stream.calls(place, class);
        let first = self.first[self.stream.level(class) * self.stream.lines() + place as usize];
        (calls > 0).then(|| first + calls as u32 - 1)
    }

    /// ln theta of lines that do not ring for sources of `class`.
    pub(super) fn ln_silence(&self, class: u32) -> &[f64] {
        &self.levels[self.stream.level(class)].1
    }

    /// Works out all rows for an explanation that expects `mu` rings on each
    /// line that rang.
    pub(super) fn fill(&self, mu: &[f64]) -> Table {
        let mut values = Vec::with_capacity(self.rows * self.bets);
        for (level, (grid, ln_silence)) in self.stream.levels().iter().zip(&self.levels) {
            let from = values.len();
            for (place, mu) in mu.iter().enumerate() {
                grid.extend(&mut values, mu * level.share, self.stream.calls(place as u32, level.class));
            }
            for row in values[from..].chunks_exact_mut(self.bets) {
                row.iter_mut().zip(ln_silence).for_each(|(bet, silence)| *bet -= silence);
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
