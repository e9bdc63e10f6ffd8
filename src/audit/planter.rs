//! Plants into one export again and again, in memory and under throwaway keys.
//!
//! An adversary who holds one planted export has a handful of canaries to
//! learn from; we want to know what gives them away, so we make thousands. Each
//! account and each redraw has a codeword of its own, exactly as if it had been
//! issued, and the real planter puts it into the file. Nothing of it is
//! registered, written or kept.

use crate::canary::{Batch, Mint};
use crate::codebook::{Codebook, Holder, Sizes};
use crate::derive::{Draw, Seed, Stream};
use crate::fault::Fault;
use crate::key::MasterKey;
use crate::line::{LineNumber, demo_lines};
use crate::normalize;
use crate::plant::{self, BytesSource, ColumnSpec, Job, Options, Rows};
use crate::record::{ColumnRole, Record, WaybillBlock};
use crate::template::Template;

use super::MAX_ROWS;
use super::candidates::Candidates;
use super::table::{Export, Planted};

/// Lines that an account of a large pool has.
const ACCOUNT_LINES: u32 = 100;
/// Digits of a real phone that a made-up line begins with: what shows the
/// carrier, and nobody's number.
const PREFIX_DIGITS: usize = 3;

/// Plants made-up codewords into one export.
pub struct Planter<'a> {
    bytes: &'a [u8],
    making: Making<'a>,
    rows: Rows,
    candidates: Option<Candidates>,
}

/// What codewords are made from.
struct Making<'a> {
    template: &'a Template,
    options: &'a Options,
    columns: Vec<ColumnSpec>,
    lines: Lines,
    master: MasterKey,
}

/// Where the phones of planted rows come from.
enum Lines {
    /// These, as the pool of an epoch.
    Pool(Vec<LineNumber>),
    /// Made up for each account; they begin as these real phones do.
    LikeReal(Vec<String>),
    /// The export has no phones to follow.
    Demo,
}

impl<'a> Planter<'a> {
    /// Reads `bytes`, an uncompressed export. Without `lines` these are made
    /// up, with prefixes as frequent as those of the export's own phones.
    ///
    /// # Errors
    ///
    /// A [`Fault`] where nothing can be planted into these bytes.
    pub fn new(
        bytes: &'a [u8],
        template: &'a Template,
        options: &'a Options,
        lines: Option<Vec<LineNumber>>,
        seed: Seed,
    ) -> Result<Self, Fault> {
        let columns = template.columns().iter().map(|column| ColumnSpec {
            role: column.role.clone(),
            header: column.header.clone(),
            aliases: column.aliases.clone(),
        });
        let mut making = Making {
            template,
            options,
            columns: columns.collect(),
            lines: lines.map_or(Lines::Demo, Lines::Pool),
            master: MasterKey::from_bytes(seed),
        };
        // Planting finds every defect of a file and names its place.
        making.with_job(0, 0, 1, |job| plant::plan(&BytesSource(bytes), job).map(drop))?;
        let rows = making.with_job(0, 0, 1, |job| Rows::read(bytes, job, MAX_ROWS))?;
        if matches!(making.lines, Lines::Demo) {
            let prefixes = prefixes(&rows, template);
            if !prefixes.is_empty() {
                making.lines = Lines::LikeReal(prefixes);
            }
        }
        Ok(Self { bytes, making, rows, candidates: None })
    }

    /// Has rows of another make judged in place of the template's: `made`, a
    /// file with the export's header, for so many accounts.
    ///
    /// # Errors
    ///
    /// A [`Fault`] where its columns are not the export's, or it has too few rows.
    pub fn judging(mut self, made: &[u8], accounts: u32) -> Result<Self, Fault> {
        let seed = self.making.master.epoch(0).subkey(crate::key::Label::Lines).seed(&[b"audit candidates"]);
        let read = |job: &Job<'_>| Candidates::read(made, &self.rows, job, accounts, seed);
        self.candidates = Some(self.making.with_job(0, 0, 1, read)?);
        Ok(self)
    }

    /// The export's own rows.
    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    /// Where the phones of planted rows come from, in words.
    pub fn lines_in_words(&self) -> String {
        match &self.making.lines {
            _ if self.candidates.is_some() => "none, as the rows are of another make".to_owned(),
            Lines::Pool(lines) => format!("the {} lines given", lines.len()),
            Lines::LikeReal(_) => "made up, with prefixes like the export's own phones".to_owned(),
            Lines::Demo => "demo lines, as the export has no phones to follow".to_owned(),
        }
    }

    /// The most canaries that the lines given allow in one export.
    pub fn most_canaries(&self) -> u32 {
        let each = self.making.template.roles().len().max(1) as u32;
        match &self.making.lines {
            Lines::Pool(lines) => (lines.len() as u32 / each).max(1),
            Lines::LikeReal(_) | Lines::Demo => u32::MAX / each,
        }
    }

    /// Plants `canaries` of them for an account that does not exist.
    ///
    /// # Errors
    ///
    /// A [`Fault`] where that many cannot be planted.
    pub fn plant(&self, account: u32, redraw: u32, canaries: u32) -> Result<Export, Fault> {
        if let Some(candidates) = &self.candidates {
            return Ok(candidates.plant(&self.rows, account, redraw, canaries));
        }
        let plan = self.making.with_job(account, redraw, canaries, |job| plant::plan(&BytesSource(self.bytes), job))?;
        self.export(account, plan.insertions())
    }

