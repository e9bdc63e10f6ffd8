//! `trapline.yaml`: what the operator decides.
//!
//! Read strictly: a key that is not understood is an error, because a typo in
//! `allow_callers` would otherwise turn test calls into evidence. What bears on
//! the guarantee is registered when an epoch opens; editing it here changes the
//! next epoch, and `trapline epoch open` shows the difference.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::feed::FeedConfig;
use crate::rules::Triage;
use crate::yaml;

/// Everything in `trapline.yaml`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Must say `trapline.config/1`.
    pub format: String,
    /// IANA name of the zone in which quarters begin and bare times are read.
    pub time_zone: String,
    /// Shipped template, or a path relative to the workspace, that `plant` and
    /// `seed` use when the account has none yet.
    pub template: String,
    /// What an epoch registers.
    pub attribution: Attribution,
    /// Blind triage; registered too.
    pub triage: Triage,
    /// Where observations come from.
    pub feeds: Vec<FeedConfig>,
    /// Where accusations are announced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Webhook>,
    /// Prometheus textfile to write after each pass; relative to the workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<String>,
}

/// What an epoch registers when it opens.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Attribution {
    /// The chance ever to name an account that was not exposed.
    pub alpha: f64,
    /// The most sources that may ever be named in one epoch.
    pub n_max: u64,
    /// Weight of an account's first planting (rho); later ones decay.
    pub rho: f64,
    /// Lines of an account; by default N/20, at least 20, at most 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_lines: Option<u32>,
    /// Of those, lines of standing canaries.
    pub standing_lines: u32,
    /// Lines of a batch.
    pub batch_lines: u32,
    /// Trap lines set aside for shared slots (`plant --scope`); 0 for none.
    #[serde(skip_serializing_if = "is_zero")]
    pub slot_lines: u32,
    /// Shared slots of a scope; by default as many as the lines allow, up to 200.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slots_per_scope: Option<u32>,
    /// Days after a quarter's end during which late calls count for it.
    pub horizon_days: u32,
    /// Full records that may be examined in an epoch.
    pub t_max: u64,
    /// Canaries that may be planted in an epoch.
    pub canaries_max: u64,
    /// Ghosts that score alongside.
    pub ghosts: u32,
}

/// A receiver of accusations (Standard Webhooks).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Where to POST.
    pub url: String,
    /// Name of the environment variable that holds the signing secret.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub secret_env: Option<String>,
    /// File that holds it, relative to the workspace.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub secret_file: Option<String>,
    /// Whether the payload names the account. Chats have many readers: the
    /// default is a thin payload that says how many were named and where to look.
    #[serde(default)]
    pub names: bool,
    /// Seconds to wait for an answer.
    #[serde(default = "default_timeout")]
    pub timeout_seconds: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde asks for a reference
fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn default_timeout() -> u64 {
    10
}

/// The version this program reads.
pub const FORMAT: &str = "trapline.config/1";

/// The name under which rows of dumps are kept; no feed may have it.
pub const SCAN_FEED: &str = "scan";

impl Default for Config {
    fn default() -> Self {
        Self {
            format: FORMAT.to_owned(),
            time_zone: "Asia/Shanghai".to_owned(),
            template: "yto-express".to_owned(),
            attribution: Attribution::default(),
            triage: Triage::default(),
            feeds: Vec::new(),
            webhook: None,
            metrics: None,
        }
    }
}

impl Default for Attribution {
    fn default() -> Self {
        Self {
            alpha: 0.01,
            n_max: 1_000_000,
            rho: 0.01,
            account_lines: None,
            standing_lines: 5,
            batch_lines: 10,
            slot_lines: 0,
            slots_per_scope: None,
            horizon_days: 180,
            t_max: 1_000_000_000,
            canaries_max: 10_000_000,
            ghosts: 20_000,
        }
    }
}

impl Config {
    /// Parses and checks a configuration that came from `origin`.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with its place and the way out.
    pub fn parse(text: &str, origin: &str) -> Result<Self, Fault> {
        let config: Self = yaml::parse(text, origin)?;
        config.check().map_err(|fault| fault.in_file(origin))?;
        Ok(config)
    }

    /// The declared time zone.
    ///
    /// # Errors
    ///
    /// When there is no such zone.
    pub fn zone(&self) -> Result<TimeZone, Fault> {
        TimeZone::get(&self.time_zone).map_err(|_| {
            Fault::new(format!("there is no time zone {:?}", self.time_zone))
                .at_field("time_zone")
                .hint("use an IANA name such as Asia/Shanghai or UTC")
        })
    }

