//! Whole stories, told through the public interface alone.

// one life of a registry, over every store; what the file shows and refuses
mod registry;
