//! The lines' phones, as a scanner looks them up.
//!
//! A carrier has thousands of lines, not millions: they are sealed in the
//! index's directory and stand in memory in the clear while a scan runs. Two
//! bitmaps tell nearly all other phones apart: one that stays in the nearest
//! cache, and for the few that pass it a larger one.

use std::collections::BTreeMap;

use super::token::Token;

/// Phones by the tokens that they are written as.
pub(super) struct Phones {
    near: Bitmap<16>,
    far: Bitmap<19>,
    lines: BTreeMap<Token, Vec<u32>>,
    lengths: u64,
}

impl Phones {
    /// Takes the digits of lines, by place, each in E.164 without a plus and
    /// with the length of its country code.
    pub(super) fn new<'l>(lines: impl Iterator<Item = (&'l str, usize)>) -> Self {
        let mut phones = Self { near: Bitmap::new(), far: Bitmap::new(), lines: BTreeMap::new(), lengths: 0 };
        for ((digits, country), line) in lines.zip(0..) {
            let national = &digits[country.min(digits.len())..];
            for written in [national.to_owned(), digits.to_owned(), format!("00{digits}"), format!("0{national}")] {
                phones.add(written.as_bytes(), line);
            }
        }
        phones
    }

    fn add(&mut self, digits: &[u8], line: u32) {
        let Some(token) = Token::of(digits) else { return };
        let lines = self.lines.entry(token).or_default();
        if !lines.contains(&line) {
            lines.push(line);
        }
        self.near.set(token);
        self.far.set(token);
        self.lengths |= 1 << digits.len();
    }

    /// Lengths of runs that may be one, as bits.
    pub(super) fn lengths(&self) -> u64 {
        self.lengths
    }

    /// The lines, by place, that are written as `token`.
    #[inline]
    pub(super) fn find(&self, token: Token) -> &[u32] {
        if !self.near.has(token) || !self.far.has(token) {
            return &[];
        }
        self.lines.get(&token).map_or(&[], Vec::as_slice)
    }
}

/// One bit for each of `2^BITS` places that tokens are spread over.
struct Bitmap<const BITS: u32>(Box<[u64]>);

impl<const BITS: u32> Bitmap<BITS> {
    fn new() -> Self {
        Self(vec![0; (1 << BITS) / 64].into())
    }

    fn set(&mut self, token: Token) {
        let place = token.spread(BITS);
        self.0[place / 64] |= 1 << (place % 64);
    }

    #[inline]
    fn has(&self, token: Token) -> bool {
        let place = token.spread(BITS);
        self.0[place / 64] >> (place % 64) & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_however_its_prefix_is_written() {
        let phones = Phones::new([("8615433063750", 2), ("8602180001234", 2)].into_iter());
        let find = |digits: &str| phones.find(Token::of(digits.as_bytes()).expect("digits")).to_vec();

        assert_eq!(find("15433063750"), [0]);
        assert_eq!(find("8615433063750"), [0]);
        assert_eq!(find("008615433063750"), [0]);
        assert_eq!(find("02180001234"), [1]);
        assert_eq!(find("15433063751"), [0; 0]);
    }
}
