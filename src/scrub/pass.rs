//! One pass over an extract: read and cut, judge, write.
//!
//! A thread reads and cuts the next piece while this one is judged by all
//! cores and written. Memory does not depend on the file.

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use rayon::prelude::*;

use super::flag::{Flag, Mode};
use super::written;
use super::{Kind, Known};
use crate::fault::Fault;
use crate::plant::{ColumnSpec, Extract, Layout, Options, Part, Piece, Span, Stretch};

/// Pieces that may wait to be judged.
const WAITING: usize = 2;
/// Records that a core judges at a time.
const RECORDS: usize = 512;

/// What scrubbing did. It holds no number and no phone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scrubbed {
    /// Records, canaries included.
    pub rows: u64,
    /// Canaries that were left out or marked, by [`Kind`].
    kinds: [u64; Kind::ALL.len()],
    /// Records with another number of fields, or broken JSON. All were kept.
    pub ragged: Odd,
    /// Those of them in which a canary's number or a trap line stands.
    pub ragged_canaries: Odd,
    /// Records without a number and a phone that could be read. All were kept.
    pub unread: Odd,
    /// Columns that were read for numbers, by header or place.
    pub numbers: Vec<String>,
    /// Columns that were read for phones.
    pub phones: Vec<String>,
}

/// Records that are not like the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Odd {
    /// How many.
    pub count: u64,
    /// Record and byte of the first.
    pub first: Option<(u64, u64)>,
}

impl Odd {
    fn add(&mut self, record: u64, byte: u64) {
        self.count += 1;
        self.first.get_or_insert((record, byte));
    }
}

impl Scrubbed {
    /// Canaries of one kind.
    pub fn of(&self, kind: Kind) -> u64 {
        self.kinds[kind as usize]
    }

    /// All canaries.
    pub fn canaries(&self) -> u64 {
        self.kinds.iter().sum()
    }
}

/// Copies `input` to `output`, both uncompressed, without the rows of canaries
/// or with a column that marks them.
///
/// Columns are found as `plant` finds them, by the names that `templates` give
/// them, too.
///
/// # Errors
///
/// A [`Fault`] where the input cannot be cut into records, has no column for
/// numbers or phones, or none that can be read; and if reading or writing
/// fails. Then what was written must not be used.
pub fn scrub(
    input: impl Read + Send,
    mut output: impl Write,
    known: &dyn Known,
    templates: &[Vec<ColumnSpec>],
    mode: &Mode,
    options: &Options,
) -> Result<Scrubbed, Fault> {
    let mut extract = Extract::open(input, templates, options)?;
    let layout = extract.layout().clone();
    let flag = Flag::new(mode, &layout)?;
    let mut judge = Judge { known, layout: &layout, done: Scrubbed::default() };
    (judge.done.numbers, judge.done.phones) = layout.looked_at();
    std::thread::scope(|scope| {
        let (hand_over, pieces) = sync_channel(WAITING);
        let (give_back, spare) = sync_channel(WAITING + 2);
        scope.spawn(move || read(&mut extract, &hand_over, &spare));
        for piece in pieces {
            let piece = piece?;
            let verdicts = judge.piece(&piece);
            write(&mut output, &piece, &verdicts, flag.as_ref())?;
            let _ = give_back.try_send(piece.bytes);
        }
        output.flush().map_err(|error| failed(&error))
    })?;
    judge.done.refuse_unread()?;
    Ok(judge.done)
}

fn read<R: Read>(extract: &mut Extract<R>, pieces: &SyncSender<Result<Piece, Fault>>, spare: &Receiver<Vec<u8>>) {
    while let Some(piece) = extract.next(spare.try_recv().unwrap_or_default()).transpose() {
        let is_last = piece.is_err();
        // Whoever judges is gone after a fault of its own.
        if pieces.send(piece).is_err() || is_last {
            return;
        }
    }
}

fn failed(error: &std::io::Error) -> Fault {
    Fault::new(format!("writing failed: {error}")).hint("see whether the disk is full or read-only")
}

/// What is said of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// A canary's.
    Canary(Kind),
    /// Another's.
    Real,
    /// Nothing in it could be read.
    Unread,
    /// Not like the others; whether a canary's number or line stands in it.
    Ragged(bool),
    /// No record.
    None,
}

struct Judge<'a> {
    known: &'a dyn Known,
    layout: &'a Layout,
    done: Scrubbed,
}

