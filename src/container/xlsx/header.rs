//! Finds the header among the first rows of a sheet.
//!
//! Above it stand titles, below it may stand a second line of it: `收件人` over
//! `姓名`, `电话` and `地址`. Merged cells say how far the upper word reaches.
//! The header is where the most columns have names that say what they are for.

use std::collections::BTreeSet;

use crate::record::ColumnRole;

/// Rows that are looked at.
const DEEPEST: usize = 50;
/// Lines that a header may have.
const MOST_LINES: usize = 3;
/// Merged cells that are looked at: nobody's header has so many.
const MOST_MERGES: usize = 1_000;

/// A row of the head of a sheet.
#[derive(Clone, Debug, Default)]
pub(super) struct HeadRow {
    pub(super) number: u32,
    /// What each column says.
    pub(super) texts: Vec<String>,
}

/// Cells that are one: rows and columns, ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Merge {
    pub(super) rows: (u32, u32),
    pub(super) columns: (u32, u32),
}

/// A header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Its last row.
    pub(super) row: u32,
    /// What each column is called.
    pub(super) names: Vec<String>,
    /// Whether a name says where a mark can stand.
    pub(super) carries_mark: bool,
}

/// Finds the header; `role` knows what names are for.
pub(super) fn find(head: &[HeadRow], merges: &[Merge], role: &dyn Fn(&str) -> Option<ColumnRole>) -> Option<Header> {
    let deepest = head.get(DEEPEST + MOST_LINES).or(head.last()).map_or(0, |row| row.number);
    let merges: Vec<Merge> = merges.iter().filter(|merge| merge.rows.0 <= deepest).take(MOST_MERGES).copied().collect();
    let mut best: Option<(usize, usize, Header)> = None;
    for top in 0..head.len().min(DEEPEST) {
        for lines in 1..=MOST_LINES.min(head.len() - top) {
            let rows = &head[top..top + lines];
            let names = names(rows, &merges);
            let roles: BTreeSet<String> =
                names.iter().filter_map(|name| role(name)).map(|role| role.to_string()).collect();
            let carries_mark = names.iter().filter_map(|name| role(name)).any(|role| carries(&role));
            // of two that say the same, the one with fewer lines: a title above the first column is not its name
            let is_better = |(most, least, _): &(usize, usize, Header)| {
                (roles.len(), std::cmp::Reverse(lines)) > (*most, std::cmp::Reverse(*least))
            };
            if best.as_ref().is_none_or(is_better) && !roles.is_empty() {
                best = Some((roles.len(), lines, Header { row: rows[lines - 1].number, names, carries_mark }));
            }
        }
    }
    best.map(|(_, _, header)| header)
}

fn carries(role: &ColumnRole) -> bool {
    matches!(role, ColumnRole::Number | ColumnRole::Phone(_))
}

/// What each column is called by some lines together.
fn names(rows: &[HeadRow], merges: &[Merge]) -> Vec<String> {
    let width = rows.iter().map(|row| row.texts.len()).max().unwrap_or(0);
    (0..width as u32).map(|column| name(rows, merges, column)).collect()
}

fn name(rows: &[HeadRow], merges: &[Merge], column: u32) -> String {
    let mut name = String::new();
    let mut last = None;
    for row in rows {
        let merge = merges.iter().find(|merge| {
            (merge.rows.0..=merge.rows.1).contains(&row.number) && (merge.columns.0..=merge.columns.1).contains(&column)
        });
        // What is merged says the same in all its lines: once.
        let place = merge.map_or((row.number, column), |merge| (merge.rows.0, merge.columns.0));
        if last.replace(place) == Some(place) {
            continue;
        }
        let text = rows.iter().find(|row| row.number == place.0).and_then(|row| row.texts.get(place.1 as usize));
        let text = text.map(|text| text.trim()).unwrap_or_default();
        let is_over_others = rows.len() > 1 && row.number != rows[rows.len() - 1].number;
        let group = |text: &str| {
            text.trim_end_matches(['：', ':']).trim_end_matches("信息").trim_end_matches("资料").to_owned()
        };
        name.push_str(&if is_over_others { group(text) } else { text.to_owned() });
    }
    name.replace(['\r', '\n'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plant::role_named;

    fn head(rows: &[(u32, &[&str])]) -> Vec<HeadRow> {
        let row = |(number, texts): &(u32, &[&str])| HeadRow {
            number: *number,
            texts: texts.iter().map(|text| (*text).to_owned()).collect(),
        };
        rows.iter().map(row).collect()
    }

    fn found(rows: &[(u32, &[&str])], merges: &[Merge]) -> Option<Header> {
        find(&head(rows), merges, &|name| role_named(name, &[], &[]))
    }

    #[test]
    fn titles_above_the_header_are_not_it() {
        let header = found(
            &[
                (1, &["永年区二部运单明细"]),
                (2, &["", "2020-11-01", "收件"]),
                (4, &["运单号", "收件人", "收件电话"]),
                (5, &["YT1", "李平", "13800000001"]),
            ],
            &[],
        );

        let header = header.expect("there is one");
        assert_eq!((header.row, header.carries_mark), (4, true));
        assert_eq!(header.names, ["运单号", "收件人", "收件电话"]);
    }

    #[test]
    fn a_title_right_above_the_header_is_no_part_of_a_name() {
        let header = found(
            &[(1, &["永年区二部"]), (3, &["运单号", "收件人", "收件电话"]), (4, &["YT1", "李平", "13800000001"])],
            &[],
        );

        assert_eq!(header.expect("there is one").names, ["运单号", "收件人", "收件电话"]);
    }

    #[test]
    fn a_header_of_two_lines_is_read_as_one() {
        let merges = [
            Merge { rows: (1, 2), columns: (0, 0) },
            Merge { rows: (1, 1), columns: (1, 2) },
            Merge { rows: (1, 1), columns: (3, 4) },
        ];
        let header = found(
            &[
                (1, &["运单号", "寄件人", "", "收件人信息", ""]),
                (2, &["", "姓名", "电话", "姓名", "电话"]),
                (3, &["YT1", "李平", "13800000001", "王芳", "13800000002"]),
            ],
            &merges,
        );

        let header = header.expect("there is one");
        assert_eq!(header.names, ["运单号", "寄件人姓名", "寄件人电话", "收件人姓名", "收件人电话"]);
        assert_eq!(header.row, 2);
    }

    #[test]
    fn a_sheet_of_other_things_has_none() {
        assert_eq!(found(&[(1, &["部门", "预算"]), (2, &["财务", "100"])], &[]), None);
        assert_eq!(found(&[], &[]), None);
        let header = found(&[(1, &["品名", "单价"])], &[]);
        assert!(header.is_none_or(|header| !header.carries_mark));
    }
}
