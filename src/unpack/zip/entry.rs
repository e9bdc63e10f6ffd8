//! An entry's content, checked against what the directory says of it.

use super::header::{Entry, Local, Sizes};
use super::wrong;
use crate::fault::Fault;
use crate::unpack::codec::{self, Codec, Decoder};
use crate::unpack::defect;
use crate::unpack::metered::Layer;
use crate::unpack::source::Source;
use crate::unpack::walk::ReadSeek;
use flate2::Crc;
use std::io::{self, Read, SeekFrom, Take};

pub(in crate::unpack) struct Opened<'a> {
    name: &'a str,
    codec: Codec,
    decoder: Decoder<Take<&'a mut dyn ReadSeek>>,
    /// Where the data begins in the archive.
    data: u64,
    sizes: Option<Sizes>,
    /// The next entry begins before this one's data should end.
    is_overlapped: bool,
    unpacked: u64,
    crc: Crc,
    ended: bool,
}

impl<'a> Opened<'a> {
    /// Opens an entry. `end` becomes the place behind its data, where that is known beforehand,
    /// so that an entry that cannot be read can at least be passed over.
    pub(in crate::unpack) fn new(
        entry: &Entry,
        archive: &'a mut dyn ReadSeek,
        name: &'a str,
        end: &mut Option<u64>,
    ) -> io::Result<Self> {
        if let Some(trouble) = entry.trouble {
            return Err(wrong(trouble, entry.offset));
        }
        let Local::Entry(local) = Local::read(archive, entry.offset)? else {
            return Err(wrong("no entry is where the zip archive's directory says", entry.offset));
        };
        *end = entry.sizes.map(|sizes| local.data.saturating_add(sizes.packed));
        let codec = check(entry)?;
        let room = entry.until.saturating_sub(local.data);
        let packed = entry.sizes.map_or(room, |sizes| sizes.packed);
        archive.seek(SeekFrom::Start(local.data))?;
        Ok(Self {
            name,
            codec,
            decoder: Decoder::new(codec, Source::new(archive.take(packed.min(room))))?,
            data: local.data,
            sizes: entry.sizes,
            is_overlapped: entry.sizes.is_some() && packed > room,
            unpacked: 0,
            crc: Crc::new(),
            ended: false,
        })
    }

    /// Where the data ended, once it was read.
    pub(super) fn end(&self) -> Option<u64> {
        self.ended.then(|| self.data + self.packed_bytes())
    }

    /// At the data's end: what does not agree with the directory.
    fn disagreement(&mut self) -> Option<Fault> {
        let read = self.packed_bytes();
        // a cut deflate stream just ends, and sizes follow where none were said before
        let is_cut = self.decoder.source_mut().peek(1).is_empty();
        let Some(Sizes { crc, packed, unpacked }) = self.sizes else {
            return is_cut.then(|| Fault::new("the entry is cut off").hint("fetch the file again"));
        };
        if read < packed && is_cut {
            let fault = Fault::new(format!("the entry is cut off: {} bytes are missing", packed - read));
            return Some(fault.hint("fetch the file again"));
        }
        if self.unpacked != unpacked {
            let what =
                format!("the zip archive says that {unpacked} bytes are packed here, {} were read", self.unpacked);
            return Some(Fault::new(what));
        }
        if read < packed {
            return Some(Fault::new(format!("{} bytes behind the entry's data are not read", packed - read)));
        }
        (self.crc.sum() != crc).then(|| Fault::new("the entry's checksum is wrong: what was read may be damaged"))
    }
}

impl Read for Opened<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.decoder.read(into);
        let at = self.data + self.packed_bytes();
        match read {
            Err(error) if self.is_overlapped && !defect::is_ours(&error) => Err(overlaps(self.name, at)),
            Err(error) => Err(codec::word(error, self.codec, self.name, at)),
            Ok(0) if !into.is_empty() && !self.ended => {
                self.ended = true;
                if self.is_overlapped {
                    return Err(overlaps(self.name, at));
                }
                match self.disagreement() {
                    Some(fault) => Err(defect::failure(fault.in_file(self.name).at_byte(at))),
                    None => Ok(0),
                }
            }
            Ok(bytes) => {
                self.unpacked += bytes as u64;
                self.crc.update(&into[..bytes]);
                Ok(bytes)
            }
        }
    }
}

impl Layer for Opened<'_> {
    fn packed_bytes(&self) -> u64 {
        self.decoder.source().position()
    }
}

fn overlaps(name: &str, at: u64) -> io::Error {
    let what = "the entry overlaps the next one, as in an archive bomb: read up to there";
    defect::failure(Fault::new(what).in_file(name).at_byte(at))
}

/// Refuses what has no readable content.
fn check(entry: &Entry) -> io::Result<Codec> {
    if entry.is_link() {
        return Err(wrong("is a symbolic link: skipped", entry.offset));
    }
    if entry.is_encrypted() {
        let fault = Fault::new("is encrypted: a password is needed to read it").at_byte(entry.offset);
        return Err(defect::failure(fault.hint("unpack the archive with its password first")));
    }
    let codec = entry.codec().map_err(|method| {
        let fault = Fault::new(format!("is packed by a method that is not read ({method})")).at_byte(entry.offset);
        defect::failure(fault.hint("unpack the archive first"))
    })?;
    if codec == Codec::Stored && entry.sizes.is_none() {
        return Err(wrong("its length stands in the directory only, which is missing: not read", entry.offset));
    }
    Ok(codec)
}
