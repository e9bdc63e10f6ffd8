//! Workbooks as a whole: made by hand, planted into, taken apart again.

mod bad;
mod follow;
mod laws;
mod rows;
mod seeds;

use std::fs;
use std::io::{Cursor, Read as _, Write as _};
use std::path::PathBuf;

use super::*;
use crate::persona::Role;
use crate::plant::{self, Job, Options};
use crate::record::{ColumnRole, Record, Value};

/// A workbook's parts, in order.
#[derive(Clone, Default)]
struct Parts(Vec<(String, String)>);

impl Parts {
    /// A workbook of one sheet, `运单`, with another behind it, and styles of which 1 is a date with a time.
    fn of(sheet: &str, strings: Option<&str>) -> Self {
        let relation = |id: &str, kind: &str, target: &str| {
            format!("<Relationship Id=\"{id}\" Type=\"http://x/{kind}\" Target=\"{target}\"/>")
        };
        let mut relations = relation("rId1", "worksheet", "worksheets/sheet1.xml")
            + &relation("rId2", "worksheet", "worksheets/sheet2.xml")
            + &relation("rId3", "styles", "styles.xml");
        if strings.is_some() {
            relations += &relation("rId4", "sharedStrings", "sharedStrings.xml");
        }
        let mut parts = Self::default();
        parts.put("[Content_Types].xml", "<Types/>");
        parts.put("_rels/.rels", &relations_of(&relation("rId1", "officeDocument", "xl/workbook.xml")));
        parts.put(
            "xl/workbook.xml",
            "<?xml version=\"1.0\"?>\r\n<workbook xmlns:r=\"r\"><sheets><sheet name=\"运单\" sheetId=\"1\" r:id=\"rId1\"/>\
            <sheet name=\"Other\" sheetId=\"2\" r:id=\"rId2\"/></sheets></workbook>",
        );
        parts.put("xl/_rels/workbook.xml.rels", &relations_of(&relations));
        parts.put("xl/worksheets/sheet1.xml", sheet);
        parts.put("xl/worksheets/sheet2.xml", "<worksheet><sheetData/></worksheet>");
        parts.put(
            "xl/styles.xml",
            "<styleSheet><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"22\"/><xf numFmtId=\"1\"/></cellXfs></styleSheet>",
        );
        if let Some(strings) = strings {
            parts.put("xl/sharedStrings.xml", strings);
        }
        parts
    }

    /// Adds or replaces a part.
    fn put(&mut self, name: &str, content: &str) {
        match self.0.iter_mut().find(|(other, _)| other == name) {
            Some((_, old)) => content.clone_into(old),
            None => self.0.push((name.to_owned(), content.to_owned())),
        }
    }

    /// What the first sheet names.
    fn relate(&mut self, relations: &[(&str, &str)]) {
        let relation = |(at, (kind, target)): (usize, &(&str, &str))| {
            format!("<Relationship Id=\"rId{at}\" Type=\"http://x/{kind}\" Target=\"{target}\"/>")
        };
        let all: String = relations.iter().enumerate().map(relation).collect();
        self.put("xl/worksheets/_rels/sheet1.xml.rels", &relations_of(&all));
    }

    fn get(&self, name: &str) -> &str {
        &self.0.iter().find(|(other, _)| other == name).unwrap_or_else(|| panic!("no part {name}")).1
    }

    fn zip(&self) -> Vec<u8> {
        let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in &self.0 {
            out.start_file(name, zip::write::SimpleFileOptions::default()).expect("memory");
            out.write_all(content.as_bytes()).expect("memory");
        }
        out.finish().expect("memory").into_inner()
    }

    fn unzip(bytes: &[u8]) -> Self {
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("an archive");
        let part = |index: usize, archive: &mut zip::ZipArchive<Cursor<&[u8]>>| {
            let mut entry = archive.by_index(index).expect("an entry");
            let mut text = String::new();
            entry.read_to_string(&mut text).expect("text");
            (entry.name().expect("a name").into_owned(), text)
        };
        Self((0..archive.len()).map(|index| part(index, &mut archive)).collect())
    }
}

fn relations_of(relations: &str) -> String {
    format!("<Relationships>{relations}</Relationships>")
}

const PHONE: ColumnRole = ColumnRole::Phone(Role::Recipient);
const NAME: ColumnRole = ColumnRole::Name(Role::Recipient);

fn records(count: usize) -> Vec<Record> {
    let names = ["周惠", "欧阳小明", "李 & <子>", "王芳"];
    (0..count)
        .map(|i| Record {
            values: vec![
                (ColumnRole::Time, Value::Between),
                (NAME, Value::Text(names[i % names.len()].into())),
                (PHONE, Value::Text(format!("1640000{i:04}"))),
            ],
        })
        .collect()
}

