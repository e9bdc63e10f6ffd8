//! The guarantee, checked by counting every codeword of tiny designs, and the
//! promises that make it cheap.

use proptest::prelude::*;

use crate::attribute::mixture::ln_mean_exp;
use crate::rules::JointRules;

use super::certify::{certify, judge};
use super::esp::{ln_choose, ln_esp};
use super::filter::Filter;
use super::greedy::Field;
use super::source::{Source, Sources};
use super::stream::{Ring, Stream};
use super::terms::Terms;

/// All `c`-subsets of `set`.
fn subsets(set: &[u32], c: usize) -> Vec<Vec<u32>> {
    (0u32..1 << set.len())
        .filter(|bits| bits.count_ones() as usize == c)
        .map(|bits| set.iter().enumerate().filter(|(place, _)| bits >> place & 1 == 1).map(|(_, &line)| line).collect())
        .collect()
}

fn terms(stop: f64) -> Terms {
    Terms { stop, support: 4, ..Terms::new(&JointRules::default(), 6) }
}

const POOL: u32 = 8;

/// Lines 0, 1 and 2 ring a lot, 4 and 5 later; the rest is noise.
fn loud() -> Stream {
    let ring = |line, time| Ring { line, time };
    let mut rings: Vec<Ring> = (0..60).map(|k| ring(k % 3, i64::from(k))).collect();
    rings.extend((0..30).map(|k| ring(4 + k % 2, 40 + i64::from(k))));
    rings.extend([ring(6, 5), ring(3, 66)]);
    Stream::new(POOL, &rings)
}

/// Sources of other owners: some of them leak, and some own several.
fn others() -> Vec<(u32, i64, Vec<u32>)> {
    vec![
        (1, 0, vec![0, 1, 5]),
        (2, 0, vec![1, 2, 3]),
        (2, 45, vec![4, 5]),
        (3, 30, vec![2, 6, 7]),
        (3, 30, vec![4, 5, 7]),
    ]
}

const OWN: u32 = 9;

/// Other owners' sources around the two of the owner that is judged: a set of
/// the pool, and a subset of it that starts at `start`.
fn around(set: &[u32], part: &[u32], start: i64) -> Sources {
    let mut sources = Sources::new();
    for (owner, start, lines) in &others() {
        sources.push(Source { owner: *owner, start: *start, lines });
    }
    sources.push(Source { owner: OWN, start: 0, lines: set });
    sources.push(Source { owner: OWN, start, lines: part });
    sources
}

