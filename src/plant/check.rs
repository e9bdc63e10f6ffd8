//! The checks that need no columns: encoding, NUL bytes, and whether a real
//! row already holds one of our lines.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};

use super::encoding::Encoding;
use super::pass::{Piece, give_back};
use crate::fault::Fault;

/// Records with one of our lines that are named.
const NAMED_RECORDS: usize = 100;

/// Records that hold one of our lines.
#[derive(Debug, Default)]
pub(super) struct LineRecords {
    pub(super) count: u64,
    pub(super) first: Vec<u64>,
    last: u64,
}

impl LineRecords {
    pub(super) fn add(&mut self, record: u64) {
        if self.last == record {
            return;
        }
        self.last = record;
        self.count += 1;
        if self.first.len() < NAMED_RECORDS {
            self.first.push(record);
        }
    }

    /// Adds what was found in other ways of writing.
    pub(super) fn merge(&mut self, other: Self) {
        self.count += other.count - other.first.iter().filter(|record| self.first.contains(record)).count() as u64;
        self.first.extend(other.first);
        self.first.sort_unstable();
        self.first.dedup();
        self.first.truncate(NAMED_RECORDS);
    }
}

/// Checks the encoding and looks for our lines.
pub(super) struct Checker<'a> {
    pub(super) encoding: Encoding,
    pub(super) mark: u8,
    pub(super) is_line: &'a (dyn Fn(&str) -> bool + Sync),
    pub(super) fault: Option<Fault>,
    pub(super) lines: LineRecords,
}

impl Checker<'_> {
    pub(super) fn run(mut self, work: &Receiver<Arc<Piece>>, back: &SyncSender<Vec<u8>>) -> Self {
        for piece in work {
            if self.fault.is_none() {
                self.check(&piece);
            }
            give_back(piece, back);
        }
        self
    }

    fn check(&mut self, piece: &Piece) {
        let bytes = &piece.bytes[piece.from..piece.to];
        let invalid = self.encoding.first_invalid(bytes);
        let nul_at = memchr::memchr(0, bytes);
        let first = [invalid, nul_at].into_iter().flatten().min();
        if let Some(at) = first {
            let fault = if nul_at == Some(at) { nul() } else { self.misencoded(bytes[at]) };
            self.fault = Some(self.placed(fault, piece, at));
            return;
        }
        for_digit_runs(bytes, |at| {
            let ours = |digits: &[u8]| std::str::from_utf8(digits).is_ok_and(|digits| (self.is_line)(digits));
            let start = at.start;
            // In GB18030 the first digit may belong to the character before it.
            let second = self.encoding.is_gb() && start > 0 && bytes[start - 1] >= 0x81 && at.len() > 11;
            if (at.len() <= 15 && ours(&bytes[at.clone()])) || (second && ours(&bytes[start + 1..at.end])) {
                let which = piece.starts.partition_point(|begin| *begin as usize <= piece.from + start);
                self.lines.add((piece.record + which as u64).saturating_sub(1));
            }
        });
    }

    fn misencoded(&self, byte: u8) -> Fault {
        let name = self.encoding.name();
        Fault::new(format!("expected {name}, found byte 0x{byte:02x} that is none"))
            .hint("the file mixes encodings; if it is all in one, name it: --encoding gb18030, utf-8 or windows-1252")
    }

    fn placed(&self, fault: Fault, piece: &Piece, at: usize) -> Fault {
        let before = &piece.bytes[piece.from..piece.from + at];
        let which = piece.starts.partition_point(|begin| *begin as usize <= piece.from + at);
        let fault = fault
            .at_line(piece.line + memchr::memchr_iter(self.mark, before).count() as u64)
            .at_byte(piece.base + (piece.from + at) as u64);
        if which == 0 { fault } else { fault.at_record(piece.record + which as u64 - 1) }
    }
}

/// Finds runs of at least 11 digits by looking at every eleventh byte.
fn for_digit_runs(bytes: &[u8], mut visit: impl FnMut(std::ops::Range<usize>)) {
    const LEAST: usize = 11;
    let mut at = LEAST - 1;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += LEAST;
            continue;
        }
        let front = bytes[..at].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let back = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if front + back >= LEAST {
            visit(at - front..at + back);
        }
        at += back + LEAST;
    }
}

/// The fault of a NUL byte.
pub(super) fn nul() -> Fault {
    Fault::new("expected text, found a NUL byte").hint("the file is damaged or UTF-16: export it again as UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_long_run_of_digits_is_found_wherever_it_begins() {
        for front in 0..30 {
            for length in [10, 11, 12, 15] {
                let bytes = format!("{}{} {}", "x".repeat(front), "7".repeat(length), "8".repeat(11));
                let mut runs = Vec::new();
                for_digit_runs(bytes.as_bytes(), |run| runs.push((run.start, run.end)));

                let last = front + length + 1;
                let mut expected = vec![(last, last + 11)];
                if length >= 11 {
                    expected.insert(0, (front, front + length));
                }
                assert_eq!(runs, expected, "{bytes}");
            }
        }
    }

    #[test]
    fn a_record_counts_once_however_often_it_holds_a_line() {
        let mut lines = LineRecords::default();
        let mut grouped = LineRecords::default();

        for record in [3, 3, 8] {
            lines.add(record);
        }
        grouped.add(3);
        grouped.add(5);
        grouped.merge(lines);

        assert_eq!((grouped.count, grouped.first), (3, vec![3, 5, 8]));
    }
}
