//! Walks over Thrift's compact encoding without keeping what it says.
//!
//! The library that reads Parquet makes room for as many elements as a list
//! declares, and calls itself for as many levels as there are. So a footer and
//! each page's header are walked here first: every length must be there, and
//! nothing may be nested deeper than any writer nests. Where fields lie is told on
//! the way, so a footer can be written again with all that is not ours as it stands.
//!
//! ```text
//! 15 04        field 1, i32, zigzag 2
//! 19 3c …      field 2, a list of 3 structs
//! 00           the end of the struct
//! ```

use std::ops::Range;

/// Deeper than anything in the format.
const DEEPEST: u32 = 24;

pub(super) const TRUE: u8 = 1;
pub(super) const LIST: u8 = 9;
pub(super) const STRUCT: u8 = 12;

/// A field of a struct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) id: i16,
    pub(super) kind: u8,
    /// Its value, without the field's header.
    pub(super) at: Range<usize>,
}

/// Bytes and a place in them. What is missing or impossible is `None`.
pub(super) struct Walker<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Walker<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes walked over.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The fields of a struct, each walked over.
    pub(super) fn fields(&mut self) -> Option<Vec<Field>> {
        self.structure(0)
    }

    /// A list's count and its elements' kind; they come next.
    pub(super) fn list(&mut self) -> Option<(usize, u8)> {
        let head = self.byte()?;
        let size = match head >> 4 {
            15 => usize::try_from(self.varint()?).ok()?,
            size => usize::from(size),
        };
        // the shortest element is one byte
        (size <= self.bytes.len() - self.at).then_some((size, head & 15))
    }

    /// Reads a number.
    pub(super) fn number(&mut self) -> Option<i64> {
        let raw = self.varint()?;
        Some((raw >> 1) as i64 ^ -((raw & 1) as i64))
    }

    /// Reads a number without a sign.
    pub(super) fn varint(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn structure(&mut self, depth: u32) -> Option<Vec<Field>> {
        let mut fields = Vec::new();
        let mut last = 0i16;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(fields);
            }
            last = match head >> 4 {
                0 => i16::try_from(self.number()?).ok()?,
                step => last.checked_add(i16::from(step))?,
            };
            let (kind, start) = (head & 15, self.at);
            // a truth value is in the field's header
            if !matches!(kind, TRUE | 2) {
                self.skip(kind, depth + 1)?;
            }
            fields.push(Field { id: last, kind, at: start..self.at });
        }
    }

    fn skip(&mut self, kind: u8, depth: u32) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        match kind {
            1..=3 => self.pass(1),
            4..=6 => self.varint().map(|_| ()),
            7 => self.pass(8),
            8 => {
                let length = self.varint()?;
                self.pass(usize::try_from(length).ok()?)
            }
            LIST | 10 => {
                let (size, kind) = self.list()?;
                (0..size).try_for_each(|_| self.skip(kind, depth + 1))
            }
            11 => {
                let size = usize::try_from(self.varint()?).ok()?;
                if size == 0 {
                    return Some(());
                }
                let kinds = self.byte()?;
                (0..size).try_for_each(|_| {
                    self.skip(kinds >> 4, depth + 1)?;
                    self.skip(kinds & 15, depth + 1)
                })
            }
            STRUCT => self.structure(depth + 1).map(|_| ()),
            13 => self.pass(16),
            _ => None,
        }
    }

    fn pass(&mut self, count: usize) -> Option<()> {
        self.at = self.at.checked_add(count).filter(|at| *at <= self.bytes.len())?;
        Some(())
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }
}

/// A field's number, if it is one.
pub(super) fn number(bytes: &[u8], fields: &[Field], id: i16) -> Option<i64> {
    let field = fields.iter().find(|field| field.id == id && matches!(field.kind, 3..=6))?;
    Walker::new(&bytes[field.at.clone()]).number()
}

/// Writes a struct of fields that were walked over, in the order of their ids.
pub(super) fn written<'a>(fields: impl Iterator<Item = (&'a Field, &'a [u8])>) -> Vec<u8> {
    let (mut out, mut last) = (Vec::new(), 0i16);
    for (field, bytes) in fields {
        match field.id.checked_sub(last) {
            Some(step @ 1..=15) => out.push((step as u8) << 4 | field.kind),
            _ => {
                out.push(field.kind);
                let mut zigzag = ((i32::from(field.id) << 1) ^ (i32::from(field.id) >> 31)) as u32;
                while zigzag >= 0x80 {
                    out.push(zigzag as u8 | 0x80);
                    zigzag >>= 7;
                }
                out.push(zigzag as u8);
            }
        }
        out.extend_from_slice(&bytes[field.at.clone()]);
        last = field.id;
    }
    out.push(0);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fields_are_found_and_written_as_they_were() {
        // 1: i32 2; 2: list of two bytes; 5: true; 300: binary "ab"; 301: struct { 1: i64 -1 }
        let bytes = [0x15, 0x04, 0x19, 0x23, 7, 8, 0x31, 0x08, 0xd8, 0x04, 2, b'a', b'b', 0x1c, 0x16, 0x01, 0, 0];

        let fields = Walker::new(&bytes).fields().expect("it is sound");

        let ids: Vec<i16> = fields.iter().map(|field| field.id).collect();
        assert_eq!(ids, [1, 2, 5, 300, 301]);
        assert_eq!(number(&bytes, &fields, 1), Some(2));
        assert_eq!(written(fields.iter().map(|field| (field, &bytes[..]))), bytes);
    }

    #[test]
    fn what_is_declared_must_be_there() {
        assert_eq!(Walker::new(&[0x19, 0xfc, 0xff, 0xff, 0xff, 0x7f, 0]).fields(), None);
        assert_eq!(Walker::new(&[0x18, 0x05, b'a', 0]).fields(), None);
        assert_eq!(Walker::new(&[0x1c; 60]).fields(), None, "nested without end");
    }

    proptest! {
        #[test]
        fn any_bytes_are_walked_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some(fields) = Walker::new(&bytes).fields() {
                prop_assert!(fields.iter().all(|field| field.at.end <= bytes.len()));
            }
        }
    }
}
