//! What the fuzzers of containers begin with (docs/fuzzing.md).

use super::*;
use crate::fuzz_seeds::keep;
use crate::unpack::codec::Codec;

const TEXT: &[u8] = b"YT8962646785389,15433063750\n";

/// Small containers of each kind by their target, sound ones all.
fn seeds() -> Vec<(&'static str, Vec<Vec<u8>>)> {
    use Codec::{Bzip2, Gzip, Xz, Zstd};
    let squeezed = |codec| {
        let long = make::content(1, 3000);
        let members = [make::squeeze(codec, TEXT), make::squeeze(codec, b""), make::squeeze(codec, &long[..200])];
        let nested = make::squeeze(codec, &make::tar(&[("a.csv", TEXT)]));
        vec![make::squeeze(codec, TEXT), make::squeeze(codec, &long), members.concat(), nested]
    };
    let files: [(&str, &[u8]); 3] = [("a.csv", TEXT), ("folder/", b""), ("folder/李.csv", b"1\n")];
    let long_name = "n".repeat(150);
    let methods = [::zip::CompressionMethod::Stored, ::zip::CompressionMethod::Deflated];
    let mut zips: Vec<Vec<u8>> = methods.into_iter().map(|method| make::zip(&files, method)).collect();
    zips.push(make::stored(&[("a.gz", &make::squeeze(Gzip, TEXT)), ("b.zip", &make::deflated(&[("c", TEXT)]))]));
    zips.push([&b"PK\x07\x08"[..], &make::stored(&[("a", TEXT)])].concat());
    let sheet = "<worksheet><row r=\"1\"><c r=\"A1\"><v>1.5E1</v></c><c t=\"b\"><v>1</v></c><c t=\"s\"><v>0</v></c></row>\
                 <row><c r=\"C2\" t=\"inlineStr\"><is><t>a&amp;_x000D_</t></is></c><c/></row></worksheet>";
    let shared = "<sst><si><t>b</t><rPh><t>c</t></rPh></si><si/></sst>";
    // unpacked, so that a change to a byte is a change to the XML
    let two = [("S", sheet), ("T", "<row><c><v>2</v></c></row>")];
    let book = make::book_by(&two, Some(shared), ::zip::CompressionMethod::Stored);
    vec![
        ("gzip", squeezed(Gzip)),
        ("zstd", squeezed(Zstd)),
        ("bzip2", squeezed(Bzip2)),
        ("xz", squeezed(Xz)),
        (
            "tar",
            vec![
                make::tar(&files),
                make::tar(&[(&long_name, TEXT), ("b", b"")]),
                make::tar(&[("a.zip", &make::deflated(&[("c", TEXT)]))]),
            ],
        ),
        ("zip", zips),
        ("xlsx", vec![book, make::book(&[("S", "<row><c t=\"str\"><v>a</v></c></row>")], None)]),
        ("xls", vec![old_books::small(), old_books::every_kind(), old_books::long_texts(), old_books::excel_95()]),
    ]
}

#[test]
fn the_fuzzers_begin_with_sound_containers() {
    for (target, seeds) in seeds() {
        for (number, seed) in seeds.iter().enumerate() {
            let found = unpack(seed);

            assert!(!found.streams.is_empty() && found.faults.is_empty(), "{target} {number}: {:?}", found.lines());
        }
        keep(target, &seeds);
    }
}
