//! What follows the rows, in all parts of a workbook.

use super::*;

fn with_formulas(rows: u32, formula: impl Fn(u32) -> String) -> Parts {
    let (mut sheet, strings) = usual(rows);
    for row in 2..rows + 2 {
        let cell = format!("<c r=\"E{row}\">{}<v>0</v></c>", formula(row));
        let end = sheet.find(&format!("<row r=\"{}\"", row + 1)).unwrap_or(sheet.len()) - "</row>".len();
        sheet.insert_str(end, &cell);
    }
    Parts::of(&worksheet(&sheet, ""), Some(&strings))
}

#[test]
fn formulas_move_along_and_planted_rows_have_their_own() {
    let bench = Bench::new();
    let mut parts = with_formulas(30, |row| format!("<f>D{row}*2+$D$31</f>"));
    parts.put(
        "xl/worksheets/sheet2.xml",
        "<worksheet><sheetData><row r=\"1\"><c r=\"A1\"><f>SUM(运单!D2:D31)</f><v>1</v></c></row></sheetData></worksheet>",
    );

    let done = bench.plant(&parts, 3, 1).expect("it is sound");

    for (row, next) in (2..35).zip(3..) {
        let start = done.sheet().find(&format!("<row r=\"{row}\"")).expect("a row");
        let end = done.sheet().find(&format!("<row r=\"{next}\"")).unwrap_or(done.sheet().len());
        let row_xml = &done.sheet()[start..end];
        assert!(row_xml.contains(&format!("<f>D{row}*2+$D$34</f>")), "{row_xml}");
    }
    assert!(done.parts.get("xl/worksheets/sheet2.xml").contains("SUM(运单!D2:D34)"));
    assert!(done.parts.get("xl/workbook.xml").contains("</sheets><calcPr fullCalcOnLoad=\"1\"/>"));
}

#[test]
fn a_shared_formula_takes_planted_rows_in() {
    let bench = Bench::new();
    let parts = with_formulas(30, |row| match row {
        2 => "<f t=\"shared\" ref=\"E2:E31\" si=\"0\">D2*2</f>".to_owned(),
        _ => "<f t=\"shared\" si=\"0\"/>".to_owned(),
    });

    for seed in 0..6 {
        let done = bench.plant(&parts, 5, seed).expect("it is sound");

        let planted = &place(&done.rows).rows;
        let first = (2..).find(|row| !planted.contains(row)).expect("a row");
        assert!(
            done.sheet().contains(&format!("<f t=\"shared\" ref=\"E2:E36\" si=\"0\">D{first}*2</f>")),
            "{planted:?}"
        );
        assert_eq!(done.sheet().matches("<f t=\"shared\" si=\"0\"/>").count() as u32, 29 + 5 - (first - 2));
        for row in 2..first {
            assert!(done.sheet().contains(&format!("<c r=\"E{row}\"><f>D{row}*2</f>")));
        }
    }
}

#[test]
fn a_shared_formula_that_looks_at_the_row_above_is_refused() {
    let bench = Bench::new();
    let parts = with_formulas(30, |row| match row {
        2 => "<f t=\"shared\" ref=\"E2:E31\" si=\"0\">E1+D2</f>".to_owned(),
        _ => "<f t=\"shared\" si=\"0\"/>".to_owned(),
    });

    let fault = bench.plant(&parts, 3, 1).err().expect("it would say something else");

    assert!(fault.to_string().contains("looks at other rows") && fault.hint.is_some(), "{fault}");
}

