//! The pages of a column: how they are written, and whether they are what they say.
//!
//! A page's header says how much it unpacks to and how many values it holds,
//! and the library makes room for both at once. So all headers are walked over
//! before a page is read, and a page's own count of values, where its encoding has
//! one, before it is decoded.

use parquet::basic::{Compression, Encoding, PageType};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result as Read};
use parquet::file::serialized_reader::SerializedPageReader;

use super::file::{Bounded, Opened, unread};
use super::thrift::{self, Walker};
use super::{damaged, refused};
use crate::fault::Fault;
use crate::plant::Expansion;

/// The longest header: statistics may hold two long texts.
const MAX_HEADER_BYTES: u64 = 16 << 20;
const MAX_PAGE_BYTES: u64 = 1 << 30;
/// What a value of a dictionary takes at most when it is decoded, besides its bytes.
const VALUE_BYTES: u64 = 32;

/// How a column of a row group is written.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) codec: Compression,
    /// Whether values are numbers of a dictionary, at least at first.
    pub(super) has_dictionary: bool,
    /// How other pages are encoded, if there are any.
    pub(super) encoding: Option<Encoding>,
    pub(super) is_v2: bool,
    pub(super) has_page_statistics: bool,
    /// Of the largest page.
    pub(super) page_values: u64,
    pub(super) page_bytes: u64,
    /// What reading it takes in memory.
    pub(super) room: u64,
}

/// What a page's header says.
struct Head {
    kind: PageType,
    packed: u64,
    unpacked: u64,
    values: u64,
    encoding: Encoding,
    has_statistics: bool,
}

impl Shape {
    /// Walks over the headers of a column's pages.
    pub(super) fn survey(opened: &Opened, group: usize, column: usize) -> Result<Self, Fault> {
        let chunk = opened.meta.row_group(group).column(column);
        let name = &opened.columns[column].name;
        Self::walk(opened, group, column)
            .map_err(|fault| Fault { field: Some(format!("{name}, row group {}", group + 1)), ..fault })
            .and_then(|(shape, values)| {
                let rows = opened.rows_of(group);
                let is_whole = u64::try_from(chunk.num_values()) == Ok(values)
                    && (opened.columns[column].is_repeated || values == rows);
                let torn =
                    || damaged("a column has more or fewer values than its row group has rows").at_field(name.clone());
                is_whole.then_some(shape).ok_or_else(torn)
            })
    }

    /// The shape, and how many values there are, nulls among them.
    fn walk(opened: &Opened, group: usize, column: usize) -> Result<(Self, u64), Fault> {
        let chunk = opened.meta.row_group(group).column(column);
        let codec = chunk.compression();
        if matches!(codec, Compression::LZO | Compression::BROTLI(_)) {
            let name = if matches!(codec, Compression::LZO) { "LZO" } else { "brotli" };
            return Err(refused(&format!("columns packed with {name}")));
        }
        if chunk.file_path().is_some_and(|path| !path.is_empty()) {
            return Err(refused("columns that are in another file"));
        }
        if chunk.column_type() != opened.columns[column].physical {
            return Err(damaged("a column's type is not that of the schema"));
        }
        let (mut at, length) = opened.range(group, column)?;
        let end = at + length;
        let mut values = 0u64;
        let mut dictionary_room = 0;
        let mut shape = Self {
            codec,
            has_dictionary: false,
            encoding: None,
            is_v2: false,
            has_page_statistics: false,
            page_values: 0,
            page_bytes: 0,
            room: 0,
        };
        while at < end {
            let (head, header_bytes) = Head::read(&opened.bytes, at, end)?;
            at += header_bytes + head.packed;
            head.check(codec)?;
            if at > end {
                return Err(damaged("a page is longer than its column"));
            }
            match head.kind {
                PageType::DICTIONARY_PAGE => {
                    // even an empty text has a length
                    if head.values > head.unpacked {
                        return Err(damaged("a dictionary holds fewer values than it says"));
                    }
                    dictionary_room = head.unpacked + head.values * VALUE_BYTES;
                }
                PageType::INDEX_PAGE => {}
                _ => {
                    values = values.saturating_add(head.values);
                    shape.is_v2 |= head.kind == PageType::DATA_PAGE_V2;
                    shape.has_page_statistics |= head.has_statistics;
                    shape.page_values = shape.page_values.max(head.values);
                    shape.page_bytes = shape.page_bytes.max(head.unpacked);
                    match head.encoding {
                        Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => shape.has_dictionary = true,
                        other => shape.encoding = Some(other),
                    }
                }
            }
            shape.room = shape.page_bytes + dictionary_room;
        }
        Ok((shape, values))
    }
}

impl Head {
    /// Reads the header at a place, and how long it is.
    fn read(file: &Bounded, at: u64, end: u64) -> Result<(Self, u64), Fault> {
        // most are short
        for most in [256, 64 << 10, MAX_HEADER_BYTES] {
            let length = most.min(end - at);
            let bytes = file.read(at, length as usize).map_err(|_| damaged("a page is longer than the file"))?;
            let mut walker = Walker::new(&bytes);
            if let Some(fields) = walker.fields() {
                let head = Self::of(&bytes, &fields).ok_or_else(|| damaged("a page does not say what it is"))?;
                return Ok((head, walker.at() as u64));
            }
            if length < most {
                break;
            }
        }
        Err(damaged("a page's header cannot be read"))
    }