    fn check(&self) -> Result<(), Fault> {
        if self.format != FORMAT {
            return Err(Fault::new(format!("expected {FORMAT:?}, found {:?}", self.format)).at_field("format"));
        }
        self.zone()?;
        self.attribution.check()?;
        self.check_triage()?;
        let mut names = std::collections::BTreeSet::new();
        for (place, feed) in self.feeds.iter().enumerate() {
            feed.check().map_err(|fault| {
                let inner = fault.field.clone().map(|field| format!(".{field}")).unwrap_or_default();
                fault.at_field(format!("feeds[{place}]{inner}"))
            })?;
            if feed.name == SCAN_FEED {
                return Err(Fault::new(format!("a feed may not be called {SCAN_FEED:?}"))
                    .at_field(format!("feeds[{place}].name"))
                    .hint("`trapline scan --record` keeps its rows under that name: choose another"));
            }
            if !names.insert(&feed.name) {
                return Err(Fault::new(format!("there are two feeds called {:?}", feed.name))
                    .at_field(format!("feeds[{place}].name"))
                    .hint("a feed's cursor is kept by its name: give each its own"));
            }
        }
        self.webhook.as_ref().map_or(Ok(()), Webhook::check)
    }

    fn check_triage(&self) -> Result<(), Fault> {
        let triage = &self.triage;
        let wrong = |field: &str, what: &str| Err(Fault::new(what).at_field(format!("triage.{field}")));
        if triage.storm_lines < 2 {
            return wrong("storm_lines", "expected at least 2: one call is no storm");
        }
        if triage.storm_window_seconds == 0 {
            return wrong("storm_window_seconds", "expected at least 1");
        }
        if triage.keywords.iter().any(|word| word.trim().is_empty()) {
            return wrong("keywords", "an empty keyword would confirm every call");
        }
        Ok(())
    }
}

impl Attribution {
    fn check(&self) -> Result<(), Fault> {
        let wrong = |field: &str, what: String| Err(Fault::new(what).at_field(format!("attribution.{field}")));
        if !(self.alpha > 0.0 && self.alpha <= 0.5) {
            return wrong("alpha", format!("expected a number above 0 and up to 0.5, found {}", self.alpha));
        }
        if !(self.rho > 0.0 && self.rho < 1.0) {
            return wrong("rho", format!("expected a number between 0 and 1, found {}", self.rho));
        }
        if self.n_max == 0 || self.t_max == 0 || self.canaries_max == 0 {
            return wrong("n_max", "n_max, t_max and canaries_max must be at least 1".to_owned());
        }
        if self.batch_lines == 0 {
            return wrong("batch_lines", "expected at least 1".to_owned());
        }
        if self.slot_lines == 1 || self.slots_per_scope == Some(0) {
            return wrong("slot_lines", "a shared slot has two variants: expected at least 2 lines, or 0".to_owned());
        }
        Ok(())
    }
}

impl Webhook {
    fn check(&self) -> Result<(), Fault> {
        if !self.url.starts_with("https://") && !self.url.starts_with("http://") {
            return Err(Fault::new("expected an address that begins with https:// or http://").at_field("webhook.url"));
        }
        if self.secret_env.is_some() == self.secret_file.is_some() {
            return Err(Fault::new("expected exactly one of secret_env and secret_file").at_field("webhook").hint(
                "unsigned announcements could be forged; write `openssl rand -base64 32` into a file of mode 0600",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_configuration_reads_back() {
        let text = serde_yaml::to_string(&Config::default()).expect("plain data");

        let read = Config::parse(&text, "trapline.yaml").expect("its own text");

        assert_eq!(read.attribution.n_max, 1_000_000);
    }

    #[test]
    fn a_typo_is_an_error_with_its_line() {
        let fault = Config::parse("time_zone: UTC\ntriage:\n  allow_caller: []\n", "trapline.yaml").expect_err("typo");

        assert_eq!(fault.line, Some(3), "{fault}");
        assert!(fault.what.contains("allow_caller"), "{fault}");
    }

    #[test]
    fn impossible_values_name_their_field() {
        for (text, field) in [
            ("attribution: {alpha: 0}", "attribution.alpha"),
            ("attribution: {rho: 1}", "attribution.rho"),
            ("time_zone: Mars/Olympus", "time_zone"),
            ("format: trapline.config/2", "format"),
            ("webhook: {url: 'https://x.example/'}", "webhook"),
            ("triage: {keywords: ['']}", "triage.keywords"),
        ] {
            let fault = Config::parse(text, "trapline.yaml").expect_err(text);
            assert_eq!(fault.field.as_deref(), Some(field), "{fault}");
        }
    }
}
