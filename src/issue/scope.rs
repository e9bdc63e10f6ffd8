//! Scopes: data sets that several accounts see, and the rows their exports share.

use super::{Bench, Ground, Order, Result, checked_name};
use crate::canary::{Canary, Mint, Scope};
use crate::codebook::{Codebook, Holder, SharedSlot};
use crate::fault::Fault;
use crate::persona::Role;
use crate::plant::{Shared, SharedRow, Survey};
use crate::record::WaybillBlock as _;
use crate::registry::{NewScope, PlantingRow, ScopeRow};
use crate::rules::{Rules, SlotRules};
use crate::template::Template;

/// The slots of one scope, rebuilt.
#[derive(Clone, Debug)]
pub struct ScopeSlots {
    name: String,
    serials: Vec<u64>,
    roles: Vec<Role>,
    slots: Vec<SharedSlot>,
}

impl ScopeSlots {
    /// Rebuilds the slots of a registered scope, whose rows wear lines in these
    /// roles; none where its epoch set no lines aside for slots.
    pub fn rebuild(codebook: &Codebook, rules: &Rules, roles: &[Role], scope: &ScopeRow) -> Self {
        let slots = rules.slots.as_ref().map(|slots| codebook.scope_slots(&scope.name, slots, roles.len() as u32));
        let mut slots = slots.unwrap_or_default();
        // A damaged registry must not be read past its end.
        slots.truncate(scope.serials.len() / 2);
        Self { name: scope.name.clone(), serials: scope.serials.clone(), roles: roles.to_vec(), slots }
    }

    /// The scope's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The slots, in order.
    pub fn slots(&self) -> &[SharedSlot] {
        &self.slots
    }

    /// Which variant of each slot an account has, 0 or 1.
    pub fn variants(&self, codebook: &Codebook, account: &str) -> Vec<usize> {
        codebook.slot_variants(Holder::Account(account), &self.name, &self.slots)
    }

    /// The shared rows in these variants, one for each slot.
    pub fn canaries(&self, mint: &Mint<'_>, variants: &[usize]) -> Vec<Canary> {
        let scope = Scope { name: &self.name, slots: &self.slots, serials: &self.serials, roles: &self.roles };
        mint.shared(&scope, variants)
    }

    /// The serial of a slot's variant.
    ///
    /// # Panics
    ///
    /// If there is no such slot or variant.
    pub fn serial(&self, slot: usize, variant: usize) -> u64 {
        self.serials[2 * slot + variant]
    }
}

/// A scope that an order names, ready for its account.
pub(super) struct OrderedScope {
    slots: ScopeSlots,
    variants: Vec<usize>,
    rows: Vec<SharedRow>,
}

impl OrderedScope {
    /// Opens the scope that `order` names, if it names one.
    pub(super) fn open(
        bench: &mut Bench<'_>,
        ground: &Ground,
        order: &Order<'_>,
        earlier: Option<&PlantingRow>,
    ) -> Result<Option<Self>> {
        refuse_other_scope(order, earlier)?;
        let Some(name) = order.scope else { return Ok(None) };
        let new = new_scope(name, &ground.codebook, &ground.rules, &ground.template)?;
        let row = bench.registry.open_scope(&new, bench.now)?;
        let slots = ScopeSlots::rebuild(&ground.codebook, &ground.rules, ground.template.roles(), &row);
        let variants = slots.variants(&ground.codebook, order.account);
        let mint = Mint::new(&ground.codebook, &ground.template, &ground.pool);
        let rows = (0..)
            .zip(slots.canaries(&mint, &variants))
            .map(|(slot, canary)| SharedRow {
                serial: slots.serial(slot, variants[slot]),
                number: canary.number,
                record: canary.record,
            })
            .collect();
        Ok(Some(Self { slots, variants, rows }))
    }

    /// What the planter needs of it.
    pub(super) fn shared(&self, codebook: &Codebook) -> Shared<'_> {
        let seed = |purpose| codebook.place_seed(Holder::Scope(&self.slots.name), "", purpose);
        Shared { rows: &self.rows, place: seed("ring"), values: seed("values") }
    }

    /// Refuses an export that would be planted too densely: rows that make up
    /// a fifth of a file are no needles in it.
    pub(super) fn refuse_crowd(&self, order: &Order<'_>, canaries: u32, survey: &Survey) -> Result<()> {
        let planted = u64::from(canaries) + self.variants.len() as u64;
        if planted as f64 <= LARGEST_SHARE * survey.records as f64 {
            return Ok(());
        }
        Err(Fault::new(format!(
            "{} shared rows and {canaries} canaries would be {:.0} % of the {} real records; at most {:.0} % may be planted",
            self.variants.len(),
            100.0 * planted as f64 / survey.records as f64,
            survey.records,
            100.0 * LARGEST_SHARE
        ))
        .in_file(order.input.display().to_string())
        .hint("plant this export without --scope, or set a lower attribution.slots_per_scope before the next epoch is opened")
        .into())
    }
}

/// What the registry needs to open a scope for exports of `template`.
///
/// # Errors
///
/// When the name is none, or when the epoch has no lines for its slots.
pub(crate) fn new_scope(name: &str, codebook: &Codebook, rules: &Rules, template: &Template) -> Result<NewScope> {
    checked_name(name, "scope")?;
    let each = template.roles().len() as u32;
    let lines = slot_rules(rules, each)?;
    let count = codebook.scope_slots(name, lines, each).len();
    if count == 0 {
        return Err(Fault::new(format!(
            "expected lines for one shared slot, {} for its two variants, found {} set aside in this epoch",
            2 * each,
            lines.lines
        ))
        .hint("raise attribution.slot_lines in trapline.yaml before the next epoch is opened")
        .into());
    }
    let block = template.block();
    Ok(NewScope {
        epoch: rules.epoch,
        name: name.to_owned(),
        template: template.hash().to_owned(),
        block: block.map(|block| block.id().to_owned()).unwrap_or_default(),
        block_size: block.map_or(0, crate::record::WaybillBlock::size),
        serials: 2 * count as u64,
    })
}

/// The share of a file's real rows that may be planted where a scope is named.
pub(crate) const LARGEST_SHARE: f64 = 0.2;

/// The rules of slots, or what to do where there are none.
fn slot_rules(rules: &Rules, each: u32) -> Result<&SlotRules> {
    if each == 0 {
        return Err(Fault::new("this template wears no line, and shared slots are told apart by their lines")
            .hint("plant without --scope, or with a template that has a phone")
            .into());
    }
    rules.slots.as_ref().ok_or_else(|| {
        Fault::new(format!("epoch {} has no lines for shared slots, which --scope needs", rules.label))
            .hint(format!(
                "set attribution.slot_lines in trapline.yaml before `trapline epoch open`: a slot takes {} lines with this \
                 template, 200 slots {}; those lines leave the accounts' pool",
                2 * each,
                400 * each
            ))
            .into()
    })
}

fn refuse_other_scope(order: &Order<'_>, earlier: Option<&PlantingRow>) -> Result<()> {
    let Some(earlier) = earlier.filter(|earlier| earlier.scope != order.scope.unwrap_or_default()) else {
        return Ok(());
    };
    let (before, hint) = match earlier.scope.as_str() {
        "" => ("without a scope".to_owned(), "leave --scope out, or choose another --batch".to_owned()),
        scope => (format!("with scope {scope:?}"), format!("say --scope {scope:?} again, or choose another --batch")),
    };
    Err(Fault::new(format!("batch {:?} was planted {before}", earlier.key.batch)).hint(hint).into())
}
