//! The first pass: every byte is hashed, checked and cut, once.
//!
//! Three threads share each block: this one reads, cuts records and watches
//! columns; one hashes; one checks the encoding and looks for our lines. The
//! blocks are a few and go round, so memory does not depend on the file.

use std::io::Read;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use sha2::{Digest, Sha256};

use super::Job;
use super::check::{Checker, LineRecords, nul};
use super::columns::Columns;
use super::cut::{Cut, cut};
use super::dialect::{Dialect, Format};
use super::make::hex;
use super::numbers::Candidates;
use super::place::Lane;
use super::runs::Runs;
use super::sample::Sample;
use super::source::{Compression, Unpacked, read_fault};
use super::survey::Odd;
use super::surveyor::{MAX_DONOR_BYTES, Sharing, Surveyor, endless};
use super::watch::Watch;
use crate::derive::Keystream;
use crate::fault::Fault;

/// Bytes that are read at a time.
pub(super) const BLOCK_BYTES: usize = 1 << 20;
/// Blocks that may wait for a thread.
pub(super) const WAITING: usize = 2;
/// What the first pass gives.
pub(super) struct FirstPass<'k> {
    pub(super) compression: Compression,
    pub(super) sample: Sample,
    pub(super) columns: Columns,
    pub(super) watches: Vec<Watch>,
    pub(super) candidates: Candidates,
    pub(super) runs: Runs<'k>,
    pub(super) anywhere: Lane<'k>,
    pub(super) with_room: Lane<'k>,
    pub(super) sharing: Option<Sharing>,
    pub(super) records: u64,
    pub(super) ragged: Odd,
    pub(super) blank: u64,
    pub(super) unterminated: bool,
    pub(super) lines: LineRecords,
    pub(super) input_hash: String,
    pub(super) input_bytes: u64,
}

/// Reads an input to its end.
pub(super) fn read<'k>(
    mut input: Unpacked<'_>,
    job: &Job<'_>,
    keystream: &'k Keystream,
) -> Result<FirstPass<'k>, Fault> {
    let mut head = Vec::with_capacity(BLOCK_BYTES);
    fill(&mut input, &mut head, 0)?;
    let whole = head.len() < BLOCK_BYTES;
    refuse_nul(&head)?;
    let dialect = Dialect::detect(&head, whole, job.options)?;
    let sample = Sample::read(&dialect, &head[dialect.bom_bytes()..], whole, job);
    let columns = resolve(&dialect, &sample, &head, whole, job)?;
    let mut surveyor = Surveyor::new(&dialect, &sample, &columns, job, keystream);
    let (input_hash, lines, input_bytes) = pump(&mut input, head, &dialect, &mut surveyor, job)?;
    let Surveyor {
        watches,
        candidates,
        runs,
        anywhere,
        with_room,
        sharing,
        records,
        ragged,
        blank,
        unterminated,
        mut grouped,
        ..
    } = surveyor;
    grouped.merge(lines);
    if records == 0 {
        return Err(no_rows(&sample));
    }
    Ok(FirstPass {
        compression: input.compression(),
        watches,
        candidates,
        runs,
        anywhere,
        with_room,
        sharing,
        records,
        ragged,
        blank,
        unterminated,
        lines: grouped,
        input_hash,
        input_bytes,
        sample,
        columns,
    })
}

/// Maps the columns; where the head holds no complete row, says why.
fn resolve(dialect: &Dialect, sample: &Sample, head: &[u8], whole: bool, job: &Job<'_>) -> Result<Columns, Fault> {
    if sample.is_empty() {
        let bom = dialect.bom_bytes();
        // An unclosed quote or an endless line swallows the whole head.
        if let Cut::More { quote } = cut(dialect, &head[bom..], whole)
            && head.len() != bom
        {
            return Err(endless(quote, bom as u64, 1, 1, whole, BLOCK_BYTES.min(job.options.record_limit())));
        }
        let after_header = sample.has_header && !whole;
        if !after_header {
            return Err(first_unclosed(dialect, head, whole, job).unwrap_or_else(|| no_rows(sample)));
        }
    }
    let columns = Columns::resolve(dialect, sample, job)?;
    if !sample.is_empty() && dialect.format == Format::Delimited {
        sample.check_width(&columns)?;
    }
    Ok(columns)
}

/// The fault of the record after the first, if the head ends inside it.
fn first_unclosed(dialect: &Dialect, head: &[u8], whole: bool, job: &Job<'_>) -> Option<Fault> {
    let bom = dialect.bom_bytes();
    let Cut::Record { end, .. } = cut(dialect, &head[bom..], whole) else { return None };
    match cut(dialect, &head[bom + end..], whole) {
        Cut::More { quote: Some(quote) } => {
            Some(endless(Some(quote), (bom + end) as u64, 1, 2, whole, job.options.record_limit()))
        }
        _ => None,
    }
}

fn no_rows(sample: &Sample) -> Fault {
    let found = if sample.has_header { "a header and nothing below it" } else { "none" };
    Fault::new(format!("expected rows to hide among, found {found}")).hint("export again; nothing was planted")
}

fn refuse_nul(head: &[u8]) -> Result<(), Fault> {
    let utf16 = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
    match memchr::memchr(0, head).filter(|_| !utf16) {
        Some(at) if !head.starts_with(b"PK\x03\x04") && !head.starts_with(b"\xd0\xcf\x11\xe0") => {
            let line = 1 + memchr::memchr_iter(b'\n', &head[..at]).count() as u64;
            Err(nul().at_line(line).at_byte(at as u64))
        }
        _ => Ok(()),
    }
}

