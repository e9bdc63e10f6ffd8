//! What rings without any leak: noise, war-diallers, own staff; and who tries
//! numbers on the tracking page.

use jiff::{Timestamp, ToSpan};

use super::buyer::address;
use super::{Origin, Stage};
use crate::derive::{Draw, ordered_subset};
use crate::drill::scenario::{Noise, Sweep, TestCalls, TrackingSweep};
use crate::drill::wire::{Call, Lookup, PARCEL, caller, happens};
use crate::issue;

/// Days of a month, where rates are by the month.
const MONTH: f64 = 30.0;
/// A gap of more numbers than this is jumped: whoever dials block after block
/// does not dial what lies between them.
const JUMP: u64 = 1000;

/// Adds all of it to what will come in.
pub(super) fn add(stage: &mut Stage<'_>) -> issue::Result<()> {
    let scenario = stage.scenario;
    for (place, noise) in scenario.noise.iter().enumerate() {
        add_noise(stage, &place.to_string(), noise);
    }
    for (place, sweep) in scenario.sweeps.iter().enumerate() {
        add_sweep(stage, &place.to_string(), sweep);
    }
    for (place, test) in scenario.test_calls.iter().enumerate() {
        add_test_calls(stage, &place.to_string(), test);
    }
    for (place, sweep) in scenario.tracking_sweeps.iter().enumerate() {
        add_tracking_sweep(stage, &place.to_string(), sweep);
    }
    Ok(())
}

fn add_noise(stage: &mut Stage<'_>, place: &str, noise: &Noise) {
    let mut draw = stage.draw(&["noise", place]);
    let lines = stage.lines.len() as u32;
    let months = f64::from(stage.scenario.days) / MONTH;
    let mut left = (noise.per_line_and_month * f64::from(lines) * months).round() as u32;
    stage.told.noise_calls += u64::from(left);
    while left > 0 {
        let count = noise.lines_each.draw(&mut draw).min(left);
        left -= count;
        let from = caller(&mut draw);
        let begins = stage.at(draw.below(stage.scenario.days), i64::from(draw.below(86_400)));
        for line in ordered_subset(&mut draw, lines, count) {
            let later = if count > 1 { draw.below((noise.within_minutes * 60).max(1)) } else { 0 };
            let call = Call {
                at: after(begins, f64::from(later)),
                caller: from.clone(),
                called: stage.lines[line as usize].national.clone(),
                seconds: noise.seconds.draw(&mut draw),
                note: if noise.parcels > 0.0 && happens(noise.parcels, &mut draw) { PARCEL } else { "" }.to_owned(),
            };
            stage.calls.push((Origin::Noise, call));
        }
    }
}

fn add_sweep(stage: &mut Stage<'_>, place: &str, sweep: &Sweep) {
    let mut draw = stage.draw(&["sweep", place]);
    let callers: Vec<String> = (0..sweep.callers).map(|_| caller(&mut draw)).collect();
    let mut numbers: Vec<u64> =
        stage.lines.iter().map(|line| line.national.parse().expect("a demo line is digits")).collect();
    numbers.sort_unstable();
    let step = u64::from(sweep.step);
    let (begins, phase) = (stage.at(sweep.day, i64::from(sweep.hour) * 3600), draw.below_u64(step));
    let (mut elapsed, mut last) = (0.0, numbers[0]);
    for (rung, number) in numbers.into_iter().filter(|number| number % step == phase).enumerate() {
        let rings = if number - last > JUMP { 1 } else { (number - last) / step };
        elapsed += rings as f64 * sweep.pace_seconds;
        last = number;
        let call = Call {
            at: after(begins, elapsed),
            caller: callers[rung % callers.len()].clone(),
            called: number.to_string(),
            seconds: sweep.seconds.draw(&mut draw),
            note: String::new(),
        };
        stage.calls.push((Origin::Sweep, call));
        stage.told.sweep_calls += 1;
    }
}

fn add_test_calls(stage: &mut Stage<'_>, place: &str, test: &TestCalls) {
    let mut draw = stage.draw(&["test calls", place]);
    for _ in 0..test.calls {
        let line = draw.below(stage.traps().len() as u32) as usize;
        let call = Call {
            at: stage.at(draw.below(stage.scenario.days), 9 * 3600 + i64::from(draw.below(8 * 3600))),
            caller: test.caller.clone(),
            called: stage.traps()[line].national.clone(),
            seconds: 30 + draw.below(60),
            note: "线路测试，快递".to_owned(),
        };
        stage.calls.push((Origin::Test, call));
    }
    stage.told.test_calls += u64::from(test.calls);
}

fn add_tracking_sweep(stage: &mut Stage<'_>, place: &str, sweep: &TrackingSweep) {
    use crate::record::WaybillBlock as _;

    let mut draw = stage.draw(&["tracking sweep", place]);
    let Some(block) = stage.template.block() else { return };
    let room = block.size().saturating_sub(u64::from(sweep.numbers)).max(1);
    let first = draw.below_u64(room);
    let begins = stage.at(sweep.day, i64::from(draw.below(86_400)));
    let lookups: Vec<Lookup> = (0..sweep.numbers)
        .map(|tried| Lookup {
            at: after(begins, f64::from(tried) * sweep.pace_seconds),
            address: address(30_000 + tried % sweep.addresses),
            number: block.number((first + u64::from(tried)) % block.size()),
        })
        .collect();
    stage.told.swept_numbers += u64::from(sweep.numbers);
    stage.lookups.extend(lookups);
}

fn after(begins: Timestamp, seconds: f64) -> Timestamp {
    begins.checked_add((seconds as i64).seconds()).expect("a scenario's days are in the calendar")
}
