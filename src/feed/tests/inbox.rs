//! An inbox folder.

use std::fs;
use std::io::Write;

use super::*;

struct Inbox {
    folder: tempfile::TempDir,
    config: FeedConfig,
    cursor: String,
}

impl Inbox {
    fn new(preset: Preset) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = inbox_feed(folder.path(), preset);
        Self { folder, config, cursor: String::new() }
    }

    fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.folder.path().join(name), content).expect("written");
    }

    fn pass(&mut self) -> Read {
        let read = read_from(&self.config, &self.cursor, late());
        self.cursor.clone_from(&read.cursor);
        read
    }
}

fn texts(read: &Read) -> Vec<&str> {
    read.observations.iter().filter_map(|seen| seen.text.as_deref()).collect()
}

#[test]
fn each_file_is_read_once() {
    let mut inbox = Inbox::new(Preset::Text);
    inbox.put("b.txt", "two\n");
    inbox.put("a.txt", "one");
    assert_eq!(texts(&inbox.pass()), ["one", "two"]);
    let again = inbox.pass();
    assert!(again.pass().not_modified && again.batches == 0);

    inbox.put("c.txt", "three");

    assert_eq!(texts(&inbox.pass()), ["three"]);
}

#[test]
fn a_replaced_file_is_read_again_and_a_touched_one_is_not() {
    let mut inbox = Inbox::new(Preset::Text);
    inbox.put("a.txt", "one");
    inbox.pass();
    inbox.put("a.txt", "one");
    assert_eq!(inbox.pass().pass().records, 0);

    inbox.put("a.txt", "two");

    assert_eq!(texts(&inbox.pass()), ["two"]);
}

#[test]
fn a_file_that_is_still_written_waits() {
    let mut inbox = Inbox::new(Preset::Text);
    for name in [".hidden", "a.tmp", "b.part", "c.txt~"] {
        inbox.put(name, "half");
    }
    inbox.put("fresh.txt", "half");
    let SourceConfig::Inbox(source) = &mut inbox.config.source else { panic!("an inbox") };
    source.settle_seconds = 5;

    let written =
        fs::metadata(inbox.folder.path().join("fresh.txt")).and_then(|file| file.modified()).expect("written");
    let just_now = Timestamp::try_from(written).expect("a time");
    assert_eq!(read_from(&inbox.config, "", just_now).pass().records, 0);
    assert_eq!(texts(&inbox.pass()), ["half"]);
}

#[test]
fn only_the_suffix_counts_and_links_do_not() {
    let mut inbox = Inbox::new(Preset::Text);
    inbox.put("a.csv", "no");
    inbox.put("a.txt", "yes");
    std::os::unix::fs::symlink("/etc/hostname", inbox.folder.path().join("link.txt")).expect("a link");
    let SourceConfig::Inbox(source) = &mut inbox.config.source else { panic!("an inbox") };
    source.suffix = ".txt".to_owned();

    assert_eq!(texts(&inbox.pass()), ["yes"]);
}

#[test]
fn a_bad_file_is_reported_until_it_is_mended_and_the_others_are_read() {
    let mut inbox = Inbox::new(Preset::Tickets);
    let good = |id: &str| format!("工单号,来电时间,描述\n{id},2026-11-25 11:25,包裹{id}\n");
    inbox.put("a.csv", good("1"));
    inbox.put("b.csv", "<!DOCTYPE html><html><body>Please log in</body></html>");
    inbox.put("c.csv", good("3"));

    let read = inbox.pass();
    assert_eq!(texts(&read), ["包裹1", "包裹3"]);
    assert!(read.fault().what.contains("HTML"));
    assert!(read.fault().file.as_deref().is_some_and(|file| file.ends_with("b.csv")));
    let again = inbox.pass();
    assert!(again.observations.is_empty() && again.pass.is_err());

    inbox.put("b.csv", good("2"));

    let mended = inbox.pass();
    assert_eq!((texts(&mended), mended.pass.is_ok()), (vec!["包裹2"], true));
}