/// A folder with a workbook in it, and what became of it.
struct Bench {
    folder: tempfile::TempDir,
}

/// A planted workbook.
struct Done {
    parts: Parts,
    rows: PlantedRows,
    original: Unfolded,
    path: PathBuf,
}

impl Bench {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).expect("written");
        path
    }

    fn open(&self, parts: &Parts, options: &Options, part: Option<&str>) -> Result<Workbook, Fault> {
        let path = self.write("in.xlsx", &parts.zip());
        Workbook::open(&path, &Question { part, columns: &[], options }, self.folder.path())
    }

    /// Plants so many rows, places by `seed`, and proves it.
    fn plant(&self, parts: &Parts, count: usize, seed: u8) -> Result<Done, Fault> {
        let options = Options::default();
        let mut book = self.open(parts, &options, None)?;
        let records = records(count);
        let numbers: Vec<(u64, String)> = (0..2 * count as u64).map(|i| (i, number(i, seed))).collect();
        let options = book.view().options(&options);
        let job = Job {
            columns: &[],
            records: &records,
            numbers: &numbers,
            is_line: &|digits| digits.starts_with("1640000"),
            place: [seed; 32],
            shared: None,
            options: &options,
        };
        let plan = plant::plan(&book.view().text, &job)?;
        let failed = |error: io::Error| panic!("{error}");
        let (out, woven) = book.weave(&plan, Cursor::new(Vec::new()), &failed)?;
        let path = self.write("out.xlsx", out.get_ref());
        let original = book.unfolded().clone();
        let rows = prove(&path, woven, &plan, &original)?;
        let verified = verify(&path, place(&rows), &rows, &original.hash, original.bytes)?;
        let verified = verified.unwrap_or_else(|mismatch| panic!("{mismatch}"));
        assert_eq!((verified.rows, &verified.output_hash), (count, &rows.output_hash));
        Ok(Done { parts: Parts::unzip(out.get_ref()), rows, original, path })
    }
}

/// A number between those of two rows that are next to each other; 28 of them differ.
fn number(i: u64, seed: u8) -> String {
    format!("YT{:05}", 10_003 + (13 * i + u64::from(seed)) % 28 * 7)
}

fn place(rows: &PlantedRows) -> &SheetPlace {
    match &rows.inside {
        Some(Inside::Xlsx(place)) => place,
        _ => panic!("expected a place in a sheet"),
    }
}

impl Done {
    fn sheet(&self) -> &str {
        self.parts.get("xl/worksheets/sheet1.xml")
    }

    /// Whether another content of the file is still proven.
    fn verifies(&self, bench: &Bench, parts: &Parts) -> bool {
        let path = bench.write("changed.xlsx", &parts.zip());
        let verified = verify(&path, place(&self.rows), &self.rows, &self.original.hash, self.original.bytes);
        verified.is_ok_and(|verified| verified.is_ok())
    }
}

/// The usual columns in rows from 2, with shared strings in the order of use: number, time, name, phone.
fn usual(rows: u32) -> (String, String) {
    let mut strings =
        "<si><t>运单号</t></si><si><t>揽收时间</t></si><si><t>收件人</t></si><si><t>收件电话</t></si>".to_owned();
    let mut sheet = "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c>\
        <c r=\"C1\" t=\"s\"><v>2</v></c><c r=\"D1\" t=\"s\"><v>3</v></c></row>"
        .to_owned();
    for at in 0..rows {
        let (row, string) = (at + 2, 4 + 2 * at);
        sheet += &format!(
            "<row r=\"{row}\" ht=\"18\"><c r=\"A{row}\" t=\"s\"><v>{string}</v></c><c r=\"B{row}\" s=\"1\"><v>{}</v></c>\
            <c r=\"C{row}\" s=\"2\" t=\"s\"><v>{}</v></c><c r=\"D{row}\"><v>138000{at:05}</v></c></row>",
            44_136.0 + f64::from(at) / 1440.0,
            string + 1,
        );
        strings += &format!("<si><t>YT{:05}</t></si><si><t>收件{at}</t></si>", 10_000 + at * 7);
    }
    let count = 4 + 2 * rows;
    let strings = format!("<sst count=\"{count}\" uniqueCount=\"{count}\">{strings}</sst>");
    (sheet, strings)
}

/// A worksheet around some rows.
fn worksheet(rows: &str, behind: &str) -> String {
    format!("<?xml version=\"1.0\"?>\n<worksheet><sheetData>{rows}</sheetData>{behind}</worksheet>")
}
