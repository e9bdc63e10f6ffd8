//! A number, or a range of numbers, as scenario files write them.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};

use crate::derive::Draw;

/// Whole numbers from `from` to `to`, both included.
///
/// Written `3`, or `3-7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The least.
    pub from: u32,
    /// The greatest.
    pub to: u32,
}

impl Span {
    /// One number only.
    pub const fn just(number: u32) -> Self {
        Self { from: number, to: number }
    }

    /// Parses `3` or `3-7`; `None` for anything else and for `7-3`.
    pub fn parse(text: &str) -> Option<Self> {
        let (from, to) = match text.split_once('-') {
            Some((from, to)) => (from.trim().parse().ok()?, to.trim().parse().ok()?),
            None => Self::just(text.trim().parse().ok()?).into(),
        };
        (from <= to).then_some(Self { from, to })
    }

    /// Whether `number` is in it.
    pub fn has(self, number: u64) -> bool {
        u64::from(self.from) <= number && number <= u64::from(self.to)
    }

    /// A uniform number of it.
    pub(crate) fn draw(self, draw: &mut impl Draw) -> u32 {
        // In 64 bits: the widest range has 2^32 numbers.
        self.from + draw.below_u64(u64::from(self.to) - u64::from(self.from) + 1) as u32
    }
}

impl From<Span> for (u32, u32) {
    fn from(span: Span) -> Self {
        (span.from, span.to)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from == self.to { write!(f, "{}", self.from) } else { write!(f, "{}-{}", self.from, self.to) }
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl Visitor<'_> for Reader {
            type Value = Span;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or a range such as 3-7")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Span, E> {
                let fits = u32::try_from(number);
                fits.map(Span::just).map_err(|_| E::invalid_value(de::Unexpected::Unsigned(number), &self))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Span, E> {
                Span::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_survives_printing() {
        for text in ["0", "3", "3-7", "0-4294967295"] {
            assert_eq!(Span::parse(text).map(|span| span.to_string()).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_is_no_span_is_refused() {
        for text in ["", "-1", "7-3", "1-2-3", "few", "1.5"] {
            assert_eq!(Span::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_drawn_number_lies_within() {
        let mut draw = crate::derive::Stream::new(&[3; 32]);
        let span = Span { from: 3, to: 7 };

        let drawn: std::collections::BTreeSet<u32> = (0..200).map(|_| span.draw(&mut draw)).collect();

        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [3, 4, 5, 6, 7]);
    }
}
