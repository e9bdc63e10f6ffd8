//! Each preset reads its file, and says so when it is given another.

use super::*;
use crate::observation::Kind;

fn pass(name: &str, preset: Preset) -> Read {
    read_from(&file_feed(&data(name), preset), "", late())
}

fn pass_with(name: &str, preset: Preset, change: impl FnOnce(&mut FeedConfig)) -> Read {
    let mut config = file_feed(&data(name), preset);
    change(&mut config);
    read_from(&config, "", late())
}

/// Caller, called, seconds and time of an observation.
fn call(seen: &Observation) -> (&str, &str, Option<u32>, String) {
    let at = seen.at.map(|at| at.to_string()).unwrap_or_default();
    (seen.caller.as_deref().unwrap_or(""), seen.called.as_deref().unwrap_or(""), seen.seconds, at)
}

const FIRST: (&str, &str, Option<u32>) = ("13800000001", "15400000001", Some(31));

fn assert_first(seen: &Observation) {
    let (caller, called, seconds, at) = call(seen);
    assert_eq!((caller, called, seconds), FIRST);
    assert_eq!(at, "2026-11-25T03:25:23Z");
    assert_eq!(seen.kind, Kind::Call);
}

#[test]
fn asterisk_cdr_csv_is_read() {
    let read = pass("asterisk_cdr_csv.csv", Preset::AsteriskCdrCsv);

    assert_first(&read.observations[0]);
    assert_eq!(read.observations[0].text.as_deref(), Some("claims desk: parcel lost"));
    assert_eq!(call(&read.observations[1]).2, Some(0), "an unanswered call lasts no seconds");
    assert_eq!(read.observations[1].native_id, None, "a uniqueid alone may stand for several legs");
    assert_eq!(read.pass().records, 2);
}

#[test]
fn asterisk_cdr_csv_has_many_widths() {
    let short = pass("asterisk_cdr_csv_16.csv", Preset::AsteriskCdrCsv);
    let long = pass("asterisk_cdr_csv_21.csv", Preset::AsteriskCdrCsv);

    assert_first(&short.observations[0]);
    assert_first(&long.observations[0]);
    let ids: Vec<_> = long.observations.iter().filter_map(|seen| seen.native_id.as_deref()).collect();
    assert_eq!(ids, ["1795577123.1/1", "1795577123.1/2"], "two legs of a call are two records");
}

#[test]
fn asterisk_cdr_custom_is_read() {
    let read = pass("asterisk_cdr_custom.csv", Preset::AsteriskCdrCustom);

    assert_first(&read.observations[0]);
    assert_eq!(read.observations[0].native_id.as_deref(), Some("1795577123.1/7"));
    assert_eq!(read.observations.len(), 2);
}

#[test]
fn the_other_asterisk_file_is_named() {
    let custom = pass("asterisk_cdr_custom.csv", Preset::AsteriskCdrCsv);
    let csv = pass("asterisk_cdr_csv.csv", Preset::AsteriskCdrCustom);

    assert!(custom.fault().what.contains("preset asterisk-cdr-custom"), "{}", custom.fault());
    assert!(csv.fault().what.contains("preset asterisk-cdr-csv"), "{}", csv.fault());
    assert_eq!((custom.batches, csv.batches), (0, 0), "nothing of it is taken, and the cursor stays");
}

#[test]
fn freepbx_takes_the_dialled_number() {
    let read = pass("freepbx.csv", Preset::Freepbx);

    assert_first(&read.observations[0]);
    assert_eq!(call(&read.observations[1]).1, "15400000002", "without a did, dst is what was dialled");
}

#[test]
fn freeswitch_csv_is_read_also_after_excel() {
    let read = pass("freeswitch.csv", Preset::FreeswitchCsv);
    let excel = pass("freeswitch_excel.csv", Preset::FreeswitchCsv);

    assert_first(&read.observations[0]);
    assert_eq!(read.observations[0].native_id.as_deref(), Some("0a1b2c3d-0000-4000-8000-000000000001"));
    assert_eq!(call(&excel.observations[0]).3, "2020-02-10T14:41:00Z");
    assert_eq!(excel.observations[1].called.as_deref(), Some("&"), "values stay as written");
}

#[test]
fn a_caller_cannot_name_himself_out_of_a_freeswitch_record() {
    let text = std::fs::read_to_string(data("freeswitch.csv")).expect("test data");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("Master.csv");
    let more_columns = text.replacen("\"PCMU\"\n", "\"PCMU\",\"extra\"\n", 1);
    let name = text.replacen("\"Wang\"", "\"Wang\",\"13811111111\",\"15411111111\"", 1);

    std::fs::write(&path, name).expect("written");
    let read = read_from(&file_feed(&path, Preset::FreeswitchCsv), "", late());
    std::fs::write(&path, more_columns).expect("written");
    let other = read_from(&file_feed(&path, Preset::FreeswitchCsv), "", late());

    assert_first(&read.observations[0]);
    assert_eq!(read.observations.len(), 2);
    assert_eq!((other.rejected.len(), other.observations.len()), (1, 1), "another template is not guessed at");
}

