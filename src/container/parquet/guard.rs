//! The one place where a panic of the library that reads Parquet ends.
//!
//! Files come from strangers, and the library panics on some that are damaged
//! (docs/decisions/0025). What it says then is of no use to a user, so it is
//! neither printed nor kept.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use crate::fault::Fault;

thread_local! {
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs what reads a stranger's file; a panic in it is a damaged file.
///
/// Nothing that `act` changed may be used after a fault.
pub(super) fn guarded<T>(act: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |panic| {
            if !IS_GUARDED.get() {
                usual(panic);
            }
        }));
    });
    let before = IS_GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(act));
    IS_GUARDED.set(before);
    result.unwrap_or_else(|_| Err(super::damaged("its pages do not hold what it says of them")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_fault_and_what_follows_is_as_before() {
        let fault = guarded::<()>(|| panic!("of the library")).expect_err("it panicked");

        assert!(fault.to_string().contains("damaged") && fault.hint.is_some(), "{fault}");
        assert_eq!(guarded(|| Ok(1)), Ok(1));
    }
}
