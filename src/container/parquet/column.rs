//! What the values of a column are as text, and back.
//!
//! Dates and times are ISO 8601 and as fine as the finest value of the column,
//! as in workbooks. A text that a column cannot hold exactly (an extension in a
//! column of numbers, a digit too many for a decimal) is none of its values.

use jiff::civil::{Date, date};
use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use parquet::schema::types::ColumnDescriptor;

use super::value::Value;
use crate::registry::Fineness;

const DAY_NS: i128 = 86_400_000_000_000;
/// The day that INT96 counts the first of January 1970 as.
const JULIAN_EPOCH: i64 = 2_440_588;

/// A column of the file.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// The names that lead to it, joined by points.
    pub(super) name: String,
    pub(super) physical: Type,
    pub(super) kind: Kind,
    /// The definition level of a value that is there.
    pub(super) defined: i16,
    /// Whether a record may have several values: such are copied, never made.
    pub(super) is_repeated: bool,
    pub(super) is_optional: bool,
    /// Bytes of each value, if it says so.
    width: Option<usize>,
}

/// What the values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Bytes that are text; whether the column says so.
    Text {
        is_declared: bool,
    },
    Bool,
    Integer {
        bits: u8,
        is_signed: bool,
    },
    Decimal {
        scale: u32,
        precision: u32,
    },
    Date,
    /// Nanoseconds in its unit.
    Time(i64),
    Timestamp(i64),
    Int96,
    Float,
    Double,
    /// Shown in hexadecimal, and copied from the donor.
    Opaque,
}

impl Column {
    pub(super) fn new(column: &ColumnDescriptor) -> Self {
        let width =
            usize::try_from(column.type_length()).ok().filter(|_| column.physical_type() == Type::FIXED_LEN_BYTE_ARRAY);
        Self {
            name: column.path().parts().join("."),
            physical: column.physical_type(),
            kind: kind(column),
            defined: column.max_def_level(),
            is_repeated: column.max_rep_level() > 0,
            is_optional: column.self_type().is_optional(),
            width,
        }
    }

    /// What a value says; `None` where a column of text holds bytes that are none.
    pub(super) fn text(&self, value: &Value, fineness: Fineness) -> Option<String> {
        Some(match (self.kind, value) {
            (Kind::Bool, Value::Bool(value)) => value.to_string(),
            (Kind::Float, Value::Float(value)) => value.to_string(),
            (Kind::Double, Value::Double(value)) => value.to_string(),
            (Kind::Integer { is_signed: false, .. }, Value::Int32(value)) => (*value as u32).to_string(),
            (Kind::Integer { is_signed: false, .. }, Value::Int64(value)) => (*value as u64).to_string(),
            (Kind::Decimal { scale, .. }, value) => match unscaled(value) {
                Some(unscaled) => decimal(unscaled, scale),
                None => hexadecimal(value),
            },
            (Kind::Date | Kind::Time(_) | Kind::Timestamp(_) | Kind::Int96, value) => {
                self.moment(value).and_then(|ns| self.moment_text(ns, fineness)).unwrap_or_else(|| number(value))
            }
            (Kind::Text { is_declared }, Value::Bytes(bytes)) => match std::str::from_utf8(bytes) {
                Ok(text) => text.to_owned(),
                Err(_) if is_declared => return None,
                Err(_) => hexadecimal(value),
            },
            (_, value @ (Value::Int32(_) | Value::Int64(_))) => number(value),
            (_, value) => hexadecimal(value),
        })
    }

