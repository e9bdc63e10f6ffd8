//! Laws over made-up files of every dialect.

use proptest::prelude::*;

use super::*;

/// A made-up file and what was put into it.
#[derive(Clone)]
pub(crate) struct Made {
    pub(crate) bytes: Vec<u8>,
    text: String,
    pub(crate) delimiter: char,
    rows: usize,
    by_number: bool,
    falling: bool,
    unterminated: bool,
}

/// Bytes make no readable counterexample; the text does.
impl std::fmt::Debug for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} by_number={} unterminated={}", self.text, self.by_number, self.unterminated)
    }
}

#[derive(Clone, Debug)]
struct Habits {
    delimiter: char,
    terminator: &'static str,
    quote_all: bool,
    gb: bool,
    bom: bool,
    by_number: bool,
    falling: bool,
    unterminated: bool,
}

fn habits() -> impl Strategy<Value = Habits> {
    let delimiter = prop::sample::select(vec![',', '\t', ';', '|']);
    let terminator = prop::sample::select(vec!["\n", "\r\n", "\r"]);
    (delimiter, terminator, any::<[bool; 6]>()).prop_map(
        |(delimiter, terminator, [quote_all, gb, bom, by_number, falling, unterminated])| Habits {
            delimiter,
            terminator,
            quote_all,
            gb,
            bom: bom && !gb,
            by_number,
            falling,
            unterminated,
        },
    )
}

/// Fields with everything that may go wrong: delimiters, quotes, line ends,
/// and characters whose second byte in GBK is a bar or a backslash (厊, 乗).
pub(crate) fn remark() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "备注", "a,b", "x|y", "t\tz", "5\"", "\"q\"", "\r\n", "\n", ";", "", "厊厊", "乗", " ",
    ]);
    prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

pub(crate) fn made() -> impl Strategy<Value = Made> {
    let row = (1u64..500, 1u64..5000, remark());
    (habits(), prop::collection::vec(row, 2..40)).prop_map(|(habits, rows)| write(&habits, &rows))
}

fn write(habits: &Habits, rows: &[(u64, u64, String)]) -> Made {
    let mut seconds = 0;
    let mut number = 1_000;
    let mut lines = Vec::new();
    for (i, (gap, late, remark)) in rows.iter().enumerate() {
        seconds += late;
        number = if habits.by_number { number + gap } else { 1_000 + (gap * 7919 + i as u64 * 104_729) % 100_000 };
        let clock = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
        let time = format!("2020-11-{:02} {:02}:{:02}:{:02}", 1 + seconds / 86_400, clock.0, clock.1, clock.2);
        let phone = format!("1380000{i:04}");
        lines.push(line_of(habits, &[&format!("YT{number:013}"), &time, "张三", &phone, remark]));
    }
    if habits.falling {
        lines.reverse();
    }
    let mut text = line_of(habits, &["运单号", "揽收时间", "收件人", "收件电话", "备注"]) + &lines.concat();
    if habits.unterminated {
        text.truncate(text.len() - habits.terminator.len());
    }
    let encoding = if habits.gb { Encoding::Gb18030 } else { Encoding::Utf8 };
    let mut bytes = if habits.bom { b"\xef\xbb\xbf".to_vec() } else { Vec::new() };
    bytes.extend_from_slice(&encoding.encode(&text).expect("both encodings hold Chinese"));
    Made {
        bytes,
        text,
        delimiter: habits.delimiter,
        rows: rows.len(),
        by_number: habits.by_number,
        falling: habits.falling,
        unterminated: habits.unterminated,
    }
}

fn line_of(habits: &Habits, fields: &[&str]) -> String {
    let write = |field: &&str| {
        let special = field.contains(['"', '\r', '\n', habits.delimiter]);
        if special || habits.quote_all { format!("\"{}\"", field.replace('"', "\"\"")) } else { (*field).to_owned() }
    };
    let fields: Vec<String> = fields.iter().map(write).collect();
    fields.join(&habits.delimiter.to_string()) + habits.terminator
}

/// Reads a planted file with a CSV library, as its receiver would.
fn parse(made: &Made, planted: &[u8]) -> Vec<Vec<String>> {
    let gb = std::str::from_utf8(&made.bytes).is_err();
    let text = if gb { Encoding::Gb18030 } else { Encoding::Utf8 }.decode(planted).into_owned();
    let mut reader = csv::ReaderBuilder::new().delimiter(made.delimiter as u8).from_reader(text.as_bytes());
    reader.records().map(|row| row.expect("rows are even").iter().map(str::to_owned).collect()).collect()
}

