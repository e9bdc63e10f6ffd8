//! Lines: telephone numbers that the operator owns.

use std::fmt;

/// A telephone number, with or without an extension.
///
/// A privacy number with extensions is as many lines as it has extensions.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LineNumber {
    /// Country calling code, such as 86.
    pub country: u16,
    /// National significant number: digits only.
    pub national: String,
    /// Extension digits; empty for none.
    pub extension: String,
}

impl LineNumber {
    /// Digits of the E.164 number, without the plus and the extension.
    pub fn digits(&self) -> String {
        format!("{}{}", self.country, self.national)
    }
}

impl fmt::Display for LineNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}{}", self.country, self.national)?;
        if self.extension.is_empty() { Ok(()) } else { write!(f, " ext {}", self.extension) }
    }
}

/// Lines are secret: what is printed in a debug message is no number.
impl fmt::Debug for LineNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LineNumber(..)")
    }
}
