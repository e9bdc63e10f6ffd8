//! Odds: the probability of a set of values under the template's own law.
//!
//! These are the numbers that attribution bets with, so they are exact: sums
//! and products of ratios of the very weights that making draws from.

use crate::persona::{PersonaLaw, PersonaPattern, Role};
use crate::record::ColumnRole;
use crate::template::Template;
use crate::template::field::{FieldPattern, Law};

impl PersonaLaw for Template {
    fn probability(&self, role: Role, pattern: &PersonaPattern) -> f64 {
        let person = self.person(role);
        let law = |index: Option<usize>| index.map(|index| &self.fields()[index].law);
        let name = match law(person.name) {
            _ if pattern.name.is_any() => 1.0,
            Some(Law::Name { law, .. }) => law.probability(&pattern.name),
            _ => 0.0,
        };
        let place = match law(person.address) {
            _ if pattern.place.is_any() => 1.0,
            Some(Law::Address { law, .. }) => law.probability(&pattern.place),
            _ => 0.0,
        };
        name * place
    }
}

impl Template {
    /// Returns the probability that a canary's value in `column` fits `pattern`.
    ///
    /// It is 1 where the template has no law to bet on, so that nothing
    /// follows from such a column: for one that it does not have, for copied
    /// values and those between neighbours, and for a condition that makes no
    /// sense there (a [`FieldPattern::Range`] of names). The same holds for
    /// what goes by another field. For a phone it is the
    /// chance of the layout, given the line: which line it is belongs to the
    /// codebook.
    pub fn probability(&self, column: &ColumnRole, pattern: &FieldPattern) -> f64 {
        self.field_of(column).map_or(1.0, |index| self.field_probability(index, pattern))
    }

    fn field_probability(&self, index: usize, pattern: &FieldPattern) -> f64 {
        match pattern {
            FieldPattern::Any => 1.0,
            FieldPattern::Exact(text) => {
                self.mask_probability(index, &text.chars().map(Some).collect::<Vec<_>>()).unwrap_or(1.0)
            }
            FieldPattern::OneOf(texts) => {
                let each =
                    texts.iter().map(|text| self.mask_probability(index, &text.chars().map(Some).collect::<Vec<_>>()));
                each.sum::<Option<f64>>().unwrap_or(1.0)
            }
            FieldPattern::Mask(mask) => self.mask_probability(index, mask).unwrap_or(1.0),
            FieldPattern::Range { least, most } => self.range_probability(index, *least, *most),
            FieldPattern::Name(pattern) => match &self.fields()[index].law {
                Law::Name { law, .. } => law.probability(pattern),
                Law::Same(of) => self.field_probability(*of, &FieldPattern::Name(pattern.clone())),
                _ => 1.0,
            },
            FieldPattern::Place(pattern) => match &self.fields()[index].law {
                Law::Address { law, .. } => law.probability(pattern),
                Law::PlaceParts { of, .. } | Law::Same(of) => {
                    self.field_probability(*of, &FieldPattern::Place(pattern.clone()))
                }
                _ => 1.0,
            },
        }
    }

    /// Whether a field, or one that it is made from, goes by another: its own
    /// law is then not the law of its values.
    fn is_conditional(&self, index: usize) -> bool {
        let field = &self.fields()[index];
        field.given.is_some() || field.is_late || field.sources().into_iter().any(|source| self.is_conditional(source))
    }

    /// The probability that the text fits `mask`; `None` where there is no law.
    fn mask_probability(&self, index: usize, mask: &[Option<char>]) -> Option<f64> {
        if self.is_conditional(index) {
            return None;
        }
        let fits = |text: &str| {
            text.chars().count() == mask.len() && text.chars().zip(mask).all(|(c, m)| m.is_none_or(|m| m == c))
        };
        Some(match &self.fields()[index].law {
            Law::Waybill => {
                let block = self.block()?;
                block.share(block.form(), mask)
            }
            Law::Serial(form) => self.block()?.share(form, mask),
            Law::Phone { law, country, .. } => law.layout_probability(mask, *country),
            Law::Name { law, .. } => law.written_probability(mask),
            Law::Address { law, .. } => law.full_probability(mask),
            Law::PlaceParts { of, parts, .. } => match &self.fields()[*of].law {
                Law::Address { law, .. } => law.parts_probability(parts, mask),
                _ => return None,
            },
            Law::Choice(choice) => choice.sum(0, fits),
            Law::ChoicePart { of, key } => match &self.fields()[*of].law {
                Law::Choice(choice) => choice.sum(*key, fits),
                _ => return None,
            },
            Law::Number(number) => {
                let exact: Option<String> = mask.iter().copied().collect();
                let (words, numbers) = number.words(fits);
                let chance = match exact {
                    Some(text) => number.format.units(&text).map_or(0.0, |units| number.between(units, units)),
                    None => number.sum(|units| fits(&number.format.write(units))),
                };
                words + numbers * chance
            }
            Law::Rate { law, .. } => self.rate_probability(index, |price| fits(&law.format().write(price)))?,
            Law::Constant(text) => f64::from(fits(text)),
            Law::Same(of) => return self.mask_probability(*of, mask),
            Law::Copied { .. }
            | Law::Between { .. }
            | Law::Time(_)
            | Law::Varied
            | Law::Scaled { .. }
            | Law::Nearby { .. } => {
                return None;
            }
        })
    }

    fn range_probability(&self, index: usize, least: f64, most: f64) -> f64 {
        if self.is_conditional(index) {
            return 1.0;
        }
        let inside = |text: &str| text.parse::<f64>().is_ok_and(|number| (least..=most).contains(&number));
        match &self.fields()[index].law {
            Law::Choice(choice) => choice.sum(0, inside),
            Law::ChoicePart { of, key } => match &self.fields()[*of].law {
                Law::Choice(choice) => choice.sum(*key, inside),
                _ => 1.0,
            },
            Law::Number(number) => {
                let (words, numbers) = number.words(inside);
                words + numbers * number.sum(|units| inside(&number.format.write(units)))
            }
            Law::Rate { law, .. } => {
                self.rate_probability(index, |price| inside(&law.format().write(price))).unwrap_or(1.0)
            }
            Law::Constant(text) => f64::from(inside(text)),
            Law::Same(of) => self.range_probability(*of, least, most),
            _ => 1.0,
        }
    }

    /// Sums over the words that pick a rate; what remains goes by the rate of
    /// all other words. The word and the number are drawn independently.
    fn rate_probability(&self, index: usize, fits: impl Fn(i64) -> bool) -> Option<f64> {
        let Law::Rate { of, by, law } = &self.fields()[index].law else { return None };
        let Law::Number(number) = &self.fields()[*of].law else { return None };
        if number.words(|_| true).0 > 0.0 {
            return None;
        }
        let priced = |rate| number.sum(|units| fits(law.price(rate, units)));
        let mut named = 0.0;
        let mut sum = 0.0;
        for word in law.words() {
            let share = self.mask_probability(*by, &word.chars().map(Some).collect::<Vec<_>>())?;
            named += share;
            sum += share * priced(law.rate(word));
        }
        Some(sum + (1.0 - named).max(0.0) * priced(law.otherwise()))
    }
}
