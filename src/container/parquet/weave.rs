//! Writes a file again, with more rows in it.
//!
//! Each column of each row group is read and written a few records at a time, in
//! its own codec, with a dictionary or without. Every row group is written
//! anew, also one that nothing is planted into: if some kept the bytes of their
//! writer and others did not, the difference would say where to look. Records are
//! handed over in batches of one size, whether planted ones are among them or not, so that
//! pages end where they would.
//!
//! The footer is the original's, byte for byte, but for the rows and row groups.

use std::any::Any;
use std::fs::File;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use parquet::basic::Encoding;
use parquet::bloom_filter::Sbbf;
use parquet::errors::ParquetError;
use parquet::file::metadata::page_index::PageIndexProvider;
use parquet::file::metadata::{
    FileMetaData, ParquetMetaData, ParquetMetaDataBuilder, ParquetMetaDataWriter, RowGroupMetaData,
};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::page_index::offset_index::OffsetIndexMetaData;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::file::writer::{SerializedColumnWriter, SerializedRowGroupWriter, TrackedWrite};

use super::file::{Footer, Opened, unread};
use super::records::{BATCH, Cell, Records};
use super::thrift::Walker;
use super::value::{ForPhysical, Physical, for_physical};
use super::{damaged, refused};
use crate::fault::Fault;

/// Rows and bytes after which the library ends a page by itself.
const PAGE_ROWS: usize = 20_000;
const PAGE_BYTES: usize = 1 << 20;
/// A dictionary that was never given up may grow as far as its pages could.
const DICTIONARY_BYTES: usize = 256 << 20;

/// A row to be.
pub(super) struct NewRow {
    /// The row group.
    pub(super) group: usize,
    /// How many of its rows stand before it.
    pub(super) before: u64,
    /// What it has in each column.
    pub(super) cells: Vec<Cell>,
}

/// Writes `opened` with `rows` in it, which are in their order.
pub(super) fn weave(
    opened: &Opened,
    rows: &[NewRow],
    output: File,
    failed: &dyn Fn(io::Error) -> Fault,
) -> Result<File, Fault> {
    let mut noted = Noted { inner: output, error: None, held: None };
    let written = write(opened, rows, &mut noted);
    if let Some(error) = noted.error.take() {
        return Err(failed(error));
    }
    written?;
    let tail = noted.held.take().unwrap_or_default();
    let mut output = noted.inner;
    let with_footer = refooted(opened, &tail).ok_or_else(|| damaged("its footer cannot be written again"))?;
    output.write_all(&with_footer).and_then(|()| output.flush()).map_err(failed)?;
    Ok(output)
}

/// Indexes of pages and a footer, with the original's footer for the library's.
fn refooted(opened: &Opened, tail: &[u8]) -> Option<Vec<u8>> {
    let (rest, end) = tail.split_at_checked(tail.len().checked_sub(8)?)?;
    let length = u32::from_le_bytes(end[..4].try_into().ok()?) as usize;
    let (indexes, raw) = rest.split_at_checked(rest.len().checked_sub(length)?)?;
    let fields = Walker::new(raw).fields()?;
    let footer = opened.footer.with_rows_of(&Footer { raw: raw.to_vec(), fields, at: 0 });
    let length = u32::try_from(footer.len()).ok()?;
    Some([indexes, &footer, &length.to_le_bytes(), &end[4..]].concat())
}

fn write(opened: &Opened, rows: &[NewRow], noted: &mut Noted) -> Result<(), Fault> {
    let broken = |error: ParquetError| unread(&error);
    let mut out = TrackedWrite::new(noted);
    out.write_all(b"PAR1").map_err(|error| broken(error.into()))?;
    let mut groups = Vec::with_capacity(opened.groups());
    let mut indexes = Indexes::default();
    let mut at = 0;
    for group in 0..opened.groups() {
        let behind = at + rows[at..].partition_point(|row| row.group == group);
        let written = write_group(opened, group, &rows[at..behind], &mut out)?;
        at = behind;
        let (mut meta, filters) = (written.meta, written.filters);
        for (column, filter) in filters.into_iter().enumerate() {
            let Some(filter) = filter else { continue };
            let start = out.bytes_written();
            filter.write(&mut out).map_err(broken)?;
            let length = out.bytes_written() - start;
            let chunk = &mut meta.columns_mut()[column];
            *chunk = chunk
                .clone()
                .into_builder()
                .set_bloom_filter_offset(Some(start as i64))
                .set_bloom_filter_length(Some(length as i32))
                .build()
                .map_err(broken)?;
        }
        indexes.push(opened, group, written.column_indexes, written.offset_indexes);
        groups.push(meta);
    }
    out.flush().map_err(|error| broken(error.into()))?;
    out.inner_mut().held = Some(Vec::new());
    let meta = metadata(opened, groups, indexes);
    ParquetMetaDataWriter::new_with_tracked(out, &meta)
        .with_preserve_page_index_locations(false)
        .finish()
        .map_err(broken)
}

