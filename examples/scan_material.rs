//! Material for the benchmarks of `trapline scan`: an index of any number of
//! canaries without a registry, and a large export to search.
//!
//! ```text
//! scan_material index  CANARIES LINES OUT    makes OUT.index, OUT.key, OUT.numbers and OUT.phones
//! scan_material export BYTES CANARIES OUT    makes OUT; every 100,000th row is a canary of that index;
//!                                           of 0 canaries none is, and - is standard output
//! scan_material xlsx ROWS CANARIES OUT       makes OUT, a workbook of ten columns
//! ```
//!
//! Numbers are YT and 13 digits, in no order; even ones are canaries, odd ones
//! are other people's. Everything follows from fixed constants.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::time::Instant;

use jiff::Timestamp;
use trapline::key::MasterKey;
use trapline::scan::ScanKey;
use trapline::scan::index::{Canaries, Line, Source, build};

/// Canaries of one source.
const EACH: u64 = 1_000;

/// Numbers that are written down as patterns.
const MOST_PATTERNS: u64 = 1_000_000;

struct Made {
    canaries: u64,
    lines: u64,
}

/// Spreads serials over thirteen digits: a permutation of 44-bit numbers, walked
/// until it lands among them.
fn spread(serial: u64) -> u64 {
    const MASK: u64 = (1 << 44) - 1;
    let mut value = serial;
    loop {
        for _ in 0..3 {
            value = value.wrapping_mul(0x09e3_779b_97f5) & MASK;
            value ^= value >> 23;
        }
        if value < 10_000_000_000_000 {
            return value;
        }
    }
}

fn number(serial: u64) -> String {
    format!("YT{:013}", spread(serial))
}

/// 154 is no mobile prefix: nobody has such a phone.
fn line(place: u64) -> String {
    format!("154{:08}", place * 48_271 % 99_999_989)
}

impl Canaries for Made {
    fn sources(&mut self) -> Vec<Source> {
        let source = |place: u64| Source {
            epoch: "2026Q4".into(),
            account: format!("account-{place:06}"),
            batch: "day".into(),
            planted: Timestamp::UNIX_EPOCH,
            form: 0,
            first: 0,
            count: EACH.min(self.canaries - place * EACH) as u32,
        };
        (0..self.canaries.div_ceil(EACH)).map(source).collect()
    }

    fn numbers(&self, place: usize, each: &mut dyn FnMut(&str)) {
        let from = place as u64 * EACH;
        (from..self.canaries.min(from + EACH)).for_each(|canary| each(&number(2 * canary)));
    }

    fn lines(&self) -> Vec<Line> {
        (0..self.lines)
            .map(|place| Line { digits: format!("86{}", line(place)), country: 2, id: place as i64 + 1 })
            .collect()
    }

    fn state(&self) -> String {
        String::new()
    }
}

fn index(canaries: u64, lines: u64, out: &str) -> Result<(), Box<dyn std::error::Error>> {
    let key = ScanKey::of(&MasterKey::from_bytes([7; 32]));
    let started = Instant::now();
    let bytes = build(&key, Made { canaries, lines }, Timestamp::UNIX_EPOCH).map_err(|fault| fault.to_string())?;
    let seconds = started.elapsed().as_secs_f64();
    fs::write(format!("{out}.index"), &bytes)?;
    fs::write(format!("{out}.key"), key.to_file_text().as_bytes())?;
    // Patterns for other tools, which take no more.
    let patterns = if canaries <= MOST_PATTERNS { canaries } else { 0 };
    let mut numbers = BufWriter::new(File::create(format!("{out}.numbers"))?);
    (0..patterns).try_for_each(|canary| writeln!(numbers, "{}", number(2 * canary)))?;
    let mut phones = BufWriter::new(File::create(format!("{out}.phones"))?);
    (0..lines).try_for_each(|place| writeln!(phones, "{}", line(place)))?;
    numbers.flush()?;
    phones.flush()?;
    println!("{canaries} canaries, {} bytes, built in {seconds:.2} s", bytes.len());
    Ok(())
}

fn export(size: u64, canaries: u64, out: &str) -> Result<(), Box<dyn std::error::Error>> {
    let out: Box<dyn Write> = if out == "-" { Box::new(std::io::stdout()) } else { Box::new(File::create(out)?) };
    let mut file = BufWriter::with_capacity(1 << 20, out);
    let (mut written, mut row, mut ours) = (0, 0u64, 0u64);
    while written < size {
        let is_ours = canaries > 0 && row % 100_000 == 99_999;
        let (number, phone) = number_and_phone(row, is_ours.then_some((canaries, ours)));
        let text = format!(
            "{number},2020-11-{:02} {:02}:{:02}:{:02},李平跃,{phone},河北省邯郸市永年区临洺关镇{}号,服装,{}.{}\n",
            row % 30 + 1,
            row / 7 % 24,
            row / 11 % 60,
            row / 13 % 60,
            row % 400 + 1,
            row % 9 + 1,
            row % 10
        );
        file.write_all(text.as_bytes())?;
        written += text.len() as u64;
        ours += u64::from(is_ours);
        row += 1;
    }
    file.flush()?;
    eprintln!("{written} bytes, {row} rows, {ours} of them canaries");
    Ok(())
}

