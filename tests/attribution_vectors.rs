//! Every number that the reference implementation printed is checked by some
//! test: this file says by which, and checks here what no module's own tests do.

use std::collections::BTreeMap;
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use trapline::attribute::{ln_lambda_factor, ln_mean_exp};
use trapline::derive::{Draw, Stream, subset};

/// The tests behind each entry: file and name. An entry is meant when its name
/// starts like this.
const CHECKED_BY: &[(&str, &str, &str)] = &[
    ("chacha20_zero_key_block0_first16", HERE, "the_keystream_begins_as_published"),
    ("codeword K=", HERE, "codewords_agree_with_the_reference"),
    ("ln(300000/0.01)", HERE, "plain_numbers_agree_with_the_reference"),
    ("lambda_grid", HERE, "line_evidence_of_the_lambda_family_agrees_with_the_reference"),
    ("patterns", HERE, "line_evidence_of_the_lambda_family_agrees_with_the_reference"),
    ("logE_lambda ", HERE, "line_evidence_of_the_lambda_family_agrees_with_the_reference"),
    ("e-BH ", HERE, "lists_agree_with_the_reference"),
    ("theta_grid ", "src/attribute/mixture.rs", "theta_grids_agree_with_the_reference"),
    ("logE_theta exhaust", "src/attribute/mixture.rs", "an_exhausted_codeword_bets_no_more"),
    ("logE_theta ", "src/attribute/mixture.rs", "line_evidence_agrees_with_the_reference"),
    ("q_set ", "src/attribute/query.rs", "set_queries_agree_with_the_reference"),
    ("q_mask ", "src/attribute/query.rs", "mask_queries_agree_with_the_reference"),
    ("slots p,X,y", "src/attribute/mixture.rs", "bernoulli_evidence_agrees_with_the_reference"),
    ("esp theta=", "src/attribute/joint/vectors.rs", "the_symmetric_polynomial"),
    ("batch logE codeword", "src/attribute/joint/vectors.rs", "one_bet_on_one_codeword"),
    ("fit_em ", "src/attribute/joint/vectors.rs", "sixty_rounds_of_em"),
    ("LOO tiny B", "src/attribute/joint/vectors.rs", "six_sources_of_which_two_are_selected"),
    ("LOO tiny", "src/attribute/joint/vectors.rs", "six_sources_of_which_none_stands_out"),
    ("minP ", "examples/attribution_results/baseline/count_table.rs", "tables_agree_with_the_reference"),
    ("symmetric Tardos scores", "examples/attribution_results/baseline/tardos.rs", "scores_agree_with_the_reference"),
    ("PGM example", "examples/attribution_results/baseline/guilt.rs", "the_worked_example_is_the_published_one"),
    ("PGM |S|=16", "examples/attribution_results/baseline/guilt.rs", "guilt_falls_with_the_chance_to_guess"),
];

const HERE: &str = "tests/attribution_vectors.rs";

fn vectors() -> BTreeMap<String, Value> {
    serde_json::from_str(include_str!("vectors/attribution/vectors.json")).expect("vectors are JSON")
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|x| x.as_f64().expect("a number")).collect()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * b.abs().max(1.0)
}

/// `key=123` in the name of an entry.
fn number_in(name: &str, key: &str) -> u32 {
    let rest = &name[name.find(key).expect("the name says so") + key.len()..];
    rest.split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok()).expect("a number")
}

#[test]
fn every_entry_is_checked_by_a_test_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in vectors().keys() {
        let found = CHECKED_BY.iter().find(|(start, _, _)| name.starts_with(start));
        let (_, file, test) = found.unwrap_or_else(|| panic!("no test checks {name:?}"));

        let text = std::fs::read_to_string(root.join(file)).unwrap_or_else(|_| panic!("{file} checks {name:?}"));

        assert!(text.contains(&format!("#[test]\n    fn {test}(")) || text.contains(&format!("#[test]\nfn {test}(")));
    }
}

#[test]
fn the_keystream_begins_as_published() {
    let mut stream = Stream::new(&[0; 32]);

    let bytes = (0..4).flat_map(|_| stream.word().to_le_bytes()).map(|byte| format!("{byte:02x}"));

    assert_eq!(bytes.collect::<String>(), vectors()["chacha20_zero_key_block0_first16"]);
}

#[test]
fn codewords_agree_with_the_reference() {
    let vectors = vectors();
    let entries: Vec<_> = vectors.iter().filter(|(name, _)| name.starts_with("codeword K=")).collect();
    assert_eq!(entries.len(), 2);
    for (name, want) in entries {
        let source = name.split('"').nth(1).expect("the name quotes the source");
        let [epoch, pool, own] = ["epoch=", "N=", "c="].map(|key| number_in(name, &format!(" {key}")));
        let key: [u8; 32] = std::array::from_fn(|place| place as u8);
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any length will do");
        mac.update(b"canary/v1/lines\0");
        [epoch, pool, own].iter().for_each(|number| mac.update(&number.to_le_bytes()));
        mac.update(source.as_bytes());

        let have = subset(&mut Stream::new(&mac.finalize().into_bytes().into()), pool, own);

        assert_eq!(have.into_iter().map(f64::from).collect::<Vec<_>>(), numbers(want), "{name}");
    }
}

#[test]
fn plain_numbers_agree_with_the_reference() {
    assert!(close((300_000f64 / 0.01).ln(), vectors()["ln(300000/0.01)"].as_f64().expect("a number")));
}

#[test]
fn line_evidence_of_the_lambda_family_agrees_with_the_reference() {
    let vectors = vectors();
    let grid = numbers(&vectors["lambda_grid"]);
    let mut entries = 0;
    for (name, want) in vectors.iter().filter(|(name, _)| name.starts_with("logE_lambda ")) {
        entries += 1;
        let pattern = name.split(' ').nth(1).expect("a pattern");
        let bits = match pattern {
            "exhaust" => vec![1.0, 1.0, 1.0, 0.0, 0.0],
            pattern => numbers(&vectors["patterns"][pattern]),
        };
        let (mut left, mut own) = (number_in(name, " N="), number_in(name, " c="));
        let mut terms = vec![0.0; grid.len()];
        for (bit, want) in bits.iter().zip(numbers(want)) {
            let (q, matched) = (f64::from(own) / f64::from(left), *bit == 1.0);
            if own > 0 {
                terms.iter_mut().zip(&grid).for_each(|(term, &lambda)| *term += ln_lambda_factor(lambda, q, matched));
            }
            (left, own) = (left - 1, own - u32::from(matched));

            assert!(close(ln_mean_exp(&terms), want), "{name}: {} {want}", ln_mean_exp(&terms));
        }
    }
    assert_eq!(entries, 9);
}

/// e-BH (Wang and Ramdas 2022): the largest k at which the k-th largest e-value
/// is n / (alpha k) or more.
#[test]
fn lists_agree_with_the_reference() {
    let (n, alpha) = (10.0, 0.1);
    let e = [150.0, 60.0, 40.0, 26.0, 12.0, 1.0, 1.0, 0.5, 0.2, 0.0];

    let reported = (1..=e.len()).rev().find(|&k| e[k - 1] >= n / (alpha * k as f64)).unwrap_or(0);

    let want = &vectors()["e-BH n=10 alpha=.1 E=(150,60,40,26,12,1,1,0.5,.2,0.)"];
    let thresholds: Vec<f64> = (1..=5).map(|k| (n / (alpha * f64::from(k)) * 1000.0).round() / 1000.0).collect();
    assert_eq!(want, &format!("k*={reported}, thresholds n/(alpha k)={thresholds:?}"));
}
