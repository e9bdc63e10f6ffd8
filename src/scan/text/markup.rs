//! Rows of HTML tables, JSON objects and SQL inserts.
//!
//! A row of a dump is often a part of something larger, cut where a line ends,
//! so none of these readers asks for a whole document: each takes the values
//! that it sees.

use std::iter::Peekable;
use std::str::Chars;

/// Fewest `"key":` that make a text without braces a part of an object.
const MIN_KEYS: usize = 2;

/// Returns the cells of a table row: `<tr><td>李丽</td><td>154…</td></tr>`.
///
/// Tags inside a cell vanish, a line break becomes a blank. Entities stay.
pub(super) fn html(text: &str) -> Option<Vec<String>> {
    let lower = text.to_ascii_lowercase();
    if !["<td", "<th", "</td", "</th"].iter().any(|tag| lower.contains(tag)) {
        return None;
    }
    let mut cells = Vec::new();
    // What stands before the first tag is the end of a cell that was cut off.
    let mut cell = Some(String::new());
    let mut rest = text;
    while let Some((before, tag_on)) = rest.split_once('<') {
        add(&mut cell, before);
        let Some((tag, behind)) = tag_on.split_once('>') else {
            // A tag that was cut off shows nothing.
            rest = "";
            break;
        };
        rest = behind;
        let name = tag.split([' ', '\t', '/']).find(|word| !word.is_empty()).unwrap_or_default().to_ascii_lowercase();
        match name.as_str() {
            "td" | "th" => {
                let closes = tag.starts_with('/');
                let is_cell = cell.as_ref().is_some_and(|cell| !cell.trim().is_empty());
                cells.extend(cell.take().filter(|_| closes || is_cell));
                cell = (!closes).then(String::new);
            }
            "br" | "p" | "div" => add(&mut cell, " "),
            _ => {}
        }
    }
    add(&mut cell, rest);
    cells.extend(cell.filter(|cell| !cell.trim().is_empty()));
    Some(cells)
}

/// Adds text to the open cell, or opens one for text that stands in none.
fn add(cell: &mut Option<String>, text: &str) {
    match cell {
        Some(cell) => *cell += text,
        None if text.trim().is_empty() => {}
        None => *cell = Some(text.to_owned()),
    }
}

/// Returns the values of `INSERT … VALUES ('李丽', 1, NULL)`, or of a line of
/// such a list, `('李丽', 1, NULL),`.
pub(super) fn sql(text: &str) -> Option<Vec<String>> {
    let text = text.trim();
    match values_at(text) {
        Some(at) => sql_values(&text[at..], false),
        None if text.starts_with('(') && text.ends_with([')', ',', ';']) => sql_values(text, true),
        None => None,
    }
}

/// Reads lists of values in brackets. With `strict` nothing else may stand
/// there: `(202) 555-0123` is no list.
fn sql_values(text: &str, strict: bool) -> Option<Vec<String>> {
    let mut values = Vec::new();
    let mut chars = text.chars().peekable();
    let (mut depth, mut value) = (0_usize, None::<String>);
    while let Some(c) = chars.next() {
        match c {
            '(' => {
                depth += 1;
                // What was read is a function's name.
                value = None;
            }
            ',' | ')' if depth > 0 => {
                values.extend(value.take().map(|value| if is_null(&value) { String::new() } else { value }));
                depth -= usize::from(c == ')');
            }
            c if c.is_whitespace() => {}
            c if depth == 0 => {
                if strict && !matches!(c, ',' | ';') {
                    return None;
                }
            }
            // A word before a quote (N, E, _utf8mb4) says how it is encoded.
            '\'' | '"' => value = Some(sql_string(&mut chars, c)),
            c => value.get_or_insert_default().push(c),
        }
    }
    values.extend(value.filter(|_| depth > 0));
    (!strict || values.len() > 1).then_some(values)
}

/// Where the list behind the word `VALUES` begins.
fn values_at(text: &str) -> Option<usize> {
    let lower = text.to_ascii_lowercase();
    let mut from = 0;
    while let Some(at) = lower[from..].find("values") {
        let behind = from + at + "values".len();
        if lower[behind..].trim_start().starts_with('(') {
            return Some(behind);
        }
        from = behind;
    }
    None
}

fn is_null(value: &str) -> bool {
    value.eq_ignore_ascii_case("null")
}

/// Reads a string up to its closing quote: `''` and, as MySQL has it, `\'`.
fn sql_string(chars: &mut Peekable<Chars<'_>>, quote: char) -> String {
    let mut text = String::new();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.extend(chars.next().map(escaped)),
            c if c == quote && chars.peek() == Some(&quote) => text.extend(chars.next()),
            c if c == quote => break,
            c => text.push(c),
        }
    }
    text
}

