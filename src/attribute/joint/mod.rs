//! Joint certification: several sources explain one stream together.
//!
//! When a few sources leak onto the same lines, each one's calls are noise to
//! the others' processes. Here the calls are explained jointly: a greedy search
//! looks for the few sources that account for them, and each source is then
//! judged against what the *others* leave unexplained. That alone would be a
//! ranking. It becomes a test because the explanation used for a source is
//! found without it: given the stream and the other codewords, a source that
//! was not exposed still has a uniformly random codeword, so the mean of its
//! bet is an elementary symmetric polynomial, and dividing by it makes the mean
//! 1 exactly (attribution.md, section 6, theorem 2).
//!
//! Leaving every source out would take as many searches as there are sources.
//! It takes one for each source that the search selected: leaving out one that
//! was not selected changes no step.
//!
//! Lines that nobody called bet the same whatever the explanation, so all of it
//! runs over the lines that rang, and over the sources whose share of those is
//! not ordinary (see [`Filter`]).
//!
//! The stream must be independent of the codewords of unexposed sources, and
//! the e-value is one for a single look, not a martingale: schedule and weights
//! are the caller's.

mod bet;
mod certify;
mod esp;
mod filter;
mod greedy;
mod intensity;
mod sieve;
mod source;
mod stream;
mod table;
mod terms;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod vectors;

pub use certify::{Certificate, certify};
pub use filter::Filter;
pub use sieve::Sieve;
pub use source::{Source, Sources};
pub use stream::{Ring, Stream};
pub use terms::Terms;
