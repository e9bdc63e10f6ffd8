//! Values between SQL and text.
//!
//! A value that stays is copied as it stands, so only what a row says has to be
//! understood. What is neither a number nor a plain string (a function's call, a
//! cast, bytes in hexadecimal) is shown as it is written.

use std::borrow::Cow;
use std::ops::Range;

use super::mode;
use crate::fault::Fault;

/// Whose SQL a dump is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// MySQL and MariaDB: backslashes escape in every string.
    MySql,
    /// The same under `NO_BACKSLASH_ESCAPES`: they do in none.
    MySqlPlain,
    /// PostgreSQL: they do in `E'…'`.
    Postgres,
    /// SQLite and whoever keeps to the standard: two quotes are one, and that is all.
    Sqlite,
}

impl Dialect {
    pub(super) fn is_mysql(self) -> bool {
        matches!(self, Self::MySql | Self::MySqlPlain)
    }

    /// Whether backslashes escape in every string.
    pub(super) fn has_backslashes(self) -> bool {
        self == Self::MySql
    }

    /// Tells it from the head of a dump.
    pub(super) fn of(head: &[u8]) -> Result<Self, Fault> {
        let has = |text: &[u8]| memchr::memmem::find(head, text).is_some();
        let is_mysql = [
            &b"MySQL dump"[..],
            b"MariaDB dump",
            b"ENGINE=",
            b"INSERT INTO `",
            b"LOCK TABLES",
            b"/*!40",
            b"phpMyAdmin",
        ];
        Ok(if is_mysql.into_iter().any(has) && !has(b"PRAGMA ") {
            if mode::has_backslashes(head)? { Self::MySql } else { Self::MySqlPlain }
        } else if has(b"PostgreSQL database dump")
            || has(b"FROM stdin;")
            || has(b"pg_catalog")
            || has(b" E'")
            || has(b",E'")
        {
            Self::Postgres
        } else {
            Self::Sqlite
        })
    }
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Null,
    Number,
    /// Between quotes, behind a prefix or none; whether backslashes escape in it.
    Text {
        escapes: bool,
    },
    /// Anything else.
    Other,
}

/// A value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    /// Where it stands in the row.
    pub(super) at: Range<usize>,
    pub(super) form: Form,
    /// What it says.
    pub(super) text: String,
}

/// Reads a row of `INSERT`, with its parentheses.
pub(super) fn tuple(raw: &[u8], dialect: Dialect) -> Result<Vec<Value>, Fault> {
    let mut values = Vec::new();
    let inside = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
    let (mut at, mut depth, mut start) = (0, 0u32, 0);
    while at <= inside.len() {
        match inside.get(at) {
            None | Some(b',') if depth == 0 => {
                values.push(value(inside, start..at, dialect));
                at += 1;
                start = at;
            }
            None => return Err(Fault::new("expected a row with as many opening as closing parentheses")),
            Some(b'(' | b'[') => {
                depth += 1;
                at += 1;
            }
            Some(b')' | b']') => {
                depth = depth.saturating_sub(1);
                at += 1;
            }
            Some(quote @ (b'\'' | b'"' | b'`')) => {
                let escapes = *quote != b'`' && has_escapes(inside, at, dialect);
                at = end_of_quoted(inside, at, escapes);
            }
            Some(_) => at += 1,
        }
    }
    for value in &mut values {
        value.at = value.at.start + 1..value.at.end + 1;
    }
    Ok(values)
}

/// Whether backslashes escape in the string that begins here.
fn has_escapes(bytes: &[u8], at: usize, dialect: Dialect) -> bool {
    let is_prefix = |place: usize| matches!(bytes[place], b'e' | b'E');
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let is_prefixed = at > 0 && is_prefix(at - 1) && (at < 2 || !is_word(bytes[at - 2]));
    dialect.has_backslashes() || (dialect == Dialect::Postgres && is_prefixed)
}

