//! Rows around any findings.
//!
//! The first byte says how many findings there are, three bytes each say where;
//! the rest is the text. Properties: no finding is lost, each stands in its row
//! where it stood in the text, and rows are in order.

use trapline::scan::{Finding, How, What, rows};

pub(super) fn body(bytes: &[u8]) {
    let Some((&first, rest)) = bytes.split_first() else { return };
    let Some((places, mut text)) = rest.split_at_checked(3 * usize::from(first & 7)) else { return };
    // Lines are cut above some kilobytes: the upper bits say how often the text is repeated.
    let repeated = text.repeat(1 << (first >> 5));
    if repeated.len() <= 64 << 10 {
        text = &repeated;
    }
    let finding = |(place, line): (&[u8], u32)| {
        let at = usize::from(u16::from_le_bytes([place[0], place[1]])) % text.len().max(1);
        let bytes = usize::from(place[2]).min(text.len() - at);
        Finding { at, bytes, what: What::Line(line), how: How::Whole }
    };
    let mut findings: Vec<Finding> = places.chunks_exact(3).zip(0..).map(finding).collect();
    findings.sort_unstable();

    let rows = rows(text, &findings);

    let back = rows.iter().flat_map(|row| {
        let start = row.range.start;
        row.findings.iter().map(move |finding| Finding { at: finding.at + start, ..*finding })
    });
    assert!(back.eq(findings.iter().copied()), "every finding is in a row, in order");
    assert!(rows.is_sorted_by_key(|row| row.range.start));
    for row in &rows {
        assert!(row.range.end <= text.len());
        assert!(row.findings.iter().all(|finding| finding.at + finding.bytes <= row.range.len()));
    }
}
