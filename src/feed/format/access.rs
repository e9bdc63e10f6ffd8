//! Access logs: look-ups of waybills on the tracking page.
//!
//! ```text
//! 203.0.113.9 - - [25/Nov/2026:11:25:23 +0800] "GET /track?no=YT8811%2C22 HTTP/1.1" 200 512 "-" "Mozilla/5.0"
//! ```
//!
//! A look-up of a canary's number is the earliest hit there is. The status is not
//! looked at: the tracking page knows no canary, and a look-up of one ends in
//! "not found". Bodies of POST requests are not in such a log.

use std::net::IpAddr;

use super::super::config::FormatConfig;
use super::super::mapping::{self, Target};
use super::super::times::Times;
use crate::fault::Fault;
use crate::observation::{Kind, Observation};

const PARAMETERS: [&str; 18] = [
    "no",
    "nu",
    "num",
    "nums",
    "number",
    "numbers",
    "code",
    "codes",
    "waybill",
    "waybillno",
    "waybill_no",
    "billcode",
    "mailno",
    "mailnos",
    "tracking",
    "trackingnumber",
    "tracking_number",
    "trackno",
];

/// Most numbers that one look-up may ask for.
const MOST: usize = 100;

/// A web server's combined log.
pub(super) struct AccessLog {
    kind: Kind,
    times: Times,
    parameters: Vec<String>,
    paths: Vec<String>,
    agents: Vec<String>,
    networks: Vec<Network>,
}

impl AccessLog {
    pub(super) fn new(format: &FormatConfig, times: Times) -> Result<Self, Fault> {
        let lower = |words: &[String]| words.iter().map(|word| word.to_lowercase()).collect::<Vec<_>>();
        let networks = format.exclude_addresses.iter().map(|text| Network::parse(text)).collect::<Result<_, _>>()?;
        let parameters = match lower(&format.parameters) {
            none if none.is_empty() => PARAMETERS.map(str::to_owned).to_vec(),
            some => some,
        };
        Ok(Self {
            kind: format.kind.unwrap_or(Kind::Lookup),
            times,
            parameters,
            paths: format.paths.clone(),
            agents: lower(&format.exclude_agents),
            networks,
        })
    }

    /// Reads one line: an observation for each number that it asks for.
    pub(super) fn read(&self, line: &str, out: &mut Vec<Observation>) -> Result<(), Fault> {
        let entry = Entry::parse(line).ok_or_else(|| {
            Fault::new("expected a line of a combined access log: address, [time], \"request\", status, size")
        })?;
        let mut seen = Observation::new(self.kind, Vec::new());
        mapping::fill(&mut seen, Target::At, entry.time, &self.times)?;
        if self.is_excluded(&entry) {
            return Ok(());
        }
        let target = unescaped(entry.request);
        let Some(target) = target.split(' ').nth(1) else { return Ok(()) };
        seen.caller = Some(entry.address.to_owned());
        out.extend(
            self.numbers(target)
                .into_iter()
                .take(MOST)
                .map(|number| Observation { number: Some(number), ..seen.clone() }),
        );
        Ok(())
    }

    fn is_excluded(&self, entry: &Entry<'_>) -> bool {
        let agent = entry.agent.to_lowercase();
        self.agents.iter().any(|excluded| agent.contains(excluded))
            || entry.address.parse().is_ok_and(|address| self.networks.iter().any(|network| network.holds(address)))
    }

    /// Numbers in the query, or else in the last step of the path.
    fn numbers(&self, target: &str) -> Vec<String> {
        let target = target.split('#').next().unwrap_or(target);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        if !self.paths.is_empty() && !self.paths.iter().any(|begin| path.starts_with(begin.as_str())) {
            return Vec::new();
        }
        let mut numbers = Vec::new();
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            if self.parameters.contains(&decoded(name).to_lowercase()) {
                let value = decoded(&value.replace('+', " "));
                numbers.extend(
                    value
                        .split([',', ';', '，', '\n', '\r'])
                        .map(str::trim)
                        .filter(|part| is_number(part))
                        .map(str::to_owned),
                );
            }
        }
        if numbers.is_empty() {
            let step = decoded(path.rsplit('/').find(|step| !step.is_empty()).unwrap_or(""));
            let step = step.strip_suffix(".html").unwrap_or(&step);
            numbers.extend(Some(step.to_owned()).filter(|step| is_number(step)));
        }
        numbers
    }
}

/// Looks like a waybill number: short, letters, digits and separators only, and
/// at least six digits.
fn is_number(text: &str) -> bool {
    text.len() <= 64
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-'))
        && text.bytes().filter(u8::is_ascii_digit).count() >= 6
}

/// The parts of a line that matter.
struct Entry<'a> {
    address: &'a str,
    time: &'a str,
    request: &'a str,
    agent: &'a str,
}

impl<'a> Entry<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (address, rest) = line.split_once(' ')?;
        let (_, rest) = rest.split_once('[')?;
        let (time, rest) = rest.split_once(']')?;
        let (request, rest) = quoted(rest)?;
        rest.trim_start().split(' ').next().filter(|status| status.len() == 3 && status.parse::<u16>().is_ok())?;
        let agent = quoted(rest).and_then(|(_, rest)| quoted(rest)).map_or("", |(agent, _)| agent);
        Some(Self { address, time, request, agent })
    }
}

