//! An export as rows of text: what somebody reads who never heard of canaries.
//!
//! The audit looks at a file with the planter's own eyes, so that both agree
//! on where a row ends and what a column is for. Unlike the passes that plant,
//! this keeps every row in memory; it is meant for judging, not for planting.

use super::columns::Columns;
use super::cut::{Cut, Kind, cut};
use super::dialect::Dialect;
use super::sample::{FieldReader, Sample};
use super::style::{Style, affixes};
use super::surveyor::content_of;
use super::times::Layout;
use super::{Job, pass};
use crate::fault::Fault;
use crate::record::ColumnRole;

/// An export, cut into rows and read.
#[derive(Clone, Debug)]
pub struct Rows {
    /// Its columns, in the order of the file.
    pub columns: Vec<RowsColumn>,
    /// Its regular rows, in the order of the file.
    pub rows: Vec<Row>,
    /// Records that are not like the others and are left out.
    pub ragged: u64,
    /// Whether rows were left out because there are more than were asked for.
    pub is_cut_short: bool,
    reader: FieldReader,
}

/// One column of an export.
#[derive(Clone, Debug)]
pub struct RowsColumn {
    /// What it is for, where that is known.
    pub role: Option<ColumnRole>,
    /// What the file calls it; `column 3` where it has no header.
    pub header: String,
    times: Option<Layout>,
}

/// One row of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Offset of its first byte in the file.
    pub at: u64,
    /// What its columns say, without what is put around values against Excel.
    pub cells: Vec<String>,
}

impl RowsColumn {
    /// Reads a time of this column in seconds, from a day that all its times
    /// share.
    pub fn seconds(&self, text: &str) -> Option<f64> {
        self.times.as_ref()?.seconds(text)
    }

    /// Whether the column holds times.
    pub fn is_time(&self) -> bool {
        self.times.is_some()
    }
}

impl Rows {
    /// Cuts `bytes`, an uncompressed export, into at most `most` rows, with
    /// the columns that `job` would fill.
    ///
    /// # Errors
    ///
    /// A [`Fault`] where the bytes are no export that could be planted into.
    pub fn read(bytes: &[u8], job: &Job<'_>, most: usize) -> Result<Self, Fault> {
        let head = &bytes[..bytes.len().min(pass::BLOCK_BYTES)];
        let whole = head.len() == bytes.len();
        let dialect = Dialect::detect(head, whole, job.options)?;
        let sample = Sample::read(&dialect, &head[dialect.bom_bytes()..], whole, job);
        let mapped = Columns::resolve(&dialect, &sample, job)?;
        let width = sample.width();
        let columns = (0..width).map(|place| {
            let mapped = mapped.all.iter().find(|column| column.place == place);
            // A number of digits alone can be read as a time by its pieces.
            let is_number =
                mapped.is_some_and(|column| !matches!(column.role, ColumnRole::Time | ColumnRole::Other(_)));
            RowsColumn {
                role: mapped.map(|column| column.role.clone()),
                header: sample.label(place),
                times: Style::learn(&sample.column(place)).times.filter(|_| !is_number),
            }
        });
        let mut rows = Self {
            columns: columns.collect(),
            rows: Vec::new(),
            ragged: 0,
            is_cut_short: false,
            reader: sample.reader.clone(),
        };
        rows.cut(bytes, sample.has_header, most);
        Ok(rows)
    }

    fn cut(&mut self, bytes: &[u8], mut header_left: bool, most: usize) {
        let mut at = self.reader.dialect.bom_bytes();
        // An unclosed quote has no end; planting refuses such a file by name.
        while let Cut::Record { content, end } = cut(&self.reader.dialect, &bytes[at..], true) {
            if content > 0 && header_left {
                header_left = false;
            } else if content > 0 && self.rows.len() == most {
                self.is_cut_short = true;
                return;
            } else if content > 0 {
                match self.cells(&bytes[at..at + content]) {
                    Some(cells) => self.rows.push(Row { at: at as u64, cells }),
                    None => self.ragged += 1,
                }
            }
            at += end;
            if at >= bytes.len() {
                return;
            }
        }
    }

    /// Reads one record, with or without its terminator; `None` where it is
    /// not like the others.
    pub fn cells(&self, record: &[u8]) -> Option<Vec<String>> {
        let content = content_of(&self.reader.dialect, record);
        let mut fields = Vec::new();
        self.reader.split(content, &mut fields).ok()?;
        let is_json = self.reader.dialect.format == super::Format::JsonLines;
        if fields.len() != self.columns.len() && !is_json {
            return None;
        }
        let text = |place: usize| {
            let span = fields.get(place).copied().filter(|span| span.kind != Kind::Missing);
            span.map(|span| affixes(&self.reader.text(content, span)).1.to_owned()).unwrap_or_default()
        };
        Some((0..self.columns.len()).map(text).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plant::Options;

    #[test]
    fn rows_are_read_as_the_planter_reads_them() {
        let export = "\u{feff}运单号,揽收时间,收件电话,备注\r\nYT1,2020-11-01 09:00:00,=\"13800000001\",\"a,b\"\r\n\r\nx\r\nYT2,2020-11-01 09:00:05,13800000002,".as_bytes();
        let options = Options::default();
        let record = crate::record::Record {
            values: vec![(
                ColumnRole::Phone(crate::persona::Role::Recipient),
                crate::record::Value::Text("15400000001".into()),
            )],
        };
        let job = Job {
            columns: &[],
            records: &[record],
            numbers: &[(0, "YT9".into())],
            is_line: &|_| false,
            place: [0; 32],
            shared: None,
            options: &options,
        };

        let rows = Rows::read(export, &job, 10).expect("an export");

        assert_eq!(rows.rows.len(), 2);
        assert_eq!(rows.ragged, 1);
        assert_eq!(rows.rows[0].cells, ["YT1", "2020-11-01 09:00:00", "13800000001", "a,b"]);
        assert_eq!(&export[rows.rows[1].at as usize..][..3], b"YT2");
        assert_eq!(rows.columns[0].role, Some(ColumnRole::Number));
        let seconds = |row: usize| rows.columns[1].seconds(&rows.rows[row].cells[1]).expect("a time");
        assert!((seconds(1) - seconds(0) - 5.0).abs() < 1e-9);
        assert!(Rows::read(export, &job, 1).expect("an export").is_cut_short);
    }
}
