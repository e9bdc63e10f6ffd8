//! The worth of every count on every line, for one explanation.
//!
//! A source's bet is a constant, that of silence on all its lines, and for each
//! of its lines that rang the difference to silence. The differences stand in
//! one table, twelve bets side by side, and a source is a list of rows of it.

use super::bet::{BETS, PerBet};
use super::stream::Stream;

/// Which row belongs to which count.
pub(super) struct Layout<'s> {
    stream: &'s Stream,
    /// For each level and line that rang: the row of a single call.
    first: Vec<u32>,
    rows: usize,
}

/// Differences to silence, for one explanation.
pub(super) struct Table {
    rows: Vec<PerBet>,
}

impl<'s> Layout<'s> {
    pub(super) fn new(stream: &'s Stream) -> Self {
        let (mut first, mut rows) = (Vec::new(), 0);
        for level in stream.levels() {
            for place in 0..stream.lines() as u32 {
                first.push(rows as u32);
                rows += stream.calls(place, level.class);
            }
        }
        Self { stream, first, rows }
    }

    /// The row of what sources of `class` see on the line at `place`; `None`
    /// for silence.
    pub(super) fn row(&self, class: u32, place: u32) -> Option<u32> {
        let calls = self.stream.calls(place, class);
        let first = self.first[self.stream.level(class) * self.stream.lines() + place as usize];
        (calls > 0).then(|| first + calls as u32 - 1)
    }

    /// Works out all rows for an explanation that expects `mu` rings on each
    /// line that rang.
    pub(super) fn fill(&self, mu: &[f64]) -> Table {
        let mut rows = Vec::with_capacity(self.rows);
        for level in self.stream.levels() {
            for (place, mu) in mu.iter().enumerate() {
                let calls = self.stream.calls(place as u32, level.class);
                if calls == 0 {
                    continue;
                }
                let per_call = level.grid.per_call(mu * level.share);
                for count in 1..=calls {
                    let mut bets = level.grid.ln_theta(count as f64, &per_call);
                    bets.iter_mut().zip(&level.ln_silence).for_each(|(bet, silence)| *bet -= silence);
                    rows.push(bets);
                }
            }
        }
        Table { rows }
    }
}

impl Table {
    /// One row.
    pub(super) fn row(&self, row: u32) -> &PerBet {
        &self.rows[row as usize]
    }

    /// ln of the product of thetas of `lines` lines of which `rows` rang.
    pub(super) fn score(&self, ln_silence: &PerBet, lines: usize, rows: &[u32]) -> PerBet {
        let mut sums = [0.0; BETS];
        for (sum, silence) in sums.iter_mut().zip(ln_silence) {
            *sum = lines as f64 * silence;
        }
        for &row in rows {
            let bets = self.row(row);
            for bet in 0..BETS {
                sums[bet] += bets[bet];
            }
        }
        sums
    }
}
