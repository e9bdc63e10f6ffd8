//! What is found after everything that traders do to rows, and laws of the
//! search: the same in one piece or many, from a file or a stream, by any
//! classifier.

mod seeds;

use std::io::Write as _;
use std::sync::atomic::AtomicBool;

use jiff::Timestamp;
use proptest::prelude::*;

use super::index::tests::{Planted, key};
use super::index::{Index, build};
use super::*;

const NUMBER: &str = "YT8962646785389";
const PHONE: &str = "15433063750";

fn index() -> Index {
    let batches = vec![
        vec![NUMBER.to_owned(), "YT8962646785396".to_owned()],
        vec!["73610555582883".to_owned()],
        vec!["RB123456785GB".to_owned()],
    ];
    let planted = Planted { batches, lines: vec!["8615433063750", "8615433063768"] };
    Index::read(build(&key(), planted, Timestamp::UNIX_EPOCH).expect("few"), &key()).expect("it was just made")
}

/// What is found in `bytes`, by every classifier.
fn find_in(index: &Index, bytes: &[u8], wide: Wide) -> Vec<(What, How)> {
    let found = [Classifier::portable(), Classifier::detect()].map(|classifier| {
        let mut finder = Finder::new(index, classifier);
        finder.set_wide(wide);
        finder.find(bytes, 0..bytes.len()).0
    });
    assert_eq!(found[0], found[1]);
    for finding in &found[0] {
        assert!(finding.at + finding.bytes <= bytes.len());
    }
    found[0].iter().map(|finding| (finding.what, finding.how)).collect()
}

fn find(text: &str) -> Vec<(What, How)> {
    find_in(&index(), text.as_bytes(), Wide::Utf8)
}

#[test]
fn numbers_and_phones_are_found_in_any_layout() {
    let both = vec![(What::Canary(0), How::Whole), (What::Line(0), How::Whole)];
    for text in [
        format!("{NUMBER},李平跃,{PHONE},河北省邯郸市"),
        format!("{NUMBER}\t李平跃\t{PHONE}\t河北省邯郸市"),
        format!("{NUMBER}|李平跃|{PHONE}|河北省邯郸市"),
        format!("{NUMBER}----李平跃----{PHONE}----河北省邯郸市"),
        format!("{NUMBER}，李平跃，{PHONE}，河北省邯郸市"),
        format!("{NUMBER}李平跃{PHONE}河北省邯郸市"),
        format!("'{NUMBER},李平跃,'{PHONE}"),
        format!("{NUMBER}\t,李平跃,{PHONE}\t,"),
        format!("{{\"no\":\"{NUMBER}\",\"tel\":\"{PHONE}\"}}"),
        format!("INSERT INTO `t` VALUES (1,'{NUMBER}','李平跃','{PHONE}');"),
        format!("<tr><td>{NUMBER}</td><td>李平跃</td><td>{PHONE}</td></tr>"),
        format!("{}\r\n{}", NUMBER.to_lowercase(), PHONE),
    ] {
        assert_eq!(find(&text), both, "{text}");
    }
}

#[test]
fn grouped_digits_are_put_together() {
    for text in ["154-3306-3750", "154 3306 3750", "tel 154-33063750,"] {
        assert_eq!(find(text), [(What::Line(0), How::Grouped)], "{text}");
    }
    for text in ["YT 8962-6467-85389", "yt89626467 85389", "YT8962 6467 8538 9"] {
        assert_eq!(find(text), [(What::Canary(0), How::Grouped)], "{text}");
    }
    assert_eq!(find("2026-11-25 14:10:14,2 154-3306-3750"), [(What::Line(0), How::Grouped)]);
}

#[test]
fn groups_before_a_number_do_not_hide_it() {
    for before in 0..70 {
        for groups in ["7".repeat(33) + " ", "7".repeat(40) + " 9-", "1 ".repeat(40)] {
            let text = format!("{}{groups}154-3306-3750", "x".repeat(before));
            assert_eq!(find(&text), [(What::Line(0), How::Grouped)], "{text}");
        }
    }
}

#[test]
fn country_codes_do_not_hide_a_phone() {
    for text in ["+8615433063750", "8615433063750", "008615433063750"] {
        assert_eq!(find(text), [(What::Line(0), How::Whole)], "{text}");
    }
    assert_eq!(find("+86 154 3306 3750")[0].0, What::Line(0));
}

#[test]
fn full_width_digits_are_found_in_both_encodings() {
    let text = "电话１５４３３０６３７５０，地址";
    assert_eq!(find(text), [(What::Line(0), How::Wide)]);

    let gbk = encoding_rs::GBK.encode(text).0;
    assert_eq!(find_in(&index(), &gbk, Wide::Gbk), [(What::Line(0), How::Wide)]);
}

