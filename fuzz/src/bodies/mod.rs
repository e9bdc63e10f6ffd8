//! The bodies of the fuzz targets: each takes any bytes and panics where a
//! property does not hold. They need nothing but the library, so that a test of
//! the main package can run the corpus through them (`tests/fuzz_corpus.rs`).

mod finder;
mod index;
mod learn;
mod material;
mod plant;
mod rows;
mod scratch;
mod scrub;
mod search;
mod text;
pub(crate) mod unpack;

/// What a target does with bytes.
pub type Body = fn(&[u8]);

/// All targets. A new one needs a line here, a file in `fuzz_targets/`, a
/// `[[bin]]`, and seeds.
pub const TARGETS: [(&str, Body); 17] = [
    ("gzip", unpack::stream),
    ("zstd", unpack::stream),
    ("bzip2", unpack::stream),
    ("xz", unpack::stream),
    ("tar", unpack::stream),
    ("zip", unpack::file_and_stream),
    ("xlsx", unpack::file_and_stream),
    ("xls", unpack::file_and_stream),
    ("finder", finder::body),
    ("search", search::body),
    ("index", index::body),
    ("rows", rows::body),
    ("text", text::body),
    ("plant", plant::body),
    ("container", plant::workbook),
    ("scrub", scrub::body),
    ("learn", learn::body),
];
