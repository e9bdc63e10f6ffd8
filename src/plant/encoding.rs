//! The character encodings of exports, and how their bytes are checked.
//!
//! In GBK and GB18030 the second byte of a character may be an ASCII letter,
//! a digit or `|`; so whoever looks for delimiters must step over whole
//! characters. Commas, quotes, tabs and line ends are below 0x30 and safe.

use std::borrow::Cow;

use encoding_rs::{GB18030, WINDOWS_1252};

/// A character encoding that extends ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, which ASCII is a part of.
    Utf8,
    /// GBK (code page 936): characters of one or two bytes.
    Gbk,
    /// GB18030: GBK with characters of four bytes.
    Gb18030,
    /// Windows-1252, for Western exports of old programs.
    Windows1252,
}

impl Encoding {
    /// Returns the encoding that a person means by `label`.
    pub fn from_label(label: &str) -> Option<Self> {
        match label.to_ascii_lowercase().replace(['-', '_'], "").as_str() {
            "utf8" | "ascii" => Some(Self::Utf8),
            "gbk" | "gb2312" | "cp936" => Some(Self::Gbk),
            "gb18030" => Some(Self::Gb18030),
            "windows1252" | "cp1252" | "latin1" | "iso88591" => Some(Self::Windows1252),
            _ => None,
        }
    }

    /// Returns the encoding's usual name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Gbk => "GBK",
            Self::Gb18030 => "GB18030",
            Self::Windows1252 => "windows-1252",
        }
    }

    /// Whether a character's later bytes may look like ASCII.
    pub(super) fn is_gb(self) -> bool {
        matches!(self, Self::Gbk | Self::Gb18030)
    }

    /// Returns the text of `bytes`; what is not valid shows as U+FFFD.
    pub(super) fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        match self {
            Self::Utf8 => String::from_utf8_lossy(bytes),
            Self::Gbk | Self::Gb18030 => GB18030.decode_without_bom_handling(bytes).0,
            Self::Windows1252 => WINDOWS_1252.decode_without_bom_handling(bytes).0,
        }
    }

    /// Returns the bytes of `text`, or `None` if a character has none here.
    pub(crate) fn encode(self, text: &str) -> Option<Cow<'_, [u8]>> {
        let (bytes, _, failed) = match self {
            Self::Utf8 => return Some(Cow::Borrowed(text.as_bytes())),
            // A rare character in a GBK file is written as GB18030 does, which
            // every reader of GBK in use today understands.
            Self::Gbk | Self::Gb18030 => GB18030.encode(text),
            Self::Windows1252 => WINDOWS_1252.encode(text),
        };
        (!failed).then_some(bytes)
    }

    /// Returns the place of the first byte that this encoding cannot hold.
    pub(super) fn first_invalid(self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Utf8 => simdutf8::compat::from_utf8(bytes).err().map(|error| error.valid_up_to()),
            Self::Gbk | Self::Gb18030 => first_invalid_gb(bytes),
            Self::Windows1252 => None,
        }
    }
}

/// Returns the length of the GB character at the start of `bytes`; `None` when
/// there is none.
pub(super) fn gb_char(bytes: &[u8]) -> Option<usize> {
    match *bytes {
        [0..=0x80, ..] => Some(1),
        [0x81..=0xfe, 0x40..=0x7e | 0x80..=0xfe, ..] => Some(2),
        [0x81..=0xfe, b'0'..=b'9', 0x81..=0xfe, b'0'..=b'9', ..] => Some(4),
        _ => None,
    }
}

fn first_invalid_gb(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] < 0x80 {
            at += 1;
            continue;
        }
        match gb_char(&bytes[at..]) {
            Some(length) => at += length,
            None => return Some(at),
        }
    }
    None
}

/// Detects the encoding of a file's head.
///
/// A head that is UTF-8 but for a few places is UTF-8 with a defect, not GBK:
/// Chinese in UTF-8 often passes for GBK by chance, never the other way round.
///
/// # Errors
///
/// The offset of the first byte that no supported encoding explains.
pub(super) fn detect(head: &[u8], whole: bool) -> Result<Encoding, usize> {
    let (mut valid, mut broken, mut first, mut at) = (0usize, 0usize, None, 0usize);
    for chunk in head.utf8_chunks() {
        valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        at += chunk.valid().len();
        let invalid = chunk.invalid();
        let cut_off = !whole && at + invalid.len() == head.len() && invalid.len() < 4;
        if !invalid.is_empty() && !cut_off {
            broken += 1;
            first.get_or_insert(at);
        }
        at += invalid.len();
    }
    let Some(first) = first else { return Ok(Encoding::Utf8) };
    // Of GBK read as UTF-8 nearly every character is broken.
    if valid > 2 * broken {
        return Err(first);
    }
    match first_invalid_gb(head) {
        Some(bad) if whole || bad + 4 <= head.len() => Err(if valid > broken { first } else { bad }),
        _ if has_four_byte_characters(head) => Ok(Encoding::Gb18030),
        _ => Ok(Encoding::Gbk),
    }
}

fn has_four_byte_characters(bytes: &[u8]) -> bool {
    let mut at = 0;
    while at < bytes.len() {
        match gb_char(&bytes[at..]) {
            Some(4) => return true,
            Some(length) => at += length,
            None => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHINESE: &str = "运单号,收件人,收件电话\n河北省邯郸市永年区广府镇批发市场B区5号";

    #[test]
    fn each_encoding_is_told_from_its_bytes() {
        let gbk = encoding_rs::GBK.encode(CHINESE).0;
        let rare = GB18030.encode("收件人𠮷田").0;

        assert_eq!(detect(CHINESE.as_bytes(), true), Ok(Encoding::Utf8));
        assert_eq!(detect(&gbk, true), Ok(Encoding::Gbk));
        assert_eq!(detect(&rare, true), Ok(Encoding::Gb18030));
    }

    #[test]
    fn utf8_with_one_wrong_byte_is_not_taken_for_gbk() {
        let mut bytes = CHINESE.repeat(20).into_bytes();
        let place = bytes.len() - 1;
        bytes[place] = 0xff;

        // The defect is the whole character that the byte belongs to.
        assert_eq!(detect(&bytes, true), Err(place - 2));
    }

    #[test]
    fn a_character_cut_off_by_the_end_of_the_head_is_no_defect() {
        let bytes = &CHINESE.as_bytes()[..4];

        assert_eq!(detect(bytes, false), Ok(Encoding::Utf8));
        assert!(detect(&[b'a', 0xff, 0xff, b'b', b'c', b'd', b'e'], false).is_err());
    }

    #[test]
    fn what_is_encoded_decodes_to_itself() {
        for encoding in [Encoding::Utf8, Encoding::Gbk, Encoding::Gb18030] {
            let bytes = encoding.encode(CHINESE).expect("Chinese has bytes in all of these");
            assert_eq!(encoding.decode(&bytes), CHINESE);
            assert_eq!(encoding.first_invalid(&bytes), None);
        }
        assert_eq!(Encoding::Windows1252.encode("运"), None);
    }
}
