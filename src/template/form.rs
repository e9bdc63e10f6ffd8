//! Number forms: what the carriers' waybill numbers look like.
//!
//! A form is `prefix serial check suffix`. The table holds the forms of formats
//! that carriers publish or that public code agrees on; a prefix chooses the
//! part of a carrier's numbers that a block lies in.

use std::borrow::Cow;

use crate::fault::Fault;
use crate::template::check_digit::Check;
use crate::template::local::push_padded;
use crate::template::serials::Serials;
use crate::template::yaml::{Fields, Node};

/// Most digits of a serial: what a 64-bit number holds with room to spare.
const MAX_WIDTH: usize = 18;

/// Digits of the shortest number without a prefix.
pub(crate) const BARE_DIGITS: usize = 10;

/// A carrier's number form.
struct Carrier {
    name: &'static str,
    /// What its numbers start with; empty for anything.
    heads: &'static [&'static str],
    /// Symbols before the check character and the suffix.
    length: usize,
    /// The rule, and how many of the symbols before the check it covers.
    check: Option<(Check, usize)>,
    /// Symbols after the check.
    suffix: usize,
    /// Whether letters may follow the head.
    letters: bool,
}

const fn plain(name: &'static str, heads: &'static [&'static str], length: usize) -> Carrier {
    Carrier { name, heads, length, check: None, suffix: 0, letters: false }
}

const fn checked(
    name: &'static str,
    heads: &'static [&'static str],
    length: usize,
    check: Check,
    covered: usize,
) -> Carrier {
    Carrier { name, heads, length, check: Some((check, covered)), suffix: 0, letters: false }
}

/// Chinese forms as recent public code has them; none has a published check digit.
const CARRIERS: &[Carrier] = &[
    plain("yto", &["YT"], 15),
    plain("sf", &["SF"], 15),
    plain("zto", &["73", "74", "75", "76", "78"], 14),
    plain("sto", &["77"], 15),
    plain("yunda", &["43", "46"], 15),
    plain("jd", &["JDX", "JDK", "JDV"], 15),
    plain("jt", &["JT"], 15),
    plain("ems", &["10", "11", "12", "95", "97", "98", "99"], 13),
    plain("deppon", &["DPK"], 15),
    plain("cainiao", &["621"], 15),
    Carrier { name: "s10", heads: &[], length: 10, check: Some((Check::S10, 8)), suffix: 2, letters: true },
    Carrier { letters: true, ..checked("ups-1z", &["1Z"], 17, Check::Ups, 15) },
    checked("fedex-12", &[], 11, Check::FedEx, 11),
    checked("fedex-34", &["100"], 33, Check::FedEx, 13),
    checked("usps-impb", &["91", "92", "93", "94", "95"], 21, Check::Gs1, 21),
    checked("dhl-10", &[], 9, Check::Mod7, 9),
    checked("dhl-11", &[], 10, Check::Mod7, 10),
    checked("dpd-14", &[], 14, Check::Iso7064, 14),
    checked("dpd-28", &[], 27, Check::Iso7064, 27),
];

/// The form without a carrier: any prefix and a number, padded or not.
const REFERENCE: &str = "reference";

/// How places are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    prefix: String,
    /// Digits of the serial; `None` writes it without leading zeros.
    width: Option<usize>,
    check: Option<(Check, usize)>,
    suffix: String,
    /// What its places count.
    serials: Serials,
}

impl Form {
    /// Whether its serials are several ranges.
    pub(crate) fn is_scattered(&self) -> bool {
        matches!(self.serials, Serials::Ranges(_))
    }

    /// Stretches of a block of `size` whose serials follow each other: the
    /// first place and how many.
    pub(crate) fn stretches(&self, size: u64) -> Vec<(u64, u64)> {
        let mut first = 0;
        let stretch = |(least, most): (u64, u64)| {
            let count = most - least + 1;
            first += count;
            (first - count, count)
        };
        self.serials.spans(size).into_iter().map(stretch).collect()
    }

    /// Writes the number at `place`.
    pub(crate) fn write(&self, place: u64) -> String {
        let mut text = String::with_capacity(self.prefix.len() + 20 + self.suffix.len());
        text.push_str(&self.prefix);
        push_padded(&mut text, self.serials.at(place), self.width.unwrap_or(1));
        if let Some((check, covered)) = self.check {
            let symbols = &text.as_bytes()[text.len() - covered..];
            text.push(char::from(check.of(symbols).expect("symbols were checked when the template was read")));
        }
        text.push_str(&self.suffix);
        text
    }

