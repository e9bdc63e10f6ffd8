//! How long one look of joint certification takes: 300,000 sources on 2,000
//! lines, twelve bets, five and fifteen leakers, half of all calls noise.
//!
//! `look` goes through all codewords for candidates and judges those;
//! `everybody` judges every source.

use divan::Bencher;
use trapline::attribute::joint::{Filter, Ring, Source, Sources, Stream, Terms, certify};
use trapline::derive::{Draw, Stream as Random};
use trapline::rules::JointRules;

const POOL: u32 = 2_000;
const SOURCES: u32 = 300_000;
const REGISTERED: u64 = 1_000_000;

/// Lines of a codeword and leakers.
const CASES: [(u32, u32); 6] = [(20, 5), (20, 15), (50, 5), (50, 15), (100, 5), (100, 15)];

fn main() {
    divan::main();
}

#[divan::bench(args = CASES, sample_count = 3, sample_size = 1)]
fn look(bencher: Bencher<'_, '_>, (lines, leakers): (u32, u32)) {
    let world = World::new(lines, leakers);
    let found = world.look(Some(&world.filter()));
    eprintln!(
        "{lines} lines, {leakers} leakers: {} rings on {} lines, {found}",
        world.stream.rings(),
        world.stream.lines()
    );
    bencher.bench_local(|| world.look(Some(&world.filter())));
}

#[divan::bench(args = CASES, sample_count = 1, sample_size = 1)]
fn everybody(bencher: Bencher<'_, '_>, (lines, leakers): (u32, u32)) {
    let world = World::new(lines, leakers);
    bencher.bench_local(|| world.look(None));
}

struct World {
    stream: Stream,
    sources: Sources,
    leakers: u32,
}

impl World {
    /// Every leaker's lines ring 0.8 times each in the mean; as many calls are
    /// noise.
    fn new(lines: u32, leakers: u32) -> Self {
        let mut random = Random::new(&[lines as u8; 32]);
        let mut sources = Sources::new();
        for owner in 0..SOURCES {
            sources.push(Source { owner, start: 0, lines: &codeword(&mut random, lines) });
        }
        let mut rings = Vec::new();
        for leaker in 0..leakers {
            let own = sources.get((leaker * 1_000 + 7) as usize).lines;
            for _ in 0..4 * lines / 5 {
                rings.push(Ring { line: own[random.below(lines) as usize], time: 0 });
                rings.push(Ring { line: random.below(POOL), time: 0 });
            }
        }
        Self { stream: Stream::new(POOL, &rings), sources, leakers }
    }

    fn filter(&self) -> Filter<'_> {
        let rules = JointRules::default();
        Filter::new(&self.stream, rules.candidates as f64 / REGISTERED as f64, [self.sources.get(0).lines.len()])
    }

    /// One look; says what came of it.
    fn look(&self, filter: Option<&Filter<'_>>) -> String {
        let kept: Sources;
        let sources = match filter {
            None => &self.sources,
            Some(filter) => {
                kept = self.sources.iter().filter(|source| filter.keeps(source.start, source.lines)).collect();
                &kept
            }
        };
        let certificate = certify(&self.stream, sources, &Terms::new(&JointRules::default(), REGISTERED));
        let is_leaker = |owner: u32| owner % 1_000 == 7 && owner / 1_000 < self.leakers;
        let sure = (0..sources.len()).filter(|&source| certificate.ln_e[source] > 21.0);
        let sure: Vec<u32> = sure.map(|source| sources.get(source).owner).collect();
        let right = sure.iter().filter(|&&owner| is_leaker(owner)).count();
        format!(
            "{} candidates, {} selected, {right} leakers beyond 21 nats and {} others",
            sources.len(),
            certificate.selected.len(),
            sure.len() - right
        )
    }
}

/// A uniform subset of the pool, rising (Floyd).
fn codeword(random: &mut Random, lines: u32) -> Vec<u32> {
    let mut set = std::collections::BTreeSet::new();
    for top in POOL - lines..POOL {
        let pick = random.below(top + 1);
        if !set.insert(pick) {
            set.insert(top);
        }
    }
    set.into_iter().collect()
}
