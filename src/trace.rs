//! From a pasted text to the sources that hold what it mentions.
//!
//! A lead for an analyst, never evidence: a line has thousands of owners, and
//! looking spoils what is seen. The caller notes what was shown.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::canary::{Batch, Mint, Person};
use crate::casefile::CaseFile;
use crate::fault::Fault;
use crate::issue::ScopeSlots;
use crate::matcher::{Known, Matcher};
use crate::observation::{Found, Kind, Observation};
use crate::persona::PersonaPattern;
use crate::record::WaybillBlock as _;
use crate::registry::{LineRow, PlantingRow};
use crate::template::Template;
use crate::vocabulary::Vocabulary;

/// What a text mentions, and who holds it.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Lines it mentions.
    pub lines: usize,
    /// Waybill numbers of reserved blocks it mentions.
    pub numbers: usize,
    /// Statements about a person.
    pub persons: usize,
    /// Shared slots whose lines it mentions, by scope and slot.
    pub shared: Vec<SharedMention>,
    /// Sources that hold any of it.
    pub total: usize,
    /// The sources that hold most of it, best first.
    pub holders: Vec<Holder>,
}

/// A mentioned line as the mark of a shared slot. Every scope gives the slot
/// lines anew, so a line may stand here once for each scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedMention {
    /// The data set.
    pub scope: String,
    /// Which slot, from 0.
    pub slot: usize,
    /// Which variant, 0 or 1.
    pub variant: usize,
    /// Place of the line among the epoch's frozen lines.
    pub line: u32,
    /// Whether the text speaks of the person on that line in that scope.
    pub is_named: bool,
}

/// A planting that holds something of a text.
#[derive(Clone, Debug)]
pub struct Holder {
    /// Account.
    pub account: String,
    /// Batch; empty for standing canaries.
    pub batch: String,
    /// When it was planted.
    pub planted: Timestamp,
    /// What it holds, in words.
    pub holds: Vec<String>,
    /// Places among the epoch's frozen lines of those it was shown to hold.
    pub lines: Vec<u32>,
    /// Serials of the numbers it was shown to hold.
    pub serials: Vec<u64>,
    score: u32,
}

/// What the matcher found, by sort.
#[derive(Default)]
struct Mentions {
    /// Places in the pool.
    lines: Vec<u32>,
    /// Places among the lines of shared slots.
    slot_lines: Vec<u32>,
    numbers: Vec<(String, u64)>,
    persons: Vec<PersonaPattern>,
}

/// Finds the plantings that hold what `text` mentions; at most `limit` of them.
///
/// # Errors
///
/// When the templates' words cannot be indexed.
pub fn trace(case: &CaseFile, lines: &[LineRow], text: &str, limit: usize) -> Result<Trace, Fault> {
    let templates: Vec<Template> = case.templates.values().cloned().collect();
    let vocabulary = Vocabulary::of(&templates);
    let matcher = Matcher::new(Known {
        lines,
        blocks: &vocabulary.blocks,
        lexicons: &vocabulary.lexicons,
        triage: &case.epoch.rules.triage,
        caller_tag: &|_| String::new(),
    })?;
    let mut observation = Observation::new(Kind::Report, text);
    observation.text = Some(text.to_owned());
    let mentions = Mentions::of(case, &matcher.find(&observation).found);

    let numbers: BTreeMap<i64, &crate::line::LineNumber> = lines.iter().map(|row| (row.id, &row.line.number)).collect();
    let frozen = case.pool.iter().chain(&case.slot_lines);
    let frozen: Vec<_> = frozen.filter_map(|id| numbers.get(id).map(|number| (*number).clone())).collect();
    let mints: BTreeMap<&str, Mint<'_>> = case
        .templates
        .iter()
        .map(|(hash, template)| (hash.as_str(), Mint::new(&case.codebook, template, &frozen)))
        .collect();
    let bound: BTreeMap<&str, &str> =
        case.accounts.iter().map(|account| (account.name.as_str(), &*account.template)).collect();
    let scopes = scopes_mentioned(case, &mints, &mentions);
    let mut holders: Vec<Holder> = case
        .plantings
        .iter()
        .filter_map(|planting| {
            let hash = bound.get(planting.key.account.as_str())?;
            let mut holder = holder(planting, mints.get(hash)?, case.templates.get(*hash)?, case, &mentions);
            if let Some((slots, shared)) = scopes.get(planting.scope.as_str()) {
                holder.add_shared(&slots.variants(&case.codebook, &planting.key.account), shared);
            }
            (holder.score > 0).then_some(holder)
        })
        .collect();
    holders.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| (&a.account, &a.batch).cmp(&(&b.account, &b.batch))));
    let total = holders.len();
    holders.truncate(limit);
    Ok(Trace {
        lines: mentions.lines.len() + mentions.slot_lines.len(),
        numbers: mentions.numbers.len(),
        persons: mentions.persons.len(),
        shared: scopes.into_values().flat_map(|(_, shared)| shared).collect(),
        total,
        holders,
    })
}

impl Mentions {
    fn of(case: &CaseFile, found: &[Found]) -> Self {
        let places = |lines: &[i64]| -> BTreeMap<i64, u32> { lines.iter().copied().zip(0..).collect() };
        let (pool, slots) = (places(&case.pool), places(&case.slot_lines));
        let mut mentions = Self::default();
        for found in found {
            match found {
                Found::Line { line, .. } => mentions.add([line], &pool, &slots),
                Found::Lines { lines } => mentions.add(lines, &pool, &slots),
                Found::Number { block, place } => mentions.numbers.push((block.clone(), *place)),
                Found::Person { pattern } => mentions.persons.push(pattern.clone()),
            }
        }
        mentions
    }

