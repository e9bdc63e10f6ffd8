//! Finding canaries and lines in bytes.
//!
//! Digits are found 64 bytes at a time as bits of a word; runs of a length that
//! no anchor and no phone has cost a few shifts. The others become tokens.
//! Phones are looked up at once; anchors are fingerprinted by the batch, asked
//! of the filter, and what that lets pass is decided by the table and by the
//! letters around it.
//!
//! A number may have been written otherwise than in one piece: in groups with
//! blanks or hyphens between them, in full-width digits, or without any border
//! to the digits beside it. Those ways are slower and looked into where the
//! bytes give cause.

use std::ops::Range;

use aes::Aes128Enc;
use aes::cipher::Block;
use serde::{Deserialize, Serialize};

use super::classes::{BLOCK, Classes, Classifier};
use super::folded;
use super::index::{Filter, Index};
use super::keys::Tag;
use super::letters::{Letters, letters};
use super::reserved::Reserved;
use super::runs::{Kinds, Runs};
use super::token::{MOST_DIGITS, Token};

/// What a finding is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum What {
    /// A canary, by its place in the index.
    Canary(u32),
    /// A line, by its place in the index's directory.
    Line(u32),
    /// What may be a number of a reserved block, planted or not.
    Reserved,
}

/// How it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// In one piece, with its letters.
    Whole,
    /// In groups, with blanks or hyphens between them.
    Grouped,
    /// In full-width digits.
    Wide,
    /// A waybill number without the letters around its digits.
    Bare,
    /// Without a border to the digits beside it.
    Glued,
}

/// Something of ours in the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where it begins.
    pub at: usize,
    /// Bytes from there.
    pub bytes: usize,
    /// What it is.
    pub what: What,
    /// How it was written.
    pub how: How,
}

/// Which bytes full-width digits are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wide {
    /// `EF BC 90` to `EF BC 99`.
    #[default]
    Utf8,
    /// `A3 B0` to `A3 B9`.
    Gbk,
}

/// Fewest digits of a number that is put together from groups or cut out of a
/// longer run: of fewer, chance would make too many.
const FEWEST_JOINED: usize = 9;

/// Fewest digits of an anchor that is believed without its letters.
const FEWEST_BARE: usize = 11;

/// Blocks that are classified together: their classes fit the nearest cache.
const STRETCH: usize = 512;

/// Anchors that are fingerprinted together.
const BATCH: usize = 256;

/// Looks through bytes for what an index holds.
pub struct Finder<'i> {
    index: &'i Index,
    filter: Filter<'i>,
    /// What is nominated in place of canaries, where evidence is gathered.
    reserved: Option<&'i Reserved>,
    numbers: u64,
    phones: u64,
    /// Digits of the shortest run that is looked at.
    least: usize,
    /// Digits of the shortest number that groups are put together to.
    fewest_joined: u32,
    /// Bytes of the shortest chain of groups that may be one.
    shortest_chain: usize,
    /// Whether a digit stands before the next block.
    before: bool,
    classifier: Classifier,
    wide: Wide,
    classes: Vec<Classes>,
    kinds: Kinds,
    runs: Runs,
    waiting: Vec<(Token, Place)>,
    blocks: Vec<Block<Aes128Enc>>,
    findings: Vec<Finding>,
    lines: u64,
    /// Up to here rows with full-width digits were looked through.
    folded_to: usize,
}

/// Where a token stands.
#[derive(Clone, Copy, Debug)]
struct Place {
    at: u32,
    bytes: u8,
    how: How,
}

impl Place {
    /// What stands at `at`: stretches are far below four gigabytes, and numbers
    /// below 256 bytes.
    fn new(at: usize, bytes: usize, how: How) -> Self {
        Self { at: at as u32, bytes: bytes.min(255) as u8, how }
    }

    fn range(self) -> Range<usize> {
        self.at as usize..self.at as usize + usize::from(self.bytes)
    }

    fn finding(self, what: What, how: How) -> Finding {
        Finding { at: self.at as usize, bytes: usize::from(self.bytes), what, how }
    }
}

impl<'i> Finder<'i> {
    /// A finder of what `index` holds.
    pub fn new(index: &'i Index, classifier: Classifier) -> Self {
        Self::with(index, classifier, None)
    }

