//! Undoing a wrong encoding that text went through before it was saved.
//!
//! `测试` in UTF-8, read as GBK and saved, is `娴嬭瘯`; `é` in UTF-8, read as
//! Latin-1 and saved, is `Ã©`; `李丽` in GBK, read as Latin-1, is `ÀîÀö`. Each
//! is undone for the whole row or not at all, and only where two things hold:
//!
//! * The bytes are valid in the encoding that they should have been read in,
//!   except where a character was already lost (`?`, U+FFFD).
//! * The result is more plausible. For Chinese: its characters are commoner, by
//!   the two levels of GB2312. For the rest: only letters of living scripts
//!   come out, one of them from bytes that nobody writes behind a letter.
//!
//! An ordinary row fails the first test: of ordinary Chinese, GBK's bytes are no
//! UTF-8, and an accented letter is not followed by two symbols.

use std::collections::BTreeSet;

use encoding_rs::{GB18030, GBK, WINDOWS_1252};

use crate::normalize;

/// Stands for a byte that was lost; never valid in UTF-8.
const LOST: u8 = 0xff;
/// Text that was saved wrongly more often than this stays as it is.
const MAX_ROUNDS: usize = 3;
/// Fewer different characters of GBK read as Latin-1 may be accented letters; a row has
/// more, if it has an address.
const MIN_GBK_CHARACTERS: usize = 6;
/// Bytes of Windows-1252 that people do write behind a letter: `…`, quotes,
/// bullet, dashes, no-break space, guillemets, degree, acute.
const BEHIND_LETTERS: [u8; 14] = [0x85, 0x8b, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x9b, 0xa0, 0xab, 0xb0, 0xbb];

/// Returns the text with its wrong encodings undone; `None` for ordinary text.
pub(super) fn undo(text: &str) -> Option<String> {
    undo_up_to(MAX_ROUNDS, text)
}

fn undo_up_to(rounds: usize, text: &str) -> Option<String> {
    if rounds == 0 || text.is_ascii() {
        return None;
    }
    let deeper = |undone: &String| undo_up_to(rounds - 1, undone);
    if let Some(undone) = utf8_read_as_gbk(text) {
        return deeper(&undone).or(Some(undone));
    }
    let bytes = latin_bytes(text)?;
    if let Some(undone) = std::str::from_utf8(&bytes).ok().map(str::to_owned) {
        // Half undone it is no text that anybody writes.
        return deeper(&undone).or_else(|| is_plausible(&bytes, &undone).then_some(undone));
    }
    gbk_read_as_latin(&bytes)
}

fn utf8_read_as_gbk(text: &str) -> Option<String> {
    let undone = utf8_but_for_losses(&gbk_bytes(text)?)?;
    (undone.contains(normalize::is_han) && commonness(&undone) > commonness(text)).then_some(undone)
}

/// The GBK bytes of a text; `None` if a character has none.
fn gbk_bytes(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut piece_from = 0;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        // Programs that mark a loss with `?` do so inside a run of other characters.
        if c == char::REPLACEMENT_CHARACTER || (c == '?' && !before.is_ascii()) {
            bytes.extend(encoded(&text[piece_from..at])?);
            bytes.push(LOST);
            piece_from = at + c.len_utf8();
        }
        before = c;
    }
    bytes.extend(encoded(&text[piece_from..])?);
    Some(bytes)
}

fn encoded(piece: &str) -> Option<Vec<u8>> {
    let (bytes, _, has_others) = GBK.encode(piece);
    (!has_others).then(|| bytes.into_owned())
}

/// Reads UTF-8 in which only characters that touch a lost byte are broken.
fn utf8_but_for_losses(bytes: &[u8]) -> Option<String> {
    let mut text = String::with_capacity(bytes.len());
    let (mut at, mut broken_end) = (0, None);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        let from = at + chunk.valid().len();
        at = from + chunk.invalid().len();
        if chunk.invalid().is_empty() {
            continue;
        }
        let touches_loss = chunk.invalid().contains(&LOST) || bytes.get(at) == Some(&LOST) || broken_end == Some(from);
        if !touches_loss {
            return None;
        }
        if broken_end != Some(from) {
            text.push(char::REPLACEMENT_CHARACTER);
        }
        broken_end = Some(at);
    }
    Some(text)
}

