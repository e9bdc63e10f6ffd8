//! What is still possible for one persona, after what was said about it.
//!
//! A slot starts as the template's whole law. A statement that fits narrows it
//! to the intersection; one that does not fit takes the statement's set away.
//! What remains is one positive pattern without several negative ones, and its
//! mass follows by inclusion-exclusion, because patterns are closed under
//! intersection. Where that would take too many terms, bounds are used: the
//! chance of a match is then stated too large, which costs power, never
//! validity.

use crate::persona::{PersonaLaw, PersonaPattern, Role};

/// Terms of inclusion-exclusion before bounds are used.
const MOST_TERMS: u32 = 2048;

/// Relative slack on masses that were subtracted from one another.
const SLACK: f64 = 1e-12;

/// The personas still possible for one role of one line.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Slot {
    within: PersonaPattern,
    without: Vec<PersonaPattern>,
}

/// A mass that is known between two bounds, which mostly coincide.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Mass {
    low: f64,
    high: f64,
}

impl Slot {
    /// Returns the chance, or an upper bound of it, that a persona of this slot
    /// fits `pattern`.
    pub(super) fn chance(&self, law: &dyn PersonaLaw, role: Role, pattern: &PersonaPattern) -> f64 {
        let Some(common) = self.within.intersect(pattern) else { return 0.0 };
        let whole = self.mass(law, role, &self.within);
        let part = self.mass(law, role, &common);
        if part.high <= 0.0 {
            return 0.0;
        }
        if whole.low <= 0.0 { 1.0 } else { (part.high / whole.low).min(1.0) }
    }

    /// Takes the news that the persona does, or does not, fit `pattern`.
    pub(super) fn learn(&mut self, pattern: &PersonaPattern, fits: bool) {
        if !fits {
            if !self.without.contains(pattern) {
                self.without.push(pattern.clone());
            }
        } else if let Some(common) = self.within.intersect(pattern) {
            self.within = common;
        }
    }

    /// Mass of `set` without the negative patterns.
    fn mass(&self, law: &dyn PersonaLaw, role: Role, set: &PersonaPattern) -> Mass {
        let whole = law.probability(role, set);
        if self.without.is_empty() || whole <= 0.0 {
            return Mass { low: whole, high: whole };
        }
        let cuts: Vec<PersonaPattern> = self.without.iter().filter_map(|cut| set.intersect(cut)).collect();
        if cuts.is_empty() {
            return Mass { low: whole, high: whole };
        }
        if cuts.contains(set) {
            return Mass { low: 0.0, high: 0.0 };
        }
        let mut terms = MOST_TERMS;
        match union(law, role, &cuts, &mut terms) {
            Some(gone) => {
                let rest = (whole - gone).max(0.0);
                Mass { low: (rest - SLACK * whole).max(0.0), high: rest + SLACK * whole }
            }
            None => {
                let masses = cuts.iter().map(|cut| law.probability(role, cut));
                let (sum, largest) = masses.fold((0.0, 0.0f64), |(sum, largest), p| (sum + p, largest.max(p)));
                Mass { low: (whole - sum).max(0.0), high: (whole - largest).max(0.0) + SLACK * whole }
            }
        }
    }
}

/// Mass of the union of `sets`: each one's mass less what the earlier ones
/// hold of it. `None` when `terms` run out.
fn union(law: &dyn PersonaLaw, role: Role, sets: &[PersonaPattern], terms: &mut u32) -> Option<f64> {
    let mut total = 0.0;
    for (place, set) in sets.iter().enumerate() {
        *terms = terms.checked_sub(1)?;
        let mass = law.probability(role, set);
        if mass <= 0.0 {
            continue;
        }
        let mut earlier: Vec<PersonaPattern> = Vec::new();
        for common in sets[..place].iter().filter_map(|other| set.intersect(other)) {
            if !earlier.contains(&common) {
                earlier.push(common);
            }
        }
        if earlier.contains(set) {
            continue;
        }
        total += mass - union(law, role, &earlier, terms)?;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribute::testing::{Toy, toy_patterns};
    use proptest::prelude::*;

    #[test]
    fn a_statement_heard_twice_is_certain_the_second_time() {
        let (toy, patterns) = (Toy, toy_patterns());
        let mut slot = Slot::default();
        slot.learn(&patterns[0], true);

        assert_eq!(slot.chance(&toy, Role::Recipient, &patterns[0]), 1.0);
    }

    #[test]
    fn a_statement_that_did_not_fit_never_will() {
        let (toy, patterns) = (Toy, toy_patterns());
        let mut slot = Slot::default();
        slot.learn(&patterns[0], false);

        assert_eq!(slot.chance(&toy, Role::Recipient, &patterns[0]), 0.0);
    }

    proptest! {
        /// The chance is the share of the personas left that fit, by counting.
        #[test]
        fn the_chance_is_what_counting_gives(news in proptest::collection::vec((0usize..12, 0usize..27), 0..6), asked in 0usize..12, who in 0usize..27) {
            let patterns = toy_patterns();
            let truth = &Toy::all()[who].0;
            let mut slot = Slot::default();
            let mut left = Toy::all();
            for (pattern, _) in news {
                let pattern = &patterns[pattern % patterns.len()];
                let fits = pattern.matches(truth);
                slot.learn(pattern, fits);
                left.retain(|(persona, _)| pattern.matches(persona) == fits);
            }
            let asked = &patterns[asked % patterns.len()];
            let whole: f64 = left.iter().map(|(_, p)| p).sum();
            let part: f64 = left.iter().filter(|(persona, _)| asked.matches(persona)).map(|(_, p)| p).sum();

            let chance = slot.chance(&Toy, Role::Recipient, asked);

            prop_assert!((chance - part / whole).abs() < 1e-9, "{chance} {}", part / whole);
            prop_assert!(chance + 1e-15 >= part / whole);
        }
    }
}
