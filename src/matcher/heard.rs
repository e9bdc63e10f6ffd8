//! Names in running text, by the words around them.
//!
//! Nobody's name is looked for: a cue (`找`, `收件人`, `asked for`, a title) says
//! that a name stands here, and the surname table says where it begins. A
//! caller who introduces himself is passed over. Where the end of a given
//! name cannot be told, the surname alone is taken, which is the wider set.

use super::folded::{Folded, clause_before, ends_at, holds_any, places_of, stands_at};
use super::names::Names;
use super::surnames::FREQUENT;
use crate::normalize::{self, PersonName};
use crate::persona::NamePattern;

/// Cues that say outright who was asked for.
const STRONG: [&str; 13] = [
    "收件人",
    "收货人",
    "寄件人",
    "机主",
    "户主",
    "姓名",
    "名字叫",
    "名字是",
    "找",
    "问是不是",
    "是不是",
    "请问是",
    "您是",
];
/// What may stand between a cue and a name.
const BETWEEN: [char; 14] = [' ', ':', '是', '为', '叫', '一', '下', '个', '位', '"', '“', '「', '(', '\''];
/// Words that make the name behind them the speaker's own.
const OWN: [&str; 13] =
    ["自称", "我是", "我叫", "本人", "客服", "工号", "坐席", "快递员", "业务员", "警官", "this is", "i am", "my name"];
/// Words that begin with a surname's character and are no name.
const NO_HAN_NAMES: [&str; 26] = [
    "包裹", "单号", "单子", "时间", "时候", "方法", "方式", "钱", "关于", "解决", "解释", "马上", "高价", "何时",
    "金额", "全部", "明天", "安全", "安排", "应该", "车", "万元", "和", "管理", "权", "简单",
];
/// What a title may follow that ends with a surname's character: `对方先生`.
const NO_SURNAMES: [&str; 6] = ["对方", "双方", "警方", "官方", "我方", "校方"];
/// Characters that end a name though they are Chinese. None of them is common
/// in given names.
const PARTICLES: &str = "吗的吧么呢要说问被把让您你我他她也还就不没啊呀,";
/// English cues, longest first.
const ENGLISH: [&str; 17] = [
    "asked to speak with",
    "asked to speak to",
    "wanted to speak to",
    "asked after",
    "asked for",
    "asking for",
    "asks for",
    "looking for",
    "speak with",
    "speak to",
    "talk to",
    "addressed to",
    "recipient is",
    "recipient",
    "consignee",
    "addressee",
    "is this",
];
const ENGLISH_TITLES: [&str; 6] = ["mr", "mrs", "ms", "miss", "dr", "mister"];
/// Capitalised words that are no name.
const NO_NAMES: [&str; 20] = [
    "parcel",
    "package",
    "delivery",
    "refund",
    "order",
    "the",
    "a",
    "an",
    "my",
    "your",
    "his",
    "her",
    "waybill",
    "courier",
    "customer",
    "sender",
    "recipient",
    "me",
    "it",
    "us",
];

/// A mention: how telling its cue is (0 most), where it stands, what it says.
type Mention = (u8, usize, NamePattern);

/// Returns the set of names that a text says was asked for; `None` when it
/// mentions none.
///
/// The first mention of the most telling cue counts, narrowed by the others
/// that agree with it: `找王女士，收件人王小明` is one person.
pub(crate) fn in_text(names: &Names, text: &Folded) -> Option<NamePattern> {
    let mut mentions = Vec::new();
    chinese(names, &text.lower, &mut mentions);
    english(names, text, &mut mentions);
    mentions.sort_by_key(|&(rank, at, _)| (rank, at));
    let mut mentions = mentions.into_iter().map(|(_, _, pattern)| pattern);
    let first = mentions.next()?;
    Some(mentions.fold(first, |known, other| known.intersect(&other).unwrap_or(known)))
}

fn chinese(names: &Names, text: &[char], mentions: &mut Vec<Mention>) {
    for cue in STRONG {
        for at in places_of(text, cue) {
            let mut start = at + cue.chars().count();
            let limit = start + 4;
            while start < limit && text.get(start).is_some_and(|c| BETWEEN.contains(c)) {
                start += 1;
            }
            mentions.extend(name_at(names, text, start).map(|pattern| (0, start, pattern)));
        }
    }
    for at in places_of(text, "是").chain(places_of(text, "叫")) {
        if is_own(text, at + 1) {
            continue;
        }
        let asked = name_at(names, text, at + 1).filter(|_| {
            let rest = &text[at + 1..text.len().min(at + 9)];
            rest.iter().any(|c| matches!(c, '吗' | '么' | '吧' | '?'))
                || normalize::is_title_at(&rest[rest.len().min(1)..])
        });
        mentions.extend(asked.map(|pattern| (1, at + 1, pattern)));
    }
    for at in 1..text.len() {
        if normalize::is_title_at(&text[at..]) {
            let start = name_before(names, text, at);
            let heard = start.filter(|&start| !is_own(text, start)).map(|start| pattern(names, &text[start..at], true));
            mentions.extend(heard.map(|pattern| (2, at, pattern)));
        }
    }
}

