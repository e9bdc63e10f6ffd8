//! xlsx: sheets as text, and parts that are not what they seem.

use super::*;

fn sheet(rows: &str) -> String {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><worksheet><sheetData>{rows}</sheetData></worksheet>")
}

/// One sheet's text, without a fault.
fn text(rows: &str, shared: Option<&str>) -> String {
    let found = unpack(&make::book(&[("S", &sheet(rows))], shared));
    assert_eq!(found.lines(), [""; 0]);
    let [(name, text)] = found.texts()[..] else { panic!("{:?}", found.names()) };
    assert_eq!(name, "x!S");
    text.to_owned()
}

#[test]
fn each_sheet_is_a_stream_of_lines() {
    let one = sheet(
        "<row r=\"1\"><c r=\"A1\"><v>1</v></c><c r=\"C1\"><v>2.5</v></c></row><row r=\"2\"><c r=\"B2\" t=\"b\"><v>1</v></c></row>",
    );
    let two = sheet("<row><c><v>13800138000</v></c><c/><c t=\"e\"><v>#N/A</v></c></row>");

    let found = unpack(&make::book(&[("收件人", &one), ("Sheet!2", &two)], None));

    assert_eq!(found.texts(), [("x!收件人", "1\t\t2.5\n\tTRUE\n"), ("x!Sheet\\!2", "13800138000\t\t#N/A\n")]);
    assert_eq!(found.faults, []);
}

#[test]
fn texts_of_every_kind_are_read() {
    let shared = "<sst><si><t>张三</t></si><si><r><t>a&amp;</t></r><r><t xml:space=\"preserve\"> b</t></r>\
                  <rPh><t>no</t></rPh></si><si/><si><t>tab\there&#10;_x000D_x</t></si></sst>";
    let rows = "<row><c t=\"s\"><v>0</v></c><c t=\"s\"><v>1</v></c><c t=\"s\"><v>2</v></c><c t=\"s\"><v>3</v></c>\
                <c t=\"inlineStr\"><is><t>in</t><r><t>line</t></r></is></c><c t=\"str\"><f>A1</f><v>f&#x4e00;</v></c>\
                <c t=\"d\"><v>2020-08-01</v></c><c t=\"str\"><v><![CDATA[<raw>]]></v></c></row>";

    assert_eq!(text(rows, Some(shared)), "张三\ta& b\t\ttab here  x\tinline\tf一\t2020-08-01\t<raw>\n");
}

#[test]
fn numbers_have_all_their_digits() {
    let rows = "<row><c><v>1.3800138E10</v></c><c><v>9007199254740991</v></c><c t=\"n\"><v>13800138000.0</v></c><c><v>1E-3</v></c></row>";

    assert_eq!(text(rows, None), "13800138000\t9007199254740991\t13800138000\t0.001\n");
}

#[test]
fn prefixes_and_other_names_of_parts_are_understood() {
    let plain = "<x:worksheet xmlns:x=\"m\"><x:sheetData><x:row><x:c t=\"s\"><x:v>0</x:v></x:c></x:row></x:sheetData></x:worksheet>";
    let shared = "<x:sst xmlns:x=\"m\"><x:si><x:t>shared</x:t></x:si></x:sst>";
    let book = make::stored(&[
        ("XL\\Workbook.xml", b"<workbook><sheets><sheet name=\"S\" sheetId=\"1\"/></sheets></workbook>"),
        ("xl/worksheets/sheet1.xml", plain.as_bytes()),
        ("xl/sharedStrings.xml", shared.as_bytes()),
    ]);

    let found = unpack(&book);

    assert_eq!(found.texts(), [("x!S", "shared\n")]);
    assert_eq!(found.faults, []);
}

#[test]
fn a_cell_at_the_far_corner_costs_a_line_of_tabs() {
    let rows = "<row r=\"1\"><c r=\"A1\"><v>1</v></c></row><row r=\"1048576\"><c r=\"XFD1048576\"><v>2</v></c></row>";

    assert_eq!(text(rows, None), format!("1\n{}2\n", "\t".repeat(16_383)));
}

