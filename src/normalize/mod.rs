//! One spelling for each value, shared by the side that plants and the side
//! that looks.
//!
//! Stolen data is reformatted before it is sold: numbers gain a `+86` or lose
//! their hyphens, digits become full-width, names gain a title and lose
//! characters to asterisks. Both sides reduce what they hold to the normal form
//! made here and compare these, so they can only disagree if this folder
//! changes. Changing it is therefore a format change: see
//! `docs/formats/normal-forms.md`, and `tests/vectors/normalize/` which pins it.
//!
//! Every function is idempotent: the normal form of a normal form is itself.

mod fold;
mod name;
mod phone;
mod place;
mod waybill;

pub use fold::{digit, is_han, narrow, spoken_digit, text};
pub(crate) use fold::{is_invisible, lower};
pub use name::{PersonName, is_title_at, name};
pub(crate) use phone::spelling;
pub use phone::{Extension, MAX_PHONE_DIGITS, MIN_PHONE_DIGITS, Phone, extension_at, phone};
pub use place::place;
pub use waybill::{MAX_WAYBILL, MIN_WAYBILL, waybill};

#[cfg(test)]
mod vectors;
