//! How one column writes its values, learned from the head of the file.
//!
//! A planted value that is right but written another way is as good as
//! labelled. What is learned is habit, not content: whether the column quotes,
//! what it puts around a value so that Excel leaves it alone, how it groups the
//! digits of a phone, what it masks, how many decimals it keeps.

use std::collections::BTreeMap;

use super::cut::Kind;
use super::times::Layout;
use crate::record::ColumnRole;

/// When a column puts its values in quotes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Quoting {
    /// Where the value would otherwise be misread.
    #[default]
    Needed,
    /// Always.
    Always,
}

/// One column's habits.
#[derive(Clone, Debug, Default)]
pub(super) struct Style {
    pub(super) quoting: Quoting,
    pub(super) times: Option<Layout>,
    /// Most frequent first: what stands around values.
    affixes: Vec<(String, String)>,
    /// Most frequent first: `#` for a shown digit, `*` for a hidden one.
    shapes: Vec<String>,
    mask: Option<Mask>,
    decimals: Option<(usize, usize)>,
    /// Every value of the sample was there and none twice.
    pub(super) is_unique: bool,
    /// Some values look like `7.73277E+14`.
    pub(super) is_damaged: bool,
}

impl Style {
    /// Learns from the values of a sample, each with how it was written.
    pub(super) fn learn(values: &[(String, Kind)]) -> Self {
        let filled: Vec<&(String, Kind)> = values.iter().filter(|(text, _)| !text.trim().is_empty()).collect();
        let cores: Vec<&str> = filled.iter().map(|(text, _)| affixes(text).1).collect();
        let mut sorted = cores.clone();
        sorted.sort_unstable();
        let quoted = filled.iter().all(|(_, kind)| *kind == Kind::Quoted);
        Self {
            quoting: if quoted && !filled.is_empty() { Quoting::Always } else { Quoting::Needed },
            // Words such as "not captured" among dates are no dates.
            times: Layout::learn(
                &cores.iter().copied().filter(|core| core.bytes().any(|b| b.is_ascii_digit())).collect::<Vec<_>>(),
            ),
            affixes: frequent(filled.iter().map(|(text, _)| {
                let (prefix, _, suffix) = affixes(text);
                (prefix.to_owned(), suffix.to_owned())
            })),
            shapes: frequent(cores.iter().filter(|core| has_digits(core)).map(|core| shape(core))),
            mask: Mask::learn(&cores),
            decimals: decimals(&cores),
            is_unique: values.len() >= 20
                && cores.len() == values.len()
                && sorted.windows(2).all(|pair| pair[0] != pair[1]),
            is_damaged: cores.iter().any(|core| is_scientific(core)),
        }
    }

    /// Whether the column hides a part of its values.
    pub(super) fn is_masked(&self) -> bool {
        self.mask.is_some()
    }

    /// Whether its phones have something between their digits.
    pub(super) fn groups_digits(&self) -> bool {
        let plain = |shape: &String| shape.bytes().all(|byte| byte == b'#');
        !self.is_masked() && self.shapes.iter().any(|shape| !plain(shape))
    }

    /// Writes `text` as this column would, where `donor` holds its own value.
    pub(super) fn render(&self, role: &ColumnRole, text: &str, donor: &str) -> String {
        let core = match role {
            ColumnRole::Phone(_) => self.phone(text),
            ColumnRole::Time | ColumnRole::Other(_) => {
                let time = self.times.as_ref().and_then(|layout| layout.restate(text));
                time.unwrap_or_else(|| self.decimal(text))
            }
            _ => self.masked(text),
        };
        self.dress(&core, donor)
    }

    /// Puts around `core` what the donor, or most of the column, has around it.
    pub(super) fn dress(&self, core: &str, donor: &str) -> String {
        if core.is_empty() {
            return String::new();
        }
        let (prefix, own, suffix) = affixes(donor);
        if !own.is_empty() {
            return format!("{prefix}{core}{suffix}");
        }
        match self.affixes.first() {
            Some((prefix, suffix)) => format!("{prefix}{core}{suffix}"),
            None => core.to_owned(),
        }
    }

    /// Groups, prefixes and masks a phone's digits as the column mostly does.
    ///
    /// The digits stay the same; a country code may come or go.
    fn phone(&self, text: &str) -> String {
        if text.bytes().any(|byte| byte.is_ascii_alphabetic()) || !text.is_ascii() {
            return self.masked(text);
        }
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let national = digits.strip_prefix("86").filter(|rest| rest.len() == 11).unwrap_or(&digits);
        let with_code = format!("86{national}");
        for shape in &self.shapes {
            let slots = shape.bytes().filter(|byte| matches!(byte, b'#' | b'*')).count();
            let is_chinese = national.len() == 11 && national.starts_with('1');
            // An area code and a number together have a mobile's eleven digits.
            let is_landline = matches!(shape.as_str(), "####-#######" | "###-########");
            if slots == national.len() && !(is_chinese && is_landline) {
                return fill(shape, national);
            }
            if is_chinese && slots == with_code.len() && (shape.starts_with("+##") || shape.starts_with("##")) {
                return fill(shape, &with_code);
            }
        }
        self.masked(text)
    }

