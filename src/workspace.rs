//! A workspace: the folder with the key, the configuration and the registry.
//!
//! The master key is a file that only its owner may read; anything looser is
//! refused, because whoever holds the key can frame anybody. The library asks
//! neither the environment nor the home directory where it is: the binary does.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use zeroize::Zeroizing;

use crate::config::Config;
use crate::fault::Fault;
use crate::key::MasterKey;

/// The largest key file that is read.
const MAX_KEY_BYTES: u64 = 4096;

/// A folder that Trapline works in.
#[derive(Clone, Debug)]
pub struct Workspace {
    dir: PathBuf,
}

/// Where the master key comes from.
#[derive(Clone, Debug, Default)]
pub enum KeySource {
    /// `trapline.key` in the workspace.
    #[default]
    Workspace,
    /// A file of mode 0600.
    File(PathBuf),
    /// Standard output of a command, run by `sh -c`: a password manager, an HSM's client.
    Command(String),
}

impl Workspace {
    /// Names a folder; nothing is touched yet.
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Its configuration file.
    pub fn config_path(&self) -> PathBuf {
        self.dir.join("trapline.yaml")
    }

    /// Its key file.
    pub fn key_path(&self) -> PathBuf {
        self.dir.join("trapline.key")
    }

    /// Its registry.
    pub fn registry_path(&self) -> PathBuf {
        self.dir.join("registry.db")
    }

    /// Its scan index.
    pub fn index_path(&self) -> PathBuf {
        self.dir.join("scan.index")
    }

    /// Reads the configuration.
    ///
    /// # Errors
    ///
    /// When it cannot be read or is wrong.
    pub fn config(&self) -> Result<Config, Fault> {
        let path = self.config_path();
        let name = path.display().to_string();
        let text = fs::read_to_string(&path).map_err(|error| {
            let fault = Fault::new(format!("the configuration cannot be read: {error}")).in_file(name.as_str());
            if error.kind() == std::io::ErrorKind::NotFound {
                fault.hint("run `trapline init` first, or choose the workspace with -C DIR")
            } else {
                fault
            }
        })?;
        Config::parse(&text, &name)
    }

    /// Reads the master key.
    ///
    /// # Errors
    ///
    /// When there is none, when others may read it, or when it is no key.
    pub fn key(&self, source: &KeySource) -> Result<MasterKey, Fault> {
        match source {
            KeySource::Workspace => read_key(&self.key_path()),
            KeySource::File(path) => read_key(path),
            KeySource::Command(command) => run_key_command(command),
        }
    }

    /// Takes the lock called `name`, without waiting. `None` when another run
    /// holds it. The lock is gone with the value, or with the process.
    ///
    /// # Errors
    ///
    /// When the lock file cannot be made.
    pub fn lock(&self, name: &str) -> Result<Option<File>, Fault> {
        let path = self.dir.join(format!("{name}.lock"));
        let broken = |error: std::io::Error| {
            Fault::new(format!("the lock cannot be taken: {error}"))
                .in_file(path.display().to_string())
                .hint("the workspace must be on a disk with room that this user may write")
        };
        let file =
            OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path).map_err(broken)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(broken(error)),
        }
    }
}

/// Writes a fresh file that only its owner may read; never overwrites.
///
/// # Errors
///
/// When it exists or cannot be written.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    let failed = |error: std::io::Error| {
        Fault::new(format!("cannot be written: {error}"))
            .in_file(path.display().to_string())
            .hint("choose a folder on a disk with room that this user may write; nothing is overwritten")
    };
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)
}

fn read_key(path: &Path) -> Result<MasterKey, Fault> {
    let name = path.display().to_string();
    let unreadable =
        |error: std::io::Error| Fault::new(format!("the master key cannot be read: {error}")).in_file(name.as_str());
    let file = File::open(path).map_err(|error| {
        unreadable(error).hint("run `trapline init`, set TRAPLINE_KEY_FILE, or restore the key from its backup")
    })?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(Fault::new(format!(
            "others may read the master key: expected mode 0600, found {:04o}",
            mode & 0o7777
        ))
        .in_file(name.as_str())
        .hint(format!("run `chmod 600 {name}`, and think about who may have read it")));
    }
    let mut text = Zeroizing::new(String::new());
    file.take(MAX_KEY_BYTES).read_to_string(&mut text).map_err(unreadable)?;
    MasterKey::parse(&text)
        .ok_or_else(|| Fault::new("expected a master key of 64 hexadecimal digits").in_file(name.as_str()))
}

fn run_key_command(command: &str) -> Result<MasterKey, Fault> {
    let output = Command::new("sh")
        .args(["-c", command])
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(|error| Fault::new(format!("the key command cannot be run: {error}")))?;
    let stdout = Zeroizing::new(output.stdout);
    if !output.status.success() {
        return Err(Fault::new(format!("the key command failed ({})", output.status)));
    }
    std::str::from_utf8(&stdout)
        .ok()
        .and_then(MasterKey::parse)
        .ok_or_else(|| Fault::new("expected the key command to print 64 hexadecimal digits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let workspace = Workspace::at(dir.path());
        write_private(&workspace.key_path(), "ab".repeat(32).as_bytes()).expect("written");
        assert!(workspace.key(&KeySource::Workspace).is_ok());

        fs::set_permissions(workspace.key_path(), fs::Permissions::from_mode(0o640)).expect("mode");
        let fault = workspace.key(&KeySource::Workspace).expect_err("loose");

        assert!(fault.what.contains("0640") && fault.hint.is_some(), "{fault}");
    }

    #[test]
    fn a_key_comes_from_a_command_too() {
        let workspace = Workspace::at("/nonexistent");
        let source = KeySource::Command(format!("printf {}", "ab".repeat(32)));

        let key = workspace.key(&source).expect("printed");

        assert_eq!(key.id(), MasterKey::from_bytes([0xab; 32]).id());
        assert!(workspace.key(&KeySource::Command("exit 3".into())).is_err());
    }

    #[test]
    fn a_lock_is_held_by_one() {
        let dir = tempfile::tempdir().expect("a folder");
        let workspace = Workspace::at(dir.path());

        let first = workspace.lock("monitor").expect("a lock file");
        assert!(first.is_some());
        assert!(workspace.lock("monitor").expect("a lock file").is_none());
        drop(first);
        assert!(workspace.lock("monitor").expect("a lock file").is_some());
    }
}
