//! Text that is made once and read several times: in memory while it is small,
//! in an unlinked file otherwise.
//!
//! It holds what the export holds, so it never has a name on the disk.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::fault::Fault;
use crate::plant::{Expansion, Source, Unpacked, unpack};

const MEMORY_BYTES: usize = 16 << 20;

/// A text to be written from its start to its end.
pub(super) struct Spool {
    memory: Vec<u8>,
    file: Option<File>,
    bytes: u64,
    folder: PathBuf,
}

impl Spool {
    /// An empty text, which goes to an unlinked file in `folder` once it is large.
    pub(super) fn new(folder: &Path) -> Self {
        Self { memory: Vec::new(), file: None, bytes: 0, folder: folder.to_owned() }
    }

    /// Bytes so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Ends the writing.
    pub(super) fn finish(mut self, name: &str) -> Result<Spooled, Fault> {
        self.spill(0).map_err(|error| unwritable(&self.folder, &error))?;
        Ok(Spooled { memory: self.memory, file: self.file, bytes: self.bytes, name: name.to_owned() })
    }

    /// Moves what memory holds to the file, if there is one.
    fn spill(&mut self, room: usize) -> io::Result<()> {
        if self.file.is_none() && self.memory.len() + room > MEMORY_BYTES {
            self.file = Some(tempfile::tempfile_in(&self.folder)?);
        }
        if let Some(file) = &mut self.file
            && (room == 0 || self.memory.len() > 1 << 20)
        {
            file.write_all(&self.memory)?;
            self.memory.clear();
        }
        Ok(())
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.spill(bytes.len().max(1))?;
        self.memory.extend_from_slice(bytes);
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A failure to write beside the output.
pub(super) fn unwritable(folder: &Path, error: &io::Error) -> Fault {
    Fault::new(format!("cannot be written in {}: {error}", folder.display()))
        .hint("make room there, or plant elsewhere")
}

/// A text that can be read as often as needed.
pub(crate) struct Spooled {
    memory: Vec<u8>,
    file: Option<File>,
    bytes: u64,
    name: String,
}

impl Spooled {
    fn reader(&self) -> Reader<'_> {
        Reader { spooled: self, at: 0 }
    }
}

impl Source for Spooled {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn open(&self) -> Result<Unpacked<'_>, Fault> {
        unpack(self.reader(), Expansion::default())
            .map_err(|error| Fault::new(format!("cannot be read: {error}")).in_file(self.name()))
    }
}

struct Reader<'a> {
    spooled: &'a Spooled,
    at: u64,
}

impl Read for Reader<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let Spooled { memory, file, bytes, .. } = self.spooled;
        let read = match file {
            Some(file) => {
                let left = usize::try_from(bytes - self.at).unwrap_or(usize::MAX).min(into.len());
                file.read_at(&mut into[..left], self.at)?
            }
            None => (&memory[self.at as usize..]).read(into)?,
        };
        self.at += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_as_often_as_needed_wherever_it_is_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        for count in [10_000usize, 3_000_000] {
            let mut spool = Spool::new(folder.path());
            for at in 0..count {
                write!(spool, "{:06},", at % 1_000_000).expect("written");
            }
            assert_eq!(spool.bytes(), 7 * count as u64);
            let spooled = spool.finish("view").expect("written");

            for _ in 0..2 {
                let mut text = String::new();
                spooled.open().expect("open").read_to_string(&mut text).expect("text");
                assert!(text.len() == 7 * count && text.starts_with("000000,000001,") && text.ends_with(','));
            }
        }
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "nothing is left");
    }
}
