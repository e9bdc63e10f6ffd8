//! Characters: full-width forms, spoken digits, and text ready for searching.

/// Returns the ASCII form of a full-width character, and any other unchanged.
///
/// Every kind of blank becomes a space; every kind of dash a hyphen.
pub fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' | '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\t' => ' ',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '【' | '〔' => '[',
        '】' | '〕' => ']',
        _ => c,
    }
}

/// Whether a character shows nothing and may stand anywhere.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}

/// Returns the value of an ASCII or full-width digit.
pub fn digit(c: char) -> Option<char> {
    let c = narrow(c);
    c.is_ascii_digit().then_some(c)
}

/// Returns the digit that a Chinese character is read as in a number that is
/// dictated digit by digit: `幺` is 1, `洞` 0, `拐` 7.
pub fn spoken_digit(c: char) -> Option<char> {
    Some(match c {
        '〇' | '○' | '零' | '洞' => '0',
        '一' | '幺' | '壹' => '1',
        '二' | '两' | '兩' | '贰' => '2',
        '三' | '叁' => '3',
        '四' | '肆' => '4',
        '五' | '伍' => '5',
        '六' | '陆' => '6',
        '七' | '拐' | '柒' => '7',
        '八' | '捌' => '8',
        '九' | '勾' | '玖' => '9',
        _ => return None,
    })
}

/// Whether a character is Chinese.
pub fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}' | '〇')
}

/// Reduces free text for searching: full-width to ASCII, lower case, nothing
/// invisible. Line breaks stay.
pub fn text(raw: &str) -> String {
    raw.chars().filter(|&c| !is_invisible(c)).map(narrow).flat_map(lower).collect()
}

/// Lower case, one character at a time so that it is idempotent.
pub(crate) fn lower(c: char) -> impl Iterator<Item = char> {
    let mut lower = c.to_lowercase();
    // A letter whose lower case is several characters (`İ`) stays as it is.
    let first = lower.next().unwrap_or(c);
    std::iter::once(if lower.next().is_some() { c } else { first })
}
