//! Attribution: who was exposed, with an error guarantee.
