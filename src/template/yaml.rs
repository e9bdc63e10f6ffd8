//! The door through which a template's YAML comes in.
//!
//! A template is written by hand and decides what counts as evidence, so it is
//! read strictly: parsed to a plain tree first (which refuses duplicate keys),
//! then taken apart key by key, and a key that nobody asked for is an error.
//! Every [`Fault`] names the file, the field's path and, as well as a scan of
//! the text can tell, the line; the parser's tree has no positions of its own.

use std::fmt;

use serde_yaml::Value;

use crate::fault::Fault;

/// Largest template, in bytes: the shipped ones are below 8 KiB.
pub(crate) const MAX_BYTES: usize = 1 << 20;

/// A parsed text with what its faults need to say where.
pub(crate) struct Document<'a> {
    text: &'a str,
    origin: &'a str,
    root: Value,
}

impl<'a> Document<'a> {
    /// Parses `text`, which came from `origin`.
    pub(crate) fn parse(text: &'a str, origin: &'a str) -> Result<Self, Fault> {
        if text.len() > MAX_BYTES {
            let what = format!("expected at most {MAX_BYTES} bytes, found {}", text.len());
            return Err(Fault::new(what).in_file(origin).hint("move long lists into a shipped pool"));
        }
        let root = serde_yaml::from_str(text).map_err(|error| syntax_fault(&error, origin))?;
        Ok(Self { text, origin, root })
    }

    /// The tree's root.
    pub(crate) fn root(&self) -> Node<'_> {
        Node { text: self.text, origin: self.origin, path: Vec::new(), value: &self.root }
    }
}

fn syntax_fault(error: &serde_yaml::Error, origin: &str) -> Fault {
    let message = error.to_string();
    // The position is a field of its own; said once is enough.
    let what = message.split(" at line ").next().unwrap_or(&message).to_owned();
    let fault = Fault::new(format!("not a template: {what}")).in_file(origin);
    match error.location() {
        Some(place) => fault.at_line(place.line() as u64),
        None => fault,
    }
    .hint("templates are YAML: every key once, blanks instead of tabs, texts with : or # in quotes")
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

/// A place in the tree.
#[derive(Clone)]
pub(crate) struct Node<'a> {
    text: &'a str,
    origin: &'a str,
    path: Vec<Step>,
    value: &'a Value,
}

impl<'a> Node<'a> {
    /// A fault at this place.
    pub(crate) fn fault(&self, what: impl Into<String>) -> Fault {
        let mut fault = Fault::new(what).in_file(self.origin);
        if !self.path.is_empty() {
            fault = fault.at_field(Path(&self.path).to_string());
        }
        match line_of(self.text, &self.path) {
            Some(line) => fault.at_line(line),
            None => fault,
        }
    }

    fn expected(&self, what: &str) -> Fault {
        let found = match self.value {
            Value::Null => "nothing".to_owned(),
            Value::Bool(value) => format!("{value} (in quotes it would be a text)"),
            Value::Number(number) => number.to_string(),
            Value::String(text) => format!("{text:?}"),
            Value::Sequence(_) => "a list".to_owned(),
            Value::Mapping(_) => "a map".to_owned(),
            Value::Tagged(tagged) => format!("the tag {}", tagged.tag),
        };
        self.fault(format!("expected {what}, found {found}"))
    }

    fn child(&self, step: Step, value: &'a Value) -> Self {
        let mut path = self.path.clone();
        path.push(step);
        Self { path, value, ..*self }
    }

