//! A file cut into records, piece by piece: for whoever reads exports without
//! planting into them.

use std::io::Read;

use super::Options;
use super::cut::{Cut, cut};
use super::dialect::Dialect;
use super::pass::{BLOCK_BYTES, fill};
use super::surveyor::endless;
use crate::fault::Fault;

/// What a stretch of a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The byte order mark.
    Mark,
    /// The line of headers.
    Header,
    /// A blank line.
    Blank,
    /// A record.
    Record,
}

/// A stretch of a piece: one record, or what stands between records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) part: Part,
    pub(crate) start: usize,
    /// Where its content ends and its terminator begins.
    pub(crate) content: usize,
    pub(crate) end: usize,
}

/// Some of a file's bytes, and all that they are, in order.
#[derive(Debug, Default)]
pub(crate) struct Piece {
    pub(crate) bytes: Vec<u8>,
    /// Offset of the first byte in the file.
    pub(crate) base: u64,
    /// Number of its first record, from 1.
    pub(crate) record: u64,
    pub(crate) stretches: Vec<Stretch>,
}

/// The head of a file: what its layout is learned from.
pub(super) struct Head<R> {
    input: R,
    bytes: Vec<u8>,
}

impl<R: Read> Head<R> {
    pub(super) fn read(mut input: R) -> Result<Self, Fault> {
        let mut bytes = Vec::with_capacity(BLOCK_BYTES);
        fill(&mut input, &mut bytes, 0)?;
        Ok(Self { input, bytes })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether the head is all there is.
    pub(super) fn is_whole(&self) -> bool {
        self.bytes.len() < BLOCK_BYTES
    }

    /// The whole file, cut as `dialect` says.
    pub(super) fn pieces(self, dialect: &Dialect, has_header: bool, options: &Options) -> Pieces<R> {
        Pieces {
            ended: self.is_whole(),
            input: self.input,
            dialect: dialect.clone(),
            limit: options.record_limit(),
            bytes: self.bytes,
            base: 0,
            records: 0,
            at_start: true,
            header_left: has_header,
        }
    }
}

/// A file that is cut as it is read.
pub(super) struct Pieces<R> {
    input: R,
    dialect: Dialect,
    limit: usize,
    /// What was read and not handed out.
    bytes: Vec<u8>,
    base: u64,
    records: u64,
    ended: bool,
    at_start: bool,
    header_left: bool,
}

impl<R: Read> Pieces<R> {
    /// Reads on; `None` behind the last piece. `spare` is memory to use again.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or a record does not end.
    pub(super) fn next(&mut self, mut spare: Vec<u8>) -> Result<Option<Piece>, Fault> {
        loop {
            let mut piece = Piece { base: self.base, record: self.records + 1, ..Piece::default() };
            let at = self.cut(&mut piece.stretches)?;
            if at == 0 && self.ended {
                return Ok(None);
            }
            spare.clear();
            spare.extend_from_slice(&self.bytes[at..]);
            piece.bytes = std::mem::replace(&mut self.bytes, spare);
            piece.bytes.truncate(at);
            self.base += at as u64;
            if !self.ended {
                let before = self.bytes.len();
                fill(&mut self.input, &mut self.bytes, self.base + before as u64)?;
                self.ended = self.bytes.len() - before < BLOCK_BYTES;
            }
            if at > 0 {
                return Ok(Some(piece));
            }
            // A record longer than a block: the next try has more of it.
            spare = piece.bytes;
        }
    }

    /// Cuts what was read; returns how much of it is whole.
    fn cut(&mut self, stretches: &mut Vec<Stretch>) -> Result<usize, Fault> {
        let mut at = 0;
        if std::mem::take(&mut self.at_start) {
            at = self.dialect.bom_bytes();
            stretches.extend((at > 0).then_some(Stretch { part: Part::Mark, start: 0, content: at, end: at }));
        }
        loop {
            let rest = &self.bytes[at..];
            let (content, end) = match cut(&self.dialect, rest, self.ended) {
                Cut::Record { content, end } if end <= self.limit => (content, end),
                Cut::More { .. } if rest.is_empty() => return Ok(at),
                Cut::More { quote } if self.ended || rest.len() > self.limit => return Err(self.endless(at, quote)),
                Cut::More { .. } => return Ok(at),
                Cut::Record { .. } => return Err(self.endless(at, None)),
            };
            let part = match content {
                0 => Part::Blank,
                _ if std::mem::take(&mut self.header_left) => Part::Header,
                _ => Part::Record,
            };
            self.records += u64::from(part == Part::Record);
            stretches.push(Stretch { part, start: at, content: at + content, end: at + end });
            at += end;
        }
    }

    fn endless(&self, at: usize, quote: Option<usize>) -> Fault {
        let fault = endless(quote, self.base + at as u64, self.records + 1, 0, self.ended, self.limit);
        Fault { line: None, ..fault }
    }
}