#[test]
fn digits_that_were_run_together_are_cut_where_text_touches_them() {
    assert_eq!(find("永年区3栋130215433063750李平跃"), [(What::Line(0), How::Glued)]);
    assert_eq!(find("李平跃154330637500563栋"), [(What::Line(0), How::Glued)]);
    // A longer number in a column of its own is another number.
    assert_eq!(find(",130215433063750,"), []);
}

#[test]
fn a_number_of_another_carrier_is_none() {
    assert_eq!(find("SF8962646785389"), []);
    assert_eq!(find("8962646785389"), [(What::Canary(0), How::Bare)]);
    assert_eq!(find("RB123456785US"), []);
    assert_eq!(find("123456785"), []);
    assert_eq!(find("rb 123456785 gb"), [(What::Canary(3), How::Whole)]);
}

#[test]
fn what_lost_its_digits_is_not_found() {
    for text in ["7.36106E+13", "1.54331E+10", "154****3750", "YT896264678538"] {
        assert_eq!(find(text), [], "{text}");
    }
}

/// Collects hits.
#[derive(Default)]
struct Kept {
    hits: Vec<Hit>,
    masked: MaskCounts,
    bytes: u64,
    lines: u64,
}

impl Seen for Kept {
    fn hits(&mut self, hits: Vec<Hit>) {
        self.hits.extend(hits);
    }

    fn masked(&mut self, counts: &MaskCounts) {
        for (&masked, count) in counts {
            self.masked.entry(masked).or_default().add(count);
        }
    }

    fn passed(&mut self, bytes: u64, lines: u64) {
        self.bytes += bytes;
        self.lines += lines;
    }
}

fn search(index: &Index, bytes: &[u8], as_file: bool) -> (Kept, Searched) {
    let stop = AtomicBool::new(false);
    let search = Search { index, blind: None, classifier: Classifier::detect(), stop: &stop };
    let mut kept = Kept::default();
    let searched = if as_file {
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(bytes).expect("it is writable");
        search.file(&file, &mut kept)
    } else {
        search.stream(&mut &bytes[..], &mut kept)
    };
    (kept, searched.expect("it can be read"))
}

/// A dump of five megabytes with a canary here and there, also across borders.
fn large_dump() -> (Vec<u8>, usize) {
    let (mut dump, mut planted) = (Vec::new(), 0);
    let mut row = 0u64;
    while dump.len() < 5 << 20 {
        row += 1;
        let ours = row.is_multiple_of(997) || (dump.len() + 200) >> 20 > dump.len() >> 20;
        let (number, phone) = if ours {
            (NUMBER.to_owned(), PHONE.to_owned())
        } else {
            (format!("YT{:013}", row * 7919), format!("139{:08}", row % 99_999_999))
        };
        planted += usize::from(ours);
        let masked = format!("154****{:04}", row % 10_000);
        dump.extend_from_slice(
            format!("{number},2020-11-05 14:33:33,李平跃,{phone},{masked},河北省邯郸市永年区\n").as_bytes(),
        );
    }
    (dump, planted)
}

#[test]
fn files_and_streams_give_the_same_hits_wherever_they_are_cut() {
    let (index, (dump, planted)) = (index(), large_dump());

    let (file, searched) = search(&index, &dump, true);
    let (stream, streamed) = search(&index, &dump, false);

    assert_eq!(file.hits.len(), planted);
    assert!(file.hits.is_sorted_by_key(|hit| hit.offset));
    for hit in &file.hits {
        assert_eq!(dump[hit.offset as usize..][..hit.row.len()], hit.row[..]);
        assert!(hit.row.starts_with(NUMBER.as_bytes()) && hit.findings.len() == 2);
    }
    assert_eq!(file.hits, stream.hits);
    let lines = dump.iter().filter(|byte| **byte == b'\n').count() as u64;
    assert_eq!((searched.bytes, searched.lines, searched.stopped), (dump.len() as u64, lines, false));
    assert_eq!((streamed.bytes, streamed.lines), (searched.bytes, searched.lines));
    assert_eq!((file.bytes, file.lines), (searched.bytes, searched.lines));
    let fits = (1..=lines).filter(|row| [3750, 3768].contains(&(row % 10_000))).count() as u64;
    let (in_file, in_stream) = (&file.masked[&Masked::MiddleFour], &stream.masked[&Masked::MiddleFour]);
    assert_eq!((in_file.seen, in_file.fit), (lines, fits));
    assert_eq!((in_file.seen, in_file.fit), (in_stream.seen, in_stream.fit));
}

