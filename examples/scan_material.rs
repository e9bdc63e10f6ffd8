//! Material for the benchmarks of `trapline scan`: an index of any number of
//! canaries without a registry, and a large export to search.
//!
//! ```text
//! scan_material index  CANARIES LINES OUT    makes OUT.index, OUT.key, OUT.numbers and OUT.phones
//! scan_material export BYTES CANARIES OUT    makes OUT; every 100,000th row is a canary of that index
//! ```
//!
//! Numbers are YT and 13 digits, in no order; even ones are canaries, odd ones
//! are other people's. Everything follows from fixed constants.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::time::Instant;

use jiff::Timestamp;
use trapline::key::MasterKey;
use trapline::scan::ScanKey;
use trapline::scan::index::{Canaries, Line, Source, build};

/// Canaries of one source.
const EACH: u64 = 1_000;

struct Made {
    canaries: u64,
    lines: u64,
}

/// Spreads serials over thirteen digits: a permutation of 44-bit numbers, walked
/// until it lands among them.
fn spread(serial: u64) -> u64 {
    const MASK: u64 = (1 << 44) - 1;
    let mut value = serial;
    loop {
        for _ in 0..3 {
            value = value.wrapping_mul(0x09e3_779b_97f5) & MASK;
            value ^= value >> 23;
        }
        if value < 10_000_000_000_000 {
            return value;
        }
    }
}

fn number(serial: u64) -> String {
    format!("YT{:013}", spread(serial))
}

/// 154 is no mobile prefix: nobody has such a phone.
fn line(place: u64) -> String {
    format!("154{:08}", place * 48_271 % 99_999_989)
}

impl Canaries for Made {
    fn sources(&self) -> Vec<Source> {
        let source = |place: u64| Source {
            epoch: "2026Q4".into(),
            account: format!("account-{place:06}"),
            batch: "day".into(),
            planted: Timestamp::UNIX_EPOCH,
            form: 0,
            first: 0,
            count: EACH.min(self.canaries - place * EACH) as u32,
        };
        (0..self.canaries.div_ceil(EACH)).map(source).collect()
    }

    fn numbers(&self, place: usize) -> Vec<String> {
        let from = place as u64 * EACH;
        (from..self.canaries.min(from + EACH)).map(|canary| number(2 * canary)).collect()
    }

    fn lines(&self) -> Vec<Line> {
        (0..self.lines)
            .map(|place| Line { digits: format!("86{}", line(place)), country: 2, id: place as i64 + 1 })
            .collect()
    }

    fn state(&self) -> String {
        String::new()
    }
}

fn index(canaries: u64, lines: u64, out: &str) -> Result<(), Box<dyn std::error::Error>> {
    let key = ScanKey::of(&MasterKey::from_bytes([7; 32]));
    let started = Instant::now();
    let bytes = build(&key, &Made { canaries, lines }, Timestamp::UNIX_EPOCH).map_err(|fault| fault.to_string())?;
    let seconds = started.elapsed().as_secs_f64();
    fs::write(format!("{out}.index"), &bytes)?;
    fs::write(format!("{out}.key"), key.to_file_text().as_bytes())?;
    let mut numbers = BufWriter::new(File::create(format!("{out}.numbers"))?);
    (0..canaries).try_for_each(|canary| writeln!(numbers, "{}", number(2 * canary)))?;
    let mut phones = BufWriter::new(File::create(format!("{out}.phones"))?);
    (0..lines).try_for_each(|place| writeln!(phones, "{}", line(place)))?;
    numbers.flush()?;
    phones.flush()?;
    println!("{canaries} canaries, {} bytes, built in {seconds:.2} s", bytes.len());
    Ok(())
}

fn export(size: u64, canaries: u64, out: &str) -> Result<(), Box<dyn std::error::Error>> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(out)?);
    let (mut written, mut row, mut ours) = (0, 0u64, 0u64);
    while written < size {
        let is_ours = row % 100_000 == 99_999;
        let number = if is_ours { number(2 * (row.wrapping_mul(7_919) % canaries)) } else { number(2 * row + 1) };
        let phone = if is_ours {
            line(ours % 2_000)
        } else {
            format!("139{:08}", row.wrapping_mul(2_654_435_761) % 100_000_000)
        };
        let text = format!(
            "{number},2020-11-{:02} {:02}:{:02}:{:02},李平跃,{phone},河北省邯郸市永年区临洺关镇{}号,服装,{}.{}\n",
            row % 30 + 1,
            row / 7 % 24,
            row / 11 % 60,
            row / 13 % 60,
            row % 400 + 1,
            row % 9 + 1,
            row % 10
        );
        file.write_all(text.as_bytes())?;
        written += text.len() as u64;
        ours += u64::from(is_ours);
        row += 1;
    }
    file.flush()?;
    println!("{written} bytes, {row} rows, {ours} of them canaries");
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |place: usize| args.get(place).and_then(|text| text.parse().ok());
    match (args.first().map(String::as_str), number(1), number(2), args.get(3)) {
        (Some("index"), Some(canaries), Some(lines), Some(out)) => index(canaries, lines, out),
        (Some("export"), Some(size), Some(canaries), Some(out)) => export(size, canaries, out),
        _ => Err("expected: index CANARIES LINES OUT, or export BYTES CANARIES OUT".into()),
    }
}
