//! A dump, statement by statement: what rows it holds and where they stand.
//!
//! No SQL is understood beyond what separates rows from everything else:
//! strings, quoted names, comments, and the three forms in which dumps hold rows.
//! Statements of other kinds are passed over, but for those that say what columns
//! and keys a table has.

use std::io::{self, BufRead as _, Read};

use super::mode;
use super::values::Dialect;
use crate::fault::Fault;
use crate::plant::read_fault;
use crate::unpack::Source;

/// Of one row, and of a statement that is kept: what mysqldump writes at most.
const MAX_PIECE_BYTES: usize = 64 << 20;

/// A piece of a dump.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A statement that says what tables and keys there are.
    Definition(String),
    /// The start of rows of a table.
    Start(Start),
    /// A row of `INSERT`, from parenthesis to parenthesis, and what stands between it and the row before.
    Tuple {
        at: u64,
        raw: Vec<u8>,
        gap: Vec<u8>,
    },
    /// A row of `COPY`, with its line end.
    Line {
        at: u64,
        raw: Vec<u8>,
    },
    /// The end of an `INSERT`: where its semicolon ends, and what stands between the last row and there.
    End {
        at: u64,
        raw: Vec<u8>,
    },
    EndOfFile,
}

/// The start of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Start {
    /// The table's name without quotes and schema.
    pub(super) table: String,
    /// The columns, if it names them.
    pub(super) columns: Option<Vec<String>>,
    /// Where it begins.
    pub(super) at: u64,
    /// What stands before the first row.
    pub(super) head: Vec<u8>,
    pub(super) is_copy: bool,
}

pub(super) struct Scanner<R> {
    bytes: Bytes<R>,
    dialect: Dialect,
    /// What ends statements; other than a semicolon around what holds semicolons.
    delimiter: Vec<u8>,
    state: State,
    /// Whether rows were seen.
    has_rows: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Between,
    /// Before a row of `INSERT`, or behind one.
    InInsert,
    InCopy,
}

impl<R: Read> Scanner<R> {
    pub(super) fn new(input: R, dialect: Dialect) -> Self {
        Self {
            bytes: Bytes { reader: Source::new(input), at: 0, kept: None },
            dialect,
            delimiter: b";".to_vec(),
            state: State::Between,
            has_rows: false,
        }
    }

    pub(super) fn next(&mut self) -> Result<Piece, Fault> {
        let at = self.bytes.at;
        self.piece().map_err(|fault| if fault.byte.is_some() { fault } else { fault.at_byte(at) })
    }

    fn piece(&mut self) -> Result<Piece, Fault> {
        loop {
            match self.state {
                State::Between => {
                    if let Some(piece) = self.statement()? {
                        return Ok(piece);
                    }
                }
                State::InInsert => {
                    self.bytes.keep();
                    self.blanks()?;
                    if self.bytes.peek()? == Some(b',') {
                        self.bytes.skip()?;
                        self.blanks()?;
                    }
                    match self.bytes.peek()? {
                        Some(b'(') => return self.tuple(),
                        None => return Err(unclosed("an INSERT")),
                        Some(_) => {
                            self.skip_statement()?;
                            self.state = State::Between;
                            return Ok(Piece::End { at: self.bytes.at, raw: self.bytes.kept() });
                        }
                    }
                }
                State::InCopy => {
                    let at = self.bytes.at;
                    self.bytes.keep();
                    while self.bytes.next()?.is_some_and(|byte| byte != b'\n') {}
                    let raw = self.bytes.kept();
                    match raw.strip_suffix(b"\n").map(|line| line.strip_suffix(b"\r").unwrap_or(line)) {
                        None => return Err(unclosed("a COPY")),
                        Some(b"\\.") => self.state = State::Between,
                        Some(_) => return Ok(Piece::Line { at, raw }),
                    }
                }
            }
        }
    }

    /// Reads a statement up to its first row, or to its end.
    fn statement(&mut self) -> Result<Option<Piece>, Fault> {
        self.blanks()?;
        let at = self.bytes.at;
        self.bytes.keep();
        let word = self.word()?;
        match word.to_ascii_uppercase().as_str() {
            "" if self.bytes.peek()?.is_none() => {
                self.bytes.kept();
                Ok(Some(Piece::EndOfFile))
            }
            "DELIMITER" => {
                self.skip_line()?;
                let line = String::from_utf8_lossy(&self.bytes.kept()).into_owned();
                let delimiter = line.split_whitespace().nth(1).unwrap_or(";");
                self.delimiter = delimiter.as_bytes().to_vec();
                Ok(None)
            }
            "INSERT" | "REPLACE" => self.insert(at),
            "COPY" => self.copy(at),
            "CREATE" | "ALTER" => {
                self.skip_statement()?;
                let raw = self.bytes.kept();
                Ok(Some(Piece::Definition(String::from_utf8_lossy(&raw).into_owned())))
            }
            "SET" if self.has_rows && self.dialect.is_mysql() => {
                self.skip_statement()?;
                mode::refuse_change(&self.bytes.kept())?;
                Ok(None)
            }
            word => {
                self.bytes.kept();
                // a command to psql ends with its line
                let is_command = word.is_empty() && self.bytes.peek()? == Some(b'\\');
                let skipped = if is_command { self.skip_line() } else { self.skip_statement() };
                skipped?;
                Ok(None)
            }
        }
    }

