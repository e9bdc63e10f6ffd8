//! What happens to references when rows are added, and when they are taken out again.
//!
//! A reference to a cell follows its cell, as in Excel. A range follows its
//! first and its last row; so rows that are added inside it belong to it. One
//! that ends with the last row of the data also takes in what is added right
//! behind that row, and one that begins with the first what is added before it:
//! Excel would leave those out, and a row that a table, a filter or a sum leaves
//! out is a row that somebody added.
//!
//! Whatever is done forward can be done backward, and then the text is the same
//! as before. What cannot be (a row would leave the sheet) is refused.

use std::ops::Range;

use super::a1::{self, MAX_ROW, Reference, RowPart, Sheet, references, with_rows};
use super::insertions::Insertions;
use crate::fault::Fault;

/// Rows that were added to a sheet, as the rest of the book sees them.
#[derive(Clone, Debug)]
pub(super) struct Shift {
    /// The sheet's name.
    sheet: String,
    rows: Insertions,
    /// First and last row of the data, before anything was added.
    data: (u32, u32),
    direction: Direction,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    /// Rows are added.
    Forward,
    /// They are taken out again.
    Backward,
}

/// The cell that relative references of a formula count from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Base {
    pub(super) old: u32,
    pub(super) new: u32,
}

impl Shift {
    pub(super) fn forward(sheet: &str, rows: Insertions, data: (u32, u32)) -> Self {
        Self { sheet: sheet.to_owned(), rows, data, direction: Direction::Forward }
    }

    pub(super) fn backward(sheet: &str, rows: Insertions, data: (u32, u32)) -> Self {
        Self { direction: Direction::Backward, ..Self::forward(sheet, rows, data) }
    }

    /// The rows that are added or taken out.
    pub(super) fn rows(&self) -> &Insertions {
        &self.rows
    }

    /// The new number of a row.
    pub(super) fn row(&self, row: u32) -> Result<u32, Fault> {
        // The last row stands for "all the way down".
        if row == MAX_ROW {
            return Ok(row);
        }
        match self.direction {
            Direction::Forward => Some(self.rows.forward(row)).filter(|new| *new < MAX_ROW).ok_or_else(full),
            Direction::Backward => self.rows.backward(row).ok_or_else(|| {
                Fault::new(format!("row {row} was added by the planting, but something of the workbook names it"))
            }),
        }
    }

    /// The new first and last row of a range.
    pub(super) fn range(&self, first: u32, last: u32) -> Result<(u32, u32), Fault> {
        if first == last {
            return self.row(first).map(|row| (row, row));
        }
        Ok((self.start(first)?, self.end(last)?))
    }

    /// The new first row of a range of several.
    fn start(&self, row: u32) -> Result<u32, Fault> {
        match self.direction {
            _ if row == MAX_ROW => Ok(row),
            Direction::Forward if row == self.data.0 => Ok(self.row(row)? - self.rows.before(row)),
            Direction::Forward => self.row(row),
            Direction::Backward => Ok(self.rows.backward_or_behind(row)),
        }
    }

    /// The new last row of a range of several.
    fn end(&self, row: u32) -> Result<u32, Fault> {
        match self.direction {
            _ if row == MAX_ROW => Ok(row),
            Direction::Forward if row == self.data.1 => {
                let end = self.row(row)?.saturating_add(self.rows.before(row + 1));
                if end < MAX_ROW { Ok(end) } else { Err(full()) }
            }
            Direction::Forward => self.row(row),
            Direction::Backward => Ok(self.rows.backward_or_before(row)),
        }
    }

    /// A text of cells and ranges of this sheet, such as a table's `ref`; none if it stays as it is.
    pub(super) fn cells(&self, text: &str) -> Result<Option<String>, Fault> {
        self.formula(text, true)
    }

    /// A formula, where `is_home` says that it stands in this sheet; none if it stays as it is.
    pub(super) fn formula(&self, text: &str, is_home: bool) -> Result<Option<String>, Fault> {
        self.with(text, |reference| match self.is_ours(reference, is_home) {
            true => self.reference(reference),
            false => Ok(unchanged(reference)),
        })
    }

    /// A rule's formula, whose relative references count from the first cell that it is for.
    pub(super) fn rule(&self, text: &str, base: Base) -> Result<Option<String>, Fault> {
        self.with(text, |reference| {
            if !self.is_ours(reference, true) {
                return Ok(unchanged(reference));
            }
            let first = &reference.first;
            let relative = |part: &RowPart| moved(part.row, base.new, base.old);
            match &reference.last {
                Some(last) if first.is_absolute && last.is_absolute => self.reference(reference),
                // `$A$2:$A2`, which grows from row to row
                Some(last) => Ok((
                    if first.is_absolute { self.start(first.row)? } else { relative(first)? },
                    if last.is_absolute { self.end(last.row)? } else { relative(last)? },
                )),
                None if first.is_absolute => self.reference(reference),
                None => relative(first).map(|row| (row, row)),
            }
        })
    }

