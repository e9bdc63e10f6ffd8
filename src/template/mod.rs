//! Templates: what a canary looks like, and with what probability.
