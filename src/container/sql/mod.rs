//! Dumps of databases: `INSERT` in its two forms, and PostgreSQL's `COPY`.
//!
//! A dump is text, so invariant 2 holds to the byte: what is planted is one more
//! row of a statement, one more statement or one more line, and nothing else
//! changes. What a table must not hold twice (an id) is given a value of its own:
//! one between the neighbours' where there is one, else the next at the end.

mod ids;
mod mode;
mod scanner;
mod table;
mod values;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::Question;
use super::view::{self, Place, View, ViewWriter};
use crate::fault::Fault;
use crate::plant::{FileSource, Insertion, Plan, Source as _, role_named};
use crate::record::ColumnRole;
use crate::rules::hex;
use ids::{Ids, Neighbours};
use scanner::{Piece, Scanner, Start};
use table::Definition;
use values::{Dialect, Habit, Value};

/// A table that is looked for costs memory.
const MAX_TABLES: usize = 100_000;
/// Of a dump, what its dialect is told from.
const HEAD_BYTES: u64 = 1 << 20;

/// A dump, a table of it, and that table's rows as text.
pub(crate) struct Dump {
    source: FileSource,
    dialect: Dialect,
    habit: Habit,
    table: String,
    columns: Vec<String>,
    definition: Definition,
    /// Whether most statements have one row.
    is_single: bool,
    newline: &'static str,
    ids: Ids,
    view: View,
    hash: String,
    bytes: u64,
}

/// What a pass over a dump saw of a table.
#[derive(Clone, Debug, Default)]
struct Table {
    columns: Option<Vec<String>>,
    rows: u64,
    statements: u64,
    definition: Definition,
}

/// Tells whether a text is a dump, by its first bytes.
pub(crate) fn is_dump(head: &[u8]) -> bool {
    const FIRST: [&str; 15] = [
        "INSERT ",
        "REPLACE INTO ",
        "CREATE TABLE ",
        "CREATE DATABASE ",
        "CREATE SCHEMA ",
        "DROP TABLE ",
        "DROP DATABASE ",
        "SET ",
        "PRAGMA ",
        "BEGIN",
        "START TRANSACTION",
        "USE ",
        "COPY ",
        "LOCK TABLES ",
        "SELECT PG_CATALOG",
    ];
    let text = String::from_utf8_lossy(head);
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        let is_line =
            rest.starts_with("--") || rest.starts_with('#') || rest.starts_with('\\') || rest.starts_with(';');
        let end = match () {
            () if rest.starts_with("/*") => rest.find("*/").map(|at| at + 2),
            () if is_line => Some(rest.find('\n').unwrap_or(rest.len())),
            () => break,
        };
        let Some(end) = end else { return false };
        rest = rest[end..].trim_start();
    }
    let upper = |line: &str| line.chars().take(200).collect::<String>().to_ascii_uppercase();
    let first = upper(rest.lines().next().unwrap_or_default());
    FIRST.iter().any(|start| first.starts_with(start))
        && rest.lines().map(upper).any(|line| {
            let copies = line.starts_with("COPY ") && line.contains(" FROM STDIN");
            line.starts_with("INSERT ")
                || line.starts_with("REPLACE INTO ")
                || line.starts_with("CREATE TABLE ")
                || copies
        })
}

impl Dump {
    /// Opens a dump and chooses the table that `question` names, or the one with the most rows.
    pub(crate) fn open(source: FileSource, question: &Question<'_>, scratch: &Path) -> Result<Self, Fault> {
        let file = source.name();
        Self::read(source, question, scratch)
            .map_err(|fault| if fault.file.is_some() { fault } else { fault.in_file(file) })
    }