/// A stretch of the input that holds whole records.
pub(super) struct Piece {
    pub(super) bytes: Vec<u8>,
    /// Offset of `bytes[0]` in the input.
    pub(super) base: u64,
    /// Where the bytes begin that no earlier piece held.
    pub(super) fresh: usize,
    /// The records that this piece is to be checked for.
    pub(super) from: usize,
    pub(super) to: usize,
    /// Line at `from`, from 1.
    pub(super) line: u64,
    /// Number of the first record in `starts`.
    pub(super) record: u64,
    /// Where records begin.
    pub(super) starts: Vec<u32>,
}

/// Reads blocks, cuts them, and has them hashed and checked alongside.
fn pump(
    input: &mut Unpacked<'_>,
    head: Vec<u8>,
    dialect: &Dialect,
    surveyor: &mut Surveyor<'_, '_, '_>,
    job: &Job<'_>,
) -> Result<(String, LineRecords, u64), Fault> {
    std::thread::scope(|scope| {
        let (to_hash, hash_work) = sync_channel::<Arc<Piece>>(WAITING);
        let (to_check, check_work) = sync_channel::<Arc<Piece>>(WAITING);
        let (give_back, spare) = sync_channel::<Vec<u8>>(2 * WAITING + 4);
        let back = give_back.clone();
        let hasher = scope.spawn(move || hash(&hash_work, &back));
        let checker = Checker {
            encoding: dialect.encoding,
            mark: dialect.terminator.mark(),
            is_line: job.is_line,
            fault: None,
            lines: LineRecords::default(),
        };
        let checker = scope.spawn(move || checker.run(&check_work, &give_back));
        let cut = cut_all(input, head, dialect, surveyor, job, &Outlets { to_hash, to_check, spare });
        let digest = hasher.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let checked = checker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        // Threads differ in how far they got; the first fault of the file does not.
        match (cut, checked.fault) {
            (Ok(bytes), None) => Ok((hex(&digest), checked.lines, bytes)),
            (Err(fault), None) | (Ok(_), Some(fault)) => Err(fault),
            (Err(cut), Some(checked)) => Err(if checked.byte < cut.byte { checked } else { cut }),
        }
    })
}

struct Outlets {
    to_hash: SyncSender<Arc<Piece>>,
    to_check: SyncSender<Arc<Piece>>,
    spare: Receiver<Vec<u8>>,
}

impl Outlets {
    fn send(&self, piece: Piece) {
        let piece = Arc::new(piece);
        // Both threads read until the senders are gone, unless they panicked.
        let _ = self.to_hash.send(piece.clone());
        let _ = self.to_check.send(piece);
    }
}

/// Cuts the input into records; returns its length.
fn cut_all(
    input: &mut Unpacked<'_>,
    head: Vec<u8>,
    dialect: &Dialect,
    surveyor: &mut Surveyor<'_, '_, '_>,
    job: &Job<'_>,
    outlets: &Outlets,
) -> Result<u64, Fault> {
    let bom = dialect.bom_bytes();
    let mut ended = head.len() < BLOCK_BYTES;
    let mut piece =
        Piece { bytes: head, base: 0, fresh: 0, from: bom, to: bom, line: 1, record: 1, starts: Vec::new() };
    let mut previous = bom..bom;
    loop {
        let result = surveyor.cut(&mut piece, &mut previous, ended, job);
        if result.is_err() || ended {
            let length = piece.base + piece.bytes.len() as u64;
            outlets.send(piece);
            result?;
            surveyor.finish();
            return Ok(length);
        }
        // The record before the cut stays in reach: it may be a donor.
        let keep = if piece.to - previous.start <= MAX_DONOR_BYTES { previous.start } else { piece.to };
        let mut bytes = outlets.spare.try_recv().unwrap_or_default();
        bytes.clear();
        bytes.extend_from_slice(&piece.bytes[keep..]);
        previous = if keep == previous.start { 0..previous.end - keep } else { 0..0 };
        let base = piece.base + keep as u64;
        let (to, fresh) = (piece.to - keep, bytes.len());
        let line = piece.line
            + memchr::memchr_iter(dialect.terminator.mark(), &piece.bytes[piece.from..piece.to]).count() as u64;
        outlets.send(piece);
        fill(input, &mut bytes, base)?;
        ended = bytes.len() - fresh < BLOCK_BYTES;
        piece = Piece { bytes, base, fresh, from: to, to, line, record: surveyor.records + 1, starts: Vec::new() };
    }
}

/// Reads one block more, less only at the end of the input.
pub(super) fn fill(input: &mut impl Read, bytes: &mut Vec<u8>, base: u64) -> Result<(), Fault> {
    let start = bytes.len();
    let read = input.take(BLOCK_BYTES as u64).read_to_end(bytes);
    read.map_err(|error| read_fault(&error, base + start.max(bytes.len()) as u64))?;
    Ok(())
}

fn hash(work: &Receiver<Arc<Piece>>, back: &SyncSender<Vec<u8>>) -> [u8; 32] {
    let mut sha = Sha256::new();
    for piece in work {
        sha.update(&piece.bytes[piece.fresh..]);
        give_back(piece, back);
    }
    sha.finalize().into()
}

/// Whoever drops a block last gives its memory back.
pub(super) fn give_back(piece: Arc<Piece>, back: &SyncSender<Vec<u8>>) {
    if let Some(piece) = Arc::into_inner(piece).filter(|piece| piece.bytes.capacity() <= 4 * BLOCK_BYTES) {
        let _ = back.try_send(piece.bytes);
    }
}