    /// A finder of lines and of numbers of reserved blocks, which never asks
    /// which of them were planted.
    pub fn blind(index: &'i Index, classifier: Classifier, reserved: &'i Reserved) -> Self {
        Self::with(index, classifier, Some(reserved))
    }

    fn with(index: &'i Index, classifier: Classifier, reserved: Option<&'i Reserved>) -> Self {
        let (numbers, phones) = index.lengths();
        let numbers = reserved.map_or(numbers, |reserved| reserved.lengths);
        let fewest_joined = ((numbers | phones) >> FEWEST_JOINED).trailing_zeros() + FEWEST_JOINED as u32;
        Self {
            index,
            filter: index.filter(),
            reserved,
            numbers,
            phones,
            least: ((numbers | phones).trailing_zeros() as usize).clamp(4, MOST_DIGITS),
            fewest_joined,
            shortest_chain: (fewest_joined as usize + 1).min(MOST_DIGITS),
            before: false,
            classifier,
            wide: Wide::Utf8,
            classes: Vec::with_capacity(STRETCH + 1),
            kinds: Kinds::new(phones, numbers, FEWEST_BARE),
            runs: Runs::with_blocks(STRETCH),
            waiting: Vec::with_capacity(BATCH),
            blocks: Vec::with_capacity(BATCH),
            findings: Vec::new(),
            lines: 0,
            folded_to: 0,
        }
    }

    /// Chooses which bytes full-width digits are.
    pub fn set_wide(&mut self, wide: Wide) {
        self.wide = wide;
    }

    /// Looks through `bytes` for what begins within `range`; what surrounds the
    /// range is context. Returns the findings in order, and how many lines end
    /// within it.
    ///
    /// # Panics
    ///
    /// When the range is not within the bytes, or they are four gigabytes.
    pub fn find(&mut self, bytes: &[u8], range: Range<usize>) -> (Vec<Finding>, u64) {
        assert!(u32::try_from(bytes.len()).is_ok(), "a stretch is far below four gigabytes");
        self.folded_to = 0;
        self.lines = memchr::memchr_iter(b'\n', &bytes[range.clone()]).count() as u64;
        let (blocks, tail) = bytes[range.start..].as_chunks::<BLOCK>();
        let needed = range.len().div_ceil(BLOCK);
        let mut last = [0; BLOCK];
        last[..tail.len()].copy_from_slice(tail);
        self.before = range.start.checked_sub(1).is_some_and(|at| bytes[at].is_ascii_digit());
        let mut classes = std::mem::take(&mut self.classes);
        for from in (0..needed).step_by(STRETCH) {
            let to = needed.min(from + STRETCH);
            // One block more than asked for: a run may go on in it.
            let whole = &blocks[from.min(blocks.len())..(to + 1).min(blocks.len())];
            self.classifier.classify(whole, self.lead(), &mut classes);
            if classes.len() <= to - from && from + classes.len() == blocks.len() {
                classes.extend(self.classes_of(&last));
            }
            classes.resize(to - from + 1, Classes::default());
            let stretch = range.start + from * BLOCK..range.end.min(range.start + to * BLOCK);
            self.classifier.run(|| self.stretch(bytes, stretch, &classes));
            self.drain(bytes);
        }
        self.classes = classes;
        self.flush(bytes);
        let mut findings = std::mem::take(&mut self.findings);
        findings.sort_unstable();
        findings.dedup_by_key(|finding| (finding.at, finding.what));
        (findings, self.lines)
    }

    fn lead(&self) -> u8 {
        match self.wide {
            Wide::Utf8 => 0xef,
            Wide::Gbk => 0xa3,
        }
    }

    fn classes_of(&self, block: &[u8; BLOCK]) -> Vec<Classes> {
        let mut classes = Vec::new();
        self.classifier.classify(std::slice::from_ref(block), self.lead(), &mut classes);
        classes
    }

