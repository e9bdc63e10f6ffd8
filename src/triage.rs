//! Which hits count: decided blind.
