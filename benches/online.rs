//! How long one newly confirmed line takes: 300,000 accounts of 100 lines on a
//! pool of 2,000, each with a batch of ten, after 500 calls.

use std::collections::BTreeMap;

use divan::Bencher;
use jiff::Timestamp;
use trapline::attribute::Evidence;
use trapline::attribute::standing::Standing;
use trapline::codebook::{Codebook, Sizes};
use trapline::derive::{Draw, Stream};
use trapline::key::MasterKey;
use trapline::persona::Role;
use trapline::registry::{AccountRow, BatchKey, PlantingRow, Tally};
use trapline::rules::{JointRules, LAMBDAS, Rules, Shares, THETA_LAMBDAS, Triage};

const ACCOUNTS: u32 = 300_000;
const SIZES: Sizes = Sizes { pool: 2_000, account: 100, standing: 5 };

fn main() {
    divan::main();
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).expect("a time near now")
}

#[divan::bench(sample_count = 200, sample_size = 1)]
fn one_confirmed_line(bencher: Bencher<'_, '_>) {
    let (mut standing, mut draw) = (standing(), Stream::new(&[9; 32]));
    let mut second = 1_000;
    let mut next = || {
        second += 1;
        (draw.below(SIZES.pool), at(second))
    };
    let mut most = 0;
    for _ in 0..500 {
        let (line, at) = next();
        most = most.max(standing.bearers(line));
        standing.confirm(line, at);
    }
    eprintln!("{} sources, up to {most} of them with one line", standing.sources());
    bencher.with_inputs(next).bench_local_values(|(line, at)| standing.confirm(line, at));
}

fn standing() -> Standing {
    let rules = Rules {
        epoch: 1,
        label: "2026Q4".into(),
        begins: at(-1),
        ends: at(10_000_000),
        horizon_days: 30,
        alpha: 0.01,
        n_max: 1_000_000,
        shares: Shares::default(),
        rho: 0.01,
        theta_lambdas: THETA_LAMBDAS.to_vec(),
        lambdas: LAMBDAS.to_vec(),
        region_gate: 1000.0,
        pool: SIZES.pool,
        account_lines: SIZES.account,
        standing_lines: SIZES.standing,
        batch_lines: 10,
        t_max: 1_000_000_000,
        canaries_max: 10_000_000,
        ghosts: 20_000,
        triage: Triage::default(),
        joint: Some(JointRules::default()),
        slots: None,
    };
    let account =
        |ordinal| AccountRow { ordinal, name: format!("outlet-{ordinal:06}"), template: "0".repeat(64), start: at(0) };
    let planting = |ordinal: u32| PlantingRow {
        id: i64::from(ordinal) + 1,
        key: BatchKey { epoch: 1, account: format!("outlet-{ordinal:06}"), batch: format!("export-{ordinal}") },
        j: 1,
        lines: 10,
        roles: vec![Role::Recipient],
        block: "demo".into(),
        // A few start after the first calls.
        at: at(i64::from(ordinal % 1_200)),
        input_hash: String::new(),
        input_bytes: 0,
        serials: (0..10).map(|index| 10 * u64::from(ordinal) + index).collect(),
        released: Some(at(30)),
        scope: String::new(),
    };
    let codebook = Codebook::new(&MasterKey::from_bytes([3; 32]), 1, SIZES);
    let pool: Vec<i64> = (1..=i64::from(SIZES.pool)).collect();
    let accounts: Vec<AccountRow> = (0..ACCOUNTS).map(account).collect();
    let plantings: Vec<PlantingRow> = (0..ACCOUNTS).map(planting).collect();
    let (makers, blocks) = (BTreeMap::new(), BTreeMap::from([("demo".to_owned(), 1_000_000_000)]));
    let evidence = Evidence {
        rules: &rules,
        codebook: &codebook,
        pool: &pool,
        slot_lines: &[],
        control: &[],
        accounts: &accounts,
        plantings: &plantings,
        decisions: &[],
        left_out: Tally::default(),
        scopes: &[],
        accusations: &[],
        acts: &[],
        openings: &[],
        revelations: &[],
        makers: &makers,
        blocks: &blocks,
    };
    Standing::new(&evidence).expect("the tables are small")
}
