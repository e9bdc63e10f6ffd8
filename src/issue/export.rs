//! What is planted into: text as it stands, or a container's rows as text.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::partial::{Partial, disk, weave};
use super::{Order, Result, content_hash, file_source};
use crate::container::parquet::{self, Table};
use crate::container::sql::{self, Dump};
use crate::container::xlsx::{self, Workbook};
use crate::container::{Kind, Question};
use crate::fault::Fault;
use crate::plant::{self, ColumnSpec, FileSource, Mismatch, Options, Plan, Source, Survey, Verified};
use crate::registry::{Inside, PlantedRows, PlantingRow};

/// An export, open to be planted into.
pub(super) enum Export {
    Text(FileSource),
    Workbook(Box<Workbook>),
    Dump(Box<Dump>),
    Parquet(Box<Table>),
}

impl Export {
    /// Opens an order's input; `columns` are the template's.
    pub(super) fn open(order: &Order<'_>, columns: &[ColumnSpec]) -> Result<Self> {
        let question = Question { part: order.part, columns, options: order.options };
        match kind(order.input)? {
            Kind::Workbook => {
                refuse_compressed(order.output, "a workbook", "xlsx")?;
                Ok(Self::Workbook(Box::new(Workbook::open(order.input, &question, folder(order.output))?)))
            }
            Kind::Parquet => {
                refuse_compressed(order.output, "a Parquet file", "parquet")?;
                if order.part.is_some() {
                    return Err(Fault::new(
                        "expected a workbook or a dump, found a Parquet file, which has no sheets and no tables",
                    )
                    .in_file(order.input.display().to_string())
                    .hint("leave --sheet or --table out")
                    .into());
                }
                Ok(Self::Parquet(Box::new(Table::open(order.input, folder(order.output))?)))
            }
            Kind::OldWorkbook => Err(Fault::new("is an xls workbook, which is read but not planted into")
                .in_file(order.input.display().to_string())
                .hint("save it as xlsx or as CSV, and plant into that")
                .into()),
            Kind::Text if is_dump(order.input) => {
                let dump = Dump::open(file_source(order.input), &question, folder(order.output))?;
                Ok(Self::Dump(Box::new(dump)))
            }
            Kind::Text if order.part.is_some() => {
                Err(Fault::new("expected a workbook or a dump, found text, which has no sheets and no tables")
                    .in_file(order.input.display().to_string())
                    .hint("leave --sheet or --table out")
                    .into())
            }
            Kind::Text => Ok(Self::Text(file_source(order.input))),
        }
    }

    /// Hash of the content, however it is packed.
    pub(super) fn content_hash(&self) -> Result<String> {
        match self {
            Self::Text(source) => content_hash(source),
            Self::Workbook(book) => Ok(book.unfolded().hash.clone()),
            Self::Dump(dump) => Ok(dump.content().0.to_owned()),
            Self::Parquet(table) => Ok(table.unfolded().hash.clone()),
        }
    }

    /// The rows as text.
    pub(super) fn source(&self) -> &dyn Source {
        match self {
            Self::Text(source) => source,
            Self::Workbook(book) => &book.view().text,
            Self::Dump(dump) => &dump.view().text,
            Self::Parquet(table) => &table.view().text,
        }
    }

    /// How to read that text, by what the operator says.
    pub(super) fn options(&self, options: &Options) -> Options {
        match self {
            Self::Text(_) => options.clone(),
            Self::Workbook(book) => book.view().options(options),
            Self::Dump(dump) => dump.view().options(options),
            Self::Parquet(table) => table.view().options(options),
        }
    }

    /// The part of the export that was chosen.
    pub(super) fn part(&self) -> Option<String> {
        match self {
            Self::Text(_) | Self::Parquet(_) => None,
            Self::Workbook(book) => Some(format!("sheet {:?}", book.sheet())),
            Self::Dump(dump) => Some(format!("table {:?}", dump.table())),
        }
    }

    /// A plan for the rows as text, as one for the export itself where that is a text, too; with hash, length and hints
    /// of the export.
    pub(super) fn settle(&self, plan: Plan) -> Result<(Plan, Survey)> {
        let mut survey = plan.survey().clone();
        let (hash, bytes, hints, plan) = match self {
            Self::Text(_) => return Ok((plan, survey)),
            Self::Workbook(book) => {
                let hints = book.hints().into_iter().chain(plan.survey().hints.clone()).collect();
                (&*book.unfolded().hash, book.unfolded().bytes, hints, plan)
            }
            Self::Parquet(table) => {
                let hints = table.hints().into_iter().chain(plan.survey().hints.clone()).collect();
                (&*table.unfolded().hash, table.unfolded().bytes, hints, plan)
            }
            Self::Dump(dump) => {
                let ((hash, bytes), (plan, hints)) = (dump.content(), dump.plan(&plan)?);
                (hash, bytes, hints, plan)
            }
        };
        hash.clone_into(&mut survey.input_hash);
        survey.input_bytes = bytes;
        survey.hints = hints;
        Ok((plan, survey))
    }

