//! Searching files and streams over all cores.
//!
//! A file is cut into stretches that are read and looked through side by side;
//! each is read with what surrounds it, so that a number or a row on a border is
//! seen whole, and belongs to the stretch in which it begins. A stream is read
//! on one thread, which is mostly busy unpacking it, and looked through on the
//! others. Either way what is found comes out in order.
//!
//! Files are read and not mapped: one that is cut short while it is mapped kills
//! the process, and reading costs a tenth of the search.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};
use rayon::prelude::*;

use super::classes::Classifier;
use super::finder::{Finder, Finding, Wide};
use super::folded::MOST_ROW;
use super::index::Index;
use super::masks::MaskCounts;
use super::reserved::Reserved;
use super::rows::rows;

/// Bytes that are looked through at once.
const STRETCH: usize = 128 << 10;

/// Bytes of context to either side.
const MARGIN: usize = 2 * MOST_ROW;

/// Bytes that the encoding is judged by.
const SAMPLE: usize = 64 << 10;

/// Stretches of a file between two reports of progress, for each core.
const ROUND: usize = 128;

/// What is asked, and how.
#[derive(Clone, Copy)]
pub struct Search<'s> {
    /// What is looked for.
    pub index: &'s Index,
    /// Where evidence is gathered: blocks of which every number is nominated,
    /// and canaries are not looked for.
    pub blind: Option<&'s Reserved>,
    /// How bytes are told apart.
    pub classifier: Classifier,
    /// Set when the search is to stop.
    pub stop: &'s AtomicBool,
}

/// A row of a dump with something of ours in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Where the row begins, in bytes. In UTF-16 it counts as UTF-8.
    pub offset: u64,
    /// The row.
    pub row: Vec<u8>,
    /// What was found, places counted from the row's beginning.
    pub findings: Vec<Finding>,
}

/// Who is told what was found.
pub trait Seen {
    /// Takes hits, in order; what comes after them was not looked at yet.
    fn hits(&mut self, hits: Vec<Hit>);
    /// Learns how many bytes and lines more were looked through.
    fn passed(&mut self, bytes: u64, lines: u64);
    /// Learns of phones of which only a part is shown.
    fn masked(&mut self, counts: &MaskCounts);
}

/// What a search came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Searched {
    /// Bytes that were looked through.
    pub bytes: u64,
    /// Lines of them, the last one also where its end is missing.
    pub lines: u64,
    /// Whether it was stopped before the end.
    pub stopped: bool,
    /// The encoding, where it is not UTF-8: `GB18030`, `UTF-16LE`, `UTF-16BE`.
    pub encoding: Option<&'static str>,
}

