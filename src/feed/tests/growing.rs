//! A log that grows, is damaged, is rotated.

use std::fs;
use std::io::Write;

use super::*;

const ROW: &str = r#""","13800000001","15400000001","from-trunk","<13800000001>","c","d","Dial","x","2026-11-25 11:25:23",,"2026-11-25 11:25:58",35,31,"ANSWERED","DOCUMENTATION""#;

/// A row whose called number ends in `n`.
fn row(n: u32) -> String {
    format!("{}\n", ROW.replace("15400000001", &format!("1540000{n:04}")))
}

fn log(rows: impl IntoIterator<Item = u32>) -> String {
    rows.into_iter().map(row).collect()
}

fn called(read: &Read) -> Vec<u32> {
    let last = |seen: &Observation| seen.called.as_ref().and_then(|called| called[7..].parse().ok());
    read.observations.iter().filter_map(last).collect()
}

struct Growing {
    folder: tempfile::TempDir,
    config: FeedConfig,
    cursor: String,
}

impl Growing {
    fn new(preset: Preset) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = file_feed(&folder.path().join("Master.csv"), preset);
        Self { folder, config, cursor: String::new() }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn append(&self, bytes: impl AsRef<[u8]>) {
        let file = fs::OpenOptions::new().create(true).append(true).open(self.path("Master.csv"));
        file.and_then(|mut file| file.write_all(bytes.as_ref())).expect("written");
    }

    fn pass(&mut self) -> Read {
        self.pass_at(early())
    }

    fn pass_at(&mut self, now: Timestamp) -> Read {
        let read = read_from(&self.config, &self.cursor, now);
        self.cursor.clone_from(&read.cursor);
        read
    }
}

#[test]
fn only_what_is_new_is_read() {
    let mut log_file = Growing::new(Preset::AsteriskCdrCsv);
    log_file.append(log(1..4));
    assert_eq!(called(&log_file.pass()), [1, 2, 3]);
    let nothing = log_file.pass();
    assert!(nothing.pass().not_modified && nothing.batches == 0);

    log_file.append(log(4..6));

    assert_eq!(called(&log_file.pass()), [4, 5]);
}

#[test]
fn half_a_line_waits_for_its_other_half() {
    let mut log_file = Growing::new(Preset::AsteriskCdrCsv);
    let text = log(1..3);
    log_file.append(&text[..text.len() - 20]);
    assert_eq!(called(&log_file.pass()), [1]);

    log_file.append(&text[text.len() - 20..]);

    assert_eq!(called(&log_file.pass()), [2]);
}

#[test]
fn a_last_line_that_stays_unterminated_is_taken_in_the_end() {
    let mut log_file = Growing::new(Preset::AsteriskCdrCsv);
    log_file.append(log(1..3).trim_end());

    assert_eq!(called(&log_file.pass_at(late())), [1, 2]);
}

#[test]
fn a_rotated_log_is_read_to_its_end_first() {
    let mut log_file = Growing::new(Preset::AsteriskCdrCsv);
    log_file.append(log(1..3));
    log_file.pass();
    log_file.append(log(3..5));
    fs::rename(log_file.path("Master.csv"), log_file.path("Master.csv.1")).expect("rotated");
    log_file.append(log(5..7));

    let read = log_file.pass();

    assert_eq!(called(&read), [3, 4, 5, 6]);
    assert!(read.pass().notes.is_empty());
}

#[test]
fn a_log_that_was_copied_and_truncated_is_read_to_its_end_first() {
    let mut log_file = Growing::new(Preset::AsteriskCdrCsv);
    log_file.append(log(1..9));
    log_file.pass();
    log_file.append(log(9..11));
    fs::copy(log_file.path("Master.csv"), log_file.path("Master.csv-20261125")).expect("copied");
    fs::write(log_file.path("Master.csv"), log(11..12)).expect("truncated");

    assert_eq!(called(&log_file.pass()), [9, 10, 11]);
}