    /// What the [`bare`] form of every number begins with.
    pub(crate) fn head(&self) -> Cow<'_, str> {
        bare(&self.prefix)
    }

    /// Returns the place of a number given in its [`bare`] form, in a block of
    /// `size` numbers.
    pub(crate) fn place(&self, number: &str, size: u64) -> Option<u64> {
        let rest = number.strip_prefix(&*bare(&self.prefix))?.strip_suffix(&*bare(&self.suffix))?;
        let digits = rest.get(..rest.len().checked_sub(usize::from(self.check.is_some()))?)?;
        if digits.is_empty() || digits.len() > MAX_WIDTH || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let place = self.serials.place_of(digits.parse::<u64>().ok()?)?;
        // Writing it again settles width, leading zeros and the check digit.
        (place < size && bare(&self.write(place)) == number).then_some(place)
    }

    /// Returns the share of a block of `size` numbers that fit `mask`: counted
    /// digit by digit over the states of the check rule.
    pub(crate) fn share(&self, size: u64, mask: &[Option<char>]) -> f64 {
        let of_span = |(least, most): (u64, u64)| match self.width {
            Some(width) => self.count(width, least, most, mask),
            None => (1..=MAX_WIDTH as u32)
                .map(|width| {
                    let floor = if width == 1 { 0 } else { 10u64.pow(width - 1) };
                    let (least, most) = (least.max(floor), most.min(10u64.pow(width) - 1));
                    if least > most { 0 } else { self.count(width as usize, least, most, mask) }
                })
                .sum::<u64>(),
        };
        let count: u64 = self.serials.spans(size).into_iter().map(of_span).sum();
        count as f64 / size as f64
    }

    /// Counts the serials of `least ..= most`, of `width` digits, that fit `mask`.
    fn count(&self, width: usize, least: u64, most: u64, mask: &[Option<char>]) -> u64 {
        let (head, tail) = (self.prefix.len(), self.suffix.len());
        let checks = usize::from(self.check.is_some());
        let fits = |slot: Option<char>, symbol: u8| slot.is_none_or(|want| want == char::from(symbol));
        let all = |slots: &[Option<char>], text: &str| slots.iter().zip(text.bytes()).all(|(&slot, b)| fits(slot, b));
        if mask.len() != head + width + checks + tail
            || !all(&mask[..head], &self.prefix)
            || !all(&mask[head + width + checks..], &self.suffix)
        {
            return 0;
        }
        // Only the last `covered` symbols before the check feed the rule.
        let feed = |state: u8, at: usize, symbol: u8| match self.check {
            Some((check, covered)) => match (at + covered).checked_sub(head + width) {
                Some(position) => check.step(state, position, covered, symbol).expect("checked when read"),
                None => state,
            },
            None => state,
        };
        let start = self.check.map_or(0, |(check, _)| check.start());
        let state = self.prefix.bytes().enumerate().fold(start, |state, (at, symbol)| feed(state, at, symbol));
        // counts[on the lower bound][on the upper bound][state]
        let mut counts = [[[0u64; Check::STATES]; 2]; 2];
        counts[1][1][usize::from(state)] = 1;
        for index in 0..width {
            let unit = 10u64.pow((width - 1 - index) as u32);
            let (low, high) = ((least / unit % 10) as u8, (most / unit % 10) as u8);
            let mut next = [[[0u64; Check::STATES]; 2]; 2];
            for (lower, upper, state) in states() {
                let count = counts[lower][upper][state];
                if count == 0 {
                    continue;
                }
                let from = if lower == 1 { low } else { 0 };
                let to = if upper == 1 { high } else { 9 };
                for digit in (from..=to).filter(|digit| fits(mask[head + index], b'0' + digit)) {
                    let state = feed(state as u8, head + index, b'0' + digit);
                    let lower = usize::from(lower == 1 && digit == low);
                    let upper = usize::from(upper == 1 && digit == high);
                    next[lower][upper][usize::from(state)] += count;
                }
            }
            counts = next;
        }
        states()
            .filter(|&(lower, upper, state)| counts[lower][upper][state] > 0)
            .filter(|&(_, _, state)| match self.check {
                Some((check, _)) => fits(mask[head + width], check.finish(state as u8)),
                None => true,
            })
            .map(|(lower, upper, state)| counts[lower][upper][state])
            .sum()
    }

    /// Reads `form`, `prefix`, `suffix` and `digits` for a block of `size`.
    pub(crate) fn read(fields: &mut Fields<'_>, serials: Serials, size: u64) -> Result<Self, Fault> {
        let name = fields.required("form")?;
        let word = name.word()?;
        if word == REFERENCE {
            return Self::reference(fields, serials, size);
        }
        let Some(carrier) = CARRIERS.iter().find(|carrier| carrier.name == word) else {
            let known: Vec<&str> = CARRIERS.iter().map(|carrier| carrier.name).collect();
            let fault = name.fault(format!("unknown form {word:?}"));
            return Err(fault.hint(format!("known: {}, {REFERENCE}", known.join(", "))));
        };
        let prefix = carrier.read_prefix(fields)?;
        let suffix = carrier.read_suffix(fields)?;
        let width = carrier.length.saturating_sub(prefix.len());
        if !(1..=MAX_WIDTH).contains(&width) {
            let (least, most) = (carrier.length.saturating_sub(MAX_WIDTH), carrier.length - 1);
            let fault = fields.node().fault(format!("{prefix:?} leaves {width} digits for the serial"));
            return Err(fault.hint(format!("the prefix of a {word} number has {least} to {most} symbols here")));
        }
        Self { prefix, width: Some(width), check: carrier.check, suffix, serials }.holding(fields, size)
    }

    fn reference(fields: &mut Fields<'_>, serials: Serials, size: u64) -> Result<Self, Fault> {
        let prefix = fields.optional("prefix");
        let text = prefix.as_ref().map_or(Ok(String::new()), Node::text)?;
        if let Some(prefix) = prefix.filter(|_| !text.is_ascii() || text.ends_with(|c: char| c.is_ascii_digit())) {
            return Err(prefix.fault("expected ASCII text that does not end in a digit").hint("write ASN- or PO"));
        }
        let width = fields
            .optional("digits")
            .map(|node| node.whole(1, MAX_WIDTH as u64))
            .transpose()?
            .map(|width| width as usize);
        // A few digits are anything: a price, a house, a postal code.
        if text.is_empty() && width.is_none_or(|width| width < BARE_DIGITS) {
            let what = format!("numbers without a prefix need {BARE_DIGITS} digits or more");
            return Err(fields.node().fault(what).hint("prefix: ASN-, or digits: 12"));
        }
        Self { prefix: text, width, check: None, suffix: String::new(), serials }.holding(fields, size)
    }

    fn holding(self, fields: &Fields<'_>, size: u64) -> Result<Self, Fault> {
        let room = 10u64.pow(self.width.unwrap_or(MAX_WIDTH) as u32);
        match self.serials.end(size) {
            Some(end) if end <= room => Ok(self),
            _ => {
                let digits = self.width.unwrap_or(MAX_WIDTH);
                let what = format!("{digits} digits do not hold {size} serials from {}", self.serials.at(0));
                Err(fields.node().fault(what).hint("a shorter prefix, a smaller block or an earlier start"))
            }
        }
    }
}

