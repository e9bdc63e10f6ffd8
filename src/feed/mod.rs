//! Feeds: where observations come from.
