//! The records of a file go by: their order is watched, their numbers are
//! compared with ours, and each gap between them is offered as a place.

use std::ops::Range;
use std::rc::Rc;

use super::apart::Window;
use super::check::LineRecords;
use super::columns::Columns;
use super::cut::{Cut, Kind, Span, cut};
use super::dialect::{Dialect, Format, Terminator};
use super::numbers::Candidates;
use super::order::Order;
use super::pace::{self, Pace};
use super::pass::Piece;
use super::place::{Gap, Lane, Row};
use super::ring::{Ring, RowHash};
use super::runs::Runs;
use super::sample::{FieldReader, Sample};
use super::shared::Shared;
use super::survey::Odd;
use super::watch::{Watch, core};
use super::{BLOCKS, Job};
use crate::derive::Keystream;
use crate::fault::Fault;
use crate::record::ColumnRole;

/// A longer record is no donor: it would be kept for every canary beside it.
pub(super) const MAX_DONOR_BYTES: usize = 64 << 10;
/// Watches the records of a file go by.
pub(super) struct Surveyor<'a, 'k, 'j> {
    pub(super) reader: FieldReader,
    pub(super) width: usize,
    pub(super) needed: Vec<usize>,
    pub(super) header_left: bool,
    pub(super) watches: Vec<Watch>,
    pub(super) number: Option<usize>,
    pub(super) grouped_phones: Vec<usize>,
    pub(super) job: &'j Job<'a>,
    pub(super) candidates: Candidates,
    pub(super) runs: Runs<'k>,
    pace: Pace,
    pub(super) anywhere: Lane<'k>,
    pub(super) with_room: Lane<'k>,
    pub(super) sharing: Option<Sharing>,
    pub(super) records: u64,
    pub(super) ragged: Odd,
    pub(super) blank: u64,
    pub(super) unterminated: bool,
    pub(super) grouped: LineRecords,
    pub(super) fields: Vec<Span>,
    pub(super) previous_is_fit: bool,
    /// The last record, kept for the gap behind it.
    pub(super) last: Option<Row>,
    /// Where it ends: blank lines behind it stay behind a planted row.
    pub(super) last_end: u64,
}

/// The places of shared rows.
pub(super) struct Sharing {
    hash: RowHash,
    pub(super) anywhere: Ring,
    pub(super) with_room: Ring,
}

impl Sharing {
    fn new(shared: &Shared<'_>) -> Self {
        let ring = || Ring::new(&shared.place, shared.rows.len());
        Self { hash: RowHash::new(&shared.place), anywhere: ring(), with_room: ring() }
    }
}

impl<'a, 'k, 'j> Surveyor<'a, 'k, 'j> {
    pub(super) fn new(
        dialect: &Dialect,
        sample: &Sample,
        columns: &Columns,
        job: &'j Job<'a>,
        keystream: &'k Keystream,
    ) -> Self {
        let watches = Watch::all(columns, job);
        let lane = |which: usize| Lane::new((0..job.records.len()).map(move |i| keystream.block(BLOCKS * i + which)));
        let is_phone = |column: &&super::columns::Column| matches!(column.role, ColumnRole::Phone(_));
        Self {
            reader: sample.reader.clone(),
            width: if dialect.format == Format::Delimited { sample.width() } else { 0 },
            needed: columns.all.iter().filter(|column| column.is_first).map(|column| column.place).collect(),
            header_left: sample.has_header,
            number: columns.first(&ColumnRole::Number).map(|column| column.place),
            grouped_phones: columns
                .all
                .iter()
                .filter(is_phone)
                .filter(|column| column.style.groups_digits())
                .map(|c| c.place)
                .collect(),
            watches,
            job,
            candidates: Candidates::new(job.number_texts()),
            runs: Runs::new(job.numbers.iter().map(|(_, text)| text.as_str()), |which| {
                keystream.block(BLOCKS * job.records.len() + which)
            }),
            anywhere: lane(0),
            with_room: lane(1),
            pace: Pace::default(),
            sharing: job.shared.filter(|shared| !shared.rows.is_empty()).map(|shared| Sharing::new(&shared)),
            records: 0,
            ragged: Odd::default(),
            blank: 0,
            unterminated: false,
            grouped: LineRecords::default(),
            fields: Vec::new(),
            previous_is_fit: false,
            last: None,
            last_end: 0,
        }
    }

    /// Cuts the records of a piece; `previous` is the record before them.
    pub(super) fn cut(
        &mut self,
        piece: &mut Piece,
        previous: &mut Range<usize>,
        ended: bool,
        job: &Job<'_>,
    ) -> Result<(), Fault> {
        loop {
            let rest = &piece.bytes[piece.to..];
            let (content, end) = match cut(&self.reader.dialect, rest, ended) {
                Cut::Record { content, end } if end <= job.options.record_limit() => (content, end),
                Cut::More { quote } if ended && !rest.is_empty() => return Err(self.endless(piece, quote, true, job)),
                Cut::More { quote } if rest.len() > job.options.record_limit() => {
                    return Err(self.endless(piece, quote, false, job));
                }
                Cut::More { .. } => break,
                Cut::Record { .. } => return Err(self.endless(piece, None, false, job)),
            };
            let start = piece.to;
            piece.to += end;
            self.unterminated = content == end;
            if content == 0 {
                self.blank += 1;
            } else if self.header_left {
                self.header_left = false;
                *previous = piece.to..piece.to;
            } else {
                piece.starts.push(start as u32);
                self.record(piece, previous.clone(), start, content);
                *previous = start..piece.to;
            }
        }
        if ended {
            self.last_end = piece.base + previous.end as u64;
            self.last = self.row(&piece.bytes[previous.clone()], self.previous_is_fit);
        }
        Ok(())
    }

