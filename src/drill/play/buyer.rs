//! What a buyer does with a list: rings its people, looks up its numbers.

use jiff::{Timestamp, ToSpan};

use super::market::{List, SoldRow};
use super::{Origin, Stage};
use crate::derive::{Draw, Stream};
use crate::drill::scenario::{Calls, Lookups, Sale, Span};
use crate::drill::wire::{Call, Lookup, PARCEL, asked_for, caller, happens};

/// The hours of a day in which fraudsters work.
const FROM_HOUR: i64 = 9;
const SECONDS_OF_WORK: i64 = 11 * 3600;
/// Further calls to the same person come within this.
const AGAIN_HOURS: u32 = 72;

/// Lets one buyer work through its list.
pub(super) fn act(stage: &mut Stage<'_>, who: &[&str], sale: &Sale, list: &List) {
    let stream = |purpose: &str| stage.draw(&[&[purpose], who].concat());
    let days = |span: Span| Days { first: stage.at(sale.day, 0), span };
    let (mut calls, mut lookups) = (Vec::new(), Vec::new());
    if let Some(plan) = &sale.calls {
        let names = stage.setting.names.unwrap_or(plan.names);
        calls = ring(plan, names, days(plan.days), &list.canaries, &mut stream("calls"));
    }
    if let Some(plan) = &sale.lookups {
        lookups = look_up(plan, days(plan.days), &list.canaries, &mut stream("look-ups"));
    }
    stage.told.fraud_calls += calls.len() as u64;
    stage.told.lookups += lookups.len() as u64;
    stage.calls.extend(calls.into_iter().map(|call| (Origin::Fraud, call)));
    stage.lookups.extend(lookups);
}

/// Days after a sale, in which a list is worked through from its top.
#[derive(Clone, Copy)]
struct Days {
    first: Timestamp,
    span: Span,
}

impl Days {
    /// The moment at which this share of the list is done.
    fn at(self, share: f64) -> Timestamp {
        let days = i64::from(self.span.to - self.span.from) + 1;
        let worked = ((days * SECONDS_OF_WORK) as f64 * share) as i64;
        let day = i64::from(self.span.from) + worked / SECONDS_OF_WORK;
        let second = day * 86_400 + FROM_HOUR * 3600 + worked % SECONDS_OF_WORK;
        self.first.checked_add(second.seconds()).expect("a scenario's days are in the calendar")
    }
}

fn ring(plan: &Calls, names: f64, days: Days, rows: &[SoldRow], draw: &mut Stream) -> Vec<Call> {
    let callers: Vec<String> = (0..plan.callers).map(|_| caller(draw)).collect();
    let mut calls = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        if !happens(plan.rows, draw) {
            continue;
        }
        let mut at = days.at(share_done(place, rows.len(), draw));
        let from = callers[draw.below(plan.callers) as usize].clone();
        for again in 0..plan.each.draw(draw) {
            if again > 0 {
                at = at
                    .checked_add(i64::from(draw.below(AGAIN_HOURS * 3600)).seconds())
                    .expect("a scenario's days are in the calendar");
            }
            calls.push(Call {
                at,
                caller: from.clone(),
                called: row.phone.clone(),
                seconds: plan.seconds.draw(draw),
                note: note(plan, names, &row.name, draw),
            });
        }
    }
    calls
}

fn note(plan: &Calls, names: f64, name: &str, draw: &mut Stream) -> String {
    if happens(names, draw) {
        asked_for(name, happens(plan.masks, draw))
    } else if happens(plan.parcels, draw) {
        PARCEL.to_owned()
    } else {
        String::new()
    }
}

fn look_up(plan: &Lookups, days: Days, rows: &[SoldRow], draw: &mut Stream) -> Vec<Lookup> {
    let mut lookups = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        if happens(plan.rows, draw) {
            let at = days.at(share_done(place, rows.len(), draw));
            lookups.push(Lookup { at, address: address(draw.below(plan.addresses)), number: row.number.clone() });
        }
    }
    lookups
}

/// How much of a list is done when the row at `place` has its turn. Customers
/// stand evenly among canaries, so canaries alone tell.
fn share_done(place: usize, rows: usize, draw: &mut Stream) -> f64 {
    (place as f64 + f64::from(draw.below(1000)) / 1000.0) / rows as f64
}

/// An address of the range for documentation of benchmarks (RFC 2544).
pub(super) fn address(place: u32) -> String {
    format!("198.18.{}.{}", place / 250 % 250, 1 + place % 250)
}
