//! Whoever wears a line: name, phone and address, taken to pieces.

use std::collections::HashMap;

use super::address::{Address, Place};
use super::column::{Field, Kind, person_of};
use super::names::Names;
use crate::persona::Role;
use crate::plant::{Table, TableColumn};
use crate::record::ColumnRole;

/// Adds the fields of a person's columns.
pub(super) fn learn(table: &Table, role: Role, fields: &mut Vec<Field>, least: u32, notes: &mut Vec<String>) {
    let find = |want: ColumnRole| table.columns.iter().position(|column| column.role.as_ref() == Some(&want));
    let whose = role.name();
    if let Some(place) = find(ColumnRole::Phone(role)) {
        let kind = Kind::Phone { role, country: country(&table.columns[place]) };
        fields.push(Field {
            name: format!("{whose}_phone"),
            role: ColumnRole::Phone(role),
            place: Some(place),
            kind,
            given: None,
        });
    }
    if let Some(place) = find(ColumnRole::Name(role)) {
        let column = &table.columns[place];
        let counts = column.counts();
        let names = column.texts.iter().map(|text| &**text).zip(counts.iter().map(|&count| u64::from(count)));
        let kind = match Names::learn(names, least) {
            Some((names, share)) => {
                note_share(&column.header, share, notes);
                Kind::Name(role, names)
            }
            None => unlearned(&column.header, notes),
        };
        fields.push(Field {
            name: format!("{whose}_name"),
            role: ColumnRole::Name(role),
            place: Some(place),
            kind,
            given: None,
        });
    }
    address(table, role, fields, least, notes);
    // What no law covers is copied.
    for (place, column) in table.columns.iter().enumerate() {
        let of_role = person_of(column.role.as_ref()) == Some(role);
        if of_role && !fields.iter().any(|field| field.place == Some(place)) {
            let role = column.role.clone().expect("it is a person's");
            let kind = unlearned(&column.header, notes);
            fields.push(Field {
                name: role.to_string().replace('.', "_"),
                role,
                place: Some(place),
                kind,
                given: None,
            });
        }
    }
    fields.sort_by_key(|field| field.place.unwrap_or(usize::MAX));
    // Parts name their address by its place in the list.
    for role in [Role::Sender, Role::Recipient] {
        let of = fields.iter().position(|field| matches!(&field.kind, Kind::Address(have, _) if *have == role));
        for field in fields.iter_mut().filter(|field| person_of(Some(&field.role)) == Some(role)) {
            if let (Kind::Part { of: part_of, .. }, Some(of)) = (&mut field.kind, of) {
                *part_of = of;
            }
        }
    }
}

fn unlearned(header: &str, notes: &mut Vec<String>) -> Kind {
    notes.push(format!(
        "{header}: could not be taken to pieces; planted rows copy it from the file, and whoever compares rows sees it \
         twice: write its field by hand"
    ));
    Kind::Copied { scratch: String::new() }
}

fn note_share(header: &str, share: f64, notes: &mut Vec<String>) {
    if share < 0.98 {
        notes.push(format!(
            "{header}: {:.0} % of rows were taken to pieces; the shapes of the rest were withheld",
            share * 100.0
        ));
    }
}

/// The calling code that most numbers suggest.
fn country(phones: &TableColumn) -> u16 {
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    let chinese = phones.texts.iter().filter(|text| digits(text) == 11 && text.trim_start().starts_with('1')).count();
    if chinese * 2 >= phones.texts.len() { 86 } else { 1 }
}

fn address(table: &Table, role: Role, fields: &mut Vec<Field>, least: u32, notes: &mut Vec<String>) {
    let find = |want: ColumnRole| table.columns.iter().position(|column| column.role.as_ref() == Some(&want));
    let wide = [
        (ColumnRole::Province(role), "province"),
        (ColumnRole::City(role), "city"),
        (ColumnRole::District(role), "district"),
        (ColumnRole::Town(role), "town"),
    ];
    let wide: Vec<(Option<usize>, ColumnRole, &str)> =
        wide.into_iter().map(|(role, part)| (find(role.clone()), role, part)).collect();
    let whole = find(ColumnRole::Address(role));
    let Some(below) = find(ColumnRole::Local(role)).or(whole) else { return };
    let columns: Vec<Option<&TableColumn>> =
        wide.iter().map(|(place, ..)| place.map(|place| &table.columns[place])).collect();
    let local = &table.columns[below];
    let has_parts = whole != Some(below) && wide[..3].iter().any(|(place, ..)| place.is_some());
    let mut rows: HashMap<[u32; 5], u64> = HashMap::new();
    for row in 0..table.rows {
        let code = |at: usize| if has_parts { columns[at].map_or(0, |column| column.codes[row]) } else { 0 };
        *rows.entry([code(0), code(1), code(2), code(3), local.codes[row]]).or_default() += 1;
    }
    let text = |at: usize, code: u32| {
        if has_parts { columns[at].map_or("", |column| &*column.texts[code as usize]) } else { "" }
    };
    let mut places: Vec<Place<'_>> = rows
        .iter()
        .map(|(codes, rows)| Place {
            province: text(0, codes[0]),
            city: text(1, codes[1]),
            district: text(2, codes[2]),
            local: &local.texts[codes[4] as usize],
            rows: *rows,
        })
        .collect();
    places.sort_by_key(|place| (place.province, place.city, place.district, place.local));
    let Some((law, share)) = Address::learn(&places, least) else { return };
    note_share(&local.header, share, notes);
    let name = format!("{}_address", role.name());
    let kind = Kind::Address(role, Box::new(law));
    let shown = whole.filter(|&place| place == below);
    fields.push(Field { name, role: ColumnRole::Address(role), place: shown, kind, given: None });
    for (place, column_role, part) in wide {
        let Some(place) = place else { continue };
        let kind = Kind::Part { of: 0, parts: part.to_owned() };
        fields.push(Field {
            name: format!("{}_{part}", role.name()),
            role: column_role,
            place: Some(place),
            kind,
            given: None,
        });
    }
    if shown.is_none() {
        let kind = Kind::Part { of: 0, parts: "local".into() };
        let role_of = ColumnRole::Local(role);
        fields.push(Field {
            name: format!("{}_local", role.name()),
            role: role_of,
            place: Some(below),
            kind,
            given: None,
        });
    }
}
