//! Times as records write them.
//!
//! A time is read only if it can be read in one way: `02/10/2020` is February to
//! some and October to others, so it needs a declared format. A time without a
//! zone needs the feed's `time_zone`. In the hour that a zone repeats in autumn
//! the earlier instant is taken: a hit counts only after a planting, and the
//! earlier reading never makes one count that should not.

use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::{rfc2822, strtime::BrokenDownTime};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use crate::fault::Fault;

/// Bytes of the longest text that is looked at.
const LONGEST: usize = 100;

/// Reads times of one feed.
#[derive(Clone, Debug)]
pub(super) struct Times {
    zone: Option<TimeZone>,
    formats: Vec<String>,
}

impl Times {
    /// From the configuration's zone and formats.
    pub(super) fn new(zone: Option<&str>, formats: &[String]) -> Result<Self, Fault> {
        let zone = zone.map(parse_zone).transpose()?;
        Ok(Self { zone, formats: formats.to_vec() })
    }

    /// Whether times without a zone can be read.
    pub(super) fn has_zone(&self) -> bool {
        self.zone.is_some()
    }

    /// Reads a time; says what was expected where it cannot.
    pub(super) fn read(&self, text: &str) -> Result<Timestamp, &'static str> {
        let text = text.trim();
        if text.len() > LONGEST {
            return Err("expected a time, found a long text");
        }
        let at = if self.formats.is_empty() { self.read_usual(text)? } else { self.read_declared(text)? };
        let year = at.to_zoned_datetime(TimeZone::UTC).year();
        if (1990..2200).contains(&year) { Ok(at) } else { Err("expected a time between 1990 and 2200") }
    }

    fn read_declared(&self, text: &str) -> Result<Timestamp, &'static str> {
        for format in &self.formats {
            let Ok(parts) = BrokenDownTime::parse(format, text) else { continue };
            if let Ok(at) = parts.to_timestamp() {
                return Ok(at);
            }
            if let Ok(date) = parts.to_date() {
                let time = parts.to_time().unwrap_or(Time::midnight());
                return self.in_zone(DateTime::from_parts(date, time));
            }
        }
        Err("expected a time in one of the declared formats")
    }

    fn read_usual(&self, text: &str) -> Result<Timestamp, &'static str> {
        const EXPECTED: &str = "expected a time such as 2026-11-25 11:25:23";
        if let Some((civil, offset)) = civil(text) {
            return match offset {
                Some(offset) => offset.to_timestamp(civil).map_err(|_| EXPECTED),
                None => self.in_zone(civil),
            };
        }
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return epoch(text).ok_or(EXPECTED);
        }
        if let Some((civil, offset)) = common_log(text) {
            return offset.to_timestamp(civil).map_err(|_| EXPECTED);
        }
        rfc2822::parse(text).map(|zoned| zoned.timestamp()).map_err(|_| EXPECTED)
    }

    fn in_zone(&self, civil: DateTime) -> Result<Timestamp, &'static str> {
        let zone = self.zone.as_ref().ok_or("expected a time with a zone, as the feed has no time_zone")?;
        zone.to_ambiguous_timestamp(civil).earlier().map_err(|_| "expected a time that exists")
    }
}

/// An IANA name, `UTC`, `+08:00`, or rules as in POSIX's `TZ`.
fn parse_zone(name: &str) -> Result<TimeZone, Fault> {
    if let Some(offset) = offset(&mut Scan::new(name)) {
        return Ok(offset.to_time_zone());
    }
    TimeZone::get(name).or_else(|_| TimeZone::posix(name)).map_err(|_| {
        Fault::new(format!("expected a time zone, found {name:?}"))
            .at_field("time_zone")
            .hint("write an IANA name such as Asia/Shanghai (needs the system's tzdata) or an offset such as +08:00")
    })
}

/// Seconds, milliseconds or microseconds since 1970, told apart by length.
fn epoch(digits: &str) -> Option<Timestamp> {
    let number: i64 = digits.parse().ok()?;
    match digits.len() {
        10 => Timestamp::from_second(number).ok(),
        13 => Timestamp::from_millisecond(number).ok(),
        16 => Timestamp::from_microsecond(number).ok(),
        _ => None,
    }
}

