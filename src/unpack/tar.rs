//! tar, entry by entry, as a stream.
//!
//! The `tar` crate reads the headers; the walk is ours, since the crate's holds
//! a long name of any length in memory and ends at the first bad header. Here a
//! bad block is reported and the next good header looked for, as GNU tar does.

use super::Stop;
use super::defect;
use super::name;
use super::source::Source;
use super::walk::Walk;
use crate::fault::Fault;
use ::tar::{EntryType, GnuExtSparseHeader, Header, PaxExtensions};
use std::io::{self, BufRead, Read};

pub(super) const BLOCK_BYTES: usize = 512;
/// Of an extended header: names have at most 4,096 bytes on the systems that write them.
const MAX_EXTENSION_BYTES: u64 = 1 << 20;

/// Whether a stream that begins so is a tar: by its mark, or by its checksum where it is older.
pub(super) fn begins(head: &[u8]) -> bool {
    let mark = head.get(257..265).unwrap_or_default();
    mark.starts_with(b"ustar\0") || mark == b"ustar  \0" || is_header(head)
}

fn is_header(block: &[u8]) -> bool {
    if block.len() != BLOCK_BYTES {
        return false;
    }
    let (before, field, after) = (&block[..148], &block[148..156], &block[156..]);
    let rest = || before.iter().chain(after);
    let unsigned: u32 = rest().map(|&byte| u32::from(byte)).sum::<u32>() + 8 * 32;
    // some old writers summed signed characters
    let signed: i32 = rest().map(|&byte| i32::from(byte.cast_signed())).sum::<i32>() + 8 * 32;
    octal(field).is_some_and(|sum| sum == unsigned || i64::from(sum) == i64::from(signed))
}

/// The field of a checksum: octal digits among blanks, ended by a blank or NUL.
fn octal(field: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(field).ok()?.trim_matches([' ', '\0']);
    u32::from_str_radix(text, 8).ok()
}

impl<'a> Walk<'a> {
    pub(super) fn tar(&mut self, name: &str, source: &mut Source<&mut dyn Read>, depth: u32) -> Result<(), Stop> {
        self.enter();
        let mut blocks = Blocks { source };
        let mut named = Extended::default();
        let mut ended = false;
        let mut lost = false;
        loop {
            let at = blocks.source.position();
            let block = match blocks.next() {
                Ok(Some(block)) => block,
                Ok(None) if ended => return Ok(()),
                Ok(None) => {
                    let what = "the tar has no end mark: entries may be missing";
                    self.fault(Fault::new(what).in_file(name).at_byte(at).hint("fetch the file again"));
                    return Ok(());
                }
                Err(error) => {
                    self.report(name, error);
                    return Ok(());
                }
            };
            if block.iter().all(|&byte| byte == 0) {
                ended = true;
                continue;
            }
            let header = Header::from_byte_slice(&block);
            let Some(size) = Some(header).filter(|_| is_header(&block)).and_then(|header| header.entry_size().ok())
            else {
                if !std::mem::replace(&mut lost, true) {
                    let what = "no tar header (its checksum or size is wrong): skipped to the next one";
                    self.fault(Fault::new(what).in_file(name).at_byte(at));
                }
                continue;
            };
            (ended, lost) = (false, false);
            let read = self.tar_member(name, header, size, &mut named, &mut blocks, depth)?;
            if let Err(error) = read {
                self.report(name, error);
                return Ok(());
            }
            if self.budget.is_over() {
                return Ok(());
            }
        }
    }

    /// Takes what follows a header; the inner result says whether the archive can be read on.
    fn tar_member(
        &mut self,
        archive: &str,
        header: &Header,
        size: u64,
        named: &mut Extended,
        blocks: &mut Blocks<'_, '_>,
        depth: u32,
    ) -> Result<io::Result<()>, Stop> {
        let kind = header.entry_type();
        if kind.is_gnu_longname() || kind.is_pax_local_extensions() {
            return Ok(self.tar_extension(archive, size, kind, named, blocks));
        }
        if kind.is_gnu_longlink() || kind.is_pax_global_extensions() || kind.as_byte() == b'V' {
            return Ok(blocks.body(archive, size).skip());
        }
        let named = std::mem::take(named);
        let size = named.size.unwrap_or(size);
        let path = named.path.map_or_else(|| header.path_bytes(), Into::into);
        let name = name::inside(archive, &path);
        if !self.next_entry(archive) {
            return Ok(Ok(()));
        }
        if let Some(word) = not_a_file(kind) {
            self.fault(Fault::new(format!("is a {word}: skipped")).in_file(&name));
            return Ok(blocks.body(&name, size).skip());
        }
        let has_map_behind = header.as_gnu().is_some_and(|gnu| kind.is_gnu_sparse() && gnu.is_extended());
        if has_map_behind && let Err(error) = blocks.skip_sparse_map() {
            return Ok(Err(error));
        }
        let mut body = blocks.body(&name, size);
        let is_folder = size == 0 && (kind.is_dir() || path.ends_with(b"/"));
        if !is_folder {
            self.content(&name, &mut body, depth)?;
        }
        Ok(body.skip())
    }