#[test]
fn the_last_line_counts_without_its_end_too() {
    let index = index();
    for (text, lines) in [("", 0), ("a", 1), ("a\n", 1), ("a\nb", 2)] {
        for as_file in [true, false] {
            assert_eq!(search(&index, text.as_bytes(), as_file).1.lines, lines, "{text:?}");
        }
    }
}

#[test]
fn other_encodings_are_told_apart() {
    let index = index();
    let text = format!("运单号,姓名\r\n{NUMBER},李平跃\r\n").repeat(20);
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked: Vec<u8> =
        [&[0xfe, 0xff][..], &text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>()].concat();
    for (bytes, encoding) in [
        (encoding_rs::GBK.encode(&text).0.to_vec(), Some("GB18030")),
        (utf16, Some("UTF-16LE")),
        (marked, Some("UTF-16BE")),
        (text.clone().into_bytes(), None),
    ] {
        for as_file in [true, false] {
            let (kept, searched) = search(&index, &bytes, as_file);
            assert_eq!((kept.hits.len(), searched.encoding), (20, encoding));
        }
    }
}

#[test]
fn a_stopped_search_says_so() {
    let (index, (dump, _)) = (index(), large_dump());
    let stop = AtomicBool::new(true);
    let search = Search { index: &index, blind: None, classifier: Classifier::detect(), stop: &stop };
    let mut kept = Kept::default();

    let searched = search.stream(&mut &dump[..], &mut kept).expect("it can be read");

    assert!(searched.stopped && searched.bytes < dump.len() as u64);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A range finds what begins in it, whatever the range.
    #[test]
    fn ranges_share_the_findings_out(parts in proptest::collection::vec(prop_oneof![
        "[0-9 -]{0,40}", "[a-z0-9,\n]{0,80}", Just(NUMBER.to_owned()), Just(PHONE.to_owned()),
        Just("154-3306-3750".to_owned()), Just("１５４３３０６３７５０".to_owned()), Just("李".to_owned())
    ], 0..30), cuts in proptest::collection::vec(0usize..400, 0..4)) {
        let index = index();
        let text = parts.join(",");
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).chain([0, text.len()]).collect();
        cuts.sort_unstable();
        let mut finder = Finder::new(&index, Classifier::detect());

        let whole = finder.find(text.as_bytes(), 0..text.len());
        let mut shared = (Vec::new(), 0);
        for pair in cuts.windows(2) {
            let (findings, lines) = finder.find(text.as_bytes(), pair[0]..pair[1]);
            shared.0.extend(findings);
            shared.1 += lines;
        }
        shared.0.sort_unstable();
        shared.0.dedup();

        prop_assert_eq!(shared, whole);
    }

    #[test]
    fn hostile_bytes_never_make_a_finder_panic(bytes in proptest::collection::vec(prop_oneof![any::<u8>(), 0x30u8..0x3a, Just(b'-'), Just(0xef), Just(0xbc), Just(0x95)], 0..600)) {
        let index = index();
        for wide in [Wide::Utf8, Wide::Gbk] {
            find_in(&index, &bytes, wide);
        }
    }
}

#[test]
fn a_search_for_evidence_takes_every_number_of_a_block_planted_or_not() {
    let template = crate::template::Template::by_name("yto-express").expect("it is shipped").expect("it is sound");
    let reserved = Reserved::of(template.block());
    let block = template.block().expect("it has one");
    let (index, stop) = (index(), AtomicBool::new(false));
    let (not_planted, other) = (block.number(123_456_789), "YT8962646785389");
    assert_ne!(not_planted, NUMBER);
    let dump = format!("{not_planted},李平跃\n{other},李平跃\n1,{PHONE}\n{NUMBER},李平跃\n");
    let mut kept = Kept::default();

    let search = Search { index: &index, blind: Some(&reserved), classifier: Classifier::detect(), stop: &stop };
    search.stream(&mut dump.as_bytes(), &mut kept).expect("it can be read");

    let whats: Vec<Vec<What>> =
        kept.hits.iter().map(|hit| hit.findings.iter().map(|finding| finding.what).collect()).collect();
    let is_of_the_block = block_holds(&template, NUMBER);
    let mut expected = vec![vec![What::Reserved], vec![What::Line(0)]];
    expected.extend(is_of_the_block.then(|| vec![What::Reserved]));
    assert_eq!(whats, expected);
}

fn block_holds(template: &crate::template::Template, number: &str) -> bool {
    use crate::record::WaybillBlock as _;
    template.block().is_some_and(|block| block.place_of(number).is_some())
}