#[test]
fn packed_files_are_unpacked_up_to_the_cap() {
    let mut inbox = Inbox::new(Preset::Text);
    let gzip = |text: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text).and_then(|()| encoder.finish()).expect("packed")
    };
    inbox.put("a.gz", gzip(b"one"));
    inbox.put("b.zst", zstd::encode_all(&b"two"[..], 3).expect("packed"));
    inbox.put("bomb.gz", gzip(&vec![b'x'; 20 * 1024 * 1024]));
    inbox.put("cut.gz", &gzip(b"a line that is cut short")[..20]);

    let read = inbox.pass();

    assert_eq!(texts(&read), ["one", "two"]);
    assert!(
        read.fault().what.contains("at most 16777216 bytes") && read.fault().what.contains("1 more"),
        "{}",
        read.fault()
    );
}

#[test]
fn a_batch_within_a_file_does_not_say_that_the_file_is_done() {
    let mut inbox = Inbox::new(Preset::Text);
    inbox.put("a.txt", "one\ntwo\nthree\n");
    let mut first = None;
    let context = Context { batch_records: 2, ..Context::new(late(), Path::new("/")) };
    let result = read(&inbox.config, "", &context, &mut |batch| match first {
        None => {
            first = Some(batch.cursor);
            Ok(())
        }
        Some(_) => Err(Stop::new("killed")),
    });
    assert_eq!(result.expect_err("stopped").what, "killed");

    inbox.cursor = first.expect("a batch");

    let read = inbox.pass();
    assert_eq!(texts(&read), ["one", "two", "three"], "the same records with the same identities");
    assert_eq!(read.occurrences, [1, 1, 1]);
}

#[test]
fn one_bad_object_costs_itself_alone() {
    let mut inbox = Inbox::new(Preset::Json);
    inbox.put(
        "a.json",
        "[{\"called\": \"15400000001\"},\n{\"called\": tru},\n{\"called\": \"15400000002\"}]\n{\"called\": \"15400000003\"\n{\"called\": \"15400000004\"}",
    );
    let deep = format!("{}{}", "{\"a\":".repeat(5000), "}".repeat(5000));
    inbox.put("b.json", deep);

    let read = inbox.pass();

    let called: Vec<_> = read.observations.iter().filter_map(|seen| seen.called.as_deref()).collect();
    assert_eq!(called, ["15400000001", "15400000002", "15400000004"]);
    let lines: Vec<_> = read.rejected.iter().map(|rejected| (rejected.fault.record, rejected.fault.line)).collect();
    assert_eq!(lines, [(Some(2), Some(2)), (Some(4), Some(4)), (Some(1), Some(1))]);
}

#[test]
fn a_list_that_is_cut_short_says_so() {
    let mut inbox = Inbox::new(Preset::Json);
    inbox.put("a.json", "[{\"called\": \"15400000001\"},\n");

    let read = inbox.pass();

    assert_eq!((read.observations.len(), read.rejected.len()), (1, 1));
    assert!(read.rejected[0].fault.what.contains("cut short"));
}

#[test]
fn a_name_in_gbk_is_a_name() {
    let mut inbox = Inbox::new(Preset::Text);
    let name = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"\xb9\xa4\xb5\xa5.txt");
    fs::write(inbox.folder.path().join(name), "one").expect("written");

    assert_eq!(texts(&inbox.pass()), ["one"]);
    assert!(inbox.pass().pass().not_modified);
}

#[test]
fn big_records_make_small_batches() {
    let mut inbox = Inbox::new(Preset::Text);
    let line = "x".repeat(900_000);
    inbox.put("a.txt", [&*line; 16].join("\n"));
    inbox.put("b.txt", [&*line; 16].join("\n"));

    let read = inbox.pass();

    assert_eq!((read.observations.len(), read.batches), (32, 2));
}

#[test]
fn a_workbook_is_named() {
    let mut inbox = Inbox::new(Preset::Tickets);
    inbox.put("a.csv", b"PK\x03\x04\x14\0");
    inbox.put("b.csv", b"\n\n");

    let fault = inbox.pass();

    assert!(fault.fault().what.contains("Excel") && fault.fault().what.contains("1 more"), "{}", fault.fault());
}

#[test]
fn utf16_is_named() {
    let mut inbox = Inbox::new(Preset::Text);
    inbox.put("a.txt", b"\xff\xfea\0b\0");

    assert!(inbox.pass().fault().what.contains("UTF-16"));
}
