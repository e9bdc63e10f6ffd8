//! Runs `tests/vectors/normalize/`: one file for each vector.
//!
//! A file is a head of `key: value` lines, a blank line, and the raw value up
//! to one final line break.

use std::fs;
use std::path::Path;

use super::{name, phone, place, waybill};

struct Vector {
    expect: String,
    kind: String,
    normal: String,
    raw: String,
}

fn parse(text: &str) -> Vector {
    let (head, raw) = text.split_once("\n\n").expect("a blank line ends the head");
    let value = |key: &str| {
        let line = head.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
        line.map(|value| value.trim().to_owned()).unwrap_or_default()
    };
    assert!(!value("comment").is_empty(), "a vector says what it tests");
    Vector {
        expect: value("expect"),
        kind: value("kind"),
        normal: value("normal"),
        raw: raw.strip_suffix('\n').unwrap_or(raw).to_owned(),
    }
}

#[test]
fn every_vector_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/normalize");
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("the vectors are there") {
        let path = entry.expect("a readable folder").path();
        let vector = parse(&fs::read_to_string(&path).expect("a readable vector"));

        let normal = match vector.kind.as_str() {
            "phone" => phone(&vector.raw).map(|phone| phone.to_string()),
            "waybill" => waybill(&vector.raw),
            "name" => name(&vector.raw).map(|name| name.text),
            "place" => Some(place(&vector.raw)),
            kind => panic!("{}: no kind {kind}", path.display()),
        };

        let expected = match vector.expect.as_str() {
            "success" => Some(vector.normal),
            "failure" => None,
            word => panic!("{}: expect is success or failure, not {word}", path.display()),
        };
        assert_eq!(normal, expected, "{}", path.display());
        count += 1;
    }
    assert!(count >= 30, "only {count} vectors were found");
}
