//! How long "who was exposed?" takes, and one more call, at the size of a national carrier:
//! 300,000 accounts on 2,000 lines, one batch of ten each, five leakers, 100
//! confirmed hits of which half are noise and half bring a name.

use std::collections::BTreeMap;
use std::sync::Arc;

use divan::Bencher;
use jiff::Timestamp;
use trapline::attribute::standing::Standing;
use trapline::attribute::{Evidence, attribute};
use trapline::codebook::{Codebook, Holder, Sizes};
use trapline::derive::{Draw, Seed, Stream};
use trapline::key::MasterKey;
use trapline::observation::{Found, Hit};
use trapline::persona::{Given, Name, Persona, PersonaLaw, PersonaMaker, PersonaPattern, Role};
use trapline::registry::{AccountRow, BatchKey, DecisionRow, PlantingRow, Tally, Verdict};
use trapline::rules::{JointRules, LAMBDAS, Rules, Shares, THETA_LAMBDAS, Triage};

const ACCOUNTS: u32 = 300_000;
const SIZES: Sizes = Sizes { pool: 2_000, account: 100, standing: 5 };

fn main() {
    divan::main();
}

/// One newly confirmed line, after five hundred.
#[divan::bench(sample_count = 200, sample_size = 1)]
fn one_confirmed_line(bencher: Bencher<'_, '_>) {
    let world = World::new(false, false);
    let mut standing = Standing::new(&world.evidence()).expect("the tables are small");
    let (mut draw, mut second) = (Stream::new(&[9; 32]), 10_000);
    let mut next = || {
        second += 1;
        (draw.below(SIZES.pool), world.rules.begins + jiff::SignedDuration::from_secs(second))
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

#[divan::bench(sample_count = 5, sample_size = 1)]
fn lines_only(bencher: Bencher<'_, '_>) {
    let world = World::new(false, false);
    bencher.bench_local(|| attribute(&world.evidence()));
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn lines_and_names(bencher: Bencher<'_, '_>) {
    let world = World::new(true, false);
    let answer = attribute(&world.evidence());
    eprintln!("named: {:?}", answer.named.iter().map(|named| &named.account).collect::<Vec<_>>());
    bencher.bench_local(|| attribute(&world.evidence()));
}

#[divan::bench(sample_count = 2, sample_size = 1)]
fn lines_names_and_one_region(bencher: Bencher<'_, '_>) {
    let world = World::new(true, true);
    bencher.bench_local(|| attribute(&world.evidence()));
}

/// Names of 100 weighted surnames and 10,000 given names.
struct Names;

impl Names {
    fn family(number: u32) -> String {
        format!("f{number}")
    }
}

impl PersonaLaw for Names {
    fn probability(&self, _: Role, pattern: &PersonaPattern) -> f64 {
        let family = pattern.name.family.as_ref().map_or(1.0, |set| set.len() as f64 / 100.0);
        let given = match &pattern.name.given {
            None => 1.0,
            Some(Given::Exact(_)) => 1e-4,
            Some(_) => 1e-2,
        };
        family * given
    }
}

impl PersonaMaker for Names {
    fn persona(&self, _: Role, seed: &Seed) -> Persona {
        let mut stream = Stream::new(seed);
        let (family, given) = (Self::family(stream.below(100)), format!("g{}", stream.below(10_000)));
        Persona { name: Name { full: format!("{family}{given}"), family, given }, ..Persona::default() }
    }
}

struct World {
    rules: Rules,
    codebook: Codebook,
    pool: Vec<i64>,
    accounts: Vec<AccountRow>,
    plantings: Vec<PlantingRow>,
    decisions: Vec<DecisionRow>,
    makers: BTreeMap<String, Arc<dyn PersonaMaker>>,
    blocks: BTreeMap<String, u64>,
}

impl World {
    fn new(names: bool, region: bool) -> Self {
        let at = |second: i64| Timestamp::from_second(1_700_000_000 + second).expect("a time near now");
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
        let account = |ordinal| AccountRow {
            ordinal,
            name: format!("outlet-{ordinal:06}"),
            template: "0".repeat(64).into(),
            start: at(0),
        };
        let planting = |ordinal: u32| PlantingRow {
            id: i64::from(ordinal) + 1,
            key: BatchKey { epoch: 1, account: format!("outlet-{ordinal:06}"), batch: format!("export-{ordinal}") },
            j: 1,
            lines: 10,
            roles: vec![Role::Recipient],
            block: "demo".into(),
            at: at(i64::from(ordinal % 30)),
            input_hash: String::new(),
            input_bytes: 0,
            serials: (0..10).map(|index| 10 * u64::from(ordinal) + index).collect(),
            released: Some(at(30)),
            scope: String::new(),
        };
        let maker: Arc<dyn PersonaMaker> = Arc::new(Names);
        let mut world = Self {
            rules,
            codebook: Codebook::new(&MasterKey::from_bytes([3; 32]), 1, SIZES),
            pool: (1..=i64::from(SIZES.pool)).collect(),
            accounts: (0..ACCOUNTS).map(account).collect(),
            plantings: (0..ACCOUNTS).map(planting).collect(),
            decisions: Vec::new(),
            makers: BTreeMap::from([("0".repeat(64), maker)]),
            blocks: BTreeMap::from([("demo".to_owned(), 1_000_000_000)]),
        };
        let mut noise = Stream::new(&[5; 32]);
        for leaker in 0..5 {
            let name = format!("outlet-{:06}", 1_000 * leaker + 7);
            let holder = Holder::Account(&name);
            let lines = world.codebook.account_lines(holder);
            for line in world.codebook.batch_lines(holder, &lines, &format!("export-{}", 1_000 * leaker + 7), 10) {
                let persona =
                    Names.persona(Role::Recipient, &world.codebook.persona_seed(holder, Role::Recipient, line));
                world.hit(line, names.then_some(&persona));
                let stranger = Names.persona(Role::Recipient, &[noise.below(200) as u8; 32]);
                world.hit(noise.below(SIZES.pool), names.then_some(&stranger));
            }
        }
        if region {
            let pattern = pattern(&Names.persona(Role::Recipient, &[1; 32]));
            world.decide(vec![Found::Person { pattern }]);
        }
        world
    }

    fn hit(&mut self, line: u32, name: Option<&Persona>) {
        let mut found = vec![Found::Line { line: self.pool[line as usize], role: None }];
        // Every second caller asks for somebody.
        found
            .extend(name.filter(|_| self.decisions.len() % 4 < 2).map(|name| Found::Person { pattern: pattern(name) }));
        self.decide(found);
    }

    fn decide(&mut self, found: Vec<Found>) {
        let seq = self.decisions.len() as u64 + 1;
        let at = self.rules.begins + jiff::SignedDuration::from_secs(1_000 + seq as i64);
        let hit = Hit {
            found,
            caller_tag: None,
            allowed: false,
            seconds: 60,
            keyword: true,
            named: false,
            line_number: None,
        };
        self.decisions.push(DecisionRow {
            seq,
            observation: seq as i64,
            at,
            verdict: Verdict::Confirmed,
            hit,
            rules_hash: String::new(),
            decided: at,
        });
    }

    fn evidence(&self) -> Evidence<'_> {
        Evidence {
            rules: &self.rules,
            codebook: &self.codebook,
            pool: &self.pool,
            slot_lines: &[],
            control: &[],
            accounts: &self.accounts,
            plantings: &self.plantings,
            decisions: &self.decisions,
            left_out: Tally::default(),
            scopes: &[],
            accusations: &[],
            acts: &[],
            openings: &[],
            revelations: &[],
            makers: &self.makers,
            blocks: &self.blocks,
        }
    }
}

/// What a caller says who asks for `persona` by surname, or by the whole name.
fn pattern(persona: &Persona) -> PersonaPattern {
    let mut pattern = PersonaPattern::default();
    pattern.name.family = Some([persona.name.family.clone()].into());
    if persona.name.given.len() > 4 {
        pattern.name.given = Some(Given::Exact(persona.name.given.clone()));
    }
    pattern
}