#[test]
fn freeswitch_json_is_read_from_its_oldest_profile() {
    let read = read_from(&inbox_with("freeswitch.json", Preset::FreeswitchJson).1, "", late());

    let (caller, called, seconds, at) = call(&read.observations[0]);
    assert_eq!((caller, called, seconds), ("+8613800000001", "15400000001", Some(31)));
    assert_eq!(at, "2026-11-25T03:25:23.534355Z");
    let (caller, called, seconds, at) = call(&read.observations[1]);
    assert_eq!((caller, called, seconds), ("13800000002", "15400000002", None));
    assert_eq!(at, "2026-11-25T03:26:00.278217Z");
}

/// An inbox that holds one file of the test data.
fn inbox_with(name: &str, preset: Preset) -> (tempfile::TempDir, FeedConfig) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::copy(data(name), folder.path().join(name)).expect("a copy");
    let config = inbox_feed(folder.path(), preset);
    // The folder must outlive the pass: it is handed to the caller.
    (folder, config)
}

#[test]
fn twilio_calls_are_read_once_they_are_over() {
    let read = pass("twilio_calls.json", Preset::TwilioCalls);

    assert_eq!(read.observations.len(), 1);
    assert_eq!(call(&read.observations[0]).1, "+12025550143");
    assert_eq!(call(&read.observations[0]).3, "2026-11-25T03:25:23Z");
    assert_eq!(read.observations[0].native_id.as_deref(), Some("CA00000000000000000000000000000001"));
    assert_eq!(read.pass().skipped, 1, "the ringing one comes again");
    assert_eq!(read.rejected.len(), 1, "a date that is none is not guessed");
    assert!(read.rejected[0].raw.starts_with(b"{"));
}

#[test]
fn tickets_are_read_in_every_encoding() {
    for name in ["tickets_zh.csv", "tickets_gbk.csv", "tickets_bom.csv"] {
        let read = pass(name, Preset::Tickets);
        let seen = &read.observations[0];

        assert_eq!(seen.kind, Kind::Report, "{name}");
        assert_eq!(seen.native_id.as_deref(), Some("GD0001"), "{name}");
        assert_eq!(seen.asked_name.as_deref(), Some("王女士"), "{name}");
        assert_eq!(seen.number.as_deref(), Some("YT8811223344556"), "{name}");
        assert_eq!(seen.caller.as_deref(), Some("13800000001"), "{name}");
        let text = seen.text.as_deref().unwrap_or("");
        assert!(text.starts_with("理赔\n来电称") && text.contains("办理退款"), "{name}: {text}");
        assert_eq!(call(&read.observations[1]).3, "2026-11-25T03:30:00Z", "{name}");
    }
}

#[test]
fn english_tickets_are_read() {
    let read = pass("tickets_en.csv", Preset::Tickets);

    let seen = &read.observations[0];
    assert_eq!(seen.asked_name.as_deref(), Some("Mrs Wang"));
    assert_eq!(seen.number.as_deref(), Some("1Z 999 AA1 01 2345 6784"));
    assert_eq!(seen.text.as_deref(), Some("Refund\nSaid the parcel was \"lost\""));
}

#[test]
fn a_generic_table_is_read_by_mapping() {
    let read = pass_with("generic.csv", Preset::Csv, |config| {
        config.format.delimiter = Some(';');
        config.format.columns.insert(Target::At, Column::Name("Call_Begin".into()));
        config.format.columns.insert(Target::Text, Column::Index(5));
    });

    assert_first(&read.observations[0]);
    assert_eq!(read.observations[0].text.as_deref(), Some("asked for Mr Wang"));
    assert_eq!(read.observations[1].text, None);
}

#[test]
fn a_wrong_delimiter_or_column_is_named() {
    let comma = pass("generic.csv", Preset::Csv);
    let column = pass_with("generic.csv", Preset::Csv, |config| {
        config.format.delimiter = Some(';');
        config.format.columns.insert(Target::Number, Column::Name("waybills".into()));
    });

    assert!(comma.fault().hint.as_deref().is_some_and(|hint| hint.contains("format.delimiter")));
    assert_eq!(column.fault().field.as_deref(), Some("format.columns.number"));
}

