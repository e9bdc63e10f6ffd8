//! From a spoken or masked name to the set of names that it fits.

use std::collections::{BTreeMap, BTreeSet};

use super::surnames;
use crate::normalize::{self, PersonName};
use crate::persona::{Given, Lexicon, NamePattern};

/// Longest Chinese given name.
const MAX_GIVEN: usize = 3;
/// What a form holds where there is no name.
const NOBODY: [&str; 14] =
    ["无", "未知", "不详", "匿名", "没有", "空", "n/a", "na", "none", "null", "unknown", "anonymous", "nobody", "*"];

/// The surnames that may be mentioned.
pub(crate) struct Names {
    /// Surnames of the templates.
    families: BTreeSet<String>,
    /// ... and those of the general table, which make a name a name even where
    /// no template has it.
    known: BTreeSet<String>,
    /// Sound to the templates' surnames of that sound.
    by_sound: BTreeMap<&'static str, BTreeSet<String>>,
    sounds: BTreeMap<String, &'static str>,
}

impl Names {
    pub(crate) fn new(lexicons: &[Lexicon]) -> Self {
        let families: BTreeSet<String> = lexicons
            .iter()
            .flat_map(|lexicon| lexicon.families.iter())
            .filter(|family| !family.is_empty())
            .cloned()
            .collect();
        let mut known = families.clone();
        let mut by_sound: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
        let mut sounds = BTreeMap::new();
        for (sound, surname) in surnames::all() {
            if families.contains(&surname) {
                by_sound.entry(sound).or_default().insert(surname.clone());
            }
            known.insert(surname.clone());
            sounds.insert(surname, sound);
        }
        Self { families, known, by_sound, sounds }
    }

    /// Reads a name that stands alone; `None` when the field names nobody.
    pub(crate) fn read(&self, raw: &str) -> Option<NamePattern> {
        let name = normalize::name(raw)?;
        if name.text.is_empty() || NOBODY.contains(&name.text.as_str()) {
            return None;
        }
        Some(self.pattern(&name))
    }

    /// Returns the set that a name in normal form fits.
    pub(crate) fn pattern(&self, name: &PersonName) -> NamePattern {
        let first = name.text.chars().find(|&c| c != '*');
        if first.is_some_and(normalize::is_han) { self.chinese(&name.text) } else { self.latin(name) }
    }

    fn chinese(&self, text: &str) -> NamePattern {
        // 某 hides a character as an asterisk does: 王某, 王某某, 王某明.
        let chars: Vec<char> =
            text.chars().enumerate().map(|(i, c)| if i > 0 && c == '某' { '*' } else { c }).collect();
        if chars[0] == '*' {
            return NamePattern { family: None, given: given(&chars[1..]) };
        }
        let single = chars[0].to_string();
        let length = self.family_length(&chars).unwrap_or(1);
        if chars.get(1) == Some(&'*') {
            let compounds: BTreeSet<String> = self.compounds(chars[0]).map(str::to_owned).collect();
            if !compounds.is_empty() {
                // The hidden character may belong to the surname: 欧*.
                let mut family = self.like(&single);
                family.extend(compounds);
                return NamePattern { family: Some(family), given: None };
            }
        }
        let family: String = chars[..length].iter().collect();
        NamePattern { family: Some(self.like(&family)), given: given(&chars[length..]) }
    }

    fn latin(&self, name: &PersonName) -> NamePattern {
        let (family, given) = match name.text.split_once(',') {
            Some((family, given)) => (Some(family.trim()), given.trim().split(' ').next()),
            None => {
                let words: Vec<&str> = name.text.split(' ').filter(|word| !word.is_empty()).collect();
                match words[..] {
                    [] => (None, None),
                    [only] if name.has_title || self.is_family(only) => (Some(only), None),
                    [only] => (None, Some(only)),
                    [first, .., last] if !self.is_family(last) && self.is_family(first) => {
                        (Some(first), words.get(1).copied())
                    }
                    [first, .., last] => (Some(last), Some(first)),
                }
            }
        };
        let family =
            family.filter(|family| !family.is_empty() && !family.contains('*')).map(|family| self.like(family));
        // A surname that was heard in pinyin leaves the given name's characters open.
        let is_pinyin =
            family.as_ref().is_some_and(|set| set.iter().any(|family| family.chars().any(normalize::is_han)));
        let given = given.filter(|_| !is_pinyin).and_then(latin_given);
        NamePattern { family, given }
    }

    /// Returns the templates' surnames that a heard one may be: itself and those
    /// of the same sound. Where they have none, itself: it fits nobody.
    fn like(&self, family: &str) -> BTreeSet<String> {
        let sound = self.sounds.get(family).copied().unwrap_or(surnames::sound_of_spelling(family));
        let mut set = if family.is_ascii() && self.families.contains(family) {
            BTreeSet::new()
        } else {
            self.by_sound.get(sound).cloned().unwrap_or_default()
        };
        if set.is_empty() || self.families.contains(family) {
            set.insert(family.to_owned());
        }
        set
    }

