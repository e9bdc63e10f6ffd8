//! From a row's bytes to characters.

use std::collections::BTreeSet;

use encoding_rs::{Encoding, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::Repair;

/// Decodes a row in the declared encoding, or in the one that its bytes show.
pub(super) fn decode(bytes: &[u8], declared: Option<&'static Encoding>, repairs: &mut BTreeSet<Repair>) -> String {
    let marked = Encoding::for_bom(bytes);
    let bytes = marked.map_or(bytes, |(_, length)| &bytes[length..]);
    let known = marked.map(|(encoding, _)| encoding).or(declared);
    if let Some(encoding) = known.filter(|&encoding| encoding == UTF_16LE || encoding == UTF_16BE) {
        repairs.insert(Repair::Utf16);
        return lossy(encoding, whole_units(bytes, encoding), repairs);
    }
    if let Some(encoding) = known.filter(|&encoding| encoding != UTF_8)
        && let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(bytes)
    {
        if !bytes.is_ascii() {
            repairs.insert(repair_of(encoding));
        }
        return text.into_owned();
    }
    by_its_bytes(bytes, repairs)
}

fn by_its_bytes(bytes: &[u8], repairs: &mut BTreeSet<Repair>) -> String {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let encoding = if is_utf8_with_defects(bytes) {
        UTF_8
    } else if is_scattered(bytes) {
        WINDOWS_1252
    } else {
        GB18030
    };
    if encoding != UTF_8 {
        repairs.insert(repair_of(encoding));
    }
    lossy(encoding, bytes, repairs)
}

fn lossy(encoding: &'static Encoding, bytes: &[u8], repairs: &mut BTreeSet<Repair>) -> String {
    let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
    if had_errors {
        repairs.insert(Repair::Lossy);
    }
    text.into_owned()
}

fn repair_of(encoding: &'static Encoding) -> Repair {
    if encoding == GBK || encoding == GB18030 { Repair::Gbk } else { Repair::OtherEncoding }
}

/// Cuts off what is left of a line end in UTF-16.
///
/// A row that was cut at the byte `0a` begins (LE) or ends (BE) with the other
/// half of that line end.
fn whole_units<'a>(bytes: &'a [u8], encoding: &'static Encoding) -> &'a [u8] {
    match bytes {
        [0, units @ .., b'\n'] if encoding == UTF_16LE && bytes.len().is_multiple_of(2) => units,
        _ if bytes.len().is_multiple_of(2) => bytes,
        [0, units @ ..] if encoding == UTF_16LE => units,
        [units @ .., _] => units,
        [] => bytes,
    }
}

/// Whether the bytes are UTF-8 but for a few places; where the row was cut off
/// inside a character does not count. Of GBK read as UTF-8 nearly every
/// character is broken.
fn is_utf8_with_defects(bytes: &[u8]) -> bool {
    let is_inner = |byte: &u8| (0x80..0xc0).contains(byte);
    let cut_off = bytes.iter().take(3).take_while(|byte| is_inner(byte)).count();
    let (mut valid, mut broken, mut left) = (0, 0, bytes.len() - cut_off);
    for chunk in bytes[cut_off..].utf8_chunks() {
        valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        left -= chunk.valid().len() + chunk.invalid().len();
        broken += usize::from(!chunk.invalid().is_empty() && left > 0);
    }
    valid > 2 * broken
}

/// Whether no two bytes beyond ASCII stand side by side: accented letters of
/// Windows-1252. In GBK both bytes of every common character are beyond ASCII.
fn is_scattered(bytes: &[u8]) -> bool {
    bytes.windows(2).all(|pair| pair[0].is_ascii() || pair[1].is_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], declared: Option<&'static Encoding>) -> (String, Vec<Repair>) {
        let mut repairs = BTreeSet::new();
        (decode(bytes, declared, &mut repairs), repairs.into_iter().collect())
    }

    #[test]
    fn utf8_goes_first_and_is_no_repair() {
        assert_eq!(read("李丽,1".as_bytes(), None), ("李丽,1".into(), vec![]));
        assert_eq!(read("\u{feff}李丽".as_bytes(), None), ("李丽".into(), vec![]));
    }

    #[test]
    fn what_is_no_utf8_is_gbk() {
        let (gbk, ..) = GBK.encode("李丽,13166666666,上海市");
        let (rare, ..) = GB18030.encode("李𠮷,1");

        assert_eq!(read(&gbk, None), ("李丽,13166666666,上海市".into(), vec![Repair::Gbk]));
        assert_eq!(read(&rare, None), ("李𠮷,1".into(), vec![Repair::Gbk]));
    }

    #[test]
    fn a_row_that_is_not_in_the_declared_encoding_is_read_by_its_own_bytes() {
        let (gbk, ..) = GBK.encode("李丽,1");

        assert_eq!(read(&gbk, Some(UTF_8)), ("李丽,1".into(), vec![Repair::Gbk]));
        assert_eq!(read("李丽丽,1".as_bytes(), Some(encoding_rs::EUC_KR)).0, "李丽丽,1");
    }

    #[test]
    fn a_declared_encoding_is_used_where_the_bytes_fit_it() {
        let (big5, ..) = encoding_rs::BIG5.encode("張小明,1");

        assert_eq!(read(&big5, Some(encoding_rs::BIG5)), ("張小明,1".into(), vec![Repair::OtherEncoding]));
    }

    #[test]
    fn utf16_is_read_where_the_caller_or_a_mark_says_so() {
        let little: Vec<u8> = "李丽,1\r".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "李丽,1".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let marked = [&[0xff, 0xfe][..], &little].concat();

        for (bytes, encoding) in [(&little, Some(UTF_16LE)), (&big, Some(UTF_16BE)), (&marked, None)] {
            let (text, repairs) = read(bytes, encoding);

            assert_eq!((text.trim_end(), repairs), ("李丽,1", vec![Repair::Utf16]));
        }
    }

    #[test]
    fn half_a_line_end_of_utf16_is_dropped() {
        let little: Vec<u8> = "李丽,1\n李丽,2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "李丽,1\n李丽,2\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
        // Cut where a search for the byte 0a would cut, with the byte and without.
        let end = |bytes: &[u8], from: usize| from + bytes[from..].iter().position(|&b| b == b'\n').expect("a line");
        let (first, second) = (end(&little, 0), end(&little, end(&little, 0) + 1));

        for row in [&little[first + 1..second], &little[first + 1..=second]] {
            assert_eq!(read(row, Some(UTF_16LE)), ("李丽,2".into(), vec![Repair::Utf16]));
        }
        assert_eq!(read(&big[..end(&big, 0)], Some(UTF_16BE)), ("李丽,1".into(), vec![Repair::Utf16]));
    }

    #[test]
    fn a_row_cut_inside_a_character_keeps_the_rest() {
        let bytes = "李丽,上海市,1,广州".as_bytes();

        let (text, repairs) = read(&bytes[1..bytes.len() - 1], None);

        assert!(text.contains(",上海市,1,广"), "{text}");
        assert_eq!(repairs, [Repair::Lossy]);
    }

    #[test]
    fn accented_letters_by_themselves_are_windows_1252() {
        assert_eq!(read(b"Jos\xe9 M\xfcller,1", None), ("José Müller,1".into(), vec![Repair::OtherEncoding]));
    }
}
