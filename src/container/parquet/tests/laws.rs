//! What holds for every file.

use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::*;

/// The rows as the library's own reader of records shows them.
fn shown(bytes: &[u8]) -> Vec<String> {
    let reader = SerializedFileReader::new(bytes::Bytes::copy_from_slice(bytes)).expect("it is sound");
    let rows = reader.get_row_iter(None).expect("it is sound");
    rows.map(|row| row.expect("it is sound").to_string()).collect()
}

#[test]
fn without_the_planted_rows_the_values_are_the_originals() {
    for (name, original) in FIXTURES {
        for seed in 0..4 {
            let bench = Bench::new();
            let done = bench.plant(original, seed, usual).unwrap_or_else(|fault| panic!("{name}: {fault}"));

            let mut rows = shown(&done.bytes);
            for row in done.place().rows.iter().rev() {
                let planted = rows.remove(*row as usize);
                assert!(planted.contains("1640000"), "{name}: {planted}");
            }
            assert_eq!(rows, shown(original), "{name}");
            assert!(done.verify(&done.path).is_ok_and(|verified| verified.is_ok()), "{name}");
        }
    }
}

#[test]
fn planting_twice_gives_the_same_bytes() {
    let plant = || Bench::new().plant(FIXTURES[0].1, 2, usual).expect("it is sound").bytes;

    assert_eq!(plant(), plant());
}

#[test]
fn schema_pairs_groups_and_codecs_are_kept() {
    for (name, original) in FIXTURES {
        let bench = Bench::new();
        let done = bench.plant(original, 1, usual).expect("it is sound");
        let (old, new) = (bench.write("old", original), done.path.clone());
        let (old, new) = (Opened::open(&old).expect("sound"), Opened::open(&new).expect("sound"));

        for id in [1, 2, 5, 6, 7] {
            assert_eq!(old.footer.find(id), new.footer.find(id), "{name}: field {id} of the footer");
        }
        assert_eq!(old.groups(), new.groups(), "{name}");
        let planted = |group: usize| {
            let inside = new.starts[group]..new.starts[group + 1];
            done.place().rows.iter().filter(|row| inside.contains(row)).count() as u64
        };
        for group in 0..old.groups() {
            assert_eq!(old.rows_of(group) + planted(group), new.rows_of(group), "{name}");
            for (column, (old, new)) in old.shapes[group].iter().zip(&new.shapes[group]).enumerate() {
                let place = format!("{name}: row group {group}, column {column}");
                assert_eq!((old.codec, old.has_dictionary), (new.codec, new.has_dictionary), "{place}");
                assert_eq!((old.is_v2, old.encoding), (new.is_v2, new.encoding), "{place}");
                assert_eq!(old.has_page_statistics, new.has_page_statistics, "{place}");
            }
            for (old, new) in old.meta.row_group(group).columns().iter().zip(new.meta.row_group(group).columns()) {
                assert_eq!(old.column_index_offset().is_some(), new.column_index_offset().is_some(), "{name}");
                assert_eq!(old.bloom_filter_offset().is_some(), new.bloom_filter_offset().is_some(), "{name}");
            }
        }
    }
}

#[test]
fn each_flipped_bit_is_noticed() {
    for (name, original) in FIXTURES {
        let bench = Bench::new();
        let done = bench.plant(original, 1, usual).expect("it is sound");
        for at in (0..done.bytes.len()).step_by(211) {
            let mut changed = done.bytes.clone();
            changed[at] ^= 1 << (at % 8);
            let path = bench.write("changed.parquet", &changed);

            assert!(!done.verify(&path).is_ok_and(|verified| verified.is_ok()), "{name}: byte {at}");
        }
    }
}

/// A file of three columns, `rows` in each of its row groups; the phones are numbers, every third is missing.
fn handmade(schema: &str, rows: &[usize]) -> Vec<u8> {
    handmade_with(schema, rows, WriterProperties::default())
}

