//! Shared slots: rows that several accounts' exports of one data set have in
//! common, each in one of two variants.
//!
//! A row that only one export holds is gone once two exports are compared and
//! what differs is dropped. A shared slot survives where the colluders happen
//! to have the same variant, and which one they have is the mark (Tardos'
//! fingerprinting code, attribution.md 8.4). Everything of a variant, lines,
//! persona, parcel and number, follows from the scope: two accounts with the
//! same variant hold the same row.

use super::{Codebook, Holder, le};
use crate::derive::{Draw as _, Stream, ordered_subset};
use crate::rules::SlotRules;

/// One slot of a scope.
#[derive(Clone, Debug, PartialEq)]
pub struct SharedSlot {
    /// Lines of the first and of the second variant, by place among the slot
    /// lines; as many as the template has roles.
    pub variants: [Vec<u32>; 2],
    /// The chance of the first variant, times 2^32.
    threshold: u32,
}

impl SharedSlot {
    /// The chance that an account has the first variant.
    pub fn bias(&self) -> f64 {
        f64::from(self.threshold) / TWO_TO_32
    }

    /// The chance that an account has variant `variant` (0 or 1).
    pub fn chance(&self, variant: usize) -> f64 {
        if variant == 0 { self.bias() } else { 1.0 - self.bias() }
    }
}

const TWO_TO_32: f64 = 4_294_967_296.0;

impl Codebook {
    /// Returns the slots of `scope`, each variant of which wears `each` lines:
    /// as many as the rules allow and as there are lines for. Within a scope no
    /// line stands for two variants.
    ///
    /// The first of the slots (a share that the rules state) have biases by the
    /// arcsine law, cut off; the others have the rules' constant bias, which
    /// serves best against two colluders who drop what differs.
    pub fn scope_slots(&self, scope: &str, rules: &SlotRules, each: u32) -> Vec<SharedSlot> {
        let count = rules.per_scope.min(rules.lines / (2 * each).max(1));
        if each == 0 {
            return Vec::new();
        }
        let seed = self.seed(&self.lines, b"slots", Holder::Scope(scope), &[&le(rules.lines), &le(count), &le(each)]);
        let mut stream = Stream::new(&seed);
        let lines = ordered_subset(&mut stream, rules.lines, 2 * each * count);
        let arcsine = (rules.arcsine * f64::from(count)).ceil() as u32;
        let mut slots = Vec::with_capacity(count as usize);
        for (slot, lines) in (0..count).zip(lines.chunks(2 * each as usize)) {
            let bias = if slot < arcsine { arcsine_bias(rules.cutoff, stream.word()) } else { rules.bias };
            let (first, second) = lines.split_at(each as usize);
            slots.push(SharedSlot {
                variants: [first.to_vec(), second.to_vec()],
                threshold: libm::round(bias * TWO_TO_32) as u32,
            });
        }
        slots
    }

    /// Returns which variant of each of `scope`'s slots `holder` has, 0 or 1.
    pub fn slot_variants(&self, holder: Holder<'_>, scope: &str, slots: &[SharedSlot]) -> Vec<usize> {
        let seed = self.seed(&self.lines, b"variants", holder, &[scope.as_bytes(), &le(slots.len() as u32)]);
        let mut stream = Stream::new(&seed);
        slots.iter().map(|slot| usize::from(stream.word() >= slot.threshold)).collect()
    }
}

/// The bias whose place among all biases of the law is `word` / 2^32:
/// `sin^2 u` for `u` uniform between the cut-offs.
fn arcsine_bias(cutoff: f64, word: u32) -> f64 {
    let low = libm::asin(cutoff.sqrt());
    let u = low + (std::f64::consts::FRAC_PI_2 - 2.0 * low) * (f64::from(word) / TWO_TO_32);
    let sine = libm::sin(u);
    sine * sine
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codebook::Sizes;
    use crate::key::MasterKey;

    fn book() -> Codebook {
        Codebook::new(&MasterKey::from_bytes([3; 32]), 1, Sizes { pool: 400, account: 30, standing: 5 })
    }

    #[test]
    fn no_line_stands_for_two_variants_of_a_scope() {
        let slots = book().scope_slots("outlet 12, 2026-11-25", &SlotRules::new(400, 200), 1);

        let mut lines: Vec<u32> = slots.iter().flat_map(|slot| slot.variants.iter().flatten()).copied().collect();
        lines.sort_unstable();
        assert_eq!(lines, (0..400).collect::<Vec<u32>>());
    }

    #[test]
    fn two_roles_halve_the_slots_that_the_lines_allow() {
        let slots = book().scope_slots("s", &SlotRules::new(400, 200), 2);

        assert_eq!(slots.len(), 100);
        assert!(slots.iter().all(|slot| slot.variants.iter().all(|lines| lines.len() == 2)));
    }

    #[test]
    fn half_the_biases_follow_the_arcsine_law_and_stay_off_its_ends() {
        let slots = book().scope_slots("s", &SlotRules::new(20_000, 10_000), 1);

        let (arcsine, constant) = slots.split_at(5_000);
        assert!(arcsine.iter().all(|slot| (0.00999..0.99001).contains(&slot.bias())));
        assert!(constant.iter().all(|slot| slot.bias() == 0.5));
        // P(bias < 1/4) = (asin(1/2) - asin(.1)) / (pi/2 - 2 asin(.1)) = .3093, by the law.
        let low = arcsine.iter().filter(|slot| slot.bias() < 0.25).count() as f64 / 5_000.0;
        assert!((low - 0.3093).abs() < 0.03, "{low}");
    }

    #[test]
    fn accounts_have_a_variant_with_its_chance_and_independently() {
        let slots = book().scope_slots("s", &SlotRules::new(4_000, 2_000), 1);
        let of = |name: &str| book().slot_variants(Holder::Account(name), "s", &slots);

        let (a, b) = (of("a"), of("b"));

        let expected: f64 = slots.iter().map(|slot| 1.0 - slot.bias()).sum();
        let seconds = a.iter().sum::<usize>() as f64;
        assert!((seconds - expected).abs() < 120.0, "{seconds} of {expected}");
        let same: f64 = a.iter().zip(&b).filter(|(a, b)| a == b).count() as f64;
        let chance: f64 = slots.iter().map(|slot| slot.chance(0).powi(2) + slot.chance(1).powi(2)).sum();
        assert!((same - chance).abs() < 120.0, "{same} of {chance}");
        assert_ne!(of("a"), book().slot_variants(Holder::Account("a"), "other scope", &slots));
    }
}