    /// A text; numbers count as what they are written like.
    pub(crate) fn text(&self) -> Result<String, Fault> {
        match self.value {
            Value::String(text) => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string()),
            _ => Err(self.expected("a text")),
        }
    }

    /// A text that is not empty.
    pub(crate) fn word(&self) -> Result<String, Fault> {
        let text = self.text()?;
        if text.trim().is_empty() { Err(self.expected("a text that is not empty")) } else { Ok(text) }
    }

    /// A whole number of `least ..= most`.
    pub(crate) fn whole(&self, least: u64, most: u64) -> Result<u64, Fault> {
        let number = match self.value {
            Value::Number(number) => number.as_u64(),
            // Block starts may be longer than what a YAML reader keeps exact.
            Value::String(text) if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
            _ => None,
        };
        number
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| self.expected(&format!("a whole number from {least} to {most}")))
    }

    /// A finite number.
    pub(crate) fn number(&self) -> Result<f64, Fault> {
        match self.value {
            Value::Number(number) => number.as_f64().filter(|n| n.is_finite()),
            _ => None,
        }
        .ok_or_else(|| self.expected("a number"))
    }

    /// A yes or no.
    pub(crate) fn flag(&self) -> Result<bool, Fault> {
        self.value.as_bool().ok_or_else(|| self.expected("true or false"))
    }

    /// Whether this is a text.
    pub(crate) fn is_text(&self) -> bool {
        self.value.is_string()
    }

    /// Whether this is a list.
    pub(crate) fn is_list(&self) -> bool {
        self.value.is_sequence()
    }

    /// A list.
    pub(crate) fn list(&self) -> Result<Vec<Node<'a>>, Fault> {
        let Value::Sequence(items) = self.value else { return Err(self.expected("a list")) };
        Ok(items.iter().enumerate().map(|(index, item)| self.child(Step::Index(index), item)).collect())
    }

    /// The entries of a map whose keys are data, in the order written.
    pub(crate) fn entries(&self) -> Result<Vec<(String, Node<'a>)>, Fault> {
        let Value::Mapping(map) = self.value else { return Err(self.expected("a map")) };
        map.iter()
            .map(|(key, value)| {
                let key = match key {
                    Value::String(text) => text.clone(),
                    Value::Number(number) => number.to_string(),
                    _ => return Err(self.fault("expected texts or numbers as keys").hint("put the key in quotes")),
                };
                let node = self.child(Step::Key(key.clone()), value);
                Ok((key, node))
            })
            .collect()
    }

    /// A map whose keys are fixed words.
    pub(crate) fn fields(&self) -> Result<Fields<'a>, Fault> {
        Ok(Fields { node: self.clone(), entries: self.entries()?, asked: Vec::new() })
    }
}

/// A map with fixed keys, taken apart one by one.
pub(crate) struct Fields<'a> {
    node: Node<'a>,
    entries: Vec<(String, Node<'a>)>,
    asked: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The map itself.
    pub(crate) fn node(&self) -> &Node<'a> {
        &self.node
    }

    /// Takes the value of `key`, if there is one.
    pub(crate) fn optional(&mut self, key: &'static str) -> Option<Node<'a>> {
        self.asked.push(key);
        let index = self.entries.iter().position(|(have, _)| have == key)?;
        Some(self.entries.remove(index).1)
    }

    /// Whether `key` is there and nobody has taken it.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(have, _)| have == key)
    }

    /// Takes the value of `key`, which must be there.
    pub(crate) fn required(&mut self, key: &'static str) -> Result<Node<'a>, Fault> {
        self.optional(key).ok_or_else(|| self.node.fault(format!("the key {key:?} is missing")))
    }

    /// Refuses the keys that nobody took.
    pub(crate) fn finish(self) -> Result<(), Fault> {
        let Some((key, node)) = self.entries.first() else { return Ok(()) };
        let close =
            self.asked.iter().min_by_key(|asked| distance(asked, key)).filter(|asked| distance(asked, key) <= 2);
        let hint = match close {
            Some(close) => format!("did you mean {close:?}?"),
            None => format!("known here: {}", self.asked.join(", ")),
        };
        Err(node.fault("unknown key").hint(hint))
    }
}

/// Edit distance between two words (Levenshtein), for hints.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let replace = corner + usize::from(x != y);
            corner = row[j + 1];
            row[j + 1] = replace.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

