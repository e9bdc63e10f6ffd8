//! What the first pass found out about a file.

use super::columns::Found;
use super::dialect::Dialect;
use super::order::Order;
use super::source::Compression;
use crate::record::ColumnRole;

/// A column that planted rows fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurveyedColumn {
    /// What it is for.
    pub role: ColumnRole,
    /// Its place, from 1.
    pub number: usize,
    /// What the file calls it.
    pub header: String,
    /// How its role was found.
    pub found: Found,
    /// Whether it hides a part of its values: then the mark is weaker.
    pub masked: bool,
    /// Its order, if it was watched.
    pub order: Option<Order>,
}

/// Records that are not like the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Odd {
    /// How many.
    pub count: u64,
    /// Record, line and byte of the first.
    pub first: Option<(u64, u64, u64)>,
}

/// What the first pass found out about a file.
#[derive(Clone, Debug)]
pub struct Survey {
    /// How it is compressed.
    pub compression: Compression,
    /// How it is written.
    pub dialect: Dialect,
    /// Whether its first record is a header.
    pub header: bool,
    /// Data records, ragged ones included.
    pub records: u64,
    /// Records with another number of fields, or broken JSON: none of them
    /// serves as a donor.
    pub ragged: Odd,
    /// Blank lines between records.
    pub blank: u64,
    /// Whether the last record has no terminator.
    pub unterminated: bool,
    /// Columns that planted rows fill.
    pub columns: Vec<SurveyedColumn>,
    /// Roles that the records speak of and that no column plays.
    pub missing: Vec<ColumnRole>,
    /// Candidate numbers that were passed over because a real row has them.
    pub collisions: u64,
    /// Real records that hold one of our lines: how many.
    pub line_records: u64,
    /// The first of them, from 1.
    pub line_record_numbers: Vec<u64>,
    /// SHA-256 of the uncompressed input, hexadecimal.
    pub input_hash: String,
    /// Length of the uncompressed input.
    pub input_bytes: u64,
    /// What the operator should know.
    pub hints: Vec<String>,
}

impl Survey {
    /// Whether any column that carries the mark is masked.
    pub fn is_weakened(&self) -> bool {
        self.columns.iter().any(|column| {
            column.masked && matches!(column.role, ColumnRole::Phone(_) | ColumnRole::Number | ColumnRole::Name(_))
        })
    }
}
