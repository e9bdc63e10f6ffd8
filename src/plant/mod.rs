//! Planting: weaving canaries into an export without changing a byte of it.
//!
//! Two passes over the input. The first ([`plan`]) learns how the file is
//! written, checks it, and chooses a place for every canary; the second
//! ([`Plan::weave`]) copies the input and inserts the rows, at the speed of a
//! copy. Neither keeps more of the file than a few blocks.
//!
//! A planted row is made from a *donor*: the real row whose number is next to
//! its own in a sender's run, else one shortly before its place. Its
//! bytes are copied, and the columns that the record speaks of are replaced,
//! each written in that column's own habit. So whatever the record does not
//! speak of, outlet, courier, remarks, fits its surroundings by construction.
//!
//! ```
//! use trapline::persona::Role;
//! use trapline::plant::{BytesSource, Job, Options, plan, verify};
//! use trapline::record::{ColumnRole, Record, Value};
//!
//! let export = "运单号,收件人,收件电话\r\nYT1,李平,13800000001\r\nYT2,王芳,13800000002\r\n".as_bytes();
//! let records = [Record {
//!     values: vec![
//!         (ColumnRole::Name(Role::Recipient), Value::Text("周惠".into())),
//!         (ColumnRole::Phone(Role::Recipient), Value::Text("15400000001".into())),
//!     ],
//! }];
//! let job = Job {
//!     columns: &[],
//!     records: &records,
//!     numbers: &[(7, "YT9".into()), (8, "YT8".into())],
//!     is_line: &|digits| digits == "15400000001",
//!     place: [1; 32],
//!     shared: None,
//!     options: &Options::default(),
//! };
//!
//! let plan = plan(&BytesSource(export), &job)?;
//! let mut planted = Vec::new();
//! let woven = plan.weave(export, &mut planted)?;
//!
//! assert!(String::from_utf8_lossy(&planted).contains(",周惠,15400000001\r\n"));
//! let survey = plan.survey();
//! assert!(verify(planted.as_slice(), &woven.rows, &survey.input_hash, survey.input_bytes).is_ok());
//! # Ok::<(), trapline::fault::Fault>(())
//! ```

mod apart;
mod check;
mod choose;
mod columns;
mod cut;
mod dialect;
mod encoding;
mod extract;
mod json;
mod make;
mod numbers;
mod order;
mod pace;
mod pass;
mod pieces;
mod place;
mod ring;
mod roles;
mod rows;
mod runs;
mod sample;
mod shared;
mod source;
mod style;
mod survey;
mod surveyor;
mod table;
mod times;
mod verify;
mod watch;
mod weave;

#[cfg(test)]
pub(crate) mod tests;

pub use columns::Found;
pub(crate) use cut::Span;
pub use dialect::{Dialect, Format, Terminator};
pub use encoding::Encoding;
pub(crate) use extract::{Extract, Layout};
pub use order::Order;
pub(crate) use pieces::{Part, Piece, Stretch};
pub use rows::{Row, Rows, RowsColumn};
pub use shared::{Shared, SharedRow};
pub(crate) use source::read_fault;
pub use source::{BytesSource, Compression, Expansion, FileSource, Packer, Source, Unpacked, unpack};
pub use survey::{Odd, Survey, SurveyedColumn};
pub use table::{Table, TableColumn};
pub use verify::{Mismatch, Verified, strip, verify};
pub(crate) use weave::Insertion;
pub use weave::{Plan, Woven};

use crate::derive::{Keystream, Seed};
use crate::fault::Fault;
use crate::record::{ColumnRole, Record};

/// What the template knows about a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnSpec {
    /// What it is for.
    pub role: ColumnRole,
    /// What the template's own exports call it.
    pub header: String,
    /// What else it is called.
    pub aliases: Vec<String>,
}

/// What the operator says about a file; everything else is detected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The file's shape.
    pub format: Option<Format>,
    /// What stands between fields.
    pub delimiter: Option<u8>,
    /// The character encoding.
    pub encoding: Option<Encoding>,
    /// Whether the first record is a header.
    pub header: Option<bool>,
    /// Whether quotes quote (`false`: they are letters).
    pub quotes: Option<bool>,
    /// Roles of columns, each by header (JSON: dotted path) or number from 1.
    pub map: Vec<(ColumnRole, String)>,
    /// The longest record that is accepted; at most 1 GiB.
    pub max_record_bytes: usize,
    /// Whether rows are made from those beside their place alone: where a row has
    /// parts that its text does not show.
    pub only_beside: bool,
}

