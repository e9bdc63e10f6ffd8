//! Shared rows: the same row at the same place in every export of the same data.

use proptest::prelude::*;

use super::*;

const PLACE: [u8; 32] = [11; 32];
const VALUES: [u8; 32] = [12; 32];

/// The phone of a slot's variant.
fn shared_line(slot: usize, variant: usize) -> String {
    format!("1650000{:04}", 2 * slot + variant)
}

/// Shared rows in these variants.
fn shared_rows(variants: &[usize]) -> Vec<SharedRow> {
    let row = |(slot, variant): (usize, &usize)| {
        let serial = 50_000 + 2 * slot as u64 + *variant as u64;
        SharedRow {
            serial,
            number: Some(format!("YT{:013}", 2_001 + 38 * slot + 2 * variant)),
            record: Record {
                values: vec![
                    (ColumnRole::Number, Value::Text(String::new())),
                    (ColumnRole::Time, Value::Between),
                    (NAME, Value::Text(["马静", "陈勇"][*variant].into())),
                    (PHONE, Value::Text(shared_line(slot, *variant))),
                ],
            },
        }
    };
    variants.iter().enumerate().map(row).collect()
}

/// How an export is written.
#[derive(Clone, Copy, Debug)]
enum Written {
    Csv,
    Gb18030,
    Jsonl,
}

/// A made-up day of a town, sorted by time, by number, or not at all. Its
/// numbers are even.
fn day(written: Written, rows: usize, by_number: bool, by_time: bool) -> Vec<u8> {
    let row = |i: usize| {
        let number = if by_number { 2_000 + 22 * i } else { 2_000 + 2 * ((i * 7_919) % 50_000) };
        let second = if by_time { 40 * i } else { (i * 104_729) % 86_400 };
        let time = format!("2020-11-01 {:02}:{:02}:{:02}", second / 3600 % 24, second / 60 % 60, second % 60);
        (format!("YT{number:013}"), time, format!("1380000{i:04}"), format!("网点{}", i % 7))
    };
    let csv = |(number, time, phone, outlet)| format!("{number},{time},张三,{phone},{outlet}\r\n");
    let jsonl = |(number, time, phone, outlet)| {
        format!(
            "{{\"运单号\":\"{number}\",\"揽收时间\":\"{time}\",\"收件人\":\"张三\",\"收件电话\":\"{phone}\",\"网点\":\"{outlet}\"}}\n"
        )
    };
    let header = "运单号,揽收时间,收件人,收件电话,网点\r\n";
    match written {
        Written::Jsonl => (0..rows).map(row).map(jsonl).collect::<String>().into_bytes(),
        Written::Csv => (header.to_owned() + &(0..rows).map(row).map(csv).collect::<String>()).into_bytes(),
        Written::Gb18030 => {
            let text = header.to_owned() + &(0..rows).map(row).map(csv).collect::<String>();
            Encoding::Gb18030.encode(&text).expect("it holds Chinese").into_owned()
        }
    }
}

/// Plants own canaries and shared rows into `input` for one of several accounts.
fn plant_for(account: u8, variants: &[usize], input: &[u8]) -> (Plan, Vec<u8>) {
    let (rows, options) = (shared_rows(variants), Options::default());
    let mut own = records(5);
    for (i, record) in own.iter_mut().enumerate() {
        record.values[3].1 = Value::Text(line(10 * usize::from(account) + i));
    }
    let numbers = numbers(90_000 + 100 * u64::from(account), 30);
    let shared = Some(Shared { rows: &rows, place: PLACE, values: VALUES });
    plant_soundly(input, &Job { place: [account; 32], shared, ..job(&own, &numbers, &options) })
}

fn lines_of(bytes: &[u8]) -> std::collections::BTreeSet<&[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n').collect()
}

fn shared_bytes<'b>(plan: &Plan, planted: &'b [u8]) -> Vec<&'b [u8]> {
    let bytes = |row: &crate::registry::PlantedRow| &planted[row.offset as usize..(row.offset + row.bytes) as usize];
    plan.shared().iter().map(bytes).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn two_exports_have_exactly_the_slots_of_the_same_variant_in_common(
        written in prop::sample::select(vec![Written::Csv, Written::Gb18030, Written::Jsonl]),
        rows in 40usize..400,
        (by_number, by_time) in any::<(bool, bool)>(),
        variants in prop::collection::vec((0usize..2, 0usize..2), 1..25),
    ) {
        let input = day(written, rows, by_number, by_time);
        let (one, other): (Vec<usize>, Vec<usize>) = variants.into_iter().unzip();

        let (plan_one, planted_one) = plant_for(1, &one, &input);
        let (plan_other, planted_other) = plant_for(2, &other, &input);

        let real = lines_of(&input);
        let (lines_one, lines_other) = (lines_of(&planted_one), lines_of(&planted_other));
        let common: Vec<&[u8]> =
            lines_one.intersection(&lines_other).copied().filter(|line| !real.contains(line)).collect();
        let mut expected: Vec<&[u8]> = Vec::new();
        for slot in 0..one.len() {
            let (mine, theirs) =
                (shared_bytes(&plan_one, &planted_one)[slot], shared_bytes(&plan_other, &planted_other)[slot]);
            prop_assert_eq!(mine == theirs, one[slot] == other[slot], "slot {}", slot);
            if mine == theirs {
                expected.push(mine);
            }
        }
        expected.sort_unstable();
        prop_assert_eq!(common, expected);
        // What differs: the other variants and each account's own canaries.
        let differing = lines_one.symmetric_difference(&lines_other).count();
        let unlike = one.iter().zip(&other).filter(|(a, b)| a != b).count();
        prop_assert_eq!(differing, 2 * (unlike + 5));
        let again = plant_for(1, &one, &input);
        prop_assert_eq!(again.1, planted_one);
    }

    #[test]
    fn a_sorted_file_stays_sorted_around_shared_rows(
        rows in 30usize..200,
        by_number in any::<bool>(),
        variants in prop::collection::vec(0usize..2, 1..30),
    ) {
        let input = day(Written::Csv, rows, by_number, true);

        let (_, planted) = plant_for(1, &variants, &input);

        let mut reader = csv::Reader::from_reader(planted.as_slice());
        let seen: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("rows are even")).collect();
        prop_assert_eq!(seen.len(), rows + variants.len() + 5);
        prop_assert!(seen.windows(2).all(|pair| pair[0][1] <= pair[1][1]), "by time");
        prop_assert!(!by_number || seen.windows(2).all(|pair| pair[0][0] <= pair[1][0]), "by number");
    }
}