#[test]
fn a_log_whose_old_part_is_gone_is_read_anew_and_says_so() {
    let mut log_file = Growing::new(Preset::AsteriskCdrCsv);
    log_file.append(log(1..5));
    log_file.pass();
    fs::write(log_file.path("Master.csv"), log(7..9)).expect("rewritten");

    let read = log_file.pass();

    assert_eq!(called(&read), [7, 8]);
    assert_eq!(read.pass().notes.len(), 1);
}

#[test]
fn batches_carry_cursors_that_go_on_anywhere() {
    let mut log_file = Growing::new(Preset::AsteriskCdrCsv);
    log_file.append(log(0..25));
    let mut cursors = Vec::new();
    let context = Context { batch_records: 10, ..Context::new(early(), Path::new("/")) };
    read(&log_file.config, "", &context, &mut |batch| {
        cursors.push((batch.records, batch.cursor));
        Ok(())
    })
    .expect("a pass");
    assert_eq!(cursors.iter().map(|(records, _)| *records).collect::<Vec<_>>(), [10, 10, 5]);

    log_file.cursor = cursors[0].1.clone();

    assert_eq!(called(&log_file.pass()), (10..25).collect::<Vec<_>>());
}

#[test]
fn a_sink_that_stops_ends_the_pass() {
    let log_file = Growing::new(Preset::AsteriskCdrCsv);
    log_file.append(log(0..3));

    let result =
        read(&log_file.config, "", &Context::new(early(), Path::new("/")), &mut |_| Err(Stop::new("disk full")));

    assert_eq!(result.expect_err("stopped").what, "disk full");
}

#[test]
fn a_header_is_known_to_later_passes() {
    let mut log_file = Growing::new(Preset::Tickets);
    log_file.append("工单号,来电时间,描述\n1,2026-11-25 11:25,甲\n");
    log_file.pass();

    log_file.append("2,2026-11-25 11:26,乙\n");

    assert_eq!(log_file.pass().observations[0].text.as_deref(), Some("乙"));
}

