//! Making an index.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rayon::prelude::*;

use super::directory::{Directory, Form, Line, Source};
use super::filter;
use super::layout::{Layout, REST};
use crate::fault::Fault;
use crate::scan::keys::{ScanKey, Tag, Tagger};
use crate::scan::token::Anchored;

/// Canaries that a bucket holds in the mean.
const BUCKET: u64 = 16;

/// All canaries, as a registry and a codebook give them.
pub trait Canaries: Sync {
    /// Hands over what planted them, once; `first` and `form` are filled in.
    fn sources(&mut self) -> Vec<Source>;
    /// Gives the numbers of the source at `place`, as many as it has canaries.
    fn numbers(&self, place: usize, each: &mut dyn FnMut(&str));
    /// The lines.
    fn lines(&self) -> Vec<Line>;
    /// What the registry holds, for telling whether the index is stale.
    fn state(&self) -> String;
}

/// A canary on its way into the table.
#[derive(Clone, Copy, Default)]
struct Entry {
    tag: Tag,
    canary: u32,
}

/// An index that was just made.
pub(super) struct Made {
    pub(super) bytes: Vec<u8>,
    pub(super) layout: Layout,
    pub(super) directory: Directory,
}

/// Makes the bytes of an index of `canaries`.
///
/// # Errors
///
/// When there are more than four billion canaries.
pub fn build(key: &ScanKey, canaries: impl Canaries, made: Timestamp) -> Result<Vec<u8>, Fault> {
    make(key, canaries, made).map(|made| made.bytes)
}

pub(super) fn make(key: &ScanKey, mut canaries: impl Canaries, made: Timestamp) -> Result<Made, Fault> {
    let mut sources = canaries.sources();
    let mut next = 0u32;
    for source in &mut sources {
        source.first = next;
        next = next.checked_add(source.count).ok_or_else(|| {
            Fault::new("an index holds four billion canaries; there are more")
                .hint("close old epochs, or make an index for some epochs alone (--epoch)")
        })?;
    }
    let tagger = key.tagger();
    let parts: Vec<Part> = sources
        .par_chunks(SOURCES)
        .enumerate()
        .map(|(chunk, sources)| Part::of(&canaries, &tagger, SOURCES * chunk, sources))
        .collect();

    let mut forms = BTreeMap::new();
    let (mut entries, mut lengths) = (Vec::with_capacity(next as usize), 0);
    let mut of_sources = sources.iter_mut();
    for part in parts {
        entries.extend(part.entries);
        lengths |= part.lengths;
        for (form, source) in part.forms.into_iter().zip(&mut of_sources) {
            let place = forms.len() as u16;
            source.form = *forms.entry(form).or_insert(place);
        }
    }
    let mut in_order: Vec<(Form, u16)> = forms.into_iter().collect();
    in_order.sort_by_key(|(_, place)| *place);
    let directory = Directory {
        made,
        state: canaries.state(),
        lines: canaries.lines(),
        forms: in_order.into_iter().map(|(form, _)| form).collect(),
        sources,
        lengths,
        left_out: u64::from(next) - entries.len() as u64,
    };
    write(key, entries, directory)
}

/// Sources that a core takes at a time.
const SOURCES: usize = 64;

/// What some sources give.
struct Part {
    entries: Vec<Entry>,
    /// Lengths of anchors, as bits.
    lengths: u64,
    /// One for each source.
    forms: Vec<Form>,
}

impl Part {
    /// Of `sources`, the first of which is the one at `place`.
    fn of(canaries: &impl Canaries, tagger: &Tagger, place: usize, sources: &[Source]) -> Self {
        let count = sources.iter().map(|source| source.count as usize).sum();
        let mut part =
            Self { entries: Vec::with_capacity(count), lengths: 0, forms: Vec::with_capacity(sources.len()) };
        for (place, source) in (place..).zip(sources) {
            let (mut around, mut canary) = (Around::default(), source.first);
            canaries.numbers(place, &mut |number| {
                if let Some(anchored) = Anchored::of(number) {
                    part.entries.push(Entry { tag: tagger.tag(anchored.token), canary });
                    part.lengths |= 1 << anchored.token.digits();
                    around.add(&anchored);
                }
                canary += 1;
            });
            part.forms.push(around.form());
        }
        part
    }
}

/// What is the same around the anchors of all numbers of a source.
#[derive(Default)]
struct Around {
    before: Option<Option<String>>,
    after: Option<Option<String>>,
}

impl Around {
    fn add(&mut self, number: &Anchored) {
        let common = |known: &mut Option<Option<String>>, text: &str| match known {
            None => *known = Some(Some(text.to_owned())),
            Some(Some(other)) if other == text => {}
            Some(all) => *all = None,
        };
        common(&mut self.before, &number.before);
        common(&mut self.after, &number.after);
    }

    fn form(self) -> Form {
        Form { before: self.before.flatten(), after: self.after.flatten() }
    }
}

fn write(key: &ScanKey, mut entries: Vec<Entry>, directory: Directory) -> Result<Made, Fault> {
    // The directory is packed while the table is put in order.
    let (packed, filter) = rayon::join(
        || {
            let json = serde_json::to_vec(&directory).expect("a directory is plain data");
            zstd::bulk::compress(&json, 3).map_err(|error| Fault::new(format!("zstd failed: {error}")))
        },
        || {
            entries.par_sort_unstable_by_key(|entry| entry.tag);
            filter::make(entries.len(), entries.iter().map(|entry| entry.tag))
        },
    );
    let packed = packed?;
    let buckets = (entries.len() as u64).div_ceil(BUCKET).max(1);
    let mut layout =
        Layout { key_id: key.id(), canaries: entries.len() as u64, buckets, filter: filter.len() as u64, directory: 0 };
    // The length of a sealed directory is known before it is sealed beside it.
    layout.directory = (packed.len() + ScanKey::OVERHEAD) as u64;
    let header = layout.header();
    let sections = layout.sections().expect("what is in memory fits a file");
    let mut bytes = Vec::with_capacity(sections.proof.end);
    bytes.extend_from_slice(&header);
    bytes.extend_from_slice(&filter);
    let mut from = 0;
    for bucket in 0..=buckets {
        // Entries are in order of their key, and so are buckets.
        from += entries[from..].iter().take_while(|entry| bucket_of(entry.tag.key, buckets) < bucket).count();
        bytes.extend_from_slice(&(from as u32).to_le_bytes());
    }
    entries.iter().for_each(|entry| bytes.extend_from_slice(&entry.tag.rest.to_le_bytes()[8 - REST..]));
    entries.iter().for_each(|entry| bytes.extend_from_slice(&entry.canary.to_le_bytes()));
    bytes.extend_from_slice(&key.seal(&header, &packed));
    let mut proof = key.proof();
    proof.update(&bytes);
    bytes.extend_from_slice(&proof.tag());
    Ok(Made { bytes, layout, directory })
}

/// The bucket of a key.
#[inline]
pub(super) fn bucket_of(key: u64, buckets: u64) -> u64 {
    ((u128::from(key) * u128::from(buckets)) >> 64) as u64
}
