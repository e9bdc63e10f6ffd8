//! Values made from what the donor holds: amounts and the sums that go with
//! them, references and days near the donor's.
//!
//! What a row copies must fit together, and most of it does by itself, since it
//! comes from one row. Two things must not be copied as they stand: a sum that
//! no other row has, and a reference that only one row has.

use jiff::ToSpan as _;
use jiff::fmt::strtime::BrokenDownTime;

use super::number::Format;
use crate::derive::Draw;
use crate::fault::Fault;
use crate::template::yaml::Fields;

/// The donor's sum, as many times as the amount is the donor's.
#[derive(Clone, Debug)]
pub(crate) struct ScaledLaw {
    /// 1 for what is charged for each, less for what grows more slowly.
    power: f64,
    format: Format,
}

impl ScaledLaw {
    /// Reads a field of kind `scaled`, apart from what it goes by.
    pub(crate) fn read(fields: &mut Fields<'_>) -> Result<Self, Fault> {
        let format = Format::read(fields)?;
        let power = match fields.optional("power") {
            Some(node) => {
                let power = node.number()?;
                if !(0.0..=4.0).contains(&power) {
                    return Err(node.fault("expected a power from 0 to 4"));
                }
                power
            }
            None => 1.0,
        };
        Ok(Self { power, format })
    }

    /// The sum for `amount`, where the donor has `its_sum` for `its_amount`;
    /// the donor's own where that is no number, or one of the amounts is none.
    pub(crate) fn text(&self, its_sum: &str, its_amount: &str, amount: &str) -> String {
        let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite() && *number > 0.0);
        let scaled = match (number(its_sum), number(its_amount), number(amount)) {
            (Some(sum), Some(old), Some(new)) if self.power == 1.0 => self.format.nearest(sum * new / old),
            (Some(sum), Some(old), Some(new)) => self.format.nearest(sum * libm::pow(new / old, self.power)),
            _ => None,
        };
        scaled.unwrap_or_else(|| its_sum.to_owned())
    }
}

/// The donor's amount, up to twice or half as much, and as round as it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VariedLaw;

/// Steps from half as much to as much.
const OCTAVE: u32 = 1000;
/// Digits of the largest amount.
const MOST_DIGITS: usize = 15;

impl VariedLaw {
    /// An amount like `donor`; itself where that is no number above 0.
    pub(crate) fn text(self, donor: &str, draw: &mut impl Draw) -> String {
        let power = f64::from(draw.below(2 * OCTAVE + 1)) / f64::from(OCTAVE) - 1.0;
        let finer = draw.below(2) == 0;
        let (whole, part) = donor.split_once('.').unwrap_or((donor, ""));
        let digits = format!("{whole}{part}");
        let is_number = !whole.is_empty() && digits.len() <= MOST_DIGITS && digits.bytes().all(|b| b.is_ascii_digit());
        let units: i64 = match digits.parse() {
            Ok(units) if is_number && units > 0 => units,
            _ => return donor.to_owned(),
        };
        let zeros = digits.len() - digits.trim_end_matches('0').len();
        // Of one digit before zeros there is little choice: half of them get another.
        let lone = units / 10i64.pow(zeros as u32) < 10 && zeros > 0 && finer;
        let step = 10i64.pow(zeros as u32 - u32::from(lone));
        let varied = (units as f64 * libm::exp2(power) / step as f64).round() as i64 * step;
        let varied = if varied <= 0 || varied == units { units + step } else { varied };
        let text = format!("{varied:0width$}", width = part.len() + 1);
        let (whole, part) = text.split_at(text.len() - part.len());
        if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") }
    }
}

/// A reference near the donor's, or a day.
#[derive(Clone, Debug)]
pub(crate) struct NearbyLaw {
    /// Of a thousand rows, those with one of their own; the others have the
    /// donor's.
    own: u32,
    /// How far it lies from the donor's at most, in tens: the last digit stays,
    /// because many series only count in tens. Of days in weeks: so Sundays
    /// stay Sundays.
    reach: u32,
    /// How days are written; `None` for references.
    format: Option<String>,
}

impl NearbyLaw {
    /// Reads a field of kind `nearby`.
    pub(crate) fn read(fields: &mut Fields<'_>) -> Result<Self, Fault> {
        let own = fields.required("own")?.whole(0, 1000)? as u32;
        let reach = fields.required("reach")?.whole(1, 1_000_000)? as u32;
        let format = fields.optional("format").map(|node| node.word()).transpose()?;
        Ok(Self { own, reach, format })
    }

    /// Whether the row has one of its own. Fields that draw this from one
    /// block agree: who has an order of its own has a delivery of its own.
    pub(crate) fn is_own(&self, draw: &mut impl Draw) -> bool {
        draw.below(1000) < self.own
    }

