//! Times as an export writes them: read, compared, and written back alike.
//!
//! A column is learned from a sample of its values. The layout is its own
//! separators, the order of its units and whether they are padded with zeros,
//! so `2020-11-01 09:01:06`, `2020/2/10 22:41`, `2-Jun-06`, `11/13/06` and
//! `2020年11月1日` all come back the way they went in.

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Unit {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    Fraction,
    Epoch,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// A number, at least so many digits wide.
    Number(Unit, usize),
    /// A month by its English name of three letters.
    MonthName,
    /// `AM` or `PM`.
    Half,
    /// Anything else, as it stands.
    Literal(String),
}

/// How a column writes its times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pieces: Vec<Piece>,
    /// Digits of a fraction of a second.
    fraction: u32,
    /// Whether numbers follow each other without a separator.
    is_compact: bool,
    /// The smallest difference that the layout can show, in ticks.
    pub(super) step: i64,
}

impl Layout {
    /// Learns the layout that all of `values` share; `None` where they are no
    /// times, or not of one layout.
    pub(super) fn learn(values: &[&str]) -> Option<Self> {
        let first = values.first()?;
        let shape = Shape::of(first)?;
        let mut widest = vec![0; shape.numbers];
        let mut narrowest = vec![usize::MAX; shape.numbers];
        let mut largest = vec![0; shape.numbers];
        for value in values {
            let (other, digits) = Shape::read(value)?;
            if other != shape {
                return None;
            }
            for (i, run) in digits.iter().enumerate() {
                widest[i] = widest[i].max(run.len());
                narrowest[i] = narrowest[i].min(run.len());
                largest[i] = largest[i].max(run.parse::<u64>().ok()?);
            }
        }
        let units = units(&shape, &narrowest, &widest, &largest)?;
        let layout = shape.into_layout(&units, &narrowest, &widest);
        values.iter().all(|value| layout.parse(value).is_some()).then_some(layout)
    }

    /// Writes a time of any layout the way the column does.
    pub(super) fn restate(&self, text: &str) -> Option<String> {
        let other = Self::learn(&[text])?;
        let is_epoch = |layout: &Self| layout.pieces.iter().any(|piece| matches!(piece, Piece::Number(Unit::Epoch, _)));
        if is_epoch(self) || is_epoch(&other) {
            return None;
        }
        let seconds = other.parse(text)?.div_euclid(10i64.pow(other.fraction));
        Some(self.print(seconds * 10i64.pow(self.fraction)))
    }