/// `2026-11-25 11:25[:23[.5]] [zone]`, with `/`, `.` or 年月日 between the parts.
fn civil(text: &str) -> Option<(DateTime, Option<Offset>)> {
    if text.len() == 14 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return compact(text);
    }
    let mut scan = Scan::new(text);
    let year = scan.number(4, 4)?;
    let separator = scan.any(&['-', '/', '.', '年'])?;
    let month = scan.number(1, 2)?;
    scan.any(&[if separator == '年' { '月' } else { separator }])?;
    let day = scan.number(1, 2)?;
    scan.any(&['日']);
    scan.any(&['T', 't']);
    scan.blanks();
    let hour = scan.number(1, 2)?;
    scan.any(&[':', '时', '點', '点', '：'])?;
    let minute = scan.number(2, 2)?;
    let second = match scan.any(&[':', '分', '：']) {
        Some('分') => scan.number(1, 2).unwrap_or(0),
        Some(_) => scan.number(2, 2)?,
        None => 0,
    };
    scan.any(&['秒']);
    let nanosecond = if scan.any(&['.', ',']).is_some() { scan.fraction()? } else { 0 };
    scan.blanks();
    let offset = if scan.is_done() { None } else { Some(offset(&mut scan)?) };
    if !scan.is_done() {
        return None;
    }
    let date = Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()?;
    let time = Time::new(hour.try_into().ok()?, minute.try_into().ok()?, second.min(59).try_into().ok()?, nanosecond);
    (second <= 60).then_some((DateTime::from_parts(date, time.ok()?), offset))
}

fn compact(digits: &str) -> Option<(DateTime, Option<Offset>)> {
    let part = |from: usize, to: usize| digits[from..to].parse::<i8>().ok();
    let date = Date::new(digits[..4].parse().ok()?, part(4, 6)?, part(6, 8)?).ok()?;
    let time = Time::new(part(8, 10)?, part(10, 12)?, part(12, 14)?, 0).ok()?;
    Some((DateTime::from_parts(date, time), None))
}

/// `25/Nov/2026:11:25:23 +0800`.
fn common_log(text: &str) -> Option<(DateTime, Offset)> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (day, rest) = text.split_once('/')?;
    let (month, rest) = rest.split_once('/')?;
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let mut scan = Scan::new(rest);
    let year = scan.number(4, 4)?;
    scan.any(&[':'])?;
    let hour = scan.number(2, 2)?;
    scan.any(&[':'])?;
    let minute = scan.number(2, 2)?;
    scan.any(&[':'])?;
    let second = scan.number(2, 2)?;
    scan.blanks();
    let offset = offset(&mut scan).filter(|_| scan.is_done())?;
    let date = Date::new(year.try_into().ok()?, month.try_into().ok()?, day.parse().ok()?).ok()?;
    let time = Time::new(hour.try_into().ok()?, minute.try_into().ok()?, second.min(59).try_into().ok()?, 0).ok()?;
    Some((DateTime::from_parts(date, time), offset))
}

/// `Z`, `UTC`, `+08`, `+0800` or `+08:00`.
fn offset(scan: &mut Scan<'_>) -> Option<Offset> {
    if scan.any(&['Z', 'z']).is_some() || scan.word("UTC") || scan.word("GMT") {
        return Some(Offset::UTC);
    }
    let sign = if scan.any(&['+', '-'])? == '-' { -1 } else { 1 };
    let hours = scan.number(2, 2)?;
    scan.any(&[':']);
    let minutes = scan.number(2, 2).unwrap_or(0);
    if hours > 14 || minutes > 59 {
        return None;
    }
    Offset::try_from(SignedDuration::from_mins(i64::from(sign * (hours * 60 + minutes)))).ok()
}

/// A place in a text that is read from left to right.
struct Scan<'a> {
    rest: &'a str,
}

impl<'a> Scan<'a> {
    fn new(rest: &'a str) -> Self {
        Self { rest }
    }

    fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    /// A number of `least` to `most` digits.
    fn number(&mut self, least: usize, most: usize) -> Option<i32> {
        let digits = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        if digits < least {
            return None;
        }
        let (number, rest) = self.rest.split_at(digits);
        self.rest = rest;
        number.parse().ok()
    }

    /// Digits after a decimal point, in nanoseconds.
    fn fraction(&mut self) -> Option<i32> {
        let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = self.rest.split_at(digits);
        self.rest = rest;
        format!("{:0<9.9}", Some(number).filter(|number| !number.is_empty())?).parse().ok()
    }

    fn any(&mut self, chars: &[char]) -> Option<char> {
        let first = self.rest.chars().next().filter(|first| chars.contains(first))?;
        self.rest = &self.rest[first.len_utf8()..];
        Some(first)
    }

    fn word(&mut self, word: &str) -> bool {
        let after = self.rest.strip_prefix(word);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    fn blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shanghai() -> Times {
        Times::new(Some("+08:00"), &[]).expect("an offset")
    }

    fn read(text: &str) -> Option<String> {
        shanghai().read(text).ok().map(|at| at.to_string())
    }

    #[test]
    fn the_usual_spellings_are_the_same_instant() {
        for text in [
            "2026-11-25 11:25:23",
            "2026/11/25 11:25:23",
            "2026-11-25T11:25:23+08:00",
            "2026-11-25T03:25:23Z",
            "2026-11-25 03:25:23 UTC",
            "2026-11-25 11:25:23 +0800",
            "2026年11月25日 11时25分23秒",
            "2026年11月25日11:25:23",
            "20261125112523",
            "25/Nov/2026:11:25:23 +0800",
            "Wed, 25 Nov 2026 03:25:23 +0000",
            "1795577123",
            "1795577123000",
            "1795577123000000",
        ] {
            assert_eq!(read(text).as_deref(), Some("2026-11-25T03:25:23Z"), "{text}");
        }
    }

    #[test]
    fn what_excel_makes_of_a_time_is_read() {
        assert_eq!(read("2020/2/10 22:41").as_deref(), Some("2020-02-10T14:41:00Z"));
        assert_eq!(read("2020/2/1 9:05").as_deref(), Some("2020-02-01T01:05:00Z"));
    }

    #[test]
    fn a_fraction_is_kept() {
        assert_eq!(read("2026-11-25 11:25:23.5").as_deref(), Some("2026-11-25T03:25:23.5Z"));
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_not_read() {
        for text in ["02/10/2020 22:41", "2026-11-25", "", "0", "now", "2026-13-01 00:00", "2026-11-25 11:25:23 CST"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_declared_format_decides() {
        let times = Times::new(Some("+08:00"), &["%m/%d/%Y %H:%M".into(), "%Y-%m-%d".into()]).expect("formats");

        assert_eq!(times.read("02/10/2020 22:41").map(|at| at.to_string()), Ok("2020-02-10T14:41:00Z".into()));
        assert_eq!(times.read("2020-02-10").map(|at| at.to_string()), Ok("2020-02-09T16:00:00Z".into()));
        assert!(times.read("2020/2/10 22:41").is_err());
    }

    #[test]
    fn a_time_without_a_zone_needs_one() {
        let times = Times::new(None, &[]).expect("no zone");

        assert!(times.read("2026-11-25 11:25:23").is_err());
        assert!(times.read("2026-11-25 11:25:23Z").is_ok());
    }

    #[test]
    fn the_repeated_hour_is_its_first() {
        let times = Times::new(Some("CET-1CEST,M3.5.0,M10.5.0/3"), &[]).expect("POSIX rules");

        assert_eq!(times.read("2026-10-25 02:30:00").map(|at| at.to_string()), Ok("2026-10-25T00:30:00Z".into()));
    }

    #[test]
    fn an_unknown_zone_is_refused_with_the_way_out() {
        let fault = Times::new(Some("Asia/Beijing-City"), &[]).expect_err("no such zone");

        assert_eq!(fault.field.as_deref(), Some("time_zone"));
        assert!(fault.hint.is_some());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,30}") {
            let _ = shanghai().read(&text);
        }
    }
}
