//! The check digits of the world's parcel numbers, as small automata.
//!
//! Each rule reads the digits it covers from left to right and keeps one state
//! below 37; the last state names the check character. Written so, one rule
//! serves three callers: making a number, judging one that was read, and
//! counting how many numbers of a block fit a mask (a walk over states).
//! Chinese express carriers publish no check digit, so none is made up here.

/// A rule for the check character over `length` symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// UPU S10: weights 8 6 4 2 3 5 9 7, then 11 minus the sum modulo 11,
    /// where 10 is written 0 and 11 is written 5.
    S10,
    /// UPS 1Z: letters count as `(code - 3) % 10`, every second symbol from
    /// the second one doubled, tens complement of the sum.
    Ups,
    /// FedEx Express: weights 1 3 7 from the right, modulo 11, modulo 10.
    FedEx,
    /// Tens complement of the sum, weights 3 and 1 in turn, the last symbol 3
    /// (USPS IMpb and other GS1 numbers).
    Gs1,
    /// The digits as one number modulo 7 (DHL Express).
    Mod7,
    /// ISO 7064 MOD 37,36 (DPD); the check character may be a letter.
    Iso7064,
}

/// Symbols in the order of their values for [`Check::Iso7064`].
const ALPHABET: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

impl Check {
    /// States that the rule may be in.
    pub const STATES: usize = 37;

    /// The state before the first symbol.
    pub fn start(self) -> u8 {
        if self == Self::Iso7064 { 36 } else { 0 }
    }

    /// Reads the symbol at `position` of `length`; `None` if it is of no use
    /// to the rule (a letter among digits, say).
    pub fn step(self, state: u8, position: usize, length: usize, symbol: u8) -> Option<u8> {
        let value = match (self, symbol) {
            (_, b'0'..=b'9') => symbol - b'0',
            (Self::Ups, b'A'..=b'Z') => (symbol - 3) % 10,
            (Self::Iso7064, b'A'..=b'Z') => symbol - b'A' + 10,
            _ => return None,
        };
        let from_right = length.checked_sub(position + 1)?;
        Some(match self {
            Self::S10 => (state + *[8, 6, 4, 2, 3, 5, 9, 7].get(position)? * value % 11) % 11,
            Self::Ups => (state + value * if position % 2 == 1 { 2 } else { 1 }) % 10,
            Self::FedEx => (state + [1, 3, 7][from_right % 3] * value % 11) % 11,
            Self::Gs1 => (state + value * if from_right % 2 == 0 { 3 } else { 1 }) % 10,
            Self::Mod7 => (state * 10 + value) % 7,
            Self::Iso7064 => {
                let sum = match (state + value) % 36 {
                    0 => 36,
                    sum => sum,
                };
                (u16::from(sum) * 2 % 37) as u8
            }
        })
    }

    /// Returns the check character that the last state asks for.
    pub fn finish(self, state: u8) -> u8 {
        match self {
            Self::S10 => match 11 - state {
                10 => b'0',
                11 => b'5',
                digit => b'0' + digit,
            },
            Self::FedEx => b'0' + state % 10,
            Self::Ups | Self::Gs1 => b'0' + (10 - state) % 10,
            Self::Mod7 => b'0' + state,
            Self::Iso7064 => ALPHABET[usize::from((37 - state) % 36)],
        }
    }

    /// Returns the check character of `symbols`.
    pub fn of(self, symbols: &[u8]) -> Option<u8> {
        let mut state = self.start();
        for (position, &symbol) in symbols.iter().enumerate() {
            state = self.step(state, position, symbols.len(), symbol)?;
        }
        Some(self.finish(state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether `number` ends in the check character of what precedes it.
    fn holds(check: Check, number: &str) -> bool {
        let bytes = number.as_bytes();
        let (last, covered) = bytes.split_last().expect("a vector is not empty");
        check.of(covered) == Some(*last)
    }

    /// Public test numbers of the carriers, cut to what the rule covers.
    const VALID: &[(Check, &str)] = &[
        (Check::S10, "123456785"),
        (Check::Ups, "5R89390357567127"),
        (Check::Ups, "879E930346834440"),
        (Check::Ups, "410E7W0392751591"),
        (Check::Ups, "8V92A70367203024"),
        (Check::FedEx, "986578788855"),
        (Check::FedEx, "477179081230"),
        (Check::FedEx, "799531274483"),
        (Check::FedEx, "790535312317"),
        (Check::FedEx, "974367662710"),
        (Check::FedEx, "00779017972697"),
        (Check::FedEx, "00639585804382"),
        (Check::FedEx, "00617767839437"),
        (Check::FedEx, "00790695517286"),
        (Check::Gs1, "9505511069605048600624"),
        (Check::Gs1, "9101123456789000000013"),
        (Check::Gs1, "92748931507708513018050063"),
        (Check::Gs1, "9400111201080805483016"),
        (Check::Gs1, "9361289878700317633795"),
        (Check::Gs1, "9405803699300124287899"),
        (Check::Gs1, "03071790000523483741"),
        (Check::Gs1, "71123456789123456787"),
        (Check::Mod7, "3318810025"),
        (Check::Mod7, "73891051146"),
        (Check::Mod7, "8487135506"),
        (Check::Mod7, "1099255990"),
        (Check::Mod7, "3821724944"),
        (Check::Mod7, "3318810036"),
        (Check::Mod7, "3318810014"),
        (Check::Iso7064, "008182709980000020033350276C"),
        (Check::Iso7064, "008182709980000020045327276N"),
    ];

    const INVALID: &[(Check, &str)] = &[
        (Check::S10, "123456786"),
        (Check::Ups, "1111111111111111"),
        (Check::FedEx, "996578788855"),
        (Check::FedEx, "00617767839438"),
        (Check::Gs1, "9261292700768711948020"),
        (Check::Gs1, "03071790000523483742"),
        (Check::Mod7, "3318810010"),
        (Check::Mod7, "3318810034"),
        (Check::Mod7, "3318810011"),
        (Check::Iso7064, "008182709980000020033350276A"),
    ];

    #[test]
    fn public_numbers_pass() {
        for (check, number) in VALID {
            assert!(holds(*check, number), "{check:?} {number}");
        }
    }

    #[test]
    fn numbers_known_to_be_wrong_fail() {
        for (check, number) in INVALID {
            assert!(!holds(*check, number), "{check:?} {number}");
        }
    }

    #[test]
    fn s10_writes_ten_as_zero_and_eleven_as_five() {
        // 7 * 1 leaves 7, 11 - 7 = 4; the two special cases need sums 1 and 0.
        assert_eq!(Check::S10.of(b"00000001"), Some(b'4'));
        assert_eq!(Check::S10.of(b"00000000"), Some(b'5'));
        assert_eq!(Check::S10.of(b"00000008"), Some(b'0')); // 56 = 1 modulo 11
    }

    #[test]
    fn a_letter_where_the_rule_wants_digits_has_no_check_character() {
        assert_eq!(Check::Gs1.of(b"94A0"), None);
    }
}
