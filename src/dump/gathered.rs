//! Rows of one input on their way to the registry: evidence, gathered blind.

use std::borrow::Cow;
use std::collections::HashMap;

use encoding_rs::{Encoding, GB18030};
use jiff::Timestamp;
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::matcher::Matcher;
use crate::registry::NewObservation;
use crate::scan::text::RowText;
use crate::scan::{Hit, How};

/// Distinct rows that are kept of one input, and their bytes: memory has an end,
/// and a dump that has more rows with lines of ours than this was made to fill it.
const MOST_ROWS: usize = 2_000_000;
const MOST_BYTES: usize = 1 << 30;

/// Rows that are matched, and stored, together.
const TOGETHER: usize = 10_000;

/// Rows with a line of ours or a number of a reserved block, each once.
pub struct Gathered {
    most_rows: usize,
    most_bytes: usize,
    rows: Vec<Kept>,
    places: HashMap<[u8; 32], usize>,
    bytes: usize,
    left_out: u64,
}

struct Kept {
    offset: u64,
    row: Vec<u8>,
    count: u64,
}

impl Default for Gathered {
    fn default() -> Self {
        Self::up_to(MOST_ROWS, MOST_BYTES)
    }
}

impl Gathered {
    fn up_to(most_rows: usize, most_bytes: usize) -> Self {
        Self { most_rows, most_bytes, rows: Vec::new(), places: HashMap::new(), bytes: 0, left_out: 0 }
    }

    /// Takes a row; one that was there before is counted.
    pub fn add(&mut self, hit: &Hit) {
        let hash = <[u8; 32]>::from(Sha256::digest(&hit.row));
        if let Some(&place) = self.places.get(&hash) {
            self.rows[place].count += 1;
        } else if self.rows.len() == self.most_rows || self.bytes + hit.row.len() > self.most_bytes {
            self.left_out += 1;
        } else {
            self.bytes += hit.row.len();
            self.places.insert(hash, self.rows.len());
            self.rows.push(Kept { offset: hit.offset, row: parted(hit).into_owned(), count: 1 });
        }
    }

    /// Rows that were not kept, since there were too many.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The rows as observations, in order and some thousand at a time; those that
    /// the matcher makes nothing of are left out.
    ///
    /// `sha256` is the hash of the whole input and `encoding` its name, where it
    /// is not UTF-8. The same input gives the same identities whenever it is
    /// read, so that nothing is recorded twice.
    pub fn observations(
        self,
        sha256: &str,
        encoding: Option<&str>,
        matcher: &Matcher<'_>,
        now: Timestamp,
    ) -> impl Iterator<Item = Vec<NewObservation>> {
        // UTF-16 was decoded on its way here.
        let encoding: Option<&'static Encoding> = encoding.filter(|name| *name == GB18030.name()).map(|_| GB18030);
        let observation = move |kept: Kept| {
            let mut observation = matcher.row(&RowText::read(&kept.row, encoding));
            let hit = matcher.find(&observation);
            let native = format!("{sha256}:{}", kept.offset);
            let identity = format!("id:{native}");
            observation.native_id = Some(native);
            observation.count = Some(kept.count);
            (!hit.found.is_empty()).then_some(NewObservation { identity, at: now, observation, hit })
        };
        let mut rows = self.rows.into_iter();
        std::iter::from_fn(move || {
            let some: Vec<Kept> = rows.by_ref().take(TOGETHER).collect();
            (!some.is_empty()).then(|| some.into_par_iter().filter_map(&observation).collect())
        })
    }
}

/// The row with blanks around what was run together with digits beside it: the
/// search has told a line there from the longer run, and the matcher takes
/// digits within digits for no number.
fn parted(hit: &Hit) -> Cow<'_, [u8]> {
    let mut borders: Vec<usize> = hit
        .findings
        .iter()
        .filter(|finding| finding.how == How::Glued)
        .flat_map(|finding| [finding.at, finding.at + finding.bytes])
        .collect();
    if borders.is_empty() {
        return Cow::Borrowed(&hit.row);
    }
    borders.sort_unstable();
    borders.dedup();
    let mut row = Vec::with_capacity(hit.row.len() + borders.len());
    let mut from = 0;
    for border in borders {
        row.extend_from_slice(&hit.row[from..border]);
        row.push(b' ');
        from = border;
    }
    row.extend_from_slice(&hit.row[from..]);
    Cow::Owned(row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{Finding, What};

    fn hit(offset: u64, row: &str, at: usize, how: How) -> Hit {
        let finding = Finding { at, bytes: 11, what: What::Line(0), how };
        Hit { offset, row: row.as_bytes().to_vec(), findings: vec![finding] }
    }

    #[test]
    fn a_row_is_kept_once_where_it_stands_first_and_counted() {
        let mut gathered = Gathered::default();
        for offset in [3, 40, 90] {
            gathered.add(&hit(offset, "15433063750,a", 0, How::Whole));
        }
        gathered.add(&hit(60, "15433063750,b", 0, How::Whole));

        let kept: Vec<(u64, u64)> = gathered.rows.iter().map(|kept| (kept.offset, kept.count)).collect();
        assert_eq!(kept, [(3, 3), (60, 1)]);
        assert_eq!(gathered.left_out(), 0);
    }

    #[test]
    fn what_is_too_much_is_counted_and_left_out() {
        for mut gathered in [Gathered::up_to(2, 1_000), Gathered::up_to(1_000, 26)] {
            for row in ["15433063750,a", "15433063750,b", "15433063750,c", "15433063750,a"] {
                gathered.add(&hit(0, row, 0, How::Whole));
            }
            assert_eq!((gathered.rows.len(), gathered.rows[0].count, gathered.left_out()), (2, 2, 1));
        }
    }

    #[test]
    fn what_was_run_together_is_parted() {
        let glued = hit(0, "16-1-71015433063750李", 8, How::Glued);
        assert_eq!(String::from_utf8_lossy(&parted(&glued)), "16-1-710 15433063750 李");
        let whole = hit(0, "15433063750李", 0, How::Whole);
        assert_eq!(*parted(&whole), *whole.row);
    }
}
