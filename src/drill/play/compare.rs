//! Colluders who compare what they have.
//!
//! A canary stands in one export only. Whoever holds two exports of the same
//! data finds it by that, and drops it. What is left are the rows of customers,
//! and of a scope's shared rows those of which all colluders have the same
//! variant.

use std::collections::BTreeSet;

/// A planted export in somebody's hands.
pub(super) struct Copy {
    /// Who exported it.
    pub(super) account: String,
    /// What is in it, a row a line.
    pub(super) text: String,
}

/// Drops from every copy the rows that some account has in none of its own.
/// The header stands in all of them.
pub(super) fn keep_common(copies: &mut [Copy]) {
    let accounts: BTreeSet<&str> = copies.iter().map(|copy| copy.account.as_str()).collect();
    let rows = |account: &&str| {
        let own = copies.iter().filter(|copy| copy.account == *account);
        own.flat_map(|copy| copy.text.lines()).collect::<BTreeSet<&str>>()
    };
    let common = accounts.iter().map(rows).reduce(|one, other| &one & &other).unwrap_or_default();
    let kept: Vec<String> = copies
        .iter()
        .map(|copy| copy.text.lines().filter(|row| common.contains(row)).flat_map(|row| [row, "\n"]).collect())
        .collect();
    copies.iter_mut().zip(kept).for_each(|(copy, text)| copy.text = text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(copies: &[(&str, &str)]) -> Vec<String> {
        let copy = |(account, text): &(&str, &str)| Copy { account: (*account).to_owned(), text: (*text).to_owned() };
        let mut copies: Vec<Copy> = copies.iter().map(copy).collect();
        keep_common(&mut copies);
        copies.into_iter().map(|copy| copy.text).collect()
    }

    #[test]
    fn rows_that_not_all_accounts_have_are_dropped() {
        let left = compared(&[("a", "h\n1\nx\n2\n"), ("b", "h\ny\n1\n2\nz\n"), ("c", "h\n1\n2\ny\n")]);

        assert_eq!(left, ["h\n1\n2\n"; 3]);
    }

    #[test]
    fn an_account_with_two_copies_has_the_rows_of_both() {
        let left = compared(&[("a", "h\n1\nx\n"), ("a", "h\n2\n"), ("b", "h\n1\n2\n")]);

        assert_eq!(left, ["h\n1\n", "h\n2\n", "h\n1\n2\n"]);
    }
}
