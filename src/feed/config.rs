//! What `trapline.yaml` says about a feed.
//!
//! ```yaml
//! feeds:
//!   - name: pbx
//!     source: { kind: file, path: /var/log/asterisk/cdr-csv/Master.csv }
//!     format: { preset: asterisk-cdr-csv }
//!     time_zone: Asia/Shanghai
//! ```

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::format::Format;
use super::mapping::Target;
use crate::fault::Fault;

/// One feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedConfig {
    /// Name in reports, cursors and metrics.
    pub name: String,
    /// Where the bytes are.
    pub source: SourceConfig,
    /// What they mean.
    pub format: FormatConfig,
    /// Zone of times that are written without one: an IANA name, `+08:00`, or
    /// rules as in POSIX's `TZ`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Hours without a record after which the feed counts as silent.
    #[serde(default = "a_day")]
    pub silent_after_hours: u32,
    /// Cap on one document (inbox file, HTTP body), after decompression.
    #[serde(default = "sixty_four_mebibytes")]
    pub max_bytes: u64,
}

/// Where a feed's bytes are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum SourceConfig {
    /// One file: a log that grows and is rotated, or a document that is
    /// replaced.
    File(FileConfig),
    /// A folder into which others put files.
    Inbox(InboxConfig),
    /// An HTTP address.
    Http(HttpConfig),
}

/// A single file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileConfig {
    /// Path, from the workspace if relative.
    pub path: PathBuf,
    /// Seconds without a write after which an unterminated last line counts as
    /// whole.
    #[serde(default = "an_hour_in_seconds")]
    pub settle_seconds: u32,
}

/// An inbox folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InboxConfig {
    /// Path, from the workspace if relative.
    pub path: PathBuf,
    /// Only files whose names end so, such as `.csv`; all files if empty.
    #[serde(default)]
    pub suffix: String,
    /// Seconds without a write after which a file counts as whole.
    #[serde(default = "five")]
    pub settle_seconds: u32,
}

/// An HTTP address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// Address; `{since}` becomes a date (see [`HttpConfig::overlap_days`]).
    pub url: String,
    /// Credentials, sent to this host only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// How to find the next page; by default what the preset knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pagination: Option<Pagination>,
    /// Pages at most in one pass.
    #[serde(default = "a_hundred")]
    pub max_pages: u32,
    /// Attempts after the first.
    #[serde(default = "three")]
    pub retries: u32,
    /// Seconds to wait for a connection.
    #[serde(default = "ten")]
    pub connect_timeout_seconds: u32,
    /// Seconds without a byte after which the server is given up.
    #[serde(default = "thirty")]
    pub read_timeout_seconds: u32,
    /// Seconds for one whole answer.
    #[serde(default = "three_hundred")]
    pub total_timeout_seconds: u32,
    /// Seconds for the whole pass: all pages, attempts and waits.
    #[serde(default = "fifteen_minutes_in_seconds")]
    pub pass_timeout_seconds: u32,
    /// Longest wait that a server may ask for by `Retry-After`.
    #[serde(default = "two_minutes_in_seconds")]
    pub max_wait_seconds: u32,
    /// `{since}` is the newest record's date less this; a month back at first.
    #[serde(default = "two")]
    pub overlap_days: u32,
}

/// Credentials of an HTTP feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Auth {
    /// HTTP Basic.
    Basic {
        /// User name.
        username: SecretRef,
        /// Password.
        password: SecretRef,
    },
    /// A bearer token.
    Bearer {
        /// Token.
        token: SecretRef,
    },
    /// A header of its own, such as `X-Api-Key`.
    Header {
        /// Header name.
        name: String,
        /// Header value.
        value: SecretRef,
    },
}

/// Where a secret is kept: exactly one of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretRef {
    /// An environment variable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<String>,
    /// A file; one trailing line break is dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
}

/// How the next page of an answer is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pagination {
    /// There is one page.
    None,
    /// `Link: <...>; rel="next"`.
    LinkHeader,
    /// `next_page_uri` in the JSON body, as Twilio has it.
    NextPageUri,
}

/// What a feed's bytes mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormatConfig {
    /// The format, with what it already knows.
    pub preset: Preset,
    /// Encoding; by default detected for each record.
    #[serde(default)]
    pub encoding: EncodingName,
    /// Separator of a delimited format; a comma by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// Whether the first record names the columns (generic `csv`; default yes).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// Which column (name, or number from 1) or JSON path feeds which field.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<Target, Column>,
    /// Formats of times, tried in order, in strptime's language; if empty, the
    /// usual unambiguous ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub times: Vec<String>,
    /// Path of the array of records in a JSON document, such as `data.items`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<String>,
    /// What one report is in free text.
    #[serde(default)]
    pub unit: TextUnit,
    /// Kind of the observations; by default what the preset says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<crate::observation::Kind>,
    /// Access logs: query parameters that hold a waybill number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<String>,
    /// Access logs: beginnings of paths that are tracking pages; any by default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// Access logs: user agents that do not count (a part of the name suffices).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude_agents: Vec<String>,
    /// Access logs: addresses (or `10.0.0.0/8`) that do not count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude_addresses: Vec<String>,
}

