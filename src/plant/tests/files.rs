//! Excerpts of real exports, as they are and in other clothes.

use super::*;

const EXPRESS: &[u8] = include_bytes!("../../../tests/data/plant/express.csv");
const SHIPMENTS: &[u8] = include_bytes!("../../../tests/data/plant/shipments.tsv");

fn text(role: ColumnRole, text: &str) -> (ColumnRole, Value) {
    (role, Value::Text(text.into()))
}

/// A record of a template whose recipient has parts and whose sender has one
/// column; the sender is copied.
fn express_records(count: usize) -> Vec<Record> {
    use ColumnRole::{Address, City, District, Local, Name, Phone, Province};
    let (to, from) = (Role::Recipient, Role::Sender);
    (0..count)
        .map(|i| Record {
            values: vec![
                (ColumnRole::Time, Value::Between),
                (Name(from), Value::Copied),
                (Phone(from), Value::Copied),
                (Address(from), Value::Copied),
                text(Name(to), "周惠婷"),
                text(Phone(to), &line(i)),
                text(Province(to), "广东省"),
                text(City(to), "清远市"),
                text(District(to), "清城区"),
                text(Local(to), "东城街道凤鸣路8号"),
                text(Address(to), "广东省清远市清城区东城街道凤鸣路8号"),
                text(ColumnRole::Other("weight".into()), "2.456"),
                text(ColumnRole::Other("fee".into()), "7"),
            ],
        })
        .collect()
}

fn express_text() -> String {
    String::from_utf8(EXPRESS[3..].to_vec()).expect("the sample is UTF-8")
}

#[test]
fn a_chinese_express_export_keeps_its_style_and_its_order() {
    let (records, numbers, options) = (express_records(10), numbers(1, 12), Options::default());

    let (plan, planted) = plant_soundly(EXPRESS, &job(&records, &numbers, &options));

    let survey = plan.survey();
    assert!(survey.dialect.bom && survey.header);
    assert_eq!((survey.records, survey.ragged.count), (300, 0));
    assert_eq!(survey.missing, []);
    let roles: Vec<String> = survey.columns.iter().map(|column| column.role.to_string()).collect();
    assert!(roles.contains(&"sender.address".into()) && roles.contains(&"recipient.local".into()), "{roles:?}");
    for (i, row) in rows(&plan, &planted).into_iter().enumerate() {
        let row = String::from_utf8(row.to_vec()).expect("the file is UTF-8");
        let fields: Vec<&str> = row.trim_end().split(',').collect();
        assert_eq!(fields[0], format!("YT{:013}", i + 1));
        assert_eq!(fields[6..12], ["周惠婷", &line(i), "广东省", "清远市", "清城区", "东城街道凤鸣路8号"]);
        assert_eq!(fields[14..16], ["2.46", "7.0"]);
        assert!(row.ends_with("\r\n"));
        let sender = fields[3..6].join(",");
        assert!(express_text().contains(&sender), "the sender is one of the file's");
    }
    let times: Vec<String> = String::from_utf8_lossy(&planted)
        .lines()
        .skip(1)
        .map(|row| row.split(',').nth(1).unwrap_or("").to_owned())
        .collect();
    assert!(times.is_sorted());
}

#[test]
fn the_same_export_in_gb18030() {
    let input = Encoding::Gb18030.encode(&express_text()).expect("GB18030 holds everything").into_owned();
    let (records, numbers, options) = (express_records(10), numbers(1, 12), Options::default());

    let (plan, planted) = plant_soundly(&input, &job(&records, &numbers, &options));

    assert!(plan.survey().dialect.encoding.is_gb());
    let row = Encoding::Gb18030.decode(rows(&plan, &planted)[3]).into_owned();
    assert!(row.contains("周惠婷,16400000003,广东省,清远市,清城区,东城街道凤鸣路8号"), "{row}");
}

#[test]
fn the_same_export_with_bars_in_gbk() {
    let text = express_text().replace(',', "|").replace("收件人", "收件人厊");
    let input = encoding_rs::GBK.encode(&text).0.into_owned();
    let (records, numbers, options) = (express_records(4), numbers(1, 12), Options::default());

    let (plan, _) = plant_soundly(&input, &job(&records, &numbers, &options));

    assert_eq!((plan.survey().dialect.delimiter, plan.survey().ragged.count), (b'|', 0));
}

fn express_json(escape: bool) -> Vec<u8> {
    let text = express_text();
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let headers = lines.next().expect("the sample has a header");
    let mut out = String::new();
    for fields in lines {
        let quote = |text: &str| json::Escapes::learn(if escape { b"\\u4e2d" } else { b"" }).escape(text);
        out.push_str(&format!("{{\"no\": \"{}\", \"time\":\"{}\",  \"to\": {{", fields[0], fields[1]));
        out.push_str(&format!(
            "\"name\": \"{}\", \"phone\": {}, \"{}\": \"{}\"",
            quote(fields[6]),
            fields[7],
            quote("地址"),
            quote(fields[11])
        ));
        out.push_str(&format!("}}, \"{}\": null, \"weight\": {}}}\n", quote(headers[18]), fields[14]));
    }
    out.into_bytes()
}

