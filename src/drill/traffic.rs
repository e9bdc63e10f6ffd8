//! A drill's calls: fraudsters, wrong numbers, a war-dialler, a silent hang-up.

use jiff::{Timestamp, ToSpan};

use super::wire::{self, Call, PARCEL, happens};
use super::{Drill, Leak};
use crate::derive::{Draw, Stream};
use crate::registry::{LineRow, LineUse};

/// Minutes over which the calls are spread: thirty days.
const MINUTES: u32 = 30 * 24 * 60;

/// All calls of a drill, in order of time.
pub(super) struct Traffic {
    calls: Vec<Call>,
    begins: Timestamp,
}

impl Traffic {
    /// Makes the calls: every sold line rings once; noise of the same kind as
    /// fraud takes the given share; storms and hang-ups come on top.
    pub(super) fn make(drill: &Drill, lines: &[LineRow], leaks: &[Leak], draw: &mut Stream, begins: Timestamp) -> Self {
        let mut traffic = Self { calls: Vec::new(), begins };
        let ours: std::collections::BTreeSet<&str> =
            lines.iter().map(|row| row.line.number.national.as_str()).collect();
        let mut fraud = 0;
        for leak in leaks {
            for row in leak.rows.iter().filter(|row| ours.contains(row.phone.as_str())) {
                let note = asked(drill, &row.name, draw);
                traffic.ring(row.phone.clone(), 20 + draw.below(200), note, draw);
                fraud += 1;
            }
        }
        let traps: Vec<&LineRow> = lines.iter().filter(|row| row.line.line_use == LineUse::Trap).collect();
        // A drill without leakers has noise all the same: as much as ten leaked exports.
        let base = if leaks.is_empty() { 100.0 } else { f64::from(fraud) };
        let noise = (base * drill.noise / (1.0 - drill.noise)).round() as u32;
        for _ in 0..noise {
            let line = traps[draw.below(traps.len() as u32) as usize];
            traffic.ring(line.line.number.national.clone(), 4 + draw.below(60), String::new(), draw);
        }
        for _ in 0..noise {
            let line = &lines[draw.below(lines.len() as u32) as usize];
            traffic.ring(line.line.number.national.clone(), draw.below(3), String::new(), draw);
        }
        traffic.sweep(lines, draw);
        traffic.calls.sort_by_key(|call| call.at);
        traffic
    }

    /// A war-dialler works through neighbouring numbers within minutes.
    fn sweep(&mut self, lines: &[LineRow], draw: &mut Stream) {
        let mut numbers: Vec<&str> = lines.iter().map(|row| row.line.number.national.as_str()).collect();
        numbers.sort_unstable();
        let first = draw.below(numbers.len() as u32 - 20) as usize;
        let caller = wire::caller(draw);
        let start = self.moment(draw);
        for (place, called) in numbers[first..first + 20].iter().enumerate() {
            let at = start.checked_add((place as i64 * 12).seconds()).expect("within the quarter");
            self.calls.push(Call {
                at,
                caller: caller.clone(),
                called: (*called).to_owned(),
                seconds: 9,
                note: String::new(),
            });
        }
    }

    fn ring(&mut self, called: String, seconds: u32, note: String, draw: &mut Stream) {
        let call = Call { at: self.moment(draw), caller: wire::caller(draw), called, seconds, note };
        self.calls.push(call);
    }

    fn moment(&self, draw: &mut Stream) -> Timestamp {
        let minutes = i64::from(60 + draw.below(MINUTES));
        let seconds = i64::from(draw.below(60));
        self.begins.checked_add(minutes.minutes().seconds(seconds)).expect("within the quarter")
    }

    /// Calls.
    pub(super) fn len(&self) -> u64 {
        self.calls.len() as u64
    }

    /// A moment at which every call's storm window has closed.
    pub(super) fn ends(&self) -> Timestamp {
        let minutes = i64::from(MINUTES) + 24 * 60;
        self.begins.checked_add(minutes.minutes()).expect("within the quarter")
    }

    /// The calls as Asterisk's cdr-csv writes them.
    pub(super) fn to_asterisk(&self) -> String {
        let mut text = String::new();
        for (place, call) in self.calls.iter().enumerate() {
            call.write_asterisk(place, &mut text);
        }
        text
    }
}

/// What the call's note says: the caller asked for somebody, or only talked of
/// a parcel.
fn asked(drill: &Drill, name: &str, draw: &mut Stream) -> String {
    if !happens(drill.names, draw) {
        return PARCEL.to_owned();
    }
    wire::asked_for(name, happens(drill.masks, draw))
}