    /// Whether a Latin word may be a surname.
    pub(crate) fn is_family(&self, word: &str) -> bool {
        self.families.contains(word) || self.by_sound.contains_key(surnames::sound_of_spelling(word))
    }

    /// Returns how many characters of a Chinese name are its surname: the longest
    /// that is known, `None` when none is.
    pub(crate) fn family_length(&self, chars: &[char]) -> Option<usize> {
        let known =
            |length: usize| chars.len() >= length && self.known.contains(&chars[..length].iter().collect::<String>());
        [2, 1].into_iter().find(|&length| known(length))
    }

    fn compounds(&self, first: char) -> impl Iterator<Item = &str> {
        let from = first.to_string();
        self.families
            .range(from.clone()..)
            .take_while(move |family| family.starts_with(&from))
            .filter(|family| family.chars().count() == 2)
            .map(String::as_str)
    }
}

/// Reads what follows a Chinese surname.
///
/// A single asterisk hides a given name of any length (`王*`); otherwise every
/// character stands for one.
fn given(chars: &[char]) -> Option<Given> {
    match chars {
        [] | ['*'] => None,
        chars if chars.len() > MAX_GIVEN => None,
        chars if chars.contains(&'*') => Some(Given::Mask(chars.iter().map(|&c| (c != '*').then_some(c)).collect())),
        chars => Some(Given::Exact(chars.iter().collect())),
    }
}

fn latin_given(word: &str) -> Option<Given> {
    let mut chars = word.chars();
    let first = chars.next().filter(|c| c.is_alphabetic())?;
    match chars.next() {
        None => Some(Given::Initial(first)),
        Some('*') => Some(Given::Initial(first)),
        _ if word.contains('*') => Some(Given::Initial(first)),
        _ => Some(Given::Exact(word.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let families = ["王", "汪", "张", "李", "段", "欧", "欧阳", "smith", "james"].map(str::to_owned);
        Names::new(&[Lexicon { families: families.into(), places: BTreeMap::new() }])
    }

    fn families(list: &[&str]) -> Option<BTreeSet<String>> {
        Some(list.iter().map(|&family| family.to_owned()).collect())
    }

    fn read(raw: &str) -> NamePattern {
        names().read(raw).expect("a name")
    }

    #[test]
    fn a_title_leaves_the_surnames_of_that_sound() {
        for raw in ["王女士", "王 先生", "Mr Wang", "汪小姐"] {
            assert_eq!(read(raw), NamePattern { family: families(&["王", "汪"]), given: None }, "{raw}");
        }
    }

    #[test]
    fn masks_say_what_they_show() {
        let mask = |slots: &[Option<char>]| Some(Given::Mask(slots.to_vec()));

        assert_eq!(read("张*三"), NamePattern { family: families(&["张"]), given: mask(&[None, Some('三')]) });
        assert_eq!(read("段**"), NamePattern { family: families(&["段"]), given: mask(&[None, None]) });
        assert_eq!(read("张*"), NamePattern { family: families(&["张"]), given: None });
        assert_eq!(read("张某"), NamePattern { family: families(&["张"]), given: None });
        assert_eq!(read("*三"), NamePattern { family: None, given: Some(Given::Exact("三".into())) });
        assert_eq!(read("**三"), NamePattern { family: None, given: mask(&[None, Some('三')]) });
    }

    #[test]
    fn a_mask_that_may_cut_a_compound_surname_leaves_both_open() {
        assert_eq!(read("欧*"), NamePattern { family: families(&["欧", "欧阳"]), given: None });
        assert_eq!(read("欧阳修"), NamePattern { family: families(&["欧阳"]), given: Some(Given::Exact("修".into())) });
    }

    #[test]
    fn latin_names_in_every_order() {
        let smith = |given| NamePattern { family: families(&["smith"]), given };

        assert_eq!(read("John Smith"), smith(Some(Given::Exact("john".into()))));
        assert_eq!(read("Smith, John"), smith(Some(Given::Exact("john".into()))));
        assert_eq!(read("Mrs. J. Smith"), smith(Some(Given::Initial('j'))));
        assert_eq!(read("J*** Smith"), smith(Some(Given::Initial('j'))));
        assert_eq!(read("Ms Smith"), smith(None));
    }

    #[test]
    fn pinyin_fits_the_surnames_of_that_sound_and_any_given_name() {
        assert_eq!(read("Wang Xiaoming"), NamePattern { family: families(&["王", "汪"]), given: None });
    }

    #[test]
    fn a_surname_of_no_template_fits_nobody() {
        assert_eq!(read("赵先生"), NamePattern { family: families(&["赵"]), given: None });
    }

    #[test]
    fn an_empty_field_names_nobody() {
        for raw in ["", "-", "无", "N/A", "12", "先生"] {
            assert_eq!(names().read(raw), None, "{raw}");
        }
    }
}
