//! The one place that reads the environment.

use std::path::PathBuf;

use jiff::Timestamp;
use trapline::feed::Secrets;
use trapline::workspace::{KeySource, Workspace};

use crate::args::Args;

/// What the environment and the global options say.
pub struct Settings {
    /// The workspace.
    pub workspace: Workspace,
    /// Where the master key comes from.
    pub key: KeySource,
    /// The moment to act as of, where one was given.
    pub rehearsed_now: Option<Timestamp>,
}

impl Settings {
    /// `TRAPLINE_KEY_FILE` and `TRAPLINE_KEY_COMMAND` choose the key.
    pub fn from_environment(args: &Args) -> Self {
        let key = match (std::env::var_os("TRAPLINE_KEY_FILE"), std::env::var("TRAPLINE_KEY_COMMAND")) {
            (Some(path), _) if !path.is_empty() => KeySource::File(PathBuf::from(path)),
            (_, Ok(command)) if !command.is_empty() => KeySource::Command(command),
            _ => KeySource::Workspace,
        };
        Self { workspace: Workspace::at(args.workspace.clone()), key, rehearsed_now: args.now }
    }

    /// The moment to act as of.
    pub fn now(&self) -> Timestamp {
        self.rehearsed_now.unwrap_or_else(Timestamp::now)
    }
}

/// Lends feeds and webhooks the environment.
pub struct Environment;

impl Secrets for Environment {
    fn env(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}
