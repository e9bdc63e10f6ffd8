//! A workspace in a folder that goes away, and what happens in it.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;

/// The moment at which tests plant.
pub const PLANTED: &str = "2026-10-05T02:00:00Z";
/// The moment at which tests look.
pub const LATER: &str = "2026-10-20T02:00:00Z";

/// A workspace under test.
pub struct Bench {
    dir: tempfile::TempDir,
}

/// What a command said.
pub struct Said {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Bench {
    /// A workspace with 400 demo lines.
    pub fn new() -> Self {
        Self::with_lines("400")
    }

    /// A workspace with so many demo lines. Accounts have N/20 of them: level 2
    /// needs a good hundred to tell batches apart.
    pub fn with_lines(count: &str) -> Self {
        let bench = Self::empty();
        bench.ok(&["--now", PLANTED, "init", "--demo-lines", count]);
        bench
    }

    /// A folder without a workspace.
    pub fn empty() -> Self {
        Self { dir: tempfile::tempdir().expect("a folder") }
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file and returns its path as text.
    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        fs::write(self.path(name), bytes).expect("written");
        self.text(name)
    }

    /// A path in the folder, as text.
    pub fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// Runs trapline in the workspace `ws`.
    pub fn run(&self, args: &[&str]) -> Said {
        self.run_with(args, &[])
    }

    /// The same with environment variables.
    pub fn run_with(&self, args: &[&str], env: &[(&str, &str)]) -> Said {
        let mut command = Command::cargo_bin("trapline").expect("built");
        command.current_dir(self.dir.path()).env_remove("TRAPLINE_KEY_FILE").env_remove("TRAPLINE_KEY_COMMAND");
        command.envs(env.iter().copied()).args(["-C", "ws"]).args(args);
        let output = command.output().expect("run");
        Said {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// Runs and expects exit status 0; returns standard output.
    pub fn ok(&self, args: &[&str]) -> String {
        let said = self.run(args);
        assert_eq!(said.status, 0, "{args:?}\n{}\n{}", said.stdout, said.stderr);
        said.stdout
    }

    /// Runs and expects exit status 1 with one error line; returns standard error.
    pub fn fails(&self, args: &[&str]) -> String {
        let said = self.run(args);
        assert_eq!(said.status, 1, "{args:?}\n{}\n{}", said.stdout, said.stderr);
        assert_eq!(said.stdout, "", "an error leaves no answer");
        assert!(
            said.stderr.lines().last().is_some_and(|line| line.starts_with("trapline: ") || line.starts_with("hint: ")),
            "{}",
            said.stderr
        );
        said.stderr
    }

    /// Plants `input` for an account and returns the planted text's path.
    pub fn plant(&self, input: &str, account: &str, batch: &str) -> PathBuf {
        let output = self.path(&format!("{account}-{batch}.planted"));
        let text = output.display().to_string();
        self.ok(&["--now", PLANTED, "plant", input, "-o", &text, "--account", account, "--batch", batch]);
        output
    }

    /// Replaces the configuration's empty list of feeds.
    pub fn feeds(&self, yaml: &str) {
        let path = self.path("ws/trapline.yaml");
        let text = fs::read_to_string(&path).expect("a configuration");
        assert!(text.contains("feeds: []"), "{text}");
        fs::write(path, text.replace("feeds: []", yaml)).expect("written");
    }

    /// The lines' national numbers, trap lines first, then those for control.
    pub fn lines(&self) -> Vec<String> {
        let list = self.ok(&["lines", "list", "--reveal"]);
        let numbers =
            list.lines().filter_map(|line| line.split_whitespace().nth(2)?.strip_prefix("+86").map(str::to_owned));
        numbers.collect()
    }
}

/// An export of some rows of the shipped one.
pub fn export(rows: std::ops::Range<usize>) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/exports/yongnian_2400.csv");
    let text = fs::read_to_string(path).expect("shipped");
    let mut lines = text.split_inclusive('\n');
    let header = lines.next().expect("a header");
    let body: String = lines.skip(rows.start).take(rows.len()).collect();
    format!("{header}{body}")
}

/// The cells of a column of a CSV without quotes.
pub fn column(text: &str, header: &str) -> Vec<String> {
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    let place = lines.next().expect("a header").split(',').position(|name| name == header).expect("a column");
    lines.map(|line| line.split(',').nth(place).unwrap_or_default().to_owned()).collect()
}

/// A call record as Asterisk's cdr-csv writes it, `minutes` after planting.
pub fn call(minutes: u32, caller: &str, called: &str, seconds: u32, note: &str) -> String {
    let planted: jiff::Timestamp = PLANTED.parse().expect("a time");
    let stamp = |extra: i64| {
        let at =
            planted.checked_add(jiff::SignedDuration::from_secs(i64::from(minutes) * 60 + extra)).expect("in range");
        at.to_zoned_datetime(jiff::tz::TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S").to_string()
    };
    format!(
        "\"\",\"{caller}\",\"{called}\",\"from-trunk\",\"\"\"\"\" <{caller}>\",\"SIP/trunk-1\",\"\",\"Queue\",\"trap\",\"{}\",\"{}\",\"{}\",{},{seconds},\"ANSWERED\",\"DOCUMENTATION\",\"{minutes}.{caller}\",\"{note}\"\n",
        stamp(0),
        stamp(5),
        stamp(5 + i64::from(seconds)),
        seconds + 5,
    )
}

/// The feed that reads `Master.csv` beside the workspace.
pub const CALLS: &str = "feeds:\n  - name: calls\n    source: {kind: file, path: ../Master.csv}\n    format: {preset: asterisk-cdr-csv}\n    time_zone: UTC\n";
