//! Times as stores keep them: whole microseconds, written so that they sort as
//! text.
//!
//! RFC 3339 in UTC with exactly six decimals, years 0000 to 9999:
//! `2026-11-25T14:10:14.250000Z`. With a fixed width the order of the texts is
//! the order of the times, so an index on the text serves ranges.

use jiff::Timestamp;

/// 0000-01-01T00:00:00Z in nanoseconds: what is older has no fixed width.
const OLDEST_NANOSECONDS: i128 = -62_167_219_200_000_000_000;

/// Returns `at` as every store gives it back: cut to the microsecond.
pub(crate) fn kept(at: Timestamp) -> Timestamp {
    let cut = at.as_nanosecond().div_euclid(1000) * 1000;
    Timestamp::from_nanosecond(cut.max(OLDEST_NANOSECONDS)).expect("cutting stays within the range")
}

/// Writes `at` as text.
pub(crate) fn text(at: Timestamp) -> String {
    format!("{:.6}", kept(at))
}

/// Reads what [`text`] wrote.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_time_is_written_with_six_decimals() {
        let at: Timestamp = "2026-11-25T15:10:14.25+01:00".parse().expect("a time");

        assert_eq!(text(at), "2026-11-25T14:10:14.250000Z");
        assert_eq!(text(Timestamp::MIN), "0000-01-01T00:00:00.000000Z");
        assert_eq!(text(Timestamp::MAX).len(), text(Timestamp::MIN).len());
    }

    fn any_time() -> impl Strategy<Value = Timestamp> {
        (Timestamp::MIN.as_nanosecond()..=Timestamp::MAX.as_nanosecond())
            .prop_map(|n| Timestamp::from_nanosecond(n).expect("within the range"))
    }

    proptest! {
        #[test]
        fn a_kept_time_survives_its_text(at in any_time()) {
            prop_assert_eq!(parse(&text(at)), Some(kept(at)));
        }

        #[test]
        fn texts_sort_as_their_times(a in any_time(), b in any_time()) {
            prop_assert_eq!(text(a).cmp(&text(b)), kept(a).cmp(&kept(b)));
        }
    }
}
