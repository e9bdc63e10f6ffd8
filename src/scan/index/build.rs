//! Making an index.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rayon::prelude::*;

use super::directory::{Directory, Form, Line, Source};
use super::filter;
use super::layout::{Layout, REST};
use crate::fault::Fault;
use crate::scan::keys::{ScanKey, Tag};
use crate::scan::token::Anchored;

/// Canaries that a bucket holds in the mean.
const BUCKET: u64 = 16;

/// All canaries, as a registry and a codebook give them.
pub trait Canaries: Sync {
    /// What planted them; `first` and `form` are filled in.
    fn sources(&self) -> Vec<Source>;
    /// Numbers of the source at `place`, as many as it has canaries.
    fn numbers(&self, place: usize) -> Vec<String>;
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

/// Makes the index of `canaries`.
///
/// # Errors
///
/// When there are more than four billion canaries.
pub fn build(key: &ScanKey, canaries: &impl Canaries, made: Timestamp) -> Result<Vec<u8>, Fault> {
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
    let of_source = |place: usize| {
        let numbers = canaries.numbers(place);
        let anchored: Vec<Option<Anchored>> = numbers.iter().map(|number| Anchored::of(number)).collect();
        let entries = anchored.iter().zip(sources[place].first..).filter_map(|(anchored, canary)| {
            let token = anchored.as_ref()?.token;
            Some((Entry { tag: tagger.tag(token), canary }, token.digits()))
        });
        (entries.collect::<Vec<_>>(), around(anchored.iter().flatten()))
    };
    let made_of: Vec<(Vec<(Entry, usize)>, Form)> = (0..sources.len()).into_par_iter().map(of_source).collect();

    let mut forms = BTreeMap::new();
    let (mut entries, mut lengths) = (Vec::with_capacity(next as usize), 0);
    for (source, (of_source, form)) in sources.iter_mut().zip(made_of) {
        let place = forms.len() as u16;
        source.form = *forms.entry(form).or_insert(place);
        for (entry, digits) in of_source {
            lengths |= 1 << digits;
            entries.push(entry);
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
    write(key, entries, &directory)
}

/// What is the same around the anchors of all these numbers.
fn around<'n>(numbers: impl Iterator<Item = &'n Anchored>) -> Form {
    let common = |known: &mut Option<Option<String>>, text: &str| match known {
        None => *known = Some(Some(text.to_owned())),
        Some(Some(other)) if other == text => {}
        Some(all) => *all = None,
    };
    let (mut before, mut after) = (None, None);
    for number in numbers {
        common(&mut before, &number.before);
        common(&mut after, &number.after);
    }
    Form { before: before.flatten(), after: after.flatten() }
}

fn write(key: &ScanKey, mut entries: Vec<Entry>, directory: &Directory) -> Result<Vec<u8>, Fault> {
    entries.par_sort_unstable_by_key(|entry| entry.tag);
    let filter = filter::make(entries.len(), entries.iter().map(|entry| entry.tag));
    let buckets = (entries.len() as u64).div_ceil(BUCKET).max(1);
    let mut layout =
        Layout { key_id: key.id(), canaries: entries.len() as u64, buckets, filter: filter.len() as u64, directory: 0 };
    let json = serde_json::to_vec(directory).expect("a directory is plain data");
    let packed = zstd::bulk::compress(&json, 3).map_err(|error| Fault::new(format!("zstd failed: {error}")))?;
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
        from += entries[from..].partition_point(|entry| bucket_of(entry.tag.key, buckets) < bucket);
        bytes.extend_from_slice(&(from as u32).to_le_bytes());
    }
    entries.iter().for_each(|entry| bytes.extend_from_slice(&entry.tag.rest.to_le_bytes()[8 - REST..]));
    entries.iter().for_each(|entry| bytes.extend_from_slice(&entry.canary.to_le_bytes()));
    bytes.extend_from_slice(&key.seal(&header, &packed));
    let mut proof = key.proof();
    proof.update(&bytes);
    bytes.extend_from_slice(&proof.tag());
    Ok(bytes)
}

/// The bucket of a key.
#[inline]
pub(super) fn bucket_of(key: u64, buckets: u64) -> u64 {
    ((u128::from(key) * u128::from(buckets)) >> 64) as u64
}
