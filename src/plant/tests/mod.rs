//! Planting as a whole: laws over made-up files of every dialect, excerpts of
//! real ones, and files that must be refused.

mod bad;
mod files;
mod habits;
pub(crate) mod laws;
mod seeds;
mod shared;

use super::*;
use crate::persona::Role;
use crate::record::Value;

const PHONE: ColumnRole = ColumnRole::Phone(Role::Recipient);
const NAME: ColumnRole = ColumnRole::Name(Role::Recipient);

/// The phone of canary `i`.
pub(crate) fn line(i: usize) -> String {
    format!("1640000{i:04}")
}

pub(crate) fn is_line(digits: &str) -> bool {
    digits.len() == 11 && (digits.starts_with("1640000") || digits.starts_with("1650000"))
}

/// Records with a name, a phone and a time between the neighbours'.
pub(crate) fn records(count: usize) -> Vec<Record> {
    let names = ["周惠", "欧阳小明", "王芳", "李\"大\"勇", "陈, 静"];
    (0..count)
        .map(|i| Record {
            values: vec![
                (ColumnRole::Number, Value::Text("YT0000000000000".into())),
                (ColumnRole::Time, Value::Between),
                (NAME, Value::Text(names[i % names.len()].into())),
                (PHONE, Value::Text(line(i))),
            ],
        })
        .collect()
}

pub(crate) fn numbers(from: u64, count: u64) -> Vec<(u64, String)> {
    (from..from + count).map(|serial| (serial, format!("YT{serial:013}"))).collect()
}

pub(crate) fn job<'a>(records: &'a [Record], numbers: &'a [(u64, String)], options: &'a Options) -> Job<'a> {
    Job { columns: &[], records, numbers, is_line: &is_line, place: [5; 32], shared: None, options }
}

/// Plants into `input` and returns plan, planted bytes and what is registered.
pub(crate) fn plant(input: &[u8], job: &Job<'_>) -> Result<(Plan, Vec<u8>, Woven), Fault> {
    let plan = plan(&BytesSource(input), job)?;
    let mut planted = Vec::new();
    let mut plain = Vec::new();
    std::io::Read::read_to_end(&mut BytesSource(input).open()?, &mut plain).expect("memory is readable");
    let woven = plan.weave(plain.as_slice(), &mut planted)?;
    Ok((plan, planted, woven))
}

/// Plants, and proves that the original comes back and that verify agrees.
pub(crate) fn plant_soundly(input: &[u8], job: &Job<'_>) -> (Plan, Vec<u8>) {
    let (plan, planted, woven) = plant(input, job).unwrap_or_else(|fault| panic!("{fault} (hint: {:?})", fault.hint));
    let mut original = Vec::new();
    strip(planted.as_slice(), &woven.rows, &mut original).expect("every row is in its place");
    assert!(original == input, "the original comes back");
    let survey = plan.survey();
    let verified =
        verify(planted.as_slice(), &woven.rows, &survey.input_hash, survey.input_bytes).expect("it is sound");
    assert_eq!(verified.output_hash, woven.rows.output_hash);
    assert_eq!(woven.rows.output_bytes, planted.len() as u64);
    assert_eq!(woven.rows.rows.len(), job.records.len());
    assert_eq!(woven.rows.shared, plan.shared());
    (plan, planted)
}

/// The bytes of each planted row, in index order.
fn rows<'b>(plan: &Plan, planted: &'b [u8]) -> Vec<&'b [u8]> {
    plan.rows().iter().map(|row| &planted[row.offset as usize..(row.offset + row.bytes) as usize]).collect()
}