    fn insert(&mut self, at: u64) -> Result<Option<Piece>, Fault> {
        let mut start = Start { at, ..Start::default() };
        loop {
            self.blanks()?;
            match self.bytes.peek()? {
                Some(b'(') if !start.table.is_empty() => start.columns = Some(self.columns()?),
                Some(byte) if is_quote(byte) || is_word(byte) => {
                    let (name, is_quoted) = self.name()?;
                    match name.to_ascii_uppercase().as_str() {
                        "VALUES" | "VALUE" if !is_quoted => {
                            self.blanks()?;
                            start.head = self.bytes.kept();
                            self.state = State::InInsert;
                            self.has_rows = true;
                            return Ok(Some(Piece::Start(start)));
                        }
                        // rows of another table, which are not in the dump as such
                        "SELECT" | "TABLE" | "SET" | "DEFAULT" if !is_quoted => break,
                        "INTO" if !is_quoted => start.table = self.qualified()?,
                        _ => {}
                    }
                }
                _ => break,
            }
        }
        self.bytes.kept();
        self.skip_statement()?;
        Ok(None)
    }

    fn copy(&mut self, at: u64) -> Result<Option<Piece>, Fault> {
        self.blanks()?;
        let table = self.qualified()?;
        self.blanks()?;
        let columns = if self.bytes.peek()? == Some(b'(') { Some(self.columns()?) } else { None };
        self.blanks()?;
        let (from, _) = self.name()?;
        self.blanks()?;
        let (source, _) = self.name()?;
        self.skip_statement()?;
        if !from.eq_ignore_ascii_case("from") || !source.eq_ignore_ascii_case("stdin") {
            self.bytes.kept();
            return Ok(None);
        }
        self.skip_line()?;
        let head = self.bytes.kept();
        self.state = State::InCopy;
        Ok(Some(Piece::Start(Start { table, columns, at, head, is_copy: true })))
    }

    /// Reads `schema.table`; returns the table.
    fn qualified(&mut self) -> Result<String, Fault> {
        self.blanks()?;
        let (mut name, _) = self.name()?;
        while self.bytes.peek()? == Some(b'.') {
            self.bytes.skip()?;
            name = self.name()?.0;
        }
        Ok(name)
    }

    /// Reads a list of names in parentheses.
    fn columns(&mut self) -> Result<Vec<String>, Fault> {
        let mut names = Vec::new();
        self.bytes.skip()?;
        loop {
            self.blanks()?;
            match self.bytes.peek()? {
                Some(b')') => {
                    self.bytes.skip()?;
                    return Ok(names);
                }
                Some(b',') => self.bytes.skip()?,
                Some(byte) if is_quote(byte) || is_word(byte) => names.push(self.name()?.0),
                _ => return Err(Fault::new("expected a list of columns")),
            }
        }
    }

    fn tuple(&mut self) -> Result<Piece, Fault> {
        let at = self.bytes.at;
        let gap = self.bytes.kept();
        self.bytes.keep();
        let mut depth = 0;
        loop {
            match self.bytes.peek()? {
                Some(b'(') => depth += 1,
                Some(b')') => depth -= 1,
                None => return Err(unclosed("a row")),
                _ => {}
            }
            self.token()?;
            if depth == 0 {
                return Ok(Piece::Tuple { at, raw: self.bytes.kept(), gap });
            }
        }
    }

    /// Passes over the rest of a statement with its end.
    fn skip_statement(&mut self) -> Result<(), Fault> {
        loop {
            if self.bytes.starts_with(&self.delimiter)? {
                for _ in 0..self.delimiter.len() {
                    self.bytes.skip()?;
                }
                return Ok(());
            }
            if self.bytes.peek()?.is_none() {
                return Ok(());
            }
            if self.blanks()? == 0 {
                self.token()?;
            }
        }
    }

    fn skip_line(&mut self) -> Result<(), Fault> {
        while self.bytes.next()?.is_some_and(|byte| byte != b'\n') {}
        Ok(())
    }

