//! The command line as its user types it.

#![allow(unreachable_pub)]

// the adversary: how easily canaries are told
mod audit;
// acts that scores may have driven; lists of leads
mod acts;
// shared set-up: a workspace in a folder that goes away
mod bench;
mod containers;
// one bad input each: one clear error, nothing lost
mod bad_input;
// full and read-only disks
mod disk;
// every dialect, planted and proven
mod formats;
// calls, tickets, complaints and look-ups, from files, inboxes and HTTP
mod feeds;
// rehearsals: leakers are named, innocents are not
mod drill;
// what the help says
mod help;
// templates learned from exports
mod learn;
// dumps: scanned here, elsewhere, and out of archives
mod scan;
// one data set, several accounts: shared slots
mod scope;
// canaries left out of what operations act on; what is due
mod scrub;
// what must stand in no output and in no file
mod secrets;
// what to plant and to buy
mod plan;
// shared set-up: an HTTP server that remembers what it was asked
mod server;
// plant, watch, attribute, and the commands around them
mod story;
// accusations on their way to a receiver
mod webhook;
