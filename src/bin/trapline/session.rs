//! A workspace, opened: configuration, key, registry, the moment.

use std::path::Path;

use anyhow::bail;
use jiff::Timestamp;
use trapline::config::Config;
use trapline::fault::Fault;
use trapline::issue::stored_template;
use trapline::key::MasterKey;
use trapline::registry::sqlite::SqliteRegistry;
use trapline::registry::{EpochRow, Registry};
use trapline::seal::Vault;
use trapline::template::Template;
use trapline::workspace::Workspace;

use crate::settings::Settings;

/// What most commands work with.
pub struct Session {
    /// The workspace.
    pub workspace: Workspace,
    /// Its configuration.
    pub config: Config,
    /// Its master key.
    pub master: MasterKey,
    /// Its registry.
    pub registry: SqliteRegistry,
    /// The moment to act as of.
    pub now: Timestamp,
}

impl Session {
    /// Opens the workspace.
    pub fn open(settings: &Settings) -> anyhow::Result<Self> {
        let workspace = settings.workspace.clone();
        let config = workspace.config()?;
        let master = workspace.key(&settings.key)?;
        let registry = SqliteRegistry::open(&workspace.registry_path(), Vault::new(&master))?;
        // A planting that is dated back would count calls that came before it.
        if settings.rehearsed_now.is_some() && registry.lines()?.iter().any(|row| !row.line.demo) {
            bail!(
                Fault::new("--now is for rehearsals: this workspace has lines that are no demo lines")
                    .hint("leave --now out, or rehearse in a workspace made by `trapline init --demo-lines N`")
            );
        }
        Ok(Self { workspace, config, master, registry, now: settings.now() })
    }

    /// The epoch with this label; without one, the epoch of now, else the newest.
    pub fn epoch(&self, label: Option<&str>) -> anyhow::Result<EpochRow> {
        let epochs = self.registry.epochs()?;
        let found = match label {
            Some(label) => epochs.iter().find(|epoch| epoch.rules.label == label),
            None => trapline::epoch::current(&epochs, self.now).or(epochs.last()),
        };
        found.cloned().ok_or_else(|| {
            let fault = match label {
                Some(label) => Fault::new(format!("there is no epoch {label:?}")).hint("see `trapline epoch list`"),
                None => Fault::new("no epoch was opened yet").hint("run `trapline epoch open`"),
            };
            fault.into()
        })
    }

    /// A shipped template by name, or one from a file.
    pub fn template(&self, name: &str) -> anyhow::Result<Template> {
        Self::template_at(self.workspace.dir(), name)
    }

    /// The same, for commands that need no workspace.
    pub fn template_at(dir: &Path, name: &str) -> anyhow::Result<Template> {
        if let Some(template) = Template::by_name(name) {
            return Ok(template?);
        }
        let path = dir.join(name);
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(&path).map_err(|error| {
            let names: Vec<&str> = Template::shipped().iter().map(|(name, _)| *name).collect();
            Fault::new(format!("there is no shipped template {name:?}, and the file cannot be read: {error}"))
                .in_file(shown.as_str())
                .hint(format!("shipped templates: {}", names.join(", ")))
        })?;
        Ok(Template::parse(&text, &shown)?)
    }

    /// The template that an account is bound to.
    pub fn template_of(&self, epoch: u32, account: &str) -> anyhow::Result<Template> {
        let row = self.registry.account(epoch, account)?.ok_or_else(|| {
            Fault::new(format!("account {account:?} has nothing planted in this epoch"))
                .hint("check the name; `trapline attribute` lists sources, `trapline epoch list` the epochs")
        })?;
        Ok(stored_template(&self.registry, &row.template)?)
    }
}
