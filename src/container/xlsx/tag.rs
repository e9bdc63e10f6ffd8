//! A tag's attributes, to be changed in place.
//!
//! quick-xml reads attributes but does not say where they stand; who changes
//! one and leaves the others, blanks and quotes as they are needs the place.

use std::ops::Range;

/// Finds the value of an attribute in what stands between `<` and `>`.
pub(super) fn attribute(tag: &str, name: &str) -> Option<Range<usize>> {
    attributes(tag).find(|(key, _)| &tag[key.clone()] == name).map(|(_, value)| value)
}

/// The value of an attribute, as it is written.
pub(super) fn value<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    attribute(tag, name).map(|value| &tag[value])
}

/// The places of names and values, in order.
pub(super) fn attributes(tag: &str) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
    let bytes = tag.as_bytes();
    let mut at = name(tag).len();
    std::iter::from_fn(move || {
        let skip = |from: usize, is_over: fn(u8) -> bool| {
            bytes[from..].iter().position(|byte| is_over(*byte)).map(|length| from + length)
        };
        let start = skip(at, |byte| !byte.is_ascii_whitespace())?;
        let end = skip(start, |byte| byte == b'=' || byte.is_ascii_whitespace())?;
        let equals = skip(end, |byte| byte == b'=')?;
        let quote = skip(equals, |byte| matches!(byte, b'"' | b'\''))?;
        let close = quote + 1 + memchr::memchr(bytes[quote], &bytes[quote + 1..])?;
        at = close + 1;
        Some((start..end, quote + 1..close))
    })
}

/// The tag's name, with its prefix.
pub(super) fn name(tag: &str) -> &str {
    let end = tag.bytes().position(|byte| byte.is_ascii_whitespace() || byte == b'/');
    &tag[..end.unwrap_or(tag.len())]
}

/// The name without its prefix.
pub(super) fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// The prefix with its colon.
pub(super) fn prefix(name: &str) -> &str {
    &name[..name.len() - local(name).len()]
}

/// Replaces stretches of a text, given in any order; they do not overlap.
pub(super) fn spliced(text: &str, edits: &mut [(Range<usize>, String)]) -> String {
    edits.sort_by_key(|(range, _)| range.start);
    let mut out = String::with_capacity(text.len() + 16);
    let mut at = 0;
    for (range, new) in edits.iter() {
        out.push_str(&text[at..range.start]);
        out.push_str(new);
        at = range.end;
    }
    out.push_str(&text[at..]);
    out
}

/// A text as XML writes it between tags.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, char) in text.char_indices() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // Excel would read it as the character of that number.
            '_' if is_escape(&text[at..]) => out.push_str("_x005F_"),
            // XML takes a lone one for a line feed.
            '\r' => out.push_str("_x000D_"),
            char => out.push(char),
        }
    }
    out
}

/// Whether a text begins with `_xHHHH_`.
pub(super) fn is_escape(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 7 && bytes.starts_with(b"_x") && bytes[6] == b'_' && bytes[2..6].iter().all(u8::is_ascii_hexdigit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_found_where_they_stand() {
        let tag = "x:row  r=\"12\" spans='1:3' a:b = \"<x>\" ht=\"\"";
        let found: Vec<_> = attributes(tag).map(|(name, value)| (&tag[name], &tag[value])).collect();

        assert_eq!(found, [("r", "12"), ("spans", "1:3"), ("a:b", "<x>"), ("ht", "")]);
        assert_eq!((name(tag), local(name(tag)), prefix(name(tag))), ("x:row", "row", "x:"));
        assert_eq!(value("c r=\"A1\" s='3'/", "s"), Some("3"));
        assert_eq!(value("c r=\"A1", "r"), None);
        assert_eq!(value("c", "r"), None);
    }

    #[test]
    fn what_is_spliced_keeps_the_rest() {
        let mut edits = [(5..6, "Z".to_owned()), (0..2, String::new())];

        assert_eq!(spliced("abcdefg", &mut edits), "cdeZg");
    }
}