    /// Writes down the runs of a stretch, and looks at what is not in one piece.
    #[inline(always)]
    fn stretch(&mut self, bytes: &[u8], range: Range<usize>, classes: &[Classes]) {
        for (base, pair) in range.clone().step_by(BLOCK).zip(classes.windows(2)) {
            let within = range.end - base;
            // What begins behind the range is not taken.
            let mask = if within < BLOCK { (1 << within) - 1 } else { u32::MAX };
            self.block(bytes, base, pair[0], pair[1], mask);
        }
    }

    /// One block, with the classes of the next.
    #[inline(always)]
    fn block(&mut self, bytes: &[u8], base: usize, here: Classes, next: Classes, mask: u32) {
        let both = |here: u32, next: u32| u64::from(here) | u64::from(next) << BLOCK;
        let digits = both(here.digits, next.digits);
        let follows = digits << 1 | u64::from(self.before);
        self.before = here.digits >> (BLOCK - 1) == 1;
        self.runs.take(base, digits, (at_least(digits, self.least) & !follows) as u32 & mask);

        let joints = both(here.gaps, next.gaps) & follows & (digits >> 1);
        let chained = digits | joints;
        let mut groups = (at_least(chained, self.shortest_chain) & digits & !follows) as u32 & mask;
        while groups != 0 {
            let start = groups.trailing_zeros();
            groups &= groups - 1;
            let length = (chained >> start).trailing_ones();
            let count = (digits >> start & u64::MAX >> (64 - length)).count_ones();
            // A date and an hour are ten digits in groups: they are in every row. What reaches the end of
            // both blocks may have more groups behind it.
            if count < length && count >= self.fewest_joined || start + length == 2 * BLOCK as u32 {
                self.groups(bytes, base + start as usize);
            }
        }
        if here.wide & mask != 0 {
            self.wide_digits(bytes, base, here.wide & mask);
        }
    }

    /// Looks at the runs of a stretch.
    #[inline(never)]
    fn drain(&mut self, bytes: &[u8]) {
        let mut runs = std::mem::take(&mut self.runs);
        runs.sort(bytes, &self.kinds);
        for run in runs.phones() {
            let token = Token::ending_at(bytes, run.end, run.len());
            for &line in self.index.phones.find(token) {
                let place = Place::new(run.start, run.len(), How::Whole);
                self.findings.push(place.finding(What::Line(line), How::Whole));
            }
        }
        for run in runs.long() {
            let is_text = |byte: Option<&u8>| byte.is_some_and(|byte| !byte.is_ascii());
            let before = run.start.checked_sub(1).and_then(|at| bytes.get(at));
            if is_text(before) | is_text(bytes.get(run.end)) {
                self.cut_out(bytes, run.start, run.len());
            }
        }
        for run in runs.numbers() {
            let token = Token::ending_at(bytes, run.end, run.len());
            self.waiting.push((token, Place::new(run.start, run.len(), How::Whole)));
            if self.waiting.len() >= BATCH {
                self.flush(bytes);
            }
        }
        self.runs = runs;
        self.runs.clear();
    }

    #[inline]
    fn token(&mut self, token: Token, place: Place) {
        let length = token.digits();
        if self.phones >> length & 1 == 1 {
            for &line in self.index.phones.find(token) {
                self.findings.push(place.finding(What::Line(line), place.how));
            }
        }
        if self.numbers >> length & 1 == 1 {
            self.waiting.push((token, place));
        }
    }

    /// Takes every row of two or more whole groups, the first of which begins at
    /// `start` and each next one behind one gap, for a number.
    #[inline(never)]
    fn groups(&mut self, bytes: &[u8], start: usize) {
        let chain = &bytes[start..start + folded::chain(&bytes[start..])];
        let mut joined = Vec::with_capacity(MOST_DIGITS);
        for (number, group) in folded::runs(chain).enumerate() {
            if joined.len() + group.len() > MOST_DIGITS {
                break;
            }
            joined.extend_from_slice(&chain[group.clone()]);
            if number > 0 && joined.len() >= FEWEST_JOINED {
                let token = Token::of(&joined).expect("groups are digits");
                self.token(token, Place::new(start, group.end, How::Grouped));
            }
        }
    }