    /// Reads `text` into ticks: seconds, or the fraction's unit.
    pub(super) fn parse(&self, text: &str) -> Option<i64> {
        let mut rest = text;
        let mut have = [None::<i64>; 8];
        let mut half = None;
        for piece in &self.pieces {
            match piece {
                Piece::Literal(literal) => rest = rest.strip_prefix(literal.as_str())?,
                Piece::MonthName => {
                    let name = rest.get(..3)?;
                    let month = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(name))?;
                    have[Unit::Month as usize] = Some(month as i64 + 1);
                    rest = &rest[3..];
                }
                Piece::Half => {
                    let word = rest.get(..2)?;
                    half = Some(word.eq_ignore_ascii_case("pm"));
                    if half == Some(false) && !word.eq_ignore_ascii_case("am") {
                        return None;
                    }
                    rest = &rest[2..];
                }
                Piece::Number(unit, width) => {
                    let most = if self.is_compact { *width } else { MOST_DIGITS };
                    let (number, run) = number(rest.as_bytes(), most);
                    if run < (*width).max(1) {
                        return None;
                    }
                    have[*unit as usize] = Some(number);
                    rest = &rest[run..];
                }
            }
        }
        if rest.is_empty() { self.ticks(&have, half) } else { None }
    }

    /// Reads `text` in seconds.
    pub(super) fn seconds(&self, text: &str) -> Option<f64> {
        Some(self.parse(text)? as f64 / 10f64.powi(self.fraction as i32))
    }

    fn ticks(&self, have: &[Option<i64>; 8], half: Option<bool>) -> Option<i64> {
        let unit = |unit: Unit| have[unit as usize];
        if let Some(epoch) = unit(Unit::Epoch) {
            return Some(epoch);
        }
        let (year, month, day) = (unit(Unit::Year)?, unit(Unit::Month)?, unit(Unit::Day)?);
        let year = if year < 100 { year + if year < 70 { 2000 } else { 1900 } } else { year };
        let hour = match (unit(Unit::Hour).unwrap_or(0), half) {
            (hour, None) => hour,
            (hour @ 1..=12, Some(pm)) => hour % 12 + if pm { 12 } else { 0 },
            _ => return None,
        };
        let (minute, second) = (unit(Unit::Minute).unwrap_or(0), unit(Unit::Second).unwrap_or(0));
        let fraction = unit(Unit::Fraction).unwrap_or(0);
        let is_date = year <= LAST_YEAR && (1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day);
        if !is_date || hour > 23 || minute > 59 || second > 60 || fraction >= 10i64.pow(self.fraction) {
            return None;
        }
        let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
        Some(seconds * 10i64.pow(self.fraction) + fraction)
    }

    /// Writes `ticks` the way the column does.
    pub(super) fn print(&self, ticks: i64) -> String {
        let scale = 10i64.pow(self.fraction);
        let seconds = ticks.div_euclid(scale);
        let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
        let of_day = seconds.rem_euclid(86_400);
        let twelve = self.pieces.contains(&Piece::Half);
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::MonthName => text.push_str(MONTHS[month as usize - 1]),
                Piece::Half => text.push_str(if of_day < 43_200 { "AM" } else { "PM" }),
                Piece::Number(unit, width) => {
                    let number = match unit {
                        Unit::Year if *width < 4 => year % 100,
                        Unit::Year => year,
                        Unit::Month => month,
                        Unit::Day => day,
                        Unit::Hour if twelve => (of_day / 3600 + 11) % 12 + 1,
                        Unit::Hour => of_day / 3600,
                        Unit::Minute => of_day / 60 % 60,
                        Unit::Second => of_day % 60,
                        Unit::Fraction => ticks.rem_euclid(scale),
                        Unit::Epoch => ticks,
                    };
                    text.push_str(&format!("{number:0width$}"));
                }
            }
        }
        text
    }

    /// Whether byte order is time order: widest unit first, all padded.
    pub(super) fn is_lexical(&self) -> bool {
        let mut last = None;
        self.pieces.iter().all(|piece| match piece {
            Piece::Literal(_) => true,
            Piece::MonthName | Piece::Half => false,
            Piece::Number(unit, width) => {
                let rising = last.is_none_or(|last| last < *unit);
                last = Some(*unit);
                rising && (*width > 1)
            }
        })
    }
}

/// A value with its digit runs taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shape {
    parts: Vec<Part>,
    numbers: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Run,
    MonthName,
    Half,
    Literal(String),
}

impl Shape {
    fn of(value: &str) -> Option<Self> {
        Self::read(value).map(|(shape, _)| shape)
    }

