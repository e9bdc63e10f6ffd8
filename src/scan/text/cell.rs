//! What stands in one cell, without the marks of the programs it went through.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::Repair;
use crate::normalize;

/// Named entities that exports of web tables hold.
const ENTITIES: [(&str, &str); 7] =
    [("amp", "&"), ("lt", "<"), ("gt", ">"), ("quot", "\""), ("apos", "'"), ("nbsp", " "), ("ensp", " ")];
/// Longest entity, without its marks.
const MAX_ENTITY: usize = 8;

/// Takes off what programs add to a cell.
pub(super) fn clean(raw: &str, repairs: &mut BTreeSet<Repair>) -> String {
    if raw == r"\N" {
        return String::new();
    }
    let trimmed = raw.trim_matches(|c: char| c.is_whitespace() || normalize::is_invisible(c));
    if trimmed.len() < raw.len() && raw.ends_with('\t') {
        repairs.insert(Repair::KeptAsText);
    }
    let bare = without_text_mark(trimmed);
    if bare.len() < trimmed.len() {
        repairs.insert(Repair::KeptAsText);
    }
    let text = without_escapes(&without_entities(bare, repairs), repairs).into_owned();
    let narrowed: String = text.chars().map(|c| if is_wide(c) { normalize::narrow(c) } else { c }).collect();
    if narrowed != text {
        repairs.insert(Repair::FullWidth);
    }
    narrowed
}

/// `'15433063750`, `'李丽'`, `="15433063750"`.
fn without_text_mark(cell: &str) -> &str {
    if let Some(inner) = cell.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')) {
        return inner.trim();
    }
    let Some(rest) = cell.strip_prefix('\'') else { return cell };
    match rest.strip_suffix('\'') {
        Some(quoted) => quoted,
        None if rest.starts_with(|c: char| c.is_alphanumeric() || c == '+') => rest,
        None => cell,
    }
}

fn is_wide(c: char) -> bool {
    matches!(c, '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ')
}

/// Puts characters in the place of HTML entities: `&amp;`, `&#26446;`, `&#x674e;`.
pub(super) fn without_entities<'t>(text: &'t str, repairs: &mut BTreeSet<Repair>) -> Cow<'t, str> {
    let mut parts = text.split('&');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    let mut is_changed = false;
    for part in parts {
        let entity = part.split_once(';').and_then(|(name, rest)| Some((entity(name)?, rest)));
        match entity {
            Some((character, rest)) => {
                is_changed = true;
                plain += &character;
                plain += rest;
            }
            None => {
                plain.push('&');
                plain += part;
            }
        }
    }
    if !is_changed {
        return Cow::Borrowed(text);
    }
    repairs.insert(Repair::Html);
    Cow::Owned(plain)
}

fn entity(name: &str) -> Option<String> {
    if name.len() > MAX_ENTITY {
        return None;
    }
    if let Some((_, character)) = ENTITIES.iter().find(|(known, _)| *known == name) {
        return Some((*character).to_owned());
    }
    let number = name.strip_prefix('#')?;
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
        None => number.parse(),
    };
    code.ok().and_then(char::from_u32).map(String::from)
}

/// Puts characters in the place of `\u674e`, as many backslashes as there are.
fn without_escapes<'t>(text: &'t str, repairs: &mut BTreeSet<Repair>) -> Cow<'t, str> {
    if !text.contains("\\u") {
        return Cow::Borrowed(text);
    }
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut rest = text;
    let mut is_changed = false;
    while let Some(c) = rest.chars().next() {
        let escape = rest.trim_start_matches('\\');
        let digits = escape.strip_prefix('u').filter(|_| escape.len() < rest.len()).and_then(|digits| digits.get(..4));
        let unit = digits
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|digits| u16::from_str_radix(digits, 16).ok());
        match unit {
            Some(unit) => {
                is_changed = true;
                units.push(unit);
                rest = &escape[5..];
            }
            None => {
                units.extend(c.encode_utf16(&mut [0; 2]).iter());
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    if !is_changed {
        return Cow::Borrowed(text);
    }
    repairs.insert(Repair::Json);
    Cow::Owned(String::from_utf16_lossy(&units))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(raw: &str) -> (String, Vec<Repair>) {
        let mut repairs = BTreeSet::new();
        (clean(raw, &mut repairs), repairs.into_iter().collect())
    }

    #[test]
    fn what_keeps_a_number_text_is_taken_off() {
        for raw in ["'15433063750", "15433063750\t", "\"\t15433063750\t".trim_matches('"'), "=\"15433063750\""] {
            assert_eq!(cleaned(raw), ("15433063750".into(), vec![Repair::KeptAsText]), "{raw:?}");
        }
        assert_eq!(cleaned("'李丽'").0, "李丽");
        assert_eq!(cleaned("' "), ("'".into(), vec![]));
    }

    #[test]
    fn entities_and_escapes_are_characters() {
        assert_eq!(cleaned("&#26446;&#x4e3d; A&amp;B &c"), ("李丽 A&B &c".into(), vec![Repair::Html]));
        assert_eq!(cleaned(r"\u674e\\u4e3d\ud842\udfb7"), ("李丽𠮷".into(), vec![Repair::Json]));
        assert_eq!(cleaned(r"C:\users\u12"), (r"C:\users\u12".into(), vec![]));
    }

    #[test]
    fn full_width_digits_and_letters_are_narrowed_and_punctuation_stays() {
        assert_eq!(cleaned("１５４Ａ（放门口）"), ("154A（放门口）".into(), vec![Repair::FullWidth]));
    }

    #[test]
    fn no_value_is_an_empty_cell() {
        assert_eq!(cleaned(r"\N"), (String::new(), vec![]));
    }
}
