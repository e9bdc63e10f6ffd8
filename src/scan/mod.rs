//! Looking for canaries in dumps, whatever was done to the rows.
//!
//! An [`Index`](index::Index) of everything that was planted is made once; a
//! scan then costs a look at each digit of the dump and a few nanoseconds for
//! each number in it, however many canaries there are. What is found is a row
//! with its numbers and lines; what the row says beside them is compared with
//! the canary where the master key is.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod classes;
pub mod compare;
mod finder;
mod folded;
pub mod index;
mod keys;
mod letters;
mod masks;
mod phones;
mod reserved;
mod rows;
mod runs;
mod search;
mod survey;
#[cfg(test)]
mod tests;
pub mod text;
mod token;

pub use classes::Classifier;
pub use finder::{Finder, Finding, How, What, Wide};
pub use keys::ScanKey;
pub(crate) use keys::Tag;
pub use masks::{MaskCount, MaskCounts, Masked};
pub use reserved::Reserved;
pub use rows::{Row, rows};
pub use search::{Hit, Search, Searched, Seen};
pub use survey::{Bracket, SourceFound, Survey};
pub use token::{Anchored, Token};