    fn read(source: FileSource, question: &Question<'_>, scratch: &Path) -> Result<Self, Fault> {
        let mut head = Vec::new();
        let unread = |error: io::Error| crate::plant::read_fault(&error, 0);
        source.open()?.take(HEAD_BYTES).read_to_end(&mut head).map_err(unread)?;
        if std::str::from_utf8(&head)
            .is_err_and(|error| error.error_len().is_some() && error.valid_up_to() < head.len().min(4096))
        {
            return Err(
                Fault::new("expected a dump in UTF-8").hint("write it again in UTF-8, or convert it with iconv")
            );
        }
        let dialect = Dialect::of(&head)?;
        let (tables, hash, bytes) = survey(&source, dialect)?;
        let (name, table) = choose(tables, question)?;
        let columns = names(&table, question);
        let mut dump = Self {
            dialect,
            habit: Habit::learn(&head, dialect),
            is_single: table.statements * 2 > table.rows,
            newline: if memchr::memmem::find(&head, b"\r\n").is_some() { "\r\n" } else { "\n" },
            ids: Ids::new(columns.len(), &keys(&columns, &table.definition)),
            view: ViewWriter::new(scratch).finish("")?,
            table: name,
            columns,
            definition: table.definition,
            source,
            hash,
            bytes,
        };
        dump.render(table.columns.as_deref(), scratch)?;
        Ok(dump)
    }

    fn render(&mut self, listed: Option<&[String]>, scratch: &Path) -> Result<(), Fault> {
        let mut writer = ViewWriter::new(scratch);
        if !self.columns.is_empty() {
            writer.header(&self.columns)?;
        }
        let mut is_ours = false;
        let mut scanner = Scanner::new(self.source.open()?, self.dialect);
        loop {
            let (at, values) = match scanner.next()? {
                Piece::Start(start) => {
                    is_ours = start.table == self.table;
                    if is_ours && start.columns.as_deref() != listed {
                        return Err(Fault::new(format!(
                            "expected the rows of table {:?} to name the same columns everywhere",
                            self.table
                        ))
                        .at_byte(start.at)
                        .hint("dump the table by itself, with one program"));
                    }
                    continue;
                }
                Piece::Tuple { at, raw, .. } if is_ours => (at, values::tuple(&raw, self.dialect)?),
                Piece::Line { at, raw } if is_ours => (at, values::line(content(&raw))),
                Piece::EndOfFile => break,
                _ => continue,
            };
            let fields: Vec<String> = values.into_iter().map(|value| value.text).collect();
            self.ids.push(&fields);
            // a single empty column would be a blank line
            writer.record(&fields, at, false)?;
        }
        self.ids.finish();
        self.view = writer.finish(&format!("{}!{}", self.source.name(), self.table))?;
        Ok(())
    }

    /// The table's rows as text.
    pub(crate) fn view(&self) -> &View {
        &self.view
    }

    pub(crate) fn table(&self) -> &str {
        &self.table
    }

    /// Hash and length of the dump.
    pub(crate) fn content(&self) -> (&str, u64) {
        (&self.hash, self.bytes)
    }

    pub(crate) fn source(&self) -> &FileSource {
        &self.source
    }

    /// What was planted into the rows as text, as rows of the dump; and all that the operator should know.
    pub(crate) fn plan(&self, plan: &Plan) -> Result<(Plan, Vec<String>), Fault> {
        let places = self.view.places(plan.inserted());
        let found = Found::gather(self, &places)?;
        let filled: Vec<usize> = plan.survey().columns.iter().map(|column| column.number - 1).collect();
        let marks = |column: usize| {
            let marked = plan.survey().columns.iter().find(|other| other.number == column + 1);
            marked.is_some_and(|column| matches!(column.role, ColumnRole::Number | ColumnRole::Phone(_)))
        };
        let columns = self.ids.columns(&self.columns, &self.definition, &filled, &marks)?;
        let neighbours: Vec<Neighbours> =
            places.iter().map(|place| found.neighbours(self, place)).collect::<Result<_, _>>()?;
        let (mut hints, mut settled) = (Vec::new(), Vec::new());
        let mut given: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for column in columns {
            let (ids, hint) = self.ids.give(column, &neighbours, &self.label(column))?;
            hints.push(hint);
            given.insert(column, ids);
            settled.push(self.label(column));
        }
        let mut insertions = Vec::with_capacity(places.len());
        for (at, (place, insertion)) in places.iter().zip(plan.inserted()).enumerate() {
            let mut new = view::fields(&insertion.bytes)?;
            for (column, ids) in &given {
                if let Some(field) = new.get_mut(*column) {
                    field.clone_from(&ids[at]);
                }
            }
            insertions.push(found.insertion(self, place, &new, insertion.is_from_behind)?);
        }
        let unsettled =
            |hint: &&String| !settled.iter().any(|label| hint.starts_with(&format!("{label} differs in every row")));
        hints.extend(plan.survey().hints.iter().filter(unsettled).cloned());
        Ok((plan.moved(insertions, &self.hash, self.bytes), hints))
    }

