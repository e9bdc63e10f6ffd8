//! Writing YAML that a person can read and a diff can compare.

/// Lines with their depth.
pub(super) struct Writer {
    text: String,
}

/// Longest line before a map is spread over several.
const WIDTH: usize = 116;

impl Writer {
    pub(super) fn new() -> Self {
        Self { text: String::new() }
    }

    /// Adds a line.
    pub(super) fn line(&mut self, depth: usize, line: &str) {
        if !line.is_empty() {
            (0..depth).for_each(|_| self.text.push_str("  "));
            self.text.push_str(line);
        }
        self.text.push('\n');
    }

    /// Adds `key: {…}`, on as many lines as it takes.
    pub(super) fn map(&mut self, depth: usize, key: &str, entries: &[(String, String)]) {
        let mut line = format!("{key}: {{");
        let indent = "  ".repeat(depth) + " ";
        let mut first = true;
        let mut width = columns(&line) + 2 * depth;
        for (at, (name, value)) in entries.iter().enumerate() {
            let end = if at + 1 == entries.len() { "}" } else { "," };
            let entry = format!("{name}: {value}{end}");
            if !first && width + columns(&entry) + 1 > WIDTH {
                self.line(depth, line.trim_end());
                line = indent.clone();
                width = 3 * depth + 1;
            }
            if !first {
                line.push(' ');
                width += 1;
            }
            width += columns(&entry);
            line.push_str(&entry);
            first = false;
        }
        if entries.is_empty() {
            line.push('}');
        }
        self.line(depth, &line);
    }

    /// The text.
    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// Columns of a terminal that a text takes, roughly.
fn columns(text: &str) -> usize {
    text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum()
}

/// A text as a YAML scalar that is read as this very text.
pub(super) fn word(text: &str) -> String {
    let plain = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'))
        && text.chars().next().is_some_and(char::is_alphabetic)
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n"
        );
    if plain { text.to_owned() } else { quoted(text) }
}

/// JSON's quotes, which are YAML's; but what YAML takes for no character or for
/// the end of a line is written by its number.
fn quoted(text: &str) -> String {
    let json = serde_json::to_string(text).expect("a text is JSON");
    let is_unwritable =
        |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}');
    let write = |mut out: String, c: char| {
        match is_unwritable(c) {
            true => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => out.push(c),
        }
        out
    };
    json.chars().fold(String::with_capacity(json.len()), write)
}

/// Weights as entries, the heaviest first.
pub(super) fn weights<'t>(pairs: impl IntoIterator<Item = (&'t str, u64)>) -> Vec<(String, String)> {
    let mut pairs: Vec<(&str, u64)> = pairs.into_iter().filter(|(_, weight)| *weight > 0).collect();
    pairs.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    pairs.into_iter().map(|(text, weight)| (word(text), weight.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_yaml_would_read_otherwise_are_quoted() {
        assert_eq!(word("服饰"), "服饰");
        for text in ["no", "12", "a: b", "", " x", "{a}", "1e5", "~", "a#b", "路\u{85}"] {
            assert!(word(text).starts_with('"'), "{text:?}");
        }
    }

    #[test]
    fn every_character_is_read_as_it_was() {
        for c in ('\0'..'\u{3100}').chain('\u{d7a0}'..='\u{1f700}').filter(|c| !c.is_alphabetic()) {
            let text = format!("路{c}:");
            let read: Result<String, _> = serde_yaml::from_str(&word(&text));
            assert_eq!(read.ok(), Some(text), "{c:?}");
        }
    }

    #[test]
    fn a_long_map_takes_several_lines_and_stays_one_map() {
        let entries: Vec<(String, String)> = (0..60).map(|i| (format!("k{i}"), i.to_string())).collect();
        let mut out = Writer::new();
        out.map(2, "options", &entries);
        let text = out.finish();

        assert!(text.lines().count() > 3 && text.lines().all(|line| line.len() <= WIDTH + 2), "{text}");
        let read: serde_yaml::Value = serde_yaml::from_str(&text).expect("YAML");
        assert_eq!(read["options"].as_mapping().map(serde_yaml::Mapping::len), Some(60));
        assert_eq!(read["options"]["k59"], 59);
    }
}
