//! How fast canaries are made: `cargo bench --bench canary`.
//!
//! A complete canary is everything that one planted row takes, from the keys
//! to the texts: persona seed, parcel seed, the number's place in its block,
//! the persona and the record. The target is 500,000 a second on one core.

use std::hint::black_box;

use trapline::codebook::{Codebook, Holder, Permutation, Sizes};
use trapline::key::MasterKey;
use trapline::line::LineNumber;
use trapline::persona::{PersonaMaker, Role};
use trapline::record::{Record, WaybillBlock};
use trapline::template::{CanaryInput, Template};

/// Canaries of one batch.
const BATCH: u32 = 1000;

fn main() {
    divan::main();
}

struct Bench {
    book: Codebook,
    template: Template,
    permutation: Permutation,
    line: LineNumber,
}

impl Bench {
    fn new(template: &str) -> Self {
        let sizes = Sizes { pool: 2000, account: 100, standing: 5 };
        let book = Codebook::new(&MasterKey::from_bytes([7; 32]), 1, sizes);
        let template = Template::by_name(template).expect("shipped").expect("sound");
        let size = template.block().map_or(1, WaybillBlock::size);
        let permutation = book.permutation("bench", size);
        let line = LineNumber { country: 86, national: "15412345678".into(), extension: String::new() };
        Self { book, template, permutation, line }
    }

    fn canary(&self, index: u32) -> Record {
        let holder = Holder::Account("handan-01");
        let persona = self.template.persona(Role::Recipient, &self.book.persona_seed(holder, Role::Recipient, index));
        let input = CanaryInput {
            number_place: Some(self.permutation.apply(u64::from(index))),
            people: &[(Role::Recipient, &persona, &self.line)],
            parcel_seed: &self.book.parcel_seed(holder, "2020-11-01", index),
        };
        self.template.record(&input)
    }
}

#[divan::bench]
fn complete_canaries(bencher: divan::Bencher<'_, '_>) {
    let bench = Bench::new("yto-express");
    bencher.counter(divan::counter::ItemsCount::new(BATCH)).bench(|| {
        for index in 0..BATCH {
            black_box(bench.canary(index));
        }
    });
}

#[divan::bench]
fn personas(bencher: divan::Bencher<'_, '_>) {
    let bench = Bench::new("yto-express");
    bencher.counter(divan::counter::ItemsCount::new(BATCH)).bench(|| {
        for index in 0..BATCH {
            let mut seed = [1; 32];
            seed[..4].copy_from_slice(&index.to_le_bytes());
            black_box(bench.template.persona(Role::Recipient, &seed));
        }
    });
}

#[divan::bench]
fn numbers(bencher: divan::Bencher<'_, '_>) {
    let bench = Bench::new("yto-express");
    bencher.counter(divan::counter::ItemsCount::new(BATCH)).bench(|| {
        for index in 0..BATCH {
            black_box(bench.permutation.apply(u64::from(index)));
        }
    });
}

#[divan::bench]
fn parsing_the_express_template(bencher: divan::Bencher<'_, '_>) {
    bencher.bench(|| Template::by_name(black_box("yto-express")));
}
