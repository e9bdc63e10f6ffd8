//! A delimited record taken apart into its fields.
//!
//! Our own forty lines and not the csv crate's reader, because the framer
//! (`frame`) must end records by the very rule that splits them here, on bytes
//! that may be GBK, and must recover from a quote that is never closed. The rule
//! is the csv crate's: a quote opens a field only at its beginning, `""` inside
//! is a quote, and what follows a closing quote is taken as it is.

/// Fields of one record; the storage is reused from record to record.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    text: String,
    ends: Vec<usize>,
}

impl Fields {
    /// Splits `record`; false if a quote is left open.
    pub(super) fn split(&mut self, record: &str, delimiter: char) -> bool {
        self.text.clear();
        self.ends.clear();
        let mut rest = record;
        loop {
            let after = match rest.strip_prefix('"') {
                Some(quoted) => match self.take_quoted(quoted) {
                    Some(after) => after,
                    None => return false,
                },
                None => rest,
            };
            match after.find(delimiter) {
                Some(at) => {
                    self.close(&after[..at]);
                    rest = &after[at + delimiter.len_utf8()..];
                }
                None => {
                    self.close(after);
                    return true;
                }
            }
        }
    }

    /// Number of fields.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Field `index`, from 0, without white space around it.
    pub(super) fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        Some(self.text[start..end].trim())
    }

    /// All fields.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// Takes a quoted part and returns what follows its closing quote.
    fn take_quoted<'a>(&mut self, mut quoted: &'a str) -> Option<&'a str> {
        loop {
            let at = quoted.find('"')?;
            self.text.push_str(&quoted[..at]);
            quoted = &quoted[at + 1..];
            match quoted.strip_prefix('"') {
                Some(after) => {
                    self.text.push('"');
                    quoted = after;
                }
                None => return Some(quoted),
            }
        }
    }

    fn close(&mut self, end: &str) {
        self.text.push_str(end);
        self.ends.push(self.text.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(record: &str) -> Option<Vec<String>> {
        let mut fields = Fields::default();
        fields.split(record, ',').then(|| fields.iter().map(str::to_owned).collect())
    }

    #[test]
    fn a_caller_id_keeps_its_inner_quotes() {
        let fields = split(r#"a,"""Wang"" <13800000000>",7,"#).unwrap_or_default();

        assert_eq!(fields, ["a", r#""Wang" <13800000000>"#, "7", ""]);
    }

    #[test]
    fn a_quote_left_open_is_no_record() {
        assert_eq!(split(r#"a,"b,c"#), None);
        assert_eq!(split(r#"a,"b"",c"#), None);
    }

    #[test]
    fn a_stray_quote_inside_a_field_is_a_letter() {
        assert_eq!(split(r#"5" pipe,b"#).unwrap_or_default(), [r#"5" pipe"#, "b"]);
        assert_eq!(split(r#""a"b,c"#).unwrap_or_default(), ["ab", "c"]);
    }

    proptest::proptest! {
        #[test]
        fn quoting_and_splitting_give_the_fields_back(fields in proptest::collection::vec("[a-z\",\n ]{0,8}", 1..6)) {
            let record = fields.iter().map(|field| format!("\"{}\"", field.replace('"', "\"\""))).collect::<Vec<_>>();
            let expected: Vec<String> = fields.iter().map(|field| field.trim().to_owned()).collect();

            proptest::prop_assert_eq!(split(&record.join(",")), Some(expected));
        }
    }
}
