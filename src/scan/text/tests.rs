//! Rows as wholes: what each kind of writer wrote comes back as cells.

use proptest::prelude::*;

use super::*;

fn row(text: &str) -> RowText {
    RowText::read(text.as_bytes(), None)
}

#[test]
fn an_ordinary_row_needs_no_repair() {
    let export = include_str!("../../../tests/data/exports/yongnian_2400.csv");

    for line in export.lines().skip(1) {
        let row = row(line);

        assert_eq!(row.text(), line);
        assert_eq!(row.layout(), Layout::Comma);
        assert_eq!(row.cells().join(","), line);
        assert!(row.repairs().is_empty(), "{:?}", row.repairs());
    }
}

#[test]
fn every_repair_is_noted() {
    let (gbk, ..) = encoding_rs::GBK.encode("李丽,15433063750,上海市");
    let utf16: Vec<u8> = "李丽,15433063750".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, encoding, repairs) in [
        (&gbk[..], None, &[Repair::Gbk][..]),
        (&utf16, Some(encoding_rs::UTF_16LE), &[Repair::Utf16]),
        (b"Jos\xe9,15433063750", None, &[Repair::OtherEncoding]),
        (&"李丽,上海,15433063750,上".as_bytes()[..28], None, &[Repair::Lossy]),
        ("鏉庝附,15433063750".as_bytes(), None, &[Repair::Mojibake]),
        ("<td>李丽</td><td>15433063750".as_bytes(), None, &[Repair::Html]),
        ("&#26446;丽;15433063750".as_bytes(), None, &[Repair::Html]),
        (br#"{"a":"\u674e","b":15433063750}"#, None, &[Repair::Json]),
        ("VALUES ('李丽',15433063750)".as_bytes(), None, &[Repair::Sql]),
        ("李丽,'15433063750".as_bytes(), None, &[Repair::KeptAsText]),
        ("李丽,１５４３３０６３７５０".as_bytes(), None, &[Repair::FullWidth]),
    ] {
        let row = RowText::read(bytes, encoding);

        assert_eq!(row.repairs().iter().copied().collect::<Vec<_>>(), repairs, "{:?}", row.text());
    }
}

#[test]
fn a_row_without_a_separator_is_one_cell() {
    let row = row("李丽13166666666上海市黄浦区人民路1号\r\n");

    assert_eq!(
        (row.layout(), row.cells()),
        (Layout::OneCell, &["李丽13166666666上海市黄浦区人民路1号".to_owned()][..])
    );
}

#[test]
fn markup_that_leaves_no_cell_is_one_cell() {
    for text in ["<tr李</td><td4 15433063750</td></tr>", "<tr>", "{}", "[]", "VALUES ()"] {
        assert_eq!(row(text).cells().len(), 1, "{text}");
    }
}

#[test]
fn debug_shows_nothing_of_the_row() {
    let shown = format!("{:?}", row("李丽,15433063750"));

    assert!(!shown.contains("154") && !shown.contains('李'), "{shown}");
}

#[test]
fn nothing_is_a_row_too() {
    assert_eq!(row("").cells(), [""]);
    assert_eq!(RowText::read(&[], Some(encoding_rs::UTF_16LE)).cells(), [""]);
}

/// What an export's cells hold.
fn cells() -> impl Strategy<Value = Vec<String>> {
    let address = "(河北省|广东省)(邯郸市|广州市)[人民和平]{2}路[0-9]{1,3}号(\\(放门口\\)|（送货上门）|，3单元|, 3)?";
    (
        "(YT[0-9]{13})?",
        "[王李张刘][伟芳娜秀]{1,2}",
        "1[3-9][0-9]{9}",
        address,
        prop::sample::select(vec!["女装", "红|黄", "a\"b", "Home goods", "3.52", ""]),
    )
        .prop_map(|(number, name, phone, address, goods)| vec![number, name, phone, address, goods.to_owned()])
}

/// Writes a row as a program of this layout does; `None` where it cannot.
fn written(layout: Layout, cells: &[String]) -> Option<String> {
    let joined = |separator: &str| {
        let is_plain = !cells.iter().any(|cell| cell.contains(separator) || cell.contains('"'));
        is_plain.then(|| cells.join(separator))
    };
    let quoted = |separator: &str| {
        let quote = |cell: &String| match cell.contains(['"', ' ']) || cell.contains(separator) {
            true => format!("\"{}\"", cell.replace('"', "\"\"")),
            false => cell.clone(),
        };
        Some(cells.iter().map(quote).collect::<Vec<_>>().join(separator))
    };
    let each = |write: &dyn Fn(&String) -> String| cells.iter().map(write).collect::<Vec<_>>();
    match layout {
        Layout::Comma => quoted(","),
        Layout::Tab => quoted("\t"),
        Layout::Bar => quoted("|"),
        Layout::Semicolon => quoted(";"),
        Layout::Dashes => joined("----"),
        Layout::WideComma => joined("，"),
        Layout::WideSemicolon => joined("；"),
        Layout::WideBar => joined("｜"),
        Layout::Html => {
            let escape = |cell: &String| format!("<td>{}</td>", cell.replace('&', "&amp;").replace('"', "&quot;"));
            Some(format!("<tr>{}</tr>", each(&escape).concat()))
        }
        Layout::Json => {
            let pair = |cell: &String| format!("\"k\":{}", serde_json::Value::from(cell.as_str()));
            Some(format!("{{{}}}", each(&pair).join(",")))
        }
        Layout::Sql => {
            let value = |cell: &String| format!("'{}'", cell.replace('\'', "''"));
            Some(format!("INSERT INTO t VALUES ({});", each(&value).join(",")))
        }
        Layout::OneCell => None,
    }
}

proptest! {
    #[test]
    fn what_a_writer_of_each_layout_wrote_gives_the_cells_back(cells in cells()) {
        for layout in [
            Layout::Comma, Layout::Tab, Layout::Bar, Layout::Semicolon, Layout::Dashes, Layout::WideComma,
            Layout::WideSemicolon, Layout::WideBar, Layout::Html, Layout::Json, Layout::Sql,
        ] {
            let Some(text) = written(layout, &cells) else { continue };

            let row = row(&text);

            prop_assert_eq!(row.layout(), layout, "{}", text);
            prop_assert_eq!(row.cells(), &cells[..], "{}", text);
        }
    }

    /// Whatever stands around a number, its digits come out as they were.
    #[test]
    fn no_reading_loses_a_numbers_digits(
        before in prop::collection::vec(any::<u8>(), 0..40),
        behind in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let bytes = [b"a", &before[..], b",15433063750,", &behind[..]].concat();

        for encoding in [None, Some(encoding_rs::GBK), Some(encoding_rs::BIG5), Some(encoding_rs::UTF_8)] {
            prop_assert!(RowText::read(&bytes, encoding).text().contains(",15433063750,"));
        }
    }

    #[test]
    fn no_splitting_loses_a_numbers_digits(
        before in "[>td/:',()\\\\u0-9#;李?\u{fffd} \t|-]{0,30}",
        behind in "[>td/:',()\\\\u0-9#;李?\u{fffd} \t|-]{0,30}",
    ) {
        let row = row(&format!("a{before},15433063750,{behind}"));

        prop_assert!(row.cells().iter().any(|cell| cell.contains("15433063750")), "{:?}", row.cells());
    }
}