    fn masked(&self, text: &str) -> String {
        self.mask.as_ref().map_or_else(|| text.to_owned(), |mask| mask.apply(text))
    }

    /// Gives a number as many decimals as the column has.
    fn decimal(&self, text: &str) -> String {
        match self.decimals {
            Some((fewest, most)) => round(text, fewest, most).unwrap_or_else(|| text.to_owned()),
            None => text.to_owned(),
        }
    }
}

/// Splits a value from what exporters put around it: a tab or an apostrophe
/// against Excel, `="…"`, spaces.
pub(super) fn affixes(text: &str) -> (&str, &str, &str) {
    let front = text.len() - text.trim_start_matches([' ', '\t', '\'']).len();
    let formula = text[front..].strip_prefix("=\"").and_then(|rest| rest.trim_end().strip_suffix('"'));
    if let Some(core) = formula {
        let start = front + 2;
        return (&text[..start], core, &text[start + core.len()..]);
    }
    let core = text[front..].trim_end_matches([' ', '\t']);
    (&text[..front], core, &text[front + core.len()..])
}

/// A shape or affix must be this frequent in a sample of its own to count:
/// rarer ones are landlines among mobiles, or typing errors.
fn frequent<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    for item in items {
        *counts.entry(item).or_default() += 1;
    }
    let mut sorted: Vec<(T, usize)> = counts.into_iter().collect();
    sorted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    sorted.truncate(8);
    sorted.into_iter().map(|(item, _)| item).collect()
}

fn has_digits(text: &str) -> bool {
    text.len() < 64 && text.bytes().any(|byte| byte.is_ascii_digit())
}

fn shape(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).collect()
}

fn fill(shape: &str, digits: &str) -> String {
    let mut digits = digits.chars();
    shape
        .chars()
        .map(|c| match c {
            '#' => digits.next().unwrap_or('0'),
            '*' => {
                digits.next();
                '*'
            }
            c => c,
        })
        .collect()
}

/// What a column of names, addresses or numbers hides.
#[derive(Clone, Debug)]
struct Mask {
    /// (characters in all, shown at the front, shown at the end), most frequent first.
    patterns: Vec<(usize, usize, usize)>,
    /// The same count of stars behind fronts of many lengths: an address mask.
    hidden_tail: Option<usize>,
}

impl Mask {
    fn learn(cores: &[&str]) -> Option<Self> {
        let masked: Vec<(usize, usize, usize)> = cores
            .iter()
            .filter_map(|core| {
                let chars: Vec<char> = core.chars().collect();
                let first = chars.iter().position(|c| *c == '*')?;
                let last = chars.iter().rposition(|c| *c == '*')?;
                Some((chars.len(), first, chars.len() - 1 - last))
            })
            .collect();
        if masked.is_empty() || masked.len() * 2 < cores.len() {
            return None;
        }
        let stars = |(length, front, back): &(usize, usize, usize)| length - front - back;
        let same_stars = masked.iter().all(|pattern| stars(pattern) == stars(&masked[0]) && pattern.2 == 0);
        let same_front = masked.iter().all(|pattern| pattern.1 == masked[0].1);
        let hidden_tail = (same_stars && !same_front).then(|| stars(&masked[0]));
        Some(Self { patterns: frequent(masked.into_iter()), hidden_tail })
    }

    fn apply(&self, text: &str) -> String {
        let chars: Vec<char> = text.chars().collect();
        if let Some(stars) = self.hidden_tail {
            let shown = chars.len().saturating_sub(stars).max(1);
            return chars.iter().take(shown).chain(std::iter::repeat_n(&'*', stars)).collect();
        }
        let alike = self.patterns.iter().find(|(length, ..)| *length == chars.len());
        let (length, front, back) = *alike.unwrap_or(&self.patterns[0]);
        let stars = if alike.is_none() && chars.len() > 8 {
            chars.len().saturating_sub(front + back)
        } else {
            length - front - back
        };
        let back_start = chars.len().saturating_sub(back).max(front.min(chars.len()));
        let shown_front = chars.iter().take(front);
        shown_front.chain(std::iter::repeat_n(&'*', stars.max(1))).chain(&chars[back_start..]).collect()
    }
}

