//! A container's records as text: what planting works on.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::spool::{Spool, Spooled, unwritable};
use crate::fault::Fault;
use crate::plant::{Encoding, Format, Insertion, Options};

/// CSV of one record a row, and where each record is from.
pub(crate) struct View {
    pub(crate) text: Spooled,
    /// For each record: where it ends in the text, and what the container calls it.
    ends: Vec<(u64, u64)>,
    has_header: bool,
}

/// Where a row goes, in terms of the container's records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The record before it, if there is one.
    pub(super) before: Option<u64>,
    /// The record that it is made from.
    pub(super) donor: u64,
}

impl View {
    /// The place of each row that is planted into the text.
    pub(super) fn places(&self, insertions: &[Insertion]) -> Vec<Place> {
        let place = |insertion: &Insertion| {
            let before = self.ends.partition_point(|(end, _)| *end <= insertion.at).checked_sub(1);
            let behind = before.map_or(0, |before| before + 1);
            let donor = if insertion.is_from_behind { behind } else { before.unwrap_or(0) };
            Place {
                before: before.map(|before| self.ends[before].1),
                donor: self.ends[donor.min(self.ends.len() - 1)].1,
            }
        };
        insertions.iter().map(place).collect()
    }

    /// The first record.
    pub(super) fn first(&self) -> u64 {
        self.ends.first().map_or(0, |(_, record)| *record)
    }

    /// What the text is written in, with what the operator says of its columns.
    pub(crate) fn options(&self, options: &Options) -> Options {
        Options {
            format: Some(Format::Delimited),
            delimiter: Some(b','),
            encoding: Some(Encoding::Utf8),
            quotes: Some(true),
            header: if self.has_header { Some(true) } else { options.header },
            ..options.clone()
        }
    }
}

/// Records that planting learns from.
const HEAD_RECORDS: usize = 500;

/// Writes a view.
pub(super) struct ViewWriter {
    spool: Spool,
    ends: Vec<(u64, u64)>,
    has_header: bool,
    line: Vec<u8>,
    /// Records that are apart, of the first ones.
    apart: usize,
    folder: PathBuf,
}

impl ViewWriter {
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            spool: Spool::new(folder),
            ends: Vec::new(),
            has_header: false,
            line: Vec::new(),
            apart: 0,
            folder: folder.to_owned(),
        }
    }

    /// Writes the names of the columns.
    pub(super) fn header(&mut self, names: &[String]) -> Result<(), Fault> {
        self.has_header = true;
        self.write(names, false)
    }

    /// Writes a record. One that is `apart` gets a field too many: so nothing is made from it, and nothing put
    /// between it and another such.
    pub(super) fn record(&mut self, fields: &[String], record: u64, is_apart: bool) -> Result<(), Fault> {
        self.write(fields, is_apart)?;
        self.ends.push((self.spool.bytes(), record));
        // What is usual is learned from the first rows; there, those with a field too many must not be.
        self.apart += usize::from(is_apart && self.ends.len() <= HEAD_RECORDS);
        Ok(())
    }

    fn write(&mut self, fields: &[String], is_apart: bool) -> Result<(), Fault> {
        self.line.clear();
        line(fields, is_apart, &mut self.line);
        self.spool.write_all(&self.line).map_err(|error| unwritable(&self.folder, &error))
    }

    /// Bytes so far.
    pub(super) fn bytes(&self) -> u64 {
        self.spool.bytes()
    }

    /// Ends the view; `name` is what it is called in messages.
    pub(super) fn finish(self, name: &str) -> Result<View, Fault> {
        if self.apart * 2 >= self.ends.len().min(HEAD_RECORDS) && self.apart > 0 {
            return Err(Fault::new(
                "most rows are held together by merged cells, so that nothing can be put between them",
            )
            .hint("take the merging back, or save the rows as CSV and plant into that"));
        }
        Ok(View { text: self.spool.finish(name)?, ends: self.ends, has_header: self.has_header })
    }
}

/// One line of a view.
pub(super) fn line(fields: &[String], is_apart: bool, out: &mut Vec<u8>) {
    for (at, field) in fields.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        if field.contains([',', '"', '\r', '\n']) {
            out.push(b'"');
            out.extend_from_slice(field.replace('"', "\"\"").as_bytes());
            out.push(b'"');
        } else {
            out.extend_from_slice(field.as_bytes());
        }
    }
    if is_apart {
        out.push(b',');
    }
    out.push(b'\n');
}

/// The fields of a line of a view.
pub(super) fn fields(line: &[u8]) -> Result<Vec<String>, Fault> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(line);
    let unreadable = || Fault::new("a planted row cannot be read as one record of text");
    let record = reader.records().next().ok_or_else(unreadable)?.map_err(|_| unreadable())?;
    Ok(record.iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn places_are_told_by_the_records_around_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut writer = ViewWriter::new(folder.path());
        writer.header(&["a".to_owned()]).expect("written");
        for record in [5, 6, 9] {
            writer.record(&["x".to_owned()], record, false).expect("written");
        }
        let view = writer.finish("view").expect("written");
        let insertion = |at, is_from_behind| Insertion { at, bytes: Vec::new(), is_from_behind };

        let places = view.places(&[insertion(2, true), insertion(4, true), insertion(6, false), insertion(8, false)]);

        let place = |before, donor| Place { before, donor };
        assert_eq!(places, [place(None, 5), place(Some(5), 6), place(Some(6), 6), place(Some(9), 9)]);
        assert_eq!(view.first(), 5);
    }

    proptest! {
        #[test]
        fn a_line_is_read_as_it_was_written(record in prop::collection::vec("[ -~一\r\n]{0,8}", 2..5)) {
            let mut bytes = Vec::new();
            line(&record, false, &mut bytes);

            prop_assert_eq!(fields(&bytes).expect("one record"), record);
        }
    }
}