    /// The value that says this, and nothing less.
    pub(super) fn value(&self, text: &str, fineness: Fineness) -> Option<Value> {
        let value = match self.kind {
            // what another row of the file has that is no text is read back
            Kind::Text { is_declared: false } if self.opaque(text).is_some_and(|value| value.is_no_text()) => {
                self.opaque(text)?
            }
            Kind::Text { .. } => Value::Bytes(text.as_bytes().to_vec()),
            Kind::Bool => Value::Bool(text.parse().ok()?),
            Kind::Float => Value::Float(text.parse().ok()?),
            Kind::Double => Value::Double(text.parse().ok()?),
            Kind::Integer { bits, is_signed } => self.integer(text, bits, is_signed)?,
            Kind::Decimal { scale, precision } => self.decimal(text, scale, precision)?,
            Kind::Date | Kind::Time(_) | Kind::Timestamp(_) | Kind::Int96 => match parsed(text) {
                Some(ns) => self.of_moment(ns)?,
                // too far away to be a date
                None if self.physical == Type::INT64 => Value::Int64(text.parse().ok()?),
                None => Value::Int32(text.parse().ok()?),
            },
            Kind::Opaque => self.opaque(text)?,
        };
        let fits = match &value {
            Value::Bytes(bytes) => self.width.is_none_or(|width| bytes.len() == width),
            _ => true,
        };
        (fits && says_the_same(&self.text(&value, fineness)?, text)).then_some(value)
    }

    /// What is shown in hexadecimal, as another row of the file has it.
    fn opaque(&self, text: &str) -> Option<Value> {
        match self.physical {
            Type::INT32 => text.parse().ok().map(Value::Int32),
            Type::INT64 => text.parse().ok().map(Value::Int64),
            Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY => {
                let digits = text.strip_prefix("0x").filter(|digits| digits.is_ascii() && digits.len() % 2 == 0)?;
                let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
                (0..digits.len()).step_by(2).map(byte).collect::<Option<Vec<u8>>>().map(Value::Bytes)
            }
            _ => None,
        }
    }

    /// How fine a value is, of a column of times.
    pub(super) fn fineness(&self, value: &Value) -> Option<Fineness> {
        let ns = self.moment(value).filter(|_| self.is_timed())?.rem_euclid(DAY_NS);
        let least = if matches!(self.kind, Kind::Time(_)) { Fineness::Minute } else { Fineness::Day };
        let own = match () {
            () if ns % 1000 != 0 => Fineness::Nanosecond,
            () if ns % 1_000_000 != 0 => Fineness::Microsecond,
            () if ns % 1_000_000_000 != 0 => Fineness::Millisecond,
            () if ns % 60_000_000_000 != 0 => Fineness::Second,
            () if ns != 0 => Fineness::Minute,
            () => Fineness::Day,
        };
        Some(own.max(least))
    }

    /// Whether its values are as fine as they are, which must be learned.
    pub(super) fn is_timed(&self) -> bool {
        matches!(self.kind, Kind::Time(_) | Kind::Timestamp(_) | Kind::Int96)
    }

    pub(super) fn is_text(&self) -> bool {
        matches!(self.kind, Kind::Text { .. })
    }

    fn integer(&self, text: &str, bits: u8, is_signed: bool) -> Option<Value> {
        let number: i128 = text.parse().ok()?;
        let bits = u32::from(bits.clamp(8, 64));
        let range = if is_signed { -(1i128 << (bits - 1))..1i128 << (bits - 1) } else { 0..1i128 << bits };
        let number = range.contains(&number).then_some(number)?;
        Some(if self.physical == Type::INT32 { Value::Int32(number as i32) } else { Value::Int64(number as i64) })
    }

    fn decimal(&self, text: &str, scale: u32, precision: u32) -> Option<Value> {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let scale = scale as usize;
        let (kept, lost) = part.split_at_checked(scale).unwrap_or((part, ""));
        if lost.bytes().any(|digit| digit != b'0') || part.bytes().any(|digit| !digit.is_ascii_digit()) {
            return None;
        }
        let unscaled: i128 = format!("{whole}{kept:0<scale$}").parse().ok()?;
        if unscaled.unsigned_abs() >= 10u128.checked_pow(precision)? {
            return None;
        }
        Some(match self.physical {
            Type::INT32 => Value::Int32(i32::try_from(unscaled).ok()?),
            Type::INT64 => Value::Int64(i64::try_from(unscaled).ok()?),
            _ => {
                let bytes = unscaled.to_be_bytes();
                // as few as there can be, or as many as there must be
                let sign = if unscaled < 0 { 0xff } else { 0 };
                let spare = (0..15).take_while(|&at| bytes[at] == sign && (bytes[at + 1] ^ sign) & 0x80 == 0).count();
                let least = &bytes[spare..];
                let width = self.width.unwrap_or(least.len());
                let mut padded = vec![sign; width.checked_sub(least.len())?];
                padded.extend_from_slice(least);
                Value::Bytes(padded)
            }
        })
    }