/// The place behind what is quoted.
fn end_of_quoted(bytes: &[u8], start: usize, escapes: bool) -> usize {
    let quote = bytes[start];
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if escapes => at += 2,
            byte if byte == quote && bytes.get(at + 1) == Some(&quote) => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Reads one value; its place is told without the blanks around it.
fn value(bytes: &[u8], at: Range<usize>, dialect: Dialect) -> Value {
    let raw = &bytes[at.clone()];
    let front = raw.len() - raw.trim_ascii_start().len();
    let raw = raw.trim_ascii();
    let at = at.start + front..at.start + front + raw.len();
    let (form, text) = read(raw, dialect);
    Value { at, form, text }
}

fn read(raw: &[u8], dialect: Dialect) -> (Form, String) {
    if raw.eq_ignore_ascii_case(b"null") {
        return (Form::Null, String::new());
    }
    if is_number(raw) {
        return (Form::Number, String::from_utf8_lossy(raw).into_owned());
    }
    let quote = raw
        .iter()
        .take(2)
        .position(|byte| *byte == b'\'')
        .filter(|at| *at == 0 || matches!(raw[0], b'e' | b'E' | b'n' | b'N'));
    if let Some(quote) = quote {
        let escapes = has_escapes(raw, quote, dialect);
        if raw.len() > quote + 1 && end_of_quoted(raw, quote, escapes) == raw.len() && raw.ends_with(b"'") {
            let inside = &raw[quote + 1..raw.len() - 1];
            return (Form::Text { escapes }, unquoted(inside, escapes, dialect));
        }
    }
    (Form::Other, String::from_utf8_lossy(raw).into_owned())
}

fn is_number(raw: &[u8]) -> bool {
    let digits = raw.strip_prefix(b"-").unwrap_or(raw);
    digits.first().is_some_and(u8::is_ascii_digit)
        && digits.iter().filter(|byte| **byte == b'.').count() <= 1
        && digits.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
}

/// What stands between quotes, as text.
fn unquoted(inside: &[u8], escapes: bool, dialect: Dialect) -> String {
    let mut out = Vec::with_capacity(inside.len());
    let mut at = 0;
    while let Some(byte) = inside.get(at) {
        at += 1;
        match byte {
            b'\'' if inside.get(at) == Some(&b'\'') => {
                out.push(b'\'');
                at += 1;
            }
            b'\\' if escapes => {
                let Some(escaped) = inside.get(at) else { break };
                at += 1;
                match escaped {
                    b'n' => out.push(b'\n'),
                    b'r' => out.push(b'\r'),
                    b't' => out.push(b'\t'),
                    b'b' => out.push(8),
                    b'0' if dialect.is_mysql() => out.push(0),
                    b'Z' if dialect.is_mysql() => out.push(26),
                    b'f' if !dialect.is_mysql() => out.push(12),
                    // patterns keep theirs
                    b'%' | b'_' if dialect.is_mysql() => out.extend([b'\\', *escaped]),
                    other => out.push(*other),
                }
            }
            other => out.push(*other),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// How strings of a dump are escaped where there is a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Habit {
    /// A quote is doubled, not escaped.
    pub(super) doubles: bool,
    /// A double quote is escaped, as mysqldump does.
    pub(super) escapes_double: bool,
}

impl Habit {
    /// Learns from the head of a dump.
    pub(super) fn learn(head: &[u8], dialect: Dialect) -> Self {
        let has = |text: &[u8]| memchr::memmem::find(head, text).is_some();
        Self {
            doubles: !dialect.has_backslashes() || !has(b"\\'"),
            escapes_double: has(b"\\\"") || has(b"MySQL dump") || has(b"MariaDB dump"),
        }
    }
}

/// Writes a text as the donor's value, of form `donor`, is written.
pub(super) fn written(text: &str, donor: &[u8], form: Form, dialect: Dialect, habit: Habit) -> String {
    match form {
        Form::Number if is_number(text.as_bytes()) => return text.to_owned(),
        Form::Null if text.is_empty() => return "NULL".to_owned(),
        _ => {}
    }
    let prefix = match form {
        Form::Text { .. } => {
            String::from_utf8_lossy(&donor[..donor.iter().position(|byte| *byte == b'\'').unwrap_or(0)]).into_owned()
        }
        _ => String::new(),
    };
    let escapes = match form {
        Form::Text { escapes } => escapes,
        _ => dialect.has_backslashes(),
    };
    let mut out = format!("{prefix}'");
    for char in text.chars() {
        match char {
            '\'' if escapes && !habit.doubles => out.push_str("\\'"),
            '\'' => out.push_str("''"),
            '\\' if escapes => out.push_str("\\\\"),
            '\n' if escapes => out.push_str("\\n"),
            '\r' if escapes => out.push_str("\\r"),
            '\0' if escapes && dialect.is_mysql() => out.push_str("\\0"),
            '\u{1a}' if escapes && dialect.is_mysql() => out.push_str("\\Z"),
            '"' if escapes && habit.escapes_double => out.push_str("\\\""),
            char => out.push(char),
        }
    }
    out.push('\'');
    out
}

/// Reads a row of `COPY`, without its line end.
pub(super) fn line(raw: &[u8]) -> Vec<Value> {
    let mut values = Vec::new();
    let mut start = 0;
    for end in memchr::memchr_iter(b'\t', raw).chain([raw.len()]) {
        let field = &raw[start..end];
        let (form, text) = match field {
            b"\\N" => (Form::Null, String::new()),
            _ => (Form::Other, String::from_utf8_lossy(&uncopied(field)).into_owned()),
        };
        values.push(Value { at: start..end, form, text });
        start = end + 1;
    }
    values
}

/// A field of `COPY` without its escapes.
fn uncopied(field: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', field).is_none() {
        return Cow::Borrowed(field);
    }
    let mut out = Vec::with_capacity(field.len());
    let mut at = 0;
    while let Some(byte) = field.get(at) {
        at += 1;
        if *byte != b'\\' {
            out.push(*byte);
            continue;
        }
        let Some(escaped) = field.get(at) else { break };
        at += 1;
        match escaped {
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'v' => out.push(11),
            b'0'..=b'7' => {
                let digits = field[at - 1..].iter().take(3).take_while(|byte| matches!(byte, b'0'..=b'7'));
                let digits: Vec<u8> = digits.copied().collect();
                let number = digits.iter().fold(0u32, |number, digit| number * 8 + u32::from(digit - b'0'));
                out.push(number as u8);
                at += digits.len() - 1;
            }
            b'x' if field.get(at).is_some_and(u8::is_ascii_hexdigit) => {
                let digits: Vec<u8> =
                    field[at..].iter().take(2).take_while(|byte| byte.is_ascii_hexdigit()).copied().collect();
                let number = digits
                    .iter()
                    .fold(0u32, |number, digit| number * 16 + char::from(*digit).to_digit(16).unwrap_or(0));
                out.push(number as u8);
                at += digits.len();
            }
            other => out.push(*other),
        }
    }
    Cow::Owned(out)
}

/// Writes a field of `COPY`.
pub(super) fn copied(text: &str, form: Form) -> String {
    if text.is_empty() && form == Form::Null {
        return "\\N".to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            char => out.push(char),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HABIT: Habit = Habit { doubles: false, escapes_double: true };

    fn texts(raw: &str, dialect: Dialect) -> Vec<String> {
        tuple(raw.as_bytes(), dialect).expect("a row").into_iter().map(|value| value.text).collect()
    }

    #[test]
    fn values_are_told_apart() {
        let raw = r"(1, -2.50,NULL,'a,b)','it''s', E'x\'y\n', X'00', now(), 'z'::text, CAST('q' AS text), '')";

        let values = tuple(raw.as_bytes(), Dialect::Postgres).expect("a row");

        let shown: Vec<_> = values.iter().map(|value| value.text.as_str()).collect();
        assert_eq!(
            shown,
            ["1", "-2.50", "", "a,b)", "it's", "x'y\n", "X'00'", "now()", "'z'::text", "CAST('q' AS text)", ""]
        );
        assert_eq!(values[0].form, Form::Number);
        assert_eq!(values[5].form, Form::Text { escapes: true });
        assert_eq!(values[8].form, Form::Other);
        assert!(values.iter().all(|value| !raw[value.at.clone()].starts_with(' ')));
        assert_eq!(&raw[values[4].at.clone()], "'it''s'");
    }

    #[test]
    fn each_dialect_has_its_own_backslashes() {
        assert_eq!(texts(r"('a\'b\\','c\0')", Dialect::MySql), ["a'b\\", "c\0"]);
        assert_eq!(texts(r"('a\','b')", Dialect::Sqlite), ["a\\", "b"]);
        assert_eq!(texts(r"('a\',E'b\\')", Dialect::Postgres), ["a\\", "b\\"]);
    }

    #[test]
    fn dialects_are_told_by_the_head() {
        let of = |head: &[u8]| Dialect::of(head).expect("it is clear");
        assert_eq!(of(b"-- MySQL dump 10.13"), Dialect::MySql);
        assert_eq!(of(b"INSERT INTO `t` VALUES (1);"), Dialect::MySql);
        assert_eq!(of(b"SET SQL_MODE='NO_BACKSLASH_ESCAPES';\nINSERT INTO `t` VALUES (1);"), Dialect::MySqlPlain);
        assert_eq!(of(b"--\n-- PostgreSQL database dump\n"), Dialect::Postgres);
        assert_eq!(of(b"PRAGMA foreign_keys=OFF;\nINSERT INTO t VALUES(1);"), Dialect::Sqlite);
    }

    proptest! {
        #[test]
        fn a_string_comes_back(text in "[ -~一\r\n\t\0\u{1a}]{0,12}", which in 0usize..5, doubles: bool, escapes_double: bool) {
            let (dialect, donor, escapes) = [
                (Dialect::MySql, "'x'", true),
                (Dialect::Postgres, "'x'", false),
                (Dialect::Postgres, "E'x'", true),
                (Dialect::Sqlite, "'x'", false),
                (Dialect::MySqlPlain, "'x'", false),
            ][which];
            let raw = written(&text, donor.as_bytes(), Form::Text { escapes }, dialect, Habit { doubles, escapes_double });
            let row = format!("(1, {raw},NULL)");

            prop_assert_eq!(texts(&row, dialect), vec!["1".to_owned(), text, String::new()]);
        }

        #[test]
        fn a_field_of_copy_comes_back(fields in prop::collection::vec("[ -~一\r\n\t\u{8}\u{b}\u{c}]{1,8}", 1..4)) {
            let raw = fields.iter().map(|text| copied(text, Form::Other)).collect::<Vec<_>>().join("\t");
            let read: Vec<String> = line(raw.as_bytes()).into_iter().map(|value| value.text).collect();

            prop_assert!(!raw.contains('\n'));
            prop_assert_eq!(read, fields);
        }
    }

    #[test]
    fn numbers_and_nulls_keep_their_form() {
        let write = |text: &str, form| written(text, b"1", form, Dialect::MySql, HABIT);

        assert_eq!(write("13800138000", Form::Number), "13800138000");
        assert_eq!(write("138-0013", Form::Number), "'138-0013'");
        assert_eq!(write("", Form::Null), "NULL");
        assert_eq!(write("it's \"x\"", Form::Null), r#"'it\'s \"x\"'"#);
        assert_eq!(copied("", Form::Null), "\\N");
        assert_eq!(line(b"\\101\\x42\\N\t\\N")[0].text, "ABN");
    }
}
