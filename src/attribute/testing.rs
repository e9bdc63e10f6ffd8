//! A small made-up world for tests: a law of 27 personas and evidence by hand.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use jiff::Timestamp;

use crate::codebook::{Codebook, Sizes};
use crate::derive::{Draw, Seed, Stream};
use crate::key::MasterKey;
use crate::observation::{Found, Hit};
use crate::persona::{
    Given, Name, NamePattern, Persona, PersonaLaw, PersonaMaker, PersonaPattern, Place, PlacePattern, Role,
};
use crate::registry::{
    AccountRow, AccusationRow, ActRow, BatchKey, DecisionRow, OpeningRow, PlantingRow, RevelationRow, ScopeRow, Verdict,
};
use crate::rules::{LAMBDAS, Rules, Shares, THETA_LAMBDAS, Triage};

use super::Evidence;

/// Three surnames, three given names, three districts, all independent.
pub(super) struct Toy;

static ALL: LazyLock<Vec<(Persona, f64)>> = LazyLock::new(Toy::make_all);

const FAMILIES: [(&str, u64); 3] = [("wang", 5), ("li", 3), ("zhang", 2)];
const GIVENS: [(&str, u64); 3] = [("ab", 6), ("ac", 3), ("bd", 1)];
const DISTRICTS: [(&str, u64); 3] = [("east", 7), ("west", 2), ("north", 1)];

fn toy_persona(family: &str, given: &str, district: &str) -> Persona {
    Persona {
        name: Name { family: family.into(), given: given.into(), full: format!("{family}{given}") },
        place: Place { district: district.into(), ..Place::default() },
    }
}

impl Toy {
    /// All personas with their probabilities.
    pub(super) fn all() -> Vec<(Persona, f64)> {
        ALL.clone()
    }

    fn make_all() -> Vec<(Persona, f64)> {
        let mut all = Vec::new();
        for (family, f) in FAMILIES {
            for (given, g) in GIVENS {
                for (district, d) in DISTRICTS {
                    all.push((toy_persona(family, given, district), (f * g * d) as f64 / 1000.0));
                }
            }
        }
        all
    }
}

impl PersonaLaw for Toy {
    fn probability(&self, _: Role, pattern: &PersonaPattern) -> f64 {
        ALL.iter().filter(|(persona, _)| pattern.matches(persona)).map(|(_, p)| p).sum()
    }
}

impl PersonaMaker for Toy {
    fn persona(&self, _: Role, seed: &Seed) -> Persona {
        let mut stream = Stream::new(seed);
        let mut pick = |choices: [(&'static str, u64); 3]| {
            let mut sum = 0;
            let cumulative = choices.map(|(_, weight)| {
                sum += weight;
                sum
            });
            choices[stream.weighted(&cumulative)].0
        };
        toy_persona(pick(FAMILIES), pick(GIVENS), pick(DISTRICTS))
    }
}

/// Twelve statements that overlap in many ways.
pub(super) fn toy_patterns() -> Vec<PersonaPattern> {
    let family = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
    let name = |family, given| PersonaPattern { name: NamePattern { family, given }, ..PersonaPattern::default() };
    let at = |pattern: PersonaPattern, district: &str| PersonaPattern {
        place: PlacePattern { district: Some(district.into()), ..PlacePattern::default() },
        ..pattern
    };
    let mask = |chars: [Option<char>; 2]| Some(Given::Mask(chars.to_vec()));
    vec![
        name(family(&["wang"]), None),
        name(family(&["li", "zhang"]), None),
        name(None, Some(Given::Initial('a'))),
        name(None, mask([None, Some('d')])),
        name(None, mask([Some('a'), None])),
        name(None, Some(Given::Exact("ab".into()))),
        name(family(&["zhang"]), Some(Given::Exact("bd".into()))),
        at(PersonaPattern::default(), "east"),
        at(PersonaPattern::default(), "north"),
        at(name(family(&["wang"]), None), "west"),
        at(name(family(&["wang", "li"]), Some(Given::Exact("ab".into()))), "east"),
        at(name(family(&["li"]), mask([None, None])), "north"),
    ]
}

/// Second `seconds` of the made-up epoch.
pub(super) fn second(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + seconds).expect("a time near now")
}