    fn add<'l>(
        &mut self,
        lines: impl IntoIterator<Item = &'l i64>,
        pool: &BTreeMap<i64, u32>,
        slots: &BTreeMap<i64, u32>,
    ) {
        for line in lines {
            self.lines.extend(pool.get(line));
            self.slot_lines.extend(slots.get(line));
        }
    }
}

/// A scope with what a text mentions of it.
type Mentioned = (ScopeSlots, Vec<SharedMention>);

/// The scopes of which something is mentioned: all of them, if a line of
/// slots is.
fn scopes_mentioned<'c>(
    case: &'c CaseFile,
    mints: &BTreeMap<&str, Mint<'_>>,
    mentions: &Mentions,
) -> BTreeMap<&'c str, Mentioned> {
    if mentions.slot_lines.is_empty() {
        return BTreeMap::new();
    }
    let mentioned = case.scopes.iter().filter_map(|row| {
        let (mint, template) = (mints.get(row.template.as_str())?, case.templates.get(&row.template)?);
        let slots = ScopeSlots::rebuild(&case.codebook, &case.epoch.rules, template.roles(), row);
        let shared = shared_mentions(&slots, mint, case.epoch.rules.pool, mentions);
        (!shared.is_empty()).then_some((row.name.as_str(), (slots, shared)))
    });
    mentioned.collect()
}

fn shared_mentions(slots: &ScopeSlots, mint: &Mint<'_>, pool: u32, mentions: &Mentions) -> Vec<SharedMention> {
    let mut shared = Vec::new();
    for variant in [0, 1] {
        let worn = |line: &u32| slots.slots().iter().position(|slot| slot.variants[variant].contains(line));
        let worn: Vec<(u32, usize)> =
            mentions.slot_lines.iter().filter_map(|line| Some((pool + line, worn(line)?))).collect();
        if worn.is_empty() {
            continue;
        }
        let canaries = slots.canaries(mint, &vec![variant; slots.slots().len()]);
        for (line, slot) in worn {
            let mut people = canaries[slot].people.iter().filter(|person| person.line == line);
            let speaks = |person: &Person| mentions.persons.iter().any(|pattern| pattern.matches(&person.persona));
            let (scope, is_named) = (slots.name().to_owned(), people.any(speaks));
            shared.push(SharedMention { scope, slot, variant, line, is_named });
        }
    }
    shared.sort_by_key(|mention| (mention.slot, mention.variant, mention.line));
    shared.dedup();
    shared
}

impl Holder {
    /// Adds the shared rows that the account has in its variants.
    fn add_shared(&mut self, variants: &[usize], shared: &[SharedMention]) {
        for mention in shared.iter().filter(|mention| variants[mention.slot] == mention.variant) {
            let person = if mention.is_named { " with that person" } else { "" };
            self.holds.push(format!("shared slot {}{}{person}", mention.slot, variant_letter(mention.variant)));
            self.lines.push(mention.line);
            self.score += if mention.is_named { 20 } else { 1 };
        }
    }
}

/// What the variants of a slot are called: `a` and `b`.
pub fn variant_letter(variant: usize) -> char {
    if variant == 0 { 'a' } else { 'b' }
}

/// What one planting holds of its own.
fn holder(
    planting: &PlantingRow,
    mint: &Mint<'_>,
    template: &Template,
    case: &CaseFile,
    mentions: &Mentions,
) -> Holder {
    let serials: Vec<u64> = serials_mentioned(planting, template, case, mentions);
    let batch = Batch {
        account: &planting.key.account,
        id: &planting.key.batch,
        lines: planting.lines,
        roles: &planting.roles,
    };
    let mut holds = Vec::new();
    let (mut score, mut shown) = (0, Vec::new());
    if !serials.is_empty() {
        holds.push(format!("{} waybill number(s)", serials.len()));
        score += 100 * serials.len() as u32;
    }
    let own = mint.lines(&batch);
    let matched: Vec<u32> = mentions.lines.iter().copied().filter(|line| own.contains(line)).collect();
    if !matched.is_empty() {
        holds.push(format!("{} line(s)", matched.len()));
        score += 2 * matched.len() as u32;
        let named = persons_on(&matched, mint, &batch, planting, mentions);
        if named > 0 {
            holds.push(format!("{named} of them with that person"));
            score += 20 * named;
        }
        shown = matched;
    }
    Holder {
        account: planting.key.account.clone(),
        batch: planting.key.batch.clone(),
        planted: planting.at,
        holds,
        lines: shown,
        serials,
        score,
    }
}

fn serials_mentioned(planting: &PlantingRow, template: &Template, case: &CaseFile, mentions: &Mentions) -> Vec<u64> {
    let Some(block) = template.block().filter(|block| block.id() == planting.block) else { return Vec::new() };
    let permutation = case.codebook.permutation(block.id(), block.size());
    mentions
        .numbers
        .iter()
        .filter(|(id, _)| id == block.id())
        .map(|(_, place)| permutation.invert(*place))
        .filter(|serial| planting.serials.contains(serial))
        .collect()
}

/// On how many of these lines the planting's persona is one the text speaks of.
fn persons_on(lines: &[u32], mint: &Mint<'_>, batch: &Batch<'_>, planting: &PlantingRow, mentions: &Mentions) -> u32 {
    let canaries = mint.canaries(batch, &planting.serials);
    let people = canaries.iter().flat_map(|canary| &canary.people).filter(|person| lines.contains(&person.line));
    people.filter(|person| mentions.persons.iter().any(|pattern| pattern.matches(&person.persona))).count() as u32
}
