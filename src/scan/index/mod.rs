//! The scan index: every canary's number and every line, for a machine that
//! has neither the master key nor the registry.
//!
//! A number is kept as a keyed fingerprint of its anchor (see
//! `Token`): a blocked Bloom filter of twelve bits a canary
//! says no to nearly everything, a table of ten bytes a canary decides exactly. Who
//! planted what, and the lines, are in a sealed directory. The bytes are
//! specified in `docs/formats/scan-index.md`.

mod build;
mod directory;
mod file;
pub(crate) mod filter;
mod layout;
mod map;
mod paged;
#[cfg(test)]
pub(in crate::scan) mod tests;

pub use build::{Canaries, build};
pub use directory::{Directory, Form, Line, Source};
pub use file::Index;
pub(in crate::scan) use filter::Filter;
