//! Names, taken to pieces: surnames, the characters of given names by their
//! place, titles. A whole name is somebody's and never goes in.

use std::collections::BTreeMap;

use super::shrink::{self, shrunk};
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
        let characters: Vec<(&str, [u64; 2])> = pool::pool("cn-given-1")
            .map(|pool| {
                let rows = pool.text().lines().map(|line| {
                    let mut cells = line.split('\t');
                    let character = cells.next()?;
                    Some((character, [cells.next()?.parse().ok()?, cells.next()?.parse().ok()?]))
                });
                rows.flatten().collect()
            })
            .unwrap_or_default();
        // In the unit of the titles.
        let [mut one, mut two] = self.lengths.map(|rows| rows * shrink::UNIT);
        let titles = kept(self.titles, least, &[]);
        let mut letters = self.letters.map(|letters| {
            let mixed = mixed(&letters, &characters);
            kept(letters, least, &mixed)
        });
        let families = kept(self.families, least, &families);
        // Of a length that too few rows have nothing is drawn; its characters are any.
        if letters[0].is_empty() {
            (one, letters[0]) = (0, letters[1].clone());
        }
        if letters[1].is_empty() || letters[2].is_empty() {
            (two, letters[1], letters[2]) = (0, letters[0].clone(), letters[0].clone());
        }
        let whole = !families.is_empty() && !letters[0].is_empty() && one + two > 0;
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

/// Frequencies among men and women, mixed as the rows are: by expectation and
/// maximization of which of the two each character came from.
fn mixed<'p>(counts: &Counts, pool: &[(&'p str, [u64; 2])]) -> Vec<(&'p str, u64)> {
    let sums = [0, 1].map(|sex| pool.iter().map(|(_, weights)| weights[sex]).sum::<u64>().max(1) as f64);
    let shares = |weights: &[u64; 2]| [0, 1].map(|sex| weights[sex] as f64 / sums[sex]);
    let seen: Vec<(f64, [f64; 2])> =
        pool.iter().filter_map(|(text, weights)| Some((*counts.get(*text)? as f64, shares(weights)))).collect();
    let rows: f64 = seen.iter().map(|(count, _)| count).sum();
    let mut men = 0.5;
    for _ in 0..ROUNDS {
        let of_men = seen.iter().map(|(count, [m, w])| count * men * m / (men * m + (1.0 - men) * w).max(1e-12));
        men = if rows > 0.0 { of_men.sum::<f64>() / rows } else { men };
    }
    let weight = |weights: &[u64; 2]| {
        let [m, w] = shares(weights);
        ((men * m + (1.0 - men) * w) * 1e9).round() as u64
    };
    pool.iter().map(|(text, weights)| (*text, weight(weights))).collect()
}

/// Rounds until a share stands still.
const ROUNDS: usize = 60;

