//! Whatever the workbook, its original comes back.

use proptest::prelude::*;

use super::*;

/// How a made-up workbook is written.
#[derive(Clone, Debug)]
struct Style {
    prefix: &'static str,
    numbered: bool,
    shared: bool,
    blank: &'static str,
    formula: Option<&'static str>,
    rows: u32,
    gap: u32,
    footer: bool,
    mark: bool,
}

fn style() -> impl Strategy<Value = Style> {
    let formulas = prop::sample::select(vec![
        None,
        Some("D{}*2"),
        Some("SUM(D$3:D{})"),
        Some("运单!D{}&amp;\"D{}\""),
        Some("IF(D{}&gt;$D$9,Other!A{},'x y'!B{})"),
    ]);
    (
        prop::sample::select(vec!["", "x:"]),
        any::<bool>(),
        any::<bool>(),
        prop::sample::select(vec!["", "\n", "\r\n    "]),
        formulas,
        8u32..40,
        0u32..3,
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(prefix, numbered, shared, blank, formula, rows, gap, footer, mark)| Style {
            prefix,
            numbered,
            shared,
            blank,
            formula,
            rows,
            // without numbers there are no gaps
            gap: if numbered { gap } else { 0 },
            footer,
            mark,
        })
}

fn parts(style: &Style) -> Parts {
    let p = style.prefix;
    let mut strings: Vec<String> = Vec::new();
    let mut cell = |column: char, row: u32, text: &str, is_number: bool| {
        let at = if style.numbered { format!(" r=\"{column}{row}\"") } else { String::new() };
        if is_number {
            return format!("<{p}c{at}><{p}v>{text}</{p}v></{p}c>");
        }
        if style.shared {
            let number = strings.iter().position(|other| other == text).unwrap_or_else(|| {
                strings.push(text.to_owned());
                strings.len() - 1
            });
            return format!("<{p}c{at} t=\"s\"><{p}v>{number}</{p}v></{p}c>");
        }
        format!("<{p}c{at} t=\"inlineStr\"><{p}is><{p}t>{text}</{p}t></{p}is></{p}c>")
    };
    let row = |number: u32, cells: &str| {
        let at = if style.numbered { format!(" r=\"{number}\"") } else { String::new() };
        format!("{}<{p}row{at}>{cells}</{p}row>", style.blank)
    };
    let mut rows = row(
        1,
        &["运单号", "揽收时间", "收件人", "收件电话"]
            .iter()
            .zip('A'..)
            .map(|(name, column)| cell(column, 1, name, false))
            .collect::<String>(),
    );
    let mut number = 1;
    for at in 0..style.rows {
        number += 1 + if at % 5 == 4 { style.gap } else { 0 };
        let mut cells = cell('A', number, &format!("YT{:05}", 10_000 + 7 * at), false)
            + &cell('B', number, &format!("2020-11-0{} 09:01:0{}", at / 10 + 1, at % 10), false)
            + &cell('C', number, ["王芳", "李 平", "张&amp;三"][at as usize % 3], false)
            + &cell('D', number, &format!("138000{at:05}"), true);
        if let Some(formula) = style.formula {
            let at = if style.numbered { format!(" r=\"E{number}\"") } else { String::new() };
            let formula = formula.replace("{}", &number.to_string());
            cells += &format!("<{p}c{at}><{p}f>{formula}</{p}f><{p}v>1</{p}v></{p}c>");
        }
        rows += &row(number, &cells);
    }
    if style.footer {
        rows += &row(number + 2, &cell('A', number + 2, "合计", false));
    }
    let mark = if style.mark { "\u{feff}" } else { "" };
    let sheet = format!(
        "{mark}<?xml version=\"1.0\"?>\r\n<{p}worksheet><{p}dimension ref=\"A1:E{number}\" /><{p}sheetData>{rows}{}</{p}sheetData>\
        <{p}autoFilter ref='A1:E{number}'/></{p}worksheet>\n",
        style.blank
    );
    let items: String = strings.iter().map(|text| format!("<{p}si><{p}t>{text}</{p}t></{p}si>")).collect();
    let table = format!("<{p}sst count=\"{}\" uniqueCount=\"{}\">{items}</{p}sst>", strings.len(), strings.len());
    Parts::of(&sheet, style.shared.then_some(table.as_str()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_is_planted_is_proven_and_the_rest_comes_back(style in style(), count in 1usize..6, seed: u8) {
        let bench = Bench::new();
        let parts = parts(&style);

        // proves and verifies
        let done = bench.plant(&parts, count, seed).map_err(|fault| TestCaseError::fail(fault.to_string()))?;

        prop_assert_eq!(place(&done.rows).rows.len(), count);
        for (name, content) in &parts.0 {
            if name.contains("sheet2") || name.contains("styles") || name.contains("rels") {
                prop_assert_eq!(done.parts.get(name), content);
            }
        }
        // the planted workbook is read like any other
        let again = bench.open(&done.parts, &Options::default(), None);
        let again = again.map_err(|fault| TestCaseError::fail(fault.to_string()))?;
        prop_assert_eq!(again.survey.rows, u64::from(style.rows) + count as u64);
    }
}