    /// Looks at both ends of a run that is too long for one number, where text
    /// touches it: `3栋13166666666` was run together with `1302` before it.
    #[inline(never)]
    fn cut_out(&mut self, bytes: &[u8], at: usize, length: usize) {
        let mut lengths = self.numbers | self.phones;
        lengths &= ((1 << length) - 1) & !((1 << FEWEST_BARE) - 1);
        while lengths != 0 {
            let part = lengths.trailing_zeros() as usize;
            lengths &= lengths - 1;
            for from in [at, at + length - part] {
                let token = Token::ending_at(bytes, from + part, part);
                self.token(token, Place::new(from, part, How::Glued));
            }
        }
    }

    /// Looks through the rows in which full-width digits stand.
    #[inline(never)]
    fn wide_digits(&mut self, bytes: &[u8], base: usize, mut leads: u32) {
        while leads != 0 {
            let at = base + leads.trailing_zeros() as usize;
            leads &= leads - 1;
            if at < self.folded_to || folded::wide_digit(&bytes[at..], self.wide).is_none() {
                continue;
            }
            let row = folded::around(bytes, at);
            self.folded_to = row.end;
            let folded = folded::Folded::of(&bytes[row.clone()], self.wide);
            for (run, grouped) in folded.numbers(FEWEST_JOINED, MOST_DIGITS) {
                let Some(token) = Token::of(&run.digits) else { continue };
                let how = if grouped { How::Grouped } else { How::Wide };
                self.token(token, Place::new(row.start + run.at, run.bytes, how));
            }
        }
    }

    /// Decides the anchors that wait. Their places in the filter are touched
    /// first, all of them, so that memory answers many at once.
    #[inline(never)]
    fn flush(&mut self, bytes: &[u8]) {
        if let Some(reserved) = self.reserved {
            for (_, place) in self.waiting.drain(..).filter(|(token, _)| reserved.may_hold(*token)) {
                self.findings.push(place.finding(What::Reserved, place.how));
            }
            return;
        }
        let tokens = self.waiting.iter().map(|(token, _)| *token);
        self.index.tagger.tag_all(tokens, &mut self.blocks);
        std::hint::black_box(self.blocks.iter().fold(0, |all, block| all ^ self.filter.touch(Tag::read(block))));
        for (block, (token, place)) in self.blocks.iter().zip(&self.waiting) {
            let tag = Tag::read(block);
            if !self.filter.may_hold(tag) {
                continue;
            }
            for canary in self.index.find(tag) {
                if let Some(how) = self.judge(bytes, *token, *place, canary) {
                    self.findings.push(place.finding(What::Canary(canary), how));
                }
            }
        }
        self.waiting.clear();
    }

    /// How a canary's anchor is written, with its letters; `None` where they
    /// are another number's, or missing beside a few digits.
    fn judge(&self, bytes: &[u8], token: Token, place: Place, canary: u32) -> Option<How> {
        let directory = self.index.directory();
        let form = &directory.forms[directory.sources[directory.source_of(canary)].form as usize];
        match letters(bytes, place.range(), form) {
            Letters::Same => Some(place.how),
            Letters::Missing if token.digits() >= FEWEST_BARE => {
                Some(if place.how == How::Whole { How::Bare } else { place.how })
            }
            Letters::Missing | Letters::Others => None,
        }
    }
}

/// Bits from which on `least` (4 to 32; 32 of more) bits are set.
#[inline(always)]
fn at_least(bits: u64, least: usize) -> u64 {
    let two = bits & bits >> 1;
    let four = two & two >> 2;
    if least < 8 {
        return four & four >> (least - 4);
    }
    let eight = four & four >> 4;
    if least <= 16 {
        return eight & eight >> (least - 8);
    }
    let sixteen = eight & eight >> 8;
    sixteen & sixteen >> (least - 16).min(16)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn long_runs_are_where_counting_finds_them(bits in any::<[u64; 3]>(), least in 4usize..33) {
            let bits = bits[0] | bits[1] << 3 | bits[2] << 7;
            let want = (0..32).filter(|&at| (at..at + least).all(|at| bits >> at & 1 == 1));

            let found = at_least(bits, least);

            prop_assert_eq!(want.collect::<Vec<_>>(), (0..32).filter(|&at| found >> at & 1 == 1).collect::<Vec<_>>());
        }
    }
}
