//! Workbooks that are refused, and changes that verify notices.

use super::*;

fn sound() -> Parts {
    let (rows, strings) = usual(30);
    Parts::of(&worksheet(&rows, ""), Some(&strings))
}

fn refusal(parts: &Parts) -> Fault {
    Bench::new().plant(parts, 3, 1).err().unwrap_or_else(|| panic!("it was planted into"))
}

#[test]
fn every_change_is_noticed() {
    let bench = Bench::new();
    let done = bench.plant(&sound(), 3, 1).expect("it is sound");
    assert!(done.verifies(&bench, &done.parts), "packed anew it is the same");

    let changed = |part: &str, from: &str, to: &str| {
        let mut parts = done.parts.clone();
        let text = parts.get(part).to_owned();
        assert!(text.contains(from), "{part} has {from}");
        parts.put(part, &text.replacen(from, to, 1));
        done.verifies(&bench, &parts)
    };
    assert!(!changed("xl/worksheets/sheet1.xml", "<v>13800000004</v>", "<v>13800000005</v>"), "an original cell");
    assert!(!changed("xl/worksheets/sheet1.xml", "<v>16400000001</v>", "<v>16400000009</v>"), "a planted cell");
    assert!(!changed("xl/worksheets/sheet1.xml", "</worksheet>", " </worksheet>"), "the sheet around the rows");
    assert!(!changed("xl/sharedStrings.xml", ">收件3<", ">收件4<"), "a shared string");
    assert!(!changed("xl/styles.xml", "numFmtId=\"22\"", "numFmtId=\"21\""), "another part");
    assert!(!changed("xl/workbook.xml", "sheetId=\"2\"", "sheetId=\"3\""), "the contents page");

    let mut more = done.parts.clone();
    more.put("xl/media/image1.png", "x");
    assert!(!done.verifies(&bench, &more), "a part more");
    let mut fewer = done.parts.clone();
    fewer.0.retain(|(name, _)| name != "xl/styles.xml");
    assert!(!done.verifies(&bench, &fewer), "a part less");
}

#[test]
fn a_row_that_is_gone_is_named() {
    let bench = Bench::new();
    let done = bench.plant(&sound(), 3, 1).expect("it is sound");
    let original = bench.folder.path().join("in.xlsx");

    let verified = verify(&original, place(&done.rows), &done.rows, &done.original.hash, done.original.bytes);

    assert!(matches!(verified, Ok(Err(Mismatch::Row { .. }))), "{verified:?}");
    assert!(done.path.exists());
}

#[test]
fn a_sheet_whose_elements_are_not_nested_well_is_refused() {
    let (rows, strings) = usual(30);
    let refused = |from: &str, to: &str| {
        assert!(rows.contains(from));
        let sheet = worksheet(&rows.replace(from, to), "");
        refusal(&Parts::of(&sheet, Some(&strings))).what
    };

    for to in ["13800000004</x>", "13800000004</v></x>", "13800000004</c></v>"] {
        let what = refused("13800000004</v>", to);
        assert!(what.contains("the element that is open"), "{to}: {what}");
    }
    for to in ["<v><f>1</f>138", "<v><v/>138", "<f><v>1</v></f><v>138", "<v><c/>138", "<is><c><v>1</v></c></is><v>138"]
    {
        let what = refused("<v>138", to);
        assert!(what.contains("in the cell itself"), "{to}: {what}");
    }
}