#[test]
fn a_column_beyond_the_last_is_the_last() {
    assert_eq!(text("<row><c r=\"ZZZZZZ1\"><v>1</v></c><c><v>2</v></c></row>", None).trim_start(), "1\t2\n");
}

#[test]
fn entities_of_its_own_are_not_expanded() {
    let bomb = "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\"><!ENTITY c SYSTEM \"file:///etc/passwd\">]>\
                <worksheet><sheetData><row><c t=\"str\"><v>&b;&c;&amp;</v></c></row></sheetData></worksheet>";

    let found = unpack(&make::book(&[("S", bomb)], None));

    assert_eq!(found.texts(), [("x!S", "&b;&c;&\n")]);
    assert!(found.lines()[0].ends_with("uses entities of its own, which are not expanded"), "{:?}", found.lines());
}

#[test]
fn a_piece_of_xml_without_end_is_given_up() {
    let endless = sheet(&format!("<row><c><v>1</v></c></row><row a=\"{}\"/>", "x".repeat(5 << 20)));

    let found = unpack(&make::book(&[("S", &endless), ("T", &sheet("<row><c><v>2</v></c></row>"))], None));

    assert_eq!(found.texts(), [("x!S", "1\n"), ("x!T", "2\n")]);
    assert!(found.lines()[0].contains("a piece of XML longer than"), "{:?}", found.lines());
}

#[test]
fn xml_nested_without_end_is_given_up() {
    let deep = sheet(&format!("<row><c><v>1</v></c></row>{}", "<a>".repeat(1000)));

    let found = unpack(&make::book(&[("S", &deep)], None));

    assert_eq!(found.texts(), [("x!S", "1\n")]);
    assert!(found.lines()[0].contains("nested more than 256 deep"), "{:?}", found.lines());
}

#[test]
fn damaged_xml_gives_what_came_before() {
    for (tail, what) in [("<row <", "damaged"), ("<row>\u{0}<c t=\"str\"><v>", "")] {
        let broken = format!("<worksheet><sheetData><row><c><v>1</v></c></row>{tail}");
        let found = unpack(&make::book(&[("S", &broken)], None));

        assert_eq!(found.texts(), [("x!S", "1\n")]);
        assert!(found.lines().iter().all(|line| line.contains(what)), "{:?}", found.lines());
    }
    let latin =
        [b"<worksheet><sheetData><row><c><v>1</v></c></row><row><c t=\"str\"><v>".to_vec(), vec![0xe9, b'<']].concat();
    let book = make::stored(&[
        ("xl/workbook.xml", b"<sheets><sheet name=\"S\"/></sheets>"),
        ("xl/worksheets/sheet1.xml", &latin),
    ]);
    assert_eq!(unpack(&book).texts(), [("x!S", "1\n")]);
    assert!(unpack(&book).lines()[0].contains("not UTF-8"), "{:?}", unpack(&book).lines());
}

#[test]
fn a_missing_string_is_counted() {
    let rows =
        "<row><c t=\"s\"><v>0</v></c><c t=\"s\"><v>7</v></c><c t=\"s\"><v>-1</v></c><c t=\"s\"><v>x</v></c></row>";

    let found = unpack(&make::book(&[("S", &sheet(rows))], Some("<sst><si><t>a</t></si></sst>")));

    assert_eq!(found.texts(), [("x!S", "a\n")]);
    assert!(
        found.lines()[0].ends_with("3 cells name a shared string that is missing: left empty"),
        "{:?}",
        found.lines()
    );
}

#[test]
fn shared_strings_stay_within_what_may_be_held() {
    let shared = format!("<sst>{}</sst>", "<si><t>0123456789</t></si>".repeat(200));
    let rows = "<row><c t=\"s\"><v>0</v></c><c t=\"s\"><v>199</v></c></row>";
    let book = make::book(&[("S", &sheet(rows))], Some(&shared));
    let (folder, path) = file_of(&book);
    let read = AtomicU64::new(0);
    let limits = Limits { held_bytes: 1000, ..small() };
    let mut found = Found::default();

    Unpacker { limits, scratch: folder.path(), read: &read }.path(&path, &mut found).expect("the sink never stops");

    assert!(found.streams[0].1.starts_with(b"0123456789\n"));
    assert!(found.lines()[0].contains("shared strings of more than 1000 bytes"), "{:?}", found.lines());
    assert!(found.lines()[1].contains("1 cells name a shared string that is missing"), "{:?}", found.lines());
}

