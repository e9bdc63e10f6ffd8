//! The registry: one story over every store, and the SQLite file as an
//! attacker, an older program or a full disk meets it.

mod file;
mod story;
mod twins;

use std::path::Path;

use jiff::{Timestamp, ToSpan as _};
use trapline::key::MasterKey;
use trapline::line::LineNumber;
use trapline::observation::{Found, Hit, Kind, Observation};
use trapline::persona::Role;
use trapline::registry::{BatchKey, LineUse, NewLine, NewObservation, NewPlanting, PlantedRow, PlantedRows};
use trapline::rules::{LAMBDAS, Rules, Shares, THETA_LAMBDAS, Triage};
use trapline::seal::Vault;

/// The vault of a workspace whose key is 32 times `byte`.
fn vault(byte: u8) -> Vault {
    Vault::new(&MasterKey::from_bytes([byte; 32]))
}

/// Seconds after the beginning of 2026Q4.
fn at(seconds: i64) -> Timestamp {
    let begins: Timestamp = "2026-10-01T00:00:00Z".parse().expect("a time");
    begins.checked_add(seconds.seconds()).expect("within the calendar")
}

fn line(n: u32, line_use: LineUse) -> NewLine {
    let number = LineNumber { country: 86, national: format!("1540000{n:04}"), extension: String::new() };
    NewLine { number, line_use, demo: true }
}

/// Rules of an epoch over `pool` lines.
fn rules(epoch: u32, pool: u32) -> Rules {
    Rules {
        epoch,
        label: format!("2026Q{epoch}"),
        begins: at(0),
        ends: at(90 * 86_400),
        horizon_days: 180,
        alpha: 0.01,
        n_max: 4,
        shares: Shares::default(),
        rho: 0.01,
        theta_lambdas: THETA_LAMBDAS.to_vec(),
        lambdas: LAMBDAS.to_vec(),
        region_gate: 0.0,
        pool,
        account_lines: 2,
        standing_lines: 1,
        batch_lines: 1,
        t_max: 1_000_000_000,
        canaries_max: 1_000_000,
        ghosts: 10,
        triage: Triage::default(),
        joint: None,
        slots: None,
    }
}

fn batch(epoch: u32, account: &str, batch: &str) -> BatchKey {
    BatchKey { epoch, account: account.to_owned(), batch: batch.to_owned() }
}

/// A planting of three canaries with serials from `first` on.
fn planting(key: BatchKey, input: &str, first: u64) -> NewPlanting {
    let row = |serial| PlantedRow {
        serial,
        offset: 4_813_007,
        bytes: 118,
        hash: "ab".repeat(32),
        context: vec![("time".to_owned(), "2026-10-02 09:41:17".to_owned())],
    };
    NewPlanting {
        key,
        lines: 3,
        roles: vec![Role::Recipient],
        block: "demo".to_owned(),
        at: at(100),
        input_hash: input.to_owned(),
        input_bytes: 1_000_000,
        scope: String::new(),
        rows: PlantedRows {
            rows: (first..first + 3).map(row).collect(),
            shared: Vec::new(),
            output_hash: "cd".repeat(32),
            output_bytes: 1_000_354,
            inside: None,
        },
    }
}

/// A call to line 1, `seconds` after the epoch's beginning.
fn call(identity: &str, seconds: i64) -> NewObservation {
    let mut observation = Observation::new(Kind::Call, Vec::new());
    observation.at = Some(at(seconds));
    observation.caller = Some("02155500199".to_owned());
    observation.called = Some("15400000001".to_owned());
    observation.asked_name = Some("王小明".to_owned());
    observation.text = Some("您的快递丢失，办理理赔".to_owned());
    let hit = Hit {
        found: vec![Found::Line { line: 1, role: None }],
        caller_tag: Some("5f5f".to_owned()),
        allowed: false,
        seconds: 41,
        keyword: true,
        named: true,
        line_number: Some(15_400_000_001),
    };
    NewObservation { identity: identity.to_owned(), at: at(seconds), observation, hit }
}

/// The file and its journal, as they lie on the disk.
fn raw_bytes(path: &Path) -> Vec<u8> {
    let mut bytes = std::fs::read(path).expect("the registry's file");
    bytes.extend(std::fs::read(path.with_extension("db-wal")).unwrap_or_default());
    bytes
}
