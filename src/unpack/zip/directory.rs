//! The directory at the end of a zip archive.

use super::header::{self, Entry, read_at};
use super::{u16_at, u32_at, u64_at, wrong};
use crate::fault::Fault;
use crate::unpack::walk::ReadSeek;
use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Read, SeekFrom};
use std::ops::Range;

const END_BYTES: usize = 22;
const MAX_COMMENT_BYTES: usize = 65_535;
const END_64_BYTES: usize = 56;
const LOCATOR_64_BYTES: u64 = 20;

#[derive(Debug)]
pub(in crate::unpack) struct Directory {
    /// In its order.
    pub(in crate::unpack) entries: Vec<Entry>,
    /// What is wrong with it.
    pub(super) fault: Option<Fault>,
    start: u64,
}

impl Directory {
    /// Reads the directory, up to one entry more than `most`, so that whoever counts them notices.
    pub(super) fn read(archive: &mut dyn ReadSeek, most: u64) -> io::Result<Self> {
        let end = End::find(archive)?;
        let mut directory = Self { entries: Vec::new(), fault: end.fault, start: end.start };
        archive.seek(SeekFrom::Start(end.start))?;
        let mut list = BufReader::new(archive.take(end.bytes));
        let mut at = end.start;
        while at < end.start + end.bytes && directory.entries.len() as u64 <= most {
            match next_entry(&mut list)? {
                Some((entry, bytes)) => {
                    at += bytes;
                    directory.entries.push(Entry { offset: entry.offset.saturating_add(end.shift), ..entry });
                }
                None => {
                    let what = "the zip archive's directory is damaged: what it lists from here on is not read";
                    directory.fault = Some(Fault::new(what).at_byte(at));
                    break;
                }
            }
        }
        let listed = directory.entries.len() as u64;
        if directory.fault.is_none() && listed <= most && listed % end.count_modulus != end.count {
            let what = format!("the zip archive's directory claims {} entries and lists {listed}", end.count);
            directory.fault = Some(Fault::new(what).at_byte(end.start));
        }
        directory.give_room(archive)?;
        Ok(directory)
    }

    /// Lets each entry reach to the next. Of several in one place the first listed has it; one that
    /// points where no entry is takes nothing from the others.
    fn give_room(&mut self, archive: &mut dyn ReadSeek) -> io::Result<()> {
        let mut offsets = BTreeSet::new();
        for entry in &mut self.entries {
            if !header::is_entry(archive, entry.offset)? {
                entry.trouble = Some("no entry is where the zip archive's directory says");
            } else if !offsets.insert(entry.offset) {
                entry.trouble = Some("is in the same place as another entry: not read twice");
            }
        }
        for entry in &mut self.entries {
            let next = offsets.range(entry.offset.saturating_add(1)..).next();
            entry.until = next.map_or(self.start, |&next| next.min(self.start));
        }
        Ok(())
    }

    /// What lies before the first entry.
    pub(super) fn gap_in_front(&self) -> Option<Range<u64>> {
        let sound = self.entries.iter().filter(|entry| entry.trouble.is_none());
        let first = sound.map(|entry| entry.offset).min().unwrap_or(self.start);
        (first > 0).then_some(0..first)
    }
}

/// The next entry and its length; None if there is no such.
fn next_entry(list: &mut impl BufRead) -> io::Result<Option<(Entry, u64)>> {
    let mut fixed = [0; 46];
    let mut name = Vec::new();
    let mut extra = Vec::new();
    if let Err(error) = list.read_exact(&mut fixed) {
        return if error.kind() == io::ErrorKind::UnexpectedEof { Ok(None) } else { Err(error) };
    }
    let [name_bytes, extra_bytes, comment_bytes] = [28, 30, 32].map(|at| u64::from(u16_at(&fixed, at)));
    list.take(name_bytes).read_to_end(&mut name)?;
    list.take(extra_bytes).read_to_end(&mut extra)?;
    io::copy(&mut list.take(comment_bytes), &mut io::sink())?;
    let bytes = 46 + name_bytes + extra_bytes + comment_bytes;
    Ok(Entry::from_directory(&fixed, &name, &extra).map(|entry| (entry, bytes)))
}