    fn endless(&self, piece: &Piece, quote: Option<usize>, ended: bool, job: &Job<'_>) -> Fault {
        let mark = self.reader.dialect.terminator.mark();
        let line = piece.line + memchr::memchr_iter(mark, &piece.bytes[piece.from..piece.to]).count() as u64;
        endless(quote, piece.base + piece.to as u64, self.records + 1, line, ended, job.options.record_limit())
    }

    fn record(&mut self, piece: &Piece, previous: Range<usize>, start: usize, content: usize) {
        self.records += 1;
        let text = &piece.bytes[start..start + content];
        let mut fields = std::mem::take(&mut self.fields);
        let sound = self.reader.split(text, &mut fields).is_ok() && (self.width == 0 || fields.len() == self.width);
        if sound {
            self.watch(text, &fields);
        } else {
            self.note_ragged(piece, start);
        }
        let has = |place: &usize| fields.get(*place).is_some_and(|span| span.kind != Kind::Missing);
        let is_fit = sound && content <= MAX_DONOR_BYTES && self.needed.iter().all(has);
        let weight = if sound { self.weigh(text, &fields) } else { pace::USUAL };
        self.offer(piece, previous, start, content, &fields, (is_fit, weight));
        if sound {
            for watch in &mut self.watches {
                watch.push(core(fields[watch.place].of(text), fields[watch.place].kind));
            }
        }
        self.previous_is_fit = is_fit;
        self.fields = fields;
    }

    fn note_ragged(&mut self, piece: &Piece, start: usize) {
        self.ragged.count += 1;
        if self.ragged.first.is_none() {
            let mark = self.reader.dialect.terminator.mark();
            let line = piece.line + memchr::memchr_iter(mark, &piece.bytes[piece.from..start]).count() as u64;
            self.ragged.first = Some((self.records, line, piece.base + start as u64));
        }
    }

    /// Compares a record's values with ours.
    fn watch(&mut self, text: &[u8], fields: &[Span]) {
        if let Some(number) = self.number {
            self.candidates.meet(core(fields[number].of(text), fields[number].kind));
        }
        for &place in &self.grouped_phones {
            let digits: String =
                fields[place].of(text).iter().filter(|b| b.is_ascii_digit()).map(|b| char::from(*b)).collect();
            if (11..=15).contains(&digits.len()) && (self.job.is_line)(&digits) {
                self.grouped.add(self.records);
            }
        }
    }

    /// Offers the gap before a record to whoever looks for a place.
    fn offer(
        &mut self,
        piece: &Piece,
        previous: Range<usize>,
        start: usize,
        content: usize,
        fields: &[Span],
        (is_fit, weight): (bool, u64),
    ) {
        let before = &piece.bytes[previous.clone()];
        let before_is_fit = self.previous_is_fit && !before.is_empty();
        if !is_fit && !before_is_fit {
            return;
        }
        let text = &piece.bytes[start..start + content];
        let wanted = self.anywhere.offer(weight);
        let both = is_fit && before_is_fit;
        let has_room = self.has_room(before, text, fields, both);
        let wanted_with_room = has_room && self.with_room.offer(weight);
        let passes = is_fit && self.number_passes(text, fields);
        let wanted_by_run = self.runs.offer(weight);
        let number = self.number.filter(|_| is_fit).map(|place| core(fields[place].of(text), fields[place].kind));
        let bounds = number.filter(|number| self.runs.wants(number));
        // What shared rows say must not hang on one account's file: they take
        // no gap at an end or beside a ragged row.
        let shared = self.sharing.as_ref().filter(|_| both).map(|sharing| sharing.hash.of(text));
        let wanted_shared =
            self.sharing.as_ref().zip(shared).is_some_and(|(sharing, hash)| {
                sharing.anywhere.wants(hash) || (has_room && sharing.with_room.wants(hash))
            });
        if !(wanted || wanted_with_room || passes || wanted_shared || wanted_by_run || bounds.is_some()) {
            return;
        }
        let end = piece.to;
        let after = (content <= MAX_DONOR_BYTES).then(|| Row {
            bytes: piece.bytes[start..end].to_vec(),
            content,
            fields: fields.to_vec(),
            is_fit,
        });
        let mut gap = Gap::new(piece.base + start as u64, self.row(before, before_is_fit), after);
        let earlier = piece.starts.partition_point(|earlier| (*earlier as usize) < previous.start);
        gap.window = Window::of(&piece.bytes, &piece.starts[..earlier], previous.start);
        let gap = Rc::new(gap);
        if wanted {
            self.anywhere.take(&gap);
        }
        if wanted_by_run {
            self.runs.take(&gap);
        }
        if let (Some(number), Some(row)) = (bounds, &gap.after) {
            self.runs.meet(number, &Rc::new(row.clone()));
        }
        if wanted_with_room {
            self.with_room.take(&gap);
        }
        if let Some((sharing, hash)) = self.sharing.as_mut().zip(shared) {
            sharing.anywhere.take(hash, &gap);
            if has_room {
                sharing.with_room.take(hash, &gap);
            }
        }
        if passes {
            self.candidates.drop_before(number_of(&self.watches, text, fields), &gap);
        }
    }

