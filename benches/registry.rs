//! The registry at the size it is built for: 300,000 accounts with standing
//! canaries, 100,000 hits. Each act works on a fresh file in a temporary folder.

use divan::Bencher;
use jiff::Timestamp;
use tempfile::TempDir;
use trapline::key::MasterKey;
use trapline::line::LineNumber;
use trapline::observation::{Found, Hit, Kind, Observation};
use trapline::persona::Role;
use trapline::registry::sqlite::SqliteRegistry;
use trapline::registry::{
    BatchKey, Ingest, LineUse, NewDecision, NewLine, NewObservation, NewPlanting, PlantedRow, PlantedRows, Registry,
    Verdict,
};
use trapline::rules::{LAMBDAS, Rules, Shares, THETA_LAMBDAS, Triage};
use trapline::seal::Vault;

const ACCOUNTS: u64 = 300_000;
const HITS: i64 = 100_000;

fn main() {
    divan::main();
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn bind_300_000_accounts(bencher: Bencher<'_, '_>) {
    let names = names();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    bencher.with_inputs(opened).bench_local_values(|(folder, mut registry)| {
        registry.bind_accounts(1, &names, "t1", now()).expect("accounts");
        (folder, registry)
    });
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn plant_300_000_standing(bencher: Bencher<'_, '_>) {
    let plantings = plantings();
    bencher.with_inputs(bound).bench_local_values(|(folder, mut registry)| {
        registry.plant_many(&plantings).expect("plantings");
        (folder, registry)
    });
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn read_300_000_accounts(bencher: Bencher<'_, '_>) {
    let (_folder, registry) = bound();
    bencher.bench_local(|| registry.accounts(1).expect("accounts"));
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn read_300_000_plantings(bencher: Bencher<'_, '_>) {
    let (_folder, mut registry) = bound();
    registry.plant_many(&plantings()).expect("plantings");
    bencher.bench_local(|| registry.plantings(1).expect("plantings"));
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn ingest_100_000_hits(bencher: Bencher<'_, '_>) {
    let batch = hits();
    bencher.with_inputs(opened).bench_local_values(|(folder, mut registry)| {
        registry.ingest(&batch).expect("hits");
        (folder, registry)
    });
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn ingest_100_000_known_hits(bencher: Bencher<'_, '_>) {
    let batch = hits();
    let (_folder, mut registry) = opened();
    registry.ingest(&batch).expect("hits");
    bencher.bench_local(|| registry.ingest(&batch).expect("hits"));
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn read_100_000_undecided(bencher: Bencher<'_, '_>) {
    let (_folder, registry) = observed();
    bencher.bench_local(|| registry.undecided(1, Timestamp::UNIX_EPOCH, Timestamp::MAX).expect("hits"));
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn decide_100_000(bencher: Bencher<'_, '_>) {
    let decisions = decisions();
    bencher.with_inputs(observed).bench_local_values(|(folder, mut registry)| {
        registry.decide(1, &decisions, now()).expect("decisions");
        (folder, registry)
    });
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn read_100_000_decisions(bencher: Bencher<'_, '_>) {
    let (_folder, mut registry) = observed();
    registry.decide(1, &decisions(), now()).expect("decisions");
    bencher.bench_local(|| registry.decisions(1).expect("decisions"));
}

fn now() -> Timestamp {
    "2026-10-01T08:00:00.123456Z".parse().expect("a time")
}

fn opened() -> (TempDir, SqliteRegistry) {
    let folder = tempfile::tempdir().expect("a folder");
    let vault = Vault::new(&MasterKey::from_bytes([1; 32]));
    let mut registry = SqliteRegistry::create(&folder.path().join("registry.db"), vault).expect("a registry");
    let line = |n: u32| NewLine {
        number: LineNumber { country: 86, national: format!("1540000{n:04}"), extension: String::new() },
        line_use: LineUse::Trap,
        demo: true,
    };
    registry.add_lines(&(0..2000).map(line).collect::<Vec<_>>(), now()).expect("lines");
    registry.open_epoch(&rules(), &(1..=2000).collect::<Vec<_>>(), now()).expect("an epoch");
    registry.put_template("t1", "express", "fields: {}").expect("a template");
    (folder, registry)
}

fn bound() -> (TempDir, SqliteRegistry) {
    let (folder, mut registry) = opened();
    let names = names();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    registry.bind_accounts(1, &names, "t1", now()).expect("accounts");
    (folder, registry)
}

fn observed() -> (TempDir, SqliteRegistry) {
    let (folder, mut registry) = opened();
    registry.ingest(&hits()).expect("hits");
    (folder, registry)
}

fn names() -> Vec<String> {
    (0..ACCOUNTS).map(|n| format!("outlet-{n:06}")).collect()
}

fn plantings() -> Vec<NewPlanting> {
    let planting = |(n, account): (u64, String)| NewPlanting {
        key: BatchKey { epoch: 1, account, batch: String::new() },
        lines: 5,
        roles: vec![Role::Recipient],
        block: "demo".to_owned(),
        at: now(),
        input_hash: String::new(),
        input_bytes: 0,
        scope: String::new(),
        rows: PlantedRows {
            rows: (0..5).map(|i| PlantedRow { serial: 5 * n + i, ..PlantedRow::default() }).collect(),
            ..PlantedRows::default()
        },
    };
    (0..).zip(names()).map(planting).collect()
}

fn hits() -> Ingest {
    let hit = |n: i64| {
        let at = Timestamp::from_second(1_790_000_000 + n).expect("a time");
        let mut observation = Observation::new(Kind::Call, Vec::new());
        observation.native_id = Some(format!("1790000000.{n}"));
        observation.at = Some(at);
        observation.caller = Some(format!("021555{n:06}"));
        observation.called = Some(format!("1540000{:04}", n % 2000));
        observation.seconds = Some(41);
        let hit = Hit {
            found: vec![Found::Line { line: n % 2000 + 1, role: None }],
            caller_tag: Some(format!("{n:032x}")),
            allowed: false,
            seconds: 41,
            keyword: false,
            named: false,
            line_number: Some(15_400_000_000 + (n % 2000) as u64),
        };
        NewObservation { identity: format!("id:1790000000.{n}"), at, observation, hit }
    };
    Ingest {
        feed: "pbx".to_owned(),
        cursor: "{}".to_owned(),
        now: now(),
        records: HITS as u64,
        hits: (0..HITS).map(hit).collect(),
        rejected: Vec::new(),
    }
}

fn decisions() -> Vec<NewDecision> {
    let decision = |observation| NewDecision { observation, verdict: Verdict::Confirmed, rules_hash: "5f".repeat(32) };
    (1..=HITS).map(decision).collect()
}

fn rules() -> Rules {
    Rules {
        epoch: 1,
        label: "2026Q4".to_owned(),
        begins: now(),
        ends: "2027-01-01T00:00:00Z".parse().expect("a time"),
        horizon_days: 180,
        alpha: 0.01,
        n_max: 1_000_000,
        shares: Shares::default(),
        rho: 0.01,
        theta_lambdas: THETA_LAMBDAS.to_vec(),
        lambdas: LAMBDAS.to_vec(),
        region_gate: 0.0,
        pool: 2000,
        account_lines: 100,
        standing_lines: 5,
        batch_lines: 10,
        t_max: 1_000_000_000,
        canaries_max: 10_000_000,
        ghosts: 20_000,
        triage: Triage::default(),
        joint: None,
        slots: None,
    }
}
