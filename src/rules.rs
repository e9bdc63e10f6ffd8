//! What an epoch registers when it opens, and what never changes after that.
//!
//! The guarantee holds for rules that were fixed before anything was seen. So
//! alpha, the shares of it, the grids, the weights of batches and the triage
//! rules are written down with a hash when the epoch opens; every decision
//! carries that hash. A later edit of the configuration takes effect in the
//! next epoch.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::codebook::Sizes;

/// How alpha is split over the rules that may accuse (attribution.md 15.0).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shares {
    /// Account processes.
    pub account: f64,
    /// Pair processes, one for each batch, accusing the account.
    pub pair: f64,
    /// Joint certification: everything seen so far, weighed at once on schedule.
    pub joint: f64,
    /// Level 2: naming the batch of an opened account.
    pub batch: f64,
    /// One full record.
    pub at_once: f64,
}

impl Default for Shares {
    fn default() -> Self {
        Self { account: 0.35, pair: 0.35, joint: 0.15, batch: 0.10, at_once: 0.05 }
    }
}

/// Blind triage: what makes a call count (attribution.md 15.5).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Triage {
    /// Callers whose calls never count: own staff, test calls, couriers.
    /// E.164 without the plus, or the digits as the exchange writes them.
    pub allow_callers: Vec<String>,
    /// A caller, or an ascending sweep, on this many lines is a storm ...
    pub storm_lines: u32,
    /// ... when it happens within this many seconds.
    pub storm_window_seconds: u32,
    /// The largest step between neighbouring calls of an ascending sweep.
    pub sweep_step: u64,
    /// A call this long counts without a keyword or a name.
    pub min_seconds: u32,
    /// Any of these in the note counts.
    pub keywords: Vec<String>,
    /// How long to wait for late records before a call is decided.
    pub settle_seconds: u32,
}

impl Default for Triage {
    fn default() -> Self {
        Self {
            allow_callers: Vec::new(),
            storm_lines: 5,
            storm_window_seconds: 600,
            sweep_step: 1000,
            min_seconds: 3,
            keywords: [
                "快递", "包裹", "理赔", "退款", "运单", "单号", "快遞", "parcel", "package", "refund", "delivery",
                "waybill",
            ]
            .map(str::to_owned)
            .to_vec(),
            settle_seconds: 900,
        }
    }
}

/// The rules of one epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// The epoch's ordinal, from 1: it spends alpha / (e (e + 1)).
    pub epoch: u32,
    /// What the quarter is called, such as `2026Q4`.
    pub label: String,
    /// When it begins (inclusive).
    pub begins: Timestamp,
    /// When it ends (exclusive).
    pub ends: Timestamp,
    /// Days after its end during which a late call still counts.
    pub horizon_days: u32,
    /// The chance ever to name an account that was not exposed, over all epochs.
    pub alpha: f64,
    /// The most sources that may ever be named in the epoch.
    pub n_max: u64,
    /// How alpha is split.
    pub shares: Shares,
    /// Weight of the j-th planting of an account: rho (1 - rho)^(j-1).
    pub rho: f64,
    /// Betting grid: the share of new lines that come from one source.
    pub theta_lambdas: Vec<f64>,
    /// Betting grid of names and other Bernoulli queries.
    pub lambdas: Vec<f64>,
    /// The e-value from which a process is asked about persons that a report
    /// names without a line.
    pub region_gate: f64,
    /// Lines in the pool (N).
    pub pool: u32,
    /// Lines of an account (c_a).
    pub account_lines: u32,
    /// Standing lines of an account (|S_a|).
    pub standing_lines: u32,
    /// Lines of a batch (c_b), unless a planting says otherwise.
    pub batch_lines: u32,
    /// Full records that may be examined in the epoch (T_max).
    pub t_max: u64,
    /// Canaries that may be planted in the epoch (n_c).
    pub canaries_max: u64,
    /// Ghosts that score alongside.
    pub ghosts: u32,
    /// Triage.
    pub triage: Triage,
    /// Joint certification. Epochs that older programs opened have none: their
    /// share of it stays unspent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joint: Option<JointRules>,
    /// Shared slots, where lines were set aside for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slots: Option<SlotRules>,
}

/// Joint certification (attribution.md 6): when it looks, and what it bets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JointRules {
    /// Confirmed calls on lines of the pool at the first look; each later look
    /// comes when there are twice as many.
    pub first_look: u64,
    /// Sources that are expected, by chance, to hold enough of the lines that
    /// rang to be looked at closely.
    pub candidates: u64,
    /// The most sources that the fit explains calls by.
    pub support: u32,
    /// Calls a line of a leaking source gets, as multiples of the mean over
    /// lines that rang at all.
    pub rates: Vec<f64>,
    /// Shares of a source's canaries that are still in circulation.
    pub circulating: Vec<f64>,
}

