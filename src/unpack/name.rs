//! Names from archives, made safe to show.
//!
//! A name may hold control characters that drive a terminal, marks that turn
//! the writing direction, or a `!` that pretends to be a container's border.
//! Such are escaped as Rust would; `..` and a leading `/` stay, since nothing
//! is ever opened under the name.

use encoding_rs::GB18030;
use std::fmt::Write;

/// Longer names are cut: 65,535 bytes fit a zip's.
const MAX_CHARS: usize = 250;

/// A name as it is shown. Bytes that are not UTF-8 are tried as GB 18030, which
/// archives made on a Chinese Windows use, and written as `\x..` if that fails.
pub(super) fn shown(raw: &[u8]) -> String {
    let mut name = Shown::default();
    match std::str::from_utf8(raw) {
        Ok(text) => text.chars().for_each(|char| name.push(char)),
        Err(_) => match GB18030.decode_without_bom_handling_and_without_replacement(raw) {
            Some(text) => text.chars().for_each(|char| name.push(char)),
            None => raw.iter().for_each(|&byte| name.push_byte(byte)),
        },
    }
    name.finish()
}

/// The name of something in a container.
pub(super) fn inside(container: &str, entry: &[u8]) -> String {
    format!("{container}!{}", shown(entry))
}

#[derive(Default)]
struct Shown {
    text: String,
    chars: usize,
}

impl Shown {
    fn push(&mut self, char: char) {
        self.chars += 1;
        if self.chars > MAX_CHARS {
            return;
        }
        match char {
            '\'' | '"' => self.text.push(char),
            '!' => self.text.push_str("\\!"),
            // whatever cannot be printed, the marks of direction among it
            _ => self.text.extend(char.escape_debug()),
        }
    }

    fn push_byte(&mut self, byte: u8) {
        if byte.is_ascii() {
            return self.push(char::from(byte));
        }
        self.chars += 1;
        if self.chars <= MAX_CHARS {
            let _ = write!(self.text, "\\x{byte:02x}");
        }
    }

    fn finish(mut self) -> String {
        if self.chars > MAX_CHARS {
            let _ = write!(self.text, "…({} more)", self.chars - MAX_CHARS);
        }
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_stay() {
        assert_eq!(shown("2020/收件人 'a' b.csv".as_bytes()), "2020/收件人 'a' b.csv");
        assert_eq!(shown(b"../../etc/passwd"), "../../etc/passwd");
    }

    #[test]
    fn what_drives_a_terminal_or_turns_the_text_is_escaped() {
        assert_eq!(shown(b"a\0b\x1b[2Jc\\d\ne!f"), "a\\0b\\u{1b}[2Jc\\\\d\\ne\\!f");
        assert_eq!(shown("a\u{202e}vsc.exe\u{200b}".as_bytes()), "a\\u{202e}vsc.exe\\u{200b}");
    }

    #[test]
    fn a_name_of_a_chinese_windows_is_read() {
        assert_eq!(shown(b"\xbf\xcd\xbb\xa7.csv"), "客户.csv");
        assert_eq!(shown(b"a\xff.csv"), "a\\xff.csv");
    }

    #[test]
    fn a_long_name_is_cut() {
        let name = shown(&[b'x'; 65_535]);

        assert!(name.ends_with("…(65285 more)"), "{name}");
        assert!(name.len() < 300);
    }
}