impl Search<'_> {
    /// Searches a regular file.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn file(&self, file: &File, seen: &mut dyn Seen) -> io::Result<Searched> {
        let length = file.metadata()?.len();
        let mut sample = vec![0; SAMPLE];
        let sampled = read_at_most(file, &mut sample, 0)?;
        let script = Script::of(&sample[..sampled]);
        if let Script::Wide(_) = script {
            let mut file = file;
            file.seek(SeekFrom::Start(0))?;
            return self.stream(&mut file, seen);
        }
        let mut searched = Searched { encoding: script.name(), ..Searched::default() };
        let mut whole = Whole::default();
        let round = (ROUND * rayon::current_num_threads() * STRETCH) as u64;
        for from in (0..length).step_by(round as usize) {
            if self.stop.load(Ordering::Relaxed) {
                searched.stopped = true;
                break;
            }
            let to = length.min(from + round);
            let starts: Vec<u64> = (from..to).step_by(STRETCH).collect();
            let look = |(finder, bytes): &mut (Finder<'_>, Vec<u8>), &start: &u64| {
                let end = to.min(start + STRETCH as u64);
                self.stretch_of(file, start..end, finder, bytes)
            };
            let stretches: Vec<io::Result<Looked>> =
                starts.par_iter().map_init(|| (self.finder(script), Vec::new()), look).collect();
            let (mut hits, mut lines, mut outcome) = (Vec::new(), 0, Ok(()));
            for stretch in stretches {
                match stretch {
                    Ok(looked) => {
                        hits.extend(looked.hits);
                        lines += looked.lines;
                        seen.masked(&looked.masked);
                    }
                    Err(error) => outcome = Err(error),
                }
            }
            if to == length {
                let mut last = [b'\n'];
                read_at_most(file, &mut last, length - 1)?;
                lines += u64::from(last != [b'\n']);
            }
            searched.bytes += to - from;
            searched.lines += lines;
            whole.take(hits, seen);
            seen.passed(to - from, lines);
            if outcome.is_err() {
                // What was found before the defect is handed on.
                whole.finish(seen);
                return outcome.map(|()| searched);
            }
        }
        whole.finish(seen);
        Ok(searched)
    }

    fn stretch_of(
        &self,
        file: &File,
        range: Range<u64>,
        finder: &mut Finder<'_>,
        bytes: &mut Vec<u8>,
    ) -> io::Result<Looked> {
        let from = range.start.saturating_sub(MARGIN as u64);
        bytes.resize((range.end - from) as usize + MARGIN, 0);
        let read = read_at_most(file, bytes, from)?;
        let start = ((range.start - from) as usize).min(read);
        let end = ((range.end - from) as usize).min(read);
        Ok(self.look(finder, &bytes[..read], start..end, from))
    }

    /// Searches a stream.
    ///
    /// # Errors
    ///
    /// When it cannot be read on: what came before was looked through.
    pub fn stream(&self, input: &mut dyn Read, seen: &mut dyn Seen) -> io::Result<Searched> {
        let mut first = vec![0; SAMPLE];
        let (sampled, outcome) = fill(input, &mut first);
        first.truncate(sampled);
        let script = Script::of(&first);
        let mut searched = Searched { encoding: script.name(), ..Searched::default() };
        let mut chained = io::Cursor::new(first).chain(input);
        let outcome = outcome.and_then(|()| match script {
            Script::Wide(encoding) => {
                self.pieces(&mut Decoded::new(&mut chained, encoding), script, &mut searched, seen)
            }
            _ => self.pieces(&mut chained, script, &mut searched, seen),
        });
        outcome.map(|()| searched)
    }

    /// Reads pieces on this thread and has them looked through on the others.
    fn pieces(
        &self,
        input: &mut dyn Read,
        script: Script,
        searched: &mut Searched,
        seen: &mut dyn Seen,
    ) -> io::Result<()> {
        let most = rayon::current_num_threads() + 1;
        let (sender, receiver) = mpsc::channel::<(usize, Looked, u64)>();
        let mut order = Order { next: 0, waiting: Vec::new(), whole: Whole::default() };
        let mut outcome = Ok(());
        rayon::in_place_scope(|scope| {
            let (mut sent, mut done, mut offset) = (0, 0, 0u64);
            // What was read before and is context now; how much of it was not looked through yet.
            let (mut kept, mut open): (Vec<u8>, usize) = (Vec::new(), 0);
            loop {
                let context = kept.len();
                let mut bytes = std::mem::take(&mut kept);
                bytes.resize(context + STRETCH, 0);
                let (read, result) = fill(input, &mut bytes[context..]);
                bytes.truncate(context + read);
                let ends = read < STRETCH || result.is_err() || self.stop.load(Ordering::Relaxed);
                if result.is_err() {
                    outcome = result;
                } else if ends && read == STRETCH {
                    searched.stopped = true;
                }
                let from = context - open;
                let to = if ends { bytes.len() } else { bytes.len() - MARGIN.min(bytes.len() - from) };
                kept = bytes[to.saturating_sub(MARGIN)..].to_vec();
                open = bytes.len() - to;
                let base = offset;
                offset += (to.saturating_sub(MARGIN)) as u64;
                let sender = sender.clone();
                scope.spawn(move |_| {
                    let mut finder = self.finder(script);
                    let mut looked = self.look(&mut finder, &bytes, from..to, base);
                    let is_cut = ends && bytes.last().is_some_and(|last| *last != b'\n');
                    looked.lines += u64::from(is_cut);
                    // The receiver is gone only when the search is.
                    let _ = sender.send((sent, looked, (to - from) as u64));
                });
                sent += 1;
                while sent - done >= most || (ends && done < sent) {
                    let Ok(piece) = receiver.recv() else { break };
                    done += 1;
                    order.take(piece, searched, seen);
                }
                if ends {
                    break;
                }
            }
        });
        order.whole.finish(seen);
        outcome
    }

    /// Looks through a stretch and cuts out the rows.
    fn look(&self, finder: &mut Finder<'_>, bytes: &[u8], range: Range<usize>, base: u64) -> Looked {
        let (findings, lines) = finder.find(bytes, range.clone());
        let hit = |row: super::rows::Row| Hit {
            offset: base + row.range.start as u64,
            row: bytes[row.range].to_vec(),
            findings: row.findings,
        };
        let masked = if self.blind.is_none() { self.index.masks.count(bytes, range) } else { MaskCounts::new() };
        Looked { hits: rows(bytes, &findings).into_iter().map(hit).collect(), lines, masked }
    }

    fn finder(&self, script: Script) -> Finder<'_> {
        let mut finder = match self.blind {
            Some(reserved) => Finder::blind(self.index, self.classifier, reserved),
            None => Finder::new(self.index, self.classifier),
        };
        finder.set_wide(if script == Script::Gb { Wide::Gbk } else { Wide::Utf8 });
        finder
    }
}