/// How common the characters beyond ASCII are: 1 where all are everyday
/// Chinese, 0 where none is.
fn commonness(text: &str) -> f64 {
    let mut sum = 0;
    let mut count = 0;
    let mut buffer = [0; 4];
    for c in text.chars().filter(|c| !c.is_ascii() && *c != char::REPLACEMENT_CHARACTER) {
        count += 1;
        let (bytes, _, is_other) = GBK.encode(c.encode_utf8(&mut buffer));
        sum += match bytes[..] {
            _ if is_other => 0,
            // Punctuation and full-width forms; level 1, the commonest 3,755.
            [0xa1 | 0xa3, 0xa1..=0xfe] | [0xb0..=0xd7, 0xa1..=0xfe] => 2,
            // Level 2: rarer ones, many of them in names of places.
            [0xd8..=0xf7, 0xa1..=0xfe] => 1,
            _ => 0,
        };
    }
    f64::from(sum) / f64::from(2 * count.max(1))
}

/// The bytes of a text in Latin-1, or in Windows-1252 for what that has in
/// place of control characters.
fn latin_bytes(text: &str) -> Option<Vec<u8>> {
    let mut buffer = [0; 4];
    text.chars()
        .map(|c| match u8::try_from(c) {
            Ok(byte) => Some(byte),
            Err(_) => match *WINDOWS_1252.encode(c.encode_utf8(&mut buffer)).0 {
                [byte] => Some(byte),
                _ => None,
            },
        })
        .collect()
}

/// Whether UTF-8 that was read as Latin-1 is what was meant.
fn is_plausible(bytes: &[u8], text: &str) -> bool {
    let mut at = 0;
    let is_telling = text.chars().any(|c| {
        let from = at + 1;
        at += c.len_utf8();
        c.is_alphanumeric() && bytes[from..at].iter().any(|byte| !BEHIND_LETTERS.contains(byte))
    });
    is_telling && text.chars().filter(|c| !c.is_ascii()).all(is_written)
}

/// Whether a character is of a script, or of the punctuation, that addresses are
/// written in.
fn is_written(c: char) -> bool {
    normalize::is_han(c)
        || matches!(c, '\u{b7}' | '\u{c0}'..='\u{24f}' | '\u{370}'..='\u{4ff}' | '\u{1e00}'..='\u{1eff}')
        || matches!(c, '\u{2010}'..='\u{2027}' | '\u{3000}'..='\u{30ff}' | '\u{ac00}'..='\u{d7a3}' | '\u{ff01}'..='\u{ffef}')
}

