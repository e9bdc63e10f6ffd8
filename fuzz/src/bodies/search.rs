//! Whole searches: encodings, pieces, rows.
//!
//! The first byte says where the text is put into filler that is longer than
//! what is looked through at once (0: it stands alone), and what filler; the
//! second how much of a stream comes at a time. Property: a stream gives what a
//! file gives, hits in order, and counts the same masked phones. Of lines that are so long that they are cut into
//! rows, only what was found is compared: where there are no borders, the cuts
//! depend on what else was looked through at once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::sync::atomic::AtomicBool;

use trapline::scan::{Classifier, Finding, Hit, How, MaskCounts, Masked, Search, Searched, Seen, What};

use super::material;
use super::scratch::with_file;

/// What a search looks through at once.
const STRETCH: usize = 128 << 10;

/// Longer lines are cut into rows.
const LONG_LINE: usize = 2_048;

pub(super) fn body(bytes: &[u8]) {
    let [border, piece, text @ ..] = bytes else { return };
    let text = match usize::from(*border) {
        0 => text.to_vec(),
        before => {
            let word = if before & 1 == 1 { b"filler," } else { b"filler\n" };
            let mut filler = word.repeat(STRETCH / word.len() + 1);
            filler.truncate(STRETCH - before * text.len().div_ceil(256));
            [&filler, text, &filler[..STRETCH / 2]].concat()
        }
    };

    let stream = search(|search, kept| search.stream(&mut Pieces(&text, usize::from(*piece) * 64 + 1), kept));
    let file = with_file(&text, |path| {
        let file = File::open(path).expect("it was just written");
        search(|search, kept| search.file(&file, kept))
    });

    assert_eq!(file.1, stream.1, "a stream is read as a file is");
    assert_eq!(found(&file.0), found(&stream.0), "a stream gives what a file gives");
    assert_eq!(file.2, stream.2, "phones that show a part are counted alike");
    if file.1.encoding.is_none() && text.split(|&byte| byte == b'\n').all(|line| line.len() <= LONG_LINE) {
        assert_eq!(file.0, stream.0, "in the same rows");
        assert!(file.0.is_sorted_by_key(|hit| hit.offset));
    }
}

/// Masked phones: how many there are, and how many fit.
type Masks = BTreeMap<Masked, (u64, u64)>;

fn search(work: impl FnOnce(&Search<'_>, &mut Kept) -> io::Result<Searched>) -> (Vec<Hit>, Searched, Masks) {
    let stop = AtomicBool::new(false);
    let mut kept = Kept::default();
    let search = Search { index: material::index(), blind: None, classifier: Classifier::detect(), stop: &stop };
    let searched = work(&search, &mut kept).expect("memory can be read");

    assert_eq!((kept.bytes, kept.lines), (searched.bytes, searched.lines));
    for hit in &mut kept.hits {
        // Two stretches may both have seen it.
        hit.findings.sort_unstable();
        hit.findings.dedup();
    }
    (kept.hits, searched, kept.masked)
}

/// What was found, with its place, and what is written there.
fn found<'h>(hits: &'h [Hit]) -> BTreeSet<(u64, What, How, &'h [u8])> {
    let all = hits.iter().flat_map(|hit| hit.findings.iter().map(move |finding| (hit, finding)));
    let found = |(hit, finding): (&'h Hit, &Finding)| {
        let text = &hit.row[finding.at..finding.at + finding.bytes];
        (hit.offset + finding.at as u64, finding.what, finding.how, text)
    };
    all.map(found).collect()
}

#[derive(Default)]
struct Kept {
    hits: Vec<Hit>,
    masked: Masks,
    bytes: u64,
    lines: u64,
}

impl Seen for Kept {
    fn hits(&mut self, hits: Vec<Hit>) {
        self.hits.extend(hits);
    }

    fn masked(&mut self, counts: &MaskCounts) {
        for (&masked, count) in counts {
            let (seen, fit) = self.masked.entry(masked).or_default();
            *seen += count.seen;
            *fit += count.fit;
        }
    }

    fn passed(&mut self, bytes: u64, lines: u64) {
        self.bytes += bytes;
        self.lines += lines;
    }
}

/// Gives so many bytes at a time.
struct Pieces<'b>(&'b [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = into.len().min(self.1);
        self.0.read(&mut into[..most])
    }
}
