//! An opened file: its footer, and what is checked before a page is read.
//!
//! What a footer declares is compared with what is there before memory is
//! asked for: lengths with the file's, counts with the pages' own, and what pages
//! unpack to with their size.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::reader::{ChunkReader, Length};

use super::column::Column;
use super::pages::Shape;
use super::thrift::{self, Field, Walker};
use super::{damaged, refused};
use crate::fault::Fault;

const MAGIC: &[u8; 4] = b"PAR1";
const MAX_FOOTER_BYTES: u64 = 64 << 20;
const MAX_ROW_GROUPS: usize = 100_000;
const MAX_SCHEMA_ELEMENTS: usize = 20_000;
/// Deeper than anybody nests.
const MAX_NESTING: usize = 32;
/// What the largest pages of a row group may take together: its columns are read side by side.
const MAX_PAGES_BYTES: u64 = 2 << 30;

/// Of the footer's fields.
pub(super) const SCHEMA: i16 = 2;
pub(super) const ROWS: i16 = 3;
pub(super) const ROW_GROUPS: i16 = 4;
const ENCRYPTION: i16 = 8;

/// An opened file.
pub(super) struct Opened {
    pub(super) name: String,
    pub(super) bytes: Arc<Bounded>,
    pub(super) footer: Footer,
    pub(super) meta: ParquetMetaData,
    pub(super) columns: Vec<Column>,
    /// Of each row group, how each column is written.
    pub(super) shapes: Vec<Vec<Shape>>,
    /// The first row of each row group, and the end.
    pub(super) starts: Vec<u64>,
}

/// The footer as it stands.
pub(super) struct Footer {
    pub(super) raw: Vec<u8>,
    pub(super) fields: Vec<Field>,
    /// Where it begins in the file.
    pub(super) at: u64,
}

impl Opened {
    pub(super) fn open(path: &Path) -> Result<Self, Fault> {
        let name = path.display().to_string();
        Self::read(path).map_err(|fault| fault.in_file(name))
    }

    fn read(path: &Path) -> Result<Self, Fault> {
        let unreadable =
            |error| Fault::new(format!("cannot be read: {error}")).hint("check the path and its permissions");
        let opened = File::open(path).and_then(|file| Ok((file.metadata()?.len(), file)));
        let (length, file) = opened.map_err(unreadable)?;
        let bytes = Arc::new(Bounded { file: Arc::new(file), length });
        let footer = Footer::read(&bytes)?;
        let meta = ParquetMetaDataReader::decode_metadata(&footer.raw).map_err(|error| unread(&error))?;
        let descriptor = meta.file_metadata().schema_descr();
        let columns: Vec<Column> = descriptor.columns().iter().map(|column| Column::new(column)).collect();
        if columns.is_empty() {
            return Err(Fault::new("expected columns, found none"));
        }
        let starts = starts(&meta)?;
        let mut opened =
            Self { name: path.display().to_string(), bytes, footer, meta, columns, shapes: Vec::new(), starts };
        opened.shapes = opened.survey()?;
        Ok(opened)
    }

    /// Walks over every page's header.
    fn survey(&self) -> Result<Vec<Vec<Shape>>, Fault> {
        let mut packed = 0u64;
        let mut groups = Vec::with_capacity(self.groups());
        for group in 0..self.groups() {
            let mut shapes = Vec::with_capacity(self.columns.len());
            for column in 0..self.columns.len() {
                let chunk = self.meta.row_group(group).column(column);
                let shape = Shape::survey(self, group, column)?;
                packed = packed.saturating_add(chunk.compressed_size().max(0) as u64);
                shapes.push(shape);
            }
            if shapes.iter().map(|shape| shape.room).sum::<u64>() > MAX_PAGES_BYTES {
                return Err(Fault::new(format!(
                    "row group {}: expected pages that take at most {MAX_PAGES_BYTES} bytes side by side",
                    group + 1
                ))
                .hint("write the file again with smaller pages"));
            }
            groups.push(shapes);
        }
        if packed > self.footer.at {
            return Err(damaged("its columns overlap"));
        }
        Ok(groups)
    }

    pub(super) fn groups(&self) -> usize {
        self.meta.num_row_groups()
    }

    /// Rows of a row group.
    pub(super) fn rows_of(&self, group: usize) -> u64 {
        self.starts[group + 1] - self.starts[group]
    }

    pub(super) fn rows(&self) -> u64 {
        *self.starts.last().expect("the end is there")
    }

    /// The row group of a row.
    pub(super) fn group_of(&self, row: u64) -> usize {
        self.starts.partition_point(|start| *start <= row) - 1
    }

    /// A column of a row group, as the library is to read it.
    pub(super) fn chunk(&self, group: usize, column: usize) -> Result<ColumnChunkMetaData, Fault> {
        let chunk = self.meta.row_group(group).column(column);
        match chunk.dictionary_page_offset() {
            // some writers say 0 where there is none
            Some(at) if at < 4 => chunk.clone().into_builder().set_dictionary_page_offset(None).build(),
            _ => Ok(chunk.clone()),
        }
        .map_err(|error| unread(&error))
    }

    /// Where a column of a row group is.
    pub(super) fn range(&self, group: usize, column: usize) -> Result<(u64, u64), Fault> {
        let chunk = self.chunk(group, column)?;
        if chunk.compressed_size() == 0 {
            // a row group without rows is nowhere
            return Ok((4, 0));
        }
        let start = u64::try_from(chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset()));
        let (Ok(start), Ok(length)) = (start, u64::try_from(chunk.compressed_size())) else {
            return Err(damaged("a column begins before the file does"));
        };
        let end = start.checked_add(length).filter(|end| start >= 4 && *end <= self.footer.at);
        end.map(|_| (start, length)).ok_or_else(|| damaged("a column is longer than the file"))
    }
}

