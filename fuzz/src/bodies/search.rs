//! Whole searches: encodings, pieces, rows.
//!
//! The first byte says where the text is put into filler that is longer than
//! what is looked through at once (0: it stands alone), the second how much of a
//! stream comes at a time. Property: a stream gives what a file gives. (How a line of many
//! kilobytes without any border is cut into rows may differ.)

use std::fs::File;
use std::io::{self, Read};
use std::sync::atomic::AtomicBool;

use trapline::scan::{Classifier, Hit, How, Search, Searched, Seen, What};

use super::material;
use super::scratch::with_file;

/// What a search looks through at once.
const STRETCH: usize = 128 << 10;

pub(super) fn body(bytes: &[u8]) {
    let [border, piece, text @ ..] = bytes else { return };
    let text = match usize::from(*border) {
        0 => text.to_vec(),
        before => {
            let mut filler = b"filler,".repeat(STRETCH / 7 + 1);
            filler.truncate(STRETCH - before * text.len().div_ceil(256));
            [&filler, text, &filler[..STRETCH / 2]].concat()
        }
    };

    let stream = search(|search, kept| search.stream(&mut Pieces(&text, usize::from(*piece) * 64 + 1), kept));
    let file = with_file(&text, |path| {
        let file = File::open(path).expect("it was just written");
        search(|search, kept| search.file(&file, kept))
    });

    assert_eq!(file, stream, "a stream gives what a file gives");
}

fn search(work: impl FnOnce(&Search<'_>, &mut Kept) -> io::Result<Searched>) -> (Found, Searched) {
    let stop = AtomicBool::new(false);
    let mut kept = Kept::default();
    let search = Search { index: material::index(), classifier: Classifier::detect(), stop: &stop };
    let searched = work(&search, &mut kept).expect("memory can be read");

    assert_eq!((kept.bytes, kept.lines), (searched.bytes, searched.lines));
    assert!(kept.hits.is_sorted_by_key(|hit| hit.offset));
    let mut found = Vec::new();
    for hit in &kept.hits {
        for finding in &hit.findings {
            let text = &hit.row[finding.at..finding.at + finding.bytes];
            found.push((hit.offset + finding.at as u64, finding.what, finding.how, text.to_vec()));
        }
    }
    // Two stretches may both have seen it.
    found.sort_unstable();
    found.dedup();
    (found, searched)
}

/// What was found, with its place, and what is written there.
type Found = Vec<(u64, What, How, Vec<u8>)>;

#[derive(Default)]
struct Kept {
    hits: Vec<Hit>,
    bytes: u64,
    lines: u64,
}

impl Seen for Kept {
    fn hits(&mut self, hits: Vec<Hit>) {
        self.hits.extend(hits);
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
