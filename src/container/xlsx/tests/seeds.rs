//! What the fuzzer of workbooks begins with (docs/fuzzing.md): sheet, shared
//! strings and styles, with zeros between them.

use super::*;
use crate::fuzz_seeds::keep;

#[test]
fn the_fuzzers_begin_with_sheets_that_can_be_planted_into() {
    let (rows, strings) = usual(14);
    let filter = "<autoFilter ref=\"A1:D15\"/>";
    let inline = |at: usize, text: &str| {
        format!("<c r=\"{}2\" t=\"inlineStr\"><is><t>{text}</t></is></c>", ["A", "B", "C", "D"][at])
    };
    let added = format!("<row r=\"16\">{}</row>", inline(0, "YT20000").replace("A2", "A16"));
    let sheets = [
        worksheet(&rows, ""),
        worksheet(&rows, filter),
        worksheet(&rows.replace("</row>", "<c><f>D2*2</f><v>1</v></c></row>"), "<mergeCells/>"),
        worksheet(&(rows.replace(" ht=\"18\"", "") + &added), "<conditionalFormatting sqref=\"A1:A9\"/>"),
    ];
    let bench = Bench::new();
    let mut seeds = Vec::new();
    for sheet in &sheets[..2] {
        bench.plant(&Parts::of(sheet, Some(&strings)), 2, 5).unwrap_or_else(|fault| panic!("{fault}"));
    }
    for sheet in sheets {
        let parts = Parts::of(&sheet, Some(&strings));
        seeds.push([sheet.as_bytes(), strings.as_bytes(), parts.get("xl/styles.xml").as_bytes()].join(&0));
    }

    keep("container", &seeds);
}