    fn label(&self, column: usize) -> String {
        self.columns.get(column).cloned().unwrap_or_else(|| format!("column {}", column + 1))
    }

    /// The values of a row.
    fn values(&self, row: &FoundRow) -> Result<Vec<Value>, Fault> {
        if row.is_copy { Ok(values::line(content(&row.raw))) } else { values::tuple(&row.raw, self.dialect) }
    }

    /// A donor's row with other values.
    fn row(&self, donor: &FoundRow, new: &[String]) -> Result<Vec<u8>, Fault> {
        let old = self.values(donor)?;
        if old.len() != new.len() {
            return Err(Fault::new(format!("expected a planted row of {} values, found {}", old.len(), new.len())));
        }
        let mut row = Vec::with_capacity(donor.raw.len() + 64);
        let mut at = 0;
        for (value, new) in old.iter().zip(new).filter(|(value, new)| value.text != **new) {
            let raw = &donor.raw[value.at.clone()];
            let written = match donor.is_copy {
                true => values::copied(new, value.form),
                false => values::written(new, raw, value.form, self.dialect, self.habit),
            };
            row.extend_from_slice(&donor.raw[at..value.at.start]);
            row.extend_from_slice(written.as_bytes());
            at = value.at.end;
        }
        row.extend_from_slice(&donor.raw[at..]);
        Ok(row)
    }
}

/// The columns of keys.
fn keys(columns: &[String], definition: &Definition) -> Vec<usize> {
    let names: Vec<&String> = definition.keys.iter().flatten().collect();
    let of_table = |column: &usize| definition.columns.get(*column).is_some_and(|(name, _)| names.contains(&name));
    (0..columns.len()).filter(|column| names.contains(&&columns[*column]) || of_table(column)).collect()
}