/// Everything that an [`Evidence`] lends.
pub(super) struct World {
    pub(super) rules: Rules,
    pub(super) codebook: Codebook,
    pub(super) pool: Vec<i64>,
    pub(super) control: Vec<i64>,
    pub(super) accounts: Vec<AccountRow>,
    pub(super) plantings: Vec<PlantingRow>,
    pub(super) decisions: Vec<DecisionRow>,
    pub(super) slot_lines: Vec<i64>,
    pub(super) scopes: Vec<ScopeRow>,
    pub(super) accusations: Vec<AccusationRow>,
    pub(super) acts: Vec<ActRow>,
    pub(super) openings: Vec<OpeningRow>,
    pub(super) revelations: Vec<RevelationRow>,
    pub(super) makers: BTreeMap<String, Arc<dyn PersonaMaker>>,
    pub(super) blocks: BTreeMap<String, u64>,
}

impl World {
    /// `accounts` accounts over `pool` lines, bound at second 0, with no
    /// planting; key `key`.
    pub(super) fn new(key: u64, accounts: u32, sizes: Sizes) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&key.to_le_bytes());
        let rules = Rules {
            epoch: 1,
            label: "2026Q4".into(),
            begins: second(-1_000_000),
            ends: second(1_000_000),
            horizon_days: 30,
            alpha: 0.01,
            n_max: 1000,
            shares: Shares::default(),
            rho: 0.01,
            theta_lambdas: THETA_LAMBDAS.to_vec(),
            lambdas: LAMBDAS.to_vec(),
            region_gate: 0.0,
            pool: sizes.pool,
            account_lines: sizes.account,
            standing_lines: sizes.standing,
            batch_lines: 10,
            t_max: 1_000_000_000,
            canaries_max: 10_000_000,
            ghosts: 0,
            triage: Triage::default(),
            joint: None,
            slots: None,
        };
        let account = |ordinal| AccountRow {
            ordinal,
            name: format!("account-{ordinal}"),
            template: "toy".into(),
            start: second(0),
        };
        let maker: Arc<dyn PersonaMaker> = Arc::new(Toy);
        Self {
            rules,
            codebook: Codebook::new(&MasterKey::from_bytes(bytes), 1, sizes),
            pool: (0..i64::from(sizes.pool)).map(|place| place + 100).collect(),
            control: vec![1, 2],
            accounts: (0..accounts).map(account).collect(),
            plantings: Vec::new(),
            decisions: Vec::new(),
            slot_lines: Vec::new(),
            scopes: Vec::new(),
            accusations: Vec::new(),
            acts: Vec::new(),
            openings: Vec::new(),
            revelations: Vec::new(),
            makers: BTreeMap::from([("toy".to_owned(), maker)]),
            blocks: BTreeMap::new(),
        }
    }

    /// Plants a batch of `lines` lines at second `at`.
    pub(super) fn plant(&mut self, account: usize, batch: &str, lines: u32, at: i64) -> usize {
        let name = self.accounts[account].name.clone();
        let j = 1 + self.plantings.iter().filter(|row| row.key.account == name).count() as u32;
        self.plantings.push(PlantingRow {
            id: self.plantings.len() as i64 + 1,
            key: BatchKey { epoch: 1, account: name, batch: batch.into() },
            j,
            lines,
            roles: vec![Role::Recipient],
            block: String::new(),
            at: second(at),
            input_hash: String::new(),
            input_bytes: 0,
            serials: Vec::new(),
            released: Some(second(at)),
            scope: String::new(),
        });
        self.plantings.len() - 1
    }

    /// Appends a confirmed decision on a hit at second `at`.
    pub(super) fn hit(&mut self, at: i64, found: Vec<Found>) {
        let seq = self.decisions.len() as u64 + 1;
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
            at: second(at),
            verdict: Verdict::Confirmed,
            hit,
            rules_hash: String::new(),
            decided: second(100_000 + seq as i64),
        });
    }

    /// What was found: the line at `place` of the pool.
    pub(super) fn line(&self, place: u32) -> Found {
        Found::Line { line: self.pool[place as usize], role: None }
    }

    /// Lends everything.
    pub(super) fn evidence(&self) -> Evidence<'_> {
        Evidence {
            rules: &self.rules,
            codebook: &self.codebook,
            pool: &self.pool,
            slot_lines: &self.slot_lines,
            control: &self.control,
            accounts: &self.accounts,
            plantings: &self.plantings,
            decisions: &self.decisions,
            scopes: &self.scopes,
            accusations: &self.accusations,
            acts: &self.acts,
            openings: &self.openings,
            revelations: &self.revelations,
            makers: &self.makers,
            blocks: &self.blocks,
        }
    }
}
