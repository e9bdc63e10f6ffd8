//! Numbers and dates between cells and text.
//!
//! A date is a number of days, and what it looks like is the business of the
//! cell's format. As text it is always ISO 8601, as fine as the column's values
//! are: a column that shows minutes may keep seconds, and a planted time on the
//! full minute among those would stand out.

use jiff::civil::{Date, DateTime, date};

use super::styles::Shows;
use crate::registry::Fineness;

const DAY_MS: i64 = 86_400_000;

/// The day that days are counted from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Calendar {
    /// Excel's, with a 29th of February 1900 that never was; earlier days are not told.
    #[default]
    From1900,
    /// Of the first Macs.
    From1904,
}

impl Calendar {
    fn zero(self) -> Date {
        match self {
            Self::From1900 => date(1899, 12, 30),
            Self::From1904 => date(1904, 1, 1),
        }
    }

    /// Whether a number is a date that can be told.
    fn tells(self, serial: f64) -> bool {
        let first = if self == Self::From1900 { 61.0 } else { 0.0 };
        (first..2_900_000.0).contains(&serial)
    }
}

/// How fine a value is, if it is a date or a time.
pub(super) fn fineness(number: &str, shows: Shows) -> Option<Fineness> {
    let serial: f64 = number.trim().parse().ok().filter(|_| shows != Shows::Number)?;
    let ms = milliseconds(serial)?.rem_euclid(DAY_MS);
    let own = match () {
        () if ms % 1000 != 0 => Fineness::Millisecond,
        () if ms % 60_000 != 0 => Fineness::Second,
        () if ms != 0 => Fineness::Minute,
        () => Fineness::Day,
    };
    let shown = if shows == (Shows::Date { time: false }) { Fineness::Day } else { Fineness::Minute };
    Some(own.max(shown))
}

/// The text of a number in a cell.
pub(super) fn shown(number: &str, shows: Shows, fineness: Fineness, calendar: Calendar) -> String {
    let number = number.trim();
    let as_date = || {
        let serial: f64 = number.parse().ok()?;
        match shows {
            Shows::Number => None,
            Shows::Date { .. } => calendar.tells(serial).then(|| date_text(serial, fineness, calendar))?,
            Shows::Time => (0.0..1.0)
                .contains(&serial)
                .then(|| clock(milliseconds(serial)?.min(DAY_MS - 1), fineness.max(Fineness::Minute)))?,
        }
    };
    as_date().unwrap_or_else(|| plain(number))
}

fn date_text(serial: f64, fineness: Fineness, calendar: Calendar) -> Option<String> {
    let ms = milliseconds(serial)?;
    let span = jiff::Span::new().try_days(ms.div_euclid(DAY_MS)).ok()?;
    let day = calendar.zero().checked_add(span).ok()?;
    Some(match fineness {
        Fineness::Day => day.to_string(),
        _ => format!("{day} {}", clock(ms.rem_euclid(DAY_MS), fineness)?),
    })
}

fn clock(ms: i64, fineness: Fineness) -> Option<String> {
    let (hour, minute, second, ms) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000);
    Some(match fineness {
        Fineness::Day => return None,
        Fineness::Minute => format!("{hour:02}:{minute:02}"),
        Fineness::Second => format!("{hour:02}:{minute:02}:{second:02}"),
        // a workbook keeps nothing finer
        Fineness::Millisecond | Fineness::Microsecond | Fineness::Nanosecond => {
            format!("{hour:02}:{minute:02}:{second:02}.{ms:03}")
        }
    })
}

/// Days as milliseconds: a day's fraction is never written exactly.
fn milliseconds(serial: f64) -> Option<i64> {
    let ms = (serial * DAY_MS as f64).round();
    (ms.abs() < 1e15).then_some(ms as i64)
}

/// The number of a date's text; none if the text is none.
pub(super) fn serial(text: &str, shows: Shows, calendar: Calendar) -> Option<f64> {
    let ms = match shows {
        Shows::Number => return None,
        Shows::Time => clock_ms(text)?,
        Shows::Date { .. } => {
            let (day, time) = text.split_once(' ').unwrap_or((text, ""));
            let day: Date = day.parse().ok().filter(|_| day.len() == 10)?;
            let days = calendar.zero().until(day).ok()?.get_days();
            let time = if time.is_empty() { 0 } else { clock_ms(time)? };
            i64::from(days) * DAY_MS + time
        }
    };
    Some(ms as f64 / DAY_MS as f64)
}

fn clock_ms(text: &str) -> Option<i64> {
    let at: DateTime = format!("2000-01-01T{text}").parse().ok()?;
    let seconds = (i64::from(at.hour()) * 60 + i64::from(at.minute())) * 60 + i64::from(at.second());
    Some(seconds * 1000 + i64::from(at.millisecond()))
}

/// A number in full and as short as it goes: telephone numbers are stored as such, and `1.38E+10` finds nobody.
pub(super) fn plain(number: &str) -> String {
    let Ok(parsed) = number.parse::<f64>() else { return number.to_owned() };
    let is_whole = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    // more digits than a number keeps are shown as they stand
    if is_whole || !parsed.is_finite() || parsed.abs() >= 1e21 {
        return number.to_owned();
    }
    format!("{}", if parsed == 0.0 { 0.0 } else { parsed })
}

/// Whether a text is what a cell of a number would show, and no digit of it would be lost.
pub(super) fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let has_zero_in_front = whole.len() > 1 && whole.starts_with('0');
    all(whole) && all(part) && !has_zero_in_front && whole.len() + part.trim_end_matches('0').len() <= 15
}

