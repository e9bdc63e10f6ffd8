//! From an observation to what it mentions of ours: exact decisions only.