#[test]
fn what_cannot_follow_the_rows_is_refused() {
    for (kind, expected) in [("pivotTable", "pivotTable"), ("oleObject", "oleObject"), ("queryTable", "queryTable")] {
        let mut parts = sound();
        parts.relate(&[(kind, "../x.xml")]);
        assert!(refusal(&parts).what.contains(expected));
    }
    let mut parts = sound();
    parts.put(
        "xl/pivotCache/pivotCacheDefinition1.xml",
        "<pivotCacheDefinition><cacheSource><worksheetSource ref=\"A1:D31\" sheet=\"运单\"/></cacheSource></pivotCacheDefinition>",
    );
    assert!(refusal(&parts).what.contains("pivot table"));
    parts.put(
        "xl/pivotCache/pivotCacheDefinition1.xml",
        "<pivotCacheDefinition><cacheSource><worksheetSource ref=\"A1:D31\" sheet=\"Other\"/></cacheSource></pivotCacheDefinition>",
    );
    assert!(Bench::new().plant(&parts, 3, 1).is_ok(), "a pivot table over another sheet says nothing of this one");
    let mut parts = sound();
    parts.put("_xmlsignatures/sig1.xml", "<Signature/>");
    assert!(refusal(&parts).what.contains("signed"));
    let mut parts = sound();
    parts.put("xl/revisions/revisionLog1.xml", "<x/>");
    assert!(refusal(&parts).what.contains("revisions"));
}

#[test]
fn damaged_and_hostile_workbooks_are_refused_with_a_way_out() {
    let sheet = |from: &str, to: &str| {
        let mut parts = sound();
        let text = parts.get("xl/worksheets/sheet1.xml").replacen(from, to, 1);
        parts.put("xl/worksheets/sheet1.xml", &text);
        refusal(&parts)
    };
    assert!(sheet("<worksheet>", "<!DOCTYPE x [<!ENTITY a \"b\">]><worksheet>").what.contains("document type"));
    assert!(sheet("<v>7</v>", "<v>7777</v>").what.contains("missing"));
    assert!(sheet("<row r=\"9\"", "<row r=\"8\"").what.contains("behind row"));
    assert!(sheet("</sheetData>", "").what.contains("ends among its rows"));
    assert!(sheet("<row r=\"9\"", "<row r=\"x\"").what.contains("behind row"));
    // the last row of the sheet is taken: there is no room
    let full =
        sheet("</sheetData>", "<row r=\"1048575\"><c r=\"A1048575\" t=\"str\"><v>合计</v></c></row></sheetData>");
    assert!(full.what.contains("leave the sheet"), "{full}");

    let bytes = sound().zip();
    let bench = Bench::new();
    let options = Options::default();
    let open = |bytes: &[u8]| {
        let path = bench.write("bad.xlsx", bytes);
        Workbook::open(&path, &Question { part: None, columns: &[], options: &options }, bench.folder.path())
            .err()
            .unwrap_or_else(|| panic!("it was opened"))
    };
    for cut in [4, 30, bytes.len() / 2, bytes.len() - 30] {
        assert!(open(&bytes[..cut]).hint.is_some());
    }
    let mut twice = sound();
    twice.0.push(("XL/workbook.xml".to_owned(), String::new()));
    assert!(open(&twice.zip()).what.contains("by case alone"));
    let mut other = Parts::default();
    other.put("a.csv", "x");
    assert!(open(&other.zip()).what.contains("another archive"));
    other.put("xl/workbook.bin", "x");
    assert!(open(&other.zip()).what.contains("xlsb"));
    let empty = Parts::of("<worksheet><sheetData/></worksheet>", None);
    assert!(open(&empty.zip()).what.contains("expected a sheet"));
}

#[test]
fn a_bomb_is_stopped() {
    let mut parts = sound();
    let blanks = " ".repeat(80 << 20);
    parts.put("xl/worksheets/sheet1.xml", &format!("<worksheet>{blanks}<sheetData/></worksheet>"));

    let fault = refusal(&parts);

    assert!(fault.what.contains("500 times") || fault.what.contains("longer than"), "{fault}");
}

#[test]
fn every_cut_of_a_sheet_is_read_or_refused_without_a_panic() {
    let (rows, strings) = usual(3);
    let sheet = worksheet(&rows, "<mergeCells><mergeCell ref=\"A1:B1\"/></mergeCells>");
    let options = Options::default();
    let bench = Bench::new();
    for cut in (0..sheet.len()).filter(|cut| sheet.is_char_boundary(*cut)).step_by(7) {
        let parts = Parts::of(&sheet[..cut], Some(&strings));
        let _ = bench.open(&parts, &options, None);
    }
}
