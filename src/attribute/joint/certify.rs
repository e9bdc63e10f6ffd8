//! Leaving out: each source judged by an explanation that does not know it.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::attribute::mixture::ln_mean_exp;

use super::esp::{ln_choose, ln_esp};
use super::greedy::Field;
use super::source::Sources;
use super::stream::Stream;
use super::table::Table;
use super::terms::Terms;

/// What one look found.
#[derive(Clone, Debug, PartialEq)]
pub struct Certificate {
    /// The sources that explain the calls, in the order they were found.
    pub selected: Vec<usize>,
    /// ln of the e-value of each source. Those of one owner come from one
    /// explanation without any of that owner's, so any fixed average of them
    /// is an e-value for the owner.
    pub ln_e: Vec<f64>,
}

/// Judges every source of `sources`, which are all candidates of their stream
/// (see [`Filter`](super::Filter)).
///
/// The same on any number of threads, to the last bit.
pub fn certify(stream: &Stream, sources: &Sources, terms: &Terms) -> Certificate {
    let field = Field::new(stream, sources, terms);
    let found = field.search(&[], None);
    let selected: Vec<u32> = found.selected.iter().map(|&source| sources.owner(source)).collect();
    let mut owners = selected.clone();
    owners.sort_unstable();
    owners.dedup();

    let mut by_owner: BTreeMap<u32, Vec<usize>> = owners.iter().map(|&owner| (owner, Vec::new())).collect();
    let mut others = Vec::with_capacity(sources.len());
    for source in 0..sources.len() {
        by_owner.get_mut(&sources.owner(source)).unwrap_or(&mut others).push(source);
    }
    let mut ln_e = vec![f64::NEG_INFINITY; sources.len()];
    let mut enter = |judged: Vec<(usize, f64)>| judged.into_iter().for_each(|(source, value)| ln_e[source] = value);
    enter(judge(&field, &found.mu, &others));
    let judged = by_owner.into_par_iter().map(|(owner, own)| {
        // Up to its first selection, the search without an owner is the search.
        let shared = selected.iter().position(|&other| other == owner).unwrap_or(selected.len());
        judge(&field, &field.search(&found.selected[..shared], Some(owner)).mu, &own)
    });
    judged.collect::<Vec<_>>().into_iter().for_each(enter);
    Certificate { selected: found.selected, ln_e }
}

/// The e-values of `sources`, given an explanation without them.
pub(super) fn judge(field: &Field<'_>, mu: &[f64], sources: &[usize]) -> Vec<(usize, f64)> {
    let table = field.layout.fill(mu);
    let key = |source: usize| (field.classes[source], field.sources.lines(source));
    let mut keys: Vec<(u32, usize)> = sources.iter().map(|&source| key(source)).collect();
    keys.sort_unstable();
    keys.dedup();
    let means: Vec<Vec<f64>> = keys.par_iter().map(|&(class, lines)| ln_mean(field, &table, class, lines)).collect();
    let one = |bets: &mut Vec<f64>, &source: &usize| {
        field.ln_product(&table, source, bets);
        let place = keys.binary_search(&key(source)).expect("every source's key is among the keys");
        bets.iter_mut().zip(&means[place]).for_each(|(bet, mean)| *bet -= mean);
        (source, ln_mean_exp(bets))
    };
    sources.par_iter().map_init(|| field.bets(), one).collect()
}

/// ln of the mean, over all codewords of `lines` lines, of the product of
/// thetas that a source of `class` gets; for each bet.
fn ln_mean(field: &Field<'_>, table: &Table, class: u32, lines: usize) -> Vec<f64> {
    let stream = field.stream;
    let rows: Vec<u32> = (0..stream.lines() as u32).filter_map(|place| field.layout.row(class, place)).collect();
    let ln_silence = field.layout.ln_silence(class);
    let ln_codewords = ln_choose(stream.pool(), lines);
    let mut ln_thetas = vec![0.0; rows.len()];
    let mut means = field.bets();
    for (bet, (mean, &silence)) in means.iter_mut().zip(ln_silence).enumerate() {
        for (ln_theta, &row) in ln_thetas.iter_mut().zip(&rows) {
            *ln_theta = silence + table.row(row)[bet];
        }
        *mean = ln_esp(&ln_thetas, stream.pool() - rows.len(), silence, lines) - ln_codewords;
    }
    means
}
