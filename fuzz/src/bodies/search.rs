//! Whole searches: encodings, pieces, rows.
//!
//! The first byte says where the text is put into filler that is longer than
//! what is looked through at once (0: it stands alone), the second how much of a
//! stream comes at a time. Property: a stream gives what a file gives.

use std::fs::File;
use std::io::{self, Read};
use std::sync::atomic::AtomicBool;

use trapline::scan::{Classifier, Hit, Search, Searched, Seen};

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

fn search(work: impl FnOnce(&Search<'_>, &mut Kept) -> io::Result<Searched>) -> (Kept, Searched) {
    let stop = AtomicBool::new(false);
    let mut kept = Kept::default();
    let search = Search { index: material::index(), classifier: Classifier::detect(), stop: &stop };
    let searched = work(&search, &mut kept).expect("memory can be read");

    assert_eq!((kept.bytes, kept.lines), (searched.bytes, searched.lines));
    assert!(kept.hits.is_sorted_by_key(|hit| hit.offset));
    for hit in &mut kept.hits {
        assert!(hit.findings.iter().all(|finding| finding.at + finding.bytes <= hit.row.len()));
        // Two stretches may both have seen it.
        hit.findings.sort_unstable();
        hit.findings.dedup();
    }
    (kept, searched)
}

#[derive(Debug, Default, PartialEq)]
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
