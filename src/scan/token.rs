//! What a scanner looks for: a run of digits.
//!
//! Whatever is done to a row, the digits of a waybill number tend to stay
//! together: letters change case, separators come and go. So each number is
//! known by its longest run of digits, its *anchor*, and the letters around it
//! are compared once the anchor is found. A run is a token of two integers, so
//! that a dump is searched by arithmetic and never by comparing text.

use crate::normalize;

/// Fewest digits of an anchor: fewer are in every row.
pub(super) const FEWEST_DIGITS: usize = 4;

/// Most digits of an anchor (a FedEx barcode has 34).
pub(super) const MOST_DIGITS: usize = 34;

/// A run of up to 34 digits. Of a longer one than 32 the first are left out:
/// they are the same for all numbers of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token {
    /// Value of the last 16 digits.
    low: u64,
    /// Value of up to 16 digits before them, times 64, plus the run's length.
    high: u64,
}

/// A waybill number, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchored {
    /// What stands before the anchor, in capital letters and digits.
    pub before: String,
    /// The anchor.
    pub token: Token,
    /// What stands behind it.
    pub after: String,
}

impl Token {
    /// The token of `digits`; `None` for anything but 1 to 34 of them.
    pub fn of(digits: &[u8]) -> Option<Self> {
        let is_run = (1..=MOST_DIGITS).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
        is_run.then(|| Self::of_run(digits))
    }

    /// The same for what is known to be a run.
    fn of_run(digits: &[u8]) -> Self {
        let value = |digits: &[u8]| digits.iter().fold(0u64, |sum, digit| sum * 10 + u64::from(digit & 15));
        let (high, low) = digits.split_at(digits.len().saturating_sub(16));
        let high = &high[high.len().saturating_sub(16)..];
        Self { low: value(low), high: value(high) << 6 | digits.len() as u64 }
    }

    /// The token of the run of `length` digits that ends at `end` of `bytes`.
    ///
    /// # Panics
    ///
    /// When `bytes` end before `end`, or begin after the run does.
    #[inline]
    pub(super) fn ending_at(bytes: &[u8], end: usize, length: usize) -> Self {
        let Some(window) = end.checked_sub(16).map(|from| &bytes[from..end]).filter(|_| length <= 16) else {
            return Self::of_run(&bytes[end - length..end]);
        };
        let (first, last) = window.split_at(8);
        let word = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
        let last = eight(word(last), length.min(8));
        let first = if length > 8 { eight(word(first), length - 8) } else { 0 };
        Self { low: first * 100_000_000 + last, high: length as u64 }
    }

    /// The bytes that a keyed function takes.
    pub(super) fn bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.low.to_le_bytes());
        bytes[8..].copy_from_slice(&self.high.to_le_bytes());
        bytes
    }

    /// Its value; of more than 16 digits in two parts.
    #[inline]
    pub(super) fn value(self) -> (u64, u64) {
        (self.high >> 6, self.low)
    }

    /// How many digits it has.
    pub fn digits(self) -> usize {
        (self.high & 63) as usize
    }

    /// A number of so many bits that spreads tokens, another one for each number
    /// of bits.
    #[inline]
    pub(super) fn spread(self, bits: u32) -> usize {
        let odd = 0x9e37_79b9_7f4a_7c15u64.rotate_left(bits) | 1;
        ((self.low ^ self.high << 40).wrapping_mul(odd) >> (64 - bits)) as usize
    }
}

/// Value of the last `digits` (1 to 8) of eight ASCII digits, the first of them
/// in the lowest byte. After Johnny Lee and Daniel Lemire: neighbours are
/// joined to pairs, pairs to fours, fours to eight.
#[inline]
fn eight(word: u64, digits: usize) -> u64 {
    let word = word & 0x0f0f_0f0f_0f0f_0f0f & (u64::MAX << (64 - 8 * digits));
    let pairs = (word.wrapping_mul(10 << 8 | 1) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100 << 16 | 1) >> 16) & 0x0000_ffff_0000_ffff;
    fours.wrapping_mul(10_000 << 32 | 1) >> 32
}

impl Anchored {
    /// Takes a number apart; `None` when it is no number in the normal form of
    /// `normalize::waybill`, or none of its runs has four digits.
    pub fn of(number: &str) -> Option<Self> {
        let normal = normalize::waybill(number)?;
        let bytes = normal.as_bytes();
        let (mut best, mut at) = (0..0, 0);
        while at < bytes.len() {
            let run = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            if run >= FEWEST_DIGITS && run >= best.len() {
                best = at..at + run;
            }
            at += run.max(1);
        }
        Some(Self {
            token: Token::of(&bytes[best.clone()])?,
            before: normal[..best.start].to_owned(),
            after: normal[best.end..].to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_is_known_by_its_longest_run() {
        let parts = |number: &str| {
            let anchored = Anchored::of(number)?;
            Some((anchored.before, anchored.token.digits(), anchored.after))
        };

        assert_eq!(parts("YT8962646785389"), Some(("YT".into(), 13, String::new())));
        assert_eq!(parts("rb 12345678 5 gb"), Some(("RB".into(), 9, "GB".into())));
        assert_eq!(parts("1Z5R89390357567127"), Some(("1Z5R".into(), 14, String::new())));
        assert_eq!(parts("008182709980000020033350276C"), Some((String::new(), 27, "C".into())));
        assert_eq!(parts("ASN-950"), None);
    }

    proptest! {
        #[test]
        fn tokens_are_equal_when_their_runs_are(a in "[0-9]{1,32}", b in "[0-9]{1,32}") {
            let (x, y) = (Token::of(a.as_bytes()).expect("digits"), Token::of(b.as_bytes()).expect("digits"));
            prop_assert_eq!(x == y, a == b);
            prop_assert_eq!(x.digits(), a.len());
        }

        #[test]
        fn a_run_in_the_middle_has_the_token_of_its_digits(before in "[a-z0-9]{0,20}", digits in "[0-9]{1,34}") {
            let text = format!("{before}{digits}");

            let token = Token::ending_at(text.as_bytes(), text.len(), digits.len());

            prop_assert_eq!(Some(token), Token::of(digits.as_bytes()));
        }
    }
}