    /// Nanoseconds since 1970, or since midnight.
    fn moment(&self, value: &Value) -> Option<i128> {
        match (self.kind, value) {
            (Kind::Date, Value::Int32(days)) => Some(i128::from(*days) * DAY_NS),
            (Kind::Time(unit) | Kind::Timestamp(unit), Value::Int64(count)) => {
                Some(i128::from(*count) * i128::from(unit))
            }
            (Kind::Time(unit), Value::Int32(count)) => Some(i128::from(*count) * i128::from(unit)),
            (Kind::Int96, Value::Int96([low, high, day])) => {
                let ns = i64::from_le_bytes([low.to_le_bytes(), high.to_le_bytes()].concat().try_into().ok()?);
                (0..DAY_NS)
                    .contains(&i128::from(ns))
                    .then_some((i128::from(*day) - i128::from(JULIAN_EPOCH)) * DAY_NS + i128::from(ns))
            }
            _ => None,
        }
    }

    fn of_moment(&self, ns: i128) -> Option<Value> {
        let whole = |unit: i128| (ns % unit == 0).then_some(ns / unit);
        Some(match (self.kind, self.physical) {
            (Kind::Date, _) => Value::Int32(i32::try_from(whole(DAY_NS)?).ok()?),
            (Kind::Time(unit), Type::INT32) => Value::Int32(i32::try_from(whole(i128::from(unit))?).ok()?),
            (Kind::Time(unit) | Kind::Timestamp(unit), _) => {
                Value::Int64(i64::try_from(whole(i128::from(unit))?).ok()?)
            }
            (Kind::Int96, _) => {
                let day = u32::try_from(ns.div_euclid(DAY_NS) + i128::from(JULIAN_EPOCH)).ok()?;
                let ns = ns.rem_euclid(DAY_NS) as u64;
                Value::Int96([ns as u32, (ns >> 32) as u32, day])
            }
            _ => return None,
        })
    }

    fn moment_text(&self, ns: i128, fineness: Fineness) -> Option<String> {
        let clock = || clock(ns.rem_euclid(DAY_NS), fineness);
        if matches!(self.kind, Kind::Time(_)) {
            return (0..DAY_NS).contains(&ns).then(clock);
        }
        let days = i32::try_from(ns.div_euclid(DAY_NS)).ok()?;
        let day = epoch().checked_add(jiff::Span::new().try_days(days).ok()?).ok()?;
        // years of more or fewer digits are no dates to anybody who reads the text
        (1..=9999).contains(&day.year()).then_some(())?;
        Some(match fineness {
            Fineness::Day => day.to_string(),
            _ => format!("{day} {}", clock()),
        })
    }
}

fn epoch() -> Date {
    date(1970, 1, 1)
}