/// Whether the speaker introduces himself right before `at`.
fn is_own(text: &[char], at: usize) -> bool {
    holds_any(clause_before(text, at, 10), &OWN)
}

fn pattern(names: &Names, chars: &[char], has_title: bool) -> NamePattern {
    names.pattern(&PersonName { text: chars.iter().collect(), has_title })
}

/// Reads a Chinese name, masked or not, that starts at `start`.
fn name_at(names: &Names, text: &[char], start: usize) -> Option<NamePattern> {
    let is_part = |c: &char| normalize::is_han(*c) || *c == '*';
    let run: Vec<char> = text[start.min(text.len())..].iter().copied().take_while(is_part).take(8).collect();
    if NO_HAN_NAMES.iter().any(|word| stands_at(&run, 0, word)) {
        return None;
    }
    let hidden = run.iter().take(2).filter(|&&c| c == '*').count();
    let family = match names.family_length(&run) {
        Some(length) => length,
        // `*三`: the surname itself is hidden.
        None if hidden > 0 && run.len() > hidden && run[0] == '*' => 1,
        None => return None,
    };
    let is_end = |at: usize| {
        run.get(at).is_none_or(|&c| PARTICLES.contains(c)) || normalize::is_title_at(&run[at.min(run.len())..])
    };
    let end = (family..=family + 2).find(|&end| is_end(end)).unwrap_or(family);
    // 王*的: an asterisk is never the end of something longer.
    let end = if run[family..].first() == Some(&'*') {
        end.max(family + run[family..].iter().take_while(|&&c| c == '*').count())
    } else {
        end
    };
    Some(pattern(names, &run[..end], false))
}

/// Returns where the name before a title begins.
fn name_before(names: &Names, text: &[char], title: usize) -> Option<usize> {
    let back =
        |n: usize| title.checked_sub(n).filter(|&at| text[at..title].iter().all(|&c| normalize::is_han(c) || c == '*'));
    let length = |n: usize| back(n).and_then(|at| names.family_length(&text[at..title]));
    let frequent = |n: usize| back(n).is_some_and(|at| FREQUENT.contains(text[at]));
    if NO_SURNAMES.iter().any(|word| ends_at(text, title, word)) {
        return None;
    }
    if length(2) == Some(2) {
        return back(2);
    }
    if frequent(1) {
        return back(1);
    }
    [3, 2].into_iter().find(|&n| frequent(n)).or_else(|| (length(1) == Some(1)).then_some(1)).and_then(back)
}

fn english(names: &Names, text: &Folded, mentions: &mut Vec<Mention>) {
    let lower = &text.lower;
    let is_word = |at: usize| at == 0 || !lower[at - 1].is_ascii_alphanumeric();
    for cue in ENGLISH {
        for at in places_of(lower, cue).filter(|&at| is_word(at)) {
            let name = words(names, text, at + cue.len(), false);
            mentions.extend(name.map(|pattern| (0, at, pattern)));
        }
    }
    for at in
        places_of(lower, "for ").filter(|&at| is_word(at) && !ENGLISH.iter().any(|cue| ends_at(lower, at + 3, cue)))
    {
        mentions.extend(words(names, text, at + 3, true).map(|pattern| (1, at, pattern)));
    }
    for title in ENGLISH_TITLES {
        for at in places_of(lower, title).filter(|&at| is_word(at) && !is_own(lower, at)) {
            let behind = lower.get(at + title.len());
            if matches!(behind, Some(' ' | '.')) {
                mentions.extend(words(names, text, at, false).map(|pattern| (2, at, pattern)));
            }
        }
    }
}

