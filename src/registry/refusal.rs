//! What stores say when they refuse: the same words, whichever store it is.
//!
//! Accounts, batches and epochs are named; numbers and other canary values are
//! not, since messages end up in logs.

use super::{BatchKey, Error};

/// The line at `place` (from 0) of a list is there already.
pub(super) fn line_again(place: usize) -> Error {
    Error::Conflict(format!("line {} of the list is in the registry already, or twice in the list", place + 1))
}

/// There is no line with this id.
pub(super) fn no_line(id: i64) -> Error {
    Error::Missing(format!("there is no line {id} in the registry"))
}

/// A control line, or one that is there twice, was offered for a pool.
pub(super) fn not_for_pool(id: i64, why: &str) -> Error {
    Error::Conflict(format!("line {id} cannot be in the pool: {why}"))
}

/// The rules speak of another number of lines.
pub(super) fn pool_size(rules: u32, pool: usize) -> Error {
    Error::Conflict(format!("the rules are for a pool of {rules} lines, but {pool} lines were given"))
}

/// The epoch or its label is taken by other rules or another pool.
pub(super) fn epoch_stands(label: &str) -> Error {
    Error::Conflict(format!(
        "epoch {label} was opened with other rules or another pool; what was registered stands until it ends"
    ))
}

/// There is no such epoch.
pub(super) fn no_epoch(epoch: u32) -> Error {
    Error::Missing(format!("epoch {epoch} was not opened; run `trapline epoch open`"))
}

/// Another text is kept under the same hash.
pub(super) fn other_text(hash: &str) -> Error {
    Error::Conflict(format!("another template is kept under hash {hash}"))
}

/// There is no such template.
pub(super) fn no_template(hash: &str) -> Error {
    Error::Missing(format!("there is no template {hash} in the registry"))
}

/// The account is bound to another template.
pub(super) fn bound_otherwise(epoch: u32, name: &str) -> Error {
    Error::Conflict(format!(
        "account {name:?} is bound to another template for epoch {epoch}; a new template waits for the next epoch"
    ))
}

/// More accounts than the epoch registered.
pub(super) fn too_many(epoch: u32, n_max: u64) -> Error {
    Error::Conflict(format!("epoch {epoch} was registered for at most {n_max} sources; raise n_max for the next epoch"))
}

/// There is no such account.
pub(super) fn no_account(epoch: u32, name: &str) -> Error {
    Error::Missing(format!("account {name:?} is not bound in epoch {epoch}"))
}

/// The block was used with another size.
pub(super) fn block_size(block: &str, kept: u64, size: u64) -> Error {
    Error::Conflict(format!("block {block:?} holds {kept} serials in the registry, {size} in the template"))
}

/// The block has too few serials left.
pub(super) fn block_full(block: &str, left: u64, count: u64) -> Error {
    Error::Conflict(format!(
        "block {block:?} has {left} serials left and {count} are needed; reserve another block in the template"
    ))
}

/// The batch was planted into another input.
pub(super) fn other_input(key: &BatchKey) -> Error {
    Error::Conflict(format!(
        "batch {:?} of account {:?} was planted into another input; plant that one, or choose another batch id",
        key.batch, key.account
    ))
}

/// There is no such planting.
pub(super) fn no_planting(id: i64) -> Error {
    Error::Missing(format!("there is no planting {id} in the registry"))
}

/// The scope stands with another template or another number of slots.
pub(super) fn other_scope(name: &str) -> Error {
    Error::Conflict(format!(
        "scope {name:?} was opened with another template; plant this account without --scope, or name another scope"
    ))
}

/// There is no such observation.
pub(super) fn no_observation(id: i64) -> Error {
    Error::Missing(format!("there is no observation {id} in the registry"))
}

/// There is no such message.
pub(super) fn no_message(id: i64) -> Error {
    Error::Missing(format!("there is no message {id} in the outbox"))
}

/// More than a store can count.
pub(super) fn too_large(number: u64) -> Error {
    Error::Conflict(format!("{number} is more than a registry counts, which is 2^63 - 1"))
}