fn kind(column: &ColumnDescriptor) -> Kind {
    let physical = column.physical_type();
    let unit = |unit: &TimeUnit| match unit {
        TimeUnit::MILLIS => 1_000_000,
        TimeUnit::MICROS => 1000,
        TimeUnit::NANOS => 1,
    };
    let by_converted = match column.converted_type() {
        ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON => Some(Kind::Text { is_declared: true }),
        ConvertedType::DECIMAL => decimal_kind(column.type_scale(), column.type_precision()),
        ConvertedType::DATE => Some(Kind::Date),
        ConvertedType::TIME_MILLIS => Some(Kind::Time(1_000_000)),
        ConvertedType::TIME_MICROS => Some(Kind::Time(1000)),
        ConvertedType::TIMESTAMP_MILLIS => Some(Kind::Timestamp(1_000_000)),
        ConvertedType::TIMESTAMP_MICROS => Some(Kind::Timestamp(1000)),
        ConvertedType::UINT_8 => Some(Kind::Integer { bits: 8, is_signed: false }),
        ConvertedType::UINT_16 => Some(Kind::Integer { bits: 16, is_signed: false }),
        ConvertedType::UINT_32 => Some(Kind::Integer { bits: 32, is_signed: false }),
        ConvertedType::UINT_64 => Some(Kind::Integer { bits: 64, is_signed: false }),
        ConvertedType::INT_8 => Some(Kind::Integer { bits: 8, is_signed: true }),
        ConvertedType::INT_16 => Some(Kind::Integer { bits: 16, is_signed: true }),
        ConvertedType::NONE | ConvertedType::INT_32 | ConvertedType::INT_64 => None,
        _ => Some(Kind::Opaque),
    };
    let declared = match column.logical_type_ref() {
        None | Some(LogicalType::Unknown) => by_converted,
        Some(LogicalType::String | LogicalType::Enum | LogicalType::Json) => Some(Kind::Text { is_declared: true }),
        Some(LogicalType::Decimal(decimal)) => decimal_kind(decimal.scale, decimal.precision),
        Some(LogicalType::Date) => Some(Kind::Date),
        Some(LogicalType::Time(time)) => Some(Kind::Time(unit(&time.unit))),
        Some(LogicalType::Timestamp(time)) => Some(Kind::Timestamp(unit(&time.unit))),
        Some(LogicalType::Integer(integer)) => {
            Some(Kind::Integer { bits: integer.bit_width.unsigned_abs(), is_signed: integer.is_signed })
        }
        Some(_) => Some(Kind::Opaque),
    };
    let plain = match physical {
        Type::BOOLEAN => Kind::Bool,
        Type::INT32 => Kind::Integer { bits: 32, is_signed: true },
        Type::INT64 => Kind::Integer { bits: 64, is_signed: true },
        Type::INT96 => Kind::Int96,
        Type::FLOAT => Kind::Float,
        Type::DOUBLE => Kind::Double,
        Type::BYTE_ARRAY => Kind::Text { is_declared: false },
        Type::FIXED_LEN_BYTE_ARRAY => Kind::Opaque,
    };
    declared.unwrap_or(plain)
}

/// Decimals of more digits than 128 bits hold are copied.
fn decimal_kind(scale: i32, precision: i32) -> Option<Kind> {
    let (scale, precision) = (u32::try_from(scale).ok()?, u32::try_from(precision).ok()?);
    Some(if precision <= 38 && scale <= precision { Kind::Decimal { scale, precision } } else { Kind::Opaque })
}

fn unscaled(value: &Value) -> Option<i128> {
    match value {
        Value::Int32(value) => Some(i128::from(*value)),
        Value::Int64(value) => Some(i128::from(*value)),
        Value::Bytes(bytes) if bytes.len() <= 16 => {
            let sign = if bytes.first().is_some_and(|byte| byte & 0x80 != 0) { 0xff } else { 0 };
            let mut wide = [sign; 16];
            wide[16 - bytes.len()..].copy_from_slice(bytes);
            Some(i128::from_be_bytes(wide))
        }
        _ => None,
    }
}

fn decimal(unscaled: i128, scale: u32) -> String {
    let scale = scale as usize;
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, part) = digits.split_at(digits.len() - scale);
    let sign = if unscaled < 0 { "-" } else { "" };
    if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

fn number(value: &Value) -> String {
    match value {
        Value::Int32(value) => value.to_string(),
        Value::Int64(value) => value.to_string(),
        other => hexadecimal(other),
    }
}