    /// Passes over blanks and comments; returns how many bytes.
    fn blanks(&mut self) -> Result<u64, Fault> {
        let from = self.bytes.at;
        loop {
            match self.bytes.peek()? {
                Some(byte) if byte.is_ascii_whitespace() => self.bytes.skip()?,
                Some(b'-') if self.bytes.starts_with(b"--")? => self.skip_line()?,
                Some(b'#') if self.dialect.is_mysql() => self.skip_line()?,
                Some(b'/') if self.bytes.starts_with(b"/*")? => {
                    self.bytes.skip()?;
                    self.bytes.skip()?;
                    while !self.bytes.starts_with(b"*/")? {
                        if self.bytes.next()?.is_none() {
                            return Err(unclosed("a comment"));
                        }
                    }
                    self.bytes.skip()?;
                    self.bytes.skip()?;
                }
                _ => return Ok(self.bytes.at - from),
            }
        }
    }

    /// Passes over one thing: a string, a quoted name, a body in dollars, a word or a character.
    fn token(&mut self) -> Result<(), Fault> {
        match self.bytes.peek()? {
            Some(quote) if is_quote(quote) => self.quoted(quote != b'`' && self.dialect.has_backslashes()),
            Some(b'$') => self.dollars(),
            Some(byte) if is_word(byte) => {
                let word = self.word()?;
                let escapes = word.eq_ignore_ascii_case("e") && !self.dialect.is_mysql();
                match self.bytes.peek()? {
                    Some(b'\'') => self.quoted(escapes || self.dialect.has_backslashes()),
                    _ => Ok(()),
                }
            }
            _ => self.bytes.skip(),
        }
    }

    /// Passes over a string or a quoted name.
    fn quoted(&mut self, has_backslashes: bool) -> Result<(), Fault> {
        let quote = self.bytes.next()?;
        loop {
            match self.bytes.next()? {
                None => return Err(unclosed("a string")),
                Some(b'\\') if has_backslashes => self.bytes.skip()?,
                byte if byte == quote => {
                    if self.bytes.peek()? != quote {
                        return Ok(());
                    }
                    self.bytes.skip()?;
                }
                Some(_) => {}
            }
        }
    }

    /// Passes over `$tag$ … $tag$`, or a lone dollar.
    fn dollars(&mut self) -> Result<(), Fault> {
        let mut tag = vec![b'$'];
        self.bytes.skip()?;
        while let Some(byte) = self.bytes.peek()?.filter(|byte| is_word(*byte) && tag.len() < 64) {
            tag.push(byte);
            self.bytes.skip()?;
        }
        if self.dialect != Dialect::Postgres || self.bytes.peek()? != Some(b'$') {
            return Ok(());
        }
        tag.push(b'$');
        self.bytes.skip()?;
        while !self.bytes.starts_with(&tag)? {
            if self.bytes.next()?.is_none() {
                return Err(unclosed("a body in dollars"));
            }
        }
        for _ in 0..tag.len() {
            self.bytes.skip()?;
        }
        Ok(())
    }

    /// Reads a name, and whether it was quoted.
    fn name(&mut self) -> Result<(String, bool), Fault> {
        let Some(quote) = self.bytes.peek()?.filter(|byte| is_quote(*byte)) else { return Ok((self.word()?, false)) };
        let mut name = Vec::new();
        self.bytes.skip()?;
        loop {
            match self.bytes.next()? {
                None => return Err(unclosed("a name")),
                Some(byte) if byte == quote => {
                    if self.bytes.peek()? != Some(quote) {
                        return Ok((String::from_utf8_lossy(&name).into_owned(), true));
                    }
                    self.bytes.skip()?;
                    name.push(quote);
                }
                Some(byte) => name.push(byte),
            }
            if name.len() > 1024 {
                return Err(unclosed("a name"));
            }
        }
    }

    fn word(&mut self) -> Result<String, Fault> {
        let mut word = Vec::new();
        while let Some(byte) = self.bytes.peek()?.filter(|byte| is_word(*byte)) {
            self.bytes.skip()?;
            if word.len() < 1024 {
                word.push(byte);
            }
        }
        Ok(String::from_utf8_lossy(&word).into_owned())
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'\'' | b'"' | b'`')
}

fn unclosed(what: &str) -> Fault {
    Fault::new(format!("expected the end of {what}, found the end of the dump"))
        .hint("the dump was cut off; or it is of another database than it seems")
}

/// Bytes with their place, some of which are kept.
struct Bytes<R> {
    reader: Source<R>,
    at: u64,
    kept: Option<Vec<u8>>,
}

