//! What a planted row takes over from the file that it goes into.

use super::*;

fn plant_text(input: &str, records: &[Record], numbers: &[(u64, String)], options: &Options) -> (Plan, Vec<String>) {
    let (plan, planted) = plant_soundly(input.as_bytes(), &job(records, numbers, options));
    let texts = rows(&plan, &planted).into_iter().map(|row| String::from_utf8_lossy(row).into_owned()).collect();
    (plan, texts)
}

fn one(values: &[(&str, &str)]) -> Vec<Record> {
    let value =
        |(role, text): &(&str, &str)| (role.parse().expect("every word is a role"), Value::Text((*text).into()));
    vec![Record { values: values.iter().map(value).collect() }]
}

#[test]
fn a_masked_export_is_planted_masked_and_says_so() {
    let input =
        "收件人,收件电话,地址\n张*,138****0001,河北省邯郸市永年区********\n李*,139****0002,广东省清远市********\n";
    let records = one(&[
        ("recipient.name", "王小明"),
        ("recipient.phone", "16400000001"),
        ("recipient.address", "河北省邯郸市丛台区人民路12号楼3单元"),
    ]);

    let (plan, rows) = plant_text(input, &records, &[], &Options::default());

    assert_eq!(rows, ["王*,164****0001,河北省邯郸市丛台区人民********\n"]);
    assert!(plan.survey().is_weakened());
    assert_eq!(plan.survey().hints.iter().filter(|hint| hint.contains("weaker")).count(), 3);
}

#[test]
fn tabs_and_quotes_around_values_are_kept() {
    let input = "\"运单号\",\"收件人\",\"收件电话\"\n\"YT1\t\",\"张三\",\"13800000001\t\"\n\"YT2\t\",\"李四\",\"13800000002\t\"\n";
    let records = one(&[("recipient.name", "王明"), ("recipient.phone", "16400000001")]);

    let (_, rows) = plant_text(input, &records, &[(1, "YT9".into())], &Options::default());

    assert_eq!(rows, ["\"YT9\t\",\"王明\",\"16400000001\t\"\n"]);
}

#[test]
fn a_formula_around_a_number_is_written_as_the_file_writes_it() {
    let input = "收件人,收件电话\n张三,=\"13800000001\"\n李四,=\"13800000002\"\n";
    let records = one(&[("recipient.name", "王明"), ("recipient.phone", "16400000001")]);

    let (_, rows) = plant_text(input, &records, &[], &Options::default());

    assert_eq!(rows, ["王明,=\"16400000001\"\n"]);
}

#[test]
fn a_whole_address_is_put_together_from_parts() {
    let input = "姓名,电话,地址\n张三,13800000001,河北省邯郸市永年区城关镇1号\n李四,13800000002,北京市海淀区2号\n";
    let records = one(&[
        ("recipient.name", "王明"),
        ("recipient.phone", "16400000001"),
        ("recipient.province", "北京市"),
        ("recipient.city", "北京市"),
        ("recipient.district", "海淀区"),
        ("recipient.town", "马连洼街道"),
        ("recipient.local", "竹园8号"),
    ]);

    let (_, rows) = plant_text(input, &records, &[], &Options::default());

    assert_eq!(rows, ["王明,16400000001,北京市海淀区马连洼街道竹园8号\n"]);
}

#[test]
fn parts_without_a_column_of_their_own_go_into_the_address() {
    let input = "姓名,电话,收件省,收件市,收件地址\n张三,13800000001,河北省,邯郸市,永年区城关镇1号\n李四,13800000002,广东省,清远市,清城区2号\n";
    let whole = input.replace("永年区", "河北省邯郸市永年区").replace("清城区", "广东省清远市清城区");
    let records = one(&[
        ("recipient.name", "王明"),
        ("recipient.phone", "16400000001"),
        ("recipient.province", "江苏省"),
        ("recipient.city", "镇江市"),
        ("recipient.district", "丹徒区"),
        ("recipient.local", "辛丰镇777号"),
    ]);

    let (_, parts) = plant_text(input, &records, &[], &Options::default());
    let (_, repeated) = plant_text(&whole, &records, &[], &Options::default());

    assert_eq!(parts, ["王明,16400000001,江苏省,镇江市,丹徒区辛丰镇777号\n"]);
    assert_eq!(repeated, ["王明,16400000001,江苏省,镇江市,江苏省镇江市丹徒区辛丰镇777号\n"]);
}

