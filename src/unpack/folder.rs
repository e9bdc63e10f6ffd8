//! Files and folders at the top.

use super::budget::Budget;
use super::defect;
use super::kind::{HEAD_BYTES, Kind};
use super::name;
use super::tally::Tally;
use super::walk::Walk;
use super::{Item, Sink, Stop, Totals, Unpacker};
use crate::fault::Fault;
use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

pub(super) fn unpack(unpacker: &Unpacker<'_>, path: &Path, sink: &mut dyn Sink) -> Result<Totals, Stop> {
    let mut totals = Totals::default();
    // a stack of our own: a folder may be nested deeper than the thread's
    let mut due = vec![path.to_owned()];
    while let Some(path) = due.pop() {
        let name = name::shown(path.as_os_str().as_encoded_bytes());
        match visit(unpacker, &path, &name, sink, &mut totals)? {
            Ok(below) => due.extend(below.into_iter().rev()),
            Err(fault) => {
                totals.faults += 1;
                sink.fault(fault.in_file(name));
            }
        }
    }
    Ok(totals)
}

/// Unpacks a file, or returns what is in a folder, in order.
fn visit(
    unpacker: &Unpacker<'_>,
    path: &Path,
    name: &str,
    sink: &mut dyn Sink,
    totals: &mut Totals,
) -> Result<Result<Vec<PathBuf>, Fault>, Stop> {
    let kind = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata.file_type(),
        Err(error) => return Ok(Err(defect::unreadable(&error))),
    };
    if kind.is_symlink() {
        return Ok(Err(Fault::new("is a symbolic link, which is not followed").hint("name what it points to")));
    }
    if kind.is_dir() {
        return Ok(list(path).map_err(|error| defect::unreadable(&error)));
    }
    if !kind.is_file() {
        return Ok(Err(Fault::new("is neither a file nor a folder").hint("pipe it into standard input")));
    }
    match open(path) {
        Ok((file, kind, bytes)) => {
            totals.add(&unpack_file(unpacker, path, name, file, kind, bytes, sink)?);
            Ok(Ok(Vec::new()))
        }
        Err(error) => Ok(Err(defect::unreadable(&error))),
    }
}

fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// Opens a file at its start and tells its kind and size.
fn open(path: &Path) -> io::Result<(File, Kind, u64)> {
    let mut file = File::open(path)?;
    let bytes = file.metadata()?.len();
    let mut head = Vec::new();
    file.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    file.rewind()?;
    Ok((file, Kind::of(&head), bytes))
}

fn unpack_file(
    unpacker: &Unpacker<'_>,
    path: &Path,
    name: &str,
    file: File,
    kind: Kind,
    bytes: u64,
    sink: &mut dyn Sink,
) -> Result<Totals, Stop> {
    let budget = Budget::new(unpacker.limits);
    let mut walk = Walk::new(unpacker, &budget, sink);
    let mut file = Tally::new(file, name, unpacker.read);
    let is_plain = match kind {
        _ if walk.is_too_deep(name, kind, 0) => false,
        Kind::Plain => true,
        Kind::Foreign(_) => {
            walk.refuse_foreign(name, kind);
            true
        }
        Kind::Zip => walk.zip(name, &mut file, 1).map(|()| false)?,
        Kind::Ole => !walk.xls(name, &mut file)?,
        Kind::Squeezed(_) | Kind::Tar => walk.content(name, &mut file, 0).map(|()| false)?,
    };
    if is_plain {
        walk.item(Item::File { name, path, bytes })?;
    }
    Ok(walk.totals())
}
