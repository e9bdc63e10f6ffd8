//! One shape for everything that can be wrong with an input.
//!
//! A [`Fault`] says where (file, record, line, byte, field), what was expected
//! and the way out. It prints on one line, the hint apart, because the reader
//! wants the place first: `export.csv: record 812 (line 815, byte 40213):
//! expected 9 fields, found 8`.

use std::fmt;

/// A defect of an input, with its place and the way out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    /// File, feed or address.
    pub file: Option<String>,
    /// Record, from 1.
    pub record: Option<u64>,
    /// Line, from 1.
    pub line: Option<u64>,
    /// Byte offset, from 0.
    pub byte: Option<u64>,
    /// Path of a field, such as `fields.weight.quantiles[3]`.
    pub field: Option<String>,
    /// What is wrong: what was expected, what was found.
    pub what: String,
    /// The way out.
    pub hint: Option<String>,
}

impl Fault {
    /// A fault without a place.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), ..Self::default() }
    }

    /// Adds the file.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.file = Some(file.into());
        self
    }

    /// Adds the record, from 1.
    #[must_use]
    pub fn at_record(mut self, record: u64) -> Self {
        self.record = Some(record);
        self
    }

    /// Adds the line, from 1.
    #[must_use]
    pub fn at_line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    /// Adds the byte offset, from 0.
    #[must_use]
    pub fn at_byte(mut self, byte: u64) -> Self {
        self.byte = Some(byte);
        self
    }

    /// Adds the field's path.
    #[must_use]
    pub fn at_field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Adds the way out.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}: ")?;
        }
        let line = self.line.map(|line| format!("line {line}"));
        let byte = self.byte.map(|byte| format!("byte {byte}"));
        let place: Vec<String> = line.into_iter().chain(byte).collect();
        match (self.record, place.is_empty()) {
            (Some(record), false) => write!(f, "record {record} ({}): ", place.join(", "))?,
            (Some(record), true) => write!(f, "record {record}: ")?,
            (None, false) => write!(f, "{}: ", place.join(", "))?,
            (None, true) => {}
        }
        if let Some(field) = &self.field {
            write!(f, "{field}: ")?;
        }
        f.write_str(&self.what)
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_as_one_line_with_its_place_first() {
        let fault = Fault::new("expected 9 fields, found 8")
            .in_file("export.csv")
            .at_record(812)
            .at_line(815)
            .at_byte(40_213)
            .hint("re-export the file");

        assert_eq!(fault.to_string(), "export.csv: record 812 (line 815, byte 40213): expected 9 fields, found 8");
    }
}
