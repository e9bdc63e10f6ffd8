//! A small index of made-up numbers and lines.

use std::sync::OnceLock;

use jiff::Timestamp;
use trapline::key::MasterKey;
use trapline::scan::ScanKey;
use trapline::scan::index::{Canaries, Index, Line, Source, build};

/// Numbers with letters before, without, with letters around, and long ones.
const BATCHES: [&[&str]; 4] = [
    &["YT8962646785389", "YT8962646785396"],
    &["73610555582883"],
    &["RB123456785GB"],
    &["008182709980000020033350276C", "1Z5R89390357567127"],
];
const LINES: [&str; 2] = ["8615433063750", "8615433063768"];

struct Planted;

impl Canaries for Planted {
    fn sources(&mut self) -> Vec<Source> {
        let source = |(place, numbers): (usize, &&[&str])| Source {
            epoch: "2026Q4".into(),
            account: format!("account-{place}"),
            batch: "day".into(),
            planted: Timestamp::UNIX_EPOCH,
            form: 0,
            first: 0,
            count: numbers.len() as u32,
        };
        BATCHES.iter().enumerate().map(source).collect()
    }

    fn numbers(&self, place: usize, each: &mut dyn FnMut(&str)) {
        BATCHES[place].iter().for_each(|number| each(number));
    }

    fn lines(&self) -> Vec<Line> {
        LINES.iter().zip(1..).map(|(&digits, id)| Line { digits: digits.into(), country: 2, id }).collect()
    }

    fn state(&self) -> String {
        "1".into()
    }
}

pub(super) fn key() -> ScanKey {
    ScanKey::of(&MasterKey::from_bytes([5; 32]))
}

/// The index's bytes.
pub(super) fn bytes() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| build(&key(), Planted, Timestamp::UNIX_EPOCH).expect("few canaries"))
}

/// The index.
pub(super) fn index() -> &'static Index {
    static INDEX: OnceLock<Index> = OnceLock::new();
    INDEX.get_or_init(|| Index::read(bytes().to_vec(), &key()).expect("it was just made"))
}

/// A text in which all of it stands.
pub(super) fn text() -> String {
    let numbers = BATCHES.iter().flat_map(|batch| batch.iter());
    numbers.chain(&LINES).map(|number| format!("{number},x\n")).collect()
}