    /// What the gap before a record weighs as a place.
    fn weigh(&mut self, text: &[u8], fields: &[Span]) -> u64 {
        let Some(watch) = self.watches.iter().find(|watch| watch.goes_by_time()) else { return pace::USUAL };
        let (ticks, step) = watch.ticks(core(fields[watch.place].of(text), fields[watch.place].kind));
        self.pace.weigh(ticks, step)
    }

    fn has_room(&self, before: &[u8], text: &[u8], fields: &[Span], both: bool) -> bool {
        let mut needing = self.watches.iter().filter(|watch| watch.needs_room).peekable();
        if !both || needing.peek().is_none() {
            return false;
        }
        let mut earlier = Vec::new();
        self.reader.split(content_of(&self.reader.dialect, before), &mut earlier).is_ok()
            && needing.all(|watch| {
                let value = |bytes: &[u8], fields: &[Span]| {
                    core(fields[watch.place].of(bytes), fields[watch.place].kind).to_vec()
                };
                Watch::has_room(&value(before, &earlier), &value(text, fields))
            })
    }

    /// Whether a candidate belongs before this record, if the file is sorted.
    fn number_passes(&self, text: &[u8], fields: &[Span]) -> bool {
        let Some(watch) = self.watches.iter().find(|watch| watch.role == ColumnRole::Number) else { return false };
        let order = if watch.steps() == 0 { Order::None } else { watch.order() };
        if self.job.numbers.is_empty() || (order == Order::None && watch.steps() > 0) {
            return false;
        }
        let number = number_of(&self.watches, text, fields);
        !number.is_empty() && self.candidates.passes(order, number)
    }

    fn row(&self, bytes: &[u8], is_fit: bool) -> Option<Row> {
        let content = content_of(&self.reader.dialect, bytes).len();
        let mut fields = Vec::new();
        let split = content > 0 && self.reader.split(&bytes[..content], &mut fields).is_ok();
        split.then(|| Row { bytes: bytes.to_vec(), content, fields, is_fit })
    }

    /// Offers the gap behind the last record, unless that has no terminator.
    pub(super) fn finish(&mut self) {
        let Some(last) = self.last.take().filter(|last| last.is_fit) else { return };
        if self.unterminated {
            // Both neighbours are said to be the last record: what goes between
            // is its value, which breaks no order that the rows before it have.
            let at = self.last_end - last.bytes.len() as u64;
            let gap = Rc::new(Gap::new(at, Some(last.clone()), Some(last)));
            return self.candidates.drop_rest(&gap, true);
        }
        let gap = Rc::new(Gap::new(self.last_end, Some(last), None));
        if self.anywhere.offer(pace::USUAL) {
            self.anywhere.take(&gap);
        }
        if self.runs.offer(pace::USUAL) {
            self.runs.take(&gap);
        }
        self.candidates.drop_rest(&gap, false);
    }
}

fn number_of<'b>(watches: &[Watch], text: &'b [u8], fields: &[Span]) -> &'b [u8] {
    let watch = watches.iter().find(|watch| watch.role == ColumnRole::Number);
    watch.map_or(&[], |watch| core(fields[watch.place].of(text), fields[watch.place].kind))
}

/// Returns a record without its terminator.
pub(super) fn content_of<'r>(dialect: &Dialect, record: &'r [u8]) -> &'r [u8] {
    match (dialect.terminator, record) {
        (_, [content @ .., b'\r', b'\n']) | (_, [content @ .., b'\n']) => content,
        (Terminator::Cr, [content @ .., b'\r']) => content,
        (_, content) => content,
    }
}

/// The fault of a record that does not end: too long, or a quote left open.
pub(super) fn endless(quote: Option<usize>, at: u64, record: u64, line: u64, ended: bool, limit: usize) -> Fault {
    let fault = match (quote, ended) {
        (Some(_), true) => Fault::new("expected the quote that closes this field, found the end of the file"),
        (Some(_), false) => Fault::new(format!("expected the quote that closes this field within {limit} bytes")),
        (None, _) => Fault::new(format!("expected a record of at most {limit} bytes, found a longer one")),
    };
    let hint = match quote {
        Some(_) => "the file may be cut off; if quotes are plain letters in it, say --no-quotes",
        None => "see whether the file has line ends at all; export it again",
    };
    fault.at_record(record).at_line(line).at_byte(at + quote.unwrap_or(0) as u64).hint(hint)
}
