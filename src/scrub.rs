//! Scrubbing: leaving canaries out of what operations act on.
//!
//! A canary in a billing run is a bill for nobody, in a route a courier at a
//! door that is not there, in a statistic a wrong figure. [`scrub`] copies an
//! extract without the rows of canaries, or with a column that marks them,
//! and changes no other byte: it undoes planting without being told where.
//!
//! What decides is exact. A waybill number is a canary's when it is the number
//! of a serial that was planted ([`Register`]), or when its keyed tag stands in
//! a [`Filter`] made of those; a phone is a trap line's when its digits are.
//! What cannot be read is kept and counted.
//!
//! ```
//! use trapline::plant::Options;
//! use trapline::scrub::{Kind, Known, Mode, scrub};
//!
//! struct One;
//! impl Known for One {
//!     fn number(&self, number: &str) -> Option<Kind> {
//!         (number == "YT8").then_some(Kind::Batch)
//!     }
//!     fn phone(&self, _: &str) -> bool {
//!         false
//!     }
//! }
//!
//! let extract = "运单号,重量\r\nYT7,1.5\r\nyt-8,0.4\r\nYT9,2.0";
//! let mut out = Vec::new();
//! let done = scrub(extract.as_bytes(), &mut out, &One, &[], &Mode::Remove, &Options::default())?;
//!
//! assert_eq!(String::from_utf8_lossy(&out), "运单号,重量\r\nYT7,1.5\r\nYT9,2.0");
//! assert_eq!((done.rows, done.canaries()), (3, 1));
//! # Ok::<(), trapline::fault::Fault>(())
//! ```

mod file;
mod filter;
mod flag;
mod pass;
mod register;
mod serials;
#[cfg(test)]
mod tests;
mod written;

pub use file::scrub_file;
pub use filter::{Filter, FilterKey, filter_of, write_filter};
pub use flag::Mode;
pub use pass::{Odd, Scrubbed, scrub};
pub use register::Register;

/// What a canary's row was told by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The number of a standing canary.
    Standing,
    /// The number of a canary of an export.
    Batch,
    /// The number of a row that exports of several accounts share.
    Shared,
    /// A canary's number, where nothing more is known of it.
    Number,
    /// A trap line as phone, beside a number that is no canary's or none.
    Line,
}

impl Kind {
    /// All kinds, in the order in which they are reported.
    pub const ALL: [Self; 5] = [Self::Standing, Self::Batch, Self::Shared, Self::Number, Self::Line];

    /// Its word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Standing => "standing",
            Self::Batch => "batch",
            Self::Shared => "shared",
            Self::Number => "number",
            Self::Line => "line",
        }
    }
}

/// What canaries are known by.
pub trait Known: Sync {
    /// Whose number this is, in the form of `docs/formats/scrub-filter.md`.
    fn number(&self, number: &str) -> Option<Kind>;
    /// Whether these are the digits of a trap line, in that form.
    fn phone(&self, phone: &str) -> bool;
}
