//! What the fuzzers of the search begin with (docs/fuzzing.md).

use super::*;
use crate::fuzz_seeds::keep;

/// Texts in which something is found, in every way in which it may be written.
fn texts() -> Vec<Vec<u8>> {
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        text("YT8962646785389,李平跃,15433063750,河北省\r\nyt 8962-6467-85396\t+86 154 3306 3768\n"),
        text("73610555582883|x|008615433063750\nrb 123456785 gb,8962646785389"),
        text("电话１５４３３０６３７５０，地址１５４-3306 3750"),
        text("永年区3栋130215433063750李平跃"),
        text("李平跃154330637500563栋,00818270998000002003335 0276C,1z5r8939-0357567127"),
        encoding_rs::GBK.encode("姓名,电话１５４３３０６３７５０\n").0.into_owned(),
    ]
}

/// Inputs by their target: the bytes before the texts are what a target takes
/// first (`fuzz/src/bodies`).
fn seeds() -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let with = |first: &[u8]| -> Vec<Vec<u8>> { texts().iter().map(|text| [first, text].concat()).collect() };
    let utf16 = |text: &Vec<u8>| -> Vec<u8> {
        let text = String::from_utf8_lossy(text).repeat(2);
        [0, 9, 0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
    };
    vec![
        ("finder", [with(&[0]), with(&[3, 9]), with(&[4, 5, 30])].concat()),
        ("search", [with(&[0, 0]), with(&[128, 200]), texts()[..2].iter().map(utf16).collect()].concat()),
        ("rows", [with(&[2, 3, 0, 13, 30, 0, 9]), with(&[0xe1, 0, 9, 5])].concat()),
        ("index", vec![b"\0TRAPSCAN".to_vec(), vec![2, 150, 0, 1], vec![3]]),
    ]
}

#[test]
fn the_fuzzers_begin_with_something_to_find() {
    for text in texts() {
        assert!([Wide::Utf8, Wide::Gbk].iter().any(|wide| !find_in(&index(), &text, *wide).is_empty()));
    }
    seeds().iter().for_each(|(target, seeds)| keep(target, seeds));
}