/// Mean over all codewords of ½ E(set) + ½ E(part), and in how many worlds the
/// owner was selected.
fn mean(stream: &Stream, terms: &Terms, start: i64, keep: impl Fn(Source<'_>) -> bool) -> (f64, usize, usize) {
    let all: Vec<u32> = (0..POOL).collect();
    let (mut sum, mut worlds, mut selected) = (0.0, 0, 0);
    for set in subsets(&all, 4) {
        for part in subsets(&set, 2) {
            let sources: Sources = around(&set, &part, start).iter().filter(|source| keep(*source)).collect();
            let certificate = certify(stream, &sources, terms);
            let own = sources.iter().zip(&certificate.ln_e).filter(|(source, _)| source.owner == OWN);
            sum += own.map(|(_, ln_e)| 0.5 * ln_e.exp()).sum::<f64>();
            worlds += 1;
            selected += usize::from(certificate.selected.iter().any(|&source| sources.owner(source) == OWN));
        }
    }
    (sum / worlds as f64, selected, worlds)
}

#[test]
fn over_all_codewords_the_mean_is_one() {
    let stream = loud();
    for stop in [0.1, 2.0, 6.0] {
        for start in [0, 42] {
            let (mean, selected, worlds) = mean(&stream, &terms(stop), start, |_| true);

            assert!((mean - 1.0).abs() < 1e-9, "stop {stop} start {start}: {mean}");
            assert!(selected > 0 && selected < worlds, "the case tells something: {selected} of {worlds}");
        }
    }
}

#[test]
fn leaving_out_who_is_no_candidate_keeps_the_mean_below_one() {
    let stream = loud();
    let filter = Filter::new(&stream, 0.25, [2, 3, 4]);

    let (mean, selected, _) = mean(&stream, &terms(2.0), 42, |source| filter.keeps(source.start, source.lines));

    assert!(mean <= 1.0 + 1e-9, "{mean}");
    assert!(mean > 0.1 && selected > 0, "{mean} {selected}");
}

#[test]
fn an_explanation_that_knows_the_source_would_not_do() {
    let stream = loud();
    let all: Vec<u32> = (0..POOL).collect();
    let terms = &terms(2.0);
    let known = subsets(&all, 4).into_iter().map(|set| {
        let sources = around(&set, &set[..2], 0);
        let field = Field::new(&stream, &sources, terms);
        let found = field.search(&[], None);
        judge(&field, &found.mu, &[sources.len() - 2])[0].1.exp()
    });
    let known: Vec<f64> = known.collect();

    let mean = known.iter().sum::<f64>() / known.len() as f64;

    assert!((mean - 1.0).abs() > 0.01, "{mean}");
}

/// A world of proptest: rings and sources of up to five owners.
fn worlds() -> impl Strategy<Value = (Stream, Vec<(u32, i64, Vec<u32>)>)> {
    let lines = proptest::sample::subsequence((0u32..12).collect::<Vec<_>>(), 2..5);
    let sources = proptest::collection::vec((0u32..5, 0i64..40, lines), 1..12);
    let rings = proptest::collection::vec((0u32..12, 0i64..40, 1usize..15), 0..14);
    (rings, sources).prop_map(|(rings, sources)| {
        let rings = rings.into_iter().flat_map(|(line, time, times)| std::iter::repeat_n(Ring { line, time }, times));
        (Stream::new(12, &rings.collect::<Vec<_>>()), sources)
    })
}

fn pack(sources: &[(u32, i64, Vec<u32>)]) -> Sources {
    sources.iter().map(|(owner, start, lines)| Source { owner: *owner, start: *start, lines }).collect()
}

proptest! {
    /// Given the stream and the other codewords, any bet on any lines has mean
    /// 1 over the codewords of one source.
    #[test]
    fn any_bet_divided_by_its_mean_is_an_e_value(
        ln_thetas in proptest::collection::vec(-3.0..5.0f64, 7),
        rest in 0usize..3,
        ln_rest in -2.0..0.5f64,
        c in 1usize..5,
    ) {
        let all: Vec<f64> = ln_thetas.iter().copied().chain(std::iter::repeat_n(ln_rest, rest)).collect();
        let ln_mean = ln_esp(&ln_thetas, rest, ln_rest, c) - ln_choose(all.len(), c);

        let codewords = subsets(&(0..all.len() as u32).collect::<Vec<_>>(), c);
        let e = codewords.iter().map(|lines| lines.iter().map(|&line| all[line as usize]).sum::<f64>() - ln_mean);
        let mean = ln_mean_exp(&e.collect::<Vec<_>>()).exp();

        prop_assert!((mean - 1.0).abs() < 1e-9, "{mean}");
    }

    /// What is said of an owner is what an honest run without it gives, to the
    /// last bit.
    #[test]
    fn an_owner_is_judged_by_a_run_that_never_saw_it((stream, all) in worlds(), stop in 0.0..8.0f64) {
        let terms = &terms(stop);
        let sources = pack(&all);
        let certificate = certify(&stream, &sources, terms);

        for owner in 0..5 {
            let rest: Vec<_> = all.iter().filter(|source| source.0 != owner).cloned().collect();
            let without = pack(&rest);
            let honest = Field::new(&stream, &without, terms).search(&[], None);
            let own: Vec<usize> = (0..all.len()).filter(|&source| all[source].0 == owner).collect();
            let field = Field::new(&stream, &sources, terms);
            for (source, ln_e) in judge(&field, &honest.mu, &own) {
                prop_assert_eq!(certificate.ln_e[source].to_bits(), ln_e.to_bits());
            }
        }
    }

    #[test]
    fn one_thread_and_two_agree_to_the_last_bit((stream, all) in worlds()) {
        let (terms, sources) = (terms(1.0), pack(&all));
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            pool.install(|| certify(&stream, &sources, &terms))
        };

        let (one, two) = (on(1), on(2));

        prop_assert_eq!(&one.selected, &two.selected);
        let bits = |ln_e: &[f64]| ln_e.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(bits(&one.ln_e), bits(&two.ln_e));
    }
}
