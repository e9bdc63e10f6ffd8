//! A row as text, as a statement, and compared; hits as lines of JSON.
//!
//! The first byte says what the rest is: a row in an encoding, or lines of
//! hits. Properties: reading a row never fails and shows what it counts; a
//! comparison speaks of every column of the canary once; what was read as a hit
//! is written and read again as the same.

use std::sync::OnceLock;

use encoding_rs::{BIG5, Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};
use trapline::canary::{Canary, Person};
use trapline::dump::HitLines;
use trapline::line::LineNumber;
use trapline::matcher::{Known, Matcher};
use trapline::persona::{Name, Persona, Place, Role};
use trapline::record::{ColumnRole, Record, Value, WaybillBlock};
use trapline::registry::{LineRow, LineUse, NewLine};
use trapline::rules::Triage;
use trapline::scan::compare::Comparison;
use trapline::scan::text::RowText;
use trapline::template::Template;
use trapline::vocabulary::Vocabulary;

const ENCODINGS: [Option<&Encoding>; 6] =
    [None, Some(UTF_8), Some(GB18030), Some(BIG5), Some(UTF_16LE), Some(UTF_16BE)];

pub(super) fn body(bytes: &[u8]) {
    let Some((&first, rest)) = bytes.split_first() else { return };
    match ENCODINGS.get(usize::from(first)) {
        Some(&encoding) => row(rest, encoding),
        None => hits(rest),
    }
}

fn row(bytes: &[u8], encoding: Option<&'static Encoding>) {
    let row = RowText::read(bytes, encoding);
    let cells: usize = row.cells().iter().map(String::len).sum();
    assert!(!row.cells().is_empty() && cells <= 4 * bytes.len() + 4, "a cell is what stands in the row");

    let comparison = Comparison::of(canary(), &row);
    let counts = comparison.counts;
    assert_eq!(counts.whole + counts.masked + counts.damaged + counts.absent, canary().record.values.len());
    for (_, remnant) in comparison.statements() {
        assert!(remnant.shown <= remnant.of, "no more is shown than there is");
    }

    let observation = matcher().row(&row);
    let hit = matcher().find(&observation);
    assert_eq!(hit, matcher().find(&observation), "the same row says the same");
}

fn hits(bytes: &[u8]) {
    let mut lines = HitLines::new("hits", bytes);
    while let Some(line) = lines.read().expect("memory can be read") {
        let Ok(line) = line else { continue };
        let text = serde_json::to_vec(&line).expect("plain data");
        let again = HitLines::new("again", &text[..]).read().expect("memory can be read");
        assert_eq!(again.and_then(Result::ok), Some(line));
    }
}

fn number(national: &str) -> LineNumber {
    LineNumber { country: 86, national: national.into(), extension: String::new() }
}

fn canary() -> &'static Canary {
    static CANARY: OnceLock<Canary> = OnceLock::new();
    CANARY.get_or_init(|| {
        let values = [
            ("number", "YT0000361829274"),
            ("recipient.name", "李平跃"),
            ("recipient.phone", "15433063750"),
            ("recipient.city", "邯郸市"),
            ("recipient.address", "河北省邯郸市永年区广府镇人民路5号紫荆苑16-1-710"),
            ("goods", "母婴用品"),
            ("weight", "0.52"),
        ];
        let role = |word: &str| -> ColumnRole { word.parse().expect("every word is a role") };
        let place = Place {
            province: "河北省".into(),
            city: "邯郸市".into(),
            district: "永年区".into(),
            town: "广府镇".into(),
            local: "人民路5号紫荆苑16-1-710".into(),
            full: "河北省邯郸市永年区广府镇人民路5号紫荆苑16-1-710".into(),
        };
        let name = Name { family: "李".into(), given: "平跃".into(), full: "李平跃".into() };
        let persona = Persona { name, place };
        Canary {
            index: 0,
            number: None,
            people: vec![Person { role: Role::Recipient, line: 0, number: number("15433063750"), persona }],
            record: Record { values: values.map(|(word, text)| (role(word), Value::Text(text.into()))).into() },
        }
    })
}

fn matcher() -> &'static Matcher<'static> {
    static MATCHER: OnceLock<Matcher<'static>> = OnceLock::new();
    MATCHER.get_or_init(|| {
        let template = Template::by_name("yto-express").expect("it is shipped").expect("it is sound");
        // As long as the process: there is one.
        let templates: &'static [Template] = vec![template].leak();
        let vocabulary: &'static Vocabulary<'_> = Box::leak(Box::new(Vocabulary::of(templates)));
        let blocks: &'static [&dyn WaybillBlock] = &vocabulary.blocks;
        let line = |(id, digits): (i64, &str)| LineRow {
            id,
            line: NewLine { number: number(digits), line_use: LineUse::Trap, demo: true },
        };
        let lines: Vec<LineRow> = (1..).zip(["15433063750", "15433063768", "15500001234"]).map(line).collect();
        let known = Known {
            lines: lines.leak(),
            blocks,
            lexicons: &vocabulary.lexicons,
            triage: Box::leak(Box::new(Triage::default())),
            caller_tag: &|_| String::new(),
        };
        Matcher::new(known).expect("a small index")
    })
}