impl FormatConfig {
    /// A preset with nothing changed.
    pub fn of(preset: Preset) -> Self {
        Self {
            preset,
            encoding: EncodingName::Auto,
            delimiter: None,
            header: None,
            columns: BTreeMap::new(),
            times: Vec::new(),
            records: None,
            unit: TextUnit::Line,
            kind: None,
            parameters: Vec::new(),
            paths: Vec::new(),
            exclude_agents: Vec::new(),
            exclude_addresses: Vec::new(),
        }
    }
}

/// The formats that have a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// `/var/log/asterisk/cdr-csv/Master.csv`.
    AsteriskCdrCsv,
    /// `/var/log/asterisk/cdr-custom/Master.csv` as its sample is.
    AsteriskCdrCustom,
    /// The cdr table of FreePBX or Issabel, exported with a header.
    Freepbx,
    /// FreeSWITCH's mod_cdr_csv, template `example`.
    FreeswitchCsv,
    /// FreeSWITCH's mod_json_cdr.
    FreeswitchJson,
    /// Twilio's list of calls.
    TwilioCalls,
    /// Any delimited file, by its header or a mapping.
    Csv,
    /// Any JSON document, by a mapping.
    Json,
    /// Any JSON Lines file, by a mapping.
    Jsonl,
    /// Complaint tickets, Chinese or English headers.
    Tickets,
    /// Free text.
    Text,
    /// Combined access log of a web server.
    AccessLog,
}

/// A column by number (from 1) or name, or the first of several that holds
/// something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Column {
    /// By number, from 1.
    Index(u32),
    /// By name, or a dotted path in JSON.
    Name(String),
    /// The first that is there and not empty.
    Any(Vec<String>),
}

/// Names of encodings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EncodingName {
    /// UTF-8 if a record is, else GB18030 if it is.
    #[default]
    Auto,
    /// UTF-8, with or without a byte order mark.
    #[serde(rename = "utf-8", alias = "utf8")]
    Utf8,
    /// GB18030, which contains GBK and GB2312.
    #[serde(alias = "gbk", alias = "gb2312")]
    Gb18030,
}

/// What one report is in free text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TextUnit {
    /// Each line.
    #[default]
    Line,
    /// Each paragraph, between blank lines.
    Paragraph,
    /// Each file or body.
    File,
}

impl FeedConfig {
    /// Checks what the types cannot say.
    ///
    /// # Errors
    ///
    /// The first setting that cannot work, with its path and the way out.
    pub fn check(&self) -> Result<(), Fault> {
        let named = |fault: Fault| fault.in_file(format!("feed {}", self.name));
        if self.name.is_empty() || self.name.chars().any(|c| c.is_control() || c == '/') {
            return Err(Fault::new("expected a name without slashes or control characters").at_field("name"));
        }
        if self.max_bytes == 0 {
            return Err(named(Fault::new("expected at least 1").at_field("max_bytes")));
        }
        if self.silent_after_hours == 0 {
            return Err(named(Fault::new("expected at least 1").at_field("silent_after_hours")));
        }
        match &self.source {
            SourceConfig::File(file) if file.path.as_os_str().is_empty() => {
                Err(Fault::new("expected a path").at_field("source.path"))
            }
            SourceConfig::Inbox(inbox) if inbox.path.as_os_str().is_empty() => {
                Err(Fault::new("expected a path").at_field("source.path"))
            }
            SourceConfig::Http(http) => super::http::check(http),
            SourceConfig::File(_) | SourceConfig::Inbox(_) => Ok(()),
        }
        .map_err(named)?;
        Format::new(self).map_err(named).map(|_| ())
    }
}

fn a_day() -> u32 {
    24
}
fn sixty_four_mebibytes() -> u64 {
    64 * 1024 * 1024
}
fn an_hour_in_seconds() -> u32 {
    3600
}
fn two_minutes_in_seconds() -> u32 {
    120
}
fn fifteen_minutes_in_seconds() -> u32 {
    900
}
fn two() -> u32 {
    2
}
fn three() -> u32 {
    3
}
fn five() -> u32 {
    5
}
fn ten() -> u32 {
    10
}
fn thirty() -> u32 {
    30
}
fn a_hundred() -> u32 {
    100
}
fn three_hundred() -> u32 {
    300
}