    /// Whether a formula that is written once, at row `at`, for all of `rows` of a sheet, its relative references
    /// counting from each, still says the same for all of them once the rows are added.
    pub(super) fn keeps_shared(&self, text: &str, at: u32, rows: Range<u32>, is_home: bool) -> bool {
        references(text).iter().all(|reference| {
            let is_ours = self.is_ours(reference, is_home);
            let parts = std::iter::once(&reference.first).chain(&reference.last);
            let mut relative = parts.filter(|part| !part.is_absolute);
            relative.all(|part| self.moves_evenly(i64::from(part.row) - i64::from(at), &rows, is_home, is_ours))
        })
    }

    /// Whether what is `away` rows from each cell moves with the cells.
    fn moves_evenly(&self, away: i64, rows: &Range<u32>, is_home: bool, is_ours: bool) -> bool {
        let place = |row: i64, moves: bool| {
            let row = row.clamp(1, i64::from(MAX_ROW)) as u32;
            i64::from(if moves && row < MAX_ROW { self.rows.forward(row) } else { row })
        };
        let distance = |row: i64| place(row + away, is_ours) - place(row, is_home);
        // The cells jump where rows are added, and so does what they name; in between both are even.
        let added = self.rows.numbers().zip(0i64..).map(|(new, earlier)| i64::from(new) - earlier);
        let jumps = added.flat_map(|row| [row - 1, row, row - away - 1, row - away]);
        let inside = i64::from(rows.start)..i64::from(rows.end);
        let first = distance(inside.start);
        jumps.filter(|row| inside.contains(row)).chain([inside.end - 1]).all(|row| distance(row) == first)
    }

    fn with(
        &self,
        text: &str,
        rows: impl Fn(&Reference) -> Result<(u32, u32), Fault>,
    ) -> Result<Option<String>, Fault> {
        let found = references(text);
        let new = found.iter().map(rows).collect::<Result<Vec<_>, _>>()?;
        let is_changed = found.iter().zip(&new).any(|(reference, rows)| unchanged(reference) != *rows);
        Ok(is_changed.then(|| with_rows(text, &found, &new)))
    }

    fn reference(&self, reference: &Reference) -> Result<(u32, u32), Fault> {
        let (first, last) = unchanged(reference);
        // Written from below, as nobody does but somebody may.
        if first > last { self.range(last, first).map(|(last, first)| (first, last)) } else { self.range(first, last) }
    }

    fn is_ours(&self, reference: &Reference, is_home: bool) -> bool {
        match &reference.sheet {
            Sheet::Own => is_home,
            Sheet::Named(name) => is_same_name(name, &self.sheet),
            Sheet::Foreign => false,
        }
    }
}

/// A formula copied `from` one row `to` another, as when cells are copied in Excel.
pub(super) fn copied(text: &str, from: u32, to: u32) -> Result<String, Fault> {
    let found = references(text);
    let row = |part: &RowPart| if part.is_absolute { Ok(part.row) } else { moved(part.row, to, from) };
    let rows = found.iter().map(|reference| {
        let last = reference.last.as_ref().unwrap_or(&reference.first);
        Ok((row(&reference.first)?, row(last)?))
    });
    Ok(with_rows(text, &found, &rows.collect::<Result<Vec<_>, Fault>>()?))
}

/// Names of sheets do not differ by case alone.
pub(super) fn is_same_name(one: &str, other: &str) -> bool {
    one == other || one.to_lowercase() == other.to_lowercase()
}

/// Rows of all cells and ranges in a text, lowest and highest.
pub(super) fn extent(text: &str) -> Option<(u32, u32)> {
    let found = references(text);
    let rows = |reference: &Reference| {
        let (first, last) = unchanged(reference);
        [first, last]
    };
    let rows = || found.iter().flat_map(rows);
    Some((rows().min()?, rows().max()?))
}

fn moved(row: u32, to: u32, from: u32) -> Result<u32, Fault> {
    if row == a1::MAX_ROW {
        return Ok(row);
    }
    let row = i64::from(row) + i64::from(to) - i64::from(from);
    u32::try_from(row).ok().filter(|row| (1..MAX_ROW).contains(row)).ok_or_else(full)
}

fn unchanged(reference: &Reference) -> (u32, u32) {
    let last = reference.last.as_ref().unwrap_or(&reference.first);
    (reference.first.row, last.row)
}

