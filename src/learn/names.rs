//! Names, taken to pieces: surnames, the characters of given names by their
//! place, titles. A whole name is somebody's and never goes in.

use std::collections::BTreeMap;

use super::yaml::{self, Writer};
use crate::normalize::is_han;
use crate::template::pool;

/// Surnames of two characters.
const COMPOUND: &[&str] = &[
    "欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "长孙", "宇文", "司徒", "夏侯",
    "端木", "南宫",
];

/// What stands in place of a given name.
const TITLES: &[&str] = &[
    "先生", "女士", "小姐", "老师", "老板", "经理", "师傅", "阿姨", "医生", "总", "哥", "姐", "同学", "太太", "美女",
    "帅哥",
];

/// Learned names.
#[derive(Debug)]
pub(super) enum Names {
    Han {
        families: Vec<(String, u64)>,
        one: u64,
        two: u64,
        titles: Vec<(String, u64)>,
        /// Characters of names of one, and first and second ones of others.
        letters: [Vec<(String, u64)>; 3],
    },
    Words {
        families: Vec<(String, u64)>,
        given: Vec<(String, u64)>,
    },
}

impl Names {
    pub(super) fn write(&self, out: &mut Writer) {
        let map = |out: &mut Writer, depth: usize, key: &str, pairs: &[(String, u64)]| {
            out.map(depth, key, &yaml::weights(pairs.iter().map(|(text, weight)| (text.as_str(), *weight))));
        };
        match self {
            Self::Han { families, one, two, titles, letters } => {
                out.line(2, "order: family-given");
                map(out, 2, "families", families);
                out.line(2, "given:");
                out.line(3, &format!("one: {one}"));
                out.line(3, &format!("two: {two}"));
                if !titles.is_empty() {
                    map(out, 3, "titles", titles);
                }
                for (key, letters) in ["only", "first", "second"].into_iter().zip(letters) {
                    map(out, 3, key, letters);
                }
            }
            Self::Words { families, given } => {
                out.line(2, "order: given family");
                map(out, 2, "families", families);
                map(out, 2, "given", given);
            }
        }
    }

    /// Learns from names with how many rows hold each; says which share of
    /// rows it could take to pieces. `None` where that is less than half.
    pub(super) fn learn<'t>(names: impl Iterator<Item = (&'t str, u64)>, least: u32) -> Option<(Self, f64)> {
        let mut han = HanCounts::default();
        let mut words = WordCounts::default();
        let mut rows = 0;
        for (name, count) in names {
            rows += count;
            if name.chars().all(is_han) { han.add(name, count) } else { words.add(name, count) }
        }
        let share = |taken: u64| taken as f64 / rows.max(1) as f64;
        if han.rows >= words.rows {
            let share = share(han.rows);
            Some((han.finish(least)?, share)).filter(|_| share > 0.5)
        } else {
            let share = share(words.rows);
            Some((words.finish(least)?, share)).filter(|_| share > 0.5)
        }
    }
}

type Counts = BTreeMap<String, u64>;

#[derive(Default)]
struct HanCounts {
    rows: u64,
    families: Counts,
    lengths: [u64; 2],
    titles: Counts,
    letters: [Counts; 3],
}

impl HanCounts {
    fn add(&mut self, name: &str, count: u64) {
        let letters: Vec<char> = name.chars().collect();
        let pair: String = letters.iter().take(2).collect();
        let compound = letters.len() >= 3 && COMPOUND.contains(&pair.as_str());
        let (family, given) = letters.split_at(if compound { 2 } else { 1 }.min(letters.len()));
        let given_text: String = given.iter().collect();
        let add = |counts: &mut Counts, text: String| *counts.entry(text).or_default() += count;
        if TITLES.contains(&given_text.as_str()) {
            add(&mut self.titles, given_text);
        } else {
            match given {
                [only] => {
                    self.lengths[0] += count;
                    add(&mut self.letters[0], only.to_string());
                }
                [first, second] => {
                    self.lengths[1] += count;
                    add(&mut self.letters[1], first.to_string());
                    add(&mut self.letters[2], second.to_string());
                }
                _ => return,
            }
        }
        add(&mut self.families, family.iter().collect());
        self.rows += count;
    }

