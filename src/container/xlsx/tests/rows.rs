//! What planted rows look like.

use super::*;

#[test]
fn planted_rows_are_written_as_their_donors_are() {
    let bench = Bench::new();
    let (rows, strings) = usual(40);

    let done = bench.plant(&Parts::of(&worksheet(&rows, ""), Some(&strings)), 3, 1).expect("it is sound");

    let sheet = done.sheet();
    let texts = Texts::read(&mut done.parts.get("xl/sharedStrings.xml").as_bytes()).expect("strings");
    let mut reader = SheetReader::new(sheet.as_bytes()).expect("a sheet");
    let (mut number, mut highest, mut planted) = (0, None, 0);
    loop {
        match reader.next().expect("it is sound") {
            Piece::Row(row) => {
                number += 1;
                assert_eq!(row.number, number, "rows are numbered without gaps");
                for cell in row.cells.iter().filter(|cell| cell.kind == Kind::Shared) {
                    let string: usize = row.text(cell).parse().expect("a number");
                    assert_eq!(
                        Some(string),
                        highest.map_or(Some(0), |highest: usize| Some(highest + 1)),
                        "in the order of use"
                    );
                    highest = Some(string);
                    assert!(texts.get(string).is_some());
                }
                if place(&done.rows).rows.contains(&row.number) {
                    planted += 1;
                    assert!(row.raw.contains("ht=\"18\"") && row.raw.contains(" s=\"2\" t=\"s\"><v>"), "{}", row.raw);
                    assert!(row.raw.contains("<v>1640000000"), "a phone is a number as the donor's: {}", row.raw);
                }
            }
            Piece::End => break,
            _ => {}
        }
    }
    assert_eq!((planted, number), (3, 44));
    assert!(done.parts.get("xl/sharedStrings.xml").contains("count=\"90\" uniqueCount=\"90\""));
}

#[test]
fn strings_that_are_in_no_order_get_new_ones_at_the_end() {
    let bench = Bench::new();
    let (rows, strings) = usual(40);
    // as an editor leaves them: the first row's name is the last string
    let rows = rows.replacen("<v>5</v>", "<v>84</v>", 1);
    let strings = strings.replace("</sst>", "<si><t>末</t></si></sst>").replace("=\"84\"", "=\"85\"");

    let done = bench.plant(&Parts::of(&worksheet(&rows, ""), Some(&strings)), 2, 1).expect("it is sound");

    let numbers = &place(&done.rows).strings;
    assert_eq!(numbers, &[85, 86, 87, 88], "two numbers and two names");
}

#[test]
fn a_text_that_is_there_is_used_again() {
    let bench = Bench::new();
    let (rows, strings) = usual(40);
    let strings = strings.replace(">收件7<", ">周惠<");

    let done = bench.plant(&Parts::of(&worksheet(&rows, ""), Some(&strings)), 1, 1).expect("it is sound");

    assert_eq!(place(&done.rows).strings.len(), 1, "only the waybill number is new");
    assert_eq!(place(&done.rows).string_uses, 2);
    assert!(done.parts.get("xl/sharedStrings.xml").contains("count=\"86\" uniqueCount=\"85\""));
}

#[test]
fn texts_of_their_own_and_rows_without_numbers_stay_such() {
    let bench = Bench::new();
    let cell = |text: &str| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let row = |cells: &[&str]| format!("\n  <row>{}</row>", cells.iter().map(|text| cell(text)).collect::<String>());
    let mut rows = row(&["运单号", "揽收时间", "收件人", "收件电话"]);
    for at in 0..30 {
        let number = format!("YT{:05}", 10_000 + 7 * at);
        rows += &row(&[&number, &format!("2020-11-01 09:{at:02}:07"), "王 芳", &format!("138-0000-{at:04}")]);
    }

    let done = bench.plant(&Parts::of(&worksheet(&format!("{rows}\n"), ""), None), 3, 4).expect("it is sound");

    let sheet = done.sheet();
    assert_eq!(sheet.matches("<row").count(), 34);
    assert!(sheet.contains("<t>164-0000-0001</t>") && sheet.contains("<t>李 &amp; &lt;子&gt;</t>"), "{sheet}");
    assert_eq!(sheet.matches("\n  <row").count(), 34, "planted rows are on lines of their own, as others are");
    assert!(place(&done.rows).strings.is_empty());
}