impl Carrier {
    fn read_prefix(&self, fields: &mut Fields<'_>) -> Result<String, Fault> {
        let (name, heads) = (self.name, self.heads);
        let Some(node) = fields.optional("prefix") else {
            return match heads {
                [only] => Ok((*only).to_owned()),
                [] if !self.letters => Ok(String::new()),
                [] => Err(fields.node().fault(format!("a {name} number needs a prefix of two letters"))),
                _ => {
                    let hint = format!("one of {}, and as many fixed digits as the block has", heads.join(", "));
                    Err(fields.node().fault(format!("a {name} number needs a prefix")).hint(hint))
                }
            };
        };
        let prefix = node.text()?;
        let head = match heads.iter().find(|head| prefix.starts_with(**head)) {
            Some(head) => head.len(),
            None if heads.is_empty() => 0,
            None => {
                return Err(node.fault(format!("a {name} number starts with {}, not {prefix:?}", heads.join(" or "))));
            }
        };
        let suits = match name {
            // The service: two letters; what follows is the serial.
            "s10" => prefix.len() >= 2 && digits(&prefix.as_bytes()[2..]) && letters(&prefix.as_bytes()[..2]),
            _ if self.letters => prefix.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()),
            _ => digits(&prefix.as_bytes()[head..]),
        };
        if suits { Ok(prefix) } else { Err(node.fault(format!("the prefix {prefix:?} does not suit the form {name}"))) }
    }

    fn read_suffix(&self, fields: &mut Fields<'_>) -> Result<String, Fault> {
        match fields.optional("suffix") {
            Some(node) => {
                let suffix = node.text()?;
                if suffix.len() != self.suffix || !letters(suffix.as_bytes()) {
                    let what = format!("expected {} capital letters after a {} number", self.suffix, self.name);
                    return Err(node.fault(what));
                }
                Ok(suffix)
            }
            None if self.suffix > 0 => Err(fields.node().fault("the suffix (a country) is missing")),
            None => Ok(String::new()),
        }
    }
}

fn digits(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_digit)
}

fn letters(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_uppercase)
}

/// Letters and digits alone, in upper case: whatever else a normal form keeps
/// or drops, two writings of one number agree in these.
pub(crate) fn bare(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()) {
        return text.into();
    }
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

fn states() -> impl Iterator<Item = (usize, usize, usize)> {
    (0..4 * Check::STATES).map(|i| (i / Check::STATES / 2, i / Check::STATES % 2, i % Check::STATES))
}