fn metadata(opened: &Opened, groups: Vec<RowGroupMetaData>, indexes: Indexes) -> ParquetMetaData {
    let old = opened.meta.file_metadata();
    let file = FileMetaData::new(
        old.version(),
        groups.iter().map(RowGroupMetaData::num_rows).sum(),
        old.created_by().map(str::to_owned),
        old.key_value_metadata().cloned(),
        old.schema_descr_ptr(),
        old.column_orders().cloned(),
    );
    let indexes: Option<Arc<dyn PageIndexProvider>> = if indexes.is_empty() { None } else { Some(Arc::new(indexes)) };
    ParquetMetaDataBuilder::new(file).set_row_groups(groups).set_page_index(indexes).build()
}

/// A row group that was written.
struct Written {
    meta: RowGroupMetaData,
    filters: Vec<Option<Sbbf>>,
    column_indexes: Vec<Option<ColumnIndexMetaData>>,
    offset_indexes: Vec<Option<OffsetIndexMetaData>>,
}

fn write_group<W: Write + Send>(
    opened: &Opened,
    group: usize,
    rows: &[NewRow],
    out: &mut TrackedWrite<W>,
) -> Result<Written, Fault> {
    let broken = |error: ParquetError| unread(&error);
    let ordinal = i32::try_from(group).map_err(|_| refused("as many row groups"))?;
    let written = Arc::new(Mutex::new(None));
    let take = written.clone();
    let mut writer = SerializedRowGroupWriter::new(
        opened.meta.file_metadata().schema_descr_ptr(),
        Arc::new(properties(opened, group)),
        out,
        ordinal,
        Some(Box::new(move |_, meta, filters, column_indexes, offset_indexes| {
            if let Ok(mut written) = take.lock() {
                *written = Some(Written { meta, filters, column_indexes, offset_indexes });
            }
            Ok(())
        })),
    );
    for column in 0..opened.columns.len() {
        let next = writer.next_column().map_err(broken)?;
        let mut to = next.ok_or_else(|| damaged("its schema has fewer columns than a row group"))?;
        for_physical(opened.columns[column].physical, Copy { opened, group, column, rows, to: &mut to })?;
        to.close().map_err(broken)?;
    }
    writer.close().map_err(broken)?;
    let mut written = written.lock().map_err(|_| damaged("a row group was not written"))?;
    written.take().ok_or_else(|| damaged("a row group was not written"))
}

/// Copies a column of a row group, with more rows.
struct Copy<'a, 'b> {
    opened: &'a Opened,
    group: usize,
    column: usize,
    rows: &'a [NewRow],
    to: &'a mut SerializedColumnWriter<'b>,
}

impl ForPhysical for Copy<'_, '_> {
    type Output = Result<(), Fault>;

    fn with<T: Physical>(self) -> Self::Output {
        let column = &self.opened.columns[self.column];
        let mut records = Records::<T>::open(self.opened, self.group, self.column)?;
        let (mut at, mut held) = (0u64, 0usize);
        let mut rows = self.rows.iter().peekable();
        let to = self.to.typed::<T>();
        loop {
            if let Some(row) = rows.next_if(|row| row.before == at) {
                let pushed = records.push(&row.cells[self.column]);
                pushed.ok_or_else(|| damaged("a column's type is not that of the schema"))?;
                held += 1;
            } else {
                let until = rows.peek().map_or(u64::MAX, |row| row.before - at);
                let most = usize::try_from(until).unwrap_or(usize::MAX).min(BATCH - held);
                let read = records.read(most)?;
                (at, held) = (at + read as u64, held + read);
            }
            let is_over = records.left() == 0 && rows.peek().is_none();
            if held == BATCH || is_over {
                let definitions = (column.defined > 0).then_some(records.definitions.as_slice());
                let repetitions = column.is_repeated.then_some(records.repetitions.as_slice());
                to.write_batch(&records.values, definitions, repetitions).map_err(|error| unread(&error))?;
                records.clear();
                held = 0;
            }
            if is_over {
                return Ok(());
            }
        }
    }
}