#[test]
fn a_title_a_header_of_two_lines_totals_and_blank_rows_are_told_from_records() {
    let bench = Bench::new();
    let cell = |at: &str, text: &str| format!("<c r=\"{at}\" t=\"str\"><v>{text}</v></c>");
    let mut rows = format!("<row r=\"2\">{}</row>", cell("A2", "永年区二部 2020-11-01"));
    rows +=
        &format!("<row r=\"4\">{}{}{}</row>", cell("A4", "运单号"), cell("B4", "揽收时间"), cell("C4", "收件人信息"));
    rows += &format!("<row r=\"5\">{}{}</row>", cell("C5", "姓名"), cell("D5", "电话"));
    for row in 7..27 {
        rows += &format!(
            "<row r=\"{row}\">{}<c r=\"B{row}\" s=\"1\"><v>44136.{row:02}5</v></c>{}{}</row>",
            cell(&format!("A{row}"), &format!("YT{:05}", 10_000 + 7 * row)),
            cell(&format!("C{row}"), "王芳"),
            cell(&format!("D{row}"), &format!("13800000{row:03}")),
        );
    }
    rows += "<row r=\"29\"><c r=\"A29\" t=\"str\"><v>合计</v></c></row>";
    let behind = "<mergeCells><mergeCell ref=\"A2:D2\"/><mergeCell ref=\"A4:A5\"/><mergeCell ref=\"B4:B5\"/>\
        <mergeCell ref=\"C4:D4\"/></mergeCells>";
    let parts = Parts::of(&worksheet(&rows, behind), None);

    let book = bench.open(&parts, &Options::default(), None).expect("it is sound");
    assert_eq!(book.survey.header.as_ref().map(|header| header.row), Some(5));
    assert_eq!((book.survey.data, book.survey.rows, book.survey.left_out), ((7, 26), 20, 1));
    assert!(book.hints()[0].contains("1 rows"));

    let done = bench.plant(&parts, 3, 2).expect("it is sound");
    assert!(place(&done.rows).rows.iter().all(|row| (7..30).contains(row)));
    assert!(done.sheet().contains("<c r=\"A32\" t=\"str\"><v>合计</v></c>"));
    assert!(done.sheet().contains("ref=\"A4:A5\""));
}

#[test]
fn nothing_is_put_into_merged_cells() {
    let (rows, strings) = usual(60);
    // the name of every second pair of rows is one cell
    let merged: String = (0..14).map(|at| format!("<mergeCell ref=\"C{}:C{}\"/>", 4 + 4 * at, 5 + 4 * at)).collect();
    let parts = Parts::of(&worksheet(&rows, &format!("<mergeCells>{merged}</mergeCells>")), Some(&strings));
    for seed in 0..8 {
        let bench = Bench::new();
        let done = bench.plant(&parts, 5, seed).expect("it is sound");

        let sheet = done.sheet();
        for merge in sheet.split("<mergeCell ref=\"C").skip(1) {
            let (from, to) = merge.split('"').next().and_then(|range| range.split_once(":C")).expect("a range");
            let (from, to): (u32, u32) = (from.parse().expect("a row"), to.parse().expect("a row"));
            assert_eq!(to, from + 1, "no planted row is within merged cells");
            assert!(!place(&done.rows).rows.iter().any(|row| (from..=to).contains(row)));
        }
    }
}

#[test]
fn hidden_seconds_are_planted_too() {
    let bench = Bench::new();
    let mut rows =
        "<row r=\"1\"><c r=\"A1\" t=\"str\"><v>揽收时间</v></c><c r=\"B1\" t=\"str\"><v>收件电话</v></c></row>"
            .to_owned();
    for row in 2..40 {
        let time = 44_136.0 + f64::from(row * 3607) / 86_400.0;
        rows += &format!(
            "<row r=\"{row}\"><c r=\"A{row}\" s=\"1\"><v>{}</v></c><c r=\"B{row}\" t=\"str\"><v>138000000{row:02}</v></c></row>",
            Digits::Fifteen.write(time)
        );
    }
    let done = bench.plant(&Parts::of(&worksheet(&rows, ""), None), 8, 3).expect("it is sound");

    let mut reader = SheetReader::new(done.sheet().as_bytes()).expect("a sheet");
    let (mut last, mut on_the_minute) = (0.0, 0);
    loop {
        match reader.next().expect("it is sound") {
            Piece::Row(row) if row.number > 1 => {
                let text = row.text(&row.cells[0]).to_owned();
                let time: f64 = text.parse().expect("a number");
                assert!(time >= last, "times rise on");
                last = time;
                if place(&done.rows).rows.contains(&row.number) {
                    assert!(text.len() <= 16, "fifteen digits, as the others: {text}");
                    on_the_minute += u32::from(((time * 1440.0).round() / 1440.0 - time).abs() < 1e-7);
                }
            }
            Piece::End => break,
            _ => {}
        }
    }
    assert!(on_the_minute < 4, "{on_the_minute} of 8 planted times are on the full minute");
}

use super::values::Digits;

#[test]
fn the_sheet_with_the_most_records_is_chosen_or_the_one_that_is_named() {
    let bench = Bench::new();
    let (few, strings) = usual(12);
    let (many, _) = usual(12);
    let mut parts = Parts::of(&worksheet(&few, ""), Some(&strings));
    let (head, tail) = many.split_at(many.find("<row r=\"13\"").expect("a row"));
    let _ = tail;
    parts.put("xl/worksheets/sheet2.xml", &worksheet(head, ""));
    let options = Options::default();

    assert_eq!(bench.open(&parts, &options, None).expect("it is sound").sheet(), "运单");
    assert_eq!(bench.open(&parts, &options, Some("other")).expect("it is sound").sheet(), "Other");
    let fault = bench.open(&parts, &options, Some("third")).err().expect("there is none");
    assert!(fault.hint.is_some_and(|hint| hint.contains("运单, Other")));
}
