//! The reference implementation's numbers.

use serde_json::Value;

use crate::rules::JointRules;

use super::certify::certify;
use super::esp::{ln_choose, ln_esp};
use super::greedy::Field;
use super::intensity::{self, Support};
use super::source::{Source, Sources};
use super::stream::{Ring, Stream};
use super::terms::Terms;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../tests/vectors/attribution/vectors.json")).expect("vectors are JSON")
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|number| number.as_f64().expect("a number")).collect()
}

fn assert_close(got: &[f64], want: &[f64]) {
    assert_eq!(got.len(), want.len());
    for (got, want) in got.iter().zip(want) {
        assert!((got - want).abs() < 1e-9, "{got} {want}");
    }
}

/// A vector's stream and sources, each its own owner.
fn case(vector: &Value) -> (Stream, Sources) {
    let calls = numbers(&vector["y"]);
    let rings = calls
        .iter()
        .enumerate()
        .flat_map(|(line, &calls)| std::iter::repeat_n(Ring { line: line as u32, time: 0 }, calls as usize));
    let stream = Stream::new(calls.len() as u32, &rings.collect::<Vec<_>>());
    let mut sources = Sources::new();
    for (owner, codeword) in vector["C"].as_array().expect("a list").iter().enumerate() {
        let lines: Vec<u32> = numbers(codeword).iter().map(|&line| line as u32).collect();
        sources.push(Source { owner: owner as u32, start: 0, lines: &lines });
    }
    (stream, sources)
}

fn terms(vector: &Value) -> Terms {
    Terms { stop: vector["stop"].as_f64().expect("a number"), ..Terms::new(&JointRules::default(), 6) }
}

#[test]
fn the_symmetric_polynomial() {
    let ln_thetas = [3.0f64, 1.0, 0.5, 2.0, 0.25, 4.0].map(f64::ln);

    let e3 = ln_esp(&ln_thetas, 0, 0.0, 3);

    let want = vectors()["esp theta=(3,1,.5,2,.25,4) e_3"].as_f64().expect("a number");
    assert_close(&[e3.exp()], &[want]);
}

#[test]
fn one_bet_on_one_codeword() {
    let ln_thetas = [3.0f64, 1.0, 0.5, 2.0, 0.25, 4.0].map(f64::ln);
    let product = ln_thetas[0] + ln_thetas[3] + ln_thetas[5];

    let ln_e = product - (ln_esp(&ln_thetas, 0, 0.0, 3) - ln_choose(6, 3));

    let want = vectors()["batch logE codeword {0,3,5}"].as_f64().expect("a number");
    assert_close(&[ln_e], &[want]);
}

#[test]
fn sixty_rounds_of_em() {
    // Lines 3 and 8 did not ring.
    let calls = [6.0, 5.0, 7.0, 1.0, 4.0, 5.0, 5.0, 1.0];
    let sources = [Support { rang: &[0, 1, 2], lines: 3 }, Support { rang: &[4, 5, 6], lines: 3 }];

    let fitted = intensity::fit(&calls, 10, &sources);

    let vectors = vectors();
    let want = &vectors["fit_em y, X={0,1,2},{5,6,7}, 60 iters"];
    assert_close(&[fitted.background], &[want["b"].as_f64().expect("a number")]);
    assert_close(&fitted.shares, &numbers(&want["a"]));
}

#[test]
fn six_sources_of_which_none_stands_out() {
    let vectors = vectors();
    let vector = &vectors["LOO tiny"];
    let (stream, sources) = case(vector);

    let certificate = certify(&stream, &sources, &terms(vector));

    assert!(certificate.selected.is_empty());
    assert_close(&certificate.ln_e, &numbers(&vector["logE"]));
}

#[test]
fn six_sources_of_which_two_are_selected() {
    let vectors = vectors();
    let vector = &vectors["LOO tiny B"];
    let (stream, sources) = case(vector);

    let certificate = certify(&stream, &sources, &terms(vector));

    assert_eq!(certificate.selected, [0, 2]);
    assert_close(&certificate.ln_e, &numbers(&vector["logE"]));
}

#[test]
fn what_is_explained_with_and_without_the_strongest() {
    let vectors = vectors();
    let vector = &vectors["LOO tiny B"];
    let (stream, sources) = case(vector);
    let terms = terms(vector);
    let field = Field::new(&stream, &sources, &terms);
    let rang = |name: &str| -> Vec<f64> {
        let all = numbers(&vector[name]).into_iter().enumerate();
        all.filter(|(line, _)| stream.place(*line as u32).is_some()).map(|(_, mu)| mu).collect()
    };

    let (with, without) = (field.search(&[], None), field.search(&[], Some(0)));

    assert_close(&with.mu, &rang("mu"));
    assert_close(&without.mu, &rang("mu_excl0"));
}
