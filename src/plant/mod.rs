//! Planting: weaving canaries into an export without changing a byte of it.
