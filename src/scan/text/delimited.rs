//! Rows whose cells are parted by a character or two.
//!
//! A row does not say what its separator is: an address may hold any of them.
//! The one that leaves most cells with nothing but a number in them (a phone, a
//! waybill, a date, masked or not) is taken; at a tie, the one that is least
//! likely to be part of a cell.

use super::Layout;

/// What may part cells, the least likely part of a cell first.
const SEPARATORS: [(Layout, &str); 8] = [
    (Layout::Dashes, "----"),
    (Layout::Tab, "\t"),
    (Layout::WideBar, "｜"),
    (Layout::Bar, "|"),
    (Layout::WideSemicolon, "；"),
    (Layout::Semicolon, ";"),
    (Layout::Comma, ","),
    (Layout::WideComma, "，"),
];
/// Fewer digits are a part of anything.
const MIN_DIGITS: usize = 4;

/// Cuts a row at its own separator.
pub(super) fn split(text: &str) -> (Layout, Vec<String>) {
    let mut best: Option<(usize, Layout, Vec<String>)> = None;
    for (layout, separator) in SEPARATORS {
        if !text.contains(separator) || (layout == Layout::Tab && !has_parting_tab(text)) {
            continue;
        }
        let cells = cut(text, separator);
        let numbers = cells.iter().filter(|cell| is_number(cell)).count();
        if cells.len() > 1 && best.as_ref().is_none_or(|(most, ..)| numbers > *most) {
            best = Some((numbers, layout, cells));
        }
    }
    best.map_or_else(|| (Layout::OneCell, vec![text.to_owned()]), |(_, layout, cells)| (layout, cells))
}

/// Whether some tab is more than the mark behind a number that a spreadsheet
/// shall keep as text (`YT829…⇥,154…⇥,`).
fn has_parting_tab(text: &str) -> bool {
    text.split('\t').skip(1).any(|behind| {
        let behind = behind.strip_prefix('"').unwrap_or(behind);
        !behind.is_empty() && !behind.starts_with([',', ';', '|', '，', '；'])
    })
}

/// Whether a cell is a number and nothing else. `IA 50010` is an end of an
/// address.
fn is_number(cell: &str) -> bool {
    let cell = cell.trim();
    let cell = cell.strip_prefix("=\"").and_then(|text| text.strip_suffix('"')).unwrap_or(cell);
    let is_word = !cell.contains(' ');
    cell.bytes().filter(u8::is_ascii_digit).count() >= MIN_DIGITS
        && cell.chars().all(|c| c.is_ascii_digit() || (is_word && c.is_ascii_alphabetic()) || " +-*.()/:'_".contains(c))
}

/// Cuts at each separator outside of quotes. A quote that nothing closes, and
/// one inside a cell, is a letter.
fn cut(text: &str, separator: &str) -> Vec<String> {
    let mut cells = Vec::new();
    let mut rest = text;
    loop {
        let (mut cell, behind) = quoted(rest).unwrap_or((String::new(), rest));
        let (more, next) = match behind.split_once(separator) {
            Some((more, next)) => (more, Some(next)),
            None => (behind, None),
        };
        cell += more;
        cells.push(cell);
        match next {
            Some(next) => rest = next,
            None => return cells,
        }
    }
}

/// Reads a cell in double quotes; returns it and what stands behind the quote.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut rest = text.trim_start_matches(' ').strip_prefix('"')?;
    let mut cell = String::new();
    loop {
        let (before, behind) = rest.split_once('"')?;
        if let Some(next) = behind.strip_prefix('"') {
            cell += before;
            cell.push('"');
            rest = next;
        } else if let (Some(before), false) = (before.strip_suffix('\\'), behind.is_empty()) {
            // MySQL writes `\"` inside quotes, and JSON in a cell is full of them.
            cell += before;
            cell.push('"');
            rest = behind;
        } else {
            cell += before;
            return Some((cell, behind));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cells(text: &str) -> Vec<String> {
        split(text).1
    }

    #[test]
    fn the_separator_that_isolates_the_numbers_is_the_rows_own() {
        for (text, layout) in [
            ("李丽----15433063750----上海市,黄浦区,1号", Layout::Dashes),
            ("李丽\t15433063750\t上海市，黄浦区，人民路，5号", Layout::Tab),
            ("YT829\t,15433063750\t,红|黄,李丽", Layout::Comma),
            ("李丽；154****3750；上海市，黄浦区，人民路", Layout::WideSemicolon),
            ("上海市黄浦区1号,李丽，15433063750", Layout::WideComma),
            ("john smith|(202) 555-0123|12 Main St, Ames, IA", Layout::Bar),
            ("李丽\t,上海市\t,女装", Layout::Comma),
            ("\"李丽\t\",\"上海市\t\"", Layout::Comma),
            ("\"7.20\"\t\"1 Main St, Ames, IA 50010\"", Layout::Tab),
            ("\"李丽\"\t\"1, Main St, Ames, IA\"\t\"2020\"", Layout::Tab),
            ("李丽15433063750上海市", Layout::OneCell),
        ] {
            assert_eq!(split(text).0, layout, "{text}");
        }
    }

    #[test]
    fn quotes_hold_separators_and_a_stray_one_is_a_letter() {
        assert_eq!(cells("\"a,b\",\"say \"\"x\"\"\",2020"), ["a,b", "say \"x\"", "2020"]);
        assert_eq!(cells(r#""a \"b\", c",2020"#), ["a \"b\", c", "2020"]);
        assert_eq!(cells("5\" pipe,2020"), ["5\" pipe", "2020"]);
        assert_eq!(cells("\"cut off,2020"), ["\"cut off", "2020"]);
    }

    proptest! {
        /// What a writer of each separator wrote gives the cells back.
        #[test]
        fn cells_survive_their_writer(
            words in prop::collection::vec("[李丽上海市黄浦区a-z0-9 ,;|\"（），；:#-]{0,12}", 1..6),
            phone in "1[0-9]{10}",
        ) {
            let mut words: Vec<String> = words.iter().map(|word| word.trim().replace("--", "-")).collect();
            words.push(phone);
            for (layout, separator) in SEPARATORS {
                let is_quoting = matches!(layout, Layout::Comma | Layout::Tab | Layout::Semicolon | Layout::Bar);
                let words: Vec<String> = words.iter().map(|word| match is_quoting {
                    true => word.clone(),
                    false => word.replace(separator, "").replace(['"', '-'], ""),
                }).collect();
                let quote = |word: &String| match is_quoting {
                    true => format!("\"{}\"", word.replace('"', "\"\"")),
                    false => word.clone(),
                };
                let row = words.iter().map(quote).collect::<Vec<_>>().join(separator);

                prop_assert_eq!(cut(&row, separator), words);
            }
        }
    }
}
