//! A file before it has its name, and the disk it is on.

use std::cell::RefCell;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::{Result, compression_of};
use crate::fault::Fault;
use crate::plant::{FileSource, Packer, Plan, Source as _};
use crate::registry::PlantedRows;

/// A file that does not have its name yet; removed when dropped.
pub(crate) struct Partial {
    pub(super) path: PathBuf,
    pub(super) released: bool,
}

impl Partial {
    /// Creates it beside the place where it will have its name.
    pub(super) fn create(output: &Path) -> std::result::Result<(Self, File), Fault> {
        let name = output.file_name().ok_or_else(|| Fault::new("the output has no file name"))?;
        let path = output.with_file_name(format!(".{}.trapline-partial", name.to_string_lossy()));
        // A leftover of a run that was killed: its planting, if any, makes the same file again.
        let _ = fs::remove_file(&path);
        let file = OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| disk(output, &error))?;
        Ok((Self { path, released: false }, file))
    }

    pub(crate) fn release(mut self, output: &Path) -> std::result::Result<(), Fault> {
        fs::rename(&self.path, output).map_err(|error| disk(output, &error))?;
        self.released = true;
        // The rename itself must survive a power cut before it is recorded.
        let dir = output.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(|error| disk(output, &error))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.released {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Writes the planted file under its temporary name.
pub(super) fn weave(output: &Path, source: &FileSource, plan: &Plan) -> Result<(Partial, PlantedRows)> {
    let input = source.open()?;
    let compression = compression_of(output).unwrap_or(input.compression());
    let failed = |error: io::Error| disk(output, &error);
    let (partial, woven) = write_partial(output, |file| {
        let mut packer = Packer::new(file, compression).map_err(failed)?;
        let woven = plan.weave(input, &mut packer)?;
        packer.finish().map_err(failed)?;
        Ok(woven)
    })?;
    Ok((partial, woven.rows))
}

/// Writes a file under its temporary name, durably. What the disk itself says
/// comes before what `write` makes of it.
pub(crate) fn write_partial<T>(
    output: &Path,
    write: impl FnOnce(&mut dyn Write) -> std::result::Result<T, Fault>,
) -> std::result::Result<(Partial, T), Fault> {
    let (partial, file) = Partial::create(output)?;
    let errors = RefCell::new(None);
    let mut buffered = BufWriter::with_capacity(1 << 20, Noted { inner: file, error: &errors });
    let written = write(&mut buffered);
    let finished = buffered.into_inner().map_err(io::IntoInnerError::into_error);
    if let Some(error) = errors.take() {
        return Err(disk(output, &error));
    }
    let written = written?;
    let file = finished.map_err(|error| disk(output, &error))?.inner;
    file.sync_all().map_err(|error| disk(output, &error))?;
    Ok((partial, written))
}

/// Remembers the disk's own error, which layers above would rephrase.
struct Noted<'a> {
    inner: File,
    error: &'a RefCell<Option<io::Error>>,
}

impl Noted<'_> {
    fn note<T>(&self, result: io::Result<T>) -> io::Result<T> {
        result.inspect_err(|error| {
            let copy = error.raw_os_error().map_or_else(|| io::Error::from(error.kind()), io::Error::from_raw_os_error);
            *self.error.borrow_mut() = Some(copy);
        })
    }
}

impl Write for Noted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.inner.write(bytes);
        self.note(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.inner.flush();
        self.note(result)
    }
}

/// An error of the output's disk, with the way out.
pub(super) fn disk(path: &Path, error: &io::Error) -> Fault {
    let fault = Fault::new(format!("the output cannot be written: {error}")).in_file(path.display().to_string());
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            fault.hint("make room and run the same command again; nothing was released")
        }
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            fault.hint("choose an output folder that can be written; nothing was released")
        }
        _ => fault.hint("nothing was released; run the same command again"),
    }
}
