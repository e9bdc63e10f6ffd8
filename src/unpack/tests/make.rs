//! Makes containers, by other code than reads them where there is some.

use crate::unpack::codec::Codec;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::io::{Cursor, Write};

/// Content that is no container: half of it repeats, half is noise.
pub(super) fn content(seed: u64, bytes: usize) -> Vec<u8> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut content = b"plain: ".to_vec();
    while content.len() < bytes {
        let mut noise = [0; 64];
        rng.fill_bytes(&mut noise);
        content.extend_from_slice(&noise);
        content.extend_from_slice(&[noise[0]; 64]);
    }
    content.truncate(bytes);
    content
}

pub(super) const CODECS: [Codec; 4] = [Codec::Gzip, Codec::Zstd, Codec::Bzip2, Codec::Xz];

pub(super) fn squeeze(codec: Codec, content: &[u8]) -> Vec<u8> {
    match codec {
        Codec::Stored => content.to_vec(),
        Codec::Deflate => {
            let mut out = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(6));
            out.write_all(content).expect("memory");
            out.finish().expect("memory")
        }
        Codec::Gzip => {
            let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
            out.write_all(content).expect("memory");
            out.finish().expect("memory")
        }
        Codec::Zstd => {
            // with a checksum, as the zstd command writes
            let mut out = zstd::stream::write::Encoder::new(Vec::new(), 1).expect("a level");
            out.include_checksum(true).expect("an option");
            out.write_all(content).expect("memory");
            out.finish().expect("memory")
        }
        Codec::Bzip2 => {
            let mut out = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            out.write_all(content).expect("memory");
            out.finish().expect("memory")
        }
        Codec::Xz => {
            let mut out =
                lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(0)).expect("options");
            out.write_all(content).expect("memory");
            out.finish().expect("memory")
        }
    }
}

pub(super) fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = ::tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = ::tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        out.append_data(&mut header, name, *content).expect("memory");
    }
    out.into_inner().expect("memory")
}

pub(super) fn zip(files: &[(&str, &[u8])], method: ::zip::CompressionMethod) -> Vec<u8> {
    let mut out = ::zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        let options = ::zip::write::SimpleFileOptions::default().compression_method(method);
        out.start_file(*name, options).expect("memory");
        out.write_all(content).expect("memory");
    }
    out.finish().expect("memory").into_inner()
}

pub(super) fn deflated(files: &[(&str, &[u8])]) -> Vec<u8> {
    zip(files, ::zip::CompressionMethod::Deflated)
}

pub(super) fn stored(files: &[(&str, &[u8])]) -> Vec<u8> {
    zip(files, ::zip::CompressionMethod::Stored)
}

/// A book of sheets as given, with the parts around them.
pub(super) fn book(sheets: &[(&str, &str)], shared_strings: Option<&str>) -> Vec<u8> {
    book_by(sheets, shared_strings, ::zip::CompressionMethod::Deflated)
}

/// The same, packed in a certain way.
pub(super) fn book_by(
    sheets: &[(&str, &str)],
    shared_strings: Option<&str>,
    method: ::zip::CompressionMethod,
) -> Vec<u8> {
    let tagged = |tag: &str, each: &dyn Fn(usize, &str) -> String| {
        let items: String = sheets.iter().enumerate().map(|(at, (name, _))| each(at + 1, name)).collect();
        format!("<?xml version=\"1.0\"?>\n{tag}{items}")
    };
    let workbook = tagged("<workbook xmlns:r=\"r\"><sheets>", &|number, name| {
        format!("<sheet name=\"{name}\" sheetId=\"{number}\" r:id=\"rId{number}\"/>")
    }) + "</sheets></workbook>";
    let relations = tagged("<Relationships>", &|number, _| {
        format!("<Relationship Id=\"rId{number}\" Type=\"t/worksheet\" Target=\"worksheets/s{number}.xml\"/>")
    }) + "<Relationship Id=\"s\" Type=\"t/sharedStrings\" Target=\"/xl/sharedStrings.xml\"/></Relationships>";

    let mut parts = vec![
        ("[Content_Types].xml".to_owned(), "<Types/>".to_owned()),
        ("xl/workbook.xml".to_owned(), workbook),
        ("xl/_rels/workbook.xml.rels".to_owned(), relations),
    ];
    for (at, (_, sheet)) in sheets.iter().enumerate() {
        parts.push((format!("xl/worksheets/s{}.xml", at + 1), (*sheet).to_owned()));
    }
    parts.extend(shared_strings.map(|strings| ("xl/sharedStrings.xml".to_owned(), strings.to_owned())));
    let parts: Vec<(&str, &[u8])> = parts.iter().map(|(name, xml)| (name.as_str(), xml.as_bytes())).collect();
    zip(&parts, method)
}
