//! What the fuzzers of exports begin with (docs/fuzzing.md).

use super::*;
use crate::fuzz_seeds::keep;

/// Some rows of an express export with canaries among them, in several clothes.
fn exports() -> Vec<String> {
    let names = ["李平跃", "王洁威", "李科", "张俊玲女士"];
    let places = ["河北省邯郸市永年区广府镇", "广东省清远市清城区东城街道"];
    let ours = ["YT8962646785389", "73610555582883", "rb 123456785 gb"];
    let rows: Vec<[String; 6]> = (0..24)
        .map(|i| {
            let number =
                if i % 8 == 5 { ours[i / 8].to_owned() } else { format!("YT{:013}", 8_292_721_604_361 + 7 * i) };
            let phone = if i == 11 { "154 3306 3750".to_owned() } else { format!("1380000{i:04}") };
            [
                number,
                format!("2020-11-01 09:{i:02}:06"),
                names[i % 4].to_owned(),
                phone,
                format!("{}紫荆苑{}号楼{}单元", places[i % 2], i % 5 + 1, i % 3 + 1),
                ["服饰", "3.50"][usize::from(i % 5 == 0)].to_owned(),
            ]
        })
        .collect();
    let head = ["运单号", "揽收时间", "收件人", "收件电话", "收件地址", "品名"];
    let table = |delimiter: &str, end: &str| -> String {
        let head = head.join(delimiter) + end;
        rows.iter().fold(head, |text, row| text + &row.join(delimiter) + end)
    };
    let object = |row: &[String; 6]| {
        let pairs: Vec<String> = head.iter().zip(row).map(|(key, value)| format!("\"{key}\":\"{value}\"")).collect();
        format!("{{{}}}\n", pairs.join(","))
    };
    let quoted = rows.iter().fold(head.join(",") + "\n", |text, row| text + "\"" + &row.join("\",\"") + "\"\n");
    vec![table(",", "\r\n"), table("\t", "\n"), table("|", "\n"), quoted, rows.iter().map(object).collect()]
}

/// Dumps of them.
fn dumps() -> Vec<String> {
    let row =
        |i: usize| format!("({},'YT{:05}','2020-11-01 09:{i:02}:00','王芳','1380000{i:04}')", 10 * i, 10_000 + 7 * i);
    let rows: Vec<String> = (1..20).map(row).collect();
    let table = "CREATE TABLE w (id integer primary key, waybill_no text unique, created_at text, receiver text, receiver_phone text);\n";
    let copied: String =
        rows.iter().map(|row| row[1..row.len() - 1].replace('\'', "").replace(',', "\t") + "\n").collect();
    vec![
        format!("{table}INSERT INTO w VALUES {};\n", rows.join(",\n")),
        format!("BEGIN;\n{table}")
            + &rows.iter().map(|row| format!("INSERT INTO w VALUES {row};\n")).collect::<String>(),
        format!(
            "SET x = 1;\n{table}COPY w (id, waybill_no, created_at, receiver, receiver_phone) FROM stdin;\n{copied}\\.\n"
        ),
    ]
}

#[test]
fn the_fuzzers_begin_with_exports_that_can_be_planted_into() {
    let (records, numbers, options) = (records(2), numbers(1_000, 60), Options::default());
    let mut exports: Vec<Vec<u8>> = exports().into_iter().map(String::into_bytes).collect();
    exports.push(Encoding::Gb18030.encode(&String::from_utf8_lossy(&exports[0])).expect("GB 18030 has all").into());
    for export in &exports {
        plant_soundly(export, &job(&records, &numbers, &options));
    }

    let behind =
        |first: u8| -> Vec<Vec<u8>> { exports.iter().map(|export| [&[first], &export[..]].concat()).collect() };
    keep("scrub", &[behind(0), behind(1)].concat());
    keep("learn", &[behind(0), behind(5)].concat());
    exports.extend(dumps().into_iter().map(String::into_bytes));
    keep("plant", &exports);
}
