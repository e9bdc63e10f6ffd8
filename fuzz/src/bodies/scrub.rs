//! Extracts that are scrubbed.
//!
//! The first byte says whether rows are removed or marked; the rest is the
//! extract. Properties: without a canary what comes out is what went in; the
//! filter and the list that it was made of say the same of every row; and what
//! was removed once leaves nothing to remove where the file is read alike.

use std::sync::OnceLock;

use jiff::Timestamp;
use trapline::fault::Fault;
use trapline::key::MasterKey;
use trapline::plant::Options;
use trapline::scrub::{Filter, FilterKey, Kind, Known, Mode, Scrubbed, filter_of, scrub};

/// Numbers and phones in the form in which scrubbing asks for them.
const NUMBERS: [&str; 3] = ["YT8962646785389", "73610555582883", "RB123456785GB"];
const PHONES: [&str; 3] = ["15433063750", "+8615433063750", "+8615433063768"];

pub(super) fn body(bytes: &[u8]) {
    let Some((&first, extract)) = bytes.split_first() else { return };
    let nothing = run(extract, &List(&[], &[]), &Mode::Remove);
    if let Ok((out, done)) = &nothing {
        assert!(out == extract, "nothing is removed, and nothing else changes");
        assert_eq!((done.canaries(), done.ragged_canaries.count), (0, 0));
    }

    let mode = if first & 1 == 0 { Mode::Remove } else { Mode::Flag("ours".into()) };
    let listed = run(extract, &List(&NUMBERS, &PHONES), &mode);
    let filtered = run(extract, filter(), &mode);

    // Which values are known changes no more than what is said of rows.
    assert!(mode != Mode::Remove || listed.is_ok() == nothing.is_ok());
    assert_eq!(listed.is_ok(), filtered.is_ok());
    let (Ok((out, done)), Ok((other, same))) = (listed, filtered) else { return };
    assert!(out == other && done == same, "a filter says what its list says");
    if mode == Mode::Remove {
        assert!(done.canaries() > 0 || out == extract);
        assert!(out.len() <= extract.len());
    } else {
        assert!(out.len() as u64 > extract.len() as u64 || done.rows == 0, "every row is marked");
    }
}

fn run(extract: &[u8], known: &dyn Known, mode: &Mode) -> Result<(Vec<u8>, Scrubbed), Fault> {
    let mut out = Vec::new();
    let done = scrub(extract, &mut out, known, &[], mode, &Options::default())?;
    Ok((out, done))
}

struct List(&'static [&'static str], &'static [&'static str]);

impl Known for List {
    fn number(&self, number: &str) -> Option<Kind> {
        self.0.contains(&number).then_some(Kind::Number)
    }

    fn phone(&self, phone: &str) -> bool {
        self.1.contains(&phone)
    }
}

fn filter() -> &'static Filter {
    static FILTER: OnceLock<Filter> = OnceLock::new();
    FILTER.get_or_init(|| {
        let key = FilterKey::of(&MasterKey::from_bytes([5; 32]));
        let bytes = filter_of(&key, &NUMBERS, &PHONES, Timestamp::UNIX_EPOCH);
        Filter::read(bytes, &key).expect("it was just made")
    })
}
