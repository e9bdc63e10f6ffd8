//! Templates: what a canary looks like, and with what probability.
//!
//! A template is a YAML text that describes one sort of row: its columns, the
//! fields behind them, and for every field the law that its value is drawn
//! from. It does two jobs that must never disagree. It *makes* values, from
//! keystream blocks that each field owns, and it *answers* with what
//! probability a value of some kind is made, which is what attribution bets
//! on. Both read the same tables of integer weights.
//!
//! A template is bound by the hash of its text; the pools it names never
//! change under their names. `templates/README.md` describes the format; the
//! shipped ones beside it are its examples.
//!
//! ```
//! use trapline::template::Template;
//!
//! let template = Template::by_name("yto-express").expect("it is shipped").expect("it is sound");
//! let headers: Vec<&str> = template.columns().iter().map(|column| column.header.as_str()).collect();
//! assert_eq!(headers[..3], ["运单号", "揽收时间", "揽收网点"]);
//! ```

mod beside;
pub mod check_digit;
mod columns;
pub(crate) mod divisions;
mod field;
mod form;
mod lexicon;
mod local;
mod make;
mod name;
mod number;
mod odds;
mod phone;
mod place;
pub(crate) mod pool;
mod read;
mod serials;
mod waybill;
mod weights;
mod yaml;

use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::fault::Fault;
use crate::persona::{Lexicon, Role};
use crate::record::ColumnRole;

use field::{Field, Law};

pub use field::FieldPattern;
pub(crate) use form::BARE_DIGITS;
pub use make::CanaryInput;
pub(crate) use number::MAX_STEPS;
pub use phone::Style;
pub use waybill::Block;

/// Most fields of a template: what is drawn for a record lives on the stack.
const MAX_FIELDS: usize = 64;

/// The templates that ship in the binary.
const SHIPPED: [(&str, &str); 4] = [
    ("yto-express", include_str!("../../templates/yto-express.yaml")),
    ("cn-generic", include_str!("../../templates/cn-generic.yaml")),
    ("en-parcel", include_str!("../../templates/en-parcel.yaml")),
    ("scms-shipments", include_str!("../../templates/scms-shipments.yaml")),
];

/// A column of the rows that a template describes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// What it is for.
    pub role: ColumnRole,
    /// What a file made from scratch calls it.
    pub header: String,
    /// What other files call it.
    pub aliases: Vec<String>,
}

/// A parsed and checked template. Cheap to clone.
#[derive(Clone)]
pub struct Template {
    inner: Arc<Inner>,
}

/// What reading a template gives.
struct Parts {
    name: String,
    roles: Vec<Role>,
    repeats: u32,
    fields: Vec<Field>,
    columns: Vec<Column>,
    /// For each column, the index of its field.
    column_fields: Vec<usize>,
    block: Option<Block>,
}

struct Inner {
    text: String,
    hash: String,
    parts: Parts,
    /// Fields whose draws others may need, choices and numbers: each behind
    /// those that it goes by.
    drawn: Vec<usize>,
    /// Keystream blocks of a parcel, and of a person by role.
    parcel_blocks: usize,
    sender: Person,
    recipient: Person,
}

/// Where a person's parts are drawn.
#[derive(Clone, Copy, Default)]
struct Person {
    name: Option<usize>,
    address: Option<usize>,
    blocks: usize,
}

impl Template {
    /// Parses and checks `text`, which came from `origin`.
    ///
    /// # Errors
    ///
    /// A [`Fault`] with the file, the field's path, the line where it can be
    /// known and the way out: for text that is no YAML or larger than 1 MiB,
    /// keys that are unknown or written twice, values that cannot be, fields
    /// that are made from themselves or share a keystream block.
    pub fn parse(text: &str, origin: &str) -> Result<Self, Fault> {
        let parts = read::template(text, origin)?;
        let hash = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        let blocks = |person: Option<Role>| {
            // Times draw for rows from scratch only, outside of records.
            let made = |field: &&Field| field.law.person() == person && !matches!(field.law, Law::Time(_));
            let owned = parts.fields.iter().filter(made);
            owned.filter_map(|field| field.keystream).max().map_or(0, |last| last + 1)
        };
        let person = |role: Role| Person {
            name: parts.fields.iter().position(|f| matches!(&f.law, Law::Name { role: have, .. } if *have == role)),
            address: parts
                .fields
                .iter()
                .position(|f| matches!(&f.law, Law::Address { role: have, .. } if *have == role)),
            blocks: blocks(Some(role)),
        };
        let drawn = field::in_order(&parts.fields).into_iter();
        let drawn = drawn.filter(|&index| matches!(parts.fields[index].law, Law::Choice(_) | Law::Number(_)));
        let inner = Inner {
            text: text.to_owned(),
            hash,
            drawn: drawn.collect(),
            parcel_blocks: blocks(None),
            sender: person(Role::Sender),
            recipient: person(Role::Recipient),
            parts,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The shipped templates: name and text.
    pub fn shipped() -> &'static [(&'static str, &'static str)] {
        &SHIPPED
    }

    /// Parses the shipped template of this name, if there is one.
    pub fn by_name(name: &str) -> Option<Result<Self, Fault>> {
        let (name, text) = SHIPPED.iter().find(|(have, _)| *have == name)?;
        Some(Self::parse(text, &format!("{name}.yaml")))
    }

    /// The template's own name.
    pub fn name(&self) -> &str {
        &self.inner.parts.name
    }

    /// The text that it was parsed from.
    pub fn text(&self) -> &str {
        &self.inner.text
    }

    /// SHA-256 of the text, in hexadecimal.
    pub fn hash(&self) -> &str {
        &self.inner.hash
    }

    /// Roles that wear a line, in the order lines are dealt to a row.
    pub fn roles(&self) -> &[Role] {
        &self.inner.parts.roles
    }

    /// Of a thousand canaries in an export, those that go to somebody who has
    /// another one there: customers return.
    pub fn repeats(&self) -> u32 {
        self.inner.parts.repeats
    }

    /// Columns, in the order of a file made from scratch.
    pub fn columns(&self) -> &[Column] {
        &self.inner.parts.columns
    }

    /// The reserved block of waybill numbers.
    pub fn block(&self) -> Option<&Block> {
        self.inner.parts.block.as_ref()
    }

    /// The words by which this template's people and places may be mentioned.
    pub fn lexicon(&self) -> Lexicon {
        lexicon::of(&self.inner.parts.fields)
    }

    fn fields(&self) -> &[Field] {
        &self.inner.parts.fields
    }

    /// The field behind a column.
    fn field_of(&self, role: &ColumnRole) -> Option<usize> {
        let column = self.columns().iter().position(|column| column.role == *role)?;
        Some(self.inner.parts.column_fields[column])
    }

    fn person(&self, role: Role) -> &Person {
        match role {
            Role::Sender => &self.inner.sender,
            Role::Recipient => &self.inner.recipient,
        }
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Template({}, {})", self.name(), &self.hash()[..12])
    }
}

#[cfg(test)]
mod tests;
