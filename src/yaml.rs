//! The configuration's door for YAML. (Templates have a stricter one of their
//! own, which takes the tree apart key by key.)
//!
//! The parser behind it takes a key that is given twice and keeps the last,
//! without a word, when it reads into a map; and it reads whatever size it is
//! handed. So a text is capped, then parsed to a plain value, which refuses
//! duplicates, and only then to the type. Errors say file, line and field.

use serde::de::DeserializeOwned;

use crate::fault::Fault;

/// The largest YAML text that is read: 1 MiB.
pub const MAX_BYTES: usize = 1 << 20;

/// Parses `text`, which came from `origin`.
///
/// # Errors
///
/// On texts over [`MAX_BYTES`], malformed YAML, duplicate or unknown keys and
/// values of the wrong type.
pub fn parse<T: DeserializeOwned>(text: &str, origin: &str) -> Result<T, Fault> {
    if text.len() > MAX_BYTES {
        return Err(Fault::new(format!("expected at most {MAX_BYTES} bytes of YAML, found {}", text.len()))
            .in_file(origin)
            .hint("split it, or move long lists into a data pool"));
    }
    serde_yaml::from_str::<serde_yaml::Value>(text).map_err(|error| fault(&error, origin))?;
    serde_yaml::from_str(text).map_err(|error| fault(&error, origin))
}

fn fault(error: &serde_yaml::Error, origin: &str) -> Fault {
    let mut what = error.to_string();
    let mut fault = Fault::default().in_file(origin);
    if let Some(location) = error.location() {
        fault = fault.at_line(location.line() as u64);
        if let Some(end) = what.rfind(" at line ") {
            what.truncate(end);
        }
    }
    if what.contains("unknown field") {
        fault = fault.hint("check the spelling; nothing that is not understood is ignored");
    } else if what.contains("duplicate") {
        fault = fault.hint("remove one of the two; the last one would have won in silence");
    }
    // "feeds[0].source: unknown field" carries its path in front.
    match what.split_once(": ") {
        Some((path, rest)) if !path.contains(' ') => {
            fault.field = Some(path.to_owned());
            fault.what = rest.to_owned();
        }
        _ => fault.what = what,
    }
    fault
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Shape {
        #[allow(dead_code)]
        fields: BTreeMap<String, u32>,
    }

    #[test]
    fn a_key_given_twice_is_refused_with_its_line() {
        let fault = parse::<Shape>("fields:\n  a: 1\n  a: 2\n", "t.yaml").expect_err("duplicate");

        assert!(fault.what.contains("duplicate"), "{fault}");
        assert!(fault.line.is_some() && fault.hint.is_some(), "{fault:?}");
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let fault = parse::<Shape>("fields: {}\nfeilds: {}\n", "t.yaml").expect_err("typo");

        assert_eq!((fault.file.as_deref(), fault.line), (Some("t.yaml"), Some(2)), "{fault}");
        assert!(fault.what.contains("feilds"), "{fault}");
    }

    #[test]
    fn an_oversized_text_is_refused_unread() {
        let fault = parse::<Shape>(&"#".repeat(MAX_BYTES + 1), "t.yaml").expect_err("too large");

        assert!(fault.what.contains("at most"), "{fault}");
    }
}