    fn tar_extension(
        &mut self,
        archive: &str,
        size: u64,
        kind: EntryType,
        named: &mut Extended,
        blocks: &mut Blocks<'_, '_>,
    ) -> io::Result<()> {
        let at = blocks.source.position();
        let mut body = blocks.body(archive, size);
        if size > MAX_EXTENSION_BYTES {
            let what = format!("an extended tar header of {size} bytes: skipped");
            self.fault(Fault::new(what).in_file(archive).at_byte(at));
            return body.skip();
        }
        let mut bytes = Vec::new();
        body.read_to_end(&mut bytes)?;
        body.skip()?;
        if kind.is_gnu_longname() {
            let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
            bytes.truncate(end);
            named.path = Some(bytes);
        } else if !named.read_pax(&bytes) {
            let what = "an extended tar header cannot be read: the next entry may be cut wrong";
            self.fault(Fault::new(what).in_file(archive).at_byte(at));
        }
        Ok(())
    }
}

/// What an extended header says about the entry behind it.
#[derive(Default)]
struct Extended {
    path: Option<Vec<u8>>,
    size: Option<u64>,
}

impl Extended {
    /// False if a record makes no sense; the others count.
    fn read_pax(&mut self, bytes: &[u8]) -> bool {
        let mut sound = true;
        for record in PaxExtensions::new(bytes) {
            match record.as_ref().map(|record| (record.key_bytes(), record.value_bytes())) {
                Ok((b"path", path)) => self.path = Some(path.to_owned()),
                Ok((b"size", size)) => {
                    self.size = std::str::from_utf8(size).ok().and_then(|size| size.parse().ok());
                    sound &= self.size.is_some();
                }
                Ok(_) => {}
                Err(_) => sound = false,
            }
        }
        sound
    }
}

fn not_a_file(kind: EntryType) -> Option<&'static str> {
    if kind.is_symlink() {
        Some("symbolic link")
    } else if kind.is_hard_link() {
        Some("hard link")
    } else if kind.is_character_special() || kind.is_block_special() {
        Some("device")
    } else if kind.is_fifo() {
        Some("named pipe")
    } else {
        None
    }
}

struct Blocks<'s, 'r> {
    source: &'s mut Source<&'r mut dyn Read>,
}

impl<'r> Blocks<'_, 'r> {
    /// The next block; None at the end.
    fn next(&mut self) -> io::Result<Option<[u8; BLOCK_BYTES]>> {
        let at = self.source.position();
        let mut block = [0; BLOCK_BYTES];
        let read = self.source.peek(BLOCK_BYTES).len();
        if read == BLOCK_BYTES {
            self.source.read_exact(&mut block)?;
            return Ok(Some(block));
        }
        let rest_is_zero = self.source.peek(BLOCK_BYTES).iter().all(|&byte| byte == 0);
        self.source.consume(read);
        // due now, if it was a failure that made the block short
        self.source.fill_buf()?;
        if read == 0 || rest_is_zero {
            return Ok(None);
        }
        let fault = Fault::new("the tar is cut off in a header: what came before was read");
        Err(defect::failure(fault.at_byte(at).hint("fetch the file again")))
    }

    /// The content behind a header.
    fn body<'b>(&'b mut self, name: &'b str, bytes: u64) -> Body<'b, 'r> {
        let padding = (BLOCK_BYTES as u64 - bytes % BLOCK_BYTES as u64) % BLOCK_BYTES as u64;
        Body { source: self.source, name, left: bytes, padding, failed: false }
    }

    /// The blocks that say where the holes are: not needed, since only what is stored is read.
    fn skip_sparse_map(&mut self) -> io::Result<()> {
        while let Some(block) = self.next()? {
            let mut map = GnuExtSparseHeader::new();
            map.as_mut_bytes().copy_from_slice(&block);
            if !map.is_extended() {
                break;
            }
        }
        Ok(())
    }
}

/// An entry's bytes, all of them or a fault.
struct Body<'b, 'r> {
    source: &'b mut Source<&'r mut dyn Read>,
    name: &'b str,
    left: u64,
    padding: u64,
    failed: bool,
}

impl Body<'_, '_> {
    /// Goes to the next header.
    fn skip(mut self) -> io::Result<()> {
        io::copy(&mut self, &mut io::sink())?;
        // a last block need not be filled up: the next header tells
        io::copy(&mut self.source.take(self.padding), &mut io::sink())?;
        Ok(())
    }
}

impl Read for Body<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.failed {
            return Err(defect::told());
        }
        let most = into.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = self.source.read(&mut into[..most]).inspect_err(|_| self.failed = true)?;
        self.left -= read as u64;
        if read == 0 && most > 0 {
            self.failed = true;
            let what = format!("the tar is cut off: {} bytes of the entry are missing", self.left);
            let fault = Fault::new(what).in_file(self.name).at_byte(self.source.position());
            return Err(defect::failure(fault.hint("fetch the file again")));
        }
        Ok(read)
    }
}