#[test]
fn a_shared_row_stands_beside_its_donor_and_says_what_that_says() {
    let input = day(Written::Csv, 300, false, true);
    let variants = [0, 1, 0, 1];

    let (plan, planted) = plant_for(1, &variants, &input);

    let text = String::from_utf8(planted.clone()).expect("UTF-8");
    let lines: Vec<&str> = text.lines().collect();
    for (slot, row) in shared_bytes(&plan, &planted).into_iter().enumerate() {
        let row = std::str::from_utf8(row).expect("UTF-8").trim_end();
        let place = lines.iter().position(|line| *line == row).expect("it is in the file");
        let fields: Vec<&str> = row.split(',').collect();
        assert_eq!(fields[3], shared_line(slot, variants[slot]));
        assert_eq!(fields[2], ["马静", "陈勇"][variants[slot]]);
        let behind = lines[place + 1..].iter().map(|line| line.split(',').collect::<Vec<_>>());
        let donor = behind.into_iter().find(|fields| fields[3].starts_with("138")).expect("no real row is before it");
        assert_eq!(fields[4], donor[4]);
    }
}

#[test]
fn an_export_with_a_few_rows_more_has_nearly_the_same_shared_rows() {
    let variants = vec![0; 60];
    let longer = day(Written::Csv, 1_000, false, true);
    let shorter: Vec<u8> = longer.split_inclusive(|byte| *byte == b'\n').take(991).flat_map(<[u8]>::to_vec).collect();

    let (here, planted_here) = plant_for(1, &variants, &longer);
    let (there, planted_there) = plant_for(2, &variants, &shorter);

    let same = shared_bytes(&here, &planted_here)
        .into_iter()
        .zip(shared_bytes(&there, &planted_there))
        .filter(|(here, there)| here == there)
        .count();
    assert!(same >= 56, "{same} of 60");
}

#[test]
fn a_slot_whose_number_is_taken_is_left_out_and_moves_no_other() {
    let clean = day(Written::Csv, 100, false, true);
    let mut taken = clean.clone();
    // Slot 3 in variant 1 would have this number.
    let number = format!("YT{:013}", 2_001 + 38 * 3 + 2);
    taken.extend_from_slice(format!("{number},2020-11-01 23:59:59,张三,13900000000,网点12\r\n").as_bytes());
    let without: Vec<usize> = vec![0; 8];
    let mut with = without.clone();
    with[3] = 1;

    let (whole, planted_whole) = plant_for(1, &without, &taken);
    let (plan, planted) = plant_for(1, &with, &taken);

    assert_eq!((whole.shared().len(), plan.shared().len()), (8, 7));
    assert!(plan.survey().hints.iter().any(|hint| hint.contains("1 shared slots are left out")));
    let mut expected = shared_bytes(&whole, &planted_whole);
    expected.remove(3);
    assert_eq!(shared_bytes(&plan, &planted), expected);
}

#[test]
fn counting_columns_give_shared_rows_numbers_that_nobody_has() {
    let row = |i: usize| format!("{},张三,1380000{i:04}\n", 10 + 5 * i);
    let input = format!("序号,收件人,收件电话\n{}", (0..200).map(row).collect::<String>());
    let counting = |mut record: Record| {
        record.values.insert(0, (ColumnRole::Other("序号".into()), Value::Between));
        record
    };
    let columns =
        [ColumnSpec { role: ColumnRole::Other("序号".into()), header: "序号".into(), aliases: Vec::new() }];
    let rows: Vec<SharedRow> = shared_rows(&[0; 20])
        .into_iter()
        .map(|row| SharedRow { number: None, record: counting(row.record), ..row })
        .collect();
    let own: Vec<Record> = records(3).into_iter().map(counting).collect();
    let options = Options::default();
    let shared = Some(Shared { rows: &rows, place: PLACE, values: VALUES });

    let (_, planted) = plant_soundly(input.as_bytes(), &Job { columns: &columns, shared, ..job(&own, &[], &options) });

    let text = String::from_utf8(planted).expect("UTF-8");
    let counted: Vec<u32> =
        text.lines().skip(1).map(|line| line.split(',').next().expect("a field").parse().expect("a number")).collect();
    assert_eq!(counted.len(), 223);
    assert!(counted.windows(2).all(|pair| pair[0] < pair[1]), "{counted:?}");
}