impl<R: Read> Bytes<R> {
    fn peek(&mut self) -> Result<Option<u8>, Fault> {
        let at = self.at;
        loop {
            match self.reader.fill_buf() {
                Ok(bytes) => return Ok(bytes.first().copied()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(read_fault(&error, at)),
            }
        }
    }

    fn next(&mut self) -> Result<Option<u8>, Fault> {
        let Some(byte) = self.peek()? else { return Ok(None) };
        self.reader.consume(1);
        self.at += 1;
        if let Some(kept) = &mut self.kept {
            kept.push(byte);
            if kept.len() > MAX_PIECE_BYTES {
                return Err(Fault::new(format!("expected a row or a statement of at most {MAX_PIECE_BYTES} bytes")));
            }
        }
        Ok(Some(byte))
    }

    fn skip(&mut self) -> Result<(), Fault> {
        self.next().map(|_| ())
    }

    /// Whether these bytes come next.
    fn starts_with(&mut self, bytes: &[u8]) -> Result<bool, Fault> {
        Ok(self.peek()? == bytes.first().copied() && self.reader.peek(bytes.len()) == bytes)
    }

    /// Keeps what is read from here on.
    fn keep(&mut self) {
        self.kept = Some(Vec::new());
    }

    /// What was kept.
    fn kept(&mut self) -> Vec<u8> {
        self.kept.take().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pieces of a dump, each in short.
    fn pieces(dump: &str, dialect: Dialect) -> Result<Vec<String>, Fault> {
        let mut scanner = Scanner::new(dump.as_bytes(), dialect);
        let mut found = Vec::new();
        loop {
            let text = |raw: &[u8]| String::from_utf8_lossy(raw).into_owned();
            let is_there = |at: u64, raw: &[u8]| dump.as_bytes()[at as usize..].starts_with(raw);
            match scanner.next()? {
                Piece::Definition(sql) => {
                    found.push(format!("definition {}", sql.split_whitespace().nth(2).unwrap_or("")));
                }
                Piece::Start(start) => {
                    assert!(is_there(start.at, &start.head), "{start:?}");
                    found.push(format!("{}({})", start.table, start.columns.unwrap_or_default().join(" ")));
                }
                Piece::Tuple { at, raw, .. } | Piece::Line { at, raw } => {
                    assert!(is_there(at, &raw));
                    found.push(text(&raw));
                }
                Piece::End { at, raw } => {
                    assert!(dump.as_bytes()[..at as usize].ends_with(&raw) && raw.ends_with(b";"));
                    found.push("end".to_owned());
                }
                Piece::EndOfFile => return Ok(found),
            }
        }
    }

    #[test]
    fn rows_of_mysql_are_found() {
        let dump = "-- MySQL dump\n/*!40101 SET NAMES utf8 */;\nDROP TABLE IF EXISTS `t`;\nCREATE TABLE `t` (a int);\n\
            INSERT INTO `t` (`a`, `b``c`) VALUES (1,'x; \\'),(2'),\n(2,'it''s -- \"(' );\nDELIMITER ;;\n\
            CREATE TRIGGER x BEGIN INSERT INTO t VALUES (9); END ;;\nDELIMITER ;\n# (\ninsert ignore into db.u values(NULL);";

        let found = pieces(dump, Dialect::MySql).expect("it is sound");

        assert_eq!(
            found,
            [
                "definition `t`",
                "t(a b`c)",
                "(1,'x; \\'),(2')",
                "(2,'it''s -- \"(' )",
                "end",
                "definition x",
                "u()",
                "(NULL)",
                "end"
            ]
        );
    }

    #[test]
    fn rows_of_postgres_are_found() {
        let dump = "SET x = on;\n\\restrict abc\nCREATE FUNCTION f() AS $a$ INSERT INTO t VALUES (1); $a$;\n\
            COPY public.\"t\" (id, \"收件人\") FROM stdin;\n1\t王芳\r\n2\t\\N\n\\.\n\nCOPY t TO stdout;\n\
            INSERT INTO public.t VALUES (1, 'a\\', E'b\\'c', 'x'::text) ON CONFLICT DO NOTHING;\nINSERT INTO t SELECT 1;";

        let found = pieces(dump, Dialect::Postgres).expect("it is sound");

        assert_eq!(
            found,
            [
                "definition f()",
                "t(id 收件人)",
                "1\t王芳\r\n",
                "2\t\\N\n",
                "t()",
                "(1, 'a\\', E'b\\'c', 'x'::text)",
                "end"
            ]
        );
    }

    #[test]
    fn what_is_cut_off_is_refused() {
        for dump in [
            "INSERT INTO t VALUES (1,'",
            "INSERT INTO t VALUES (1",
            "INSERT INTO t VALUES (1)",
            "COPY t FROM stdin;\n1",
            "/*",
            "COPY t FROM stdin;\n1\n",
        ] {
            assert!(pieces(dump, Dialect::Postgres).is_err(), "{dump}");
        }
    }
}
