//! What a canary says, column by column, before it is written in a file's own
//! dialect.
//!
//! The template makes a [`Record`]: one [`Value`] for each [`ColumnRole`]. The
//! planter finds the columns of an export that play these roles and writes the
//! values the way that file writes its own. Columns that play no role keep what
//! the neighbouring row holds.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::persona::Role;

/// What a column is for, independent of what a file calls it.
///
/// Printed and parsed as `number`, `time`, `recipient.phone`, `goods`; any
/// other word is [`ColumnRole::Other`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ColumnRole {
    /// The waybill number, or the reference number that plays its part.
    Number,
    /// When the parcel was taken in.
    Time,
    /// A person's name.
    Name(Role),
    /// A person's phone: where a line goes.
    Phone(Role),
    /// Province or state alone.
    Province(Role),
    /// City alone.
    City(Role),
    /// District or county alone.
    District(Role),
    /// Town, subdistrict or postal code alone.
    Town(Role),
    /// What is left of an address whose wider parts have columns of their own.
    Local(Role),
    /// The whole address in one column.
    Address(Role),
    /// Anything else, by the template's word for it: `goods`, `weight`, `fee`.
    /// Shared, because every record of a template names the same words.
    Other(Arc<str>),
}

/// What a canary puts into one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// This text.
    Text(String),
    /// What the neighbouring row holds, byte for byte.
    Copied,
    /// Something between the neighbours' values (a time, a serial), written in
    /// the column's own format. It depends on the file and is never evidence.
    Between,
    /// What the template draws once it knows what the row copies from the
    /// file. It depends on the file, too.
    Given(Given),
}

/// A value that waits for what its row copies: the weight of what this sender
/// sends.
#[derive(Clone)]
pub struct Given(Arc<Draw>);

type Draw = dyn Fn(&Copied<'_>) -> Option<String> + Send + Sync;

/// What a row copies, by column; `None` where it has no such column.
pub type Copied<'c> = dyn Fn(&ColumnRole) -> Option<String> + 'c;

impl Given {
    /// A value that `draw` draws, always the same for the same copies.
    pub fn new(draw: impl Fn(&Copied<'_>) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(draw))
    }

    /// The value beside these copies; `None` where the row cannot say it.
    pub fn beside(&self, copied: &Copied<'_>) -> Option<String> {
        (self.0)(copied)
    }
}

/// Seeds are in it.
impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Given(..)")
    }
}

impl PartialEq for Given {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Given {}

/// A canary's values in template order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// One value for each role; a role occurs once.
    pub values: Vec<(ColumnRole, Value)>,
}

impl Record {
    /// Returns the value for `role`.
    pub fn value(&self, role: &ColumnRole) -> Option<&Value> {
        self.values.iter().find(|(have, _)| have == role).map(|(_, value)| value)
    }

    /// Returns the text for `role`, where the template gives one.
    pub fn text(&self, role: &ColumnRole) -> Option<&str> {
        match self.value(role) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }
}

/// A reserved block of waybill numbers, as far as reading one goes.
pub trait WaybillBlock: Send + Sync {
    /// The block's id.
    fn id(&self) -> &str;
    /// Numbers in the block.
    fn size(&self) -> u64;
    /// Returns the place in the block of a number in the normal form of
    /// `normalize::waybill`; `None` when it is of another block or its check
    /// digit is wrong.
    fn place_of(&self, normal: &str) -> Option<u64>;
}

impl fmt::Display for ColumnRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (role, part) = match self {
            Self::Number => return f.write_str("number"),
            Self::Time => return f.write_str("time"),
            Self::Other(word) => return f.write_str(word),
            Self::Name(role) => (role, "name"),
            Self::Phone(role) => (role, "phone"),
            Self::Province(role) => (role, "province"),
            Self::City(role) => (role, "city"),
            Self::District(role) => (role, "district"),
            Self::Town(role) => (role, "town"),
            Self::Local(role) => (role, "local"),
            Self::Address(role) => (role, "address"),
        };
        write!(f, "{}.{part}", role.name())
    }
}

impl FromStr for ColumnRole {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let personal = |role: Role, part: &str| match part {
            "name" => Some(Self::Name(role)),
            "phone" => Some(Self::Phone(role)),
            "province" => Some(Self::Province(role)),
            "city" => Some(Self::City(role)),
            "district" => Some(Self::District(role)),
            "town" => Some(Self::Town(role)),
            "local" => Some(Self::Local(role)),
            "address" => Some(Self::Address(role)),
            _ => None,
        };
        let known = match text.split_once('.') {
            Some(("sender", part)) => personal(Role::Sender, part),
            Some(("recipient", part)) => personal(Role::Recipient, part),
            None if text == "number" => Some(Self::Number),
            None if text == "time" => Some(Self::Time),
            _ => None,
        };
        Ok(known.unwrap_or_else(|| Self::Other(text.into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_survives_printing() {
        for text in ["number", "time", "recipient.phone", "sender.local", "goods", "sender.shoe"] {
            let role: ColumnRole = text.parse().expect("every word is a role");
            assert_eq!(role.to_string(), text);
        }
    }
}