#[test]
fn damage_costs_only_what_is_damaged() {
    let mut log_file = Growing::new(Preset::AsteriskCdrCsv);
    log_file.append(row(1));
    log_file.append(b"\0\0\0\0\0\0\n");
    log_file.append("\"a\",\"b\"\n");
    log_file.append(row(2).replace("11:25:23", "11:75:23"));
    log_file.append(b"\"\xff\xff\xff\n");
    log_file.append(row(3).replace(",31,", ",99999999999,"));
    log_file.append(row(4).replace("\"DOCUMENTATION\"", "\"DOCUMENTATION"));
    log_file.append(vec![b'x'; 3 * 1024 * 1024]);
    log_file.append(format!("\n{}", row(5)));

    let read = log_file.pass();

    assert_eq!(called(&read), [1, 5]);
    let lines: Vec<_> = read.rejected.iter().filter_map(|rejected| rejected.fault.line).collect();
    assert_eq!(lines, [2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(read.rejected[6].raw.len(), RAW_CAP);
    assert_eq!(read.pass().records, 9);
    let second = &read.rejected[1];
    assert_eq!(second.raw, b"\"a\",\"b\"");
    let place = format!("record 3 (line 3, byte {}): expected 16 to 21 fields, found 2", row(1).len() + 7);
    assert!(second.fault.to_string().ends_with(&place), "{}", second.fault);
    for rejected in &read.rejected {
        assert!(!rejected.fault.to_string().contains("13800000001"), "no values in messages");
    }
}

#[test]
fn a_log_of_another_format_is_not_sent_to_quarantine() {
    let mut log_file = Growing::new(Preset::FreeswitchCsv);
    log_file.append(log(0..150));

    let read = log_file.pass();

    assert_eq!(read.batches, 0);
    assert!(read.fault().what.contains("expected 15 fields, found 16"), "{}", read.fault());
    log_file.config.format.preset = Preset::AsteriskCdrCsv;
    assert_eq!(log_file.pass().observations.len(), 150, "nothing was lost by the mistake");
}

#[test]
fn a_damaged_beginning_does_not_stop_a_log() {
    let mut log_file = Growing::new(Preset::AsteriskCdrCsv);
    log_file.append("damaged\n".repeat(50));
    log_file.append(row(1));
    log_file.append("damaged\n".repeat(200));

    let read = log_file.pass();

    assert_eq!((called(&read), read.rejected.len()), (vec![1], 250));
    assert_eq!(read.rejected[0].fault.line, Some(1));
}

#[test]
fn a_missing_file_is_named() {
    let fault = Growing::new(Preset::AsteriskCdrCsv).pass();

    assert!(fault.fault().file.as_deref().is_some_and(|file| file.ends_with("Master.csv")));
}

#[test]
fn a_damaged_cursor_is_no_fresh_start() {
    let mut log_file = Growing::new(Preset::AsteriskCdrCsv);
    log_file.append(row(1));
    log_file.cursor = "{".to_owned();

    assert!(log_file.pass().fault().what.contains("cursor"));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    /// The same with records that hold line breaks, in two encodings, and with
    /// quotes that are never closed.
    #[test]
    fn a_split_of_tickets_changes_nothing(at in 0_usize..600, kinds in proptest::collection::vec(0_u32..6, 1..8)) {
        let mut text = "工单号,来电时间,描述\n".as_bytes().to_vec();
        for kind in kinds {
            match kind {
                0 => text.extend_from_slice(b"1,2026-11-25 11:25,\"a\nb\"\r\n"),
                1 => text.extend_from_slice(b"2,2026-11-25 11:25,\xc0\xed\xc5\xe2\n"),
                2 => text.extend_from_slice(b"3,2026-11-25 11:25,\"open\n"),
                3 => text.extend_from_slice("工单号,来电时间,描述\n".as_bytes()),
                4 => text.extend_from_slice("4,2026-11-25 11:25,\"理赔 \"\"快\"\"\"\n".as_bytes()),
                _ => text.extend_from_slice(b",,\n"),
            }
        }
        let at = at.min(text.len());
        // In between the header itself may be cut.
        let mut whole = Growing::new(Preset::Tickets);
        whole.append(&text);
        let once = whole.pass();
        let mut split = Growing::new(Preset::Tickets);
        split.append(&text[..at]);
        let mut twice = split.pass();
        split.append(&text[at..]);
        let second = split.pass();
        twice.observations.extend(second.observations);
        twice.occurrences.extend(second.occurrences);
        twice.rejected.extend(second.rejected);

        proptest::prop_assert!(twice.pass.is_ok() && second.pass.is_ok());
        proptest::prop_assert_eq!(once.observations, twice.observations);
        proptest::prop_assert_eq!(once.rejected.len(), twice.rejected.len());
    }

    /// Two passes over a growing file see what one pass over all of it sees.
    #[test]
    fn a_split_at_any_byte_changes_nothing(at in 0_usize..1600, kinds in proptest::collection::vec(0_u32..6, 1..10)) {
        let mut text = Vec::new();
        for kind in kinds {
            match kind {
                0 => text.extend_from_slice(b"\n"),
                1 => text.extend_from_slice(b"\"broken\",\"\n"),
                2 => text.extend_from_slice("\"坏\"\r\n".as_bytes()),
                n => text.extend_from_slice(row(n).as_bytes()),
            }
        }
        let at = at.min(text.len());
        let mut whole = Growing::new(Preset::AsteriskCdrCsv);
        whole.append(&text);
        let once = whole.pass();
        let mut split = Growing::new(Preset::AsteriskCdrCsv);
        split.append(&text[..at]);
        let mut twice = split.pass();
        split.append(&text[at..]);
        let second = split.pass();
        twice.observations.extend(second.observations);
        twice.occurrences.extend(second.occurrences);
        twice.rejected.extend(second.rejected);

        proptest::prop_assert_eq!(once.observations, twice.observations);
        proptest::prop_assert_eq!(once.occurrences, twice.occurrences);
        let places = |read: &[Rejected]| read.iter().map(|rejected| (rejected.fault.line, rejected.fault.byte, rejected.raw.clone())).collect::<Vec<_>>();
        proptest::prop_assert_eq!(places(&once.rejected), places(&twice.rejected));
    }
}
