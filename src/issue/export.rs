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
            Kind::Workbook => refuse_compressed(order.output, "a workbook", "xlsx")?,
            Kind::Parquet => refuse_compressed(order.output, "a Parquet file", "parquet")?,
            Kind::OldWorkbook | Kind::Text => {}
        }
        Self::read(order.input, &question, folder(order.output))
    }

    /// Opens a file; temporary files go to `scratch` and have no names there.
    fn read(input: &Path, question: &Question<'_>, scratch: &Path) -> Result<Self> {
        let refused =
            |what: &str, hint: &str| Err(Fault::new(what).in_file(input.display().to_string()).hint(hint).into());
        let kind = kind(input)?;
        let is_dump = kind == Kind::Text && is_dump(input);
        if kind != Kind::Text || is_dump {
            refuse_text_options(question.options).map_err(|fault| fault.in_file(input.display().to_string()))?;
        }
        match kind {
            Kind::Workbook => Ok(Self::Workbook(Box::new(Workbook::open(input, question, scratch)?))),
            Kind::Parquet if question.part.is_some() => refused(
                "expected a workbook or a dump, found a Parquet file, which has no sheets and no tables",
                "leave --sheet or --table out",
            ),
            Kind::Parquet if question.options.header == Some(false) => {
                refused("a Parquet file names its columns, so it is not without a header", "leave --no-header out")
            }
            Kind::Parquet => Ok(Self::Parquet(Box::new(Table::open(input, scratch)?))),
            // its dates are numbers of days to whoever reads it here
            Kind::OldWorkbook => refused(
                "is an xls workbook, which `scan` reads, but nothing is planted into or learned from",
                "save it as xlsx or as CSV, and take that",
            ),
            Kind::Text if is_dump => Ok(Self::Dump(Box::new(Dump::open(file_source(input), question, scratch)?))),
            Kind::Text if question.part.is_some() => refused(
                "expected a workbook or a dump, found text, which has no sheets and no tables",
                "leave --sheet or --table out",
            ),
            Kind::Text => Ok(Self::Text(file_source(input))),
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
            Self::Parquet(table) => table.options(options),
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

/// An export's rows as text, whatever it is: for who reads them and plants nothing.
pub struct ExportRows(Export);

impl ExportRows {
    /// Opens an export: text, or the sheet of a workbook or the table of a dump that `part` names (by default the one with
    /// the most records), or Parquet. `columns` are the template's, if there is one. Temporary files go to `scratch`
    /// and have no names there.
    ///
    /// # Errors
    ///
    /// If it cannot be read as what it is, or if `options` are not for what it is.
    pub fn open(
        input: &Path,
        part: Option<&str>,
        columns: &[ColumnSpec],
        options: &Options,
        scratch: &Path,
    ) -> Result<Self> {
        Ok(Self(Export::read(input, &Question { part, columns, options }, scratch)?))
    }

    /// The rows.
    pub fn source(&self) -> &dyn Source {
        self.0.source()
    }

    /// How to read them, by what the operator says of the export.
    pub fn options(&self, options: &Options) -> Options {
        self.0.options(options)
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
    kind(path)?;
    Ok(())
}

/// Refuses what is no text, for who reads text alone.
pub(crate) fn refuse_containers(path: &Path) -> std::result::Result<(), Fault> {
    let what = match kind(path)? {
        Kind::Text => return Ok(()),
        Kind::Workbook => "a workbook, or another archive",
        Kind::OldWorkbook => "an xls workbook",
        Kind::Parquet => "a Parquet file",
    };
    Err(Fault::new(format!("expected text, found {what}"))
        .in_file(path.display().to_string())
        .hint("save its rows as CSV, and take that"))
}

/// Tells what a file is by its first bytes.
fn kind(path: &Path) -> std::result::Result<Kind, Fault> {
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

/// Refuses what is said of text where there is none.
fn refuse_text_options(options: &Options) -> std::result::Result<(), Fault> {
    if options.encoding.is_none() && options.delimiter.is_none() {
        return Ok(());
    }
    Err(Fault::new("found a workbook, a dump or a Parquet file, of which no encoding and no delimiter need to be said")
        .hint("leave --encoding and --delimiter out; they are for text"))
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
