//! The chance that a query matches a source that was not exposed.
//!
//! Queries are sampling without replacement: `own` lines of the source among
//! `left` lines that nobody has asked about yet.

/// The largest part of the pool that a masked phone may stand for, as 1 / this.
///
/// A set query reveals all its lines with one bet. A mask that fits a tenth of
/// the pool would tell little and use up much, so it is no query; that is
/// decided by the mask and the pool alone, never by a codeword.
pub(super) const LARGEST_SET: usize = 20;

/// One line: `own / left`.
pub(super) fn line(own: u32, left: u32) -> f64 {
    f64::from(own) / f64::from(left)
}

/// At least one of `asked` lines: `1 - prod (left - own - j) / (left - j)`.
pub(super) fn set(own: u32, left: u32, asked: u32) -> f64 {
    if own == 0 || asked == 0 {
        return 0.0;
    }
    if own + asked > left {
        return 1.0;
    }
    let none: f64 = (0..asked).map(|j| f64::from(left - own - j) / f64::from(left - j)).product();
    1.0 - none
}

/// ln of the chance that none of `own` independent canaries fits a statement
/// that each of them fits with chance `pi`; to be added up over canaries that
/// differ, and then turned round by [`at_least_one`].
pub(super) fn ln_none(own: u32, pi: f64) -> f64 {
    // Without own canaries even a certain statement fits nobody.
    if own == 0 { 0.0 } else { f64::from(own) * libm::log1p(-pi) }
}

/// `1 - exp(ln_none)`, without the cancellation.
pub(super) fn at_least_one(ln_none: f64) -> f64 {
    -libm::expm1(ln_none)
}

/// A waybill number: `own / left`.
pub(super) fn number(own: u64, left: u64) -> f64 {
    own as f64 / left as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(name: &str) -> f64 {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/vectors/attribution/vectors.json"))
                .expect("vectors are JSON");
        vectors[name].as_f64().expect("a number")
    }

    #[test]
    fn set_queries_agree_with_the_reference() {
        assert!((set(20, 2000, 1) - vector("q_set N=2000 c=20 s=1")).abs() < 1e-9);
        assert!((set(20, 2000, 10) - vector("q_set N=2000 c=20 s=10")).abs() < 1e-9);
        assert!((set(19, 1990, 100) - vector("q_set N=1990 c=19 s=100")).abs() < 1e-9);
    }

    #[test]
    fn mask_queries_agree_with_the_reference() {
        assert!((at_least_one(ln_none(20, 1e-4)) - vector("q_mask c=20 pi=1e-4")).abs() < 1e-12);
        assert!((at_least_one(ln_none(200, 3e-6)) - vector("q_mask c=200 pi=3e-6")).abs() < 1e-12);
    }

    #[test]
    fn a_set_of_one_is_a_line() {
        assert!((set(7, 90, 1) - line(7, 90)).abs() < 1e-15);
    }

    #[test]
    fn a_set_that_leaves_no_room_matches_for_certain() {
        assert_eq!(set(3, 10, 8), 1.0);
        assert_eq!(set(0, 10, 8), 0.0);
    }
}