#[test]
fn one_long_shared_string_in_every_cell_is_a_bomb() {
    let shared = format!("<sst><si><t>{}</t></si></sst>", "x".repeat(32_767));
    let rows = format!("<row>{}</row>", "<c t=\"s\"><v>0</v></c>".repeat(100));
    let book = make::book(&[("S", &sheet(&rows))], Some(&shared));

    let (found, totals) = unpack_within(Limits { unpacked_bytes: 1 << 20, ..small() }, &book);

    assert!(totals.unpacked_bytes < 2 << 20);
    assert!(found.streams[0].1.len() < 2 << 20);
    assert!(found.lines()[0].contains("unpacks to more than 1048576 bytes"), "{:?}", found.lines());
}

#[test]
fn two_sheets_of_one_part_are_read_once_and_missing_ones_are_said() {
    let book = make::stored(&[
        (
            "xl/workbook.xml",
            b"<sheets><sheet name=\"A\" r:id=\"1\"/><sheet name=\"B\" r:id=\"1\"/><sheet name=\"C\" r:id=\"2\"/></sheets>",
        ),
        (
            "xl/_rels/workbook.xml.rels",
            b"<r><Relationship Id=\"1\" Target=\"a.xml\"/><Relationship Id=\"2\" Target=\"c.xml\"/></r>",
        ),
        ("xl/a.xml", b"<row><c><v>1</v></c></row>"),
    ]);

    let found = unpack(&book);

    assert_eq!(found.texts(), [("x!A", "1\n")]);
    assert_eq!(
        found.lines(),
        [
            "x!B: is the same part of the book as another sheet: read once",
            "x!C: the book has no such sheet: its part is missing",
        ]
    );
}

#[test]
fn what_a_book_carries_beside_its_sheets_is_read_too() {
    let inner = make::squeeze(codec::Codec::Gzip, b"plain");
    let book = make::stored(&[
        ("xl/workbook.xml", b"<sheets><sheet name=\"A\"/></sheets>"),
        ("xl/worksheets/sheet1.xml", b"<row><c><v>1</v></c></row>"),
        ("xl/styles.xml", b"<styles/>"),
        ("xl/theme/theme1.xml", b"<theme/>"),
        ("xl/comments1.xml", b"<comment/>"),
        ("dump.csv.gz", &inner),
    ]);

    let found = unpack(&book);

    assert_eq!(found.texts(), [("x!A", "1\n"), ("x!xl/comments1.xml", "<comment/>"), ("x!dump.csv.gz", "plain")]);
    assert_eq!(found.faults, []);
}

#[test]
fn a_book_whose_contents_page_is_broken_is_read_as_an_archive() {
    let book = make::stored(&[("xl/workbook.xml", b"<<<"), ("xl/worksheets/sheet1.xml", b"<c/>")]);

    let found = unpack(&book);

    assert_eq!(found.names(), ["x!xl/workbook.xml", "x!xl/worksheets/sheet1.xml"]);
    assert_eq!(found.faults.len(), 1);
}

#[test]
fn a_binary_book_is_said_and_read_as_an_archive() {
    let found = unpack(&make::stored(&[("xl/workbook.bin", b"\x83\x01")]));

    assert_eq!(found.names(), ["x!xl/workbook.bin"]);
    assert_eq!(found.lines(), ["x: is an xlsb book, whose sheets are not read"]);
}

#[test]
fn a_book_in_an_archive_is_a_book() {
    let book = make::book(&[("S", &sheet("<row><c><v>1</v></c></row>"))], None);

    let found = unpack(&make::tar(&[("b.xlsx", &book)]));

    assert_eq!(found.texts(), [("x!b.xlsx!S", "1\n")]);
}