fn full() -> Fault {
    Fault::new(format!("a row or a formula of the workbook would leave the sheet, which ends at row {MAX_ROW}"))
        .hint("save the rows as CSV first, or in a sheet that is not full")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Row 1 is a header, data is in rows 2 to 10; added: one before the data, two within, one behind.
    fn forward() -> Shift {
        Shift::forward("Data", Insertions::new(vec![2, 5, 5, 11]), (2, 10))
    }

    fn backward() -> Shift {
        Shift::backward("Data", Insertions::new(vec![2, 5, 5, 11]), (2, 10))
    }

    fn formula(text: &str, is_home: bool) -> String {
        forward().formula(text, is_home).expect("it fits").unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn cells_follow_and_ranges_take_in_what_is_added() {
        for (text, expected) in [
            ("A1", "A1"),
            ("B2", "B3"),
            ("B4", "B5"),
            ("B5", "B8"),
            ("B10", "B13"),
            ("B11", "B15"),
            // a whole table, and the data alone
            ("A1:J10", "A1:J14"),
            ("SUM(F2:F10)", "SUM(F2:F14)"),
            ("F3:F9", "F4:F12"),
            // cells and ranges of one row stay so
            ("A2:J2", "A3:J3"),
            ("F10:F2", "F14:F2"),
            ("A1:A1048576", "A1:A1048576"),
            ("$1:$1,2:10", "$1:$1,2:14"),
            ("data!$F$5&Other!$F$5&F5&\"F5\"", "data!$F$8&Other!$F$5&F8&\"F5\""),
        ] {
            assert_eq!(formula(text, true), expected, "{text}");
        }
        assert_eq!(formula("F5+Data!F5", false), "F5+Data!F8");
    }

    #[test]
    fn a_rule_counts_from_its_first_cell() {
        // for F2:F10, which becomes F2:F14
        let rule = |text: &str| forward().rule(text, Base { old: 2, new: 2 }).expect("it fits");

        assert_eq!(rule("$F2>$G$10"), Some("$F2>$G$13".to_owned()));
        assert_eq!(rule("COUNTIF($F$2:$F$10,$F2)>1"), Some("COUNTIF($F$2:$F$14,$F2)>1".to_owned()));
    }

    #[test]
    fn a_shared_formula_is_kept_while_it_says_the_same() {
        let keeps = |text, rows| forward().keeps_shared(text, 2, rows, true);

        assert!(keeps("F2*G2", 2..11));
        assert!(keeps("F2*$G$1", 2..11));
        // the row above is another one behind an added row
        assert!(!keeps("H1+F2", 2..11));
        assert!(!keeps("Other!F2", 2..11));
        assert!(!forward().keeps_shared("Data!F2", 2, 2..11, false));
        // where nothing is added in between
        assert!(forward().keeps_shared("H6+F7", 7, 7..9, true));
        assert!(forward().keeps_shared("Other!F1", 2, 2..11, false));
    }

    #[test]
    fn a_full_sheet_is_refused() {
        assert!(forward().formula("A1048574", true).is_err());
        assert!(forward().formula("A1048570", true).is_ok());
    }

    #[test]
    fn a_formula_is_copied_as_cells_are() {
        assert_eq!(copied("F2*$G$1+Other!A2+SUM(F$2:F2)", 2, 7).as_deref(), Ok("F7*$G$1+Other!A7+SUM(F$2:F7)"));
        assert!(copied("A1", 2, 1).is_err());
    }

    fn text() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            4 => (0u32..4, 1u32..20, 0u8..4).prop_map(|(column, row, dollars)| {
                let dollar = |bit| if dollars & bit != 0 { "$" } else { "" };
                format!("{}{}{}{row}", dollar(1), char::from(b'A' + column as u8), dollar(2))
            }),
            1 => Just(":".to_owned()),
            1 => prop::sample::select(vec!["Data!", "data!", "Other!", "'a ''b'!", "[1]Data!", "Data:Other!", "#REF!"])
                .prop_map(str::to_owned),
            1 => prop::sample::select(vec!["\"A1\"", "&quot;A5&quot;", "T[A1]", "LOG10(", "+", "&amp;", ",", "1:1048576"])
                .prop_map(str::to_owned),
            1 => "[ -~一]{0,6}",
        ];
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn what_is_shifted_and_back_is_the_same_text(text in text(), is_home: bool) {
            let shifted = forward().formula(&text, is_home);
            if let Ok(shifted) = shifted {
                let shifted = shifted.unwrap_or_else(|| text.clone());
                let back = backward().formula(&shifted, is_home).expect("it names no added row alone");
                prop_assert_eq!(back.unwrap_or(shifted), text);
            }
        }

        #[test]
        fn rules_come_back_too(text in text(), row in 1u32..12) {
            let base = Base { old: row, new: forward().range(row, row + 3).expect("it fits").0 };
            if let Ok(shifted) = forward().rule(&text, base) {
                let shifted = shifted.unwrap_or_else(|| text.clone());
                let back = backward().rule(&shifted, Base { old: base.new, new: base.old });
                prop_assert_eq!(back.expect("it was shifted").unwrap_or(shifted), text);
            }
        }

        #[test]
        fn strings_and_other_sheets_are_left(row in 1u32..1000) {
            let text = format!("\"A{row}\"&Other!A{row}&'[Data]Data'!A{row}");

            prop_assert_eq!(forward().formula(&text, true), Ok(None));
        }
    }
}
