//! Laws of an index: what was put in is found, nothing else, and no damaged
//! file is taken for one.

use jiff::Timestamp;
use proptest::prelude::*;

use super::{Canaries, Index, Line, Source, build};
use crate::key::MasterKey;
use crate::scan::ScanKey;
use crate::scan::token::Anchored;

/// Sources with these numbers, one after the other.
pub(in crate::scan) struct Planted {
    pub(in crate::scan) batches: Vec<Vec<String>>,
    pub(in crate::scan) lines: Vec<&'static str>,
}

impl Canaries for Planted {
    fn sources(&mut self) -> Vec<Source> {
        let source = |(place, numbers): (usize, &Vec<String>)| Source {
            epoch: "2026Q4".into(),
            account: format!("account-{place}"),
            batch: "day".into(),
            planted: Timestamp::UNIX_EPOCH,
            form: 0,
            first: 0,
            count: numbers.len() as u32,
        };
        self.batches.iter().enumerate().map(source).collect()
    }

    fn numbers(&self, place: usize, each: &mut dyn FnMut(&str)) {
        self.batches[place].iter().for_each(|number| each(number));
    }

    fn lines(&self) -> Vec<Line> {
        self.lines.iter().zip(1..).map(|(digits, id)| Line { digits: (*digits).into(), country: 2, id }).collect()
    }

    fn state(&self) -> String {
        "1".into()
    }
}

pub(in crate::scan) fn key() -> ScanKey {
    ScanKey::of(&MasterKey::from_bytes([5; 32]))
}

fn bytes(batches: Vec<Vec<String>>) -> Vec<u8> {
    let planted = Planted { batches, lines: vec!["8615433063750"] };
    build(&key(), planted, Timestamp::UNIX_EPOCH).expect("few canaries")
}

fn found(index: &Index, number: &str) -> Vec<u32> {
    let token = Anchored::of(number).expect("a number").token;
    index.find(index.tagger.tag(token)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_was_put_in_is_found_and_nothing_else(batches in proptest::collection::vec(proptest::collection::hash_set(0u32..5_000, 0..60), 0..6)) {
        // Odd serials are in no batch, and each even one in one batch at most.
        let mut seen = std::collections::HashSet::new();
        let number = |serial: u32| format!("YT{:013}", u64::from(serial) * 7_919);
        let batches: Vec<Vec<String>> = batches
            .into_iter()
            .map(|batch| batch.into_iter().filter(|serial| seen.insert(*serial)).map(|serial| number(2 * serial)).collect())
            .collect();
        let index = Index::read(bytes(batches.clone()), &key()).expect("it was just made");

        for (canary, of) in batches.iter().flatten().zip(0u32..) {
            prop_assert_eq!(found(&index, canary), vec![of]);
            let source = &index.directory().sources[index.directory().source_of(of)];
            prop_assert!(source.first <= of && of < source.first + source.count);
        }
        for serial in 0..200 {
            prop_assert_eq!(found(&index, &number(2 * serial + 1)), Vec::<u32>::new());
        }
        prop_assert_eq!(index.canaries() as usize, batches.iter().map(Vec::len).sum::<usize>());
    }
}

#[test]
fn an_index_that_was_just_made_is_the_one_that_is_read() {
    let batches: Vec<Vec<String>> =
        (0..700).map(|batch| (0..3).map(|serial| format!("YT{:013}", 7 * batch + serial)).collect()).collect();
    let planted = Planted { batches: batches.clone(), lines: vec!["8615433063750"] };
    let made: Timestamp = "2026-11-29T12:00:00.123456Z".parse().expect("a time");

    let index = Index::build(&key(), planted, made).expect("few canaries");

    let read = Index::read(index.bytes().to_vec(), &key()).expect("it was just made");
    assert_eq!(index.directory(), read.directory());
    assert_eq!((index.canaries(), index.lookup_bytes()), (2_100, read.lookup_bytes()));
    for (canary, of) in batches.iter().flatten().zip(0u32..) {
        assert_eq!((found(&index, canary), found(&read, canary)), (vec![of], vec![of]));
    }
}

#[test]
fn every_flipped_bit_and_every_cut_is_noticed() {
    let whole = bytes(vec![vec!["YT0000000000017".into(), "YT0000000000024".into()]]);

    for bit in 0..whole.len() * 8 {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(Index::read(damaged, &key()).is_err(), "bit {bit}");
    }
    for length in 0..whole.len() {
        assert!(Index::read(whole[..length].to_vec(), &key()).is_err(), "{length} bytes");
    }
}

#[test]
fn another_key_is_told_apart_from_damage() {
    let fault = |bytes: Vec<u8>, key: &ScanKey| Index::read(bytes, key).err().expect("it is refused").what;
    let whole = bytes(vec![vec!["YT0000000000017".into()]]);
    let mut damaged = whole.clone();
    damaged[150] ^= 1;

    let other = ScanKey::of(&MasterKey::from_bytes([6; 32]));
    assert_eq!(fault(whole.clone(), &other), "the index was made with another scan key");
    assert_eq!(fault(damaged, &key()), "the index was changed or damaged");
    assert_eq!(fault(whole[..whole.len() - 1].to_vec(), &key()).split(':').next(), Some("the index was cut"));
    assert_eq!(fault(b"PK\x03\x04".to_vec(), &key()), "this is no scan index");
}

#[test]
fn a_stolen_index_shows_no_number_no_line_and_no_name() {
    let whole = bytes(vec![(0..50).map(|serial| format!("YT{serial:013}")).collect()]);

    for secret in ["15433063750", "account-0", "2026Q4", "YT0000"] {
        assert!(!whole.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
}