    /// A reference near `donor`: its last digits, moved as `shared` draws,
    /// which is one for all columns of a row that hang together, for days, and
    /// as `own` draws for references.
    pub(crate) fn text(&self, donor: &str, shared: &mut impl Draw, own: &mut impl Draw) -> String {
        if let Some(format) = &self.format {
            let weeks = self.step(shared);
            return day(donor, format, weeks).unwrap_or_else(|| donor.to_owned());
        }
        let step = 10 * self.step(own);
        let digits = donor.len() - donor.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let (head, tail) = donor.split_at(donor.len() - digits);
        match tail.parse::<i64>() {
            Ok(serial) if digits <= 15 => {
                let moved = if serial + step < 0 { serial - step } else { serial + step };
                // A leading zero says that the width is fixed.
                let width = if tail.starts_with('0') { digits } else { 0 };
                format!("{head}{moved:0width$}")
            }
            _ => donor.to_owned(),
        }
    }
}

impl NearbyLaw {
    fn step(&self, draw: &mut impl Draw) -> i64 {
        let step = i64::from(draw.below(self.reach) + 1);
        if draw.below(2) == 0 { step } else { -step }
    }
}

/// The day so many weeks on.
fn day(text: &str, format: &str, weeks: i64) -> Option<String> {
    let day = BrokenDownTime::parse(format, text).ok()?.to_date().ok()?;
    let moved = day.checked_add(weeks.weeks()).ok()?;
    jiff::fmt::strtime::format(format, moved).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derive::Stream;
    use crate::template::yaml::Document;

    fn scaled(yaml: &str) -> ScaledLaw {
        let document = Document::parse(yaml, "t").expect("YAML");
        ScaledLaw::read(&mut document.root().fields().expect("a map")).expect("a law")
    }

    #[test]
    fn a_sum_goes_with_its_amount() {
        let law = scaled("{decimals: 2, trim: true}");
        assert_eq!(law.text("551", "19", "38"), "1102");
        assert_eq!(law.text("2225.6", "416", "100"), "535");
        assert_eq!(law.text("0.01", "1000", "1"), "0");
        assert_eq!(scaled("{decimals: 1, power: 0.5}").text("10.0", "1", "4"), "20.0");
    }

    #[test]
    fn what_is_no_number_is_the_donors() {
        let law = scaled("{decimals: 2}");
        for (sum, amount, new) in [("Invoiced Separately", "5", "7"), ("3", "", "7"), ("3", "0", "7"), ("3", "5", "x")]
        {
            assert_eq!(law.text(sum, amount, new), sum);
        }
        assert_eq!(law.text("1e300", "0.001", "1e300"), "1e300", "too large to write");
    }

    #[test]
    fn a_reference_keeps_its_form() {
        let law = NearbyLaw { own: 500, reach: 30, format: None };
        let (mut draw, mut shared) = (Stream::new(&[7; 32]), Stream::new(&[8; 32]));
        for _ in 0..200 {
            let text = law.text("ASN-01239", &mut shared, &mut draw);
            let serial: i64 = text.strip_prefix("ASN-").expect("the head stays").parse().expect("a number");
            assert!(text.len() == 9 && serial % 10 == 9 && serial != 1239 && (serial - 1239).abs() <= 300, "{text}");
            assert!(
                law.text("PO7", &mut shared, &mut draw)
                    .strip_prefix("PO")
                    .is_some_and(|tail| tail.parse::<u32>().is_ok())
            );
        }
        assert_eq!(law.text("none", &mut shared, &mut draw), "none");
        assert_eq!(law.text("X99999999999999999999", &mut shared, &mut draw), "X99999999999999999999");
    }

    #[test]
    fn days_of_a_row_move_together_and_keep_their_weekday() {
        let law = NearbyLaw { own: 500, reach: 3, format: Some("%-d-%b-%y".into()) };
        let moved = |text: &str, seed: u8| law.text(text, &mut Stream::new(&[seed; 32]), &mut Stream::new(&[1; 32]));
        for seed in 0..40 {
            let day = |text: &str| BrokenDownTime::parse("%d-%b-%y", text).expect("a day").to_date().expect("a day");
            let (ordered, delivered) = (moved("2-Jun-06", seed), moved("30-Jun-06", seed));
            let days = (day(&delivered) - day(&ordered)).get_days();
            assert_eq!(days, 28, "{ordered} {delivered}");
            assert_eq!(day(&ordered).weekday(), day("2-Jun-06").weekday());
            assert_ne!(ordered, "2-Jun-06");
        }
        assert_eq!(moved("Date Not Captured", 1), "Date Not Captured");
    }

    #[test]
    fn an_amount_is_as_round_as_the_donors() {
        let mut draw = Stream::new(&[9; 32]);
        for _ in 0..300 {
            let mut varied = |text: &str| VariedLaw.text(text, &mut draw);
            let amount: f64 = varied("12500").parse().expect("a number");
            assert!((6200.0..=25_000.0).contains(&amount) && amount % 100.0 == 0.0 && amount != 12_500.0, "{amount}");
            let amount = varied("0.37");
            assert!(amount.len() == 4 && amount.starts_with("0.") && amount != "0.37", "{amount}");
            assert_ne!(varied("1"), "1");
            assert!(varied("3000").ends_with("00"));
        }
        for text in ["", "x", "0", "-3", "1.2.3", "9999999999999999"] {
            assert_eq!(VariedLaw.text(text, &mut draw), text);
        }
    }
}