    fn read(value: &str) -> Option<(Self, Vec<&str>)> {
        if value.len() > 40 {
            return None;
        }
        let (mut parts, mut runs, mut rest) = (Vec::new(), Vec::new(), value);
        while let Some(first) = rest.chars().next() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
            let length = if digits > 0 {
                runs.push(&rest[..digits]);
                parts.push(Part::Run);
                digits
            } else if letters == 3 && MONTHS.iter().any(|month| month.eq_ignore_ascii_case(&rest[..3])) {
                parts.push(Part::MonthName);
                3
            } else if letters == 2 && matches!(&rest[..2], "AM" | "PM" | "am" | "pm") {
                parts.push(Part::Half);
                2
            } else {
                match parts.last_mut() {
                    Some(Part::Literal(literal)) => literal.push(first),
                    _ => parts.push(Part::Literal(first.to_string())),
                }
                first.len_utf8()
            };
            rest = &rest[length..];
        }
        let numbers = runs.len();
        (numbers > 0).then_some((Self { parts, numbers }, runs))
    }

    fn into_layout(self, units: &[Unit], narrowest: &[usize], widest: &[usize]) -> Layout {
        let mut pieces = Vec::new();
        if let ([Part::Run], &[14 | 8]) = (self.parts.as_slice(), widest) {
            pieces.extend(units.iter().map(|unit| Piece::Number(*unit, if *unit == Unit::Year { 4 } else { 2 })));
        } else {
            let mut next = 0;
            for part in self.parts {
                pieces.push(match part {
                    Part::MonthName => Piece::MonthName,
                    Part::Half => Piece::Half,
                    Part::Literal(literal) => Piece::Literal(literal),
                    Part::Run => {
                        next += 1;
                        Piece::Number(units[next - 1], narrowest[next - 1])
                    }
                });
            }
        }
        let fraction = units.iter().position(|unit| *unit == Unit::Fraction).map_or(0, |i| widest[i] as u32);
        let step = match units {
            _ if units.contains(&Unit::Second) || units.contains(&Unit::Epoch) => 1,
            _ if units.contains(&Unit::Minute) => 60,
            _ if units.contains(&Unit::Hour) => 3600,
            _ => 86_400,
        };
        let is_compact = pieces.windows(2).any(|pair| matches!(pair, [Piece::Number(..), Piece::Number(..)]));
        Layout { pieces, fraction, is_compact, step }
    }
}

/// Decides which unit each digit run is; a numeric zone at the end is no unit
/// and makes the column one that is not learned.
fn units(shape: &Shape, narrowest: &[usize], widest: &[usize], largest: &[u64]) -> Option<Vec<Unit>> {
    use Unit::{Day, Epoch, Fraction, Hour, Minute, Month, Second, Year};
    let named = shape.parts.contains(&Part::MonthName);
    if shape.numbers == 1 && !named {
        let fixed = narrowest == widest && shape.parts.len() == 1;
        return match widest[0] {
            14 if fixed => Some(vec![Year, Month, Day, Hour, Minute, Second]),
            8 if fixed => Some(vec![Year, Month, Day]),
            10 | 13
                if fixed
                    && (1_000_000_000..2_000_000_000).contains(&(largest[0] / 10u64.pow(widest[0] as u32 - 10))) =>
            {
                Some(vec![Epoch])
            }
            _ => None,
        };
    }
    let date = match (named, widest) {
        (true, [first, second, ..]) if *first <= 2 && matches!(second, 2 | 4) => vec![Day, Year],
        (true, _) => return None,
        (false, [4, 1..=2, 1..=2, ..]) => vec![Year, Month, Day],
        (false, [1..=2, 1..=2, 2 | 4, ..]) if narrowest[2] == widest[2] => match (largest[0] > 12, largest[1] > 12) {
            (true, false) => vec![Day, Month, Year],
            (false, true) => vec![Month, Day, Year],
            (false, false) if shape.parts.contains(&Part::Literal("/".into())) => vec![Month, Day, Year],
            (false, false) => vec![Day, Month, Year],
            (true, true) => return None,
        },
        _ => return None,
    };
    let clock = [Hour, Minute, Second, Fraction];
    let rest = shape.numbers - date.len();
    let fraction_fits =
        rest < 4 || (narrowest[date.len() + 3] == widest[date.len() + 3] && widest[date.len() + 3] <= 6);
    (rest != 1 && rest <= 4 && fraction_fits).then(|| [date.as_slice(), &clock[..rest]].concat())
}

/// Most digits of a number, and the last year: beyond them is no time.
const MOST_DIGITS: usize = 18;
const LAST_YEAR: i64 = 9999;

/// The number that a text begins with, of so many digits at most, and how many
/// it has: each row of an export is read so.
fn number(text: &[u8], most: usize) -> (i64, usize) {
    let digits = text.iter().take(most).take_while(|byte| byte.is_ascii_digit());
    digits.fold((0, 0), |(number, run), digit| (10 * number + i64::from(digit - b'0'), run + 1))
}

