//! Files that are planted into, as an order does it.
//!
//! `plant` takes a file as it is: CSV, JSON Lines, a dump of a database, packed
//! or not. `container` takes the parts of a workbook, with zeros between them:
//! sheet, shared strings, styles; bytes that were changed in an archive would
//! end at its checksums. Properties: whatever was planted into is proven by
//! `verify`, a text comes back byte for byte, and an export is never read
//! otherwise for having been planted.

use std::fs::{self, File};
use std::io::{self, Cursor, Read, Write};
use std::path::Path;
use std::sync::OnceLock;

use jiff::Timestamp;
use trapline::config::Config;
use trapline::derive::Stream;
use trapline::epoch::{self, Quarter};
use trapline::issue::{self, Bench, Order};
use trapline::key::MasterKey;
use trapline::line::demo_lines;
use trapline::plant::{Expansion, Options, strip, unpack};
use trapline::registry::Registry as _;
use trapline::registry::memory::MemoryRegistry;
use trapline::template::Template;
use zip::write::SimpleFileOptions;

use super::scratch::with_file;

const LINES: u32 = 60;
const CANARIES: u32 = 3;

pub(super) fn body(bytes: &[u8]) {
    with_file(bytes, plant);
}

pub(super) fn workbook(bytes: &[u8]) {
    with_file(&book(bytes), plant);
}

fn plant(input: &Path) {
    let output = input.with_extension("out");
    let _ = fs::remove_file(&output);
    let mut registry = registry().clone();
    let mut bench = Bench { registry: &mut registry, master: &master(), now: now() };
    let options = Options::default();
    let order = Order {
        input,
        output: &output,
        account: "a",
        batch: None,
        template: template(),
        canaries: Some(CANARIES),
        scope: None,
        part: None,
        options: &options,
    };
    let report = match issue::plant(&mut bench, &order) {
        Ok(report) => report,
        Err(_) => {
            assert!(!output.exists(), "nothing is released after an error");
            return;
        }
    };

    let planting = registry.planting(&report.key).expect("memory").expect("it was registered");
    let rows = registry.planted_rows(planting.id).expect("memory");
    assert_eq!(rows.rows.len(), CANARIES as usize);
    let proof = issue::verify(&output, &planting, &rows).expect("it can be read");
    proof.unwrap_or_else(|mismatch| panic!("{mismatch}"));
    if rows.inside.is_none() {
        let mut original = Same(unpacked(input));
        strip(unpacked(&output), &rows, &mut original).expect("every row is in its place");
        assert_eq!(original.0.read(&mut [0]).expect("it was read before"), 0, "all of the original comes back");
    }
    let _ = fs::remove_file(&output);
}

/// A workbook of these parts.
fn book(bytes: &[u8]) -> Vec<u8> {
    const RELATIONS: &str = "<Relationships><Relationship Id=\"r1\" Type=\"x/worksheet\" Target=\"worksheets/sheet1.xml\"/>\
        <Relationship Id=\"r2\" Type=\"x/sharedStrings\" Target=\"sharedStrings.xml\"/>\
        <Relationship Id=\"r3\" Type=\"x/styles\" Target=\"styles.xml\"/></Relationships>";
    let mut parts = bytes.splitn(3, |&byte| byte == 0);
    let [sheet, strings, styles] = std::array::from_fn(|_| parts.next().unwrap_or_default());
    let all: [(&str, &[u8]); 7] = [
        ("[Content_Types].xml", b"<Types/>"),
        (
            "_rels/.rels",
            b"<Relationships><Relationship Id=\"r1\" Type=\"x/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>",
        ),
        (
            "xl/workbook.xml",
            b"<workbook xmlns:r=\"r\"><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>",
        ),
        ("xl/_rels/workbook.xml.rels", RELATIONS.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet),
        ("xl/sharedStrings.xml", strings),
        ("xl/styles.xml", styles),
    ];
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in all {
        let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        out.start_file(name, stored).and_then(|()| Ok(out.write_all(content)?)).expect("memory");
    }
    out.finish().expect("memory").into_inner()
}

fn unpacked(path: &Path) -> impl Read {
    unpack(File::open(path).expect("it is there"), Expansion::default()).expect("it was read before")
}

/// Compares what is written with what it reads.
struct Same<R>(R);

impl<R: Read> Write for Same<R> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut expected = vec![0; bytes.len()];
        self.0.read_exact(&mut expected).expect("no more comes back than there was");
        assert!(expected == bytes, "the original comes back");
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn master() -> MasterKey {
    MasterKey::from_bytes([5; 32])
}

fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

fn template() -> &'static Template {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    TEMPLATE.get_or_init(|| Template::by_name("yto-express").expect("it is shipped").expect("it is sound"))
}

/// A registry with an open epoch.
fn registry() -> &'static MemoryRegistry {
    static REGISTRY: OnceLock<MemoryRegistry> = OnceLock::new();
    REGISTRY.get_or_init(|| {
        let config = Config::default();
        let mut registry = MemoryRegistry::new(master().id());
        registry.add_lines(&demo_lines(LINES, 0, &mut Stream::new(&[5; 32])), now()).expect("they are new");
        let pool: Vec<i64> = registry.lines().expect("memory").iter().map(|line| line.id).collect();
        let quarter = Quarter::of(now(), &config.zone().expect("the default"));
        let rules = epoch::rules(&config, quarter, 1, LINES).expect("enough lines");
        registry.open_epoch(&rules, &epoch::frozen(&pool, &rules), now()).expect("the first");
        registry
    })
}