fn hexadecimal(value: &Value) -> String {
    match value {
        Value::Bytes(bytes) => format!("0x{}", crate::rules::hex(bytes)),
        Value::Int96(words) => {
            format!("0x{}", words.iter().map(|word| crate::rules::hex(&word.to_le_bytes())).collect::<String>())
        }
        Value::Bool(value) => value.to_string(),
        Value::Int32(value) => value.to_string(),
        Value::Int64(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Double(value) => value.to_string(),
    }
}

fn clock(ns: i128, fineness: Fineness) -> String {
    let (hour, minute, second) = (ns / 3_600_000_000_000, ns / 60_000_000_000 % 60, ns / 1_000_000_000 % 60);
    let part = ns % 1_000_000_000;
    match fineness {
        Fineness::Day | Fineness::Minute => format!("{hour:02}:{minute:02}"),
        Fineness::Second => format!("{hour:02}:{minute:02}:{second:02}"),
        Fineness::Millisecond => format!("{hour:02}:{minute:02}:{second:02}.{:03}", part / 1_000_000),
        Fineness::Microsecond => format!("{hour:02}:{minute:02}:{second:02}.{:06}", part / 1000),
        Fineness::Nanosecond => format!("{hour:02}:{minute:02}:{second:02}.{part:09}"),
    }
}

/// Nanoseconds of `2026-10-05`, `2026-10-05 09:01:06.5` or `09:01`.
fn parsed(text: &str) -> Option<i128> {
    let (day, time) = match text.split_once(' ') {
        Some((day, time)) => (Some(day), time),
        None if text.contains(':') => (None, text),
        None => (Some(text), ""),
    };
    let days = match day {
        Some(day) => {
            let day: Date = day.parse().ok().filter(|_| day.len() == 10)?;
            i128::from(epoch().until(day).ok()?.get_days())
        }
        None => 0,
    };
    let time = if time.is_empty() {
        0
    } else {
        let time: jiff::civil::Time = time.parse().ok()?;
        let seconds = (i128::from(time.hour()) * 60 + i128::from(time.minute())) * 60 + i128::from(time.second());
        seconds * 1_000_000_000 + i128::from(time.subsec_nanosecond())
    };
    Some(days * DAY_NS + time)
}

/// Whether a value says what it should: numbers may be written with zeros at their end.
pub(super) fn says_the_same(found: &str, expected: &str) -> bool {
    fn bare(text: &str) -> &str {
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
    }
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    found == expected || (is_number(found) && is_number(expected) && bare(found) == bare(expected))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn column(physical: Type, kind: Kind, width: Option<usize>) -> Column {
        Column { name: "c".into(), physical, kind, defined: 1, is_repeated: false, is_optional: true, width }
    }

    #[test]
    fn values_are_shown_as_people_write_them() {
        let day = Fineness::Day;
        let show = |column: Column, value: Value, fineness| column.text(&value, fineness).expect("text");
        let int64 = |kind| column(Type::INT64, kind, None);

        assert_eq!(
            show(int64(Kind::Integer { bits: 64, is_signed: true }), Value::Int64(13_800_138_000), day),
            "13800138000"
        );
        assert_eq!(
            show(int64(Kind::Integer { bits: 64, is_signed: false }), Value::Int64(-1), day),
            "18446744073709551615"
        );
        assert_eq!(show(int64(Kind::Decimal { scale: 2, precision: 9 }), Value::Int64(-5), day), "-0.05");
        assert_eq!(show(column(Type::DOUBLE, Kind::Double, None), Value::Double(13_800_138_000.0), day), "13800138000");
        assert_eq!(show(column(Type::INT32, Kind::Date, None), Value::Int32(20_730), day), "2026-10-04");
        let at = Value::Int64(1_791_190_866_123_456);
        assert_eq!(show(int64(Kind::Timestamp(1000)), at.clone(), Fineness::Microsecond), "2026-10-05 09:01:06.123456");
        assert_eq!(show(int64(Kind::Timestamp(1000)), at, Fineness::Minute), "2026-10-05 09:01");
        assert_eq!(show(int64(Kind::Timestamp(1)), Value::Int64(i64::MAX), Fineness::Second), "2262-04-11 23:47:16");
        assert_eq!(
            show(int64(Kind::Timestamp(1_000_000)), Value::Int64(i64::MAX), Fineness::Second),
            i64::MAX.to_string()
        );
        assert_eq!(
            show(column(Type::BYTE_ARRAY, Kind::Text { is_declared: false }, None), Value::Bytes(vec![0xff]), day),
            "0xff"
        );
    }

    #[test]
    fn what_a_column_cannot_hold_is_none_of_its_values() {
        let day = Fineness::Day;
        let int = |bits, is_signed| column(Type::INT64, Kind::Integer { bits, is_signed }, None);

        for text in ["13800138000,12", "013800138000", "+1", "", "9223372036854775808", "1.5"] {
            assert!(int(64, true).value(text, day).is_none(), "{text}");
        }
        assert!(int(8, true).value("128", day).is_none() && int(8, false).value("255", day).is_some());
        let decimal = column(Type::INT32, Kind::Decimal { scale: 2, precision: 4 }, None);
        assert!(decimal.value("12.345", day).is_none() && decimal.value("100", day).is_none());
        assert!(decimal.value("12.5", day) == Some(Value::Int32(1250)));
        let millis = column(Type::INT64, Kind::Timestamp(1_000_000), None);
        assert!(millis.value("2026-10-05 09:01:06.1234", Fineness::Nanosecond).is_none());
        assert!(millis.value("2026-10-05 09:01:06", Fineness::Day).is_none(), "finer than the column");
        let double = column(Type::DOUBLE, Kind::Double, None);
        assert!(double.value("12345678901234567890", day).is_none(), "more digits than a double keeps");
        assert!(double.value("2.30", day) == Some(Value::Double(2.3)));
    }

    proptest! {
        #[test]
        fn a_value_comes_back(bits: i64, which in 0usize..12) {
            let day_ns = DAY_NS as i64;
            let (column, value) = match which {
                0 => (column(Type::INT64, Kind::Integer { bits: 64, is_signed: true }, None), Value::Int64(bits)),
                1 => (column(Type::INT64, Kind::Integer { bits: 64, is_signed: false }, None), Value::Int64(bits)),
                2 => (column(Type::INT32, Kind::Integer { bits: 16, is_signed: true }, None), Value::Int32(i32::from(bits as i16))),
                3 => (column(Type::INT64, Kind::Decimal { scale: 3, precision: 19 }, None), Value::Int64(bits)),
                4 => (column(Type::FIXED_LEN_BYTE_ARRAY, Kind::Decimal { scale: 4, precision: 20 }, Some(9)), {
                    let mut bytes = vec![if bits < 0 { 0xff } else { 0 }];
                    bytes.extend(bits.to_be_bytes());
                    Value::Bytes(bytes)
                }),
                5 => (column(Type::INT32, Kind::Date, None), Value::Int32((bits % 700_000) as i32)),
                6 => (column(Type::INT64, Kind::Timestamp(1), None), Value::Int64(bits)),
                7 => (column(Type::INT64, Kind::Timestamp(1_000_000), None), Value::Int64(bits % 100_000_000_000_000)),
                8 => (column(Type::INT32, Kind::Time(1_000_000), None), Value::Int32((bits.rem_euclid(86_400_000)) as i32)),
                9 => {
                    let ns = bits.rem_euclid(day_ns) as u64;
                    (column(Type::INT96, Kind::Int96, None), Value::Int96([ns as u32, (ns >> 32) as u32, 2_440_588 + (bits % 100_000).unsigned_abs() as u32]))
                }
                10 => (column(Type::DOUBLE, Kind::Double, None), Value::Double(bits as f64 / 1000.0)),
                _ => (column(Type::BOOLEAN, Kind::Bool, None), Value::Bool(bits > 0)),
            };
            let fineness = column.fineness(&value).unwrap_or_default();
            let text = column.text(&value, fineness).expect("text");

            prop_assert!(column.value(&text, fineness) == Some(value), "{}", text);
        }

        #[test]
        fn a_decimal_of_bytes_is_as_short_as_it_can_be(bits: i64) {
            let bytes = column(Type::BYTE_ARRAY, Kind::Decimal { scale: 2, precision: 30 }, None);
            let text = decimal(i128::from(bits), 2);
            let Some(Value::Bytes(short)) = bytes.value(&text, Fineness::Day) else { panic!("{text}") };

            prop_assert_eq!(unscaled(&Value::Bytes(short.clone())), Some(i128::from(bits)));
            prop_assert!(short.len() <= 8);
            prop_assert!(short.len() == 1 || unscaled(&Value::Bytes(short[1..].to_vec())) != Some(i128::from(bits)));
        }
    }
}