#[test]
fn a_western_address_is_put_together_from_narrow_to_wide() {
    let input = "Name,Phone,Address\nAnn Lee,907-555-0100,\"1129 I Street, Anchorage, AK 99501\"\nBob Ray,907-555-0101,\"1 C Street, Anchorage, AK 99503\"\n";
    let records = one(&[
        ("recipient.name", "Cy Fox"),
        ("recipient.phone", "9075550199"),
        ("recipient.province", "AK"),
        ("recipient.city", "Anchorage"),
        ("recipient.town", "99501"),
        ("recipient.local", "117 East Cook Avenue"),
    ]);

    let (_, rows) = plant_text(input, &records, &[], &Options::default());

    assert_eq!(rows, ["Cy Fox,907-555-0199,\"117 East Cook Avenue, Anchorage, AK 99501\"\n"]);
}

#[test]
fn a_second_phone_column_is_filled_only_where_the_file_fills_it() {
    let input = "收件人,收件人手机,收件人电话\n张三,13800000001,\n李四,13800000002,\n";
    let both = "收件人,收件人手机,收件人电话\n张三,13800000001,13800000001\n李四,13800000002,13800000002\n";
    let records = one(&[("recipient.name", "王明"), ("recipient.phone", "16400000001")]);

    assert_eq!(plant_text(input, &records, &[], &Options::default()).1, ["王明,16400000001,\n"]);
    assert_eq!(plant_text(both, &records, &[], &Options::default()).1, ["王明,16400000001,16400000001\n"]);
}

#[test]
fn a_file_without_header_is_mapped_by_number_or_by_the_templates_order() {
    let input = "YT1,张三,13800000001\nYT2,李四,13800000002\n";
    let records = one(&[("recipient.name", "王明"), ("recipient.phone", "16400000001")]);
    let options = Options { map: vec![(NAME, "2".into()), (PHONE, "3".into())], ..Options::default() };
    let spec = |role: ColumnRole| ColumnSpec { role, header: "-".into(), aliases: Vec::new() };
    let columns = [spec(ColumnRole::Number), spec(NAME), spec(PHONE)];

    let (plan, mapped) = plant_text(input, &records, &[], &options);
    let by_order = Job { columns: &columns, ..job(&records, &[], &Options::default()) }.plan_of(input);

    assert!(!plan.survey().header);
    assert!(mapped[0].ends_with(",王明,16400000001\n"), "{mapped:?}");
    assert!(by_order.survey().columns.iter().all(|column| column.found == Found::Position));
}

impl Job<'_> {
    fn plan_of(&self, input: &str) -> Plan {
        plan(&BytesSource(input.as_bytes()), self).unwrap_or_else(|fault| panic!("{fault}"))
    }
}

#[test]
fn real_rows_that_hold_a_line_are_named_but_not_shown() {
    let input = "收件人,收件电话,备注\n张三,13800000001,\n李四,164-0000-0007,\n王五,13800000003,电联16400000009\n";
    let records = one(&[("recipient.name", "王明"), ("recipient.phone", "16400000001")]);

    let (plan, _) = plant_text(input, &records, &[], &Options::default());

    let survey = plan.survey();
    assert_eq!((survey.line_records, survey.line_record_numbers.as_slice()), (2, &[2, 3][..]));
    assert!(!format!("{survey:?}").contains("16400000009"));
}

#[test]
fn collisions_are_counted_and_spares_run_out_with_a_way_out() {
    let input = "运单号,收件人,收件电话\nyt5,张三,13800000001\nYT3,李四,13800000002\nYT4,王五,13800000003\n";
    let records = one(&[("recipient.name", "王明"), ("recipient.phone", "16400000001")]);
    let options = Options::default();
    let candidates = [(5, "YT5".into()), (4, "YT4".into()), (8, "YT8".into())];

    let (plan, rows) = plant_text(input, &records, &candidates, &options);
    let fault = plan_fault(input, &job(&records, &candidates[..2], &options));

    assert_eq!((plan.survey().collisions, plan.rows()[0].serial), (2, 8));
    assert!(rows[0].starts_with("YT8,"), "{rows:?}");
    assert!(fault.what.contains("found 0 among 2 candidates") && fault.hint.is_some(), "{fault}");
}