fn gbk_read_as_latin(bytes: &[u8]) -> Option<String> {
    let runs = || bytes.split(u8::is_ascii);
    if runs().any(|run| run.len() % 2 == 1) {
        return None;
    }
    let characters: BTreeSet<&[u8]> = runs().flat_map(|run| run.chunks(2)).collect();
    let symbols = characters.iter().filter(|pair| pair.iter().any(|byte| (0xa1..0xc0).contains(byte))).count();
    // Words of nothing but accented letters have no symbols among them.
    if characters.len() < MIN_GBK_CHARACTERS || 4 * symbols < characters.len() {
        return None;
    }
    let text = GB18030.decode_without_bom_handling_and_without_replacement(bytes)?;
    (commonness(&text) >= 0.8).then(|| text.into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a program that takes `bytes` for GBK shows.
    fn as_gbk(text: &str) -> String {
        GBK.decode_without_bom_handling(text.as_bytes()).0.into_owned()
    }

    fn as_latin(bytes: &[u8]) -> String {
        bytes.iter().map(|&byte| char::from(byte)).collect()
    }

    fn as_windows(bytes: &[u8]) -> String {
        WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned()
    }

    #[test]
    fn utf8_read_as_gbk_is_undone() {
        assert_eq!(undo("娴嬭瘯").as_deref(), Some("测试"));
        assert_eq!(undo(&as_gbk("李丽,13166666666,邯郸市永年区")).as_deref(), Some("李丽,13166666666,邯郸市永年区"));
    }

    #[test]
    fn a_byte_that_was_lost_costs_its_character_alone() {
        let wrong = as_gbk("张三丰,河北省,1");
        assert!(wrong.contains('\u{fffd}'));

        for wrong in [wrong.clone(), wrong.replace('\u{fffd}', "?")] {
            assert_eq!(undo(&wrong).as_deref(), Some("张三\u{fffd},河北\u{fffd},1"));
        }
    }

    #[test]
    fn utf8_read_as_latin_is_undone_with_and_without_control_characters() {
        for text in ["José Müller, 12 Rue de l'Église", "李丽,13166666666,上海市", "Кузнецов"] {
            assert_eq!(undo(&as_latin(text.as_bytes())).as_deref(), Some(text));
            assert_eq!(undo(&as_windows(text.as_bytes())).as_deref(), Some(text));
        }
    }

    #[test]
    fn gbk_read_as_latin_is_undone() {
        let (gbk, ..) = GBK.encode("李丽,13166666666,上海市黄浦区");

        assert_eq!(undo(&as_latin(&gbk)).as_deref(), Some("李丽,13166666666,上海市黄浦区"));
    }

    #[test]
    fn two_wrong_encodings_in_a_row_are_undone() {
        let twice = as_latin(as_latin("李丽,上海".as_bytes()).as_bytes());

        assert_eq!(undo(&twice).as_deref(), Some("李丽,上海"));
    }

    #[test]
    fn what_people_write_stays() {
        for text in [
            "NESTLÉ®, CAFÉ–BAR, “DÉJÀ”, SÃO",
            "模,1",
            "锟斤拷锟斤拷",
            "créées, agréées",
            "ÄÖÜ ÅÄÖ",
            "Ä–Ä— Å“",
            "?李丽?,¿qué?",
            "邓邯郸",
        ] {
            assert_eq!(undo(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_ordinary_row_is_left_alone(
            name in "[王李张刘陈杨赵黄周吴郑冯邓鑫邯郸][伟芳娜秀英敏静丽强磊洋艳勇军杰娟涛超明霞模梅谩]{1,2}",
            place in "(河北省|广东省|湖北省)?(邯郸市|衢州市|亳州市)?[人民和平建设解放文化]{2,4}路[0-9]{1,3}号(【请打电话】|（放门口）)?",
            latin in "([A-ZÀ-ÖØ-Þ][a-zà-öø-ÿ]{1,8}[-'’“”–—®° ]?){1,5}",
            digits in "1[0-9]{10}",
        ) {
            for row in [
                name.clone(),
                format!("{name},{digits},{place}"),
                place.clone(),
                latin.clone(),
                format!("{latin},{digits},12 {latin}"),
            ] {
                prop_assert_eq!(undo(&row), None);
            }
        }

        #[test]
        fn a_wrong_encoding_is_undone_but_for_what_was_lost(
            name in "[王李张刘陈][伟芳娜秀英]{1,2}",
            place in "(河北省邯郸市|广东省广州市)[人民和平建设]{2,4}路[0-9]{1,3}号",
        ) {
            let row = format!("{name},15433063750,{place}");

            prop_assert_eq!(undo(&as_latin(row.as_bytes())), Some(row.clone()));
            let undone = undo(&as_gbk(&row)).expect("mojibake");
            prop_assert_eq!(undone.chars().count(), row.chars().count());
            prop_assert!(undone.chars().zip(row.chars()).all(|(have, want)| have == want || have == char::REPLACEMENT_CHARACTER));
        }
    }
}
