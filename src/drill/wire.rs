//! What an exchange and a web server write of a drill: calls as Asterisk's
//! cdr-csv has them (with all of its optional columns), look-ups as a combined access log.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::derive::{Draw, Stream};

/// One call.
pub(super) struct Call {
    pub(super) at: Timestamp,
    pub(super) caller: String,
    pub(super) called: String,
    pub(super) seconds: u32,
    pub(super) note: String,
}

impl Call {
    /// The call's line; `place` tells it from all others of the drill.
    pub(super) fn write_asterisk(&self, place: usize, text: &mut String) {
        let time = |seconds: i64| {
            let at = self.at.checked_add(seconds.seconds()).expect("a drill's days are in the calendar");
            at.to_zoned_datetime(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S").to_string()
        };
        let (start, answer, end) = (time(0), time(5), time(5 + i64::from(self.seconds)));
        let _ = writeln!(
            text,
            "\"\",\"{caller}\",\"{called}\",\"from-trunk\",\"\"\"\"\" <{caller}>\",\"SIP/trunk-{place:08x}\",\"\",\"Queue\",\"trap\",\
             \"{start}\",\"{answer}\",\"{end}\",{duration},{billsec},\"ANSWERED\",\"DOCUMENTATION\",\"{unique}.{place}\",\"{note}\",\"\",\"{unique}.{place}\",{place}",
            caller = self.caller,
            called = self.called,
            duration = self.seconds + 5,
            billsec = self.seconds,
            unique = self.at.as_second(),
            note = self.note,
        );
    }
}

/// The place of a call, from the native id that its record has: unique id and
/// sequence number.
pub(super) fn place_of(native_id: &str) -> Option<usize> {
    native_id.rsplit_once('/')?.1.parse().ok()
}

/// A look-up of a waybill number on the tracking page.
pub(super) struct Lookup {
    pub(super) at: Timestamp,
    pub(super) address: String,
    pub(super) number: String,
}

impl Lookup {
    pub(super) fn write_access_log(&self, text: &mut String) {
        let at = self.at.to_zoned_datetime(TimeZone::UTC).strftime("%d/%b/%Y:%H:%M:%S +0000");
        let _ = writeln!(
            text,
            "{} - - [{at}] \"GET /track?no={} HTTP/1.1\" 404 512 \"-\" \"Mozilla/5.0\"",
            self.address, self.number
        );
    }
}

/// What a call's note says: the caller asked for somebody.
///
/// With `surname_only` no more than that was heard.
pub(super) fn asked_for(name: &str, surname_only: bool) -> String {
    if surname_only {
        let family: String = name.chars().take(1).collect();
        return format!("找{family}女士，说包裹理赔");
    }
    format!("找{name}，说包裹理赔")
}

/// What a call's note says when it was about a parcel and nobody was asked for.
pub(super) const PARCEL: &str = "说包裹理赔";

/// A caller that no other call has, nearly surely.
pub(super) fn caller(draw: &mut Stream) -> String {
    format!("0{}{:08}", 21 + draw.below(8), draw.below(100_000_000))
}

/// Whether something of this probability happens.
pub(super) fn happens(share: f64, draw: &mut Stream) -> bool {
    draw.below(1 << 31) < (share * f64::from(1u32 << 31)) as u32
}
