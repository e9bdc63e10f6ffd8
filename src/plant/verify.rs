//! Proving a planting afterwards: every planted row is in its place, and every
//! other byte is the original's.
//!
//! The registry keeps place, length and hash of each planted row, and hash and
//! length of the original. So one pass over the planted file proves both, with
//! nothing else at hand.

use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};

use super::make::hex;
use crate::registry::{PlantedRow, PlantedRows};

/// What was proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Planted rows, all in place.
    pub rows: usize,
    /// Bytes of the original.
    pub original_bytes: u64,
    /// SHA-256 of the planted file, uncompressed, hexadecimal.
    pub output_hash: String,
}

/// How a file is not the planting that it should be.
#[derive(Debug, thiserror::Error)]
pub enum Mismatch {
    /// A planted row is not what it was, or not where it was.
    #[error("planted row {row}: expected its {bytes} bytes at byte {offset}, found others")]
    Row {
        /// Its index, from 1; shared rows count on behind the batch's own.
        row: usize,
        /// Where it should begin.
        offset: u64,
        /// Its length.
        bytes: u64,
    },
    /// The file ends too early or goes on too long.
    #[error("expected {expected} bytes, found {found}; the planted rows before that are in place")]
    Length {
        /// Bytes of the planted file.
        expected: u64,
        /// Bytes there are (at least, where reading stopped).
        found: u64,
    },
    /// All planted rows are in place, but an original byte was changed.
    #[error("all planted rows are in place, but other bytes differ from the original's")]
    Original {
        /// SHA-256 of the original.
        expected: String,
        /// SHA-256 of the file without its planted rows.
        found: String,
    },
    /// All rows are the same, but the file around them was written anew or damaged.
    #[error("all rows are in place, but the file's pages or statistics are not as they were written")]
    Packed {
        /// SHA-256 of the planted file.
        expected: String,
        /// SHA-256 of this one.
        found: String,
    },
    /// The registered rows cannot be those of one file.
    #[error("the registered rows overlap at byte {offset}")]
    Rows {
        /// Where.
        offset: u64,
    },
    /// The file could not be read, or the original not written.
    #[error("byte {at}: {error}")]
    Io {
        /// Uncompressed bytes before it.
        at: u64,
        /// What happened.
        error: io::Error,
    },
}

/// Proves that `planted` (uncompressed) holds `rows` in their places and is
/// the original everywhere else.
///
/// # Errors
///
/// The first [`Mismatch`]. A changed original byte has no place: only a hash
/// of the original is kept.
pub fn verify(
    planted: impl Read,
    rows: &PlantedRows,
    original_hash: &str,
    original_bytes: u64,
) -> Result<Verified, Mismatch> {
    let sieved = sieve(planted, rows, &mut io::sink())?;
    if sieved.original_bytes != original_bytes {
        let planted_bytes: u64 = planted_rows(rows).iter().map(|row| row.bytes).sum();
        return Err(Mismatch::Length {
            expected: original_bytes + planted_bytes,
            found: sieved.original_bytes + planted_bytes,
        });
    }
    if sieved.original_hash != original_hash {
        return Err(Mismatch::Original { expected: original_hash.to_owned(), found: sieved.original_hash });
    }
    Ok(Verified { rows: planted_rows(rows).len(), original_bytes, output_hash: sieved.output_hash })
}

/// Writes `planted` (uncompressed) without its planted rows to `out`: the
/// original, byte for byte. Returns how many bytes were written.
///
/// # Errors
///
/// A [`Mismatch`] if a planted row is not in its place, or the file is not as
/// long as it should be; then what was written is no original.
pub fn strip(planted: impl Read, rows: &PlantedRows, mut out: impl Write) -> Result<u64, Mismatch> {
    let sieved = sieve(planted, rows, &mut out)?;
    let found = sieved.output_bytes;
    out.flush().map_err(|error| Mismatch::Io { at: found, error })?;
    if rows.output_bytes != 0 && found != rows.output_bytes {
        return Err(Mismatch::Length { expected: rows.output_bytes, found });
    }
    Ok(sieved.original_bytes)
}

struct Sieved {
    original_hash: String,
    original_bytes: u64,
    output_hash: String,
    output_bytes: u64,
}