/// What was found in a stretch.
struct Looked {
    hits: Vec<Hit>,
    /// Lines that end in it.
    lines: u64,
    masked: MaskCounts,
}

/// Makes one hit of a row of which each of two stretches found a part.
#[derive(Default)]
struct Whole {
    /// The newest hit: its row may go on.
    last: Option<Hit>,
}

impl Whole {
    fn take(&mut self, hits: Vec<Hit>, seen: &mut dyn Seen) {
        let mut whole = Vec::with_capacity(hits.len());
        for hit in hits {
            match &mut self.last {
                Some(last) if last.offset == hit.offset && last.row == hit.row => last.findings.extend(hit.findings),
                last => whole.extend(last.replace(hit)),
            }
        }
        if !whole.is_empty() {
            seen.hits(whole);
        }
    }

    fn finish(&mut self, seen: &mut dyn Seen) {
        if let Some(last) = self.last.take() {
            seen.hits(vec![last]);
        }
    }
}

/// Puts pieces in the order in which they were read.
struct Order {
    next: usize,
    waiting: Vec<(usize, Looked, u64)>,
    whole: Whole,
}

impl Order {
    fn take(&mut self, piece: (usize, Looked, u64), searched: &mut Searched, seen: &mut dyn Seen) {
        self.waiting.push(piece);
        while let Some(place) = self.waiting.iter().position(|(number, ..)| *number == self.next) {
            let (_, looked, bytes) = self.waiting.swap_remove(place);
            self.next += 1;
            searched.bytes += bytes;
            searched.lines += looked.lines;
            self.whole.take(looked.hits, seen);
            seen.masked(&looked.masked);
            seen.passed(bytes, looked.lines);
        }
    }
}

/// How the bytes are text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Script {
    Utf8,
    Gb,
    /// UTF-16, of one or the other order.
    Wide(&'static Encoding),
}

impl Script {
    /// Judges by the first bytes.
    fn of(sample: &[u8]) -> Self {
        if let Some((encoding, _)) = Encoding::for_bom(sample).filter(|(encoding, _)| *encoding != encoding_rs::UTF_8) {
            return Self::Wide(encoding);
        }
        // Without a mark: digits and commas in UTF-16 have a zero beside each.
        let zeros = |odd: usize| sample.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
        let half = sample.len() / 2;
        let (even, odd) = (zeros(0), zeros(1));
        if half >= 8 && odd > half / 4 && even < half / 32 {
            return Self::Wide(UTF_16LE);
        }
        if half >= 8 && even > half / 4 && odd < half / 32 {
            return Self::Wide(UTF_16BE);
        }
        match std::str::from_utf8(sample) {
            // The sample may end within a character.
            Err(error) if error.error_len().is_some() || error.valid_up_to() + 4 < sample.len() => Self::Gb,
            _ => Self::Utf8,
        }
    }

    fn name(self) -> Option<&'static str> {
        match self {
            Self::Utf8 => None,
            Self::Gb => Some("GB18030"),
            Self::Wide(encoding) => Some(encoding.name()),
        }
    }
}

/// A stream in UTF-16, as UTF-8.
struct Decoded<'r> {
    input: &'r mut dyn Read,
    decoder: encoding_rs::Decoder,
    raw: Vec<u8>,
    text: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<'r> Decoded<'r> {
    fn new(input: &'r mut dyn Read, encoding: &'static Encoding) -> Self {
        let (raw, text) = (vec![0; SAMPLE], Vec::new());
        Self { input, decoder: encoding.new_decoder_with_bom_removal(), raw, text, given: 0, ended: false }
    }
}

impl Read for Decoded<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() && !self.ended {
            let read = self.input.read(&mut self.raw)?;
            self.ended = read == 0;
            let room = self.decoder.max_utf8_buffer_length(read).unwrap_or(4 * SAMPLE);
            self.text.resize(room, 0);
            let (_, _, written, _) = self.decoder.decode_to_utf8(&self.raw[..read], &mut self.text, self.ended);
            self.text.truncate(written);
            self.given = 0;
        }
        let given = out.len().min(self.text.len() - self.given);
        out[..given].copy_from_slice(&self.text[self.given..self.given + given]);
        self.given += given;
        Ok(given)
    }
}

/// Reads until `bytes` are full or the input ends; how many were read, and
/// what stopped it if anything did.
fn fill(input: &mut dyn Read, bytes: &mut [u8]) -> (usize, io::Result<()>) {
    let mut filled = 0;
    while filled < bytes.len() {
        match input.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (filled, Err(error)),
        }
    }
    (filled, Ok(()))
}

fn read_at_most(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read_at(&mut bytes[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