fn escaped(c: char) -> char {
    match c {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        '0' => '\0',
        c => c,
    }
}

/// Returns the values of a JSON object, nested ones too, or of a part of one.
///
/// The keys go. Numbers are kept as they are written: as floats the long ones
/// would lose digits.
pub(super) fn json(text: &str) -> Option<Vec<String>> {
    let trimmed = text.trim_start();
    let is_object = trimmed.trim_start_matches(['[', ' ']).starts_with('{');
    if !is_object && trimmed.matches("\":").count() - trimmed.matches("\\\":").count() < MIN_KEYS {
        return None;
    }
    let mut values = Vec::new();
    let mut chars = trimmed.chars().peekable();
    while let Some(&c) = chars.peek() {
        let value = match c {
            '"' | '\'' => {
                chars.next();
                json_string(&mut chars, c)
            }
            '{' | '}' | '[' | ']' | ',' | ':' => {
                chars.next();
                continue;
            }
            c if c.is_whitespace() => {
                chars.next();
                continue;
            }
            _ => {
                let mut word = String::new();
                while let Some(c) = chars.next_if(|c| !matches!(c, ',' | '}' | ']' | ':') && !c.is_whitespace()) {
                    word.push(c);
                }
                if is_null(&word) || word == "None" { String::new() } else { word }
            }
        };
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        if chars.peek() != Some(&':') {
            values.push(value);
        }
    }
    (is_object || !values.is_empty()).then_some(values)
}

/// Reads a string up to its closing quote. `\u` stays for the cell's cleaning,
/// which joins surrogates.
fn json_string(chars: &mut Peekable<Chars<'_>>, quote: char) -> String {
    let mut text = String::new();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('u') => text += "\\u",
                other => text.extend(other.map(escaped)),
            },
            c if c == quote => break,
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_row_gives_its_cells_with_nothing_of_the_tags() {
        for row in [
            "<tr><td>李丽</td><td></td><td class=\"a\"><a href='tel:1'>154 3306</a></td></tr>",
            "<TR><TD>李丽<TD></TD><TD><b>154<br/>3306</b>",
            "李丽</td>\n  <td></td><th>154 3306</th><td",
        ] {
            assert_eq!(html(row).expect("a table row"), ["李丽", "", "154 3306"], "{row}");
        }
        assert_eq!(html("a < b, c > d"), None);
    }

    #[test]
    fn an_insert_gives_its_values() {
        for row in [
            r"INSERT INTO `t` (`name`, `note`, `x`) VALUES (7,'李丽','it\'s, (ok)',NULL,'');",
            "insert into t values(7, N'李丽', 'it''s, (ok)', null, '')",
            r#"  (7,"李丽","it's, (ok)",NULL,""),"#,
            "(7,'李丽','it''s, (ok)',NULL,'",
        ] {
            let values = if row.ends_with('\'') { sql(&format!("VALUES {row}")) } else { sql(row) };

            assert_eq!(values.expect("values"), ["7", "李丽", "it's, (ok)", "", ""], "{row}");
        }
    }

    #[test]
    fn a_functions_arguments_are_values() {
        assert_eq!(
            sql("VALUES (to_date('2020-11-01','yyyy'),'李丽')").expect("values"),
            ["2020-11-01", "yyyy", "李丽"]
        );
    }

    #[test]
    fn a_bracket_alone_is_no_list() {
        assert_eq!(sql("(202) 555-0123"), None);
        assert_eq!(sql("(202) 555-0123,John,Toys (new)"), None);
        assert_eq!(sql("(放门口),李丽,(电联)"), None);
        assert_eq!(sql("(放门口)"), None);
        assert_eq!(sql("values of 5, (a)"), None);
    }

    #[test]
    fn an_object_gives_its_values_and_long_numbers_keep_their_digits() {
        for row in [
            r#"{"name": "李\"丽", "no": 9400010000001234567890, "to": {"city":"上海", "tel": null}, "ok": true},"#,
            r#""name":"李\"丽","no":9400010000001234567890,"city":"上海","tel":null,"ok":true}]"#,
            r#"{'name': '李"丽', 'no': 9400010000001234567890, 'city': '上海', 'tel': None, 'ok': true}"#,
        ] {
            assert_eq!(
                json(row).expect("an object"),
                ["李\"丽", "9400010000001234567890", "上海", "", "true"],
                "{row}"
            );
        }
        assert_eq!(json(r#"李丽,"a":1"#), None);
    }
}