    fn finish(self, least: u32) -> Option<Names> {
        let families = pool::pool("cn-families-1").and_then(pool::Pool::weighted).unwrap_or_default();
        let characters: Vec<(&str, u64)> = pool::pool("cn-given-1")
            .map(|pool| {
                let rows = pool.text().lines().map(|line| {
                    let mut cells = line.split('\t');
                    let character = cells.next()?;
                    Some((character, cells.next()?.parse::<u64>().ok()? + cells.next()?.parse::<u64>().ok()?))
                });
                rows.flatten().collect()
            })
            .unwrap_or_default();
        let [one, two] = self.lengths;
        let titles = kept(self.titles, least, &[]);
        let letters = self.letters.map(|letters| kept(letters, least, &characters));
        let families = kept(self.families, least, &families);
        let whole = !families.is_empty() && letters.iter().all(|letters| !letters.is_empty());
        whole.then_some(Names::Han { families, one, two, titles, letters })
    }
}

#[derive(Default)]
struct WordCounts {
    rows: u64,
    families: Counts,
    given: Counts,
}

impl WordCounts {
    fn add(&mut self, name: &str, count: u64) {
        let words: Vec<&str> = name.split_whitespace().collect();
        let [given, .., family] = words.as_slice() else { return };
        *self.families.entry((*family).to_owned()).or_default() += count;
        *self.given.entry((*given).to_owned()).or_default() += count;
        self.rows += count;
    }

    fn finish(self, least: u32) -> Option<Names> {
        let pool = |name: &str| pool::pool(name).and_then(pool::Pool::weighted).unwrap_or_default();
        let families = kept(self.families, least, &pool("us-families-1"));
        let given = kept(self.given, least, &pool("us-given-1"));
        (!families.is_empty() && !given.is_empty()).then_some(Names::Words { families, given })
    }
}

/// What at least `least` rows hold. The rows of the rest go to the words of a
/// public pool that are not among them, by the pool's weights.
fn kept(counts: Counts, least: u32, public: &[(&str, u64)]) -> Vec<(String, u64)> {
    let rare: u64 = counts.values().filter(|count| **count < u64::from(least)).sum();
    let mut kept: Vec<(String, u64)> = counts.into_iter().filter(|(_, count)| *count >= u64::from(least)).collect();
    let known: std::collections::BTreeSet<String> = kept.iter().map(|(text, _)| text.clone()).collect();
    let others: Vec<&(&str, u64)> =
        public.iter().filter(|(text, weight)| *weight > 0 && !known.contains(*text)).collect();
    let total: u64 = others.iter().map(|(_, weight)| weight).sum();
    if total > 0 && rare > 0 {
        // Finer units, so that a rare word of a pool is not rounded away.
        kept.iter_mut().for_each(|(_, count)| *count *= 100);
        let share = |weight: u64| (u128::from(rare) * 100 * u128::from(weight) / u128::from(total)) as u64;
        kept.extend(others.iter().map(|(text, weight)| ((*text).to_owned(), share(*weight))).filter(|(_, w)| *w > 0));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_characters_come_from_the_pool_alone() {
        let mut names: Vec<(String, u64)> = vec![("张伟".into(), 50), ("王秀英".into(), 50), ("欧阳建国".into(), 20)];
        names.extend("龘靐齉爩龗鱻麤灪".chars().map(|rare| (format!("李{rare}"), 4)));
        let (learned, share) = Names::learn(names.iter().map(|(name, n)| (name.as_str(), *n)), 5).expect("names");

        let Names::Han { families, letters, .. } = learned else { panic!("Chinese names") };
        assert!(share > 0.99);
        assert!(families.iter().any(|(family, _)| family == "欧阳"));
        assert!(!letters[0].iter().any(|(letter, _)| letter == "龘"), "one row held it");
        assert!(letters[0].len() > 100, "its share went to the pool's");
    }

    #[test]
    fn names_of_words_are_parted_at_their_blanks() {
        let names = [("Mary Jane Smith", 9), ("John Smith", 7)];
        let (learned, _) = Names::learn(names.into_iter(), 5).expect("names");

        let Names::Words { families, given } = learned else { panic!("names of words") };
        assert_eq!(families, [("Smith".to_owned(), 16)]);
        assert_eq!(given.len(), 2);
    }
}