    /// Reads the planted rows of a plan over this very export.
    ///
    /// # Errors
    ///
    /// A [`Fault`] where a planted row is no row of the file.
    pub fn export<'p>(&self, account: u32, insertions: impl Iterator<Item = (u64, &'p [u8])>) -> Result<Export, Fault> {
        let unread = || Fault::new("expected planted rows to be like the others, found one that is not");
        // Of a longer file only the head is looked at.
        let last = self.rows.rows.last().filter(|_| self.rows.is_cut_short).map_or(u64::MAX, |row| row.at);
        let planted = insertions.filter(|(at, _)| *at <= last).map(|(at, bytes)| {
            let before = self.rows.rows.partition_point(|row| row.at < at);
            Ok(Planted { before, cells: self.rows.cells(bytes).ok_or_else(unread)? })
        });
        Ok(Export { account, planted: planted.collect::<Result<_, Fault>>()? })
    }
}

impl Making<'_> {
    /// Calls `use_job` with what the planter is asked to do.
    fn with_job<T>(
        &self,
        account: u32,
        redraw: u32,
        canaries: u32,
        use_job: impl FnOnce(&Job<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let roles = self.template.roles();
        let people = canaries - (u64::from(canaries) * u64::from(self.template.repeats()) / 1000) as u32;
        let lines = people * roles.len() as u32;
        let pool = self.pool(account, lines);
        let sizes = sizes(pool.len() as u32, lines);
        let codebook = Codebook::new(&self.master, 1, sizes);
        let mint = Mint::new(&codebook, self.template, &pool);
        let (name, id) = (format!("account {account}"), format!("redraw {redraw}"));
        let batch = Batch { account: &name, id: &id, lines, roles };
        let spares = crate::issue::spares(canaries, self.template);
        let serials = self.serials(account, redraw, u64::from(canaries) + spares);
        let canaries = mint.canaries(&batch, &serials[..canaries as usize]);
        let records: Vec<Record> = canaries.into_iter().map(|canary| canary.record).collect();
        let numbers: Vec<(u64, String)> =
            serials.iter().filter_map(|&serial| Some((serial, mint.number(serial)?))).collect();
        use_job(&Job {
            columns: &self.columns,
            records: &records,
            numbers: &numbers,
            is_line: &|_| false,
            place: codebook.place_seed(Holder::Account(&name), &id, "rows"),
            shared: None,
            options: self.options,
        })
    }

    /// A stretch of serials, as a registry would allocate it: one that no
    /// export had before, as long as the block lasts.
    fn serials(&self, account: u32, redraw: u32, count: u64) -> Vec<u64> {
        let size = self.template.block().map_or(u64::MAX, WaybillBlock::size);
        let first = u64::from(account).wrapping_mul(1 << 20).wrapping_add(u64::from(redraw).wrapping_mul(count));
        let first = first % size.saturating_sub(count).max(1);
        (first..first + count.min(size)).collect()
    }

    /// The lines of the epoch in which this account lives. Made-up lines are
    /// its own: what one export shows of a line must not help with the next.
    fn pool(&self, account: u32, lines: u32) -> Vec<LineNumber> {
        let count = (2 * lines).max(ACCOUNT_LINES);
        let mut draw = Stream::new(
            &self.master.epoch(0).subkey(crate::key::Label::Lines).seed(&[b"audit lines", &account.to_le_bytes()]),
        );
        match &self.lines {
            Lines::Pool(lines) => lines.clone(),
            Lines::Demo => demo_lines(count, 0, &mut draw).into_iter().map(|line| line.number).collect(),
            Lines::LikeReal(prefixes) => (0..count).map(|_| like_real(prefixes, &mut draw)).collect(),
        }
    }
}

/// As an epoch registers them; an account has at least twice the lines of one
/// of its exports, so that two of its exports are not the same people.
fn sizes(pool: u32, lines: u32) -> Sizes {
    let usual = (pool / 20).clamp(20, ACCOUNT_LINES);
    Sizes { pool, account: usual.max(2 * lines).clamp(1, pool.max(1)), standing: 0 }
}

/// A number that begins like a real one. It is never written anywhere.
fn like_real(prefixes: &[String], draw: &mut Stream) -> LineNumber {
    let phone = &prefixes[draw.below(prefixes.len() as u32) as usize];
    let mut national = phone[..PREFIX_DIGITS].to_owned();
    for _ in PREFIX_DIGITS..phone.len() {
        national.push(char::from(b'0' + draw.below(10) as u8));
    }
    let country = if phone.len() == 11 && phone.starts_with('1') { 86 } else { 1 };
    LineNumber { country, national, extension: String::new() }
}

/// The digits of phones in the columns that planted lines go to.
fn prefixes(rows: &Rows, template: &Template) -> Vec<String> {
    let is_ours = |role: &ColumnRole| matches!(role, ColumnRole::Phone(role) if template.roles().contains(role));
    let columns: Vec<usize> =
        (0..rows.columns.len()).filter(|&place| rows.columns[place].role.as_ref().is_some_and(is_ours)).collect();
    let phones = rows.rows.iter().flat_map(|row| columns.iter().map(|&place| &row.cells[place]));
    let digits = phones.filter_map(|text| normalize::phone(text)).map(|phone| phone.digits);
    // Mobiles, or ten digits of North America: what a line can be.
    digits.filter(|digits| (10..=11).contains(&digits.len()) && !digits.starts_with('0')).collect()
}
