//! Values made from what the donor holds: sums that go with an amount, and
//! references near the donor's.
//!
//! What a row copies must fit together, and most of it does by itself, since it
//! comes from one row. Two things must not be copied as they stand: a sum that
//! no other row has, and a reference that only one row has.

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

/// A reference near the donor's.
#[derive(Clone, Debug)]
pub(crate) struct NearbyLaw {
    /// Of a thousand rows, those with one of their own; the others have the
    /// donor's.
    own: u32,
    /// How far it lies from the donor's at most, in tens: the last digit stays,
    /// because many series only count in tens.
    reach: u32,
}

impl NearbyLaw {
    /// Reads a field of kind `nearby`.
    pub(crate) fn read(fields: &mut Fields<'_>) -> Result<Self, Fault> {
        let own = fields.required("own")?.whole(0, 1000)? as u32;
        Ok(Self { own, reach: fields.required("reach")?.whole(1, 1_000_000)? as u32 })
    }

    /// Whether the row has one of its own. Fields that draw this from one
    /// block agree: who has an order of its own has a delivery of its own.
    pub(crate) fn is_own(&self, draw: &mut impl Draw) -> bool {
        draw.below(1000) < self.own
    }

    /// A reference near `donor`: its last digits, moved.
    pub(crate) fn text(&self, donor: &str, draw: &mut impl Draw) -> String {
        let step = i64::from(draw.below(self.reach) + 1) * 10;
        let step = if draw.below(2) == 0 { step } else { -step };
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
        for (sum, amount, new) in [("Invoiced Separately", "5", "7"), ("3", "", "7"), ("3", "0", "7"), ("3", "5", "x")] {
            assert_eq!(law.text(sum, amount, new), sum);
        }
        assert_eq!(law.text("1e300", "0.001", "1e300"), "1e300", "too large to write");
    }

    #[test]
    fn a_reference_keeps_its_form() {
        let law = NearbyLaw { own: 500, reach: 30 };
        let mut draw = Stream::new(&[7; 32]);
        for _ in 0..200 {
            let text = law.text("ASN-01239", &mut draw);
            let serial: i64 = text.strip_prefix("ASN-").expect("the head stays").parse().expect("a number");
            assert!(text.len() == 9 && serial % 10 == 9 && serial != 1239 && (serial - 1239).abs() <= 300, "{text}");
            assert!(law.text("PO7", &mut draw).strip_prefix("PO").is_some_and(|tail| tail.parse::<u32>().is_ok()));
        }
        assert_eq!(law.text("none", &mut draw), "none");
        assert_eq!(law.text("X99999999999999999999", &mut draw), "X99999999999999999999");
    }
}