/// The next quoted part and what follows; `\"` does not end it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let (_, text) = text.split_once('"')?;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some((&text[..at], &text[at + 1..])),
            _ => {}
        }
    }
    None
}

/// Undoes the server's own escapes: `\"`, `\\` and `\xHH`.
fn unescaped(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match (first, after) {
            (b'\\', [b'x', high, low, after @ ..]) if hex(*high, *low).is_some() => {
                bytes.extend(hex(*high, *low));
                rest = after;
            }
            (b'\\', [next, after @ ..]) => {
                bytes.push(*next);
                rest = after;
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn decoded(text: &str) -> String {
    percent_decoded(text).unwrap_or_else(|| text.to_owned())
}

/// Undoes percent-encoding; a `%` without two hex digits stays. `None` if the
/// result is no UTF-8.
pub(super) fn percent_decoded(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match (first, after) {
            (b'%', [high, low, after @ ..]) if hex(*high, *low).is_some() => {
                bytes.extend(hex(*high, *low));
                rest = after;
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).ok()
}

fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// An address or a range of them.
struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    fn parse(text: &str) -> Result<Self, Fault> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let wrong = || {
            Fault::new(format!("expected an address such as 10.1.2.3 or 10.0.0.0/8, found {text:?}"))
                .at_field("format.exclude_addresses")
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), |bits| bits.parse().map_err(|_| wrong()))?;
        if bits > most { Err(wrong()) } else { Ok(Self { address, bits }) }
    }

    fn holds(&self, other: IpAddr) -> bool {
        let shift = |value: u128, width: u32| value.checked_shr(width - self.bits).unwrap_or(0);
        match (self.address, other) {
            (IpAddr::V4(ours), IpAddr::V4(other)) => {
                shift(u128::from(u32::from(ours)), 32) == shift(u128::from(u32::from(other)), 32)
            }
            (IpAddr::V6(ours), IpAddr::V6(other)) => shift(u128::from(ours), 128) == shift(u128::from(other), 128),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::config::Preset;
    use super::*;

    fn log(change: impl FnOnce(&mut FormatConfig)) -> AccessLog {
        let mut format = FormatConfig::of(Preset::AccessLog);
        change(&mut format);
        AccessLog::new(&format, Times::new(None, &[]).expect("no zone")).expect("a format")
    }

    fn numbers(target: &str) -> Vec<String> {
        let line =
            format!(r#"203.0.113.9 - - [25/Nov/2026:11:25:23 +0800] "GET {target} HTTP/1.1" 404 5 "-" "Mozilla""#);
        let mut out = Vec::new();
        log(|_| {}).read(&line, &mut out).expect("a line");
        out.into_iter().filter_map(|seen| seen.number).collect()
    }

    #[test]
    fn a_number_is_found_in_query_and_path() {
        assert_eq!(numbers("/track?no=YT8811223344"), ["YT8811223344"]);
        assert_eq!(numbers("/track/YT8811223344"), ["YT8811223344"]);
        assert_eq!(numbers("/track/YT8811223344.html?lang=zh"), ["YT8811223344"]);
        assert_eq!(numbers("/t?mailNo=YT%38%3811223344"), ["YT8811223344"]);
        assert_eq!(numbers("/t?nums=YT8811223344%2CYT8811223345,x"), ["YT8811223344", "YT8811223345"]);
        assert_eq!(numbers("/t?no=yt+8811+2233+44"), ["yt 8811 2233 44"]);
        assert_eq!(numbers(r"/t?no=\x59T8811223344"), ["YT8811223344"]);
    }

    #[test]
    fn a_view_of_another_page_is_no_lookup() {
        assert!(numbers("/index.html").is_empty());
        assert!(numbers("/track?lang=zh&no=").is_empty());
    }

    #[test]
    fn own_monitors_are_excluded() {
        let log = log(|format| {
            format.exclude_agents = vec!["uptime".into()];
            format.exclude_addresses = vec!["10.0.0.0/8".into(), "2001:db8::1".into()];
        });
        let mut out = Vec::new();
        for (address, agent) in
            [("10.9.9.9", "x"), ("2001:db8::1", "x"), ("203.0.113.9", "UptimeBot/1"), ("203.0.113.9", "curl")]
        {
            let line = format!(
                r#"{address} - - [25/Nov/2026:11:25:23 +0800] "GET /t?no=YT8811223344 HTTP/1.1" 200 5 "-" "{agent}""#
            );
            log.read(&line, &mut out).expect("a line");
        }

        assert_eq!(out.len(), 1);
        assert_eq!(out[0].caller.as_deref(), Some("203.0.113.9"));
    }

    #[test]
    fn an_escaped_quote_does_not_end_the_request() {
        let line =
            r#"203.0.113.9 - - [25/Nov/2026:11:25:23 +0800] "GET /t?x=\"&no=YT8811223344 HTTP/1.1" 200 5 "-" "-""#;
        let mut out = Vec::new();

        log(|_| {}).read(line, &mut out).expect("a line");

        assert_eq!(out[0].number.as_deref(), Some("YT8811223344"));
    }

    #[test]
    fn another_format_is_refused() {
        let mut out = Vec::new();

        assert!(log(|_| {}).read("Nov 25 11:25:23 host sshd[1]: \"x\" y", &mut out).is_err());
        assert!(log(|_| {}).read("", &mut out).is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_read_or_refused(line in "\\PC{0,80}") {
            let _ = log(|_| {}).read(&line, &mut Vec::new());
        }
    }
}
