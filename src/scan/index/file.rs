//! Opening an index, and asking it.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use jiff::Timestamp;

use super::build::{self, Canaries, bucket_of};
use super::directory::Directory;
use super::filter::Filter;
use super::layout::{HEADER, Layout, MAGIC, REST, Sections, VERSION};
use super::map::Map;
use super::paged::Paged;
use crate::fault::Fault;
use crate::scan::keys::{ScanKey, Tag, Tagger};
use crate::scan::masks::Masks;
use crate::scan::phones::Phones;

/// Most bytes that an unpacked directory may have.
const MOST_DIRECTORY: u64 = 1 << 31;

/// An index that was proved genuine.
pub struct Index {
    map: Map,
    /// The filter's bytes: each token looks somewhere into them.
    filter: Paged,
    layout: Layout,
    sections: Sections,
    directory: Directory,
    pub(in crate::scan) phones: Phones,
    /// The lines, as masked phones show them.
    pub(in crate::scan) masks: Masks,
    pub(in crate::scan) tagger: Tagger,
}

impl Index {
    /// Makes the index of `canaries`, in memory; its [`Index::bytes`] are what a
    /// file is to hold. It is not proved: that would read what was just written.
    /// Whoever opens the file proves it.
    ///
    /// # Errors
    ///
    /// When there are more than four billion canaries.
    pub fn build(key: &ScanKey, canaries: impl Canaries, made: Timestamp) -> Result<Self, Fault> {
        let build::Made { bytes, layout, directory } = build::make(key, canaries, made)?;
        let sections = layout.sections().expect("what is in memory fits a file");
        Ok(Self::put_together(Map::Memory(bytes), layout, sections, directory, key))
    }

    /// Opens the file at `path`.
    ///
    /// # Errors
    ///
    /// When it cannot be read, is no index, is of another version or key, was
    /// cut or changed.
    pub fn open(path: &Path, key: &ScanKey) -> Result<Self, Fault> {
        let name = path.display().to_string();
        let opened = File::open(path).and_then(|file| Map::of(&file));
        let map = opened.map_err(|error| {
            Fault::new(format!("the index cannot be read: {error}"))
                .in_file(name.as_str())
                .hint("make it with `trapline index`")
        })?;
        Self::of(map, key).map_err(|fault| fault.in_file(name))
    }

    /// Reads an index from memory.
    ///
    /// # Errors
    ///
    /// As [`Index::open`].
    pub fn read(bytes: Vec<u8>, key: &ScanKey) -> Result<Self, Fault> {
        Self::of(Map::Memory(bytes), key)
    }

    fn of(map: Map, key: &ScanKey) -> Result<Self, Fault> {
        let header = map.first_chunk::<HEADER>().filter(|header| header.starts_with(MAGIC)).ok_or_else(|| {
            Fault::new("this is no scan index").hint("make one with `trapline index`, or check the path")
        })?;
        let version = u32::from_le_bytes(header[8..12].try_into().expect("four bytes"));
        if version != VERSION {
            return Err(Fault::new(format!("the index has version {version}; this program reads {VERSION}"))
                .hint("make it again with `trapline index`"));
        }
        let layout = Layout::read(header);
        if layout.key_id != key.id() {
            return Err(Fault::new("the index was made with another scan key")
                .hint("take the key that `trapline index --key-out` wrote beside this index"));
        }
        let sections = layout.sections().filter(|sections| sections.proof.end == map.len()).ok_or_else(|| {
            Fault::new(format!("the index was cut: {} bytes do not agree with its header", map.len()))
                .hint("copy it again, or make it again with `trapline index`")
        })?;
        let mut proof = key.proof();
        proof.update(&map[..sections.proof.start]);
        if proof.tag() != map[sections.proof.clone()] {
            return Err(Fault::new("the index was changed or damaged").hint("make it again with `trapline index`"));
        }
        let directory = key.open(header, &map[sections.directory.clone()]).and_then(|packed| {
            let mut json = Vec::new();
            zstd::stream::read::Decoder::new(&packed[..]).ok()?.take(MOST_DIRECTORY).read_to_end(&mut json).ok()?;
            serde_json::from_slice(&json).ok()
        });
        let directory: Directory = directory.ok_or_else(|| {
            Fault::new("the index's directory is of another shape").hint("make it again with `trapline index`")
        })?;
        Ok(Self::put_together(map, layout, sections, directory, key))
    }

    fn put_together(map: Map, layout: Layout, sections: Sections, directory: Directory, key: &ScanKey) -> Self {
        let lines = directory.lines.iter().map(|line| (line.digits.as_str(), line.country));
        let filter = Paged::of(&map[sections.filter.clone()]);
        let masks = Masks::new(directory.lines.iter().map(|line| line.digits.as_str()));
        Self { filter, phones: Phones::new(lines), masks, tagger: key.tagger(), directory, layout, sections, map }
    }

    /// All of it, as a file holds it.
    pub fn bytes(&self) -> &[u8] {
        &self.map
    }

    /// Who planted what.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// How many canaries can be found by their number.
    pub fn canaries(&self) -> u64 {
        self.layout.canaries
    }

    /// Bytes of what is looked up: filter and table.
    pub fn lookup_bytes(&self) -> usize {
        self.sections.directory.start - HEADER
    }

    /// Lengths of runs that may be an anchor or a phone, as bits.
    pub(in crate::scan) fn lengths(&self) -> (u64, u64) {
        (self.directory.lengths, self.phones.lengths())
    }

    /// The filter.
    pub(in crate::scan) fn filter(&self) -> Filter<'_> {
        Filter::of(&self.filter[..self.sections.filter.len()])
    }

    /// The canaries whose anchor has this fingerprint: one, or none. (Two
    /// blocks with other letters around the same digits give two.)
    pub(in crate::scan) fn find(&self, tag: Tag) -> impl Iterator<Item = u32> + '_ {
        let number = |at: usize| u32::from_le_bytes(self.map[at..at + 4].try_into().expect("four bytes"));
        let bucket = bucket_of(tag.key, self.layout.buckets) as usize;
        let ends = self.sections.ends.start + 4 * bucket;
        let (from, to) = (number(ends) as usize, number(ends + 4) as usize);
        let (rests, canaries) = (self.sections.rests.start, self.sections.canaries.start);
        let want: [u8; 8] = tag.rest.to_le_bytes();
        let fits = move |place: &usize| self.map[rests + REST * place..][..REST] == want[8 - REST..];
        (from..to).filter(fits).map(move |place| number(canaries + 4 * place))
    }
}
