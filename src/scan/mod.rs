//! Leaked dumps: finding the rows that hold something of ours, and what is left
//! of a canary in them.

pub mod compare;
pub mod text;