/// Returns the fewest and most decimals, where all values are plain numbers.
fn decimals(cores: &[&str]) -> Option<(usize, usize)> {
    let counts: Option<Vec<usize>> = cores.iter().map(|core| plain_decimals(core)).collect();
    let counts = counts.filter(|counts| !counts.is_empty())?;
    Some((*counts.iter().min()?, *counts.iter().max()?))
}

fn plain_decimals(text: &str) -> Option<usize> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (!whole.is_empty() && whole.len() < 16 && part.len() < 12 && plain(whole) && plain(part)).then_some(part.len())
}

/// Rounds a decimal number in text (half up) to at most `most` decimals and
/// keeps at least `fewest`. In text, because 0.1 is not a binary number.
fn round(text: &str, fewest: usize, most: usize) -> Option<String> {
    let have = plain_decimals(text)?;
    let negative = text.starts_with('-');
    let digits: i128 = text.chars().filter(char::is_ascii_digit).collect::<String>().parse().ok()?;
    let cut = 10i128.pow(have.saturating_sub(most) as u32);
    let rounded = (digits + cut / 2) / cut;
    let kept = have.min(most);
    let padded = format!("{rounded:0width$}", width = kept + 1);
    let (whole, part) = padded.split_at(padded.len() - kept);
    let mut part = format!("{part:0<fewest$}");
    while part.len() > fewest && part.ends_with('0') {
        part.pop();
    }
    let sign = if negative { "-" } else { "" };
    Some(if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") })
}

fn is_scientific(text: &str) -> bool {
    let Some((number, power)) = text.split_once("E+") else { return false };
    plain_decimals(number).is_some() && power.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::persona::Role;

    const PHONE: ColumnRole = ColumnRole::Phone(Role::Recipient);
    const NAME: ColumnRole = ColumnRole::Name(Role::Recipient);

    fn style(values: &[&str]) -> Style {
        Style::learn(&values.iter().map(|text| ((*text).to_owned(), Kind::Bare)).collect::<Vec<_>>())
    }

    #[test]
    fn a_phone_is_grouped_as_its_column_groups() {
        for (sample, expected) in [
            ("13800001111", "15433063750"),
            ("138-0000-1111", "154-3306-3750"),
            ("138 0000 1111", "154 3306 3750"),
            ("+8613800001111", "+8615433063750"),
            ("+86 138-0000-1111", "+86 154-3306-3750"),
            ("138****1111", "154****3750"),
            ("138******11", "154******50"),
            ("13800001111\t", "15433063750\t"),
            ("'13800001111", "'15433063750"),
            ("=\"13800001111\"", "=\"15433063750\""),
        ] {
            let style = style(&[sample, sample]);
            assert_eq!(style.render(&PHONE, "15433063750", sample), expected);
            assert_eq!(style.render(&PHONE, "+8615433063750", ""), expected);
        }
    }

    #[test]
    fn a_landline_among_mobiles_lends_its_shape_to_none() {
        let style = style(&["13800001111", "13800002222", "0310-6821234"]);

        assert_eq!(style.render(&PHONE, "15433063750", "0310-6821234"), "15433063750");
        assert_eq!(style.render(&PHONE, "15433063750转1234", "13800001111"), "15433063750转1234");
    }

    #[test]
    fn names_and_addresses_are_masked_as_their_column_masks() {
        assert_eq!(style(&["张*三", "李*"]).render(&NAME, "王小明", "李*"), "王*明");
        assert_eq!(style(&["张*三", "李*"]).render(&NAME, "王明", "李*"), "王*");
        assert_eq!(style(&["张**", "李**"]).render(&NAME, "王明", ""), "王**");
        assert_eq!(
            style(&["海淀区马********", "永年区广府镇********"]).render(&NAME, "丛台区人民路一百二十三号楼", ""),
            "丛台区人民********"
        );
        assert_eq!(style(&["张三", "李四"]).render(&NAME, "王小明", "张三"), "王小明");
    }

    #[test]
    fn numbers_keep_as_many_decimals_as_their_column() {
        let weight = ColumnRole::Other("weight".into());

        assert_eq!(style(&["3.52", "1.00"]).render(&weight, "2.5", "3.52"), "2.50");
        assert_eq!(style(&["3.5", "1"]).render(&weight, "2.30", "1"), "2.3");
        assert_eq!(style(&["3.5", "1"]).render(&weight, "2.00", "1"), "2");
        assert_eq!(style(&["3", "12"]).render(&weight, "2.5", "3"), "3");
        assert_eq!(style(&["0.05"]).render(&weight, "0.049", "0.05"), "0.05");
        assert_eq!(style(&["食品"]).render(&weight, "2.50", "食品"), "2.50");
    }

    #[test]
    fn a_column_that_excel_damaged_is_noticed() {
        assert!(style(&["7.73277E+14"]).is_damaged);
        assert!(!style(&["773277027280336"]).is_damaged);
    }
}