    /// Writes the planted export under a temporary name.
    pub(super) fn weave(&mut self, output: &Path, plan: &Plan) -> Result<(Partial, PlantedRows)> {
        match self {
            Self::Text(source) => weave(output, source, plan),
            Self::Dump(dump) => weave(output, dump.source(), plan),
            Self::Workbook(book) => {
                let (partial, file) = Partial::create(output)?;
                let failed = |error| disk(output, &error);
                let (file, woven) = book.weave(plan, file, &failed)?;
                file.sync_all().map_err(|error| disk(output, &error))?;
                let rows = xlsx::prove(&partial.path, woven, plan, book.unfolded())
                    .map_err(|fault| Fault { file: Some(output.display().to_string()), ..fault })?;
                Ok((partial, rows))
            }
            Self::Parquet(table) => {
                let (partial, file) = Partial::create(output)?;
                let failed = |error| disk(output, &error);
                let (file, woven) = table.weave(plan, file, &failed)?;
                file.sync_all().map_err(|error| disk(output, &error))?;
                let rows = parquet::prove(&partial.path, woven, plan, table.unfolded())
                    .map_err(|fault| Fault { file: Some(output.display().to_string()), ..fault })?;
                Ok((partial, rows))
            }
        }
    }
}

/// Proves that a file is a planting: every planted row is there, and without them it is the original.
///
/// # Errors
///
/// If it cannot be read as what was planted into. What is wrong with it otherwise is the [`Mismatch`].
pub fn verify(
    path: &Path,
    planting: &PlantingRow,
    rows: &PlantedRows,
) -> Result<std::result::Result<Verified, Mismatch>> {
    let (hash, bytes) = (&planting.input_hash, planting.input_bytes);
    match &rows.inside {
        None => Ok(plant::verify(file_source(path).open()?, rows, hash, bytes)),
        Some(Inside::Xlsx(place)) if kind(path)? == Kind::Workbook => Ok(xlsx::verify(path, place, rows, hash, bytes)?),
        Some(Inside::Parquet(place)) if kind(path)? == Kind::Parquet => {
            Ok(parquet::verify(path, place, rows, hash, bytes)?)
        }
        Some(Inside::Parquet(_)) => Err(Fault::new("expected the planted Parquet file, found another kind of file")
            .in_file(path.display().to_string())
            .hint("what was exported from it as text cannot be proven, but `trapline trace` and `scan` find it")
            .into()),
        Some(Inside::Xlsx(_)) => Err(Fault::new("expected the planted workbook, found another kind of file")
            .in_file(path.display().to_string())
            .hint("what was exported from it as text cannot be proven, but `trapline trace` and `scan` find it")
            .into()),
    }
}

/// Hash of a file's content, however it is packed.
pub(super) fn hash_of(path: &Path) -> Result<String> {
    match kind(path)? {
        Kind::Workbook => Ok(xlsx::unfolded(path)?.hash),
        _ => content_hash(&file_source(path)),
    }
}

/// Refuses a file that cannot even be opened.
pub(super) fn refuse_unreadable(path: &Path) -> Result<()> {
    kind(path).map(|_| ())
}

/// Tells what a file is by its first bytes.
fn kind(path: &Path) -> Result<Kind> {
    let mut head = Vec::with_capacity(8);
    File::open(path).and_then(|file| file.take(8).read_to_end(&mut head)).map_err(|error| {
        Fault::new(format!("cannot be read: {error}"))
            .in_file(path.display().to_string())
            .hint("check the path and its permissions")
    })?;
    Ok(Kind::of(&head))
}

/// Whether a text is a dump of a database. What cannot be read is none: whoever reads it next says why.
fn is_dump(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = file_source(path).open().map(|input| input.take(1 << 20).read_to_end(&mut head));
    read.is_ok_and(|read| read.is_ok()) && sql::is_dump(&head)
}

fn refuse_compressed(output: &Path, what: &str, ending: &str) -> Result<()> {
    match super::compression_of(output) {
        None => Ok(()),
        Some(_) => Err(Fault::new(format!("{what} is compressed already, and nobody looks for one in .gz or .zst"))
            .in_file(output.display().to_string())
            .hint(format!("give -o a name that ends in .{ending}"))
            .into()),
    }
}

/// The folder that a file is in.
fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
