//! From findings to the rows that they stand in.

use std::ops::Range;

use memchr::memmem;

use super::finder::Finding;
use super::folded::around;

/// Longer lines hold many rows: the INSERT statements of a database, a JSON
/// document without line ends.
const LONG_LINE: usize = 2_048;

/// Bytes that are kept to either side of a finding where no border is found.
const AROUND: usize = 512;

/// Borders between the rows of one long line: of SQL, JSON, HTML and more.
const BORDERS: [&[u8]; 6] = [b"),(", b"), (", b"},{", b"}, {", b"</tr>", b"\r"];

/// A row with something of ours in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where it stands in the bytes.
    pub range: Range<usize>,
    /// What was found in it, places counted from the row's beginning.
    pub findings: Vec<Finding>,
}

/// Cuts out the rows around `findings`, which are in order.
pub fn rows(bytes: &[u8], findings: &[Finding]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for finding in findings {
        if let Some(row) = rows.last_mut().filter(|row| finding.at + finding.bytes <= row.range.end) {
            row.findings.push(Finding { at: finding.at - row.range.start, ..*finding });
            continue;
        }
        let mut range = cut(bytes, finding);
        if let Some(before) = rows.last().filter(|before| before.range.end > range.start) {
            range.start = before.range.end.min(finding.at);
        }
        let findings = vec![Finding { at: finding.at - range.start, ..*finding }];
        rows.push(Row { range, findings });
    }
    rows
}

/// The row around a finding, without its line end.
fn cut(bytes: &[u8], finding: &Finding) -> Range<usize> {
    let mut line = around(bytes, finding.at);
    line.end = line.end.max(finding.at + finding.bytes).min(bytes.len());
    if line.len() > LONG_LINE {
        let before = &bytes[line.start..finding.at];
        let behind = &bytes[finding.at + finding.bytes..line.end];
        let start = BORDERS.iter().filter_map(|border| Some(memmem::rfind(before, border)? + border.len())).max();
        let end = BORDERS.iter().filter_map(|border| memmem::find(behind, border)).min();
        // The opening bracket of the row belongs to it.
        let start = start.filter(|start| before.len() - start <= LONG_LINE).map(|start| line.start + start);
        let end = end.filter(|end| *end <= LONG_LINE).map(|end| finding.at + finding.bytes + end);
        line = start.unwrap_or_else(|| line.start.max(finding.at.saturating_sub(AROUND)))
            ..end.unwrap_or_else(|| line.end.min(finding.at + finding.bytes + AROUND));
    }
    if bytes[line.clone()].ends_with(b"\r") && line.end > finding.at + finding.bytes {
        line.end -= 1;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::finder::{How, What};

    fn finding(text: &str, what: &str, line: u32) -> Finding {
        Finding {
            at: text.find(what).expect("it is there"),
            bytes: what.len(),
            what: What::Line(line),
            how: How::Whole,
        }
    }

    fn cut_out<'t>(text: &'t str, whats: &[&str]) -> Vec<(&'t str, usize)> {
        let findings: Vec<Finding> = whats.iter().zip(0..).map(|(what, line)| finding(text, what, line)).collect();
        let rows = rows(text.as_bytes(), &findings);
        rows.into_iter().map(|row| (&text[row.range], row.findings.len())).collect()
    }

    #[test]
    fn findings_of_one_line_are_one_row() {
        let text = "a,111,222\r\nb,333,444\nc,555";

        assert_eq!(cut_out(text, &["111", "222", "444", "555"]), [("a,111,222", 2), ("b,333,444", 1), ("c,555", 1)]);
    }

    #[test]
    fn a_long_line_is_cut_at_its_own_borders() {
        let sql = format!(
            "INSERT INTO t VALUES {}(1,'x',111),(2,'y',222),{}(9,'z',333)",
            "(0,'-',0),".repeat(300),
            "(0,'-',0),".repeat(300)
        );
        assert_eq!(cut_out(&sql, &["111", "222"]), [("1,'x',111", 1), ("2,'y',222", 1)]);

        let json = format!("[{}{{\"a\":\"111\"}},{{\"a\":\"222\"}}]", "{\"a\":\"000\"},".repeat(300));
        assert_eq!(cut_out(&json, &["111", "222"]), [("\"a\":\"111\"", 1), ("\"a\":\"222\"}]", 1)]);
    }

    #[test]
    fn a_line_without_borders_is_cut_around_the_finding() {
        let text = format!("{}111{}", "x".repeat(9_000), "y".repeat(9_000));

        let rows = cut_out(&text, &["111"]);

        assert_eq!((rows.len(), rows[0].0.len()), (1, 3 + 2 * AROUND));
    }
}