/// A row of `COPY` without its line end.
fn content(raw: &[u8]) -> &[u8] {
    let line = raw.strip_suffix(b"\n").unwrap_or(raw);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// A row that planted ones stand beside or are made from.
#[derive(Clone, Debug, Default)]
struct FoundRow {
    at: u64,
    raw: Vec<u8>,
    is_copy: bool,
    /// Its statement, by place.
    statement: usize,
    /// The row behind it.
    next: Option<u64>,
}

/// A statement with such rows.
#[derive(Clone, Debug, Default)]
struct Statement {
    at: u64,
    head: Vec<u8>,
    /// What stands between its first two rows.
    gap: Option<Vec<u8>>,
    /// What stands behind its last row, and where that ends.
    tail: Vec<u8>,
    end: u64,
}

/// All that is needed of a dump to write planted rows.
struct Found {
    rows: BTreeMap<u64, FoundRow>,
    statements: Vec<Statement>,
    /// What stands between rows in any statement.
    gap: Vec<u8>,
}

impl Found {
    fn gather(dump: &Dump, places: &[Place]) -> Result<Self, Fault> {
        let mut wanted: Vec<u64> =
            places.iter().flat_map(|place| [place.before.unwrap_or(dump.view.first()), place.donor]).collect();
        wanted.sort_unstable();
        let mut found = Self { rows: BTreeMap::new(), statements: Vec::new(), gap: b",".to_vec() };
        let (mut is_ours, mut is_copy, mut rows, mut last) = (false, false, 0u64, None);
        let mut has_gap = false;
        let mut scanner = Scanner::new(dump.source.open()?, dump.dialect);
        loop {
            let (at, raw) = match scanner.next()? {
                Piece::Start(Start { table, at, head, is_copy: copies, .. }) => {
                    is_ours = table == dump.table;
                    (is_copy, rows) = (copies, 0);
                    found.statements.extend(is_ours.then(|| Statement { at, head, ..Statement::default() }));
                    continue;
                }
                Piece::Tuple { at, raw, gap } if is_ours => {
                    if rows == 1 {
                        if let Some(statement) = found.statements.last_mut() {
                            statement.gap = Some(gap.clone());
                        }
                        if !has_gap {
                            found.gap = gap;
                            has_gap = true;
                        }
                    }
                    (at, raw)
                }
                Piece::Line { at, raw } if is_ours => (at, raw),
                Piece::End { at, raw } if is_ours => {
                    if let Some(statement) = found.statements.last_mut() {
                        (statement.end, statement.tail) = (at, raw);
                    }
                    found.forget_statement();
                    continue;
                }
                Piece::EndOfFile => return Ok(found),
                _ => continue,
            };
            rows += 1;
            if let Some(row) = last.take().and_then(|last| found.rows.get_mut(&last)) {
                row.next = Some(at);
                // its values are asked for, too
                let next =
                    FoundRow { at, raw: raw.clone(), is_copy, statement: found.statements.len() - 1, next: None };
                found.rows.entry(at).or_insert(next);
            }
            if wanted.binary_search(&at).is_ok() {
                let row = FoundRow { at, raw, is_copy, statement: found.statements.len() - 1, next: None };
                found.rows.insert(at, row);
                last = Some(at);
            }
        }
    }

    /// Forgets a statement that no row is kept of: a dump of single rows has millions.
    fn forget_statement(&mut self) {
        let last = self.statements.len().saturating_sub(1);
        let is_used = self.rows.values().next_back().is_some_and(|row| row.statement == last);
        if !is_used {
            self.statements.pop();
        }
    }

    fn get(&self, at: u64) -> Result<&FoundRow, Fault> {
        self.rows.get(&at).ok_or_else(|| {
            Fault::new("the dump changed while it was read").hint("plant again when nobody writes to it")
        })
    }

    /// What the rows around a place say.
    fn neighbours(&self, dump: &Dump, place: &Place) -> Result<Neighbours, Fault> {
        let texts = |row: &FoundRow| Ok(dump.values(row)?.into_iter().map(|value| value.text).collect::<Vec<_>>());
        let before = place.before.map(|at| self.get(at)).transpose()?;
        let after = match before {
            Some(before) => before.next,
            None => Some(dump.view.first()),
        };
        Ok(Neighbours {
            before: before.map(texts).transpose()?,
            after: after.map(|at| self.get(at)).transpose()?.map(texts).transpose()?,
        })
    }

    /// The bytes of a planted row and their place.
    fn insertion(&self, dump: &Dump, place: &Place, new: &[String], is_from_behind: bool) -> Result<Insertion, Fault> {
        let row = dump.row(self.get(place.donor)?, new)?;
        let beside = self.get(place.before.unwrap_or(dump.view.first()))?;
        if beside.is_copy != self.get(place.donor)?.is_copy {
            return Err(Fault::new("the table's rows are partly in INSERT and partly in COPY")
                .hint("dump the table by itself, with one program"));
        }
        let is_behind = place.before.is_some();
        let end = beside.at + beside.raw.len() as u64;
        let statement = self.statements.get(beside.statement).cloned().unwrap_or_default();
        let newline = dump.newline.as_bytes();
        let (at, parts): (u64, Vec<&[u8]>) = match (beside.is_copy, dump.is_single) {
            (true, _) => (if is_behind { end } else { beside.at }, vec![&row]),
            (false, true) if is_behind => (statement.end, vec![newline, &statement.head, &row, &statement.tail]),
            (false, true) => (statement.at, vec![&statement.head, &row, &statement.tail, newline]),
            (false, false) => {
                let gap = statement.gap.as_ref().unwrap_or(&self.gap);
                if is_behind { (end, vec![gap, &row]) } else { (beside.at, vec![&row, gap]) }
            }
        };
        Ok(Insertion { at, bytes: parts.concat(), is_from_behind })
    }
}

/// Reads a dump once: its tables, its hash and its length.
fn survey(source: &FileSource, dialect: Dialect) -> Result<(BTreeMap<String, Table>, String, u64), Fault> {
    let mut hashed = Hashed { inner: source.open()?, sha: Sha256::new(), bytes: 0 };
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    let mut scanner = Scanner::new(&mut hashed, dialect);
    let mut current = String::new();
    loop {
        match scanner.next()? {
            Piece::Definition(sql) => {
                let Some((name, definition)) = table::read(&sql) else { continue };
                let table = tables.entry(name).or_default();
                table.definition.columns.extend(definition.columns);
                table.definition.keys.extend(definition.keys);
            }
            Piece::Start(start) => {
                let table = tables.entry(start.table.clone()).or_default();
                table.statements += u64::from(!start.is_copy);
                if table.rows == 0 {
                    table.columns = start.columns;
                }
                current = start.table;
            }
            Piece::Tuple { .. } | Piece::Line { .. } => {
                if let Some(table) = tables.get_mut(&current) {
                    table.rows += 1;
                }
            }
            Piece::End { .. } => {}
            Piece::EndOfFile => break,
        }
        if tables.len() > MAX_TABLES {
            return Err(Fault::new(format!("expected at most {MAX_TABLES} tables")));
        }
    }
    drop(scanner);
    Ok((tables, hex(&hashed.sha.finalize()), hashed.bytes))
}

/// Hashes what is read through it.
struct Hashed<R> {
    inner: R,
    sha: Sha256,
    bytes: u64,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.sha.update(&into[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}

fn choose(tables: BTreeMap<String, Table>, question: &Question<'_>) -> Result<(String, Table), Fault> {
    let listed =
        tables.iter().filter(|(_, table)| table.rows > 0).map(|(name, table)| format!("{name} ({} rows)", table.rows));
    let listed = format!("the dump has rows of {}", listed.take(50).collect::<Vec<_>>().join(", "));
    if let Some(name) = question.part {
        let unqualified = name.rsplit('.').next().unwrap_or(name);
        let found = tables.into_iter().find(|(other, table)| table.rows > 0 && (other == name || other == unqualified));
        return found.ok_or_else(|| Fault::new(format!("expected rows of a table {name:?}, found none")).hint(listed));
    }
    let carries = |table: &Table| {
        let roles = names(table, question);
        let mut roles = roles.iter().filter_map(|name| role_named(name, question.columns, &question.options.map));
        roles.any(|role| matches!(role, ColumnRole::Number | ColumnRole::Phone(_)))
    };
    let ours = tables.into_iter().filter(|(_, table)| table.rows > 0 && carries(table));
    ours.max_by_key(|(_, table)| table.rows).ok_or_else(|| {
        Fault::new("expected a table with a column for a phone or a waybill number, found none")
            .hint(format!("name the table with --table and the column with --map recipient.phone=COLUMN; {listed}"))
    })
}

/// What the columns of a table are called: a comment that says what a column is for wins over a name that does not.
fn names(table: &Table, question: &Question<'_>) -> Vec<String> {
    let role = |name: &str| role_named(name, question.columns, &question.options.map);
    let defined = |name: &String| {
        let comment =
            table.definition.columns.iter().find(|(other, _)| other == name).and_then(|(_, comment)| comment.clone());
        comment.filter(|comment| role(name).is_none() && role(comment).is_some()).unwrap_or_else(|| name.clone())
    };
    match &table.columns {
        Some(columns) => columns.iter().map(defined).collect(),
        None => table.definition.columns.iter().map(|(name, _)| defined(name)).collect(),
    }
}