/// Reads a planted file, checks each planted row and passes the rest on.
fn sieve(mut planted: impl Read, rows: &PlantedRows, out: &mut impl Write) -> Result<Sieved, Mismatch> {
    let all = planted_rows(rows);
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by_key(|&i| all[i].offset);
    let (mut original, mut whole) = (Sha256::new(), Sha256::new());
    let (mut at, mut original_bytes) = (0u64, 0u64);
    let mut buffer = vec![0; 256 << 10];
    for i in order {
        let row = all[i];
        let gap = row.offset.checked_sub(at).ok_or(Mismatch::Rows { offset: row.offset })?;
        let copied = pass(&mut planted, gap, at, &mut buffer, |bytes| {
            original.update(bytes);
            whole.update(bytes);
            out.write_all(bytes)
        })?;
        original_bytes += copied;
        at += copied;
        let mut sha = Sha256::new();
        let length = if copied == gap {
            pass(&mut planted, row.bytes, at, &mut buffer, |bytes| {
                sha.update(bytes);
                whole.update(bytes);
                Ok(())
            })?
        } else {
            0
        };
        at += length;
        if length < row.bytes && rows.output_bytes != 0 {
            return Err(Mismatch::Length { expected: rows.output_bytes, found: at });
        }
        if hex(&sha.finalize()) != row.hash {
            return Err(Mismatch::Row { row: i + 1, offset: row.offset, bytes: row.bytes });
        }
    }
    let rest = pass(&mut planted, u64::MAX, at, &mut buffer, |bytes| {
        original.update(bytes);
        whole.update(bytes);
        out.write_all(bytes)
    })?;
    Ok(Sieved {
        original_hash: hex(&original.finalize()),
        original_bytes: original_bytes + rest,
        output_hash: hex(&whole.finalize()),
        output_bytes: at + rest,
    })
}

/// The batch's own rows, then the shared ones.
fn planted_rows(rows: &PlantedRows) -> Vec<&PlantedRow> {
    rows.rows.iter().chain(&rows.shared).collect()
}

/// Passes up to `count` bytes on; returns how many there were.
fn pass(
    input: &mut impl Read,
    count: u64,
    at: u64,
    buffer: &mut [u8],
    mut each: impl FnMut(&[u8]) -> io::Result<()>,
) -> Result<u64, Mismatch> {
    let mut done = 0;
    while done < count {
        let want = buffer.len().min(usize::try_from(count - done).unwrap_or(usize::MAX));
        let fault = |error| Mismatch::Io { at: at + done, error };
        let n = match input.read(&mut buffer[..want]) {
            Ok(0) => break,
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(fault(error)),
        };
        each(&buffer[..n]).map_err(fault)?;
        done += n as u64;
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGINAL: &[u8] = b"head\none\ntwo\n";
    const PLANTED: &[u8] = b"head\nTRAP\none\nSNARE\ntwo\n";

    fn sha(bytes: &[u8]) -> String {
        hex(&Sha256::digest(bytes))
    }

    fn rows() -> PlantedRows {
        let row = |offset: u64, bytes: &[u8]| PlantedRow {
            offset,
            bytes: bytes.len() as u64,
            hash: sha(bytes),
            ..PlantedRow::default()
        };
        PlantedRows {
            // In index order, which is not the order of places.
            rows: vec![row(5, b"TRAP\n")],
            shared: vec![row(14, b"SNARE\n")],
            output_hash: sha(PLANTED),
            output_bytes: PLANTED.len() as u64,
            inside: None,
        }
    }

    fn check(planted: &[u8]) -> Result<Verified, Mismatch> {
        verify(planted, &rows(), &sha(ORIGINAL), ORIGINAL.len() as u64)
    }

    #[test]
    fn a_sound_planting_is_proven_and_stripped() {
        let mut original = Vec::new();

        let bytes = strip(PLANTED, &rows(), &mut original).expect("it is sound");

        assert_eq!((bytes, original.as_slice()), (ORIGINAL.len() as u64, ORIGINAL));
        let verified = check(PLANTED).expect("it is sound");
        assert_eq!((verified.rows, verified.original_bytes), (2, ORIGINAL.len() as u64));
    }

    #[test]
    fn a_changed_row_is_named_with_its_place() {
        let mismatch = check(b"head\nTRAP\none\nSNORE\ntwo\n").expect_err("a row was changed");

        assert!(matches!(mismatch, Mismatch::Row { row: 2, offset: 14, bytes: 6 }), "{mismatch}");
    }

    #[test]
    fn a_changed_original_is_told_from_a_changed_row() {
        let mismatch = check(b"head\nTRAP\nOne\nSNARE\ntwo\n").expect_err("an original byte was changed");

        assert!(matches!(mismatch, Mismatch::Original { .. }), "{mismatch}");
    }

    #[test]
    fn a_shorter_and_a_longer_file_say_by_how_much() {
        let shorter = check(&PLANTED[..PLANTED.len() - 2]).expect_err("it is cut off");
        let longer = check(b"head\nTRAP\none\nSNARE\ntwo\nx").expect_err("something was added");
        let stump = check(&PLANTED[..8]).expect_err("it is cut off");

        assert!(matches!(shorter, Mismatch::Length { expected: 24, found: 22 }), "{shorter}");
        assert!(matches!(longer, Mismatch::Length { expected: 24, found: 25 }), "{longer}");
        assert!(matches!(stump, Mismatch::Length { expected: 24, found: 8 }), "{stump}");
    }

    #[test]
    fn rows_that_overlap_are_no_planting() {
        let mut overlapping = rows();
        overlapping.shared[0].offset = 7;

        let mismatch = strip(PLANTED, &overlapping, Vec::new()).expect_err("rows overlap");

        assert!(matches!(mismatch, Mismatch::Rows { offset: 7 }), "{mismatch}");
    }
}