/// Days of a month.
fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March make the leap day the last of the year.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The inverse of [`days_from_civil`].
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = (shifted + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learn(values: &[&str]) -> Option<Layout> {
        Layout::learn(values)
    }

    #[test]
    fn every_layout_comes_back_as_it_went_in() {
        for values in [
            &["2020-11-01 09:01:06", "2020-11-30 23:59:59"][..],
            &["2020/2/10 22:41", "2020/11/3 8:05"],
            &["2-Jun-06", "14-Nov-06"],
            &["11/13/06", "3/4/07"],
            &["13/11/2006", "03/04/2007"],
            &["2020年11月1日", "2020年2月29日"],
            &["2020-11-01T09:01:06Z"],
            &["2020-11-01 09:01:06.123"],
            &["20201101090106"],
            &["20201101"],
            &["1604192466"],
            &["1604192466123"],
            &["11/13/2006 1:05 PM", "3/4/2007 12:00 AM"],
        ] {
            let layout = learn(values).unwrap_or_else(|| panic!("{values:?} are times"));
            for value in values {
                assert_eq!(layout.print(layout.parse(value).expect("it was learned from this")), *value);
            }
        }
    }

    #[test]
    fn ticks_rise_with_time() {
        let layout = learn(&["2-Jun-06", "14-Nov-06", "1-Jan-99"]).expect("dates");
        let ticks = |text| layout.parse(text).expect("a date");

        assert_eq!(ticks("3-Jun-06") - ticks("2-Jun-06"), 86_400);
        assert!(ticks("1-Jan-99") < ticks("2-Jun-06"));
        assert_eq!(layout.step, 86_400);
    }

    #[test]
    fn no_row_of_a_column_of_times_is_too_large_for_it() {
        let layout = learn(&["2020-11-01 09:01:06.25"]).expect("a time");

        let (long, many) = ("9".repeat(19), "9".repeat(18));
        assert!(layout.parse("9999-12-31 23:59:60.99").is_some());
        for year in [&long, &many, "10000"] {
            assert_eq!(layout.parse(&format!("{year}-11-01 09:01:06.25")), None);
        }
        for fraction in [&long, &many, "100"] {
            assert_eq!(layout.parse(&format!("2020-11-01 09:01:06.{fraction}")), None);
        }
        assert_eq!(learn(&["20201101090106"]).expect("a time").parse("2020+1010901 6"), None);
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        let layout = learn(&["2020-11-01"]).expect("a date");

        for (year, month) in (1899..2101).flat_map(|year| (1..=12).map(move |month| (year, month))) {
            for day in 1..=31 {
                let days = days_from_civil(year, month, day);
                let is_day = civil_from_days(days) == (year, month, day);
                assert_eq!(layout.parse(&format!("{year}-{month:02}-{day:02}")), is_day.then_some(days * 86_400));
            }
        }
    }

    #[test]
    fn a_time_of_one_layout_is_written_in_another() {
        let column = learn(&["2020/2/10 22:41", "2020/11/3 8:05"]).expect("times");

        assert_eq!(column.restate("2020-11-01 09:01:06").as_deref(), Some("2020/11/1 9:01"));
        assert_eq!(column.restate("today"), None);
    }

    #[test]
    fn what_is_no_time_is_not_learned() {
        for values in [&["Date Not Captured"][..], &["15433063750"], &["3.52"], &["2020-13-01"], &["1", "2"], &[""]] {
            assert_eq!(learn(values), None, "{values:?}");
        }
        assert_eq!(learn(&["2020-11-01", "2/3/04"]), None);
    }

    #[test]
    fn only_padded_layouts_with_the_year_first_compare_as_bytes() {
        assert!(learn(&["2020-11-01 09:01:06"]).expect("a time").is_lexical());
        assert!(!learn(&["2020/2/10 22:41"]).expect("a time").is_lexical());
        assert!(!learn(&["2-Jun-06"]).expect("a time").is_lexical());
    }
}