#[test]
fn numbers_outside_of_a_sorted_run_are_reported() {
    let input = "运单号,收件人,收件电话\nYT500,张三,13800000001\nYT600,李四,13800000002\n";
    let (records, options) = (records(3), Options::default());
    let candidates: Vec<(u64, String)> = (1..9).map(|serial| (serial, format!("YT{serial:03}"))).collect();

    let (plan, rows) = plant_text(input, &records, &candidates, &options);

    assert!(plan.survey().hints.iter().any(|hint| hint.contains("reserve numbers inside its run")));
    assert!(rows.iter().map(|row| &row[..5]).is_sorted());
}

#[test]
fn a_time_of_the_templates_own_is_written_as_the_column_writes() {
    let input = "收件人,收件电话,下单时间\n张三,13800000001,2020/2/10 22:41\n李四,13800000002,2020/2/9 8:05\n王五,13800000003,2020/3/1 9:00\n";
    let sorted = "收件人,收件电话,下单时间\n张三,13800000001,2020/2/10 22:41\n李四,13800000002,2020/2/10 22:43\n";
    let records =
        one(&[("recipient.name", "王明"), ("recipient.phone", "16400000001"), ("time", "2020-11-01 09:01:06")]);

    assert_eq!(plant_text(input, &records, &[], &Options::default()).1, ["王明,16400000001,2020/11/1 9:01\n"]);
    let (plan, rows) = plant_text(sorted, &records, &[], &Options::default());
    assert!(rows[0].contains("2020/2/10 22:4"), "{rows:?}");
    assert_eq!(plan.rows()[0].context.len(), 1, "a time between the neighbours' is the file's");
}

#[test]
fn an_end_without_line_end_stays_the_end() {
    for input in ["收件人,收件电话\r\n张三,13800000001\r\n李四,13800000002\r", "收件人,收件电话\n张三,13800000001"]
    {
        let records = records(9);
        let options = Options::default();

        let (plan, planted) = plant_soundly(input.as_bytes(), &job(&records, &[], &options));

        assert!(plan.survey().unterminated);
        assert!(planted.ends_with(&input.as_bytes()[input.len() - 16..]));
    }
}

#[test]
fn a_secret_is_in_no_debug_message() {
    let input = "收件人,收件电话\n张三,13800000001\n李四,13800000002\n";
    let (records, options) = (one(&[("recipient.phone", "16400000001")]), Options::default());

    let (plan, _, woven) = plant(input.as_bytes(), &job(&records, &[], &options)).expect("a regular file");

    let shown = format!("{plan:?} {woven:?}");
    assert!(!shown.contains("16400000001") && !shown.contains("1380000000"), "{shown}");
}

#[test]
fn a_made_up_phone_is_refused() {
    let input = "收件人,收件电话,寄件电话\n张三,13800000001,13800000002\n";
    let mut records = one(&[("recipient.phone", "16400000001")]);
    records[0].values.push((ColumnRole::Phone(Role::Sender), Value::Between));

    let fault = plan_fault(input, &job(&records, &[], &Options::default()));

    assert_eq!(fault.field.as_deref(), Some("sender.phone"));
}

#[test]
fn an_input_that_changes_between_the_passes_is_noticed() {
    let input = "收件人,收件电话\n张三,13800000001\n李四,13800000002\n";
    let (records, options) = (one(&[("recipient.phone", "16400000001")]), Options::default());
    let plan = job(&records, &[], &options).plan_of(input);

    for other in [input.replace("李四", "李五"), input.replace("李四", "李"), format!("{input}x")] {
        assert!(plan.weave(other.as_bytes(), std::io::sink()).expect_err("it changed").what.contains("surveyed"));
    }
}

fn plan_fault(input: &str, job: &Job<'_>) -> Fault {
    plan(&BytesSource(input.as_bytes()), job).expect_err("it must be refused")
}