#[test]
fn what_stands_behind_the_rows_moves_along() {
    let bench = Bench::new();
    let (rows, strings) = usual(30);
    let behind = "<autoFilter ref=\"A1:D31\"/>\
        <conditionalFormatting sqref=\"D2:D31\"><cfRule><formula>AND($D2&gt;5,COUNTIF($D$2:$D2,$D2)&gt;1)</formula></cfRule></conditionalFormatting>\
        <dataValidations><dataValidation sqref=\"C2:C31 C33\"><formula1>Other!$X$1:$X$9</formula1></dataValidation></dataValidations>\
        <hyperlinks><hyperlink ref=\"A31\" location=\"运单!A31\"/></hyperlinks>\
        <rowBreaks count=\"1\"><brk id=\"31\" max=\"3\" man=\"1\"/></rowBreaks><colBreaks><brk id=\"31\"/></colBreaks>\
        <extLst><ext><x14:conditionalFormattings><x14:conditionalFormatting><x14:cfRule><xm:f>$D2&gt;Other!$A$2</xm:f></x14:cfRule>\
        <xm:sqref>D2:D31</xm:sqref></x14:conditionalFormatting></x14:conditionalFormattings>\
        <x14:sparklineGroups><x14:sparkline><xm:f>运单!D31</xm:f><xm:sqref>F31</xm:sqref></x14:sparkline></x14:sparklineGroups></ext></extLst>";
    let mut parts = Parts::of(&worksheet(&rows, behind), Some(&strings));
    let sheet = parts.get("xl/worksheets/sheet1.xml").replace("<sheetData>", "<dimension ref=\"A1:D31\"/><sheetData>");
    parts.put("xl/worksheets/sheet1.xml", &sheet);
    parts.put(
        "xl/workbook.xml",
        &parts.get("xl/workbook.xml").replace(
            "</sheets>",
            "</sheets><definedNames><definedName name=\"_xlnm.Print_Area\" localSheetId=\"0\">运单!$A$1:$D$31</definedName>\
            <definedName name=\"x\">Other!$A$31</definedName></definedNames><calcPr calcId=\"1\"/>",
        ),
    );
    parts.relate(&[
        ("table", "../tables/table1.xml"),
        ("comments", "../comments1.xml"),
        ("vmlDrawing", "../drawings/vmlDrawing1.vml"),
        ("drawing", "../drawings/drawing1.xml"),
        ("hyperlink", "http://x"),
    ]);
    parts.put("xl/tables/table1.xml", "<table ref=\"A1:D31\"><autoFilter ref=\"A1:D31\"/><calculatedColumnFormula>运单!$D$31</calculatedColumnFormula></table>");
    parts.put(
        "xl/comments1.xml",
        "<comments><commentList><comment ref=\"C31\"><text><t>A31</t></text></comment></commentList></comments>",
    );
    parts.put(
        "xl/drawings/vmlDrawing1.vml",
        "<xml><v:shape><br><x:ClientData><x:Anchor>\n3, 15, 29, 10, 5, 15, 33, 4</x:Anchor><x:Row>30</x:Row><x:Column>2</x:Column></x:ClientData></v:shape></xml>",
    );
    parts.put(
        "xl/drawings/drawing1.xml",
        "<xdr:wsDr><xdr:twoCellAnchor><xdr:from><xdr:col>5</xdr:col><xdr:row>30</xdr:row></xdr:from></xdr:twoCellAnchor></xdr:wsDr>",
    );
    parts.put("xl/charts/chart1.xml", "<c:chart><c:f>运单!$D$2:$D$31</c:f><c:f>Other!$D$31</c:f></c:chart>");
    parts.put("xl/calcChain.xml", "<calcChain><c r=\"A31\" i=\"1\"/><c r=\"A30\"/><c r=\"A31\" i=\"2\"/></calcChain>");

    for seed in 0..5 {
        let done = bench.plant(&parts, 4, seed).expect("it is sound");
        let last = (31..36).rev().find(|row| !place(&done.rows).rows.contains(row)).expect("a row");

        let has = |part: &str, texts: &[String]| {
            for text in texts {
                assert!(done.parts.get(part).contains(text.as_str()), "{part}: {text} in {}", done.parts.get(part));
            }
        };
        has(
            "xl/worksheets/sheet1.xml",
            &[
                "<dimension ref=\"A1:D35\"/>".to_owned(),
                "<autoFilter ref=\"A1:D35\"/>".to_owned(),
                "sqref=\"D2:D35\"><cfRule><formula>AND($D2&gt;5,COUNTIF($D$2:$D2,$D2)&gt;1)".to_owned(),
                "sqref=\"C2:C35 C37\"><formula1>Other!$X$1:$X$9".to_owned(),
                format!("<hyperlink ref=\"A{last}\" location=\"运单!A{last}\"/>"),
                format!("<brk id=\"{last}\" max=\"3\" man=\"1\"/>"),
                "<colBreaks><brk id=\"31\"/>".to_owned(),
                "<xm:f>$D2&gt;Other!$A$2</xm:f></x14:cfRule><xm:sqref>D2:D35</xm:sqref>".to_owned(),
                format!("<xm:f>运单!D{last}</xm:f><xm:sqref>F{last}</xm:sqref>"),
            ],
        );
        has(
            "xl/workbook.xml",
            &["运单!$A$1:$D$35".to_owned(), "Other!$A$31<".to_owned(), "<calcPr calcId=\"1\"/>".to_owned()],
        );
        has(
            "xl/tables/table1.xml",
            &["<table ref=\"A1:D35\"><autoFilter ref=\"A1:D35\"".to_owned(), format!("运单!$D${last}<")],
        );
        has("xl/comments1.xml", &[format!("ref=\"C{last}\"><text><t>A31</t>")]);
        has("xl/drawings/vmlDrawing1.vml", &[format!("<x:Row>{}</x:Row>", last - 1), "\n3, 15, ".to_owned()]);
        has("xl/drawings/drawing1.xml", &[format!("<xdr:row>{}</xdr:row>", last - 1), "<xdr:col>5<".to_owned()]);
        has("xl/charts/chart1.xml", &["运单!$D$2:$D$35<".to_owned(), "Other!$D$31<".to_owned()]);
        has("xl/calcChain.xml", &[format!("<c r=\"A{last}\" i=\"1\"/><c r=\"A"), "<c r=\"A31\" i=\"2\"/>".to_owned()]);
    }
}

#[test]
fn the_chain_of_calculations_gets_the_planted_formulas() {
    let bench = Bench::new();
    let mut parts = with_formulas(30, |row| format!("<f>D{row}*2</f>"));
    let chain: String =
        (2..32).map(|row| format!("<c r=\"E{row}\"{}/>", if row == 2 { " i=\"1\"" } else { "" })).collect();
    parts.put("xl/calcChain.xml", &format!("<calcChain>{chain}</calcChain>"));

    let done = bench.plant(&parts, 2, 1).expect("it is sound");

    let chain = done.parts.get("xl/calcChain.xml");
    for row in 2..34 {
        assert_eq!(chain.matches(&format!("r=\"E{row}\"")).count(), 1, "{chain}");
    }
}