struct Path<'a>(&'a [Step]);

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if depth == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// Returns the line, from 1, of the deepest block-style ancestor of `path`.
///
/// Follows indentation only: a value inside `{...}` or `[...]` is reported at
/// the line of the key that holds it, which is where its reader looks anyway.
fn line_of(text: &str, path: &[Step]) -> Option<u64> {
    let mut open: Vec<(usize, Step)> = Vec::new();
    let mut best: Option<(usize, u64)> = None;
    for (number, line) in text.lines().enumerate() {
        let mut rest = line.trim_start_matches(' ');
        let mut indent = line.len() - rest.len();
        if rest.is_empty() || rest.starts_with('#') {
            continue;
        }
        while let Some(after) = rest.strip_prefix("- ") {
            let mut index = 0;
            while let Some((depth, step)) = open.last() {
                match step {
                    Step::Index(last) if *depth == indent => index = last + 1,
                    _ if *depth > indent => {}
                    _ => break,
                }
                open.pop();
            }
            open.push((indent, Step::Index(index)));
            note(&open, path, number, &mut best);
            let content = after.trim_start_matches(' ');
            indent += rest.len() - content.len();
            rest = content;
        }
        let Some(key) = block_key(rest) else { continue };
        // A list may stand at its key's own indent, so an index there stays.
        while open
            .last()
            .is_some_and(|(depth, step)| *depth > indent || (*depth == indent && matches!(step, Step::Key(_))))
        {
            open.pop();
        }
        open.push((indent, Step::Key(key)));
        note(&open, path, number, &mut best);
    }
    best.map(|(_, line)| line)
}

fn note(open: &[(usize, Step)], path: &[Step], number: usize, best: &mut Option<(usize, u64)>) {
    let on_the_way = open.len() <= path.len() && open.iter().zip(path).all(|((_, have), want)| have == want);
    if on_the_way && best.is_none_or(|(depth, _)| open.len() > depth) {
        *best = Some((open.len(), number as u64 + 1));
    }
}

/// Returns the key of a line such as `key: value` or `"key": value`.
fn block_key(line: &str) -> Option<String> {
    let quote = line.chars().next().filter(|c| matches!(c, '"' | '\''));
    let (key, rest) = match quote {
        Some(quote) => line[1..].split_once(quote)?,
        None => line.split_once(':').map(|(key, _)| (key, &line[key.len()..]))?,
    };
    let rest = rest.strip_prefix(':')?;
    let plain = quote.is_some() || !key.contains(['{', '[', ',']);
    (plain && (rest.is_empty() || rest.starts_with(' '))).then(|| key.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "name: a\nfields:\n  weight:\n    kind: number\n    quantiles: {0: 1, 100: 2}\ncolumns:\n- role: number\n  header: 运单号\n- role: \"time\"\n  header: 时间\n";

    fn line(path: &[&str]) -> Option<u64> {
        let steps: Vec<Step> =
            path.iter().map(|step| step.parse().map_or_else(|_| Step::Key((*step).to_owned()), Step::Index)).collect();
        line_of(TEXT, &steps)
    }

    #[test]
    fn a_path_leads_to_its_line_or_to_the_nearest_one_above() {
        assert_eq!(line(&["fields", "weight", "kind"]), Some(4));
        assert_eq!(line(&["fields", "weight", "quantiles", "x"]), Some(5));
        assert_eq!(line(&["columns", "0", "header"]), Some(8));
        assert_eq!(line(&["columns", "1"]), Some(9));
        assert_eq!(line(&["columns", "1", "header"]), Some(10));
        assert_eq!(line(&["nowhere"]), None);
    }

    #[test]
    fn a_duplicate_key_is_refused_with_its_place() {
        let error = Document::parse("name: a\nname: b\n", "t.yaml").err().expect("a duplicate");

        assert!(error.to_string().starts_with("t.yaml: line "), "{error}");
        assert!(error.what.contains("duplicate"), "{error}");
    }

    #[test]
    fn a_text_beyond_the_cap_is_refused() {
        let text = format!("name: {}", "a".repeat(MAX_BYTES));

        let error = Document::parse(&text, "t.yaml").err().expect("too large");

        assert_eq!(error.what, format!("expected at most {MAX_BYTES} bytes, found {}", text.len()));
    }

    #[test]
    fn a_misspelt_key_brings_the_right_one_to_mind() {
        let document = Document::parse("naem: a\n", "t.yaml").expect("it is YAML");
        let mut fields = document.root().fields().expect("a map");
        assert!(fields.optional("name").is_none());

        let error = fields.finish().expect_err("nobody asked for naem");

        assert_eq!(error.to_string(), "t.yaml: line 1: naem: unknown key");
        assert_eq!(error.hint.as_deref(), Some("did you mean \"name\"?"));
    }

    #[test]
    fn aliases_cannot_blow_a_small_text_up() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let alias = format!("*a{}", level - 1);
            text.push_str(&format!("a{level}: &a{level} [{}]\n", [alias.as_str(); 10].join(", ")));
        }

        assert!(Document::parse(&text, "t.yaml").is_err());
    }
}