/// A row's number and phone; of a canary, by how many there are and how many were written.
fn number_and_phone(row: u64, ours: Option<(u64, u64)>) -> (String, String) {
    match ours {
        Some((canaries, ours)) => (number(2 * (row.wrapping_mul(7_919) % canaries)), line(ours % 2_000)),
        None => (number(2 * row + 1), format!("139{:08}", row.wrapping_mul(2_654_435_761) % 100_000_000)),
    }
}

/// A workbook as spreadsheets write it: texts in a table of their own, phones as
/// numbers.
fn xlsx(rows: u64, canaries: u64, out: &str) -> Result<(), Box<dyn std::error::Error>> {
    let mut archive = zip::ZipWriter::new(BufWriter::new(File::create(out)?));
    let options = zip::write::SimpleFileOptions::default().compression_level(Some(6)).large_file(true);
    let mut part = |name: &str, write: &mut dyn FnMut(&mut dyn Write) -> std::io::Result<()>| {
        archive.start_file(name, options)?;
        let mut buffered = BufWriter::with_capacity(1 << 16, &mut archive);
        write(&mut buffered)?;
        buffered.flush()?;
        Ok::<_, Box<dyn std::error::Error>>(())
    };
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006";
    let types = "application/vnd.openxmlformats-officedocument.spreadsheetml";
    let text = |out: &mut dyn Write, text: String| out.write_all(text.as_bytes());
    part("[Content_Types].xml", &mut |out| {
        let parts =
            [("workbook", "sheet.main"), ("worksheets/sheet1", "worksheet"), ("sharedStrings", "sharedStrings")];
        let parts = parts
            .map(|(path, kind)| format!("<Override PartName=\"/xl/{path}.xml\" ContentType=\"{types}.{kind}+xml\"/>"));
        let default =
            "<Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>";
        text(out, format!("<Types xmlns=\"{package}/content-types\">{default}{}</Types>", parts.concat()))
    })?;
    part("_rels/.rels", &mut |out| {
        let target =
            format!("<Relationship Id=\"r1\" Type=\"{relations}/officeDocument\" Target=\"xl/workbook.xml\"/>");
        text(out, format!("<Relationships xmlns=\"{package}/relationships\">{target}</Relationships>"))
    })?;
    part("xl/workbook.xml", &mut |out| {
        let sheets = "<sheets><sheet name=\"waybills\" sheetId=\"1\" r:id=\"r1\"/></sheets>";
        text(out, format!("<workbook xmlns=\"{main}\" xmlns:r=\"{relations}\">{sheets}</workbook>"))
    })?;
    part("xl/_rels/workbook.xml.rels", &mut |out| {
        let targets = [("r1", "worksheet", "worksheets/sheet1.xml"), ("r2", "sharedStrings", "sharedStrings.xml")];
        let targets = targets.map(|(id, kind, path)| {
            format!("<Relationship Id=\"{id}\" Type=\"{relations}/{kind}\" Target=\"{path}\"/>")
        });
        text(out, format!("<Relationships xmlns=\"{package}/relationships\">{}</Relationships>", targets.concat()))
    })?;
    let (shared, mut ours) = (["李平跃", "河北省", "邯郸市", "永年区", "服装"], 0);
    part("xl/worksheets/sheet1.xml", &mut |out| {
        text(out, format!("<worksheet xmlns=\"{main}\"><sheetData>"))?;
        for row in 0..rows {
            let is_ours = canaries > 0 && row % 100_000 == 99_999;
            let (number, phone) = number_and_phone(row, is_ours.then_some((canaries, ours)));
            ours += u64::from(is_ours);
            let strings: String = (0..5).map(|place| format!("<c t=\"s\"><v>{place}</v></c>")).collect();
            let place = format!("临洺关镇{}号", row % 400 + 1);
            text(
                out,
                format!(
                    "<row r=\"{}\"><c t=\"inlineStr\"><is><t>{number}</t></is></c><c><v>{phone}</v></c>{strings}<c t=\"inlineStr\"><is><t>{place}</t></is></c><c><v>{}.{}</v></c><c><v>{}</v></c></row>",
                    row + 1,
                    row % 9 + 1,
                    row % 10,
                    44_140 + row % 30
                ),
            )?;
        }
        text(out, "</sheetData></worksheet>".to_owned())
    })?;
    part("xl/sharedStrings.xml", &mut |out| {
        let items: String = shared.iter().map(|item| format!("<si><t>{item}</t></si>")).collect();
        text(out, format!("<sst xmlns=\"{main}\" count=\"{}\" uniqueCount=\"5\">{items}</sst>", 5 * rows))
    })?;
    archive.finish()?;
    eprintln!("{rows} rows, {ours} of them canaries");
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |place: usize| args.get(place).and_then(|text| text.parse().ok());
    match (args.first().map(String::as_str), number(1), number(2), args.get(3)) {
        (Some("index"), Some(canaries), Some(lines), Some(out)) => index(canaries, lines, out),
        (Some("export"), Some(size), Some(canaries), Some(out)) => export(size, canaries, out),
        (Some("xlsx"), Some(rows), Some(canaries), Some(out)) => xlsx(rows, canaries, out),
        _ => Err("expected: index CANARIES LINES OUT, export BYTES CANARIES OUT, or xlsx ROWS CANARIES OUT".into()),
    }
}