impl Default for JointRules {
    fn default() -> Self {
        Self {
            first_look: 8,
            candidates: 20_000,
            support: 15,
            rates: vec![0.25, 0.5, 1.0, 2.0],
            circulating: vec![1.0, 0.6, 0.3],
        }
    }
}

/// Shared slots (attribution.md 8.4): canaries of a data set that several
/// accounts see. Each account gets one of a slot's two variants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotRules {
    /// Lines behind the pool that only slots wear.
    pub lines: u32,
    /// Slots of one scope, at most.
    pub per_scope: u32,
    /// Share of a scope's slots whose bias follows the arcsine law.
    pub arcsine: f64,
    /// That law's cut-off: no bias lies nearer to 0 or 1.
    pub cutoff: f64,
    /// Bias of the other slots.
    pub bias: f64,
    /// Betting grid of the pair (rate of first variants, rate of second ones).
    pub pair_lambdas: Vec<f64>,
    /// Exponents of the symmetric Tardos scores.
    pub tilts: Vec<f64>,
}

impl SlotRules {
    /// The rules for `lines` lines and at most `per_scope` slots a scope.
    pub fn new(lines: u32, per_scope: u32) -> Self {
        Self {
            lines,
            per_scope,
            arcsine: 0.5,
            cutoff: 0.01,
            bias: 0.5,
            pair_lambdas: vec![0.0, 0.1, 0.2, 0.35, 0.6, 1.0],
            tilts: vec![0.05, 0.1, 0.15, 0.22, 0.3, 0.45],
        }
    }
}

/// The gate of regions: one source in a thousand passes it by chance (Ville).
pub const REGION_GATE: f64 = 1000.0;
/// lambda grid of line queries (attribution.md 3.1).
pub const THETA_LAMBDAS: [f64; 10] = [0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.92, 0.99];
/// lambda grid of Bernoulli queries (attribution.md 3.2).
pub const LAMBDAS: [f64; 10] = [0.05, 0.1, 0.15, 0.2, 0.25, 0.33, 0.5, 0.7, 0.9, 1.0];

impl Rules {
    /// alpha_e: what this epoch may spend of alpha.
    pub fn epoch_alpha(&self) -> f64 {
        let e = f64::from(self.epoch);
        self.alpha / (e * (e + 1.0))
    }

    /// ln of the e-value at which an account process accuses.
    pub fn ln_account_threshold(&self) -> f64 {
        (self.n_max as f64).ln() - (self.shares.account * self.epoch_alpha()).ln()
    }

    /// ln of the e-value at which the pair process of an account's `j`-th
    /// planting (from 1) accuses.
    pub fn ln_pair_threshold(&self, j: u32) -> f64 {
        let ln_weight = self.rho.ln() + f64::from(j - 1) * (-self.rho).ln_1p();
        (self.n_max as f64).ln() - (self.shares.pair * self.epoch_alpha()).ln() - ln_weight
    }

    /// ln of the e-value at which a batch is named at the epoch's `j`-th
    /// opening (from 1), when the account had `batches` batches.
    pub fn ln_batch_threshold(&self, j: u32, batches: u32) -> f64 {
        let j = f64::from(j);
        (f64::from(batches) * j * (j + 1.0)).ln() - (self.shares.batch * self.epoch_alpha()).ln()
    }

    /// ln of the accumulated e-value at which joint certification accuses.
    pub fn ln_joint_threshold(&self) -> f64 {
        (self.n_max as f64).ln() - (self.shares.joint * self.epoch_alpha()).ln()
    }

    /// The coincidence probability at which one full record accuses.
    pub fn at_once_probability(&self) -> f64 {
        self.shares.at_once * self.epoch_alpha() / (self.t_max as f64 * self.canaries_max as f64)
    }

    /// ln of the e-value from which a process is asked about regions.
    pub fn ln_region_gate(&self) -> f64 {
        self.region_gate.ln()
    }

    /// The e-value at which a ghost raises the alarm, as ln.
    pub fn ln_ghost_alarm(&self) -> f64 {
        (f64::from(self.ghosts) / 0.001).ln()
    }

    /// Lines that the epoch freezes: the pool, and behind it those of slots.
    pub fn frozen_lines(&self) -> u32 {
        self.pool + self.slots.as_ref().map_or(0, |slots| slots.lines)
    }

    /// The sizes of line sets.
    pub fn sizes(&self) -> Sizes {
        Sizes { pool: self.pool, account: self.account_lines, standing: self.standing_lines }
    }

    /// The text that is registered: JSON, one line, keys in declaration order.
    pub fn to_registered_text(&self) -> String {
        serde_json::to_string(self).expect("rules are plain data")
    }

    /// SHA-256 of the registered text, in hexadecimal.
    pub fn hash(&self) -> String {
        hex(&Sha256::digest(self.to_registered_text()))
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