/// The first row of each row group, and the end.
fn starts(meta: &ParquetMetaData) -> Result<Vec<u64>, Fault> {
    let mut starts = vec![0u64];
    for group in meta.row_groups() {
        let rows = u64::try_from(group.num_rows()).map_err(|_| damaged("a row group has fewer rows than none"))?;
        let end = starts.last().expect("the start is there").checked_add(rows).filter(|end| *end < 1 << 40);
        starts.push(end.ok_or_else(|| damaged("it has more rows than can be"))?);
    }
    let declared = meta.file_metadata().num_rows();
    if u64::try_from(declared).ok() != starts.last().copied() {
        return Err(damaged("its row groups have more or fewer rows than it says"));
    }
    Ok(starts)
}

impl Footer {
    /// Reads the footer and walks over it.
    pub(super) fn read(file: &Bounded) -> Result<Self, Fault> {
        let short = || damaged("it ends too early");
        let bytes = file.length;
        let (head, tail) = (file.read(0, 4).map_err(|_| short())?, bytes.checked_sub(8).ok_or_else(short)?);
        let tail = file.read(tail, 8).map_err(|_| short())?;
        let magic = |at: &[u8]| at == b"PARE";
        if magic(&tail[4..]) || magic(&head) {
            return Err(encrypted());
        }
        if head != MAGIC[..] || tail[4..] != MAGIC[..] {
            return Err(damaged("it does not end as a Parquet file does"));
        }
        let length = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
        let at = (bytes - 8).checked_sub(length).filter(|at| *at >= 4).ok_or_else(short)?;
        if length > MAX_FOOTER_BYTES {
            return Err(refused(&format!("a footer of {length} bytes, where at most {MAX_FOOTER_BYTES} are read")));
        }
        let raw = file.read(at, length as usize).map_err(|_| short())?.to_vec();
        let fields = Walker::new(&raw).fields().ok_or_else(|| damaged("its footer cannot be read"))?;
        let footer = Self { raw, fields, at };
        footer.check()?;
        Ok(footer)
    }

    fn check(&self) -> Result<(), Fault> {
        if self.find(ENCRYPTION).is_some() {
            return Err(encrypted());
        }
        let list = |id| {
            let mut walker = Walker::new(self.find(id)?);
            Some((walker.list()?, walker))
        };
        let unread = || damaged("its footer cannot be read");
        let ((groups, _), _) = list(ROW_GROUPS).ok_or_else(unread)?;
        let ((elements, kind), mut walker) = list(SCHEMA).ok_or_else(unread)?;
        if groups > MAX_ROW_GROUPS || elements > MAX_SCHEMA_ELEMENTS {
            return Err(refused(&format!(
                "{groups} row groups and {elements} elements of its schema; at most {MAX_ROW_GROUPS} and {MAX_SCHEMA_ELEMENTS} are read"
            )));
        }
        // each level: how many children are to come
        let mut open: Vec<i64> = Vec::new();
        let schema = self.find(SCHEMA).unwrap_or_default();
        for _ in 0..elements {
            let fields = walker.fields().filter(|_| kind == thrift::STRUCT).ok_or_else(unread)?;
            while open.last() == Some(&0) {
                open.pop();
            }
            if let Some(left) = open.last_mut() {
                *left -= 1;
            }
            let children = thrift::number(schema, &fields, 5).unwrap_or(0);
            if children > 0 {
                open.push(children);
            }
            if open.len() > MAX_NESTING {
                return Err(refused(&format!("columns nested more than {MAX_NESTING} deep")));
            }
        }
        Ok(())
    }

    /// A field's bytes.
    pub(super) fn find(&self, id: i16) -> Option<&[u8]> {
        self.fields.iter().find(|field| field.id == id).map(|field| &self.raw[field.at.clone()])
    }

    /// This footer with the rows and row groups of another, and all else as it stands.
    pub(super) fn with_rows_of(&self, other: &Self) -> Vec<u8> {
        let fields = self.fields.iter().filter_map(|field| match field.id {
            ROWS | ROW_GROUPS => {
                other.fields.iter().find(|new| new.id == field.id).map(|new| (new, other.raw.as_slice()))
            }
            _ => Some((field, self.raw.as_slice())),
        });
        thrift::written(fields)
    }
}

fn encrypted() -> Fault {
    Fault::new("is encrypted: a key is needed to read it")
        .hint("write it without encryption, or as CSV, and plant into that")
}

/// What the library says is wrong; its words are for developers, and never show a value.
pub(super) fn unread(error: &ParquetError) -> Fault {
    match error {
        ParquetError::External(inner) if inner.downcast_ref::<io::Error>().is_some() => {
            Fault::new(format!("cannot be read: {inner}")).hint("see whether the file can be read at all")
        }
        ParquetError::NYI(_) => refused("something that cannot be read yet"),
        _ => damaged("its pages cannot be read as it says"),
    }
}

/// A file that is never read beyond its end.
pub(super) struct Bounded {
    file: Arc<File>,
    length: u64,
}

impl Bounded {
    pub(super) fn read(&self, at: u64, length: usize) -> io::Result<Bytes> {
        if at.checked_add(length as u64).is_none_or(|end| end > self.length) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, at)?;
        Ok(bytes.into())
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }
}

impl Length for Bounded {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Bounded {
    type T = BufReader<Window>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(BufReader::with_capacity(4096, Window { file: self.file.clone(), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        self.read(start, length).map_err(ParquetError::from)
    }
}

/// A file from a place on.
pub(super) struct Window {
    file: Arc<File>,
    at: u64,
}

impl Read for Window {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(into, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}
