//! From a pasted text to the sources that hold what it mentions.
//!
//! A lead for an analyst, never evidence: a line has thousands of owners, and
//! looking spoils what is seen. The caller notes what was shown.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::canary::{Batch, Mint};
use crate::casefile::CaseFile;
use crate::fault::Fault;
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
    /// Sources that hold any of it.
    pub total: usize,
    /// The sources that hold most of it, best first.
    pub holders: Vec<Holder>,
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
    /// Places in the pool of the lines it was shown to hold.
    pub lines: Vec<u32>,
    /// Serials of the numbers it was shown to hold.
    pub serials: Vec<u64>,
    score: u32,
}

/// What the matcher found, by sort.
#[derive(Default)]
struct Mentions {
    lines: Vec<u32>,
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
    let pool: Vec<_> = case.pool.iter().filter_map(|id| numbers.get(id).map(|number| (*number).clone())).collect();
    let mints: BTreeMap<&str, Mint<'_>> = case
        .templates
        .iter()
        .map(|(hash, template)| (hash.as_str(), Mint::new(&case.codebook, template, &pool)))
        .collect();
    let bound: BTreeMap<&str, &str> =
        case.accounts.iter().map(|account| (account.name.as_str(), account.template.as_str())).collect();
    let mut holders: Vec<Holder> = case
        .plantings
        .iter()
        .filter_map(|planting| {
            let hash = bound.get(planting.key.account.as_str())?;
            holder(planting, mints.get(hash)?, case.templates.get(*hash)?, case, &mentions)
        })
        .collect();
    holders.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| (&a.account, &a.batch).cmp(&(&b.account, &b.batch))));
    let total = holders.len();
    holders.truncate(limit);
    Ok(Trace {
        lines: mentions.lines.len(),
        numbers: mentions.numbers.len(),
        persons: mentions.persons.len(),
        total,
        holders,
    })
}

impl Mentions {
    fn of(case: &CaseFile, found: &[Found]) -> Self {
        let places: BTreeMap<i64, u32> = case.pool.iter().enumerate().map(|(place, id)| (*id, place as u32)).collect();
        let mut mentions = Self::default();
        for found in found {
            match found {
                Found::Line { line, .. } => mentions.lines.extend(places.get(line)),
                Found::Lines { lines } => mentions.lines.extend(lines.iter().filter_map(|line| places.get(line))),
                Found::Number { block, place } => mentions.numbers.push((block.clone(), *place)),
                Found::Person { pattern } => mentions.persons.push(pattern.clone()),
            }
        }
        mentions
    }
}

/// What one planting holds; `None` when it is nothing.
fn holder(
    planting: &PlantingRow,
    mint: &Mint<'_>,
    template: &Template,
    case: &CaseFile,
    mentions: &Mentions,
) -> Option<Holder> {
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
    (score > 0).then(|| Holder {
        account: planting.key.account.clone(),
        batch: planting.key.batch.clone(),
        planted: planting.at,
        holds,
        lines: shown,
        serials,
        score,
    })
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