/// Where the directory is, by what stands at the archive's end.
struct End {
    start: u64,
    bytes: u64,
    /// To be added to offsets: something was put in front of the archive.
    shift: u64,
    count: u64,
    /// The count is kept in so many numbers.
    count_modulus: u64,
    fault: Option<Fault>,
}

impl End {
    fn find(archive: &mut dyn ReadSeek) -> io::Result<Self> {
        let size = archive.seek(SeekFrom::End(0))?;
        let mut tail = vec![0; usize::try_from(size).unwrap_or(usize::MAX).min(END_BYTES + MAX_COMMENT_BYTES)];
        let tail_at = size - tail.len() as u64;
        let read = read_at(archive, tail_at, &mut tail)?;
        tail.truncate(read);
        let Some((at, behind)) = last_end(&tail) else {
            let what = "the zip archive has no directory at its end, it was cut off perhaps: it is read from the front";
            return Err(wrong(what, size));
        };
        let (record, at) = (&tail[at..at + END_BYTES], tail_at + at as u64);
        if u16_at(record, 4) != u16_at(record, 6) {
            return Err(wrong("one part of a split zip archive: what is in this part is read from the front", at));
        }
        let fault = (behind > 0).then(|| {
            Fault::new(format!("{behind} bytes behind the end of the zip archive are not read")).at_byte(size - behind)
        });
        let small = Place {
            end: at,
            offset: u64::from(u32_at(record, 16)),
            bytes: u64::from(u32_at(record, 12)),
            count: u64::from(u16_at(record, 10)),
            count_modulus: 1 << 16,
        };
        Place::wide(archive, at)?.unwrap_or(small).locate(archive, fault)
    }
}

/// The last end record that fits, and how many bytes stand behind it.
fn last_end(tail: &[u8]) -> Option<(usize, u64)> {
    memchr::memmem::rfind_iter(tail, b"PK\x05\x06").find_map(|at| {
        let record = tail.get(at..at + END_BYTES)?;
        let behind = (tail.len() - at - END_BYTES).checked_sub(usize::from(u16_at(record, 20)))?;
        Some((at, behind as u64))
    })
}

/// What an end record claims.
struct Place {
    /// Where the record itself begins, and so the directory ends.
    end: u64,
    offset: u64,
    bytes: u64,
    count: u64,
    count_modulus: u64,
}

impl Place {
    /// The record for large archives, if there is one before the small record.
    fn wide(archive: &mut dyn ReadSeek, small_at: u64) -> io::Result<Option<Self>> {
        let mut locator = [0; LOCATOR_64_BYTES as usize];
        let mut record = [0; END_64_BYTES];
        let Some(locator_at) = small_at.checked_sub(LOCATOR_64_BYTES) else { return Ok(None) };
        read_at(archive, locator_at, &mut locator)?;
        if !locator.starts_with(b"PK\x06\x07") {
            return Ok(None);
        }
        let end = u64_at(&locator, 8);
        read_at(archive, end.min(locator_at), &mut record)?;
        if !record.starts_with(b"PK\x06\x06") {
            return Ok(None);
        }
        let [count, bytes, offset] = [32, 40, 48].map(|at| u64_at(&record, at));
        Ok(Some(Self { end, offset, bytes, count, count_modulus: u64::MAX }))
    }

    fn locate(self, archive: &mut dyn ReadSeek, fault: Option<Fault>) -> io::Result<End> {
        let Self { end, offset, bytes, count, count_modulus } = self;
        let claimed = offset.checked_add(bytes).filter(|&claimed| claimed <= end);
        for shift in [Some(0), claimed.map(|claimed| end - claimed)].into_iter().flatten() {
            let start = offset.saturating_add(shift);
            let mut mark = [0; 4];
            if claimed.is_some() && read_at(archive, start, &mut mark)? == 4 && (bytes == 0 || &mark == b"PK\x01\x02") {
                return Ok(End { start, bytes, shift, count, count_modulus, fault });
            }
        }
        Err(wrong("the zip archive's directory is not where its end says: it is read from the front", end))
    }
}
