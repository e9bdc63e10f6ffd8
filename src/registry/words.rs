//! The words that stand for choices in a store.

use super::{ActKind, LineUse, Route, Verdict};
use crate::persona::Role;

pub(super) const LINE_USES: [(LineUse, &str); 2] = [(LineUse::Trap, "trap"), (LineUse::Control, "control")];

pub(super) const VERDICTS: [(Verdict, &str); 4] = [
    (Verdict::Confirmed, "confirmed"),
    (Verdict::AllowListed, "allow-listed"),
    (Verdict::Storm, "storm"),
    (Verdict::Slight, "slight"),
];

pub(super) const ROUTES: [(Route, &str); 5] = [
    (Route::Account, "account"),
    (Route::Pair, "pair"),
    (Route::Joint, "joint"),
    (Route::AtOnce, "at-once"),
    (Route::Batch, "batch"),
];

pub(super) const ACT_KINDS: [(ActKind, &str); 5] = [
    (ActKind::BlockLine, "block-line"),
    (ActKind::TestCall, "test-call"),
    (ActKind::Replant, "replant"),
    (ActKind::EditTriage, "edit-triage"),
    (ActKind::Disclose, "disclose"),
];

const ROLES: [(Role, &str); 2] = [(Role::Sender, "sender"), (Role::Recipient, "recipient")];

/// Returns the word for `value`.
pub(super) fn word<T: Copy + PartialEq>(table: &[(T, &'static str)], value: T) -> &'static str {
    table.iter().find(|entry| entry.0 == value).expect("the table lists every variant").1
}

/// Returns what `word` stands for.
pub(super) fn meaning<T: Copy>(table: &[(T, &'static str)], word: &str) -> Option<T> {
    table.iter().find(|entry| entry.1 == word).map(|entry| entry.0)
}

/// Writes roles in order, between commas.
pub(super) fn from_roles(roles: &[Role]) -> String {
    roles.iter().map(|&role| word(&ROLES, role)).collect::<Vec<_>>().join(",")
}

/// Reads what [`from_roles`] wrote.
pub(super) fn to_roles(text: &str) -> Option<Vec<Role>> {
    text.split(',').filter(|word| !word.is_empty()).map(|word| meaning(&ROLES, word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words are also those of JSON, so that a reader learns them once.
    fn agrees<T: Copy + serde::Serialize>(table: &[(T, &'static str)]) {
        for (value, word) in table {
            assert_eq!(serde_json::to_value(value).expect("plain data"), *word);
        }
    }

    #[test]
    fn words_are_those_of_json() {
        agrees(&LINE_USES);
        agrees(&VERDICTS);
        agrees(&ROUTES);
        agrees(&ACT_KINDS);
        agrees(&ROLES);
    }

    #[test]
    fn roles_survive_their_text() {
        for roles in [vec![], vec![Role::Sender], vec![Role::Recipient, Role::Sender]] {
            assert_eq!(to_roles(&from_roles(&roles)), Some(roles));
        }
        assert_eq!(to_roles("courier"), None);
    }
}
