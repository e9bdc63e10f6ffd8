//! Canary records for parcel carriers.
//!
//! A carrier's waybills leak through rented employee accounts, and nobody can
//! tell which account, which export. Trapline plants fake waybills, **canaries**,
//! per account and per export; their phones are **lines** that the carrier owns.
//! Who calls one has bought the data. Attribution weighs such calls and names the
//! exposed source; the chance that it *ever* names one that was not exposed is at
//! most alpha.
//!
//! ```text
//! making      key ← derive ← codebook ← template ← canary ← plant        pure
//! remembering plant, rules, seal → registry                              SQLite, or memory
//! looking     observation ← matcher ;  observation ← feed                feed and matcher never meet
//! concluding  triage, registry's rows ← attribute ← report               pure
//! whole acts  issue = plant + registry
//!             monitor = feed + matcher + triage + registry + attribute + webhook
//!             drill = issue + monitor on made-up traffic
//! edges       bin/trapline                                               names anything, nothing names it
//! ```
//!
//! # Example
//!
//! An account's codeword follows from the key, and nothing of it is stored:
//!
//! ```
//! use trapline::codebook::{Codebook, Holder, Sizes};
//! use trapline::key::MasterKey;
//!
//! let key = MasterKey::from_bytes([7; 32]);
//! let sizes = Sizes { pool: 2000, account: 100, standing: 5 };
//! let codebook = Codebook::new(&key, 1, sizes);
//!
//! let holder = Holder::Account("handan-03");
//! let lines = codebook.account_lines(holder);
//! let export = codebook.batch_lines(holder, &lines, "2020-11-01", 10);
//!
//! assert_eq!(export.len(), 10);
//! assert!(export.iter().all(|line| lines.all.contains(line)));
//! ```

// errors, configuration
pub mod config;
pub mod fault;
pub mod yaml;

// making
pub mod canary;
pub mod codebook;
mod container;
pub mod derive;
pub mod key;
pub mod learn;
pub mod line;
pub mod normalize;
pub mod persona;
pub mod plant;
pub mod record;
pub mod template;

// remembering
pub mod epoch;
pub mod expiry;
pub mod registry;
pub mod rules;
pub mod seal;
pub mod workspace;

// looking
pub mod feed;
pub mod matcher;
pub mod observation;
pub mod scan;
pub mod triage;
pub mod unpack;
pub mod vocabulary;

// judging what was made
pub mod audit;

// concluding
pub mod attribute;
pub mod casefile;
pub mod plan;
pub mod report;
pub mod trace;

// whole acts
pub mod catalogue;
pub mod drill;
pub mod dump;
pub mod issue;
pub mod monitor;
pub mod scrub;
pub mod webhook;

#[cfg(test)]
mod fuzz_seeds;