/// Numbers of which some are taken and some lie inside the run.
fn candidates() -> Vec<(u64, String)> {
    numbers(1_000, 60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn removing_the_planted_rows_gives_the_original(made in made(), count in 0usize..6) {
        let (records, options) = (records(count), Options::default());
        let numbers = candidates();

        let (plan, planted) = plant_soundly(&made.bytes, &job(&records, &numbers, &options));

        prop_assert_eq!(plan.survey().records, made.rows as u64);
        let again = plant(&made.bytes, &job(&records, &numbers, &options)).expect("it worked before");
        prop_assert_eq!(planted, again.1);
    }

    #[test]
    fn the_receiver_sees_the_canaries_among_unchanged_rows(made in made()) {
        let (records, options) = (records(4), Options::default());
        let numbers = candidates();

        let (plan, planted) = plant_soundly(&made.bytes, &job(&records, &numbers, &options));

        let seen = parse(&made, &planted);
        let ours = |row: &&Vec<String>| is_line(&row[3]);
        let real: Vec<Vec<String>> = seen.iter().filter(|row| !ours(row)).cloned().collect();
        prop_assert_eq!(real, parse(&made, &made.bytes));
        prop_assert_eq!(seen.iter().filter(ours).count(), 4);
        for (record, row) in records.iter().zip(plan.rows()) {
            let phone = record.text(&PHONE).expect("every record has one");
            let found = seen.iter().find(|seen| seen[3] == phone).expect("it was planted");
            prop_assert_eq!(&found[2], record.text(&NAME).expect("every record has one"));
            prop_assert_eq!(&found[0], &format!("YT{:013}", row.serial));
            prop_assert!(!made.text.contains(&found[0]), "a taken number is passed over");
            prop_assert_eq!(&row.context[0], &("time".to_owned(), found[1].clone()));
        }
        let ends_alike = planted.last() == made.bytes.last();
        prop_assert!(ends_alike || !made.unterminated);
    }

    #[test]
    fn a_sorted_file_stays_sorted(made in made()) {
        let (records, options) = (records(5), Options::default());
        let numbers = candidates();

        let (_, planted) = plant_soundly(&made.bytes, &job(&records, &numbers, &options));

        let seen = parse(&made, &planted);
        let wrong = |pair: &&[Vec<String>], column: usize| {
            if made.falling { pair[0][column] < pair[1][column] } else { pair[0][column] > pair[1][column] }
        };
        let breaks = |column: usize| seen.windows(2).filter(|pair| wrong(pair, column)).count();
        // Numbers beyond an unterminated end have only the place before it.
        let allowed = usize::from(made.unterminated);
        prop_assert_eq!(breaks(1), 0, "by time");
        prop_assert!(!made.by_number || breaks(0) <= allowed, "by number");
    }

    #[test]
    fn json_lines_stay_json(rows in prop::collection::vec((remark(), any::<String>(), any::<bool>()), 1..20), ascii in any::<bool>()) {
        let escapes = json::Escapes::learn(if ascii { b"\\u4e2d" } else { b"" });
        let object = |(i, (remark, any, deep)): (usize, &(String, String, bool))| {
            let (remark, any) = (escapes.escape(remark), escapes.escape(any));
            let to = format!("\"receiver_name\":\"张三\", \"receiver_phone\" : \"1380000{i:04}\",\"x\":\"{remark}\"");
            let to = if ascii { to.replace("张三", &escapes.escape("张三")) } else { to };
            if *deep { format!("{{{to}, \"y\": [\"{any}\", {{\"z\":1}}]}}\n") } else { format!("{{\"y\":\"{any}\",{to}}}\n") }
        };
        let input: String = rows.iter().enumerate().map(object).collect();
        let (records, options) = (records(3), Options::default());

        let (plan, planted) = plant_soundly(input.as_bytes(), &job(&records, &[], &options));

        prop_assert_eq!(plan.survey().ragged.count, 0);
        for (record, row) in records.iter().zip(super::rows(&plan, &planted)) {
            let row: serde_json::Value = serde_json::from_slice(row).expect("planted rows are JSON");
            prop_assert_eq!(row["receiver_name"].as_str(), record.text(&NAME));
            prop_assert_eq!(row["receiver_phone"].as_str(), record.text(&PHONE));
        }
    }

    #[test]
    fn verify_notices_any_change(made in made(), place in any::<prop::sample::Index>(), bit in 0u8..8) {
        let (records, options) = (records(3), Options::default());
        let numbers = candidates();
        let (plan, planted, woven) = plant(&made.bytes, &job(&records, &numbers, &options)).expect("a regular file");
        let survey = plan.survey();
        let check = |bytes: &[u8]| verify(bytes, &woven.rows, &survey.input_hash, survey.input_bytes);

        let mut flipped = planted.clone();
        flipped[place.index(planted.len())] ^= 1 << bit;
        prop_assert!(check(&flipped).is_err());

        let row = &woven.rows.rows[place.index(3)];
        let mut removed = planted.clone();
        removed.drain(row.offset as usize..(row.offset + row.bytes) as usize);
        prop_assert!(check(&removed).is_err());

        prop_assert!(check(&planted[..place.index(planted.len())]).is_err());
        prop_assert!(check(&[planted.as_slice(), b"x"].concat()).is_err());
        prop_assert!(check(&made.bytes).is_err());
    }
}

#[test]
fn another_key_gives_other_places() {
    let text: String = (0..200).map(|i| format!("{i},张三,1380000{i:04}\n")).collect();
    let input = format!("序号,收件人,收件电话\n{text}");
    let (records, options) = (records(3), Options::default());
    let job = job(&records, &[], &options);

    let (one, _) = plant_soundly(input.as_bytes(), &job);
    let (other, _) = plant_soundly(input.as_bytes(), &Job { place: [6; 32], ..job });

    let places = |plan: &Plan| plan.rows().iter().map(|row| row.offset).collect::<Vec<_>>();
    assert_ne!(places(&one), places(&other));
}
