//! The command line: arguments in, a whole act of the library, an answer out.

// A binary has no API: `pub` here only means "for the other modules".
#![allow(unreachable_pub)]

mod args;
mod command;
mod failure;
mod reading;
mod session;
mod settings;
mod terminal;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    // reqwest finds no TLS provider by itself: this build brings exactly one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let args = args::Args::parse();
    let settings = settings::Settings::from_environment(&args);
    match command::run(&args, &settings) {
        Ok(code) => code,
        Err(error) => failure::report(&error),
    }
}