#[test]
fn json_lines_keep_keys_spaces_and_escapes() {
    for escape in [false, true] {
        let input = express_json(escape);
        let (records, numbers) = (express_records(10), numbers(1, 12));
        let options = Options { map: vec![(ColumnRole::Number, "no".into())], ..Options::default() };

        let (plan, planted) = plant_soundly(&input, &job(&records, &numbers, &options));

        assert_eq!(plan.survey().dialect.format, Format::JsonLines);
        let row = String::from_utf8_lossy(rows(&plan, &planted)[2]).into_owned();
        let (name, key) = if escape { ("\\u5468\\u60e0\\u5a77", "\\u5730\\u5740") } else { ("周惠婷", "地址") };
        assert!(row.contains(&format!("\"to\": {{\"name\": \"{name}\", \"phone\": 16400000002, \"{key}\"")), "{row}");
        assert!(
            row.starts_with("{\"no\": \"YT0000000000003\", \"time\":\"2020-11-01 ")
                && row.ends_with(": null, \"weight\": 2.46}\n"),
            "{row}"
        );
        let json: serde_json::Value = serde_json::from_str(&row).expect("planted rows are JSON");
        assert_eq!(json["to"]["地址"], "广东省清远市清城区东城街道凤鸣路8号");
    }
}

#[test]
fn gzip_and_zstd_are_read_by_their_magic() {
    let (records, numbers, options) = (express_records(3), numbers(1, 4), Options::default());
    let plain = plant(EXPRESS, &job(&records, &numbers, &options)).expect("a regular file");
    for compression in [Compression::Gzip, Compression::Zstd] {
        let mut packer = Packer::new(Vec::new(), compression).expect("memory is writable");
        std::io::Write::write_all(&mut packer, EXPRESS).expect("memory is writable");
        let packed = packer.finish().expect("memory is writable");

        let (plan, planted, _) = plant(&packed, &job(&records, &numbers, &options)).expect("a regular file");

        assert_eq!(plan.survey().compression, compression);
        assert!(planted == plain.1);
    }
}

/// The mark of this file is its order numbers: it has no person in it.
fn shipments_job<'a>(
    records: &'a [Record],
    numbers: &'a [(u64, String)],
    options: &'a Options,
    columns: &'a [ColumnSpec],
) -> Job<'a> {
    Job { columns, ..job(records, numbers, options) }
}

#[test]
fn a_file_of_lone_carriage_returns_keeps_its_last_row_last() {
    let records = vec![
        Record {
            values: vec![
                (ColumnRole::Number, Value::Text(String::new())),
                (ColumnRole::Other("id".into()), Value::Between),
                (ColumnRole::Other("delivered".into()), Value::Between),
                (ColumnRole::Other("item".into()), Value::Text("Efavirenz 600mg, tablets, 30 Tabs".into())),
            ],
        };
        12
    ];
    let numbers: Vec<(u64, String)> = (9000..9030).map(|serial| (serial, format!("SCMS-{serial}"))).collect();
    let column = |role: &str, header: &str| ColumnSpec {
        role: role.parse().expect("every word is a role"),
        header: header.into(),
        aliases: Vec::new(),
    };
    let columns = [
        column("number", "PO / SO #"),
        column("id", "ID"),
        column("delivered", "Delivered to Client Date"),
        column("item", "Item Description"),
    ];
    let options = Options::default();

    let (plan, planted) = plant_soundly(SHIPMENTS, &shipments_job(&records, &numbers, &options, &columns));

    let survey = plan.survey();
    assert_eq!((survey.dialect.terminator, survey.dialect.delimiter), (Terminator::Cr, b'\t'));
    assert!(survey.unterminated);
    assert_eq!(survey.records, 200);
    let id = survey.columns.iter().find(|column| column.header == "ID").expect("it is mapped");
    assert_eq!(id.order, Some(Order::Rising));
    let last = |bytes: &[u8]| bytes.rsplit(|byte| *byte == b'\r').next().map(<[u8]>::to_vec);
    assert_eq!(last(&planted), last(SHIPMENTS));
    let ids: Vec<u64> = planted
        .split(|byte| *byte == b'\r')
        .skip(1)
        .map(|row| {
            String::from_utf8_lossy(row).split('\t').next().and_then(|id| id.parse().ok()).expect("IDs are numbers")
        })
        .collect();
    assert_eq!(ids.len(), 212);
    assert!(ids.is_sorted());
    for row in rows(&plan, &planted) {
        let row = String::from_utf8_lossy(row).into_owned();
        // Its commas make this file quote, though it is cut by tabs.
        assert!(row.contains("\t\"Efavirenz 600mg, tablets, 30 Tabs\"\t"), "{row}");
        assert!(row.ends_with('\r'));
    }
}

#[test]
fn memory_does_not_grow_with_the_file() {
    // A file of many blocks: what is kept is a few blocks and the donors.
    let body = &EXPRESS[EXPRESS.iter().position(|byte| *byte == b'\n').expect("the sample has lines") + 1..];
    let mut input = EXPRESS.to_vec();
    while input.len() < 5 << 20 {
        input.extend_from_slice(body);
    }
    let (records, numbers, options) = (express_records(10), numbers(1, 12), Options::default());

    let (plan, _) = plant_soundly(&input, &job(&records, &numbers, &options));

    assert!(plan.survey().records > 10_000);
    assert!(plan.rows().iter().any(|row| row.offset > 2 << 20), "places are spread over the blocks");
}