impl Options {
    /// Places in a record are kept in 32 bits.
    fn record_limit(&self) -> usize {
        self.max_record_bytes.min(1 << 30)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            format: None,
            delimiter: None,
            encoding: None,
            header: None,
            quotes: None,
            map: Vec::new(),
            // Blocks hold a record and a half, and six blocks are in flight.
            max_record_bytes: 4 << 20,
            only_beside: false,
        }
    }
}

/// What a column of this name is for: by what the operator says, by the template, by what real exports call theirs.
pub(crate) fn role_named(name: &str, columns: &[ColumnSpec], map: &[(ColumnRole, String)]) -> Option<ColumnRole> {
    let word = roles::normal(name);
    if word.is_empty() {
        return None;
    }
    let mapped = map.iter().find(|(_, other)| other == name || roles::normal(other) == word);
    let is_named = |spec: &&ColumnSpec| {
        std::iter::once(&spec.header).chain(&spec.aliases).any(|other| roles::normal(other) == word)
    };
    let mapped = mapped.map(|(role, _)| role.clone());
    mapped.or_else(|| Some(columns.iter().find(is_named)?.role.clone())).or_else(|| roles::role_of(name))
}

/// What to plant and how.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// The template's columns, in its order.
    pub columns: &'a [ColumnSpec],
    /// The canaries, in index order. Their number text is ignored where
    /// `numbers` has some.
    pub records: &'a [Record],
    /// Candidate (serial, waybill number) pairs in order of use: one for each
    /// canary and spares. One that a real row has is passed over. They are
    /// dealt even where the file has no column for them, so that no two
    /// canaries ever share a serial.
    pub numbers: &'a [(u64, String)],
    /// Whether 11 to 15 digits, national or with a country code, are a line.
    pub is_line: &'a (dyn Fn(&str) -> bool + Sync),
    /// What places and values between neighbours are drawn from.
    pub place: Seed,
    /// Rows that other exports of the same data hold, too.
    pub shared: Option<Shared<'a>>,
    /// What the operator says.
    pub options: &'a Options,
}

/// Spare candidates for each canary where numbers lie inside runs.
pub(crate) const SCATTERED_SPARES: u64 = runs::ONE_OF;

/// Keystream blocks of one canary: its place, its place among gaps with room,
/// its values.
const BLOCKS: usize = 3;

impl Job<'_> {
    fn keystream(&self) -> Keystream {
        Keystream::new(&self.place, BLOCKS * self.records.len() + self.numbers.len())
    }

    /// Shared rows, by slot.
    fn shared_rows(&self) -> &[SharedRow] {
        self.shared.map_or(&[], |shared| shared.rows)
    }

    /// Waybill numbers that may come into the file: the candidates, and behind
    /// them those of shared rows.
    fn number_texts(&self) -> impl Iterator<Item = &str> {
        let shared = self.shared_rows().iter().filter_map(|row| row.number.as_deref());
        self.numbers.iter().map(|(_, text)| text.as_str()).chain(shared)
    }

    /// Serial and text of one of these numbers.
    fn number(&self, which: usize) -> (u64, &str) {
        if let Some((serial, text)) = self.numbers.get(which) {
            return (*serial, text);
        }
        let row = &self.shared_rows()[which - self.numbers.len()];
        (row.serial, row.number.as_deref().unwrap_or_default())
    }
}

/// Reads `source` once, checks it, and chooses place and bytes of every
/// planted row.
///
/// The plan follows from the input's bytes and the job alone.
///
/// # Errors
///
/// A [`Fault`] with record, line and byte where the input cannot be read as an
/// export, and without a place where the job does not fit it: no column for a
/// mark, no row to hide among, spare numbers used up.
pub fn plan(source: &dyn Source, job: &Job<'_>) -> Result<Plan, Fault> {
    let named = |fault: Fault| if fault.file.is_some() { fault } else { fault.in_file(source.name()) };
    let input = source.open().map_err(named)?;
    let keystream = job.keystream();
    let read = pass::read(input, job, &keystream).map_err(named)?;
    choose::plan(read, job, &keystream).map_err(named)
}
