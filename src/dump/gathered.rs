//! Rows of one input on their way to the registry: evidence, gathered blind.

use std::collections::HashMap;

use encoding_rs::{Encoding, GB18030};
use jiff::Timestamp;
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::matcher::Matcher;
use crate::registry::NewObservation;
use crate::scan::Hit;
use crate::scan::text::RowText;

/// Distinct rows that are kept of one input: memory has an end, and a dump that
/// has more rows with lines of ours than this was made to fill it.
const MOST_ROWS: usize = 2_000_000;

/// Rows with a line of ours or a number of a reserved block, each once.
#[derive(Default)]
pub struct Gathered {
    rows: Vec<Kept>,
    places: HashMap<[u8; 32], usize>,
    left_out: u64,
}

struct Kept {
    offset: u64,
    row: Vec<u8>,
    count: u64,
}

impl Gathered {
    /// Takes a row; one that was there before is counted.
    pub fn add(&mut self, hit: &Hit) {
        let hash = <[u8; 32]>::from(Sha256::digest(&hit.row));
        if let Some(&place) = self.places.get(&hash) {
            self.rows[place].count += 1;
        } else if self.rows.len() == MOST_ROWS {
            self.left_out += 1;
        } else {
            self.places.insert(hash, self.rows.len());
            self.rows.push(Kept { offset: hit.offset, row: hit.row.clone(), count: 1 });
        }
    }

    /// Rows that were not kept, since there were too many.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The rows as observations, in order; those that the matcher makes nothing
    /// of are left out.
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
    ) -> Vec<NewObservation> {
        // UTF-16 was decoded on its way here.
        let encoding: Option<&'static Encoding> = encoding.filter(|name| *name == GB18030.name()).map(|_| GB18030);
        let observation = |kept: Kept| {
            let mut observation = matcher.row(&RowText::read(&kept.row, encoding));
            let hit = matcher.find(&observation);
            let native = format!("{sha256}:{}", kept.offset);
            let identity = format!("id:{native}");
            observation.native_id = Some(native);
            observation.count = Some(kept.count);
            (!hit.found.is_empty()).then_some(NewObservation { identity, at: now, observation, hit })
        };
        self.rows.into_par_iter().filter_map(observation).collect()
    }
}