/// What at least `least` rows hold, and what a public pool has: shares drawn
/// towards the pool's. The rows of the rest go to words of the pool.
fn kept(counts: Counts, least: u32, public: &[(&str, u64)]) -> Vec<(String, u64)> {
    // Of the pool no more than the rows have: that some row holds a public word is no secret.
    let seen = |(text, weight): &&(&str, u64)| *weight > 0 && counts.contains_key(*text);
    let pool: BTreeMap<&str, u64> = public.iter().filter(seen).copied().collect();
    let (of_pool, own): (Counts, Counts) = counts.into_iter().partition(|(text, _)| pool.contains_key(text.as_str()));
    let withheld: u64 = own.values().filter(|count| **count < u64::from(least)).sum();
    let own = own.into_iter().filter(|(_, count)| *count >= u64::from(least));
    let mut kept: Vec<(String, u64)> = own.map(|(text, count)| (text, count * shrink::UNIT)).collect();
    let counted = |text: &str| of_pool.get(text).copied().unwrap_or(0);
    // A word of a public pool is public; how often fewer than k rows hold it is
    // not, so those share what they have in common by the pool's weights.
    let rare: u64 = of_pool.values().filter(|count| **count < u64::from(least)).sum::<u64>() + withheld;
    let is_rare = |text: &str| counted(text) < u64::from(least);
    let of_rare: u64 = pool.iter().filter(|(text, _)| is_rare(text)).map(|(_, weight)| weight).sum();
    let rows = |text: &str, weight: u64| match is_rare(text) {
        true => (rare * weight + of_rare / 2).checked_div(of_rare).unwrap_or(0),
        false => counted(text),
    };
    let (counts, prior): (Vec<u64>, Vec<f64>) =
        pool.iter().map(|(text, weight)| (rows(text, *weight), *weight as f64)).unzip();
    let weights = shrunk(&counts, &prior);
    kept.extend(pool.keys().zip(weights).filter(|(_, weight)| *weight > 0).map(|(text, w)| ((*text).to_owned(), w)));
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_characters_that_no_pool_has_stay_out() {
        let mut names: Vec<(String, u64)> = vec![("张伟".into(), 50), ("王秀英".into(), 50), ("欧阳建国".into(), 20)];
        names.extend("龘靐齉爩龗鱻麤灪".chars().map(|rare| (format!("李{rare}"), 4)));
        let (learned, share) = Names::learn(names.iter().map(|(name, n)| (name.as_str(), *n)), 5).expect("names");

        let Names::Han { families, letters, .. } = learned else { panic!("Chinese names") };
        assert!(share > 0.99);
        assert!(families.iter().any(|(family, _)| family == "欧阳"));
        assert!(!letters[0].iter().any(|(letter, _)| letter == "龘"), "one row held it");
        assert!(letters[0].iter().any(|(letter, _)| letter == "伟"));
    }

    #[test]
    fn the_pool_is_mixed_as_the_rows_are() {
        let pool = [("伟", [90, 10]), ("芳", [10, 90]), ("平", [50, 50])];
        let rows = |men: u64, women: u64| -> Counts {
            pool.iter().map(|(text, [m, w])| ((*text).to_owned(), men * m + women * w)).collect()
        };

        let share =
            |mixed: &[(&str, u64)]| mixed[0].1 as f64 / mixed.iter().map(|(_, weight)| weight).sum::<u64>() as f64;
        let (even, men) = (mixed(&rows(5, 5), &pool), mixed(&rows(9, 1), &pool));

        assert!((share(&even) - 50.0 / 150.0).abs() < 0.01, "{even:?}");
        assert!((share(&men) - 82.0 / 150.0).abs() < 0.01, "{men:?}");
        assert_eq!(mixed(&Counts::new(), &pool).len(), 3);
    }

    #[test]
    fn a_length_that_no_name_has_is_not_drawn() {
        let long = [("张伟平", 50), ("王秀英", 50), ("李建国", 40)];
        let short = [("张伟", 50), ("王英", 50), ("李平", 40)];

        let (learned, _) = Names::learn(long.into_iter(), 5).expect("names");
        let Names::Han { one, two, letters, .. } = learned else { panic!("Chinese names") };
        assert!(one == 0 && two > 0 && letters.iter().all(|letters| !letters.is_empty()));

        let (learned, _) = Names::learn(short.into_iter(), 5).expect("names");
        let Names::Han { one, two, letters, .. } = learned else { panic!("Chinese names") };
        assert!(one > 0 && two == 0 && letters.iter().all(|letters| !letters.is_empty()));
    }

    #[test]
    fn names_of_words_are_parted_at_their_blanks() {
        let names = [("Mary Jane Smith", 9), ("John Smith", 7)];
        let (learned, _) = Names::learn(names.into_iter(), 5).expect("names");

        let Names::Words { families, given } = learned else { panic!("names of words") };
        let heaviest = families.iter().max_by_key(|(_, weight)| *weight).map(|(family, _)| family.as_str());
        assert_eq!(heaviest, Some("Smith"));
        assert!(given.iter().any(|(given, _)| given == "Mary"));
    }
}
