//! Exports that are no lines of records: workbooks, and dumps of databases.
//!
//! Planting works on rows of text. Each container is rendered as such: a *view*
//! of one record a line, and where each record stands in the container. What is
//! planted into the view is then written into the container in its own form,
//! made from the donor's cells as it was from the donor's text. So all that
//! planting knows of orders, gaps, masks and marks holds for containers, too.
//!
//! Invariant 2 holds in the form that the container allows, and
//! docs/formats/containers.md says which.

pub(crate) mod parquet;
mod spool;
pub(crate) mod sql;
mod view;
pub(crate) mod xlsx;

use crate::plant::{ColumnSpec, Options};

/// What is asked of a container: which part of it, and what its columns may be called.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    /// A sheet or a table, by its name.
    pub(crate) part: Option<&'a str>,
    /// The template's columns.
    pub(crate) columns: &'a [ColumnSpec],
    /// What the operator says of columns.
    pub(crate) options: &'a Options,
}

/// What a file is, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A workbook in an archive; or another archive, which is refused when it is opened.
    Workbook,
    /// A workbook of Excel 5 to 2003, or a newer one behind a password.
    OldWorkbook,
    /// Columns in row groups; also one that is encrypted, which is refused when it is opened.
    Parquet,
    /// Text, compressed or not.
    Text,
}

impl Kind {
    pub(crate) fn of(head: &[u8]) -> Self {
        match head {
            [b'P', b'K', 3, 4, ..] => Self::Workbook,
            [0xd0, 0xcf, 0x11, 0xe0, ..] => Self::OldWorkbook,
            // text may begin with the same letters; what stands behind them there is no control character
            [b'P', b'A', b'R', b'1' | b'E', rest @ ..] if rest.iter().any(|byte| *byte < b'\t') => Self::Parquet,
            _ => Self::Text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_told_by_its_first_bytes() {
        assert_eq!(Kind::of(b"PK\x03\x04...."), Kind::Workbook);
        assert_eq!(Kind::of(b"PAR1\x15\x04\x15\x80"), Kind::Parquet);
        assert_eq!(Kind::of(b"PARE\x40\x01\x00\x00"), Kind::Parquet);
        assert_eq!(Kind::of(b"PAR1,a,b"), Kind::Text);
        assert_eq!(Kind::of(b""), Kind::Text);
    }
}