    fn of(bytes: &[u8], fields: &[thrift::Field]) -> Option<Self> {
        let number = |id| thrift::number(bytes, fields, id).and_then(|number| u64::try_from(number).ok());
        let (kind, own, encoding, statistics) = match number(1)? {
            0 => (PageType::DATA_PAGE, 5, 2, 5),
            1 => (PageType::INDEX_PAGE, 0, 0, 0),
            2 => (PageType::DICTIONARY_PAGE, 7, 2, 0),
            3 => (PageType::DATA_PAGE_V2, 8, 4, 8),
            _ => return None,
        };
        let mut head = Self {
            kind,
            unpacked: number(2)?,
            packed: number(3)?,
            values: 0,
            encoding: Encoding::PLAIN,
            has_statistics: false,
        };
        if own == 0 {
            return Some(head);
        }
        let own = fields.iter().find(|field| field.id == own && field.kind == thrift::STRUCT)?;
        let bytes = &bytes[own.at.clone()];
        let fields = Walker::new(bytes).fields()?;
        head.values = thrift::number(bytes, &fields, 1).and_then(|number| u64::try_from(number).ok())?;
        head.encoding = of_number(thrift::number(bytes, &fields, encoding)?)?;
        // a struct that says nothing is no statistics
        head.has_statistics =
            fields.iter().any(|field| field.id == statistics && statistics != 0 && field.at.len() > 1);
        Some(head)
    }

    fn check(&self, codec: Compression) -> Result<(), Fault> {
        let expansion = Expansion::default();
        let allowed = self.packed.saturating_mul(expansion.ratio).max(expansion.floor_bytes).min(MAX_PAGE_BYTES);
        if self.unpacked > allowed {
            return Err(refused(&format!(
                "a page of {} bytes that is to unpack to {}, where at most {allowed} are unpacked",
                self.packed, self.unpacked
            )));
        }
        if codec == Compression::UNCOMPRESSED && self.packed != self.unpacked {
            return Err(damaged("a page that is not packed has two lengths"));
        }
        match self.encoding {
            Encoding::DELTA_BYTE_ARRAY => Err(refused("columns in the encoding DELTA_BYTE_ARRAY")),
            #[expect(deprecated)]
            Encoding::BIT_PACKED => Err(damaged("values are in an encoding for levels")),
            _ => Ok(()),
        }
    }
}

fn of_number(number: i64) -> Option<Encoding> {
    Some(match number {
        0 => Encoding::PLAIN,
        2 => Encoding::PLAIN_DICTIONARY,
        3 => Encoding::RLE,
        4 =>
        {
            #[expect(deprecated)]
            Encoding::BIT_PACKED
        }
        5 => Encoding::DELTA_BINARY_PACKED,
        6 => Encoding::DELTA_LENGTH_BYTE_ARRAY,
        7 => Encoding::DELTA_BYTE_ARRAY,
        8 => Encoding::RLE_DICTIONARY,
        9 => Encoding::BYTE_STREAM_SPLIT,
        _ => return None,
    })
}

/// The pages of a column, each checked before it is decoded.
pub(super) struct CheckedPages {
    pages: SerializedPageReader<Bounded>,
    has_repetitions: bool,
    has_definitions: bool,
}

impl CheckedPages {
    pub(super) fn open(opened: &Opened, group: usize, column: usize) -> Result<Self, Fault> {
        let chunk = opened.chunk(group, column)?;
        let rows = opened.rows_of(group) as usize;
        let pages = SerializedPageReader::new(opened.bytes.clone(), &chunk, rows, None);
        Ok(Self {
            pages: pages.map_err(|error| unread(&error))?,
            has_repetitions: opened.columns[column].is_repeated,
            has_definitions: opened.columns[column].defined > 0,
        })
    }

    fn check(&self, page: &Page) -> Option<()> {
        let (Page::DataPage { buf, encoding, .. } | Page::DataPageV2 { buf, encoding, .. }) = page else {
            return Some(());
        };
        if !matches!(encoding, Encoding::DELTA_BINARY_PACKED | Encoding::DELTA_LENGTH_BYTE_ARRAY) {
            return Some(());
        }
        let values = match page {
            Page::DataPageV2 { def_levels_byte_len, rep_levels_byte_len, .. } => {
                buf.get((*def_levels_byte_len as usize).checked_add(*rep_levels_byte_len as usize)?..)?
            }
            _ => {
                let mut rest = &buf[..];
                for _ in 0..u8::from(self.has_repetitions) + u8::from(self.has_definitions) {
                    let (length, levels) = rest.split_first_chunk::<4>()?;
                    rest = levels.get(u32::from_le_bytes(*length) as usize..)?;
                }
                rest
            }
        };
        let mut walker = Walker::new(values);
        let (_block, minis, count) = (walker.varint()?, walker.varint()?, walker.varint()?);
        (minis <= 4096 && count <= u64::from(page.num_values())).then_some(())
    }
}

impl Iterator for CheckedPages {
    type Item = Read<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for CheckedPages {
    fn get_next_page(&mut self) -> Read<Option<Page>> {
        let Some(page) = self.pages.get_next_page()? else { return Ok(None) };
        let torn = || ParquetError::General("a page counts its values in two ways".to_owned());
        self.check(&page).ok_or_else(torn)?;
        Ok(Some(page))
    }

    fn peek_next_page(&mut self) -> Read<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Read<()> {
        self.pages.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Read<bool> {
        self.pages.at_record_boundary()
    }
}