fn handmade_with(schema: &str, rows: &[usize], properties: WriterProperties) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(schema).expect("a schema"));
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).expect("memory");
    let mut at = 0usize;
    for &rows in rows {
        let mut group = writer.next_row_group().expect("memory");
        let numbers: Vec<ByteArray> = (at..at + rows).map(|at| format!("YT{at:013}").as_str().into()).collect();
        let mut column = group.next_column().expect("memory").expect("a column");
        column.typed::<ByteArrayType>().write_batch(&numbers, None, None).expect("memory");
        column.close().expect("memory");
        let phones: Vec<i64> = (at..at + rows).filter(|at| at % 3 > 0).map(|at| 13_800_000_000 + at as i64).collect();
        let levels: Vec<i16> = (at..at + rows).map(|at| i16::from(at % 3 > 0)).collect();
        let mut column = group.next_column().expect("memory").expect("a column");
        column.typed::<Int64Type>().write_batch(&phones, Some(&levels), None).expect("memory");
        column.close().expect("memory");
        // two tags where the row's number is even, none where it is not
        let tags: Vec<i64> = (at..at + rows).filter(|at| at % 2 == 0).flat_map(|at| [at as i64, -1]).collect();
        let (definitions, repetitions): (Vec<i16>, Vec<i16>) =
            (at..at + rows).flat_map(|at| if at % 2 == 0 { vec![(1, 0), (1, 1)] } else { vec![(0, 0)] }).unzip();
        let mut column = group.next_column().expect("memory").expect("a column");
        column.typed::<Int64Type>().write_batch(&tags, Some(&definitions), Some(&repetitions)).expect("memory");
        column.close().expect("memory");
        group.close().expect("memory");
        at += rows;
    }
    writer.into_inner().expect("memory")
}

const SCHEMA: &str =
    "message m { required binary waybill_no (STRING) = 7; optional int64 receiver_phone; repeated int64 tags; }";

#[test]
fn repeated_columns_come_from_the_donor() {
    let original = handmade(SCHEMA, &[50, 0, 50]);
    let bench = Bench::new();
    let table = bench.open(&original).expect("it is sound");
    assert_eq!(table.hints().len(), 1, "it is said");

    let done = bench.plant(&original, 3, usual).expect("it is sound");

    let rows = shown(&done.bytes);
    for row in &done.place().rows {
        let tags = |row: &str| row.split("tags").nth(1).map(str::to_owned);
        let row = *row as usize;
        let beside = [row.wrapping_sub(1), row + 1].map(|row| rows.get(row).and_then(|row| tags(row)));
        assert!(beside.contains(&tags(&rows[row])), "{}", rows[row]);
    }
}

#[test]
fn missing_values_are_missing_in_what_is_planted_too() {
    let original = handmade(SCHEMA, &[60]);
    let table = Bench::new().open(&original).expect("it is sound");
    let column = |name: &str| table.opened.columns.iter().find(|column| column.name == name).expect("a column");
    let habit = Habit::default();
    let phone = column("receiver_phone");
    let donor = Cell { levels: vec![(1, 0)], values: vec![Value::Int64(1)] };

    let null = made(phone, habit, &donor, "").expect("it may be missing");
    let back = made(phone, habit, &null, "13800000001").expect("it may be there");

    assert!(null == Cell { levels: vec![(0, 0)], values: Vec::new() });
    assert!(back == Cell { levels: vec![(1, 0)], values: vec![Value::Int64(13_800_000_001)] });
    let number = column("waybill_no");
    let donor = Cell { levels: vec![(0, 0)], values: vec![Value::Bytes(b"x".to_vec())] };
    assert!(
        made(number, habit, &donor, "").expect("a text")
            == Cell { levels: vec![(0, 0)], values: vec![Value::Bytes(Vec::new())] }
    );
}

#[test]
fn a_declared_sorting_is_kept_or_the_file_refused() {
    let sorted_by = |column_idx: i32, descending: bool| {
        let sorting = SortingColumn { column_idx, descending, nulls_first: true };
        let properties = WriterProperties::builder().set_sorting_columns(Some(vec![sorting])).build();
        handmade_with(SCHEMA, &[60], properties)
    };
    let bench = Bench::new();

    // what is planted is numbered and called from another range than what is there
    let fault = bench.plant(&sorted_by(1, false), 1, usual).err().expect("planted phones are not in order");
    assert!(
        fault.what.contains("is sorted by this column") && fault.field.as_deref() == Some("receiver_phone"),
        "{fault}"
    );

    let opened = Opened::open(&bench.write("sorted", &sorted_by(0, false))).expect("it is sound");
    assert_eq!(order::refuse_unsorted(&opened, &[1, 5]), Ok(()), "rows in order are in order");
    let opened = Opened::open(&bench.write("falling", &sorted_by(0, true))).expect("it is sound");
    assert!(order::refuse_unsorted(&opened, &[5]).is_err(), "rising rows do not fall");
    assert_eq!(order::refuse_unsorted(&opened, &[]), Ok(()), "what the original does is its own");
}

#[test]
fn a_row_between_two_groups_goes_where_its_donor_is() {
    let table = Bench::new().open(&handmade(SCHEMA, &[2, 3])).expect("it is sound");

    assert_eq!([0, 1, 2, 4].map(|row| table.opened.group_of(row)), [0, 0, 1, 1]);
    let empty = Bench::new().open(&handmade(SCHEMA, &[0, 2, 0, 3])).expect("it is sound");
    assert_eq!([0, 1, 2].map(|row| empty.opened.group_of(row)), [1, 1, 3]);
}