#[test]
fn generic_json_lines_are_read_by_paths() {
    let read = pass_with("generic.jsonl", Preset::Jsonl, |config| {
        for (target, path) in [
            (Target::Caller, "call.from"),
            (Target::Called, "call.to.0"),
            (Target::At, "call.at"),
            (Target::Seconds, "call.talk"),
            (Target::Text, "note"),
        ] {
            config.format.columns.insert(target, Column::Name(path.into()));
        }
    });

    assert_first(&read.observations[0]);
    assert_eq!(read.rejected.len(), 1, "the second record has no time");
    assert_eq!((read.rejected[0].fault.record, read.rejected[0].fault.line), (Some(2), Some(2)));
}

#[test]
fn generic_json_is_read_in_its_envelope() {
    let read = pass_with("generic.json", Preset::Json, |config| config.format.records = Some("data.items".into()));
    let missing = pass_with("generic.json", Preset::Json, |config| config.format.records = Some("items".into()));

    assert_eq!(read.observations[0].native_id.as_deref(), Some("7"));
    assert_eq!(read.observations[0].asked_name.as_deref(), Some("王芳"));
    assert!(missing.fault().what.contains("array of records"));
}

#[test]
fn free_text_is_lines_paragraphs_or_a_file() {
    let lines = pass("reports_zh.txt", Preset::Text);
    let paragraphs = pass_with("reports_en.txt", Preset::Text, |config| config.format.unit = TextUnit::Paragraph);
    let file = pass_with("reports_en.txt", Preset::Text, |config| config.format.unit = TextUnit::File);

    assert_eq!(lines.observations.len(), 2);
    assert_eq!(lines.observations[1].text.as_deref(), Some("15400000001*您的快递丢失，请联系理赔"));
    assert_eq!(lines.observations[0].at, None, "a text has no time of its own");
    assert_eq!(paragraphs.observations.len(), 2);
    assert!(paragraphs.observations[0].text.as_deref().is_some_and(|text| text.contains("\nThey knew")));
    assert_eq!(file.observations.len(), 1);
}

#[test]
fn an_access_log_gives_lookups() {
    let read = pass_with("access.log", Preset::AccessLog, |config| {
        config.format.exclude_agents = vec!["Uptime".into()];
    });

    let numbers: Vec<_> = read.observations.iter().filter_map(|seen| seen.number.as_deref()).collect();
    assert_eq!(numbers, ["YT8811223344556", "YT8811223344557"]);
    assert_eq!(read.observations[0].kind, Kind::Lookup);
    assert_eq!(read.observations[0].caller.as_deref(), Some("203.0.113.9"));
    assert_eq!(read.occurrences, [1, 2], "two look-ups in one line have two identities");
    assert_eq!(read.pass().skipped, 3);
}

#[test]
fn a_preset_with_local_times_needs_a_zone() {
    let read = pass_with("asterisk_cdr_csv.csv", Preset::AsteriskCdrCsv, |config| config.time_zone = None);

    assert_eq!(read.fault().field.as_deref(), Some("time_zone"));
}

#[test]
fn a_configuration_is_read_strictly() {
    let good = "name: pbx\nsource: {kind: file, path: a.csv}\nformat: {preset: tickets, encoding: gbk, columns: {called: [被叫, line], text: 7}}\ntime_zone: '+08:00'\n";
    let config: FeedConfig = serde_yaml::from_str(good).expect("a feed");

    assert_eq!((config.check(), config.silent_after_hours), (Ok(()), 24));
    for typo in [
        good.replace("preset", "presett"),
        good.replace("path: a.csv", "path: a.csv, sufix: x"),
        good.replace("called:", "calld:"),
        good.replace("tickets", "ticket"),
        good.replace("time_zone:", "timezone:"),
    ] {
        assert!(serde_yaml::from_str::<FeedConfig>(&typo).is_err(), "{typo}");
    }
}

#[test]
fn the_example_in_the_documentation_is_a_configuration() {
    let page = include_str!("../../../docs/formats/feeds.md");
    let example = page.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    // The machine that tests may lack the system's tzdata.
    let example = example.replace("Asia/Shanghai", "'+08:00'");

    let mut parsed: std::collections::BTreeMap<String, Vec<FeedConfig>> =
        serde_yaml::from_str(&example).expect("valid YAML");
    let feeds = parsed.remove("feeds").expect("feeds");

    assert_eq!(feeds.len(), 3);
    for feed in &feeds {
        assert_eq!(feed.check(), Ok(()), "{}", feed.name);
        let text = serde_yaml::to_string(feed).expect("written");
        assert_eq!(&serde_yaml::from_str::<FeedConfig>(&text).expect("read back"), feed);
    }
}

#[test]
fn a_setting_that_the_preset_ignores_is_refused() {
    let mut config = file_feed(Path::new("a"), Preset::AsteriskCdrCsv);
    config.format.delimiter = Some(';');

    assert_eq!(config.check().expect_err("unused").field.as_deref(), Some("format.delimiter"));
}
