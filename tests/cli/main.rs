//! The command line as its user types it.

#![allow(unreachable_pub)]

// shared set-up: a workspace in a folder that goes away
mod bench;
// one bad input each: one clear error, nothing lost
mod bad_input;
// what the help says
mod help;
// plant, watch, attribute, and the commands around them
mod story;