/// How a row group's columns were written, told to the library.
fn properties(opened: &Opened, group: usize) -> WriterProperties {
    let meta = opened.meta.row_group(group);
    let is_v2 = opened.shapes[group].iter().any(|shape| shape.is_v2);
    let mut properties = WriterProperties::builder()
        .set_writer_version(if is_v2 { WriterVersion::PARQUET_2_0 } else { WriterVersion::PARQUET_1_0 })
        .set_statistics_truncate_length(None)
        .set_sorting_columns(meta.sorting_columns().cloned());
    for (shape, chunk) in opened.shapes[group].iter().zip(meta.columns()) {
        let path = || chunk.column_path().clone();
        let statistics = match chunk.statistics() {
            _ if chunk.column_index_offset().is_some() || shape.has_page_statistics => EnabledStatistics::Page,
            Some(told) if told.min_bytes_opt().is_some() || told.null_count_opt().is_some() => EnabledStatistics::Chunk,
            _ => EnabledStatistics::None,
        };
        // a dictionary that was never given up is not given up
        let dictionary_bytes = if shape.encoding.is_none() { DICTIONARY_BYTES } else { PAGE_BYTES };
        properties = properties
            .set_column_compression(path(), shape.codec)
            .set_column_dictionary_enabled(path(), shape.has_dictionary)
            .set_column_dictionary_page_size_limit(path(), dictionary_bytes)
            .set_column_encoding(path(), shape.encoding.unwrap_or(Encoding::PLAIN))
            .set_column_data_page_size_limit(path(), PAGE_BYTES.max(shape.page_bytes as usize))
            .set_column_data_page_row_count_limit(path(), PAGE_ROWS.max(shape.page_values as usize))
            .set_column_statistics_enabled(path(), statistics)
            .set_column_write_page_header_statistics(path(), shape.has_page_statistics);
        if chunk.bloom_filter_offset().is_some() {
            properties = properties
                .set_column_bloom_filter_enabled(path(), true)
                .set_column_bloom_filter_max_ndv(path(), opened.rows_of(group).max(1));
        }
    }
    properties.build()
}

/// Indexes of pages, where the original had some.
#[derive(Debug, Default)]
struct Indexes {
    of_columns: Vec<Vec<Option<ColumnIndexMetaData>>>,
    of_offsets: Vec<Vec<Option<OffsetIndexMetaData>>>,
}

impl Indexes {
    fn push(
        &mut self,
        opened: &Opened,
        group: usize,
        mut of_columns: Vec<Option<ColumnIndexMetaData>>,
        mut of_offsets: Vec<Option<OffsetIndexMetaData>>,
    ) {
        for (column, chunk) in opened.meta.row_group(group).columns().iter().enumerate() {
            if let Some(index) = of_columns.get_mut(column).filter(|_| chunk.column_index_offset().is_none()) {
                *index = None;
            }
            if let Some(index) = of_offsets.get_mut(column).filter(|_| chunk.offset_index_offset().is_none()) {
                *index = None;
            }
        }
        self.of_columns.push(of_columns);
        self.of_offsets.push(of_offsets);
    }

    fn is_empty(&self) -> bool {
        !self.has_column_indexes() && !self.has_offset_indexes()
    }
}

impl PageIndexProvider for Indexes {
    fn has_offset_indexes(&self) -> bool {
        self.of_offsets.iter().flatten().any(Option::is_some)
    }

    fn has_column_indexes(&self) -> bool {
        self.of_columns.iter().flatten().any(Option::is_some)
    }

    fn column_index(&self, group: usize, column: usize) -> Option<&ColumnIndexMetaData> {
        self.of_columns.get(group)?.get(column)?.as_ref()
    }

    fn offset_index(&self, group: usize, column: usize) -> Option<&OffsetIndexMetaData> {
        self.of_offsets.get(group)?.get(column)?.as_ref()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Remembers the disk's own error, which the library would rephrase; and keeps the end of the file in memory, where it
/// is changed before it is written.
struct Noted {
    inner: File,
    error: Option<io::Error>,
    held: Option<Vec<u8>>,
}

impl Write for Noted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(held) = &mut self.held {
            held.extend_from_slice(bytes);
            return Ok(bytes.len());
        }
        self.inner.write(bytes).inspect_err(|error| {
            let copy = error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error);
            self.error = Some(copy);
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
