//! Names of people, with their titles split off.

use super::fold::{is_han, is_invisible, lower, narrow};

/// A name in normal form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonName {
    /// The name: lower case; no blank beside a Chinese character, one between
    /// Latin words; a hidden character is `*`. A comma stays, because it says
    /// that the surname came first. Empty when only a title was there.
    pub text: String,
    /// Whether a title stood beside it.
    pub has_title: bool,
}

/// Titles behind a Chinese name, longest first.
const BEHIND: [&str; 17] = [
    "小姐姐",
    "大姐",
    "先生",
    "女士",
    "小姐",
    "老师",
    "同学",
    "师傅",
    "老板",
    "太太",
    "阿姨",
    "叔叔",
    "经理",
    "总",
    "姐",
    "哥",
    "生",
];
/// Titles of one character are a title only behind a surname alone.
const SHORT: [&str; 4] = ["总", "姐", "哥", "生"];
/// Titles before a Latin name.
const BEFORE: [&str; 12] = ["mr", "mrs", "ms", "miss", "dr", "prof", "sir", "madam", "mister", "mx", "messrs", "mme"];

/// Reduces a person's name.
///
/// Returns `None` when nothing is left that could be a name: no letter and no
/// mask. Bracketed digits go, because platforms repeat a privacy number's
/// extension there (`张三[1234]`).
///
/// # Example
///
/// ```
/// use trapline::normalize::name;
///
/// let wang = name("王 女士").expect("a name");
/// assert_eq!((wang.text.as_str(), wang.has_title), ("王", true));
/// assert_eq!(name("Mr. John  SMITH").expect("a name").text, "john smith");
/// ```
pub fn name(raw: &str) -> Option<PersonName> {
    let (mut text, mut has_title) = (fold(raw), false);
    loop {
        if let Some(shorter) = without_bracketed_digits(&text) {
            text = shorter;
        } else if let Some(shorter) = without_title(&text) {
            has_title = true;
            text = shorter;
        } else {
            break;
        }
    }
    let letters = text.chars().any(|c| c.is_alphabetic() || c == '*');
    (letters || has_title).then_some(PersonName { text, has_title })
}

/// Whether `text`, in normal form, starts with a title that follows Chinese names.
pub fn is_title_at(text: &[char]) -> bool {
    BEHIND
        .iter()
        .filter(|title| !SHORT.contains(title))
        .any(|title| title.chars().enumerate().all(|(i, c)| text.get(i) == Some(&c)))
}

fn fold(raw: &str) -> String {
    let mut folded = String::with_capacity(raw.len());
    let mut gap = false;
    for c in raw.chars().filter(|&c| !is_invisible(c)).map(narrow).flat_map(lower) {
        let c = match c {
            '×' | '＊' | '•' | '●' | '※' | '?' => '*',
            '·' | '．' => '.',
            c => c,
        };
        if c.is_whitespace() || (c == '.' && !folded.ends_with(is_han)) {
            gap = true;
            continue;
        }
        let joins = |c: char| is_han(c) || matches!(c, '*' | ',' | '(' | '[');
        if gap && !joins(c) && folded.chars().next_back().is_some_and(|last| !is_han(last) && last != ',') {
            folded.push(' ');
        }
        gap = false;
        folded.push(c);
    }
    without_edges(&folded).to_owned()
}

fn without_bracketed_digits(text: &str) -> Option<String> {
    let (before, inside) = text.strip_suffix([']', ')'])?.rsplit_once(['[', '('])?;
    let are_digits = !before.is_empty() && inside.chars().all(|c| c.is_ascii_digit());
    are_digits.then(|| without_edges(before).to_owned())
}

fn without_edges(text: &str) -> &str {
    text.trim_matches([',', ':', ';', '-', ' ', '"'])
}

/// Takes one title off, from either end.
fn without_title(text: &str) -> Option<String> {
    for title in BEHIND {
        let Some(before) = text.strip_suffix(title) else { continue };
        let length = before.chars().count();
        // A short title behind a whole name is the name's last character.
        if !SHORT.contains(&title) || (length == 1 && title != "生") {
            return Some(without_edges(before).to_owned());
        }
    }
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    if BEFORE.contains(&first) {
        return Some(without_edges(rest).to_owned());
    }
    let (rest, last) = text.rsplit_once([' ', ','])?;
    BEFORE.contains(&last).then(|| without_edges(rest).to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_title_is_split_off_at_either_end() {
        for (raw, text) in
            [("王女士", "王"), ("Mrs. Smith", "smith"), ("Smith, Mr", "smith"), ("欧阳先生", "欧阳"), ("李总", "李")]
        {
            let name = name(raw).expect("a name");

            assert_eq!((name.text.as_str(), name.has_title), (text, true), "{raw}");
        }
    }

    #[test]
    fn a_last_character_that_is_also_a_title_stays() {
        assert_eq!(name("张大生").expect("a name").text, "张大生");
        assert_eq!(name("王小哥").expect("a name").text, "王小哥");
    }

    proptest! {
        #[test]
        fn a_normal_form_is_its_own_normal_form(raw in "(mr |Mrs\\. )?[王张小明欧阳*A-Za-z ,.·]{1,8}(先生|女士|总|\\[12\\])?") {
            if let Some(once) = name(&raw) {
                if once.text.is_empty() { return Ok(()); }
                prop_assert_eq!(name(&once.text).map(|name| name.text), Some(once.text));
            }
        }
    }
}
