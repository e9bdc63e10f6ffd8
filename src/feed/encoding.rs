//! From a record's bytes to text.
//!
//! Detection works on each record by itself, so that reading a growing file in
//! one pass or in two gives the same text, and so that a file to which two
//! programs wrote in two encodings still reads. UTF-8 goes first because random
//! GBK is almost never valid UTF-8. The exception are short pairs such as
//! `C4 A3` (模 in GBK, ģ in UTF-8): where all that is not ASCII falls in
//! UTF-8's two-byte range *and* the header was GBK, GBK wins. Who knows the
//! encoding should declare it.

use std::borrow::Cow;

use encoding_rs::GB18030;

use super::config::EncodingName;

/// Decodes records of one document.
#[derive(Clone, Debug)]
pub(super) struct Decoder {
    declared: EncodingName,
    header_was_gb: bool,
}

impl Decoder {
    pub(super) fn new(declared: EncodingName) -> Self {
        Self { declared, header_was_gb: false }
    }

    /// Learns from the header record which encoding doubtful records have.
    pub(super) fn learn(&mut self, header: &[u8]) {
        self.header_was_gb = std::str::from_utf8(header).is_err();
    }

    /// Decodes a record; says what was expected where it cannot.
    pub(super) fn decode<'a>(&self, bytes: &'a [u8]) -> Result<Cow<'a, str>, &'static str> {
        match self.declared {
            EncodingName::Utf8 => {
                std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| "expected UTF-8, as declared")
            }
            EncodingName::Gb18030 => gb18030(bytes).ok_or("expected GB18030, as declared"),
            EncodingName::Auto => match std::str::from_utf8(bytes) {
                Ok(text) if self.header_was_gb && is_doubtful(text) => {
                    Ok(gb18030(bytes).unwrap_or(Cow::Borrowed(text)))
                }
                Ok(text) => Ok(Cow::Borrowed(text)),
                Err(_) => gb18030(bytes).ok_or("expected UTF-8 or GB18030, found neither"),
            },
        }
    }
}

/// Drops a UTF-8 byte order mark.
pub(super) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// Whether a document starts like UTF-16, which is not read.
pub(super) fn is_utf16(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff")
}

fn gb18030(bytes: &[u8]) -> Option<Cow<'_, str>> {
    GB18030.decode_without_bom_handling_and_without_replacement(bytes)
}

fn is_doubtful(text: &str) -> bool {
    !text.is_ascii() && text.chars().all(|c| c <= '\u{7ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_record_is_detected_by_itself() {
        let decoder = Decoder::new(EncodingName::Auto);
        let (gbk, _, _) = GB18030.encode("理赔");

        assert_eq!(decoder.decode("理赔".as_bytes()), Ok("理赔".into()));
        assert_eq!(decoder.decode(&gbk), Ok("理赔".into()));
    }

    #[test]
    fn a_doubtful_pair_is_gbk_if_the_header_was() {
        let mut decoder = Decoder::new(EncodingName::Auto);
        let (header, _, _) = GB18030.encode("客户姓名");
        assert_eq!(decoder.decode(b"\xc4\xa3"), Ok("ģ".into()));

        decoder.learn(&header);

        assert_eq!(decoder.decode(b"\xc4\xa3"), Ok("模".into()));
    }

    #[test]
    fn what_is_neither_is_refused() {
        let decoder = Decoder::new(EncodingName::Auto);

        assert!(decoder.decode(b"\xff\xff\xff").is_err());
    }

    #[test]
    fn a_declared_encoding_is_not_second_guessed() {
        let (gbk, _, _) = GB18030.encode("理赔");

        assert!(Decoder::new(EncodingName::Utf8).decode(&gbk).is_err());
        assert!(Decoder::new(EncodingName::Gb18030).decode(b"\xff").is_err());
    }
}