/// Reads the capitalised words, with a title before them, from `at`.
///
/// With `strict` the last of them has to be a surname that is known: `for` comes
/// before many things.
fn words(names: &Names, text: &Folded, at: usize, strict: bool) -> Option<NamePattern> {
    let mut at = at + text.lower[at..].iter().take_while(|c| matches!(c, ' ' | ':' | '.' | '"')).count();
    let mut has_title = false;
    let mut taken: Vec<String> = Vec::new();
    while taken.len() < 3 {
        let length = text.lower[at..]
            .iter()
            .take_while(|c| c.is_alphabetic() && !normalize::is_han(**c) || matches!(c, '*' | '\''))
            .count();
        let word: String = text.lower[at..at + length].iter().collect();
        let is_title = taken.is_empty() && !has_title && ENGLISH_TITLES.contains(&word.as_str());
        let is_capital = text.written.get(at).is_some_and(|c| c.is_uppercase());
        // Hastily typed: `mr wang`, `asked for smith`.
        let is_name = is_capital || (taken.is_empty() && (has_title || (!strict && names.is_family(&word))));
        if length == 0 || NO_NAMES.contains(&word.as_str()) || !(is_title || is_name) {
            break;
        }
        if is_title {
            has_title = true;
        } else {
            taken.push(word);
        }
        at += length;
        let dot = usize::from(text.lower.get(at) == Some(&'.') && (is_title || length == 1));
        if text.lower.get(at + dot) != Some(&' ') {
            break;
        }
        at += dot + 1;
    }
    let last = taken.last()?;
    if strict && !has_title && !names.is_family(last) && !names.is_family(&taken[0]) {
        return None;
    }
    Some(names.pattern(&PersonName { text: taken.join(" "), has_title }))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::persona::{Given, Lexicon};

    fn heard(text: &str) -> Option<(Option<BTreeSet<String>>, Option<Given>)> {
        let families = ["王", "张", "李", "刘", "欧阳", "smith", "wood"].map(str::to_owned);
        let names = Names::new(&[Lexicon { families: families.into(), places: BTreeMap::new() }]);
        in_text(&names, &Folded::new(text)).map(|pattern| (pattern.family, pattern.given))
    }

    fn family(name: &str) -> Option<BTreeSet<String>> {
        Some([name.to_owned()].into())
    }

    fn exact(name: &str) -> Option<Given> {
        Some(Given::Exact(name.into()))
    }

    #[test]
    fn a_cue_and_a_delimited_name_give_the_whole_name() {
        for text in [
            "对方要找王小明，说快递丢了",
            "收件人：王小明 电话",
            "姓名王小明。",
            "您是王小明吗",
            "找一下王小明的家人",
            "叫王小明吗",
        ] {
            assert_eq!(heard(text), Some((family("王"), exact("小明"))), "{text}");
        }
        assert_eq!(heard("找欧阳修,"), Some((family("欧阳"), exact("修"))));
    }

    #[test]
    fn where_the_name_ends_nowhere_the_surname_is_taken() {
        assert_eq!(heard("找王小明领取包裹理赔"), Some((family("王"), None)));
    }

    #[test]
    fn a_title_gives_the_surname() {
        for text in ["市民王女士接到电话", "说要找王女士", "王先生在吗", "打给王小姐"] {
            assert_eq!(heard(text), Some((family("王"), None)), "{text}");
        }
    }

    #[test]
    fn masked_names_are_read_in_text() {
        let mask = Some(Given::Mask(vec![None, Some('三')]));

        assert_eq!(heard("收件人张*三的快递"), Some((family("张"), mask)));
        assert_eq!(heard("收件人：王*，"), Some((family("王"), None)));
    }

    #[test]
    fn who_introduces_himself_is_not_asked_for() {
        assert_eq!(heard("自称客服李女士"), None);
        for text in [
            "自称客服李女士，找王先生",
            "自称圆通客服要找王先生",
            "我是来找王先生的",
            "This is Lee, asking for Mr Wang",
        ] {
            assert_eq!(heard(text), Some((family("王"), None)), "{text}");
        }
    }

    #[test]
    fn the_mention_with_the_strongest_cue_counts_and_agreeing_ones_narrow_it() {
        assert_eq!(heard("刘女士报警，称对方找王小明，王先生"), Some((family("王"), exact("小明"))));
    }

    #[test]
    fn english_notes() {
        let smith = |given| Some((family("smith"), given));

        assert_eq!(heard("Caller asked for John Smith about a parcel"), smith(exact("john")));
        assert_eq!(heard("wanted mrs smith"), smith(None));
        assert_eq!(heard("parcel for Mr. J. Smith, refund"), smith(Some(Given::Initial('j'))));
        assert_eq!(heard("a package for Wood"), Some((family("wood"), None)));
        assert_eq!(heard("asked for a refund for the parcel"), None);
        assert_eq!(heard("waited for Monday"), None);
    }

    #[test]
    fn no_cue_is_no_name() {
        for text in [
            "快递丢失，要求理赔28600元",
            "找包裹，找单号",
            "对方先生说出姓名和地址",
            "准确说出姓名、收货地址和快递单号",
            "快递师傅打来，客服小姐回复",
        ] {
            assert_eq!(heard(text), None, "{text}");
        }
    }
}
