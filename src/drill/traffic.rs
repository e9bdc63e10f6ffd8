//! A drill's calls: fraudsters, wrong numbers, a war-dialler, a silent hang-up.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::{Drill, Leak};
use crate::derive::{Draw, Stream};
use crate::registry::{LineRow, LineUse};

/// Minutes over which the calls are spread: thirty days.
const MINUTES: u32 = 30 * 24 * 60;

/// One call.
struct Call {
    at: Timestamp,
    caller: String,
    called: String,
    seconds: u32,
    note: String,
}

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
        let caller = number(draw);
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
        let call = Call { at: self.moment(draw), caller: number(draw), called, seconds, note };
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
            let time = |seconds: i64| {
                let at = call.at.checked_add(seconds.seconds()).expect("within the quarter");
                at.to_zoned_datetime(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S").to_string()
            };
            let (start, answer, end) = (time(0), time(5), time(5 + i64::from(call.seconds)));
            text += &format!(
                "\"\",\"{caller}\",\"{called}\",\"from-trunk\",\"\"\"\"\" <{caller}>\",\"SIP/trunk-{place:08x}\",\"\",\"Queue\",\"trap\",\
                 \"{start}\",\"{answer}\",\"{end}\",{duration},{billsec},\"ANSWERED\",\"DOCUMENTATION\",\"{unique}.{place}\",\"{note}\"\n",
                caller = call.caller,
                called = call.called,
                duration = call.seconds + 5,
                billsec = call.seconds,
                unique = call.at.as_second(),
                note = call.note,
            );
        }
        text
    }
}

/// What the call's note says: the caller asked for somebody, or only talked of
/// a parcel.
fn asked(drill: &Drill, name: &str, draw: &mut Stream) -> String {
    let hits = |share: f64, draw: &mut Stream| draw.below(1 << 31) < (share * f64::from(1u32 << 31)) as u32;
    if !hits(drill.names, draw) {
        return "说包裹理赔".to_owned();
    }
    if hits(drill.masks, draw) {
        let family: String = name.chars().take(1).collect();
        return format!("找{family}女士，说包裹理赔");
    }
    format!("找{name}，说包裹理赔")
}

/// A caller that no other call has, nearly surely.
fn number(draw: &mut Stream) -> String {
    format!("0{}{:08}", 21 + draw.below(8), draw.below(100_000_000))
}
