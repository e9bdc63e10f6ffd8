//! Scrubbing a file on a disk.

use std::path::Path;

use super::{Known, Mode, Scrubbed, scrub};
use crate::fault::Fault;
use crate::issue::{compression_of, refuse_containers, same_file, write_partial};
use crate::plant::{ColumnSpec, FileSource, Options, Packer, Source as _};

/// Scrubs one file into another, which gets its name when all of it is there.
///
/// It is compressed as its name says, else as the input is.
///
/// # Errors
///
/// As [`scrub`], and when the output exists or cannot be written. Then there is
/// no output.
pub fn scrub_file(
    input: &FileSource,
    output: &Path,
    known: &dyn Known,
    templates: &[Vec<ColumnSpec>],
    mode: &Mode,
    options: &Options,
) -> Result<Scrubbed, Fault> {
    let shown = output.display().to_string();
    if same_file(&input.path, output) {
        return Err(Fault::new("the input and the output are the same file; an original is never changed")
            .in_file(shown)
            .hint("choose another path with -o"));
    }
    if output.exists() {
        return Err(Fault::new("the output exists already")
            .in_file(shown)
            .hint("remove it, or choose another path with -o"));
    }
    let named = |fault: Fault| if fault.file.is_some() { fault } else { fault.in_file(input.name()) };
    refuse_containers(&input.path).map_err(named)?;
    let opened = input.open().map_err(named)?;
    let compression = compression_of(output).unwrap_or(opened.compression());
    let (partial, done) = write_partial(output, |file| {
        let mut packer = Packer::new(file, compression).map_err(|error| Fault::new(error.to_string()))?;
        let done = scrub(opened, &mut packer, known, templates, mode, options).map_err(named)?;
        packer.finish().map_err(|error| Fault::new(error.to_string()))?;
        Ok(done)
    })?;
    partial.release(output)?;
    Ok(done)
}
