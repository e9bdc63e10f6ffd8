//! What of a row is counted.

use super::counts::{Key, mix, of_text};
use super::outline::{Kind, Outline};
use crate::normalize::is_han;

/// What a key counts; the columns come on top.
#[derive(Clone, Copy)]
#[repr(u64)]
enum Thing {
    Value = 1,
    Shape,
    Part,
    Prefix,
    Bin,
    Pair,
    Together,
}

fn key(thing: Thing, place: usize, what: Key) -> Key {
    mix((thing as u64) << 32 | place as u64, what)
}

/// A value of a column.
pub fn value(place: usize, cell: &str) -> Key {
    key(Thing::Value, place, of_text(cell))
}

/// How a value of a column is built.
pub fn shape(place: usize, cell: &str) -> Key {
    key(Thing::Shape, place, of_text(&shape_of(cell)))
}

/// The first `length` characters of a value.
pub fn prefix(place: usize, cell: &str, length: usize) -> Key {
    let end = cell.char_indices().nth(length).map_or(cell.len(), |(at, _)| at);
    key(Thing::Prefix, place, mix(length as u64, of_text(&cell[..end])))
}

/// The first seven digits of a phone, and a place.
pub fn prefix_with(phone: usize, cell: &str, place: usize, at: &str) -> Key {
    key(Thing::Together, phone << 16 | place, mix(prefix(phone, cell, 7), of_text(at)))
}

/// A value as it is compared two by two.
pub fn bin(place: usize, bin: Key) -> Key {
    key(Thing::Bin, place, bin)
}

/// Two values as they are compared.
pub fn pair(places: (usize, usize), bins: (Key, Key)) -> Key {
    key(Thing::Pair, places.0 << 16 | places.1, mix(bins.0, bins.1))
}

/// Two values of one person.
pub fn together(places: (usize, usize), cells: (&str, &str)) -> Key {
    key(Thing::Together, places.0 << 16 | places.1, mix(of_text(cells.0), of_text(cells.1)))
}

/// Lengths of prefixes that are counted.
pub fn prefix_lengths(kind: Kind) -> &'static [usize] {
    match kind {
        Kind::Number => &[4, 6, 8, 10],
        Kind::Phone => &[3, 7],
        _ => &[],
    }
}

/// The parts of a value, each once: digits, words, neighbouring Chinese
/// characters; of a name, its characters.
pub fn parts(kind: Kind, place: usize, cell: &str, parts: &mut Vec<Key>) {
    parts.clear();
    if matches!(kind, Kind::Name | Kind::Text) {
        each_part(cell, kind == Kind::Name, |part| parts.push(key(Thing::Part, place, of_text(part))));
        parts.sort_unstable();
        parts.dedup();
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Digit,
    Letter,
    Han,
    Mark,
}

fn class(c: char) -> Class {
    match c {
        c if c.is_ascii_digit() => Class::Digit,
        c if is_han(c) => Class::Han,
        c if c.is_alphabetic() => Class::Letter,
        _ => Class::Mark,
    }
}

fn each_part(cell: &str, singly: bool, mut each: impl FnMut(&str)) {
    let mut rest = cell;
    while let Some(first) = rest.chars().next() {
        let class_here = class(first);
        let end = rest.char_indices().find(|(_, c)| class(*c) != class_here).map_or(rest.len(), |(at, _)| at);
        let run = &rest[..end];
        match class_here {
            Class::Mark => {}
            Class::Han => {
                let starts: Vec<usize> = run.char_indices().map(|(at, _)| at).chain([run.len()]).collect();
                let width = if singly { 1 } else { 2.min(starts.len() - 1) };
                starts.windows(width + 1).for_each(|window| each(&run[window[0]..window[width]]));
            }
            Class::Digit | Class::Letter => each(run),
        }
        rest = &rest[end..];
    }
}

/// `广府镇批发市场B区5号` is built `中A中9中`; marks stay as they are.
pub fn shape_of(cell: &str) -> String {
    let mut shape = String::new();
    for c in cell.chars() {
        let sign = match class(c) {
            Class::Digit => '9',
            Class::Letter => 'A',
            Class::Han => '中',
            Class::Mark => c,
        };
        if !shape.ends_with(sign) || class(c) == Class::Mark {
            shape.push(sign);
        }
    }
    shape
}

/// Calls `each` with every key that a row adds to the counts.
pub fn each(outline: &Outline, cells: &[String], mut each: impl FnMut(Key)) {
    let mut list = Vec::new();
    for (place, column) in outline.columns.iter().enumerate() {
        let cell = cells[place].as_str();
        each(value(place, cell));
        if column.distinct > 1 {
            each(shape(place, cell));
        }
        prefix_lengths(column.kind).iter().for_each(|&length| each(prefix(place, cell, length)));
        parts(column.kind, place, cell, &mut list);
        list.iter().for_each(|part| each(*part));
    }
    let bins: Vec<Key> = (0..cells.len()).map(|place| outline.bin(place, &cells[place])).collect();
    (0..cells.len()).for_each(|place| each(bin(place, bins[place])));
    for &(a, b) in &outline.pairs {
        each(pair((a, b), (bins[a], bins[b])));
    }
    if let Some((phone, place)) = outline.phone_place() {
        each(prefix_with(phone, &cells[phone], place, &cells[place]));
    }
    for person in &outline.people {
        for (what, name) in [person.phone.zip(person.name), person.address.zip(person.name)].into_iter().flatten() {
            let places = (what.min(name), what.max(name));
            each(together(places, (&cells[places.0], &cells[places.1])));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_falls_into_its_parts() {
        let mut parts = Vec::new();
        each_part("广府镇B区5号(B区), Main St", false, |part| parts.push(part.to_owned()));
        assert_eq!(parts, ["广府", "府镇", "B", "区", "5", "号", "B", "区", "Main", "St"]);

        parts.clear();
        each_part("李平跃", true, |part| parts.push(part.to_owned()));
        assert_eq!(parts, ["李", "平", "跃"]);
    }

    #[test]
    fn the_shape_keeps_marks_and_forgets_lengths() {
        assert_eq!(shape_of("广府镇批发市场B区5号"), "中A中9中");
        assert_eq!(shape_of("37#3单元1302(电联)"), "9#9中9(中)");
        assert_eq!(shape_of("--"), "--");
    }
}
