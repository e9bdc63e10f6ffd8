//! Canary records for parcel carriers.

pub mod fault;

pub mod codebook;
pub mod derive;
pub mod key;
pub mod line;
pub mod normalize;
pub mod persona;
pub mod plant;
pub mod record;
pub mod template;

pub mod registry;
pub mod rules;
pub mod seal;

pub mod feed;
pub mod matcher;
pub mod observation;
pub mod triage;

pub mod attribute;
pub mod report;