impl Judge<'_> {
    /// Judges a piece; one verdict for each stretch.
    fn piece(&mut self, piece: &Piece) -> Vec<Verdict> {
        let (known, layout) = (self.known, self.layout);
        let judge = |fields: &mut Vec<Span>, stretch: &Stretch| match stretch.part {
            Part::Record => verdict(known, layout, &piece.bytes[stretch.start..stretch.content], fields),
            _ => Verdict::None,
        };
        let verdicts: Vec<Verdict> =
            piece.stretches.par_iter().with_min_len(RECORDS).map_init(Vec::new, judge).collect();
        self.count(piece, &verdicts);
        verdicts
    }

    fn count(&mut self, piece: &Piece, verdicts: &[Verdict]) {
        let (done, mut record) = (&mut self.done, piece.record);
        for (stretch, verdict) in piece.stretches.iter().zip(verdicts) {
            let byte = piece.base + stretch.start as u64;
            match verdict {
                Verdict::None => continue,
                Verdict::Real => {}
                Verdict::Canary(kind) => done.kinds[*kind as usize] += 1,
                Verdict::Unread => done.unread.add(record, byte),
                Verdict::Ragged(holds_ours) => {
                    done.ragged.add(record, byte);
                    if *holds_ours {
                        done.ragged_canaries.add(record, byte);
                    }
                }
            }
            done.rows += 1;
            record += 1;
        }
    }
}

impl Scrubbed {
    /// A file of which nothing could be read was not scrubbed, whatever it is.
    fn refuse_unread(&self) -> Result<(), Fault> {
        if self.rows == 0 || self.unread.count + self.ragged.count < self.rows {
            return Ok(());
        }
        let columns: Vec<&str> = self.numbers.iter().chain(&self.phones).map(String::as_str).collect();
        Err(Fault::new(format!(
            "expected numbers or phones in {}, found none that can be read in {} rows",
            columns.join(", "),
            self.rows
        ))
        .hint(
            "see whether the columns are masked; name others with --map number=COLUMN or --map recipient.phone=COLUMN",
        ))
    }
}

fn verdict(known: &dyn Known, layout: &Layout, content: &[u8], fields: &mut Vec<Span>) -> Verdict {
    if !layout.split(content, fields) {
        // Its fields may have moved, or it may be two rows in one: what is
        // found in it is told and decides nothing.
        let mut ours = fields.iter().map(|span| number(known, layout, content, *span).0.is_some());
        let mut lines = fields.iter().map(|span| phone(known, layout, content, *span).0);
        return Verdict::Ragged(ours.any(|ours| ours) || lines.any(|ours| ours));
    }
    let mut could_read = false;
    for span in layout.numbers(fields) {
        let (kind, is_number) = number(known, layout, content, span);
        if let Some(kind) = kind {
            return Verdict::Canary(kind);
        }
        could_read |= is_number;
    }
    for span in layout.phones(fields) {
        let (is_line, is_phone) = phone(known, layout, content, span);
        if is_line {
            return Verdict::Canary(Kind::Line);
        }
        could_read |= is_phone;
    }
    if could_read { Verdict::Real } else { Verdict::Unread }
}

/// Whose number a field holds, and whether it holds any.
fn number(known: &dyn Known, layout: &Layout, content: &[u8], span: Span) -> (Option<Kind>, bool) {
    let written = match layout.plain(content, span) {
        Some(plain) => written::number(plain.iter().map(|&byte| char::from(byte))),
        None => written::number(layout.text(content, span).chars()),
    };
    (written.and_then(|written| known.number(written.as_str())), written.is_some())
}

/// Whether a field holds a line, and whether it holds any phone.
fn phone(known: &dyn Known, layout: &Layout, content: &[u8], span: Span) -> (bool, bool) {
    let written = match layout.plain(content, span) {
        Some(plain) => written::phone(plain.iter().map(|&byte| char::from(byte))),
        None => written::phone(layout.text(content, span).chars()),
    };
    (written.is_some_and(|written| known.phone(written.as_str())), written.is_some())
}

/// Writes a piece: what is kept as it stands, in stretches as long as possible.
fn write(output: &mut impl Write, piece: &Piece, verdicts: &[Verdict], flag: Option<&Flag>) -> Result<(), Fault> {
    let mut kept = 0;
    for (stretch, verdict) in piece.stretches.iter().zip(verdicts) {
        let content = &piece.bytes[stretch.start..stretch.content];
        let column = match (flag, verdict) {
            (Some(flag), Verdict::None) => flag.heading(stretch.part, content),
            (Some(flag), Verdict::Canary(_)) => flag.mark(content, true),
            (Some(flag), Verdict::Ragged(_)) => flag.mark_ragged(content),
            (Some(flag), Verdict::Real | Verdict::Unread) => flag.mark(content, false),
            (None, _) => None,
        };
        let (until, from) = match (flag, verdict) {
            (None, Verdict::Canary(_)) => (stretch.start, stretch.end),
            _ => match &column {
                Some(column) => (stretch.start + column.at, stretch.start + column.at),
                None => continue,
            },
        };
        let inserted = column.as_ref().map_or(&[][..], |column| &column.bytes);
        let written = output.write_all(&piece.bytes[kept..until]).and_then(|()| output.write_all(inserted));
        written.map_err(|error| failed(&error))?;
        kept = from;
    }
    output.write_all(&piece.bytes[kept..]).map_err(|error| failed(&error))
}