/// How a writer writes numbers that are not whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Digits {
    /// As few as tell it from others: most libraries.
    #[default]
    Shortest,
    /// Seventeen: Excel.
    Seventeen,
    /// Fifteen.
    Fifteen,
}

impl Digits {
    /// Learns from numbers as they are written.
    pub(super) fn learn(numbers: &[&str]) -> Self {
        let writes = |digits: Self| {
            numbers.iter().all(|number| number.parse().is_ok_and(|parsed| digits.write(parsed) == **number))
        };
        // Fifteen digits are never fewer than tell a number, but who writes as few as that needs sixteen at times.
        let many = numbers.iter().map(|number| significant(number)).max() == Some(15);
        match () {
            () if many && writes(Self::Fifteen) => Self::Fifteen,
            () if writes(Self::Shortest) || !writes(Self::Seventeen) => Self::Shortest,
            () => Self::Seventeen,
        }
    }

    pub(super) fn write(self, number: f64) -> String {
        let digits = match self {
            Self::Shortest => return format!("{number}"),
            Self::Seventeen => 17,
            Self::Fifteen => 15,
        };
        // as C does by `%.17g` between 0.0001 and 10^17
        let whole = if number.abs() < 1.0 { leading(number) } else { number.abs().log10().floor() as i32 + 1 };
        let decimals = usize::try_from(digits - whole).unwrap_or(0).min(40);
        let text = format!("{number:.decimals$}");
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    }
}

/// Digits of a number but for zeros in front.
fn significant(number: &str) -> usize {
    let digits = number.bytes().filter(u8::is_ascii_digit);
    digits.skip_while(|digit| *digit == b'0').count()
}

/// Digits before the point; fewer than none for the zeros right behind it.
fn leading(number: f64) -> i32 {
    if number == 0.0 { 1 } else { number.abs().log10().floor() as i32 + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TIMED: Shows = Shows::Date { time: true };
    const DAY: Shows = Shows::Date { time: false };

    fn text(number: &str, shows: Shows, fineness: Fineness) -> String {
        shown(number, shows, fineness, Calendar::From1900)
    }

    #[test]
    fn dates_are_shown_in_iso() {
        assert_eq!(text("44136", DAY, Fineness::Day), "2020-11-01");
        assert_eq!(text("44136.3757638889", TIMED, Fineness::Second), "2020-11-01 09:01:06");
        assert_eq!(text("44136.375763888886", TIMED, Fineness::Minute), "2020-11-01 09:01");
        assert_eq!(text("44136.375763888886", TIMED, Fineness::Millisecond), "2020-11-01 09:01:06.000");
        assert_eq!(text("0.5", Shows::Time, Fineness::Minute), "12:00");
        assert_eq!(shown("42674", DAY, Fineness::Day, Calendar::From1904), "2020-11-01");
        // no date at all
        assert_eq!(text("12", DAY, Fineness::Day), "12");
        assert_eq!(text("1e9", TIMED, Fineness::Second), "1000000000");
        assert_eq!(text("-3.50", DAY, Fineness::Day), "-3.5");
    }

    #[test]
    fn numbers_are_shown_in_full() {
        for (stored, expected) in [
            ("13800138000", "13800138000"),
            ("1.3800138E10", "13800138000"),
            ("2.2999999999999998", "2.3"),
            ("12345678901234567890", "12345678901234567890"),
            ("-0.0", "0"),
            ("x", "x"),
            ("", ""),
        ] {
            assert_eq!(plain(stored), expected);
        }
        for (number, expected) in [
            ("13800138000", true),
            ("2.30", true),
            ("-1", true),
            ("0.5", true),
            ("013", false),
            ("1234567890123456", false),
            ("1.", false),
            ("", false),
            ("154…", false),
            ("+86", false),
        ] {
            assert_eq!(is_number(number), expected, "{number}");
        }
    }

    #[test]
    fn digits_are_written_as_the_writer_writes_them() {
        let learn = Digits::learn;

        assert_eq!(learn(&["2.3", "0.1"]), Digits::Shortest);
        assert_eq!(learn(&["2.2999999999999998", "1.5"]), Digits::Seventeen);
        assert_eq!(learn(&["44136.3757638889", "2.3"]), Digits::Fifteen);
        assert_eq!(Digits::Seventeen.write(2.3), "2.2999999999999998");
        assert_eq!(Digits::Seventeen.write(0.05), "0.050000000000000003");
        assert_eq!(Digits::Fifteen.write(44_136.375_763_888_886), "44136.3757638889");
        assert_eq!(Digits::Seventeen.write(7.0), "7");
    }

    #[test]
    fn a_column_is_as_fine_as_its_finest_value() {
        assert_eq!(fineness("44136", DAY), Some(Fineness::Day));
        assert_eq!(fineness("44136", TIMED), Some(Fineness::Minute));
        assert_eq!(fineness("44136.3757638889", DAY), Some(Fineness::Second));
        assert_eq!(fineness("44136.3757638889", Shows::Number), None);
    }

    proptest! {
        #[test]
        fn a_date_comes_back(ms in 61 * DAY_MS..2_900_000 * DAY_MS, from1904: bool) {
            let calendar = if from1904 { Calendar::From1904 } else { Calendar::From1900 };
            let number = Digits::Seventeen.write(ms as f64 / DAY_MS as f64);
            let text = shown(&number, TIMED, Fineness::Millisecond, calendar);
            let back = serial(&text, TIMED, calendar).expect("it is a date");

            prop_assert_eq!(milliseconds(back), Some(ms), "{}", text);
        }
    }
}
